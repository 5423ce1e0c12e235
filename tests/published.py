"""Published examples that tests compare with."""

from helpers.network import Network


def mazur():
    """Matt Mazur, "A Step by Step Backpropagation Example", 2015."""
    return Network(
        weights=[[[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]],
        biases=[[0.35, 0.35], [0.60, 0.60]],
    )
