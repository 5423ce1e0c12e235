"""Slips in the lectures' questions: what each is told, and that nothing false is said of it."""

import re

import numpy as np
import pytest
import sympy

from helpers.asking.record import MAX_QUOTED, MAX_REASON_LENGTH, Unusable, decode, encode
from helpers.checking import observe
from helpers.course import lecture_step
from helpers.marking.judging import judge
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.questions import NOTEBOOKS, question_by_id, questions_of
from tests.marking.claims import besides, step_of, untrue
from tests.marking.records import record_of


def told(question, **answers):
    """The verdicts by part where some answers by hand are others than the right ones."""
    asked = question_by_id(question)

    def given(part, right):
        return [np.asarray(answers[part.name])] if part.name in answers else right

    return _judged(asked, record_of(asked, 1, given))


def of_function(question, function):
    """The verdicts by part on a question whose only answer is a function."""
    asked = question_by_id(question)
    return _judged(asked, observe(asked, {asked.arguments[0]: function}, 1))


def _judged(asked, record):
    verdicts = judge(asked, record, 1)
    for verdict, beside in besides(asked, verdicts, record, asked.cases_from(1)):
        assert list(untrue(verdict, beside)) == [], verdict.hint
    return {verdict.part: verdict for verdict in verdicts}


# Which units' deltas unit 5 needs


@pytest.mark.parametrize(
    ("units", "name"),
    [
        ([8, 9, 10, 11, 12], "all_later_units"),
        ([8, 9, 10, 12], "all_later_units"),
        ([11, 12], "outputs_alone"),
        ([12], "outputs_alone"),
        ([1, 2, 3, 4], "inputs_for_deltas"),
        ([5], "units_of_its_own_layer"),
        ([6, 7], "units_of_its_own_layer"),
        ([10, 9, 8, 5], "units_of_its_own_layer"),
        ([8], "some_of_its_edges"),
        ([8, 10], "some_of_its_edges"),
    ],
)
def test_units_say_what_was_taken_for_the_next_layer(units, name):
    asked = question_by_id("l2.any_depth")
    verdict = _judged(asked, observe(asked, {"needed": units}, 1))["needed"]
    assert verdict.misconception == name
    assert verdict.hint == CATALOGUE[name].hint


@pytest.mark.parametrize("units", [[], 3, [8, 9, 11], [7, 8, 9], [5, 9, 10], list(range(1, 13))])
def test_how_many_units_there_are_is_not_told(units):
    asked = question_by_id("l2.any_depth")
    verdict = _judged(asked, observe(asked, {"needed": units}, 1))["needed"]
    assert verdict.status == "wrong" and verdict.hint == asked.parts[0].default_hint


def test_elsewhere_the_number_of_numbers_is_told():
    assert told("l2.forward", z_h=[0.1, 0.2, 0.3])["z_h"].hint.startswith("expected a list of 2")


# A reason is not cut in the middle of a word


def test_a_long_reason_stays_whole():
    reason = "these two do not fit: " + "here they are 2 and 3; " * 20
    assert len(reason) < MAX_REASON_LENGTH
    assert decode(encode(Unusable(reason))) == Unusable(reason)


@pytest.mark.parametrize("reason", ["a word " * 200, "x" * 2000])
def test_a_reason_that_is_too_long_ends_with_a_word(reason):
    cut = decode(encode(Unusable(reason))).reason
    assert len(cut) <= MAX_REASON_LENGTH and cut.endswith(" …")
    assert set(cut.removesuffix(" …").split()) <= {*reason.split(), cut.removesuffix(" …")}
    assert decode({"error": reason}).reason == cut


def test_a_line_of_code_that_is_long_is_quoted_up_to_a_word():
    def sweep(x, t, W, a):
        raise ValueError("too long", "a list", [len(x), len(t), len(W), len(a)], "and more words")

    hint = of_function("l2.loop", sweep)["dW_last"].hint
    quoted = re.search("in the line `(.*?)`", hint)[1]
    assert len(quoted) <= MAX_QUOTED and quoted.endswith('"and …')


