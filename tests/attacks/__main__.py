"""Grade a class of attackers by the real command, and print what came of it.

`python -m tests.attacks` runs every attack; with words after it, those with such a word in their
name. `--keep FOLDER` leaves the course with its gradebook there; `--kernels cold` forks no kernel,
`--workers 1` grades one after another: marks have to be the same.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from zipfile import ZIP_DEFLATED, ZipFile

import nbformat
import psutil

from helpers.grading.gradebook import results
from helpers.grading.printable import printable
from helpers.grading.running.run import NOTEBOOK_TIMEOUT
from helpers.grading.settings import Course, course_at
from helpers.marking.questions import questions_of
from helpers.personal import NO_SECRET, SECRET_VARIABLE
from tests.attacks import on_intake, on_marks, on_the_machine
from tests.attacks.attack import CANARY, P2, P3, SOCKET, TCP_PORT, UDP_PORT, handed_in
from tests.sample_class.work import LESSON, ROOT, Notebook

ATTACKS = (*on_marks.ATTACKS, *on_the_machine.ATTACKS, *on_intake.ATTACKS)
SECONDS_PER_CELL = 10  # what kernels import is at hand, so no honest cell needs so many
POLL_INTERVAL = 0.2  # seconds


# The honest students


@dataclass(frozen=True)
class Honest:
    """An honest student: the notebooks, and the points that each must get whatever others do."""

    name: str
    works: tuple
    points: dict

    def files(self):
        """Bytes by file name."""
        return {name: data for work in self.works for name, data in handed_in(work).items()}


def honest_students(secret=""):
    """One with everything right and one with half of it, with `secret` among their own words."""
    return (_honest("Honest with everything", 1, secret), _honest("Honest with half", 2, secret))


def _honest(name, divisor, secret):
    works, points = [], {}
    for notebook in (P2, P3):
        questions = list(questions_of(notebook).values())
        answered = questions[: len(questions) // divisor]
        solved, work = Notebook(notebook), Notebook(notebook, solved=False)
        for question in answered:
            source = solved.content.cells[solved.position(question.id)].source
            work.answer(question.id, f"# {secret}\n{source}")
        works.append(work)
        points[notebook] = sum(part.points for q in answered for part in q.parts)
    return Honest(name, tuple(works), points)


# What nobody may find, read, change or reach


@dataclass
class Canaries:
    """Files that no submission may read or change, and ports that none may reach.

    secret: what stands in the files, known to nobody. reached: how each visitor came. places: what
    attacks are to say in place of TCP_PORT, UDP_PORT and SOCKET.
    """

    secret: str
    files: tuple
    reached: list
    places: dict

    def changed(self):
        """Those of the files that are not as they were."""
        return [
            path for path in self.files if not path.is_file() or self.secret not in path.read_text()
        ]


@contextmanager
def canaries(course):
    """Canaries in the folder of the `course`, in /tmp and in HOME, and on the network."""
    secret = secrets.token_hex(16)
    folders = (course / "solutions", course / "gradebook", Path("/tmp"), Path.home())
    files = tuple(folder / f"{CANARY}-{secret[:8]}.ipynb" for folder in folders)
    reached = []
    abstract = f"{CANARY}-{secret[:8]}"
    sockets = _listening(reached, abstract)
    tcp, udp = (listening.getsockname()[1] for listening in sockets[:2])
    places = {TCP_PORT: str(tcp), UDP_PORT: str(udp), SOCKET: abstract}
    try:
        for path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{CANARY} {secret} BEGIN SOLUTION")
        yield Canaries(secret, files, reached, places)
    finally:
        for path in files:
            path.unlink(missing_ok=True)
        for listening in sockets:
            listening.close()


def _listening(reached, name):
    """Sockets by which the machine can be reached from inside; visitors are noted in `reached`.

    TCP and UDP, on ports that are free, and an abstract one called `name`.
    """
    tcp = socket.create_server(("", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", 0))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{name}")
    abstract.listen()

    def note(how, receive):
        with suppress(OSError):
            while True:
                receive()
                reached.append(how)

    for how, receive in (
        ("TCP", tcp.accept),
        ("UDP", lambda: udp.recv(1)),
        ("abstract socket", abstract.accept),
    ):
        threading.Thread(target=note, args=(how, receive), daemon=True).start()
    return tcp, udp, abstract


def fingerprint(folder):
    """A hash of every file in a course's folder, gradebook and caches apart: a dict by path."""
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"gradebook", "__pycache__"} & {*path.relative_to(folder).parts}
    }


