"""Each student their own numbers: every draw as good as the course's numbers, and marked fairly."""

import csv
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from helpers import checking, personal
from helpers.checking import NotYet, check, observe
from helpers.course import HIDDEN, lecture_step, tutorial_step
from helpers.grading.command import main
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import results
from helpers.grading.intake import students, submissions
from helpers.grading.pages import report
from helpers.grading.repair.lay_in import announced_student, repair
from helpers.grading.running import sandbox
from helpers.grading.settings import course_at
from helpers.marking.questions import NOTEBOOKS, PERSONAL, question_by_id, questions_of
from helpers.marking.questions.problem_2_pen_and_paper import (
    losses_of_other_activations,
    questions_with,
)
from helpers.marking.recognition import ambiguous
from helpers.personal import (
    LECTURE,
    NO_SECRET,
    SECRET_VARIABLE,
    STUDENT_VARIABLE,
    class_list,
    draws,
    normalised,
    numbers_of,
    sheets,
)
from helpers.personal.likely import Steps, all_near, weighted_inputs_fit
from helpers.personal.problem_data import DEFAULT_PROBLEM, LECTURE_PROBLEM
from helpers.pictures.style import MORE_FONTS
from tests.fair_questions import (
    assert_mistakes_have_numbers_of_their_own,
    assert_no_answer_of_one_section_passes_in_another,
    assert_only_the_expected_is_right,
    assert_the_loss_after_half_a_step_does_not_pass,
    verdict_on_rounded_gradient,
)
from tests.in_process import marked
from tests.judged_after import judged_after
from tests.sample_class.work import Notebook
from tests.sampling import a_run_of_the_grader
from tests.worked_by_hand import BACKWARD, by_hand, page_verdicts

ROOT = Path(__file__).resolve().parents[2]
P2 = "problem_2_pen_and_paper"
SECRET = "a secret for the tests"
HOSTILE = [
    *("<script>alert(1)</script>", "$x^2$ \\frac{1}{2} $$", "👩\u200d🎓🎉", "محمد שלום \u202eevil"),
    *("'; DROP TABLE students; --", "=HYPERLINK(1)", "a\nb\tc", "{question} %s {0}", "\ud800"),
    *("%00", "../x", "x" * 5000),
]
IDENTIFIERS = [f"s{1204000 + i}" for i in range(30)] + [
    "Amara Okafor", "王小明", "Ελένη Παπαδοπούλου", "o'neill", "zoë@example.org", *HOSTILE,
]  # fmt: skip


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    monkeypatch.delenv(STUDENT_VARIABLE, raising=False)
    monkeypatch.setattr(personal, "_announced", "")
    monkeypatch.setattr(checking, "_judges", {})


# Every draw has the properties of the course's numbers


def step_length(step):
    """The root of the sum of the squared changes of all weights and biases."""
    return np.sqrt(sum(np.sum(change**2) for change in step.changes().values()))


# A draw takes a second or several, so these tests draw for the same students.
@pytest.mark.sampled(0.03, like="students")
@pytest.mark.parametrize("student", IDENTIFIERS, ids=lambda name: ascii(name)[:20])
def test_a_draw_is_as_good_as_the_courses_numbers(student):
    steps = {hidden: tutorial_step(hidden, student) for hidden in HIDDEN}
    step = steps["relu"]
    weights = np.abs([*step["W_h"].ravel(), *step["W_o"].ravel()])
    assert len(set(weights)) == len(weights)
    for name in ("W_h", "b_h", "W_o", "b_o", "x"):
        assert not np.isin(np.abs(step[name]), (0, 1)).any()
        np.testing.assert_allclose(step[name], np.round(step[name], 2), rtol=0, atol=1e-12)
    assert 0 < step["t"].item() < 1 and step["x"].max() <= 1.5
    assert np.sort(step["z_h"].ravel() > 0).tolist() == [False, True]
    for step in steps.values():
        assert 0.05 <= np.abs(step["z_h"]).min() and np.abs(step["z_h"]).max() < 2
        assert abs(step["z_o"].item()) < 2 and step["E_new"] < step["E"]
    *_, second, longest = sorted(map(step_length, steps.values()))
    assert longest > 1.1 * second

    rng = np.random.default_rng(0)
    roundings = (
        lambda value: value,
        lambda value: round(value, 4),
        lambda value: value + rng.uniform(-0.5e-4, 0.5e-4) * (value != 0),
    )
    for hidden, keep in itertools.product(HIDDEN, roundings):
        page = by_hand(hidden, keep, student)
        found = dict(page_verdicts(hidden, page, student))
        assert set(found.values()) == {("right", "")}, (hidden, found)
    assert_no_answer_of_one_section_passes_in_another(student)
    assert verdict_on_rounded_gradient(2, student) == ("wrong", "too_few_digits")
    for hidden in HIDDEN:
        assert_the_loss_after_half_a_step_does_not_pass(hidden, student)


