"""Whose work each file is: find the students in what was handed in, by how it is laid out.

What the platform or the instructor named says whose a file is, never what a student can name: so
students are looked for from the top, and nothing is looked at inside what is one student's. Where
the top can be read in two ways, the instructor is asked.
"""

import hashlib
import itertools
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from helpers.grading.errors import NothingGraded, Unreadable
from helpers.grading.intake import archive, gradescope, layouts, times
from helpers.grading.intake.copies import MANY
from helpers.grading.intake.layouts import NOTEBOOK, Label
from helpers.grading.intake.times import NAME, NAME_WITH_ZONE
from helpers.grading.printable import printable

FileAndReason = tuple[str, str]
Entries = Sequence[archive.Entry]

HARMLESS = " _-.,'@"
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # in Windows
LOOKS_MARKED = re.compile(r"-[0-9a-f]{16}$")
MOST_SHOWN = 5  # files or names in a message
DEEPEST = 5  # folders around students
DEEPEST_ZIP = 3  # zips in zips that are opened to find students
# How many bytes of zips, and files in them, are looked through for names of people at a time.
MAX_LOOKED_INTO, MAX_SEEN = 200 * archive.MEGABYTE, 50_000
COST_OF_NAMES = 10  # times that of other bytes
PATTERN = "--student-pattern"
# Of nbgrader's folders, of a course and of the exchange, only the first holds what was handed in.
OF_NBGRADER = {
    "submitted": {"source", "release", "autograded", "feedback"},
    "inbound": {"outbound", "feedback"},
}
OF_THE_COURSE = {"helpers", "notebooks"}  # a copy of the whole course has both
SECTION = re.compile(
    r"(section|group|team|lab|seminar|class|klasse|clase|gruppe|groupe|grupo|gruppo|monday|tuesday|"
    r"wednesday|thursday|friday|montag|dienstag|mittwoch|donnerstag|freitag)",
    re.IGNORECASE,
)


@dataclass
class Student:
    """A student, and the files that are theirs, without the student in their parts."""

    called: tuple[str, ...]  # see Submission.called
    entries: list[archive.Entry] = field(default_factory=list)
    hidden: list[archive.Entry] = field(default_factory=list)  # what computers leave behind
    # What a person has to decide or look at, sentences for the instructor, by notebook.
    questions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Found:
    """All students by the name of which their id is made, and what belongs to none."""

    students: dict[str, Student] = field(default_factory=dict)
    unassigned: list[FileAndReason] = field(default_factory=list)
    times: dict[str, datetime] = field(default_factory=dict)  # of these, where they have one
    notes: list[str] = field(default_factory=list)  # warnings for the instructor
    rules: Counter[str] = field(default_factory=Counter)  # how often each said whose a file is
    # The student whose everything below a path is.
    places: dict[str, Student] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        """By which rule the students were found, a phrase: “by Moodle's names”."""
        return " and ".join(rule for rule, _ in self.rules.most_common())

    def give(
        self,
        name: str,
        called: Iterable[str],
        entries: Entries,
        rule: str,
        own_name: str = "",
        submitted: float | None = None,
        time_from: str = NAME,
    ) -> None:
        """Give a student the entries of an item of a class: those of a folder, or one file.

        own_name: what the student called the file. submitted: when, if the platform says, which it
        does in `time_from`.
        """
        student = self.students.setdefault(name, Student(tuple(called)))
        self.rules[rule] += 1
        if rule in times.WITH_TIMESTAMPS:
            entries = times.with_timestamps(entries)
        for entry in entries:
            parts = entry.parts[1:] or (own_name or entry.name,)
            modified = entry.modified if submitted is None else submitted
            said_by = entry.time_from if submitted is None else entry.time_from or time_from
            if (modified, said_by) == (entry.modified, entry.time_from):
                student.entries.append(entry.at(parts))
            else:
                student.entries.append(
                    replace(entry, parts=parts, modified=modified, time_from=said_by)
                )
            if entry.parts[1:]:
                self._remember(entry, parts, student)

    def give_below(self, name: str, entry: archive.Entry, parts: archive.Parts, rule: str) -> None:
        """Give a student one entry, of which `parts` are theirs to name."""
        student = self.students.setdefault(name, Student((name, name)))
        self.rules[rule] += 1
        student.entries.append(entry.at(parts))
        if name == _path(entry)[: -len("/".join(parts)) - 1].rpartition("/")[2]:
            self._remember(entry, parts, student)

    def _remember(self, entry: archive.Entry, parts: archive.Parts, student: Student) -> None:
        path = _path(entry)
        self.places[path[: len(path) - sum(map(len, parts)) - len(parts) + 1]] = student

    def place_hidden(self, hidden: Entries) -> None:
        """Hidden files are those of the student in whose folder they lie; else work is nobody's."""
        for entry in hidden:
            if not _may_be_work(entry) or entry.name.startswith("._"):  # as the Mac adds to files
                continue
            path = _path(entry)
            slashes = itertools.islice(re.finditer("/", path), archive.DEEPEST)
            ends = [0, *(match.end() for match in slashes)]
            place = next((path[:end] for end in reversed(ends) if path[:end] in self.places), None)
            if place is not None:
                parts = tuple(path[len(place) :].split("/"))
                self.places[place].hidden.append(entry.at(parts))
            else:
                self.leave([entry], "is hidden, and nothing else shows whose it is")

    def leave(self, entries: Entries, reason: str) -> None:
        """What may be work is nobody's."""
        left = [entry for entry in entries if _may_be_work(entry)]
        self.unassigned += [(entry.whole_path, entry.refused or reason) for entry in left]
        self.times |= {entry.whole_path: entry.submitted for entry in left if entry.submitted}


