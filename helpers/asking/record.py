"""The record of a student's answers: plain JSON, made in the kernel, read as untrusted data.

    {"version": 1, "question": "p2.sigmoid.forward", "seed": 7,
     "answers": {"z_h": [{"shape": [1, 2], "values": [0.1, 0.2]}], …}}

At grading, "nonce" takes the place of "seed": what the grader knows the record by.
`answers` has a list for each part, and for each further value that the question records, with one
entry for each case: numbers as above, {"text": "tanh"}, {"missing": true}, or {"error": "…"}.
"""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

MIME_TYPE = "application/vnd.backprop.answers+json"
VERSION = 1
MAX_TEXT_LENGTH = 200
MAX_NUMBERS = 10_000

Record = dict[str, Any]  # as above
Entry = dict[str, object]  # one answer in it


@dataclass(frozen=True)
class Missing:
    """Nothing was answered."""


@dataclass(frozen=True)
class Unusable:
    """An answer that is neither a number nor a word, or that could not be computed."""

    reason: str  # in words for the student


class Refused(Exception):
    """What a student's code gave cannot be an answer: the message says what was wanted."""


Answer = np.ndarray | str | Missing | Unusable


def encode(value: object) -> Entry:
    """A student's answer to one part in one case as plain JSON, whatever it is."""
    if value is None or value is Ellipsis or isinstance(value, Missing):
        return {"missing": True}
    if isinstance(value, Unusable):
        return {"error": value.reason[:MAX_TEXT_LENGTH]}
    if isinstance(value, str):
        return {"text": value[:MAX_TEXT_LENGTH]}
    try:
        array = np.asarray(value)
        if array.dtype == object:
            if any(item is None or item is Ellipsis for item in array.flat):
                return {"missing": True}
            array = array.astype(np.float64)
    except Exception:
        return encode(Unusable(f"expected numbers, got {_short(value)}"))
    # Arrays of True and False are slopes of 1 and 0; a single one is no number.
    if array.dtype.kind == "b" and not array.ndim:
        return encode(Unusable(f"expected a number, got {array}: write 1 for True, 0 for False"))
    if array.dtype.kind not in "iufb":
        return encode(Unusable(f"expected numbers, got {_short(value)}"))
    if array.size > MAX_NUMBERS:
        return encode(Unusable(f"expected a few numbers, got an array of shape {array.shape}"))
    array = array.astype(np.float64)
    if not np.all(np.isfinite(array)):
        return encode(Unusable("contains nan or inf: look for a division by 0 or a step too long"))
    return {"shape": list(array.shape), "values": array.ravel().tolist()}


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        text = ""
    return f"{type(value).__name__} {text[:60]}".strip()


def decode(entry: object) -> Answer:
    """An entry of a record as an Answer, numbers as float64. Never raises."""
    if not isinstance(entry, dict):
        return Unusable("the record of this answer cannot be read")
    if entry.get("missing") is True:
        return Missing()
    for key, make in (("error", Unusable), ("text", str)):
        if isinstance(entry.get(key), str):
            return make(entry[key][:MAX_TEXT_LENGTH])
    shape: Any = entry.get("shape")  # a list, if the record is what it should be
    values = entry.get("values")
    try:
        if not isinstance(values, list) or len(values) > MAX_NUMBERS:
            raise ValueError
        if not all(type(value) in (int, float) for value in values):
            raise ValueError
        if len(shape) > 4 or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError
        array = np.array(values, dtype=np.float64).reshape(shape)
    except (ValueError, TypeError, OverflowError):
        return Unusable("the record of this answer cannot be read")
    if not np.all(np.isfinite(array)):
        return Unusable("contains nan or inf")
    return array


class AskedPart(Protocol):
    """A part of a question."""

    @property
    def name(self) -> str: ...


class Asked(Protocol):
    """A question, as far as its records depend on it."""

    @property
    def id(self) -> str: ...

    @property
    def parts(self) -> Sequence[AskedPart]: ...

    @property
    def recorded(self) -> Sequence[str]: ...


def answers_in(record: object, question: Asked, cases: Sized) -> dict[str, list[Answer]] | None:
    """The decoded answers of `record` by part, a list with one entry a case; None if invalid.

    record: any JSON value. A record of another question, version or number of cases is invalid.
    """
    if not isinstance(record, dict):
        return None
    if record.get("version") != VERSION or record.get("question") != question.id:
        return None
    answers = record.get("answers")
    if not isinstance(answers, dict):
        return None
    decoded = {}
    parts = [part.name for part in question.parts]
    for name in question.recorded:
        entries = answers.get(name)
        if not isinstance(entries, list) or len(entries) != len(cases):
            if name in parts:
                return None
            entries = [None] * len(cases)
        decoded[name] = [decode(entry) for entry in entries]
    return decoded
