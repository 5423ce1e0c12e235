"""Marks, hints and what a person has to read, entered into nbgrader's gradebook."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.api import Grade, Gradebook, InvalidEntry
from nbgrader.coursedir import CourseDirectory

from helpers.asking.cell_ids import answer_cell_id, question_of_answer, question_of_check
from helpers.asking.record import MIME_TYPE
from helpers.grading.gradebook.by_hand import History, is_by_hand
from helpers.grading.gradebook.results import Result
from helpers.grading.gradebook.score import records_in
from helpers.grading.pages.markup import Room, safe_outputs, safe_texts
from helpers.grading.repair.released import grade_id, is_check
from helpers.grading.settings import Course
from helpers.marking.questions import question_by_id
from helpers.marking.verdict import Verdict, as_html, as_text

if TYPE_CHECKING:
    pass

Verdicts = Mapping[str, Sequence[Verdict]]  # by question id

LOG = logging.getLogger(__name__)
LOG.addHandler(logging.NullHandler())


def enter_student(gradebook: Gradebook, course: Course, lesson: str, student: str) -> None:
    """Enter a student and that they have handed in, when it is known."""
    try:
        gradebook.update_or_create_student(student)
    except InvalidEntry:  # somebody else may have entered the student in the same instant
        gradebook.update_or_create_student(student)
    folder = course.submitted / student / lesson
    when = CourseDirectory(log=LOG).get_existing_timestamp(str(folder))
    gradebook.update_or_create_submission(lesson, student, **({"timestamp": when} if when else {}))


def enter(gradebook: Gradebook, course: Course, notebook: NotebookNode, result: Result) -> Result:
    """Write a Result's marks and hints to nbgrader's Gradebook, and its verdicts into `notebook`.

    Manual marks and comments stay as they are. Returns the Result with what a person has to read.
    """
    history = History(course, result.key)
    room = Room()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            safe_outputs(cell, room)
    entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
    history.look(entry)  # before anything is entered
    grades = {grade.name: grade for grade in entry.grades}
    comments = {comment.name: comment for comment in entry.comments}
    to_read = []
    for cell in notebook.cells:
        name = grade_id(cell) or ""
        if utils.is_grade(cell):
            grade = grades[name]
            if is_check(cell):
                _enter_score(grade, cell, result.verdicts)
            else:
                _enter_written(grade, cell)
                if grade.needs_manual_grade and grade.manual_score is None:
                    to_read.append(name)
        if utils.is_solution(cell):
            comments[name].auto_comment = _comment(cell, result.verdicts)
    safe_texts(notebook)  # last: nbgrader looks whether an answer is still the form
    gradebook.db.commit()
    history.entered(notebook, result)
    return replace(result, to_read=tuple(to_read), outdated=history.outdated(entry))


def outdated(gradebook: Gradebook, course: Course, result: Result) -> tuple[str, ...]:
    """What a person gave by hand for something that is no more: sentences for the instructor.

    Of a Result that was entered in an earlier run; a person may have been there since.
    """
    entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
    history = History(course, result.key)
    history.look(entry)
    return history.outdated(entry)


def enter_nothing(gradebook: Gradebook, course: Course, found: Sequence[Result]) -> None:
    """Enter 0 points for the notebooks of Results that were not graded; points by hand stay."""
    for result in found:
        entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
        History(course, result.key).look(entry)
        for grade in entry.grades:
            grade.auto_score = 0
            grade.needs_manual_grade = is_by_hand(grade)
    gradebook.db.commit()
    for result in found:
        stale = course.autograded_notebook(result.student, result.lesson, result.notebook)
        if stale.exists():
            os.chmod(stale, 0o644)
            stale.unlink()


def _enter_score(grade: Grade, cell: NotebookNode, verdicts: Verdicts) -> None:
    question = question_by_id(question_of_check(grade_id(cell) or ""))
    its_verdicts = verdicts[question.id]
    grade.auto_score = sum(verdict.points for verdict in its_verdicts)
    grade.needs_manual_grade = is_by_hand(grade)
    # What formgrader shows is our table, not the one that the student's kernel displayed.
    bundle = {
        "text/plain": as_text(question, its_verdicts),
        "text/html": as_html(question, its_verdicts),
    }
    for record in records_in(cell)[:1]:
        bundle[MIME_TYPE] = record
    cell.outputs = [new_output("display_data", bundle)]


def _enter_written(grade: Grade, cell: NotebookNode) -> None:
    """A written answer: an untouched one has 0 points, the rest is for people."""
    grade.auto_score, _ = utils.determine_grade(cell, LOG)
    grade.needs_manual_grade = is_by_hand(grade) or grade.auto_score is None


def _comment(cell: NotebookNode, verdicts: Verdicts) -> str | None:
    """The automatic comment on an answer cell: the hints on its question."""
    name = grade_id(cell) or ""
    question = question_of_answer(name)
    hints = []
    # Once, however many cells answer the question.
    if question and name == answer_cell_id(question):
        hints = [f"{v.part}: {v.hint}" for v in verdicts.get(question, []) if v.hint]
    if hints:
        return "\n".join(hints)
    untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    return "No response." if untouched else None
