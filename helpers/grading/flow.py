"""A class from intake to report."""

import argparse
import hashlib
import logging
import multiprocessing
import os
import secrets
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any, BinaryIO

from helpers.grading import finishing, overview
from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import ClassList, read_class_list
from helpers.grading.errors import NothingGraded, in_full
from helpers.grading.finishing import Outcome
from helpers.grading.gradebook import database, registration, results
from helpers.grading.intake import submissions
from helpers.grading.lateness import penalty, policy, times
from helpers.grading.machine import capacity, deadline, files, locks, versions
from helpers.grading.machine.ctrl_c import ctrl_c_later
from helpers.grading.pages import feedback
from helpers.grading.progress import Bar, JsonLog, progress_of_kind
from helpers.grading.repair.released import Released, released_notebooks
from helpers.grading.running import cluster, executed, sandbox
from helpers.grading.running.kernels import modules_of
from helpers.grading.running.limits import Clock
from helpers.grading.running.processes import WORK
from helpers.grading.running.zygotes import Ahead
from helpers.grading.settings import Course, course_at
from helpers.grading.student import (
    GradingOptions,
    execute_ahead,
    grade_student,
    nothing_graded,
    problem_of,
)
from helpers.personal import class_list, course_secret

MEMORY_OF_WORKER = 1_500_000_000  # bytes, of which TensorFlow's kernel takes two thirds
MAX_WORKERS = 60 if sys.platform == "win32" else sys.maxsize  # Windows waits for no more at once
WORKER_SHUTDOWN_TIMEOUT = 60  # seconds, for all of them together
Task = tuple[submissions.Submission, dict[str, str]]  # with fingerprints by notebook
ENDED = "Its grading process was ended by the system, perhaps for lack of memory."
OVERDUE = "Grading it did not come to an end in time, twice, so it was ended."


@dataclass(frozen=True, eq=False)
class _Job:
    """What a worker does at a time: grade a student or, after that, write their pages.

    Two jobs, so that marks need not wait for pages; a run that is killed in between writes the
    pages next time. graded: the student's Results, None if that is what is to be done.
    """

    task: Task
    graded: list[results.Result] | None = None


@dataclass(frozen=True)
class _First:
    """Workers that have begun, and what they execute ahead, by student (see `_run_ahead`)."""

    pool: ProcessPoolExecutor
    ahead: Mapping[str, Future[None]]


@dataclass(frozen=True)
class _Class:
    """A class that is to be graded."""

    course: Course
    lesson: str
    released: list[Released]
    handed_in: submissions.Intake
    listed: ClassList | None  # the class list, and whether it was given now
    is_given: bool
    rules: policy.Policy


def _collect(arguments: argparse.Namespace, progress: Bar | JsonLog) -> _Class:
    """Find what was handed in, and whose it is. Writes temporary files alone.

    Raises NothingGraded.
    """
    course = course_at(gradebook=arguments.gradebook, database=database.chosen(arguments.db))
    if set(str(course.gradebook)) & set("[]{}*?"):  # nbgrader takes them for a pattern
        raise NothingGraded(f"{course.gradebook} has one of []{{}}*? in it; choose another name.")
    released = released_notebooks(course, arguments.lesson)
    elsewhere = [
        path.stem
        for path in course.released.glob("*/*.ipynb")
        if path.parent.name != arguments.lesson
    ]
    listed = read_class_list(arguments.students) if arguments.students else roster.load_list(course)
    students = listed.students if listed else ()
    names = [notebook.name for notebook in released]
    before = policy.load(course, arguments.lesson)
    rules = policy.changed(before, arguments, names)
    handed_in = submissions.collect(
        arguments.submissions,
        released,
        elsewhere,
        tempfile.mkdtemp(),
        names=arguments.names,
        student_pattern=arguments.student_pattern,
        known_students=class_list.known_names(course, students),
    )
    how: dict[str, str] = {}
    unlisted = class_list.identify(
        handed_in.submissions, students, lambda submission: submission.announced.values(), how
    )
    for note in handed_in.notes:
        progress.warn(note)
    if listed:
        where = arguments.students or roster.path_of(course)
        graded = roster.graded_before(course, arguments.lesson)
        progress.matched(roster.in_words(where, listed, handed_in.submissions, how, graded), how)
        if unlisted:
            named = ", ".join(submission.student for submission in unlisted[:5])
            named += f" and {len(unlisted) - 5} more" if unlisted[5:] else ""
            progress.warn(
                f"{where} has no row for {named}, or no certain one. Their own names select their "
                "numbers, and exports will stop at them."
            )
    _check_secret()
    known = {name for s in handed_in.submissions for name in (s.identifier, s.student)}
    finishing.check_extensions(rules, known, students, progress)
    finishing.warn_of_lost_extensions(before, rules, progress)
    mine = _Class(course, arguments.lesson, released, handed_in, listed, bool(arguments.students),
                  rules)  # fmt: skip
    if rules.due or rules.extensions:
        came = _arrivals(mine)
        sources = {a.source for arrivals in came.values() for a in arrivals.values()}
        finishing.check_zone(rules, sources)
        progress.say(
            f"Handed in, notebooks by what tells when: {penalty.sources(came.values())}. "
            f"{penalty.late_in_words(rules, handed_in.submissions, came)}"
        )
    return mine


