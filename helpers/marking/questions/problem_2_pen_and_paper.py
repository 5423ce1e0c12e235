"""Problem 2: one step of SGD by hand, with sigmoid, tanh and ReLU hidden units."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from helpers.course import HIDDEN
from helpers.marking.questions.model import BY_HAND, EXACT, Case, Part, Question, step_case
from helpers.personal.problem_data import DEFAULT_PROBLEM, ProblemData
from helpers.sgd_step import SGDStep

FORWARD = {
    "z_h": "weighted inputs of the hidden units",
    "a_h": "activations of the hidden units",
    "z_o": "weighted input of the output unit",
    "a_o": "activation of the output unit",
    "E": "loss",
}
BACKWARD = {
    "delta_o": "delta of the output unit",
    "dW_o": "gradient of the output weights",
    "db_o": "gradient of the output bias",
    "delta_h": "deltas of the hidden units",
    "dW_h": "gradient of the hidden weights",
    "db_h": "gradient of the hidden biases",
}
UPDATE = {
    "W_h_new": "new hidden weights",
    "b_h_new": "new hidden biases",
    "W_o_new": "new output weights",
    "b_o_new": "new output bias",
    "E_new": "loss after the step",
}

Follows = dict[str, tuple[str, ...] | None]  # as Question.depends_on


@lru_cache(maxsize=8)
def questions_with(
    numbers: ProblemData = DEFAULT_PROBLEM, student: str = ""
) -> tuple[Question, ...]:
    """The questions about the step with these numbers, which are those of `student`."""
    steps = {hidden: numbers.step(hidden) for hidden in HIDDEN}
    by_hand = []
    for hidden, step in steps.items():
        # The hidden units' weighted inputs do not depend on the activation: asked for once.
        forward = {k: v for k, v in FORWARD.items() if hidden == "sigmoid" or k != "z_h"}
        follows: Follows = {} if hidden == "sigmoid" else {"p2.sigmoid.forward": ("z_h",)}
        for kind, names in (("forward", forward), ("backward", BACKWARD), ("update", UPDATE)):
            name = f"p2.{hidden}.{kind}"
            by_hand.append(_by_hand(name, step, names, follows, student))
            follows = {**follows, name: None}
    return (*by_hand, _comparison(steps, student), _two_points(steps["sigmoid"], student))


def _by_hand(
    question: str, step: SGDStep, names: Mapping[str, str], follows: Follows, student: str
) -> Question:
    parts = tuple(Part(name, 1, words, BY_HAND) for name, words in names.items())
    return Question(
        question,
        parts,
        arguments=tuple(names),
        cases=lambda rng: [step_case(step, parts)],
        depends_on=follows,
        student=student,
    )


def _comparison(steps: Mapping[str, SGDStep], student: str) -> Question:
    parts = (
        Part(
            "moved_most",
            1,
            "which activation's step is the longest",
            default_hint="compare the three columns of changes, the hidden weights first",
        ),
        Part(
            "has_unmoved",
            1,
            "which activation leaves weights where they were",
            default_hint="look for gradients that are exactly 0",
        ),
        Part(
            "unmoved_count",
            1,
            "how many of the nine do not move there",
            EXACT,
            default_hint="count the gradients that are exactly 0, in both layers and biases too",
        ),
        Part(
            "reason",
            1,
            "why they do not move, as a letter",
            default_hint="compare it with the numbers on your work sheet: which of them are 0?",
        ),
    )

    def cases(rng: np.random.Generator) -> list[Case]:
        moved = {
            hidden: np.concatenate([change.ravel() for change in step.changes().values()])
            for hidden, step in steps.items()
        }
        still = {hidden: int(np.sum(moved[hidden] == 0)) for hidden in HIDDEN}
        expected: dict[str, np.ndarray | str] = {
            "moved_most": max(HIDDEN, key=lambda hidden: np.linalg.norm(moved[hidden])),
            "has_unmoved": max(HIDDEN, key=lambda hidden: still[hidden]),
            "unmoved_count": np.asarray(float(max(still.values()))),
            "reason": "C",
        }
        return [Case(expected)]

    names = tuple(part.name for part in parts)
    return Question("p2.compare", parts, names, cases, student=student)


def _two_points(step: SGDStep, student: str) -> Question:
    """For those who finish early: the output layer's gradients for a batch of two points."""
    words = {
        "delta_o": "delta of the output unit, one for each point",
        "dW_o": "gradient of the output weights for the batch",
        "db_o": "gradient of the output bias for the batch",
    }
    parts = tuple(Part(name, 0, in_words, BY_HAND) for name, in_words in words.items())

    def cases(rng: np.random.Generator) -> list[Case]:
        x, t = np.vstack([step.x, [[1.0, -0.4]]]), np.vstack([step.t, [[0.9]]])
        return [step_case(SGDStep(step.net, x, t, step.eta), parts)]

    return Question("p2.two_points", parts, tuple(words), cases, student=student)


QUESTIONS = questions_with()
