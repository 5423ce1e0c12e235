"""A slip costs its own part; what rightly follows from it counts, and tricks gain nothing."""

import itertools
from functools import cache

import numpy as np
import pytest
from sympy import symbols

from helpers.asking.cell_ids import question_of_check
from helpers.checking import observe
from helpers.course import HIDDEN, tutorial_step
from helpers.grading.gradebook.score import records_in
from helpers.grading.repair.released import grade_id, is_check
from helpers.marking import questions
from helpers.marking.judging import Judge
from helpers.marking.questions import question_by_id
from helpers.sgd_step import PARAMETERS
from tests.in_process import marked as marked_notebook
from tests.judged_after import judged_after
from tests.marking.records import record_of
from tests.sample_class.work import Notebook
from tests.worked_with_numpy import ACTIVATION, NAMES, OLD, QUESTIONS, SEED, X, marked, page


def summary(found):
    return {name: verdict.status for name, verdict in found.items()}


def points(found):
    return sum(verdict.points for verdict in found.values())


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_right_page_has_full_marks(hidden):
    found = marked(hidden, page(hidden))
    assert set(summary(found).values()) == {"right"}


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("decimals", [3, 4, 5])
@pytest.mark.parametrize("slip", [None, "z_o", "delta_o"])
def test_rounding_of_earlier_results_costs_nothing(hidden, decimals, slip):
    """Results kept with so many decimals; numbers that would vanish are kept with two digits."""

    def keep(value):
        rounded = np.round(value, decimals)
        vanished = (np.abs(value) < 5 * 10.0**-decimals) & (value != 0)
        return np.where(vanished, np.round(value, 6), rounded)

    changed = {slip: lambda value: value + 0.31} if slip else {}
    answers = page(hidden, changed, keep)
    for name in PARAMETERS:
        # With three decimals some new weights look like the old ones; there a student keeps four.
        answers[f"{name}_new"] = page(hidden, changed)[f"{name}_new"]
    found = summary(marked(hidden, answers))
    assert [name for name, verdict in found.items() if verdict not in ("right", "carried")] == (
        [slip] if slip else []
    )


# What depends on a value, by hand: the parts that change when it does.
def depend_on(hidden, name):
    right, moved = page(hidden), page(hidden, {name: lambda value: value * 1.3 + 0.1})
    return {
        other
        for other in NAMES
        if other != name and not np.allclose(right[other], moved[other], rtol=2e-2, atol=1e-3)
    }


SLIPS = {
    "sign": lambda value: -value,
    "twice": lambda value: 2 * value,
    "a bit": lambda value: value * 1.17 + 0.04 * (value != 0),
}


PLACES = [
    place
    for place in itertools.product(HIDDEN, NAMES, SLIPS)
    # The active unit would be off, and its 0 carries nothing over.
    if place != ("relu", "z_h", "sign")
]


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize(("hidden", "name", "slip"), PLACES)
def test_one_slip_costs_one_part(hidden, name, slip):
    found = marked(hidden, page(hidden, {name: SLIPS[slip]}))
    wrong = [part for part, verdict in found.items() if verdict.status not in ("right", "carried")]
    assert wrong == [name], {part: verdict.hint for part, verdict in found.items()}
    carried = {part for part, verdict in found.items() if verdict.status == "carried"}
    assert depend_on(hidden, name) <= carried | {"z_h"} or slip == "a bit"
    for part in carried:
        assert f"consistent with your {name}, which is not right yet" == found[part].hint


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_two_slips_cost_two_parts(hidden):
    for first, second in itertools.combinations(
        ("z_h", "z_o", "a_o", "delta_o", "delta_h", "dW_h", "W_o_new"), 2
    ):
        changed = {first: SLIPS["a bit"], second: SLIPS["twice"]}
        found = marked(hidden, page(hidden, changed))
        wrong = {p for p, v in found.items() if v.status not in ("right", "carried")}
        assert wrong == {first, second}, (first, second)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_wrong_method_after_a_slip_is_wrong(hidden):
    """The slip in z_o is carried, but a slope that is forgotten later on still costs its part."""
    f, slope = ACTIVATION[hidden]
    answers = page(hidden, {"z_o": SLIPS["a bit"]})
    answers["delta_h"] = answers["delta_o"] @ OLD["W_o"].T
    found = summary(marked(hidden, answers))
    assert found["a_o"] == found["delta_o"] == found["dW_o"] == "carried"
    if hidden != "relu":
        assert found["delta_h"] == "wrong"


