"""The end of each command that grades: what holds is kept, and tables and report are written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import MOODLE, ClassList, Student
from helpers.grading.errors import NothingGraded, in_short
from helpers.grading.gradebook import csv_tables, history, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.standing import Standing
from helpers.grading.gradebook.standing import standing as standing_of
from helpers.grading.intake.times import NAME
from helpers.grading.lateness import penalty, policy, times
from helpers.grading.pages import report
from helpers.grading.progress import Bar, JsonLog
from helpers.grading.settings import Course
from helpers.personal import normalised


@dataclass
class Outcome:
    """What came of grading."""

    found: list[results.Result] = field(default_factory=list)
    unwritten: list[tuple[str, str]] = field(default_factory=list)  # what could not be, and why
    warnings: set[str] = field(default_factory=set)

    def add(self, other: Outcome) -> None:
        self.found += other.found
        self.unwritten += other.unwritten
        self.warnings |= other.warnings

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Note it if something cannot be written, and go on."""
        try:
            yield
        except Exception as error:
            self.unwritten.append((what, f"could not be written: {in_short(error)}"))


def check_extensions(
    rules: policy.Policy,
    known: Iterable[str],
    students: Sequence[Student],
    progress: Bar | JsonLog,
) -> None:
    """Say which extensions are nobody's: one letter too many, and a student is late.

    known: how those are called who handed in. students: of the class list, if there is one; then
    it raises NothingGraded.
    """
    names = {normalised(name) for name in (*known, *(s.identifier for s in students))}
    strange = [name for name in rules.extensions if normalised(name) not in names]
    if strange and students:
        raise NothingGraded(
            f"--extensions: the class list has no {', '.join(strange)}. Expected the identifiers "
            "of the class list."
        )
    if strange:
        progress.warn(f"--extensions: nobody of those found is called {', '.join(strange)}.")


def source_of_times(listed: ClassList | None) -> str:
    """By what a class list tells when students handed in: times.WORKSHEET or times.LIST."""
    is_worksheet = listed is not None and listed.platform == MOODLE
    return times.WORKSHEET if is_worksheet else times.LIST


def check_zone(rules: policy.Policy, sources: Collection[str]) -> None:
    """Refuse to compare times that have no zone with a due date in another one.

    sources: by what the times of hand-in are known. Raises NothingGraded: an hour decides whether a
    day has begun, and nobody would see which hour it was.
    """
    without_zone = [source for source in (times.WORKSHEET, NAME) if source in sources]
    dues = filter(None, (rules.due, *rules.extensions.values()))
    other = next((due for due in dues if due.utcoffset() != due.astimezone().utcoffset()), None)
    if without_zone and other:
        raise NothingGraded(
            f"A time in {' and '.join(without_zone)} has no zone and is read in that of this "
            f"machine, {other.astimezone():%z}, but the due date {other.isoformat()} has another. "
            "If the platform shows its times in the zone of the due date, name that zone before "
            "the command, such as TZ=Europe/Berlin; else give the due date in the zone of this "
            f"machine, {other.astimezone().isoformat()}."
        )


def warn_of_lost_extensions(
    before: policy.Policy, rules: policy.Policy, progress: Bar | JsonLog
) -> None:
    """Say whose extension is not in the list that was given now, which is the whole list."""
    lost = [name for name in before.extensions if name not in rules.extensions]
    if lost:
        progress.warn(
            f"--extensions is the whole list, and {', '.join(lost)} {_is_or_are(lost)} no longer "
            "in it, so the common due date holds there."
        )


def _is_or_are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def keep_rules(
    course: Course, lesson: str, rules: policy.Policy, students: str | None = None
) -> None:
    """Keep a lesson's Policy and, if given, the class list in the file `students`."""
    if rules != policy.load(course, lesson):
        policy.keep(course, lesson, rules)
    if students:
        roster.keep(course, students)
    with open_gradebook(course) as gradebook:
        penalty.enter_due(gradebook, lesson, rules)


def write_all(
    course: Course,
    outcome: Outcome,
    progress: Bar | JsonLog,
    unassigned: Sequence[tuple[str, str]] = (),
) -> bool:
    """Write tables and report, and say what came of it. Returns whether some need a person."""
    everything = results.load_all(course, outcome.found)  # of which some may not have been saved
    standing = standing_of(course, everything)
    with outcome.writing("history.csv"):
        progress.changed(history.note(course, standing))
    places = write_files(course, standing, outcome, unassigned)
    others = [*unassigned, *outcome.unwritten]
    progress.finish(outcome.found, standing.points, others, {**places, "Feedback": course.feedback})
    return any(map(report.needs_person, outcome.found)) or bool(others)


def write_files(
    course: Course,
    standing: Standing,
    outcome: Outcome,
    unassigned: Sequence[tuple[str, str]] = (),
) -> dict[str, Path]:
    """Write tables and report; returns their paths by what is in them."""
    places = {}
    with outcome.writing("grades.csv, checks.csv or times.csv"):
        places["Marks"], places["Verdicts"], places["Times"] = csv_tables.write(
            course,
            standing.found,
            standing.points,
            standing.late,
            standing.people,
            standing.counted,
        )
    with outcome.writing("report.html"):
        places["Report"] = report.write(
            course, standing.found, standing.points, unassigned, standing=standing
        )
    return places
