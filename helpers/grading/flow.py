"""A class from intake to report."""

import hashlib
import logging
import multiprocessing
import os
import secrets
import signal
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field

from helpers.grading import progress
from helpers.grading.errors import NothingGraded, in_full, in_short
from helpers.grading.gradebook import database, registration, results, tables
from helpers.grading.intake import submissions
from helpers.grading.machine import capacity, files, locks, versions
from helpers.grading.pages import feedback, report
from helpers.grading.repair.released import released_notebooks
from helpers.grading.running import cluster, executed, sandbox
from helpers.grading.running.kernels import modules_of
from helpers.grading.running.processes import WORK, ctrl_c_later
from helpers.grading.settings import course_at
from helpers.grading.student import HowToGrade, grade_student, nothing_graded
from helpers.personal import class_list, course_secret

MEMORY_OF_WORKER = 1_500_000_000  # bytes, of which TensorFlow's kernel takes two thirds
MAX_WORKERS = 60 if sys.platform == "win32" else sys.maxsize  # Windows waits for no more at once
ENDED = "Its grading process was ended by the system, perhaps for lack of memory."


@dataclass
class Outcome:
    """What came of grading: Results, (what, why) pairs of what could not be written, warnings."""

    found: list = field(default_factory=list)
    unwritten: list = field(default_factory=list)
    warnings: set = field(default_factory=set)

    def add(self, other):
        self.found += other.found
        self.unwritten += other.unwritten
        self.warnings |= other.warnings

    @contextmanager
    def writing(self, what):
        """Note it if something cannot be written, and go on."""
        try:
            yield
        except Exception as error:
            self.unwritten.append((what, f"could not be written: {in_short(error)}"))


def grade_class(options):
    """Grade options.submissions and write everything. Returns whether some need a person.

    options: as the command line gives them. Temporary files lie in `scratch.scratch`, in which this
    has to run. Raises NothingGraded.
    """
    said = progress.progress(options.log)
    course = course_at(gradebook=options.gradebook, database=database.chosen(options.db))
    if set(str(course.gradebook)) & set("[]{}*?"):  # nbgrader takes them for a pattern
        raise NothingGraded(f"{course.gradebook} has one of []{{}}*? in it; choose another name.")
    released = released_notebooks(course, options.lesson)
    elsewhere = [
        path.stem
        for path in course.released.glob("*/*.ipynb")
        if path.parent.name != options.lesson
    ]
    listed = class_list.read_list(options.students) if options.students else ()
    handed_in = submissions.take_in(options.submissions, released, elsewhere, tempfile.mkdtemp())
    unlisted = class_list.identify(handed_in.submissions, listed)
    if unlisted:
        names = ", ".join(submission.student for submission in unlisted[:5])
        names += f" and {len(unlisted) - 5} more" if unlisted[5:] else ""
        said.warn(
            f"{options.students} has no row for {names}. Their own names select their numbers."
        )
    _check_secret()
    chosen, warning = sandbox.choose(options.sandbox, here=not options.dask)
    if warning:
        said.warn(warning)
    with (
        cluster.connected(options.dask, chosen, said) as workers,
        locks.alone(course),
        database.alone(course, options.lesson),
    ):
        return _grade(course, options, released, handed_in, chosen, workers, said)


def _grade(course, options, released, handed_in, chosen, workers, said):
    """Grade an Intake and write everything, as `grade_class` does.

    chosen: the sandbox. workers: the Cluster that executes the notebooks, or None. said: where to
    say what happens, see helpers.grading.progress.
    """
    _remove_half_written(course)
    with ctrl_c_later():
        registration.register(course, options.lesson, released)
    class_list.remember(course, handed_in.submissions)

    code = _code_fingerprint(options.cell_timeout)
    outcome, tasks = Outcome(), []
    for submission in handed_in.submissions:
        try:
            submissions.store(course, options.lesson, submission, released)
            tasks.append((submission, _fingerprints(submission, released, code)))
        except OSError as error:
            problem = in_full(error)
            outcome.add(_set_all_aside(course, options.lesson, released, submission, problem))
    names = {name for submission in handed_in.submissions for name in submission.notebooks}
    how = HowToGrade(
        sandbox=chosen,
        kernels=options.kernels,
        modules=modules_of([notebook for notebook in released if notebook.name in names]),
        cell_timeout=options.cell_timeout,
        seed=secrets.randbits(32),
        again=options.again,
        rescore=options.rescore,
    )
    if workers:
        workers.execute_all(course, options.lesson, released, tasks, how)
    outcome.add(_grade_all(course, options, released, tasks, how, said))

    everything = results.load_all(course, outcome.found)  # of which some may not have been saved
    points = tables.marks(course, everything)
    places = {}
    with outcome.writing("grades.csv, checks.csv or times.csv"):
        places["Marks"], places["Verdicts"], places["Times"] = tables.write(
            course, everything, points
        )
    with outcome.writing("report.html"):
        places["Report"] = report.write(course, everything, points, handed_in.nobodys)
    places["Feedback"] = course.feedback
    others = [*handed_in.nobodys, *outcome.unwritten]
    said.finish(outcome.found, points, others, places)
    return any(map(report.needs_person, outcome.found)) or bool(others)


