"""What the command line says of due dates, lateness and optional notebooks.

In a module of its own, which imports little: the command line is read before anything else.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)
DUE_EXAMPLE = "2026-12-01T23:59+01:00"
LATE_EXAMPLE = "10% per day, at most 50%"
BONUS, LEAVE_OUT, COUNTS = "bonus", "leave-out", "counts"
UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY}
GRACE = re.compile(r"(\d{1,6})([smhd])")
LATE = re.compile(
    r"(?P<each>\d{1,3}(?:\.\d{1,3})?) ?% per day(?:, at most (?P<most>\d{1,3}(?:\.\d{1,3})?) ?%)?"
)


def due(text: str) -> datetime:
    """A due date with its zone. Raises ArgumentTypeError, with an example."""
    time = time_with_zone(text)
    if time is None:
        raise argparse.ArgumentTypeError(
            f"expected a date and time with its zone, such as {DUE_EXAMPLE}, got {text!r}"
        )
    return time


def time_with_zone(text: str) -> datetime | None:
    """A date and a time with a zone, in ISO's form; None if it is anything else."""
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        return None
    try:
        time = datetime.fromisoformat(text)
        time.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return time if time.tzinfo else None


def grace(text: str) -> timedelta:
    """How much lateness is forgiven. Raises ArgumentTypeError, with an example."""
    match = GRACE.fullmatch(text.strip())
    if not match:
        raise argparse.ArgumentTypeError(
            f"expected a number of minutes, hours or days, such as 15m, 2h or 1d, got {text!r}"
        )
    return int(match[1]) * UNITS[match[2]]


@dataclass(frozen=True)
class Rate:
    """What lateness costs, in percent of the points earned."""

    each: float  # for each day begun
    most: float = 100.0

    def __str__(self) -> str:
        most = f", at most {self.most:g}%" if self.most < 100 else ""
        return f"{self.each:g}% per day{most}"


def late(text: str) -> Rate:
    """A Rate in words. Raises ArgumentTypeError, with an example."""
    match = LATE.fullmatch(text.strip())
    rate = Rate(float(match["each"]), float(match["most"] or 100)) if match else None
    if rate is None or rate.each > 100 or rate.most > 100:
        raise argparse.ArgumentTypeError(
            f"expected “{LATE_EXAMPLE}” or “10% per day” with other numbers up to 100, got {text!r}"
        )
    return rate


def optional(text: str) -> tuple[str, str]:
    """A notebook, and what its points are. Raises ArgumentTypeError, with an example."""
    name, equals, how = text.partition("=")
    if not (name and equals and how in (BONUS, LEAVE_OUT, COUNTS)):
        raise argparse.ArgumentTypeError(
            "expected a notebook and bonus, leave-out or counts, such as "
            f"problem_1_derivation=bonus, got {text!r}"
        )
    return name, how
