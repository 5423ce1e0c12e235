"""The report on a class counts what is true, and its examples show nobody's name."""

import json
import pickle
import re
from collections import Counter
from dataclasses import replace
from functools import cache

import nbformat
import numpy as np
import pytest

from helpers.grading.gradebook import results
from helpers.grading.gradebook.marks import ByHand
from helpers.grading.gradebook.standing import Standing
from helpers.grading.pages import analysis, examples, feedback, report
from helpers.grading.settings import course_at
from helpers.marking.judging import CARRIED, ERROR, MISSING, RIGHT, WRONG, Verdict
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.questions import question_by_id, questions_of
from tests.browser import in_the_browser
from tests.in_process import marked
from tests.sample_class.generated import SLIPS, generated_class
from tests.sample_class.students import P2, P3
from tests.sample_class.work import LESSON, ROOT, Notebook

VERDICTS = (RIGHT, CARRIED, WRONG, ERROR, MISSING)


@pytest.fixture
def course(tmp_path):
    return course_at(ROOT, tmp_path / "gradebook")


def result(student, notebook, verdicts, **more):
    points = sum(question.points for question in questions_of(notebook).values())
    state = more.pop("state", results.GRADED)
    return results.Result(student, LESSON, notebook, state, points, verdicts, **more)


def written(course, found):
    """The report on the Results `found` as text."""
    course.gradebook.mkdir(exist_ok=True)
    points = {r.key: r.points for r in found}
    return report.write(course, found, points).read_text(encoding="utf-8")


def keep_executed(course, student, notebook, content):
    """Lay an executed notebook where the grader keeps it."""
    path = course.autograded / student / LESSON / f"{notebook}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(content, path)


# The generated class, whose marking takes long

of_a_class_of_200 = pytest.mark.sampled(0, of="tests with a class of 200")


@cache
def _verdicts(notebook, slip):
    work = SLIPS[slip].work() if slip is not None else Notebook(notebook)
    return marked(work.content)


def names_in(misconception):
    """The names in what checks.csv says: "a", "a + b", "a or b"."""
    return re.split(r" \+ | or ", misconception)


@cache
def class_of_200():
    """The generated students, and the Results of marking what each hands in."""
    students = generated_class(200)
    found = [
        result(student.id, notebook, _verdicts(notebook, SLIPS.index(slip) if slip else None))
        for student in students
        for notebook, slip in student.slips.items()
    ]
    return students, found


def truth(students):
    """What must come of the class: verdicts by question and part, and who has which mistake."""
    counts, mistaken = {}, {}
    for student in students:
        for notebook in student.slips:
            for question in questions_of(notebook).values():
                for part in question.parts:
                    how = student.not_right.get(question.id, {}).get(part.name, RIGHT)
                    verdict = how if how in VERDICTS else WRONG
                    counts.setdefault((question.id, part.name), Counter())[verdict] += 1
                    if how not in VERDICTS:
                        for name in names_in(how):
                            mistaken.setdefault(name, set()).add(student.id)
    return counts, mistaken


@of_a_class_of_200
def test_every_slip_of_the_generated_class_occurs():
    students, _ = class_of_200()
    assert {id(slip) for s in students for slip in s.slips.values() if slip} == set(map(id, SLIPS))
    names = {n for s in SLIPS for parts in s.not_right.values() for n in parts.values()}
    assert len({n for name in names - set(VERDICTS) for n in names_in(name)}) >= 20


@of_a_class_of_200
def test_the_analysis_of_200_students_is_the_truth():
    students, found = class_of_200()
    counts, mistaken = truth(students)
    assert {
        (question, part): count
        for questions in analysis.outcomes(found).values()
        for question, parts in questions.items()
        for part, count in parts.items()
    } == counts
    assert {f.name: set(f.students) for f in analysis.misconceptions(found)} == mistaken


