"""Which cells belong to which question: question ids become cell ids here and nowhere else.

A question's id is words joined by dots, p2.sigmoid.forward. A cell's id, which is also nbgrader's
grade_id, can hold no dots, so hyphens stand for them: p2-sigmoid-forward is the question's check
cell, p2-sigmoid-forward-answer the first cell that answers it, …-answer-2 the second.
"""

import re

CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what nbformat takes; nbgrader takes longer ones
WORD = re.compile(r"[A-Za-z0-9_]+")
ANSWER_CELL_ID = re.compile(r"(.+)-answer(-\d+)?")
TAKEN = ("answer", "exercise")  # words that cell ids end with
MAX_QUESTION_ID_LENGTH = 64 - len("-answer-99")


def validate_question_id(question: str) -> None:
    """Raises ValueError if `question` is no str or cannot be told again from its cells' ids."""
    if not isinstance(question, str) or not question:
        raise ValueError(f"a question's id: expected words joined by dots, got {question!r}")
    for word in question.split("."):
        if not WORD.fullmatch(word):
            raise ValueError(
                f"the question's id {question!r}: expected words of A-Z a-z 0-9 _ joined by dots, "
                f"got {word!r} (a hyphen is what stands for a dot in the ids of cells)"
            )
        if word in TAKEN:
            raise ValueError(
                f"the question's id {question!r}: the word {word!r} is kept for the ids of its "
                "cells; choose another"
            )
    if len(question) > MAX_QUESTION_ID_LENGTH:
        raise ValueError(
            f"the question's id {question!r}: expected at most {MAX_QUESTION_ID_LENGTH} "
            f"characters, got {len(question)}"
        )


def check_cell_id(question: str) -> str:
    """The id of the check cell of a question, by its id."""
    return question.replace(".", "-")


def answer_cell_id(question: str, number: int = 1) -> str:
    """The id of the cell that answers a question; number: 2 for the second of several, …"""
    base = f"{check_cell_id(question)}-answer"
    return base if number == 1 else f"{base}-{number}"


def question_of_check(cell_id: str) -> str:
    """The id of the question whose check cell has the id `cell_id`."""
    return cell_id.replace("-", ".")


def question_of_answer(cell_id: str) -> str | None:
    """The id of the question that the cell with the id `cell_id` answers; None if it is no answer.

    Of several answer cells of a question each leads to it.
    """
    found = ANSWER_CELL_ID.fullmatch(cell_id)
    return found and question_of_check(found[1])
