"""What a grading run says while it works: a bar for people, or lines of JSON for machines."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from helpers.grading.gradebook import history, results
from helpers.grading.intake.submissions import SET_ASIDE, WOULD_BE_GRADED
from helpers.grading.overview import MISSING, UNASSIGNED, Found
from helpers.grading.pages import report
from helpers.grading.printable import printable

JSON = "json"  # the other kind is "bar"
MOST_LISTED = 5  # files of each kind that a run lists before it begins
KINDS = {
    WOULD_BE_GRADED: "Would be graded",
    SET_ASIDE: "Copies and files that are not graded",
    MISSING: "Notebooks that are missing",
    UNASSIGNED: "Files of nobody",
}
MOST_NOTES = 20  # that the summary lists; the report has them all
# What a terminal obeys, or cannot have at all, and json.dumps leaves as it is.
LEFT_BY_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def progress_of_kind(kind: str) -> Bar | JsonLog:
    """A Bar or JsonLog. kind: "bar" or "json"."""
    return JsonLog() if kind == JSON else Bar()


class Bar:
    """A progress bar on standard error, and at the end a summary on standard output."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._slowest: results.Result | None = None

    def warn(self, sentence: str) -> None:
        tqdm.write(printable(f"Warning: {sentence}"), file=sys.stderr)

    def say(self, sentence: str) -> None:
        """Say something that is to be known before anything runs."""
        print(printable(sentence))

    def matched(self, sentence: str, how: Mapping[str, str]) -> None:
        """Say how submissions were matched with the class list. how: by student."""
        print(printable(sentence))
        by_name = [student for student, by in how.items() if "name" in by]
        if by_name and len(by_name) < len(how):  # of which one may be somebody else's
            more = f" and {len(by_name) - MOST_LISTED} more" if by_name[MOST_LISTED:] else ""
            print(printable(f"  By name alone: {', '.join(by_name[:MOST_LISTED])}{more}"))

    def changed(self, changes: Sequence[history.Change]) -> None:
        """Say what is no longer as it was when the tables were last written."""
        if not changes:
            return
        print("\nChanged since the tables were last written (all is in history.csv):")
        for change in changes[:MOST_NOTES]:
            print(printable(
                f"  {change.student}, {change.notebook}: {change.before} -> {change.after}, "
                f"{change.why}"
            ))  # fmt: skip
        if changes[MOST_NOTES:]:
            print(f"  and {len(changes) - MOST_NOTES} more")

    def found(self, lines: Sequence[Found], rule: str) -> None:
        """Say what was found, before anything runs, and by which rule."""
        _print_found(lines, rule, MOST_LISTED)

    def would_grade(
        self, lines: Sequence[Found], rule: str, needing: Sequence[tuple[str, str]]
    ) -> None:
        """Say what a run would grade. needing: (what, why) pairs of what needs a person."""
        _print_found(lines, rule, None)
        if needing:
            print("\nThese would need a person:")
            for what, reason in needing:
                print(printable(f"  {what} {reason}."))
        print("\nNothing was run, and nothing was written.")

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

    def start_writing(self, pages: int) -> None:
        """Begin: so many pages are to be written, and nothing is run."""
        self._bar = tqdm(
            total=pages,
            unit="page",
            desc="Writing",
            bar_format="{desc} {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} pages, "
            "{remaining} left",
            mininterval=0.2,
        )

    def written(self) -> None:
        """One more page is as it is to be."""
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

        points: from csv_tables.marks. others: (what, why) pairs of what else needs a person. files:
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
            for r in sorted(look_at, key=_in_order):
                print(printable(f"  {_named(r)}: {report.why(r)}"))
            for what, reason in others:
                print(printable(f"  {what} {reason}."))
        noted = [r for r in found if r.notes]
        if noted:
            print("\nTo know, with nothing to do:")
            for r in sorted(noted, key=_in_order)[:MOST_NOTES]:
                print(printable(f"  {_named(r)}: {' '.join(r.notes)}"))
            if noted[MOST_NOTES:]:
                print(f"  and {len(noted) - MOST_NOTES} more, in the report")
        print()
        for name, path in files.items():
            print(printable(f"{name + ':':10} {_short(path)}"))


