"""The processes that kernels are forked from, and how one is begun ahead of all else.

What a zygote imports takes longer than anything else before the first mark. So a run begins one at
once, when it knows nothing yet of what was handed in, and imports what it needs itself meanwhile
(see `ahead`). This module imports little, so that "at once" is soon.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import psutil

import helpers
from helpers.grading.machine.ctrl_c import ctrl_c_later
from helpers.grading.running import limits, system_calls
from helpers.grading.running import sandbox as sandboxes
from helpers.grading.running.limits import Clock

if TYPE_CHECKING:
    from helpers.grading.running.kernels import KernelFolders

START_TIMEOUT = 120  # seconds, also for all imports of a zygote
SHUTDOWN_TIMEOUT = 10  # seconds
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of linux/prctl.h
ROOM = 65536  # bytes of a message that are read at once


class NoZygote(Exception):
    """Why kernels cannot be forked, in words."""


class Zygote:
    """The process that kernels are forked from (see helpers.grading.running.zygote).

    folder: in which all of its kernels have theirs. begun: the sandbox of one that has been begun
    for this folder, and told the modules, or None. Raises NoZygote if it cannot be started or
    forked, as the methods do once it has ended.
    """

    def __init__(
        self, folder: Path, modules: Sequence[str], begun: _TakenOver | None = None
    ) -> None:
        self._received, self._kernels = b"", 0
        self.was_of_use = False  # whether a kernel has come to its end
        self._sandbox = begun or _begin(folder)
        try:
            if not begun:
                self._send(_settings(folder, modules))
                self._receive(START_TIMEOUT)  # it is inside
            if self._receive(START_TIMEOUT)["threads"] > 1:
                raise NoZygote("What the notebooks import starts threads, so it cannot be forked.")
            self._process = psutil.Process(self._sandbox.pid)
            while children := self._process.children():
                (self._process,) = children
        except (psutil.Error, ValueError) as error:
            self.end()
            raise NoZygote(f"The process that kernels are forked from is lost ({error}).") from None
        except NoZygote:
            self.end()
            raise

    def fork(
        self, folders: KernelFolders, connection: str, environment: dict[str, str]
    ) -> psutil.Process:
        """Start a kernel; returns the process with whose end all of its processes end.

        connection: the path of its connection file.
        """
        order = {
            "given": str(folders.given),
            "sockets": str(folders.sockets),
            "own_sockets": limits.FOLDER if sandboxes.holds_its_sockets() else 0,
            "connection": connection,
            "environment": environment,
        }
        self._send(_line(order))
        answer = self._receive(START_TIMEOUT)
        if "problem" in answer:
            raise NoZygote(f"Forking a kernel failed ({answer['problem']}).")
        self._kernels += 1
        try:
            (kernel,) = self._process.children()
        except (psutil.Error, ValueError):
            raise NoZygote("The forked kernel ended at once.") from None
        return kernel

    def has_no_kernel(self) -> bool:
        """Wait until the last kernel is gone, and all that it started; False if it stays."""
        while self._kernels:
            self._receive(SHUTDOWN_TIMEOUT)
            self._kernels -= 1
            self.was_of_use = True
        return self._sandbox.poll() is None

    def end(self) -> None:
        """End it, with everything that it started."""
        _end(self._sandbox)

    def _send(self, line: bytes) -> None:
        assert self._sandbox.stdin is not None  # it is a pipe
        try:
            self._sandbox.stdin.write(line)
            self._sandbox.stdin.flush()
        except OSError:
            raise NoZygote("The process that kernels are forked from has ended.") from None

    def _receive(self, seconds: float) -> dict[str, Any]:
        assert self._sandbox.stdout is not None  # it is a pipe
        clock = Clock(seconds)
        while b"\n" not in self._received:
            if not select.select([self._sandbox.stdout], [], [], clock.left())[0]:
                raise NoZygote("The process that kernels are forked from does not answer.")
            read = os.read(self._sandbox.stdout.fileno(), ROOM)
            if not read:
                raise NoZygote("The process that kernels are forked from has ended.")
            self._received += read
        line, _, self._received = self._received.partition(b"\n")
        return json.loads(line)


def _begin(folder: Path) -> subprocess.Popen[bytes]:
    """The sandbox of a new zygote, which imports already what every kernel does."""
    # What lies beside the program is not for the sandbox.
    program = shutil.copy(Path(__file__).with_name("zygote.py"), folder)
    command = sandboxes.bubblewrap(
        [sys.executable, str(program)],
        environment_at(sandboxes.HOME),
        writable=[folder],
        namespaces=True,
    )
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # and so a group of its own, to be ended together
        # Nothing else of this process's environment, in which there may be the course's secret.
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )


def _settings(folder: Path, modules: Sequence[str]) -> bytes:
    """What a zygote is told first. Raises NoZygote where kernels could not be sealed off."""
    # Here, since NumPy comes with it, which a run imports while its first zygote does so, too.
    from helpers.asking import PROBES_VARIABLE

    refused = system_calls.program()
    if not refused:
        raise NoZygote("This machine's system calls are not known here.")
    settings = {
        "modules": list(modules),
        # All its kernels will be graded: no picture's module is loaded for them.
        "environment": {PROBES_VARIABLE: ""},
        "empty": ["/tmp", sandboxes.HOME, "/dev/shm"],
        "size": limits.SCRATCH,
        "kernels": str(folder),
        "filter": base64.b64encode(refused).decode(),
    }
    return _line(settings)


def _line(what: object) -> bytes:
    return json.dumps(what).encode() + b"\n"


def _end(sandbox: subprocess.Popen[bytes] | _TakenOver) -> None:
    """End a zygote's sandbox, with everything in it."""
    # The others end with the first, but for a bubblewrap that is so new that it still waits for
    # the one outside, for ever. It has not left the group yet.
    if sandbox.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(sandbox.pid, signal.SIGKILL)
    sandbox.communicate()


