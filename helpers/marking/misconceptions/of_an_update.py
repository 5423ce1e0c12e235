"""The wrong values that mistakes in the update give new weights, biases and losses."""

import numpy as np

from helpers.marking.misconceptions.registry import HALVES, MULTIPLES, NEW, gives, in_code
from helpers.personal.problem_data import DEFAULT_PROBLEM
from helpers.sgd_step import PARAMETERS, SGDStep

# What often stands where the learning rate belongs, and the one of Problem 3's own data.
FIXED_RATES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, DEFAULT_PROBLEM.eta / 100)


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


@gives("fixed_learning_rate", *NEW)
def fixed_learning_rate(step: SGDStep, quantity: str) -> list[np.ndarray] | None:
    old = quantity.removesuffix("_new")
    # By hand there is a single learning rate, and other mistakes give the same numbers.
    return [step[old] - rate * step[f"d{old}"] for rate in FIXED_RATES] if in_code(step) else None


@gives("whole_difference_scaled", *NEW)
def whole_difference_scaled(step: SGDStep, quantity: str) -> np.ndarray | None:
    old = quantity.removesuffix("_new")
    return step.eta * (step[old] - step[f"d{old}"]) if in_code(step) else None


@gives("value_and_gradient_exchanged", *NEW)
def value_and_gradient_exchanged(step: SGDStep, quantity: str) -> np.ndarray | None:
    old = quantity.removesuffix("_new")
    return step[f"d{old}"] - step.eta * step[old] if in_code(step) else None


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
