"""A notebook's memory is counted by the operating system too, where it lets us have that."""

import subprocess
import sys

import psutil
import pytest

from helpers.grading.running import memory_groups
from helpers.grading.running.memory_groups import memory_group

MORE_THAN_THERE_IS_ROOM_FOR = """
import sys
sys.stdin.readline()
first = bytearray(b"x") * 50_000_000
print("some", flush=True)
sys.stdin.readline()
held = [bytearray(b"x") * 20_000_000 for _ in range(20)]
print("took it")
"""


def test_what_takes_more_than_the_group_may_have_is_ended():
    with memory_group(150_000_000) as group:
        if group.folder is None:
            pytest.skip("no group can be made here")
        process = subprocess.Popen(
            [sys.executable, "-c", MORE_THAN_THERE_IS_ROOM_FOR],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        group.take(psutil.Process(process.pid))
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"some\n"
        assert not group.was_exceeded() and 50_000_000 <= group.held() < 150_000_000
        assert process.communicate(b"\n") == (b"", None) and process.returncode < 0
        assert group.was_exceeded()
    assert not group.folder.exists()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that lets this process be in a group: the lines of its /proc/self/cgroup."""

    def machine(*lines):
        (tmp_path / "own").write_text("".join(f"{line}\n" for line in lines))
        return tmp_path / "fs"

    (tmp_path / "fs" / "a" / "b").mkdir(parents=True)
    (tmp_path / "fs" / "memory" / "c").mkdir(parents=True)
    monkeypatch.setattr(memory_groups, "GROUPS", tmp_path / "fs")
    monkeypatch.setattr(memory_groups, "OWN_GROUP", tmp_path / "own")
    monkeypatch.setattr(memory_groups, "PATIENCE", 0)
    return machine


@pytest.mark.parametrize(
    ("line", "inside", "limit", "event", "statistics"),
    [
        ("0::/a/b", "a/b", "memory.max", "memory.events", "anon 5\nfile 70\nshmem 2\n"),
        ("0::/out/of/sight", "", "memory.max", "memory.events", "anon 7\nanon_thp 3\n"),
        (
            *("4:cpu,memory:/c", "memory/c", "memory.limit_in_bytes", "memory.oom_control"),
            "cache 70\nrss 5\nrss_huge 1\nshmem 2\ntotal_rss 5\n",
        ),
    ],
)
def test_both_versions_of_groups(machine, line, inside, limit, event, statistics):
    root = machine("9:name=systemd:/x", line)
    with memory_group(1000) as group:
        assert group.folder.parent == root / inside
        assert (group.folder / limit).read_text() == "1000"
        (group.folder / event).write_text("oom 1\noom_kill 0\n")
        assert not group.was_exceeded()
        (group.folder / event).write_text("oom 1\noom_kill 2\n")
        assert group.was_exceeded()
        assert group.held() is None
        (group.folder / "memory.stat").write_text(statistics)
        assert group.held() == 7
        group.take(psutil.Process())
        assert int((group.folder / "cgroup.procs").read_text().split()[0]) > 0


def test_without_groups_there_is_no_limit_and_no_fault(machine):
    machine("nonsense")
    with memory_group(1000) as group:
        group.take(psutil.Process())
        assert group.folder is None and not group.was_exceeded() and group.held() is None
