"""Grade one student's notebooks into nbgrader's gradebook."""

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbgrader.api import (
    Assignment,
    Grade,
    InvalidEntry,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, LimitOutput, SaveCells
from sqlalchemy import func

from helpers.asking.cell_ids import check_cell_id
from helpers.grading.errors import NothingGraded, in_full
from helpers.grading.gradebook import database, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.entering import LOG, enter, judged
from helpers.grading.intake.submissions import named
from helpers.grading.machine import files
from helpers.grading.running import executed
from helpers.grading.running.kernels import kernels_for


@dataclass(frozen=True)
class ByHand:
    """What the gradebook holds of a notebook: its points in all, and what a person gave there.

    points: with a penalty for lateness taken off. scores, comments: by grade_id.
    """

    points: float
    scores: dict
    comments: dict


def by_hand(course, result):
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
        )


def _less_penalty(score, penalty):
    return max(0, score - (penalty or 0))


def points_entered(course):
    """The points of all notebooks in the gradebook: {(student, lesson, notebook): points}.

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
                *(SubmittedNotebook.id, SubmittedAssignment.student_id),
                *(Assignment.name, Notebook.name, penalty),
            )
        )
        return {tuple(key): _less_penalty(score, late) for *key, score, late in rows}


def register(course, lesson, released):
    """Enter a lesson and its `released` notebooks with their cells and points in the gradebook.

    This is what generate_assignment does too. Raises NothingGraded if the gradebook holds
    submissions for notebooks with other cells. Interrupted anywhere, it can be done again.
    """
    database.make(course)
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(lesson)
    for notebook in released:
        names = {"notebook": notebook.name, "assignment": lesson, "db_url": course.database}
        try:
            SaveCells().preprocess(notebook.notebook.copy(), {"nbgrader": names})
        except RuntimeError as error:
            raise NothingGraded(
                f"{database.shown(course)} was made with another version of {notebook.name}: its "
                "cells have changed. Grade into a new one, with --gradebook or --db, or move this "
                "one away."
            ) from error


@dataclass(frozen=True)
class HowToGrade:
    """What holds for all submissions of a run.

    sandbox: "bubblewrap" or "none". kernels: "warm" or "cold". modules: names of what the notebooks
    import. cell_timeout: seconds. seed: int, of the checks' probes, the same for all, and known to
    no student before. again: whether to execute what is finished, too; rescore: whether to execute
    only what has never run.
    """

    sandbox: str
    kernels: str
    modules: tuple
    cell_timeout: int
    seed: int
    again: bool = False
    rescore: bool = False

    @property
    def source(self):
        """This process's source of kernels."""
        return kernels_for(self.kernels, self.sandbox, self.modules)


def grade_student(course, lesson, released, submission, fingerprints, how):
    """Grade the notebooks of one Submission; returns a Result for each released notebook.

    Notebooks whose saved result has the fingerprint of `fingerprints`, a dict by notebook, and
    whose points are in the gradebook, are finished and kept, unless `how`, a HowToGrade, says so.
    """
    student = submission.student
    finished, ready, problems = {}, {}, dict(submission.problems)
    with open_gradebook(course) as gradebook:
        _enter_student(gradebook, course, lesson, student)
        for name in () if how.again else fingerprints:
            result = _finished(gradebook, course, lesson, student, name, fingerprints)
            if result:
                finished[name] = result
    for notebook in released:
        name = notebook.name
        if name in submission.notebooks and name not in finished and name not in problems:
            try:
                ready[name] = _executed(
                    course, lesson, notebook, submission, fingerprints[name], how
                )
            except Exception as error:
                problems[name] = in_full(error)
    graded = dict(finished)
    with open_gradebook(course) as gradebook:
        for notebook in released:
            name = notebook.name
            if name in ready:
                try:
                    graded[name] = _saved(
                        gradebook, course, lesson, notebook, submission, ready[name]
                    )
                except Exception as error:
                    gradebook.db.rollback()
                    problems[name] = in_full(error)
        found = [
            graded.get(notebook.name) or _nothing(lesson, notebook, submission, problems, released)
            for notebook in released
        ]
        _enter_nothing(gradebook, course, [r for r in found if r.notebook not in graded])
    for result in found:
        results.save(course, result)
    return found


def _executed(course, lesson, notebook, submission, fingerprint, how):
    """The Executed of a notebook that was handed in: a saved one if it still holds."""
    saved = still_executed(course, lesson, notebook, submission, fingerprint, how)
    if saved:
        return saved
    data = submission.notebooks[notebook.name]
    ran = executed.execute(
        notebook,
        data,
        submission.identifier,
        how.seed,
        how.source,
        how.cell_timeout,
    )
    return save_executed(course, lesson, notebook, submission, fingerprint, ran)


def still_executed(course, lesson, notebook, submission, fingerprint, how):
    """The saved Executed of a notebook that was handed in, if it still holds, else None."""
    saved = executed.load(course, submission.student, lesson, notebook.name)
    if not saved or how.again and saved.execution.seed != how.seed:  # that is, of another run
        return None
    if saved.fingerprint != fingerprint and not (
        how.rescore and saved.work == _work_of(notebook, submission)
    ):
        return None
    if not saved.still_asks(notebook.questions_for(submission.identifier)):
        return None
    return replace(saved, fingerprint=fingerprint)


