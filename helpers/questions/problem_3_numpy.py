"""Problem 3: the network from scratch. Answers are functions, run on random batches."""

import copy
import sys
from functools import partial

import numpy as np

from helpers.course import HIDDEN, tutorial_step
from helpers.network import HIDDEN_ACTIVATIONS, Network, sigmoid
from helpers.numerical import forward_difference, symmetric_difference
from helpers.questions.model import Case, Part, Question, step_case
from helpers.record import Refused
from helpers.reference import gradients, slope
from helpers.sgd_step import PARAMETERS, SLOPE_THROUGH_ACTIVATION, SGDStep, random_step

TRAINING_STEPS = 3


def _for_each_hidden(question, argument, parts, call, label="hidden={hidden!r}", **more):
    """A question about one function, asked once with each hidden activation on a random batch.

    call: of (step, function), returns the answers by part. The number of points differs from case
    to case, and there are three outputs, so that neither can be mistaken for the other or for 2.
    more: fields of the Question.
    """

    def cases(rng):
        for hidden, points in zip(HIDDEN, (5, 4, 7), strict=True):
            step = random_step(rng, hidden, units=(2, 4, 3), points=points)
            yield step_case(
                step,
                parts,
                lambda step=step, **answers: call(step, answers[argument]),
                label=label.format(hidden=hidden, points=points),
            )

    return Question(question, parts, (argument,), lambda rng: list(cases(rng)), **more)


def returned(function, *arguments):
    """What the student's `function` returns; Refused if it changes what it was given."""
    before = copy.deepcopy(arguments)
    outputs = function(*arguments)
    if any(not _same(now, then) for now, then in zip(arguments, before, strict=True)):
        raise Refused("your function changes what it was given; let it make new arrays instead")
    if outputs is None:
        raise Refused("your function returns None: is a return missing?")
    return outputs


def _same(now, then):
    if isinstance(then, dict):
        return now.keys() == then.keys() and all(_same(now[name], then[name]) for name in then)
    if isinstance(then, tuple | list):
        return all(map(_same, now, then))
    return callable(then) or np.array_equal(now, then)


def from_dict(outputs, names, what):
    """The entries `names` of a dict, by part; Refused if it is none or lacks one."""
    if not isinstance(outputs, dict):
        raise Refused(f"{what} has to be a dict with the keys {', '.join(names)}")
    lacking = [name for name in names if name not in outputs]
    if lacking:
        raise Refused(f"{what} lacks the key {lacking[0]}")
    return {name: outputs[name] for name in names}


def from_sequence(outputs, names, what):
    """The items of a tuple or list, by part; Refused if it is none or has another length."""
    if not isinstance(outputs, tuple | list) or len(outputs) != len(names):
        raise Refused(f"{what} has to be the {len(names)} values {', '.join(names)}, in this order")
    return dict(zip(names, outputs, strict=True))


ACTIVATIONS = tuple(Part(name, 1, f"{name} of z") for name in HIDDEN) + tuple(
    Part(f"slope_{name}", 1, f"slope of {name} at z") for name in HIDDEN
)


def _activation_cases(rng):
    yield _activation_case(rng, (4, 3))
    yield _activation_case(rng, (7,))