@dataclass(frozen=True)
class Context:
    """What is known of a class besides its files.

    path: of what was handed over. stem: how that is called, "" if it is a single notebook.
    notebooks: the names of all of the course's. known: how students of earlier runs and of the
    class list are called, as `_normal` has it. names: how names in zips are read. clones: the
    folders with .git in them.
    """

    path: Path
    stem: str
    notebooks: Sequence[str]
    known: frozenset[str]
    names: archive.Names
    clones: frozenset[str]

    def knows(self, name: str) -> bool:
        return _normal(name) in self.known

    @property
    def stem_is_a_name(self) -> bool:
        """Whether what was handed over may be called like a student."""
        return bool(self.stem) and not layouts.is_nobody(self.stem)


def find_students(
    path: str | Path,
    entries: Entries,
    notebooks: Sequence[str],
    pattern: str | None = None,
    known: Collection[str] = (),
    names: archive.Names | None = None,
) -> Found:
    """Whose each of the entries is that `path` holds, those that computers leave behind included.

    notebooks: the names of all of the course's. pattern: a regular expression that finds, in a
    file's path below `path`, the group “student”. known: how students of earlier runs and of a
    class list are called, which helps where the layout alone does not decide. names: how names in
    zips are read. Raises NothingGraded, with what it found and the option that settles it.
    """
    path = Path(path)
    stem = path.resolve().name if path.is_dir() else _stem(path.name)
    if not path.is_dir() and NOTEBOOK.search(path.name):
        stem = ""
    clones = {
        folder
        for entry in entries
        for folder, inner in zip(entry.parts, entry.parts[1:])
        if inner == ".git"
    }
    normal = frozenset(map(_normal, known)) - {""}
    names = archive.Names() if names is None else names
    context = Context(path, stem, notebooks, normal, names, frozenset(clones))
    search = _Search(context, [entry for entry in entries if not archive.is_litter(entry)])
    if pattern is None:
        search.find()
    else:
        search.find_by_pattern(_compiled(pattern))
    search.found.place_hidden([*filter(archive.is_litter, entries), *search.hidden])
    if not search.found.students:
        raise _no_layout(context, entries)
    return search.found


def single_notebook(path: str | Path) -> list[archive.Entry]:
    """The entries of `path` that is one notebook, handed over as it is."""
    path = Path(path)

    def read(limit: int) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(limit + 1)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error

    return [archive.Entry((path.name,), path.stat().st_mtime, read, path=path.name)]


@dataclass
class _Looks:
    """What is still looked through for names of people; beyond it there are none.

    Students name and fill what lies in their folders, and a small zip can hold zips without end.
    """

    bytes: int = field(default_factory=lambda: MAX_LOOKED_INTO)
    files: int = field(default_factory=lambda: MAX_SEEN)

    def into(self, file: archive.Entry) -> list[archive.Entry]:
        """The entries of a zip, none if it is unreadable or too much."""
        if self.bytes <= 0 or self.files <= 0:
            return []
        path = _path(file)
        try:
            data = file.content(min(archive.MAX_INNER_ZIP_SIZE, self.bytes))
            self.bytes -= len(data)
            found = list(
                archive.entries_of_zip(data, (), archive.MAX_LISTED_INNER, archive.Names(), path)
            )
        except Unreadable:
            self.bytes -= archive.MEGABYTE  # for the attempt
            return []
        self.files -= len(found)
        self.bytes -= COST_OF_NAMES * sum(len(entry.path) for entry in found)
        return [entry for entry in found if not archive.is_litter(entry)]


