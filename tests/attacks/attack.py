"""What an attack is: a submission made by code, what it tries, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc

from helpers.grading.gradebook.results import GRADED, REPAIRED
from helpers.grading.intake.students import student_id
from tests.sample_class.work import Notebook

P2, P3 = "problem_2_pen_and_paper", "problem_3_numpy"
FIRST = {  # the first question of each, and its answer as good as none
    P2: ("p2.sigmoid.forward", "z_h = a_h = z_o = a_o = E = ..."),
    P3: ("p3.activations", "activation = slope = ..."),
}
CANARY = "backprop-canary"  # in the names of what no submission may find, read or reach
# Where the network's canary listens, as attacks say it: each run puts its own there.
TCP_PORT, UDP_PORT, SOCKET = "TCP_OF_THE_CANARY", "UDP_OF_THE_CANARY", "SOCKET_OF_THE_CANARY"
# What given cells draw is of no interest to attackers, and takes half of a notebook's time.
WITHOUT_FIGURES = 'import sys; sys.modules["helpers.pictures.curves"] = None'


@dataclass(frozen=True)
class Attack:
    """A submission that tries to gain marks or to do harm.

    name: of its student. tries: what it tries, a phrase. files: returns what is handed in, bytes by
    path in the student's folder; a zipfile.ZipInfo in place of a path is written as it stands.
    What must come of it: the state of `notebook` is one of `states`, all its notebooks together
    have at least the points `at_least`, for honest work in them, and not more than `not_more_than`,
    and a remark or a hint has the words `says` in it.
    """

    name: str
    tries: str
    files: Callable
    notebook: str = P2
    states: tuple = (GRADED, REPAIRED)
    at_least: float = 0.0
    not_more_than: float = 0.0
    says: str = ""

    @property
    def student(self):
        """The student's id in the gradebook."""
        return student_id(self.name)


def in_first_answer(source, notebook=P2):
    """A released notebook without answers, with `source` as its first: before every check."""
    question, unanswered = FIRST[notebook]
    source = f"{WITHOUT_FIGURES}\n{unanswered}\n{cleandoc(source)}"
    return Notebook(notebook, solved=False).answer(question, source)


def handed_in(notebook):
    """A Notebook as the one file of a submission."""
    return {f"{notebook.name}.ipynb": bytes(notebook)}


def attack_by_code(name, tries, source, notebook=P2, **must):
    """An Attack by `source`, which runs in the first answer cell. must: fields of the Attack."""
    return Attack(
        name, tries, lambda: handed_in(in_first_answer(source, notebook)), notebook, **must
    )
