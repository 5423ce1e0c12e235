"""python -m helpers.authoring [NOTEBOOK ...] [--check]"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from helpers.authoring.errors import BuildError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Build from the command line. Returns the exit code: 0, 1 (--check found differences) or 2."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.authoring",
        description="Build solutions/*/*.ipynb and notebooks/*/*.ipynb from solutions/*/*.md.",
        epilog="Exit 0: done; 1: --check found differences; 2: a source cannot be built.",
    )
    parser.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help="such as problem_3_numpy; without: all"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, say which files are not up to date"
    )
    options = parser.parse_args(arguments)

    # Slow to load: nbgrader, jupytext, IPython.
    from helpers.authoring import build

    start = time.monotonic()

    def report(path: Path) -> None:
        seconds = time.monotonic() - start
        print(f"{path.parent.name}/{path.stem}: executed, {seconds:.0f} s", flush=True)

    try:
        paths = build.sources(root, options.notebooks)
        files = build.build(root, paths, report)
    except BuildError as error:
        print(f"{error}\nNothing was changed.", file=sys.stderr)
        return 2
    without_source = [
        f"{name} has no source in solutions/ any more; delete it" for name in build.orphans(root)
    ]
    if options.check:
        found = [*build.changes(root, files), *without_source]
        print("\n".join(found or ["Everything is up to date."]))
        return 1 if found else 0
    changed = build.write(root, files)
    lines = [f"{name} written" for name in changed] or ["Nothing has changed."]
    print("\n".join([*lines, *without_source]))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