def test_the_sizes_that_do_not_fit_are_told_whole():
    def sweep(x, t, W, a):
        the_deltas_of_the_last_layer_of_all = (a[-1] - t) * a[-1] * (1 - a[-1])
        return the_deltas_of_the_last_layer_of_all @ W[-1], "a line that is quoted nearly whole"

    hint = of_function("l2.loop", sweep)["dW_last"].hint
    assert "here they are 2 and 3. All parts of this check wait for that line." in hint


def test_shapes_that_do_not_fit_element_by_element_are_told_in_words():
    hint = of_function("l3.softmax", lambda z: np.exp(z) / np.exp(z).sum(axis=1))["a"].hint
    assert "their shapes are (4,3) and (4,)" in hint


# The backward sweep


def sweep_with(at_outputs, at_hidden):
    """A backward_sweep with these functions of a for the derivatives."""

    def backward_sweep(x, t, W, a):
        entering, N = [x, *a], len(x)
        dW, db = [None] * len(W), [None] * len(W)
        delta = (a[-1] - t) * at_outputs(a[-1])
        for k in reversed(range(len(W))):
            dW[k], db[k] = entering[k].T @ delta / N, delta.mean(axis=0)
            delta = (delta @ W[k].T) * at_hidden(entering[k])
        return dW, db

    return backward_sweep


def of_sigmoid(a):
    return a * (1 - a)


@pytest.mark.parametrize(
    ("at_outputs", "at_hidden", "last", "earlier"),
    [
        (of_sigmoid, np.ones_like, "", "slope_forgotten"),
        (np.ones_like, of_sigmoid, "slope_forgotten", "output_slope_forgotten"),
        (np.ones_like, np.ones_like, "slope_forgotten", "slope_forgotten"),
        (of_sigmoid, lambda a: a, "", "factor_of_the_slope_missing"),
        (of_sigmoid, lambda a: 1 - a, "", "factor_of_the_slope_missing"),
        (of_sigmoid, lambda a: 1 - a**2, "", "slope_of_tanh"),
    ],
)
def test_a_wrong_derivative_in_the_sweep_is_named(at_outputs, at_hidden, last, earlier):
    found = of_function("l2.loop", sweep_with(at_outputs, at_hidden))
    for name in ("dW", "db"):
        assert found[f"{name}_last"].misconception == last
        assert found[f"{name}_earlier"].misconception == earlier


# A sign is told where nothing else is wrong


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0.08, "edges_crossed"),
        (0.016, "edge_forgotten"),
        (-0.0096, "paths_multiplied"),
        (-0.05, "factor_of_the_slope_missing"),
        # The sum of the deltas times the sum of the weights is by chance minus what is right.
        (0.04, "every_delta_on_every_edge or sign_turned"),
        (-0.36, "slope_of_other_numbers"),
        (-0.16, "slope_of_other_numbers"),
    ],
)
def test_slips_on_two_paths(number, name):
    assert told("l2.two_paths", delta_j=number)["delta_j"].misconception == name


@pytest.mark.parametrize(
    ("part", "number", "name"),
    [
        ("dE_dw24", 36, "inputs_exchanged"),
        ("dE_dw13", -8, "inputs_exchanged"),
        ("dE_dw13", 36, "other_edge"),
        ("dE_dw24", -8, "other_edge"),
        ("dE_dw24", 16, "other_edge"),
        ("dE_dw36", -32, "start_of_the_edge"),
        ("dE_dw13", 4, "weight_for_activation"),
    ],
)
def test_slips_in_the_slides_gradients(part, number, name):
    assert told("l2.slide_gradients", **{part: number})[part].misconception == name


def test_an_error_the_wrong_way_round_is_offered_and_told_where_its_neighbours_show_it():
    alone = told("l2.slide_gradients", dE_dw13=-12)["dE_dw13"]
    assert ("wrong_sign",) in alone.misconceptions and len(alone.misconceptions) == 3
    together = told("l2.slide_gradients", dE_dw36=-12, dE_dw13=-12, dE_dw24=24)
    for part in ("dE_dw36", "dE_dw13", "dE_dw24"):
        assert together[part].misconceptions == (("wrong_sign",),)


