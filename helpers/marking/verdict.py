"""The verdict on a part, and the table of a question's verdicts."""

import html
from dataclasses import dataclass

RIGHT, CARRIED, WRONG, MISSING, ERROR = "right", "carried", "wrong", "missing", "error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one part.

    verdict: "right", "carried", "wrong", "missing" or "error". points of max_points.
    misconception: its name in the catalogue, or "". hint: a sentence for the student, or "".
    """

    part: str
    points: float
    max_points: float
    verdict: str
    misconception: str = ""
    hint: str = ""


SIGNS = {RIGHT: "✓", CARRIED: "✓", WRONG: "✗", MISSING: "…", ERROR: "✗"}


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


COLOURS = {RIGHT: "#0072B2", CARRIED: "#0072B2", MISSING: "#767676"}


def as_html(question, verdicts):
    """The table of a check as HTML."""
    words = {part.name: part.description for part in question.parts}
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
