"""Find each student's notebooks in a folder or a zip; set aside by name what cannot be read."""

import hashlib
import os
import uuid
from collections import UserDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nbformat import NotebookNode

from helpers.grading.errors import Unreadable
from helpers.grading.intake import archive
from helpers.grading.intake.copies import MOST_LISTED, Copy, choose
from helpers.grading.intake.known import Known, named
from helpers.grading.intake.reading import read_notebook, to_keep
from helpers.grading.intake.resubmission import Handed
from helpers.grading.intake.students import (
    NOTEBOOK,
    FileAndReason,
    find_students,
    single_notebook,
    student_ids,
)
from helpers.grading.machine import apart
from helpers.grading.machine.files import write
from helpers.grading.repair.lay_in import announced_student
from helpers.grading.repair.released import Released
from helpers.grading.settings import Course

# Of one submission, unpacked:
MAX_BYTES = 300 * archive.MEGABYTE
MAX_NOTEBOOKS = 100
MAX_FILES = 20_000  # that are listed, notebooks or not
READING_COMPUTING = 10  # seconds that one file may take to be read
MAX_REFUSED = 3  # files that could not be read to an end, after which no more are tried
SMALLER = (
    "outputs are what makes a notebook large: clear them (in Jupyter: Edit > Clear Outputs of All "
    "Cells), save it, and hand that in"
)
WOULD_BE_GRADED, SET_ASIDE = "would be graded", "set aside"


@dataclass(frozen=True)
class HandedIn:
    """A file that was handed in, and what becomes of it."""

    file: str  # its path below SUBMISSIONS, "outer.zip!/inner" inside a zip
    submitted: datetime | None  # with a zone; None if the file has no time
    notebook: str | None  # the name of the released notebook that it is or may be meant as
    state: str  # WOULD_BE_GRADED or SET_ASIDE
    reason: str  # why it is set aside, or what is to be said of it; "" if nothing
    # When it was handed in, with a zone, and what says so; "" if that is the file's own time.
    arrived: datetime | None = None
    time_from: str = ""


@dataclass
class Submission:
    """What one student handed in for a lesson."""

    student: str  # the id
    # What the submission is called, as it stands and, last, without the number that Moodle adds.
    called: tuple[str, ...] = ()
    identifier: str = ""  # what selects the student's numbers (see helpers.personal.class_list)
    # The files by the name of the released notebook, as everything that goes by notebook does.
    notebooks: MutableMapping[str, bytes] = field(default_factory=dict)
    # Whose numbers the notebooks were worked with, by their own account, by notebook.
    announced: dict[str, str] = field(default_factory=dict)
    # Sentences for the student, by notebook.
    remarks: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Why a notebook could not be read, by notebook.
    set_aside: dict[str, str] = field(default_factory=dict)
    # Files that may have been meant as one of the notebooks.
    unplaced: list[FileAndReason] = field(default_factory=list)
    # Of these, which notebooks they may be, where that is not any.
    may_be: dict[str, list[str]] = field(default_factory=dict)
    # What a person has to decide or look at, sentences for the instructor, by notebook.
    questions: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # What student and instructor are to know, with nothing to do, by notebook.
    notes: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Every file that is or may be a notebook, and what becomes of it.
    files: list[HandedIn] = field(default_factory=list)
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
    notes: list[str] = field(default_factory=list)  # warnings for the instructor
    times: dict[str, datetime] = field(default_factory=dict)  # of the unassigned, where known
    rule: str = ""  # by which the students were found, a phrase: “by Moodle's names”


