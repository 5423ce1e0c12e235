"""When work was handed in, where a file beside it says so."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from nbgrader.utils import parse_utc

from helpers.grading.errors import Unreadable
from helpers.grading.intake.archive import Entry

TIMESTAMP = "timestamp.txt"  # that nbgrader lays beside the notebooks
# By whom a platform lets names say the time: Blackboard and Brightspace leave its zone out.
NAME, NAME_WITH_ZONE = "the name of the folder or file", "the name with its zone"
# By whose layouts it is there; elsewhere it would be the student's own file.
WITH_TIMESTAMPS = ("by folder", "by nbgrader's names")
MAX_SIZE = 200  # bytes
# Seconds and, with Ruby's spaces, a zone: "2026-01-31 12:00:00.000000000 -08:00".
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)? ?(Z|UTC|[+-]\d\d:?\d\d)")


def seconds_of(text: str) -> float | None:
    """The seconds of a time with a zone, None if `text` is none."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    zone = "+00:00" if match[3] in ("Z", "UTC") else match[3]
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def with_timestamps(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries of a student's folder, with nbgrader's times: <student>/<lesson>/timestamp.txt.

    One that lies anywhere else, in a zip for instance, is the student's.
    """
    stamps = {
        entry.parts[:-1]: entry
        for entry in entries
        if entry.name == TIMESTAMP and 2 <= len(entry.parts) <= 3
    }
    times = {folder: seconds for folder, entry in stamps.items() if (seconds := _read(entry))}
    if not times:
        return entries
    return [
        replace(entry, modified=seconds, time_from=TIMESTAMP)
        if (seconds := times.get(entry.parts[:-1]))
        else entry
        for entry in entries
    ]


def _read(entry: Entry) -> float | None:
    """The time in a timestamp.txt, in seconds; None if there is none in it."""
    try:
        text = entry.content(MAX_SIZE).decode("utf-8").strip()
        return parse_utc(text).replace(tzinfo=UTC).timestamp()
    except (Unreadable, UnicodeError, ValueError, OverflowError, OSError, AttributeError):
        return None