def _arrivals(mine: _Class) -> dict[str, dict[str, times.Arrival]]:
    """When what came now was handed in, by student and notebook."""
    listed = mine.listed.students if mine.listed and mine.is_given else ()
    submitted = {s.identifier: s.submitted for s in listed if s.submitted}
    source = finishing.source_of_times(mine.listed)
    return times.arrivals(mine.handed_in.submissions, submitted, source)


def show_class(arguments: argparse.Namespace) -> bool:
    """Show what would be graded; nothing is run or written. Returns whether some need a person.

    arguments: as the command line gives them. Raises NothingGraded.
    """
    progress = progress_of_kind(arguments.log)
    mine = _collect(arguments, progress)
    what = mine.lesson, mine.released, mine.handed_in
    overview.settle(mine.course, *what, arguments.take_older)
    needing = overview.need_a_person(*what)
    progress.would_grade(list(overview.lines(*what)), mine.handed_in.rule, needing)
    return bool(needing)


def grade_class(arguments: argparse.Namespace, begun: Ahead | None = None) -> bool:
    """Grade arguments.submissions and write everything. Returns whether some need a person.

    arguments: as the command line gives them. begun: a zygote that has begun ahead. Temporary files
    lie in `scratch.scratch`, in which this has to run. Raises NothingGraded.
    """
    progress = progress_of_kind(arguments.log)
    mine = _collect(arguments, progress)
    course, released, handed_in = mine.course, mine.released, mine.handed_in
    if begun:
        begun.load(_modules(mine))
    progress.found(list(overview.lines(mine.lesson, released, handed_in)), handed_in.rule)
    is_inside = begun is not None and begun.is_inside()
    chosen, warning = sandbox.choose(arguments.sandbox, not (is_inside or arguments.dask))
    if warning:
        progress.warn(warning)
    with (
        cluster.connected(arguments.dask, chosen, progress) as workers,
        locks.alone(course),
        database.alone(course, arguments.lesson),
    ):
        return _grade(mine, arguments, chosen, workers, progress, begun)


def _grade(
    mine: _Class,
    arguments: argparse.Namespace,
    chosen: str,
    workers: cluster.Cluster | None,
    progress: Bar | JsonLog,
    begun: Ahead | None,
) -> bool:
    """Grade a class and write everything, as `grade_class` does.

    chosen: the sandbox. workers: the Cluster that executes the notebooks, or None.
    """
    course, released, handed_in = mine.course, mine.released, mine.handed_in
    _remove_half_written(course)
    database.wait_until_free(course, progress.warn)
    options = GradingOptions(
        sandbox=chosen,
        kernels=arguments.kernels,
        modules=_modules(mine),
        cell_timeout=arguments.cell_timeout,
        seed=secrets.randbits(32),
        again=arguments.again,
        rescore=arguments.rescore,
        begun=str(begun.address) if begun else "",
    )
    size = min(arguments.workers or _workers(), len(handed_in.submissions))
    outcome = Outcome()
    with _pool(size, course, options) as pool:
        # The first notebooks run while the gradebook is made ready.
        ahead = {} if workers or arguments.rescore else _run_ahead(pool, size, mine, options)
        tasks = _enter(mine, arguments, outcome, progress)
        if workers:
            workers.execute_all(course, arguments.lesson, released, tasks, options)
        first = _First(pool, ahead)
        outcome.add(_grade_all(course, arguments, released, tasks, options, progress, first))
    return finishing.write_all(course, outcome, progress, handed_in.unassigned)


