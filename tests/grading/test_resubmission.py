"""What comes again replaces nothing newer, and no mark by hand outlives its answer in silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from helpers.grading.gradebook import results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.entering import enter, enter_nothing, enter_student, outdated
from helpers.grading.gradebook.registration import register
from helpers.grading.intake import submissions
from helpers.grading.pages import report
from helpers.grading.repair.released import is_check, released_notebooks
from helpers.grading.settings import course_at
from helpers.marking.judging import RIGHT, WRONG, Verdict
from helpers.marking.questions import questions_of
from helpers.personal import class_list
from tests.sample_class.work import LESSON, ROOT, Notebook

P2 = "problem_2_pen_and_paper"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
OLD, NEW = b'{"old": 1}', b'{"new": 1}'


@pytest.fixture
def course(tmp_path):
    return course_at(ROOT, tmp_path / "gradebook")


def came(content, hours, notebook=P2, broken=False):
    """A submission of one notebook, handed in so many hours after noon; None: nobody knows when."""
    time = None if hours is None else NOON + timedelta(hours=hours)
    state = submissions.SET_ASIDE if broken else submissions.WOULD_BE_GRADED
    ann = submissions.Submission("ann", ("ann", "ann"))
    ann.files.append(submissions.HandedIn(f"ann/{hours}.ipynb", time, notebook, state, ""))
    if broken:
        ann.set_aside[notebook] = "it is broken."
    else:
        ann.notebooks[notebook] = content
    return ann


def stored(course, submission, take_older=False):
    """What counts after `submission` was stored."""
    submissions.store(course, LESSON, submission, [SimpleNamespace(name=P2)], take_older)
    path = course.submitted / "ann" / LESSON / f"{P2}.ipynb"
    counts = path.read_bytes() if path.exists() else None
    assert counts == submission.notebooks.get(P2)
    return counts


# Which is newer


def test_an_older_file_never_replaces_a_newer_one(course):
    assert stored(course, came(OLD, 0)) == OLD
    assert stored(course, came(NEW, 5)) == NEW
    again = came(OLD, 0)
    assert stored(course, again) == NEW, "the same archive once more"
    (note,) = again.notes[P2]
    assert "“ann/0.ipynb” is older" in note and not again.questions[P2]
    assert stored(course, came(OLD, 0)) == NEW, "nor the time after that"
    (kept,) = (course.earlier / "ann" / LESSON).iterdir()
    assert kept.read_bytes() == OLD


def test_a_broken_older_file_takes_nothing_away(course):
    stored(course, came(NEW, 5))
    again = came(b"", 0, broken=True)
    assert stored(course, again) == NEW
    assert again.notes[P2] and not again.set_aside
    later = came(b"", 6, broken=True)
    assert stored(course, later) is None and later.set_aside


@pytest.mark.parametrize(("first", "second"), [(0, 0), (None, 0), (0, None), (None, None)])
def test_what_times_do_not_tell_is_asked(course, first, second):
    stored(course, came(OLD, first))
    again = came(NEW, second)
    assert stored(course, again) == OLD
    (question,) = again.questions[P2]
    assert "cannot be told" in question and "--take-older" in question
    same = came(OLD, second)
    assert stored(course, same) == OLD
    assert not same.questions[P2] and not same.notes[P2], "the same again is no question"


def test_what_came_after_a_file_of_unknown_time_was_graded_is_newer(course):
    stored(course, came(OLD, None))
    long_after = (datetime.now(UTC) - NOON) / timedelta(hours=1) + 1
    again = came(NEW, long_after)
    assert stored(course, again) == NEW and not again.questions[P2]


def test_a_gradebook_without_times_asks(course):
    stored(course, came(OLD, 0))
    (course.gradebook / "handed_in" / "ann" / f"{LESSON}.json").write_text("[")
    again = came(NEW, 1)
    assert stored(course, again) == OLD and again.questions[P2]


def test_older_is_taken_for_who_means_it(course):
    stored(course, came(NEW, 5))
    again = came(OLD, 0)
    assert stored(course, again, take_older=True) == OLD
    assert "--take-older" in again.notes[P2][0]
    assert stored(course, came(NEW, 5)) == NEW, "the newer one is newer again"


def test_what_stays_keeps_what_was_said_of_it(course):
    newer = came(NEW, 5)
    newer.remarks[P2].append("The file was called “x”.")
    stored(course, newer)
    again = came(OLD, 0)
    again.remarks[P2].append("There were 2 copies.")
    stored(course, again)
    assert again.remarks[P2] == ["The file was called “x”."]


def test_notes_are_for_all_and_questions_need_a_person(course):
    result = results.Result("ann", LESSON, P2, results.GRADED, 50)
    noted = replace(result, notes=("An older copy came.",))
    asked = replace(result, questions=("Which is newer?",))
    assert not report.needs_person(noted) and report.needs_person(asked)
    assert "Which is newer?" in report.why(asked)
    results.save(course, noted)
    assert results.load(course, *noted.key) == noted
    points = {result.key: 0}
    text = report.write(course, [noted], points).read_text(encoding="utf-8")
    assert "To know" in text and "An older copy came." in text


# What a person gave by hand

CHECK, ANSWER = "p2-relu-update", "p2-relu-update-answer"
QUESTION = "p2.relu.update"


@pytest.fixture
def gradebook(course):
    released = [r for r in released_notebooks(course, LESSON) if r.name == P2]
    register(course, LESSON, released)
    with open_gradebook(course) as gradebook:
        enter_student(gradebook, course, LESSON, "ann")
        yield gradebook


def graded(gradebook, course, answer, status):
    """Enter a notebook with this answer; returns its Result."""
    notebook = Notebook(P2).content
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == ANSWER:
            cell.source = answer
        if is_check(cell):
            cell.outputs = []
    verdicts = {
        name: [
            Verdict(part.name, part.points if status == RIGHT else 0, part.points, status)
            for part in question.parts
        ]
        for name, question in questions_of(P2).items()
    }
    result = results.Result("ann", LESSON, P2, results.GRADED, 50, verdicts)
    return enter(gradebook, course, notebook, result)


def give(gradebook, points, comment=None):
    """What formgrader does when a person saves."""
    grade = gradebook.find_grade(CHECK, P2, LESSON, "ann")
    grade.manual_score, grade.needs_manual_grade = points, False
    if comment:
        gradebook.find_comment(ANSWER, P2, LESSON, "ann").manual_comment = comment
    gradebook.db.commit()


def test_points_by_hand_are_kept_and_told_when_the_answer_changes(gradebook, course):
    first = graded(gradebook, course, "W_h = 1", WRONG)
    assert first.outdated == ()
    give(gradebook, 4, "Come and see me.")
    assert graded(gradebook, course, "W_h = 1", WRONG).outdated == (), "the same once more"

    result = graded(gradebook, course, "W_h = 2", RIGHT)
    mark, comment = result.outdated
    most = sum(part.points for part in questions_of(P2)[QUESTION].parts)
    assert f"{CHECK}: 4 points were given by hand for an earlier answer" in mark
    assert f"the grader gives {most:g} of {most:g}" in mark
    assert f"{ANSWER}: your comment was written for an earlier answer" in comment
    assert report.needs_person(result) and mark in report.why(result)
    assert gradebook.find_grade(CHECK, P2, LESSON, "ann").score == 4
    assert graded(gradebook, course, "W_h = 2", RIGHT).outdated, "until somebody has looked"
    assert outdated(gradebook, course, result), "in a run that has nothing to enter as well"

    give(gradebook, 4, "Better.")  # the same points, which a person has saved again
    assert outdated(gradebook, course, result) == ()
    assert graded(gradebook, course, "W_h = 2", RIGHT).outdated == ()


def test_points_by_hand_are_told_when_the_grader_judges_otherwise(gradebook, course):
    graded(gradebook, course, "W_h = 1", WRONG)
    give(gradebook, 4)
    (mark,) = graded(gradebook, course, "W_h = 1", RIGHT).outdated
    assert "when the grader judged this answer otherwise" in mark
    assert graded(gradebook, course, "W_h = 1", WRONG).outdated == (), "as it was again"


def test_points_by_hand_are_told_after_a_file_that_could_not_be_graded(gradebook, course):
    graded(gradebook, course, "W_h = 1", WRONG)
    give(gradebook, 4)
    graded(gradebook, course, "W_h = 2", RIGHT)
    enter_nothing(gradebook, course, [results.Result("ann", LESSON, P2, results.SET_ASIDE, 50)])
    assert graded(gradebook, course, "W_h = 2", RIGHT).outdated


def test_a_gradebook_of_an_earlier_release_is_compared_with_what_it_shows(gradebook, course):
    graded(gradebook, course, "W_h = 1", WRONG)
    give(gradebook, 4)
    (course.gradebook / "by_hand" / "ann" / LESSON / f"{P2}.json").unlink()
    (mark,) = graded(gradebook, course, "W_h = 2", RIGHT).outdated
    assert "4 points were given by hand" in mark


# Two students of one name

TWINS = [class_list.Student("k17", "Ana Kim"), class_list.Student("k42", "Ana Kim")]


def called(name, file="x.ipynb"):
    one = submissions.Submission(name, (name, name))
    one.notebooks[P2] = b"{}"
    time = datetime.now(UTC)
    state = submissions.WOULD_BE_GRADED
    one.files.append(submissions.HandedIn(f"{name}/{file}", time, P2, state, ""))
    return one


@pytest.mark.parametrize(
    ("file", "announced", "identifier"),
    [
        ("k42_problem_2.ipynb", "", "k42"),
        ("x.ipynb", "K17 ", "k17"),
        ("x.ipynb", "", None),
        ("x.ipynb", "somebody", None),
        ("k421.ipynb", "", None),
        ("k42.ipynb", "k17", None),
    ],
)
def test_an_identifier_decides_between_two_of_one_name(file, announced, identifier):
    one = called("Ana Kim", file)
    unlisted = class_list.identify([one], TWINS, lambda submission: [announced])
    assert one.identifier == (identifier or "Ana Kim")
    assert unlisted == ([] if identifier else [one])
    questions = one.questions[P2]
    if identifier:
        assert questions == []
    else:
        assert "2 students of this name (k17, k42)" in questions[0]


def test_two_cannot_be_the_same_of_two():
    both = [called("Ana Kim", "k17.ipynb"), called("Ana Kim_2", "k17.ipynb")]
    both[1].called = ("Ana Kim_2", "Ana Kim")
    class_list.identify(both, TWINS)
    assert ["of the same name" in one.questions[P2][0] for one in both] == [True, True]
