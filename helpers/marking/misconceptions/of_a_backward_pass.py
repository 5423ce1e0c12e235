"""The wrong values that mistakes in the backward pass give deltas and gradients."""

from collections.abc import Callable
from itertools import product

import numpy as np

from helpers.activations import ACTIVATIONS
from helpers.marking.misconceptions.registry import (
    DELTAS,
    GRADIENTS,
    HIDDEN_LAYER,
    MULTIPLES,
    OUTPUT_LAYER,
    SLOPES,
    Value,
    Values,
    gives,
    in_code,
    on_paper,
)
from helpers.personal.problem_data import DEFAULT_PROBLEM
from helpers.reference import slope, vjp
from helpers.sgd_step import SGDStep

ETA_OF_THE_NOTEBOOK = DEFAULT_PROBLEM.eta / 100  # the name is at hand in Problem 3


def slope_from_output(name: str, a: Value) -> np.ndarray:
    """What the formula in a for the derivative of the activation `name` gives for any `a`.

    Raises ValueError if there is no such formula.
    """
    formula = ACTIVATIONS[name].derivative_from_output
    if formula is None:
        raise ValueError(
            f"{name}: expected an activation whose derivative can be written through its output; "
            "helpers.activations has no derivative_from_output for it."
        )
    return formula(np.asarray(a))


# Deltas and gradients: slopes


@gives("slope_forgotten", *DELTAS, *GRADIENTS)
def slope_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    if quantity in OUTPUT_LAYER:
        return step.following(delta_o=step["dE_da_o"])[quantity]
    return step.following(delta_h=step["dE_da_h"])[quantity]


@gives("output_slope_forgotten", *HIDDEN_LAYER)
def output_slope_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    return step.following(delta_o=step["dE_da_o"])[quantity]


def _activation(step: SGDStep, layer: str) -> Callable[[np.ndarray], np.ndarray]:
    return step.net.activation(0 if layer == "h" else 1)


def _name(step: SGDStep, layer: str) -> str:
    return step.net.hidden if layer == "h" else step.net.output


def _with_slopes(
    step: SGDStep, quantity: str, wrong_slope: Callable[[str], np.ndarray | None]
) -> Values:
    """What `quantity` may be when slopes are `wrong_slope(layer)`, None where that is no mistake.

    A wrong slope of the output unit reaches the hidden layer as well, alone or with a wrong slope
    there.
    """
    layer = quantity[-1]
    if quantity.startswith("slope"):
        return wrong_slope(layer)
    ways = (("h",), ("o",), ("o", "h")) if layer == "h" else (("o",),)
    slopes = {layer: s for layer in "oh" if (s := wrong_slope(layer)) is not None}
    found = []
    for layers in ways:
        if all(layer in slopes for layer in layers):
            given: dict[str, np.ndarray] = {}
            q = step.quantities
            for layer in layers:
                given[f"delta_{layer}"] = q[f"dE_da_{layer}"] * slopes[layer]
                q = step.following(**given)
            found.append(q[quantity])
    return found


@gives("slope_at_a", *SLOPES, *DELTAS, *GRADIENTS)
def slope_at_a(step: SGDStep, quantity: str) -> Values:
    return _with_slopes(
        step, quantity, lambda layer: slope(_activation(step, layer), step[f"a_{layer}"])
    )


@gives("slope_formula_at_z", *SLOPES, *DELTAS, *GRADIENTS)
def slope_formula_at_z(step: SGDStep, quantity: str) -> Values:
    def at_z(layer: str) -> np.ndarray | None:
        formula = ACTIVATIONS[_name(step, layer)].derivative_from_output
        if formula is None:  # as with softmax, which has no slope of its own
            return None
        found = formula(step[f"z_{layer}"])
        # Of a linear unit and of ReLU this is the slope.
        return None if np.array_equal(found, step[f"slope_{layer}"]) else found

    return _with_slopes(step, quantity, at_z)