def numbers_by_hand():
    """(question, part) of single numbers that are worked out by hand."""
    for question in (
        *("l1.step", "l2.output_delta", "l2.output_gradients", "l2.hidden_unit"),
        *("l2.two_paths", "l2.slide_gradients", "l3.slopes", "l3.output_deltas", "l3.jacobian"),
    ):
        for part in question_by_id(question).parts:
            if part.tolerance.by_hand and np.size(right_value(question, part)) == 1:
                yield pytest.param(question, part, id=f"{question} {part.name}")


def right_value(question, part):
    return np.asarray(question_by_id(question).cases_from(1)[0].expected[part.name])


@pytest.mark.parametrize(("question", "part"), list(numbers_by_hand()))
def test_nothing_is_said_of_the_sign_alone_where_the_size_is_wrong(question, part):
    right = right_value(question, part)
    for factor in (-0.13, -1.7, -3.3, -9.0, -150.0):
        verdict = told(question, **{part.name: factor * (right + 0.01)})[part.name]
        if not verdict.misconceptions:
            assert "sign is not" not in verdict.hint and "signs are" not in verdict.hint


def test_of_several_numbers_with_other_signs_and_sizes_both_are_told():
    right = right_value("l2.forward", question_by_id("l2.forward").parts[0])
    hint = told("l2.forward", z_h=right * [[-1.7, -2.3]])["z_h"].hint
    assert hint.startswith("all signs are turned, and not all sizes are right")


# What the numbers of a ReLU unit show


def hidden_delta(at_relu):
    """The right delta_h, but for the function of (back, a) that ReLU units have."""

    def delta_h(name, back, a_h):
        if name == "relu":
            return at_relu(back, a_h)
        return back * (a_h * (1 - a_h) if name == "sigmoid" else 1 - a_h**2)

    return delta_h


@pytest.mark.parametrize(
    ("at_relu", "name"),
    [
        (lambda back, a: back * (a >= 0), "relu_never_off"),
        (lambda back, a: back, "relu_never_off"),
        (lambda back, a: np.maximum(0, back), "mask_on_what_comes_back"),
        (lambda back, a: back * (back > 0) * (a > 0), "mask_on_what_comes_back"),
    ],
)
def test_slips_in_the_mask_of_relu(at_relu, name):
    verdict = of_function("l3.hidden_delta", hidden_delta(at_relu))["relu"]
    assert verdict.misconception == name
    assert "chain" not in verdict.hint


def test_brackets_that_are_missing_are_asked_for():
    def delta_h(name, back, a_h):
        if name == "relu":
            return back * a_h > 0
        return back * a_h * 1 - a_h if name == "sigmoid" else back * 1 - a_h**2

    found = of_function("l3.hidden_delta", delta_h)
    assert found["relu"].misconception == "comparison_without_brackets"
    assert found["sigmoid"].misconception == "difference_without_brackets"
    assert found["tanh"].misconception == "difference_without_brackets"


def test_the_square_of_a_difference_is_no_difference_of_squares():
    right = hidden_delta(lambda back, a: back * (a > 0))

    def delta_h(name, back, a_h):
        return back * (1 - a_h) ** 2 if name == "tanh" else right(name, back, a_h)

    found = of_function("l3.hidden_delta", delta_h)
    assert found["tanh"].misconception == "square_forgotten"


@pytest.mark.parametrize("part", ["slope_tanh", "slope_sigmoid", "slope_relu"])
def test_a_0_that_is_typed_is_not_told_of_integer_division(part):
    assert "//" not in told("l3.slopes", **{part: 0})[part].hint


def test_0_for_an_active_relu_unit_has_its_name():
    assert told("l3.slopes", slope_relu=0)["slope_relu"].misconception == "relu_taken_as_off"


# The target that the questions before have had


