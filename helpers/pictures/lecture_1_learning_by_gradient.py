"""Pictures of learning: how brute force grows, where the gradient points, what a step does.

Each function takes a `WeightSpace`, so that any network can be put in, and returns a `Picture`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from helpers.network import Network, numeric_array
from helpers.pictures.alt_text import in_words
from helpers.pictures.network_diagram.content import Names
from helpers.pictures.style import (
    BLACK,
    BLUE,
    CURVES,
    GREY,
    LEGIBLE,
    VERMILLION,
    WIDTH,
    Picture,
    label_ends,
    text_colour,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from helpers.weight_space import Place, WeightSpace

PER_SECOND = 10**6  # networks, where nothing else is said
YEAR = 31_557_600  # seconds
AGE_OF_UNIVERSE = 13.8e9 * YEAR  # seconds
MARKS = {
    "a second": 1,
    "a day": 86_400,
    "a century": 100 * YEAR,
    "the age of the universe": AGE_OF_UNIVERSE,
}
UNITS = (("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400), ("years", YEAR))

PALE_BLUE = "#8DBBDB"
# From the lowest loss, white, to the highest.
HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#FFFFFF", "#CFE3F1", PALE_BLUE])
RESOLUTION = 121  # points of a surface along each axis
ANGLE_OF_STEP = 55  # of the step drawn beside the gradient, in degrees

Descent = tuple[np.ndarray, np.ndarray]  # points (steps + 1, 2) and their losses (steps + 1,)


def _wanted_space(space: WeightSpace, places: int) -> None:
    if len(space.places) != places:
        raise ValueError(f"space: expected {places} places, got {len(space.places)}.")


def place_name(net: Network, place: Place) -> str:
    """The course's name in mathtext for a weight or bias of `net`, as WeightSpace names places.

    (0, 0, 1) is $w_{h{,}12}$ in a network with one hidden layer.
    """
    layer, *units = place
    sizes = (len(net.weights[0]), *(w.shape[1] for w in net.weights))
    names = Names(sizes)
    if len(units) == 2:
        i, j = units
        name = names.weights[layer][i][j]
    else:
        (j,) = units
        name = names.biases[layer][j]
    return f"${name}$"


def _labels(space: WeightSpace, labels: Sequence[str] | None) -> list[str]:
    if labels is None:
        return [place_name(space.net, place) for place in space.places]
    if len(labels) != len(space.places):
        raise ValueError(
            f"labels: expected {len(space.places)}, one for each place, got {len(labels)}."
        )
    return list(labels)


def duration(networks: int, per_second: float = PER_SECOND) -> str:
    """How long it takes to run that many networks, in words; the number may be of any size."""
    if networks < 1 or per_second <= 0:
        raise ValueError(
            f"networks: expected at least 1, got {networks} at {per_second} per second."
        )
    power = log10(networks) - log10(per_second)  # a float would overflow
    if power > log10(1e6 * YEAR):
        return f"10^{floor(power - log10(YEAR))} years"
    seconds = networks / per_second
    if seconds < 1:
        return "less than a second"
    unit, length = [(unit, length) for unit, length in UNITS if seconds >= length][-1]
    return f"{seconds / length:,.0f} {unit if round(seconds / length) != 1 else unit[:-1]}"


def plot_growth(
    values: Sequence[int] = (2, 3, 5, 10),
    *,
    highest: int = 30,
    mark: int | None = None,
    per_second: float = PER_SECOND,
) -> Picture:
    """Draw k ** P, the number of networks on a grid, against P, for each k of `values`.

    highest: the largest P. mark: a P to point out, None for none. Horizontal lines say how long
    the networks take at `per_second` networks per second. Raises ValueError for other than 1 to 7
    values, each at least 2, and where k ** P leaves the range of float64.
    """
    if not 1 <= len(values) <= len(CURVES) or min(values) < 2:
        raise ValueError(
            f"values: expected 1 to {len(CURVES)} numbers, all at least 2, got {values}."
        )
    if highest < 1 or highest * log10(max(values)) > 300:
        raise ValueError(f"highest: expected at least 1 and k ** n below 1e300, got {highest}.")
    n = np.arange(1, highest + 1)
    picture = Picture(WIDTH, 3.9)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.095, 0.14, 0.8, 0.82))
        ends = []
        for k, (colour, dash, marker) in zip(values, CURVES):
            networks = float(k) ** n
            panel.plot(
                n, networks, color=colour, linestyle=dash, marker=marker, markersize=4, gid=f"k={k}"
            )
            ends.append((n[-1], networks[-1], f"$k$ = {k}", colour))
        for words, seconds in MARKS.items():
            height = seconds * per_second
            panel.axhline(height, color=GREY, linewidth=1, zorder=1, gid=words)
            panel.text(1, height * 1.4, words, fontsize=10, color=GREY, va="bottom")
        if mark is not None:
            panel.axvline(mark, color=BLACK, linestyle=(0, (1, 1.5)), linewidth=1.5, gid="mark")
            panel.annotate(
                f"$P$ = {mark}", (mark, 1), (4, 2), textcoords="offset points", fontsize=10,
                va="top", xycoords=("data", "axes fraction"), annotation_clip=False,
            )  # fmt: skip
        panel.set(
            yscale="log",
            xlabel="number of weights $P$",
            ylabel="networks on the grid, $k^P$",
            xlim=(0.5, highest + 0.5),
        )
        panel.set_ylim(1, panel.get_ylim()[1])
        panel.yaxis.set_major_locator(LogLocator(numticks=8))
        label_ends(panel, ends)
    reached = ", ".join(f"for k = {k} to about 10 to the {highest * log10(k):.0f}" for k in values)
    picture.alt = (
        "The number of networks k to the P against the number of weights P, as straight lines on a "
        f"logarithmic axis, which at P = {highest} have risen {reached}. In the age of the "
        f"universe one can run about 10 to the {log10(AGE_OF_UNIVERSE * per_second):.0f}."
    )
    return picture


def plot_grid_losses(
    losses: ArrayLike, *, bins: int = 60, others: dict[str, float] | None = None
) -> Picture:
    """Draw how often each loss occurs on a grid: a histogram with a logarithmic count.

    losses: (M,), of all networks of the grid. others: {"label": loss}, at most 3 to point out; the
    best of the grid always is. Raises ValueError for more of them, and for losses that are not
    finite or of another shape.
    """
    losses = numeric_array("losses", losses, (1,), "the losses of a grid, (M,)")
    marked = {"best of the grid": losses.min(), **(others or {})}
    if len(marked) > 4:
        raise ValueError(f"others: expected at most 3 losses, got {len(others or {})}.")
    picture = Picture(WIDTH, 3.4)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.13, 0.16, 0.85, 0.78))
        panel.hist(losses, bins=bins, color=PALE_BLUE, edgecolor=BLUE, linewidth=0.6)
        panel.set(yscale="log", xlabel="loss $E$", ylabel="networks", ylim=(0.6, None))
        panel.grid(False)
        low, high = panel.get_ylim()
        top = high * 8 ** len(marked)  # room for a label above another, all above the bars
        panel.set_ylim(low, top)
        panel.set_yticks([10**power for power in range(floor(log10(len(losses))) + 1)])
        panel.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
        panel.minorticks_off()
        for (label, loss), (colour, _, marker) in zip(marked.items(), CURVES[1:]):
            top /= 5
            panel.vlines(loss, low, top, color=colour, linewidth=1.5)
            panel.plot([loss], [top], marker, color=colour, markersize=7, gid=label)
            panel.annotate(
                f"{label}: {loss:.4f}", (loss, top), (8, 0), textcoords="offset points",
                va="center", fontsize=10, color=text_colour(colour),
            )  # fmt: skip
    named = ", ".join(f"{label} {loss:.4f}" for label, loss in marked.items())
    picture.alt = (
        f"How often each loss occurs among {len(losses):,} networks, on a logarithmic axis: from "
        f"{losses.min():.4f} to {losses.max():.4f}, half of them above {np.median(losses):.4f}. "
        f"Pointed out: {named}."
    )
    return picture


def _surface(
    panel: Axes, space: WeightSpace, low: np.ndarray, high: np.ndarray, labels: Sequence[str]
) -> None:
    """Draw the loss over the box from `low` to `high` as contours."""
    across, up = (np.linspace(low[i], high[i], RESOLUTION) for i in (0, 1))
    losses = space.loss(np.stack(np.meshgrid(across, up), axis=-1))
    lowest, highest = losses.min(), losses.max()
    # Closer where the loss is low, which gives a bowl rings that are evenly apart.
    levels = lowest + (max(highest, lowest + 1e-12) - lowest) * np.linspace(0, 1, 13) ** 2
    panel.contourf(across, up, losses, levels=levels, cmap=HEIGHTS)
    panel.contour(across, up, losses, levels=levels[1:-1], colors=["#6B9CC0"], linewidths=0.7)
    panel.grid(False)
    panel.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel=labels[0], ylabel=labels[1])


def plot_steepest_ascent(
    space: WeightSpace,
    point: ArrayLike | None = None,
    *,
    reach: float = 3.0,
    labels: Sequence[str] | None = None,
) -> Picture:
    """Draw the gradient on the loss surface, and how fast the loss changes in every direction.

    space: a WeightSpace with two places. point: (2,), None for the network's own values. reach: how
    far the picture goes to each side. labels: names of the places. The rates are central
    differences of the loss along each direction, so they owe nothing to the gradient; only the
    angle φ, against which they are drawn, is counted from it. One step is drawn as an example.
    Raises ValueError for other spaces, points and labels.
    """
    _wanted_space(space, 2)
    point = space.start if point is None else np.asarray(point)
    labels = _labels(space, labels)
    gradient = space.gradient(point)
    length = np.hypot(*gradient)
    if length == 0:
        raise ValueError("point: the gradient is zero there, so no direction is the steepest.")

    uphill = np.arctan2(gradient[1], gradient[0])
    degrees = np.arange(-180, 181, 2)

    def rate(angle: ArrayLike) -> np.ndarray:
        """The rate of change in directions at these angles, in degrees, to the gradient."""
        turned = uphill + np.radians(angle)
        half_step = 1e-5 * np.stack([np.cos(turned), np.sin(turned)], axis=-1)
        return (space.loss(point + half_step) - space.loss(point - half_step)) / 2e-5

    picture = Picture(WIDTH, 3.9)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.08, 0.14, 0.345, 0.76))
        _surface(panel, space, point - reach, point + reach, labels)
        for sign, colour, words in ((1, VERMILLION, "ascent"), (-1, BLUE, "descent")):
            tip = point + sign * 0.55 * reach * gradient / length
            panel.annotate(
                "", tip, point, gid=words,  # type: ignore[arg-type]  # an array will do
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.2,
                            "shrinkA": 0, "shrinkB": 0, "mutation_scale": 16},
            )  # fmt: skip
            panel.annotate(
                words, tip, (0, 5 * np.sign(tip - point)[1]), textcoords="offset points",
                ha="center", va="bottom" if tip[1] > point[1] else "top",
                fontsize=10, color=text_colour(colour),
            )  # fmt: skip
        _angle_of_a_step(panel, point, uphill, 0.55 * reach)
        panel.plot(*point, "o", color=BLACK, markersize=6, gid="point")
        panel.set_aspect("equal")  # or the arrows would not be at right angles to the contours
        panel.set_title("the gradient on the surface")

        panel = picture.add_axes((0.535, 0.14, 0.445, 0.76))
        panel.plot(degrees, rate(degrees), color=BLACK, gid="rates")
        panel.axhline(0, color=GREY, linewidth=0.8)
        for angle, height, colour, marker, words in (
            (0, length, VERMILLION, "^", "along the gradient"),
            (180, -length, BLUE, "v", "against it"),
        ):
            panel.vlines(angle, 0, height, color=colour, linestyle=(0, (4, 2)), linewidth=1.2)
            panel.plot(
                [angle], [height], marker, color=colour, markersize=9, clip_on=False, gid=words
            )
            panel.annotate(
                words, (angle, height), (0, 9 if height > 0 else -9), textcoords="offset points",
                ha="center" if angle == 0 else "right", va="bottom" if height > 0 else "top",
                fontsize=10, color=text_colour(colour),
            )  # fmt: skip
        at_step = float(rate(ANGLE_OF_STEP))
        panel.vlines(ANGLE_OF_STEP, 0, at_step, color=BLACK, linestyle=(0, (4, 2)), linewidth=1.2)
        panel.plot([ANGLE_OF_STEP], [at_step], "o", color=BLACK, markersize=6, gid="dashed step")
        panel.annotate(
            "the dashed step", (ANGLE_OF_STEP, at_step), (8, 0), textcoords="offset points",
            ha="left", va="center", fontsize=10,
        )  # fmt: skip
        panel.set(
            xlim=(-180, 180),
            ylim=(-1.3 * length, 1.3 * length),
            xticks=range(-180, 181, 90),
            xlabel="angle φ from the gradient, in degrees",
            ylabel="change of the loss per unit of length",
            title="the rate of change in every direction",
        )
    at = ", ".join(f"{in_words(name)} = {x:.4g}" for name, x in zip(labels, point))
    picture.alt = (
        f"Left, the loss surface with the gradient at {at}, the opposite direction, and a step at "
        f"{ANGLE_OF_STEP} degrees to the gradient. Right, the rate of change in every direction "
        f"over its angle from the gradient: {length:.3g} at 0, −{length:.3g} at 180 degrees, 0 at "
        f"right angles, and {at_step:.3g} for the step."
    )
    return picture


def _angle_of_a_step(panel: Axes, point: np.ndarray, uphill: float, length: float) -> None:
    """Draw a step at the angle φ to the gradient, whose direction is `uphill`, in radians."""
    angle = uphill + np.radians(ANGLE_OF_STEP)
    tip = point + length * np.array([np.cos(angle), np.sin(angle)])
    panel.annotate(
        "", tip, point, gid="a step",  # type: ignore[arg-type]  # an array will do
        arrowprops={"arrowstyle": "-|>", "color": BLACK, "linewidth": 1.4,
                    "linestyle": (0, (4, 2)), "shrinkA": 0, "shrinkB": 0, "mutation_scale": 14},
    )  # fmt: skip
    arc = np.linspace(uphill, angle, 30)
    panel.plot(
        point[0] + 0.45 * length * np.cos(arc), point[1] + 0.45 * length * np.sin(arc),
        color=BLACK, linewidth=1.2, gid="angle",
    )  # fmt: skip
    middle = (uphill + angle) / 2
    panel.text(
        point[0] + 0.62 * length * np.cos(middle), point[1] + 0.62 * length * np.sin(middle),
        "φ", ha="center", va="center", fontsize=12, color=BLACK,
    )  # fmt: skip


def plot_descent_on_curve(
    space: WeightSpace,
    eta: float,
    steps: int = 4,
    start: ArrayLike | None = None,
    *,
    label: str | None = None,
) -> Picture:
    """Draw gradient descent on the loss along one weight: tangents, and the steps they give.

    space: a WeightSpace with one place. start: (1,), None for the network's own value. label: name
    of the place. Raises ValueError for other spaces and starts.
    """
    _wanted_space(space, 1)
    (label,) = _labels(space, None if label is None else [label])
    points, losses = space.descend(eta, steps, start)
    w = points[:, 0]
    margin = max(np.ptp(w), 0.1) * 0.3
    # As much on the far side of the last point as there is on the near one.
    low, high = min(w.min(), 2 * w[-1] - w.max()), max(w.max(), 2 * w[-1] - w.min())
    across = np.linspace(low - margin, high + margin, 301)

    picture = Picture(WIDTH, 3.3)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.085, 0.155, 0.895, 0.815))
        panel.plot(across, space.loss(across[:, None]), color=BLUE, gid="loss", label="loss")
        top = panel.get_ylim()[1]
        for k in range(steps):
            slope = space.gradient(points[k])[0]
            reach = 1.1 * margin
            tangent = np.array([w[k] - reach, w[k] + reach])
            panel.plot(
                tangent, losses[k] + slope * (tangent - w[k]), color=BLACK, linewidth=1.5,
                linestyle=(0, (4, 1.5)), gid=f"tangent {k}", label="tangent" if k == 0 else None,
            )  # fmt: skip
            panel.annotate(
                "", (w[k + 1], losses[k]), (w[k], losses[k]),
                arrowprops={"arrowstyle": "-|>", "color": VERMILLION, "linewidth": 1.8,
                            "shrinkA": 4, "shrinkB": 0},
            )  # fmt: skip
            panel.plot(
                [w[k + 1]] * 2, losses[k : k + 2], color=GREY, linewidth=1, linestyle=(0, (1, 1.5))
            )
        panel.plot([], [], color=VERMILLION, linewidth=1.8, label="step, $-\\eta$ times the slope")
        panel.plot(
            w, losses, "o", color=VERMILLION, markeredgecolor=BLACK, markersize=7, gid="points",
            label="points 0, 1, 2, …", zorder=4,
        )  # fmt: skip
        for k in range(min(steps + 1, 3)):
            ahead = 1 if w[min(k + 1, steps)] >= w[k] else -1
            panel.annotate(
                str(k), (w[k], losses[k]), (11 * ahead, 9), textcoords="offset points",
                ha="center", va="center", fontsize=10,
            )  # fmt: skip
        panel.set(xlabel=label, ylabel="loss $E$", xlim=(across[0], across[-1]), ylim=(None, top))
        panel.legend(loc="upper center", frameon=False, handlelength=3)
    path = ", ".join(f"{x:.3g} with loss {loss:.3g}" for x, loss in zip(w, losses))
    picture.alt = (
        f"The loss along {in_words(label)}, with {steps} steps of gradient descent at a learning "
        f"rate of {eta:g}: from {path}. Each step is as long as its tangent is steep."
    )
    return picture


def plot_learning_rates(
    space: WeightSpace,
    etas: ArrayLike,
    steps: int = 20,
    start: ArrayLike | None = None,
    *,
    labels: Sequence[str] | None = None,
    limits: ArrayLike | None = None,
) -> Picture:
    """Draw gradient descent side by side for each learning rate of `etas`.

    Above, the path on the loss surface; below, the loss against the step. A path that leaves the
    picture for good is drawn to where it leaves, and points that would cover each other get one
    marker.

    space: a WeightSpace with two places. etas: 1 to 4 learning rates above 0. start: (2,), None
    for the network's own values. labels: names of the places. limits: the corners (low, high) of
    the surface that is shown, (2, 2), None for a box around the start and the best point found.
    Raises ValueError for other spaces, etas, starts, labels and limits.
    """
    _wanted_space(space, 2)
    labels = _labels(space, labels)
    etas = numeric_array("etas", etas, (1,), "1 to 4 learning rates")
    if not 1 <= len(etas) <= 4 or etas.min() <= 0:
        raise ValueError(f"etas: expected 1 to 4 learning rates above 0, got {etas}.")
    paths = [space.descend(eta, steps, start) for eta in etas]
    if limits is not None:
        limits = _wanted_limits(limits)

    picture = Picture(WIDTH, 4.3)
    with style.context(LEGIBLE):
        panels = picture.subplots(2, len(etas), squeeze=False, height_ratios=(1.7, 1))
        picture.subplots_adjust(
            left=0.1, right=0.985, top=0.93, bottom=0.115, wspace=0.13, hspace=0.42
        )
        shape = panels[0, 0].get_window_extent()
        low, high = _box(paths, shape.width / shape.height) if limits is None else limits
        for column, (eta, (points, losses)) in enumerate(zip(etas, paths)):
            surface, curve = panels[:, column]
            _surface(surface, space, low, high, labels)
            surface.set_aspect("equal", anchor="N")
            for axis in (surface.xaxis, surface.yaxis):
                axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
            drawn: dict[str, Any] = {"color": VERMILLION, "linewidth": 1.3, "markersize": 3.5}
            path = _inside(points, low, high)
            apart = 0.035 * (high - low)[1]
            surface.plot(*path.T, "-o", gid=f"path {eta:g}", markevery=_apart(path, apart), **drawn)
            surface.plot(*points[0], "s", color=BLACK, markersize=6, gid="start", zorder=4)
            surface.set_title(f"$\\eta$ = {eta:g}")
            positive = np.where(losses > 0, losses, np.nan)
            curve.plot(positive, "-o", gid=f"loss {eta:g}", **drawn)
            curve.set(
                yscale="log", xlabel="step", xlim=(-0.03 * steps, 1.03 * steps),
                ylim=_loss_limits([losses for _, losses in paths]),
            )  # fmt: skip
            curve.yaxis.set_major_locator(LogLocator(numticks=5))
            curve.minorticks_off()
            if column > 0:
                surface.set_ylabel("")
                for panel in (surface, curve):
                    panel.tick_params(labelleft=False)
        panels[1, 0].set_ylabel("loss $E$")
    ways = "; ".join(
        f"{eta:g}: from {losses[0]:.3g} to {losses[-1]:.3g}"
        for eta, (_, losses) in zip(etas, paths)
    )
    picture.alt = (
        f"Paths of {steps} steps of gradient descent on the loss surface over "
        f"{' and '.join(map(in_words, labels))}, and the loss after each step. The loss by "
        f"learning rate, {ways}."
    )
    return picture


def _inside(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The points of a path up to the one with which it leaves the box for good."""
    inside = np.flatnonzero(np.all((points >= low) & (points <= high), axis=1))
    return points[: inside[-1] + 2] if len(inside) else points[:1]


