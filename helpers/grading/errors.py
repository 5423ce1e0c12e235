"""What can be wrong, said to the instructor or the student."""

import errno
import sqlite3
import traceback

NO_ROOM = (
    "No room is left on the disk, that of the gradebook or that of temporary files (TMPDIR). Make "
    "room and give the same command again; what is finished is kept"
)
FULL = (errno.ENOSPC, errno.EDQUOT)  # a disk, or what one may have of it
FULL_ON_SERVER = "53100"  # PostgreSQL's


class NothingGraded(Exception):
    """Nothing could be done at all. The message says why, and what to do."""


class Unreadable(Exception):
    """A file that a student handed in cannot be graded. The message says why, in plain words."""


def is_for_lack_of_room(error: BaseException | None) -> bool:
    """Whether an exception says, itself or by what led to it, that a disk is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        original = getattr(error, "orig", None) or error  # in what SQLAlchemy makes of it
        if isinstance(original, OSError) and original.errno in FULL:
            return True
        if isinstance(original, sqlite3.Error):
            code = getattr(original, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                return True
        if getattr(original, "sqlstate", "") == FULL_ON_SERVER:
            return True
        error = error.__cause__ or error.__context__
    return False


def in_short(error: BaseException) -> str:
    """An exception for the instructor, in one line."""
    if is_for_lack_of_room(error):
        return NO_ROOM
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def in_full(error: BaseException) -> str:
    """An exception in one line, and below it, for the maintainer, where it came from."""
    return f"{in_short(error)}\n{''.join(traceback.format_exception(error))}"
