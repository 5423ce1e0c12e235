"""Problem 2: one step of SGD by hand, with sigmoid, tanh and ReLU hidden units."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np

from helpers.activations import ACTIVATIONS
from helpers.course import HIDDEN, next_step
from helpers.marking.questions.model import (
    BY_HAND,
    EXACT,
    Case,
    Mistake,
    MistakesOnDemand,
    Part,
    Question,
    step_case,
)
from helpers.personal.problem_data import DEFAULT_PROBLEM, ProblemData
from helpers.sgd_step import Quantities, SGDStep

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
            others = [other for other in steps.values() if other is not step]
            by_hand.append(_by_hand(name, step, others, names, follows, student))
            follows = {**follows, name: None}
    return (
        *by_hand,
        _second_step(steps["relu"], student),
        _comparison(steps, student),
        _two_points(steps["sigmoid"], student),
    )


def _by_hand(
    question: str,
    step: SGDStep,
    others: Sequence[SGDStep],
    names: Mapping[str, str],
    follows: Follows,
    student: str,
) -> Question:
    """The question about some quantities of a step; others: those of the other sections."""
    parts = tuple(Part(name, 1, words, BY_HAND) for name, words in names.items())
    of_others = partial(_of_another_section, step, others)
    return Question(
        question,
        parts,
        arguments=tuple(names),
        cases=lambda rng: [step_case(step, parts, more_mistakes=of_others)],
        depends_on=follows,
        student=student,
        given_data=_names_in_code(step),
    )


def _of_another_section(
    step: SGDStep, others: Sequence[SGDStep], quantity: str
) -> Iterator[Mistake]:
    """What a quantity is in the other sections: new weights so come from gradients of theirs.

    Of activations it is another mistake, that of the activation.
    """
    if quantity == "E_new":
        for loss in losses_of_other_activations(step):
            yield "forward_with_another_activation", loss
    for other in others:
        activation = quantity == "a_h" or (quantity == "a_o" and other.net.hidden == "sigmoid")
        if not activation and not np.array_equal(other[quantity], step[quantity]):
            yield "of_another_section", other[quantity]
        if quantity.endswith("_new") and quantity != "E_new":
            old = step[quantity.removesuffix("_new")]
            # Where some have not moved, the numbers may as well come from a slip with one of them.
            if np.all(other[quantity] != old):
                yield "started_from_moved_weights", other[quantity] + step[quantity] - old


def losses_of_other_activations(step: SGDStep) -> list[np.ndarray]:
    """The losses after a step if the network is run forward with other hidden units."""
    z_h, found = step["x"] @ step["W_h_new"] + step["b_h_new"], []
    for name in (*HIDDEN, "linear"):
        if name != step.net.hidden:
            z_o = ACTIVATIONS[name](z_h) @ step["W_o_new"] + step["b_o_new"]
            a_o = step.net.activation(1)(z_o)
            found.append(np.asarray(step.net.losses(z_o, a_o, step.t).mean()))
    return found


def _names_in_code(step: SGDStep) -> dict[str, float]:
    """The given numbers by their names in the notebook."""
    (x_1, x_2), (t,) = step.x[0].tolist(), step.t[0].tolist()
    weights = {
        f"w_{layer}{i + 1}{j + 1}": weight
        for layer in "ho"
        for i, row in enumerate(step[f"W_{layer}"].tolist())
        for j, weight in enumerate(row)
    }
    b_h1, b_h2 = step["b_h"].tolist()
    biases = {"b_h1": b_h1, "b_h2": b_h2, "b_o": step["b_o"].item()}
    return {"x_1": x_1, "x_2": x_2, "t": t, "eta": step.eta} | weights | biases


def _second_step(step: SGDStep, student: str) -> Question:
    """The hidden units' weighted inputs with the new weights: does a unit that is off come back?"""
    part = Part(
        "z_h_next",
        0,
        "weighted inputs of the hidden units at the second step",
        BY_HAND,
    )

    def cases(rng: np.random.Generator) -> list[Case]:
        right = step["x"] @ step["W_h_new"] + step["b_h_new"]
        return [
            Case(
                {part.name: right},
                MistakesOnDemand([part.name], partial(_wrong_second_step, step, right)),
                consequences=partial(_second_weighted_inputs, step),
                inputs=(step["x"], step["W_h"], step["b_h"]),
            )
        ]

    return Question(
        "p2.relu.second_step",
        (part,),
        (part.name,),
        cases,
        depends_on={"p2.relu.update": ("W_h_new", "b_h_new")},
        student=student,
    )


def _wrong_second_step(step: SGDStep, right: np.ndarray, part: str) -> Iterator[Mistake]:
    """The mistakes in the hidden units' weighted inputs at the second step."""
    x, change_W, change_b = step["x"], step["W_h_new"] - step["W_h"], step["b_h_new"] - step["b_h"]

    def moved(times: float) -> np.ndarray:
        return x @ (step["W_h"] + times * change_W) + step["b_h"] + times * change_b

    yield "weights_before_the_step", step["z_h"]
    yield "bias_forgotten", x @ step["W_h_new"]
    yield "activation_for_weighted_input", np.maximum(right, 0)
    yield "not_all_updated", x @ step["W_h_new"] + step["b_h"]
    yield "not_all_updated", x @ step["W_h"] + step["b_h_new"]
    yield "weights_read_across", np.inner(x, step["W_h_new"]) + step["b_h_new"]
    third = next_step(next_step(step))
    yield "moved_twice", third["z_h"]
    yield "moved_twice", moved(2)
    yield "step_added", moved(-1)
    yield "learning_rate_forgotten", moved(1 / step.eta)
    yield "inputs_exchanged", x[:, ::-1] @ step["W_h_new"] + step["b_h_new"]
    yield "biases_exchanged", x @ step["W_h_new"] + step["b_h_new"][::-1]
    yield "units_swapped", right[:, ::-1]


def _second_weighted_inputs(step: SGDStep, own: Quantities) -> Iterator[Quantities]:
    """What the hidden units add up at the second step, with a student's own new weights."""
    new = {name: np.asarray(own.get(name, step[name])) for name in ("W_h_new", "b_h_new")}
    yield {**new, "z_h_next": step["x"] @ new["W_h_new"] + new["b_h_new"]}


def _comparison(steps: Mapping[str, SGDStep], student: str) -> Question:
    parts = (
        Part(
            "moved_most",
            1,
            "which activation's step is the longest",
            default_hint="a step is eta times the gradient: compare the three columns of "
            "gradients, the hidden weights first",
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
