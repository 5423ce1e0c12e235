"""What a mark depends on besides the submission: the code of helpers, Python and its packages."""

import functools
import hashlib
import platform
from importlib import metadata
from pathlib import Path

import helpers

PACKAGES = (
    # What notebooks compute and draw with
    *("numpy", "sympy", "matplotlib", "contourpy", "pillow", "keras"),
    # What runs them
    *("ipython", "ipykernel", "jupyter-client", "nbclient", "nbformat", "pyzmq", "traitlets"),
    # What carries them over a cluster
    *("dask", "distributed"),
)
TENSORFLOW = ("tensorflow", "tensorflow-cpu")  # the same, with and without what a GPU needs


def of_helpers():
    """A hash of all code and descriptions in helpers."""
    digest = hashlib.sha256()
    package = Path(helpers.__file__).parent
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.toml")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def in_this_process():
    """The versions by name, as they were when this was first asked: what has been imported."""
    found = {"Python": platform.python_version(), "helpers": of_helpers()[:12]}
    found |= {name: _version(name) for name in PACKAGES}
    return found | {"tensorflow": next(filter(None, map(_version, TENSORFLOW)), "")}


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def differences(wanted, found):
    """How the versions `found` differ from those `wanted`, in words: a list."""
    return [
        f"{name} {found.get(name) or 'not installed'} (here: {version or 'not installed'})"
        for name, version in wanted.items()
        if found.get(name) != version
    ]
