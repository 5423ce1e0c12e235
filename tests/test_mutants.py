"""The marker is tested with wrong solutions, made from the right ones by rules.

Catalogue mutants make a recognised mistake at every place where it can be made; generic ones change
an operator, a number, an index, an order or a statement. Both are worked in this process and marked
as the grader marks them. What they are worth is decided without the marker: by comparing the values
that a mutant gives with those of the right solution.
"""

import re
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest

from helpers.judging import CARRIED, RIGHT
from helpers.misconceptions import AND, CATALOGUE, names_in
from helpers.questions import question_by_id
from helpers.questions.model import Tolerance
from tests.mutation import generic
from tests.mutation.marking import answers, mark
from tests.mutation.rules import RULES

# Without Keras, which takes long, and the two updates that repeat the first one line by line.
GENERIC_FOR = r"l[123]\..*|p[13]\..*|p2\.(?!(tanh|relu)\.update).*"
FAR = 4  # times the tolerance: so far off is wrong
NEAR = 1e-12  # relative: so near is the same


@dataclass
class Tally:
    """What came of the mutants of a notebook."""

    counts: Counter = field(default_factory=Counter)
    complaints: list = field(default_factory=list)

    def complain(self, kind, *what):
        self.counts[kind] += 1
        self.complaints.append((kind, *map(str, what)))


@cache
def right_values(question):
    return mark(question, answers()[question][1])[1]


def compare(question, values):
    """By part: "same" as the right solution's values, "other", or "near", which may be either."""
    right = right_values(question)
    parts = {part.name: part for part in question_by_id(question).parts}
    if values is None:
        return dict.fromkeys(parts, "other")
    return {name: _compared(parts[name].tolerance, values[name], right[name]) for name in parts}


def _compared(tolerance, values, right):
    found = set()
    for value, wanted in zip(values, right, strict=True):
        if wanted is None:  # a word
            return "near"
        if value is None or value.size != wanted.size:
            found.add("other")
            continue
        off, wanted = np.abs(value.ravel() - wanted.ravel()), wanted.ravel()
        if np.all(off <= NEAR * np.maximum(np.abs(wanted), 1e-3)):
            found.add("same")
        elif np.any(off > FAR * Tolerance.allowed(tolerance, wanted)):
            found.add("other")
        else:
            found.add("near")
    return next(kind for kind in ("other", "near", "same") if kind in found)


def judge_mutant(tally, question, source, *what):
    """Mark a mutant; count false accepts and rejects. Returns its verdicts, [] if equivalent."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        verdicts, values = mark(question, source)
    compared = compare(question, values)
    tally.counts["mutants"] += 1
    for verdict in verdicts:
        kind = compared[verdict.part]
        if kind == "other" and verdict.verdict == RIGHT:
            tally.complain("false accepts", question, *what, verdict)
        if kind == "same" and verdict.verdict != RIGHT and values is not None:
            tally.complain("false rejects", question, *what, verdict)
        if verdict.verdict in (RIGHT, CARRIED):
            assert verdict.points == verdict.max_points
        else:
            assert verdict.points == 0
    wrong = [verdict for verdict in verdicts if verdict.verdict != RIGHT]
    if not wrong:
        tally.counts["equivalent"] += 1
    elif wrong[0].verdict == CARRIED:
        tally.complain("false accepts", question, *what, "the first slip is carried", wrong[0])
    return wrong


def table(tallies, columns):
    """The report: a line for each notebook and one for all."""
    total = sum((tally.counts for tally in tallies.values()), Counter())
    rows = [*((name, tally.counts) for name, tally in tallies.items()), ("all", total)]
    width = max(len(name) for name, _ in rows)
    lines = [" ".join([" " * width, *(f"{column:>13}" for column in columns)])]
    for name, counts in rows:
        lines.append(" ".join([f"{name:{width}}", *(f"{counts[c]:>13}" for c in columns)]))
    return "\n".join(lines), total


def complaints(tallies):
    return [complaint for tally in tallies.values() for complaint in tally.complaints]


def test_mutants_of_the_catalogue_lose_marks_and_get_their_name(capsys):
    tallies, made = {}, set()
    for rule in RULES:
        for question, (notebook, source) in answers().items():
            if not re.fullmatch(rule.asked_in, question):
                continue
            tally = tallies.setdefault(notebook, Tally())
            for place, mutant in enumerate(rule.mutants(source)):
                made.add(rule)
                wrong = judge_mutant(tally, question, mutant, rule.names, place)
                if not wrong:
                    continue
                found = set(names_in(wrong[0].misconception))
                if any(set(name.split(AND)) <= found for name in rule.names):
                    tally.counts["named right"] += 1
                elif not found:
                    tally.counts["unnamed"] += 1
                else:
                    tally.complain("named wrong", question, rule.names, place, wrong[0])
    columns = ("mutants", "equivalent", "named right", "unnamed", "named wrong",
               "false accepts", "false rejects")  # fmt: skip
    report, total = table(tallies, columns)
    with capsys.disabled():
        print(f"\n\nMutants of the catalogue, {len(RULES)} rules\n{report}")
    assert complaints(tallies) == []
    assert total["named right"] >= 0.9 * (total["mutants"] - total["equivalent"])
    assert [rule.names for rule in RULES if rule not in made] == []


def test_every_entry_has_a_rule():
    by_rule = {name for rule in RULES for both in rule.names for name in both.split(AND)}
    assert by_rule == set(CATALOGUE)


def test_generic_mutants_lose_marks_where_they_give_other_numbers(capsys):
    tallies = {}
    for question, (notebook, source) in answers().items():
        if re.fullmatch(GENERIC_FOR, question):
            tally = tallies.setdefault(notebook, Tally())
            for told, mutant in generic.mutants(source):
                wrong = judge_mutant(tally, question, mutant, told, mutant)
                if wrong:
                    tally.counts["named" if wrong[0].misconception else "described"] += 1
    columns = ("mutants", "equivalent", "named", "described", "false accepts", "false rejects")
    report, _ = table(tallies, columns)
    with capsys.disabled():
        print(f"\n\nGeneric mutants\n{report}")
    assert complaints(tallies) == []


@pytest.mark.parametrize("question", sorted(answers()))
def test_the_right_answer_itself_is_right(question):
    verdicts, _ = mark(question, answers()[question][1])
    assert {verdict.verdict for verdict in verdicts} == {RIGHT}
