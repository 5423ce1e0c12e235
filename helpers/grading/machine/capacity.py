"""How much of the machine a run may use, in a container or a batch job too."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

# Version 2 of Linux's control groups, see cgroups(7).
GROUPS, OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def cores() -> int:
    """How many cores this process may use, at least 1."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shares = (int(time) / int(of) for time, of in _settings("cpu.max") if time != "max")
    return max(1, min([own, *map(math.ceil, shares)]))


def memory() -> int:
    """How many bytes of memory this process and those that it starts can still have."""
    most = (int(limit) for (limit,) in _settings("memory.max") if limit != "max")
    return min([psutil.virtual_memory().available, *most])


def _settings(name: str) -> Iterator[list[str]]:
    """The words of a setting, for each control group that this process is in and that has it."""
    with suppress(OSError):
        for line in OWN_GROUP.read_text(encoding="utf-8").splitlines():
            hierarchy, _, path = line.partition("::")
            group = GROUPS / path.lstrip("/")
            for folder in (group, *group.parents) if hierarchy == "0" else ():
                if folder.is_relative_to(GROUPS):
                    with suppress(OSError):
                        yield (folder / name).read_text().split()