class _Search:
    """The search for students, from the top."""

    def __init__(self, context: Context, entries: Entries) -> None:
        self.context = context
        self.entries = entries
        self.hidden: list[archive.Entry] = []  # in zips that lie around students
        self._inside: dict[str, list[archive.Entry]] = {}  # zips that were opened, by path
        # Whom names in zips that were only looked into may stand for, by the zip's path.
        self._people_in: dict[str, dict[str, set[str]]] = {}
        self.found = Found()

    def find(self) -> None:
        """Find the students by the layout. Raises NothingGraded."""
        level = self.entries
        for _ in range(DEEPEST):
            below = self._taken_or_below(level)
            if below is None:
                self._refuse_others()
                return
            level = below
        raise _no_layout(self.context, self.entries)

    def _taken_or_below(self, level: Entries) -> Entries | None:
        """Give the entries of a level to students, or return those below what lies around them."""
        items = _items(level)
        folders = {name: inside for name, inside in items.items() if _is_folder(inside)}
        loose = [inside[0] for name, inside in items.items() if name not in folders]
        files = [entry for entry in loose if _may_be_work(entry)]
        if gradescope.METADATA in items and gradescope.METADATA not in folders:
            self._of_gradescope(items)
        elif any(map(layouts.label_of, items)):
            self._of_class(items)
        elif of_nbgrader := self._of_nbgrader(folders):
            return _below(of_nbgrader)
        elif folders.keys() >= OF_THE_COURSE:
            self._of_one(level)
        elif not folders:
            return self._files_taken_or_below(files, level)
        elif all(map(layouts.is_around, folders)):
            below = _items(entry for inside in folders.values() for entry in _below(inside))
            if gradescope.METADATA in below or self._people(level):
                return [*self._without_sections(folders), *files]
            if all(map(layouts.is_group, folders)) and not files:
                self._of_class(items)
            else:
                self._of_one(level)
        elif len(folders) == 1 and not files:
            ((top, inside),) = folders.items()
            if self._is_wrapper(top, inside):
                return _below(inside)
            self._of_class(items)
        else:
            self._refuse_sections(folders)
            self._of_class(items)
        return None

    @staticmethod
    def _of_nbgrader(folders: dict[str, list[archive.Entry]]) -> list[archive.Entry]:
        """What was handed in, if these are the folders of nbgrader's course or exchange."""
        for name, beside in OF_NBGRADER.items():
            if name in folders and folders.keys() & beside:
                return folders[name]
        return []

    def _files_taken_or_below(self, files: Entries, level: Entries) -> Entries | None:
        """As `_taken_or_below`, where there are no folders. files: which may be work."""
        around = [file for file in files if self._lies_around(file)]
        if not around and len(files) == 1 and self._is_zip(files):
            inside = self._unzipped(files[0])
            if inside and self._is_wrapper(_stem(files[0].name), inside):
                around = [*files]
        if not around or len(around) < len(files):
            self._of_files(files, level)
            return None
        below = [entry for file in around for entry in _below(self._unzipped(file))]
        people = self._people(level)
        if len(people) == 1 and not any(map(layouts.label_of, _items(below))):
            raise _ask(
                self.context,
                f"whose it is stands only in {_listed(file.name for file in around)}, where it may "
                "be one student's choice",
                people,
                self.entries,
            )
        if any(_path(file).count("!/") >= DEEPEST_ZIP for file in around):
            raise _no_layout(self.context, self.entries)
        return [entry for file in around for entry in _below(self._opened(file))]

    def _refuse_others(self) -> None:
        """Raise NothingGraded if the work of one known student seems to be that of others."""
        context, students = self.context, self.found.students
        if context.knows(context.stem) and not any(_same(context.stem, name) for name in students):
            raise _ask(context, f"“{context.stem}” is a student", students, self.entries)

    def find_by_pattern(self, pattern: re.Pattern[str]) -> None:
        """Find the students by the instructor's pattern; zips that it does not fit are opened."""
        todo = list(self.entries)
        for entry in todo:
            match = pattern.search(_path(entry))
            name = (match["student"] or "").strip() if match else ""
            if match and name:
                below = _below_match(_path(entry), match.end("student"))
                self.found.give_below(name, entry, below, f"by {PATTERN}")
            elif entry.suffix == ".zip" and _path(entry).count("!/") < DEEPEST_ZIP:
                inside = self._opened(entry)
                todo += inside
                if not inside:
                    self.found.leave([entry], f"does not fit {PATTERN}")
            else:
                self.found.leave([entry], f"does not fit {PATTERN}")
        if not self.found.students:
            raise NothingGraded(
                f"{PATTERN} '{pattern.pattern}' fits no file in {self.context.path}. Found: "
                f"{_files(self.entries)}."
            )

    # What is inside

    def _lies_around(self, file: archive.Entry) -> bool:
        return file.suffix == ".zip" and not file.refused and layouts.is_around(_stem(file.name))

    def _unzipped(self, file: archive.Entry) -> list[archive.Entry]:
        """The entries of a zip that may hold a class, as of a folder; none if it is unreadable."""
        path = _path(file)
        if path not in self._inside:
            try:
                data = file.content(archive.MAX_INNER_ZIP_SIZE)
                inside = archive.entries_of_zip(
                    data, (), archive.MAX_LISTED_INNER, self.context.names, path
                )
                self._inside[path] = list(inside)
            except Unreadable:
                self._inside[path] = []
        return [
            entry.at((*file.parts, *entry.parts))
            for entry in self._inside[path]
            if not archive.is_litter(entry)
        ]

    def _opened(self, file: archive.Entry) -> list[archive.Entry]:
        """The entries of a zip that lies around students, in place of the zip."""
        inside = self._unzipped(file)
        self.hidden += filter(archive.is_litter, self._inside[_path(file)])
        return inside

    def _people(
        self, level: Entries, depth: int = 0, looks: _Looks | None = None
    ) -> dict[str, set[str]]:
        """Whom names inside may stand for, and which notebooks each has.

        Folders and zips that are called like nobody are looked into. depth: how many are around.
        looks: how far zips are.
        """
        looks = looks or _Looks()
        people: dict[str, set[str]] = defaultdict(set)
        items = _items(filter(_may_be_work, level)) if depth < DEEPEST else {}
        for name, inside in items.items():
            label = layouts.label_of(name)
            if label:
                people[label.student] |= self._notebooks(inside)
            elif self._is_zip(inside):
                if not layouts.is_nobody(_stem(name)):
                    people[_stem(name)] |= self._notebooks(inside)
                elif _path(inside[0]).count("!/") < DEEPEST_ZIP:
                    below = self._people_in_zip(inside[0], depth + 1, looks)
                    for person, notebooks in below.items():
                        people[person] |= notebooks
            elif not _is_folder(inside):
                owner = layouts.owner_in(name, self.context.notebooks)
                if NOTEBOOK.search(name) and owner:
                    people[owner] |= self._notebooks(inside)
            elif layouts.is_nobody(name):
                for person, notebooks in self._people(_below(inside), depth + 1, looks).items():
                    people[person] |= notebooks
            else:
                people[name] |= self._notebooks(inside)
        return people

    def _people_in_zip(self, file: archive.Entry, depth: int, looks: _Looks) -> dict[str, set[str]]:
        """As `_people`, of a zip, of which nothing stays in memory if it was not opened before."""
        path = _path(file)
        if path in self._inside:
            return self._people(_below(self._unzipped(file)), depth, looks)
        if path not in self._people_in:
            self._people_in[path] = self._people(looks.into(file), depth, looks)
        return self._people_in[path]

    def _notebooks(self, entries: Entries) -> set[str]:
        return {
            self._notebook(entry.name) or entry.name.casefold()
            for entry in entries
            if _may_be_work(entry)
        }

    def _notebook(self, file_name: str) -> str:
        place = layouts.notebook_in(file_name, self.context.notebooks)
        return place[2] if place else ""

    def _is_wrapper(self, top: str, inside: Entries) -> bool:
        """Whether the only folder at the top lies around a class, rather than being a student's.

        Raises NothingGraded if it may be either: what is inside of a student's folder is named by
        the student, and must not become the work of others.
        """
        below = _below(inside)
        people = {p: notebooks for p, notebooks in self._people(below).items() if not _same(p, top)}
        labelled = gradescope.METADATA in _items(below) or any(map(layouts.label_of, _items(below)))
        alike = _sharing(people)
        own = any(
            NOTEBOOK.search(e.name) and not layouts.owner_in(e.name, self.context.notebooks)
            for e in below
            if len(e.parts) == 1
        )
        looks_like_a_class = labelled or len(alike) >= (MANY if own else 2)
        is_called_like_all = _same(top, self.context.stem)
        if not looks_like_a_class and not (is_called_like_all and people and not own):
            return False
        if self.context.knows(top):
            return False
        if looks_like_a_class and is_called_like_all:
            return True
        if is_called_like_all and all(map(self.context.knows, people)):
            return True
        raise _ask(
            self.context,
            f"“{top}” may be one student's work, or lie around that of a class",
            people,
            inside,
        )

    def _refuse_sections(self, folders: dict[str, list[archive.Entry]]) -> None:
        """Raise NothingGraded if all folders at the top look like sections with students in them.

        A student can make one's own folder look so, but not those of others.
        """
        seen: Counter[str] = Counter()
        one_has_several = False
        for top, inside in folders.items():
            people = {
                p: has for p, has in self._people(_below(inside)).items() if not _same(p, top)
            }
            own = any(len(e.parts) == 2 and NOTEBOOK.search(e.name) for e in inside)
            if not people or self.context.knows(top):
                return
            if own and not any(
                layouts.owner_in(e.name, self.context.notebooks)
                for e in inside
                if len(e.parts) == 2
            ):
                return
            one_has_several = one_has_several or len(_sharing(people)) > 1
            seen.update(people.keys())
        if one_has_several and max(seen.values()) == 1:
            everything = [entry for inside in folders.values() for entry in inside]
            raise _ask(
                self.context,
                f"each of {_listed(folders)} may be one student, or a section with students in it",
                seen,
                everything,
            )

    def _without_sections(self, folders: dict[str, list[archive.Entry]]) -> list[archive.Entry]:
        """The entries without the folders around; who is in two sections is nobody."""
        sections: dict[str, set[str]] = defaultdict(set)
        for top, inside in folders.items():
            if SECTION.match(top):
                for name in _items(_below(inside)):
                    sections[self._person(name)].add(top)
        level = []
        for top, inside in folders.items():
            for name, entries in _items(_below(inside)).items():
                twice = sections[self._person(name)] if SECTION.match(top) else ()
                if len(twice) > 1 and not layouts.is_around(name):
                    self.found.leave(
                        entries,
                        f"may be the work of two students: “{self._person(name)}” is in "
                        f"{_listed(sorted(twice))}; {PATTERN} can tell them apart",
                    )
                else:
                    level += entries
        return level

    def _person(self, name: str) -> str:
        label = layouts.label_of(name)
        if label:
            return label.student
        return layouts.owner_in(name, self.context.notebooks) or name

    # Layouts

    def _of_class(self, items: dict[str, list[archive.Entry]], named_only: bool = False) -> None:
        """Each item is a student: by the platform's name, else by that of the folder or zip.

        named_only: only what a platform named, as what lies around is in other cases.
        """
        labels = {name: label for name in items if (label := layouts.label_of(name))}
        labels = self._told_apart(labels, items)
        folders = [n for n, inside in items.items() if _is_folder(inside) and n not in labels]
        clones = self._clones(folders)
        for name, inside in items.items():
            label = labels.get(name)
            if label:
                self._give_labelled(label, inside)
            elif labels and self._around(name, inside):
                entries = inside if _is_folder(inside) else self._opened(inside[0])
                self._of_class(_items(_below(entries)), named_only=True)
            elif named_only or not (_is_folder(inside) or self._is_zip(inside)):
                if NOTEBOOK.search(name) or inside[0].refused or named_only:
                    self.found.leave(inside, "lies beside the students' folders")
            elif _is_folder(inside):
                student, submitted = layouts.without_attempt(name)
                rule = "by the folders of GitHub clones" if clones else "by folder"
                login = [student[len(_prefix(folders)) :]] if clones else []
                called = (student, *login, student)
                self.found.give(student, called, inside, rule, submitted=submitted)
            else:
                student = _stem(name)
                self.found.give(student, (student, student), inside, "by the names of zips")

    def _around(self, name: str, inside: Entries) -> bool:
        """Whether an item beside those that a platform named lies around more of them."""
        if _is_folder(inside):
            return layouts.is_around(name)
        return self._is_zip(inside) and layouts.is_around(_stem(name))

    @staticmethod
    def _is_zip(inside: Entries) -> bool:
        return inside[0].suffix == ".zip" and not inside[0].refused

    def _clones(self, folders: Sequence[str]) -> bool:
        """Whether all folders are clones “assignment-login”: with .git in them, and alike."""
        return len(folders) > 1 and self.context.clones >= set(folders) and bool(_prefix(folders))

    def _give_labelled(self, label: Label, inside: Entries) -> None:
        called = tuple(dict.fromkeys((label.student, label.plain)))
        self.found.give(
            label.student, called if len(called) > 1 else called * 2, inside,
            f"by {label.platform}'s names", label.rest, label.submitted,
            NAME_WITH_ZONE if label.platform == "nbgrader" else NAME,
        )  # fmt: skip

    def _told_apart(
        self, labels: dict[str, Label], items: dict[str, list[archive.Entry]]
    ) -> dict[str, Label]:
        """The labels, with what one name alone does not say: who is one, and who are two."""
        of: dict[str, dict[str, Label]] = defaultdict(dict)
        for name, label in labels.items():
            of[label.platform][name] = label
        return {
            **labels,
            **_of_moodle(of["Moodle"]),
            **self._of_blackboard(of["Blackboard"], items),
            **self._of_brightspace(of["Brightspace"]),
        }

    def _of_brightspace(self, labels: dict[str, Label]) -> dict[str, Label]:
        """Two students of one name have different numbers."""
        own = _users_number(labels.values())
        numbers = defaultdict(set)
        for label in labels.values():
            numbers[label.student].add(own(label))
        for name, several in numbers.items():
            if len(several) > 1:
                self.found.notes.append(
                    f"{len(several)} students are called “{name}”; Brightspace's numbers "
                    f"{_listed(sorted(several))} tell them apart."
                )
        return {
            name: replace(label, student=f"{label.student}_{own(label)}")
            for name, label in labels.items()
            if len(numbers[label.student]) > 1
        }

    def _of_blackboard(
        self, labels: dict[str, Label], items: dict[str, list[archive.Entry]]
    ) -> dict[str, Label]:
        """Logins with a “_” in them are marked off by the receipts only."""
        logins = {
            label.head: login
            for name, label in labels.items()
            if not label.rest and name.lower().endswith(".txt")
            if (login := _login_in(items[name][0])) and label.head.endswith(f"_{login}")
        }
        assignments: dict[str, set[str]] = defaultdict(set)
        users: dict[str, set[str]] = defaultdict(set)
        for label in labels.values():
            login = logins.get(label.head, label.student)
            assignment = label.head[: -len(login) - 1]
            assignments[login].add(assignment)
            users[assignment].add(login)
        read = {}
        for name, label in labels.items():
            login = logins.get(label.head, label.student)
            read[name] = replace(label, student=login, plain=login)
            unsure = label.head not in logins and len(assignments[login]) > 1
            if unsure and min(len(users[a]) for a in assignments[login]) < 2:
                # Work for several assignments, or several logins that end alike?
                read[name] = replace(label, student=label.head, plain=label.head)
                self.found.notes.append(
                    f"Which part of “{label.head}” is the login is not clear without Blackboard's "
                    f"receipt, a .txt file; {PATTERN} can say it."
                )
        return read

    def _of_gradescope(self, items: dict[str, list[archive.Entry]]) -> None:
        by_folder = gradescope.submitters(items[gradescope.METADATA][0])
        for name, inside in items.items():
            submitters = by_folder.get(name, [])
            for submitter in submitters:  # a group's work is that of each
                self.found.give(
                    submitter.student, submitter.called, inside,
                    f"by Gradescope's {gradescope.METADATA}",
                    submitted=submitter.submitted, time_from=f"Gradescope's {gradescope.METADATA}",
                )  # fmt: skip
            if not submitters:
                self.found.leave(inside, f"is not in {gradescope.METADATA}")

    def _of_files(self, files: Entries, level: Entries) -> None:
        """Files without folders: by their names, or else all of one student."""
        notebooks = [file for file in files if NOTEBOOK.search(file.name)]
        owners = {
            file.name: owner
            for file in notebooks
            if (owner := layouts.owner_in(file.name, self.context.notebooks))
        }
        if owners and not self._are_of_stem(set(owners.values()), level):
            return self._by_file_name(files, owners)
        if any(self._is_zip([file]) for file in files):
            return self._of_class(_items(level))
        return self._of_one(level)

    def _are_of_stem(self, owners: set[str], level: Entries) -> bool:
        """Whether files that name one owner lie in the folder of one student, rather than a class.

        Raises NothingGraded if they may lie in either.
        """
        stem = self.context.stem
        if len(set(map(_normal, owners))) > 1 or not self.context.stem_is_a_name:
            return False
        (owner, *_) = owners
        if _same(owner, stem) or set(_words(owner)) <= set(_words(stem)):
            return True
        if self.context.knows(stem) != self.context.knows(owner):
            return self.context.knows(stem)
        raise _ask(
            self.context,
            f"it may be the work of “{stem}”, as it is called, or of “{owner}”, as the files are",
            [],
            level,
        )

    def _by_file_name(self, files: Entries, owners: dict[str, str]) -> None:
        spelt: dict[str, str] = {}  # “Ana” and “ana” are one
        copies: dict[tuple[str, str], list[str]] = defaultdict(list)
        for file in files:
            owner = owners.get(file.name)
            if owner:
                owner = spelt.setdefault(_normal(owner), owner)
                self.found.give(owner, (owner, owner), [file], "by the names of files")
                copies[owner, self._notebook(file.name)].append(file.shown)
            elif self._is_zip([file]):
                student = _stem(file.name)
                self.found.give(student, (student, student), [file], "by the names of zips")
            else:
                self.found.leave([file], "has a name that does not say whose it is")
        for (owner, notebook), names in copies.items():
            if len(names) > 1:
                self.found.students[owner].questions[notebook].append(
                    f"{_listed(names)} are all called like {owner}'s, which anybody can do: look "
                    "whether they are."
                )

    def _of_one(self, level: Entries) -> None:
        """Everything is one student's, whose name is that of what was handed over."""
        counts = Counter(self._notebook(entry.name) for entry in level if _may_be_work(entry))
        counts.pop("", None)
        several = max(counts.values(), default=0) >= MANY
        if not self.context.stem_is_a_name or several or not any(map(_may_be_work, level)):
            raise _no_layout(self.context, self.entries)
        stem = self.context.stem
        moved = [entry.at((stem, *entry.parts)) for entry in level]
        self.found.give(stem, (stem, stem), moved, "as one student's, called like what was given")


