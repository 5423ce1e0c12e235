"""What holds for a question with any numbers: the course's own and each student's."""

import itertools

import numpy as np

from helpers.course import HIDDEN, tutorial_step
from helpers.marking.judging import judge
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.questions import question_by_id
from helpers.personal.draws import mixed_up
from helpers.sgd_step import PARAMETERS
from tests.worked_by_hand import BACKWARD, SEED, UPDATE, by_hand, page_verdicts, verdicts


def assert_only_the_expected_is_right(question, seed):
    cases = question.cases_from(seed)
    expected = {
        part.name: [np.asarray(case.expected[part.name]) for case in cases]
        for part in question.parts
    }
    for verdict in _recorded(question, expected, seed).values():
        assert verdict.status == "right", verdict
    for part in question.parts:
        names = {name for case in cases for name, _ in case.mistakes.get(part.name, ())}
        for name in names:
            assert name in CATALOGUE
            values = [
                dict(case.mistakes.get(part.name, ())).get(name, case.expected[part.name])
                for case in cases
            ]
            if any(np.shape(v) != np.shape(e) for v, e in zip(values, expected[part.name])):
                continue  # a transposed matrix; it has a test of its own
            tolerated = [
                part.tolerance.allowed(e, case.given.get(part.name))
                for e, case in zip(expected[part.name], cases)
            ]
            same = all(
                np.all(np.abs(v - e) <= allowed)
                for v, e, allowed in zip(values, expected[part.name], tolerated)
            )
            verdict = _recorded(question, {**expected, part.name: values}, seed)[part.name]
            equal = all(np.allclose(v, e, rtol=1e-9) for v, e in zip(values, expected[part.name]))
            if equal:  # with ReLU, the slope at a is the slope at z
                assert verdict.status == "right"
            elif same:  # so near that only a number that was computed tells which it is
                assert verdict.status == "right" or name in verdict.misconception
            else:
                assert (verdict.status, verdict.points) == ("wrong", 0)
                assert verdict.misconception, (question.id, part.name, name)


def _recorded(asked, values, seed=SEED):
    """The verdicts on a Question when each part's answers, one a case, are `values[part]`."""
    entries = {
        part: [{"shape": list(np.shape(v)), "values": np.ravel(v).tolist()} for v in cases]
        for part, cases in values.items()
    }
    record = {"version": 1, "question": asked.id, "answers": entries}
    return {verdict.part: verdict for verdict in judge(asked, record, seed)}


def assert_mistakes_have_numbers_of_their_own(hidden, student=""):
    """Which two mistakes give the same number in Problem 2: few, and these are all."""
    same = set()
    for kind in ("forward", "backward", "update"):
        same |= set(mixed_up(question_by_id(f"p2.{hidden}.{kind}", student)))
    expected = set()
    if hidden == "relu":  # the slope of an active unit is 1 at z and at a
        expected = {(part, "right", "slope_at_a") for part in ("delta_h", "dW_h", "db_h")}
        if not student:  # see tests/marking/test_slips_by_hand.py
            expected |= {("E_new", "right", "forward_with_another_activation")}
    assert same == expected


def assert_no_answer_of_one_section_passes_in_another(student=""):
    """A name left over from another activation's section is never right, but for z_h.

    What rightly follows from the wrong activations is carried; the activations and the deltas,
    which need their slope, are wrong.
    """
    for own, other in itertools.permutations(HIDDEN, 2):
        for part, verdict in page_verdicts(own, by_hand(other, student=student), student):
            if part in ("a_h", "delta_o", "delta_h"):
                assert verdict[0] == "wrong", (own, other, part)
            elif part != "z_h":
                assert verdict[0] in ("wrong", "carried"), (own, other, part)


def assert_the_loss_after_half_a_step_does_not_pass(hidden, student=""):
    """The loss with one or two of the four parameters left as they were is not E_new."""
    step = tutorial_step(hidden, student)
    new = {name: step[f"{name}_new"] for name in PARAMETERS}
    for kept in (*itertools.combinations(PARAMETERS, 1), *itertools.combinations(PARAMETERS, 2)):
        page = by_hand(hidden, student=student)
        page["E_new"] = step.loss_with({**new, **{name: step[name] for name in kept}})
        answers = {name: page[name] for name in UPDATE}
        found = verdicts(f"p2.{hidden}.update", student=student, **answers)
        assert found["E_new"][0] == "wrong", kept


def verdict_on_rounded_gradient(digits, student=""):
    """The verdict on dW_h, right but for being rounded to so many decimals: (verdict, name)."""
    page = by_hand("sigmoid", student=student)
    answers = {name: page[name] for name in BACKWARD}
    answers["dW_h"] = np.round(page["dW_h"], digits).tolist()
    return verdicts("p2.sigmoid.backward", student=student, **answers)["dW_h"]
