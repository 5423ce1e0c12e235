"""Functions that remember: a second call with the same arguments, and data of the notebook."""

import numpy as np
import pytest

from helpers.asking import _attempt
from helpers.asking.functions import returned
from helpers.asking.record import Refused, Unusable


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
    ],
)
def test_what_is_the_same_again_is_taken(function):
    returned(function, np.ones(3))


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
