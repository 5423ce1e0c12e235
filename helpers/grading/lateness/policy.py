"""What holds for a lesson beside its marking: due dates, lateness, optional notebooks.

It is kept in the gradebook, in policy.json, so that later commands and nbgrader know it too.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from helpers.grading.class_list.table import read_table
from helpers.grading.errors import NothingGraded
from helpers.grading.lateness.options import (
    COUNTS,
    DAY,
    DUE_EXAMPLE,
    LEAVE_OUT,
    Rate,
    time_with_zone,
)
from helpers.grading.machine import files
from helpers.grading.settings import Course
from helpers.personal import normalised

EXTENSIONS = "Expected: a CSV file with the columns “identifier” and “due”, such as"


def read_extensions(path: str | Path) -> dict[str, datetime]:
    """Due dates by identifier, from a CSV file. Raises NothingGraded, with an example."""
    wanted = f"{EXTENSIONS} “k17,{DUE_EXAMPLE}”."
    table = read_table(path, wanted)
    if not {"identifier", "due"} <= set(table.columns):
        has = ", ".join(f"“{column}”" for column in table.columns if column)
        raise NothingGraded(f"{path} has the columns {has}. {wanted}")
    found: dict[str, datetime] = {}
    seen: dict[str, int] = {}
    for row, line in zip(table.rows, table.lines, strict=True):
        identifier, text = table.field(row, "identifier"), table.field(row, "due")
        time = time_with_zone(text)
        if not normalised(identifier) or time is None:
            raise NothingGraded(
                f"{path}, line {line}: “{identifier},{text}” is no identifier with a date and time "
                f"with its zone. {wanted}"
            )
        before = seen.setdefault(normalised(identifier), line)
        if before != line:
            raise NothingGraded(
                f"{path}, lines {before} and {line}: “{identifier}” has two extensions."
            )
        found[identifier] = time
    return found


# What is kept


@dataclass(frozen=True)
class Lateness:
    """How late a notebook came, and what that costs."""

    due: datetime
    by: timedelta  # 0 or less where it came in time
    days: int  # begun after it was due, 0 where it is forgiven
    percent: float  # of the points earned

    def penalty(self, points: float) -> float:
        """The points that it costs of those earned."""
        return max(points, 0.0) * self.percent / 100


@dataclass(frozen=True)
class Policy:
    """What holds for a lesson."""

    due: datetime | None = None
    grace: timedelta = timedelta()
    late: Rate | None = None
    extensions: Mapping[str, datetime] = field(default_factory=dict)  # due dates by identifier
    optional: Mapping[str, str] = field(default_factory=dict)  # BONUS or LEAVE_OUT, by notebook

    def due_for(self, called: Iterable[str]) -> datetime | None:
        """When it is due for a student, who is called so: identifier, e-mail, id."""
        extended = {normalised(name): time for name, time in self.extensions.items()}
        names = (normalised(name) for name in called)
        return next((extended[name] for name in names if name in extended), self.due)

    def lateness(self, called: Iterable[str], submitted: datetime) -> Lateness | None:
        """How late something came; None where nothing is due."""
        due = self.due_for(called)
        if due is None:
            return None
        by = submitted - due
        days = 0 if by <= max(self.grace, timedelta()) else math.ceil(by / DAY)
        percent = min(self.late.each * days, self.late.most) if self.late and days else 0.0
        return Lateness(due, by, days, percent)

    def max_points(self, notebook: str, points: float) -> float:
        """What a notebook of so many points counts for in totals."""
        return 0.0 if notebook in self.optional else points

    def counts(self, notebook: str) -> bool:
        """Whether what is earned in a notebook counts in totals."""
        return self.optional.get(notebook) != LEAVE_OUT


def path_of(course: Course) -> Path:
    return course.gradebook / "policy.json"


def load(course: Course, lesson: str) -> Policy:
    """The Policy of a lesson, as it was kept last.

    Raises NothingGraded if it cannot be read: without it lateness would be forgotten in silence.
    """
    try:
        fields = json.loads(path_of(course).read_text(encoding="utf-8")).get(lesson, {})
        return Policy(
            time_with_zone(fields["due"]) if fields.get("due") else None,
            timedelta(seconds=fields.get("grace", 0)),
            Rate(**fields["late"]) if fields.get("late") else None,
            {name: datetime.fromisoformat(t) for name, t in fields.get("extensions", {}).items()},
            dict(fields.get("optional", {})),
        )
    except (FileNotFoundError, NotADirectoryError):
        return Policy()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NothingGraded(
            f"{path_of(course)} cannot be read: {error}. It holds due dates and lateness; remove "
            "it, and give --due, --late, --extensions and --optional again."
        ) from None


def keep(course: Course, lesson: str, policy: Policy) -> None:
    """Keep the Policy of a lesson."""
    path = path_of(course)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[lesson] = {
        "due": policy.due.isoformat() if policy.due else None,
        "grace": policy.grace.total_seconds(),
        "late": asdict(policy.late) if policy.late else None,
        "extensions": {name: time.isoformat() for name, time in policy.extensions.items()},
        "optional": dict(policy.optional),
    }
    files.write(path, json.dumps(kept, indent=1, ensure_ascii=False))


def forget(course: Course, called: Iterable[str]) -> None:
    """Take the extensions of a student, who is called so, out of what is kept."""
    if not path_of(course).exists():
        return
    names = {normalised(name) for name in called}
    for lesson in json.loads(path_of(course).read_text(encoding="utf-8")):
        policy = load(course, lesson)
        others = {n: t for n, t in policy.extensions.items() if normalised(n) not in names}
        if others != policy.extensions:
            keep(course, lesson, replace(policy, extensions=others))


def changed(policy: Policy, arguments: argparse.Namespace, notebooks: Sequence[str]) -> Policy:
    """A lesson's Policy with what the command line says. Raises NothingGraded.

    notebooks: the names of the lesson's. What the command line does not say stays.
    """
    if arguments.due:
        policy = replace(policy, due=arguments.due)
    if arguments.grace is not None:
        policy = replace(policy, grace=arguments.grace)
    if arguments.late:
        policy = replace(policy, late=arguments.late)
    if arguments.extensions:
        policy = replace(policy, extensions=read_extensions(arguments.extensions))
    needing = [f"--{name}" for name in ("grace", "late") if getattr(arguments, name) is not None]
    if needing and policy.due is None and not policy.extensions:
        raise NothingGraded(
            f"{' and '.join(needing)}: when was it due? Give --due {DUE_EXAMPLE} too, for instance."
        )
    for name, how in arguments.optional or ():
        if name not in notebooks:
            raise NothingGraded(
                f"--optional {name}: there is no such notebook. Expected one of "
                f"{', '.join(notebooks)}."
            )
        others = {n: h for n, h in policy.optional.items() if n != name}
        policy = replace(policy, optional=others if how == COUNTS else {**others, name: how})
    return policy
