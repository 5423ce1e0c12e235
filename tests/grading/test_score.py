"""Scoring fails closed: no valid record of this run in the check's own cell, no marks."""

import copy

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.asking.cell_ids import check_cell_id
from helpers.asking.record import MIME_TYPE
from helpers.grading.gradebook.score import verdicts_by_question
from helpers.grading.running.run import Execution
from helpers.marking.questions import question_by_id

SEED, NONCE = 12345, "the nonce of this check"
QUESTION, OTHER = question_by_id("p2.sigmoid.forward"), question_by_id("p2.tanh.forward")


def right_record(question=QUESTION, nonce=NONCE):
    (case,) = question.cases_from(SEED)
    answers = {
        name: [{"shape": list(np.shape(value)), "values": np.ravel(value).tolist()}]
        for name, value in case.expected.items()
    }
    return {"version": 1, "question": question.id, "nonce": nonce, "answers": answers}


def shown(record, **more):
    return new_output("display_data", {MIME_TYPE: record, **more})


def executed(*outputs, answer=()):
    """An executed notebook with the question's answer cell and its check cell."""
    check = check_cell_id(QUESTION.id)
    cells = [
        new_code_cell(
            "…",
            metadata={
                "nbgrader": {"grade_id": f"{check}-answer", "solution": True, "grade": False}
            },
            outputs=list(answer),
        ),
        new_code_cell(
            "…",
            metadata={"nbgrader": {"grade_id": check, "solution": False, "grade": True}},
            outputs=list(outputs),
        ),
    ]
    return new_notebook(cells=cells)


def verdicts(notebook, reasons=None):
    check = check_cell_id(QUESTION.id)
    execution = Execution(SEED, reasons or {}, {check: NONCE})
    return verdicts_by_question(notebook, {check: QUESTION}, execution)[QUESTION.id]


def points(found):
    return sum(verdict.points for verdict in found)


def test_right_record_gets_all_points():
    assert points(verdicts(executed(shown(right_record())))) == QUESTION.points


ALL_RIGHT = "p2.sigmoid.forward\n✓ z_h  right\n✓ a_h  right\n✓ z_o  right\n✓ a_o  right\n✓ E  right"


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        ([], "left no record"),
        ([new_output("stream", text=ALL_RIGHT)], "left no record"),
        (
            [new_output("display_data", {"text/plain": ALL_RIGHT, "text/html": "<b>5</b>"})],
            "no record",
        ),
        ([new_output("execute_result", {"text/plain": "5.0"})], "left no record"),
        ([shown(right_record()), shown(right_record())], "more than once"),
        ([shown(right_record(OTHER))], "no record"),
        ([shown(right_record(nonce="of another check"))], "not recorded when it was asked"),
        ([shown(right_record(nonce=None))], "not recorded when it was asked"),
        ([shown({**right_record(), "nonce": [NONCE]})], "not recorded when it was asked"),
        ([shown({**right_record(), "version": 2})], "no record"),
        ([shown("right")], "not recorded when it was asked"),
        ([shown({**right_record(), "answers": None})], "no record"),
        ([shown({**right_record(), "points": 5, "answers": {}})], "no record"),
    ],
)
def test_no_valid_record_no_marks(outputs, says):
    found = verdicts(executed(*outputs))
    assert points(found) == 0
    assert all(verdict.status == "error" and says in verdict.hint for verdict in found)


def test_a_check_that_was_never_asked_has_no_record_that_counts():
    check = check_cell_id(QUESTION.id)
    notebook = executed(shown(right_record(nonce=None)))
    found = verdicts_by_question(notebook, {check: QUESTION}, Execution(SEED))[QUESTION.id]
    assert points(found) == 0


def test_record_in_another_cell_is_worth_nothing():
    notebook = executed(answer=[shown(right_record())])
    assert points(verdicts(notebook)) == 0


@pytest.mark.parametrize(
    "values",
    [["1"], [True], [None], [10**400], [[1, 2]], "12", {"0": 1}, [float("nan")], [float("inf")]],
)
def test_values_that_are_no_numbers(values):
    record = right_record()
    record["answers"]["E"] = [{"shape": [], "values": values}]
    found = {verdict.part: verdict for verdict in verdicts(executed(shown(record)))}
    assert found["E"].status == "error" and found["E"].points == 0
    assert found["z_h"].status == "right"


@pytest.mark.parametrize("shape", [[-1], [10**9, 10**9], "x", None, [1.0], [2, 2], {"a": 1}])
def test_shapes_that_do_not_fit(shape):
    record = right_record()
    record["answers"]["E"] = [{"shape": shape, "values": [0.3]}]
    found = {verdict.part: verdict for verdict in verdicts(executed(shown(record)))}
    assert found["E"].points == 0


def test_why_a_record_is_missing():
    error = new_output("error", ename="NameError", evalue="name 'z_h' is not defined", traceback=[])
    syntax = new_output("error", ename="SyntaxError", evalue="invalid syntax", traceback=[])
    assert "because of NameError" in verdicts(executed(error))[0].hint
    assert "SyntaxError: invalid syntax" in verdicts(executed(error, answer=[syntax]))[0].hint
    assert verdicts(executed(error), {1: "was stopped"})[0].hint == "this cell was stopped"


def test_an_answer_that_did_not_run_gets_nothing_for_values_of_the_same_name():
    found = verdicts(executed(shown(right_record())), {0: "ended Python"})
    assert points(found) == 0
    assert found[0].hint == "your answer above did not run to its end: it ended Python"


def test_values_left_from_before_are_not_taken_for_an_answer():
    record = right_record()
    record["answers"]["E"] = [{"shape": [], "values": [17.0]}]
    error = new_output("error", ename="TypeError", evalue="no", traceback=[])
    found = {v.part: v for v in verdicts(executed(shown(record), answer=[error]))}
    assert found["E"].status == "error" and "TypeError" in found["E"].hint
    assert found["z_h"].status == "right"


def test_what_the_kernel_displays_changes_nothing():
    quiet = verdicts(executed(shown(right_record())))
    loud = copy.deepcopy(right_record())
    noise = [new_output("stream", name="stderr", text="Error!"), new_output("error", ename="E")]
    assert verdicts(executed(shown(loud, **{"text/html": "0 points"}), *noise)) == quiet
