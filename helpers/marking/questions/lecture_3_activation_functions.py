"""Lecture 3: derivatives, losses and deltas of the activation functions, softmax, saturation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from helpers.activations import HIDDEN_ACTIVATIONS, sigmoid, softmax
from helpers.asking import lecture_3_activation_functions as asking
from helpers.marking.misconceptions.of_a_step import Value, slope_from_output
from helpers.marking.questions.model import (
    BY_HAND,
    Case,
    Mistake,
    Part,
    Question,
    learning_rate,
    step_case,
    traits_of,
)
from helpers.network import Network
from helpers.reference import gradients, jacobian, slope, vjp
from helpers.sgd_step import PARAMETERS, Quantities, SGDStep, random_step

OneCase = Callable[[np.random.Generator], Case]
LAYERS = 5  # of sigmoids, in the question on vanishing slopes
OUTPUT, TARGET = 0.8, 0.3  # of the output unit whose delta is asked for
STORED = {"tanh": 0.6, "sigmoid": 0.9, "relu": 2.5}
SOFTMAX_OUTPUT = np.array([0.6, 0.3, 0.1])
ONE_HOT = np.array([0.0, 1.0, 0.0])
HIDDEN = ("relu", "sigmoid", "tanh")
# Which z gives a stored activation. Any z that gives it would do: its slope there is the same.
INVERSE: dict[str, Callable[[float], float]] = {
    "linear": lambda a: a,
    "sigmoid": lambda a: np.log(a / (1 - a)),
    "tanh": np.arctanh,
    "relu": lambda a: a,
}


def _question(
    name: str, parts: tuple[Part, ...], case: OneCase, arguments: tuple[str, ...] | None = None
) -> Question:
    """A question with one case; `case` is a function of the random generator."""
    return Question(
        name,
        parts,
        arguments or tuple(part.name for part in parts),
        cases=lambda rng: [case(rng)],
    )


def _numbers(expected: Mapping[str, Value], mistakes: Mapping[str, Sequence[Mistake]]) -> Case:
    """What a case of hand-computed numbers needs: dicts by part of a number, of (name, number)s."""
    return Case(
        {part: np.asarray(value, dtype=float) for part, value in expected.items()},
        {
            part: [(name, np.asarray(value, dtype=float)) for name, value in pairs]
            for part, pairs in mistakes.items()
        },
    )


def _letters(**right: str) -> OneCase:
    """A function that gives the case of a question on letters, the right ones by part."""
    return lambda rng: Case(right)


# Slopes


def _weighted_input(name: str, a: float) -> float:
    """A z at which the activation of this name is `a`. Raises ValueError if none is known."""
    if name not in INVERSE:
        raise ValueError(
            f"activation: expected one of {', '.join(INVERSE)}, of which it is known which z gives "
            f"{a:g}, got {name!r}. Give it an INVERSE in {__name__}."
        )
    return INVERSE[name](a)


def _stored_slopes(rng: np.random.Generator) -> Case:
    expected: Quantities = {}
    mistakes: dict[str, list[Mistake]] = {}
    for name, a in STORED.items():
        function = HIDDEN_ACTIVATIONS[name]
        part = f"slope_{name}"
        expected[part] = slope(function, _weighted_input(name, a))
        mistakes[part] = [("activation_as_slope", a), ("sign_turned", -expected[part])]
        at_a = slope(function, a)
        if at_a != expected[part]:  # as it is for ReLU
            mistakes[part].append(("slope_of_a", at_a))
    mistakes["slope_tanh"] += [
        ("sigmoids_slope_for_tanh", slope_from_output("sigmoid", STORED["tanh"])),
        ("square_forgotten", 1 - STORED["tanh"]),
        ("square_forgotten", (1 - STORED["tanh"]) ** 2),
    ]
    mistakes["slope_sigmoid"] += [
        ("slope_of_tanh", slope_from_output("tanh", STORED["sigmoid"])),
        ("factor_of_the_slope_missing", 1 - STORED["sigmoid"]),
    ]
    mistakes["slope_relu"].append(("relu_taken_as_off", 0.0))
    return _numbers(expected, mistakes)


STORED_SLOPES = tuple(
    Part(
        f"slope_{name}",
        1,
        f"derivative of a {called} unit, from its activation",
        BY_HAND,
        default_hint="which formula in the activation belongs to this function, and what does it "
        "give for the activation of this unit?",
    )
    for name, called in (("tanh", "tanh"), ("sigmoid", "sigmoid"), ("relu", "ReLU"))
)


def _through_layers(rng: np.random.Generator) -> Case:
    """The bound follows from the derivative that the student takes for the largest."""
    largest = slope(sigmoid, 0.0)

    def consequences(own: Quantities) -> Iterator[Quantities]:
        taken = own.get("largest_slope", np.asarray(largest))
        yield {"largest_slope": taken, "bound": taken**LAYERS}

    case = _numbers(
        {"largest_slope": largest, "bound": largest**LAYERS},
        {
            "largest_slope": [
                ("value_where_steepest", 0.5),
                ("largest_slope_of_tanh", 1.0),
                ("factor_above_1", 1 / largest),
            ],
            "bound": [
                ("number_of_layers", largest ** (LAYERS - 1)),
                ("number_of_layers", largest ** (LAYERS + 1)),
                ("slopes_added", LAYERS * largest),
                ("slopes_averaged", largest / LAYERS),
                ("one_layer_only", largest),
                ("factor_above_1", 1 / largest**LAYERS),
            ],
        },
    )
    return replace(case, consequences=consequences)


LAYERS_OF_SIGMOIDS = (
    Part(
        "largest_slope",
        1,
        "the sigmoid's largest derivative",
        BY_HAND,
        default_hint="where is the curve of the sigmoid steepest, and what is a(1 − a) there?",
    ),
    Part(
        "bound",
        1,
        "the largest factor that five layers' derivatives can make",
        BY_HAND,
        default_hint="each of the five layers multiplies the delta by a derivative. What do five "
        "such factors make together, each as large as it can be?",
    ),
)


# Deltas


def _delta(output: str, loss: str) -> float:
    """The complex-step delta of an output unit whose activation is OUTPUT."""
    z = _weighted_input(output, OUTPUT)
    return gradients(Network([[[1.0]]], output=output, loss=loss), [[z]], [[TARGET]]).delta[0][0, 0]


def _output_deltas(rng: np.random.Generator) -> Case:
    expected = {
        "linear_half_squared": _delta("linear", "half_squared"),
        "sigmoid_half_squared": _delta("sigmoid", "half_squared"),
        "sigmoid_cross_entropy": _delta("sigmoid", "cross_entropy"),
    }
    mistakes: dict[str, list[Mistake]] = {
        part: [("wrong_sign", -value), ("factor_two", 2 * value), ("factor_half", value / 2)]
        for part, value in expected.items()
    }
    slope_o = slope(sigmoid, _weighted_input("sigmoid", OUTPUT))
    through_t = slope_from_output("sigmoid", TARGET)
    error = OUTPUT - TARGET
    loss, cross_entropy = (
        Network([[[1.0]]], output="sigmoid", loss=name).loss(
            [[_weighted_input("sigmoid", OUTPUT)]], [[TARGET]]
        )
        for name in ("half_squared", "cross_entropy")
    )
    mistakes["linear_half_squared"] += [
        ("slope_of_linear", error * slope_o),
        ("slope_of_linear", error * through_t),
        ("loss_itself", loss),
    ]
    mistakes["sigmoid_half_squared"] += [
        ("slope_forgotten", error),
        ("slope_at_the_target", error * through_t),
        ("factor_of_the_slope_missing", error * OUTPUT),
        ("factor_of_the_slope_missing", error * (1 - OUTPUT)),
        ("loss_itself", loss),
        ("loss_not_differentiated", loss * slope_o),
    ]
    dE_da = error / slope_o  # of cross-entropy
    mistakes["sigmoid_cross_entropy"] += [
        ("slope_not_cancelled", error * slope_o),
        ("slope_not_cancelled", error * through_t),
        ("slope_forgotten", dE_da),
        ("one_term_only", -TARGET / OUTPUT),
        ("one_term_only", -TARGET * (1 - OUTPUT)),
        ("loss_itself", loss),
        ("loss_itself", cross_entropy),
    ]
    return _numbers(expected, mistakes)


TWO_LINKS = (
    "write down ∂E/∂a for this loss, and how this unit's a changes with z: what is their product?"
)
OUTPUT_DELTAS = (
    Part("linear_half_squared", 1, "delta of a linear output", BY_HAND, default_hint=TWO_LINKS),
    Part(
        "sigmoid_half_squared",
        1,
        "delta of a sigmoid output, half the squared error",
        BY_HAND,
        default_hint=TWO_LINKS,
    ),
    Part(
        "sigmoid_cross_entropy",
        1,
        "delta of a sigmoid output, cross-entropy",
        BY_HAND,
        default_hint=TWO_LINKS,
    ),
)


def _hidden_delta_cases(rng: np.random.Generator) -> list[Case]:
    """A batch that begins with a negative z, and one that begins with a positive one.

    From the first number alone NumPy takes the type of what np.vectorize gives: a 0, or a float.
    """
    return [_hidden_delta(rng, (4, 3), -1), _hidden_delta(rng, (1, 5), 1)]


def _hidden_delta(rng: np.random.Generator, shape: tuple[int, int], first_sign: int) -> Case:
    """delta_h from what came back, `back`, and the stored activations, for each activation."""
    expected: Quantities = {}
    mistakes: dict[str, list[Mistake]] = {}
    z: Quantities = {}
    back = _of_both_signs(rng, rng.uniform(0.5, 1.5, shape))
    for name in HIDDEN:
        function = HIDDEN_ACTIVATIONS[name]
        z[name] = _weighted_inputs(rng, back, first_sign)
        expected[name] = back * slope(function, z[name])
        a = function(z[name])
        mistakes[name] = [
            # Where a is stored, `a >= 0` is true of every ReLU unit, as if there were no mask.
            ("relu_never_off" if name == "relu" else "slope_forgotten", back),
            ("activation_as_slope", back * a),
            ("sign_turned", -expected[name]),
        ]
        at_a = slope(function, a)
        if not np.array_equal(at_a, slope(function, z[name])):  # as it is for ReLU
            mistakes[name].append(("slope_of_a", back * at_a))
        if name == "relu":
            mistakes[name].append(("comparison_without_brackets", np.asarray(back * a > 0, float)))
        else:
            product = back * a if name == "sigmoid" else back
            subtracted = a if name == "sigmoid" else a**2
            mistakes[name].append(("difference_without_brackets", product - subtracted))
        if name != "sigmoid":
            mistakes[name].append(("slope_of_sigmoid", back * slope_from_output("sigmoid", a)))
        else:
            mistakes[name] += [
                ("slope_of_tanh", back * slope_from_output("tanh", a)),
                ("factor_of_the_slope_missing", back * (1 - a)),
            ]
        if name == "tanh":
            mistakes[name].append(("square_forgotten", back * (1 - a)))
            mistakes[name].append(("square_forgotten", back * (1 - a) ** 2))
        if name == "relu":
            for value in (back, expected[name]):  # in place of the unit's own, or besides
                mistakes[name].append(("mask_on_what_comes_back", np.maximum(value, 0)))
        mistakes[name].append(("back_forgotten", slope(function, z[name])))

    test_inputs = {"back": back, "a": {name: HIDDEN_ACTIVATIONS[name](z[name]) for name in HIDDEN}}
    return Case(
        expected,
        mistakes,
        collect_answers=asking.hidden_delta,
        test_inputs=test_inputs,
        label=f"{shape[0]} point{'s' if shape[0] > 1 else ''}",
        traits=traits_of(points=shape[0]),
    )


def _of_both_signs(rng: np.random.Generator, sizes: np.ndarray) -> np.ndarray:
    """`sizes` with signs of which, in whatever draw, as many are positive as negative."""
    return sizes * rng.permuted(np.resize([-1, 1], sizes.size)).reshape(sizes.shape)


def _weighted_inputs(rng: np.random.Generator, back: np.ndarray, first_sign: int) -> np.ndarray:
    """Random weighted inputs, shaped like `back`, away from ReLU's kink; the first has this sign.

    In a batch of several points all that tells a wrong mask from the right one occurs in every
    draw: below and above 1 and below 0, each with something of both signs coming back.
    """
    while True:
        z = _of_both_signs(rng, rng.uniform(0.2, 2, back.shape))
        ranges = ((z > 1.1), (z > 0) & (z < 0.9), (z < 0))
        tells = all((r & (back > 0)).any() and (r & (back < 0)).any() for r in ranges)
        if z[0, 0] * first_sign > 0 and (tells or len(back) == 1):
            return z


HIDDEN_DELTA = tuple(Part(name, 1, f"delta_h with {name} units") for name in HIDDEN)


# Losses

OUTPUT_CHOICES = {
    "house_price": {
        "A": "",
        "B": "Between which two numbers do all outputs of a sigmoid lie? And prices?",
        "C": "Softmax outputs add up to 1. Is there anything to share out here?",
    },
    "spam": {
        "A": "A linear output can say 3 or −2. What should the answer mean?",
        "B": "",
        "C": "One question with the answers yes and no needs one unit. Which output says how sure "
        "one unit is?",
    },
    "digit": {
        "A": "Ten linear outputs are ten numbers without a bound. What should they add up to?",
        "B": "Ten sigmoids answer ten questions one by one, and all could say yes. Here exactly "
        "one class is right.",
        "C": "",
    },
}
WHICH_LOSS = tuple(
    Part(name, 1, words, hint_for_choice=OUTPUT_CHOICES[name])
    for name, words in (
        ("house_price", "the price of a house"),
        ("spam", "spam or not"),
        ("digit", "which of ten digits"),
    )
)


# Softmax

LARGE = 1000.0


def _softmax_cases(rng: np.random.Generator) -> list[Case]:
    """A batch, and a single row of whole numbers, as many as there are no points of."""
    z = rng.uniform(-2, 2, (4, 3))
    # Far above, far below, both in one row, and near: to shift all rows alike helps none of them.
    shifts = rng.permutation([[1, 1, 1], [-1, -1, -1], [1, -1, 0], [0, 0, 0]])
    one_row = rng.permutation([[-30.0, -2.0, 0.0, 1.0, 2.0]], axis=1)
    return [
        _softmax_case(z, z + LARGE * shifts, "4 points"),
        _softmax_case(one_row, one_row + LARGE, "1 point"),
    ]


def _softmax_case(z: np.ndarray, shifted: np.ndarray, label: str) -> Case:
    """Rows near 0 and rows far from it; what overflows far from 0 has no value to compare."""
    expected = {"a": softmax(z), "a_far_from_0": softmax(shifted)}
    powers = np.exp(z)
    largest = np.exp(z.max(axis=1, keepdims=True))
    in_columns = np.exp(z - z.max(axis=0))
    mistakes = {
        "a": [
            ("softmax_over_everything", powers / powers.sum()),
            ("softmax_over_points", powers / powers.sum(axis=0)),
            ("not_shared_out", powers),
            *_slips_without_powers(z),
            *_slips_of_shifted_powers(z),
            *_divided_by_the_largest(z),
            *(("shifted_on_one_side", softmax(z) * factor) for factor in (1 / largest, largest)),
            ("shifted_within_a_row", in_columns / in_columns.sum(axis=1, keepdims=True)),
        ],
        "a_far_from_0": [
            *_slips_of_shifted_powers(shifted),
            *_slips_without_powers(shifted),
            *_divided_by_the_largest(shifted),
        ],
    }

    return Case(
        expected,
        mistakes,
        collect_answers=asking.softmax,
        test_inputs={"z": z, "far_from_0": shifted},
        label=label,
        traits=traits_of(points=len(z)),
    )


def _slips_without_powers(z: np.ndarray) -> Iterator[Mistake]:
    """z itself shared out, as it is and with the largest of each row subtracted."""
    for value in (z, z - z.max(axis=1, keepdims=True)):
        yield "exponential_forgotten", value / value.sum(axis=1, keepdims=True)


def _divided_by_the_largest(z: np.ndarray) -> Iterator[Mistake]:
    """Softmax of z divided by the largest z, of each row or of all."""
    for largest in (z.max(axis=1, keepdims=True), z.max()):
        yield "divided_by_the_largest", softmax(z / largest)


def _slips_of_shifted_powers(z: np.ndarray) -> Iterator[Mistake]:
    """Mistakes of those who subtract the largest z of each row, as they should."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    yield "softmax_over_everything", powers / powers.sum()
    yield "softmax_over_points", powers / powers.sum(axis=0)
    yield "not_shared_out", powers
    yield "sigmoids_for_softmax", sigmoid(z)


