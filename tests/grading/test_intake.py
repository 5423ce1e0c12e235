"""Intake: whose notebook is it, which one is it, and why can it not be read."""

import io
import json
import os
import re
import sys
import zipfile
from dataclasses import replace
from datetime import datetime
from itertools import count

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.grading.errors import NothingGraded, Unreadable
from helpers.grading.intake import archive, students, submissions
from helpers.grading.intake.reading import MAX_KEPT_SIZE, read_notebook
from helpers.grading.repair.released import Released
from helpers.grading.settings import course_at

NAMES = ("problem_1_first", "problem_2_second")


def notebook(name, text=""):
    """A notebook, as bytes, with the grade_ids of the released notebook `name`."""
    cells = [
        new_code_cell(
            text,
            metadata={"nbgrader": {"grade_id": f"{name}-{i}", "grade": False, "solution": True}},
        )
        for i in range(2)
    ]
    return nbformat.writes(new_notebook(cells=cells)).encode()


@pytest.fixture
def released(tmp_path):
    folder = tmp_path / "released"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.ipynb").write_bytes(notebook(name))
    return [Released(folder / f"{name}.ipynb") for name in NAMES]


@pytest.fixture
def take(tmp_path, released):
    """A function that takes in {path: bytes} as a zip, or as a folder; returns {id: Submission}."""

    def take(files, as_zip=True, name="class"):
        if as_zip:
            path = tmp_path / f"{name}.zip"
            with zipfile.ZipFile(path, "w") as target:
                for inside, data in files.items():
                    target.writestr(inside, data)
        else:
            path = tmp_path / name
            for inside, data in files.items():
                (path / inside).parent.mkdir(parents=True, exist_ok=True)
                (path / inside).write_bytes(data)
        taken = submissions.collect(path, released, ["1_lecture"])
        return {submission.student: submission for submission in taken.submissions}

    return take


ONE, TWO = map(notebook, NAMES)
MOODLE = "Ελένη Παπαδοπούλου_1234567_assignsubmission_file_"


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"ann/problem_1_first.ipynb": ONE}, {"ann": {NAMES[0]}}),
        ({"ann/week 3/deep/problem_1_first.ipynb": ONE}, {"ann": {NAMES[0]}}),
        ({"ann/Problem 1 FIRST (1).ipynb": ONE}, {"ann": {NAMES[0]}}),
        ({"ann/problem_1_first-Copy1.ipynb.txt": ONE}, {"ann": {NAMES[0]}}),
        ({"ann/homework.ipynb": TWO}, {"ann": {NAMES[1]}}),
        ({"ann/problem_1_first.ipynb": TWO}, {"ann": {NAMES[1]}}),  # the cells decide
        ({f"{MOODLE}/problem_1_first.ipynb": ONE}, {"Ελένη Παπαδοπούλου_1234567": {NAMES[0]}}),
        ({f"{MOODLE}problem_1_first.ipynb": ONE}, {"Ελένη Παπαδοπούλου_1234567": {NAMES[0]}}),
        (
            {
                f"class/{MOODLE}/problem_1_first.ipynb": ONE,
                "class/王小明_7_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
                "class/王小明_7_assignsubmission_file_/problem_2_second.ipynb": TWO,
            },
            {"Ελένη Παπαδοπούλου_1234567": {NAMES[0]}, "王小明_7": {NAMES[1]}},
        ),
        (
            {"hand-ins/ann/problem_1_first.ipynb": ONE, "hand-ins/bob/problem_1_first.ipynb": ONE},
            {"ann": {NAMES[0]}, "bob": {NAMES[0]}},
        ),
        (
            {"ann/tutorial/problem_1_first.ipynb": ONE, "ann/lecture/1_lecture.ipynb": ONE[:9]},
            {"ann": {NAMES[0]}},
        ),
        (
            {"ann/problem_1_first.ipynb": ONE, "__MACOSX/ann/._problem_1_first.ipynb": b"x",
             "ann/.ipynb_checkpoints/problem_2_second.ipynb": TWO},
            {"ann": {NAMES[0]}},
        ),
    ],
)  # fmt: skip
def test_whose_and_which(take, files, expected, as_zip):
    found = take(files, as_zip)
    assert {student: set(s.notebooks) for student, s in found.items()} == expected
    assert not any(s.unplaced or s.set_aside for s in found.values())


