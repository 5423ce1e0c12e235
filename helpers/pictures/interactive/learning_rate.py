"""An interactive picture of gradient descent over two weights: what the learning rate does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import contourpy
import numpy as np
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

from helpers.network import numeric_array
from helpers.pictures.interactive.page import InteractivePicture, numbers, symbol
from helpers.pictures.lecture_1_learning_by_gradient import Descent, place_name
from helpers.pictures.network_diagram.content import format_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from helpers.weight_space import WeightSpace

# Of the drawing, in its own units: pixels at a width of 850. Left, top, right, bottom.
WIDTH, HEIGHT = 850, 326
SURFACE = (82, 10, 352, 280)  # as high as wide: descent then crosses contours at right angles
CURVE = (442, 10, 838, 280)
GRID = 61  # points along each side at which the surface is computed
LEVELS = 12  # contours, about
APART, BESIDE = 60, 22  # from a label of a contour to another one and to a path
FAR = 1e4
HUGE = 1e9  # numbers beyond it are not shown
SAME = 1e-9  # relative; losses closer than this count as equal

Box = tuple[float, float, float, float]  # left, top, right, bottom
# What contourpy gives unless it is asked for another form.
Lines = list[np.ndarray]
Polygons = tuple[list[np.ndarray], list[np.ndarray]]  # corners, and where in them rings begin


def explore_learning_rate(
    space: WeightSpace,
    etas: ArrayLike,
    steps: int = 20,
    start: ArrayLike | None = None,
    labels: Sequence[str] | None = None,
) -> InteractivePicture:
    """Gradient descent on a loss surface, with a slider for the learning rate and one for the step.

    space: a WeightSpace with two places; etas: learning rates (K,), above 0; steps: how many each
    path takes; start: a point (2,), None for the network's own values; labels: the names of the two
    weights, mathtext such as "$w_{11}$" or plain, None for the course's names.
    Raises ValueError for other shapes and numbers.
    """
    if len(space.places) != 2:
        raise ValueError(
            f"space: expected a WeightSpace with two places, one an axis, got {len(space.places)}."
        )
    etas = numeric_array("etas", etas, (1,), "shape (K,)")
    if len(etas) == 0 or etas.min() <= 0:
        raise ValueError(f"etas: expected at least one learning rate, all above 0, got {etas}.")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps: expected a whole number from 1 on, got {steps!r}.")
    start = space.start if start is None else start
    start = numeric_array("start", start, (1,), "shape (2,)")
    if start.shape != (2,):
        raise ValueError(f"start: expected shape (2,), got {start.shape}.")
    labels = _labels(space, labels)

    descents = [space.descend(eta, steps, start) for eta in etas]
    axes = _surface_axes(descents)
    step_axis, loss_axis = _curve_axes(descents, steps)
    data = {
        "size": [WIDTH, HEIGHT],
        "labels": [symbol(label) for label in labels],
        "slopes": [f"∂E/∂{symbol(_formula(label))}" for label in labels],
        "etas": numbers(etas),
        "steps": steps,
        "surface": _frame(SURFACE, axes) | {"contours": _contours(space, axes, descents)},
        "curve": _frame(CURVE, (step_axis, loss_axis)),
        "paths": [_path(space, *descent, axes, (step_axis, loss_axis)) for descent in descents],
    }
    return InteractivePicture(
        "learning_rate",
        "The learning rate in gradient descent over two weights",
        data,
        twin="plot_learning_rates",
    )


def _labels(space: WeightSpace, labels: Sequence[str] | None) -> Sequence[str]:
    if labels is None:
        labels = [place_name(space.net, place) for place in space.places]
    if (
        not isinstance(labels, list | tuple)
        or len(labels) != 2
        or not all(isinstance(label, str) and label for label in labels)
    ):
        raise ValueError(f"labels: expected two names, one for each place, got {labels!r:.60}.")
    return labels


def _formula(label: str) -> str:
    """What of a name goes into a formula: of "weight $w$" only w."""
    formula = re.search(r"\$(.+?)\$", label)
    return formula.group() if formula else label


@dataclass(frozen=True)
class Axis:
    """A scale: which value lies at which pixel."""

    low: float  # the value at one end
    high: float  # the value at the other
    first: float  # the pixel at which `low` lies
    last: float  # the pixel at which `high` lies
    log: bool = False  # whether it is logarithmic, else linear

    def at(self, values: ArrayLike) -> np.ndarray:
        """The pixels of an array of values."""
        low, high, scaled = self.low, self.high, np.asarray(values, dtype=float)
        if self.log:
            scaled = np.log10(np.maximum(scaled, np.finfo(float).tiny))
            low, high = np.log10((low, high))
        with np.errstate(over="ignore"):
            share = (scaled - low) / (high - low)
            return self.first + share * (self.last - self.first)

    def ticks(self) -> list[list[object]]:
        """[pixel, label] of each tick."""
        if self.log:
            decades = np.log10(self.high / self.low)
            subs = (1,) if decades > 2.5 else (1, 2, 5)
            locator: Locator = LogLocator(subs=subs, numticks=8)
        else:
            locator = MaxNLocator(nbins=6, steps=[1, 2, 5, 10])
        values = np.asarray(locator.tick_values(self.low, self.high))
        pixels = self.at(values)
        least, most = sorted((self.first, self.last))
        seen = (least - 1e-6 <= pixels) & (pixels <= most + 1e-6)
        values, pixels = values[seen], pixels[seen]
        as_powers = self.log and np.abs(np.log10(values)).max(initial=0) > 3
        return [
            [numbers(pixel, 6), _tick_label(value, as_powers)]
            for pixel, value in zip(pixels, values)
        ]


def _tick_label(value: float, as_power: bool) -> str:
    if as_power:
        digit, power = f"{value:.0e}".split("e")
        times = "" if digit == "1" else f"{digit} · "
        return f"{times}10^{{{int(power)}}}".replace("-", "−")
    return format_number(float(f"{value:.10g}"), 6, given=True)


def _frame(box: Box, axes: Sequence[Axis]) -> dict[str, object]:
    return {"box": list(box), "ticks": [axis.ticks() for axis in axes]}


def _surface_axes(descents: Sequence[Descent]) -> tuple[Axis, Axis]:
    """Axes around all points that are no worse than the start, of equal scale.

    A path that climbs away leaves the picture, and the others can still be told apart.
    """
    kept = np.concatenate([points[losses <= losses[0] * 1.01] for points, losses in descents])
    low, high = kept.min(axis=0), kept.max(axis=0)
    reach = 0.7 * ((high - low).max() or 1.0)
    middle = (low + high) / 2
    left, top, right, bottom = SURFACE
    return (
        Axis(middle[0] - reach, middle[0] + reach, left, right),
        Axis(middle[1] - reach, middle[1] + reach, bottom, top),
    )


def _curve_axes(descents: Sequence[Descent], steps: int) -> tuple[Axis, Axis]:
    """Axes of the loss against the step: logarithmic where the losses span more than a decade."""
    left, top, right, bottom = CURVE
    first = descents[0][1][0]
    losses = np.concatenate([losses for _, losses in descents])
    lowest, highest = losses.min(), losses[np.isfinite(losses)].max()
    log = lowest > 0 and (lowest < first / 10 or highest > first * 10)
    if log:
        low, high = max(lowest, first * 1e-6) / 1.5, min(highest, first * 1e3) * 1.5
    else:
        low, high = 0.0, (min(highest, 2 * first) or 1.0) * 1.05
    margin = 0.02 * steps
    return Axis(-margin, steps + margin, left, right), Axis(low, high, bottom, top, log)


def _contours(
    space: WeightSpace, axes: tuple[Axis, Axis], descents: Sequence[Descent]
) -> list[dict[str, object]]:
    """Each contour as {"d": SVG path of all that lies above it, "label": [x, y, text] or None}."""
    columns, rows = (np.linspace(axis.low, axis.high, GRID) for axis in axes)
    losses = space.loss(np.stack(np.meshgrid(columns, rows), axis=-1))
    # Near its bottom a valley is a parabola, and contours are exact where a surface is flat: the
    # root of the loss is flatter.
    surface = contourpy.contour_generator(
        axes[0].at(columns), axes[1].at(rows), np.sqrt(np.maximum(losses, 0))
    )
    points = np.concatenate([points for points, _ in descents])
    on_paths = np.column_stack([axis.at(values) for axis, values in zip(axes, points.T)])
    taken: list[tuple[float, float]] = []
    contours: list[dict[str, object]] = []
    for level in _levels(losses):
        # A hair beside the round number, which a symmetric surface may take exactly on the grid.
        beside = np.sqrt(level) * (1 + 1e-7)
        polygons, offsets = cast(Polygons, surface.filled(beside, np.inf))
        rings = [
            polygon[first:last]
            for polygon, ends in zip(polygons, offsets)
            for first, last in zip(ends, ends[1:])
        ]
        place = _place_label(cast(Lines, surface.lines(beside)), on_paths, taken)
        label = None
        if place is not None:
            taken.append(place)
            label = [*numbers(place, 6), format_number(level, 6, given=True)]
        contours.append({"d": "".join(_svg_path(ring) for ring in rings), "label": label})
    return contours


def _levels(losses: np.ndarray) -> list[float]:
    """Round losses at which to draw a contour: in equal steps, or equal ratios if they span much.

    The very bottom of a valley gets none: contours that lie too close for the grid are no lines.
    """
    low, high = np.quantile(losses, 0.03), losses.max()
    if low > 0 and high > 30 * low:
        decades = np.log10(high / low)
        for subs in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
            if decades * len(subs) <= LEVELS:
                break
        powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)))
        levels = (10.0 ** powers[:, None] * subs).ravel()
    else:
        locator = MaxNLocator(nbins=LEVELS, steps=[1, 2, 2.5, 5, 10])
        levels = np.asarray(locator.tick_values(low, high))
    return [float(f"{level:.6g}") for level in levels if low < level < high]


def _place_label(
    lines: Sequence[np.ndarray], on_paths: np.ndarray, taken: Sequence[tuple[float, float]]
) -> tuple[float, float] | None:
    """A place on the contour's lines, inside the frame, beside the paths and far from all `taken`.

    None if there is no such place.
    """
    left, top, right, bottom = SURFACE
    points = np.concatenate([np.empty((0, 2)), *lines])
    points = points[
        (points > (left + 30, top + 15)).all(axis=1)
        & (points < (right - 30, bottom - 15)).all(axis=1)
        & (_distance(points, on_paths) > BESIDE)
    ]
    # Rounded, so that the last digits decide nothing.
    apart = _distance(points, np.reshape(taken, (-1, 2))).round()
    if not (apart >= APART).any():
        return None
    return tuple(points[np.argmax(apart)])


def _distance(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far each point, (M, 2), is from the nearest of the others, (N, 2)."""
    with np.errstate(over="ignore"):
        return np.linalg.norm(points[:, None] - others, axis=-1).min(axis=1, initial=FAR)


