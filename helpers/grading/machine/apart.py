"""Work in a process apart, which can be ended without this one, and has limits of its own.

It is forked from this process at the first question and kept for those that follow, so it has all
that this one has and costs next to nothing; if it ends, the next question gets a new one.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Generic, NoReturn, TypeVar

from helpers.grading.errors import NO_ROOM, NothingGraded, in_short, is_for_lack_of_room
from helpers.grading.machine import deadline
from helpers.grading.machine.ctrl_c import ctrl_c_later

Q = TypeVar("Q")
A = TypeVar("A")
Say = Callable[[str], None]  # says what is begun now, which gets the time of a step
ANSWER, FAILED, BEGINS, FULL = "answer", "failed", "begins", "full"
MARGIN = 10  # seconds that a process apart may be late in ending itself
CAN_FORK = sys.platform == "linux"  # elsewhere a fork may not survive what libraries have begun


class NoAnswer(Exception):
    """A question has no answer. doing: what was begun last, or ""."""

    def __init__(self, doing: str, why: str) -> None:
        super().__init__(why)
        self.doing, self.why = doing, why


class Apart(Generic[Q, A]):
    """Answers questions by `answer(question, say)` in a process apart, until it is left.

    Questions and answers are such as can be pickled. computing: seconds that a step may compute,
    from the question or the last `say` on. Elsewhere than on Linux this process answers itself,
    without limits.
    """

    def __init__(self, answer: Callable[[Q, Say], A], computing: float) -> None:
        self._answer, self._computing = answer, computing
        self._process = 0
        self._questions: Connection | None = None

    def __enter__(self) -> Apart[Q, A]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._end()

    def ask(self, question: Q) -> A:
        """The answer. Raises NoAnswer if there is none in time, within memory, or for an error.

        Raises NothingGraded if the disk is full, which is the fault of nobody's file.
        """
        doing = [""]
        if not CAN_FORK:
            try:
                return self._answer(question, doing.append)
            except Exception as error:
                if is_for_lack_of_room(error):
                    raise NothingGraded(f"{NO_ROOM}.") from error
                raise NoAnswer(doing[-1], _in_words(error)) from error
        try:
            if self._questions is None:
                self._questions = self._start()
            self._questions.send(question)
            while True:
                if not self._questions.poll(deadline.STEP_TIMEOUT + MARGIN):
                    self._end()
                    raise NoAnswer(doing[-1], "there was no answer, nor its own end, in time")
                kind, content = self._questions.recv()
                if kind == ANSWER:
                    return content
                if kind == FULL:
                    raise NothingGraded(f"{NO_ROOM}.")
                if kind == FAILED:
                    raise NoAnswer(doing[-1], content)
                doing.append(content)
        except (OSError, EOFError):
            note = deadline.overdue(self._name)
            why = self._too_long if note else "what read it was ended, perhaps for lack of memory"
            self._end()
            raise NoAnswer(doing[-1], why) from None

    @property
    def _name(self) -> str:
        """By which its note is found."""
        return f"apart {self._process}"

    @property
    def _too_long(self) -> str:
        return f"it took more than {self._computing:g} seconds of computing"

    def _start(self) -> Connection:
        """Fork the process; returns where it is asked."""
        here, there = Pipe()
        # Ctrl-C amid a fork would leave locked what its hooks are to unlock.
        with ctrl_c_later(), warnings.catch_warnings():
            # Python 3.12 warns of threads. None of them has a lock that is needed there.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = os.fork()
            if not self._process:
                here.close()
                self._serve(there)
        there.close()
        return here

    def _serve(self, questions: Connection) -> NoReturn:
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the process that asks
            faulthandler.disable()  # how it ended is said in words, by the process that asks
            deadline.limit_memory()
            self._process = os.getpid()
            while True:
                question = questions.recv()
                questions.send(self._outcome(question, questions))
        except (OSError, EOFError):
            pass  # nobody asks any more
        finally:
            os._exit(0)

    def _outcome(self, question: Q, questions: Connection) -> tuple[str, A | str]:
        def say(doing: str) -> None:
            deadline.next_step(computing=self._computing)
            questions.send((BEGINS, doing))

        try:
            with deadline.deadlines(self._name):
                deadline.next_step(computing=self._computing)
                return ANSWER, self._answer(question, say)
        except Exception as error:
            return FULL if is_for_lack_of_room(error) else FAILED, _in_words(error)

    def _end(self) -> None:
        if self._questions is None:
            return
        self._questions.close()
        self._questions = None
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        deadline.note_of(self._name).unlink(missing_ok=True)


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than one file may have"
    return f"there was an unforeseen error, {in_short(error)}"
