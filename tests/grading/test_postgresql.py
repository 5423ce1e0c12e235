"""The gradebook in PostgreSQL: several people and runs on one class."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import text

from helpers.grading.command import main
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import database, results
from helpers.grading.gradebook.entering import enter_student
from helpers.grading.gradebook.registration import register
from helpers.grading.repair.released import released_notebooks
from helpers.grading.running import sandbox
from helpers.grading.settings import course_at
from tests.postgresql import PASSWORD
from tests.sample_class.work import LESSON, ROOT, Notebook
from tests.sampling import a_long_run_of_the_grader, a_run_of_the_grader

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="bubblewrap and PostgreSQL are tested on Linux"
)
P2, LECTURE = "problem_2_pen_and_paper", "lecture"
IN_LECTURE = "3_activation_functions"
CHECK, ANSWER = "p2-relu-update", "p2-relu-update-answer"
# Of 50 points, 49 remain.
WRONG = Notebook(P2).edit("p2.sigmoid.update", ("b_o - eta", "b_o + eta"))
PYTHONPATH = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
TABLES = ("grades.csv", "checks.csv")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course of one notebook in each lesson, and a class of two in class/."""
    monkeypatch.chdir(tmp_path)
    for lesson, name in ((LESSON, P2), (LECTURE, IN_LECTURE)):
        (tmp_path / "notebooks" / lesson).mkdir(parents=True)
        shutil.copy(ROOT / "notebooks" / lesson / f"{name}.ipynb", f"notebooks/{lesson}")
    work = {"ann": [Notebook(P2), Notebook(IN_LECTURE)], "bob": [WRONG, Notebook(IN_LECTURE)]}
    for student, notebooks in work.items():
        Path("class", student).mkdir(parents=True)
        for notebook in notebooks:
            Path("class", student, f"{notebook.name}.ipynb").write_bytes(bytes(notebook))
    return tmp_path


@pytest.fixture
def sealed():
    if sandbox.bubblewrap_problem() and os.environ.get("CI") != "true":
        pytest.skip(sandbox.bubblewrap_problem())


def course_in(folder, url):
    return course_at(gradebook=folder, database=database.chosen(url))


def running(folder, url, *options):
    """A grading run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.grading", "class", "--gradebook", folder, *options],
        env={
            **os.environ,
            "PYTHONPATH": PYTHONPATH,
            "BACKPROP_DB": url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def until(happened, *runs):
    """Wait until happened(), as long as all `runs` go on."""
    while not happened():
        for run in runs:
            assert run.poll() is None, run.communicate()[0]
        time.sleep(0.05)


def lessons_held(server, name):
    ((number,),) = server.execute(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        f"WHERE locktype = 'advisory' AND datname = '{name}' AND objsubid = 2"
    )
    return number


def shown_in_formgrader(course):
    """What formgrader asks nbgrader's gradebook for, without what differs by chance."""

    def rows(found):
        return sorted(
            [{key: value for key, value in row.items() if key != "id"} for row in found],
            key=lambda row: row["student"],
        )

    with database.open_gradebook(course) as gradebook:
        return (
            sorted((row["id"], row["score"]) for row in gradebook.student_dicts()),
            rows(gradebook.submission_dicts(LESSON)),
            rows(gradebook.notebook_submission_dicts(P2, LESSON)),
            gradebook.average_assignment_score(LESSON),
            gradebook.average_notebook_code_score(P2, LESSON),
            gradebook.find_assignment(LESSON).to_dict() | {"id": ""},
        )


def rows(path):
    return path.read_text(encoding="utf-8-sig").splitlines()[1:]


def grades(course):
    """(student, lesson, notebook, points, maximum, state) of each row of grades.csv."""
    return [tuple(row.split(",")[:6]) for row in rows(course.gradebook / "grades.csv")]


# Grading


@a_long_run_of_the_grader
@pytest.mark.usefixtures("sealed")
def test_two_lessons_at_once_get_the_marks_that_sqlite_gives(root, server, capsys):
    url = server.create("at_once")
    runs = {
        LESSON: running("mine", url, "--lesson", LESSON),
        LECTURE: running("hers", url, "--lesson", LECTURE),
    }
    try:
        until(lambda: lessons_held(server, "at_once") == 2, *runs.values())
        for lesson in runs:
            assert main(["class", "--lesson", lesson, "--gradebook", "his", "--db", url]) == 2
            said = capsys.readouterr().err
            assert f"Another grading run is working on the lesson {lesson} in " in said
            assert PASSWORD not in said
        for run in runs.values():
            said = run.communicate()[0]
            assert run.returncode == 0, said
            assert PASSWORD not in said
    finally:
        for run in runs.values():
            run.kill()
    assert lessons_held(server, "at_once") == 0
    assert not list(root.glob("*/gradebook.db"))
    for path in root.glob("mine/**/*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()

    mine, hers = course_in("mine", url), course_in("hers", url)
    (released,) = released_notebooks(hers, LECTURE)
    maximum = f"{released.max_points:g}"
    of_both = (LECTURE, IN_LECTURE, maximum, maximum, "graded")
    assert grades(hers) == [("ann", *of_both), ("bob", *of_both)]
    assert main(["class", "--gradebook", "alone", "--db", "sqlite:///alone/gradebook.db"]) == 0
    for table in TABLES:
        assert rows(root / "mine" / table) == rows(root / "alone" / table)
    found = [row[3:] for row in grades(mine)]
    assert found == [("50", "50", "graded"), ("49", "50", "graded")]
    alone = course_at(gradebook="alone")
    students, *others = shown_in_formgrader(mine)
    students_alone, *others_alone = shown_in_formgrader(alone)
    assert others == others_alone
    # She has graded the lecture too.
    assert students == [(s, score + released.max_points) for s, score in students_alone]

    # Plain nbgrader, by nbgrader_config.py.
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "db", "student", "list"],
        cwd=ROOT,
        env={**os.environ, "BACKPROP_DB": url},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert "\nann " in done.stdout and "\nbob " in done.stdout


