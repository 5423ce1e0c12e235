"""The steps of grading as plain `nbgrader autograde` runs them.

nbgrader_config.py lists them in place of nbgrader's own. helpers.grading takes the same steps
without nbgrader's converter, see `save`.
"""

import secrets

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Enum, Integer, Unicode

from helpers.grading.gradebook import results
from helpers.grading.gradebook.entering import enter, judged
from helpers.grading.repair.lay_in import announced_student, repair
from helpers.grading.repair.released import Released, released_notebooks
from helpers.grading.running import run, sandbox
from helpers.grading.running.executed import Executed
from helpers.grading.running.kernels import COLD, WARM, kernels_for, modules_of
from helpers.grading.settings import CELL_TIMEOUT, course_at
from helpers.personal.class_list import identifier_of

OURS = "backprop"  # the key of what the steps tell each other in a notebook's metadata


class GradingStep(NbGraderPreprocessor):
    """What the steps share: the course's directories, and which notebook is being graded."""

    course_root = Unicode(help="Directory of notebooks/ and solutions/.").tag(config=True)
    gradebook_directory = Unicode("gradebook", help="Where results go.").tag(config=True)

    @property
    def course(self):
        return course_at(self.course_root or None, self.gradebook_directory)

    def released(self, resources):
        """The released notebook of the one that is being graded."""
        ids = resources["nbgrader"]
        return Released(self.course.released / ids["assignment"] / f"{ids['notebook']}.ipynb")

    def identifier(self, resources):
        """What selects the numbers of the student who handed the notebook in."""
        return identifier_of(self.course, resources["nbgrader"]["student"])


class Repair(GradingStep):
    """Lays the student's answers into the released notebook (see helpers.grading.repair.lay_in)."""

    def preprocess(self, nb, resources):
        released = self.released(resources).notebook
        repaired, sentences = repair(nb, released)
        repaired.metadata[OURS] = {
            "repairs": sentences,
            "student": announced_student(nb, released),
        }
        return repaired, resources


class Run(GradingStep):
    """Executes the notebook in a sealed kernel; unlike nbgrader's Execute, always."""

    sandbox = Enum(["auto", "bubblewrap", "none"], "auto", help="What seals off the code.").tag(
        config=True
    )
    kernels = Enum([WARM, COLD], WARM, help="Forked, or each a new Python.").tag(config=True)
    cell_timeout = Integer(CELL_TIMEOUT, help="Seconds that a cell may run.").tag(config=True)

    def preprocess(self, nb, resources):
        chosen, warning = sandbox.choose(self.sandbox)
        if warning:
            self.log.warning(warning)
        student = self.identifier(resources)
        released = self.released(resources)
        lesson = released_notebooks(self.course, resources["nbgrader"]["assignment"])
        # Not in the notebook: it stays on this side of the wall.
        resources[OURS] = run.execute(
            nb,
            released.questions_for(student),
            secrets.randbits(32),
            kernels_for(self.kernels, chosen, modules_of(lesson)),
            self.cell_timeout,
            student,
        )
        return nb, resources


class SaveScores(GradingStep, SaveAutoGrades):
    """Judges the recorded answers and writes marks and hints to nbgrader's gradebook.

    Manual marks and comments given in formgrader stay as they are.
    """

    def preprocess(self, nb, resources):
        ids = resources["nbgrader"]
        ours = nb.metadata.pop(OURS, {})
        executed = Executed(
            nb,
            resources.get(OURS, run.Execution(seed=0)),
            list(ours.get("repairs", [])),
            ours.get("student"),
        )
        result = judged(
            ids["student"],
            ids["assignment"],
            self.released(resources),
            self.identifier(resources),
            executed,
        )
        with Gradebook(ids["db_url"]) as gradebook:
            result = enter(gradebook, nb, result)
        results.save(self.course, result)
        return nb, resources
