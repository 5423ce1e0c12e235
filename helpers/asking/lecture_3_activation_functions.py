"""Lecture 3: functions for the hidden delta, for softmax and for one step of training."""

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.activations import ACTIVATIONS
from helpers.asking import Answers, Later, TestInputs
from helpers.asking.functions import as_parameter, from_sequence, numbers_from, returned, usable
from helpers.asking.record import Refused
from helpers.sgd_step import PARAMETERS


def hidden_delta(inputs: TestInputs, delta_h: Callable[..., object]) -> Answers:
    """delta_h(name, back, a) for the activations inputs["a"], by their names."""
    return {
        name: Later(numbers_from, delta_h, name, inputs["back"].copy(), a)
        for name, a in inputs["a"].items()
    }


def softmax(inputs: TestInputs, softmax: Callable[..., object]) -> Answers:
    """The student's softmax of rows near 0 and of rows far from it."""
    return {
        "a": Later(_finite, softmax, inputs["z"]),
        "a_far_from_0": Later(_finite, softmax, inputs["far_from_0"]),
    }


def _finite(function: Callable[..., object], z: np.ndarray) -> object:
    with np.errstate(all="ignore"):
        outputs: Any = returned(function, z)
    if np.asarray(outputs).dtype.kind == "f" and not np.all(np.isfinite(outputs)):
        raise Refused(
            "exp of a large number is inf, and if every exponent of a row is very negative, the "
            "sum is 0: what can you subtract from each row of z, above and below the fraction's "
            "line, without changing the result?"
        )
    return usable(outputs)


def one_step(inputs: TestInputs, one_step: Callable[..., object]) -> Answers:
    """The weights and biases after one_step(f_o, x, t, W_h, b_h, W_o, b_o, eta).

    inputs["output"] is the name of the activation function f_o of the output.
    """
    arrays = [inputs[name].copy() for name in ("x", "t", *PARAMETERS)]
    outputs = returned(one_step, ACTIVATIONS[inputs["output"]].f, *arrays, inputs["eta"])
    shapes = {name: inputs[name].shape for name in PARAMETERS}
    new = from_sequence(outputs, PARAMETERS, "what one_step returns", shapes)
    return {f"{name}_new": Later(_parameter, new[name], shapes[name]) for name in PARAMETERS}


def _parameter(value: object, shape: tuple[int, ...]) -> object:
    value = usable(value)
    return as_parameter(value, shape) if isinstance(value, np.ndarray) else value
