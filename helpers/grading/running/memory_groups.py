"""A control group for the memory of one notebook's processes, where this machine lets us make one.

The operating system counts there what it charges to no process: tables of memory, full pipes and
sockets. See cgroups(7), and the kernel's documentation of both versions' memory controllers. Where
none can be made, `limits.Watch` is all there is.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

GROUPS, OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
PREFIX = "backprop-grading-"
# By version: the files of the limits, of which the first has to be there; and the one that says how
# often a process was ended for going beyond.
LIMITS = {1: ("memory.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes"), 2: ("memory.max",)}
EVENTS = {1: "memory.oom_control", 2: "memory.events"}
# What memory.stat calls the memory that cannot be given back: of processes, and of files in memory.
HELD = {1: ("rss", "shmem"), 2: ("anon", "shmem")}
PATIENCE = 2  # seconds, for processes that have just been ended to leave their group


class MemoryGroup:
    """Processes that have a limit of memory together; what goes beyond ends one of them.

    folder: the group, None where there is none, and so no limit. version: of control groups.
    """

    def __init__(self, folder: Path | None = None, version: int = 2) -> None:
        self.folder, self.version = folder, version

    def take(self, process: psutil.Process) -> None:
        """Let a process join, with what it has started; what they start later is in it too."""
        if self.folder is None:
            return
        with suppress(psutil.Error, OSError):  # it has ended, or may not be moved
            for one in (process, *process.children(recursive=True)):
                (self.folder / "cgroup.procs").write_text(str(one.pid), encoding="ascii")

    def was_exceeded(self) -> bool:
        """Whether a process was ended for going beyond the limit."""
        return re.search(r"^oom_kill [1-9]", self._read(EVENTS[self.version]), re.M) is not None

    def held(self) -> int | None:
        """Bytes that the processes hold together, None where nobody counts them.

        Known at once, however many processes there are.
        """
        counted = dict(re.findall(r"^(\w+) (\d+)$", self._read("memory.stat"), re.M))
        found = [int(counted[name]) for name in HELD[self.version] if name in counted]
        return sum(found) if found else None

    def _read(self, name: str) -> str:
        if self.folder is None:
            return ""
        try:
            return (self.folder / name).read_text(encoding="ascii")
        except OSError:
            return ""


@contextmanager
def memory_group(most: int) -> Iterator[MemoryGroup]:
    """A MemoryGroup for so many bytes; gone afterwards, when its processes have to have ended."""
    group = _new_group(most)
    try:
        yield group
    finally:
        if group.folder is not None:
            _remove(group.folder)


def _new_group(most: int) -> MemoryGroup:
    for version, parent in _parents():
        folder = parent / f"{PREFIX}{os.getpid()}-{time.monotonic_ns()}"
        needed, *others = LIMITS[version]
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / needed).write_text(str(most), encoding="ascii")
        except OSError:  # it has no limits where no controller was handed down to it
            _remove(folder)
            continue
        for name in others:
            with suppress(OSError):
                (folder / name).write_text(str(most), encoding="ascii")
        return MemoryGroup(folder, version)
    return MemoryGroup()


def _parents() -> Iterator[tuple[int, Path]]:
    """Yield (version, group) for the groups in which one may be made: this process's, and above.

    In version 2 a group that has processes cannot hand limits down, but the root of all can.
    """
    with suppress(OSError, ValueError):
        for line in OWN_GROUP.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            version = 2 if not controllers else 1
            root = GROUPS if version == 2 else GROUPS / "memory"
            own = root / path.lstrip("/")
            if version == 2 or "memory" in controllers.split(","):
                for folder in dict.fromkeys((own, own.parent, root)):
                    if folder.is_relative_to(root) and folder.is_dir():
                        yield version, folder


def _remove(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:  # a process is still on its way out
            time.sleep(0.02)
