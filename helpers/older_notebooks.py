"""Notebooks of release 0.1.0 import from modules that have moved; they go on working.

Whatever such a notebook imports from `helpers.figures`, say, it gets from `helpers.pictures`.
"""

import re
import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

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


def with_new_imports(text):
    """The text of an old notebook's cell as it is today, as far as imports are concerned."""
    text = OLD_NAME.sub(lambda match: NOW_IN[match[1]], text)
    return text.replace("from helpers.weight_space import", "from helpers import")


class _Forwarding(MetaPathFinder, Loader):
    """Finds the modules that are NOW_IN others, as empty modules that look their names up there."""

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name in NOW_IN else None

    def create_module(self, spec):
        return None  # a new, empty one

    def exec_module(self, module):
        home = import_module(NOW_IN[module.__name__])
        module.__getattr__ = lambda name: getattr(home, name)


def keep_working():
    """Let the old imports find what they want."""
    # The first to be asked: a folder that an update leaves behind, with nothing but __pycache__ in
    # it, would be taken for the module.
    sys.meta_path.insert(0, _Forwarding())
