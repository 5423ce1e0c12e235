"""A lesson's notebooks in nbgrader's gradebook: their cells and points, before anybody's marks."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
)

from helpers.grading.gradebook import database
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.repair.released import Released, grade_id
from helpers.grading.settings import Course

Entry = tuple[type, dict[str, Any]]  # what nbgrader enters of a cell: its class, and the fields

FIELDS: dict[type, tuple[str, ...]] = {
    GradeCell: ("name", "max_score", "cell_type"),
    SolutionCell: ("name",),
    TaskCell: ("name", "max_score", "cell_type"),
    SourceCell: ("name", "cell_type", "locked", "source", "checksum"),
}


def register(course: Course, lesson: str, released: Sequence[Released]) -> list[str]:
    """Enter a lesson and its `released` notebooks with their cells and points in the gradebook.

    This is what generate_assignment does too, which refuses a notebook whose cells have changed
    once somebody has marks in it. Interrupted anywhere, it can be done again. Returns what was done
    to marks that were there, sentences for the instructor.
    """
    database.make(course)
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(lesson)
        others = [notebook for notebook in released if not _is_entered(gradebook, lesson, notebook)]
        return [said for notebook in others for said in _update(gradebook, lesson, notebook)]


def _is_entered(gradebook: Gradebook, lesson: str, released: Released) -> bool:
    """Whether the gradebook has a notebook as it is; one that it had not at all is entered now."""
    cells = list(_cells(released.notebook))
    kernelspec = json.dumps(released.notebook.metadata.get("kernelspec", {}))
    try:
        entry = gradebook.find_notebook(released.name, lesson)
    except MissingEntry:
        # At once: nbgrader's SaveCells asks and commits for each cell, a second for four notebooks.
        assignment = gradebook.find_assignment(lesson)
        entry = Notebook(name=released.name, assignment=assignment, kernelspec=kernelspec)
        gradebook.db.add_all([entry, *(cell(notebook=entry, **of_it) for cell, of_it in cells)])
        gradebook.db.commit()
        return True
    entered = [
        (type(cell), {field: getattr(cell, field) for field in FIELDS[type(cell)]})
        for cell in (
            *entry.grade_cells,
            *entry.solution_cells,
            *entry.task_cells,
            *entry.source_cells,
        )
    ]
    return entry.kernelspec == kernelspec and _in_order(entered) == _in_order(cells)


def _cells(notebook: NotebookNode) -> Iterator[Entry]:
    """What nbgrader enters of a notebook's cells."""
    for cell in notebook.cells:
        name = {"name": grade_id(cell)}
        if utils.is_grade(cell):
            yield GradeCell, {**name, **_points(cell)}
        if utils.is_solution(cell):
            yield SolutionCell, name
        if utils.is_task(cell):
            yield TaskCell, {**name, **_points(cell)}
        if any(of(cell) for of in (utils.is_grade, utils.is_solution, utils.is_locked)):
            checksum = cell.metadata.nbgrader.get("checksum")
            locked = utils.is_locked(cell)
            source = {"source": cell.source, "locked": locked, "checksum": checksum}
            yield SourceCell, {**name, "cell_type": cell.cell_type, **source}


def _points(cell: NotebookNode) -> dict[str, Any]:
    return {"max_score": float(cell.metadata.nbgrader.points), "cell_type": cell.cell_type}


def _in_order(cells: Iterable[Entry]) -> list[tuple[str, list[str]]]:
    return sorted((kind.__name__, sorted(map(repr, fields.items()))) for kind, fields in cells)


def _update(gradebook: Gradebook, lesson: str, released: Released) -> list[str]:
    """Enter the cells of a notebook that the gradebook knows with others, whoever has marks there.

    Points and comments that a person gave stay with their cells. Returns what was done, sentences
    for the instructor.
    """
    entry = gradebook.find_notebook(released.name, lesson)
    entry.kernelspec = json.dumps(released.notebook.metadata.get("kernelspec", {}))
    wanted = {(kind, of_it["name"]): of_it for kind, of_it in _cells(released.notebook)}
    cells = (*entry.grade_cells, *entry.solution_cells, *entry.task_cells, *entry.source_cells)
    there = {(type(cell), cell.name): cell for cell in cells}
    done = _Changes()
    for key, cell in there.items():
        if key not in wanted:
            done.note_dropped(cell)
            for one in (*getattr(cell, "grades", ()), *getattr(cell, "comments", ())):
                gradebook.db.delete(one)
            gradebook.db.delete(cell)
    gradebook.db.flush()  # before cells of another kind and the same name come
    submitted = list(entry.submissions)
    for (kind, name), fields in wanted.items():
        cell = there.get((kind, name))
        if cell is None:
            cell = kind(notebook=entry, **fields)
            gradebook.db.add(cell)
            gradebook.db.flush()
            for one in submitted:
                _enter_empty(gradebook, cell, one)
            if kind is not SourceCell:
                done.added.add(name)
            continue
        if "max_score" in fields and cell.max_score != fields["max_score"]:
            done.points.append(f"{name} from {cell.max_score:g} to {fields['max_score']:g}")
        for attribute, value in fields.items():
            setattr(cell, attribute, value)
    gradebook.db.commit()
    return done.sentences(released.name) if submitted else []


def _enter_empty(gradebook: Gradebook, cell: Any, submitted: SubmittedNotebook) -> None:
    """What nbgrader enters of a cell for a notebook that was handed in."""
    if isinstance(cell, GradeCell | TaskCell):
        gradebook.db.add(Grade(cell=cell, notebook=submitted))
    if isinstance(cell, SolutionCell | TaskCell):
        gradebook.db.add(Comment(cell=cell, notebook=submitted))


@dataclass
class _Changes:
    """What became of the cells of a notebook."""

    dropped: dict[str, list[str]] = field(default_factory=dict)  # what people gave, by cell
    added: set[str] = field(default_factory=set)
    points: list[str] = field(default_factory=list)

    def note_dropped(self, cell: Any) -> None:
        if isinstance(cell, SourceCell):
            return
        lost = self.dropped.setdefault(cell.name, [])
        for grade in getattr(cell, "grades", ()):
            if grade.manual_score is not None or grade.extra_credit:
                given = (grade.manual_score or 0) + (grade.extra_credit or 0)
                lost.append(f"{grade.student.id}: {given:g} points")
        for comment in getattr(cell, "comments", ()):
            if comment.manual_comment:
                lost.append(f"{comment.student.id}: “{comment.manual_comment}”")

    def sentences(self, notebook: str) -> list[str]:
        said = []
        for name in sorted(set(self.dropped) - self.added):
            lost = f"; given by hand there: {', '.join(self.dropped[name])}" if (
                self.dropped[name]
            ) else ""  # fmt: skip
            said.append(f"{name} is no more{lost}")
        said += [f"{name} is new" for name in sorted(self.added - set(self.dropped))]
        if self.points:
            said.append(f"points have changed: {', '.join(self.points)}")
        if not said:
            return []
        return [
            f"{notebook} is another than the gradebook had: {'; '.join(said)}. All other points "
            "and comments given by hand were kept."
        ]