@pytest.mark.sampled(0.08)
@pytest.mark.parametrize("student", IDENTIFIERS[::4], ids=lambda name: ascii(name)[:20])
def test_mistakes_are_told_apart_and_named(student):
    """Two mistakes have one number only where they nearly have it with the course's numbers too.

    But for two that give 0 where the output's z is negative, and for those that came after the
    numbers that students have: there both are named.
    """
    known = {
        (question.id, part.name): {
            *map(frozenset, ambiguous(part, question.cases_from(0))),
            *(frozenset(pair) for name, *pair in draws.mixed_up(question) if name == part.name),
        }
        for question in questions_of(P2).values()
        for part in question.parts
        if question.id != "p2.compare"
    }
    for question in questions_of(P2, student).values():
        if question.id != "p2.compare":
            assert_only_the_expected_is_right(question, 0)
            for part in question.parts:
                pairs = ambiguous(part, question.cases_from(0))
                found = {pair for pair in pairs if not draws.MAY_BE_MIXED_UP & {*pair}}
                if (question.id, part.name) == ("p2.relu.forward", "a_o"):
                    negative = tutorial_step("relu", student)["z_o"].item() < 0
                    both_0 = ("hidden_activation_at_output", "decimals_cut_off")
                    assert (both_0 in found) == negative
                    found.discard(both_0)
                known_here = known[question.id, part.name]
                assert set(map(frozenset, found)) <= known_here, (question.id, part.name)
    for hidden in HIDDEN:
        assert_mistakes_have_numbers_of_their_own(hidden, student)


def test_the_comparison_has_one_answer(sample):
    for student in sample(IDENTIFIERS, 0.03, like="students"):
        (case,) = question_by_id("p2.compare", student).cases_from(0)
        lengths = {hidden: step_length(tutorial_step(hidden, student)) for hidden in HIDDEN}
        assert case.expected["moved_most"] == max(lengths, key=lengths.get)
        assert case.expected["has_unmoved"] == "relu" and case.expected["unmoved_count"] == 4


def test_students_have_numbers_of_their_own(sample):
    students = sample(IDENTIFIERS, 0.03, like="students")
    numbers = [numbers_of(student) for student in students]
    assert len(set(numbers)) == len({normalised(student) for student in students})
    assert DEFAULT_PROBLEM not in numbers
    if len(students) < len(IDENTIFIERS):
        return  # a few may have one and the same learning rate, say
    for name in ("t", "eta", "b_o"):
        assert len({getattr(drawn, name) for drawn in numbers}) > 3
    relu = [tutorial_step("relu", student)["z_h"].argmax() for student in students]
    assert 0 < np.mean(relu) < 1, "either hidden unit may be the one that is off"


def test_the_courses_numbers_suit(monkeypatch):
    """But for one loss, which a run forward with the sigmoid in place of ReLU nearly gives too."""
    course = [DEFAULT_PROBLEM]
    alike = {h for h in HIDDEN if Steps(course, h).another_activation_would_pass.any()}
    assert alike == {"relu"}
    assert not draws.suits(DEFAULT_PROBLEM)
    monkeypatch.setattr(Steps, "another_activation_would_pass", np.array([False]))
    assert draws.suits(DEFAULT_PROBLEM)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_many_steps_at_once_are_those_of_each_alone(hidden):
    """The gradients, and all that the quick conditions look at, against the steps one by one."""
    tried = [draws.candidate(SECRET, "many", attempt) for attempt in range(60)]
    many = Steps(tried, hidden)
    for i, numbers in enumerate(tried):
        step = numbers.step(hidden)
        new = {name: step[f"{name}_new"] for name in ("W_h", "b_h", "W_o", "b_o")}
        for name, value in many.results.items():
            np.testing.assert_allclose(value[i].ravel(), step[name].ravel(), atol=1e-12)
        for found, expected in (
            (many.length, step_length(step)),
            (many.stays_on, (step.x @ new["W_h"] + new["b_h"]).max() > 0.05),
        ):
            np.testing.assert_allclose(found[i], np.squeeze(expected), atol=1e-12)
        others = losses_of_other_activations(step)
        assert many.another_activation_would_pass[i] == any(
            all_near(step["E_new"], other, step["E"]) for other in others
        )
        kept = [{name} for name in new] + [set(pair) for pair in itertools.combinations(new, 2)]
        losses = [step.loss_with(new | {name: step[name] for name in names}) for names in kept]
        assert many.half_a_step_would_pass[i] == any(
            all_near(step["E_new"], loss, step["E"]) for loss in losses
        )


