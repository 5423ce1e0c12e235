"""Mark a solution in which the answer to one question is changed."""

from functools import cache

import numpy as np

from helpers.asking.cell_ids import answer_cell_id, check_cell_id
from helpers.asking.record import answers_in
from helpers.grading.gradebook.score import records_in
from helpers.grading.repair.released import grade_id, is_answer
from helpers.marking.questions import NOTEBOOKS, question_by_id, questions_of
from tests.in_process import marked_with_seeds
from tests.sample_class.work import Notebook


@cache
def answers():
    """The right answers' sources in the course's order: {question id: (notebook, source)}."""
    found = {}
    for name in NOTEBOOKS.values():
        content = Notebook(name).content
        sources = {grade_id(cell): cell.source for cell in content.cells if is_answer(cell)}
        for question in questions_of(name):
            source = sources.get(answer_cell_id(question))
            if source is not None:
                found[question] = name, source
    return found


def mark(question, source, seed=1):
    """The verdicts on `question` when its answer is `source` and all other answers are right.

    Returns (verdicts, values): values are the recorded answers by part, a list with an array a
    case, None where there is no number; None if nothing was recorded.
    """
    return mark_with_seeds(question, source, (seed,))[seed]


def mark_with_seeds(question, source, seeds):
    """{seed: what `mark` returns with it}; the answer is run once."""
    notebook, _ = answers()[question]
    content = Notebook(notebook).answer(question, source).content
    asked = question_by_id(question)
    (check,) = (cell for cell in content.cells if grade_id(cell) == check_cell_id(question))
    return {
        seed: (verdicts[question], _values(check, asked, seed))
        for seed, verdicts in marked_with_seeds(content, seeds, only={question, *asked.depends_on})
    }


def signature(verdicts):
    """What may not depend on the seed: ((part, status, names of mistakes), …)."""
    return tuple((v.part, v.status, v.misconception) for v in verdicts)


def _values(check, asked, seed):
    records = records_in(check)
    if not records:
        return None
    recorded = answers_in(records[0], asked, asked.cases_from(seed))
    return {part: [_number(v) for v in cases] for part, cases in recorded.items()}


def _number(value):
    return value if isinstance(value, np.ndarray) else None
