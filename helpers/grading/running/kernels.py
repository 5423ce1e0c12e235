"""Where notebooks get their kernels from: each a fresh one, in a world of its own if wanted.

A warm kernel is forked from a process, the zygote, that has imported what the notebooks import; a
cold one is a new Python. Both see the same and may do the same, so marks do not depend on it.
"""

import ast
import atexit
import base64
import functools
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty

import psutil
import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase

import helpers
from helpers.asking import PROBES_VARIABLE
from helpers.grading.machine.scratch import remove
from helpers.grading.running import limits, system_calls
from helpers.grading.running import sandbox as sandboxes
from helpers.grading.running.limits import MEGABYTE, Clock
from helpers.personal import NUMBERS_VARIABLE, STUDENT_VARIABLE, own_numbers

WARM, COLD = "warm", "cold"
MAX_MESSAGE_SIZE = 20 * MEGABYTE  # bytes; ZeroMQ drops a connection that brings a larger one
MAX_QUEUE_LENGTH = 50  # messages that wait on this side to be read
RETRY_INTERVAL = 5  # milliseconds, to reach a kernel that does not listen yet
START_TIMEOUT = 120  # seconds, also for all imports of a zygote
SHUTDOWN_TIMEOUT = 10  # seconds
MAX_FAILURES = 3
# What every kernel imports while it starts or draws, besides the modules that its notebook names.
KERNEL_MODULES = (
    *("IPython", "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.logger"),
    *("IPython.core.oinspect", "IPython.extensions.storemagic", "sqlite3"),
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger"),
    *("tornado.platform.asyncio", "matplotlib_inline.backend_inline", "matplotlib.pyplot"),
    *("PIL.PngImagePlugin", "numpy.random"),
)
# helpers.keras starts TensorFlow's threads, and a process that has threads cannot be forked.
IN_PLACE_OF = {"helpers.keras": "tensorflow"}


@functools.cache
def kernels_for(kind, sandbox, modules):
    """This process's source of kernels.

    kind: "warm" or "cold". sandbox: "bubblewrap" or "none", which has cold kernels only. modules: a
    tuple, from `modules_of`.
    """
    if kind == WARM and sandbox == sandboxes.BUBBLEWRAP:
        return WarmKernels(modules)
    return ColdKernels(sandbox)


class ColdKernels:
    """Kernels that are new Pythons. sandbox: "bubblewrap" or "none"."""

    problem = ""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.folder = Path(tempfile.mkdtemp(prefix="k"))  # short: socket paths end at 107 bytes
        self.folder.chmod(0o755)
        self._numbers = itertools.count()
        # A worker that is forked ends without this; its folder goes with the run's scratch.
        atexit.register(self.close)

    def close(self):
        """Remove everything; no kernel runs any more."""
        atexit.unregister(self.close)
        remove(self.folder)

    def prepare(self):
        """Do what takes long before the first kernel can start."""

    @contextmanager
    def manager(self, student):
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

    def _manager(self, folders, student):
        home = sandboxes.HOME if self.sandbox == sandboxes.BUBBLEWRAP else str(folders.home)
        environment = {**_environment(home), **_own_environment(folders, student)}
        return _KernelManager(folders, self.sandbox, environment)


class WarmKernels(ColdKernels):
    """Kernels that are forked from a zygote in bubblewrap, or cold ones where that fails.

    modules: names of what the notebooks import. problem: why kernels are cold, or "".
    """

    def __init__(self, modules):
        super().__init__(sandboxes.BUBBLEWRAP)
        self.modules, self.problem, self._zygote, self._failures = modules, "", None, 0

    def close(self):
        self._end_zygote()
        super().close()

    def prepare(self):
        if self.problem or self._is_ready():
            return
        self._end_zygote()
        try:
            self._zygote = _Zygote(self.folder, self.modules)
        except NoZygote as error:
            self.problem = str(error)

    def _manager(self, folders, student):
        manager = super()._manager(folders, student)
        self.prepare()
        if self._zygote:
            manager.provisioner = _Forking(parent=manager, kernel_spec=manager.kernel_spec)
            manager.provisioner.zygote = self._zygote
        return manager

    def failed(self, error):
        """Try a kernel from a new zygote next, or, if this happens again and again, a cold one."""
        self._failures = 1 if self._zygote.was_of_use else self._failures + 1
        self._end_zygote()
        if self._failures >= MAX_FAILURES:
            self.problem = str(error)

    def _is_ready(self):
        """Whether the zygote lives and its last kernel is gone."""
        try:
            return self._zygote is not None and self._zygote.has_no_kernel()
        except NoZygote:
            return False

    def _end_zygote(self):
        if self._zygote:
            self._zygote.end()
            self._zygote = None