def _enter(
    mine: _Class, arguments: argparse.Namespace, outcome: Outcome, progress: Bar | JsonLog
) -> list[Task]:
    """Enter the lesson in the gradebook, and keep what was handed in; returns what is to be graded.

    outcome: gets those whose work cannot be kept.
    """
    course, released, handed_in = mine.course, mine.released, mine.handed_in
    with ctrl_c_later():
        changed = registration.register(course, arguments.lesson, released)
    for sentence in changed:
        progress.warn(sentence)
    class_list.remember(course, handed_in.submissions)
    finishing.keep_rules(course, arguments.lesson, mine.rules, arguments.students)
    arrivals = _arrivals(mine)

    code = _code_fingerprint(arguments.cell_timeout)
    tasks = []
    for submission in handed_in.submissions:
        try:
            submissions.store(course, arguments.lesson, submission, released, arguments.take_older)
            times.keep(course, arguments.lesson, submission, arrivals[submission.student])
            tasks.append((submission, _fingerprints(submission, released, code)))
        except OSError as error:
            problem = in_full(error)
            outcome.add(_set_all_aside(course, arguments.lesson, released, submission, problem))
    return tasks


def _modules(mine: _Class) -> tuple[str, ...]:
    """The names of what the notebooks import that were handed in, now or before."""
    names = set()
    for submission in mine.handed_in.submissions:
        before = mine.course.submitted / submission.student / mine.lesson
        names |= {*submission.notebooks, *(path.stem for path in before.glob("*.ipynb"))}
    return modules_of([notebook for notebook in mine.released if notebook.name in names])


def _remove_half_written(course: Course) -> None:
    """Remove the new files that a killed run had not yet put in their places."""
    found = [*course.gradebook.glob(f"*{files.NEW}*")]
    for folder in (
        *(course.submitted, course.earlier, course.executed, course.autograded),
        *(course.results, course.feedback),
    ):
        found += folder.rglob(f"*{files.NEW}")
    for path in found:
        if path.is_file():  # a folder is a student's
            path.unlink()


def _code_fingerprint(cell_timeout: int) -> "hashlib._Hash":
    """A hash of all code, packages and descriptions that marks and hints depend on."""
    digest = hashlib.sha256(f"{sys.version} {cell_timeout} {versions.of_marking()}".encode())
    digest.update(" ".join(versions.installed()).encode())
    return digest


def _check_secret() -> None:
    """Raises NothingGraded if there is a course's secret that cannot be one."""
    try:
        course_secret()
    except ValueError as error:
        raise NothingGraded(str(error)) from None


def _fingerprints(
    submission: submissions.Submission, released: Sequence[Released], code: "hashlib._Hash"
) -> dict[str, str]:
    """A hash for each notebook of everything that its result depends on."""
    found = {}
    for notebook in released:
        name = notebook.name
        if name in submission.notebooks:
            digest = code.copy()
            work = executed.work_of(notebook, submission.notebooks[name], submission.identifier)
            digest.update(work.encode())
            told = [*submission.remarks[name], "", *submission.questions[name]]
            digest.update("\n".join(told).encode("utf-8", "replace"))
            found[name] = digest.hexdigest()
    return found


