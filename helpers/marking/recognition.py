"""Which of the catalogue's mistakes explain a wrong answer: one, two at once, or one of several."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from helpers.marking.answer import TYPED, Answer
from helpers.marking.misconceptions import CATALOGUE, hint
from helpers.marking.questions.model import Case, Part
from helpers.marking.verdict import Misconceptions

STEP_ALONE = "step_instead_of_weight"  # whose values are not counted from the old weight
# Not made with some of the numbers of an answer alone.
OF_ALL_NUMBERS = {
    *("nothing_arrives", "decimals_cut_off"),
    *("of_another_section", "started_from_moved_weights"),
}
MAX_TOLD = 2  # of explanations that are less likely: more of them explain nothing

Values = Sequence[np.ndarray]  # one array for each case
Agrees = Callable[[Values], bool]  # whether an answer agrees with given values


@dataclass(frozen=True)
class Explanation:
    """Mistakes by name that together give certain values."""

    names: tuple[str, ...]
    values: Values


def match_misconception(answer: Answer, rounded: bool = False) -> Misconceptions:
    """The mistakes that explain a wrong answer, () if none do.

    Two mistakes at once are tried when no single one fits. Mistakes that give the same values here
    are all named, since the numbers cannot tell which of them it was. rounded: whether the answer
    is the right one with few digits; then only a single mistake that gives exactly these digits
    explains it, since to so few digits others fit no better than what is right.
    """
    if rounded:
        return _fitting(explanations(answer.part, answer.cases), answer.equals, answer)
    return _match(answer, answer.agrees)


def _match(answer: Answer, agrees: Agrees) -> Misconceptions:
    single = list(explanations(answer.part, answer.cases))
    fitting = _fitting(single, agrees, answer)
    if answer.part.tolerance.by_hand:
        fitting = _to_their_digits(answer, single, fitting)
    if fitting:
        return fitting
    pairs = list(two_at_once(answer.part, answer.cases, single))
    found = _fitting(pairs, agrees, answer)
    if found and answer.part.tolerance.by_hand:
        found = _to_their_digits(answer, pairs, found, exactly=True) if _tells(answer) else ()
    return _few(found)


ENOUGH, ENOUGH_TOGETHER = 4, 6  # significant digits, of a number and of several
ENOUGH_FOR_ONE = 3  # of a number that one mistake gives from the student's own values
EXACT_NUMBERS = 1e-9  # relative: the tolerance of counts


def _tells(answer: Answer) -> bool:
    """Whether an answer has digits enough to show two mistakes at once: fewer fit by chance."""
    several = sum(map(np.size, answer.values)) > 1
    if answer.part.tolerance.relative <= EXACT_NUMBERS or answer.is_computed:
        return True
    return answer.digits >= (ENOUGH_TOGETHER if several else ENOUGH)


def _to_their_digits(
    answer: Answer,
    explanations: Iterable[Explanation],
    fitting: Misconceptions,
    exactly: bool = False,
) -> Misconceptions:
    """Those that are `fitting`, if they give the answer to the digits that it has.

    Of a number with all its digits, those that give all of them, if any do. exactly: whether
    numbers that were typed on the way explain nothing.
    """
    if not fitting:
        return ()
    names = {frozenset(one) for one in fitting}
    chosen = [e for e in explanations if frozenset(e.names) in names]
    if not all(
        np.shape(v) == np.shape(own) for e in chosen for v, own in zip(e.values, answer.values)
    ):
        return fitting
    if answer.is_computed:
        exact = _fitting(chosen, answer.equals)
        if exact or exactly:
            return exact
    return _fitting(chosen, lambda values: answer.fits_to_its_digits(values, exactly))


def match_own_slip(
    answer: Answer, own: Iterable[tuple[str, Values]], following: Iterable[Values]
) -> Misconceptions:
    """The single mistakes that give an answer by hand from the student's own earlier values.

    own: names of mistakes, and what they give from these values. following: what rightly follows
    from them; a mistake that gives the same is none. () if more of them fit than can be told.
    """
    right = list(following)
    computed = answer.is_computed

    def other(values: Values) -> bool:
        """Whether values are others than what follows, as far as the answer's digits tell."""
        as_typed = answer.with_values(values)
        if computed:
            return not any(map(as_typed.equals, right))
        return not any(map(as_typed.agrees, right))

    found = [
        Explanation((name,), values)
        for name, values in own
        if [np.shape(v) for v in values] == answer.shape_of_values
        and answer.fits_to_its_digits(values, exactly=True)
        and other(values)
    ]
    few = answer.decimals < ENOUGH_FOR_ONE or answer.digits < ENOUGH_FOR_ONE
    if any(not np.any(value) for value in answer.values) or (few and not computed):
        return ()
    return _few(_fitting(found, lambda values: True))


