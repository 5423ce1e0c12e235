"""Whose work it is is found out for a whole class at once, so no one student may make that long."""

import io
import unicodedata
import zipfile

import pytest
from nbformat.v4 import new_code_cell, new_notebook, writes

from helpers.grading.errors import NothingGraded, Unreadable
from helpers.grading.intake import archive, students, submissions
from helpers.grading.repair.released import Released

NAME = "problem_1_first"
FILE = f"{NAME}.ipynb"
MARKS = "\u0300\u0323" * 2_000  # each of which moves past the one before when it is composed


def work(number):
    cell = new_code_cell(
        f"answer = {number}", id="answer",
        metadata={"nbgrader": {"grade_id": "a", "grade": False, "solution": True}},
    )  # fmt: skip
    return writes(new_notebook(cells=[cell])).encode()


def zipped(files):
    """A zip with these bytes by name; names stand in it as they are, whatever they are."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, data)
    return target.getvalue()


@pytest.fixture
def take(tmp_path):
    """A function that takes in {path: bytes} as a zip or a folder; returns the Intake."""
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / FILE).write_bytes(work("..."))
    released = [Released(tmp_path / "course" / FILE)]

    def take(files, as_zip):
        path = tmp_path / ("class.zip" if as_zip else "class")
        if as_zip:
            path.write_bytes(zipped(files.items()))
        else:
            for inside, data in files.items():
                (path / inside).parent.mkdir(parents=True, exist_ok=True)
                (path / inside).write_bytes(data)
        return submissions.collect(path, released)

    return take


def counted(taken):
    """Whose notebook counts, and what is said of everything else."""
    said = [f"{file.file} {file.reason}" for s in taken.submissions for file in s.files]
    said += [" ".join(one) for one in taken.unassigned]
    return {s.student for s in taken.submissions if s.notebooks}, " ".join(said)


# Names


def test_no_name_takes_long_to_compose(monkeypatch):
    """The time for it grows with the square of how many marks follow one letter."""
    lengths = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata,
        "normalize",
        lambda form, text: lengths.append(len(text)) or normalize(form, text),
    )
    names = [f"e\u0301/{FILE}", f"a{MARKS}/{FILE}", f"{'a/' * 1_000}é{MARKS}{FILE}"]
    found = [
        e.parts for e in archive.entries_of_zip(zipped([(n, b"") for n in names]), path="a.zip")
    ]
    assert found[0][0] == "é"
    assert len(found) == 3 and max(lengths) <= archive.MAX_NAME


def test_a_path_that_no_system_has_is_refused_and_cut():
    (entry,) = archive.entries_of_zip(zipped([(f"{'a/' * 30_000}{FILE}", b"")]), path="x.zip")
    assert entry.refused == "has a name of more than 4,096 letters"
    assert len(entry.whole_path) < 200 and entry.parts[0] == "a"
    assert entry.parts[-1].endswith(FILE)


def test_a_zip_that_is_all_names_is_refused(monkeypatch):
    monkeypatch.setattr(archive, "MAX_NAMES", 20_000)
    data = zipped([(f"{number}/{'x' * 200}", b"") for number in range(120)])
    with pytest.raises(Unreadable, match="names of more than"):
        list(archive.entries_of_zip(data, path="a.zip"))
    assert len(list(archive.entries_of_zip(data))) == 120, "a whole class has many"


# Zips in zips


@pytest.mark.parametrize("as_zip", [True, False])
def test_zips_are_looked_into_up_to_a_limit_and_nothing_of_them_is_kept(take, monkeypatch, as_zip):
    read = []
    content = archive.Entry.content

    def counting(self, limit=archive.MAX_FILE_SIZE):
        data = content(self, limit)
        read.append(len(data))
        return data

    fat = bytes(3_000_000) + zipped([(f"bob/{FILE}", work(1))])  # which is still a zip
    inner = zipped([(f"version {number}.zip", fat) for number in range(8)])
    files = {f"Zed/solution {n}.zip": inner for n in range(2)} | {f"Ann/{FILE}": work(2)}
    files |= {f"Zed/{FILE}": work(3)}
    monkeypatch.setattr(archive.Entry, "content", counting)
    monkeypatch.setattr(students, "MAX_LOOKED_INTO", 7_000_000)
    assert counted(take(files, as_zip))[0] == {"Ann", "Zed"}
    assert sum(read) <= 7_000_000 + len(fat)


def test_names_are_looked_through_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(students, "MAX_SEEN", 100)
    data = zipped([(f"{number}.ipynb", b"") for number in range(80)])
    files = [archive.Entry((f"{n}.zip",), 0, lambda limit: data, path=f"{n}.zip") for n in range(3)]
    looks = students._Looks()
    assert [len(looks.into(file)) for file in files] == [80, 80, 0]


# Files in masses


@pytest.fixture
def few_files(monkeypatch):
    for limit in ("MAX_FILES", "MAX_LISTED_INNER"):
        monkeypatch.setattr(archive, limit, 50)


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize("where", ["Eve/a/b/", "Eve/", "all/Eve/x/", ".git/"])
def test_a_folder_with_too_many_files_is_left_out_and_the_rest_is_graded(
    take, few_files, as_zip, where
):
    around = "all/" if where.startswith("all/") else ""
    files = {f"{where}{number}.txt": b"" for number in range(60)}
    files |= {f"{around}{name}/{FILE}": work(name) for name in ("Ann", "Zoe")}
    whose, said = counted(take(files, as_zip))
    assert {"Ann", "Zoe"} <= whose
    assert f"{where}all its files are more than" in said


@pytest.mark.parametrize("as_zip", [True, False])
def test_several_folders_with_too_many_files(take, few_files, as_zip):
    files = {f"{name}/{n}.txt": b"" for name in ("Eve", "Mal") for n in range(45)}
    files[f"Ann/{FILE}"] = work(1)
    whose, said = counted(take(files, as_zip))
    assert whose == {"Ann"} and "are more than" in said


@pytest.mark.parametrize("as_zip", [True, False])
def test_a_class_that_is_too_large_as_a_whole_is_told_so(take, few_files, as_zip):
    with pytest.raises(NothingGraded, match="more than 50"):
        take({f"{number}/{FILE}": b"" for number in range(60)}, as_zip)
