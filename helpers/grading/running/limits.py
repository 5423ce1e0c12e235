"""How much of the machine a submission may use, and who sees to it.

The kernel (the operating system's) holds each process to its limits; `Watch` holds all processes of
a notebook together to theirs, whoever runs them: root is exempt from some of the former.
"""

import math
import os
import platform
import re
import stat
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from helpers.grading.running.memory_groups import MemoryGroup

GIGABYTE, MEGABYTE = 1_000_000_000, 1_000_000
MEMORY = 4 * GIGABYTE  # of all processes of a notebook; TensorFlow's take 1
ADDRESS_SPACE = 16 * GIGABYTE  # of one process: TensorFlow reserves much more than it uses
PROCESSES = 256
# Processes and threads that compute at the same moment, of all together. Up to FAIR_BUSY have the
# priority of any; more share what these would get, so that other notebooks lose nothing.
FAIR_BUSY = 2
MAX_BUSY = 100  # beyond which not even the lowest priority makes up for them
LOOKS = 3  # one after the other, at which so many are busy; each takes long where they are
STEP_OF_PRIORITY, LOWEST_PRIORITY = 1.25, 19  # what one step is worth; see sched(7)
THREADS = 1024  # of all processes together; TensorFlow starts some for each core
OPEN_FILES = 512  # of one process
MAX_OPEN_FILES = 1024  # of all together: what is in pipes and sockets is memory of no process
MAX_QUEUED = 100 * MEGABYTE  # bytes on their way through TCP, which are memory of no process
FILE_SIZE = 100 * MEGABYTE
FOLDER, MAX_FILES = 10 * MEGABYTE, 50  # where the sockets are
MAX_GROWTH_OF_GRADER = GIGABYTE  # by which the grader itself grows
SCRATCH = 200 * MEGABYTE  # of each of the temporary file systems
MAX_SCRATCH_FILES = 200_000  # in all of these; an empty one takes a thousand bytes of the system's
CPU_TIME = 1800  # seconds, of one process
POLL_INTERVAL = 0.2  # seconds
NAMELESS = " (deleted)"  # at the end of a path in /proc
TOO_MUCH_MEMORY = f"used more than {MEMORY // GIGABYTE} GB of memory"


def limited(command: Sequence[str]) -> list[str]:
    """`command` with limits for each process; wants the program prlimit."""
    limits: dict[str, int | str] = {
        "as": ADDRESS_SPACE,
        "nofile": OPEN_FILES,
        "fsize": FILE_SIZE,
        "cpu": CPU_TIME,
        "core": 0,
    }
    if _processes_are_counted_by_namespace():
        limits["nproc"] = THREADS
    limits |= _data()
    return ["prlimit", *(f"--{name}={limit}" for name, limit in limits.items()), *command]


def _data() -> dict[str, int | str]:
    """As much as there may be of what a worker has limited for itself; see machine.deadline."""
    if sys.platform == "win32":
        return {}
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    return {"data": "unlimited" if hard == resource.RLIM_INFINITY else hard}


def _processes_are_counted_by_namespace() -> bool:
    """Whether a limit on processes is one for the sandbox alone, as since Linux 5.14."""
    version = re.match(r"(\d+)\.(\d+)", platform.release())
    return version is not None and tuple(map(int, version.groups())) >= (5, 14)


