"""One student: their notebooks executed, scored and entered into nbgrader's gradebook."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.orm import configure_mappers

from helpers.asking.cell_ids import check_cell_id
from helpers.grading.errors import in_full
from helpers.grading.gradebook import results
from helpers.grading.gradebook.database import lock_in_words, open_gradebook
from helpers.grading.gradebook.entering import (
    enter,
    enter_nothing,
    enter_student,
    outdated,
)
from helpers.grading.gradebook.score import score
from helpers.grading.intake.known import named
from helpers.grading.intake.reading import read_notebook
from helpers.grading.intake.submissions import Submission
from helpers.grading.lateness import penalty, policy, times
from helpers.grading.machine import deadline, files
from helpers.grading.repair.released import Released
from helpers.grading.running import executed
from helpers.grading.running.kernels import ColdKernels, kernels_for
from helpers.grading.settings import Course

MAX_LINES, MAX_TRACEBACK = 1000, 100  # those of nbgrader's LimitOutput


@dataclass(frozen=True)
class GradingOptions:
    """What holds for all submissions of a run."""

    sandbox: str  # "bubblewrap" or "none"
    kernels: str  # "warm" or "cold"
    modules: tuple[str, ...]  # names of what the notebooks import
    cell_timeout: int  # seconds
    seed: int  # of the checks' probes, the same for all, and known to no student before
    again: bool = False  # whether to execute what is finished, too
    rescore: bool = False  # whether to execute only what has never run
    begun: str = ""  # where a zygote with these modules can be had that was begun ahead

    @property
    def source(self) -> ColdKernels:
        """This process's source of kernels."""
        return kernels_for(self.kernels, self.sandbox, self.modules, self.begun)


def grade_student(
    course: Course,
    lesson: str,
    released: Sequence[Released],
    submission: Submission,
    fingerprints: Mapping[str, str],
    options: GradingOptions,
) -> list[results.Result]:
    """Grade the notebooks of one Submission; returns a Result for each released notebook.

    Notebooks whose saved result has the fingerprint of `fingerprints`, by notebook, and whose
    points are in the gradebook, are finished and kept, unless `options` says otherwise.
    """
    student = submission.student
    finished: dict[str, results.Result] = {}
    ready: dict[str, executed.Executed] = {}
    problems = dict(submission.problems)
    with open_gradebook(course) as gradebook:
        enter_student(gradebook, course, lesson, student)
        for name in () if options.again else fingerprints:
            result = _finished(gradebook, course, lesson, student, name, fingerprints)
            if result:
                finished[name] = result
    for notebook in released:
        name = notebook.name
        if name in submission.notebooks and name not in finished and name not in problems:
            deadline.next_step()
            try:
                ready[name] = _load_or_execute(
                    course, lesson, notebook, submission, fingerprints[name], options
                )
            except Exception as error:
                problems[name] = problem_of(course, error)
    graded = dict(finished)
    with open_gradebook(course) as gradebook:
        for notebook in released:
            name = notebook.name
            if name in ready:
                deadline.next_step()
                try:
                    graded[name] = _score_and_save(
                        gradebook, course, lesson, notebook, submission, ready[name]
                    )
                except Exception as error:
                    gradebook.db.rollback()
                    problems[name] = problem_of(course, error)
        found = [
            graded.get(notebook.name)
            or not_graded(lesson, notebook, submission, problems, released)
            for notebook in released
        ]
        enter_nothing(gradebook, course, [r for r in found if r.notebook not in graded])
        found = [
            replace(
                result,
                outdated=outdated(gradebook, course, result)
                if result.notebook in finished
                else result.outdated,
                notes=tuple(submission.notes[result.notebook]),
            )
            for result in found
        ]
        found = enter_lateness(gradebook, course, lesson, submission.identifier, found)
    for result in found:
        results.save(course, result)
    return found


def execute_ahead(
    course: Course,
    lesson: str,
    released: Sequence[Released],
    submission: Submission,
    options: GradingOptions,
) -> None:
    """Execute the notebooks of one Submission, so that `grade_student` finds them executed.

    That needs no gradebook. Nothing comes of it if grading is not reached, and what goes wrong here
    is met again there.
    """
    configure_mappers()  # which saving needs, while the zygote may still be importing
    for notebook in released:
        name = notebook.name
        if name not in submission.notebooks or name in submission.problems:
            continue
        deadline.next_step()
        with suppress(Exception):
            if options.again or not executed.has_run(course, lesson, notebook, submission):
                # With no fingerprint: that is known after what was handed in before.
                _load_or_execute(course, lesson, notebook, submission, "", options)


def enter_lateness(
    gradebook: Gradebook,
    course: Course,
    lesson: str,
    identifier: str,
    found: Sequence[results.Result],
) -> list[results.Result]:
    """Enter what lateness costs one student's Results; returns them with what is to be said."""
    if not found:
        return []
    student = found[0].student
    called = (identifier, student)
    rules, arrivals = policy.load(course, lesson), times.load(course, student, lesson)
    penalty.enter_times(gradebook, rules, lesson, student, called, arrivals)
    return [
        penalty.enter(gradebook, rules, result, called, arrivals.get(result.notebook))
        for result in found
    ]


def problem_of(course: Course, error: BaseException) -> str:
    """What kept a student from being graded: a line for the instructor, more for the maintainer."""
    return "\n".join(filter(None, [lock_in_words(course, error), in_full(error)]))


