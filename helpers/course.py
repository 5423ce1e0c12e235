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
    "compare_prediction",
    "lecture_step",
    "line_example",
    "next_step",
    "show_given",
    "show_matrices",
    "slide_example",
    "tutorial_step",
    "xor_data",
]


HIDDEN = ("sigmoid", "tanh", "relu")  # the hidden activations of the course


def tutorial_step(hidden: str, student: str = "") -> SGDStep:
    """The tutorial's SGDStep on its 2-2-1 network, one data point, with this hidden activation.

    student: whose numbers, by identifier (see helpers.personal); "" for the course's own,
    "lecture" for the lecture's weights, inputs and target.
    """
    return numbers_of(student).step(hidden)


LOSS_FOR = {"linear": "half_squared", "sigmoid": "half_squared", "softmax": "cross_entropy"}


def lecture_step(
    hidden: str = "sigmoid", output: str = "sigmoid", loss: str | None = None
) -> SGDStep:
    """The lecture's SGDStep on its 2-2-1 network, one data point, the tutorial's topology.

    output: "linear", "sigmoid", "softmax" or a hidden activation; softmax has a second output
    unit, since one alone is always 1. loss: None takes the one that goes with the output (LOSS_FOR,
    else half the squared error).
    """
    W_o, b_o, t = [[-0.6], [1.1]], [0.2], [[0.9]]
    if output == "softmax":
        W_o, b_o, t = [[-0.6, 0.7], [1.1, -0.4]], [0.2, -0.1], [[1.0, 0.0]]
    net = Network(
        weights=[[[0.7, -0.5], [-0.3, 0.8]], W_o],
        biases=[[0.1, -0.2], b_o],
        hidden=hidden,
        output=output,
        loss=loss or LOSS_FOR.get(output, "half_squared"),
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


def compare_prediction(
    step: SGDStep, moves_most: object, which_way: object, not_at_all: object
) -> str:
    """What a student predicted of a step beside what happens, in three lines.

    moves_most: the name of the weight or bias that moves most, such as "w_h12"; which_way: "up" or
    "down"; not_at_all: a list of those that stay where they are. Whatever else is given counts as
    no prediction. Names are those of Problem 2: w_h11 … w_h22, b_h1, b_h2, w_o11, w_o21, b_o.
    """
    changes = named_changes(step)
    most = max(changes, key=lambda name: abs(changes[name]))
    happens = f"{most}, by {changes[most]:+.4f}"
    if isinstance(moves_most, str) and moves_most in changes and moves_most != most:
        happens += f" ({moves_most} moves by {changes[moves_most]:+.4f})"
    still = [name for name, change in changes.items() if change == 0]
    rows = (
        ("moves most", moves_most, happens),
        ("which way", which_way, "up" if changes[most] > 0 else "down"),
        ("not at all", not_at_all, ", ".join(still) or "none"),
    )
    said = [_as_said(answer) for _, answer, _ in rows]
    width = max(map(len, said))
    return "\n".join(
        f"{what:10}   you said: {words:{width}}   it is: {is_so}"
        for (what, _, is_so), words in zip(rows, said)
    )


def _as_said(answer: object) -> str:
    """A prediction in words, "nothing yet" for what is none."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list | tuple | set) and all(isinstance(name, str) for name in answer):
        return ", ".join(sorted(answer)) or "none"
    return "nothing yet"


def named_changes(step: SGDStep) -> dict[str, float]:
    """How far each of the nine weights and biases moves, by the names that Problem 2 gives them."""
    changes = step.changes()
    return {
        **{f"w_h{i + 1}{j + 1}": changes["W_h"][i, j] for i in (0, 1) for j in (0, 1)},
        **{f"b_h{j + 1}": changes["b_h"][j] for j in (0, 1)},
        **{f"w_o{j + 1}1": changes["W_o"][j, 0] for j in (0, 1)},
        "b_o": changes["b_o"][0],
    }


def next_step(step: SGDStep) -> SGDStep:
    """The SGDStep that comes after `step`: from its new weights, with the same data point."""
    net = Network(
        weights=[step["W_h_new"], step["W_o_new"]],
        biases=[step["b_h_new"], step["b_o_new"]],
        hidden=step.net.hidden,
        output=step.net.output,
        loss=step.net.loss_name,
    )
    return SGDStep(net, step.x, step.t, step.eta)


def _formula(latex: str) -> Math:
    from IPython.display import Math  # here, since the grader's side does without

    return Math(latex)
