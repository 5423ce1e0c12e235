"""Attacks on intake and repair: what is handed in is no notebook, or not where it seems to be.

ATTACKS come in a zip; IN_FOLDERS need a class that is a folder, for what no zip of ours can hold.
"""

import io
import json
import os
import pickle
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from nbformat.v4 import new_output

from helpers.asking.cell_ids import question_of_check
from helpers.asking.record import MIME_TYPE
from helpers.grading.gradebook.results import GRADED, REPAIRED, SET_ASIDE
from helpers.grading.repair.released import grade_id, is_check
from helpers.marking.questions import questions_of
from tests.attacks.attack import P2, Attack
from tests.attacks.mangled import MANGLINGS
from tests.sample_class.work import ROOT, Notebook, notebook_names

FILE = f"{P2}.ipynb"
SOLUTION = ROOT / "solutions" / "tutorial" / FILE
FULL = float(sum(question.points for question in questions_of(P2).values()))
ASIDE = (SET_ASIDE,)
# What may be meant as any notebook is told of once, with the first that is missing.
ANY = {"notebook": notebook_names()[0]}
ATTACKS, IN_FOLDERS = [], []


@dataclass(frozen=True)
class Work(Attack):
    """An Attack in which there is honest work too: it must keep at least so many points.

    lay: for IN_FOLDERS, writes what is handed in to the student's folder.
    """

    at_least: float = 0.0
    lay: Callable = None


def solved():
    return bytes(Notebook(P2))


def unsolved():
    return bytes(Notebook(P2, solved=False))


def hands_in(name, tries, states, **must):
    """Add the Attack with the files that the decorated function returns."""

    def add(files):
        ATTACKS.append(Work(name, tries, files, states=states, **must))
        return files

    return add


def hands_in_one(name, tries, data, states=ASIDE, file=FILE, **must):
    """Add an Attack with one file; data: bytes, or a function that makes them."""
    ATTACKS.append(
        Work(name, tries, lambda: {file: data() if callable(data) else data}, states=states, **must)
    )


FAIR = {"not_more_than": FULL, "at_least": FULL}


# Entries of the zip


