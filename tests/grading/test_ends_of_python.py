"""What ends Python costs the cell that does it, when it ends later too, in every run alike."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.grading import student
from helpers.grading.gradebook.results import Result
from helpers.grading.running import run
from helpers.grading.running.executed import Executed
from helpers.grading.running.kernels import WarmKernels
from helpers.marking.verdict import Verdict


@pytest.fixture(scope="module")
def warm():
    source = WarmKernels(["numpy"])
    yield source
    source.close()


@pytest.fixture(autouse=True)
def waits_less(monkeypatch):
    monkeypatch.setattr(run, "SETTLE", 0.3)


def executed(source, *code):
    """What the cells `code` print in one kernel, and the Execution."""
    ran = ran_in(source, *code)
    return texts_of(ran), ran.execution


def ran_in(source, *code):
    notebook = new_notebook(cells=[new_code_cell(text) for text in code])
    return Executed(notebook, run.execute(notebook, {}, 7, source, 30))


def texts_of(ran):
    return ["".join(o.get("text", "") for o in cell.outputs) for cell in ran.notebook.cells]


AT_ONCE = {
    "exit": "exit()",
    "os._exit": "import os; os._exit(0)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "terminated": "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)",
    "aborted": "import os; os.abort()",
    "at exit, and exit": "import atexit, os; atexit.register(os._exit, 1); exit()",
}


@pytest.mark.sampled(0.4)
@pytest.mark.parametrize("how", AT_ONCE)
def test_who_ends_python_at_once_is_told_so(warm, how):
    texts, execution = executed(warm, "x = 1", f"y = 2\n{AT_ONCE[how]}", "print(x, 'y' in dir())")
    assert texts[2] == "1 False\n"
    assert execution.reasons == {1: run.ENDED_PYTHON}
    assert not execution.questions


LATER = {
    "timer": "import os, threading; threading.Timer(0.2, os._exit, [0]).start()",
    "alarm": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.2)",
    "thread": """
import os, signal, threading, time
def kill():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill, daemon=True).start()""",
    "another process": """
import os, subprocess
subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -9 {os.getpid()}"], start_new_session=True)""",
    "before the next cell": """
import os
get_ipython().events.register("pre_run_cell", lambda info: os._exit(0))""",
    "exit in a timer": """
import os, threading
threading.Timer(0.2, lambda: (get_ipython().ask_exit(), os._exit(0))).start()""",
}
WAIT = "import time; time.sleep(0.6); print('waited')"


@pytest.mark.sampled(0.4)
@pytest.mark.parametrize("how", LATER)
def test_what_ends_python_later_costs_the_cell_that_left_it(warm, how):
    ran = ran_in(
        warm, "x = 1", f"y = 2\n{LATER[how]}", "z = 3\nprint('y' in dir())", WAIT, "print(x, z)"
    )
    execution = ran.execution
    assert execution.reasons == {1: run.ENDED_LATER}
    assert texts_of(ran)[2:] == ["False\n", "waited\n", "1 3\n"], "as if the cell was not there"
    (question,) = execution.questions
    assert "The cell number 2 left something running" in question
    for one in (ran, Executed.from_json(ran.to_json())):
        other = one.with_what_was_left_out()
        assert other.execution.reasons == {} and one.execution.reasons
        before = "" if how == "before the next cell" else "True\n"
        assert texts_of(other)[2].startswith(before), "as it was with the cell, if it had run"
        assert texts_of(other)[3:] == ["waited\n", "1 3\n"]


def test_a_thread_that_does_no_harm_is_not_to_blame(warm):
    thread = "import threading, time; threading.Thread(target=time.sleep, args=[60], daemon=True)"
    texts, execution = executed(warm, f"{thread}.start()\nx = 1", AT_ONCE["os._exit"], "print(x)")
    assert execution.reasons == {1: run.ENDED_PYTHON} and texts[2] == "1\n"


GIVEN = {"nbgrader": {"grade_id": "start-1", "grade": False, "solution": False, "locked": True}}


