"""Problem 3: the network from scratch. Answers are functions, run on random batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

from helpers.activations import HIDDEN_ACTIVATIONS, sigmoid
from helpers.asking import TestInputs
from helpers.asking import problem_3_numpy as asking
from helpers.asking.record import Answer
from helpers.course import HIDDEN, tutorial_step
from helpers.marking.misconceptions.of_a_step import slope_from_output
from helpers.marking.questions.model import Case, CollectAnswers, Mistake, Part, Question, step_case
from helpers.network import Network
from helpers.numerical import forward_difference, symmetric_difference
from helpers.reference import gradients, slope
from helpers.sgd_step import PARAMETERS, Quantities, SGDStep, random_step

TRAINING_STEPS = 3
Function = Callable[[np.ndarray], float]  # of weights, that difference quotients are made of
INPUTS = ("x", "t", "eta", *PARAMETERS)


def _for_each_hidden(
    question: str,
    argument: str,
    parts: tuple[Part, ...],
    collect_answers: CollectAnswers,
    names: Sequence[str],
    label: str = "hidden={hidden!r}",
    with_duplicate_rows: bool = False,
    **more: Any,
) -> Question:
    """A question about one function, asked once with each hidden activation on a random batch.

    names: of the step's quantities that the function is called with. The number of points differs
    from case to case, and there are three outputs, so that neither can be mistaken for the other
    or for 2. with_duplicate_rows: whether two points have the same inputs.
    more: fields of the Question.
    """

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for hidden, points in zip(HIDDEN, cycle((5, 4, 7))):
            duplicate_rows = _two_places(rng, points) if with_duplicate_rows else ()
            step = random_step(
                rng, hidden, units=(2, 4, 3), n_samples=points, duplicate_rows=duplicate_rows
            )
            case = step_case(
                step,
                parts,
                collect_answers,
                test_inputs_of(step, names),
                label=label.format(hidden=hidden, points=points),
            )
            yield replace(case, duplicate_rows=duplicate_rows)

    return Question(question, parts, (argument,), lambda rng: list(cases(rng)), **more)


def _two_places(rng: np.random.Generator, count: int) -> tuple[int, ...]:
    """Two different places among `count`."""
    return tuple(map(int, rng.choice(count, 2, replace=False)))


def test_inputs_of(step: SGDStep, names: Sequence[str]) -> TestInputs:
    """The quantities `names` of an SGDStep and its hidden activation's name, as test inputs."""
    given: TestInputs = {name: step[name] for name in names} | {"hidden": step.net.hidden}
    return given | ({"eta": step.eta} if "eta" in names else {})  # a float, as students have it


ACTIVATIONS = tuple(Part(name, 1, f"{name} of z") for name in HIDDEN) + tuple(
    Part(f"slope_{name}", 1, f"slope of {name} at z") for name in HIDDEN
)


def _activation_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _activation_case(rng, (4, 3))
    yield _activation_case(rng, (7,))


def _activation_case(rng: np.random.Generator, shape: tuple[int, ...]) -> Case:
    # Both signs at least once, and away from ReLU's kink.
    signs = np.resize([-1, 1], int(np.prod(shape))).reshape(shape)
    z = rng.uniform(0.1, 3, shape) * rng.permuted(signs)
    duplicate_rows = _two_places(rng, len(z))
    z[duplicate_rows[1]] = z[duplicate_rows[0]]
    expected: Quantities = {}
    mistakes: dict[str, list[Mistake]] = {}
    for name in HIDDEN:
        function = HIDDEN_ACTIVATIONS[name]
        a = function(z)
        expected[name], mistakes[name] = a, []
        expected[f"slope_{name}"] = slope(function, z)
        mistakes[f"slope_{name}"] = [("slope_at_a", slope(function, a))]
        if function.derivative_from_output is not None:
            at_z = function.derivative_from_output(z)
            if not np.array_equal(at_z, expected[f"slope_{name}"]):  # as it is for ReLU
                mistakes[f"slope_{name}"].append(("slope_formula_at_z", at_z))
        if name != "sigmoid":
            mistakes[f"slope_{name}"].append(("slope_of_sigmoid", slope_from_output("sigmoid", a)))
            mistakes[f"slope_{name}"].append(("activation_as_slope", a))
            mistakes[name].append(("sigmoid_in_hidden_layer", sigmoid(z)))
    sigma, tanh = expected["sigmoid"], expected["tanh"]
    mistakes["sigmoid"].append(("exponents_sign_lost", 1 - sigma))
    mistakes["slope_sigmoid"] += [("factor_of_the_slope_missing", v) for v in (sigma, 1 - sigma)]
    mistakes["slope_tanh"].append(("square_forgotten", 1 - tanh))

    def consequences(own: Quantities) -> Iterator[Quantities]:
        formulas = {name: HIDDEN_ACTIVATIONS[name].derivative_from_output for name in HIDDEN}
        yield expected | {
            f"slope_{name}": formula(own[name])
            for name, formula in formulas.items()
            if formula is not None and name in own
        }

    label = f"z of shape {shape}"
    return Case(
        expected, mistakes, collect_answers=asking.activations, test_inputs={"z": z}, label=label,
        consequences=consequences, duplicate_rows=duplicate_rows,
    )  # fmt: skip


