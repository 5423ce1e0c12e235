"""Find each student's notebooks in a folder or a zip; set aside by name what cannot be read."""

import hashlib
import re
import uuid
from collections import Counter, UserDict, defaultdict
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from nbformat import NotebookNode

from helpers.grading.errors import NothingGraded, Unreadable
from helpers.grading.intake import archive
from helpers.grading.intake.reading import read_notebook, to_keep
from helpers.grading.intake.students import NOTEBOOK, FileAndReason, by_student, student_ids
from helpers.grading.machine.files import write
from helpers.grading.repair.released import Released, grade_id
from helpers.grading.settings import Course

# Of one submission, unpacked:
MAX_BYTES = 300 * archive.MEGABYTE
MAX_NOTEBOOKS = 100


@dataclass
class Submission:
    """What one student handed in for a lesson."""

    student: str  # the id
    # What the submission is called, as it stands and, last, without the number that Moodle adds.
    called: tuple[str, ...] = ()
    identifier: str = ""  # what selects the student's numbers (see helpers.personal.class_list)
    # The files by the name of the released notebook, as everything that goes by notebook does.
    notebooks: MutableMapping[str, bytes] = field(default_factory=dict)
    # Sentences for the student, by notebook.
    remarks: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Why a notebook could not be read, by notebook.
    set_aside: dict[str, str] = field(default_factory=dict)
    # Files that may have been meant as one of the notebooks.
    unplaced: list[FileAndReason] = field(default_factory=list)
    # Why a notebook could not be executed elsewhere, by notebook.
    problems: dict[str, str] = field(default_factory=dict)


# Any, since a value is bytes to its users and a path in `data`.
class Spooled(UserDict[str, Any]):
    """Bytes by name, in files of a folder rather than in memory."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.folder = folder

    def __setitem__(self, name: str, content: bytes) -> None:
        path = Path(self.folder, uuid.uuid4().hex)
        path.write_bytes(content)
        self.data[name] = path

    def __getitem__(self, name: str) -> bytes:
        return self.data[name].read_bytes()


@dataclass(frozen=True)
class Intake:
    """Everything that was handed in."""

    submissions: list[Submission]
    unassigned: list[FileAndReason]  # files that belong to no student


def collect(
    path: str | Path,
    released: Sequence[Released],
    other_names: Sequence[str] = (),
    spool: str | Path | None = None,
) -> Intake:
    """Find the submissions in `path`, a zip or a folder, for the `released` notebooks.

    other_names: of the course's other notebooks, which are ignored. spool: a folder in which the
    notebooks wait, else they do so in memory. Raises NothingGraded, saying what was expected, if
    there is no submission at all.
    """
    entries = archive.entries_of(path)
    handed_in, plain, unassigned = by_student(entries, PurePosixPath(str(path)).stem)
    if not handed_in:
        raise NothingGraded(
            f"There are no submissions in {path}. Expected: a folder for each student with the "
            "notebooks in it, or a zip of that, as Moodle's “Download all submissions” gives."
        )
    ids = student_ids(handed_in)
    submissions = [
        _submission(
            Submission(
                ids[name], (name, plain[name]), notebooks={} if spool is None else Spooled(spool)
            ),
            handed_in[name],
            released,
            other_names,
        )
        for name in sorted(handed_in, key=str.casefold)
    ]
    return Intake(submissions, unassigned)


@dataclass(frozen=True)
class _Copy:
    """A student's copy of a notebook."""

    entry: archive.Entry
    kept: bytes  # what is kept of it
    remark: str  # what is to be said of that
    digest: bytes  # of the file


class _Allowance:
    """How much of a submission is still read."""

    def __init__(self) -> None:
        self.bytes, self.notebooks = MAX_BYTES, MAX_NOTEBOOKS

    def read(self, entry: archive.Entry, limit: int = archive.MAX_FILE_SIZE) -> bytes:
        """The entry's bytes. Raises Unreadable."""
        if self.bytes <= 0:
            megabytes = MAX_BYTES // archive.MEGABYTE
            raise Unreadable(f"was not read: the files before it have {megabytes} MB")
        try:
            data = entry.content(limit)
        except Unreadable:
            self.bytes -= archive.MEGABYTE  # for the attempt
            raise
        self.bytes -= len(data)
        return data

    def read_notebook(self, entry: archive.Entry) -> tuple[bytes, NotebookNode]:
        """The entry's bytes and the notebook in them. Raises Unreadable."""
        if not self.notebooks:
            raise Unreadable(f"was not read: there are more than {MAX_NOTEBOOKS} notebooks")
        self.notebooks -= 1
        data = self.read(entry)
        return data, read_notebook(data)


