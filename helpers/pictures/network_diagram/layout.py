"""Where everything on a drawing of a network has its place.

Lengths are inches, counted from the lower left corner of the picture.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from helpers.pictures.network_diagram.content import RADIUS, Edge, Label, Layers, as_math
from helpers.pictures.style import text_size

Key = list[tuple[str, bool]]  # what a colour means, and whether it is that of the backward pass
PlacedLabel = tuple[Edge, Label, tuple[float, float], float]  # with middle and degrees

# Sizes of letters in points, none below 8.
TITLE_SIZE, NAME_SIZE, KEY_SIZE = 12, 11, 9.5
VALUE_SIZES = (9.5, 9, 8.5, 8)  # the largest that fits
MARGIN = 0.12
HEADING = 0.27  # height of the name on a unit's card
LOSS_GAP = 0.6  # between the outputs and the unit E
APART = 0.14  # between the units of a layer
CLEARANCE = 0.03  # between a label on an edge and anything else


def _size_units(layers: Layers, size: float) -> None:
    """Give each unit its size: cards, alike in a layer, or circles if no unit has a row."""
    if not any(unit.rows for units in layers for unit in units):
        return
    for units in layers:
        widths = [text_size(as_math(unit.name), NAME_SIZE)[0] for unit in units]
        widths += [row.width(size) for unit in units for row in unit.rows]
        heading = HEADING + 0.06 * any("^" in unit.name for unit in units)
        rows = max(sum(row.height for row in unit.rows) for unit in units)
        for unit in units:
            unit.card = True
            unit.width = max(*widths, 0.25) + 0.19
            unit.heading = heading
            unit.height = heading + (rows + 0.09 if rows else 0.03)


def _frame(title: str, key: Key) -> tuple[float, float]:
    """What is kept free above (title, headings) and below (key) the units."""
    return MARGIN + (0.35 if title else 0) + 0.27, MARGIN + (0.25 if key else 0)


def least_height(layers: Layers, title: str, key: Key, labelled: bool = True) -> float:
    """The height in inches below which the units of a layer would meet, or numbers on edges.

    labelled: whether anything stands on the edges.
    """
    _size_units(layers, VALUE_SIZES[0])
    tallest = max(sum(unit.height + APART for unit in units) - APART for units in layers)
    edges = max(len(before) * len(after) for before, after in zip(layers, layers[1:], strict=False))
    return sum(_frame(title, key)) + max(tallest, 1.7, (0.3 if labelled else 0.2) * edges)


def lay_out(
    layers: Layers,
    depth: int,
    width: float,
    height: float,
    size: float,
    title: str,
    key: Key,
) -> bool:
    """Set size and middle of each unit, layers from left to right. Returns whether all fits."""
    _size_units(layers, size)
    above, below = _frame(title, key)
    room = height - above - below
    gaps = width - 2 * MARGIN - sum(units[0].width for units in layers)
    gap = (gaps - LOSS_GAP * (len(layers) - depth)) / (depth - 1)
    if gap < 0.4:
        return False
    # From unit to unit; layers of as many units stand level with each other.
    pitches: dict[int, float] = {}
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


def take_places(layers: Layers, like: Layers) -> None:
    """Give the units size and place of those of the same layers in `like`."""
    for units, others in zip(layers, like):
        for unit, other in zip(units, others):
            unit.x, unit.y, unit.width, unit.height = other.x, other.y, other.width, other.height
            unit.heading, unit.card = other.heading, other.card
            rows, above = iter(unit.rows), 0.0
            row = next(rows, None)
            for kept in other.rows:
                if row is not None and row.quantity == kept.quantity:
                    row.above, above = above, 0.0
                    row = next(rows, None)
                else:
                    above += kept.height


def ends_of_edge(layers: Layers, layer: int, i: int, j: int) -> list[np.ndarray]:
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


def _distance(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Distance of each segment a–b from the segments c–d; all arrays broadcast to (…, 2)."""

    def to_segment(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        along = r - q
        share = ((p - q) * along).sum(-1) / np.maximum((along * along).sum(-1), 1e-12)
        return np.linalg.norm(p - q - np.clip(share, 0, 1)[..., None] * along, axis=-1)

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        return (q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0]

    crossing = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    apart = np.minimum(
        np.minimum(to_segment(a, c, d), to_segment(b, c, d)),
        np.minimum(to_segment(c, a, b), to_segment(d, a, b)),
    )
    return np.where(crossing, 0, apart)


def place_labels(layers: Layers, labels: Mapping[Edge, list[Label]]) -> list[PlacedLabel] | None:
    """A place on its edge for every label, clear of other labels and if possible of other edges.

    Returns None where labels cannot be kept apart.
    """
    placed: list[PlacedLabel] = []
    for k in range(len(layers) - 1):
        edges = [edge for edge in labels if edge[0] == k]
        if not any(labels[edge] for edge in edges):
            continue
        found = _place_in_gap(layers, labels, edges)
        if found is None:
            return None
        placed += found
    return placed


def _place_in_gap(
    layers: Layers, labels: Mapping[Edge, list[Label]], edges: Sequence[Edge]
) -> list[PlacedLabel] | None:
    """place_labels for the edges between two layers.

    A label is taken for a thick line through its middle. Each tries places along its edge, all
    in turn, until none finds a better one.
    """
    ends = {edge: ends_of_edge(layers, *edge) for edge in edges}
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

    def depths(n: int) -> np.ndarray:
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
