"""The wrong values that recognised mistakes give a quantity of one SGD step.

To add a mistake, describe it in catalogue.toml, and write a function of a few lines here under
`@gives(name, *quantities)`: it gets an SGDStep and the name of a quantity, and returns the value
that the mistake would give, a list of values if there are several ways to make it, or None where it
would give nothing of its own.
"""

from collections.abc import Callable, Iterator

import numpy as np

from helpers.activations import ACTIVATIONS, sigmoid
from helpers.marking.misconceptions import CATALOGUE
from helpers.personal.problem_data import DEFAULT_PROBLEM
from helpers.reference import slope, vjp
from helpers.sgd_step import PARAMETERS, SGDStep

Value = np.ndarray | float  # NumPy's scalars are floats as well
Values = Value | list[np.ndarray] | None  # one, one for each way to make a mistake, or none
Wrong = Callable[[SGDStep, str], Values]

SLOPES = ("slope_o", "slope_h")
DELTAS = ("delta_o", "delta_h")
GRADIENTS = ("dW_o", "db_o", "dW_h", "db_h")
OUTPUT_LAYER = ("delta_o", "dW_o", "db_o")
HIDDEN_LAYER = ("delta_h", "dW_h", "db_h")
NEW = ("W_o_new", "b_o_new", "W_h_new", "b_h_new")
ETA_OF_THE_NOTEBOOK = DEFAULT_PROBLEM.eta / 100  # the name is at hand in Problem 3
HALVES = (("W_h", "b_h"), ("W_o", "b_o"), ("b_h", "b_o"), ("W_h", "W_o"))

# (name, quantities, function), in the order in which they are tried
_makers: list[tuple[str, tuple[str, ...], Wrong]] = []


def gives(name: str, *quantities: str) -> Callable[[Wrong], Wrong]:
    """Let the decorated function, wrong(step, quantity), stand for the mistake `name`.

    Raises ValueError if the catalogue has no such mistake.
    """
    if name not in CATALOGUE:
        raise ValueError(f"{name}: expected a mistake that stands in catalogue.toml.")

    def add(wrong: Wrong) -> Wrong:
        _makers.append((name, quantities, wrong))
        return wrong

    return add


def wrong_values(step: SGDStep, quantity: str) -> Iterator[tuple[str, Value]]:
    """Yield (name, value) for each mistake that can give `quantity` of `step` a wrong value."""
    for name, quantities, wrong in _makers:
        if quantity in quantities:
            found = wrong(step, quantity)
            values = found if isinstance(found, list) else [found]
            yield from ((name, value) for value in values if value is not None)


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


# Forward pass


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
def error_not_squared(step: SGDStep, quantity: str) -> float:
    return 0.5 * np.abs(step["t"] - step["a_o"]).sum(axis=-1).mean()


@gives("mean_over_outputs", "E", *GRADIENTS)
def mean_over_outputs(step: SGDStep, quantity: str) -> np.ndarray | None:
    outputs = step["t"].shape[1]
    return step[quantity] / outputs if outputs > 1 else None


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
        return None if _name(step, layer) == "sigmoid" else step[f"a_{layer}"]

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


@gives("sum_over_batch", *GRADIENTS, "E")
def sum_over_batch(step: SGDStep, quantity: str) -> np.ndarray | None:
    return len(step.x) * step[quantity] if len(step.x) > 1 else None


@gives("delta_averaged", *DELTAS)
def delta_averaged(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step[quantity] / len(step.x) if len(step.x) > 1 else None


@gives("bias_gradient_forgotten", "db_o", "db_h")
def bias_gradient_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    return np.zeros_like(step[quantity])


@gives("points_left_apart", "db_o", "db_h")
def points_left_apart(step: SGDStep, quantity: str) -> np.ndarray | None:
    return step[f"delta_{quantity[-1]}"] if len(step.x) > 1 else None


@gives("units_added", "db_o", "db_h")
def units_added(step: SGDStep, quantity: str) -> float | None:
    return step[quantity].sum() if step[quantity].size > 1 else None


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


@gives("incoming_activation_forgotten", "dW_o", "dW_h")
def incoming_activation_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    layer = quantity[-1]
    return _weight_gradient(step, layer, np.ones((len(step.x), len(step[f"W_{layer}"]))))


# The update


@gives("loss_of_before_the_step", "E_new")
def loss_of_before_the_step(step: SGDStep, quantity: str) -> np.ndarray:
    return step["E"]


@gives("not_updated", *NEW)
def not_updated(step: SGDStep, quantity: str) -> np.ndarray:
    return step[quantity.removesuffix("_new")]


@gives("step_added", *NEW)
def step_added(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] + step.eta * step[f"d{old}"]


@gives("learning_rate_forgotten", *NEW)
def learning_rate_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"]


@gives("step_instead_of_weight", *NEW)
def step_instead_of_weight(step: SGDStep, quantity: str) -> list[np.ndarray]:
    old = quantity.removesuffix("_new")
    return [sign * step.eta * step[f"d{old}"] for sign in (1, -1)]


@gives("step_twice_as_long", *NEW)
def step_twice_as_long(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - 2 * step.eta * step[f"d{old}"]


@gives("step_half_as_long", *NEW)
def step_half_as_long(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - step.eta * step[f"d{old}"] / 2


@gives("learning_rate_divided", *NEW)
def learning_rate_divided(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"] / step.eta


def _half_done(kept: tuple[str, ...]) -> None:
    @gives("not_all_updated", "E_new")
    def not_all_updated(step: SGDStep, quantity: str) -> float:
        return step.loss_with(
            {name: step[name if name in kept else f"{name}_new"] for name in PARAMETERS}
        )


# One of the four, one layer, the biases or the weights stay as they were.
for kept in (*((name,) for name in PARAMETERS), *HALVES):
    _half_done(kept)
