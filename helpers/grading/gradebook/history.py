"""What has changed since a gradebook's tables were last written: before, after and why."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from helpers.grading.gradebook import results
from helpers.grading.gradebook.csv_tables import ENCODING, harmless
from helpers.grading.gradebook.results import Key, Result, number
from helpers.grading.gradebook.standing import Standing
from helpers.grading.machine import files
from helpers.grading.settings import Course

HEADER = ("time", "student", "lesson", "notebook", "before", "after", "why")


@dataclass(frozen=True)
class Change:
    """A notebook whose points or state have changed. before, after: points, or the state."""

    student: str
    lesson: str
    notebook: str
    before: str
    after: str
    why: str


@dataclass(frozen=True)
class _Known:
    """What a notebook had when the tables were last written."""

    points: float  # with what lateness costs taken off
    late: float
    checks: float  # that the checks gave
    state: str
    digest: str  # of what was handed in, "" if nothing was

    @property
    def shown(self) -> str:
        if self.state in (results.MISSING, results.SET_ASIDE) and not self.points:
            return self.state
        return number(round(self.points, 3))


def note(course: Course, standing: Standing) -> list[Change]:
    """Add what has changed to gradebook/history.csv, and return it. What is new is no change."""
    before = _load(course)
    now = {r.key: _known(course, standing, r) for r in standing.found}
    changes = [
        Change(*key, before[key].shown, known.shown, _why(before[key], known))
        for key, known in now.items()
        if key in before and before[key].shown != known.shown
    ]
    if changes:
        _append(course, changes)
    if now != before:
        _save(course, now)
    return changes


def _known(course: Course, standing: Standing, result: Result) -> _Known:
    path = course.submitted / result.student / result.lesson / f"{result.notebook}.ipynb"
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    late = standing.late.get(result.key, 0.0)
    return _Known(standing.points[result.key], late, result.points, result.state, digest)


def _why(before: _Known, now: _Known) -> str:
    if before.digest != now.digest:
        return "handed in again" if before.digest else "handed in"
    if before.checks != now.checks or before.state != now.state:
        return "graded again: the marking or the notebook's questions have changed"
    earned = before.points + before.late, now.points + now.late
    return "points given by hand" if earned[0] != earned[1] else "lateness"


def _append(course: Course, changes: Sequence[Change]) -> None:
    path = course.gradebook / "history.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if path.exists():
        text.write(path.read_text(encoding=ENCODING))
        text.seek(0, io.SEEK_END)
    else:
        writer.writerow(HEADER)
    time = datetime.now().astimezone().isoformat(timespec="seconds")
    for change in changes:
        writer.writerow([harmless(field) for field in (time, *asdict(change).values())])
    files.write(path, text.getvalue().encode(ENCODING))


def forget(course: Course, student: str) -> None:
    """Take a student out of what is kept of changes."""
    path = course.gradebook / "history.csv"
    if path.exists():
        rows = list(csv.reader(io.StringIO(path.read_text(encoding=ENCODING), newline="")))
        text = io.StringIO(newline="")
        csv.writer(text).writerows(row for row in rows if row[1:2] != [harmless(student)])
        files.write(path, text.getvalue().encode(ENCODING))
    known = _load(course)
    _save(course, {key: one for key, one in known.items() if key[0] != student})


def _path(course: Course) -> Path:
    return course.gradebook / "last_marks.json"


def _save(course: Course, found: Mapping[Key, _Known]) -> None:
    rows = [[*key, asdict(known)] for key, known in found.items()]
    files.write(_path(course), json.dumps(rows, ensure_ascii=False))


def _load(course: Course) -> dict[Key, _Known]:
    try:
        rows = json.loads(_path(course).read_text(encoding="utf-8"))
        return {(row[0], row[1], row[2]): _Known(**row[3]) for row in rows}
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return {}
