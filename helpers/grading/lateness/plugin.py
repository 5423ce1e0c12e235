"""The same lateness for plain nbgrader: its own rule would set what this command has entered to 0.

nbgrader_config.py names LatePolicy through `settings.configure`.
"""

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Unicode

from helpers.grading.lateness import penalty, policy, times
from helpers.grading.settings import course_at
from helpers.personal.class_list import identifier_of


class LatePolicy(LateSubmissionPlugin):
    """What lateness costs by --due, --late and --extensions; without them as nbgrader has it."""

    course_root = Unicode(help="Directory of notebooks/ and solutions/.").tag(config=True)
    gradebook_directory = Unicode("gradebook", help="Where results go.").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """The points that lateness costs the notebook that nbgrader is at."""
        course = course_at(self.course_root or None, self.gradebook_directory)
        lesson, notebook = self.parent.assignment_id, self.parent.notebook_id
        mine = policy.load(course, lesson)
        called = (identifier_of(course, student_id), student_id)
        if mine.due_for(called) is None:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        arrival = times.load(course, student_id, lesson).get(notebook)
        late = penalty.counted(mine, called, arrival)
        return late.penalty(score) if late else None
