"""Grade one student's notebooks into nbgrader's gradebook, through nbgrader's own converter."""

import logging
import os
import sqlite3
import sys
import traceback
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, get_alembic_version
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config

from helpers.grading import results
from helpers.grading.errors import NothingGraded
from helpers.grading.intake import named
from helpers.grading.settings import PATIENCE, configure


def open_gradebook(course):
    """nbgrader's Gradebook; use it with `with`."""
    course.gradebook.mkdir(parents=True, exist_ok=True)
    _find_alembic()
    return Gradebook(course.database)


def _is_whole(path):
    """Whether the database is there with all its tables: nbgrader notes the version last."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            return "alembic_version" in tables and bool(
                database.execute("SELECT * FROM alembic_version").fetchone()
            )
    except sqlite3.DatabaseError as error:
        raise NothingGraded(
            f"{path} cannot be used as a gradebook: {error}. Move it away, or grade into a new one "
            "with --gradebook."
        ) from error


def _make_database(path):
    """Make nbgrader's database, all or nothing; one that is half made keeps what it holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _find_alembic()
    new = path.with_suffix(".new")
    if path.exists():
        with closing(sqlite3.connect(path)) as half, closing(sqlite3.connect(new)) as copy:
            half.backup(copy)
    Gradebook(f"sqlite:///{new}").close()
    if not _is_whole(new):
        with closing(sqlite3.connect(new)) as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"
            )
            database.execute("INSERT INTO alembic_version VALUES (?)", [get_alembic_version()])
    os.replace(new, path)


def _find_alembic():
    """nbgrader runs the program `alembic`, which lies beside this Python."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if programs not in path.split(os.pathsep):
        os.environ["PATH"] = programs + os.pathsep + path


@dataclass(frozen=True)
class ByHand:
    """What the gradebook holds of a notebook: its points in all, and what a person gave there.

    points: with a penalty for lateness taken off. scores, comments: by grade_id.
    """

    points: float
    scores: dict
    comments: dict


def by_hand(course, result):
    """The ByHand of a Result."""
    with open_gradebook(course) as gradebook:
        try:
            entry = gradebook.find_submission_notebook(
                result.notebook, result.lesson, result.student
            )
        except MissingEntry:
            return ByHand(result.points, {}, {})
        return ByHand(
            max(0, entry.score - (entry.late_submission_penalty or 0)),
            {
                grade.name: grade.score
                for grade in entry.grades
                if grade.manual_score is not None or grade.extra_credit
            },
            {
                comment.name: comment.manual_comment
                for comment in entry.comments
                if comment.manual_comment
            },
        )


def register(course, lesson, released):
    """Enter a lesson and its `released` notebooks with their cells and points in the gradebook.

    This is what generate_assignment does too. Raises NothingGraded if the gradebook holds
    submissions for notebooks with other cells. Interrupted anywhere, it can be done again.
    """
    if not _is_whole(course.database_file):
        _make_database(course.database_file)
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(lesson)
    for notebook in released:
        names = {"notebook": notebook.name, "assignment": lesson, "db_url": course.database}
        try:
            SaveCells().preprocess(notebook.notebook.copy(), {"nbgrader": names})
        except RuntimeError as error:
            raise NothingGraded(
                f"{course.gradebook} was made with another version of {notebook.name}: its cells "
                "have changed. Grade into a new one with --gradebook, or move this one away."
            ) from error


class _Converter(Autograde):
    """nbgrader's Autograde, in which no notebook can stop the others."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.problems = {}

    def convert_single_notebook(self, notebook_filename):
        try:
            super().convert_single_notebook(notebook_filename)
        except Exception as error:
            self.problems[Path(notebook_filename).stem] = in_full(error)


def grade_student(
    course, lesson, released, submission, *, sandbox, cell_timeout, fingerprints, again=False
):
    """Grade the stored notebooks of one Submission; returns a Result for each released notebook.

    Notebooks whose saved result has the fingerprint of `fingerprints`, a dict by notebook, and
    whose points are in the gradebook, are finished and kept, unless `again`.
    """
    student = submission.student
    done = {}
    if not again:
        done = {n: _finished(course, lesson, student, n, fingerprints) for n in fingerprints}
    _enter_student(course, lesson, student)
    problems = {}
    for name in submission.notebooks:
        if not done.get(name):
            problems |= _autograde(course, lesson, student, name, sandbox, cell_timeout)
    found = []
    for notebook in released:
        result = done.get(notebook.name) or _result(
            course, lesson, notebook, submission, problems, released
        )
        if result.state in (results.MISSING, results.SET_ASIDE):
            _enter_nothing(course, result)
        elif not done.get(notebook.name):
            result = replace(result, fingerprint=fingerprints[notebook.name])
        results.save(course, result)
        found.append(result)
    return found