@of_a_class_of_200
def test_the_report_on_200_students_shows_the_truth(course):
    students, found = class_of_200()
    counts, mistaken = truth(students)
    page = written(course, found)
    shown = re.findall(r'<td class="n">(\d+)(?:<br>.*?)?</td>\s*<td><b>(.*?)</b>', page)
    assert {name.replace(" ", "_"): int(n) for n, name in shown} == {
        name: len(who) for name, who in mistaken.items()
    }
    assert [int(n) for n, _ in shown] == sorted((int(n) for n, _ in shown), reverse=True)
    rows = re.findall(
        r"<tr><td>[^<]+<code>(p\d\.[\w.]+)</code></td>((?:<td class=\"n\">\d+</td>){5})</tr>", page
    )
    wanted = {}
    for (question, _), count in counts.items():
        wanted[question] = wanted.get(question, Counter()) + count
    assert {q: list(map(int, re.findall(r">(\d+)<", cells))) for q, cells in rows} == {
        question: [count[v] for v in VERDICTS] for question, count in wanted.items()
    }
    assert f"{len(students)} students" in page or len({r.student for r in found}) < len(students)
    for name in mistaken:
        assert CATALOGUE[name].shows in page.replace("&#39;", "'").replace("&amp;", "&")


@of_a_class_of_200
def test_the_same_results_give_the_same_bytes(course):
    _, found = class_of_200()
    assert written(course, found) == written(course, found)


# The results themselves


def test_results_hold_each_sentence_once(course):
    """However they come: from a worker, or from the disk."""
    verdicts = {
        "p3.loss": [Verdict("E", 0, 2, WRONG, (("wrong_sign",),), "The sign of E is not right.")]
    }
    found = [result(name, P3, verdicts) for name in ("Ada_1", "Bo_2")]
    for one in found:
        results.save(course, one)
    from_workers = [results.compact(pickle.loads(pickle.dumps(one))) for one in found]
    assert from_workers == results.load_all(course) == found
    for ada, bo in (from_workers, results.load_all(course)):
        (ada,), (bo,) = ada.verdicts["p3.loss"], bo.verdicts["p3.loss"]
        assert ada.hint is bo.hint and ada.part is bo.part


def test_results_of_this_run_stand_for_what_is_saved_of_them(course):
    """In the same order, for a disk that was full."""
    saved = [result(name, P3, {}) for name in ("Ada_1", "Bo_2", "Cy_3")]
    for one in saved[::-1]:
        results.save(course, one)
    new = result("Bo_2", P3, {"p3.loss": [Verdict("E", 2, 2, RIGHT)]})
    assert results.load_all(course, [new]) == [saved[0], new, saved[2]]


# Examples


def test_an_example_shows_the_mistake_and_nobody(course):
    """A name in a comment, a docstring, a text or a variable is in no example."""
    work = Notebook(P2).edit("p2.tanh.backward", ("(a_o - t)", "2 * (a_o - t)"))
    cell = work.content.cells[work.position("p2.tanh.backward")]
    cell.source = '"""By Amara."""\nwriter = "Amara Okafor"  # Amara\n' + cell.source
    verdicts = marked(work.content)
    student = "Amara Okafor_1204001"
    keep_executed(course, student, P2, work.content)
    example = examples.example_of("factor_two", course, [result(student, P2, verdicts)])
    assert (example.question, example.part) == ("p2.tanh.backward", "delta_o")
    assert example.code == "delta_o = 2 * (a_o - t) * a_o * (1 - a_o)"
    assert float(example.answer) == pytest.approx(2 * 0.1, rel=0.9)
    assert "mara" not in repr(example)

    cell.source = cell.source.replace("delta_o", "amara = delta_o", 1)
    keep_executed(course, student, P2, work.content)
    assert examples.example_of("factor_two", course, [result(student, P2, verdicts)]) is None


