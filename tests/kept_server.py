"""A process that has imported the grader once, for all runs that tests make.

Runs of the grader fork their workers from a server that first imports for seconds; tests make many
runs. Here the server outlives the run.
"""

import multiprocessing
import os
import shutil
import tempfile
from contextlib import contextmanager
from multiprocessing import forkserver

import pytest

from helpers.grading.machine.ctrl_c import ctrl_c_later
from helpers.grading.running import processes
from helpers.grading.running.private_interfaces import stop_fork_server

OURS = ("BACKPROP_", "TMPDIR")  # what variables begin with that tests give to workers


class KeptServer:
    """Takes the place of `processes.fork_server`."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kept-")  # of its socket
        self.environment = None

    @contextmanager
    def fork_server(self):
        """As processes.fork_server, but the server stays until our variables have other values."""
        environment = {k: v for k, v in os.environ.items() if k.startswith(OURS)}
        if environment != self.environment:
            self.stop()
            multiprocessing.current_process()._config["tempdir"] = self.folder
            processes.WORK.set_forkserver_preload(["helpers.grading.flow"])
            with ctrl_c_later():
                forkserver.ensure_running()
            self.environment = environment
        yield

    def stop(self):
        if self.environment is not None:
            stop_fork_server()
            self.environment = None


@pytest.fixture(scope="session", autouse=True)
def kept_server():
    """Runs in a test's own process take their workers from a server that stays."""
    kept = KeptServer()
    with pytest.MonkeyPatch.context() as patch:
        if processes.ON_LINUX:
            patch.setattr(processes, "fork_server", kept.fork_server)
        yield kept
    kept.stop()
    shutil.rmtree(kept.folder, ignore_errors=True)