@gives("slope_of_sigmoid", "slope_h", *HIDDEN_LAYER)
def slope_of_sigmoid(step: SGDStep, quantity: str) -> Values:
    def of_sigmoid(layer: str) -> np.ndarray | None:
        if _name(step, layer) == "sigmoid":
            return None
        return slope_from_output("sigmoid", step[f"a_{layer}"])

    return _with_slopes(step, quantity, of_sigmoid)


@gives("slope_of_sigmoid", *HIDDEN_LAYER)
def slope_of_sigmoid_at_z(step: SGDStep, quantity: str) -> Values:
    """As `slope("sigmoid", z_h)` gives it, whatever the units are."""
    if step.net.hidden == "sigmoid" or not in_code(step):
        return None
    slope_h = slope(ACTIVATIONS["sigmoid"], step["z_h"])
    return step.following(delta_h=step["dE_da_h"] * slope_h)[quantity]


@gives("hidden_activation_at_output", *OUTPUT_LAYER, *HIDDEN_LAYER)
def slope_of_the_hidden_units_at_the_output(step: SGDStep, quantity: str) -> Values:
    if step.net.hidden == step.net.output or not in_code(step):
        return None
    slope_o = slope(step.net.activation(0), step["z_o"])
    return step.following(delta_o=step["dE_da_o"] * slope_o)[quantity]


@gives("trace_in_another_order", *DELTAS)
def trace_in_another_order(step: SGDStep, quantity: str) -> Values:
    """With z and a exchanged in both layers; in other orders the shapes do not fit."""
    if not in_code(step):
        return None
    delta_o = (step["z_o"] - step["t"]) * slope(step.net.activation(1), step["a_o"])
    q = step.following(delta_o=delta_o)
    slope_h = slope(step.net.activation(0), step["a_h"])
    return step.following(delta_o=delta_o, delta_h=q["dE_da_h"] * slope_h)[quantity]


@gives("slope_of_tanh", *SLOPES, *DELTAS, *GRADIENTS)
def slope_of_tanh(step: SGDStep, quantity: str) -> Values:
    def of_tanh(layer: str) -> np.ndarray | None:
        # In code the output unit has the derivative of the hidden ones: see below.
        if _name(step, layer) == "tanh" or in_code(step):
            return None
        return slope_from_output("tanh", step[f"a_{layer}"])

    return _with_slopes(step, quantity, of_tanh)


@gives("slope_of_relu", *HIDDEN_LAYER)
def slope_of_relu(step: SGDStep, quantity: str) -> np.ndarray | None:
    on = step["z_h"] > 0
    # If all units are on, only the derivative is missing.
    if step.net.hidden == "relu" or in_code(step) or on.all() or not on.any():
        return None
    return step.following(delta_h=step["dE_da_h"] * on)[quantity]


@gives("factor_of_the_slope_missing", *SLOPES, *DELTAS, *GRADIENTS)
def only_a_for_the_slope(step: SGDStep, quantity: str) -> Values:
    def one_factor(layer: str) -> np.ndarray | None:
        return step[f"a_{layer}"] if _name(step, layer) == "sigmoid" else None

    return _with_slopes(step, quantity, one_factor)


@gives("factor_of_the_slope_missing", *SLOPES, *DELTAS, *GRADIENTS)
def only_1_minus_a_for_the_slope(step: SGDStep, quantity: str) -> Values:
    def other_factor(layer: str) -> np.ndarray | None:
        return 1 - step[f"a_{layer}"] if _name(step, layer) == "sigmoid" else None

    return _with_slopes(step, quantity, other_factor)


@gives("activation_for_slope", "slope_h", *HIDDEN_LAYER)
def activation_for_slope(step: SGDStep, quantity: str) -> Values:
    def activation(layer: str) -> np.ndarray | None:
        # By hand, of a sigmoid, it is the mistake that a factor is missing.
        without_a_factor = _name(step, layer) == "sigmoid" and not in_code(step)
        return None if layer == "o" or without_a_factor else step["a_h"]

    return _with_slopes(step, quantity, activation)