def zipped(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as inner:
        for name, data in files.items():
            inner.writestr(name, data)
    return target.getvalue()


def test_zip_in_a_students_folder(take):
    found = take({f"{MOODLE}/work.zip": zipped({"x/problem_1_first.ipynb": ONE}), "bob.zip":
                  zipped({"problem_2_second.ipynb": TWO})})  # fmt: skip
    assert set(found["Ελένη Παπαδοπούλου_1234567"].notebooks) == {NAMES[0]}
    assert set(found["bob"].notebooks) == {NAMES[1]}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ONE[:-20], "not valid JSON"),
        (b"", "is empty"),
        (b"[1, 2]", "not a notebook"),
        (json.dumps({"nbformat": 7, "cells": []}).encode(), "format 7; expected 4"),
        (json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": 3}).encode(), "as Jupyter saves"),
        ("é".encode("latin-1"), "not text in UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"nbformat": 4, "cells": [1]}', "as Jupyter saves"),
    ],
)
def test_unreadable_is_set_aside_and_the_rest_goes_on(take, data, reason):
    found = take({"ann/problem_1_first.ipynb": data, "ann/problem_2_second.ipynb": TWO,
                  "bob/problem_1_first.ipynb": ONE})  # fmt: skip
    assert reason in found["ann"].set_aside[NAMES[0]]
    assert "problem_1_first.ipynb" in found["ann"].set_aside[NAMES[0]]
    assert set(found["ann"].notebooks) == {NAMES[1]}
    assert set(found["bob"].notebooks) == {NAMES[0]}


def test_newest_copy_counts(take, tmp_path):
    old, new = notebook(NAMES[0], "old"), notebook(NAMES[0], "new")
    files = {"ann/problem_1_first.ipynb": old, "ann/again/problem_1_first (1).ipynb": new}
    for name in files:
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).touch()
    found = take(files, as_zip=False)
    for name, age in zip(files, (2000, 1000), strict=True):
        os.utime(tmp_path / "class" / name, (10_000 - age, 10_000 - age))
    found = submissions.collect(tmp_path / "class", released_in(tmp_path), []).submissions[0]
    assert found.notebooks[NAMES[0]] == new
    assert "2 copies" in found.remarks[NAMES[0]][0]


def released_in(tmp_path):
    return [Released(tmp_path / "released" / f"{name}.ipynb") for name in NAMES]


def test_what_was_handed_in_before_is_kept(take, tmp_path, released):
    course = course_at(tmp_path, tmp_path / "gradebook")
    folder = course.submitted / "ann" / "tutorial"

    def hand_in(files):
        (submission,) = take(files).values()
        later = datetime(2026, 1, next(days)).astimezone()
        submission.files = [replace(file, submitted=later) for file in submission.files]
        submissions.store(course, "tutorial", submission, released)
        return submission

    days = count(1)
    first, second = notebook(NAMES[0], "first"), notebook(NAMES[0], "second")
    hand_in({"ann/problem_1_first.ipynb": first, "ann/problem_2_second.ipynb": TWO})
    again = hand_in({"ann/problem_1_first.ipynb": second})
    assert (folder / "problem_1_first.ipynb").read_bytes() == second
    assert again.notebooks == {NAMES[0]: second, NAMES[1]: TWO}
    (kept,) = (course.gradebook / "earlier" / "ann" / "tutorial").iterdir()
    assert kept.read_bytes() == first
    hand_in({"ann/problem_1_first.ipynb": b"{"})
    assert not (folder / "problem_1_first.ipynb").exists(), "a broken one is not graded as the old"
    assert len(list(kept.parent.iterdir())) == 2


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"ann/my own.ipynb": nbformat.writes(new_notebook()).encode()}, "not one of the lesson's"),
        ({"ann/problem_1_first.pdf": b"%PDF"}, "is not a notebook"),
        ({"ann/work.rar": b"Rar!"}, "is a .rar archive"),
        ({"ann/work.zip": b"PK"}, "not a zip file that can be opened"),
        ({"ann/work.zip": zipped({"more.zip": zipped({})})}, "a zip inside a zip"),
    ],
)
def test_what_a_person_has_to_look_at(take, files, reason):
    (submission,) = take(files).values()
    assert reason in submission.unplaced[0][1]


