"""The gradebook's database: a file of SQLite's, or PostgreSQL, which several people can share."""

import ast
import os
import sqlite3
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.api import Base, Course, Gradebook
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from helpers.grading import settings
from helpers.grading.errors import NothingGraded
from helpers.grading.machine import locks
from helpers.grading.settings import PATIENCE, SQLITE, sqlite

VARIABLE = "BACKPROP_DB"
WANTED = "Expected: postgresql://user:password@host/name or sqlite:///folder/gradebook.db."
CREATE = "createdb --owner=USER --encoding=UTF8 --template=template0 NAME"
DRIVER = "postgresql+psycopg"  # which of its drivers a plain postgresql:// means differs by version
# This program's advisory locks: making the tables by this key alone, a lesson by this and its own.
KEY = 1_986_323_533
OPTIONS = {"connect_timeout": "20", "client_encoding": "utf8"}  # seconds
# In seconds: a computer that vanished loses its lock after a minute.
KEEP_ALIVE = (
    "SELECT set_config('tcp_keepalives_idle', '30', false), "
    "set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)
# How long a run waits in the beginning, while another program has the gradebook locked, in seconds;
# after the first of them it says so.
LOCK_TIMEOUT, SILENT = 180, 3
# SQLite's primary error codes for what is no fault of the file's, see sqlite.org/rescode.html.
BUSY, LOCKED = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED
NOT_OURS = (sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
# PostgreSQL's for a lock that did not come free in time, and for two that wait for each other.
LOCKED_ON_SERVER = ("55P03", "40P01")
DEFAULT_COURSE = "default_course"  # nbgrader's, which it enters whenever it is not there
# What nbgrader looks rows up by, where its own tables would be read from end to end.
LOOKED_UP_BY = (
    ("grade", "notebook_id"),
    ("comment", "notebook_id"),
    ("submitted_notebook", "assignment_id"),
)


# Which database


def chosen(url: str = "") -> str:
    """The database that `url` names, or else BACKPROP_DB, as nbgrader takes it; "" if neither does.

    Raises NothingGraded, in whose words there is no password.
    """
    url = (url or os.environ.get(VARIABLE, "")).strip()
    return _as_nbgrader_takes_it(url) if url else ""


def _as_nbgrader_takes_it(url: str) -> str:
    kind, _, rest = url.partition(":")
    kind = kind if rest.startswith("//") else ""
    if kind not in ("postgresql", DRIVER, "sqlite"):
        came = f"An address that begins with {kind}:// came" if kind else "Something else came"
        raise NothingGraded(f"This cannot be the address of a database: {came}. {WANTED}")
    try:
        parsed = make_url(url)
        readable = url.partition("?")[0].count("@") <= 1
    except (ArgumentError, ValueError):
        readable = False
    if not readable:
        raise NothingGraded(
            f"The address {kind}://… of the database cannot be read. {WANTED} In a user's name or "
            "a password write %40 for @, %3A for :, %2F for /, %3F for ? and %25 for %."
        )
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.host or parsed.query:
            raise NothingGraded(f"The address sqlite://… of the database names no file. {WANTED}")
        return sqlite(Path(parsed.database).resolve())
    if not parsed.database:
        raise NothingGraded(f"The address {_shown(parsed)} names no database. {WANTED}")
    _check_driver()
    parsed = parsed.set(drivername=DRIVER, query={**OPTIONS, **parsed.query})
    return parsed.render_as_string(hide_password=False)


def _check_driver() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise NothingGraded(
            "A gradebook in PostgreSQL needs the package psycopg, which cannot be loaded here. "
            f"Install it: {sys.executable} -m pip install 'psycopg[binary]'"
        ) from None


def shown(course: settings.Course) -> str:
    """The database as people may see it: its file, or its address without the password."""
    return str(course.database_file or _shown(make_url(course.database)))


def _shown(url: URL) -> str:
    # Without the options: the password may be one of them.
    return URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database
    ).render_as_string()


# Its tables


def open_gradebook(course: settings.Course) -> Gradebook:
    """nbgrader's Gradebook; use it with `with`, and not twice at once."""
    course.gradebook.mkdir(parents=True, exist_ok=True)
    find_alembic()
    return _gradebook(course.database)


# What SQLAlchemy has learnt about its queries is half of their time; connections are not kept.
@lru_cache(maxsize=4)
def _gradebook(url: str) -> Gradebook:
    return Gradebook(url)


@event.listens_for(Engine, "connect")
def _limit_waiting(connection: Any, _: object) -> None:
    """PostgreSQL waits for another's lock for ever; SQLite has its limit from the address.

    For all engines: nbgrader's Gradebook waits as soon as it is made.
    """
    if type(connection).__module__.partition(".")[0] == "psycopg":
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
        connection.commit()


def make(course: settings.Course) -> None:
    """Make nbgrader's tables, all or nothing; those that are there keep what they hold.

    Raises NothingGraded if there is something else in their place.
    """
    find_alembic()
    if not course.database_file:
        _make_on_server(course)
    elif not _is_whole(course.database_file):
        _make_file(course.database_file)


def find_alembic() -> None:
    """nbgrader runs the program `alembic`, which lies beside this Python."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if programs not in path.split(os.pathsep):
        os.environ["PATH"] = programs + os.pathsep + path


def _is_whole(path: Path) -> bool:
    """Whether the file is there with all its tables: nbgrader notes the version last."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            return "alembic_version" in tables and bool(
                database.execute("SELECT * FROM alembic_version").fetchone()
            )
    except sqlite3.DatabaseError as error:
        raise NothingGraded(_why_unusable(path, error)) from error


