"""`check`: record a student's answers, compare them, show a table, and say NotYet if need be."""

import copy
import html
import os
import re
import secrets
import traceback
from collections.abc import Iterator
from pathlib import Path

from helpers import record as records
from helpers.judging import CARRIED, MISSING, RIGHT, judge
from helpers.personal import current_student
from helpers.questions import question_by_id
from helpers.record import MIME_TYPE, Missing, Refused, Unusable, encode

SEED_VARIABLE = "BACKPROP_PROBE_SEED"
# The newest record of each question, for those that follow it: by student, then by question id.
_newest = {}
SIGNS = {"right": "✓", "carried": "✓", "wrong": "✗", "missing": "…", "error": "✗"}


class NotYet(AssertionError):
    """Some part of a check is not right yet. Shown as one line, without a stack trace."""

    def _render_traceback_(self):
        return [f"Not yet: {self}"]


def check(question, **answers):
    """Check the answers to `question`, an id such as "p2.sigmoid.forward".

    answers: the question's keyword arguments: numbers, arrays, expressions, words or functions.
    Shows a table with a line for each part. Raises NotYet unless every part is right, or rightly
    follows from what is not right in an earlier answer.
    """
    asked = question_by_id(question, current_student())
    newest = _newest.setdefault(asked.student, {})
    earlier = {name: newest[name] for name in asked.follows if name in newest}
    # What follows from values at probe inputs is compared at the same inputs.
    seed = next((record["seed"] for record in earlier.values()), probe_seed())
    record = newest[asked.id] = observe(asked, answers, seed)
    verdicts = judge(asked, record, seed, earlier)
    _display(asked, record, verdicts)
    right = sum(verdict.verdict in (RIGHT, CARRIED) for verdict in verdicts)
    if right < len(verdicts):
        if all(verdict.verdict == MISSING for verdict in verdicts):
            raise NotYet(f"{asked.id} is not answered yet.") from None
        raise NotYet(f"{right} of {len(verdicts)} parts of {asked.id} are right.") from None


def probe_seed():
    """The grader's seed if it gave one, else a fresh one."""
    try:
        return int(os.environ[SEED_VARIABLE])
    except (KeyError, ValueError):
        return secrets.randbits(32)


def observe(question, answers, seed):
    """The record of `answers`, a dict by argument name, to `question` with the seed's probes."""
    unknown = sorted(set(answers) - set(question.arguments))
    missing = sorted(set(question.arguments) - set(answers))
    cases = question.cases_from(seed)
    observed = []
    for case in cases:
        if unknown or missing:
            problem = f"check cell changed: wanted {', '.join(question.arguments)}"
            values = {part.name: Unusable(problem) for part in question.parts}
        else:
            values = _observe_case(question, answers, case)
        observed.append(values)
    return {
        "version": records.VERSION,
        "question": question.id,
        "seed": seed,
        "answers": {
            name: [encode(values.get(name)) for values in observed] for name in question.recorded
        },
    }


def _observe_case(question, answers, case):
    if all(_unanswered(answer) for answer in answers.values()):
        return {}
    observed = _attempt(lambda: case.call(**{k: _private(v) for k, v in answers.items()}))
    if not isinstance(observed, dict):
        return {part.name: observed for part in question.parts}
    return {part: _attempt(v) if callable(v) else v for part, v in observed.items()}


def _attempt(run):
    """What `run` returns, or Missing or Unusable if the student's code in it stops."""
    try:
        return run()
    except NotImplementedError:
        return Missing()
    except Refused as error:
        return Unusable(str(error))
    except Exception as error:
        # An ellipsis left inside an expression: "unsupported operand type(s) for *: … 'ellipsis'".
        if "ellipsis" in str(error).lower():
            return Missing()
        return Unusable(f"your code stops{_in_which_line(error)}: {_in_words(error)}")


