"""The CSV files: marks of each notebook, the verdict on each part, and how long each ran."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from helpers.grading.class_list.reading import Student
from helpers.grading.gradebook.marks import points_entered
from helpers.grading.gradebook.results import Key, Result, number
from helpers.grading.machine import files
from helpers.grading.printable import printable
from helpers.grading.settings import Course

GRADES = (
    "student",
    "lesson",
    "notebook",
    "points",
    "max_points",
    "state",
    "identifier",
    "email",
    "late_points",
)
CHECKS = (
    "student",
    "lesson",
    "notebook",
    "question",
    "part",
    "points",
    "max_points",
    "verdict",
    "misconception",
    "hint",
)
TIMES = ("student", "lesson", "notebook", "seconds", "cell_seconds")
# The byte order mark makes Excel read Greek and Chinese names as what they are; Python reads such
# a file with encoding="utf-8-sig", pandas as it is.
ENCODING = "utf-8-sig"
# Where a spreadsheet would begin a formula: at the start of a cell, and after each semicolon, since
# one that takes semicolons for the separator (Excel in many countries) begins a cell there.
FORMULA = re.compile(r"""(^|;)(?=["'\s]*[=+\-@＝＋－＠])""")


def marks(course: Course, found: Iterable[Result]) -> dict[Key, float]:
    """The points of each Result, by its key.

    They come from nbgrader's gradebook, so points that a person gave there count.
    """
    entered = points_entered(course)
    return {result.key: entered.get(result.key, result.points) for result in found}


def write(
    course: Course,
    found: Sequence[Result],
    points: Mapping[Key, float],
    late: Mapping[Key, float] = MappingProxyType({}),
    people: Mapping[str, Student] = MappingProxyType({}),
    counted: Sequence[Result] | None = None,
) -> tuple[Path, Path, Path]:
    """Write grades.csv, checks.csv and times.csv for the Results `found`; returns their paths.

    points: with what lateness costs taken off. late: what it costs. people: rows of the class list,
    by student. counted: the Results that count, with the points that they count for, if not all do.
    """
    names = ("grades.csv", "checks.csv", "times.csv")
    grades, checks, times = (course.gradebook / name for name in names)
    _write(
        grades,
        GRADES,
        (
            (
                *r.key,
                number(points[r.key] + late.get(r.key, 0.0)),
                number(r.max_points),
                r.state,
                *((row.identifier, row.email) if (row := people.get(r.student)) else ("", "")),
                number(late.get(r.key, 0.0)),
            )
            for r in (found if counted is None else counted)
        ),
    )
    _write(
        checks,
        CHECKS,
        (
            (
                *r.key,
                question,
                verdict.part,
                number(verdict.points),
                number(verdict.max_points),
                verdict.status,
                verdict.misconception,
                verdict.hint,
            )
            for r in found
            for question, verdicts in r.verdicts.items()
            for verdict in verdicts
        ),
    )
    _write(
        times,
        TIMES,
        ((*r.key, f"{r.seconds:.3f}", f"{r.cell_seconds:.3f}") for r in found if r.seconds),
    )
    return grades, checks, times


def harmless(text: object) -> str:
    """`text` such that a spreadsheet shows it and never runs it as a formula.

    It has no tabs and no newlines, at which a reader with another separator would begin a cell.
    """
    return FORMULA.sub(r"\1'", printable(text))


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    files.write(path, text.getvalue().encode(ENCODING))
