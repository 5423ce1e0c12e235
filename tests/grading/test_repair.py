"""Repair: the student's answers in the released notebook, whatever else was done to it."""

import ast
import copy
import json
from functools import cache

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.grading.intake.reading import read_notebook, to_keep
from helpers.grading.repair import statements
from helpers.grading.repair.lay_in import repair
from helpers.grading.repair.matching import MAX_CELL_LENGTH
from helpers.grading.repair.released import is_answer
from tests.attacks.mangled import MANGLINGS
from tests.in_process import marked
from tests.sample_class.work import Notebook


def cell(name, source, solution=False, grade=False, markdown=False):
    make = new_markdown_cell if markdown else new_code_cell
    nbgrader = {"grade_id": name, "grade": grade, "solution": solution, "locked": not solution}
    if grade:
        nbgrader["points"] = 2
    return make(source, id=name, metadata={"nbgrader": nbgrader})


@pytest.fixture
def released():
    return new_notebook(
        cells=[
            cell("intro", "# Title", markdown=True),
            cell("setup", "x = 1"),
            cell("p2-a-answer", "a = ...", solution=True),
            cell("p2-a", 'check("p2.a", a=a)', grade=True),
            cell("p2-b-answer", "b = ...", solution=True),
            cell("p2-b", 'check("p2.b", b=b)', grade=True),
        ]
    )


@pytest.fixture
def mine(released):
    """The student's copy, answered."""
    mine = copy.deepcopy(released)
    mine.cells[2].source, mine.cells[4].source = "a = 1", "b = 2"
    return mine


def sources(notebook):
    return [cell.source for cell in notebook.cells]


AS_IT_SHOULD_BE = ["# Title", "x = 1", "a = 1", 'check("p2.a", a=a)', "b = 2", 'check("p2.b", b=b)']


def test_answers_only_is_no_repair(mine, released):
    notebook, sentences = repair(mine, released)
    assert sources(notebook) == AS_IT_SHOULD_BE
    assert sentences == []
    assert "a = ..." in sources(released), "the released notebook itself must not change"


def test_own_cells_stay_at_their_place(mine, released):
    mine.cells.insert(3, new_code_cell("c = a + 1"))
    mine.cells.insert(1, new_markdown_cell("My note"))
    mine.cells.insert(0, new_code_cell("import math"))
    notebook, sentences = repair(mine, released)
    assert sources(notebook) == [
        "import math", "# Title", "My note", "x = 1", "a = 1", "c = a + 1", *AS_IT_SHOULD_BE[3:],
    ]  # fmt: skip
    assert sentences == []
    assert all(not c.metadata for c in notebook.cells if c.source in ("import math", "c = a + 1"))
    assert len({c.id for c in notebook.cells}) == len(notebook.cells)


def relabel(mine):
    mine.cells[3].metadata.nbgrader.update(points=99, locked=False)


def strip_labels(mine):
    for c in mine.cells:
        c.metadata = {}


def retype(mine):
    old = mine.cells[2]
    mine.cells[2] = new_markdown_cell(old.source, id=old.id, metadata=old.metadata)


def duplicate(mine):
    mine.cells.insert(3, copy.deepcopy(mine.cells[2]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.cells.pop(3), "Missing check cells were put back: p2-a."),
        (lambda m: m.cells.pop(1), "not there were put back: 1"),
        (lambda m: m.cells[3].update(source="pass"), "Changed check cells were put back"),
        (lambda m: m.cells[1].update(source="x = 100"), "Given cells that were different"),
        (lambda m: m.cells.insert(0, m.cells.pop(4)), "moved were put back in order"),
        (duplicate, "occurred more than once: p2-a-answer"),
        (relabel, "grading labels"),
        (strip_labels, "grading labels"),
        (retype, "type of these cells was put right: p2-a-answer"),
    ],
)
def test_what_was_done_no_longer_matters(mine, released, change, says):
    change(mine)
    notebook, sentences = repair(mine, released)
    assert sources(notebook) == AS_IT_SHOULD_BE
    assert [c.metadata for c in notebook.cells] == [c.metadata for c in released.cells]
    assert says in " ".join(sentences)


def test_points_that_an_instructor_has_changed_since_are_not_worth_a_word(mine, released):
    released.cells[3].metadata.nbgrader.points += 2
    notebook, sentences = repair(mine, released)
    assert notebook.cells[3].metadata == released.cells[3].metadata
    assert sentences == []


