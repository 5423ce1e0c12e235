"""What a class has understood: counts of verdicts, misconceptions, and how well parts discriminate.

All of it is computed from Results (helpers.grading.gradebook.results); nothing here reads or writes
files.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from helpers.grading.gradebook import results
from helpers.grading.gradebook.results import Result
from helpers.marking.judging import CARRIED, ERROR, MISSING, RIGHT, WRONG

VERDICTS = (RIGHT, CARRIED, WRONG, ERROR, MISSING)
MIN_STUDENTS = 20  # who answered a part; below, a correlation over students says nothing
LOW = 0.2  # a discrimination below is usually called poor
EASY, HARD = 0.95, 0.05  # shares right beyond which hardly anybody is left to tell apart

# How often each verdict was given, by question and part.
Outcomes = Mapping[str, Mapping[str, Counter[str]]]


def handed_in(found: Iterable[Result]) -> list[Result]:
    """The Results whose notebooks were graded."""
    return [r for r in found if r.state in (results.GRADED, results.REPAIRED)]


def outcomes(found: Iterable[Result]) -> Mapping[str, Outcomes]:
    """The Outcomes of each notebook, in their order."""
    counts: defaultdict[str, defaultdict[str, defaultdict[str, Counter[str]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(Counter))
    )
    for result in sorted(handed_in(found), key=lambda r: r.notebook):
        for question, verdicts in result.verdicts.items():
            for verdict in verdicts:
                counts[result.notebook][question][verdict.part][verdict.status] += 1
    return counts


@dataclass(frozen=True)
class Frequency:
    """How often a misconception was met."""

    name: str
    students: frozenset[str]  # ids of those who have it
    uncertain: frozenset[str]  # ids of those whose answers another mistake explains as well
    # (question, part) and how many students have it there, commonest first.
    places: tuple[tuple[tuple[str, str], int], ...]


def misconceptions(found: Iterable[Result]) -> list[Frequency]:
    """The Frequency of each misconception, the commonest first."""
    students: defaultdict[str, set[str]] = defaultdict(set)
    certain: defaultdict[str, set[str]] = defaultdict(set)
    places: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for result in found:
        for question, verdicts in result.verdicts.items():
            for verdict in verdicts:
                for name in set(verdict.names):
                    students[name].add(result.student)
                    places[name][question, verdict.part] += 1
                    if len(verdict.misconceptions) == 1:
                        certain[name].add(result.student)
    return [
        Frequency(
            name,
            frozenset(students[name]),
            frozenset(students[name] - certain[name]),
            tuple(places[name].most_common()),
        )
        for name in sorted(students, key=lambda name: (-len(students[name]), name))
    ]


@dataclass(frozen=True)
class Item:
    """How a part tells students apart."""

    notebook: str
    question: str
    part: str
    share: float  # of those who handed in, how many have it right or carried
    answered: int  # how many students answered it
    # The correlation between having it right and the points in the rest of the notebook, from -1
    # to 1; nan if one of the two is the same for all.
    discrimination: float


def items(found: Iterable[Result]) -> list[Item]:
    """The Item of each part that gives points, in the notebooks' order.

    The correlation is the corrected item-total correlation, point-biserial with the part's own
    points left out of the total (Nunnally & Bernstein, Psychometric Theory, 3rd ed., 1994).
    """
    by_notebook: defaultdict[str, list[Result]] = defaultdict(list)
    for result in sorted(handed_in(found), key=lambda r: r.notebook):
        by_notebook[result.notebook].append(result)
    return [item for notebook, mine in by_notebook.items() for item in _items(notebook, mine)]


def _items(notebook: str, found: Iterable[Result]) -> Iterator[Item]:
    have: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    points: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    answered: Counter[tuple[str, str]] = Counter()
    for result in found:
        for question, verdicts in result.verdicts.items():
            for verdict in verdicts:
                if verdict.max_points:
                    have[question, verdict.part].append(verdict.status in (RIGHT, CARRIED))
                    points[question, verdict.part].append(result.points - verdict.points)
                    answered[question, verdict.part] += verdict.status != MISSING
    for (question, part), right in have.items():
        correlation = _correlation(np.array(right, float), np.array(points[question, part]))
        share, answers = float(np.mean(right)), answered[question, part]
        yield Item(notebook, question, part, share, answers, correlation)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 2 or not np.ptp(one) or not np.ptp(other):
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def poor_items(found: Sequence[Result]) -> list[Item]:
    """The Items that discriminate badly, the worst first, of those that enough have answered."""
    poor = [
        item
        for item in items(found)
        if item.answered >= MIN_STUDENTS
        and HARD <= item.share <= EASY
        and item.discrimination < LOW
    ]
    return sorted(poor, key=lambda item: item.discrimination)


def same_for_all(found: Sequence[Result]) -> list[Item]:
    """The Items that everybody, or nobody, has right, of those that enough have answered."""
    return [item for item in items(found) if item.answered >= MIN_STUDENTS and item.share in (0, 1)]
