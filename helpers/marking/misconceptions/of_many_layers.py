"""The gradients that mistakes give in a backward pass of any depth, layer by layer.

Layers are numbered from 0, and the last one is the output. What is wrong in a layer's deltas goes
on into all layers before it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from helpers.reference import Gradients, vjp

Deltas = list[np.ndarray]  # (N, units), by layer
# From a layer's number to its derivative, None where it is the right one.
Slopes = Callable[[int], np.ndarray | None]
# A mistake's name, the last layer whose deltas are wrong by it, and the deltas of all layers.
WrongDeltas = tuple[str, int, Deltas]


@dataclass(frozen=True)
class Layers:
    """A batch in a network, and what its backward pass is made of; lists have one entry per layer.

    z, a: (N, units); slopes: the derivatives of the activations, at z; right: the reference.
    """

    x: np.ndarray  # (N, in)
    weights: Sequence[np.ndarray]
    z: Sequence[np.ndarray]
    a: Sequence[np.ndarray]
    slopes: Sequence[np.ndarray]
    right: Gradients

    @property
    def last(self) -> int:
        return len(self.weights) - 1

    def entering(self, layer: int) -> np.ndarray:
        """The activations that enter a layer."""
        return self.a[layer - 1] if layer else self.x

    def sent_back(self, layer: int, delta: np.ndarray) -> np.ndarray:
        """What the deltas of a layer, (N, units), are at the activations that enter it."""
        W = self.weights[layer]
        return vjp(lambda a: a @ W, self.entering(layer), delta)

    def going_on(self, layer: int, delta: np.ndarray, wrong: Slopes = lambda k: None) -> Deltas:
        """The deltas of all layers if those of one are `delta`; wrong: of the layers before it."""
        deltas = list(self.right.delta)
        deltas[layer] = delta
        for k in reversed(range(layer)):
            slope = wrong(k)
            deltas[k] = self.sent_back(k + 1, deltas[k + 1]) * (
                self.slopes[k] if slope is None else slope
            )
        return deltas

    def weight_gradient(self, entering: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """The gradient of weights, averaged over the points."""
        zeros = np.zeros((entering.shape[1], delta.shape[1]))
        return vjp(lambda W: entering @ W, zeros, delta / len(delta))

    def gradients(self, layer: int, delta: np.ndarray) -> dict[str, np.ndarray]:
        """What the deltas of a layer make of its gradients, "dW" and "db"."""
        return {
            "dW": self.weight_gradient(self.entering(layer), delta),
            "db": delta.mean(axis=0),
        }


def with_slopes(
    layers: Layers, wrong: Mapping[str, Sequence[Callable[[int], np.ndarray]]]
) -> Iterator[WrongDeltas]:
    """The deltas with each of the wrong derivatives, by name: in one hidden layer, or in all."""
    hidden = range(layers.last)
    for name, slopes in wrong.items():
        for slope in slopes:
            for chosen in (*((k,) for k in hidden), tuple(hidden)):

                def of_layer(
                    k: int,
                    slope: Callable[[int], np.ndarray] = slope,
                    chosen: Sequence[int] = chosen,
                ) -> np.ndarray | None:
                    return slope(k) if k in chosen else None

                deltas = layers.going_on(layers.last, layers.right.delta[-1], of_layer)
                yield name, max(chosen), deltas


def wrong_gradients(
    layers: Layers,
    layer: int,
    kind: str,
    ways: Sequence[WrongDeltas],
    others: Collection[int],
) -> Iterator[tuple[str, np.ndarray]]:
    """The mistakes in a layer's gradient; kind: "dW" or "db". Signs and factors are not among them.

    others: the layers whose deltas may stand in place of its own.
    """
    right = layers.gradients(layer, layers.right.delta[layer])[kind]
    points, (n_samples, columns) = len(layers.x), layers.x.shape
    for name, wrong_from, deltas in ways:
        if layer <= wrong_from:
            yield name, layers.gradients(layer, deltas[layer])[kind]
    if points > 1:
        yield "sum_over_batch", points * right
    # Averaged twice, and over the columns of x in place of its rows
    for factor in (1 / points, n_samples / columns, 1 / columns):
        yield "number_of_points_mistaken", factor * right
    deltas = layers.right.delta
    if kind == "db":
        yield "bias_gradient_forgotten", np.zeros_like(right)
        if points > 1:
            yield "points_left_apart", deltas[layer]
        if right.size > 1:
            yield "units_added", right.sum()
        for sums in (np.mean, np.sum):
            yield "other_axis", sums(deltas[layer], axis=1)
        for k in others:
            yield "delta_of_another_layer", deltas[k].mean(axis=0)
        return
    entering = layers.entering(layer)
    yield "nothing_arrives", np.zeros_like(right)
    yield "transposed", right.T
    yield (
        "incoming_activation_forgotten",
        layers.weight_gradient(np.ones_like(entering), deltas[layer]),
    )
    if layer:
        yield (
            "weighted_input_for_activation",
            layers.weight_gradient(layers.z[layer - 1], deltas[layer]),
        )
    for entered in (layers.x, *layers.a):
        if entered is not entering:
            other = layers.weight_gradient(entered, deltas[layer])
            yield "activation_of_another_layer", other
    for k in others:
        yield "delta_of_another_layer", layers.weight_gradient(entering, deltas[k])
