"""What marks depend on besides the submission: the code of helpers, Python and its packages."""

import functools
import hashlib
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import helpers

PACKAGES = (
    # What notebooks compute and draw with
    "numpy",
    "sympy",
    "matplotlib",
    "contourpy",
    "pillow",
    "keras",
    # What runs them
    "ipython",
    "ipykernel",
    "jupyter-client",
    "nbclient",
    "nbformat",
    "pyzmq",
    "traitlets",
    # What carries them over a cluster
    "dask",
    "distributed",
)
TENSORFLOW = ("tensorflow", "tensorflow-cpu")  # the same, with and without what a GPU needs


HELPERS = Path(helpers.__file__).parent
# No mark and no hint depends on these: pictures, pages and tables, which every run makes anew, and
# authoring. All else counts, new files too: better graded once too often than not again.
WITHOUT_INFLUENCE = (
    "pictures",
    "authoring",
    "personal/sheets.py",
    "grading/__main__.py",
    "grading/command.py",
    "grading/progress.py",
    "grading/export",
    "grading/forgetting.py",
    "grading/gradebook/history.py",
    "grading/gradebook/standing.py",
    "grading/gradebook/csv_tables.py",
    "grading/pages/exporter.py",
    "grading/pages/feedback.py",
    "grading/pages/report.py",
    "grading/pages/report_figures.py",
    "grading/pages/analysis.py",
    "grading/pages/examples.py",
)


def of_helpers(package: Path = HELPERS, without: Sequence[str] = ()) -> str:
    """A hash of all code and descriptions in helpers, but for the files and folders `without`."""
    digest = hashlib.sha256()
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.toml")]):
        name = path.relative_to(package)
        if not any(name.is_relative_to(other) for other in without):
            digest.update(f"{name.as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def of_marking(package: Path = HELPERS) -> str:
    """A hash of the code and descriptions in helpers that a mark or a hint can depend on."""
    return of_helpers(package, WITHOUT_INFLUENCE)


def installed() -> list[str]:
    """The names of the folders that say what is installed, such as "numpy-2.1.3.dist-info".

    importlib.metadata opens 200 files for the same.
    """
    kinds = "*.dist-info", "*.egg-info"
    folders = [Path(path) for path in sys.path if Path(path) != HELPERS.parent]  # of_helpers says
    # Whoever imports setuptools has its own copies of packages on the path from then on.
    folders = [folder for folder in folders if folder.name != "_vendor"]
    return sorted({found.name for path in folders for kind in kinds for found in path.glob(kind)})


@functools.cache
def in_this_process() -> dict[str, str]:
    """The versions by name, as they were when this was first asked: what has been imported."""
    found = {"Python": platform.python_version(), "helpers": of_helpers()[:12]}
    found |= {name: _version(name) for name in PACKAGES}
    return found | {"tensorflow": next(filter(None, map(_version, TENSORFLOW)), "")}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """How the versions `found` differ from those `wanted`, in words."""
    return [
        f"{name} {found.get(name) or 'not installed'} (here: {version or 'not installed'})"
        for name, version in wanted.items()
        if found.get(name) != version
    ]
