"""What a check's sentences claim, each tested on the numbers alone.

Written from the sentences, with NumPy, and without anything of helpers.marking.
"""

import re
from collections import Counter

import numpy as np

from helpers.asking.record import decode

ROOM = 0.02  # relative: what is said of numbers by hand is said within their tolerance
NEAR_0 = 3e-4


class Beside:
    """The numbers of one part beside the right ones, case by case, and what else is known."""

    def __init__(self, part, values, expected, given, right_parts, n_samples):
        self.part, self.right_parts, self.n_samples = part, right_parts, n_samples
        fits = [
            np.shape(v) == np.shape(e) or np.size(v) == np.size(e) for v, e in zip(values, expected)
        ]
        self.comparable = all(fits)
        self.pairs = [
            (np.reshape(v, np.shape(e)), np.asarray(e), g)
            for v, e, g in zip(values, expected, given)
            if np.size(v) == np.size(e)
        ]

    def everywhere(self, holds):
        """Whether `holds(answer, right)` in every case in which the answer is off."""
        return any(self._off) and all(
            holds(v, e) for (v, e, _), off in zip(self.pairs, self._off) if off
        )

    def somewhere(self, holds):
        return any(holds(v, e) for v, e, _ in self.pairs)

    @property
    def _off(self):
        return [not np.allclose(v, e, rtol=1e-7, atol=1e-9) for v, e, _ in self.pairs]

    def changes(self, holds):
        """As `everywhere`, of the changes from what was given."""
        return all(holds(v - g, e - g) for v, e, g in self.pairs if g is not None)


def close(one, other):
    size = max(1e-9, float(np.max(np.abs(other), initial=0)))
    return bool(np.all(np.abs(one - other) <= ROOM * size + NEAR_0))


def times(factor):
    return lambda beside: beside.everywhere(lambda v, e: close(v, factor * e))


def off_only(holds):
    """Of the numbers that are off alone."""

    def of(v, e):
        off = np.abs(v - e) > 1e-9
        return holds(v[off], e[off])

    return lambda beside: beside.somewhere(of)


def ratios_agree(v, e):
    return np.all(e) and np.ptp(v / e) <= 1e-3 * np.max(np.abs(v / e))


# What part of a sentence, and whether it is true.
SENTENCES = {
    r"\b(it is|they are) 0, and should not be": off_only(lambda v, e: not v.any() and e.any()),
    r"the right numbers in another order": off_only(
        lambda v, e: v.size > 1 and np.allclose(np.sort(v), np.sort(e), rtol=1e-4)
    ),
    r"^(?!.*Two mistakes).*the size is right, the sign is not": off_only(
        lambda v, e: np.allclose(v, -e, rtol=1e-3)
    ),
    r"the size is right, some signs are not": off_only(
        lambda v, e: np.allclose(np.abs(v), np.abs(e), rtol=1e-3)
    ),
    r"all signs are turned": off_only(lambda v, e: np.all(v * e < 0)),
    r"all are off by one and the same factor": off_only(ratios_agree),
    r"each is \S+ times": off_only(ratios_agree),
    r"it is (a little|far)? ?too large": off_only(lambda v, e: np.all(np.abs(v) > np.abs(e))),
    r"it is (a little|far)? ?too small": off_only(lambda v, e: np.all(np.abs(v) < np.abs(e))),
    r"only the number \S+.* is off": lambda beside: beside.somewhere(
        lambda v, e: np.sum(np.abs(v - e) > 1e-9) >= 1
    ),
    r"δ_o ✓": lambda beside: bool({"delta_o", "dW_o", "db_o"} & beside.right_parts),
    r"δ_h ✓": lambda beside: bool({"delta_h", "dW_h", "db_h"} & beside.right_parts),
    r"\ba_h ✓": lambda beside: bool({"a_h", "z_o", "a_o"} & beside.right_parts),
    r"z_h ✓": lambda beside: "z_h" in beside.right_parts,
    r"Your (\w+) is right": None,  # see `untrue`
}

