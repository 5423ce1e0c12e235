"""Who may import whom, in `helpers` and in the notebooks."""

import ast
from pathlib import Path

import nbformat
import pytest

import helpers

ROOT = Path(__file__).resolve().parents[1]
# From the lowest to the highest: a module imports from its own layer and from lower ones.
LAYERS = (
    ("older_notebooks",),
    # the mathematics
    ("activations", "network", "numerical", "reference", "sgd_step", "weight_space"),
    ("course", "data", "keras", "personal/__init__", "personal/problem_data"),
    ("pictures", "asking", "checking", "saved_functions"),
    ("marking", "personal/draws", "personal/likely"),
    ("grading", "personal/class_list", "personal/sheets"),
    ("authoring",),
)
# Upwards all the same, inside functions: a check at home compares, and a student's own numbers are
# drawn, neither of which a kernel can do in which submissions are graded.
UPWARDS = {
    ("checking", "marking/judging"),
    ("checking", "marking/questions/__init__"),
    ("checking", "marking/verdict"),
    ("personal/__init__", "personal/draws"),
}
FOR_NOTEBOOKS = (
    "helpers",
    "helpers.course",
    "helpers.data",
    "helpers.keras",
    "helpers.pictures",
    "helpers.saved_functions",
)
MODULES = {
    path.relative_to(ROOT / "helpers").with_suffix("").as_posix(): path
    for path in (ROOT / "helpers").rglob("*.py")
}


def layer(module):
    """The place of a module, as in MODULES, among the LAYERS."""
    for place, names in enumerate(LAYERS):
        if any(module == name or module.startswith(f"{name}/") for name in names):
            return place
    raise ValueError(f"{module} is in no layer")


def imported(tree):
    """Yield (module of helpers, whether inside a function) for each import in a syntax tree."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        names = []
        if id(node) in for_types:  # never run
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        for name in names:
            path = name.replace(".", "/").removeprefix("helpers/")
            for module in (path, f"{path}/__init__"):
                if name.startswith("helpers.") and module in MODULES:
                    yield module, id(node) in inside


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_from_no_higher_layer(module):
    if module == "__init__":
        return  # it loads what it exports by name, when it is first used
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for other, inside in imported(tree):
        if layer(other) > layer(module):
            assert (module, other) in UPWARDS and inside


def test_no_module_is_called_like_an_exported_name():
    assert not set(helpers.__all__) & {module.partition("/")[0] for module in MODULES}


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_a_notebook_imports_from_few_places(folder):
    for path in (ROOT / folder).glob("*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for line in cell.source.splitlines() if cell.cell_type == "code" else ():
                words = line.split()
                if words[:1] in (["from"], ["import"]) and words[1].startswith("helpers"):
                    assert words[1] in FOR_NOTEBOOKS, (path.name, line)
