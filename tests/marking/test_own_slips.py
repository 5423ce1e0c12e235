"""What follows from a student's own values, alone or with one slip, comes before what is right.

The answers are as people have given them. By hand, digits are evidence: a number with all of them
fits a mistake to all, and few digits show no two mistakes at once.
"""

import numpy as np
import pytest

from helpers.checking import observe
from helpers.course import lecture_step, tutorial_step
from helpers.marking.judging import Judge
from helpers.marking.questions import question_by_id
from tests.marking.claims import besides, untrue
from tests.marking.records import record_of


def told(question, earlier=None, **answers):
    """The verdicts by part: answers are right where nothing else is said.

    earlier: other answers to questions before it, by question and part.
    """
    judge = Judge(1)
    for name, given in {**(earlier or {}), question: answers}.items():
        asked = question_by_id(name)

        def value(part, right, given=given):
            return [np.asarray(given[part.name], float)] if part.name in given else right

        record = record_of(asked, 1, value)
        verdicts = judge.judge(asked, record)
        for verdict, beside in besides(asked, verdicts, record, asked.cases_from(1)):
            for other in asked.depends_on:
                beside.right_parts |= {part.name for part in question_by_id(other).parts}
                beside.wrong_parts |= set((earlier or {}).get(other, ()))
            assert list(untrue(verdict, beside)) == [], verdict.hint
    return {verdict.part: verdict for verdict in verdicts}


LECTURE = lecture_step()
A_2, X_1, X_2 = LECTURE["a_h"][0, 1], 1.2, 0.4
DELTA_O, W_1, W_2 = LECTURE["delta_o"].item(), *LECTURE["W_o"].ravel()
W_12, W_22 = LECTURE["W_h"][:, 1]


def hidden_unit(delta, for_12, for_22):
    return {"delta_h2": delta, "dw_h12": for_12, "dw_h22": for_22, "db_h2": delta}


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        # The own delta, wrong by an edge, and the inputs exchanged
        (
            hidden_unit(*(DELTA_O * W_1 * A_2 * (1 - A_2) * x for x in (1, X_2, X_1))),
            ("other_edge", "inputs_exchanged", "inputs_exchanged"),
        ),
        # The own delta times the weight: 0.8 is also twice 0.4
        (
            hidden_unit(*(DELTA_O * W_2 * (1 - A_2) * w for w in (1, W_12, W_22))),
            (
                *("factor_of_the_slope_missing", "weight_for_activation"),
                "weight_for_activation",
            ),
        ),
        # Within the tolerance of what is right, and to all digits another thing
        (
            hidden_unit(
                *(DELTA_O * W_2 * LECTURE["slope_o"].item() * f for f in (1, X_1, A_2)),
            ),
            ("slope_of_the_output_unit", "", "start_of_the_edge"),
        ),
        (hidden_unit(0.0224, 0.0269, 0.0269), ("wrong_sign", "", "inputs_exchanged")),
    ],
)
def test_a_hidden_gradient_is_held_beside_the_own_delta(answers, names):
    found = told("l2.hidden_unit", **answers)
    parts = ("delta_h2", "dw_h12", "dw_h22")
    assert tuple(found[part].misconception for part in parts) == names
    assert found["db_h2"].status == "carried"
    for part, name in zip(parts, names):
        assert found[part].status == ("wrong" if name else "carried")


@pytest.mark.parametrize(
    ("delta", "name"),
    [
        (DELTA_O * (W_1 + W_2) * A_2 * (1 - A_2), "other_edge"),
        (LECTURE["delta_h"][0, 0], "of_another_unit"),
        # So near to the right one that what follows in dw_h22 is within its tolerance
        (DELTA_O * (W_2 - 0.5 * DELTA_O * A_2) * A_2 * (1 - A_2), "updated_output_weights"),
    ],
)
def test_what_follows_from_a_wrong_hidden_delta_is_carried(delta, name):
    found = told("l2.hidden_unit", **hidden_unit(delta, delta * X_1, delta * X_2))
    assert found["delta_h2"].misconception == name
    for part in ("dw_h12", "dw_h22", "db_h2"):
        assert found[part].status in ("carried", "right"), found[part].hint


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("dw_h12", LECTURE["dW_h"][0, 0]),
        ("dw_h12", LECTURE["dW_h"][1, 0]),
        ("dw_h22", LECTURE["dW_h"][1, 0]),
        ("db_h2", LECTURE["db_h"][0]),
    ],
)
def test_a_number_of_another_unit_is_told_as_such(part, value):
    found = told("l2.hidden_unit", **{part: value})[part]
    assert found.misconception == "of_another_unit"


