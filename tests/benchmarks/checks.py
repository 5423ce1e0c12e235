"""How long a check takes on the right answers, and what `import helpers` costs beyond NumPy.

    python -m tests.benchmarks.checks

Targets: 50 ms a check, of which the student's own code is not counted; 0.2 s for the import.
"""

import contextlib
import io
import statistics
import subprocess
import sys
import time
from pathlib import Path

import nbformat

from helpers import checking
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id
from helpers.marking.verdict import as_html

SOLUTIONS = Path(__file__).parents[2] / "solutions"
REPEATS = 5


def import_seconds(code):
    """The least wall time in seconds of a fresh Python that runs `code`."""

    def once():
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    return min(once() for _ in range(7))


def measured_check(rows):
    """A stand-in for `check` that appends (question, ms for all, ms for the student's code)."""

    def check(question, **answers):
        asked = question_by_id(question)
        totals, own = [], []
        for seed in range(REPEATS):
            start = time.perf_counter()
            record = checking.observe(asked, answers, seed)
            verdicts = judge(asked, record, seed)
            as_html(asked, verdicts)
            totals.append(time.perf_counter() - start)
            start = time.perf_counter()
            checking.observe(asked, answers, seed)  # the cases are drawn: what is left is theirs
            own.append(time.perf_counter() - start)
        rows.append((question, *(1000 * statistics.median(t) for t in (totals, own))))

    return check


def main():
    numpy, helpers = (import_seconds(f"import {name}") for name in ("numpy", "numpy, helpers"))
    check_only = import_seconds("import numpy; from helpers import check")
    print(f"beyond NumPy: import helpers {helpers - numpy:.3f} s, check {check_only - numpy:.3f} s")
    print(f"{'question':24}{'check':>10}{'of it own code':>16}")
    for path in sorted(SOLUTIONS.rglob("*.ipynb")):
        rows, names = [], {"display": lambda *shown: None}
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(cell.source, names)
                names["check"] = measured_check(rows)
        for question, total, own in rows:
            print(f"{question:24}{total:7.1f} ms{own:13.1f} ms")


if __name__ == "__main__":
    main()
