"""Pictures of a network: units, weights and whatever a forward and a backward pass wrote on them.

`draw_network` draws a network from left to right. Nothing is computed here: every number shown
comes from the caller. `content` says what is written, `layout` where, and `drawing` draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from helpers.network import Network, Trace
from helpers.pictures.network_diagram.content import (
    Names,
    edge_labels,
    parts_of,
    parts_shown,
    places_marked,
    units_of,
    values_written,
)
from helpers.pictures.network_diagram.drawing import (
    draw_edge_label,
    draw_edges,
    draw_headings,
    draw_key,
    draw_unit,
    entries_of_key,
)
from helpers.pictures.network_diagram.layout import (
    MARGIN,
    TITLE_SIZE,
    VALUE_SIZES,
    lay_out,
    least_height,
    place_labels,
)
from helpers.pictures.style import STYLE, WIDTH, Picture

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Given = ArrayLike | str | None  # numbers, a word or nothing
    GivenByLayer = Sequence[Given] | str | None  # of each layer, or one word for all


def draw_network(
    network: Network | Sequence[int],
    x: Given = None,
    *,
    trace: Trace | None = None,
    z: GivenByLayer = None,
    a: GivenByLayer = None,
    t: Given = None,
    loss: Given = None,
    delta: GivenByLayer = None,
    weight_gradients: GivenByLayer = None,
    bias_gradients: GivenByLayer = None,
    show_weights: bool | str = True,
    show_biases: bool | str | None = None,
    highlight: Iterable[Sequence[int | str]] = (),
    unit_names: Sequence[Sequence[str]] | None = None,
    weight_names: Sequence[Sequence[Sequence[str]]] | None = None,
    bias_names: Sequence[Sequence[str]] | None = None,
    digits: int = 4,
    title: str | None = None,
    ax: Axes | None = None,
    width: float = WIDTH,
) -> Figure | SubFigure:
    """Draw a network and the given values at its units and edges. Returns the Picture.

    network: a Network, or only its sizes, such as (2, 2, 1).
    x: the inputs (in,); trace: what network.forward gave, instead of z and a;
    z, a, delta, bias_gradients: lists with one array (units,) a layer without the inputs;
    t: the targets (out,); loss: a number, which also draws the unit E that joins the outputs;
    weight_gradients: list with one array (in, out) a layer.
    Arrays of x, z, a, t and delta may have the shape (1, …) of a batch of one point.
    Any of these, and any item of their lists, may also be "names" (write the symbol), "blank"
    (leave an empty place) or None (nothing).

    show_weights: True (numbers), "names", "both" (name = number), "blank" or False;
    show_biases: the same; None does as for the weights, unless all biases are 0.
    highlight: what to draw bold, while the rest turns pale. Layers count from 0 (inputs), units
        from 0, and E is the one unit of the layer after the last:
        (layer, unit)              a unit,
        (layer, i, j)              the edge from unit i of the layer to unit j of the next,
        (layer, unit, "delta")     a value on a unit: "x", "z", "a", "t", "b", "delta", "db", "E".
    unit_names, bias_names: lists of lists of mathtext such as [["x_1", "x_2"], …], with and without
        the inputs; weight_names: weight_names[k][i][j]. Without them names follow the course; with
        a unit's name j its symbols are z_j, a_j, …; what is named "" stays without a symbol.
    digits: decimals of computed values; given ones (x, t, weights, biases) drop zeros at the end.
    ax: Matplotlib axes to draw on, at the size they have; then the axes' figure is returned.
    width: of the picture in inches without ax; its height is what the drawing needs.

    Raises ValueError for arrays that do not fit the network, for unknown words and places, and
    where the drawing does not fit into `width` or `ax`.
    """
    sizes, weights, biases = parts_of(network)
    written_weights = parts_shown("show_weights", show_weights, weights)
    if show_biases is None:
        nothing = biases is not None and not any(np.any(b) for b in biases)
        show_biases = False if nothing and bias_gradients is None else show_weights
    if trace is not None:
        if z is not None or a is not None:
            raise ValueError("trace: expected either a trace or z and a, got both.")
        z, a = trace.z, trace.a
    if not isinstance(digits, int) or not 0 <= digits <= 8:
        raise ValueError(f"digits: expected a whole number from 0 to 8, got {digits!r}.")

    names = Names(sizes, unit_names, weight_names, bias_names)
    shapes = [(size,) for size in sizes[1:]]
    layers = units_of(
        sizes,
        names,
        digits,
        x=values_written("x", x, [(sizes[0],)], batch=True, listed=False),
        z=values_written("z", z, shapes, batch=True),
        a=values_written("a", a, shapes, batch=True),
        t=values_written("t", t, [(sizes[-1],)], batch=True, listed=False),
        loss=values_written("loss", loss, [(1,)], listed=False),
        delta=values_written("delta", delta, shapes, batch=True),
        biases=parts_shown("show_biases", show_biases, biases),
        bias_gradients=values_written("bias_gradients", bias_gradients, shapes),
    )
    weight_gradients = values_written(
        "weight_gradients", weight_gradients, list(zip(sizes, sizes[1:]))
    )
    marked = places_marked(highlight, layers)
    key = entries_of_key(layers, weight_gradients)

    with style.context(STYLE):
        if ax is not None:
            box = ax.get_window_extent()
            width, heights = box.width / ax.figure.dpi, [box.height / ax.figure.dpi]
        else:
            least = least_height(layers, title, key)
            heights = [least * growth for growth in (1, 1.1, 1.2, 1.35, 1.5, 1.7, 2)]
        for height, size in product(heights, VALUE_SIZES):
            labels = edge_labels(names, written_weights, weight_gradients, digits, size)
            fits = lay_out(layers, len(sizes), width, height, size, title, key)
            placed = place_labels(layers, labels) if fits else None
            if placed is not None:
                break
        else:
            raise ValueError(
                f"the drawing does not fit into {width:.1f} × {height:.1f} inches: expected a "
                f"larger {'ax' if ax is not None else 'width'}, fewer digits or fewer values."
            )
        picture = ax.figure if ax is not None else Picture(width, height)
        panel = ax if ax is not None else picture.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, width), ylim=(0, height), xticks=[], yticks=[])
        panel.axis("off")
        panel.grid(False)
        draw_edges(panel, layers, marked)
        for edge in placed:
            draw_edge_label(panel, *edge, pale=bool(marked) and edge[0] not in marked)
        for layer, units in enumerate(layers):
            for index, unit in enumerate(units):
                draw_unit(panel, unit, (layer, index), size, marked)
        draw_headings(panel, layers, len(sizes), height - MARGIN - (0.35 if title else 0))
        if title:
            panel.text(MARGIN, height - MARGIN, title, fontsize=TITLE_SIZE, va="top", gid="title")
        draw_key(panel, key)
    return picture
