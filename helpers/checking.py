"""`check`: record a student's answers, compare them, show a table, and say NotYet if need be.

At home it does all of that. While a notebook is graded there is nothing here to compare with: it
records, and the grader judges the record (see helpers.grading.gradebook.score).
"""

import ast
import os
import re
import secrets
import sys
import traceback
import types
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from helpers import asking
from helpers.asking.errors import what_it_means, with_meaning
from helpers.asking.record import MIME_TYPE
from helpers.older_notebooks import with_new_word
from helpers.personal import current_student

if TYPE_CHECKING:
    from helpers.marking.judging import Judge
    from helpers.marking.questions.model import Question
    from helpers.marking.verdict import Verdict

SEED_VARIABLE = "BACKPROP_PROBE_SEED"
# What judges the answers of each student whose numbers this notebook has had, by identifier.
_judges: "dict[str, Judge]" = {}
# Names that the check cell that runs now asks for, and that no cell has given a value yet.
_without_value: list[str] = []
# Names that a cell would have given a value, had it not stopped before: with which error.
_stopped_before: dict[str, str] = {}


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
    verdicts = [_with_cell_not_run(verdict) for verdict in judge.judge(asked, record, seed)]
    score = _score(judge, asked)
    score = " ".join(filter(None, (score, _cell_before(asked))))
    tables = {
        "text/plain": as_text(asked, verdicts, score),
        "text/html": as_html(asked, verdicts, score),
    }
    _display(tables, record)
    right = sum(verdict.status in (RIGHT, CARRIED) for verdict in verdicts)
    if right < len(verdicts):
        if all(verdict.status == MISSING and _says_nothing_came(verdict) for verdict in verdicts):
            raise NotYet(f"{asked.id} is not answered yet.") from None
        carried = any(verdict.status == CARRIED for verdict in verdicts)
        are = "are right, or follow from what is not right" if carried else "are right"
        raise NotYet(f"{right} of {len(verdicts)} parts of {asked.id} {are}.") from None


NOTHING_CAME = "not answered yet"


def _says_nothing_came(verdict: "Verdict") -> bool:
    """Whether a verdict on what is missing has no other reason than that there is no answer."""
    return verdict.hint.startswith(NOTHING_CAME)


def _with_cell_not_run(verdict: "Verdict") -> "Verdict":
    """A verdict on what is missing, with a word more if no cell has given its name a value."""
    if verdict.part not in _without_value or verdict.hint != NOTHING_CAME:
        return verdict
    error = _stopped_before.get(verdict.part)
    if error:
        said = f"{NOTHING_CAME}: its cell stopped with {error} before `{verdict.part}` had a value"
    else:
        said = (
            f"{NOTHING_CAME}: no cell has given `{verdict.part}` a value. Has its cell been run, "
            "and is the name spelt like this there?"
        )
    return replace(verdict, hint=said)


def _give_what_waits(info: Any) -> None:
    """Before a check cell runs, give each answer whose cell has not been run the value `...`.

    So the check says which answer is missing, where Python would stop with a NameError and a
    stack trace. info: what IPython says of the cell.
    """
    names = vars(_shell().user_module)
    _without_value[:] = [name for name in _asked_for(info.raw_cell) if name not in names]
    names.update(dict.fromkeys(_without_value, ...))


def _take_back_what_waits(result: Any) -> None:
    """After the check cell: the answers are without a value again. result: IPython's, unused."""
    for name in _without_value:
        vars(_shell().user_module).pop(name, None)
    _without_value.clear()


def _remember_what_stopped(result: Any) -> None:
    """After a cell that stopped: which names it has left without a value, for the check of them.

    result: what IPython says of the cell.
    """
    error, names = _error_in(result), vars(_shell().user_module)
    for name in _given_in(result.info.raw_cell):
        if error is None or name in names:
            _stopped_before.pop(name, None)
        else:
            _stopped_before[name] = type(error).__name__


def _error_in(result: Any) -> BaseException | None:
    """What a cell stopped with, None if it ran through or was a check. result: IPython's."""
    error = result and (result.error_before_exec or result.error_in_exec)
    return None if not error or isinstance(error, NotYet) else error


GIVEN = re.compile(r"^(?:(\w+)\s*=(?!=)|def\s+(\w+))", re.MULTILINE)


def _given_in(source: str) -> set[str]:
    """The names that the lines of a cell give a value, also of one that Python cannot read."""
    return {name or function for name, function in GIVEN.findall(source or "")}