def _activation_case(rng, shape):
    # Both signs at least once, and away from ReLU's kink.
    signs = np.resize([-1, 1], int(np.prod(shape))).reshape(shape)
    z = rng.uniform(0.1, 3, shape) * rng.permuted(signs)
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
        if name != "sigmoid":
            mistakes[f"slope_{name}"].append(("slope_of_sigmoid", a * (1 - a)))
            mistakes[f"slope_{name}"].append(("activation_as_slope", a))
            mistakes[name].append(("sigmoid_in_hidden_layer", sigmoid(z)))
    sigma, tanh = expected["sigmoid"], expected["tanh"]
    mistakes["sigmoid"].append(("exponents_sign_lost", 1 - sigma))
    mistakes["slope_sigmoid"] += [("factor_of_the_slope_missing", v) for v in (sigma, 1 - sigma)]
    mistakes["slope_tanh"].append(("square_forgotten", 1 - tanh))

    def call(activation, slope):
        answers = {name: partial(returned, activation, name, z.copy()) for name in HIDDEN}
        return answers | {
            f"slope_{name}": partial(returned, slope, name, z.copy()) for name in HIDDEN
        }

    def consequences(own):
        through = {f"slope_{n}": SLOPE_THROUGH_ACTIVATION[n](own[n]) for n in HIDDEN if n in own}
        yield expected | through

    label = f"z of shape {shape}"
    return Case(expected, mistakes, call=call, label=label, consequences=consequences)


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
    outputs = returned(forward, step.x.copy(), step.parameters, step.net.hidden)
    answers = from_sequence(outputs, [part.name for part in FORWARD], "what forward returns")
    return answers | _own_activations(step, forward)


def _own_activations(step, forward):
    """What the `activation` that the student's `forward` calls gives, as functions by quantity."""
    activation = _beside(forward, "activation")

    def f_h():
        return returned(activation, step.net.hidden, step["z_h"].copy())

    def f_o():
        z_o = np.asarray(f_h()) @ step["W_o"] + step["b_o"]
        return returned(activation, step.net.output, z_o)

    return {"f_h": f_h, "f_o": f_o} if activation else {}


def _beside(function, name):
    """The function `name` that the student's `function` sees, or None."""
    found = getattr(function, "__globals__", {}).get(name)
    return found if callable(found) else None


LOSS = (Part("E", 2, "loss of the batch"),)


def _loss(step, loss):
    return {"E": returned(loss, step["a_o"].copy(), step.t.copy())}


BACKWARD = tuple(
    Part(name, 3, words)
    for name, words in (
        ("dW_h", "gradient of the hidden weights"),
        ("db_h", "gradient of the hidden biases"),
        ("dW_o", "gradient of the output weights"),
        ("db_o", "gradient of the output biases"),
    )
)


# A right backward pass is this near, in relation to the largest number: far nearer than float64
# allows a difference quotient to be, whose best is about 1e-11.
EXACT_TO = 1e-13
NEAR = 0.05  # and so near are difference quotients with a usual step
OTHER_TRACE = "dW_h_with_another_trace"


def _backward(step, backward):
    def run(trace):
        outputs = returned(
            backward, step.x.copy(), step.t.copy(), step.parameters, trace, step.net.hidden
        )
        return from_dict(outputs, [part.name for part in BACKWARD], "what backward returns")

    trace = tuple(step[part.name].copy() for part in FORWARD)
    answers = run(trace)
    other = tuple(0.9 * array for array in trace)
    return answers | _own_slopes(step, backward) | {OTHER_TRACE: lambda: run(other)["dW_h"]}


def _is_difference_quotient(cases, answers):
    """The name of the mistake if `backward` moves weights and looks at the loss, else "".

    Its gradients are near the right ones and none is exact, and they do not depend on the trace,
    since it runs the network forward itself. Numbers of lower precision are no sign of it.
    """

    def near_only(part):
        for case, answer in zip(cases, answers[part.name], strict=True):
            right = case.expected[part.name]
            if not isinstance(answer, np.ndarray) or answer.shape != right.shape:
                return False
            off = np.abs(answer - right).max() / np.abs(right).max()
            if not EXACT_TO < off < NEAR or np.array_equal(answer, answer.astype(np.float32)):
                return False
        return True

    ignores_trace = all(
        isinstance(own, np.ndarray) and isinstance(other, np.ndarray)
        and own.shape == other.shape and np.allclose(own, other, rtol=1e-9, atol=1e-9)
        for own, other in zip(answers["dW_h"], answers[OTHER_TRACE], strict=True)
    )  # fmt: skip
    return "difference_quotient" if ignores_trace and all(map(near_only, BACKWARD)) else ""


