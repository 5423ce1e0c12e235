"""An interactive picture of a nudge: move one quantity, and watch what it does to the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers.network import Network, numeric_array
from helpers.pictures.interactive.page import InteractivePicture, numbers, symbol
from helpers.pictures.lecture_2_deriving_backpropagation import (
    BOX_HEIGHT,
    BOX_TOP,
    BOX_WIDTH,
    MARGIN,
    NUDGE_HEIGHT,
    NUDGE_WIDTH,
    PRODUCT_AT,
    QUOTIENT_AT,
    ROW,
    nudge,
    nudge_boxes,
    nudge_text,
    quotient_names,
)
from helpers.pictures.network_diagram.content import format_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SIZES = (-1.0, -0.5, -0.1, -0.01, -0.001, 0.001, 0.01, 0.1, 0.5, 1.0)
FIRST = 0.1  # the nudge that is shown at first, if it is among the sizes


def explore_nudge(
    net: Network,
    x: ArrayLike,
    t: ArrayLike,
    place: Sequence[int | str],
    sizes: ArrayLike = SIZES,
) -> InteractivePicture:
    """What a nudge does on the way to the loss, with a slider for its size.

    net, x, t, place: as in helpers.pictures.nudge, which also says what is refused; sizes: of the
    nudges to choose from, (K,), none of them 0.
    """
    sizes = numeric_array("sizes", sizes, (1,), "shape (K,)")
    if len(sizes) == 0:
        raise ValueError("sizes: expected at least one nudge, got none.")
    chains = [nudge(net, x, t, place, float(size)) for size in sizes]
    texts = [nudge_text(links) for links in chains]
    links = chains[0]
    data: dict[str, object] = {
        "size": [NUDGE_WIDTH, NUDGE_HEIGHT],
        "box": [BOX_TOP, BOX_WIDTH, BOX_HEIGHT, ROW],
        "lefts": numbers(nudge_boxes(len(links)), 6),
        "at": [MARGIN, QUOTIENT_AT, PRODUCT_AT],
        "names": [symbol(f"${link.name}$") for link in links],
        "quotients": [symbol(name) for name in quotient_names(links)],
        "nudges": [format_number(size, 6, given=True) for size in sizes],
        "first": int(np.argmin(np.abs(sizes - FIRST))),
        "texts": [
            {
                "rows": text.rows,
                "quotients": text.quotients,
                "product": text.product,
                "whole": symbol(text.whole),
            }
            for text in texts
        ],
    }
    return InteractivePicture(
        "nudge",
        f"A nudge of {symbol(links[0].name)} and what it does to the loss",
        data,
        twin="draw_nudge",
    )
