"""Problem 3: the network from scratch. Answers are functions, run on random batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from itertools import cycle
from typing import Any

import numpy as np

from helpers.activations import HIDDEN_ACTIVATIONS, sigmoid
from helpers.asking import TestInputs
from helpers.asking import problem_3_numpy as asking
from helpers.asking.record import Answer, Missing
from helpers.course import HIDDEN
from helpers.marking import own_functions
from helpers.marking.answer import Answer as AnswerToPart
from helpers.marking.misconceptions.of_a_step import slope_from_output
from helpers.marking.misconceptions.of_many_layers import (
    Deltas,
    Layers,
    with_slopes,
    wrong_gradients,
)
from helpers.marking.misconceptions.of_training import (
    Loop,
    WrongTraining,
    trained,
    wrong_batch_training,
    wrong_reproduction,
    wrong_training,
)
from helpers.marking.questions.model import (
    Case,
    CollectAnswers,
    Layer,
    Mistake,
    MistakesOnDemand,
    Part,
    Question,
    given_in_code,
    learning_rate,
    step_case,
    traits_of,
)
from helpers.network import Network
from helpers.numerical import central_difference, forward_difference
from helpers.personal import DEFAULT_PROBLEM
from helpers.personal.problem_data import ProblemData
from helpers.reference import gradients, slope, vjp
from helpers.sgd_step import PARAMETERS, Quantities, SGDStep, random_step

TRAINING_STEPS = 3
Function = Callable[[np.ndarray], float]  # of weights, that difference quotients are made of
Slope = Callable[[int], np.ndarray]  # of a layer's number
INPUTS = ("x", "t", "eta", *PARAMETERS)


def _for_each_hidden(
    question: str,
    argument: str,
    parts: tuple[Part, ...],
    collect_answers: CollectAnswers,
    names: Sequence[str],
    label: str = "hidden={hidden!r}",
    with_duplicate_rows: bool = False,
    telling: bool = False,
    **more: Any,
) -> Question:
    """A question about one function, asked once with each hidden activation on a random batch.

    names: of the step's quantities that the function is called with. with_duplicate_rows: whether
    two points have the same inputs. telling: see _tells_of_the_method. more: fields of the
    Question.
    """

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for batch in _batches():
            points = batch.points
            duplicate_rows = (
                _pairs_of_places(rng, points) if with_duplicate_rows and points > 1 else ()
            )
            step = _step_of(rng, batch, duplicate_rows)
            test_inputs = test_inputs_of(step, names)
            if telling and batch.tells:
                test_inputs |= _telling_inputs(rng, batch.hidden)
            case = step_case(
                step,
                parts,
                collect_answers,
                test_inputs,
                label=label.format(hidden=batch.hidden, points=points) + batch.remark,
            )
            traits = traits_of(
                batch.hidden if "hidden" in label else "",
                outputs=batch.units[-1],
                points=batch.points if {"x", "t"} & set(names) else 0,
            )
            yield replace(case, duplicate_rows=duplicate_rows, traits=traits)

    return Question(question, parts, (argument,), lambda rng: list(cases(rng)), **more)


@dataclass(frozen=True)
class _Batch:
    """The kind of network and batch of a case; its numbers are drawn."""

    hidden: str
    points: int
    units: tuple[int, int, int] = (2, 4, 3)
    # The sign of the first weighted input of the first point: from the first number alone NumPy
    # takes the type of what np.vectorize gives, and `max(0, z)` is an integer where z is negative.
    first_sign: int | None = None
    remark: str = ""  # what is special, as it is put behind the label

    @property
    def tells(self) -> bool:
        """Whether the case has telling inputs as well: one for each activation, to save time."""
        return not self.remark and self.first_sign != 1


def _batches() -> Iterator[_Batch]:
    """One batch for each hidden activation, and what code easily goes wrong with.

    The number of points differs from case to case, and from the numbers of units, so that none can
    be mistaken for another. What is special is so in every draw, or verdicts would depend on it.
    """
    for hidden, points in zip(HIDDEN, cycle((5, 4, 7))):
        kinks = HIDDEN_ACTIVATIONS[hidden].kinks
        yield _Batch(hidden, points, first_sign=-1 if kinks else None)
        if kinks:
            yield _Batch(hidden, 11, (3, 5, 2), first_sign=1)
        if hidden == HIDDEN[0]:
            yield _Batch(hidden, 7, (3, 5, 1), remark=", one output")
            yield _Batch(hidden, 1, (5, 3, 2), remark=", one data point")


def _step_of(
    rng: np.random.Generator, batch: _Batch, duplicate_rows: tuple[list[int], ...] = ()
) -> SGDStep:
    """A random step on such a batch; duplicate_rows: as in random_step."""
    while True:
        step = random_step(
            rng,
            batch.hidden,
            units=batch.units,
            n_samples=batch.points,
            duplicate_rows=duplicate_rows,
            with_eta=learning_rate(rng),
        )
        if batch.first_sign is None:
            return step
        z = step.net.forward(step.x).z[0]
        on = z > 0
        # No unit is off at every point, and at no point are all units off: what is 0 by chance
        # makes a division by it an error, and lets nothing follow.
        if z[0, 0] * batch.first_sign > 0 and on.any(axis=0).all() and on.any(axis=1).all():
            return step


def _pairs_of_places(rng: np.random.Generator, count: int, pairs: int = 1) -> tuple[list[int], ...]:
    """Pairs of different places among `count`: the ones and, in the same order, the others."""
    ones, others = rng.permutation(count)[: 2 * pairs].reshape(2, pairs).tolist()
    return ones, others


def test_inputs_of(step: SGDStep, names: Sequence[str]) -> TestInputs:
    """The quantities `names` of an SGDStep and its hidden activation's name, as test inputs."""
    given: TestInputs = {name: step[name] for name in names} | {"hidden": step.net.hidden}
    return given | ({"eta": step.eta} if "eta" in names else {})  # a float, as students have it


# What is known of each function, to compare a single value with.
KNOWN = {
    "sigmoid": "a sigmoid lies between 0 and 1, and is ½ at 0",
    "tanh": "tanh lies between -1 and 1, and is 0 at 0",
    "relu": "a ReLU leaves a positive z as it is, and makes 0 of a negative one",
    "slope_sigmoid": "a sigmoid's derivative is ¼ at 0, and smaller elsewhere",
    "slope_tanh": "tanh's derivative is 1 at 0, and smaller elsewhere",
    "slope_relu": "a ReLU's derivative is 1 where z is positive, and 0 where it is negative",
}


