"""Problem 4: functions that build a Keras model, or work with one."""

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.asking import Answers, Later, TestInputs
from helpers.asking.functions import from_dict, from_sequence, numbers_from, usable
from helpers.asking.problem_3_numpy import GRADIENTS
from helpers.asking.record import Refused
from helpers.course import HIDDEN
from helpers.sgd_step import PARAMETERS


def keras_model(inputs: TestInputs) -> Any:
    """A Keras model with the weights, biases and activations of the test inputs."""
    from helpers.keras import keras

    n_inputs = inputs["W_h"].shape[0]
    units, outputs = inputs["W_o"].shape
    model = keras.Sequential(
        [
            keras.Input((n_inputs,)),
            keras.layers.Dense(units, activation=inputs["hidden"]),
            keras.layers.Dense(outputs, activation="sigmoid"),
        ]
    )
    model.set_weights([inputs[name] for name in PARAMETERS])
    return model


def model_output(inputs: TestInputs, build_model: Callable[..., Any]) -> Answers:
    model = build_model(inputs["hidden"])
    if not hasattr(model, "get_weights"):
        raise Refused("build_model has to return the model")
    shapes = [array.shape for array in model.get_weights()]
    wanted = [inputs[name].shape for name in PARAMETERS]
    if not shapes:
        raise Refused("the model has no weights yet: does it know its number of inputs?")
    if shapes != wanted:
        raise Refused(f"the model's weights and biases have the shapes {shapes}, expected {wanted}")
    model.set_weights([inputs[name] for name in PARAMETERS])
    return {"a_o": np.asarray(model(inputs["x"].astype("float32")))}


def outputs_by_activation(inputs: TestInputs, a_o: object) -> Answers:
    """The outputs a_o, by hidden activation."""
    return dict(from_dict(a_o, HIDDEN, "a_o"))


def tape(inputs: TestInputs, tape_gradients: Callable[..., object]) -> Answers:
    model = keras_model(inputs)
    outputs = tape_gradients(model, inputs["x"].astype("float32"), inputs["t"].astype("float32"))
    shapes = {f"d{name}": inputs[name].shape for name in PARAMETERS}
    answers = from_sequence(outputs, GRADIENTS, "what tape_gradients returns", shapes)
    if any(value is None for value in answers.values()):
        raise Refused("the tape has no path from the weights to E: what did it not record?")
    return {name: usable(value) for name, value in answers.items()}


def learning_rate(inputs: TestInputs, eta_for_mse: Callable[..., object]) -> Answers:
    return {
        name: Later(numbers_from, eta_for_mse, inputs["eta"], outputs)
        for name, outputs in inputs["outputs"].items()
    }


def keras_step(inputs: TestInputs, keras_step: Callable[..., object]) -> Answers:
    """The weights and biases after the step, and after one more with the optimizer that the model
    has then, which shows what that one carries over from the first; how many steps it has made."""
    model = keras_model(inputs)
    x, t = inputs["x"].astype("float32"), inputs["t"].astype("float32")
    keras_step(model, x, t, inputs["eta"])
    after = dict(zip((f"{name}_new" for name in PARAMETERS), model.get_weights(), strict=True))
    return after | _steps_made(model) | _one_more_step(model, x, t)


STEPS_MADE = "steps_made"


def _steps_made(model: Any) -> Answers:
    """How many steps the optimizer of a compiled model has made, {} if it does not count them."""
    try:
        return {STEPS_MADE: float(model.optimizer.iterations)}
    except Exception:  # no optimizer, or none of Keras's
        return {}


AFTER_TWO = tuple(f"{name}_after_two" for name in PARAMETERS)


def _one_more_step(model: Any, x: np.ndarray, t: np.ndarray) -> Answers:
    """The weights and biases after another step of a compiled model, {} if it has no optimizer."""
    if getattr(model, "optimizer", None) is None:
        return {}
    try:
        model.train_on_batch(x, t)
        return dict(zip(AFTER_TWO, model.get_weights(), strict=True))
    except Exception:  # whatever the student has compiled; the step itself is recorded already
        return {}
