"""No notebook, record or zip, however it is mutated, stops grading or ends without a reason."""

import logging
import time
import unicodedata
import warnings
import zipfile
from collections import Counter
from dataclasses import replace
from functools import cache

import nbformat
import pytest

from helpers.asking.cell_ids import question_of_check
from helpers.asking.record import VERSION
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import results
from helpers.grading.gradebook.marks import ByHand
from helpers.grading.gradebook.score import records_in, verdicts_by_question
from helpers.grading.intake import submissions
from helpers.grading.pages import feedback
from helpers.grading.pages.markup import safe_outputs
from helpers.grading.repair.lay_in import announced_student, repair
from helpers.grading.repair.released import grade_id, is_answer, is_check
from helpers.grading.running import run
from helpers.grading.running.outputs import is_valid, plain
from helpers.grading.settings import course_at
from helpers.marking.questions import question_by_id
from tests import sampling
from tests.attacks.fuzzing import generator, mutated_notebook, mutated_outputs, mutated_zip
from tests.in_process import NONCE, marked
from tests.sample_class.work import LESSON, ROOT, Notebook

SEED = 20261121
CLASSES, OF_ONE_CLASS = 35, 60  # of mutated notebooks: 2,100 in all
ZIPS = 300
SHARE = 0.07  # of both, in a sample
EVERY = 15  # of so many notebooks one gets its page
MAX_REASON_LENGTH = 1500
SECONDS_FOR_ONE = 3  # of computing
WRITTEN_IN_PROCESS = ("problem_1_derivation", "problem_2_pen_and_paper", "problem_3_numpy")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return course_at(ROOT, tmp_path_factory.mktemp("fuzzing") / "gradebook")


@pytest.fixture(scope="module")
def released(course):
    # The module's released notebooks are shared: reading them is not what is tested.
    from helpers.grading.repair.released import released_notebooks

    return released_notebooks(course, LESSON)


@cache
def right_records(name):
    """The records of a solved notebook, by the check's grade_id; for Keras, made up."""
    notebook = Notebook(name).content
    checks = [cell for cell in notebook.cells if is_check(cell)]
    if name in WRITTEN_IN_PROCESS:
        marked(notebook)
        return {grade_id(cell): records_in(cell)[0] for cell in checks}
    number = {"shape": [], "values": [1.0]}
    return {
        name: {
            "version": VERSION,
            "question": question.id,
            "nonce": NONCE,
            "answers": {part: [number] for part in question.recorded},
        }
        for name, question in (
            (grade_id(cell), question_by_id(question_of_check(grade_id(cell)))) for cell in checks
        )
    }


def run_as_a_kernel_might(notebook, name, rng):
    """Give the cells of a repaired notebook outputs, as if it had been executed."""
    records = right_records(name)
    for cell in notebook.cells:
        if is_check(cell):
            if rng.random() < 0.2:
                cell.outputs = outputs(records[grade_id(cell)], rng)
        elif cell.cell_type == "code" and (is_answer(cell) or rng.random() < 0.1):
            cell.outputs = outputs({}, rng) if rng.random() < 0.2 else []
    reasons = {rng.randrange(len(notebook.cells)): "ran too long"}
    return run.Execution(1, reasons if rng.random() < 0.2 else {}, dict.fromkeys(records, NONCE))


def outputs(record, rng):
    """Mutated outputs of a cell, as far as a run lets such through."""
    found = [nbformat.from_dict(plain(output)) for output in mutated_outputs(record, rng)]
    return [output for output in found if is_valid(output)]


