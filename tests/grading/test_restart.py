"""Nothing is lost: what is finished, what a person gave, what was handed in before."""

import contextlib
import copy
import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy
from nbformat.v4 import new_notebook
from nbgrader import api
from nbgrader.preprocessors import SaveCells

from helpers.grading import flow
from helpers.grading.command import main
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import database, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.marks import by_hand, points_entered
from helpers.grading.gradebook.registration import register
from helpers.grading.machine import locks
from helpers.grading.machine.ctrl_c import ctrl_c_later
from helpers.grading.machine.scratch import PREFIX, remove, scratch
from helpers.grading.repair.released import is_check, released_notebooks
from helpers.grading.running import executed, sandbox
from helpers.grading.running.run import Execution
from helpers.grading.settings import course_at
from helpers.grading.student import problem_of
from tests.sample_class.work import LESSON, ROOT, Notebook
from tests.sampling import a_run_of_the_grader

P2 = "problem_2_pen_and_paper"
CHECK, ANSWER = "p2-relu-update", "p2-relu-update-answer"
RIGHT = bytes(Notebook(P2))
# Two parts of p2.sigmoid.update less: of 50 points, 48 remain.
WRONG = bytes(Notebook(P2).edit("p2.sigmoid.update", ("b_o - eta", "b_o + eta")))


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course of one notebook, the folder in which its students hand in, class/."""
    if not sys.platform.startswith("linux"):
        pytest.skip("bubblewrap and the locks of a killed process are tested on Linux")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notebooks" / LESSON).mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / LESSON / f"{P2}.ipynb", tmp_path / "notebooks" / LESSON)
    return course_at(tmp_path)


def hand_in(**work):
    """Let class/ hold this, by student, and nothing else."""
    shutil.rmtree("class", ignore_errors=True)
    for student, data in work.items():
        path = Path("class", student, f"{P2}.ipynb")
        path.parent.mkdir(parents=True)
        path.write_bytes(data)


def grade(course, *options):
    """Grade class/ and return the exit code; what was handed in stays as it is."""
    if sandbox.bubblewrap_problem():
        pytest.skip(sandbox.bubblewrap_problem())
    before = originals()
    code = main(["class", "--sandbox", "auto", *options])
    assert originals() == before
    assert code or not list(course.gradebook.rglob("*.new*"))
    return code


def originals():
    return {
        path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in sorted(Path("class").rglob("*"))
    }


def marks(course):
    """{student: (points, state)} of grades.csv."""
    with open(course.gradebook / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return {r["student"]: (float(r["points"]), r["state"]) for r in csv.DictReader(file)}


def give_by_hand(course, student):
    """What formgrader does when a person gives 0.5 points and a comment."""
    with open_gradebook(course) as gradebook:
        gradebook.find_grade(CHECK, P2, LESSON, student).manual_score = 0.5
        gradebook.find_comment(ANSWER, P2, LESSON, student).manual_comment = "Come and see me."
        gradebook.db.commit()


def given_by_hand(course, student):
    """(points, comment), from the gradebook and, the comment, from the page."""
    with open_gradebook(course) as gradebook:
        score = gradebook.find_grade(CHECK, P2, LESSON, student).manual_score
        comment = gradebook.find_comment(ANSWER, P2, LESSON, student).manual_comment
    page = course.feedback / student / LESSON / f"{P2}.html"
    assert comment in page.read_text(encoding="utf-8")
    return score, comment


def maximum(course):
    (released,) = released_notebooks(course, LESSON)
    return released.max_points


def without_relu_update(course):
    """All points but those of the check for which a person gave half a point."""
    (released,) = released_notebooks(course, LESSON)
    return released.max_points - released.questions[CHECK].points + 0.5


# What a person gave, and what was handed in before


@a_run_of_the_grader
def test_a_resubmission_replaces_and_keeps_the_earlier(course):
    full, less = without_relu_update(course), None
    kept = course.gradebook / "earlier" / "ann" / LESSON

    hand_in(ann=WRONG, bob=RIGHT)
    assert grade(course) == 0
    give_by_hand(course, "ann")
    assert marks(course)["bob"] == (maximum(course), "graded")
    for work, wanted in ((RIGHT, full), (WRONG, less), (RIGHT, full)):
        hand_in(ann=work)
        assert grade(course) == 0
        points, state = marks(course)["ann"]
        assert state == "graded"
        assert points == wanted if wanted else 0 < points < full
        assert given_by_hand(course, "ann") == (0.5, "Come and see me.")
        assert (course.submitted / "ann" / LESSON / f"{P2}.ipynb").read_bytes() == work
    assert {path.read_bytes() for path in kept.iterdir()} == {WRONG, RIGHT}
    # Not in the archive any more: what they handed in before still counts.
    assert marks(course)["bob"] == (maximum(course), "graded")
    assert not (course.gradebook / "earlier" / "bob").exists()


@a_run_of_the_grader
def test_what_a_person_gave_survives_grading_again(course, monkeypatch):
    hand_in(ann=RIGHT)
    assert grade(course) == 0
    give_by_hand(course, "ann")
    executed = course.autograded / "ann" / LESSON / f"{P2}.ipynb"
    for option in ("--again", "--cell-timeout=59"):  # which changes every fingerprint
        before = executed.stat().st_mtime_ns
        assert grade(course, option) == 0
        assert executed.stat().st_mtime_ns > before
        assert marks(course)["ann"] == (without_relu_update(course), "graded")
        assert given_by_hand(course, "ann") == (0.5, "Come and see me.")


@a_run_of_the_grader
def test_points_are_less_a_penalty_and_never_negative(course):
    hand_in(ann=RIGHT, bob=RIGHT, cem=WRONG)
    assert grade(course) == 0
    before = points_entered(course)
    with open_gradebook(course) as gradebook:
        for student, penalty in (("ann", 2), ("bob", 1000)):
            entry = gradebook.find_submission_notebook(P2, LESSON, student)
            entry.late_submission_penalty = penalty
        gradebook.db.commit()
    points = points_entered(course)
    ann, bob, cem = ((student, LESSON, P2) for student in ("ann", "bob", "cem"))
    assert points == {ann: maximum(course) - 2, bob: 0, cem: before[cem]}
    for result in results.load_all(course):
        assert by_hand(course, result).points == points[result.student, LESSON, P2]


def test_changed_code_and_another_timeout_grade_again(monkeypatch):
    found = set()
    for code, timeout in (("as it was", 60), ("changed", 60), ("as it was", 61)):
        monkeypatch.setattr(flow.versions, "of_marking", lambda code=code: code)
        found.add(flow._code_fingerprint(timeout).hexdigest())
    assert len(found) == 3


# What does not agree, and what was left half-written


@a_run_of_the_grader
def test_gradebook_and_results_that_do_not_agree_are_graded_again(course):
    hand_in(ann=RIGHT, bob=RIGHT, cem=RIGHT)
    assert grade(course) == 0
    with open_gradebook(course) as gradebook:
        for entry in gradebook.find_submission_notebook(P2, LESSON, "ann").grades:
            entry.auto_score = None
        gradebook.db.commit()
    results.discard(course, "bob", LESSON, P2)
    stale = [
        course.submitted / "ann" / LESSON / f"{P2}.new",
        course.results / "ann" / LESSON / f"{P2}.123.new",
        course.gradebook / "grades.new",
        course.gradebook / "gradebook.new-journal",
    ]
    for path in stale:
        path.write_text("half")
    executed = {s: course.autograded / s / LESSON / f"{P2}.ipynb" for s in ("ann", "bob", "cem")}
    before = {student: path.stat().st_mtime_ns for student, path in executed.items()}
    assert grade(course) == 0
    after = {student: path.stat().st_mtime_ns for student, path in executed.items()}
    assert {student for student in after if after[student] != before[student]} == {"ann", "bob"}
    assert marks(course) == dict.fromkeys(("ann", "bob", "cem"), (maximum(course), "graded"))


CELLS = "SELECT name, type, max_score FROM base_cell LEFT JOIN grade_cells USING (id) ORDER BY 1, 2"


def registered(course):
    """What the database says of the lesson, and of itself."""
    with contextlib.closing(sqlite3.connect(course.database_file)) as file:
        return [
            file.execute(sql).fetchall()
            for sql in (CELLS, "SELECT * FROM alembic_version", "PRAGMA integrity_check")
        ]


def test_a_notebooks_rows_are_found_without_reading_those_of_all(course):
    database.make(course)
    with contextlib.closing(sqlite3.connect(course.database_file)) as file:
        for table, column in database.LOOKED_UP_BY:
            (plan,) = file.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {column} = ''")
            assert plan[-1].startswith(f"SEARCH {table} USING INDEX")


def with_other_points(released):
    """The Released notebook with one point more for its first question, as it may have been."""
    changed = copy.deepcopy(released.notebook)
    next(cell for cell in changed.cells if is_check(cell)).metadata.nbgrader.points += 1
    return SimpleNamespace(name=released.name, notebook=changed)


@contextlib.contextmanager
def stopped_at_commit(number):
    """Let the commit of this number be interrupted; gives a list that has them all."""
    commits = []

    def count(connection):
        commits.append(connection)
        if len(commits) == number:
            raise KeyboardInterrupt

    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", count)
    try:
        yield commits
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "commit", count)


def before_registering(course, then):
    """Let the gradebook be empty or, `then`, hold notebooks with other points."""
    shutil.rmtree(course.gradebook, ignore_errors=True)
    if then:
        register(course, LESSON, list(map(with_other_points, released_notebooks(course, LESSON))))


@pytest.mark.parametrize("then", [False, True], ids=["a new gradebook", "other points before"])
def test_registering_can_be_interrupted_at_any_commit(course, then):
    released = released_notebooks(course, LESSON)
    register(course, LESSON, released)
    wanted = registered(course)
    before_registering(course, then)
    assert registered(course) != wanted if then else not course.database_file.exists()
    with stopped_at_commit(None) as commits:
        register(course, LESSON, released)
    assert registered(course) == wanted
    last = len(commits)
    for stop in sorted({min(number, last) for number in (1, 2, 3, last // 2 or 1, last)}):
        before_registering(course, then)
        with stopped_at_commit(stop), pytest.raises(KeyboardInterrupt):
            register(course, LESSON, released)
        register(course, LESSON, released)
        assert registered(course) == wanted, f"stopped at commit {stop}"


def test_nbgrader_enters_the_same_cells(course):
    """What is entered at once is what nbgrader's own generate_assignment enters, cell by cell."""
    (released,) = released_notebooks(course, LESSON)
    register(course, LESSON, [released])
    rows = [
        f"SELECT {fields} FROM {tables} ORDER BY 1, 2"
        for fields, tables in (
            ("name, type, max_score, cell_type", "base_cell LEFT JOIN grade_cells USING (id)"),
            ("name, cell_type, locked, source, checksum", "source_cell"),
            ("notebook.name, assignment.name, kernelspec", "notebook, assignment"),
        )
    ]

    def entered():
        with contextlib.closing(sqlite3.connect(course.database_file)) as file:
            return [file.execute(row).fetchall() for row in rows]

    ours = entered()
    with open_gradebook(course) as gradebook:
        gradebook.remove_notebook(released.name, LESSON)
    assert entered() != ours
    names = {"notebook": released.name, "assignment": LESSON, "db_url": course.database}
    SaveCells().preprocess(released.notebook.copy(), {"nbgrader": names})
    assert entered() == ours


