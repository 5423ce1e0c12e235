"""The wrong values that recognised mistakes give a quantity of one SGD step.

To add a mistake, describe it in catalogue.toml, and write a function of a few lines here under
`@gives(name, *quantities)`: it gets an SGDStep and the name of a quantity, and returns the value
that the mistake would give, or None where it would give nothing of its own.
"""

import numpy as np

from helpers.network import sigmoid
from helpers.reference import pull_back, slope
from helpers.sgd_step import SLOPE_THROUGH_ACTIVATION

DELTAS = ("delta_o", "delta_h")
GRADIENTS = ("dW_o", "db_o", "dW_h", "db_h")
OUTPUT_LAYER = ("delta_o", "dW_o", "db_o")
HIDDEN_LAYER = ("delta_h", "dW_h", "db_h")
NEW = ("W_o_new", "b_o_new", "W_h_new", "b_h_new")

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
            value = wrong(step, quantity)
            if value is not None:
                yield name, value


# Forward pass


@gives("bias_forgotten", "z_h", "z_o")
def _(step, quantity):
    layer = quantity[-1]
    return step[quantity] - step[f"b_{layer}"]


@gives("activation_forgotten", "a_h", "a_o")
def _(step, quantity):
    return step[f"z_{quantity[-1]}"]


@gives("sigmoid_in_hidden_layer", "a_h")
def _(step, quantity):
    if step.net.hidden == "sigmoid":
        return None
    return step.following(a_h=sigmoid(step["z_h"]))[quantity]


@gives("half_forgotten", "E", "E_new")
def _(step, quantity):
    return 2 * step[quantity]


@gives("error_not_squared", "E")
def _(step, quantity):
    return 0.5 * np.abs(step["t"] - step["a_o"]).sum(axis=-1).mean()


@gives("mean_over_outputs", "E", *GRADIENTS)
def _(step, quantity):
    outputs = step["t"].shape[1]
    return step[quantity] / outputs if outputs > 1 else None


# Deltas and gradients: slopes


@gives("slope_forgotten", *DELTAS, *GRADIENTS)
def _(step, quantity):
    if quantity in OUTPUT_LAYER:
        return step.following(delta_o=step["dE_da_o"])[quantity]
    return step.following(delta_h=step["dE_da_h"])[quantity]


@gives("output_slope_forgotten", *HIDDEN_LAYER)
def _(step, quantity):
    return step.following(delta_o=step["dE_da_o"])[quantity]


@gives("slope_at_a", "slope_o", "slope_h", *DELTAS, *GRADIENTS)
def _(step, quantity):
    layer = quantity[-1]
    if quantity.startswith("slope"):
        return slope(_activation(step, layer), step[f"a_{layer}"])
    delta = pull_back(_activation(step, layer), step[f"a_{layer}"], step[f"dE_da_{layer}"])
    return step.following(**{f"delta_{layer}": delta})[quantity]


@gives("slope_formula_at_z", "slope_o", "slope_h", *DELTAS, *GRADIENTS)
def _(step, quantity):
    layer = quantity[-1]
    name = step.net.output if layer == "o" else step.net.hidden
    if name not in ("sigmoid", "tanh"):  # of the others, the slope at z is right
        return None
    form = SLOPE_THROUGH_ACTIVATION[name]
    slope_at_z = form(step[f"z_{layer}"])
    if quantity.startswith("slope"):
        return slope_at_z
    return step.following(**{f"delta_{layer}": step[f"dE_da_{layer}"] * slope_at_z})[quantity]


def _activation(step, layer):
    return step.net.activation(0 if layer == "h" else 1)


@gives("slope_of_sigmoid", "slope_h", *HIDDEN_LAYER)
def _(step, quantity):
    if step.net.hidden == "sigmoid":
        return None
    slope_h = SLOPE_THROUGH_ACTIVATION["sigmoid"](step["a_h"])
    if quantity == "slope_h":
        return slope_h
    return step.following(delta_h=step["dE_da_h"] * slope_h)[quantity]


@gives("updated_output_weights", *HIDDEN_LAYER, "W_h_new", "b_h_new")
def _(step, quantity):
    return step.following(W_o_for_delta_h=step["W_o_new"])[quantity]


@gives("weighted_input_for_activation", "dW_o")
def _(step, quantity):
    delta = step["delta_o"] / len(step.x)
    return pull_back(lambda W: step["z_h"] @ W, step["W_o"], delta)


# Batches and biases


@gives("sum_over_batch", *GRADIENTS, "E")
def _(step, quantity):
    return len(step.x) * step[quantity] if len(step.x) > 1 else None


@gives("delta_averaged", *DELTAS)
def _(step, quantity):
    return step[quantity] / len(step.x) if len(step.x) > 1 else None


@gives("bias_gradient_forgotten", "db_o", "db_h")
def _(step, quantity):
    return np.zeros_like(step[quantity])


# Signs and factors


@gives("wrong_sign", "dE_da_o", *DELTAS, *GRADIENTS)
def _(step, quantity):
    return -step[quantity]


@gives("factor_two", "dE_da_o", *DELTAS, *GRADIENTS)
def _(step, quantity):
    return 2 * step[quantity]


@gives("factor_half", "dE_da_o", *DELTAS, *GRADIENTS)
def _(step, quantity):
    return step[quantity] / 2


@gives("transposed", "dW_o", "dW_h", "W_o_new", "W_h_new")
def _(step, quantity):
    return step[quantity].T


@gives("incoming_activation_forgotten", "dW_o", "dW_h")
def _(step, quantity):
    layer = quantity[-1]
    delta = step[f"delta_{layer}"] / len(step.x)
    ones = np.ones((len(step.x), len(step[f"W_{layer}"])))
    return pull_back(lambda W: ones @ W, step[f"W_{layer}"], delta)


# The update


@gives("not_updated", *NEW, "E_new")
def _(step, quantity):
    return step[quantity.removesuffix("_new")]


@gives("step_added", *NEW)
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] + step.eta * step[f"d{old}"]


@gives("learning_rate_forgotten", *NEW)
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"]


@gives("step_instead_of_weight", *NEW)
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step.eta * step[f"d{old}"]


@gives("step_twice_as_long", *NEW)
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - 2 * step.eta * step[f"d{old}"]


@gives("step_half_as_long", *NEW)
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - step.eta * step[f"d{old}"] / 2
