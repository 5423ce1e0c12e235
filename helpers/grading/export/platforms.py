"""The tables that platforms import, made from what they export.

What each wants: Moodle's mod/assign/feedback/offline/importgradeslib.php finds a student by the
number at the end of “Identifier”, wants the columns Grade and “Last modified (grade)”, and leaves
out in silence a grade above the maximum (locallib.php). Canvas's lib/gradebook_importer.rb wants
the student's columns as far as Section, and takes an empty cell for a grade that was deleted.
Blackboard goes by the user name and by the number after “|” in a column's title. Brightspace wants
the user's columns, “… Points Grade”, and at the end its End-of-Line Indicator.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from helpers.grading.class_list.reading import (
    BLACKBOARD,
    BRIGHTSPACE,
    CANVAS,
    IN_WORDS,
    MOODLE,
    POINTS_POSSIBLE,
    ClassList,
)
from helpers.grading.class_list.table import Table
from helpers.grading.errors import NothingGraded
from helpers.grading.export.class_marks import Mark, shorter

# “Problem set 1 (4711)”, “Tutorial [Total Pts: 100 Score] |99001”, “Tutorial Points Grade <Numeric
# MaxPoints:100 Weight:10>”
OF_CANVAS = re.compile(r"(?P<title>.+) \((?P<number>\d+)\)")
OF_BLACKBOARD = re.compile(
    r"(?P<title>.+?)\s*\[Total Pts: (?P<most>up to )?(?P<points>[\d.,]+)[^\]]*\]\s*"
    r"\|(?P<number>\d+)"
)
OF_BRIGHTSPACE = re.compile(
    r"(?P<title>.+) Points Grade(?:\s*<.*?MaxPoints:(?P<points>[\d.,]+).*>)?"
)
END_OF_LINE = "end-of-line indicator"
CHOOSE = "Name one with --column, by its title or number"


@dataclass(frozen=True)
class Choice:
    """What an export is to write. columns: a platform's, by notebook, "" for the total."""

    lesson: str
    notebooks: Sequence[str]
    columns: Mapping[str, str]
    per_notebook: bool = False
    scale: bool = False
    zeros: bool = False


@dataclass
class Filled:
    """A table with marks in it, and what is to be said of it."""

    text: str
    encoding: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Column:
    """A column of a platform's that takes points."""

    place: int  # -1 for a new one
    header: str
    title: str
    number: str = ""
    most: float | None = None  # what there is to have, None if it does not say


def fill(listed: ClassList, marks: Mapping[str, Mark], choice: Choice) -> Filled:
    """The platform's table with the Marks, by identifier. Raises NothingGraded."""
    return FILL[listed.platform](listed, marks, choice)


def _moodle(listed: ClassList, marks: Mapping[str, Mark], choice: Choice) -> Filled:
    table = listed.table
    notebook = _one_of(choice)
    grade, comments = table.column("grade"), _place(table, "feedback comments")
    maxima = (_number(table.field(row, "maximum grade")) for row in table.rows)
    most = next(filter(None, maxima), None)
    column = _Column(grade, "Grade", "Grade", most=most)
    filled = _Values(choice, marks)
    rows = []
    for student, place in zip(listed.students, listed.places, strict=True):
        row = _as_long_as(table, table.rows[place])
        value = filled.value(student.identifier, notebook, column, capped=True)
        if value is not None:
            row[grade] = value
        mark = marks.get(student.identifier)
        if comments is not None and mark and mark.handed_in:
            row[comments] = mark.in_words()
        rows.append(row)
    if comments is None:
        filled.notes.append(
            "The worksheet has no column “Feedback comments”: switch the feedback type on in the "
            "assignment's settings if the points of each notebook should stand there."
        )
    return Filled(_text([table.header, *rows]), "utf-8", filled.notes)


