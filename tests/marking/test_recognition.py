"""Which mistakes are recognised, alone, in twos and after a slip; what is said of the others."""

import re
from pathlib import Path

import numpy as np
import pytest

from helpers.course import HIDDEN, tutorial_step
from helpers.marking.answer import Answer
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.questions import NOTEBOOKS, questions_of
from helpers.marking.questions.model import BY_HAND, FLOAT64, Case, Part
from helpers.marking.recognition import (
    ambiguous,
    explanations,
    hint_for,
    match_misconception,
    match_misconception_in_part,
    two_at_once,
)
from tests.in_process import marked
from tests.sample_class.work import ROOT, Notebook
from tests.worked_with_numpy import marked as marked_page
from tests.worked_with_numpy import page

P3 = "problem_3_numpy"


def told(hidden, **changed):
    """The verdicts on a page whose other numbers are right: {part: Verdict}."""
    right = page(hidden)
    return marked_page(hidden, right | {name: f(right[name]) for name, f in changed.items()})


# The catalogue


def test_every_entry_says_what_it_is_and_where_the_course_explains_it():
    for entry in CATALOGUE.values():
        assert entry.quantity and entry.shows and entry.explained, entry.name
        assert not entry.shows.endswith("."), entry.name


def test_the_sections_to_go_back_to_exist():
    sections = set()
    for short, notebook in NOTEBOOKS.items():
        (source,) = Path(ROOT, "solutions").glob(f"*/{notebook}.md")
        numbers = re.findall(r"^## (\d+)\.", source.read_text(encoding="utf-8"), re.MULTILINE)
        sections |= {f"{short.upper()} {number}" for number in numbers}
    assert {entry.explained for entry in CATALOGUE.values()} <= sections


def test_at_least_forty_entries_say_where_they_have_been_seen():
    sources = [entry.seen for entry in CATALOGUE.values() if entry.seen]
    assert len(sources) >= 40
    assert all("https://" in source or "," in source for source in sources)


def test_every_entry_belongs_to_a_question_or_to_the_comparison():
    """No entry is left over: some question lists it, or the judge looks for it."""
    listed = {"transposed", "too_few_digits", "rounded_on_the_way", "difference_quotient"}
    listed |= {"more_than_one_step"}  # by the optimizer's count
    for notebook in NOTEBOOKS.values():
        for question in questions_of(notebook).values():
            for case in question.cases_from(3):
                listed |= {name for found in case.mistakes.values() for name, _ in found}
    assert set(CATALOGUE) == listed


# Two at once


@pytest.mark.parametrize("hidden", HIDDEN)
def test_two_mistakes_at_once_are_both_named(hidden):
    verdict = told(hidden, dW_h=lambda v: -v.T)["dW_h"]
    # With ReLU another pair gives the same numbers.
    assert {"wrong_sign", "transposed"} <= set(verdict.names)
    assert verdict.hint.startswith("Two mistakes at once.")


def test_a_step_alone_is_recognised_with_either_sign():
    step = tutorial_step("tanh")
    verdict = told("tanh", b_o_new=lambda v: -step.eta * step["db_o"])["b_o_new"]
    assert verdict.misconception == "step_instead_of_weight"
    verdict = told("tanh", b_o_new=lambda v: 2 * step["b_o"] - step.eta * step["db_o"])["b_o_new"]
    assert not verdict.misconception


def test_mistakes_that_undo_each_other_are_right():
    """Twice a half is right, so it is no explanation of anything."""
    case = Case({"v": np.asarray(3.0)}, {"v": [("factor_two", 6.0), ("factor_half", 1.5)]})
    part = Part("v", 1, "a number", FLOAT64)
    assert list(two_at_once(part, [case], list(explanations(part, [case])))) == []


