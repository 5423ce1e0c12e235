"""Find each student's notebooks in a folder or a zip; set aside by name what cannot be read."""

import hashlib
import json
import os
import re
import unicodedata
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import nbformat

from helpers.grading import archive
from helpers.grading.errors import NothingGraded, Unreadable
from helpers.grading.released import grade_id

NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
# Moodle: "Full Name_1234567_assignsubmission_file_/x.ipynb", or, without folders, "…_file_x.ipynb".
MOODLE = re.compile(r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)$")
HARMLESS = " _-.,'@"


@dataclass
class Submission:
    """What one student handed in for a lesson.

    student: the id. called: what the submission is called, as it stands and, last, without the
    number that Moodle adds. identifier: what selects the student's numbers (see
    helpers.grading.students). notebooks: bytes by the name of the released notebook. remarks:
    sentences for the student, by notebook. set_aside: why a notebook could not be read, by
    notebook. unplaced: (file, reason) pairs of files that may have been meant as one of them.
    """

    student: str
    called: tuple = ()
    identifier: str = ""
    notebooks: dict = field(default_factory=dict)
    remarks: dict = field(default_factory=lambda: defaultdict(list))
    set_aside: dict = field(default_factory=dict)
    unplaced: list = field(default_factory=list)


@dataclass(frozen=True)
class Intake:
    """Everything that was handed in: Submissions, and (file, reason) pairs of nobody's files."""

    submissions: list
    nobodys: list


def take_in(path, released, other_names=()):
    """Find the submissions in `path`, a zip or a folder, for the `released` notebooks.

    other_names: of the course's other notebooks, which are ignored. Returns Intake. Raises
    NothingGraded, saying what was expected, if there is no submission at all.
    """
    entries = archive.entries_of(path)
    by_student, plain, nobodys = _by_student(entries, PurePosixPath(str(path)).stem)
    if not by_student:
        raise NothingGraded(
            f"There are no submissions in {path}. Wanted: a folder for each student with the "
            "notebooks in it, or a zip of that, as Moodle's “Download all submissions” gives."
        )
    ids = _student_ids(by_student)
    submissions = [
        _submission(ids[name], (name, plain[name]), by_student[name], released, other_names)
        for name in sorted(by_student, key=str.casefold)
    ]
    return Intake(submissions, nobodys)


def _by_student(entries, archive_name):
    """The entries by the name of the student, without it in their parts; what is nobody's.

    Between them, each name without the number that Moodle adds: a dict.
    """
    entries = _without_wrapper(entries, archive_name)
    found, plain, nobodys = defaultdict(list), {}, []
    for entry in entries:
        first, rest = entry.parts[0], entry.parts[1:]
        moodle = MOODLE.match(first)
        if moodle:
            name = f"{moodle['name']}_{moodle['number']}"
            rest = rest or (moodle["rest"] or first,)
        elif rest:
            name = first
        elif entry.suffix == ".zip" and not entry.refused:
            name, rest = first[: -len(".zip")], (first,)
        else:
            if NOTEBOOK.search(first) or entry.refused:
                nobodys.append((first, entry.refused or "lies beside the students' folders"))
            continue
        plain[name] = moodle["name"] if moodle else name
        found[name].append(archive.Entry(rest, entry.modified, entry.read, entry.refused))
    return found, plain, nobodys


def _without_wrapper(entries, archive_name):
    """The entries without a folder around all students' folders, if there is one.

    One folder at the top may be a student or a wrapper. It is a wrapper if Moodle's names are in
    it, if it is called like the archive, or if a file name occurs in several of its folders.
    """
    tops = {entry.parts[0] for entry in entries}
    if len(tops) != 1 or any(len(entry.parts) < 2 for entry in entries):
        return entries
    (top,) = tops
    if MOODLE.match(top):
        return entries
    folders = {entry.parts[1] for entry in entries if len(entry.parts) > 2}
    names = Counter({(e.parts[1], e.name) for e in entries if len(e.parts) > 2})
    repeated = Counter(name for _, name in names)
    if (
        any(MOODLE.match(entry.parts[1]) for entry in entries)
        or (top == archive_name and folders and all(len(e.parts) > 2 for e in entries))
        or any(count > 1 for count in repeated.values())
    ):
        return [archive.Entry(e.parts[1:], e.modified, e.read, e.refused) for e in entries]
    return entries


def _student_ids(names):
    """An id for each student's name: the name itself wherever it can be used for a folder.

    The id depends on the name alone, so that a student keeps it from one run to the next; only
    names that differ in nothing but case get a mark that tells them apart.
    """
    ids = {name: student_id(name) for name in names}
    count = Counter(value.casefold() for value in ids.values())
    return {
        name: _marked(value, name) if count[value.casefold()] > 1 else value
        for name, value in ids.items()
    }


def student_id(name):
    """A name as an id that is safe as a folder, in a pattern and in a URL; Greek stays Greek."""
    name = unicodedata.normalize("NFC", name).strip()
    safe = "".join(
        c if c.isalnum() or c in HARMLESS or unicodedata.category(c)[0] == "M" else "_"
        for c in name
    )
    safe = safe.strip(" .")
    if safe and safe == name and len(name.encode()) <= 120:
        return safe
    return _marked(safe, name)


def _marked(safe, name):
    mark = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:6]
    return f"{safe[:40].strip(' .') or 'student'}-{mark}"


@dataclass(frozen=True)
class _Candidate:
    """A readable notebook that a student handed in; parsed by nbformat."""

    entry: archive.Entry
    data: bytes
    parsed: nbformat.NotebookNode


