"""Problem 4: the same network in Keras."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import cycle
from typing import Any

import numpy as np

from helpers.asking import problem_4_keras as asking
from helpers.asking.record import Answer
from helpers.course import HIDDEN
from helpers.marking import own_functions
from helpers.marking.misconceptions.of_a_step import FIXED_RATES, wrong_values
from helpers.marking.misconceptions.registry import MULTIPLES
from helpers.marking.questions.model import (
    FLOAT32,
    FLOAT64,
    Case,
    CollectAnswers,
    Mistake,
    Part,
    Question,
    given_in_code,
    learning_rate,
    step_case,
    traits_of,
)
from helpers.marking.questions.problem_3_numpy import BACKWARD, UPDATE, in_shape, test_inputs_of
from helpers.network import Network
from helpers.personal import DEFAULT_PROBLEM
from helpers.personal.problem_data import ProblemData
from helpers.reference import gradients
from helpers.sgd_step import PARAMETERS, Quantities, SGDStep, random_step

DEFAULT_RATE = 0.3  # of steps whose question has no learning rate


def _for_each_hidden(
    question: str,
    argument: str,
    parts: Iterable[Part],
    collect_answers: CollectAnswers,
    names: tuple[str, ...],
    outputs: tuple[int, int, int] = (1, 3, 2),
    units: int = 3,
    inputs: int = 2,
    points: tuple[int, int, int] = (3, 3, 3),
    consequences: Callable[[SGDStep, Quantities], Iterator[Quantities]] | None = None,
    **more: Any,
) -> Question:
    """As in Problem 3, in float32's reach. outputs, points: how many, for each activation.

    consequences: as in Case, a function of the SGDStep as well. more: fields of the Question.
    """
    parts = tuple(replace(part, tolerance=FLOAT32) for part in parts)

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for hidden, count, n_samples in zip(HIDDEN, cycle(outputs), cycle(points)):
            step = random_step(
                rng,
                hidden,
                units=(inputs, units, count),
                n_samples=n_samples,
                with_eta=learning_rate(rng) if "eta" in names else DEFAULT_RATE,
            )
            label = f"hidden={hidden!r}, outputs={count}"
            label += ", one data point" if n_samples == 1 else ""
            mistakes = partial(_mistakes_in_keras, step, outputs=count)
            case = step_case(
                step, parts, collect_answers, test_inputs_of(step, names), label, mistakes
            )
            yield replace(
                case,
                consequences=consequences and partial(consequences, step),
                traits=traits_of(hidden, count, n_samples),
            )

    return Question(question, parts, (argument,), lambda rng: list(cases(rng)), **more)


def _mistakes_in_keras(step: SGDStep, name: str, outputs: int) -> Iterator[Mistake]:
    """What comes out where Keras's mean squared error was not converted, 2 / outputs as much, or
    where the optimizer is not the SGD of the question.
    """
    if name == "a_o" and outputs == 1:
        yield "softmax_of_one_output", np.ones_like(step[name])
    if name in BACKWARD_NAMES:
        yield "loss_of_keras", 2 / outputs * step[name]
        for value in _of_other_losses(step, name, outputs):
            yield "another_loss_in_keras", value
    if name in UPDATE_NAMES:
        old = name.removesuffix("_new")
        gradient = 2 / outputs * step[f"d{old}"]
        yield "learning_rate_unchanged", step[old] - step.eta * gradient
        yield "learning_rate_inverted", step[old] - 2 * step.eta / outputs * gradient
        yield "outputs_ignored", step[old] - step.eta / 2 * gradient
        yield "half_ignored", step[old] - step.eta * outputs * gradient
        for divided in (outputs, 2 * outputs):
            yield "outputs_divided", step[old] - step.eta / divided * gradient
        for count in (len(step.x), step.t.size, step.x.shape[1], len(step["b_h"])):
            yield "another_number_for_outputs", step[old] - step.eta * count / 2 * gradient
        two, *more = _later_steps(step)
        yield "two_steps", two[name]
        for later in more:
            yield "several_steps", later[name]
        for value in _of_other_losses(step, f"d{old}", outputs):
            yield "another_loss_in_keras", step[old] - step.eta * outputs / 2 * value
        for much in MULTIPLES:
            decayed = step.eta * outputs / 2 * much * step[old]
            yield "weights_decayed", step[name] - decayed
        yield "default_learning_rate", step[old] - DEFAULT_LEARNING_RATE * gradient
        for rate in FIXED_RATES:
            if rate != DEFAULT_LEARNING_RATE:
                yield "fixed_learning_rate", step[old] - rate * gradient
        for eta in (step.eta, step.eta * outputs / 2, DEFAULT_OF_ADAM):
            # Adam's first step is nearly eta along each axis, whatever the gradient's size.
            yield "adam_for_sgd", step[old] - eta * gradient / (np.abs(gradient) + EPSILON_OF_ADAM)
            # RMSprop's is longer by a factor.
            of_rmsprop = gradient / np.sqrt(0.1 * gradient**2 + 1e-7)
            yield "adam_for_sgd", step[old] - eta * of_rmsprop


def _of_other_losses(step: SGDStep, name: str, outputs: int) -> Iterator[np.ndarray]:
    """A gradient of Keras's mean absolute error, and of its binary cross-entropy."""
    error = step["a_o"] - step["t"]
    for delta_o in (np.sign(error) * step["slope_o"] / outputs, error / outputs):
        yield step.following(delta_o=delta_o)[name]


