"""The wrong values that recognised mistakes give a quantity of one SGD step.

To add a mistake, describe it in catalogue.toml, and write a function of a few lines here under
`@gives(name, *quantities)`: it gets an SGDStep and the name of a quantity, and returns the value
that the mistake would give, a list of values if there are several ways to make it, or None where it
would give nothing of its own.
"""

import numpy as np

from helpers.network import sigmoid
from helpers.reference import slope, vjp
from helpers.sgd_step import PARAMETERS, SLOPE_THROUGH_ACTIVATION

SLOPES = ("slope_o", "slope_h")
DELTAS = ("delta_o", "delta_h")
GRADIENTS = ("dW_o", "db_o", "dW_h", "db_h")
OUTPUT_LAYER = ("delta_o", "dW_o", "db_o")
HIDDEN_LAYER = ("delta_h", "dW_h", "db_h")
NEW = ("W_o_new", "b_o_new", "W_h_new", "b_h_new")
ETA_OF_THE_NOTEBOOK = 0.7
HALVES = (("W_h", "b_h"), ("W_o", "b_o"), ("b_h", "b_o"), ("W_h", "W_o"))

_makers = []  # (name, quantities, function), in the order in which they are tried


def gives(name, *quantities):
    """Let the decorated function, wrong(step, quantity), stand for the mistake `name`."""

    def add(wrong):
        _makers.append((name, quantities, wrong))
        return wrong

    return add


def wrong_values(step, quantity):
    """Yield (name, value) for each mistake that can give `quantity` of `step` a wrong value."""
    for name, quantities, wrong in _makers:
        if quantity in quantities:
            found = wrong(step, quantity)
            values = found if isinstance(found, list) else [found]
            yield from ((name, value) for value in values if value is not None)


# Forward pass


@gives("bias_forgotten", "z_h", "z_o")
def bias_forgotten(step, quantity):
    layer = quantity[-1]
    return step[quantity] - step[f"b_{layer}"]


@gives("activation_forgotten", "a_h", "a_o")
def activation_forgotten(step, quantity):
    return step[f"z_{quantity[-1]}"]


@gives("sigmoid_in_hidden_layer", "a_h", "a_o")
def sigmoid_in_hidden_layer(step, quantity):
    if step.net.hidden == "sigmoid":
        return None
    return step.following(a_h=sigmoid(step["z_h"]))[quantity]


@gives("hidden_activation_at_output", "a_o")
def hidden_activation_at_output(step, quantity):
    if step.net.hidden in ("linear", step.net.output):
        return None
    value = step.net.activation(0)(step["z_o"])
    # At a single point a ReLU may be z itself: then only an activation seems to be missing.
    return None if len(step.x) == 1 and np.array_equal(value, step["z_o"]) else value


@gives("exponents_sign_lost", "a_h", "a_o")
def exponents_sign_lost(step, quantity):
    layer = quantity[-1]
    name = step.net.hidden if layer == "h" else step.net.output
    return sigmoid(-step[f"z_{layer}"]) if name == "sigmoid" else None


@gives("weights_read_across", "z_h")
def weights_read_across(step, quantity):
    rows, columns = step["W_h"].shape
    return np.inner(step["x"], step["W_h"]) + step["b_h"] if rows == columns else None


@gives("hidden_activation_forgotten", "z_o", "a_o")
def hidden_activation_forgotten(step, quantity):
    if step.net.hidden == "linear":
        return None
    return step.following(a_h=step["z_h"])[quantity]


@gives("half_forgotten", "E", "E_new")
def half_forgotten(step, quantity):
    return 2 * step[quantity]


@gives("error_not_squared", "E")
def error_not_squared(step, quantity):
    return 0.5 * np.abs(step["t"] - step["a_o"]).sum(axis=-1).mean()


@gives("mean_over_outputs", "E", *GRADIENTS)
def mean_over_outputs(step, quantity):
    outputs = step["t"].shape[1]
    return step[quantity] / outputs if outputs > 1 else None


# Deltas and gradients: slopes


@gives("slope_forgotten", *DELTAS, *GRADIENTS)
def slope_forgotten(step, quantity):
    if quantity in OUTPUT_LAYER:
        return step.following(delta_o=step["dE_da_o"])[quantity]
    return step.following(delta_h=step["dE_da_h"])[quantity]


@gives("output_slope_forgotten", *HIDDEN_LAYER)
def output_slope_forgotten(step, quantity):
    return step.following(delta_o=step["dE_da_o"])[quantity]


