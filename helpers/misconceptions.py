"""The catalogue of recognised mistakes.

An entry says which quantities it can touch, what number comes out (`wrong`), and the sentence that
leads the student to it. To add one, write a function of a few lines under `@misconception(...)`.
`wrong(step, quantity)` gets an SGDStep and the name of a quantity and returns the value that the
mistake would give, or None where it would give nothing of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers.network import sigmoid
from helpers.reference import pull_back, slope

DELTAS = ("delta_o", "delta_h")
GRADIENTS = ("dW_o", "db_o", "dW_h", "db_h")
OUTPUT_LAYER = ("delta_o", "dW_o", "db_o")
HIDDEN_LAYER = ("delta_h", "dW_h", "db_h")
NEW = ("W_o_new", "b_o_new", "W_h_new", "b_h_new")


@dataclass(frozen=True)
class Misconception:
    """A mistake with a name: where it can occur, what it gives, and how to lead out of it."""

    name: str
    hint: str
    quantities: tuple
    wrong: Callable


CATALOGUE = {}


def misconception(name, hint, *quantities):
    """Add the decorated function, wrong(step, quantity) -> array or None, to the catalogue."""

    def add(wrong):
        CATALOGUE[name] = Misconception(name, hint, quantities, wrong)
        return wrong

    return add


def wrong_values(step, quantity):
    """Yield (name, value) for each mistake that can give `quantity` of `step` a wrong value."""
    for entry in CATALOGUE.values():
        if quantity in entry.quantities:
            value = entry.wrong(step, quantity)
            if value is not None:
                yield entry.name, value


def hint(name):
    """The sentence that leads out of the misconception `name`."""
    return CATALOGUE[name].hint


# Forward pass


@misconception(
    "bias_forgotten",
    "The products are there; does the unit add anything else to them?",
    "z_h", "z_o",
)  # fmt: skip
def _(step, quantity):
    layer = quantity[-1]
    return step[quantity] - step[f"b_{layer}"]


@misconception(
    "activation_forgotten",
    "This is the weighted input z. What does the unit do to z before it passes it on?",
    "a_h", "a_o",
)  # fmt: skip
def _(step, quantity):
    return step[f"z_{quantity[-1]}"]


@misconception(
    "sigmoid_in_hidden_layer",
    "Your hidden units are sigmoids. Which activation do they have here?",
    "a_h",
)  # fmt: skip
def _(step, quantity):
    if step.net.hidden == "sigmoid":
        return None
    return step.following(a_h=sigmoid(step["z_h"]))[quantity]


@misconception(
    "half_forgotten",
    "Compare your number with the loss as it is defined for this course: every factor of it.",
    "E", "E_new",
)  # fmt: skip
def _(step, quantity):
    return 2 * step[quantity]


@misconception(
    "error_not_squared",
    "The loss is built from the error. What is done to the error before it is halved?",
    "E",
)  # fmt: skip
def _(step, quantity):
    return 0.5 * np.abs(step["t"] - step["a_o"]).sum(axis=-1).mean()


@misconception(
    "mean_over_outputs",
    "The loss of a point is a sum over its outputs. Which of the two, outputs and points, is "
    "averaged?",
    "E", *GRADIENTS,
)  # fmt: skip
def _(step, quantity):
    outputs = step["t"].shape[1]
    return step[quantity] / outputs if outputs > 1 else None


# Deltas and gradients: slopes


@misconception(
    "slope_forgotten",
    "The error has arrived at the activation a. One more link of the chain leads from a back to z.",
    "delta_o", "dW_o", "db_o", "delta_h", "dW_h", "db_h",
)  # fmt: skip
def _(step, quantity):
    if quantity in OUTPUT_LAYER:
        return step.following(delta_o=step["dE_da_o"])[quantity]
    return step.following(delta_h=step["dE_da_h"])[quantity]


@misconception(
    "output_slope_forgotten",
    "What comes back to your hidden layer lacks a link, the output's slope: which quantity of the "
    "output unit is sent back?",
    *HIDDEN_LAYER,
)  # fmt: skip
def _(step, quantity):
    return step.following(delta_o=step["dE_da_o"])[quantity]


@misconception(
    "slope_at_a",
    "The slope is f'(z), taken at the weighted input. Which number did you put into f'?",
    "slope_o", "slope_h", "delta_o", "delta_h", "dW_o", "db_o", "dW_h", "db_h",
)  # fmt: skip
def _(step, quantity):
    layer = quantity[-1]
    if quantity.startswith("slope"):
        return slope(_activation(step, layer), step[f"a_{layer}"])
    delta = pull_back(_activation(step, layer), step[f"a_{layer}"], step[f"dE_da_{layer}"])
    return step.following(**{f"delta_{layer}": delta})[quantity]


@misconception(
    "slope_formula_at_z",
    "You use the form of the slope that is written in the activation. Which of z and a does that "
    "form want?",
    "slope_o", "slope_h", "delta_o", "delta_h", "dW_o", "db_o", "dW_h", "db_h",
)  # fmt: skip
def _(step, quantity):
    layer = quantity[-1]
    name = step.net.output if layer == "o" else step.net.hidden
    form = _SLOPE_THROUGH_ACTIVATION.get(name)
    if form is None:
        return None
    slope_at_z = form(step[f"z_{layer}"])
    if quantity.startswith("slope"):
        return slope_at_z
    return step.following(**{f"delta_{layer}": step[f"dE_da_{layer}"] * slope_at_z})[quantity]


_SLOPE_THROUGH_ACTIVATION = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2}


def _activation(step, layer):
    return step.net.activation(0 if layer == "h" else 1)


@misconception(
    "slope_of_sigmoid",
    "This is the slope of a sigmoid. Which activation do these hidden units have?",
    "slope_h", *HIDDEN_LAYER,
)  # fmt: skip
def _(step, quantity):
    if step.net.hidden == "sigmoid":
        return None
    slope_h = _SLOPE_THROUGH_ACTIVATION["sigmoid"](step["a_h"])
    if quantity == "slope_h":
        return slope_h
    return step.following(delta_h=step["dE_da_h"] * slope_h)[quantity]


@misconception(
    "updated_output_weights",
    "These deltas came back through output weights that had already been moved. Which weights made "
    "the forward pass that you are differentiating?",
    *HIDDEN_LAYER, "W_h_new", "b_h_new",
)  # fmt: skip
def _(step, quantity):
    return step.following(W_o_for_delta_h=step["W_o_new"])[quantity]


@misconception(
    "weighted_input_for_activation",
    "You multiply by a weighted input z. What does a weight of the output layer multiply in the "
    "forward pass?",
    "dW_o",
)  # fmt: skip
def _(step, quantity):
    delta = step["delta_o"] / len(step.x)
    return pull_back(lambda W: step["z_h"] @ W, step["W_o"], delta)


# Batches and biases


@misconception(
    "sum_over_batch",
    "The batch is summed. The loss of a batch is the average over its points; what follows for its "
    "gradient?",
    *GRADIENTS, "E",
)  # fmt: skip
def _(step, quantity):
    return len(step.x) * step[quantity] if len(step.x) > 1 else None


@misconception(
    "delta_averaged",
    "A delta belongs to one point. Where does the average over the batch belong?",
    *DELTAS,
)  # fmt: skip
def _(step, quantity):
    return step[quantity] / len(step.x) if len(step.x) > 1 else None


@misconception(
    "bias_gradient_forgotten",
    "A bias moves z as well: by how much does z change when the bias changes by 1?",
    "db_o", "db_h",
)  # fmt: skip
def _(step, quantity):
    return np.zeros_like(step[quantity])


# Signs and factors


@misconception(
    "wrong_sign",
    "The size is right, the sign is not: which way round is the error?",
    "dE_da_o", *DELTAS, *GRADIENTS,
)  # fmt: skip
def _(step, quantity):
    return -step[quantity]


@misconception(
    "factor_two",
    "Exactly twice the right size: what does the factor in front of the squared error become when "
    "you differentiate?",
    "dE_da_o", *DELTAS, *GRADIENTS,
)  # fmt: skip
def _(step, quantity):
    return 2 * step[quantity]


@misconception(
    "factor_half",
    "Exactly half the right size: differentiate the squared error once more, with its factor.",
    "dE_da_o", *DELTAS, *GRADIENTS,
)  # fmt: skip
def _(step, quantity):
    return step[quantity] / 2


@misconception(
    "transposed",
    "The right numbers, with rows and columns exchanged: rows belong to the units a weight leads "
    "from, columns to the units it leads to.",
    "dW_o", "dW_h", "W_o_new", "W_h_new",
)  # fmt: skip
def _(step, quantity):
    return step[quantity].T


@misconception(
    "incoming_activation_forgotten",
    "This is the delta alone. By what does a weight multiply before it adds to that unit's z?",
    "dW_o", "dW_h",
)  # fmt: skip
def _(step, quantity):
    layer = quantity[-1]
    delta = step[f"delta_{layer}"] / len(step.x)
    ones = np.ones((len(step.x), len(step[f"W_{layer}"])))
    return pull_back(lambda W: ones @ W, step[f"W_{layer}"], delta)


# The update


@misconception(
    "not_updated",
    "This is the value from before the step. What does the step subtract from it?",
    *NEW, "E_new",
)  # fmt: skip
def _(step, quantity):
    return step[quantity.removesuffix("_new")]


@misconception(
    "step_added",
    "Your step goes up the slope: the gradient points to where the loss grows.",
    *NEW,
)  # fmt: skip
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] + step.eta * step[f"d{old}"]


@misconception(
    "learning_rate_forgotten",
    "The whole gradient was subtracted. What scales the length of a step?",
    *NEW,
)  # fmt: skip
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"]


@misconception(
    "step_instead_of_weight",
    "This is the step alone. What is it subtracted from?",
    *NEW,
)  # fmt: skip
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step.eta * step[f"d{old}"]


@misconception(
    "step_twice_as_long",
    "The direction is right, and the step is exactly twice as long: where does a factor 2 come in?",
    *NEW,
)  # fmt: skip
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - 2 * step.eta * step[f"d{old}"]


@misconception(
    "step_half_as_long",
    "The direction is right, and the step is exactly half as long: where does a factor ½ come in?",
    *NEW,
)  # fmt: skip
def _(step, quantity):
    old = quantity.removesuffix("_new")
    return step[old] - step.eta * step[f"d{old}"] / 2


# Of single links of the chain, functions and Keras: their questions give the values


def _no_value(step, quantity):
    return None


misconception(
    "other_factor",
    "A product has two factors. You differentiate with respect to one of them: which one stays?",
)(_no_value)
misconception(
    "sum_not_differentiated",
    "Weighted input is a sum; only one term of it contains what you differentiate with respect to.",
)(_no_value)
misconception(
    "sign_turned",
    "The size is right, the sign is not. Follow the signs of the factors.",
)(_no_value)
misconception(
    "factor_of_its_own",
    "Right but for a factor 2 or ½. None of the links brings one along.",
)(_no_value)
misconception(
    "paths_averaged",
    "Each path is right. What does the chain rule do with several of them: is it a mean?",
)(_no_value)
misconception(
    "one_path_only",
    "The unit acts on the loss through every unit that it feeds. How many paths lead on from it?",
)(_no_value)
misconception(
    "forward_difference",
    "This is the forward difference, from w to w + h. Put the step half on each side of w.",
)(_no_value)
misconception(
    "difference_turned",
    "The size is right, the sign is not: which point is subtracted from which?",
)(_no_value)
misconception(
    "full_step_each_side",
    "Your points lie at w + h and w - h. Here h is the full width: half of it goes to each side.",
)(_no_value)
misconception(
    "width_of_the_step",
    "The difference is right, the division is not: how far apart are the two points?",
)(_no_value)
misconception(
    "loss_after_the_step",
    "Your first loss comes from after the first step. Record the loss before each step.",
)(_no_value)
misconception(
    "learning_rate_unchanged",
    "With the same learning rate Keras takes another step: compare the factor in front of its loss "
    "with ½.",
)(_no_value)
misconception(
    "learning_rate_inverted",
    "Keras's gradient and the learning rate have to cancel: does the factor belong above or below?",
)(_no_value)
misconception(
    "outputs_ignored",
    "Right for one output. Keras averages over the outputs as well: where does their number enter?",
)(_no_value)
misconception(
    "loss_of_keras",
    "These are derivatives of the mean over points and outputs, Keras's loss. How does this "
    "course's differ?",
)(_no_value)

# Recognised while comparing (helpers.judging), whatever the quantity

misconception(
    "too_few_digits",
    "Right as far as it goes, but rounded too early: give four decimals.",
)(_no_value)