SOFTMAX = (
    Part("a", 1, "softmax of each row"),
    Part("a_far_from_0", 1, "softmax of rows far from 0"),
)


def _jacobian_entries(rng: np.random.Generator) -> Case:
    matrix = jacobian(softmax, np.log(SOFTMAX_OUTPUT))
    a_1, a_2, _ = SOFTMAX_OUTPUT
    return _numbers(
        {"da1_dz1": matrix[0, 0], "da1_dz2": matrix[0, 1], "row_sum": 0.0},  # exactly
        {
            "da1_dz1": [
                ("off_diagonal_formula", -a_1 * a_1),
                ("activation_as_slope", a_1),
                ("sign_turned", -matrix[0, 0]),
            ],
            "da1_dz2": [
                ("softmax_elementwise", 0.0),
                ("sign_turned", -matrix[0, 1]),
                ("diagonal_formula", a_1 * (1 - a_2)),
                ("diagonal_formula", matrix[0, 0]),
                ("diagonal_formula", a_2 * (1 - a_2)),
            ],
            "row_sum": [
                ("outputs_for_jacobian", 1.0),
                ("outputs_for_jacobian", a_1),
                ("softmax_elementwise", matrix[0, 0]),
                ("signs_lost_in_a_row", np.abs(matrix[0]).sum()),
            ],
        },
    )


