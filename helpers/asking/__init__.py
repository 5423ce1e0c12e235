"""Ask: call a student's answers on given inputs, and record what they give.

Nothing here knows what is right. Of all that belongs to the checks, this is what a student's kernel
has while a submission is graded; the rest stays with the grader. One module for each notebook whose
answers are more than numbers and words: functions of the test inputs (a dict) and the answers.
"""

import ast
import copy
import inspect
import json
import os
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from helpers.asking.errors import in_words
from helpers.asking.record import (
    MAX_QUOTED,
    VERSION,
    Missing,
    Record,
    Refused,
    Unusable,
    cut,
    encode,
)
from helpers.reference import not_for_answers

PROBES_VARIABLE = "BACKPROP_PROBES"  # the file that the grader's Task is in
HELPERS = Path(__file__).parents[1]
MAX_NAMED = 3  # of the names that a function takes from the notebook
LEFT_OUT = "What this cell shows has no points. It is left out at grading; your own copy has it."

TestInputs = dict[str, Any]  # the inputs of one case, by name
Answers = dict[str, object]  # by part: values, or `Later` for those that have yet to be computed


class Later:
    """What is computed while it is recorded, so that an error in it costs one part only.

    A class of its own, since a student's answer may be a function as well, by mistake.
    """

    def __init__(self, compute: Callable[..., object], *arguments: object) -> None:
        self._compute, self._arguments = compute, arguments

    def __call__(self) -> object:
        return self._compute(*self._arguments)


def answers_themselves(test_inputs: TestInputs, **answers: object) -> Answers:
    """What is recorded where answers are numbers or words: nothing has to be called."""
    return answers


@dataclass(frozen=True)
class Task:
    """What a check has to ask."""

    question: str  # its id
    arguments: Sequence[str]  # the names under which `check` gets the answers
    parts: Sequence[str]  # what is asked for
    recorded: Sequence[str]  # all that is recorded
    collect_answers: str  # the function that calls the answers: "module.function" in this package
    test_inputs: Sequence[TestInputs]  # its inputs, one for each case
    nonce: str = ""  # what the grader will know the record by, "" without a grader
    # What the notebook gives and the answers are made with, by its name there: numbers, lists of
    # them, or a dict of these by name.
    given_data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The task as text; arrays are float64."""
        return json.dumps(asdict(self), default=lambda array: {"array": array.tolist()})

    @staticmethod
    def from_json(text: str) -> "Task":
        """The Task that `to_json` wrote."""

        def revived(entry: dict[str, Any]) -> dict[str, Any] | np.ndarray:
            return np.array(entry["array"], dtype=float) if set(entry) == {"array"} else entry

        return Task(**json.loads(text, object_hook=revived))


def task_of_grader() -> Task | None:
    """The Task that the grader left for the check cell that runs now, or None."""
    try:
        return Task.from_json(Path(os.environ[PROBES_VARIABLE]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def at_grading() -> bool:
    """Whether a grader runs this notebook: checks then record, and judge nothing."""
    return PROBES_VARIABLE in os.environ


@not_for_answers()
def observe(task: Task, answers: Mapping[str, object]) -> Record:
    """The record of `answers`, by argument name, to a Task."""
    unknown, missing = set(answers) - set(task.arguments), set(task.arguments) - set(answers)
    observed: list[Answers] = []
    for test_inputs in task.test_inputs:
        if unknown or missing:
            problem = Unusable(f"check cell changed: expected {', '.join(task.arguments)}")
            observed.append(dict.fromkeys(task.parts, problem))
        else:
            observed.append(_observe_case(task, answers, test_inputs))
    record: Record = {
        "version": VERSION,
        "question": task.question,
        "answers": {
            name: [encode(values.get(name)) for values in observed] for name in task.recorded
        },
    }
    changed = [name for name, value in task.given_data.items() if _has_changed(name, value)]
    return record | {"changed": changed} if changed else record


def _has_changed(name: str, given: object) -> bool:
    """Whether the notebook has another value under a name than the one that it was given."""
    now = vars(sys.modules["__main__"]).get(name, given)
    try:
        if isinstance(given, Mapping):
            fine = set(now) == set(given) and all(_same(now[key], given[key]) for key in given)
        else:
            fine = _same(now, given)
    except Exception:  # whatever the student has put there
        return True
    return not fine


def _same(now: Any, given: Any) -> bool:
    """Whether two values are the same numbers, in float32 at least."""
    numbers = np.asarray(now, dtype=float)
    return numbers.shape == np.shape(given) and np.allclose(numbers, given, rtol=1e-6, atol=0)


def _observe_case(task: Task, answers: Mapping[str, object], inputs: TestInputs) -> Answers:
    if all(_unanswered(answer) for answer in answers.values()):
        return {}
    given = {name: _private(answer) for name, answer in answers.items()}
    observed = _attempt(lambda: _function(task.collect_answers)(copy.deepcopy(inputs), **given))
    if not isinstance(observed, dict):
        if isinstance(observed, Stopped) and len(task.parts) > 1:
            stop = "" if observed.reason.endswith((".", "?")) else "."
            observed = Unusable(f"{observed.reason}{stop} {WAITING}")
        return dict.fromkeys(task.parts, observed)
    return {
        part: _attempt(value) if isinstance(value, Later) else value
        for part, value in observed.items()
    }


@dataclass(frozen=True)
class Stopped(Unusable):
    """An answer that could not be computed, since the student's code stopped with an error."""


