"""What notebooks of release 0.1.0 import is still there, wherever it is now."""

import sys
from importlib import import_module

import pytest

import helpers

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