def _in_which_line(error):
    """The student's own line in which `error` arose, quoted, as far as it is known."""
    own = Path(__file__).parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if frame.line and own not in path.parents and "site-packages" not in path.parts:
            return f" in the line `{frame.line.strip()[:80]}`"
    return ""


def _in_words(error):
    """An exception as its type and message; NumPy's on matrix products in plain words."""
    sizes = re.search(r"matmul.*\(size (\d+) is different from (\d+)\)", str(error))
    if sizes:
        return (
            "these two do not fit in a matrix product: the columns of the first have to be as "
            f"many as the rows of the second, and here they are {sizes[2]} and {sizes[1]}"
        )
    return f"{type(error).__name__}: {error}"


def _unanswered(answer):
    return answer is None or answer is Ellipsis or isinstance(answer, Missing)


def _private(answer):
    if isinstance(answer, Iterator):  # a generator, which cannot be copied
        return list(answer)
    return answer if callable(answer) else copy.deepcopy(answer)


def _display(question, record, verdicts):
    from IPython.display import display

    bundle = {
        "text/plain": as_text(question, verdicts),
        "text/html": as_html(question, verdicts),
        MIME_TYPE: record,
    }
    display(bundle, raw=True)


def as_text(question, verdicts):
    """The table of a check as plain text."""
    width = max(len(verdict.part) for verdict in verdicts)
    lines = [f"{question.id}"]
    for verdict, hint in zip(verdicts, _hints(verdicts)):
        line = f"{SIGNS[verdict.verdict]} {verdict.part:<{width}}  {verdict.verdict}"
        lines.append(f"{line}: {hint}" if hint else line)
    return "\n".join(lines)


def _hints(verdicts):
    """The hints in order; a long one that repeats the row above it is not said twice."""
    before = ""
    for verdict in verdicts:
        repeats = verdict.hint == before and len(before) > 20
        before = verdict.hint
        yield "as above" if repeats else verdict.hint


COLOURS = {"right": "#0072B2", "carried": "#0072B2", "missing": "#767676"}


def as_html(question, verdicts):
    """The table of a check as HTML."""
    words = {part.name: part.in_words for part in question.parts}
    left = 'style="text-align:left"'
    hints = any(verdict.hint for verdict in verdicts)
    rows = []
    for verdict, hint in zip(verdicts, _hints(verdicts)):
        colour = COLOURS.get(verdict.verdict, "#B34700")
        rows.append(
            f'<tr><td style="text-align:left;color:{colour}"><b>{SIGNS[verdict.verdict]}</b> '
            f"{verdict.verdict}</td>"
            f"<td {left}><code>{html.escape(verdict.part)}</code> "
            f"{html.escape(words[verdict.part])}</td>"
            + (f"<td {left}>{html.escape(hint)}</td>" if hints else "")
            + "</tr>"
        )
    return (
        f'<table style="margin-left:0"><thead><tr><th {left}>{html.escape(question.id)}</th>'
        f"<th {left}>part</th>"
        + (f"<th {left}>what to look at</th>" if hints else "")
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def all_right(question, **answers):
    """Whether every part of `question` is right, without showing or recording anything."""
    asked = question_by_id(question, current_student())
    verdicts = judge(asked, observe(asked, answers, seed=0), 0)
    return all(verdict.verdict == RIGHT for verdict in verdicts)


WAITING = "This appears when the answers it uses are given. Run the cell again then."


def when_answered(draw):
    """Run `draw` at once, as a decorator: for given cells that use the student's own code.

    Whatever is missing or wrong in that code is said in one sentence, without a stack trace.
    """
    try:
        result = draw()
    except NotImplementedError:
        print(WAITING)
    except Exception as error:
        if "ellipsis" in str(error).lower() or "NoneType" in str(error):
            print(WAITING)
        else:
            print(
                "This appears when the code it uses runs through. Now it stops with "
                f"{type(error).__name__}: {error}"
            )
    else:
        if result is not None:
            from IPython.display import display

            display(result)
