"""Which identifier each student has: what selects their numbers where a notebook is personal."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.grading.class_list.reading import Student, read_list
from helpers.grading.machine import files
from helpers.personal import normalised

if TYPE_CHECKING:
    from helpers.grading.intake.submissions import Submission
    from helpers.grading.settings import Course

__all__ = [
    "Student",
    "forget",
    "identifier_of",
    "identify",
    "known_identifiers",
    "known_names",
    "read_list",
    "remember",
]

NUMBER = re.compile(r"_(\d+)$")  # that Moodle and Canvas put after the name
MIN_IN_FILE_NAME = 3  # characters of an identifier that is looked for in file names


def identify(
    submissions: Iterable[Submission],
    students: Sequence[Student] = (),
    announced: Callable[[Submission], Iterable[str]] = lambda submission: (),
    how: MutableMapping[str, str] | None = None,
) -> list[Submission]:
    """Give each Submission its identifier: from the list of Students, else the student's name.

    A row belongs to a submission if its identifier, what else is that student's alone, or else its
    name is what the submission is called, with or without the number that Moodle adds. Of several
    rows of that name it is the one whose identifier is in the names of the files or is `announced`
    in the notebooks; if that does not decide, it becomes a question. how: where given, by which of
    these each was found, by the submission's student. Returns the submissions for which the list
    has no row.
    """
    how = {} if how is None else how
    rows_of = _Rows(students)
    unlisted = []
    of_row: defaultdict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        rows, by = rows_of.belonging_to(submission)
        if len(rows) > 1:
            namesakes, rows = rows, _by_identifier(submission, rows, announced(submission))
            by = "by the identifier in its files, of several with that name"
            if not rows:
                _ask(submission, namesakes)
        submission.identifier = rows[0].identifier if rows else submission.called[-1]
        if rows:
            how[submission.student] = by
            of_row[rows[0].identifier].append(submission)
        elif students:
            unlisted.append(submission)
    for identifier, several in of_row.items():
        for submission in several if len(several) > 1 else ():
            others = ", ".join(s.student for s in several if s is not submission)
            if how[submission.student].startswith("by the identifier in its files"):
                _add_question(
                    submission,
                    f"By its files this is the work of {identifier}, and so is that of {others}, "
                    "of the same name. One of them cannot be; find out whose it is.",
                )
            else:
                _add_question(
                    submission,
                    f"By the class list this is the work of {identifier} "
                    f"({how[submission.student]}), and so is that of {others}. Hand over one of "
                    "them, or put the identifier into the name of the folder.",
                )
    return unlisted


class _Rows:
    """The rows of a class list, by what submissions may be called."""

    def __init__(self, students: Sequence[Student]) -> None:
        self.by_identifier = {normalised(student.identifier): student for student in students}
        self.by_other: defaultdict[str, list[Student]] = defaultdict(list)
        self.by_number = {student.number: student for student in students if student.number}
        self.by_name: defaultdict[str, list[Student]] = defaultdict(list)
        for student in students:
            for other in student.others:
                self.by_other[normalised(other)].append(student)
            for name in {normalised(name) for name in (student.name, *student.names) if name}:
                self.by_name[name].append(student)

    def belonging_to(self, submission: Submission) -> tuple[list[Student], str]:
        """The rows that may be a submission's, more than one for a name, and by what it is."""
        called = [normalised(name) for name in (submission.student, *submission.called)]
        for name in called:
            if name in self.by_identifier:
                return [self.by_identifier[name]], "by identifier"
        for name in called:
            if len(self.by_other[name]) == 1:
                return self.by_other[name], "by e-mail, login or number"
        named = next((self.by_name[name] for name in called if self.by_name[name]), [])
        number = NUMBER.search(submission.called[0])
        numbered = self.by_number.get(number[1]) if number else None
        # The platform's number decides between those of one name, and never against the name: the
        # numbers of Moodle's participants are others for each assignment.
        if numbered and numbered in named:
            return [numbered], "by the platform's number and the name"
        if numbered and not named and numbered.number in (numbered.identifier, *numbered.others):
            return [numbered], "by the platform's number"  # Canvas's, which stay the same
        return named, "by name"


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
    listed = {n for s in students for n in (s.identifier, s.name, *s.others, *s.names) if n}
    return listed | set(_known(course))


def remember(course: Course, submissions: Iterable[Submission]) -> None:
    """Keep the identifiers in the gradebook, where the workers and plain nbgrader find them."""
    path = _path(course)
    known = _known(course) | {s.student: s.identifier for s in submissions}
    files.write(path, json.dumps(known, indent=1, ensure_ascii=False))


def identifier_of(course: Course, student: str) -> str:
    """The identifier of a student, by the id under which the submission is stored."""
    return _known(course).get(student, student)


def known_identifiers(course: Course) -> dict[str, str]:
    """The identifiers of all students of earlier runs, by id."""
    return _known(course)


def forget(course: Course, student: str) -> None:
    """Forget the identifier of a student."""
    known = {name: identifier for name, identifier in _known(course).items() if name != student}
    if known != _known(course):
        files.write(_path(course), json.dumps(known, indent=1, ensure_ascii=False))


def _path(course: Course) -> Path:
    return course.gradebook / "identifiers.json"


def _known(course: Course) -> dict[str, str]:
    try:
        found = json.loads(_path(course).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