def _own_slopes(step, backward):
    """What the `slope` that the student's `backward` calls gives, as functions by quantity."""
    slope = _beside(backward, "slope")
    if not slope:
        return {}
    return {
        f"slope_{layer}": partial(returned, slope, name, step[f"z_{layer}"].copy())
        for layer, name in (("h", step.net.hidden), ("o", step.net.output))
    }


UPDATE = tuple(
    Part(f"{name}_new", 1, f"{name} after the step", quantity=f"{name}_new") for name in PARAMETERS
)


def _sgd_step(step, sgd_step):
    gradients = {f"d{name}": step[f"d{name}"].copy() for name in PARAMETERS}
    outputs = returned(sgd_step, step.parameters, gradients, step.eta)
    new = from_dict(outputs, PARAMETERS, "what sgd_step returns")
    return {f"{name}_new": value for name, value in new.items()}


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
                    ("full_step_each_side", 2 * wrong["full_step_each_side"]),
                    ("difference_turned", -right),
                    ("all_moved_at_once", np.full(shape, _along_all(function, w, h))),
                    ("not_moved_back", _without_moving_back(function, w, h)),
                ]
            },
            call=lambda symmetric_difference, w=w, h=h, function=function: {
                "quotients": returned(symmetric_difference, function, w.copy(), h)
            },
            label=f"w of shape {shape}",
        )


def _trained(step, functions, steps):
    """What the student's own functions make of `steps` updates: (weights and biases, losses).

    functions: forward, loss, backward, sgd_step.
    """
    forward, loss, backward, sgd_step = functions
    parameters, losses = step.parameters, []
    for _ in range(steps):
        trace = forward(step.x.copy(), parameters, step.net.hidden)
        losses.append(loss(trace[-1], step.t.copy()))
        gradients = backward(step.x.copy(), step.t.copy(), parameters, trace, step.net.hidden)
        parameters = sgd_step(parameters, gradients, step.eta)
    return parameters, np.array(losses, dtype=float)


OWN_FUNCTIONS = ("forward", "loss", "backward", "sgd_step")
CALLED = "step by forward, loss, backward and sgd_step"


def _along_all(function, w, h):
    return (function(w + h / 2) - function(w - h / 2)) / h


def _without_moving_back(function, w, h):
    """The quotients if each element is left half a step below where it was."""
    w, found = w.copy(), np.empty(w.shape)
    for place in np.ndindex(w.shape):
        w[place] += h / 2
        above = function(w)
        w[place] -= h
        found[place] = (above - function(w)) / h
    return found


def _reproduction(rng):
    steps = {hidden: tutorial_step(hidden) for hidden in HIDDEN}
    right = {hidden: np.asarray(step["E_new"]) for hidden, step in steps.items()}
    before = {
        hidden: [("loss_of_before_the_step", np.asarray(s["E"]))] for hidden, s in steps.items()
    }

    def own_loss(step):
        # The answers are numbers here; the functions they were made with are the notebook's.
        functions = [vars(sys.modules["__main__"])[name] for name in OWN_FUNCTIONS]
        _, losses = _trained(step, functions, 2)
        return losses[1]

    def call(E_new):
        own = {f"own_{hidden}": partial(own_loss, step) for hidden, step in steps.items()}
        return from_dict(E_new, HIDDEN, "E_new") | own

    def consequences(own):
        # Functions that leave the weights where they are make the rest trivial.
        moved = {h: v for h, v in right.items() if own.get(f"own_{h}", v) != steps[h]["E"]}
        yield {f"own_{hidden}": value for hidden, value in right.items()} | {
            hidden: own.get(f"own_{hidden}", value) for hidden, value in moved.items()
        }

    return [Case(right, before, call=call, consequences=consequences)]


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
            consequences=partial(_training_consequences, losses, now["E"]),
        )


