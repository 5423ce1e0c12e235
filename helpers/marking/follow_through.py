"""Follow-through: does a later answer rightly follow from the student's own earlier ones?

A teacher who marks a page by hand takes marks off where a slip happens, and gives them for what is
done rightly with the wrong value afterwards. So does the marker. A value that would make the rest
trivial carries nothing over: then later answers are compared with what is right.
"""

from collections.abc import Collection, Sequence

import numpy as np

from helpers.marking.answer import Answer
from helpers.marking.questions.model import Case

HUGE = 1e4  # times the expected size: such a value saturates whatever comes after it
FEW = 4  # numbers: as many as a matrix by hand has
TINY = 1e-4  # of the expected size: as good as 0
IT_IS_0 = "it is 0, or nearly, where it should not be"
SAME = 1e-9  # so near are two numbers that were computed in one way
SATURATED = 1e-3  # of the largest: numbers that are expected to be so small may be 0 as well


class StudentValues:
    """A student's own values by quantity, case by case: those that later answers may build on."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        self.values: list[dict[str, np.ndarray]] = [{} for _ in cases]
        # The quantities that are not right, in the order in which they were answered, each with
        # the one that it is wrong by: itself or an earlier one.
        self.error_sources: dict[str, str] = {}
        self.not_carried: dict[str, str] = {}  # parts that carry nothing over, and why
        self.names: dict[str, str] = {}  # what the student calls each quantity
        # The quantities and values of these parts.
        self.refused: dict[str, tuple[str, Sequence[np.ndarray]]] = {}

    def at(self, cases: Sequence[Case]) -> "StudentValues":
        """The same values, which grow together, at the cases of another question."""
        other = StudentValues(cases)
        other.values, other.error_sources = self.values, self.error_sources
        other.not_carried, other.names = self.not_carried, self.names
        other.refused = self.refused
        return other

    def add(self, answer: Answer, error_source: str | None) -> None:
        """Take in an answer.

        error_source: the quantity by which it is wrong, its own or an earlier one; None if right.
        """
        if any(case.consequences is None for case in self.cases):
            return
        if error_source == answer.quantity:
            reason = self._why_degenerate(answer.values, answer.expected)
            some_0 = answer.part.some_may_be_0 and all(map(np.any, answer.values))
            if reason and not (reason == IT_IS_0 and some_0):
                self.not_carried[answer.part.name] = reason
                self.refused[answer.part.name] = answer.quantity, self._whole(answer)
                return
        self._set(answer.quantity, self._whole(answer))
        self.names[answer.quantity] = answer.part.name
        if error_source is not None:
            self.error_sources[answer.quantity] = error_source

    def add_used(
        self, quantity: str, values: Sequence[np.ndarray], right: Sequence[np.ndarray]
    ) -> None:
        """Take in wrong values of a quantity that is not asked for, one array a case."""
        if not self._why_degenerate(values, right):
            self._set(quantity, values)
            self.error_sources[quantity] = quantity

    def _set(self, quantity: str, values: Sequence[np.ndarray]) -> None:
        for own, value in zip(self.values, values, strict=True):
            own[quantity] = value

    def _whole(self, answer: Answer) -> Sequence[np.ndarray]:
        """An answer; one that is an element of a quantity stands among the right ones."""
        if answer.part.index is None:
            return answer.values
        found = []
        for case, value in zip(self.cases, answer.values, strict=True):
            assert case.consequences is not None
            whole = np.array(next(iter(case.consequences({})))[answer.quantity], dtype=float)
            whole[answer.part.index] = value
            found.append(whole)
        return found

    def follows_from_refused(self, answer: Answer) -> str:
        """The part that carries nothing over and from which an answer follows all the same.

        "" if there is none.
        """
        for name, (quantity, values) in self.refused.items():
            own = StudentValues(self.cases)
            own.values = [dict(known) for known in self.values]
            own.error_sources = {**self.error_sources, quantity: quantity}
            own._set(quantity, values)
            found = own.consequences(answer, degenerate=True)
            if any(map(answer.agrees, found)) and not any(
                np.allclose(v, e, rtol=1e-6) for v, e in zip(found[0], answer.expected)
            ):
                return name
        return ""

    def mistakes(self, answer: Answer) -> list[tuple[str, tuple[np.ndarray, ...]]]:
        """(name, one array a case) of mistakes in an answer, made with the student's own values.

        Only where there is a single case, as by hand, and without those that do not come by way of
        these values.
        """
        (case, *more) = self.cases
        if more or case.mistakes_after is None:
            return []
        own = {name: v for name, v in self.values[0].items() if name != answer.quantity}
        slips = {name: v for name, v in own.items() if self.is_error_source(name)}
        ways = [own, slips] if slips and len(slips) < len(own) else [own]
        with_right_values: dict[str, list[np.ndarray]] = {}
        for name, value in case.mistakes.get(answer.part.name, ()):
            with_right_values.setdefault(name, []).append(np.asarray(value))
        return [
            (name, (np.asarray(value),))
            for way in ways
            if way
            for name, value in case.mistakes_after(way, answer.part.name)
            if not any(
                v.shape == np.shape(value) and np.all(np.abs(v - value) <= SAME)
                for v in with_right_values.get(name, ())
            )
        ]

    def _why_degenerate(self, values: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> str:
        reasons = (
            why_degenerate(value, np.asarray(right), case.inputs, case.duplicate_rows)
            for value, right, case in zip(values, expected, self.cases, strict=True)
        )
        return next(filter(None, reasons), "")

    def consequences(
        self, answer: Answer, without: Collection[str] = (), degenerate: bool = False
    ) -> list[tuple[np.ndarray, ...]]:
        """What an answer may be, given the student's own values: each with one array a case.

        without: quantities for which the right value is taken instead. degenerate: whether what is
        degenerate is among them.
        """
        # From all that was written down, rounded as it may be, or from the slips alone. A right
        # value that does not follow from a slip shows that the student did not go on from it.
        others = {
            name
            for values in self.values
            for name in values
            if not self.is_error_source(name) and not self._is_right_against_a_slip(name)
        }
        found = self._consequences(answer, without, degenerate)
        return found + self._consequences(answer, {*without, *others}, degenerate)

    def _is_right_against_a_slip(self, quantity: str) -> bool:
        """Whether the student's value is right where a wrong one would follow from a slip."""
        if quantity not in self.right:
            return False
        for case, values in zip(self.cases, self.values, strict=True):
            slips = {name: v for name, v in values.items() if self.is_error_source(name)}
            if not slips or case.consequences is None:
                continue
            right = next(iter(case.consequences({})), {}).get(quantity)
            ways = [way[quantity] for way in case.consequences(slips) if quantity in way]
            if right is not None and ways:
                return not any(
                    np.shape(way) == np.shape(right) and np.allclose(way, right, rtol=SAME)
                    for way in ways
                )
        return False

    def has(self, quantity: str) -> bool:
        """Whether the student's own value of `quantity` is known."""
        return any(quantity in values for values in self.values)

    @property
    def right(self) -> set[str]:
        """The quantities whose own values are known and right."""
        return {name for name in self.names if name not in self.error_sources}

    def is_error_source(self, quantity: str) -> bool:
        """Whether the student's value of `quantity` is wrong by itself."""
        return self.error_sources.get(quantity) == quantity

    def _consequences(
        self, answer: Answer, without: Collection[str], degenerate: bool
    ) -> list[tuple[np.ndarray, ...]]:
        quantity = answer.quantity
        index = () if answer.part.index is None else answer.part.index
        by_case = []
        for case, values, right in zip(self.cases, self.values, answer.expected, strict=True):
            own = {name: v for name, v in values.items() if name not in {quantity, *without}}
            if case.consequences is None or not own:
                return []
            expected = np.asarray(right)
            found = [
                np.asarray(q[quantity])[index] for q in case.consequences(own) if quantity in q
            ]
            by_case.append(
                [
                    v
                    for v in found
                    if v.shape == expected.shape and (degenerate or not why_degenerate(v, expected))
                ]
            )
        return list(zip(*by_case))

    def error_source_behind(self, answer: Answer) -> str | None:
        """The first error without which an answer would not follow; None if it needs none."""
        for source in dict.fromkeys(self.error_sources.values()):
            wrong_by_it = [
                name for name, came_in in self.error_sources.items() if came_in == source
            ]
            if not any(map(answer.agrees, self.consequences(answer, without=wrong_by_it))):
                return source
        return None