def test_paths_out_of_the_archive_are_refused(take, tmp_path):
    found = take({"ann/../../evil/problem_1_first.ipynb": ONE, "/abs/problem_1_first.ipynb": ONE,
                  "bob/problem_1_first.ipynb": ONE})  # fmt: skip
    assert not found["ann"].notebooks and not found["abs"].notebooks
    assert "leads out of the archive" in found["ann"].set_aside[NAMES[0]]
    assert set(found["bob"].notebooks) == {NAMES[0]}


def test_links_are_not_followed(take, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(ONE)
    (tmp_path / "class" / "ann").mkdir(parents=True)
    (tmp_path / "class" / "ann" / "problem_1_first.ipynb").symlink_to(secret)
    found = take({"bob/problem_1_first.ipynb": ONE}, as_zip=False)
    assert "is a link" in found["ann"].set_aside[NAMES[0]]
    link = zipfile.ZipInfo("ann/problem_1_first.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as target:
        target.writestr(link, str(secret))
    (submission,) = submissions.collect(tmp_path / "links.zip", released_in(tmp_path)).submissions
    assert "is a link" in submission.set_aside[NAMES[0]]


def test_bomb_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("ann/problem_1_first.ipynb", bytes(archive.MAX_FILE_SIZE + 1))
    (entry,) = archive.entries_of(tmp_path / "bomb.zip")
    with pytest.raises(Unreadable, match="larger than 50 MB"):
        entry.content()


def test_names_in_zips_without_the_utf8_flag(tmp_path, released):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as target:
        target.writestr("AAAAAAA/problem_1_first.ipynb", ONE)
    data = (tmp_path / "x.zip").read_bytes().replace(b"AAAAAAA", "Ζωή!".encode())
    (tmp_path / "x.zip").write_bytes(data)
    (submission,) = submissions.collect(tmp_path / "x.zip", released).submissions
    assert submission.student.startswith("Ζωή_-")


def test_ids_are_safe_stable_and_distinct():
    for name in ("..", "../x", "a/b", "*", "[x]", "{y}", "a\0b", "", "\u202ecod.exe", "x" * 300):
        made = students.student_id(name)
        assert made and made not in (".", "..") and not set(made) & set('/\\*?[]{}\0"<>|')
        assert made == students.student_id(name)
    ids = students.student_ids(["Ann", "ann", "Zoe"])
    assert len({value.casefold() for value in ids.values()}) == 3 and ids["Zoe"] == "Zoe"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no file or folder"),
        (lambda path: path.mkdir(), "no submissions"),
        (lambda path: path.write_text("hello"), "not a zip file"),
        (
            lambda path: (path.mkdir(), (path / "p.ipynb").write_bytes(ONE)),
            "folder for each student",
        ),
    ],
)
def test_nothing_to_grade_says_what_is_wanted(tmp_path, released, make, says):
    make(tmp_path / "input")
    with pytest.raises(NothingGraded, match=says):
        submissions.collect(tmp_path / "input", released)


