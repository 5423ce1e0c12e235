"""What is known of each notebook after grading, kept as JSON in gradebook/results/."""

import json
from dataclasses import asdict, dataclass, field, replace
from sys import intern

from helpers.grading.machine import files
from helpers.marking.judging import Verdict

GRADED, REPAIRED, MISSING, SET_ASIDE = "graded", "repaired", "missing", "set aside"


@dataclass(frozen=True)
class Result:
    """The result of one notebook of one student.

    state: "graded", "repaired", "missing" or "set aside". max_points: of the notebook.
    verdicts: {question id: [Verdict, …]}. remarks: sentences for the student: what was repaired,
    why the notebook was set aside. to_read: grade_ids of answers that a person has to read.
    to_decide: what a person has to decide, a sentence for student and instructor, or "".
    fingerprint: of everything the result depends on, "" while the notebook is being graded.
    details: for the maintainer, never shown to students. seconds: that its run took, cell_seconds
    of it in its cells.
    """

    student: str
    lesson: str
    notebook: str
    state: str
    max_points: float
    verdicts: dict = field(default_factory=dict)
    remarks: tuple = ()
    to_read: tuple = ()
    fingerprint: str = ""
    details: str = ""
    to_decide: str = ""
    seconds: float = 0.0
    cell_seconds: float = 0.0

    @property
    def points(self):
        """The points that the checks gave (nbgrader's gradebook may hold others by hand)."""
        return sum(verdict.points for parts in self.verdicts.values() for verdict in parts)

    @property
    def key(self):
        """(student, lesson, notebook)."""
        return self.student, self.lesson, self.notebook


def _path(course, student, lesson, notebook):
    return course.results / student / lesson / f"{notebook}.json"


def save(course, result):
    """Write `result`, all or nothing."""
    path = _path(course, *result.key)
    files.write(path, json.dumps(asdict(result), indent=1, ensure_ascii=False))


def load(course, student, lesson, notebook):
    """The saved Result, or None."""
    return _read(_path(course, student, lesson, notebook))


def load_all(course, found=()):
    """Every saved Result, ordered by lesson, student and notebook.

    found: Results that are taken as they are, whatever is saved of them.
    """
    keys = {result.key for result in found}
    saved = filter(None, map(_read, course.results.glob("*/*/*.json")))
    everything = [*found, *(result for result in saved if result.key not in keys)]
    return sorted(everything, key=lambda r: (r.lesson, r.student.casefold(), r.student, r.notebook))


def compact(result):
    """`result`, whose sentences are held once in memory however many Results say them."""
    return replace(
        result,
        verdicts={
            intern(question): [
                replace(
                    verdict,
                    part=intern(verdict.part),
                    verdict=intern(verdict.verdict),
                    misconception=intern(verdict.misconception),
                    hint=intern(verdict.hint),
                )
                for verdict in parts
            ]
            for question, parts in result.verdicts.items()
        },
    )


def discard(course, student, lesson, notebook):
    """Forget the saved result of a notebook."""
    _path(course, student, lesson, notebook).unlink(missing_ok=True)


def _read(path):
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["verdicts"] = {
            question: [Verdict(**verdict) for verdict in parts]
            for question, parts in fields["verdicts"].items()
        }
        fields["remarks"], fields["to_read"] = tuple(fields["remarks"]), tuple(fields["to_read"])
        return compact(Result(**fields))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def number(value):
    """A number of points as short as it can be: 3, 2.5."""
    return f"{float(value):.10g}"
