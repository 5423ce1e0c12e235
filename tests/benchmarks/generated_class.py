"""Grade a generated class through the real command and compare every verdict with the truth.

python -m tests.benchmarks.generated_class [--students 200] [--sandbox auto]

The tests do the same without kernels; this is the whole way, and takes some seconds a notebook.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.marking.judging import RIGHT
from helpers.marking.questions import questions_of
from tests.sample_class import write_zip
from tests.sample_class.generated import generated_class


def main():
    """Returns the exit code: 0 if every verdict is the expected one."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.generated_class")
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    students = generated_class(options.students)
    with tempfile.TemporaryDirectory() as folder:
        archive = write_zip(students, Path(folder) / "class.zip")
        gradebook = Path(folder) / "gradebook"
        start = time.perf_counter()
        command = [
            *(sys.executable, "-m", "helpers.grading", archive),
            *("--gradebook", gradebook, "--sandbox", options.sandbox),
        ]
        done = subprocess.run(list(map(str, command)))
        seconds = time.perf_counter() - start
        with open(gradebook / "checks.csv", encoding="utf-8-sig", newline="") as file:
            found = {
                (row["student"], row["question"], row["part"]): row["misconception"]
                or row["verdict"]
                for row in csv.DictReader(file)
            }
    expected = {
        (student.id, question.id, part.name): student.not_right.get(question.id, {}).get(
            part.name, RIGHT
        )
        for student in students
        for notebook in student.slips
        for question in questions_of(notebook).values()
        for part in question.parts
    }
    differ = [
        f"{' '.join(key)}: expected {how}, got {found.get(key)}"
        for key, how in expected.items()
        if set(str(found.get(key)).split(" + ")) != set(how.split(" + "))
    ]
    notebooks = sum(len(student.slips) for student in students)
    print(
        f"{len(students)} students, {notebooks} notebooks, {seconds:.0f} s, exit {done.returncode}"
    )
    print(f"{len(expected)} verdicts, {len(differ)} differ", *differ[:20], sep="\n")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
