"""What can be said of a wrong answer that no recognised mistake explains, the answer itself aside.

Which numbers are off, and what they have in common: a sign, an order, a factor. (The factor itself
is told of functions alone, which are asked at new inputs in every run; numbers on paper are the
same for everybody who has them.) Then the trail of the right method, or of a single number without
a trail its size.
"""

import re
from collections.abc import Collection, Sequence

import numpy as np

from helpers.asking.record import MAX_TEXT_LENGTH
from helpers.marking.answer import Answer
from helpers.marking.questions.model import Case, Part
from helpers.marking.trail import trail

SAME = 1e-6  # relative difference below which factors of two numbers count as the same
SOME_SIGNS = "some signs are not"
# So many times too large or small is told. Of smaller factors it would be enough to halve again and
# again, and the messages alone would lead to the number.
FAR = 100
DIFFERS = "this is not what comes out: go through it once more, one step after the other"


def describe_error(
    answer: Answer,
    expected: Sequence[np.ndarray],
    right: Collection[str] = (),
    own: Collection[str] = (),
) -> str:
    """What is wrong with an answer, in words.

    expected: what it is compared with, one array per case in the answer's shapes: what is right, or
    what would rightly follow from the student's own earlier values. right: the quantities that the
    student has right, own: those that are wrong and that `expected` follows from: for the trail.
    """
    part, matches = answer.part, answer.matches(expected)
    code = not (part.default_hint or part.tolerance.by_hand)
    if code and all(map(_rounded, answer.values, expected)):
        return (
            "right to some digits: let the code compute in full precision (float64), without "
            "rounding and without typed results"
        )
    only_with = _only_with(answer.cases, matches)
    if part.default_hint:
        return only_with or part.default_hint
    first = matches.index(False)
    value, wanted = answer.values[first], expected[first]
    off = ~answer.accepted(first, wanted)
    which = "" if off.all() else _which(answer.quantity, off)
    how, explained = _pattern(value[off], wanted[off], exactly=not part.tolerance.by_hand)
    way = ""
    if not explained:
        inputs = answer.cases[first].inputs
        way = trail(answer.quantity, right, own, n_samples=len(inputs[0]) if inputs else 1)
    if not how and not way and value.size == 1 and wanted.all():
        how = _size(value.item(), wanted.item())
    where = ": ".join(filter(None, (which, how)))
    return "; ".join(filter(None, (only_with, where, way))) or DIFFERS


NAMES = re.compile(r"[A-Za-z_]\w*")
FUNCTIONS = {"exp", "log", "tanh", "cosh", "sinh", "sqrt", "pi", "E", "I"}  # of SymPy


def describe_symbols(part: Part, formula: str) -> str:
    """What the symbols of a wrong formula say, in words; "" if it is not known what it needs.

    formula: as Python read it, "" if that is not known.
    """
    if not part.needs or not formula or len(formula) >= MAX_TEXT_LENGTH:
        return ""
    symbols = {*NAMES.findall(formula)} - FUNCTIONS
    alternatives = [need.split("|") for need in part.needs]
    missing = [names for names in alternatives if not symbols.intersection(names)]
    known = {*part.may_have, *(name for names in alternatives for name in names)}
    foreign = sorted(symbols - known)
    if not symbols:
        return (
            f"as Python reads it this is {formula}, without any symbol. Does nothing in it depend "
            "on the symbols? (A power is written with **; a ^ or a symbol that was given a number "
            "makes a formula a number, too.)"
        )
    said = []
    if missing:
        said.append(f"without {', '.join(map(' or '.join, missing))} it cannot be right")
    if foreign:
        does = "does" if len(foreign) == 1 else "do"
        said.append(f"{' and '.join(foreign)} {does} not belong in it")
    if not said:
        said.append("its symbols are the right ones: how are they joined, signs and powers too?")
    return f"not equal to the right formula; {', and '.join(said)}"


def where_off(answer: Answer) -> str:
    """Which of the numbers are off, in words; "" if all are."""
    matches = answer.matches(answer.expected)
    first = matches.index(False)
    off = ~answer.accepted(first, answer.expected[first])
    which = "" if off.all() else _which(answer.quantity, off)
    return "; ".join(filter(None, (_only_with(answer.cases, matches), which)))


