"""Pictures of what an activation function does to learning.

Slopes and deltas are complex-step derivatives, so every picture takes any network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from helpers.activations import HIDDEN_ACTIVATIONS, ActivationFunction, softmax, title_of
from helpers.network import Network, numeric_array
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
    looks_of,
    text_size,
)
from helpers.reference import gradients, jacobian, slope, vjp
from helpers.weight_space import WeightSpace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LOSS_TITLES = {
    "half_squared": "half the squared error",
    "squared": "squared error",
    "cross_entropy": "cross-entropy",
}
# Blue below 0, white at 0, orange above; pale enough for black numbers on it.
SIGNED = LinearSegmentedColormap.from_list("signed", ["#7FB8DA", "#FFFFFF", "#F2C063"])
LARGEST_SHOWN = 1.5  # of the activations that slopes are drawn against
MAX_OUTPUTS = 5  # of a Jacobian whose numbers are readable


def plot_slope_through_activation(
    names: Sequence[str] = ("linear", "sigmoid", "tanh", "relu"), *, limit: float = 4.0
) -> Picture:
    """Draw each slope f′(z) against the activation a = f(z) at the same z, −limit ≤ z ≤ limit.

    names: any of "linear", "sigmoid", "tanh", "relu", or others in helpers.activations. Raises
    ValueError for an unknown name, for no names and for a limit that is not positive.
    """
    if not names or any(name not in HIDDEN_ACTIVATIONS for name in names):
        raise ValueError(f"names: expected any of {', '.join(HIDDEN_ACTIVATIONS)}, got {names!r}.")
    if not 0 < limit < np.inf:
        raise ValueError(f"limit: expected a number above 0, got {limit!r}.")
    z = np.linspace(-limit, limit, 401)
    picture = Picture(WIDTH, 3.6)
    with style.context(LEGIBLE):
        panel = picture.add_axes((0.085, 0.15, 0.72, 0.81))
        ends = []
        for name, (colour, dash, marker) in zip(names, looks_of(names)):
            function = HIDDEN_ACTIVATIONS[name]
            lines, flat = _slopes_by_activation(function, z)
            if not lines and not flat:
                raise ValueError(
                    f"names: expected activations with values between −{LARGEST_SHOWN} and "
                    f"{LARGEST_SHOWN}, which is all that the picture shows; {name!r} has none for "
                    f"z between −{limit:g} and {limit:g}."
                )
            for a, slopes in flat:
                panel.plot(
                    a, slopes, marker, color=colour, markersize=8, zorder=4, gid=f"{name} off"
                )
            if lines:
                gap = np.full((2, 1), np.nan)  # between two parts no line is drawn
                a, slopes = np.hstack([part for line in lines for part in (gap, line)][1:])
                panel.plot(
                    a, slopes, color=colour, linestyle=dash, marker=marker, markersize=5,
                    markevery=(10, 40), label=name, gid=name,
                )  # fmt: skip
            ends.append((*(lines or flat)[-1][:, -1], function.title, colour))
        panel.set(
            xlabel="activation $a$, as the forward pass stored it",
            ylabel="derivative $f\\,'(z)$",
            xlim=(-LARGEST_SHOWN, LARGEST_SHOWN),
            ylim=(-0.08, 1.15),
        )
        label_ends(panel, ends)
    picture.alt = (
        "The derivative of each activation function against the activation itself: "
        + "; ".join(_in_words(HIDDEN_ACTIVATIONS[name], z) for name in names)
        + "."
    )
    return picture


def _in_words(function: ActivationFunction, z: np.ndarray) -> str:
    """How far the activations and the derivatives of a function reach at z."""
    a, slopes = function(z), slope(function, z)
    steepest = a[slopes == slopes.max()]
    return (
        f"{function.title}, activations from {a.min():.2f} to {a.max():.2f}, derivatives from "
        f"{slopes.min():.2f} to {slopes.max():.2f}"
        + (f", the largest at activation {steepest[0]:.2f}" if len(steepest) == 1 else "")
    )


def _slopes_by_activation(
    function: ActivationFunction, z: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Activations and slopes at z, as far as they are shown: lines, and single points.

    Each is an array of two rows, a and f′. The slope jumps at a kink, so a line ends there; where
    all z up to a kink have one activation, as with ReLU's z ≤ 0, there is no line but a point.
    """
    lines, flat = [], []
    for part in np.split(z, np.searchsorted(z, sorted(function.kinks), side="right")):
        both = np.array([function(part), slope(function, part)])
        both = both[:, np.abs(both[0]) <= LARGEST_SHOWN]
        if both.size and np.all(both[0] == both[0, 0]):
            flat.append(both[:, :1])
        elif both.size:
            lines.append(both)
    return lines, flat