# The run


@dataclass
class Run:
    """A graded class: what the command said and left, and what it was seen to do meanwhile.

    left: processes and files that are still there. largest: bytes of memory that the grader's own
    processes, without the sealed ones, had at most.
    """

    course: Course
    attacks: tuple
    honest: tuple
    status: int
    said: str
    seconds: float
    secret: str
    reached: list
    changed: list
    left: list
    largest: int

    def result(self, attack):
        """The Result of an Attack's notebook, or None."""
        return results.load(self.course, attack.student, LESSON, attack.notebook)

    def marks(self, student):
        """The rows of a student in the table of marks, by notebook."""
        with open(self.course.gradebook / "grades.csv", encoding="utf-8-sig", newline="") as file:
            return {
                row["notebook"]: row for row in csv.DictReader(file) if row["student"] == student
            }

    def honest_points(self, honest):
        """The points of an Honest student, by notebook that was handed in."""
        marks = self.marks(honest.name)
        return {name: float(marks[name]["points"]) for name in honest.points}

    def points(self, attack):
        """The points that an Attack has in all."""
        return sum(float(row["points"]) for row in self.marks(attack.student).values())

    def gained(self, attack):
        """The points that an Attack has beyond what its honest work is worth."""
        return self.points(attack) - attack.at_least

    def harm(self, attack):
        """What the code of an Attack itself reported to have done."""
        path = self.course.autograded / attack.student / LESSON / f"{attack.notebook}.ipynb"
        if not path.is_file():
            return []
        cells = nbformat.read(path, as_version=4).cells
        outputs = json.dumps([cell.get("outputs") for cell in cells])
        return re.findall(rf"{on_the_machine.HARM}: [^\\]*", outputs)

    def read(self):
        """The files in which something of an attacker has what nobody may find."""
        students = {attack.student for attack in self.attacks}
        found = []
        for path in self.course.gradebook.rglob("*"):
            inside = path.relative_to(self.course.gradebook).parts
            of_attackers = students & {*inside} or inside[0] in ("checks.csv", "report.html")
            if of_attackers and path.is_file() and self.secret.encode() in path.read_bytes():
                found.append(path)
        return found

    def words(self, attack):
        """All that the student of an Attack is told: remarks and hints."""
        result = self.result(attack)
        if result is None:
            return []
        hints = [v.hint for parts in result.verdicts.values() for v in parts if v.hint]
        return [*result.remarks, *dict.fromkeys(hints)]