def test_changed_prose_is_not_worth_a_word(mine, released):
    mine.cells[0].source = "# Another edition"
    assert repair(mine, released)[1] == []


def test_an_answer_without_a_label_is_found_by_what_it_defines(mine, released):
    mine.cells[2] = new_code_cell("a = 3", id="new")
    notebook, sentences = repair(mine, released)
    assert sources(notebook)[2:4] == ["a = 3", 'check("p2.a", a=a)']
    assert sentences == ["These answers were found by what they define: p2-a-answer."]


def test_what_may_be_the_answer_but_is_not_python_comes_after_the_empty_form(mine, released):
    mine.cells[2] = new_code_cell("a = (3", id="new")
    notebook, sentences = repair(mine, released)
    assert sources(notebook)[2:5] == ["a = ...", "a = (3", 'check("p2.a", a=a)']
    assert sentences == ["These answer cells were missing, so they are empty: p2-a-answer."]


def test_of_two_copies_the_empty_form_is_dropped(mine, released):
    mine.cells.insert(2, copy.deepcopy(released.cells[2]))
    assert sources(repair(mine, released)[0]) == AS_IT_SHOULD_BE
    mine.cells.append(copy.deepcopy(released.cells[2]))
    assert sources(repair(mine, released)[0]) == AS_IT_SHOULD_BE


def test_of_two_answers_both_run_in_the_students_order(mine, released):
    mine.cells.insert(3, cell("p2-a-answer", "a = 7", solution=True))
    assert sources(repair(mine, released)[0])[2:4] == ["a = 1", "a = 7"]


def test_line_ends_of_windows_are_no_change(mine, released):
    mine.cells[3].source = 'check("p2.a", a=a)\r\n'
    assert repair(mine, released)[1] == []


@pytest.mark.parametrize(
    "broken",
    [
        {"metadata": {"nbgrader": 3}, "cell_type": "code", "source": "a"},
        {"metadata": None, "cell_type": 5, "source": None},
        {"metadata": {"nbgrader": {"grade_id": ["x"]}}, "cell_type": "code", "source": 7},
        {},
        {"id": 4, "source": ["a", 3, "b"], "cell_type": "code"},
    ],
)
def test_wrong_types_do_no_harm(mine, released, broken):
    mine.cells.insert(3, broken)
    assert set(AS_IT_SHOULD_BE) <= set(sources(repair(mine, released)[0]))


# Honest work


@cache
def full_points(name):
    return points(Notebook(name).content)


