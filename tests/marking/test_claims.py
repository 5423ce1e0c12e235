"""Nothing is said that the numbers contradict: every sentence beside what it claims."""

import numpy as np
import pytest

from helpers.marking.judging import judge
from helpers.marking.questions import NOTEBOOKS, questions_of
from tests import sampling
from tests.marking.claims import (
    Beside,
    counters,
    kind,
    n_samples_of,
    recorded,
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
    right = {
        part.quantity or part.name
        for part, verdict in zip(question.parts, verdicts)
        if verdict.status == "right"
    }
    for part, verdict in zip(question.parts, verdicts):
        if verdict.status == "wrong" and part.name in changed:
            yield (
                verdict,
                Beside(
                    part.name,
                    recorded(record, part.name),
                    [case.expected[part.name] for case in cases],
                    [case.given.get(part.name) for case in cases],
                    right,
                    n_samples_of(cases[0]),
                ),
            )


@pytest.mark.sampled(0.15)
@pytest.mark.parametrize("name", QUESTIONS)
def test_no_sentence_claims_what_the_numbers_contradict(name):
    question = QUESTIONS[name]
    spoken, false = counters()
    for seed in SEEDS:
        for changed in records(question, seed):
            for verdict, beside in told(question, seed, changed):
                spoken[kind(verdict)] += 1
                for claim in untrue(verdict, beside):
                    false[f"{kind(verdict)}: {claim} | {verdict.hint[:150]}"] += 1
    assert not false, f"{false.most_common(5)}\n{table(spoken, false)}"