def test_few_draws_are_tried(sample):
    """Each suits with the same chance, so that hardly anybody needs ten times as many as most."""
    needed = []
    for student in sample(IDENTIFIERS, 0.03, like="students"):
        numbers = numbers_of(student)
        tried = (draws.candidate(SECRET, normalised(student), n) for n in range(draws.MAX_DRAWS))
        needed.append(next(n for n, drawn in enumerate(tried) if drawn == numbers))
    assert max(needed) < draws.MAX_DRAWS / 4
    if len(needed) == len(IDENTIFIERS):
        assert np.mean(needed) < 10_000


# From identifier and secret to numbers


def test_another_process_draws_the_same_numbers():
    code = "import sys; from helpers.personal import numbers_of; print(numbers_of(sys.argv[1]))"
    for seed in "12":
        done = subprocess.run(
            [sys.executable, "-c", code, "Amara Okafor"],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.stdout.strip() == repr(numbers_of("Amara Okafor")), done.stderr


def test_another_secret_gives_other_numbers(monkeypatch):
    before = numbers_of("Amara Okafor")
    monkeypatch.setenv(SECRET_VARIABLE, SECRET + "!")
    assert numbers_of("Amara Okafor") != before


def test_without_a_secret_everybody_has_the_courses_numbers(monkeypatch, capsys):
    monkeypatch.setenv(SECRET_VARIABLE, NO_SECRET)
    assert numbers_of("Amara Okafor") == DEFAULT_PROBLEM
    assert question_by_id("p2.sigmoid.forward", "Amara Okafor").student == ""
    assert personal.use_student("") == ""
    assert capsys.readouterr().out == ""
    personal.use_student("Amara Okafor")
    assert capsys.readouterr().out.count(".") == 1


@pytest.mark.parametrize(
    "written", ["amara okafor", " Amara  Okafor ", "AMARA\u00a0OKAFOR", "Ａｍａｒａ Okafor"]
)
def test_case_spaces_and_width_make_no_difference(written):
    assert numbers_of(written) == numbers_of("Amara Okafor")


@pytest.mark.parametrize("identifier", IDENTIFIERS, ids=lambda name: ascii(name)[:20])
def test_normalising_twice_changes_nothing(identifier):
    assert normalised(normalised(identifier)) == normalised(identifier)


def test_the_secret_may_lie_in_a_file(monkeypatch, tmp_path):
    expected = numbers_of("Amara Okafor")
    file = tmp_path / "course_secret.txt"
    monkeypatch.setattr(personal, "SECRET_FILE", file)
    monkeypatch.delenv(SECRET_VARIABLE)
    assert numbers_of("Amara Okafor") == DEFAULT_PROBLEM
    file.write_text(f"\ufeff{SECRET}\r\n", encoding="utf-8")
    assert numbers_of("Amara Okafor") == expected
    monkeypatch.setenv(SECRET_VARIABLE, "the environment comes first")
    assert numbers_of("Amara Okafor") not in (expected, DEFAULT_PROBLEM)


def test_what_is_no_secret_is_refused_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv(SECRET_VARIABLE, "too short")
    with pytest.raises(ValueError, match="at least 16 characters, got 9"):
        numbers_of("Amara Okafor")
    assert numbers_of("") == DEFAULT_PROBLEM
    monkeypatch.delenv(SECRET_VARIABLE)
    monkeypatch.setattr(personal, "SECRET_FILE", tmp_path / "course_secret.txt")
    personal.SECRET_FILE.write_text("\n")
    with pytest.raises(ValueError, match="got 0"):
        numbers_of("Amara Okafor")
    personal.SECRET_FILE.write_bytes("ein längeres Geheimnis".encode("latin-1"))
    with pytest.raises(ValueError, match="UTF-8"):
        numbers_of("Amara Okafor")


@pytest.mark.parametrize("wrong", [None, 1204001, ["Amara"], b"Amara"])
def test_what_is_no_identifier_is_refused_in_words(wrong):
    with pytest.raises(ValueError, match="STUDENT: expected an identifier in quotes"):
        personal.use_student(wrong)


def test_the_secret_is_not_in_git_and_ships():
    assert "/helpers/course_secret.txt" in (ROOT / ".gitignore").read_text(encoding="utf-8")
    assert '"helpers" = ["course_secret.txt"]' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert SECRET not in personal.secret_fingerprint()


# The checks


def expected_answers(question, student):
    (case,) = question_by_id(question, student).cases_from(0)
    return case.expected


def test_a_check_asks_for_the_announced_students_numbers(monkeypatch, capsys):
    mine = expected_answers("p2.sigmoid.forward", "Amara Okafor")
    with pytest.raises(NotYet):
        check("p2.sigmoid.forward", **mine)
    assert personal.use_student("Amara Okafor") == "Amara Okafor"
    check("p2.sigmoid.forward", **mine)
    personal.use_student("")  # the first cell is run again, with another STUDENT
    check("p2.sigmoid.forward", **expected_answers("p2.sigmoid.forward", ""))
    monkeypatch.setenv(STUDENT_VARIABLE, "Amara Okafor")  # the grader's identifier wins
    assert personal.use_student("somebody else") == "Amara Okafor"
    check("p2.sigmoid.forward", **mine)


def test_what_was_recorded_with_other_numbers_carries_nothing_over():
    """A wrong z_h with the course's numbers does not explain an a_h with one's own."""
    course = expected_answers("p2.sigmoid.forward", "")
    with pytest.raises(NotYet):
        check("p2.sigmoid.forward", **course | {"z_h": course["z_h"] * 1.3})
    personal.use_student("Amara Okafor")
    assert set(checking._judges) == {""}
    mine = expected_answers("p2.sigmoid.backward", "Amara Okafor")
    check("p2.sigmoid.backward", **mine)
    assert set(checking._judges) == {"", "amara okafor"}


def test_follow_through_uses_the_students_numbers():
    """A slip in z_h, and all that rightly follows from it, with the student's own numbers."""
    student = "Amara Okafor"
    step = tutorial_step("tanh", student)
    wrong = step["z_h"] + 0.2
    page = step.following(z_h=wrong)
    records, found = {}, {}
    sigmoid = {**expected_answers("p2.sigmoid.forward", student), "z_h": wrong}
    for question, answers in (
        ("p2.sigmoid.forward", sigmoid),
        ("p2.tanh.forward", {name: page[name] for name in ("a_h", "z_o", "a_o", "E")}),
        ("p2.tanh.backward", {name: page[name] for name in BACKWARD}),
    ):
        asked = question_by_id(question, student)
        records[question] = observe(asked, answers, 0)
        found[question] = {v.status for v in judged_after(asked, records[question], 0, records)}
    assert found["p2.tanh.forward"] == found["p2.tanh.backward"] == {"carried"}


def test_the_lectures_questions_and_problem_1_have_no_numbers_of_a_student():
    for question in ("p1.output_layer", "p1.two_outputs", "l2.hidden_unit"):
        assert question_by_id(question, "Amara Okafor") is question_by_id(question)


# The lecture's numbers in place of the tutorial's


def test_the_lectures_numbers_are_those_of_the_lecture(monkeypatch):
    for secret in (SECRET, NO_SECRET):
        monkeypatch.setenv(SECRET_VARIABLE, secret)
        for written in ("lecture", "Lecture", " LECTURE "):
            step, given = tutorial_step("sigmoid", written), lecture_step()
            for name in ("x", "t", "W_h", "b_h", "W_o", "b_o"):
                np.testing.assert_array_equal(step[name], given[name])
            assert step.eta == tutorial_step("sigmoid").eta


def test_the_lectures_numbers_are_fit_for_marking():
    """As a draw, but for two mistakes that their size or sign does not show."""
    steps = {hidden: tutorial_step(hidden, LECTURE) for hidden in HIDDEN}
    assert weighted_inputs_fit(LECTURE_PROBLEM)
    *_, second, longest = sorted(map(step_length, steps.values()))
    assert longest > 1.1 * second
    mixed_up = {
        second
        for question in questions_with(LECTURE_PROBLEM)
        for _, first, second in draws.mixed_up(question)
        if first == "right"
    }
    # What comes back to the unit that is on is positive, as its weighted input is.
    assert mixed_up <= {"mask_on_what_comes_back", "slope_at_a"}
    for hidden, step in steps.items():
        alone = Steps([LECTURE_PROBLEM], hidden)
        others = [Steps([LECTURE_PROBLEM], other) for other in HIDDEN if other != hidden]
        assert not any(map(alone.has_a_result_like, others))
        assert alone.learns and alone.stays_on and not alone.half_a_step_would_pass
        page = dict(
            page_verdicts(step.net.hidden, by_hand(step.net.hidden, student=LECTURE), LECTURE)
        )
        assert set(page.values()) == {("right", "")}
    assert_no_answer_of_one_section_passes_in_another(LECTURE)


def test_the_solution_is_right_with_the_lectures_numbers():
    longest = expected_answers("p2.compare", LECTURE)["moved_most"]
    notebook = Notebook(P2).edit("p2.compare", ('moved_most = "relu"', f'moved_most = "{longest}"'))
    assert points(marked(notebook.content, student=LECTURE)) == 50


def test_a_notebook_says_that_it_is_worked_with_the_lectures_numbers(monkeypatch, capsys):
    monkeypatch.setenv(SECRET_VARIABLE, NO_SECRET)
    assert personal.use_student("Lecture") == "Lecture"
    assert "inputs and target of the lecture" in capsys.readouterr().out
    check("p2.sigmoid.forward", **expected_answers("p2.sigmoid.forward", LECTURE))
    capsys.readouterr()
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    personal.use_student(LECTURE)
    said = capsys.readouterr().out
    assert "numbers of their own" in said and "instructor" in said


def test_the_lectures_numbers_count_where_nobody_has_their_own(monkeypatch):
    assert personal.marked_as("s77", LECTURE) == "s77", "with a secret a person decides"
    monkeypatch.setenv(SECRET_VARIABLE, NO_SECRET)
    assert personal.marked_as("s77", " Lecture") == LECTURE
    for announced in (None, "", "s78"):
        assert personal.marked_as("s77", announced) == "s77"


# The notebook


def typed(student, notebook=None):
    """The notebook of a student who typed numbers, worked out with those of `student`."""
    notebook = notebook or Notebook(P2)
    for name in questions_of(P2):
        answers = expected_answers(name, student)
        values = {key: v.tolist() if hasattr(v, "tolist") else v for key, v in answers.items()}
        lines = [f"{key} = {value!r}" for key, value in values.items()]
        # What is asked for once is used again.
        notebook.answer(name, "\n".join(lines))
    return notebook


def announcing(notebook, source):
    """`notebook` with this in place of STUDENT's line."""
    (cell,) = (c for c in notebook.content.cells if c.source.startswith('STUDENT = ""'))
    cell.source = cell.source.replace('STUDENT = ""', source, 1)
    return notebook


def points(found):
    return sum(verdict.points for verdicts in found.values() for verdict in verdicts)


@pytest.mark.parametrize("student", ["", "Amara Okafor", "<b>$x$</b>"])
def test_the_solution_is_right_with_any_students_numbers(student):
    """As calculations: the names hold the student's numbers. One word depends on them."""
    longest = expected_answers("p2.compare", student)["moved_most"]
    notebook = Notebook(P2).edit("p2.compare", ('moved_most = "relu"', f'moved_most = "{longest}"'))
    assert points(marked(notebook.content, student=student)) == 50


def test_typed_numbers_are_right_for_one_student_only():
    """Of another's page nothing is right but words; what needs no given number, as a_h, carries."""
    student = "Amara Okafor"
    assert points(marked(typed(student).content, student=student)) == 50
    for mine, other in ((student, "s1204001"), ("", student), (student, "")):
        found = marked(typed(mine).content, student=other)
        assert points(found) < 25
        right = [
            (question, verdict.part)
            for question, verdicts in found.items()
            for verdict in verdicts
            if verdict.status == "right" and question != "p2.compare"
            # A bias's gradient is the delta once more.
            if verdict.part not in ("db_o", "db_h")
        ]
        assert len(right) <= 1, right  # two numbers may meet by chance


def test_the_notebook_has_no_typed_numbers_left():
    released = Notebook(P2, solved=False).content
    given = [c.source for c in released.cells if not c.metadata.nbgrader.solution]
    for number in ("0.6", "-0.9", "1.3", "0.15", "0.7", "1.2"):
        assert not [s for s in given if re.search(rf"(?<![\d.]){re.escape(number)}\b", s)], number
    (first,) = (c for c in released.cells if "STUDENT" in c.source and c.cell_type == "code")
    assert first is next(c for c in released.cells if c.cell_type == "code")
    assert first.metadata.editable is True and first.metadata.deletable is False


def test_all_notebooks_with_a_students_numbers_begin_with_one_and_the_same_cell():
    first = {}
    for name in sorted(PERSONAL):
        released = Notebook(name, solved=False).content
        first[name] = next(cell for cell in released.cells if cell.cell_type == "code")
        assert first[name].metadata.editable is True
        code = [cell.source for cell in released.cells if cell.cell_type == "code"]
        assert sum("STUDENT" in source for source in code) == 1, name
    assert len({cell.source for cell in first.values()}) == 1
    assert next(iter(first.values())).source.startswith('STUDENT = ""\n')


@pytest.mark.parametrize("name", NOTEBOOKS.values())
def test_a_given_line_that_may_be_uncommented_is_in_a_cell_that_can_be_edited(name):
    for cell in Notebook(name, solved=False).content.cells:
        if cell.cell_type != "code" or cell.metadata.nbgrader.solution:
            continue
        commented = [line[2:] for line in cell.source.split("\n") if line.startswith("# ")]
        if any(re.match(r"[\w.]+(\(| = )", line) for line in commented):
            assert cell.metadata.get("editable") is True, cell.source


# What a notebook says of its student is read, never run


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('STUDENT = "Amara Okafor"', "Amara Okafor"),
        ("STUDENT='s1204001'  # me", "s1204001"),
        ('STUDENT = r"a\\b"', "a\\b"),
        ('STUDENT = "a" "b"', "ab"),
        ('STUDENT = ""', ""),
        ('STUDENT = "a"\nSTUDENT = "b"', "b"),
        ("STUDENT = Amara Okafor", ""),
        ("STUDENT = 1204001", ""),
        ("STUDENT = {[]}", ""),
        ('STUDENT = open("/tmp/x", "w").name', ""),
        ('STUDENT = f"{1 + 1}"', ""),
        ('STUDENT = "a" * 10**9', ""),
        ('STUDENT = "a"; import os', ""),
        ("STUDENT = “Amara”", ""),
        ("STUDENT = " + "(" * 5000, ""),
        ('STUDENT = b"x"', ""),
        ('STUDENT: str = "x"', ""),
        ('STUDENT = "\\0"', "\0"),
        ("", ""),
    ],
)
def test_the_announced_student_is_read_as_data(line, said):
    released = Notebook(P2, solved=False).content
    mine = announcing(Notebook(P2, solved=False), line).content
    assert announced_student(mine, released) == said
    for cell in mine.cells:  # an editor that keeps no metadata
        cell.metadata = {}
        cell.pop("id", None)
    assert announced_student(mine, released) == said