def environment_at(home: str) -> dict[str, str]:
    """All the environment that any kernel gets; home: where it may write."""
    names = ("SYSTEMROOT", "TEMP", "TMP")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": str(Path(helpers.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "TZ": os.environ.get("TZ", "UTC"),
        "HOME": home,
        "USER": "student",
        "TMPDIR": home,
        "XDG_CACHE_HOME": home,
        "IPYTHONDIR": f"{home}/ipython",
        "JUPYTER_CONFIG_DIR": f"{home}/jupyter",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "KERAS_HOME": f"{home}/keras",
        # Several notebooks run at once: one thread each. TensorFlow: repeatable and quiet.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
    }


# Ahead of all else


class Ahead:
    """A zygote that has been begun before it is known what for, as the run sees it.

    folder: of its kernels. address: of the socket at which the first worker to ask gets it.
    """

    def __init__(self, folder: Path, address: Path, launcher: socket.socket) -> None:
        self.folder, self.address, self._launcher = folder, address, launcher
        self._is_inside: bool | None = None

    def is_inside(self) -> bool:
        """Wait until it runs in its sandbox; False if it never does."""
        if self._is_inside is None:
            self._launcher.settimeout(START_TIMEOUT)
            try:
                self._is_inside = bool(self._launcher.recv(ROOM))
            except OSError:
                self._is_inside = False
        return self._is_inside

    def load(self, modules: Sequence[str]) -> None:
        """Let it import what the notebooks import. If that fails, who takes it over is told."""
        with suppress(OSError, NoZygote):
            self._launcher.sendall(_settings(self.folder, modules))


@contextmanager
def ahead() -> Iterator[Ahead]:
    """Begin a zygote now, for the first worker that asks; ended afterwards, whoever has it.

    A sandbox ends with the process that started it, and has to end with the worker whose kernels it
    gives, which there is not yet. So a small process is forked from this one, the launcher: it
    starts the sandbox, hands its pipes over to a worker, and ends it when that worker ends. The
    launcher itself ends with this process. For Linux, and for the main thread; runs in
    `scratch.scratch`.
    """
    folder = Path(tempfile.mkdtemp(prefix="k"))  # short: socket paths end at 107 bytes
    folder.chmod(0o755)
    address = Path(tempfile.gettempdir(), "zygote")
    run, launcher = os.getpid(), 0
    here, there = socket.socketpair()
    try:
        with there, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen()
            with ctrl_c_later():
                launcher = os.fork()
                if not launcher:
                    here.close()
                    _launch(folder, there, listener, run)
        yield Ahead(folder, address, here)
    finally:
        with suppress(OSError):
            here.shutdown(socket.SHUT_RDWR)  # also where a fork has left the socket open
        here.close()
        if launcher:
            _end_launcher(launcher)
        address.unlink(missing_ok=True)


