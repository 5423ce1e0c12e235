"""The course's own numbers and data, and how Problem 2 shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers.network import Network
from helpers.personal import numbers_of
from helpers.sgd_step import SGDStep

if TYPE_CHECKING:
    from IPython.display import Math

__all__ = [
    "HIDDEN",
    "lecture_step",
    "line_example",
    "show_given",
    "show_matrices",
    "slide_example",
    "tutorial_step",
    "xor_data",
]


HIDDEN = ("sigmoid", "tanh", "relu")  # the hidden activations of the course


def tutorial_step(hidden: str, student: str = "") -> SGDStep:
    """The tutorial's SGDStep on its 2-2-1 network, one data point, with this hidden activation.

    student: whose numbers, by identifier (see helpers.personal); "" for the course's own.
    """
    return numbers_of(student).step(hidden)


LOSS_FOR = {"linear": "half_squared", "sigmoid": "half_squared", "softmax": "cross_entropy"}


def lecture_step(
    hidden: str = "sigmoid", output: str = "sigmoid", loss: str | None = None
) -> SGDStep:
    """The lecture's SGDStep on its 2-2-1 network, one data point, the tutorial's topology.

    output: "linear", "sigmoid" or "softmax"; softmax has a second output unit, since one alone is
    always 1. loss: None takes the one that goes with the output (LOSS_FOR).
    """
    W_o, b_o, t = [[-0.6], [1.1]], [0.2], [[0.9]]
    if output == "softmax":
        W_o, b_o, t = [[-0.6, 0.7], [1.1, -0.4]], [0.2, -0.1], [[1.0, 0.0]]
    net = Network(
        weights=[[[0.7, -0.5], [-0.3, 0.8]], W_o],
        biases=[[0.1, -0.2], b_o],
        hidden=hidden,
        output=output,
        loss=loss or LOSS_FOR[output],
    )
    return SGDStep(net, x=[[1.2, 0.4]], t=t, eta=0.5)


def slide_example() -> tuple[Network, np.ndarray, np.ndarray]:
    """A published worked example: the 2-3-1 network of linear units without biases, x, (1, 2), and
    t, (1, 1). Its learning rate is 0.1, which is too large.

    Source: TJ Machine Learning Club, "Neural Networks II: Backpropagation".
    """
    net = Network(
        weights=[[[1, 4, 3], [3, 2, -2]], [[-1], [-3], [2]]],
        hidden="linear",
        output="linear",
        loss="half_squared",
    )
    return net, np.array([[3.0, -2.0]]), np.array([[9.0]])


def line_example() -> tuple[Network, np.ndarray, np.ndarray]:
    """One linear unit with one input: its net, weight -1 and bias 3, x, (2, 1), and t, (2, 1).

    The loss is a bowl over weight and bias, with its lowest point, 0, at weight 2 and bias 1.
    """
    net = Network(weights=[[[-1.0]]], biases=[[3.0]], output="linear", loss="half_squared")
    return net, np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])


def xor_data() -> tuple[np.ndarray, np.ndarray]:
    """XOR as a data set: x, shape (4, 2), corners of the unit square; t, shape (4, 1)."""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, np.array([[0.0], [1.0], [1.0], [0.0]])


def show_given(step: SGDStep) -> Math:
    """Input, target, learning rate and biases of a step, as a formula that a notebook shows."""
    (x_1, x_2), (b_h1, b_h2), (b_o,) = step["x"][0], step["b_h"], step["b_o"]
    return _formula(
        r"\begin{aligned} "
        rf"x_1 &= {x_1:g} & x_2 &= {x_2:g} & t &= {step['t'].item():g} & \eta &= {step.eta:g} \\"
        rf" b_{{h,1}} &= {b_h1:g} & b_{{h,2}} &= {b_h2:g} & b_o &= {b_o:g} \end{{aligned}}"
    )


def show_matrices(step: SGDStep) -> Math:
    """The weights of a step as matrices, as a formula that a notebook shows."""

    def matrix(rows: Sequence[Sequence[object]]) -> str:
        lines = r" \\ ".join(" & ".join(map(str, row)) for row in rows)
        return rf"\begin{{pmatrix}} {lines} \end{{pmatrix}}"

    names = [["w_{h,11}", "w_{h,12}"], ["w_{h,21}", "w_{h,22}"]], [["w_{o,11}"], ["w_{o,21}"]]
    W_h, W_o = (matrix(array.tolist()) for array in (step["W_h"], step["W_o"]))
    return _formula(rf"W_h = {matrix(names[0])} = {W_h}, \qquad W_o = {matrix(names[1])} = {W_o}")


def _formula(latex: str) -> Math:
    from IPython.display import Math  # here, since the grader's side does without

    return Math(latex)