def plot_output_delta(
    t: float = 0.0,
    pairs: Sequence[tuple[str, str]] = (("sigmoid", "half_squared"), ("sigmoid", "cross_entropy")),
    *,
    limit: float = 6.0,
    marks: ArrayLike = (),
) -> Picture:
    """Draw the delta of one output unit against its weighted input z, −limit ≤ z ≤ limit.

    t: the target; pairs: (output activation, loss) of each curve; marks: values of z at which dots
    are drawn. Raises ValueError as Network does, and for a limit that is not positive.
    """
    if not 0 < limit < np.inf:
        raise ValueError(f"limit: expected a number above 0, got {limit!r}.")
    if not 1 <= len(pairs) <= len(CURVES):
        raise ValueError(f"pairs: expected 1 to {len(CURVES)} of them, got {len(pairs)}.")
    marks = numeric_array("marks", marks, (1,), "numbers z, shape (M,)")
    picture = Picture(WIDTH, 3.4)
    with style.context(LEGIBLE):
        labels = [f"{title_of(o)},\n{LOSS_TITLES[loss]}" for o, loss in pairs]
        room = max(text_size(label, 10)[0] for label in labels) + 0.45
        panel = picture.add_axes((0.085, 0.155, (WIDTH * 0.915 - room) / WIDTH, 0.8))
        ends, marked = [], []
        for (output, loss), label, (colour, dash, marker) in zip(pairs, labels, CURVES):
            unit = Network([[[1.0]]], output=output, loss=loss)  # weight 1, no bias: z = x

            def delta(z: np.ndarray, unit: Network = unit) -> np.ndarray:
                return gradients(unit, z[:, None], np.full((len(z), 1), t)).delta[0][:, 0]

            z = np.linspace(-limit, limit, 241)
            values = delta(z)
            panel.plot(z, values, color=colour, linestyle=dash, label=label, gid=f"{output} {loss}")
            marked.append(delta(marks) if len(marks) else marks)
            if len(marks):
                dots: dict[str, Any] = {"color": colour, "markersize": 8, "zorder": 4}
                panel.plot(marks, marked[-1], marker, gid=f"{output} {loss} marks", **dots)
            ends.append((z[-1], values[-1], label, colour))
        panel.axhline(0, color=GREY, linewidth=0.8, zorder=1)
        panel.set(
            xlabel="weighted input $z$ of the output unit",
            ylabel=f"$\\delta_o$, target {t:g}",
            xlim=(-limit, limit),
        )
        label_ends(panel, ends)
    picture.alt = f"The delta of one output unit with target {t:g} against its z. " + " ".join(
        f"{title_of(output)} with {LOSS_TITLES[loss]}: {value:.3f} at z = {limit:g}"
        + "".join(f", {at_mark:.3f} at {mark:g}" for mark, at_mark in zip(marks, delta_of_marks))
        + "."
        for (output, loss), (_, value, _, _), delta_of_marks in zip(pairs, ends, marked)
    )
    return picture


