"""The course's own numbers, and what Problem 2 says of them."""

import numpy as np
import pytest

from helpers.course import HIDDEN, compare_prediction, named_changes, next_step, tutorial_step


def test_a_prediction_is_put_beside_what_happens():
    step = tutorial_step("relu")
    most, way, still = compare_prediction(step, "b_o", "up", ["w_h12"]).splitlines()
    assert "you said: b_o " in most and "it is: w_h21, by -0.1135 (b_o moves by -0.0728)" in most
    assert "you said: up" in way and way.endswith("it is: down")
    assert "you said: w_h12" in still and still.endswith("it is: w_h12, w_h22, b_h2, w_o21")
    most, _, still = compare_prediction(tutorial_step("sigmoid"), "b_o", "down", []).splitlines()
    assert most.endswith("it is: b_o, by -0.0781")
    assert "you said: none" in still and still.endswith("it is: none")


@pytest.mark.parametrize("nothing", [..., None, 3, [...], ["b_o", None], {"b_o": 1}])
def test_what_is_no_prediction_is_said_to_be_none(nothing):
    said = compare_prediction(tutorial_step("tanh"), nothing, nothing, nothing)
    assert said.count("you said: nothing yet") == 3


def test_a_name_that_does_not_exist_is_shown_as_it_was_written():
    said = compare_prediction(tutorial_step("tanh"), "w_12", "left", ["b"])
    assert "you said: w_12" in said and "you said: left" in said and "moves by" not in said


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_nine_changes_have_the_names_of_problem_2(hidden):
    step = tutorial_step(hidden)
    changes = named_changes(step)
    assert len(changes) == 9
    assert changes["w_h12"] == step["W_h_new"][0, 1] - step["W_h"][0, 1]
    assert changes["w_o21"] == step["W_o_new"][1, 0] - step["W_o"][1, 0]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_next_step_starts_where_the_last_one_ended(hidden):
    step = tutorial_step(hidden)
    after = next_step(step)
    for name in ("W_h", "b_h", "W_o", "b_o"):
        np.testing.assert_array_equal(after[name], step[f"{name}_new"])
    assert after["E"] == step["E_new"] and after.net.hidden == hidden and after.eta == step.eta


@pytest.mark.parametrize("student", ["", "lecture"])
def test_a_relu_unit_that_is_off_does_not_come_back_with_the_same_point(student):
    """As section 5 of Problem 2 says of its second step."""
    step = tutorial_step("relu", student)
    off = int(step["z_h"].argmin())
    for _ in range(20):
        after = next_step(step)
        assert after["z_h"][0, off] == step["z_h"][0, off] < 0
        step = after
