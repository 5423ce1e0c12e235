"""What slips give in questions that are not about the quantities of one step.

As in `textbook`: from the hints' sentences, by arithmetic, without anything of helpers.marking.
`values(question, part, name, case, right)` gives a list of values, empty if nothing is known.
"""

import numpy as np

from helpers.course import HIDDEN, lecture_step, next_step, slide_example, tutorial_step
from tests.marking.textbook import FROM_OUTPUT, FUNCTIONS, RATES, SLOPES, Textbook, sigmoid

COUNTS = {
    ("l1.count", "networks_6"): {
        "power_turned": [9**6],
        "values_times_weights": [6 * 9],
        "numbers_added": [6 + 9],
        "caret_for_power": [15],
        "power_of_ten": [6e9],
    },
    ("l1.count", "networks_10"): {
        "power_turned": [9**10],
        "values_times_weights": [10 * 9],
        "numbers_added": [10 + 9],
        "caret_for_power": [3],
        "power_of_ten": [10e9],
    },
    ("l1.count", "parameters"): {
        "biases_not_counted": [784 * 30 + 30 * 10],
        "one_bias_a_layer": [784 * 30 + 1 + 30 * 10 + 1, 784 * 30 + 30 * 10 + 3],
        "layers_multiplied": [784 * 30 * 10],
        "inputs_have_no_bias": [784 * 30 + 30 * 10 + 30 + 10 + 784],
    },
    ("l1.perceptron", "answers"): {
        "says_or": [[0, 1, 1, 1]],
        "says_always_the_same": [[0, 0, 0, 0], [1, 1, 1, 1]],
    },
    ("l1.error", "forward_factor"): {"order_too_high": [100], "factor_below_1": [0.1]},
    ("l1.error", "central_factor"): {
        "order_too_low": [10],
        "factor_below_1": [0.01],
        "doubled_for_squared": [2 * 10],
    },
    ("l1.cost", "forward_runs"): {
        "point_itself_not_counted": [79510],
        "point_counted_each_time": [2 * 79510],
        "network_of_the_text": [23861, 23860],
        "biases_not_counted": [784 * 100 + 100 * 10, 784 * 100 + 100 * 10 + 1],
        "inputs_have_no_bias": [79510 + 784, 79510 + 784 + 1],
        "one_bias_a_layer": [79400 + biases + 1 for biases in (1, 2, 3)],
        "layers_multiplied": [784_000, 784_001],
    },
    ("l1.cost", "central_runs"): {
        "both_sides_counted_once": [79510, 79511],
        "point_not_needed": [2 * 79510 + 1],
        "network_of_the_text": [2 * 23860],
        "biases_not_counted": [2 * 79400, 2 * 79400 + 1],
        "inputs_have_no_bias": [2 * (79510 + 784), 2 * (79510 + 784) + 1],
        "one_bias_a_layer": [2 * (79400 + b) + more for b in (2, 3) for more in (0, 1)],
        "layers_multiplied": [2 * 784_000, 2 * 784_000 + 1],
    },
    ("l2.any_depth", "needed"): {
        "all_later_units": [[8, 9, 10, 11], [8, 9, 10, 12], [8, 9, 10, 11, 12]],
        "outputs_alone": [[11], [12], [11, 12]],
        "inputs_for_deltas": [[1, 2, 3, 4], [1, 2, 3, 4, 5], [1, 2, 3, 4, 8, 9, 10]],
        "units_of_its_own_layer": [
            *([5], [6, 7], [5, 6, 7]),
            *([5, 8, 9, 10], [6, 7, 8, 9, 10], [5, 6, 7, 8, 9, 10]),
        ],
        "some_of_its_edges": [[8], [9], [10], [8, 9], [8, 10], [9, 10]],
    },
    ("l1.step", "gradient"): {
        "one_point_only": [[2 * 0, 2], [2 * -4, -4]],
        "bias_not_averaged": [[-4, 2 - 4]],
        "input_forgotten": [[-1, -1]],
    },
    ("l1.step", "new"): {
        "step_instead_of_weight": [[1, 0.25], [-1, -0.25]],
        "learning_rate_forgotten": [[-1 + 4, 3 + 1]],
    },
    ("l1.direction", "rate"): {"components_added": [3 + 4, 4 - 3], "length_squared": [25]},
    ("l2.output_delta", "link_2"): {"slope_at_0": [[[0.25]]]},
    ("l2.updates", "updates"): {
        "last_batch_forgotten": [10 * 15],
        "fraction_of_a_batch": [10 * 1000 / 64, 10 * 1000 // 64, 10 * 1000 // 64 + 1],
        "size_for_number_of_batches": [10 * 64],
        "one_epoch_only": [16],
        "one_update_an_epoch": [10],
        "one_update_a_point": [10_000],
    },
    ("l2.two_paths", "delta_j"): {
        "slope_forgotten": [0.3 * 0.5 - 0.2 * 2],
        "one_path_only": [0.3 * 0.5 * 0.8 * 0.2, -0.2 * 2 * 0.8 * 0.2],
        "sign_of_a_path": [(0.3 * 0.5 + 0.2 * 2) * 0.8 * 0.2],
        "sum_without_brackets": [0.15 - 0.4 * 0.16, 0.15 * 0.16 - 0.4],
        "slope_without_brackets": [(0.3 * 0.5 - 0.2 * 2) * 0.8 * 1 - 0.8],
        "paths_averaged": [(0.3 * 0.5 - 0.2 * 2) * 0.8 * 0.2 / 2],
        "activation_for_slope": [(0.3 * 0.5 - 0.2 * 2) * 0.8],
        "slope_at_a": [(0.3 * 0.5 - 0.2 * 2) * sigmoid(0.8) * (1 - sigmoid(0.8))],
        "factor_of_the_slope_missing": [(0.3 * 0.5 - 0.2 * 2) * 0.2, (0.3 * 0.5 - 0.2 * 2) * 0.8],
        "edges_crossed": [(0.3 * 2 - 0.2 * 0.5) * 0.8 * 0.2],
        "edge_forgotten": [(0.3 - 0.2) * 0.8 * 0.2],
        "paths_multiplied": [0.3 * 0.5 * -0.2 * 2 * 0.8 * 0.2],
        "every_delta_on_every_edge": [(0.3 - 0.2) * (0.5 + 2) * 0.8 * 0.2],
        "slope_of_other_numbers": [(0.3 * 0.5 - 0.2 * 2) * 0.8 * f for f in (1.8, 0.8)],
    },
    ("l3.slopes", "slope_tanh"): {
        "activation_as_slope": [0.6],
        "slope_of_a": [1 - np.tanh(0.6) ** 2],
        "sigmoids_slope_for_tanh": [0.6 * 0.4],
        "square_forgotten": [1 - 0.6, (1 - 0.6) ** 2],
    },
    ("l3.slopes", "slope_sigmoid"): {
        "activation_as_slope": [0.9],
        "slope_of_a": [sigmoid(0.9) * (1 - sigmoid(0.9))],
        "slope_of_tanh": [1 - 0.9**2],
        "factor_of_the_slope_missing": [0.9, 1 - 0.9],
    },
    ("l3.slopes", "slope_relu"): {"activation_as_slope": [2.5], "relu_taken_as_off": [0]},
    ("l3.output_deltas", "linear_half_squared"): {
        "slope_of_linear": [0.5 * 0.8 * 0.2, 0.5 * 0.3 * 0.7],
        "loss_itself": [0.5**2 / 2],
    },
    ("l3.output_deltas", "sigmoid_half_squared"): {
        "slope_forgotten": [0.8 - 0.3],
        "slope_at_the_target": [0.5 * 0.3 * 0.7],
        "factor_of_the_slope_missing": [0.5 * 0.8, 0.5 * 0.2],
        "loss_itself": [0.5**2 / 2],
        "loss_not_differentiated": [0.5**2 / 2 * 0.8 * 0.2],
    },
    ("l3.output_deltas", "sigmoid_cross_entropy"): {
        "slope_not_cancelled": [0.5 * 0.8 * 0.2, 0.5 * 0.3 * 0.7],
        "slope_forgotten": [0.5 / (0.8 * 0.2)],
        "one_term_only": [-0.3 / 0.8, -0.3 / 0.8 * 0.8 * 0.2],
        "loss_itself": [0.5**2 / 2, -0.3 * np.log(0.8) - 0.7 * np.log(0.2)],
    },
    ("l3.jacobian", "da1_dz1"): {
        "off_diagonal_formula": [-0.6 * 0.6],
        "activation_as_slope": [0.6],
    },
    ("l3.jacobian", "da1_dz2"): {
        "softmax_elementwise": [0],
        "diagonal_formula": [0.6 * (1 - 0.3), 0.6 * (1 - 0.6), 0.3 * (1 - 0.3)],
    },
    ("l3.jacobian", "row_sum"): {
        "outputs_for_jacobian": [1, 0.6],
        "signs_lost_in_a_row": [0.6 * 0.4 + 0.6 * 0.3 + 0.6 * 0.1],
        "softmax_elementwise": [0.6 * 0.4],
    },
    ("l3.layers", "largest_slope"): {
        "value_where_steepest": [0.5],
        "largest_slope_of_tanh": [1],
        "factor_above_1": [4],
    },
    ("l3.layers", "bound"): {
        "number_of_layers": [0.25**4, 0.25**6],
        "slopes_added": [5 * 0.25],
        "slopes_averaged": [0.25 / 5],
        "one_layer_only": [0.25],
        "factor_above_1": [4**5],
    },
}
LEARNING_RATES = {"l1.step": 0.25, "l2.slide_gradients": 0.1}
A, T = np.array([0.6, 0.3, 0.1]), np.array([0, 1, 0])
COUNTS["l3.softmax_delta", "delta_o"] = {
    "softmax_elementwise": [-T * (1 - A)],
    "slope_not_cancelled": [(A - T) * A * (1 - A)],
    "through_the_other_loss": [A * ((A - T) - (A * (A - T)).sum())],
    "slope_forgotten": [-T / A],
    "other_class": [A - [1, 0, 0], A - [0, 0, 1]],
    "loss_itself": [-T * np.log(A), (A - T) ** 2 / 2],
}


def values(question, part, name, case, right):
    known = COUNTS.get((question, part), {}).get(name)
    if known is not None:
        return [np.asarray(value, dtype=float) for value in known]
    if name == "count_off_by_one":
        return [right + off for off in (-2, -1, 1, 2)]
    if name in ("order_of_variables", "rows_and_columns_exchanged"):
        return [right[..., ::-1]]
    if name == "across_the_slope":
        return [right[::-1] * [1, -1], right[::-1] * [-1, 1]]
    if name == "one_sign_only":
        return [right * [1, -1], right * [-1, 1]]
    if name == "not_updated":
        return [case.given[part]]
    if name == "of_another_section":
        section = question.split(".")[1]
        others = [Textbook(tutorial_step(hidden)) for hidden in HIDDEN if hidden != section]
        return [book(part) for book in others]
    if name == "started_from_moved_weights":
        own = Textbook(tutorial_step(question.split(".")[1]))
        change = own(part) - own.parameters[part.removesuffix("_new")]
        return [Textbook(tutorial_step(hidden))(part) + change for hidden in HIDDEN]
    made = BY_QUESTION.get(question)
    return made(part, name, case.test_inputs, right) if made else []


def _by_rules(part, name, inputs, right):
    if part == "gradient_f":
        return {
            "inner_derivative_forgotten": [right * [1 / 2, 1 / 3]],
            "coordinates_exchanged": [np.array([4, 6]) * (2 * 3 + 3 * 1)],
        }.get(name, [])
    inner = 2 * inputs["point"]["x_1"] + 3 * inputs["point"]["x_2"]
    return {
        "inner_derivative_forgotten": [2 * inner],
        "other_variable": [2 * inner * 2],
        "inner_term_kept": [2 * inner * 3 * inputs["point"]["x_2"]],
        "constant_kept": [2 * inner * 3 + 3],
        "outer_not_differentiated": [inner**2 * 3],
        "exponent_forgotten": [inner * 3],
        "derivatives_added": [2 * inner + 3],
    }.get(name, [])


def _differences(part, name, inputs, right):
    a, b, x, h = (inputs[symbol] for symbol in ("a", "b", "x", "h"))

    def f(x):
        return a * x**3 + b * x

    narrow, wide = f(x + h / 2) - f(x - h / 2), f(x + h) - f(x - h)
    forward = part == "forward_difference"
    return {
        "central_asked_below": [narrow / h, wide / (2 * h), wide / h],
        "backward_difference": [(f(x) - f(x - h)) / h],
        "forward_difference": [(f(x + h) - f(x)) / h],
        "full_step_each_side": [wide / (2 * h), wide / h],
        "not_divided": [f(x + h) - f(x) if forward else narrow],
        "multiplied_by_the_width": [
            *((f(x + h) - f(x)) * h, (f(x + h) - f(x)) / 2 * h),
            *(narrow * h, narrow / 2 * h, wide / 2 * h),
        ],
        "halved_with_the_point": [(f((x + h) / 2) - f((x - h) / 2)) / h],
        "bracket_forgotten": [f(x + h) - f(x) / h if forward else f(x + h / 2) - f(x - h / 2) / h],
    }.get(name, [])


def _central(part, name, inputs, right):
    c, w, h = inputs["factors"], inputs["w"], inputs["h"]

    def f(w):
        return (c * w**3).sum() + w.prod()

    def quotients(above, below, width):
        found = np.empty(w.shape)
        for place in np.ndindex(w.shape):
            one = np.zeros(w.shape)
            one[place] = 1
            found[place] = (f(w + above * one) - f(w - below * one)) / width
        return found

    def moved_by(above, below, places):
        one = np.zeros(w.shape)
        one[places] = 1
        return f(w + above * one) - f(w - below * one)

    def by_rows():
        found = np.empty(w.shape)
        for row in range(len(w)):
            found[row] = moved_by(h / 2, h / 2, row) / h
        return found

    def without_brackets():
        found = np.empty(w.shape)
        for place in np.ndindex(w.shape):
            one = np.zeros(w.shape)
            one[place] = h / 2
            found[place] = f(w + one) - f(w - one) / h
        return found

    def on_both_sides_left():
        above, below, found = w.copy(), w.copy(), np.empty(w.shape)
        for place in np.ndindex(w.shape):
            above[place] += h / 2
            below[place] -= h / 2
            found[place] = (f(above) - f(below)) / h
        return found

    def halved():
        found = np.empty(w.shape)
        for place in np.ndindex(w.shape):
            above, below = w.copy(), w.copy()
            above[place] = (above[place] + h) / 2
            below[place] = (below[place] - h) / 2
            found[place] = (f(above) - f(below)) / h
        return found

    def left_where_they_are():
        moved, found = w.copy(), np.empty(w.shape)
        for place in np.ndindex(w.shape):
            moved[place] += h / 2
            above = f(moved)
            moved[place] -= h
            found[place] = (above - f(moved)) / h
        return found

    return {
        "forward_difference": lambda: [quotients(h, 0, h)],
        "full_step_each_side": lambda: [quotients(h, h, 2 * h), quotients(h, h, h)],
        "all_moved_at_once": lambda: [np.full(w.shape, (f(w + h / 2) - f(w - h / 2)) / h)],
        "not_moved_back": lambda: [left_where_they_are(), on_both_sides_left()],
        "not_divided": lambda: [quotients(h / 2, h / 2, 1)],
        "width_of_the_step": lambda: [
            quotients(h / 2, h / 2, width) for width in (h / 2, 2 * h, 1 / h)
        ],
        "multiplied_by_the_width": lambda: [
            quotients(h / 2, h / 2, 2 / h),
            quotients(h, h, 2 / h),
        ],
        "halved_with_the_point": lambda: [halved()],
        "bracket_forgotten": lambda: [without_brackets()],
        "same_at_both_sides": lambda: [np.zeros(w.shape)],
        "one_side_only": lambda: [
            *(
                quotients(side * part, (1 - side) * part, width * h)
                for side in (0, 1)
                for part, width in ((h / 2, 1), (h / 2, 0.5), (h, 1))
            )
        ],
        "step_of_its_own": lambda: [
            quotients(own / 2, own / 2, own) for own in (1e-5, 1e-3, 0.01, 0.1, 1)
        ],
        "whole_numbers_only": lambda: [np.trunc(quotients(h / 2, h / 2, h))],
        "row_moved_at_once": lambda: [by_rows() if w.ndim == 2 else right],
        "only_the_last": lambda: [
            quotients(h / 2, h / 2, h) * (np.arange(w.size) == w.size - 1).reshape(w.shape)
        ],
        "returned_too_early": lambda: [
            quotients(h / 2, h / 2, h) * (np.arange(w.size) == 0).reshape(w.shape)
        ],
    }.get(name, lambda: [])()


def _loop(part, name, inputs, right):
    """The backward sweep with wrong derivatives of the outputs, of the hidden units, or of all."""
    W, a, t = inputs["W"], inputs["a"], inputs["t"]
    of_sigmoid = FROM_OUTPUT["sigmoid"]

    def sweep(at_outputs, at_hidden, minus_o=0, minus_h=0):
        delta, dW, db = (a[-1] - t) * at_outputs(a[-1]) - minus_o * a[-1], [], []
        for k in reversed(range(len(W))):
            entering = a[k - 1] if k else inputs["x"]
            dW.insert(0, entering.T @ delta / len(t))
            db.insert(0, delta.mean(axis=0))
            if k:
                delta = delta @ W[k].T * at_hidden(a[k - 1]) - minus_h * a[k - 1]
        found = dW if part.startswith("dW") else db
        found = found[-1:] if part.endswith("last") else found[:-1]
        return np.concatenate([one.ravel() for one in found])

    def itself(a):
        return a

    if name == "slope_forgotten" and part.endswith("last"):
        return [sweep(np.ones_like, of_sigmoid)]
    if name == "slope_without_brackets":
        return [
            sweep(of_sigmoid, itself, 0, 1),
            sweep(itself, of_sigmoid, 1),
            sweep(itself, itself, 1, 1),
        ]
    return [
        sweep(at_outputs, at_hidden)
        for at_outputs, at_hidden in {
            "output_slope_forgotten": [(np.ones_like, of_sigmoid)],
            "slope_forgotten": [(of_sigmoid, np.ones_like), (np.ones_like, np.ones_like)],
            "factor_of_the_slope_missing": [
                (of_sigmoid, lambda a: a),
                (of_sigmoid, lambda a: 1 - a),
            ],
            "slope_of_tanh": [(of_sigmoid, FROM_OUTPUT["tanh"])],
            "slope_at_a": [(of_sigmoid, SLOPES["sigmoid"])],
        }.get(name, [])
    ]


def _hidden_unit(part, name, inputs, right):
    """Hidden unit 2 of the lecture's network, where it is not a slip of the whole layer's."""
    text = lecture_step()
    if name in ("other_edge", "of_another_unit"):
        book = Textbook(text)
        both_edges = book("delta_o").item() * (-0.6 + 1.1) * book("slope_h")[0, 1]
        delta = both_edges if name == "other_edge" else book("delta_h")[0, 0]
        if part == "dw_h12":
            return [x * delta for x in ([1.2] if name == "other_edge" else [1.2, 0.4])]
        return [0.4 * delta if part == "dw_h22" else delta]
    if name != "target_of_before":
        return []
    book = Textbook(text, t=np.array([[0.1]]))
    return {
        "delta_h2": [book("delta_h")[0, 1]],
        "dw_h12": [book("dW_h")[0, 1]],
        "dw_h22": [book("dW_h")[1, 1]],
        "db_h2": [book("db_h")[1]],
    }[part]


def _lecture_forward(part, name, inputs, right):
    text = lecture_step()
    book = (
        Textbook(text, x=np.array([[0.5, 1.0]]))
        if part == "z_h"
        else Textbook(text, t=np.array([[0.1]]))
    )
    return book.with_slip(name, part)


def _slide(part, name, inputs, right):
    net, x, t = slide_example()
    book = Textbook.of(net, x, t, eta=LEARNING_RATES["l2.slide_gradients"])
    quantity, index = {
        "dE_dw36": ("dW_o", (0, 0)),
        "dE_dw13": ("dW_h", (0, 0)),
        "dE_dw24": ("dW_h", (1, 1)),
        "w36_new": ("W_o_new", (0, 0)),
        "w13_new": ("W_h_new", (0, 0)),
    }[part]
    start, end = index
    weights, delta = book.parameters["W_o"][:, 0], book("delta_o").item()
    if name == "slope_of_linear":
        a_o, a_h = book("a_o").item(), book("a_h")[0, end if part != "dE_dw36" else 0]
        at_output, there = a_o * (1 - a_o), a_h * (1 - a_h)
        factors = (at_output,) if part == "dE_dw36" else (there, at_output, there * at_output)
        return [factor * right for factor in factors]
    if part == "dE_dw36":  # the edge starts at a hidden unit, at another one with the slip
        if name == "start_of_the_edge":
            return [delta * book("a_h")[0, unit] for unit in (1, 2)]
    elif name == "start_of_the_edge":  # the hidden activation, in place of the input
        return [book("back")[0, end] * book("a_h")[0, end]]
    elif name == "inputs_exchanged":
        return [delta * weights[end] * x[0, 1 - start]]
    elif name == "other_edge":
        return [delta * weights[unit] * x[0, start] for unit in range(3) if unit != end]
    elif name == "weight_for_activation":
        return [delta * weights[end] * book.parameters["W_h"][index]]
    return [np.asarray(value)[index] for value in book.with_slip(name, quantity)]


def _activations(part, name, inputs, right):
    z = inputs["z"]
    of = part.removeprefix("slope_")
    a = FUNCTIONS[of](z)
    at = z.copy()
    if "zero_at" in inputs and part == of:
        at[inputs["zero_at"]] = 0
    return {
        "exponents_sign_lost": lambda: [sigmoid(-at)],
        "sigmoid_in_hidden_layer": lambda: [sigmoid(at)],
        "slope_at_a": lambda: [SLOPES[of](a)],
        "slope_formula_at_z": lambda: [FROM_OUTPUT[of](z)],
        "slope_of_sigmoid": lambda: [a * (1 - a)],
        "activation_as_slope": lambda: [a],
        "factor_of_the_slope_missing": lambda: [a, 1 - a],
        "square_forgotten": lambda: [1 - a, (1 - a) ** 2, 1 - 2 * a, 1 - np.tanh(z**2)],
        "slope_of_tanh": lambda: [1 - a**2],
        "slope_never_0": lambda: [np.ones(z.shape)],
        "brackets_forgotten": lambda: [1 + np.exp(-at)],
        "relu_of_another_kind": lambda: [
            np.abs(at),
            np.where(at > 0, at, 0.01 * at),
            np.minimum(at, 0),
        ],
    }.get(name, lambda: [])()


def _hidden_delta(part, name, inputs, right):
    back, a = inputs["back"], inputs["a"][part]
    return {
        "slope_forgotten": [back],
        "activation_as_slope": [back * a],
        "slope_of_a": [back * SLOPES[part](a)],
        "slope_of_sigmoid": [back * a * (1 - a)],
        "slope_of_tanh": [back * (1 - a**2)],
        "factor_of_the_slope_missing": [back * a, back * (1 - a)],
        "square_forgotten": [back * (1 - a), back * (1 - a) ** 2],
        "back_forgotten": [right / back],
        "relu_never_off": [back],
        "comparison_without_brackets": [1.0 * (back * a > 0)],
        "difference_without_brackets": [back * a * 1 - a, back * 1 - a**2],
        "mask_on_what_comes_back": [np.maximum(back, 0), np.maximum(back, 0) * (a > 0)],
    }.get(name, [])


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # far from 0
def _softmax(part, name, inputs, right):
    z = inputs["z"] if part == "a" else inputs["far_from_0"]
    powers, in_columns = np.exp(z), np.exp(z - z.max(axis=0))
    shifted = np.exp(z - z.max(axis=1, keepdims=True))
    return {
        "softmax_over_everything": [each / each.sum() for each in (powers, shifted)],
        "softmax_over_points": [each / each.sum(axis=0) for each in (powers, shifted)],
        "not_shared_out": [powers, shifted],
        "shifted_within_a_row": [in_columns / in_columns.sum(axis=1, keepdims=True)],
        "exponential_forgotten": [
            each / each.sum(axis=1, keepdims=True) for each in (z, z - z.max(axis=1, keepdims=True))
        ],
        "shifted_on_one_side": [
            shifted / powers.sum(axis=1, keepdims=True),
            powers / shifted.sum(axis=1, keepdims=True),
        ],
        "sigmoids_for_softmax": [sigmoid(z)],
        "divided_by_the_largest": [
            each / each.sum(axis=1, keepdims=True)
            for each in (np.exp(z / z.max(axis=1, keepdims=True)), np.exp(z / z.max()))
        ],
    }.get(name, [])


def _learning_rate(part, name, inputs, right):
    eta, outputs = inputs["eta"], inputs["outputs"][part]
    return {
        "learning_rate_unchanged": [eta],
        "learning_rate_inverted": [eta / (outputs / 2), 2 * eta],
        "outputs_divided": [eta / outputs, eta / outputs / 2],
        "outputs_ignored": [eta / 2],
        "half_ignored": [eta * outputs],
    }.get(name, [])


def _faster(part, name, inputs, right):
    return [1 / np.asarray(right)] if name == "ratio_inverted" else []


def _transpose(part, name, inputs, right):
    p, unit = inputs["point"], part[-1]
    other = "jm".replace(unit, "")
    column = {"j": "k", "m": "l"}[unit]
    paths = p[f"w_{unit}k"] * p["delta_k"], p[f"w_{unit}l"] * p["delta_l"]
    return {
        "sign_of_a_path": [paths[0] - paths[1], paths[1] - paths[0]],
        "edges_crossed": [p[f"w_{unit}l"] * p["delta_k"] + p[f"w_{unit}k"] * p["delta_l"]],
        "every_delta_on_every_edge": [
            (p["delta_k"] + p["delta_l"]) * (p[f"w_{unit}k"] + p[f"w_{unit}l"])
        ],
        "one_path_only": list(paths),
        "paths_averaged": [sum(paths) / 2],
        "paths_multiplied": [paths[0] * paths[1]],
        "slope_too_early": [sum(paths) * p[f"a_{unit}"] * (1 - p[f"a_{unit}"])],
        "edges_of_another_unit": [
            p[f"w_{other}k"] * p["delta_k"] + p[f"w_{other}l"] * p["delta_l"]
        ],
        "not_transposed": [p["delta_k"] * p[f"w_j{column}"] + p["delta_l"] * p[f"w_m{column}"]],
    }.get(name, [])


def _output_sum(part, name, inputs, right):
    p = inputs["point"]
    unit = "l" if part == "delta_l_formula" else "k"
    a, z, error = p[f"a_{unit}"], p[f"z_{unit}"], p[f"a_{unit}"] - p[f"t_{unit}"]
    slope, of_l = a * (1 - a), p["a_l"] - p["t_l"]
    other = "k" if unit == "l" else "l"
    others_error = p[f"a_{other}"] - p[f"t_{other}"]
    others_slope = p[f"a_{other}"] * (1 - p[f"a_{other}"])
    k = (p["a_k"] - p["t_k"]) * p["a_k"] * (1 - p["a_k"])
    at_a = sigmoid(a) * (1 - sigmoid(a))
    return {
        "slope_forgotten": [error],
        "slope_at_a": [error * at_a],
        "slope_formula_at_z": [error * z * (1 - z)],
        "slope_of_tanh": [error * (1 - a**2)],
        "factor_of_the_slope_missing": [error * a, error * (1 - a)],
        "loss_not_differentiated": [error**2 / 2 * slope],
        "links_added": [error + slope],
        "other_output": [k],
        "output_l_for_k": [of_l * p["a_l"] * (1 - p["a_l"])],
        "other_part_of_the_loss": [k],
        "units_mixed": [error * others_slope, others_error * slope],
        "terms_of_both_outputs": [error * slope + others_error * others_slope],
        "other_output_kept": [of_l * p["a_l"] * (1 - p["a_l"]), of_l * slope, of_l],
    }.get(name, [])


def _with_momentum(part, inputs):
    p = {key: inputs[key] for key in ("W_h", "b_h", "W_o", "b_o")}
    velocity, losses = dict.fromkeys(p, 0), []
    for _ in range(int(inputs["steps"]) + 1):
        g, E = _gradients(p, inputs["x"], inputs["t"], inputs["hidden"])
        losses.append(E)
        velocity = {key: 0.9 * velocity[key] + g[key] for key in p}
        p = {key: p[key] - inputs["eta"] * velocity[key] for key in p}
    return [np.array(losses[:-1]) if part == "losses" else np.asarray(losses[-1])]


def _second_step(part, name, inputs, right):
    """The unit's weighted inputs after the first step of Problem 2 with ReLU."""
    step = tutorial_step("relu")
    new = Textbook(step).all()
    if part != "z_h_next":
        return []
    return {
        "weights_before_the_step": [step.x @ step["W_h"] + step["b_h"]],
        "bias_forgotten": [step.x @ new["W_h_new"]],
        "activation_for_weighted_input": [
            np.maximum(step.x @ new["W_h_new"] + new["b_h_new"], 0),
        ],
        "not_all_updated": [
            step.x @ new["W_h_new"] + step["b_h"],
            step.x @ step["W_h"] + new["b_h_new"],
        ],
        "weights_read_across": [step.x @ new["W_h_new"].T + new["b_h_new"]],
        "moved_twice": [
            Textbook(next_step(next_step(step)))("z_h"),
            step.x @ (2 * new["W_h_new"] - step["W_h"]) + 2 * new["b_h_new"] - step["b_h"],
        ],
        "step_added": [
            step.x @ (2 * step["W_h"] - new["W_h_new"]) + 2 * step["b_h"] - new["b_h_new"]
        ],
        "learning_rate_forgotten": [
            step.x @ (step["W_h"] - new["dW_h"]) + step["b_h"] - new["db_h"]
        ],
        "inputs_exchanged": [step.x[:, ::-1] @ new["W_h_new"] + new["b_h_new"]],
        "biases_exchanged": [step.x @ new["W_h_new"] + new["b_h_new"][::-1]],
        "units_swapped": [(step.x @ new["W_h_new"] + new["b_h_new"])[:, ::-1]],
    }.get(name, [])


def _batches(part, name, inputs, right):
    N, size = int(inputs["N"]), int(inputs["size"])
    rng = np.random.default_rng(int(inputs["seed"]))
    epochs = [rng.permutation(N) for _ in range(2)]
    first = min(N, size)
    left = np.zeros(N)
    left[epochs[0][: N - N % size]] = 1
    short = [[e[k : k + size - 1] for k in range(0, N, size)] for e in epochs]
    joined = [np.concatenate(batches) for batches in short]
    return {
        ("each_once", "slices_one_short"): [np.isin(range(N), joined[0]) * 1.0],
        ("sizes", "slices_one_short"): [np.array([len(batch) for batch in short[0]])],
        ("order", "slices_one_short"): [np.array([e[:first] for e in joined])],
        ("sizes", "last_batch_dropped"): [np.full(N // size, size)],
        ("order", "batches_not_shuffled"): [np.array([range(first)] * 2)],
        ("order", "each_batch_sorted"): [np.array([sorted(e[:first]) for e in epochs])],
        ("each_once", "last_batch_dropped"): [left],
    }.get((part, name), [])


def _gradients(p, x, t, hidden, backward=None, at=None):
    """The gradients of a step, by weights and biases, written out; and the loss.

    backward: the hidden activation whose derivative the backward pass takes; at: its weights.
    """
    z_h = x @ p["W_h"] + p["b_h"]
    a_h = FUNCTIONS[hidden](z_h)
    a_o = sigmoid(a_h @ p["W_o"] + p["b_o"])
    delta_o = (a_o - t) * a_o * (1 - a_o) / len(x)
    delta_h = delta_o @ (at or p)["W_o"].T * SLOPES[backward or hidden](z_h)
    g = {"W_h": x.T @ delta_h, "b_h": delta_h.sum(0), "W_o": a_h.T @ delta_o}
    return g | {"b_o": delta_o.sum(0)}, ((t - a_o) ** 2).sum(axis=1).mean() / 2


def _same(points):
    return points, points


def _trained(inputs, epochs, rate=None, at=("now", "now"), start="now", hidden=None, rows=_same,
             join=None):  # fmt: skip
    """The loss of all points before each epoch and after the last, and those of the batches in
    each epoch. epochs: for each the points of its batches; rate: of a number of points; at: the
    weights of the forward and of the backward pass, "now", those of the epoch's "start" or the
    "first"; start: the weights that a step starts from; hidden: the activations of the forward
    pass, the backward pass and the loss; join: makes one of the gradients of an epoch.
    """
    p = {key: inputs[key] for key in ("W_h", "b_h", "W_o", "b_o")}
    x, t, eta = inputs["x"], inputs["t"], inputs["eta"]
    forward, backward, of_loss = hidden or (inputs["hidden"],) * 3
    weights, losses, within = {"now": p, "first": p}, [], []
    for batches in epochs:
        losses.append(_gradients(weights["now"], x, t, of_loss)[1])
        weights["start"] = weights["now"]
        of_batches, found = [], []
        for points in batches:
            of_x, of_t = rows(points)
            of_batches.append(_gradients(weights["now"], x[points], t[points], of_loss)[1])
            g, _ = _gradients(weights[at[0]], x[of_x], t[of_t], forward, backward, weights[at[1]])
            found.append(g)
            if not join:
                step = eta if rate is None else rate(len(x[points]))
                weights["now"] = {key: weights[start][key] - step * g[key] for key in p}
        if join:
            weights["now"] = {
                key: weights["start"][key] - eta * join([g[key] for g in found], axis=0)
                for key in p
            }
        within.append(of_batches)
    return [*losses, _gradients(weights["now"], x, t, of_loss)[1]], within


def _with_another(name, hidden):
    """The activations of forward pass, backward pass and loss, some of them another one."""
    return [[name if k >> n & 1 else hidden for n in range(3)] for k in range(1, 8)]


def _ways_of_a_loop(inputs, rounds):
    """What goes wrong in a loop with batches or without: keywords of _trained, by name."""
    eta, count, hidden = inputs["eta"], len(rounds), inputs["hidden"]
    rates = {
        "learning_rate_shared_out": [lambda n: eta / count],
        "step_added": [lambda n: -eta],
        "step_twice_as_long": [lambda n: 2 * eta],
        "step_half_as_long": [lambda n: eta / 2],
        "learning_rate_forgotten": [lambda n: 1],
        "fixed_learning_rate": [lambda n, c=c: c for c in RATES],
        "number_of_points_in_the_rate": [lambda n: eta / n, lambda n: eta * n],
    }
    ways = {name: [{"rate": rate} for rate in each] for name, each in rates.items()}
    first = ("first", "first")
    ways["single_step_left"] = [{"start": "first"}, {"start": "first", "at": first}]
    ways["gradients_of_older_weights"] = [{"at": first}, {"at": ("first", "now")}]
    ways["activation_of_another_network"] = [
        {"hidden": chosen} for chosen in _with_another("sigmoid", hidden)
    ]
    return ways


def _of_a_loop(part, name, inputs, rounds, ways, single):
    """Values of `losses` or `E_end` for what goes wrong in any loop. single: whether rounds are
    steps."""
    losses, _ = _trained(inputs, rounds)
    found = [_trained(inputs, rounds, **way)[0] for way in ways.get(name, [])]
    if name == "not_trained":
        found.append([losses[0]] * len(losses))
    if name == "single_step_left" and single:
        found.append([losses[0]] * len(rounds) + [losses[1]])
    if name == "gradients_of_older_weights":
        once, _ = _trained(inputs, rounds, at=("first", "now"))
        found.append([losses[0]] * len(rounds) + once[-1:])
    if name == "return_in_the_loop":
        found.append(losses[:2])
    if name == "rounds_miscounted":
        found.append(losses[:-1])
        if part == "losses":
            found.append([*losses, 0])
    return [np.array(all_of_them[:-1] if part == "losses" else all_of_them[-1])
            for all_of_them in found]  # fmt: skip


def _train(part, name, inputs, right):
    everything = np.arange(len(inputs["x"]))
    rounds = [[everything]] * int(inputs["steps"])
    ways = _ways_of_a_loop(inputs, rounds)
    found = _of_a_loop(part, name, inputs, rounds, ways, single=True)
    if name == "rounds_miscounted":
        more, _ = _trained(inputs, [*rounds, rounds[0]])
        found.append(np.array(more[:-1] if part == "losses" else more[-1]))
    return found + (_with_momentum(part, inputs) if name == "momentum" else [])


def _train_batches(part, name, inputs, right):
    N, size, epochs = len(inputs["x"]), int(inputs["size"]), int(inputs["epochs"])

    def generator(seed):
        return np.random.default_rng(int(seed))

    def drawn(rng, count=epochs, N=N):
        return [rng.permutation(N) for _ in range(count)]

    def cut(order, size=size):
        return [order[k : k + size] for k in range(0, len(order), size)]

    orders, everything = drawn(generator(inputs["seed"])), np.arange(N)
    rounds = [cut(order) for order in orders]
    other_rounds = {
        "order_drawn_once": [[rounds[0]] * epochs],
        "one_batch_an_epoch": [[batches[:1] for batches in rounds]],
        "last_batch_dropped": [[[b for b in batches if len(b) == size] for batches in rounds]],
        "last_batch_left_out": [[batches[:-1] for batches in rounds]],
        "last_batch_alone": [[batches[-1:] for batches in rounds]],
        "batches_of_one_point": [[[[n] for n in order] for order in orders]],
        "batches_not_shuffled": [[cut(everything)] * epochs],
        "arguments_of_batches": [
            [[order] for order in drawn(generator(inputs["seed"]), N=size)],
            [cut(order, epochs) for order in orders],
        ],
        "batches_not_used": [[[everything] * n] * epochs for n in (len(rounds[0]), 1)],
        "own_generator": [
            way
            for seed in (0, 1, 2, 3, 42)
            for way in (
                [cut(order) for order in drawn(generator(seed))],
                [cut(generator(seed).permutation(N))] * epochs,
            )
        ],
    }
    found = [_trained(inputs, way)[0] for way in other_rounds.get(name, [])]
    ways = _ways_of_a_loop(inputs, rounds)
    ways["gradients_of_older_weights"] += [{"at": ("start", "start")}, {"at": ("start", "now")}]
    ways["number_of_points_in_the_rate"] += [
        {"rate": lambda n, rate=inputs["eta"] * factor: rate} for factor in (1 / size, size, 1 / N)
    ]
    ways["last_batch_alone"] = [{"start": "start"}]
    ways["one_step_for_all_batches"] = [{"join": np.sum}, {"join": np.mean}]
    ways["rows_of_other_points"] = [
        {"rows": lambda p: (p, range(len(p)))},
        {"rows": lambda p: (range(len(p)), p)},
        {"rows": lambda p: (range(len(p)), range(len(p)))},
    ]
    values = [np.array(each[:-1] if part == "losses" else each[-1]) for each in found]
    values += _of_a_loop(part, name, inputs, rounds, ways, single=False)
    losses, within = _trained(inputs, rounds)
    each_step, _ = _trained(inputs, [[batch] for batches in rounds for batch in batches])
    if name == "loss_after_the_epoch":
        values.append(np.array(losses[1:]))
    if name == "losses_of_batches":
        values += [np.array([take(each) for each in within]) for take in (np.mean, _last, _first)]
    if name == "loss_of_every_step":
        values += [np.array(each_step[:-1]), np.concatenate(within)]
    if name == "return_in_the_loop" and part == "E_end":
        values.append(np.array(each_step[1]))
    if name == "epochs_and_size_exchanged":
        other = [cut(order, epochs) for order in drawn(generator(inputs["seed"]), size)]
        found, _ = _trained(inputs, other)
        values.append(np.array(found[:-1] if part == "losses" else found[-1]))
    if name == "rounds_miscounted":
        longer = drawn(generator(inputs["seed"]), max(size, epochs + 1))
        for count in (size, epochs + 1):
            more, _ = _trained(inputs, [cut(order) for order in longer[:count]])
            values.append(np.array(more[:-1] if part == "losses" else more[-1]))
    return values


def _reproduce(part, name, inputs, right):
    """The loss after the tutorial's step, part is the hidden activation."""
    data, book = inputs["steps"][part], Textbook(tutorial_step(part))
    everything = [[np.arange(len(data["x"]))]]
    ways = _ways_of_a_loop(data, everything)
    others = [hidden for hidden in HIDDEN if hidden != part]
    ways["activation_of_another_network"] = [
        {"hidden": chosen} for other in others for chosen in _with_another(other, part)
    ]
    del ways["single_step_left"], ways["gradients_of_older_weights"]
    found = [np.array(_trained(data, everything, **way)[0][-1]) for way in ways.get(name, [])]
    if name == "moved_twice":
        found.append(np.array(_trained(data, everything * 2)[0][-1]))
    if name == "output_for_loss":
        p = {key: book(f"{key}_new") for key in ("W_h", "b_h", "W_o", "b_o")}
        a_h = FUNCTIONS[part](data["x"] @ p["W_h"] + p["b_h"])
        found.append(sigmoid(a_h @ p["W_o"] + p["b_o"])[0, 0])
    if name == "steps_chained":
        p = dict(data)
        for hidden in HIDDEN[: HIDDEN.index(part)]:
            g, _ = _gradients(p, p["x"], p["t"], hidden)
            p |= {key: p[key] - p["eta"] * g[key] for key in g}
        found.append(np.array(_trained(p, everything)[0][-1]))
    return found


def _first(values):
    return values[0]


def _last(values):
    return values[-1]


def _backward(x, W, a, deltas):
    """The gradients of all layers that deltas, (N, units) by layer, make: lists dW and db."""
    entering = [x, *a[:-1]]
    return (
        [one.T @ delta / len(x) for one, delta in zip(entering, deltas)],
        [delta.mean(axis=0) for delta in deltas],
    )


def _deltas(W, last, slopes):
    """The deltas of all layers from those of the last one and the derivatives of the others."""
    deltas = [last]
    for k in reversed(range(len(slopes))):
        deltas.insert(0, deltas[0] @ W[k + 1].T * slopes[k])
    return deltas


def _some_or_all(right, wrong):
    """Derivatives by layer of which one is wrong, or all."""
    for k in range(len(right)):
        yield [*right[:k], wrong[k], *right[k + 1 :]]
    yield list(wrong)


def _in_a_layer(name, x, W, z, a, deltas, layer, kind):
    """What slips in the gradients of a layer give, where its deltas are right."""
    entering, delta, N = ([x, *a])[layer], deltas[layer], len(x)
    dW, db = entering.T @ delta / N, delta.mean(axis=0)
    right = dW if kind == "dW" else db
    found = {
        "sum_over_batch": [N * right],
        "number_of_points_mistaken": [f * right for f in (1 / N, N / x.shape[1], 1 / x.shape[1])],
        "nothing_arrives": [0 * right],
        "bias_gradient_forgotten": [0 * right],
        "points_left_apart": [delta],
        "units_added": [np.asarray(right.sum())],
        "other_axis": [delta.mean(axis=1), delta.sum(axis=1)],
    }
    if kind == "dW":
        found["transposed"] = [right.T]
        found["incoming_activation_forgotten"] = [np.ones_like(entering).T @ delta / N]
        found["activation_of_another_layer"] = [one.T @ delta / N for one in (x, *a)]
        found["delta_of_another_layer"] = [entering.T @ other / N for other in deltas]
        if layer:
            found["weighted_input_for_activation"] = [z[layer - 1].T @ delta / N]
    else:
        found["delta_of_another_layer"] = [other.mean(axis=0) for other in deltas]
    return found.get(name, [])


def _bug_hunt(part, name, inputs, right):
    """A backward pass of three layers in which those bugs stand that the name says."""
    x, t = inputs["x"], inputs["t"]
    W, z, a = ([inputs[f"{letter}_{k}"] for k in (1, 2, 3)] for letter in "Wza")
    kind, layer = part[:2], int(part[-1]) - 1
    slopes = [1 - a[0] ** 2, 1 - a[1] ** 2]
    deltas = _deltas(W, a[2] - t, slopes)

    def of(deltas):
        dW, db = _backward(x, W, a, deltas)
        return (dW if kind == "dW" else db)[layer]

    if name == "hunt_last_layer":
        return [deltas[2].sum(axis=0)] if part == "db_3" else []
    second = _deltas(W, a[2] - t, [slopes[0], 1 - z[1] ** 2])
    if name == "hunt_second_layer":
        both = [second[1] @ W[1] * slopes[0], *second[1:]]
        return [of(second), of(both)] if layer < 2 else []
    if name == "hunt_first_layer":
        return [of([deltas[1] @ W[1] * slopes[0], *deltas[1:]])] if layer == 0 else []
    if name == "slope_not_cancelled":
        return [of(_deltas(W, (a[2] - t) * a[2] * (1 - a[2]), slopes))]
    wrong = {
        "slope_formula_at_z": [1 - z[0] ** 2, 1 - z[1] ** 2],
        "slope_of_sigmoid": [one * (1 - one) for one in a[:2]],
        "square_forgotten": [1 - a[0], 1 - a[1]],
        "slope_forgotten": [np.ones_like(a[0]), np.ones_like(a[1])],
        "slope_at_a": [1 - np.tanh(a[0]) ** 2, 1 - np.tanh(a[1]) ** 2],
        "activation_for_slope": a[:2],
        "activation_of_another_layer": slopes[::-1],
    }
    found = []
    if name in wrong:
        found = [of(_deltas(W, a[2] - t, s)) for s in _some_or_all(slopes, wrong[name])]
    if name == "delta_of_another_layer" and layer == 0:
        found.append(of([deltas[2] @ W[2].T * slopes[0], *deltas[1:]]))
    return found + _in_a_layer(name, x, W, z, a, deltas, layer, kind)


def _any_depth(part, name, inputs, right):
    """A backward pass of sigmoids in three layers."""
    x, t, W, b = (inputs[key] for key in ("x", "t", "weights", "biases"))
    kind, layer, N = part[:2], int(part[3]), len(x)

    def run(b):
        z, a = [], []
        for weights, biases in zip(W, b):
            z.append((a[-1] if a else x) @ weights + biases)
            a.append(sigmoid(z[-1]))
        return z, a

    z, a = run(b)
    own = [one * (1 - one) for one in a]
    deltas = _deltas(W, (a[-1] - t) * own[-1], own[:-1])

    def of(deltas, a=a):
        dW, db = _backward(x, W, a, deltas)
        return (dW if kind == "dW" else db)[layer]

    wrong = {
        "slope_forgotten": [[np.ones_like(one) for one in a]],
        "factor_of_the_slope_missing": [a, [1 - one for one in a]],
        "slope_of_tanh": [[1 - one**2 for one in a]],
        "slope_at_a": [[SLOPES["sigmoid"](one) for one in a]],
        "slope_formula_at_z": [[one * (1 - one) for one in z]],
    }
    found = []
    for slopes in wrong.get(name, []):
        for last in (own[-1], slopes[-1]):
            for hidden in (own[:-1], *_some_or_all(own[:-1], slopes[:-1])):
                found.append(of(_deltas(W, (a[-1] - t) * last, hidden)))
    if name == "number_of_points_mistaken":
        found.append(of([delta / N ** (2 - k) for k, delta in enumerate(deltas)]))
    if name == "delta_of_another_layer":
        back = deltas[0] @ W[0].T
        found += [of([before, *deltas[:-1]]) for before in (back, back * x * (1 - x))]
    if name == "forward_without_biases":
        _, a_0 = run([0, 0, 0])
        slopes = [one * (1 - one) for one in a_0]
        found.append(of(_deltas(W, (a_0[-1] - t) * slopes[-1], slopes[:-1]), a_0))
    dW, db = _backward(x, W, a, deltas)
    if name == "layers_reversed":
        found.append((dW if kind == "dW" else db)[2 - layer])
    if name == "weights_and_biases_exchanged":
        found.append((db if kind == "dW" else dW)[layer])
    return found + _in_a_layer(name, x, W, z, a, deltas, layer, kind)


BY_QUESTION = {
    "p2.relu.second_step": _second_step,
    "p3.batches": _batches,
    "p3.train_batches": _train_batches,
    "p3.bug_hunt": _bug_hunt,
    "p3.any_depth": _any_depth,
    "p3.reproduce": _reproduce,
    "p3.train": _train,
    "p1.transpose": _transpose,
    "p1.output_sum": _output_sum,
    "l1.by_rules": _by_rules,
    "l1.differences": _differences,
    "l2.forward": _lecture_forward,
    "l2.hidden_unit": _hidden_unit,
    "l2.loop": _loop,
    "l2.slide_gradients": _slide,
    "l3.hidden_delta": _hidden_delta,
    "l3.softmax": _softmax,
    "p3.activations": _activations,
    "p3.central_difference": _central,
    "p4.learning_rate": _learning_rate,
    "p4.faster": _faster,
}
