"""Problem 4: the same network in Keras."""

from dataclasses import replace
from functools import partial

import numpy as np

from helpers.course import HIDDEN, tutorial_step
from helpers.questions.model import (
    FLOAT32,
    FLOAT64,
    Case,
    Part,
    Question,
    answers_themselves,
    step_case,
)
from helpers.questions.problem_3_numpy import BACKWARD, UPDATE, from_dict, from_sequence
from helpers.record import Refused
from helpers.sgd_step import PARAMETERS, random_step


def keras_model(step):
    """A Keras model with the weights, biases and activations of an SGDStep's network."""
    from helpers.quiet_keras import keras

    inputs, units, outputs = step["W_h"].shape[0], *step["W_o"].shape
    model = keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(units, activation=step.net.hidden),
            keras.layers.Dense(outputs, activation=step.net.output),
        ]
    )
    model.set_weights([step[name] for name in PARAMETERS])
    return model


def _for_each_hidden(question, argument, parts, call, outputs=(1, 3, 2), units=3):
    """As in Problem 3, in float32's reach. outputs: how many, for each activation."""
    parts = tuple(replace(part, tolerance=FLOAT32) for part in parts)

    def cases(rng):
        for hidden, count in zip(HIDDEN, outputs, strict=True):
            step = random_step(rng, hidden, units=(2, units, count), points=3)
            case = step_case(step, parts, label=f"hidden={hidden!r}, outputs={count}")
            for name, wrong in case.mistakes.items():
                wrong[:0] = _mistakes_in_keras(step, name, count)
            yield replace(case, call=lambda step=step, **given: call(step, given[argument]))

    return Question(question, parts, (argument,), lambda rng: list(cases(rng)))


def _mistakes_in_keras(step, name, outputs):
    """What comes out where Keras's mean squared error was not converted, 2 / outputs as much, or
    where the optimizer is not the SGD of the question.
    """
    if name == "a_o" and outputs == 1:
        yield "softmax_of_one_output", np.ones_like(step[name])
    if name in BACKWARD_NAMES:
        yield "loss_of_keras", 2 / outputs * step[name]
    if name in UPDATE_NAMES:
        old = name.removesuffix("_new")
        gradient = 2 / outputs * step[f"d{old}"]
        yield "learning_rate_unchanged", step[old] - step.eta * gradient
        yield "default_learning_rate", step[old] - DEFAULT_LEARNING_RATE * gradient
        for eta in (step.eta, step.eta * outputs / 2, DEFAULT_OF_ADAM):
            # Adam's first step is nearly eta along each axis, whatever the gradient's size.
            yield "adam_for_sgd", step[old] - eta * gradient / (np.abs(gradient) + EPSILON_OF_ADAM)


# Of Keras's SGD and Adam, where none is given
DEFAULT_LEARNING_RATE, DEFAULT_OF_ADAM = 0.01, 0.001
EPSILON_OF_ADAM = 1e-7 / np.sqrt(1 - 0.999)
BACKWARD_NAMES = [part.name for part in BACKWARD]
UPDATE_NAMES = [part.name for part in UPDATE]


def _model_output(step, build_model):
    model = build_model(step.net.hidden)
    if not hasattr(model, "get_weights"):
        raise Refused("build_model has to return the model")
    shapes = [array.shape for array in model.get_weights()]
    wanted = [step[name].shape for name in PARAMETERS]
    if not shapes:
        raise Refused("the model has no weights yet: does it know its number of inputs?")
    if shapes != wanted:
        raise Refused(f"the model's weights and biases have the shapes {shapes}, wanted {wanted}")
    model.set_weights([step[name] for name in PARAMETERS])
    return {"a_o": np.asarray(model(step.x.astype("float32")))}


def _tutorial_outputs(rng):
    expected = {hidden: tutorial_step(hidden)["a_o"] for hidden in HIDDEN}
    return [Case(expected, call=lambda a_o: from_dict(a_o, HIDDEN, "a_o"))]


def _tape(step, tape_gradients):
    model = keras_model(step)
    outputs = tape_gradients(model, step.x.astype("float32"), step.t.astype("float32"))
    answers = from_sequence(outputs, BACKWARD_NAMES, "what tape_gradients returns")
    if any(value is None for value in answers.values()):
        raise Refused("the tape has no path from the weights to E: what did it not record?")
    return {name: np.asarray(value) for name, value in answers.items()}


def _learning_rates(rng):
    eta = rng.uniform(0.1, 0.9)

    def mistakes(outputs):
        yield "learning_rate_unchanged", eta
        yield "learning_rate_inverted", 2 * eta / outputs
        if outputs > 1:
            yield "outputs_ignored", eta / 2

    counts = {"one_output": 1, "three_outputs": 3}
    return [
        Case(
            {name: np.asarray(eta * count / 2) for name, count in counts.items()},
            {name: [(m, np.asarray(v)) for m, v in mistakes(k)] for name, k in counts.items()},
            call=lambda eta_for_mse: {
                name: partial(eta_for_mse, eta, count) for name, count in counts.items()
            },
        )
    ]


def _step(step, keras_step):
    model = keras_model(step)
    keras_step(model, step.x.astype("float32"), step.t.astype("float32"), step.eta)
    new = [f"{name}_new" for name in PARAMETERS]
    return dict(zip(new, model.get_weights(), strict=True))


def _faster(rng):
    return [
        Case(
            {"loss_ratio": np.asarray(2.0), "step_ratio": np.asarray(2.0), "reason": "B"},
            call=answers_themselves,
        )
    ]


QUESTIONS = (
    _for_each_hidden(
        "p4.model",
        "build_model",
        (Part("a_o", 3, "the model's output"),),
        _model_output,
        outputs=(1, 1, 1),
        units=2,
    ),
    Question(
        "p4.forward",
        tuple(Part(name, 1, f"output with {name} hidden units", FLOAT32) for name in HIDDEN),
        ("a_o",),
        _tutorial_outputs,
    ),
    _for_each_hidden(
        "p4.tape",
        "tape_gradients",
        [replace(part, points=1) for part in BACKWARD],
        _tape,
        outputs=(2, 3, 4),
    ),
    Question(
        "p4.learning_rate",
        (
            Part("one_output", 1, "learning rate for one output", FLOAT64),
            Part("three_outputs", 1, "learning rate for three outputs", FLOAT64),
        ),
        ("eta_for_mse",),
        _learning_rates,
    ),
    _for_each_hidden("p4.step", "keras_step", UPDATE, _step),
    Question(
        "p4.faster",
        (
            Part(
                "loss_ratio",
                1,
                "Keras's MSE over the half-squared error",
                otherwise="divide the two formulas in the table of section 4, for K = 1",
            ),
            Part(
                "step_ratio",
                1,
                "Keras's step over the course's, with the same learning rate",
                otherwise="divide the two gradients in the table of section 4, for K = 1",
            ),
            Part(
                "reason",
                1,
                "why the curve falls faster, as a letter",
                otherwise="one of them follows from your step_ratio",
            ),
        ),
        ("loss_ratio", "step_ratio", "reason"),
        _faster,
    ),
)
