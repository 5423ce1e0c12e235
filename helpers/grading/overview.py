"""What was found in what was handed in, before anything runs: for every run, and for --dry-run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from helpers.grading.gradebook import results
from helpers.grading.intake.resubmission import Handed
from helpers.grading.intake.submissions import SET_ASIDE, WOULD_BE_GRADED, Intake, Submission
from helpers.grading.pages import report
from helpers.grading.repair.released import Released
from helpers.grading.settings import Course
from helpers.grading.student import not_graded

MISSING, UNASSIGNED = "missing", "unassigned"


@dataclass(frozen=True)
class Found:
    """A notebook or a copy of one, and what would become of it; None where it is not known."""

    student: str | None
    identifier: str | None
    lesson: str
    notebook: str | None
    file: str | None  # below what was handed over, "outer.zip!/inner" inside a zip
    submitted: str | None  # in ISO's form, with a zone
    state: str
    reason: str


def settle(
    course: Course, lesson: str, released: Sequence[Released], handed_in: Intake, take_older: bool
) -> None:
    """Let what was handed in before join the submissions as a run does; nothing is written."""
    names = [notebook.name for notebook in released]
    for submission in handed_in.submissions:
        history = Handed(course, submission.student, lesson)
        for name in history.settle(submission, names, take_older):
            told = [*submission.notes[name], *submission.questions[name]]
            submission.files = [
                replace(file, state=SET_ASIDE, reason=told[-1])
                if file.notebook == name and file.state == WOULD_BE_GRADED
                else file
                for file in submission.files
            ]


def lines(lesson: str, released: Sequence[Released], handed_in: Intake) -> Iterator[Found]:
    """All that was found: a Found for each notebook and each copy."""
    for submission in handed_in.submissions:
        who = submission.student, submission.identifier or None, lesson
        for file in submission.files:
            time = file.submitted.isoformat() if file.submitted else None
            yield Found(*who, file.notebook, file.file, time, file.state, file.reason)
        for notebook in released:
            name = notebook.name
            mine = [file for file in submission.files if file.notebook == name]
            if name not in submission.notebooks:
                if not mine:
                    (result,) = _not_graded(lesson, [notebook], submission, released)
                    state = SET_ASIDE if name in submission.set_aside else MISSING
                    yield Found(*who, name, None, None, state, report.why(result))
            elif not any(file.state == WOULD_BE_GRADED for file in mine):
                reason = "what was handed in before counts"
                yield Found(*who, name, None, None, WOULD_BE_GRADED, reason)
    for path, reason in handed_in.unassigned:
        known = handed_in.times.get(path)
        time = known.isoformat() if known else None
        yield Found(None, None, lesson, None, path, time, UNASSIGNED, reason)


def need_a_person(
    lesson: str, released: Sequence[Released], handed_in: Intake
) -> list[tuple[str, str]]:
    """What would need a person, whatever the marks: (what, why) pairs."""
    found = [
        (f"{result.student}, {result.notebook}:", report.why(result).rstrip("."))
        for submission in handed_in.submissions
        for result in (
            *_not_graded(
                lesson,
                [notebook for notebook in released if notebook.name not in submission.notebooks],
                submission,
                released,
            ),
            *(
                results.Result(
                    submission.student, lesson, name, results.GRADED, 0,
                    questions=tuple(submission.questions[name]),
                )
                for name in submission.notebooks
            ),
        )
        if report.needs_person(result)
    ]  # fmt: skip
    return [*found, *handed_in.unassigned]


def _not_graded(
    lesson: str,
    notebooks: Iterable[Released],
    submission: Submission,
    released: Sequence[Released],
) -> list[results.Result]:
    return [not_graded(lesson, notebook, submission, {}, released) for notebook in notebooks]