def _training_consequences(losses, E_end, own):
    """What the loop gives with the student's own functions, if these move the weights at all."""
    q = {"own_losses": losses, "own_E_end": E_end}
    if np.ptp(own.get("own_losses", losses)):
        q |= {"losses": own.get("own_losses", losses), "E_end": own.get("own_E_end", E_end)}
    yield q


def _train(step, train):
    def own():
        return _trained(step, [_beside(train, name) for name in OWN_FUNCTIONS], TRAINING_STEPS)

    outputs = returned(
        train,
        step.x.copy(),
        step.t.copy(),
        step.parameters,
        step.net.hidden,
        step.eta,
        TRAINING_STEPS,
    )
    answers = from_sequence(outputs, ("params", "losses"), "what train returns")

    def loss_with(parameters):
        return step.loss_with(from_dict(parameters, PARAMETERS, "params, as train returns it,"))

    return {
        "losses": answers["losses"],
        "E_end": lambda: loss_with(answers["params"]),
        "own_losses": lambda: own()[1],
        "own_E_end": lambda: loss_with(own()[0]),
    }


DEPTH = 3


def _any_depth_cases(rng):
    """For those who finish early: every gradient of a network with three layers of sigmoids."""
    sizes = (2, 3, 4, 3)
    net = Network(
        [rng.uniform(-1.5, 1.5, shape) for shape in zip(sizes, sizes[1:])],
        [rng.uniform(-1, 1, units) for units in sizes[1:]],
    )
    x, t = rng.uniform(-1.5, 1.5, (5, sizes[0])), rng.uniform(0.05, 0.95, (5, sizes[-1]))
    g = gradients(net, x, t)

    def call(backward_any_depth):
        weights, biases = copy.deepcopy((net.weights, net.biases))
        outputs = returned(backward_any_depth, x.copy(), t.copy(), weights, biases)
        lists = from_sequence(outputs, ("dW", "db"), "what backward_any_depth returns")
        if any(len(arrays) != DEPTH for arrays in lists.values()):
            raise Refused("dW and db have to be lists with one array a layer")
        return _by_layer(**lists)

    expected = _by_layer(g.weights, g.biases)
    mistakes = {
        name: [("sum_over_batch", len(x) * value), ("wrong_sign", -value)]
        for name, value in expected.items()
    }
    return [Case(expected, mistakes, call=call)]


def _by_layer(dW, db):
    return {f"dW[{k}]": dW[k] for k in range(DEPTH)} | {f"db[{k}]": db[k] for k in range(DEPTH)}


ANY_DEPTH = tuple(
    Part(f"{name}[{k}]", 0, f"gradient of the {words} of layer {k}")
    for name, words in (("dW", "weights"), ("db", "biases"))
    for k in range(DEPTH)
)

QUESTIONS = (
    Question(
        "p3.activations",
        ACTIVATIONS,
        ("activation", "slope"),
        lambda rng: list(_activation_cases(rng)),
    ),
    _for_each_hidden(
        "p3.forward",
        "forward",
        FORWARD,
        _forward,
        uses={"f_h": "activation", "f_o": "activation"},
    ),
    _for_each_hidden("p3.loss", "loss", LOSS, _loss, label="{points} points"),
    _for_each_hidden(
        "p3.backward",
        "backward",
        BACKWARD,
        _backward,
        uses={"slope_h": "slope", "slope_o": "slope"},
        probes=(OTHER_TRACE,),
        method_recognised=_is_difference_quotient,
    ),
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
        uses={f"own_{hidden}": CALLED for hidden in HIDDEN},
    ),
    Question(
        "p3.train",
        TRAINING,
        ("train",),
        lambda rng: list(_training_cases(rng)),
        uses={"own_losses": CALLED, "own_E_end": CALLED},
    ),
    Question("p3.any_depth", ANY_DEPTH, ("backward_any_depth",), _any_depth_cases),
)
