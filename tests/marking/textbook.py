"""One step of SGD as a textbook writes it, and what each slip in it would give.

The hints of helpers.marking say which slip was made. What numbers that slip gives is said here once
more, from the sentences, as formulas in NumPy and without anything of helpers.marking.
"""

import numpy as np

from helpers.course import lecture_step

PARAMETERS = ("W_h", "b_h", "W_o", "b_o")
ETA_OF_THE_NOTEBOOK = 0.7


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def relu(z):
    return np.maximum(z, 0)


FUNCTIONS = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": relu,
    "linear": lambda z: z,
    "softmax": softmax,
}
SLOPES = {
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "linear": np.ones_like,
    "softmax": np.ones_like,  # with cross-entropy there is no derivative left
}
FROM_OUTPUT = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a**2,
    "relu": lambda a: (a > 0) * 1.0,
    "linear": np.ones_like,
}


class Textbook:
    """A step on a network with one hidden layer; `book(quantity, **changed)` gives a quantity.

    What is computed after a changed quantity uses the changed value. W_back: the output weights
    that the deltas come back through; error, slope_o, back, slope_h: the links of the deltas;
    x_in, a_in: what the gradients of the weights are multiplied by.
    """

    def __init__(self, step, **changed):
        """step: an SGDStep; changed: x or t in place of its own."""
        self._take(step.net, **({"x": step.x, "t": step.t} | changed), eta=step.eta)

    @classmethod
    def of(cls, net, x, t, eta):
        book = cls.__new__(cls)
        book._take(net, x, t, eta)
        return book

    def _take(self, net, x, t, eta):
        self.x, self.t, self.eta = np.asarray(x), np.asarray(t), eta
        self.parameters = dict(
            zip(("W_h", "W_o", "b_h", "b_o"), (*net.weights, *net.biases), strict=True)
        )
        self.hidden, self.output, self.loss = net.hidden, net.output, net.loss_name
        self.points, self.outputs = self.t.shape

    def all(self, **changed):
        q = {"x": self.x, "t": self.t} | self.parameters

        def define(name, value):
            q[name] = np.asarray(changed[name]) if name in changed else value()

        define("z_h", lambda: self.x @ q["W_h"] + q["b_h"])
        define("a_h", lambda: FUNCTIONS[self.hidden](q["z_h"]))
        define("z_o", lambda: q["a_h"] @ q["W_o"] + q["b_o"])
        define("a_o", lambda: FUNCTIONS[self.output](q["z_o"]))
        define("E", lambda: self.loss_of(q["a_o"]))
        define("error", lambda: q["a_o"] - self.t)
        define("dE_da_o", lambda: q["error"])
        define("slope_o", lambda: SLOPES[self.output](q["z_o"]))
        define("delta_o", lambda: q["dE_da_o"] * q["slope_o"])
        define("W_back", lambda: q["W_o"])
        define("back", lambda: q["delta_o"] @ q["W_back"].T)
        define("slope_h", lambda: SLOPES[self.hidden](q["z_h"]))
        define("delta_h", lambda: q["back"] * q["slope_h"])
        define("a_in", lambda: q["a_h"])
        define("x_in", lambda: q["x"])
        define("dW_o", lambda: q["a_in"].T @ q["delta_o"] / self.points)
        define("db_o", lambda: q["delta_o"].mean(axis=0))
        define("dW_h", lambda: q["x_in"].T @ q["delta_h"] / self.points)
        define("db_h", lambda: q["delta_h"].mean(axis=0))
        for name in PARAMETERS:
            define(f"{name}_new", lambda name=name: q[name] - self.eta * q[f"d{name}"])
        define("E_new", lambda: self.loss_at({name: q[f"{name}_new"] for name in PARAMETERS}))
        return q

    def __call__(self, quantity, **changed):
        return np.asarray(self.all(**changed)[quantity])

    def loss_of(self, a_o):
        if self.loss == "cross_entropy":
            return -(self.t * np.log(a_o)).sum(axis=1).mean()
        return ((self.t - a_o) ** 2).sum(axis=1).mean() / 2

    def loss_at(self, p):
        a_h = FUNCTIONS[self.hidden](self.x @ p["W_h"] + p["b_h"])
        return self.loss_of(FUNCTIONS[self.output](a_h @ p["W_o"] + p["b_o"]))

    def with_slip(self, name, quantity):
        """What a quantity would be with the slip of this name: a list, empty if it is not known."""
        if name in SLIPS:
            with np.errstate(all="ignore"):
                return [np.asarray(value) for value in SLIPS[name](self, quantity)]
        start = (
            self.parameters[quantity[:3]]
            if quantity.endswith("_new") and quantity != "E_new"
            else 0
        )
        return [start + f * (self(quantity) - start) for f in factors_of(name, self)]

    def activation_of(self, layer):
        return self.hidden if layer == "h" else self.output


