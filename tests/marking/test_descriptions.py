"""What is said of wrong answers that no recognised mistake explains, and of those that stop."""

import numpy as np
import pytest

from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id
from tests.in_process import marked
from tests.marking.claims import besides, untrue
from tests.marking.records import record_of
from tests.mutation.marking import answers, mark
from tests.sample_class.work import Notebook


def changed(question, *changes):
    """The verdicts on a right answer with each (old, new) replaced, by part."""
    _, source = answers()[question]
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    verdicts, _ = mark(question, source)
    return {verdict.part: verdict for verdict in verdicts}


def told(question, **values):
    """The verdicts where some parts have other values: functions of the right ones, or of the case
    as well. Their sentences are held beside what they claim."""
    asked = question_by_id(question)
    cases = asked.cases_from(1)

    def other(part, right):
        if part.name not in values:
            return right
        return [values[part.name](case, value) for case, value in zip(cases, right, strict=True)]

    record = record_of(asked, 1, other)
    verdicts = judge(asked, record, 1)
    for verdict, beside in besides(asked, verdicts, record, cases):
        assert list(untrue(verdict, beside)) == [], verdict.hint
    return {verdict.part: verdict for verdict in verdicts}


def off_where(condition):
    """A change of the values in those cases for which `condition` holds."""
    return lambda case, right: right * np.linspace(1.3, 1.9, right.size).reshape(right.shape) if (
        condition(case)
    ) else right  # fmt: skip


# In which cases


@pytest.mark.parametrize(
    ("question", "part", "condition", "said"),
    [
        (
            "p3.forward",
            "a_o",
            lambda case: len(case.test_inputs["b_o"]) == 1,
            "right with several outputs, not with one output",
        ),
        (
            "p3.forward",
            "a_o",
            lambda case: len(case.test_inputs["x"]) > 1,
            "right with one data point, not with several data points",
        ),
        (
            "p3.forward",
            "a_o",
            lambda case: case.test_inputs["hidden"] == "relu",
            "right except with hidden='relu'",
        ),
        (
            "p3.forward",
            "a_o",
            lambda case: case.test_inputs["hidden"] != "relu",
            "right with hidden='relu', not with hidden='sigmoid' and hidden='tanh'",
        ),
        # One of four with sigmoid units: the activation alone would say too much.
        (
            "p3.forward",
            "a_o",
            lambda case: case.label == "hidden='sigmoid'",
            "right except with hidden='sigmoid', several outputs, several data points",
        ),
        (
            "p3.forward",
            "a_o",
            lambda case: case.label in ("hidden='sigmoid'", "hidden='tanh'"),
            "right except in these cases: hidden='sigmoid', several outputs, several data points | "
            "hidden='tanh', several outputs, several data points",
        ),
        (
            "p3.train_batches",
            "E_end",
            lambda case: len(case.test_inputs["x"]) % case.test_inputs["size"],
            "right with batches of the same size, not with a last batch that is shorter",
        ),
        (
            "p3.any_depth",
            "dW[1]",
            lambda case: case.label == "one data point",
            "right with several data points, not with one data point",
        ),
        (
            "p4.model",
            "a_o",
            lambda case: case.test_inputs["hidden"] == "tanh",
            "right except with hidden='tanh'",
        ),
    ],
)
def test_cases_are_parted_by_what_they_have_in_common(question, part, condition, said):
    found = told(question, **{part: off_where(condition)})[part]
    assert found.hint == said or found.hint.startswith(f"{said}; "), found.hint


def test_two_cases_of_one_kind_are_not_told_apart():
    """Two networks of ReLU units, of which the answer is right with one."""
    cases = question_by_id("p3.forward").cases_from(1)
    last = cases[-1]
    found = told("p3.forward", a_o=off_where(lambda case: case is last))["a_o"]
    assert last.label == cases[-2].label
    assert found.hint.startswith("right with some batches and not with others; ")


# Rounded


@pytest.mark.parametrize("digits", [2, 3])
@pytest.mark.parametrize("question", ["p4.forward", "p4.tape"])
def test_rounded_numbers_of_keras_are_said_to_be_rounded(question, digits):
    def rounded(case, right):
        return np.round(right.astype(np.float32), digits)

    names = [part.name for part in question_by_id(question).parts]
    for verdict in told(question, **dict.fromkeys(names, rounded)).values():
        assert verdict.status == "wrong"
        assert verdict.hint.startswith("right to some digits: let the code compute without round")


