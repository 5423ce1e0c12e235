"""Lay a student's answers into the released notebook.

What counts of a submission is the text of its answer cells, found by their grade_id (or by the
cell's id, where the metadata is gone), and the cells that the student added, each at its place.
Everything else comes from the released notebook, so whatever was changed there, deleted,
duplicated, moved or relabelled no longer matters. The text that a given cell assigns to STUDENT is
the student's to change: it is read here, as data, and the cell is put back without it.
"""

import ast
import copy
import re
from dataclasses import dataclass, field

from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from helpers.grading.released import grade_id, is_answer, is_graded, nbgrader

NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


LONGEST_STUDENT = 300
STUDENT_LINE = re.compile(r"^STUDENT\b[^\n]*$", re.MULTILINE)


@dataclass
class _Found:
    """What a submission holds of each released cell, by the cell's position."""

    answers: dict = field(default_factory=dict)
    extra: dict = field(default_factory=dict)  # position of the cell before -> cells
    positions: list = field(default_factory=list)
    copies: set = field(default_factory=set)
    changed: set = field(default_factory=set)
    retyped: set = field(default_factory=set)
    relabelled: set = field(default_factory=set)


def repair(submitted, released):
    """The released notebook with the student's cells in it, and what had to be put right.

    submitted: a notebook as nbformat reads it, of whatever structure. released: the released
    notebook. Returns (notebook, sentences); no sentence if only answers and new cells differ.
    """
    found = _find(submitted, released)
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
    return notebook, _sentences(found, released)


def announced_student(submitted, released):
    """The identifier that a submitted notebook assigns to STUDENT, "" if none; nothing is run.

    None if the released notebook has no STUDENT.
    """
    given = [cell for cell in released.cells if _students_in(text_of(cell))]
    if not given:
        return None
    ids = {given[0].get("id"), grade_id(given[0])}
    cells = [cell for cell in submitted.cells if isinstance(cell, dict)]
    code = [cell for cell in cells if cell.get("cell_type") == "code"]
    same = [cell for cell in code if {cell.get("id"), grade_id(cell)} & ids - {None}]
    for cell in (*same, *code):
        found = _students_in(text_of(cell))
        if found:
            return found[-1][:LONGEST_STUDENT]
    return ""


def _students_in(text):
    """The texts that the lines of `text` assign to STUDENT, in order."""
    return [found for found in map(_student_in, STUDENT_LINE.findall(text)) if found is not None]


def _student_in(line):
    """The text that a line such as STUDENT = "…" assigns; None for anything else."""
    try:
        (statement,) = ast.parse(line).body
        value = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError, AttributeError, RecursionError, MemoryError):
        return None
    names_student = isinstance(statement, ast.Assign) and len(statement.targets) == 1
    return value if names_student and isinstance(value, str) else None


def _without_student(text):
    """`text` with nothing between the quotes of its STUDENT lines."""

    def emptied(line):
        return line[0] if _student_in(line[0]) is None else 'STUDENT = ""'

    return STUDENT_LINE.sub(emptied, text)


def _find(submitted, released):
    by_grade_id = {grade_id(cell): i for i, cell in enumerate(released.cells) if grade_id(cell)}
    by_id = {cell.get("id"): i for i, cell in enumerate(released.cells) if cell.get("id")}
    by_text = {}
    for i, cell in enumerate(released.cells):
        by_text.setdefault((cell.cell_type, _without_student(text_of(cell))), i)

    found = _Found()
    before = -1
    seen = set()
    cells = [cell for cell in submitted.cells if isinstance(cell, dict)]
    identified = [_identify(cell, by_grade_id, by_id, by_text) for cell in cells]
    present = set(identified)
    for cell, position in zip(cells, identified, strict=True):
        text = text_of(cell)
        original = None if position is None else released.cells[position]
        if original is None:
            _add_extra(found, released, present, before, cell, text)
            continue
        _compare(found, position, original, cell, text)
        if not is_answer(original):
            if position in seen:
                found.copies.add(position)
            else:
                found.positions.append(position)
            before = position
        elif position not in seen:
            found.answers[position] = text
            found.positions.append(position)
            before = position
        else:
            # A second copy of an answer cell: run where the student has it, as they would see it,
            # unless one of the two is still the empty form.
            found.copies.add(position)
            form = text_of(original)
            if found.answers[position].strip() == form.strip():
                found.answers[position] = text
            elif text.strip() not in (form.strip(), found.answers[position].strip()):
                _add_extra(found, released, present, before, cell, text)
        seen.add(position)
    return found


def _identify(cell, by_grade_id, by_id, by_text):
    """The position of the released cell that `cell` is, or None if the student added it."""
    for key, positions in ((grade_id(cell), by_grade_id), (cell.get("id"), by_id)):
        if isinstance(key, str) and key in positions:
            return positions[key]
    text = text_of(cell)
    return by_text.get((cell.get("cell_type"), _without_student(text))) if text.strip() else None


def text_of(cell):
    """A cell's text, whatever the cell holds; line ends as in Unix."""
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source.replace("\r\n", "\n").replace("\r", "\n") if isinstance(source, str) else ""


def _add_extra(found, released, present, before, cell, text):
    make = NEW_CELL.get(cell.get("cell_type"))
    if make is None or not text.strip():
        return
    # Where an answer cell is gone, the cell in its place may be the answer: it comes after the
    # empty form, so that it counts.
    while (
        before + 1 < len(released.cells)
        and is_answer(released.cells[before + 1])
        and before + 1 not in present
    ):
        before += 1
    new = make(text)
    new.id = None
    found.extra.setdefault(before, []).append(new)


def _compare(found, position, original, cell, text):
    """Note how the submitted `cell` differs from the released one, apart from an answer."""
    if cell.get("cell_type") != original.cell_type:
        found.retyped.add(position)
    same = _without_student(text).rstrip() == _without_student(text_of(original)).rstrip()
    if not is_answer(original) and not same:
        found.changed.add(position)
    ours, theirs = nbgrader(original), nbgrader(cell)
    if any(
        theirs.get(k) != ours.get(k) for k in ("grade_id", "grade", "solution", "locked", "points")
    ):
        found.relabelled.add(position)


def _sentences(found, released):
    """What had to be put right, in words for the student."""
    cells = released.cells
    present = set(found.positions)

    def names(positions):
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
    if checks:
        sentences.append(f"Missing check cells were put back: {names(checks)}.")
    if answers:
        sentences.append(f"These answer cells were missing, so they are empty: {names(answers)}.")
    if given:
        sentences.append(f"Given cells that had been deleted were put back: {len(given)}.")
    if changed_checks:
        sentences.append(
            f"Changed check cells were put back as they were: {names(changed_checks)}."
        )
    if changed:
        sentences.append(f"Given cells that had been changed were put back: {len(changed)}.")
    if found.copies:
        sentences.append(f"Cells that occurred more than once: {names(found.copies)}.")
    if order != sorted(order):
        sentences.append("Cells that had been moved were put back in order.")
    if found.retyped:
        sentences.append(f"The type of these cells was put right: {names(found.retyped)}.")
    if found.relabelled - found.changed - found.copies:
        sentences.append("The grading labels of cells had been changed and were put back.")
    return sentences


def _is_given_code(cell):
    return cell.cell_type == "code" and not is_graded(cell) and not is_answer(cell)


def _listed(names, most=6):
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
