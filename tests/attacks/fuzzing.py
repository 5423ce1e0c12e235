"""Mutate notebooks, records and zips at random: their structure, and their bytes.

Everything depends on the random.Random that is given alone.
"""

import copy
import io
import json
import random
import zipfile
from functools import cache

from helpers.asking.record import MIME_TYPE
from tests.sample_class.students import STUDENTS
from tests.sample_class.work import Notebook, notebook_names

# Stand for what json.dumps cannot write; put in place of their names afterwards.
LITERALS = {
    "@nan@": "NaN",
    "@inf@": "-Infinity",
    "@huge@": "9" * 400,
    "@too_huge@": "9" * 5000,
    "@float@": "1e999",
    "@deep@": "[" * 400 + "]" * 400,
    "@deeper@": '{"a":' * 5000 + "1" + "}" * 5000,
    "@twice@": '{"cells": 1, "cells": [], "cell_type": "code"}',
}
TEXTS = (
    *("", " ", "\0", "\ud800", "\udfff\ud800", "\u202egnp.exe", "\ufeff", "\u2028", "\x1b[2J"),
    *("é" * 99, "=1+1", "<script>alert(1)</script>", "../../etc/passwd", "%matplotlib inline"),
    *("x" * 120_000, "x = (" * 300, "-" * 5000 + "1", "STUDENT = '\\ud800'\n" * 50, "def f(:\n"),
    *("```python\nx = 1\n```", 'check("p2.sigmoid.forward", z_h=1)', "NaN", "null"),
    *("code", "markdown", "raw", "heading"),
)
VALUES = (
    *(None, True, False, 0, -1, 1, 4, 3, 0.5, 10**18, [], {}, [[]], {"a": []}, [None]),
    *(["a", 1, None], {"nbgrader": {"grade_id": "p2-sigmoid-forward-answer"}}, {"": {"": {"": 1}}}),
)
ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp500", "utf-7")
BYTES = (b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"{", b"}", b'"', b"\\", b"\r\n", b"[" * 50)


@cache
def originals():
    """(file name, bytes) of released, solved and sample notebooks."""
    found = []
    for name in notebook_names():
        for solved in (False, True):
            found.append((f"{name}.ipynb", bytes(Notebook(name, solved=solved))))
    for student in STUDENTS:
        found += [item for item in student.files().items() if item[0].endswith(".ipynb")]
    return found


# Structure


def mutated_json(value, rng, times):
    """A JSON value with `times` places in it changed, as text."""
    holder = {"": copy.deepcopy(value)}
    for _ in range(times):
        container, key = _place(holder, rng)
        _change(container, key, rng)
    text = json.dumps(holder.get("", None), allow_nan=True)
    for name, literal in LITERALS.items():
        text = text.replace(f'"{name}"', literal)
    return text


def _place(value, rng):
    """A random place in a JSON value: its container, and the key there."""
    container, key = value, ""
    while container[key] and isinstance(container[key], dict | list) and rng.random() < 0.85:
        container = container[key]
        key = rng.choice(list(container) if isinstance(container, dict) else range(len(container)))
    return container, key


def _change(container, key, rng):
    kind = rng.randrange(6)
    value = container[key]
    if kind == 0 and key != "":
        del container[key]
    elif kind == 1 and isinstance(container, dict) and key != "":
        container[rng.choice(TEXTS)[:200]] = container.pop(key)
    elif kind == 2 and isinstance(container, list):
        container.insert(rng.randrange(len(container) + 1), copy.deepcopy(value))
    elif kind == 3 and isinstance(value, str):
        container[key] = rng.choice(([*value], value.splitlines(), [value, 7], value * 3))
    elif kind == 4 and isinstance(value, list):
        rng.shuffle(value)
    else:
        (values,) = rng.choices((VALUES, TEXTS, list(LITERALS)), (20, 20, 1))
        container[key] = copy.deepcopy(rng.choice(values))


def _is_cell(cell):
    return isinstance(cell, dict) and isinstance(cell.get("source"), str)