def _at_one_z(name: str, case: Case, values: np.ndarray) -> str:
    """What a wrong function of the name of a part gives for one z. values: for all of them."""
    right = np.asarray(case.expected[name])
    if values.shape != right.shape:
        return "expected one value for each z"
    if np.allclose(values, -right):
        return "the size is right, the sign is not"
    place = np.unravel_index(np.abs(values - right).argmax(), right.shape)
    z = asking.z_for(name, case.test_inputs)[place]
    return f"at z = {z:.3g} yours gives {values[place]:.4g}"


ACTIVATIONS = tuple(
    Part(
        name,
        1,
        words.format(name.removeprefix("slope_")),
        described=partial(_at_one_z, name),
        default_hint=KNOWN.get(name, ""),
    )
    for words, names in (
        ("{} of z", HIDDEN),
        ("slope of {} at z", [f"slope_{name}" for name in HIDDEN]),
    )
    for name in names
)


def _activation_cases(rng: np.random.Generator) -> Iterator[Case]:
    first = _activation_case(rng, (4, 3))
    # Also where later questions will need them, asked for once.
    yield replace(first, test_inputs=first.test_inputs | {"grid": own_functions.GRID})
    # Each has a twin: whoever shows values at other z cannot hit them all by luck.
    yield _activation_case(rng, (16,), first_sign=1, pairs=8)
    yield _activation_case_at(_whole_numbers(rng), "whole numbers as z", with_zero=True)


def _activation_case(
    rng: np.random.Generator, shape: tuple[int, ...], first_sign: int = -1, pairs: int = 1
) -> Case:
    """The Case at random weighted inputs; pairs: how many pairs of rows are the same."""
    # Away from ReLU's kink, and with equally many numbers of each sign in every draw: whether a
    # wrong activation is 0 too often for anything to follow from it depends on them. Some of each
    # sign are below 1, so that a kink at 1 or -1 is always seen. Which sign comes first decides
    # about the type of what np.vectorize gives: see _Batch.
    while True:
        z = rng.uniform(0.1, 3, shape) * rng.choice([-1, 1], shape)
        duplicate_rows = _pairs_of_places(rng, len(z), pairs)
        z[duplicate_rows[1]] = z[duplicate_rows[0]]
        halves = (z < 0).sum() == z.size // 2
        both_below_1 = ((0 < z) & (z < 0.9)).any() and ((-0.9 < z) & (z < 0)).any()
        if z.flat[0] * first_sign > 0 and halves and both_below_1:
            break
    return _activation_case_at(z, f"z of shape {shape}", duplicate_rows)


def _whole_numbers(rng: np.random.Generator) -> np.ndarray:
    """Small and large whole numbers of both signs, up to 30, as floats; the first two are 1.

    How many small ones have which sign is the same in every draw, and so is how many slopes are as
    good as 0: these numbers decide whether anything follows from a wrong activation.
    """
    small = rng.permutation([2, 3, 4]) * rng.permutation([-1, -1, 1])
    large = rng.integers(9, 30, 3) * rng.permutation([-1, 1, 1])
    return np.array([1.0, 1.0, *rng.permutation([-30.0, 30.0, *small, *large])])


def _activation_case_at(
    z: np.ndarray, label: str, duplicate_rows: tuple[list[int], ...] = (), with_zero: bool = False
) -> Case:
    """The Case at these weighted inputs; with_zero: activations are asked for at 0 in place 0.

    Then z has the same number in place 1.
    """
    test_inputs: TestInputs = {"z": z} | ({"zero_at": 0} if with_zero else {})
    expected: Quantities = {}
    mistakes: dict[str, list[Mistake]] = {}
    for name in HIDDEN:
        function = HIDDEN_ACTIVATIONS[name]
        z_of_a, a = asking.z_for(name, test_inputs), function(z)
        expected[name], mistakes[name] = function(z_of_a), []
        expected[f"slope_{name}"] = slope(function, z)
        mistakes[f"slope_{name}"] = [("slope_at_a", slope(function, a))]
        if function.derivative_from_output is not None:
            at_z = function.derivative_from_output(z)
            if not np.array_equal(at_z, expected[f"slope_{name}"]):  # as it is for ReLU
                mistakes[f"slope_{name}"].append(("slope_formula_at_z", at_z))
        if name == "relu":
            kinds = (np.abs(z_of_a), np.where(z_of_a > 0, z_of_a, 0.01 * z_of_a))
            mistakes[name] += [("relu_of_another_kind", v) for v in (*kinds, np.minimum(z_of_a, 0))]
            mistakes["slope_relu"].append(("slope_never_0", np.ones(z.shape)))
        if name != "sigmoid":
            mistakes[f"slope_{name}"].append(("slope_of_sigmoid", slope_from_output("sigmoid", a)))
            mistakes[f"slope_{name}"].append(("activation_as_slope", a))
            mistakes[name].append(("sigmoid_in_hidden_layer", sigmoid(z_of_a)))
    mistakes["sigmoid"].append(("exponents_sign_lost", 1 - expected["sigmoid"]))
    sigma, tanh = sigmoid(z), np.tanh(z)
    mistakes["slope_sigmoid"] += [("factor_of_the_slope_missing", v) for v in (sigma, 1 - sigma)]
    z_of_sigmoid = asking.z_for("sigmoid", test_inputs)
    mistakes["sigmoid"].append(("brackets_forgotten", 1 + np.exp(-z_of_sigmoid)))
    mistakes["slope_sigmoid"].append(("slope_of_tanh", 1 - sigma**2))
    # Left out, in the wrong place, and doubled in its place
    squares = (1 - tanh, (1 - tanh) ** 2, 1 - np.tanh(z**2), 1 - 2 * tanh)
    mistakes["slope_tanh"] += [("square_forgotten", value) for value in squares]

    def consequences(own: Quantities) -> Iterator[Quantities]:
        formulas = {name: HIDDEN_ACTIVATIONS[name].derivative_from_output for name in HIDDEN}
        yield expected | {
            f"slope_{name}": formula(_at_slopes(own[name], test_inputs))
            for name, formula in formulas.items()
            if formula is not None and name in own
        }

    return Case(
        expected,
        mistakes,
        collect_answers=asking.activations,
        test_inputs=test_inputs,
        label=label,
        consequences=consequences,
        duplicate_rows=duplicate_rows,
    )


