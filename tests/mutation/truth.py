"""How often is each kind of message spoken, and how often does it say what is false?

`python -m tests.mutation.truth [--random 2000] [--every 1] [question …]` judges all mutants, all
right solutions that are written differently and random wrong answers (values, shapes, types,
formulas, functions), holds each message beside what it claims (tests/marking/claims.py), and prints
a table by kind of message, and each false one. It takes some twenty minutes; --every 5 takes every
fifth mutant. Exit 1 if a message was false.
"""

import argparse
import json
import re
import sys
import warnings
from collections import Counter

import numpy as np

from helpers.asking.cell_ids import check_cell_id
from helpers.grading.gradebook.score import records_in
from helpers.grading.repair.released import grade_id
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id
from tests.in_process import marked
from tests.marking.claims import besides, kind, table, untrue, without_claim, wrong_values
from tests.marking.equivalents import SOLUTIONS, worked
from tests.marking.records import record_of
from tests.mutation import generic
from tests.mutation.marking import answers
from tests.mutation.rules import RULES
from tests.sample_class.work import Notebook

SEED = 1
# What stands where an answer belongs, by kind: more than numbers that are off.
THINGS = (
    "...", "None", "[]", "''", "'A'", "'0,5'", "'tanh'", "{}", "{'a': 1}", "{1, 2}", "True", "1j",
    "float('nan')", "float('inf')", "(0,5)", "range(3)", "iter([1, 2])", "lambda *a: a", "print",
    "int", "object()", "[[1, 2], [3]]", "[None, 1]", "[[0.1, 0.2]]", "[0.1, 0.2, 0.3]", "0",
)  # fmt: skip
FORMULAS = (
    "a_k", "a_k - t_k", "t_k - a_k", "2 * (a_k - t_k)", "a_k * (1 - a_k)", "a_k - a_k^2", "z_k",
    "a_j * (1 - a_j)", "w_jk * a_j", "x_i", "delta_k * a_j", "delta_j * x_i", "sp.exp(-z_k)",
    "delta_k * w_jk", "w_jk - eta * delta_k * a_j", "b_k + eta * delta_k", "sp.Symbol('q')", "E",
    "a_k * t_k", "(a_k - t_k) ** 2 / 2", "delta_k", "delta_j", "1", "0", "-1",
)  # fmt: skip
FUNCTIONS = (
    "lambda *given: None", "lambda *given: given[0]", "lambda *given: 0.0", "lambda *given: given",
    "lambda *given: {}", "lambda *given: 1 / 0", "lambda *given: 'E'", "lambda: 1",
    "lambda *given: print", "lambda *given: [given[0], given[0]]", "lambda *given: -given[0]",
    "lambda *given: (given[0],) * 4", "lambda *given: given[0].mean()", "max", "print",
)  # fmt: skip


class Table:
    """Messages by kind, and those that are false."""

    def __init__(self):
        self.spoken, self.false, self.unclaimed, self.tried = Counter(), Counter(), Counter(), 0

    def add(self, question, verdicts, record, told):
        self.tried += 1
        cases = question.cases_from(SEED)
        right = {
            part.quantity or part.name
            for name in question.depends_on
            for part in question_by_id(name).parts
        }
        for verdict, beside in besides(question, verdicts, record, cases, right):
            if verdict.status == "right":
                continue
            self.spoken[kind(verdict)] += 1
            self.unclaimed.update(without_claim(verdict, beside))
            for claim in untrue(verdict, beside):
                self.false[kind(verdict), question.id, verdict.part, claim, told] += 1


def of_a_work(found, question, content, told):
    """Judge a notebook's answer to a question and hold the messages beside their claims."""
    asked = question_by_id(question)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        verdicts = marked(content, SEED, only={question, *asked.depends_on})[question]
    (check,) = (cell for cell in content.cells if grade_id(cell) == check_cell_id(question))
    records = records_in(check)
    if records:
        found.add(asked, verdicts, records[0], told)


