"""Question ids and cell ids lead to each other, or the question is refused when it is made."""

import re

import pytest

from helpers.asking import cell_ids
from helpers.marking.questions import NOTEBOOKS, questions_of
from helpers.marking.questions.model import Question

QUESTIONS = [question for name in NOTEBOOKS.values() for question in questions_of(name)]


def test_every_question_of_the_course_comes_back_from_its_cells():
    cells = set()
    for question in QUESTIONS:
        check = cell_ids.check_cell_id(question)
        answers = [cell_ids.answer_cell_id(question, number) for number in (1, 2, 12)]
        assert cell_ids.question_of_check(check) == question
        assert cell_ids.question_of_answer(check) is None
        for cell in answers:
            assert cell_ids.question_of_answer(cell) == question
        for cell in (check, *answers):
            assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell)  # as nbformat 4.5 demands
        cells |= {check, *answers}
    assert len(cells) == 4 * len(QUESTIONS), "two questions share a cell's id"


@pytest.mark.parametrize(
    "question",
    [
        *("p2.two-points", "p2-sigmoid.forward", "p2..forward", "p2.", ".p2", "", "p2 sigmoid"),
        *("p2.größe", "p2.answer", "p2.answer.2", "p2.exercise", "p2." + "x" * 52, None),
    ],
)
def test_an_id_that_cells_cannot_carry_is_refused_when_the_question_is_made(question):
    with pytest.raises(ValueError, match="question's id"):
        Question(question, (), (), lambda rng: [])


@pytest.mark.parametrize("question", ["p2.two_points", "p9", "P2.Case", "p2." + "x" * 51])
def test_other_ids_are_taken(question):
    assert Question(question, (), (), lambda rng: []).id == question
    for number in (1, 99):
        assert len(cell_ids.answer_cell_id(question, number)) <= 64