SLIPS = {}


def slip(*names):
    """The decorated function gives the values of a quantity with these slips: (book, quantity)."""

    def add(function):
        for name in names:
            assert name not in SLIPS, name
            SLIPS[name] = function
        return function

    return add


def factors_of(name, book):
    """By what a slip that is a plain factor multiplies, () of the others."""
    points = book.points if book else 1
    outputs = book.outputs if book else 1
    eta = book.eta if book else 1
    return {
        **dict.fromkeys(("wrong_sign", "sign_turned", "difference_turned", "step_added"), (-1,)),
        "minus_beside_the_delta": (-1,),
        **dict.fromkeys(("factor_two", "half_forgotten", "step_twice_as_long"), (2,)),
        **dict.fromkeys(("factor_half", "step_half_as_long", "exponent_forgotten"), (1 / 2,)),
        **dict.fromkeys(("factor_of_its_own", "width_of_the_step"), (2, 1 / 2)),
        **dict.fromkeys(("sum_over_batch", "loss_summed"), (points,)),
        "delta_averaged": (1 / points,),
        "mean_over_outputs": (1 / outputs,),
        "learning_rate_in_the_gradient": (eta,),
        "learning_rate_forgotten": (1 / eta,),
        "learning_rate_squared": (eta,),
        "learning_rate_divided": (1 / eta**2,),
        "loss_of_keras": (2 / outputs,),
        "learning_rate_unchanged": (2 / outputs,),
        "learning_rate_inverted": ((2 / outputs) ** 2,),
        "outputs_ignored": (1 / outputs,),
        "default_learning_rate": (2 / outputs * 0.01 / eta,),
        "not_updated": (0,),
        "paths_averaged": (1 / outputs,),
        "points_added": (2,),
    }.get(name, ())


# The forward pass


@slip("forward_with_another_activation")
def _(book, q):
    new = {name: book(f"{name}_new") for name in PARAMETERS}
    z_h = book.x @ new["W_h"] + new["b_h"]
    return [
        book.loss_of(FUNCTIONS[book.output](FUNCTIONS[f](z_h) @ new["W_o"] + new["b_o"]))
        for f in ("sigmoid", "tanh", "relu", "linear")
        if f != book.hidden
    ]


@slip("bias_forgotten")
def _(book, q):
    return [book(q) - book.parameters[f"b_{q[-1]}"]]


@slip("activation_forgotten")
def _(book, q):
    return [book(f"z_{q[-1]}")]


@slip("sigmoid_in_hidden_layer")
def _(book, q):
    return [book(q, a_h=sigmoid(book("z_h")))]


@slip("hidden_activation_at_output")
def _(book, q):
    if q == "a_o":
        return [FUNCTIONS[book.hidden](book("z_o"))]
    return [book(q, slope_o=SLOPES[book.hidden](book("z_o")))]


@slip("exponents_sign_lost")
def _(book, q):
    return [sigmoid(-book(f"z_{q[-1]}"))]


@slip("brackets_forgotten")
def _(book, q):
    return [1 + np.exp(-book(f"z_{q[-1]}"))]


@slip("activation_twice")
def _(book, q):
    return [FUNCTIONS[book.activation_of(q[-1])](book(q))]