def _grade_all(
    course: Course,
    arguments: argparse.Namespace,
    released: Sequence[Released],
    tasks: Sequence[Task],
    options: GradingOptions,
    progress: Bar | JsonLog,
    first: _First | None = None,
) -> Outcome:
    """Grade every student in worker processes; returns the Outcome.

    first: the workers that are there already.
    """
    workers = min(arguments.workers or _workers(), len(tasks))
    outcome = Outcome()

    def add(job: _Job, answer: Outcome) -> None:
        for sentence in answer.warnings - outcome.warnings:
            progress.warn(sentence)
        answer.found = list(map(results.compact, answer.found))
        outcome.add(answer)
        if job.graded is None:
            progress.graded(answer.found, len(job.task[0].notebooks))

    def done(jobs: Sequence[_Job], workers: int, first: _First | None = None) -> list[_Job]:
        """Do `jobs`; returns those that did not come to an end because a worker died."""
        left = []
        with nullcontext(first.pool) if first else _pool(workers, course, options) as pool:

            def begin(job: _Job) -> Future[Outcome]:
                return pool.submit(_work, course, arguments.lesson, released, job, options)

            for job, answer in _in_processes(begin, workers, jobs, first.ahead if first else {}):
                if answer is None:
                    left.append(job)
                else:
                    add(job, answer)
        return left

    def give_up(job: _Job) -> None:
        submission, problem = job.task[0], _why_ended(job.task[0].student)
        if job.graded is None:
            add(job, _set_all_aside(course, arguments.lesson, released, submission, problem))
        else:
            what = f"The feedback pages of {submission.student}"
            outcome.unwritten.append((what, f"could not be written: {problem}"))

    progress.start(len(tasks), sum(len(submission.notebooks) for submission, _ in tasks))
    try:
        jobs = list(map(_Job, tasks))
        while jobs:
            left = done(jobs, workers, first)
            first = None  # its processes have ended if there is anything left
            # They start in order, so one of the first is what took its worker along. Each alone.
            for job in left[:workers]:
                for hopeless in done([job], 1):
                    give_up(hopeless)
            jobs = left[workers:]
    finally:
        progress.stop()
    return outcome


def _why_ended(student: str) -> str:
    """Why a student's grading process is no more: for the maintainer below, where it was."""
    where = deadline.overdue(student)
    return f"{OVERDUE}\n{where}" if where else ENDED


