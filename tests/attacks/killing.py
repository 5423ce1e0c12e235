"""Kill the grader at random moments, again and again: the marks must be those of a quiet run.

`python -m tests.attacks.killing` does it 50 times and prints what came of each.
"""

import csv
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers.grading.gradebook import results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.settings import course_at
from helpers.personal import NO_SECRET, SECRET_VARIABLE
from tests.sample_class import STUDENTS, write_zip
from tests.sample_class.work import LESSON, ROOT

SEED = 5
# How many kills at each stage of a run; half of each in either class.
STARTING, FIRST_WRITES, GRADING, ENDING = STAGES = (
    "starting", "first writes", "grading", "ending",
)  # fmt: skip
KILLS = {STARTING: 10, FIRST_WRITES: 18, GRADING: 14, ENDING: 8}
FEW = 5  # kills, for which one class of few students is enough
NOTEBOOK = "problem_2_pen_and_paper"
CHECK = "p2-sigmoid-forward"
OF_A_STUDENT = """
    FROM {0} JOIN submitted_notebook ON {0}.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN base_cell ON {0}.cell_id = base_cell.id
"""
SQL = {
    "grades": "SELECT student_id, base_cell.name, auto_score, manual_score, extra_credit, "
    "needs_manual_grade" + OF_A_STUDENT.format("grade"),
    "comments": "SELECT student_id, base_cell.name, auto_comment IS NULL, manual_comment"
    + OF_A_STUDENT.format("comment"),
    "cells": "SELECT name, type, max_score FROM base_cell LEFT JOIN grade_cells USING (id)",
    "version": "SELECT version_num FROM alembic_version",
    "integrity": "PRAGMA integrity_check",
}


@dataclass(frozen=True)
class Moment:
    """When and what to kill: a part, 0 to 1, of the time that a stage takes."""

    stage: str
    part: float
    whole_group: bool


@dataclass(frozen=True)
class Kill:
    """One kill -9: of which scene's run, at which Moment, after how many seconds, in which stage.

    before, finished: how many students' work was finished before the run and when it was killed.
    """

    scene: str
    moment: Moment
    seconds: float
    stage: str
    before: int
    finished: int
    of: int

    def __str__(self):
        target = "process group" if self.moment.whole_group else "main process"
        return (
            f"{self.scene:>9}  {target:13} {self.seconds:5.1f} s  {self.stage:13} "
            f"{self.before} before, {self.finished} then, of {self.of}"
        )


