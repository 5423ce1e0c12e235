"""Whose work each file is: find the students in what was handed in, by how it is laid out."""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from helpers.grading.intake import archive

FileAndReason = tuple[str, str]

NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
# Moodle: "Full Name_1234567_assignsubmission_file_/x.ipynb", or, without folders, "…_file_x.ipynb".
MOODLE = re.compile(r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)$")
HARMLESS = " _-.,'@"
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # in Windows
LOOKS_MARKED = re.compile(r"-[0-9a-f]{16}$")


def by_student(
    entries: Sequence[archive.Entry], archive_name: str
) -> tuple[dict[str, list[archive.Entry]], dict[str, str], list[FileAndReason]]:
    """The entries by the name of the student, without it in their parts; what is nobody's.

    Between them, each name without the number that Moodle adds.
    """
    entries = _without_wrapper(entries, archive_name)
    found: dict[str, list[archive.Entry]] = defaultdict(list)
    plain: dict[str, str] = {}
    unassigned: list[FileAndReason] = []
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
                unassigned.append(
                    (entry.shown, entry.refused or "lies beside the students' folders")
                )
            continue
        plain[name] = moodle["name"] if moodle else name
        found[name].append(archive.Entry(rest, entry.modified, entry.read, entry.refused))
    return found, plain, unassigned


def _without_wrapper(
    entries: Sequence[archive.Entry], archive_name: str
) -> Sequence[archive.Entry]:
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
