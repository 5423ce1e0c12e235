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


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((1, 000, 000, 000), "write 1000, not 1,000"),
        ((23, 860), "write 1000, not 1,000"),
        ((0, 12), "A decimal comma"),
        ([23, 860], "Asked for: weights and biases"),
        ((-4, -3), "Asked for: weights and biases"),
    ],
)
def test_commas_are_told_of_where_no_brackets_stand_around_the_numbers(answer, words):
    hint = of_lecture("l1.count", parameters=answer)["parameters"].hint
    assert words in hint and ("comma" in hint) == ("Asked" not in words)


def of_lecture(question, **answers):
    """The verdicts on some answers to a question of a lecture, by part; the others are missing."""
    asked = question_by_id(question)
    given = dict.fromkeys(asked.arguments) | answers
    return {v.part: v for v in judge(asked, observe(asked, given, 1), 1)}


def test_a_vector_in_place_of_a_number_is_told_what_is_asked_for():
    hint = of_lecture("l1.direction", across=[4, 3])["across"].hint
    assert "comma" not in hint and hint.startswith("expected one number, got 2. Asked for: how")


@pytest.mark.parametrize(
    ("question", "part", "answer", "words"),
    [
        ("l2.output_gradients", "direction", ["down", "to 0"], "Asked for: three numbers, 1"),
        ("l2.output_gradients", "direction", "down", "Asked for: three numbers, 1 for"),
        ("l2.output_gradients", "direction", ["1", "-1", "-1"], "take the quotes away"),
        ("p2.sigmoid.forward", "z_h", "0.76; -0.88", "a list has square brackets"),
        ("p2.sigmoid.forward", "z_h", "0.76, -0.88", "take the quotes away"),
        ("p2.sigmoid.forward", "z_h", "the sum", "a list of 2 numbers, got text. Asked for: "),
        ("l1.direction", "descent", ["down", "right"], "Asked for: two numbers that point"),
        ("l1.direction", "rate", "3**2 + 4**2", "take the quotes away"),
        ("l1.direction", "rate", "five", "Asked for: how much"),
        ("l2.any_depth", "needed", "all of them", "expected numbers, got text. Asked for: "),
    ],
)
def test_quotes_are_spoken_of_around_numbers_alone(question, part, answer, words):
    verdict = of_lecture(question, **{part: answer})[part]
    assert verdict.status == "error" and words in verdict.hint
    assert ("quotes away" in verdict.hint) == ("quotes away" in words)


def test_a_root_of_a_number_below_0_is_asked_about():
    for rate in ((3**2 + -(4**2)) ** 0.5, np.float64("nan")):
        hint = of_lecture("l1.direction", rate=rate)["rate"].hint
        assert "root" in hint and "number below 0" in hint
    assert "root" not in of_lecture("l1.direction", rate=np.inf)["rate"].hint


def test_a_set_is_a_list_where_the_order_does_not_matter():
    assert of_lecture("l2.any_depth", needed={10, 9, 8})["needed"].status == "right"
    verdict = of_lecture("l1.by_rules", gradient_f={44, 66})["gradient_f"]
    assert verdict.status == "error" and verdict.hint.endswith("since a set keeps no order")


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
    assert ("where a formula is asked for" in verdict.hint) == (number == 2)
    assert ("Written with ^?" in verdict.hint) == (number == 2)
    assert verdict.read_as == str(sympy.sympify(number))
