"""What both interactive pictures share: the HTML around their data, numbers and names."""

import hashlib
import html
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import overload

import numpy as np

from helpers.pictures.style import BLUE, GREY, VERMILLION, YELLOW, text_colour

# Digits that the HTML keeps of a number: more than are shown, fewer than machines differ in.
DIGITS = 9

Nested = list["float | None | Nested"]  # the numbers of an array

COLOURS = {
    "forward": BLUE,
    "backward": VERMILLION,
    "backward-text": text_colour(VERMILLION),
    "quiet": GREY,
    "used": YELLOW,
}


@dataclass(frozen=True)
class InteractivePicture:
    """An interactive picture, which a notebook shows as HTML. Equal data give equal HTML."""

    kind: str  # name of its script beside this file
    title: str  # a sentence that names it for a screen reader
    data: dict[str, object]  # what the script shows, JSON without nan
    twin: str  # the function that draws it without interaction

    def __repr__(self) -> str:
        return (
            f"{self.title}: an interactive picture. Run its cell to use it; {self.twin} shows the "
            "same without interaction."
        )

    def _repr_html_(self) -> str:
        styles = _source("shared.css")
        code = f"{_source('shared.js')}\n{_source(f'{self.kind}.js')}"
        # Pictures of one program on a page serve each other; those of another version do not.
        program = hashlib.sha256((styles + code).encode()).hexdigest()[:12]
        data = json.dumps(self.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        data = data.replace("<", "\\u003c")  # or a name could close the script
        colours = ";".join(f"--{name}:{colour}" for name, colour in COLOURS.items())
        # Until the script has run, and where none may run, only the sentence is seen.
        return (
            f'<div class="backprop-picture" data-program="{program}" role="group" '
            f'aria-label="{html.escape(self.title)}" style="{colours}">\n'
            f"<p>{html.escape(repr(self))}</p>\n"
            f"<style>\n{styles}</style>\n"
            f'<script type="application/json">{data}</script>\n'
            f'<script>\n(function () {{\n"use strict";\n{code}\n'
            f'start("{program}", build);\n}})();\n</script>\n</div>'
        )


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@overload
def numbers(values: float, digits: int = DIGITS) -> float | None: ...
@overload
def numbers(values: np.ndarray | Sequence[float], digits: int = DIGITS) -> Nested: ...
def numbers(
    values: np.ndarray | Sequence[float] | float, digits: int = DIGITS
) -> float | None | Nested:
    """An array or number as (nested lists of) floats of so many significant digits.

    What is not finite becomes None, as JSON has no word for it.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim:
        return [numbers(value, digits) for value in values]
    value = float(values)
    return float(f"{value:.{digits}g}") or 0.0 if math.isfinite(value) else None


def symbol(mathtext: str) -> str:
    r"""Mathtext such as r"$\delta_{h{,}1}$" in the scripts' notation, plain text with _{…}."""
    for tex, plain in (("$", ""), ("{,}", ","), ("\\delta", "δ"), ("\\partial", "∂")):
        mathtext = mathtext.replace(tex, plain)
    return re.sub(r"([_^])([^{])", r"\1{\2}", mathtext)
