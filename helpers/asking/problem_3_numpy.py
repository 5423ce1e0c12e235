"""Problem 3: the functions of the network from scratch, called on random batches.

Test inputs are what a function is called with, by the course's names: x, t, weights and biases,
hidden (the activation's name), eta.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from helpers.asking import Answers, TestInputs
from helpers.asking.functions import beside, from_dict, from_sequence, in_notebook, returned
from helpers.asking.record import Refused
from helpers.course import HIDDEN
from helpers.network import Network
from helpers.sgd_step import PARAMETERS

GRADIENTS = ("dW_h", "db_h", "dW_o", "db_o")
TRACE = ("z_h", "a_h", "z_o", "a_o")
OTHER_TRACE = "dW_h_with_another_trace"
OWN_FUNCTIONS = ("forward", "loss", "backward", "sgd_step")


def parameters_in(inputs: TestInputs) -> dict[str, np.ndarray]:
    """Copies of the weights and biases among the test inputs, by name."""
    return {name: inputs[name].copy() for name in PARAMETERS}


def _network(parameters: Mapping[str, np.ndarray], hidden: str) -> Network:
    return Network(
        [parameters["W_h"], parameters["W_o"]],
        [parameters["b_h"], parameters["b_o"]],
        hidden=hidden,
    )


def activations(
    inputs: TestInputs, activation: Callable[..., object], slope: Callable[..., object]
) -> Answers:
    answers: Answers = {}
    for name in HIDDEN:
        answers[name] = partial(returned, activation, name, inputs["z"].copy())
        answers[f"slope_{name}"] = partial(returned, slope, name, inputs["z"].copy())
    return answers


def forward(inputs: TestInputs, forward: Callable[..., object]) -> Answers:
    """What `forward` returns, and what the `activation` that it calls gives: f_h and f_o."""
    parameters, hidden = parameters_in(inputs), inputs["hidden"]
    outputs = returned(forward, inputs["x"].copy(), parameters, hidden)
    answers = from_sequence(outputs, TRACE, "what forward returns")
    activation = beside(forward, "activation")
    if not activation:
        return answers

    def f_h() -> object:
        z_h = _network(parameters, hidden).forward(inputs["x"]).z[0]
        return returned(activation, hidden, z_h)

    def f_o() -> object:
        z_o = np.asarray(f_h()) @ parameters["W_o"] + parameters["b_o"]
        return returned(activation, "sigmoid", z_o)

    return answers | {"f_h": f_h, "f_o": f_o}


def loss(inputs: TestInputs, loss: Callable[..., object]) -> Answers:
    return {"E": returned(loss, inputs["a_o"], inputs["t"])}


def backward(inputs: TestInputs, backward: Callable[..., object]) -> Answers:
    """What `backward` returns, what the `slope` that it calls gives, and dW_h for another trace."""
    hidden = inputs["hidden"]

    def run(trace: tuple[np.ndarray, ...]) -> dict[str, Any]:
        outputs = returned(
            backward,
            inputs["x"].copy(),
            inputs["t"].copy(),
            parameters_in(inputs),
            trace,
            hidden,
        )
        return from_dict(outputs, GRADIENTS, "what backward returns")

    answers = run(tuple(inputs[name].copy() for name in TRACE))
    other = tuple(0.9 * inputs[name] for name in TRACE)
    answers[OTHER_TRACE] = lambda: run(other)["dW_h"]
    slope = beside(backward, "slope")
    if slope:
        for layer, name in (("h", hidden), ("o", "sigmoid")):
            answers[f"slope_{layer}"] = partial(returned, slope, name, inputs[f"z_{layer}"].copy())
    return answers


def sgd_step(inputs: TestInputs, sgd_step: Callable[..., object]) -> Answers:
    gradients = {name: inputs[name] for name in GRADIENTS}
    outputs = returned(sgd_step, parameters_in(inputs), gradients, inputs["eta"])
    new = from_dict(outputs, PARAMETERS, "what sgd_step returns")
    return {f"{name}_new": value for name, value in new.items()}


def cubes_and_product(factors: np.ndarray) -> Callable[[np.ndarray], float]:
    """The function of an array w that difference quotients are asked of."""

    def function(w: np.ndarray) -> float:
        return float(np.sum(factors * np.asarray(w) ** 3) + np.prod(w))

    return function


def difference_quotients(
    inputs: TestInputs, symmetric_difference: Callable[..., object]
) -> Answers:
    function = cubes_and_product(inputs["factors"])
    return {"quotients": returned(symmetric_difference, function, inputs["w"], inputs["h"])}


def _trained(
    inputs: TestInputs, functions: Sequence[Any], steps: int
) -> tuple[dict[str, Any], np.ndarray]:
    """What the student's own functions make of `steps` updates: (weights and biases, losses).

    functions: what the student has as forward, loss, backward, sgd_step, functions or not.
    """
    forward, loss, backward, sgd_step = functions
    parameters, hidden = parameters_in(inputs), inputs["hidden"]
    losses: list[Any] = []
    for _ in range(steps):
        trace = forward(inputs["x"].copy(), parameters, hidden)
        losses.append(loss(trace[-1], inputs["t"].copy()))
        gradients = backward(inputs["x"].copy(), inputs["t"].copy(), parameters, trace, hidden)
        parameters = sgd_step(parameters, gradients, inputs["eta"])
    return parameters, np.array(losses, dtype=float)


def reproduction(inputs: TestInputs, E_new: object) -> Answers:
    """The losses E_new, and those that the notebook's own functions give: own_sigmoid, …"""

    def own_loss(step: TestInputs) -> float:
        _, losses = _trained(step, list(map(in_notebook, OWN_FUNCTIONS)), 2)
        return losses[1]

    own = {f"own_{hidden}": partial(own_loss, step) for hidden, step in inputs["steps"].items()}
    return from_dict(E_new, HIDDEN, "E_new") | own


