"""The parts of one table agree: what is right rules out causes, what is shared goes first."""

import pytest

from helpers.marking.agreement import not_ruled_out, with_shared_causes
from helpers.marking.answer import Answer
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.questions import question_by_id
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


def test_two_causes_that_one_right_delta_contradicts_are_both_asked_about():
    """With some students' numbers they nearly give one number, and neither is silently dropped."""
    asked = question_by_id("p2.two_points")
    cases = asked.cases_from(0)
    (part,) = (part for part in asked.parts if part.name == "db_o")
    answer = Answer(part, cases, [dict(cases[0].mistakes["db_o"])["slope_at_a"]])
    causes = (("slope_at_a",), ("factor_of_the_slope_missing",))
    found, said = not_ruled_out(answer, causes, {"delta_o"})
    assert found == causes and said.count("Or this?") == 1
    assert said.startswith("Your delta_o is right, but this does not follow from it. More than one")


def test_a_trail_calls_no_delta_right_that_is_wrong_in_the_same_table():
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
    assert (
        "The way there: δ_o · a_h. Right so far in your answers: a_h. Check that it is in this "
        "answer as well. Not right yet, and used here as you gave it: δ_o. Which delta comes back"
    ) in found["dW_o"].hint
    assert "Not right yet, and used here as you gave it: δ_h. Look at" in found["dW_h"].hint
