"""Execute a notebook in a kernel of its own. Nothing that the kernel says is believed here."""

import copy
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output

import helpers
from helpers.checking import SEED_VARIABLE
from helpers.grading import sandbox as sandboxes
from helpers.grading.released import is_check
from helpers.personal import SECRET_VARIABLE, STUDENT_VARIABLE

MOST_KERNELS = 20  # a fresh one after each cell that cost the notebook its kernel
LONGEST_RUN = 900  # seconds, for a whole notebook
MOST_OUTPUT = 5_000_000  # characters, for a cell


def execute(notebook, seed, sandbox, cell_timeout, student=""):
    """Execute `notebook` in place; cells that stop with an error do not stop it.

    seed: int, for the checks' probes. sandbox: "bubblewrap" or "none". cell_timeout: seconds.
    student: whose numbers, by identifier.
    A cell that runs too long or ends its process costs itself alone: the cells before it run once
    more in a fresh kernel, without it, and the notebook goes on. Returns why cells did not run to
    their end: {position: sentence}.
    """
    reasons = {}
    done = []
    todo = [
        position
        for position, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    end = time.monotonic() + LONGEST_RUN
    for _ in range(MOST_KERNELS):
        if not todo or time.monotonic() > end:
            break
        with _kernel(notebook, seed, sandbox, student) as client:

            def run(position, cell, client=client):
                client.timeout = max(1, min(cell_timeout, int(end - time.monotonic())))
                return _run_cell(client, position, cell)

            lost = _replay(run, notebook, done)
            if lost is not None:
                done.remove(lost)
                continue
            while todo and time.monotonic() < end:
                position = todo.pop(0)
                reason = run(position, notebook.cells[position])
                if reason:
                    reasons[position] = reason
                    _show(notebook.cells[position], reason)
                    break
                done.append(position)
    for position in todo:
        reasons[position] = (
            "this cell did not run because cells before it took too long or ended Python too often"
        )
        _show(notebook.cells[position], reasons[position])
    return reasons


def _replay(run, notebook, done):
    """Run the cells `done` once more for what they define; their outputs stay. None if all ran."""
    for position in done:
        cell = notebook.cells[position]
        if not is_check(cell) and run(position, copy.deepcopy(cell)):
            return position
    return None


def _run_cell(client, position, cell):
    """Run one cell; why it took the kernel with it, or ""."""
    try:
        client.execute_cell(cell, position)
    except CellTimeoutError:
        return f"this cell was stopped because it ran longer than {client.timeout} seconds"
    except DeadKernelError:
        return "this cell ended the Python process that it ran in"
    return ""


def _show(cell, reason):
    cell.outputs.append(new_output("error", ename="Stopped", evalue=reason, traceback=[reason]))


class _Client(NotebookClient):
    """Runs cells; a cell's output is its own and limited."""

    def process_message(self, msg, cell, cell_index):
        if cell_index != getattr(self, "_current", None):
            self._current, self._written = cell_index, 0
            # So that no later cell can replace what an earlier one displayed.
            self._display_id_map = {}
        self._written += len(str(msg["content"]))
        if self._written > MOST_OUTPUT and msg["msg_type"] != "status":
            return None
        return super().process_message(msg, cell, cell_index)


class _KernelManager(AsyncKernelManager):
    """Starts this Python's kernel, whatever kernel the notebook names, sealed off if wanted."""

    def __init__(self, folder, sandbox, environment):
        transport = {"transport": "ipc", "ip": str(folder / "k")} if os.name == "posix" else {}
        super().__init__(connection_file=str(folder / "connection.json"), **transport)
        self.folder, self.sandbox, self.environment = folder, sandbox, environment

    @property
    def kernel_spec(self):
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")

    def format_kernel_cmd(self, extra_arguments=None):
        command = super().format_kernel_cmd(extra_arguments)
        if self.sandbox != sandboxes.BUBBLEWRAP:
            return command
        # The kernel is the second process in its own world; only the sandbox itself is known
        # outside, so it is stopped by stopping that.
        return sandboxes.bubblewrap(command, self.folder, self.environment)


@contextmanager
def _kernel(notebook, seed, sandbox, student):
    """A _Client with a fresh kernel in a private folder; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="grade-"))  # short: socket paths end at 107 characters
    try:
        environment = _environment(folder, seed, student)
        manager = _KernelManager(folder, sandbox, environment)
        client = _Client(
            notebook,
            km=manager,
            allow_errors=True,
            startup_timeout=120,
            iopub_timeout=30,
            raise_on_iopub_timeout=True,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            shutdown_kernel="immediate",
        )
        with open(os.devnull, "wb") as nowhere:
            started = client.setup_kernel(
                cwd=str(folder), env=environment, stdout=nowhere, stderr=nowhere
            )
            try:
                with started:
                    yield client
            finally:
                with suppress(Exception):
                    client._cleanup_kernel()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder, seed, student):
    """All the environment that the kernel gets. Homes and caches lie in its own folder."""
    home = folder / "home"
    home.mkdir()
    # The secret: the notebook draws the student's numbers, as it does at home.
    names = ("SYSTEMROOT", "TEMP", "TMP", SECRET_VARIABLE)
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": str(Path(helpers.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "TZ": os.environ.get("TZ", "UTC"),
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CACHE_HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "KERAS_HOME": str(home / "keras"),
        # Several notebooks run at once: one thread each. TensorFlow: repeatable and quiet.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        SEED_VARIABLE: str(seed),
        STUDENT_VARIABLE: student.replace("\0", "").encode("utf-8", "ignore").decode(),
    }
