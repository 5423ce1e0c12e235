"""What slips give in questions that are not about the quantities of one step.

As in `textbook`: from the hints' sentences, by arithmetic, without anything of helpers.marking.
`values(question, part, name, case, right)` gives a list of values, empty if nothing is known.
"""

import numpy as np

from helpers.course import lecture_step, slide_example, tutorial_step
from tests.marking.textbook import FROM_OUTPUT, FUNCTIONS, SLOPES, Textbook, sigmoid

COUNTS = {
    ("l1.count", "networks_6"): {"power_turned": [9**6], "values_times_weights": [6 * 9]},
    ("l1.count", "networks_10"): {"power_turned": [9**10], "values_times_weights": [10 * 9]},
    ("l1.count", "parameters"): {
        "biases_not_counted": [784 * 30 + 30 * 10],
        "inputs_have_no_bias": [784 * 30 + 30 * 10 + 30 + 10 + 784],
    },
    ("l1.perceptron", "answers"): {
        "says_or": [[0, 1, 1, 1]],
        "says_always_the_same": [[0, 0, 0, 0], [1, 1, 1, 1]],
    },
    ("l1.error", "forward_factor"): {"order_too_high": [100], "factor_below_1": [0.1]},
    ("l1.error", "central_factor"): {"order_too_low": [10], "factor_below_1": [0.01]},
    ("l1.cost", "forward_runs"): {
        "point_itself_not_counted": [79510],
        "point_counted_each_time": [2 * 79510],
        "network_of_the_text": [23861],
    },
    ("l1.cost", "central_runs"): {
        "both_sides_counted_once": [79510, 79511],
        "point_not_needed": [2 * 79510 + 1],
        "network_of_the_text": [2 * 23860],
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
    ("l2.updates", "updates"): {
        "last_batch_forgotten": [5 * 31],
        "fraction_of_a_batch": [5 * 1000 / 32, 5 * 1000 // 32, 5 * 1000 // 32 + 1],
        "one_epoch_only": [32],
        "one_update_an_epoch": [5],
        "one_update_a_point": [5000],
    },
    ("l2.two_paths", "delta_j"): {
        "slope_forgotten": [0.3 * 0.5 - 0.2 * 2],
        "one_path_only": [0.3 * 0.5 * 0.8 * 0.2, -0.2 * 2 * 0.8 * 0.2],
        "sign_of_a_path": [(0.3 * 0.5 + 0.2 * 2) * 0.8 * 0.2],
        "paths_averaged": [(0.3 * 0.5 - 0.2 * 2) * 0.8 * 0.2 / 2],
        "activation_for_slope": [(0.3 * 0.5 - 0.2 * 2) * 0.8],
        "slope_at_a": [(0.3 * 0.5 - 0.2 * 2) * sigmoid(0.8) * (1 - sigmoid(0.8))],
    },
    ("l3.slopes", "slope_tanh"): {
        "activation_as_slope": [0.6],
        "slope_of_a": [1 - np.tanh(0.6) ** 2],
        "sigmoids_slope_for_tanh": [0.6 * 0.4],
        "square_forgotten": [1 - 0.6],
    },
    ("l3.slopes", "slope_sigmoid"): {
        "activation_as_slope": [0.9],
        "slope_of_a": [sigmoid(0.9) * (1 - sigmoid(0.9))],
        "slope_of_tanh": [1 - 0.9**2],
        "factor_of_the_slope_missing": [0.9, 1 - 0.9],
    },
    ("l3.slopes", "slope_relu"): {"activation_as_slope": [2.5]},
    ("l3.output_deltas", "linear_half_squared"): {"slope_of_linear": [0.5 * 0.8 * 0.2]},
    ("l3.output_deltas", "sigmoid_half_squared"): {"slope_forgotten": [0.8 - 0.3]},
    ("l3.output_deltas", "sigmoid_cross_entropy"): {
        "slope_not_cancelled": [0.5 * 0.8 * 0.2],
        "slope_forgotten": [0.5 / (0.8 * 0.2)],
    },
    ("l3.jacobian", "da1_dz1"): {
        "off_diagonal_formula": [-0.6 * 0.6],
        "activation_as_slope": [0.6],
    },
    ("l3.jacobian", "da1_dz2"): {
        "softmax_elementwise": [0],
        "diagonal_formula": [0.6 * (1 - 0.3), 0.6 * (1 - 0.6)],
    },
    ("l3.jacobian", "row_sum"): {
        "outputs_for_jacobian": [1],
        "softmax_elementwise": [0.6 * 0.4],
    },
    ("l3.layers", "largest_slope"): {"activation_as_slope": [0.5], "slope_of_tanh": [1]},
    ("l3.layers", "bound"): {
        "number_of_layers": [0.25**4, 0.25**6],
        "slopes_added": [5 * 0.25],
        "slopes_averaged": [0.25 / 5],
        "one_layer_only": [0.25],
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
    made = BY_QUESTION.get(question)
    return made(part, name, case.test_inputs, right) if made else []


def _by_rules(part, name, inputs, right):
    if part == "gradient_f":
        return [right * [1 / 2, 1 / 3]] if name == "inner_derivative_forgotten" else []
    inner = 2 * inputs["point"]["x_1"] + 3 * inputs["point"]["x_2"]
    return {
        "inner_derivative_forgotten": [2 * inner],
        "other_variable": [2 * inner * 2],
        "constant_kept": [2 * inner * 3 + 3],
        "outer_not_differentiated": [inner**2 * 3],
        "exponent_forgotten": [inner * 3],
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
        "not_moved_back": lambda: [left_where_they_are()],
        "returned_too_early": lambda: [
            quotients(h / 2, h / 2, h) * (np.arange(w.size) == 0).reshape(w.shape)
        ],
    }.get(name, lambda: [])()


def _loop(part, name, inputs, right):
    if name != "slope_forgotten":
        return []
    W, a, t = inputs["W"], inputs["a"], inputs["t"]
    delta, dW, db = a[-1] - t, [], []
    for k in reversed(range(len(W))):
        entering = a[k - 1] if k else inputs["x"]
        dW.insert(0, entering.T @ delta / len(t))
        db.insert(0, delta.mean(axis=0))
        if k:
            delta = delta @ W[k].T * FROM_OUTPUT["sigmoid"](a[k - 1])
    found = dW if part.startswith("dW") else db
    found = found[-1:] if part.endswith("last") else found[:-1]
    return [np.concatenate([one.ravel() for one in found])]


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
    if name == "start_of_the_edge":  # the hidden activation, in place of the input
        unit = index[1]
        return [book("back")[0, unit] * book("a_h")[0, unit]]
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
        "square_forgotten": lambda: [1 - a],
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
        "square_forgotten": [back * (1 - a)],
        "back_forgotten": [right / back],
    }.get(name, [])


def _softmax(part, name, inputs, right):
    z = inputs["z"]
    powers = np.exp(z)
    return {
        "softmax_over_everything": [powers / powers.sum()],
        "softmax_over_points": [powers / powers.sum(axis=0)],
        "not_shared_out": [powers],
        "exponential_forgotten": [z / z.sum(axis=1, keepdims=True)],
        "sigmoids_for_softmax": [sigmoid(z)],
    }.get(name, [])


def _learning_rate(part, name, inputs, right):
    eta, outputs = inputs["eta"], inputs["outputs"][part]
    return {
        "learning_rate_unchanged": [eta],
        "learning_rate_inverted": [eta / (outputs / 2)],
        "outputs_ignored": [eta / 2],
        "half_ignored": [eta * outputs],
    }.get(name, [])


def _transpose(part, name, inputs, right):
    p, unit = inputs["point"], part[-1]
    other = "jm".replace(unit, "")
    column = {"j": "k", "m": "l"}[unit]
    paths = p[f"w_{unit}k"] * p["delta_k"], p[f"w_{unit}l"] * p["delta_l"]
    return {
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
    k = (p["a_k"] - p["t_k"]) * p["a_k"] * (1 - p["a_k"])
    at_a = sigmoid(a) * (1 - sigmoid(a))
    return {
        "slope_forgotten": [error],
        "slope_at_a": [error * at_a],
        "slope_formula_at_z": [error * z * (1 - z)],
        "factor_of_the_slope_missing": [error * a, error * (1 - a)],
        "loss_not_differentiated": [error**2 / 2 * slope],
        "links_added": [error + slope],
        "other_output": [k],
        "other_output_kept": [of_l * p["a_l"] * (1 - p["a_l"]), of_l * slope, of_l],
    }.get(name, [])


def _train(part, name, inputs, right):
    if name != "momentum":
        return []
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
    }.get(name, [])


def _batches(part, name, inputs, right):
    N, size = int(inputs["N"]), int(inputs["size"])
    rng = np.random.default_rng(int(inputs["seed"]))
    epochs = [rng.permutation(N) for _ in range(2)]
    first = min(N, size)
    left = np.zeros(N)
    left[epochs[0][: N - N % size]] = 1
    return {
        ("order", "batches_not_shuffled"): [np.array([range(first)] * 2)],
        ("order", "each_batch_sorted"): [np.array([sorted(e[:first]) for e in epochs])],
        ("each_once", "last_batch_dropped"): [left],
    }.get((part, name), [])


def _gradients(p, x, t, hidden):
    """The gradients of a step, by weights and biases, written out; and the loss."""
    a_h = FUNCTIONS[hidden](x @ p["W_h"] + p["b_h"])
    a_o = sigmoid(a_h @ p["W_o"] + p["b_o"])
    delta_o = (a_o - t) * a_o * (1 - a_o) / len(x)
    delta_h = delta_o @ p["W_o"].T * FROM_OUTPUT[hidden](a_h)
    g = {"W_h": x.T @ delta_h, "b_h": delta_h.sum(0), "W_o": a_h.T @ delta_o}
    return g | {"b_o": delta_o.sum(0)}, ((t - a_o) ** 2).sum(axis=1).mean() / 2


def _trained(inputs, epochs):
    """The loss of all points before each epoch and after the last, and those of the batches in
    each epoch. epochs: for each the points of its batches."""
    p = {key: inputs[key] for key in ("W_h", "b_h", "W_o", "b_o")}
    x, t, hidden = inputs["x"], inputs["t"], inputs["hidden"]
    losses, within = [], []
    for batches in epochs:
        losses.append(_gradients(p, x, t, hidden)[1])
        of_batches = []
        for points in batches:
            g, E = _gradients(p, x[points], t[points], hidden)
            of_batches.append(E)
            p = {key: p[key] - inputs["eta"] * g[key] for key in p}
        within.append(of_batches)
    return [*losses, _gradients(p, x, t, hidden)[1]], within


def _train_batches(part, name, inputs, right):
    N, size, epochs = len(inputs["x"]), int(inputs["size"]), int(inputs["epochs"])
    rng = np.random.default_rng(int(inputs["seed"]))
    orders = [rng.permutation(N) for _ in range(epochs)]

    def cut(order):
        return [order[k : k + size] for k in range(0, N, size)]

    losses, within = _trained(inputs, map(cut, orders))
    all_points = slice(None)
    ways = {
        "order_drawn_once": [[cut(orders[0])] * epochs],
        "one_batch_an_epoch": [[cut(order)[:1] for order in orders]],
        "last_batch_dropped": [[[b for b in cut(o) if len(b) == size] for o in orders]],
        "batches_not_used": [[[all_points] * n] * epochs for n in (len(cut(orders[0])), 1)],
    }
    found = [np.array(_trained(inputs, way)[0]) for way in ways.get(name, [])]
    if part == "E_end":
        return [all_of_them[-1] for all_of_them in found]
    if name == "loss_after_the_epoch":
        return [np.array(losses[1:])]
    if name == "losses_of_batches":
        return [np.array([take(each) for each in within]) for take in (np.mean, _last, _first)]
    return [all_of_them[:-1] for all_of_them in found]


def _first(values):
    return values[0]


def _last(values):
    return values[-1]


def _bug_hunt(part, name, inputs, right):
    """A backward pass of three layers in which those bugs stand that the name says."""
    x, t, W_2, W_3 = (inputs[key] for key in ("x", "t", "W_2", "W_3"))
    a_1, z_2, a_2, a_3 = (inputs[key] for key in ("a_1", "z_2", "a_2", "a_3"))
    N = len(x)

    def gradients(second, first):
        delta_3 = a_3 - t
        delta_2 = delta_3 @ W_3.T * (1 - (z_2 if second else a_2) ** 2)
        delta_1 = delta_2 @ (W_2 if first else W_2.T) * (1 - a_1**2)
        found = {"db_2": delta_2.mean(0), "dW_2": a_1.T @ delta_2 / N, "db_3": delta_3.sum(0)}
        return found | {"db_1": delta_1.mean(0), "dW_1": x.T @ delta_1 / N}

    return {
        "hunt_last_layer": [gradients(False, False)["db_3"]] if part == "db_3" else [],
        "hunt_second_layer": [gradients(True, first)[part] for first in (False, True)]
        if part[-1] in "12"
        else [],
        "hunt_first_layer": [gradients(False, True)[part]] if part[-1] == "1" else [],
    }.get(name, [])


BY_QUESTION = {
    "p2.relu.second_step": _second_step,
    "p3.batches": _batches,
    "p3.train_batches": _train_batches,
    "p3.bug_hunt": _bug_hunt,
    "p3.train": _train,
    "p1.transpose": _transpose,
    "p1.output_sum": _output_sum,
    "l1.by_rules": _by_rules,
    "l1.differences": _differences,
    "l2.forward": _lecture_forward,
    "l2.loop": _loop,
    "l2.slide_gradients": _slide,
    "l3.hidden_delta": _hidden_delta,
    "l3.softmax": _softmax,
    "p3.activations": _activations,
    "p3.central_difference": _central,
    "p4.learning_rate": _learning_rate,
}
