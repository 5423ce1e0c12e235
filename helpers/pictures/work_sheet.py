"""The work sheet: a printable page with a network and empty places for one step by hand."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.activations import title_of
from helpers.network import Network, numeric_array
from helpers.pictures.alt_text import in_words, listed
from helpers.pictures.network_diagram import draw_network
from helpers.pictures.network_diagram.content import (
    Layers,
    Names,
    edge_labels,
    format_number,
    parts_of,
    units_of,
    values_written,
)
from helpers.pictures.network_diagram.description import describe
from helpers.pictures.network_diagram.layout import least_height
from helpers.pictures.network_diagram.options import DiagramStyle, Parameters, Written
from helpers.pictures.style import (
    BLACK,
    BLUE,
    GREY,
    STYLE,
    UNKNOWN,
    VERMILLION,
    Picture,
    fonts_for,
    missing_characters,
    text_colour,
    text_size,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

A4 = (210, 297)  # millimetres, as all lengths on the work sheet
BORDER = 12
MIN_ROW_HEIGHT, MIN_CELL_WIDTH = 7, 14  # height and width of a place to write a number by hand
MAX_ROW_HEIGHT = 7.8  # what is left over is room to calculate
MORE_FOR_DRAWING = 6  # height that a roomy sheet gives the drawing beyond the least
MAX_SHARED = 3  # places of a row that different quantities share
MIN_ROOM = 16  # height of a room to calculate; less goes to the drawing
MIN_NAME_SIZE, MAX_NAME_LENGTH = 7, 150  # points and letters; a longer name is cut off

# The names of a row's places.
TableRow = list[str]


def draw_work_sheet(
    network: Network,
    x: ArrayLike,
    t: ArrayLike,
    eta: float,
    *,
    activations: Sequence[str] = ("sigmoid", "tanh", "relu"),
    title: str = "One step of SGD by hand",
    name: str | None = "",
) -> Picture:
    """A page to print, A4 upright, for working one step of SGD by hand.

    network: a Network, whose hidden activation does not matter; x: (in,) or (1, in); t: (out,) or
    (1, out); eta: the learning rate; activations: of the hidden units, one column each; name: whose
    sheet it is, any text; "" leaves a line to write it on, None nothing.
    The page holds what is given and the names of what is wanted, each with an empty place; where
    there is room left, it is free to calculate in.
    `draw_work_sheet(…).savefig("work_sheet.pdf")` saves it.

    Raises ValueError for arrays that do not fit the network, for a learning rate that is no finite
    number and for networks whose results do not fit on one page.
    """
    sizes, weights, _ = parts_of(network)
    if weights is None:
        raise ValueError(f"network: expected a Network with its numbers, got the sizes {sizes}.")
    if x is None or t is None or isinstance(x, str) or isinstance(t, str):
        raise ValueError("x and t: expected numbers, the work sheet shows them.")
    eta = float(numeric_array("eta", eta, (0,), "one number"))
    titles = [title_of(name) for name in activations]
    sections = _work_sheet_rows(Names(sizes), sizes)
    count = sum(len(rows) for _, _, rows in sections)

    width, height = A4
    page_width = width - 2 * BORDER
    cells_left = BORDER + 7
    column = (width - BORDER - cells_left) / max(len(titles), 1)
    head, formulas = 22, 25
    least_diagram = 25.4 * least_height(_given_layers(network, x, t), "", [])
    room = height - 2 * BORDER - head - formulas - 7  # for the drawing and the rows of the table
    row = min(MAX_ROW_HEIGHT, (room - least_diagram) / count)
    most = max(len(cells) for _, _, rows in sections for cells in rows)
    if row < MIN_ROW_HEIGHT or not titles or column / most < MIN_CELL_WIDTH:
        raise ValueError(
            f"network: expected one whose results fit on one page, in places of at least "
            f"{MIN_CELL_WIDTH} × {MIN_ROW_HEIGHT} mm for {len(titles)} activations, "
            f"got {'-'.join(map(str, sizes))}."
        )

    page = Picture(width / 25.4, height / 25.4)
    drawing = least_diagram + MORE_FOR_DRAWING
    free = room - row * count - drawing
    if free < MIN_ROOM:
        drawing, free = room - row * count, 0
    table_top = BORDER + free + row * count + 7
    with style.context(STYLE):
        panel = page.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, width), ylim=(0, height))
        panel.axis("off")
        _write_head(panel, title, name, network, eta, titles)
        bottom = table_top + formulas
        panel_network = page.add_axes(
            (BORDER / width, bottom / height, page_width / width, drawing / height)
        )
        draw_network(
            network,
            x,
            t=t,
            parameters=Parameters(Written.BOTH, Written.BOTH),  # biases of 0 are given, too
            style=DiagramStyle(digits=6, ax=panel_network),
        )
        _write_formulas(panel, table_top, bottom)
        for index, name in enumerate(titles):
            place = cells_left + (index + 0.5) * column, table_top - 3.5
            panel.text(*place, name, fontsize=10.5, ha="center", va="center", gid=f"column {index}")
        top = table_top - 7
        for section, colour, rows in sections:
            _draw_section(
                panel,
                section,
                colour,
                rows,
                top,
                row,
                (cells_left, column, len(titles)),
            )
            top -= row * len(rows)
        if free:
            panel.text(BORDER, BORDER + free - 4.5, "Room to calculate", fontsize=9.5, va="center")
    page.alt = _in_words(network, x, t, eta, titles, title, sections)
    return page


def _in_words(
    network: Network,
    x: ArrayLike,
    t: ArrayLike,
    eta: float,
    titles: Sequence[str],
    title: str,
    sections: Sequence[tuple[str, str, Sequence[TableRow]]],
) -> str:
    """The work sheet in words: what is given, and what has an empty place."""
    sizes, weights, _ = parts_of(network)
    nothing = [Written.NOTHING] * len(sizes)
    on_edges = edge_labels(Names(sizes), (Written.BOTH, weights), nothing, 6, 9)
    given = describe(_given_layers(network, x, t), len(sizes), on_edges, set())
    wanted = "; ".join(
        f"{section}, {', '.join(in_words(name) for row in rows for name in row)}"
        for section, _, rows in sections
    )
    return (
        f"{title}, a page to print. Learning rate η = {format_number(eta, 6, given=True)}. {given} "
        f"Below it a table with an empty place for each result, in one column each for "
        f"{listed(titles)}: {wanted}."
    )


def _write_head(
    panel: Axes,
    title: str,
    name: str | None,
    network: Network,
    eta: float,
    activations: Sequence[str],
) -> None:
    """Title, the student's name, and what is given besides the drawing's numbers."""
    width, height = A4
    top = height - BORDER
    panel.text(BORDER, top - 4, title, fontsize=15, va="center")
    if name == "":
        _write_name(panel, "Name " + "." * 42, 10, GREY)
    elif name is not None:
        room = (width - 2 * BORDER - 8) / 25.4 - text_size(title, 15)[0]
        _write_name(panel, *_fitted_name(name, room), BLACK)
    losses = {
        "half_squared": "½ {}$(t - a_o)^2$",
        "squared": "{}$(t - a_o)^2$",
        "cross_entropy": "cross-entropy",
    }
    loss = losses[network.loss_name].format("" if network.weights[-1].shape[1] == 1 else "Σ ")
    given = (
        f"Learning rate $\\eta$ = {format_number(eta, 6, given=True)}.   "
        f"Output: {title_of(network.output)}.   Loss: $E$ = {loss}."
    )
    panel.text(BORDER, top - 12, given, fontsize=10, va="center", gid="given")
    columns = (
        f"Hidden units: {', '.join(activations)}. "
        "Each column starts from the weights and biases below."
    )
    panel.text(BORDER, top - 18, columns, fontsize=10, va="center")


def _write_name(panel: Axes, text: str, size: float, colour: str) -> None:
    place = A4[0] - BORDER, A4[1] - BORDER - 4
    panel.text(
        *place, text, fontsize=size, va="center", ha="right", color=colour, parse_math=False,
        fontfamily=fonts_for(text), gid="name",
    )  # fmt: skip


def _fitted_name(name: str, room: float) -> tuple[str, float]:
    """A name as one line of at most `room` inches, and its size in points; cut off if need be."""
    # Without what is not seen, such as marks that turn the direction of writing.
    seen = (c for c in name if c.isspace() or not unicodedata.category(c).startswith("C"))
    name = " ".join("".join(seen).split())
    missing = missing_characters(name)
    name = "".join(UNKNOWN if c in missing else c for c in name)

    def too_wide(text: str, size: float) -> bool:  # $ is no sign of a formula here
        return text_size(text.replace("$", "S"), size, family=fonts_for(text))[0] > room

    size = 10.0
    while size > MIN_NAME_SIZE and too_wide(name, size):
        size -= 0.5
    length = min(len(name), MAX_NAME_LENGTH)
    shown = name[:length]
    while too_wide(shown, size):
        length -= 1
        shown = name[:length].rstrip() + "…"
    return shown, size


def _write_formulas(panel: Axes, bottom: float, top: float) -> None:
    """The names of the quantities, and dotted lines for the formulas, which are the student's."""
    names = "     ".join(
        (
            "$z$ weighted input",
            "$a$ activation",
            "$E$ loss",
            r"$\delta = \partial E/\partial z$",
            r"$\partial E/\partial w$, $\partial E/\partial b$ gradients",
            "$w_{ij}$ from unit $i$ to unit $j$",
        )
    )
    panel.text(BORDER, top - 4, names, fontsize=9, va="center", color=GREY)
    panel.text(BORDER, top - 12, "My formulas", fontsize=9.5, va="center")
    left = BORDER + 25
    lines = (
        ["\\delta_o", "\\delta_h"],
        ["\\partial E/\\partial w", "\\partial E/\\partial b", "\\mathrm{new}\\ w"],
    )
    for line, symbols in enumerate(lines):
        each = (A4[0] - BORDER - left + 3) / len(symbols)
        y = top - 12 - 8 * line
        for index, symbol in enumerate(symbols):
            start, end = left + index * each, left + (index + 1) * each - 3
            panel.text(start, y, f"${symbol}$ =", fontsize=9.5, va="center")
            start += 25.4 * text_size(f"${symbol}$ =", 9.5)[0] + 1.5
            panel.plot(
                (start, end), (y - 2, y - 2), color=GREY, linewidth=0.8, linestyle=(0, (1, 2))
            )