def save_executed(course, lesson, notebook, submission, fingerprint, ran):
    """Save an Executed that has just run, for what it was made of; returns it with its hashes."""
    ran = replace(ran, work=_work_of(notebook, submission), fingerprint=fingerprint)
    executed.save(course, submission.student, lesson, notebook.name, ran)
    return ran


def _work_of(notebook, submission):
    data = submission.notebooks[notebook.name]
    return executed.work_of(notebook, data, submission.identifier)


def _saved(gradebook, course, lesson, notebook, submission, ran):
    """Score an Executed, enter it and write gradebook/autograded/; returns the Result."""
    student = submission.student
    # So that an old one cannot pass for the new.
    results.discard(course, student, lesson, notebook.name)
    result = judged(student, lesson, notebook, submission.identifier, ran)
    remarks = (*submission.remarks[notebook.name], *result.remarks)
    state = results.REPAIRED if remarks else result.state
    result = replace(result, state=state, remarks=remarks, fingerprint=ran.fingerprint)
    LimitOutput().preprocess(ran.notebook, {})
    result = enter(gradebook, ran.notebook, result)
    _assign_late_penalty(gradebook, course, result)
    path = course.autograded_notebook(student, lesson, notebook.name)
    files.write(path, nbformat.v4.writes(ran.notebook))
    return result


def _assign_late_penalty(gradebook, course, result):
    """As nbgrader does it, whose rule is an instructor's to change."""
    submission = gradebook.find_submission(result.lesson, result.student)
    entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
    if submission.total_seconds_late > 0 or entry.late_submission_penalty:
        names = {"notebook": result.notebook, "assignment": result.lesson}
        names |= {"student": result.student, "db_url": course.database}
        AssignLatePenalties().preprocess(nbformat.v4.new_notebook(), {"nbgrader": names})


def nothing_graded(course, lesson, released, submission, problem):
    """The Results of a student whose grading failed; problem: why.

    They are entered and saved if that can be done. Where it cannot, the disk being full, say, a
    later run finds that the gradebook and what is saved do not agree, and grades again.
    """
    problems = {name: problem for name in submission.notebooks}
    found = [_nothing(lesson, notebook, submission, problems, released) for notebook in released]
    for result in found:
        with suppress(Exception), open_gradebook(course) as gradebook:
            _enter_student(gradebook, course, lesson, submission.student)
            _enter_nothing(gradebook, course, [result])
            results.save(course, result)
    return found


def _enter_student(gradebook, course, lesson, student):
    try:
        gradebook.update_or_create_student(student)
    except InvalidEntry:  # somebody else may have entered the student in the same instant
        gradebook.update_or_create_student(student)
    folder = course.submitted / student / lesson
    when = CourseDirectory(log=LOG).get_existing_timestamp(str(folder))
    gradebook.update_or_create_submission(lesson, student, **({"timestamp": when} if when else {}))


def _finished(gradebook, course, lesson, student, notebook, fingerprints):
    """The saved result of a notebook if it is finished and the gradebook agrees, else None."""
    saved = results.load(course, student, lesson, notebook)
    if saved is None or not saved.fingerprint or saved.fingerprint != fingerprints[notebook]:
        return None
    if not course.autograded_notebook(student, lesson, notebook).is_file():
        return None
    try:
        entry = gradebook.find_submission_notebook(notebook, lesson, student)
    except MissingEntry:
        return None
    entered = {grade.name: grade.auto_score for grade in entry.grades}
    wanted = {
        check_cell_id(question): sum(verdict.points for verdict in verdicts)
        for question, verdicts in saved.verdicts.items()
    }
    return saved if wanted.items() <= entered.items() else None


def _nothing(lesson, notebook, submission, problems, released):
    """The Result of a notebook that was not graded."""
    name = notebook.name
    nothing = results.Result(
        submission.student, lesson, name, results.MISSING, notebook.max_points,
    )  # fmt: skip
    if name in problems:
        reason = "The grader could not finish this notebook."
        return replace(nothing, state=results.SET_ASIDE, remarks=(reason,), details=problems[name])
    if name in submission.set_aside:
        return replace(nothing, state=results.SET_ASIDE, remarks=(submission.set_aside[name],))
    meant = _meant_as(name, submission, [notebook.name for notebook in released])
    if meant:
        others = " ".join(f"“{file}” {reason}." for file, reason in meant[:5])
        remark = f"This notebook was not found, but there is something else: {others}"
        return replace(nothing, state=results.SET_ASIDE, remarks=(remark,))
    return nothing


def _meant_as(name, submission, names):
    """The unplaced files, (file, reason), that may be meant as the notebook `name`.

    A file whose name does not tell counts for the first notebook that is missing, so that it is
    listed once.
    """
    missing = [n for n in names if n not in submission.notebooks and n not in submission.set_aside]
    return [
        (file, reason)
        for file, reason in submission.unplaced
        if (named(Path(file).name, names) or missing[0]) == name
    ]


def _enter_nothing(gradebook, course, found):
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
