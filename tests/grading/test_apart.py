"""What is read apart costs itself alone: it ends in time, and what comes after it has an answer."""

import os
import signal
import sys

import pytest

from helpers.grading.machine import apart as machine_apart
from helpers.grading.machine import deadline
from helpers.grading.machine.apart import Apart, NoAnswer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
COMPUTING = 0.3  # seconds


def answer(question, say):
    say("begun")
    if question == "forever":
        import re

        re.match("(a*)*b", "a" * 60)  # which lets no other thread run, nor a handler of Python's
    if question == "crash":
        import ctypes

        ctypes.string_at(0)
    if question == "memory":
        return len([bytes(100_000_000) for _ in range(60)])
    if question == "error":
        raise ValueError("no such thing")
    if question == "stopped":
        os.kill(os.getpid(), signal.SIGSTOP)  # so that no deadline of its own ends it
    return os.getpid()


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("forever", "more than 0.3 seconds of computing"),
        ("crash", "was ended"),
        ("memory", "more memory"),
        ("error", "ValueError: no such thing"),
    ],
)
def test_what_has_no_answer_is_said_and_the_next_has_one(question, why):
    with Apart(answer, COMPUTING) as apart:
        assert apart.ask("pid") == apart.ask("pid") != os.getpid(), "one process for all"
        with pytest.raises(NoAnswer, match=why) as problem:
            apart.ask(question)
        assert problem.value.doing == "begun"
        left = apart.ask("pid")
    with pytest.raises(ProcessLookupError):
        os.kill(left, 0)


def test_who_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(deadline, "STEP_TIMEOUT", 1)
    monkeypatch.setattr(machine_apart, "MARGIN", 0)
    with Apart(answer, COMPUTING) as apart:
        with pytest.raises(NoAnswer, match="no answer"):
            apart.ask("stopped")
        assert apart.ask("pid") != os.getpid()
