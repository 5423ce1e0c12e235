"""What a caller can ask `draw_network` for, apart from the network and the numbers themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from helpers.pictures.style import WIDTH

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Given = ArrayLike | str  # numbers, or a word of Written
    GivenByLayer = Sequence[Given] | str  # one for each layer, or one word for all of them


class Written(StrEnum):
    """How a quantity is written on the drawing. The plain words, such as "names", do as well."""

    NUMBERS = "numbers"
    NAMES = "names"  # its symbol
    BOTH = "both"  # symbol = number
    BLANK = "blank"  # an empty place to write by hand
    NOTHING = "nothing"

    @classmethod
    def read(
        cls, name: str, word: object, choices: Sequence[Written], besides: str = ""
    ) -> Written:
        """The one of the choices that a word stands for.

        besides: what else the argument may be. Raises ValueError, naming the argument, for any
        other word.
        """
        # A number or a truth value stands for no word, even where it compares equal to another.
        if isinstance(word, str) and word in choices:
            return cls(word)
        *others, last = ([besides] if besides else []) + [f'"{choice}"' for choice in choices]
        got = f'"{word}"' if isinstance(word, str) else f"{word!r:.60}"
        raise ValueError(f"{name}: expected {', '.join(others)} or {last}, got {got}.")


@dataclass(frozen=True)
class ForwardValues:
    """Values of a forward pass; each a list with one array (units,) per layer after the inputs.

    Instead of an array, or of a whole list, there may be "names", "blank" or "nothing".
    """

    z: GivenByLayer = Written.NOTHING  # weighted inputs
    a: GivenByLayer = Written.NOTHING  # activations


@dataclass(frozen=True)
class BackwardValues:
    """Values of a backward pass, as lists with one array per layer after the inputs.

    Instead of an array, or of a whole list, there may be "names", "blank" or "nothing".
    """

    delta: GivenByLayer = Written.NOTHING  # ∂E/∂z, shape (units,)
    weights: GivenByLayer = Written.NOTHING  # gradients of the weights, shape (in, out)
    biases: GivenByLayer = Written.NOTHING  # gradients of the biases, shape (units,)


@dataclass(frozen=True)
class Parameters:
    """How weights and biases are written, where one word does not fit both."""

    weights: Written | str = Written.NUMBERS
    biases: Written | str = Written.NUMBERS


@dataclass(frozen=True)
class Labels:
    """The caller's own names, in mathtext without $ signs; what is left out keeps the course's.

    Something named "" stays without a name. A unit named j has the symbols z_j, a_j and so on.
    """

    units: Sequence[Sequence[str]] | None = None  # per layer, such as [["x_1", "x_2"], ["h"]]
    weights: Sequence[Sequence[Sequence[str]]] | None = None  # weights[k][i][j], as in a Network
    biases: Sequence[Sequence[str]] | None = None  # per layer after the inputs


@dataclass(frozen=True)
class DiagramStyle:
    """How a drawing looks, whatever it shows."""

    digits: int = 4  # decimals of computed values; given ones drop zeros at the end
    title: str = ""  # a line above the drawing
    width: float = WIDTH  # in inches; the height is what the drawing needs
    # Values to keep room for, any of "z", "a", "t", "delta", "db", "dw" and "E", with a number as
    # wide as theirs: pictures of one network that keep the same room have all at the same place.
    room: Mapping[str, float] = field(default_factory=dict)
    ax: Axes | None = None  # axes to draw on at the size they have, whatever `width` says