def _given_layers(network: Network, x: ArrayLike, t: ArrayLike) -> Layers:
    """The units of the work sheet's drawing, to measure it."""
    sizes, _, biases = parts_of(network)
    nothing = [Written.NOTHING] * (len(sizes) - 1)
    return units_of(
        sizes,
        Names(sizes),
        6,
        x=values_written("x", x, [(sizes[0],)], batch=True, listed=False),
        t=values_written("t", t, [(sizes[-1],)], batch=True, listed=False),
        biases=(Written.BOTH, biases),
        loss=[Written.NOTHING],
        **dict.fromkeys(("z", "a", "delta", "bias_gradients"), nothing),
    )


def _work_sheet_rows(names: Names, sizes: Sequence[int]) -> list[tuple[str, str, list[TableRow]]]:
    """What is wanted: section, colour and rows of each part of the table."""
    layers = range(1, len(sizes))
    gradient, new = "\\partial E/\\partial ", "\\mathrm{new}\\ "

    def units(symbol: str, layer: int) -> list[str]:
        return [names.of(symbol, layer, i) for i in range(sizes[layer])]

    def parameters(before: str, layer: int, first: Sequence[str] = ()) -> list[TableRow]:
        """Rows for a layer's weights and biases; before: what is written before their names.

        first: the names of the layer's deltas, which come before. A single unit's numbers are few,
        so they share rows.
        """
        weights = [[before + entry for entry in row] for row in names.weights[layer - 1]]
        biases = [before + entry for entry in names.biases[layer - 1]]
        if sizes[layer] == 1:
            to_the_unit = [entry for (entry,) in weights]
            if first:
                return [[*first, *biases], to_the_unit]
            together = len(to_the_unit) < MAX_SHARED
            return [[*to_the_unit, *biases]] if together else [to_the_unit, biases]
        return ([[*first]] if first else []) + [*weights, biases]

    def pass_forward(before: str) -> list[TableRow]:
        rows = []
        for layer in layers:
            z, a = ([before + name for name in units(symbol, layer)] for symbol in "za")
            rows += [z + a] if sizes[layer] == 1 else [z, a]
        if sizes[-1] == 1:
            rows[-1].append(f"{before}E")
        else:
            rows.append([f"{before}E"])
        return rows

    backward = [
        row
        for layer in reversed(layers)
        for row in parameters(gradient, layer, units("\\delta", layer))
    ]
    return [
        ("forward", BLUE, pass_forward("")),
        ("backward", VERMILLION, backward),
        ("update", "#333333", [row for layer in layers for row in parameters(new, layer)]),
        ("again", BLUE, pass_forward(new)),
    ]


