"""For which answer a person gave points or a comment: none of them outlives its answer in silence.

Nbgrader's gradebook does not say. But whoever gives something in formgrader gives it for what was
entered last, and that is kept here, in gradebook/by_hand/, as is what each mark was given for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Comment, Grade, SubmittedNotebook

from helpers.asking.cell_ids import question_of_answer, question_of_check
from helpers.grading.gradebook.results import Key, Result, number
from helpers.grading.machine import files
from helpers.grading.repair.released import grade_id, is_answer, is_check
from helpers.grading.settings import Course


@dataclass(frozen=True)
class Basis:
    """What a person sees in formgrader when they give something; None where it is not known."""

    answer: str | None  # a hash of it
    points: float | None  # that the grader gives

    def differs_from(self, other: Basis) -> bool:
        """Whether it certainly differs."""
        pairs = ((self.answer, other.answer), (self.points, other.points))
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


@dataclass
class _Given:
    what: list[float | None] | str  # points and extra credit, or a comment
    basis: Basis  # for what


@dataclass
class _Record:
    entered: dict[str, Basis] = field(default_factory=dict)  # by grade_id
    grades: dict[str, _Given] = field(default_factory=dict)
    comments: dict[str, _Given] = field(default_factory=dict)


class History:
    """What a person gave for one notebook, so far."""

    def __init__(self, course: Course, key: Key) -> None:
        student, lesson, notebook = key
        self.path = course.gradebook / "by_hand" / student / lesson / f"{notebook}.json"
        self.executed = course.autograded_notebook(*key)
        self.record = _read(self.path)

    def look(self, entry: SubmittedNotebook) -> None:
        """Note what has been given since something was last entered, and for what that was.

        entry: from the gradebook, in which nothing else has been entered since.
        """
        before = asdict(self.record)
        grades, comments = self.record.grades, self.record.comments
        self.record.grades, self.record.comments = {}, {}
        for grade in filter(is_by_hand, entry.grades):
            what = [grade.manual_score, grade.extra_credit]
            known = grades.get(grade.name)
            # Formgrader takes the flag away whenever a person saves, be it the same points.
            if not (known and known.what == what and grade.needs_manual_grade):
                known = _Given(what, self._shown(grade.name, grade))
            self.record.grades[grade.name] = known
        for comment in entry.comments:
            if comment.manual_comment:
                known = comments.get(comment.name)
                if not (known and known.what == comment.manual_comment):
                    known = _Given(comment.manual_comment, self._shown(comment.name, None))
                self.record.comments[comment.name] = known
        if asdict(self.record) != before:
            self._save()

    def entered(self, notebook: NotebookNode, result: Result) -> None:
        """Note what has been entered: the executed notebook, and the points in a Result."""
        self.record.entered = dict(_bases(notebook, result))
        self._save()

    def outdated(self, entry: SubmittedNotebook) -> tuple[str, ...]:
        """Sentences on what was given for an answer or a verdict that is no more, after `look`."""
        found = []
        for grade in filter(is_by_hand, entry.grades):
            given, now = self.record.grades.get(grade.name), self.record.entered.get(grade.name)
            if given and now and given.basis.differs_from(now):
                found.append(_on_grade(grade, given.basis, now))
        for comment in entry.comments:
            given = self.record.comments.get(comment.name)
            now = self.record.entered.get(comment.name)
            if given and now and comment.manual_comment and given.basis.differs_from(now):
                found.append(_on_comment(comment, given.basis, now))
        return tuple(found)

    def _shown(self, name: str, grade: Grade | None) -> Basis:
        """What formgrader has been showing of a cell."""
        if name in self.record.entered:
            return self.record.entered[name]
        points = grade.auto_score if grade else None
        return Basis(self._in_executed.get(name), points)

    @cached_property
    def _in_executed(self) -> Mapping[str, str]:
        """The answers by grade_id in a gradebook of an earlier release, which noted none."""
        try:
            return _answers(nbformat.read(self.executed, as_version=4))
        except Exception:  # whatever keeps it from being read
            return {}

    def _save(self) -> None:
        files.write(self.path, json.dumps(asdict(self.record), indent=1, ensure_ascii=False))


def is_by_hand(grade: Grade) -> bool:
    """Whether a person gave points there."""
    return grade.manual_score is not None or bool(grade.extra_credit)


def _read(path: Path) -> _Record:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return _Record(
            {name: Basis(**basis) for name, basis in fields["entered"].items()},
            *(
                {name: _Given(g["what"], Basis(**g["basis"])) for name, g in fields[kind].items()}
                for kind in ("grades", "comments")
            ),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return _Record()


def _answers(notebook: NotebookNode) -> dict[str, str]:
    """A hash of the answer for each cell that has points or a comment, by grade_id.

    That of a check cell are its question's answer cells.
    """
    of_question: dict[str, list[str]] = {}
    for cell in notebook.cells:
        question = question_of_answer(grade_id(cell) or "")
        if question and is_answer(cell):
            of_question.setdefault(question, []).append(cell.source)
    found = {}
    for cell in notebook.cells:
        name = grade_id(cell)
        if name and (utils.is_grade(cell) or utils.is_solution(cell)):
            sources = [cell.source]
            if is_check(cell):
                sources = of_question.get(question_of_check(name), [])
            text = "\0".join(source.strip() for source in sources)
            found[name] = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return found


def _bases(notebook: NotebookNode, result: Result) -> Iterator[tuple[str, Basis]]:
    for name, answer in _answers(notebook).items():
        verdicts = result.verdicts.get(question_of_answer(name) or question_of_check(name))
        points = sum(verdict.points for verdict in verdicts) if verdicts else None
        yield name, Basis(answer, points)


def _on_grade(grade: Grade, given_for: Basis, now: Basis) -> str:
    by_hand = grade.auto_score if grade.manual_score is None else grade.manual_score
    points = number((by_hand or 0) + (grade.extra_credit or 0))
    would = (
        "what is there now has not been read"
        if now.points is None
        else f"for what is there now the grader gives {number(now.points)} of "
        f"{number(grade.max_score)}"
    )
    return (
        f"{grade.name}: {points} points were given by hand {_since(given_for, now)}, and count; "
        f"{would}. In formgrader, save the points that you mean."
    )


def _on_comment(comment: Comment, given_for: Basis, now: Basis) -> str:
    return (
        f"{comment.name}: your comment was written {_since(given_for, now)}. In formgrader, change "
        "or delete it."
    )


def _since(given_for: Basis, now: Basis) -> str:
    """What is another than when something was given by hand."""
    same = given_for.answer is not None and given_for.answer == now.answer
    return "when the grader judged this answer otherwise" if same else "for an earlier answer"
