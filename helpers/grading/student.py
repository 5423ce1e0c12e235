"""One student: their notebooks executed, scored and entered into nbgrader's gradebook."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import LimitOutput

from helpers.asking.cell_ids import check_cell_id
from helpers.grading.errors import in_full
from helpers.grading.gradebook import results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.entering import (
    assign_late_penalty,
    enter,
    enter_nothing,
    enter_student,
    judged,
)
from helpers.grading.intake.submissions import named
from helpers.grading.machine import files
from helpers.grading.running import executed
from helpers.grading.running.kernels import kernels_for


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
        enter_student(gradebook, course, lesson, student)
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
        enter_nothing(gradebook, course, [r for r in found if r.notebook not in graded])
    for result in found:
        results.save(course, result)
    return found


def _executed(course, lesson, notebook, submission, fingerprint, how):
    """The Executed of a notebook that was handed in: a saved one if it still holds."""
    saved = executed.load_if_it_holds(course, lesson, notebook, submission, fingerprint, how)
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
    return executed.keep(course, lesson, notebook, submission, fingerprint, ran)


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
    assign_late_penalty(gradebook, course, result)
    path = course.autograded_notebook(student, lesson, notebook.name)
    files.write(path, nbformat.v4.writes(ran.notebook))
    return result


def nothing_graded(course, lesson, released, submission, problem):
    """The Results of a student whose grading failed; problem: why.

    They are entered and saved if that can be done. Where it cannot, the disk being full, say, a
    later run finds that the gradebook and what is saved do not agree, and grades again.
    """
    problems = {name: problem for name in submission.notebooks}
    found = [_nothing(lesson, notebook, submission, problems, released) for notebook in released]
    for result in found:
        with suppress(Exception), open_gradebook(course) as gradebook:
            enter_student(gradebook, course, lesson, submission.student)
            enter_nothing(gradebook, course, [result])
            results.save(course, result)
    return found


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