def test_float64_is_asked_for_where_it_is_had():
    found = told("p3.loss", E=lambda case, right: np.round(right, 3))["E"]
    assert "in full precision (float64)" in found.hint


# Factors


def test_factors_that_are_others_in_other_cases_are_told_with_their_cases():
    def often(case, right):
        return len(case.test_inputs["x"]) ** 2 * right

    found = told("p3.bug_hunt", dW_2=often)["dW_2"]
    assert found.hint.startswith(
        "each is 25 times what it should be with 5 points, and 49 times with 7 points: in what do"
    )
    found = told("p3.bug_hunt", dW_2=lambda case, right: 7 * right)["dW_2"]
    assert found.hint == "each is 7 times what it should be: where does this factor enter?"


def test_difference_quotients_that_fit_nothing_are_asked_about_step_by_step():
    found = told("p3.central_difference", quotients=odd)["quotients"]
    assert found.hint.startswith("the way there: (f on the one side − f on the other side) / ")


# Training loops


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (0, "the first loss is off already, before any step"),
        (1, "the first loss is right, the second is not"),
        (2, "the first two losses are right, the next one is not"),
    ],
)
@pytest.mark.parametrize("question", ["p3.train", "p3.train_batches"])
def test_the_round_is_told_in_which_losses_leave_the_right_way(question, first, said):
    def off(case, right):
        return np.where(np.arange(right.size) < first, right, 1.37 * right + 0.011)

    found = told(question, losses=off, E_end=lambda case, right: 1.3 * right)
    assert found["losses"].hint.startswith(said)
    assert (
        found["E_end"].hint == "it follows from the same steps as the losses: look at these first"
    )


def test_weights_that_come_back_from_another_step_are_told_beside_right_losses():
    found = told("p3.train", E_end=lambda case, right: 1.3 * right)["E_end"]
    assert found.hint.startswith("the losses are right, and the weights that come back are others")


@pytest.mark.parametrize("question", ["p3.train", "p3.train_batches"])
def test_values_in_the_other_order_are_said_to_be_so(question):
    found = changed(question, ("return params, losses", "return losses, params"))
    for verdict in found.values():
        assert verdict.status == "error" and "yours are the other way round" in verdict.hint


def test_a_missing_key_of_weights_asks_for_the_order_of_arguments():
    gradients = "backward(x, t, params, trace, hidden)"
    found = changed(
        "p3.train", (f"sgd_step(params, {gradients}, ", f"sgd_step({gradients}, params, ")
    )
    for verdict in found.values():
        assert verdict.status == "error"
        assert "'ddW_h'; the dict has no such key" in verdict.hint


# Many layers


def odd(case, right):
    return right + np.linspace(0.3, 0.7, right.size).reshape(right.shape)


@pytest.mark.parametrize(
    ("question", "off", "part", "said"),
    [
        ("p3.bug_hunt", ("db_3", "dW_3"), "dW_3", "the way back begins here"),
        ("p3.bug_hunt", ("dW_3",), "dW_3", "db_3 is right, and so are the deltas in it: which"),
        ("p3.bug_hunt", ("db_2",), "db_2", "dW_2 is right, and so are the deltas in it: what"),
        ("p3.bug_hunt", ("db_2", "dW_2"), "db_2", "this is the first layer on the way back that"),
        ("p3.bug_hunt", ("db_2", "dW_2", "db_1"), "db_1", "the deltas here are made of those of"),
        ("p3.any_depth", ("dW[0]", "db[0]"), "dW[0]", "this is the first layer on the way back"),
        ("p3.any_depth", ("dW[2]", "db[2]", "db[1]"), "db[1]", "the deltas here are made of"),
    ],
)
def test_the_first_layer_that_is_off_on_the_way_back_is_told(question, off, part, said):
    found = told(question, **dict.fromkeys(off, odd))[part]
    assert (found.status, found.misconception) == ("wrong", "")
    assert found.hint.startswith(said), found.hint


# What carries nothing over


def page(question, **values):
    return told(question, **{name: lambda case, right, v=v: v(right) for name, v in values.items()})


