"""The released notebooks: what students were given, and what its check cells ask."""

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import nbformat

from helpers.asking.cell_ids import question_of_check
from helpers.grading.errors import NothingGraded
from helpers.marking.questions import PERSONAL, question_by_id
from helpers.personal import course_secret


@dataclass(frozen=True)
class Released:
    """A notebook as it was released. name: without folder and suffix."""

    path: Path

    def __reduce__(self):
        # Workers get the path and read for themselves; questions hold functions, which stay here.
        return Released, (self.path,)

    @property
    def name(self):
        return self.path.stem

    @cached_property
    def notebook(self):
        """The notebook, as nbformat reads it. Shared: copy before changing it."""
        return _read(self.path, self.path.stat().st_mtime_ns)

    @cached_property
    def grade_ids(self):
        """Of its answer and check cells, which no other notebook of the course has."""
        cells = (c for c in self.notebook.cells if is_answer(c) or is_graded(c))
        return frozenset(filter(None, map(grade_id, cells)))

    @cached_property
    def questions(self):
        """The Question of each check cell: a dict by grade_id, in the notebook's order."""
        return self.questions_for("")

    def questions_for(self, student):
        """As `questions`, with the numbers of a student, by identifier."""
        return {
            grade_id(cell): question_by_id(question_of_check(grade_id(cell)), student)
            for cell in self.notebook.cells
            if is_check(cell)
        }

    @property
    def is_personal(self):
        """Whether students have numbers of their own in this notebook."""
        return self.name in PERSONAL and bool(course_secret())

    @cached_property
    def max_points(self):
        return sum(nbgrader(cell)["points"] for cell in self.notebook.cells if is_graded(cell))


@lru_cache(maxsize=64)  # a worker reads them once, not for each student
def _read(path, _changed):
    return nbformat.read(path, as_version=4)


def released_notebooks(course, lesson):
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
                if is_check(cell) and not _asks(cell, released.questions[grade_id(cell)])
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


def _asks(cell, question):
    """Whether a released check cell has the points and the arguments of its question."""
    (statement,) = ast.parse(cell.source).body
    arguments = {keyword.arg for keyword in statement.value.keywords}
    return nbgrader(cell)["points"] == question.points and arguments == set(question.arguments)


def nbgrader(cell):
    """A cell's nbgrader metadata, {} if it has none; whatever the cell holds."""
    metadata = cell.get("metadata")
    metadata = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def grade_id(cell):
    """A cell's grade_id, None if it has none."""
    value = nbgrader(cell).get("grade_id")
    return value if isinstance(value, str) and value else None


def is_graded(cell):
    return nbgrader(cell).get("grade") is True


def is_answer(cell):
    """Whether the student writes in this cell."""
    return nbgrader(cell).get("solution") is True


def is_check(cell):
    """Whether this is a check cell: graded by program, not written by the student."""
    return is_graded(cell) and not is_answer(cell) and cell["cell_type"] == "code"