def test_a_direction_that_follows_from_a_gradient_of_0_is_sent_there():
    found = told("l2.output_gradients", db_o=0, direction=[-1, -1, 0])["direction"]
    assert found.status == "wrong"
    assert found.hint.startswith("This follows from your db_o, so mend that first.")


@pytest.mark.parametrize(
    ("delta", "gradients", "direction", "status"),
    [
        (-0.1115, {"dW_o": [-0.0774, -0.0426], "db_o": -0.1115}, [1, 1, 1], "carried"),
        (0.1115, {"dW_o": [-0.0669, 0.12265]}, [1, -1, -1], "carried"),
        (0.1115, {}, [1, 1, 1], "wrong"),
        (0.1115, {}, [1, -1, -1], "wrong"),
    ],
)
def test_a_direction_is_minus_the_sign_of_the_own_gradients(delta, gradients, direction, status):
    earlier = {"l2.output_delta": {"delta": delta}}
    found = told("l2.output_gradients", earlier, **gradients, direction=direction)["direction"]
    assert found.status == status
    assert "this may be why" not in found.hint


def test_a_direction_may_be_told_in_words():
    asked = question_by_id("l2.output_gradients")
    answers = {"dW_o": [0.0774, 0.0426], "db_o": 0.1115, "direction": ["down", "falls", "-"]}
    assert Judge(1).judge(asked, observe(asked, answers, 1))[2].status == "right"


@pytest.mark.parametrize(
    ("question", "answers", "part", "name"),
    [
        ("l2.forward", {"E": (0.1 - LECTURE["a_o"].item() ** 2) / 2}, "E", "square_in_the_wrong_"),
        ("l2.forward", {"E": -0.10169}, "E", "square_in_the_wrong_"),
        ("l2.output_delta", {"link_2": 0.5508 * 0.9}, "link_2", "slope_of_other_numbers"),
        ("l2.output_delta", {"link_2": 0.5508**2}, "link_2", "slope_of_other_numbers"),
        # At z = 0, or the right one in two decimals: which, nobody can tell
        ("l2.output_delta", {"link_2": 0.25}, "link_2", "slope_at_0"),
        ("l2.output_delta", {"link_1": 0.45}, "link_1", "too_few_digits"),
        ("l2.output_delta", {"link_2": 0.5508 * 1.5508}, "link_2", "slope_of_other_numbers"),
        (
            *("l2.hidden_unit", {"delta_h2": DELTA_O * W_2 * A_2 * (1 + A_2)}),
            *("delta_h2", "slope_of_other_numbers"),
        ),
        ("p2.sigmoid.backward", {"delta_o": 0.1116 / 0.2425 * 1.7575}, "delta_o", "slope_of_other"),
        (
            *("l2.output_delta", {"link_2": 0.5508 * 0.9, "delta": 0.4508 + 0.5508 * 0.9}),
            *("delta", "links_added"),
        ),
        (
            *("l2.output_delta", {"delta": 0.4508 * 0.5508 * 0.4492 * 0.1016}),
            *("delta", "loss_as_a_factor"),
        ),
        ("l2.output_gradients", {"dW_o": [0.8057, 0.4938]}, "dW_o", "links_added"),
        ("l2.two_paths", {"delta_j": 0.15 - 0.4 * 0.16}, "delta_j", "sum_without_brackets"),
        (
            *("l2.slide_gradients", {"dE_dw36": -240, "dE_dw13": 2880, "dE_dw24": -26880}),
            *("dE_dw13", "slope_of_linear"),
        ),
        ("p2.sigmoid.backward", {"dW_o": [0.0327, 0.0760]}, "dW_o", "units_swapped"),
        ("p2.sigmoid.backward", {"delta_o": 0.7575 * 0.2425}, "delta_o", "error_forgotten"),
        (
            *("p2.sigmoid.backward", {"delta_h": [0.145, -0.0558], "db_h": [0.0725, -0.06696]}),
            *("db_h", "bias_gradient_multiplied"),
        ),
        ("p2.sigmoid.forward", {"z_h": [0.76, 1.28]}, "z_h", "sign_of_a_product"),
        ("p2.sigmoid.forward", {"E": 0.276}, "E", "square_in_the_wrong_"),
        ("p2.tanh.forward", {"a_h": [0.835, -0.998]}, "a_h", "another_activation"),
    ],
)
def test_slips_have_their_names(question, answers, part, name):
    found = told(question, **answers)[part]
    assert found.status == "wrong" and found.misconception.startswith(name), found.hint


