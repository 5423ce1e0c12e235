"""A student's notebook after its run, kept in gradebook/executed/: all that scoring needs.

So a notebook that has run need not run again: after an interrupted run, or to be scored anew.
"""

import gzip
import hashlib
import json
import time
from dataclasses import asdict, dataclass, field, replace

import nbformat

from helpers.grading.intake.reading import read_notebook
from helpers.grading.machine import files
from helpers.grading.repair.lay_in import announced_student, repair
from helpers.grading.running import run
from helpers.personal import normalised, secret_fingerprint


@dataclass
class Executed:
    """A notebook that has run, and what the grader's side knows of that.

    notebook: repaired and executed. execution: a run.Execution. repairs: sentences for the student.
    announced: whose numbers it was worked with, by its own account, or None. work: a hash of what
    was handed in and what it was laid into. fingerprint: of everything that its result depends on.
    seconds: of the whole run.
    """

    notebook: nbformat.NotebookNode
    execution: run.Execution
    repairs: list = field(default_factory=list)
    announced: object = None
    work: str = ""
    fingerprint: str = ""
    seconds: float = 0.0

    def still_asks(self, questions):
        """Whether its check cells would be asked the same today; questions: by grade_id."""
        return all(
            check in questions and run.digest_of(self._task(questions[check], check)) == digest
            for check, digest in self.execution.tasks.items()
        )

    def _task(self, question, check):
        execution = self.execution
        return question.task_from(execution.seed, execution.nonces[check]).to_json()

    def to_json(self):
        """All of it as JSON text."""
        return json.dumps({**self.__dict__, "execution": asdict(self.execution)})

    @classmethod
    def from_json(cls, text):
        """Raises ValueError, TypeError or KeyError if this is none."""
        fields = json.loads(text)
        execution = fields.pop("execution")
        execution["reasons"] = {int(place): why for place, why in execution["reasons"].items()}
        notebook = nbformat.from_dict(fields.pop("notebook"))
        return cls(notebook=notebook, execution=run.Execution(**execution), **fields)


def execute(released, data, student, seed, kernels, cell_timeout):
    """Repair and execute a notebook that was handed in; returns Executed, without fingerprints.

    released: the Released notebook. data: bytes that were handed in. student: by identifier.
    seed: int, for the checks' probes. kernels: see helpers.grading.running.kernels. cell_timeout:
    in seconds.
    """
    kernels.prepare()
    start = time.perf_counter()
    submitted = read_notebook(data)
    notebook, repairs = repair(submitted, released.notebook)
    announced = announced_student(submitted, released.notebook)
    questions = released.questions_for(student)
    execution = run.execute(notebook, questions, seed, kernels, cell_timeout, student)
    seconds = time.perf_counter() - start
    return Executed(notebook, execution, repairs, announced, seconds=seconds)


def work_of(released, data, student):
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


def _path(course, student, lesson, notebook):
    return course.executed / student / lesson / f"{notebook}.json.gz"


def save(course, student, lesson, notebook, executed):
    """Write it, all or nothing."""
    path = _path(course, student, lesson, notebook)
    files.write(path, gzip.compress(executed.to_json().encode(), compresslevel=1))


def load(course, student, lesson, notebook):
    """The saved Executed, or None."""
    try:
        data = _path(course, student, lesson, notebook).read_bytes()
        return Executed.from_json(gzip.decompress(data))
    except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError):
        return None


def load_if_it_holds(course, lesson, notebook, submission, fingerprint, how):
    """The saved Executed of a notebook that was handed in, if it still holds, else None."""
    saved = load(course, submission.student, lesson, notebook.name)
    if not saved or how.again and saved.execution.seed != how.seed:  # that is, of another run
        return None
    if saved.fingerprint != fingerprint and not (
        how.rescore and saved.work == _work_of(notebook, submission)
    ):
        return None
    if not saved.still_asks(notebook.questions_for(submission.identifier)):
        return None
    return replace(saved, fingerprint=fingerprint)


def keep(course, lesson, notebook, submission, fingerprint, ran):
    """Save an Executed that has just run, for what it was made of; returns it with its hashes."""
    ran = replace(ran, work=_work_of(notebook, submission), fingerprint=fingerprint)
    save(course, submission.student, lesson, notebook.name, ran)
    return ran


def _work_of(notebook, submission):
    data = submission.notebooks[notebook.name]
    return work_of(notebook, data, submission.identifier)