def _at_slopes(values: np.ndarray, test_inputs: TestInputs) -> np.ndarray:
    """A function's values where the slopes are asked for, from those at 0 as well."""
    if "zero_at" in test_inputs:
        values = values.copy()
        values[test_inputs["zero_at"]] = values[1]
    return values


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


DELTAS = (
    Part("delta_o", 3, "deltas of the output layer"),
    Part("delta_h", 3, "deltas of the hidden layer"),
)


BACKWARD = tuple(
    Part(name, points, words)
    for name, points, words in (
        ("dW_h", 2, "gradient of the hidden weights"),
        ("db_h", 1, "gradient of the hidden biases"),
        ("dW_o", 2, "gradient of the output weights"),
        ("db_o", 1, "gradient of the output biases"),
    )
)


# How a backward pass comes about is told by two networks of its own.

OTHER_SCALES = np.array([1e9, 1e9, 1e-9, 1e-9])  # of the inputs
FAR = 1e200  # times what targets are: the squared error is beyond all numbers
NEAR = 0.05  # relative to the largest number: so near are difference quotients with a usual step
OFF = 0.5  # so far off they are where no step suits them


def _telling_inputs(rng: np.random.Generator, hidden: str) -> TestInputs:
    """Test inputs that tell a backward pass from looks at the loss, however exact these are.

    Inputs of very different sizes, with small and large weights and with weights of 0: a backward
    pass multiplies as ever, and there is no step that suits all weights of a difference quotient.
    Targets so far away that the loss overflows, and its gradient does not: whoever moves weights
    and looks at the loss sees none, also with complex steps.
    """
    step = random_step(rng, hidden, units=(4, 3, 2), n_samples=5)
    W_h = step.net.weights[0]
    weights = W_h / OTHER_SCALES[:, None] * [[1.0], [0.0], [1.0], [0.0]]
    scaled = _another(step, step.x * OTHER_SCALES, weights, step.t)
    far = _another(step, step.x / FAR, W_h, step.t * FAR)
    found = {asking.OTHER_SCALES: scaled, asking.FAR_TARGETS: far}
    return {name: _with_trace(inputs, hidden) for name, inputs in found.items()}


def _another(step: SGDStep, x: np.ndarray, W_h: np.ndarray, t: np.ndarray) -> TestInputs:
    (_, W_o), (b_h, b_o) = step.net.weights, step.net.biases
    return {"x": x, "t": t, "W_h": W_h, "b_h": b_h, "W_o": W_o, "b_o": b_o}


def _with_trace(inputs: TestInputs, hidden: str) -> TestInputs:
    trace = _network_of(inputs, hidden).forward(inputs["x"])
    values = (trace.z[0], trace.a[0], trace.z[1], trace.a[1])
    return inputs | dict(zip(asking.TRACE, values, strict=True))


def _network_of(inputs: TestInputs, hidden: str) -> Network:
    weights, biases = [inputs["W_h"], inputs["W_o"]], [inputs["b_h"], inputs["b_o"]]
    return Network(weights, biases, hidden=hidden)


def _right_dW_h(name: str, inputs: TestInputs, hidden: str) -> np.ndarray:
    """The reference for dW_h with telling test inputs, a dict, of the name `name`."""
    net, t = _network_of(inputs, hidden), inputs["t"]
    if name == asking.OTHER_SCALES:
        return gradients(net, inputs["x"], t).weights[0]
    # The gradient grows with the targets in proportion, but for what it is without any.
    at_1 = gradients(net, inputs["x"], t / FAR).weights[0]
    return FAR * (at_1 - gradients(net, inputs["x"], np.zeros_like(t)).weights[0])


def _difference_quotients(cases: list[Case], answers: dict[str, list[Answer]]) -> dict[str, str]:
    """The name of the mistake by part if `backward` moves weights and looks at the loss, else {}.

    Its dW_h is near the right one or even exact, but not where the loss overflows, or where no step
    suits all weights. What rightly follows from another trace is none: it comes from the trace.
    """
    dW_h = in_shape(BACKWARD[0], cases, answers["dW_h"])
    if dW_h is None or not all(map(_near, dW_h.values, dW_h.expected)):
        return {}
    # A record without them is none of `observe`, and says nothing of the method.
    failed = {
        name: any(
            name in case.test_inputs
            and not isinstance(value, Missing)
            and not _goes_with(value, _right_dW_h(name, case.test_inputs[name], _hidden(case)))
            for case, value in zip(cases, answers[name], strict=True)
        )
        for name in asking.TELLING
    }
    # With far targets lower precision overflows too, and so do weights that are updated too early.
    # These are wrong without being difference quotients, which no scale suits if they are wrong.
    if not dW_h.agrees(dW_h.expected):
        failed[asking.FAR_TARGETS] = False
    if not any(failed.values()):
        return {}
    return {
        part.name: "difference_quotient"
        for part in BACKWARD
        if part.name == "dW_h" or not _follows_from_the_trace(part, cases, answers)
    }


def _hidden(case: Case) -> str:
    return case.test_inputs["hidden"]


def in_shape(part: Part, cases: Sequence[Case], values: Sequence[Answer]) -> AnswerToPart | None:
    """The numbers of an answer in the shapes of the right ones; None if it has others, or none."""
    if not all(isinstance(value, np.ndarray) for value in values):
        return None
    answer = AnswerToPart(part, cases, values).in_expected_shape()
    return None if any(value is None for value in answer.values) else answer


def _near(value: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.abs(value - right).max() < NEAR * np.abs(right).max())


def _goes_with(value: Answer, right: np.ndarray) -> bool:
    """Whether an answer to telling test inputs is about right, in each row by its own size."""
    if not isinstance(value, np.ndarray) or value.shape != right.shape:
        return False
    off = np.abs(value - right).max(axis=1)
    return bool(np.all(off <= OFF * np.abs(right).max(axis=1)))


def _follows_from_the_trace(
    part: Part, cases: Sequence[Case], answers: Mapping[str, Sequence[Answer]]
) -> bool:
    """Whether another trace gives what the formulas make of it: slopes may use its z or its a."""
    for case, value in zip(cases, answers[asking.with_other_trace(part.name)], strict=True):
        assert case.consequences is not None  # a step has them
        other = asking.other_trace(case.test_inputs)
        rights = [q[part.name] for q in case.consequences(other)]
        if not isinstance(value, np.ndarray) or not any(
            value.size == right.size and np.allclose(value.ravel(), right.ravel(), rtol=1e-6)
            for right in rights
        ):
            return False
    return True


