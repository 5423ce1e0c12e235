"""Write the sample class as a Moodle zip, grade it and print the table: `make demo`."""

import argparse
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

from helpers.grading.running import sandbox
from helpers.personal import NO_SECRET, SECRET_VARIABLE
from tests.sample_class import STUDENTS, write_zip

SECONDS_PER_CELL = 60  # one student's loop never ends


def main():
    """Returns the exit code: 0, also when the grader says that some submissions need a person."""
    parser = argparse.ArgumentParser(prog="python -m tests.sample_class", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("gradebook/demo"))
    parser.add_argument("--sandbox", default=demo_sandbox())
    parser.add_argument("--write-only", action="store_true", help="write the zip, grade nothing")
    options = parser.parse_args()

    options.folder.mkdir(parents=True, exist_ok=True)
    archive = write_zip(STUDENTS, options.folder / "class.zip")
    print(f"{len(STUDENTS)} students in {archive}")
    if options.write_only:
        return 0
    gradebook = options.folder / "gradebook"
    if gradebook.exists():
        shutil.rmtree(gradebook)  # of an earlier demo, perhaps with other notebooks
    command = [
        *(sys.executable, "-m", "helpers.grading", archive, "--gradebook", gradebook),
        *("--cell-timeout", SECONDS_PER_CELL, "--sandbox", options.sandbox),
    ]
    # The made-up students worked with the course's numbers, whatever secret there is here.
    environment = {**os.environ, SECRET_VARIABLE: NO_SECRET}
    done = subprocess.run([str(part) for part in command], env=environment)
    if done.returncode != 2:
        print_table(gradebook / "grades.csv")
    return 0 if done.returncode in (0, 3) else done.returncode


def demo_sandbox():
    """ "auto" if there is a sandbox; else "none", since these students are made up."""
    return "none" if sandbox.bubblewrap_problem() else "auto"


def print_table(path):
    """Print the table of students and notebooks from a grades.csv."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    notebooks = sorted({row["notebook"] for row in rows})
    cells = {(row["student"], row["notebook"]): row for row in rows}
    shows = {student.id: student.shows for student in STUDENTS}
    print("\n" + " " * 32 + "".join(f"{n.split('_', 2)[2]:>18}" for n in notebooks))
    for student in dict.fromkeys(row["student"] for row in rows):
        line = f"{student:<32.32}"
        for notebook in notebooks:
            row = cells[student, notebook]
            points = f"{row['points']} / {row['max_points']}"
            known = row["state"] in ("graded", "repaired")
            line += f"{points if known else row['state'] if row['state'] != 'missing' else '-':>18}"
        print(f"{line}  {shows.get(student, '')}")


if __name__ == "__main__":
    sys.exit(main())
