"""The questions that check cells ask, one module for each notebook."""

from functools import cache
from importlib import import_module

# The first word of a question's id, as in p2.sigmoid.forward, leads to its notebook.
NOTEBOOKS = {
    "p1": "problem_1_derivation",
    "p2": "problem_2_pen_and_paper",
    "p3": "problem_3_numpy",
    "p4": "problem_4_keras",
}


@cache
def questions_of(notebook):
    """The questions of a notebook, named without folder and suffix: a dict by question id."""
    module = import_module(f"helpers.questions.{notebook}")
    return {question.id: question for question in module.QUESTIONS}


def question_by_id(question):
    """The Question with this id. Raises ValueError if there is none."""
    notebook = NOTEBOOKS.get(str(question).split(".")[0])
    found = notebook and questions_of(notebook).get(question)
    if not found:
        raise ValueError(f"question: there is none named {question!r}. Was the check cell changed?")
    return found
