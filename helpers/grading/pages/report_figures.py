"""What the pictures of the report on a class show; templates/report_figures.html draws them."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from helpers.grading.pages.analysis import VERDICTS

MOST_BINS = 13  # of the distribution of marks, with room for the number at each edge
ROUND = (1, 2, 5)  # and ten times these, and so on: how many points a bin may be wide


def marks_distribution(totals: Sequence[float], maximum: float) -> dict[str, Any]:
    """How many students have how many points. totals: points in all; maximum: what there is.

    The bins are round numbers of points wide, and reach to the maximum; to the highest total where
    a bonus goes beyond it. Each holds its lower edge, the last one both.
    """
    edges = _edges(max(maximum, *totals))
    counts, _ = np.histogram(np.maximum(totals, 0), edges)
    mean = float(np.mean(totals))
    columns = [f"{low} to {high} points: {n}" for low, high, n in zip(edges, edges[1:], counts)]
    return {
        "edges": edges,
        "counts": counts.tolist(),
        "mean": round(mean, 1),
        "mean_at": max(mean / edges[-1], 0),
        "alt": f"Students by points, {'; '.join(columns)}; average {mean:.1f}.",
    }


def _edges(highest: float) -> list[int]:
    """Edges of at most MOST_BINS bins from 0 to `highest` or a little more, in points."""
    widths = (step * 10**power for power in count() for step in ROUND)
    width = next(width for width in widths if highest <= MOST_BINS * width)
    return [width * k for k in range(max(math.ceil(highest / width), 1) + 1)]


def question_outcomes(questions: Mapping[str, Counter[str]]) -> dict[str, Any]:
    """How the parts of each question came out. questions: counts of the verdicts, by question."""
    rows = []
    for name, counts in questions.items():
        total = max(sum(counts[verdict] for verdict in VERDICTS), 1)
        rows.append((name, [(verdict, 100 * counts[verdict] / total) for verdict in VERDICTS]))
    words = [
        f"{name}: " + ", ".join(f"{share:.0f} % {verdict}" for verdict, share in shares if share)
        for name, shares in rows
    ]
    return {"rows": rows, "alt": f"Share of the answers to each question, {'; '.join(words)}."}
