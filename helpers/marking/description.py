"""What can be said of a wrong answer that no recognised mistake explains, the answer itself aside.

Which numbers are off, by what sign and about how much. Numbers on paper are the same for everybody
who has them, so their sizes are compared roughly; a function is asked at new inputs in every run,
so a factor that is common to all its numbers is told as it is.
"""

from collections.abc import Sequence

import numpy as np

from helpers.marking.answer import Answer
from helpers.marking.questions.model import Case

SAME = 1e-6  # relative difference below which factors of two numbers count as the same


def describe_error(answer: Answer, expected: Sequence[np.ndarray]) -> str:
    """What is wrong with an answer, in words.

    expected: what it is compared with, one array a case in the answer's shapes: what is right, or
    what would rightly follow from the student's own earlier values.
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
    own, right = answer.values[first], expected[first]
    off = ~answer.accepted(first, right)
    which = "" if off.all() else f"{_which(answer.quantity, off)}: "
    how = which + _how(own[off], right[off], exactly=not part.tolerance.by_hand)
    return f"{only_with}; there {how}" if only_with else how


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


def _how(answer: np.ndarray, right: np.ndarray, exactly: bool) -> str:
    """How the numbers `answer` differ from `right`; exactly: whether a factor may be told."""
    if not np.any(answer):
        return "it is 0, and should not be" if answer.size == 1 else "they are 0, and should not be"
    alone = answer.size == 1
    every, size = ("it is", "it is") if alone else ("each is", "together they are")
    size = f"{size} {_roughly(_ratio(answer, right))}"
    if not alone and np.allclose(np.sort(answer), np.sort(right), rtol=SAME, atol=0):
        return "the right numbers in another order"
    if not np.all(right):
        return size
    ratios = answer / right
    same = not alone and np.ptp(ratios) <= SAME * np.abs(ratios).max()
    if exactly and same:
        return f"{every} {ratios[0]:.4g} times what it should be: where does this factor enter?"
    if np.allclose(np.abs(ratios), 1, rtol=SAME, atol=0):
        one_sign = np.all(ratios < 0)
        return f"the size is right, {'the sign is not' if one_sign else 'some signs are not'}"
    if same:
        size = f"{every} {_roughly(ratios[0])}, all by the same factor"
    if np.all(ratios > 0):
        return size
    if np.all(ratios < 0):
        return f"the sign is not right, and {size}"
    return f"some signs are right and some are not; {size}"


def _ratio(answer: np.ndarray, right: np.ndarray) -> float:
    size = float(np.linalg.norm(right))
    return float(np.linalg.norm(answer)) / size if size else np.inf


def _roughly(ratio: float) -> str:
    """The size of a ratio in words that do not give away what it is a ratio to."""
    ratio = abs(ratio)
    times = max(ratio, 1 / ratio) if ratio else np.inf
    way = "large" if ratio > 1 else "small"
    for limit, words in ((1.25, "a little too"), (2, "too"), (5, "2 to 5 times too")):
        if times < limit:
            return f"{words} {way}"
    return f"more than {5 if times < 20 else 20} times too {way}"
