"""Lecture 1: a unit's answers at the corners, a formula, a direction, difference quotients."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from helpers.asking import Answers, TestInputs
from helpers.asking.formulas import value_at
from helpers.asking.functions import is_numeric, returned
from helpers.asking.record import Missing, Unusable

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def perceptron(inputs: TestInputs, w: Any, b: Any) -> Answers:
    """1 where a unit with the weights `w` and the bias `b` is above 0, at each corner."""

    def answers() -> np.ndarray | Missing | Unusable:
        if any(value is None or value is Ellipsis for value in (w, b)):
            return Missing()
        if not is_numeric(w) or not is_numeric(b) or np.size(w) != 2 or np.size(b) != 1:
            return Unusable("expected a list of two weights, w, and one number, b")
        z = CORNERS @ np.ravel(w).astype(float) + np.asarray(b, dtype=float).item()
        return np.where(z > 0, 1.0, 0.0)

    return {"answers": answers}


def by_rules(inputs: TestInputs, df_dx_2: object, gradient_f: object) -> Answers:
    """The value of the formula df_dx_2 at inputs["point"], and gradient_f as it is."""
    point = inputs["point"]
    return {"df_dx_2": partial(value_at, point, list(point), df_dx_2), "gradient_f": gradient_f}


def direction(inputs: TestInputs, descent: Any, rate: object, across: object) -> Answers:
    """The direction `descent` with length 1, since any length is right; the others as they are."""

    def of_length_1() -> np.ndarray | Missing | Unusable:
        if descent is None or descent is Ellipsis:
            return Missing()
        if not is_numeric(descent) or np.size(descent) != 2:
            return Unusable("expected a list of two numbers")
        vector = np.ravel(descent).astype(float)
        if not np.any(vector):
            return Unusable("two zeros point nowhere")
        return vector / np.hypot(*vector)

    return {"descent": of_length_1, "rate": rate, "across": across}


def differences(inputs: TestInputs, **functions: Callable[..., object]) -> Answers:
    """The difference quotients of a x³ + b x that each of `functions` gives."""
    a, b = inputs["a"], inputs["b"]

    def function(x: float) -> float:
        return a * x**3 + b * x

    return {
        name: partial(returned, answer, function, inputs["x"], inputs["h"])
        for name, answer in functions.items()
    }
