"""What students get, as one zip: `python -m helpers.authoring.pack [--secret]`.

dist/backpropagation-<version>.zip holds the notebooks, the part of helpers that they need, and what
sets both up. Notebooks are in release/ in it, under names that nothing opens as a notebook, and
install.py copies them to notebooks/: so whatever unpacks a newer pack over an older one never meets
a notebook with work in it, nobody works in a file that the next pack replaces, and who hands in the
whole folder hands in each notebook once.
"""

import argparse
import io
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import helpers
from helpers.authoring import build, source
from helpers.authoring.errors import BuildError
from helpers.authoring.notebook_file import as_text
from helpers.authoring.release import release
from helpers.grading.running import sandbox
from helpers.marking.questions import NOTEBOOKS
from helpers.personal import SECRET_FILE, course_secret

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "backpropagation"  # in the zip. Without a version, so that newer lands on older.
README = "helpers/authoring/templates/students.md"
# All of the repository that a pack has. What is not named here is not in it, so a new file stays
# with the instructors until somebody decides that students get it.
BESIDE = (
    "LICENSE",
    "LICENSE-TEXT",
    "install.py",
    "pyproject.toml",
    "requirements-students.txt",
    "setup.py",
)
# Of helpers: what submissions see when they are graded, and what checks at home compare with.
HELPERS = (*sandbox.VISIBLE, "marking")
# Numbers of their own can be drawn by those only who have the secret, so both go together.
WITH_SECRET = ("personal/draws.py", "personal/likely.py")
# In those of HELPERS that are folders.
SUFFIXES = (".py", ".css", ".js", ".toml", ".woff2", ".npz")
NAMES = ("LICENSE_DEJAVU", "SOURCES.md")


def contents(root: Path, secret: str = "") -> dict[str, bytes]:
    """The files of the pack by their names in its folder. Raises BuildError if one is missing.

    secret: the course's, if it goes along.
    """
    wanted = {name: root / name for name in BESIDE}
    wanted["README.md"] = root / README
    for name in (*HELPERS, *(WITH_SECRET if secret else ())):
        for path in _files(root / "helpers" / name):
            wanted[path.relative_to(root).as_posix()] = path
    for name in NOTEBOOKS.values():
        found = sorted((root / "notebooks").glob(f"*/{name}.ipynb"))
        if len(found) != 1:
            raise BuildError(f"notebooks/*/{name}.ipynb: expected one, got {len(found)}.")
        wanted[f"release/{found[0].parent.name}/{name}.json"] = found[0]
    try:
        files = {name: path.read_bytes() for name, path in wanted.items()}
    except OSError as error:
        raise BuildError(f"The pack needs {error.filename}: {error.strerror}.") from None
    if secret:
        files[f"helpers/{SECRET_FILE.name}"] = f"{secret}\n".encode()
    return files


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or what belongs to the course in the folder and in those inside it."""
    if not path.is_dir():
        yield path
        return
    for found in path.rglob("*"):
        if found.is_file() and (found.suffix in SUFFIXES or found.name in NAMES):
            yield found


def as_zip(files: Mapping[str, bytes]) -> bytes:
    """The zip with these files, the same bytes whenever, wherever and from whatever order."""
    buffer = io.BytesIO()
    # Not compressed: what compresses differs from one Python to another, and a pack is small.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as pack:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}")  # its time is 1980
            entry.create_system = 3  # says how to read the rights, on every system
            entry.external_attr = 0o100644 << 16
            pack.writestr(entry, files[name])
    return buffer.getvalue()


def not_up_to_date(root: Path) -> list[str]:
    """Sentences on how notebooks/ differs from what its sources say. Raises BuildError."""
    lessons: dict[str, list[Path]] = {}
    for path in build.sources(root):
        lessons.setdefault(path.parent.name, []).append(path)
    files = {}
    for lesson, paths in lessons.items():
        here = {path.stem: source.read(path, f"solutions/{lesson}/{path.name}") for path in paths}
        for name, notebook in release(here, lesson).items():
            files[f"notebooks/{lesson}/{name}.ipynb"] = as_text(notebook)
    return list(build.changes(root, files))


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Make the pack from the command line. Returns the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.authoring.pack",
        description="Write dist/backpropagation-<version>.zip, which is what students get.",
        epilog="Exit 0: done; 2: not done, and why.",
    )
    parser.add_argument(
        "--secret",
        action="store_true",
        help="put the course's secret in, which gives each student their own numbers",
    )
    options = parser.parse_args(arguments)
    try:
        secret = course_secret()
        if options.secret and not secret:
            raise BuildError(
                "The course has no secret. `python -m helpers.grading secret` makes one."
            )
        old = not_up_to_date(root)
        if old:
            raise BuildError("\n".join([*old, "`make build` brings the notebooks up to date."]))
        files = contents(root, secret if options.secret else "")
    except (BuildError, ValueError) as error:
        print(f"{error}\nNo pack was made.", file=sys.stderr)
        return 2
    path = root / "dist" / f"{FOLDER}-{helpers.__version__}.zip"
    data = as_zip(files)
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data)
    os.replace(new, path)
    print(
        f"{path.relative_to(root).as_posix()}: {len(NOTEBOOKS)} notebooks, {len(files)} files, "
        f"{len(data) / 1e6:.1f} MB, {'with' if options.secret else 'without'} the course's secret."
    )
    if secret and not options.secret:
        print(
            "With this pack everybody has the course's numbers, while the grader, which finds the "
            "secret, expects each student's own. Make it with --secret, or grade with "
            "BACKPROP_COURSE_SECRET=none.",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
