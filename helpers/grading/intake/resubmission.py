"""What comes again: whether it is newer than what was handed in before, or older.

The same archive may be graded again after newer work has come in by another way, so what comes last
need not be what was handed in last. When each was handed in is kept in gradebook/handed_in/.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.grading.machine import files
from helpers.grading.settings import Course

if TYPE_CHECKING:
    from helpers.grading.intake.submissions import HandedIn, Submission

ROUNDING = timedelta(seconds=3)  # zips round to two seconds
TAKE_OLDER = "--take-older"


@dataclass(frozen=True)
class _Known:
    """What is known of a notebook that was handed in before."""

    digest: str  # of the file
    submitted: str | None  # when it was handed in, in ISO's form, if that is known
    stored: str  # when it was graded first: not earlier than that
    remarks: tuple[str, ...] = ()  # what was to be said of it then


@dataclass(frozen=True)
class _Answer:
    """Which of two differing notebooks counts, and what is to be said of it."""

    is_newer: bool  # what came now
    is_certain: bool
    why: str = ""  # not certain, or older


class Handed:
    """A student's notebooks of a lesson that were handed in before."""

    def __init__(self, course: Course, student: str, lesson: str) -> None:
        self.folder = course.submitted / student / lesson
        self.path = course.gradebook / "handed_in" / student / f"{lesson}.json"
        self.known = _read(self.path)

    def settle(self, submission: Submission, names: Sequence[str], take_older: bool) -> list[str]:
        """Let what was handed in before join the submission, where it is newer or all there is.

        names: of the lesson's notebooks. Says of each of them what has to be said, in the
        submission, and notes what counts now. Writes nothing. Returns the names of those of which
        what came now does not count.
        """
        left = []
        for name in names:
            path = self.folder / f"{name}.ipynb"
            before = path.read_bytes() if path.exists() else None
            known = self._known(name, path, before) if before is not None else None
            data = submission.notebooks.get(name)
            came = _came(submission, name)
            if before is not None and known and data != before:
                if data is None and name not in submission.set_aside:
                    self._go_back(submission, name, before, known)
                    continue
                answer = _compared(came, known)
                if not take_older and not answer.is_newer:
                    left.append(name)
                    self._go_back(submission, name, before, known)
                    _tell(submission, name, came, answer)
                    continue
                if take_older and not (answer.is_newer and answer.is_certain):
                    submission.notes[name].append(
                        f"{_shown(came)} counts in place of what was graded before, which "
                        f"{TAKE_OLDER} asked for."
                    )
            data = submission.notebooks.get(name)
            if data is not None:
                self._note(submission, name, data, came, known if data == before else None)
            else:
                self.known.pop(name, None)
        return left

    def save(self) -> None:
        """Keep when what counts now was handed in."""
        known = {name: asdict(one) for name, one in self.known.items()}
        files.write(self.path, json.dumps(known, indent=1, ensure_ascii=False))

    def _known(self, name: str, path: Path, content: bytes) -> _Known:
        """What is known of the notebook in the file `path`."""
        digest, known = hashlib.sha256(content).hexdigest(), self.known.get(name)
        if known and known.digest == digest:
            return known
        # Of an earlier release, or laid there by somebody: what is certain is when.
        stored = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return _Known(digest, None, stored.isoformat())

    def _go_back(self, submission: Submission, name: str, before: bytes, known: _Known) -> None:
        """Let what was handed in before count."""
        submission.notebooks[name] = before
        submission.set_aside.pop(name, None)
        # So that it is finished if it was, and its student reads what they have read.
        submission.remarks[name] = list(known.remarks)
        self.known[name] = known

    def _note(
        self,
        submission: Submission,
        name: str,
        data: bytes,
        came: HandedIn | None,
        known: _Known | None,
    ) -> None:
        """Note what counts now. known: what is known of it, if it has come before."""
        times = [came.submitted.isoformat()] if came and came.submitted else []
        if known and known.submitted:
            times.append(known.submitted)
        self.known[name] = _Known(
            hashlib.sha256(data).hexdigest(),
            max(times, key=datetime.fromisoformat, default=None),
            known.stored if known else datetime.now(UTC).isoformat(),
            tuple(submission.remarks[name]),
        )


def _read(path: Path) -> dict[str, _Known]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        found = {}
        for name, one in fields.items():
            known = _Known(**{**one, "remarks": tuple(one["remarks"])})
            for time in filter(None, (known.submitted, known.stored)):
                if datetime.fromisoformat(time).tzinfo is None:
                    raise ValueError(time)
            found[name] = known
        return found
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _came(submission: Submission, name: str) -> HandedIn | None:
    """The file that stands for a notebook in what came now."""
    files = [file for file in submission.files if file.notebook == name]
    if name in submission.notebooks:
        files = [file for file in files if file.state == "would be graded"]
    return max(files, key=lambda file: file.submitted.timestamp() if file.submitted else 0.0,
               default=None)  # fmt: skip


def _compared(came: HandedIn | None, known: _Known) -> _Answer:
    new = came.submitted if came else None
    if new is None:
        return _Answer(False, False, "the file has no time")
    if known.submitted is None:
        if new > datetime.fromisoformat(known.stored) + ROUNDING:
            return _Answer(True, True)
        return _Answer(False, False, "it is not known when the other was handed in")
    old = datetime.fromisoformat(known.submitted)
    if abs(new - old) <= ROUNDING:
        return _Answer(False, False, "both have the same time")
    if new > old:
        return _Answer(True, True)
    return _Answer(False, True, f"{_time(new)} is before {_time(old)}, the time of the other")


def _tell(submission: Submission, name: str, came: HandedIn | None, answer: _Answer) -> None:
    """Say that what came now does not count."""
    if answer.is_certain:
        submission.notes[name].append(
            f"{_shown(came)} is older than what was handed in before, which counts: {answer.why}."
        )
    else:
        submission.questions[name].append(
            f"Whether {_shown(came)} is newer than what was handed in before cannot be told: "
            f"{answer.why}. What was handed in before counts; grade with {TAKE_OLDER} if this one "
            "should."
        )


def _shown(came: HandedIn | None) -> str:
    return f"“{came.file}”" if came else "What came now"


def _time(time: datetime) -> str:
    return time.astimezone().isoformat(" ", "seconds")
