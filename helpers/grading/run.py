"""Execute a notebook in a kernel of its own. Nothing that the kernel says is believed here."""

import copy
import json
import math
import os
import secrets
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
import psutil
import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output

import helpers
from helpers.asking import PROBES_VARIABLE
from helpers.grading import sandbox as sandboxes
from helpers.grading.limits import MEGABYTE, Clock, Watch
from helpers.grading.released import grade_id, is_check
from helpers.grading.scratch import remove
from helpers.personal import NUMBERS_VARIABLE, STUDENT_VARIABLE, own_numbers

MOST_KERNELS = 20  # a fresh one after each cell that cost the notebook its kernel
LONGEST_RUN = 600  # seconds, for a whole notebook
MOST_OUTPUT = 5 * MEGABYTE  # characters that are kept, of a cell
MOST_OUTPUT_OF_NOTEBOOK = 20 * MEGABYTE
MOST_OUTPUTS = 500  # that are kept, of a cell
FLOOD = 100 * MEGABYTE  # characters after which a cell is ended
LEFT_OUT = "\n(What this cell wrote further is left out.)\n"
LARGEST_MESSAGE = 20 * MEGABYTE  # bytes; ZeroMQ drops a connection that brings a larger one
LONGEST_QUEUE = 50  # messages that wait on this side to be read
GRACE = 15  # seconds beyond a cell's time after which its processes are ended from outside
LONGEST_START = 120  # seconds


@dataclass
class Execution:
    """What the grader's side knows of a run; the notebook holds the rest, and cannot be trusted.

    seed: of the probes, never seen by the kernel. reasons: why cells did not run to their end,
    {position: sentence}. nonces: what the record of each check cell has to carry, by grade_id.
    """

    seed: int
    reasons: dict = field(default_factory=dict)
    nonces: dict = field(default_factory=dict)


