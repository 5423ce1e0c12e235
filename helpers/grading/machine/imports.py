"""Import what grading uses of other people's packages, quickly, and leave the rest alone."""

import gc
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

# What is imported when nbgrader.api and nbformat are, and called in none of what grading does, half
# of all imports. nbgrader's own __init__ loads its extensions of JupyterLab; nbgrader.utils can
# unpack archives, and nbgrader.auth ask a JupyterHub.
WITHOUT_INIT = ("nbgrader",)
UNUSED = ("setuptools.archive_util", "requests")
# With these jsonschema checks formats that notebooks have not; it does without what is missing.
FORMATS = (
    *("fqdn", "idna", "isoduration", "jsonpointer", "rfc3339_validator", "rfc3986_validator"),
    *("rfc3987", "rfc3987_syntax", "uri_template", "webcolors"),
)


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import meanwhile without what is unused, and without looking for garbage.

    What imports make stays, and is never looked at again. For the process of the command alone:
    what others import, nbgrader's own commands for instance, is left whole. Whoever needs later
    what was left out gets it.
    """
    before = len(sys.modules)
    gc.disable()
    for name in WITHOUT_INIT:
        _add_without_init(name)
    absent = {name for name in (*UNUSED, *FORMATS) if name not in sys.modules}
    for name in absent:
        # None keeps Python from importing it; typeshed knows modules only.
        sys.modules[name] = _Empty(name) if name in UNUSED else None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
        if len(sys.modules) > before:
            gc.freeze()
        gc.enable()


class _Empty(ModuleType):
    """In place of a module: whatever is imported from it is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def _add_without_init(name: str) -> None:
    """Let the modules of a package be imported without what its __init__ imports."""
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    if spec is not None:  # else it is there already, or not installed, which its import says
        sys.modules[name] = importlib.util.module_from_spec(spec)
