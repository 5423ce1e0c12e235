"""Nothing is said that the numbers contradict: every sentence beside what it claims."""

from collections import Counter

import numpy as np
import pytest

from helpers.marking.judging import judge
from helpers.marking.questions import NOTEBOOKS, questions_of
from tests import sampling
from tests.marking.claims import (
    BY_PREDICATE_ALONE,
    Beside,
    besides,
    explained,
    kind,
    table,
    untrue,
    wrong_values,
)
from tests.marking.records import record_of

SEEDS = (1, 2, 3) if sampling.whole else (1,)
QUESTIONS = {
    name: question
    for notebook in NOTEBOOKS.values()
    for name, question in questions_of(notebook).items()
}


def numeric(question):
    """The parts with numbers and their right values, one array per case."""
    cases = question.cases_from(SEEDS[0])
    return {
        part.name: [np.asarray(case.expected[part.name]) for case in cases]
        for part in question.parts
        if not any(isinstance(case.expected[part.name], str) for case in cases)
    }


def records(question, seed):
    """Records in which one part is wrong, and some in which several are."""
    rng = np.random.default_rng(seed)
    cases = question.cases_from(seed)
    right = {
        name: [np.asarray(case.expected[name], dtype=float) for case in cases]
        for name in numeric(question)
    }
    for name, values in right.items():
        others = {other: v for other, v in right.items() if other != name}
        for wrong in wrong_values(rng, values, others):
            yield {name: wrong[1]}
    for _ in range(20 * (len(right) > 1)):
        chosen = {}
        for name in rng.permutation(list(right))[: rng.integers(2, len(right) + 1)]:
            ways = list(wrong_values(rng, right[name], {}))
            chosen[str(name)] = ways[rng.integers(len(ways))][1]
        yield chosen


def told(question, seed, changed):
    """The verdicts that are not right on answers of which `changed` are others, with Besides."""
    record = record_of(question, seed, lambda part, values: changed.get(part.name, values))
    cases = question.cases_from(seed)
    verdicts = judge(question, record, seed)
    for verdict, beside in besides(question, verdicts, record, cases):
        if verdict.status != "right":
            yield verdict, beside


@pytest.mark.sampled(0.05)
@pytest.mark.parametrize("name", QUESTIONS)
def test_no_sentence_claims_what_the_numbers_contradict(name):
    question = QUESTIONS[name]
    spoken, false = Counter(), Counter()
    for seed in SEEDS:
        for changed in records(question, seed):
            for verdict, beside in told(question, seed, changed):
                spoken[kind(verdict)] += 1
                for claim in untrue(verdict, beside):
                    false[
                        kind(verdict), f"{claim} | {beside.part.name} | {verdict.hint[:150]}"
                    ] += 1
    assert not false, f"{false.most_common(5)}\n{table(spoken, false)}"


# What no formula of the symbols that are given there gives.
WITHOUT_SYMBOLS = {
    ("p1.two_outputs", slip) for slip in ("output_slope_forgotten", "updated_output_weights")
}


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize("name", QUESTIONS)
def test_each_name_has_a_claim_that_its_own_numbers_meet(name):
    """What a mistake gives by the catalogue's side is what its sentence says it is."""
    question = QUESTIONS[name]
    cases = question.cases_from(1)
    for part in question.parts:
        named = dict.fromkeys(n for case in cases for n, _ in case.mistakes.get(part.name, ()))
        for slip in named:
            if slip not in BY_PREDICATE_ALONE and (name, slip) not in WITHOUT_SYMBOLS:
                _assert_explained(question, part, cases, slip)


def _assert_explained(question, part, cases, slip):
    listed = [
        [np.asarray(v, dtype=float) for n, v in case.mistakes.get(part.name, ()) if n == slip]
        or [np.asarray(case.expected[part.name])]
        for case in cases
    ]
    # Those of the output layer are not made of the symbols that are given there.
    ways = 1 if question.id == "p1.two_outputs" else max(map(len, listed))
    for way in range(ways):
        wrong = [values[min(way, len(values) - 1)] for values in listed]
        if all(v.shape == np.shape(case.expected[part.name]) for v, case in zip(wrong, cases)):
            beside = Beside(question, part, {part.name: wrong}, cases, ())
            assert explained(beside, (slip,)), (part.name, slip, way)
