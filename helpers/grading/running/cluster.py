"""Notebooks are executed on a Dask cluster, and scored and saved here.

The workers share no files with this machine: each job carries what it needs, and what comes of it
is written to gradebook/executed/, as if it had run here. Which worker does which job is decided
here, one job for each of its threads at a time: so none gets one that has not been looked at, and
if one is lost it is known what took it along.
"""

from __future__ import annotations

import base64
import logging
import queue
import time
import uuid
import warnings
from asyncio import CancelledError
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.grading.errors import NothingGraded, in_full, in_short
from helpers.grading.gradebook import results
from helpers.grading.intake.submissions import Submission
from helpers.grading.machine import versions
from helpers.grading.repair.released import Released
from helpers.grading.running import cluster_worker, executed
from helpers.grading.running.cluster_worker import unpacked
from helpers.grading.settings import Course
from helpers.personal import course_secret

if TYPE_CHECKING:
    import distributed
    from dask.typing import Key

    from helpers.grading.progress import Bar, JsonLog
    from helpers.grading.student import GradingOptions

HOW_TO_INSTALL = 'Install it with: pip install -e ".[dask]"'
HOW_TO_START = (
    "Start one with “dask scheduler”, and workers with “dask worker ADDRESS --nworkers N "
    "--nthreads 1”."
)
WANTED = (
    "Expected on every worker: bubblewrap, and the same Python, packages and helpers as here. Put "
    "this folder and what requirements.txt lists there, and start the worker again."
)
KEPT = "What has been executed is kept; the same command goes on from there."
# Found by its name, so that a worker without it can say so.
SEEN = "__import__('helpers.grading.running.cluster_worker', fromlist=['seen']).seen({!r})"
CONNECT_TIMEOUT = 10  # seconds
FIRST_WORKER = 30  # seconds that the first worker may take to come
NO_WORKER_TIMEOUT = 120  # seconds without any worker
TRANSFER_TIMEOUT = 60  # seconds, of one notebook
POLL_INTERVAL = 1  # seconds
MAX_LOSSES = 3


@contextmanager
def connected(
    address: str | None, sandbox: str, progress: Bar | JsonLog
) -> Iterator[Cluster | None]:
    """A Cluster whose scheduler is at `address`, all of its workers fit; None without address.

    sandbox: what the workers have to seal code off with. progress: where to say what happens, see
    helpers.grading.progress. Raises NothingGraded.
    """
    if not address:
        yield None
        return
    cluster = Cluster(address, sandbox, progress)
    try:
        cluster.check()
        yield cluster
    finally:
        cluster.close()


@dataclass
class Job:
    """A notebook to execute."""

    submission: Submission
    notebook: Released
    fingerprint: str
    losses: int = 0  # how often what executed it was lost
    why: str = ""  # it was lost the last time