@pytest.mark.parametrize("part", ["delta_h2", "dw_h12", "dw_h22", "db_h2"])
def test_the_own_delta_of_the_questions_before_is_named(part):
    x, t = np.array([1.2, 0.4]), 0.1
    a_o = _lecture("a_o").item()
    delta_o = (a_o - t) * a_o * (1 - a_o)
    a = _lecture("a_h")[0, 1]
    delta = delta_o * _lecture("W_o")[1, 0] * a * (1 - a)
    number = {"dw_h12": x[0] * delta, "dw_h22": x[1] * delta}.get(part, delta)
    verdict = told("l2.hidden_unit", **{part: number})[part]
    assert verdict.misconception == "target_of_before"


def _lecture(quantity):
    return np.asarray(lecture_step()[quantity])


# Counts and factors


@pytest.mark.parametrize(
    ("part", "number", "name"),
    [
        ("forward_runs", 79401, "biases_not_counted"),
        ("forward_runs", 79400, "biases_not_counted"),
        ("central_runs", 158800, "biases_not_counted"),
        ("forward_runs", 80295, "inputs_have_no_bias"),
        ("central_runs", 160588, "inputs_have_no_bias"),
        ("forward_runs", 23860, "network_of_the_text"),
    ],
)
def test_a_wrong_count_of_the_parameters_shows_in_the_runs(part, number, name):
    assert told("l1.cost", **{part: number})[part].misconception == name


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({"networks_6": 6 ^ 9, "networks_10": 10 ^ 9}, "caret_for_power"),
        ({"networks_6": 6 + 9, "networks_10": 10 + 9}, "numbers_added"),
        ({"networks_6": 15}, "numbers_added caret_for_power"),
        ({"networks_6": 6e9, "networks_10": 10e9}, "power_of_ten"),
        ({"parameters": 784 * 30 * 10}, "layers_multiplied"),
        ({"parameters": (784 * 30 + 1) + (30 * 10 + 1)}, "one_bias_a_layer"),
    ],
)
def test_slips_in_a_count(answers, names):
    found = told("l1.count", **answers)
    assert {" ".join(found[part].names) for part in answers} == {names}


@pytest.mark.parametrize("answer", [np.zeros(4), np.ones(4)])
def test_a_z_of_exactly_0_is_on_neither_side(answer):
    assert "side of 0" not in told("l1.perceptron", answers=answer)["answers"].hint


@pytest.mark.parametrize(
    ("part", "answers", "words"),
    [
        ("parameters", [(784 + 30) * (30 + 10), 238_600, 2386, 784 * 40], "multiply there"),
        ("networks_10", [10**8, 10**7], "how often does this factor stand in it?"),
        ("networks_6", [6**8, 6**10], "how often does this factor stand in it?"),
    ],
)
def test_of_a_count_is_said_what_is_multiplied(part, answers, words):
    for answer in answers:
        hint = told("l1.count", **{part: answer})[part].hint
        assert words in hint and "decimal point" not in hint


def test_of_a_tiny_learning_rate_is_asked_how_long_a_step_is():
    answers = {"far_too_small": "B", "too_large": "B"}
    asked = question_by_id("l1.learning_rate")
    hint = _judged(asked, observe(asked, answers, 1))["far_too_small"].hint
    assert "How long is it with a tiny learning rate" in hint


def test_a_count_has_no_decimal_point():
    hint = told("l2.updates", updates=1600)["updates"].hint
    assert "decimal point" not in hint and "how many batches" in hint


x_1, x_2 = sympy.symbols("x_1 x_2")
INNER = 2 * x_1 + 3 * x_2


def by_rules(formula, gradient):
    asked = question_by_id("l1.by_rules")
    return _judged(asked, observe(asked, {"df_dx_2": formula, "gradient_f": gradient}, 1))


@pytest.mark.parametrize(
    ("formula", "second"),
    [(4 * INNER, 44), (6 * INNER + 3, 69), (3 * INNER, 33), (6 * INNER * x_2, 198), (x_2**2, 9)],
)
def test_a_gradient_follows_from_the_own_formula(formula, second):
    found = by_rules(formula, [44, second])
    assert found["df_dx_2"].status == "wrong" and found["gradient_f"].status == "carried"
    assert by_rules(formula, [44, second + 1])["gradient_f"].status == "wrong"
    turned = by_rules(formula, [second, 44])["gradient_f"]
    assert turned.status == "carried" if second == 44 else turned.names == ["order_of_variables"]


