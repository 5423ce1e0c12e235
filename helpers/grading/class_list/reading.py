"""The students of a class list: a plain one, or what a platform exports, as it exports it.

Which platform a file is from, its columns say. Where they come from: Moodle's mod/assign/
gradingtable.php and the participants page, Canvas's lib/gradebook_exporter.rb, Blackboard's help on
working offline with grade data, Brightspace's help on exporting grades.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from helpers.grading.class_list.table import WANTED, Table, read_table
from helpers.grading.errors import NothingGraded
from helpers.personal import normalised

MAX_IDENTIFIER_LENGTH = 200
PLAIN, MOODLE, PARTICIPANTS = "plain", "moodle", "moodle participants"
CANVAS, BLACKBOARD, BRIGHTSPACE = "canvas", "blackboard", "brightspace"
IN_WORDS = {
    PLAIN: "a plain list",
    MOODLE: "Moodle's grading worksheet",
    PARTICIPANTS: "Moodle's list of participants",
    CANVAS: "Canvas's gradebook",
    BLACKBOARD: "Blackboard's grade centre",
    BRIGHTSPACE: "Brightspace's grades",
}
# What is taken for the identifier: the first in which every student has an entry of their own.
IDENTIFIERS = {
    PLAIN: ("identifier",),
    MOODLE: ("id number", "username", "email address", "identifier"),
    PARTICIPANTS: ("id number", "username", "email address"),
    CANVAS: ("sis user id", "sis login id", "id"),
    BLACKBOARD: ("username", "student id"),
    BRIGHTSPACE: ("orgdefinedid", "username"),
}
EMAILS = {PLAIN: "email", MOODLE: "email address", PARTICIPANTS: "email address",
          BRIGHTSPACE: "email"}  # fmt: skip
# Canvas's second line, or the third; and its own student for trying things out.
POINTS_POSSIBLE, TEST_STUDENT = "points possible", "student, test"
MUTED = re.compile(r"\s*(muted|manual posting.*)?\s*", re.IGNORECASE)
# "Participant 1204001"; the word depends on the language.
PARTICIPANT = re.compile(r"(?P<word>\D*?) ?(?P<number>\d+)")


@dataclass(frozen=True)
class Student:
    """A row of the list of students; what the list does not give is ""."""

    identifier: str
    name: str = ""
    email: str = ""
    number: str = ""  # the platform's own, which stands in the names of what it hands over
    # What else is this student's alone, logins and numbers of other kinds.
    others: tuple[str, ...] = ()
    # How else the student may be called, which others may be, too.
    names: tuple[str, ...] = ()
    submitted: datetime | None = None  # when they handed in, with a zone
    line: int = field(default=0, compare=False)  # in the file


@dataclass(frozen=True)
class ClassList:
    """A class list."""

    students: list[Student]
    platform: str
    column: str  # from which the identifiers are, as it is headed
    table: Table
    places: list[int]  # of each student's row in the table

    @property
    def is_blind(self) -> bool:
        """Whether there are numbers in place of names."""
        return not any(student.name for student in self.students)


def read_list(path: str | Path) -> list[Student]:
    """The Students in a CSV file. Raises NothingGraded, saying what is wrong with it in words."""
    return read_class_list(path).students


def read_class_list(path: str | Path) -> ClassList:
    """The ClassList in a CSV file. Raises NothingGraded, saying what is wrong with it in words."""
    table = read_table(path)
    for column in ("identifier", "name", "email"):
        if table.columns.count(column) > 1:
            raise NothingGraded(f"{path} has more than one column “{column}”. {WANTED}")
    platform = platform_of(table.columns)
    if not platform:
        has = ", ".join(f"“{column}”" for column in table.columns if column)
        raise NothingGraded(f"{path} has no column “identifier”; it has {has}. {WANTED}")
    places = [i for i, row in enumerate(table.rows) if not _is_nobodys(platform, row)]
    if not places:
        raise NothingGraded(f"{path} has no students below its first line. {WANTED}")
    column = _identifying(table, platform, places)
    students = [
        _student(table, platform, column, table.rows[place], table.lines[place]) for place in places
    ]
    _refuse_twins(path, students)
    return ClassList(students, platform, table.header[table.column(column)], table, places)


def platform_of(columns: Sequence[str]) -> str:
    """Which platform exports a table with these columns, in small letters; "" if none does."""
    has = set(columns)
    if has >= {"identifier", "grade", "last modified (grade)"}:
        return MOODLE
    if "identifier" in has:
        return PLAIN
    if {"orgdefinedid", "end-of-line indicator"} & has:
        return BRIGHTSPACE
    names = has >= {"lastname", "firstname"} and columns[:2] == ["lastname", "firstname"]
    if (columns[:1] == ["student"] or names) and has >= {"id", "section"}:
        return CANVAS
    if has >= {"first name", "email address"}:
        return PARTICIPANTS
    if has >= {"last name", "first name", "username"}:
        return BLACKBOARD
    return ""


def _is_nobodys(platform: str, row: Sequence[str]) -> bool:
    """Whether a row is none of a student's."""
    if platform != CANVAS:
        return False
    first = row[0].strip().casefold()
    return (
        first.startswith(POINTS_POSSIBLE)
        or first == TEST_STUDENT
        or all(MUTED.fullmatch(cell) for cell in row)
    )


