"""Call a student's function, and take what it returns apart."""

import copy
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from helpers.asking.record import Refused


def returned(function: Callable[..., object], *arguments: object) -> object:
    """What the student's `function` returns; Refused if it changes what it was given."""
    before = copy.deepcopy(arguments)
    outputs = function(*arguments)
    if any(not _same(now, then) for now, then in zip(arguments, before, strict=True)):
        raise Refused("your function changes what it was given; let it make new arrays instead")
    if outputs is None:
        raise Refused("your function returns None: is a return missing?")
    return outputs


def _same(now: Any, then: Any) -> bool:
    if isinstance(then, dict):
        return now.keys() == then.keys() and all(_same(now[name], then[name]) for name in then)
    if isinstance(then, tuple | list):
        return all(map(_same, now, then))
    return callable(then) or np.array_equal(now, then)


def from_dict(outputs: object, names: Sequence[str], what: str) -> dict[str, Any]:
    """The entries `names` of a dict, by part; Refused if it is none or lacks one."""
    if not isinstance(outputs, dict):
        raise Refused(f"{what} has to be a dict with the keys {', '.join(names)}")
    lacking = [name for name in names if name not in outputs]
    if lacking:
        raise Refused(f"{what} lacks the key {lacking[0]}")
    return {name: outputs[name] for name in names}


def from_sequence(outputs: object, names: Sequence[str], what: str) -> dict[str, Any]:
    """The items of a tuple or list, by part; Refused if it is none or has another length."""
    if not isinstance(outputs, tuple | list) or len(outputs) != len(names):
        raise Refused(f"{what} has to be the {len(names)} values {', '.join(names)}, in this order")
    return dict(zip(names, outputs, strict=True))


def beside(function: object, name: str) -> Callable[..., Any] | None:
    """The function `name` that the student's `function` sees, or None."""
    found = getattr(function, "__globals__", {}).get(name)
    return found if callable(found) else None


def in_notebook(name: str) -> Any:
    """The notebook's own `name`, for answers that are numbers made with it."""
    return vars(sys.modules["__main__"])[name]


def is_numeric(value: object) -> bool:
    """Whether `value` is made of numbers, not of texts; fractions and SymPy's numbers are some."""
    try:
        array = np.asarray(value)
        array.astype(float)
    except (TypeError, ValueError):
        return False
    return array.dtype.kind in "iufO"
