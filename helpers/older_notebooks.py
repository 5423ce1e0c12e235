"""Notebooks of release 0.1.0 import from modules that have moved; they go on working.

Whatever such a notebook imports from `helpers.figures`, say, it gets from `helpers.pictures`. Its
calls of draw_network are understood in `helpers.pictures.network_diagram.older_calls`. OLD_CALLS
says how they read in today's given cells, so that the grader does not mistake an old cell for one
that a student has changed.
"""

import copy
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

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


# Names of functions, answers and questions that began with "symmetric" in release 0.1.0 and begin
# with "central" today.
OLD_WORD = re.compile(
    r"(?:(?<![.\w])|(?<=\"p3\.)|(?<=numerical\.))symmetric_(?=(?:difference|factor|runs)\b)"
)
OLD_WORD_IN_ID = re.compile(r"\bsymmetric_(?=(?:difference|factor|runs)\b)")
OLD_ANSWER = re.compile(r"\bsymmetric_(\w+)\s*=\s*symmetric_\1\b")  # as old check cells give it

OLD_NAME = re.compile(rf"({'|'.join(map(re.escape, NOW_IN))})\b")

# The course's own calls of draw_network, as they stood in given cells and as they stand there now.
# Old ones still run (helpers.pictures.network_diagram.older_calls); this table is for comparing.
OLD_CALLS = (
    # lecture 1
    ('draw_network(net, show_weights="names")', 'draw_network(net, parameters="names")'),
    # lecture 2
    (
        """\
deep = {
    "show_weights": False,
    "unit_names": [["1", "2", "3", "4"], ["5", "6", "7"], ["8", "9", "10"], ["11", "12"]],
}
draw_network((4, 3, 3, 2), **deep)""",
        """\
numbered = Labels(
    units=[["1", "2", "3", "4"], ["5", "6", "7"], ["8", "9", "10"], ["11", "12"]]
)
draw_network(
    (4, 3, 3, 2), parameters="nothing", labels=numbered,
    style=DiagramStyle(room={"delta": -0.8888}),
)""",
    ),
    (
        'names = {"unit_names": units, "weight_names": edges}',
        "names = Labels(units=units, weights=edges)",
    ),
    (
        """loss=slides_E, show_weights="both", digits=0,
    **names,
""",
        """loss=slides_E,
    parameters="both", labels=names,
    style=DiagramStyle(digits=1, room={"z": 185, "a": 185, "E": 15488}),
""",
    ),
    # Problem 1
    (
        'highlight=path, show_weights="names", **names)',
        'parameters="names", labels=names, highlight=path)',
    ),
    (
        """z="names", a="names", t="names", loss="names",
    highlight=path, show_weights="names", **names,
""",
        """trace="names", t="names", loss="names",
    parameters="names", labels=names, highlight=path,
""",
    ),
    (
        """z="names", a="names", t="names", loss="names",
    highlight=paths, show_weights="names",
    unit_names=[["x_i", ""], ["j", ""], ["k", "l"]],
    weight_names=[[["w_{ij}", ""], ["", ""]], [["w_{jk}", "w_{jl}"], ["", ""]]],
    bias_names=[["b_j", ""], ["b_k", "b_l"]],
""",
        """trace="names", t="names", loss="names", parameters="names",
    labels=Labels(
        units=[["x_i", ""], ["j", "m"], ["k", "l"]],
        weights=[[["w_{ij}", ""], ["", ""]], [["w_{jk}", "w_{jl}"], ["w_{mk}", "w_{ml}"]]],
        biases=[["b_j", "b_m"], ["b_k", "b_l"]],
    ),
    highlight=paths,
""",
    ),
    # Problem 2
    (
        """\
    return draw_network(
        step.net,
        step.x,
        z=[np.ravel(z_h), np.ravel(z_o)],
        a=[np.ravel(a_h), np.ravel(a_o)],
        t=step.t,
        delta=[np.ravel(delta_h), np.ravel(delta_o)],
        weight_gradients=[np.reshape(dW_h, (2, 2)), np.reshape(dW_o, (2, 1))],
    )""",
        """\
    from helpers.pictures import BackwardValues, ForwardValues

    return draw_network(
        step.net,
        step.x,
        trace=ForwardValues(
            z=[np.ravel(z_h), np.ravel(z_o)],
            a=[np.ravel(a_h), np.ravel(a_o)],
        ),
        t=step.t,
        gradients=BackwardValues(
            delta=[np.ravel(delta_h), np.ravel(delta_o)],
            weights=[np.reshape(dW_h, (2, 2)), np.reshape(dW_o, (2, 1))],
        ),
    )""",
    ),
)


def with_new_imports(text: str) -> str:
    """The text of an old notebook's given cell with today's imports and calls of draw_network.

    A text of today stays as it is.
    """
    text = OLD_NAME.sub(lambda match: NOW_IN[match[1]], text)
    text = text.replace("from helpers.weight_space import", "from helpers import")
    for old, new in OLD_CALLS:
        if new not in text:  # what an old call begins with may be left in the new one
            text = text.replace(old, new)
    return text


def with_new_word(text: str) -> str:
    """A text, such as a question's or a cell's id, with today's name of what was renamed."""
    return OLD_WORD_IN_ID.sub("central_", text)


def with_new_words(submitted: "NotebookNode") -> "NotebookNode":
    """A submitted notebook, of whatever structure, with today's name of what was renamed.

    In ids of cells, and in the code of a notebook whose check asks for the old name.
    """
    cells = [cell for cell in submitted.cells if isinstance(cell, dict)]
    if not any(OLD_ANSWER.search(str(cell.get("source"))) for cell in cells):
        return submitted
    renamed = copy.deepcopy(submitted)
    for cell in renamed.cells:
        if not isinstance(cell, dict):
            continue
        labels = cell.get("metadata")
        labels = labels.get("nbgrader") if isinstance(labels, dict) else None
        for holder, key in ((cell, "id"), (labels, "grade_id")):
            if isinstance(holder, dict) and isinstance(holder.get(key), str):
                holder[key] = with_new_word(holder[key])
        if cell.get("cell_type") == "code" and isinstance(cell.get("source"), str):
            cell["source"] = OLD_WORD.sub("central_", cell["source"])
    return renamed


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