def mutants(question):
    name, source = answers()[question]
    for rule in RULES:
        if re.fullmatch(rule.asked_in, question):
            for mutant in rule.mutants(source):
                yield f"{rule.names}", Notebook(name).answer(question, mutant).content
    for told, mutant in generic.mutants(source):
        yield told, Notebook(name).answer(question, mutant).content


def equivalents():
    for told, solution in SOLUTIONS.items():
        content = worked(solution).content
        for question in (*solution.answers, *solution.asked):
            yield question, str(told), content


def of_random_values(found, question, rng, count):
    """Records in which some parts have other numbers, shapes or types."""
    asked = question_by_id(question)
    cases = asked.cases_from(SEED)
    right = {
        part.name: [np.asarray(case.expected[part.name], dtype=float) for case in cases]
        for part in asked.parts
        if not any(isinstance(case.expected[part.name], str) for case in cases)
    }
    for _ in range(count if right else 0):
        changed = {}
        for name in rng.permutation(list(right))[: rng.integers(1, 4)]:
            others = {other: v for other, v in right.items() if other != name}
            ways = [*wrong_values(rng, right[name], others), *_other_shapes(rng, right[name])]
            changed[str(name)] = ways[rng.integers(len(ways))][1]
        record = record_of(
            asked, SEED, lambda part, values, changed=changed: changed.get(part.name, values)
        )
        found.add(asked, judge(asked, record, SEED), record, json.dumps(sorted(changed)))


def _other_shapes(rng, right):
    yield "flat", [np.ravel(v) for v in right]
    yield "one number", [np.asarray(np.sum(v)) for v in right]
    yield "a row more", [np.append(np.ravel(v), 0.5) for v in right]
    yield "a dimension more", [np.asarray(v)[..., None] for v in right]
    yield "twice", [np.stack([v, v]) for v in right]


def of_random_things(found, question, rng, count):
    """Notebooks in which a name of the answer is something else at the end of its cell."""
    name, source = answers()[question]
    if name.startswith("problem_4"):
        return
    asked = question_by_id(question)
    of_functions = any(case.test_inputs for case in asked.cases_from(SEED))
    things = [*THINGS, *(FORMULAS if question.startswith("p1.") else ())]
    things += FUNCTIONS if of_functions else ()
    for _ in range(count):
        argument = asked.arguments[rng.integers(len(asked.arguments))]
        thing = things[rng.integers(len(things))]
        changed = f"{source}\n{argument} = {thing}"
        of_a_work(found, question, Notebook(name).answer(question, changed).content, changed[-60:])


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--random", type=int, default=2000)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("questions", nargs="*")
    options = parser.parse_args(arguments)
    questions = options.questions or list(answers())
    rng = np.random.default_rng(SEED)
    found, counts = Table(), {}

    def done(what):
        counts[what] = found.tried - sum(counts.values())
        print(f"{what}: {counts[what]}", flush=True)

    for question in questions:
        for k, (told, content) in enumerate(mutants(question)):
            if k % options.every == 0:
                of_a_work(found, question, content, told)
    done("mutants")
    for question, told, content in equivalents():
        if question in questions:
            of_a_work(found, question, content, told)
    done("right solutions written differently")
    each = -(-options.random // (2 * len(questions)))
    for question in questions:
        of_random_values(found, question, rng, each)
        of_random_things(found, question, rng, each)
    done("random wrong answers")
    print(table(found.spoken, Counter({(k[0], k): n for k, n in found.false.items()})))
    print(f"{sum(found.spoken.values())} messages, {sum(found.false.values())} false claims")
    print("without a claim:", dict(found.unclaimed) or "none")
    for said, count in found.false.most_common(60):
        print(count, *said, sep=" | ")
    return 1 if found.false else 0


if __name__ == "__main__":
    sys.exit(main())
