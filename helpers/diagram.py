"""Pictures of a network: units, weights and whatever a forward and a backward pass wrote on them.

`draw_network` draws a network from left to right; `draw_work_sheet` puts the drawing on a printable
page with empty places for the results of one step by hand. Nothing is computed here: every number
shown comes from the caller.

Lengths are inches, counted from the lower left corner of the picture.
"""

import unicodedata
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from matplotlib import style
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from helpers.figures import (
    ACTIVATION_TITLES,
    BLACK,
    BLUE,
    GREY,
    STYLE,
    UNKNOWN,
    VERMILLION,
    WIDTH,
    YELLOW,
    Picture,
    fonts_for,
    missing_characters,
    text_colour,
    text_size,
)
from helpers.network import numeric_array

NAMES, BLANK, BOTH = "names", "blank", "both"
FORWARD = ("z", "a", "E")  # the quantities written in blue

BACKWARD_FILL, NAME_FILL = "#FDF1E9", "#EDEDED"
LINE_COLOUR = "#8A8A8A"
# For what is not highlighted, where something is:
PALE_LINE, PALE_OUTLINE, PALE_TEXT = "#C8C8C8", "#A8A8A8", "#767676"

# Sizes of letters in points, none below 8.
TITLE_SIZE, NAME_SIZE, KEY_SIZE = 12, 11, 9
VALUE_SIZES = (9.5, 9, 8.5, 8)  # the largest that fits

MARGIN = 0.15
RADIUS = 0.27  # of a unit on which nothing is written
HEADING = 0.27  # height of the name on a unit's card
LINE = 0.215  # height of a row on a card
BLANK_LINE = 0.31
BLANK_WIDTH, BLANK_HEIGHT = 0.62, 0.24  # an empty place to write by hand
LOSS_GAP = 0.6  # between the outputs and the unit E
APART = 0.14  # between the units of a layer
CLEARANCE = 0.03  # between a label on an edge and anything else


@dataclass
class Row:
    """One line on a unit's card: `text`, and behind it an empty place if `blank`."""

    quantity: str
    text: str
    backward: bool = False
    blank: bool = False

    @property
    def height(self):
        return BLANK_LINE if self.blank else LINE

    def width(self, size):
        room = BLANK_WIDTH + 0.06 if self.blank else 0.06 if self.backward else 0
        return text_size(self.text, size, italic=self.backward)[0] + room


@dataclass
class Unit:
    """A unit with its name, the rows on its card and, once it is laid out, its middle and size."""

    name: str
    rows: list
    x: float = 0.0
    y: float = 0.0
    width: float = 2 * RADIUS
    height: float = 2 * RADIUS
    heading: float = 0.0  # height of the name, on a card
    card: bool = False  # else a circle


@dataclass
class Label:
    """What stands on an edge: `text` or an empty place, wanted at `share` of the way along it."""

    quantity: str
    text: str
    share: float
    size: float
    backward: bool = False
    blank: bool = False
    extent: tuple = field(init=False)  # width and height

    def __post_init__(self):
        if self.blank:
            self.extent = (BLANK_WIDTH, BLANK_HEIGHT)
        else:
            width, height = text_size(self.text, self.size, italic=self.backward)
            self.extent = (width + 0.06, max(height, self.size / 72) + 0.03)


