"""Where a run's worker processes come from, and that none of them ever meets Ctrl-C."""

import multiprocessing
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path

from helpers.grading.machine.ctrl_c import ctrl_c_later
from helpers.grading.running.private_interfaces import adopt_fork_server, stop_fork_server

ON_LINUX = sys.platform == "linux"
WORK = multiprocessing.get_context("forkserver" if ON_LINUX else "spawn")


@contextmanager
def fork_server() -> Iterator[None]:
    """WORK's processes are forked from a server, which is itself forked from this process, now.

    So nothing is imported twice, and a worker has nothing that this process makes later. Elsewhere
    than on Linux each worker imports for itself. For a process without threads of its own; runs in
    `scratch.scratch`, where the server's socket lies, which goes even after a kill.
    """
    if not ON_LINUX:
        yield
        return
    resource_tracker.ensure_running()  # its start lets Ctrl-C through again, so not below
    with ctrl_c_later():
        _fork_server(Path(tempfile.gettempdir(), "workers"))
    try:
        yield
    finally:
        stop_fork_server()  # the next run has another scratch


def _fork_server(address: Path) -> None:
    """Start multiprocessing's fork server by a fork; address: of its socket.

    multiprocessing itself would start it as a new Python (see private_interfaces).
    """
    alive, keeps_alive = os.pipe()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        process = os.fork()
        if not process:
            try:
                os.close(keeps_alive)
                forkserver.main(listener.detach(), alive, preload=[])  # until nothing keeps it
            finally:
                os._exit(0)
    os.close(alive)
    adopt_fork_server(process, str(address), keeps_alive)