def test_database_is_made_all_or_nothing(course, monkeypatch):
    released = released_notebooks(course, LESSON)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(api, "get_alembic_version", killed)
        patch.setattr(database, "newest_version", killed)
        with pytest.raises(KeyboardInterrupt):
            register(course, LESSON, released)
        assert not course.database_file.exists()
        # What an earlier version left behind: tables, but not which version of nbgrader's.
        with pytest.raises(KeyboardInterrupt):
            api.Gradebook(course.database)
    assert course.database_file.exists()
    register(course, LESSON, released)
    found = registered(course)
    assert found[0] and found[1] and found[2] == [("ok",)]

    # One that was used nevertheless keeps what it holds.
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("ann")
    with contextlib.closing(sqlite3.connect(course.database_file)) as file, file:
        file.execute("DROP TABLE alembic_version")
    register(course, LESSON, released)
    assert registered(course) == found
    with open_gradebook(course) as gradebook:
        assert gradebook.find_student("ann")


def test_what_is_no_database_is_left_alone(course, capsys):
    hand_in(ann=RIGHT)
    course.gradebook.mkdir()
    course.database_file.write_text("my marks, do not delete" * 100)
    assert main(["class", "--sandbox", "none"]) == 2
    said = capsys.readouterr().err
    assert "cannot be used as a gradebook: file is not a database. Move it away" in said
    assert course.database_file.read_text().startswith("my marks")


