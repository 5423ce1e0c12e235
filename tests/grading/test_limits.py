"""What is counted of a notebook's processes together."""

import subprocess
import sys
import time

import psutil
import pytest

from helpers.grading.running import limits
from helpers.grading.running.memory_groups import MemoryGroup

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


KEEPS_BUSY = """
import os, time
os.nice(19)
for number in range({processes}):
    if os.fork() == 0:
        while True:
            pass
print("they are busy", flush=True)
time.sleep(1000)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="submissions run there only")
def test_many_busy_processes_are_ended_whatever_time_they_have(tmp_path):
    source = KEEPS_BUSY.format(processes=limits.MAX_BUSY + 5)
    started = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    process = psutil.Process(started.pid)
    assert started.stdout.readline() == b"they are busy\n"
    children = process.children()
    watch = limits.Watch(process, tmp_path, MemoryGroup())
    try:
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.1)
        assert watch.broken == f"kept more than {limits.MAX_BUSY} processes or threads busy"
        _, left = psutil.wait_procs(children, timeout=60)
        assert left == []
    finally:
        watch.end("the test is over")
        watch.stop()
        started.communicate()