def _of_moodle(labels: dict[str, Label]) -> dict[str, Label]:
    """With a group before the name, a student is the same; where all are called alike, nobody is.

    Blind marking calls everybody “Participant”, in the platform's language; Moodle's grading sheet
    then has “Participant 1204001”.
    """
    by_number: dict[str, str] = {}
    for label in labels.values():
        shortest = by_number.get(label.number, label.plain)
        by_number[label.number] = min(shortest, label.plain, key=len)
    names = Counter({label.plain for label in labels.values()})
    blind = len(names) == 1 and (len(by_number) > 2 or "Participant" in names)
    read = {}
    for name, label in labels.items():
        shortest = by_number[label.number]
        if label.number and label.plain.endswith(f"-{shortest}"):
            label = replace(label, student=f"{shortest}_{label.number}", plain=shortest)
        if blind and label.number:
            label = replace(label, plain=f"{label.plain} {label.number}")
        read[name] = label
    return read


def _users_number(labels: Collection[Label]) -> Callable[[Label], str]:
    """Which of the two numbers of a Brightspace label is the student's: what no two names share."""
    for place in (0, 1):
        names = defaultdict(set)
        for label in labels:
            names[label.number.split("-")[place]].add(label.student)
        others = {label.number.split("-")[1 - place] for label in labels}
        if len(others) == 1 and all(len(of_one) == 1 for of_one in names.values()):
            return lambda label, place=place: label.number.split("-")[place]  # type: ignore[misc]
    return lambda label: label.number