def depends_on(answer: Answer, name: str) -> bool:
    """Whether another value of the quantity `name` would make another one right for an answer."""
    for case in answer.cases:
        if case.consequences is None:
            continue
        right = next(iter(case.consequences({})))
        if name not in right or answer.quantity not in right:
            continue
        other = {name: np.asarray(right[name]) * 1.5 + 0.1}
        if any(
            not np.allclose(found[answer.quantity], right[answer.quantity])
            for found in case.consequences(other)
        ):
            return True
    return False


def why_degenerate(
    value: np.ndarray,
    expected: np.ndarray,
    inputs: Sequence[np.ndarray] = (),
    duplicate_rows: Sequence[Sequence[int]] = (),
) -> str:
    """Why `value`, an array shaped like `expected`, carries nothing over; "" if it does.

    inputs: arrays that are given; to repeat one is no answer. duplicate_rows: places along the
    first axis, if there is one, and others at which the inputs are the same.
    """
    if not np.all(np.isfinite(value)):
        return "it is not finite"
    sizes = np.abs(expected)
    counts = sizes > SATURATED * sizes.max(initial=0)
    near_0 = counts & (np.abs(value) < TINY * sizes)
    # Of many numbers some may be 0 rightly: those of a ReLU unit that is off at a point.
    if near_0.mean() > (0.5 if value.size > FEW else 0) or np.all(near_0[counts]) and counts.any():
        return IT_IS_0
    if np.all(np.isin(np.abs(value), (0, 1))) and not np.all(np.isin(np.abs(expected), (0, 1))):
        if value.size == 1:
            return f"a {value.item():g} shows nothing of how it came about"
        return "it is nothing but 0 and 1"
    if np.abs(value).max(initial=0) > HUGE * max(1, np.abs(expected).max(initial=0)):
        return "it is far too large"
    if np.array_equal(value, expected):
        return ""
    if (
        duplicate_rows
        and value.ndim
        and not np.allclose(value[duplicate_rows[0]], value[duplicate_rows[1]], rtol=1e-9)
    ):
        return "it differs where its inputs are the same"
    for given in inputs:
        same_size = value.size == given.size and np.array_equal(value.ravel(), given.ravel())
        if same_size or (value.size == 1 and value.item() in given):
            return "it repeats a number that was given"
    return ""
