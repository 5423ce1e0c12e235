"""Which released cell each cell of a submission is: by its labels, else by its content.

An answer is known by what it defines: the names to which the released form gives a value. Where
several answers define the same names, the one whose place is nearest is meant.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import Any

from nbformat import NotebookNode

from helpers.grading.repair.released import grade_id, is_answer, is_check, nbgrader
from helpers.grading.repair.statements import names_in, statements

MAX_CELL_LENGTH = 100_000  # characters; a longer one is nobody's work
FENCED = "```"

# The names to which each answer cell gives a value as it was released, by the cell's position.
Forms = Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Cell:
    """A cell of a submission."""

    kind: str  # its type, "" if the file gives none
    text: str
    metadata: dict[str, Any]  # nbgrader's
    id: object = None
    position: int | None = None  # of the released cell that it is, None if the student added it
    by_content: bool = False  # whether only what it says showed that
    taken_from: bool = False  # whether it was a part of another cell
    is_too_long: bool = False  # whether its text was left out for that

    @cached_property
    def code(self) -> str:
        """The text as code; of Markdown, what stands between its fences if it has any."""
        if self.kind == "code" or FENCED not in self.text:
            return self.text
        blocks = self.text.split(FENCED)[1::2]
        return "\n".join(block.partition("\n")[2].strip("\n") for block in blocks)

    @cached_property
    def names(self) -> frozenset[str]:
        return names_in(self.code)


def text_of(cell: Mapping[str, Any]) -> str:
    """A cell's text, whatever the cell holds; line ends as in Unix, and only what UTF-8 can say."""
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return source.encode("utf-8", "replace").decode()


def as_compared(text: str) -> str:
    """A text without what nobody sees: spaces at the ends of lines, and around it."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def matched(
    submitted: NotebookNode, released: NotebookNode, plain: Callable[[str], str]
) -> list[Cell]:
    """The Cells of a submission, in its order, each with the position of the cell that it is.

    submitted: of whatever structure. plain: takes out of a text what a student may write in a given
    cell.
    """
    forms = {
        position: names_in(text_of(cell))
        for position, cell in enumerate(released.cells)
        if is_answer(cell) and names_in(text_of(cell))
    }
    cells = _labelled(submitted, released, forms, plain)
    cells = _with_additions(cells, released)
    cells = _found_by_content(cells, released, forms)
    return _taken_apart(cells, released, forms)


def is_empty_form(cell: Cell, released: NotebookNode) -> bool:
    """Whether a Cell is the answer cell as it was released."""
    return as_compared(cell.text) == as_compared(text_of(released.cells[cell.position]))


# By label


def _labelled(
    submitted: NotebookNode,
    released: NotebookNode,
    forms: Forms,
    plain: Callable[[str], str],
) -> list[Cell]:
    by_grade_id = {grade_id(cell): i for i, cell in enumerate(released.cells) if grade_id(cell)}
    by_id = {cell.get("id"): i for i, cell in enumerate(released.cells) if cell.get("id")}
    by_text: dict[str, list[int]] = {}
    for i, cell in enumerate(released.cells):
        if i not in forms:
            by_text.setdefault(as_compared(plain(text_of(cell))), []).append(i)

    def position(label: str | None, cell: Cell) -> int | None:
        keys = ((cell.id, by_id), (label, by_grade_id))
        found = [places[key] for key, places in keys if isinstance(key, str) and key in places]
        if found:
            return max(found, key=lambda i: _likeness(cell, i, released, forms))
        # The first cell with a text that occurs more than once is the first of them, and so on.
        same = by_text.get(as_compared(plain(cell.text)), []) if cell.text.strip() else []
        return same.pop(0) if len(same) > 1 else next(iter(same), None)

    cells = []
    for cell in submitted.cells:
        if isinstance(cell, dict):
            text = text_of(cell)
            kind = cell.get("cell_type")
            kind = kind if isinstance(kind, str) else ""
            found = Cell(kind, text, nbgrader(cell), cell.get("id"))
            if len(text) > MAX_CELL_LENGTH:
                found = replace(found, text="", is_too_long=True)
            cells.append(replace(found, position=position(grade_id(cell), found)))
    return cells


def _likeness(cell: Cell, position: int, released: NotebookNode, forms: Forms) -> float:
    """How far a Cell says what the released cell at `position` does, from 0 to 1."""
    if position in forms:
        return len(cell.names & forms[position]) / len(cell.names | forms[position])
    return float(as_compared(cell.text) == as_compared(text_of(released.cells[position])))


# What was added to given cells


def _with_additions(cells: Sequence[Cell], released: NotebookNode) -> list[Cell]:
    """The cells, with what was added to a given one as a cell of its own: before a check, after
    any other."""
    found: list[Cell] = []
    for cell in cells:
        original = None if cell.position is None else released.cells[cell.position]
        added = ""
        if original is not None and original.cell_type == "code" and not is_answer(original):
            added = _added(cell.code, text_of(original))
        new = [Cell("code", added, {}, taken_from=True)] if added else []
        found += [*new, cell] if original is not None and is_check(original) else [cell, *new]
    return found


def _added(text: str, original: str) -> str:
    """The statements of `text` that give other names a value than `original` does."""
    there = {"".join(statement.text.split()) for statement in statements(original)}
    taken = names_in(original)
    return "\n".join(
        statement.text
        for statement in statements(text)
        if statement.names - taken and "".join(statement.text.split()) not in there
    )


# By content


def _found_by_content(cells: Sequence[Cell], released: NotebookNode, forms: Forms) -> list[Cell]:
    """The cells, with those that are answers without the right label at the answers' positions."""

    def is_loose(cell: Cell) -> bool:
        if cell.position is None:
            return True
        # The label of an answer on a cell that defines only what others do.
        form = forms.get(cell.position, cell.names)
        return bool(cell.names) and not cell.names & form

    def is_work(cell: Cell) -> bool:
        return not is_loose(cell) and not (cell.position in forms and is_empty_form(cell, released))

    places: dict[int, int] = {}
    for index, cell in enumerate(cells):
        if cell.position is not None and is_work(cell):
            places.setdefault(cell.position, index)
    windows = {position: _window(position, places, len(cells)) for position in forms}
    found: list[Cell] = []
    taken: set[int] = set()
    for index, cell in enumerate(cells):
        fitting = [p for p in forms if forms[p] & cell.names] if is_loose(cell) else []

        def rank(
            position: int, index: int = index, cell: Cell = cell
        ) -> tuple[int, bool, float, int]:
            start, end = windows[position]
            distance = max(start - index, index - end, 0)
            likeness = _likeness(cell, position, released, forms)
            return distance, position in taken, -likeness, position

        best = min(fitting, key=rank, default=None)
        if (
            best is not None
            and best not in places
            and (rank(best)[0] == 0 or forms[best] <= cell.names)
        ):
            taken.add(best)
            cell = replace(cell, position=best, by_content=True)
        found.append(cell)
    return found


