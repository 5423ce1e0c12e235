"""The folder for the temporary files of a run: gone afterwards, whatever students put into it."""

import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from helpers.grading.machine.locks import lock

PREFIX = "grade-run-"  # short: sockets lie in the folder, and their paths end at 107 characters


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
    with suppress(OSError):
        while inner := _folders(folder):
            for path in inner:
                os.chmod(path, 0o700)
                # Level by level: what lies deeper comes up here first.
                for deeper in _folders(path):
                    os.chmod(deeper, 0o700)
                    os.rename(deeper, Path(folder, uuid.uuid4().hex))
                _remove_flat(path)
        _remove_flat(folder)


def _folders(folder: str | Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


def _remove_flat(folder: str | Path) -> None:
    """Remove a folder that holds no folders."""
    with os.scandir(folder) as entries:
        for entry in entries:
            os.unlink(entry.path)
    os.rmdir(folder)
