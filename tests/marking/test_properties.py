"""Properties of judging, on random networks, answers and records: what is right passes in whatever
form, what is far off never does, and no record, however broken, makes judging stop."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.asking.cell_ids import check_cell_id
from helpers.asking.record import MIME_TYPE
from helpers.checking import observe
from helpers.course import HIDDEN
from helpers.grading.gradebook.score import verdicts_by_question
from helpers.grading.running.run import Execution
from helpers.marking.judging import CARRIED, ERROR, MISSING, RIGHT, WRONG
from helpers.marking.questions import NOTEBOOKS, question_by_id, questions_of
from helpers.network import Network
from helpers.reference import gradients
from helpers.sgd_step import random_step
from tests import sampling
from tests.judged_after import judged_after
from tests.marking.records import record_of

QUESTIONS = [q for notebook in NOTEBOOKS.values() for q in questions_of(notebook).values()]
NUMERIC = [
    (question, part)
    for question in QUESTIONS
    for part in question.parts
    if not isinstance(question.cases_from(0)[0].expected[part.name], str)
]
VERDICTS = {RIGHT, CARRIED, WRONG, MISSING, ERROR}
SHARE = 0.15  # of the examples, in a sample


def few(examples):
    """Settings for so many examples, always the same ones; fewer of them in a sample."""
    examples = examples if sampling.whole else round(SHARE * examples)
    return settings(
        max_examples=examples, deadline=None, derandomize=True, print_blob=True, database=None
    )


seeds = st.integers(0, 2**32 - 1)


def assert_sound(question, record, seed, earlier=None):
    """Judge a record twice; assert what holds of any record. Returns the verdicts."""
    verdicts = judged_after(question, record, seed, earlier)
    assert verdicts == judged_after(question, copy.deepcopy(record), seed, copy.deepcopy(earlier))
    assert [verdict.part for verdict in verdicts] == [part.name for part in question.parts]
    for verdict, part in zip(verdicts, question.parts):
        assert verdict.max_points == part.points
        assert 0 <= verdict.points <= part.points
        assert verdict.status in VERDICTS
        assert isinstance(verdict.hint, str) and isinstance(verdict.misconception, str)
        if verdict.status not in (RIGHT, CARRIED):
            assert verdict.points == 0
    return verdicts


# A backward pass of the test's own, in forms of which each is drawn at random


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


SLOPE_AT_Z = {
    "linear": lambda z: np.ones_like(z),
    "sigmoid": lambda z: sigmoid(z) * sigmoid(-z),
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: np.heaviside(z, 0),
}
SLOPE_AT_A = {
    "linear": lambda a: a**0,
    "sigmoid": lambda a: a - a * a,
    "tanh": lambda a: (1 - a) * (1 + a),
    "relu": lambda a: np.where(a > 0, 1, 0),
}


def by_loops(entering, delta):
    W, b = np.zeros((entering.shape[1], delta.shape[1])), np.zeros(delta.shape[1])
    for a, d in zip(entering, delta):
        for j, d_j in enumerate(d):
            b[j] += d_j / len(delta)
            for i, a_i in enumerate(a):
                W[i, j] += a_i * d_j / len(delta)
    return W, b


def by_einsum(entering, delta):
    return np.einsum("ni,nj->ij", entering, delta) / len(delta), np.einsum(
        "nj->j", delta / len(delta)
    )


def by_matrices(entering, delta):
    return entering.T @ delta / len(delta), delta.mean(axis=0)


def with_bias_folded_in(entering, delta):
    both = np.hstack([entering, np.ones((len(entering), 1))]).T @ delta / len(delta)
    return both[:-1], both[-1]


def in_columns(entering, delta):
    return (delta.T @ entering).T / len(delta), (delta.T @ np.ones(len(delta))) / len(delta)


OUTER = (by_loops, by_einsum, by_matrices, with_bias_folded_in, in_columns)
BACK = (
    lambda delta, W: delta @ W.T,
    lambda delta, W: np.einsum("nk,jk->nj", delta, W),
    lambda delta, W: (W @ delta.T).T,
    lambda delta, W: np.array([[sum(d * w) for w in W] for d in delta]),
)
forms = st.tuples(st.booleans(), st.sampled_from(OUTER), st.sampled_from(BACK))


def own_gradients(x, t, W, z, a, names, form):
    """Weights' and biases' gradients of the half-squared error, lists by layer."""
    from_z, outer, back = form
    slopes = [
        SLOPE_AT_Z[name](z_k) if from_z else SLOPE_AT_A[name](a_k)
        for name, z_k, a_k in zip(names, z, a)
    ]
    delta, found = (a[-1] - t) * slopes[-1], []
    for k in reversed(range(len(W))):
        found.insert(0, outer(a[k - 1] if k else x, delta))
        if k:
            delta = back(delta, W[k]) * slopes[k - 1]
    return found


@few(150)
@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=5),
    st.integers(1, 6),
    st.sampled_from(sorted(SLOPE_AT_Z)),
    st.sampled_from(["linear", "sigmoid", "tanh"]),
    seeds,
    forms,
)
def test_reference_agrees_with_a_backward_pass_written_here(
    sizes, points, hidden, output, seed, form
):
    rng = np.random.default_rng(seed)
    net = Network(
        [rng.uniform(-1.5, 1.5, shape) for shape in zip(sizes, sizes[1:])],
        [rng.uniform(-1, 1, units) for units in sizes[1:]],
        hidden=hidden,
        output=output,
    )
    x = rng.uniform(-1.5, 1.5, (points, sizes[0]))
    t = rng.uniform(-1, 1, (points, sizes[-1]))
    trace, g = net.forward(x), gradients(net, x, t)
    names = [hidden] * (len(sizes) - 2) + [output]
    found = own_gradients(x, t, net.weights, trace.z, trace.a, names, form)
    for (dW, db), W, b in zip(found, g.weights, g.biases, strict=True):
        np.testing.assert_allclose(dW, W, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(db, b, rtol=1e-9, atol=1e-12)


@few(40)
@given(seeds, forms)
def test_a_random_form_of_the_backward_pass_is_right(seed, form):
    def backward(x, t, params, trace, hidden):
        z, a = trace[::2], trace[1::2]
        W = [params["W_h"], params["W_o"]]
        (dW_h, db_h), (dW_o, db_o) = own_gradients(x, t, W, z, a, [hidden, "sigmoid"], form)
        return {"dW_h": dW_h, "db_h": db_h, "dW_o": dW_o, "db_o": db_o}

    def backward_any_depth(x, t, W, b):
        z, a = [], []
        for w, v in zip(W, b):
            z.append((a[-1] if a else x) @ w + v)
            a.append(sigmoid(z[-1]))
        return zip_lists(own_gradients(x, t, W, z, a, ["sigmoid"] * len(W), form))

    def zip_lists(pairs):
        return [dW for dW, _ in pairs], [db for _, db in pairs]

    for question, function in (
        ("p3.backward", backward),
        ("p3.any_depth", backward_any_depth),
    ):
        asked = question_by_id(question)
        record = observe(asked, {asked.arguments[0]: function}, seed)
        verdicts = assert_sound(asked, record, seed)
        assert {verdict.status for verdict in verdicts} == {RIGHT}, verdicts


@few(40)
@given(seeds, st.sampled_from(HIDDEN), st.integers(1, 6), forms)
def test_one_step_of_a_random_size_agrees(seed, hidden, points, form):
    rng = np.random.default_rng(seed)
    # Enough hidden values for both signs to occur, as random_step wants them.
    units = (int(rng.integers(1, 4)), int(rng.integers(2, 6)), int(rng.integers(1, 4)))
    step = random_step(rng, hidden, units=units, n_samples=points)
    z, a = (step["z_h"], step["z_o"]), (step["a_h"], step["a_o"])
    W = [step["W_h"], step["W_o"]]
    found = own_gradients(step["x"], step["t"], W, z, a, [hidden, "sigmoid"], form)
    for layer, (dW, db) in zip("ho", found):
        np.testing.assert_allclose(dW, step[f"dW_{layer}"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(db, step[f"db_{layer}"], rtol=1e-9, atol=1e-12)


# Containers


def nested(container):
    def put(value):
        return container(map(put, value)) if isinstance(value, list) else value

    return lambda value: put(np.asarray(value).tolist())


ANYWHERE = (
    nested(list),
    nested(tuple),
    np.array,
    np.asfortranarray,
    lambda value: np.asarray(value, dtype=object),
    lambda value: np.asarray(value, dtype=np.longdouble),
    lambda value: np.asarray(value) + 0.0 * -1.0,
)
BY_HAND_ONLY = (
    lambda value: np.asarray(value, dtype=np.float32),
    np.squeeze,
    lambda value: np.asarray(value)[None],
    lambda value: np.asarray(value)[..., None],
    lambda value: np.asarray(value).tolist() if np.ndim(value) else np.matrix(value),
)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@few(400)
@given(st.sampled_from(QUESTIONS), seeds, st.data())
def test_right_numbers_pass_in_any_container(question, seed, data):
    def change(part, values):
        if any(isinstance(value, str) for value in values):
            return values
        exact_in_float32 = part.tolerance.by_hand and part.tolerance.relative > 1e-6
        containers = ANYWHERE + (BY_HAND_ONLY if exact_in_float32 else ())
        contain = data.draw(st.sampled_from(containers))
        return [contain(value) for value in values]

    verdicts = assert_sound(question, record_of(question, seed, change), seed)
    rejected = [verdict for verdict in verdicts if verdict.status != RIGHT]
    assert not rejected


# What is far off

factors = st.one_of(st.floats(0.02, 10), st.floats(-10, -0.02))


@few(500)
@given(st.sampled_from(NUMERIC), seeds, factors, st.booleans(), st.data())
def test_perturbed_numbers_never_pass(asked, seed, factor, everywhere, data):
    question, part = asked
    cases = question.cases_from(seed)
    place = data.draw(st.integers(0, 10**6))

    def perturbed(values):
        changed = []
        for case, value in zip(cases, values):
            value = np.array(value, dtype=float)
            start = np.asarray(case.given.get(part.name, 0 * value))
            off = factor * (np.abs(value - start) + 0.01 * (value == start))
            # Clearly beyond the tolerance, and beyond what rounding to its decimals allows.
            least = 3 * part.tolerance.allowed(value, case.given.get(part.name))
            if part.tolerance.decimals:
                least = np.maximum(least, 1.5 * 10.0**-part.tolerance.decimals)
            off = np.sign(factor) * np.maximum(np.abs(off), least)
            mask = np.ones(value.shape, bool)
            if not everywhere and value.size > 1:
                mask = (np.arange(value.size) == place % value.size).reshape(value.shape)
            changed.append(value + off * mask)
        return changed

    record = record_of(question, seed, lambda p, v: perturbed(v) if p is part else v)
    verdicts = {verdict.part: verdict for verdict in assert_sound(question, record, seed)}
    accepted = verdicts[part.name].status in (RIGHT, CARRIED)
    assert not accepted and verdicts[part.name].points == 0, verdicts[part.name]


# Records of any kind

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, 1e308, -1e308, 5e-324, -0.0])
    | st.floats()  # nan and the infinities too, as Python's JSON allows
    | st.text(max_size=12)
    | st.sampled_from(["shape", "values", "missing", "text", "error", "p2.sigmoid.forward", "😀"]),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)
entries = st.one_of(
    json_values,
    st.fixed_dictionaries(
        {},
        optional={
            "shape": json_values | st.lists(st.integers(-2, 5), max_size=5),
            "values": json_values | st.lists(st.floats() | st.integers(), max_size=12),
            "missing": json_values,
            "text": json_values,
            "error": json_values,
        },
    ),
)


def deep(levels=300):
    value = []
    for _ in range(levels):
        value = [value]
    return value


SPECIAL = (
    lambda: {"shape": [20_000], "values": [1.0] * 20_000},
    lambda: {"shape": [10_000], "values": [0.5] * 10_000},
    lambda: {"shape": [2**62, 4], "values": []},
    lambda: {"shape": [0, 10**30], "values": []},
    lambda: {"shape": [10**400], "values": [10**400]},
    lambda: {"shape": [], "values": [10**400]},
    lambda: {"shape": [], "values": [1e308]},
    lambda: {"shape": [], "values": [float("nan")]},
    lambda: {"shape": [1, 1, 1, 1], "values": [float("inf")]},
    lambda: {"shape": {"0": 1}, "values": [True]},
    lambda: {"shape": "2", "values": [1, 2]},
    lambda: {"text": "ß" * 500},
    lambda: {"text": "\ud800"},
    deep,
)


@st.composite
def mutated(draw, question, seed):
    """A valid record in which something was removed or replaced."""
    record = record_of(question, seed)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 5))
        answers = record.get("answers")
        if kind == 0:
            record.pop(draw(st.sampled_from(["version", "question", "seed", "answers"])), None)
        elif kind == 1:
            record[draw(st.sampled_from(["version", "question", "seed", "answers", "more"]))] = (
                draw(json_values)
            )
        elif isinstance(answers, dict) and answers:
            name = draw(st.sampled_from(sorted(answers)))
            found = answers[name]
            if kind == 2:
                del answers[name]
            elif not isinstance(found, list) or not found or kind == 3:
                answers[name] = draw(json_values)
            elif kind == 4:
                found[draw(st.integers(0, len(found) - 1))] = draw(entries)
            else:
                found[draw(st.integers(0, len(found) - 1))] = draw(st.sampled_from(SPECIAL))()
    return record


@few(300)
@given(st.sampled_from(QUESTIONS), seeds, json_values)
def test_any_json_is_judged(question, seed, record):
    # Of earlier questions only these are looked at; drawing the cases of all takes a second.
    earlier = dict.fromkeys(question.depends_on, record)
    verdicts = assert_sound(question, record, seed, earlier)
    assert sum(verdict.points for verdict in verdicts) == 0


@few(500)
@given(st.sampled_from(QUESTIONS), seeds, st.data())
def test_mutated_records_are_judged(question, seed, data):
    record = data.draw(mutated(question, seed))
    assert_sound(question, record, seed)


FOLLOWING = [question for question in QUESTIONS if question.depends_on]


@few(130)
@given(st.sampled_from(FOLLOWING), seeds, st.data())
def test_mutated_earlier_records_are_taken_in(question, seed, data):
    earlier = {
        name: data.draw(json_values | mutated(question_by_id(name), seed))
        for name in question.depends_on
    }
    record = data.draw(st.just(record_of(question, seed)) | mutated(question, seed))
    assert_sound(question, record, seed, earlier)


@few(70)
@given(st.sampled_from(FOLLOWING), seeds, st.data())
def test_right_answers_stay_right_whatever_came_before(question, seed, data):
    earlier = {name: data.draw(mutated(question_by_id(name), seed)) for name in question.depends_on}
    verdicts = assert_sound(question, record_of(question, seed), seed, earlier)
    rejected = [verdict for verdict in verdicts if verdict.status != RIGHT]
    assert not rejected


@few(150)
@given(st.sampled_from(QUESTIONS), seeds, st.data())
def test_notebooks_with_such_outputs_are_scored(question, seed, data):
    check = check_cell_id(question.id)
    record = data.draw(json_values | mutated(question, seed))
    outputs = [new_output("display_data", {MIME_TYPE: record})]
    if data.draw(st.booleans()):
        outputs.append(new_output("stream", text=data.draw(st.text(max_size=20))))
    cell = new_code_cell("…", metadata={"nbgrader": {"grade_id": check}}, outputs=outputs)
    if isinstance(record, dict):
        record["nonce"] = "asked"  # else nothing of it would be looked at
    execution = Execution(seed, nonces={check: "asked"})
    found = verdicts_by_question(new_notebook(cells=[cell]), {check: question}, execution)
    assert [verdict.part for verdict in found[question.id]] == [p.name for p in question.parts]
    assert 0 <= sum(verdict.points for verdict in found[question.id]) <= question.points