# Tricks: values that would make the rest easy

TRICKS = {
    "zero": lambda value: np.zeros_like(value),
    "one": lambda value: np.ones_like(value),
    "minus one": lambda value: -np.ones_like(value),
    "huge": lambda value: np.full_like(value, 1e9),
    "not a number": lambda value: np.full_like(value, np.nan),
    "infinite": lambda value: np.full_like(value, np.inf),
    "a given number": lambda value: np.full_like(value, 0.4),
    "the inputs": lambda value: np.resize(X, np.shape(value)),
    "the shape": lambda value: np.resize(np.asarray(value) * 1.3, 7),
}


@cache
def honest_points(hidden, name):
    """The points of a page with one honest slip."""
    return points(marked(hidden, page(hidden, {name: SLIPS["a bit"]})))


@pytest.mark.sampled(0.06)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_carry_nothing_over(hidden, trick):
    """For every place and trick: whatever follows from the trick has no marks for following."""
    for name in NAMES:
        right = page(hidden)
        value = TRICKS[trick](np.asarray(right[name], dtype=float))
        if np.all(right[name] == 0):
            continue
        if trick in ("a given number", "the inputs") and np.size(right[name]) not in (1, 2):
            continue
        if trick == "a given number" and np.size(right[name]) > 1:
            continue
        try:
            with np.errstate(all="ignore"):
                answers = page(hidden, {name: lambda _, value=value: value})
        except ValueError:  # with that shape nothing follows
            answers = {**right, name: value}
        found = marked(hidden, answers)
        assert found[name].status in ("wrong", "error"), (name, trick)
        behind = {p for p, v in found.items() if f"consistent with your {name}," in v.hint}
        assert not behind, (name, trick, behind)
        assert points(found) <= honest_points(hidden, name), (name, trick)


def test_saturating_values_carry_nothing():
    """z_o = 40 makes the sigmoid flat: every delta after it would be 0."""
    found = summary(marked("sigmoid", page("sigmoid", {"z_o": lambda z: z * 0 + 40.0})))
    assert found["delta_o"] == found["dW_h"] == "wrong"


def test_the_instructor_can_switch_it_off(monkeypatch):
    answers = page("tanh", {"a_h": SLIPS["twice"]})
    assert "carried" in summary(marked("tanh", answers)).values()
    monkeypatch.setattr(questions, "FOLLOW_THROUGH", {"lecture"})
    found = summary(marked("tanh", answers))
    assert "carried" not in found.values() and found["z_o"] == "wrong"


def test_another_sections_values_are_not_taken_for_this_ones():
    """Only z_h is shared; a wrong a_h of the first section does not excuse one of the second."""
    wrong = page("sigmoid", {"a_h": SLIPS["twice"]})
    records = {}
    question = question_by_id("p2.sigmoid.forward")
    records[question.id] = observe(question, {n: wrong[n] for n in QUESTIONS["forward"]}, SEED)
    question = question_by_id("p2.tanh.forward")
    answers = {part.name: wrong[part.name] for part in question.parts}
    verdicts = judged_after(question, observe(question, answers, SEED), SEED, records)
    assert verdicts[0].status == "wrong"


def test_records_of_earlier_questions_are_untrusted():
    question = question_by_id("p2.sigmoid.backward")
    right = page("sigmoid")
    record = observe(question, {name: right[name] for name in QUESTIONS["backward"]}, SEED)
    for earlier in (None, {}, {"p2.sigmoid.forward": "nonsense"}, {"p2.sigmoid.forward": {}}):
        assert {v.status for v in judged_after(question, record, SEED, earlier)} == {"right"}


# Problem 1: links of the chain, as formulas

