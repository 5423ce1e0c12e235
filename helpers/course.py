"""The course's own numbers and data."""

import numpy as np

from helpers.network import Network
from helpers.sgd_step import SGDStep

HIDDEN = ("sigmoid", "tanh", "relu")


def tutorial_step(hidden):
    """The tutorial's SGDStep on its 2-2-1 network, one data point, with this hidden activation.

    The numbers are this course's own, chosen so that no unit is saturated, the loss falls for
    each hidden activation, with ReLU one hidden unit is active and one is not, and the recognised
    mistakes give numbers that differ (tests/test_questions.py).
    """
    net = Network(
        weights=[[[0.6, 0.8], [0.3, -0.9]], [[1.3], [-0.5]]],
        biases=[[0.1, -0.2], [0.4]],
        hidden=hidden,
        output="sigmoid",
        loss="half_squared",
    )
    return SGDStep(net, x=[[0.5, 1.2]], t=[[0.15]], eta=0.7)


def xor_data():
    """XOR as a data set: x, shape (4, 2), corners of the unit square; t, shape (4, 1)."""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, np.array([[0.0], [1.0], [1.0], [0.0]])