def draw_network(
    network,
    x=None,
    *,
    trace=None,
    z=None,
    a=None,
    t=None,
    loss=None,
    delta=None,
    weight_gradients=None,
    bias_gradients=None,
    show_weights=True,
    show_biases=None,
    highlight=(),
    unit_names=None,
    weight_names=None,
    bias_names=None,
    digits=4,
    title=None,
    ax=None,
    width=WIDTH,
):
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
    sizes, weights, biases = _parts(network)
    weights = _shown("show_weights", show_weights, weights)
    if show_biases is None:
        nothing = biases is not None and not any(np.any(b) for b in biases)
        show_biases = False if nothing and bias_gradients is None else show_weights
    if trace is not None:
        if z is not None or a is not None:
            raise ValueError("trace: wanted either a trace or z and a, got both.")
        z, a = trace.z, trace.a
    if not isinstance(digits, int) or not 0 <= digits <= 8:
        raise ValueError(f"digits: wanted a whole number from 0 to 8, got {digits!r}.")

    names = Names(sizes, unit_names, weight_names, bias_names)
    shapes = [(size,) for size in sizes[1:]]
    layers = _units(
        sizes,
        names,
        digits,
        x=_values("x", x, [(sizes[0],)], batch=True, listed=False),
        z=_values("z", z, shapes, batch=True),
        a=_values("a", a, shapes, batch=True),
        t=_values("t", t, [(sizes[-1],)], batch=True, listed=False),
        loss=_values("loss", loss, [(1,)], listed=False),
        delta=_values("delta", delta, shapes, batch=True),
        biases=_shown("show_biases", show_biases, biases),
        bias_gradients=_values("bias_gradients", bias_gradients, shapes),
    )
    weight_gradients = _values("weight_gradients", weight_gradients, list(zip(sizes, sizes[1:])))
    marked = _marked(highlight, layers)
    key = _key(layers, weight_gradients)

    with style.context(STYLE):
        if ax is not None:
            box = ax.get_window_extent()
            width, heights = box.width / ax.figure.dpi, [box.height / ax.figure.dpi]
        else:
            least = _least_height(layers, title, key)
            heights = [least * growth for growth in (1, 1.1, 1.2, 1.35, 1.5, 1.7, 2)]
        for height, size in product(heights, VALUE_SIZES):
            labels = _edge_labels(names, weights, weight_gradients, digits, size)
            fits = _lay_out(layers, len(sizes), width, height, size, title, key)
            placed = _place_labels(layers, labels) if fits else None
            if placed is not None:
                break
        else:
            raise ValueError(
                f"the drawing does not fit into {width:.1f} × {height:.1f} inches: wanted a larger "
                f"{'ax' if ax is not None else 'width'}, fewer digits or fewer values."
            )
        picture = ax.figure if ax is not None else Picture(width, height)
        panel = ax if ax is not None else picture.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, width), ylim=(0, height), xticks=[], yticks=[])
        panel.axis("off")
        panel.grid(False)
        _draw_edges(panel, layers, marked)
        for edge in placed:
            _draw_edge_label(panel, *edge, pale=bool(marked) and edge[0] not in marked)
        for layer, units in enumerate(layers):
            for index, unit in enumerate(units):
                _draw_unit(panel, unit, (layer, index), size, marked)
        _draw_headings(panel, layers, len(sizes), height - MARGIN - (0.35 if title else 0))
        if title:
            panel.text(MARGIN, height - MARGIN, title, fontsize=TITLE_SIZE, va="top", gid="title")
        _draw_key(panel, key)
    return picture


# --- reading the arguments ---------------------------------------------------------------------


def _parts(network):
    """Sizes of the layers, weights and biases (None and None where only the sizes came)."""
    if hasattr(network, "weights"):
        weights = [np.asarray(w) for w in network.weights]
        return (len(weights[0]), *(w.shape[1] for w in weights)), weights, network.biases
    try:
        sizes = tuple(int(size) for size in network)
    except TypeError:
        raise ValueError(
            f"network: wanted a Network or sizes such as (2, 2, 1), got {network!r:.60}."
        ) from None
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"network: wanted at least two layers of at least one unit, got {network!r:.60}."
        )
    return sizes, None, None


def _values(name, given, shapes, batch=False, listed=True):
    """`given` as a list with an array, a word or None for each shape.

    listed: the caller gives a list, else one array. batch: shape (1, …) is welcome too.
    """
    if given is None or isinstance(given, str):
        given = [given] * len(shapes)
    elif not listed:
        given = [given]
    elif not isinstance(given, list | tuple) or len(given) != len(shapes):
        came = len(given) if isinstance(given, list | tuple) else type(given).__name__
        raise ValueError(
            f"{name}: wanted a list of {len(shapes)} arrays, one a layer without the inputs, "
            f"got {came}."
        )
    values = []
    for k, (value, shape) in enumerate(zip(given, shapes, strict=True)):
        label = f"{name}[{k}]" if listed else name
        if isinstance(value, str) and value not in (NAMES, BLANK):
            raise ValueError(
                f'{name}: wanted numbers, "{NAMES}", "{BLANK}" or None, got {value!r}.'
            )
        if value is not None and not isinstance(value, str):
            value = numeric_array(label, value, (0, 1, 2), f"shape {shape}")
            same = [shape, (1, *shape)] if batch else [shape]
            if value.shape not in same and not (value.ndim == 0 and shape == (1,)):
                one = " of one data point" if batch else ""
                raise ValueError(f"{label}: wanted shape {shape}{one}, got {value.shape}.")
            value = value.reshape(shape)
        values.append(value)
    return values


def _shown(name, show, arrays):
    """How to write the weights or biases: (word or True, arrays), or None for not at all."""
    if show not in (True, False, NAMES, BOTH, BLANK):
        raise ValueError(
            f'{name}: wanted True, False, "{NAMES}", "{BOTH}" or "{BLANK}", got {show!r}.'
        )
    if show is False:
        return None
    if arrays is None and show in (True, BOTH):
        raise ValueError(
            f'{name}: wanted "{NAMES}", "{BLANK}" or False, as the network came without numbers, '
            f"got {show!r}."
        )
    return show, arrays


