"""What is written on a drawing of a network: units, labels on edges, and their names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard, cast

import numpy as np

from helpers.network import Network, numeric_array
from helpers.pictures.network_diagram.options import Labels, Parameters, Written
from helpers.pictures.style import text_size

FORWARD = ("z", "a", "E")  # the quantities written in blue
RADIUS = 0.27  # of a unit on which nothing is written
LINE = 0.2  # height of a row on a card
BLANK_LINE = 0.31
BLANK_WIDTH, BLANK_HEIGHT = 0.62, 0.24  # an empty place to write by hand

Values = np.ndarray | Written  # the numbers of a layer, or what stands there in their place
# Weights or biases: how they are written, and their numbers unless the network has none.
Shown = tuple[Written, list[np.ndarray] | None]
Place = tuple[int | str, ...]  # (layer, unit), (layer, i, j) or (layer, unit, quantity)
Edge = tuple[int, int, int]  # (layer, i, j): from unit i of the layer to unit j of the next


@dataclass
class Row:
    """One line on a unit's card."""

    quantity: str  # such as "z" or "delta"
    text: str  # with mathtext between $ signs
    backward: bool = False  # whether the quantity belongs to the backward pass
    blank: bool = False  # whether an empty place stands behind the text
    above: float = 0.0  # height of the rows before it for which there is only room

    @property
    def height(self) -> float:
        return BLANK_LINE if self.blank else LINE

    def width(self, size: float) -> float:
        room = BLANK_WIDTH + 0.06 if self.blank else 0.06 if self.backward else 0
        return text_size(self.text, size, italic=self.backward)[0] + room


@dataclass
class Unit:
    """A unit; from `x` on, what is known once it is laid out."""

    name: str
    rows: list[Row]  # on its card
    x: float = 0.0  # of its middle
    y: float = 0.0  # of its middle
    width: float = 2 * RADIUS
    height: float = 2 * RADIUS
    heading: float = 0.0  # height of the name, on a card
    card: bool = False  # else a circle


Layers = list[list[Unit]]  # with the unit E, where there is one, as a layer after the last


@dataclass
class Label:
    """What stands on an edge."""

    quantity: str  # "w" or "dw"
    text: str  # with mathtext between $ signs
    share: float  # how far along the edge it is wanted, from 0 to 1
    size: float  # of the letters, in points
    backward: bool = False  # whether the quantity belongs to the backward pass
    blank: bool = False  # whether an empty place stands there instead of the text
    extent: tuple[float, float] = field(init=False)  # width and height

    def __post_init__(self) -> None:
        if self.blank:
            self.extent = (BLANK_WIDTH, BLANK_HEIGHT)
        else:
            width, height = text_size(self.text, self.size, italic=self.backward)
            self.extent = (width + 0.06, max(height, self.size / 72) + 0.03)


def parts_of(
    network: Network | Sequence[int],
) -> tuple[tuple[int, ...], list[np.ndarray] | None, list[np.ndarray] | None]:
    """Sizes of the layers, weights and biases (None and None where only the sizes came)."""
    if hasattr(network, "weights"):
        net = cast(Network, network)
        weights = [np.asarray(w) for w in net.weights]
        return (len(weights[0]), *(w.shape[1] for w in weights)), weights, net.biases
    try:
        sizes = tuple(int(size) for size in network)
    except TypeError:
        raise ValueError(
            f"network: expected a Network or sizes such as (2, 2, 1), got {network!r:.60}."
        ) from None
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"network: expected at least two layers of at least one unit, got {network!r:.60}."
        )
    return sizes, None, None


def parts_given(name: str, given: object, parts: Sequence[str], wanted: str) -> list[object]:
    """The parts of an object that has them as attributes, or the same word for each part.

    Raises ValueError, which says what is wanted, for anything else.
    """
    if isinstance(given, str):
        return [given] * len(parts)
    if not all(hasattr(given, part) for part in parts):
        raise ValueError(f"{name}: expected {wanted}, got {given!r:.60}.")
    return [getattr(given, part) for part in parts]