def collect(
    path: str | Path,
    released: Sequence[Released],
    other_names: Sequence[str] = (),
    spool: str | Path | None = None,
    names: str | None = None,
    student_pattern: str | None = None,
    known_students: Collection[str] = (),
) -> Intake:
    """Find the submissions in `path`, a zip or a folder, for the `released` notebooks.

    other_names: of the course's other notebooks, which are ignored. spool: a folder in which the
    notebooks wait, else they do so in memory. names: the encoding of file names that are not in
    UTF-8 and do not say in what else. student_pattern: a regular expression that finds, in a file's
    path below `path`, in the group “student” whose it is. known_students: how those of earlier runs
    and of the class list are called. Raises NothingGraded, saying what was found and expected, if
    there is no submission at all, or none that is certainly somebody's.
    """
    course, reading = Known(released, other_names), archive.Names(names)
    if NOTEBOOK.search(str(path)) and Path(path).is_file():
        entries = single_notebook(path)
    else:
        entries = archive.all_entries_of(path, reading)
    notebooks = [*course.names, *course.other_names]
    found = find_students(path, entries, notebooks, student_pattern, known_students, reading)
    ids = student_ids(found.students)
    students = sorted(found.students.items(), key=lambda item: item[0].casefold())

    def empty(number: int) -> tuple[Submission, list[archive.Entry]]:
        """A student's Submission with nothing in it yet, and the entries that belong in it."""
        name, student = students[number]
        submission = Submission(
            ids[name], student.called, notebooks={} if spool is None else Spooled(spool)
        )
        for notebook, questions in student.questions.items():
            submission.questions[notebook] += questions
        return submission, [*student.entries, *filter(is_hidden_work, student.hidden)]

    def read(asked: _Asked, say: apart.Say) -> tuple[Submission, dict[bytes, str]]:
        number, refused = asked
        submission, entries = empty(number)
        _Sorter(submission, course, reading, refused, say).sort(entries)
        return submission, reading.guessed

    submissions = []
    with apart.Apart(read, READING_COMPUTING) as reader:
        for number in range(len(students)):
            try:
                submission, guessed = _read_apart(reader, number)
                reading.guessed.update(guessed)
            except apart.NoAnswer as error:
                submission, entries = empty(number)
                reason = (
                    f"These files could not be read: {error.why}. Hand in the notebooks alone, "
                    "saved with their outputs cleared."
                )
                _Sorter(submission, course, reading).set_all_aside(entries, reason)
            submissions.append(submission)
    notes = [*found.notes, *reading.notes]
    return Intake(submissions, found.unassigned, notes, found.times, found.rule)


# Which student, by number, and why not to read which of their files, by path.
_Asked = tuple[int, dict[str, str]]


def _read_apart(
    reader: "apart.Apart[_Asked, tuple[Submission, dict[bytes, str]]]", number: int
) -> tuple[Submission, dict[bytes, str]]:
    """A student's Submission, and the names that were guessed; see `archive.Names`.

    A file that cannot be read to an end is left out, and the others are read again without it.
    Raises NoAnswer if that does not help.
    """
    refused: dict[str, str] = {}
    while True:
        try:
            return reader.ask((number, refused))
        except apart.NoAnswer as error:
            if not error.doing or error.doing in refused or len(refused) == MAX_REFUSED:
                raise
            refused[error.doing] = f"could not be read: {error.why}; {SMALLER}"


class _Allowance:
    """How much of a submission is still read.

    refused: why not to read which files, by path. say: told which file is read now.
    """

    def __init__(self, refused: Mapping[str, str], say: apart.Say) -> None:
        self.bytes, self.notebooks = MAX_BYTES, MAX_NOTEBOOKS
        self.refused, self.say = refused, say

    def read(self, entry: archive.Entry, limit: int = archive.MAX_FILE_SIZE) -> bytes:
        """The entry's bytes. Raises Unreadable."""
        if entry.whole_path in self.refused:
            raise Unreadable(self.refused[entry.whole_path])
        self.say(entry.whole_path)
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
        try:
            data = self.read(entry)
        except archive.TooLarge as error:
            raise Unreadable(f"{error}; {SMALLER}") from None
        return data, read_notebook(data)


