"""What the command line says: python -m helpers.grading SUBMISSIONS grades a class.

More commands: `export` gives marks and pages back to a platform, `forget` deletes a student's data,
and where each student has their own numbers there are `secret` and `sheets`. (Submissions in a
folder that is called like a command are ./grade, ./export and so on.)
"""

import argparse
import re
import secrets
import shutil
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.grading import settings
from helpers.grading.errors import NO_ROOM, NothingGraded, is_for_lack_of_room
from helpers.grading.lateness import options
from helpers.grading.machine import surroundings
from helpers.grading.machine.imports import quick_imports
from helpers.grading.machine.scratch import scratch
from helpers.grading.printable import print_whatever_comes, printable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from helpers.grading.running import zygotes

NOTHING_DONE, SOME_NEED_A_PERSON, INTERRUPTED = 2, 3, 130
COMMANDS = ("grade", "sheets", "secret", "export", "forget")


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What the command line says. Its first word is one of COMMANDS, or else what to grade."""
    parser = argparse.ArgumentParser(prog="python -m helpers.grading")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_grade(commands)
    _add_sheets(commands)
    _add_secret(commands)
    _add_export(commands)
    _add_forget(commands)
    return parser.parse_args(argv if argv and argv[0] in COMMANDS else ["grade", *argv])


def _add_grade(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "grade",
        prog="python -m helpers.grading",
        description="Grade a class: marks, verdicts and a feedback page for each notebook.",
        epilog="Exit codes: 0 all graded; 3 finished, but some submissions need a person (they are "
        "listed); 2 nothing could be done (it says why). Each student their own numbers: "
        "“python -m helpers.grading secret” makes the course's secret, “python -m helpers.grading "
        "sheets --students list.csv” the work sheets to print.",
    )
    parser.add_argument(
        "submissions",
        metavar="SUBMISSIONS",
        nargs="?",
        help="a zip as the learning platform gives it, or a folder <student>/…/<notebook>.ipynb",
    )  # fmt: skip
    parser.add_argument("--lesson", default="tutorial", help="a folder of notebooks/ (tutorial)")
    parser.add_argument(
        "--students", metavar="LIST",
        help="the class list: what Moodle, Canvas, Blackboard or Brightspace exports, or a CSV "
        "file with the columns identifier,name,email (the list that was given last; without any, "
        "everybody's name)",
    )  # fmt: skip
    _add_rules(parser)
    parser.add_argument(
        "--student-pattern", metavar="REGEX",
        help="a regular expression with the group “student” in it, (?P<student>…), which finds in "
        "each file's path below SUBMISSIONS whose it is (by how the platforms name them)",
    )  # fmt: skip
    parser.add_argument(
        "--names", metavar="ENCODING",
        help="what file names are in that are not in UTF-8 and do not say: cp1252, say",
    )  # fmt: skip
    parser.add_argument("--gradebook", default="gradebook", help="where the results go (gradebook)")
    parser.add_argument(
        "--db", metavar="URL", default="",
        help="the gradebook's database: postgresql://user:password@host/name, which several "
        "people may share, or sqlite:///folder/gradebook.db (what the environment variable "
        "BACKPROP_DB says, or else gradebook.db where the results go)",
    )  # fmt: skip
    parser.add_argument(
        "--workers",
        type=_count,
        help="notebooks run at once (one for each core that has 1.5 GB of memory)",
    )
    parser.add_argument(
        "--sandbox", choices=("auto", "bubblewrap", "none"), default="auto",
        help="what seals off the students' code (auto: bubblewrap if it works here)",
    )  # fmt: skip
    parser.add_argument(
        "--cell-timeout", type=_count, default=settings.CELL_TIMEOUT, metavar="SECONDS",
        help=f"how long a cell may run ({settings.CELL_TIMEOUT})",
    )  # fmt: skip
    parser.add_argument(
        "--kernels", choices=("warm", "cold"), default="warm",
        help="fork each notebook's kernel from one that has its imports, or start a new Python; "
        "the marks are the same (warm, where there is a sandbox)",
    )  # fmt: skip
    parser.add_argument(
        "--dask", metavar="ADDRESS", type=_address,
        help="execute the notebooks on a Dask cluster: its scheduler, such as tcp://host:8786",
    )  # fmt: skip
    parser.add_argument(
        "--log", choices=("bar", "json"), default="bar",
        help="show a progress bar and a summary, or a line of JSON for each event (bar)",
    )  # fmt: skip
    parser.add_argument(
        "--dry-run", action="store_true",
        help="show what would be graded; nothing is run and nothing is written",
    )  # fmt: skip
    parser.add_argument(
        "--again", action="store_true", help="also grade what is finished and has not changed"
    )
    parser.add_argument(
        "--take-older", action="store_true",
        help="grade what is handed over even where a student has handed in something newer before",
    )  # fmt: skip
    parser.add_argument(
        "--tables", action="store_true",
        help="write tables, report and pages from the gradebook as it is now, after formgrader for "
        "instance; nothing is run",
    )  # fmt: skip
    parser.add_argument(
        "--rescore", action="store_true",
        help="score again after a change to questions or their marking; nothing that has run "
        "before is executed, unless it would now be asked something else",
    )  # fmt: skip


def _add_rules(parser: argparse.ArgumentParser) -> None:
    """What holds for a lesson; it is kept in the gradebook until something else is said."""
    parser.add_argument(
        "--due", metavar="TIME", type=options.due,
        help=f"when the lesson is due, with the zone: {options.DUE_EXAMPLE}",
    )  # fmt: skip
    parser.add_argument(
        "--grace", metavar="TIME", type=options.grace,
        help="what lateness is forgiven, 15m for instance; beyond it all of it counts",
    )  # fmt: skip
    parser.add_argument(
        "--late", metavar="RULE", type=options.late,
        help=f"what lateness costs of the points earned: “{options.LATE_EXAMPLE}”, for each day "
        "begun after it was due".replace("%", "%%"),
    )  # fmt: skip
    parser.add_argument(
        "--extensions", metavar="LIST",
        help="a CSV file with the columns identifier,due: later due dates of single students",
    )  # fmt: skip
    parser.add_argument(
        "--optional", metavar="NOTEBOOK=HOW", type=options.optional, action="append",
        help="what an optional notebook counts: bonus (its points count, and what there is to have "
        "does not grow), leave-out (nothing), or counts (as all others, again)",
    )  # fmt: skip


def _add_export(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "export",
        description="Write the file of marks that a learning platform imports, or its feedback "
        "files. Exit codes: 0 all students have their marks; 3 written, but some need a person; 2 "
        "nothing could be written.",
    )
    parser.add_argument(
        "--for", dest="platform", required=True,
        choices=("moodle", "canvas", "blackboard", "brightspace", "csv"), help="which platform",
    )  # fmt: skip
    parser.add_argument(
        "--students", metavar="LIST",
        help="the platform's own export, which is filled in (the class list of the gradebook)",
    )  # fmt: skip
    parser.add_argument(
        "--column", metavar="[NOTEBOOK=]COLUMN", action="append", default=[],
        help="which of the platform's columns takes the points, by its title or number; with a "
        "notebook's name before it, those of that notebook alone",
    )  # fmt: skip
    parser.add_argument(
        "--per-notebook", action="store_true",
        help="a column for each notebook in place of their total (csv and brightspace)",
    )  # fmt: skip
    parser.add_argument(
        "--scale", action="store_true",
        help="convert points to the platform's maximum where that is another",
    )  # fmt: skip
    parser.add_argument(
        "--zeros", action="store_true",
        help="write 0 for those who handed in nothing (nothing)",
    )  # fmt: skip
    parser.add_argument(
        "--feedback", action="store_true",
        help="write a zip with a page for each student in place of the marks",
    )  # fmt: skip
    parser.add_argument("--lesson", default="tutorial", help="a folder of notebooks/ (tutorial)")
    parser.add_argument(
        "--gradebook", default="gradebook", help="where the results are (gradebook)"
    )
    parser.add_argument("--db", metavar="URL", default="", help="the gradebook's database")
    parser.add_argument("--output", metavar="FILE", help="where to (in the gradebook)")


def _add_forget(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "forget", description="Delete all that a gradebook has of one student."
    )
    parser.add_argument(
        "student", metavar="STUDENT", help="the id in grades.csv, or the identifier"
    )
    parser.add_argument(
        "--gradebook", default="gradebook", help="where the results are (gradebook)"
    )
    parser.add_argument("--db", metavar="URL", default="", help="the gradebook's database")


def _add_sheets(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "sheets",
        description="Write the work sheet of Problem 2 for each student, with their own numbers.",
    )
    parser.add_argument(
        "--students", metavar="LIST", required=True, help="a CSV file, columns identifier,name"
    )
    parser.add_argument(
        "--output", default="sheets.pdf", help="where to: a .pdf, or an .html to print (sheets.pdf)"
    )


def _add_secret(commands: "argparse._SubParsersAction") -> None:
    commands.add_parser(
        "secret",
        description=f"Write a random course's secret to {_secret_file()}, where each student's "
        "copy of the course needs it too. One that is there stays.",
    )


def _secret_file() -> Path:
    from helpers.personal import SECRET_FILE

    return SECRET_FILE


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)


def _address(text: str) -> str:
    if not re.fullmatch(r"([a-z]+://)?\S+:\d+", text):
        raise argparse.ArgumentTypeError(
            f"expected a scheduler's address, such as tcp://host:8786, got {text!r}"
        )
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says, and print what came of it. Returns the exit code."""
    given = arguments(sys.argv[1:] if argv is None else argv)
    if given.command == "sheets":
        return write_sheets(given.students, given.output)
    if given.command == "secret":
        return write_secret()
    if given.command == "export":
        return export_marks(given)
    if given.command == "forget":
        return forget(given)
    if not given.submissions and not given.tables:
        print(
            "Nothing was graded. What is to be graded? Expected a zip or a folder of submissions, "
            "such as: python -m helpers.grading class.zip",
            file=sys.stderr,
        )
        return NOTHING_DONE
    return grade(given)


