"""What helpers.grading.running.private_interfaces relies on is there, and does what it did."""

import ast
import inspect
from multiprocessing import forkserver, resource_tracker

import psutil
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from helpers.grading.running import private_interfaces
from tests.sample_class.work import ROOT


def test_the_fork_server_has_these_fields_and_this_program():
    server = forkserver.ForkServer()
    for name in ("_forkserver_pid", "_forkserver_address", "_forkserver_alive_fd"):
        assert getattr(server, name) is None
    assert callable(server._stop)
    listener, alive, preload = list(inspect.signature(forkserver.main).parameters)[:3]
    assert (listener, alive, preload) == ("listener_fd", "alive_r", "preload")
    assert callable(resource_tracker.ensure_running)


def test_a_kernel_is_ended_and_forgotten():
    cell = new_code_cell("import os; print(os.getpid())")
    client = NotebookClient(new_notebook(cells=[cell]))
    client.create_kernel_manager()
    client.start_new_kernel()
    client.start_new_kernel_client()
    client.execute_cell(cell, 0)
    process = int(cell.outputs[0].text)
    assert psutil.pid_exists(process)
    private_interfaces.end_kernel(client)
    private_interfaces.forget_kernel(client)
    assert not psutil.pid_exists(process)


def test_private_names_of_others_stand_in_that_module_only():
    found = set()
    for path in (ROOT / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in PRIVATE:
                found.add(path.relative_to(ROOT).as_posix())
    assert found == {"helpers/grading/running/private_interfaces.py"}


PRIVATE = {"_forkserver", "_stop", "_cleanup_kernel", "_processes", "_config"}
