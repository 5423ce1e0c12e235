"""A gradebook with marks in it, without anything having been run: for what comes after grading."""

import shutil

import nbformat

from helpers.grading.gradebook import results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.entering import enter, enter_nothing, enter_student
from helpers.grading.gradebook.registration import register
from helpers.grading.repair.released import Released, is_check
from helpers.marking.judging import RIGHT, WRONG, Verdict
from helpers.marking.questions import questions_of
from helpers.personal import class_list
from tests.sample_class.work import LESSON, ROOT, Notebook

P2, P3 = "problem_2_pen_and_paper", "problem_3_numpy"


def course_of_two(folder):
    """A folder with the released notebooks P2 and P3 alone, as a course."""
    (folder / "notebooks" / LESSON).mkdir(parents=True)
    for name in (P2, P3):
        shutil.copy(ROOT / "notebooks" / LESSON / f"{name}.ipynb", folder / "notebooks" / LESSON)


def verdicts(notebook, right=None):
    """Verdicts on a notebook of which the first `right` questions are right; None: all."""
    found = {}
    for place, (name, question) in enumerate(questions_of(notebook).items()):
        is_right = right is None or place < right
        found[name] = [
            Verdict(
                part.name, part.points * is_right, part.points, RIGHT if is_right else WRONG,
                hint="" if is_right else "Look at the sign.",
            )
            for part in question.parts
        ]  # fmt: skip
    return found


def enter_class(course, students, identifiers=None):
    """Enter students: {id: {notebook: how many questions are right, or a state}}.

    identifiers: by id, if they are others.
    """
    released = [Released(course.released / LESSON / f"{name}.ipynb") for name in (P2, P3)]
    register(course, LESSON, released)
    for student, notebooks in students.items():
        with open_gradebook(course) as gradebook:
            enter_student(gradebook, course, LESSON, student)
            for one in released:
                how = notebooks.get(one.name, results.MISSING)
                result = results.Result(student, LESSON, one.name, results.GRADED, one.max_points)
                if isinstance(how, str):
                    result = results.Result(student, LESSON, one.name, how, one.max_points)
                    enter_nothing(gradebook, course, [result])
                else:
                    content = Notebook(one.name).content
                    for cell in filter(is_check, content.cells):
                        cell.outputs = []
                    result = results.Result(
                        student, LESSON, one.name, results.GRADED, one.max_points,
                        verdicts(one.name, how or None),
                    )  # fmt: skip
                    result = enter(gradebook, course, content, result)
                    path = course.autograded_notebook(student, LESSON, one.name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    nbformat.write(content, path)
                results.save(course, result)
    named = [_Named(s, (identifiers or {}).get(s, s)) for s in students]
    class_list.remember(course, named)


class _Named:
    def __init__(self, student, identifier):
        self.student, self.identifier = student, identifier
