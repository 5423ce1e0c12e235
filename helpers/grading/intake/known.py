"""Know the course's own notebooks again: those released, and those with solutions."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from nbformat import NotebookNode

from helpers.grading.intake.students import NOTEBOOK
from helpers.grading.repair.matching import as_compared, text_of
from helpers.grading.repair.released import Released, grade_id, is_answer, is_graded
from helpers.grading.repair.statements import names_in

Feature = tuple[str, str]  # "label" or "text", and which

# How much has to show that a notebook is one of the course's: a label of an answer or a check, a
# check, or two given cells.
ENOUGH = 2
WORD = re.compile(r"[^\W\d]\w*")


def named(file_name: str, names: Iterable[str]) -> str | None:
    """Which of `names` a file is called: whatever the case, spaces, " (1)", or words around it."""
    stem = re.sub(r"[^a-z0-9]+", "_", NOTEBOOK.sub("", file_name).casefold()).strip("_")
    fitting = [name for name in names if name.casefold() in stem]
    return max(fitting, key=len, default=None)


class Known:
    """The course's notebooks."""

    def __init__(self, released: Sequence[Released], other_names: Sequence[str] = ()) -> None:
        """released: the lesson's. other_names: of other lessons' notebooks."""
        self.released = {notebook.name: notebook for notebook in released}
        self.names = list(self.released)
        self.other_names = list(other_names)
        self._folder = released[0].path.parents[1]  # of all lessons
        others = [
            Released(path)
            for path in sorted(self._folder.glob("*/*.ipynb"))
            if path.stem in self.other_names
        ]
        weights: dict[Feature, dict[str, int]] = defaultdict(dict)
        for notebook in (*released, *others):
            for feature, weight in _telling(notebook):
                weights[feature][notebook.name] = weight
        # What several notebooks have tells none of them.
        self._features = {f: next(iter(w.items())) for f, w in weights.items() if len(w) == 1}

    def called(self, file_name: str) -> str | None:
        """The name of the course's notebook, of whatever lesson, that a file is called."""
        return named(file_name, self.names) or named(file_name, self.other_names)

    def notebook_of(self, file_name: str, parsed: NotebookNode) -> str | None:
        """The name of the course's notebook that this one is: by its cells, else by its name."""
        weights: Counter[str] = Counter()
        for feature in {f for cell in parsed.cells for f in _features(cell)}:
            if feature in self._features:
                name, weight = self._features[feature]
                weights[name] += weight
        by_name = self.called(file_name)
        best = max(weights, key=lambda name: (weights[name], name == by_name), default="")
        return best if weights[best] >= ENOUGH else by_name

    def answers(self, name: str, parsed: NotebookNode) -> tuple[str, ...]:
        """What a student wrote in a copy of the notebook `name`: texts that it did not have."""
        cells = self.released[name].notebook.cells
        texts = {as_compared(text_of(cell)) for cell in cells} | {""}
        given = {grade_id(cell) for cell in cells if not is_answer(cell)} - {None}
        found = ((grade_id(cell), as_compared(text_of(cell))) for cell in parsed.cells)
        return tuple(text for label, text in found if label not in given and text not in texts)

    def may_be(self, parsed: NotebookNode) -> list[str]:
        """The lesson's notebooks that ask for a name that occurs in this unknown one."""
        words = {word for cell in parsed.cells for word in WORD.findall(text_of(cell))}
        return [name for name, asked in self._asked.items() if asked & words]

    @cached_property
    def _asked(self) -> dict[str, frozenset[str]]:
        """The names that the answers of each notebook define; a letter or two tell nothing."""
        return {
            name: frozenset(
                word
                for cell in notebook.notebook.cells
                if is_answer(cell)
                for word in names_in(text_of(cell))
                if len(word) > 2
            )
            for name, notebook in self.released.items()
        }

    def is_solution(self, data: bytes, parsed: NotebookNode) -> bool:
        """Whether a file is one of the course's notebooks with solutions, text by text.

        data: the file. The cells of released notebooks have checksums, those of solutions have not:
        a released notebook into which somebody has written the same is no file of ours.
        """
        return b'"checksum"' not in data and _texts(parsed.cells) in self._solutions

    @cached_property
    def _solutions(self) -> set[tuple[str, ...]]:
        found = set()
        for path in self._folder.parent.glob("solutions/*/*.ipynb"):
            with suppress(OSError, ValueError, KeyError):  # then it is none of our notebooks
                found.add(_texts(json.loads(path.read_text(encoding="utf-8"))["cells"]))
        return found


def _features(cell: Mapping[str, Any]) -> Iterator[Feature]:
    label, text = grade_id(cell), as_compared(text_of(cell))
    if label:
        yield "label", label
    if text:
        yield "text", text


def _telling(notebook: Released) -> Iterator[tuple[Feature, int]]:
    """Yield (feature, weight): what shows that a notebook is this one, and how far."""
    for cell in notebook.notebook.cells:
        for kind, what in _features(cell):
            if kind == "label" and what in notebook.grade_ids:
                yield (kind, what), ENOUGH
            elif kind == "text" and not is_answer(cell):
                yield (kind, what), ENOUGH if is_graded(cell) else 1


def _texts(cells: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The texts of cells that have one, as they are compared."""
    return tuple(filter(None, (as_compared(text_of(cell)) for cell in cells)))