def _svg_path(ring: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in ring) + "Z"


def _path(
    space: WeightSpace,
    points: np.ndarray,
    losses: np.ndarray,
    axes: tuple[Axis, Axis],
    curve_axes: tuple[Axis, Axis],
) -> dict[str, object]:
    """One path: its numbers at each step, and where they lie in the two frames."""
    with np.errstate(all="ignore"):
        gradients = np.array([space.gradient(point) for point in points])
    on_surface = np.column_stack([axis.at(values) for axis, values in zip(axes, points.T)])
    on_curve = np.column_stack(
        [axis.at(values) for axis, values in zip(curve_axes, (np.arange(len(losses)), losses))]
    )
    surface, outside = _drawn(on_surface, SURFACE)
    curve, _ = _drawn(on_curve, CURVE)
    verdict = _verdict(losses, outside)
    points, losses, gradients = (
        np.where(np.abs(values) < HUGE, values, np.nan) for values in (points, losses, gradients)
    )
    return {
        "points": numbers(points),
        "losses": numbers(losses),
        "gradients": numbers(gradients),
        "surface": surface,
        "curve": curve,
        "verdict": verdict,
    }


def _verdict(losses: np.ndarray, outside: np.ndarray) -> str:
    change = np.diff(losses)
    room = SAME * np.abs(losses[:-1])
    if np.all(np.abs(change) <= room):
        verdict = "The loss does not change."
    elif np.all(change <= room):
        verdict = "The loss falls in every step."
    elif losses[-1] < losses[0] * (1 - SAME):
        verdict = "The loss does not fall in every step, but it ends below its start."
    elif losses[-1] <= losses[0] * (1 + SAME):
        verdict = "The loss does not get below its start."
    else:
        verdict = "The loss ends above its start: this learning rate is too large."
    if outside.any():
        verdict += f" The path leaves the picture in step {np.argmax(outside)}."
    return verdict


