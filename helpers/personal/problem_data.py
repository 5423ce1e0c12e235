"""What is given in the step of SGD that Problems 2, 3 and 4 of the tutorial work through."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.network import Network
from helpers.sgd_step import SGDStep

Pair = tuple[int, int]
Hundredths = int | Sequence[int] | Sequence[Sequence[int]]


@dataclass(frozen=True)
class ProblemData:
    """The given numbers in hundredths: exact, and the same on every machine."""

    x: Pair  # of inputs 1 and 2
    t: int  # the target
    eta: int  # the learning rate
    W_h: tuple[Pair, Pair]  # row by row, from input 1 and from input 2
    b_h: Pair  # of hidden units 1 and 2
    W_o: Pair  # from hidden units 1 and 2
    b_o: int  # of the output unit

    @staticmethod
    def from_json(text: str) -> "ProblemData":
        """The ProblemData in a JSON object of these fields."""

        def fixed(value: Any) -> Any:
            return tuple(map(fixed, value)) if isinstance(value, list) else value

        return ProblemData(**{name: fixed(value) for name, value in json.loads(text).items()})

    def step(self, hidden: str) -> SGDStep:
        """The SGDStep with these numbers on the 2-2-1 network, one data point."""
        net = Network(
            weights=[_decimal(self.W_h), _decimal([[weight] for weight in self.W_o])],
            biases=[_decimal(self.b_h), _decimal([self.b_o])],
            hidden=hidden,
            output="sigmoid",
            loss="half_squared",
        )
        return SGDStep(net, x=_decimal([self.x]), t=_decimal([[self.t]]), eta=self.eta / 100)

    def written(self) -> dict[str, str]:
        """The numbers by name as Python writes them, in the shapes that code gives them."""
        shaped: dict[str, Hundredths] = {
            "x": [self.x],
            "t": [[self.t]],
            "eta": self.eta,
            "W_h": self.W_h,
            "b_h": self.b_h,
            "W_o": [[weight] for weight in self.W_o],
            "b_o": [self.b_o],
        }
        return {name: repr(_decimal(value).tolist()) for name, value in shaped.items()}

    def z_h(self) -> tuple[int, ...]:
        """The hidden units' weighted inputs in ten-thousandths, exact."""
        return tuple(
            self.x[0] * self.W_h[0][j] + self.x[1] * self.W_h[1][j] + 100 * self.b_h[j]
            for j in (0, 1)
        )


def _decimal(hundredths: Hundredths) -> np.ndarray:
    return np.asarray(hundredths) / 100


# This course's own, chosen so that no unit is saturated, the loss falls for each hidden activation,
# with ReLU one hidden unit is active and one is not, and the recognised mistakes give numbers that
# differ (tests/marking/test_questions.py). helpers.personal.draws looks for others like them.
DEFAULT_PROBLEM = ProblemData(
    x=(50, 120), t=15, eta=70, W_h=((60, 80), (30, -90)), b_h=(10, -20), W_o=(130, -50), b_o=40
)

# The lecture's (helpers.course.lecture_step), which may be chosen in their place. The learning rate
# is the tutorial's: with the lecture's 0.5 a forgotten learning rate is a step of twice the length.
LECTURE_PROBLEM = ProblemData(
    x=(120, 40), t=90, eta=70, W_h=((70, -50), (-30, 80)), b_h=(10, -20), W_o=(-60, 110), b_o=20
)
