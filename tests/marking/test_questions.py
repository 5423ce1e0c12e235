"""Right answers pass, also written differently and rounded; each recognised mistake is named."""

import ast
from pathlib import Path

import numpy as np
import pytest

from helpers.activations import HIDDEN_ACTIVATIONS, ActivationFunction
from helpers.asking import Task
from helpers.course import HIDDEN, tutorial_step
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.misconceptions.of_a_step import wrong_values
from helpers.marking.questions import NOTEBOOKS, problem_3_numpy, question_by_id, questions_of
from helpers.personal import SECRET_VARIABLE
from helpers.sgd_step import PARAMETERS, random_step
from tests.fair_questions import (
    assert_mistakes_have_numbers_of_their_own,
    assert_no_answer_of_one_section_passes_in_another,
    assert_only_the_expected_is_right,
    assert_the_loss_after_half_a_step_does_not_pass,
    verdict_on_rounded_gradient,
)
from tests.worked_by_hand import FORWARD, by_hand, page_verdicts, verdicts

ALL = [question for notebook in NOTEBOOKS.values() for question in questions_of(notebook).values()]


@pytest.fixture(params=["", "Amara Okafor", "王小明", "s1204001"])
def student(request, monkeypatch):
    """The course's numbers, and those of a few students; test_personal.py has more of them."""
    monkeypatch.setenv(SECRET_VARIABLE, "a secret for the tests")
    return request.param


def assert_all_right(found):
    assert set(found.values()) == {("right", "")}, found


NUMERIC = [
    question
    for question in ALL
    if not any(isinstance(v, str) for c in question.cases_from(1) for v in c.expected.values())
]


@pytest.mark.sampled(0.1)
@pytest.mark.parametrize("question", NUMERIC, ids=lambda question: question.id)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_expected_values_are_right_and_no_mistake_is(question, seed):
    assert_only_the_expected_is_right(question, seed)


def test_so_it_is_with_a_students_numbers(student):
    for question in questions_of("problem_2_pen_and_paper", student).values():
        if question.id != "p2.compare":
            assert_only_the_expected_is_right(question, 1)


def test_words_are_compared_without_case():
    right = dict(moved_most="ReLU", has_unmoved=" relu ", unmoved_count=4, reason="c")
    assert_all_right(verdicts("p2.compare", **right))
    assert verdicts("p2.compare", **{**right, "reason": "A"})["reason"][0] == "wrong"
    assert verdicts("p2.compare", **{**right, "reason": "(C)."})["reason"][0] == "right"
    assert verdicts("p2.compare", **{**right, "moved_most": 3})["moved_most"][0] == "error"


# By hand: an independent computation, in which every result may be rounded before it is used


def roundings():
    """Ways to keep four decimals: to the nearest, half up, cut off, and five or more decimals."""
    yield lambda value: round(value, 4)
    yield lambda value: np.floor(value * 1e4 + 0.5) / 1e4
    yield lambda value: round(value, 5)
    yield lambda value: value


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_page_by_hand_is_right_however_it_is_rounded(hidden, student):
    for keep in roundings():
        found = dict(page_verdicts(hidden, by_hand(hidden, keep, student), student))
        assert set(found.values()) == {("right", "")}, found


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_page_is_right_with_any_four_decimals_within_half_a_unit(hidden, student):
    """Each result off by up to half a unit of the fourth decimal, at random, before it is used."""
    rng = np.random.default_rng(0)

    def keep(value):
        return value + rng.uniform(-0.5e-4, 0.5e-4) * (value != 0)

    for _ in range(25):
        found = dict(page_verdicts(hidden, by_hand(hidden, keep, student), student))
        assert set(found.values()) == {("right", "")}, found


def test_rows_columns_and_single_numbers_are_the_same_by_hand():
    page = by_hand("sigmoid")
    page["z_h"] = [[z] for z in page["z_h"]]
    page["a_h"] = [page["a_h"]]
    page["z_o"] = [[page["z_o"]]]
    answers = {name: page[name] for name in FORWARD}
    assert_all_right(verdicts("p2.sigmoid.forward", **answers))


@pytest.mark.parametrize(
    ("digits", "verdict"),
    [(1, ("wrong", "")), (2, ("wrong", "too_few_digits")), (3, ("right", ""))],
)
def test_too_few_digits_are_named(digits, verdict, student):
    """Three decimals are accepted, two are named; what has rounded to 0 says nothing."""
    found = verdict_on_rounded_gradient(digits, student)
    assert found == verdict or (digits == 1 and found[0] == "wrong")


@pytest.mark.parametrize("hidden", HIDDEN)
def test_mistakes_have_numbers_of_their_own(hidden, student):
    assert_mistakes_have_numbers_of_their_own(hidden, student)