def _drawn(pixels: np.ndarray, box: Box) -> tuple[dict[str, object], np.ndarray]:
    """What is seen in the frame `box` of a path through `pixels`, (steps + 1, 2).

    Returns {"lines": SVG path of each step, "" if out of sight, "marks": [x, y] of each point, and
    for one outside [x, y, degrees]: the nearest place in the frame and where it lies from there},
    and which points are outside, bool (steps + 1,).
    """
    low, high = np.array(box[:2], float), np.array(box[2:], float)
    lines = []
    for here, there in zip(pixels, pixels[1:]):
        ends = _clipped(here, there, low, high)
        lines.append("" if ends is None else "M{:.2f} {:.2f}L{:.2f} {:.2f}".format(*np.ravel(ends)))
    nearest = np.clip(pixels, low, high)
    outside = (np.abs(pixels - nearest) > 0.5).any(axis=1)
    marks = []
    for pixel, place, out in zip(pixels, nearest, outside):
        away = np.clip(pixel - place, -1e9, 1e9)
        angle = [numbers(np.degrees(np.arctan2(away[1], away[0])), 4)] if out else []
        marks.append([*numbers(place, 6), *angle])
    return {"lines": lines, "marks": marks}, outside


def _clipped(
    here: np.ndarray, there: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The ends of the part of a line that lies in the box, or None if no part does."""
    way = there - here
    way = np.where(way == 0, 1e-12, way)
    with np.errstate(over="ignore"):
        crossings = (low - here) / way, (high - here) / way
    enter = max(0.0, np.minimum(*crossings).max())
    leave = min(1.0, np.maximum(*crossings).min())
    return (here + enter * way, here + leave * way) if enter < leave else None
