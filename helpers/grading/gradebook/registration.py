"""A lesson's notebooks in nbgrader's gradebook: their cells and points, before anybody's marks."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    TaskCell,
)
from nbgrader.preprocessors import SaveCells

from helpers.grading.errors import NothingGraded
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


def register(course: Course, lesson: str, released: Sequence[Released]) -> None:
    """Enter a lesson and its `released` notebooks with their cells and points in the gradebook.

    This is what generate_assignment does too. Raises NothingGraded if the gradebook holds
    submissions for notebooks with other cells. Interrupted anywhere, it can be done again.
    """
    database.make(course)
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(lesson)
        others = [notebook for notebook in released if not _is_entered(gradebook, lesson, notebook)]
    for notebook in others:
        _update(course, lesson, notebook)


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


def _update(course: Course, lesson: str, released: Released) -> None:
    """Let nbgrader enter the cells of a notebook that it knows with others."""
    names = {"notebook": released.name, "assignment": lesson, "db_url": course.database}
    try:
        SaveCells().preprocess(released.notebook.copy(), {"nbgrader": names})
    except RuntimeError as error:
        raise NothingGraded(
            f"{database.shown(course)} was made with another version of {released.name}: its "
            "cells have changed. Grade into a new one, with --gradebook or --db, or move this "
            "one away."
        ) from error
