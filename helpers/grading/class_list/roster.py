"""The class list that a gradebook goes by: a copy of the file that was given last."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.grading.class_list.reading import (
    IN_WORDS,
    ClassList,
    Student,
    read_class_list,
)
from helpers.grading.machine import files
from helpers.grading.settings import Course
from helpers.personal import normalised
from helpers.personal.class_list import known_identifiers

if TYPE_CHECKING:
    from helpers.grading.intake.submissions import Submission


def path_of(course: Course) -> Path:
    return course.gradebook / "class_list.csv"


def load_list(course: Course) -> ClassList | None:
    """The ClassList that the gradebook goes by, None if there is none. Raises NothingGraded."""
    return read_class_list(path_of(course)) if path_of(course).exists() else None


def load(course: Course) -> list[Student]:
    """Its students, [] if there is no list. Raises NothingGraded."""
    listed = load_list(course)
    return listed.students if listed else []


def keep(course: Course, path: str | Path) -> None:
    """Let the gradebook go by the class list in the file `path`."""
    data = Path(path).read_bytes()
    if not path_of(course).exists() or path_of(course).read_bytes() != data:
        files.write(path_of(course), data)


def forget(course: Course, identifier: str) -> None:
    """Take a student's row out of the class list that the gradebook goes by."""
    listed = load_list(course)
    if listed is None:
        return
    gone = {
        place
        for place, student in zip(listed.places, listed.students, strict=True)
        if normalised(student.identifier) == normalised(identifier)
    }
    if len(gone) == len(listed.students):  # the only one
        path_of(course).unlink()
    elif gone:
        text, table = io.StringIO(newline=""), listed.table
        writer = csv.writer(text, delimiter=table.delimiter)
        writer.writerow(table.header)
        writer.writerows(row for place, row in enumerate(table.rows) if place not in gone)
        files.write(path_of(course), text.getvalue().encode(table.encoding))


def people(
    course: Course, listed: Sequence[Student], students: Iterable[str]
) -> dict[str, Student]:
    """The rows of `students`, by their id, as far as the list has any."""
    rows = {normalised(student.identifier): student for student in listed}
    known = known_identifiers(course)
    called = {student: normalised(known.get(student, student)) for student in students}
    return {student: rows[name] for student, name in called.items() if name in rows}


def graded_before(course: Course, lesson: str) -> list[str]:
    """The identifiers of those who have results of a lesson."""
    known = known_identifiers(course)
    return [name for student, name in known.items() if (course.results / student / lesson).is_dir()]


def in_words(
    path: str | Path,
    listed: ClassList,
    submissions: Sequence[Submission],
    how: Mapping[str, str],
    before: Collection[str] = (),
) -> str:
    """How submissions were matched with a class list, for the instructor.

    before: the identifiers of those who have handed in before.
    """
    counts: dict[str, int] = {}
    for by in how.values():
        counts[by] = counts.get(by, 0) + 1
    matched = ", ".join(f"{count} {by}" for by, count in counts.items()) or "none"
    there = {normalised(s.identifier) for s in submissions if s.student in how}
    absent = {normalised(student.identifier) for student in listed.students} - there
    earlier = len(absent & {normalised(identifier) for identifier in before})
    nothing = f"Handed in nothing: {len(absent) - earlier}."
    if earlier:
        nothing = f"Handed in before, and not now: {earlier}. {nothing}"
    return (
        f"Class list: {path}, {IN_WORDS[listed.platform]}, {len(listed.students)} "
        f"student{'s' * (len(listed.students) != 1)}; their identifier is “{listed.column}”. "
        f"Matched: {matched}. {nothing}"
    )
