"""Notebooks of release 0.1.0 import from modules that have moved; they go on working.

Whatever such a notebook imports from `helpers.figures`, say, it gets from `helpers.pictures`.
"""

import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

NOW_IN = {
    "helpers.activation_figures": "helpers.pictures",
    "helpers.by_hand": "helpers.course",
    "helpers.descent_figures": "helpers.pictures",
    "helpers.diagram": "helpers.pictures",
    "helpers.figures": "helpers.pictures",
    "helpers.formula_figures": "helpers.pictures",
    "helpers.interactive": "helpers.pictures",
    "helpers.quiet_keras": "helpers.keras",
}


OLD_NAME = re.compile(rf"({'|'.join(map(re.escape, NOW_IN))})\b")


def with_new_imports(text: str) -> str:
    """The text of an old notebook's cell as it is today, as far as imports are concerned."""
    text = OLD_NAME.sub(lambda match: NOW_IN[match[1]], text)
    return text.replace("from helpers.weight_space import", "from helpers import")


class _Forwarding(MetaPathFinder, Loader):
    """Finds the modules that are NOW_IN others, as empty modules that look their names up there."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in NOW_IN else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None  # a new, empty one

    def exec_module(self, module: ModuleType) -> None:
        home = import_module(NOW_IN[module.__name__])
        # A module may have a function of this name; the stubs know the method of its class only.
        module.__getattr__ = lambda name: getattr(home, name)  # type: ignore[method-assign]


def keep_working() -> None:
    """Let the old imports find what they want."""
    # The first to be asked: a folder that an update leaves behind, with nothing but __pycache__ in
    # it, would be taken for the module.
    sys.meta_path.insert(0, _Forwarding())