def values_written(
    name: str,
    given: object,
    shapes: Sequence[tuple[int, ...]],
    batch: bool = False,
    listed: bool = True,
) -> list[Values]:
    """`given` as a list with one entry for each shape.

    listed: the caller gives a list, else one array. batch: shape (1, …) is welcome too.
    """
    if isinstance(given, str) or not listed:
        given = [given] * len(shapes)
    elif not isinstance(given, list | tuple) or len(given) != len(shapes):
        came = len(given) if isinstance(given, list | tuple) else type(given).__name__
        raise ValueError(
            f"{name}: expected a list of {len(shapes)} arrays, one per layer after the inputs, "
            f"got {came}."
        )
    return [
        _values_of_layer(f"{name}[{k}]" if listed else name, value, shape, batch)
        for k, (value, shape) in enumerate(zip(given, shapes, strict=True))
    ]


def _values_of_layer(name: str, value: object, shape: tuple[int, ...], batch: bool) -> Values:
    # A truth value would be read as the number 0 or 1, though it hardly ever means one.
    if isinstance(value, str | bool | np.bool_) or value is None:
        words = (Written.NAMES, Written.BLANK, Written.NOTHING)
        return Written.read(name, value, words, besides="numbers")
    array = numeric_array(name, value, (0, 1, 2), f"shape {shape}")
    same = [shape, (1, *shape)] if batch else [shape]
    if array.shape not in same and not (array.ndim == 0 and shape == (1,)):
        one = " of one data point" if batch else ""
        raise ValueError(f"{name}: expected shape {shape}{one}, got {array.shape}.")
    return array.reshape(shape)


def parameters_written(
    parameters: Parameters | str,
    weights: list[np.ndarray] | None,
    biases: list[np.ndarray] | None,
    bias_gradients: Sequence[Values],
) -> tuple[Shown, Shown]:
    """How to write the weights, and how the biases."""
    show_weights, show_biases = parts_given(
        "parameters", parameters, ("weights", "biases"), 'a word such as "names" or Parameters'
    )
    if isinstance(parameters, str):
        names = ["parameters"] * 2
        # Biases that are all 0 are taken for none, unless gradients of theirs are shown.
        without = biases is not None and not any(np.any(b) for b in biases)
        if without and all(gradient is Written.NOTHING for gradient in bias_gradients):
            show_biases = Written.NOTHING
    else:
        names = ["parameters.weights", "parameters.biases"]
    return _shown(names[0], show_weights, weights), _shown(names[1], show_biases, biases)


def _shown(name: str, show: object, arrays: list[np.ndarray] | None) -> Shown:
    written = Written.read(name, show, list(Written))
    if arrays is None and written in (Written.NUMBERS, Written.BOTH):
        raise ValueError(
            f'{name}: expected "{Written.NAMES}", "{Written.BLANK}" or "{Written.NOTHING}", as '
            f'the network came without numbers, got "{written}".'
        )
    return written, arrays


def places_marked(highlight: Iterable[object], layers: Layers) -> set[Place]:
    """The highlighted places."""
    marked = set()
    for place in highlight:
        place = tuple(place) if isinstance(place, list | tuple) else (place,)
        if not _is_place(place, layers):
            raise ValueError(
                f"highlight: expected (layer, unit), (layer, i, j) or (layer, unit, value) of this "
                f"drawing, counted from 0, got {place!r}."
            )
        marked.add(place)
    return marked


def _is_place(place: tuple[Any, ...], layers: Layers) -> TypeGuard[Place]:
    if len(place) not in (2, 3) or not all(
        isinstance(part, int) and not isinstance(part, bool) and part >= 0 for part in place[:2]
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
        and not isinstance(place[2], bool)
        and layer + 1 < len(layers)
        and 0 <= place[2] < len(layers[layer + 1])
    )