FORWARD = tuple(
    Part(name, 1, words)
    for name, words in (
        ("z_h", "weighted inputs of the hidden layer"),
        ("a_h", "activations of the hidden layer"),
        ("z_o", "weighted inputs of the output layer"),
        ("a_o", "activations of the output layer"),
    )
)


LOSS = (Part("E", 2, "loss of the batch"),)


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


def _is_difference_quotient(cases: list[Case], answers: dict[str, list[Answer]]) -> str:
    """The name of the mistake if `backward` moves weights and looks at the loss, else "".

    Its gradients are near the right ones and none is exact, and they do not depend on the trace,
    since it runs the network forward itself. Numbers of lower precision are no sign of it.
    """

    def near_only(part: Part) -> bool:
        for case, answer in zip(cases, answers[part.name], strict=True):
            right = np.asarray(case.expected[part.name])
            if not isinstance(answer, np.ndarray) or answer.shape != right.shape:
                return False
            off = np.abs(answer - right).max() / np.abs(right).max()
            if not EXACT_TO < off < NEAR or np.array_equal(answer, answer.astype(np.float32)):
                return False
        return True

    ignores_trace = all(
        isinstance(own, np.ndarray) and isinstance(other, np.ndarray)
        and own.shape == other.shape and np.allclose(own, other, rtol=1e-9, atol=1e-9)
        for own, other in zip(answers["dW_h"], answers[asking.OTHER_TRACE], strict=True)
    )  # fmt: skip
    return "difference_quotient" if ignores_trace and all(map(near_only, BACKWARD)) else ""


UPDATE = tuple(
    Part(f"{name}_new", 1, f"{name} after the step", quantity=f"{name}_new") for name in PARAMETERS
)


def _difference_cases(rng: np.random.Generator) -> Iterator[Case]:
    for shape in ((3,), (2, 3)):
        w = rng.uniform(0.5, 1.5, shape)
        factors = rng.uniform(0.5, 1.5, shape)
        h = rng.uniform(0.05, 0.1)

        function = asking.cubes_and_product(factors)
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
            collect_answers=asking.difference_quotients,
            test_inputs={"factors": factors, "w": w, "h": h},
            label=f"w of shape {shape}",
        )


CALLED = "step by forward, loss, backward and sgd_step"


def _along_all(function: Function, w: np.ndarray, h: float) -> float:
    return (function(w + h / 2) - function(w - h / 2)) / h


def _without_moving_back(function: Function, w: np.ndarray, h: float) -> np.ndarray:
    """The quotients if each element is left half a step below where it was."""
    w, found = w.copy(), np.empty(w.shape)
    for place in np.ndindex(w.shape):
        w[place] += h / 2
        above = function(w)
        w[place] -= h
        found[place] = (above - function(w)) / h
    return found


def _reproduction(rng: np.random.Generator) -> list[Case]:
    steps = {hidden: tutorial_step(hidden) for hidden in HIDDEN}
    right = {hidden: np.asarray(step["E_new"]) for hidden, step in steps.items()}
    before = {
        hidden: [("loss_of_before_the_step", np.asarray(s["E"]))] for hidden, s in steps.items()
    }

    test_inputs = {
        "steps": {hidden: test_inputs_of(step, INPUTS) for hidden, step in steps.items()}
    }

    def consequences(own: Quantities) -> Iterator[Quantities]:
        # Functions that leave the weights where they are make the rest trivial.
        moved = {h: v for h, v in right.items() if own.get(f"own_{h}", v) != steps[h]["E"]}
        yield {f"own_{hidden}": value for hidden, value in right.items()} | {
            hidden: own.get(f"own_{hidden}", value) for hidden, value in moved.items()
        }

    return [
        Case(
            right,
            before,
            collect_answers=asking.reproduction,
            test_inputs=test_inputs,
            consequences=consequences,
        )
    ]


TRAINING = (
    Part("losses", 3, "the loss before each step"),
    Part("E_end", 2, "the loss with the weights returned"),
)


