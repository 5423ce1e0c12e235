"""Which of many draws of numbers may suit, by all conditions that NumPy computes for many at once.

One draw in some thousands suits. To look at them one by one would take several seconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, permutations

import numpy as np

from helpers.activations import ACTIVATIONS, sigmoid
from helpers.course import HIDDEN
from helpers.marking.misconceptions.of_a_step import Value
from helpers.marking.questions.model import BY_HAND
from helpers.personal.problem_data import ProblemData
from helpers.sgd_step import PARAMETERS

NEAR_0, SATURATED = 0.05, 2.0  # weighted inputs lie between, in size
LOSS_FALLS = 0.98  # at least to this share of it
LONGER = 1.1  # so many times as long as the second is the longest of the three steps
Parameters = dict[str, np.ndarray]  # W_h, b_h, W_o and b_o; the draws lie along the first axis


def may_suit(tried: Sequence[ProblemData]) -> list[ProblemData]:
    """Those of some ProblemData that meet all conditions which can be computed for many at once."""
    fitting = [numbers for numbers in tried if weighted_inputs_fit(numbers)]
    if not fitting:
        return []
    steps = [Steps(fitting, hidden) for hidden in HIDDEN]
    *_, second, longest = np.sort([step.length for step in steps], axis=0)
    suits = longest > LONGER * second
    for step in steps:
        suits &= step.is_decided & step.learns
        suits &= ~step.half_a_step_would_pass & ~step.another_activation_would_pass
        if step.hidden == "relu":
            suits &= step.stays_on
    for one, other in permutations(steps, 2):
        suits &= ~one.has_a_result_like(other)
    return [numbers for numbers, it_suits in zip(fitting, suits) if it_suits]


def weighted_inputs_fit(numbers: ProblemData) -> bool:
    """Of the hidden units one is on and one off, neither near 0, saturated or a given number."""
    one, two = numbers.z_h()
    if one * two >= 0:
        return False
    given = {10_000}
    for value in (numbers.x, numbers.t, *numbers.W_h, numbers.b_h, numbers.W_o, numbers.b_o):
        given |= {100 * abs(size) for size in np.ravel(value).tolist()}
    return all(
        10_000 * NEAR_0 <= abs(z) < 10_000 * SATURATED and abs(z) not in given for z in (one, two)
    )


def near(expected: np.ndarray, other: np.ndarray, given: Value | None = None) -> np.ndarray:
    """Where numbers are within twice what is tolerated by hand, so that one number fits both.

    given: see Tolerance.allowed.
    """
    return np.abs(expected - other) <= 2 * BY_HAND.allowed(expected, given)


def all_near(expected: Value, other: Value, given: Value | None = None) -> bool:
    """Whether two values have one shape, and all their numbers are `near`."""
    expected, other = np.asarray(expected), np.asarray(other)
    return expected.shape == other.shape and bool(np.all(near(expected, other, given)))


@dataclass(frozen=True)
class Steps:
    """The steps of SGD with N draws of numbers and one hidden activation, by its name."""

    draws: Sequence[ProblemData]
    hidden: str

    @cached_property
    def given(self) -> dict[str, np.ndarray]:
        """x (N, 2), t (N,), eta (N,), W_h (N, 2, 2), b_h (N, 2), W_o (N, 2), b_o (N,)."""
        names = ("x", "t", "eta", *PARAMETERS)
        return {name: np.array([getattr(n, name) for n in self.draws]) / 100 for name in names}

    @property
    def old(self) -> Parameters:
        return {name: self.given[name] for name in PARAMETERS}

    def hidden_inputs(self, parameters: Parameters) -> np.ndarray:
        """z_h = x W_h + b_h, of shape (N, 2)."""
        x = self.given["x"]
        return (x[:, :, np.newaxis] * parameters["W_h"]).sum(axis=1) + parameters["b_h"]

    def output_input(self, parameters: Parameters, hidden: str = "") -> np.ndarray:
        """z_o = f(z_h) · W_o + b_o, of shape (N,); hidden: another activation than these steps'."""
        a_h = ACTIVATIONS[hidden or self.hidden](self.hidden_inputs(parameters))
        return (a_h * parameters["W_o"]).sum(axis=1) + parameters["b_o"]

    def loss(self, parameters: Parameters, hidden: str = "") -> np.ndarray:
        """E = ½(a_o − t)², of shape (N,)."""
        return (sigmoid(self.output_input(parameters, hidden)) - self.given["t"]) ** 2 / 2

    @cached_property
    def results(self) -> Parameters:
        """What a student computes in one step, by its name, from a_h to W_h_new and E_new."""
        x, t, eta, W_o = (self.given[name] for name in ("x", "t", "eta", "W_o"))
        slope = ACTIVATIONS[self.hidden].derivative_from_output
        assert slope is not None  # each hidden activation of the course has one
        a_h = ACTIVATIONS[self.hidden](self.hidden_inputs(self.old))
        z_o = self.output_input(self.old)
        a_o = sigmoid(z_o)
        delta_o = (a_o - t) * a_o * (1 - a_o)
        delta_h = delta_o[:, np.newaxis] * W_o * slope(a_h)
        dW_h = x[:, :, np.newaxis] * delta_h[:, np.newaxis, :]
        dW_o = a_h * delta_o[:, np.newaxis]
        gradients = {"W_h": dW_h, "b_h": delta_h, "W_o": dW_o, "b_o": delta_o}
        new = {name: (self.given[name].T - eta * dE.T).T for name, dE in gradients.items()}
        return {
            **{"a_h": a_h, "z_o": z_o, "a_o": a_o, "E": self.loss(self.old)},
            **{"delta_o": delta_o, "delta_h": delta_h},
            **{f"d{name}": gradient for name, gradient in gradients.items()},
            **{f"{name}_new": value for name, value in new.items()},
            "E_new": self.loss(new),
        }

    @cached_property
    def new(self) -> Parameters:
        return {name: self.results[f"{name}_new"] for name in PARAMETERS}

    @property
    def E(self) -> np.ndarray:
        return self.results["E"]

    @property
    def E_new(self) -> np.ndarray:
        return self.results["E_new"]

    def has_a_result_like(self, other: "Steps") -> np.ndarray:
        """Whether any result is `near` the same one of other steps with the same draws."""
        alike = []
        for name, value in self.results.items():
            old = (self.given | self.results)[name.removesuffix("_new")]
            near_each = near(value, other.results[name], old if name.endswith("_new") else None)
            alike.append(near_each.reshape(len(self.draws), -1).all(axis=1))
        return np.any(alike, axis=0)

    @cached_property
    def length(self) -> np.ndarray:
        """The root of the sum of the squared changes of all weights and biases."""
        changes = [self.new[name] - self.old[name] for name in PARAMETERS]
        flat = [change.reshape(len(self.draws), -1) for change in changes]
        return np.linalg.norm(np.concatenate(flat, axis=1), axis=1)

    @property
    def is_decided(self) -> np.ndarray:
        """Whether the output unit is neither saturated nor near the middle."""
        z_o = np.abs(self.output_input(self.old))
        return (z_o > NEAR_0) & (z_o < SATURATED)

    @property
    def learns(self) -> np.ndarray:
        """Whether the loss falls."""
        return self.E_new < LOSS_FALLS * self.E

    @property
    def stays_on(self) -> np.ndarray:
        """Whether a ReLU unit that is on is still on after the step."""
        return self.hidden_inputs(self.new).max(axis=1) > NEAR_0

    @property
    def half_a_step_would_pass(self) -> np.ndarray:
        """Whether the loss is nearly the same if one or two of W_h, b_h, W_o, b_o stay."""
        return self._is_near_one_of(
            self.loss({**self.new, **{name: self.old[name] for name in kept}})
            for count in (1, 2)
            for kept in combinations(PARAMETERS, count)
        )

    @property
    def another_activation_would_pass(self) -> np.ndarray:
        """Whether the loss after the step is nearly that of a run forward with another one."""
        return self._is_near_one_of(
            self.loss(self.new, other) for other in (*HIDDEN, "linear") if other != self.hidden
        )

    def _is_near_one_of(self, losses: Iterator[np.ndarray]) -> np.ndarray:
        return np.any([near(self.E_new, other, self.E) for other in losses], axis=0)
