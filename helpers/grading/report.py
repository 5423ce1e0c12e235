"""The report on a class: report.html, complete in itself."""

import os
from collections import Counter, defaultdict
from urllib.parse import quote

from helpers.grading import feedback, results
from helpers.misconceptions import CATALOGUE

COLUMNS = 10  # of the distribution of marks


def write(course, found, points, nobodys=()):
    """Write report.html for the Results `found`; returns its path.

    points: of each result, from `tables.marks`. nobodys: (file, reason) pairs.
    """
    path = course.gradebook / "report.html"
    lessons = [
        _lesson(course, lesson, [r for r in found if r.lesson == lesson], points)
        for lesson in sorted({r.lesson for r in found})
    ]
    new = path.with_suffix(".new")
    text = feedback.templates().get_template("report.html").render(lessons=lessons, nobodys=nobodys)
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)
    return path


def needs_person(result):
    """Whether a person has to look at a Result."""
    return result.state == results.SET_ASIDE or bool(result.to_read) or bool(result.to_decide)


def why(result):
    """Why a person has to look at a Result, in words for the instructor."""
    reasons = list(result.remarks) if result.state == results.SET_ASIDE else []
    reasons += result.details.split("\n")[:1]
    if result.to_read:
        reasons.append(f"Written answers to read in formgrader: {', '.join(result.to_read)}.")
    reasons.append(result.to_decide)
    return " ".join(filter(None, reasons))


def _lesson(course, lesson, found, points):
    notebooks = list(dict.fromkeys(r.notebook for r in sorted(found, key=lambda r: r.notebook)))
    students = defaultdict(dict)
    for r in found:
        students[r.student][r.notebook] = {
            "points": points[r.student, r.lesson, r.notebook],
            "max_points": r.max_points,
            "state": r.state,
            "link": quote(str(feedback.path_of(course, r).relative_to(course.gradebook))),
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
    return {
        "name": lesson,
        "notebooks": notebooks,
        "rows": rows,
        "max_points": maximum,
        "mean": sum(row["total"] for row in rows) / len(rows),
        "states": [(state, states[state]) for state in
                   (results.GRADED, results.REPAIRED, results.MISSING, results.SET_ASIDE)],
        "distribution": _distribution([row["total"] for row in rows], maximum),
        "questions": _questions(found),
        "misconceptions": _misconceptions(found),
        "to_look_at": [
            {"result": r, "why": why(r), "link": students[r.student][r.notebook]["link"]}
            for r in found
            if needs_person(r)
        ],
    }  # fmt: skip


def _distribution(totals, maximum):
    """How many students have how many points: dicts with the limits, the count and the height."""
    width = maximum / COLUMNS or 1
    counts = Counter(min(int(total / width), COLUMNS - 1) for total in totals)
    highest = max(counts.values())
    return [
        {
            "from": column * width,
            "to": (column + 1) * width,
            "count": counts[column],
            "height": 100 * counts[column] / highest,
        }
        for column in range(COLUMNS)
    ]


def _questions(found):
    """For each question and its parts: how many have it right, of those who were graded on it."""
    counts = defaultdict(lambda: defaultdict(Counter))
    for r in sorted(found, key=lambda r: r.notebook):
        for question, verdicts in r.verdicts.items():
            for verdict in verdicts:
                counts[question][verdict.part][verdict.verdict] += 1
    return [
        {
            "question": question,
            "parts": [{"part": part, **_share(count)} for part, count in parts.items()],
            **_share(sum(parts.values(), Counter())),
        }
        for question, parts in counts.items()
    ]


def _share(count):
    """How many verdicts are right, of how many, and in percent."""
    right, of = count["right"] + count["carried"], sum(count.values())
    return {"right": right, "of": of, "missing": count["missing"], "share": 100 * right / of}


def _misconceptions(found):
    """The recognised mistakes, the commonest first: in how many students' work, and where."""
    students, places = defaultdict(set), defaultdict(Counter)
    for r in found:
        for question, verdicts in r.verdicts.items():
            for verdict in verdicts:
                if verdict.misconception:
                    students[verdict.misconception].add(r.student)
                    places[verdict.misconception][f"{question} {verdict.part}"] += 1
    return [
        {
            "name": name.replace("_", " "),
            "hint": CATALOGUE[name].hint if name in CATALOGUE else "",
            "students": len(students[name]),
            "places": ", ".join(place for place, _ in places[name].most_common(3)),
        }
        for name in sorted(students, key=lambda name: (-len(students[name]), name))
    ]