def _canvas(listed: ClassList, marks: Mapping[str, Mark], choice: Choice) -> Filled:
    table = listed.table
    last = table.column("section")
    possible = next((r for r in table.rows if r[0].strip().casefold() == POINTS_POSSIBLE), [])
    columns = [
        _Column(place, header, match["title"], match["number"],
                _number(possible[place]) if place < len(possible) else None)
        for place, header in enumerate(table.header)
        if place > last and (match := OF_CANVAS.fullmatch(header))
    ]  # fmt: skip
    chosen = _chosen(listed, columns, choice)
    filled = _Values(choice, marks)
    of_row = dict(zip(listed.places, listed.students, strict=True))
    rows = [[*table.header[: last + 1], *(column.header for column in chosen.values())]]
    for place, source in enumerate(table.rows):
        row = _as_long_as(table, source)
        is_points = row is not None and row[0].strip().casefold() == POINTS_POSSIBLE
        if place not in of_row and not is_points:
            continue
        cells = []
        for notebook, column in chosen.items():
            # An empty cell would delete what is there.
            value = row[column.place]
            if place in of_row:
                new = filled.value(of_row[place].identifier, notebook, column)
                value = value if new is None else new
            cells.append(value)
        rows.append([*row[: last + 1], *cells])
    return Filled(_text(rows), "utf-8", filled.notes)


def _blackboard(listed: ClassList, marks: Mapping[str, Mark], choice: Choice) -> Filled:
    table = listed.table
    columns = [
        _Column(place, header, match["title"], match["number"],
                None if match["most"] else _number(match["points"]))
        for place, header in enumerate(table.header)
        if (match := OF_BLACKBOARD.fullmatch(header))
    ]  # fmt: skip
    chosen = _chosen(listed, columns, choice)
    names = [n for n in ("last name", "first name", "username", "student id") if n in table.columns]
    kept = [table.column(name) for name in names]
    filled = _Values(choice, marks)
    rows = [[*(table.header[place] for place in kept), *(c.header for c in chosen.values())]]
    for student, place in zip(listed.students, listed.places, strict=True):
        row = _as_long_as(table, table.rows[place])
        cells = []
        for notebook, column in chosen.items():
            value = filled.value(student.identifier, notebook, column)
            cells.append(row[column.place] if value is None else value)
        rows.append([*(row[place] for place in kept), *cells])
    text = _text(rows, table.delimiter, csv.QUOTE_ALL)
    return Filled(text, "utf-16" if table.encoding == "utf-16" else "utf-8", filled.notes)


def _brightspace(listed: ClassList, marks: Mapping[str, Mark], choice: Choice) -> Filled:
    table = listed.table
    columns = [
        _Column(place, header, match["title"], most=_number(match["points"] or ""))
        for place, header in enumerate(table.header)
        if (match := OF_BRIGHTSPACE.fullmatch(header))
    ]
    filled = _Values(choice, marks)
    if columns and not choice.per_notebook:
        chosen = _chosen(listed, columns, choice)
    else:
        titles = {n: n for n in choice.notebooks} if choice.per_notebook else {"": choice.lesson}
        titles |= choice.columns
        there = {column.title.casefold(): column for column in columns}
        chosen = {
            notebook: there.get(title.casefold())
            or _Column(-1, f"{title.removesuffix(' Points Grade')} Points Grade", title)
            for notebook, title in titles.items()
        }
        new = [column.title for column in chosen.values() if column.place < 0]
        if new:
            filled.notes.append(
                f"Brightspace has no grade item {', '.join(new)} in this export; its import offers "
                "to make one, where you set its maximum."
            )
    kept = [table.column(n) for n in ("orgdefinedid", "username") if n in table.columns]
    rows = [[*(table.header[place] for place in kept), *(c.header for c in chosen.values()),
             "End-of-Line Indicator"]]  # fmt: skip
    for student, place in zip(listed.students, listed.places, strict=True):
        row = _as_long_as(table, table.rows[place])
        cells = []
        for notebook, column in chosen.items():
            value = filled.value(student.identifier, notebook, column)
            there_now = row[column.place] if column.place >= 0 else ""
            cells.append(there_now if value is None else value)
        rows.append([*(row[place] for place in kept), *cells, "#"])
    return Filled(_text(rows), "utf-8", filled.notes)


