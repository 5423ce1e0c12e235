"""Problem 4: functions that build a Keras model, or work with one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from helpers.asking import Answers, Probe
from helpers.asking.functions import beside, from_dict, from_sequence, in_notebook
from helpers.asking.problem_3_numpy import GRADIENTS
from helpers.asking.record import Refused
from helpers.course import HIDDEN
from helpers.sgd_step import PARAMETERS


def keras_model(probe: Probe) -> Any:
    """A Keras model with the weights, biases and activations of a probe."""
    from helpers.keras import keras

    inputs = probe["W_h"].shape[0]
    units, outputs = probe["W_o"].shape
    model = keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(units, activation=probe["hidden"]),
            keras.layers.Dense(outputs, activation="sigmoid"),
        ]
    )
    model.set_weights([probe[name] for name in PARAMETERS])
    return model


def model_output(probe: Probe, build_model: Callable[..., Any]) -> Answers:
    model = build_model(probe["hidden"])
    if not hasattr(model, "get_weights"):
        raise Refused("build_model has to return the model")
    shapes = [array.shape for array in model.get_weights()]
    wanted = [probe[name].shape for name in PARAMETERS]
    if not shapes:
        raise Refused("the model has no weights yet: does it know its number of inputs?")
    if shapes != wanted:
        raise Refused(f"the model's weights and biases have the shapes {shapes}, expected {wanted}")
    model.set_weights([probe[name] for name in PARAMETERS])
    return {"a_o": np.asarray(model(probe["x"].astype("float32")))}


def outputs_by_activation(probe: Probe, a_o: object) -> Answers:
    """The outputs a_o, and those that the notebook's own models give: own_sigmoid, …"""

    def own_output(step: Probe) -> object:
        return model_output(step, in_notebook("build_model"))["a_o"]

    own = {f"own_{hidden}": partial(own_output, step) for hidden, step in probe["steps"].items()}
    return from_dict(a_o, HIDDEN, "a_o") | own


def tape(probe: Probe, tape_gradients: Callable[..., object]) -> Answers:
    model = keras_model(probe)
    outputs = tape_gradients(model, probe["x"].astype("float32"), probe["t"].astype("float32"))
    answers = from_sequence(outputs, GRADIENTS, "what tape_gradients returns")
    if any(value is None for value in answers.values()):
        raise Refused("the tape has no path from the weights to E: what did it not record?")
    return {name: np.asarray(value) for name, value in answers.items()}


def learning_rate(probe: Probe, eta_for_mse: Callable[..., object]) -> Answers:
    return {
        name: partial(eta_for_mse, probe["eta"], outputs)
        for name, outputs in probe["outputs"].items()
    }


def keras_step(probe: Probe, keras_step: Callable[..., object]) -> Answers:
    """The weights and biases after the step, and own_eta: what `eta_for_mse` gives for it."""
    model = keras_model(probe)
    x, t = probe["x"].astype("float32"), probe["t"].astype("float32")
    keras_step(model, x, t, probe["eta"])
    answers: Answers = dict(
        zip((f"{name}_new" for name in PARAMETERS), model.get_weights(), strict=True)
    )
    eta_for_mse = beside(keras_step, "eta_for_mse")
    if eta_for_mse:
        answers["own_eta"] = partial(eta_for_mse, probe["eta"], probe["t"].shape[1])
    return answers
