"""What a worker of a Dask cluster does for helpers.grading.running.cluster: it executes notebooks.

Each of its threads has a process for that, this module run as a program: there is no event loop in
it that others use, a notebook that takes it along leaves the worker alive, and what it started ends
with it, however the worker ends.
"""

import base64
import functools
import gzip
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import psutil

import helpers
from helpers.grading.errors import in_full
from helpers.grading.intake.reading import read_notebook
from helpers.grading.machine import deadline, versions
from helpers.grading.machine.scratch import remove, remove_left_over, scratch
from helpers.grading.repair.released import Released
from helpers.grading.running import executed, sandbox
from helpers.grading.running.kernels import kernels_for
from helpers.grading.running.zygotes import SHUTDOWN_TIMEOUT
from helpers.personal import NO_SECRET, SECRET_VARIABLE

# What may come of a job: an Executed as JSON; why that failed; what is wrong with this worker; how
# the process ended that was to do it.
RAN, PROBLEM, UNFIT, ENDED = "ran", "problem", "unfit", "ended"
IDLE_TIMEOUT = 300  # seconds; a run that was killed cannot say that it needs nothing any more


def packed(**what: object) -> bytes:
    """A job or what came of it, as bytes."""
    return gzip.compress(json.dumps(what).encode(), compresslevel=1)


def unpacked(data: bytes) -> dict[str, Any]:
    """What `packed` made `data` of."""
    return json.loads(gzip.decompress(data))


# In the Dask worker


def seen(kind: str) -> dict[str, object]:
    """What is found on this worker. kind: the sandbox that is wanted."""
    sandbox.bubblewrap_problem.cache_clear()  # it may have been installed since
    problem = sandbox.bubblewrap_problem() if kind == sandbox.BUBBLEWRAP else ""
    return {"versions": versions.in_this_process(), "problem": problem}


def work(run: str, job: bytes) -> bytes:
    """Have this thread's process do a job of a run; both that and what comes of it are `packed`."""
    with _LOCK:
        if run in _STOPPED:  # its last jobs may come later than the word to stop
            return packed(outcome=ENDED, text="the run was stopped")
        key = run, threading.get_ident()
        process = _PROCESSES.get(key)
        if process is None or process.has_ended():
            process = _PROCESSES[key] = _Process()
    try:
        return process.do(job)
    except (OSError, EOFError):
        process.end()
        how = process.how_it_ended()
        remove_left_over()
        return packed(outcome=ENDED, text=how)


def stop(run: str) -> None:
    """End all processes of a run, at once, and let it have no more."""
    with _LOCK:
        _STOPPED.add(run)
        for key in [key for key in _PROCESSES if key[0] == run]:
            _PROCESSES.pop(key).end()


class _Process:
    """A process that executes notebooks, one after the other."""

    def __init__(self) -> None:
        folders = [str(Path(helpers.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "helpers.grading.running.cluster_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))},
        )
        to, back = self._process.stdin, self._process.stdout
        assert to is not None and back is not None  # they are pipes
        with to, back:
            self._jobs = Connection(os.dup(to.fileno()), readable=False)
            self._answers = Connection(os.dup(back.fileno()), writable=False)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def do(self, job: bytes) -> bytes:
        """Raises OSError or EOFError if the process ends meanwhile."""
        self._jobs.send_bytes(job)
        return self._answers.recv_bytes()

    def end(self) -> None:
        """Let it end, with everything that it started."""
        with suppress(OSError):
            self._jobs.close()
        threading.Thread(target=self._process.wait, daemon=True).start()

    def how_it_ended(self) -> str:
        """In words, for the maintainer."""
        try:
            return f"its process ended with code {self._process.wait(SHUTDOWN_TIMEOUT)}"
        except subprocess.TimeoutExpired:
            return "its process did not answer"


_PROCESSES: dict[tuple[str, int], _Process] = {}  # by run and thread
_STOPPED: set[str] = set()  # runs
_LOCK = threading.Lock()


# In the process that executes notebooks


def main() -> None:
    """Do the jobs that come on standard input, and write what comes of them to standard output."""
    given = Connection(os.dup(0), writable=False)
    answers = Connection(os.dup(1), readable=False)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nowhere, descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the worker
    logging.disable(logging.CRITICAL)
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    with scratch() as folder:
        threading.Thread(target=_receive, args=(given, jobs, folder), daemon=True).start()
        with suppress(queue.Empty):
            while True:
                answers.send_bytes(_come_of(unpacked(jobs.get(timeout=IDLE_TIMEOUT)), folder))
        _end(folder)


def _receive(given: Connection, jobs: queue.SimpleQueue[bytes], folder: Path) -> None:
    with suppress(OSError, EOFError):
        while True:
            jobs.put(given.recv_bytes())
    _end(folder)  # the worker has gone, or the run


def _end(folder: Path) -> NoReturn:
    """End this process at once, with everything that it started and has written."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            process.kill()
    remove(folder)
    os._exit(0)


def _come_of(job: dict[str, Any], folder: Path) -> bytes:
    different = versions.differences(job["versions"], versions.in_this_process())
    if different:
        return packed(outcome=UNFIT, text=f"has other versions: {', '.join(different)}")
    os.environ[SECRET_VARIABLE] = job["secret"] or NO_SECRET
    if job["sandbox"] != sandbox.NONE:  # without one, kernels would inherit it
        deadline.limit_memory()
    kernels = kernels_for(job["kernels"], job["sandbox"], tuple(job["modules"]))
    try:
        # One that does not end in time ends this process, and the run tries it elsewhere.
        with deadline.deadlines(job["student"]):
            ran = executed.repair_and_execute(
                _released(folder, job["name"], job["released"]),
                read_notebook(base64.b64decode(job["submitted"])),
                job["student"],
                job["seed"],
                kernels,
                job["cell_timeout"],
            )
    except Exception as error:
        return packed(outcome=PROBLEM, text=in_full(error))
    return packed(outcome=RAN, text=ran.to_json(), why_slow=kernels.problem)


@functools.cache
def _released(folder: Path, name: str, text: str) -> Released:
    path = folder / f"{name}.ipynb"
    path.write_text(text, encoding="utf-8")
    return Released(path)


if __name__ == "__main__":
    main()
