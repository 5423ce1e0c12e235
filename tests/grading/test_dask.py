"""Grading on a Dask cluster: real schedulers and workers, which share no files with the grader."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from helpers.grading import progress
from helpers.grading.running import cluster, sandbox
from helpers.personal import NO_SECRET, SECRET_VARIABLE
from tests.attacks.killing import rows
from tests.sample_class import write_zip
from tests.sample_class.generated import generated_class
from tests.sample_class.work import LESSON, ROOT, Notebook
from tests.sampling import a_long_run_of_the_grader, a_run_of_the_grader

P2, P3 = "problem_2_pen_and_paper", "problem_3_numpy"
# One of the students' code takes along what executes it: without a sandbox it can.
KILLS_ITS_WORKER = "import psutil\npsutil.Process().parent().parent().kill()"
KILLS_ITS_PROCESS = "import psutil\npsutil.Process().parent().kill()"


def test_what_is_needed_is_there_where_it_must_be():
    if not sys.platform.startswith("linux") or os.environ.get("CI") != "true":
        pytest.skip("Dask and the sandbox are demanded on Linux under CI=true")
    assert importlib.util.find_spec("distributed") and sandbox.bubblewrap_problem() == ""


def until(condition, seconds=120):
    """Wait until `condition` returns something true, and return that."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "this did not come about"
        time.sleep(0.05)
    return found