def test_another_student_stands_in_where_one_would_be_recognised(course):
    found = []
    for student, name in (("Zoe_1", "zoe"), ("Kim_2", "delta_of_mine")):
        work = Notebook(P2).edit(
            "p2.tanh.backward",
            ("delta_o = (a_o - t)", f"{name} = 2\ndelta_o = {name} * (a_o - t)"),
        )
        found.append(result(student, P2, marked(work.content)))
        keep_executed(course, student, P2, work.content)
    example = examples.example_of("factor_two", course, found)
    assert "delta_of_mine" in example.code and "zoe" not in example.code


def test_code_that_cannot_be_written_down_again_costs_its_example_alone(course):
    found = []
    for student, more in (("Zoe_1", "total = " + "+".join("1" * 3000)), ("Kim_2", "")):
        work = Notebook(P2).edit("p2.tanh.backward", ("(a_o - t)", "2 * (a_o - t)"))
        verdicts = marked(work.content)
        cell = work.content.cells[work.position("p2.tanh.backward")]
        cell.source += f"\n{more}"
        found.append(result(student, P2, verdicts))
        keep_executed(course, student, P2, work.content)
    assert "factor two" in written(course, found[:1])
    assert examples.example_of("factor_two", course, found[:1]) is None
    assert examples.example_of("factor_two", course, found).code.startswith("delta_o = 2 *")


def test_an_example_from_a_function_keeps_the_questions_words(course):
    work = Notebook(P3).edit("p3.deltas", ("(a_o - t)", "(t - a_o)"))
    verdicts = marked(work.content)
    keep_executed(course, "Kim_2", P3, work.content)
    example = examples.example_of("wrong_sign", course, [result("Kim_2", P3, verdicts)])
    assert "(t - a_o)" in example.code and "return (delta_o, delta_h)" in example.code
    assert "The deltas of both layers" not in example.code  # the docstring


def test_there_is_no_example_without_a_notebook_that_can_be_read(course):
    verdicts = _verdicts(P3, None) | {
        "p3.loss": [Verdict("E", 0, 2, WRONG, (("half_forgotten",),), "…")],
    }
    one = result("Kim_2", P3, verdicts)
    assert examples.example_of("half_forgotten", course, [one]) is None
    path = course.autograded / "Kim_2" / LESSON / f"{P3}.ipynb"
    path.parent.mkdir(parents=True)
    for content in ("", "{", json.dumps({"cells": 3}), "\0"):
        path.write_text(content)
        assert examples.example_of("half_forgotten", course, [one]) is None


def test_no_example_is_looked_for_in_a_large_notebook(course, monkeypatch):
    """The report has no deadline, and one student's notebook is read for each mistake in it."""
    work = Notebook(P2).edit("p2.tanh.backward", ("(a_o - t)", "2 * (a_o - t)"))
    verdicts = marked(work.content)
    keep_executed(course, "Kim_2", P2, work.content)
    found = [result("Kim_2", P2, verdicts)]
    assert examples.example_of("factor_two", course, found) is not None
    monkeypatch.setattr(examples, "MAX_SIZE", 1_000)
    assert examples.example_of("factor_two", course, found) is None


# Parts that tell students apart badly


def constructed(rights, part="E", question="p3.loss"):
    """Results in which `rights[k]` says whether student k has `part`; the rest grows with k."""
    found = []
    for k, right in enumerate(rights):
        verdicts = {question: [Verdict(part, 2 * right, 2, RIGHT if right else WRONG)]}
        others = [
            Verdict(p.name, p.points * (k >= i), p.points, RIGHT if k >= i else WRONG)
            for i, p in enumerate(question_by_id("p3.backward").parts)
        ]
        found.append(result(f"S_{k}", P3, verdicts | {"p3.backward": others}))
    return found


def test_discrimination_is_the_correlation_with_the_rest_of_the_points():
    rng = np.random.default_rng(0)
    rights = rng.integers(0, 2, 30).astype(bool)
    found = constructed(rights)
    rest = [sum(v.points for v in r.verdicts["p3.backward"]) for r in found]
    (item,) = [i for i in analysis.items(found) if i.question == "p3.loss"]
    assert item.discrimination == pytest.approx(np.corrcoef(rights, rest)[0, 1])
    assert item.share == pytest.approx(rights.mean())


