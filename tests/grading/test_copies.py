"""Which file of a student counts: copies, the course's own notebooks, names and archives."""

import io
import json
import os
import struct
import zipfile
import zlib
from datetime import datetime

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.grading import student
from helpers.grading.errors import NothingGraded, Unreadable
from helpers.grading.gradebook import results
from helpers.grading.intake import archive, submissions
from helpers.grading.pages import report
from helpers.grading.repair.released import Released
from helpers.grading.settings import course_at
from tests.sample_class.work import LESSON, ROOT, Notebook, notebook_names

ONE, TWO, OTHER = "problem_1_first", "problem_2_second", "1_lecture"
NOON = (2026, 11, 20, 12, 0, 0)
GRADED, ASIDE = submissions.WOULD_BE_GRADED, submissions.SET_ASIDE


def content(name, answer="value_{} = ...", labels=True, more=()):
    """A small notebook of the course: given cells, an answer and its check."""
    word = name.split("_")[-1]

    def labelled(label, **kind):
        given = {"grade_id": f"{name}-{label}", "grade": False, "solution": False, **kind}
        return {"nbgrader": given} if labels else {}

    cells = [
        new_markdown_cell(f"# About {word}", metadata=labelled("start")),
        new_code_cell(f"from helpers import {word}", metadata=labelled("imports")),
        new_code_cell(answer.format(word), metadata=labelled("answer", solution=True)),
        new_code_cell(f'check("{word}", {word})', metadata=labelled("check", grade=True, points=2)),
        *(new_code_cell(text) for text in more),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"{word if labels else 'own'}-{number}"
    return nbformat.writes(new_notebook(cells=cells)).encode()


def answered(name, value=1, **how):
    return content(name, f"value_{{}} = {value}", **how)


@pytest.fixture
def course(tmp_path):
    """A course with three notebooks, in two lessons, and solutions."""
    for name, lesson in ((ONE, "tutorial"), (TWO, "tutorial"), (OTHER, "lecture")):
        for folder, data in (("notebooks", content(name)), ("solutions", answered(name, "2 * 21"))):
            path = tmp_path / "course" / folder / lesson / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return tmp_path / "course"


@pytest.fixture
def released(course):
    return [Released(course / "notebooks" / "tutorial" / f"{name}.ipynb") for name in (ONE, TWO)]


@pytest.fixture
def take(tmp_path, released):
    """A function that takes in {path: bytes, or (bytes, time)}; returns the Intake.

    Beside what is given lies the work of Zoe, so that there is a class.
    """

    def take(files, **options):
        with zipfile.ZipFile(tmp_path / "class.zip", "w") as target:
            for name, data in {**files, f"zoe/{ONE}.ipynb": answered(ONE, "zoe")}.items():
                data, time = data if isinstance(data, tuple) else (data, NOON)
                info = zipfile.ZipInfo("x", time)
                info.filename = name
                target.writestr(info, data)
        return submissions.collect(tmp_path / "class.zip", released, [OTHER], **options)

    return take


@pytest.fixture
def take_ann(take):
    """As `take`, for Ann's files, without her folder; returns her Submission."""

    def take_ann(files, **options):
        taken = take({f"ann/{name}": data for name, data in files.items()}, **options)
        return next(s for s in taken.submissions if s.student == "ann")

    return take_ann


def at(minute, second=0):
    return (2026, 11, 20, 13, minute, second)


def states(submission):
    """{file: (notebook, state)} without the student's folder."""
    return {
        handed_in.file.partition("/")[2]: (handed_in.notebook, handed_in.state)
        for handed_in in submission.files
    }


def reason_of(submission, file):
    return next(h.reason for h in submission.files if h.file.endswith(file))


def result_of(submission, name, released):
    """The Result of a notebook that is not graded."""
    (notebook,) = (one for one in released if one.name == name)
    return student.not_graded("tutorial", notebook, submission, {}, released)


# Copies


def test_the_newest_is_called_so_only_where_times_tell(take_ann):
    ann = take_ann({f"{ONE}.ipynb": (answered(ONE, 1), at(0)),
                    f"b/{ONE}.ipynb": (answered(ONE, 2), at(2))})  # fmt: skip
    assert ann.notebooks[ONE] == answered(ONE, 2)
    assert "the newest, “b/" in ann.remarks[ONE][0]
    assert not ann.questions[ONE]
    assert reason_of(ann, f"ann/{ONE}.ipynb") == f"is older than “b/{ONE}.ipynb”"


@pytest.mark.parametrize(
    "times", [(at(0, 0), at(0, 58)), (at(0), at(0)), (NOON, (1980, 1, 1, 0, 0, 0))]
)
@pytest.mark.parametrize("empty_is_newer", [True, False])
def test_where_times_do_not_tell_the_copy_with_answers_counts(take_ann, times, empty_is_newer):
    copies = [answered(ONE), content(ONE)]
    files = dict(zip((f"{ONE}.ipynb", f"b/{ONE}.ipynb"), copies, strict=True))
    when = times if empty_is_newer else times[::-1]
    ann = take_ann({name: (files[name], time) for name, time in zip(files, when, strict=True)})
    assert ann.notebooks[ONE] == answered(ONE)
    (remark,) = ann.remarks[ONE]
    assert "the newest," not in remark and "which has answers" in remark
    assert not ann.questions[ONE]
    assert states(ann) == {f"{ONE}.ipynb": (ONE, GRADED), f"b/{ONE}.ipynb": (ONE, ASIDE)}


def test_different_answers_whose_times_do_not_tell_are_a_question(take_ann):
    ann = take_ann({f"{name}.ipynb": answered(ONE, name) for name in ("a", "b")})
    assert "different answers" in ann.remarks[ONE][0]
    (question,) = ann.questions[ONE]
    assert "“a.ipynb”" in question and "“b.ipynb”" in question
    other = next(h for h in ann.files if h.state == ASIDE)
    assert "may be as new" in other.reason


def test_the_same_answers_with_other_outputs_are_no_question(take_ann):
    again = answered(ONE).replace(b'"outputs": []', b'"outputs": [ ]')
    assert again != answered(ONE)
    ann = take_ann({f"{ONE}.ipynb": answered(ONE), f"b/{ONE}.ipynb": again})
    assert "2 copies" in ann.remarks[ONE][0] and not ann.questions[ONE]
    assert not take_ann({"a.ipynb": answered(ONE), f"b/{ONE}.ipynb": answered(ONE)}).questions[ONE]


def test_a_newer_copy_without_answers_is_a_question(take_ann):
    ann = take_ann({f"{ONE}.ipynb": (answered(ONE), at(0)), "b.ipynb": (content(ONE), at(9))})
    assert ann.notebooks[ONE] == content(ONE)
    (question,) = ann.questions[ONE]
    assert "no answers" in question and f"“{ONE}.ipynb”" in question


def test_from_four_differing_copies_on_it_is_a_question(take_ann):
    files = {f"{n}/{ONE}.ipynb": (answered(ONE, n), at(n)) for n in range(4)}
    ann = take_ann(files)
    assert ann.notebooks[ONE] == answered(ONE, 3)
    (question,) = ann.questions[ONE]
    assert all(f"“{name}”" in question for name in files) and "4 differing copies" in question
    assert "For now the newest" in ann.remarks[ONE][0]
    three = take_ann(dict(list(files.items())[:3]))
    assert not three.questions[ONE] and "the newest" in three.remarks[ONE][0]


@pytest.mark.parametrize(
    "name",
    [f"{ONE}-checkpoint.ipynb", f".ipynb_checkpoints/{ONE}-checkpoint.ipynb", f".{ONE}.ipynb",
     f"__MACOSX/{ONE}.ipynb", f"work/.old/{ONE}.ipynb"],
)  # fmt: skip
def test_checkpoints_and_hidden_files_count_only_alone(take_ann, name):
    with_work = take_ann({f"{ONE}.ipynb": (answered(ONE), at(0)), name: (answered(ONE, 7), at(5))})
    assert with_work.notebooks[ONE] == answered(ONE)
    assert not with_work.remarks[ONE] and not with_work.questions[ONE]
    assert states(with_work)[name] == (ONE, ASIDE)
    alone = take_ann({name: answered(ONE, 7), "notes.txt": b"how it went"})
    assert alone.notebooks[ONE] == answered(ONE, 7)
    assert "nothing else" in " ".join(alone.remarks[ONE])
    assert "ask for the notebook itself" in alone.questions[ONE][0]


def test_the_only_copy_of_one_notebook_is_hidden_and_somebody_is_told(take_ann, released):
    ann = take_ann({f"{ONE}.ipynb": answered(ONE),
                    f".ipynb_checkpoints/{TWO}-checkpoint.ipynb": answered(TWO)})  # fmt: skip
    assert set(ann.notebooks) == {ONE}
    assert report.needs_person(result_of(ann, TWO, released))
    assert "checkpoint" in report.why(result_of(ann, TWO, released))


@pytest.mark.parametrize("folder", [".ipynb_checkpoints", ".Emil", "__MACOSX", "emil/.old"])
def test_hidden_work_of_somebody_without_other_files_is_named(take, folder):
    taken = take({f"{folder}/{ONE}.ipynb": answered(ONE), "__MACOSX/zoe/._notes.ipynb": b"\0"})
    told = [file for file, _ in taken.unassigned]
    told += [h.file for s in taken.submissions if s.questions[ONE] for h in s.files]
    assert told == [f"{folder}/{ONE}.ipynb"]


# The course's own


def test_a_clone_of_the_course_is_nobodys_work(take_ann, course):
    clone = {
        path.relative_to(course).as_posix(): path.read_bytes() for path in course.rglob("*.ipynb")
    } | {"helpers/__init__.py": b""}
    solution = f"solutions/tutorial/{ONE}.ipynb"
    untouched = take_ann(clone)
    assert untouched.notebooks[ONE] == content(ONE)
    assert "the course's own solution" in untouched.questions[ONE][0]
    assert "the course's own solution" in reason_of(untouched, solution)
    # A solution counts no more when somebody has typed in it, or when it is newer.
    changed = answered(ONE, 5, more=["mine = 1"])
    worked = {**clone, f"notebooks/tutorial/{ONE}.ipynb": answered(ONE), solution: changed}
    for files in (worked, {**worked, solution: (changed, at(59))}):
        submission = take_ann(files)
        assert submission.notebooks[ONE] == answered(ONE)
        assert not submission.questions[ONE]
        assert "the course's own solution" in " ".join(submission.remarks[ONE])


def test_the_released_notebook_in_a_clone_is_no_copy_of_ones_work(take_ann):
    for when in (at(0), at(30)):
        ann = take_ann({f"backprop/notebooks/tutorial/{ONE}.ipynb": (content(ONE), when),
                        "backprop/helpers/__init__.py": b"",
                        f"work/{ONE}.ipynb": (answered(ONE), at(10))})  # fmt: skip
        assert ann.notebooks[ONE] == answered(ONE)
        assert not ann.remarks[ONE] and not ann.questions[ONE]


@pytest.mark.parametrize("inside", [f"{ONE}.ipynb", "mine/final.ipynb"])
def test_a_solution_of_ours_is_known_wherever_it_lies(take_ann, course, released, inside):
    solution = (course / "solutions" / "tutorial" / f"{ONE}.ipynb").read_bytes()
    spaced = nbformat.reads(solution.decode(), as_version=4)
    for cell in spaced.cells:
        cell.source += "  \n"
    for data in (solution, nbformat.writes(spaced).encode(), answered(ONE, "2 * 21", labels=False)):
        ann = take_ann({inside: data, f"{TWO}.ipynb": answered(TWO)})
        assert set(ann.notebooks) == {TWO}
        result = result_of(ann, ONE, released)
        assert result.state == results.SET_ASIDE
        assert "the course's own solution" in report.why(result)
    own = take_ann({inside: answered(ONE, "2 * 21", more=["print(value_first)"])})
    assert set(own.notebooks) == {ONE}


def test_the_solutions_of_this_course_are_known_and_right_work_is_not(tmp_path):
    released = [Released(ROOT / "notebooks" / LESSON / f"{n}.ipynb") for n in notebook_names()]
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as target:
        for name in notebook_names():
            solution = ROOT / "solutions" / LESSON / f"{name}.ipynb"
            target.writestr(f"ann/{name}.ipynb", solution.read_bytes())
            target.writestr(f"bob/{name}.ipynb", bytes(Notebook(name)))
    ann, bob = submissions.collect(tmp_path / "class.zip", released).submissions
    assert set(ann.set_aside) == set(bob.notebooks) == set(notebook_names())
    assert not ann.notebooks and not bob.set_aside and not any(bob.questions.values())


# Which notebook it is


@pytest.mark.parametrize("name", ["Untitled.ipynb", f"{TWO}.ipynb", f"{OTHER}.ipynb"])
@pytest.mark.parametrize("labels", [True, False])
def test_a_notebook_is_known_by_its_cells_whatever_it_is_called(take_ann, name, labels):
    ann = take_ann({name: answered(ONE, labels=labels)})
    assert set(ann.notebooks) == {ONE}
    assert "its cells showed which notebook it is" in ann.remarks[ONE][0]


@pytest.mark.parametrize("name", notebook_names())
def test_each_of_our_notebooks_is_known_without_labels(tmp_path, name):
    released = [Released(ROOT / "notebooks" / LESSON / f"{n}.ipynb") for n in notebook_names()]
    work = Notebook(name)
    work.content.cells.append(new_code_cell("mine = 1"))
    for number, cell in enumerate(work.content.cells):
        cell.id, cell.metadata = f"own-{number}", {}
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as target:
        target.writestr("ann/Untitled3.ipynb", bytes(work))
        checks = [cell for cell in work.content.cells if cell.source.startswith("check(")]
        work.content.cells = [*checks[:2], new_code_cell("more = 1")]
        target.writestr("bob/Untitled3.ipynb", bytes(work))
    for submission in submissions.collect(tmp_path / "class.zip", released).submissions:
        assert set(submission.notebooks) == {name}


@pytest.mark.parametrize("labels", [True, False])
def test_a_notebook_of_another_lesson_under_a_name_of_this_one(take_ann, released, labels):
    ann = take_ann({f"{ONE}.ipynb": answered(OTHER, labels=labels), f"{TWO}.ipynb": answered(TWO)})
    assert set(ann.notebooks) == {TWO}
    result = result_of(ann, ONE, released)
    assert "a notebook of another lesson" in report.why(result) and report.needs_person(result)
    right = take_ann({f"{OTHER}.ipynb": answered(OTHER, labels=labels)})
    assert not right.unplaced and states(right)[f"{OTHER}.ipynb"] == (None, ASIDE)


def unrelated(code="import pandas\nprint(pandas.__version__)"):
    return nbformat.writes(new_notebook(cells=[new_code_cell(code)])).encode()


def test_an_unrelated_notebook_is_listed_and_is_nobodys_problem(take_ann, released):
    ann = take_ann({f"{ONE}.ipynb": answered(ONE), "diary.ipynb": unrelated()})
    assert states(ann)["diary.ipynb"] == (None, ASIDE)
    assert "neither by its name nor by its cells" in reason_of(ann, "diary.ipynb")
    result = result_of(ann, TWO, released)
    assert result.state == results.MISSING and not report.needs_person(result)


def test_what_may_be_a_notebook_is_told_under_the_one_that_is_missing(take_ann, released):
    ann = take_ann({f"{ONE}.ipynb": answered(ONE), "hw.ipynb": unrelated("value_second = 3")})
    result = result_of(ann, TWO, released)
    assert result.state == results.SET_ASIDE and "“hw.ipynb”" in result.remarks[0]
    # Under the one that it may be, not under the first that is missing.
    ann = take_ann({"hw.ipynb": unrelated("value_second = 3")})
    assert result_of(ann, ONE, released).state == results.MISSING
    assert result_of(ann, TWO, released).state == results.SET_ASIDE


def test_new_work_that_cannot_be_used_is_told_of(take_ann, released, tmp_path):
    graded = course_at(tmp_path, tmp_path / "gradebook")
    before = take_ann({f"{name}.ipynb": answered(name) for name in (ONE, TWO)})
    submissions.store(graded, "tutorial", before, released)
    again = take_ann({"new.rar": b"Rar!"})
    submissions.store(graded, "tutorial", again, released)
    assert set(again.notebooks) == {ONE, TWO}
    assert "“new.rar” is a .rar archive" in again.questions[ONE][0]


def test_a_zip_without_notebooks_is_told_of(take_ann):
    ann = take_ann({"work.zip": zipped({"__MACOSX/._x.ipynb": b"\0", "notes.txt": b""})})
    assert ("work.zip", "is a zip without a notebook (.ipynb) in it") in ann.unplaced


# Names and archives


def zipped(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as inner:
        for name, data in files.items():
            inner.writestr(name, data)
    return target.getvalue()


@pytest.mark.parametrize(
    "folder",
    ["week: 2", "C: drive", "a\\b", "dots...", " ", "x" * 300, "tab\there", "a//b", "~", "nul",
     'a"b<c>|?*', "é:e\u0301"],
)  # fmt: skip
def test_odd_names_in_zips_lead_nowhere(take_ann, folder):
    ann = take_ann({f"{folder}/{ONE}.ipynb": answered(ONE)})
    assert ann.notebooks and not ann.set_aside


@pytest.mark.parametrize(
    "name", ["../x/{}", "ann/../../{}", "/ann/{}", "C:\\ann\\{}", "c:/ann/{}", "ann\\..\\..\\{}",
             "\\\\server\\ann\\{}", "ann/..\\..\\{}"],
)  # fmt: skip
def test_what_leads_out_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as target:
        info = zipfile.ZipInfo("x")
        info.filename = name.format(f"{ONE}.ipynb")
        target.writestr(info, answered(ONE))
    (entry,) = archive.entries_of_zip(tmp_path / "class.zip")
    with pytest.raises(Unreadable, match="leads out"):
        entry.content()


def with_names(path, raw, extra=b"", flags=0):
    """A zip in which the first student's folder is called by the bytes `raw`."""
    stand_in = "A" * len(raw)
    with zipfile.ZipFile(path, "w") as target:
        info = zipfile.ZipInfo(f"{stand_in}/{ONE}.ipynb", NOON)
        info.extra = extra
        target.writestr(info, answered(ONE))
        target.writestr(f"zoe/{ONE}.ipynb", answered(ONE, "zoe"))
    data = path.read_bytes().replace(stand_in.encode(), raw)
    if flags:
        for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            start = data.index(signature) + offset
            data = data[:start] + struct.pack("<H", flags) + data[start + 2 :]
    path.write_bytes(data)
    return path


def unicode_path(name, raw):
    """Info-ZIP's extra field with a file's name in UTF-8."""
    content = struct.pack("<BL", 1, zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x7075, len(content)) + content


@pytest.mark.parametrize(
    ("raw", "names", "folder", "is_noted"),
    [
        ("Zoë".encode(), None, "Zoë", False),
        ("Zoë".encode(), "cp1252", "Zoë", False),
        ("Müller".encode("cp437"), None, "Müller", True),
        ("Müller".encode("cp1252"), None, "Mⁿller", True),
        ("Müller".encode("cp1252"), "cp1252", "Müller", False),
        ("Ελένη".encode("cp1253"), "cp1253", "Ελένη", False),
        ("表示".encode("cp932"), "cp932", "表示", False),  # a byte of it is a backslash
        (b"M\x81ller", "cp1252", "Müller", True),  # not of that code page: as the standard says
    ],
)
def test_names_in_other_code_pages(tmp_path, released, raw, names, folder, is_noted):
    path = with_names(tmp_path / "class.zip", raw)
    taken = submissions.collect(path, released, names=names)
    assert folder in [submission.called[0] for submission in taken.submissions]
    assert bool(taken.notes) == is_noted
    assert not is_noted or "--names cp1252" in taken.notes[0]
    assert all("“" in note for note in taken.notes)


def test_names_that_the_zip_settles(tmp_path, released):
    raw = b"M\x81ller"
    inside = f"/{ONE}.ipynb"
    field = unicode_path(f"Müller{inside}", raw + inside.encode())
    stale = unicode_path(f"Maier{inside}", b"something else")
    for extra, flags, name in (
        (field, 0, "Müller"),
        (stale, 0, None),
        (b"", 0x800, "Zoë"),
    ):
        given = "Zoë".encode() if flags else raw
        path = with_names(tmp_path / "class.zip", given, extra, flags)
        taken = submissions.collect(path, released)
        assert bool(taken.notes) == (name is None)
        assert (name or "Müller") in [submission.called[0] for submission in taken.submissions]


def test_names_on_disk_that_are_not_utf_8(tmp_path, released):
    folder = os.path.join(os.fsencode(tmp_path / "class"), "Müller".encode("cp1252"))
    try:
        os.makedirs(folder)
    except OSError:
        pytest.skip("this system has names in UTF-8 only")
    with open(os.path.join(folder, f"{ONE}.ipynb".encode()), "wb") as file:
        file.write(answered(ONE))
    (tmp_path / "class" / "zoe").mkdir()
    (tmp_path / "class" / "zoe" / f"{ONE}.ipynb").write_bytes(answered(ONE, 2))
    unclear = submissions.collect(tmp_path / "class", released)
    assert "--names cp1252" in unclear.notes[0]
    settled = submissions.collect(tmp_path / "class", released, names="cp1252")
    assert "Müller" in [submission.student for submission in settled.submissions]
    assert not settled.notes


@pytest.mark.parametrize("names", ["klingon", "hex", "utf-16", "rot13"])
def test_names_that_are_no_encoding(take, names):
    with pytest.raises(NothingGraded, match=f"--names {names} is no encoding"):
        take({}, names=names)


def test_a_notebook_that_is_too_large_can_be_made_smaller(tmp_path, released):
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(f"ann/{ONE}.ipynb", bytes(archive.MAX_FILE_SIZE + 1))
        target.writestr(f"zoe/{ONE}.ipynb", answered(ONE))
    ann, zoe = submissions.collect(tmp_path / "class.zip", released).submissions
    assert "is larger than 50 MB" in ann.set_aside[ONE] and zoe.notebooks
    assert "Edit > Clear Outputs of All Cells" in ann.set_aside[ONE]


def test_a_zip_of_a_clone_may_have_many_files_that_computers_make(take_ann, monkeypatch):
    monkeypatch.setattr(archive, "MAX_INNER_FILES", 5)
    files = {f".git/objects/{i}": b"" for i in range(9)} | {f"{ONE}.ipynb": answered(ONE)}
    assert set(take_ann({"clone.zip": zipped(files)}).notebooks) == {ONE}


@pytest.mark.parametrize("as_zip", [True, False])
def test_too_many_files_cost_their_student_alone(tmp_path, released, monkeypatch, as_zip):
    monkeypatch.setattr(submissions, "MAX_FILES", 20)
    files = {f"ann/{i}/x.ipynb": b"" for i in range(21)} | {f"ann/{ONE}.ipynb": answered(ONE)}
    files |= {f"bob/{ONE}.ipynb": answered(ONE, 2), f"zoe/{ONE}.ipynb": answered(ONE, 3)}
    path = tmp_path / "class"
    if as_zip:
        path = tmp_path / "class.zip"
        path.write_bytes(zipped(files))
    for name in () if as_zip else files:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(files[name])
    ann, bob, zoe = submissions.collect(path, released).submissions
    assert not ann.notebooks and set(ann.set_aside) == {ONE, TWO}
    assert "22 files in this submission, more than 20" in ann.set_aside[ONE]
    assert [h.file for h in ann.files] == ["ann"]
    assert set(bob.notebooks) == set(zoe.notebooks) == {ONE}


def test_a_file_that_vanishes_costs_itself_alone(tmp_path, released, monkeypatch):
    for name in ("ann", "bob"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / f"{ONE}.ipynb").write_bytes(answered(ONE, name))
        (tmp_path / "class" / name / f"{TWO}.ipynb").write_bytes(answered(TWO, name))
    listed = os.scandir

    def and_then_it_is_gone(folder):
        if os.path.basename(folder) != "ann":
            return listed(folder)
        items = list(listed(folder))
        (tmp_path / "class" / "ann" / f"{ONE}.ipynb").unlink()
        return items

    monkeypatch.setattr(os, "scandir", and_then_it_is_gone)
    ann, bob = submissions.collect(tmp_path / "class", released).submissions
    assert set(ann.notebooks) == {TWO} and set(bob.notebooks) == {ONE, TWO}
    assert "cannot be looked at: No such file" in ann.set_aside[ONE]


def test_times_in_zips_are_the_exact_ones_where_there_are_any(tmp_path):
    time = datetime(2026, 11, 20, 13, 0, 7).timestamp()
    info = zipfile.ZipInfo("a.ipynb", NOON)
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(time))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as target:
        target.writestr(info, b"{}")
        target.writestr(zipfile.ZipInfo("b.ipynb", NOON), b"{}")
        target.writestr(zipfile.ZipInfo("c.ipynb"), b"{}")
    exact, rounded, none = archive.entries_of_zip(tmp_path / "x.zip")
    assert exact.submitted.timestamp() == time and exact.submitted.tzinfo
    assert rounded.submitted.replace(tzinfo=None) == datetime(*NOON)
    assert none.submitted is None


def test_files_are_listed_by_their_whole_path(take):
    inner = zipped({f"x/{ONE}.ipynb": answered(ONE), f"x/{ONE}.pdf": b"%PDF"})
    taken = take({"ann/all/work.zip": inner, f"bob/{TWO}.pdf": b"%PDF", "bob/more.rar": b"Rar!"})
    ann, bob, zoe = (submission.files for submission in taken.submissions)
    assert [(h.file, h.notebook, h.state) for h in ann] == [
        (f"ann/all/work.zip!/x/{ONE}.ipynb", ONE, GRADED)
    ]
    assert [(h.file, h.notebook, h.state) for h in bob] == [
        ("bob/more.rar", None, ASIDE), (f"bob/{TWO}.pdf", TWO, ASIDE)
    ]  # fmt: skip
    assert "archive" in bob[0].reason and "is not a notebook" in bob[1].reason
    (only,) = zoe
    assert only.reason == "" and only.submitted.replace(tzinfo=None) == datetime(*NOON)


def test_results_of_older_releases_have_no_questions(tmp_path):
    course = course_at(tmp_path, tmp_path / "gradebook")
    result = results.Result("ann", "tutorial", ONE, results.GRADED, 1, questions=("Which?",))
    results.save(course, result)
    assert results.load(course, "ann", "tutorial", ONE) == result
    assert report.needs_person(result) and report.why(result) == "Which?"
    path = course.results / "ann" / "tutorial" / f"{ONE}.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    del fields["questions"]
    path.write_text(json.dumps(fields), encoding="utf-8")
    assert not report.needs_person(results.load(course, "ann", "tutorial", ONE))
