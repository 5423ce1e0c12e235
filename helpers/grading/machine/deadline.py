"""Deadlines for what a worker does with a submission, whatever it is busy with.

When one has passed the process ends at once, even in the middle of a library that never comes back,
and leaves a note: the run's main process sets that student aside, with the reason, and goes on.
"""

import faulthandler
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STEP_TIMEOUT = 120  # seconds for a step outside the cells, which takes a few at most

_files: list[int] = []  # the note of the student whom this process is at work on, or none


def note_of(student: str) -> Path:
    """The file in the run's scratch in which a worker says where it was when its time was over."""
    name = hashlib.sha256(student.encode("utf-8", "replace")).hexdigest()[:32]
    return Path(tempfile.gettempdir(), f"overdue-{name}")


def overdue(student: str) -> str:
    """What the worker of a student was busy with when its time was over, "" if it was not."""
    try:
        return note_of(student).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@contextmanager
def deadlines(student: str) -> Iterator[None]:
    """Meanwhile this process works for `student`; each step has its time, see `next_step`."""
    note = note_of(student)
    with open(note, "w", encoding="utf-8") as file:
        _files.append(file.fileno())
        try:
            next_step()
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            _files.clear()
    note.unlink(missing_ok=True)


def next_step(seconds: float = STEP_TIMEOUT) -> None:
    """A step begins, which may take so many seconds. Without `deadlines` it has no limit."""
    for file in _files:
        # A thread of the interpreter's own, which needs no turn among Python's threads.
        faulthandler.dump_traceback_later(seconds, exit=True, file=file)