NAMED = "x_i w_ij b_j z_j a_j w_jk b_k z_k a_k t_k eta delta_j delta_k"
x_i, w_ij, b_j, z_j, a_j, w_jk, b_k, z_k, a_k, t_k, eta, delta_j, delta_k = symbols(NAMED)
DERIVATION = {
    "output_links": dict(dE_da_k=a_k - t_k, da_k_dz_k=a_k * (1 - a_k), dz_k_dw_jk=a_j, dz_k_db_k=1),
    "output_layer": dict(
        delta_k_formula=(a_k - t_k) * a_k * (1 - a_k), dE_dw_jk=delta_k * a_j, dE_db_k=delta_k
    ),
    "hidden_links": dict(dz_k_da_j=w_jk, da_j_dz_j=a_j * (1 - a_j), dz_j_dw_ij=x_i),
    "hidden_layer": dict(
        delta_j_formula=delta_k * w_jk * a_j * (1 - a_j), dE_dw_ij=delta_j * x_i, dE_db_j=delta_j
    ),
    "update": dict(
        w_jk_new=w_jk - eta * delta_k * a_j,
        b_k_new=b_k - eta * delta_k,
        w_ij_new=w_ij - eta * delta_j * x_i,
        b_j_new=b_j - eta * delta_j,
    ),
}


def derived(**changed):
    """The verdicts other than right of the derivation with some formulas changed, by part."""
    records, found = {}, {}
    for name, formulas in DERIVATION.items():
        question = question_by_id(f"p1.{name}")
        answers = {part: changed.get(part, formula) for part, formula in formulas.items()}
        records[question.id] = observe(question, answers, SEED)
        verdicts = judged_after(question, records[question.id], SEED, records)
        found |= {v.part: v.status for v in verdicts if v.status != "right"}
    return found


def test_a_wrong_link_is_carried_through_the_derivation():
    assert derived() == {}
    turned = (t_k - a_k) * a_k * (1 - a_k)
    assert derived(dE_da_k=t_k - a_k, delta_k_formula=turned) == {
        "dE_da_k": "wrong",
        "delta_k_formula": "carried",
    }
    # A gradient with the student's own formula for delta in place of its symbol.
    assert derived(delta_k_formula=turned, dE_dw_jk=turned * a_j) == {
        "delta_k_formula": "wrong",
        "dE_dw_jk": "carried",
    }
    weight = dict(dz_k_dw_jk=w_jk, dE_dw_jk=delta_k * w_jk, w_jk_new=w_jk - eta * delta_k * w_jk)
    assert derived(**weight) == {
        "dz_k_dw_jk": "wrong",
        "dE_dw_jk": "carried",
        "w_jk_new": "carried",
    }
    swapped = dict(dz_k_da_j=a_j, delta_j_formula=delta_k * a_j * a_j * (1 - a_j))
    assert derived(**swapped) == {"dz_k_da_j": "wrong", "delta_j_formula": "carried"}


def test_what_skips_a_right_value_does_not_follow_from_a_slip_before_it():
    """With a right delta the gradient is right, so that a step along it goes up the slope."""
    up = dict(
        w_jk_new=w_jk + eta * delta_k * a_j,
        b_k_new=b_k + eta * delta_k,
        w_ij_new=w_ij + eta * delta_j * x_i,
        b_j_new=b_j + eta * delta_j,
    )
    turned = (t_k - a_k) * a_k * (1 - a_k)
    assert derived(dE_da_k=t_k - a_k, **up) == dict.fromkeys(["dE_da_k", *up], "wrong")
    assert derived(dE_da_k=t_k - a_k, delta_k_formula=turned, **up) == {
        "dE_da_k": "wrong",
        **dict.fromkeys(["delta_k_formula", *up], "carried"),
    }


def test_a_trivial_link_carries_nothing():
    for link in (0, 1, -1):
        formula = (a_k - t_k) * link
        found = derived(da_k_dz_k=link, delta_k_formula=formula)
        assert found["da_k_dz_k"] == found["delta_k_formula"] == "wrong"


# Problem 3: a function of the student's used in another

BACKWARD = """
import numpy as np


def activation(name, z):
    return {"sigmoid": lambda: 1 / (1 + np.exp(-z)), "tanh": lambda: np.tanh(z),
            "relu": lambda: np.maximum(z, 0)}[name]()


def slope(name, z):
    a = activation(name, z)
    return {"sigmoid": SIGMOID, "tanh": TANH, "relu": (z > 0) * 1.0}[name]


def backward(x, t, params, trace, hidden):
    z_h, a_h, z_o, a_o = trace
    delta_o = (a_o - t) * slope("sigmoid", z_o)
    delta_h = delta_o @ params["W_o"].T * slope(hidden, z_h)
    return {"dW_h": x.T @ delta_h / len(x), "db_h": delta_h.mean(axis=0),
            "dW_o": a_h.T @ delta_o / len(x), "db_o": delta_o.OVER(axis=0)}
"""