def test_the_announced_student_is_that_of_the_given_cell():
    released = Notebook(P2, solved=False).content
    mine = announcing(Notebook(P2), 'STUDENT = "Amara"')
    mine.content.cells.insert(0, nbformat.v4.new_code_cell('STUDENT = "Ben"', id="own"))
    assert announced_student(mine.content, released) == "Amara"
    del mine.content.cells[3]  # the given cell itself
    assert announced_student(mine.content, released) == "Ben"
    other = Notebook("problem_1_derivation", solved=False).content
    assert announced_student(mine.content, other) is None
    strange = {"cells": [None, 3, {"cell_type": "code", "source": 7}, {"source": ["STUDENT", 1]}]}
    assert announced_student(nbformat.from_dict(strange), released) == ""


def test_an_identifier_is_no_repair():
    released = Notebook(P2, solved=False).content
    for strip in (False, True):
        mine = announcing(Notebook(P2), 'STUDENT = "Amara Okafor"  # my name').content
        if strip:
            for cell in mine.cells:
                if cell.source.startswith("STUDENT"):
                    cell.metadata, cell["id"] = {}, "another"
        repaired, sentences = repair(mine, released)
        assert [c.source for c in repaired.cells if "STUDENT" in c.source] == [
            c.source for c in released.cells if "STUDENT" in c.source
        ]
        assert [s for s in sentences if "labels" not in s] == []
    mine = announcing(Notebook(P2), 'STUDENT = "Amara"\nprint("mine")').content
    assert repair(mine, released)[1] == ["Given cells that were different were put back: 1."]