@a_run_of_the_grader
@pytest.mark.usefixtures("sealed")
def test_another_goes_on_where_a_run_was_killed(root, server, capsys):
    url = server.create("killed")
    mine, hers = course_in("mine", url), course_in("hers", url)
    run = running("mine", url, "--workers", "1")
    try:
        until(lambda: results.load_all(mine), run)
        assert lessons_held(server, "killed") == 1
    finally:
        run.kill()
        run.communicate()
    until(lambda: lessons_held(server, "killed") == 0)
    (first, *_) = results.load_all(mine)
    with database.open_gradebook(mine) as gradebook:
        gradebook.find_grade(CHECK, P2, LESSON, first.student).manual_score = 0.5
        comment = gradebook.find_comment(ANSWER, P2, LESSON, first.student)
        comment.manual_comment = "Come and see me."
        gradebook.db.commit()

    assert main(["class", "--gradebook", "hers", "--db", url]) == 0
    (released,) = released_notebooks(hers, LESSON)
    maximum, check = released.max_points, released.questions[CHECK].points
    with database.open_gradebook(hers) as gradebook:
        comment = gradebook.find_comment(ANSWER, P2, LESSON, first.student).comment
    assert comment == "Come and see me."
    wanted = {"ann": maximum, "bob": maximum - 1}
    wanted[first.student] += 0.5 - check
    found = [row.split(",") for row in rows(hers.gradebook / "grades.csv")]
    assert {row[0]: float(row[3]) for row in found} == wanted
    assert {row[5] for row in found} == {"graded"}


# The database


def test_runs_that_meet_an_empty_database_make_it_once(root, server):
    course = course_in("gradebook", server.create("empty"))
    start, failed = threading.Barrier(4), []

    def make():
        start.wait()
        try:
            database.make(course)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(start.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with database.open_gradebook(course) as gradebook:
        gradebook.add_student("ann")
    database.make(course)
    assert server.execute("SELECT * FROM student", "SELECT id FROM student", database="empty")
    assert len(server.execute("SELECT * FROM alembic_version", database="empty")) == 1


def test_tables_are_made_all_or_nothing(root, server, monkeypatch):
    course = course_in("gradebook", server.create("half"))

    def killed():
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(database, "newest_version", killed)
        with pytest.raises(KeyboardInterrupt):
            database.make(course)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert server.execute(tables, database="half") == []
    # What nbgrader leaves half made keeps what it holds.
    database.make(course)
    with database.open_gradebook(course) as gradebook:
        gradebook.add_student("ann")
    server.execute("DROP TABLE alembic_version", database="half")
    database.make(course)
    assert server.execute("SELECT id FROM student", database="half") == [("ann",)]
    assert len(server.execute("SELECT * FROM alembic_version", database="half")) == 1


def test_a_student_whom_two_runs_enter_at_once(root, server, monkeypatch):
    course = course_in("gradebook", server.create("twice"))
    register(course, LESSON, released_notebooks(course, LESSON))
    add = Gradebook.add_student

    def add_after_somebody_else(gradebook, student):
        monkeypatch.setattr(Gradebook, "add_student", add)
        with Gradebook(course.database) as other:
            other.add_student(student)
        return gradebook.add_student(student)

    monkeypatch.setattr(Gradebook, "add_student", add_after_somebody_else)
    with database.open_gradebook(course) as gradebook:
        enter_student(gradebook, course, LESSON, "ann")
        assert gradebook.find_submission_notebook(P2, LESSON, "ann").grades


HOLD = """
from helpers.grading.gradebook import database
from helpers.grading.settings import course_at
with database.alone(course_at(database=database.chosen("sqlite:///shared.db")), "lecture"):
    print("held", flush=True)
    input()
"""


@a_run_of_the_grader
def test_a_file_is_for_one_run_though_the_folders_differ(root, capsys):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert other.stdout.readline() == b"held\n"
        for db in ("sqlite:///shared.db", f"sqlite:///{root}/shared.db"):
            assert main(["class", "--gradebook", "hers", "--sandbox", "none", "--db", db]) == 2
            said = capsys.readouterr().err
            assert f"Another grading run is working on {root / 'shared.db'}." in said
    finally:
        other.kill()
        other.communicate()
    with database.alone(course_in("hers", "sqlite:///shared.db"), LESSON):
        pass


# Addresses


def test_the_option_overrides_the_variable(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert course_at().database_file == tmp_path / "gradebook" / "gradebook.db"
    monkeypatch.setenv("BACKPROP_DB", "sqlite:///of_all.db")
    assert course_at(database=database.chosen()).database_file == tmp_path / "of_all.db"
    given = course_at(database=database.chosen("postgresql://teacher@host/class"))
    assert given.database_file is None
    assert given.database.startswith("postgresql+psycopg://teacher@host/class?")
    assert database.chosen(given.database) == given.database
    assert "timeout=60" not in given.database
    assert "database" not in repr(given)


@pytest.mark.sampled(0.4)
@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (f"mysql://teacher:{PASSWORD}@host/class", "An address that begins with mysql:// came."),
        (f"postgres://teacher:{PASSWORD}@host/class", "begins with postgres:// came. Expected:"),
        (f"postgresql:{PASSWORD}://", "Something else came. Expected: postgresql://"),
        (f"{PASSWORD}", "Something else came. Expected: postgresql://"),
        (f"postgresql://t:{PASSWORD}@{PASSWORD}@host/class", "write %40 for @"),
        (f"postgresql://t:{PASSWORD}@host:{PASSWORD}/class", "cannot be read. Expected:"),
        (f"postgresql://t:{PASSWORD}@host", "The address postgresql://t@host names no database."),
        (f"postgresql://host?password={PASSWORD}", "The address postgresql://host names no"),
        ("sqlite://", "names no file. Expected:"),
        (f"sqlite:///gradebook.db?mode={PASSWORD}", "names no file. Expected:"),
    ],
)
def test_what_is_no_address_is_refused_in_words(root, capsys, url, wanted):
    assert main(["class", "--db", url]) == 2
    said = capsys.readouterr()
    assert wanted in said.err and said.err.startswith("Nothing was graded. ")
    assert PASSWORD not in said.out + said.err
    assert not Path("gradebook").exists()


