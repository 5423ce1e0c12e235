"""The command imports what grading uses, and no more."""

import json
import subprocess
import sys
from pathlib import Path

from alembic.script import ScriptDirectory
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader import api
from nbgrader.preprocessors import LimitOutput

from helpers.grading import student
from helpers.grading.gradebook import database
from helpers.grading.machine import imports
from tests.sample_class.work import ROOT

LOADED = """
import json, sys
from helpers.grading import command
from helpers.grading.running import zygotes
first = {name for name, module in sys.modules.items() if module}
from helpers.grading.machine.imports import quick_imports
with quick_imports():
    from helpers.grading import flow, tables_only
    from helpers.grading.running import processes
then = {name for name, module in sys.modules.items() if module}
import isoduration, requests, setuptools.archive_util
from nbgrader.preprocessors import LimitOutput
later = [requests.get, setuptools.archive_util.unpack_archive, isoduration.parse_duration]
print(json.dumps([sorted(first), sorted(then), all(map(callable, later))]))
"""
# Heavy, and for others: for kernels, for JupyterLab, for nbgrader's other commands.
FOR_OTHERS = (
    *("matplotlib", "sympy", "tensorflow", "IPython", "ipykernel", "ziamath"),
    *("jupyter_server", "nbgrader.server_extensions", "nbconvert", "alembic", "setuptools"),
    *("dask", "distributed", "bs4", "rapidfuzz", "requests", *imports.FORMATS),
)


def test_the_command_imports_nothing_large_that_it_does_not_use():
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    first, then, is_there_later = json.loads(done.stdout)
    assert not {*first} & {"numpy", "nbformat", "sqlalchemy", "zmq", "jupyter_client"}
    assert {"numpy", "nbformat", "sqlalchemy", "zmq", "nbgrader.api"} <= {*then}
    assert not {*then} & {*FOR_OTHERS}
    assert is_there_later


def test_the_version_of_nbgraders_tables_is_the_one_that_alembic_finds():
    scripts = ScriptDirectory(str(Path(api.__file__).parent / "alembic"))
    assert database.newest_version() == scripts.get_current_head()


def test_what_cells_have_shown_is_shortened_as_nbgrader_does():
    limits = LimitOutput()
    assert (student.MAX_LINES, student.MAX_TRACEBACK) == (limits.max_lines, limits.max_traceback)
    for lines, traceback in ((1, 1), (999, 100), (1000, 100), (1001, 1), (1, 101), (5000, 5000)):
        texts = ["\n".join(map(str, range(lines // 2 or 1))), "x\n" * (lines - lines // 2)]
        error = new_output("error", ename="E", evalue="", traceback=["line"] * traceback)
        shown = [*(new_output("stream", text=text) for text in texts), error]
        ours, theirs = (
            new_notebook(cells=[new_code_cell("1", outputs=shown, id="a")]) for _ in range(2)
        )
        ours, theirs = json.loads(json.dumps(ours)), json.loads(json.dumps(theirs))
        ours, theirs = student.nbformat.from_dict(ours), student.nbformat.from_dict(theirs)
        student.limit_output(ours)
        limits.preprocess(theirs, {})
        assert ours == theirs
