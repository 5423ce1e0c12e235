"""Grading a class from the zip to the marks: the sample class, through the real command."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.converters.base import NbGraderException

from helpers.authoring.generate_assignment import ReleaseAsBuilt
from helpers.grading import overview
from helpers.grading.command import main
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import csv_tables, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.marks import ByHand
from helpers.grading.machine import surroundings
from helpers.grading.pages import feedback, markup, report
from helpers.grading.preprocessors import Grade
from helpers.grading.progress import progress_of_kind
from helpers.grading.running import limits, sandbox
from helpers.grading.settings import course_at
from helpers.marking.judging import Verdict
from helpers.marking.questions import questions_of
from helpers.pictures import page_font
from tests import sampling
from tests.pages import Page
from tests.sample_class import STUDENTS, write_zip
from tests.sample_class.__main__ import demo_sandbox
from tests.sample_class.work import LESSON, notebook_names
from tests.sampling import a_run_of_the_grader, selected

ROOT = Path(__file__).resolve().parents[2]
SECONDS_PER_CELL = "20"


def test_bubblewrap_is_there_where_it_must_be():
    if not sys.platform.startswith("linux") or os.environ.get("CI") != "true":
        pytest.skip("the sandbox is demanded on Linux under CI=true")
    assert sandbox.bubblewrap_problem() == ""


# The sample class


# Students whom further tests look at.
LOOKED_AT = ("everything right", "nothing done", "transposed", "wrong_sign")


@pytest.fixture(scope="session")
def students(request):
    """Those of the sample class who were selected, by a sample for instance, and some more."""
    wanted = selected(request.session, __file__, "student")
    return [
        student
        for student in STUDENTS
        if student in wanted
        or student.shows in LOOKED_AT
        or "stops with an error" in student.shows
        or student.states
    ]


@pytest.fixture(scope="session")
def graded(tmp_path_factory, students):
    """The class, graded once by the command: the course, and what the command printed."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    archive = write_zip(students, root / "class.zip")
    options = ["--cell-timeout", SECONDS_PER_CELL]
    if not sampling.whole:
        options += ["--workers", "1"]  # each one imports TensorFlow
    done = command(root, "-m", "helpers.grading", archive, *options)
    return course_at(root, root / "gradebook"), done


