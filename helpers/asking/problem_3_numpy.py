"""Problem 3: the functions of the network from scratch, called on random batches.

A probe has what a function is called with, by the course's names: x, t, the weights and biases,
hidden (the activation's name), eta.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from helpers.asking import Answers, Probe
from helpers.asking.functions import beside, from_dict, from_sequence, in_notebook, returned
from helpers.asking.record import Refused
from helpers.course import HIDDEN
from helpers.network import Network
from helpers.sgd_step import PARAMETERS

GRADIENTS = ("dW_h", "db_h", "dW_o", "db_o")
TRACE = ("z_h", "a_h", "z_o", "a_o")
OTHER_TRACE = "dW_h_with_another_trace"
OWN_FUNCTIONS = ("forward", "loss", "backward", "sgd_step")


def parameters_in(probe: Probe) -> dict[str, np.ndarray]:
    """Copies of a probe's weights and biases, by name."""
    return {name: probe[name].copy() for name in PARAMETERS}


def _network(parameters: Mapping[str, np.ndarray], hidden: str) -> Network:
    return Network(
        [parameters["W_h"], parameters["W_o"]],
        [parameters["b_h"], parameters["b_o"]],
        hidden=hidden,
    )


def activations(
    probe: Probe, activation: Callable[..., object], slope: Callable[..., object]
) -> Answers:
    answers: Answers = {}
    for name in HIDDEN:
        answers[name] = partial(returned, activation, name, probe["z"].copy())
        answers[f"slope_{name}"] = partial(returned, slope, name, probe["z"].copy())
    return answers


def forward(probe: Probe, forward: Callable[..., object]) -> Answers:
    """What `forward` returns, and what the `activation` that it calls gives: f_h and f_o."""
    parameters, hidden = parameters_in(probe), probe["hidden"]
    outputs = returned(forward, probe["x"].copy(), parameters, hidden)
    answers = from_sequence(outputs, TRACE, "what forward returns")
    activation = beside(forward, "activation")
    if not activation:
        return answers

    def f_h() -> object:
        z_h = _network(parameters, hidden).forward(probe["x"]).z[0]
        return returned(activation, hidden, z_h)

    def f_o() -> object:
        z_o = np.asarray(f_h()) @ parameters["W_o"] + parameters["b_o"]
        return returned(activation, "sigmoid", z_o)

    return answers | {"f_h": f_h, "f_o": f_o}


def loss(probe: Probe, loss: Callable[..., object]) -> Answers:
    return {"E": returned(loss, probe["a_o"], probe["t"])}


def backward(probe: Probe, backward: Callable[..., object]) -> Answers:
    """What `backward` returns, what the `slope` that it calls gives, and dW_h for another trace."""
    hidden = probe["hidden"]

    def run(trace: tuple[np.ndarray, ...]) -> dict[str, Any]:
        outputs = returned(
            backward, probe["x"].copy(), probe["t"].copy(), parameters_in(probe), trace, hidden
        )
        return from_dict(outputs, GRADIENTS, "what backward returns")

    answers = run(tuple(probe[name].copy() for name in TRACE))
    other = tuple(0.9 * probe[name] for name in TRACE)
    answers[OTHER_TRACE] = lambda: run(other)["dW_h"]
    slope = beside(backward, "slope")
    if slope:
        for layer, name in (("h", hidden), ("o", "sigmoid")):
            answers[f"slope_{layer}"] = partial(returned, slope, name, probe[f"z_{layer}"].copy())
    return answers


def sgd_step(probe: Probe, sgd_step: Callable[..., object]) -> Answers:
    gradients = {name: probe[name] for name in GRADIENTS}
    outputs = returned(sgd_step, parameters_in(probe), gradients, probe["eta"])
    new = from_dict(outputs, PARAMETERS, "what sgd_step returns")
    return {f"{name}_new": value for name, value in new.items()}


def cubes_and_product(factors: np.ndarray) -> Callable[[np.ndarray], float]:
    """The function of an array w that difference quotients are asked of."""

    def function(w: np.ndarray) -> float:
        return float(np.sum(factors * np.asarray(w) ** 3) + np.prod(w))

    return function


def difference_quotients(probe: Probe, symmetric_difference: Callable[..., object]) -> Answers:
    function = cubes_and_product(probe["factors"])
    return {"quotients": returned(symmetric_difference, function, probe["w"], probe["h"])}


def _trained(
    probe: Probe, functions: Sequence[Any], steps: int
) -> tuple[dict[str, Any], np.ndarray]:
    """What the student's own functions make of `steps` updates: (weights and biases, losses).

    functions: what the student has as forward, loss, backward, sgd_step, functions or not.
    """
    forward, loss, backward, sgd_step = functions
    parameters, hidden = parameters_in(probe), probe["hidden"]
    losses: list[Any] = []
    for _ in range(steps):
        trace = forward(probe["x"].copy(), parameters, hidden)
        losses.append(loss(trace[-1], probe["t"].copy()))
        gradients = backward(probe["x"].copy(), probe["t"].copy(), parameters, trace, hidden)
        parameters = sgd_step(parameters, gradients, probe["eta"])
    return parameters, np.array(losses, dtype=float)


def reproduction(probe: Probe, E_new: object) -> Answers:
    """The losses E_new, and those that the notebook's own functions give: own_sigmoid, …"""

    def own_loss(step: Probe) -> float:
        _, losses = _trained(step, list(map(in_notebook, OWN_FUNCTIONS)), 2)
        return losses[1]

    own = {f"own_{hidden}": partial(own_loss, step) for hidden, step in probe["steps"].items()}
    return from_dict(E_new, HIDDEN, "E_new") | own


def training(probe: Probe, train: Callable[..., object]) -> Answers:
    """The losses that `train` returns, the loss with its weights, and both by own functions."""
    steps = probe["steps"]

    def own() -> tuple[dict[str, Any], np.ndarray]:
        return _trained(probe, [beside(train, name) for name in OWN_FUNCTIONS], steps)

    outputs = returned(
        train, probe["x"].copy(), probe["t"].copy(), parameters_in(probe), probe["hidden"],
        probe["eta"], steps,
    )  # fmt: skip
    answers = from_sequence(outputs, ("params", "losses"), "what train returns")

    def loss_with(parameters: object) -> float:
        found = from_dict(parameters, PARAMETERS, "params, as train returns it,")
        # Of its own making, since the student may have weights that do not fit together.
        net = _network(parameters_in(probe), probe["hidden"])
        run = net.forward_with(
            probe["x"], [found["W_h"], found["W_o"]], [found["b_h"], found["b_o"]]
        )
        return net.losses(run.z[-1], run.a[-1], probe["t"]).mean()

    return {
        "losses": answers["losses"],
        "E_end": lambda: loss_with(answers["params"]),
        "own_losses": lambda: own()[1],
        "own_E_end": lambda: loss_with(own()[0]),
    }


def any_depth(probe: Probe, backward_any_depth: Callable[..., object]) -> Answers:
    weights, biases = probe["weights"], probe["biases"]
    layers = len(weights)
    outputs = returned(backward_any_depth, probe["x"], probe["t"], weights, biases)
    lists = from_sequence(outputs, ("dW", "db"), "what backward_any_depth returns")
    if any(len(arrays) != layers for arrays in lists.values()):
        raise Refused("dW and db have to be lists with one array a layer")
    return {f"{name}[{k}]": lists[name][k] for name in ("dW", "db") for k in range(layers)}
