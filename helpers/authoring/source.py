"""Read solutions/<lesson>/<notebook>.md: a notebook with nbgrader's metadata and steady cell ids.

Authors write one line at the top of a code cell; the rest follows from it and from the question:

    :answer: p2.sigmoid.forward     an answer cell of this question
    :check: p2.sigmoid.forward      its check cell; points as in helpers.marking.questions
    :exercise: try_another_rate     an answer cell that is not checked and counts no points
    :given: load_data               a given cell with an id of its own
    :editable: true                 a given cell in which students may type; what counts of it is
                                    STUDENT alone: see helpers.grading.repair.lay_in
    :fold: true                     a given cell that only draws: its code is folded away until one
                                    clicks it

In a lesson that is also shown as slides, one more line (in Markdown `+++ {"slide": "new"}`) says
what the cell is there; without it the cell is not shown:

    :slide: new         begins a slide; `:minutes: 2` says how long it stands
    :slide: more        goes on the slide before; a code cell shows its output only
    :slide: code        the same, with the code
    :slide: only        as more, and not in the students' notebooks
    :slide: notes       for the speaker, and not in the students' notebooks; Markdown only

With `:reveal: true` beside it, the cell's parts appear one after another at the press of a key:
paragraphs, formulas and list entries of Markdown, the picture of a code cell, or the lines of its
code. What stands first on a slide, or in a code cell that is shown, is there from the beginning.

Cells without such a line, Markdown too, are given: read-only for students. Their ids count from the
last cell with a name, so that an insertion changes few of them. Complete nbgrader metadata is taken
as it stands.

Where a cell says {{ points }}, the notebook's points are written, and where it says {{ x }},
{{ t }}, {{ eta }}, {{ W_h }}, {{ b_h }}, {{ W_o }} or {{ b_o }}, the course's numbers.
"""

import ast
import builtins
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from IPython.core.inputtransformer2 import TransformerManager
from jupytext.myst import MystMetadataParsingError, myst_to_notebook
from nbformat import NotebookNode

from helpers.asking.cell_ids import CELL_ID, answer_cell_id, check_cell_id, question_of_answer
from helpers.authoring.blocks import blocks_in, for_student
from helpers.authoring.errors import BuildError
from helpers.marking.questions import NOTEBOOKS, question_by_id, questions_of
from helpers.marking.questions.model import Question
from helpers.personal.problem_data import DEFAULT_PROBLEM

PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")
SHORT = ("answer", "check", "exercise", "given")
KEPT = {"tags", "editable"}
SPEAKER = "**For the speaker.** {}"
SLIDES = {"new": "slide", "more": "-", "code": "-", "only": "-", "notes": "notes", None: "skip"}
NBGRADER_KEYS = {"grade", "grade_id", "locked", "points", "schema_version", "solution", "task"}


def read(path: Path, name: str) -> NotebookNode:
    """The notebook in the MyST Markdown file `path`, with its solution markers.

    name: what to call the file in errors. Raises BuildError if anything in it is not as it should.
    """
    try:
        notebook = myst_to_notebook(path.read_text(encoding="utf-8"), add_source_map=True)
    except (MystMetadataParsingError, yaml.YAMLError) as error:
        raise BuildError(f"{name}: a header cannot be read: {_one_line(error)}") from None
    except UnicodeDecodeError:
        raise BuildError(f"{name}: this is not UTF-8 text") from None
    source_map = notebook.metadata.pop("source_map")
    _fill_in_numbers(notebook)
    notebook.metadata = {}
    notebook.nbformat, notebook.nbformat_minor = 4, 5

    ids = _Ids()
    has_slides = any("slide" in cell.metadata for cell in notebook.cells)
    places: dict[str, str] = {}
    for cell, line in zip(notebook.cells, source_map, strict=True):
        place = f"{name}, line {line + (cell.cell_type != 'code')}"
        try:
            slideshow, folded = _slideshow(cell), _folded(cell)
            _read_cell(cell, ids)
            if folded:
                cell.metadata.jupyter = {"source_hidden": True}
            if has_slides:
                cell.metadata.slideshow = slideshow
            places[cell.id] = f"{place}, cell {cell.id}"
            _check_blocks(cell)
        except ValueError as error:
            raise BuildError(f"{places.get(cell.id, place)}: {error}") from None
    for question in _unasked(notebook, path.stem):
        raise BuildError(f"{name}: the question {question} has no check cell")
    for problem in (_check_cells, _check_names, _check_given_functions, _check_slides):
        for cell_id, message in problem(notebook):
            raise BuildError(f"{places[cell_id]}: {message}")
    _fill_in_points(notebook)
    return notebook