def _training_cases(rng: np.random.Generator) -> Iterator[Case]:
    for hidden in HIDDEN:
        step = random_step(rng, hidden, units=(2, 3, 1))
        found, now = [], step
        for _ in range(TRAINING_STEPS):
            found.append(now["E"])
            now = SGDStep(
                Network(
                    [now["W_h_new"], now["W_o_new"]], [now["b_h_new"], now["b_o_new"]],
                    hidden=hidden,
                ),
                step.x, step.t, step.eta,
            )  # fmt: skip
        losses = np.array(found)
        after = np.array([*losses[1:], now["E"]])
        yield Case(
            {"losses": losses, "E_end": now["E"]},
            {"losses": [("loss_after_the_step", after)]},
            collect_answers=asking.training,
            test_inputs=test_inputs_of(step, INPUTS) | {"steps": TRAINING_STEPS},
            label=f"hidden={hidden!r}",
            consequences=partial(_training_consequences, losses, now["E"]),
        )


def _training_consequences(
    losses: np.ndarray, E_end: np.ndarray, own: Quantities
) -> Iterator[Quantities]:
    """What the loop gives with the student's own functions, if these move the weights at all."""
    q = {"own_losses": losses, "own_E_end": E_end}
    if np.ptp(own.get("own_losses", losses)):
        q |= {"losses": own.get("own_losses", losses), "E_end": own.get("own_E_end", E_end)}
    yield q


DEPTH = 3


def _any_depth_cases(rng: np.random.Generator) -> list[Case]:
    """For those who finish early: every gradient of a network with three layers of sigmoids."""
    sizes = (2, 3, 4, 3)
    net = Network(
        [rng.uniform(-1.5, 1.5, shape) for shape in zip(sizes, sizes[1:])],
        [rng.uniform(-1, 1, units) for units in sizes[1:]],
    )
    x, t = rng.uniform(-1.5, 1.5, (5, sizes[0])), rng.uniform(0.05, 0.95, (5, sizes[-1]))
    g = gradients(net, x, t)

    expected = _by_layer(g.weights, g.biases)
    mistakes = {
        name: [("sum_over_batch", len(x) * value), ("wrong_sign", -value)]
        for name, value in expected.items()
    }
    test_inputs = {"x": x, "t": t, "weights": net.weights, "biases": net.biases}
    return [Case(expected, mistakes, collect_answers=asking.any_depth, test_inputs=test_inputs)]


def _by_layer(dW: Sequence[np.ndarray], db: Sequence[np.ndarray]) -> Quantities:
    return {f"dW[{k}]": dW[k] for k in range(DEPTH)} | {f"db[{k}]": db[k] for k in range(DEPTH)}


ANY_DEPTH = tuple(
    Part(f"{name}[{k}]", 0, f"gradient of the {words} of layer {k}")
    for name, words in (("dW", "weights"), ("db", "biases"))
    for k in range(DEPTH)
)

ACTIVATION_FUNCTIONS = tuple(("p3.activations", (name, f"slope_{name}")) for name in HIDDEN)
STEP_FUNCTIONS = tuple((f"p3.{name}", None) for name in asking.OWN_FUNCTIONS)

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
        asking.forward,
        ("x", *PARAMETERS),
        with_duplicate_rows=True,
        recorded_intermediates={"f_h": "activation", "f_o": "activation"},
        functions=ACTIVATION_FUNCTIONS,
    ),
    _for_each_hidden("p3.loss", "loss", LOSS, asking.loss, ("a_o", "t"), label="{points} points"),
    _for_each_hidden(
        "p3.backward",
        "backward",
        BACKWARD,
        asking.backward,
        (*INPUTS, *asking.TRACE),
        recorded_intermediates={"slope_h": "slope", "slope_o": "slope"},
        functions=ACTIVATION_FUNCTIONS,
        method_values=(asking.OTHER_TRACE,),
        method_recognised=_is_difference_quotient,
    ),
    Question(
        "p3.symmetric_difference",
        (Part("quotients", 4, "a difference quotient for each element"),),
        ("symmetric_difference",),
        lambda rng: list(_difference_cases(rng)),
    ),
    _for_each_hidden(
        "p3.sgd_step", "sgd_step", UPDATE, asking.sgd_step, ("eta", *PARAMETERS, *asking.GRADIENTS)
    ),
    Question(
        "p3.reproduce",
        tuple(Part(name, 1, f"loss after the step, {name} hidden units") for name in HIDDEN),
        ("E_new",),
        _reproduction,
        recorded_intermediates={f"own_{hidden}": CALLED for hidden in HIDDEN},
        functions=STEP_FUNCTIONS,
    ),
    Question(
        "p3.train",
        TRAINING,
        ("train",),
        lambda rng: list(_training_cases(rng)),
        recorded_intermediates={"own_losses": CALLED, "own_E_end": CALLED},
        functions=STEP_FUNCTIONS,
    ),
    Question("p3.any_depth", ANY_DEPTH, ("backward_any_depth",), _any_depth_cases),
)
