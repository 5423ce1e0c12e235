"""Grade a class: python -m helpers.grading SUBMISSIONS."""

import argparse
import sys

from helpers.grading import settings
from helpers.grading.errors import NothingGraded

NOTHING_DONE, SOME_NEED_A_PERSON, INTERRUPTED = 2, 3, 130


def arguments(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m helpers.grading",
        description="Grade a class: marks, verdicts and a feedback page for each notebook.",
        epilog="Exit codes: 0 all graded; 3 finished, but some submissions need a person (they are "
        "listed); 2 nothing could be done (it says why).",
    )
    parser.add_argument(
        "submissions", metavar="SUBMISSIONS",
        help="a zip as the learning platform gives it, or a folder <student>/…/<notebook>.ipynb",
    )  # fmt: skip
    parser.add_argument("--lesson", default="tutorial", help="a folder of notebooks/ (tutorial)")
    parser.add_argument("--gradebook", default="gradebook", help="where the results go (gradebook)")
    parser.add_argument("--workers", type=_count, help="notebooks run at once (one for each core)")
    parser.add_argument(
        "--sandbox", choices=("auto", "bubblewrap", "none"), default="auto",
        help="what seals off the students' code (auto: bubblewrap if it works here)",
    )  # fmt: skip
    parser.add_argument(
        "--cell-timeout", type=_count, default=settings.CELL_TIMEOUT, metavar="SECONDS",
        help=f"how long a cell may run ({settings.CELL_TIMEOUT})",
    )  # fmt: skip
    parser.add_argument(
        "--again", action="store_true", help="also grade what is finished and has not changed"
    )
    return parser.parse_args(argv)


def _count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wanted a whole number from 1 on, got {text!r}")
    return int(text)


def main(argv=None):
    """Grade a class and print what came of it. Returns the exit code."""
    options = arguments(argv)
    try:
        from helpers.grading import flow  # here, so that --help and a wrong option answer at once

        return SOME_NEED_A_PERSON if flow.grade_class(options) else 0
    except NothingGraded as error:
        print(f"Nothing was graded. {error}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print(
            "\nStopped. What is finished is kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return INTERRUPTED
    except Exception as error:
        print(
            f"Nothing was graded, for an unforeseen reason: {type(error).__name__}: {error}. "
            "What was finished before is kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return NOTHING_DONE


if __name__ == "__main__":
    sys.exit(main())