LOCKED = """
import sqlite3
other = sqlite3.connect({0!r}, isolation_level=None)
other.execute({1!r})
"""


@pytest.mark.parametrize("how", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
def test_a_locked_gradebook_is_no_broken_one(course, capsys, monkeypatch, how):
    hand_in(ann=RIGHT)
    register(course, LESSON, released_notebooks(course, LESSON))
    monkeypatch.setattr(database, "LOCK_TIMEOUT", 2)
    monkeypatch.setattr(database, "SILENT", 0)
    with process(LOCKED.format(str(course.database_file), how)):
        assert main(["class", "--sandbox", "none"]) == 2
        said = capsys.readouterr().err
    assert "Waiting for it" in said
    assert "is locked by another program: perhaps JupyterLab with formgrader" in said
    assert "give the same command again" in said and "Move it away" not in said


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (sqlite3.SQLITE_BUSY, "is locked by another program"),
        (sqlite3.SQLITE_BUSY | 1 << 8, "is locked by another program"),
        (sqlite3.SQLITE_READONLY, "yours to write"),
        (sqlite3.SQLITE_CANTOPEN, "yours to write"),
        (sqlite3.SQLITE_FULL, "whether the disk is full"),
        (sqlite3.SQLITE_NOTADB, "Move it away"),
        (sqlite3.SQLITE_CORRUPT, "Move it away"),
    ],
)
def test_each_trouble_with_a_gradebook_has_its_own_advice(course, monkeypatch, code, says):
    error = sqlite3.OperationalError("trouble")
    error.sqlite_errorcode = code

    def fail(*_, **__):
        raise error

    database.make(course)
    monkeypatch.setattr(database.sqlite3, "connect", fail)
    with pytest.raises(NothingGraded) as caught:
        database.make(course)
    assert says in str(caught.value)
    wrapped = sqlalchemy.exc.OperationalError("SELECT 1", {}, error)
    assert bool(database.lock_in_words(course, wrapped)) == ("locked" in says)


