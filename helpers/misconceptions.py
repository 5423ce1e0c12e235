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
from helpers.sgd_step import SLOPE_THROUGH_ACTIVATION

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
    if name not in ("sigmoid", "tanh"):  # of the others, the slope at z is right
        return None
    form = SLOPE_THROUGH_ACTIVATION[name]
    slope_at_z = form(step[f"z_{layer}"])
    if quantity.startswith("slope"):
        return slope_at_z
    return step.following(**{f"delta_{layer}": step[f"dE_da_{layer}"] * slope_at_z})[quantity]


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
    slope_h = SLOPE_THROUGH_ACTIVATION["sigmoid"](step["a_h"])
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
    "Your points lie a whole h to each side. Here h is the full width: half of it goes to each "
    "side.",
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
misconception(
    "activation_for_slope",
    "The sum over the paths is there. It is multiplied by the activation: what belongs there?",
)(_no_value)
misconception(
    "sign_of_a_path",
    "A sign got lost on one of the paths. Check the sign of each product before you add them.",
)(_no_value)
misconception(
    "target_of_the_text",
    "This comes from the target that the text has used so far. Which one does the question set?",
)(_no_value)
misconception(
    "inputs_of_the_text",
    "This comes from the inputs in the picture. Which ones does the question set?",
)(_no_value)
misconception(
    "units_swapped",
    "The right numbers for the units, in the other order: unit 1 comes first.",
)(_no_value)
misconception(
    "weights_read_across",
    "The rows of the matrix are “from”. Which two edges end at hidden unit 1?",
)(_no_value)
misconception(
    "activation_for_weighted_input",
    "This is the activation. What does the unit compute before it applies its function?",
)(_no_value)
misconception(
    "weight_for_activation",
    "You multiply by the weight itself. What does the weight multiply in the forward pass?",
)(_no_value)
misconception(
    "other_edge",
    "The delta came back over the edge of another unit. Which edge leads from this one?",
)(_no_value)
misconception(
    "slope_of_another_unit",
    "The path is right, the slope is that of another unit. Which unit's delta is it?",
)(_no_value)
misconception(
    "edge_forgotten",
    "On its way back the delta of the output passes an edge. Over which one does it come here?",
)(_no_value)
misconception(
    "start_of_the_edge",
    "The delta is right. Which number stands at the start of this weight's edge?",
)(_no_value)
misconception(
    "sigmoids_slope_for_tanh",
    "This is the slope of a sigmoid with that activation. The unit is a tanh unit.",
)(_no_value)
misconception(
    "factor_of_the_slope_missing",
    "One factor of the sigmoid's slope is missing: it has two, both made of the activation.",
)(_no_value)
misconception(
    "back_forgotten",
    "This is the slope alone. What has come back over the edges?",
)(_no_value)
misconception(
    "other_class",
    "The outputs are right, the target is that of another class: at which place does its 1 stand?",
)(_no_value)
misconception(
    "number_of_layers",
    "A power of the largest slope, but not that of five layers. Each layer gives one slope.",
)(_no_value)
misconception(
    "count_off_by_one",
    "Close, but a count is exact: what is counted once too often, or too little?",
)(_no_value)
misconception(
    "network_of_the_text",
    "This is the count for the network of the text. How large is the one in the question?",
)(_no_value)
misconception(
    "points_added",
    "You added the two points' derivatives. The loss of several points is their average.",
)(_no_value)
misconception(
    "one_point_only",
    "This is the gradient of one of the two points. What is done with both?",
)(_no_value)
misconception(
    "bias_not_averaged",
    "The first entry is averaged over the points, the second is not.",
)(_no_value)
misconception(
    "bracket_forgotten",
    "What is divided by h: the whole difference, or its last term only?",
)(_no_value)
misconception(
    "rows_and_columns_exchanged",
    "The right two numbers in the other order. Rows come first: what does a row stand for here?",
)(_no_value)
misconception(
    "last_batch_forgotten",
    "You count full batches only. What happens to the points that are left over?",
)(_no_value)
misconception(
    "fraction_of_a_batch",
    "The points do not divide evenly into batches. How many batches does one epoch really have?",
)(_no_value)
misconception(
    "one_epoch_only",
    "This is one epoch. How many are there?",
)(_no_value)
misconception(
    "one_update_an_epoch",
    "One update for each epoch is what the whole data set as one batch would give.",
)(_no_value)
misconception(
    "one_update_a_point",
    "One update for each point is what batches of one point would give.",
)(_no_value)
misconception(
    "activation_as_slope",
    "This is the activation itself. How much does it grow when z grows by a little?",
)(_no_value)
misconception(
    "slope_of_a",
    "You put the stored activation through f' once more. The form that is written in a takes it as "
    "it is.",
)(_no_value)
misconception(
    "slope_of_tanh",
    "This belongs to tanh. Which slope belongs to a sigmoid?",
)(_no_value)
misconception(
    "slope_of_linear",
    "You multiplied by a sigmoid's slope. What is the slope of f(z) = z?",
)(_no_value)
misconception(
    "square_forgotten",
    "Nearly: in the slope of tanh, what is done to the activation before it is subtracted?",
)(_no_value)
misconception(
    "slope_not_cancelled",
    "There is one slope too many. Write down ∂E/∂a for cross-entropy: what does it cancel?",
)(_no_value)
misconception(
    "slopes_added",
    "The slopes are added. What does the chain rule do with the links of one path?",
)(_no_value)
misconception(
    "slopes_averaged",
    "Divided by the number of layers. What does the chain rule do with the links of one path?",
)(_no_value)
misconception(
    "one_layer_only",
    "This is the factor of one layer. A delta passes every layer on its way back.",
)(_no_value)
misconception(
    "softmax_elementwise",
    "You treat softmax like a function of one z. Does a softmax output change when another z does?",
)(_no_value)
misconception(
    "diagonal_formula",
    "This form belongs to the diagonal. What remains of it where the two indices differ?",
)(_no_value)
misconception(
    "off_diagonal_formula",
    "This form belongs beside the diagonal. What is added where the two indices are equal?",
)(_no_value)
misconception(
    "outputs_for_jacobian",
    "The outputs add up to 1. How much can their sum, or one output, change if all z rise alike?",
)(_no_value)
misconception(
    "through_the_other_loss",
    "These are the deltas of the half-squared error behind softmax. Which loss is it here?",
)(_no_value)
misconception(
    "softmax_over_everything",
    "The whole batch adds up to 1. Each point is a row of its own: over which axis is the sum?",
)(_no_value)
misconception(
    "softmax_over_points",
    "Each column adds up to 1. Which axis runs over the outputs of one point?",
)(_no_value)
misconception(
    "not_shared_out",
    "These are the exponentials. What are they divided by?",
)(_no_value)
misconception(
    "exponential_forgotten",
    "z itself is shared out. What is done to z first, so that all parts are above 0?",
)(_no_value)
misconception(
    "sigmoids_for_softmax",
    "These are sigmoids, one by one. What do the outputs of softmax add up to in each row?",
)(_no_value)
misconception(
    "power_turned",
    "The two numbers are exchanged. How many choices are there for the first weight alone?",
)(_no_value)
misconception(
    "values_times_weights",
    "You add up the choices. With two weights, can each value of one meet each value of the other?",
)(_no_value)
misconception(
    "biases_not_counted",
    "All the weights are there. What else does every hidden and output unit have?",
)(_no_value)
misconception(
    "inputs_have_no_bias",
    "You gave the inputs biases. Do input units compute anything?",
)(_no_value)
misconception(
    "says_or",
    "This unit says OR. Move the line: which knob does that?",
)(_no_value)
misconception(
    "says_always_the_same",
    "On all four corners z lies on the same side of 0. Where is the line?",
)(_no_value)
misconception(
    "inner_derivative_forgotten",
    "The chain rule has two factors. What does the inner function contribute?",
)(_no_value)
misconception(
    "other_variable",
    "This is the derivative with respect to the other variable. Which one is held fixed here?",
)(_no_value)
misconception(
    "constant_kept",
    "What does a constant that is added become when you differentiate?",
)(_no_value)
misconception(
    "outer_not_differentiated",
    "The inner derivative is there; the outer function is still a square. Differentiate it too.",
)(_no_value)
misconception(
    "exponent_forgotten",
    "Half the right size: what does the exponent become when you differentiate a square?",
)(_no_value)
misconception(
    "order_of_variables",
    "The right two numbers in the other order: which variable comes first?",
)(_no_value)
misconception(
    "across_the_slope",
    "This is at right angles to the gradient, along a line of equal loss.",
)(_no_value)
misconception(
    "one_sign_only",
    "You turned one of the two components. The opposite direction takes more.",
)(_no_value)
misconception(
    "components_added",
    "A length is not the sum of the components: think of a right triangle.",
)(_no_value)
misconception(
    "length_squared",
    "This is the square of the length. One operation is left.",
)(_no_value)
misconception(
    "symmetric_asked_below",
    "Your points lie on both sides of x. The forward difference starts at x itself.",
)(_no_value)
misconception(
    "backward_difference",
    "You go from x - h to x. The forward difference goes the other way.",
)(_no_value)
misconception(
    "not_divided",
    "This is the change of f. What makes a change into a slope?",
)(_no_value)
misconception(
    "order_too_high",
    "This would be an error of order h². Of which order is the forward difference's?",
)(_no_value)
misconception(
    "order_too_low",
    "This would be an error of order h. Look at its order once more: what becomes of h²?",
)(_no_value)
misconception(
    "factor_below_1",
    "The question is by which factor the error becomes smaller, so give a number above 1.",
)(_no_value)
misconception(
    "point_itself_not_counted",
    "One run for each parameter, moved. Where does the value that you subtract come from?",
)(_no_value)
misconception(
    "point_counted_each_time",
    "The run with no parameter moved is the same for all of them: how often is it needed?",
)(_no_value)
misconception(
    "both_sides_counted_once",
    "The symmetric difference moves each parameter to both sides. How many runs is that?",
)(_no_value)
misconception(
    "point_not_needed",
    "Does the symmetric difference use the value at the point itself?",
)(_no_value)
misconception(
    "input_forgotten",
    "For the weight, the error is multiplied by something before it is averaged. By what?",
)(_no_value)

# Recognised while comparing (helpers.judging), whatever the quantity

misconception(
    "too_few_digits",
    "Right as far as it goes, but rounded too early: give four decimals.",
)(_no_value)
