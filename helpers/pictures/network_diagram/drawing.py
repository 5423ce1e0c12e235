"""Edges, units, labels and the key, drawn at their places on a Matplotlib panel."""

from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from helpers.pictures.network_diagram.content import (
    BLANK_HEIGHT,
    BLANK_WIDTH,
    FORWARD,
    RADIUS,
    Edge,
    Label,
    Layers,
    Place,
    Row,
    Unit,
    Values,
    as_math,
    headings,
)
from helpers.pictures.network_diagram.layout import KEY_SIZE, MARGIN, NAME_SIZE, Key, ends_of_edge
from helpers.pictures.network_diagram.options import Written
from helpers.pictures.style import (
    BLACK,
    BLUE,
    GREY,
    VERMILLION,
    YELLOW,
    text_colour,
    text_size,
)

BACKWARD_FILL, NAME_FILL = "#FDF1E9", "#EDEDED"
LINE_COLOUR = "#8A8A8A"
# For what is not highlighted, where something is:
PALE_LINE, PALE_OUTLINE, PALE_TEXT = "#C8C8C8", "#A8A8A8", "#767676"


def draw_edges(panel: Axes, layers: Layers, marked: set[Place]) -> None:
    """Draw all edges; where some places are marked, the others are pale."""
    for layer in range(len(layers) - 1):
        for i in range(len(layers[layer])):
            for j in range(len(layers[layer + 1])):
                xs, ys = zip(*ends_of_edge(layers, layer, i, j))
                colour = PALE_LINE if marked else LINE_COLOUR
                look: dict[str, Any] = {"color": colour, "linewidth": 1, "zorder": 1}
                if (layer, i, j) in marked:
                    look = {"color": BLACK, "linewidth": 2.6, "zorder": 2}
                    panel.plot(xs, ys, color=YELLOW, linewidth=9, solid_capstyle="butt", zorder=1.5)
                panel.plot(xs, ys, gid=f"edge {layer} {i} {j}", **look)


def draw_edge_label(
    panel: Axes,
    edge: Edge,
    label: Label,
    place: tuple[float, float],
    degrees: float,
    pale: bool,
) -> None:
    """Write a Label on its edge, turned by so many degrees, or draw the empty place for it."""
    gid = " ".join(map(str, (label.quantity, *edge)))
    if label.blank:
        _draw_blank(panel, place[0] - BLANK_WIDTH / 2, place[1], label.backward, gid)
        return
    colour = text_colour(VERMILLION) if label.backward else PALE_TEXT if pale else BLACK
    frame: dict[str, Any] = {
        "boxstyle": "square,pad=0.08",
        "facecolor": "white",
        "edgecolor": "none",
    }
    if label.backward:
        frame = {
            "boxstyle": "round,pad=0.12,rounding_size=0.25",
            "facecolor": "white" if pale else BACKWARD_FILL,
            "edgecolor": "#E3C3AE" if pale else VERMILLION,
            "linewidth": 0.7,
        }
    panel.text(
        *place,
        label.text,
        fontsize=label.size,
        fontstyle="italic" if label.backward else "normal",
        rotation=degrees,
        rotation_mode="anchor",
        ha="center",
        va="center",
        color=colour,
        bbox=frame,
        zorder=5,
        gid=gid,
    )


def _draw_blank(panel: Axes, left: float, middle: float, backward: bool, gid: str) -> None:
    """An empty place to write in: a dotted box."""
    place = (left, middle - BLANK_HEIGHT / 2)
    box = Rectangle(place, BLANK_WIDTH, BLANK_HEIGHT, facecolor="white", gid=f"blank {gid}")
    box.set(edgecolor=VERMILLION if backward else BLUE, linestyle=(0, (1, 1.5)), linewidth=1.1)
    panel.add_patch(box).set_zorder(5)


