"""The pack that students get: what is in it, that it works alone, and that work in it is safe."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest

import helpers
import install
from helpers.authoring import pack
from helpers.authoring.errors import BuildError
from helpers.marking.questions import LESSONS, NOTEBOOKS
from helpers.personal import NO_SECRET, SECRET_VARIABLE

SECRET = "a secret of the course, for tests"
# What a pack may have at the top and in helpers; all else is for instructors.
AT_THE_TOP = {"helpers", "release", "README.md", *pack.BESIDE}
FIRST = "tutorial/problem_1_derivation"
RELEASED = [f"{LESSONS[short[0]]}/{name}" for short, name in NOTEBOOKS.items()]


@pytest.fixture(scope="module")
def files():
    return pack.contents(pack.ROOT)


def unpacked(files, folder):
    """The pack's folder, unpacked in `folder`, over what is there."""
    with zipfile.ZipFile(io.BytesIO(pack.as_zip(files))) as archive:
        archive.extractall(folder)
    return folder / pack.FOLDER


# What is in it


def test_students_get_what_is_named_and_nothing_else(files):
    assert {name.split("/")[0] for name in files} == AT_THE_TOP
    in_helpers = {name.split("/")[1] for name in files if name.startswith("helpers/")}
    allowed = {name.split("/")[0] for name in pack.HELPERS}
    assert in_helpers == allowed
    for hidden in ("solutions", "grading", "authoring", "tests", "draws", "secret", "pycache"):
        assert not [name for name in files if hidden in name]
    assert {name for name in files if name.startswith("helpers/personal/")} == {
        "helpers/personal/__init__.py",
        "helpers/personal/problem_data.py",
    }


