"""The loss as a function of some or all weights and biases of a network: curve, surface, grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Literal

import numpy as np

from helpers.network import Network, numeric_array
from helpers.reference import STEP, refuse_to_answer

if TYPE_CHECKING:
    from types import EllipsisType

    from numpy.typing import ArrayLike

Place = tuple[int, ...]  # (layer, i, j) of a weight, (layer, j) of a bias

CHUNK = 20_000  # networks that are run at once


class WeightSpace:
    """The loss of a network on a data set as a function of `places`; the rest keeps its values.

    x: (N, in); t: (N, out). places: which weights and biases vary, each as (layer, i, j) for the
    weight from unit i to unit j or (layer, j) for the bias of unit j, layers of weights counted
    from 0; None for all, layer by layer, weights before biases; "weights" for all weights and no
    bias.
    A point of the space is an array (n,) with a value for each place. Raises ValueError where
    x, t or a place does not fit the network, and for no place or one that is named twice.
    """

    def __init__(
        self,
        net: Network,
        x: ArrayLike,
        t: ArrayLike,
        places: Iterable[Place] | Literal["weights"] | None = None,
    ) -> None:
        self.net = net
        self.x = net.validate_inputs(x)
        self.t = net.validate_targets(t, len(self.x))
        if places is None or places == "weights":
            only_weights = places == "weights"
            places = [
                (k, *index)
                for k, layer in enumerate(zip(net.weights, net.biases))
                for array in (layer[:1] if only_weights else layer)
                for index in np.ndindex(array.shape)
            ]
        self.places = [tuple(place) for place in places]
        for place in self.places:
            self._array_at(net.weights, net.biases, place)
        if not self.places or len(set(self.places)) < len(self.places):
            raise ValueError(f"places: expected at least one, each once, got {self.places}.")

    @staticmethod
    def _array_at(
        weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], place: Place
    ) -> tuple[np.ndarray, Place]:
        """The array that holds `place` and the index in it."""
        try:
            array = (weights if len(place) == 3 else biases)[place[0]]
            if len(place) not in (2, 3) or min(place) < 0:
                raise IndexError
            index: tuple[EllipsisType | int, ...] = (..., *place[1:])
            array[index]
        except (IndexError, TypeError):
            raise ValueError(
                "places: expected (layer, i, j) of a weight or (layer, j) of a bias, counted from "
                f"0, got {place!r}."
            ) from None
        return array, place[1:]

    @property
    def start(self) -> np.ndarray:
        """The network's own values at the places, shape (n,)."""
        net = self.net
        found = (self._array_at(net.weights, net.biases, place) for place in self.places)
        return np.array([array[index] for array, index in found])

    def loss(self, points: ArrayLike) -> np.ndarray:
        """The loss at each point: shape (…, n) gives shape (…). Complex points are welcome.

        Raises ValueError for points of another shape.
        """
        points = np.asarray(points)
        points = points.astype(np.result_type(points.dtype, np.float64), copy=False)
        if points.ndim == 0 or points.shape[-1] != len(self.places):
            raise ValueError(f"points: expected shape (…, {len(self.places)}), got {points.shape}.")
        flat = points.reshape(-1, points.shape[-1])
        parts = [self._losses(flat[k : k + CHUNK]) for k in range(0, max(len(flat), 1), CHUNK)]
        return np.concatenate(parts).reshape(points.shape[:-1])

    def _losses(self, points: np.ndarray) -> np.ndarray:
        """The losses (M,) at points (M, n): M networks at once, as arrays with a leading M."""
        net, count, kind = self.net, len(points), points.dtype
        weights = [np.repeat(w[None].astype(kind), count, axis=0) for w in net.weights]
        biases = [np.repeat(b[None, None].astype(kind), count, axis=0) for b in net.biases]
        for place, values in zip(self.places, points.T):
            array, index = self._array_at(weights, biases, place)
            every: tuple[slice | int, ...] = (slice(None),) if len(place) == 3 else (slice(None), 0)
            array[*every, *index] = values
        run = net.forward_with(self.x, weights, biases)
        return net.losses(run.z[-1], run.a[-1], self.t).mean(axis=-1)

    def gradient(self, point: ArrayLike) -> np.ndarray:
        """The derivative of the loss at each place, shape (n,), by the complex step.

        Raises ValueError for a point of another shape or with numbers that are not finite.
        """
        refuse_to_answer("WeightSpace")
        point = self._wanted_point("point", point)
        return np.imag(self.loss(point + 1j * STEP * np.eye(len(self.places)))) / STEP

    def curvature(self, point: ArrayLike, h: float = 1e-4) -> np.ndarray:
        """The second derivatives of the loss, shape (n, n): central differences of the gradient.

        Their error is of order h²; for a loss that is quadratic there is none but rounding.
        Raises ValueError as `gradient` does.
        """
        point = self._wanted_point("point", point)
        rows = [
            (self.gradient(point + move) - self.gradient(point - move)) / h
            for move in h / 2 * np.eye(len(self.places))
        ]
        return np.array(rows)

    def _wanted_point(self, name: str, point: ArrayLike) -> np.ndarray:
        point = numeric_array(name, point, (1,), f"shape ({len(self.places)},)")
        if point.shape != (len(self.places),):
            raise ValueError(f"{name}: expected shape ({len(self.places)},), got {point.shape}.")
        return point

    def descend(
        self, eta: float, steps: int, start: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradient descent: point ← point - eta · gradient, `steps` times.

        start: a point (n,); None for the network's own values. Returns points (steps + 1, n) and
        losses (steps + 1,). A path that leaves all numbers stays where it was last finite.
        Raises ValueError for a start of another shape or with numbers that are not finite.
        """
        points = [self._wanted_point("start", self.start if start is None else start)]
        for _ in range(steps):
            with np.errstate(over="ignore", invalid="ignore"):
                point = points[-1] - eta * self.gradient(points[-1])
                finite = np.all(np.isfinite(point)) and np.isfinite(self.loss(point))
            points.append(point if finite else points[-1])
        path = np.array(points)
        return path, self.loss(path)

    def search_grid(self, values: ArrayLike) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Brute force: the loss at every combination of `values`, (k,), at the places.

        Yields blocks (points (M, n), losses (M,)), len(values) ** n points in all. Raises
        ValueError, when the first block is asked for, unless values are finite numbers.
        """
        values = numeric_array("values", values, (1,), "the values of a weight, shape (k,)")
        combinations = product(values, repeat=len(self.places))
        while block := list(islice(combinations, CHUNK)):
            points = np.array(block)
            yield points, self._losses(points)
