"""Which identifier each student has: what selects their numbers where a notebook is personal."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.grading.errors import NothingGraded
from helpers.grading.machine import files
from helpers.personal import normalised

if TYPE_CHECKING:
    from helpers.grading.intake.submissions import Submission
    from helpers.grading.settings import Course

DELIMITERS = ",;\t"
MAX_IDENTIFIER_LENGTH = 200
WANTED = "Expected: a CSV file with a column “identifier” and, if you like, a column “name”."


@dataclass(frozen=True)
class Student:
    """A row of the list of students."""

    identifier: str
    name: str = ""  # "" where the list gives none


def read_list(path: str | Path) -> list[Student]:
    """The Students in a CSV file. Raises NothingGraded, saying what is wrong with it in words."""
    lines = _text_of(Path(path)).splitlines()
    if lines and lines[0].casefold().startswith("sep="):  # Excel writes it, and hides it
        del lines[0]
    header = next((line for line in lines if line.strip()), "")
    if not header:
        raise NothingGraded(f"{path} is empty. {WANTED}")
    delimiter = max(DELIMITERS, key=header.count)
    try:
        reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, strict=True)
        rows = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise NothingGraded(f"{path} cannot be read as CSV: {error}. {WANTED}") from None
    columns = [field.strip().casefold() for field in rows[0][1]]
    for column in ("identifier", "name"):
        if columns.count(column) > 1:
            raise NothingGraded(f"{path} has more than one column “{column}”. {WANTED}")
    if "identifier" not in columns:
        has = ", ".join(f"“{column}”" for column in columns if column)
        raise NothingGraded(f"{path} has no column “identifier”; it has {has}. {WANTED}")
    found = [_student(path, line, columns, row) for line, row in rows[1:]]
    if not found:
        raise NothingGraded(f"{path} has no students below its first line. {WANTED}")
    _refuse_twins(path, found, [line for line, _ in rows[1:]])
    return found


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NothingGraded(f"There is no file {path}. {WANTED}") from None
    except OSError as error:
        raise NothingGraded(f"{path} cannot be read: {error.strerror}. {WANTED}") from None
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise NothingGraded(
            f"{path} is not text in UTF-8. In Excel, save it as “CSV UTF-8”. {WANTED}"
        ) from None


def _student(path: str | Path, line: int, columns: Sequence[str], row: Sequence[str]) -> Student:
    fields = dict(zip(columns, map(str.strip, row)))
    if not normalised(fields.get("identifier", "")):
        raise NothingGraded(f"{path}, line {line}: the identifier is empty.")
    if len(fields["identifier"]) > MAX_IDENTIFIER_LENGTH:
        raise NothingGraded(
            f"{path}, line {line}: the identifier has more than {MAX_IDENTIFIER_LENGTH} characters."
        )
    return Student(fields["identifier"], fields.get("name", ""))


def _refuse_twins(path: str | Path, found: Sequence[Student], lines: Sequence[int]) -> None:
    seen: dict[str, int] = {}
    for student, line in zip(found, lines, strict=True):
        before = seen.setdefault(normalised(student.identifier), line)
        if before != line:
            raise NothingGraded(
                f"{path}, lines {before} and {line}: the identifier “{student.identifier}” occurs "
                "twice. (Case and spaces make no difference.)"
            )


def identify(
    submissions: Iterable[Submission], students: Sequence[Student] = ()
) -> list[Submission]:
    """Give each Submission its identifier: from the list of Students, else the student's name.

    A row belongs to a submission if its identifier, or else its name, is what the submission is
    called, with or without the number that Moodle adds; a name that occurs twice decides nothing.
    Returns the submissions for which a list has no row.
    """
    by_identifier = {normalised(student.identifier): student for student in students}
    names = Counter(normalised(student.name) for student in students)
    by_name = {
        normalised(student.name): student
        for student in students
        if student.name and names[normalised(student.name)] == 1
    }
    unlisted = []
    for submission in submissions:
        called = [normalised(name) for name in (submission.student, *submission.called)]
        rows = [rows[name] for rows in (by_identifier, by_name) for name in called if name in rows]
        submission.identifier = rows[0].identifier if rows else submission.called[-1]
        if students and not rows:
            unlisted.append(submission)
    return unlisted


def remember(course: Course, submissions: Iterable[Submission]) -> None:
    """Keep the identifiers in the gradebook, where the workers and plain nbgrader find them."""
    path = _path(course)
    known = _known(course) | {s.student: s.identifier for s in submissions}
    files.write(path, json.dumps(known, indent=1, ensure_ascii=False))


def identifier_of(course: Course, student: str) -> str:
    """The identifier of a student, by the id under which the submission is stored."""
    return _known(course).get(student, student)


def _path(course: Course) -> Path:
    return course.gradebook / "identifiers.json"


def _known(course: Course) -> dict[str, str]:
    try:
        found = json.loads(_path(course).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
