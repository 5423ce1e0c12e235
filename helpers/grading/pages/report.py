"""The report on a class: report.html, complete in itself."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from helpers.grading.gradebook import results
from helpers.grading.gradebook.results import Key, Result
from helpers.grading.gradebook.standing import Standing
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
    standing: Standing | None = None,
) -> Path:
    """Write report.html for the Results `found`; returns its path.

    points: of each result, with what lateness costs taken off. unassigned: (file, reason) pairs.
    standing: of the class, if there is more to say than the Results do.
    """
    standing = standing or Standing(list(found), points)
    path = course.gradebook / "report.html"
    lessons = [
        _lesson(course, lesson, [r for r in found if r.lesson == lesson], standing)
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
    asks = (
        *(result.to_read, result.to_decide, result.questions, result.outdated),
        result.time_question,
    )
    return result.state == results.SET_ASIDE or any(map(bool, asks))


def why(result: Result) -> str:
    """Why a person has to look at a Result, in words for the instructor."""
    reasons = list(result.remarks) if result.state == results.SET_ASIDE else []
    reasons += result.details.split("\n")[:1]
    if result.to_read:
        reasons.append(f"Written answers to read in formgrader: {', '.join(result.to_read)}.")
    reasons += [result.to_decide, *result.questions, *result.outdated, result.time_question]
    return " ".join(filter(None, reasons))


def _lesson(
    course: Course, lesson: str, found: Sequence[Result], standing: Standing
) -> dict[str, Any]:
    notebooks = list(dict.fromkeys(r.notebook for r in sorted(found, key=lambda r: r.notebook)))
    counts_for = {r.notebook: r.max_points for r in standing.counted if r.lesson == lesson}
    of_student: defaultdict[str, dict[str, Result]] = defaultdict(dict)
    for r in found:
        of_student[r.student][r.notebook] = r
    rows = [
        _row(course, student, mine, notebooks, counts_for, standing)
        for student, mine in of_student.items()
    ]
    maximum = sum(counts_for.values())
    states = Counter(r.state for r in found)
    # Work that was set aside has no marks yet, which is not a mark of 0.
    marked = [row for row in rows if not row["set_aside"] and not row["nothing"]]
    totals = [row["total"] for row in marked]
    to_look_at = [_to_look_at(course, r, why(r)) for r in found if needs_person(r)]
    contents = {
        "name": lesson,
        "notebooks": [(name, _counts_as(name, standing, lesson)) for name in notebooks],
        "rows": rows,
        "max_points": maximum,
        "sentences": _summary(rows, totals),
        "states": [(state, states[state]) for state in
                   (results.GRADED, results.REPAIRED, results.MISSING, results.SET_ASIDE)],
        "distribution": report_figures.marks_distribution(totals, maximum) if totals else None,
        "outcomes": [_outcomes(*of_one) for of_one in analysis.outcomes(found).items()],
        "misconceptions": [
            _misconception(course, frequency, found)
            for frequency in analysis.misconceptions(found)
        ],
        "poor_items": analysis.poor_items(found),
        "same_for_all": analysis.same_for_all(found),
        "fewest_students": analysis.MIN_STUDENTS,
        "to_look_at": to_look_at,
        "repaired": _grouped(course, (r for r in found if r.state == results.REPAIRED),
                             lambda r: " ".join(r.remarks)),
        "noted": _grouped(course, (r for r in found if r.notes), lambda r: " ".join(r.notes)),
        "late": _grouped(course, (r for r in found if standing.late.get(r.key)),
                         lambda r: _late_in_short(r)),
        "nothing": [row["student"] for row in rows if row["nothing"]],
        "has_list": bool(standing.people),
    }  # fmt: skip
    parts = [(part, title) for part, title, needs in CONTENTS
             if not needs or any(contents[name] for name in needs)]  # fmt: skip
    return {**contents, "contents": parts}


# The parts of the report, and what has to be there for them.
CONTENTS = (
    ("summary", "summary", ()),
    ("person", "who needs a person", ("to_look_at", "repaired", "nothing")),
    ("late", "late", ("late",)),
    ("mistakes", "what was not understood", ("misconceptions",)),
    ("questions", "each question", ("outcomes",)),
    ("items", "parts that tell students apart badly", ()),
    ("students", "each student", ()),
)


def _summary(rows: Sequence[Mapping[str, Any]], totals: Sequence[float]) -> list[str]:
    """Sentences on all students. totals: of those who have a mark."""
    nothing = sum(row["nothing"] for row in rows)
    aside = sum(row["set_aside"] for row in rows)
    said = []
    if totals:
        mean = results.number(round(sum(totals) / len(totals), 1))
        others = " and of whom nothing is set aside" if aside else ""
        said.append(f"The average is {mean}, of the {len(totals)} who handed in something{others}.")
    if nothing:
        said.append(f"{nothing} handed in nothing.")
    if aside:
        said.append(
            f"Of {aside}, work is set aside: they have no mark yet, which is not a mark of 0."
        )
    return said


def _row(
    course: Course,
    student: str,
    mine: Mapping[str, Result],
    notebooks: Sequence[str],
    counts_for: Mapping[str, float],
    standing: Standing,
) -> dict[str, Any]:
    """A student's row of the table of all."""
    cells = [_cell(course, mine[name], standing) if name in mine else None for name in notebooks]
    counted = [r for name, r in mine.items() if name in counts_for]
    states = {r.state for r in mine.values()}
    person = standing.people.get(student)
    return {
        "student": student,
        "identifier": person.identifier if person else "",
        "cells": cells,
        "total": sum(standing.points[r.key] for r in counted),
        "late": sum(standing.late.get(r.key, 0.0) for r in counted),
        "set_aside": any(r.state == results.SET_ASIDE for r in counted),
        "nothing": states == {results.MISSING},
    }


def _cell(course: Course, result: Result, standing: Standing) -> dict[str, Any]:
    return {
        "points": standing.points[result.key],
        "late": standing.late.get(result.key, 0.0),
        "state": result.state,
        "link": _link(course, result) if feedback.path_of(course, result).exists() else "",
    }


def _counts_as(notebook: str, standing: Standing, lesson: str) -> str:
    return (
        standing.policies[lesson].optional.get(notebook, "")
        if (lesson in standing.policies)
        else ""
    )


def _late_in_short(result: Result) -> str:
    """What is the same for all who were late alike."""
    return result.lateness.partition("), ")[2] or result.lateness or "Entered in nbgrader."


def _grouped(
    course: Course, found: Iterable[Result], reason: Callable[[Result], str]
) -> list[dict[str, Any]]:
    """Results of which the same is said, together, those of most first."""
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in found:
        groups[reason(result)].append(_to_look_at(course, result, ""))
    return [
        {"why": why, "items_of": items}
        for why, items in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]


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