TWO_FORMS = "softmax's derivatives have two forms, for i = j and for i ≠ j. Which one is it here, "
JACOBIAN = (
    Part(
        "da1_dz1",
        1,
        "how the first output changes with its own z",
        BY_HAND,
        default_hint=f"{TWO_FORMS}and which outputs does it contain?",
    ),
    Part(
        "da1_dz2",
        1,
        "how the first output changes with the second z",
        BY_HAND,
        default_hint=f"{TWO_FORMS}and which outputs does it contain, with which sign?",
    ),
    Part(
        "row_sum",
        1,
        "the sum of the first row",
        BY_HAND,
        default_hint="compute all three derivatives of the row and add them, each with its sign. "
        "And what does softmax make of three z that all rise alike?",
    ),
)


def _softmax_delta(rng: np.random.Generator) -> Case:
    z, a, t = np.log(SOFTMAX_OUTPUT), SOFTMAX_OUTPUT, ONE_HOT
    net = Network([np.eye(3)], output="softmax", loss="cross_entropy")
    right = gradients(net, z[None], t[None]).delta[0][0]
    return _numbers(
        {"delta_o": right},
        {
            "delta_o": [
                ("softmax_elementwise", (-t / a) * np.diag(jacobian(softmax, z))),
                ("wrong_sign", -right),
                ("slope_not_cancelled", right * a * (1 - a)),
                ("through_the_other_loss", vjp(softmax, z, a - t)),
                ("slope_forgotten", -t / a),
                ("loss_itself", -t * np.log(a)),
                ("loss_itself", (a - t) ** 2 / 2),
                *(
                    ("other_class", a - other)
                    for other in np.eye(3)
                    if not np.array_equal(other, t)
                ),
            ]
        },
    )


