"""How fast a class is graded, beside stock `nbgrader autograde` on the same submissions.

    python -m tests.benchmarks.grading                          # both notebooks, 40 submissions
    python -m tests.benchmarks.grading --size 200 --stock 40    # nbgrader: the first 40 of them
    python -m tests.benchmarks.grading --throughput 40 200 2000 # does speed depend on the size?

Stock nbgrader executes with a new kernel for each notebook, one after another, in no sandbox; this
course's grader runs sealed off, judges, and writes feedback pages, tables and report besides.
Targets on two cores: 10 times stock for Problem 3 (NumPy), 15 times for Problem 4 (Keras); at most
1.6 times the time of the students' own cells divided by the number of workers.
"""

import argparse
import csv
import itertools
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from helpers.marking.questions import questions_of
from helpers.personal import NO_SECRET, SECRET_VARIABLE
from tests.sample_class.generated import SLIPS
from tests.sample_class.work import LESSON, ROOT, Notebook

NOTEBOOKS = ("problem_3_numpy", "problem_4_keras")
MEGABYTE = 1_000_000
POLL_INTERVAL = 1  # seconds
LOOKS_TO_ALL = 10  # at all processes only each tenth time: it holds them up
STOCK_CONFIG = "c = get_config()\nc.CourseDirectory.root = {root!r}\n"
HEADER = (
    *(
        "notebook",
        "submissions",
        "stock, a minute",
        "this, a minute",
        "ratio",
        "this after the start, a minute",
    ),
    *("cell seconds of a submission", "time ÷ (cells ÷ workers)"),
    *("stock MB", "MB", "MB of the main process"),
)
OF_SIZES = (
    *("notebook", "submissions", "seconds", "a minute", "after the start, a minute"),
    *("cell seconds of a submission", "time ÷ (cells ÷ workers)"),
    *("MB", "MB of the main process", "processor seconds of the main process"),
)


def works(notebook):
    """Different notebooks as students hand them in, without end: a third of them all right."""
    own = [slip for slip in SLIPS if slip.notebook == notebook]
    questions = list(questions_of(notebook))
    k = 0
    while True:
        if k % 3 == 0:
            work = Notebook(notebook)
        elif own:
            work = own[k % len(own)].work()
        else:  # no slips are known: one question is left unanswered
            question = questions[k % len(questions)]
            untouched = Notebook(notebook, solved=False)
            source = untouched.content.cells[untouched.position(question)].source
            work = Notebook(notebook).answer(question, source)
        yield work
        k += 1


def write_class(folder, notebook, size):
    """Write a class of `size` submissions, <student>/<notebook>.ipynb."""
    for k, work in zip(range(size), works(notebook)):
        student = folder / f"student{k + 1:05}"
        student.mkdir(parents=True)
        (student / f"{notebook}.ipynb").write_bytes(bytes(work))
    return folder


@dataclass
class Measured:
    """seconds: of wall time. largest: bytes of all processes together, main: of the first.

    main_seconds: of processor time, of the first.
    """

    seconds: float
    largest: int = 0
    main: int = 0
    main_seconds: float = 0.0


def measured(command, **options):
    """Run a command and measure it and all of its processes; returns Measured."""
    found = Measured(0.0)
    start = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    watcher = threading.Thread(target=_watch, args=(process, found))
    watcher.start()
    _, said = process.communicate()
    found.seconds = time.perf_counter() - start
    watcher.join()
    if process.returncode not in (0, 3):
        sys.exit(f"{command} ended with {process.returncode}: {said[-2000:]}")
    return found


def _watch(process, found):
    main = psutil.Process(process.pid)
    for look in itertools.count(1):
        if process.poll() is not None:
            return
        with suppress(psutil.Error):
            found.main = max(found.main, main.memory_info().rss)
            found.main_seconds = sum(main.cpu_times()[:2])
            if look % LOOKS_TO_ALL == 0:
                shares = [_share(one) for one in (main, *main.children(recursive=True))]
                found.largest = max(found.largest, sum(shares))
        time.sleep(POLL_INTERVAL)


def _share(process):
    """Bytes of a process, with what it shares divided among those that share it."""
    with suppress(psutil.Error):
        return process.memory_full_info().pss
    return 0


def grade(archive, gradebook, workers):
    """Grade a class by the real command; returns Measured."""
    return measured(
        [
            *(sys.executable, "-m", "helpers.grading", archive),
            *("--gradebook", gradebook, "--workers", workers),
        ],
        cwd=ROOT,
        env={**os.environ, SECRET_VARIABLE: NO_SECRET},
    )


