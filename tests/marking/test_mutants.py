"""The marker is tested with wrong solutions, made from the right ones by rules.

Catalogue mutants make a recognised mistake at every place where it can be made; generic ones change
an operator, a number, an index, an order or a statement. Both are worked in this process and marked
as the grader marks them. What they are worth is decided without the marker: by comparing the values
that a mutant gives with those of the right solution. No verdict and no name of a mistake depends on
the seed that test inputs are drawn from: of `python -m tests.mutation.draws`, which takes many more
seeds, this is a sample.
"""

import re
import warnings
from functools import cache

import numpy as np
import pytest

from helpers.marking.judging import CARRIED, RIGHT
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.questions import question_by_id
from helpers.marking.questions.model import Tolerance
from helpers.marking.verdict import AND
from tests.mutation import generic
from tests.mutation.draws import with_a_seed
from tests.mutation.marking import answers, mark, mark_with_seeds, signature
from tests.mutation.rules import RULES

SHARE = 0.15  # of the questions, and of the mutants of each, in a sample
FAR = 4  # times the tolerance: so far off is wrong
NEAR = 1e-12  # relative: so near is the same
SEED, *OTHER_SEEDS = 1, 2, 3


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
        # All in one row, the numbers of a matrix could be read in two ways.
        in_a_row = value is not None and value.ndim < 2 <= wanted.ndim and min(wanted.shape) > 1
        if value is None or value.size != wanted.size or in_a_row:
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


def judge_mutant(complaints, question, source, *what):
    """Mark a mutant; add false accepts and rejects to the list `complaints`.

    Returns the verdicts that are not "right": none if the mutant is equivalent.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        others = OTHER_SEEDS if question in with_a_seed() else ()
        found = mark_with_seeds(question, source, (SEED, *others))
    verdicts, values = found[SEED]
    told_by_seed = {signature(verdicts) for verdicts, _ in found.values()}
    if len(told_by_seed) > 1:
        complaints.append(("depends on the seed", question, *what, told_by_seed))
    compared = compare(question, values)
    for verdict in verdicts:
        kind = compared[verdict.part]
        if kind == "other" and verdict.status == RIGHT:
            complaints.append(("false accept", question, *what, verdict))
        if kind == "same" and verdict.status != RIGHT and values is not None:
            complaints.append(("false reject", question, *what, verdict))
        if verdict.status in (RIGHT, CARRIED):
            assert verdict.points == verdict.max_points
        else:
            assert verdict.points == 0
    wrong = [verdict for verdict in verdicts if verdict.status != RIGHT]
    if wrong and wrong[0].status == CARRIED:
        complaints.append(("false accept", question, *what, "the first slip is carried", wrong[0]))
    return wrong


def each_question(test):
    """Once for each question; in a sample for some, the same ones for each test."""
    marked = pytest.mark.sampled(SHARE, of=f"questions of {test.__name__}", like="mutants")(test)
    return pytest.mark.parametrize("question", sorted(answers()))(marked)


def slips_in(question):
    """The (rule, place, mutant) that the rules make of the right answer to a question."""
    _, source = answers()[question]
    return [
        (rule, place, mutant)
        for rule in RULES
        if re.fullmatch(rule.asked_in, question)
        for place, mutant in enumerate(rule.mutants(source))
    ]


@each_question
def test_mutants_of_the_catalogue_lose_marks_and_get_their_name(question, sample):
    complaints = []
    for rule, place, mutant in sample(slips_in(question), SHARE):
        wrong = judge_mutant(complaints, question, mutant, rule.names, place)
        found = set(wrong[0].names) if wrong else set()
        if wrong and not any(set(name.split(AND)) <= found for name in rule.names):
            complaints.append(("named wrong", question, rule.names, place, wrong[0]))
    assert complaints == []


def test_every_rule_makes_a_mutant():
    made = {rule for question in answers() for rule, _, _ in slips_in(question)}
    assert [rule.names for rule in RULES if rule not in made] == []


def test_every_entry_has_a_rule():
    by_rule = {name for rule in RULES for both in rule.names for name in both.split(AND)}
    assert by_rule == set(CATALOGUE)


@each_question
def test_generic_mutants_lose_marks_where_they_give_other_numbers(question, sample):
    _, source = answers()[question]
    complaints = []
    for told, mutant in sample(list(generic.mutants(source)), SHARE):
        judge_mutant(complaints, question, mutant, told, mutant)
    assert complaints == []


@pytest.mark.parametrize("question", sorted(answers()))
def test_the_right_answer_itself_is_right(question):
    verdicts, _ = mark(question, answers()[question][1])
    assert {verdict.status for verdict in verdicts} == {RIGHT}
