"""The attacks on intake that only a folder can hold, graded by the real command.

Those that a zip holds are in the class of test_attacks.
"""

import csv
import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.grading.gradebook import results
from helpers.grading.machine.scratch import remove
from helpers.grading.running import sandbox
from helpers.grading.settings import Course, course_at
from tests.attacks.__main__ import write_class
from tests.attacks.on_intake import ATTACKS, IN_FOLDERS
from tests.sample_class.work import LESSON, ROOT
from tests.sampling import selected

SECONDS_OF_INTAKE = 60  # of all attacks together, on a machine with other work
LARGEST_INTAKE = 1_000_000_000  # bytes


@dataclass
class Graded:
    """A graded class: its gradebook, and what the command said."""

    course: Course
    said: str
    status: int

    def points(self, student):
        with open(self.course.gradebook / "grades.csv", encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["student"].lstrip("'") == student]
        assert rows, "not in the table of marks"
        return sum(float(row["points"]) for row in rows)


def grade(path, folder):
    problem = sandbox.bubblewrap_problem()
    if problem and os.environ.get("CI") != "true":
        pytest.skip(problem)
    command = [sys.executable, "-m", "helpers.grading", path, "--gradebook", folder / "gradebook"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    course = course_at(ROOT, folder / "gradebook")
    return Graded(course, done.stdout + done.stderr, done.returncode)


@pytest.fixture(scope="module")
def class_zip(tmp_path_factory):
    path = tmp_path_factory.mktemp("zip") / "class.zip"
    write_class(ATTACKS, path)
    return path


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory, request):
    """A folder with the attacks that were selected, by a sample for instance."""
    path = tmp_path_factory.mktemp("folder") / "class"
    for attack in selected(request.session, __file__, "attack") or IN_FOLDERS:
        folder = path / attack.name
        folder.mkdir(parents=True)
        attack.lay(folder)
    yield path
    remove(path)  # some are too deep for pytest


@pytest.fixture(scope="module")
def graded(class_folder, tmp_path_factory):
    before = fingerprint(class_folder.parent)
    as_folder = grade(class_folder, tmp_path_factory.mktemp("folder-graded"))
    assert fingerprint(class_folder.parent) == before, "what was handed in has changed"
    return as_folder


def fingerprint(folder):
    """A hash of each file that is no larger than a notebook, and where links lead."""
    found = {}
    for path in sorted(folder.glob("*/*/*")):
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else ""
        if path.is_file() and not path.is_symlink() and status.st_size < 10**6:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[path] = (status.st_mode, status.st_size, status.st_mtime_ns, content)
    return found


@pytest.mark.sampled(0.13)
@pytest.mark.parametrize("attack", IN_FOLDERS, ids=lambda attack: ascii(attack.name))
def test_attack_on_intake(graded, attack):
    run = graded
    result = results.load(run.course, attack.student, LESSON, attack.notebook)
    assert result is not None, "without a state"
    assert result.state in attack.states, result.remarks
    assert attack.at_least <= run.points(attack.student) <= attack.not_more_than
    assert attack.says in " ".join(result.remarks)
    assert (result.state == results.GRADED) == (not result.remarks)
    page = run.course.feedback / attack.student / LESSON / f"{attack.notebook}.html"
    assert "Content-Security-Policy" in page.read_text(encoding="utf-8")


def test_the_batch_came_to_its_end(graded):
    assert graded.status == 3, graded.said
    assert "Traceback" not in graded.said and "Exception" not in graded.said
    assert not any(letter in graded.said for letter in "\x1b\x07\u202e")


def test_nothing_was_read_through_a_link(graded):
    for path in graded.course.submitted.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or b"root:" not in path.read_bytes()
    assert not Path("/tmp/backprop-canary-pickle").exists()


@pytest.mark.sampled(0.06, of="runs of the grader")
@pytest.mark.parametrize("kind", ["class_zip", "class_folder"])
def test_intake_takes_little_time_and_memory(kind, request):
    """In a process of its own, whose memory is known."""
    path = request.getfixturevalue(kind)
    command = [sys.executable, "-c", TAKE_IN, path, ROOT, LESSON]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, kilobytes = map(float, done.stdout.split())
    assert seconds < SECONDS_OF_INTAKE
    assert kilobytes * 1024 < LARGEST_INTAKE


TAKE_IN = """
import sys, time
from pathlib import Path
from helpers.grading.intake.submissions import collect
from helpers.grading.repair.released import released_notebooks
from helpers.grading.machine.scratch import remove
from helpers.grading.settings import course_at
released = released_notebooks(course_at(sys.argv[2]), sys.argv[3])
start = time.monotonic()
collect(sys.argv[1], released)
# Not getrusage, which knows of the memory of the process that started this one.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").open(encoding="utf-8"))
print(time.monotonic() - start, status["VmHWM"].split()[0])
"""
