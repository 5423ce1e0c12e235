"""Where a class stands: everybody's results and points, for the tables, the report and exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import Student
from helpers.grading.gradebook import results
from helpers.grading.gradebook.marks import entered
from helpers.grading.gradebook.results import Key, Result
from helpers.grading.lateness import policy
from helpers.grading.lateness.policy import Policy
from helpers.grading.settings import Course
from helpers.personal import normalised


@dataclass(frozen=True)
class Standing:
    """All results of a gradebook. Points are those that nbgrader's gradebook has, by result."""

    found: list[Result]  # with those of students who handed in nothing
    points: Mapping[Key, float]  # with what lateness costs taken off
    late: Mapping[Key, float] = field(default_factory=dict)  # what lateness costs
    people: Mapping[str, Student] = field(default_factory=dict)  # rows of the class list, by id
    policies: Mapping[str, Policy] = field(default_factory=dict)  # by lesson

    @cached_property
    def counted(self) -> list[Result]:
        """The Results whose points count, with the points that they count for in totals."""
        return [
            replace(r, max_points=self._policy(r).max_points(r.notebook, r.max_points))
            for r in self.found
            if self._policy(r).counts(r.notebook)
        ]

    def _policy(self, result: Result) -> Policy:
        return self.policies.get(result.lesson, Policy())

    def before_lateness(self, result: Result) -> float:
        return self.points[result.key] + self.late.get(result.key, 0.0)


def standing(course: Course, found: Sequence[Result]) -> Standing:
    """The Standing of a class. found: its Results.

    Where there is a class list, those of it who handed in nothing are among them.
    """
    marks = entered(course)
    late = {r.key: marks[r.key][1] for r in found if r.key in marks}
    points = {
        r.key: max(0.0, marks[r.key][0]) - late[r.key] if r.key in marks else r.points
        for r in found
    }
    listed = roster.load(course)
    people = roster.people(course, listed, {r.student for r in found})
    absent = list(_absent(found, listed, people))
    for student, result in absent:
        people[result.student] = student
        points[result.key] = 0.0
    lessons = {r.lesson for r in found}
    everybody = sorted(
        [*found, *(result for _, result in absent)],
        key=lambda r: (r.lesson, r.student.casefold(), r.student, r.notebook),
    )
    policies = {lesson: policy.load(course, lesson) for lesson in lessons}
    return Standing(everybody, points, late, people, policies)


def _absent(
    found: Sequence[Result], listed: Iterable[Student], people: Mapping[str, Student]
) -> Iterable[tuple[Student, Result]]:
    """The rows of those who handed in nothing, with a Result for each notebook of each lesson."""
    notebooks = {(r.lesson, r.notebook): r.max_points for r in found}
    there = {
        (r.lesson, normalised(people[r.student].identifier)) for r in found if r.student in people
    }
    taken = {r.student.casefold() for r in found}
    names = [normalised(student.name) for student in listed]
    for student in listed:
        name = student.name or student.identifier
        if names.count(normalised(student.name)) > 1 or name.casefold() in taken:
            name = f"{name} ({student.identifier})"
        for (lesson, notebook), max_points in notebooks.items():
            if (lesson, normalised(student.identifier)) not in there:
                # Who is known from another lesson keeps the id that they have there.
                known = next((i for i, s in people.items() if s == student), name)
                yield student, Result(known, lesson, notebook, results.MISSING, max_points)