def plot_saturation(
    nets: dict[str, Network],
    x: ArrayLike,
    t: ArrayLike,
    *,
    eta: float,
    steps: int,
    losses: Sequence[str] = ("half_squared", "cross_entropy"),
    ylabel: str = "output $a_o$",
) -> Picture:
    """Draw the output of networks over steps of gradient descent, one panel for each loss.

    nets: {"label": Network with one output}, of which the weights and biases are used and the
    loss is not; x: (1, in); t: (1, 1); eta: learning rate. Raises ValueError where they do not fit.
    """
    if not isinstance(nets, dict) or not 1 <= len(nets) <= len(CURVES):
        raise ValueError(f"nets: expected a dict of 1 to {len(CURVES)} networks, got {nets!r:.60}.")
    reached = []
    picture = Picture(WIDTH, 3.5)
    with style.context(LEGIBLE):
        panels = picture.subplots(1, len(losses), sharex=True, sharey=True, squeeze=False)[0]
        for panel, loss in zip(panels, losses):
            for (label, net), (colour, dash, marker) in zip(nets.items(), CURVES):
                net = Network(
                    net.weights, net.biases, hidden=net.hidden, output=net.output, loss=loss
                )
                if net.weights[-1].shape[1] != 1 or len(net.validate_inputs(x)) != 1:
                    raise ValueError("nets, x: expected one output and one data point.")
                points, _ = WeightSpace(net, x, t).descend(eta, steps)
                outputs = [now.forward(x).a[-1][0, 0] for now in _along(net, points)]
                reached.append(
                    f"with {LOSS_TITLES[loss]}, {label}: from {outputs[0]:.3f} to {outputs[-1]:.3f}"
                )
                panel.plot(
                    outputs, color=colour, linestyle=dash, marker=marker, markersize=5,
                    markevery=max(1, steps // 10), label=label, gid=f"{label} {loss}",
                )  # fmt: skip
            target = float(np.ravel(t)[0])
            panel.axhline(
                target, color=BLACK, linestyle=(0, (1, 1.5)), linewidth=1.5, label="target"
            )
            panel.set(title=LOSS_TITLES[loss], xlabel="steps", xlim=(0, steps))
        panels[0].set_ylabel(ylabel)
        handles, labels = panels[0].get_legend_handles_labels()
        picture.legend(
            handles, labels, loc="lower center", ncols=len(labels), frameon=False, handlelength=3
        )
        picture.subplots_adjust(left=0.085, right=0.975, top=0.91, bottom=0.255, wspace=0.08)
    picture.alt = (
        f"The output over {steps} steps of gradient descent, with the target {target:g}: "
        + "; ".join(reached)
        + "."
    )
    return picture


def _along(net: Network, points: Iterable[np.ndarray]) -> Iterator[Network]:
    """Yield `net` with the weights and biases of each point of its whole WeightSpace."""
    for point in points:
        weights, biases = [], []
        for w, b in zip(net.weights, net.biases):
            values, point = point[: w.size], point[w.size :]
            weights.append(values.reshape(w.shape))
            values, point = point[: b.size], point[b.size :]
            biases.append(values)
        yield Network(weights, biases, hidden=net.hidden, output=net.output, loss=net.loss_name)


LOSSES_OF_ACTIVATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "cross_entropy": lambda a, t: -np.sum(t * np.log(a)),
    "half_squared": lambda a, t: 0.5 * np.sum((t - a) ** 2),
}