def _identifying(table: Table, platform: str, places: Sequence[int]) -> str:
    """The column whose entries are the identifiers."""
    candidates = [name for name in IDENTIFIERS[platform] if name in table.columns]
    if platform == PLAIN:
        return "identifier"  # what is wrong with it, each row says
    for name in candidates:
        entries = [normalised(_entry(table, table.rows[place], name)) for place in places]
        if all(entries) and len(set(entries)) == len(entries):
            return name
    listed = ", ".join(f"“{table.header[table.column(name)]}”" for name in candidates)
    raise NothingGraded(
        f"{table.path} has no column in which each student has an entry of their own"
        f"{f'; looked at {listed}' if listed else ''}. {WANTED}"
    )


def _entry(table: Table, row: Sequence[str], name: str) -> str:
    """A row's field; Brightspace puts # before numbers and logins, so that they stay text."""
    entry = table.field(row, name)
    return entry.removeprefix("#") if name in ("orgdefinedid", "username") else entry


def _student(table: Table, platform: str, column: str, row: Sequence[str], line: int) -> Student:
    identifier = _entry(table, row, column)
    if not normalised(identifier):
        raise NothingGraded(f"{table.path}, line {line}: the identifier is empty.")
    if len(identifier) > MAX_IDENTIFIER_LENGTH:
        raise NothingGraded(
            f"{table.path}, line {line}: the identifier has more than {MAX_IDENTIFIER_LENGTH} "
            "characters."
        )
    name, names = NAMES.get(platform, _first_and_last)(table, row)
    email = table.field(row, EMAILS[platform]) if platform in EMAILS else ""
    if email:
        names = [*names, email.partition("@")[0]]
    number, called = "", [name]
    if platform == MOODLE:
        match = PARTICIPANT.fullmatch(table.field(row, "identifier"))
        if match:
            number = match["number"]
            called.append(match["word"].strip())  # where marking is blind
    elif platform == CANVAS:
        number = table.field(row, "id")
    own = [email, *(_entry(table, row, other) for other in IDENTIFIERS[platform])]
    if platform == MOODLE:
        own += [f"{word}_{number}" for word in called if word and number]
    others = tuple(dict.fromkeys(other for other in own if other and other != identifier))
    submitted = _submitted(table, platform, row, line)
    return Student(identifier, name, email, number, others, tuple(names), submitted, line)


def _plain_name(table: Table, row: Sequence[str]) -> tuple[str, list[str]]:
    return table.field(row, "name"), []


def _full_name(table: Table, row: Sequence[str]) -> tuple[str, list[str]]:
    name = table.field(row, "full name")
    return (name, []) if name else _first_and_last(table, row)


def _first_and_last(table: Table, row: Sequence[str]) -> tuple[str, list[str]]:
    first = table.field(row, "first name") or table.field(row, "firstname")
    lasts = (table.field(row, column) for column in ("last name", "surname", "lastname"))
    last = next(filter(None, lasts), "")
    together = " ".join(filter(None, (first, last)))
    return together, [f"{last} {first}", f"{last}, {first}"] if first and last else []


def _sortable(table: Table, row: Sequence[str]) -> tuple[str, list[str]]:
    """Canvas's names: “Garcia, Ana”, of which file names keep letters and digits."""
    if "student" not in table.columns:
        name, names = _first_and_last(table, row)
        return name, [*names, _letters(names[0] if names else name)]
    sortable = table.field(row, "student")
    last, comma, first = sortable.partition(",")
    name = f"{first.strip()} {last.strip()}" if comma else sortable
    return name, [sortable, _letters(sortable)]


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if unicodedata.category(letter)[0] in "LN")


NAMES: dict[str, Callable[[Table, Sequence[str]], tuple[str, list[str]]]] = {
    PLAIN: _plain_name,
    MOODLE: _full_name,
    CANVAS: _sortable,
}


# When a student handed in

# Moodle's, in English: "Wednesday, 10 June 2026, 2:14 PM", "Wednesday, June 10, 2026, 2:14 PM".
MOODLES_TIME = re.compile(
    r"(?:[^\W\d]+, )?"
    r"(?:(?P<day>\d{1,2}) (?P<month>[^\W\d]+)|(?P<month_2>[^\W\d]+) (?P<day_2>\d{1,2})),?"
    r" (?P<year>\d{4}),? (?P<hour>\d{1,2}):(?P<minute>\d\d)(?: (?P<half>[AaPp])[Mm])?"
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _submitted(table: Table, platform: str, row: Sequence[str], line: int) -> datetime | None:
    if platform == MOODLE:
        return moodles_time(table.field(row, "last modified (submission)"))
    text = table.field(row, "submitted") if platform == PLAIN else ""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise NothingGraded(
            f"{table.path}, line {line}: “{text}” in the column “submitted” is no time with its "
            "zone. Expected: 2026-12-01T23:59+01:00, for instance."
        )
    return time


def moodles_time(text: str) -> datetime | None:
    """A time of Moodle's worksheet, in this machine's zone; None if there is none."""
    match = MOODLES_TIME.fullmatch(" ".join(text.split()))
    if not match:
        return None
    month = (match["month"] or match["month_2"]).casefold()[:3]
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"].casefold() == "p")
    try:
        return datetime(
            int(match["year"]), MONTHS.index(month) + 1, int(match["day"] or match["day_2"]),
            hour, int(match["minute"]),
        ).astimezone()  # fmt: skip
    except (ValueError, OverflowError, OSError):
        return None


def _refuse_twins(path: str | Path, found: Sequence[Student]) -> None:
    seen: dict[str, int] = {}
    for student in found:
        before = seen.setdefault(normalised(student.identifier), student.line)
        if before != student.line:
            raise NothingGraded(
                f"{path}, lines {before} and {student.line}: the identifier "
                f"“{student.identifier}” occurs twice. (Case and spaces make no difference.)"
            )