def _marked(highlight, layers):
    """The highlighted places as a set of tuples."""
    marked = set()
    for place in highlight:
        place = tuple(place) if isinstance(place, list | tuple) else (place,)
        if not _is_place(place, layers):
            raise ValueError(
                f"highlight: wanted (layer, unit), (layer, i, j) or (layer, unit, value) of this "
                f"drawing, counted from 0, got {place!r}."
            )
        marked.add(place)
    return marked


def _is_place(place, layers):
    if len(place) not in (2, 3) or not all(
        isinstance(part, int) and part >= 0 for part in place[:2]
    ):
        return False
    layer, index = place[:2]
    if layer >= len(layers) or index >= len(layers[layer]):
        return False
    if len(place) == 2:
        return True
    if isinstance(place[2], str):
        return any(row.quantity == place[2] for row in layers[layer][index].rows)
    return (
        isinstance(place[2], int)
        and layer + 1 < len(layers)
        and 0 <= place[2] < len(layers[layer + 1])
    )


# --- names and numbers -------------------------------------------------------------------------


class Names:
    """The course's symbols, as mathtext without $ signs, or the caller's own."""

    def __init__(self, sizes, unit_names, weight_names, bias_names):
        layers = range(1, len(sizes))
        # The suffix of a layer's quantities: h and o; several hidden layers are numbered.
        hidden = ["h"] if len(sizes) == 3 else [f"h^{{({k})}}" for k in layers[:-1]]
        self.suffixes = ["x", *hidden, "o"]
        units = [
            [f"{suffix}_{i + 1}" for i in range(size)] for suffix, size in zip(self.suffixes, sizes)
        ]
        self.own_units = unit_names is not None
        self.units = _own_names("unit_names", unit_names, units)
        biases = [[self.of("b", k, j) for j in range(sizes[k])] for k in layers]
        weights = [
            [
                [self._indexed("w", k, f"{i + 1}{j + 1}") for j in range(sizes[k])]
                for i in range(sizes[k - 1])
            ]
            for k in layers
        ]
        self.biases = _own_names("bias_names", bias_names, biases)
        self.weights = weights
        if weight_names is not None:
            _listed("weight_names", weight_names, len(weights))
            self.weights = [
                _own_names(f"weight_names[{k}]", own, weights[k])
                for k, own in enumerate(weight_names)
            ]

    def of(self, symbol, layer, unit):
        """The symbol of a quantity of a unit: z_h,1, or z_j if the caller named the unit j."""
        if self.own_units:
            name = self.units[layer][unit]
            return f"{symbol}_{{{name}}}" if name else ""
        return self._indexed(symbol, layer, unit + 1)

    def target(self, unit):
        if self.own_units:
            return self.of("t", -1, unit)
        return f"t_{unit + 1}" if len(self.units[-1]) > 1 else "t"

    def _indexed(self, symbol, layer, index):
        suffix = self.suffixes[layer]
        if "^" in suffix:
            return f"{symbol}^{suffix.split('^')[1]}_{{{index}}}"
        return f"{symbol}_{{{suffix}{{,}}{index}}}"

    def of_layer(self, symbol, layer):
        """The symbol of a quantity of a whole layer, such as W_h."""
        suffix = self.suffixes[layer]
        return f"{symbol}^{suffix.split('^')[1]}" if "^" in suffix else f"{symbol}_{suffix}"


def _listed(name, given, length):
    if not isinstance(given, list | tuple) or len(given) != length:
        raise ValueError(f"{name}: wanted a list of {length}, got {given!r:.60}.")
    return given


def _own_names(name, given, wanted):
    if given is None:
        return wanted
    _listed(name, given, len(wanted))
    for k, (own, course) in enumerate(zip(given, wanted)):
        for text in _listed(f"{name}[{k}]", own, len(course)):
            if not isinstance(text, str):
                raise ValueError(f"{name}[{k}]: wanted mathtext such as 'h_1', got {text!r}.")
    return given


def _math(name):
    return f"${name}$" if name else ""


