"""Formulas by their symbols, and given data that have another value now."""

import sys
import types

import pytest
import sympy

from helpers.asking import Task
from helpers.checking import observe
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id
from tests.in_process import marked
from tests.sample_class.work import Notebook

symbols = {name: sympy.Symbol(name) for name in "a_k t_k z_k a_j w_jk x_i b_k delta_k eta".split()}


def told(question, **formulas):
    """The verdicts on formulas in symbols, by part; what is not given is not answered."""
    asked = question_by_id(question)
    given = {name: None for name in asked.arguments}
    given |= {name: sympy.sympify(text, locals=symbols) for name, text in formulas.items()}
    return {v.part: v for v in judge(asked, observe(asked, given, 1), 1)}


@pytest.mark.parametrize(
    ("question", "part", "formula", "words"),
    [
        ("p1.output_links", "dE_da_k", "a_k", "this is the symbol a_k alone"),
        ("p1.output_links", "dE_da_k", "a_k + b_k", "and b_k does not belong in it"),
        (
            "p1.output_links",
            "dE_da_k",
            "a_k * t_k",
            "look at how they are joined, signs too. What does",
        ),
        ("p1.output_layer", "delta_k_formula", "a_k**2 * 7", "without t_k it cannot be right"),
        ("p1.output_layer", "dE_dw_jk", "delta_k * 3", "without a_j (or z_j) it cannot be right"),
        ("p1.hidden_layer", "delta_j_formula", "a_j**3", "without delta_k (or t_k) and w_jk it"),
        ("p1.update", "b_k_new", "b_k - 3 * delta_k", "without eta it cannot be right"),
        (
            "p1.two_outputs",
            "delta_j_formula",
            "w_jk * delta_k * a_j**5",
            "without w_jl and delta_l (or t_l)",
        ),
    ],
)
def test_a_wrong_formula_is_told_by_its_symbols(question, part, formula, words):
    verdict = told(question, **{part: formula})[part]
    assert (verdict.status, verdict.misconception) == ("wrong", "")
    assert words in verdict.hint, verdict.hint


def test_what_was_read_of_a_formula_stands_beside_it():
    assert told("p1.output_links", da_k_dz_k="a_k - a_k**3")["da_k_dz_k"].read_as == "-a_k**3 + a_k"


@pytest.mark.parametrize("question", ["p1.output_layer", "p1.hidden_layer", "p1.update"])
def test_right_formulas_have_the_symbols_that_are_needed(question):
    """What "it cannot be right" without is in the course's own answers, and nothing else is."""
    notebook = Notebook("problem_1_derivation")
    for verdict in marked(notebook.content, only={question})[question]:
        assert verdict.status == "right"


def reproduce(line):
    """The verdicts on p3.reproduce in a notebook in which a cell of the student's runs before."""
    notebook = Notebook("problem_3_numpy").insert_after("p3.sgd_step", line)
    return marked(notebook.content, only={"p3.reproduce"})["p3.reproduce"]


def test_given_data_that_were_overwritten_are_told():
    for verdict in reproduce("params = {name: 2 * array for name, array in params.items()}"):
        assert verdict.status == "wrong"
        assert verdict.hint.startswith("`params` was changed since the notebook gave it: run the")


def test_given_data_that_are_as_they_were_are_not_mentioned():
    notebook = Notebook("problem_3_numpy").edit("p3.reproduce", ("loss(", "2 * loss("))
    for verdict in marked(notebook.content, only={"p3.reproduce"})["p3.reproduce"]:
        assert verdict.status == "wrong" and "changed" not in verdict.hint


@pytest.mark.parametrize("value", [1, None, "x", [[1, 2]], {"W_h": 3}, object()])
def test_whatever_takes_the_place_of_given_data_stops_nothing(monkeypatch, value):
    main = types.ModuleType("__main__")
    main.params = value
    monkeypatch.setitem(sys.modules, "__main__", main)
    asked = question_by_id("p3.reproduce")
    record = observe(asked, {"E_new": {"sigmoid": 1, "tanh": 1, "relu": 1}}, 1)
    assert record["changed"] == ["params"]
    assert all("`params` was changed" in v.hint for v in judge(asked, record, 1))


def test_only_names_of_given_data_are_said():
    asked = question_by_id("p3.reproduce")
    record = observe(asked, {"E_new": {"sigmoid": 1, "tanh": 1, "relu": 1}}, 1)
    for changed in (["<b>"], "params", 3, [["params"]], {"params": 1}):
        hints = [v.hint for v in judge(asked, record | {"changed": changed}, 1)]
        assert not any("was changed" in hint for hint in hints)


def test_the_given_data_reach_the_kernel_with_the_task():
    task = question_by_id("p2.sigmoid.forward").task_from(1)
    assert Task.from_json(task.to_json()).given_data["w_h12"] == 0.8