class Cluster:
    """A Dask cluster. Raises NothingGraded if no scheduler answers at `address`."""

    def __init__(self, address: str, sandbox: str, progress: Bar | JsonLog) -> None:
        self.address, self.sandbox, self.progress = address, sandbox, progress
        self._run = uuid.uuid4().hex
        self._client: distributed.Client | None = _client(address)
        # How many threads each worker has that is fit, by address.
        self._threads: dict[str, int] = {}
        self._unfit: set[str] = set()
        self._slow: set[str] = set()
        # What each future is for, and the worker that does it, by the future's key.
        self._flying: dict[Key, tuple[Job, str, distributed.Future]] = {}
        self._landed: queue.SimpleQueue[distributed.Future] = queue.SimpleQueue()
        self._last_look = self._last_worker = time.monotonic()

    def close(self) -> None:
        """Cancel what is still to be done, and leave the cluster."""
        client, self._client = self._client, None
        if client:
            for what in (
                lambda: client.cancel([future for _, _, future in self._flying.values()]),
                lambda: client.run(cluster_worker.stop, self._run, workers=list(self._threads)),
                lambda: client.close(timeout=CONNECT_TIMEOUT),
            ):
                with suppress(Exception):
                    what()

    def check(self) -> None:
        """Raises NothingGraded unless there are workers, and all of them are fit."""
        end = time.monotonic() + FIRST_WORKER
        while not (threads := self._workers()):
            if time.monotonic() > end:
                raise NothingGraded(
                    f"The Dask scheduler at {self.address} has no workers. {HOW_TO_START}"
                )
            time.sleep(POLL_INTERVAL)
        problems = list(self._problems(threads).values())
        if problems:
            more = f" {len(problems) - 3} more cannot be used." if problems[3:] else ""
            raise NothingGraded(f"{' '.join(problems[:3])}{more} {WANTED}")
        self._threads = threads

    def execute_all(
        self,
        course: Course,
        lesson: str,
        released: Sequence[Released],
        tasks: Iterable[tuple[Submission, Mapping[str, str]]],
        options: GradingOptions,
    ) -> None:
        """Execute on the cluster what has not been executed, and save it; then leave the cluster.

        tasks: submissions, each with its fingerprints by notebook. Notebooks that cannot be
        executed are noted in Submission.problems. Raises NothingGraded if the scheduler or all
        workers are lost.
        """
        jobs = [
            Job(submission, notebook, fingerprints[notebook.name])
            for submission, fingerprints in tasks
            for notebook in released
            if notebook.name in submission.notebooks
        ]
        self.progress.start_executing(len(jobs))
        try:
            for job, found in self._carried_out(
                self._to_do(course, lesson, jobs, options), options
            ):
                problem = _keep(course, lesson, job, found)
                if problem:
                    job.submission.problems[job.notebook.name] = problem
                self.progress.executed(job.submission.student, job.notebook.name)
        finally:
            self.progress.stop()
        self.close()

    def _to_do(
        self, course: Course, lesson: str, jobs: Iterable[Job], options: GradingOptions
    ) -> Iterator[Job]:
        """Yield those of `jobs` that have to be executed."""
        for job in jobs:
            if _is_done(course, lesson, job, options):
                self.progress.executed(job.submission.student, job.notebook.name)
            else:
                yield job

    def _carried_out(
        self, jobs: Iterator[Job], options: GradingOptions
    ) -> Iterator[tuple[Job, dict[str, str]]]:
        """Yield (Job, what came of it) for all of `jobs` as they are done."""
        again: deque[Job] = deque()
        lost: list[Job] = []
        is_more = True
        while is_more or again or lost or self._flying:
            lost += self._look()
            while lost:
                job = lost.pop()
                job.losses += 1
                if job.losses < MAX_LOSSES:
                    again.append(job)
                else:
                    yield job, {"outcome": cluster_worker.PROBLEM, "text": _often_lost(job)}
            while worker := self._idle():
                following = again.popleft() if again else next(jobs, None)
                if not following:
                    is_more = False
                    break
                self._send(following, worker, _packed(following, options))
            landed = self._next_landed()
            if not landed:
                continue
            job, worker, found = landed
            if found["outcome"] == cluster_worker.ENDED:
                job.why = found["text"]
                lost.append(job)
            elif found["outcome"] == cluster_worker.UNFIT:
                self._leave_out(f"The worker {worker} {found['text']}.", worker)
                again.append(job)
            else:
                self._say_if_slow(worker, found)
                yield job, found

    def _idle(self) -> str | None:
        """A worker with a thread to spare, or None."""
        busy = Counter(worker for _, worker, _ in self._flying.values())
        return next((worker for worker, n in self._threads.items() if busy[worker] < n), None)

    def _send(self, job: Job, worker: str, data: bytes) -> None:
        assert self._client is not None
        future = self._client.submit(
            cluster_worker.work,
            self._run,
            data,
            workers=[worker],
            key=f"notebook-{uuid.uuid4().hex}",
        )
        self._flying[future.key] = job, worker, future
        future.add_done_callback(self._landed.put)

    def _next_landed(self) -> tuple[Job, str, dict[str, str]] | None:
        """(Job, worker, what came of it) of what is done next; None if that takes a while."""
        try:
            future = self._landed.get(timeout=POLL_INTERVAL if self._flying else 0.05)
        except queue.Empty:
            return None
        flying = self._flying.pop(future.key, None)
        if not flying:  # it was given up, its worker being lost
            return None
        job, worker, _ = flying
        try:
            # The worker may be lost before it has handed over what it has.
            return job, worker, unpacked(future.result(timeout=TRANSFER_TIMEOUT))
        except (Exception, CancelledError) as error:
            return job, worker, {"outcome": cluster_worker.ENDED, "text": in_short(error)}

    def _look(self) -> list[Job]:
        """See which workers there are now; returns the Jobs that were lost with one."""
        now = time.monotonic()
        if now - self._last_look < POLL_INTERVAL:
            return []
        self._last_look = now
        workers = self._workers()
        self._unfit &= workers.keys()
        new = workers.keys() - self._threads.keys() - self._unfit
        self._threads = {worker: n for worker, n in workers.items() if worker not in self._unfit}
        for worker, problem in self._problems(new).items():
            self._leave_out(problem, worker)
        if self._threads:
            self._last_worker = now
        elif now - self._last_worker > NO_WORKER_TIMEOUT:
            raise NothingGraded(f"The Dask cluster at {self.address} has no workers left. {KEPT}")
        gone = [key for key, (_, worker, _) in self._flying.items() if worker not in workers]
        lost = [self._flying.pop(key) for key in gone]
        assert self._client is not None
        self._client.cancel([future for _, _, future in lost])
        return [job for job, _, _ in lost]

    def _workers(self) -> dict[str, int]:
        """How many threads each worker has, by address."""
        try:
            assert self._client is not None
            return dict(self._client.nthreads())
        except Exception as error:
            raise NothingGraded(
                f"The Dask scheduler at {self.address} does not answer any more "
                f"({in_short(error)}). {KEPT}"
            ) from error

    def _problems(self, workers: Collection[str]) -> dict[str, str]:
        """Why workers are not fit: sentences by address, for those that are not."""
        if not workers:
            return {}
        assert self._client is not None
        found = self._client.run(
            eval, SEEN.format(self.sandbox), workers=list(workers), on_error="return"
        )
        problems = {worker: _problem(found.get(worker)) for worker in workers}
        return {worker: f"The worker {worker} {why}." for worker, why in problems.items() if why}

    def _say_if_slow(self, worker: str, found: Mapping[str, str]) -> None:
        why = found.get("why_slow")
        if why and worker not in self._slow:
            self._slow.add(worker)
            self.progress.warn(f"On {worker} each notebook has a new Python, which is slow. {why}")

    def _leave_out(self, problem: str, worker: str) -> None:
        self._unfit.add(worker)
        self._threads.pop(worker, None)
        self.progress.warn(f"{problem} It is left out. {WANTED}")