def _second_step(step: SGDStep) -> SGDStep:
    """The same step once more, with the new weights and biases."""
    weights, biases = ([step[f"{kind}_{layer}_new"] for layer in "ho"] for kind in "Wb")
    net = Network(weights, biases, hidden=step.net.hidden)
    return SGDStep(net, step.x, step.t, step.eta)


MOST_STEPS = 10  # in place of one: as many epochs as are likely to be written


@lru_cache(maxsize=8)
def _later_steps(step: SGDStep) -> list[SGDStep]:
    """The second step from a first one, the third, and so on."""
    steps = [step]
    while len(steps) < MOST_STEPS:
        steps.append(_second_step(steps[-1]))
    return steps[1:]


# How a second step differs from the plain one, if the optimizer carries something over

SMALLEST_MOMENTUM = 0.05
NOISE = 5e-3  # relative to the change in the first step: float32 rounds the weights


def _another_method(cases: list[Case], answers: dict[str, list[Answer]]) -> dict[str, str]:
    """The name of the mistake by part if the step is made of several, or adds up with others."""
    return _in_several_steps(cases, answers) or _with_momentum(cases, answers)


def _in_several_steps(cases: list[Case], answers: dict[str, list[Answer]]) -> dict[str, str]:
    """The name of the mistake by part if the optimizer has made more than one step, else {}.

    With one batch for each point, say. Nothing is said of weights that are right all the same, or
    that are those after so many steps on the whole batch.
    """
    counts = [made for made in answers[asking.STEPS_MADE] if isinstance(made, np.ndarray)]
    if not any(made.size == 1 and made.item() > 1 for made in counts):
        return {}
    found = {}
    for part in UPDATE:
        answer = in_shape(replace(part, tolerance=FLOAT32), cases, answers[part.name])
        if answer is None or any(map(answer.agrees, _after_steps(part.name, cases))):
            continue
        found[part.name] = "more_than_one_step"
    return found


def _after_steps(name: str, cases: Sequence[Case]) -> Iterator[Sequence[np.ndarray]]:
    """What a part is after one step, after two on the whole batch, and so on."""
    yield [np.asarray(case.expected[name]) for case in cases]
    for mistake in ("two_steps", "several_steps"):
        listed = [[v for n, v in case.mistakes.get(name, ()) if n == mistake] for case in cases]
        yield from ([np.asarray(value) for value in values] for values in zip(*listed))


def _with_momentum(cases: list[Case], answers: dict[str, list[Answer]]) -> dict[str, str]:
    """The name of the mistake by part if a second step contains a part of the first, else {}.

    The first step of such an optimizer is the plain one.
    """
    shares = [
        _share_of_the_first(
            case,
            [answers[f"{name}_new"][number] for name in PARAMETERS],
            [answers[name][number] for name in asking.AFTER_TWO],
        )
        for number, case in enumerate(cases)
    ]
    found = all(share > SMALLEST_MOMENTUM for share in shares)
    return {part.name: "momentum" for part in UPDATE} if found else {}