def _login_in(receipt: archive.Entry) -> str:
    """The login in the first line of Blackboard's receipt, “Name: Ana Garcia (ana)”; "" if none."""
    try:
        text = receipt.content(archive.MEGABYTE).decode("utf-8-sig", "replace")
    except Unreadable:
        return ""
    match = re.match(r"[^\n]*\(([^()\s]+)\)\s*(\n|$)", text)
    return match[1] if match else ""


def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern of an instructor. Raises NothingGraded if it cannot say whose a file is."""
    example = f"Expected for instance: {PATTERN} '^[^/]+/(?P<student>[^/]+)/'"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise NothingGraded(
            f"{PATTERN} '{pattern}' is not a regular expression: {error}. {example}, which finds "
            "“ana” in “course/ana/problem.ipynb”."
        ) from None
    if "student" not in compiled.groupindex:
        raise NothingGraded(
            f"{PATTERN} '{pattern}' has no group (?P<student>…), which says what of a path is the "
            f"student's name. {example}, which finds “ana” in “course/ana/problem.ipynb”."
        )
    return compiled


def _below_match(path: str, end: int) -> tuple[str, ...]:
    """The parts of a path from the one on in which a student's name ends, or from the next."""
    path = path.replace("!/", "\0/").replace("\0", "")
    if path[end : end + 1] == "/":
        return tuple(path[end + 1 :].split("/"))
    return tuple(path[path.rfind("/", 0, end) + 1 :].split("/"))