class JsonLog:
    """A line of JSON on standard output for each event: "warning", "started", "graded", "finished".

    "students" and "found" come first, and with --dask "executing" and "executed". Times are in
    seconds, marks in points.
    """

    def __init__(self) -> None:
        self._done = self._of = 0

    def warn(self, sentence: str) -> None:
        self._say("warning", message=sentence)

    def say(self, sentence: str) -> None:
        self._say("note", message=sentence)

    def matched(self, sentence: str, how: Mapping[str, str]) -> None:
        self._say("class list", message=sentence, matched=how)

    def changed(self, changes: Sequence[history.Change]) -> None:
        for change in changes:
            self._say("changed", **asdict(change))

    def found(self, lines: Sequence[Found], rule: str) -> None:
        counts = Counter(line.state for line in lines)
        students = len({line.student for line in lines} - {None})
        self._say("students", students=students, rule=rule, states=counts)
        self.would_grade(lines, rule, ())

    def would_grade(
        self, lines: Sequence[Found], rule: str, needing: Sequence[tuple[str, str]]
    ) -> None:
        for line in lines:
            self._say("found", **asdict(line))

    def start_executing(self, notebooks: int) -> None:
        self._done, self._of = 0, notebooks
        self._say("executing", notebooks=notebooks)

    def executed(self, student: str, notebook: str) -> None:
        self._done += 1
        self._say("executed", student=student, notebook=notebook, done=self._done, of=self._of)

    def start_writing(self, pages: int) -> None:
        self._say("writing", pages=pages)

    def written(self) -> None:
        """Pages are no event each."""

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
            to_know={_named(r): " ".join(r.notes) for r in found if r.notes},
            files={name: str(path) for name, path in files.items()},
        )

    def _say(self, event: str, **what: object) -> None:
        line = json.dumps({"event": event, **what}, ensure_ascii=False)
        print(LEFT_BY_JSON.sub(lambda letter: f"\\u{ord(letter[0]):04x}", line), flush=True)


def _print_found(lines: Sequence[Found], rule: str, most: int | None) -> None:
    """Print how many students there are, by which rule, and what of the files is not graded.

    most: how many of each kind are listed; None for all, with what would be graded.
    """
    students = len({line.student for line in lines} - {None})
    print(printable(f"Found {students} student{'s' * (students != 1)}, {rule}."))
    of = {state: [line for line in lines if line.state == state] for state in KINDS}
    for state, heading in KINDS.items():
        if not of[state] or (most is not None and state in (WOULD_BE_GRADED, MISSING)):
            continue
        print(f"{heading}: {len(of[state])}")
        if state == MISSING:
            _print_missing(of[state])
            continue
        for line in of[state][:most]:
            who = ", ".join(filter(None, (line.student, line.notebook)))
            file = f"“{line.file}”" if line.file else ""
            told = " ".join(filter(None, (file, line.reason)))
            print(printable(f"  {': '.join(filter(None, (who, told)))}"))
        if most is not None and of[state][most:]:
            print(f"  and {len(of[state]) - most} more; --dry-run lists them all")


def _print_missing(lines: Sequence[Found]) -> None:
    """Print what each student lacks: on one line, but for notebooks of which more is known."""
    of: dict[str, list[str]] = {}
    for line in lines:
        of.setdefault(line.student or "", []).extend([line.notebook or ""] * (not line.reason))
        if line.reason:
            print(printable(f"  {line.student}, {line.notebook}: {line.reason}"))
    for student, names in of.items():
        if names:
            print(printable(f"  {student}, {', '.join(names)}"))


def _seconds(result: results.Result) -> float:
    return result.seconds


def _named(result: results.Result) -> str:
    return printable(f"{result.student}, {result.notebook}")


def _in_order(result: results.Result) -> tuple[str, str]:
    return result.student.casefold(), result.notebook


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