class _Sorter:
    """Finds what each file of one submission is, and which of them count; see _Allowance."""

    def __init__(
        self,
        submission: Submission,
        known: Known,
        names: archive.Names,
        refused: Mapping[str, str] = MappingProxyType({}),
        say: apart.Say = lambda doing: None,
    ) -> None:
        self.submission, self.known, self.names = submission, known, names
        self.allowance = _Allowance(refused, say)
        # By the name of the notebook:
        self.copies: dict[str, list[Copy]] = {name: [] for name in known.names}
        self.solutions: dict[str, list[archive.Entry]] = {name: [] for name in known.names}
        self.unreadable: list[tuple[archive.Entry, str]] = []
        # Readable ones that are none of the lesson's: which they may be meant as, and why not.
        self.strange: list[tuple[archive.Entry, list[str], str]] = []
        self.without_notebooks: list[tuple[archive.Entry, str]] = []  # what else, and why not

    def sort(self, entries: Sequence[archive.Entry]) -> None:
        """Fill the submission with what its entries hold."""
        if len(entries) > MAX_FILES:
            reason = (
                f"There are {len(entries):,} files in this submission, more than {MAX_FILES:,}, so "
                "none of them was read. Hand in the notebooks alone."
            )
            self.set_all_aside(entries, reason)
            return
        files = list(self._with_inner_zips(entries))
        courses = _courses_in(files)
        notebooks = [entry for entry in files if NOTEBOOK.search(entry.name)]
        # What is called like a notebook of the lesson comes first, the newest before others.
        notebooks.sort(key=lambda entry: (self._named(entry) is None, -entry.modified))
        for entry in notebooks:
            if not entry.doubt:
                self._read(entry, courses)
        found = {name for name in self.known.names if self.copies[name] or self.solutions[name]}
        found |= {name for entry, _ in self.unreadable if (name := self._named(entry))}
        for entry in notebooks:
            if entry.doubt:
                self._read_if_needed(entry, courses, found)
        for name in self.known.names:
            if self.copies[name]:
                self._choose(name)
            if self.solutions[name]:
                self._leave_out_solutions(name)
        for entry, reason in self.unreadable:
            self._tell_unreadable(entry, reason)
        self._tell_strange()
        self.without_notebooks += [
            (entry, "is not a notebook (.ipynb)")
            for entry in files
            if not NOTEBOOK.search(entry.name)
        ]
        self._tell_others()
        self.submission.files.sort(key=lambda handed_in: handed_in.file)

    def _named(self, entry: archive.Entry) -> str | None:
        """Which of the lesson's notebooks a file is called."""
        return named(entry.name, self.known.names)

    def _set_aside(self, entry: archive.Entry, name: str | None, reason: str) -> None:
        """List a file that is not graded."""
        self.submission.files.append(
            HandedIn(entry.whole_path, entry.submitted, name, SET_ASIDE, reason)
        )

    def set_all_aside(self, entries: Sequence[archive.Entry], reason: str) -> None:
        """Read none of the files, because of `reason`, a sentence."""
        self.submission.set_aside = dict.fromkeys(self.known.names, reason)
        folder = os.path.commonprefix([entry.whole_path for entry in entries])
        self.submission.files.append(
            HandedIn(folder.rpartition("/")[0], None, None, SET_ASIDE, reason)
        )

    def _refuse(self, entry: archive.Entry, reason: str) -> None:
        """Leave out a file that may hold any of the notebooks."""
        self.submission.unplaced.append((entry.shown, reason))
        self._set_aside(entry, self._named(entry), reason)

    def _with_inner_zips(self, entries: Iterable[archive.Entry]) -> Iterator[archive.Entry]:
        """The entries, with those of zips among them in place of the zips, one level deep."""
        for entry in entries:
            if entry.suffix == ".zip":
                yield from self._inside(entry)
            elif entry.refused and not NOTEBOOK.search(entry.name):
                self._refuse(entry, entry.refused)
            elif entry.suffix in archive.ARCHIVES:
                reason = f"is a {entry.suffix} archive; ask for a zip or the notebooks"
                self._refuse(entry, reason)
            else:
                yield archive.with_doubt(entry)

    def _inside(self, entry: archive.Entry) -> Iterator[archive.Entry]:
        """The entries of a zip in a submission."""
        try:
            data = self.allowance.read(entry, archive.MAX_INNER_ZIP_SIZE)
            most, path = archive.MAX_INNER_FILES, entry.whole_path
            inner = list(archive.entries_of_zip(data, entry.parts, most, self.names, path))
        except Unreadable as error:
            self._refuse(entry, str(error))
            return
        may_count = False
        for file in inner:
            if archive.is_litter(file) and not is_hidden_work(file):
                continue
            may_count = may_count or bool(NOTEBOOK.search(file.name)) or file.suffix == ".zip"
            if file.suffix == ".zip":
                self._refuse(file, "is a zip inside a zip")
            else:
                # Times in a student's own zip are those of the student's computer.
                file = replace(file, handed_in=entry.modified, time_from=entry.time_from)
                yield archive.with_doubt(file)
        if not may_count:
            self.without_notebooks.append((entry, "is a zip without a notebook (.ipynb) in it"))

    def _read(self, entry: archive.Entry, courses: Collection[archive.Parts]) -> None:
        """Find out what a notebook is. courses: from `_courses_in`."""
        try:
            data, parsed = self.allowance.read_notebook(entry)
        except Unreadable as error:
            self.unreadable.append((entry, str(error)))
            return
        name = self.known.notebook_of(entry.name, parsed)
        if name in self.known.other_names:
            called = self._named(entry)
            reason = f"is {name}, a notebook of another lesson"
            self.strange.append((entry, [called] if called else [], reason))
        elif name is None:
            reason = "is not one of the lesson's notebooks, neither by its name nor by its cells"
            self.strange.append((entry, self.known.may_be(parsed), reason))
        elif _lies_in(entry, "solutions", courses) or self.known.is_solution(data, parsed):
            self.solutions[name].append(entry)
        else:
            self.copies[name].append(
                Copy(
                    entry,
                    *to_keep(data, parsed),
                    digest=hashlib.sha256(data).digest(),
                    answers=self.known.answers(name, parsed),
                    is_exact=NOTEBOOK.sub("", entry.name) == name,
                    is_given=_lies_in(entry, "notebooks", courses),
                    announced=announced_student(parsed, self.known.released[name].notebook) or "",
                )
            )

    def _read_if_needed(
        self, entry: archive.Entry, courses: Collection[archive.Parts], found: Collection[str]
    ) -> None:
        """As `_read`, for a checkpoint of nothing that was `found`; hidden ones need it empty."""
        called = self._named(entry)
        if called in found:
            self._set_aside(entry, called, f"{entry.doubt}; there is another copy")
            return
        if found and archive.is_litter(entry):
            self._set_aside(entry, called, f"{entry.doubt}; there is other work")
            if called:
                self.submission.questions[called].append(
                    f"“{entry.shown}” {entry.doubt}, so it was not graded, but there is no other "
                    "copy of this notebook: ask for the notebook itself."
                )
            return
        before = {name: len(self.copies[name]) for name in found}
        self._read(entry, courses)
        for name, count in before.items():  # by its cells it is one of these after all
            if len(self.copies[name]) > count:
                self.copies[name].pop()
                self._set_aside(entry, name, f"{entry.doubt}; there is another copy")

    def _choose(self, name: str) -> None:
        """Let one of the copies of a notebook count."""
        submission = self.submission
        choice = choose(self.copies[name])
        entry, shown = choice.chosen.entry, f"“{choice.chosen.entry.shown}”"
        submission.notebooks[name] = choice.chosen.kept
        submission.announced[name] = choice.chosen.announced
        remarks, questions = list(choice.remarks), list(choice.questions)
        if self.known.called(entry.name) != name:
            remarks.append(f"The file was called {shown}; its cells showed which notebook it is.")
        if choice.chosen.remark:
            remarks.append(choice.chosen.remark)
        if entry.doubt:
            remarks.append(f"{shown} {entry.doubt}. It was graded, as there is nothing else.")
            questions.append(
                f"{shown} {entry.doubt}, and is all that there is of this notebook. It is graded, "
                "but may lack the last changes: ask for the notebook itself."
            )
        submission.remarks[name] += remarks
        submission.questions[name] += questions
        submission.files.append(
            HandedIn(
                *(entry.whole_path, entry.submitted, name, WOULD_BE_GRADED),
                " ".join([*choice.remarks, *questions]),
                *(entry.arrived, entry.time_from),
            )
        )
        for copy, reason in choice.left:
            self._set_aside(copy.entry, name, reason)

    def _leave_out_solutions(self, name: str) -> None:
        """Say that a notebook of the course with its solutions is nobody's work."""
        submission = self.submission
        entries = self.solutions[name]
        listed = ", ".join(f"“{entry.shown}”" for entry in entries[:MOST_LISTED])
        is_one = f"{listed} is the course's own solution"
        for entry in entries:
            self._set_aside(entry, name, "is the course's own solution, not the student's work")
        if name not in submission.notebooks:
            submission.set_aside[name] = f"{is_one}, which is nobody's work. Hand in your own."
            return
        submission.remarks[name].append(f"{is_one}, which was left out.")
        if not any(copy.answers for copy in self.copies[name]):
            submission.questions[name].append(
                f"{is_one}, which was left out, and the student's own copy has no answers: ask for "
                "the student's work."
            )

    def _tell_unreadable(self, entry: archive.Entry, reason: str) -> None:
        submission, name = self.submission, self._named(entry)
        other = self.known.called(entry.name)
        self._set_aside(entry, name, reason)
        if name is None:
            if other is None:
                submission.unplaced.append((entry.shown, reason))
        elif name in submission.notebooks:
            submission.remarks[name].append(f"Another copy, “{entry.shown}”, {reason}.")
        else:
            told = submission.set_aside.get(name, "")
            if told.count("“") < MOST_LISTED:
                submission.set_aside[name] = f"{told} “{entry.shown}” {reason}.".lstrip()

    def _tell_strange(self) -> None:
        """Tell of the readable notebooks that are not the lesson's, if they may be missed."""
        submission = self.submission
        nothing = not submission.notebooks and not submission.set_aside
        for entry, may_be, reason in self.strange:
            self._set_aside(entry, None, reason)
            if self.known.called(entry.name) in self.known.other_names:
                continue
            if nothing or may_be:
                submission.unplaced.append((entry.shown, reason))
                if may_be:
                    submission.may_be[entry.shown] = may_be

    def _tell_others(self) -> None:
        """Tell of other files if they are called like a notebook that is missing, or are all."""
        submission = self.submission
        found = {*submission.notebooks, *submission.set_aside}
        for entry, reason in self.without_notebooks:
            name = self._named(entry)
            if name not in found if name else not found:
                self._refuse(entry, reason)


