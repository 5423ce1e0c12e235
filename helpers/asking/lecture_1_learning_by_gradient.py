"""Lecture 1: a unit's answers at the corners, a formula, a direction, difference quotients."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from helpers.asking import Answers, Later, TestInputs
from helpers.asking.formulas import value_at
from helpers.asking.functions import numbers_from
from helpers.asking.record import Missing, Refused, Unusable, numbers_in

THERE = "df_dx_2 at (1, 3)"
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

# Release 0.1.0 asked for letters here. This is what they said: the loss grows, falls or stays; the
# error shrinks on and on, grows again, or shrinks and stays.
ACROSS = {"A": 1.0, "B": -1.0, "C": 0.0}
TINY = {"A": [1e-12, 1e-5, 1e-2], "B": [1e-5, 1e-2, 1e-12], "C": [1e-12, 1e-5, 1e-2]}


def perceptron(inputs: TestInputs, w: Any, b: Any) -> Answers:
    """1 where a unit with the weights `w` and the bias `b` is above 0, at each corner."""

    def answers() -> np.ndarray | Missing | Unusable:
        weights, bias = numbers_in(w), numbers_in(b)
        if weights is None or bias is None:
            return Missing()
        if (
            weights.size != 2
            or bias.size != 1
            or not np.all(np.isfinite([*weights.flat, bias.item()]))
        ):
            return Unusable("expected a list of two weights, w, and one number, b")
        z = CORNERS @ weights.ravel() + bias.item()
        return np.where(z > 0, 1.0, 0.0)

    return {"answers": Later(answers)}


def by_rules(inputs: TestInputs, df_dx_2: object, gradient_f: object) -> Answers:
    """The value of the formula df_dx_2 at inputs["point"], and gradient_f as it is.

    The formula's value at (1, 3), where the gradient is asked for, comes with them.
    """
    point = inputs["point"]
    return {
        "df_dx_2": Later(value_at, point, list(point), df_dx_2),
        "gradient_f": gradient_f,
        THERE: Later(value_at, {"x_1": 1.0, "x_2": 3.0}, list(point), df_dx_2),
    }


def _in_numbers(answer: object, letters: Mapping[str, object]) -> object:
    """What a letter of release 0.1.0 says; any other answer as it is."""
    if isinstance(answer, str):
        return letters.get(answer.strip(" .()").upper(), answer)
    return answer


def direction(inputs: TestInputs, descent: Any, rate: object, across: object) -> Answers:
    """The direction `descent` with length 1, since any length is right; the others as they are."""

    def of_length_1() -> np.ndarray | Missing | Unusable:
        numbers = numbers_in(descent)
        if numbers is None:
            return Missing()
        if numbers.size != 2:
            return Unusable("expected a list of two numbers")
        vector = numbers.ravel()
        if not np.any(vector):
            return Unusable("two zeros point nowhere")
        return vector / np.hypot(*vector)

    return {"descent": Later(of_length_1), "rate": rate, "across": _in_numbers(across, ACROSS)}


def error(inputs: TestInputs, tiny: object, **factors: object) -> Answers:
    """The factors as they are, and the order of the widths."""
    return {**factors, "tiny": _in_numbers(tiny, TINY)}


def differences(inputs: TestInputs, **functions: Callable[..., object]) -> Answers:
    """The difference quotients of a x³ + b x that each of `functions` gives."""
    a, b = inputs["a"], inputs["b"]

    def function(x: float) -> float:
        if isinstance(x, list | tuple):
            kind = type(x).__name__
            raise Refused(f"f is given a {kind} here, and takes one number at a time")
        return a * x**3 + b * x

    return {
        name: Later(numbers_from, answer, function, inputs["x"], inputs["h"])
        for name, answer in functions.items()
    }