SOFTMAX_DELTA = (
    Part(
        "delta_o",
        2,
        "deltas of the three outputs",
        BY_HAND,
        default_hint="∂E/∂z of an output unit, with softmax and cross-entropy together: which two "
        "numbers of the unit remain in it, and which way round?",
    ),
)


# One step of training

STEP = (
    Part("W_h_new", 1, "new weights of the hidden layer"),
    Part("b_h_new", 1, "new biases of the hidden layer"),
    Part("W_o_new", 1, "new weights of the output layer"),
    Part("b_o_new", 1, "new biases of the output layer"),
)


def _step_cases(rng: np.random.Generator) -> Iterator[Case]:
    """One step with each of the two outputs; numbers of points that no number of units is."""
    for output, points, units in (("softmax", 5, (2, 4, 3)), ("linear", 7, (3, 5, 2))):
        step = _step(rng, output, points, units)
        test_inputs = {name: step[name] for name in ("x", "t", *PARAMETERS)}
        yield step_case(
            step,
            STEP,
            asking.one_step,
            test_inputs | {"eta": step.eta, "output": output},
            label=f"{output} output, {points} points",
            more_mistakes=partial(_mistakes_of_a_step, step),
        )


def _step(
    rng: np.random.Generator, output: str, points: int, units: tuple[int, int, int]
) -> SGDStep:
    """A random step with tanh hidden units; softmax has one-hot targets, of every class."""
    drawn = random_step(
        rng, "tanh", "linear", units=units, n_samples=points, with_eta=learning_rate(rng)
    )
    if output == "linear":
        return drawn
    net = Network(
        drawn.net.weights, drawn.net.biases, hidden="tanh", output=output, loss="cross_entropy"
    )
    classes = rng.permutation(np.resize(np.arange(units[-1]), points))
    return SGDStep(net, drawn.x, np.eye(units[-1])[classes], drawn.eta)