UPDATE = tuple(
    Part(f"{name}_new", 1, f"{name} after the step", quantity=f"{name}_new") for name in PARAMETERS
)


def _difference_cases(rng: np.random.Generator) -> Iterator[Case]:
    for shape in ((3,), (2, 3)):
        w = rng.uniform(0.5, 1.2, shape)
        # The function rises along every other element and falls along the rest: there the negative
        # term of the derivative, at least 3 · 3.5 · 0.5², is larger than the product of the others.
        falls = rng.permuted(np.resize([True, False], shape))
        factors = np.where(falls, -rng.uniform(3.5, 4.5, shape), rng.uniform(0.5, 1.5, shape))
        h = rng.uniform(0.05, 0.1)

        function = asking.cubes_and_product(factors)
        right = central_difference(function, w, h)
        yield Case(
            {"quotients": right},
            MistakesOnDemand(["quotients"], partial(_wrong_quotients, function, w, h, right)),
            collect_answers=asking.difference_quotients,
            test_inputs={"factors": factors, "w": w, "h": h},
            label=f"w of shape {shape}",
        )


OWN_STEPS = (1e-5, 1e-3, 0.01, 0.1, 1.0)  # that are used whatever h is


def _wrong_quotients(
    f: Function, w: np.ndarray, h: float, right: np.ndarray, part: str
) -> Iterator[Mistake]:
    """The mistakes in difference quotients of f; right: the central ones."""
    forward, half = forward_difference(f, w, h), forward_difference(f, w, h / 2)
    wide, places = central_difference(f, w, 2 * h), np.arange(w.size).reshape(w.shape)
    yield "forward_difference", forward
    yield "full_step_each_side", wide
    yield "full_step_each_side", 2 * wide
    for factor in (2, 1 / 2, h**2):
        yield "width_of_the_step", factor * right
    yield "not_divided", h * right
    for value in (right / 2, wide):  # (f(above) - f(below)) / 2 * h
        yield "multiplied_by_the_width", value * h**2
    yield "halved_with_the_point", _with_halved_points(f, w, h)
    yield "difference_turned", -right
    yield "all_moved_at_once", np.full(w.shape, _along_all(f, w, h))
    yield "not_moved_back", _without_moving_back(f, w, h)
    yield "not_moved_back", _without_new_copies(f, w, h)
    yield "returned_too_early", right * (places == 0)
    yield "only_the_last", right * (places == w.size - 1)
    yield "same_at_both_sides", np.zeros(w.shape)
    # (f(w + h/2) - f(w)) / h and the like, to either side, and from w - h to w
    below = right - half / 2  # the other half of the difference
    for value in (half / 2, below, half, 2 * below, 2 * wide - forward):
        yield "one_side_only", value
    yield "bracket_forgotten", _with_bracket_forgotten(f, w, h)
    for own in OWN_STEPS:
        yield "step_of_its_own", central_difference(f, w, own)
    yield "whole_numbers_only", np.trunc(right)
    if w.ndim == 2:
        yield "row_moved_at_once", _by_rows(f, w, h)


def _by_rows(f: Function, w: np.ndarray, h: float) -> np.ndarray:
    """The quotients if whole rows are moved."""
    found = np.empty(w.shape)
    for row in range(len(w)):
        move = (np.arange(len(w)) == row)[:, None] * h / 2
        found[row] = (f(w + move) - f(w - move)) / h
    return found


def _with_bracket_forgotten(f: Function, w: np.ndarray, h: float) -> np.ndarray:
    """f(above) - f(below) / h for each element."""
    found = np.empty(w.shape)
    for place in np.ndindex(w.shape):
        move = np.zeros(w.shape)
        move[place] = h / 2
        found[place] = f(w + move) - f(w - move) / h
    return found


def _with_halved_points(f: Function, w: np.ndarray, h: float) -> np.ndarray:
    """The quotients between (w + h) / 2 and (w - h) / 2 for each element."""
    found = np.empty(w.shape)
    for place in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[place], below[place] = (w[place] + h) / 2, (w[place] - h) / 2
        found[place] = (f(above) - f(below)) / h
    return found


def _without_new_copies(f: Function, w: np.ndarray, h: float) -> np.ndarray:
    """The quotients if the elements that have had their turn stay moved, on both sides."""
    above, below, found = w.copy(), w.copy(), np.empty(w.shape)
    for place in np.ndindex(w.shape):
        above[place] += h / 2
        below[place] -= h / 2
        found[place] = (f(above) - f(below)) / h
    return found


GIVEN_NAMES = ("x", "t", "eta", "params")  # of the tutorial's step, in the notebook
CALLED = "step by forward, loss, backward and sgd_step"
CALLED_IN_BATCHES = "steps by batches, forward, loss, backward and sgd_step"


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


def _reproduction(numbers: ProblemData, rng: np.random.Generator) -> list[Case]:
    steps = {hidden: numbers.step(hidden) for hidden in HIDDEN}
    right = {hidden: np.asarray(step["E_new"]) for hidden, step in steps.items()}

    test_inputs = {
        "steps": {hidden: test_inputs_of(step, INPUTS) for hidden, step in steps.items()}
    }

    def consequences(own: Quantities) -> Iterator[Quantities]:
        # Functions that leave the weights where they are make the rest trivial.
        moved = {h: v for h, v in right.items() if own.get(f"own_{h}", v) != steps[h]["E"]}
        yield {f"own_{hidden}": value for hidden, value in right.items()} | {
            hidden: own.get(f"own_{hidden}", value) for hidden, value in moved.items()
        }

    in_order = list(steps.values())

    def mistakes(hidden: str) -> Iterator[Mistake]:
        return wrong_reproduction(steps[hidden], in_order[: list(steps).index(hidden)])

    return [
        Case(
            right,
            MistakesOnDemand(right, mistakes),
            collect_answers=asking.reproduction,
            test_inputs=test_inputs,
            consequences=consequences,
        )
    ]


TRAINING = (
    Part("losses", 3, "the loss before each step"),
    Part("E_end", 2, "the loss with the weights returned"),
)


def _training_batches() -> Iterator[_Batch]:
    """As _batches, one for each activation."""
    special = cycle(((4, (2, 3, 1), ""), (1, (3, 4, 2), ", one data point"), (7, (2, 5, 3), "")))
    for hidden, (points, units, remark) in zip(HIDDEN, special):
        first_sign = -1 if HIDDEN_ACTIVATIONS[hidden].kinks else None
        yield _Batch(hidden, points, units, first_sign, remark)


