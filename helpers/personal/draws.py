"""Draw other numbers for the step by hand that have all properties of the course's own.

What makes a draw suit depends on helpers.marking.misconceptions too, since recognised mistakes have
to give different numbers: a mistake that is added during a course may give some students new ones.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, permutations

import numpy as np

from helpers.course import HIDDEN
from helpers.marking.misconceptions.of_a_step import Value, wrong_values
from helpers.marking.questions.model import BY_HAND, Question
from helpers.marking.questions.problem_2_pen_and_paper import (
    BACKWARD,
    FORWARD,
    UPDATE,
    losses_of_other_activations,
    questions_with,
)
from helpers.personal.problem_data import DEFAULT_PROBLEM, ProblemData
from helpers.sgd_step import PARAMETERS, SGDStep

# With ReLU at an output whose z is negative both give 0, and a check names both. Keeping them apart
# would let three of four suitable draws go.
BOTH_0 = {"hidden_activation_at_output", "decimals_cut_off"}
MAX_DRAWS = 200_000

# One decimal, but for the target, as in the course's numbers. 1 is left out, since a factor of 1
# hides whether it was used. An input above 1.5 would enlarge rounding too much (see BY_HAND). With
# a learning rate of ½, a step without it is a step of twice the length. Many targets: with the
# same one, much of a copied page would rightly follow from its own values.
SIZES = tuple(size for size in range(20, 160, 10) if size != 100)
BIASES = (10, 20, 30, 40, 50)
TARGETS = (*range(5, 26), *range(75, 96))
RATES = (60, 70, 80, 90)

NEAR_0, SATURATED = 0.05, 2.0  # weighted inputs lie between, in size
LOSS_FALLS = 0.98  # at least to this share of it
LONGER = 1.1  # so many times as long as the second is the longest of the three steps


def draw(secret: str, identifier: str) -> ProblemData:
    """The first ProblemData that suit, of those that follow from two texts. Raises ValueError."""
    for attempt in range(MAX_DRAWS):
        numbers = candidate(secret, identifier, attempt)
        if suits(numbers):
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
    """Whether `numbers` have all properties of the course's own. The quick ones come first."""
    if not _weighted_inputs_fit(numbers):
        return False
    steps = {hidden: numbers.step(hidden) for hidden in HIDDEN}
    if any(map(_is_undecided, steps.values())):
        return False
    return (
        # This fails most often, and needs the gradients of one step before those of the next.
        not any(map(_half_a_step_would_pass, steps.values()))
        and _one_is_longest(steps)
        and _stays_on(steps["relu"])
        and not any(map(_another_activation_would_pass, steps.values()))
        and _sections_differ(steps)
        and _two_decimals_are_too_few(steps["sigmoid"])
        and _mistakes_are_clear(numbers)
        and all(map(_learns, steps.values()))
    )


def _weighted_inputs_fit(numbers: ProblemData) -> bool:
    """Of the hidden units one is on and one off, neither near 0, saturated or a given number."""
    one, two = numbers.z_h()
    given = {10_000}
    for value in (numbers.x, numbers.t, *numbers.W_h, numbers.b_h, numbers.W_o, numbers.b_o):
        given |= {100 * abs(size) for size in np.ravel(value).tolist()}
    return one * two < 0 and all(
        10_000 * NEAR_0 <= abs(z) < 10_000 * SATURATED and abs(z) not in given for z in (one, two)
    )


def _learns(step: SGDStep) -> bool:
    """Whether the loss falls."""
    return bool(step["E_new"] < LOSS_FALLS * step["E"])


def _is_undecided(step: SGDStep) -> bool:
    """Whether the output unit is saturated, or near the middle."""
    z_o = step.net.forward(step.x).z[-1].item()  # the forward pass alone, which is quick
    return not NEAR_0 < abs(z_o) < SATURATED


def _one_is_longest(steps: Mapping[str, SGDStep]) -> bool:
    *_, second, longest = sorted(step_length(step) for step in steps.values())
    return longest > LONGER * second


def step_length(step: SGDStep) -> float:
    """The root of the sum of the squared changes of all weights and biases."""
    changes = [change.ravel() for change in step.changes().values()]
    return float(np.linalg.norm(np.concatenate(changes)))


def _stays_on(step: SGDStep) -> bool:
    """Whether the ReLU unit that is on is still on after the step."""
    z_h = step.x @ step["W_h_new"] + step["b_h_new"]
    return bool(z_h.max() > NEAR_0)


def _half_a_step_would_pass(step: SGDStep) -> bool:
    """Whether the loss is nearly the same if one or two of W_h, b_h, W_o, b_o stay."""
    q = step.following()  # link by link, which is quicker than the gradients of the whole network
    new = {name: q[f"{name}_new"] for name in PARAMETERS}
    expected = np.asarray(step.loss_with(new))
    likely_first = ("b_h", "W_h", "W_o", "b_o")
    for kept in (*combinations(likely_first, 1), *combinations(likely_first, 2)):
        if near(expected, step.loss_with({**new, **{name: q[name] for name in kept}}), q["E"]):
            return True
    return False


def _another_activation_would_pass(step: SGDStep) -> bool:
    """Whether the loss after the step is nearly that of a run forward with another activation."""
    others = losses_of_other_activations(step)
    return any(near(step["E_new"], other, step["E"]) for other in others)


def near(expected: Value, other: Value, given: Value | None = None) -> bool:
    """Whether two values are within twice what is tolerated by hand, so that one number fits both.

    given: see Tolerance.allowed.
    """
    expected, other = np.asarray(expected), np.asarray(other)
    if expected.shape != other.shape:
        return False
    return bool(np.all(np.abs(expected - other) <= 2 * BY_HAND.allowed(expected, given)))


def mixed_up(question: Question) -> Iterator[tuple[str, str, str]]:
    """Yield (part, name, name) where two mistakes, or one and what is "right", give one number."""
    for case in question.cases_from(0):
        for part in question.parts:
            if part.name not in case.mistakes:
                continue
            values = [("right", case.expected[part.name]), *case.mistakes[part.name]]
            for first, second in _alike(values, case.given.get(part.name)):
                if first != second and {first, second} != BOTH_0:
                    yield part.name, first, second


def _alike(
    values: Sequence[tuple[str, Value | str]], given: Value | None
) -> Iterator[tuple[str, str]]:
    """The names of each two values for which `near` holds, all compared at once."""
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
    # What fails most often, and is had most quickly, comes first.
    questions = sorted(questions_with(numbers), key=lambda q: not q.id.endswith("update"))
    return all(found in known[q.id] for q in questions for found in mixed_up(q))


def _sections_differ(steps: Mapping[str, SGDStep]) -> bool:
    """Whether no result is like the same one with another hidden activation."""
    return not any(
        near(one[name], other[name], one[name.removesuffix("_new")] if "_new" in name else None)
        for one, other in permutations(steps.values(), 2)
        for name in (*FORWARD, *BACKWARD, *UPDATE)
        if name != "z_h"
    )


def _two_decimals_are_too_few(step: SGDStep) -> bool:
    """Whether the hidden weights' gradient, rounded to two decimals, is like no known value."""
    rounded = np.round(step["dW_h"], 2)
    values = [step["dW_h"], *(value for _, value in wrong_values(step, "dW_h"))]
    return bool(np.all(rounded != 0)) and not any(near(value, rounded) for value in values)
