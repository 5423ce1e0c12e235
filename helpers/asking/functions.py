"""Call a student's function, and take what it returns apart."""

import ast
import contextlib
import copy
import dis
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from types import CodeType
from typing import Any

import numpy as np

from helpers.asking import nodes_of
from helpers.asking.record import NOT_CALLED, Missing, Refused, Unusable, numbers_in

MAX_NAMED = 6  # of the keys that were not asked for


def returned(function: Callable[..., object], *arguments: object, again: bool = True) -> object:
    """What the student's `function` returns.

    again: whether it is called a second time, with copies of the arguments: once for each case is
    enough. Refused if it changes what it was given, or returns something else the second time. A
    generator of random numbers among the arguments is meant to move on.
    """
    if not callable(function):
        raise Refused(f"expected a function, got {type(function).__name__}: is it a result of one?")
    before = copy.deepcopy(arguments)
    outputs = _called(function, arguments)
    if any(not _same(now, then) for now, then in zip(arguments, before, strict=True)):
        raise Refused("your function changes what it was given; let it make new arrays instead")
    if outputs is None:
        raise Refused(f"your function returns None: {_why_none(function)}")
    if not again or isinstance(outputs, Iterator):  # what an iterator is, is said where it is read
        return outputs
    try:
        kept = copy.deepcopy(outputs)  # it may be an array that the next call adds to
    except Exception:  # of a class of the student's, say
        return outputs
    if _differ(kept, _called(function, before)):
        raise Refused(
            "your function gives something else when it is called again with the same arguments: "
            "does it add to something that stays from one call to the next, or draw random numbers "
            "of its own?"
        )
    return kept


def _called(function: Callable[..., object], arguments: Sequence[object]) -> object:
    """What `function` returns; an error knows what data of the notebook the function uses."""
    try:
        return function(*arguments)
    except Exception as error:
        with contextlib.suppress(Exception):  # of a class of the student's that takes no attribute
            error.uses = data_of_the_notebook(function)  # type: ignore[attr-defined]
        raise


def data_of_the_notebook(function: object) -> list[str]:
    """The arrays, and dicts of arrays, that a function uses and that are none of its arguments."""

    def is_data(value: object) -> bool:
        of_arrays = isinstance(value, dict) and value and all(map(is_data, value.values()))
        return isinstance(value, np.ndarray) or bool(of_arrays)

    def loaded(code: CodeType) -> Iterator[str]:
        for instruction in dis.get_instructions(code):
            if instruction.opname == "LOAD_GLOBAL":
                yield instruction.argval
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from loaded(constant)

    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return []
    return [name for name in dict.fromkeys(loaded(code)) if is_data(beside(function, name))]


def _differ(one: object, other: object) -> bool:
    """Whether two results have other numbers; what is no number is the same as anything."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return any(_differ(one[name], other[name]) for name in one if name in other)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list) and len(one) == len(other):
        return any(map(_differ, one, other))
    try:
        numbers = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    except Exception:
        return False
    if numbers[0].shape != numbers[1].shape:
        return True
    # In float32 two sums of the same numbers may differ in their last digits.
    return not np.allclose(*numbers, rtol=1e-5, atol=1e-9, equal_nan=True)


def _why_none(function: Callable[..., object]) -> str:
    """Why a function may have returned None, as a question to the student."""
    nodes = nodes_of(function)
    if any(isinstance(node, ast.Return) and node.value is not None for node in nodes):
        return (
            "it has a return, but did not come to one here. Does one of its branches match the "
            "words and numbers that it is called with?"
        )
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    if any(isinstance(name, ast.Name) and name.id == "print" for name in calls):
        return "it prints its result. Put return in place of print"
    return "is a return missing?"


def numbers_from(function: Callable[..., object], *arguments: object) -> object:
    """The number or array that the student's `function` returns, as `returned` and `usable` do."""
    return usable(returned(function, *arguments))


def usable(value: object) -> object:
    """A number or array from a student's function, or Unusable where the next one would stop.

    Numbers by hand end in the record; what a function returns goes on into other functions. There
    a matrix multiplies in another way, and np.exp does not know Fraction or Decimal.
    """
    if isinstance(value, Missing | Unusable):
        return value
    if isinstance(value, np.matrix):
        return Unusable(
            "got a np.matrix, with which * is the matrix product: use arrays, np.asarray makes one"
        )
    try:
        numbers = numbers_in(value)
    except Refused as error:
        return Unusable(str(error))
    if numbers is not None and np.asarray(value).dtype == object:
        return Unusable(
            "got numbers of the type object, with which np.exp stops: make the array with "
            "dtype=float"
        )
    return value


