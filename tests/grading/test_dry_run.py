"""What was found is shown before anything runs, and with --dry-run that is all that happens."""

import json
import zipfile
from datetime import datetime
from types import SimpleNamespace

import pytest

from helpers.grading import overview
from helpers.grading.command import main
from helpers.grading.intake import submissions
from helpers.grading.machine import locks, surroundings
from helpers.grading.progress import Bar
from helpers.grading.running import sandbox
from helpers.grading.settings import course_at
from tests.sample_class.work import LESSON, ROOT, Notebook

P2, P3 = "problem_2_pen_and_paper", "problem_3_numpy"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the command is given: a class of which little is as it should be."""
    monkeypatch.chdir(tmp_path)

    def no_sandbox(*_, **__):
        raise AssertionError("a dry run needs no sandbox")

    monkeypatch.setattr(sandbox, "choose", no_sandbox)
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    work = bytes(Notebook(P2))
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        inner.writestr(zipfile.ZipInfo(f"{P2}.ipynb", (2026, 1, 31, 12, 0, 0)), work)
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:

        def add(name, data, day):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, day, 12, 0, 0)), data)

        add(f"ann/{P2}.ipynb", work, 10)
        add(f"ann/old/{P2}.ipynb", bytes(Notebook(P2, solved=False)), 1)
        add("bob/all.zip", (tmp_path / "inner.zip").read_bytes(), 10)
        add(f"cem/{P2}.ipynb", b"{", 10)
        add("notes/nobody.txt", b"x", 10)
        add(f"{P3}.ipynb", bytes(Notebook(P3, solved=False)), 10)
    (tmp_path / "inner.zip").unlink()
    return tmp_path


def everything_in(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def dry(capsys, *options):
    """The exit code of a dry run, and its lines of JSON that say what was found."""
    code = main(["class.zip", "--dry-run", "--log", "json", *options])
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, [event for event in events if event["event"] == "found"]


def test_a_line_for_each_notebook_and_each_copy(folder, capsys):
    before = everything_in(folder)
    code, lines = dry(capsys)
    assert everything_in(folder) == before, "nothing is written"
    assert code == 3
    fields = "event student identifier lesson notebook file submitted state reason".split()
    assert all(list(line) == fields for line in lines)
    found = {line["file"]: line for line in lines if line["file"]}
    ann = found[f"ann/{P2}.ipynb"]
    assert (ann["student"], ann["notebook"], ann["state"]) == ("ann", P2, "would be graded")
    time = datetime.fromisoformat(ann["submitted"])
    assert (time.tzinfo is not None, time.day, time.hour) == (True, 10, 12)
    old = found[f"ann/old/{P2}.ipynb"]
    assert old["state"] == "set aside" and old["reason"]
    assert found[f"bob/all.zip!/{P2}.ipynb"]["state"] == "would be graded"
    cem = found[f"cem/{P2}.ipynb"]
    assert cem["state"] == "set aside" and "JSON" in cem["reason"]
    nobody = found[f"{P3}.ipynb"]
    assert (nobody["state"], nobody["student"], nobody["identifier"]) == ("unassigned", None, None)
    assert datetime.fromisoformat(nobody["submitted"]).day == 10
    missing = {(e["student"], e["notebook"]) for e in lines if e["state"] == "missing"}
    assert ("ann", P3) in missing and ("ann", P2) not in missing and ("cem", P2) not in missing
    assert {line["lesson"] for line in lines} == {LESSON}


def test_exit_0_where_a_run_would_need_nobody(folder, capsys):
    with zipfile.ZipFile("class.zip", "w") as archive:
        archive.writestr(f"ann/{P2}.ipynb", bytes(Notebook(P2)))
        archive.writestr(f"bob/{P2}.ipynb", bytes(Notebook(P2)))
    code, lines = dry(capsys)
    assert code == 0
    assert {line["state"] for line in lines} == {"would be graded", "missing"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["nowhere.zip"], "There is no file or folder nowhere.zip"),
        (["class.zip", "--names", "klingon"], "--names klingon is no encoding"),
        (["class.zip", "--student-pattern", "("], "--student-pattern"),
        (["class.zip", "--lesson", "lessons"], "no released notebooks"),
    ],
)
def test_exit_2_where_nothing_could_be_done(folder, capsys, options, says):
    assert main([*options, "--dry-run"]) == 2
    assert says in capsys.readouterr().err
    assert not (folder / "gradebook").exists()


def test_people_get_a_list(folder, capsys):
    assert main(["class.zip", "--dry-run"]) == 3
    said = capsys.readouterr().out
    for words in ("Found 4 students, by", "Would be graded: 2", "Files of nobody: 1",
                  "These would need a person", "Nothing was run"):  # fmt: skip
        assert words in said


def test_it_takes_no_lock_and_asks_nothing_of_the_machine(folder, capsys, monkeypatch):
    def refuse():
        raise AssertionError("looked at the machine")

    monkeypatch.setattr(surroundings, "check", refuse)
    with locks.alone(course_at()):
        assert dry(capsys)[0] == 3


def test_identifiers_come_from_the_class_list(folder, capsys):
    (folder / "list.csv").write_text("identifier,name\nk1,Ann\nk2,Bob\n")
    _, lines = dry(capsys, "--students", "list.csv")
    assert {(e["student"], e["identifier"]) for e in lines} >= {("ann", "k1"), ("bob", "k2")}


def test_what_is_newer_in_the_gradebook_is_shown(folder, capsys):
    released = [SimpleNamespace(name=P2)]
    ann = submissions.Submission("ann", ("ann", "ann"), notebooks={P2: b"{}"})
    later = datetime(2026, 6, 1).astimezone()
    ann.files.append(submissions.HandedIn("x", later, P2, submissions.WOULD_BE_GRADED, ""))
    submissions.store(course_at(), LESSON, ann, released)
    before = everything_in(folder)
    for options, state in (((), "set aside"), (("--take-older",), "would be graded")):
        _, lines = dry(capsys, *options)
        (line,) = (line for line in lines if line["file"] == f"ann/{P2}.ipynb")
        assert line["state"] == state
    assert everything_in(folder) == before


def test_a_run_says_in_short_what_it_found(capsys):
    lines = [
        overview.Found("ann", "ann", LESSON, P2, f"ann/{n}.ipynb", None, "set aside", "is older")
        for n in range(9)
    ]
    Bar().found(lines, "by folder")
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["Found 1 student, by folder.", "Copies and files that are not graded: 9"]
    assert len(said) == 8 and "and 4 more; --dry-run lists them all" in said[-1]