def training(inputs: TestInputs, train: Callable[..., object]) -> Answers:
    """The losses that `train` returns, the loss with its weights, and both by own functions."""
    steps = inputs["steps"]

    def own() -> tuple[dict[str, Any], np.ndarray]:
        return _trained(inputs, [beside(train, name) for name in OWN_FUNCTIONS], steps)

    outputs = returned(
        train, inputs["x"].copy(), inputs["t"].copy(), parameters_in(inputs), inputs["hidden"],
        inputs["eta"], steps,
    )  # fmt: skip
    answers = from_sequence(outputs, ("params", "losses"), "what train returns")

    def loss_with(parameters: object) -> float:
        found = from_dict(parameters, PARAMETERS, "params, as train returns it,")
        # Of its own making, since the student may have weights that do not fit together.
        net = _network(parameters_in(inputs), inputs["hidden"])
        run = net.forward_with(
            inputs["x"], [found["W_h"], found["W_o"]], [found["b_h"], found["b_o"]]
        )
        return net.losses(run.z[-1], run.a[-1], inputs["t"]).mean()

    return {
        "losses": answers["losses"],
        "E_end": lambda: loss_with(answers["params"]),
        "own_losses": lambda: own()[1],
        "own_E_end": lambda: loss_with(own()[0]),
    }


def any_depth(inputs: TestInputs, backward_any_depth: Callable[..., object]) -> Answers:
    weights, biases = inputs["weights"], inputs["biases"]
    layers = len(weights)
    outputs = returned(backward_any_depth, inputs["x"], inputs["t"], weights, biases)
    lists = from_sequence(outputs, ("dW", "db"), "what backward_any_depth returns")
    if any(len(arrays) != layers for arrays in lists.values()):
        raise Refused("dW and db have to be lists with one array a layer")
    return {f"{name}[{k}]": lists[name][k] for name in ("dW", "db") for k in range(layers)}