class Names:
    """The course's symbols, as mathtext without $ signs, or the caller's own."""

    def __init__(self, sizes: Sequence[int], labels: Labels | None = None) -> None:
        labels = labels or Labels()
        layers = range(1, len(sizes))
        # The suffix of a layer's quantities: h and o; several hidden layers are numbered.
        hidden = ["h"] if len(sizes) == 3 else [f"h^{{({k})}}" for k in layers[:-1]]
        self.suffixes = ["x", *hidden, "o"]
        units = [
            [f"{suffix}_{i + 1}" for i in range(size)] for suffix, size in zip(self.suffixes, sizes)
        ]
        self.own_units = labels.units is not None
        self.units = _own_names("labels.units", labels.units, units)
        biases = [[self.of("b", k, j) for j in range(sizes[k])] for k in layers]
        weights = [
            [
                [self._indexed("w", k, f"{i + 1}{j + 1}") for j in range(sizes[k])]
                for i in range(sizes[k - 1])
            ]
            for k in layers
        ]
        self.biases = _own_names("labels.biases", labels.biases, biases)
        self.weights: Sequence[Sequence[Sequence[str]]] = weights
        if labels.weights is not None:
            _listed("labels.weights", labels.weights, len(weights))
            self.weights = [
                _own_names(f"labels.weights[{k}]", own, weights[k])
                for k, own in enumerate(labels.weights)
            ]

    def of(self, symbol: str, layer: int, unit: int) -> str:
        """The symbol of a quantity of a unit: z_h,1, or z_j if the caller named the unit j."""
        if self.own_units:
            name = self.units[layer][unit]
            return f"{symbol}_{{{name}}}" if name else ""
        return self._indexed(symbol, layer, unit + 1)

    def target(self, unit: int) -> str:
        if self.own_units:
            return self.of("t", -1, unit)
        return f"t_{unit + 1}" if len(self.units[-1]) > 1 else "t"

    def _indexed(self, symbol: str, layer: int, index: int | str) -> str:
        suffix = self.suffixes[layer]
        if "^" in suffix:
            return f"{symbol}^{suffix.split('^')[1]}_{{{index}}}"
        return f"{symbol}_{{{suffix}{{,}}{index}}}"

    def of_layer(self, symbol: str, layer: int) -> str:
        """The symbol of a quantity of a whole layer, such as W_h."""
        suffix = self.suffixes[layer]
        return f"{symbol}^{suffix.split('^')[1]}" if "^" in suffix else f"{symbol}_{suffix}"


def _listed(name: str, given: object, length: int) -> Sequence[object]:
    if not isinstance(given, list | tuple) or len(given) != length:
        raise ValueError(f"{name}: expected a list of {length}, got {given!r:.60}.")
    return given


def _own_names(
    name: str, given: Sequence[Sequence[str]] | None, wanted: list[list[str]]
) -> Sequence[Sequence[str]]:
    if given is None:
        return wanted
    _listed(name, given, len(wanted))
    for k, (own, course) in enumerate(zip(given, wanted)):
        for text in _listed(f"{name}[{k}]", own, len(course)):
            if not isinstance(text, str):
                raise ValueError(f"{name}[{k}]: expected mathtext such as 'h_1', got {text!r}.")
    return given


def headings(layers: Layers, depth: int) -> list[str]:
    """What each of the `depth` layers is called; the unit E has no heading."""
    hidden = ["hidden layer"] if depth == 3 else [f"hidden layer {k}" for k in range(1, depth - 1)]
    return ["inputs", *hidden, "outputs" if len(layers[depth - 1]) > 1 else "output"]


