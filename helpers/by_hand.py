"""What is given in the step of SGD that is worked by hand, Problem 2 of the tutorial."""

import json
from dataclasses import dataclass

import numpy as np

from helpers.network import Network
from helpers.sgd_step import SGDStep

HIDDEN = ("sigmoid", "tanh", "relu")


@dataclass(frozen=True)
class Numbers:
    """The given numbers in hundredths: exact, and the same on every machine.

    x: of inputs 1 and 2; t: the target; eta: the learning rate; W_h: row by row, from input 1 and
    from input 2; b_h: of hidden units 1 and 2; W_o: from hidden units 1 and 2; b_o.
    """

    x: tuple
    t: int
    eta: int
    W_h: tuple
    b_h: tuple
    W_o: tuple
    b_o: int

    @staticmethod
    def from_json(text):
        """The Numbers in a JSON object of these fields."""

        def fixed(value):
            return tuple(map(fixed, value)) if isinstance(value, list) else value

        return Numbers(**{name: fixed(value) for name, value in json.loads(text).items()})

    def step(self, hidden):
        """The SGDStep with these numbers on the 2-2-1 network, one data point."""
        net = Network(
            weights=[_decimal(self.W_h), _decimal([[weight] for weight in self.W_o])],
            biases=[_decimal(self.b_h), _decimal([self.b_o])],
            hidden=hidden,
            output="sigmoid",
            loss="half_squared",
        )
        return SGDStep(net, x=_decimal([self.x]), t=_decimal([[self.t]]), eta=self.eta / 100)

    def z_h(self):
        """The hidden units' weighted inputs in ten-thousandths, exact."""
        return tuple(
            self.x[0] * self.W_h[0][j] + self.x[1] * self.W_h[1][j] + 100 * self.b_h[j]
            for j in (0, 1)
        )


def _decimal(hundredths):
    return np.asarray(hundredths) / 100


# This course's own, chosen so that no unit is saturated, the loss falls for each hidden activation,
# with ReLU one hidden unit is active and one is not, and the recognised mistakes give numbers that
# differ (tests/test_questions.py). helpers.draws looks for others like them.
OF_THE_COURSE = Numbers(
    x=(50, 120), t=15, eta=70, W_h=((60, 80), (30, -90)), b_h=(10, -20), W_o=(130, -50), b_o=40
)


def show_given(step):
    """Input, target, learning rate and biases of a step, as a formula that a notebook shows."""
    (x_1, x_2), (b_h1, b_h2), (b_o,) = step["x"][0], step["b_h"], step["b_o"]
    return _formula(
        r"\begin{aligned} "
        rf"x_1 &= {x_1:g} & x_2 &= {x_2:g} & t &= {step['t'].item():g} & \eta &= {step.eta:g} \\"
        rf" b_{{h,1}} &= {b_h1:g} & b_{{h,2}} &= {b_h2:g} & b_o &= {b_o:g} \end{{aligned}}"
    )


def show_matrices(step):
    """The weights of a step as matrices, as a formula that a notebook shows."""

    def matrix(rows):
        lines = r" \\ ".join(" & ".join(map(str, row)) for row in rows)
        return rf"\begin{{pmatrix}} {lines} \end{{pmatrix}}"

    names = [["w_{h,11}", "w_{h,12}"], ["w_{h,21}", "w_{h,22}"]], [["w_{o,11}"], ["w_{o,21}"]]
    W_h, W_o = (matrix(array.tolist()) for array in (step["W_h"], step["W_o"]))
    return _formula(rf"W_h = {matrix(names[0])} = {W_h}, \qquad W_o = {matrix(names[1])} = {W_o}")


def _formula(latex):
    from IPython.display import Math  # here, since the grader's side does without

    return Math(latex)