def _courses_in(entries: Iterable[archive.Entry]) -> set[archive.Parts]:
    """The folders that hold a copy of the whole course."""
    around: dict[str, set[archive.Parts]] = {"helpers": set(), "notebooks": set()}
    for entry in entries:
        for depth, part in enumerate(entry.parts[:-1]):
            if part in around:
                around[part].add(entry.parts[:depth])
    return around["helpers"] & around["notebooks"]


def _lies_in(entry: archive.Entry, folder: str, courses: Collection[archive.Parts]) -> bool:
    """Whether a file lies in this folder of one of the `courses`."""
    parts = entry.parts[:-1]
    return any(part == folder and parts[:i] in courses for i, part in enumerate(parts))


def is_hidden_work(entry: archive.Entry) -> bool:
    """Whether litter may be work all the same; the Mac's "._x.ipynb" only describe another file."""
    return bool(NOTEBOOK.search(entry.name)) and not entry.name.startswith("._")


def store(
    course: Course,
    lesson: str,
    submission: Submission,
    released: Iterable[Released],
    take_older: bool = False,
) -> None:
    """Copy a student's notebooks to gradebook/submitted/.

    What was handed in there before and differs is kept in gradebook/earlier/. A notebook that was
    handed in before and is not among the new ones still counts: it joins the submission, as one
    that is newer does unless `take_older`. If that is all that counts, student and instructor are
    told of what is new.
    """
    is_new = bool(submission.notebooks or submission.set_aside)
    folder = course.submitted / submission.student / lesson
    folder.mkdir(parents=True, exist_ok=True)
    released = list(released)
    history = Handed(course, submission.student, lesson)
    history.settle(submission, [notebook.name for notebook in released], take_older)
    for name in (notebook.name for notebook in released):
        path = folder / f"{name}.ipynb"
        data = submission.notebooks.get(name)
        before = path.read_bytes() if path.exists() else None
        if before is not None and data != before:
            _keep(course, lesson, submission.student, name, before)
        if data is None:
            path.unlink(missing_ok=True)
        elif data != before:
            write(path, data)
    history.save()
    if submission.notebooks and submission.unplaced and not is_new:
        others = ", ".join(f"“{file}” {reason}" for file, reason in submission.unplaced[:5])
        name = next(notebook.name for notebook in released if notebook.name in submission.notebooks)
        submission.remarks[name].append(
            f"What you handed in before counts; of what is new, nothing could be used: {others}."
        )
        submission.questions[name].append(
            f"Of what is new nothing could be used, so what was handed in before counts: {others}."
        )


def _keep(course: Course, lesson: str, student: str, name: str, content: bytes) -> None:
    """Copy an earlier notebook to gradebook/earlier/, under a name that tells versions apart."""
    kept = course.earlier / student / lesson
    version = hashlib.sha256(content).hexdigest()[:16]
    write(kept / f"{name}-{version}.ipynb", content)
