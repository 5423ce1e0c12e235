"""The parts of one table agree: what is right rules out causes, what is shared goes first."""

import pytest

from helpers.marking.agreement import with_shared_causes
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.recognition import hint_for
from helpers.marking.verdict import WRONG, Verdict
from tests.in_process import marked
from tests.sample_class.work import Notebook

P3 = "problem_3_numpy"


BACKWARD = """
def backward(x, t, params, trace, hidden):
    z_h, a_h, z_o, a_o = trace
    delta_o = (a_o - t) * a_o * (1 - a_o)
    back = delta_o @ params["W_o"].T
    slope_h = {"sigmoid": a_h * (1 - a_h), "tanh": 1 - a_h**2, "relu": z_h > 0}[hidden]
    delta_h = back * slope_h
    return {
        "dW_h": x.T @ delta_h / len(x),
        "db_h": delta_h.mean(axis=0),
        "dW_o": a_h.T @ delta_o / len(x),
        "db_o": delta_o.mean(axis=0),
    }
"""


def backward(old, new):
    """The verdicts on `backward` with one change, by part."""
    assert old in BACKWARD
    notebook = Notebook(P3).answer("p3.backward", BACKWARD.replace(old, new))
    return {v.part: v for v in marked(notebook.content, only={"p3.backward"})["p3.backward"]}


def test_a_right_bias_gradient_shows_that_the_delta_is_right():
    """Without the derivative in dW_h alone: the delta in db_h has it."""
    found = backward('"dW_h": x.T @ delta_h', '"dW_h": x.T @ back')
    assert found["db_h"].status == "right"
    assert found["dW_h"].misconception == "slope_forgotten"
    assert found["dW_h"].hint.startswith("Your db_h is right, and so is the delta in it, but this")


def test_two_mistakes_are_not_said_against_a_right_bias_gradient():
    found = backward('"dW_h": x.T @ delta_h', '"dW_h": -x.T @ back')
    assert found["db_h"].status == "right"
    assert "Two mistakes" not in found["dW_h"].hint
    assert "slope_forgotten" not in found["dW_h"].names


def test_a_slip_that_spoils_both_is_told_as_it_is():
    found = backward("back * slope_h", "back")
    assert {found[part].misconception for part in ("dW_h", "db_h")} == {"slope_forgotten"}
    assert found["dW_h"].hint == CATALOGUE["slope_forgotten"].hint


def verdict(part, *alternatives, before=""):
    return Verdict(part, 0, 1, WRONG, alternatives, before + hint_for(alternatives))


SLOPE, EDGE, TWO = ("slope_forgotten",), ("edge_forgotten",), ("edge_forgotten", "factor_two")


@pytest.mark.parametrize("before", ["", "only the number of unit 1 is off. "])
def test_what_explains_several_parts_goes_first(before):
    one, other = with_shared_causes([verdict("a", SLOPE, EDGE, before=before), verdict("b", EDGE)])
    assert one.misconceptions == other.misconceptions == (EDGE,)
    assert one.hint == before + CATALOGUE["edge_forgotten"].hint


def test_of_two_at_once_that_goes_first_whose_part_is_alone_elsewhere():
    one, _ = with_shared_causes(
        [verdict("a", ("slope_forgotten", "factor_half"), TWO), verdict("b", EDGE)]
    )
    assert one.misconceptions == (TWO,)


def test_without_support_both_are_asked():
    one, _ = with_shared_causes([verdict("a", SLOPE, EDGE), verdict("b", ("factor_two",))])
    assert one.misconceptions == (SLOPE, EDGE) and "Or this?" in one.hint


def test_a_trail_ticks_no_delta_that_is_wrong_in_the_same_table():
    """The biases' gradients are right, and the deltas above them are not."""
    notebook = Notebook("problem_2_pen_and_paper")
    source = notebook.content.cells[notebook.position("p2.sigmoid.backward")].source
    spoilt = (
        f"{source}\ndelta_o, delta_h = 0.1234, [0.0567, 0.0321]\n"
        # The one goes along the activations, the other along the wrong deltas.
        "dW_o, dW_h = [0.0681, 0.0293], [[0.0113, 0.0064], [0.0284, 0.0161]]"
    )
    question = "p2.sigmoid.backward"
    answered = notebook.answer(question, spoilt).content
    found = {v.part: v for v in marked(answered, only={question, "p2.sigmoid.forward"})[question]}
    assert found["db_o"].status == found["db_h"].status == "right"
    assert "δ_o (yours) · a_h ✓" in found["dW_o"].hint
    assert "δ_h (yours) · x ?" in found["dW_h"].hint
