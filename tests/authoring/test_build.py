"""The build, on small sources made for the purpose. The real notebooks: test_notebooks.py."""

import json
import os
import sys
from types import SimpleNamespace

import nbformat
import pytest

import helpers
from helpers.authoring import build, source
from helpers.authoring.__main__ import main
from helpers.authoring.blocks import for_instructor, for_student
from helpers.authoring.comparison import differences, same_text
from helpers.authoring.errors import BuildError
from helpers.authoring.execution import objections
from helpers.authoring.release import release

HEADER = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
QUESTIONS = {
    "p0.double": SimpleNamespace(id="p0.double", points=4, arguments=("double", "four")),
    "p0.half": SimpleNamespace(id="p0.half", points=1.5, arguments=("half",)),
}
SAMPLE = """
# A sample

+++

The question. <!-- an ordinary comment -->

<!-- BEGIN SOLUTION -->
The derivation in the middle.
<!-- END SOLUTION -->

Its end.

+++ {"tags": ["secret"]}

<!-- BEGIN SOLUTION -->
A whole cell of derivation.
<!-- END SOLUTION -->

```{code-cell} ipython3
import sys
import matplotlib.pyplot as plt
assert sys.executable == EXECUTABLE

def check(question, **answers):
    from IPython.display import display
    values = [0.1 + 0.2, 1 / 3]
    display({"text/plain": "table", "application/vnd.backprop.answers+json": {"values": values}},
            raw=True)
```

```{code-cell} ipython3
:answer: p0.double

def double(x):
    # given comment
    ### BEGIN SOLUTION
    twice = x + x
    return twice
    ### STUDENT
    # twice = ...
    #
    # if twice:
    #     return twice  # the result
    ### END SOLUTION

### BEGIN SOLUTION
four = double(2)
### STUDENT
# four = ...
### END SOLUTION
print("given")
```

```{code-cell} ipython3
:check: p0.double
check("p0.double", double=double, four=four)
```

```{code-cell} ipython3
---
nbgrader: {grade: false, grade_id: p0-half-answer, locked: false, schema_version: 3,
  solution: true, task: false}
---
def half(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION
```

```{code-cell} ipython3
:check: p0.half
:tags: [hide-input]
check("p0.half", half=half)
```

```{code-cell} ipython3
:given: picture
:fold: true
plt.plot([1, 2])
plt.show()
print({"a", "b", "c"}, 3.14159 / 7)
```

```{code-cell} ipython3
:exercise: more
### BEGIN SOLUTION
extra = 1
### END SOLUTION
```
""".replace("EXECUTABLE", repr(sys.executable))


@pytest.fixture(scope="module", autouse=True)
def questions():
    """The sources' questions in place of the course's."""

    def by_id(name):
        if name not in QUESTIONS:
            raise ValueError(name)
        return QUESTIONS[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "question_by_id", by_id)
        yield