def _activation(step, layer):
    return step.net.activation(0 if layer == "h" else 1)


def _name(step, layer):
    return step.net.hidden if layer == "h" else step.net.output


def _with_slopes(step, quantity, wrong_slope):
    """What `quantity` may be when slopes are `wrong_slope(layer)`, None where that is no mistake.

    A wrong slope of the output unit reaches the hidden layer as well, alone or with a wrong slope
    there.
    """
    layer = quantity[-1]
    if quantity.startswith("slope"):
        return wrong_slope(layer)
    ways = (("h",), ("o",), ("o", "h")) if layer == "h" else (("o",),)
    slopes = {layer: wrong_slope(layer) for layer in "oh"}
    found = []
    for layers in ways:
        if all(slopes[layer] is not None for layer in layers):
            given, q = {}, step.quantities
            for layer in layers:
                given[f"delta_{layer}"] = q[f"dE_da_{layer}"] * slopes[layer]
                q = step.following(**given)
            found.append(q[quantity])
    return found


@gives("slope_at_a", *SLOPES, *DELTAS, *GRADIENTS)
def slope_at_a(step, quantity):
    return _with_slopes(
        step, quantity, lambda layer: slope(_activation(step, layer), step[f"a_{layer}"])
    )


@gives("slope_formula_at_z", *SLOPES, *DELTAS, *GRADIENTS)
def slope_formula_at_z(step, quantity):
    def at_z(layer):
        name = _name(step, layer)
        if name not in SLOPE_THROUGH_ACTIVATION:  # softmax has no slope of its own
            return None
        found = SLOPE_THROUGH_ACTIVATION[name](step[f"z_{layer}"])
        # Of a linear unit and of ReLU this is the slope.
        return None if np.array_equal(found, step[f"slope_{layer}"]) else found

    return _with_slopes(step, quantity, at_z)


@gives("slope_of_sigmoid", "slope_h", *HIDDEN_LAYER)
def slope_of_sigmoid(step, quantity):
    def of_sigmoid(layer):
        if _name(step, layer) == "sigmoid":
            return None
        return SLOPE_THROUGH_ACTIVATION["sigmoid"](step[f"a_{layer}"])

    return _with_slopes(step, quantity, of_sigmoid)


@gives("factor_of_the_slope_missing", *SLOPES, *DELTAS, *GRADIENTS)
def only_a_for_the_slope(step, quantity):
    def one_factor(layer):
        return step[f"a_{layer}"] if _name(step, layer) == "sigmoid" else None

    return _with_slopes(step, quantity, one_factor)


@gives("factor_of_the_slope_missing", *SLOPES, *DELTAS, *GRADIENTS)
def only_1_minus_a_for_the_slope(step, quantity):
    def other_factor(layer):
        return 1 - step[f"a_{layer}"] if _name(step, layer) == "sigmoid" else None

    return _with_slopes(step, quantity, other_factor)


@gives("activation_for_slope", "slope_h", *HIDDEN_LAYER)
def activation_for_slope(step, quantity):
    def activation(layer):
        return None if _name(step, layer) == "sigmoid" else step[f"a_{layer}"]

    return _with_slopes(step, quantity, activation)


@gives("square_forgotten", "slope_h", *HIDDEN_LAYER)
def square_forgotten(step, quantity):
    def not_squared(layer):
        return 1 - step[f"a_{layer}"] if _name(step, layer) == "tanh" else None

    return _with_slopes(step, quantity, not_squared)


@gives("loss_not_differentiated", *OUTPUT_LAYER)
def loss_not_differentiated(step, quantity):
    squared = (step["t"] - step["a_o"]) ** 2 / 2
    return step.following(delta_o=squared * step["slope_o"])[quantity]


# On the way back


@gives("edge_forgotten", *HIDDEN_LAYER)
def edge_forgotten(step, quantity):
    return step.following(W_o_for_delta_h=np.ones_like(step["W_o"]))[quantity]


@gives("other_edge", *HIDDEN_LAYER)
def other_edge(step, quantity):
    if step["W_o"].shape != (2, 1):
        return None
    return step.following(W_o_for_delta_h=step["W_o"][::-1])[quantity]


@gives("one_path_only", *HIDDEN_LAYER)
def one_path_only(step, quantity):
    outputs = step["W_o"].shape[1]
    if outputs == 1:
        return None
    first = np.arange(outputs) == 0
    return step.following(W_o_for_delta_h=step["W_o"] * first)[quantity]


