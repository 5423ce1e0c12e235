"""The statements of a cell and the names that they give a value; nothing is run."""

import ast
import re
import warnings
from dataclasses import dataclass
from functools import cache

IPYTHON_LINE = re.compile(r"^[ \t]*[%!?][^\n]*$", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """A statement at the outermost level."""

    text: str  # with comments above it
    names: frozenset[str]  # that it binds


# Each cell is asked for many times while its notebook is laid in, and never after that.
@cache
def statements(text: str) -> tuple[Statement, ...]:
    """The Statements of a cell, in order, all of its text; () if it is not Python."""
    lines = text.split("\n")
    found: list[Statement] = []
    start, together = 0, list[ast.stmt]()
    try:
        body = _parsed(text).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            together.append(node)
            end = node.end_lineno if after else len(lines)
            assert end is not None  # only a node that was not parsed has no end
            if after and _first_line(after) <= end:  # on one line, with a semicolon
                continue
            names = frozenset().union(*map(_names, together))
            found.append(Statement("\n".join(lines[start:end]), names))
            start, together = end, []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(found)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError:
            return ast.parse(IPYTHON_LINE.sub("", text))


def forget() -> None:
    """Keep nothing of the texts that were asked about."""
    statements.cache_clear()
    names_in.cache_clear()


@cache
def names_in(text: str) -> frozenset[str]:
    """The names that a cell gives a value."""
    return frozenset().union(*(statement.names for statement in statements(text)))


def names_emptied_in(text: str) -> frozenset[str]:
    """The names to which a cell gives `...`, if that is all that it does; else none."""
    try:
        body = _parsed(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    gaps = [isinstance(node, ast.Assign) and _is_gap(node.value) for node in body]
    return names_in(text) if gaps and all(gaps) else frozenset()


def _is_gap(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def is_empty(text: str) -> bool:
    """Whether there is nothing in a cell but comments."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.split("\n"))


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _names(node: ast.AST) -> set[str]:
    """The names that a statement binds, those inside its functions and classes apart."""
    found: set[str] = set()
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            todo.append(node.value)
            if isinstance(node.value, ast.Name):
                found.add(node.value.id)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp):
            todo.extend(ast.iter_child_nodes(node))
    return found
