"""One step of SGD on a network with one hidden layer, each quantity under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import numpy as np

from helpers.activations import ACTIVATIONS
from helpers.network import Network
from helpers.reference import Gradients, gradients, slope, vjp_at_once

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Quantities = dict[str, np.ndarray]  # by their names in the course's notation
# How a quantity is computed from others.
Definition = Callable[[Mapping[str, np.ndarray]], np.ndarray]

PARAMETERS = ("W_h", "b_h", "W_o", "b_o")


class SGDStep:
    """One step of SGD: forward pass, gradients with the old weights, new weights.

    net: has one hidden layer; x: (N, in); t: (N, out); eta: learning rate.
    `step["delta_h"]` is a quantity by its name in the course's notation: x, t, eta, W_h, b_h, W_o,
    b_o, z_h, a_h, z_o, a_o, E, slope_o, slope_h, dE_da_o, delta_o, dE_da_h, delta_h, dW_o, db_o,
    dW_h, db_h, W_h_new, b_h_new, W_o_new, b_o_new, E_new. Weights' and biases' gradients are
    averaged over the batch; the others have one row a point.
    """

    def __init__(self, net: Network, x: ArrayLike, t: ArrayLike, eta: float) -> None:
        if len(net.weights) != 2:
            raise ValueError(f"net: expected one hidden layer, got {len(net.weights) - 1}.")
        self.net = net
        self.x = net.validate_inputs(x)
        self.t = net.validate_targets(t, len(self.x))
        self.eta = float(eta)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.quantities[name]

    @property
    def parameters(self) -> Quantities:
        """Copies of the weights and biases before the step, by name."""
        return {name: self[name].copy() for name in PARAMETERS}

    def changes(self) -> Quantities:
        """How far the weights and biases move, new - old, by name."""
        return {name: self[f"{name}_new"] - self[name] for name in PARAMETERS}

    @cached_property
    def quantities(self) -> Mapping[str, np.ndarray]:
        """All quantities of the step, the gradients by `gradients` of the whole network."""
        return _Computed(
            self._definitions()
            | {
                "delta_h": lambda q: self._gradients.delta[0],
                "delta_o": lambda q: self._gradients.delta[1],
                "dW_h": lambda q: self._gradients.weights[0],
                "db_h": lambda q: self._gradients.biases[0],
                "dW_o": lambda q: self._gradients.weights[1],
                "db_o": lambda q: self._gradients.biases[1],
                # NumPy's scalars serve as arrays without dimensions.
                "E_new": lambda q: cast(np.ndarray, self.loss_with(_new_parameters(q))),
            }
        )

    @cached_property
    def _gradients(self) -> Gradients:
        return gradients(self.net, self.x, self.t)

    def loss_with(self, parameters: Mapping[str, np.ndarray]) -> float:
        """The loss of the same batch with other weights and biases, by name."""
        weights = [parameters["W_h"], parameters["W_o"]]
        run = self.net.forward_with(self.x, weights, [parameters["b_h"], parameters["b_o"]])
        return self.net.losses(run.z[-1], run.a[-1], self.t).mean()

    def following(
        self, W_o_for_delta_h: np.ndarray | None = None, **given: ArrayLike
    ) -> Mapping[str, np.ndarray]:
        """The quantities of the step that follow when some of them have the values `given`.

        Everything that is computed after a given quantity uses the given value; the rest is as it
        should be. `W_o_for_delta_h`: output weights through which the deltas are sent back, if
        they are not those of the forward pass. With nothing given, the result agrees with
        `gradients`. Each quantity is computed when it is first looked up.
        """
        return _Computed(self._definitions(W_o_for_delta_h), given)

    def with_values(self, own: Quantities) -> SGDStep:
        """The step that goes on from other values of some quantities, `own`, by their names."""
        return _StepWith(self, own)

    def _definitions(self, W_back: np.ndarray | None = None) -> dict[str, Definition]:
        """How each quantity is computed from those before it, q, by its name."""
        hidden, output = self.net.activation(0), self.net.activation(1)
        x, t, eta = self.x, self.t, self.eta
        W_h, W_o = self.net.weights
        b_h, b_o = self.net.biases
        if W_back is None:
            W_back = W_o
        each = np.ones(len(x))

        def average(delta: np.ndarray) -> np.ndarray:
            """Over the batch: each data point counts for one part in N."""
            return delta / len(x)

        definitions: dict[str, Definition] = {
            "x": lambda q: x,
            "t": lambda q: t,
            "eta": lambda q: np.asarray(eta),
            "W_h": lambda q: W_h,
            "b_h": lambda q: b_h,
            "W_o": lambda q: W_o,
            "b_o": lambda q: b_o,
            "z_h": lambda q: x @ W_h + b_h,
            "a_h": lambda q: hidden(q["z_h"]),
            "z_o": lambda q: q["a_h"] @ W_o + b_o,
            "a_o": lambda q: output(q["z_o"]),
            "E": lambda q: self.net.losses(q["z_o"], q["a_o"], t).mean(),
            "slope_h": lambda q: slope(hidden, q["z_h"]),
            "slope_o": lambda q: slope(output, q["z_o"]),
            "dE_da_o": lambda q: vjp_at_once(lambda a: self.net.losses(a, a, t), q["a_o"], each),
            "delta_o": lambda q: vjp_at_once(output, q["z_o"], q["dE_da_o"]),
            "dE_da_h": lambda q: vjp_at_once(lambda a: a @ W_back, q["a_h"], q["delta_o"]),
            "delta_h": lambda q: vjp_at_once(hidden, q["z_h"], q["dE_da_h"]),
            "dW_h": lambda q: vjp_at_once(lambda W: x @ W + b_h, W_h, average(q["delta_h"])),
            "db_h": lambda q: vjp_at_once(lambda b: x @ W_h + b, b_h[None], average(q["delta_h"]))[
                0
            ],
            "dW_o": lambda q: vjp_at_once(lambda W: q["a_h"] @ W + b_o, W_o, average(q["delta_o"])),
            "db_o": lambda q: vjp_at_once(
                lambda b: q["a_h"] @ W_o + b, b_o[None], average(q["delta_o"])
            )[0],
            "W_h_new": lambda q: W_h - eta * q["dW_h"],
            "b_h_new": lambda q: b_h - eta * q["db_h"],
            "W_o_new": lambda q: W_o - eta * q["dW_o"],
            "b_o_new": lambda q: b_o - eta * q["db_o"],
        }
        if self.net.loss_name == "cross_entropy":  # softmax and it have one derivative together
            del definitions["dE_da_o"]
            definitions["delta_o"] = lambda q: vjp_at_once(
                lambda z: self.net.losses(z, output(z), t), q["z_o"], each
            )
        return definitions

    def consequences(self, own: Quantities) -> Iterator[Mapping[str, np.ndarray]]:
        """What follows from a student's own values, `own`.

        Gives the quantities for each way to go on: where an own activation does not fit its
        weighted input, a slope may be taken from either; an own slope is used as it is, and so is
        `f_h` or `f_o`, what the student's activation function gives. Overflow gives inf or nan.
        """
        own = {f"a_{name[-1]}": own[name] for name in ("f_h", "f_o") if name in own} | own
        layers = (("o", self.net.output, "dE_da_o"), ("h", self.net.hidden, "dE_da_h"))
        further: dict[str, Definition] = {
            "E_new": lambda q: cast(np.ndarray, self.loss_with(_new_parameters(q))),
            "f_h": lambda q: q["a_h"],
            "f_o": lambda q: q["a_o"],
        }
        # Without an own activation it fits, and the ways agree.
        at = ["za" if f"a_{layer}" in own else "z" for layer, _, _ in layers]
        for ways in product(*at):
            given = {name: value for name, value in own.items() if name not in further}
            with np.errstate(all="ignore"):
                q = self.following(**given)
                for way, (layer, name, back) in zip(ways, layers):
                    slope = own.get(f"slope_{layer}")
                    formula = ACTIVATIONS[name].derivative_from_output
                    if slope is None and way == "a" and formula is not None:
                        slope = formula(q[f"a_{layer}"])
                    if slope is not None and f"delta_{layer}" not in own and back in q:
                        given[f"delta_{layer}"] = q[back] * slope
                        q = self.following(**given)
                q = _Computed(self._definitions() | further, given)
            yield q


class _StepWith(SGDStep):
    """A step some of whose quantities have given values, from which the others follow."""

    def __init__(self, step: SGDStep, own: Quantities) -> None:
        super().__init__(step.net, step.x, step.t, step.eta)
        self._own = own

    @cached_property
    def quantities(self) -> Mapping[str, np.ndarray]:
        return next(iter(self.consequences(self._own)))

    def following(
        self, W_o_for_delta_h: np.ndarray | None = None, **given: ArrayLike
    ) -> Mapping[str, np.ndarray]:
        return super().following(W_o_for_delta_h, **{**self._own, **given})


def _new_parameters(q: Mapping[str, np.ndarray]) -> Quantities:
    return {name: q[f"{name}_new"] for name in PARAMETERS}


class _Computed(Mapping[str, np.ndarray]):
    """Quantities by name, each computed by its definition when it is first looked up.

    What NumPy does on overflow is what it did when this was made.
    """

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        given: Mapping[str, ArrayLike] = MappingProxyType({}),
    ) -> None:
        """given: values that take the place of what their names' definitions would give."""
        self._definitions = definitions
        self._known = {
            name: np.asarray(value) for name, value in given.items() if name in definitions
        }
        self._on_errors = np.geterr()

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._known:
            definition = self._definitions[name]
            with np.errstate(**self._on_errors):
                self._known[name] = definition(self)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._definitions

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __len__(self) -> int:
        return len(self._definitions)


