"""--tables: tables, report and pages from the gradebook as it is now, running nothing."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from helpers.grading import finishing
from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import ClassList, read_class_list
from helpers.grading.errors import NothingGraded
from helpers.grading.finishing import Outcome
from helpers.grading.gradebook import database, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.entering import outdated
from helpers.grading.intake import submissions
from helpers.grading.lateness import policy, times
from helpers.grading.machine import locks
from helpers.grading.pages import feedback
from helpers.grading.progress import Bar, JsonLog, progress_of_kind
from helpers.grading.repair.released import released_notebooks
from helpers.grading.settings import Course, course_at
from helpers.grading.student import enter_lateness
from helpers.personal import class_list, normalised

NUMBERED = re.compile(r"_\d+$")  # what Moodle and Canvas put after a name


def write_tables(arguments: argparse.Namespace) -> bool:
    """Write tables, report and pages from the gradebook as it is, running nothing.

    arguments: as the command line gives them. Returns whether some need a person. Raises
    NothingGraded.
    """
    progress = progress_of_kind(arguments.log)
    course = course_at(gradebook=arguments.gradebook, database=database.chosen(arguments.db))
    lesson = arguments.lesson
    saved = results.load_all(course)
    if not saved:
        raise NothingGraded(f"{course.gradebook} holds no results. Grade a class first.")
    released = released_notebooks(course, lesson)
    names = [notebook.name for notebook in released]
    before = policy.load(course, lesson)
    rules = policy.changed(before, arguments, names)
    listed = read_class_list(arguments.students) if arguments.students else None
    with locks.alone(course), database.alone(course, lesson):
        database.wait_until_free(course, progress.warn)
        identifiers = class_list.known_identifiers(course)
        known = {*identifiers, *identifiers.values(), *(r.student for r in saved)}
        on_list = listed.students if listed else roster.load(course)
        source = finishing.source_of_times(listed)
        finishing.check_extensions(rules, known, on_list, progress)
        finishing.warn_of_lost_extensions(before, rules, progress)
        finishing.check_zone(rules, {*_unmet(course, lesson, saved, before), source})
        finishing.keep_rules(course, lesson, rules, arguments.students)
        students = sorted({r.student for r in saved if r.lesson == lesson})
        submitted = {}
        if listed:
            _identify_again(course, listed, students, progress)
            submitted = {normalised(s.identifier): s.submitted for s in listed.students}
        handed_in_since = []
        for student in students:
            called = normalised(class_list.identifier_of(course, student))
            if times.learn(course, lesson, student, submitted.get(called), source):
                handed_in_since.append(student)
        if handed_in_since:
            progress.warn(
                f"By {source} these have handed in again since, which has not come here: "
                f"{', '.join(handed_in_since)}. Hand it over; until then what is here counts, by "
                "its own time."
            )
        mine = [r for r in saved if r.lesson == lesson]
        outcome = Outcome(_entered_again(course, lesson, mine))
        progress.start_writing(len(outcome.found))
        try:
            for result in outcome.found:
                with outcome.writing(f"The feedback page of {result.student}, {result.notebook},"):
                    feedback.write(course, result)
                progress.written()
        finally:
            progress.stop()
        return finishing.write_all(course, outcome, progress)


def _unmet(
    course: Course, lesson: str, saved: Sequence[results.Result], before: policy.Policy
) -> set[str]:
    """By what hand-in times are known that have met no due date yet. before: the Policy by now."""
    if before.due or before.extensions:
        return set()
    students = {r.student for r in saved if r.lesson == lesson}
    arrivals = (a for student in students for a in times.load(course, student, lesson).values())
    return {arrival.source for arrival in arrivals}


def _entered_again(
    course: Course, lesson: str, found: Sequence[results.Result]
) -> list[results.Result]:
    """Results with what the gradebook says now, saved; lateness is of today's points."""
    known = class_list.known_identifiers(course)
    now: list[results.Result] = []
    with open_gradebook(course) as gradebook:
        # Held here, so that they are read once and not for each student.
        cells = [c for n in gradebook.find_assignment(lesson).notebooks for c in n._base_cells]
        looked: dict[results.Key, dict[str, Any]] = {}
        for result in found:
            with suppress(MissingEntry):  # it is in another database
                looked[result.key] = {
                    "outdated": outdated(gradebook, course, result),
                    "to_read": _to_read(gradebook, result),
                    "notes": (),
                }
        del cells
        for student in dict.fromkeys(r.student for r in found):
            mine = [r for r in found if r.student == student]
            if all(r.key in looked for r in mine):
                mine = [replace(r, **looked[r.key]) for r in mine]
                identifier = known.get(student, student)
                mine = enter_lateness(gradebook, course, lesson, identifier, mine)
            now += mine
    before = {result.key: result for result in found}
    for result in now:
        if result != before[result.key]:
            results.save(course, result)
    return now


def _to_read(gradebook: Gradebook, result: results.Result) -> tuple[str, ...]:
    """The written answers that nobody has given points yet."""
    if not result.to_read:
        return ()
    entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
    given = {grade.name for grade in entry.grades if grade.manual_score is not None}
    return tuple(name for name in result.to_read if name not in given)


def _identify_again(
    course: Course, listed: ClassList, students: Sequence[str], progress: Bar | JsonLog
) -> None:
    """Match those who were graded before with a class list that comes only now."""
    found = [
        submissions.Submission(student, (student, NUMBERED.sub("", student)))
        for student in students
    ]
    how: dict[str, str] = {}
    unlisted = class_list.identify(found, listed.students, how=how)
    progress.matched(roster.in_words(listed.table.path, listed, found, how), how)
    if unlisted:
        named = ", ".join(submission.student for submission in unlisted)
        progress.warn(f"{listed.table.path} has no row for {named}, or no certain one.")
    class_list.remember(course, [s for s in found if s.student in how])