FILL: dict[str, Callable[[ClassList, Mapping[str, Mark], Choice], Filled]] = {
    MOODLE: _moodle,
    CANVAS: _canvas,
    BLACKBOARD: _blackboard,
    BRIGHTSPACE: _brightspace,
}


class _Values:
    """What stands in the cells."""

    def __init__(self, choice: Choice, marks: Mapping[str, Mark]) -> None:
        self.choice, self.marks = choice, marks
        self.notes: list[str] = []

    def value(
        self, identifier: str, notebook: str, column: _Column, capped: bool = False
    ) -> str | None:
        """The points for a cell; None where there is no mark. Raises NothingGraded.

        capped: whether the platform leaves out what is above its maximum.
        """
        mark = self.marks.get(identifier)
        if mark is None or not mark.handed_in:
            return "0" if self.choice.zeros else None
        points = mark.of(notebook)
        if points is None:
            return None
        most = mark.most(notebook)
        if column.most and most and abs(column.most - most) > 1e-6:
            if not self.choice.scale:
                raise NothingGraded(
                    f"“{column.title}” has a maximum of {shorter(column.most)}, and "
                    f"{notebook or self.choice.lesson} has {shorter(most)} points. Set the maximum "
                    "there and export the list again, or convert the points with --scale."
                )
            points *= column.most / most
            note = f"Points were converted to the maximum of “{column.title}”, " + shorter(
                column.most
            )
            if f"{note}." not in self.notes:
                self.notes.append(f"{note}.")
        if capped and column.most and points > column.most:
            self.notes.append(
                f"{mark.student} has {shorter(points)}, more than the maximum, which Moodle would "
                f"leave out; {shorter(column.most)} was written."
            )
            points = column.most
        return shorter(points)


def _one_of(choice: Choice) -> str:
    """The notebook whose points are written, "" for the total: where there is one column."""
    if len(choice.columns) > 1 or choice.per_notebook:
        raise NothingGraded(
            "Moodle's worksheet takes the marks of one assignment. Export them one by one: "
            "--column problem_2_pen_and_paper=Grade, for instance."
        )
    return next(iter(choice.columns), "")


def _chosen(listed: ClassList, columns: Sequence[_Column], choice: Choice) -> dict[str, _Column]:
    """The columns by notebook, "" for the total. Raises NothingGraded if that is not clear."""
    has = ", ".join(f"“{column.header}”" for column in columns) or "none"
    wanted = dict(choice.columns)
    if choice.per_notebook:
        wanted = {name: name for name in choice.notebooks} | wanted
    if not wanted:
        if len(columns) != 1:
            raise NothingGraded(
                f"Which column takes the points? {IN_WORDS[listed.platform]} in "
                f"{listed.table.path} has {has}. {CHOOSE}."
            )
        return {"": columns[0]}
    found = {}
    for notebook, name in wanted.items():
        fitting = [
            c for c in columns
            if name.strip().casefold() in (c.header.casefold(), c.title.casefold(), c.number)
        ]  # fmt: skip
        if len(fitting) != 1:
            raise NothingGraded(
                f"{len(fitting) or 'No'} columns of {listed.table.path} are called “{name}”; it "
                f"has {has}. {CHOOSE}."
            )
        found[notebook] = fitting[0]
    return found


def _place(table: Table, name: str) -> int | None:
    return table.column(name) if name in table.columns else None


def _as_long_as(table: Table, row: Sequence[str]) -> list[str]:
    """A copy of a row with as many fields as the header has."""
    return [*row, *[""] * (len(table.header) - len(row))]


def _number(text: str) -> float | None:
    """A platform's number, with a point or a comma; None if it is none."""
    try:
        return float(text.strip().replace(",", ".")) or None
    except ValueError:
        return None


def _text(
    rows: Sequence[Sequence[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL
) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()
