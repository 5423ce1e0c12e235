"""The steps of grading as nbgrader runs them: `nbgrader autograde` and `helpers.grading` alike.

nbgrader_config.py lists them in place of nbgrader's own.
"""

import secrets

from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.preprocessors import SaveAutoGrades as NbgraderSaveAutoGrades
from traitlets import Enum, Integer, Unicode

from helpers.grading import results, run, sandbox
from helpers.grading.markup import safe_outputs
from helpers.grading.released import Released, grade_id, is_check
from helpers.grading.repair import announced_student, repair
from helpers.grading.score import records_in, score
from helpers.grading.settings import CELL_TIMEOUT, course_at
from helpers.grading.students import identifier_of
from helpers.grading.tables import number
from helpers.personal import normalised
from helpers.questions import question_by_id
from helpers.record import MIME_TYPE
from helpers.verdict import as_html, as_text

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
    """Lays the student's answers into the released notebook (see helpers.grading.repair)."""

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
    cell_timeout = Integer(CELL_TIMEOUT, help="Seconds that a cell may run.").tag(config=True)

    def preprocess(self, nb, resources):
        chosen, warning = sandbox.choose(self.sandbox)
        if warning:
            self.log.warning(warning)
        seed = secrets.randbits(32)
        student = self.identifier(resources)
        questions = self.released(resources).questions_for(student)
        # Not in the notebook: it stays on this side of the wall.
        resources[OURS] = run.execute(nb, questions, seed, chosen, self.cell_timeout, student)
        return nb, resources


class SaveScores(GradingStep, NbgraderSaveAutoGrades):
    """Judges the recorded answers and writes marks and hints to nbgrader's gradebook.

    Manual marks and comments given in formgrader stay as they are.
    """

    def preprocess(self, nb, resources):
        ids = resources["nbgrader"]
        released = self.released(resources)
        execution = resources.get(OURS, run.Execution(seed=0))
        ours = nb.metadata.pop(OURS, {})

        def verdicts_for(student):
            return score(nb, released.questions_for(student), execution)

        identifier, announced = self.identifier(resources), ours.get("student")
        self.verdicts = verdicts_for(identifier)
        to_decide = ""
        if (
            released.is_personal
            and isinstance(announced, str)
            and normalised(announced) != normalised(identifier)
        ):
            to_decide = _two_identifiers(
                announced, identifier, self.verdicts, verdicts_for(announced), released.max_points
            )
        self.to_read = []
        for cell in nb.cells:
            if cell.cell_type == "code":
                safe_outputs(cell)
        nb, resources = NbgraderSaveAutoGrades.preprocess(self, nb, resources)

        repairs = list(ours.get("repairs", []))
        result = results.Result(
            *(ids["student"], ids["assignment"], ids["notebook"]),
            state=results.REPAIRED if repairs else results.GRADED,
            max_points=released.max_points,
            verdicts=self.verdicts,
            remarks=tuple(repairs),
            to_read=tuple(self.to_read),
            to_decide=to_decide,
        )
        results.save(self.course, result)
        return nb, resources

    def _add_score(self, cell, resources):
        if not is_check(cell):
            # A written answer: nbgrader gives 0 to an untouched one and leaves the rest to people.
            super()._add_score(cell, resources)
            grade = self._grade(cell)
            if grade.needs_manual_grade and grade.manual_score is None:
                self.to_read.append(grade_id(cell))
            return
        question = question_by_id(grade_id(cell).replace("-", "."))
        verdicts = self.verdicts[question.id]
        grade = self._grade(cell)
        grade.auto_score = sum(verdict.points for verdict in verdicts)
        grade.needs_manual_grade = grade.manual_score is not None
        # What formgrader shows is our table, not the one that the student's kernel displayed.
        bundle = {
            "text/plain": as_text(question, verdicts),
            "text/html": as_html(question, verdicts),
        }
        for record in records_in(cell)[:1]:
            bundle[MIME_TYPE] = record
        cell.outputs = [new_output("display_data", bundle)]
        self.gradebook.db.commit()

    def _add_comment(self, cell, resources):
        """The hints go to the answer cell's automatic comment; nbgrader keeps those by hand."""
        super()._add_comment(cell, resources)
        question, answer, rest = grade_id(cell).replace("-", ".").rpartition(".answer")
        hints = [
            f"{verdict.part}: {verdict.hint}"
            for verdict in self.verdicts.get(question, [])
            if answer and not rest and verdict.hint
        ]
        if hints:
            comment = self.gradebook.find_comment(
                grade_id(cell), self.notebook_id, self.assignment_id, self.student_id
            )
            comment.auto_comment = "\n".join(hints)
            self.gradebook.db.commit()

    def _grade(self, cell):
        return self.gradebook.find_grade(
            grade_id(cell), self.notebook_id, self.assignment_id, self.student_id
        )


LONGEST_IDENTIFIER = 80  # as far as it is shown


def _two_identifiers(announced, identifier, verdicts, others, max_points):
    """The sentence on a notebook that was worked with other numbers than those it is marked with.

    verdicts: with the numbers of `identifier`, who handed it in; others: with those of `announced`.
    """

    def points(verdicts):
        return number(sum(verdict.points for parts in verdicts.values() for verdict in parts))

    def shown(identifier):
        identifier = " ".join(identifier.split())
        cut = identifier[:LONGEST_IDENTIFIER]
        return f"“{cut}”" if cut == identifier else f"“{cut}…”"

    if normalised(announced):
        worked = f"This notebook was worked with the numbers of {shown(announced)}"
    else:
        worked = "This notebook names no student and was worked with the course's numbers"
    return (
        f"{worked}, but it was handed in by {shown(identifier)}. With the numbers of "
        f"{shown(identifier)} it has {points(verdicts)} of {number(max_points)} points; with the "
        f"others it would have {points(others)}."
    )
