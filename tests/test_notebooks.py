"""The course's notebooks: up to date, reproducible, and without solutions for students."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

import nbformat
import pytest

from helpers.asking.cell_ids import question_of_answer
from helpers.asking.record import MIME_TYPE
from helpers.authoring import build, source
from helpers.authoring.blocks import Block, blocks_in, for_student, pieces
from helpers.authoring.comparison import differences
from helpers.authoring.execution import QUIET, objections
from helpers.authoring.notebook_file import as_text
from helpers.authoring.release import release
from helpers.grading.repair.statements import names_in
from helpers.marking.judging import MISSING, judge
from helpers.marking.questions import NOTEBOOKS, question_by_id, questions_of

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    f"{path.parent.name}/{path.stem}": path for path in sorted((ROOT / "solutions").glob("*/*.md"))
}
QUICKEST = "tutorial/problem_2_pen_and_paper"
each_notebook = pytest.mark.parametrize("name", SOURCES)


@cache
def source_of(name):
    """The notebook as its source says, with the markers of its solutions."""
    return source.read(SOURCES[name], name)


@cache
def stored(folder, name):
    """The notebook in the repository; folder: "solutions" or "notebooks"."""
    return nbformat.read(ROOT / folder / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)


@pytest.fixture
def attempted(name, executed_notebooks):
    """The students' notebook, executed as released."""
    return executed_notebooks.of(stored("notebooks", name))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors_of(cell):
    return [output for output in cell.outputs if output.output_type == "error"]


# What is stored is what the sources give


@each_notebook
def test_the_solution_in_the_repository_is_up_to_date(name):
    """All but its outputs, which are compared when it is executed."""
    solution = build.solution_of(source_of(name))
    for cell, found in zip(code_cells(solution), code_cells(stored("solutions", name))):
        cell.outputs, cell.execution_count = found.outputs, found.execution_count
    assert list(differences(as_text(stored("solutions", name)), as_text(solution))) == []


@each_notebook
def test_the_release_in_the_repository_is_up_to_date(name):
    """To the byte, whichever notebooks are released with it."""
    lesson, _, short = name.partition("/")
    (released,) = release({short: source_of(name)}, lesson).values()
    assert as_text(released) == (ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8")


def test_every_notebook_in_the_repository_has_a_source():
    assert list(build.orphans(ROOT)) == []


@each_notebook
def test_no_stored_output_is_private_or_changes_from_run_to_run(name):
    assert list(objections(stored("solutions", name), ROOT)) == []


@pytest.mark.sampled(0, of="builds of a notebook of the course")
def test_two_builds_give_the_same_bytes():
    first, second = (build.build(ROOT, [SOURCES[QUICKEST]]) for _ in range(2))
    assert first == second
    assert list(build.changes(ROOT, first)) == []


@pytest.mark.sampled(0.14, like="notebooks")
@each_notebook
def test_solutions_reproduce_their_stored_outputs(name, executed_notebooks, tmp_path):
    path = SOURCES[name].with_suffix(".ipynb")
    failures = executed_notebooks.kept("nbval", path.read_bytes(), lambda: nbval(tmp_path, path))
    assert len(failures) == len(code_cells(stored("solutions", name)))
    assert not any(failures), "\n\n".join(filter(None, failures))


def test_nbval_accepts_last_digits_and_finds_changed_outputs(tmp_path):
    cells = [
        nbformat.v4.new_code_cell(code, outputs=[output], execution_count=1)
        for code, output, _ in ALTERED
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "altered.ipynb")
    agreeing = [failure is None for failure in nbval(tmp_path, tmp_path / "altered.ipynb")]
    assert agreeing == [same for _, _, same in ALTERED]


def printed(text):
    return nbformat.v4.new_output("stream", text=f"{text}\n")


def recorded(value):
    return nbformat.v4.new_output("display_data", data={MIME_TYPE: {"v": value}})


RECORD = f"display({{'{MIME_TYPE}': {{'v': 1 / 3}}}}, raw=True)"
# A cell, its stored output, and whether that is what the cell gives.
ALTERED = [
    ("print(1 / 3)", printed("0.33333333333"), True),
    ("print(1 / 3)", printed("0.3334"), False),
    ("print('one')", printed("two"), False),
    ("print(2)", printed("3"), False),
    ("pass", printed("something"), False),
    (RECORD, recorded(0.33333333333), True),
    (RECORD, recorded(0.3334), False),
]


def nbval(folder, path):
    """What nbval says of each code cell of a notebook, None if nothing: a list."""
    plugin = ["-p", "helpers.authoring.nbval_tolerance", "--nbval", "-p", "no:cacheprovider"]
    options = ["-n", "0", "--color=no", "--junitxml", folder / "report.xml"]
    # Of a copy, since a notebook may write beside itself.
    (folder / "copy").mkdir()
    path = shutil.copy(path, folder / "copy")
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *options, path],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert (folder / "report.xml").exists(), process.stdout + process.stderr
    failures = []
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        problem = case.find("failure")
        if problem is None:
            problem = case.find("error")
        failures.append(None if problem is None else problem.text)
    return failures