def _share_of_the_first(case: Case, new: Sequence[Answer], after_two: Sequence[Answer]) -> float:
    """How much of the first step is in the second one besides its gradient; 0 if that is not what
    there is, or the first is no plain step."""
    old = [case.test_inputs[name] for name in PARAMETERS]
    both = (*new, *after_two)
    if any(not isinstance(v, np.ndarray) or v.shape != w.shape for v, w in zip(both, old * 2)):
        return 0.0
    start, first, second = (_in_one([*map(np.asarray, each)]) for each in (old, new, after_two))
    gradient, next_gradient = (_in_one(_gradients_at(case, each)) for each in (old, new))
    moved = first - start
    rate = -(moved @ gradient) / (gradient @ gradient)
    besides = second - first + rate * next_gradient
    size = np.abs(moved).max()
    share = float(besides @ moved / (moved @ moved)) if size else 0.0
    plain = np.abs(moved + rate * gradient).max() <= NOISE * size
    explained = np.abs(besides - share * moved).max() <= NOISE * size
    return share if plain and explained else 0.0


def _in_one(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])


def _gradients_at(case: Case, parameters: Sequence[Any]) -> list[np.ndarray]:
    W_h, b_h, W_o, b_o = parameters
    net = Network([W_h, W_o], [b_h, b_o], hidden=case.test_inputs["hidden"])
    g = gradients(net, case.test_inputs["x"], case.test_inputs["t"])
    return [g.weights[0], g.biases[0], g.weights[1], g.biases[1]]


# Of Keras's SGD and Adam, where none is given
DEFAULT_LEARNING_RATE, DEFAULT_OF_ADAM = 0.01, 0.001
EPSILON_OF_ADAM = 1e-7 / np.sqrt(1 - 0.999)
BACKWARD_NAMES = [part.name for part in BACKWARD]
UPDATE_NAMES = [part.name for part in UPDATE]


MAX_RATE_RATIO = 20  # times: with a learning rate that is off by more, float32 cannot tell the rest


def _step_consequences(step: SGDStep, own: Quantities) -> Iterator[Quantities]:
    """The step with the student's own learning rate for Keras's loss."""
    right = step.eta * step["t"].shape[1] / 2
    factor = own.get("own_eta", right) / right
    factor = factor if 1 / MAX_RATE_RATIO < abs(factor) < MAX_RATE_RATIO else 1
    moved = {
        f"{name}_new": step[name] - factor * step.eta * step[f"d{name}"] for name in PARAMETERS
    }
    yield moved | {"own_eta": np.asarray(right)}


# What may change places in the list of weights, or in the inputs
EXCHANGED = {
    "z_h": ("weights_read_across", "inputs_exchanged", "biases_exchanged"),
    "z_o": ("output_weights_exchanged",),
}


def _tutorial_outputs(steps: Mapping[str, SGDStep], rng: np.random.Generator) -> list[Case]:
    right = {hidden: step["a_o"] for hidden, step in steps.items()}
    mistakes: dict[str, list[Mistake]] = {}
    for hidden, step in steps.items():
        mistakes[hidden] = [*wrong_values(step, "a_o")]
        for quantity, names in EXCHANGED.items():
            for name, value in wrong_values(step, quantity):
                if name in names:
                    a_o = step.following(**{quantity: np.asarray(value)})["a_o"]
                    mistakes[hidden].append((name, a_o))

    def consequences(own: Quantities) -> Iterator[Quantities]:
        outputs = {hidden: own.get(f"own_{hidden}", value) for hidden, value in right.items()}
        yield outputs | {f"own_{hidden}": value for hidden, value in right.items()}

    test_inputs = {
        "steps": {
            hidden: test_inputs_of(step, ("x", *PARAMETERS)) for hidden, step in steps.items()
        }
    }
    return [
        Case(
            right, mistakes, collect_answers=asking.outputs_by_activation, test_inputs=test_inputs,
            consequences=consequences,
        )
    ]  # fmt: skip


def _learning_rates(rng: np.random.Generator) -> list[Case]:
    eta = rng.uniform(0.1, 0.9)

    def mistakes(outputs: int) -> Iterator[tuple[str, float]]:
        yield "learning_rate_unchanged", eta
        yield "learning_rate_inverted", 2 * eta / outputs
        yield "half_ignored", eta * outputs
        yield "outputs_divided", eta / outputs
        if outputs > 1:
            yield "outputs_ignored", eta / 2
            yield "learning_rate_inverted", 2 * eta
            yield "outputs_divided", eta / (2 * outputs)

    counts = {"one_output": 1, "three_outputs": 3}
    return [
        Case(
            {name: np.asarray(eta * count / 2) for name, count in counts.items()},
            {name: [(m, np.asarray(v)) for m, v in mistakes(k)] for name, k in counts.items()},
            collect_answers=asking.learning_rate,
            test_inputs={"eta": eta, "outputs": counts},
        )
    ]