MOMENTUM = 0.9  # as it is nearly always chosen


def _losses_with_momentum(step: SGDStep) -> np.ndarray:
    """The losses before each step and after the last if steps add up as with momentum."""
    parameters, losses = step.parameters, []
    velocity = dict.fromkeys(PARAMETERS, np.asarray(0.0))
    for _ in range(TRAINING_STEPS):
        weights, biases = ([parameters[f"{kind}_{layer}"] for layer in "ho"] for kind in "Wb")
        g = gradients(Network(weights, biases, hidden=step.net.hidden), step.x, step.t)
        losses.append(g.loss)
        found = dict(zip(("W_h", "W_o", "b_h", "b_o"), (*g.weights, *g.biases), strict=True))
        velocity = {name: MOMENTUM * velocity[name] + found[name] for name in PARAMETERS}
        parameters = {name: parameters[name] - step.eta * velocity[name] for name in PARAMETERS}
    return np.array([*losses, step.loss_with(parameters)])


def _training_cases(rng: np.random.Generator) -> Iterator[Case]:
    for batch in _training_batches():
        step = _step_of(rng, batch)
        found, now = [], step
        for _ in range(TRAINING_STEPS):
            found.append(now["E"])
            now = SGDStep(
                Network(
                    [now["W_h_new"], now["W_o_new"]], [now["b_h_new"], now["b_o_new"]],
                    hidden=batch.hidden,
                ),
                step.x, step.t, step.eta,
            )  # fmt: skip
        losses = np.array(found)
        yield Case(
            {"losses": losses, "E_end": now["E"]},
            _mistakes_in_loop(partial(_wrong_training, step)),
            collect_answers=asking.training,
            test_inputs=test_inputs_of(step, INPUTS) | {"steps": TRAINING_STEPS},
            label=f"hidden={batch.hidden!r}{batch.remark}",
            traits=traits_of(batch.hidden, points=batch.points),
            consequences=partial(_training_consequences, losses, now["E"]),
        )


def _wrong_training(step: SGDStep) -> Iterator[WrongTraining]:
    yield from wrong_training(Loop.of(step), TRAINING_STEPS)
    losses = _losses_with_momentum(step)
    yield "momentum", losses[:-1], losses[-1]


def _mistakes_in_loop(make: Callable[[], Iterator[WrongTraining]]) -> MistakesOnDemand:
    """The mistakes in the two parts of a training question, which are computed together."""
    found = cache(lambda: list(make()))

    def of_part(part: str) -> Iterator[Mistake]:
        for name, losses, E_end in found():
            value = losses if part == "losses" else E_end
            if value is not None:
                yield name, value

    return MistakesOnDemand(("losses", "E_end"), of_part)


def _training_consequences(
    losses: np.ndarray, E_end: np.ndarray, own: Quantities
) -> Iterator[Quantities]:
    """What the loop gives with the student's own functions, if these move the weights at all."""
    q = {"own_losses": losses, "own_E_end": E_end}
    if np.ptp(own.get("own_losses", losses)):
        q |= {"losses": own.get("own_losses", losses), "E_end": own.get("own_E_end", E_end)}
    yield q


DEPTH = 3


def _any_depth_cases(rng: np.random.Generator) -> Iterator[Case]:
    """For those who finish early: every gradient of a network with three layers of sigmoids."""
    for sizes, points, label in (
        ((2, 3, 4, 3), 5, "three outputs"),
        ((3, 5, 4, 1), 7, "one output"),
        ((5, 3, 4, 2), 1, "one data point"),
    ):
        net = Network(
            [rng.uniform(-1.5, 1.5, shape) for shape in zip(sizes, sizes[1:])],
            [rng.uniform(-1, 1, units) for units in sizes[1:]],
        )
        x = rng.uniform(-1.5, 1.5, (points, sizes[0]))
        t = rng.uniform(0.05, 0.95, (points, sizes[-1]))
        g, run = gradients(net, x, t), net.forward(x)
        expected = _by_layer(g.weights, g.biases)
        layers = Layers(x, net.weights, run.z, run.a, [_slope_of(a) for a in run.a], g)
        mistakes = MistakesOnDemand(expected, partial(_wrong_at_any_depth, layers, net, t))
        test_inputs = {"x": x, "t": t, "weights": net.weights, "biases": net.biases}
        yield Case(
            expected,
            mistakes,
            collect_answers=asking.any_depth,
            test_inputs=test_inputs,
            label=label,
            traits=traits_of(outputs=sizes[-1], points=points),
        )


def _slope_of(a: np.ndarray) -> np.ndarray:
    return slope_from_output("sigmoid", a)


