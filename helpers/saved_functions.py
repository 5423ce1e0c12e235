"""A student's functions of Problem 3 in a file beside the notebook, which Problem 4 reads.

A file that is there is never changed: other functions go into a file with the next number, and the
one with the highest number is read.
"""

import builtins
import dis
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from helpers.asking import at_grading

__all__ = ["FUNCTIONS", "read_functions", "save_functions", "with_other"]

FUNCTIONS = (
    "activation",
    "slope",
    "forward",
    "loss",
    "deltas",
    "backward",
    "sgd_step",
    "train",
    "batches",
    "train_batches",
)
STEM = "my_network"
FIRST_LINES = '''"""My functions from Problem 3. Problem 4 reads this file if it lies beside."""

import numpy as np
'''


def save_functions(folder: str | Path = ".") -> str:
    """Write the notebook's FUNCTIONS, and what they call, into a file; returns a sentence on it.

    folder: where the file goes, the notebook's own. Functions that are not written yet are left
    out. Nothing is written if a file has the same functions already.
    """
    found, missing = _in_notebook()
    if not found:
        return "There is nothing to save yet: the functions above are not written."
    text, unknown = _text_of(found)
    said = [f"Without {_listed(missing)}, which you have not written yet." if missing else ""]
    if unknown:
        said.append(
            f"{_listed(unknown)} will not be known in the file: use what is defined or imported "
            "inside your functions, or write np.… for what comes from NumPy."
        )
    newest = _newest(Path(folder))
    if newest and _read(newest) == text:
        said.insert(0, f"{newest.name} has these functions already.")
        return " ".join(filter(None, said))
    path = _next(Path(folder), newest)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:  # x: never an existing one
            file.write(text)
    except OSError as error:
        return f"{path.name} cannot be written here ({error.strerror}); Problem 4 works without it."
    beside = f" {newest.name} stays as it was." if newest else ""
    return " ".join(filter(None, [f"Saved in {path.name}.{beside}", *said]))


def read_functions(folder: str | Path = ".") -> dict[str, Callable[..., Any]]:
    """FUNCTIONS by name, from the newest file in `folder`, and a printed sentence on it.

    In place of one that the file does not have, or of all if there is no file that can be read,
    stands a function that asks for it. While the notebook is graded no file is looked for.
    """
    functions: dict[str, Callable[..., Any]] = {name: _asks_for(name) for name in FUNCTIONS}
    path = None if at_grading() else _newest(Path(folder))
    if path is None:
        print("There is no file with your functions beside this notebook: see the next cell.")
        return functions
    try:
        namespace: dict[str, Any] = {"__name__": path.stem}
        exec(compile(_read(path), str(path), "exec"), namespace)  # the student's own, at home
    except Exception as error:
        print(
            f"{path.name} cannot be used: it stops with {type(error).__name__}: {error}. Run the "
            "last cell of Problem 3 again, or see the next cell."
        )
        return functions
    found = {name: namespace[name] for name in FUNCTIONS if callable(namespace.get(name))}
    lacking = [name for name in FUNCTIONS if name not in found]
    without = f" It lacks {_listed(lacking)}." if lacking else ""
    print(f"Your functions come from {path.name}.{without}")
    return functions | found


def with_other(function: Callable[..., Any], **others: Any) -> Callable[..., Any]:
    """The student's `function`, with `others` in place of what it calls by these names.

    with_other(train, forward=f) trains with f. It reaches what is called by what is called, too;
    the notebook's own functions stay as they are.
    """
    namespace = vars(sys.modules["__main__"]) | others
    for name in (*FUNCTIONS, getattr(function, "__name__", "")):
        own = namespace.get(name)
        if name not in others and isinstance(own, types.FunctionType):
            copied = types.FunctionType(
                own.__code__, namespace, name, own.__defaults__, own.__closure__
            )
            copied.__kwdefaults__ = own.__kwdefaults__
            namespace[name] = copied
    return namespace.get(getattr(function, "__name__", ""), function)


def _asks_for(name: str) -> Callable[..., Any]:
    def missing(*arguments: object, **keywords: object) -> NoReturn:
        raise NotImplementedError(f"your `{name}` from Problem 3")

    missing.__name__ = name
    return missing


def _in_notebook() -> tuple[dict[str, types.FunctionType], list[str]]:
    """The notebook's FUNCTIONS that are written, by name, and the names of the others."""
    namespace = vars(sys.modules["__main__"])
    found, missing = {}, []
    for name in FUNCTIONS:
        own = namespace.get(name)
        if isinstance(own, types.FunctionType) and not _only_raises(own):
            found[name] = own
        else:
            missing.append(name)
    return found, missing


def _only_raises(function: types.FunctionType) -> bool:
    """Whether a function still is the `raise NotImplementedError` that stands in the notebook."""
    return function.__code__.co_names == ("NotImplementedError",)


def _text_of(functions: dict[str, types.FunctionType]) -> tuple[str, list[str]]:
    """The text of a file with these functions and the student's own ones that they call, and the
    names that will not be known in it."""
    namespace = vars(sys.modules["__main__"])
    sources: dict[str, str] = {}
    imports: list[str] = []
    unknown: list[str] = []

    def add(name: str, function: types.FunctionType) -> None:
        if name in sources:
            return
        sources[name] = ""  # so that functions that call each other end
        try:
            sources[name] = textwrap.dedent(inspect.getsource(function)).rstrip()
        except (OSError, TypeError):
            unknown.append(name)
            return
        for used in _global_names(function.__code__):
            value = namespace.get(used)
            if used == "np" or hasattr(builtins, used) or used in sources:
                continue
            if isinstance(value, types.FunctionType) and value.__module__ == "__main__":
                add(used, value)
            elif isinstance(value, types.ModuleType):
                line = f"import {value.__name__} as {used}"
                imports.extend([line] if line not in imports else [])
            elif used not in unknown:
                unknown.append(used)

    for name, function in functions.items():
        add(name, function)
    body = "\n\n\n".join(source for source in sources.values() if source)
    more = "".join(f"{line}\n" for line in imports)
    return f"{FIRST_LINES}{more}\n\n{body}\n", unknown


def _global_names(code: types.CodeType) -> Iterator[str]:
    """The names that a code object, and those inside it, look up in the notebook."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)


def _numbered(folder: Path) -> dict[int, Path]:
    """The files of functions in a folder, by number."""
    found = {}
    for path in folder.glob(f"{STEM}*.py"):
        match = re.fullmatch(rf"{STEM}(?:_(\d+))?\.py", path.name)
        if match and path.is_file():
            found[int(match[1] or 1)] = path
    return found


def _newest(folder: Path) -> Path | None:
    numbered = _numbered(folder)
    return numbered[max(numbered)] if numbered else None


def _next(folder: Path, newest: Path | None) -> Path:
    if newest is None:
        return folder / f"{STEM}.py"
    return folder / f"{STEM}_{max(_numbered(folder)) + 1}.py"


def _read(path: Path) -> str:
    """The text of a file; what is not UTF-8 is replaced, and Python says where it stops."""
    return path.read_text(encoding="utf-8", errors="replace")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