def _no_layout(context: Context, entries: Entries) -> NothingGraded:
    shown = _files(entries)
    text = f"There are no submissions in {context.path}"
    if shown:
        text += f" whose students' names could be found. Found: {shown}. Missing: who it is from"
    text += (
        ". Expected: a folder for each student with the notebooks in it, or a zip of that, as "
        "Moodle's “Download all submissions” gives."
    )
    if shown:
        text += (
            f" {PATTERN} says where in the paths the student's name stands, for instance "
            "'^(?P<student>[^/_]+)_' for “ana_problem.ipynb”."
        )
    return NothingGraded(text)


def _ask(context: Context, what: str, people: Iterable[str], entries: Entries) -> NothingGraded:
    """The error for what can be read in two ways; people: who would be the students of a class."""
    people = sorted(people)
    depth = 0
    for entry in entries:
        parts = _path(entry).split("/")
        if people and people[0] in parts:
            depth = parts.index(people[0])
            break
    within = f" ({_listed(people)})" if people else ""
    of_class = f"'^{'[^/]+/' * depth}(?P<student>[^/]+)'" if depth else "'^(?P<student>[^/_]+)'"
    return NothingGraded(
        f"It is not clear whose work is in {context.path}: {what}{within}. Found: "
        f"{_files(entries)}. Nothing is guessed, since students can name folders inside their own. "
        f"If it is a class, {PATTERN} {of_class} says so; if the first folder is one student's, "
        f"{PATTERN} '^(?P<student>[^/]+)' does."
    )