def plot_jacobians(z: ArrayLike, t: ArrayLike, *, loss: str = "cross_entropy") -> Picture:
    """Draw softmax's Jacobian at z, what is left of it where only its diagonal is used, and the
    deltas that come out of the one and the other.

    z, t: weighted inputs and targets of the outputs, (K,), K from 2 to 5; loss: "cross_entropy" or
    "half_squared". Raises ValueError for anything else.
    """
    z = numeric_array("z", z, (1,), "shape (K,)")
    t = numeric_array("t", t, (1,), "shape (K,)")
    if not 2 <= len(z) <= MAX_OUTPUTS:
        raise ValueError(f"z: expected 2 to {MAX_OUTPUTS} outputs, got {len(z)}.")
    if t.shape != z.shape:
        raise ValueError(f"t: expected shape {z.shape}, one for each output, got {t.shape}.")
    if loss not in LOSSES_OF_ACTIVATIONS:
        raise ValueError(f"loss: expected one of {', '.join(LOSSES_OF_ACTIVATIONS)}, got {loss!r}.")
    whole = jacobian(softmax, z)
    diagonal = np.diag(np.diag(whole))
    dE_da = vjp(lambda a: LOSSES_OF_ACTIVATIONS[loss](a, t), softmax(z), 1.0)
    net = Network([np.eye(len(z))], output="softmax", loss=loss)  # z = x
    deltas = {
        "reference": (gradients(net, z[None], t[None]).delta[0][0], BLACK, "X", 0.0),
        "whole Jacobian": (vjp(softmax, z, dE_da), BLUE, "o", -0.2),
        "diagonal only": (dE_da * np.diag(whole), VERMILLION, "s", 0.2),
    }

    picture = Picture(WIDTH, 3.7)
    with style.context(LEGIBLE):
        reach = np.abs(whole).max()
        # As many digits, and as large, as there is room for in a cell.
        digits = 3 if len(z) <= 3 else 2
        look: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 10 if len(z) <= 4 else 9,
        }
        for left, title, matrix in (
            (0.06, "whole Jacobian", whole),
            (0.345, "diagonal only", diagonal),
        ):
            panel = picture.add_axes((left, 0.22, 0.25, 0.66))
            panel.imshow(matrix, cmap=SIGNED, vmin=-reach, vmax=reach, aspect="auto")
            for (k, l), value in np.ndenumerate(matrix):  # noqa: E741
                number = f"{value:.{digits}f}".replace("-", "−")
                panel.text(l, k, number, gid=f"{title} {k} {l}", **look)
            panel.set(title=title, xlabel="weighted input moved")
            panel.set_xticks(range(len(z)), _symbols("z", len(z)))
            panel.set_yticks(range(len(z)), _symbols("a", len(z)))
            panel.tick_params(length=0, labelsize=10)
            panel.grid(False)
        panel = picture.add_axes((0.685, 0.22, 0.3, 0.66))
        for label, (values, colour, marker, shift) in deltas.items():
            panel.plot(
                np.arange(len(z)) + shift, values, marker, color=colour, linestyle="none",
                markersize=8 if len(z) <= 3 else 6, label=label, gid=label,
            )  # fmt: skip
        panel.axhline(0, color=GREY, linewidth=0.8, zorder=1)
        panel.set(title="deltas that come out", xlim=(-0.5, len(z) - 0.5))
        panel.margins(y=0.15)
        panel.set_xticks(range(len(z)), _symbols("\\delta", len(z)))
        panel.tick_params(axis="x", length=0, labelsize=10)
        panel.xaxis.grid(False)
        handles, labels = panel.get_legend_handles_labels()
        picture.legend(handles, labels, loc="lower right", ncols=3, frameon=False)
    rows = "; ".join(", ".join(f"{value:.3f}" for value in row) for row in whole)
    picture.alt = (
        f"The Jacobian of softmax, row by row: {rows}. Beside it the same with zeros beside the "
        "diagonal, and the deltas that come out: "
        + "; ".join(
            f"{label} {', '.join(f'{value:.3f}' for value in values)}"
            for label, (values, *_) in deltas.items()
        )
        + "."
    )
    return picture


def _symbols(letter: str, count: int) -> list[str]:
    return [f"${letter}_{k}$" for k in range(1, count + 1)]


PALE = ("#CFE3F1", "#F6D9C6", "#CDE9DF", "#F1DCE7", "#F8E6C2")  # of the first of CURVES, in order


