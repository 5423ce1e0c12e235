"""When each notebook was handed in, and how that is known.

The class list says it for certain, and so do names of files and folders that a platform gave,
nbgrader's timestamp.txt and Gradescope's metadata. The time of a file alone may be that of the
download: Moodle (files/classes/local/archive_writer/zip_writer.php) gives no other to its zips. A
download comes after handing in, so such a time shows that something was in time; that it was late
it shows only where the times of a class are spread, as those of a download are not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.grading.machine import files
from helpers.grading.settings import Course

if TYPE_CHECKING:
    from helpers.grading.intake.submissions import HandedIn, Submission

LIST = "the class list"
WORKSHEET = "Moodle's worksheet"  # as a class list: when each student handed in last
FILE = "the file's time"
SPREAD = timedelta(minutes=10)  # which no download takes


@dataclass(frozen=True)
class Arrival:
    """When a notebook was handed in."""

    time: str  # in ISO's form, with a zone; "" if it is not known
    source: str  # by which it is known
    # Whether it may have been earlier: the file's time may be that of the download.
    may_be_earlier: bool = False
    digest: str = ""  # of the notebook's file

    @property
    def submitted(self) -> datetime | None:
        return datetime.fromisoformat(self.time) if self.time else None


def arrivals(
    submissions: Iterable[Submission], listed: Mapping[str, datetime], source: str = LIST
) -> dict[str, dict[str, Arrival]]:
    """The Arrival of each notebook that came, by student and notebook.

    listed: when students handed in by the class list, by identifier. source: LIST or WORKSHEET.
    """
    submissions = list(submissions)
    certain = _times_tell(file for submission in submissions for file in submission.files)
    found: dict[str, dict[str, Arrival]] = {}
    for submission in submissions:
        mine = found[submission.student] = {}
        for file in submission.files:
            if file.notebook and file.state == "would be graded":
                time = listed.get(submission.identifier)
                arrival = _arrival(
                    file, Arrival(time.isoformat(), source) if time else None, certain
                )
                content = submission.notebooks.get(file.notebook)
                digest = _digest(content) if content is not None else ""
                mine[file.notebook] = replace(arrival, digest=digest)
    return found


def _times_tell(handed_in: Iterable[HandedIn]) -> bool:
    """Whether the times of files without any other are those of handing in."""
    times = [file.arrived for file in handed_in if file.arrived and not file.time_from]
    return bool(times) and max(times) - min(times) > SPREAD


def _arrival(file: HandedIn, listed: Arrival | None, certain: bool) -> Arrival:
    if listed:
        return listed
    time = file.arrived.isoformat() if file.arrived else ""
    if file.time_from:
        return Arrival(time, file.time_from)
    return Arrival(time, FILE if time else "", may_be_earlier=bool(time) and not certain)


def keep(
    course: Course, lesson: str, submission: Submission, came: Mapping[str, Arrival]
) -> dict[str, Arrival]:
    """Keep when what counts of a Submission was handed in, after it was stored; returns that.

    What has come before keeps its time, unless it is known to have come earlier. Where what came is
    older than what counts, its time is not that of what counts.
    """
    before = load(course, submission.student, lesson)
    now: dict[str, Arrival] = {}
    for name in submission.notebooks:
        digest = _digest(submission.notebooks[name])
        known, new = before.get(name), came.get(name)
        if new and new.digest not in ("", digest):
            new = None
        if known and known.digest == digest:
            now[name] = _better(known, new) if new else known
        elif new:
            now[name] = Arrival(new.time, new.source, new.may_be_earlier, digest)
        else:
            now[name] = Arrival("", "", digest=digest)
    if now != before:
        _save(course, submission.student, lesson, now)
    return now


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def learn(
    course: Course, lesson: str, student: str, submitted: datetime | None, source: str = LIST
) -> bool:
    """Keep when a student handed in what came before, if a class list says so only now.

    source: LIST or WORKSHEET. Returns whether they have handed in something else since.
    """
    before = load(course, student, lesson)
    if submitted is None:
        return False
    new = Arrival(submitted.isoformat(), source)
    now = {name: _better(arrival, new) for name, arrival in before.items()}
    if now != before:
        _save(course, student, lesson, now)
    return bool(now) and all(_moment(arrival) < submitted for arrival in now.values())


def _better(known: Arrival, new: Arrival) -> Arrival:
    """Which of two times of the same file says more: the certain one, else the earlier."""
    # A worksheet has the time of what was handed in last: a later one says less of the same file.
    if new.source == LIST or new.source == WORKSHEET != known.source:
        return Arrival(new.time, new.source, digest=known.digest)
    if not new.time or (known.time and not known.may_be_earlier and new.may_be_earlier):
        return known
    if not known.time or (known.may_be_earlier and not new.may_be_earlier):
        return Arrival(new.time, new.source, new.may_be_earlier, known.digest)
    earlier = min(known, new, key=_moment)
    return Arrival(earlier.time, earlier.source, earlier.may_be_earlier, known.digest)


def _moment(arrival: Arrival) -> datetime:
    return datetime.fromisoformat(arrival.time)


def load(course: Course, student: str, lesson: str) -> dict[str, Arrival]:
    """What is known of when a student's notebooks of a lesson were handed in."""
    try:
        fields = json.loads(_path(course, student, lesson).read_text(encoding="utf-8"))
        return {name: Arrival(**arrival) for name, arrival in fields.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _save(course: Course, student: str, lesson: str, found: Mapping[str, Arrival]) -> None:
    fields = {name: asdict(arrival) for name, arrival in found.items()}
    files.write(_path(course, student, lesson), json.dumps(fields, indent=1, ensure_ascii=False))


def _path(course: Course, student: str, lesson: str) -> Path:
    return course.gradebook / "handed_in" / student / f"{lesson}.times.json"