# Who is who


def submitted(*names):
    return [submissions.Submission(students.student_id(raw), (raw, plain)) for raw, plain in names]


def test_identifiers_come_from_names_or_from_a_list():
    found = submitted(
        ("Amara Okafor_1204001", "Amara Okafor"), ("Li Wei_1", "Li Wei"), ("Li Wei_2", "Li Wei"),
        ("s77", "s77"), ("Zoë_3", "Zoë"),
    )  # fmt: skip
    assert class_list.identify(found) == []
    assert [s.identifier for s in found] == ["Amara Okafor", "Li Wei", "Li Wei", "s77", "Zoë"]
    listed = [
        class_list.Student("a1", "AMARA okafor"), class_list.Student("l1", "Li Wei"),
        class_list.Student("l2", "Li Wei"), class_list.Student("S77", "Ben"),
    ]  # fmt: skip
    unlisted = class_list.identify(found, listed)
    # Two rows are called Li Wei: neither is guessed at.
    assert [s.identifier for s in found] == ["a1", "Li Wei", "Li Wei", "S77", "Zoë"]
    assert [s.student for s in unlisted] == ["Li Wei_1", "Li Wei_2", "Zoë_3"]


def test_moodles_number_is_dropped_and_no_other(tmp_path):
    data = bytes(Notebook(P2, solved=False))
    for folder in ("Amara Okafor_1204001_assignsubmission_file_", "student_01", "student_02"):
        (tmp_path / "class" / folder).mkdir(parents=True)
        (tmp_path / "class" / folder / f"{P2}.ipynb").write_bytes(data)
    from helpers.grading.repair.released import Released

    released = [Released(ROOT / "notebooks" / "tutorial" / f"{P2}.ipynb")]
    found = submissions.collect(tmp_path / "class", released).submissions
    class_list.identify(found)
    assert sorted(s.identifier for s in found) == ["Amara Okafor", "student_01", "student_02"]