def _window(position: int, places: Mapping[int, int], end: int) -> tuple[int, int]:
    """Between which indices of a submission the released cell at `position` has to be.

    places: the indices of the cells that are known, by position. end: the number of cells.
    """
    if position in places:
        return places[position], places[position]
    before = max((p for p in places if p < position), default=None)
    after = min((p for p in places if p > position), default=None)
    first = -1 if before is None else places[before]
    last = end if after is None else places[after]
    return min(first, last), max(first, last)


# Several answers in one cell


def _taken_apart(cells: Sequence[Cell], released: NotebookNode, forms: Forms) -> list[Cell]:
    """The cells, with those that hold answers whose own cells are not there cut in pieces."""
    there = {
        cell.position
        for cell in cells
        if cell.position is not None
        and cell.position in forms
        and not is_empty_form(cell, released)
    }
    found: list[Cell] = []
    for cell in cells:
        if cell.position not in there:
            found.append(cell)
            continue
        missing = [p for p in _around(cell.position, there, forms) if forms[p] & cell.names]
        pieces = _pieces(cell, missing, forms) if missing else {cell.position: cell.text}
        found += [
            replace(cell, text=text)
            if position == cell.position
            else Cell("code", text, {}, position=position, by_content=True, taken_from=True)
            for position, text in pieces.items()
        ]
    return found


def _around(position: int, there: Container[int], forms: Forms) -> list[int]:
    """The answers next to the one at `position`, in both directions, up to one that is `there`."""
    answers = sorted(forms)
    place = answers.index(position)
    before = takewhile(lambda p: p not in there, reversed(answers[:place]))
    return [*before, *takewhile(lambda p: p not in there, answers[place + 1 :])]


def _pieces(cell: Cell, missing: Sequence[int], forms: Forms) -> dict[int, str]:
    """What a Cell holds of its own answer and of `missing` ones: {position: text}."""
    assert cell.position is not None
    group = sorted([cell.position, *missing])
    pieces: dict[int, list[str]] = {p: [] for p in group}
    current, bound = group[0], frozenset[str]()
    for statement in statements(cell.code):
        later = [p for p in group if p > current and forms[p] & statement.names]
        is_complete = forms[current] <= bound
        if later and (is_complete or not forms[current] & statement.names):
            current, bound = later[0], frozenset()
        bound |= statement.names
        pieces[current].append(statement.text)
    texts = {p: "\n".join(lines) for p, lines in pieces.items() if lines}
    # All that it defines for its own answer stays there: it may well define a name twice.
    own = names_in(texts.get(cell.position, ""))
    return texts if cell.names & forms[cell.position] <= own else {cell.position: cell.text}