def _why_unusable(path: Path, error: sqlite3.Error) -> str:
    """Why a file of SQLite's cannot be used, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (BUSY, LOCKED):
        return _locked(str(path))
    elsewhere = "grade into a new one with --gradebook"
    if code in NOT_OURS:
        advice = f"Its folder and it have to be yours to write; change that, or {elsewhere}."
    elif code in NO_ROOM:
        advice = "Look whether the disk is full or failing; the file is left as it is."
    else:
        advice = f"Move it away, or {elsewhere}."
    return f"{path} cannot be used as a gradebook: {error}. {advice}"


def _locked(where: str) -> str:
    return (
        f"{where} is locked by another program: perhaps JupyterLab with formgrader, another "
        "grading run, or a program that shows databases. Nothing is lost, and what is finished is "
        "kept. Close that program, or wait until it has ended, and give the same command again."
    )


def lock_in_words(course: settings.Course, error: BaseException) -> str:
    """What to do about an error, if it says that another program has the database; else ""."""
    original = getattr(error, "orig", None) or error
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        return _locked(shown(course)) if code in (BUSY, LOCKED) else ""
    return _locked(shown(course)) if getattr(original, "sqlstate", "") in LOCKED_ON_SERVER else ""


def wait_until_free(course: settings.Course, say: Callable[[str], None]) -> None:
    """Wait while another program has the gradebook locked, and say so.

    say: takes a sentence for the instructor. Raises NothingGraded after LOCK_TIMEOUT, or at once if
    the gradebook cannot be used. On a server each statement waits for itself.
    """
    path = course.database_file
    if path is None or not path.exists():
        return
    start, told = time.monotonic(), False
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("ROLLBACK")
            return
        except sqlite3.DatabaseError as error:
            waited = time.monotonic() - start
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code not in (BUSY, LOCKED) or waited > LOCK_TIMEOUT:
                raise NothingGraded(_why_unusable(path, error)) from error
            if waited > SILENT and not told:
                told = True
                say(
                    f"{path} is locked by another program, perhaps JupyterLab with formgrader. "
                    f"Waiting for it, up to {LOCK_TIMEOUT / 60:g} minutes."
                )


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    if path.exists():
        with closing(sqlite3.connect(path)) as half, closing(sqlite3.connect(new)) as copy:
            half.backup(copy)
    with _engine(f"{SQLITE}{new}") as engine, engine.begin() as connection:
        _make_tables(connection)
    os.replace(new, path)


def _make_on_server(course: settings.Course) -> None:
    with _engine(course.database) as engine, engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'"))
        # Of several runs that meet an empty database, one makes the tables; the others wait.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({KEY})"))
        tables = inspect(connection).get_table_names()
        if {"alembic_version", "course"} <= set(tables) and connection.scalar(
            text("SELECT 1 FROM alembic_version, course LIMIT 1")
        ):
            return
        _make_tables(connection)


def _make_tables(connection: Connection) -> None:
    """As nbgrader's Gradebook makes them, with the version that its upgrades go by, and indexed."""
    Base.metadata.create_all(connection)
    for table, column in LOOKED_UP_BY:
        name = f"{table}_by_{column}"
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})"))
    connection.execute(
        text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
    )
    if not connection.scalar(text("SELECT 1 FROM alembic_version")):
        connection.execute(
            text("INSERT INTO alembic_version VALUES (:version)"), {"version": newest_version()}
        )
    if not connection.scalar(select(Course.id).where(Course.id == DEFAULT_COURSE)):
        connection.execute(Course.__table__.insert().values(id=DEFAULT_COURSE))


