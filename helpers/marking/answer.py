"""A student's answer to one part of a question, beside the values that it is compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from helpers.asking.formulas import values_at
from helpers.marking.questions.model import Case, Part

TYPED = 5  # decimals, at most: a number with more of them was computed, and has not been rounded
# Relative: so far a computed number may be off if numbers with four digits were typed on the way.
FROM_TYPED = 2e-3


@dataclass(frozen=True)
class Answer:
    """The answer to one part: a value for each case at which the question is asked."""

    part: Part
    cases: Sequence[Case]
    values: Sequence[Any]  # float64 arrays, or as helpers.asking.record.decode gives them

    @cached_property
    def quantity(self) -> str:
        """The name of the part in an SGDStep."""
        return self.part.quantity or self.part.name

    @cached_property
    def expected(self) -> list[Any]:
        """What is right, a float64 array or a str for each case."""
        return [case.expected[self.part.name] for case in self.cases]

    @cached_property
    def given(self) -> list[Any]:
        """What the part started from, None where it started from nothing."""
        return [case.given.get(self.part.name) for case in self.cases]

    @property
    def is_formula(self) -> bool:
        """Whether it is of symbols: then its values are no numbers that the student has."""
        return all(case.collect_answers is values_at for case in self.cases)

    @property
    def is_computed(self) -> bool:
        """Whether it is of numbers by hand that have all their digits, as Python gives them."""
        return self.part.tolerance.by_hand and any(
            not np.array_equal(np.round(value, TYPED), value) for value in self.values
        )

    @property
    def decimals(self) -> int:
        """With how many decimals it is given, TYPED at most: those of the number with the most."""
        return decimals_of(np.concatenate([np.ravel(value) for value in self.values]))

    def fits_to_its_digits(self, values: Sequence[np.ndarray], exactly: bool = False) -> bool:
        """Whether the answer is `values` to the digits that it is given with.

        A unit of the last decimal is left for rounding on the way, none if it has all its digits;
        and FROM_TYPED of the number for others that were typed on the way, unless `exactly`.
        """
        if self.equals(values):
            return True
        if exactly and self.is_computed:
            return False
        unit = 0.0 if self.is_computed else 1.5 * 10.0**-self.decimals
        typed = 0.0 if exactly else FROM_TYPED
        given = [None if self.quantity == "E_new" else g for g in self.given]
        return all(
            own.shape == np.shape(v)
            and bool(np.all(np.abs(own - v) <= unit + typed * np.abs(v - (0 if g is None else g))))
            for own, v, g in zip(self.values, values, given, strict=True)
        )

    @property
    def digits(self) -> float:
        """How many significant digits it has together, counted from what was given."""
        unit = 10.0**-self.decimals
        found = 0.0
        for value, given in zip(self.values, self.given, strict=True):
            change = np.abs(value - (0.0 if given is None else np.asarray(given))) / unit
            found += float(np.floor(np.log10(np.maximum(change, 0.1)) + 1 + 1e-9).sum())
        return found

    def accepted(self, number: int, value: np.ndarray) -> np.ndarray:
        """Which elements of the answer in a case, by its number, agree with `value`."""
        return self.part.tolerance.accepts(self.values[number], value, self.given[number])

    def matches(self, values: Sequence[np.ndarray]) -> list[bool]:
        """Whether the answer agrees with `values`, one array a case: a bool for each case."""
        return list(self._matches(values))

    def _matches(self, values: Sequence[np.ndarray]) -> Iterator[bool]:
        for number, (answer, value) in enumerate(zip(self.values, values, strict=True)):
            yield value.shape == answer.shape and bool(self.accepted(number, value).all())

    def agrees(self, values: Sequence[np.ndarray]) -> bool:
        """Whether the answer agrees with `values`, one array a case, in every case."""
        return all(self._matches(values))  # most stop at the first

    def is_itself(self, values: Sequence[np.ndarray]) -> bool:
        """Whether the answer agrees with `values` by their own size, not by what has changed."""
        accepts = self.part.tolerance.accepts
        return all(bool(accepts(own, v).all()) for own, v in zip(self.values, values, strict=True))

    @property
    def shape_of_values(self) -> list[tuple[int, ...]]:
        """The shape of the answer in each case."""
        return [np.shape(value) for value in self.values]

    def equals(self, values: Sequence[np.ndarray]) -> bool:
        """Whether the answer is `values` but for the last bits, whatever the tolerance."""
        return all(
            own.shape == np.shape(v) and np.allclose(own, v, rtol=1e-9, atol=1e-12)
            for own, v in zip(self.values, values, strict=True)
        )

    def with_values(self, values: Sequence[Any]) -> "Answer":
        """The Answer that has other values, one for each case."""
        return replace(self, values=values)

    def in_expected_shape(self) -> "Answer":
        """Each array in the shape of the right one; None where its shape is wrong."""
        return self.with_values(
            [reshape_to(a, e, self.part) for a, e in zip(self.values, self.expected, strict=True)]
        )


def decimals_of(numbers: np.ndarray) -> int:
    """The decimals of the number that has the most, TYPED at most."""
    return next((d for d in range(TYPED) if np.array_equal(np.round(numbers, d), numbers)), TYPED)


def reshape_to(answer: np.ndarray, expected: np.ndarray, part: Part) -> np.ndarray | None:
    """`answer` in the shape of `expected`, or None if its shape is wrong.

    By hand, dimensions of length 1 do not matter. In code they do, but a single number may come as
    an array of one, and a vector as one row, as `keepdims` leaves it.
    """

    def essential(shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(n for n in shape if n != 1)

    if answer.shape == expected.shape:
        return answer
    one_row = expected.ndim == 1 and answer.shape == (1, *expected.shape)
    loose = part.tolerance.by_hand or expected.size == 1 or one_row
    if loose and essential(answer.shape) == essential(expected.shape):
        return answer.reshape(expected.shape)
    return None
