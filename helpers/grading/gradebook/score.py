"""Score an executed notebook from the answers that its check cells recorded: fail closed.

The only thing read from a check cell is its record, JSON that is judged as untrusted data against
references computed here. Texts, return values and errors never influence marks; they only serve to
tell the student why a record is missing.
"""

import re
from dataclasses import replace

from helpers.asking.cell_ids import question_of_answer, question_of_check
from helpers.asking.record import MIME_TYPE
from helpers.grading.repair.released import grade_id, is_answer
from helpers.marking.judging import CARRIED, ERROR, WRONG, judge, without_record

MAX_REASON_LENGTH = 200


def score(notebook, questions, execution):
    """The verdicts of every question: {question id: [Verdict, …]}, in the order of `questions`.

    notebook: executed. questions: {grade_id of a check cell: Question}. execution: from
    `run.execute`.
    """
    positions = {grade_id(cell): i for i, cell in enumerate(notebook.cells) if grade_id(cell)}
    found, records = {}, {}
    for check, question in questions.items():
        stopped = _error_above(notebook, positions, check)
        record, reason = _record(notebook, positions, check, execution, stopped)
        if reason:
            found[question.id] = without_record(question, reason)
            continue
        verdicts = judge(question, record, execution.seed, records, found)
        if stopped:
            found[question.id] = _with_error_above(verdicts, stopped)
        else:
            found[question.id] = verdicts
            records[question.id] = record
    return found


def _record(notebook, positions, check, execution, stopped):
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
        reason = lost[0].replace("this cell", "it")
        return None, f"your answer above did not run to its end: {reason}"
    if not records:
        return None, reasons.get(position) or _why_no_record(notebook.cells[position], stopped)
    (record,) = records
    # What was recorded for another check, or before this one was asked, cannot know its nonce.
    nonce = execution.nonces.get(check)
    if not nonce or not isinstance(record, dict) or record.get("nonce") != nonce:
        return None, "the answers in this cell were not recorded when it was asked for them"
    return record, ""


def _error_above(notebook, positions, check):
    """The error that one of a check cell's answers stopped with, or ""."""
    answers = _answer_cells(notebook, positions, check)
    return next(filter(None, (error_in(notebook.cells[place]) for place in answers)), "")


def _with_error_above(verdicts, stopped):
    """Values from before the error count; what is wrong may be a value from an earlier section."""
    hint = f"your answer above stops with {stopped}"
    return [
        replace(verdict, verdict=ERROR, points=0, hint=hint)
        if verdict.verdict in (WRONG, CARRIED, ERROR) and not verdict.misconception
        else verdict
        for verdict in verdicts
    ]


def _answer_cells(notebook, positions, check):
    """The positions of the answers to a check cell: x-answer, x-answer-2, …"""
    question = question_of_check(check)
    return [
        place
        for name, place in positions.items()
        if question_of_answer(name) == question and is_answer(notebook.cells[place])
    ]


def records_in(cell):
    """The records among the outputs of a cell."""
    found = []
    for output in cell.get("outputs") or []:
        data = output.get("data")
        if isinstance(data, dict) and MIME_TYPE in data:
            found.append(data[MIME_TYPE])
    return found


def _why_no_record(cell, stopped):
    """In words for the student, why a check cell left no record; stopped: its answer's error."""
    if stopped:
        return f"this cell did not run because your answer above stops with {stopped}"
    error = error_in(cell)
    if error:
        return f"this cell did not run because of {error}"
    return "this cell left no record of your answers"


def error_in(cell):
    """The error that a cell stopped with, in one short line, or ""."""
    for output in cell.get("outputs") or []:
        if output.get("output_type") == "error":
            text = f"{output.get('ename')}: {output.get('evalue')}"
            return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())[:MAX_REASON_LENGTH]
    return ""
