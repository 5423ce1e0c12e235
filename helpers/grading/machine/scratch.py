"""The folder for the temporary files of a run: gone afterwards, whatever students put into it."""

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from helpers.grading.machine.locks import lock

PREFIX = "grade-run-"  # short: sockets lie in the folder, and their paths end at 107 characters
PATIENCE = 5  # seconds; a kernel without a sandbox notices one later that its worker has ended


@contextmanager
def scratch() -> Iterator[Path]:
    """All temporary files lie in one folder meanwhile; those of killed runs go too."""
    before = tempfile.gettempdir()
    remove_left_over()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with open(folder / "lock", "ab") as file:
            lock(file)
            tempfile.tempdir = str(folder)
            yield folder
    finally:
        tempfile.tempdir = before
        end = time.monotonic() + PATIENCE
        remove(folder)
        while folder.exists() and time.monotonic() < end:  # somebody still writes there
            time.sleep(0.1)
            remove(folder)


def remove_left_over() -> None:
    """Remove the folders of runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if _is_left_over(folder):
            remove(folder)


def _is_left_over(folder: Path) -> bool:
    """Whether the run whose folder this is has ended."""
    try:
        if not (folder / "lock").exists():  # it is just being made, or its run was killed then
            return time.time() - folder.stat().st_mtime > 60
        with open(folder / "lock", "r+b") as file:
            return lock(file)
    except OSError:  # somebody else's
        return False


def remove(folder: str | Path) -> None:
    """Remove a folder as far as possible, also one that is too deep for shutil.rmtree."""
    if not hasattr(os, "O_PATH"):  # only on Linux is there code that may still change things here
        shutil.rmtree(folder, ignore_errors=True)
        return
    with suppress(OSError):
        with _opened(folder) as outer:
            while inner := _folders(outer):
                for name in inner:
                    with _opened(name, outer) as opened:
                        # Level by level: what lies deeper comes up here first.
                        for deeper in _folders(opened):
                            with _opened(deeper, opened):
                                pass  # it can be moved now
                            new = uuid.uuid4().hex
                            os.rename(deeper, new, src_dir_fd=opened, dst_dir_fd=outer)
                        _empty(opened)
                    os.rmdir(name, dir_fd=outer)
            _empty(outer)
        os.rmdir(folder)


@contextmanager
def _opened(name: str | Path, above: int | None = None) -> Iterator[int]:
    """The folder `name`, in the open folder `above`, itself open and one's own; never a link.

    Whatever takes its place meanwhile, this one is meant: a program may exchange it for a link.
    """
    there = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    try:
        itself = f"/proc/self/fd/{there}"
        os.chmod(itself, 0o700)
        descriptor = os.open(itself, os.O_RDONLY | os.O_DIRECTORY)
    finally:
        os.close(there)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _folders(folder: int) -> list[str]:
    """The names of the folders in an open folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _empty(folder: int) -> None:
    """Remove the files of an open folder that holds no folders."""
    with os.scandir(folder) as entries:
        for entry in entries:
            os.unlink(entry.name, dir_fd=folder)