def _client(address: str) -> distributed.Client:
    """A Dask client. Raises NothingGraded if there can be none."""
    try:
        import dask
        import distributed
    except ImportError:
        raise NothingGraded(f"--dask needs the package distributed. {HOW_TO_INSTALL}") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    dask.config.set({"distributed.comm.timeouts.connect": CONNECT_TIMEOUT})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared here
            return distributed.Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except Exception as error:  # whatever it is that answers there
        raise NothingGraded(
            f"No Dask scheduler answers at {address} ({in_short(error)}). {HOW_TO_START}"
        ) from None


def _problem(found: Any) -> str:
    """Why a worker is not fit, by what cluster_worker.seen gave there; "" if it is."""
    if not isinstance(found, dict):
        return f"cannot grade ({in_short(found)})"
    different = versions.differences(versions.in_this_process(), found["versions"])
    if different:
        return f"has other versions: {', '.join(different)}"
    return found["problem"] and f"cannot seal off code: {found['problem'].rstrip('.')}"


def _is_done(course: Course, lesson: str, job: Job, options: GradingOptions) -> bool:
    """Whether a Job's notebook need not be executed to be graded."""
    work = job.notebook, job.submission, job.fingerprint
    if executed.load_if_it_holds(course, lesson, *work, options):
        return True
    names = job.submission.student, lesson, job.notebook.name
    result = None if options.again else results.load(course, *names)
    return (
        result is not None
        and result.fingerprint == job.fingerprint
        and course.autograded_notebook(*names).is_file()
    )


def _keep(course: Course, lesson: str, job: Job, found: Mapping[str, str]) -> str:
    """Save what came of a Job; returns why it cannot be graded, or ""."""
    if found["outcome"] != cluster_worker.RAN:
        return found["text"]
    try:
        ran = executed.Executed.from_json(found["text"])
        executed.keep(course, lesson, job.notebook, job.submission, job.fingerprint, ran)
    except Exception as error:
        return in_full(error)
    return ""


def _packed(job: Job, options: GradingOptions) -> bytes:
    """All that a worker has to know of a Job, as bytes."""
    return cluster_worker.packed(
        versions=versions.in_this_process(),
        name=job.notebook.name,
        released=job.notebook.path.read_text(encoding="utf-8"),
        submitted=base64.b64encode(job.submission.notebooks[job.notebook.name]).decode(),
        student=job.submission.identifier,
        secret=course_secret(),
        seed=options.seed,
        sandbox=options.sandbox,
        kernels=options.kernels,
        modules=options.modules,
        cell_timeout=options.cell_timeout,
    )


def _often_lost(job: Job) -> str:
    why = f" The last time: {job.why}." if job.why else ""
    return (
        f"What executed it on the cluster was lost {MAX_LOSSES} times, perhaps for lack of "
        f"memory.{why}"
    )
