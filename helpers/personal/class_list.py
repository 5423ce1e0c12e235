"""Which identifier each student has: what selects their numbers where a notebook is personal."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
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
MIN_IN_FILE_NAME = 3  # characters of an identifier that is looked for in file names
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
    submissions: Iterable[Submission],
    students: Sequence[Student] = (),
    announced: Callable[[Submission], Iterable[str]] = lambda submission: (),
) -> list[Submission]:
    """Give each Submission its identifier: from the list of Students, else the student's name.

    A row belongs to a submission if its identifier, or else its name, is what the submission is
    called, with or without the number that Moodle adds. Of several rows of that name it is the one
    whose identifier is in the names of the files or is `announced` in the notebooks; if that does
    not decide, it becomes a question. Returns the submissions for which the list has no row.
    """
    by_identifier = {normalised(student.identifier): student for student in students}
    by_name: defaultdict[str, list[Student]] = defaultdict(list)
    for student in students:
        if student.name:
            by_name[normalised(student.name)].append(student)
    unlisted = []
    decided: defaultdict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        called = [normalised(name) for name in (submission.student, *submission.called)]
        rows = [by_identifier[name] for name in called if name in by_identifier]
        rows = rows[:1] or next((by_name[name] for name in called if name in by_name), [])
        if len(rows) > 1:
            namesakes, rows = rows, _by_identifier(submission, rows, announced(submission))
            if rows:
                decided[rows[0].identifier].append(submission)
            else:
                _ask(submission, namesakes)
        submission.identifier = rows[0].identifier if rows else submission.called[-1]
        if students and not rows:
            unlisted.append(submission)
    for identifier, several in decided.items():
        for submission in several if len(several) > 1 else ():
            others = ", ".join(s.student for s in several if s is not submission)
            _add_question(
                submission,
                f"By its files this is the work of {identifier}, and so is that of {others}, of "
                "the same name. One of them cannot be; find out whose it is.",
            )
    return unlisted


def _by_identifier(
    submission: Submission, namesakes: Sequence[Student], announced: Iterable[str]
) -> list[Student]:
    """The one of several Students of one name whose a submission is; [] if it is not certain."""
    named = {normalised(identifier) for identifier in announced}
    paths = [normalised(file.file.replace(file.notebook or "\0", " ")) for file in submission.files]
    found = []
    for student in namesakes:
        identifier = normalised(student.identifier)
        # Alone, not within a longer word or number; the shortest could be anything.
        alone = re.compile(rf"(?<![^\W_]){re.escape(identifier)}(?![^\W_])")
        in_a_name = len(identifier) >= MIN_IN_FILE_NAME and any(map(alone.search, paths))
        if in_a_name or identifier in named:
            found.append(student)
    return found if len(found) == 1 else []


def _ask(submission: Submission, namesakes: Sequence[Student]) -> None:
    identifiers = ", ".join(student.identifier for student in namesakes)
    _add_question(
        submission,
        f"The class list has {len(namesakes)} students of this name ({identifiers}), and neither "
        "the names of the files nor the notebooks say which of them it is; for now the name stands "
        "for the identifier. Put the identifier into the name of the folder.",
    )


def _add_question(submission: Submission, question: str) -> None:
    """Ask it once, under the first of the notebooks."""
    name = next(iter({**submission.notebooks, **submission.set_aside}), "")
    if name:
        submission.questions[name].append(question)


def known_names(course: Course, students: Iterable[Student]) -> set[str]:
    """How the students of earlier runs and of a list are called."""
    listed = {name for s in students for name in (s.identifier, s.name) if name}
    return listed | set(_known(course))


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