def _only_with(cases: Sequence[Case], matches: Sequence[bool]) -> str:
    """In which of the labelled cases the answers are wrong, if not in all."""
    labels = {case.label: True for case in cases if case.label}
    for case, match in zip(cases, matches, strict=True):
        if case.label:
            labels[case.label] &= match
    wrong = [label for label, fine in labels.items() if not fine]
    return f"right except with {' and '.join(wrong)}" if 0 < len(wrong) < len(labels) else ""


def _rounded(answer: np.ndarray, expected: np.ndarray) -> bool:
    """Whether every number is nearly the expected one, or it rounded to a few decimals."""
    nearly = np.allclose(answer, expected, rtol=2e-4, atol=1e-6)
    return nearly or any(
        np.allclose(answer, np.round(expected, digits), rtol=0, atol=1e-12)
        for digits in range(2, 9)
    )


def _which(quantity: str, off: np.ndarray) -> str:
    """The numbers that are off, in words: all of a unit, of a point, or so many and the first."""
    if off.ndim == 2:
        rows, columns = np.flatnonzero(off.all(axis=1)), np.flatnonzero(off.all(axis=0))
        row, column = _axes(quantity)
        for name, lines, size in ((row, rows, off.shape[1]), (column, columns, off.shape[0])):
            if size > 1 and len(lines) and len(lines) * size == off.sum():
                return f"off is all that belongs to {name} {' and '.join(map(str, lines + 1))}"
    place = _place(quantity, [int(i) for i in np.argwhere(off)[0]], off.shape)
    if off.sum() == 1:
        return f"only the number {place} is off"
    return f"{int(off.sum())} of {off.size} numbers are off, the first {place}"


def _axes(quantity: str) -> tuple[str, str]:
    """What a row and a column of a matrix belong to."""
    if quantity.startswith(("dW", "W_")):
        return "row", "column"
    return "point", "unit"


def _place(quantity: str, index: Sequence[int], shape: tuple[int, ...]) -> str:
    """Where a number stands in an array, in words, counted from 1: "of unit 2"."""
    if len(shape) == 2:
        row, column = _axes(quantity)
        if shape[0] == 1 and row == "point":
            return f"of unit {index[1] + 1}"
        return f"in {row} {index[0] + 1}, {column} {index[1] + 1}"
    if quantity.startswith(("db", "b_")):
        return f"of unit {index[0] + 1}"
    return f"in place {', '.join(str(i + 1) for i in index)}"


def _pattern(answer: np.ndarray, right: np.ndarray, exactly: bool) -> tuple[str, bool]:
    """What the numbers `answer` have in common beside `right`, and whether that is all to be said.

    exactly: whether a factor may be told. "" where there is no pattern.
    """
    alone = answer.size == 1
    if not np.any(answer):
        zero = f"{'it is' if alone else 'they are'} 0, and should not be"
        return zero if exactly else f"{zero} (// cuts off all decimals)", False
    if not alone and np.allclose(np.sort(answer), np.sort(right), rtol=SAME, atol=0):
        return "the right numbers in another order", True
    if not np.all(right):  # of a 0 neither sign nor ratio says anything
        return "", False
    ratios = answer / right
    if np.allclose(np.abs(ratios), 1, rtol=SAME, atol=0):
        return f"the size is right, {'the sign is not' if np.all(ratios < 0) else SOME_SIGNS}", True
    same = not alone and np.ptp(ratios) <= SAME * np.abs(ratios).max()
    if exactly and same:
        return (
            f"each is {ratios[0]:.4g} times what it should be: where does this factor enter?",
            True,
        )
    if same:
        return "all are off by one and the same factor", False
    return ("all signs are turned" if not alone and np.all(ratios < 0) else ""), False


def _size(answer: float, right: float) -> str:
    """How the size and the sign of a number differ from the right one, which is not 0."""
    ratio = answer / right
    sign = "the sign is not right" if ratio < 0 else ""
    far = ""
    if not 1 / FAR < abs(ratio) < FAR:
        far = f"it is far too {'large' if abs(ratio) > 1 else 'small'}"
    return ", and ".join(filter(None, (sign, far)))
