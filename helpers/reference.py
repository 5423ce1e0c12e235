"""Reference gradients by the complex step, from forward passes alone.

For an analytic function, computed in complex arithmetic,

    E(w + ih) = E(w) + ih E'(w) - h² E''(w) / 2 - …

so E'(w) = Im E(w + ih) / h up to terms of order h². Nothing is subtracted, so h may be tiny and the
result is exact to rounding. Source: W. Squire and G. Trapp, "Using complex variables to estimate
derivatives of real functions", SIAM Review 40(1), 1998, pages 110-112.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from helpers.network import Network

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

STEP = 1e-30
_asks_answers = False  # whether a check is calling a student's functions

Function = Callable[[np.ndarray], np.ndarray]


@contextmanager
def not_for_answers() -> Iterator[None]:
    """While this lasts, derivatives are refused: a check is calling a student's functions, and to
    find derivatives is what they are asked for."""
    global _asks_answers
    before, _asks_answers = _asks_answers, True
    try:
        yield
    finally:
        _asks_answers = before


def refuse_to_answer(name: str) -> None:
    """Raises RuntimeError if the derivatives of `name` would be a student's answer."""
    if _asks_answers:
        raise RuntimeError(
            f"{name} of helpers is there to compare with, not to answer with: find the derivative "
            "yourself"
        )


@dataclass(frozen=True)
class Gradients:
    """Derivatives of the loss of a batch of N points; the lists have one array a layer."""

    loss: float  # averaged over the batch
    delta: list[np.ndarray]  # ∂E/∂z of each point, shape (N, units), not divided by N
    weights: list[np.ndarray]  # averaged over the batch, shaped like the network's weights
    biases: list[np.ndarray]  # averaged over the batch, shaped like the network's biases


def slope(function: Function, z: ArrayLike) -> np.ndarray:
    """The slope of an elementwise `function` at each element of the real array `z`."""
    refuse_to_answer("slope")
    return np.imag(function(np.asarray(z) + 1j * STEP)) / STEP


def vjp(function: Function, value: ArrayLike, cotangent: np.ndarray | float) -> np.ndarray:
    """Derivative of Σ cotangent · function(value) with respect to each element of `value`.

    value: real array of any shape; cotangent: shaped like function(value). Returns an array shaped
    like `value`. This is the vector-Jacobian product, found by evaluating `function` only.
    """
    refuse_to_answer("vjp")
    value = np.asarray(value, dtype=float)
    result = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        moved = value.astype(complex)
        moved[index] += 1j * STEP
        result[index] = np.sum(cotangent * np.imag(function(moved))) / STEP
    return result


def vjp_at_once(function: Function, value: ArrayLike, cotangent: np.ndarray | float) -> np.ndarray:
    """As `vjp`, with one evaluation of `function`, which has to work on a stack of values.

    function: for an array of shape (K, …), K values one after the other, it gives their K results
    in the same order. To a matrix product and to whatever works element by element or row by row a
    stack of matrices comes naturally; a bias has to be one row, (1, units).
    """
    refuse_to_answer("vjp_at_once")
    value = np.asarray(value, dtype=float)
    moved = value.reshape(1, -1) + 1j * STEP * np.eye(value.size)
    changes = np.imag(function(moved.reshape(value.size, *value.shape))) / STEP
    return (cotangent * changes).reshape(value.size, -1).sum(axis=1).reshape(value.shape)


def jacobian(function: Function, value: np.ndarray) -> np.ndarray:
    """The Jacobian of `function` at the vector `value`: row k, column l is ∂function_k/∂value_l."""
    return np.array([vjp(function, value, row) for row in np.eye(len(function(value)))])


def gradients(net: Network, x: ArrayLike, t: ArrayLike) -> Gradients:
    """Every derivative of the loss of `net` on the batch x, (N, in), with targets t, (N, out).

    Returns Gradients. Raises ValueError if x or t does not fit the network.
    """
    refuse_to_answer("gradients")
    x = net.validate_inputs(x)
    t = net.validate_targets(t, len(x))
    trace = net.forward_with(x, net.weights, net.biases)
    last = len(net.weights) - 1

    def losses(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> np.ndarray:
        run = net.forward_with(x, weights, biases)
        return net.losses(run.z[-1], run.a[-1], t)

    def losses_from(k: int) -> Function:
        """The losses of the points as a function of layer k's weighted inputs alone."""

        def function(z: np.ndarray) -> np.ndarray:
            a = net.activation(k)(z)
            if k < last:
                rest = net.forward_with(a, net.weights, net.biases, start=k + 1)
                z, a = rest.z[-1], rest.a[-1]
            return net.losses(z, a, t)

        return function

    def replaced(arrays: list[np.ndarray], k: int, array: np.ndarray) -> list[np.ndarray]:
        return [*arrays[:k], array, *arrays[k + 1 :]]

    def loss_of_weights(k: int) -> Function:
        return lambda array: losses(replaced(weights, k, array), biases)

    def loss_of_biases(k: int) -> Function:
        return lambda array: losses(weights, replaced(biases, k, array))

    def deltas(k: int) -> np.ndarray:
        """Each point's loss depends on its own row alone: a unit is moved at all points at once."""
        moved = trace.z[k] + 1j * STEP * np.eye(trace.z[k].shape[1])[:, None, :]
        return (np.imag(losses_from(k)(moved)) / STEP).T

    average = np.full(len(x), 1 / len(x))
    weights, biases = net.weights, net.biases
    return Gradients(
        loss=float(net.losses(trace.z[-1], trace.a[-1], t).mean()),
        delta=[deltas(k) for k in range(len(weights))],
        weights=[
            vjp_at_once(loss_of_weights(k), array, average) for k, array in enumerate(weights)
        ],
        biases=[
            vjp_at_once(loss_of_biases(k), array[None], average)[0]
            for k, array in enumerate(biases)
        ],
    )
