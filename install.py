"""Set up the course: make .venv beside this file and install the course's packages into it.

    python install.py                         what the notebooks need, for students
    python install.py --without-tensorflow    the same for all but Problem 4, a quarter of the size
    python install.py --all                   what grading, building and testing need too
    python install.py --notebooks             no packages: only a pack's notebooks (see below)
    python install.py PACK.zip                first replaces this pack by a newer one

The first three work on the same .venv and do nothing when it is up to date. One that has more than
is asked for stays so. Needs only the standard library, and keeps to syntax that an old Python can
read, because its first duty is to tell whoever has a wrong Python so, in one sentence.

A pack (helpers/authoring/pack.py makes it) has its notebooks in release/, and this file copies
them to notebooks/. So whatever unpacks a newer pack over an older one never meets a notebook that
somebody works in, and the decision what may be replaced is made here, where it can be made.
"""

from __future__ import print_function

import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile

SUPPORTED = ((3, 11), (3, 12), (3, 13))
WANTED = "Python 3.11, 3.12 or 3.13"
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed")  # which set is in .venv, and in which state
STUDENTS = "requirements-students.txt"
WHOLE = "requirements.txt"
LIGHT = "without-tensorflow"  # STUDENTS, but for what Problem 4 alone needs
SETS = (LIGHT, STUDENTS, WHOLE)  # each is part of the next
# What is installed for TensorFlow and for nothing else that the notebooks need.
FOR_TENSORFLOW = (
    "absl-py astunparse flatbuffers gast google-pasta grpcio h5py keras libclang markdown-it-py "
    "mdurl ml-dtypes namex opt-einsum optree protobuf rich setuptools tensorflow tensorflow-cpu "
    "termcolor wheel wrapt"
).split()

PACK = "backpropagation"  # the folder in a pack
RELEASE = os.path.join(ROOT, "release")  # in a pack: <lesson>/<notebook>.json
NOTEBOOKS = os.path.join(ROOT, "notebooks")
PLACED = os.path.join(NOTEBOOKS, ".placed")  # which notebooks this file put there: their hashes

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
    for name in (STUDENTS if requirements == LIGHT else requirements, "pyproject.toml"):
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
    """Bring .venv up to date with `requirements`, one of the SETS."""
    if requirements == WHOLE and not os.path.exists(os.path.join(ROOT, WHOLE)):
        raise Refusal(
            "--all is for those who grade, build and test. A pack cannot do that; the course's "
            "repository can."
        )
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
    for larger in SETS[SETS.index(requirements) + 1 :]:
        if usable and installed.startswith(larger + " "):
            requirements = larger  # pip would renew a part and leave the rest at other versions
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
    options = []
    path = os.path.join(ROOT, requirements)
    if requirements == LIGHT:
        options = ["--no-deps"]  # the project itself asks for TensorFlow; all else is listed
        path = os.path.join(VENV, LIGHT + ".txt")
        write(path, without_tensorflow(read(os.path.join(ROOT, STUDENTS))).encode("utf-8"))
    run(
        [inside, "-m", "pip", "install", "--disable-pip-version-check"] + options + ["-r", path],
        "Installing did not finish (pip's message is above); the same command tries again.",
    )
    write(STAMP, stamp(requirements).encode("ascii"))
    jupyter = os.path.join(os.path.relpath(scripts, ROOT), "jupyter")
    print("\nReady. Open the notebooks with: {} lab notebooks".format(jupyter))
    sys.stdout.flush()


def without_tensorflow(requirements):
    """The text of a requirements file without the lines that only TensorFlow needs."""
    lines = requirements.splitlines(True)
    return "".join(line for line in lines if line.split("==")[0] not in FOR_TENSORFLOW)


