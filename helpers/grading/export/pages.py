"""The feedback pages as one zip, which platforms or mail programs give to each student.

Moodle's mod/assign/feedback/file/importziplib.php takes a file for the student whose number stands
between the first two underscores of a folder's name, after whom the plugin that exported it is
named: name_number_assignsubmission_file_.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence

from helpers.grading.class_list.reading import ClassList, Student
from helpers.grading.errors import NothingGraded
from helpers.grading.export.class_marks import Mark
from helpers.grading.pages import feedback
from helpers.grading.settings import Course

FORBIDDEN = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*_]+")
TIME = (1980, 1, 1, 0, 0, 0)  # so that the same pages are the same zip
MAX_NAME = 80


def pages_for_moodle(
    course: Course, lesson: str, listed: ClassList, marks: Mapping[str, Mark]
) -> bytes:
    """The zip that Moodle takes as feedback files. marks: by identifier. Raises NothingGraded."""
    rows = {student.identifier: student for student in listed.students}
    files = {}
    for identifier, mark in marks.items():
        row = rows[identifier]
        if not row.number:
            raise NothingGraded(
                f"{listed.table.path}, line {row.line}: “Identifier” has no number at its end, as "
                "Moodle's have (“Participant 1204001”)."
            )
        name = _plain(row.name) or "Participant"
        path = f"{name}_{row.number}_assignsubmission_file_/feedback {lesson}.html"
        files[path] = feedback.page_of_all(course, mark.found)
    return zipped(files)


def pages_by_name(course: Course, marks: Sequence[Mark], people: Mapping[str, Student]) -> bytes:
    """A zip with a file for each student, called by name and identifier."""
    files: dict[str, str] = {}
    for mark in marks:
        if not mark.handed_in:
            continue
        row = people.get(mark.student)
        name = _plain(f"{row.name} ({row.identifier})" if row and row.name else mark.student)
        taken = {path.casefold() for path in files}
        path, count = f"{name}.html", 2
        while path.casefold() in taken:
            path, count = f"{name} {count}.html", count + 1
        files[path] = feedback.page_of_all(course, mark.found)
    return zipped(files)


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip of text files, the same bytes for the same files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files.items()):
            info = zipfile.ZipInfo(path, TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text.encode())
    return data.getvalue()


def _plain(name: str) -> str:
    """A name that is one part of a path, whatever unpacks it; Moodle reads underscores."""
    return FORBIDDEN.sub(" ", name)[:MAX_NAME].strip(" .~")
