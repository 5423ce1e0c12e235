"""A step that does not end ends its process, which says where it was."""

import re
import subprocess
import sys
import tempfile

from helpers.grading.machine import deadline
from tests.sample_class.work import ROOT

STUCK = """
import re, sys, tempfile
from helpers.grading.machine import deadline
tempfile.tempdir = sys.argv[1]
with deadline.deadlines("ann"):
    deadline.next_step(0.2)
    re.match("(a*)*b", "a" * 60)  # which lets no other thread run
"""


def test_a_step_that_takes_too_long_ends_its_process(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", STUCK, tmp_path], cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert re.search("Timeout.*line 7", deadline.overdue("ann"), re.DOTALL)
    assert deadline.overdue("bob") == ""


def test_what_ends_in_time_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with deadline.deadlines("ann"):
        deadline.next_step(60)
    assert deadline.overdue("ann") == "" and not list(tmp_path.iterdir())
