"""Problem 3: the network from scratch. Answers are functions, run on random batches."""

from functools import partial

import numpy as np

from helpers.course import HIDDEN, tutorial_step
from helpers.network import HIDDEN_ACTIVATIONS, Network
from helpers.numerical import forward_difference, symmetric_difference
from helpers.questions.model import Case, Part, Question, step_case
from helpers.reference import gradients, slope
from helpers.sgd_step import PARAMETERS, SGDStep, random_step

TRAINING_STEPS = 3


def _for_each_hidden(question, argument, parts, call, units=(2, 3, 2)):
    """A question about one function, asked once with each hidden activation on a random batch.

    call: of (step, function), returns the answers by part.
    """

    def cases(rng):
        for hidden in HIDDEN:
            step = random_step(rng, hidden, units=units)
            yield step_case(
                step,
                parts,
                lambda step=step, **answers: call(step, answers[argument]),
                label=f"hidden={hidden!r}",
            )

    return Question(question, parts, (argument,), lambda rng: list(cases(rng)))


def _named(outputs, names, what):
    """A function's outputs, a tuple or a dict, as a dict by part; says what was wanted if not."""
    if outputs is None:
        raise NotImplementedError
    if isinstance(outputs, dict) and set(names) <= set(outputs):
        return {name: outputs[name] for name in names}
    if isinstance(outputs, tuple | list) and len(outputs) == len(names):
        return dict(zip(names, outputs, strict=True))
    raise TypeError(f"{what} has to return {', '.join(names)}")


ACTIVATIONS = tuple(Part(name, 1, f"{name} of z") for name in HIDDEN) + tuple(
    Part(f"slope_{name}", 1, f"slope of {name} at z") for name in HIDDEN
)


def _activation_cases(rng):
    z = rng.uniform(0.1, 3, (4, 3)) * rng.choice([-1, 1], (4, 3))
    expected, mistakes = {}, {}
    for name in HIDDEN:
        function = HIDDEN_ACTIVATIONS[name]
        a = function(z)
        expected[name], mistakes[name] = a, []
        expected[f"slope_{name}"] = slope(function, z)
        mistakes[f"slope_{name}"] = [("slope_at_a", slope(function, a))]
        if name != "relu":
            at_z = z * (1 - z) if name == "sigmoid" else 1 - z**2
            mistakes[f"slope_{name}"].append(("slope_formula_at_z", at_z))

    def call(activation, slope):
        answers = {name: partial(activation, name, z.copy()) for name in HIDDEN}
        return answers | {f"slope_{name}": partial(slope, name, z.copy()) for name in HIDDEN}

    return [Case(expected, mistakes, call=call)]


FORWARD = tuple(
    Part(name, 1, words)
    for name, words in (
        ("z_h", "weighted inputs of the hidden layer"),
        ("a_h", "activations of the hidden layer"),
        ("z_o", "weighted inputs of the output layer"),
        ("a_o", "activations of the output layer"),
    )
)


def _forward(step, forward):
    outputs = forward(step.x.copy(), step.parameters, step.net.hidden)
    return _named(outputs, [part.name for part in FORWARD], "forward")


LOSS = (Part("E", 2, "loss of the batch"),)


def _loss(step, loss):
    return {"E": loss(step["a_o"].copy(), step.t.copy())}


BACKWARD = tuple(
    Part(name, 3, words)
    for name, words in (
        ("dW_h", "gradient of the hidden weights"),
        ("db_h", "gradient of the hidden biases"),
        ("dW_o", "gradient of the output weights"),
        ("db_o", "gradient of the output biases"),
    )
)


def _backward(step, backward):
    trace = tuple(step[part.name].copy() for part in FORWARD)
    outputs = backward(step.x.copy(), step.t.copy(), step.parameters, trace, step.net.hidden)
    return _named(outputs, [part.name for part in BACKWARD], "backward")


UPDATE = tuple(
    Part(f"{name}_new", 1, f"{name} after the step", quantity=f"{name}_new") for name in PARAMETERS
)


def _sgd_step(step, sgd_step):
    gradients = {f"d{name}": step[f"d{name}"].copy() for name in PARAMETERS}
    outputs = _named(sgd_step(step.parameters, gradients, step.eta), PARAMETERS, "sgd_step")
    return {f"{name}_new": value for name, value in outputs.items()}


