"""Read a notebook that a stranger wrote: whatever else the file holds, its cells are found."""

import copy
import json
import re
import warnings
from collections.abc import Mapping
from types import UnionType
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from helpers.grading.errors import Unreadable
from helpers.grading.intake.archive import MEGABYTE
from helpers.grading.repair.matching import text_of
from helpers.grading.repair.released import nbgrader

MAX_VALUES = 2_000_000  # that are parsed; each takes up to 100 bytes of memory
MAX_CELLS = 2_000
MAX_CODE_LENGTH = 500_000  # characters
MAX_KEPT_VALUES = 50_000  # of a file that is kept as it stands: nbformat takes 50 µs for each
MAX_TAGS = 100  # of a cell; nbformat compares each with each
MAX_OUTPUTS = 1_000  # nbformat takes 1 ms for one that is none
MAX_KEPT_SIZE = 5 * MEGABYTE  # bytes of a file that is kept as it stands
DEEPEST = 30  # lists in lists, in a file that is kept as it stands
VALUES = (b",", b":", b"[", b"{")  # of which each value has one before it, or text has them
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
RELEASE = re.compile(r"\d{1,4}(\.\d{1,4}){0,3}")
LABELS: dict[str, type | UnionType] = {
    "grade_id": str,
    "grade": bool,
    "solution": bool,
    "locked": bool,
    "points": int | float,
}


def read_notebook(data: bytes) -> NotebookNode:
    """The cells of the notebook in `data` as a plain notebook of format 4.

    Of each cell there are type, text, id and nbgrader's labels, and of the notebook the release
    that it belongs to: all that grading looks at. Raises Unreadable in plain words.
    """
    content = _json(data)
    if not isinstance(content, dict) or "nbformat" not in content:
        raise Unreadable("is JSON, but not a notebook")
    version = content["nbformat"]
    if type(version) is not int or version not in (3, 4):
        is_number = type(version) in (int, float)
        given = f"the notebook format {str(version)[:20]}" if is_number else "no format number"
        raise Unreadable(f"has {given}; expected 4")
    cells = _cells(content)
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"has {len(cells)} cells, more than {MAX_CELLS}")
    ids: set[str] = set()
    read = [_plain(cell, ids) for cell in cells if isinstance(cell, dict)]
    if cells and not read:
        raise Unreadable("is not a notebook as Jupyter saves it")
    code = sum(len(cell.source) for cell in read if cell.cell_type == "code")
    if code > MAX_CODE_LENGTH:
        raise Unreadable(f"has {code} characters of code, more than {MAX_CODE_LENGTH}")
    release = release_of(content)
    return new_notebook(cells=read, metadata={"backprop": {"release": release}} if release else {})


def release_of(notebook: Mapping[str, object]) -> str:
    """The release of the course in a notebook's metadata, "" if there is none that can be one."""
    value = notebook.get("metadata")
    for key in ("backprop", "release"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) and RELEASE.fullmatch(value) else ""


def to_keep(data: bytes, notebook: NotebookNode) -> tuple[bytes, str]:
    """What is kept of the file `data`, and what is to be said of it, "" if nothing.

    It is the file itself, unless it is large or nbgrader cannot read it, or not in a moment, as it
    does in `nbgrader autograde` and formgrader: then only what grading looks at, `notebook` from
    `read_notebook`.
    """
    if len(data) > MAX_KEPT_SIZE or sum(map(data.count, VALUES)) > MAX_KEPT_VALUES:
        return _as_bytes(notebook), ""
    if not _nbgrader_reads(data):
        return _as_bytes(notebook), "The file was not as Jupyter saves it; its cells were found."
    return data, ""


def _as_bytes(notebook: NotebookNode) -> bytes:
    return json.dumps(notebook, indent=1).encode()


def _json(data: bytes) -> object:
    if not data.strip(b"\0\t\r\n "):
        raise Unreadable("is empty")
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        raise Unreadable(
            "is not text in UTF-8, so it is not a notebook as Jupyter saves it"
        ) from None
    if sum(map(text.count, map(bytes.decode, VALUES))) > MAX_VALUES:
        raise Unreadable(f"holds more than {MAX_VALUES} values")
    try:
        return json.loads(text)
    except RecursionError:
        raise Unreadable("is nested too deeply to be read") from None
    except ValueError as error:
        where = f" (line {error.lineno})" if hasattr(error, "lineno") else ""
        raise Unreadable(f"is broken: it is not valid JSON{where}") from None


def _cells(content: Mapping[str, Any]) -> list[object]:
    """The cells, whether they lie in the notebook or, as in format 3, in worksheets."""
    if isinstance(content.get("cells"), list):
        return content["cells"]
    sheets = content.get("worksheets")
    if not isinstance(sheets, list):
        raise Unreadable("is not a notebook as Jupyter saves it")
    sheets = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in sheets if isinstance(cells, list) for cell in cells]


def _plain(cell: Mapping[str, Any], ids: set[str]) -> NotebookNode:
    """What grading looks at in a cell. ids: of the cells before; its own is added."""
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    text = text_of(cell if "source" in cell else {"source": cell.get("input")})
    own = cell.get("id")
    if not (isinstance(own, str) and CELL_ID.fullmatch(own) and own not in ids):
        own = f"read-{len(ids)}"
    ids.add(own)
    given = nbgrader(cell)
    labels = {key: given[key] for key in LABELS if isinstance(given.get(key), LABELS[key])}
    metadata = {"nbgrader": labels} if labels else {}
    plain = {"cell_type": kind, "id": own, "metadata": metadata, "source": text}
    if kind == "code":
        plain |= {"outputs": [], "execution_count": None}
    return nbformat.from_dict(plain)


def _nbgrader_reads(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
        content = json.loads(text)
        if content["nbformat"] != 4 or _depth(content) > DEEPEST:
            return False
        if not all(_has_plain_tags(cell) for cell in content["cells"]):
            return False
        if sum(len(cell.get("outputs", ())) for cell in content["cells"]) > MAX_OUTPUTS:
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # nbgrader copies what it reads, which fails for some that nbformat lets through.
            cells = copy.deepcopy(nbformat.reads(text, as_version=4)).cells
        return isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells)
    except Exception:  # nbformat lets through whatever goes wrong in it
        return False


def _has_plain_tags(cell: Mapping[str, Any]) -> bool:
    """Whether a cell's tags are such that nbformat is soon done with comparing them."""
    tags = cell.get("metadata", {}).get("tags", [])
    return (
        isinstance(tags, list)
        and len(tags) <= MAX_TAGS
        and all(isinstance(tag, str) for tag in tags)
    )


def _depth(value: object) -> int:
    """How deep lists and dicts are nested in a JSON value, counted no further than DEEPEST + 1."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        inside = [item for item in level if isinstance(item, dict | list)]
        level = [v for item in inside for v in (item.values() if isinstance(item, dict) else item)]
        depth += bool(inside)
    return depth
