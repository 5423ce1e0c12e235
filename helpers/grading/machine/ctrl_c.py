"""Ctrl-C comes when it does no harm, and is never lost."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def ctrl_c_later() -> Iterator[None]:
    """Hold Ctrl-C back until the end. Processes that are started meanwhile never get it.

    In another thread than the main one there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[bool] = []
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


def let_lost_ctrl_c_come_again() -> None:
    """Repeat a Ctrl-C that met code whose exceptions Python prints and forgets.

    Such are `__del__`, what a weak reference calls, and what runs before and after a fork.
    """
    show = sys.unraisablehook

    def repeat_or_show(lost: "sys.UnraisableHookArgs") -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            show(lost)
            return
        again = threading.Timer(0.01, signal.raise_signal, (signal.SIGINT,))
        again.daemon = True
        with suppress(RuntimeError):  # Python ends anyway, and begins no more threads
            again.start()

    sys.unraisablehook = repeat_or_show