def match_misconception_in_part(answer: Answer) -> Misconceptions:
    """The mistakes that explain those numbers of an answer that are not right.

    They are few, so of two mistakes at once only plain factors are looked for, and by hand only in
    numbers with all their digits. Where all of them are 0, only a mistake that makes all numbers 0
    explains them, or a step alone, which is 0 where its gradient is: any other may be 0 there by
    chance, as a(1 - a) is where a is 1.
    """
    all_zero = not any(
        np.any(own[~answer.accepted(k, right)])
        for k, (own, right) in enumerate(zip(answer.values, answer.expected, strict=True))
    )

    part, cases = answer.part, answer.cases

    def agrees(values: Values, exactly: bool = False) -> bool:
        return all(
            value.shape == own.shape
            and bool(np.all(answer.accepted(k, value) | answer.accepted(k, right)))
            and (not _rearranged(value, right) or bool(answer.accepted(k, value).all()))
            for k, (own, value, right) in enumerate(
                zip(answer.values, values, answer.expected, strict=True)
            )
        ) and (not part.tolerance.by_hand or _fits_where_off(answer, values, exactly))

    single = [e for e in explanations(part, cases) if e.names[0] not in OF_ALL_NUMBERS]
    factors = [e for e in single if e.names[0] in _plain_factors(part, cases, single)]
    likely = single
    if all_zero:
        likely = [e for e in single if e.names == (STEP_ALONE,) or not any(map(np.any, e.values))]
    alone = _few(_fitting(likely, agrees))
    # So few numbers fit two mistakes by chance, if by hand they are rounded.
    if alone or all_zero or (part.tolerance.by_hand and not answer.is_computed):
        return alone
    pairs = two_at_once(part, cases, factors)
    return _few(_fitting(pairs, lambda values: agrees(values, exactly=True)))


def _fits_where_off(answer: Answer, values: Values, exactly: bool = False) -> bool:
    """Whether values are an answer's to the digits that it has, in the numbers that are off."""
    mixed = [
        np.where(answer.accepted(k, right), own, value)
        for k, (own, value, right) in enumerate(
            zip(answer.values, values, answer.expected, strict=True)
        )
    ]
    return answer.fits_to_its_digits(mixed, exactly)


def _rearranged(value: np.ndarray, right: np.ndarray) -> bool:
    """Whether a mistake gives the right numbers in another order: that cannot be done by halves."""
    others = not np.array_equal(value, right)
    return others and np.array_equal(np.sort(value, axis=None), np.sort(right, axis=None))


def match_misconception_after_error(answer: Answer, following: Values) -> Misconceptions:
    """The mistakes that explain an answer that builds on wrong earlier values.

    following: what would rightly follow from them. Signs, plain factors, exchanged rows and columns
    and exchanged variables are looked for.
    """
    single = list(explanations(answer.part, answer.cases))
    given = _given(answer.part, answer.cases)
    found = [
        Explanation((name,), _Scaled(given, by_case, following))
        for name, by_case in _plain_factors(answer.part, answer.cases, single).items()
    ]
    if any(explanation.names == ("transposed",) for explanation in single):
        found.append(Explanation(("transposed",), [value.T for value in following]))
    if any(explanation.names == ("order_of_variables",) for explanation in single):
        found.append(Explanation(("order_of_variables",), [value[::-1] for value in following]))
    return _fitting(found, answer.agrees)


def match_twin(answer: Answer) -> Misconceptions:
    """The mistakes that give an answer to its last digit, where the right value does not.

    () if there are none. So near are they to what is right that the tolerance by hand cannot tell
    them apart. Of a number that was rounded nothing is said, since an honest one may be the same.
    """
    if not answer.part.tolerance.by_hand or answer.equals(answer.expected):
        return ()
    if any(np.array_equal(np.round(value, TYPED), value) for value in answer.values):
        return ()
    return _fitting(explanations(answer.part, answer.cases), answer.equals)


