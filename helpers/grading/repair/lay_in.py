"""Lay a student's answers into the released notebook.

What counts of a submission is the text of its answer cells, found by their labels or else by their
content (see helpers.grading.repair.matching), and the cells that the student added, each in place.
Everything else comes from the released notebook, so whatever was changed there, deleted,
duplicated, moved or relabelled no longer matters. The text that a given cell assigns to STUDENT is
the student's to change: it is read here, as data, and the cell is put back without it.
"""

import ast
import copy
import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from helpers.grading.intake.reading import LABELS, release_of
from helpers.grading.repair.matching import (
    MAX_CELL_LENGTH,
    Cell,
    as_compared,
    is_empty_form,
    matched,
    text_of,
)
from helpers.grading.repair.released import grade_id, is_answer, is_graded, nbgrader
from helpers.grading.repair.statements import forget, is_empty, names_emptied_in, names_in
from helpers.older_notebooks import with_new_imports, with_new_words

NEW_CELL: dict[str, Callable[[str], NotebookNode]] = {
    "code": new_code_cell,
    "markdown": new_markdown_cell,
    "raw": new_raw_cell,
}
MAX_STUDENT_LENGTH = 300
STUDENT_LINE = re.compile(r"^STUDENT\b[^\n]*$", re.MULTILINE)


@dataclass
class _Found:
    """What a submission holds of each released cell, by the cell's position."""

    answers: dict[int, str] = field(default_factory=dict)  # the texts that count
    # The student's own cells, by the position of the cell before; -1 is before all.
    extra: dict[int, list[NotebookNode]] = field(default_factory=dict)
    pieces: dict[int, list[str]] = field(default_factory=dict)  # texts found by content
    # Of what was not found by content, in the student's order.
    positions: list[int] = field(default_factory=list)
    copies: set[int] = field(default_factory=set)  # what occurs more than once
    changed: set[int] = field(default_factory=set)  # given cells and checks with another text
    retyped: set[int] = field(default_factory=set)  # what is of another type
    relabelled: set[int] = field(default_factory=set)  # what has other labels of nbgrader's
    apart: set[int] = field(default_factory=set)  # answers that stood in another's cell
    added: int = 0  # how many given cells something was added to
    too_long: int = 0  # how many cells were left out for their length


def repair(submitted: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """The released notebook with the student's cells in it, and what had to be put right.

    submitted: as nbformat reads it, of whatever structure. Returns (notebook, sentences); no
    sentence if only answers and new cells differ.
    """
    try:
        found = _find(with_new_words(submitted), released)
    finally:
        forget()
    notebook = copy.deepcopy(released)
    notebook.cells = []
    for cell in found.extra.get(-1, []):
        notebook.cells.append(cell)
    for position, original in enumerate(released.cells):
        cell = copy.deepcopy(original)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if position in found.answers:
            cell.source = found.answers[position]
        notebook.cells.append(cell)
        notebook.cells.extend(found.extra.get(position, []))
    for number, cell in enumerate(c for c in notebook.cells if c.id is None):
        cell.id = f"extra-{number + 1}"
    releases = release_of(submitted), release_of(released)
    return notebook, _sentences(found, released, *releases)


def announced_student(submitted: NotebookNode, released: NotebookNode) -> str | None:
    """The identifier that a submitted notebook assigns to STUDENT, "" if none; nothing is run.

    None if the released notebook has no STUDENT.
    """
    given = [cell for cell in released.cells if _students_in(text_of(cell))]
    if not given:
        return None
    ids = {given[0].get("id"), grade_id(given[0])}
    cells = [cell for cell in submitted.cells if isinstance(cell, dict)]
    code = [
        cell
        for cell in cells
        if cell.get("cell_type") == "code" and len(text_of(cell)) <= MAX_CELL_LENGTH
    ]
    same = [cell for cell in code if {cell.get("id"), grade_id(cell)} & ids - {None}]
    for cell in (*same, *code):
        found = _students_in(text_of(cell))
        if found:
            return found[-1][:MAX_STUDENT_LENGTH]
    return ""


def _students_in(text: str) -> list[str]:
    """The texts that the lines of `text` assign to STUDENT, in order."""
    return [found for found in map(_student_in, STUDENT_LINE.findall(text)) if found is not None]


def _student_in(line: str) -> str | None:
    """The text that a line such as STUDENT = "…" assigns; None for anything else."""
    try:
        (statement,) = ast.parse(line).body
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            return None
        value = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError, TypeError, AttributeError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, str) else None


