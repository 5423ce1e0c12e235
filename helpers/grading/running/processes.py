"""Where a run's worker processes come from, and that none of them ever meets Ctrl-C."""

import multiprocessing
import signal
import sys
import tempfile
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker

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
    resource_tracker.ensure_running()  # its start lets Ctrl-C through again, so not below
    with ctrl_c_later():
        forkserver.ensure_running()
    try:
        yield
    finally:
        forkserver._forkserver._stop()  # the next one has another scratch


@contextmanager
def ctrl_c_later():
    """Hold Ctrl-C back until the end. Processes that are started meanwhile never get it.

    For the main thread.
    """
    came = []
    # Blocked for what is started; and noted, since NumPy's threads, which are not, may get it.
    before = signal.signal(signal.SIGINT, lambda *_: came.append(True))
    can_block = hasattr(signal, "pthread_sigmask")  # not on Windows
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if can_block else ()
    try:
        yield
    finally:
        if can_block:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
