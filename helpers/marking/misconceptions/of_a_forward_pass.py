"""The wrong values that mistakes in the forward pass and in the loss give quantities of a step."""

from collections.abc import Callable

import numpy as np

from helpers.activations import sigmoid
from helpers.marking.misconceptions.registry import DELTAS, GRADIENTS, gives, in_code, on_paper
from helpers.sgd_step import SGDStep


@gives("bias_forgotten", "z_h", "z_o")
def bias_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    layer = quantity[-1]
    return step[quantity] - step[f"b_{layer}"]


@gives("activation_forgotten", "a_h", "a_o")
def activation_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    return step[f"z_{quantity[-1]}"]


@gives("sigmoid_in_hidden_layer", "a_h", "a_o")
def sigmoid_in_hidden_layer(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step.net.hidden == "sigmoid":
        return None
    return step.following(a_h=sigmoid(step["z_h"]))[quantity]


@gives("hidden_activation_at_output", "a_o")
def hidden_activation_at_output(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step.net.hidden in ("linear", step.net.output):
        return None
    value = step.net.activation(0)(step["z_o"])
    # At a single point a ReLU may be z itself: then only an activation seems to be missing.
    return None if len(step.x) == 1 and np.array_equal(value, step["z_o"]) else value


@gives("exponents_sign_lost", "a_h", "a_o")
def exponents_sign_lost(step: SGDStep, quantity: str) -> np.ndarray | None:
    layer = quantity[-1]
    name = step.net.hidden if layer == "h" else step.net.output
    return sigmoid(-step[f"z_{layer}"]) if name == "sigmoid" else None


@gives("weights_read_across", "z_h")
def weights_read_across(step: SGDStep, quantity: str) -> np.ndarray | None:
    rows, columns = step["W_h"].shape
    return np.inner(step["x"], step["W_h"]) + step["b_h"] if rows == columns else None


@gives("hidden_activation_forgotten", "z_o", "a_o")
def hidden_activation_forgotten(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step.net.hidden == "linear":
        return None
    return step.following(a_h=step["z_h"])[quantity]


@gives("half_forgotten", "E", "E_new")
def half_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    return 2 * step[quantity]


@gives("error_not_squared", "E")
def error_not_squared(step: SGDStep, quantity: str) -> list[np.ndarray]:
    size = np.abs(step["t"] - step["a_o"]).sum(axis=-1).mean()
    return [0.5 * size, size, -0.5 * size, -size] if on_paper(step) else [0.5 * size, size]


@gives("square_in_the_wrong_place", "E")
def square_in_the_wrong_place(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    if not on_paper(step):
        return None
    t, a = step["t"], step["a_o"]
    squares = [t - a**2, t**2 - a**2, t**2 - a]
    return [sign * 0.5 * found.sum(axis=1).mean() for found in squares for sign in (1, -1)]


@gives("mean_over_outputs", "E", *DELTAS, *GRADIENTS)
def mean_over_outputs(step: SGDStep, quantity: str) -> np.ndarray | None:
    outputs = step["t"].shape[1]
    return step[quantity] / outputs if outputs > 1 else None


@gives("loss_summed", "E")
def loss_summed(step: SGDStep, quantity: str) -> np.ndarray | None:
    return len(step.x) * step["E"] if len(step.x) > 1 else None


def _of_each_output(step: SGDStep) -> np.ndarray:
    """Half the squared error of each point and output: (N, out)."""
    return 0.5 * (step["t"] - step["a_o"]) ** 2


@gives("points_left_apart", "E")
def loss_of_each_point(step: SGDStep, quantity: str) -> np.ndarray | None:
    return _of_each_output(step).sum(axis=1) if len(step.x) > 1 else None


@gives("outputs_left_apart", "E")
def loss_of_each_output(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    each = _of_each_output(step)
    return [each.mean(axis=0), each.sum(axis=0)] if in_code(step) else None


@gives("inputs_exchanged", "z_h")
def inputs_exchanged(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step["x"].shape[1] != 2:
        return None
    return step["x"][:, ::-1] @ step["W_h"] + step["b_h"]


@gives("biases_exchanged", "z_h")
def biases_exchanged(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step["x"] @ step["W_h"] + step["b_h"][::-1] if step["b_h"].size == 2 else None


@gives("output_weights_exchanged", "z_o")
def output_weights_exchanged(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step["W_o"].shape != (2, 1):
        return None
    return step["a_h"] @ step["W_o"][::-1] + step["b_o"]


@gives("sign_of_a_product", "z_h", "z_o")
def sign_of_a_product(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    if not on_paper(step):
        return None
    layer = quantity[-1]
    entering = step["x" if layer == "h" else "a_h"]
    weights, bias = step[f"W_{layer}"], step[f"b_{layer}"]
    turned = [entering * np.where(np.arange(2) == k, -1, 1) @ weights + bias for k in (0, 1)]
    values = [*turned, entering @ weights - bias]
    return [value for value in values if not np.array_equal(value, step[quantity])]


@gives("units_swapped", "z_h", "a_h", "delta_h", "db_h", "dW_o")
def units_swapped(step: SGDStep, quantity: str) -> np.ndarray | None:
    value = step[quantity]
    if quantity == "dW_o":
        return value[::-1] if on_paper(step) else None
    return value[..., ::-1] if value.shape[-1] == 2 and value[..., 0].any() else None


def _function(step: SGDStep, quantity: str) -> tuple[str, Callable[[np.ndarray], np.ndarray]]:
    """The name of the activation that gives `quantity`, and the function."""
    layer = quantity[-1]
    name = step.net.hidden if layer == "h" else step.net.output
    return name, step.net.activation(0 if layer == "h" else 1)


@gives("brackets_forgotten", "a_h", "a_o")
def brackets_forgotten(step: SGDStep, quantity: str) -> np.ndarray | None:
    name, _ = _function(step, quantity)
    return 1 + np.exp(-step[f"z_{quantity[-1]}"]) if name == "sigmoid" else None


@gives("activation_twice", "a_h", "a_o")
def activation_twice(step: SGDStep, quantity: str) -> np.ndarray | None:
    _, function = _function(step, quantity)
    twice = function(step[quantity])
    return None if np.array_equal(twice, step[quantity]) else twice


@gives("another_activation", "a_h", "a_o")
def another_activation(step: SGDStep, quantity: str) -> list[np.ndarray]:
    name, _ = _function(step, quantity)
    z = step[f"z_{quantity[-1]}"]
    others = {"tanh": np.tanh(z)}
    if name == "tanh" and on_paper(step):  # the names beside it on a calculator
        others |= {"tan": np.tan(z), "sinh": np.sinh(z)}
    if z.shape[1] > 1:
        others["softmax"] = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    if quantity == "a_h" and np.any(z < 0):  # else only an activation seems to be missing
        others["relu"] = np.maximum(z, 0)
    # The hidden activation at the output is a mistake of its own.
    known = {name, step.net.hidden} if quantity == "a_o" else {name}
    return [value for other, value in others.items() if other not in known and name != "linear"]


@gives("relu_of_another_kind", "a_h")
def relu_of_another_kind(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    if step.net.hidden != "relu" or np.all(step["z_h"] > 0):
        return None
    z = step["z_h"]
    return [np.abs(z), np.where(z > 0, z, 0.01 * z), np.minimum(z, 0)]


@gives("cross_entropy_for_squared_error", "E")
def cross_entropy_for_squared_error(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    t, a = step["t"], step["a_o"]
    if step.net.loss_name == "cross_entropy" or np.any(a <= 0) or np.any(a >= 1):
        return None
    of_yes = -(t * np.log(a)).sum(axis=1)
    return [(of_yes - ((1 - t) * np.log(1 - a)).sum(axis=1)).mean(), of_yes.mean()]


@gives("error_in_percent", "E")
def error_in_percent(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    error = np.abs(step["t"] - step["a_o"])
    if error.size > 1:
        return None
    return [100 * step["E"], 100 * error.sum(), 100 * (error / np.abs(step["t"])).sum()]


@gives("decimals_cut_off", "a_h", "a_o")
def decimals_cut_off(step: SGDStep, quantity: str) -> np.ndarray | None:
    name, _ = _function(step, quantity)
    return np.zeros_like(step[quantity]) if name == "sigmoid" else None


@gives("root_of_the_loss", "E")
def root_of_the_loss(step: SGDStep, quantity: str) -> np.ndarray | None:
    errors = step["t"] - step["a_o"]
    # Of a single number it is the error without its sign.
    return np.linalg.norm(errors, axis=1).mean() if errors.size > 1 else None


@gives("errors_added_first", "E")
def errors_added_first(step: SGDStep, quantity: str) -> np.ndarray | None:
    errors = step["t"] - step["a_o"]
    return 0.5 * (errors.sum(axis=1) ** 2).mean() if errors.shape[1] > 1 else None