def test_a_student_for_whom_the_gradebook_was_locked_is_told_of_in_words(course):
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    said = problem_of(course, sqlalchemy.exc.OperationalError("INSERT", {}, error))
    assert said.split("\n")[0].startswith(f"{course.database_file} is locked by another program")


def test_a_lock_on_the_server_is_told_as_one(course):
    class Refused(Exception):
        sqlstate = "55P03"

    wrapped = sqlalchemy.exc.OperationalError("SELECT 1", {}, Refused("lock timeout"))
    assert "is locked by another program" in database.lock_in_words(course, wrapped)


def test_damaged_files_of_what_has_run_are_no_obstacle(course):
    """Each byte of a saved run flipped in turn: it is read as it was, or it runs again."""
    run = executed.Executed(new_notebook(), Execution(1))
    executed.save(course, "ann", LESSON, P2, run)
    path = course.executed / "ann" / LESSON / f"{P2}.json.gz"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert executed.load(course, "ann", LESSON, P2) in (None, run)


# One run at a time


@contextlib.contextmanager
def process(code):
    """Another Python that has run `code`; killed in the end."""
    started = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\ninput()"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert started.stdout.readline() == b"ready\n"
        yield started
    finally:
        started.kill()
        started.communicate()


RUN = """
from helpers.grading.machine import locks
from helpers.grading.settings import course_at
run = locks.alone(course_at(gradebook={0!r}))
run.__enter__()
"""
WORKER = """
from helpers.grading.machine import locks
lock = locks.of_worker({0!r})
assert lock
"""


def test_two_runs_do_not_meet(course, capsys):
    hand_in(ann=RIGHT)
    with process(RUN.format(str(course.gradebook))) as other:
        assert main(["class", "--sandbox", "none"]) == 2
        said = capsys.readouterr().err
        assert f"Another grading run is working on {course.gradebook}." in said
        assert locks.of_worker(course.lock), "its own workers can begin"
        other.send_signal(signal.SIGKILL)
        other.wait()
        with locks.alone(course):
            pass


def test_a_run_waits_for_the_workers_of_a_killed_one(course, monkeypatch):
    course.gradebook.mkdir()
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    with process(WORKER.format(str(course.lock))) as worker:
        with pytest.raises(NothingGraded, match="Another grading run"), locks.alone(course):
            pass
        monkeypatch.setattr(locks, "PATIENCE", 60)
        threading.Timer(1, worker.kill).start()
        start = time.monotonic()
        with locks.alone(course):
            assert time.monotonic() - start >= 0.9
            with process(WORKER.format(str(course.lock))):
                pass


def test_a_gradebook_that_cannot_be_made_is_said_in_words(course, capsys):
    hand_in(ann=RIGHT)
    course.gradebook.write_text("a file")
    assert main(["class", "--sandbox", "none"]) == 2
    assert f"{course.gradebook} cannot be written: File exists." in capsys.readouterr().err