def format_number(value, digits, given=False):
    """A number as it is written on a drawing: with a true minus sign and so many decimals.

    given: drop zeros at the end. What would wrongly read as 0, or is very large, is written with
    a power of ten.
    """
    value = float(value) or 0.0  # never -0.0
    text = f"{value:.{digits}f}"
    if value != 0 and (float(text) == 0 or abs(value) >= 1e6):
        mantissa, power = f"{value:.{max(digits - 3, 0)}e}".split("e")
        text = f"{mantissa}e{int(power)}"
    elif given and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def _units(sizes, names, digits, *, x, z, a, t, loss, delta, biases, bias_gradients):
    """The units of every layer with their rows, and where a loss is given the unit E."""
    last = len(sizes) - 1

    def row(quantity, symbol, full, value, i, given=False, backward=False):
        """The row of a value of unit i, in a list: `symbol` = number or place, or only `full`."""
        if value is None or (isinstance(value, str) and value == NAMES and not full):
            return []
        if isinstance(value, str):
            text = f"${full}$" if value == NAMES else f"${symbol}$ ="
            return [Row(quantity, text, backward, blank=value == BLANK)]
        text = f"${symbol}$ = {format_number(value[i], digits, given)}"
        return [Row(quantity, text, backward)]

    def bias(k, i):
        if biases is None:
            return []
        show, numbers = biases
        name = names.biases[k][i]
        value = show if show in (NAMES, BLANK) else numbers[k]
        return row("b", name if show == BOTH else "b", name, value, i, given=True)

    def unit(layer, i):
        k = layer - 1
        rows = bias(k, i)
        rows += row("z", "z", names.of("z", layer, i), z[k], i)
        rows += row("a", "a", names.of("a", layer, i), a[k], i)
        if layer == last:
            rows += row("t", "t", names.target(i), t[0], i, given=True)
        rows += row("delta", r"\delta", names.of(r"\delta", layer, i), delta[k], i, backward=True)
        bias_name = names.biases[k][i]
        full = bias_name and rf"\partial E/\partial {bias_name}"
        rows += row("db", r"\partial E/\partial b", full, bias_gradients[k], i, backward=True)
        return Unit(names.units[layer][i], rows)

    # In names, an input and the loss need no row: theirs stand on the units already.
    inputs = enumerate(names.units[0])
    layers = [[Unit(name, row("x", "x", "", x[0], i, given=True)) for i, name in inputs]]
    layers += [[unit(layer, i) for i in range(sizes[layer])] for layer in range(1, len(sizes))]
    if loss[0] is not None:
        layers.append([Unit("E", row("E", "E", "", loss[0], 0))])
    return layers


def _edge_labels(names, weights, weight_gradients, digits, size):
    """{(layer, i, j): [Label, …]}: the weight near the edge's source, the gradient near its end."""
    labels = {}
    for k, matrix in enumerate(names.weights):
        for i, row in enumerate(matrix):
            for j, name in enumerate(row):
                gradient = weight_gradients[k]
                labels[k, i, j] = here = []
                if weights is not None:
                    show, numbers = weights
                    text = f"${name}$" if name else ""
                    if show in (True, BOTH):
                        number = format_number(numbers[k][i, j], digits, given=True)
                        text = f"{text} = {number}" if show == BOTH and name else number
                    share = 0.33 if gradient is None else 0.27
                    here.append(Label("w", text, share, size, blank=show == BLANK))
                if gradient is not None:
                    blank = isinstance(gradient, str) and gradient == BLANK
                    if isinstance(gradient, str):
                        text = rf"$\partial E/\partial {name}$" if name else ""
                    else:
                        text = format_number(gradient[i, j], digits)
                    here.append(Label("dw", text, 0.73, size, backward=True, blank=blank))
                here[:] = [label for label in here if label.text or label.blank]
    return labels


# --- layout ------------------------------------------------------------------------------------


def _size_units(layers, size):
    """Give each unit its size: cards, alike in a layer, or circles if no unit has a row."""
    if not any(unit.rows for units in layers for unit in units):
        return
    for units in layers:
        widths = [text_size(_math(unit.name), NAME_SIZE)[0] for unit in units]
        widths += [row.width(size) for unit in units for row in unit.rows]
        heading = HEADING + 0.06 * any("^" in unit.name for unit in units)
        rows = max(sum(row.height for row in unit.rows) for unit in units)
        for unit in units:
            unit.card = True
            unit.width = max(*widths, 0.25) + 0.19
            unit.heading = heading
            unit.height = heading + (rows + 0.09 if rows else 0.03)


def _frame(title, key):
    """What is kept free above (title, headings) and below (key) the units."""
    return MARGIN + (0.35 if title else 0) + 0.32, MARGIN + (0.3 if key else 0)


def _least_height(layers, title, key):
    _size_units(layers, VALUE_SIZES[0])
    tallest = max(sum(unit.height + APART for unit in units) - APART for units in layers)
    edges = max(len(before) * len(after) for before, after in zip(layers, layers[1:], strict=False))
    return sum(_frame(title, key)) + max(tallest, 1.7, 0.3 * edges)


def _lay_out(layers, depth, width, height, size, title, key):
    """Set size and middle of each unit, layers from left to right. Returns whether all fits."""
    _size_units(layers, size)
    above, below = _frame(title, key)
    room = height - above - below
    gaps = width - 2 * MARGIN - sum(units[0].width for units in layers)
    gap = (gaps - LOSS_GAP * (len(layers) - depth)) / (depth - 1)
    if gap < 0.4:
        return False
    pitches = {}  # from unit to unit; layers of as many units stand level with each other
    longest = max(len(units) for units in layers)
    for count in {len(units) for units in layers}:
        tall = max(units[0].height for units in layers if len(units) == count)
        if count * (tall + APART) - APART > room + 1e-9:
            return False
        # Short layers are not pulled apart to the full height: that makes steep edges.
        loose = (room - tall) / max(count - 1, 1), 1.25 * (room - tall) / max(longest - 1, 1)
        pitches[count] = max(tall + APART, min(loose))
    left = MARGIN
    for layer, units in enumerate(layers):
        for index, unit in enumerate(units):
            unit.x = left + unit.width / 2
            unit.y = below + room / 2 - (index - (len(units) - 1) / 2) * pitches[len(units)]
        left += units[0].width + (gap if layer + 1 < depth else LOSS_GAP)
    return True