def test_identifiers_are_kept_in_the_gradebook(tmp_path):
    course = course_at(ROOT, tmp_path)
    assert class_list.identifier_of(course, "s77") == "s77"
    found = submitted(("Amara Okafor_1204001", "Amara Okafor"))
    class_list.identify(found)
    class_list.remember(course, found)
    assert class_list.identifier_of(course, "Amara Okafor_1204001") == "Amara Okafor"
    assert class_list.identifier_of(course, "s77") == "s77"
    (tmp_path / "identifiers.json").write_text("[")
    assert class_list.identifier_of(course, "s77") == "s77"


@pytest.mark.parametrize(
    "data",
    [
        "identifier,name\r\na1,Amara Okafor\r\nb2,王小明\r\n".encode(),
        "\ufeffidentifier;name\r\na1;Amara Okafor\r\n\r\nb2;王小明\r\n;\r\n".encode(),
        "sep=;\nName ;Mail; IDENTIFIER\nAmara Okafor;x;a1\n王小明;y;b2".encode(),
        "identifier\tname\na1\tAmara Okafor\nb2\t王小明\n".encode("utf-16"),
        '"name","identifier"\n"Amara Okafor","a1"\n"王小明",b2\n'.encode(),
    ],
)
def test_lists_are_read_as_spreadsheets_write_them(tmp_path, data):
    (tmp_path / "list.csv").write_bytes(data)
    found = class_list.read_list(tmp_path / "list.csv")
    assert found == [class_list.Student("a1", "Amara Okafor"), class_list.Student("b2", "王小明")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"\r\n \r\n", "is empty"),
        (b"identifier,name\n", "no students below"),
        (b"id,name\na,b\n", "no column .identifier.; it has .id., .name."),
        (b"a1\nb2\n", "no column"),
        (b"identifier,identifier\na,b\n", "more than one column"),
        (
            b"identifier,name\na1,Amara\nA1 ,Ben\n",
            "lines 2 and 3: the identifier .A1. occurs twice",
        ),
        (b"identifier,name\n,Amara\n", "line 2: the identifier is empty"),
        ("identifier,name\na1,Zoë\n".encode("latin-1"), "not text in UTF-8"),
        (b'identifier,name\n"a1,Amara\n', "cannot be read as CSV"),
        (b"identifier\n" + b"x" * 500, "line 2: the identifier has more than 200"),
        (b"PK\x03\x04\xff\xfe", "not text in UTF-8"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
    ],
)
def test_what_is_no_list_is_refused_in_words(tmp_path, data, said, capsys):
    path = tmp_path / "list.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(NothingGraded, match=said):
        class_list.read_list(path)
    output = tmp_path / "sheets.pdf"
    assert main(["sheets", "--students", str(path), "--output", str(output)]) == 2
    assert "No sheets were written." in capsys.readouterr().err
    assert not output.exists()