def test_slips_by_the_rules():
    number = by_rules(66, [66, 44])
    assert "this is the number 66, without any symbol" in number["df_dx_2"].hint
    assert number["gradient_f"].misconception == "order_of_variables"
    assert by_rules(6 * INNER * x_2, [44, 66])["df_dx_2"].misconception == "inner_term_kept"
    assert by_rules(2 * INNER + 3, [44, 66])["df_dx_2"].misconception == "derivatives_added"
    right = by_rules(6 * INNER, [36, 54])
    assert right["gradient_f"].misconception == "coordinates_exchanged"
    # Only one of two numbers is the other one's: nothing is exchanged.
    assert "order" not in by_rules(6 * INNER, [44, 44])["gradient_f"].hint


@pytest.mark.parametrize(
    ("gradient", "new", "status", "name"),
    [
        ([-4, 0], [0, 3], "carried", ""),
        ([0, 0], [-1, 3], "wrong", "not_updated"),
        ([-1, -4], [3.25, 0], "wrong", "order_of_variables"),
        ([-8, -2], [3.5, 1], "wrong", "order_of_variables"),
        ([-1, -4], [-0.75, 4], "carried", ""),
    ],
)
def test_a_step_with_the_own_gradient(gradient, new, status, name):
    verdict = told("l1.step", gradient=gradient, new=new)["new"]
    assert (verdict.status, verdict.misconception) == (status, name)


def test_what_may_be_the_cause_of_one_number_is_joined_with_its_place():
    assert told("l1.step", new=[0, -0.25])["new"].hint.startswith(
        "only the number in place 2 is off, and perhaps this is the step alone. What"
    )


@pytest.mark.parametrize(
    ("central", "forward", "name"),
    [
        ("(f(x + h/2) - f(x - h/2)) / 2 * h", "(f(x + h) - f(x)) * h", "multiplied_by_the_width"),
        ("(f(x + h) - f(x - h)) / 2 * h", "(f(x + h) - f(x)) / 2 * h", "multiplied_by_the_width"),
        ("(f((x + h)/2) - f((x - h)/2)) / h", "", "halved_with_the_point"),
    ],
)
def test_slips_in_a_difference_quotient(central, forward, name):
    found = differences(central, forward or "(f(x + h) - f(x)) / h")
    assert found["central_difference"].misconception == name
    assert found["forward_difference"].misconception == (name if forward else "")


def test_f_takes_one_number_at_a_time():
    found = differences("(f([x, x + h/2])[1] - f(x)) / h", "np.diff(f((x, x + h))) / h")
    for part, kind in (("central_difference", "list"), ("forward_difference", "tuple")):
        assert found[part].hint == f"f is given a {kind} here, and takes one number at a time"


def differences(central, forward):
    asked = question_by_id("l1.differences")
    functions = {
        "central_difference": eval(f"lambda f, x, h: {central}"),
        "forward_difference": eval(f"lambda f, x, h: {forward}"),
    }
    return _judged(asked, observe(asked, functions, 1))


def test_a_factor_that_changes_with_the_width_is_told_with_it():
    found = differences("(f(x + h/2) - f(x - h/2)) / 3 * h", "(f(x + h) - f(x)) / h / h / 4")
    for part, factor in (("central_difference", "0.3333 · h²"), ("forward_difference", "0.25 / h")):
        assert found[part].hint.startswith(f"it is {factor} times what it should be, in every case")


def test_twice_the_factor_of_h_is_not_that_of_its_square():
    verdict = told("l1.error", central_factor=20)["central_factor"]
    assert verdict.misconception == "doubled_for_squared"


# The deltas of an output