def test_more_pairs_than_two_explain_nothing():
    names = ("factor_two", "wrong_sign", "sum_over_batch", "delta_averaged", "factor_half")
    factors = (2.0, -1.0, -4.0, 0.25, 8.0)
    right = np.array([1.0, 3.0])
    mistakes = [(name, factor * right) for name, factor in zip(names, factors)]
    part = Part("v", 1, "numbers", FLOAT64)
    case = Case({"v": right}, {"v": mistakes})

    answer = Answer(part, [case], [-8 * right])  # 2 · -4, -1 · 8
    found = match_misconception(answer)
    assert {frozenset(names) for names in found} == {
        frozenset({"factor_two", "sum_over_batch"}),
        frozenset({"wrong_sign", "factor_half"}),
    }
    case.mistakes["v"].append(("half_forgotten", -32 * right))  # and -32 · ¼
    assert match_misconception(answer) == ()


# The same number from two mistakes

HALF = ("factor_half", "learning_rate_in_the_gradient")
# With 1 − a² in the hidden unit comes nearly the same as with a alone in both units.
TANH = ("slope_of_tanh", "factor_of_the_slope_missing")
TWICE_AND_HALF = {
    ("sum_over_batch", "factor_two"),
    ("factor_half", "number_of_points_mistaken"),
}
AMBIGUOUS = {
    # 6 + 9 is 15, and so is 6 ^ 9 to Python; of the other count they give different numbers.
    ("l1.count", "networks_6"): {("numbers_added", "caret_for_power")},
    # With a batch of two, twice as much is the sum, and half as much is the average.
    ("p2.two_points", "delta_o"): {("delta_averaged", "factor_half")},
    ("p2.two_points", "dW_o"): TWICE_AND_HALF,
    ("p2.two_points", "db_o"): TWICE_AND_HALF,
    # With two output units, the mean of the paths is half of their sum.
    ("p1.two_outputs", "delta_j_formula"): {("paths_averaged", "factor_of_its_own")},
    # Where all results are rounded to four decimals: see test_what_few_digits_cannot_tell.
    ("p2.relu.update", "E_new"): {("", "forward_with_another_activation")},
    # Another square, to four decimals.
    ("l2.forward", "E"): {("", "square_in_the_wrong_place")},
    ("p2.sigmoid.forward", "E"): {("of_another_section", "square_in_the_wrong_place")},
    ("l2.output_delta", "delta"): {("factor_two", "slope_of_other_numbers")},
    # An active ReLU has the slope 1 at z and at a.
    ("p2.relu.backward", "delta_h"): {("", "slope_at_a")},
    ("p2.relu.backward", "dW_h"): {("", "slope_at_a")},
    ("p2.relu.backward", "db_h"): {("", "slope_at_a")},
    ("p3.activations", "slope_relu"): {("", "slope_at_a")},
    # What never moves, what one trace before the loop records, and what moves once at the end.
    ("p3.train", "losses"): {
        ("not_trained", "single_step_left"),
        ("not_trained", "gradients_of_older_weights"),
        ("single_step_left", "gradients_of_older_weights"),
    },
    ("p3.train", "E_end"): {("single_step_left", "return_in_the_loop")},
    # Steps with the gradients of an epoch's first weights are one step with their sum.
    ("p3.train_batches", "losses"): {
        ("not_trained", "gradients_of_older_weights"),
        ("gradients_of_older_weights", "one_step_for_all_batches"),
    },
    ("p3.train_batches", "E_end"): {("gradients_of_older_weights", "one_step_for_all_batches")},
    # With one output nothing is multiplied or divided by their number; the other part tells.
    ("p4.learning_rate", "one_output"): {
        ("learning_rate_unchanged", "half_ignored"),
        ("learning_rate_unchanged", "outputs_divided"),
        ("half_ignored", "outputs_divided"),
    },
    # Without the ½ the learning rate is twice as large.
    **{
        ("p4.step", f"{name}_new"): {("half_ignored", "step_twice_as_long")}
        for name in ("W_h", "b_h", "W_o", "b_o")
    },
    # (0.3 − 0.2) · (0.5 + 2) is −(0.3 · 0.5 − 0.2 · 2).
    ("l2.two_paths", "delta_j"): {("every_delta_on_every_edge", "sign_turned")},
    # One published example has numbers that meet.
    ("l2.slide_gradients", "dE_dw13"): {
        ("edge_forgotten", "start_of_the_edge"),
        ("wrong_sign", "edge_forgotten"),
        ("wrong_sign", "start_of_the_edge"),
    },
    ("l2.slide_gradients", "dE_dw24"): {("wrong_sign", "weight_for_activation")},
    # The lecture's learning rate is one half.
    ("l2.output_gradients", "dW_o"): {HALF},
    ("l2.output_gradients", "db_o"): {HALF},
    # Small numbers of the lecture's network, nearer than half a unit of the fourth decimal.
    ("l2.hidden_unit", "delta_h2"): {
        *(TANH, ("factor_of_the_slope_missing", "slope_of_other_numbers")),
        ("slope_at_a", "updated_output_weights"),
    },
    ("l2.hidden_unit", "db_h2"): {HALF, TANH, ("slope_at_a", "updated_output_weights")},
    ("l2.hidden_unit", "dw_h12"): {HALF, TANH, ("slope_at_a", "updated_output_weights")},
    ("l2.hidden_unit", "dw_h22"): {
        *(HALF, TANH),
        ("", "updated_output_weights"),
        ("slope_at_a", "updated_output_weights"),
        ("slope_at_a", "start_of_the_edge"),
        ("slope_of_another_unit", "edge_forgotten"),
        ("weight_for_activation", "factor_two"),
    },
}


