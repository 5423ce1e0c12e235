"""Where notebooks get their kernels from: each a fresh one, in a world of its own if wanted.

A warm kernel is forked from a process, the zygote, that has imported what the notebooks import; a
cold one is a new Python. Both see the same and may do the same, so marks do not depend on it.
"""

from __future__ import annotations

import ast
import asyncio
import atexit
import functools
import itertools
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import psutil
import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase, LocalProvisioner

from helpers.asking import PROBES_VARIABLE
from helpers.grading.machine.scratch import remove
from helpers.grading.running import sandbox as sandboxes
from helpers.grading.running.limits import MEGABYTE, Clock
from helpers.grading.running.zygotes import (
    SHUTDOWN_TIMEOUT,
    NoZygote,
    Zygote,
    environment_at,
    take_over,
)
from helpers.personal import NUMBERS_VARIABLE, STUDENT_VARIABLE, own_numbers

if TYPE_CHECKING:
    from jupyter_client.connect import KernelConnectionInfo

    from helpers.grading.repair.released import Released

WARM, COLD = "warm", "cold"
MAX_MESSAGE_SIZE = 20 * MEGABYTE  # bytes; ZeroMQ drops a connection that brings a larger one
MAX_QUEUE_LENGTH = 50  # messages that wait on this side to be read
RETRY_INTERVAL = 5  # milliseconds, to reach a kernel that does not listen yet
MAX_FAILURES = 3
# helpers.keras starts TensorFlow's threads, and a process that has threads cannot be forked.
IN_PLACE_OF = {"helpers.keras": "tensorflow"}


@functools.cache
def kernels_for(
    kind: str, sandbox: str, modules: tuple[str, ...], begun: str = ""
) -> ColdKernels | WarmKernels:
    """This process's source of kernels.

    kind: "warm" or "cold". sandbox: "bubblewrap" or "none", which has cold kernels only. modules:
    from `modules_of`. begun: where a zygote can be had that was begun ahead, with these modules.
    """
    if kind == WARM and sandbox == sandboxes.BUBBLEWRAP:
        return WarmKernels(modules, begun)
    return ColdKernels(sandbox)


class ColdKernels:
    """Kernels that are new Pythons. sandbox: "bubblewrap" or "none".

    folder: in which each has its own, a new one unless it is given.
    """

    problem = ""

    def __init__(self, sandbox: str, folder: Path | None = None) -> None:
        self.sandbox = sandbox
        # A short name: socket paths end at 107 bytes.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="k"))
        self.folder.chmod(0o755)
        self._numbers = itertools.count()
        # A worker that is forked ends without this; its folder goes with the run's scratch.
        atexit.register(self.close)

    def close(self) -> None:
        """Remove everything; no kernel runs any more."""
        atexit.unregister(self.close)
        remove(self.folder)

    def prepare(self) -> None:
        """Do what takes long before the first kernel can start."""

    @contextmanager
    def manager(self, student: str) -> Iterator[_KernelManager]:
        """A KernelManager for one kernel, whose folders are gone afterwards.

        student: whose numbers the kernel has, by identifier.
        """
        own = self.folder / str(next(self._numbers))
        folders = KernelFolders(*(own / part for part in ("given", "sockets", "home")))
        try:
            for folder in (own, *asdict(folders).values()):
                folder.mkdir(mode=0o755)
            yield self._manager(folders, student)
        finally:
            remove(own)

    def _manager(self, folders: KernelFolders, student: str) -> _KernelManager:
        home = sandboxes.HOME if self.sandbox == sandboxes.BUBBLEWRAP else str(folders.home)
        environment = {**environment_at(home), **_own_environment(folders, student)}
        return _KernelManager(folders, self.sandbox, environment)


class WarmKernels(ColdKernels):
    """Kernels that are forked from a zygote in bubblewrap, or cold ones where that fails.

    modules: names of what the notebooks import. begun: where a zygote can be had that was begun
    ahead, or "". problem: why kernels are cold, or "".
    """

    def __init__(self, modules: Sequence[str], begun: str = "") -> None:
        self._begun = take_over(begun) if begun else None
        super().__init__(sandboxes.BUBBLEWRAP, self._begun.folder if self._begun else None)
        self.modules, self.problem, self._failures = modules, "", 0
        self._zygote: Zygote | None = None

    def close(self) -> None:
        self._end_zygote()
        super().close()

    def prepare(self) -> None:
        if self.problem or self._is_ready():
            return
        self._end_zygote()
        begun, self._begun = self._begun, None  # which is of use once
        try:
            self._zygote = Zygote(self.folder, self.modules, begun)
        except NoZygote as error:
            self.problem = str(error)

    def _manager(self, folders: KernelFolders, student: str) -> _KernelManager:
        manager = super()._manager(folders, student)
        self.prepare()
        if self._zygote:
            manager.provisioner = _Forking(parent=manager, kernel_spec=manager.kernel_spec)
            manager.provisioner.zygote = self._zygote
        return manager

    def failed(self, error: NoZygote) -> None:
        """Try a kernel from a new zygote next, or, if this happens again and again, a cold one."""
        assert self._zygote is not None  # what failed is its kernel
        self._failures = 1 if self._zygote.was_of_use else self._failures + 1
        self._end_zygote()
        if self._failures >= MAX_FAILURES:
            self.problem = str(error)

    def _is_ready(self) -> bool:
        """Whether the zygote lives and its last kernel is gone."""
        try:
            return self._zygote is not None and self._zygote.has_no_kernel()
        except NoZygote:
            return False

    def _end_zygote(self) -> None:
        if self._zygote:
            self._zygote.end()
            self._zygote = None