def grade(given: argparse.Namespace) -> int:
    """Grade a class. Returns the exit code.

    What the first mark waits for is imports, some three seconds in all, so two processes import at
    the same time. In this order:

    1.  A zygote, from which kernels are forked, begins in its sandbox: NumPy, Matplotlib, IPython.
        Nothing large is imported here before.
    2.  This process imports the rest: nbgrader's database, nbclient and our own rooms.
    3.  The server from which workers are forked is itself forked, so they have all of that.
    4.  Intake tells which notebooks there are, and so what else the zygote has to import (`flow`).
    5.  The workers begin, and execute the first notebooks. The first to come takes the zygote over;
        the others begin their own.
    6.  Meanwhile the lesson is entered in the gradebook, and what was handed in is kept.
    7.  The first notebooks are graded: scored, entered, saved. Pages come after the marks.
    """
    print_whatever_comes()
    try:
        if not (given.dry_run or given.tables):
            surroundings.check()
        with scratch(), _zygote_ahead(given) as begun:
            with quick_imports():
                from helpers.grading import flow, tables_only
                from helpers.grading.running import processes

            if given.tables:
                return SOME_NEED_A_PERSON if tables_only.write_tables(given) else 0
            if given.dry_run:
                return SOME_NEED_A_PERSON if flow.show_class(given) else 0
            with processes.fork_server():
                return SOME_NEED_A_PERSON if flow.grade_class(given, begun) else 0
    except NothingGraded as error:
        print(printable(f"Nothing was graded. {error}"), file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print(
            "\nStopped. What is finished is kept; the same command goes on from there.",
            file=sys.stderr,
        )
        return INTERRUPTED
    except ModuleNotFoundError as error:
        print(
            f"Nothing was graded. The package {error.name} is not installed here; students have no "
            "need of it. Install what grading needs with `python install.py --all`, or with "
            "`pip install -r requirements.txt`.",
            file=sys.stderr,
        )
        return NOTHING_DONE
    except Exception as error:
        said = (
            f"Nothing was graded. {NO_ROOM}."
            if is_for_lack_of_room(error)
            else f"Nothing was graded, for an unforeseen reason: {type(error).__name__}: {error}. "
            "What was finished before is kept; the same command goes on from there."
        )
        print(printable(said), file=sys.stderr)
        return NOTHING_DONE


def _zygote_ahead(given: argparse.Namespace) -> "AbstractContextManager[zygotes.Ahead | None]":
    """A zygote that begins now, if this command will need one here; gone afterwards."""
    runs_nothing = given.tables or given.dry_run or given.rescore
    is_sealed_off = given.sandbox != "none" and given.kernels == "warm"
    can_be = sys.platform == "linux" and shutil.which("bwrap") and shutil.which("prlimit")
    if runs_nothing or given.dask or not (is_sealed_off and can_be):
        return nullcontext()
    from helpers.grading.running import zygotes  # it is for Linux

    return zygotes.ahead()


def export_marks(given: argparse.Namespace) -> int:
    """Write the file that a platform imports. Returns the exit code."""
    print_whatever_comes()
    from helpers.grading.export import command

    try:
        done = command.write(given)
    except NothingGraded as error:
        print(printable(f"Nothing was exported. {error}"), file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print("\nStopped. Nothing was exported.", file=sys.stderr)
        return INTERRUPTED
    for sentence in (*done.notes, *done.needing):
        print(printable(sentence))
    print(printable(f"Exported: {done.path}"))
    return SOME_NEED_A_PERSON if done.needing else 0


def forget(given: argparse.Namespace) -> int:
    """Delete a student's data. Returns the exit code."""
    print_whatever_comes()
    from helpers.grading import forgetting

    try:
        students = forgetting.forget(given.student, given.gradebook, given.db)
    except NothingGraded as error:
        print(printable(f"Nothing was deleted. {error}"), file=sys.stderr)
        return NOTHING_DONE
    print(printable(
        f"Deleted: {', '.join(students)}. Tables and report are written anew; what was exported, "
        "and copies elsewhere, are not touched."
    ))  # fmt: skip
    return 0


def write_sheets(students: str, output: str) -> int:
    """Write the work sheets of a class. Returns the exit code."""
    from helpers.personal import sheets

    try:
        path = sheets.write(students, output)
    except NothingGraded as error:
        print(f"No sheets were written. {error}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print("\nStopped. No sheets were written.", file=sys.stderr)
        return INTERRUPTED
    unprintable = sheets.unprintable(students) if path.suffix.casefold() == ".pdf" else ()
    if unprintable:
        print(
            "Warning: no font here has all letters of "
            f"{', '.join(map(sheets.who, unprintable[:5]))}{', …' if unprintable[5:] else ''}. "
            "--output sheets.html leaves them to the browser.",
            file=sys.stderr,
        )
    print(f"Sheets: {path}")
    return 0


def write_secret() -> int:
    """Write a random course's secret unless there is one. Returns the exit code."""
    path = _secret_file()
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    except FileExistsError:
        print(f"{path} is there already, and stays: it decides everybody's numbers.")
        return NOTHING_DONE
    except OSError as error:
        print(f"{path} cannot be written: {error.strerror}.", file=sys.stderr)
        return NOTHING_DONE
    print(f"Secret: {path}\nGive it to the students with the course, at the same place.")
    return 0
