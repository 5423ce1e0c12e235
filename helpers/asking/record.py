"""The record of a student's answers: plain JSON, made in the kernel, read as untrusted data.

    {"version": 1, "question": "p2.sigmoid.forward", "seed": 7,
     "answers": {"z_h": [{"shape": [1, 2], "values": [0.1, 0.2]}], …}}

At grading, "nonce" takes the place of "seed": what the grader knows the record by.
"changed", if it is there, names data that the notebook gave and that have other values now.
`answers` has a list for each part, and for each further value that the question records, with one
entry for each case: numbers as above, {"text": "tanh"}, {"missing": true}, perhaps with a "reason"
why, or {"error": "…"}. A formula's value has the formula beside it, {…, "formula": "a_k**2"},
which is shown and never judged; numbers without brackets have {…, "tuple": true}, as those that
Python makes of 0,12 and of 1,000.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, KeysView, Sequence, Set, ValuesView
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

MIME_TYPE = "application/vnd.backprop.answers+json"
VERSION = 1
MAX_TEXT_LENGTH = 200
MAX_REASON_LENGTH = 600  # a sentence, a line of code and names in it
MAX_QUOTED = 80  # of a student's code or value
MAX_NUMBERS = 10_000

Record = dict[str, Any]  # as above
Entry = dict[str, object]  # one answer in it


@dataclass(frozen=True)
class Missing:
    """Nothing was answered."""

    reason: str = ""  # in words for the student, where there is more to say than that


@dataclass(frozen=True)
class Unusable:
    """An answer that is neither a number nor a word, or that could not be computed."""

    reason: str  # in words for the student


@dataclass(frozen=True)
class Formula:
    """A formula, recorded by its value at given points."""

    value: np.ndarray | float
    text: str  # the formula as Python read it


class Refused(Exception):
    """What a student's code gave cannot be an answer: the message says what was wanted."""


Answer = np.ndarray | str | Missing | Unusable


def encode(value: object) -> Entry:
    """A student's answer to one part in one case as plain JSON, whatever it is."""
    if value is None or value is Ellipsis:
        return {"missing": True}
    if isinstance(value, Missing):
        entry: Entry = {"missing": True}
        return entry | {"reason": cut(value.reason)} if value.reason else entry
    if isinstance(value, Unusable):
        return {"error": cut(value.reason)}
    if isinstance(value, list | tuple | set) and len(value) == 1:
        (only,) = value
        value = only if isinstance(only, str) else value  # ["C"] is "C"
    if isinstance(value, str):
        return {"text": value[:MAX_TEXT_LENGTH]}
    if isinstance(value, Formula):
        return encode(value.value) | {"formula": value.text[:MAX_TEXT_LENGTH]}
    try:
        array = numbers_in(value)
    except Refused as error:
        return encode(Unusable(str(error)))
    if array is None:
        return {"missing": True}
    if array.size > MAX_NUMBERS:
        return encode(Unusable(f"expected a few numbers, got an array of shape {array.shape}"))
    if not np.all(np.isfinite(array)):
        root = ", a root or logarithm of a number below 0," if np.any(np.isnan(array)) else ""
        said = f"contains nan or inf: look for a division by 0{root} or a step too long"
        return encode(Unusable(said))
    entry = {"shape": list(array.shape), "values": array.ravel().tolist()}
    return entry | {"tuple": True} if isinstance(value, tuple) and array.size > 1 else entry


def cut(text: str, length: int = MAX_REASON_LENGTH) -> str:
    """A text whole, or as many of its words as there is room for, and a sign that it goes on."""
    if len(text) <= length:
        return text
    words, space, _ = text[: length - 1].rpartition(" ")
    return f"{words if space else text[: length - 2]} …"


NOT_NUMBERS = "expected numbers, got text"
WITH_QUOTES = f"{NOT_NUMBERS}: take the quotes away"
NOT_CALLED = "got a function or a method that was not called: are the brackets missing?"


def numbers_in(value: object) -> np.ndarray | None:
    """The numbers of an answer as float64, nan and inf among them; None if some are missing.

    Raises Refused, in words for the student, if there is anything in it that is no real number, or
    that works here and stops, or means something else, in the next function that it is given to.
    """
    if callable(value):
        raise Refused(f"expected numbers, {NOT_CALLED}")
    if isinstance(value, Iterator):
        raise Refused(
            f"expected numbers, got a {type(value).__name__}, which gives its numbers only once: "
            "put list(…) around it"
        )
    if isinstance(value, KeysView | ValuesView | Set):
        kept = ", since a set keeps no order" if isinstance(value, Set) else ""
        raise Refused(f"expected numbers, got {_short(value)}: make a list of numbers{kept}")
    if isinstance(value, np.ma.MaskedArray) and np.any(np.ma.getmaskarray(value)):
        raise Refused("expected numbers, got a masked array, in which some are hidden")
    try:
        array = np.asarray(value)
    except Exception:
        raise Refused(f"expected numbers, got {_short(value)}") from None
    if array.dtype == object:
        items = list(array.flat)
        if any(item is None or item is Ellipsis for item in items):
            return None
        if any(map(callable, items)):
            raise Refused(f"expected numbers, {NOT_CALLED}")
        if any(isinstance(item, str | bytes) for item in items):
            raise Refused(_of_texts(items))
        try:
            return array.astype(np.float64)
        except Exception:
            raise Refused(f"expected numbers, got {_short(value)}") from None
    if array.dtype.kind in "US":
        raise Refused(_of_texts(array.ravel().tolist()))
    if array.dtype.kind == "c":
        raise Refused(
            "expected real numbers, got complex ones, of the form a + bj: is it the root of a "
            "number below 0? -4**2 is -16 in Python, (-4)**2 is 16"
        )
    # True and False are 1 and 0, as in `slope_relu = 2.5 > 0`.
    if array.dtype.kind not in "iufb":
        raise Refused(f"expected numbers, got {_short(value)}")
    return array.astype(np.float64)