def _fill_in_numbers(notebook: NotebookNode) -> None:
    """Write the course's numbers where a cell says {{ x }}, {{ W_h }} and so on."""
    numbers = DEFAULT_PROBLEM.written()
    for cell in notebook.cells:
        cell.source = PLACEHOLDER.sub(lambda match: numbers.get(match[1], match[0]), cell.source)


def _fill_in_points(notebook: NotebookNode) -> None:
    """Write the notebook's points where its text says {{ points }}."""
    points = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("{{ points }}", f"{points:g}")


def is_check(cell: NotebookNode) -> bool:
    """Whether this is a check cell: graded, and not written by the student."""
    nbgrader = cell.metadata.nbgrader
    return nbgrader.grade and not nbgrader.solution and cell.cell_type == "code"


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student writes in this cell."""
    return cell.metadata.nbgrader.solution


def is_note(cell: NotebookNode) -> bool:
    """Whether this is a note for the speaker."""
    return cell.metadata.get("slideshow", {}).get("slide_type") == "notes"


def is_for_slides_only(cell: NotebookNode) -> bool:
    """Whether this cell is shown on a slide and students do not get it."""
    return bool(cell.metadata.get("slideshow", {}).get("only"))


def spoken(note: NotebookNode) -> str:
    """What a note for the speaker says, as its author wrote it."""
    lines = [line.removeprefix(">").removeprefix(" ") for line in note.source.split("\n")]
    return "\n".join(lines).removeprefix(SPEAKER.format(""))


def check_call(source: str) -> tuple[str, list[str]]:
    """The question and the names of the answers in a check cell's one statement.

    Raises ValueError if it is anything but check("<question>", name=..., ...).
    """
    statement: Any  # another kind may lack these attributes, which is caught below
    try:
        (statement,) = ast.parse(source).body
        call = statement.value
        (question,) = call.args
        names = [keyword.arg for keyword in call.keywords]
        plain = isinstance(statement, ast.Expr) and None not in names
        if not plain or call.func.id != "check" or not isinstance(question.value, str):
            raise ValueError
    except (SyntaxError, ValueError, AttributeError):
        raise ValueError('a check cell is one statement: check("<question>", name=...)') from None
    return question.value, names


class _Ids:
    """Hands out each cell's id: its grade_id."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.last = "start"
        self.count = 0

    def named(self, grade_id: str) -> str:
        if not CELL_ID.fullmatch(grade_id):
            raise ValueError(f"the id {grade_id!r} is not 1 to 64 of A-Z a-z 0-9 _ and -")
        if grade_id in self.used:
            raise ValueError(f"there is another cell with the grade_id {grade_id!r}")
        self.used.add(grade_id)
        self.last, self.count = f"after-{grade_id}", 0
        return grade_id

    def answer(self, question: str) -> str:
        number = 1
        while answer_cell_id(question, number) in self.used:
            number += 1
        return self.named(answer_cell_id(question, number))

    def by_position(self) -> str:
        self.count += 1
        last = self.last[: 63 - len(str(self.count))]
        return f"{last}-{self.count}"


def _slideshow(cell: NotebookNode) -> dict[str, str | float]:
    """The cell's slideshow metadata, from its `slide`, `minutes` and `reveal`, which it loses.

    Raises ValueError in words.
    """
    slide, minutes = cell.metadata.pop("slide", None), cell.metadata.pop("minutes", None)
    reveal = cell.metadata.pop("reveal", None)
    if slide not in SLIDES:
        known = ", ".join(filter(None, SLIDES))
        raise ValueError(f"slide: expected one of {known}, got {slide!r}")
    if slide == "notes" and cell.cell_type != "markdown":
        raise ValueError("slide: notes is for Markdown cells")
    if slide == "notes":
        lines = SPEAKER.format(cell.source).split("\n")
        cell.source = "\n".join(f"> {line}".rstrip() for line in lines)
    slideshow: dict[str, str | float] = {"slide_type": SLIDES[slide]}
    if slide in ("code", "only"):
        slideshow[slide] = True
    if minutes is not None:
        number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
        if slide != "new" or not number or not 0 <= minutes < math.inf:
            raise ValueError(
                f"minutes: expected a number on a cell with slide: new, got {minutes!r}"
            )
        slideshow["minutes"] = minutes
    if reveal is not None:
        if reveal is not True or slide not in ("new", "more", "code", "only"):
            raise ValueError(f"reveal: expected true on a cell that is on a slide, got {reveal!r}")
        slideshow["reveal"] = True
    return slideshow


