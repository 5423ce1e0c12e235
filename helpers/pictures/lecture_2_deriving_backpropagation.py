"""Pictures of lecture 2: a nudge and what it does, a computational graph, what a gradient costs.

Lengths are pixels of a picture 850 wide for the nudge, which has an interactive twin, and inches
for the graph, both counted from the lower left corner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from helpers.network import Network, numeric_array
from helpers.pictures.alt_text import in_words
from helpers.pictures.network_diagram.content import Names
from helpers.pictures.network_diagram.drawing import BACKWARD_FILL, LINE_COLOUR, NAME_FILL
from helpers.pictures.style import (
    BLACK,
    BLUE,
    CURVES,
    GREY,
    STYLE,
    VERMILLION,
    WIDTH,
    Picture,
    label_ends,
    text_colour,
    text_size,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Of the picture of a nudge: pixels at a width of 850.
NUDGE_WIDTH, NUDGE_HEIGHT, MARGIN = 850, 232, 8
BOX_WIDTH, BOX_TOP, BOX_HEIGHT = 124, 8, 92
ROW = 20  # from one line of text to the next
QUOTIENT_AT, PRODUCT_AT = 126, 188  # heights of the first line of each, from above
CHANGED: dict[str, Any] = {"color": BLUE, "fontweight": "bold"}  # changes and their quotients


# A nudge


@dataclass(frozen=True)
class Link:
    """A quantity on the way from what is nudged to the loss."""

    name: str  # its symbol, in mathtext without $ signs
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


def nudge(
    net: Network, x: ArrayLike, t: ArrayLike, place: Sequence[int | str], size: float
) -> list[Link]:
    """The quantities that change, from the one that is moved by `size` to the loss.

    x: one data point, (in,) or (1, in); t: its target. place, as in draw_network's highlight:
    (layer, i, j), the weight from unit i of the layer to unit j of the next, or (layer, unit, "z"),
    the weighted input of a unit; layers count from 0, the inputs. The network runs forward twice,
    and nothing else is computed. Raises ValueError for other places, for a size of 0, for several
    points, and where the way to the loss divides, so that there is no single chain of quantities.
    """
    x = net.validate_inputs(x)
    t = net.validate_targets(t, len(x))
    if len(x) != 1:
        raise ValueError(f"x: expected one data point, got {len(x)}.")
    if not np.isfinite(size) or size == 0:
        raise ValueError(f"size: expected a finite number other than 0, got {size!r}.")
    layer, unit, weight = _place(net, place)
    sizes = (x.shape[1], *(w.shape[1] for w in net.weights))
    if any(units > 1 for units in sizes[layer + 1 :]):
        raise ValueError(
            f"place: expected a single way to the loss, but after {place!r} a layer has several "
            "units."
        )

    names = Names(sizes)
    before = net.forward(x)
    moved = before.z[layer - 1].copy()
    links = []
    if weight is None:
        moved[0, unit] += size
    else:
        i, entering = weight, (x if layer == 1 else before.a[layer - 2])
        w = float(net.weights[layer - 1][i, unit])
        links.append(Link(names.weights[layer - 1][i][unit], w, w + size))
        moved[0, unit] += size * entering[0, i]
    a = net.activation(layer - 1)(moved)
    rest = net.forward_with(a, net.weights, net.biases, start=layer)
    z_after, a_after = [moved, *rest.z], [a, *rest.a]
    for k in range(len(z_after)):
        j = unit if k == 0 else 0
        for symbol, old, new in (("z", before.z, z_after), ("a", before.a, a_after)):
            name = names.of(symbol, layer + k, j)
            if layer + k == len(net.weights):  # the one output has no number
                name = f"{symbol}_o"
            links.append(Link(name, float(old[layer - 1 + k][0, j]), float(new[k][0, j])))
    losses = (
        float(net.losses(z, a, t)[0])
        for z, a in ((before.z[-1], before.a[-1]), (z_after[-1], a_after[-1]))
    )
    return [*links, Link("E", *losses)]


def _place(net: Network, place: Sequence[int | str]) -> tuple[int, int, int | None]:
    """The layer and the unit whose z moves, and the unit before it if a weight is nudged."""
    wanted = 'place: expected (layer, i, j) of a weight or (layer, unit, "z") of this network'
    found: tuple[int, int, int | None]
    try:
        layer, unit, last = place
        if last == "z":
            found = int(layer), int(unit), None
        else:
            found = int(layer) + 1, int(last), int(unit)
        shape = net.weights[found[0] - 1].shape
        inside = 0 < found[0] and 0 <= found[1] < shape[1] and 0 <= (found[2] or 0) < shape[0]
    except (TypeError, ValueError, IndexError):
        inside = False
    if not inside:
        raise ValueError(f"{wanted}, counted from 0, got {place!r:.60}.")
    return found


@dataclass(frozen=True)
class NudgeText:
    """What the picture of a nudge says, as texts that both twins write."""

    rows: list[list[str]]  # of each box: before, after, change
    quotients: list[str]
    product: str
    whole: str


def nudge_text(links: Sequence[Link]) -> NudgeText:
    """The numbers of a nudge in words, with names in mathtext between $ signs."""
    quotients = [after.change / before.change for before, after in zip(links, links[1:])]
    factors = " · ".join(_in_brackets(_number(quotient)) for quotient in quotients)
    first, last = links[0], links[-1]
    whole = last.change / first.change
    return NudgeText(
        rows=[
            [f"before {_number(link.before)}", f"after {_number(link.after)}",
             f"Δ {_number(link.change, signed=True)}"]
            for link in links
        ],
        quotients=[_number(quotient) for quotient in quotients],
        product=f"The quotients multiplied:  {factors} = {_number(float(np.prod(quotients)))}",
        whole=f"The whole way at once:  $ΔE$ / $Δ{first.name}$ = "
        f"{_in_brackets(_number(last.change))} / {_in_brackets(_number(first.change))}"
        f" = {_number(whole)}",
    )  # fmt: skip


def _number(value: float, signed: bool = False) -> str:
    """A number with four decimals, or with three digits where that is more."""
    value = float(f"{value:.9g}") or 0.0  # the last digits of a difference are rounding
    decimals = 4 if abs(value) >= 0.01 or value == 0 else 2 - floor(log10(abs(value)))
    return f"{value:{'+' if signed else ''}.{decimals}f}".replace("-", "−")


def _in_brackets(number: str) -> str:
    return f"({number})" if number.startswith("−") else number


def nudge_boxes(count: int) -> list[float]:
    """The left edges of so many boxes, in pixels."""
    return np.linspace(MARGIN, NUDGE_WIDTH - MARGIN - BOX_WIDTH, count).tolist()


def quotient_names(links: Sequence[Link]) -> list[str]:
    """The quotients of neighbouring changes, in mathtext between $ signs."""
    return [f"$Δ{after.name}$ / $Δ{before.name}$" for before, after in zip(links, links[1:])]


def draw_nudge(
    net: Network, x: ArrayLike, t: ArrayLike, place: Sequence[int | str], size: float = 0.1
) -> Picture:
    """Draw what a nudge does: each quantity before and after it, and the quotients of the changes.

    The arguments are those of `nudge`, and so are the errors.
    """
    links = nudge(net, x, t, place, size)
    text = nudge_text(links)
    picture = Picture(NUDGE_WIDTH / 100, NUDGE_HEIGHT / 100)
    steps = "; ".join(
        f"{in_words(link.name)} {', '.join(rows)}" for link, rows in zip(links, text.rows)
    )
    picture.alt = (
        f"What a nudge of {in_words(links[0].name)} does on its way to the loss, as a row of boxes "
        f"joined by arrows. {steps}. {in_words(text.product)}. {in_words(text.whole)}."
    )
    with style.context(STYLE):
        panel = picture.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, NUDGE_WIDTH), ylim=(NUDGE_HEIGHT, 0))  # as the twin counts, from above
        panel.axis("off")
        lefts = nudge_boxes(len(links))
        middle = BOX_TOP + BOX_HEIGHT / 2
        for n, (left, link) in enumerate(zip(lefts, links)):
            corner = (left + 4, BOX_TOP + 4)
            rounded = "round,pad=4,rounding_size=7"
            box = FancyBboxPatch(corner, BOX_WIDTH - 8, BOX_HEIGHT - 8, rounded)
            panel.add_patch(box).set(facecolor="white", edgecolor=GREY, linewidth=1.2)
            centre, top = left + BOX_WIDTH / 2, BOX_TOP + 20
            panel.text(centre, top, f"${link.name}$", ha="center", fontsize=12)
            for k, row in enumerate(text.rows[n]):
                at: dict[str, Any] = {"ha": "center", "fontsize": 9.5, "gid": f"row {n} {k}"}
                look = at | CHANGED if k == len(text.rows[n]) - 1 else at
                panel.text(centre, top + ROW * (k + 1), row, **look)
        for n, name in enumerate(quotient_names(links)):
            start, end = lefts[n] + BOX_WIDTH, lefts[n + 1]
            arrow = FancyArrowPatch(
                (start, middle), (end, middle), arrowstyle="-|>", mutation_scale=12, color=GREY,
                shrinkA=1, shrinkB=1,
            )  # fmt: skip
            panel.add_patch(arrow)
            between: dict[str, Any] = {"x": (start + end) / 2, "ha": "center", "fontsize": 10.5}
            panel.text(y=QUOTIENT_AT, s=name, **between)
            between |= CHANGED | {"gid": f"quotient {n}"}
            panel.text(y=QUOTIENT_AT + ROW, s=text.quotients[n], **between)
        panel.text(MARGIN, PRODUCT_AT, text.product, fontsize=10.5, gid="product")
        panel.text(MARGIN, PRODUCT_AT + ROW + 4, text.whole, fontsize=10.5, gid="whole")
    return picture


# A computational graph


@dataclass(frozen=True)
class GraphNode:
    """A value of a computation, and where it comes from."""

    name: str  # mathtext without $ signs
    value: float
    gradient: float  # of the last node with respect to this one
    operation: str = ""  # such as "+", "×" or "σ"; "" for a value that is given
    inputs: tuple[str, ...] = ()  # names of the nodes that go in, one twice if it is used twice
    back: tuple[float, ...] = ()  # what goes back to each of `inputs`; () leaves it out


STEP, LEVEL, NODE_RADIUS = 1.22, 1.32, 0.23  # of the graph: between columns, rows; inches


def draw_graph(nodes: Sequence[GraphNode]) -> Picture:
    """Draw a computational graph: values below their nodes in blue, gradients boxed below these.

    nodes: in the order in which they are computed. Nothing is computed here but the places. What
    goes back along an edge is written where a node is used more than once. Raises ValueError for
    names that occur twice or come too late, and for `back` of another length than `inputs`.
    """
    places = _graph_places(nodes)
    columns = 1 + max(column for column, _ in places.values())
    rows = 1 + max(row for _, row in places.values())
    step = min(STEP, (WIDTH - 1.1) / max(columns - 1, 1))
    height = 0.62 + LEVEL * rows
    picture = Picture(WIDTH, height)
    described = "; ".join(
        in_words(node.name)
        + (f" = {f' {node.operation} '.join(map(in_words, node.inputs))}" if len(node.inputs) > 1
           else f" = {node.operation} of {in_words(node.inputs[0])}" if node.inputs else ", given")
        + f": value {_number(node.value)}, gradient {_number(node.gradient)}"
        for node in nodes
    )  # fmt: skip
    picture.alt = f"A computational graph from left to right, node by node. {described}."
    with style.context(STYLE):
        panel = picture.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, WIDTH), ylim=(0, height))
        panel.axis("off")
        left = (WIDTH - step * (columns - 1)) / 2
        at = {
            name: np.array([left + step * column, height - 0.7 - LEVEL * row])
            for name, (column, row) in places.items()
        }
        uses = [name for node in nodes for name in node.inputs]
        for node in nodes:
            for n, name in enumerate(node.inputs):
                twice = node.inputs.count(name) > 1
                bend = (0.42 if n else -0.42) if twice else 0.0
                back = node.back[n] if node.back and uses.count(name) > 1 else None
                _draw_graph_edge(panel, at[name], at[node.name], bend, back, f"{name} {n}")
        for node in nodes:
            _draw_graph_node(panel, node, at[node.name])
        key = [("forward $\\rightarrow$  blue: the value", BLUE, False),
               ("backward $\\leftarrow$  boxed, italic: the gradient, $\\partial E/\\partial$ the "
                "value", text_colour(VERMILLION), True)]  # fmt: skip
        across = 0.15
        for words, colour, italic in key:
            slant = "italic" if italic else "normal"
            panel.text(across, 0.14, words, fontsize=9.5, color=colour, fontstyle=slant)
            across += text_size(words, 9.5, italic=italic)[0] + 0.4
    return picture


def _graph_places(nodes: Sequence[GraphNode]) -> dict[str, tuple[int, int]]:
    """The column and the row of each node; given values stand before the node that takes them."""
    names = [node.name for node in nodes]
    places: dict[str, tuple[int, int]] = {}
    for n, node in enumerate(nodes):
        early = set(names[:n])
        if names.count(node.name) > 1 or not set(node.inputs) <= early:
            raise ValueError(
                f"nodes: expected each name once, and after its inputs, got {node.name!r} from "
                f"{node.inputs!r}."
            )
        if node.back and len(node.back) != len(node.inputs):
            raise ValueError(
                f"nodes: expected {len(node.inputs)} numbers that go back from {node.name!r}, got "
                f"{len(node.back)}."
            )
        if not node.inputs:
            continue
        computed = [places[name][0] for name in node.inputs if name in places]
        column = max(computed, default=0)
        taken = len(computed) > 0
        for name in dict.fromkeys(node.inputs):
            if name not in places:
                places[name] = (column, int(taken))
                taken = True
        places[node.name] = (column + 1, 0)
    return places


def _draw_graph_edge(
    panel: Axes, start: np.ndarray, end: np.ndarray, bend: float, back: float | None, gid: str
) -> None:
    arrow = FancyArrowPatch(
        tuple(start), tuple(end), arrowstyle="-|>", mutation_scale=11, color=LINE_COLOUR,
        connectionstyle=f"arc3,rad={bend}", shrinkA=72 * NODE_RADIUS, shrinkB=72 * NODE_RADIUS,
        gid=f"edge {gid}",
    )  # fmt: skip
    panel.add_patch(arrow)
    if back is None:
        return
    middle = (start + end) / 2
    up = -bend * (end - start)[0] / 2 + np.sign(-bend) * 0.14
    _write_back(panel, middle[0], middle[1] + up, back, f"back {gid}")


def _write_back(panel: Axes, x: float, y: float, value: float, gid: str) -> None:
    frame: dict[str, Any] = {
        "boxstyle": "round,pad=0.18,rounding_size=0.25",
        "facecolor": BACKWARD_FILL,
        "edgecolor": VERMILLION,
        "linewidth": 0.7,
    }
    colour = text_colour(VERMILLION)
    panel.text(x, y, _number(value), fontsize=9, fontstyle="italic", color=colour, ha="center",
               va="center", bbox=frame, gid=gid)  # fmt: skip


def _draw_graph_node(panel: Axes, node: GraphNode, at: np.ndarray) -> None:
    x, y = at
    given = not node.operation
    circle = Circle((x, y), NODE_RADIUS, facecolor=NAME_FILL if given else "white", zorder=3)
    circle.set(edgecolor=BLACK, linewidth=1.2)
    panel.add_patch(circle)
    inside = f"${node.name}$" if given else node.operation
    look: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    panel.text(x, y, inside, fontsize=12 if given else 14, **look)
    if not given:
        panel.text(x, y + NODE_RADIUS + 0.17, f"${node.name}$", fontsize=11, **look)
    below: dict[str, Any] = {"color": BLUE, "fontsize": 9.5, "gid": f"value {node.name}"}
    panel.text(x, y - NODE_RADIUS - 0.14, _number(node.value), **look, **below)
    _write_back(panel, x, y - NODE_RADIUS - 0.4, node.gradient, f"gradient {node.name}")


# What a gradient costs


def count_multiplications(function: Callable[..., object], *arguments: Any) -> int:
    """How many multiplications of numbers `function` makes of these arrays, or lists of arrays.

    Counted are matrix products (`@`, `dot`) and products and quotients element by element; sums
    are not, and neither is what a call does with arrays that it makes itself.
    """
    count = 0

    class Counted(np.ndarray):
        """An array that counts what is multiplied with it."""

        def __array_ufunc__(
            self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any
        ) -> Any:
            nonlocal count
            plain = [_plain(item) for item in inputs]
            if out is not None:
                options["out"] = tuple(_plain(item) for item in out)
            result = getattr(ufunc, method)(*plain, **options)
            if method == "__call__" and ufunc is np.matmul:
                count += np.size(result) * np.shape(plain[0])[-1]
            elif method == "__call__" and ufunc in (np.multiply, np.divide):
                count += np.size(result)
            return result.view(Counted) if isinstance(result, np.ndarray) else result

        def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
            nonlocal count
            if function is np.dot:
                return np.matmul(*inputs)
            return super().__array_function__(function, types, inputs, options)

        def dot(self, other: Any, out: Any = None) -> Any:
            return np.matmul(self, other)

    def counted(argument: Any) -> Any:
        if isinstance(argument, list | tuple):
            return [counted(item) for item in argument]
        return np.asarray(argument, dtype=float).view(Counted)

    function(*map(counted, arguments))
    return count


def _plain(item: Any) -> Any:
    return item.view(np.ndarray) if isinstance(item, np.ndarray) else item


def plot_costs(
    parameters: ArrayLike,
    costs: Mapping[str, ArrayLike],
    *,
    ylabel: str = "multiplications for one gradient",
) -> Picture:
    """Draw costs against the number of weights and biases, both on logarithmic axes.

    parameters: (M,); costs: {"label": (M,), …}, all above 0. The gap between the first and the last
    curve is written where it is widest. Raises ValueError for other shapes and numbers.
    """
    numbers = numeric_array("parameters", parameters, (1,), "numbers of shape (M,)")
    if len(numbers) == 0 or numbers.min() <= 0:
        raise ValueError(f"parameters: expected at least one number, all above 0, got {numbers}.")
    if not 1 <= len(costs) <= len(CURVES):
        raise ValueError(f"costs: expected 1 to {len(CURVES)} curves, got {len(costs)}.")
    curves = {}
    for label, values in costs.items():
        curve = numeric_array(f"costs[{label!r}]", values, (1,), "numbers of shape (M,)")
        if curve.shape != numbers.shape or curve.min() <= 0:
            raise ValueError(
                f"costs[{label!r}]: expected {len(numbers)} numbers above 0, got {curve}."
            )
        curves[label] = curve

    picture = Picture(WIDTH, 3.9)
    ends_in_words = "; ".join(
        f"{in_words(label)}: from {curve[0]:.2g} to {curve[-1]:.2g}"
        for label, curve in curves.items()
    )
    picture.alt = (
        f"{ylabel} against the number of weights and biases, which goes from {numbers[0]:g} to "
        f"{numbers[-1]:g}, both axes logarithmic. {ends_in_words}."
    )
    with style.context(STYLE):
        panel = picture.add_axes((0.09, 0.15, 0.63, 0.8))
        ends = []
        for (label, curve), (colour, dash, marker) in zip(curves.items(), CURVES):
            panel.plot(
                numbers, curve, color=colour, linestyle=dash, marker=marker, markersize=5, gid=label
            )
            ends.append((numbers[-1], curve[-1], label, colour))
        panel.set(xscale="log", yscale="log", xlabel="weights and biases $P$", ylabel=ylabel)
        first, *_, last = curves.values() if len(curves) > 1 else [*curves.values()] * 2
        widest = int(np.argmax(np.abs(np.log(last / first))))
        ratio = last[widest] / first[widest]
        if len(curves) > 1 and ratio > 1:
            x, low, high = numbers[widest], first[widest], last[widest]
            span = {"arrowstyle": "<->", "color": GREY, "shrinkA": 5, "shrinkB": 5}
            panel.annotate("", (x, high), (x, low), arrowprops=span)
            words = f"{float(f'{ratio:.2g}'):,.0f} times "
            panel.text(x, np.sqrt(low * high), words, ha="right", va="center", gid="ratio")
        panel.set_xlim(panel.get_xlim())
        panel.set_ylim(panel.get_ylim())
        label_ends(panel, ends)
    return picture