def result_of(submission, released, rng):
    """The Result of a submission's notebook as grading makes it, and the executed notebook."""
    if not submission.notebooks:
        files = (f"“{file}” {reason}" for file, reason in submission.unplaced)
        remarks = (*submission.set_aside.values(), *files)
        state = results.SET_ASIDE if remarks else results.MISSING
        nothing = results.Result(submission.student, LESSON, released[0].name, state, 0)
        return replace(nothing, remarks=remarks), None
    ((name, data),) = submission.notebooks.items()
    (original,) = (r for r in released if r.name == name)
    submitted = nbformat.reads(data.decode("utf-8"), as_version=4)
    notebook, sentences = repair(submitted, original.notebook)
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode("utf-8")
    student = announced_student(submitted, original.notebook)
    assert student is None or student.encode("utf-8") is not None
    given = [cell for cell in notebook.cells if not is_answer(cell) and grade_id(cell)]
    assert [cell.source for cell in given] == [
        cell.source for cell in original.notebook.cells if not is_answer(cell)
    ]
    execution = run_as_a_kernel_might(notebook, name, rng)
    verdicts = verdicts_by_question(notebook, original.questions, execution)
    for question in original.questions.values():
        assert [v.part for v in verdicts[question.id]] == [part.name for part in question.parts]
        assert all(0 <= v.points <= v.max_points for v in verdicts[question.id])
    for cell in notebook.cells:
        if cell.cell_type == "code":
            safe_outputs(cell)
    remarks = (*submission.remarks[name], *sentences)
    state = results.REPAIRED if remarks else results.GRADED
    return (
        results.Result(submission.student, LESSON, name, state, 0, verdicts, remarks),
        notebook,
    )


def assert_in_words(result):
    assert result.state in (results.GRADED, results.REPAIRED, results.SET_ASIDE)
    assert bool(result.remarks) == (result.state != results.GRADED)
    hints = [v.hint for parts in result.verdicts.values() for v in parts]
    for text in (*result.remarks, *hints):
        assert len(text.encode("utf-8")) < MAX_REASON_LENGTH
    for remark in result.remarks:
        assert not [c for c in remark if unicodedata.category(c) in ("Cc", "Cf")], remark


def assert_page(course, result, notebook):
    page = feedback.page(course, result, notebook, ByHand(0, {}, {}))
    page.encode("utf-8")
    assert "Content-Security-Policy" in page
    assert "<script" not in page.lower() and "onerror" not in page.lower()


def assert_each_is_reached(counts, ends):
    """Each way to end occurs often enough to be tested; in a sample it need not."""
    assert min(counts[end] for end in ends) > 0.05 * counts.total(), counts


def write_class(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, data) in enumerate(files):
            archive.writestr(f"Student_{number}_assignsubmission_file_/{name}", data)


def test_mutated_notebooks(course, released, tmp_path, capsys, caplog, sample):
    caplog.set_level(logging.CRITICAL)  # nbformat says what is invalid
    for original in released:
        right_records(original.name)  # here, as the first time takes long
    states, slowest = Counter(), 0
    for number in sample(range(CLASSES), SHARE):
        rng = generator(SEED + number)
        files = [mutated_notebook(rng) for _ in range(OF_ONE_CLASS)]
        write_class(tmp_path / "class.zip", files)
        taken = submissions.collect(tmp_path / "class.zip", released)
        assert len(taken.submissions) == OF_ONE_CLASS and not taken.unassigned
        for submission in taken.submissions:
            start = time.process_time()
            result, notebook = result_of(submission, released, rng)
            slowest = max(slowest, time.process_time() - start)
            assert_in_words(result)
            results.save(course, result)
            if not sum(states.values()) % EVERY:
                assert_page(course, result, notebook)
            states[result.state] += 1
    assert slowest < SECONDS_FOR_ONE
    if sampling.whole:
        assert_each_is_reached(states, (results.GRADED, results.REPAIRED, results.SET_ASIDE))
    with capsys.disabled():
        counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
        print(f"\n{sum(states.values())} mutated notebooks: {counts}; slowest {slowest:.2f} s")


def test_mutated_zips(released, tmp_path, capsys, sample):
    ends = Counter()
    numbers = sample(range(ZIPS), SHARE)
    for number in numbers:
        (tmp_path / "class.zip").write_bytes(mutated_zip(generator(SEED + CLASSES + number)))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                taken = submissions.collect(tmp_path / "class.zip", released)
        except NothingGraded as error:
            assert "class.zip" in str(error)
            ends["refused"] += 1
            continue
        assert taken.submissions
        for submission in taken.submissions:
            assert submission.notebooks or submission.set_aside or submission.unplaced, submission
            reasons = [*submission.set_aside.values(), *(r for _, r in submission.unplaced)]
            assert all(reason and len(reason) < MAX_REASON_LENGTH for reason in reasons)
            ends["read" if submission.notebooks else "set aside"] += 1
    if sampling.whole:
        assert_each_is_reached(ends, ("refused", "read", "set aside"))
    with capsys.disabled():
        print(f"\n{len(numbers)} mutated zips: {dict(ends)}")