def _read_cell(cell: NotebookNode, ids: _Ids) -> None:
    """Complete the cell's metadata and give it its id. Raises ValueError in words."""
    metadata = cell.metadata
    kinds = [key for key in (*SHORT, "nbgrader") if key in metadata]
    unknown = sorted(set(metadata) - set(kinds) - KEPT)
    if unknown:
        known = ", ".join((*SHORT, "nbgrader", "slide", "minutes", "reveal", "fold", *sorted(KEPT)))
        raise ValueError(f"{unknown[0]!r} in the header means nothing here; known are {known}")
    if len(kinds) > 1:
        raise ValueError(f"the header says both {kinds[0]} and {kinds[1]}; one cell is one of them")
    kind = kinds[0] if kinds else "given"
    value = metadata.pop(kind, True)
    if kind == "nbgrader":
        metadata.nbgrader = _complete(value)
        cell.id = ids.named(metadata.nbgrader.grade_id)
        return
    if kind == "given":
        cell.id = ids.by_position() if value is True else ids.named(_text(kind, value))
        _describe(cell, grade=False, solution=False)
        return
    if cell.cell_type != "code":
        raise ValueError(f"{kind} is for code cells, and this is a {cell.cell_type} cell")
    name = _text(kind, value)
    if kind == "check":
        question = _question(name)
        cell.id = ids.named(check_cell_id(name))
        _describe(cell, grade=True, solution=False)
        cell.metadata.nbgrader["points"] = _plain(question.points)
        return
    if kind == "answer":
        _question(name)
        cell.id = ids.answer(name)
    else:
        cell.id = ids.named(f"{name}-exercise")
    _describe(cell, grade=False, solution=True)


def _folded(cell: NotebookNode) -> bool:
    """Take the cell's `fold`; return whether its code is to be folded away. Raises ValueError."""
    fold = cell.metadata.pop("fold", None)
    if fold is None:
        return False
    given = not {"answer", "check", "exercise"} & set(cell.metadata)
    if fold is not True or cell.cell_type != "code" or not given:
        raise ValueError(f"fold: expected true, on a given code cell, got {fold!r}")
    return True


