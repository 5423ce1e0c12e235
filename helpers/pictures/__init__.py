"""The course's pictures, one function for each kind, and what draw_network takes.

A name loads its module when it is first used, so that a notebook waits only for what it draws with.
While a notebook is graded nothing is drawn, since there are no points for a picture.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from helpers.asking import LEFT_OUT, at_grading

_HOME = {
    "draw_network": "network_diagram",
    "Written": "network_diagram.options",
    "ForwardValues": "network_diagram.options",
    "BackwardValues": "network_diagram.options",
    "Parameters": "network_diagram.options",
    "Labels": "network_diagram.options",
    "DiagramStyle": "network_diagram.options",
    "draw_work_sheet": "work_sheet",
    "draw_formula_card": "formulas",
    "draw_layer_shapes": "formulas",
    "plot_activations": "curves",
    "plot_decision_boundary": "curves",
    "plot_difference_error": "curves",
    "plot_loss_after_step": "curves",
    "plot_fit": "curves",
    "plot_losses": "curves",
    "plot_weight_changes": "curves",
    "plot_digits": "digits",
    "plot_hidden_weights": "digits",
    "plot_learning": "digits",
    "duration": "lecture_1_learning_by_gradient",
    "plot_descent_on_curve": "lecture_1_learning_by_gradient",
    "plot_grid_losses": "lecture_1_learning_by_gradient",
    "plot_growth": "lecture_1_learning_by_gradient",
    "plot_learning_rates": "lecture_1_learning_by_gradient",
    "plot_steepest_ascent": "lecture_1_learning_by_gradient",
    "GraphNode": "lecture_2_deriving_backpropagation",
    "count_multiplications": "lecture_2_deriving_backpropagation",
    "draw_graph": "lecture_2_deriving_backpropagation",
    "draw_nudge": "lecture_2_deriving_backpropagation",
    "plot_costs": "lecture_2_deriving_backpropagation",
    "delta_sizes": "lecture_3_activation_functions",
    "plot_classes": "lecture_3_activation_functions",
    "plot_delta_by_layer": "lecture_3_activation_functions",
    "plot_jacobians": "lecture_3_activation_functions",
    "plot_output_delta": "lecture_3_activation_functions",
    "plot_saturation": "lecture_3_activation_functions",
    "plot_slope_through_activation": "lecture_3_activation_functions",
    "plot_weighted_inputs": "lecture_3_activation_functions",
    "explore_learning_rate": "interactive",
    "explore_nudge": "interactive",
    "step_through": "interactive",
}

__all__ = list(_HOME)


_DRAWS = ("draw_", "plot_", "explore_", "step_through")  # how the functions' names begin


class LeftOutPicture:
    """What a function gives at grading in place of a picture; whatever is done with it is nothing.

    So a cell that saves or changes its picture runs as it does at home.
    """

    def __repr__(self) -> str:
        return LEFT_OUT

    def __getattr__(self, name: str) -> "LeftOutPicture":
        if name.startswith("_"):  # asked for by Python and by IPython
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __call__(self, *args: object, **options: object) -> "LeftOutPicture":
        return self

    def __getitem__(self, key: object) -> "LeftOutPicture":
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'helpers.pictures' has no attribute {name!r}")
    draws = name.startswith(_DRAWS)
    if draws and at_grading():
        return LeftOutPicture()
    value = getattr(import_module(f"helpers.pictures.{_HOME[name]}"), name)
    if not draws:  # others are looked up anew: a process that grades may fork one that is graded
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
