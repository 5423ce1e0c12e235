"""The course's own numbers and data."""

import numpy as np

from helpers.by_hand import HIDDEN
from helpers.network import Network
from helpers.personal import numbers_of
from helpers.sgd_step import SGDStep

__all__ = [
    "HIDDEN",
    "lecture_step",
    "line_example",
    "slide_example",
    "tutorial_step",
    "xor_data",
]


def tutorial_step(hidden, student=""):
    """The tutorial's SGDStep on its 2-2-1 network, one data point, with this hidden activation.

    student: whose numbers, by identifier (see helpers.personal); "" for the course's own.
    """
    return numbers_of(student).step(hidden)


LOSS_FOR = {"linear": "half_squared", "sigmoid": "half_squared", "softmax": "cross_entropy"}


def lecture_step(hidden="sigmoid", output="sigmoid", loss=None):
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


def slide_example():
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


def line_example():
    """One linear unit with one input: its net, weight -1 and bias 3, x, (2, 1), and t, (2, 1).

    The loss is a bowl over weight and bias, with its lowest point, 0, at weight 2 and bias 1.
    """
    net = Network(weights=[[[-1.0]]], biases=[[3.0]], output="linear", loss="half_squared")
    return net, np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])


def xor_data():
    """XOR as a data set: x, shape (4, 2), corners of the unit square; t, shape (4, 1)."""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, np.array([[0.0], [1.0], [1.0], [0.0]])