def _wrong_at_any_depth(
    layers: Layers, net: Network, t: np.ndarray, part: str
) -> Iterator[Mistake]:
    """The mistakes in one gradient of a network of sigmoids."""
    kind, layer = part[:2], int(part[3])
    g, last, points = layers.right, layers.last, len(layers.x)
    error, slopes = layers.a[-1] - t, layers.slopes

    def slope_from(make: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Slope:
        return lambda k: make(layers.z[k], layers.a[k])

    wrong: dict[str, list[Slope]] = {
        "slope_forgotten": [slope_from(lambda z, a: np.ones_like(a))],
        "factor_of_the_slope_missing": [
            slope_from(lambda z, a: a),
            slope_from(lambda z, a: 1 - a),
        ],
        "slope_of_tanh": [slope_from(lambda z, a: slope_from_output("tanh", a))],
        "slope_at_a": [slope_from(lambda z, a: slope(sigmoid, a))],
        "slope_formula_at_z": [slope_from(lambda z, a: _slope_of(z))],
    }
    ways = list(with_slopes(layers, wrong))
    for name, of_layer in wrong.items():
        for each in of_layer:
            ways.append((name, last, layers.going_on(last, error * each(last))))
            ways.append((name, last, layers.going_on(last, error * each(last), each)))
    # Divided by the number of points in every layer, and not at the output alone
    in_each = [g.delta[k] / points ** (last - k) for k in range(last + 1)]
    ways.append(("number_of_points_mistaken", last - 1, in_each))
    # Sent back before the gradients of the layer are made of them
    at_inputs = layers.sent_back(0, g.delta[0])
    for before in (at_inputs * _slope_of(layers.x), at_inputs):
        ways.append(("delta_of_another_layer", last, [before, *g.delta[:-1]]))
    without = Network(net.weights, None, hidden="sigmoid")
    run = without.forward(layers.x)
    of_it = Layers(layers.x, net.weights, run.z, run.a, slopes, gradients(without, layers.x, t))
    yield "forward_without_biases", of_it.gradients(layer, of_it.right.delta[layer])[kind]
    right, opposite = layers.gradients(layer, g.delta[layer])[kind], last - layer
    yield "wrong_sign", -right
    yield "factor_two", 2 * right
    yield "factor_half", right / 2
    others = {*range(last + 1)} - {layer} - ({opposite} if kind == "db" else set())
    yield from wrong_gradients(layers, layer, kind, ways, others)
    if opposite != layer:
        yield "layers_reversed", g.weights[opposite] if kind == "dW" else g.biases[opposite]
    yield "weights_and_biases_exchanged", g.biases[layer] if kind == "dW" else g.weights[layer]


def _by_layer(dW: Sequence[np.ndarray], db: Sequence[np.ndarray]) -> Quantities:
    return {f"dW[{k}]": dW[k] for k in range(DEPTH)} | {f"db[{k}]": db[k] for k in range(DEPTH)}


ANY_DEPTH = tuple(
    Part(
        f"{name}[{k}]",
        0,
        f"gradient of the {words} of layer {k}",
        layer=Layer(f"dW[{k}]", f"db[{k}]", f"db[{k + 1}]" if k + 1 < DEPTH else ""),
    )
    for name, words in (("dW", "weights"), ("db", "biases"))
    for k in range(DEPTH)
)


MAX_LISTED = 6  # sizes of batches, and indices


def _how_many_come_back(case: Case, counts: np.ndarray) -> str:
    """counts: how often each index occurs."""
    N = case.test_inputs["N"]
    if len(counts) != N:  # as no batches of indices have it
        return f"{len(counts)} counts are there, and {N} points"
    missing, often = np.flatnonzero(counts == 0), np.flatnonzero(counts > 1)
    said = [f"{N - len(missing) if len(missing) else 'all'} of {N} points come back"]
    if len(missing):
        said.append(f"index {missing[0]}, for one, is in no batch")
    if len(often):
        said.append(f"index {often[0]} is there {counts[often[0]]:g} times")
    return ", and ".join(said)


def _how_large_they_are(case: Case, sizes: np.ndarray) -> str:
    shown = ", ".join(f"{n:g}" for n in np.ravel(sizes)[:MAX_LISTED])
    more = ", …" if sizes.size > MAX_LISTED else ""
    count = f"{sizes.size} batch{'es' if sizes.size != 1 else ''}"
    return f"you make {count} of {shown}{more} points"


def _which_come_first(case: Case, first: np.ndarray) -> str:
    """first: the indices that come first, a row for each of two epochs."""
    right = np.asarray(case.expected["order"])
    if len(first) != len(right):
        return f"{len(first)} epochs are there, and {len(right)} were asked for"
    epoch = 0 if not np.array_equal(first[0], right[0]) else 1
    own, drawn = (", ".join(f"{n:g}" for n in rows[epoch][:MAX_LISTED]) for rows in (first, right))
    which = ("first", "second")[epoch]
    return f"your {which} epoch begins with {own}, and rng.permutation(N) with {drawn}"


BATCHES = (
    Part(
        "each_once",
        1,
        "how often each index occurs in an epoch",
        described=_how_many_come_back,
        default_hint="every point belongs to one batch of an epoch, and to one only: how often "
        "does each index occur in yours?",
    ),
    Part(
        "sizes",
        1,
        "how many points each batch has",
        described=_how_large_they_are,
        default_hint="each batch has `size` points, and the last one what is left",
    ),
    Part(
        "order",
        1,
        "the first indices of two epochs",
        described=_which_come_first,
        default_hint="the indices go in the order of rng.permutation(N), drawn once per epoch",
    ),
)


LAST_BATCHES = {
    "shorter": "a last batch that is shorter",
    "whole": "batches of the same size",
    "one point": "a last batch of one point",
    "the only one": "a single batch for all points",
}


def _batches_cases(rng: np.random.Generator) -> Iterator[Case]:
    # A last batch that is shorter, one that is not, one of a single point, and one batch for all.
    # Sizes differ from draw to draw, because all that is right of these answers follows from them.
    for last in ("shorter", "whole", "one point", "the only one"):
        size = int(rng.integers(4, 9))
        rest = {"shorter": int(rng.integers(2, size)), "whole": 0, "one point": 1}.get(last)
        if rest is None:
            N, size = size, size + int(rng.integers(1, 5))
        else:
            N = size * int(rng.integers(2, 6)) + rest
        seed = int(rng.integers(1, 2**31))
        generator = np.random.default_rng(seed)
        epochs = [generator.permutation(N) for _ in range(asking.MIXED)]
        whole, rest = divmod(N, size)
        sizes = np.array([size] * whole + [rest] * bool(rest), dtype=float)
        first = np.array([indices[:size] for indices in epochs], dtype=float)
        mistakes: dict[str, list[Mistake]] = {
            "order": [
                ("batches_not_shuffled", np.tile(np.arange(min(N, size), dtype=float), (2, 1))),
                ("each_batch_sorted", np.sort(first, axis=1)),
            ]
        }
        if rest:
            left_out = np.isin(np.arange(N), epochs[0][: whole * size]).astype(float)
            mistakes["each_once"] = [("last_batch_dropped", left_out)]
            mistakes["sizes"] = [("last_batch_dropped", sizes[:-1])]
        for part, value in _with_short_slices(epochs, size).items():
            mistakes.setdefault(part, []).append(("slices_one_short", value))
        yield Case(
            {"each_once": np.ones(N), "sizes": sizes, "order": first},
            mistakes,
            collect_answers=asking.batches,
            test_inputs={"N": N, "size": size, "seed": seed},
            label=f"N={N}, size={size}",
            traits={"last": LAST_BATCHES[last]},
        )


def _with_short_slices(epochs: Sequence[np.ndarray], size: int) -> Quantities:
    """What is asked of batches whose slices end one index too early, by part; {} if none is."""
    N, starts = len(epochs[0]), range(0, len(epochs[0]), size)
    cut = [[order[start : start + size - 1] for start in starts] for order in epochs]
    joined = [np.concatenate(batches) for batches in cut]
    first = min(N, size)
    if len(joined[0]) == N:
        return {}
    found = {
        "each_once": np.bincount(joined[0], minlength=N).astype(float),
        "sizes": np.array([len(batch) for batch in cut[0]], dtype=float),
    }
    if len(joined[0]) >= first:
        found["order"] = np.array([indices[:first] for indices in joined], dtype=float)
    return found


BATCH_TRAINING = (
    Part("losses", 2, "the loss of all points before each epoch"),
    Part("E_end", 3, "the loss with the weights returned"),
)
EPOCHS = 3


def _batch_training_cases(rng: np.random.Generator) -> Iterator[Case]:
    kinds = cycle(((11, 4, (2, 3, 1)), (9, 3, (3, 4, 2)), (10, 4, (2, 5, 3))))
    for hidden, (points, size, units) in zip(HIDDEN, kinds):
        first_sign = -1 if HIDDEN_ACTIVATIONS[hidden].kinks else None
        step = _step_of(rng, _Batch(hidden, points, units, first_sign))
        seed = int(rng.integers(1, 2**31))
        generator = np.random.default_rng(seed)
        order = [generator.permutation(points) for _ in range(EPOCHS)]
        loop = Loop.of(step)
        cut = [np.split(indices, range(size, points, size)) for indices in order]
        losses = trained(loop, cut)
        yield Case(
            {"losses": losses[:-1], "E_end": np.asarray(losses[-1])},
            _mistakes_in_loop(partial(wrong_batch_training, loop, order, size, seed)),
            collect_answers=asking.batch_training,
            test_inputs=test_inputs_of(step, INPUTS)
            | {"epochs": EPOCHS, "size": size, "seed": seed},
            label=f"hidden={hidden!r}, {points} points, size={size}",
            traits=traits_of(hidden)
            | {
                "last": LAST_BATCHES["shorter" if points % size else "whole"],
            },
            consequences=partial(_training_consequences, losses[:-1], np.asarray(losses[-1])),
        )


# The bug hunt: a network of three layers, with tanh, tanh and softmax, and cross-entropy.

HUNT = tuple(
    Part(
        f"{name}_{k}",
        points,
        f"gradient of the {words} layer's {'biases' if name == 'db' else 'weights'}",
        layer=Layer(f"dW_{k}", f"db_{k}", f"db_{k + 1}" if k < 3 else ""),
    )
    for k, words, of_biases, of_weights in (
        (3, "last", 2, 0),
        (2, "second", 1, 1),
        (1, "first", 1, 1),
    )
    for name, points in (("db", of_biases), ("dW", of_weights))
)
OTHER_UNIT = 1e6  # by which inputs are larger and weights smaller in one of the cases


def _hunt_cases(rng: np.random.Generator) -> Iterator[Case]:
    for points, (inputs, units, outputs), scale in (
        (5, (2, 4, 3), 1.0),
        (7, (3, 5, 2), 1.0),
        (4, (3, 4, 3), OTHER_UNIT),
    ):
        sizes = (inputs, units, units, outputs)
        W = [rng.uniform(-1.2, 1.2, shape) for shape in zip(sizes, sizes[1:])]
        b = [rng.uniform(-0.8, 0.8, n) for n in sizes[1:]]
        x = rng.uniform(-1.5, 1.5, (points, inputs)) * scale
        W[0] /= scale
        t = np.eye(outputs)[rng.permutation(np.arange(points) % outputs)]
        net = Network(W, b, hidden="tanh", output="softmax", loss="cross_entropy")
        yield _hunt_case(net, x, t, "inputs of another unit" if scale != 1 else f"{points} points")


def _hunt_case(net: Network, x: np.ndarray, t: np.ndarray, label: str) -> Case:
    run, g = net.forward(x), gradients(net, x, t)
    expected = {f"dW_{k + 1}": g.weights[k] for k in range(3)}
    expected |= {f"db_{k + 1}": g.biases[k] for k in range(3)}
    layers = Layers(x, net.weights, run.z, run.a, [slope(np.tanh, z) for z in run.z[:2]], g)
    planted = layers.going_on(1, layers.sent_back(2, g.delta[2]) * (1 - run.z[1] ** 2))
    wrong = {f"{kind}_1": value for kind, value in layers.gradients(0, planted[0]).items()} | {
        f"{kind}_2": value for kind, value in layers.gradients(1, planted[1]).items()
    }

    def consequences(own: Quantities) -> Iterator[Quantities]:
        # What is mended in the first layer counts, though the second one's deltas are wrong still.
        if "db_2" in own and np.allclose(own["db_2"], wrong["db_2"]):
            yield expected | {name: wrong[name] for name in ("db_1", "dW_1")}
        else:
            yield dict(expected)

    test_inputs: TestInputs = {"x": x, "t": t}
    for k in range(3):
        test_inputs |= {f"W_{k + 1}": net.weights[k], f"b_{k + 1}": net.biases[k]}
        test_inputs |= {f"z_{k + 1}": run.z[k], f"a_{k + 1}": run.a[k]}
    return Case(
        expected,
        MistakesOnDemand(expected, partial(_wrong_in_hunt, layers, planted)),
        collect_answers=asking.three_layers,
        test_inputs=test_inputs,
        label=label,
        consequences=consequences,
    )


def _wrong_in_hunt(layers: Layers, planted: Deltas, part: str) -> Iterator[Mistake]:
    """The mistakes in one gradient of the bug hunt: the planted ones, and those that come in while
    they are mended. planted: the deltas with the second layer's error."""
    kind, layer = part[:2], int(part[3]) - 1
    g, z, a, N = layers.right, layers.z, layers.a, len(layers.x)
    if part == "db_3":
        yield "hunt_last_layer", N * g.biases[2]
    if layer < 2:
        yield "hunt_second_layer", layers.gradients(layer, planted[layer])[kind]
    if layer == 0:  # through weights that are not transposed, from right deltas or planted ones
        W = layers.weights[1]
        for name, deltas in (("hunt_first_layer", g.delta), ("hunt_second_layer", planted)):
            through = vjp(lambda a: np.inner(a, W), a[0], deltas[1]) * layers.slopes[0]
            yield name, layers.gradients(0, through)[kind]

    wrong: dict[str, list[Slope]] = {
        "slope_of_sigmoid": [lambda k: slope_from_output("sigmoid", a[k])],
        "square_forgotten": [lambda k: 1 - a[k]],
        "slope_forgotten": [lambda k: np.ones_like(a[k])],
        "slope_at_a": [lambda k: slope(np.tanh, a[k])],
        "activation_for_slope": [lambda k: a[k]],
        "activation_of_another_layer": [lambda k: slope_from_output("tanh", a[1 - k])],
    }
    ways = [
        ("slope_not_cancelled", 2, layers.going_on(2, g.delta[2] * _slope_of(a[2]))),
        *with_slopes(layers, wrong),
    ]
    # The last layer's deltas once more, in place of the second one's
    again = layers.sent_back(2, g.delta[2]) * layers.slopes[0]
    ways.append(("delta_of_another_layer", 0, [again, *g.delta[1:]]))
    # In the second layer it is the planted error; here it is made in the first, with it or without.
    for deltas in (g.delta, planted):
        at_z = layers.sent_back(1, deltas[1]) * (1 - z[0] ** 2)
        ways.append(("slope_formula_at_z", 0, [at_z, *deltas[1:]]))
    right = layers.gradients(layer, g.delta[layer])[kind]
    yield "wrong_sign" if layer == 2 else "sign_turned", -right
    for factor in (2, 1 / 2):
        yield "factor_of_its_own", factor * right
    for name, value in wrong_gradients(layers, layer, kind, ways, {0, 1, 2} - {layer}):
        if part != "db_3" or name != "sum_over_batch":
            yield name, value


def _differences_in_hunt(cases: list[Case], answers: dict[str, list[Answer]]) -> dict[str, str]:
    """The name of the mistake by part if `backward_three` moves weights and looks at the loss.

    Then its gradients are near the right ones, but dW_1 is not where no step suits the weights.
    """
    dW_1 = in_shape(HUNT[-1], cases, answers["dW_1"])
    if dW_1 is None:
        return {}
    near = [_near(v, right) for v, right in zip(dW_1.values, dW_1.expected, strict=True)]
    if near != [case.label != "inputs of another unit" for case in cases]:
        return {}
    return {part.name: "difference_quotient" for part in HUNT}


OF_THE_COURSE = (
    Question(
        "p3.activations",
        ACTIVATIONS,
        ("activation", "slope"),
        lambda rng: list(_activation_cases(rng)),
        method_values=tuple(asking.on_grid(part.name) for part in ACTIVATIONS),
    ),
    _for_each_hidden(
        "p3.forward",
        "forward",
        FORWARD,
        asking.forward,
        ("x", *PARAMETERS),
        with_duplicate_rows=True,
        intermediates={"f_h": "activation", "f_o": "activation"},
        intermediates_from=own_functions.of_forward,
    ),
    _for_each_hidden("p3.loss", "loss", LOSS, asking.loss, ("a_o", "t"), label="{points} points"),
    _for_each_hidden(
        "p3.deltas",
        "deltas",
        DELTAS,
        asking.deltas,
        (*INPUTS, *asking.TRACE),
        intermediates={"slope_h": "slope", "slope_o": "slope"},
        intermediates_from=own_functions.of_deltas,
    ),
    Question(
        "p3.central_difference",
        (Part("quotients", 4, "a difference quotient for each element"),),
        ("central_difference",),
        lambda rng: list(_difference_cases(rng)),
    ),
    _for_each_hidden(
        "p3.backward",
        "backward",
        BACKWARD,
        asking.backward,
        (*INPUTS, *asking.TRACE),
        intermediates={
            "slope_h": "slope",
            "slope_o": "slope",
            "delta_o": "deltas",
            "delta_h": "deltas",
        },
        intermediates_from=own_functions.of_backward,
        method_values=(
            *asking.TELLING,
            *map(asking.with_other_trace, asking.GRADIENTS),
            *asking.OWN_DELTAS,
        ),
        method_recognised=_difference_quotients,
        telling=True,
    ),
    Question(
        "p3.bug_hunt",
        HUNT,
        ("backward_three",),
        lambda rng: list(_hunt_cases(rng)),
        method_recognised=_differences_in_hunt,
    ),
    _for_each_hidden(
        "p3.sgd_step", "sgd_step", UPDATE, asking.sgd_step, ("eta", *PARAMETERS, *asking.GRADIENTS)
    ),
    Question(
        "p3.reproduce",
        tuple(
            Part(
                name,
                1,
                f"loss after the step, {name} hidden units",
                default_hint="five calls lead here: forward and backward with the given weights, "
                "sgd_step, then forward with the new ones, and loss. Which of them gets something "
                "else?",
            )
            for name in HIDDEN
        ),
        ("E_new",),
        partial(_reproduction, DEFAULT_PROBLEM),
        intermediates={f"own_{hidden}": CALLED for hidden in HIDDEN},
        functions_not_right=own_functions.not_right,
        intermediates_from=own_functions.of_reproduction,
        method_values=tuple(f"{name}_{h}" for name in asking.OWN_GRADIENTS for h in HIDDEN),
        given_data=given_in_code(DEFAULT_PROBLEM.step(HIDDEN[0]), *GIVEN_NAMES),
    ),
    Question(
        "p3.train",
        TRAINING,
        ("train",),
        lambda rng: list(_training_cases(rng)),
        intermediates={"own_losses": CALLED, "own_E_end": CALLED},
        functions_not_right=own_functions.not_right,
        intermediates_from=own_functions.of_training,
        method_values=asking.OWN_GRADIENTS,
    ),
    Question("p3.batches", BATCHES, ("batches",), lambda rng: list(_batches_cases(rng))),
    Question(
        "p3.train_batches",
        BATCH_TRAINING,
        ("train_batches",),
        lambda rng: list(_batch_training_cases(rng)),
        intermediates={"own_losses": CALLED_IN_BATCHES, "own_E_end": CALLED_IN_BATCHES},
        functions_not_right=own_functions.not_right_in_batches,
        intermediates_from=own_functions.of_batch_training,
        method_values=(*asking.OWN_GRADIENTS, "own_order"),
    ),
    Question(
        "p3.any_depth",
        ANY_DEPTH,
        ("backward_any_depth",),
        lambda rng: list(_any_depth_cases(rng)),
    ),
)


@lru_cache(maxsize=64)
def questions_with(
    numbers: ProblemData = DEFAULT_PROBLEM, student: str = ""
) -> tuple[Question, ...]:
    """The questions, of which one asks for the step with these numbers, those of `student`."""
    if numbers is DEFAULT_PROBLEM:
        return OF_THE_COURSE
    return tuple(
        replace(
            question,
            cases=partial(_reproduction, numbers),
            student=student,
            given_data=given_in_code(numbers.step(HIDDEN[0]), *GIVEN_NAMES),
        )
        if question.id == "p3.reproduce"
        else question
        for question in OF_THE_COURSE
    )


QUESTIONS = questions_with()
