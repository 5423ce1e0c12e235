"""Score an executed notebook from the answers that its check cells recorded: fail closed.

The only thing read from a check cell is its record, JSON that is judged as untrusted data against
references computed here. Texts, return values and errors never influence marks; they only serve to
tell the student why a record is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode

from helpers.asking.cell_ids import question_of_answer, question_of_check
from helpers.asking.record import MIME_TYPE
from helpers.grading.gradebook.results import GRADED, REPAIRED, Result, number
from helpers.grading.repair.released import Released, grade_id, is_answer
from helpers.marking.judging import Judge, without_record
from helpers.marking.verdict import CARRIED, ERROR, MISSING, WRONG, Verdict
from helpers.personal import marked_as, normalised

if TYPE_CHECKING:
    from helpers.grading.running.executed import Executed
    from helpers.grading.running.run import Execution
    from helpers.marking.questions.model import Question

Verdicts = Mapping[str, Sequence[Verdict]]  # by question id

MAX_IDENTIFIER_LENGTH = 80  # as far as it is shown
MAX_REASON_LENGTH = 200


def score(
    student: str, lesson: str, released: Released, identifier: str, executed: Executed
) -> Result:
    """The Result of a notebook that has run.

    student: the id. identifier: what selects the student's numbers.
    """

    def verdicts_for(identifier: str) -> dict[str, list[Verdict]]:
        questions = released.questions_for(identifier)
        return verdicts_by_question(executed.notebook, questions, executed.execution)

    announced = executed.announced
    identifier = marked_as(identifier, announced)
    verdicts = verdicts_for(identifier)
    to_decide = ""
    if (
        released.is_personal
        and isinstance(announced, str)
        and normalised(announced) != normalised(identifier)
    ):
        to_decide = _two_identifiers(
            announced, identifier, verdicts, verdicts_for(announced), released.max_points
        )
    return Result(
        student,
        lesson,
        released.name,
        state=REPAIRED if executed.repairs else GRADED,
        max_points=released.max_points,
        verdicts=verdicts,
        remarks=tuple(executed.repairs),
        to_decide=to_decide,
        questions=tuple(executed.execution.questions),
        seconds=executed.seconds,
        cell_seconds=executed.execution.cell_seconds,
    )


def _two_identifiers(
    announced: str, identifier: str, verdicts: Verdicts, others: Verdicts, max_points: float
) -> str:
    """The sentence on a notebook that was worked with other numbers than those it is marked with.

    "" if its points are the same with both: then there is nothing to decide. verdicts: with the
    numbers of `identifier`, who handed it in; others: with those of `announced`.
    """

    def points(verdicts: Verdicts) -> str:
        return number(sum(verdict.points for parts in verdicts.values() for verdict in parts))

    def shown(identifier: str) -> str:
        identifier = " ".join(identifier.split())
        cut = identifier[:MAX_IDENTIFIER_LENGTH]
        return f"“{cut}”" if cut == identifier else f"“{cut}…”"

    if points(verdicts) == points(others):
        return ""
    if normalised(announced):
        worked = f"This notebook was worked with the numbers of {shown(announced)}"
    else:
        worked = "This notebook names no student and was worked with the course's numbers"
    return (
        f"{worked}, but it was handed in by {shown(identifier)}. With the numbers of "
        f"{shown(identifier)} it has {points(verdicts)} of {number(max_points)} points; with the "
        f"others it would have {points(others)}."
    )


def verdicts_by_question(
    notebook: NotebookNode, questions: Mapping[str, Question], execution: Execution
) -> dict[str, list[Verdict]]:
    """The verdicts of every question, by question id, in the order of `questions`.

    notebook: executed. questions: by grade_id of their check cells.
    """
    positions = {name: i for i, cell in enumerate(notebook.cells) if (name := grade_id(cell))}
    judge = Judge(execution.seed)
    for check, question in questions.items():
        stopped = _error_above(notebook, positions, check)
        record, reason = _record(notebook, positions, check, execution, stopped)
        if reason:
            judge.verdicts[question.id] = without_record(question, reason)
            continue
        verdicts = judge.judge(question, record)
        if stopped:  # what it recorded may be from before the error, so nothing builds on it
            judge.forget(question.id)
            judge.verdicts[question.id] = _with_error_above(verdicts, stopped)
    return judge.verdicts


def _record(
    notebook: NotebookNode,
    positions: Mapping[str, int],
    check: str,
    execution: Execution,
    stopped: str,
) -> tuple[Any, str]:
    """A check cell's record, and "" or why there is none that counts."""
    if check not in positions:
        return None, "this cell is missing"
    position = positions[check]
    records = records_in(notebook.cells[position])
    if len(records) > 1:
        return None, "this cell recorded answers more than once"
    reasons = execution.reasons
    lost = [reasons[p] for p in _answer_cells(notebook, positions, check) if p in reasons]
    if lost:
        # What was recorded, if anything, are values of the same names from elsewhere.
        return None, f"your answer above did not run to its end: it {lost[0]}"
    if not records:
        if position in reasons:
            return None, f"this cell {reasons[position]}"
        return None, _why_no_record(notebook.cells[position], stopped)
    (record,) = records
    # What was recorded for another check, or before this one was asked, cannot know its nonce.
    nonce = execution.nonces.get(check)
    if not nonce or not isinstance(record, dict) or record.get("nonce") != nonce:
        return None, "the answers in this cell were not recorded when it was asked for them"
    return record, ""


def _error_above(notebook: NotebookNode, positions: Mapping[str, int], check: str) -> str:
    """The error that one of a check cell's answers stopped with, or ""."""
    answers = _answer_cells(notebook, positions, check)
    return next(filter(None, (error_in(notebook.cells[place]) for place in answers)), "")


def _with_error_above(verdicts: Sequence[Verdict], stopped: str) -> list[Verdict]:
    """Values from before the error count; what is wrong may be a value from an earlier section."""
    hint = f"your answer above stops with {stopped}"
    return [
        replace(verdict, status=ERROR, points=0, hint=hint)
        if verdict.status in (WRONG, CARRIED, ERROR, MISSING) and not verdict.misconceptions
        else verdict
        for verdict in verdicts
    ]


def _answer_cells(notebook: NotebookNode, positions: Mapping[str, int], check: str) -> list[int]:
    """The positions of the answers to a check cell: x-answer, x-answer-2, …"""
    question = question_of_check(check)
    return [
        place
        for name, place in positions.items()
        if question_of_answer(name) == question and is_answer(notebook.cells[place])
    ]


def records_in(cell: Mapping[str, Any]) -> list[Any]:
    """The records among the outputs of a cell: any JSON values."""
    found = []
    for output in cell.get("outputs") or []:
        data = output.get("data")
        if isinstance(data, dict) and MIME_TYPE in data:
            found.append(data[MIME_TYPE])
    return found


def _why_no_record(cell: NotebookNode, stopped: str) -> str:
    """In words for the student, why a check cell left no record; stopped: its answer's error."""
    if stopped:
        return f"this cell did not run because your answer above stops with {stopped}"
    error = error_in(cell)
    if error:
        return f"this cell did not run because of {error}"
    return "this cell left no record of your answers"


def error_in(cell: Mapping[str, Any]) -> str:
    """The error that a cell stopped with, in one short line, or ""."""
    for output in cell.get("outputs") or []:
        if output.get("output_type") == "error":
            text = f"{output.get('ename')}: {output.get('evalue')}"
            return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())[:MAX_REASON_LENGTH]
    return ""