def with_room(
    values: Sequence[Values], shapes: Sequence[tuple[int, ...]], wide: float | None, digits: int
) -> list[Values]:
    """The values of a quantity, or what takes more room than they: numbers as wide as `wide`.

    wide: None where there are only names to come.
    """
    found = []
    for value, shape in zip(values, shapes, strict=True):
        if value is Written.NOTHING:
            value = Written.NAMES if wide is None else np.full(shape, wide)
        elif isinstance(value, np.ndarray) and wide is not None:
            length = len(format_number(wide, digits))
            narrow = [len(format_number(number, digits)) < length for number in value.flat]
            value = np.where(np.reshape(narrow, shape), wide, value)
        found.append(value)
    return found


def as_math(name: str) -> str:
    """A name as mathtext, "" if it is empty."""
    return f"${name}$" if name else ""


def format_number(value: float, digits: int, given: bool = False) -> str:
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


def units_of(
    sizes: Sequence[int],
    names: Names,
    digits: int,
    *,
    x: Sequence[Values],
    z: Sequence[Values],
    a: Sequence[Values],
    t: Sequence[Values],
    loss: Sequence[Values],
    delta: Sequence[Values],
    biases: Shown,
    bias_gradients: Sequence[Values],
) -> Layers:
    """The units of every layer with their rows, and where a loss is given the unit E."""
    last = len(sizes) - 1

    def row(
        quantity: str,
        symbol: str,
        full: str,
        value: Values,
        i: int,
        given: bool = False,
        backward: bool = False,
    ) -> list[Row]:
        """The row of a value of unit i, if any: `symbol` = number or place, or only `full`."""
        if value is Written.NOTHING or (value is Written.NAMES and not full):
            return []
        if isinstance(value, Written):
            text = f"${full}$" if value is Written.NAMES else f"${symbol}$ ="
            return [Row(quantity, text, backward, blank=value is Written.BLANK)]
        text = f"${symbol}$ = {format_number(value[i], digits, given)}"
        return [Row(quantity, text, backward)]

    def bias(k: int, i: int) -> list[Row]:
        show, numbers = biases
        name = names.biases[k][i]
        value: Values = show
        if show in (Written.NUMBERS, Written.BOTH):
            assert numbers is not None  # parameters_written has seen to it
            value = numbers[k]
        return row("b", name if show is Written.BOTH else "b", name, value, i, given=True)

    def unit(layer: int, i: int) -> Unit:
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
    if loss[0] is not Written.NOTHING:
        layers.append([Unit("E", row("E", "E", "", loss[0], 0))])
    return layers


def edge_labels(
    names: Names,
    weights: Shown,
    weight_gradients: Sequence[Values],
    digits: int,
    size: float,
) -> dict[Edge, list[Label]]:
    """What stands on each edge: the weight near the edge's source, the gradient near its end."""
    show, numbers = weights
    labels: dict[Edge, list[Label]] = {}
    for k, matrix in enumerate(names.weights):
        for i, row in enumerate(matrix):
            for j, name in enumerate(row):
                gradient = weight_gradients[k]
                here: list[Label] = []
                labels[k, i, j] = here
                if show is not Written.NOTHING:
                    text = f"${name}$" if name else ""
                    if show in (Written.NUMBERS, Written.BOTH):
                        assert numbers is not None  # parameters_written has seen to it
                        number = format_number(numbers[k][i, j], digits, given=True)
                        both = show is Written.BOTH and name
                        text = f"{text} = {number}" if both else number
                    share = 0.33 if gradient is Written.NOTHING else 0.27
                    here.append(Label("w", text, share, size, blank=show is Written.BLANK))
                if gradient is not Written.NOTHING:
                    blank = gradient is Written.BLANK
                    if isinstance(gradient, Written):
                        text = rf"$\partial E/\partial {name}$" if name else ""
                    else:
                        text = format_number(gradient[i, j], digits)
                    here.append(Label("dw", text, 0.73, size, backward=True, blank=blank))
                here[:] = [label for label in here if label.text or label.blank]
    return labels