def _load_or_execute(
    course: Course,
    lesson: str,
    notebook: Released,
    submission: Submission,
    fingerprint: str,
    options: GradingOptions,
) -> executed.Executed:
    """The Executed of a notebook that was handed in: a saved one if it still holds."""
    saved = executed.load_if_it_holds(course, lesson, notebook, submission, fingerprint, options)
    if saved:
        return saved
    ran = executed.repair_and_execute(
        notebook,
        read_notebook(submission.notebooks[notebook.name]),
        submission.identifier,
        options.seed,
        options.source,
        options.cell_timeout,
    )
    return executed.keep(course, lesson, notebook, submission, fingerprint, ran)


def better_scored(
    student: str, lesson: str, notebook: Released, identifier: str, ran: executed.Executed
) -> tuple[results.Result, executed.Executed]:
    """The Result of a notebook that has run, and the Executed that it is of.

    Where a cell that had ended Python later was left out, there are two of them; the better counts,
    and a person is asked if they differ. student: the id. identifier: whose numbers.
    """
    result = score(student, lesson, notebook, identifier, ran)
    other = ran.with_what_was_left_out()
    if other is None:
        return result, ran
    with_it = score(student, lesson, notebook, identifier, other)
    if with_it.points == result.points:
        return result, ran
    question = (
        f"Without that cell the notebook has {results.number(result.points)} points; with it, as "
        f"far as it had run, {results.number(with_it.points)}. The better is entered; decide which "
        "counts."
    )
    best = max((result, ran), (with_it, other), key=lambda pair: pair[0].points)
    return replace(best[0], questions=(*best[0].questions, question)), best[1]


def limit_output(notebook: NotebookNode) -> None:
    """Shorten what cells have shown, in place, as nbgrader does."""
    if any(_is_long(cell) for cell in notebook.cells):
        # Here, since it brings nbconvert along, and hardly any notebook needs it.
        from nbgrader.preprocessors import LimitOutput

        LimitOutput().preprocess(notebook, {})


def _is_long(cell: NotebookNode) -> bool:
    """Whether a cell has shown more than nbgrader keeps."""
    lines, longest = 0, 0
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            lines += output.text.count("\n") + 1
        elif output.output_type == "error":
            longest = max(longest, len(output.traceback))
    return lines > MAX_LINES or longest > MAX_TRACEBACK


def _score_and_save(
    gradebook: Gradebook,
    course: Course,
    lesson: str,
    notebook: Released,
    submission: Submission,
    ran: executed.Executed,
) -> results.Result:
    """Score an Executed, enter it and write gradebook/autograded/; returns the Result."""
    student = submission.student
    # So that an old one cannot pass for the new.
    results.discard(course, student, lesson, notebook.name)
    result, ran = better_scored(student, lesson, notebook, submission.identifier, ran)
    remarks = (*submission.remarks[notebook.name], *result.remarks)
    questions = (*submission.questions[notebook.name], *result.questions)
    state = results.REPAIRED if remarks else result.state
    result = replace(
        result, state=state, remarks=remarks, questions=questions, fingerprint=ran.fingerprint
    )
    limit_output(ran.notebook)
    result = enter(gradebook, course, ran.notebook, result)
    path = course.autograded_notebook(student, lesson, notebook.name)
    files.write(path, nbformat.v4.writes(ran.notebook))
    return result


def nothing_graded(
    course: Course,
    lesson: str,
    released: Sequence[Released],
    submission: Submission,
    problem: str,
) -> list[results.Result]:
    """The Results of a student whose grading failed; problem: why.

    They are entered and saved if that can be done. Where it cannot, the disk being full, say, a
    later run finds that the gradebook and what is saved do not agree, and grades again.
    """
    problems = {name: problem for name in submission.notebooks}
    found = [not_graded(lesson, notebook, submission, problems, released) for notebook in released]
    for result in found:
        with suppress(Exception), open_gradebook(course) as gradebook:
            enter_student(gradebook, course, lesson, submission.student)
            enter_nothing(gradebook, course, [result])
            results.save(course, result)
    return found


def _finished(
    gradebook: Gradebook,
    course: Course,
    lesson: str,
    student: str,
    notebook: str,
    fingerprints: Mapping[str, str],
) -> results.Result | None:
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


def not_graded(
    lesson: str,
    notebook: Released,
    submission: Submission,
    problems: Mapping[str, str],
    released: Sequence[Released],
) -> results.Result:
    """The Result of a notebook that was not graded."""
    name = notebook.name
    nothing = results.Result(
        submission.student, lesson, name, results.MISSING, notebook.max_points,
        questions=tuple(submission.questions[name]),
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


def _meant_as(name: str, submission: Submission, names: Sequence[str]) -> list[tuple[str, str]]:
    """The unplaced files, (file, reason), that may be meant as the notebook `name`.

    A file whose name does not tell counts for the first notebook that is missing and that it may
    be, so that it is listed once.
    """
    missing = [n for n in names if n not in submission.notebooks and n not in submission.set_aside]

    def meant(file: str) -> str | None:
        may_be = submission.may_be.get(file, names)
        return named(Path(file).name, names) or next((n for n in missing if n in may_be), None)

    return [(file, reason) for file, reason in submission.unplaced if meant(file) == name]