@pytest.mark.parametrize(
    ("part", "number", "name"),
    [
        ("sigmoid_half_squared", 0.105, "slope_at_the_target"),
        ("sigmoid_half_squared", 0.125, "loss_itself"),
        ("linear_half_squared", 0.125, "loss_itself"),
        ("sigmoid_cross_entropy", 0.125, "loss_itself"),
        ("sigmoid_cross_entropy", 1.1935, "loss_itself"),
        ("sigmoid_half_squared", 0.02, "loss_not_differentiated"),
        ("sigmoid_half_squared", 0.1, "factor_of_the_slope_missing"),
        ("sigmoid_half_squared", 0.4, "factor_of_the_slope_missing"),
        ("linear_half_squared", 0.105, "slope_of_linear"),
        ("sigmoid_cross_entropy", 0.105, "slope_not_cancelled"),
        ("sigmoid_cross_entropy", -0.375, "one_term_only"),
        ("sigmoid_cross_entropy", -0.06, "one_term_only"),
    ],
)
def test_slips_in_an_output_delta(part, number, name):
    assert told("l3.output_deltas", **{part: number})[part].misconception == name


# Softmax


def softmax_with(shift, total):
    """Softmax with functions of z and of the powers for what is subtracted and divided by."""

    def softmax(z):
        powers = np.exp(z - shift(z))
        return powers / total(powers)

    return softmax


def of_each_row(z):
    return z.max(axis=1, keepdims=True)


def sum_of_each_row(powers):
    return powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("shift", "total", "name"),
    [
        (of_each_row, lambda p: p.sum(axis=0), "softmax_over_points"),
        (of_each_row, lambda p: p.sum(), "softmax_over_everything"),
        (of_each_row, np.ones_like, "not_shared_out"),
        (lambda z: 0, lambda p: p.sum(axis=0), "softmax_over_points"),
        (lambda z: z.max(axis=0), sum_of_each_row, "shifted_within_a_row"),
        (lambda z: 0, lambda p: sum_of_each_row(p / of_each_row(p)), "shifted_on_one_side"),
    ],
)
def test_slips_in_softmax(shift, total, name):
    found = of_function("l3.softmax", softmax_with(shift, total))
    assert found["a"].misconception == name
    if shift is of_each_row:
        assert found["a_far_from_0"].misconception == name


def test_the_largest_z_subtracted_above_alone_is_named():
    def softmax(z):
        return np.exp(z - of_each_row(z)) / sum_of_each_row(np.exp(z))

    found = of_function("l3.softmax", softmax)
    assert found["a"].misconception == "shifted_on_one_side"
    assert "above and below" in found["a_far_from_0"].hint


def test_z_itself_shared_out_is_named_whether_shifted_or_not():
    for shift in (np.zeros_like, of_each_row):
        found = of_function("l3.softmax", lambda z, s=shift: (z - s(z)) / sum_of_each_row(z - s(z)))
        assert {verdict.misconception for verdict in found.values()} == {"exponential_forgotten"}


@pytest.mark.parametrize("axis", [{"axis": 1, "keepdims": True}, {}])
def test_z_divided_by_its_largest_is_named(axis):
    def softmax(z):
        powers = np.exp(z / z.max(**axis))
        return powers / sum_of_each_row(powers)

    for verdict in of_function("l3.softmax", softmax).values():
        assert verdict.misconception == "divided_by_the_largest"


@pytest.mark.parametrize("answer", [[0, 1.204, 0], [0.18, 0.245, 0.005]])
def test_a_loss_for_each_class_is_no_delta(answer):
    assert told("l3.softmax_delta", delta_o=answer)["delta_o"].misconception == "loss_itself"


def test_the_way_to_a_delta_of_the_output_is_that_of_its_own_loss():
    """The trail multiplies by the output unit's derivative: with cross-entropy that cancels."""
    assert "the way there" not in told("l3.softmax_delta", delta_o=[1, 2, 3])["delta_o"].hint
    for notebook in NOTEBOOKS.values():
        for name, asked in questions_of(notebook).items():
            for part in asked.parts:
                if (part.quantity or part.name) == "delta_o" and not part.default_hint:
                    assert step_of(name, part.name, asked.cases_from(1)[0]).net.output == "sigmoid"