def _draw_section(
    panel: Axes,
    section: str,
    colour: str,
    rows: Sequence[TableRow],
    top: float,
    row: float,
    lines: tuple[float, float, int],
) -> None:
    """A part of the work sheet's table: a bar with its name, and empty places with theirs."""
    cells_left, column, columns = lines
    right = cells_left + column * columns
    bottom = top - row * len(rows)
    shade = text_colour(colour)
    bar = Rectangle((BORDER, bottom), cells_left - BORDER, row * len(rows), facecolor=shade)
    bar.set(edgecolor="white", linewidth=1.5)
    panel.add_patch(bar)
    middle = (BORDER + cells_left) / 2, (top + bottom) / 2
    panel.text(*middle, section, rotation=90, color="white", ha="center", va="center", fontsize=10)
    for index, cells in enumerate(rows):
        y = top - index * row
        each = column / len(cells)
        for number in range(columns):
            for place, label in enumerate(cells):
                left = cells_left + number * column + place * each
                box = Rectangle((left, y - row), each, row, facecolor="white", gid=f"place {label}")
                box.set(edgecolor="#B0B0B0", linewidth=0.6)
                panel.add_patch(box)
                panel.text(left + 0.9, y - 1, f"${label}$", fontsize=8, va="top", color=shade)
    for number in range(columns + 1):
        x = cells_left + number * column
        panel.plot((x, x), (bottom, top), color=BLACK, linewidth=1.1)
    for y in (top, bottom):
        panel.plot((cells_left, right), (y, y), color=BLACK, linewidth=1.1)