def _faster(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            {"loss_ratio": np.asarray(2.0), "step_ratio": np.asarray(2.0), "reason": "B"},
            {name: [("ratio_inverted", np.asarray(0.5))] for name in ("loss_ratio", "step_ratio")},
        )
    ]


OF_THE_COURSE = (
    _for_each_hidden(
        "p4.model",
        "build_model",
        (
            Part(
                "a_o",
                3,
                "the model's output",
                default_hint="which activation has each of the two layers, and does anything come "
                "between them or after them?",
            ),
        ),
        asking.model_output,
        ("x", *PARAMETERS),
        outputs=(1, 1, 1),
        units=2,
    ),
    Question(
        "p4.forward",
        tuple(
            Part(
                name,
                1,
                f"output with {name} hidden units",
                FLOAT32,
                default_hint="is each model's activation the one asked for, and are its weights "
                "set before it is called?",
            )
            for name in HIDDEN
        ),
        ("a_o",),
        partial(_tutorial_outputs, {hidden: DEFAULT_PROBLEM.step(hidden) for hidden in HIDDEN}),
        intermediates={f"own_{hidden}": "build_model" for hidden in HIDDEN},
        intermediates_from=own_functions.of_model,
        given_data=given_in_code(DEFAULT_PROBLEM.step(HIDDEN[0]), "x", "params"),
    ),
    _for_each_hidden(
        "p4.tape",
        "tape_gradients",
        [replace(part, points=1) for part in BACKWARD],
        asking.tape,
        ("x", "t", *PARAMETERS),
        outputs=(1, 3, 4),
        points=(5, 7, 1),
    ),
    Question(
        "p4.learning_rate",
        (
            *(
                Part(
                    f"{count}_output{'s' if count != 'one' else ''}",
                    1,
                    f"learning rate for {count} output{'s' if count != 'one' else ''}",
                    FLOAT64,
                    default_hint="put this number of outputs into the two derivatives in the table "
                    "of section 4: by what is eta multiplied, so that the two steps agree?",
                )
                for count in ("one", "three")
            ),
        ),
        ("eta_for_mse",),
        _learning_rates,
    ),
    _for_each_hidden(
        "p4.step",
        "keras_step",
        UPDATE,
        asking.keras_step,
        ("x", "t", "eta", *PARAMETERS),
        # With two outputs the two losses have the same derivatives, so no case has two. No number
        # may be taken for the number of outputs in all of them.
        outputs=(1, 3, 4),
        points=(5, 7, 1),
        inputs=5,
        consequences=_step_consequences,
        intermediates={"own_eta": "eta_for_mse"},
        intermediates_from=own_functions.of_learning_rate,
        method_values=(*asking.AFTER_TWO, asking.STEPS_MADE),
        method_recognised=_another_method,
    ),
    Question(
        "p4.faster",
        (
            Part(
                "loss_ratio",
                1,
                "Keras's MSE over the half-squared error",
                default_hint="divide the two formulas in the table of section 4, for K = 1",
            ),
            Part(
                "step_ratio",
                1,
                "Keras's step over the course's, with the same learning rate",
                default_hint="divide the two gradients in the table of section 4, for K = 1",
            ),
            Part(
                "reason",
                1,
                "why the curve falls faster, as a letter",
                default_hint="one of them follows from your step_ratio",
                hint_for_choice={
                    "A": "SGD gets a learning rate here, and nothing else. `help(keras.optimizers."
                    "SGD)` says what its momentum is then: is there anything to carry on?",
                    "B": "",
                    "C": "float32 rounds the eighth digit: can a curve show that?",
                    "D": "SGD was given a learning rate: does anything here change it, step by "
                    "step?",
                },
            ),
        ),
        ("loss_ratio", "step_ratio", "reason"),
        _faster,
    ),
)


@lru_cache(maxsize=64)
def questions_with(
    numbers: ProblemData = DEFAULT_PROBLEM, student: str = ""
) -> tuple[Question, ...]:
    """The questions, of which one asks for the network with these numbers, those of `student`."""
    if numbers is DEFAULT_PROBLEM:
        return OF_THE_COURSE
    steps = {hidden: numbers.step(hidden) for hidden in HIDDEN}
    return tuple(
        replace(
            question,
            cases=partial(_tutorial_outputs, steps),
            student=student,
            given_data=given_in_code(steps[HIDDEN[0]], "x", "params"),
        )
        if question.id == "p4.forward"
        else question
        for question in OF_THE_COURSE
    )


QUESTIONS = questions_with()
