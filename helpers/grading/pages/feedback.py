"""The feedback pages: one self-contained HTML page for each notebook of each student."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from helpers.asking.cell_ids import check_cell_id, question_of_check
from helpers.grading.gradebook import results
from helpers.grading.gradebook.marks import ByHand, by_hand
from helpers.grading.gradebook.results import Result, number
from helpers.grading.machine import files, versions
from helpers.grading.pages import markup
from helpers.grading.repair.released import (
    Released,
    grade_id,
    is_answer,
    is_check,
    is_graded,
)
from helpers.grading.settings import Course
from helpers.marking.questions import question_by_id, title_of
from helpers.marking.verdict import SIGNS, Verdict
from helpers.pictures import page_font

WORDS = {
    "right": "right",
    "carried": "right with your own earlier value",
    "wrong": "not right",
    "missing": "not answered",
    "error": "could not be checked",
}
STATES = {
    results.GRADED: "",
    results.REPAIRED: "Your notebook had to be put in order before it was graded:",
    results.MISSING: "This notebook was not handed in, so it has no points.",
    results.SET_ASIDE: "Your notebook could not be graded; your instructor knows of it.",
}
# What intake.reading says of a file that Jupyter may still open.
BROKEN = re.compile(r"is broken|is empty|not a notebook|not text in UTF-8|the notebook format")
TO_MEND = (
    "What you can do: open the notebook in Jupyter, look whether your answers are there, save it, "
    "and hand it in again. If Jupyter does not open it either, take an earlier copy of yours or a "
    "new notebook, and put your answers in."
)


TEMPLATES = Path(__file__).parent / "templates"


@cache
def templates() -> jinja2.Environment:
    """The Jinja2 environment; everything is escaped unless a template says that it is safe."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = number
    environment.globals.update(signs=SIGNS, words=WORDS, page_font=page_font.style())
    return environment


def path_of(course: Course, result: Result) -> Path:
    return course.feedback / result.student / result.lesson / f"{result.notebook}.html"


def write(course: Course, result: Result) -> None:
    """Write the page of a Result, from the executed notebook in gradebook/autograded/.

    A page that was made of the same is left as it is.
    """
    path, by_person = path_of(course, result), by_hand(course, result)
    mark = f"<!-- {_made_of(course, result, by_person)} -->\n"
    if not _ends_with(path, mark):
        files.write(path, page(course, result, _executed(course, result), by_person) + mark)


def _made_of(course: Course, result: Result, by_person: ByHand) -> str:
    """A hash of everything that a page is made of."""
    path = course.autograded_notebook(*result.key)
    released = course.released / result.lesson / f"{result.notebook}.ipynb"
    digest = hashlib.sha256(_code().encode())
    for file in (path, released):
        digest.update(file.read_bytes() if file.is_file() else b"-")
    digest.update(repr((result, by_person)).encode("utf-8", "replace"))
    return digest.hexdigest()


@cache
def _code() -> str:
    """A hash of all code and templates that pages come from."""
    digest = hashlib.sha256(versions.of_helpers().encode())
    for path in sorted(TEMPLATES.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _ends_with(path: Path, mark: str) -> bool:
    try:
        with open(path, "rb") as file:
            file.seek(-len(mark), os.SEEK_END)
            return file.read() == mark.encode()
    except OSError:
        return False


def _executed(course: Course, result: Result) -> NotebookNode | None:
    """The executed notebook of a Result, None if it has not been."""
    path = course.autograded_notebook(*result.key)
    if not (result.verdicts and path.is_file()):
        return None
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def page(course: Course, result: Result, notebook: NotebookNode | None, by_person: ByHand) -> str:
    """The page of a Result as HTML. notebook: executed, None if it has not been."""
    return _page([_contents(course, result, notebook, by_person)])


def page_of_all(course: Course, found: Sequence[Result]) -> str:
    """One page with all notebooks of one student that are in `found`, as HTML."""
    return _page([_contents(course, r, _executed(course, r), by_hand(course, r)) for r in found])


def _page(pages: Sequence[dict[str, Any]]) -> str:
    return (
        templates()
        .get_template("feedback.html")
        .render(pages=pages, student=pages[0]["result"].student, code_style=markup.code_style())
    )


def _contents(
    course: Course, result: Result, notebook: NotebookNode | None, by_person: ByHand
) -> dict[str, Any]:
    """What the page says of one notebook."""
    released = Released(course.released / result.lesson / f"{result.notebook}.ipynb")
    questions = [
        _question(question, verdicts, by_person.scores.get(check_cell_id(question)))
        for question, verdicts in result.verdicts.items()
    ]
    return {
        "result": result,
        "title": _title(released.notebook) or result.notebook,
        "state": STATES[result.state],
        "advice": _advice(result),
        "questions": questions,
        "points": by_person.points,
        "late": by_person.late,
        "cells": list(_cells(notebook, released, questions, by_person)) if notebook else [],
    }


def _advice(result: Result) -> str:
    """What a student does about a file that could not be read, "" if it is not that."""
    is_broken = any(BROKEN.search(remark) for remark in result.remarks)
    return TO_MEND if result.state == results.SET_ASIDE and is_broken else ""


def _question(
    question: str, verdicts: Sequence[Verdict], score_by_person: float | None
) -> dict[str, Any]:
    """What the page says of a question; score_by_person: None if a person gave none."""
    return {
        "id": question,
        "title": title_of(question),
        "verdicts": verdicts,
        "points": sum(v.points for v in verdicts) if score_by_person is None else score_by_person,
        "by_hand": score_by_person is not None,
        "max_points": sum(v.max_points for v in verdicts),
        "in_words": {part.name: part.description for part in question_by_id(question).parts},
    }


def _title(notebook: NotebookNode) -> str:
    """The first heading of a notebook, or ""."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("# "):
            return cell.source.lstrip()[2:].split("\n")[0].strip()
    return ""


def _cells(
    notebook: NotebookNode,
    released: Released,
    questions: Sequence[dict[str, Any]],
    by_person: ByHand,
) -> Iterator[dict[str, Any]]:
    """What the page shows of each cell: dicts with the kind of cell and its safe HTML."""
    ours = {cell.get("id") for cell in released.notebook.cells}
    asked = {question["id"]: question for question in questions}
    room = markup.Room()
    for cell in notebook.cells:
        given = cell.get("id") in ours and not is_answer(cell)
        comment = by_person.comments.get(grade_id(cell) or "", "")
        if cell.cell_type == "markdown":
            kind = "prose" if given else "own prose"
            if is_graded(cell):
                kind = "answer prose"
            if given:
                prose = _given_prose(cell.source, released.path.parent)
            else:
                prose = markup.markdown(cell, room=room)
            yield {"kind": kind, "html": prose, "comment": comment}
        elif cell.cell_type == "code" and is_check(cell):
            yield {"kind": "check", "question": asked.get(question_of_check(grade_id(cell) or ""))}
        elif cell.cell_type == "code":
            kind = "given" if given else "answer" if is_answer(cell) else "own"
            yield {
                "kind": kind,
                "html": markup.code(cell.source, None if given else room),
                "outputs": markup.outputs(cell, room),
                "comment": comment,
            }


@lru_cache(maxsize=256)  # the same on every student's page
def _given_prose(source: str, folder: Path) -> str:
    return markup.markdown(new_markdown_cell(source), folder)