@dataclass
class Scene:
    """A class that is graded, and killed meanwhile.

    folder: for everything. archive: what is handed in. workers: how many processes grade it.
    before: the gradebook that is there already, or None. wanted: what a run that nobody kills
    leaves behind. classes: how many were finished.
    """

    name: str
    folder: Path
    archive: Path
    workers: int = 2
    before: Path | None = None
    wanted: dict = field(default_factory=dict)
    fingerprints: dict = field(default_factory=dict)
    seconds: dict = field(default_factory=dict)
    kills: list = field(default_factory=list)
    differences: list = field(default_factory=list)
    classes: int = 0

    def __post_init__(self):
        notebooks = self.folder / "notebooks" / LESSON
        notebooks.mkdir(parents=True)
        shutil.copy(ROOT / "notebooks" / LESSON / f"{NOTEBOOK}.ipynb", notebooks)
        # Short, because sockets lie in it; the processes of a run are known by it.
        self.scratch = Path(tempfile.mkdtemp(prefix="kill-"))

    @property
    def gradebook(self):
        return self.folder / "gradebook"

    def begin(self):
        """Put the gradebook back to what it was before."""
        shutil.rmtree(self.gradebook, ignore_errors=True)
        if self.before:
            shutil.copytree(self.before, self.gradebook)

    def start(self):
        """Start the command as a process group of its own."""
        with open(self.folder / "output.txt", "wb") as output:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "helpers.grading", self.archive),
                    *("--workers", str(self.workers)),
                ],
                cwd=self.folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "TMPDIR": str(self.scratch),
                    SECRET_VARIABLE: NO_SECRET,
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stages(self, process):
        """Yield the stage that a run is in, again and again until it has ended."""
        remembered = self.gradebook / "identifiers.json"  # written anew just before the grading
        before = _changed(remembered)
        while process.poll() is None:
            if not any(self.scratch.glob("grade-run-*/lock")):
                yield STARTING
            elif _changed(remembered) == before:
                yield FIRST_WRITES
            else:
                finished, of = self.finished()
                yield GRADING if finished < of else ENDING
            time.sleep(0.05)

    def finished(self):
        """How many students' work is finished, and of how many."""
        found = self.found_fingerprints()
        return len(found.items() & self.fingerprints.items()), len(self.fingerprints)

    def found_fingerprints(self):
        """By student, of the results that there are."""
        found = results.load_all(course_at(gradebook=self.gradebook))
        return {result.student: result.fingerprint for result in found}

    def grade_in_peace(self, times=2):
        """Grade the class, which nobody kills, and note what comes of it: the same each time."""
        for number in range(times):
            self.begin()
            process, last = self.start(), time.monotonic()
            self.seconds = dict.fromkeys(STAGES, 0.0)
            for stage in self.stages(process):
                now = time.monotonic()
                self.seconds[stage] += now - last
                last = now
            before, self.wanted = self.wanted, self.left_behind(process.returncode)
            self.fingerprints = self.found_fingerprints()
            assert number == 0 or before == self.wanted, "two quiet runs differ"

    def kill_often(self, moments):
        """Grade the class anew and anew, killed at each of `moments`, and note what comes of it."""
        moments = list(moments)
        while moments:
            self.begin()
            code = stage = None
            # Once all are finished, the next run comes to its end.
            while code is None and stage != ENDING and moments:
                code = self.run_and_kill(moments[0])
                if code is None:
                    del moments[0]
                    stage = self.kills[-1].stage
                else:  # it came to its end first: the machine has become faster
                    self.seconds = {stage: 0.7 * was for stage, was in self.seconds.items()}
            found = self.left_behind(self.start().wait() if code is None else code)
            self.classes += 1
            self.differences += [
                f"{self.name}, class {self.classes}, {what}: {found[what]} instead of {wanted}"
                for what, wanted in self.wanted.items()
                if found[what] != wanted
            ]

    def run_and_kill(self, moment):
        """Run the command and kill it at a Moment. Returns its exit code, None if it was killed."""
        before, of = self.finished()
        process, start = self.start(), time.monotonic()
        stages = self.stages(process)
        for stage in stages:
            if STAGES.index(stage) >= STAGES.index(moment.stage):
                break
        left = 1 - before / of if stage == GRADING else 1
        try:
            return process.wait(moment.part * self.seconds[stage] * left)
        except subprocess.TimeoutExpired:
            stage = next(stages, stage)
            if process.poll() is not None:  # it came to its end in this very moment
                return process.returncode
            (os.killpg if moment.whole_group else os.kill)(process.pid, signal.SIGKILL)
            process.wait()
        seconds, (finished, _) = time.monotonic() - start, self.finished()
        self.kills.append(Kill(self.name, moment, seconds, stage, before, finished, of))
        print(time.strftime("%T"), self.kills[-1], flush=True)
        return None

    def left_behind(self, code):
        """Everything that must not depend on kills, by what it is. code: the run's exit code."""
        return in_gradebook(self.gradebook) | {
            "exit code": code,
            "processes": self.processes(),
            "temporary files": sorted(self.scratch.iterdir()),
        }

    def processes(self, patience=10):
        """The command lines of the run's processes that are still there after some seconds."""
        end = time.monotonic() + patience
        while True:
            found = []
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    words = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
                except OSError:  # it has just ended
                    continue
                if any(os.fsencode(self.scratch) in text for text in words):
                    found.append(words[0].replace(b"\0", b" ").decode(errors="replace"))
            if not found or time.monotonic() > end:
                return found
            time.sleep(0.2)


def _changed(path):
    """When a file was changed; None if it is not there."""
    return path.stat().st_mtime_ns if path.exists() else None


