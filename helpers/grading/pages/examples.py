"""An example of a mistake from a student's work, without anything that tells whose it is."""

import ast
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from helpers.asking.cell_ids import check_cell_id, question_of_answer
from helpers.asking.record import decode
from helpers.grading.gradebook.results import Result
from helpers.grading.gradebook.score import records_in
from helpers.grading.repair.released import Released, grade_id, is_answer
from helpers.grading.settings import Course
from helpers.marking.questions import question_by_id

LINES = 12  # of code that an example shows
NUMBERS = 8  # of an answer that it shows
MAX_SIZE = 5_000_000  # bytes of a notebook in which one is looked for, again for each mistake


@dataclass(frozen=True)
class Example:
    """An answer with a mistake."""

    question: str  # where it is, with `part`
    part: str
    code: str
    answer: str  # the first recorded numbers in words


def example_of(name: str, course: Course, found: Iterable[Result]) -> Example | None:
    """An Example of the misconception `name` among the Results `found`; None if there is none."""
    for result in found:
        for question, verdicts in result.verdicts.items():
            for verdict in verdicts:
                if name in verdict.names:
                    try:
                        example = _example(course, result, question, verdict.part)
                    except Exception:  # code that Python's own parser cannot write down again, say
                        continue  # another student's will do
                    if example and not _tells(result.student, example):
                        return example
    return None


def _example(course: Course, result: Result, question: str, part: str) -> Example | None:
    path = course.autograded / result.student / result.lesson / f"{result.notebook}.ipynb"
    try:
        if path.stat().st_size > MAX_SIZE:  # the report has no deadline
            return None
        cells = nbformat.v4.reads(path.read_text(encoding="utf-8")).cells
    except Exception:
        return None
    check = check_cell_id(question)
    answers = [
        cell.source
        for cell in cells
        if is_answer(cell) and question_of_answer(grade_id(cell) or "") == question
    ]
    known = _texts(course.released / result.lesson / f"{result.notebook}.ipynb")
    known |= set(question_by_id(question).recorded)
    code = _about(part, _without_words("\n".join(answers), known))
    if not code:
        return None
    records = [record for cell in cells if grade_id(cell) == check for record in records_in(cell)]
    return Example(question, part, code, _numbers(records, part))


def _without_words(source: str, known: AbstractSet[str]) -> str:
    """The code without comments, docstrings and texts that are not the course's; "" if it is none.

    known: the texts that the released notebook holds.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [
                statement
                for statement in body
                if not (
                    isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                )
            ]
            body[:] = kept or ([] if isinstance(node, ast.Module) else [ast.Pass()])
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            if node.value not in known:
                node.value = "…"
    return ast.unparse(tree)


@cache
def _texts(path: Path) -> frozenset[str]:
    """The texts in a released notebook's code."""
    found: set[str] = set()
    for cell in Released(path).notebook.cells:
        if cell.cell_type == "code":
            try:
                nodes = ast.walk(ast.parse(cell.source))
            except SyntaxError:
                continue
            found |= {
                node.value
                for node in nodes
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
    return frozenset(found)


def _about(part: str, code: str) -> str:
    """What gives `part` its value, or the functions if nothing does; at most LINES lines."""
    statements = ast.parse(code).body
    chosen = [one for one in statements if part in _bound(one)] or [
        one for one in statements if isinstance(one, ast.FunctionDef | ast.ClassDef)
    ]
    lines = "\n".join(map(ast.unparse, chosen or statements)).splitlines()
    return "\n".join(lines[:LINES] + ["…"] * (len(lines) > LINES))


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a value to."""
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _numbers(records: Sequence[Any], part: str) -> str:
    """The numbers recorded for `part` in the first case, in short; "" if there are none."""
    try:
        answer = decode(records[0]["answers"][part][0])
    except (LookupError, TypeError):
        return ""
    if isinstance(answer, np.ndarray) and answer.size <= NUMBERS:
        return np.array2string(answer, precision=4, separator=", ").replace("\n", "")
    return ""


def _tells(student: str, example: Example) -> bool:
    """Whether a word of the student's name occurs in the example."""
    shown = f"{example.code} {example.answer}".casefold()
    return any(
        word in shown for word in re.findall(r"\w{3,}", student.casefold().replace("_", " "))
    )