@pytest.mark.parametrize(
    ("before", "times", "is_told"),
    [
        ([], 1, False),  # nothing of the student's ran before it, and the second time it runs
        ([], 2, True),
        (["x = 1"], 1, True),
    ],
)
def test_a_given_cell_that_takes_too_long_is_no_students_fault(
    warm, monkeypatch, before, times, is_told
):
    """On a machine with too much to do an import may, and everything would seem unanswered."""
    stopped = []
    run_cell = run._Kernel.run

    def run_slowly(self, position, cell, timeout):
        if cell.source == "y = 2" and len(stopped) < times:
            stopped.append(position)
            self.may_be_anothers = False
            return "was stopped because it ran longer than 10 seconds"
        return run_cell(self, position, cell, timeout)

    monkeypatch.setattr(run._Kernel, "run", run_slowly)
    cells = [new_code_cell(text) for text in before]
    cells += [new_code_cell("y = 2", metadata=GIVEN), new_code_cell("print('y' in dir())")]
    notebook = new_notebook(cells=cells)
    execution = run.execute(notebook, {}, 7, warm, 30)
    assert notebook.cells[-1].outputs[0].text == f"{not is_told}\n"
    assert bool(execution.reasons) == is_told == bool(execution.questions)
    if is_told:
        assert "The given cell start-1 was stopped because" in execution.questions[0]
        assert "--again" in execution.questions[0]


def test_a_cell_that_is_lost_when_cells_run_again_is_told(warm, monkeypatch):
    """It ran before, and a machine with too much to do may not let it a second time."""
    times, run_cell = [], run._Kernel.run

    def run_once(self, position, cell, timeout):
        if cell.source == "y = 2":
            times.append(position)
            if len(times) == 2:
                self.may_be_anothers = False
                return "was stopped because it ran longer than 10 seconds"
        return run_cell(self, position, cell, timeout)

    monkeypatch.setattr(run._Kernel, "run", run_once)
    monkeypatch.setattr(run, "_left_running", lambda done, ends_python: None)
    cells = [new_code_cell("y = 2", metadata=GIVEN), new_code_cell(AT_ONCE["os._exit"])]
    notebook = new_notebook(cells=[*cells, new_code_cell("print('y' in dir())")])
    execution = run.execute(notebook, {}, 7, warm, 30)
    assert notebook.cells[-1].outputs[0].text == "False\n"
    assert execution.reasons == {1: run.ENDED_PYTHON}
    (question,) = execution.questions
    assert "The cell start-1 ran to its end at first" in question and "--again" in question


def test_a_given_cell_that_is_not_reached_is_told(warm, monkeypatch):
    monkeypatch.setattr(run, "MAX_KERNELS", 1)
    monkeypatch.setattr(run, "_left_running", lambda done, ends_python: None)
    cells = [new_code_cell(AT_ONCE["os._exit"]), new_code_cell("y = 2", metadata=GIVEN)]
    execution = run.execute(new_notebook(cells=cells), {}, 7, warm, 30)
    assert execution.reasons == {0: run.ENDED_PYTHON, 1: run.TOO_LATE}
    (question,) = execution.questions
    assert "The given cell start-1 did not run because cells before it took" in question


def test_after_a_long_time_a_person_is_told(warm, monkeypatch):
    monkeypatch.setattr(run, "MAX_WAIT", 0)
    _, execution = executed(warm, "x = 1", AT_ONCE["os._exit"], "print(x)")
    assert execution.reasons == {1: run.ENDED_PYTHON}
    assert "Python ended in the cell number 2" in execution.questions[0]


@pytest.mark.parametrize(("without", "with_it"), [(3, 5), (5, 3), (4, 4)])
def test_of_two_executions_that_differ_the_better_counts_and_a_person_is_asked(
    monkeypatch, without, with_it
):
    notebook = new_notebook(cells=[new_code_cell("x = 1")])
    execution = run.Execution(7, {0: run.ENDED_LATER}, questions=["Look at it."])
    execution.remember(notebook, [0])
    ran = Executed(notebook, execution)

    def score(student, lesson, released, identifier, executed):
        points = without if executed is ran else with_it
        verdicts = {"q": [Verdict("x", points, 5, "right")]}
        return Result("ann", "l", "n", "graded", 5, verdicts, questions=("Look at it.",))

    monkeypatch.setattr(student, "score", score)
    result, chosen = student.better_scored("ann", "l", None, "ann", ran)
    assert result.points == max(without, with_it)
    assert (chosen is ran) == (without >= with_it)
    asked = result.questions[1:]
    assert bool(asked) == (without != with_it)
    assert all(f"has {without} points" in text and f"run, {with_it}." in text for text in asked)
