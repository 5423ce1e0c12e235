"""Right values at the places of others: a trace, say, that is returned in another order."""

from collections.abc import Sequence

import numpy as np

from helpers.marking.answer import Answer


def values_of_others(answers: Sequence[Answer]) -> dict[str, str]:
    """The names of parts that have each other's right values: whose they are, by part.

    Of functions alone, which return many values at once. A value that another part has as well, or
    that is missing elsewhere, is left out: it has come there in another way.
    """
    wrong = [answer for answer in answers if _may_have_moved(answer)]
    found = {
        answer.part.name: other.part.name
        for answer in wrong
        for other in wrong
        if other is not answer and other.with_values(answer.values).agrees(other.expected)
    }
    return {name: found[name] for name in found if _comes_back_to(name, found)}


def _may_have_moved(answer: Answer) -> bool:
    arrays = all(isinstance(value, np.ndarray) for value in (*answer.values, *answer.expected))
    by_itself = answer.part.tolerance.by_hand or answer.part.layer is not None
    return arrays and not by_itself and not answer.agrees(answer.expected)


def _comes_back_to(name: str, whose: dict[str, str]) -> bool:
    """Whether the places that values have been taken from lead back to the first."""
    at = whose[name]
    for _ in whose:
        if at == name:
            return True
        if at not in whose:
            return False
        at = whose[at]
    return False


def in_words(name: str, whose: str) -> str:
    """What is said of a part that has the values of another one."""
    return (
        f"These are the values of {whose}, at the place of {name}. In which order, or under which "
        "names, does your function return them?"
    )


def shapes_of_others(answers: Sequence[Answer]) -> dict[str, list[str]]:
    """The names of parts whose arrays have the shapes of others: of which, by part.

    Only where all arrays together have the shapes that are asked for, in another order.
    """
    every = [value for answer in answers for value in (*answer.values, *answer.expected)]
    if not all(isinstance(value, np.ndarray) for value in every):
        return {}
    if any(answer.part.tolerance.by_hand for answer in answers):
        return {}
    wanted = {answer.part.name: [np.shape(v) for v in answer.expected] for answer in answers}
    cases = range(len(answers[0].cases))
    for number in cases:
        came = sorted(answer.shape_of_values[number] for answer in answers)
        if came != sorted(shapes[number] for shapes in wanted.values()):
            return {}
    return {
        answer.part.name: [n for n in wanted if wanted[n] == answer.shape_of_values]
        for answer in answers
        if answer.shape_of_values != wanted[answer.part.name]
        and answer.shape_of_values in wanted.values()
    }


def of_a_shape_in_words(name: str, others: Sequence[str]) -> str:
    """What is said of a part that has the shape of other parts."""
    return (
        f"This has the shape of {' or '.join(others)}, at the place of {name}. In which order, or "
        "under which names, does your function return them?"
    )