def _submission(student, called, entries, released, other_names):
    submission = Submission(student, called)
    candidates = defaultdict(list)
    unreadable = []
    others = []
    for entry in _with_inner_zips(entries, submission):
        if not NOTEBOOK.search(entry.name):
            others.append(entry)
            continue
        notebook = None
        try:
            data = entry.content()
            parsed = read_notebook(data)
        except Unreadable as error:
            unreadable.append((entry, str(error)))
            continue
        notebook = _notebook_of(entry.name, parsed, released)
        if notebook is not None:
            candidates[notebook].append(_Candidate(entry, data, parsed))
        elif named(entry.name, other_names) is None:
            reason = "is not one of the lesson's notebooks"
            submission.unplaced.append((_path(entry), reason))

    for released_notebook in released:
        name = released_notebook.name
        if candidates[name]:
            _choose(submission, name, candidates[name])
    for entry, reason in unreadable:
        name = named(entry.name, [r.name for r in released])
        if name is None:
            if named(entry.name, other_names) is None:
                submission.unplaced.append((_path(entry), reason))
        elif name in submission.notebooks:
            submission.remarks[name].append(f"Another copy, “{_path(entry)}”, {reason}.")
        else:
            submission.set_aside.setdefault(name, f"“{_path(entry)}” {reason}.")
    if not submission.notebooks and not submission.set_aside:
        for entry in others:
            if entry.suffix in (".html", ".pdf", ".py", ".docx", ".odt", *archive.ARCHIVES):
                submission.unplaced.append((_path(entry), "is not a notebook (.ipynb)"))
    return submission


def _path(entry):
    return "/".join(entry.parts)


def _with_inner_zips(entries, submission):
    """The entries, with those of zips among them in place of the zips, one level deep."""
    for entry in entries:
        if entry.suffix != ".zip":
            if entry.refused and not NOTEBOOK.search(entry.name):
                submission.unplaced.append((_path(entry), entry.refused))
            elif entry.suffix in archive.ARCHIVES:
                submission.unplaced.append(
                    (_path(entry), f"is a {entry.suffix} archive; ask for a zip or the notebooks")
                )
            else:
                yield entry
            continue
        try:
            data = entry.content(archive.LARGEST_INNER_ZIP)
            inner = list(archive.entries_of_zip(data, entry.parts, archive.MOST_INNER_FILES))
        except Unreadable as error:
            submission.unplaced.append((_path(entry), str(error)))
            continue
        for file in inner:
            if archive._is_litter(file.parts):
                continue
            if file.suffix == ".zip":
                submission.unplaced.append((_path(file), "is a zip inside a zip"))
            else:
                yield file


def read_notebook(data):
    """The notebook in `data`, bytes, as nbformat 4. Raises Unreadable in plain words."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(
            "is not text in UTF-8, so it is not a notebook as Jupyter saves it"
        ) from None
    if not text.strip():
        raise Unreadable("is empty")
    try:
        content = json.loads(text)
    except RecursionError:
        raise Unreadable("is nested too deeply to be read") from None
    except ValueError as error:
        where = f" (line {error.lineno})" if hasattr(error, "lineno") else ""
        raise Unreadable(f"is broken: it is not valid JSON{where}") from None
    if not isinstance(content, dict) or "nbformat" not in content:
        raise Unreadable("is JSON, but not a notebook")
    if content["nbformat"] not in (3, 4):
        raise Unreadable(
            f"has the notebook format {content['nbformat']!r}; wanted 4".replace("'", "")
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = nbformat.reads(text, as_version=4)
        cells = parsed.cells
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise TypeError
    except (Exception, RecursionError):
        raise Unreadable("is not a notebook as Jupyter saves it") from None
    return parsed


def _notebook_of(file_name, parsed, released):
    """The name of the released notebook that this one is: by its cells, else by its file name."""
    ids = Counter(filter(None, map(grade_id, parsed.cells)))
    shared = {r.name: sum(g in r.grade_ids for g in ids) for r in released}
    best = max(shared, key=shared.get)
    return best if shared[best] else named(file_name, [r.name for r in released])


def named(file_name, names):
    """Which of `names` a file is called: whatever the case, spaces, " (1)", or words around it."""
    stem = re.sub(r"[^a-z0-9]+", "_", NOTEBOOK.sub("", file_name).casefold()).strip("_")
    fitting = [name for name in names if name.casefold() in stem]
    return max(fitting, key=len, default=None)


def _choose(submission, name, candidates):
    """Take the newest of a student's copies of a notebook."""

    def exact(candidate):
        return NOTEBOOK.sub("", candidate.entry.name) == name

    chosen = max(candidates, key=lambda c: (c.entry.modified, exact(c), -len(c.entry.parts)))
    submission.notebooks[name] = chosen.data
    if len({candidate.data for candidate in candidates}) > 1:
        submission.remarks[name].append(
            f"There were {len(candidates)} copies of this notebook; the newest, "
            f"“{_path(chosen.entry)}”, was graded."
        )
    if named(chosen.entry.name, [name]) is None:
        submission.remarks[name].append(
            f"The file was called “{chosen.entry.name}”; its cells showed which notebook it is."
        )


def store(course, lesson, submission, released):
    """Copy a student's notebooks to gradebook/submitted/.

    What was handed in there before and differs is moved to gradebook/earlier/. A notebook that was
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
                _keep(course, lesson, submission.student, path, before)
        if data is not None:
            new = path.with_suffix(".new")
            new.write_bytes(data)
            os.replace(new, path)


def _keep(course, lesson, student, path, content):
    """Move an earlier notebook to gradebook/earlier/, under a name that tells versions apart."""
    kept = course.gradebook / "earlier" / student / lesson
    kept.mkdir(parents=True, exist_ok=True)
    version = hashlib.sha256(content).hexdigest()[:8]
    os.replace(path, kept / f"{path.stem}-{version}.ipynb")