@gives("square_forgotten", "slope_h", *HIDDEN_LAYER)
def square_forgotten(step: SGDStep, quantity: str) -> Values:
    def not_squared(layer: str) -> np.ndarray | None:
        return 1 - step[f"a_{layer}"] if _name(step, layer) == "tanh" else None

    return _with_slopes(step, quantity, not_squared)


@gives("loss_not_differentiated", *OUTPUT_LAYER)
def loss_not_differentiated(step: SGDStep, quantity: str) -> np.ndarray:
    squared = (step["t"] - step["a_o"]) ** 2 / 2
    return step.following(delta_o=squared * step["slope_o"])[quantity]


# On the way back


@gives("edge_forgotten", *HIDDEN_LAYER)
def edge_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    return step.following(W_o_for_delta_h=np.ones_like(step["W_o"]))[quantity]


@gives("other_edge", *HIDDEN_LAYER)
def other_edge(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step["W_o"].shape != (2, 1):
        return None
    return step.following(W_o_for_delta_h=step["W_o"][::-1])[quantity]


VISIBLE = 1e-3  # as near to the right numbers, or nearer, it would be right by hand


@gives("weight_of_another_layer", "delta_h")
def weight_of_another_layer(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    if not on_paper(step):
        return None
    taken = product(step["W_h"].ravel(), repeat=2)  # for the weights of units 1 and 2
    found = [step["delta_o"] * weights * step["slope_h"] for weights in taken]
    return [value for value in found if np.abs(value - step["delta_h"]).max() > VISIBLE]


@gives("one_path_only", *HIDDEN_LAYER)
def one_path_only(step: SGDStep, quantity: str) -> np.ndarray | None:
    outputs = step["W_o"].shape[1]
    if outputs == 1:
        return None
    first = np.arange(outputs) == 0
    return step.following(W_o_for_delta_h=step["W_o"] * first)[quantity]


@gives("updated_output_weights", *HIDDEN_LAYER, "W_h_new", "b_h_new")
def updated_output_weights(step: SGDStep, quantity: str) -> list[np.ndarray]:
    # A function that is not given a learning rate takes the one in the notebook, or none.
    moved = [step["W_o"] - eta * step["dW_o"] for eta in (step.eta, ETA_OF_THE_NOTEBOOK, 1.0)]
    return [step.following(W_o_for_delta_h=W_o)[quantity] for W_o in moved]


@gives("weighted_input_for_activation", "dW_o")
def weighted_input_for_activation(step: SGDStep, quantity: str) -> np.ndarray:
    return _weight_gradient(step, "o", step["z_h"])


@gives("start_of_the_edge", "dW_o", "dW_h")
def start_of_the_edge(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step["x"].shape != step["a_h"].shape:
        return None
    layer = quantity[-1]
    return _weight_gradient(step, layer, step["a_h" if layer == "h" else "x"])


@gives("weight_for_activation", "dW_o", "dW_h")
def weight_for_activation(step: SGDStep, quantity: str) -> np.ndarray:
    layer = quantity[-1]
    return step[f"W_{layer}"] * step[f"db_{layer}"]


def _weight_gradient(step: SGDStep, layer: str, entering: np.ndarray) -> np.ndarray:
    """The gradient of a layer's weights if `entering` were what comes into it: (N, units)."""
    delta = step[f"delta_{layer}"] / len(step.x)
    return vjp(lambda W: entering @ W, step[f"W_{layer}"], delta)


# Batches and biases


@gives("sum_over_batch", *GRADIENTS)
def sum_over_batch(step: SGDStep, quantity: str) -> np.ndarray | None:
    return len(step.x) * step[quantity] if len(step.x) > 1 else None


@gives("delta_averaged", *DELTAS)
def delta_averaged(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step[quantity] / len(step.x) if len(step.x) > 1 else None


@gives("bias_gradient_forgotten", "db_o", "db_h")
def bias_gradient_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    return np.zeros_like(step[quantity])


@gives("nothing_arrives", "dW_o", "dW_h")
def nothing_arrives(step: SGDStep, quantity: str) -> np.ndarray:
    return np.zeros_like(step[quantity])


@gives("penalty_added", "dW_o", "dW_h")
def penalty_added(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    if not in_code(step):
        return None
    weights = step[quantity.removeprefix("d")]
    averaged = (1, len(step.x))
    return [step[quantity] + much * weights / count for much in MULTIPLES for count in averaged]


@gives("points_left_apart", "db_o", "db_h")
def points_left_apart(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step[f"delta_{quantity[-1]}"] if len(step.x) > 1 else None


@gives("other_axis", "db_o", "db_h")
def other_axis(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    delta = step[f"delta_{quantity[-1]}"]
    return [delta.mean(axis=1), delta.sum(axis=1)] if in_code(step) else None


@gives("units_added", "db_o", "db_h")
def units_added(step: SGDStep, quantity: str) -> float | None:
    return step[quantity].sum() if step[quantity].size > 1 else None


@gives("delta_of_another_layer", *GRADIENTS)
def delta_of_another_layer(step: SGDStep, quantity: str) -> Values:
    """The two deltas in each other's place: shapes and all."""
    if not in_code(step):
        return None
    delta = step["delta_o" if quantity.endswith("h") else "delta_h"]
    if quantity.startswith("db"):
        return delta.mean(axis=0)
    return _products(step["x" if quantity == "dW_h" else "a_h"], delta)


def _products(entering: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """The products of what comes in with deltas, averaged over the points: (in, out)."""
    return np.einsum("ni,nj->ij", entering, delta) / len(delta)


# Signs and factors


@gives("wrong_sign", "dE_da_o", *DELTAS, *GRADIENTS)
def wrong_sign(step: SGDStep, quantity: str) -> np.ndarray:
    return -step[quantity]


@gives("factor_two", "dE_da_o", *DELTAS, *GRADIENTS)
def factor_two(step: SGDStep, quantity: str) -> np.ndarray:
    return 2 * step[quantity]


@gives("factor_half", "dE_da_o", *DELTAS, *GRADIENTS)
def factor_half(step: SGDStep, quantity: str) -> np.ndarray:
    return step[quantity] / 2


@gives("transposed", "dW_o", "dW_h", "W_o_new", "W_h_new")
def transposed(step: SGDStep, quantity: str) -> np.ndarray:
    return step[quantity].T


@gives("rows_left_flat", "dW_h", "dW_o", "W_h_new", "W_o_new")
def rows_left_flat(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step[quantity].ravel() if min(step[quantity].shape) > 1 else None


@gives("incoming_activation_forgotten", "dW_o", "dW_h")
def incoming_activation_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    layer = quantity[-1]
    return _weight_gradient(step, layer, np.ones((len(step.x), len(step[f"W_{layer}"]))))


# Links, units and numbers in the wrong place


@gives("links_added", "delta_o", "dW_o")
def links_added(step: SGDStep, quantity: str) -> np.ndarray | None:
    if quantity == "dW_o":
        return step["a_h"].T + step["delta_o"] if on_paper(step) else None
    return step["dE_da_o"] + step["slope_o"]


@gives("error_forgotten", "delta_o")
def error_forgotten(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step["slope_o"] if on_paper(step) else None


@gives("loss_as_a_factor", "delta_o")
def loss_as_a_factor(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step["delta_o"] * step["E"] if on_paper(step) else None


@gives("slope_of_other_numbers", "slope_o", "delta_o")
def slope_of_other_numbers(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    if not on_paper(step) or step.net.output != "sigmoid":
        return None
    a_o = step["a_o"]
    slopes = [a_o * (1 - step["t"]), a_o**2, a_o * (1 + a_o)]
    before = 1 if quantity == "slope_o" else step["dE_da_o"]
    return [before * slope_o for slope_o in slopes]


@gives("slope_of_other_numbers", "delta_h")
def sign_in_the_slope_of_a_hidden_unit(step: SGDStep, quantity: str) -> np.ndarray | None:
    if not on_paper(step) or step.net.hidden != "sigmoid":
        return None
    return step["dE_da_h"] * step["a_h"] * (1 + step["a_h"])


@gives("slope_without_brackets", *DELTAS)
def slope_without_brackets(step: SGDStep, quantity: str) -> np.ndarray | None:
    """As Python reads `... * a * 1 - a`."""
    layer = quantity[-1]
    if not on_paper(step) or _name(step, layer) != "sigmoid":
        return None
    a = step[f"a_{layer}"]
    return step[f"dE_da_{layer}"] * a - a


@gives("slope_of_the_output_unit", *HIDDEN_LAYER)
def slope_of_the_output_unit(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step["slope_o"].shape[1] != 1:
        return None
    return step.following(delta_h=step["dE_da_h"] * step["slope_o"])[quantity]


@gives("mask_on_what_comes_back", *HIDDEN_LAYER)
def mask_on_what_comes_back(step: SGDStep, quantity: str) -> np.ndarray | None:
    if step.net.hidden != "relu":
        return None
    delta_h = np.maximum(step["dE_da_h"], 0)
    # Where what comes back is positive to the active units alone, nothing shows; where it is
    # positive to all, only that the derivative is missing.
    if np.array_equal(delta_h, step["delta_h"]) or np.array_equal(delta_h, step["dE_da_h"]):
        return None
    return step.following(delta_h=delta_h)[quantity]


@gives("inputs_exchanged", "dW_h")
def inputs_exchanged(step: SGDStep, quantity: str) -> np.ndarray | None:
    return _weight_gradient(step, "h", step["x"][:, ::-1]) if step["x"].shape[1] == 2 else None


@gives("output_for_hidden_activation", "dW_o")
def output_for_hidden_activation(step: SGDStep, quantity: str) -> Values:
    found = [_products(step["a_o"], step["delta_o"])] if in_code(step) else []
    if step["a_o"].shape[1] == 1:
        a_o = np.broadcast_to(step["a_o"], step["a_h"].shape)
        found.append(_weight_gradient(step, "o", a_o))
    return found


@gives("learning_rate_in_the_gradient", *GRADIENTS)
def learning_rate_in_the_gradient(step: SGDStep, quantity: str) -> np.ndarray:
    return step.eta * step[quantity]


@gives("bias_gradient_one", "db_o", "db_h")
def bias_gradient_one(step: SGDStep, quantity: str) -> np.ndarray:
    return np.ones_like(step[quantity])


@gives("bias_gradient_multiplied", "db_o", "db_h")
def bias_gradient_multiplied(step: SGDStep, quantity: str) -> list[np.ndarray]:
    layer = quantity[-1]
    found = [step[quantity] * step[f"b_{layer}"]]
    if (
        quantity == "db_h" and on_paper(step) and step["db_h"].all()
    ):  # as if each unit had an input of its own
        found += [step[quantity] * x for x in (step["x"][0], step["x"][0, ::-1])]
    return found


@gives("number_of_points_mistaken", *GRADIENTS)
def number_of_points_mistaken(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    n_samples, n_inputs = step["x"].shape
    if n_samples == 1 and n_inputs <= 2:  # by hand there is nothing to divide by
        return None
    # From columns, from x.size, and twice.
    factors = [n_samples / n_inputs, 1 / n_inputs, 1 / n_samples]
    return [factor * step[quantity] for factor in factors[n_samples == n_inputs :]]


@gives("reshaped_for_transposed", "dW_o", "dW_h")
def reshaped_for_transposed(step: SGDStep, quantity: str) -> np.ndarray | None:
    rows, columns = step[quantity].shape
    return step[quantity].T.reshape(rows, columns) if rows != columns and columns > 1 else None