def test_nothing_that_does_not_carry_over_is_mentioned_where_it_does_not_matter():
    found = page("p2.sigmoid.backward", db_o=np.zeros_like, dW_h=lambda v: v * [[1, 3], [-2, 7]])
    assert found["dW_h"].status == "wrong" and "Mend your" not in found["dW_h"].hint


def test_what_carries_nothing_over_is_said_in_a_sentence_of_its_own():
    found = page("p2.sigmoid.backward", delta_o=np.zeros_like, delta_h=lambda v: v * [[1.3, 7]])
    hint = found["delta_h"].hint
    sentence = "Mend your delta_o first, since this depends on it: it is 0, or nearly,"
    assert hint.endswith(f"{sentence} where it should not be.")
    assert hint.partition(f" {sentence}")[0].endswith((".", "?"))


# Two outputs


SPELLED_OUT = "(a_{u} - t_{u}) * a_{u} * (1 - a_{u})"


@pytest.mark.parametrize("question", ["p1.two_outputs", "p1.transpose"])
def test_deltas_of_both_outputs_may_be_spelled_out(question):
    changes = [(f"delta_{u} ", f"{SPELLED_OUT.format(u=u)} ") for u in "kl"]
    for verdict in changed(question, *changes).values():
        assert verdict.status == "right", verdict.hint


@pytest.mark.parametrize(
    ("question", "part", "formula", "said"),
    [
        ("p1.transpose", "back_j", "w_jk + w_jl", "without delta_k (or t_k) and delta_l (or t_l)"),
        ("p1.transpose", "back_j", "delta_k + delta_l", "without w_jk and w_jl it cannot be"),
        ("p1.output_sum", "delta_l_formula", "0", "as Python reads it this is 0, without any"),
        ("p1.output_sum", "delta_l_formula", "a_l * (1 - a_l)", "without t_l it cannot be right"),
    ],
)
def test_what_lacks_in_a_formula_of_two_outputs_is_told_by_its_symbols(
    question, part, formula, said
):
    _, source = answers()[question]
    verdicts, _ = mark(question, f"{source}\n{part} = {formula}")
    (verdict,) = (verdict for verdict in verdicts if verdict.part == part)
    assert said in verdict.hint


# A learning rate in the code


@pytest.mark.parametrize("rate", ["0.3", "0.5", "0.1"])
@pytest.mark.parametrize("question", ["p3.sgd_step", "p3.train", "p3.train_batches"])
def test_a_number_in_place_of_eta_is_never_right(question, rate):
    old, new = ("eta *", f"{rate} *") if question == "p3.sgd_step" else (", eta)", f", {rate})")
    for verdict in changed(question, (old, new)).values():
        assert (verdict.status, verdict.misconception) == ("wrong", "fixed_learning_rate")


@pytest.mark.parametrize(
    "change",
    [
        ("eta *", "0.5 *"),
        ("eta *", "0.7 *"),
        ("params[name] - eta *", "0.99 * params[name] - eta *"),
        (
            'params[name] - eta * gradients["d" + name]',
            'eta * (params[name] - gradients["d" + name])',
        ),
    ],
)
def test_a_wrong_step_costs_its_own_points_only(change):
    """Also with the tutorial's network, which is worked by hand as well."""
    notebook = Notebook("problem_3_numpy").edit("p3.sgd_step", change)
    found = marked(notebook.content, only={"p3.reproduce", "p3.train", "p3.train_batches", *STEPS})
    assert {verdict.status for verdict in found["p3.sgd_step"]} == {"wrong"}
    for question in ("p3.reproduce", "p3.train", "p3.train_batches"):
        assert {verdict.status for verdict in found[question]} <= {"carried", "right"}, question


STEPS = {"p3.forward", "p3.loss", "p3.deltas", "p3.backward", "p3.sgd_step"}


@pytest.mark.parametrize("question", ["p3.sgd_step", "p3.train", "p4.step", "l3.train_softmax"])
def test_each_case_has_a_learning_rate_of_its_own(question):
    for seed in range(5):
        rates = [case.test_inputs["eta"] for case in question_by_id(question).cases_from(seed)]
        assert len({round(rate, 3) for rate in rates}) > 1
