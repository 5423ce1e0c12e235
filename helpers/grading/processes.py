"""Where a run's worker processes come from, and that none of them ever meets Ctrl-C."""

import multiprocessing
import signal
import sys
import tempfile
from contextlib import contextmanager
from multiprocessing import forkserver

ON_LINUX = sys.platform == "linux"
WORK = multiprocessing.get_context("forkserver" if ON_LINUX else "spawn")


@contextmanager
def prepared(module):
    """Let the imports of `module` begin now, in a server from which WORK's processes are forked.

    Elsewhere than on Linux each imports for itself. Runs in `scratch.scratch`.
    """
    if not ON_LINUX:
        yield
        return
    # The server's socket lies in the scratch, which goes even after a kill; multiprocessing would
    # make a folder of its own, and leave it.
    multiprocessing.current_process()._config["tempdir"] = tempfile.gettempdir()
    WORK.set_forkserver_preload([module])
    with ctrl_c_later():
        forkserver.ensure_running()
    try:
        yield
    finally:
        forkserver._forkserver._stop()  # the next one has another scratch


@contextmanager
def ctrl_c_later():
    """Hold Ctrl-C back until the end. Processes that are started meanwhile never get it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
