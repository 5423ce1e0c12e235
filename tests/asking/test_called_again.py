"""Functions that remember: a second call with the same arguments, and data of the notebook."""

from collections import Counter

import numpy as np
import pytest

from helpers.asking import _attempt
from helpers.asking.functions import returned
from helpers.asking.record import Refused, Unusable
from helpers.checking import observe
from helpers.marking.questions import question_by_id


def adds_up():
    total = np.zeros(3)

    def backward(x):
        nonlocal total
        total += x
        return {"dW": total}

    return backward


def adds_up_numbers():
    seen = []

    def step(x):
        seen.append(x.sum())
        return sum(seen)

    return step


def with_momentum():
    velocity = 0

    def step(x):
        nonlocal velocity
        velocity = 0.9 * velocity + x
        return [x - velocity]

    return step


@pytest.mark.parametrize("make", [adds_up, adds_up_numbers, with_momentum])
def test_what_stays_from_one_call_to_the_next_is_said(make):
    with pytest.raises(Refused, match="something else when it is called again"):
        returned(make(), np.ones(3))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x,
        lambda x: {"a": x, "b": [x, (x,)]},
        lambda x: x * np.nan,
        lambda x: iter([1]),
        lambda x: "text",
        lambda x: object(),
        lambda x: [None, "a", 3],
        lambda x: print,
        lambda x: dict(a=1).values(),
        lambda x: map(abs, x),
        lambda x: (v for v in x),
        lambda x: (x / 3).astype(np.float32),
    ],
)
def test_what_is_the_same_again_is_taken(function):
    returned(function, np.ones(3))


def counts_its_calls():
    calls = []

    def forward(x):
        calls.append(x)
        print(len(calls))
        return x + 1

    return forward


def keeps_what_it_computed():
    kept = {}

    def forward(x):
        return kept.setdefault(x.tobytes(), np.tanh(x))

    return forward


def fills_the_same_array_again():
    space = np.empty(3)

    def forward(x):
        return np.multiply(x, 2, out=space)

    return forward


def sums_in_any_order():
    """In float32, where the order shows in the last digits."""
    rng = np.random.default_rng(1)

    def loss(x):
        return sum(rng.permutation(np.linspace(0.1, 9.7, 99).astype(np.float32)))

    return loss


HONEST = [counts_its_calls, keeps_what_it_computed, fills_the_same_array_again, sums_in_any_order]


@pytest.mark.parametrize("make", HONEST)
def test_what_stays_without_a_difference_is_nobodys_business(make):
    function = make()
    first = returned(function, np.ones(3))
    np.testing.assert_allclose(first, function(np.ones(3)), rtol=1e-5)


def test_a_generator_of_random_numbers_may_move_on_and_is_the_same_for_the_second_call():
    rng, other = np.random.default_rng(1), np.random.default_rng(1)
    for _ in range(2):  # and goes on where the first call left it
        found = returned(lambda n, rng: rng.permutation(n), 9, rng)
        np.testing.assert_array_equal(found, other.permutation(9))


def test_random_numbers_of_its_own_are_asked_about():
    own = np.random.default_rng()
    with pytest.raises(Refused, match="or draw random numbers of its own"):
        returned(lambda n, rng: own.permutation(n), 99, np.random.default_rng(1))


def test_where_it_is_not_called_again_nothing_is_compared():
    function = adds_up_numbers()
    assert [returned(function, np.ones(3), again=False) for _ in range(2)] == [3, 6]


def test_an_answer_is_called_again_once_for_each_case():
    calls = Counter()

    def backward(x, t, params, trace, hidden):
        calls[x.tobytes(), trace[0].tobytes()] += 1
        return {"dW_h": 1.0, "db_h": 1.0, "dW_o": 1.0, "db_o": 1.0}

    question = question_by_id("p3.backward")
    cases = question.cases_from(1)
    observe(question, {"backward": backward}, 1)
    inputs = [case.test_inputs for case in cases]
    assert {calls[i["x"].tobytes(), i["z_h"].tobytes()] for i in inputs} == {2}
    telling = [i[name] for i in inputs for name in ("other_scales", "far_targets") if name in i]
    assert telling and {calls[i["x"].tobytes(), i["z_h"].tobytes()] for i in telling} == {1}


a_h = np.ones((4, 3))
settings = {"rate": 0.5}
params = {"W": np.ones((2, 2))}


def test_data_of_the_notebook_are_named_where_the_code_stops():
    def backward(x):
        return x.T @ a_h + settings["rate"] * params["W"]

    found = _attempt(lambda: returned(backward, np.ones((5, 3))))
    assert isinstance(found, Unusable)
    assert "it uses `a_h`, `params` from the notebook, not from its arguments" in found.reason


def test_nothing_is_said_of_functions_that_use_their_arguments():
    found = _attempt(lambda: returned(lambda x: x / "a", np.ones(3)))
    assert isinstance(found, Unusable) and "from the notebook" not in found.reason