def plot_classes(
    networks: dict[str, Callable[[np.ndarray], ArrayLike]], x: ArrayLike, t: ArrayLike
) -> Picture:
    """Draw over the plane which class each of some networks finds most likely, side by side.

    networks: {"title": function from inputs (M, 2) to outputs (M, K)}, at most 3, K from 2 to 5;
    x: (N, 2); t: (N, K), one-hot. Raises ValueError for other shapes and for numbers that are not
    finite.
    """
    if not isinstance(networks, dict) or not 1 <= len(networks) <= 3:
        raise ValueError(f"networks: expected a dict of 1 to 3 functions, got {networks!r:.60}.")
    x = numeric_array("x", x, (2,), "a batch of shape (N, 2)")
    t = numeric_array("t", t, (2,), "one-hot targets of shape (N, K)")
    if x.shape[1] != 2 or len(x) == 0:
        raise ValueError(f"x: expected shape (N, 2), one row per data point, got {x.shape}.")
    if len(t) != len(x) or not 2 <= t.shape[1] <= len(PALE):
        raise ValueError(
            f"t: expected shape ({len(x)}, K) with K from 2 to {len(PALE)}, got {t.shape}."
        )
    classes = t.argmax(axis=1)
    middle, reach = (x.max(axis=0) + x.min(axis=0)) / 2, 0.56 * max(np.ptp(x, axis=0).max(), 1e-9)
    columns, rows = (np.linspace(m - reach, m + reach, 241) for m in middle)
    plane = np.stack(np.meshgrid(columns, rows), axis=-1)  # (rows, columns, 2)
    levels = np.arange(t.shape[1] + 1) - 0.5
    right = []
    picture = Picture(WIDTH, 4.6)
    with style.context(LEGIBLE):
        panels = picture.subplots(1, len(networks), sharex=True, sharey=True, squeeze=False)[0]
        for panel, (title, outputs) in zip(panels, networks.items()):
            chosen = _likeliest(title, outputs, plane.reshape(-1, 2), t.shape[1])
            chosen = chosen.reshape(plane.shape[:2])
            right.append(int(np.sum(_likeliest(title, outputs, x, t.shape[1]) == classes)))
            panel.contourf(columns, rows, chosen, levels=levels, colors=PALE[: t.shape[1]])
            panel.contour(columns, rows, chosen, levels=levels[1:-1], colors=[GREY], linewidths=1)
            for k, (colour, _, marker) in zip(range(t.shape[1]), CURVES):
                panel.plot(
                    *x[classes == k].T, marker, color=colour, markeredgecolor=BLACK,
                    markeredgewidth=0.8, markersize=6.5, label=f"class {k + 1}",
                    gid=f"{title} class {k + 1}",
                )  # fmt: skip
            panel.grid(False)
            panel.set(aspect="equal", xlabel="$x_1$", title=title)
            panel.xaxis.set_major_locator(MaxNLocator(5))
            panel.yaxis.set_major_locator(MaxNLocator(5))
        panels[0].set_ylabel("$x_2$")
        handles, labels = panels[0].get_legend_handles_labels()
        picture.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
        picture.subplots_adjust(left=0.085, right=0.985, top=0.93, bottom=0.19, wspace=0.06)
    counts = "; ".join(f"{title}, {count}" for title, count in zip(networks, right))
    picture.alt = (
        f"The plane in {t.shape[1]} colours, one for the region of each class, with {len(x)} data "
        f"points, of which so many lie in the region of their own class: {counts}."
    )
    return picture


def _likeliest(
    title: str, outputs: Callable[[np.ndarray], ArrayLike], points: np.ndarray, classes: int
) -> np.ndarray:
    """The number of the largest output at each point, counted from 0, shape (M,)."""
    wanted = (len(points), classes)
    found = numeric_array(f"networks[{title!r}]", outputs(points), (2,), f"outputs {wanted}")
    if found.shape != wanted:
        raise ValueError(f"networks[{title!r}]: expected outputs {wanted}, got {found.shape}.")
    return found.argmax(axis=1)


def plot_delta_by_layer(networks: dict[str, Network], x: ArrayLike, t: ArrayLike) -> Picture:
    """Draw the size of the deltas in each layer: the root of their mean square, over points too.

    networks: {"label": Network}; x: (N, in); t: (N, out). Layers are counted from 0; the last is
    the output. A layer in which all deltas are 0 is left out. Raises ValueError where they do not
    fit or no delta differs from 0.
    """
    if not isinstance(networks, dict) or not 1 <= len(networks) <= len(CURVES):
        raise ValueError(f"networks: expected a dict of 1 to {len(CURVES)}, got {networks!r:.60}.")
    sizes = {title_of(label): delta_sizes(net, x, t) for label, net in networks.items()}
    looks = looks_of(list(networks))
    picture = Picture(WIDTH, 3.8)
    with style.context(LEGIBLE):
        room = max(text_size(label, 10)[0] for label in sizes) + 0.45
        panel = picture.add_axes((0.09, 0.14, (WIDTH * 0.91 - room) / WIDTH, 0.82))
        ends = []
        for (label, values), (colour, dash, marker) in zip(sizes.items(), looks):
            layers, shown = np.arange(len(values)), values > 0
            if not shown.any():
                raise ValueError(f"networks[{label!r}]: expected a delta that is not 0, got none.")
            panel.plot(
                layers[shown], values[shown], color=colour, linestyle=dash, marker=marker,
                markersize=6, label=label, gid=label,
            )  # fmt: skip
            # Named at the first layer, where the curves lie apart.
            ends.append((layers[shown][0], values[shown][0], label, colour))
        panel.set(
            yscale="log",
            xlabel="layer $\\ell$, in the order of the backward pass",
            ylabel="size of delta",
        )
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.invert_xaxis()
        panel.set_ylim(panel.get_ylim())
        panel.set_xlim(panel.get_xlim())
        label_ends(panel, ends)
    picture.alt = (
        "The size of delta in each layer, on a logarithmic axis, from the last layer back to "
        "layer 0: "
        + "; ".join(
            f"{label} from {values[-1]:.2g} to {values[0]:.2g}" for label, values in sizes.items()
        )
        + "."
    )
    return picture


