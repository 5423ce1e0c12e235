"""The pictures of the report on a class, as data URIs: the page loads nothing."""

import base64

import numpy as np
from matplotlib import style

from helpers.grading.pages.analysis import VERDICTS
from helpers.pictures.style import STYLE, Picture

COLUMNS = 10  # of the distribution of marks
WIDTH = 8.5  # inches
# Colours that colour-blind readers can tell apart, and a hatch as the second cue.
LOOKS = {
    "right": ("#0072B2", ""),
    "carried": ("#56B4E9", "////"),
    "wrong": ("#D55E00", ""),
    "error": ("#E69F00", "xxxx"),
    "missing": ("#DDDDDD", ""),
}


def marks_distribution(totals, maximum):
    """How many students have how many points. totals: points in all; maximum: what there is."""
    with style.context(STYLE):
        picture = Picture(WIDTH, 2.9)
        panel = picture.add_axes((0.08, 0.19, 0.9, 0.72))
        edges = np.linspace(0, maximum or 1, COLUMNS + 1)
        counts, _ = np.histogram(np.clip(totals, 0, edges[-1]), edges)
        bars = panel.bar(
            edges[:-1], counts, width=np.diff(edges), align="edge", color=LOOKS["right"][0],
            edgecolor="white",
        )  # fmt: skip
        panel.bar_label(bars, [str(n) if n else "" for n in counts], padding=2)
        mean = float(np.mean(totals))
        panel.axvline(mean, color="#D55E00", linestyle="--")
        panel.annotate(
            f"average {mean:.1f}", (mean, 1.0), xycoords=("data", "axes fraction"),
            xytext=(4, 2), textcoords="offset points", color="#B34700",
        )  # fmt: skip
        panel.set(xlabel="points in all", ylabel="students", xticks=edges)
        panel.set_xticklabels([f"{edge:.4g}" for edge in edges])
        panel.set_ylim(0, max(counts.max(), 1) * 1.15)
        panel.yaxis.get_major_locator().set_params(integer=True)
        panel.grid(axis="x", visible=False)
        return _uri(picture)


def question_outcomes(questions):
    """A bar for each question: how its parts came out. questions: {id: Counter of verdicts}."""
    with style.context(STYLE):
        height = 0.9 + 0.27 * len(questions)
        picture = Picture(WIDTH, height)
        panel = picture.add_axes((0.25, 0.45 / height, 0.73, 1 - 0.85 / height))
        names = list(questions)[::-1]
        shares = np.array([[questions[name][v] for v in VERDICTS] for name in names], float)
        shares *= 100 / np.maximum(shares.sum(axis=1, keepdims=True), 1)
        left = np.zeros(len(names))
        for verdict, share in zip(VERDICTS, shares.T):
            colour, hatch = LOOKS[verdict]
            panel.barh(
                names, share, left=left, color=colour, hatch=hatch, edgecolor="white",
                height=0.72, label=verdict,
            )  # fmt: skip
            left += share
        panel.set_xlim(0, 100)
        panel.set_xlabel("share of the answers to its parts, in %")
        panel.grid(axis="y", visible=False)
        panel.legend(
            ncols=len(VERDICTS), loc="lower left", bbox_to_anchor=(0, 1), frameon=False,
            handlelength=1.6,
        )  # fmt: skip
        return _uri(picture)


def _uri(picture):
    return "data:image/png;base64," + base64.b64encode(picture.png()).decode("ascii")