def cell_seconds(gradebook):
    """Seconds that the students' own cells took, all together."""
    with open(gradebook / "times.csv", encoding="utf-8-sig", newline="") as file:
        return sum(float(row["cell_seconds"]) for row in csv.DictReader(file))


def after_the_start(gradebook, notebook):
    """Submissions a minute between the first that was finished and the last; nan of only one."""
    finished = [path.stat().st_mtime for path in gradebook.rglob(f"autograded/**/{notebook}.ipynb")]
    seconds = max(finished) - min(finished)
    return 60 * (len(finished) - 1) / seconds if seconds else math.nan


def stock(archive, folder, notebook, size):
    """Grade the first `size` of the same class by nbgrader as it comes; returns Measured."""
    for part in ("source", "submitted"):
        (folder / part).mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG.format(root=str(folder)))
    source = folder / "source" / LESSON
    source.mkdir()
    shutil.copy(ROOT / "solutions" / LESSON / f"{notebook}.ipynb", source)
    for student in sorted(archive.iterdir())[:size]:
        shutil.copytree(student, folder / "submitted" / student.name / LESSON)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), SECRET_VARIABLE: NO_SECRET}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    nbgrader = [sys.executable, "-m", "nbgrader"]
    options = {"cwd": folder, "env": environment}
    made = [*nbgrader, "generate_assignment", LESSON, "--create", "--force"]
    subprocess.run(made, check=True, capture_output=True, **options)
    return measured([*nbgrader, "autograde", LESSON, "--create"], **options)


def compare(notebook, size, stock_size, workers, folder):
    """A row of the table: this grader and stock nbgrader on the same submissions.

    stock_size: how many of them nbgrader grades, whose speed does not depend on the number.
    """
    archive, gradebook = write_class(folder / "class", notebook, size), folder / "gradebook"
    ours = grade(archive, gradebook, workers)
    cells = cell_seconds(gradebook)
    theirs = stock(archive, folder / "stock", notebook, stock_size)
    a_minute, by_stock = 60 * size / ours.seconds, 60 * stock_size / theirs.seconds
    return (
        *(notebook, size, f"{by_stock:.1f}", f"{a_minute:.1f}", f"{a_minute / by_stock:.1f}"),
        f"{after_the_start(gradebook, notebook):.1f}",
        *(f"{cells / size:.2f}", f"{ours.seconds / (cells / workers):.2f}"),
        *(f"{size / MEGABYTE:.0f}" for size in (theirs.largest, ours.largest, ours.main)),
    )


def throughput(notebook, size, workers, folder):
    """A row of the table: a class of one size."""
    archive, gradebook = write_class(folder / "class", notebook, size), folder / "gradebook"
    ours = grade(archive, gradebook, workers)
    cells = cell_seconds(gradebook)
    return (
        *(notebook, size, f"{ours.seconds:.0f}", f"{60 * size / ours.seconds:.1f}"),
        f"{after_the_start(gradebook, notebook):.1f}",
        *(f"{cells / size:.2f}", f"{ours.seconds / (cells / workers):.2f}"),
        *(f"{size / MEGABYTE:.0f}" for size in (ours.largest, ours.main)),
        f"{ours.main_seconds:.1f}",
    )


def print_row(cells):
    print("|", *(f"{cell} |" for cell in cells), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.grading")
    parser.add_argument("--notebooks", nargs="+", default=NOTEBOOKS)
    parser.add_argument("--size", type=int, default=40, help="submissions (40)")
    parser.add_argument("--stock", type=int, help="how many of them nbgrader grades (all)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="(one for each core)")
    parser.add_argument("--throughput", type=int, nargs="+", metavar="SIZE")
    options = parser.parse_args()
    cores, memory = os.cpu_count(), psutil.virtual_memory().total / 1e9
    print(f"{cores} cores, {memory:.0f} GB, {platform.system()} {platform.release()}, ", end="")
    print(f"Python {platform.python_version()}, {options.workers} workers, ", end="")
    print(f"load before {os.getloadavg()[0]:.1f}\n", flush=True)
    header = OF_SIZES if options.throughput else HEADER
    print_row(header)
    print_row(["---", *["--:"] * (len(header) - 1)])
    for notebook in options.notebooks:
        for size in options.throughput or [options.size]:
            with tempfile.TemporaryDirectory() as folder:
                folder = Path(folder)
                if options.throughput:
                    row = throughput(notebook, size, options.workers, folder)
                else:
                    part = min(options.stock or size, size)
                    row = compare(notebook, size, part, options.workers, folder)
                print_row(row)


if __name__ == "__main__":
    main()