def _apart(points: np.ndarray, distance: float) -> list[int]:
    """The indices of points of a path, each `distance` or more from the next; the last is one."""
    chosen = [len(points) - 1]
    for k in range(len(points) - 2, -1, -1):
        if np.hypot(*(points[k] - points[chosen[-1]])) >= distance:
            chosen.append(k)
    return chosen[::-1]


def _loss_limits(curves: Sequence[np.ndarray]) -> tuple[float, float]:
    """Lowest and highest loss to show: a path that runs away does not squeeze the others."""
    losses = np.concatenate(curves)
    losses = losses[losses > 0]
    if losses.size == 0:
        return 0.1, 1
    highest = min(losses.max(), 1e3 * max(curves[0][0], losses.min()))
    return max(losses.min() / 2, 1e-12 * highest), 2 * highest


def _box(paths: Sequence[Descent], ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a box with the best point found in the middle and the start inside.

    It is `ratio` times as wide as high, as its panel is, so that right angles look right.
    """
    points = np.concatenate([points for points, _ in paths])
    losses = np.concatenate([losses for _, losses in paths])
    best, start = points[np.argmin(losses)], points[0]
    across, up = np.abs(start - best)
    half = 1.2 * max(across / ratio, up, 1e-3) * np.array([ratio, 1])
    return best - half, best + half


def _wanted_limits(limits: ArrayLike) -> np.ndarray:
    limits = numeric_array("limits", limits, (2,), "the corners (low, high), shape (2, 2)")
    if limits.shape != (2, 2) or not np.all(limits[0] < limits[1]):
        raise ValueError(
            f"limits: expected a low and a higher corner, two numbers each, got {limits.tolist()}."
        )
    return limits