def _without_student(text: str) -> str:
    """`text` with nothing between the quotes of its STUDENT lines."""

    def emptied(line: re.Match[str]) -> str:
        return line[0] if _student_in(line[0]) is None else 'STUDENT = ""'

    return STUDENT_LINE.sub(emptied, text)


def _find(submitted: NotebookNode, released: NotebookNode) -> _Found:
    found = _Found()
    before = -1
    seen: set[int] = set()
    cells = matched(submitted, released, _without_student)
    present = {cell.position for cell in cells}
    for cell in cells:
        found.too_long += cell.is_too_long
        position = cell.position
        if position is None:
            found.added += cell.taken_from
            _add_extra(found, released, present, before, cell)
            continue
        if cell.by_content:
            found.pieces.setdefault(position, []).append(cell.code)
            if cell.taken_from:
                found.apart.add(position)
            elif cell.kind != released.cells[position].cell_type:
                found.retyped.add(position)
            before = position
            continue
        original = released.cells[position]
        _compare(found, position, original, cell)
        if not is_answer(original):
            if position in seen:
                found.copies.add(position)
            else:
                found.positions.append(position)
            before = position
        elif position not in seen:
            found.answers[position] = cell.code
            found.positions.append(position)
            before = position
        else:
            # A second copy of an answer cell: run where the student has it, as they would see it,
            # unless one of the two is still the empty form.
            found.copies.add(position)
            if found.answers[position].strip() == text_of(original).strip():
                found.answers[position] = cell.code
            elif not is_empty_form(cell, released) and (
                cell.code.strip() != found.answers[position].strip()
            ):
                _add_extra(found, released, present, before, cell)
        seen.add(position)
    for position, texts in found.pieces.items():
        _lay_pieces(found, released, position, texts)
    for position in found.answers:
        if is_empty(found.answers[position]):
            _lay_form(found, released, position)
    return found


def _lay_form(found: _Found, released: NotebookNode, position: int) -> None:
    """Let an emptied answer be as it was released, so that it is known to be none.

    Unless the student has given its names values above, in cells of their own.
    """
    original = released.cells[position]
    own = [cell for place in range(-1, position) for cell in found.extra.get(place, [])]
    given = frozenset().union(*(names_in(cell.source) for cell in own if cell.cell_type == "code"))
    if original.cell_type == "code" and not given & names_in(text_of(original)):
        found.answers[position] = text_of(original)


def _lay_pieces(found: _Found, released: NotebookNode, position: int, texts: Sequence[str]) -> None:
    """Let `texts`, found by content, be the answer at `position`: one cell each, in order."""
    form = text_of(released.cells[position])
    # Names that none of them defines have their values from the form: the check asks for them all.
    if names_in(form) <= frozenset().union(*map(names_in, texts)):
        found.answers[position], *texts = texts
    found.extra.setdefault(position, [])[:0] = [_own_cell("code", text) for text in texts]


def _own_cell(kind: str, text: str) -> NotebookNode:
    new = NEW_CELL[kind](text)
    new.id = None
    return new


def _add_extra(
    found: _Found,
    released: NotebookNode,
    present: Container[int | None],
    before: int,
    cell: Cell,
) -> None:
    if cell.kind not in NEW_CELL or not cell.text.strip():
        return
    # Where an answer cell is gone, the cell in its place may be the answer: it comes after the
    # empty form, so that it counts. So does one that gives values to what a given cell empties,
    # where the student does not have that, as in a notebook of an older release.
    while before + 1 < len(released.cells) and before + 1 not in present:
        after = released.cells[before + 1]
        if not is_answer(after) and not cell.names & _emptied(after):
            break
        before += 1
    found.extra.setdefault(before, []).append(_own_cell(cell.kind, cell.text))