def _asked_for(source: str) -> list[str]:
    """The names of the answers in a cell that is a check and nothing else; [] of other cells."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):  # such a cell does not run, or has lines of IPython's own
        return []
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != check.__name__:
        return []
    return [word.value.id for word in call.keywords if isinstance(word.value, ast.Name)]


def _shell() -> Any:
    """IPython's shell, None outside of a notebook."""
    ipython = sys.modules.get("IPython")  # a shell has imported it
    return ipython and ipython.get_ipython()


def _score(judge: "Judge", asked: "Question") -> str:
    """The points for a question, and those for its notebook so far, in a sentence."""
    from helpers.marking.questions import NOTEBOOKS, questions_of

    def points(question: "Question") -> float:
        return sum(verdict.points for verdict in judge.verdicts.get(question.id, ()))

    notebook = questions_of(NOTEBOOKS[asked.id.split(".")[0]], asked.student).values()
    so_far = f"{sum(map(points, notebook)):g} of {sum(q.points for q in notebook):g} points"
    here = f"{points(asked):g} of {asked.points:g} points here, " if asked.points else ""
    return f"{here}{so_far} in this notebook so far."


def _cell_before(asked: "Question") -> str:
    """A sentence on the cell that ran before this one, if it stopped with an error; else "".

    asked: the question of this check.
    """
    error = _error_in(getattr(_shell(), "last_execution_result", None))
    if error is None:
        return ""
    where = asking.in_which_line(error)
    if isinstance(error, SyntaxError) and error.text:
        where = f" in the line `{error.text.strip()}`"
    choices = {choice for part in asked.parts for choice in part.hint_for_choice}
    meaning = what_it_means(error, vars(_shell().user_module), choices)
    said = (
        f"The cell that you ran before this one stopped{where} with {type(error).__name__}, so "
        "this looks at the values from before."
    )
    said = with_meaning(said, meaning)
    return said if said.endswith((".", "?")) else f"{said}."


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


def when_answered(draw: Callable[[], object]) -> None:
    """Run `draw` at once, as a decorator: for given cells that use the student's own code.

    Whatever is missing or wrong in that code is said in one sentence, without a stack trace. While
    the notebook is graded nothing is run, since there are no points for what it shows.
    """
    if asking.at_grading():
        print(asking.LEFT_OUT)
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
    # Whatever NumPy or SymPy says of a `...`, it is the answer that is missing. A name without a
    # value is one of them only if the cell itself uses it, and not a function of the student's.
    names = [n for n in _names_used(draw.__code__) if _has_gap(draw.__globals__.get(n))]
    if isinstance(error, NameError) and error.name in _names_used(draw.__code__):
        names.append(error.name)
    if not names and asking.meets_a_gap(error):
        names = _own_functions_in(error, draw)[-1:]
    if names or asking.meets_a_gap(error):
        named = ", ".join(f"`{name}`" for name in names[:MAX_NAMED])
        others = " and others" if names[MAX_NAMED:] else ""
        return WAITING.format(f": {named}{others}" if named else "")
    stops = "This appears when the code it uses runs through. Now "
    if "NoneType" in str(error):
        return f"{stops}a function of yours gives None: is a return missing?"
    meaning = what_it_means(error, draw.__globals__)
    return with_meaning(f"{stops}it stops with {type(error).__name__}: {error}", meaning)


def _own_functions_in(error: Exception, draw: Callable[[], object]) -> list[str]:
    """The functions of the notebook through which an error has come, those in `draw` left out."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [
        frame.f_code.co_name
        for frame in frames
        if frame.f_globals is draw.__globals__
        and draw.__globals__.get(frame.f_code.co_name) is not None
        and frame.f_code is not draw.__code__
    ]


def _names_used(code: types.CodeType) -> list[str]:
    """The global names in a code object and in those inside it."""
    inside = [_names_used(c) for c in code.co_consts if isinstance(c, types.CodeType)]
    return list(dict.fromkeys(sum(inside, list(code.co_names))))


def _has_gap(value: object) -> bool:
    """Whether a value is `...`, or has it somewhere inside."""
    if isinstance(value, dict):
        value = list(value.values())
    return value is Ellipsis or isinstance(value, list | tuple) and any(map(_has_gap, value))


def _watch_checks() -> None:
    """See to it, in a notebook, that a check whose answers have no value yet says so itself."""
    shell = None if asking.at_grading() else _shell()
    if shell is not None:
        shell.events.register("pre_run_cell", _give_what_waits)
        shell.events.register("post_run_cell", _take_back_what_waits)
        shell.events.register("post_run_cell", _remember_what_stopped)


_watch_checks()
