"""A student's work: released notebooks with answers in them, and ways to change them."""

import copy
import io
import json
import zipfile
from functools import cache
from pathlib import Path

import nbformat

from helpers.asking.cell_ids import answer_cell_id

ROOT = Path(__file__).parents[2]
LESSON = "tutorial"


@cache
def _read(folder, name):
    (path,) = (ROOT / folder).glob(f"*/{name}.ipynb")
    return nbformat.read(path, as_version=4)


def notebook_names(lesson=LESSON):
    """The names of a lesson's released notebooks, in order."""
    return sorted(path.stem for path in (ROOT / "notebooks" / lesson).glob("*.ipynb"))


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


class Notebook:
    """A released notebook as one student hands it in."""

    def __init__(self, name, solved=True):
        self.name = name
        self.content = copy.deepcopy(_read("notebooks", name))
        if solved:
            solutions = {grade_id(cell): cell.source for cell in _read("solutions", name).cells}
            for cell in self.content.cells:
                if cell.metadata.get("nbgrader", {}).get("solution"):
                    cell.source = solutions[grade_id(cell)]

    def position(self, name):
        """The position of the cell with this grade_id, or of the answer to this question."""
        ids = [grade_id(cell) for cell in self.content.cells]
        wanted = name if name in ids else answer_cell_id(name)
        return ids.index(wanted)

    def answer(self, question, source):
        """Replace the answer to `question`."""
        self.content.cells[self.position(question)].source = source
        return self

    def edit(self, question, *changes):
        """In the answer to `question`, replace each (old, new) of `changes`, wherever it occurs."""
        cell = self.content.cells[self.position(question)]
        for old, new in changes:
            assert old in cell.source, f"{question}: the solution has no {old!r} any more"
            cell.source = cell.source.replace(old, new)
        return self

    def insert_after(self, question, source):
        """Add a cell of the student's own after the answer to `question`."""
        self.content.cells.insert(
            self.position(question) + 1, nbformat.v4.new_code_cell(source, id="of-my-own")
        )
        return self

    def delete(self, name):
        """Delete the cell with this grade_id."""
        del self.content.cells[self.position(name)]
        return self

    def duplicate(self, question):
        """Copy the answer cell of `question` below itself, as copy and paste does."""
        position = self.position(question)
        twin = copy.deepcopy(self.content.cells[position])
        twin["id"] = "a-copy"
        self.content.cells.insert(position + 1, twin)
        return self

    def __bytes__(self):
        return json.dumps(self.content, ensure_ascii=False).encode()


def write_zip(students, path):
    """Write what `students` hand in as the zip that Moodle's “Download all submissions” gives."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            for name, data in student.files().items():
                folder = f"{student.name}_{student.number}_assignsubmission_file_"
                archive.writestr(f"{folder}/{name}", data)
    return path


def zipped(files):
    """A zip of `files`, bytes by name, as bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()
