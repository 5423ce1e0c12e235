"""`check`: record a student's answers, compare them, show a table, and say NotYet if need be.

At home it does all of that. While a notebook is graded there is nothing here to compare with: it
records, and the grader judges the record (see helpers.grading.gradebook.score).
"""

import os
import secrets
import traceback
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from helpers import asking
from helpers.asking.record import MIME_TYPE
from helpers.older_notebooks import with_new_word
from helpers.personal import current_student

if TYPE_CHECKING:
    from helpers.marking.judging import Judge
    from helpers.marking.questions.model import Question

SEED_VARIABLE = "BACKPROP_PROBE_SEED"
# What judges the answers of each student whose numbers this notebook has had, by identifier.
_judges: "dict[str, Judge]" = {}


class NotYet(AssertionError):
    """Some part of a check is not right yet. Shown as one line, without a stack trace."""

    def _render_traceback_(self) -> list[str]:
        return [f"Not yet: {self}"]


def check(question: str, **answers: object) -> None:
    """Check the answers to `question`, an id such as "p2.sigmoid.forward".

    answers: the question's keyword arguments: numbers, arrays, expressions, words or functions.
    Shows a table with a line for each part. Raises NotYet unless every part is right, or rightly
    follows from what is not right in an earlier answer. While the notebook is graded it records
    the answers for the grader, and says so.
    """
    if isinstance(question, str):
        question = with_new_word(question)
    answers = {with_new_word(name): answer for name, answer in answers.items()}
    if asking.at_grading():
        _hand_over(question, answers)
        return
    # Imported only now: a kernel in which submissions are graded does not have helpers.marking.
    from helpers.marking.judging import Judge
    from helpers.marking.questions import question_by_id, shares_inputs
    from helpers.marking.verdict import CARRIED, MISSING, RIGHT, as_html, as_text

    asked = question_by_id(question, current_student())
    judge = _judges.setdefault(asked.student, Judge(probe_seed()))
    # What follows from values at drawn inputs is compared at the same inputs; else each is new.
    seed = judge.seed if shares_inputs(asked) else probe_seed()
    record = observe(asked, answers, seed)
    verdicts = judge.judge(asked, record, seed)
    score = _score(judge, asked)
    score = " ".join(filter(None, (score, _cell_before())))
    tables = {
        "text/plain": as_text(asked, verdicts, score),
        "text/html": as_html(asked, verdicts, score),
    }
    _display(tables, record)
    right = sum(verdict.status in (RIGHT, CARRIED) for verdict in verdicts)
    if right < len(verdicts):
        if all(verdict.status == MISSING for verdict in verdicts):
            raise NotYet(f"{asked.id} is not answered yet.") from None
        carried = any(verdict.status == CARRIED for verdict in verdicts)
        are = "are right, or follow from what is not right" if carried else "are right"
        raise NotYet(f"{right} of {len(verdicts)} parts of {asked.id} {are}.") from None


def _score(judge: "Judge", asked: "Question") -> str:
    """The points for a question, and those for its notebook so far, in a sentence."""
    from helpers.marking.questions import NOTEBOOKS, questions_of

    def points(question: "Question") -> float:
        return sum(verdict.points for verdict in judge.verdicts.get(question.id, ()))

    notebook = questions_of(NOTEBOOKS[asked.id.split(".")[0]], asked.student).values()
    so_far = f"{sum(map(points, notebook)):g} of {sum(q.points for q in notebook):g} points"
    here = f"{points(asked):g} of {asked.points:g} points here, " if asked.points else ""
    return f"{here}{so_far} in this notebook so far."


def _cell_before() -> str:
    """A sentence on the cell that ran before this one, if it stopped with an error; else ""."""
    from IPython import get_ipython

    result = getattr(get_ipython(), "last_execution_result", None)
    error = result and (result.error_before_exec or result.error_in_exec)
    if error is None or isinstance(error, NotYet):
        return ""
    return (
        f"The cell that you ran before this one stopped with {type(error).__name__}, so this looks "
        "at the values from before."
    )