@slip("another_activation")
def _(book, q):
    z = book(f"z_{q[-1]}")
    return [np.tanh(z), softmax(z), relu(z), np.tan(z), np.sinh(z)]


@slip("hidden_activation_forgotten")
def _(book, q):
    return [book(q, a_h=book("z_h"))]


@slip("weights_read_across")
def _(book, q):
    return [book(q, z_h=book.x @ book.parameters["W_h"].T + book.parameters["b_h"])]


@slip("inputs_exchanged")
def _(book, q):
    x = book.x[:, ::-1]
    if q in ("z_h", "a_o"):
        return [book(q, z_h=x @ book.parameters["W_h"] + book.parameters["b_h"])]
    return [book(q, x_in=x)]


@slip("biases_exchanged")
def _(book, q):
    return [book(q, z_h=book.x @ book.parameters["W_h"] + book.parameters["b_h"][::-1])]


@slip("output_weights_exchanged")
def _(book, q):
    return [book(q, z_o=book("a_h") @ book.parameters["W_o"][::-1] + book.parameters["b_o"])]


@slip("units_swapped")
def _(book, q):
    return [book(q)[::-1] if q == "dW_o" else book(q)[..., ::-1]]


@slip("sign_of_a_product")
def _(book, q):
    W, b = book.parameters[f"W_{q[-1]}"], book.parameters[f"b_{q[-1]}"]
    entering = book.x if q == "z_h" else book("a_h")
    terms = [entering[0, 0] * W[0], entering[0, 1] * W[1], b]
    return [[sum(terms) - 2 * term] for term in terms]


@slip("relu_of_another_kind")
def _(book, q):
    z = book("z_h")
    return [np.abs(z), np.where(z > 0, z, 0.01 * z), np.minimum(z, 0)]


@slip("softmax_of_one_output")
def _(book, q):
    return [np.ones_like(book(q))]


@slip("activation_for_weighted_input")
def _(book, q):
    return [book("a_h")]


# The loss


@slip("error_not_squared")
def _(book, q):
    size = np.abs(book("error")).sum(axis=1).mean()
    return [size, size / 2, -size, -size / 2]


@slip("square_in_the_wrong_place")
def _(book, q):
    a, t = book("a_o").item(), book.t.item()
    found = [(t - a**2) / 2, (t**2 - a**2) / 2, (t**2 - a) / 2]
    return found + [-value for value in found]


@slip("cross_entropy_for_squared_error")
def _(book, q):
    a, t = book("a_o"), book.t
    yes, no = t * np.log(a), (1 - t) * np.log(1 - a)
    return [-(yes + no).sum(axis=1).mean(), -yes.sum(axis=1).mean()]


@slip("error_in_percent")
def _(book, q):
    error = np.abs(book("error"))
    return [100 * book("E"), 100 * error.sum(), 100 * (error / book.t).sum()]


@slip("decimals_cut_off")
def _(book, q):
    return [np.floor(book(q))]


@slip("root_of_the_loss")
def _(book, q):
    return [np.sqrt((book("error") ** 2).sum(axis=1)).mean()]


@slip("errors_added_first")
def _(book, q):
    return [(book("error").sum(axis=1) ** 2).mean() / 2]


@slip("loss_of_before_the_step")
def _(book, q):
    return [book("E")]


@slip("not_all_updated")
def _(book, q):
    new = {name: book(f"{name}_new") for name in PARAMETERS}
    return [
        book.loss_at(
            new
            | {name: book.parameters[name] for k, name in enumerate(PARAMETERS) if kept >> k & 1}
        )
        for kept in range(1, 15)
    ]


# Derivatives and deltas


def with_slopes(book, q, wrong):
    """A quantity with the derivatives `wrong(layer)` in one layer, or in both."""
    ways = [{"slope_o": wrong("o")}, {"slope_h": wrong("h")}]
    ways.append(ways[0] | ways[1])
    return [book(q, **way) for way in ways if all(v is not None for v in way.values())]


@slip("slope_forgotten")
def _(book, q):
    one = with_slopes(book, q, lambda layer: np.ones_like(book(f"slope_{layer}")))
    return one[:1] if q in ("delta_o", "dW_o", "db_o") else one[1:2]


