"""What ends Python costs the cell that does it, when it ends later too, in every run alike."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.grading.running import run
from helpers.grading.running.kernels import WarmKernels


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
    notebook = new_notebook(cells=[new_code_cell(text) for text in code])
    execution = run.execute(notebook, {}, 7, source, 30)
    return ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells], execution


AT_ONCE = {
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
    texts, execution = executed(
        warm, "x = 1", f"y = 2\n{LATER[how]}", "z = 3\nprint('y' in dir())", WAIT, "print(x, z)"
    )
    assert execution.reasons == {1: run.ENDED_LATER}
    assert texts[2:] == ["False\n", "waited\n", "1 3\n"], "as if the cell had not been there"
    (question,) = execution.questions
    assert "The cell number 2 left something running" in question


def test_a_thread_that_does_no_harm_is_not_to_blame(warm):
    thread = "import threading, time; threading.Thread(target=time.sleep, args=[60], daemon=True)"
    texts, execution = executed(warm, f"{thread}.start()\nx = 1", AT_ONCE["os._exit"], "print(x)")
    assert execution.reasons == {1: run.ENDED_PYTHON} and texts[2] == "1\n"


def test_after_a_long_time_a_person_is_told(warm, monkeypatch):
    monkeypatch.setattr(run, "MAX_WAIT", 0)
    _, execution = executed(warm, "x = 1", AT_ONCE["os._exit"], "print(x)")
    assert execution.reasons == {1: run.ENDED_PYTHON}
    assert "Python ended in the cell number 2" in execution.questions[0]
