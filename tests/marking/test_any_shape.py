"""Whatever shape a record says that an answer has, judging it comes to an end in words."""

import numpy as np
import pytest

from helpers.marking.judging import judge
from helpers.marking.questions import NOTEBOOKS, questions_of
from helpers.marking.verdict import CARRIED, ERROR, MISSING, RIGHT, WRONG
from tests.marking.records import record_of

QUESTIONS = {
    name: question
    for notebook in NOTEBOOKS.values()
    for name, question in questions_of(notebook).items()
}
VALUES = [np.float64(3), np.zeros(0), np.full(7, np.nan), np.full((2, 3), np.inf)]


def judged_with(question, value, part):
    """The Verdicts on right answers but for `value`, in each case, to one part."""

    def change(other, values):
        return [value] * len(values) if other is part else values

    return judge(question, record_of(question, 1, change), 1)


@pytest.mark.sampled(0.1)
@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_of_any_shape_is_judged(name):
    for part in QUESTIONS[name].parts:
        for value in VALUES:
            found = {verdict.status for verdict in judged_with(QUESTIONS[name], value, part)}
            assert found <= {RIGHT, CARRIED, WRONG, MISSING, ERROR}
