"""What can be wrong, said to the instructor or the student."""

import traceback


class NothingGraded(Exception):
    """Nothing could be done at all. The message says why, and what to do."""


class Unreadable(Exception):
    """A file that a student handed in cannot be graded. The message says why, in plain words."""


def in_short(error: BaseException) -> str:
    """An exception for the instructor, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def in_full(error: BaseException) -> str:
    """An exception in one line, and below it, for the maintainer, where it came from."""
    return f"{in_short(error)}\n{''.join(traceback.format_exception(error))}"
