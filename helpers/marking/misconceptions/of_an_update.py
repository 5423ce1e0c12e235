"""The wrong values that mistakes in the update give new weights, biases and losses."""

import numpy as np

from helpers.marking.misconceptions.registry import HALVES, MULTIPLES, NEW, gives, in_code
from helpers.sgd_step import PARAMETERS, SGDStep


@gives("loss_of_before_the_step", "E_new")
def loss_of_before_the_step(step: SGDStep, quantity: str) -> np.ndarray:
    return step["E"]


@gives("not_updated", *NEW)
def not_updated(step: SGDStep, quantity: str) -> np.ndarray:
    return step[quantity.removesuffix("_new")]


@gives("step_added", *NEW)
def step_added(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] + step.eta * step[f"d{old}"]


@gives("learning_rate_forgotten", *NEW)
def learning_rate_forgotten(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"]


@gives("step_instead_of_weight", *NEW)
def step_instead_of_weight(step: SGDStep, quantity: str) -> list[np.ndarray]:
    old = quantity.removesuffix("_new")
    return [sign * step.eta * step[f"d{old}"] for sign in (1, -1)]


@gives("step_twice_as_long", *NEW)
def step_twice_as_long(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - 2 * step.eta * step[f"d{old}"]


@gives("step_half_as_long", *NEW)
def step_half_as_long(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - step.eta * step[f"d{old}"] / 2


@gives("learning_rate_divided", *NEW)
def learning_rate_divided(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - step[f"d{old}"] / step.eta


@gives("learning_rate_squared", *NEW)
def learning_rate_squared(step: SGDStep, quantity: str) -> np.ndarray:
    old = quantity.removesuffix("_new")
    return step[old] - step.eta**2 * step[f"d{old}"]


@gives("weights_decayed", *NEW)
def weights_decayed(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    old = step[quantity.removesuffix("_new")]
    if not in_code(step):
        return None
    return [step[quantity] - by * old for much in MULTIPLES for by in (much, step.eta * much)]


def _half_done(kept: tuple[str, ...]) -> None:
    @gives("not_all_updated", "E_new")
    def not_all_updated(step: SGDStep, quantity: str) -> float:
        return step.loss_with(
            {name: step[name if name in kept else f"{name}_new"] for name in PARAMETERS}
        )


# One of the four, one layer, the biases or the weights stay as they were.
for kept in (*((name,) for name in PARAMETERS), *HALVES):
    _half_done(kept)