class _KernelManager(AsyncKernelManager):
    """Starts this Python's kernel, whatever kernel the notebook names, sealed off if wanted."""

    provisioner: LocalProvisioner | _Forking  # from the kernel's start on

    def __init__(self, folders: KernelFolders, sandbox: str, environment: dict[str, str]) -> None:
        transport = {"transport": "ipc", "ip": str(folders.sockets / "k")}
        super().__init__(
            connection_file=str(folders.given / "connection.json"),
            **(transport if os.name == "posix" else {}),
        )
        self.folders, self.sandbox, self.environment = folders, sandbox, environment
        self.client_factory = _PromptClient

    # jupyter_client's stubs do not let an asynchronous manager have an asynchronous client.
    def client(self, **options: Any) -> AsyncKernelClient:  # type: ignore[override]
        client = super().client(**options)
        client.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_SIZE)
        client.context.setsockopt(zmq.RCVHWM, MAX_QUEUE_LENGTH)
        client.context.setsockopt(zmq.RECONNECT_IVL, RETRY_INTERVAL)
        return client

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")

    def hand_over(self) -> None:
        """Let the code inside own what it needs to."""
        sandboxes.give(self.connection_file)
        sandboxes.give(self.folders.sockets)

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        command = super().format_kernel_cmd(extra_arguments)
        if self.sandbox != sandboxes.BUBBLEWRAP:
            return command
        # The kernel is one of the first processes in its own world; only the sandbox itself is
        # known outside, so it is stopped by stopping that.
        self.hand_over()
        given, sockets = [self.folders.given], [self.folders.sockets]
        if sandboxes.holds_its_sockets():
            return sandboxes.bubblewrap(command, self.environment, given, empty=sockets)
        return sandboxes.bubblewrap(command, self.environment, given, sockets)

    def roots(self) -> list[str]:
        """The folders below which the kernel's sockets may lie under their own paths."""
        if self.sandbox == sandboxes.BUBBLEWRAP and sandboxes.holds_its_sockets():
            number = self.provisioner.pid  # None once it has ended
            return sandboxes.roots(number) if number else []
        return [""]