def random_step(
    rng: np.random.Generator,
    hidden: str,
    output: str = "sigmoid",
    loss: str = "half_squared",
    units: Sequence[int] = (2, 3, 2),
    n_samples: int = 4,
    with_eta: float = 0.3,
    duplicate_rows: Sequence[Sequence[int]] = (),
) -> SGDStep:
    """An SGDStep with weights, inputs and targets drawn from `rng`, away from kinks.

    units: inputs, hidden units, outputs. Weighted inputs of hidden units stay at least 0.05 away
    from 0 and from the kinks of their activation, both signs occur, and no two rows of inputs are
    alike but those of `duplicate_rows`: places, and in the same order their twins.
    """
    while True:
        net = Network(
            [rng.uniform(-1.5, 1.5, shape) for shape in zip(units, units[1:], strict=False)],
            [rng.uniform(-1, 1, n) for n in units[1:]],
            hidden=hidden,
            output=output,
            loss=loss,
        )
        x = rng.uniform(-1.5, 1.5, (n_samples, units[0]))
        if duplicate_rows:
            ones, others = duplicate_rows
            x[others] = x[ones]
        z = net.forward(x).z[0]
        # From 0 with every activation: there slopes through a and mistakes are hard to tell apart.
        avoided = np.array([0.0, *ACTIVATIONS[hidden].kinks])
        if np.abs(z[..., None] - avoided).min() > 0.05 and (z > 0).any() and (z < 0).any():
            break
    t = rng.uniform(0.05, 0.95, (n_samples, units[-1]))
    return SGDStep(net, x, t, with_eta)