class NoZygote(Exception):
    """Why kernels cannot be forked, in words."""


class _Zygote:
    """The process that kernels are forked from (see helpers.grading.running.zygote).

    folder: in which all of its kernels have theirs. Raises NoZygote if it cannot be started or
    forked, as the methods do once it has ended.
    """

    def __init__(self, folder, modules):
        # What lies beside the program is not for the sandbox.
        program = shutil.copy(Path(__file__).with_name("zygote.py"), folder)
        command = sandboxes.bubblewrap(
            [sys.executable, str(program)],
            _environment(sandboxes.HOME),
            writable=[folder],
            namespaces=True,
        )
        self._heard, self._kernels = b"", 0
        self.was_of_use = False  # whether a kernel has come to its end
        self._sandbox = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # and so a group of its own, to be ended together
            # Nothing else of this process's environment, in which there may be the course's secret.
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
        try:
            refused = system_calls.program()
            if not refused:
                raise NoZygote("This machine's system calls are not known here.")
            self._say(
                modules=[*KERNEL_MODULES, *modules],
                empty=["/tmp", sandboxes.HOME, "/dev/shm"],
                size=limits.SCRATCH,
                kernels=str(folder),
                filter=base64.b64encode(refused).decode(),
            )
            if self._hear(START_TIMEOUT)["threads"] > 1:
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

    def fork(self, folders, connection, environment):
        """Start a kernel; returns the psutil.Process with whose end all of its processes end.

        folders: its KernelFolders. connection: the path of its connection file.
        """
        self._say(
            given=str(folders.given),
            sockets=str(folders.sockets),
            connection=connection,
            environment=environment,
        )
        answer = self._hear(START_TIMEOUT)
        if "problem" in answer:
            raise NoZygote(f"Forking a kernel failed ({answer['problem']}).")
        self._kernels += 1
        try:
            (kernel,) = self._process.children()
        except (psutil.Error, ValueError):
            raise NoZygote("The forked kernel ended at once.") from None
        return kernel

    def has_no_kernel(self):
        """Wait until the last kernel is gone, and all that it started; False if it stays."""
        while self._kernels:
            self._hear(SHUTDOWN_TIMEOUT)
            self._kernels -= 1
            self.was_of_use = True
        return self._sandbox.poll() is None

    def end(self):
        """End it, with everything that it started."""
        # The others end with the first, but for a bubblewrap that is so new that it still waits for
        # the one outside, for ever. It has not left the group yet.
        if self._sandbox.poll() is None:
            os.killpg(self._sandbox.pid, signal.SIGKILL)
        self._sandbox.communicate()

    def _say(self, **what):
        try:
            self._sandbox.stdin.write(json.dumps(what).encode() + b"\n")
            self._sandbox.stdin.flush()
        except OSError:
            raise NoZygote("The process that kernels are forked from has ended.") from None

    def _hear(self, seconds):
        clock = Clock(seconds)
        while b"\n" not in self._heard:
            if not select.select([self._sandbox.stdout], [], [], clock.left())[0]:
                raise NoZygote("The process that kernels are forked from does not answer.")
            read = os.read(self._sandbox.stdout.fileno(), 65536)
            if not read:
                raise NoZygote("The process that kernels are forked from has ended.")
            self._heard += read
        line, _, self._heard = self._heard.partition(b"\n")
        return json.loads(line)


