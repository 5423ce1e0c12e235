"""Lecture 2: signs and numbers of units, and the backward sweep, called on sigmoid networks."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from helpers.asking import Answers, Later, TestInputs
from helpers.asking.functions import from_sequence, returned
from helpers.asking.record import Missing, Refused, Unusable, numbers_in

# Release 0.1.0 asked for letters here. This is what they said.
DIRECTIONS = {"A": [1, 1, 1], "B": [-1, -1, -1], "C": [-1, -1, 1], "D": [1, -1, -1]}
NEEDED = {"A": [11, 12], "B": [8, 9, 10], "C": [8], "D": [6, 7]}


WORDS = {"up": 1, "rises": 1, "+": 1, "down": -1, "falls": -1, "-": -1}


def output_gradients(inputs: TestInputs, direction: object, **gradients: object) -> Answers:
    """The gradients as they are, and for each parameter 1 if it rises, -1 if it falls."""
    if isinstance(direction, list | tuple):
        direction = [_in_numbers(one, WORDS) for one in direction]
    return {**gradients, "direction": _in_numbers(direction, DIRECTIONS)}


def any_depth(inputs: TestInputs, needed: object) -> Answers:
    """The numbers of the units from the smallest to the largest: their order does not matter."""

    def in_order() -> object:
        answer = _in_numbers(needed, NEEDED)
        answer = list(answer) if isinstance(answer, Set) else answer
        numbers = None if isinstance(answer, str) else numbers_in(answer)
        return answer if numbers is None else np.sort(np.ravel(numbers))

    return {"needed": Later(in_order)}


def _in_numbers(answer: object, letters: Mapping[str, object]) -> object:
    """What a letter of release 0.1.0 or another word says; any other answer as it is."""
    if isinstance(answer, str):
        word = answer.strip(" .()")
        return letters.get(word.upper(), letters.get(word.lower(), answer))
    return answer


def loop(inputs: TestInputs, backward_sweep: Callable[..., object]) -> Answers:
    """What `backward_sweep` returns: the gradients of the last layer, and of those before it."""
    weights = inputs["W"]
    outputs = returned(backward_sweep, inputs["x"], inputs["t"], weights, inputs["a"])
    lists = from_sequence(outputs, ("dW", "db"), "what backward_sweep returns")
    shapes = {"dW": [w.shape for w in weights], "db": [w.shape[1:] for w in weights]}
    answers: Answers = {}
    for name, arrays in lists.items():
        if isinstance(arrays, Missing | Unusable):
            answers |= {f"{name}_last": arrays, f"{name}_earlier": arrays}
            continue
        if not isinstance(arrays, list | tuple) or len(arrays) != len(weights):
            raise Refused("dW and db have to be lists with one array per layer")
        *earlier, last = [
            (f"{name}[{k}]", array, shape)
            for k, (array, shape) in enumerate(zip(arrays, shapes[name], strict=True))
        ]
        answers[f"{name}_last"] = Later(_in_a_row, [last])
        answers[f"{name}_earlier"] = Later(_in_a_row, earlier)
    return answers


def _in_a_row(named: Sequence[tuple[str, Any, tuple[int, ...]]]) -> np.ndarray | Missing:
    """The numbers of (name, array, shape wanted) one after the other, if all are there."""
    found = []
    for name, array, shape in named:
        numbers = numbers_in(array)
        if numbers is None:
            return Missing()
        if numbers.shape != shape:
            raise Refused(f"{name} has to have the shape {shape}, got {numbers.shape}")
        found.append(numbers.ravel())
    return np.concatenate(found)