def run(attacks, folder, kernels="warm", workers=2):
    """Grade the `attacks` and the honest students in a course made in `folder`. Returns a Run.

    kernels: "warm" or "cold". workers: how many notebooks at once.
    """
    root = folder / "course"
    _copy_of_the_course(root)
    scratch = Path(tempfile.mkdtemp(prefix="attacks-"))  # short, as sockets' names have to be
    try:
        with canaries(root) as watched:
            before = fingerprint(root)
            honest = honest_students(watched.secret)
            write_class((*honest, *attacks), folder / "class.zip", watched.places)
            command = [
                *(sys.executable, "-m", "helpers.grading", folder / "class.zip"),
                *("--sandbox", "bubblewrap", "--cell-timeout", str(SECONDS_PER_CELL)),
                *("--workers", str(workers), "--kernels", kernels),
            ]
            environment = {
                **os.environ,
                "PYTHONPATH": str(root),
                "TMPDIR": str(scratch),
                "BACKPROP_CANARY": watched.secret,
                SECRET_VARIABLE: NO_SECRET,
            }
            start = time.monotonic()
            status, said, largest = _watched(command, root, environment, folder / "said.txt")
            seconds = time.monotonic() - start
            left = [*_processes_of(root), *scratch.iterdir()]
            changed = [*watched.changed(), *_differences(before, fingerprint(root))]
        return Run(
            course=course_at(root, root / "gradebook"),
            attacks=tuple(attacks), honest=honest, status=status, said=said, seconds=seconds,
            secret=watched.secret, reached=watched.reached, changed=changed, left=left,
            largest=largest,
        )  # fmt: skip
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _copy_of_the_course(root):
    for name in ("helpers", "notebooks", "solutions"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", root)


def write_class(students, path, places=MappingProxyType({})):
    """Write what `students` hand in, a folder for each, as a zip; see Canaries for `places`."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for student in students:
            for name, data in student.files().items():
                for word, place in places.items():
                    data = data.replace(word.encode(), place.encode())
                inside = f"{student.name}/{name}" if isinstance(name, str) else name
                archive.writestr(inside, data)


def _watched(command, root, environment, output):
    """Run `command`: its exit status, what it said, and the most memory that it had."""
    largest = 0
    with open(output, "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            largest = max(largest, *map(_memory, _unsealed(psutil.Process(process.pid))))
            time.sleep(POLL_INTERVAL)
    return process.returncode, output.read_text(encoding="utf-8", errors="replace"), largest


def _unsealed(process):
    """A process and those that it started, without the sandboxes."""
    found = [process]
    with suppress(psutil.Error):
        for child in process.children():
            if child.name() != "bwrap":
                found += _unsealed(child)
    return found


def _memory(process):
    with suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _processes_of(root):
    """The processes that belong to the course at `root`, by its path in words or environment.

    Those that end within seconds, as the server of the workers does after its run, do not count.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            if process.pid != os.getpid() and any(str(root) in word for word in words):
                found.append(process)
    return psutil.wait_procs(found, timeout=5)[1]


def _differences(before, after):
    return sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))


# The table


def table(run):
    """What came of each attack, a line for each, as text."""
    lines = [("attack", "tried", "what happened", "seconds", "told why", "points gained")]
    for attack in run.attacks:
        result, words = run.result(attack), run.words(attack)
        said = next((text for text in words if attack.says and attack.says in text), None)
        happened = "; ".join([result.state if result else "without a state", *run.harm(attack)])
        if words:
            happened += f": {said or words[0]}"
        gained = run.gained(attack)
        seconds = f"{result.seconds:.0f}" if result else ""
        told = "yes" if words else "nothing lost" if gained >= 0 < run.points(attack) else "no"
        what = attack.name, attack.tries, _short(happened, 100)
        lines.append((*map(printable, what), seconds, told, f"{gained:g}"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [
        " | ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join(
        [shown[0], "-+-".join("-" * width for width in widths), *shown[1:], _ends(run)]
    )


def _ends(run):
    gained = sum(map(run.gained, run.attacks))
    ended = sum(bool(r) and r.seconds <= NOTEBOOK_TIMEOUT for r in map(run.result, run.attacks))
    harmed = sum(run.honest_points(honest) != honest.points for honest in run.honest)
    return (
        f"{len(run.attacks)} attacks in {run.seconds:.0f} s, {ended} of them within the "
        f"{NOTEBOOK_TIMEOUT} s of a notebook; exit code {run.status}: {gained:g} points gained, "
        f"{harmed} others' marks changed, {len(run.read())} files read and {len(run.changed)} "
        f"written outside, {len(run.left)} processes or files left, {len(run.reached)} times out "
        f"to the network; the grader had at most {run.largest / 1e6:.0f} MB of memory"
    )


def _short(text, length):
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 1]}…"


def main():
    """Returns the exit code of the grader."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("words", nargs="*", help="words in the names of the attacks to run (all)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the course is left")
    parser.add_argument("--kernels", choices=("warm", "cold"), default="warm")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chosen = [
        attack
        for attack in ATTACKS
        if not options.words or any(word in attack.name for word in options.words)
    ]
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        done = run(chosen, options.keep or Path(folder), options.kernels, options.workers)
        print(table(done))
        for honest in done.honest:
            print(f"{honest.name}: {done.honest_points(honest)}, expected {honest.points}")
        for what in ("reached", "changed", "left"):
            for item in getattr(done, what):
                print(f"{what}: {item}")
    return done.status


if __name__ == "__main__":
    sys.exit(main())