class _KernelManager(AsyncKernelManager):
    """Starts this Python's kernel, whatever kernel the notebook names, sealed off if wanted."""

    def __init__(self, folders, sandbox, environment):
        transport = {"transport": "ipc", "ip": str(folders.sockets / "k")}
        super().__init__(
            connection_file=str(folders.given / "connection.json"),
            **(transport if os.name == "posix" else {}),
        )
        self.folders, self.sandbox, self.environment = folders, sandbox, environment
        self.client_factory = _PromptClient

    def client(self, **options):
        client = super().client(**options)
        client.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_SIZE)
        client.context.setsockopt(zmq.RCVHWM, MAX_QUEUE_LENGTH)
        client.context.setsockopt(zmq.RECONNECT_IVL, RETRY_INTERVAL)
        return client

    @property
    def kernel_spec(self):
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")

    def hand_over(self):
        """Let the code inside own what it needs to."""
        sandboxes.give(self.connection_file)
        sandboxes.give(self.folders.sockets)

    def format_kernel_cmd(self, extra_arguments=None):
        command = super().format_kernel_cmd(extra_arguments)
        if self.sandbox != sandboxes.BUBBLEWRAP:
            return command
        # The kernel is one of the first processes in its own world; only the sandbox itself is
        # known outside, so it is stopped by stopping that.
        self.hand_over()
        return sandboxes.bubblewrap(
            command, self.environment, [self.folders.given], [self.folders.sockets]
        )


class _PromptClient(AsyncKernelClient):
    """A kernel's client that notices at once when the kernel is ready."""

    async def wait_for_ready(self, timeout=None):
        clock = Clock(timeout)
        while clock.left():
            request = self.kernel_info()
            with suppress(Empty):
                await self.shell_channel.get_msg(timeout=1)
                # Once this connection is heard, too, nothing that a cell sends can be missed.
                while not _ends(await self.iopub_channel.get_msg(timeout=0.05), request):
                    pass
                return
            if not await self._async_is_alive():
                raise RuntimeError("The kernel ended while it started.")
        raise RuntimeError(f"The kernel was not ready after {timeout} seconds.")


def _ends(message, request):
    """Whether a message says that the kernel is done with a request, by its id."""
    return (
        message["parent_header"].get("msg_id") == request
        and message["msg_type"] == "status"
        and message["content"].get("execution_state") == "idle"
    )


class _Forking(KernelProvisionerBase):
    """Lets a _KernelManager have its kernel forked; jupyter_client calls all of this."""

    zygote = process = None

    @property
    def has_process(self):
        return self.process is not None

    @property
    def pid(self):
        return self.process.pid

    async def pre_launch(self, **options):
        self.parent.write_connection_file()
        return await super().pre_launch(cmd=[], **options)

    async def launch_kernel(self, cmd, **options):
        manager = self.parent
        manager.hand_over()
        self.process = self.zygote.fork(
            manager.folders, manager.connection_file, manager.environment
        )
        return manager.get_connection_info()

    async def poll(self):
        with suppress(psutil.Error):
            if self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
                return None
        return 0

    async def wait(self):
        with suppress(psutil.Error):
            self.process.wait(SHUTDOWN_TIMEOUT)
        return 0

    async def send_signal(self, signum):
        with suppress(psutil.Error):
            self.process.send_signal(signum)

    async def kill(self, restart=False):
        with suppress(psutil.Error):
            self.process.kill()
            self.process.wait(SHUTDOWN_TIMEOUT)

    async def terminate(self, restart=False):
        await self.kill(restart)

    async def cleanup(self, restart=False):
        self.process = None


@dataclass(frozen=True)
class KernelFolders:
    """A kernel's folders outside: given, what it reads; sockets, where it can write."""

    given: Path
    sockets: Path
    home: Path  # without a sandbox; inside one it has another

    @property
    def probes(self):
        """The file in which a check finds its Task."""
        return self.given / "probes.json"


def modules_of(notebooks):
    """The names of the modules that Released notebooks import, those in functions included."""
    found = {}
    for released in notebooks:
        for cell in released.notebook.cells:
            if cell.cell_type != "code":
                continue
            with suppress(SyntaxError):
                found |= dict.fromkeys(_imported(ast.parse(cell.source)))
    return tuple(found)


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in IN_PLACE_OF:
            yield IN_PLACE_OF[node.module]
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # What is imported from a package may be a module, or bring one along.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _own_environment(folders, student):
    """What differs from kernel to kernel in their environment."""
    numbers = own_numbers(student)
    own = {NUMBERS_VARIABLE: json.dumps(asdict(numbers))} if numbers else {}
    return {
        **own,
        PROBES_VARIABLE: str(folders.probes),
        STUDENT_VARIABLE: student.replace("\0", "").encode("utf-8", "ignore").decode(),
    }


def _environment(home):
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
