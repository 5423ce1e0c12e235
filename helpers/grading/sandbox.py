"""Seal a command off from the machine with bubblewrap."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import helpers
from helpers.grading.errors import NothingGraded

BUBBLEWRAP, NONE = "bubblewrap", "none"
# The instructor's half of helpers; students' code sees these folders empty.
INSTRUCTORS = ("grading", "authoring")
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime")
HOW_TO_INSTALL = "Install it with: sudo apt install bubblewrap (or dnf, pacman, zypper)."


def choose(wanted):
    """The sandbox to use, "bubblewrap" or "none", and a warning for the instructor or "".

    wanted: "auto", "bubblewrap" or "none". Raises NothingGraded if bubblewrap is demanded and
    does not work here.
    """
    if wanted == NONE:
        return NONE, (
            "Without a sandbox: the students' code runs with your rights on this machine, can read "
            "and change your files and use the network."
        )
    problem = bubblewrap_problem()
    if not problem:
        return BUBBLEWRAP, ""
    if wanted == BUBBLEWRAP:
        raise NothingGraded(f"{problem} {HOW_TO_INSTALL}")
    return NONE, (
        f"{problem} So the students' code runs WITHOUT a sandbox, with your rights on this "
        f"machine. {HOW_TO_INSTALL}"
    )


@functools.cache
def bubblewrap_problem():
    """Why bubblewrap cannot be used here, in a sentence; "" if it can."""
    if not shutil.which("bwrap"):
        return "bubblewrap, the sandbox, is not installed."
    try:
        command = bubblewrap(["true"], Path(os.devnull), {"PATH": "/usr/bin:/bin"}, writable=False)
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap, the sandbox, does not start ({error})."
    if done.returncode:
        reason = " ".join(done.stderr.split())[:200]
        return f"bubblewrap, the sandbox, does not work on this machine ({reason})."
    return ""


def bubblewrap(command, folder, environment, writable=True):
    """`command`, a list, as a bubblewrap command.

    Inside there is no network, no process but its own, and of the file system: the system's
    programs, Python and the student half of helpers, read-only, an empty /tmp, and `folder`, under
    its own path, writable. Its environment is `environment` and nothing else.
    """
    arguments = [
        *("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--hostname", "grading", "--clearenv"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        *("--ro-bind", "/usr", "/usr"),
    ]
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for name in ETC:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for path in _python_folders():
        arguments += ["--ro-bind", str(path), str(path)]
    package = Path(helpers.__file__).parent
    arguments += ["--ro-bind", str(package), str(package)]
    for name in INSTRUCTORS:
        if (package / name).is_dir():
            arguments += ["--tmpfs", str(package / name)]
    if writable:
        arguments += ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--", *command]


def _python_folders():
    """The folders that this Python needs, outside /usr, the outer before the inner."""
    folders = {Path(sys.prefix), Path(sys.base_prefix)}
    # The chain of links from a virtual environment's python to the real one.
    link = Path(sys.executable)
    while link.is_symlink():
        link = Path(os.path.normpath(link.parent / os.readlink(link)))
        folders.add(link.parent.parent)
    folders |= {folder.resolve() for folder in folders}
    return sorted(f for f in folders if not f.is_relative_to("/usr") and f != Path("/"))
