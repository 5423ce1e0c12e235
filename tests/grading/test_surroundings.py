"""Whole runs where the surroundings are not the usual: marks are the same, or it is said in words.

How Python was started, the locale, spaces in paths, full disks, and several runs at once.
"""

import csv
import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy

from helpers.grading.errors import NO_ROOM, NothingGraded, in_short, is_for_lack_of_room
from helpers.grading.machine import apart, files
from helpers.grading.running import sandbox
from helpers.marking.questions import questions_of
from tests.sample_class.work import LESSON, ROOT, Notebook
from tests.sampling import a_run_of_the_grader

P2 = "problem_2_pen_and_paper"
AT_ONCE = 3  # runs
DISK = 5_000_000  # bytes of a disk on which there is room enough
AN_ORDINARY_USER = "1001"
# The right answers are not the course's own file, which would be nobody's work.
RIGHT = bytes(Notebook(P2).edit("p2.sigmoid.forward", ("z_h =", "# By hand.\nz_h =")))
UNANSWERED = bytes(Notebook(P2, solved=False))


@pytest.fixture
def course(tmp_path):
    """The folder of a course of one notebook, with a class of two."""
    if sandbox.bubblewrap_problem():
        pytest.skip(sandbox.bubblewrap_problem())
    (tmp_path / "notebooks" / LESSON).mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / LESSON / f"{P2}.ipynb", tmp_path / "notebooks" / LESSON)
    for student, data in (("ann", RIGHT), ("bob", UNANSWERED)):
        path = tmp_path / "class" / student / f"{P2}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return tmp_path


@pytest.fixture
def with_spaces():
    """An empty folder with spaces in its name, which is short, as sockets' names have to be."""
    folder = Path(tempfile.mkdtemp(prefix="with spaces "))
    yield folder
    shutil.rmtree(folder)


def started(course, gradebook="gradebook", **environment):
    """A run of the grader with one worker, begun in the course's folder."""
    command = [sys.executable, "-m", "helpers.grading", "class", "--gradebook", gradebook]
    return subprocess.Popen(
        [*command, "--workers", "1"],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def ended(run):
    """The exit code of a run, and all that it said."""
    said = "".join(run.communicate())
    assert "Traceback" not in said
    return run.returncode, said


def marks(course, gradebook="gradebook"):
    """{student: (points, state)} of grades.csv."""
    path = course / gradebook / "grades.csv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {
            row["student"]: (float(row["points"]), row["state"]) for row in csv.DictReader(file)
        }


def full_marks():
    points = sum(part.points for question in questions_of(P2).values() for part in question.parts)
    return {"ann": (points, "graded"), "bob": (0, "graded")}


@a_run_of_the_grader
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONOPTIMIZE": "2"},  # no assertions, no docstrings
        {"LANG": "C", "LC_ALL": "C"},
        {"TMPDIR": "with spaces"},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_marks_are_the_same_in_other_surroundings(course, with_spaces, environment):
    if "TMPDIR" in environment:
        environment = {"TMPDIR": str(with_spaces)}
    code, said = ended(started(course, **environment))
    assert code == 0, said
    assert marks(course) == full_marks()
    assert (course / "gradebook" / "feedback" / "ann" / LESSON / f"{P2}.html").is_file()
    assert list(with_spaces.iterdir()) == []


@a_run_of_the_grader
def test_three_runs_at_once_with_a_gradebook_each(course):
    books = [f"gradebook {number}" for number in range(AT_ONCE)]
    runs = [started(course, book) for book in books]
    for run, book in zip(runs, books, strict=True):
        code, said = ended(run)
        assert code == 0, said
        assert marks(course, book) == full_marks()


@a_run_of_the_grader
def test_three_runs_at_once_on_one_gradebook(course):
    """One has it. Others are told to wait, or find everything done if they came to it later."""
    runs = [started(course) for _ in range(AT_ONCE)]
    came = [ended(run) for run in runs]
    assert 0 in [code for code, _ in came], came
    for code, said in came:
        if code:
            assert code == 2, said
            assert "Nothing was graded. Another grading run is working on" in said
            assert "Wait until it has ended." in said
    assert marks(course) == full_marks()
    assert not list((course / "gradebook").rglob("*.new"))
    assert ended(started(course))[0] == 0


# Full disks

