"""Locks that end with the process that holds them, however it ends."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from helpers.grading.errors import NothingGraded
from helpers.grading.settings import Course

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# The bytes of a gradebook's lock file: one for the run, and one for each of its workers.
RUN, FIRST_WORKER, MAX_WORKERS = 0, 1, 2**30
PATIENCE = 30  # seconds, for the workers of a run that was killed


@contextmanager
def alone(course: Course) -> Iterator[None]:
    """Keep every other run from the gradebook. Raises NothingGraded if one is working on it."""
    try:
        course.gradebook.mkdir(parents=True, exist_ok=True)
        file = open(course.lock, "ab")  # noqa: SIM115
    except OSError as error:
        raise NothingGraded(f"{course.gradebook} cannot be written: {error.strerror}.") from error
    with file:
        end = time.monotonic() + PATIENCE
        free = lock(file, RUN)
        # Workers end when their run is killed, but not in the same instant.
        while free and not lock(file, FIRST_WORKER, MAX_WORKERS):
            free = time.monotonic() < end
            time.sleep(0.05)
        if not free:
            raise NothingGraded(
                f"Another grading run is working on {course.gradebook}. Wait until it has ended."
            )
        _unlock(file, FIRST_WORKER, MAX_WORKERS)
        yield


def of_worker(path: str | Path) -> BinaryIO | None:
    """Tell later runs, by the lock file `path`, that a worker is at work: this process.

    Returns what holds the lock, or None if another run has the gradebook now.
    """
    file = open(path, "ab")  # noqa: SIM115
    return file if lock(file, FIRST_WORKER + os.getpid() % MAX_WORKERS) else None


def lock(file: BinaryIO, start: int = 0, length: int = 1) -> bool:
    """Lock bytes of a file, which need not be there; False if another process has one of them."""
    try:
        if sys.platform == "win32":
            file.seek(start)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, length)
        else:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _unlock(file: BinaryIO, start: int, length: int) -> None:
    if sys.platform == "win32":
        file.seek(start)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, length)
    else:
        fcntl.lockf(file, fcntl.LOCK_UN, length, start)
