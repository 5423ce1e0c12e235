"""Execute a notebook in a kernel of its own. Nothing that the kernel says is believed here."""

import copy
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from helpers.grading.machine import deadline
from helpers.grading.repair.released import grade_id, is_answer, is_check
from helpers.grading.running.kernels import (
    MAX_MESSAGE_SIZE,
    ColdKernels,
    WarmKernels,
    _KernelManager,
)
from helpers.grading.running.limits import MEGABYTE, MEMORY, TOO_MUCH_MEMORY, Clock, Watch
from helpers.grading.running.memory_groups import MemoryGroup, memory_group
from helpers.grading.running.outputs import FLOOD, Budget, Client
from helpers.grading.running.private_interfaces import end_kernel
from helpers.grading.running.zygotes import START_TIMEOUT, NoZygote
from helpers.marking.questions.model import Question

MAX_KERNELS = 20  # a fresh one after each cell that cost the notebook its kernel
NOTEBOOK_TIMEOUT = 600  # seconds, for a whole notebook
ENDED_PYTHON = "ended the Python process that it ran in"
ENDED_LATER = "left something running that ended Python later"
# How long is waited for what was left running to end Python: so many times as long as before, and
# so many seconds.
SLOWER, SETTLE = 1.25, 1.0
MAX_WAIT = 60  # seconds; what ends Python later than that after a cell is not looked for
NO_CELL = -1  # the position of a cell that is none of the notebook's
LEFT_RUNNING = (
    "The cell {} left something running that ended Python while other cells ran. It is left out, "
    "and the cells after it have run again without it. Look at what it does."
)
UNCERTAIN = (
    "Python ended in the cell {}, after so long a time that it was not looked for what cells "
    "before it may have left running. Look at whether it ends Python itself."
)
OR_THE_MACHINE = (
    "If that is not this student's doing, the machine had too much to do: grade the student with "
    "--again, later or with a longer --cell-timeout."
)
GIVEN_STOPPED = f"The given cell {{}} {{}}, so what it defines was not there. {OR_THE_MACHINE}"
LOST = (
    "The cell {} ran to its end at first, but not when it had to run again because another was "
    f"stopped, so what it defines was not there. {OR_THE_MACHINE}"
)
TOO_LATE = "did not run because cells before it took too long or ended Python too often"
GRACE = 15  # seconds beyond a cell's time after which its processes are ended from outside


@dataclass
class Execution:
    """What the grader's side knows of a run; the notebook holds the rest, and cannot be trusted."""

    seed: int  # of the probes, never seen by the kernel
    # What happened to cells that did not run to their end, by position: the rest of a sentence that
    # begins with the cell, such as "ended the Python process that it ran in".
    reasons: dict[int, str] = field(default_factory=dict)
    # What the record of each check cell has to carry, by grade_id.
    nonces: dict[str, str] = field(default_factory=dict)
    # A hash of what each check cell was asked, by grade_id.
    tasks: dict[str, str] = field(default_factory=dict)
    cell_seconds: float = 0.0  # wall time of all cells together
    questions: list[str] = field(default_factory=list)  # for the instructor, sentences
    # Where cells ran again without one that had left something running: what they had given with
    # it, that one included. The outputs by position, and what the records carry, by grade_id.
    outputs_before: dict[int, list[NotebookNode]] = field(default_factory=dict)
    nonces_before: dict[str, str] = field(default_factory=dict)

    def remember(self, notebook: NotebookNode, positions: Iterable[int]) -> None:
        """Keep what these cells have given, unless it is known what they gave before that."""
        for position in positions:
            if position not in self.outputs_before:
                cell = notebook.cells[position]
                self.outputs_before[position] = copy.deepcopy(cell.outputs)
                name = grade_id(cell)
                if name in self.nonces:
                    self.nonces_before[name] = self.nonces[name]


def digest_of(task: str) -> str:
    """The hash of a Task, as JSON text."""
    return hashlib.sha256(task.encode()).hexdigest()


