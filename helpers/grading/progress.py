"""What a grading run says while it works: a bar for people, or lines of JSON for machines."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from helpers.grading.gradebook import results
from helpers.grading.pages import report

JSON = "json"  # the other kind is "bar"


def progress_of_kind(kind: str) -> Bar | JsonLog:
    """A Bar or JsonLog. kind: "bar" or "json"."""
    return JsonLog() if kind == JSON else Bar()


class Bar:
    """A progress bar on standard error, and at the end a summary on standard output."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._slowest: results.Result | None = None

    def warn(self, sentence: str) -> None:
        tqdm.write(f"Warning: {sentence}", file=sys.stderr)

    def start_executing(self, notebooks: int) -> None:
        """Begin: so many are to be executed before any is graded."""
        self._bar = tqdm(
            total=notebooks,
            unit="notebook",
            desc="Executing",
            bar_format="{desc} {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} notebooks, "
            "{remaining} left",
            mininterval=0.2,
        )

    def executed(self, student: str, notebook: str) -> None:
        """One more has been executed."""
        assert self._bar is not None
        self._bar.update()

    def start(self, students: int, notebooks: int) -> None:
        """Begin: so many are to be graded."""
        self._bar = tqdm(
            total=notebooks,
            unit="notebook",
            desc="Grading",
            bar_format="{desc} {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} notebooks, "
            "{postfix[0]}{remaining} left{postfix[1]}",
            postfix=["", ", starting with the first students"],  # the rate, and what else to say
            mininterval=0.2,
        )

    def graded(self, found: Sequence[results.Result], notebooks: int) -> None:
        """The Results of one more student are there, who handed in so many notebooks."""
        assert self._bar is not None
        ran = [r for r in found if r.seconds]
        slowest = max([*ran, *filter(None, [self._slowest])], key=_seconds, default=None)
        self._slowest = slowest
        said = f", slowest: {slowest.seconds:.0f} s, {_named(slowest)}" if slowest else ""
        state = self._bar.format_dict
        rate = state["rate"] or (self._bar.n + notebooks) / max(state["elapsed"], 1)
        self._bar.postfix = [f"{60 * rate:.0f} a minute, ", said]
        self._bar.update(notebooks)

    def stop(self) -> None:
        """End, whether all is graded or not."""
        if self._bar is not None:
            self._bar.close()

    def finish(
        self,
        found: Sequence[results.Result],
        points: Mapping[results.Key, float],
        others: Sequence[tuple[str, str]],
        files: Mapping[str, Path],
    ) -> None:
        """Print a line for each notebook, what needs a person, and where things are.

        points: from tables.marks. others: (what, why) pairs of what else needs a person. files:
        paths by what is in them.
        """
        print()
        notebooks = sorted({r.notebook for r in found})
        width = max(map(len, notebooks))
        columns = (results.GRADED, results.REPAIRED, results.MISSING, results.SET_ASIDE)
        header = "  ".join(f"{column:>9}" for column in columns)
        print(f"{'':{width}}  {header}  average")
        for notebook in notebooks:
            mine = [r for r in found if r.notebook == notebook]
            states = Counter(r.state for r in mine)
            graded = [r for r in mine if r.state in (results.GRADED, results.REPAIRED)]
            total = sum(points[r.key] for r in graded)
            average = f"{total / len(graded):.1f} of {mine[0].max_points:g}" if graded else "-"
            counts = "  ".join(f"{states[column] or '-':>9}" for column in columns)
            print(f"{notebook:{width}}  {counts}  {average}")
        look_at = [r for r in found if report.needs_person(r)]
        if look_at or others:
            print("\nThese need a person:")
            for r in sorted(look_at, key=lambda r: (r.student.casefold(), r.notebook)):
                print(f"  {_named(r)}: {report.why(r)}")
            for what, reason in others:
                print(f"  {what} {reason}.")
        print()
        for name, path in files.items():
            print(f"{name + ':':10} {_short(path)}")


class JsonLog:
    """A line of JSON on standard output for each event: "warning", "started", "graded", "finished".

    With --dask "executing" and "executed" come before. Times are in seconds, marks in points.
    """

    def __init__(self) -> None:
        self._done = self._of = 0

    def warn(self, sentence: str) -> None:
        self._say("warning", message=sentence)

    def start_executing(self, notebooks: int) -> None:
        self._done, self._of = 0, notebooks
        self._say("executing", notebooks=notebooks)

    def executed(self, student: str, notebook: str) -> None:
        self._done += 1
        self._say("executed", student=student, notebook=notebook, done=self._done, of=self._of)

    def start(self, students: int, notebooks: int) -> None:
        self._done, self._of = 0, notebooks
        self._say("started", students=students, notebooks=notebooks)

    def graded(self, found: Sequence[results.Result], notebooks: int) -> None:
        self._done += notebooks
        for r in found:
            self._say(
                "graded",
                student=r.student,
                lesson=r.lesson,
                notebook=r.notebook,
                state=r.state,
                points=r.points,
                max_points=r.max_points,
                seconds=round(r.seconds, 3),
                cell_seconds=round(r.cell_seconds, 3),
                done=self._done,
                of=self._of,
            )

    def stop(self) -> None:
        """Nothing to end."""

    def finish(
        self,
        found: Sequence[results.Result],
        points: Mapping[results.Key, float],
        others: Sequence[tuple[str, str]],
        files: Mapping[str, Path],
    ) -> None:
        look_at = {_named(r): report.why(r) for r in found if report.needs_person(r)}
        self._say(
            "finished",
            states=Counter(r.state for r in found),
            need_a_person=[*look_at.items(), *others],
            files={name: str(path) for name, path in files.items()},
        )

    def _say(self, event: str, **what: object) -> None:
        print(json.dumps({"event": event, **what}, ensure_ascii=False), flush=True)


def _seconds(result: results.Result) -> float:
    return result.seconds


def _named(result: results.Result) -> str:
    return f"{result.student}, {result.notebook}"


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