class Watch:
    """Ends a notebook's processes when together they go beyond a limit.

    process: the first of them; those that it starts belong to it. folder: where they can write
    outside the sandbox. group: in which they are. broken: the limit that they went beyond, in
    words, or "".
    """

    def __init__(self, process: psutil.Process, folder: Path, group: MemoryGroup) -> None:
        self.process, self.folder, self.group, self.broken = process, folder, group, ""
        self._nice = self._looks_busy = 0
        self._deadline: tuple[str, Clock] | None = None  # what it is in words
        self._grader = psutil.Process()
        self._grader_before = self._grader.memory_info().rss
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()
        self._thread.join()

    def end(self, reason: str) -> None:
        """End all processes, because of `reason`."""
        self.broken = self.broken or reason
        for process in [self.process, *self._others()]:
            with suppress(psutil.Error):
                process.kill()

    @contextmanager
    def deadline(self, seconds: float, reason: str) -> Iterator[None]:
        """End all processes, because of `reason`, if this takes longer than `seconds`."""
        self._deadline = reason, Clock(seconds)
        try:
            yield
        finally:
            self._deadline = None

    def _look(self) -> None:
        _first_in_line()
        lasted = 0.0
        # Many processes take long to look at: others have at least as much time as this does.
        while not self._stopped.wait(max(POLL_INTERVAL, lasted)):
            start = time.monotonic()
            reason = self._too_much()
            lasted = time.monotonic() - start
            if reason:
                self.end(reason)
                return

    def _too_much(self) -> str:
        processes = [self.process, *self._others()]
        if len(processes) > PROCESSES:
            return f"started more than {PROCESSES} processes"
        if self._too_busy(processes):
            return f"kept more than {MAX_BUSY} processes or threads busy"
        if self.group.was_exceeded():  # of which the others, that still run, may know nothing
            return TOO_MUCH_MEMORY
        if _page_tables(processes) > MEMORY // 4:
            return "used too much memory for tables of memory"
        if self._memory(processes) > MEMORY:
            return TOO_MUCH_MEMORY
        if _queued(processes) > MAX_QUEUED:
            return f"kept more than {MAX_QUEUED // MEGABYTE} MB in connections that nobody reads"
        if _open_files(processes) > MAX_OPEN_FILES:
            return f"opened more than {MAX_OPEN_FILES} files"
        if _overfull(self.folder) or nameless(processes, self.folder) > FOLDER:
            return "wrote files where nothing but the kernel's connection has room"
        if files_in_memory(processes) > MAX_SCRATCH_FILES:
            return f"made more than {MAX_SCRATCH_FILES:,} files"
        if self._grader.memory_info().rss - self._grader_before > MAX_GROWTH_OF_GRADER:
            return "sent the grader more than it can take"
        deadline = self._deadline
        return deadline[0] if deadline and not deadline[1].left() else ""

    def _too_busy(self, processes: Iterable[psutil.Process]) -> bool:
        """Lower the priority of all threads as far as many are busy; whether they are too many."""
        threads = list(_threads(processes))
        busy = sum(is_busy for _, is_busy in threads)
        if busy > FAIR_BUSY:
            steps = math.ceil(math.log(busy / FAIR_BUSY, STEP_OF_PRIORITY))
            self._nice = max(self._nice, min(steps, LOWEST_PRIORITY))
        if self._nice:
            for number, _ in threads:
                _lower_priority(number, self._nice)
        self._looks_busy = self._looks_busy + 1 if busy > MAX_BUSY else 0
        return self._looks_busy >= LOOKS

    def _memory(self, processes: Iterable[psutil.Process]) -> int:
        """Bytes of all processes together; what they share counts once if there is much of it."""
        most = _memory(processes, "rss")
        if most <= MEMORY:
            return most
        held = self.group.held()
        # Each process's share takes long to find, and longer while they start further ones.
        return _memory(processes, "pss") if held is None else held

    def _others(self) -> list[psutil.Process]:
        try:
            return self.process.children(recursive=True)
        except psutil.Error:
            return []


def _first_in_line() -> None:
    """Let this thread compute before all others, where it may: it looks at who leaves no time."""
    with suppress(OSError, AttributeError):  # as root, and on Linux
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def _memory(processes: Iterable[psutil.Process], kind: str) -> int:
    """Bytes of all processes together. "rss" counts what they share once for each, "pss" once."""
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            found = process.memory_info()
            if kind == "pss":
                with suppress(psutil.AccessDenied):  # to all but root, perhaps
                    found = process.memory_full_info()
            total += getattr(found, kind, found.rss)
    return total


def _threads(processes: Iterable[psutil.Process]) -> Iterator[tuple[int, bool]]:
    """Yield (number, whether it computes now) for each thread; none where there is no /proc."""
    for process in processes:
        with suppress(OSError):
            for number in os.listdir(f"/proc/{process.pid}/task"):
                with suppress(OSError):
                    status = Path(f"/proc/{process.pid}/task/{number}/stat").read_bytes()
                    yield int(number), status.rpartition(b")")[2].split()[0] == b"R"


def _lower_priority(thread: int, nice: int) -> None:
    with suppress(OSError):  # it has ended
        if os.getpriority(os.PRIO_PROCESS, thread) < nice:
            os.setpriority(os.PRIO_PROCESS, thread, nice)
            # Where each session has a share of its own, it is the session's priority that counts.
            Path(f"/proc/{thread}/autogroup").write_text(str(nice), encoding="ascii")


def _page_tables(processes: Iterable[psutil.Process]) -> int:
    """Bytes of the tables that say where memory is: of no process, by other counts."""
    total = 0
    for process in processes:
        with suppress(OSError, ValueError):
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            found = re.search(r"^VmPTE:\s+(\d+) kB", status, re.MULTILINE)
            total += 1024 * int(found[1]) if found else 0
    return total