# Run in the folder of a course, with a disk of which only so many bytes are free; and then the same
# again, with room. The disk is gone with its processes, so the tables are copied.
ON_A_FULL_DISK = """
import shutil, subprocess, sys
from pathlib import Path

disk, free, gradebook = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
ballast = disk / "ballast"
with open(ballast, "wb", buffering=0) as file:
    try:
        while file.write(bytes(100_000)):
            pass
    except OSError:
        pass
    file.truncate(file.tell() - free)
for run in ("full", "again"):
    command = [sys.executable, "-m", "helpers.grading", "class", "--workers", "1"]
    done = subprocess.run([*command, "--gradebook", gradebook], capture_output=True, text=True)
    Path(run).mkdir()
    Path(run, "said").write_text(f"{done.returncode}\\n{done.stdout}{done.stderr}")
    if (gradebook / "grades.csv").exists():
        shutil.copy(gradebook / "grades.csv", run)
    ballast.unlink(missing_ok=True)
Path("left").write_text("\\n".join(map(str, disk.rglob("*.new"))))
"""


@a_run_of_the_grader
@pytest.mark.parametrize(
    ("full", "free", "status"),
    [("gradebook", 4_000, 2), ("gradebook", 500_000, 3), ("TMPDIR", 70_000, 2)],
)
def test_a_full_disk_is_said_and_the_same_command_goes_on(course, with_spaces, full, free, status):
    """No mark is lowered by it, and no student is blamed for it."""
    disk, is_of_gradebook = with_spaces, full == "gradebook"
    gradebook = disk / "gradebook" if is_of_gradebook else Path("gradebook")
    user = ("--unshare-user", "--uid", AN_ORDINARY_USER, "--gid", AN_ORDINARY_USER)
    mount = ("--size", str(DISK), "--tmpfs", str(disk))
    python = (sys.executable, "-c", ON_A_FULL_DISK, str(disk), str(free), str(gradebook))
    done = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", *user, *mount, "--", *python],
        cwd=course,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            **({} if is_of_gradebook else {"TMPDIR": str(disk)}),
        },
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    code, _, said = (course / "full" / "said").read_text(encoding="utf-8").partition("\n")
    assert (code, NO_ROOM in said) == (str(status), True), said
    assert not re.search("Traceback|SQL|Errno", said)
    if (course / "full" / "grades.csv").exists():
        right = full_marks()
        for student, (points, state) in marks(course, "full").items():
            assert state == "set aside" or (points, state) == right[student]
    code, _, said = (course / "again" / "said").read_text(encoding="utf-8").partition("\n")
    assert code == "0", said
    assert marks(course, "again") == full_marks()
    assert (course / "left").read_text(encoding="utf-8") == ""


def of_sqlite(code):
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = code
    return sqlalchemy.exc.OperationalError("UPDATE", {}, error)


def caused(error):
    wrapped = ValueError("in other words")
    wrapped.__cause__ = error
    return wrapped


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (caused(OSError(errno.ENOSPC, "No space left on device")), True),
        (of_sqlite(sqlite3.SQLITE_FULL), True),
        (sqlalchemy.exc.OperationalError("", {}, SimpleNamespace(sqlstate="53100")), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (of_sqlite(sqlite3.SQLITE_BUSY), False),
        (ValueError("x"), False),
    ],
    ids=str,
)
def test_a_full_disk_is_known_however_it_is_said(error, is_full):
    assert is_for_lack_of_room(error) == is_full
    assert (in_short(error) == NO_ROOM) == is_full


def no_room(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("forks", [True, False])
def test_a_full_disk_at_intake_is_no_students_fault(monkeypatch, forks):
    monkeypatch.setattr(apart, "CAN_FORK", forks and apart.CAN_FORK)
    with apart.Apart(no_room, 30) as reader, pytest.raises(NothingGraded, match="No room is left"):
        reader.ask("x")


def test_a_sandbox_that_has_no_room_is_not_one_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(sandbox, "bubblewrap", no_room)
    sandbox.bubblewrap_problem.cache_clear()
    try:
        with pytest.raises(NothingGraded, match="No room is left"):
            sandbox.bubblewrap_problem()
    finally:
        sandbox.bubblewrap_problem.cache_clear()


def test_half_a_file_takes_no_room(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("before")

    def write(self, content):
        with open(self, "wb") as file:
            file.write(content[:1])
        no_room()

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OSError, match="No space"):
        files.write(path, b"after")
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]
