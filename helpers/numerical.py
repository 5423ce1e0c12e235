"""Numerical derivatives: difference quotients of functions that one can only evaluate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from helpers.reference import refuse_to_answer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _differences(
    function: Callable[[np.ndarray], float], w: ArrayLike, steps: tuple[float, float]
) -> np.ndarray:
    refuse_to_answer("numerical")
    w = np.asarray(w, dtype=np.result_type(np.asarray(w).dtype, np.float32))
    ahead, behind = (w.dtype.type(step) for step in steps)
    if not ahead - behind > 0:
        raise ValueError(f"h: expected a positive step, got {ahead - behind}.")
    result = np.zeros_like(w)
    for index in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[index] += ahead
        down[index] += behind
        result[index] = (function(up) - function(down)) / (ahead - behind)
    return result


def forward_difference(
    function: Callable[[np.ndarray], float], w: ArrayLike, h: float = 1e-5
) -> np.ndarray:
    """(f(w + h) - f(w)) / h for each element of w; its error is of order h.

    function: takes an array shaped like w, returns a number. w: array of any shape (float32 stays
    float32). h: the full width of the step, > 0, else ValueError. Returns an array shaped like w.
    """
    return _differences(function, w, (h, 0))


def central_difference(
    function: Callable[[np.ndarray], float], w: ArrayLike, h: float = 1e-5
) -> np.ndarray:
    """(f(w + h/2) - f(w - h/2)) / h for each element of w; its error is of order h².

    function: takes an array shaped like w, returns a number. w: array of any shape (float32 stays
    float32). h: the full width of the step, > 0, else ValueError. Returns an array shaped like w.
    """
    return _differences(function, w, (h / 2, -h / 2))


symmetric_difference = central_difference  # its name in notebooks of release 0.1.0