def _open_files(processes: Iterable[psutil.Process]) -> int:
    total = 0
    for process in processes:
        with suppress(psutil.Error, AttributeError):  # on Windows they are not counted so
            total += process.num_fds()
    return total


def _queued(processes: Iterable[psutil.Process]) -> int:
    """Bytes that wait in TCP's connections of the notebook's own network, see proc_net(5)."""
    total = 0
    for process in _one_of_each(processes, "net"):
        for name in ("tcp", "tcp6"):
            with suppress(OSError, ValueError, IndexError):
                text = Path(f"/proc/{process.pid}/net/{name}").read_text(encoding="ascii")
                for line in text.splitlines()[1:]:
                    total += sum(int(queue, 16) for queue in line.split()[4].split(":"))
    return total


def _one_of_each(processes: Iterable[psutil.Process], kind: str) -> Iterator[psutil.Process]:
    """A process of each namespace that is not this one's; kind: as /proc/…/ns/ has it."""
    seen = {_namespace(os.getpid(), kind), ""}
    for process in processes:
        namespace = _namespace(process.pid, kind)
        if namespace not in seen:
            seen.add(namespace)
            yield process


def _namespace(process: int, kind: str) -> str:
    """What tells a process's network or mounts from others; "" where it cannot be seen."""
    with suppress(OSError):
        return os.readlink(f"/proc/{process}/ns/{kind}")
    return ""


def files_in_memory(processes: Iterable[psutil.Process]) -> int:
    """How many files, empty ones too, are in file systems in memory that are not this process's.

    Warm kernels' file systems have no room for more of them; bubblewrap's own have no such limit.
    """
    counts: dict[str, int] = {}
    here = {device for device, _ in _in_memory(os.getpid())}
    for process in _one_of_each(processes, "mnt"):
        for device, folder in _in_memory(process.pid):
            with suppress(OSError):
                status = os.statvfs(f"/proc/{process.pid}/root{folder}")
                counts[device] = status.f_files - status.f_ffree
    return sum(count for device, count in counts.items() if device not in here)


def _in_memory(process: int) -> Iterator[tuple[str, str]]:
    """Yield (device, folder) of each file system in memory that a process sees, see proc(5)."""
    with suppress(OSError):
        mounts = Path(f"/proc/{process}/mountinfo").read_text(encoding="utf-8", errors="replace")
        for line in mounts.splitlines():
            mount, _, kind = line.partition(" - ")
            if kind.startswith("tmpfs "):
                _, _, device, _, folder, *_ = mount.split()
                yield device, folder


def _overfull(folder: Path) -> bool:
    """Whether there is more in the folder of the sockets than there is use for."""
    total = 0
    with suppress(OSError):
        for number, entry in enumerate(os.scandir(folder)):
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                total += status.st_size
                if stat.S_ISDIR(status.st_mode) or number > MAX_FILES or total > FOLDER:
                    return True
    return False


def nameless(processes: Iterable[psutil.Process], folder: Path) -> int:
    """Bytes of the files in a folder that have lost their names, but are open, or in memory.

    They need room until the last process that uses them ends, and no listing shows them.
    """
    sizes: dict[str, int] = {}
    for process in processes:
        with suppress(OSError):
            for entry in os.scandir(f"/proc/{process.pid}/fd"):
                with suppress(OSError):
                    path = os.readlink(entry.path)
                    if path.startswith(f"{folder}/") and path.endswith(NAMELESS):
                        status = os.stat(entry.path)
                        inode = str(status.st_ino)
                        sizes[inode] = max(sizes.get(inode, 0), 512 * status.st_blocks)
        with suppress(OSError):
            maps = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace")
            for line in maps.splitlines():  # see proc_pid_maps(5)
                if line.endswith(NAMELESS) and f" {folder}/" in line:
                    addresses, _, offset, _, inode = line.split()[:5]
                    start, end = addresses.split("-")
                    size = int(offset, 16) + int(end, 16) - int(start, 16)
                    sizes[inode] = max(sizes.get(inode, 0), size)
    return sum(sizes.values())


class Clock:
    """The wall time that is left. allowed: seconds from now on."""

    def __init__(self, allowed: float) -> None:
        self.end = time.monotonic() + allowed

    def left(self) -> float:
        """Seconds, 0 if the time is over."""
        return max(0.0, self.end - time.monotonic())
