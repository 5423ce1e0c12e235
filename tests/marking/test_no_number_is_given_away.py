"""A program that reads nothing but the messages does not get at the numbers."""

import numpy as np
import pytest

from helpers.marking.judging import judge
from helpers.marking.questions import NOTEBOOKS, questions_of
from tests.marking.records import record_of

TRIES = 100
LARGEST = 1e9

QUESTIONS = {
    name: question
    for notebook in NOTEBOOKS.values()
    for name, question in questions_of(notebook).items()
}
# What has few possible answers falls by trying them: letters, words and small whole numbers. These
# carry so many points together, of all that a lesson has.
FEW_ANSWERS_AT_MOST = {"lecture": 0.4, "tutorial": 0.1}


def right_value(question, part):
    return question.cases_from(1)[0].expected[part.name]


def is_typed(part):
    return part.tolerance.by_hand


def numbers():
    """(question, part) of single numbers that are typed, and that are no small whole numbers."""
    for name, question in QUESTIONS.items():
        for part in question.parts:
            value = right_value(question, part)
            if isinstance(value, str) or not is_typed(part) or np.size(value) != 1:
                continue
            if not is_one_of_few(value):
                yield pytest.param(question, part, id=f"{name} {part.name}")


def is_one_of_few(value):
    """Whether an answer is a word, or a number that nearly is a small whole one."""
    if isinstance(value, str):
        return True
    whole = np.abs(value - np.round(value)) < 1e-3
    return bool(np.size(value) == 1 and np.all(whole) and np.all(np.abs(value) <= TRIES))


def is_constant(question, part):
    """Whether all that is recorded of an answer is one value; a formula has others at each point.

    What is computed from the course's numbers is not: it has a `quantity`.
    """
    values = [case.expected[part.name] for case in question.cases_from(1)]
    return not part.quantity and all(np.array_equal(value, values[0]) for value in values)


class Solver:
    """Halves the interval in which a number must lie where a message lets it, else tries on."""

    def __init__(self, question, part):
        self.question, self.part, self.tried = question, part, 0

    def told(self, value):
        self.tried += 1
        shape = np.shape(right_value(self.question, self.part))
        record = record_of(
            self.question,
            1,
            lambda part, values: (
                [np.full(shape, value)] * len(values) if part.name == self.part.name else values
            ),
        )
        verdicts = judge(self.question, record, 1)
        return next(verdict for verdict in verdicts if verdict.part == self.part.name)

    def passes(self):
        """Whether it gets there in TRIES."""
        for sign in (1, -1):
            low, high = 1e-5, LARGEST
            while self.tried < TRIES:
                value = sign * np.sqrt(low * high)
                verdict = self.told(value)
                if verdict.status == "right":
                    return True
                hint = verdict.hint
                if "sign is not" in hint or "signs are turned" in hint:
                    break
                if "size is right" in hint:
                    low, high = abs(value), abs(value)
                elif "twice" in verdict.hint and "factor_two" in verdict.names:
                    low, high = abs(value) / 2, abs(value) / 2
                elif "too large" in hint:
                    high = abs(value)
                elif "too small" in hint:
                    low = abs(value)
                else:
                    break
            if self.tried < TRIES and self._passes_step_by_step(sign, low, high):
                return True
        return False

    def _passes_step_by_step(self, sign, low, high):
        """From the smallest number on, as far apart as the tolerance lets it."""
        value = low
        while value <= high and self.tried < TRIES:
            if self.told(sign * value).status == "right":
                return True
            value += max(2e-4, 0.01 * value)
        return False


@pytest.mark.sampled(0.05)
@pytest.mark.parametrize(("question", "part"), list(numbers()))
def test_the_messages_do_not_lead_to_a_number(question, part):
    assert not Solver(question, part).passes()


def test_a_solver_would_get_there_if_it_were_told_which_way():
    """The solver is no straw man: with "too large" and "too small" it needs few tries."""

    class Told(Solver):
        def told(self, value):
            self.tried += 1
            right = 0.1016
            hint = "too large" if value > right else "too small"
            status = "right" if abs(value - right) < 5e-4 else "wrong"
            return type("Verdict", (), {"status": status, "hint": hint, "names": []})

    assert Told(None, None).passes()


def test_what_falls_by_trying_carries_few_points():
    for lesson, share in FEW_ANSWERS_AT_MOST.items():
        few = {}
        total = 0
        for name, question in QUESTIONS.items():
            if name[0] != {"lecture": "l", "tutorial": "p"}[lesson]:
                continue
            for part in question.parts:
                total += part.points
                if is_one_of_few(right_value(question, part)) and is_constant(question, part):
                    few[f"{name} {part.name}"] = part.points
        listed = ", ".join(f"{name}: {points:g}" for name, points in few.items())
        assert sum(few.values()) <= share * total, f"{sum(few.values())} of {total}: {listed}"