def of_backward(sigmoid="a * (1 - a)", tanh="1 - a**2", over="mean"):
    defined = {}
    source = BACKWARD.replace("SIGMOID", sigmoid).replace("TANH", tanh).replace("OVER", over)
    exec(source, defined)
    activations, backward = map(question_by_id, ("p3.activations", "p3.backward"))
    names = ("activation", "slope")
    earlier = {activations.id: observe(activations, {n: defined[n] for n in names}, SEED)}
    record = observe(backward, {"backward": defined["backward"]}, SEED)
    return {v.part: v for v in judged_after(backward, record, SEED, earlier)}


def test_a_wrong_slope_used_rightly_costs_nothing_in_backward():
    assert set(summary(of_backward()).values()) == {"right"}
    assert summary(of_backward(tanh="1 - a")) == {
        "dW_h": "carried",
        "db_h": "carried",
        "dW_o": "right",
        "db_o": "right",
    }
    found = of_backward(sigmoid="a * (1 + a)")
    assert set(summary(found).values()) == {"carried"}
    assert found["db_o"].hint == "consistent with your slope, which is not right yet"
    assert points(found) == question_by_id("p3.backward").points


def test_a_wrong_slope_excuses_no_other_mistake():
    assert summary(of_backward(sigmoid="a * (1 + a)", over="sum"))["db_o"] == "wrong"


@pytest.mark.parametrize("slope", ["0 * a", "1 + 0 * a", "np.nan * a", "a[:1]", "1e12 * a"])
def test_trivial_slopes_carry_nothing(slope):
    found = of_backward(sigmoid=slope, tanh=slope)
    assert "carried" not in summary(found).values()
    assert points(found) == 0


def with_changes(notebook, changes):
    """The points lost and the verdicts in a right notebook; changes: (old, new) by question."""
    work = Notebook(notebook)
    for question, change in changes.items():
        work.edit(question, change)
    found = marked_notebook(work.content)
    lost = {
        name: sum(verdict.max_points - verdict.points for verdict in verdicts)
        for name, verdicts in found.items()
    }
    return {name: points for name, points in lost.items() if points}, found


@pytest.mark.parametrize(
    ("question", "change", "lost"),
    [
        ("p3.activations", ("1 / (1 + np.exp(-z))", "1 / (1 + np.exp(z))"), 1),
        ("p3.activations", ("np.tanh(z)", "np.tanh(2 * z)"), 1),
        ("p3.activations", ("np.where(z > 0, 1.0, 0.0)", "np.where(z > 0, 1.0, 0.5)"), 1),
        ("p3.loss", ("0.5", "0.7"), 2),
        ("p3.deltas", ("(a_o - t)", "(t - a_o)"), 3),
        ("p3.sgd_step", ("- eta", "+ eta"), 4),
        # Nothing recognised explains these.
        ("p3.forward", ('+ params["b_h"]', '- params["b_h"]'), 1),
        ("p3.loss", ("** 2", "* 2"), 2),
        ("p3.deltas", ("(a_o - t)", "(a_o + 0.3 * t)"), 3),
        ("p3.deltas", ("delta_o @", "delta_o**3 @"), 3),
        ("p3.backward", ("x.T @ delta_h", "x.T @ delta_h**3"), 2),
        ("p3.batches", ("rng.permutation(N)", "np.arange(N)"), 1),
        ("p3.batches", ("range(0, N, size)", "range(0, N - size + 1, size)"), 3),
        ("p3.sgd_step", ("- eta", "- 0.7 * eta"), 4),
    ],
)
@pytest.mark.sampled(0.3)
def test_a_wrong_function_costs_its_own_points_only(question, change, lost):
    """Whatever is computed with it later on is consistent with it: forward, steps, training."""
    points, found = with_changes("problem_3_numpy", {question: change})
    assert points == {question: lost}
    wrong = question.removeprefix("p3.")
    called = {"activations": "slope" if "where" in change[0] else "activation"}.get(wrong, wrong)
    for name in ("p3.reproduce", "p3.train", "p3.train_batches"):
        for verdict in found[name]:
            if verdict.status == "carried":
                assert verdict.hint == f"consistent with your {called}, which is not right yet"