def draw_unit(
    panel: Axes, unit: Unit, place: tuple[int, int], size: float, marked: set[Place]
) -> None:
    """A unit, place = (layer, index): a circle, or a card with its name and rows."""
    bold = place in marked
    touched = bold or any(mark[:2] == place and isinstance(mark[-1], str) for mark in marked)
    line: dict[str, Any] = {
        "edgecolor": BLACK if touched or not marked else PALE_OUTLINE,
        "linewidth": 2.6 if bold else 1.2,
    }
    fill = YELLOW if bold else NAME_FILL
    name: dict[str, Any] = {
        "s": as_math(unit.name),
        "fontsize": NAME_SIZE,
        "ha": "center",
        "va": "center",
        "zorder": 6,
        "gid": f"unit {place[0]} {place[1]}",
    }
    if not unit.card:
        panel.add_patch(Circle((unit.x, unit.y), RADIUS, facecolor=fill, zorder=3, **line))
        panel.text(unit.x, unit.y, **name)
        return

    left, top = unit.x - unit.width / 2, unit.y + unit.height / 2
    card: dict[str, Any] = {
        "xy": (left, top - unit.height),
        "width": unit.width,
        "height": unit.height,
        "boxstyle": "round,pad=0,rounding_size=0.09",
    }
    ground = panel.add_patch(FancyBboxPatch(**card, facecolor="white", edgecolor="none", zorder=3))
    only_name = unit.height < unit.heading + 0.05
    heading = unit.height if only_name else unit.heading
    band = Rectangle((left, top - heading), unit.width, heading, facecolor=fill, zorder=3.1)
    panel.add_patch(band).set_clip_path(ground)
    panel.add_patch(FancyBboxPatch(**card, facecolor="none", zorder=3.4, **line))
    panel.text(unit.x, top - heading / 2, **name)

    y = top - heading - 0.045
    for row in unit.rows:
        y -= row.above
        _draw_row(panel, row, (left, y - row.height / 2), unit.width, place, size, marked)
        y -= row.height


def _draw_row(
    panel: Axes,
    row: Row,
    start: tuple[float, float],
    width: float,
    place: tuple[int, int],
    size: float,
    marked: set[Place],
) -> None:
    """A row of a card of that width; start: the middle of the row's left side."""
    left, middle = start
    bold = (*place, row.quantity) in marked
    gid = " ".join(map(str, (row.quantity, *place)))
    if bold:
        corner = (left + 0.03, middle - row.height / 2)
        panel.add_patch(Rectangle(corner, width - 0.06, row.height, facecolor=YELLOW, zorder=3.2))
    boxed = row.backward and not row.blank
    if boxed:
        corner, height = (left + 0.07, middle - row.height / 2 + 0.015), row.height - 0.03
        frame = FancyBboxPatch(corner, width - 0.14, height, "round,pad=0,rounding_size=0.04")
        frame.set(edgecolor=VERMILLION, facecolor="none" if bold else BACKWARD_FILL, linewidth=0.7)
        panel.add_patch(frame).set_zorder(3.3)
    colour = BLUE if row.quantity in FORWARD else BLACK
    panel.text(
        left + (0.13 if boxed else 0.1),
        middle,
        row.text,
        fontsize=size,
        fontstyle="italic" if row.backward else "normal",
        va="center",
        color=text_colour(VERMILLION) if row.backward else colour,
        zorder=6,
        gid=gid,
    )
    if row.blank:
        _draw_blank(panel, left + width - 0.1 - BLANK_WIDTH, middle, row.backward, gid)


def draw_headings(panel: Axes, layers: Layers, depth: int, top: float) -> None:
    """Write above each layer which one it is."""
    for layer, heading in enumerate(headings(layers, depth)):
        place = layers[layer][0].x, top
        look: dict[str, Any] = {"fontsize": KEY_SIZE, "color": GREY, "ha": "center", "va": "top"}
        panel.text(*place, heading, gid=f"heading {layer}", **look)


def entries_of_key(layers: Layers, weight_gradients: Iterable[Values]) -> Key:
    """What the two colours mean, for those that occur."""
    written = {row.quantity for units in layers for unit in units for row in unit.rows}
    key = []
    forward = ", ".join(f"${name}$" for name in FORWARD if name in written)
    if forward:
        key.append((rf"forward $\rightarrow$  blue: {forward}", False))
    backward = [r"$\delta$"] if "delta" in written else []
    backward += [r"$\partial E/\partial b$"] if "db" in written else []
    if any(gradient is not Written.NOTHING for gradient in weight_gradients):
        backward.append(r"on an edge $\partial E/\partial w$")
    if backward:
        key.append((r"backward $\leftarrow$  boxed, italic: " + ", ".join(backward), True))
    return key


def draw_key(panel: Axes, key: Key) -> None:
    """Write below the network what its colours stand for."""
    left = MARGIN
    for index, (text, backward) in enumerate(key):
        look: dict[str, Any] = {
            "color": text_colour(VERMILLION) if backward else BLUE,
            "va": "bottom",
            "fontstyle": "italic" if backward else "normal",
        }
        panel.text(left, MARGIN, text, fontsize=KEY_SIZE, gid=f"key {index}", **look)
        left += text_size(text, KEY_SIZE, italic=backward)[0] + 0.4
