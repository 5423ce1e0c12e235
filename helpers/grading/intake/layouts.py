"""What names of folders and files say of whose work they hold.

A platform puts what it knows of the student before what the student called the file. So where
several patterns fit, the one that ends first is the platform's, and the rest is the student's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
MAX_NAME = 300  # letters, more than a disk takes; nothing is read from longer names


@dataclass(frozen=True)
class Label:
    """What a name that a platform gave says.

    student: what the student's id is made of. plain: the student's name or login, without numbers.
    rest: what the student called the file, "" for a folder. number: the platform's, of the student.
    head: all before an attempt, where the login is not marked off. submitted: when, in seconds;
    None if the name does not say.
    """

    platform: str
    student: str
    plain: str
    rest: str = ""
    number: str = ""
    head: str = ""
    submitted: float | None = None


# In folders or without: "Full Name_1234567_assignsubmission_file_/x.ipynb", "…_file_x.ipynb".
# Groups are "Group A_55_…", those in none "Default group_…". Blind, all are called "Participant".
MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_[a-z]+_?(?P<rest>.*)", re.DOTALL
)
# "garciaana_LATE_12345_67890_x.ipynb": the user's number and the file's. Anonymous: "anon_aB3dE_…".
# Not Moodle's of blind marking, where two numbers stand one after the other, too.
CANVAS = re.compile(
    r"(?:(?:LATE_)?(?P<anonymous>anon_[0-9A-Za-z]+)|(?P<name>\w+?)(?:_LATE)?_(?P<number>\d+))"
    r"_\d+_(?!assignsubmission_)(?P<rest>.+)",
    re.DOTALL,
)
# "Assignment_login_attempt_2026-01-31-12-00-00_x.ipynb"; the receipt is without the last part.
BLACKBOARD = re.compile(
    r"(?P<head>.+?_(?P<login>[^_]+))_attempt_(?P<date>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|\.txt)?",
    re.DOTALL,
)
# "12345-67890 - First Last - Jan 31, 2026 1159 PM", before files also with " - x.ipynb".
BRIGHTSPACE = re.compile(
    r"(?P<number>\d+-\d+) ?- ?(?P<name>.+?) - "
    r"(?P<day>(?:\w+\.? \d{1,2},? |\d{1,2} \w+\.? )\d{4}),?\s+(?P<hour>\d{1,2}):?(?P<minute>\d\d)"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?(?: - (?P<rest>.+))?",
    re.DOTALL,
)
# "ana+tutorial+2026-01-31 12:00:00 UTC+random"; zips made on Windows have no colons in it.
NBGRADER = re.compile(
    r"(?P<login>[^+*]+)\+[^+]+\+(?P<date>\d{4}-\d\d-\d\d[ _]\d\d.?\d\d.?\d\d)[^+]*(?:\+[^+]*)?"
)
GROUP = re.compile(r"(group|gruppe|groupe|grupo|gruppo|groep|team|équipe|equipo)\b", re.IGNORECASE)


def label_of(name: str) -> Label | None:
    """What the name of a folder or a file says, if it is one that a platform gives."""
    found = []
    for pattern, read in PLATFORMS if len(name) <= MAX_NAME else ():
        match = pattern.fullmatch(name)
        if match:
            made = read(match)
            found.append((len(name) - len(made.rest), made))
    return min(found, key=lambda item: item[0])[1] if found else None


def _moodle(match: re.Match[str]) -> Label:
    name, number = match["name"], match["number"] or ""
    return Label("Moodle", f"{name}_{number}" if number else name, name, match["rest"], number)


def _canvas(match: re.Match[str]) -> Label:
    if match["anonymous"]:
        return Label("Canvas", match["anonymous"], match["anonymous"], match["rest"])
    student = f"{match['name']}_{match['number']}"
    return Label("Canvas", student, match["name"], match["rest"], match["number"])


def _blackboard(match: re.Match[str]) -> Label:
    time = _time(match["date"], "%Y-%m-%d-%H-%M-%S")
    login = match["login"]
    return Label("Blackboard", login, login, match["rest"] or "", "", match["head"], time)


def _brightspace(match: re.Match[str]) -> Label:
    name = match["name"].strip()
    group, dash, _ = name.partition(" - ")
    if dash and GROUP.match(group):  # after it stands who of the group handed it in
        name = group
    words = re.findall(r"[^\W\d_]+|\d+", match["day"])  # in either order: the month is a word
    words.sort(key=lambda word: (not word.isalpha(), len(word)))
    words[0] = words[0][:3]
    clock = f"{match['hour']}:{match['minute']}"
    if match["half"]:
        time = _time(f"{' '.join(words)} {clock} {match['half']}M", "%b %d %Y %I:%M %p")
    else:
        time = _time(f"{' '.join(words)} {clock}", "%b %d %Y %H:%M")
    return Label("Brightspace", name, name, match["rest"] or "", match["number"], "", time)


def _nbgrader(match: re.Match[str]) -> Label:
    digits = re.sub(r"\D", "", match["date"])
    time = _time(f"{digits} +0000", "%Y%m%d%H%M%S %z")
    return Label("nbgrader", match["login"], match["login"], submitted=time)


PLATFORMS = (
    (MOODLE, _moodle),
    (CANVAS, _canvas),
    (BLACKBOARD, _blackboard),
    (BRIGHTSPACE, _brightspace),
    (NBGRADER, _nbgrader),
)


def _time(text: str, form: str) -> float | None:
    try:
        return datetime.strptime(text, form).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


# At the end of a student's folder: "ana attempt 2", "ana_2026-01-31-12-00-00", "ana 2026-01-31".
ATTEMPT = re.compile(
    r"[ _.-]+(?:\(?(?:attempt|versuch|tentative|essai|intento|tentativo|poging)[ _-]?\d+\)?"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T _-]+(?P<clock>\d\d[-:_.h]?\d\d(?:[-:_.m]?\d\d)?)(?P<zone> ?UTC)?)?)$",
    re.IGNORECASE,
)


def without_attempt(name: str) -> tuple[str, float | None]:
    """The name of a folder without the attempt or the time at its end; that time, if any."""
    time = None
    while len(name) <= MAX_NAME and (match := ATTEMPT.search(name)):
        if match["date"]:
            clock = re.sub(r"\D", "", match["clock"] or "").ljust(6, "0")
            zone = ("+0000", "%z") if match["zone"] else ("", "")
            time = _time(match["date"] + clock + zone[0], "%Y-%m-%d%H%M%S" + zone[1])
        name = name[: match.start()]
    return name, time


# What folders around students are called, and what students call folders. None is a given name.
AROUND = frozenset(
    """
    ps pset psets class classes course courses submission submissions submitted students hand hands
    handed in ins handin handins assignment assignments homework homeworks hw download downloads
    downloaded inbound archive archives extracted export exports exported collected all files input
    inbox incoming upload uploads moodle canvas blackboard brightspace gradescope classroom google
    drive nbgrader gradebook bulk section sections group groups team teams lab labs seminar seminars
    tutorial tutorials lecture lectures lesson lessons problem problems exercise exercises sheet
    week weeks unit term semester spring autumn fall winter monday tuesday wednesday thursday friday
    saturday sunday morning afternoon late resubmission resubmissions part attempt attempts version
    versions copy copies backup notebook notebooks backprop backpropagation of the and for from
    beyond klasse kurs abgabe abgaben gruppe gruppen aufgabe aufgaben hausaufgabe hausaufgaben übung
    übungen montag dienstag mittwoch donnerstag freitag cours devoir devoirs groupe groupes rendus
    curso clase entrega entregas tarea tareas grupo grupos corso consegna consegne gruppo gruppi
    """.split()
)
OF_STUDENTS = frozenset(
    """
    my mine final finished finally done new newest old older latest draft solution solutions solved
    answer answers fixed corrected correct again src code work untitled folder project repo
    repository main master documents desktop jupyter home first second third try v ver kopie von
    fertig neu alt lösung lösungen
    """.split()
)


def is_around(name: str) -> bool:
    """Whether a folder of that name lies around students, rather than being called like one."""
    words = _words(name)
    return any(word in AROUND for word in words) and _are_all(words, AROUND)


def is_nobody(name: str) -> bool:
    """Whether a name is what a student calls a folder or a version, not a person."""
    return _are_all(_words(name), AROUND | OF_STUDENTS)


def is_group(name: str) -> bool:
    """Whether a name is that of a group, which may hand in as one student does."""
    return bool(GROUP.match(name)) and is_around(name)


def _words(name: str) -> list[str]:
    # "hw3" is two words; "am1234" is a login.
    name = re.sub(r"(?<=[^\W\d_])(?=\d{1,2}(?!\d))", " ", without_attempt(name)[0].casefold())
    return re.findall(r"[^\W_]+", name)


def _are_all(words: Sequence[str], known: frozenset[str]) -> bool:
    return all(word in known or TELLS_APART.fullmatch(word) for word in words)


def notebook_in(name: str, notebooks: Sequence[str]) -> tuple[int, int, str] | None:
    """Where in a file's name that of one of the `notebooks` stands, and which; None if nowhere."""
    fitting = [
        (match.start(), match.end(), notebook)
        for notebook in notebooks
        if (match := _pattern_of(notebook).search(name))
    ]
    return max(fitting, key=lambda item: len(item[2]), default=None)