def beside(function: object, name: str) -> object:
    """What the student's `function` sees under a name, None if nothing."""
    return getattr(function, "__globals__", {}).get(name)


def in_notebook(name: str) -> object:
    """What the notebook has under a name, None if nothing."""
    return vars(sys.modules["__main__"]).get(name)


def _same(now: Any, then: Any) -> bool:
    if isinstance(then, dict):
        return now.keys() == then.keys() and all(_same(now[name], then[name]) for name in then)
    if isinstance(then, tuple | list):
        return all(map(_same, now, then))
    if callable(then) or isinstance(then, np.random.Generator) or np.array_equal(now, then):
        return True
    # What was moved and moved back again may differ in its last bits.
    numbers = isinstance(then, np.ndarray | float) and np.shape(now) == np.shape(then)
    return bool(numbers and np.allclose(now, then, rtol=1e-12, atol=1e-12))


def from_dict(outputs: object, names: Sequence[str], what: str) -> dict[str, Any]:
    """The entries `names` of a dict, by part, Missing with the reason where it lacks one.

    Refused if it is no dict.
    """
    if not isinstance(outputs, Mapping):
        raise Refused(f"{what} has to be a dict with the keys {', '.join(names)}, {_got(outputs)}")
    keys = [repr(key) for key in outputs if key not in names]
    others = ", ".join(keys[:MAX_NAMED]) + (" and others" if keys[MAX_NAMED:] else "")
    instead = f"; it has {others}: is one misspelt?" if others else ""
    return {
        name: outputs[name] if name in outputs else Missing(f"{what} lacks the key {name}{instead}")
        for name in names
    }


def from_sequence(
    outputs: object,
    names: Sequence[str],
    what: str,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> dict[str, Any]:
    """The items of a tuple or list, by part; Refused if it is none.

    shapes: by part, for those that have one. If there are too few items, their names (those of a
    named tuple) or their shapes say which they are, and the others are Missing; where more than one
    order is possible, it is said what came, and nothing is guessed. Refused if nothing is certain.
    """
    wanted = f"{what} has to be the {len(names)} values {', '.join(names)}, in this order"
    if not isinstance(outputs, tuple | list):
        raise Refused(f"{wanted}, {_got(outputs)}")
    if len(outputs) == len(names):
        return dict(zip(names, outputs, strict=True))
    wanted = f"{wanted}, and is {len(outputs)}"
    possible = list(_orders(outputs, names, shapes or {}))
    found: dict[str, Any] = {}
    for name in names:
        places = {order[name] for order in possible if name in order}
        if not places:
            found[name] = Missing(f"{wanted}: {name} is not among them")
        elif len(places) == 1 and all(name in order for order in possible):
            found[name] = outputs[places.pop()]
        else:
            found[name] = Unusable(f"{wanted}: which of them is {name}?")
    if not possible or all(isinstance(value, Missing | Unusable) for value in found.values()):
        raise Refused(wanted)
    return found


def _got(outputs: object) -> str:
    """What came in place of several values, in words."""
    if callable(outputs):
        return NOT_CALLED
    if outputs is None:
        return "got None"
    if isinstance(outputs, Mapping):
        return "got a dict"
    if isinstance(outputs, tuple | list):
        return f"got a {type(outputs).__name__} of {len(outputs)}"
    shape = getattr(outputs, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"got one array of shape {shape}"
    return f"got {type(outputs).__name__}"


def _orders(
    outputs: Sequence[object], names: Sequence[str], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[dict[str, int]]:
    """Which items of `outputs` may be meant by which of `names`: places by name, for each way."""
    fields = getattr(outputs, "_fields", ())
    if fields:
        yield {name: fields.index(name) for name in names if name in fields}
        return
    if shapes.keys() >= set(names):
        found = [shape_of(value) for value in outputs]
        for chosen in combinations(names, len(outputs)):
            if [shapes[name] for name in chosen] == found:
                yield {name: place for place, name in enumerate(chosen)}


def shape_of(value: object) -> tuple[int, ...] | None:
    """The shape of a number or an array, also of one in lists; None if it is neither."""
    try:
        return np.asarray(value).shape
    except Exception:
        return None


def single_numbers(values: object) -> object:
    """The items of a list or an array, those that are arrays of one number as that number."""
    if not isinstance(values, list | tuple | np.ndarray) or shape_of(values) == ():
        return values
    return [
        np.ravel(value)[0] if np.ndim(value) and np.size(value) == 1 else value for value in values
    ]


def as_parameter(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An array in the shape of a parameter if it is one row of it, as keepdims leaves it."""
    return value.reshape(shape) if value.shape == (1, *shape) else value
