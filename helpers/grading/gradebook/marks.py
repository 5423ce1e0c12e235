"""The marks that nbgrader's gradebook holds: points of all, and what a person gave by hand."""

from dataclasses import dataclass

from nbgrader.api import (
    Assignment,
    Grade,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import func

from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.results import Key, Result
from helpers.grading.settings import Course


@dataclass(frozen=True)
class ByHand:
    """What the gradebook holds of a notebook: its points in all, and what a person gave there."""

    points: float  # with what lateness costs taken off
    scores: dict[str, float]  # by grade_id
    comments: dict[str, str]  # by grade_id
    late: float = 0.0  # points that lateness costs


def by_hand(course: Course, result: Result) -> ByHand:
    """The ByHand of a Result."""
    with open_gradebook(course) as gradebook:
        try:
            entry = gradebook.find_submission_notebook(
                result.notebook, result.lesson, result.student
            )
        except MissingEntry:
            return ByHand(result.points, {}, {})
        return ByHand(
            _less_penalty(entry.score, entry.late_submission_penalty),
            {
                grade.name: grade.score
                for grade in entry.grades
                if grade.manual_score is not None or grade.extra_credit
            },
            {
                comment.name: comment.manual_comment
                for comment in entry.comments
                if comment.manual_comment
            },
            min(entry.late_submission_penalty or 0.0, max(0.0, entry.score)),
        )


def _less_penalty(score: float, penalty: float | None) -> float:
    return max(0, score - (penalty or 0))


def points_entered(course: Course) -> dict[Key, float]:
    """The points of all notebooks in the gradebook, with what lateness costs taken off."""
    return {key: _less_penalty(score, late) for key, (score, late) in entered(course).items()}


def entered(course: Course) -> dict[Key, tuple[float, float]]:
    """The points of all notebooks in the gradebook before lateness, and what that costs.

    In one query: nbgrader's own `score` goes through the grades of all students, for each notebook.
    """
    penalty = SubmittedNotebook.late_submission_penalty
    with open_gradebook(course) as gradebook:
        rows = (
            gradebook.db.query(
                SubmittedAssignment.student_id,
                Assignment.name,
                Notebook.name,
                func.coalesce(func.sum(Grade.score), 0.0),
                penalty,
            )
            .select_from(SubmittedNotebook)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .outerjoin(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .filter(Assignment.course_id == gradebook.course_id)
            .group_by(
                SubmittedNotebook.id,
                SubmittedAssignment.student_id,
                Assignment.name,
                Notebook.name,
                penalty,
            )
        )
        return {
            (student, lesson, notebook): (score, min(late or 0.0, max(0.0, score)))
            for student, lesson, notebook, score, late in rows
        }