def execute(notebook, questions, seed, sandbox, cell_timeout, student=""):
    """Execute `notebook` in place; cells that stop with an error do not stop it.

    questions: what its check cells ask, Questions by grade_id. seed: int, for the checks' probes.
    sandbox: "bubblewrap" or "none". cell_timeout: seconds. student: whose numbers, by identifier.
    A cell that runs too long, breaks a limit or ends its process costs itself alone: the cells
    before it run once more in a fresh kernel, without it, and the notebook goes on. Returns an
    Execution.
    """
    execution = Execution(seed)
    reasons = execution.reasons
    done = []
    todo = [
        position
        for position, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    clock, budget = Clock(LONGEST_RUN), _Budget(MOST_OUTPUT_OF_NOTEBOOK)
    for _ in range(MOST_KERNELS):
        if not todo or not clock.left():
            break
        with _kernel(notebook, sandbox, student, budget) as kernel:

            def run(position, cell, kernel=kernel):
                return kernel.run(position, cell, max(1, min(cell_timeout, int(clock.left()))))

            lost = _replay(run, notebook, done)
            if lost is not None:
                done.remove(lost)
                continue
            while todo and clock.left():
                position = todo.pop(0)
                cell = notebook.cells[position]
                with kernel.asked(cell, questions, execution):
                    reason = run(position, cell)
                if reason:
                    reasons[position] = reason
                    _show(cell, reason)
                    break
                done.append(position)
    for position in todo:
        reasons[position] = (
            "this cell did not run because cells before it took too long or ended Python too often"
        )
        _show(notebook.cells[position], reasons[position])
    return execution


def _replay(run, notebook, done):
    """Run the cells `done` once more for what they define; their outputs stay. None if all ran.

    Else the position of the cell that did not run to its end this time.
    """
    for position in done:
        cell = notebook.cells[position]
        if not is_check(cell) and run(position, copy.deepcopy(cell)):
            return position
    return None


def _show(cell, reason):
    cell.outputs.append(new_output("error", ename="Stopped", evalue=reason, traceback=[reason]))


class _Budget:
    """How many characters of output are still kept, of all cells together."""

    def __init__(self, characters):
        self.left = characters

    def spend(self, characters):
        """Whether there is room for so many; then they are taken off."""
        fits = characters <= self.left
        self.left -= characters if fits else 0
        return fits


class _Kernel:
    """A notebook's kernel: runs its cells, and leaves each check what it has to ask."""

    def __init__(self, client, watch, probes):
        self.client, self.watch, self.probes = client, watch, probes
        client.flooded = lambda: watch.end(f"wrote more than {FLOOD // MEGABYTE} MB of output")

    def run(self, position, cell, timeout):
        """Run one cell; why it took the kernel with it, or ""."""
        self.client.timeout = timeout
        too_long = (
            f"ran longer than {timeout} seconds, or wrote more than "
            f"{LARGEST_MESSAGE // MEGABYTE} MB at once"
        )
        try:
            # The client's own timeout is no deadline for a kernel that keeps it busy.
            with self.watch.deadline(timeout + GRACE, too_long):
                self.client.execute_cell(cell, position)
        except CellTimeoutError:
            return self._broken_limit() or f"this cell was stopped because it {too_long}"
        except DeadKernelError:
            return self._broken_limit() or "this cell ended the Python process that it ran in"
        except Exception:  # whatever nbclient makes of messages that no Jupyter kernel sends
            return self._broken_limit() or "this cell broke the connection to the grader"
        return self._broken_limit()

    def _broken_limit(self):
        broken = self.watch.broken
        return f"this cell was stopped because it {broken}" if broken else ""

    @contextmanager
    def asked(self, cell, questions, execution):
        """While a check cell runs, its Task lies where its check looks for it, and only then."""
        name = grade_id(cell)
        if not is_check(cell) or name not in questions:
            yield
            return
        nonce = execution.nonces[name] = secrets.token_hex(16)
        try:
            task = questions[name].task_from(execution.seed, nonce)
            self.probes.write_text(task.to_json(), encoding="utf-8")
            yield
        finally:
            self.probes.unlink(missing_ok=True)


class _Client(NotebookClient):
    """Runs cells; a cell's output is its own and limited."""

    def process_message(self, msg, cell, cell_index):
        if cell_index != getattr(self, "_current", None):
            self._current, self._written, self._full = cell_index, 0, False
            # So that no later cell can replace what an earlier one displayed.
            self._display_id_map = {}
        kind = msg["msg_type"]
        if kind.startswith("comm_"):
            return None  # no notebook has widgets, and what serves them would run on this side
        content = msg["content"] = _plain(msg["content"])
        if type(content.get("execution_count", 0)) is not int:
            return None
        if kind != "status":
            size = len(str(content))
            self._written += size
            if self._written > FLOOD:
                self.flooded()
            # What cells before have written costs no check its record.
            fits = self._written <= MOST_OUTPUT and (is_check(cell) or self.budget.spend(size))
            if not fits or len(cell.outputs) > MOST_OUTPUTS:
                _append(cell.outputs, "stderr", "" if self._full else LEFT_OUT)
                self._full = True
                return None
            if kind == "stream" and _append(cell.outputs, content.get("name"), content.get("text")):
                return None
        output = super().process_message(msg, cell, cell_index)
        if output is not None and not _is_valid(output):
            cell.outputs.remove(output)
        return output


def _plain(value):
    """JSON that any program can write and read: no half characters, no numbers that are none."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_plain(str(name)): _plain(item) for name, item in value.items()}
    return value


def _is_valid(output):
    """Whether an output is one of the notebook format's."""
    try:
        nbformat.validate(output, ref=output.get("output_type"), version=4, version_minor=5)
    except Exception:  # whatever the validator makes of it
        return False
    return True


def _append(outputs, name, text):
    """Put `text` at the end of the stream `name`; whether it could be, since it is text."""
    if not isinstance(text, str) or name not in ("stdout", "stderr"):
        return False
    last = outputs[-1] if outputs else {}
    if last.get("output_type") == "stream" and last.get("name") == name:
        last.text += text
    elif text:
        outputs.append(new_output("stream", name=name, text=text))
    return True


class _KernelManager(AsyncKernelManager):
    """Starts this Python's kernel, whatever kernel the notebook names, sealed off if wanted."""

    def __init__(self, folders, sandbox, environment):
        transport = {"transport": "ipc", "ip": str(folders.sockets / "k")}
        super().__init__(
            connection_file=str(folders.given / "connection.json"),
            **(transport if os.name == "posix" else {}),
        )
        self.folders, self.sandbox, self.environment = folders, sandbox, environment

    def client(self, **options):
        client = super().client(**options)
        client.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        client.context.setsockopt(zmq.RCVHWM, LONGEST_QUEUE)
        return client

    @property
    def kernel_spec(self):
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")

    def format_kernel_cmd(self, extra_arguments=None):
        command = super().format_kernel_cmd(extra_arguments)
        if self.sandbox != sandboxes.BUBBLEWRAP:
            return command
        # The kernel is one of the first processes in its own world; only the sandbox itself is
        # known outside, so it is stopped by stopping that.
        sandboxes.give(self.connection_file)
        sandboxes.give(self.folders.sockets)
        return sandboxes.bubblewrap(
            command, self.environment, [self.folders.given], [self.folders.sockets]
        )


@dataclass(frozen=True)
class _Folders:
    """A kernel's folders outside: given, what it reads; sockets, where it can write."""

    given: Path
    sockets: Path
    home: Path  # without a sandbox; inside one it has another


@contextmanager
def _kernel(notebook, sandbox, student, budget):
    """A _Kernel, freshly started; its processes and folders are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="k"))  # short: socket paths end at 107 characters
    try:
        folders = _Folders(*(folder / name for name in ("given", "sockets", "home")))
        for path in asdict(folders).values():
            path.mkdir(mode=0o755)
        home = sandboxes.HOME if sandbox == sandboxes.BUBBLEWRAP else str(folders.home)
        probes = folders.given / "probes.json"
        manager = _KernelManager(folders, sandbox, _environment(home, probes, student))
        client = _Client(
            notebook,
            km=manager,
            allow_errors=True,
            startup_timeout=LONGEST_START,
            iopub_timeout=30,
            raise_on_iopub_timeout=True,
            record_timing=False,
            store_widget_state=False,
            shutdown_kernel="immediate",
        )
        client.budget = budget
        with open(os.devnull, "wb") as nowhere:
            started = client.setup_kernel(
                cwd=str(folders.home), env=manager.environment, stdout=nowhere, stderr=nowhere
            )
            try:
                with started:
                    watch = Watch(psutil.Process(manager.provisioner.pid), folders.sockets)
                    try:
                        yield _Kernel(client, watch, probes)
                    finally:
                        watch.stop()
            finally:
                with suppress(Exception):
                    client._cleanup_kernel()
    finally:
        remove(folder)


def _environment(home, probes, student):
    """All the environment that the kernel gets; home: where it may write."""
    numbers = own_numbers(student)
    own = {NUMBERS_VARIABLE: json.dumps(asdict(numbers))} if numbers else {}
    names = ("SYSTEMROOT", "TEMP", "TMP")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **kept,
        **own,
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
        "KERAS_HOME": f"{home}/keras",
        # Several notebooks run at once: one thread each. TensorFlow: repeatable and quiet.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        PROBES_VARIABLE: str(probes),
        STUDENT_VARIABLE: student.replace("\0", "").encode("utf-8", "ignore").decode(),
    }
