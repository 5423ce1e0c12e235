"""From the notebooks with markers to what students get, through nbgrader's generate_assignment."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.converters.generate_assignment import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from traitlets.config import Config

from helpers.authoring.blocks import blocks_in, for_student
from helpers.authoring.errors import BuildError
from helpers.authoring.source import is_answer, is_for_slides_only, is_note


class ReplaceSolutions(ClearSolutions):
    """nbgrader's ClearSolutions with a stub of the author's own for each solution block.

    Markdown cells that are nothing but solution disappear, and so do notes for a speaker and what
    is for slides only.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        nb.cells = [cell for cell in nb.cells if not (is_note(cell) or is_for_slides_only(cell))]
        nb, resources = super().preprocess(nb, resources)
        nb.cells = [cell for cell in nb.cells if cell.source or cell.cell_type == "code"]
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        if blocks_in(cell.source, cell.cell_type):
            cell.source = for_student(cell.source, cell.cell_type)
        elif is_answer(cell):
            # A written answer: nothing of it is the student's to see.
            return super().preprocess_cell(cell, resources, cell_index)
        return cell, resources


class LockUnlessEditable(LockCells):
    """nbgrader's LockCells, but a source may leave a given cell open to typing."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        editable = cell.metadata.get("editable") is True
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if editable:
            cell.metadata.editable = True
        return cell, resources


def release(notebooks: Mapping[str, NotebookNode], lesson: str) -> dict[str, NotebookNode]:
    """The students' versions of a lesson's notebooks by name. Raises BuildError.

    notebooks: by name, with their markers, as `source.read` returns them. They stay as they are.
    """
    errors = _Errors()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch).resolve() / "source" / lesson
        folder.mkdir(parents=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, folder / f"{name}.ipynb", version=nbformat.NO_CONVERT)
        config = Config()
        config.CourseDirectory.root = str(Path(scratch).resolve())
        config.CourseDirectory.source_directory = "source"
        config.CourseDirectory.release_directory = "release"
        config.CourseDirectory.assignment_id = lesson
        config.ClearSolutions.text_stub = "*Your answer*"
        # Without the preprocessors that write to a gradebook: the grading side fills its own.
        config.GenerateAssignment.preprocessors = [
            LockUnlessEditable,
            ReplaceSolutions,
            ClearOutput,
            CheckCellMetadata,
            ComputeChecksums,
        ]
        config.GenerateAssignment.no_database = True
        courses = CourseDirectory(config=config, log=errors.log)
        try:
            GenerateAssignment(coursedir=courses, config=config, log=errors.log).start()
        except NbGraderException as error:
            said = "\n".join(errors.messages) or str(error)
            raise BuildError(f"{lesson}: nbgrader's generate_assignment fails:\n{said}") from None
        made = Path(scratch).resolve() / "release" / lesson
        return {
            name: nbformat.read(made / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)
            for name in notebooks
        }


class _Errors(logging.Handler):
    """nbgrader's log: its errors kept, the rest dropped."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []
        self.log = logging.Logger("release")
        self.log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