# Answers of a wrong shape that say what went wrong, by name: what of the answer, and what of the
# right value, would agree.
WRONG_SHAPES: dict[str, tuple[Callable, Callable]] = {
    "transposed": (np.transpose, np.asarray),
    "points_left_apart": (
        lambda answer: answer.mean(axis=0) if answer.ndim else answer,
        np.asarray,
    ),
    "units_added": (np.asarray, np.sum),
    "rows_left_flat": (np.asarray, np.asarray),
}


def _in_a_row(mistake: str, value: np.ndarray, right: np.ndarray) -> bool:
    """Whether an answer is a number, or a matrix without its rows where that is the mistake."""
    one_row = value.ndim == 1 and mistake == "rows_left_flat"
    return value.size == right.size and (value.size == 1 or one_row)


def _one_for_each_point(answer: Answer) -> bool:
    """Whether an answer has the shape that it has where the points are left apart."""
    return all(
        value.shape == np.shape(apart)
        for value, case in zip(answer.values, answer.cases, strict=True)
        for name, apart in case.mistakes.get(answer.part.name, ())
        if name == "points_left_apart"
    )


def match_wrong_shape(answer: Answer) -> tuple[Misconceptions, str]:
    """The mistakes that explain an answer that has not the expected shape, and their hint.

    In each explanation the first is the one that gives the shape. () and "" if there is none.
    """
    expected = [np.asarray(value) for value in answer.expected]
    for mistake, (of_answer, of_value) in WRONG_SHAPES.items():
        # Not in every case: with a single point, say, there are no points to leave apart.
        if not any(mistake in dict(c.mistakes.get(answer.part.name, ())) for c in answer.cases):
            continue
        if mistake == "points_left_apart" and not _one_for_each_point(answer):
            continue
        reduced = answer.with_values(
            [
                value.reshape(right.shape) if _in_a_row(mistake, value, right) else value
                for value, right in zip(map(np.asarray, map(of_answer, answer.values)), expected)
            ]
        )

        def agrees(
            values: Values, reduced: Answer = reduced, of_value: Callable = of_value
        ) -> bool:
            fit = all(value.shape == right.shape for value, right in zip(values, expected))
            sought = [np.asarray(of_value(value)) for value in values]
            return fit and reduced.agrees(
                [
                    one.reshape(own.shape) if one.size == own.size == 1 else one
                    for one, own in zip(sought, reduced.values, strict=True)
                ]
            )

        if agrees(expected):
            return ((mistake,),), hint(mistake)
        further = _match(reduced, agrees)
        if further:
            both = tuple((mistake, *names) for names in further)
            return both, f"{hint(mistake)} {hint_for(further)}"
    found = _of_its_own_shape(answer)
    return found, hint_for(found)


def _of_its_own_shape(answer: Answer) -> Misconceptions:
    """The mistakes that give an answer as it is, of another shape than the expected one."""

    def agrees(values: Values) -> bool:
        # Where the tolerance counts from an old value, there is none of this shape.
        return answer.shape_of_values == [v.shape for v in values] and answer.is_itself(values)

    return _few(_fitting(explanations(answer.part, answer.cases), agrees))


def hint_for(misconceptions: Misconceptions) -> str:
    """What to say of an answer that these mistakes explain: "" of none, a question of several."""
    sentences = [_hint_for_one(names) for names in misconceptions]
    if len(sentences) < 2:
        return "".join(sentences)
    return f"More than one mistake gives this. Is it this? {' Or this? '.join(sentences)}"