def test_plain_nbgrader_opens_no_other_database(root):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "db", "student", "list"],
        cwd=ROOT,
        env={**os.environ, "BACKPROP_DB": f"mysql://teacher:{PASSWORD}@host/class"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith("This cannot be the address of a database: ")
    assert PASSWORD not in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_missing_driver_is_said_in_words(root, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert main(["class", "--db", f"postgresql://teacher:{PASSWORD}@host/class"]) == 2
    said = capsys.readouterr().err
    assert "needs the package psycopg" in said and "-m pip install 'psycopg[binary]'" in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (
            {"database": "unassigned"},
            'database "unassigned" does not exist. Expected: a PostgreSQL',
        ),
        ({"password": "s3cret-wrong"}, 'password authentication failed for user "teacher".'),
        ({"user": "stranger"}, 'password authentication failed for user "stranger".'),
        ({"port": 1}, "Connection refused"),
        ({"database": "ascii"}, "has the encoding SQL_ASCII, which cannot hold all names."),
        ({"user": "guest", "database": "postgres"}, "permission denied for schema public"),
    ],
)
def test_a_database_that_cannot_be_used(root, capsys, server, change, wanted):
    if change.get("database") == "ascii":
        server.create("ascii", "SQL_ASCII")
    if change.get("user") == "guest":
        server.execute(
            f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        )
    port = change.pop("port", server.port)
    url = server.url(**{"database": "postgres", **change}).replace(f":{server.port}", f":{port}")
    assert main(["class", "--sandbox", "none", "--db", url]) == 2
    said = capsys.readouterr()
    warning, last = said.err.splitlines()
    assert warning.startswith("Warning: Without a sandbox")
    assert last.startswith("Nothing was graded. The database postgresql://") and wanted in last
    assert "s3cret" not in said.out + said.err


def test_a_server_that_goes_away_is_said_in_words(root, server):
    course = course_in("gradebook", server.create("away"))
    with (
        pytest.raises(NothingGraded, match="was lost: .* the same command goes on"),
        database.alone(course, LESSON),
    ):
        server.stop()
        server.start()
    with database.alone(course, LESSON):
        pass


def test_a_lock_that_another_holds_is_said_in_words(root, server, monkeypatch):
    """Somebody's transaction is left open: the wait for it ends, and it is said what to do."""
    course = course_in("gradebook", server.create("locked"))
    database.make(course)
    monkeypatch.setattr(database, "PATIENCE", 1)
    database._gradebook.cache_clear()
    with database._engine(course.database) as engine, engine.connect() as other:
        other.execute(text("LOCK TABLE student"))
        with pytest.raises(NothingGraded, match="is locked by another program"):
            with database.alone(course, LESSON), database.open_gradebook(course) as gradebook:
                gradebook.update_or_create_student("ann")
    database._gradebook.cache_clear()
