"""The report on a class: report.html, complete in itself."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from helpers.grading.gradebook import results
from helpers.grading.gradebook.results import Key, Result
from helpers.grading.machine import files
from helpers.grading.pages import analysis, feedback, report_figures
from helpers.grading.pages.examples import example_of
from helpers.grading.settings import Course
from helpers.marking.misconceptions import CATALOGUE
from helpers.marking.questions import place, title_of


def write(
    course: Course,
    found: Sequence[Result],
    points: Mapping[Key, float],
    unassigned: Sequence[tuple[str, str]] = (),
) -> Path:
    """Write report.html for the Results `found`; returns its path.

    points: of each result, from `tables.marks`. unassigned: (file, reason) pairs.
    """
    path = course.gradebook / "report.html"
    lessons = [
        _lesson(course, lesson, [r for r in found if r.lesson == lesson], points)
        for lesson in sorted({r.lesson for r in found})
    ]
    text = (
        feedback.templates()
        .get_template("report.html")
        .render(lessons=lessons, unassigned=unassigned)
    )
    files.write(path, text)
    return path


def needs_person(result: Result) -> bool:
    """Whether a person has to look at a Result."""
    asks = (result.to_read, result.to_decide, result.questions, result.outdated)
    return result.state == results.SET_ASIDE or any(map(bool, asks))


def why(result: Result) -> str:
    """Why a person has to look at a Result, in words for the instructor."""
    reasons = list(result.remarks) if result.state == results.SET_ASIDE else []
    reasons += result.details.split("\n")[:1]
    if result.to_read:
        reasons.append(f"Written answers to read in formgrader: {', '.join(result.to_read)}.")
    reasons += [result.to_decide, *result.questions, *result.outdated]
    return " ".join(filter(None, reasons))


def _lesson(
    course: Course, lesson: str, found: Sequence[Result], points: Mapping[Key, float]
) -> dict[str, Any]:
    notebooks = list(dict.fromkeys(r.notebook for r in sorted(found, key=lambda r: r.notebook)))
    students: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for r in found:
        students[r.student][r.notebook] = {
            "points": points[r.key],
            "max_points": r.max_points,
            "state": r.state,
            "link": _link(course, r),
        }
    rows = [
        {
            "student": student,
            "cells": [cells.get(notebook) for notebook in notebooks],
            "total": sum(cell["points"] for cell in cells.values()),
        }
        for student, cells in students.items()
    ]
    maximum = sum({r.notebook: r.max_points for r in found}.values())
    states = Counter(r.state for r in found)
    totals = [row["total"] for row in rows]
    return {
        "name": lesson,
        "notebooks": notebooks,
        "rows": rows,
        "max_points": maximum,
        "mean": sum(totals) / len(rows),
        "states": [(state, states[state]) for state in
                   (results.GRADED, results.REPAIRED, results.MISSING, results.SET_ASIDE)],
        "distribution": report_figures.marks_distribution(totals, maximum),
        "outcomes": [_outcomes(*of_one) for of_one in analysis.outcomes(found).items()],
        "misconceptions": [
            _misconception(course, frequency, found)
            for frequency in analysis.misconceptions(found)
        ],
        "poor_items": analysis.poor_items(found),
        "same_for_all": analysis.same_for_all(found),
        "fewest_students": analysis.MIN_STUDENTS,
        "to_look_at": [_to_look_at(course, r, why(r)) for r in found if needs_person(r)],
        "repaired": [
            _to_look_at(course, r, " ".join(r.remarks)) for r in found
            if r.state == results.REPAIRED
        ],
        "noted": [_to_look_at(course, r, " ".join(r.notes)) for r in found if r.notes],
        "nothing": [
            student for student, cells in students.items()
            if all(cell["state"] == results.MISSING for cell in cells.values())
        ],
    }  # fmt: skip


def _link(course: Course, result: Result) -> str:
    return quote(str(feedback.path_of(course, result).relative_to(course.gradebook)))


def _to_look_at(course: Course, result: Result, reason: str) -> dict[str, Any]:
    return {"result": result, "why": reason, "link": _link(course, result)}


def _outcomes(notebook: str, questions: analysis.Outcomes) -> dict[str, Any]:
    """A notebook's questions with the counts of their verdicts, and a picture of them."""
    totals = {name: sum(parts.values(), Counter[str]()) for name, parts in questions.items()}
    return {
        "notebook": notebook,
        "picture": report_figures.question_outcomes(totals),
        "questions": [
            {"question": name, "title": title_of(name), "parts": parts, "total": totals[name]}
            for name, parts in questions.items()
        ],
    }


def _misconception(
    course: Course, frequency: analysis.Frequency, found: Sequence[Result]
) -> dict[str, Any]:
    entry = CATALOGUE.get(frequency.name)  # an older result may have a name that is gone
    return {
        "name": frequency.name.replace("_", " "),
        "shows": entry.shows if entry else "",
        "hint": entry.hint if entry else "",
        "explained": place(entry.explained) if entry else "",
        "students": len(frequency.students),
        "uncertain": len(frequency.uncertain),
        "places": ", ".join(f"{question} {part}" for (question, part), _ in frequency.places[:3]),
        "example": example_of(frequency.name, course, found),
    }