def _end_launcher(launcher: int) -> None:
    """Wait until the launcher, a process number, has ended its sandbox; or end it, and so both."""
    process = psutil.Process(launcher)
    try:
        process.wait(SHUTDOWN_TIMEOUT)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait()


def _launch(folder: Path, control: socket.socket, listener: socket.socket, run: int) -> NoReturn:
    """Be the launcher (see `ahead`). control: leads to the run, whose process number `run` is."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != run:  # it has ended just before
            os._exit(1)
        _leave_alone(control, listener)
        sandbox = _begin(folder)
        try:
            _hand_over(sandbox, folder, control, listener)
        finally:
            _end(sandbox)
    finally:
        os._exit(0)


def _leave_alone(*kept: socket.socket) -> None:
    """Close all other pipes and sockets that this process has inherited, and be silent.

    Somebody may wait for their end, which does not come as long as any process has them.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    numbers = {one.fileno() for one in kept}
    for descriptor in set(map(int, os.listdir("/proc/self/fd"))) - numbers:
        with suppress(OSError):  # the listing's own is closed already
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
                os.close(descriptor)


def _hand_over(
    sandbox: subprocess.Popen[bytes], folder: Path, control: socket.socket, listener: socket.socket
) -> None:
    """Pass on what the run and the zygote say, until a worker has it; then wait for an end."""
    assert sandbox.stdin is not None and sandbox.stdout is not None  # they are pipes
    watched: list[socket.socket | IO[bytes]] = [control, sandbox.stdout]
    while True:
        ready = select.select(watched, [], [])[0]
        if control in ready:
            settings = control.recv(ROOM)
            if not settings:  # the run is over
                return
            sandbox.stdin.write(settings)
            sandbox.stdin.flush()
        elif sandbox.stdout in ready:
            # Nothing beyond the first line: the worker hears the rest.
            said = os.read(sandbox.stdout.fileno(), 1)
            if not said:
                return
            if said == b"\n":
                control.sendall(b"inside")
                watched = [control, listener]
        elif listener in ready:
            worker, _ = listener.accept()
            what = {"number": sandbox.pid, "folder": str(folder)}
            pipes = sandbox.stdin.fileno(), sandbox.stdout.fileno()
            socket.send_fds(worker, [_line(what)], pipes)
            listener.close()  # nobody else gets it
            watched = [control, worker]
        else:  # the worker has ended, or wants it no more
            return


class _TakenOver:
    """A sandbox that the launcher has started, with so much of a Popen as `Zygote` needs.

    launcher: as long as it is open, the sandbox stays.
    """

    def __init__(self, launcher: socket.socket, said: bytes, pipes: Sequence[int]) -> None:
        what = json.loads(said)
        self.pid, self.folder = int(what["number"]), Path(what["folder"])
        self._process, self._launcher = psutil.Process(self.pid), launcher
        to, back = pipes
        self.stdin, self.stdout = os.fdopen(to, "wb"), os.fdopen(back, "rb")

    def poll(self) -> int | None:
        """None as long as it runs."""
        with suppress(psutil.Error):
            if self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE:
                return None
        return 0

    def communicate(self) -> None:
        """Let the launcher end what is left of it, and wait until that is done."""
        for pipe in (self.stdin, self.stdout):
            with suppress(OSError):
                pipe.close()
        with self._launcher, suppress(OSError):
            self._launcher.shutdown(socket.SHUT_WR)
            self._launcher.settimeout(SHUTDOWN_TIMEOUT)
            self._launcher.recv(1)


def take_over(address: str | Path) -> _TakenOver | None:
    """The zygote that has been begun ahead, to be had at `address`; None if another has it."""
    launcher = socket.socket(socket.AF_UNIX)
    pipes: list[int] = []
    try:
        launcher.settimeout(START_TIMEOUT)
        launcher.connect(str(address))
        said, pipes, _, _ = socket.recv_fds(launcher, ROOM, 2)
        for pipe in pipes:
            os.set_inheritable(pipe, False)
        return _TakenOver(launcher, said, pipes)
    except (OSError, ValueError, psutil.Error):
        launcher.close()
        for pipe in pipes:
            os.close(pipe)
        return None