def test_a_folder_is_no_list(tmp_path):
    with pytest.raises(NothingGraded, match="cannot be read|There is no file"):
        class_list.read_list(tmp_path)


# The work sheets


def write_list(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("identifier", "name"), *rows])
    return path


HOSTILE_ROWS = [
    (identifier[:200], f"name of {identifier[:20]}")
    for identifier in HOSTILE
    if identifier != "\ud800"  # no UTF-8 file can hold it
]


@a_run_of_the_grader
def test_one_page_a_student_as_pdf_and_the_same_bytes_again(tmp_path, capsys):
    path = write_list(tmp_path / "list.csv", [("a1", "Amara Okafor"), ("b2", "王小明"), ("c3", "")])
    contents = []
    for name in ("one.pdf", "two.PDF"):
        assert main(["sheets", "--students", str(path), "--output", str(tmp_path / name)]) == 0
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    assert len(re.findall(rb"/Type /Page\b", contents[0])) == 3
    assert not list(tmp_path.glob("*.new"))


@a_run_of_the_grader
@pytest.mark.filterwarnings("error")
def test_hostile_identifiers_on_the_sheets(tmp_path, capsys):
    path = write_list(tmp_path / "list.csv", HOSTILE_ROWS[:5])
    pdf, page = tmp_path / "sheets.pdf", tmp_path / "sheets.html"
    assert main(["sheets", "--students", str(path), "--output", str(pdf)]) == 0
    warned = capsys.readouterr().err
    assert "no font here has all letters of" in warned, "emoji"
    assert len(re.findall(rb"/Type /Page\b", pdf.read_bytes())) == 5
    assert main(["sheets", "--students", str(path), "--output", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<section>") == 5
    assert "<script" not in text and "&lt;script&gt;" in text
    assert "default-src 'none'" in text and not re.search(r"(src|href)=\"http", text)


def test_a_sheet_has_the_students_numbers_and_name():
    step = tutorial_step("sigmoid", "a1")
    page = sheets._sheet(class_list.Student("a1", "Amara Okafor"), "Amara Okafor, a1")
    text = " ".join(t.get_text() for axes in page.axes for t in axes.texts)
    assert "Amara Okafor, a1" in text and "Name ..." not in text
    for weight in step["W_h"].ravel():
        assert f"= {weight:g}".replace("-", "−") in text
    assert MORE_FONTS


def test_sheets_need_a_secret_and_a_name_that_says_what_they_are(tmp_path, monkeypatch, capsys):
    path = write_list(tmp_path / "list.csv", [("a1", "")])
    for output, said in (("sheets.docx", ".pdf or .html"), ("list.csv/x.pdf", "cannot be written")):
        assert main(["sheets", "--students", str(path), "--output", str(tmp_path / output)]) == 2
        assert said in capsys.readouterr().err
    for secret, said in ((NO_SECRET, "has no secret"), ("short", "at least 16")):
        monkeypatch.setenv(SECRET_VARIABLE, secret)
        assert main(["sheets", "--students", str(path), "--output", str(tmp_path / "x.pdf")]) == 2
        assert said in capsys.readouterr().err


def test_a_secret_is_made_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(personal, "SECRET_FILE", tmp_path / "course_secret.txt")
    monkeypatch.delenv(SECRET_VARIABLE)
    assert main(["secret"]) == 0
    made = personal.course_secret()
    assert len(made) > 30 and made not in capsys.readouterr().out
    assert main(["secret"]) == 2
    assert personal.course_secret() == made


# The whole way, by the command


def rows_of(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {(row["student"], row["notebook"]): row for row in csv.DictReader(file)}


@a_run_of_the_grader
def test_a_class_is_graded_each_with_their_own_numbers(tmp_path, monkeypatch, capsys):
    """Amara used her numbers; Ben, too, used Amara's: a person decides, and nothing else is new."""
    amara, ben = "Amara Okafor_11", "Ben <i>$x$_22"
    for name, notebook in (
        (amara, announcing(typed("Amara Okafor"), 'STUDENT = "amara  OKAFOR"')),
        (ben, announcing(typed("Amara Okafor"), 'STUDENT = "Amara Okafor"')),
    ):
        folder = tmp_path / "class" / f"{name}_assignsubmission_file_"
        folder.mkdir(parents=True)
        (folder / f"{P2}.ipynb").write_bytes(bytes(notebook))

    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)

    def grade(*more):
        """The exit code, and what was said."""
        code = main(["class", *more])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err, said.err
        return code, said

    code, said = grade()
    gradebook = tmp_path / "gradebook"
    assert code == 3, said
    course = course_at(ROOT, gradebook)
    found = {r.student: r for r in results.load_all(course) if r.notebook == P2}
    ben_id = next(student for student in found if student != amara)
    assert found[amara].points == 50 and found[amara].state == "graded"
    assert found[amara].remarks == () and found[amara].to_decide == ""
    assert found[ben_id].points < 25 and found[ben_id].state == "graded"
    sentence = found[ben_id].to_decide
    assert "worked with the numbers of “Amara Okafor”, but it was handed in by “Ben" in sentence
    assert sentence.endswith("with the others it would have 50.")
    assert report.needs_person(found[ben_id]) and sentence in report.why(found[ben_id])
    assert sentence in said.out
    page = (gradebook / "feedback" / ben_id / "tutorial" / f"{P2}.html").read_text("utf-8")
    assert "with the others it would have 50. Your instructor decides" in page and "<i>" not in page
    assert "with the others it would have 50" in (gradebook / "report.html").read_text("utf-8")
    if not sandbox.bubblewrap_problem():
        assert "WITHOUT a sandbox" not in said.err

    # Nothing has changed: nothing is graded again. With a list, what it changes is.
    stamps = {p: p.stat().st_mtime_ns for p in (gradebook / "autograded").rglob("*.ipynb")}
    assert grade()[0] == 3
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps
    raw = json.loads((gradebook / "identifiers.json").read_text("utf-8"))
    assert raw[ben_id] == "Ben <i>$x$"
    write_list(tmp_path / "list.csv", [("amara okafor", "Ben <i>$x$"), ("b7", "Nobody")])
    code, said = grade("--students", "list.csv")
    # Amara is found by identifier, Ben by name: whose of the two it is, a person says.
    assert code == 3 and "has no row" not in said.err, said
    for one, other in ((amara, ben_id), (ben_id, amara)):
        assert f"  {one}, {P2}: By the class list this is the work of amara okafor" in said.out
        assert f"and so is that of {other}. Hand over one of them" in said.out
    changed = {p for p in stamps if p.stat().st_mtime_ns != stamps[p]}
    assert {p.parts[-3] for p in changed} == {amara, ben_id}  # both have a sentence for a person
    rows = rows_of(gradebook / "grades.csv")
    assert float(rows[ben_id, P2]["points"]) == float(rows[amara, P2]["points"]) == 50
    assert grade("--students", "no.csv")[0] == 2


@a_run_of_the_grader
def test_a_wrong_secret_stops_the_grading_in_words(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SECRET_VARIABLE, "too short")
    (tmp_path / "class" / "amara").mkdir(parents=True)
    (tmp_path / "class" / "amara" / f"{P2}.ipynb").write_bytes(bytes(Notebook(P2)))
    assert main(["class"]) == 2
    assert "at least 16 characters" in capsys.readouterr().err
