"""What an export gives to whom: each student's marks, and the platform's row that gets them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import ClassList, Student
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import results
from helpers.grading.gradebook.results import Result
from helpers.grading.gradebook.standing import Standing
from helpers.grading.intake.submissions import Submission
from helpers.grading.pages import report
from helpers.grading.settings import Course
from helpers.personal import class_list, normalised

NUMBERED = re.compile(r"_\d+$")  # what Moodle and Canvas put after a name
DECIMALS = 2  # that platforms keep


@dataclass(frozen=True)
class Mark:
    """What one student has in a lesson. points: with what lateness costs taken off."""

    student: str
    found: Sequence[Result]  # all notebooks, with what they count for
    points: Mapping[str, float]  # of the notebooks that count
    late: float  # what lateness costs
    max_points: float

    @property
    def handed_in(self) -> bool:
        return any(r.state != results.MISSING for r in self.found)

    @property
    def set_aside(self) -> list[str]:
        """The notebooks that have no mark yet."""
        return [
            r.notebook
            for r in self.found
            if r.state == results.SET_ASIDE and r.notebook in self.points
        ]

    @property
    def open_questions(self) -> bool:
        """Whether a person has to look at something."""
        return any(map(report.needs_person, self.found))

    def of(self, notebook: str) -> float | None:
        """The points of a notebook, "" for all; None where there is no mark yet."""
        if not self.handed_in or (notebook in self.set_aside if notebook else self.set_aside):
            return None
        return self.points[notebook] if notebook else sum(self.points.values())

    def most(self, notebook: str) -> float:
        """What there is to have in a notebook, "" for all."""
        if not notebook:
            return self.max_points
        return next(r.max_points for r in self.found if r.notebook == notebook)

    def in_words(self) -> str:
        """What stands beside the mark: the points of each notebook."""
        parts = []
        for r in self.found:
            if r.notebook not in self.points:
                continue
            shown = shorter(self.points[r.notebook])
            if r.state in (results.MISSING, results.SET_ASIDE):
                parts.append(f"{r.notebook}: {r.state}")
            else:
                most = f" of {shorter(r.max_points)}" if r.max_points else " (bonus)"
                parts.append(f"{r.notebook}: {shown}{most}")
        late = f" Lateness has cost {shorter(self.late)}." if self.late else ""
        return f"{'; '.join(parts)}.{late}"


def shorter(points: float) -> str:
    """Points as platforms take them, with up to two decimals."""
    return results.number(round(points, DECIMALS))


def marks_of(standing: Standing, lesson: str) -> list[Mark]:
    """The Marks of a lesson. Raises NothingGraded if there are none."""
    counted = [r for r in standing.counted if r.lesson == lesson]
    if not counted:
        lessons = ", ".join(sorted({r.lesson for r in standing.found})) or "none"
        raise NothingGraded(f"The gradebook has no marks of {lesson}; it has {lessons}.")
    most = sum({r.notebook: r.max_points for r in counted}.values())
    of_student: defaultdict[str, list[Result]] = defaultdict(list)
    for r in counted:
        of_student[r.student].append(r)
    return [
        Mark(
            student,
            mine,
            {r.notebook: standing.points[r.key] for r in mine},
            sum(standing.late.get(r.key, 0.0) for r in mine),
            most,
        )
        for student, mine in of_student.items()
    ]


def by_row(
    course: Course, standing: Standing, marks: Sequence[Mark], listed: ClassList
) -> dict[str, Mark]:
    """The Marks by the identifier of the row in the platform's list that each belongs to.

    Raises NothingGraded, with a list, if somebody is unknown there, there twice, or missing here.
    """
    known = class_list.known_identifiers(course)
    found, of = [], {mark.student: mark for mark in marks if mark.handed_in}
    for student in of:
        person = standing.people.get(student)
        names = (person.email, *person.others, person.name) if person else ()
        called = (student, known.get(student, ""), *names, NUMBERED.sub("", student))
        found.append(Submission(student, tuple(filter(None, called))))
    how: dict[str, str] = {}
    unlisted = class_list.identify(found, listed.students, how=how)
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for one in found:
        if one.student in how:
            rows[one.identifier].append(one.student)
    in_gradebook = roster.load(course)
    wrong = [f"unknown to the list: {one.student}" for one in unlisted]
    wrong += [
        f"several for one row: {', '.join(students)} (row of {identifier})"
        for identifier, students in rows.items()
        if len(students) > 1
    ]
    wrong += [
        f"missing from the gradebook: {row.name or row.identifier} ({row.identifier})"
        for row in listed.students
        if row.identifier not in rows and not _is_known(row, in_gradebook)
    ]
    if wrong:
        raise NothingGraded(
            f"The students of {listed.table.path} and of the gradebook are not the same:\n  "
            + "\n  ".join(wrong)
            + "\nIf the list is right, make it the gradebook's: python -m helpers.grading --tables "
            f"--students {listed.table.path}. Whose name or identifier differs, correct in the "
            "list that you grade with; who is in no list, remove with “forget”."
        )
    return {identifier: of[students[0]] for identifier, students in rows.items()}


def _is_known(row: Student, others: Sequence[Student]) -> bool:
    """Whether a row is that of a student of another list, too."""
    mine = {normalised(name) for name in (row.identifier, *row.others) if name}
    return any(
        mine & {normalised(name) for name in (other.identifier, *other.others) if name}
        for other in others
    )