@slip("output_slope_forgotten")
def _(book, q):
    return [book(q, slope_o=np.ones_like(book("slope_o")))]


@slip("slope_at_a", "slope_of_a")
def _(book, q):
    def at_a(layer):
        return SLOPES[book.activation_of(layer)](book(f"a_{layer}"))

    return with_slopes(book, q, at_a)


@slip("slope_formula_at_z")
def _(book, q):
    def at_z(layer):
        return FROM_OUTPUT[book.activation_of(layer)](book(f"z_{layer}"))

    return with_slopes(book, q, at_z)


@slip("slope_of_sigmoid", "sigmoids_slope_for_tanh")
def _(book, q):
    a = book("a_h")
    return [book(q, slope_h=of) for of in (a * (1 - a), SLOPES["sigmoid"](book("z_h")))]


@slip("slope_of_tanh")
def _(book, q):
    def of_tanh(layer):
        return None if book.activation_of(layer) == "tanh" else 1 - book(f"a_{layer}") ** 2

    return with_slopes(book, q, of_tanh)


@slip("slope_of_relu")
def _(book, q):
    return [book(q, slope_h=(book("z_h") > 0) * 1.0)]


@slip("factor_of_the_slope_missing")
def _(book, q):
    def of(layer, factor):
        sigmoids = book.activation_of(layer) == "sigmoid"
        return factor(book(f"a_{layer}")) if sigmoids else None

    return [
        value
        for factor in (lambda a: a, lambda a: 1 - a)
        for value in with_slopes(book, q, lambda layer, factor=factor: of(layer, factor))
    ]


@slip("activation_for_slope", "activation_as_slope")
def _(book, q):
    return [book(q, slope_h=book("a_h"))]


@slip("square_forgotten")
def _(book, q):
    return [book(q, slope_h=1 - book("a_h"))]


@slip("difference_without_brackets")
def _(book, q):
    back = book("delta_o") @ book.parameters["W_o"].T
    return [book(q, delta_h=back * 1 - book("a_h") ** 2)]


@slip("loss_not_differentiated")
def _(book, q):
    return [book(q, dE_da_o=book("error") ** 2 / 2)]


@slip("links_added")
def _(book, q):
    if q == "dW_o":
        return [book("a_h").T + book("delta_o")]
    return [book("dE_da_o") + book("slope_o")]


@slip("error_forgotten")
def _(book, q):
    return [book("slope_o")]


@slip("loss_as_a_factor")
def _(book, q):
    return [book("delta_o") * book("E")]


@slip("slope_of_other_numbers")
def _(book, q):
    a, a_h = book("a_o"), book("a_h")
    if q in ("delta_h", "dW_h", "db_h"):
        return [book(q, slope_h=a_h + a_h**2)]
    return [book(q, slope_o=slope) for slope in (a * (1 - book.t), a * a, a + a * a)]


@slip("slope_without_brackets")
def _(book, q):
    if q == "delta_o":
        return [book("error") * book("a_o") - book("a_o")]
    return [book("back") * book("a_h") - book("a_h")]


@slip("slope_of_the_output_unit")
def _(book, q):
    return [book(q, slope_h=book("slope_o"))]


@slip("mask_on_what_comes_back")
def _(book, q):
    return [book(q, delta_h=relu(book("back")))]


@slip("slope_of_another_unit")
def _(book, q):
    return [book(q, slope_h=book("slope_h")[:, ::-1])]


@slip("slope_of_linear", "slope_not_cancelled")
def _(book, q):
    a = book("a_o")
    return [book(q, delta_o=book("delta_o") * a * (1 - a))]


@slip("softmax_elementwise")
def _(book, q):
    return [book(q, delta_o=-book.t * (1 - book("a_o")))]


# The way back


@slip("edge_forgotten")
def _(book, q):
    return [book(q, W_back=np.ones_like(book.parameters["W_o"]))]


@slip("other_edge")
def _(book, q):
    return [book(q, W_back=book.parameters["W_o"][::-1])]


