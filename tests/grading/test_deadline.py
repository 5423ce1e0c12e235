"""A step that does not end ends its process, which says where it was; the run goes on."""

import copy
import logging
import multiprocessing
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from argparse import Namespace
from dataclasses import replace

import pytest

from helpers.grading import flow
from helpers.grading.gradebook import database, results
from helpers.grading.gradebook.registration import register
from helpers.grading.intake.submissions import Submission
from helpers.grading.machine import deadline
from helpers.grading.repair.released import released_notebooks
from helpers.grading.running import executed
from helpers.grading.running.run import Execution
from helpers.grading.settings import course_at
from helpers.grading.student import GradingOptions, execute_ahead, grade_student
from tests.sample_class.work import LESSON, ROOT

STUCK = """
import re, sys, tempfile
from helpers.grading.machine import deadline
tempfile.tempdir = sys.argv[1]
with deadline.deadlines("ann"):
    deadline.next_step(0.2)
    re.match("(a*)*b", "a" * 60)  # which lets no other thread run
"""


def test_a_step_that_takes_too_long_ends_its_process(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", STUCK, tmp_path], cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert re.search("Timeout.*line 7", deadline.overdue("ann"), re.DOTALL)
    assert deadline.overdue("bob") == ""


def test_what_ends_in_time_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with deadline.deadlines("ann"):
        deadline.next_step(60)
    assert deadline.overdue("ann") == "" and not list(tmp_path.iterdir())


COMPUTES = STUCK.replace("next_step(0.2)", "next_step(60, computing=0.2)")


def test_a_step_that_computes_too_long_ends_its_process(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", COMPUTES, tmp_path], cwd=ROOT, timeout=60)
    assert done.returncode < 0
    assert re.search("line 7", deadline.overdue("ann"))


def dies_for_bob(course, result):
    """In place of `feedback.write`."""
    if result.student == "bob":
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
def test_a_worker_that_dies_over_a_page_costs_no_mark(course, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(flow, "WORK", multiprocessing.get_context("fork"))
    monkeypatch.setattr(flow, "grade_student", of_one)
    monkeypatch.setattr(flow.feedback, "write", dies_for_bob)
    released = released_notebooks(course, LESSON)[:1]
    tasks = [
        (Submission(student, (student,), notebooks={released[0].name: b"{}"}), {})
        for student in ("ann", "bob", "cem")
    ]
    options = GradingOptions("bubblewrap", "warm", (), 60, 1)
    outcome = flow._grade_all(
        course, Namespace(workers=2, lesson=LESSON), released, tasks, options, Silent()
    )
    assert sorted((r.student, r.state) for r in outcome.found) == [
        (student, results.GRADED) for student in ("ann", "bob", "cem")
    ]
    assert [(what, flow.ENDED in why) for what, why in outcome.unwritten] == [
        ("The feedback pages of bob", True)
    ]


def test_what_has_run_ahead_does_not_run_again(course, monkeypatch):
    (released,) = released_notebooks(course, LESSON)[-1:]
    ran = []

    def run(released, submitted, student, seed, *_):
        ran.append(seed)
        return executed.Executed(copy.deepcopy(released.notebook), Execution(seed))

    monkeypatch.setattr(executed, "repair_and_execute", run)
    submission = Submission("ann", ("ann",), notebooks={released.name: released.path.read_bytes()})
    options = GradingOptions("none", "cold", (), 60, seed=1)
    given = course, LESSON, [released], submission
    execute_ahead(*given, options)
    assert ran == [1]
    (found,) = grade_student(*given, {released.name: "as it is"}, options)
    assert ran == [1] and found.state == results.GRADED and found.fingerprint == "as it is"
    # Another run, and one after a change, know no more of it than before.
    execute_ahead(*given, replace(options, seed=2))
    grade_student(*given, {released.name: "as it is"}, replace(options, seed=2))
    assert ran == [1]
    grade_student(*given, {released.name: "changed"}, replace(options, seed=3))
    assert ran == [1, 3]
    execute_ahead(*given, replace(options, seed=4, again=True))
    grade_student(*given, {released.name: "changed"}, replace(options, seed=4, again=True))
    assert ran == [1, 3, 4]


def of_one(course, lesson, released, submission, fingerprints, options):
    """In place of grade_student: what befalls the worker of each student."""
    student = submission.student
    if student == "eve":
        deadline.next_step(60, computing=0.2)
        re.match("(a*)*b", "a" * 60)
    if student == "mal":
        os.kill(os.getpid(), signal.SIGKILL)
    if student == "big":
        bytes(3 * deadline.MEMORY)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    remarks = ("limited",) if soft not in (hard, resource.RLIM_INFINITY) else ()
    return [
        results.Result(student, lesson, notebook.name, results.GRADED, 1, remarks=remarks)
        for notebook in released
    ]


class Silent:
    """In place of a progress bar."""

    def __getattr__(self, name):
        return lambda *_: None


@pytest.fixture
def course(tmp_path):
    course = course_at(ROOT, tmp_path / "gradebook")
    course.gradebook.mkdir()
    logging.disable(logging.CRITICAL)
    with database.alone(course, LESSON):
        register(course, LESSON, released_notebooks(course, LESSON))
    logging.disable(logging.NOTSET)
    return course


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
def test_one_whose_worker_is_overdue_is_set_aside_and_the_others_are_graded(
    course, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # So that workers have what is changed here.
    monkeypatch.setattr(flow, "WORK", multiprocessing.get_context("fork"))
    monkeypatch.setattr(flow, "grade_student", of_one)
    released = released_notebooks(course, LESSON)[:1]
    name = released[0].name
    tasks = [
        (Submission(student, (student,), notebooks={name: b"{}"}), {name: "1"})
        for student in ("ann", "eve", "mal", "big", "zoe")
    ]
    options = GradingOptions("bubblewrap", "warm", (), 60, 1)
    outcome = flow._grade_all(
        course, Namespace(workers=2, lesson=LESSON), released, tasks, options, Silent()
    )
    found = {result.student: result for result in outcome.found}
    assert {student: result.state for student, result in found.items()} == {
        **dict.fromkeys(("ann", "zoe"), results.GRADED),
        **dict.fromkeys(("eve", "mal", "big"), results.SET_ASIDE),
    }
    assert found["eve"].details.startswith(flow.OVERDUE) and "of_one" in found["eve"].details
    assert found["mal"].details == flow.ENDED
    assert found["big"].details.startswith("MemoryError")
    assert found["ann"].remarks == ("limited",)
    assert (course.feedback / "eve" / LESSON / f"{name}.html").is_file()