def _difference_cases(rng):
    for shape in ((3,), (2, 3)):
        w = rng.uniform(0.5, 1.5, shape)
        factors = rng.uniform(0.5, 1.5, shape)
        h = rng.uniform(0.05, 0.1)

        def function(w, factors=factors):
            return float(np.sum(factors * np.asarray(w) ** 3) + np.prod(w))

        right = symmetric_difference(function, w, h)
        wrong = {
            "forward_difference": forward_difference(function, w, h),
            "full_step_each_side": symmetric_difference(function, w, 2 * h),
        }
        yield Case(
            {"quotients": right},
            {
                "quotients": [
                    *wrong.items(),
                    ("width_of_the_step", 2 * right),
                    ("width_of_the_step", right / 2),
                    ("width_of_the_step", 2 * wrong["full_step_each_side"]),
                    ("wrong_sign", -right),
                ]
            },
            call=lambda symmetric_difference, w=w, h=h, function=function: {
                "quotients": symmetric_difference(function, w.copy(), h)
            },
            label=f"w of shape {shape}",
        )


def _reproduction(rng):
    expected = {hidden: np.asarray(tutorial_step(hidden)["E_new"]) for hidden in HIDDEN}
    before = {
        hidden: [("not_updated", np.asarray(tutorial_step(hidden)["E"]))] for hidden in HIDDEN
    }
    return [Case(expected, before, call=lambda E_new: _named(E_new, HIDDEN, "E_new"))]


TRAINING = (
    Part("losses", 3, "the loss before each step"),
    Part("E_end", 2, "the loss with the weights returned"),
)


def _training_cases(rng):
    for hidden in HIDDEN:
        step = random_step(rng, hidden, units=(2, 3, 1))
        losses, now = [], step
        for _ in range(TRAINING_STEPS):
            losses.append(now["E"])
            now = SGDStep(
                Network(
                    [now["W_h_new"], now["W_o_new"]], [now["b_h_new"], now["b_o_new"]],
                    hidden=hidden,
                ),
                step.x, step.t, step.eta,
            )  # fmt: skip
        losses = np.array(losses)
        after = np.array([*losses[1:], now["E"]])
        yield Case(
            {"losses": losses, "E_end": now["E"]},
            {"losses": [("loss_after_the_step", after)]},
            call=partial(_train, step),
            label=f"hidden={hidden!r}",
        )


def _train(step, train):
    outputs = train(
        step.x.copy(), step.t.copy(), step.parameters, step.net.hidden, step.eta, TRAINING_STEPS
    )
    answers = _named(outputs, ("params", "losses"), "train")
    params = answers["params"]
    return {
        "losses": lambda: np.asarray(answers["losses"], dtype=float),
        "E_end": lambda: step.loss_with(_named(params, PARAMETERS, "train's params")),
    }


DEPTH = 3


def _any_depth_cases(rng):
    """For those who finish early: every gradient of a network with three layers of sigmoids."""
    sizes = (2, 3, 4, 2)
    net = Network(
        [rng.uniform(-1.5, 1.5, shape) for shape in zip(sizes, sizes[1:])],
        [rng.uniform(-1, 1, units) for units in sizes[1:]],
    )
    x, t = rng.uniform(-1.5, 1.5, (4, sizes[0])), rng.uniform(0.05, 0.95, (4, sizes[-1]))
    g = gradients(net, x, t)

    def call(backward_any_depth):
        dW, db = _named(
            backward_any_depth(
                x.copy(),
                t.copy(),
                [w.copy() for w in net.weights],
                [b.copy() for b in net.biases],
            ),
            ("dW", "db"),
            "backward_any_depth",
        ).values()
        return _by_layer(dW, db)

    return [Case(_by_layer(g.weights, g.biases), call=call)]


def _by_layer(dW, db):
    return {f"dW[{k}]": dW[k] for k in range(DEPTH)} | {f"db[{k}]": db[k] for k in range(DEPTH)}


ANY_DEPTH = tuple(
    Part(f"{name}[{k}]", 0, f"gradient of the {words} of layer {k}")
    for name, words in (("dW", "weights"), ("db", "biases"))
    for k in range(DEPTH)
)

QUESTIONS = (
    Question("p3.activations", ACTIVATIONS, ("activation", "slope"), _activation_cases),
    _for_each_hidden("p3.forward", "forward", FORWARD, _forward),
    _for_each_hidden("p3.loss", "loss", LOSS, _loss),
    _for_each_hidden("p3.backward", "backward", BACKWARD, _backward),
    Question(
        "p3.symmetric_difference",
        (Part("quotients", 4, "a difference quotient for each element"),),
        ("symmetric_difference",),
        lambda rng: list(_difference_cases(rng)),
    ),
    _for_each_hidden("p3.sgd_step", "sgd_step", UPDATE, _sgd_step),
    Question(
        "p3.reproduce",
        tuple(Part(name, 1, f"loss after the step, {name} hidden units") for name in HIDDEN),
        ("E_new",),
        _reproduction,
    ),
    Question("p3.train", TRAINING, ("train",), lambda rng: list(_training_cases(rng))),
    Question("p3.any_depth", ANY_DEPTH, ("backward_any_depth",), _any_depth_cases),
)