def test_items_that_discriminate_badly_are_listed_the_worst_first(course):
    backwards = [k < 3 for k in range(30)]  # only the weakest have it
    found = constructed(backwards)
    poor = analysis.poor_items(found)
    assert poor[0].question == "p3.loss" and poor[0].discrimination < 0
    assert "p3.loss</td><td><code>E</code>" in written(course, found)
    assert all(i.discrimination < analysis.LOW for i in poor)
    good = constructed([k >= 3 for k in range(30)])
    assert "p3.loss" not in {i.question for i in analysis.poor_items(good)}


def test_what_everybody_or_nobody_has_right_is_said(course):
    page = written(course, constructed([True] * 25))
    assert re.search(r"Everybody has these right[^<]*p3\.loss", page)
    page = written(course, constructed([False] * 25))
    assert re.search(r"Nobody has these right[^<]*p3\.loss", page)


def test_a_small_class_has_no_such_list(course):
    assert analysis.poor_items(constructed([k < 3 for k in range(19)])) == []


# The page


HOSTILE = '<script>alert(1)</script>"&<img src=x onerror=alert(2)>_7'


def test_the_page_is_safe_and_loads_nothing(course):
    verdicts = {"p3.loss": [Verdict("E", 0, 2, WRONG, (("half_forgotten",),), HOSTILE)]}
    found = [result(HOSTILE, P3, verdicts, to_read=(HOSTILE,), remarks=(HOSTILE,))]
    page = written(course, found)
    assert "<script" not in page and "<img src=x" not in page
    assert "default-src 'none'; script-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"(?!data:|feedback/|#)", page)


def test_students_who_need_a_person_are_listed(course):
    right = _verdicts(P3, None)
    found = [
        result("Repaired_1", P3, right, state=results.REPAIRED, remarks=("A cell was put back.",)),
        result("Aside_2", P3, {}, state=results.SET_ASIDE, remarks=("It is not valid JSON.",)),
        result("Nothing_3", P3, {}, state=results.MISSING),
        result("Fine_4", P3, right),
    ]
    page = written(course, found)
    ends = page.index("Parts that tell students apart badly</h3>")
    listed = page[page.index("Students who need a person") : ends]
    assert "A cell was put back." in listed and "It is not valid JSON." in listed
    assert "Nothing handed in: Nothing_3." in listed
    assert "Fine_4" not in listed
    assert [r.student for r in found if report.needs_person(r)] == ["Aside_2"]


@pytest.mark.parametrize("state", [results.MISSING, results.SET_ASIDE])
def test_a_class_of_one_who_handed_nothing_in_has_a_report(course, state):
    assert "1 student, 1 notebook, " in written(course, [result("Solo_1", P3, {}, state=state)])


def test_the_contents_lead_to_all_parts(course):
    right = _verdicts(P2, None)
    found = [
        result("Fine_1", P2, right), result("Nothing_2", P2, {}, state=results.MISSING),
        result("Late_3", P2, right, lateness="Handed in x (by y), 1 day begun: 10%."),
    ]  # fmt: skip
    course.gradebook.mkdir()
    points = {r.key: r.points for r in found}
    standing = Standing(found, points, late={found[2].key: 5})
    page = report.write(course, found, points, standing=standing).read_text(encoding="utf-8")
    links = re.findall(r'href="#([^"]+)"', page)
    assert [link.partition("-")[2] for link in links] == [
        "summary", "person", "late", "questions", "items", "students"
    ]  # fmt: skip
    assert all(page.count(f'id="{link}"') == 1 for link in links)
    assert page.index('id="tutorial-students"') > page.index('id="tutorial-items"')


def test_work_that_was_set_aside_is_no_mark_of_0(course):
    right = _verdicts(P2, None)
    best = result("Fine_1", P2, right).points
    found = [
        result("Fine_1", P2, right), result("Aside_2", P2, {}, state=results.SET_ASIDE),
        result("Nothing_3", P2, {}, state=results.MISSING), result("Wrong_4", P2, {
            q: [replace(v, points=0, status=WRONG) for v in vs] for q, vs in right.items()}),
    ]  # fmt: skip
    page = written(course, found)
    assert f"The average is {best / 2:g}, of the 2 who handed in something" in page
    assert "1 handed in nothing. Of 1, work is set aside" in page
    assert "not yet all" in page
    only = written(course, found[1:3])
    assert "The average" not in only and "Points in all" not in only


def test_equal_repairs_are_one_line(course):
    right = _verdicts(P2, None)
    found = [
        result(f"S_{n}", P2, right, state=results.REPAIRED, remarks=("A cell was put back.",))
        for n in range(30)
    ]
    found.append(result("T", P2, right, state=results.REPAIRED, remarks=("Two were.",)))
    page = written(course, found)
    assert page.count("A cell was put back.") == page.count("Two were.") == 1
    assert "30 notebooks: A cell was put back." in page
    assert page.index("A cell was put back.") < page.index("Two were."), "those of most first"


def test_students_are_in_a_table_that_folds(course):
    right = _verdicts(P2, None)
    for count, folded in ((5, False), (300, True)):
        found = [result(f"S_{n}", P2, right) for n in range(count)]
        page = written(course, found)
        part = page[page.index('id="tutorial-students"') :]
        assert ("<details><summary>" in part) == folded
        assert part.count("<tr><td>S_") == count


def test_discrimination_needs_20_who_answered(course):
    """However large the class: where hardly anybody answered, it says nothing."""
    found = constructed([k < 3 for k in range(60)])
    unanswered = [
        replace(r, verdicts=r.verdicts | {"p3.loss": [Verdict("E", 0, 2, MISSING)]})
        if 3 <= k < 45 else r
        for k, r in enumerate(found)
    ]  # fmt: skip
    assert "p3.loss" in {i.question for i in analysis.poor_items(found)}
    (item,) = (i for i in analysis.items(unanswered) if i.question == "p3.loss")
    assert item.answered == 18
    assert "p3.loss" not in {i.question for i in analysis.poor_items(unanswered)}
    nobody = [replace(r, verdicts={"p3.loss": [Verdict("E", 0, 2, MISSING)]}) for r in found]
    assert analysis.same_for_all(nobody) == []


@in_the_browser
def test_the_pages_fit_a_phone(course, chromium):
    """Nothing has to be pushed sideways at 390 pixels, whatever the names are."""
    wrong = {
        q: [replace(v, points=0, status=WRONG, hint="Look at the sign. " * 4) for v in vs]
        for q, vs in _verdicts(P2, None).items()
    }
    name = "Bartholomew-Maximilian_Featherstonehaugh_1204001"
    mine = result(name, P2, wrong, remarks=("“x” was repaired.",), state=results.REPAIRED)
    keep_executed(course, name, P2, Notebook(P2).content)
    path = course.gradebook / "page.html"
    path.parent.mkdir(exist_ok=True)
    content = Notebook(P2).content
    path.write_text(feedback.page(course, mine, content, ByHand(0, {}, {}, 2)), encoding="utf-8")
    written(course, [mine])
    window = chromium.new_page(viewport={"width": 390, "height": 844})
    for name in ("page.html", "report.html"):
        window.goto((course.gradebook / name).as_uri())
        width = window.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, name
    window.close()


def test_a_name_that_is_gone_from_the_catalogue_does_no_harm(course):
    verdicts = {"p3.loss": [Verdict("E", 0, 2, WRONG, (("of_an_earlier_year",),), "…")]}
    assert "of an earlier year" in written(course, [result("Kim_2", P3, verdicts)])
