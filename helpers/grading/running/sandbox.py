"""Seal a command off from the machine with bubblewrap."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

import helpers
from helpers.grading.errors import NO_ROOM, NothingGraded, is_for_lack_of_room
from helpers.grading.running import limits, system_calls

BUBBLEWRAP, NONE = "bubblewrap", "none"
# All of helpers that students' code sees. What is not named here is not there, so a new file stays
# hidden until somebody decides that submissions may read it.
VISIBLE = (
    "__init__.py",
    "checking.py",
    "course.py",
    "keras.py",
    "saved_functions.py",
    "older_notebooks.py",
    "activations.py",
    "network.py",
    "numerical.py",
    "reference.py",
    "sgd_step.py",
    "weight_space.py",
    "asking",
    "data",
    "pictures",
    "personal/__init__.py",
    "personal/problem_data.py",
)
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime")
HOME = "/home/student"  # inside
NOBODY = 65534  # who the code runs as when root grades: root's processes escape some limits
HOW_TO_INSTALL = "Install it with: sudo apt install bubblewrap (or dnf, pacman, zypper)."
OR_WITHOUT = (
    "It runs on Linux; on other systems grade in a virtual machine or container with Linux. To run "
    "code that you trust without a sandbox, say --sandbox none."
)


def choose(wanted: str, is_to_be_tried: bool = True) -> tuple[str, str]:
    """The sandbox to use, "bubblewrap" or "none", and a warning for the instructor or "".

    wanted: "auto", "bubblewrap" or "none". is_to_be_tried: not where code runs elsewhere, or runs
    in one already. Raises NothingGraded if a sandbox is wanted and none works here.
    """
    if wanted == NONE:
        return NONE, (
            "Without a sandbox: the students' code runs with your rights on this machine, can read "
            "and change your files, and use the network; it may also find out how it is marked."
        )
    problem = is_to_be_tried and bubblewrap_problem()
    if problem:
        raise NothingGraded(
            f"{problem} Students' code is not run without it. {HOW_TO_INSTALL} {OR_WITHOUT}"
        )
    return BUBBLEWRAP, ""


@functools.cache
def bubblewrap_problem() -> str:
    """Why bubblewrap cannot be used here, in a sentence; "" if it can.

    Raises NothingGraded if it cannot be tried on a full disk.
    """
    if not shutil.which("bwrap"):
        return "bubblewrap, the sandbox, is not installed."
    if not shutil.which("prlimit"):
        return "prlimit of util-linux, which sets the sandbox's limits, is not installed."
    folder = str(Path(helpers.__file__).parents[1])
    environment = {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        command = bubblewrap([sys.executable, "-c", "import helpers.asking"], environment)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        if is_for_lack_of_room(error):
            raise NothingGraded(f"{NO_ROOM}.") from error
        return f"bubblewrap, the sandbox, does not start ({error})."
    if done.returncode:
        reason = " ".join(done.stderr.split())[-200:]
        return f"bubblewrap, the sandbox, does not work on this machine ({reason})."
    return ""


def bubblewrap(
    command: Sequence[str],
    environment: Mapping[str, str],
    readable: Iterable[str | Path] = (),
    writable: Iterable[str | Path] = (),
    namespaces: bool = False,
    empty: Iterable[str | Path] = (),
) -> list[str]:
    """`command` as a bubblewrap command.

    Inside there is no network, no process but its own, no capability, and of the file system: the
    system's programs, Python and the student half of helpers, read-only; the folders `readable`,
    and `writable`, each under its own path; small temporary file systems, HOME among them, in which
    it starts. Its environment is `environment` and nothing else. namespaces: whether it can make
    namespaces inside. empty: folders that are there inside alone, small, empty and writable.
    """
    arguments = [
        "bwrap",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--hostname",
        "grading",
        "--clearenv",
        "--ro-bind",
        "/usr",
        "/usr",
    ]
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for name in ETC:
        arguments += _bind("--ro-bind-try", f"/etc/{name}")
    package = Path(helpers.__file__).parent
    arguments += ["--proc", "/proc", "--dev", "/dev", *_empty("/dev/shm"), "--remount-ro", "/dev"]
    arguments += [*_empty("/tmp"), *_empty(HOME), "--chdir", HOME]
    if package.is_relative_to("/usr") and "site-packages" not in package.parts:
        arguments += _empty(package.parent)  # solutions and, perhaps, the gradebook
    arguments += [*_python(), *_student_half(package)]
    for folder in readable:
        arguments += _bind("--ro-bind", folder)
    for folder in writable:
        arguments += _bind("--bind", folder)
    for folder in empty:
        arguments += [*_open_parents(folder), "--size", str(limits.FOLDER), "--tmpfs", str(folder)]
    arguments += ["--remount-ro", "/"]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    own_user = ["--unshare-user", "--cap-drop", "ALL"]
    if not namespaces:
        own_user += _no_more_namespaces()
    command = limits.limited(command)
    filtered = system_calls.program(namespaces=True)  # bubblewrap itself makes them
    if filtered:
        # bubblewrap reads the filter from an open file, which a shell can hand it.
        filter_path = f"/proc/{os.getpid()}/fd/{_filter_file(filtered).fileno()}"
        arguments = ["sh", "-c", 'exec 9<"$0" "$@"', filter_path, *arguments, "--seccomp", "9"]
    if not _as_root():
        return [*arguments, *own_user, "--", *command]
    for needed in ("SETUID", "SETGID", "SETPCAP"):
        arguments += ["--cap-add", f"CAP_{needed}"]
    return [
        *arguments,
        "--",
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
        "--no-new-privs",
        "--",
        "bwrap",
        *own_user,
        "--die-with-parent",
        "--dev-bind",
        "/",
        "/",
        "--",
        *command,
    ]


def holds_its_sockets() -> bool:
    """Whether a kernel has the folder of its sockets inside alone, where it has a size.

    So where an ordinary user grades. Where root does, the folder lies outside and is taken back
    (see `take_back`): in a container even root may not look into the sandbox.
    """
    return not _as_root() and _can_be_looked_into()


@functools.cache
def _can_be_looked_into() -> bool:
    """Whether this process can open what lies inside a sandbox that it has started."""
    command = bubblewrap(["cat"], {"PATH": os.defpath})
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None and process.stdout is not None  # they are pipes
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.read(1)  # once it says that back, it is inside
        return any(Path(f"{root}{HOME}").is_dir() for root in roots(process.pid))
    except OSError:
        return False
    finally:
        process.communicate()


def roots(number: int) -> list[str]:
    """The root folders of a process and of those that it has started, as seen from here."""
    try:
        process = psutil.Process(number)
        found = [process, *process.children(recursive=True)]
    except psutil.Error:  # it has ended
        return []
    return [f"/proc/{one.pid}/root" for one in found]


def give(path: str | Path) -> None:
    """Let the code inside own `path`, a file or folder outside."""
    if _as_root():
        os.chown(path, NOBODY, NOBODY)


def take_back(folder: str | Path) -> None:
    """Let the code inside make no more files in a `folder` that was given to it.

    Where the code runs as the one who grades, it could undo that.
    """
    if _as_root():
        os.chown(folder, 0, 0)


def owners() -> set[int]:
    """Who may own what a kernel makes outside."""
    return {os.geteuid(), NOBODY} if _as_root() else {os.geteuid()}


def _as_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def _bind(how: str, path: str | Path) -> list[str]:
    return [*_open_parents(path), how, str(path), str(path)]


def _open_parents(path: str | Path) -> list[str]:
    """The folders above `path`, which would else be as closed as outside, to /root for instance."""
    parents = [p for p in reversed(Path(path).parents) if not p.is_relative_to("/usr")]
    return [word for p in parents[1:] for word in ("--perms", "0755", "--dir", str(p))]


def _empty(folder: str | Path) -> list[str]:
    """An empty file system in memory in place of `folder`."""
    return ["--size", str(limits.SCRATCH), "--perms", "1777", "--tmpfs", str(folder)]


def _student_half(package: Path) -> list[str]:
    """The folder of helpers with nothing in it but what is VISIBLE."""
    arguments = [*_open_parents(package), "--size", "1000000", "--perms", "0755"]
    arguments += ["--tmpfs", str(package)]
    for folder in sorted({str((package / name).parent) for name in VISIBLE if "/" in name}):
        arguments += ["--perms", "0755", "--dir", folder]
    for name in VISIBLE:
        arguments += ["--ro-bind", str(package / name), str(package / name)]
    return [*arguments, "--remount-ro", str(package)]


@functools.cache
def _no_more_namespaces() -> list[str]:
    """The option that keeps the code from making namespaces of its own, where bubblewrap has it."""
    known = subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout
    return ["--disable-userns"] if "--disable-userns" in known else []


@functools.cache  # which keeps the file open; it has no name, so it goes with this process
def _filter_file(program: bytes) -> IO[bytes]:
    """A file that holds `program`."""
    file = tempfile.TemporaryFile()
    file.write(program)
    file.flush()
    return file


def _python() -> list[str]:
    """This Python, outside /usr: its folders, and the links that lead to it from outside them."""
    found = {Path(sys.prefix), Path(sys.base_prefix)}
    found |= {folder.resolve() for folder in found}
    folders = sorted(f for f in found if not f.is_relative_to("/usr") and f != Path("/"))
    arguments: list[str] = []
    for folder in folders:  # the outer before the inner
        arguments += _bind("--ro-bind", folder)
    link = Path(sys.executable)
    while link.is_symlink():
        target = os.readlink(link)
        if not any(map(link.is_relative_to, (*folders, Path("/usr")))):
            arguments += ["--symlink", target, str(link)]
        link = Path(os.path.normpath(link.parent / target))
    return arguments