OCCUPIED = """
import tempfile
from helpers.grading.machine.scratch import scratch
tempfile.tempdir = {0!r}
folder = scratch()
folder.__enter__()
"""


def test_temporary_folders_of_killed_runs_are_removed(tmp_path, monkeypatch):
    if not sys.platform.startswith("linux"):
        pytest.skip("what a killed process leaves is tested on Linux")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def left():
        return {path.name for path in tmp_path.iterdir()}

    with process(OCCUPIED.format(str(tmp_path))):
        with process(OCCUPIED.format(str(tmp_path))) as killed:
            assert len(left()) == 2
            killed.kill()
            killed.wait()
            fresh, old = tmp_path / f"{PREFIX}fresh", tmp_path / f"{PREFIX}old"
            for folder in (fresh, old):
                folder.mkdir()
            os.utime(old, (0, 0))
            (tmp_path / "of somebody else").mkdir()
            assert len(left()) == 5
            with scratch():
                assert len(left()) == 4
                assert Path(tempfile.mkdtemp()).parent.name in left()
        assert tempfile.gettempdir() == str(tmp_path)
        assert len(left()) == 3 and {fresh.name, "of somebody else"} < left()


def test_what_is_still_written_while_temporary_files_go_goes_too(tmp_path, monkeypatch):
    """As by a kernel without a sandbox, which notices late that the run has ended."""
    if not hasattr(os, "O_PATH"):
        pytest.skip("elsewhere folders are removed by other means")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    really, written = os.rmdir, []

    def rmdir(path, **more):
        if not written and Path(path).name.startswith(PREFIX):
            written.append(Path(path, "late"))
            written[0].write_text("in time")
        really(path, **more)

    monkeypatch.setattr(os, "rmdir", rmdir)
    with scratch():
        pass
    assert written and not [*tmp_path.iterdir()]


def test_a_folder_is_removed_however_deep(tmp_path):
    top, outside = tmp_path / "top", tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("x")
    top.mkdir()
    (top / "link").symlink_to(outside)
    here = os.getcwd()
    try:
        os.chdir(top)
        for _ in range(3000):
            os.mkdir("a")
            os.chdir("a")
        Path("file").write_text("x", encoding="utf-8")
        Path("link").symlink_to(outside)
    finally:
        os.chdir(here)
    (top / "a").chmod(0o000)
    remove(top)
    assert not top.exists() and (outside / "mine").exists()


def test_what_a_killed_run_was_writing_is_removed_but_no_student(course):
    written = course.submitted / "bob.new" / LESSON / f"{P2}.ipynb"
    written.parent.mkdir(parents=True)
    written.write_bytes(RIGHT)
    half = written.with_name(f"{P2}.ipynb.new")
    half.write_bytes(b"{")
    flow._remove_half_written(course)
    assert written.read_bytes() == RIGHT and not half.exists()


# Ctrl-C


def test_ctrl_c_waits_for_the_end_whichever_thread_gets_it():
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait, daemon=True)
    thread.start()
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), ctrl_c_later():
            signal.pthread_kill(thread.ident, signal.SIGINT)  # as NumPy's threads get it
            for _ in range(100):
                done.append(time.sleep(0.001))
    finally:
        ended.set()
    assert len(done) == 100
    with pytest.raises(KeyboardInterrupt):  # as before again
        signal.raise_signal(signal.SIGINT)


@a_run_of_the_grader
@pytest.mark.parametrize("seconds", (2, 4, 8))
def test_ctrl_c_is_answered_in_words(course, seconds):
    hand_in(ann=RIGHT)
    scratch = Path(tempfile.mkdtemp())  # short, as sockets' names have to be
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.grading", "class", "--sandbox", "none"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, all of which gets Ctrl-C
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said and "KeyboardInterrupt" not in said
    assert (process.returncode, "Stopped." in said) in ((130, True), (0, False)), said
    scratch.rmdir()  # nothing is left in it


# Where Python prints an exception and goes on.
FORGETFUL = {
    "__del__": "type('Gone', (), {'__del__': lambda gone: ctrl_c()})()",
    "a weak reference's end": "weakref.finalize(set(), ctrl_c)",
    "before a fork": "os.register_at_fork(before=ctrl_c)",
    "after a fork": "os.register_at_fork(after_in_parent=ctrl_c)",
}