def test_a_notebook_of_another_lesson_is_not_taken_for_one_of_this(take, released):
    """Given cells of different notebooks have the same ids; only answers and checks tell."""
    given = {"nbgrader": {"grade_id": "start-1", "grade": False, "solution": False}}
    for one in released:
        content = nbformat.reads(one.path.read_bytes().decode(), as_version=4)
        content.cells.insert(0, new_code_cell("", metadata=given))
        one.path.write_bytes(nbformat.writes(content).encode())
    foreign = nbformat.writes(new_notebook(cells=[new_code_cell("", metadata=given)])).encode()
    taken = take({"Anna/1_lecture.ipynb": foreign, f"Anna/{NAMES[0]}.ipynb": notebook(NAMES[0])})
    assert list(taken["Anna"].notebooks) == [NAMES[0]]


def as_json(**changes):
    return json.dumps({**json.loads(ONE), **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + ONE,
        ONE.decode().encode("utf-16"),
        as_json(nbformat_minor="x"),
        as_json(metadata=3),
        as_json(cells=[None, *json.loads(ONE)["cells"], 7]),
        as_json(worksheets=[{"cells": json.loads(ONE)["cells"]}], cells=None),
        as_json(deep=json.loads("[" * 400 + "]" * 400)),
    ],
)
def test_what_nbgrader_cannot_read_is_kept_as_plain_cells(take, data):
    submission = take({"ann/problem_1_first.ipynb": data})["ann"]
    kept = nbformat.reads(submission.notebooks[NAMES[0]].decode(), as_version=4)
    nbformat.validate(kept)
    assert [c.metadata.nbgrader.grade_id for c in kept.cells] == [f"{NAMES[0]}-{i}" for i in (0, 1)]
    if kept.cells and submission.notebooks[NAMES[0]] != data:
        assert "not as Jupyter saves it" in submission.remarks[NAMES[0]][0]


def test_of_a_large_file_only_the_cells_are_kept(take):
    data = as_json(metadata={"picture": "x" * MAX_KEPT_SIZE})
    submission = take({"ann/problem_1_first.ipynb": data})["ann"]
    assert len(submission.notebooks[NAMES[0]]) < 2 * len(ONE)
    assert submission.remarks[NAMES[0]] == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[" + b"{}," * 1_500_000 + b"1]", "holds more than 2000000 values"),
        (as_json(cells=[{}] * 3000), "has 3000 cells, more than 2000"),
        (as_json(cells=[{"cell_type": "code", "source": "a" * 1_000_001}]), "characters of code"),
        (as_json(nbformat=None), "has no format number; expected 4"),
        (as_json(nbformat=int("9" * 400)), "format 99999999999999999999; expected 4"),
        (b"\0" * 1000, "is empty"),
    ],
)
def test_what_is_more_than_a_notebook_is_set_aside(take, data, reason):
    assert reason in take({"ann/problem_1_first.ipynb": data})["ann"].set_aside[NAMES[0]]


def test_a_submission_is_read_up_to_a_limit_what_is_called_right_first(take, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_NOTEBOOKS", 2)
    others = {f"ann/a{i}.ipynb": b"{" for i in range(3)}
    submission = take({**others, "ann/problem_1_first.ipynb": ONE})["ann"]
    assert set(submission.notebooks) == {NAMES[0]}
    assert [("more than 2 notebooks" in reason) for _, reason in submission.unplaced] == [0, 1, 1]
    monkeypatch.setattr(submissions, "MAX_BYTES", len(ONE))
    submission = take({**others, "ann/problem_1_first.ipynb": ONE})["ann"]
    assert set(submission.notebooks) == {NAMES[0]}
    assert "was not read: the files before it" in submission.unplaced[0][1]


def test_of_a_zip_with_too_many_files_none_is_read(take):
    inner = zipped({f"{i}.ipynb": b"" for i in range(archive.MAX_INNER_FILES + 1)})
    ((_, reason),) = take({"ann/work.zip": inner})["ann"].unplaced
    assert reason == "holds 1001 files, more than 1000"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"ann/problem_1_first": ONE}, "is not a notebook (.ipynb)"),
        ({"ann/problem_1_first.html": b"", "ann/problem_2_second.ipynb": TWO}, "is not a notebook"),
    ],
)
def test_a_file_that_may_be_meant_is_told_of(take, files, reason):
    ((file, why),) = take(files)["ann"].unplaced
    assert file.startswith("problem_1_first") and reason in why