def test_no_answer_of_one_section_passes_in_another(student):
    assert_no_answer_of_one_section_passes_in_another(student)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_loss_after_half_a_step_does_not_pass(hidden, student):
    assert_the_loss_after_half_a_step_does_not_pass(hidden, student)


def test_the_tutorials_numbers_are_as_promised(student):
    for hidden in HIDDEN:
        step = tutorial_step(hidden, student)
        for name in (*PARAMETERS, "x", "t", "eta"):
            np.testing.assert_allclose(step[name], np.round(step[name], 2), rtol=0, atol=1e-12)
        assert np.abs(step["z_h"]).max() < 2 and np.abs(step["z_o"]).max() < 2
        assert step["E_new"] < step["E"]
    z_h = tutorial_step("relu", student)["z_h"]
    assert (z_h > 0).sum() == 1 and (z_h < 0).sum() == 1


# Points and wording


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
def test_questions_are_well_formed(question):
    assert len({part.name for part in question.parts}) == len(question.parts)
    for part in question.parts:
        assert part.points >= 0 and float(part.points).is_integer()
        assert part.description
    for case in question.cases_from(5):
        assert set(case.expected) == {part.name for part in question.parts}


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
def test_probes_arrive_as_they_are_sent(question):
    """What a sealed kernel reads is what a check at home has: arrays, floats, words, dicts."""
    task = question.task_from(5)
    arrived = Task.from_json(task.to_json())

    def same(sent, got):
        if isinstance(sent, dict):
            return sent.keys() == got.keys() and all(same(sent[k], got[k]) for k in sent)
        if isinstance(sent, list | tuple):
            return len(sent) == len(got) and all(map(same, sent, got))
        if isinstance(sent, np.ndarray):
            return sent.ndim > 0 and sent.dtype == got.dtype and np.array_equal(sent, got)
        return sent == got and isinstance(sent, float) == isinstance(got, float)

    assert same(task.test_inputs, arrived.test_inputs)
    assert arrived.collect_answers == task.collect_answers and list(arrived.recorded) == list(
        task.recorded
    )
    for test_inputs in arrived.test_inputs:
        assert isinstance(test_inputs.get("eta", 0.1), float)


def test_cases_follow_from_the_seed():
    for question in ALL:
        first, again = question.cases(np.random.default_rng(9)), question.cases_from(9)
        for case, same in zip(first, again, strict=True):
            for part in question.parts:
                np.testing.assert_array_equal(case.expected[part.name], same.expected[part.name])


def test_function_questions_draw_new_probes_for_another_seed():
    fixed = ("l1.", "l2.", "l3.", "p2.", "p3.reproduce", "p4.forward", "p4.faster")
    drawn = (
        "l1.by_rules", "l1.differences", "l3.hidden_delta", "l3.softmax", "l3.train_softmax",
    )  # fmt: skip
    for question in ALL:
        part = question.parts[0].name
        one, two = question.cases_from(1)[0].expected, question.cases_from(2)[0].expected
        if question.id in drawn or not question.id.startswith(fixed):
            assert not np.array_equal(one[part], two[part]), question.id


def test_unknown_questions_are_refused_in_words():
    for name in ("p2.sigmoid.sideways", "p9.x", "", None):
        with pytest.raises(ValueError, match="there is none named"):
            question_by_id(name)


def test_every_misconception_has_a_hint_that_gives_no_number_away():
    for entry in CATALOGUE.values():
        assert entry.hint.endswith((".", "?"))
        assert len(entry.hint) < 160


def test_no_file_that_students_receive_contains_a_backward_pass():
    """Nothing in helpers multiplies by a transposed matrix, which every backward pass does."""
    for path in Path(__file__).parents[2].joinpath("helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                for side in (node.left, node.right):
                    assert not (isinstance(side, ast.Attribute) and side.attr == "T"), path


def test_a_further_activation_gets_no_mistake_of_another(monkeypatch):
    """Arctan, say, whose slope is cos² a: its formula put at z is its own, not tanh's 1 - z²."""
    arctan = ActivationFunction(
        "arctan", "arctan", np.arctan, derivative_from_output=lambda a: np.cos(a) ** 2
    )
    monkeypatch.setitem(HIDDEN_ACTIVATIONS, "arctan", arctan)
    monkeypatch.setattr(problem_3_numpy, "HIDDEN", (*HIDDEN, "arctan"))
    case = problem_3_numpy._activation_case(np.random.default_rng(1), (7,))
    step = random_step(np.random.default_rng(1), "arctan")
    for z, mistakes in (
        (case.test_inputs["z"], case.mistakes["slope_arctan"]),
        (step["z_h"], list(wrong_values(step, "slope_h"))),
    ):
        found = dict(mistakes)
        np.testing.assert_array_equal(found["slope_formula_at_z"], np.cos(z) ** 2)
        assert "square_forgotten" not in found and "factor_of_the_slope_missing" not in found
        assert not any(np.array_equal(value, 1 - z**2) for _, value in mistakes)