def _describe(cell: NotebookNode, grade: bool, solution: bool) -> None:
    cell.metadata.nbgrader = {
        "grade": grade,
        "grade_id": cell.id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def _complete(nbgrader: object) -> dict[str, Any]:
    """Complete nbgrader metadata as it stands. Raises ValueError if a key is missing or wrong."""
    if not isinstance(nbgrader, dict):
        raise ValueError(f"nbgrader: expected its metadata, got {nbgrader!r}")
    wanted = NBGRADER_KEYS - (set() if nbgrader.get("grade") else {"points"})
    if missing := sorted(wanted - set(nbgrader)):
        raise ValueError(f"nbgrader metadata without {', '.join(missing)}")
    if unknown := sorted(set(nbgrader) - NBGRADER_KEYS):
        raise ValueError(f"nbgrader metadata with an unknown key {unknown[0]!r}")
    for key in ("grade", "locked", "solution", "task"):
        if not isinstance(nbgrader[key], bool):
            raise ValueError(f"nbgrader {key}: expected true or false, got {nbgrader[key]!r}")
    if not isinstance(nbgrader["grade_id"], str):
        raise ValueError(f"nbgrader grade_id: expected text, got {nbgrader['grade_id']!r}")
    if nbgrader["schema_version"] != 3:
        raise ValueError(f"nbgrader schema_version: expected 3, got {nbgrader['schema_version']!r}")
    return nbgrader


def _text(kind: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{kind}: expected a name, got {value!r}")
    return value


def _plain(points: float) -> float:
    return int(points) if points == int(points) else points


def _question(name: str) -> Question:
    try:
        return question_by_id(name)
    except ValueError:
        raise ValueError(f"there is no question {name!r} in helpers/marking/questions") from None
    except ImportError as error:
        raise ValueError(f"the question {name!r} cannot be loaded: {error}") from None


def _check_blocks(cell: NotebookNode) -> None:
    """Raises ValueError if the solution block is missing, misplaced or leaves no valid Python."""
    blocks = blocks_in(cell.source, cell.cell_type)
    if cell.cell_type != "code":
        # jupytext takes a misspelt {code-cell} for Markdown.
        if directive := re.search(r"^`{3,}\{.*?\}", cell.source, re.MULTILINE):
            raise ValueError(f"{directive[0]} is no cell; code cells start with ```{{code-cell}}")
        return
    if blocks and not is_answer(cell):
        raise ValueError("a solution block in a cell that is no answer cell")
    if is_answer(cell) and not blocks:
        raise ValueError("an answer cell without a block ### BEGIN SOLUTION ... ### END SOLUTION")
    try:
        _syntax_tree(for_student(cell.source, "code"))
    except SyntaxError as error:
        raise ValueError(
            f"what students get is not valid Python, line {error.lineno} of it: {error.msg}"
        ) from None


def _check_cells(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Pairs (cell id, what is wrong) for check cells and answer cells that do not fit together."""
    answers: list[str] = []
    checks: set[str] = set()
    for cell in notebook.cells:
        if is_answer(cell):
            answers.append(cell.id)
        if not is_check(cell):
            continue
        try:
            name, arguments = check_call(cell.source)
            question = _question(name)
        except ValueError as error:
            yield cell.id, str(error)
            continue
        grade_id = check_cell_id(name)
        checks.add(name)
        points = cell.metadata.nbgrader.points
        if cell.id != grade_id:
            yield cell.id, f"it checks {name!r}, so its id should be {grade_id!r}"
        elif points != question.points:
            yield (
                cell.id,
                f"{points} points here, but {question.points} in helpers/marking/questions",
            )
        elif set(arguments) != set(question.arguments):
            wanted = ", ".join(f"{argument}=..." for argument in question.arguments)
            yield cell.id, f'the question asks for other answers: check("{name}", {wanted})'
        elif answer_cell_id(name) not in answers:
            yield cell.id, f"no answer cell above; one needs the header ':answer: {name}'"
    for cell_id in answers:
        answered = question_of_answer(cell_id)
        if answered and answered not in checks:
            yield cell_id, "an answer cell without a check cell; ':exercise: name' needs none"


def _unasked(notebook: NotebookNode, name: str) -> list[str]:
    """The ids of the notebook's questions that none of its cells asks."""
    questions = questions_of(name) if name in NOTEBOOKS.values() else {}
    asked = {cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_check(cell)}
    return [question for question in questions if check_cell_id(question) not in asked]


def _check_names(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Pairs (cell id, what is wrong) for check cells with names that students never define."""
    defined = {*dir(builtins), "check"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        used: set[str] = set()
        for node in ast.walk(_syntax_tree(for_student(cell.source, "code"))):
            if isinstance(node, ast.Name):
                (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined.add(node.name)
            elif isinstance(node, ast.arg):
                defined.add(node.arg)
            elif isinstance(node, ast.alias):
                defined.add((node.asname or node.name).split(".")[0])
        missing = sorted(used - defined)
        if is_check(cell) and missing and "*" not in defined:
            line = f"'# {missing[0]} = ...'"
            message = f"students never define {missing[0]}; add {line} under ### STUDENT"
            yield cell.id, f"{message} in the answer cell"


def _check_given_functions(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Pairs (cell id, what is wrong) for given cells that define an answer's function anew."""
    checked: dict[str, str] = {}
    for cell in notebook.cells:
        if is_check(cell):
            question, arguments = check_call(cell.source)
            checked |= dict.fromkeys(arguments, question)
        elif cell.cell_type == "code" and not is_answer(cell):
            for node in _syntax_tree(cell.source).body:
                if isinstance(node, ast.FunctionDef) and node.name in checked:
                    yield (
                        cell.id,
                        f"{node.name} is the answer to {checked[node.name]}, and a check that is "
                        "run again would see this one: give it another name",
                    )


def _check_slides(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Pairs (cell id, what is wrong) for cells that are to go on the slide before the first."""
    for cell in notebook.cells:
        slide_type = cell.metadata.get("slideshow", {}).get("slide_type")
        if slide_type == "slide":
            return
        if slide_type in ("-", "notes"):
            yield cell.id, "no slide has begun yet; one begins with slide: new"


def _syntax_tree(source: str) -> ast.Module:
    """The syntax tree of a cell, whose lines may start with IPython's % and !."""
    return ast.parse(TransformerManager().transform_cell(source))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