@slip("weight_of_another_layer")
def _(book, q):
    weights = book.parameters["W_h"].ravel()
    return [book(q, W_back=np.array([[one], [other]])) for one in weights for other in weights]


@slip("one_path_only")
def _(book, q):
    W_o = book.parameters["W_o"]
    return [book(q, W_back=W_o * (np.arange(W_o.shape[1]) == k)) for k in range(W_o.shape[1])]


@slip("updated_output_weights")
def _(book, q):
    W_o, dW_o = book.parameters["W_o"], book("dW_o")
    return [book(q, W_back=W_o - eta * dW_o) for eta in (book.eta, ETA_OF_THE_NOTEBOOK, 1)]


# Gradients


@slip("weighted_input_for_activation")
def _(book, q):
    return [book(q, a_in=book("z_h"))]


@slip("start_of_the_edge")
def _(book, q):
    return [book(q, a_in=book.x) if q == "dW_o" else book(q, x_in=book("a_h"))]


@slip("weight_for_activation")
def _(book, q):
    return [book.parameters[q[1:]] * book(f"db_{q[-1]}")]


@slip("incoming_activation_forgotten")
def _(book, q):
    return [book(q, a_in=np.ones_like(book("a_h")), x_in=np.ones_like(book.x))]


@slip("output_for_hidden_activation")
def _(book, q):
    found = [book("a_o").T @ book("delta_o") / book.points]
    if book.outputs == 1:
        found.append(book(q, a_in=np.broadcast_to(book("a_o"), book("a_h").shape)))
    return found


@slip("bias_gradient_forgotten")
def _(book, q):
    return [np.zeros_like(book(q))]


@slip("bias_gradient_one")
def _(book, q):
    return [np.ones_like(book(q))]


@slip("bias_gradient_multiplied")
def _(book, q):
    layer = q[-1]
    delta = book(f"delta_{layer}")
    found = [book.parameters[f"b_{layer}"] * book(q), (delta * book(f"a_{layer}")).mean(axis=0)]
    if q == "db_h" and book.x.shape == delta.shape == (1, 2):
        found += [(delta * x)[0] for x in (book.x, book.x[:, ::-1])]
    return found


@slip("nothing_arrives")
def _(book, q):
    return [np.zeros(book(q).shape)]


MULTIPLES = (0.001, 0.01, 0.1)


@slip("penalty_added")
def _(book, q):
    weights = book.parameters[q[1:]]
    return [book(q) + m * weights / n for m in MULTIPLES for n in (1, book.points)]


@slip("weights_decayed")
def _(book, q):
    old = book.parameters[q.removesuffix("_new")]
    in_keras = book.eta * book.outputs / 2
    return [book(q) - m * f * old for m in MULTIPLES for f in (1, book.eta, in_keras)]


@slip("two_steps")
def _(book, q):
    names = [f"{name}_new" for name in PARAMETERS]
    first = book.all()
    again = Textbook.__new__(Textbook)
    again.__dict__ = book.__dict__ | {
        "parameters": {name.removesuffix("_new"): first[name] for name in names}
    }
    return [again(q)]


@slip("rows_left_flat")
def _(book, q):
    return [book(q).ravel()]


@slip("number_of_points_mistaken")
def _(book, q):
    columns = book.x.shape[1]
    return [book(q) * f for f in (book.points / columns, 1 / columns, 1 / book.points)]


@slip("transposed")
def _(book, q):
    return [book(q).T]


@slip("reshaped_for_transposed")
def _(book, q):
    return [book(q).T.reshape(book(q).shape)]


@slip("points_left_apart")
def _(book, q):
    if q == "E":
        return [(book("error") ** 2).sum(axis=1) / 2]
    return [book(f"delta_{q[-1]}")]


@slip("outputs_left_apart")
def _(book, q):
    squares = book("error") ** 2 / 2
    return [squares.mean(axis=0), squares.sum(axis=0)]


@slip("delta_of_another_layer")
def _(book, q):
    delta = book("delta_o" if q[-1] == "h" else "delta_h")
    if q in ("db_h", "db_o"):
        return [delta.mean(axis=0)]
    return [(book.x if q == "dW_h" else book("a_h")).T @ delta / book.points]