def in_gradebook(folder):
    """What is in a gradebook, by what it is."""
    with closing(sqlite3.connect(folder / "gradebook.db")) as database:
        found = {name: sorted(map(str, database.execute(sql))) for name, sql in SQL.items()}
    files = {p.relative_to(folder): p for p in sorted(folder.rglob("*")) if p.is_file()}
    return found | {
        "marks": rows(folder / "grades.csv"),
        "verdicts": rows(folder / "checks.csv"),
        "files": list(map(str, files)),
        "submissions": [
            path.read_bytes()
            for name, path in files.items()
            if name.parts[0] in ("submitted", "earlier")
        ],
    }


def rows(path):
    """The rows of a table without the hints, which may quote values that are drawn for a run."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [{k: v for k, v in row.items() if k != "hint"} for row in csv.DictReader(file)]


def scenes(folder, few=False):
    """Two Scenes: a class that is graded from nothing, and one that comes back after marking.

    In the second a person has given marks and comments, two students hand in again, one is new,
    and one is not in the new archive; if `few`, one of each.
    """
    work = {student.shows: student for student in STUDENTS}
    again, gone = work["factor_two"], work["bias_gradient_forgotten"]
    first = [again, gone]
    second = [replace(again, make=work["slope_formula_at_z"].make), work["too_few_digits"]]
    if not few:
        first += [work["transposed"], work["nothing done"]]
        second += [
            work["transposed"],
            replace(work["nothing done"], make=work["updated_output_weights"].make),
        ]
    # A second worker costs a third of a run's time; one class of the two has it.
    from_nothing = Scene("new", folder / "new", write_zip(first, folder / "first.zip"), workers=1)
    workers = 1 if few else 2
    coming_back = Scene("regraded", folder / "regraded", folder / "first.zip", workers)
    assert coming_back.start().wait() == 0
    for student in first:
        give_by_hand(coming_back.gradebook, student.id)
    coming_back.before = coming_back.gradebook.rename(folder / "before")
    coming_back.archive = write_zip(second, folder / "second.zip")
    return from_nothing, coming_back


def give_by_hand(gradebook, student):
    """Give marks and a comment as formgrader does."""
    with open_gradebook(course_at(gradebook=gradebook)) as database:
        grade = database.find_grade(CHECK, NOTEBOOK, LESSON, student)
        grade.manual_score, grade.extra_credit = 1.5, 0.25
        comment = database.find_comment(f"{CHECK}-answer", NOTEBOOK, LESSON, student)
        comment.manual_comment = f"Come and see me, {student}."
        database.db.commit()


def moments():
    """All Moments, spread over each stage, stage by stage; the same each time."""
    choice = random.Random(SEED)
    return [
        Moment(stage, (i + choice.random()) / count, whole_group=i % 4 > 1)
        for stage, count in KILLS.items()
        for i in range(count)
    ]


def kill_classes(folder, moments, quiet_runs=2):
    """Kill at each of the `moments`, in two Scenes at once; returns them.

    quiet_runs: how often each class is graded before that, and nobody kills. A few moments are for
    the second Scene alone, in which more can be lost.
    """
    few = len(moments) <= FEW
    found = scenes(folder, few)[1 if few else 0 :]
    moments = random.Random(SEED).sample(moments, len(moments))
    shares = [moments[i :: len(found)] for i in range(len(found))]
    with ThreadPoolExecutor() as pool:
        list(pool.map(Scene.grade_in_peace, found, [quiet_runs] * len(found)))
        list(pool.map(Scene.kill_often, found, shares))
    for scene in found:
        shutil.rmtree(scene.scratch)
    return found


def table(found):
    """What came of each kill, in words."""
    lines = [f"{'class':>9}  {'killed':13} {'after':>7}  {'while':13} students finished"]
    lines += [str(kill) for scene in found for kill in scene.kills]
    for scene in found:
        same = "NOT the same as" if scene.differences else "all the same as"
        lines.append(
            f"{scene.name}: {len(scene.kills)} kills, {scene.classes} classes finished, {same} "
            "when nobody kills"
        )
    return "\n".join([*lines, *(line for scene in found for line in scene.differences)])


def main():
    """Returns the exit code."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = kill_classes(Path(folder), moments())
    print(table(found))
    print(f"{time.monotonic() - start:.0f} seconds")
    return int(any(scene.differences for scene in found))


if __name__ == "__main__":
    sys.exit(main())