class Machines:
    """A scheduler and its workers, in a folder with nothing of the course in it but helpers."""

    def __init__(self, folder):
        self.folder = folder
        # Short, because sockets lie in it; the processes of a run are known by it.
        self.scratch = Path(tempfile.mkdtemp(prefix="dask-"))
        self.processes = []
        self.helpers_in("workers")
        file = folder / "scheduler.json"
        self._start(
            "workers", "scheduler", "--scheduler-file", file, "--host", "127.0.0.1", "--port", "0"
        )
        until(file.exists)
        from distributed import Client

        self.client = Client(scheduler_file=str(file), set_as_default=False, timeout=60)
        self.address = self.client.scheduler.address

    def helpers_in(self, folder):
        """The helpers that are installed in one of the folders."""
        package = self.folder / folder / "helpers"
        if not package.exists():
            shutil.copytree(ROOT / "helpers", package, ignore=shutil.ignore_patterns("*secret*"))
        return package

    def start_workers(self, number, folder="workers"):
        """Start workers whose helpers are those in a folder; returns {address: process id}."""
        before = self.client.nthreads()
        process = self._start(
            *(folder, "worker", self.address, "--host", "127.0.0.1"),
            *("--nworkers", str(number), "--nthreads", "1"),
        )
        until(lambda: len(self.client.nthreads()) == len(before) + number)
        ids = self.client.run(os.getpid)
        return process, {worker: ids[worker] for worker in ids.keys() - before.keys()}

    def _start(self, folder, *words):
        with open(self.folder / "output.txt", "ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dask", *map(str, words), "--no-dashboard"],
                cwd=self.folder / folder,
                env={
                    **os.environ,
                    "PYTHONPATH": paths(self.folder / folder),
                    "TMPDIR": str(self.scratch),
                    SECRET_VARIABLE: NO_SECRET,
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def executing(self):
        """The processes that execute notebooks, and those that these have started."""
        found = []
        for process in self.processes:
            for child in psutil.Process(process.pid).children(recursive=True):
                try:
                    words = " ".join(child.cmdline())
                except psutil.Error:  # it has just ended
                    continue
                if "cluster_worker" in words or "bwrap" in words:
                    found.append(words)
        return found

    def close(self):
        self.client.close()
        for process in reversed(self.processes):
            process.terminate()
            process.wait(60)
        left = list(self.scratch.glob("grade-run-*"))
        shutil.rmtree(self.scratch)
        assert not left


def paths(folder):
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


@pytest.fixture
def machines(tmp_path):
    if os.environ.get("CI") != "true":
        pytest.importorskip("distributed")
        if sandbox.bubblewrap_problem():
            pytest.skip(sandbox.bubblewrap_problem())
    found = Machines(tmp_path)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def course(tmp_path):
    """A folder with two notebooks, and nothing else of a course."""
    folder = tmp_path / "course"
    (folder / "notebooks" / LESSON).mkdir(parents=True)
    for name in (P2, P3):
        shutil.copy(ROOT / "notebooks" / LESSON / f"{name}.ipynb", folder / "notebooks" / LESSON)
    return folder


@contextmanager
def grading(course, *words, secret="a secret of this course"):
    """The command's process, started."""
    with open(course / "said.txt", "w+b") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.grading", *map(str, words)],
            cwd=course,
            env={**os.environ, "PYTHONPATH": paths(ROOT), SECRET_VARIABLE: secret},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def grade(course, *words, **options):
    """(exit code, what the command printed)."""
    with grading(course, *words, **options) as process:
        code = process.wait(600)
    return code, (course / "said.txt").read_text(encoding="utf-8")


def marks(gradebook):
    return rows(gradebook / "grades.csv"), rows(gradebook / "checks.csv")


@a_long_run_of_the_grader
def test_marks_are_those_of_local_grading_whatever_is_lost_or_stopped(machines, course):
    """One run is interrupted; in the next a worker is killed."""
    students = generated_class(3)
    write_zip(students, course / "class.zip")
    handed_in = sum(len(student.slips.keys() & {P2, P3}) for student in students)
    code, said = grade(course, "class.zip", "--gradebook", "local")
    assert code == 3, said  # worked with the course's numbers, marked with the students' own

    def executed():
        return len(list(course.glob("gradebook/executed/*/*/*.json.gz")))

    _, workers = machines.start_workers(2)
    on_cluster = ("class.zip", "--dask", machines.address)
    with grading(course, *on_cluster) as process:
        until(executed)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    before = executed()
    assert 0 < before < handed_in
    until(lambda: not machines.executing())

    with grading(course, *on_cluster) as process:
        until(lambda: executed() > before)
        os.kill(workers.popitem()[1], signal.SIGKILL)
        assert executed() < handed_in
        assert process.wait(600) == code, (course / "said.txt").read_text(encoding="utf-8")
    assert marks(course / "gradebook") == marks(course / "local")
    until(lambda: not machines.executing())


@a_long_run_of_the_grader
def test_a_notebook_that_takes_its_workers_along_is_set_aside(machines, course):
    for student, source in (
        ("ann", "1"),
        ("bob", KILLS_ITS_WORKER),
        ("cem", KILLS_ITS_PROCESS),
    ):
        folder = course / "class" / student
        folder.mkdir(parents=True)
        notebook = Notebook(P2).insert_after("p2.sigmoid.forward", source)
        (folder / f"{P2}.ipynb").write_bytes(bytes(notebook))
    machines.start_workers(2)
    code, said = grade(
        course, "class", "--dask", machines.address, "--sandbox", "none", secret=NO_SECRET
    )
    assert code == 3, said
    found = {
        r["student"]: r for r in rows(course / "gradebook" / "grades.csv") if r["notebook"] == P2
    }
    assert found["ann"]["points"] == found["ann"]["max_points"]
    assert [found[name]["state"] for name in ("bob", "cem")] == ["set aside"] * 2
    assert "lost 3 times" in said


@a_run_of_the_grader
def test_workers_with_other_versions_get_nothing(machines, course, capsys):
    write_zip(generated_class(1), course / "class.zip")
    machines.start_workers(1)
    with cluster.connected(
        machines.address, sandbox.BUBBLEWRAP, progress.progress_of_kind("bar")
    ) as found:
        package = machines.helpers_in("changed")
        with open(package / "marking" / "judging.py", "a", encoding="utf-8") as file:
            file.write("# and this since last year\n")
        (other,) = machines.start_workers(1, "changed")[1]
        (machines.folder / "elsewhere").mkdir()
        (machines.folder / "elsewhere" / "helpers.py").write_text("# of another course\n")
        (without,) = machines.start_workers(1, "elsewhere")[1]

        # One that comes later
        found._last_look = 0
        found._look()
        assert found._threads.keys() == machines.client.nthreads().keys() - {other, without}
        assert f"{other} has other versions: helpers" in capsys.readouterr().err

    # One that is there from the start
    code, said = grade(course, "class.zip", "--dask", machines.address)
    assert code == 2
    assert f"{other} has other versions: helpers" in said
    assert f"{without} cannot grade (ModuleNotFoundError" in said
    assert "Put this folder" in said
    assert not (course / "gradebook").exists()


@a_run_of_the_grader
def test_a_scheduler_that_is_not_there(course):
    if os.environ.get("CI") != "true":
        pytest.importorskip("distributed")
    write_zip(generated_class(1), course / "class.zip")
    code, said = grade(course, "class.zip", "--dask", "tcp://127.0.0.1:9")
    assert code == 2 and "No Dask scheduler answers at tcp://127.0.0.1:9" in said
    code, said = grade(course, "class.zip", "--dask", "here")
    assert code == 2 and "tcp://host:8786" in said