@lru_cache(maxsize=100)
def _pattern_of(notebook: str) -> re.Pattern[str]:
    words = re.findall(r"[^\W_]+", notebook)
    return re.compile(r"[\W_]+".join(map(re.escape, words)), re.IGNORECASE)


# One letter or a few digits tell sections or versions apart, as does the time of a download from
# Google Drive; a long number is a student's.
TELLS_APART = re.compile(r"[a-z]|\d{1,4}|\d{8}t\d{6}z")
COPY_OF = re.compile(r"(copy of|kopie von|copie de|copia de|copia di|kopie van) +", re.IGNORECASE)
NUMBERED = re.compile(r"( ?\(\d+\)|[ _-]+copy ?\d*)+$", re.IGNORECASE)


def owner_in(file_name: str, notebooks: Sequence[str]) -> str:
    """The student that a file is called after, "" if none: "ana_problem_1.ipynb".

    As in "First Last - x.ipynb", in either order, "Copy of …" and with a number at the end. The
    name of one of the `notebooks` has to be in it.
    """
    if len(file_name) > MAX_NAME:
        return ""
    stem = NUMBERED.sub("", COPY_OF.sub("", NOTEBOOK.sub("", file_name)))
    place = notebook_in(stem, notebooks)
    if place is None:
        return ""
    sides = [stem[: place[0]], stem[place[1] :]]
    if sides[0].rstrip().endswith(" -"):
        sides[1] = ""  # what stands after the notebook's name is of no interest
    named = [
        side for side in (_trimmed(COPY_OF.sub("", side)) for side in sides) if not is_nobody(side)
    ]
    return named[0] if len(named) == 1 else ""


def _trimmed(text: str) -> str:
    text, _ = without_attempt(text.strip(" _-.+,"))
    return re.sub(r"[_ -]late$", "", text, flags=re.IGNORECASE).strip(" _-.+,")
