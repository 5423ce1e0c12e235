"""Helpers of the backpropagation course: forward passes, reference gradients, checks and pictures.

The names below load their module when they are first used, so that `import helpers` stays fast:
Matplotlib, SymPy and TensorFlow are only loaded by notebooks that need them.
"""

from importlib import import_module
from typing import Any

from helpers import older_notebooks

__version__ = "0.2.0"  # of the course: notebooks carry it, and pyproject.toml reads it

_HOME = {
    "Network": "network",
    "gradients": "reference",
    "WeightSpace": "weight_space",
    "forward_difference": "numerical",
    "central_difference": "numerical",
    "symmetric_difference": "numerical",  # the name of the same in notebooks of release 0.1.0
    "check": "checking",
    "NotYet": "checking",
    "all_right": "checking",
    "when_answered": "checking",
    "use_student": "personal",
    "draw_network": "pictures",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'helpers' has no attribute {name!r}")
    value = getattr(import_module(f"helpers.{_HOME[name]}"), name)
    if _HOME[name] != "pictures":  # which decides anew
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


older_notebooks.keep_working()
