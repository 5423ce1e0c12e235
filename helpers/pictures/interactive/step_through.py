"""An interactive picture of one step of SGD: forward, backward and update, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers.activations import ACTIVATIONS, HIDDEN_ACTIVATIONS
from helpers.network import Network, numeric_array
from helpers.pictures.interactive.page import InteractivePicture, Nested, numbers, symbol
from helpers.pictures.interactive.stages import Writer
from helpers.sgd_step import SGDStep

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MAX_UNITS = 4  # in a layer, so that the numbers stay readable

# Of the drawing, in its own units: pixels at the least width.
MIN_WIDTH, MIN_HEIGHT = 850, 230
MARGIN, TOP = 8, 44  # TOP: height of the headings
CARD_WIDTH = {"x": 70, "h": 142, "o": 142, "E": 128}
LINE, NAME_LINE, PADDING = 17, 20, 3  # on a card
APART = 8  # between the cards of a layer
WEIGHT_WIDTH = 70  # of a number on an edge
LOSS_GAP = 40  # between the outputs and the loss

# The rows of a layer's cards: the slot, and how the row begins.
ROWS: dict[str, dict[str, str]] = {
    "x": {"x": ""},
    "h": {"b_h": "b", "z_h": "z", "a_h": "a", "delta_h": "δ", "db_h": "∂E/∂b"},
    "o": {"b_o": "b", "z_o": "z", "a_o": "a", "t": "t", "delta_o": "δ", "db_o": "∂E/∂b"},
    "E": {"E": "E"},
}
OF_BIASES = ("b_h", "db_h", "b_o", "db_o")

# The quantities that do not depend on the learning rate, and those that do.
BEFORE = (
    "x",
    "t",
    "W_h",
    "b_h",
    "W_o",
    "b_o",
    "z_h",
    "a_h",
    "z_o",
    "a_o",
    "E",
    "slope_o",
    "delta_o",
    "dW_o",
    "db_o",
    "slope_h",
    "delta_h",
    "dW_h",
    "db_h",
)
AFTER = (
    "eta",
    "W_h_new",
    "b_h_new",
    "W_o_new",
    "b_o_new",
    "z_h_new",
    "a_h_new",
    "z_o_new",
    "a_o_new",
    "E_new",
)

# Of each layer's cards: (left, right) of all, and the height of each one's middle.
Columns = Mapping[str, tuple[float, float]]
Middles = Mapping[str, Sequence[float]]


def step_through(
    net: Network,
    x: ArrayLike,
    t: ArrayLike,
    hidden: str | Sequence[str] | None = None,
    etas: ArrayLike = (0.1, 0.5, 1.0, 2.0),
    title: str | None = None,
) -> InteractivePicture:
    """One step of SGD on a small network, with a slider for its stages.

    net: a Network with one hidden layer and at most four units a layer; x: one data point, (in,) or
    (1, in); t: its target, (out,) or (1, out); hidden: the hidden activations to choose from, with
    the same weights for each, None for sigmoid, tanh, ReLU and the net's own; etas: the learning
    rates to choose from, (K,), above 0; title: a line above the picture. Each activation needs its
    formulas in helpers.activations. Biases that are all 0 count as none: they are not shown and do
    not move.
    Raises ValueError for anything else.
    """
    if hidden is None:
        hidden = tuple(dict.fromkeys(("sigmoid", "tanh", "relu", net.hidden)))
    hidden = _hidden(hidden)
    etas = numeric_array("etas", etas, (1,), "shape (K,)")
    if len(etas) == 0 or etas.min() <= 0:
        raise ValueError(f"etas: expected at least one learning rate, all above 0, got {etas}.")
    if net.output in HIDDEN_ACTIVATIONS:  # the formulas of softmax are written here
        _require_formulas("net", net.output)
    if len(net.weights) != 2:
        raise ValueError(f"net: expected one hidden layer, got {len(net.weights) - 1}.")
    most = max(*net.weights[0].shape, net.weights[1].shape[1])
    if most > MAX_UNITS:
        raise ValueError(f"net: expected at most {MAX_UNITS} units a layer, got {most}.")
    x = net.validate_inputs(x)
    if len(x) != 1:
        raise ValueError(f"x: expected one data point, shape (1, {x.shape[1]}), got {x.shape}.")
    t = net.validate_targets(t, 1)

    biases = any(np.any(b) for b in net.biases)
    writer = Writer(net, t, hidden, biases)
    choices = []
    for name in hidden:
        chosen = Network(
            net.weights, net.biases, hidden=name, output=net.output, loss=net.loss_name
        )
        steps = [_quantities(SGDStep(chosen, x, t, eta), biases) for eta in etas]
        choices.append(
            {
                "name": ACTIVATIONS[name].title,
                "before": {quantity: steps[0][quantity] for quantity in BEFORE},
                "after": [{quantity: step[quantity] for quantity in AFTER} for step in steps],
            }
        )
    data: dict[str, object] = {
        "title": title or "",
        "etas": numbers(etas),
        "hidden": choices,
        "stages": writer.stages(),
        "drawing": _drawing(writer, biases),
    }
    return InteractivePicture(
        "step_through",
        title or "One step of gradient descent, stage by stage",
        data,
        twin="draw_network",
    )


def _hidden(names: str | Sequence[str]) -> tuple[str, ...]:
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if name not in HIDDEN_ACTIVATIONS:
            raise ValueError(
                f"hidden: expected any of {', '.join(HIDDEN_ACTIVATIONS)}, got {name!r}."
            )
        _require_formulas("hidden", name)
    if not names:
        raise ValueError("hidden: expected at least one activation, got none.")
    return names


def _require_formulas(argument: str, name: str) -> None:
    """Raise ValueError if an activation, which `argument` brought, has not the formulas shown."""
    activation = HIDDEN_ACTIVATIONS[name]
    missing = [f for f in ("formula", "derivative_formula") if not getattr(activation, f)]
    if missing:
        raise ValueError(
            f"{argument}: expected activations with the formulas that the picture shows, but "
            f"{name!r} has no {' and no '.join(missing)}. Give them to its ActivationFunction in "
            f"helpers.activations, or leave {name!r} out."
        )


def _quantities(step: SGDStep, biases: bool) -> dict[str, Nested]:
    """The step's quantities and those of a forward pass after it, as lists of the one point's.

    biases: whether they move.
    """
    net = Network(
        [step["W_h_new"], step["W_o_new"]],
        [step["b_h_new"], step["b_o_new"]] if biases else None,
        hidden=step.net.hidden,
        output=step.net.output,
        loss=step.net.loss_name,
    )
    trace = net.forward(step.x)
    quantities = {**step.quantities, "E_new": net.loss(step.x, step.t)}
    for suffix, z, a in zip("ho", trace.z, trace.a):
        quantities |= {f"z_{suffix}_new": z, f"a_{suffix}_new": a}
    lists = {}
    for name, value in quantities.items():
        value = np.asarray(value)
        is_batch = value.ndim == 2 and "W" not in name
        lists[name] = numbers(np.atleast_1d(value[0] if is_batch else value))
    return lists


def _drawing(writer: Writer, biases: bool) -> dict[str, object]:
    """Where everything lies: {"size", "headings", "cards", "edges"}."""
    inputs, hidden, outputs = writer.sizes
    units = {"x": inputs, "h": hidden, "o": outputs, "E": 1}
    rows = {
        key: {slot: begin for slot, begin in of_card.items() if biases or slot not in OF_BIASES}
        for key, of_card in ROWS.items()
    }
    heights = {key: 2 * PADDING + NAME_LINE + LINE * len(rows[key]) for key in rows}
    height = max(MIN_HEIGHT, *(units[key] * (heights[key] + APART) for key in units))

    # A number on an edge has a column to itself for each unit that the edges come from.
    gaps = [inputs * WEIGHT_WIDTH + 20, hidden * WEIGHT_WIDTH + 20, LOSS_GAP]
    spare = MIN_WIDTH - 2 * MARGIN - sum(CARD_WIDTH.values()) - sum(gaps)
    gaps = [*(gap + max(0, spare) / 2 for gap in gaps[:2]), LOSS_GAP, MARGIN]
    columns, middles, left = {}, {}, MARGIN  # of the cards: (left, right) and heights
    for key, gap in zip(units, gaps):
        columns[key] = (left, left + CARD_WIDTH[key])
        middles[key] = [TOP + (i + 0.5) * height / units[key] for i in range(units[key])]
        left += CARD_WIDTH[key] + gap

    def card(key: str, i: int, name: str) -> dict[str, object]:
        left, right = columns[key]
        top = middles[key][i] - heights[key] / 2
        first = top + PADDING + NAME_LINE
        return {
            "name": name,
            "box": _rounded(left, top, right - left, heights[key]),
            "rows": [
                {
                    "slot": slot,
                    "at": [i],
                    "begin": begin,
                    "box": _rounded(left + 4, first + LINE * n, right - left - 8, LINE),
                }
                for n, (slot, begin) in enumerate(rows[key].items())
            ],
        }

    cards = [
        card(key, i, symbol(name))
        for key, names in zip("xho", writer.names.units)
        for i, name in enumerate(names)
    ]
    return {
        "size": _rounded(left, TOP + height + MARGIN),
        "headings": _headings(columns, writer.net.output),
        "cards": [*cards, card("E", 0, "loss")],
        "edges": _edges(columns, middles),
    }


def _edges(columns: Columns, middles: Middles) -> list[dict[str, object]]:
    """Each edge as {"slot", "at", "line"}, with a "place" if a number stands on it."""
    edges: list[dict[str, object]] = []
    for source, target, slot in (("x", "h", "W_h"), ("h", "o", "W_o"), ("o", "E", "E")):
        start, end = columns[source][1], columns[target][0]
        for i, y1 in enumerate(middles[source]):
            share = (i + 0.5) / len(middles[source])
            x = start + 10 + share * (end - start - 20)
            for j, y2 in enumerate(middles[target]):
                edge: dict[str, object] = {
                    "slot": slot,
                    "at": [i, j],
                    "line": _rounded(start, y1, end, y2),
                }
                if slot != "E":
                    edge["place"] = _rounded(x, y1 + (x - start) / (end - start) * (y2 - y1))
                edges.append(edge)
    return edges


def _headings(columns: Columns, output: str) -> list[dict[str, object]]:
    """What stands above layers, "lines", and above their weights, whose "slot" says it."""

    def place(left: float, right: float) -> Nested:
        return _rounded((left + right) / 2, 14)

    return [
        {"place": place(*columns["x"]), "lines": ["inputs"]},
        {"place": place(columns["x"][1], columns["h"][0]), "slot": "W_h"},
        {"place": place(*columns["h"]), "lines": ["hidden layer"], "hidden": True},
        {"place": place(columns["h"][1], columns["o"][0]), "slot": "W_o"},
        {"place": place(*columns["o"]), "lines": ["output layer", ACTIVATIONS[output].title]},
    ]


def _rounded(*values: float) -> Nested:
    return numbers(values, 6)
