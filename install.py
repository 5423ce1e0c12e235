"""Set up the course: make .venv beside this file and install the course's packages into it.

    python install.py          what the notebooks need, for students
    python install.py --all    what grading, building and testing need too

Both work on the same .venv and do nothing when it is up to date. One that has everything stays so
and serves students too. Needs only the standard library, and keeps to syntax that an old Python
can read, because its first duty is to tell whoever has a wrong Python so, in one sentence.
"""

from __future__ import print_function

import hashlib
import io
import os
import shutil
import subprocess
import sys

SUPPORTED = ((3, 11), (3, 12), (3, 13))
WANTED = "Python 3.11, 3.12 or 3.13"
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed")  # which set is in .venv, and in which state
STUDENTS = "requirements-students.txt"
WHOLE = "requirements.txt"

# Run by each candidate: what it is, as one line that any Python can print.
PROBE = (
    "import platform, sys, sysconfig; print('|'.join(['%d.%d.%d' % sys.version_info[:3],"
    " sys.platform, platform.machine(), sysconfig.get_platform(), sys.executable]))"
)


class Refusal(Exception):
    """Nothing can be set up; the message is the one sentence that says why."""


def probe(command):
    """What the Python that `command` starts says about itself, or None if it does not start."""
    try:
        process = subprocess.Popen(
            command + ["-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out = process.communicate()[0].decode("utf-8", "replace").strip()
    except OSError:
        return None
    fields = out.split("|")
    if process.returncode != 0 or len(fields) != 5:
        return None
    version, system, machine, build, path = fields
    return {"version": version, "system": system, "machine": machine, "build": build, "path": path}


def objection(python):
    """Why the course cannot run on `python` (a dict from `probe`), as one sentence, or None."""
    version = tuple(int(part) for part in python["version"].split("."))
    if version[:2] not in SUPPORTED:
        return "The course needs {}, and {} is Python {}.".format(
            WANTED, python["path"], python["version"]
        )
    # The platforms for which TensorFlow has wheels.
    served = {
        "linux": python["machine"] in ("x86_64", "aarch64"),
        "darwin": python["machine"] == "arm64",
        # By the interpreter's own build, since x64 Python runs on an ARM machine too.
        "win32": python["build"] == "win-amd64",
    }
    if not served.get(python["system"], False):
        return (
            "TensorFlow is made for Linux (x86_64, aarch64), macOS (Apple silicon) and Windows "
            "(64-bit x64), and {} is made for {}.".format(python["path"], python["build"])
        )
    return None


def candidates():
    """The commands that may start a suitable Python, the one that runs this file first."""
    yield [sys.executable]
    for major, minor in reversed(SUPPORTED):
        yield ["python{}.{}".format(major, minor)]
        if os.name == "nt":
            yield ["py", "-{}.{}".format(major, minor)]


def suitable_python():
    """The first suitable Python, as a dict from `probe`. Raises Refusal if there is none."""
    reason = None
    for command in candidates():
        python = probe(command)
        if python:
            why_not = objection(python)
            if why_not is None:
                return python
            reason = reason or why_not
    raise Refusal(reason or "The course needs {}, and no Python was found.".format(WANTED))


def stamp(requirements):
    """What STAMP says where `requirements` is installed: its name, and a hash that tells whether
    the files that say what is in .venv have changed since.
    """
    digest = hashlib.sha256()
    for name in (requirements, "pyproject.toml"):
        with io.open(os.path.join(ROOT, name), "rb") as file:
            digest.update(b"\0" + file.read())
    return "{} {}".format(requirements, digest.hexdigest())


def read(path):
    """The text of a file, or an empty one if it cannot be read."""
    try:
        with io.open(path, encoding="utf-8") as file:
            return file.read()
    except (IOError, ValueError):
        return ""


def run(command, complaint):
    """Run `command` with its output shown; Refusal(complaint) if it fails."""
    if subprocess.call(command) != 0:
        raise Refusal(complaint)


def install(requirements):
    """Bring .venv up to date with `requirements`, which is STUDENTS or WHOLE."""
    scripts = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
    inside = os.path.join(scripts, "python.exe" if os.name == "nt" else "python")
    present = probe([inside])
    usable = (
        present is not None
        and objection(present) is None
        # A virtual environment that was moved or copied runs, but its commands do not.
        and VENV in read(os.path.join(VENV, "pyvenv.cfg"))
    )
    installed = read(STAMP)
    if usable and installed.startswith(WHOLE + " "):
        requirements = WHOLE  # pip would renew a part and leave the rest at versions that differ
    if usable and installed == stamp(requirements):
        return

    if not usable:
        python = suitable_python()
        print("Setting up .venv with Python {version} ({path}).".format(**python))
        sys.stdout.flush()
        if os.path.isdir(VENV):
            shutil.rmtree(VENV)
        run(
            [python["path"], "-m", "venv", VENV],
            "{} could not make a virtual environment (its message is above).".format(
                python["path"]
            ),
        )
    elif os.path.exists(STAMP):
        os.remove(STAMP)  # until pip is through, .venv is neither the old set nor the new one
    run(
        [inside, "-m", "pip", "install", "--disable-pip-version-check"]
        + ["-r", os.path.join(ROOT, requirements)],
        "Installing did not finish (pip's message is above); the same command tries again.",
    )
    with io.open(STAMP, "wb") as file:
        file.write(stamp(requirements).encode("ascii"))


def main(arguments):
    if arguments not in ([], ["--all"]):
        print(
            "install.py knows one option, --all, and was given: {}".format(" ".join(arguments)),
            file=sys.stderr,
        )
        return 2
    os.chdir(ROOT)  # the requirements end with `-e .`
    try:
        install(WHOLE if arguments else STUDENTS)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:  # above all on Windows, where a file in use cannot be replaced
        print(
            "Could not renew .venv ({}): is JupyterLab still open?".format(error), file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