@pytest.mark.parametrize(
    ("question", "change"),
    [
        ("p3.sgd_step", ("- eta", "- 0 * eta")),
        ("p3.deltas", ("(a_o - t)", "0 * (a_o - t)")),
        ("p3.deltas", ("(a_o - t)", "np.nan * (a_o - t)")),
    ],
)
def test_functions_that_do_not_train_carry_nothing(question, change):
    points, found = with_changes("problem_3_numpy", {question: change})
    used_in = {"p3.backward"} if question == "p3.deltas" else set()
    assert set(points) == {question, *used_in, "p3.reproduce", "p3.train", "p3.train_batches"}
    assert not any(v.status == "carried" for verdicts in found.values() for v in verdicts)


# One function wrong in a way that is recognised, and no training loop
WITHOUT_A_LOOP = {
    "p3.loss": ("0.5 *", "1.0 *"),
    "p3.train": ("trace = forward(x, params, hidden)", "raise NotImplementedError"),
    "p3.reproduce": ("E_new[hidden] = loss", "E_new[hidden] = ... or loss"),
}


@pytest.mark.parametrize("change", [None, ("(a_o - t)", "(a_o + 0.3 * t)")])
def test_nothing_that_a_kernel_makes_up_is_carried(change):
    """Records that say what the student's functions would give, as older ones did, and fit it.

    change: of backward; if nothing explains its gradients, those in a loop are taken as they are.
    """
    notebook = Notebook("problem_3_numpy")
    if change:
        notebook.edit("p3.deltas", change)
    for question, change in WITHOUT_A_LOOP.items():
        notebook.edit(question, change)
    records = recorded_in(notebook.content)
    for name, made_up in (
        ("p3.reproduce", {**dict.fromkeys(HIDDEN, 0.1), **{f"own_{h}": 0.1 for h in HIDDEN}}),
        ("p3.train", {"losses": [0.3, 0.2, 0.1], "own_losses": [0.3, 0.2, 0.1]}),
        ("p3.train", {"E_end": 0.05, "own_E_end": 0.05}),
    ):
        question, record = question_by_id(name), records[name]
        cases = len(question.cases_from(SEED))
        for part, values in made_up.items():
            entry = {"shape": list(np.shape(values)), "values": np.ravel(values).tolist()}
            record["answers"][part] = [entry] * cases
        for part in record["answers"]:
            if part.startswith("own_d"):  # whatever it is, the loop around it is missing
                shape = (3, *tutorial_step("relu")[part[4:8].rstrip("_")].shape)
                values = np.full(shape, 0.1).ravel().tolist()
                record["answers"][part] = [{"shape": list(shape), "values": values}] * cases
        found = judged_after(question, record, SEED, records)
        assert not any(verdict.points for verdict in found), name


def test_slopes_made_up_on_the_grid_do_not_excuse_a_backward_that_does_not_use_them():
    """Any slopes may be made up before x, t and the weights are known; then they are in use."""
    notebook = Notebook("problem_3_numpy").edit(
        "p3.backward", ('"dW_h": x.T @ delta_h / len(x)', '"dW_h": 0.1 + 0 * params["W_h"]')
    )
    notebook.edit("p3.activations", ("a * (1 - a)", "0.3 + 0.1 * z**2"))
    records = recorded_in(notebook.content)
    backward = question_by_id("p3.backward")
    found = summary(
        {v.part: v for v in judged_after(backward, records[backward.id], SEED, records)}
    )
    assert found == {"dW_h": "wrong", "db_h": "carried", "dW_o": "carried", "db_o": "carried"}


def recorded_in(notebook):
    """The records of an executed notebook, by question id."""
    marked_notebook(notebook, SEED)
    return {
        question_of_check(grade_id(cell)): records_in(cell)[0]
        for cell in notebook.cells
        if cell.cell_type == "code" and is_check(cell) and records_in(cell)
    }


