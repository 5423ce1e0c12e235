"""A student's notebook after its run, kept in gradebook/executed/: all that scoring needs.

So a notebook that has run need not run again: after an interrupted run, or to be scored anew.
"""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from helpers.grading.machine import files
from helpers.grading.repair.lay_in import announced_student, repair
from helpers.grading.repair.released import Released
from helpers.grading.running import run
from helpers.grading.running.kernels import ColdKernels, WarmKernels
from helpers.grading.settings import Course
from helpers.marking.questions.model import Question
from helpers.personal import marked_as, normalised, secret_fingerprint

if TYPE_CHECKING:
    from helpers.grading.intake.submissions import Submission
    from helpers.grading.student import GradingOptions


@dataclass
class Executed:
    """A notebook that has run, and what the grader's side knows of that."""

    notebook: NotebookNode  # repaired and executed
    execution: run.Execution
    repairs: list[str] = field(default_factory=list)  # sentences for the student
    announced: str | None = None  # whose numbers it was worked with, by its own account
    work: str = ""  # a hash of what was handed in and what it was laid into
    fingerprint: str = ""  # of everything that its result depends on
    seconds: float = 0.0  # of the whole run

    def still_asks(self, questions: Mapping[str, Question]) -> bool:
        """Whether its check cells would be asked the same today; questions: by grade_id."""
        return all(
            check in questions and run.digest_of(self._task(questions[check], check)) == digest
            for check, digest in self.execution.tasks.items()
        )

    def with_what_was_left_out(self) -> Executed | None:
        """As the cells ran before Python ended that were run again without one of them, or None.

        That one had left something running which ended Python, and may have been right.
        """
        execution = self.execution
        before = execution.outputs_before
        if not before:
            return None
        notebook = copy.deepcopy(self.notebook)
        for position, outputs in before.items():
            notebook.cells[position].outputs = copy.deepcopy(outputs)
        reasons = {place: why for place, why in execution.reasons.items() if place not in before}
        nonces = {**execution.nonces, **execution.nonces_before}
        return replace(
            self, notebook=notebook, execution=replace(execution, reasons=reasons, nonces=nonces)
        )

    def _task(self, question: Question, check: str) -> str:
        execution = self.execution
        return question.task_from(execution.seed, execution.nonces[check]).to_json()

    def to_json(self) -> str:
        """All of it as JSON text."""
        return json.dumps({**self.__dict__, "execution": asdict(self.execution)})

    @classmethod
    def from_json(cls, text: str | bytes) -> Executed:
        """Raises ValueError, TypeError or KeyError if this is none."""
        fields = json.loads(text)
        execution = fields.pop("execution")
        execution["reasons"] = {
            int(place): why.removeprefix("this cell ")  # as release 0.1.0 saved it
            for place, why in execution["reasons"].items()
        }
        execution["outputs_before"] = {
            int(place): nbformat.from_dict(outputs)
            for place, outputs in execution.get("outputs_before", {}).items()
        }
        notebook = nbformat.from_dict(fields.pop("notebook"))
        return cls(notebook=notebook, execution=run.Execution(**execution), **fields)


def repair_and_execute(
    released: Released,
    submitted: NotebookNode,
    student: str,
    seed: int,
    kernels: ColdKernels | WarmKernels,
    cell_timeout: int,
) -> Executed:
    """Repair and execute a notebook that was handed in; the Executed has no fingerprints yet.

    submitted: what was handed in. student: by identifier. seed: for the checks' probes. kernels:
    see helpers.grading.running.kernels. cell_timeout: in seconds.
    """
    kernels.prepare()
    start = time.perf_counter()
    notebook, repairs = repair(submitted, released.notebook)
    announced = announced_student(submitted, released.notebook)
    student = marked_as(student, announced)
    questions = released.questions_for(student)
    execution = run.execute(notebook, questions, seed, kernels, cell_timeout, student)
    seconds = time.perf_counter() - start
    return Executed(notebook, execution, repairs, announced, seconds=seconds)


def work_of(released: Released, data: bytes, student: str) -> str:
    """The hash of what is executed: bytes handed in, the Released notebook, the student's numbers.

    student: by identifier.
    """
    digest = hashlib.sha256()
    parts = [hashlib.sha256(released.path.read_bytes()).digest(), hashlib.sha256(data).digest()]
    if released.is_personal:
        own = f"{secret_fingerprint()} {normalised(student)}"
        parts.append(own.encode("utf-8", "replace"))
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _path(course: Course, student: str, lesson: str, notebook: str) -> Path:
    return course.executed / student / lesson / f"{notebook}.json.gz"


def save(course: Course, student: str, lesson: str, notebook: str, executed: Executed) -> None:
    """Write it, all or nothing."""
    path = _path(course, student, lesson, notebook)
    files.write(path, gzip.compress(executed.to_json().encode(), compresslevel=1))


def load(course: Course, student: str, lesson: str, notebook: str) -> Executed | None:
    """The saved Executed, or None."""
    try:
        data = _path(course, student, lesson, notebook).read_bytes()
        return Executed.from_json(gzip.decompress(data))
    except Exception:  # whatever a damaged file gives: then the notebook is executed again
        return None


def has_run(course: Course, lesson: str, notebook: Released, submission: Submission) -> bool:
    """Whether there is an Executed of just what was handed in, whether or not it still holds."""
    saved = load(course, submission.student, lesson, notebook.name)
    return saved is not None and saved.work == _work_of(notebook, submission)


def load_if_it_holds(
    course: Course,
    lesson: str,
    notebook: Released,
    submission: Submission,
    fingerprint: str,
    options: GradingOptions,
) -> Executed | None:
    """The saved Executed of a notebook that was handed in, if it still holds, else None."""
    saved = load(course, submission.student, lesson, notebook.name)
    if (
        not saved or options.again and saved.execution.seed != options.seed
    ):  # that is, of another run
        return None
    may_differ = options.rescore or saved.execution.seed == options.seed  # it ran in this very run
    if saved.fingerprint != fingerprint and not (
        may_differ and saved.work == _work_of(notebook, submission)
    ):
        return None
    asked_as = marked_as(submission.identifier, saved.announced)
    if not saved.still_asks(notebook.questions_for(asked_as)):
        return None
    return replace(saved, fingerprint=fingerprint)


def keep(
    course: Course,
    lesson: str,
    notebook: Released,
    submission: Submission,
    fingerprint: str,
    ran: Executed,
) -> Executed:
    """Save an Executed that has just run, for what it was made of; returns it with its hashes."""
    ran = replace(ran, work=_work_of(notebook, submission), fingerprint=fingerprint)
    save(course, submission.student, lesson, notebook.name, ran)
    return ran


def _work_of(notebook: Released, submission: Submission) -> str:
    data = submission.notebooks[notebook.name]
    return work_of(notebook, data, submission.identifier)