def _ends(layers, layer, i, j):
    """The two ends of an edge: on the sides of cards, in the order of the units they lead to."""
    source, target = layers[layer][i], layers[layer + 1][j]
    middle = np.array([source.x, source.y]), np.array([target.x, target.y])
    ends = []
    for unit, count, index, side, towards in (
        (source, len(layers[layer + 1]), j, 1, middle[1]),
        (target, len(layers[layer]), i, -1, middle[0]),
    ):
        centre = np.array([unit.x, unit.y])
        if unit.card:
            spread = min(0.5 * unit.height, 0.14 * (count - 1))
            share = 0.5 - index / (count - 1) if count > 1 else 0
            ends.append(centre + (side * unit.width / 2, share * spread))
        else:
            ends.append(centre + RADIUS * (towards - centre) / np.hypot(*(towards - centre)))
    return ends


def _distance(a, b, c, d):
    """Distance of each segment a–b from the segments c–d; all arrays broadcast to (…, 2)."""

    def to_segment(p, q, r):
        along = r - q
        share = ((p - q) * along).sum(-1) / np.maximum((along * along).sum(-1), 1e-12)
        return np.linalg.norm(p - q - np.clip(share, 0, 1)[..., None] * along, axis=-1)

    def side(p, q, r):
        return (q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0]

    crossing = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    apart = np.minimum(
        np.minimum(to_segment(a, c, d), to_segment(b, c, d)),
        np.minimum(to_segment(c, a, b), to_segment(d, a, b)),
    )
    return np.where(crossing, 0, apart)


def _place_labels(layers, labels):
    """A place on its edge for every label, clear of other labels and if possible of other edges.

    Returns [(edge, label, (x, y), degrees), …], or None where labels cannot be kept apart.
    """
    placed = []
    for k in range(len(layers) - 1):
        edges = [edge for edge in labels if edge[0] == k]
        if not any(labels[edge] for edge in edges):
            continue
        found = _place_in_gap(layers, labels, edges)
        if found is None:
            return None
        placed += found
    return placed


def _place_in_gap(layers, labels, edges):
    """_place_labels for the edges between two layers.

    A label is taken for a thick line through its middle. Each tries places along its edge, all
    in turn, until none finds a better one.
    """
    ends = {edge: _ends(layers, *edge) for edge in edges}
    left = max(start[0] for start, _ in ends.values()) + 0.05
    right = min(end[0] for _, end in ends.values()) - 0.05
    items = [(edge, label) for edge in edges for label in labels[edge]]
    places = []  # for each label: (P, 2) middles, (P, 2) starts and ends of its line, (P,) costs
    for edge, label in items:
        start, end = ends[edge]
        wide, high = label.extent
        along = np.array([1.0, 0.0]) if label.blank else (end - start) / np.hypot(*(end - start))
        reach = abs(along[0]) * wide / 2 + abs(along[1]) * high / 2
        shares = np.linspace(0.05, 0.95, 41)
        middles = start + shares[:, None] * (end - start)
        inside = (middles[:, 0] - reach >= left) & (middles[:, 0] + reach <= right)
        if not inside.any():
            return None
        shares, middles = shares[inside], middles[inside]
        starts, stops = middles - along * wide / 2, middles + along * wide / 2
        costs = 4 * np.abs(shares - label.share)
        for other in edges:
            if other != edge:
                apart = _distance(starts, stops, *ends[other])
                costs = costs + 3 * np.clip(1 - apart / (high / 2 + CLEARANCE), 0, None)
        places.append((middles, starts, stops, costs))

    thickness = np.array([label.extent[1] for _, label in items])
    chosen = [int(np.argmin(costs)) for *_, costs in places]

    def depths(n):
        """How deep label n lies in each other label, at each of its places: (P, others)."""
        _, starts, stops, _ = places[n]
        others = [m for m in range(len(items)) if m != n]
        if not others:
            return np.zeros((len(starts), 0))
        other_starts = np.array([places[m][1][chosen[m]] for m in others])
        other_stops = np.array([places[m][2][chosen[m]] for m in others])
        apart = _distance(starts[:, None], stops[:, None], other_starts, other_stops)
        wanted = (thickness[n] + thickness[others]) / 2 + CLEARANCE
        return np.clip(1 - apart / wanted, 0, None)

    for _ in range(12):
        before = list(chosen)
        for n, (*_, costs) in enumerate(places):
            deep = depths(n)
            chosen[n] = int(np.argmin(costs + (8 * (deep > 0) + 20 * deep).sum(axis=1)))
        if chosen == before:
            break
    if any(depths(n)[chosen[n]].any() for n in range(len(items))):
        return None

    placed = []
    for (edge, label), (middles, *_), choice in zip(items, places, chosen):
        right, up = ends[edge][1] - ends[edge][0]
        degrees = 0.0 if label.blank else float(np.degrees(np.arctan2(up, right)))
        placed.append((edge, label, tuple(middles[choice]), degrees))
    return placed