def test_the_cases_of_softmax_differ_in_words():
    def softmax(z):
        right = softmax_with(of_each_row, sum_of_each_row)(z)
        return right + 0.1 * (len(z) > 1)

    hint = of_function("l3.softmax", softmax)["a"].hint
    assert hint.startswith("right with one data point, not with several data points")


@pytest.mark.parametrize(
    ("number", "name"),
    [(0.6, "outputs_for_jacobian"), (1, "outputs_for_jacobian"), (0.48, "signs_lost_in_a_row")],
)
def test_slips_in_the_sum_of_a_row(number, name):
    assert told("l3.jacobian", row_sum=number)["row_sum"].misconception == name


@pytest.mark.parametrize("number", [0.06, 0.18, -0.42, 300.0])
def test_of_a_sum_that_is_0_no_ratio_is_told(number):
    hint = told("l3.jacobian", row_sum=number)["row_sum"].hint
    assert "too large" not in hint and "too small" not in hint and hint.endswith("?")


# Derivatives through five layers


@pytest.mark.parametrize("derivative", [0.5, 0.2, 0.1966])
def test_a_bound_follows_from_the_own_derivative(derivative):
    found = told("l3.layers", largest_slope=derivative, bound=derivative**5)
    assert found["largest_slope"].status == "wrong"
    assert (found["bound"].status, found["bound"].points) == ("carried", 1)


def test_a_bound_from_a_1_is_not_called_too_large():
    found = told("l3.layers", largest_slope=1, bound=1)["bound"]
    assert "too large" not in found.hint
    assert found.hint == (
        "This follows from your largest_slope, so mend that first. Points do not carry over from "
        "it, because a 1 shows nothing of how it came about."
    )


@pytest.mark.parametrize(
    ("number", "name"), [(1, "largest_slope_of_tanh"), (0.5, "value_where_steepest")]
)
def test_of_a_bare_number_is_said_what_it_is_and_not_where_it_came_from(number, name):
    verdict = told("l3.layers", largest_slope=number)["largest_slope"]
    assert verdict.misconception == name and verdict.hint.startswith(f"{number} is the ")


@pytest.mark.parametrize(("part", "number"), [("bound", 1024), ("largest_slope", 4)])
def test_a_factor_above_1_is_told_as_that(part, number):
    assert told("l3.layers", **{part: number})[part].misconception == "factor_above_1"


# One step of training


@pytest.mark.parametrize("total", [np.mean, np.sum, lambda d: d.sum() / len(d)])
def test_one_number_for_all_biases_is_named(total):
    def one_step(f_o, x, t, W_h, b_h, W_o, b_o, eta):
        a_h = np.tanh(x @ W_h + b_h)
        delta_o = f_o(a_h @ W_o + b_o) - t
        delta_h = (delta_o @ W_o.T) * (1 - a_h**2)
        return (
            W_h - eta * x.T @ delta_h / len(x),
            b_h - eta * total(delta_h),
            W_o - eta * a_h.T @ delta_o / len(x),
            b_o - eta * total(delta_o),
        )

    found = of_function("l3.train_softmax", one_step)
    assert found["W_h_new"].status == found["W_o_new"].status == "right"
    for name in ("b_h_new", "b_o_new"):
        assert found[name].misconception == "units_added"


# The notebooks' words


def test_hints_of_lecture_2_speak_of_derivatives_and_of_steps():
    """The slope is a word of lecture 3 and of pictures; errors are a − t, and steps no updates."""
    for entry in CATALOGUE.values():
        said = f"{entry.hint} {entry.as_second} {entry.fact}"
        if entry.explained.startswith("L2"):
            assert "slope" not in said and "update" not in said, entry.name
        assert "error has arrived" not in said, entry.name


def test_no_part_of_lecture_2_is_called_an_update():
    descriptions = [part.description for part in question_by_id("l2.updates").parts]
    assert descriptions == ["steps in 10 epochs"]
