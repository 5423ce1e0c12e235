"""A fully connected network that runs forward.

There is no backward pass here: writing one is the course's exercise. Everything works on complex
numbers too, which is what `helpers.reference` needs to differentiate it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from helpers.activations import (
    ACTIVATIONS,
    HIDDEN_ACTIVATIONS,
    Activation,
    linear,
    relu,
    sigmoid,
    softmax,
    tanh,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "ACTIVATIONS",
    "HIDDEN_ACTIVATIONS",
    "LOSSES",
    "Activation",
    "Network",
    "Trace",
    "linear",
    "numeric_array",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]


def _half_squared(z: np.ndarray, a: np.ndarray, t: np.ndarray, output: str) -> np.ndarray:
    return 0.5 * (t - a) ** 2


def _squared(z: np.ndarray, a: np.ndarray, t: np.ndarray, output: str) -> np.ndarray:
    return (t - a) ** 2


def _cross_entropy(z: np.ndarray, a: np.ndarray, t: np.ndarray, output: str) -> np.ndarray:
    # From z rather than from a: the logarithm of an output that has rounded to 0 would be lost.
    if output == "softmax":
        shifted = z - np.max(z.real, axis=-1, keepdims=True)
        return -t * (shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
    # At 0 the same side as relu's, or the two slopes would not add up to the sigmoid's.
    sign = np.where(z.real > 0, 1, -1)
    return relu(z) - t * z + np.log(1 + np.exp(-sign * z))


LOSSES = {"half_squared": _half_squared, "squared": _squared, "cross_entropy": _cross_entropy}


@dataclass(frozen=True)
class Trace:
    """What a forward pass computed."""

    z: list[np.ndarray]  # weighted inputs: one (N, units) array a layer
    a: list[np.ndarray]  # activations: the same


def numeric_array(
    name: str, value: object, dimensions: Collection[int], shape_in_words: str
) -> np.ndarray:
    """`value` as a new float64 array.

    Raises ValueError, naming the argument, for anything but finite real numbers in that many
    dimensions.
    """
    try:
        array = np.array(value)
    except ValueError as error:
        raise ValueError(
            f"{name}: expected {shape_in_words}, got rows of unequal length."
        ) from error
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name}: expected real numbers, got {array.dtype} values ({value!r:.60})."
        )
    array = array.astype(np.float64)
    if array.ndim not in dimensions:
        raise ValueError(f"{name}: expected {shape_in_words}, got shape {array.shape}.")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name}: expected finite numbers, got nan or inf in it.")
    return array


class Network:
    """A fully connected feedforward network.

    weights: list with one array a layer; weights[k][i, j] leads from unit i to unit j, shape
        (units of the layer before, units of this layer), as in a Keras kernel.
    biases: list with one array of shape (units,) a layer, or None for none (then zeros).
    hidden: activation of the hidden layers: "linear", "sigmoid", "tanh" or "relu", or another one
        in helpers.activations.
    output: activation of the last layer: the same, or "softmax".
    loss: of one data point, summed over the outputs; over a batch, the average:
        "half_squared", ½ Σ (t - a)²; "squared", Σ (t - a)²; "cross_entropy", -Σ t ln a for
        softmax and -Σ (t ln a + (1 - t) ln(1 - a)) for sigmoid outputs.

    Raises ValueError if a name is unknown, shapes do not fit together or a number is not finite.
    """

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None = None,
        *,
        hidden: str = "sigmoid",
        output: str = "sigmoid",
        loss: str = "half_squared",
    ) -> None:
        for name, value, known in (
            ("hidden", hidden, HIDDEN_ACTIVATIONS),
            ("output", output, ACTIVATIONS),
            ("loss", loss, LOSSES),
        ):
            if not isinstance(value, str) or value not in known:
                raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}.")
        if loss == "cross_entropy" and output not in ("sigmoid", "softmax"):
            raise ValueError(
                f"loss: cross_entropy needs outputs between 0 and 1, so output sigmoid or softmax, "
                f"got output {output!r}."
            )
        if not isinstance(weights, list | tuple) or not weights:
            raise ValueError("weights: expected a list with one array a layer, got none.")
        self.weights = [
            numeric_array(f"weights[{k}]", w, (2,), "a matrix of shape (in, out)")
            for k, w in enumerate(weights)
        ]
        for k, (before, after) in enumerate(zip(self.weights, self.weights[1:], strict=False)):
            if before.shape[1] != after.shape[0]:
                raise ValueError(
                    f"weights[{k + 1}]: layer {k} has {before.shape[1]} units, so expected "
                    f"{before.shape[1]} rows, got shape {after.shape}."
                )
        if biases is None:
            biases = [np.zeros(w.shape[1]) for w in self.weights]
        if not isinstance(biases, list | tuple) or len(biases) != len(self.weights):
            raise ValueError(
                f"biases: expected None or a list of {len(self.weights)} arrays, one a layer, "
                f"got {len(biases) if hasattr(biases, '__len__') else repr(biases)}."
            )
        self.biases = [
            numeric_array(f"biases[{k}]", b, (1,), "a vector of shape (units,)")
            for k, b in enumerate(biases)
        ]
        for k, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            if b.shape != (w.shape[1],):
                raise ValueError(f"biases[{k}]: expected shape {(w.shape[1],)}, got {b.shape}.")
        self.hidden, self.output, self.loss_name = hidden, output, loss

    def activation(self, k: int) -> Activation:
        """The activation function of layer k, counted from 0."""
        last = k == len(self.weights) - 1
        return ACTIVATIONS[self.output if last else self.hidden].f

    def validate_inputs(self, x: ArrayLike) -> np.ndarray:
        """`x` as a float64 batch of shape (N, in); ValueError if it does not fit."""
        x = numeric_array("x", x, (1, 2), "a batch of shape (N, in)")
        x = np.atleast_2d(x)
        if x.shape[1] != len(self.weights[0]) or len(x) == 0:
            raise ValueError(f"x: expected shape (N, {len(self.weights[0])}), got {x.shape}.")
        return x

    def validate_targets(self, t: ArrayLike, n_samples: int) -> np.ndarray:
        """`t` as a float64 batch of shape (n_samples, out); ValueError if it does not fit."""
        t = np.atleast_2d(numeric_array("t", t, (0, 1, 2), "a batch of shape (N, out)"))
        wanted = (n_samples, self.weights[-1].shape[1])
        if t.shape != wanted:
            raise ValueError(
                f"t: expected shape {wanted}, one row for each row of x, got {t.shape}."
            )
        return t

    def forward(self, x: ArrayLike) -> Trace:
        """Run the batch `x`, shape (N, in), forward. Returns a Trace of real arrays."""
        return self.forward_with(self.validate_inputs(x), self.weights, self.biases)

    def forward_with(
        self,
        x: np.ndarray,
        weights: Sequence[np.ndarray],
        biases: Sequence[np.ndarray],
        start: int = 0,
    ) -> Trace:
        """The forward pass with other weights and biases, real or complex, from layer `start` on.

        `x` is the batch of activations, (N, units), that enters layer `start`. Nothing is checked.
        """
        z, a = [], []
        for k in range(start, len(weights)):
            z.append(x @ weights[k] + biases[k])
            x = self.activation(k)(z[-1])
            a.append(x)
        return Trace(z, a)

    def losses(self, z: np.ndarray, a: np.ndarray, t: np.ndarray) -> np.ndarray:
        """The loss of each point, shape (N,), from the last layer's z and a, (N, out) each."""
        return LOSSES[self.loss_name](z, a, t, self.output).sum(axis=-1)

    def loss(self, x: ArrayLike, t: ArrayLike) -> float:
        """The loss of the batch: summed over the outputs, averaged over the points.

        x: shape (N, in); t: shape (N, out).
        """
        x = self.validate_inputs(x)
        t = self.validate_targets(t, len(x))
        trace = self.forward_with(x, self.weights, self.biases)
        return float(self.losses(trace.z[-1], trace.a[-1], t).mean())
