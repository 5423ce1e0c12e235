"""Handwritten digits: images with a network's answers, learning curves, what hidden units look for.

Each function returns a `Picture`, as those in `curves` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap

from helpers.activations import title_of
from helpers.network import numeric_array
from helpers.pictures.style import (
    BLACK,
    BLUE,
    CURVES,
    LEGIBLE,
    VERMILLION,
    WIDTH,
    Picture,
    label_ends,
    looks_of,
    text_colour,
    text_size,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

COLUMNS = 10  # images in a row
MAX_IMAGES = 60


def plot_digits(
    images: ArrayLike,
    answers: ArrayLike | None = None,
    digits: ArrayLike | None = None,
) -> Picture:
    """Draw images of digits in rows of ten, each with what the network reads, or with its digit.

    images: (M, 8, 8) or (M, 64), from 0 (paper) to 1 (ink); answers and digits: (M,), whole
    numbers. Below an image stands its answer; a wrong one is said in words, in another colour and
    in a frame: "reads 7, is a 1". With digits alone, they stand there.
    Raises ValueError for other shapes and for more than 60 images.
    """
    images = _as_images(images)
    if not 1 <= len(images) <= MAX_IMAGES:
        raise ValueError(f"images: expected 1 to {MAX_IMAGES} images, got {len(images)}.")
    read, shown = _labels("answers", answers, images), _labels("digits", digits, images)
    rows = -(-len(images) // COLUMNS)
    picture = Picture(WIDTH, 0.12 + 1.0 * rows)
    wrong = 0
    with style.context(LEGIBLE):
        for k, image in enumerate(images):
            row, column = divmod(k, COLUMNS)
            width, height = 1 / COLUMNS, 1 / rows
            panel = picture.add_axes(
                (
                    column * width + 0.018,
                    1 - (row + 1) * height + 0.34 * height,
                    0.064,
                    0.6 * height,
                )
            )
            panel.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            panel.set(xticks=[], yticks=[])
            panel.grid(False)
            off = read is not None and shown is not None and read[k] != shown[k]
            wrong += off
            for spine in panel.spines.values():
                spine.set(visible=True, color=VERMILLION if off else "#BBBBBB")
                spine.set_linewidth(2.5 if off else 0.8)
            if off and read is not None and shown is not None:
                label, colour = f"reads {read[k]}\nis a {shown[k]}", text_colour(VERMILLION)
            else:
                known = read if read is not None else shown
                label, colour = ("" if known is None else str(known[k])), BLACK
            panel.set_xlabel(label, fontsize=9, color=colour, labelpad=2)
    of_these = (
        f"; {wrong} of the answers are wrong" if read is not None and shown is not None else ""
    )
    picture.alt = f"{len(images)} handwritten digits, 8 by 8 pixels each{of_these}."
    return picture


def plot_learning(
    runs: dict[str, tuple[ArrayLike, ArrayLike]],
    *,
    held_out: str = "images held out",
    logarithmic: bool = False,
) -> Picture:
    """Draw loss and accuracy of several training runs against the epoch, side by side.

    runs: {"label": (losses, accuracies)}, both (epochs + 1,); the first stands at 0 epochs.
    accuracies: from 0 to 1. held_out: what they are the accuracies on. logarithmic: whether the
    axis of the loss is, for losses above 0 that would not be told apart. Raises ValueError
    otherwise.
    """
    if not isinstance(runs, dict) or not 1 <= len(runs) <= len(CURVES):
        raise ValueError(f"runs: expected a dict of 1 to {len(CURVES)} runs, got {runs!r:.60}.")
    curves = {}
    for label, pair in runs.items():
        losses, accuracies = (
            numeric_array(f"runs[{label!r}]", values, (1,), "shape (epochs + 1,)")
            for values in pair
        )
        if len(losses) != len(accuracies) or not len(losses):
            raise ValueError(
                f"runs[{label!r}]: expected as many losses as accuracies, got {len(losses)} and "
                f"{len(accuracies)}."
            )
        if logarithmic and losses.min() <= 0:
            raise ValueError(
                f"runs[{label!r}]: expected losses above 0 for a logarithmic axis, got "
                f"{losses.min():g}."
            )
        curves[title_of(label)] = losses, accuracies
    picture = Picture(WIDTH, 3.7)
    with style.context(LEGIBLE):
        room = (max(text_size(label, 10)[0] for label in curves) + 0.4) / WIDTH
        width = (1 - 0.08 - 0.1 - room) / 2
        left = picture.add_axes((0.08, 0.15, width, 0.74))
        right = picture.add_axes((0.18 + width, 0.15, width, 0.74))
        ends = []
        for (label, (losses, accuracies)), (colour, dash, marker) in zip(
            curves.items(), looks_of(list(runs))
        ):
            epochs = np.arange(len(losses))
            between = max(1, len(epochs) // 6)
            for panel, values in ((left, losses), (right, 100 * accuracies)):
                panel.plot(
                    epochs, values, color=colour, linestyle=dash, marker=marker, markersize=5,
                    markevery=between, label=label, gid=label,
                )  # fmt: skip
            ends.append((float(epochs[-1]), 100 * accuracies[-1], label, colour))
        left.set(title="loss $E$", xlabel="epochs")
        if logarithmic:
            left.set_yscale("log")
        else:
            left.set_ylim(bottom=0)
        right.set(title=f"% right, of {held_out}", xlabel="epochs", ylim=(0, 102))
        for panel in (left, right):
            panel.set_xlim(panel.get_xlim())
        label_ends(right, ends)
    picture.alt = (
        f"Loss{' on a logarithmic axis' if logarithmic else ''} and percentage right, of "
        f"{held_out}, over the epochs. At the end: "
        + "; ".join(f"{label} {100 * found[-1]:.0f} %" for label, (_, found) in curves.items())
        + "."
    )
    return picture


def plot_hidden_weights(W_h: ArrayLike, *, at_most: int = 32) -> Picture:
    """Draw the weights into each hidden unit as an image: orange for positive ones, blue for
    negative ones, white for 0; the darker, the larger.

    W_h: (64, units), of which the first `at_most` units are drawn. Raises ValueError otherwise.
    """
    W_h = numeric_array("W_h", W_h, (2,), "shape (64, units)")
    if W_h.shape[0] != 64 or not W_h.shape[1]:
        raise ValueError(f"W_h: expected shape (64, units), got {W_h.shape}.")
    units = W_h.T[:at_most].reshape(-1, 8, 8)
    columns = 8
    rows = -(-len(units) // columns)
    reach = float(np.abs(units).max()) or 1.0
    colours = LinearSegmentedColormap.from_list("weights", [BLUE, "#FFFFFF", VERMILLION])
    picture = Picture(WIDTH, 0.1 + 0.95 * rows)
    with style.context(LEGIBLE):
        for k, unit in enumerate(units):
            row, column = divmod(k, columns)
            height = 1 / rows
            panel = picture.add_axes(
                (0.01 + column * 0.108, 1 - (row + 0.95) * height, 0.095, 0.88 * height)
            )
            drawn = panel.imshow(
                unit, cmap=colours, vmin=-reach, vmax=reach, interpolation="nearest"
            )
            panel.set(xticks=[], yticks=[])
            panel.grid(False)
            for spine in panel.spines.values():
                spine.set_visible(True)
        bar = picture.colorbar(drawn, cax=picture.add_axes((0.9, 0.08, 0.018, 0.84)))
        bar.set_label("weight")
    picture.alt = (
        f"The weights into {len(units)} hidden units, each as an image of 8 by 8 pixels, from "
        f"{units.min():.2g} to {units.max():.2g}."
    )
    return picture


def _as_images(images: ArrayLike) -> np.ndarray:
    images = numeric_array("images", images, (2, 3), "images of shape (M, 8, 8) or (M, 64)")
    if images.shape[1:] not in ((8, 8), (64,)):
        raise ValueError(f"images: expected shape (M, 8, 8) or (M, 64), got {images.shape}.")
    return images.reshape(-1, 8, 8)


def _labels(name: str, labels: ArrayLike | None, images: np.ndarray) -> np.ndarray | None:
    if labels is None:
        return None
    labels = numeric_array(name, labels, (1,), "whole numbers, shape (M,)")
    if len(labels) != len(images):
        raise ValueError(f"{name}: expected one per image, {len(images)}, got {len(labels)}.")
    return labels.astype(int)
