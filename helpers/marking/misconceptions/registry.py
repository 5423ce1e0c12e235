"""The register of mistakes in one SGD step, in the order in which they are tried.

To add a mistake, describe it in catalogue.toml, and write a function of a few lines in
`of_a_forward_pass`, `of_a_backward_pass` or `of_an_update` under `@gives(name, *quantities)`: it
gets an SGDStep and the name of a quantity, and returns the value that the mistake would give, a
list of values if there are several ways to make it, or None where it would give nothing of its own.
"""

from collections.abc import Callable, Iterator

import numpy as np

from helpers.marking.misconceptions import CATALOGUE
from helpers.sgd_step import PARAMETERS, SGDStep

Value = np.ndarray | float  # NumPy's scalars are floats as well
Values = Value | list[np.ndarray] | None  # one, one for each way to make a mistake, or none
Wrong = Callable[[SGDStep, str], Values]

SLOPES = ("slope_o", "slope_h")
DELTAS = ("delta_o", "delta_h")
GRADIENTS = ("dW_o", "db_o", "dW_h", "db_h")
OUTPUT_LAYER = ("delta_o", "dW_o", "db_o")
HIDDEN_LAYER = ("delta_h", "dW_h", "db_h")
NEW = ("W_o_new", "b_o_new", "W_h_new", "b_h_new")
MULTIPLES = (0.001, 0.01, 0.1)  # of the weights, as penalties and decay usually have them
HALVES = (("W_h", "b_h"), ("W_o", "b_o"), ("b_h", "b_o"), ("W_h", "W_o"))


def in_code(step: SGDStep) -> bool:
    """Whether a step is made by a function, or too large to be worked by hand, where every mistake
    takes its time."""
    return step["W_o"].shape != (2, 1) or getattr(step, "by_functions", False)


def on_paper(step: SGDStep) -> bool:
    """Whether a step has numbers that people work with by hand: with two decimals at most."""
    few = all(np.array_equal(np.round(step[name], 2), step[name]) for name in PARAMETERS)
    return few and not in_code(step)


# (name, quantities, function), in the order in which they are tried
_makers: list[tuple[str, tuple[str, ...], Wrong]] = []


def gives(name: str, *quantities: str) -> Callable[[Wrong], Wrong]:
    """Let the decorated function, wrong(step, quantity), stand for the mistake `name`.

    Raises ValueError if the catalogue has no such mistake.
    """
    if name not in CATALOGUE:
        raise ValueError(f"{name}: expected a mistake that stands in catalogue.toml.")

    def add(wrong: Wrong) -> Wrong:
        _makers.append((name, quantities, wrong))
        return wrong

    return add


def wrong_values(step: SGDStep, quantity: str) -> Iterator[tuple[str, Value]]:
    """Yield (name, value) for each mistake that can give `quantity` of `step` a wrong value."""
    for name, quantities, wrong in _makers:
        if quantity in quantities:
            found = wrong(step, quantity)
            values = found if isinstance(found, list) else [found]
            yield from ((name, value) for value in values if value is not None)
