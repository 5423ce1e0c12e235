"""Which of the catalogue's mistakes explain a wrong answer: one, two at once, or one of several."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from helpers.marking.misconceptions import AND, CATALOGUE, OR, hint

STEP_ALONE = "step_instead_of_weight"  # whose values are not counted from the old weight
MAX_TOLD = 2  # of explanations that are less likely: more of them explain nothing


@dataclass(frozen=True)
class Explanation:
    """Mistakes by name that together give `values`, one array a case."""

    names: tuple
    values: list


def match_misconception(part, cases, agrees, alone=False):
    """The mistakes that explain the answers to `part`: their names and a hint; "" and "" if none.

    agrees: whether the answers agree with given values, a function of a list with one array a case.
    Two mistakes at once are tried when no single one fits, unless `alone`. Mistakes that give the
    same values here are all named, since the numbers cannot tell which of them it was.
    """
    single = list(explanations(part, cases))
    fitting = _fitting(single, agrees)
    if not fitting and not alone:
        fitting = _few(_fitting(two_at_once(part, cases, single), agrees))
    return OR.join(map(AND.join, fitting)), _hint(fitting)


def match_misconception_in_part(part, cases, agrees):
    """As `recognised`; `agrees` compares those numbers that are not right. They are few, so of two
    mistakes at once only plain factors are looked for.
    """
    single = list(explanations(part, cases))
    factors = [e for e in single if e.names[0] in _plain_factors(part, cases, single)]
    fitting = _few(_fitting(single, agrees)) or _few(
        _fitting(two_at_once(part, cases, factors), agrees)
    )
    return OR.join(map(AND.join, fitting)), _hint(fitting)


def _few(fitting):
    return fitting if len(fitting) <= MAX_TOLD else []


def _fitting(explanations, agrees):
    """The names of those explanations that agree with the answers, each set of names once."""
    found = {}
    for explanation in explanations:
        if agrees(explanation.values):
            found.setdefault(frozenset(explanation.names), explanation.names)
    return list(found.values())


def explanations(part, cases):
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


def two_at_once(part, cases, single):
    """The Explanations of `part` by two of the mistakes `single`, one of which is a plain factor.

    A sign, a 2 or the number of points goes along with any other mistake.
    """
    right = _right(part, cases)
    factors = _plain_factors(part, cases, single)
    for name, by_case in factors.items():
        for other in single:
            if other.names == (name,) or (other.names[0] in factors and other.names[0] < name):
                continue
            if any(v.shape != r.shape for v, r in zip(other.values, right, strict=True)):
                continue
            if other.names == (STEP_ALONE,):
                values = [factor * value for factor, value in zip(by_case, other.values)]
            else:
                values = _scaled(part, cases, by_case, other.values)
            if not _accepted(part, cases, values, right):
                yield Explanation((*other.names, name), values)


def match_misconception_after_error(part, cases, following, agrees):
    """As `recognised`, for an answer that builds on wrong earlier values.

    following: what would rightly follow from them, one array a case. Signs, plain factors and
    exchanged rows and columns are looked for.
    """
    single = list(explanations(part, cases))
    found = [
        Explanation((name,), _scaled(part, cases, by_case, following))
        for name, by_case in _plain_factors(part, cases, single).items()
    ]
    if any(explanation.names == ("transposed",) for explanation in single):
        found.append(Explanation(("transposed",), [value.T for value in following]))
    fitting = _fitting(found, agrees)
    return OR.join(map(AND.join, fitting)), _hint(fitting)


def _right(part, cases):
    return [np.asarray(case.expected[part.name]) for case in cases]


def _given(part, cases):
    return [np.asarray(case.given.get(part.name, 0.0)) for case in cases]


def _plain_factors(part, cases, single):
    """The mistakes among `single` that are plain factors: {name: the factor in each case}."""
    factors = {}
    for explanation in single:
        (name,) = explanation.names
        if CATALOGUE[name].as_second and name not in factors:
            right, given = _right(part, cases), _given(part, cases)
            found = list(map(_factor, explanation.values, right, given))
            if None not in found:
                factors[name] = found
    return factors


def _scaled(part, cases, by_case, values):
    """`values`, counted from what is given, times a factor in each case."""
    return [
        start + factor * (value - start)
        for start, factor, value in zip(_given(part, cases), by_case, values, strict=True)
    ]


def _factor(value, right, given):
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


def _accepted(part, cases, values, right):
    """Whether `values` would pass: two mistakes that undo each other."""
    return all(
        np.all(part.tolerance.accepts(value, expected, case.given.get(part.name)))
        for value, expected, case in zip(values, right, cases, strict=True)
    )


def ambiguous(part, cases):
    """Pairs of names, mistakes of `part` that the tolerance cannot tell apart; "" is no mistake."""
    right = Explanation(("",), _right(part, cases))
    for one, other in combinations([right, *explanations(part, cases)], 2):
        same_shape = all(a.shape == b.shape for a, b in zip(one.values, other.values))
        if one.names != other.names and same_shape:
            if _accepted(part, cases, other.values, one.values):
                yield (*one.names, *other.names)


def _hint(explanations):
    sentences = [_hint_of(names) for names in explanations]
    if len(sentences) < 2:
        return "".join(sentences)
    return f"More than one mistake gives this. Is it this? {' Or this? '.join(sentences)}"


def _hint_of(names):
    if len(names) == 1:
        return hint(names[0])
    both = " ".join(CATALOGUE[name].as_second or hint(name) for name in names)
    return f"Two mistakes at once. {both}"
