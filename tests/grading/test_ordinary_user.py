"""Where an ordinary user grades, a submission can fill no disk through the folder of its sockets.

Root takes that folder back; an ordinary user's kernels have it inside their sandbox, with a size.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

from helpers.grading.running import limits, sandbox
from tests.sample_class.work import ROOT
from tests.sampling import a_run_of_the_grader

pytestmark = pytest.mark.skipif(
    bool(sandbox.bubblewrap_problem()) and not os.environ.get("CI"), reason="needs bubblewrap"
)
AN_ORDINARY_USER = "1001"

FILLS = """
import json, os
from pathlib import Path
folder, written = Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets", 0
try:
    for number in range(40):
        descriptor = os.open(folder / "held", os.O_RDWR | os.O_CREAT)
        os.unlink(folder / "held")
        for _ in range(90):
            written += os.write(descriptor, b"x" * 1_000_000)
except OSError:
    pass
print(written)
try:
    for number in range(10_000):
        os.mkdir(folder / str(number))
except OSError:
    pass
print(number)
"""

EXECUTES = """
import json, os, sys, tempfile
from contextlib import ExitStack
from nbformat.v4 import new_code_cell, new_notebook
from helpers.grading.running import run, sandbox, zygotes
from helpers.grading.running.kernels import ColdKernels, WarmKernels

stack = ExitStack()
tempfile.tempdir = stack.enter_context(tempfile.TemporaryDirectory())


def ahead():
    begun = stack.enter_context(zygotes.ahead())
    begun.load(["numpy"])
    assert begun.is_inside()
    return WarmKernels(["numpy"], str(begun.address))


kernels = {
    "warm": lambda: WarmKernels(["numpy"]),
    "ahead": ahead,
    "cold": lambda: ColdKernels("bubblewrap"),
}
source = kernels[sys.argv[1]]()
notebook = new_notebook(cells=[new_code_cell(code) for code in (sys.argv[2], "print(1 + 1)")])
reasons = run.execute(notebook, {}, 7, source, 60).reasons
texts = ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells]
said = {"user": os.geteuid(), "problem": source.problem, "texts": texts, "reasons": reasons}
print(json.dumps(said))
source.close()
stack.close()
"""


def executed_by_an_ordinary_user(kind, code):
    """What EXECUTES prints for one cell of `code`, run by somebody who is not root."""
    command = [sys.executable, "-c", EXECUTES, kind, code]
    if os.geteuid() == 0:
        user = ("--unshare-user", "--uid", AN_ORDINARY_USER, "--gid", AN_ORDINARY_USER)
        command = ["bwrap", "--dev-bind", "/", "/", *user, "--", *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@a_run_of_the_grader
@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
@pytest.mark.parametrize("kind", ["warm", "ahead", "cold"])
def test_the_folder_of_sockets_has_a_size(kind):
    said = executed_by_an_ordinary_user(kind, FILLS)
    assert said["user"] != 0 and not said["problem"]
    assert said["texts"][1] == "2\n"
    if kind != "cold":  # else it may be ended before it can say so
        assert said["reasons"] == {}
        written, folders = map(int, said["texts"][0].split())
        assert written <= 1.1 * limits.FOLDER and folders < limits.MAX_FILES


@a_run_of_the_grader
def test_the_folder_of_sockets_is_not_outside():
    """Nothing that a kernel writes there is on the disk of the machine."""
    code = """
from pathlib import Path
import os
folder = Path(os.environ["BACKPROP_PROBES"]).parents[1] / "sockets"
(folder / "left").write_text("left")
print(os.stat(folder).st_dev != os.stat(folder.parent / "given").st_dev)
"""
    said = executed_by_an_ordinary_user("cold", code)
    assert said["reasons"] == {} and said["texts"] == ["True\n", "2\n"]


def test_a_process_that_has_ended_has_no_root():
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert sandbox.roots(ended.pid) == []
    assert sandbox.roots(os.getpid())[0] == f"/proc/{os.getpid()}/root"
