"""The course's notebooks: up to date, reproducible, and without solutions for students."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from helpers.authoring import build, source
from helpers.authoring.blocks import Block, blocks_in, for_student, pieces
from helpers.authoring.execution import QUIET, execute, in_parallel
from helpers.authoring.notebook_file import as_text
from helpers.authoring.release import release
from helpers.judging import MISSING, judge
from helpers.questions import NOTEBOOKS, question_by_id, questions_of
from helpers.record import MIME_TYPE

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    f"{path.parent.name}/{path.stem}": path for path in sorted((ROOT / "solutions").glob("*/*.md"))
}
QUICKEST = "tutorial/problem_2_pen_and_paper"
each_notebook = pytest.mark.parametrize("name", SOURCES)


@pytest.fixture(scope="module")
def built():
    """The texts of all files as built here, by path."""
    return build.build(ROOT, SOURCES.values())


@pytest.fixture(scope="module")
def attempted(built, tmp_path_factory):
    """The students' notebooks, executed as released, by name."""
    elsewhere = tmp_path_factory.mktemp("student")
    notebooks = {name: notebook_of(built, "notebooks", name) for name in SOURCES}

    async def run(name):
        await execute(notebooks[name], elsewhere, allow_errors=True)

    in_parallel(run, notebooks)
    return notebooks


def notebook_of(built, folder, name):
    return nbformat.reads(built[f"{folder}/{name}.ipynb"], as_version=nbformat.NO_CONVERT)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors_of(cell):
    return [output for output in cell.outputs if output.output_type == "error"]


def test_the_notebooks_in_the_repository_are_up_to_date(built):
    assert list(build.changes(ROOT, built)) == []
    assert list(build.orphans(ROOT)) == []


def test_a_second_build_gives_the_same_bytes(built):
    for path, text in build.build(ROOT, [SOURCES[QUICKEST]]).items():
        assert text == built[path], f"{path} is built differently the second time"


@pytest.mark.parametrize("lesson", sorted({path.parent.name for path in SOURCES.values()}))
def test_a_second_release_gives_the_same_bytes(built, lesson):
    paths = [path for path in SOURCES.values() if path.parent.name == lesson]
    notebooks = {path.stem: source.read(path, path.stem) for path in paths}
    for name, notebook in release(notebooks, lesson).items():
        assert as_text(notebook) == built[f"notebooks/{lesson}/{name}.ipynb"]


@each_notebook
def test_solutions_reproduce_their_stored_outputs(nbval, name):
    stored = nbformat.read(SOURCES[name].with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)
    failures = nbval[SOURCES[name].stem]
    assert len(failures) == len(code_cells(stored))
    assert not any(failures), "\n\n".join(filter(None, failures))


def test_nbval_accepts_last_digits_and_finds_changed_outputs(nbval):
    agreeing = [failure is None for failure in nbval[""]]
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


@pytest.fixture(scope="module")
def nbval(tmp_path_factory):
    """What nbval says of each code cell, None if nothing: lists by notebook's name."""
    folder = tmp_path_factory.mktemp("nbval")
    cells = [
        nbformat.v4.new_code_cell(code, outputs=[output], execution_count=1)
        for code, output, _ in ALTERED
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "altered.ipynb")
    paths = [path.with_suffix(".ipynb") for path in SOURCES.values()] + [folder / "altered.ipynb"]
    with ThreadPoolExecutor(2) as pool:
        reports = [folder / "first.xml", folder / "second.xml"]
        results = pool.map(run_nbval, reports, [paths[::2], paths[1::2]])
    return {name: failures for part in results for name, failures in part.items()}


def run_nbval(report, paths):
    """What nbval says of each code cell in `paths`. It writes the file `report`."""
    plugin = ["-p", "helpers.authoring.nbval_tolerance", "--nbval", "-p", "no:cacheprovider"]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "--color=no", "--junitxml", report, *paths],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    assert report.exists(), process.stdout + process.stderr
    results = {}
    for case in ElementTree.parse(report).iter("testcase"):
        problem = case.find("failure")
        if problem is None:
            problem = case.find("error")
        # Empty for a notebook outside the repository.
        notebook = case.get("classname").removesuffix(".ipynb").rpartition(".")[2]
        results.setdefault(notebook, []).append(None if problem is None else problem.text)
    return results


@each_notebook
def test_given_cells_run_clean_before_anything_is_answered(attempted, name):
    for cell in code_cells(attempted[name]):
        if source.is_check(cell):
            continue
        for error in errors_of(cell):
            pytest.fail(f"cell {cell.id} stops with {error.ename}: {error.evalue}")
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"cell {cell.id} writes {output.text}"


@each_notebook
def test_unanswered_checks_say_so_and_give_no_marks(attempted, name):
    for cell in filter(source.is_check, code_cells(attempted[name])):
        question = question_by_id(source.check_call(cell.source)[0])
        (error,) = errors_of(cell)
        assert error.ename == "NotYet", f"cell {cell.id} stops with {error.ename}: {error.evalue}"
        assert error.evalue == f"{question.id} is not answered yet."
        (record,) = (o.data[MIME_TYPE] for o in cell.outputs if MIME_TYPE in o.get("data", ()))
        verdicts = judge(question, record, int(QUIET["BACKPROP_PROBE_SEED"]))
        assert {verdict.verdict for verdict in verdicts} == {MISSING}, cell.id
        assert sum(verdict.points for verdict in verdicts) == 0


@each_notebook
def test_solutions_have_full_marks(built, name):
    for cell in filter(source.is_check, code_cells(notebook_of(built, "solutions", name))):
        question = question_by_id(source.check_call(cell.source)[0])
        (record,) = (o.data[MIME_TYPE] for o in cell.outputs if MIME_TYPE in o.get("data", ()))
        verdicts = judge(question, record, int(QUIET["BACKPROP_PROBE_SEED"]))
        assert sum(v.points for v in verdicts) == cell.metadata.nbgrader.points, cell.id


@each_notebook
def test_students_get_no_trace_of_a_solution(built, name):
    original = source.read(SOURCES[name], name)
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

    text = "\n".join(strings_in(json.loads(built[f"notebooks/{name}.ipynb"])))
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
def test_students_get_no_outputs_and_no_attachments(built, name):
    for cell in notebook_of(built, "notebooks", name).cells:
        assert "attachments" not in cell
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
        assert set(cell.metadata) <= {"nbgrader", "deletable", "editable", "tags", "slideshow"}
        assert cell.metadata.nbgrader.checksum


@pytest.mark.parametrize("notebook", NOTEBOOKS.values())
@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_every_question_is_asked_once_for_its_points(built, folder, notebook):
    (name,) = (name for name in SOURCES if name.endswith(f"/{notebook}"))
    cells = code_cells(notebook_of(built, folder, name))
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