# What the hint of a mistake claims, by the mistake's name, where numbers can tell.
MISTAKES = {
    "wrong_sign": times(-1),
    "sign_turned": times(-1),
    "difference_turned": times(-1),
    "factor_two": times(2),
    "factor_half": times(0.5),
    "half_forgotten": times(2),
    "bias_gradient_forgotten": lambda beside: beside.everywhere(lambda v, e: not v.any()),
    "bias_gradient_one": lambda beside: beside.everywhere(lambda v, e: np.all(v == 1)),
    "sum_over_batch": lambda beside: beside.n_samples and times(beside.n_samples)(beside),
    "delta_averaged": lambda beside: beside.n_samples and times(1 / beside.n_samples)(beside),
    "transposed": lambda beside: beside.everywhere(
        lambda v, e: v.size == e.size and close(np.sort(v.ravel()), np.sort(e.ravel()))
    ),
    "units_swapped": lambda beside: beside.everywhere(lambda v, e: close(v, e[..., ::-1])),
    "not_updated": lambda beside: beside.changes(lambda v, e: close(v, 0 * e)),
    "step_added": lambda beside: beside.changes(lambda v, e: close(v, -e)),
    "step_twice_as_long": lambda beside: beside.changes(lambda v, e: close(v, 2 * e)),
    "step_half_as_long": lambda beside: beside.changes(lambda v, e: close(v, e / 2)),
    "brackets_forgotten": lambda beside: beside.everywhere(lambda v, e: np.all(v > 1)),
}
PARTIAL = re.compile(
    r"(right except|is off|are off|belongs to|Two mistakes|More than one|follows from your)"
)


def untrue(verdict, beside):
    """The claims of a verdict's sentence that the numbers contradict."""
    found = []
    for pattern, holds in SENTENCES.items():
        match = re.search(pattern, verdict.hint, re.IGNORECASE)
        if match and "follow" in verdict.hint and "earlier values" in verdict.hint:
            continue  # compared with something else than what is right
        if match and holds is None:
            if match[1] not in beside.right_parts:
                found.append(match[0])
        elif match and beside.comparable and not holds(beside):
            found.append(match[0])
    if len(verdict.names) == 1 and beside.comparable and not PARTIAL.search(verdict.hint):
        (name,) = verdict.names
        if name in MISTAKES and not MISTAKES[name](beside):
            found.append(name)
    return found


def kind(verdict):
    """The kind of a message, for the table: its mistakes, or its first words."""
    return verdict.misconception or re.sub(r"[\d'].*", "…", verdict.hint)[:45]


def n_samples_of(case):
    return len(case.inputs[0]) if case.inputs else 0


def wrong_values(rng, right, others):
    """Wrong answers as they come about, made of the right numbers: (name, one array per case)."""
    yield "turned", [-v for v in right]
    yield "doubled", [2 * v for v in right]
    yield "halved", [v / 2 for v in right]
    yield "zero", [0 * v for v in right]
    yield "ones", [np.ones_like(v) for v in right]
    yield "added", [v + rng.normal() for v in right]
    yield "scaled", [v * rng.uniform(0.1, 10) for v in right]
    yield "noise", [v * rng.uniform(-3, 3, np.shape(v)) for v in right]
    yield "random", [rng.normal(size=np.shape(v)) for v in right]
    yield "two decimals", [np.round(v, 2) for v in right]
    yield "one case", [right[0] + 0.1, *right[1:]]
    if np.size(right[0]) > 1:
        yield "reversed", [v[..., ::-1] for v in right]
        one = np.zeros(np.shape(right[0]))
        one.flat[rng.integers(one.size)] = 1
        yield "one off", [v + (0.3 * one if np.shape(v) == one.shape else 0.3) for v in right]
        yield "one turned", [v * (1 - 2 * one if np.shape(v) == one.shape else -1) for v in right]
    if np.ndim(right[0]) == 2:
        yield "transposed", [v.T for v in right]
    for name, other in others.items():
        if [np.shape(v) for v in other] == [np.shape(v) for v in right]:
            yield f"{name} instead", other
            yield f"{name} added", [v + o for v, o in zip(right, other)]
            yield f"{name} times", [v * o for v, o in zip(right, other)]


def recorded(record, part):
    return [decode(entry) for entry in record["answers"][part]]


def table(spoken, false):
    """The truth table as text: how often each kind of message was spoken, how often false."""
    lines = [f"{count:6} {false[name]:4}  {name}" for name, count in spoken.most_common()]
    return "\n".join(["spoken false  kind", *lines])


def counters():
    return Counter(), Counter()
