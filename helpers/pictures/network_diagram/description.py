"""What a drawing of a network says, in words."""

from collections.abc import Mapping, Sequence

from helpers.pictures.alt_text import in_words, listed
from helpers.pictures.network_diagram.content import (
    Edge,
    Label,
    Layers,
    Place,
    Row,
    Unit,
    headings,
)


def describe(
    layers: Layers,
    depth: int,
    on_edges: Mapping[Edge, Sequence[Label]],
    marked: set[Place],
    title: str = "",
) -> str:
    """The drawing in words: its layers, what is bold, and all that stands at units and edges.

    depth: the number of layers with the inputs, without the unit E.
    """
    counts = map(_counted, layers, headings(layers, depth))
    parts = [title, f"A network from left to right: {listed(list(counts))}"]
    if marked:
        bold = ", ".join(_place(layers, place) for place in sorted(marked, key=_in_order))
        parts.append(f"Drawn bold: {bold}")
    parts += [
        f"{heading.capitalize()}: {'; '.join(map(_unit, units))}"
        for units, heading in zip(layers, headings(layers, depth))
    ]
    if len(layers) > depth:
        (loss,) = layers[-1]
        value = ", ".join(map(_row, loss.rows)) or in_words(loss.name)
        parts.append(f"Loss, which the outputs lead to: {value}")
    edges = "; ".join(
        f"{_edge(layers, edge)} {', '.join(map(_label, labels))}"
        for edge, labels in on_edges.items()
        if labels
    )
    parts.append(f"Edges: {edges}" if edges else "Each unit leads to all units of the next layer")
    return ". ".join(part for part in parts if part) + "."


def _counted(units: Sequence[Unit], heading: str) -> str:
    count = len(units)
    if "layer" in heading:
        return f"{heading} of {count} unit{'s' * (count > 1)}"
    return f"{count} {heading.rstrip('s')}{'s' * (count > 1)}"


def _in_order(place: Place) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts places from left to right, numbers before words."""
    return tuple((isinstance(part, str), part) for part in place)


def _place(layers: Layers, place: Place) -> str:
    layer, index, *rest = place
    unit = layers[int(layer)][int(index)]
    if not rest:
        return _name(unit)
    if isinstance(rest[0], str):
        row = next(row for row in unit.rows if row.quantity == rest[0])
        return f"{_row(row)} of {_name(unit)}"
    return f"the edge {_edge(layers, (int(layer), int(index), rest[0]))}"


def _edge(layers: Layers, edge: Edge) -> str:
    layer, i, j = edge
    return f"{_name(layers[layer][i])} to {_name(layers[layer + 1][j])}"


def _name(unit: Unit) -> str:
    return in_words(unit.name) or "a unit without name"


def _unit(unit: Unit) -> str:
    rows = ", ".join(map(_row, unit.rows))
    return f"{_name(unit)} with {rows}" if rows else _name(unit)


def _row(row: Row) -> str:
    return in_words(row.text) + (" an empty place" if row.blank else "")


def _label(label: Label) -> str:
    text = "an empty place" if label.blank else in_words(label.text)
    named = label.quantity == "w" or text.startswith("∂")
    return text if named else f"gradient {text}"