def probe_seed() -> int:
    """The seed that the environment gives, else a fresh one."""
    try:
        return int(os.environ[SEED_VARIABLE])
    except (KeyError, ValueError):
        return secrets.randbits(32)


def observe(question: "Question", answers: Mapping[str, object], seed: int) -> dict[str, Any]:
    """The record of `answers`, by argument name, to a Question with the seed's test inputs."""
    return asking.observe(question.task_from(seed), answers) | {"seed": seed}


def _hand_over(question: str, answers: Mapping[str, object]) -> None:
    """Record `answers` for the grader if this is the check cell in which it asked for them."""
    task = asking.task_of_grader()
    if task is None or task.question != question:
        print(f"{question}: recorded in its own check cell only.")
        return
    record = asking.observe(task, answers) | {"nonce": task.nonce}
    _display({"text/plain": f"{question}: recorded for the grader."}, record)


def _display(bundle: Mapping[str, str], record: Mapping[str, Any]) -> None:
    from IPython.display import display

    display({**bundle, MIME_TYPE: record}, raw=True)


def all_right(question: str, **answers: object) -> bool:
    """Whether every part of `question` is right, without showing or recording anything.

    Raises RuntimeError while the notebook is graded, where nobody in its kernel can tell.
    """
    if asking.at_grading():
        raise RuntimeError("While a notebook is graded it cannot tell whether answers are right.")
    from helpers.marking.judging import judge
    from helpers.marking.questions import question_by_id
    from helpers.marking.verdict import RIGHT

    asked = question_by_id(question, current_student())
    verdicts = judge(asked, observe(asked, answers, seed=0), 0)
    return all(verdict.status == RIGHT for verdict in verdicts)


WAITING = "This appears when the answers it uses are given{}. Run the cell again then."
MAX_NAMED = 3  # of the answers that are missing
LEFT_OUT = "What this cell shows has no points. It is left out at grading; your own copy has it."


def when_answered(draw: Callable[[], object]) -> None:
    """Run `draw` at once, as a decorator: for given cells that use the student's own code.

    Whatever is missing or wrong in that code is said in one sentence, without a stack trace. While
    the notebook is graded nothing is run, since there are no points for what it shows.
    """
    if asking.at_grading():
        print(LEFT_OUT)
        return
    try:
        result = draw()
    except Exception as error:
        print(_why_not(draw, error))
    else:
        if result is not None:
            from IPython.display import display

            display(result)


def _why_not(draw: Callable[[], object], error: Exception) -> str:
    """What is missing or wrong in the student's code that `draw` uses, a sentence or two."""
    if isinstance(error, NotImplementedError):
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        function = frame.f_code.co_name
        missing = str(error) or (f"`{function}`" if function != draw.__name__ else "")
        return WAITING.format(f": {missing}" if missing else "")
    if asking.meets_a_gap(error):
        names = [n for n in _names_used(draw.__code__) if _has_gap(draw.__globals__.get(n))]
        named = ", ".join(f"`{name}`" for name in names[:MAX_NAMED])
        others = " and others" if names[MAX_NAMED:] else ""
        return WAITING.format(f": {named}{others}" if named else "")
    stops = "This appears when the code it uses runs through. Now "
    if "NoneType" in str(error):
        return f"{stops}a function of yours gives None: is a return missing?"
    return f"{stops}it stops with {type(error).__name__}: {error}"


def _names_used(code: types.CodeType) -> list[str]:
    """The global names in a code object and in those inside it."""
    inside = [_names_used(c) for c in code.co_consts if isinstance(c, types.CodeType)]
    return list(dict.fromkeys(sum(inside, list(code.co_names))))


def _has_gap(value: object) -> bool:
    """Whether a value is `...`, or has it somewhere inside."""
    if isinstance(value, dict):
        value = list(value.values())
    return value is Ellipsis or isinstance(value, list | tuple) and any(map(_has_gap, value))