@slip("trace_in_another_order")
def _(book, q):
    at_o, at_h = SLOPES[book.output](book("a_o")), SLOPES[book.hidden](book("a_h"))
    return [book(q, error=book("z_o") - book.t, slope_o=at_o, slope_h=at_h)]


@slip("units_added")
def _(book, q):
    if q.endswith("_new"):  # one number is subtracted from all biases
        delta = book(f"delta_{q[2]}")
        numbers = (delta.mean(), delta.sum(), delta.sum() / book.points)
        return [book.parameters[q[:3]] - book.eta * number for number in numbers]
    return [np.asarray(book(q).sum())]


@slip("other_axis")
def _(book, q):
    delta = book(f"delta_{q[-1]}")
    return [delta.mean(axis=1), delta.sum(axis=1)]


@slip("target_of_the_text")
def _(book, q):
    text = Textbook(lecture_step())
    return [text(q)]


@slip("inputs_of_the_text")
def _(book, q):
    return [Textbook(lecture_step())(q)]


# The update


@slip("whole_difference_scaled")
def _(book, q):
    old = q.removesuffix("_new")
    return [book.eta * book.parameters[old] - book.eta * book(f"d{old}")]


@slip("value_and_gradient_exchanged")
def _(book, q):
    old = q.removesuffix("_new")
    return [book(f"d{old}") - book.eta * book.parameters[old]]


RATES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7)  # that are written for eta


@slip("fixed_learning_rate")
def _(book, q):
    old = q.removesuffix("_new")
    if old not in book.parameters:  # a loss, say
        return []
    of_keras = (1, 2 / book.outputs)
    gradient = book(f"d{old}")
    return [book.parameters[old] - c * f * gradient for c in RATES for f in of_keras]


@slip("step_instead_of_weight")
def _(book, q):
    step = book.eta * book(f"d{q.removesuffix('_new')}")
    return [step, -step]


@slip("adam_for_sgd")
def _(book, q):
    old = q.removesuffix("_new")
    gradient = 2 / book.outputs * book(f"d{old}")
    direction = gradient / (np.abs(gradient) + 1e-7 / np.sqrt(1 - 0.999))  # nearly the sign
    of_rmsprop = gradient / np.sqrt(0.1 * gradient**2 + 1e-7)
    etas = (book.eta, book.eta * book.outputs / 2, 0.001)
    return [book.parameters[old] - eta * d for eta in etas for d in (direction, of_rmsprop)]


# In Keras, whose gradient is 2/K of the course's


def _with_rates(book, q, *rates):
    old = q.removesuffix("_new")
    return [book.parameters[old] - rate * 2 / book.outputs * book(f"d{old}") for rate in rates]


@slip("half_ignored")
def _(book, q):
    return _with_rates(book, q, book.eta * book.outputs)


@slip("outputs_divided")
def _(book, q):
    return _with_rates(book, q, book.eta / book.outputs, book.eta / (2 * book.outputs))


@slip("another_number_for_outputs")
def _(book, q):
    hidden_units = len(book.parameters["b_h"])
    counts = (book.points, book.t.size, book.x.shape[1], hidden_units)
    return _with_rates(book, q, *(book.eta * count / 2 for count in counts))


@slip("another_loss_in_keras")
def _(book, q):
    error = book("error")
    deltas = [np.sign(error) * book("slope_o") / book.outputs, error / book.outputs]
    if not q.endswith("_new"):
        return [book(q, delta_o=delta) for delta in deltas]
    old = q.removesuffix("_new")
    rate = book.eta * book.outputs / 2
    return [book.parameters[old] - rate * book(f"d{old}", delta_o=delta) for delta in deltas]


@slip("several_steps")
def _(book, q):
    found = []
    for _ in range(9):
        after = book.all()
        later = Textbook.__new__(Textbook)
        later.__dict__ = book.__dict__ | {
            "parameters": {name: after[f"{name}_new"] for name in PARAMETERS}
        }
        book = later
        found.append(book(q))
    return found[1:]