def test_a_wrong_loop_is_not_excused_by_the_functions_it_calls():
    notebook = Notebook("problem_3_numpy").edit("p3.deltas", ("(a_o - t)", "(t - a_o)"))
    notebook.edit("p3.train", ("range(steps)", "range(steps + 1)"))
    found = marked_notebook(notebook.content)
    assert [verdict.status for verdict in found["p3.train"]] == ["wrong", "wrong"]


# Problem 4: a function of the student's used in another, and in numbers

ETA_FOR_MSE = "eta * outputs / 2"


@pytest.mark.sampled(0.4)
@pytest.mark.parametrize(
    ("question", "change", "lost", "carried"),
    [
        ("p4.model", ('"sigmoid"', "None"), 3, "p4.forward"),
        ("p4.model", ("activation=hidden", 'activation="sigmoid"'), 3, "p4.forward"),
        ("p4.model", ("Dense(2, activation=hidden)", "Dense(2)"), 3, "p4.forward"),
        ("p4.learning_rate", (ETA_FOR_MSE, "eta"), 2, "p4.step"),
        ("p4.learning_rate", (ETA_FOR_MSE, "eta / 2"), 1, "p4.step"),
        ("p4.learning_rate", (ETA_FOR_MSE, "2 * eta / outputs"), 2, "p4.step"),
        ("p4.learning_rate", (ETA_FOR_MSE, "0.7 * eta * outputs"), 2, "p4.step"),
    ],
)
def test_a_wrong_function_of_problem_4_costs_its_own_points_only(question, change, lost, carried):
    points, found = with_changes("problem_4_keras", {question: change})
    assert points == {question: lost}
    called = {"p4.forward": "build_model", "p4.step": "eta_for_mse"}[carried]
    hints = {v.hint for v in found[carried] if v.status == "carried"}
    assert hints == {f"consistent with your {called}, which is not right yet"}


@pytest.mark.sampled(0.5)
@pytest.mark.parametrize(
    "changes",
    [
        {"p4.learning_rate": (ETA_FOR_MSE, "0 * eta")},
        {
            "p4.learning_rate": (ETA_FOR_MSE, "2e-4 * eta"),
            "p4.step": ("model.train_on_batch(x, t)", "pass"),
        },
        {
            "p4.learning_rate": (ETA_FOR_MSE, "eta"),
            "p4.step": (
                "learning_rate=eta_for_mse(eta, outputs=t.shape[1])",
                "learning_rate=eta / 2",
            ),
        },
        {"p4.learning_rate": (ETA_FOR_MSE, "eta"), "p4.step": ("SGD", "Adam")},
    ],
)
def test_a_wrong_learning_rate_excuses_no_other_step(changes):
    _, found = with_changes("problem_4_keras", changes)
    assert {verdict.status for verdict in found["p4.step"]} == {"wrong"}


def test_a_wrong_model_excuses_no_other_weights():
    changes = {
        "p4.model": ('"sigmoid"', "None"),
        "p4.forward": ("model.set_weights(list(params.values()))", "pass"),
    }
    _, found = with_changes("problem_4_keras", changes)
    assert {verdict.status for verdict in found["p4.forward"]} == {"wrong"}
    changes["p4.model"] = ("2,", "3,")
    _, found = with_changes("problem_4_keras", changes)
    assert not any(v.status in ("right", "carried") for v in found["p4.forward"])


def test_what_fits_a_value_that_has_been_replaced_says_so():
    """delta_o was turned round and has been mended; two results after it have not been."""
    question = question_by_id("p2.sigmoid.backward")
    (case,) = question.cases_from(1)
    turned = next(iter(case.consequences({"delta_o": -case.expected["delta_o"]})))

    def record(stale):
        return record_of(
            question, 1, lambda part, values: [turned[part.name]] if part.name in stale else values
        )

    judge = Judge(1)
    first = judge.judge(question, record({part.name for part in question.parts}))
    assert [verdict.status for verdict in first] == ["wrong"] + ["carried"] * 5
    second = {v.part: v for v in judge.judge(question, record({"dW_o", "dW_h"}))}
    for part in ("dW_o", "dW_h"):
        # It has a name as well, a sign that was turned, and which of the two it is nothing tells.
        said = "Is it computed again? It fits the delta_o that you had before. Else: "
        assert second[part].hint.startswith(said)
    # The same record again says the same.
    again = {v.part: v for v in judge.judge(question, record({"dW_o", "dW_h"}))}
    assert again == second