@a_run_of_the_grader
@pytest.mark.parametrize("place", FORGETFUL)
def test_ctrl_c_is_not_lost_in(course, tmp_path, place):
    hand_in(ann=RIGHT)
    (tmp_path / "tqdm.py").write_text(  # imported before the real one
        "import os, signal, sys, time, weakref\n"
        "sys.path.pop(0)\n"
        "del sys.modules['tqdm']\n"
        "def ctrl_c():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(0.1)\n"
        f"{FORGETFUL[place]}\n"
        "from tqdm import *\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "helpers.grading", "class", "--sandbox", "none"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr and "KeyboardInterrupt" not in done.stderr
    assert (done.returncode, "Stopped." in done.stderr) == (130, True), done.stderr


# Run by Python before anything else: Ctrl-C when a module is first looked for.
CTRL_C_AT_AN_IMPORT = """
import os, signal, sys, time

class CtrlC:
    def find_spec(name, path=None, target=None):
        if name == {name!r}:
            sys.meta_path.remove(CtrlC)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)

sys.meta_path.insert(0, CtrlC)
"""


@a_run_of_the_grader
@pytest.mark.parametrize(
    "name", ("helpers.grading.command", "argparse", "numpy", "tqdm", "nbgrader", "sqlalchemy")
)
def test_ctrl_c_while_the_command_loads(course, tmp_path, name):
    (tmp_path / "sitecustomize.py").write_text(CTRL_C_AT_AN_IMPORT.format(name=name))
    done = subprocess.run(
        [sys.executable, "-m", "helpers.grading", "class"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "Stopped." in done.stderr) == (130, True), done.stderr
    assert "Traceback" not in done.stderr


@a_run_of_the_grader
def test_ctrl_c_within_an_exec_has_the_same_exit_code(course, tmp_path):
    """`python -m` keeps in mind that one was left by Ctrl-C, whoever caught it since."""
    code = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(5)"
    (tmp_path / "tqdm.py").write_text(f"exec({code!r})\n")  # imported in place of the real one
    done = subprocess.run(
        [sys.executable, "-m", "helpers.grading", "class"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "Stopped." in done.stderr) == (130, True), done.stderr


# What goes wrong costs one student or one page


@a_run_of_the_grader
def test_a_failure_costs_its_student_alone(course, capsys):
    hand_in(ann=RIGHT, bob=RIGHT, cem=RIGHT, dan=RIGHT)
    obstacles = [
        course.results / "bob", course.submitted / "cem", course.feedback / "dan",
        course.gradebook / "report.html" / "x",
    ]  # fmt: skip
    for path in obstacles:
        path.parent.mkdir(parents=True)
        path.write_text("in the way")
    assert grade(course) == 3
    said = capsys.readouterr().out
    assert f"bob, {P2}: The grader could not finish this notebook. " in said
    assert f"cem, {P2}: The grader could not finish this notebook. " in said
    assert f"The feedback page of dan, {P2}, could not be written: " in said
    assert "report.html could not be written: " in said
    assert f"ann, {P2}" not in said
    full = maximum(course), "graded"
    nothing = 0, "set aside"
    assert marks(course) == {"ann": full, "bob": nothing, "cem": nothing, "dan": full}

    for path in obstacles:
        path.unlink()
    (course.gradebook / "report.html").rmdir()
    assert grade(course) == 0
    assert marks(course) == dict.fromkeys(("ann", "bob", "cem", "dan"), full)
    assert (course.feedback / "dan" / LESSON / f"{P2}.html").is_file()


@a_run_of_the_grader
def test_a_locked_database_is_waited_for(course):
    hand_in(ann=RIGHT, bob=RIGHT)
    register(course, LESSON, released_notebooks(course, LESSON))
    ended = threading.Event()
    waits = []

    def lock():
        pause = 0.5  # seconds: a quick run, too, finds it locked
        while not ended.wait(pause):
            pause = 4
            with contextlib.closing(sqlite3.connect(course.database_file, timeout=60)) as database:
                database.execute("BEGIN EXCLUSIVE")
                waits.append(ended.wait(7))  # SQLite itself waits for 5 seconds
                database.rollback()

    thread = threading.Thread(target=lock)
    thread.start()
    try:
        assert grade(course) == 0
    finally:
        ended.set()
        thread.join()
    assert False in waits, "it was locked for all of the 7 seconds"
    assert marks(course) == dict.fromkeys(("ann", "bob"), (maximum(course), "graded"))
