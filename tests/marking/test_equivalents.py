"""Right solutions written in other ways than the course's own: each gets every point.

They are put into the released notebook, which is then worked and scored as the grader scores it,
with the test inputs of several seeds.
"""

import pytest

from helpers.marking.questions import NOTEBOOKS, questions_of
from tests.in_process import marked_with_seeds
from tests.marking.equivalents import SEED, SOLUTIONS, worked


def false_rejects(solution):
    """The verdicts that are not "right" of the questions that a solution answers."""
    questions = [*solution.answers, *solution.asked]
    seeds = (SEED, SEED + 1, SEED + 2)
    found = dict(marked_with_seeds(worked(solution).content, seeds, only=questions))
    assert {frozenset(by_question) for by_question in found.values()} == {frozenset(questions)}
    return [
        (question, seed, verdict)
        for seed, by_question in found.items()
        for question, verdicts in by_question.items()
        for verdict in verdicts
        if verdict.status != "right" or verdict.points != verdict.max_points
    ]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of np.matrix
@pytest.mark.sampled(0.1)
@pytest.mark.parametrize("name", SOLUTIONS)
def test_right_solution_gets_every_point(name):
    assert false_rejects(SOLUTIONS[name]) == []


def test_every_question_that_can_be_answered_in_different_ways_is_covered():
    covered = {question for each in SOLUTIONS.values() for question in each.answers}
    asked = {question for notebook in NOTEBOOKS.values() for question in questions_of(notebook)}
    assert asked == covered


def test_each_function_of_problem_3_is_written_in_three_ways():
    for question in questions_of("problem_3_numpy"):
        assert sum(question in each.answers for each in SOLUTIONS.values()) >= 3, question