# --- drawing -----------------------------------------------------------------------------------


def _draw_edges(panel, layers, marked):
    for layer in range(len(layers) - 1):
        for i in range(len(layers[layer])):
            for j in range(len(layers[layer + 1])):
                xs, ys = zip(*_ends(layers, layer, i, j))
                look = {"color": PALE_LINE if marked else LINE_COLOUR, "linewidth": 1, "zorder": 1}
                if (layer, i, j) in marked:
                    look = {"color": BLACK, "linewidth": 2.6, "zorder": 2}
                    panel.plot(xs, ys, color=YELLOW, linewidth=9, solid_capstyle="butt", zorder=1.5)
                panel.plot(xs, ys, gid=f"edge {layer} {i} {j}", **look)


def _draw_edge_label(panel, edge, label, place, degrees, pale):
    gid = " ".join(map(str, (label.quantity, *edge)))
    if label.blank:
        _draw_blank(panel, place[0] - BLANK_WIDTH / 2, place[1], label.backward, gid)
        return
    colour = text_colour(VERMILLION) if label.backward else PALE_TEXT if pale else BLACK
    frame = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
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


def _draw_blank(panel, left, middle, backward, gid):
    """An empty place to write in: a dotted box."""
    place = (left, middle - BLANK_HEIGHT / 2)
    box = Rectangle(place, BLANK_WIDTH, BLANK_HEIGHT, facecolor="white", gid=f"blank {gid}")
    box.set(edgecolor=VERMILLION if backward else BLUE, linestyle=(0, (1, 1.5)), linewidth=1.1)
    panel.add_patch(box).set_zorder(5)


def _draw_unit(panel, unit, place, size, marked):
    """A unit, place = (layer, index): a circle, or a card with its name and rows."""
    bold = place in marked
    touched = bold or any(mark[:2] == place and isinstance(mark[-1], str) for mark in marked)
    line = {
        "edgecolor": BLACK if touched or not marked else PALE_OUTLINE,
        "linewidth": 2.6 if bold else 1.2,
    }
    fill = YELLOW if bold else NAME_FILL
    name = {"s": _math(unit.name), "fontsize": NAME_SIZE, "ha": "center", "va": "center"}
    name |= {"zorder": 6, "gid": f"unit {place[0]} {place[1]}"}
    if not unit.card:
        panel.add_patch(Circle((unit.x, unit.y), RADIUS, facecolor=fill, zorder=3, **line))
        panel.text(unit.x, unit.y, **name)
        return

    left, top = unit.x - unit.width / 2, unit.y + unit.height / 2
    card = {"xy": (left, top - unit.height), "width": unit.width, "height": unit.height}
    card["boxstyle"] = "round,pad=0,rounding_size=0.09"
    ground = panel.add_patch(FancyBboxPatch(**card, facecolor="white", edgecolor="none", zorder=3))
    only_name = unit.height < unit.heading + 0.05
    heading = unit.height if only_name else unit.heading
    band = Rectangle((left, top - heading), unit.width, heading, facecolor=fill, zorder=3.1)
    panel.add_patch(band).set_clip_path(ground)
    panel.add_patch(FancyBboxPatch(**card, facecolor="none", zorder=3.4, **line))
    panel.text(unit.x, top - heading / 2, **name)

    y = top - heading - 0.045
    for row in unit.rows:
        _draw_row(panel, row, (left, y - row.height / 2), unit.width, place, size, marked)
        y -= row.height


def _draw_row(panel, row, start, width, place, size, marked):
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


def _draw_headings(panel, layers, depth, top):
    """What each layer is, above it; E, behind the layers of the network, needs no heading."""
    hidden = ["hidden layer"] if depth == 3 else [f"hidden layer {k}" for k in range(1, depth - 1)]
    headings = ["inputs", *hidden, "outputs" if len(layers[depth - 1]) > 1 else "output"]
    for layer, heading in enumerate(headings):
        place = layers[layer][0].x, top
        look = {"fontsize": KEY_SIZE, "color": GREY, "ha": "center", "va": "top"}
        panel.text(*place, heading, gid=f"heading {layer}", **look)