def execute(
    notebook: NotebookNode,
    questions: dict[str, Question],
    seed: int,
    kernels: ColdKernels | WarmKernels,
    cell_timeout: int,
    student: str = "",
) -> Execution:
    """Execute `notebook` in place; cells that stop with an error do not stop it.

    questions: what its check cells ask, by grade_id. seed: for the checks' probes. cell_timeout:
    seconds. student: whose numbers, by identifier.
    A cell that runs too long, breaks a limit or ends its process costs itself alone: the cells
    before it run once more in a fresh kernel, without it, and the notebook goes on. So does a cell
    that leaves a timer or a thread which ends the process later: whatever ran after it runs again,
    and what it and they had given before is kept in Execution.outputs_before.
    """
    execution = Execution(seed)
    reasons = execution.reasons
    done: list[int] = []
    tried_again: set[int] = set()
    todo = [
        position
        for position, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    clock, budget = Clock(NOTEBOOK_TIMEOUT), Budget()

    def ends_python(seconds: float, cells: list[int]) -> bool:
        """Whether Python ends within `seconds` when these cells run again, and nothing else."""
        # In a copy: what it shows here is nobody's output.
        copied = copy.deepcopy(notebook)
        with _kernel(copied, kernels, student, Budget()) as kernel:
            began = time.monotonic()
            within = max(1, min(cell_timeout, int(clock.left())))

            def run_again(position: int, cell: NotebookNode) -> str:
                return kernel.run(position, cell, within)

            if _replay(run_again, copied, cells) is not None:
                return True
            time.sleep(max(0.0, min(began + seconds - time.monotonic(), clock.left())))
            return bool(kernel.run(NO_CELL, new_code_cell("pass"), within))

    for _ in range(MAX_KERNELS):
        if not todo or not clock.left():
            break
        stopped = None
        with _kernel(notebook, kernels, student, budget) as kernel:
            began = time.monotonic()

            def run(position: int, cell: NotebookNode, kernel: _Kernel = kernel) -> str:
                start = time.perf_counter()
                reason = kernel.run(position, cell, max(1, min(cell_timeout, int(clock.left()))))
                execution.cell_seconds += time.perf_counter() - start
                return reason

            lost = _replay(run, notebook, done)
            if lost is not None:
                stopped = lost, "", kernel.may_be_anothers
            while stopped is None and todo and clock.left():
                position = todo.pop(0)
                cell = notebook.cells[position]
                with kernel.asked(cell, questions, execution):
                    reason = run(position, cell)
                if reason:
                    stopped = position, reason, kernel.may_be_anothers
                    break
                done.append(position)
            lasted = time.monotonic() - began
        if stopped is None:
            continue
        position, reason, may_be_anothers = stopped
        before = [p for p in done if p < position and not is_check(notebook.cells[p])]
        left_running, wait = None, SLOWER * lasted + SETTLE
        if before and may_be_anothers and wait > MAX_WAIT:
            execution.questions.append(UNCERTAIN.format(_name(notebook, position)))
        elif before and may_be_anothers:
            left_running = _left_running(before, partial(ends_python, wait))
        if left_running is not None:
            execution.remember(notebook, (p for p in done if p >= left_running))
            again = sorted({position, *(p for p in done if p > left_running)})
            for place in again:
                _clear(notebook.cells[place])
            done, todo = [p for p in done if p < left_running], [*again, *todo]
            position, reason = left_running, ENDED_LATER
            execution.questions.append(LEFT_RUNNING.format(_name(notebook, position)))
        elif lost is not None:  # it ran to its end before: what it gave then stays
            done.remove(lost)
            execution.questions.append(LOST.format(_name(notebook, lost)))
            continue
        elif _is_given(notebook.cells[position]):
            # Before anything of the student's has run it is the machine that took so long.
            if position not in tried_again and all(_is_given(notebook.cells[p]) for p in done):
                tried_again.add(position)
                _clear(notebook.cells[position])
                todo.insert(0, position)
                continue
            execution.questions.append(GIVEN_STOPPED.format(_name(notebook, position), reason))
        reasons[position] = reason
        _show(notebook.cells[position], reason)
    deadline.next_step()
    for position in todo:
        reasons[position] = TOO_LATE
        _show(notebook.cells[position], TOO_LATE)
    unreached = [position for position in todo if _is_given(notebook.cells[position])]
    if unreached:
        name = _name(notebook, unreached[0])
        execution.questions.append(GIVEN_STOPPED.format(name, TOO_LATE))
    return execution


def _replay(
    run: Callable[[int, NotebookNode], str], notebook: NotebookNode, done: list[int]
) -> int | None:
    """Run the cells `done` once more for what they define; their outputs stay. None if all ran.

    Else the position of the cell that did not run to its end this time.
    """
    for position in done:
        cell = notebook.cells[position]
        if not is_check(cell) and run(position, copy.deepcopy(cell)):
            return position
    return None


def _left_running(done: Sequence[int], ends_python: Callable[[list[int]], bool]) -> int | None:
    """Which of the cells `done` left something running that ends Python later, None if none did.

    ends_python: whether it ends when these cells run again, and nothing else.
    """
    if not ends_python(list(done)):
        return None
    # The first with which it ends is the one: without it, it does not.
    first, last = 0, len(done) - 1
    while first < last:
        middle = (first + last) // 2
        if ends_python(list(done[: middle + 1])):
            last = middle
        else:
            first = middle + 1
    return done[first]


def _is_given(cell: NotebookNode) -> bool:
    """Whether the course wrote all that a cell runs, and answers hang on what it defines."""
    # Those that students add have no label.
    return bool(grade_id(cell)) and not (is_answer(cell) or is_check(cell))


def _clear(cell: NotebookNode) -> None:
    """Let a cell be as if it had not run."""
    cell.outputs, cell.execution_count = [], None


def _name(notebook: NotebookNode, position: int) -> str:
    """What the instructor finds a cell by."""
    return grade_id(notebook.cells[position]) or f"number {position + 1}"


def _show(cell: NotebookNode, reason: str) -> None:
    sentence = f"this cell {reason}"
    cell.outputs.append(new_output("error", ename="Stopped", evalue=sentence, traceback=[sentence]))


class _Kernel:
    """A notebook's kernel: runs its cells, and leaves each check what it has to ask."""

    def __init__(self, client: Client, watch: Watch, probes: Path, group: MemoryGroup) -> None:
        self.client, self.watch, self.probes, self.group = client, watch, probes, group
        self.may_be_anothers = True  # what ended it: not if a cell took too long
        client.flooded = lambda: watch.end(f"wrote more than {FLOOD // MEGABYTE} MB of output")

    def run(self, position: int, cell: NotebookNode, timeout: int) -> str:
        """Run one cell; why it took the kernel with it, or ""."""
        self.client.timeout = timeout
        too_long = (
            f"ran longer than {timeout} seconds, or wrote more than "
            f"{MAX_MESSAGE_SIZE // MEGABYTE} MB at once"
        )
        try:
            # The client's own timeout is no deadline for a kernel that keeps it busy, nor the end
            # of the kernel one for what the client does with what it has been sent.
            deadline.next_step(timeout + GRACE + deadline.STEP_TIMEOUT, computing=0)
            with self.watch.deadline(timeout + GRACE, too_long):
                self.client.execute_cell(cell, position)
        except CellTimeoutError:
            self.may_be_anothers = False
            return self._broken_limit() or f"was stopped because it {too_long}"
        except DeadKernelError:
            return self._broken_limit() or ENDED_PYTHON
        except Exception:  # whatever nbclient makes of messages that no Jupyter kernel sends
            return self._broken_limit() or "broke the connection to the grader"
        if self.client.asked_to_exit:
            return self._broken_limit() or ENDED_PYTHON
        return self._broken_limit()

    def _broken_limit(self) -> str:
        broken = self.watch.broken or (TOO_MUCH_MEMORY if self.group.was_exceeded() else "")
        if broken.startswith("ran longer"):
            self.may_be_anothers = False
        return f"was stopped because it {broken}" if broken else ""

    @contextmanager
    def asked(
        self, cell: NotebookNode, questions: dict[str, Question], execution: Execution
    ) -> Iterator[None]:
        """While a check cell runs, its Task lies where its check looks for it, and only then."""
        name = grade_id(cell)
        if not is_check(cell) or name not in questions:
            yield
            return
        nonce = execution.nonces[name] = secrets.token_hex(16)
        try:
            task = questions[name].task_from(execution.seed, nonce).to_json()
            execution.tasks[name] = digest_of(task)
            self.probes.write_text(task, encoding="utf-8")
            yield
        finally:
            self.probes.unlink(missing_ok=True)


@contextmanager
def _kernel(
    notebook: NotebookNode, kernels: ColdKernels | WarmKernels, student: str, budget: Budget
) -> Iterator[_Kernel]:
    """A _Kernel, freshly started; its processes and folders are gone afterwards."""
    with (
        # A little more than what the watch allows, which says more of what went beyond.
        memory_group(MEMORY + MEMORY // 8) as group,
        _started(notebook, kernels, student) as (client, manager),
    ):
        client.budget = budget
        first = psutil.Process(manager.provisioner.pid)
        group.take(first)
        watch = Watch(first, manager.folders.sockets, group)
        try:
            yield _Kernel(client, watch, manager.folders.probes, group)
        finally:
            watch.stop()


@contextmanager
def _started(
    notebook: NotebookNode, kernels: ColdKernels | WarmKernels, student: str
) -> Iterator[tuple[Client, _KernelManager]]:
    """A Client whose kernel runs, and its KernelManager."""
    while True:
        deadline.next_step(2 * START_TIMEOUT + deadline.STEP_TIMEOUT)  # a zygote and a kernel
        with kernels.manager(student) as manager, open(os.devnull, "wb") as nowhere:
            client = Client(
                notebook,
                km=manager,
                allow_errors=True,
                startup_timeout=START_TIMEOUT,
                iopub_timeout=30,
                raise_on_iopub_timeout=True,
                record_timing=False,
                store_widget_state=False,
                shutdown_kernel="immediate",
            )
            try:
                client.start_new_kernel(
                    cwd=str(manager.folders.home),
                    env=manager.environment,
                    stdout=nowhere,
                    stderr=nowhere,
                )
                client.start_new_kernel_client()
            except NoZygote as error:
                assert isinstance(kernels, WarmKernels)  # others have no zygote
                kernels.failed(error)
                continue
            try:
                yield client, manager
                return
            finally:
                deadline.next_step()
                with suppress(Exception):
                    end_kernel(client)