def _remove_half_written(course):
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


def _code_fingerprint(cell_timeout):
    """A hash of all code, packages and descriptions that marks and hints depend on."""
    digest = hashlib.sha256(f"{sys.version} {cell_timeout} {versions.of_marking()}".encode())
    digest.update(" ".join(versions.installed()).encode())
    return digest


def _check_secret():
    """Raises NothingGraded if there is a course's secret that cannot be one."""
    try:
        course_secret()
    except ValueError as error:
        raise NothingGraded(str(error)) from None


def _fingerprints(submission, released, code):
    """A hash for each notebook of everything that its result depends on."""
    found = {}
    for notebook in released:
        name = notebook.name
        if name in submission.notebooks:
            digest = code.copy()
            work = executed.work_of(notebook, submission.notebooks[name], submission.identifier)
            digest.update(work.encode())
            digest.update("\n".join(submission.remarks[name]).encode("utf-8", "replace"))
            found[name] = digest.hexdigest()
    return found


def _grade_all(course, options, released, tasks, how, said):
    """Grade every student in worker processes; returns the Outcome."""
    workers = min(options.workers or _workers(), len(tasks))
    outcome = Outcome()

    def add(task, answer):
        for sentence in answer.warnings - outcome.warnings:
            said.warn(sentence)
        answer.found = list(map(results.compact, answer.found))
        outcome.add(answer)
        said.graded(answer.found, len(task[0].notebooks))

    def grade(tasks, workers):
        """Grade `tasks`; returns those that did not come to an end because a worker died."""
        left = []
        for task, answer in _in_processes(workers, course, options.lesson, released, tasks, how):
            if answer is None:
                left.append(task)
            else:
                add(task, answer)
        return sorted(left, key=tasks.index)

    said.start(len(tasks), sum(len(submission.notebooks) for submission, _ in tasks))
    try:
        while tasks:
            left = grade(tasks, workers)
            # Tasks start in order, so one of the first is what took its worker along. Each alone.
            for task in left[:workers]:
                if grade([task], 1):
                    add(task, _set_all_aside(course, options.lesson, released, task[0], ENDED))
            tasks = left[workers:]
    finally:
        said.stop()
    return outcome


def _workers():
    """How many notebooks to run at once: one for each core that there is memory for."""
    fitting = int(capacity.memory() // MEMORY_OF_WORKER)
    return max(1, min(capacity.cores(), fitting, MAX_WORKERS))


def _in_processes(workers, course, lesson, released, tasks, how):
    """Yield (task, Outcome) as they are finished; None in place of Outcome if a worker died."""
    pool = ProcessPoolExecutor(
        workers,
        mp_context=WORK,
        initializer=_prepare_worker,
        initargs=(tempfile.gettempdir(), course.lock),
    )
    try:
        with ctrl_c_later():  # for the workers: never; it is for this process alone
            futures = {
                pool.submit(_work, course, lesson, released, *task, how): task for task in tasks
            }
        for future in as_completed(futures):
            try:
                answer = future.result()
            except BrokenProcessPool:
                answer = None
            yield futures.pop(future), answer  # so that it is not kept
        pool.shutdown()
    except BaseException:
        # Ctrl-C: stop at once. What a student's worker had not finished is graded next time.
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise


def _prepare_worker(scratch, lock_file):
    tempfile.tempdir = scratch
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    # Libraries' warnings are not for the instructor.
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    # The run may be killed at any moment; the next one must not meet workers of this one.
    run, lock = multiprocessing.parent_process(), locks.of_worker(lock_file)
    if lock is None or not run.is_alive():
        os._exit(1)
    threading.Thread(target=_end_with, args=(run, lock), daemon=True).start()


def _end_with(run, lock):
    """End this worker at once when the process `run` ends; hold the lock until then."""
    run.join()
    os._exit(1)


def _work(course, lesson, released, submission, fingerprints, how):
    """Grade one student, in a worker; returns the Outcome."""
    try:
        found = grade_student(course, lesson, released, submission, fingerprints, how)
    except Exception as error:
        return _set_all_aside(course, lesson, released, submission, in_full(error))
    outcome = _with_pages(course, found)
    if how.source.problem:
        outcome.warnings.add(f"Each notebook has a new Python, which is slow. {how.source.problem}")
    return outcome


def _set_all_aside(course, lesson, released, submission, problem):
    """The Outcome of a student who cannot be graded; problem: why."""
    return _with_pages(course, nothing_graded(course, lesson, released, submission, problem))


def _with_pages(course, found):
    """The Outcome of one student's Results, whose feedback pages are written."""
    outcome = Outcome(found)
    for result in found:
        with outcome.writing(f"The feedback page of {result.student}, {result.notebook},"):
            feedback.write(course, result)
    return outcome