def command(root, *arguments):
    """Run this Python with `arguments` in the folder `root`."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_command(graded, students):
    course, done = graded
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert re.search(r"Tariq Rahman_\d+, problem_2_pen_and_paper: .*not valid JSON", done.stdout)
    # Before the run, with what was found, and in the summary after it.
    assert done.stdout.count("not valid JSON") == 2
    for name in ("grades.csv", "checks.csv", "report.html"):
        assert str(Path("gradebook", name)) in done.stdout
    for student in students:
        if student.shows == "an endless loop":
            assert student.id in done.stderr, "the progress bar names the slowest notebook"


@pytest.mark.sampled(0.1)
@pytest.mark.parametrize("student", STUDENTS, ids=lambda s: s.shows.replace(" ", "_"))
def test_sample_student(graded, student):
    """Every part has the verdict and the points it should have, every notebook its state."""
    course, _ = graded
    checks = {
        (row["question"], row["part"]): row
        for row in rows(course.gradebook / "checks.csv")
        if row["student"] == student.id
    }
    expected = {}
    points = dict.fromkeys(notebook_names(), 0)
    for notebook in set(student.hands_in) - set(student.ungraded):
        for question in questions_of(notebook).values():
            for part in question.parts:
                how = student.not_right.get(question.id, {}).get(part.name, "right")
                expected[question.id, part.name] = how
                points[notebook] += part.points if how in ("right", "carried") else 0
    found = {key: row["misconception"] or row["verdict"] for key, row in checks.items()}
    assert found == expected
    for row in checks.values():
        counts = row["verdict"] in ("right", "carried")
        assert float(row["points"]) == float(row["max_points"]) * counts
        assert bool(row["hint"]) == (row["verdict"] != "right")

    grades = {
        row["notebook"]: row
        for row in rows(course.gradebook / "grades.csv")
        if row["student"] == student.id
    }
    assert {name: float(row["points"]) for name, row in grades.items()} == points
    default = dict.fromkeys(notebook_names(), "missing") | dict.fromkeys(student.hands_in, "graded")
    assert {name: row["state"] for name, row in grades.items()} == default | student.states


def test_tables_have_the_agreed_columns(graded):
    course, _ = graded
    first = (course.gradebook / "grades.csv").read_bytes()
    assert first.startswith(
        b"\xef\xbb\xbfstudent,lesson,notebook,points,max_points,state,identifier,email,late_points\r\n"
    )
    assert tuple(rows(course.gradebook / "checks.csv")[0]) == tuple(
        "student,lesson,notebook,question,part,points,max_points,verdict,misconception,hint".split(
            ","
        )
    )


def test_gradebook_holds_our_marks(graded):
    course, _ = graded
    grades = rows(course.gradebook / "grades.csv")
    with open_gradebook(course) as gradebook:
        for row in grades:
            entry = gradebook.find_submission_notebook(
                row["notebook"], row["lesson"], row["student"]
            )
            assert entry.score == float(row["points"]), row
            assert entry.max_score == float(row["max_points"]), row
            assert not entry.needs_manual_grade, row
        (dict_of_ann,) = (
            d for d in gradebook.submission_dicts(LESSON) if d["student"].startswith("Amara")
        )
    assert dict_of_ann["score"] == dict_of_ann["max_score"] > 0


def test_originals_are_copied_as_they_are(graded):
    course, _ = graded
    student = next(s for s in STUDENTS if s.shows == "nothing done")
    for name, data in student.files().items():
        assert (course.submitted / student.id / LESSON / name).read_bytes() == data


@a_run_of_the_grader
def test_plain_nbgrader_gives_the_same_marks_and_the_same_page(graded, tmp_path):
    """`nbgrader autograde` and `generate_feedback` with nbgrader_config.py, on a copy."""
    course, _ = graded
    shutil.copytree(course.root, tmp_path / "course")
    copy = course_at(tmp_path / "course", tmp_path / "course" / "gradebook")
    student = next(s for s in STUDENTS if s.shows == "transposed")
    (notebook,) = student.hands_in
    before = results.load(copy, student.id, LESSON, notebook)
    with open_gradebook(copy) as gradebook:
        for grade in gradebook.find_submission_notebook(notebook, LESSON, student.id).grades:
            grade.auto_score = 99
        gradebook.db.commit()
    results.discard(copy, student.id, LESSON, notebook)
    page = feedback.path_of(copy, before)
    page.unlink()

    for step in ("autograde", "generate_feedback"):
        done = command(
            copy.root, "-m", "nbgrader", step, LESSON, "--student", student.id, "--force"
        )
        assert done.returncode == 0, done.stderr
    after = results.load(copy, student.id, LESSON, notebook)
    assert after.verdicts == before.verdicts
    with open_gradebook(copy) as gradebook:
        entry = gradebook.find_submission_notebook(notebook, LESSON, student.id)
        assert entry.score == before.points
    assert "Content-Security-Policy" in page.read_text(encoding="utf-8")


@a_run_of_the_grader
def test_finished_work_is_kept(graded, tmp_path, monkeypatch, capsys):
    """The same command again runs no notebook; what a person gave is in the table and the page."""
    course, _ = graded
    shutil.copytree(course.root, tmp_path / "course")
    monkeypatch.chdir(tmp_path / "course")
    copy = course_at(tmp_path / "course", tmp_path / "course" / "gradebook")
    executed = sorted(copy.autograded.rglob("*.ipynb"))
    before = {path: path.stat().st_mtime_ns for path in executed}
    student = next(s for s in STUDENTS if s.shows == "transposed")
    (notebook,) = student.hands_in
    with open_gradebook(copy) as gradebook:
        grade = gradebook.find_grade("p2-relu-update", notebook, LESSON, student.id)
        grade.manual_score = grade.auto_score - 2.5
        comment = gradebook.find_comment("p2-relu-update-answer", notebook, LESSON, student.id)
        comment.manual_comment = "Come and see me."
        gradebook.db.commit()
    assert main(["class.zip", "--cell-timeout", SECONDS_PER_CELL]) == 3
    assert {path: path.stat().st_mtime_ns for path in executed} == before
    (row,) = (
        row
        for row in rows(copy.gradebook / "grades.csv")
        if row["student"] == student.id and row["notebook"] == notebook
    )
    result = results.load(copy, student.id, LESSON, notebook)
    assert float(row["points"]) == result.points - 2.5
    words = " ".join(Page(feedback.path_of(copy, result).read_text(encoding="utf-8")).words)
    assert "Come and see me." in words
    assert f"{result.points - 2.5:g} of {result.max_points:g} points" in words


# The pages


def test_pages_are_complete_in_themselves(graded, students):
    course, _ = graded
    stopping = "stops with an error|kernel dies|endless loop"
    stop = {s.id for s in STUDENTS if re.search(stopping, s.shows)}
    pages = sorted(course.feedback.rglob("*.html"))
    assert len(pages) == len(students) * len(notebook_names())
    for path in [*pages, course.gradebook / "report.html"]:
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        assert not page.runs, (path, page.runs)
        assert all(source.startswith("data:image/") for source in page.loads), path
        assert "script-src 'none'" in text and "default-src 'none'" in text
        others = text.replace(page_font.style(), "")
        assert not re.search(r"url\((?!#)", re.sub(r"base64,[^\"]*", "", others)), path
        if not stop & set(path.parts):  # whose own errors are in the outputs of their own cells
            assert "Traceback (most recent call last)" not in text, path


def test_report_links_to_every_page(graded):
    from urllib.parse import unquote

    course, _ = graded
    page = Page((course.gradebook / "report.html").read_text(encoding="utf-8"))
    links = (unquote(link) for link in page.links if not link.startswith("#"))
    linked = {(course.gradebook / link).resolve() for link in links}
    assert linked == {path.resolve() for path in course.feedback.rglob("*.html")}
    words = " ".join(page.words)
    for said in ("wrong sign", "Students who need a person", "Tariq Rahman", "Ελένη Παπαδοπούλου"):
        assert said in words


def test_feedback_says_nothing_of_the_reference(graded):
    """No expected number is on the pages of a student who did nothing."""
    course, _ = graded
    student = next(s for s in STUDENTS if s.shows == "nothing done")
    notebook = student.hands_in[0]
    result = results.load(course, student.id, LESSON, notebook)
    words = " ".join(Page(feedback.path_of(course, result).read_text(encoding="utf-8")).words)
    for question in questions_of(notebook).values():
        for case in question.cases_from(0):
            for value in case.expected.values():
                if not isinstance(value, str):
                    for number in value.ravel():
                        # What has at most two decimals may be one of the given numbers.
                        if abs(number * 100 - round(number * 100)) > 1e-9:
                            assert f"{number:.4f}" not in words, question.id
    assert "p2.sigmoid.forward" in words and "not answered" in words


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)><iframe src='//x'></iframe>"


def test_whatever_a_submission_brings_is_defused(tmp_path):
    course = course_at(ROOT, tmp_path)
    name = "problem_2_pen_and_paper"
    released = nbformat.read(ROOT / "notebooks" / LESSON / f"{name}.ipynb", as_version=4)
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"{HOSTILE}\n\n[x](javascript:alert(1)) ![](https://x/y.png) $<b>$"),
            new_markdown_cell('<a href="data:text/html,x">x</a><div style="background:url(//x)">y'),
            new_code_cell(
                HOSTILE,
                outputs=[
                    new_output("display_data", {"text/html": HOSTILE}),
                    new_output("display_data", {"image/svg+xml": f"<svg>{HOSTILE}</svg>"}),
                    new_output("display_data", {"application/javascript": "alert(1)"}),
                    new_output("display_data", {"image/png": '"><script>'}),
                    new_output("display_data", {"text/latex": f"$\\text{{{HOSTILE}}}$"}),
                    new_output("stream", text=HOSTILE),
                    new_output("error", ename="E", evalue="", traceback=[HOSTILE]),
                ],
            ),
            *released.cells,
        ]
    )
    verdicts = [Verdict("z_h", 0, 1, "wrong", (("wrong_sign",),), HOSTILE)]
    result = results.Result(
        HOSTILE, LESSON, name, "repaired", 50, {"p2.sigmoid.forward": verdicts}, (HOSTILE,)
    )
    of_class = report.write(course, [result], {(HOSTILE, LESSON, name): 0}, [(HOSTILE, HOSTILE)])
    given = ByHand(0, {}, {"p2-sigmoid-forward-answer": HOSTILE})
    of_student = feedback.page(course, result, notebook, given)
    for text in (of_student, of_class.read_text(encoding="utf-8")):
        page = Page(text)
        assert not page.runs
        assert all(source.startswith("data:image/") or not source for source in page.loads)
        assert not any(re.match("javascript|data", link) for link in page.links)
        assert "alert(1)" in text, "it is shown as text"
    markup.safe_outputs(notebook.cells[2])
    kept = [output.data for output in notebook.cells[2].outputs if "data" in output]
    assert [list(data) for data in kept] == [["text/html"]]  # the others are what they seem not
    assert not Page(kept[0]["text/html"]).runs


@pytest.mark.parametrize(
    ("latex", "display"),
    [(r"\delta_o = (a_o - t)\,f'(z_o)", False), (r"\begin{aligned}a&=b\\c&=d\end{aligned}", True)],
)
def test_formulas_are_drawn(latex, display):
    assert 'src="data:image/svg+xml;base64,' in markup.clean(markup.formula(latex, display))


def test_formula_that_cannot_be_drawn_is_shown_as_it_stands():
    assert markup.formula(r"\begin{nonsense}<", True) == r"<code>\begin{nonsense}&lt;</code>"


# The tables


def table_of(tmp_path, text):
    """The tables of a student of this name with this hint, and their text."""
    course = course_at(ROOT, tmp_path)
    found = [
        results.Result(
            text, LESSON, "n", "graded", 2, {"q": [Verdict("p", 1.5, 2, "wrong", (), text)]}
        )
    ]
    grades, checks, _ = csv_tables.write(course, found, {(text, LESSON, "n"): 1.5})
    return grades, checks


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", '"=', "＝"])
def test_no_cell_is_a_formula(tmp_path, start):
    name = f'{start}HYPERLINK("x"), "quoted"'
    for path in table_of(tmp_path, name):
        (row,) = rows(path)
        assert row["student"] == f"'{name}"
        assert row["points"] == "1.5"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("between", ["\t", "\n", "\r\n", ";", "; ", ';"', "\x0b", "\x1b", "\u2028"])
def test_no_cell_is_a_formula_whatever_separates_cells(tmp_path, separator, between):
    text = f'NameError: "x", y{between}=HYPERLINK("x"){between}+1'
    for path in table_of(tmp_path, text):
        with open(path, encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file, delimiter=separator) for cell in row]
        assert not [cell for cell in cells if cell.strip(' "').startswith(("=", "+", "-", "@"))]
        table = path.read_text(encoding="utf-8-sig")
        assert len(table.splitlines()) == 2 and not set(table) & set("\t\x0b\x1b\u2028")


# The terminal

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b1m ann\nall is well \u202eB \ud800"


@pytest.mark.parametrize("kind", ["bar", "json"])
def test_nothing_that_a_terminal_obeys_is_printed(capsys, kind):
    progress = progress_of_kind(kind)
    result = results.Result(
        ESCAPES, LESSON, "n", "set aside", 2, remarks=(ESCAPES,), to_decide=ESCAPES,
        questions=(ESCAPES,), notes=(ESCAPES,), details=ESCAPES, seconds=1.0,
    )  # fmt: skip
    found = [overview.Found(ESCAPES, ESCAPES, LESSON, None, ESCAPES, None, "set aside", ESCAPES)]
    progress.warn(ESCAPES)
    progress.found(found, ESCAPES)
    progress.would_grade(found, ESCAPES, [(ESCAPES, ESCAPES)])
    progress.start(1, 1)
    progress.graded([result], 1)
    progress.stop()
    progress.finish([result], {result.key: 0}, [(ESCAPES, ESCAPES)], {"Marks": Path("x")})
    out, err = capsys.readouterr()
    printed = out + (err if kind == "json" else re.sub(r"\x1b\[A", "", err))  # tqdm's own
    assert "ann" in out
    for letter in "\x1b\x07\x9b\u202e\ud800":
        assert letter not in printed
    if kind == "json":
        json.loads(out.splitlines()[0])


def test_errors_are_said_without_what_a_terminal_obeys(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["\x1b[2Jclass.zip"]) == 2
    assert "\x1b" not in capsys.readouterr().err


# What the surroundings have to have


def grade_in(root, *python, environment=None, before=""):
    """Grade class/ of one broken notebook in `root`, for which no kernel is needed."""
    folder = root / "class" / "Ελένη"
    folder.mkdir(parents=True)
    (folder / "problem_2_pen_and_paper.ipynb").write_text("{", encoding="utf-8")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    words = [sys.executable, *python, "-m", "helpers.grading", "class", "--sandbox", "none"]
    shell = ["sh", "-c", f'{before} exec "$@"', "sh"]
    return subprocess.run(
        [*(shell if before else []), *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("python", "environment"), [(["-W", "error"], {}), ([], {"PYTHONWARNINGS": "error"})]
)
def test_warnings_are_no_errors_of_a_students(tmp_path, python, environment):
    done = grade_in(tmp_path, *python, environment=environment)
    assert done.returncode == 3, done.stderr
    assert "is not valid JSON" in done.stdout
    assert "Warning" not in done.stderr.replace("Warning: Without a sandbox", "")


@pytest.mark.skipif(os.name != "posix", reason="such limits are POSIX's")
def test_too_few_open_files_are_said_at_the_start(tmp_path):
    done = grade_in(tmp_path, before="ulimit -n 200;")
    assert done.returncode == 2
    assert "only 200 files open here, and grading needs 512" in done.stderr
    assert "ulimit -n 512" in done.stderr and "apt" not in done.stderr
    assert not (tmp_path / "gradebook").exists()


@pytest.mark.skipif(os.name != "posix", reason="such limits are POSIX's")
def test_a_soft_limit_is_raised(monkeypatch):
    import resource

    set_to = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (100, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: set_to.append(limits))
    surroundings.check()
    assert set_to == [(surroundings.OPEN_FILES, 4096)]
    assert surroundings.OPEN_FILES == limits.OPEN_FILES


@pytest.mark.skipif(os.name != "posix", reason="Windows' sockets have no paths")
def test_a_folder_whose_path_leaves_no_room_for_sockets_is_said(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 69)
    with pytest.raises(NothingGraded, match="74 bytes; at most 65 .*TMPDIR=/tmp"):
        surroundings.check()
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 60)
    surroundings.check()
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 79)
    surroundings.check(in_scratch=False)  # as nbgrader's is, which has no folder of a run's own
    with pytest.raises(NothingGraded, match="at most 84"):
        monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 80)
        surroundings.check(in_scratch=False)


def test_nbgrader_too_looks_at_its_surroundings_first(monkeypatch):
    def refuse(in_scratch):
        raise NothingGraded("Too few files.")

    monkeypatch.setattr(surroundings, "check", refuse)
    with pytest.raises(NothingGraded, match="Too few files"):
        Grade().preprocess(None, {})


# Generate, in formgrader


@a_run_of_the_grader
def test_generate_assignment_releases_what_a_build_does(tmp_path):
    name = "3_activation_functions"
    for folder in ("solutions", "notebooks"):
        (tmp_path / folder / "lecture").mkdir(parents=True)
        shutil.copy(ROOT / folder / "lecture" / f"{name}.ipynb", tmp_path / folder / "lecture")
    shutil.copy(ROOT / "solutions" / "lecture" / f"{name}.md", tmp_path / "solutions" / "lecture")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    done = command(tmp_path, "-m", "nbgrader", "generate_assignment", "lecture", "--force")
    assert done.returncode == 0, done.stderr
    made = tmp_path / "gradebook" / "release" / "lecture" / f"{name}.ipynb"
    built = tmp_path / "notebooks" / "lecture" / f"{name}.ipynb"
    assert made.read_bytes() == built.read_bytes()


def test_generate_assignment_refuses_what_no_text_stands_behind(tmp_path):
    places = {"nbgrader": {"assignment": "lecture", "notebook": "mine"}}
    places["metadata"] = {"path": str(tmp_path)}
    with pytest.raises(NbGraderException, match="mine is not released: there is no .*mine.md"):
        ReleaseAsBuilt().preprocess(new_notebook(), places)


# Nothing done


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.zip"], "There is no file or folder nowhere.zip"),
        (["empty"], "no submissions in empty"),
        (["text.zip"], "not a zip file"),
        (["class", "--lesson", "lessons"], "no released notebooks"),
        (["class", "--sandbox", "bubblewrap"], "apt install bubblewrap"),
        (["class"], "apt install bubblewrap"),
        (["class", "--gradebook", "book[1]"], "choose another name"),
    ],
)
def test_nothing_could_be_done(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("hello")
    (tmp_path / "class" / "ann").mkdir(parents=True)
    (tmp_path / "class" / "ann" / "problem_2_pen_and_paper.ipynb").write_text("{}")
    monkeypatch.setattr(sandbox, "bubblewrap_problem", lambda: "bubblewrap is not installed.")
    monkeypatch.setattr(shutil, "which", lambda *_: None)  # so that no zygote begins in it
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("Nothing was graded.") and says in said
    assert "Traceback" not in said
    assert not (tmp_path / "gradebook").exists()


def test_without_a_sandbox_there_is_a_warning():
    chosen, warning = sandbox.choose("none")
    assert chosen == "none" and warning.startswith("Without a sandbox")


def test_the_demo_works_without_a_sandbox(monkeypatch):
    monkeypatch.setattr(sandbox, "bubblewrap_problem", lambda: "bubblewrap is not installed.")
    assert demo_sandbox() == "none"


@pytest.mark.skipif(os.name != "posix", reason="Windows' file names are Unicode in every locale")
def test_a_name_in_any_script_is_graded_in_any_locale(tmp_path):
    folder = tmp_path / "class" / "Ελένη Παπαδοπούλου"
    folder.mkdir(parents=True)
    (folder / "problem_2_pen_and_paper.ipynb").write_text("{", encoding="utf-8")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}  # file names are ASCII
    done = subprocess.run(
        [sys.executable, "-m", "helpers.grading", "class", "--sandbox", "none"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **plain},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 3, done.stderr
    assert "Ελένη Παπαδοπούλου" in done.stdout
    (row,) = (row for row in rows(tmp_path / "gradebook/grades.csv") if row["state"] == "set aside")
    assert row["student"] == "Ελένη Παπαδοπούλου"