def test_all_code_of_the_named_parts_is_there(files):
    """Also what Python does not import: styles, scripts, fonts, the catalogue of mistakes."""
    for folder in ("asking", "pictures", "marking"):
        for path in (pack.ROOT / "helpers" / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.name[0] != ".":
                assert path.relative_to(pack.ROOT).as_posix() in files


def test_what_lies_about_stays_here(files, tmp_path):
    for name, data in files.items():
        if not name.startswith("release/") and name != "README.md":
            _write(tmp_path / name, data)
    _write(tmp_path / pack.README, files["README.md"])
    for name in RELEASED:
        _write(tmp_path / "notebooks" / f"{name}.ipynb", files[f"release/{name}.json"])
    for name in ("answers.csv", "notes.md", "__pycache__/judging.cpython-311.pyc", ".x.swp"):
        _write(tmp_path / "helpers" / "marking" / name, b"not for students")
    for name in ("new.py", "grading/__init__.py", "course_secret.txt", *pack.WITH_SECRET):
        _write(tmp_path / "helpers" / name, b"not for students")
    assert pack.contents(tmp_path) == files


def test_no_notebook_in_it_can_be_worked_in(files):
    assert not [name for name in files if name.endswith(".ipynb")]
    released = {name for name in files if name.startswith("release/")}
    assert released == {f"release/{name}.json" for name in RELEASED}
    for name in released:
        text = files[name].decode()
        assert "SOLUTION" not in text
        assert all(not cell.get("outputs") for cell in nbformat.reads(text, 4).cells)


def test_the_same_course_gives_the_same_bytes(files):
    again = {name: files[name] for name in reversed(files)}
    assert pack.as_zip(files) == pack.as_zip(again)
    with zipfile.ZipFile(io.BytesIO(pack.as_zip(files))) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_secret_goes_along_with_what_draws_from_it(files):
    more = pack.contents(pack.ROOT, SECRET)
    assert set(more) - set(files) == {
        "helpers/course_secret.txt",
        *(f"helpers/{name}" for name in pack.WITH_SECRET),
    }
    assert more["helpers/course_secret.txt"].decode().strip() == SECRET


def test_a_missing_file_or_notebook_is_named(tmp_path):
    with pytest.raises(BuildError, match=f"{NOTEBOOKS['l1']}.ipynb: expected one, got 0"):
        pack.contents(tmp_path)
    for name in RELEASED:
        _write(tmp_path / "notebooks" / f"{name}.ipynb", b"{}")
    with pytest.raises(BuildError, match="LICENSE: No such file"):
        pack.contents(tmp_path)


def test_the_students_readme_is_one_screen_and_says_what_is_so(files):
    text = files["README.md"].decode()
    assert len(text.splitlines()) <= 60 and len(text.split()) <= 500
    for option in re.findall(r"install\.py`? (--[\w-]+)", text):
        assert option in ("--without-tensorflow", "--notebooks")
    for name in re.findall(r"`([\w-]+\.txt|LICENSE[\w-]*)`", text):
        assert name in files
    assert install.WANTED in text


# The command


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A place for dist/, the course's files as they are, and no secret."""
    monkeypatch.setenv(SECRET_VARIABLE, NO_SECRET)
    monkeypatch.setattr(pack, "not_up_to_date", lambda root: [])
    contents = pack.contents
    monkeypatch.setattr(pack, "contents", lambda root, secret: contents(pack.ROOT, secret))
    return tmp_path


def test_the_command_writes_the_zip_by_its_version(course, capsys):
    assert pack.main([], course) == 0
    made = course / "dist" / f"backpropagation-{helpers.__version__}.zip"
    assert [*made.parent.iterdir()] == [made]
    first = made.read_bytes()
    out, err = capsys.readouterr()
    assert f"{len(NOTEBOOKS)} notebooks" in out and "without the course's secret" in out and not err
    assert pack.main([], course) == 0
    assert made.read_bytes() == first


def test_a_secret_is_asked_for_where_there_is_none(course, capsys):
    assert pack.main(["--secret"], course) == 2
    assert "helpers.grading secret" in capsys.readouterr().err
    assert not (course / "dist").exists()


def test_a_secret_that_stays_behind_is_said(course, capsys, monkeypatch):
    """The grader would expect numbers that students of such a pack do not have."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    assert pack.main([], course) == 0
    out, err = capsys.readouterr()
    assert "without the course's secret" in out and "Make it with --secret" in err
    assert pack.main(["--secret"], course) == 0
    out, err = capsys.readouterr()
    assert "with the course's secret" in out and not err


def test_older_notebooks_are_not_handed_out(course, capsys, monkeypatch):
    monkeypatch.setattr(pack, "not_up_to_date", lambda root: ["notebooks/a/b.ipynb: cell 3"])
    assert pack.main([], course) == 2
    err = capsys.readouterr().err
    assert "notebooks/a/b.ipynb: cell 3" in err and "make build" in err
    assert not (course / "dist").exists()


def test_notebooks_are_compared_with_their_sources(tmp_path):
    """As a build makes them, without running them."""
    for folder, end in (("solutions", "md"), ("notebooks", "ipynb")):
        target = tmp_path / folder / f"{FIRST}.{end}"
        target.parent.mkdir(parents=True)
        shutil.copy(pack.ROOT / folder / f"{FIRST}.{end}", target)
    before = pack.not_up_to_date(tmp_path)
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace("Problem 1", "Problem One", 1), encoding="utf-8")
    after = pack.not_up_to_date(tmp_path)
    assert len(after) == len(before) + 1


# At home


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def set_up(folder, *arguments, cwd=None):
    """Exit status and output of the pack's install.py, which installs nothing here."""
    done = subprocess.run(
        [sys.executable, str(folder / "install.py"), *arguments, "--notebooks"],
        cwd=cwd or folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
    )
    return done.returncode, done.stdout


def changed(files, *names):
    """Another release, in which these notebooks have one more line."""
    return files | {f"release/{n}.json": files[f"release/{n}.json"] + b"\n" for n in names}


def notebooks(folder):
    """{lesson/name: content} of what is where students work."""
    found = (folder / "notebooks").glob("*/*.ipynb")
    return {f"{p.parent.name}/{p.stem}": p.read_bytes() for p in found}


def released(files):
    return {name: files[f"release/{name}.json"] for name in RELEASED}


def over(folder, files, how):
    """Bring a newer pack to a folder with an older one."""
    if how == "unpacked over":
        unpacked(files, folder.parent)
        return set_up(folder)
    if how == "unzip":
        program = shutil.which("unzip")
        if not program:
            pytest.skip("unzip is not installed")
        newer = folder.parent / "newer.zip"
        newer.write_bytes(pack.as_zip(files))
        subprocess.run([program, "-q", "-o", newer], cwd=folder.parent, check=True)
        return set_up(folder)
    newer = folder.parent / "newer pack.zip"
    newer.write_bytes(pack.as_zip(files))
    return set_up(folder, newer.name, cwd=folder.parent)


def test_notebooks_come_where_students_work(files, tmp_path):
    folder = unpacked(files, tmp_path)
    assert set_up(folder) == (0, "")
    assert notebooks(folder) == released(files)
    assert set_up(folder) == (0, "")
    assert notebooks(folder) == released(files)


@pytest.mark.parametrize("how", ["unpacked over", "unzip", "by its zip"])
def test_a_newer_pack_leaves_work_alone(files, tmp_path, how):
    folder = unpacked(files, tmp_path)
    set_up(folder)
    worked, untouched, same, deleted = RELEASED[:4]
    for name in (worked, same):
        with open(folder / "notebooks" / f"{name}.ipynb", "ab") as file:
            file.write(b" work")
    (folder / "notebooks" / f"{deleted}.ipynb").unlink()
    own = folder / "notebooks" / "tutorial" / "my own.ipynb"
    own.write_bytes(b"own")
    newer = changed(files, worked, untouched) | {"helpers/course.py": b"# newer\n"}
    code, said = over(folder, newer, how)
    assert code == 0
    assert (folder / "helpers" / "course.py").read_bytes() == b"# newer\n"
    expected = released(newer) | {
        worked: files[f"release/{worked}.json"] + b" work",
        same: files[f"release/{same}.json"] + b" work",
        "tutorial/my own": b"own",
    }
    assert notebooks(folder) == expected
    # Only what is new and not taken is worth a sentence.
    (line,) = said.splitlines()
    assert line.startswith(f"notebooks/{worked}.ipynb has work in it and stays")
    # And so it stays with every pack that follows.
    over(folder, changed(newer, worked, same, untouched), how)
    assert notebooks(folder)[worked].endswith(b" work")
    assert notebooks(folder)[same].endswith(b" work")


def test_without_its_list_every_notebook_counts_as_work(files, tmp_path):
    folder = unpacked(files, tmp_path)
    set_up(folder)
    (folder / "notebooks" / ".placed").unlink()
    code, said = over(folder, changed(files, *RELEASED), "by its zip")
    assert code == 0 and len(said.splitlines()) == len(RELEASED)
    assert notebooks(folder) == released(files)


def test_a_notebook_with_another_name_makes_room_for_the_new_one(files, tmp_path):
    folder = unpacked(files, tmp_path)
    set_up(folder)
    path = folder / "notebooks" / f"{FIRST}.ipynb"
    path.write_bytes(b"work")
    path.rename(path.with_name("mine.ipynb"))
    assert set_up(folder) == (0, "")
    assert path.read_bytes() == files[f"release/{FIRST}.json"]
    assert path.with_name("mine.ipynb").read_bytes() == b"work"


def zip_of(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "entries",
    [
        {"other/install.py": b""},
        {"backpropagation/install.py": b"", "other/x": b""},
        {"backpropagation/install.py": b"", "backpropagation/../../x": b""},
        {"backpropagation/install.py": b"", f"backpropagation/notebooks/{FIRST}.ipynb": b""},
        {"backpropagation/install.py": b"", "backpropagation": b""},
        None,
        "cut",
        "damaged",
    ],
)
def test_what_is_no_pack_changes_nothing(files, tmp_path, entries):
    folder = unpacked(files, tmp_path / "home")
    set_up(folder)
    data = pack.as_zip(files)
    if entries is None:
        data = b"not a zip"
    elif entries == "cut":
        data = data[:-3000]
    elif entries == "damaged":
        place = data.index(files["helpers/course.py"]) + 10
        data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    else:
        data = zip_of(entries)
    newer = tmp_path / "newer.zip"
    newer.write_bytes(data)
    before = tree(tmp_path)
    code, said = set_up(folder, str(newer))
    assert code == 1
    assert said == f"{newer} is not a pack of this course, or it did not come whole.\n"
    assert tree(tmp_path) == before


def tree(folder):
    """{path: hash} of all files in a folder."""
    return {p: hashlib.sha256(p.read_bytes()).digest() for p in folder.rglob("*") if p.is_file()}


def test_a_pack_that_is_not_there_is_named(files, tmp_path):
    folder = unpacked(files, tmp_path)
    code, said = set_up(folder, "newer.zip")
    assert code == 1 and said == f"There is no file {folder / 'newer.zip'}.\n"


def test_a_repository_is_not_replaced_by_a_pack(files, tmp_path):
    shutil.copy(pack.ROOT / "install.py", tmp_path)
    (tmp_path / "newer.zip").write_bytes(pack.as_zip(files))
    before = tree(tmp_path)
    code, said = set_up(tmp_path, "newer.zip")
    assert code == 1 and said == "This folder is no pack, and cannot be replaced by one.\n"
    assert tree(tmp_path) == before


# Run in a Python that finds the pack and, of the course, nothing else.
UP_TO_THE_FIRST_QUESTION = """
import contextlib, io, json, os, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
import helpers
assert Path(helpers.__file__).parent.parent == Path(sys.argv[1]), helpers.__file__
path = Path(sys.argv[2])
os.chdir(path.parent)
shell = InteractiveShell.instance()
for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        with contextlib.redirect_stdout(io.StringIO()):
            result = shell.run_cell("".join(cell["source"]))
        if not result.success:
            print(result.error_before_exec or repr(result.error_in_exec))
            break
"""


def run_notebook(folder, name):
    """What stops a notebook of the pack that is run as it comes."""
    script = folder.parent / "run.py"
    script.write_text(UP_TO_THE_FIRST_QUESTION, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BACKPROP")}
    done = subprocess.run(
        [sys.executable, str(script), str(folder), str(folder / "notebooks" / f"{name}.ipynb")],
        env=environment | {"PYTHONPATH": str(folder), "MPLBACKEND": "Agg"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.sampled(0.14, like="notebooks")
@pytest.mark.parametrize("name", RELEASED)
def test_each_notebook_runs_up_to_its_first_question(files, tmp_path, name):
    folder = unpacked(files, tmp_path)
    set_up(folder)
    short = next(short for short, notebook in NOTEBOOKS.items() if name.endswith(notebook))
    stopped = run_notebook(folder, name)
    assert re.fullmatch(rf"NotYet\('{short}\.[\w.]+ is not answered yet\.'\)\n", stopped)


CHECK = """
from pathlib import Path
import sys
import helpers
from helpers import check, use_student
from helpers.course import tutorial_step
assert Path(helpers.__file__).parent.parent == Path(sys.argv[1]), helpers.__file__
s = tutorial_step("sigmoid", use_student("ann"))
parts = ("z_h", "a_h", "z_o", "a_o", "E")
check("p2.sigmoid.forward", **{name: s[name].tolist() for name in parts})
print(s["x"].tolist())
"""


def first_answer(folder):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(folder)],
        env={k: v for k, v in os.environ.items() if not k.startswith("BACKPROP")}
        | {"PYTHONPATH": str(folder)},
        cwd=folder.parent,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_check_at_home_judges_with_and_without_a_secret(files, tmp_path):
    plain = first_answer(unpacked(files, tmp_path / "plain"))
    own = first_answer(unpacked(pack.contents(pack.ROOT, SECRET), tmp_path / "own"))
    assert "not switched on here" in plain and "not switched on here" not in own
    assert plain.splitlines()[-1] != own.splitlines()[-1]
