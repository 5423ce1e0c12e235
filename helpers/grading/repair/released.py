"""The released notebooks: what students were given, and what its check cells ask."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat import NotebookNode

from helpers.asking.cell_ids import question_of_check
from helpers.grading.errors import NothingGraded
from helpers.marking.questions import PERSONAL, question_by_id
from helpers.personal import course_secret

if TYPE_CHECKING:
    from helpers.grading.settings import Course
    from helpers.marking.questions.model import Question


@dataclass(frozen=True)
class Released:
    """A notebook as it was released."""

    path: Path

    def __reduce__(self) -> tuple[type[Released], tuple[Path]]:
        # Workers get the path and read for themselves; questions hold functions, which stay here.
        return Released, (self.path,)

    @property
    def name(self) -> str:
        """Without folder and suffix."""
        return self.path.stem

    @cached_property
    def notebook(self) -> NotebookNode:
        """The notebook, as nbformat reads it. Shared: copy before changing it."""
        return _read(self.path, self.path.stat().st_mtime_ns)

    @cached_property
    def grade_ids(self) -> frozenset[str]:
        """Of its answer and check cells, which no other notebook of the course has."""
        cells = (c for c in self.notebook.cells if is_answer(c) or is_graded(c))
        return frozenset(filter(None, map(grade_id, cells)))

    @cached_property
    def questions(self) -> dict[str, Question]:
        """The Question of each check cell, by grade_id, in the notebook's order."""
        return self.questions_for("")

    def questions_for(self, student: str) -> dict[str, Question]:
        """As `questions`, with the numbers of a student, by identifier."""
        checks = [grade_id(cell) or "" for cell in self.notebook.cells if is_check(cell)]
        return {check: question_by_id(question_of_check(check), student) for check in checks}

    @property
    def is_personal(self) -> bool:
        """Whether students have numbers of their own in this notebook."""
        return self.name in PERSONAL and bool(course_secret())

    @cached_property
    def max_points(self) -> float:
        return sum(nbgrader(cell)["points"] for cell in self.notebook.cells if is_graded(cell))


@lru_cache(maxsize=64)  # a worker reads them once, not for each student
def _read(path: Path, _changed: int) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def released_notebooks(course: Course, lesson: str) -> list[Released]:
    """The Released notebooks of a lesson that give points, in order.

    Raises NothingGraded if there are none, or if one does not fit helpers.marking.questions.
    """
    folder = course.released / lesson
    found = [Released(path) for path in sorted(folder.glob("*.ipynb"))]
    if not found:
        lessons = sorted({path.parent.name for path in course.released.glob("*/*.ipynb")})
        known = f" Lessons that have notebooks: {', '.join(lessons)}." if lessons else ""
        raise NothingGraded(f"There are no released notebooks in {folder}.{known}")
    for released in found:
        try:
            wrong = [
                grade_id(cell)
                for cell in released.notebook.cells
                if is_check(cell) and not _asks(cell, released.questions[grade_id(cell) or ""])
            ]
        except Exception as error:
            raise NothingGraded(f"{released.path} cannot be used for grading: {error}") from error
        if wrong:
            raise NothingGraded(
                f"{released.path}: the check cell {wrong[0]} does not fit its question in "
                "helpers/marking/questions. Build the notebooks again: python -m helpers.authoring"
            )
    graded = [released for released in found if released.max_points]
    if not graded:
        raise NothingGraded(f"No notebook in {folder} has graded cells.")
    return graded


def _asks(cell: NotebookNode, question: Question) -> bool:
    """Whether a released check cell has the points and the arguments of its question."""
    (statement,) = ast.parse(cell.source).body
    assert isinstance(statement, ast.Expr), "a check cell is one call"
    assert isinstance(statement.value, ast.Call), "a check cell is one call"
    arguments = {keyword.arg for keyword in statement.value.keywords}
    return nbgrader(cell)["points"] == question.points and arguments == set(question.arguments)


def nbgrader(cell: Mapping[str, Any]) -> dict[str, Any]:
    """A cell's nbgrader metadata, {} if it has none; whatever the cell holds."""
    metadata = cell.get("metadata")
    metadata = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def grade_id(cell: Mapping[str, Any]) -> str | None:
    """A cell's grade_id, None if it has none."""
    value = nbgrader(cell).get("grade_id")
    return value if isinstance(value, str) and value else None


def is_graded(cell: Mapping[str, Any]) -> bool:
    return nbgrader(cell).get("grade") is True


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Whether the student writes in this cell."""
    return nbgrader(cell).get("solution") is True


def is_check(cell: Mapping[str, Any]) -> bool:
    """Whether this is a check cell: graded by program, not written by the student."""
    return is_graded(cell) and not is_answer(cell) and cell["cell_type"] == "code"