def _workers() -> int:
    """How many notebooks to run at once: one for each core that there is memory for."""
    fitting = int(capacity.memory() // MEMORY_OF_WORKER)
    return max(1, min(capacity.cores(), fitting, MAX_WORKERS))


@contextmanager
def _pool(workers: int, course: Course, options: GradingOptions) -> Iterator[ProcessPoolExecutor]:
    """Worker processes, which are done with their work afterwards, or ended at once on an error."""
    pool = ProcessPoolExecutor(
        max(1, workers),
        mp_context=WORK,
        initializer=_prepare_worker,
        initargs=(tempfile.gettempdir(), course.lock, options.sandbox != sandbox.NONE),
    )
    try:
        yield pool
        _end_workers(pool)
    except BaseException:
        # Ctrl-C: stop at once. What a student's worker had not finished is graded next time.
        processes = multiprocessing.active_children()
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise


def _end_workers(pool: ProcessPoolExecutor) -> None:
    """Let workers that have nothing left to do end, and end those that do not come to it."""
    workers = multiprocessing.active_children()
    pool.shutdown(wait=False)
    clock = Clock(WORKER_SHUTDOWN_TIMEOUT)
    while workers and (ended := connection.wait([w.sentinel for w in workers], clock.left())):
        workers = [worker for worker in workers if worker.sentinel not in ended]
    for worker in workers:
        worker.kill()
    pool.shutdown()


def _run_ahead(
    pool: ProcessPoolExecutor, workers: int, mine: _Class, options: GradingOptions
) -> dict[str, Future[None]]:
    """Let workers execute the first students' notebooks; by student, what will come of it."""
    with ctrl_c_later():  # for the workers, which begin now
        return {
            submission.student: pool.submit(
                _work_ahead,
                mine.course,
                mine.lesson,
                mine.released,
                deepcopy(submission),  # to which is added meanwhile what counts from before
                options,
            )
            for submission in mine.handed_in.submissions[:workers]
        }


def _in_processes(
    begin: Callable[[_Job], Future[Outcome]],
    workers: int,
    jobs: Sequence[_Job],
    ahead: Mapping[str, Future[None]],
) -> Iterator[tuple[_Job, Outcome | None]]:
    """Yield (job, Outcome) as they are finished, and then those in which a worker died, with None.

    ahead: see `_run_ahead`; such a student is graded after that. When a student is graded, their
    pages are the next job.
    """
    waiting: deque[_Job] = deque()
    at_work: dict[Future[Any], _Job] = {}
    for job in jobs:
        runs_ahead = ahead.get(job.task[0].student)
        if runs_ahead:
            at_work[runs_ahead] = job
        else:
            waiting.append(job)
    is_broken = False
    while at_work or (waiting and not is_broken):
        # One more than there are workers, so that none of them has to wait for this process. But
        # who has run ahead is the first to be graded.
        most = workers + (not any(future in at_work for future in ahead.values()))
        while waiting and len(at_work) < most and not is_broken:
            try:
                with ctrl_c_later():  # for the workers: never; it is for this process alone
                    at_work[begin(waiting[0])] = waiting[0]
                waiting.popleft()
            except BrokenProcessPool:
                is_broken = True
        finished, _ = wait(at_work, return_when=FIRST_COMPLETED)
        for future in [future for future in at_work if future in finished]:  # in their order
            job = at_work.pop(future)  # so that its answer is not kept
            try:
                answer = future.result()
            except BrokenProcessPool:
                is_broken = True
                yield job, None
                continue
            if future in ahead.values():
                waiting.appendleft(job)
                continue
            if job.graded is None:
                waiting.appendleft(_Job(job.task, answer.found))
            yield job, answer
    for job in waiting:
        yield job, None


def _prepare_worker(scratch: str, lock_file: Path, is_limited: bool) -> None:
    """Begin a worker. is_limited: in memory, which kernels without a sandbox would inherit."""
    tempfile.tempdir = scratch
    if is_limited:
        deadline.limit_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    # Libraries' warnings are not for the instructor.
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    # The run may be killed at any moment; the next one must not meet workers of this one.
    run, lock = multiprocessing.parent_process(), locks.of_worker(lock_file)
    if lock is None or run is None or not run.is_alive():
        os._exit(1)
    threading.Thread(target=_end_with, args=(run, lock), daemon=True).start()


def _end_with(run: multiprocessing.process.BaseProcess, lock: BinaryIO) -> None:
    """End this worker at once when the process `run` ends; hold the lock until then."""
    run.join()
    os._exit(1)


def _work_ahead(
    course: Course,
    lesson: str,
    released: Sequence[Released],
    submission: submissions.Submission,
    options: GradingOptions,
) -> None:
    """Execute one student's notebooks, in a worker."""
    with deadline.deadlines(submission.student):
        execute_ahead(course, lesson, released, submission, options)


def _work(
    course: Course,
    lesson: str,
    released: Sequence[Released],
    job: _Job,
    options: GradingOptions,
) -> Outcome:
    """Grade one student or write their pages, in a worker; returns the Outcome."""
    submission, fingerprints = job.task
    with deadline.deadlines(submission.student):
        if job.graded is not None:
            return _write_pages(course, job.graded)
        try:
            found = grade_student(course, lesson, released, submission, fingerprints, options)
        except Exception as error:
            problem = problem_of(course, error)
            return Outcome(nothing_graded(course, lesson, released, submission, problem))
        outcome = Outcome(found)
        if options.source.problem:
            outcome.warnings.add(
                f"Each notebook has a new Python, which is slow. {options.source.problem}"
            )
        return outcome


def _set_all_aside(
    course: Course,
    lesson: str,
    released: Sequence[Released],
    submission: submissions.Submission,
    problem: str,
) -> Outcome:
    """The Outcome of a student who cannot be graded; problem: why."""
    found = nothing_graded(course, lesson, released, submission, problem)
    outcome = _write_pages(course, found)
    outcome.found = found
    return outcome


def _write_pages(course: Course, found: Sequence[results.Result]) -> Outcome:
    """Write the feedback pages of one student's Results; returns what could not be written."""
    outcome = Outcome()
    for result in found:
        deadline.next_step()
        with outcome.writing(f"The feedback page of {result.student}, {result.notebook},"):
            feedback.write(course, result)
    return outcome
