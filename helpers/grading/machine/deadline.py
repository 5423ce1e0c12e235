"""Limits for what a process does with a submission, whatever it is busy with.

When its time has passed the process ends at once, even in the middle of a library that never comes
back, and leaves a note: the run's main process sets that student aside, with the reason, and goes
on. Memory beyond its limit is refused to the process, which Python says as a MemoryError.
"""

import faulthandler
import hashlib
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

STEP_TIMEOUT = 120  # seconds for a step outside the cells, which takes a few at most
# Seconds that such a step may compute. A machine with much other work lets it wait, not compute.
STEP_COMPUTING = 30
MEMORY = 2_000_000_000  # bytes that a process may take besides what it has when it begins

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
    """Meanwhile this process works for `student`; each step has its time, see `next_step`.

    For the main thread.
    """
    note = note_of(student)
    with open(note, "w", encoding="utf-8") as file:
        _files.append(file.fileno())
        counts = hasattr(signal, "SIGPROF")  # not on Windows
        if counts:
            # The signal's own action, which comes after the note, ends the process.
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            faulthandler.register(signal.SIGPROF, file=file, chain=True)
        try:
            next_step()
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            if counts:
                signal.setitimer(signal.ITIMER_PROF, 0)
                faulthandler.unregister(signal.SIGPROF)
            _files.clear()
    note.unlink(missing_ok=True)


def next_step(seconds: float = STEP_TIMEOUT, computing: float = STEP_COMPUTING) -> None:
    """A step begins, which may take so many seconds, and compute so many; 0: as many as it takes.

    Without `deadlines` it has no limit.
    """
    for file in _files:
        # A thread of the interpreter's own, which needs no turn among Python's threads.
        faulthandler.dump_traceback_later(seconds, exit=True, file=file)
        if hasattr(signal, "SIGPROF"):
            signal.setitimer(signal.ITIMER_PROF, computing)


def limit_memory(more: int = MEMORY) -> None:
    """Refuse this process more memory than it has now and `more` bytes, where that can be said.

    What it starts inherits that; it can ask for more again, as `running.limits` does.
    """
    try:
        import resource
    except ImportError:  # on Windows
        return
    with suppress(psutil.Error, AttributeError, ValueError, OSError):
        most = psutil.Process().memory_info().data + more  # only Linux tells it
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
