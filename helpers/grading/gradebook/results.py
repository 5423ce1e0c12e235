"""What is known of each notebook after grading, kept as JSON in gradebook/results/."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from sys import intern

from helpers.grading.machine import files
from helpers.grading.settings import Course
from helpers.marking.verdict import Misconceptions, Verdict

GRADED, REPAIRED, MISSING, SET_ASIDE = "graded", "repaired", "missing", "set aside"

Key = tuple[str, str, str]  # student, lesson, notebook


@dataclass(frozen=True)
class Result:
    """The result of one notebook of one student."""

    student: str
    lesson: str
    notebook: str
    state: str  # "graded", "repaired", "missing" or "set aside"
    max_points: float  # of the notebook
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)  # by question id
    # Sentences for the student: what was repaired, why the notebook was set aside.
    remarks: tuple[str, ...] = ()
    to_read: tuple[str, ...] = ()  # grade_ids of answers that a person has to read
    # Of everything the result depends on, "" while the notebook is being graded.
    fingerprint: str = ""
    details: str = ""  # for the maintainer, never shown to students
    # What a person has to decide, a sentence for student and instructor, or "".
    to_decide: str = ""
    # What the instructor has to look at or decide, sentences for nobody else.
    questions: tuple[str, ...] = ()
    # On what was given by hand for something that is no more, sentences for the instructor.
    outdated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what both are to know of this run, with nothing to do
    lateness: str = ""  # how late it came and what that costs, a sentence for both
    time_question: str = ""  # why lateness does not count yet, a sentence for the instructor
    seconds: float = 0.0  # that its run took
    cell_seconds: float = 0.0  # of these, in its cells

    @property
    def points(self) -> float:
        """The points that the checks gave (nbgrader's gradebook may hold others by hand)."""
        return sum(verdict.points for parts in self.verdicts.values() for verdict in parts)

    @property
    def key(self) -> Key:
        return self.student, self.lesson, self.notebook


def _path(course: Course, student: str, lesson: str, notebook: str) -> Path:
    return course.results / student / lesson / f"{notebook}.json"


def save(course: Course, result: Result) -> None:
    """Write `result`, all or nothing."""
    path = _path(course, *result.key)
    verdicts = {
        question: [verdict.to_fields() for verdict in parts]
        for question, parts in result.verdicts.items()
    }
    fields = asdict(replace(result, verdicts={})) | {"verdicts": verdicts}
    files.write(path, json.dumps(fields, indent=1, ensure_ascii=False))


def load(course: Course, student: str, lesson: str, notebook: str) -> Result | None:
    """The saved Result, or None."""
    return _read(_path(course, student, lesson, notebook))


def load_all(course: Course, found: Sequence[Result] = ()) -> list[Result]:
    """Every saved Result, ordered by lesson, student and notebook.

    found: Results that are taken as they are, whatever is saved of them.
    """
    keys = {result.key for result in found}
    saved = filter(None, map(_read, course.results.glob("*/*/*.json")))
    everything = [*found, *(result for result in saved if result.key not in keys)]
    return sorted(everything, key=lambda r: (r.lesson, r.student.casefold(), r.student, r.notebook))


def compact(result: Result) -> Result:
    """`result`, whose sentences are held once in memory however many Results say them."""
    return replace(
        result,
        verdicts={
            intern(question): [
                replace(
                    verdict,
                    part=intern(verdict.part),
                    status=intern(verdict.status),
                    misconceptions=_shared(verdict.misconceptions),
                    hint=intern(verdict.hint),
                )
                for verdict in parts
            ]
            for question, parts in result.verdicts.items()
        },
    )


@cache
def _shared(misconceptions: Misconceptions) -> Misconceptions:
    """Equal ones are held once in memory."""
    return misconceptions


def discard(course: Course, student: str, lesson: str, notebook: str) -> None:
    """Forget the saved result of a notebook."""
    _path(course, student, lesson, notebook).unlink(missing_ok=True)


def _read(path: Path) -> Result | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["verdicts"] = {
            question: [Verdict.from_fields(verdict) for verdict in parts]
            for question, parts in fields["verdicts"].items()
        }
        for name in ("remarks", "to_read", "questions", "outdated", "notes"):
            fields[name] = tuple(fields.get(name, ()))  # an earlier release saved fewer
        return compact(Result(**fields))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def number(value: float) -> str:
    """A number of points as short as it can be: 3, 2.5."""
    return f"{float(value):.10g}"