def mutated_cells(content, rng):
    """Cells of a notebook deleted, copied, moved, split, merged, retyped and relabelled."""
    cells = content["cells"]
    for _ in range(rng.randint(1, 12)):
        i, j = rng.randrange(len(cells)), rng.randrange(len(cells))
        cell, other = cells[i], cells[j]
        kind = rng.randrange(9)
        if kind == 0 and len(cells) > 3:
            del cells[i]
        elif kind == 1:
            cells.insert(j, copy.deepcopy(cell))
        elif kind == 2:
            cells.insert(j, cells.pop(i))
        elif kind == 3 and _is_cell(cell):
            half = copy.deepcopy(cell)
            cut = rng.randint(0, len(cell["source"]))
            half["source"], cell["source"] = cell["source"][cut:], cell["source"][:cut]
            cells.insert(i + 1, half)
        elif kind == 4 and _is_cell(cell) and _is_cell(other) and i != j:
            cell["source"] += "\n" + other["source"]
            del cells[j]
        elif kind == 5 and isinstance(cell, dict):
            cell["cell_type"] = rng.choice(("code", "markdown", "raw", "heading", None, ["code"]))
        elif kind == 6 and isinstance(cell, dict) and isinstance(other, dict):
            cell["metadata"], other["metadata"] = other.get("metadata"), cell.get("metadata")
        elif kind == 7 and isinstance(cell, dict) and isinstance(other, dict):
            cell["id"] = other.get("id")
        else:
            cells[i] = rng.choice((None, [], {}, 7, {"cell_type": "code"}, {"source": "x = 1"}))
    return content


# Bytes


def mutated_bytes(data, rng):
    """Bytes flipped, cut out, put in, cut off, doubled, or written in another encoding."""
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            at = rng.randrange(len(data))
            data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[at + rng.choice((1, 2, 40, 4000)) :]
        elif kind == 2:
            data = data[:at] + rng.choice(BYTES) + data[at:]
        elif kind == 3 and rng.random() < 0.2:
            data = data[:at]
        elif kind == 4 and rng.random() < 0.2:
            data = data.replace(b"\n", b"\r\n").replace(b"\\n", b"\\r\\n")
        elif rng.random() < 0.2:
            text = data.decode("utf-8", "replace")
            data = text.encode(rng.choice(ENCODINGS), "replace")
    return data


def mutated_notebook(rng):
    """The name and the bytes of a mutated notebook."""
    name, data = rng.choice(originals())
    kind = rng.randrange(6)
    if kind:
        try:
            content = json.loads(data)
            if kind < 5 and len(content["cells"]) > 3:
                content = mutated_cells(content, rng)
        except (ValueError, KeyError):
            return name, mutated_bytes(data, rng)
        data = mutated_json(content, rng, rng.choice((0, 1, 2, 5, 15))).encode()
    if kind == 0 or rng.random() < 0.1:
        data = mutated_bytes(data, rng)
    return name, data


# Records and outputs


def mutated_outputs(record, rng):
    """Outputs of a check cell with `record` in them, as nbformat's dicts, mutated."""
    output = {
        "output_type": "display_data",
        "data": {MIME_TYPE: record, "text/plain": "7 of 7 parts are right"},
        "metadata": {},
    }
    error = {
        "output_type": "error",
        "ename": "E",
        "evalue": "\x1b[31mno",
        "traceback": ["a\n", "b"],
    }
    stream = {"output_type": "stream", "name": "stdout", "text": "right\n"}
    outputs = [output, *rng.sample([error, stream, output], rng.randrange(3))]
    try:
        found = json.loads(mutated_json(outputs, rng, rng.choice((0, 1, 1, 2, 6))))
    except (ValueError, RecursionError):
        return [output]
    # A kernel's outputs arrive as a list of messages, each a dict.
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


# Zips


def mutated_zip(rng):
    """A class as a zip with mutated bytes, half of them in its directory at the end."""
    target = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(target, "w", method) as archive:
        for number in range(4):
            name, data = originals()[rng.randrange(len(originals()))]
            archive.writestr(f"Student {number}_{number}_assignsubmission_file_/{name}", data)
    data = bytearray(target.getvalue())
    directory = data.index(b"PK\x01\x02")
    for _ in range(rng.choice((1, 2, 10, 100))):
        at = rng.randrange(directory if rng.random() < 0.7 else 0, len(data))
        data[at] = rng.choice((0, 1, 0xFF, data[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
    return bytes(data) if rng.random() < 0.9 else bytes(data[: rng.randrange(len(data))])


def generator(seed):
    return random.Random(seed)