def _submission(
    submission: Submission,
    entries: Iterable[archive.Entry],
    released: Sequence[Released],
    other_names: Sequence[str],
) -> Submission:
    """The Submission, empty so far, with what its entries hold."""
    allowance = _Allowance()
    names = [notebook.name for notebook in released]
    files = list(_with_inner_zips(entries, submission, allowance))
    notebooks = [entry for entry in files if NOTEBOOK.search(entry.name)]
    # What is called like a notebook of the lesson comes first, the newest before others.
    notebooks.sort(key=lambda entry: (named(entry.name, names) is None, -entry.modified))
    copies: dict[str, list[_Copy]] = defaultdict(list)
    unreadable: list[tuple[archive.Entry, str]] = []
    for entry in notebooks:
        try:
            data, parsed = allowance.read_notebook(entry)
        except Unreadable as error:
            unreadable.append((entry, str(error)))
            continue
        name = _notebook_of(entry.name, parsed, released)
        if name is not None:
            digest = hashlib.sha256(data).digest()
            copies[name].append(_Copy(entry, *to_keep(data, parsed), digest))
        elif named(entry.name, other_names) is None:
            submission.unplaced.append((entry.shown, "is not one of the lesson's notebooks"))

    for name in names:
        if copies[name]:
            _choose(submission, name, copies[name])
    for entry, reason in unreadable:
        name = named(entry.name, names)
        if name is None:
            if named(entry.name, other_names) is None:
                submission.unplaced.append((entry.shown, reason))
        elif name in submission.notebooks:
            submission.remarks[name].append(f"Another copy, “{entry.shown}”, {reason}.")
        else:
            submission.set_aside.setdefault(name, f"“{entry.shown}” {reason}.")
    found = {*submission.notebooks, *submission.set_aside}
    for entry in files:
        name = named(entry.name, names)
        # Not what else lies beside notebooks, unless it is all there is, or called like one.
        if not NOTEBOOK.search(entry.name) and (name not in found if name else not found):
            submission.unplaced.append((entry.shown, "is not a notebook (.ipynb)"))
    return submission


def _with_inner_zips(
    entries: Iterable[archive.Entry], submission: Submission, allowance: _Allowance
) -> Iterator[archive.Entry]:
    """The entries, with those of zips among them in place of the zips, one level deep."""
    for entry in entries:
        if entry.suffix != ".zip":
            if entry.refused and not NOTEBOOK.search(entry.name):
                submission.unplaced.append((entry.shown, entry.refused))
            elif entry.suffix in archive.ARCHIVES:
                submission.unplaced.append(
                    (entry.shown, f"is a {entry.suffix} archive; ask for a zip or the notebooks")
                )
            else:
                yield entry
            continue
        try:
            data = allowance.read(entry, archive.MAX_INNER_ZIP_SIZE)
            inner = list(archive.entries_of_zip(data, entry.parts, archive.MAX_INNER_FILES))
        except Unreadable as error:
            submission.unplaced.append((entry.shown, str(error)))
            continue
        for file in inner:
            if archive.is_litter(file):
                continue
            if file.suffix == ".zip":
                submission.unplaced.append((file.shown, "is a zip inside a zip"))
            else:
                yield file


def _notebook_of(file_name: str, parsed: NotebookNode, released: Sequence[Released]) -> str | None:
    """The name of the released notebook that this one is: by its cells, else by its file name."""
    ids = Counter(filter(None, map(grade_id, parsed.cells)))
    shared = {r.name: sum(g in r.grade_ids for g in ids) for r in released}
    best = max(shared, key=shared.__getitem__)
    return best if shared[best] else named(file_name, [r.name for r in released])


def named(file_name: str, names: Iterable[str]) -> str | None:
    """Which of `names` a file is called: whatever the case, spaces, " (1)", or words around it."""
    stem = re.sub(r"[^a-z0-9]+", "_", NOTEBOOK.sub("", file_name).casefold()).strip("_")
    fitting = [name for name in names if name.casefold() in stem]
    return max(fitting, key=len, default=None)


def _choose(submission: Submission, name: str, copies: Sequence[_Copy]) -> None:
    """Take the newest of a student's copies of a notebook."""

    def exact(copy: _Copy) -> bool:
        return NOTEBOOK.sub("", copy.entry.name) == name

    chosen = max(copies, key=lambda c: (c.entry.modified, exact(c), -len(c.entry.parts)))
    submission.notebooks[name] = chosen.kept
    remarks = submission.remarks[name]
    if len({copy.digest for copy in copies}) > 1:
        remarks.append(
            f"There were {len(copies)} copies of this notebook; the newest, "
            f"“{chosen.entry.shown}”, was graded."
        )
    if named(chosen.entry.name, [name]) is None:
        remarks.append(
            f"The file was called “{chosen.entry.shown}”; its cells showed which notebook it is."
        )
    if chosen.remark:
        remarks.append(chosen.remark)


def store(
    course: Course, lesson: str, submission: Submission, released: Iterable[Released]
) -> None:
    """Copy a student's notebooks to gradebook/submitted/.

    What was handed in there before and differs is kept in gradebook/earlier/. A notebook that was
    handed in before and is not among the new ones still counts: it joins the submission.
    """
    folder = course.submitted / submission.student / lesson
    folder.mkdir(parents=True, exist_ok=True)
    for name in (notebook.name for notebook in released):
        path = folder / f"{name}.ipynb"
        data = submission.notebooks.get(name)
        if path.exists():
            before = path.read_bytes()
            if data is None and name not in submission.set_aside:
                submission.notebooks[name] = data = before
            elif data != before:
                _keep(course, lesson, submission.student, name, before)
        if data is not None:
            write(path, data)
        elif path.exists():
            path.unlink()


def _keep(course: Course, lesson: str, student: str, name: str, content: bytes) -> None:
    """Copy an earlier notebook to gradebook/earlier/, under a name that tells versions apart."""
    kept = course.earlier / student / lesson
    version = hashlib.sha256(content).hexdigest()[:16]
    write(kept / f"{name}-{version}.ipynb", content)