def _files(entries: Entries) -> str:
    """Some files, for people to read; what may be work comes first."""
    paths = [e.whole_path for e in sorted(entries, key=lambda e: not _may_be_work(e))]
    return _listed(paths)


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - MOST_SHOWN} more" if names[MOST_SHOWN:] else ""
    return ", ".join(f"“{printable(name)}”" for name in names[:MOST_SHOWN]) + more


def _path(entry: archive.Entry) -> str:
    return entry.path or "/".join(entry.parts)


def _items(level: Iterable[archive.Entry]) -> dict[str, list[archive.Entry]]:
    """The entries by what they lie in at the top."""
    items: dict[str, list[archive.Entry]] = defaultdict(list)
    for entry in level:
        items[entry.parts[0]].append(entry)
    return items


def _below(entries: Entries) -> list[archive.Entry]:
    return [entry.at(entry.parts[1:]) for entry in entries if len(entry.parts) > 1]


def _is_folder(inside: Entries) -> bool:
    return len(inside[0].parts) > 1


def _may_be_work(entry: archive.Entry) -> bool:
    kinds = (".zip", *archive.ARCHIVES)
    return bool(NOTEBOOK.search(entry.name) or entry.refused or entry.suffix in kinds)


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]


def _prefix(names: Sequence[str]) -> str:
    """What all names begin with, up to a hyphen."""
    common = os.path.commonprefix(list(names))
    return common[: common.rfind("-") + 1]