def entry(filename, kind=stat.S_IFREG, date_time=(2026, 11, 21, 12, 0, 0)):
    info = zipfile.ZipInfo("x", date_time)
    info.filename = filename  # as it stands: the constructor would clean it
    info.external_attr = (kind | 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def entry_attack(name, tries, says, filename=None, kind=stat.S_IFREG, data=None):
    filename = filename or f"{name}/{FILE}"
    ATTACKS.append(
        Work(
            name, tries, lambda: {entry(filename, kind): data or solved()}, states=ASIDE, says=says
        )
    )


for target in ("/etc/passwd", "../../gradebook/gradebook.db", f"../Honest with everything/{FILE}"):
    where = target.split("/")[-1].split(".")[0]
    entry_attack(
        f"Link to {where}", f"a symbolic link to {target}", "is a link", None, stat.S_IFLNK,
        target.encode(),
    )  # fmt: skip
entry_attack("Pipe in a zip", "an entry that says it is a FIFO", "a device", None, stat.S_IFIFO)
entry_attack("Device in a zip", "an entry that says it is a device", "a device", None, stat.S_IFCHR)
for name, inside in (
    ("Dots", "Dots/../../../tmp/backprop-canary/"),
    ("Absolute", "/Absolute/"),
    ("Windows dots", "Windows dots\\..\\..\\"),
):
    entry_attack(name, f"the path {inside}", "leads out of the archive", f"{inside}{FILE}")
entry_attack("NUL", "NUL in a name", "leads out of the archive", f"NUL/{FILE}\0.txt")
entry_attack("Folders", "a path of 5,000 folders", "4,096 letters", f"Folders/{'a/' * 5000}{FILE}")


@hands_in("Folder by name", "a folder with the name of a notebook", ASIDE, says="is a folder")
def folder_by_name():
    return {entry(f"Folder by name/{FILE}/", stat.S_IFDIR): b""}


@hands_in(
    "Same name twice",
    "two entries of one name: the newer is empty, the older right",
    (GRADED, REPAIRED),
)
def same_name_twice():
    older, newer = (2026, 11, 20, 0, 0, 0), (2026, 11, 21, 0, 0, 0)
    path = f"Same name twice/{FILE}"
    return {entry(path, date_time=older): solved(), entry(path, date_time=newer): unsolved()}


@hands_in(
    "Twins",
    "files whose names differ in case, spaces and Unicode form only",
    (REPAIRED,),
    says="copies",
    **FAIR,
)
def twins():
    names = (FILE, FILE.upper(), f" {FILE}", f"é{FILE}", f"e\u0301{FILE}")
    return {
        entry(f"Twins/{name}", date_time=(2020 + i, 1, 1, 0, 0, 0)): data
        for i, (name, data) in enumerate(zip(names, (*[unsolved()] * 4, solved()), strict=True))
    }


for year, month in ((1980, 0), (2107, 12), (1980, 15)):

    @hands_in(f"Year {year}, month {month}", "a forged time in the zip", (GRADED,), **FAIR)
    def year_month(name=f"Year {year}, month {month}", when=(year, month, month, 0, 0, 0)):
        return {entry(f"{name}/{FILE}", date_time=when): solved()}


@hands_in("Forged times", "nbgrader's timestamp.txt, and times in the metadata", (GRADED,))
def forged_times():
    notebook = Notebook(P2, solved=False)
    notebook.content.metadata["timestamp"] = "1970-01-01 00:00:00 UTC"
    return {FILE: bytes(notebook), "timestamp.txt": b"1970-01-01 00:00:00 UTC"}


# Bombs and crowds


def zipped(files, method=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return target.getvalue()


def overlapping(count, size):
    """A zip of `count` entries that all are the same `size` bytes of it."""
    data = zipped([(FILE, bytes(size))])
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    directory, tail = data[start:end], bytearray(data[end:])
    tail[8:12] = (count % 65536).to_bytes(2, "little") * 2
    tail[12:16] = (len(directory) * count).to_bytes(4, "little")
    return data[:start] + directory * count + bytes(tail)


MEGABYTE = 1_000_000
ACCENTS = "\u0300\u0323" * 15_000
hands_in_one("Zeros", "60 MB of zeros as a notebook", lambda: bytes(60 * MEGABYTE), says="larger")
hands_in_one(
    "Lists", "15 million empty lists, 1 GB when parsed", lambda: b"[" + b"[]," * 15_000_000,
    says="values",
)  # fmt: skip
hands_in_one(
    "Overlapping", "500 files of 45 MB in the same 45 KB of a zip",
    lambda: overlapping(500, 45 * MEGABYTE), file="work.zip",
)  # fmt: skip
hands_in_one(
    "Large zip inside", "a zip that unpacks to 10 GB of notebooks", file="work.zip",
    data=lambda: zipped([(f"{i}/{FILE}", b'"' + b"x" * 40 * MEGABYTE) for i in range(12)]),
)  # fmt: skip
hands_in_one(
    "Nested zips", "a zip in a zip in a zip", file="work.zip", says="a zip inside a zip", **ANY,
    data=lambda: zipped([("a.zip", zipped([("b.zip", zipped([(FILE, solved())]))]))]),
)  # fmt: skip
hands_in_one(
    "Empty entries", "a hundred thousand empty files", file="work.zip", says="100000 files", **ANY,
    data=lambda: zipped([(f"{i}.ipynb", b"") for i in range(100_000)]),
)  # fmt: skip
hands_in_one(
    "Work in a zip", "no attack: a zip of one's own", file="work.zip", states=(GRADED,),
    data=lambda: zipped([(f"my/{FILE}", solved())]), **FAIR,
)  # fmt: skip


hands_in_one(
    "Names to compose", "names of 30,000 accents, which move past each other", file="solution.zip",
    data=lambda: zipped([("final.zip", zipped(
        [(entry(f"{i}/a{ACCENTS}.ipynb"), b"{") for i in range(60)]))]), **ANY,
)  # fmt: skip
hands_in_one(
    "Zips without end", "zips of 60 MB in a small zip, called such that they may hold a class",
    file="solution.zip", says="a zip inside a zip", **ANY,
    data=lambda: zipped([(f"version {i}.zip", bytes(60 * MEGABYTE) + zipped([("a.ipynb", b"{}")]))
                         for i in range(5)]),
)  # fmt: skip
hands_in_one(
    "Large dictionary", "a file that asks for 4 GB to be unpacked", file="work.zip",
    data=lambda: with_large_dictionary(zipped([(FILE, solved())], zipfile.ZIP_LZMA)),
    says="too much memory to unpack",
)  # fmt: skip
hands_in_one(
    "Zeros in bzip2", "12 files of 49 MB in 1 KB", file="work.zip", **ANY,
    data=lambda: zipped([(f"{i}.ipynb", bytes(49 * MEGABYTE)) for i in range(12)],
                        zipfile.ZIP_BZIP2),
)  # fmt: skip


def with_large_dictionary(data):
    """A zip whose only file says that its LZMA dictionary has 4 GB."""
    properties = data.index(b"\x09\x04\x05\x00") + 5  # after version, length and a first byte
    return data[:properties] + b"\xff" * 4 + data[properties + 4 :]


@hands_in("Thousand files", "a thousand other notebooks around the right one", (GRADED,), **FAIR)
def thousand_files():
    return {f"{i}/other {i}.ipynb": b"{" for i in range(1000)} | {FILE: solved()}


@hands_in("Odd times", "twenty files that say when, of which none is a time", (GRADED, REPAIRED))
def odd_times():
    odd = (
        *(
            "1e400",
            "0" * 200,
            ":::",
            "2026-13-45",
            "UTC UTC",
            "now",
            "24:61",
            "\0",
            "NaN",
            "T",
            "Z",
        ),
        *("9999-12-31 23:59:59 -2359", "0001-01-01 00:00:00 +2359", "1,2,3,4,5", "AM 12 PM", "+-"),
        *("2026-01-01 00:00:00 UTC+99", "1 2 3 4 5 6 7 8", "Jan", "٣"),
    )
    return {
        name: data
        for number, text in enumerate(odd)
        for name, data in (
            (f"{number}/timestamp.txt", text.encode()),
            (f"{number}/{FILE}", unsolved()),
        )
    }


@hands_in("Odd names around", "names that a screen or a disk would not take", (GRADED,), **FAIR)
def odd_names_around():
    names = (
        *("a\nb\x1b[2J.ipynb", "con.ipynb", "x" * 4000 + ".ipynb", "d/" * 40 + "y.ipynb"),
        *("\u202e.zip", "_.gz"),
    )
    return {FILE: solved()} | dict.fromkeys(names, b"{")


@hands_in("Modules", "modules beside the notebook that would be imported before ours", (GRADED,))
def modules():
    code = b"check = lambda question, **answers: print('all right')\n"
    names = ("numpy.py", "helpers.py", "helpers/__init__.py", "helpers/checking.py", "json.py")
    return {FILE: unsolved()} | dict.fromkeys(
        (*names, "sitecustomize.py", "usercustomize.py"), code
    )


@hands_in("Many files", "20,001 empty files, and the work among them", ASIDE, says="20,002 files")
def many_files():
    return {f"{i}.txt": b"" for i in range(20_001)} | {FILE: solved()}


@hands_in(
    "Another's folder", "an empty notebook in a folder that is called like another student",
    (GRADED, REPAIRED),
)  # fmt: skip
def anothers_folder():
    return {f"Honest with everything/{FILE}": unsolved()}


for name, path in (
    ("Hidden file", f".{FILE}"),
    ("Hidden folder", f".Emil/{FILE}"),
    ("Checkpoint", f".ipynb_checkpoints/{FILE}"),
    ("Of a Mac", f"__MACOSX/{FILE}"),
):

    @hands_in(
        f"{name} alone", "no attack: all work lies where none is looked for", (REPAIRED,),
        says="as there is nothing else", **FAIR,
    )  # fmt: skip
    def hidden_alone(path=path):
        return {path: solved(), "notes.txt": b"My work."}


# What is in the file


def changed(**changes):
    """The solved notebook with other values in its outermost object."""
    return json.dumps({**json.loads(solved()), **changes}).encode()


def with_more(value):
    """The solved notebook with one more value in its outermost object, given as bytes of JSON."""
    return solved()[:-1] + b', "more": ' + value + b"}"


def with_first_cell(**changes):
    """The solved notebook with other values in its first cell of code."""
    content = json.loads(solved())
    next(cell for cell in content["cells"] if cell["cell_type"] == "code").update(changes)
    return json.dumps(content).encode()


def with_tags(tags):
    content = json.loads(solved())
    next(cell for cell in content["cells"])["metadata"]["tags"] = tags
    return json.dumps(content).encode()


for name, tries, data, says in (
    ("Truncated", "JSON that ends in the middle", lambda: solved()[:-500], "not valid JSON"),
    ("Deep", "lists, 100,000 deep", b"[" * 100_000, "nested too deeply"),
    ("Deep metadata", "objects, 5,000 deep",
     lambda: with_more(b'{"a":' * 5000 + b"1" + b"}" * 5000), "too deeply"),
    ("Digits", "a number of 10,000 digits", lambda: with_more(b"9" * 10_000), "not valid JSON"),
    ("Format 2", "notebook format 2", lambda: changed(nbformat=2), "format 2"),
    ("Format 5", "notebook format 5", lambda: changed(nbformat=5), "format 5"),
    ("Format in words", "notebook format “4”", lambda: changed(nbformat="4"), "no format number"),
    ("Format null", "notebook format null", lambda: changed(nbformat=None), "no format number"),
    ("Format 1e9", "notebook format 1e9", lambda: changed(nbformat=1e9), "format 1000000000"),
    ("Cells null", "no list of cells", lambda: changed(cells=None), "as Jupyter saves it"),
    ("Cells of numbers", "cells that are none", lambda: changed(cells=[1, None]), "as Jupyter"),
    ("Latin-1", "another encoding", lambda: solved().replace(b"# ", "# é".encode("latin-1")),
     "not text in UTF-8"),
    ("Pickle", "a pickle that calls os.system", lambda: pickle.dumps(Exploit()), "not "),
    ("Empty", "an empty file", b"", "is empty"),
    ("Image", "a picture by another name", b"\x89PNG\r\n\x1a\n" + bytes(100), "not text"),
    ("Many cells", "half a million cells", lambda: changed(cells=[{}] * 500_000), "cells"),
    ("Much code", "4 MB of code", lambda: changed(cells=[{"cell_type": "code", "source": "a=1\n" *
     1_000_000}]), "characters of code"),
):  # fmt: skip
    hands_in_one(name, tries, data, says=says)


class Exploit:
    def __reduce__(self):
        return os.system, ("touch /tmp/backprop-canary-pickle",)


for name, tries, data, states in (
    ("BOM", "no attack: a byte order mark", lambda: b"\xef\xbb\xbf" + solved(), (REPAIRED,)),
    ("UTF-16", "no attack: saved in UTF-16", lambda: solved().decode().encode("utf-16"),
     (REPAIRED,)),
    ("Windows lines", "no attack: line ends of Windows",
     lambda: json.dumps(json.loads(solved()), indent=1).replace("\n", "\r\n").encode(), (GRADED,)),
    ("NaN and infinity", "numbers that are none in the format",
     lambda: changed(nbformat_minor=float("nan"), metadata={"a": float("-inf")}), (REPAIRED,)),
    ("Minor version", "a minor version of 10**30", lambda: changed(nbformat_minor=10**30),
     (GRADED, REPAIRED)),
    ("Deep metadata, less", "objects, 400 deep",
     lambda: with_more(b'{"a":' * 400 + b"1" + b"}" * 400), (REPAIRED,)),
    ("Cells twice", "no attack: two lists of cells, of which JSON has the last",
     lambda: b'{"cells": 7, ' + solved()[1:], (GRADED, REPAIRED)),
    ("Half letters", "keys that no UTF-8 can say",
     lambda: with_more(b'{"\\ud800": {"\\udfff": "\\ud800"}}'), (GRADED, REPAIRED)),
    ("Null cells", "cells of null between the others",
     lambda: changed(cells=[c for cell in json.loads(solved())["cells"] for c in (None, cell)]),
     (REPAIRED,)),
):  # fmt: skip
    hands_in_one(name, tries, data, states, **FAIR)

hands_in_one(
    "Tags", "40,000 tags that are objects, each compared with each", states=(GRADED, REPAIRED),
    data=lambda: with_tags([{"tag": number} for number in range(40_000)]), **FAIR,
)  # fmt: skip
hands_in_one(
    "Outputs that are none", "24,000 outputs that are none, a page of errors for each",
    states=(GRADED, REPAIRED), data=lambda: with_first_cell(outputs=[{}] * 24_000), **FAIR,
)  # fmt: skip


@hands_in("Stored results", "outputs that hold records, scores and tables of ticks", (GRADED,))
def stored_results():
    notebook = Notebook(P2, solved=False)
    questions = questions_of(P2)
    for cell in notebook.content.cells:
        if is_check(cell):
            question = questions[question_of_check(grade_id(cell))]
            case = question.cases_from(1)[0]
            answers = {
                name: [{"shape": list(getattr(value, "shape", ())), "values": _flat(value)}]
                for name, value in case.expected.items()
            }
            record = {"version": 1, "question": question.id, "answers": answers, "seed": 1}
            record |= {"nonce": "", "points": question.points, "verdict": "right"}
            cell.outputs = [new_output("display_data", {MIME_TYPE: record, "text/plain": "right"})]
            cell.metadata["nbgrader"]["score"] = question.points
    return {FILE: bytes(notebook)}


def _flat(value):
    try:
        return [float(value)]
    except (TypeError, ValueError):
        return [float(item) for item in getattr(value, "flat", ())]


# Names

for name, tries in (
    ("=HYPERLINK(evil.example)", "a formula as a name"),
    ("@SUM(1+1)-cmd", "another formula as a name"),
    ("<img src=x onerror=alert(1)>", "HTML as a name"),
    ("Long " + "name " * 45, "a name of 230 letters"),
    ("Ελένη Παπαδοπούλου 王小明 محمد", "no attack: letters of the world"),
    ("Right \u202egnp.exe", "a mark that turns the direction of writing"),
    ("CON", "a name that Windows keeps for itself"),
    ("Dots at the end...", "a name that Windows cuts off"),
    ("{braces} [brackets] *?", "a name that is a pattern"),
    ("-rf", "a name that is an option"),
    ("Terminal \x1b[2J\x07", "a name that a terminal obeys"),
):
    hands_in_one(name, tries, unsolved, (GRADED,))
hands_in_one(
    "Names of files", "HTML and control letters in a file's name", unsolved, (REPAIRED,),
    file="<script>alert(1)<!-- \x1b[2J\u202e.ipynb",
)  # fmt: skip
hands_in_one(
    "Long file name", "a file name of 60,000 letters", b"{", file="x" * 60_000 + FILE,
    says="a name of more than",
)  # fmt: skip


# Honest work that was mangled: all of these go through tests/grading/test_repair.py, some also here

THROUGH_THE_COMMAND = (
    "every answer split in two; neither half has a label",
    "answers merged in pairs; the first one's label stays",
    "all metadata and all ids gone",
    "every answer pasted as Markdown, with fences, without a label",
    "saved in notebook format 3, with worksheets",
    "saved by Colab: other ids, other metadata, sources as lists, outputs of its own",
)
for number, mangling in enumerate(m for m in MANGLINGS if m.what in THROUGH_THE_COMMAND):
    hands_in_one(
        f"Mangled {number}", f"no attack: {mangling.what}",
        lambda mangling=mangling: mangling.of(Notebook(P2)), (REPAIRED,), **FAIR,
    )  # fmt: skip


# Only in folders


def lies_in_folder(name, tries, states, **must):
    """Add the Attack that the decorated function lays into the student's folder."""

    def add(lay):
        IN_FOLDERS.append(Work(name, tries, dict, states=states, lay=lay, **must))
        return lay

    return add


for target in ("/etc/passwd", str(SOLUTION), f"../Neighbour/{FILE}", "/dev/zero", FILE):
    # A folder that is called like a file is nobody's.
    called = "itself" if target == FILE else target.split("/")[-2:][0]

    @lies_in_folder(f"Link to {called}", f"a link to {target}", ASIDE, says="is a link")
    def link_to(folder, target=target):
        (folder / FILE).symlink_to(target)


@lies_in_folder("Neighbour", "no attack: whom the others want to copy", (GRADED,), **FAIR)
def neighbour(folder):
    (folder / FILE).write_bytes(solved())


@lies_in_folder("Linked folder", "a link to a folder", ASIDE, says="is a link", **ANY)
def linked_folder(folder):
    (folder / "work").symlink_to(SOLUTION.parent)


@lies_in_folder("Pipe", "a FIFO that nobody writes to", ASIDE, says="a device")
def pipe(folder):
    os.mkfifo(folder / FILE)


@lies_in_folder("Device", "a device that never ends", ASIDE, says="a device")
def device(folder):
    try:
        os.mknod(folder / FILE, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:  # only root makes devices
        os.mkfifo(folder / FILE)


@lies_in_folder("Hard link", "a hard link: a file like others, which is read", (GRADED,))
def hard_link(folder):
    (folder / "original.bin").write_bytes(unsolved())
    os.link(folder / "original.bin", folder / FILE)


@lies_in_folder("Folder called so", "a folder with the name of a notebook", ASIDE, says="a folder")
def folder_called_like_a_notebook(folder):
    (folder / FILE).mkdir()


@lies_in_folder("Sparse", "a file of 1 GB that takes no room", ASIDE, says="larger")
def sparse(folder):
    with open(folder / FILE, "wb") as file:
        file.truncate(1000 * MEGABYTE)


@lies_in_folder("Deep folders", "folders, 300 deep", ASIDE, says="inside 50 others", **ANY)
def deep_folders(folder):
    here = os.open(folder, os.O_RDONLY)
    for _ in range(300):  # not so many that nobody can delete them
        os.mkdir("d", dir_fd=here)
        here, before = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(here)


@lies_in_folder("Bytes in a name", "a name that is no UTF-8", ASIDE, says="not valid JSON")
def bytes_in_a_name(folder):
    with open(os.path.join(os.fsencode(folder), b"\xff\xfe " + FILE.encode()), "wb") as file:
        file.write(b"{")


@lies_in_folder("Only text", "a file that is no notebook", ASIDE, says="is not a notebook", **ANY)
def only_text(folder):
    (folder / "solution.py").write_text("print(1)")
