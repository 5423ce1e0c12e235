"""Lateness in nbgrader's gradebook: due dates, hand-in times, and the penalty of each notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbgrader.api import Gradebook

from helpers.grading.lateness import times
from helpers.grading.lateness.policy import Lateness, Policy
from helpers.grading.lateness.times import Arrival

if TYPE_CHECKING:
    from helpers.grading.gradebook.results import Result
    from helpers.grading.intake.submissions import Submission

MOST_NAMED = 10
HOW = "Give the time in the column “submitted” of --students, or with Moodle's grading worksheet."


def enter_due(gradebook: Gradebook, lesson: str, policy: Policy) -> None:
    """Enter when a lesson is due; what is there stays where the Policy says nothing."""
    if policy.due:
        gradebook.update_or_create_assignment(lesson, duedate=_utc(policy.due))


def enter(
    gradebook: Gradebook,
    policy: Policy,
    result: Result,
    called: Iterable[str],
    arrival: Arrival | None,
) -> Result:
    """Enter what lateness costs a graded notebook, from its points as they are now.

    called: the student's identifier and id, for extensions. arrival: when it was handed in. Without
    a due date what nbgrader has stays. Returns the Result with what is to be said of it.
    """
    called = list(called)
    result = replace(result, lateness="", time_question="")
    if policy.due_for(called) is None or not result.verdicts:
        return result
    entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
    lateness = counted(policy, called, arrival)
    entry.late_submission_penalty = lateness.penalty(entry.score) if lateness else None
    gradebook.db.commit()
    return replace(
        result,
        lateness=in_words(lateness, arrival) if lateness and arrival else "",
        time_question=_question(policy, called, arrival),
    )


def enter_times(
    gradebook: Gradebook,
    policy: Policy,
    lesson: str,
    student: str,
    called: Iterable[str],
    arrivals: Mapping[str, Arrival],
) -> None:
    """Enter when a student has handed in, the last of the notebooks, and their extension."""
    due = policy.due_for(called)
    if due is None and not arrivals:
        return
    submission = gradebook.find_submission(lesson, student)
    known = [a.submitted for a in arrivals.values() if a.submitted and not a.may_be_earlier]
    if known:
        submission.timestamp = _utc(max(known))
    if due and policy.due:
        submission.extension = due - policy.due if due != policy.due else None
    gradebook.db.commit()


def counted(policy: Policy, called: Iterable[str], arrival: Arrival | None) -> Lateness | None:
    """The Lateness that counts, None where it does not, or cannot be told."""
    if arrival is None or arrival.submitted is None or arrival.may_be_earlier:
        return None
    lateness = policy.lateness(called, arrival.submitted)
    return lateness if lateness and lateness.days else None


def in_words(lateness: Lateness, arrival: Arrival) -> str:
    """How late something came and what that costs, a sentence."""
    assert arrival.submitted is not None
    days = f"{lateness.days} day{'s' * (lateness.days != 1)} begun after it was due"
    zone = lateness.due.tzinfo
    costs = f"{lateness.percent:g}% of the points are taken off" if lateness.percent else (
        "that costs nothing"
    )  # fmt: skip
    return (
        f"Handed in {_shown(arrival.submitted.astimezone(zone))} (by {arrival.source}), {days} "
        f"({_shown(lateness.due)}): {costs}."
    )


def _question(policy: Policy, called: Iterable[str], arrival: Arrival | None) -> str:
    """Why it cannot be told whether a notebook was late, a sentence; "" if it can."""
    if policy.late is None:
        return ""
    if arrival is None or arrival.submitted is None:
        return f"It is not known when this was handed in, so lateness does not count. {HOW}"
    lateness = policy.lateness(called, arrival.submitted)
    if arrival.may_be_earlier and lateness and lateness.days:
        return (
            f"The file's time, {_shown(arrival.submitted)}, is after it was due, but may be that "
            f"of the download, so lateness does not count. {HOW}"
        )
    return ""


def sources(course_arrivals: Iterable[Mapping[str, Arrival]]) -> str:
    """By what the times of hand-in are known, a phrase for the instructor."""
    counts: dict[str, int] = {}
    for arrivals in course_arrivals:
        for arrival in arrivals.values():
            source = arrival.source or "nothing"
            if arrival.may_be_earlier:
                source = f"{times.FILE}, which may be that of the download"
            counts[source] = counts.get(source, 0) + 1
    listed = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} by {source}" for source, count in listed)


def late_in_words(
    policy: Policy,
    submissions: Iterable[Submission],
    course_arrivals: Mapping[str, Mapping[str, Arrival]],
) -> str:
    """Who of those who hand in now is late by these times, a sentence for the instructor."""
    late: dict[str, int] = {}
    for submission in submissions:
        called = submission.identifier, submission.student
        for arrival in course_arrivals[submission.student].values():
            if counted(policy, called, arrival):
                late[submission.student] = late.get(submission.student, 0) + 1
    if not late:
        return "None of it is late by these times."
    more = f" and {len(late) - MOST_NAMED} more" if len(late) > MOST_NAMED else ""
    count = sum(late.values())
    return (
        f"Late by these times: {count} notebook{'s' * (count != 1)}, of "
        f"{', '.join(list(late)[:MOST_NAMED])}{more}."
    )


def _utc(time: datetime) -> datetime:
    """As nbgrader keeps times."""
    return time.astimezone(UTC).replace(tzinfo=None)


def _shown(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M %z")