def write_source(root, text, name="sample"):
    path = root / "solutions" / "lesson" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A course with the sample, built once, on a machine with a broken 'python3' kernel."""
    root = tmp_path_factory.mktemp("course")
    write_source(root, SAMPLE)
    broken = root / "jupyter" / "kernels" / "python3"
    broken.mkdir(parents=True)
    spec = {"argv": ["no-such-program"], "display_name": "Broken", "language": "python"}
    (broken / "kernel.json").write_text(json.dumps(spec))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(root / "jupyter"))
        patch.setenv("MPLBACKEND", "agg")
        assert main([], root) == 0
    return root


@pytest.fixture(scope="module")
def solution(root):
    return read(root / "solutions/lesson/sample.ipynb")


@pytest.fixture(scope="module")
def student(root):
    return read(root / "notebooks/lesson/sample.ipynb")


def read(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return {cell.id: cell for cell in notebook.cells}


def contents(root):
    return {path: path.read_bytes() for path in root.rglob("*.ipynb")}


def test_cells_have_steady_ids(solution, student):
    given = ["start-1", "start-2", "start-3", "start-4"]
    rest = ["p0-double-answer", "p0-double", "p0-half-answer", "p0-half", "picture"]
    assert list(solution) == [*given, *rest, "more-exercise"]
    assert list(student) == [*given[:2], given[3], *rest, "more-exercise"]


def test_an_insertion_changes_the_ids_up_to_the_next_name_only(root, tmp_path):
    path = write_source(tmp_path, SAMPLE.replace("# A sample", "# A sample\n\n+++\n\nInserted"))
    ids = [cell.id for cell in source.read(path, "sample").cells]
    assert ids[5:] == list(read(root / "solutions/lesson/sample.ipynb"))[4:]


def test_short_headers_become_nbgrader_metadata(solution):
    for name, grade, answer in [
        ("p0-double-answer", False, True),
        ("p0-double", True, False),
        ("more-exercise", False, True),
        ("picture", False, False),
        ("start-1", False, False),
    ]:
        nbgrader = {
            "grade": grade, "grade_id": name, "locked": not answer,
            "schema_version": 3, "solution": answer, "task": False,
        }  # fmt: skip
        if grade:
            nbgrader["points"] = 4
        assert solution[name].metadata.nbgrader == nbgrader
    assert solution["p0-half"].metadata.nbgrader.points == 1.5
    assert solution["p0-half"].metadata.tags == ["hide-input"]


def test_instructors_see_solutions_and_no_markers(root, solution):
    assert solution["p0-double-answer"].source == (
        "def double(x):\n    # given comment\n    twice = x + x\n    return twice\n\n"
        'four = double(2)\nprint("given")'
    )
    assert "The derivation in the middle." in solution["start-2"].source
    text = (root / "solutions/lesson/sample.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in text and "STUDENT" not in text


def test_students_see_the_stubs(student):
    assert student["p0-double-answer"].source == (
        "def double(x):\n    # given comment\n    twice = ...\n\n    if twice:\n"
        '        return twice  # the result\n\nfour = ...\nprint("given")'
    )
    assert student["p0-half-answer"].source == "def half(x):\n    raise NotImplementedError"
    assert student["more-exercise"].source == "# your answer"


def test_students_get_no_solution_in_markdown(student):
    assert student["start-2"].source.split() == (
        "The question. <!-- an ordinary comment --> Its end.".split()
    )
    assert "start-3" not in student


def test_students_get_no_outputs_and_nbgraders_checksums(student):
    for cell in student.values():
        assert cell.metadata.nbgrader.checksum
        assert cell.metadata.deletable is False
        # Students type their identifier into a given cell.
        open_to_all = cell.metadata.nbgrader.solution or cell.source.startswith("STUDENT = ")
        assert cell.metadata.get("editable", True) is open_to_all
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


def test_code_that_only_draws_is_folded(student, solution):
    for cells in (student, solution):
        folded = [id for id, cell in cells.items() if "jupyter" in cell.metadata]
        assert folded == ["picture"]
        assert cells["picture"].metadata.jupyter == {"source_hidden": True}


def test_outputs_are_stored(solution):
    picture, printed = solution["picture"].outputs
    assert "image/png" in picture.data
    assert printed.text.endswith(f" {3.14159 / 7}\n")
    assert solution["picture"].execution_count == 6
    (table,) = solution["p0-double"].outputs
    assert table.data["application/vnd.backprop.answers+json"]["values"][1] == 1 / 3


def test_metadata_does_not_depend_on_the_machine(root):
    for path in ("solutions/lesson/sample.ipynb", "notebooks/lesson/sample.ipynb"):
        metadata = json.loads((root / path).read_text(encoding="utf-8"))["metadata"]
        assert metadata["kernelspec"]["name"] == "python3"
        assert "version" not in metadata["language_info"]
        assert set(metadata) == {"backprop", "kernelspec", "language_info"}
        assert metadata["backprop"] == {"release": helpers.__version__}


def test_building_twice_changes_nothing(root, capsys):
    before = contents(root)
    times = {path: path.stat().st_mtime_ns for path in before}
    assert main([], root) == 0
    assert capsys.readouterr().out.endswith("Nothing has changed.\n")
    assert contents(root) == before
    assert {path: path.stat().st_mtime_ns for path in before} == times


def test_a_failed_build_names_the_cells_and_leaves_everything_as_it_was(root, tmp_path, capsys):
    built = root / "solutions/lesson/sample.ipynb"
    write_source(tmp_path, "New.")
    old = tmp_path / "solutions/lesson/sample.ipynb"
    old.write_bytes(built.read_bytes())
    write_source(tmp_path, "```{code-cell}\n:given: division\n1 / 0\n```", "dividing")
    dying = "```{code-cell}\n:given: last\nimport os\nos._exit(1)\n```"
    write_source(tmp_path, dying, "dying")
    write_source(tmp_path, "```{code-cell}\n:chek: p0.half\n1\n```", "unreadable")
    before = contents(tmp_path)
    assert main([], tmp_path) == 2
    said = capsys.readouterr().err
    folder = "solutions/lesson"
    assert f"{folder}/dividing.md: cell division stops with ZeroDivisionError" in said
    assert f"{folder}/dying.md: the kernel died in cell last" in said
    assert f"{folder}/unreadable.md, line 5: 'chek' in the header means nothing here" in said
    assert "Traceback" not in said and said.endswith("Nothing was changed.\n")
    assert contents(tmp_path) == before
    assert not list(tmp_path.rglob("*.new"))


def test_check_says_what_is_not_up_to_date(root, tmp_path, capsys):
    path = write_source(tmp_path, "# Title\n\n```{code-cell}\nprint(1 / 3)\n```")
    assert main(["--check"], tmp_path) == 1
    said = capsys.readouterr().out
    assert "solutions/lesson/sample.ipynb is missing" in said
    assert "notebooks/lesson/sample.ipynb is missing" in said
    assert not list(tmp_path.rglob("*.ipynb"))

    files = build.build(tmp_path, [path])
    build.write(tmp_path, files)
    (tmp_path / "notebooks/lesson/gone.ipynb").write_text("{}")
    assert not list(build.changes(tmp_path, files))
    assert list(build.orphans(tmp_path)) == ["notebooks/lesson/gone.ipynb"]
    changed = {name: text.replace("Title", "Other") for name, text in files.items()}
    assert list(build.changes(tmp_path, changed)) == [
        "notebooks/lesson/sample.ipynb: cell start-1: source differs",
        "solutions/lesson/sample.ipynb: cell start-1: source differs",
    ]


ANSWER = "```{code-cell}\n:answer: p0.half\n### BEGIN SOLUTION\nhalf = 1\n%s### END SOLUTION\n```\n"
STUB = "### STUDENT\n# half = ...\n"
CHECK = '```{code-cell}\n:check: p0.half\ncheck("p0.half", half=half)\n```\n'
GIVEN = "```{code-cell}\n%s\n1\n```\n"


@pytest.mark.parametrize(
    "text, said",
    [
        (GIVEN % ":given: a" + GIVEN % ":given: a", "line 9: there is another cell with the gra"),
        (ANSWER % STUB + CHECK + CHECK, "there is another cell with the grade_id 'p0-half'"),
        (
            GIVEN % ":answer: p0.third",
            "there is no question 'p0.third' in helpers/marking/questions",
        ),
        (GIVEN % ":answer: 3", "answer: expected a name, got 3"),
        (GIVEN % ":check: p0.half\n:given: a", "the header says both check and given"),
        (GIVEN % ":given: a b", "the id 'a b' is not 1 to 64 of"),
        (GIVEN % ":anser: p0.half", "'anser' in the header means nothing here; known are answer"),
        (GIVEN % ":tags: [a", "a header cannot be read"),
        (GIVEN % ":fold: picture", "fold: expected true, on a given code cell, got 'picture'"),
        (ANSWER.replace(":ans", ":fold: true\n:ans") % STUB, "fold: expected true, on a given"),
        (GIVEN % ":jupyter: {source_hidden: true}", "'jupyter' in the header means nothing here"),
        ("```{codecell}\n1\n```", "```{codecell} is no cell"),
        ('+++ {"answer": "p0.half"}\n\nText', "answer is for code cells"),
        ("+++ {broken\n\nText", "a header cannot be read"),
        (CHECK.replace("half=half", "half=1"), "no answer cell above; one needs the header"),
        (ANSWER % STUB, "an answer cell without a check cell; ':exercise: name' needs none"),
        (ANSWER % "" + CHECK, "students never define half; add '# half = ...' under ### STUDENT"),
        (
            ANSWER % STUB + CHECK + GIVEN % "def half(x):\n    return x / 2",
            "half is the answer to p0.half, and a check that is run again would see this one",
        ),
        (ANSWER % STUB + CHECK.replace("half=half", "third=half"), 'check("p0.half", half=...)'),
        (ANSWER % STUB + CHECK.replace("check(", "x = check("), "a check cell is one statement"),
        (ANSWER % STUB + CHECK.replace('"p0.half"', '"p0.double"'), "its id should be 'p0-double'"),
        (GIVEN % ":exercise: a", "an answer cell without a block ### BEGIN SOLUTION"),
        (GIVEN % "### BEGIN SOLUTION", "### BEGIN SOLUTION without ### END SOLUTION"),
        (GIVEN % "### END SOLUTION", "line 1 of the cell: ### END SOLUTION without"),
        (GIVEN % "### STUDENT", "### STUDENT belongs once between"),
        (GIVEN % "## BEGIN SOLUTION", "'## BEGIN SOLUTION' is not a marker"),
        ("<!-- END SOLUTION -->", "without <!-- BEGIN SOLUTION -->"),
        (GIVEN % "# STUDENT", "'# STUDENT' is not a marker"),
        ("<!--BEGIN SOLUTION-->", "'<!--BEGIN SOLUTION-->' is not a marker"),
        (GIVEN % "### BEGIN SOLUTION\n### END SOLUTION", "a cell that is no answer cell"),
        (ANSWER % "### STUDENT\nhalf = 2\n" + CHECK, "start with '# ', not 'half = 2'"),
        (ANSWER % "### STUDENT\n# half =\n" + CHECK, "what students get is not valid Python"),
        (GIVEN % "---\nnbgrader: {grade: true}\n---", "nbgrader metadata without grade_id, locked"),
        (GIVEN % "---\nnbgrader: yes\n---", "nbgrader: expected its metadata, got True"),
    ],
)
def test_what_is_wrong_in_a_source_is_said_in_a_sentence(tmp_path, text, said):
    path = write_source(tmp_path, text)
    with pytest.raises(BuildError) as error:
        source.read(path, "lesson/sample.md")
    message = str(error.value)
    assert said in message
    assert message.startswith("lesson/sample.md")
    assert "\n" not in message


@pytest.mark.parametrize(
    "key, value, said",
    [
        ("points", 2, "2 points here, but 1.5 in helpers/marking/questions"),
        ("grade_id", "other", "so its id should be 'p0-half'"),
        ("schema_version", 2, "nbgrader schema_version: expected 3, got 2"),
        ("locked", "yes", "nbgrader locked: expected true or false, got 'yes'"),
        ("colour", "red", "nbgrader metadata with an unknown key 'colour'"),
    ],
)
def test_complete_metadata_has_to_fit_the_question(tmp_path, key, value, said):
    nbgrader = {
        "grade": True, "grade_id": "p0-half", "locked": True, "points": 1.5,
        "schema_version": 3, "solution": False, "task": False, key: value,
    }  # fmt: skip
    header = f"---\nnbgrader: {json.dumps(nbgrader)}\n---"
    path = write_source(tmp_path, ANSWER % STUB + CHECK.replace(":check: p0.half", header))
    with pytest.raises(BuildError, match=said):
        source.read(path, "sample.md")


def test_unknown_notebooks_are_named(root, tmp_path, capsys):
    assert main(["nonesuch"], root) == 2
    assert "There is no notebook 'nonesuch'. There are: sample." in capsys.readouterr().err
    assert main([], tmp_path) == 2
    assert "There are no sources" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["sample", "lesson/sample", "solutions/lesson/sample.md"])
def test_notebooks_are_named_in_several_ways(root, name):
    assert [path.stem for path in build.sources(root, [name])] == ["sample"]


@pytest.mark.parametrize(
    "output, said",
    [
        (nbformat.v4.new_output("stream", name="stderr", text="W0000 oops"), "writes to stderr"),
        (nbformat.v4.new_output("stream", text="<f at 0x7f00c0ffee>"), "an address in memory"),
        (nbformat.v4.new_output("stream", text=f"{sys.prefix}{os.sep}lib"), "a path of this mach"),
        (nbformat.v4.new_output("display_data", data={"text/html": "<a at 0x1234567>"}), "addre"),
    ],
)
def test_outputs_that_no_reader_should_see_stop_the_build(tmp_path, output, said):
    cell = nbformat.v4.new_code_cell(outputs=[output])
    (problem,) = objections(nbformat.v4.new_notebook(cells=[cell]), tmp_path)
    assert said in problem


def test_a_written_answer_is_nothing_students_see(tmp_path):
    nbgrader = {
        "grade": True, "grade_id": "why", "locked": False, "points": 2,
        "schema_version": 3, "solution": True, "task": False,
    }  # fmt: skip
    text = f"+++ {json.dumps({'nbgrader': nbgrader})}\n\nBecause of the chain rule."
    notebook = source.read(write_source(tmp_path, text), "sample.md")
    assert release({"sample": notebook}, "lesson")["sample"].cells[0].source == "*Your answer*"
    assert notebook.cells[0].source == "Because of the chain rule."


def test_blocks_keep_what_surrounds_them():
    text = "a\n### BEGIN SOLUTION\nb\n### END SOLUTION\nc"
    assert for_instructor(text, "code") == "a\nb\nc"
    assert for_student(text, "code") == "a\n# your answer\nc"
    empty = "if a:\n    ### BEGIN SOLUTION\n    b\n    ### STUDENT\n    ### END SOLUTION\n    c"
    assert for_student(empty, "code") == "if a:\n    c"


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("E = 0.29837", "E = 0.29837000001", True),
        ("E = 0.29837", "E = 0.2984", False),
        ("E = 0.2", "F = 0.2", False),
        ("[ 0.1   0.25]", "[0.1 0.25]", True),
        ("1e-17", "-3e-16", True),
        ("3 steps", "4 steps", False),
        ("x = -0.5", "x = 0.5", False),
        ("src='data:image/png;base64,AA='", "src='data:image/png;base64,BB='", True),
    ],
)
def test_which_outputs_are_the_same(one, other, same):
    assert same_text(one, other) is same


def test_pictures_may_differ_and_nothing_else(root):
    text = (root / "solutions/lesson/sample.ipynb").read_text(encoding="utf-8")
    assert differences(text, text) == []
    assert differences(text, text.replace("iVBOR", "iVBOS")) == []
    assert differences(text, text.replace("image/png", "image/gif")) == [
        "cell picture: outputs differ"
    ]
    assert differences(text, text.replace('"points": 4', '"points": 5')) == [
        "cell p0-double: metadata differs"
    ]
    assert differences(text, text.replace('"picture"', '"photo"'))[0] == "there are other cells"
    assert differences(text, "{") == ["this is not a notebook as it is built"]