def test_the_pairs_of_mistakes_that_numbers_cannot_tell_apart_are_these():
    found = {}
    for notebook in NOTEBOOKS.values():
        for question in questions_of(notebook).values():
            cases = question.cases_from(1)
            for part in question.parts:
                if not any(isinstance(case.expected[part.name], str) for case in cases):
                    pairs = set(ambiguous(part, cases))
                    if pairs:
                        found[question.id, part.name] = pairs
    assert found == AMBIGUOUS


def test_an_ambiguous_answer_is_told_both():
    part = Part("v", 1, "a number", BY_HAND)
    case = Case({"v": np.asarray(3.0)}, {"v": [("factor_two", 6.0), ("sum_over_batch", 6.0)]})
    found = match_misconception(Answer(part, [case], [np.asarray(6.0)]))
    assert found == (("factor_two",), ("sum_over_batch",))
    hint = hint_for(found)
    assert CATALOGUE["factor_two"].hint in hint and CATALOGUE["sum_over_batch"].hint in hint


# After a slip


def test_a_second_slip_is_named_by_itself():
    """Twice too large a delta, then a sign lost on the way to the gradient: each is named once."""
    found = marked_page("tanh", page("tanh", {"delta_o": lambda v: 2 * v, "dW_o": lambda v: -v}))
    assert found["delta_o"].misconception == "factor_two"
    assert (found["dW_o"].status, found["dW_o"].misconception) == ("wrong", "wrong_sign")
    assert "what follows from your earlier values" in found["dW_o"].hint
    assert found["dW_h"].status == "carried"


# Difference quotients

DIFFERENCES = """
def backward(x, t, params, trace, hidden):
    found = {{}}
    for name, w in params.items():
        found["d" + name] = np.zeros_like(w)
        for place in np.ndindex(w.shape):
            above = {{k: v.copy() for k, v in params.items()}}
            below = {{k: v.copy() for k, v in params.items()}}
            above[name][place] += {above}
            below[name][place] -= {below}
            E = [loss(forward(x, p, hidden)[-1], t) for p in (above, below)]
            found["d" + name][place] = (E[0] - E[1]) / ({above} + {below})
    return found
"""


def backward_marked(source):
    return marked(Notebook(P3).answer("p3.backward", source).content, only={"p3.backward"})