def points(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            # At grading a check in an answer cell does nothing; here it would be in the way.
            cell.source = cell.source.replace("check(", "print(")
    return sum(v.points for parts in marked(notebook).values() for v in parts)


@pytest.mark.sampled(0.2)
@pytest.mark.parametrize(
    "name", ["problem_1_derivation", "problem_2_pen_and_paper", "problem_3_numpy"]
)
@pytest.mark.parametrize("mangling", MANGLINGS, ids=lambda mangling: mangling.what)
def test_honest_work_keeps_its_points(name, mangling):
    released = Notebook(name, solved=False).content
    data = mangling.of(Notebook(name))
    kept, remark = to_keep(data, read_notebook(data))
    notebook, sentences = repair(nbformat.reads(kept.decode(), as_version=4), released)
    assert points(notebook) == full_points(name) > 10
    assert bool(sentences or remark) == mangling.is_seen


def test_a_deleted_answer_is_not_made_of_others(released):
    """The hidden layers of Problem 2 have answers of the same names."""
    name = "problem_2_pen_and_paper"
    mine = Notebook(name).delete("p2-sigmoid-backward-answer").content
    notebook, sentences = repair(mine, Notebook(name, solved=False).content)
    found = Notebook(name).content
    for cell, solved in zip(notebook.cells, found.cells, strict=True):
        if cell.id == "p2-sigmoid-backward-answer":
            assert "..." in cell.source
        else:
            assert cell.source == solved.source
    assert sentences == [
        "These answer cells were missing, so they are empty: p2-sigmoid-backward-answer."
    ]


def test_an_experiment_below_an_answered_check_stays_where_it_is(mine, released):
    mine.cells.insert(4, new_code_cell("a = 100"))
    notebook, sentences = repair(mine, released)
    assert sources(notebook) == [*AS_IT_SHOULD_BE[:4], "a = 100", *AS_IT_SHOULD_BE[4:]]
    assert sentences == []


def test_part_of_an_answer_does_not_cost_the_rest():
    """A check whose names are not all defined would not run at all."""
    form = cell("p2-a-answer", "a = ...\nb = ...", solution=True)
    released = new_notebook(cells=[form, cell("p2-a", 'check("p2.a", a=a, b=b)', grade=True)])
    mine = new_notebook(cells=[new_code_cell("b = 2"), copy.deepcopy(released.cells[1])])
    assert sources(repair(mine, released)[0])[:2] == ["a = ...\nb = ...", "b = 2"]


def test_what_is_added_to_a_given_cell_runs_and_what_is_changed_there_does_not(mine, released):
    mine.cells[1].source = "import math\nx = 100\n\ndef f(y):\n    return math.sin(y)\nprint(f(1))"
    notebook, sentences = repair(mine, released)
    assert sources(notebook) == [
        *AS_IT_SHOULD_BE[:2],
        "import math\n\ndef f(y):\n    return math.sin(y)",
        *AS_IT_SHOULD_BE[2:],
    ]
    assert "What you had added to given cells" in " ".join(sentences)


def test_a_cell_of_a_million_letters_is_left_out(mine, released):
    mine.cells[2].source = "a = 1 #" + "x" * MAX_CELL_LENGTH
    notebook, sentences = repair(mine, released)
    assert sources(notebook)[3:] == AS_IT_SHOULD_BE[3:]
    assert "left out: 1" in " ".join(sentences)


def test_half_characters_do_not_reach_the_file(mine, released):
    mine.cells[2].source = "a = '\ud800'"
    assert sources(repair(mine, released)[0])[2] == "a = '?'"


# Notebooks of other releases


def handed_in(notebook, release):
    """A notebook as it is read from a file whose metadata names a release."""
    metadata = {"metadata": {"backprop": {"release": release}}}
    return read_notebook(json.dumps(dict(notebook) | metadata).encode())


@pytest.mark.parametrize(("release", "age"), [("0.9", "an older"), ("1.10", "a newer")])
def test_a_notebook_of_another_release_is_called_that(mine, released, release, age):
    """What is different in its given cells and checks is not said to be the student's doing."""
    released.metadata["backprop"] = {"release": "1.2.3"}
    mine.cells[1].source = "x = 100"
    mine.cells[3].source = 'check("p2.a", a=a, c=3)'
    del mine.cells[0]
    notebook, sentences = repair(handed_in(mine, release), released)
    assert sources(notebook) == AS_IT_SHOULD_BE
    assert sentences == [
        f"This notebook is of {age} release, {release}. Your answers were put into that of "
        "release 1.2.3, by which the class is graded."
    ]


@pytest.mark.parametrize("release", [None, 7, "", "newest", "1" * 1000, ["1.0"], "<b>1.0</b>"])
def test_what_cannot_be_a_release_says_nothing(mine, released, release):
    released.metadata["backprop"] = {"release": "1.2.3"}
    assert repair(handed_in(mine, release), released)[1] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from helpers.figures import plot_losses", "from helpers.pictures import plot_losses"),
        ("from helpers.quiet_keras import keras, tf", "from helpers.keras import keras, tf"),
        ("from helpers.weight_space import WeightSpace", "from helpers import WeightSpace"),
    ],
)
def test_imports_of_release_0_1_0_are_no_change(mine, released, old, new):
    mine.cells[1].source, released.cells[1].source = old, new
    notebook, sentences = repair(mine, released)
    assert sources(notebook)[1] == new
    assert sentences == []


def test_each_text_is_parsed_once_however_many_there_are(monkeypatch):
    """What a notebook costs grows with its length, not with its length times its answers."""
    work = Notebook("problem_3_numpy", solved=False)
    for cell in work.content.cells:
        if is_answer(cell):
            cell.source = "# nothing"
    own = [new_code_cell(f"a_{number} = {number}\nb = 1") for number in range(400)]
    work.content.cells[:0] = own
    parsed = []

    def parse(text):
        parsed.append(text)
        return ast.parse(text)

    monkeypatch.setattr(statements, "_parsed", parse)
    released = Notebook("problem_3_numpy", solved=False).content
    notebook, _ = repair(work.content, released)
    assert len(notebook.cells) >= 400 + len(released.cells)
    assert all(parsed.count(cell.source) == 1 for cell in own)
    assert not statements.statements.cache_info().currsize, "nothing is kept for the next"