def _mistakes_of_a_step(step: SGDStep, part: str) -> Iterator[Mistake]:
    """What a wrong delta, or a sum in place of the average, makes of new weights and biases."""
    a_o, a_h, back = step["a_o"], step["a_h"], step["dE_da_h"]
    with_slope = {"delta_o": step["delta_o"] * slope_from_output("sigmoid", a_o)}
    if step.net.output == "softmax":
        wrong_deltas = [("softmax_elementwise", {"delta_o": -step["t"] * (1 - a_o)})]
    else:
        wrong_deltas = [("slope_of_linear", with_slope)]
    # Of both outputs, for those who make no difference between them.
    wrong_deltas.append(("slope_not_cancelled", with_slope))
    wrong_deltas += [
        ("slope_forgotten", {"delta_h": back}),
        ("slope_of_sigmoid", {"delta_h": back * slope_from_output("sigmoid", a_h)}),
        ("square_forgotten", {"delta_h": back * (1 - a_h)}),
        ("difference_without_brackets", {"delta_h": back - a_h**2}),
        ("slope_of_a", {"delta_h": back * slope(np.tanh, a_h)}),
    ]
    for name, given in wrong_deltas:
        # The output layer does not feel a wrong delta of the hidden one.
        if "delta_o" in given or part[2] == "h":
            yield name, step.following(**given)[part]
    old = part.removesuffix("_new")
    if old.startswith("b_"):  # one number for all units
        deltas = step[f"delta_{old[2]}"]
        for number in (deltas.mean(), deltas.sum(), deltas.sum() / len(deltas)):
            yield "units_added", step[old] - step.eta * number
    yield "sum_over_batch", step[old] - step.eta * len(step.x) * step[f"d{old}"]


