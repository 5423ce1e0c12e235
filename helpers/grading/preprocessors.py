"""`nbgrader autograde` on the same road as `python -m helpers.grading`.

nbgrader_config.py names Grade in place of nbgrader's own steps: what it calls is what
helpers.grading.student calls.
"""

import secrets
from dataclasses import replace
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import LimitOutput, SaveAutoGrades
from traitlets import Enum, Integer, Unicode

from helpers.grading.gradebook import results
from helpers.grading.gradebook.entering import enter
from helpers.grading.machine import surroundings
from helpers.grading.repair.released import Released, released_notebooks
from helpers.grading.running import sandbox
from helpers.grading.running.executed import repair_and_execute
from helpers.grading.running.kernels import COLD, WARM, kernels_for, modules_of
from helpers.grading.settings import CELL_TIMEOUT, course_at
from helpers.grading.student import better_scored
from helpers.personal.class_list import identifier_of


class Grade(SaveAutoGrades):
    """Lays the answers into the released notebook, executes it sealed off, scores and enters it.

    Manual marks and comments given in formgrader stay as they are.
    """

    course_root = Unicode(help="Directory of notebooks/ and solutions/.").tag(config=True)
    gradebook_directory = Unicode("gradebook", help="Where results go.").tag(config=True)
    sandbox = Enum(["auto", "bubblewrap", "none"], "auto", help="What seals off the code.").tag(
        config=True
    )
    kernels = Enum([WARM, COLD], WARM, help="Forked, or each a new Python.").tag(config=True)
    cell_timeout = Integer(CELL_TIMEOUT, help="Seconds that a cell may run.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        surroundings.check(in_scratch=False)
        ids = resources["nbgrader"]
        course = course_at(self.course_root or None, self.gradebook_directory)
        chosen, warning = sandbox.choose(self.sandbox)
        if warning:
            self.log.warning(warning)
        lesson = released_notebooks(course, ids["assignment"])
        released = Released(course.released / ids["assignment"] / f"{ids['notebook']}.ipynb")
        identifier = identifier_of(course, ids["student"])
        kernels = kernels_for(self.kernels, chosen, modules_of(lesson))
        seed = secrets.randbits(32)
        executed = repair_and_execute(released, nb, identifier, seed, kernels, self.cell_timeout)
        result, executed = better_scored(
            ids["student"], ids["assignment"], released, identifier, executed
        )
        LimitOutput(parent=self).preprocess(executed.notebook, resources)
        with Gradebook(ids["db_url"]) as gradebook:
            result = enter(gradebook, course, executed.notebook, result)
        before = results.load(course, *result.key)
        if before:  # what is said of its time stays; the penalty is LatePolicy's
            result = replace(result, lateness=before.lateness, time_question=before.time_question)
        for sentence in result.outdated:
            self.log.warning(f"{ids['student']}, {ids['notebook']}: {sentence}")
        results.save(course, result)
        return executed.notebook, resources
