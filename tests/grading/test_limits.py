"""What is counted of a notebook's processes together."""

import subprocess
import sys

import psutil
import pytest

from helpers.grading.running import limits

HOLDS = """
import mmap, os, sys
path = sys.argv[1] + "/held"
descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
os.write(descriptor, b"x" * 300_000)
{more}
print("holds it", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is /proc that shows it")
@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", False),  # it is in the folder's listing
        ("os.unlink(path)", True),
        ("os.unlink(path); other = os.dup(descriptor)", True),
        ("held = mmap.mmap(descriptor, 0); os.unlink(path)", True),
        ("held = mmap.mmap(descriptor, 0); os.unlink(path); os.close(descriptor)", True),
        ("os.unlink(path); os.close(descriptor)", False),
    ],
)
def test_files_without_a_name_are_counted(tmp_path, more, found):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS.format(more=more), tmp_path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"holds it\n"
    bytes_held = limits.nameless([psutil.Process(process.pid)], tmp_path)
    process.communicate(b"\n")
    assert (300_000 <= bytes_held < 600_000) if found else bytes_held == 0