def _sharing(people: dict[str, set[str]]) -> set[str]:
    """Those who have a notebook that another has, too."""
    count = Counter(notebook for notebooks in people.values() for notebook in notebooks)
    return {p for p, notebooks in people.items() if any(count[n] > 1 for n in notebooks)}


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name).casefold())


def _normal(name: str) -> str:
    """A name without what differs from one system to the next: case, spaces and signs."""
    return "".join(_words(name))


def _same(one: str, other: str) -> bool:
    return _normal(one) == _normal(other) != ""


def student_ids(names: Iterable[str]) -> dict[str, str]:
    """An id for each student's name: the name itself wherever it can be used for a folder.

    The id depends on the name alone, so that a student keeps it from one run to the next; only
    names that differ in nothing but case get a mark that tells them apart. No two have the same.
    """
    ids = {name: student_id(name) for name in names}
    count = Counter(value.casefold() for value in ids.values())
    return {
        name: _marked(value, name) if count[value.casefold()] > 1 else value
        for name, value in ids.items()
    }


def student_id(name: str) -> str:
    """A name as an id that is safe as a folder, in a pattern and in a URL; Greek stays Greek."""
    name = unicodedata.normalize("NFC", name).strip()
    safe = "".join(
        c if c.isalnum() or c in HARMLESS or unicodedata.category(c)[0] == "M" else "_"
        for c in name
    )
    safe = safe.strip(" .")
    is_plain = safe and safe == name and len(name.encode()) <= 120
    if is_plain and not RESERVED.fullmatch(safe) and not LOOKS_MARKED.search(safe):
        return safe
    return _marked(safe, name)


def _marked(safe: str, name: str) -> str:
    mark = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{safe[:40].strip(' .') or 'student'}-{mark}"