WAITING = "All parts of this check wait for that line."


def _function(name: str) -> Callable[..., Answers]:
    module, _, function = name.rpartition(".")
    return getattr(import_module(f"helpers.asking.{module}" if module else __name__), function)


def name_of(function: Callable[..., object]) -> str:
    """The name by which a Task calls a function of this package."""
    module = function.__module__.removeprefix(__name__).removeprefix(".")
    return f"{module}.{function.__name__}" if module else function.__name__


def _attempt(run: Callable[[], object]) -> object:
    """What `run` returns, or Missing or Unusable if the student's code in it stops."""
    try:
        return run()
    except NotImplementedError as error:
        if _stands_above_code(error):
            return Unusable(
                "`raise NotImplementedError` still stands above your code, and ends it there: take "
                "that line away"
            )
        return Missing()
    except Refused as error:
        return Unusable(str(error))
    except Exception as error:
        if meets_a_gap(error):
            return Missing()
        stops = f"your code stops{in_which_line(error)}: {in_words(error, _names_at(error))}"
        return Stopped(f"{stops}{_with_data_of_the_notebook(error)}")


def meets_a_gap(error: Exception) -> bool:
    """Whether an error comes from a `...` that was left where a value belongs.

    "unsupported operand type(s) for *: 'float' and 'ellipsis'", say. NumPy names the ellipsis in
    errors of wrong indices, too, so its mere name says nothing.
    """
    named = re.search(r"'ellipsis'|\bof type ellipsis\b", str(error))
    return isinstance(error, TypeError) and named is not None


def _stands_above_code(error: NotImplementedError) -> bool:
    """Whether the line that raised `error` has code of the student's below it, never reached."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    line -= frame.f_code.co_firstlineno - 1  # within the function
    blocks = (getattr(node, "body", []) for node in nodes_of(frame.f_code))
    return any(
        isinstance(statement, ast.Raise) and statement.lineno == line
        for block in blocks
        if isinstance(block, list)
        for statement in block[:-1]
    )


def nodes_of(function: Any) -> list[ast.AST]:
    """The syntax tree of a function or of its code, flat; empty if its source is not known."""
    try:
        return list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))))
    except (OSError, TypeError, SyntaxError, ValueError):
        return []


def in_which_line(error: BaseException) -> str:
    """The student's own line in which `error` arose, quoted, as far as it is known."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if frame.line and HELPERS not in path.parents and "site-packages" not in path.parts:
            return f" in the line `{cut(frame.line.strip(), MAX_QUOTED)}`"
    return ""


def _names_at(error: Exception) -> list[str]:
    """The names that have a value where `error` arose."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return [*frame.f_locals, *frame.f_globals]


def _with_data_of_the_notebook(error: Exception) -> str:
    """What data of the notebook are used in a function that stopped with `error`, in words."""
    names = getattr(error, "uses", None)
    if not isinstance(names, list) or not names:
        return ""
    which = ", ".join(f"`{name}`" for name in names[:MAX_NAMED])
    return f"; it uses {which} from the notebook, not from its arguments: is that meant?"


def _unanswered(answer: object) -> bool:
    return answer is None or answer is Ellipsis or isinstance(answer, Missing)


def _private(answer: object) -> object:
    if callable(answer):
        return answer
    try:
        return copy.deepcopy(answer)
    except Exception:  # generators, for one, cannot be copied; what it is, is said where it is read
        return answer