# Saturation and dead units

PREDICTION = (
    Part(
        "half_squared",
        1,
        "whose output moves further in 20 steps, half the squared error",
        hint_for_choice={
            "A": "Its error is the larger one. Which other factor does its delta have, and how "
            "large is that at z = 4?",
            "B": "",
            "C": "The errors are about 0.98 and 0.73. The derivatives are a(1 − a): compute both.",
        },
    ),
    Part(
        "cross_entropy",
        1,
        "which has the larger delta at the start, cross-entropy",
        hint_for_choice={
            "A": "",
            "B": "That is so with half the squared error. Which factor is missing from the delta "
            "now?",
            "C": "The delta is a − t here, and the two outputs differ.",
        },
    ),
)

DEAD = (
    Part(
        "in_W_h",
        1,
        "where the gradient of the hidden weights is 0",
        hint_for_choice={
            "row 1": "A row of W_h belongs to an input. Which weights lead to hidden unit 2?",
            "row 2": "A row of W_h belongs to an input. Which weights lead to hidden unit 2?",
            "column 1": "These lead to hidden unit 1. Which unit is dead?",
            "column 2": "",
        },
    ),
    Part(
        "in_W_o",
        1,
        "where the gradient of the output weights is 0",
        hint_for_choice={
            "row 1": "This weight leads on from hidden unit 1. Which unit passes on 0?",
            "row 2": "",
            "none": "The gradient is the activation before times delta_o. What is the activation "
            "of a dead unit?",
        },
    ),
    Part(
        "comes_back",
        1,
        "whether further steps bring the unit back",
        hint_for_choice={
            "A": "Go through the unit's own weights and bias: by how much does the next step move "
            "them?",
            "B": "",
            "C": "The learning rate multiplies the gradient. What is the gradient here?",
        },
    ),
)

QUESTIONS = (
    _question("l3.slopes", STORED_SLOPES, _stored_slopes),
    Question("l3.hidden_delta", HIDDEN_DELTA, ("delta_h",), _hidden_delta_cases),
    _question("l3.which_loss", WHICH_LOSS, _letters(house_price="A", spam="B", digit="C")),
    _question("l3.output_deltas", OUTPUT_DELTAS, _output_deltas),
    Question("l3.softmax", SOFTMAX, ("softmax",), _softmax_cases),
    _question("l3.jacobian", JACOBIAN, _jacobian_entries),
    _question("l3.softmax_delta", SOFTMAX_DELTA, _softmax_delta),
    Question("l3.train_softmax", STEP, ("one_step",), lambda rng: list(_step_cases(rng))),
    _question("l3.saturation", PREDICTION, _letters(half_squared="B", cross_entropy="A")),
    _question("l3.layers", LAYERS_OF_SIGMOIDS, _through_layers),
    _question("l3.dead_unit", DEAD, _letters(in_W_h="column 2", in_W_o="row 2", comes_back="B")),
)
