"""Curves and fields: activations, losses, decision boundaries, weight changes, errors.

Each function returns a `Picture`, a Matplotlib figure which a notebook shows once, as the last
expression of a cell or through `display(picture)`. `picture.savefig("name.pdf")` saves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from helpers.activations import HIDDEN_ACTIVATIONS, title_of
from helpers.network import numeric_array
from helpers.pictures.alt_text import in_words, listed
from helpers.pictures.style import (
    BLACK,
    BLUE,
    CURVES,
    GREY,
    LEGIBLE,
    ORANGE,
    VERMILLION,
    WIDTH,
    Picture,
    label_ends,
    looks_of,
    text_colour,
    text_size,
)
from helpers.reference import slope

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from helpers.weight_space import WeightSpace


def plot_activations(
    names: Sequence[str] = ("sigmoid", "tanh", "relu"), *, limit: float = 4.0
) -> Picture:
    """Draw each activation a = f(z) and its slope f′(z), side by side, for −limit ≤ z ≤ limit.

    names: any of "linear", "sigmoid", "tanh", "relu", or others in helpers.activations. Slopes are
    complex-step derivatives.
    Raises ValueError for an unknown name, for no names and for a limit that is not positive.
    """
    for name in names:
        if name not in HIDDEN_ACTIVATIONS:
            raise ValueError(
                f"names: expected any of {', '.join(HIDDEN_ACTIVATIONS)}, got {name!r}."
            )
    if len(names) == 0:
        raise ValueError("names: expected at least one activation, got none.")
    if not 0 < limit < np.inf:
        raise ValueError(f"limit: expected a number above 0, got {limit!r}.")

    z = np.linspace(-limit, limit, 401)
    picture = Picture(WIDTH, 3.3)
    said = []
    with style.context(LEGIBLE):
        panels = picture.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
        for panel, name, (colour, _, _) in zip(panels, names, looks_of(names)):
            function = HIDDEN_ACTIVATIONS[name]
            panel.plot(z, function(z), color=colour, gid=f"{name} activation")
            kinks = np.array([kink for kink in function.kinks if -limit < kink < limit])
            # The slope jumps at a kink: no line joins its sides; the filled dot is its value.
            at = np.union1d(z, kinks)
            slopes = np.where(np.isin(at, kinks), np.nan, slope(function, at))
            dot: dict[str, Any] = {"color": colour, "markersize": 5, "zorder": 4}
            for kink in kinks:
                value = slope(function, kink)
                beside = slope(function, np.nextafter(kink, [-np.inf, np.inf]))
                for side in beside[beside != value]:
                    panel.plot([kink], [side], "o", markerfacecolor="white", **dot)
                panel.plot([kink], [value], "o", **dot)
            panel.plot(
                at,
                slopes,
                color=colour,
                linestyle=(0, (4, 1.5)),
                gid=f"{name} slope",
            )
            said.append(_activation_in_words(name, z))
            panel.axhline(0, color=GREY, linewidth=0.8, zorder=1)
            panel.axvline(0, color=GREY, linewidth=0.8, zorder=1)
            panel.set(
                title=function.title,
                xlabel="weighted input $z$",
                xlim=(-limit, limit),
                ylim=(-1.2, 2.2),
                xticks=(-limit / 2, 0, limit / 2),  # none at the ends, where panels meet
            )
        panels[0].set_ylabel("$f(z)$ and $f\\,'(z)$")
        key = [
            Line2D([], [], color=BLACK, label="activation $f(z)$"),
            Line2D([], [], color=BLACK, linestyle=(0, (4, 1.5)), label="derivative $f\\,'(z)$"),
        ]
        picture.legend(handles=key, loc="lower center", ncols=2, frameon=False, handlelength=3)
        picture.subplots_adjust(left=0.08, right=0.985, top=0.91, bottom=0.25, wspace=0.1)
    picture.alt = (
        f"Activation functions and their derivatives for z from −{limit:g} to {limit:g}, side by "
        f"side. {'; '.join(said)}."
    )
    return picture


def _activation_in_words(name: str, z: np.ndarray) -> str:
    function = HIDDEN_ACTIVATIONS[name]
    a, slopes = function(z), slope(function, z)
    largest = z[slopes == slopes.max()]
    derivative = f"derivative {slopes.max():.3g} everywhere"
    if slopes.min() < slopes.max():
        where = f" at z = {largest[0]:g}" if len(largest) == 1 else ""
        derivative = f"derivative between {slopes.min():.3g} and {slopes.max():.3g}{where}"
    kinks = "".join(f", with a kink at z = {kink:g}" for kink in function.kinks)
    said = f"{function.title}: from {a[0]:.3g} to {a[-1]:.3g}{kinks}, {derivative}"
    return said.replace("-", "−")


def plot_fit(x: ArrayLike, target: ArrayLike, output: ArrayLike, *, target_label: str) -> Picture:
    """Draw a function's values and those of a network that is to follow it, both over x.

    x, target, output: (N,), with x in rising order. target_label: the function's name, in words.
    Raises ValueError for other shapes and for numbers that are not finite.
    """
    x = numeric_array("x", x, (1,), "(N,)")
    target = numeric_array("target", target, (1,), "(N,)")
    output = numeric_array("output", output, (1,), "(N,)")
    for name, values in (("target", target), ("output", output)):
        if values.shape != x.shape:
            raise ValueError(f"{name}: expected shape {x.shape}, as x has, got {values.shape}.")
    picture = Picture(WIDTH, 4.2)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.1, 0.14, 0.7, 0.8))
        ends = []
        labels = [target_label, "the network"]
        for n, (label, values) in enumerate(zip(labels, (target, output))):
            colour, dash, marker = CURVES[n]
            panel.plot(
                x, values, color=colour, linestyle=dash, marker=marker, markersize=5,
                markevery=(2 * n, 4), gid=label,
            )  # fmt: skip
            ends.append((x[-1], values[-1], label, colour))
        panel.set(xlabel="$x$", ylabel="target and output")
        panel.autoscale_view()  # now, since the labels stand level with the curves' ends
        label_ends(panel, ends)
    furthest = np.max(np.abs(output - target))
    picture.alt = (
        f"Two curves over x from {x[0]:.4g} to {x[-1]:.4g}: {in_words(target_label)}, from "
        f"{target.min():.4g} to {target.max():.4g}, and the network, at most {furthest:.2g} away."
    )
    return picture


def plot_losses(
    losses: dict[str, ArrayLike],
    *,
    logy: bool = False,
    title: str | None = None,
    xlabel: str = "steps",
    ylabel: str = "loss $E$",
) -> Picture:
    """Draw one curve for each entry of {"label": losses of shape (steps + 1,)}.

    The first loss stands at 0 steps. A curve that grows beyond all numbers is drawn as far as it
    is finite. Raises ValueError where there is no curve, too many, or a curve without finite losses
    (with logy: without a loss above 0).
    """
    if not isinstance(losses, dict) or not losses:
        raise ValueError(f'losses: expected a dict {{"label": losses, …}}, got {losses!r:.60}.')
    if len(losses) > len(CURVES):
        raise ValueError(f"losses: expected at most {len(CURVES)} curves, got {len(losses)}.")
    curves = {}
    for label, values in losses.items():
        values = np.asarray(values, dtype=float)
        if values.ndim != 1:
            raise ValueError(f"losses[{label!r}]: expected shape (steps + 1,), got {values.shape}.")
        values = np.where(np.isfinite(values) & ((values > 0) | (not logy)), values, np.nan)
        if np.isnan(values).all():
            kind = "finite numbers above 0" if logy else "finite numbers"
            raise ValueError(f"losses[{label!r}]: expected {kind}, got none.")
        curves[title_of(label)] = values

    picture = Picture(WIDTH, 4.2)
    with style.context(LEGIBLE):
        room = max(text_size(label, 10)[0] for label in curves) + 0.45
        panel = picture.add_axes(
            (0.85 / WIDTH, 0.14, (WIDTH - 0.85 - min(room, 3.5)) / WIDTH, 0.77)
        )
        steps = max(len(values) for values in curves.values())
        ends = []
        said = []
        looks = looks_of(list(losses))
        for n, ((label, values), (colour, dash, marker)) in enumerate(zip(curves.items(), looks)):
            # Curves that coincide do not hide each other's markers.
            between = max(1, len(values) // 10)
            panel.plot(
                np.arange(len(values)),
                values,
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=5,
                markevery=(n * between // len(curves), between),
                label=label,
                gid=label,
            )
            last = np.flatnonzero(~np.isnan(values))[-1]
            ends.append((last, values[last], label, colour))
            beyond = ", then beyond all numbers" if last + 1 < len(values) else ""
            said.append(
                f"{in_words(label)} from {values[0]:.4g} to {values[last]:.4g} at {last}{beyond}"
            )
        panel.set_xlim(-0.01 * max(steps - 1, 1), max(steps - 1, 1) * 1.01)
        panel.set(xlabel=xlabel, ylabel=ylabel, title=title or "")
        if steps <= 15:
            panel.set_xticks(range(steps))
        if logy:
            panel.set_yscale("log")
        else:
            lowest = min(np.nanmin(values) for values in curves.values())
            panel.set_ylim(bottom=0 if lowest >= 0 else None)
        panel.set_ylim(panel.get_ylim())
        label_ends(panel, ends)
    picture.alt = (
        f"{f'{in_words(title)}. ' if title else ''}Curves of {in_words(ylabel)} against "
        f"{in_words(xlabel)}{', on a logarithmic axis' if logy else ''}: {'; '.join(said)}."
    )
    return picture


def plot_loss_after_step(
    space: WeightSpace, etas: ArrayLike, *, mark: float | None = None
) -> Picture:
    """Draw the loss after one step of gradient descent against the learning rate.

    space: a WeightSpace; etas: learning rates, (K,), positive and increasing. A dotted line marks
    the first of them from which on the loss no longer falls, and a dot the learning rate `mark`.
    Raises ValueError for other etas.
    """
    etas = numeric_array("etas", etas, (1,), "shape (K,)")
    if len(etas) < 2 or etas[0] <= 0 or not np.all(np.diff(etas) > 0):
        raise ValueError("etas: expected at least two learning rates above 0, in increasing order.")
    before = float(space.loss(space.start))

    def loss_after(etas: ArrayLike) -> np.ndarray:
        return space.loss(space.start - np.asarray(etas)[:, None] * space.gradient(space.start))

    after = loss_after(etas)

    picture = Picture(WIDTH, 3.6)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.1, 0.15, 0.87, 0.8))
        panel.plot(etas, after, color=BLUE, gid="after", label="loss after one step")
        panel.axhline(
            before, color=VERMILLION, linestyle=(0, (5, 2)), gid="before", label="loss before"
        )
        grows = np.flatnonzero(after >= before)
        if len(grows):
            limit = etas[grows[0]]
            panel.axvline(
                limit, color=BLACK, linestyle=(0, (1, 1.5)), gid="limit",
                label=f"the loss grows beyond $\\eta$ = {limit:.2g}",
            )  # fmt: skip
        if mark is not None:
            label = f"$\\eta$ = {mark:g}"
            panel.plot([mark], loss_after([mark]), "o", color=BLUE, gid="mark", label=label)
        panel.set(xscale="log", yscale="log", xlabel="learning rate $\\eta$", ylabel="loss $E$")
        panel.set_xlim(etas[0], etas[-1])
        panel.legend(loc="upper left", frameon=False, handlelength=3)
    best = int(np.argmin(after))
    picture.alt = (
        f"The loss after one step against the learning rate from {etas[0]:.2g} to {etas[-1]:.2g}, "
        f"both axes logarithmic. Before the step the loss is {before:.4g}; after it, "
        f"{after[best]:.2g} at best, with η = {etas[best]:.2g}"
        + (f", and more than before from η = {etas[grows[0]]:.2g} on" if len(grows) else "")
        + (f". Marked: η = {mark:g} with {float(loss_after([mark])[0]):.5g}" if mark else "")
        + "."
    )
    return picture


def plot_decision_boundary(
    predict: Callable[[np.ndarray], ArrayLike],
    x: ArrayLike,
    t: ArrayLike,
    *,
    threshold: float = 0.5,
    title: str | None = None,
    lines_at_zero: bool = False,
) -> Picture:
    """Draw what a network of two inputs and one output answers over the plane, and the data points.

    predict: function from inputs (M, 2) to outputs (M, 1) or (M,); x: (N, 2); t: (N, 1) or (N,), of
    which those above the threshold are one class, drawn as triangles, and the rest circles.
    lines_at_zero: whether to draw thin lines where x1 = 0 and x2 = 0, since the frame is elsewhere.
    Raises ValueError for other shapes and for numbers that are not finite.
    """
    x = numeric_array("x", x, (2,), "a batch of shape (N, 2)")
    t = numeric_array("t", t, (1, 2), "targets of shape (N, 1) or (N,)")
    if x.shape[1] != 2 or len(x) == 0:
        raise ValueError(f"x: expected shape (N, 2), one row a point, got {x.shape}.")
    if t.shape not in ((len(x),), (len(x), 1)):
        raise ValueError(
            f"t: expected shape {(len(x), 1)}, one row for each row of x, got {t.shape}."
        )
    t = t.ravel()

    span = np.ptp(x, axis=0)
    span[span == 0] = 1
    low, high = x.min(axis=0) - 0.3 * span, x.max(axis=0) + 0.3 * span
    columns, rows = np.linspace(low[0], high[0], 201), np.linspace(low[1], high[1], 201)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)  # (rows, columns, 2)
    points = grid.reshape(-1, 2)
    answers = numeric_array(
        "predict", predict(points), (1, 2), f"outputs of shape {(len(points), 1)}"
    )
    if answers.shape not in ((len(points),), (len(points), 1)):
        raise ValueError(
            f"predict: expected shape {(len(points), 1)} for inputs {points.shape}, "
            f"got {answers.shape}."
        )
    answers = answers.reshape(grid.shape[:2])

    picture = Picture(WIDTH, 4.4)
    with style.context(LEGIBLE):
        # Blue below the threshold, white at it, orange above it.
        colours = LinearSegmentedColormap.from_list("answers", ["#7FB8DA", "#FFFFFF", "#F2C063"])
        reach = max(np.abs(answers - threshold).max(), 0.5)
        levels = np.linspace(threshold - reach, threshold + reach, 13)
        panel = picture.add_axes((0.09, 0.13, 0.64, 0.79))
        if span.max() < 3 * span.min():  # else a panel of true shape would be a strip
            panel.set_aspect("equal", anchor="E")
        filled = panel.contourf(columns, rows, answers, levels=levels, cmap=colours, extend="both")
        name = f"{threshold:g}"
        two_classes = 0 < threshold < 1 and set(t.tolist()) <= {0, 1}
        key = [
            _key_of_class("class 1" if two_classes else f"target above {name}", ORANGE, "^"),
            _key_of_class("class 0" if two_classes else "other targets", BLUE, "o"),
        ]
        if answers.min() < threshold < answers.max():
            panel.contour(columns, rows, answers, levels=[threshold], colors=[BLACK], linewidths=2)
            key.append(Line2D([], [], color=BLACK, linewidth=2, label=f"output = {name}"))
        above = t > threshold
        for chosen, colour, marker, gid in (
            (above, ORANGE, "^", "above"),
            (~above, BLUE, "o", "other"),
        ):
            panel.plot(
                *x[chosen].T,
                marker,
                color=colour,
                markeredgecolor=BLACK,
                markeredgewidth=1,
                markersize=7 if len(x) > 30 else 10,
                linestyle="none",
                zorder=4,
                gid=gid,
            )
        panel.grid(False)
        if lines_at_zero:
            panel.axvline(0, color=BLACK, linewidth=0.8, gid="x1 = 0")
            panel.axhline(0, color=BLACK, linewidth=0.8, gid="x2 = 0")
        panel.set(
            xlabel="$x_1$",
            ylabel="$x_2$",
            title=title or "",
            xlim=(low[0], high[0]),
            ylim=(low[1], high[1]),
        )
        bar = picture.colorbar(
            filled, cax=picture.add_axes((0.76, 0.13, 0.02, 0.5)), ticks=levels[::2], format="%.2f"
        )
        bar.set_label("output $a_o$")
        picture.legend(handles=key, loc="upper left", bbox_to_anchor=(0.745, 0.94), frameon=False)
    given = numeric_array("predict", predict(x), (1, 2), f"outputs of shape {(len(x), 1)}").ravel()
    right = (given > threshold) == above
    picture.alt = (
        f"{f'{in_words(title)}. ' if title else ''}What a network answers over the plane of x1 and "
        f"x2, from {answers.min():.2f} to {answers.max():.2f}, as colours from blue to orange with "
        f"a line at {name}. On it {above.sum()} data points of {key[0].get_label()} as triangles, "
        f"and {(~above).sum()} of {key[1].get_label()} as circles; {right.sum()} of {len(x)} lie "
        "on the right side of the line."
    )
    return picture


def _key_of_class(label: str, colour: str, marker: str) -> Line2D:
    return Line2D(
        [],
        [],
        color=colour,
        marker=marker,
        markeredgecolor=BLACK,
        markersize=9,
        linestyle="none",
        label=label,
    )


def plot_weight_changes(
    changes: dict[str, dict[str, ArrayLike]],
    *,
    title: str | None = None,
    xlabel: str = "change in one step (new $-$ old)",
) -> Picture:
    """Draw how far each parameter of several networks moved.

    changes: {"sigmoid": {"W_h": change, "b_h": …}, "tanh": …}: a number or an array of changes for
    each name; every network has the same names, in the same order, for the same shapes. An entry
    of W_h is written $w_{h,11}$. A hollow marker: did not move at all.
    Raises ValueError for no or too many networks, names that differ and numbers not finite.
    """
    if not isinstance(changes, dict) or not changes:
        raise ValueError(
            f'changes: expected a dict {{"sigmoid": {{"W_h": change, …}}, …}}, got {changes!r:.60}.'
        )
    if len(changes) > 4:
        raise ValueError(f"changes: expected at most 4 networks, got {len(changes)}.")
    entries_of = {}
    for label, given in changes.items():
        entries = {}
        for name, change in given.items():
            where = f"changes[{label!r}][{name!r}]"
            change = numeric_array(where, change, (0, 1, 2), "a number or an array")
            for index in np.ndindex(change.shape):
                entries[_entry_name(name, index)] = change[index]
        entries_of[title_of(label)] = entries
    names = list(next(iter(entries_of.values())))
    if not names:
        raise ValueError("changes: expected at least one parameter, got none.")
    for label, entries in entries_of.items():
        if list(entries) != names:
            raise ValueError(
                f"changes[{label!r}]: expected the parameters {', '.join(names)}, "
                f"got {', '.join(entries)}."
            )
    values = {label: np.array(list(entries.values())) for label, entries in entries_of.items()}

    top = 0.75 if title else 0.45
    height = top + 0.6 + 0.17 * len(names) * (len(changes) + 1)
    picture = Picture(WIDTH, height)
    with style.context(LEGIBLE):
        left = max(text_size(name, 11)[0] for name in names) + 0.3
        panel = picture.add_axes(
            (
                left / WIDTH,
                0.6 / height,
                (WIDTH - left - 0.2) / WIDTH,
                (height - top - 0.6) / height,
            )
        )
        rows = np.arange(len(names))
        for row in rows[::2]:
            panel.axhspan(row - 0.5, row + 0.5, color="#F4F4F4", zorder=0)
        panel.axvline(0, color=BLACK, linewidth=1, zorder=2)
        step = 1 / (len(changes) + 1)
        for rank, ((label, moved), (colour, dash, marker)) in enumerate(
            zip(values.items(), looks_of(list(changes)))
        ):
            places = rows + (rank - (len(changes) - 1) / 2) * step
            panel.hlines(places, 0, moved, color=colour, linestyle=dash, linewidth=1.8, zorder=3)
            panel.plot(
                moved,
                places,
                marker,
                color=colour,
                markersize=6.5,
                linestyle="none",
                label=label,
                zorder=4,
                gid=label,
            )
            still = moved == 0
            panel.plot(
                moved[still],
                places[still],
                marker,
                color=colour,
                markerfacecolor="white",
                markersize=6.5,
                zorder=5,
            )
        panel.set_yticks(rows, names, fontsize=11)
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="y", visible=False)
        panel.set(xlabel=xlabel, ylim=(len(names) - 0.5, -0.5))
        panel.margins(x=0.06)
        handles, labels = panel.get_legend_handles_labels()
        if any((moved == 0).any() for moved in values.values()):
            handles.append(
                Line2D(
                    [],
                    [],
                    color=GREY,
                    marker="o",
                    markerfacecolor="white",
                    linestyle="none",
                    markersize=6.5,
                )
            )
            labels.append("hollow: did not move")
        panel.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(handles),
            frameon=False,
            borderaxespad=0.2,
            handletextpad=0.3,
            fontsize=10,
        )
        if title:
            picture.text(left / WIDTH, 1 - 0.12 / height, title, va="top", fontsize=11)
    said = [
        f"{label}: "
        + ", ".join(f"{in_words(name)} {change:+.3g}" for name, change in zip(names, moved))
        for label, moved in values.items()
    ]
    picture.alt = (
        f"{f'{in_words(title)}. ' if title else ''}How far each parameter moved, as lines from 0; "
        f"{in_words(xlabel)}. {'; '.join(said)}."
    ).replace("-", "−")
    return picture


def _entry_name(name: str, index: tuple[int, ...]) -> str:
    """The name of an entry of an array: of W_h in mathtext, of any other as in code."""
    if not index:
        return name
    symbol, _, suffix = name.partition("_")
    if len(symbol) == 1 and suffix.isalnum():
        return f"${symbol.lower()}_{{{suffix}{{,}}{''.join(str(i + 1) for i in index)}}}$"
    return f"{name}[{', '.join(map(str, index))}]"


def plot_difference_error(
    h: ArrayLike,
    forward_error: ArrayLike,
    central_error: ArrayLike,
    *,
    title: str | None = None,
    marks: dict[str, float] | None = None,
) -> Picture:
    """Draw the errors of the forward and the central difference against the width h.

    h, forward_error, central_error: (M,). Both axes are logarithmic. Signs are dropped; an
    error of exactly 0, which has no logarithm, is drawn as a hollow marker below the others.
    marks: {"label": width}, dotted lines at widths to point out, in the colours of the two curves.
    Raises ValueError for lengths that differ, h that is not above 0 and errors that are not finite.
    """
    h = numeric_array("h", h, (1,), "widths of shape (M,)")
    if len(h) == 0 or h.min() <= 0:
        raise ValueError(f"h: expected at least one number, all above 0, got {h}.")
    errors = {}
    for label, name, error in (
        ("forward difference", "forward_error", forward_error),
        ("central difference", "central_error", central_error),
    ):
        errors[label] = np.abs(numeric_array(name, error, (1,), "errors of shape (M,)"))
        if errors[label].shape != h.shape:
            raise ValueError(
                f"{name}: expected shape {h.shape}, one error for each h, "
                f"got {errors[label].shape}."
            )

    positive = np.concatenate([error[error > 0] for error in errors.values()])
    floor = positive.min() / 10 if positive.size else 1e-16
    picture = Picture(WIDTH, 4.4)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.095, 0.13, 0.695, 0.79))
        ends = []
        for (label, error), (colour, dash, marker) in zip(errors.items(), CURVES):
            drawn = np.where(error > 0, error, np.nan)
            panel.plot(
                h,
                drawn,
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=5,
                label=label,
                gid=label,
            )
            exact = error == 0
            panel.plot(
                h[exact],
                np.full(exact.sum(), floor),
                marker,
                color=colour,
                markerfacecolor="white",
                markersize=6,
                linestyle="none",
                gid=f"{label}, exact",
            )
            widest = np.argmax(np.where(np.isnan(drawn), -np.inf, h))
            ends.append(
                (
                    h[widest],
                    drawn[widest] if positive.size and error[widest] > 0 else floor,
                    label,
                    colour,
                )
            )
        if any((error == 0).any() for error in errors.values()):
            panel.text(
                0.01,
                0.015,
                "hollow: error exactly 0",
                transform=panel.transAxes,
                fontsize=10,
                color=GREY,
            )
        panel.set(
            xscale="log",
            yscale="log",
            xlabel="width $h$ of the difference",
            ylabel="size of the error",
            title=title or "",
        )
        panel.set_ylim(panel.get_ylim())
        panel.set_xlim(panel.get_xlim())
        for (label, width), (colour, _, _) in zip((marks or {}).items(), CURVES):
            panel.axvline(width, color=colour, linestyle=(0, (1, 1.5)), linewidth=1.5, gid=label)
            panel.annotate(
                label, (width, 1), (4, -4), textcoords="offset points",
                xycoords=("data", "axes fraction"), va="top", fontsize=10,
                color=text_colour(colour),
            )  # fmt: skip
        label_ends(panel, ends)
    said = []
    for label, error in errors.items():
        least = int(np.argmin(error))
        said.append(
            f"{label}: {error[np.argmax(h)]:.1e} at the largest h, least, {error[least]:.1e}, "
            f"at h = {h[least]:.1e}, and {error[np.argmin(h)]:.1e} at the smallest h"
        )
    dotted = [f"{in_words(label)} = {width:.1e}" for label, width in (marks or {}).items()]
    picture.alt = (
        f"{f'{in_words(title)}. ' if title else ''}The size of the error against the width h from "
        f"{h.min():.0e} to {h.max():.0e}, both axes logarithmic. {'; '.join(said)}."
        + (f" Dotted lines: {listed(dotted)}." if dotted else "")
    )
    return picture
