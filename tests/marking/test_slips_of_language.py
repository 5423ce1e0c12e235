"""How Python reads what was meant otherwise: a decimal comma, ^, //, rows without brackets."""

import numpy as np
import pytest
import sympy

from helpers.checking import observe
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id
from tests.worked_by_hand import BACKWARD, FORWARD, UPDATE, by_hand


def told(question, names, **changed):
    """The verdicts on a page by hand with some answers changed, by part."""
    page = by_hand("sigmoid")
    asked = question_by_id(question)
    answers = {name: page[name] for name in names} | changed
    return {v.part: v for v in judge(asked, observe(asked, answers, 1), 1)}


def forward(**changed):
    return told("p2.sigmoid.forward", FORWARD, **changed)


def backward(**changed):
    return told("p2.sigmoid.backward", BACKWARD, **changed)


@pytest.mark.parametrize(
    ("part", "answer"), [("E", (0, 18)), ("z_h", [0, 76, -0, 88]), ("a_o", (0, 7575))]
)
def test_a_decimal_comma_is_told(part, answer):
    verdict = forward(**{part: answer})[part]
    assert verdict.status == "wrong"
    assert "A decimal comma parts two numbers: write 0.12, not 0,12." in verdict.hint


def test_two_numbers_that_are_none_with_a_comma_are_not_told_so():
    assert "comma" not in forward(E=(0.2, 0.18))["E"].hint


def test_a_decimal_comma_in_quotes_is_told():
    assert forward(E="0,18")["E"].hint.endswith("write a point in place of the comma")
    assert "comma" not in forward(E="0.18")["E"].hint


def test_a_matrix_in_one_row_is_told_by_name():
    right = by_hand("sigmoid")["dW_h"]
    verdict = backward(dW_h=np.ravel(right).tolist())["dW_h"]
    assert verdict.misconception == "rows_left_flat"
    other = backward(dW_h=[0.1, 0.2, 0.3, 0.4])["dW_h"]
    assert other.status == "wrong" and not other.misconception
    verdict = backward(dW_h=(-np.ravel(right)).tolist())["dW_h"]
    assert set(verdict.names) >= {"rows_left_flat", "wrong_sign"}


def test_new_weights_in_one_row_are_told_by_name():
    page = by_hand("sigmoid")
    flat = np.ravel(page["W_h_new"]).tolist()
    assert told("p2.sigmoid.update", UPDATE, W_h_new=flat)["W_h_new"].misconception == (
        "rows_left_flat"
    )


def test_what_is_0_by_hand_may_have_been_cut_off():
    assert "a // cut off decimals" in forward(E=0)["E"].hint


def test_zeros_in_the_biases_gradient_have_the_cause_of_those_in_the_weights():
    alone = backward(db_h=[0, 0])["db_h"]
    assert alone.misconception == "bias_gradient_forgotten"
    both = backward(db_h=[0, 0], dW_h=[[0, 0], [0, 0]])
    assert {both[name].misconception for name in ("db_h", "dW_h")} == {"nothing_arrives"}


@pytest.mark.parametrize("number", [2, sympy.Integer(0), 3.5])
def test_a_formula_that_has_become_a_number_is_told(number):
    """`a_k - a_k^2` is (a_k - a_k)^2 to Python, which is 2."""
    asked = question_by_id("p1.output_links")
    given = dict.fromkeys(asked.arguments) | {"da_k_dz_k": number}
    verdict = {v.part: v for v in judge(asked, observe(asked, given, 1), 1)}["da_k_dz_k"]
    assert "without any symbol" in verdict.hint
    assert verdict.read_as == str(sympy.sympify(number))