@pytest.mark.parametrize("weight", LECTURE["W_h"].ravel())
def test_a_weight_that_leads_to_a_hidden_unit_is_named_before_two_mistakes_at_once(weight):
    delta = DELTA_O * weight * A_2 * (1 - A_2)
    found = told("l2.hidden_unit", **hidden_unit(delta, delta * X_1, delta * X_2))
    assert found["delta_h2"].misconception == "weight_of_another_layer"
    assert found["dw_h12"].status == found["dw_h22"].status == "carried"
    for answer in ({"delta_h2": round(delta, 4)}, {"dw_h12": delta * X_1}, {"db_h2": delta}):
        (part,) = answer
        assert told("l2.hidden_unit", **answer)[part].misconception == "weight_of_another_layer"


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ([0.6, 0.8], "weight_of_another_layer"),
        ([0.6, -0.9], "weight_of_another_layer"),
        ([0.3, 0.3], "weight_of_another_layer"),
        ([1.3, -0.9], "weight_of_another_layer"),
        ([1.3, 1.3], "other_edge"),
        ([-0.5, -0.5], "other_edge"),
    ],
)
@pytest.mark.parametrize("hidden", ["sigmoid", "tanh"])
def test_so_it_is_by_hand_where_each_unit_has_a_delta(weights, name, hidden):
    step = tutorial_step(hidden)
    delta_h = (step["delta_o"] * weights * step["slope_h"])[0]
    found = told(f"p2.{hidden}.backward", delta_h=delta_h, dW_h=np.outer(step.x, delta_h))
    assert found["delta_h"].misconception == name
    assert found["dW_h"].status == "carried"


def test_brackets_that_are_missing_in_the_loop():
    def sweep(x, t, W, a):
        N, before = len(x), [x, *a]
        dW, db = [None] * len(W), [None] * len(W)
        delta = (a[-1] - t) * a[-1] * 1 - a[-1]
        for layer in reversed(range(len(W))):
            dW[layer] = before[layer].T @ delta / N
            db[layer] = delta.mean(axis=0)
            if layer > 0:
                delta = (delta @ W[layer].T) * before[layer] * 1 - before[layer]
        return dW, db

    asked = question_by_id("l2.loop")
    verdicts = Judge(1).judge(asked, observe(asked, {"backward_sweep": sweep}, 1))
    assert {verdict.misconception for verdict in verdicts} == {"slope_without_brackets"}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_the_sign_of_an_exponent_is_named_in_both_layers():
    a_h = sigmoid(-np.array([0.76, -0.88]))
    z_o = a_h @ [1.3, -0.5] + 0.4
    found = told("p2.sigmoid.forward", a_h=a_h, z_o=z_o, a_o=sigmoid(-z_o))
    assert found["z_o"].status == "carried"
    assert found["a_h"].misconception == found["a_o"].misconception == "exponents_sign_lost"


def test_tanh_at_the_output_is_not_carried_where_it_is_near_by():
    """A number with all its digits shows where it comes from, however near it is to another."""
    a_h = np.tanh([0.76, 0.88])
    z_o = a_h @ [1.3, -0.5] + 0.4
    a_o = np.tanh(z_o)
    found = told("p2.tanh.forward", a_h=a_h, z_o=z_o, a_o=a_o)
    assert found["z_o"].status == "carried"
    assert found["a_o"].misconception == "hidden_activation_at_output"


def test_what_follows_with_two_decimals_is_said_to_follow():
    found = told("p2.sigmoid.forward", z_h=[0.76, 1.28], a_h=[0.68, 0.78], z_o=0.89, E=0.16)
    for part in ("a_h", "z_o"):
        assert found[part].hint.startswith("As far as it goes it follows from your earlier values")
        assert found[part].hint.endswith("give four decimals.")