def test_other_files_beside_notebooks_are_not_worth_a_word(take):
    found = take(
        {"ann/problem_1_first.ipynb": ONE, "ann/x.py": b"", "ann/problem_1_first.pdf": b""}
    )
    assert found["ann"].unplaced == []


def test_what_is_called_like_a_notebook_and_is_a_folder(tmp_path, released):
    (tmp_path / "class" / "ann" / "problem_1_first.ipynb").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as target:
        target.writestr("ann/problem_1_first.ipynb/", b"")
    for path in (tmp_path / "class", tmp_path / "class.zip"):
        (submission,) = submissions.collect(path, released).submissions
        assert "is a folder, not a file" in submission.set_aside[NAMES[0]]


def test_names_are_shown_without_what_a_screen_obeys():
    entry = archive.Entry(("\x1b[2J", "\u202egnp", "x" * 300), 0, None)
    assert len(entry.shown) <= archive.MAX_PATH_LENGTH + 1 and entry.shown.startswith("…")
    assert archive.Entry(("\x1b[2J\u202ea",), 0, None).shown == "\ufffd[2J\ufffda"


def test_no_name_can_take_the_id_of_another():
    ids = students.student_ids(["Ann", "ann", "CON", "aux.txt", "Zoë"])
    assert ids["CON"] != "CON" and ids["aux.txt"] != "aux.txt" and ids["Zoë"] == "Zoë"
    again = students.student_ids(["Ann", "ann", *ids.values()])
    assert len({value.casefold() for value in again.values()}) == len(again)


def slow(data):
    """As read_notebook, but for some that never end, or end the process that reads them."""
    if b"forever" in data:
        re.match("(a*)*b", "a" * 60)
    if b"crash" in data:
        os.abort()
    return read_notebook(data)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere files are not read apart")
@pytest.mark.parametrize(
    ("text", "why"), [("forever", "0.3 seconds of computing"), ("crash", "was ended")]
)
def test_what_cannot_be_read_to_an_end_costs_itself_alone(take, monkeypatch, text, why):
    monkeypatch.setattr(submissions, "read_notebook", slow)
    monkeypatch.setattr(submissions, "READING_COMPUTING", 0.3)
    first, second = NAMES
    taken = take(
        {
            f"ann/{first}.ipynb": notebook(first, text),
            f"ann/{second}.ipynb": notebook(second),
            f"bob/{first}.ipynb": notebook(first),
        }
    )
    assert set(taken["ann"].notebooks) == {second}
    assert why in taken["ann"].set_aside[first]
    assert set(taken["bob"].notebooks) == {first} and not taken["bob"].set_aside
    (file,) = (file for file in taken["ann"].files if file.notebook == first)
    assert (file.state, file.file) == (submissions.SET_ASIDE, f"ann/{first}.ipynb")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere files are not read apart")
def test_many_that_cannot_be_read_cost_their_student_alone(take, monkeypatch):
    monkeypatch.setattr(submissions, "read_notebook", slow)
    bad = {f"ann/{i}.ipynb": notebook(NAMES[0], "crash") for i in range(9)}
    taken = take({**bad, f"bob/{NAMES[0]}.ipynb": notebook(NAMES[0])})
    assert not taken["ann"].notebooks and set(taken["ann"].set_aside) == set(NAMES)
    assert "Hand in the notebooks alone" in taken["ann"].set_aside[NAMES[0]]
    assert set(taken["bob"].notebooks) == {NAMES[0]}
