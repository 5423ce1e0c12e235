"""Where things are, and nbgrader's configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import helpers

if TYPE_CHECKING:
    from traitlets.config import Config

CELL_TIMEOUT = 60  # seconds; the slowest given cell, importing TensorFlow, takes 5 to 10
# Seconds that workers wait for each other's writes; SQLite's own 5 are too few for many of them.
PATIENCE = 60
SQLITE = "sqlite:///"
GRADE = "helpers.grading.preprocessors.Grade"
LATE_POLICY = "helpers.grading.lateness.plugin.LatePolicy"


@dataclass(frozen=True)
class Course:
    """The directories of a course, and its database."""

    root: Path  # holds notebooks/ and solutions/
    gradebook: Path  # holds the rest
    # As nbgrader and SQLAlchemy name it; there may be a password in it.
    database: str = field(repr=False)

    @property
    def released(self) -> Path:
        return self.root / "notebooks"

    @property
    def submitted(self) -> Path:
        return self.gradebook / "submitted"

    @property
    def earlier(self) -> Path:
        return self.gradebook / "earlier"

    @property
    def executed(self) -> Path:
        return self.gradebook / "executed"

    @property
    def autograded(self) -> Path:
        return self.gradebook / "autograded"

    def autograded_notebook(self, student: str, lesson: str, notebook: str) -> Path:
        """Where nbgrader and formgrader look for an executed notebook."""
        return self.autograded / student / lesson / f"{notebook}.ipynb"

    @property
    def feedback(self) -> Path:
        return self.gradebook / "feedback"

    @property
    def results(self) -> Path:
        return self.gradebook / "results"

    @property
    def lock(self) -> Path:
        return self.gradebook / ".lock"

    @property
    def database_file(self) -> Path | None:
        """The file of a database of SQLite's, else None."""
        if not self.database.startswith(SQLITE):
            return None
        return Path(self.database.removeprefix(SQLITE).rpartition("?")[0])


def sqlite(path: Path) -> str:
    """The database in the file `path`, as nbgrader and SQLAlchemy name it."""
    return f"{SQLITE}{path}?timeout={PATIENCE}"


def course_at(
    root: str | Path | None = None, gradebook: str | Path = "gradebook", database: str = ""
) -> Course:
    """The Course at `root`, by default here or where helpers lies. gradebook: relative to here.

    database: from `database.chosen`; "" is gradebook.db in the gradebook.
    """
    if root is None:
        here = Path.cwd()
        root = here if (here / "notebooks").is_dir() else Path(helpers.__file__).parents[1]
    gradebook = Path(gradebook).resolve()
    return Course(Path(root).resolve(), gradebook, database or sqlite(gradebook / "gradebook.db"))


def configure(c: Config, course: Course, root: str | Path) -> None:
    """Set nbgrader's configuration `c` for `course`.

    root: nbgrader's course root; the other directories are named relative to it.
    """

    def relative(path: Path) -> str:
        return os.path.relpath(path, root)

    c.CourseDirectory.root = str(root)
    c.CourseDirectory.source_directory = relative(course.root / "solutions")
    # generate_assignment deletes its release directory when it fails: never notebooks/ itself.
    c.CourseDirectory.release_directory = relative(course.gradebook / "release")
    c.CourseDirectory.submitted_directory = relative(course.submitted)
    c.CourseDirectory.autograded_directory = relative(course.autograded)
    c.CourseDirectory.feedback_directory = relative(course.feedback)
    c.CourseDirectory.db_url = course.database
    # Files beside the notebooks in solutions/ would be released to students.
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.md"]

    c.Autograde.sanitize_preprocessors = []
    c.Autograde.autograde_preprocessors = [
        GRADE,
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.AssignLatePenalties.plugin_class = LATE_POLICY
    c.LatePolicy.course_root = str(course.root)
    c.LatePolicy.gradebook_directory = str(course.gradebook)
    c.GenerateFeedback.preprocessors = []
    c.GenerateFeedback.exporter_class = "helpers.grading.pages.exporter.FeedbackExporter"
    c.Grade.course_root = str(course.root)
    c.Grade.gradebook_directory = str(course.gradebook)
    c.FeedbackExporter.course_root = str(course.root)
    c.FeedbackExporter.gradebook_directory = str(course.gradebook)
