"""Whether two builds of a notebook are the same, on different machines too.

Sources, ids and metadata have to agree to the letter. In outputs, pictures are not compared, and
numbers may differ in their last digits.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

RELATIVE, ABSOLUTE = 1e-5, 1e-8
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
INTEGER = re.compile(r"[-+]?\d+")
EMBEDDED = re.compile(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=\s]*")
PICTURES = ("image/png", "image/jpeg")


def same_text(one: str, other: str) -> bool:
    """Whether two texts agree but for spaces, embedded pictures and the last digits of numbers."""
    one, other = _tidy(one), _tidy(other)
    if NUMBER.split(one) != NUMBER.split(other):
        return False
    return all(map(_same_number, NUMBER.findall(one), NUMBER.findall(other)))


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", EMBEDDED.sub("data:image", text))
    # NumPy pads the numbers of an array to the longest one.
    return text.replace("[ ", "[").replace(" ]", "]")


def _same_number(one: str, other: str) -> bool:
    if INTEGER.fullmatch(one) and INTEGER.fullmatch(other):
        return one == other
    return math.isclose(float(one), float(other), rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def differences(one: str, other: str) -> list[str]:
    """Sentences on how two notebooks, each the text of its file, differ; empty if they do not."""
    try:
        return list(_differences(json.loads(one), json.loads(other)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ["this is not a notebook as it is built"]


def _differences(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for key in sorted({*one, *other} - {"cells"}):
        if one.get(key) != other.get(key):
            yield f"the notebook's {key} differs"
    ids = [cell["id"] for cell in one["cells"]]
    if ids != [cell["id"] for cell in other["cells"]]:
        yield "there are other cells"
        return
    for cell_id, left, right in zip(ids, one["cells"], other["cells"], strict=True):
        for key in sorted({*left, *right}):
            if key == "outputs":
                same = same_text(_compared(left.get(key)), _compared(right.get(key)))
            else:
                same = left.get(key) == right.get(key)
            if not same:
                yield f"cell {cell_id}: {key} differ" + ("" if key == "outputs" else "s")


def _compared(outputs: list[dict[str, Any]] | None) -> str:
    """What is compared of outputs, as text: all but the pictures themselves."""
    outputs = json.loads(json.dumps(outputs))
    for output in outputs or ():
        for kind in PICTURES:
            if kind in output.get("data", {}):
                output["data"][kind] = ""
    return json.dumps(outputs, sort_keys=True, ensure_ascii=False)