class _PromptClient(AsyncKernelClient):
    """A kernel's client that notices at once when the kernel is ready.

    Its connections lead to the sockets that were there before any of the notebook's code ran: what
    may lie in their places later, a link for instance, is never looked at. It has no heartbeat: the
    process is watched, and what ends that channel waits for a thread that the kernel can keep busy
    for ever.
    """

    parent: _KernelManager
    _held: dict[int, int]  # the open files of the kernel's sockets, by port

    # nbclient awaits what this returns.
    async def start_channels(self, **channels: bool) -> None:  # type: ignore[override]
        self._held = {}
        if self.transport == "ipc":
            while not self._hold_sockets():
                if not await self._async_is_alive():
                    raise RuntimeError("The kernel ended while it started.")
                await asyncio.sleep(RETRY_INTERVAL / 1000)
        super().start_channels(**{**channels, "hb": False})

    def stop_channels(self) -> None:
        super().stop_channels()
        while self._held:
            os.close(self._held.popitem()[1])

    def _hold_sockets(self) -> bool:
        """Open the kernel's sockets, without following links; whether all are there."""
        ports = [*self._ports(), self.hb_port]
        roots = self.parent.roots()
        for port in set(ports) - {*self._held}:
            path = f"{self.ip}-{port}"
            for root in roots:
                with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                    flags = getattr(os, "O_PATH", 0) | os.O_NOFOLLOW
                    self._held[port] = os.open(f"{root}{path}", flags)
                    break
            else:
                return False
            status = os.fstat(self._held[port])
            if not stat.S_ISSOCK(status.st_mode) or status.st_uid not in sandboxes.owners():
                raise RuntimeError(f"What lies at {path} is not the kernel's socket.")
        return True

    def _ports(self) -> tuple[int, ...]:
        return self.iopub_port, self.shell_port, self.stdin_port, self.control_port

    def _connected(self, kind: int, port: int, identity: bytes | None) -> zmq.Socket[Any]:
        connected = self.context.socket(kind)
        connected.linger = 0
        if identity:
            connected.identity = identity
        if port in self._held:
            connected.connect(f"ipc:///proc/self/fd/{self._held[port]}")
        else:
            connected.connect(f"{self.transport}://{self.ip}:{port}")
        return connected

    def connect_iopub(self, identity: bytes | None = None) -> zmq.Socket[Any]:
        connected = self._connected(zmq.SUB, self.iopub_port, identity)
        connected.setsockopt(zmq.SUBSCRIBE, b"")
        return connected

    def connect_shell(self, identity: bytes | None = None) -> zmq.Socket[Any]:
        return self._connected(zmq.DEALER, self.shell_port, identity)

    def connect_stdin(self, identity: bytes | None = None) -> zmq.Socket[Any]:
        return self._connected(zmq.DEALER, self.stdin_port, identity)

    def connect_control(self, identity: bytes | None = None) -> zmq.Socket[Any]:
        return self._connected(zmq.DEALER, self.control_port, identity)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        assert timeout is not None  # nbclient gives one
        clock = Clock(timeout)
        while clock.left():
            request = self.kernel_info()
            with suppress(Empty):
                await self.shell_channel.get_msg(timeout=1)
                # Once this connection is heard, too, nothing that a cell sends can be missed.
                while not _ends(await self.iopub_channel.get_msg(timeout=0.05), request):
                    pass
                sandboxes.take_back(self.parent.folders.sockets)
                return
            if not await self._async_is_alive():
                raise RuntimeError("The kernel ended while it started.")
        raise RuntimeError(f"The kernel was not ready after {timeout} seconds.")


def _ends(message: dict[str, Any], request: str) -> bool:
    """Whether a message says that the kernel is done with a request, by its id."""
    return (
        message["parent_header"].get("msg_id") == request
        and message["msg_type"] == "status"
        and message["content"].get("execution_state") == "idle"
    )


class _Forking(KernelProvisionerBase):
    """Lets a _KernelManager have its kernel forked; jupyter_client calls all of this."""

    parent: _KernelManager
    zygote: Zygote | None = None
    process: psutil.Process | None = None  # the kernel

    @property
    def has_process(self) -> bool:
        return self.process is not None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        self.parent.write_connection_file()
        return await super().pre_launch(cmd=[], **options)

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        manager = self.parent
        assert self.zygote is not None
        manager.hand_over()
        self.process = self.zygote.fork(
            manager.folders, manager.connection_file, manager.environment
        )
        return manager.get_connection_info()

    async def poll(self) -> int | None:
        assert self.process is not None
        with suppress(psutil.Error):
            if self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
                return None
        return 0

    async def wait(self) -> int | None:
        assert self.process is not None
        with suppress(psutil.Error):
            self.process.wait(SHUTDOWN_TIMEOUT)
        return 0

    async def send_signal(self, signum: int) -> None:
        assert self.process is not None
        with suppress(psutil.Error):
            self.process.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        assert self.process is not None
        with suppress(psutil.Error):
            self.process.kill()
            self.process.wait(SHUTDOWN_TIMEOUT)

    async def terminate(self, restart: bool = False) -> None:
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        self.process = None


@dataclass(frozen=True)
class KernelFolders:
    """A kernel's folders outside."""

    given: Path  # what it reads
    sockets: Path  # where it can write
    home: Path  # without a sandbox; inside one it has another

    @property
    def probes(self) -> Path:
        """The file in which a check finds its Task."""
        return self.given / "probes.json"


def modules_of(notebooks: Iterable[Released]) -> tuple[str, ...]:
    """The names of the modules that released notebooks import, those in functions included."""
    found: dict[str, None] = {}
    for released in notebooks:
        for cell in released.notebook.cells:
            if cell.cell_type != "code":
                continue
            with suppress(SyntaxError):
                found |= dict.fromkeys(_imported(ast.parse(cell.source)))
    return tuple(found)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in IN_PLACE_OF:
            yield IN_PLACE_OF[node.module]
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # What is imported from a package may be a module, or bring one along.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own_environment(folders: KernelFolders, student: str) -> dict[str, str]:
    """What differs from kernel to kernel in their environment."""
    numbers = own_numbers(student)
    own = {NUMBERS_VARIABLE: json.dumps(asdict(numbers))} if numbers else {}
    return {
        **own,
        PROBES_VARIABLE: str(folders.probes),
        STUDENT_VARIABLE: student.replace("\0", "").encode("utf-8", "ignore").decode(),
    }