def _hint_for_one(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return hint(names[0])
    both = " ".join(CATALOGUE[name].as_second or hint(name) for name in names)
    return f"Two mistakes at once. {both}"


def _few(fitting: Misconceptions) -> Misconceptions:
    return fitting if len(fitting) <= MAX_TOLD else ()


def _fitting(
    explanations: Iterable[Explanation], agrees: Agrees, answer: Answer | None = None
) -> Misconceptions:
    """The names of those explanations that agree with the answers, each set of names once."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for explanation in explanations:
        if not agrees(explanation.values):
            continue
        # A step alone is small beside the old weight, from which the tolerance is counted.
        by_itself = STEP_ALONE in explanation.names
        if answer is None or not by_itself or answer.is_itself(explanation.values):
            found.setdefault(frozenset(explanation.names), explanation.names)
    return tuple(found.values())


def explanations(part: Part, cases: Sequence[Case]) -> Iterator[Explanation]:
    """The Explanation of `part` by each single mistake that its cases list."""
    listed = [case.mistakes.get(part.name, ()) for case in cases]
    for name in {name: None for mistakes in listed for name, _ in mistakes}:
        # A mistake may give several values; the first of each case belong together, and so on.
        values = [[np.asarray(value) for n, value in mistakes if n == name] for mistakes in listed]
        for k in range(max(map(len, values))):
            chosen = [
                own[min(k, len(own) - 1)] if own else np.asarray(case.expected[part.name])
                for own, case in zip(values, cases, strict=True)
            ]
            yield Explanation((name,), chosen)


def two_at_once(
    part: Part, cases: Sequence[Case], single: Sequence[Explanation]
) -> Iterator[Explanation]:
    """The Explanations of `part` by two of the mistakes `single`, one of which is a plain factor.

    A sign, a 2 or the number of points goes along with any other mistake.
    """
    right, given = _right(part, cases), _given(part, cases)
    factors = _plain_factors(part, cases, single)
    for name, by_case in factors.items():
        for other in single:
            if other.names == (name,) or (other.names[0] in factors and other.names[0] < name):
                continue
            if any(v.shape != r.shape for v, r in zip(other.values, right, strict=True)):
                continue
            start = [np.zeros(())] * len(cases) if other.names == (STEP_ALONE,) else given
            values = _Scaled(start, by_case, other.values)
            # Two mistakes that undo each other explain nothing.
            if not Answer(part, cases, values).agrees(right):
                yield Explanation((*other.names, name), values)


def _right(part: Part, cases: Sequence[Case]) -> list[np.ndarray]:
    return [np.asarray(case.expected[part.name]) for case in cases]


def _given(part: Part, cases: Sequence[Case]) -> list[np.ndarray]:
    """What factors are counted from: the old weights, and 0 where what is asked for is a loss."""
    if (part.quantity or part.name) == "E_new":
        return [np.zeros(()) for _ in cases]
    return [np.asarray(case.given.get(part.name, 0.0)) for case in cases]


def _plain_factors(
    part: Part, cases: Sequence[Case], single: Iterable[Explanation]
) -> dict[str, list[float]]:
    """The mistakes among `single` that are plain factors: {name: the factor in each case}."""
    factors: dict[str, list[float]] = {}
    right, given = _right(part, cases), _given(part, cases)
    for explanation in single:
        (name,) = explanation.names
        if CATALOGUE[name].as_second and name not in factors:
            found = [f for f in map(_factor, explanation.values, right, given) if f is not None]
            if len(found) == len(cases):
                factors[name] = found
    return factors


class _Scaled(Sequence[np.ndarray]):
    """Values, counted from what is given, times a factor in each case.

    Each is computed when it is asked for: of most explanations the first case already says no.
    """

    def __init__(self, given: Values, by_case: Sequence[float], values: Values) -> None:
        self._given, self._by_case, self._values = given, by_case, values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, number: Any) -> Any:
        start = self._given[number]
        return start + self._by_case[number] * (self._values[number] - start)


def _factor(value: np.ndarray, right: np.ndarray, given: np.ndarray) -> float | None:
    """The number by which `value` is larger than `right`, both counted from `given`; else None."""
    if value.shape != right.shape:
        return None
    value, right = value - given, right - given
    largest = np.abs(right).max(initial=0)
    if not largest:
        return None
    factor = float(value.ravel()[np.abs(right).argmax()] / right.ravel()[np.abs(right).argmax()])
    same = np.allclose(value, factor * right, rtol=1e-9, atol=1e-12 * largest)
    return factor if same and factor else None


def ambiguous(part: Part, cases: Sequence[Case]) -> Iterator[tuple[str, str]]:
    """Pairs of names, mistakes of `part` that the tolerance cannot tell apart; "" is no mistake."""
    right = Explanation(("",), _right(part, cases))
    for one, other in combinations([right, *explanations(part, cases)], 2):
        if one.names != other.names and Answer(part, cases, other.values).agrees(one.values):
            yield one.names[0], other.names[0]
