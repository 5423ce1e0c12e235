"""What decides whether work that was graded is graded again."""

import ast
import shutil
import subprocess
import sys

import pytest

from helpers.grading.machine.versions import (
    HELPERS,
    WITHOUT_INFLUENCE,
    of_helpers,
    of_marking,
)

# From these a mark and a hint come: reading, running, asking, judging, entering.
DECIDING = (
    *("grading/student.py", "grading/intake", "personal/class_list.py"),
    *("marking", "asking", "checking.py"),
)


@pytest.fixture
def package(tmp_path):
    """A copy of helpers."""
    return shutil.copytree(HELPERS, tmp_path / "helpers")


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("pictures/curves.py", False),
        ("pictures/interactive/page.py", False),
        ("authoring/build.py", False),
        ("grading/pages/feedback.py", False),
        ("marking/judging.py", True),
        ("grading/running/run.py", True),
        ("marking/questions/problem_3_numpy.py", True),
        ("marking/misconceptions/catalogue.toml", True),
        ("of_a_new_lesson.py", True),
        ("grading/newly_added.py", True),
    ],
)
def test_marks_are_made_anew_where_they_may_differ(package, name, counts):
    before = of_marking(package), of_helpers(package)
    with open(package / name, "a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert (of_marking(package) != before[0]) == counts
    assert of_helpers(package) != before[1]


def test_what_has_no_influence_is_there_and_not_used_by_what_decides():
    """Followed through all imports, also those inside functions."""
    assert [name for name in WITHOUT_INFLUENCE if not (HELPERS / name).exists()] == []
    seen, waiting = set(), [path for name in DECIDING for path in _files(HELPERS / name)]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += _imported(path)
    assert len(seen) > 50
    used = {path.relative_to(HELPERS) for path in seen}
    assert [p for p in used if any(p.is_relative_to(name) for name in WITHOUT_INFLUENCE)] == []


def _files(path):
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _imported(path):
    """The files of helpers that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    for name in names:
        top, *rest = name.split(".")
        if top == "helpers":
            place = HELPERS.joinpath(*rest)
            yield from (p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file())


def test_what_is_installed_does_not_depend_on_what_has_been_imported():
    """As setuptools, which adds its own copies of packages to the path."""
    code = "from helpers.grading.machine.versions import installed\n{}print(installed())"
    said = {
        subprocess.run(
            [sys.executable, "-c", code.format(first)],
            cwd=HELPERS.parent,
            capture_output=True,
            check=True,
        ).stdout
        for first in ("", "import setuptools\n")
    }
    assert len(said) == 1