# What students get


@pytest.mark.sampled(0.14, like="notebooks")
@each_notebook
def test_given_cells_run_clean_before_anything_is_answered(attempted, name):
    for cell in code_cells(attempted):
        if source.is_check(cell):
            continue
        for error in errors_of(cell):
            pytest.fail(f"cell {cell.id} stops with {error.ename}: {error.evalue}")
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"cell {cell.id} writes {output.text}"


@pytest.mark.sampled(0.14, like="notebooks")
@each_notebook
def test_unanswered_checks_say_so_and_give_no_marks(attempted, name):
    for cell in filter(source.is_check, code_cells(attempted)):
        question = question_by_id(source.check_call(cell.source)[0])
        (error,) = errors_of(cell)
        assert error.ename == "NotYet", f"cell {cell.id} stops with {error.ename}: {error.evalue}"
        assert error.evalue == f"{question.id} is not answered yet."
        (record,) = (o.data[MIME_TYPE] for o in cell.outputs if MIME_TYPE in o.get("data", ()))
        verdicts = judge(question, record, int(QUIET["BACKPROP_PROBE_SEED"]))
        assert {verdict.status for verdict in verdicts} == {MISSING}, cell.id
        assert sum(verdict.points for verdict in verdicts) == 0


@each_notebook
def test_solutions_have_full_marks(name):
    for cell in filter(source.is_check, code_cells(stored("solutions", name))):
        question = question_by_id(source.check_call(cell.source)[0])
        (record,) = (o.data[MIME_TYPE] for o in cell.outputs if MIME_TYPE in o.get("data", ()))
        verdicts = judge(question, record, int(QUIET["BACKPROP_PROBE_SEED"]))
        assert sum(v.points for v in verdicts) == cell.metadata.nbgrader.points, cell.id


@each_notebook
def test_a_released_answer_has_the_names_that_its_check_asks_for_and_no_others(name):
    """The grader knows an answer that has lost its labels by these names, and wants them all."""
    code = code_cells(stored("notebooks", name))
    asked = {}
    for cell in filter(source.is_check, code):
        question, names = source.check_call(cell.source)
        asked[question] = {*names}
    for cell in code:
        question = question_of_answer(cell.id)
        if question in asked:
            assert names_in(cell.source) <= asked[question], cell.id


@each_notebook
def test_students_get_no_trace_of_a_solution(name):
    original = source_of(name)
    solutions, given = [], set()
    for cell in original.cells:
        for block in blocks_in(cell.source, cell.cell_type):
            solutions += block.solution
        for piece in pieces(cell.source, cell.cell_type):
            if not isinstance(piece, Block):
                given.add(piece.strip())
    secrets = {line.strip() for line in solutions} - given
    # A line such as `return y` says nothing, and neither does `for i in range(2):`.
    secrets = {line for line in secrets if len(line) > 9 and not line.endswith(":")}
    assert secrets or not solutions

    released = (ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8")
    text = "\n".join(strings_in(json.loads(released)))
    lines = {line.strip() for line in text.splitlines()}
    assert not secrets & lines, "students can read the solution"
    # A given text may mention a part of a line, as a hint. Nothing else may.
    shown = "\n".join(for_student(cell.source, cell.cell_type) for cell in original.cells)
    for secret in secrets:
        assert text.count(secret) == shown.count(secret), f"students can read {secret!r}"
    for marker in ("BEGIN SOLUTION", "END SOLUTION", "### STUDENT"):
        assert marker not in text


def strings_in(value):
    """All the texts in a JSON value, keys too; the lines of a source as one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings_in(item)
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from strings_in(item)


@each_notebook
def test_students_get_no_outputs_and_no_attachments(name):
    for cell in stored("notebooks", name).cells:
        assert "attachments" not in cell
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
        known = {"nbgrader", "deletable", "editable", "tags", "slideshow", "jupyter"}
        assert set(cell.metadata) <= known
        assert cell.metadata.nbgrader.checksum


@pytest.mark.parametrize("notebook", NOTEBOOKS.values())
@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_every_question_is_asked_once_for_its_points(folder, notebook):
    (name,) = (name for name in SOURCES if name.endswith(f"/{notebook}"))
    cells = code_cells(stored(folder, name))
    asked = {
        source.check_call(cell.source)[0]: cell.metadata.nbgrader.points
        for cell in cells
        if cell.metadata.nbgrader.grade
    }
    questions = questions_of(notebook)
    # Twice the same question would be twice the same grade_id, which the build refuses.
    assert list(asked) == list(questions)
    for name, points in asked.items():
        assert points == sum(part.points for part in questions[name].parts)
    assert sum(asked.values()) > 0
