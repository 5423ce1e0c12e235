"""What the pictures of the report on a class show; templates/report_figures.html draws them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from helpers.grading.gradebook.results import number
from helpers.grading.pages.analysis import VERDICTS

BINS = 10  # of the distribution of marks


def marks_distribution(totals: Sequence[float], maximum: float) -> dict[str, Any]:
    """How many students have how many points. totals: points in all; maximum: what there is."""
    edges = np.linspace(0, maximum or 1, BINS + 1)
    counts, _ = np.histogram(np.clip(totals, 0, edges[-1]), edges)
    mean = float(np.mean(totals))
    columns = [
        f"{number(round(low, 1))} to {number(round(high, 1))} points: {count}"
        for low, high, count in zip(edges, edges[1:], counts)
    ]
    return {
        "edges": [number(round(edge, 1)) for edge in edges],
        "counts": counts.tolist(),
        "mean": round(mean, 1),
        "mean_at": min(max(mean / edges[-1], 0), 1),
        "alt": f"Students by points, {'; '.join(columns)}; average {mean:.1f}.",
    }


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
