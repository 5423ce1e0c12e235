"""python -m helpers.grading export: from the gradebook to the file that a platform imports."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import (
    IN_WORDS,
    ClassList,
    Student,
    read_class_list,
)
from helpers.grading.errors import NothingGraded
from helpers.grading.export import pages, platforms
from helpers.grading.export.class_marks import Mark, by_row, marks_of, shorter
from helpers.grading.gradebook import database, results
from helpers.grading.gradebook.csv_tables import ENCODING, harmless
from helpers.grading.gradebook.standing import Standing, standing
from helpers.grading.machine import files
from helpers.grading.settings import Course, course_at

CSV = "csv"
MOST_LISTED = 20


@dataclass(frozen=True)
class Done:
    """What was written, and what is to be said of it."""

    path: Path
    notes: Sequence[str] = ()
    needing: Sequence[str] = ()  # what needs a person


def write(given: argparse.Namespace) -> Done:
    """Write what the command line asks for. Raises NothingGraded, before anything is written."""
    course = course_at(gradebook=given.gradebook, database=database.chosen(given.db))
    found = results.load_all(course)
    if not found:
        raise NothingGraded(f"{course.gradebook} holds no results. Grade a class first.")
    now = standing(course, found)
    marks = marks_of(now, given.lesson)
    listed = _list_for(course, given)
    rows = by_row(course, now, marks, listed) if listed else {}
    notes: list[str] = []
    kind = "zip" if given.feedback else CSV
    if given.feedback and given.platform == "moodle":
        assert listed is not None
        data = pages.pages_for_moodle(course, given.lesson, listed, rows)
    elif given.feedback:
        people = _people(now, listed, rows)
        data = pages.pages_by_name(course, marks, people)
    elif given.platform == CSV:
        data = _plain(marks, _people(now, listed, rows)).encode(ENCODING)
    else:
        assert listed is not None
        filled = platforms.fill(listed, rows, _choice(given, marks))
        data, notes = filled.text.encode(filled.encoding), filled.notes
    name = f"{given.platform} {given.lesson}{' feedback' if given.feedback else ''}.{kind}"
    path = Path(given.output) if given.output else course.gradebook / "export" / name
    try:
        files.write(path, data)
    except OSError as error:
        raise NothingGraded(f"{path} cannot be written: {error.strerror}.") from None
    nothing = sum(not mark.handed_in for mark in marks)
    if nothing:
        what = "have no page" if given.feedback else "have 0" if given.zeros else "have no mark"
        notes.append(f"{nothing} handed in nothing and {what}.")
    return Done(path, notes, _needing(marks))


def _list_for(course: Course, given: argparse.Namespace) -> ClassList | None:
    """The platform's list that is filled in. Raises NothingGraded if it is needed and not there."""
    listed = read_class_list(given.students) if given.students else roster.load_list(course)
    if given.platform == CSV or (given.feedback and given.platform != "moodle"):
        return listed
    if listed is None or listed.platform != given.platform:
        is_one = f"{listed.table.path} is {IN_WORDS[listed.platform]}" if listed else (
            "the gradebook has no class list"
        )  # fmt: skip
        raise NothingGraded(
            f"The marks are filled in into {IN_WORDS[given.platform]}, and {is_one}. Download it "
            "there, and give it with --students."
        )
    return listed


def _choice(given: argparse.Namespace, marks: Sequence[Mark]) -> platforms.Choice:
    notebooks = list(marks[0].points)
    columns: dict[str, str] = {}
    for text in given.column:
        name, equals, column = text.partition("=")
        if not (equals and name in notebooks):
            name, column = "", text
        if name in columns:
            raise NothingGraded(f"--column: two columns for {name or 'the total'}.")
        columns[name] = column
    return platforms.Choice(
        given.lesson, notebooks, columns, given.per_notebook, given.scale, given.zeros
    )


def _people(
    now: Standing, listed: ClassList | None, rows: Mapping[str, Mark]
) -> dict[str, Student]:
    """The rows of the class list by student."""
    mine = {s.identifier: s for s in listed.students} if listed else {}
    return {**now.people, **{mark.student: mine[identifier] for identifier, mark in rows.items()}}


def _plain(marks: Sequence[Mark], people: Mapping[str, Student]) -> str:
    """A line for each student, with a column for each notebook and the total."""
    notebooks = list(marks[0].points)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(
        ["identifier", "name", "email", "student", *notebooks, "points", "max_points",
         "late_points", "state"]
    )  # fmt: skip
    for mark in marks:
        row = people.get(mark.student, Student("", ""))
        points = [mark.of(notebook) for notebook in notebooks]
        state = "set aside" if mark.set_aside else "graded" if mark.handed_in else "missing"
        total = mark.of("")
        fields = [
            row.identifier, row.name, row.email, mark.student,
            *("" if p is None else shorter(p) for p in points),
            "" if total is None else shorter(total), shorter(mark.max_points), shorter(mark.late),
            state,
        ]  # fmt: skip
        writer.writerow([harmless(field) for field in fields])
    return text.getvalue()


def _needing(marks: Sequence[Mark]) -> list[str]:
    """Sentences on marks that are not there yet, or not settled."""
    aside = [f"{m.student} ({', '.join(m.set_aside)})" for m in marks if m.set_aside]
    asked = [m.student for m in marks if m.open_questions and not m.set_aside]
    said = []
    if aside:
        said.append(f"No mark yet, because work was set aside: {_listed(aside)}.")
    if asked:
        said.append(f"Something is open, see the report; their marks are as of now: "
                    f"{_listed(asked)}.")  # fmt: skip
    return said


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_LISTED} more" if names[MOST_LISTED:] else ""
    return ", ".join(names[:MOST_LISTED]) + more
