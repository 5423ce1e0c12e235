"""One step of SGD on a network with one hidden layer, each quantity under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, cast

import numpy as np

from helpers.activations import ACTIVATIONS
from helpers.network import Network
from helpers.reference import gradients, slope, vjp_at_once

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Quantities = dict[str, np.ndarray]  # by their names in the course's notation

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
    def quantities(self) -> Quantities:
        g = gradients(self.net, self.x, self.t)
        quantities = self.following()
        for name, value in (
            ("delta_h", g.delta[0]),
            ("delta_o", g.delta[1]),
            ("dW_h", g.weights[0]),
            ("db_h", g.biases[0]),
            ("dW_o", g.weights[1]),
            ("db_o", g.biases[1]),
        ):
            quantities[name] = value
        for name in PARAMETERS:
            quantities[f"{name}_new"] = quantities[name] - self.eta * quantities[f"d{name}"]
        new = {name: quantities[f"{name}_new"] for name in PARAMETERS}
        # NumPy's scalars serve as arrays without dimensions.
        quantities["E_new"] = cast(np.ndarray, self.loss_with(new))
        return quantities

    def loss_with(self, parameters: Mapping[str, np.ndarray]) -> float:
        """The loss of the same batch with other weights and biases, by name."""
        weights = [parameters["W_h"], parameters["W_o"]]
        run = self.net.forward_with(self.x, weights, [parameters["b_h"], parameters["b_o"]])
        return self.net.losses(run.z[-1], run.a[-1], self.t).mean()

    def following(
        self, W_o_for_delta_h: np.ndarray | None = None, **given: ArrayLike
    ) -> Quantities:
        """The quantities of the step that follow when some of them have the values `given`.

        Everything that is computed after a given quantity uses the given value; the rest is as it
        should be. `W_o_for_delta_h`: output weights through which the deltas are sent back, if
        they are not those of the forward pass. With nothing given, the result agrees with
        `gradients`.
        """
        hidden, output = self.net.activation(0), self.net.activation(1)
        W_h, W_o = self.net.weights
        b_h, b_o = self.net.biases
        n_samples = len(self.x)
        q = {"x": self.x, "t": self.t, "eta": np.asarray(self.eta)}
        q |= {"W_h": W_h, "b_h": b_h, "W_o": W_o, "b_o": b_o}

        def define(name: str, compute: Callable[[], np.ndarray]) -> None:
            q[name] = np.asarray(given[name]) if name in given else compute()

        define("z_h", lambda: self.x @ W_h + b_h)
        define("a_h", lambda: hidden(q["z_h"]))
        define("z_o", lambda: q["a_h"] @ W_o + b_o)
        define("a_o", lambda: output(q["z_o"]))
        define("E", lambda: self.net.losses(q["z_o"], q["a_o"], self.t).mean())
        define("slope_h", lambda: slope(hidden, q["z_h"]))
        define("slope_o", lambda: slope(output, q["z_o"]))
        each = np.ones(n_samples)
        if self.net.loss_name != "cross_entropy":
            define(
                "dE_da_o",
                lambda: vjp_at_once(lambda a: self.net.losses(a, a, self.t), q["a_o"], each),
            )
            define("delta_o", lambda: vjp_at_once(output, q["z_o"], q["dE_da_o"]))
        else:
            define(
                "delta_o",
                lambda: vjp_at_once(
                    lambda z: self.net.losses(z, output(z), self.t), q["z_o"], each
                ),
            )
        W_back = W_o if W_o_for_delta_h is None else W_o_for_delta_h
        define("dE_da_h", lambda: vjp_at_once(lambda a: a @ W_back, q["a_h"], q["delta_o"]))
        define("delta_h", lambda: vjp_at_once(hidden, q["z_h"], q["dE_da_h"]))
        # Of the average over the batch: each data point counts for one part in n_samples.
        mean_delta_h, mean_delta_o = q["delta_h"] / n_samples, q["delta_o"] / n_samples
        define("dW_h", lambda: vjp_at_once(lambda W: self.x @ W + b_h, W_h, mean_delta_h))
        define("db_h", lambda: vjp_at_once(lambda b: self.x @ W_h + b, b_h[None], mean_delta_h)[0])
        define("dW_o", lambda: vjp_at_once(lambda W: q["a_h"] @ W + b_o, W_o, mean_delta_o))
        define(
            "db_o", lambda: vjp_at_once(lambda b: q["a_h"] @ W_o + b, b_o[None], mean_delta_o)[0]
        )
        define("W_h_new", lambda: W_h - self.eta * q["dW_h"])
        define("b_h_new", lambda: b_h - self.eta * q["db_h"])
        define("W_o_new", lambda: W_o - self.eta * q["dW_o"])
        define("b_o_new", lambda: b_o - self.eta * q["db_o"])
        return q

    def consequences(self, own: Quantities) -> Iterator[Quantities]:
        """What follows from a student's own values, `own`.

        Gives all quantities for each way to go on: where an own activation does not fit its
        weighted input, a slope may be taken from either; an own slope is used as it is, and so is
        `f_h` or `f_o`, what the student's activation function gives. Overflow gives inf or nan.
        """
        own = {f"a_{name[-1]}": own[name] for name in ("f_h", "f_o") if name in own} | own
        layers = (("o", self.net.output, "dE_da_o"), ("h", self.net.hidden, "dE_da_h"))
        # Without an own activation it fits, and the ways agree.
        at = ["za" if f"a_{layer}" in own else "z" for layer, _, _ in layers]
        for ways in product(*at):
            given = dict(own)
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
                new = {name: q[f"{name}_new"] for name in PARAMETERS}
                q["E_new"] = cast(np.ndarray, self.loss_with(new))
            yield q | {"f_h": q["a_h"], "f_o": q["a_o"]}


def random_step(
    rng: np.random.Generator,
    hidden: str,
    output: str = "sigmoid",
    loss: str = "half_squared",
    units: Sequence[int] = (2, 3, 2),
    n_samples: int = 4,
    with_eta: float = 0.3,
    duplicate_rows: Sequence[int] = (),
) -> SGDStep:
    """An SGDStep with weights, inputs and targets drawn from `rng`, away from kinks.

    units: inputs, hidden units, outputs. Weighted inputs of hidden units stay at least 0.05 away
    from 0 and from the kinks of their activation, both signs occur, and no two rows of inputs are
    alike but the two of `duplicate_rows`.
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
            x[duplicate_rows[1]] = x[duplicate_rows[0]]
        z = net.forward(x).z[0]
        # From 0 with every activation: there slopes through a and mistakes are hard to tell apart.
        avoided = np.array([0.0, *ACTIVATIONS[hidden].kinks])
        if np.abs(z[..., None] - avoided).min() > 0.05 and (z > 0).any() and (z < 0).any():
            break
    t = rng.uniform(0.05, 0.95, (n_samples, units[-1]))
    return SGDStep(net, x, t, with_eta)
