"""Draw other numbers for the step by hand that have all properties of the course's own.

What makes a draw suit depends on helpers.marking.misconceptions too, since recognised mistakes have
to give different numbers: a mistake that is added during a course may give some students new ones.
"""

import hmac
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from helpers.marking.misconceptions.of_a_step import Value, wrong_values
from helpers.marking.questions.model import BY_HAND, Question
from helpers.marking.questions.problem_2_pen_and_paper import questions_with
from helpers.personal.likely import all_near, may_suit
from helpers.personal.problem_data import DEFAULT_PROBLEM, ProblemData
from helpers.sgd_step import SGDStep

# With ReLU at an output whose z is negative both give 0, and a check names both. Keeping them apart
# would let three of four suitable draws go.
BOTH_0 = {"hidden_activation_at_output", "decimals_cut_off"}
# Where one of these gives the number of another mistake, a check asks about both: they came after
# the numbers that students have.
MAY_BE_MIXED_UP = {
    *("sign_of_a_product", "square_in_the_wrong_place", "error_forgotten", "loss_as_a_factor"),
    *("slope_of_other_numbers", "slope_without_brackets", "weight_of_another_layer"),
}
MAX_DRAWS = 200_000
AT_ONCE = 500  # draws; half of the students need fewer than five times as many

# One decimal, but for the target, as in the course's numbers. 1 is left out, since a factor of 1
# hides whether it was used. An input above 1.5 would enlarge rounding too much (see BY_HAND). With
# a learning rate of ½, a step without it is a step of twice the length. Many targets: with the
# same one, much of a copied page would rightly follow from its own values.
SIZES = tuple(size for size in range(20, 160, 10) if size != 100)
BIASES = (10, 20, 30, 40, 50)
TARGETS = (*range(5, 26), *range(75, 96))
RATES = (60, 70, 80, 90)


def draw(secret: str, identifier: str) -> ProblemData:
    """The first ProblemData that suit, of those that follow from two texts. Raises ValueError."""
    for first in range(0, MAX_DRAWS, AT_ONCE):
        attempts = range(first, min(first + AT_ONCE, MAX_DRAWS))
        for numbers in may_suit([candidate(secret, identifier, attempt) for attempt in attempts]):
            if _tells_apart(numbers):
                return numbers
    raise ValueError(f"student: no numbers were found for {identifier!r}.")


def candidate(secret: str, identifier: str, attempt: int) -> ProblemData:
    """Numbers from an HMAC: no library's random numbers, which may change with its version."""
    message = f"{attempt} {identifier}".encode("utf-8", "replace")
    rest = int.from_bytes(hmac.digest(secret.encode("utf-8", "replace"), message, "sha512"), "big")

    def one_of(choices: Sequence[int]) -> int:
        nonlocal rest
        rest, index = divmod(rest, len(choices))
        return choices[index]

    def several(count: int, sizes: Sequence[int]) -> list[int]:
        """`count` different ones of `sizes`."""
        left = list(sizes)
        chosen: list[int] = []
        for _ in range(count):
            chosen.append(one_of(left))
            left.remove(chosen[-1])
        return chosen

    def signed(sizes: Sequence[int]) -> list[int]:
        return [size * one_of((1, -1)) for size in sizes]

    w_11, w_12, w_21, w_22, w_o1, w_o2 = signed(several(6, SIZES))
    b_1, b_2, b_o = signed(several(3, BIASES))
    x_1, x_2 = several(2, SIZES)
    return ProblemData(
        x=(x_1, x_2),
        t=one_of(TARGETS),
        eta=one_of(RATES),
        W_h=((w_11, w_12), (w_21, w_22)),
        b_h=(b_1, b_2),
        W_o=(w_o1, w_o2),
        b_o=b_o,
    )


def suits(numbers: ProblemData) -> bool:
    """Whether `numbers` have all properties of the course's own."""
    return bool(may_suit([numbers])) and _tells_apart(numbers)


def _tells_apart(numbers: ProblemData) -> bool:
    """Whether mistakes, and too few decimals, give numbers of their own."""
    return _mistakes_are_clear(numbers) and _two_decimals_are_too_few(numbers.step("sigmoid"))


def mixed_up(question: Question) -> Iterator[tuple[str, str, str]]:
    """Yield (part, name, name) where two mistakes, or one and what is "right", give one number."""
    for part in question.parts:
        yield from _mixed_up_in(question, part.name)


def _mixed_up_in(question: Question, part: str) -> Iterator[tuple[str, str, str]]:
    for case in question.cases_from(0):
        if part not in case.mistakes:
            continue
        values = [("right", case.expected[part]), *case.mistakes[part]]
        for first, second in _alike(values, case.given.get(part)):
            unclear = {first, second} & MAY_BE_MIXED_UP and first != "right"
            if first != second and {first, second} != BOTH_0 and not unclear:
                yield part, first, second


def _alike(
    values: Sequence[tuple[str, Value | str]], given: Value | None
) -> Iterator[tuple[str, str]]:
    """The names of each two values for which `all_near` holds, all compared at once."""
    by_shape: dict[tuple[int, ...], list[tuple[str, np.ndarray]]] = {}
    for name, value in values:
        assert not isinstance(value, str)  # words have no mistakes
        by_shape.setdefault(np.shape(value), []).append((name, np.asarray(value)))
    for of_one_shape in by_shape.values():
        if len(of_one_shape) == 1:
            continue
        names = [name for name, _ in of_one_shape]
        each = np.stack([value for _, value in of_one_shape])
        off = np.abs(each - each[:, np.newaxis]).reshape(len(names), len(names), -1)
        allowed = 2 * BY_HAND.allowed(each, given).reshape(len(names), 1, -1)
        for one, other in zip(*np.nonzero(np.all(off <= allowed, axis=-1))):
            if one < other:
                yield names[one], names[other]


@cache
def _mixed_up_in_the_course() -> dict[str, set[tuple[str, str, str]]]:
    """The few mistakes that the course's own numbers cannot tell apart, by question id."""
    return {question.id: set(mixed_up(question)) for question in questions_with(DEFAULT_PROBLEM)}


def _mistakes_are_clear(numbers: ProblemData) -> bool:
    """Whether no other mistakes are mixed up than with the course's own numbers."""
    known = _mixed_up_in_the_course()
    parts = [
        (question, part.name) for question in questions_with(numbers) for part in question.parts
    ]
    # What fails most often, and is had most quickly, comes first.
    parts.sort(key=lambda of: (of[1] != "E_new", of[1] != "b_o_new", not of[1].endswith("_new")))
    return all(
        found in known[question.id]
        for question, part in parts
        for found in _mixed_up_in(question, part)
    )


def _two_decimals_are_too_few(step: SGDStep) -> bool:
    """Whether the hidden weights' gradient, rounded to two decimals, is like no known value."""
    rounded = np.round(step["dW_h"], 2)
    values = [step["dW_h"], *(value for _, value in wrong_values(step, "dW_h"))]
    return bool(np.all(rounded != 0)) and not any(all_near(value, rounded) for value in values)
