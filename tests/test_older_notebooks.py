"""Notebooks of release 0.1.0 still find what they import, and draw what they drew."""

import sys
from importlib import import_module
from inspect import signature
from pathlib import Path

import nbformat
import numpy as np
import pytest

import helpers
from helpers import draw_network
from helpers.grading.repair.lay_in import repair
from helpers.older_notebooks import OLD_CALLS, with_new_imports, with_new_words
from helpers.pictures import (
    BackwardValues,
    DiagramStyle,
    ForwardValues,
    Labels,
    Parameters,
    Written,
)
from helpers.pictures.network_diagram.older_calls import OLD_KEYWORDS, with_new_keywords

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*/*.ipynb"))

# All that they import from modules which have moved.
IMPORTS = {
    "activation_figures": "delta_sizes plot_delta_by_layer plot_jacobians plot_output_delta "
    "plot_saturation plot_slope_through_activation plot_weighted_inputs",
    "by_hand": "HIDDEN show_given show_matrices",
    "course": "HIDDEN lecture_step line_example slide_example tutorial_step xor_data",
    "descent_figures": "duration plot_descent_on_curve plot_grid_losses plot_growth "
    "plot_learning_rates plot_steepest_ascent",
    "diagram": "draw_work_sheet",
    "figures": "plot_activations plot_decision_boundary plot_difference_error "
    "plot_loss_after_step plot_losses plot_weight_changes",
    "formula_figures": "draw_formula_card draw_layer_shapes",
    "interactive": "explore_learning_rate step_through",
    "quiet_keras": "keras tf",
    "weight_space": "WeightSpace",
}


@pytest.mark.parametrize("module", IMPORTS)
def test_an_old_import_finds_what_it_wants(module):
    exec(f"from helpers.{module} import {', '.join(IMPORTS[module].split())}", {})


def test_a_folder_that_an_update_left_behind_is_not_taken_for_it(tmp_path, monkeypatch):
    (tmp_path / "figures" / "__pycache__").mkdir(parents=True)
    monkeypatch.setattr(helpers, "__path__", [*helpers.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "helpers.figures", raising=False)
    assert callable(import_module("helpers.figures").plot_losses)


def test_a_name_that_never_was_is_refused_as_ever():
    with pytest.raises(ImportError):
        from helpers.figures import plot_nothing  # noqa: F401
    with pytest.raises(ModuleNotFoundError):
        import_module("helpers.further_figures")


UNITS = [["x_i", ""], ["j", ""], ["k"]]
WEIGHTS = [[["w_{ij}", ""], ["", ""]], [["w_{jk}"], [""]]]
BIASES = [["b_j", ""], ["b_k"]]
FIRST, LAST = np.ones(2), np.zeros(1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"show_weights": True}, {"parameters": Written.NUMBERS}),
        ({"show_weights": False}, {"parameters": Written.NOTHING}),
        ({"show_weights": np.False_, "show_biases": None}, {"parameters": Written.NOTHING}),
        ({"show_weights": "both"}, {"parameters": Written.BOTH}),
        ({"show_biases": False}, {"parameters": Parameters(Written.NUMBERS, Written.NOTHING)}),
        (
            {"show_weights": "names", "show_biases": "blank"},
            {"parameters": Parameters(Written.NAMES, Written.BLANK)},
        ),
        (
            {"unit_names": UNITS, "weight_names": WEIGHTS, "bias_names": BIASES},
            {"labels": Labels(UNITS, WEIGHTS, BIASES)},
        ),
        ({"z": "names", "a": None}, {"trace": ForwardValues(z="names")}),
        (
            {"delta": [None, LAST], "weight_gradients": "blank", "bias_gradients": [FIRST, None]},
            {"gradients": BackwardValues(["nothing", LAST], "blank", [FIRST, "nothing"])},
        ),
        ({"x": None, "trace": None, "t": "names", "loss": None}, {"t": "names"}),
        ({"digits": 0, "title": None, "width": 7}, {"style": DiagramStyle(digits=0, width=7)}),
    ],
)
def test_old_keywords_of_draw_network_say_what_they_said(old, new):
    assert with_new_keywords(old) == new
    assert with_new_keywords(new) == new


def test_an_old_call_draws_the_same_picture():
    path = [(1, 0, 0), (2, 0), (2, 0, 0), (3, 0)]
    old = draw_network(
        (2, 2, 1), None, z="names", a="names", t="names", loss="names",
        highlight=path, show_weights="names", unit_names=UNITS, weight_names=WEIGHTS,
        bias_names=BIASES,
    )  # fmt: skip
    new = draw_network(
        (2, 2, 1), trace="names", t="names", loss="names",
        parameters="names", labels=Labels(UNITS, WEIGHTS, BIASES), highlight=path,
    )  # fmt: skip
    assert old.png() == new.png()


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"show_weights": 0}, 'show_weights: expected "numbers", .* got 0'),
        ({"show_biases": 1}, 'show_biases: expected "numbers", .* got 1'),
        ({"show_weights": "all"}, 'show_weights: expected "numbers", .* got "all"'),
        ({"trace": "names", "z": "names"}, "trace: expected it alone, without the older z and a"),
        ({"parameters": "names", "show_biases": False}, "parameters: expected it alone"),
    ],
)
def test_old_keywords_with_which_nothing_certain_is_said_are_refused(keywords, words):
    with pytest.raises(ValueError, match=words):
        draw_network((2, 2, 1), **keywords)


def test_a_keyword_that_never_was_is_refused_as_ever():
    with pytest.raises(TypeError, match="shows"):
        draw_network((2, 2, 1), shows="names")


def test_old_keywords_are_all_gone_from_the_function_itself():
    today = set(signature(draw_network).parameters)
    assert OLD_KEYWORDS.keys() <= today
    assert not today & {keyword for _, fields in OLD_KEYWORDS.values() for keyword in fields}


def given_cells():
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                yield cell.source


def test_given_cells_of_today_are_what_old_ones_are_compared_with():
    texts = list(given_cells())
    assert [with_new_imports(text) for text in texts] == texts
    for old, new in OLD_CALLS:
        assert any(new in text for text in texts), new
        assert with_new_imports(old) == new


def test_what_was_renamed_has_its_new_name_in_a_notebook_that_asks_for_the_old_one():
    code = nbformat.v4.new_code_cell(
        "def symmetric_difference(f, w, h):\n    return {1}.symmetric_difference({w}), symmetric_w",
        metadata={"nbgrader": {"grade_id": "p3-symmetric_difference-answer"}},
        id="p3-symmetric_difference-answer",
    )
    call = 'check("p3.symmetric_difference", symmetric_difference=symmetric_difference)'
    old = nbformat.v4.new_notebook(cells=[code, nbformat.v4.new_code_cell(call)])
    answer, check_cell = with_new_words(old).cells
    assert answer.source == (
        "def central_difference(f, w, h):\n    return {1}.symmetric_difference({w}), symmetric_w"
    )
    assert answer.id == answer.metadata.nbgrader.grade_id == "p3-central_difference-answer"
    assert "symmetric" not in check_cell.source
    assert old.cells[0] is code and "symmetric" in code.source  # untouched
    of_today = nbformat.v4.new_notebook(cells=[code])
    assert with_new_words(of_today) is of_today


def test_an_old_notebook_is_repaired_to_one_with_the_new_names():
    def with_text(path, old, new):
        return nbformat.reads(path.read_text(encoding="utf-8").replace(old, new), as_version=4)

    folder = Path(__file__).resolve().parents[1]
    name = "tutorial/problem_3_numpy.ipynb"
    released = nbformat.read(folder / "notebooks" / name, as_version=4)
    old = with_text(folder / "solutions" / name, "central_difference", "symmetric_difference")
    new = nbformat.read(folder / "solutions" / name, as_version=4)
    repaired, sentences = repair(old, released)
    assert [cell.source for cell in repaired.cells] == [
        cell.source for cell in repair(new, released)[0].cells
    ]
    assert sentences == []


def test_an_old_check_of_what_was_renamed_is_todays(capsys):
    def symmetric_difference(f, w, h):
        quotients = np.empty(w.shape)
        for place in np.ndindex(w.shape):
            step = np.zeros(w.shape)
            step[place] = h / 2
            quotients[place] = (f(w + step) - f(w - step)) / h
        return quotients

    helpers.check("p3.symmetric_difference", symmetric_difference=symmetric_difference)
    with pytest.raises(helpers.NotYet, match="p3.central_difference"):
        helpers.check("p3.symmetric_difference", symmetric_difference=lambda f, w, h: w)


def test_what_was_renamed_is_importable_by_its_old_name():
    assert helpers.symmetric_difference is helpers.central_difference