def write(path, data):
    """Write a file whole or not at all: whoever is interrupted finds the old one or none."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        os.makedirs(folder)
    new = os.path.join(folder, "." + name + ".new")
    with io.open(new, "wb") as file:
        file.write(data)
    if os.path.exists(path):
        os.remove(path)  # renaming replaces it on some systems only
    os.rename(new, path)


def read_bytes(path):
    with io.open(path, "rb") as file:
        return file.read()


# A pack


def place_notebooks():
    """Copy a pack's notebooks to where students work, but over nobody's work.

    A notebook is replaced if it is as this file put it there. One that was only opened and saved
    may have been written anew by Jupyter, and counts as work. Does nothing in the repository.
    """
    placed = dict(line.split(" ", 1)[::-1] for line in read(PLACED).splitlines() if " " in line)
    before = dict(placed)
    for lesson in sorted(os.listdir(RELEASE)) if os.path.isdir(RELEASE) else ():
        for file in sorted(os.listdir(os.path.join(RELEASE, lesson))):
            if not file.endswith(".json"):
                continue
            name = "{}/{}.ipynb".format(lesson, file[: -len(".json")])
            data = read_bytes(os.path.join(RELEASE, lesson, file))
            path = os.path.join(NOTEBOOKS, *name.split("/"))
            new = hashlib.sha256(data).hexdigest()
            if os.path.exists(path):
                present = hashlib.sha256(read_bytes(path)).hexdigest()
                if present not in (new, placed.get(name)):
                    if new != placed.get(name):
                        print(KEPT.format(name))
                    continue
            else:
                present = None
            if present != new:
                write(path, data)
            placed[name] = new
    if placed != before:
        lines = ["{} {}\n".format(placed[name], name) for name in sorted(placed)]
        write(PLACED, "".join(lines).encode("utf-8"))


KEPT = (
    "notebooks/{0} has work in it and stays as it is. It goes on working. (To begin with the new "
    "one, give yours another name and give this line again.)"
)


def unpack(archive):
    """Replace this pack's files by those of a newer one, a zip. Raises Refusal, then changes none.

    What a pack brings is never in notebooks/.
    """
    if not os.path.isdir(RELEASE):
        raise Refusal("This folder is no pack, and cannot be replaced by one.")
    if not os.path.isfile(archive):
        raise Refusal("There is no file {}.".format(archive))
    files = files_of(archive)
    places = [name.split("/") for name in files]
    if PACK + "/install.py" not in files or not all(
        place[0] == PACK and place[1:2] not in ([], ["notebooks"]) and ".." not in place
        for place in places
    ):
        raise Refusal("{} is not a pack of this course, or it did not come whole.".format(archive))
    for name, place in zip(files, places):
        write(os.path.join(ROOT, *place[1:]), files[name])


def files_of(archive):
    """The files in a zip, by name; none if it is damaged or is no zip."""
    try:
        with zipfile.ZipFile(archive) as pack:
            return dict((n, pack.read(n)) for n in pack.namelist() if not n.endswith("/"))
    except zipfile.BadZipfile:
        return {}


def main(arguments):
    options = [a for a in arguments if not a.lower().endswith(".zip")]
    archives = [os.path.abspath(a) for a in arguments if a.lower().endswith(".zip")]
    sets = {"": STUDENTS, "--all": WHOLE, "--without-tensorflow": LIGHT, "--notebooks": None}
    if len(options) > 1 or len(archives) > 1 or "".join(options) not in sets:
        print(
            "install.py takes --without-tensorflow, --notebooks or --all, and a newer pack's zip. "
            "It was given: {}".format(" ".join(arguments)),
            file=sys.stderr,
        )
        return 2
    os.chdir(ROOT)  # the requirements end with `-e .`
    try:
        if archives:
            unpack(archives[0])
            # The newer pack knows best what is to be done with it.
            return subprocess.call([sys.executable, os.path.join(ROOT, "install.py")] + options)
        requirements = sets["".join(options)]
        if requirements:
            install(requirements)
        place_notebooks()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except (OSError, IOError) as error:  # on Windows above all, where a file in use stays
        print(
            "Could not write or read ({}): is JupyterLab still open?".format(error),
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
