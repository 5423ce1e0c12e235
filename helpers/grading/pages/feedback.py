"""The feedback pages: one self-contained HTML page for each notebook of each student."""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from traitlets import Unicode

from helpers.asking.cell_ids import check_cell_id, question_of_check
from helpers.grading.gradebook import results
from helpers.grading.gradebook.marks import ByHand, by_hand
from helpers.grading.gradebook.results import Result, number
from helpers.grading.machine import files
from helpers.grading.pages import markup
from helpers.grading.repair.released import (
    Released,
    grade_id,
    is_answer,
    is_check,
    is_graded,
)
from helpers.grading.settings import Course, course_at
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


@cache
def templates() -> jinja2.Environment:
    """The Jinja2 environment; everything is escaped unless a template says that it is safe."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
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
    """Write the page of a Result, from the executed notebook in gradebook/autograded/."""
    executed = course.autograded / result.student / result.lesson / f"{result.notebook}.ipynb"
    notebook = None
    if result.verdicts and executed.is_file():
        notebook = nbformat.v4.reads(executed.read_text(encoding="utf-8"))
    path = path_of(course, result)
    files.write(path, page(course, result, notebook, by_hand(course, result)))


def page(course: Course, result: Result, notebook: NotebookNode | None, by_person: ByHand) -> str:
    """The page of a Result as HTML. notebook: executed, None if it has not been."""
    released = Released(course.released / result.lesson / f"{result.notebook}.ipynb")
    questions = [
        _question(question, verdicts, by_person.scores.get(check_cell_id(question)))
        for question, verdicts in result.verdicts.items()
    ]
    return (
        templates()
        .get_template("feedback.html")
        .render(
            result=result,
            title=_title(released.notebook) or result.notebook,
            state=STATES[result.state],
            questions=questions,
            points=by_person.points,
            cells=_cells(notebook, released, questions, by_person) if notebook else [],
            code_style=markup.code_style(),
        )
    )


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


class FeedbackExporter(Exporter):
    """The page as nbconvert's exporter, so that `nbgrader generate_feedback` writes the same."""

    course_root = Unicode().tag(config=True)
    gradebook_directory = Unicode("gradebook").tag(config=True)

    def _file_extension_default(self) -> str:
        return ".html"

    # nbconvert says that all exporters return a notebook; most return text.
    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        notebook, resources = super().from_notebook_node(nb, resources, **kwargs)
        ids = resources["nbgrader"]
        course = course_at(self.course_root or None, self.gradebook_directory, ids["db_url"])
        result = results.load(course, ids["student"], ids["assignment"], ids["notebook"])
        if result is None:
            raise ValueError(
                "This notebook has not been graded yet: nbgrader autograde comes first."
            )
        return page(course, result, notebook, by_hand(course, result)), resources