@gives("updated_output_weights", *HIDDEN_LAYER, "W_h_new", "b_h_new")
def updated_output_weights(step, quantity):
    # A function that is not given a learning rate takes the one in the notebook, or none.
    moved = [step["W_o"] - eta * step["dW_o"] for eta in (step.eta, ETA_OF_THE_NOTEBOOK, 1.0)]
    return [step.following(W_o_for_delta_h=W_o)[quantity] for W_o in moved]


@gives("weighted_input_for_activation", "dW_o")
def weighted_input_for_activation(step, quantity):
    return _weight_gradient(step, "o", step["z_h"])


@gives("start_of_the_edge", "dW_o", "dW_h")
def start_of_the_edge(step, quantity):
    if step["x"].shape != step["a_h"].shape:
        return None
    layer = quantity[-1]
    return _weight_gradient(step, layer, step["a_h" if layer == "h" else "x"])


@gives("weight_for_activation", "dW_o", "dW_h")
def weight_for_activation(step, quantity):
    layer = quantity[-1]
    return step[f"W_{layer}"] * step[f"db_{layer}"]


def _weight_gradient(step, layer, entering):
    """The gradient of a layer's weights if `entering` were what comes into it: (N, units)."""
    delta = step[f"delta_{layer}"] / len(step.x)
    return vjp(lambda W: entering @ W, step[f"W_{layer}"], delta)


# Batches and biases


@gives("sum_over_batch", *GRADIENTS, "E")
def sum_over_batch(step, quantity):
    return len(step.x) * step[quantity] if len(step.x) > 1 else None


@gives("delta_averaged", *DELTAS)
def delta_averaged(step, quantity):
    return step[quantity] / len(step.x) if len(step.x) > 1 else None


@gives("bias_gradient_forgotten", "db_o", "db_h")
def bias_gradient_forgotten(step, quantity):
    return np.zeros_like(step[quantity])


@gives("points_left_apart", "db_o", "db_h")
def points_left_apart(step, quantity):
    return step[f"delta_{quantity[-1]}"] if len(step.x) > 1 else None


@gives("units_added", "db_o", "db_h")
def units_added(step, quantity):
    return step[quantity].sum() if step[quantity].size > 1 else None


# Signs and factors


@gives("wrong_sign", "dE_da_o", *DELTAS, *GRADIENTS)
def wrong_sign(step, quantity):
    return -step[quantity]


@gives("factor_two", "dE_da_o", *DELTAS, *GRADIENTS)
def factor_two(step, quantity):
    return 2 * step[quantity]


@gives("factor_half", "dE_da_o", *DELTAS, *GRADIENTS)
def factor_half(step, quantity):
    return step[quantity] / 2


@gives("transposed", "dW_o", "dW_h", "W_o_new", "W_h_new")
def transposed(step, quantity):
    return step[quantity].T


@gives("incoming_activation_forgotten", "dW_o", "dW_h")
def incoming_activation_forgotten(step, quantity):
    layer = quantity[-1]
    return _weight_gradient(step, layer, np.ones((len(step.x), len(step[f"W_{layer}"]))))


# The update


@gives("loss_of_before_the_step", "E_new")
def loss_of_before_the_step(step, quantity):
    return step["E"]


@gives("not_updated", *NEW)
def not_updated(step, quantity):
    return step[quantity.removesuffix("_new")]


@gives("step_added", *NEW)
def step_added(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] + step.eta * step[f"d{old}"]


@gives("learning_rate_forgotten", *NEW)
def learning_rate_forgotten(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"]


@gives("step_instead_of_weight", *NEW)
def step_instead_of_weight(step, quantity):
    old = quantity.removesuffix("_new")
    return [sign * step.eta * step[f"d{old}"] for sign in (1, -1)]


@gives("step_twice_as_long", *NEW)
def step_twice_as_long(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - 2 * step.eta * step[f"d{old}"]


@gives("step_half_as_long", *NEW)
def step_half_as_long(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - step.eta * step[f"d{old}"] / 2


@gives("learning_rate_divided", *NEW)
def learning_rate_divided(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"] / step.eta


def _half_done(kept):
    @gives("not_all_updated", "E_new")
    def not_all_updated(step, quantity):
        return step.loss_with(
            {name: step[name if name in kept else f"{name}_new"] for name in PARAMETERS}
        )


# One of the four, one layer, the biases or the weights stay as they were.
for kept in (*((name,) for name in PARAMETERS), *HALVES):
    _half_done(kept)
