"""A real PostgreSQL server for tests, made by the programs of the system's packages."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "teacher", "s3cret-word"
PACKAGES = Path("/usr/lib/postgresql")  # where Debian keeps its programs, off the PATH


@dataclass
class Server:
    """A server on this computer that asks each connection for a password."""

    programs: Path
    folder: Path
    port: int

    def url(self, database, user=USER, password=PASSWORD):
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements, database="postgres"):
        """Execute statements, each on its own; returns the rows of the last, if it has any."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else None

    def create(self, database, encoding="UTF8"):
        """Make an empty database; returns its address."""
        self.execute(f"CREATE DATABASE {database} ENCODING '{encoding}' TEMPLATE template0")
        return self.url(database)

    def run(self, program, *arguments):
        """Run one of PostgreSQL's programs, which refuse to be root."""
        user = {}
        if os.geteuid() == 0:
            user = {"user": _unprivileged().pw_uid, "group": _unprivileged().pw_gid}
            user["extra_groups"] = []
        done = subprocess.run(
            [self.programs / program, "-D", self.folder / "data", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "said").open("ab"),  # a pipe would be the server's too
            stderr=subprocess.STDOUT,
            **user,
        )
        assert done.returncode == 0, (self.folder / "said").read_text()

    def start(self):
        settings = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c fsync=off"
        self.run("pg_ctl", "--wait", "-o", f"{settings} -c unix_socket_directories=", "start")

    def stop(self):
        self.run("pg_ctl", "--wait", "--mode=immediate", "stop")


def _unprivileged():
    import pwd  # which Windows does not have

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError("expected a user postgres or nobody, found neither")


def _programs():
    """The folder of initdb. Skips the test if it or the driver is missing; under CI it fails."""
    newest = sorted(PACKAGES.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    found = shutil.which("initdb", path=os.pathsep.join([os.environ["PATH"], *map(str, newest)]))
    try:
        import psycopg  # noqa: F401
    except ImportError:
        reason = "expected the driver psycopg, found none: pip install -r requirements.txt"
    else:
        reason = "" if found else "expected PostgreSQL, found none: apt-get install postgresql"
    if reason:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found).resolve().parent


@pytest.fixture(scope="module")
def server():
    """A running Server, removed afterwards."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            os.chown(folder, _unprivileged().pw_uid, _unprivileged().pw_gid)
            os.chmod(folder / "password", 0o644)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            made = Server(programs, folder, free.getsockname()[1])
        made.run(
            *("initdb", "--username", USER, "--pwfile", folder / "password", "--no-sync"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"),
        )
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)
