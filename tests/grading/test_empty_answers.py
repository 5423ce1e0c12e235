"""An answer that is not there is "not answered yet", whatever stands elsewhere in the notebook."""

import copy

import pytest

from helpers.asking.cell_ids import answer_cell_id, question_of_answer
from helpers.grading.repair.lay_in import repair
from helpers.grading.repair.released import grade_id, is_answer
from helpers.grading.repair.statements import statements
from helpers.marking.questions import NOTEBOOKS, questions_of
from tests.in_process import marked
from tests.sample_class.work import Notebook

GAP = "..."
P2 = "problem_2_pen_and_paper"
COLUMNS = {
    hidden: [f"p2.{hidden}.{kind}" for kind in ("forward", "backward", "update")]
    for hidden in ("sigmoid", "tanh", "relu")
}
QUESTIONS = [
    (notebook, question) for notebook in NOTEBOOKS.values() for question in questions_of(notebook)
]


def graded(work):
    """The verdicts of a Notebook as it is handed in: repaired and marked."""
    repaired, _ = repair(work.content, Notebook(work.name, solved=False).content)
    return marked(repaired)


def statuses(found, questions):
    return {verdict.status for question in questions for verdict in found[question]}


def points(found):
    return sum(verdict.points for verdicts in found.values() for verdict in verdicts)


@pytest.mark.parametrize("empty", ["", "\n\n", "# nothing here yet"])
def test_a_solved_section_answers_no_other(empty):
    work = Notebook(P2)
    for question in COLUMNS["tanh"] + COLUMNS["relu"]:
        work.answer(question, empty)
    found = graded(work)
    assert statuses(found, COLUMNS["sigmoid"]) == {"right"}
    assert statuses(found, COLUMNS["tanh"] + COLUMNS["relu"]) == {"missing"}
    assert points(found) == 16 + 4


def test_a_line_that_is_missing_costs_its_own_part():
    work = Notebook(P2).edit("p2.tanh.backward", ("db_o = delta_o\n", ""))
    found = {verdict.part: verdict.status for verdict in graded(work)["p2.tanh.backward"]}
    assert found.pop("db_o") == "missing"
    assert set(found.values()) == {"right"}


def test_answers_in_cells_of_ones_own_count():
    """Above the answer cell, which is empty; with the cell before it deleted as well."""
    for deletes in (False, True):
        work = Notebook(P2)
        for question in COLUMNS["tanh"]:
            position = work.position(question)
            source = work.content.cells[position].source
            work.answer(question, "")
            work.insert_after(question, source)
            cells = work.content.cells
            cells[position], cells[position + 1] = cells[position + 1], cells[position]
            cells[position]["id"] = f"own-{position}"
        if deletes:
            first = work.position("p2.tanh.forward")
            del work.content.cells[first - 2]
        assert statuses(graded(work), COLUMNS["tanh"]) == {"right"}


@pytest.mark.sampled(0.25)
@pytest.mark.parametrize(("notebook", "question"), QUESTIONS)
def test_an_emptied_answer_has_no_points(notebook, question):
    """All others are right, and none of their values, nor one of a given cell, stands for it."""
    work = Notebook(notebook).answer(question, "")
    verdicts = graded(work)[question]
    assert {verdict.status for verdict in verdicts} == {"missing"}


@pytest.mark.parametrize("notebook", NOTEBOOKS.values())
def test_no_name_that_is_asked_for_has_a_value_before(notebook):
    """So that at home, too, an emptied answer is none: a given cell takes old values away."""
    came_from = {}  # by name: the cell that gave it its value, GAP if that is `...`
    for cell in Notebook(notebook).content.cells:
        if cell.cell_type != "code":
            continue
        answered = is_answer(cell) and question_of_answer(grade_id(cell))
        if answered:
            asked = questions_of(notebook)[answered].arguments
            before = {came_from[name] for name in asked if name in came_from}
            assert before <= {GAP, answered}, grade_id(cell)
        for statement in statements(cell.source):
            is_gap = statement.text.partition("#")[0].rstrip().endswith("= ...")
            for name in statement.names:
                came_from[name] = GAP if is_gap else answered or grade_id(cell)


def test_the_released_form_stands_for_an_emptied_answer():
    released = Notebook("problem_3_numpy", solved=False)
    work = copy.deepcopy(released).answer("p3.loss", "  \n# later")
    repaired, _ = repair(work.content, released.content)
    (cell,) = (c for c in repaired.cells if grade_id(c) == answer_cell_id("p3.loss"))
    assert "raise NotImplementedError" in cell.source