def _key(layers, weight_gradients):
    """What the two colours mean, for those that occur: [(text, backward), …]."""
    written = {row.quantity for units in layers for unit in units for row in unit.rows}
    key = []
    forward = ", ".join(f"${name}$" for name in FORWARD if name in written)
    if forward:
        key.append((rf"forward $\rightarrow$  blue: {forward}", False))
    backward = [r"$\delta$"] if "delta" in written else []
    backward += [r"$\partial E/\partial b$"] if "db" in written else []
    if any(gradient is not None for gradient in weight_gradients):
        backward.append(r"on an edge $\partial E/\partial w$")
    if backward:
        key.append((r"backward $\leftarrow$  boxed, italic: " + ", ".join(backward), True))
    return key


def _draw_key(panel, key):
    left = MARGIN
    for index, (text, backward) in enumerate(key):
        look = {"color": text_colour(VERMILLION) if backward else BLUE, "va": "bottom"}
        look["fontstyle"] = "italic" if backward else "normal"
        panel.text(left, MARGIN, text, fontsize=KEY_SIZE, gid=f"key {index}", **look)
        left += text_size(text, KEY_SIZE, italic=backward)[0] + 0.4


# --- the work sheet ----------------------------------------------------------------------------

A4 = (210, 297)  # millimetres, as all lengths on the work sheet
BORDER = 12
LEAST_ROW, LEAST_CELL = 7, 14  # height and width of a place to write a number by hand
LEAST_NAME, LONGEST_NAME = 7, 150  # points and letters; a longer name is cut off


def draw_work_sheet(
    network,
    x,
    t,
    eta,
    *,
    activations=("sigmoid", "tanh", "relu"),
    title="One step of SGD by hand",
    name="",
):
    """A page to print, A4 upright, for working one step of SGD by hand. Returns the Picture.

    network: a Network, whose hidden activation does not matter; x: (in,) or (1, in); t: (out,) or
    (1, out); eta: the learning rate; activations: of the hidden units, one column each; name: whose
    sheet it is, any text; "" leaves a line to write it on, None nothing.
    The page holds what is given and the names of what is wanted, each with an empty place.
    `draw_work_sheet(…).savefig("work_sheet.pdf")` saves it.

    Raises ValueError for arrays that do not fit the network, for a learning rate that is no finite
    number and for networks whose results do not fit on one page.
    """
    sizes, weights, _ = _parts(network)
    if weights is None:
        raise ValueError(f"network: wanted a Network with its numbers, got the sizes {sizes}.")
    if x is None or t is None or isinstance(x, str) or isinstance(t, str):
        raise ValueError("x and t: wanted numbers, the work sheet shows them.")
    eta = float(numeric_array("eta", eta, (0,), "one number"))
    titles = [ACTIVATION_TITLES.get(name, str(name)) for name in activations]
    sections = _work_sheet_rows(Names(sizes, None, None, None), sizes)
    count = sum(len(rows) for _, _, rows in sections)

    width, height = A4
    page_width = width - 2 * BORDER
    names_left = BORDER + 7
    cells_left = names_left + 21
    column = (width - BORDER - cells_left) / max(len(titles), 1)
    head, formulas = 22, 25
    least_diagram = 25.4 * _least_height(_given_layers(network, x, t), None, [])
    room = height - 2 * BORDER - head - formulas - 7  # for the drawing and the rows of the table
    row = min(9.0, (room - least_diagram) / count)
    most = max(len(cells) for _, _, rows in sections for _, cells in rows)
    if row < LEAST_ROW or not titles or column / most < LEAST_CELL:
        raise ValueError(
            f"network: wanted one whose results fit on one page, in places of at least "
            f"{LEAST_CELL} × {LEAST_ROW} mm for {len(titles)} activations, "
            f"got {'-'.join(map(str, sizes))}."
        )

    page = Picture(width / 25.4, height / 25.4)
    drawing = room - row * count
    table_top = BORDER + row * count + 7
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
            network, x, t=t, show_weights=BOTH, show_biases=BOTH, digits=6, ax=panel_network
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
                (names_left, cells_left, column, len(titles)),
            )
            top -= row * len(rows)
    return page


def _write_head(panel, title, name, network, eta, activations):
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
        f"Output: {ACTIVATION_TITLES[network.output]}.   Loss: $E$ = {loss}."
    )
    panel.text(BORDER, top - 12, given, fontsize=10, va="center", gid="given")
    columns = (
        f"Hidden units: {', '.join(activations)}. "
        "Each column starts from the weights and biases below."
    )
    panel.text(BORDER, top - 18, columns, fontsize=10, va="center")


def _write_name(panel, text, size, colour):
    place = A4[0] - BORDER, A4[1] - BORDER - 4
    panel.text(
        *place, text, fontsize=size, va="center", ha="right", color=colour, parse_math=False,
        fontfamily=fonts_for(text), gid="name",
    )  # fmt: skip