@pytest.mark.parametrize(("a_h", "z_o"), [([0, -0.88], 0.84), ([1, 0], 1.7)])
def test_what_follows_from_a_value_that_carries_nothing_is_sent_there(a_h, z_o):
    found = told("p2.relu.forward", a_h=a_h, z_o=z_o)["z_o"]
    assert found.status == "wrong"
    assert found.hint.startswith("This follows from your a_h, so mend that first.")
    assert "edge" not in found.hint and "bias" not in found.hint


OTHER_RATE = {
    "W_h_new": [[0.592, 0.803], [0.281, -0.893]],
    "b_h_new": [0.084, -0.194],
    "W_o_new": [1.262, -0.516],
    "b_o_new": 0.344,
}


def test_one_learning_rate_for_all_steps_is_asked_about_in_every_row():
    found = told("p2.sigmoid.update", **OTHER_RATE)
    for part in OTHER_RATE:
        assert found[part].hint.startswith("All your steps are about 0.72 times as"), part
        assert not found[part].misconceptions


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_so_it_is_with_all_digits(rate):
    step = tutorial_step("sigmoid")
    new = {name: step[name[:-4]] - rate * step[f"d{name[:-4]}"] for name in OTHER_RATE}
    found = told("p2.sigmoid.update", **new)
    assert {found[part].hint for part in new} == {
        f"All your steps are about {rate / 0.7:.2g} times as long as they should be. Which "
        "learning rate is given here, and which one have you used?"
    }


def test_where_one_row_contradicts_it_no_rate_is_told():
    found = told("p2.sigmoid.update", **(OTHER_RATE | {"b_o_new": 0.478}))
    assert found["b_o_new"].misconception == "step_added"
    assert not any("All your steps" in verdict.hint for verdict in found.values())


def test_a_decimal_point_in_the_wrong_place_is_told():
    found = told("p2.sigmoid.backward", delta_h=[0.0315, -0.116])["delta_h"]
    assert found.hint == (
        "only the number of unit 2 is off: the digits are right: where does the decimal point "
        "belong?"
    )


def test_a_loss_below_0_is_told_to_be_none():
    assert "a loss is never negative" in told("p2.sigmoid.update", E_new=-0.016)["E_new"].hint


@pytest.mark.parametrize(
    ("question", "answer", "asked"),
    [
        ("p2.sigmoid.forward", {"E": 0.3333}, "target: which target is given"),
        ("p2.sigmoid.backward", {"delta_o": 0.3333}, "with which given target"),
        ("p2.two_points", {"delta_o": [0.3333, 0.7777]}, "with which given target"),
    ],
)
def test_a_way_that_begins_at_the_target_asks_about_it(question, answer, asked):
    (part,) = answer
    assert asked in told(question, **answer)[part].hint


def test_few_digits_show_no_two_mistakes_at_once():
    right = tutorial_step("sigmoid")["delta_h"][0]
    assert told("p2.sigmoid.backward", delta_o=-2 * 0.1116)["delta_o"].misconceptions
    assert not told("p2.sigmoid.backward", delta_o=-0.22)["delta_o"].misconceptions
    both = told("p2.sigmoid.backward", delta_h=-2 * right)["delta_h"]
    assert set(both.names) == {"wrong_sign", "factor_two"}


def test_two_mistakes_in_one_of_several_numbers_show_in_all_their_digits_alone():
    step = tutorial_step("sigmoid")
    new = step["W_h_new"].copy()
    new[0, 1] = step["W_h"][0, 1] + step["dW_h"][0, 1]
    found = told("p2.sigmoid.update", W_h_new=new)["W_h_new"]
    assert set(found.names) == {"step_added", "learning_rate_forgotten"}
    rounded = told("p2.sigmoid.update", W_h_new=np.round(new, 3))["W_h_new"]
    assert rounded.status == "wrong" and not rounded.misconceptions


def test_a_step_alone_is_0_where_the_gradient_is():
    new = tutorial_step("relu")["W_h_new"].copy()
    new[0, 1] = 0
    found = told("p2.relu.update", W_h_new=new)["W_h_new"]
    assert found.misconception == "step_instead_of_weight"
