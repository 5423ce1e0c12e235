"""Calls of `draw_network` in notebooks of release 0.1.0, which students have: they go on working.

Release 0.1.0 had a keyword for each thing, and True, False and None for some of the words that are
now in `Written`. `helpers.older_notebooks` knows how the course's own calls are written today.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from helpers.pictures.network_diagram.options import (
    BackwardValues,
    DiagramStyle,
    ForwardValues,
    Labels,
    Parameters,
    Written,
)

P = ParamSpec("P")
R = TypeVar("R")

# Today's keyword: the class of what it takes, and for each old keyword the field it has become.
OLD_KEYWORDS: dict[str, tuple[type[Any], dict[str, str]]] = {
    "trace": (ForwardValues, {"z": "z", "a": "a"}),
    "gradients": (
        BackwardValues,
        {"delta": "delta", "weight_gradients": "weights", "bias_gradients": "biases"},
    ),
    "parameters": (Parameters, {"show_weights": "weights", "show_biases": "biases"}),
    "labels": (
        Labels,
        {"unit_names": "units", "weight_names": "weights", "bias_names": "biases"},
    ),
    "style": (DiagramStyle, {name: name for name in ("digits", "title", "width", "ax")}),
}


def understands_older_calls(draw: Callable[P, R]) -> Callable[P, R]:
    """Let `draw_network` understand the keywords of release 0.1.0 besides its own."""

    @wraps(draw)
    def drawn(*given: P.args, **keywords: P.kwargs) -> R:
        positional = tuple(Written.NOTHING if value is None else value for value in given)
        return draw(*positional, **with_new_keywords(keywords))  # type: ignore[arg-type]

    return drawn


def with_new_keywords(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of a call of `draw_network` as they are today.

    Raises ValueError where a keyword of today stands beside an old one that has gone into it, and
    where show_weights or show_biases is nothing that release 0.1.0 described.
    """
    # None meant what leaving a keyword out means.
    came = {name: value for name, value in keywords.items() if value is not None}
    new: dict[str, Any] = {}
    for name, (kind, fields) in OLD_KEYWORDS.items():
        old = {keyword: came.pop(keyword) for keyword in fields if keyword in came}
        if old and name in came:
            raise ValueError(
                f"{name}: expected it alone, without the older {' and '.join(fields)}, got it "
                f"with {' and '.join(old)}."
            )
        if not old:
            continue
        if kind is Parameters:
            new[name] = _parameters(**old)
        elif kind in (ForwardValues, BackwardValues):
            new[name] = kind(**{fields[keyword]: _values(old[keyword]) for keyword in old})
        else:
            new[name] = kind(**{fields[keyword]: old[keyword] for keyword in old})
    return came | new


def _parameters(show_weights: object = True, show_biases: object = None) -> Parameters | Written:
    weights = _written("show_weights", show_weights)
    if show_biases is None:
        return weights  # one word for both, which leaves out biases that are all 0
    return Parameters(weights, _written("show_biases", show_biases))


def _written(name: str, show: object) -> Written:
    if isinstance(show, bool | np.bool_):
        return Written.NUMBERS if show else Written.NOTHING
    return Written.read(name, show, list(Written))


def _values(given: Any) -> Any:
    """Values by layer; a layer's None is NOTHING."""
    if isinstance(given, list | tuple):
        return [Written.NOTHING if value is None else value for value in given]
    return given