@pytest.mark.parametrize(
    ("both_sides", "h"),
    [(True, 0.1), *((both, 10.0**-k) for both in (True, False) for k in (2, 3, 4, 5, 6, 7, 8, 9))],
)
def test_a_backward_of_difference_quotients_is_recognised(both_sides, h):
    source = DIFFERENCES.format(above=h / 2 if both_sides else h, below=h / 2 if both_sides else 0)
    for verdict in backward_marked(source)["p3.backward"]:
        assert (verdict.status, verdict.points) == ("wrong", 0)
        assert verdict.misconception == "difference_quotient"


def right_backward():
    """All of a backward pass in one function."""
    return """
def backward(x, t, params, trace, hidden):
    z_h, a_h, z_o, a_o = trace
    delta_o = (a_o - t) * slope("sigmoid", z_o)
    delta_h = (delta_o @ params["W_o"].T) * slope(hidden, z_h)
    return {
        "dW_h": x.T @ delta_h / len(x),
        "db_h": delta_h.mean(axis=0),
        "dW_o": a_h.T @ delta_o / len(x),
        "db_o": delta_o.mean(axis=0),
    }
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # The forward pass run again, in place of the trace that is given
        ("z_h, a_h, z_o, a_o = trace", "z_h, a_h, z_o, a_o = forward(x, params, hidden)"),
        # A little something against a division by 0
        ("(a_o - t)", "(a_o - t + 1e-12)"),
    ],
)
def test_a_backward_pass_is_none_whatever_it_starts_from(old, new):
    source = right_backward()
    assert old in source
    found = backward_marked(source.replace(old, new))["p3.backward"]
    assert {verdict.status for verdict in found} == {"right"}


def test_low_precision_is_told_as_what_it_is():
    source = right_backward().replace(
        "z_h, a_h, z_o, a_o = trace",
        "z_h, a_h, z_o, a_o = (v.astype(np.float32) for v in forward(x, params, hidden))\n"
        "    x, t = x.astype(np.float32), t.astype(np.float32)\n"
        "    params = {name: w.astype(np.float32) for name, w in params.items()}",
    )
    found = backward_marked(source)["p3.backward"]
    assert not any(verdict.misconception for verdict in found)
    assert any("full precision" in verdict.hint for verdict in found)


# What fits no entry


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("z_h", lambda v: v + [[0, 0.35]], "only the number of unit 2 is off"),
        ("db_h", lambda v: v + [0.4, 0], "only the number of unit 1 is off"),
        ("dW_h", lambda v: v * [[1, 1], [1, 3.3]], "only the number in row 2, column 2 is off"),
        ("dW_h", lambda v: v * [[1, 3.3], [1, 3.3]], "everything in column 2 is off"),
        ("dW_h", lambda v: 3.3 * v, "all are off by one and the same factor; the way there: "),
        ("dW_h", lambda v: v * [[-0.9, -0.8], [-3, -0.4]], "all signs are turned, and not all "),
        (
            *("delta_h", lambda v: 30 * v * [[1.3, 1]]),
            "derivative of the hidden unit. Right so far in your answers: δ_o. Check that it",
        ),
        ("db_o", lambda v: 7 * v, "Right so far in your answers: δ_o. By how much does z change"),
        ("E", lambda v: 0 * v, "it is 0, and should not be"),
    ],
)
def test_what_is_said_of_an_answer_that_fits_no_entry(part, change, words):
    verdict = told("sigmoid", **{part: change})[part]
    assert verdict.status == "wrong" and not verdict.misconception
    assert words in verdict.hint


@pytest.mark.parametrize(
    ("part", "change", "name", "where"),
    [
        ("delta_h", lambda v: v * [[-1, 1]], "wrong_sign", "only the number of unit 1 is off"),
        (
            *("z_h", lambda v: v - [[0, -0.2]], "bias_forgotten"),
            "only the number of unit 2 is off, and this may be why. The products",
        ),
        ("dW_h", lambda v: v * [[2, 1], [2, 1]], "factor_two", "everything in column 1 is off"),
    ],
)
def test_a_mistake_with_some_of_the_numbers_is_named_with_its_place(part, change, name, where):
    verdict = told("sigmoid", **{part: change})[part]
    assert (verdict.status, verdict.misconception) == ("wrong", name)
    assert verdict.hint.startswith(where)
    # Beside a delta that is right nothing is asked about the error in it.
    sayings = filter(None, (CATALOGUE[name].hint, CATALOGUE[name].fact))
    assert any(said in verdict.hint for said in sayings)


def test_a_mistake_with_one_activation_is_named_with_it():
    notebook = Notebook(P3).edit("p3.activations", ("1 - a**2", "1 - a"))
    found = {v.part: v for v in marked(notebook.content)["p3.activations"]}
    assert found["slope_tanh"].misconception == "square_forgotten"
    source = right_backward().replace(
        "* slope(hidden, z_h)", '* (a_h * (1 - a_h) if hidden == "tanh" else slope(hidden, z_h))'
    )
    found = {v.part: v for v in backward_marked(source)["p3.backward"]}
    assert found["dW_h"].misconception == "slope_of_sigmoid"
    assert found["dW_h"].hint.startswith("right except with hidden='tanh'. ")


def test_nobody_is_told_of_float64_by_hand():
    """Near the new weight, and yet far off in what it changes by."""
    verdict = told("tanh", W_o_new=lambda v: v * 1.0005)["W_o_new"]
    assert verdict.status == "wrong" and "float64" not in verdict.hint


def test_a_function_is_told_the_factor_itself():
    found = backward_marked(right_backward().replace("(a_o - t)", "7 * (a_o - t)"))["p3.backward"]
    for verdict in found:
        assert verdict.hint == "each is 7 times what it should be: where does this factor enter?"


def test_no_hint_for_numbers_by_hand_contains_a_number_of_the_answer():
    rng = np.random.default_rng(0)
    right = page("sigmoid")
    for _ in range(200):
        part = rng.choice(["z_h", "a_h", "E", "delta_o", "dW_o", "delta_h", "dW_h", "W_h_new"])
        verdict = told("sigmoid", **{part: lambda v: v * rng.uniform(-9, 9, np.shape(v))})[part]
        for number in np.ravel(right[part]):
            assert f"{abs(number):.3g}"[:4] not in verdict.hint


# Shapes that say what went wrong


@pytest.mark.parametrize(
    ("old", "new", "part", "name"),
    [
        ("delta_h.mean(axis=0)", "delta_h", "db_h", "points_left_apart"),
        ("delta_h.mean(axis=0)", "-delta_h", "db_h", "points_left_apart + wrong_sign"),
        ("delta_o.mean(axis=0)", "delta_o.sum()", "db_o", "units_added + sum_over_batch"),
        ("delta_o.mean(axis=0)", "delta_o.sum() / len(x)", "db_o", "units_added"),
    ],
)
def test_a_shape_says_what_went_wrong(old, new, part, name):
    source = right_backward()
    assert old in source
    found = {v.part: v for v in backward_marked(source.replace(old, new))["p3.backward"]}
    assert (found[part].status, found[part].misconception) == ("wrong", name)
    assert found[part].hint.startswith("with hidden='sigmoid': expected shape")


def test_numbers_that_are_0_are_no_evidence_for_a_mistake_that_is_0_there_by_chance():
    """A slope that is 0 at 1, beside a(1 - a): 0 there, and not elsewhere."""
    part = Part("slope_relu", 1, "slopes")
    right, by_sigmoid = np.array([1.0, 1.0, 1.0, 0.0]), np.array([0.0, -2.0, -6.0, 0.0])
    mistakes = {
        "slope_relu": [("slope_of_sigmoid", by_sigmoid), ("bias_gradient_forgotten", np.zeros(4))]
    }
    case = Case({"slope_relu": right}, mistakes)
    given = Answer(part, [case], [np.array([0.0, 1.0, 1.0, 0.0])])
    assert match_misconception_in_part(given) == (("bias_gradient_forgotten",),)
    given = Answer(part, [case], [np.array([0.0, -2.0, 1.0, 0.0])])
    assert match_misconception_in_part(given) == (("slope_of_sigmoid",),)