def _of_texts(items: Iterable[object]) -> str:
    """What is said of texts where numbers belong."""
    texts = [
        item.decode(errors="replace") if isinstance(item, bytes) else item
        for item in items
        if isinstance(item, str | bytes)
    ]
    return WITH_QUOTES if all(map(reads_as_numbers, texts)) else NOT_NUMBERS


def reads_as_numbers(text: str) -> bool:
    """Whether a text would be numbers without its quotes, or a calculation with nothing else.

    Decimal commas count as points.
    """
    without_commas = re.sub(r"(?<=\d),(?=\d)", ".", text.replace("−", "-").strip())
    try:
        tree = ast.parse(without_commas, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(
        isinstance(node, OF_CALCULATIONS)
        and (not isinstance(node, ast.Constant) or type(node.value) in (int, float))
        for node in ast.walk(tree)
    )


OF_CALCULATIONS = (
    *(ast.Expression, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
    *(ast.List, ast.Tuple, ast.expr_context),
)


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        text = ""
    return f"{type(value).__name__} {cut(text, MAX_QUOTED)}".strip()


def decode(entry: object) -> Answer:
    """An entry of a record as an Answer, numbers as float64. Never raises."""
    if not isinstance(entry, dict):
        return Unusable("the record of this answer cannot be read")
    if entry.get("missing") is True:
        reason = entry.get("reason")
        return Missing(cut(reason) if isinstance(reason, str) else "")
    if isinstance(entry.get("error"), str):
        return Unusable(cut(entry["error"]))
    if isinstance(entry.get("text"), str):
        return entry["text"][:MAX_TEXT_LENGTH]
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


MAX_SHOWN = 6  # numbers


def read_as(record: object, part: str) -> str:
    """What Python understood of an answer, as text: a formula, a few numbers, a shape or a word.

    "" where it says nothing: of several cases, which are a function's values, and of a record that
    cannot be read.
    """
    formula = formula_in(record, part)
    if formula:
        return formula
    try:
        (entry,) = record["answers"][part]  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        return ""
    value = decode(entry)
    if isinstance(value, str):
        return f'"{value}"'
    if not isinstance(value, np.ndarray):
        return ""
    if value.size > MAX_SHOWN:
        return f"an array of shape {value.shape}"
    text = np.array2string(value, separator=", ", formatter={"float_kind": "{:.6g}".format})
    return " ".join(text.split())


def formula_in(record: object, part: str) -> str:
    """The formula that Python understood of an answer, the same in every case; "" if it is none."""
    try:
        entries = record["answers"][part]  # type: ignore[index]
        (formula,) = {entry["formula"] for entry in entries}
    except (TypeError, KeyError, ValueError):
        return ""
    return formula[:MAX_TEXT_LENGTH] if isinstance(formula, str) else ""


def is_tuple_in(record: object, part: str) -> bool:
    """Whether an answer is numbers without brackets around them, the same in every case."""
    try:
        return all(entry["tuple"] is True for entry in record["answers"][part])  # type: ignore[index]
    except (TypeError, KeyError):
        return False


def changed_in(record: object, given: Iterable[str]) -> list[str]:
    """Those names of `given` data that have other values than they were given, by a record."""
    changed = record.get("changed") if isinstance(record, dict) else None
    return [name for name in given if isinstance(changed, list) and name in changed]


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


class AskedCase(Protocol):
    """A case of a question, as far as records depend on it."""

    @property
    def read(self) -> Callable[[np.ndarray], np.ndarray] | None: ...


def answers_in(
    record: object, question: Asked, cases: Sequence[AskedCase]
) -> dict[str, list[Answer]] | None:
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
            entries = [{"missing": True}] * len(cases)
        decoded[name] = [_read(decode(entry), case) for entry, case in zip(entries, cases)]
    return decoded


def _read(answer: Answer, case: AskedCase) -> Answer:
    """What an answer says in its case."""
    return case.read(answer) if case.read and isinstance(answer, np.ndarray) else answer
