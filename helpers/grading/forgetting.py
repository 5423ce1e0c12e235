"""Delete all that a gradebook has of one student."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import MissingEntry

from helpers.grading import finishing
from helpers.grading.class_list import roster
from helpers.grading.errors import NothingGraded
from helpers.grading.finishing import Outcome
from helpers.grading.gradebook import database, history, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.standing import standing
from helpers.grading.lateness import policy
from helpers.grading.machine import locks
from helpers.grading.settings import Course, course_at
from helpers.personal import class_list, normalised

FOLDERS = ("submitted", "earlier", "executed", "autograded", "feedback", "results", "by_hand",
           "handed_in")  # fmt: skip
TABLES = ("grades.csv", "checks.csv", "times.csv")


def forget(name: str, gradebook: str, url: str = "") -> list[str]:
    """Delete what a gradebook has of a student, by id or identifier; returns the ids.

    Tables and report are written again without them. Raises NothingGraded.
    """
    course = course_at(gradebook=gradebook, database=database.chosen(url))
    known = class_list.known_identifiers(course)
    everybody = {path.name for folder in _folders(course.gradebook) for path in folder.iterdir()}
    everybody |= set(known)
    students = sorted(
        student
        for student in everybody
        if student == name or normalised(known.get(student, "")) == normalised(name)
    )
    if not students:
        raise NothingGraded(
            f"{course.gradebook} has nobody called {name}. Expected the student's id, as it stands "
            "in grades.csv, or identifier."
        )
    with locks.alone(course):
        for student in students:
            for folder in _folders(course.gradebook):
                shutil.rmtree(folder / student, ignore_errors=True)
            if course.database_file is None or course.database_file.exists():
                with open_gradebook(course) as database_of_all:
                    try:
                        database_of_all.remove_student(student)
                    except MissingEntry:
                        pass
            roster.forget(course, known.get(student, name))
            class_list.forget(course, student)
            history.forget(course, student)
            policy.forget(course, {student, known.get(student, name)})
        _write_tables(course)
    return students


def _write_tables(course: Course) -> None:
    """Tables and report without whom is no more there. Raises NothingGraded."""
    for name in (*TABLES, "report.html"):
        (course.gradebook / name).unlink(missing_ok=True)
    everything, outcome = results.load_all(course), Outcome()
    if everything:
        finishing.write_files(course, standing(course, everything), outcome)
    for what, why in outcome.unwritten:
        raise NothingGraded(
            f"The student's data is deleted, but {what} {why}. Write the rest again: "
            "python -m helpers.grading --tables"
        )


def _folders(gradebook: Path) -> Iterator[Path]:
    return (gradebook / name for name in FOLDERS if (gradebook / name).is_dir())
