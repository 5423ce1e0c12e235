"""From an executed notebook to its marks in nbgrader's gradebook."""

import logging
import os
from dataclasses import replace

from nbformat.v4 import new_notebook, new_output
from nbgrader import utils
from nbgrader.api import InvalidEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties

from helpers.asking.cell_ids import answer_cell_id, question_of_answer, question_of_check
from helpers.asking.record import MIME_TYPE
from helpers.grading.gradebook import results
from helpers.grading.gradebook.results import number
from helpers.grading.gradebook.score import records_in, score
from helpers.grading.pages.markup import safe_outputs
from helpers.grading.repair.released import grade_id, is_check
from helpers.marking.questions import question_by_id
from helpers.marking.verdict import as_html, as_text
from helpers.personal import normalised

LOG = logging.getLogger(__name__)
LOG.addHandler(logging.NullHandler())
MAX_IDENTIFIER_LENGTH = 80  # as far as it is shown


def judged(student, lesson, released, identifier, executed):
    """The Result of a notebook, from an Executed.

    student: the id. released: the Released notebook. identifier: what selects the student's
    numbers.
    """

    def verdicts_for(identifier):
        questions = released.questions_for(identifier)
        return score(executed.notebook, questions, executed.execution)

    verdicts, announced = verdicts_for(identifier), executed.announced
    to_decide = ""
    if (
        released.is_personal
        and isinstance(announced, str)
        and normalised(announced) != normalised(identifier)
    ):
        to_decide = _two_identifiers(
            announced, identifier, verdicts, verdicts_for(announced), released.max_points
        )
    return results.Result(
        *(student, lesson, released.name),
        state=results.REPAIRED if executed.repairs else results.GRADED,
        max_points=released.max_points,
        verdicts=verdicts,
        remarks=tuple(executed.repairs),
        to_decide=to_decide,
        seconds=executed.seconds,
        cell_seconds=executed.execution.cell_seconds,
    )


def enter_student(gradebook, course, lesson, student):
    """Enter a student and that they have handed in, when it is known."""
    try:
        gradebook.update_or_create_student(student)
    except InvalidEntry:  # somebody else may have entered the student in the same instant
        gradebook.update_or_create_student(student)
    folder = course.submitted / student / lesson
    when = CourseDirectory(log=LOG).get_existing_timestamp(str(folder))
    gradebook.update_or_create_submission(lesson, student, **({"timestamp": when} if when else {}))


def enter(gradebook, notebook, result):
    """Write a Result's marks and hints to nbgrader's Gradebook, and its verdicts into `notebook`.

    Manual marks and comments stay as they are. Returns the Result with what a person has to read.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            safe_outputs(cell)
    entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
    grades = {grade.name: grade for grade in entry.grades}
    comments = {comment.name: comment for comment in entry.comments}
    to_read = []
    for cell in notebook.cells:
        name = grade_id(cell)
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
    gradebook.db.commit()
    return replace(result, to_read=tuple(to_read))


def assign_late_penalty(gradebook, course, result):
    """As nbgrader does it, whose rule is an instructor's to change."""
    submission = gradebook.find_submission(result.lesson, result.student)
    entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
    if submission.total_seconds_late > 0 or entry.late_submission_penalty:
        names = {"notebook": result.notebook, "assignment": result.lesson}
        names |= {"student": result.student, "db_url": course.database}
        AssignLatePenalties().preprocess(new_notebook(), {"nbgrader": names})


def enter_nothing(gradebook, course, found):
    """Enter 0 points for the notebooks of Results that were not graded; points by hand stay."""
    for result in found:
        entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
        for grade in entry.grades:
            grade.auto_score = 0
            grade.needs_manual_grade = False
    gradebook.db.commit()
    for result in found:
        stale = course.autograded_notebook(result.student, result.lesson, result.notebook)
        if stale.exists():
            os.chmod(stale, 0o644)
            stale.unlink()


def _enter_score(grade, cell, verdicts):
    question = question_by_id(question_of_check(grade_id(cell)))
    verdicts = verdicts[question.id]
    grade.auto_score = sum(verdict.points for verdict in verdicts)
    grade.needs_manual_grade = grade.manual_score is not None
    # What formgrader shows is our table, not the one that the student's kernel displayed.
    bundle = {
        "text/plain": as_text(question, verdicts),
        "text/html": as_html(question, verdicts),
    }
    for record in records_in(cell)[:1]:
        bundle[MIME_TYPE] = record
    cell.outputs = [new_output("display_data", bundle)]


def _enter_written(grade, cell):
    """A written answer: an untouched one has 0 points, the rest is for people."""
    grade.auto_score, _ = utils.determine_grade(cell, LOG)
    grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None


def _comment(cell, verdicts):
    """The automatic comment on an answer cell: the hints on its question."""
    question = question_of_answer(grade_id(cell))
    hints = []
    # Once, however many cells answer the question.
    if question and grade_id(cell) == answer_cell_id(question):
        hints = [f"{v.part}: {v.hint}" for v in verdicts.get(question, []) if v.hint]
    if hints:
        return "\n".join(hints)
    untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    return "No response." if untouched else None


def _two_identifiers(announced, identifier, verdicts, others, max_points):
    """The sentence on a notebook that was worked with other numbers than those it is marked with.

    verdicts: with the numbers of `identifier`, who handed it in; others: with those of `announced`.
    """

    def points(verdicts):
        return number(sum(verdict.points for parts in verdicts.values() for verdict in parts))

    def shown(identifier):
        identifier = " ".join(identifier.split())
        cut = identifier[:MAX_IDENTIFIER_LENGTH]
        return f"“{cut}”" if cut == identifier else f"“{cut}…”"

    if normalised(announced):
        worked = f"This notebook was worked with the numbers of {shown(announced)}"
    else:
        worked = "This notebook names no student and was worked with the course's numbers"
    return (
        f"{worked}, but it was handed in by {shown(identifier)}. With the numbers of "
        f"{shown(identifier)} it has {points(verdicts)} of {number(max_points)} points; with the "
        f"others it would have {points(others)}."
    )