def delta_sizes(net: Network, x: ArrayLike, t: ArrayLike) -> np.ndarray:
    """The root mean square of the deltas of each layer, shape (layers,), over points and units."""
    return np.array([np.sqrt(np.mean(delta**2)) for delta in gradients(net, x, t).delta])


def plot_weighted_inputs(
    net: Network, x: ArrayLike, t: ArrayLike, *, unit: int, etas: ArrayLike, steps: int
) -> Picture:
    """Draw the weighted input of a unit of the first hidden layer over steps of gradient descent,
    a line for each data point and a panel for each learning rate.

    x: (N, in), N at most 7; t: (N, out); unit: counted from 0. All weights and biases move.
    Raises ValueError where these do not fit the network.
    """
    x, etas = (
        net.validate_inputs(x),
        numeric_array("etas", etas, (1,), "learning rates, shape (M,)"),
    )
    units = net.weights[0].shape[1]
    if len(net.weights) < 2 or unit not in range(units):
        raise ValueError(f"unit: expected 0 to {units - 1} of a hidden layer, got {unit!r}.")
    if len(x) > len(CURVES):
        raise ValueError(f"x: expected at most {len(CURVES)} points, got {len(x)}.")
    if len(etas) == 0:
        raise ValueError("etas: expected at least one learning rate, got none.")
    space = WeightSpace(net, x, t)
    off = []
    picture = Picture(WIDTH, 3.7)
    with style.context(LEGIBLE):
        panels = picture.subplots(1, len(etas), sharex=True, sharey=True, squeeze=False)[0]
        for panel, eta in zip(panels, etas):
            points, _ = space.descend(eta, steps)
            z = np.array([now.forward(x).z[0][:, unit] for now in _along(net, points)])
            off.append(
                f"with learning rate {eta:g} it is below 0 for {np.sum(z[0] < 0)} of {len(x)} "
                f"points at the start and for {np.sum(z[-1] < 0)} at the end"
            )
            for point, values, (colour, dash, marker) in zip(x, z.T, CURVES):
                label = f"x = ({', '.join(f'{value:g}' for value in point)})"
                panel.plot(
                    values, color=colour, linestyle=dash, marker=marker, markersize=5,
                    markevery=max(1, steps // 10), label=label, gid=f"{label} {eta:g}",
                )  # fmt: skip
            panel.axhline(0, color=BLACK, linewidth=1, zorder=1)
            panel.set(title=f"$\\eta$ = {eta:g}", xlabel="steps", xlim=(0, steps))
        low, high = panels[0].get_ylim()
        low = min(low, -0.1 * high)
        for panel in panels:
            panel.axhspan(low, 0, color="#EDEDED", zorder=0)
            panel.set_ylim(low, high)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[0].set_ylabel("weighted input $z$ of the unit")
        handles, labels = panels[0].get_legend_handles_labels()
        picture.legend(
            handles, labels, loc="lower center", ncols=min(4, len(labels)), frameon=False,
            handlelength=3,
        )  # fmt: skip
        picture.subplots_adjust(left=0.095, right=0.975, top=0.91, bottom=0.26, wspace=0.08)
    picture.alt = (
        f"The weighted input of hidden unit {unit + 1} over {steps} steps, a line for each data "
        f"point: {'; '.join(off)}."
    )
    return picture