def _emptied(original: NotebookNode) -> frozenset[str]:
    """The names that a given cell empties, if that is what it is for."""
    return names_emptied_in(original.source) if _is_given_code(original) else frozenset()


def _compare(found: _Found, position: int, original: NotebookNode, cell: Cell) -> None:
    """Note how a submitted Cell differs from the released one, apart from an answer."""
    if cell.kind != original.cell_type:
        found.retyped.add(position)
    its_text = with_new_imports(cell.text)
    text, given = (as_compared(_without_student(t)) for t in (its_text, text_of(original)))
    if not is_answer(original) and text != given:
        found.changed.add(position)
    ours = nbgrader(original)
    # The points that a check had when it was handed out may have been changed by the instructor.
    labels = LABELS.keys() - {"points"}
    # A given cell is numbered from the question before it, which may have been dropped since.
    if not (is_graded(original) or is_answer(original)):
        labels -= {"grade_id"}
    if any(cell.metadata.get(label) != ours.get(label) for label in labels):
        found.relabelled.add(position)


def _sentences(
    found: _Found, released: NotebookNode, its_release: str, our_release: str
) -> list[str]:
    """What had to be put right, in words for the student.

    The releases are those of the course that the submission and the released notebook belong to.
    """
    is_of_another = bool(its_release) and its_release != our_release
    cells = released.cells
    present = {*found.positions, *found.pieces}

    def names(positions: Iterable[int]) -> str:
        return _listed(grade_id(cells[i]) or f"number {i + 1}" for i in sorted(positions))

    missing = [i for i in range(len(cells)) if i not in present]
    checks = [i for i in missing if is_graded(cells[i]) and not is_answer(cells[i])]
    answers = [i for i in missing if is_answer(cells[i])]
    # Given prose is not worth a word: it decides nothing, and a newer edition may have other words.
    given = [i for i in missing if _is_given_code(cells[i])]
    changed_checks = [i for i in found.changed if is_graded(cells[i])]
    changed = [i for i in found.changed if _is_given_code(cells[i])]
    order = found.positions
    sentences = []
    if is_of_another:  # what differs in given cells and checks is then none of the student's doing
        age = "an older" if _numbers(its_release) < _numbers(our_release) else "a newer"
        sentences.append(
            f"This notebook is of {age} release, {its_release}. Your answers were put into that "
            f"of release {our_release}, by which the class is graded."
        )
        checks, given, changed_checks, changed, order = [], [], [], [], []
    if checks:
        sentences.append(f"Missing check cells were put back: {names(checks)}.")
    if answers:
        if is_of_another:
            why = "These answer cells are not in your release, so they are empty"
        else:
            why = "These answer cells were missing, so they are empty"
        sentences.append(f"{why}: {names(answers)}.")
    if found.pieces.keys() - found.apart:
        by_content = names(found.pieces.keys() - found.apart)
        sentences.append(f"These answers were found by what they define: {by_content}.")
    if found.apart:
        sentences.append(
            f"These answers stood in another's cell and were taken out of it: {names(found.apart)}."
        )
    if found.added:
        sentences.append("What you had added to given cells was put into cells of its own.")
    if given:
        sentences.append(f"Given cells that were not there were put back: {len(given)}.")
    if changed_checks:
        sentences.append(
            f"Changed check cells were put back as they were: {names(changed_checks)}."
        )
    if changed:
        sentences.append(f"Given cells that were different were put back: {len(changed)}.")
    if found.copies:
        sentences.append(f"Cells that occurred more than once: {names(found.copies)}.")
    if order != sorted(order):
        sentences.append("Cells that had been moved were put back in order.")
    if found.retyped:
        sentences.append(f"The type of these cells was put right: {names(found.retyped)}.")
    if found.relabelled - found.changed - found.copies and not is_of_another:
        sentences.append("The grading labels of cells had been changed and were put back.")
    if found.too_long:
        sentences.append(
            f"Cells of more than {MAX_CELL_LENGTH:,} characters were left out: {found.too_long}."
        )
    return sentences


def _numbers(release: str) -> list[int]:
    return [int(number) for number in release.split(".") if number]


def _is_given_code(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and not is_graded(cell) and not is_answer(cell)


def _listed(names: Iterable[str], most: int = 6) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
