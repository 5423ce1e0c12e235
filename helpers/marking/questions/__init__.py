"""The questions that check cells ask, one module for each notebook."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.marking.questions.model import Question
    from helpers.personal.problem_data import ProblemData

# The first word of a question's id, as in p2.sigmoid.forward, leads to its notebook.
NOTEBOOKS = {
    "l1": "1_learning_by_gradient",
    "l2": "2_deriving_backpropagation",
    "l3": "3_activation_functions",
    "p1": "problem_1_derivation",
    "p2": "problem_2_pen_and_paper",
    "p3": "problem_3_numpy",
    "p4": "problem_4_keras",
}

# Lessons in which a wrong value costs its own part only, while what rightly follows from it gets
# its points. Take a lesson out to switch that off, for its checks and for the grader.
FOLLOW_THROUGH = {"lecture", "tutorial"}
LESSONS = {"l": "lecture", "p": "tutorial"}


def follows_through(question: Question) -> bool:
    """Whether right consequences of wrong values get their points in the question's lesson."""
    return LESSONS[question.id[0]] in FOLLOW_THROUGH


def shares_inputs(question: Question) -> bool:
    """Whether answers to this question and to others are compared, so at the same inputs."""
    others = _questions_with(NOTEBOOKS[question.id.split(".")[0]]).values()
    return bool(question.depends_on) or any(question.id in other.depends_on for other in others)


def title_of(question: str) -> str:
    """The title of a question, from its id: "Sigmoid, backward" of p2.sigmoid.backward."""
    words = ", ".join(question.split(".")[1:]).replace("_", " ")
    words = words.replace("sgd", "SGD").replace("relu", "ReLU")
    return words[:1].upper() + words[1:]


def place(section: str) -> str:
    """A section of the course in words, from its short name: "P2 3"."""
    notebook, _, number = section.partition(" ")
    short = notebook.lower()
    if short not in NOTEBOOKS:
        return section
    return f"{LESSONS[short[0]]}, {NOTEBOOKS[short]}, section {number}"


# Notebooks in which each student may have their own numbers (see helpers.personal).
PERSONAL = {"problem_2_pen_and_paper", "problem_3_numpy", "problem_4_keras"}


def questions_of(notebook: str, student: str = "") -> dict[str, Question]:
    """The questions of a notebook, by id; the notebook is named without folder and suffix.

    student: whose numbers they ask for, by identifier, if the notebook has personal ones.
    """
    if notebook not in PERSONAL or not student:
        return _questions_with(notebook)
    from helpers.personal import DEFAULT_PROBLEM, normalised, numbers_of  # it imports questions

    numbers = numbers_of(student)
    if numbers is DEFAULT_PROBLEM:
        return _questions_with(notebook)
    return _questions_with(notebook, numbers, normalised(student))


@lru_cache(maxsize=64)
def _questions_with(notebook: str, *numbers_and_student: ProblemData | str) -> dict[str, Question]:
    # A module's name cannot start with a digit.
    name = notebook if notebook.isidentifier() else f"lecture_{notebook}"
    module = import_module(f"helpers.marking.questions.{name}")
    asked = module.questions_with(*numbers_and_student) if numbers_and_student else module.QUESTIONS
    return {question.id: question for question in asked}


def question_by_id(question: str, student: str = "") -> Question:
    """The Question with this id, with the student's numbers. Raises ValueError if there is none."""
    notebook = NOTEBOOKS.get(str(question).split(".")[0])
    found = notebook and questions_of(notebook, student).get(question)
    if not found:
        raise ValueError(f"question: there is none named {question!r}. Was the check cell changed?")
    return found