def _fitted_name(name, room):
    """A name as one line of at most `room` inches, and its size in points; cut off if need be."""
    # Without what is not seen, such as marks that turn the direction of writing.
    seen = (c for c in name if c.isspace() or not unicodedata.category(c).startswith("C"))
    name = " ".join("".join(seen).split())
    missing = missing_characters(name)
    name = "".join(UNKNOWN if c in missing else c for c in name)

    def too_wide(text, size):  # $ is no sign of a formula here
        return text_size(text.replace("$", "S"), size, family=fonts_for(text))[0] > room

    size = 10.0
    while size > LEAST_NAME and too_wide(name, size):
        size -= 0.5
    length = min(len(name), LONGEST_NAME)
    shown = name[:length]
    while too_wide(shown, size):
        length -= 1
        shown = name[:length].rstrip() + "…"
    return shown, size


def _write_formulas(panel, bottom, top):
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


def _given_layers(network, x, t):
    """The units of the work sheet's drawing, to measure it."""
    sizes, _, biases = _parts(network)
    return _units(
        sizes,
        Names(sizes, None, None, None),
        6,
        x=_values("x", x, [(sizes[0],)], batch=True, listed=False),
        t=_values("t", t, [(sizes[-1],)], batch=True, listed=False),
        biases=(BOTH, biases),
        loss=[None],
        **dict.fromkeys(("z", "a", "delta", "bias_gradients"), [None] * len(biases)),
    )


def _work_sheet_rows(names, sizes):
    """What is wanted: [(section, colour, [(name of the row, [name of each place])])]."""
    layers = range(1, len(sizes))
    gradient = "\\partial E/\\partial "

    def units(symbol, layer):
        return [names.of(symbol, layer, i) for i in range(sizes[layer])]

    def matrix(name, before, layer):
        entries = names.weights[layer - 1]
        if sizes[layer] == 1:  # one row for the column that the weights to a single unit are
            entries = [[entry for (entry,) in entries]]
        return [(name, [f"{before}{entry}" for entry in row]) for row in entries]

    def parameters(before, layer):
        return matrix(before + names.of_layer("W", layer), before, layer) + [
            (
                before + names.of_layer("b", layer),
                [before + entry for entry in names.biases[layer - 1]],
            )
        ]

    forward, backward, update = [], [], []
    for layer in layers:
        z, a = names.of_layer("z", layer), names.of_layer("a", layer)
        if sizes[layer] == 1:
            forward.append((f"{z},\\ {a}", units("z", layer) + units("a", layer)))
        else:
            forward += [(z, units("z", layer)), (a, units("a", layer))]
    forward.append(("E", ["E"]))
    for layer in reversed(layers):
        backward.append((names.of_layer("\\delta", layer), units("\\delta", layer)))
        backward += parameters(gradient, layer)
    for layer in layers:
        update += parameters("\\mathrm{new}\\ ", layer)
    update.append(("\\mathrm{new}\\ E", ["\\mathrm{new}\\ E"]))
    return [
        ("forward", BLUE, forward),
        ("backward", VERMILLION, backward),
        ("update", "#333333", update),
    ]


def _draw_section(panel, section, colour, rows, top, row, lines):
    """A part of the work sheet's table: a bar with its name, the rows' names, empty places."""
    names_left, cells_left, column, columns = lines
    right = cells_left + column * columns
    bottom = top - row * len(rows)
    shade = text_colour(colour)
    bar = Rectangle((BORDER, bottom), names_left - BORDER, row * len(rows), facecolor=shade)
    bar.set(edgecolor="white", linewidth=1.5)
    panel.add_patch(bar)
    middle = (BORDER + names_left) / 2, (top + bottom) / 2
    panel.text(*middle, section, rotation=90, color="white", ha="center", va="center", fontsize=10)
    for index, (name, cells) in enumerate(rows):
        y = top - index * row
        if index == 0 or rows[index - 1][0] != name:
            panel.plot((names_left, cells_left), (y, y), color="#B0B0B0", linewidth=0.6)
            panel.text(
                names_left + 1.5, y - row / 2, f"${name}$", fontsize=10, va="center", color=shade
            )
        each = column / len(cells)
        for number in range(columns):
            for place, label in enumerate(cells):
                left = cells_left + number * column + place * each
                box = Rectangle((left, y - row), each, row, facecolor="white", gid=f"place {label}")
                box.set(edgecolor="#B0B0B0", linewidth=0.6)
                panel.add_patch(box)
                panel.text(left + 0.9, y - 1, f"${label}$", fontsize=8, va="top", color=GREY)
    for number in range(columns + 1):
        x = cells_left + number * column
        panel.plot((x, x), (bottom, top), color=BLACK, linewidth=1.1)
    for y in (top, bottom):
        panel.plot((names_left, right), (y, y), color=BLACK, linewidth=1.1)