def newest_version() -> str:
    """That of nbgrader's tables: the one of its upgrades that no other builds on.

    alembic, which runs them, says the same, but takes long to import.
    """
    builds_on: dict[str, str | None] = {}
    for path in (Path(api.__file__).parent / "alembic" / "versions").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = {
            name: ast.literal_eval(one.value)
            for one in tree.body
            if isinstance(one, ast.Assign)
            and (name := ast.unparse(one.targets[0])) in ("revision", "down_revision")
        }
        builds_on[said["revision"]] = said["down_revision"]
    (newest,) = set(builds_on) - set(builds_on.values())
    return newest


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


# One run for each lesson


@contextmanager
def alone(course: settings.Course, lesson: str) -> Iterator[None]:
    """Keep every other run from `lesson` in this database, wherever the other's gradebook lies.

    A file of SQLite's is for one run at a time, whatever the lesson. Raises NothingGraded if
    another run is working on it, or if the database cannot be used.
    """
    try:
        with _file(course.database_file) if course.database_file else _on_server(course, lesson):
            yield
    except (sqlite3.Error, DBAPIError) as error:
        said = lock_in_words(course, error)
        if not said:
            raise
        raise NothingGraded(said) from error


@contextmanager
def _file(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path.with_name(f".{path.name}.lock"), "ab")  # noqa: SIM115
    except OSError as error:
        raise NothingGraded(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        if not locks.lock(file):
            raise NothingGraded(
                f"Another grading run is working on {path}. Wait until it has ended."
            )
        yield


@contextmanager
def _on_server(course: settings.Course, lesson: str) -> Iterator[None]:
    """The server gives the lock back when this process ends, however it ends."""
    with _engine(course.database) as engine:
        try:
            connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            encoding = connection.scalar(text("SHOW server_encoding"))
            connection.execute(text(KEEP_ALIVE))
            key = zlib.crc32(lesson.encode()) - 2**31
            held = connection.scalar(text(f"SELECT pg_try_advisory_lock({KEY}, {key})"))
        except DBAPIError as error:
            raise _unusable(course, error) from None
        with connection:
            if encoding != "UTF8":
                raise NothingGraded(
                    f"The database {shown(course)} has the encoding {encoding}, which cannot hold "
                    f"all names. “{CREATE}” makes one that can."
                )
            if not held:
                raise NothingGraded(
                    f"Another grading run is working on the lesson {lesson} in {shown(course)}. "
                    "Wait until it has ended."
                )
            try:
                yield
                connection.execute(text("SELECT 1"))  # whether the lock was held to the end
            except OperationalError as error:
                if lock_in_words(course, error):
                    raise
                raise NothingGraded(
                    f"The database {shown(course)} was lost: {_in_words(error)} What was finished "
                    "before is kept; the same command goes on from there."
                ) from None
            except DBAPIError as error:
                if lock_in_words(course, error):
                    raise
                raise _unusable(course, error) from None


def _unusable(course: settings.Course, error: DBAPIError) -> NothingGraded:
    return NothingGraded(
        f"The database {shown(course)} cannot be used: {_in_words(error)} Expected: a PostgreSQL "
        f"server that runs, a database that is there (“{CREATE}” makes one), and a user who owns "
        "it, with the password."
    )


def _in_words(error: DBAPIError) -> str:
    """What the database said, in one line."""
    said = " ".join(str(error.orig).split())[:300]
    return said if said.endswith((".", "?")) else f"{said}."
