"""The verdict on a part, and the table of a question's verdicts."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.marking.questions import title_of
from helpers.marking.questions.model import Question

RIGHT, CARRIED, WRONG, MISSING, ERROR = "right", "carried", "wrong", "missing", "error"
AND, OR = " + ", " or "  # between names in the tables and in what is saved

# Mistakes by their names in the catalogue: alternatives, each of which explains the answer, and
# each of one mistake or of two made at once.
Misconceptions = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one part."""

    part: str
    points: float
    max_points: float
    status: str  # RIGHT, CARRIED, WRONG, MISSING or ERROR
    misconceptions: Misconceptions = ()
    hint: str = ""  # a sentence for the student
    read_as: str = ""  # of a wrong answer: what Python understood, "0.25" or "2*a_k"

    @property
    def misconception(self) -> str:
        """The misconceptions in one text: "", "a", "a + b", "a or b"."""
        return OR.join(map(AND.join, self.misconceptions))

    @property
    def names(self) -> list[str]:
        """The names of all the misconceptions, those that are uncertain too."""
        return [name for explanation in self.misconceptions for name in explanation]

    def to_fields(self) -> dict[str, Any]:
        """The verdict as it is saved: plain JSON."""
        return {
            "part": self.part,
            "points": self.points,
            "max_points": self.max_points,
            "verdict": self.status,
            "misconception": self.misconception,
            "hint": self.hint,
            "read_as": self.read_as,
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> "Verdict":
        """The verdict that was saved; raises KeyError, TypeError or AttributeError of others."""
        text = fields["misconception"]
        return cls(
            part=fields["part"],
            points=fields["points"],
            max_points=fields["max_points"],
            status=fields["verdict"],
            misconceptions=tuple(tuple(both.split(AND)) for both in text.split(OR) if both),
            hint=fields["hint"],
            read_as=fields.get("read_as", ""),  # not in results of release 0.1.0
        )


SIGNS = {RIGHT: "✓", CARRIED: "✓", WRONG: "✗", MISSING: "…", ERROR: "✗"}


def as_text(question: Question, verdicts: Sequence[Verdict], score: str = "") -> str:
    """The table of a check as plain text; score: the points, in a sentence below."""
    width = max(len(verdict.part) for verdict in verdicts)
    lines = [f"{title_of(question.id)} ({question.id})"]
    for verdict, hint in zip(verdicts, _hints(verdicts)):
        line = f"{SIGNS[verdict.status]} {verdict.part:<{width}}  {verdict.status}"
        lines.append(f"{line}: {hint}" if hint else line)
        if verdict.read_as:
            lines.append(f"  {'':<{width}}  you gave {verdict.read_as}")
    return "\n".join([*lines, score] if score else lines)


def _hints(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The hints in order; a long one that repeats the row above it is not said twice."""
    before = ""
    for verdict in verdicts:
        repeats = verdict.hint == before and len(before) > 20
        before = verdict.hint
        yield "as above" if repeats else verdict.hint


COLOURS = {RIGHT: "#0072B2", CARRIED: "#0072B2", MISSING: "#767676"}


def as_html(question: Question, verdicts: Sequence[Verdict], score: str = "") -> str:
    """The table of a check as HTML; score: the points, in a sentence below."""
    title = f"{html.escape(title_of(question.id))}<br><code>{html.escape(question.id)}</code>"
    words = {part.name: part.description for part in question.parts}
    left = 'style="text-align:left"'
    hints = any(verdict.hint or verdict.read_as for verdict in verdicts)
    rows = []
    for verdict, hint in zip(verdicts, _hints(verdicts)):
        colour = COLOURS.get(verdict.status, "#B34700")
        rows.append(
            f'<tr><td style="text-align:left;color:{colour}"><b>{SIGNS[verdict.status]}</b> '
            f"{verdict.status}</td>"
            f"<td {left}>{_name(verdict.part)} {html.escape(words[verdict.part])}</td>"
            + (f"<td {left}>{html.escape(hint)}{_read_as(verdict)}</td>" if hints else "")
            + "</tr>"
        )
    return (
        f'<table style="margin-left:0"><thead><tr><th {left}>{title}</th>'
        f"<th {left}>part</th>"
        + (f"<th {left}>what to look at</th>" if hints else "")
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        + (f"<p>{html.escape(score)}</p>" if score else "")
    )


GRADIENT = re.compile(r"d([Wb]_[a-z]\d*)")


def _name(part: str) -> str:
    """A part's name as HTML: as in the code and, of a gradient, as in the formulas."""
    gradient = GRADIENT.fullmatch(part)
    formula = f" ∂E/∂{gradient[1]}," if gradient else ""
    return f"<code>{html.escape(part)}</code>{formula}"


def _read_as(verdict: Verdict) -> str:
    if not verdict.read_as:
        return ""
    given = f"you gave <code>{html.escape(verdict.read_as)}</code>"
    return f'<br><span style="color:#595959">{given}</span>'