def nothing_graded(course, lesson, released, submission, problem):
    """The Results of a student whose grading failed; problem: why.

    They are entered and saved if that can be done. Where it cannot, the disk being full, say, a
    later run finds that the gradebook and what is saved do not agree, and grades again.
    """
    problems = {name: problem for name in submission.notebooks}
    found = [
        _result(course, lesson, notebook, submission, problems, released) for notebook in released
    ]
    for result in found:
        with suppress(Exception):
            _enter_student(course, lesson, submission.student)
            _enter_nothing(course, result)
            results.save(course, result)
    return found


def _enter_student(course, lesson, student):
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission(lesson, student)


def _finished(course, lesson, student, notebook, fingerprints):
    """The saved result of a notebook if it is finished and the gradebook agrees, else None."""
    saved = results.load(course, student, lesson, notebook)
    if saved is None or not saved.fingerprint or saved.fingerprint != fingerprints[notebook]:
        return None
    if not (course.autograded / student / lesson / f"{notebook}.ipynb").is_file():
        return None
    with open_gradebook(course) as gradebook:
        try:
            entry = gradebook.find_submission_notebook(notebook, lesson, student)
        except MissingEntry:
            return None
        entered = {grade.name: grade.auto_score for grade in entry.grades}
    wanted = {
        question.replace(".", "-"): sum(verdict.points for verdict in verdicts)
        for question, verdicts in saved.verdicts.items()
    }
    return saved if wanted.items() <= entered.items() else None


def _autograde(course, lesson, student, notebook, sandbox, cell_timeout):
    """Run nbgrader's converter on one notebook. Returns {notebook: problem}, {} if all is well."""
    config = Config()
    configure(config, course, course.gradebook, sandbox, cell_timeout)
    config.CourseDirectory.assignment_id = lesson
    config.CourseDirectory.student_id = student
    config.CourseDirectory.notebook_id = notebook
    config.Autograde.force = True
    quiet = logging.getLogger("helpers.grading.nbgrader")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    quiet.setLevel(logging.CRITICAL)
    directory = CourseDirectory(config=config, log=quiet)
    converter = _Converter(coursedir=directory, config=config, log=quiet)
    try:
        # So that an old one cannot pass for the new.
        results.discard(course, student, lesson, notebook)
        converter.start()
    except Exception as error:
        converter.problems.setdefault(notebook, in_full(error))
    return converter.problems


def in_short(error):
    """An exception for the instructor, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def in_full(error):
    """An exception in one line, and below it, for the maintainer, where it came from."""
    return f"{in_short(error)}\n{''.join(traceback.format_exception(error))}"


def _result(course, lesson, notebook, submission, problems, released):
    """The Result of a notebook that was just graded, or cannot be."""
    name = notebook.name
    nothing = results.Result(
        submission.student, lesson, name, results.MISSING, notebook.max_points,
    )  # fmt: skip
    if name in problems:
        reason = "The grader could not finish this notebook."
        return replace(nothing, state=results.SET_ASIDE, remarks=(reason,), details=problems[name])
    if name in submission.notebooks:
        saved = results.load(course, submission.student, lesson, name)
        if saved is None:
            reason = "The grader left no result for this notebook."
            return replace(nothing, state=results.SET_ASIDE, remarks=(reason,))
        remarks = (*submission.remarks[name], *saved.remarks)
        return replace(saved, state=results.REPAIRED if remarks else saved.state, remarks=remarks)
    if name in submission.set_aside:
        return replace(nothing, state=results.SET_ASIDE, remarks=(submission.set_aside[name],))
    meant = _meant_as(name, submission, [notebook.name for notebook in released])
    if meant:
        files = " ".join(f"“{file}” {reason}." for file, reason in meant[:5])
        remark = f"This notebook was not found, but there is something else: {files}"
        return replace(nothing, state=results.SET_ASIDE, remarks=(remark,))
    return nothing


def _meant_as(name, submission, names):
    """The unplaced files, (file, reason), that may be meant as the notebook `name`.

    A file whose name does not tell counts for the first notebook that is missing, so that it is
    listed once.
    """
    missing = [n for n in names if n not in submission.notebooks and n not in submission.set_aside]
    return [
        (file, reason)
        for file, reason in submission.unplaced
        if (named(Path(file).name, names) or missing[0]) == name
    ]


def _enter_nothing(course, result):
    """Enter 0 points for a notebook that was not graded; points given by hand stay."""
    with open_gradebook(course) as gradebook:
        entry = gradebook.find_submission_notebook(result.notebook, result.lesson, result.student)
        for grade in entry.grades:
            grade.auto_score = 0
            grade.needs_manual_grade = False
        gradebook.db.commit()
    stale = course.autograded / result.student / result.lesson / f"{result.notebook}.ipynb"
    if stale.exists():
        os.chmod(stale, 0o644)
        stale.unlink()
