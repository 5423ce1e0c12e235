"""Pictures of a network: units, weights and whatever a forward and a backward pass wrote on them.

`draw_network` draws a network from left to right. Nothing is computed here: every number shown
comes from the caller. `options` has what a caller can ask for, `content` says what is written,
`layout` where, and `drawing` draws it; `older_calls` understands calls of release 0.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

from matplotlib import style as matplotlib_style
from matplotlib.figure import Figure, SubFigure

from helpers.network import Network, Trace
from helpers.pictures.network_diagram.content import (
    Layers,
    Names,
    Values,
    edge_labels,
    parameters_written,
    parts_given,
    parts_of,
    places_marked,
    units_of,
    values_written,
    with_room,
)
from helpers.pictures.network_diagram.description import describe
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
    take_places,
)
from helpers.pictures.network_diagram.older_calls import understands_older_calls
from helpers.pictures.network_diagram.options import (
    BackwardValues,
    DiagramStyle,
    ForwardValues,
    Labels,
    Parameters,
    Written,
)
from helpers.pictures.style import STYLE, Picture

if TYPE_CHECKING:
    from helpers.pictures.network_diagram.options import Given
    from helpers.reference import Gradients


ROOM = ("z", "a", "t", "delta", "db", "dw", "E")  # the values that `DiagramStyle.room` may name


@understands_older_calls
def draw_network(
    network: Network | Sequence[int],
    x: Given = Written.NOTHING,
    *,
    trace: Trace | ForwardValues | str = Written.NOTHING,
    t: Given = Written.NOTHING,
    loss: Given = Written.NOTHING,
    gradients: Gradients | BackwardValues | str = Written.NOTHING,
    parameters: Parameters | str = Written.NUMBERS,
    labels: Labels | None = None,
    highlight: Iterable[Sequence[int | str]] = (),
    style: DiagramStyle | None = None,
) -> Figure | SubFigure:
    """Draw a network, with the given values at its units and on its edges. Returns the Picture.

    network: a Network, or only the sizes of its layers, such as (2, 2, 1).
    x: the inputs, shape (in,).
    trace: what a forward pass computed, z and a of each unit: the result of network.forward, or
        ForwardValues for values of your own.
    t: the targets, shape (out,).
    loss: a number, which also draws the unit E that joins the outputs.
    gradients: what a backward pass computes, delta and the gradients of weights and biases: the
        result of helpers.gradients, or BackwardValues for values of your own.
    parameters: how weights and biases are written: "numbers", "names", "both" (name = number),
        "blank" (an empty place) or "nothing". One word leaves out biases that are all 0;
        Parameters(weights=…, biases=…) has a word for each.
    labels: names of your own for units, weights and biases; those of the course otherwise.
    highlight: what to draw bold while the rest turns pale. Layers count from 0 (the inputs), units
        from 0, and E is the only unit of the layer after the last:
        (layer, unit)              a unit,
        (layer, i, j)              the edge from unit i of the layer to unit j of the next,
        (layer, unit, "delta")     a value on a unit: "x", "z", "a", "t", "b", "delta", "db", "E".
    style: decimals, a title, the width, room for values that other pictures of the network have,
        or the axes to draw on, whose figure is then returned.

    x, trace, t, loss and gradients, and any item of their lists, may also be "names" (the symbol
    in place of the number), "blank" or "nothing"; all words are in Written. Arrays with one row
    per data point are welcome if they have a single row.

    Raises ValueError for arrays that do not fit the network, for unknown words and places, and
    where the drawing does not fit into its width or axes. The Picture's `alt` says all of it in
    words.
    """
    labels = Labels() if labels is None else labels
    style = DiagramStyle() if style is None else style
    if not isinstance(labels, Labels):
        raise ValueError(f"labels: expected Labels, got {labels!r:.60}.")
    if not isinstance(style, DiagramStyle):
        raise ValueError(f"style: expected a DiagramStyle, got {style!r:.60}.")
    digits, title, width, ax = style.digits, style.title, style.width, style.ax
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= 8:
        raise ValueError(f"digits: expected a whole number from 0 to 8, got {digits!r}.")

    if unknown := [word for word in style.room if word not in ROOM]:
        raise ValueError(f"room: expected any of {', '.join(ROOM)}, got {unknown[0]!r}.")

    sizes, weights, biases = parts_of(network)
    names = Names(sizes, labels)
    shapes = [(size,) for size in sizes[1:]]
    matrices = list(zip(sizes, sizes[1:]))
    z, a = parts_given("trace", trace, ("z", "a"), "what network.forward gives or ForwardValues")
    delta, dw, db = parts_given(
        "gradients",
        gradients,
        ("delta", "weights", "biases"),
        "what helpers.gradients gives or BackwardValues",
    )
    weight_gradients = values_written("gradients.weights", dw, matrices)
    bias_gradients = values_written("gradients.biases", db, shapes)
    written_weights, written_biases = parameters_written(
        parameters, weights, biases, bias_gradients
    )
    given_x = values_written("x", x, [(sizes[0],)], batch=True, listed=False)
    values = {
        "z": values_written("trace.z", z, shapes, batch=True),
        "a": values_written("trace.a", a, shapes, batch=True),
        "t": values_written("t", t, [(sizes[-1],)], batch=True, listed=False),
        "E": values_written("loss", loss, [(1,)], listed=False),
        "delta": values_written("gradients.delta", delta, shapes, batch=True),
        "db": bias_gradients,
        "dw": weight_gradients,
    }
    shapes_of: dict[str, Sequence[tuple[int, ...]]] = {
        **{name: shapes for name in ("z", "a", "delta", "db")},
        "t": [(sizes[-1],)],
        "E": [(1,)],
        "dw": matrices,
    }
    # What the drawing would show if it had all that it keeps room for.
    roomy = values | {
        name: with_room(values[name], shapes_of[name], None if weights is None else wide, digits)
        for name, wide in style.room.items()
    }

    def units(shown: dict[str, list[Values]]) -> Layers:
        return units_of(
            sizes, names, digits, x=given_x, z=shown["z"], a=shown["a"], t=shown["t"],
            loss=shown["E"], delta=shown["delta"], biases=written_biases,
            bias_gradients=shown["db"],
        )  # fmt: skip

    layers, full = units(values), units(roomy)
    marked = places_marked(highlight, layers)
    key, full_key = (
        entries_of_key(each, dw) for each, dw in ((layers, values["dw"]), (full, roomy["dw"]))
    )

    with matplotlib_style.context(STYLE):
        if ax is not None:
            box = ax.get_window_extent()
            width, heights = box.width / ax.figure.dpi, [box.height / ax.figure.dpi]
        else:
            on_edges = edge_labels(names, written_weights, roomy["dw"], digits, VALUE_SIZES[0])
            least = least_height(full, title, full_key, any(on_edges.values()))
            heights = [least * growth for growth in (1, 1.1, 1.2, 1.35, 1.5, 1.7, 2)]
        for height, size in product(heights, VALUE_SIZES):
            on_edges = edge_labels(names, written_weights, roomy["dw"], digits, size)
            fits = lay_out(full, len(sizes), width, height, size, title, full_key)
            placed = place_labels(full, on_edges) if fits else None
            if placed is not None:
                break
        else:
            raise ValueError(
                f"the drawing does not fit into {width:.1f} × {height:.1f} inches: expected a "
                f"larger {'ax' if ax is not None else 'width'}, fewer digits or fewer values."
            )
        take_places(layers, full)
        # What is written where room was kept. Of a gradient that is to come there is only room.
        here = edge_labels(names, written_weights, values["dw"], digits, size)
        written = {
            (edge, label.quantity): label for edge, labels in here.items() for label in labels
        }
        placed = [
            (edge, written[edge, kept.quantity], place, degrees)
            for edge, kept, place, degrees in placed
            if (edge, kept.quantity) in written
        ]
        picture = ax.figure if ax is not None else Picture(width, height)
        if isinstance(picture, Picture) and ax is None:
            # Where letters had to be smaller, a slide gives them all its width instead.
            picture.still = bool(style.room) and size == VALUE_SIZES[0]
            picture.alt = describe(layers, len(sizes), here, marked, title)
        panel = ax if ax is not None else picture.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, width), ylim=(0, height), xticks=[], yticks=[])
        panel.axis("off")
        panel.grid(False)
        draw_edges(panel, layers, marked)
        for edge in placed:
            draw_edge_label(panel, *edge, pale=bool(marked) and edge[0] not in marked)
        for layer, drawn in enumerate(layers):
            for index, unit in enumerate(drawn):
                draw_unit(panel, unit, (layer, index), size, marked)
        draw_headings(panel, layers, len(sizes), height - MARGIN - (0.35 if title else 0))
        if title:
            panel.text(MARGIN, height - MARGIN, title, fontsize=TITLE_SIZE, va="top", gid="title")
        draw_key(panel, key)
    return picture
