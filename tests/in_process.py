"""Work a notebook in this process, without a kernel: fast enough for thousands of wrong solutions.

Only the answers, the checks and the given cells that they need are run. The records are made by
`observe`, as `check` makes them, and scored as the grader scores an executed notebook.
"""

import ast
import builtins
import contextlib
import io
import os
import sys
import types
from unittest.mock import patch

from nbformat.v4 import new_output

from helpers.asking import Task, observe
from helpers.asking.cell_ids import check_cell_id, question_of_answer, question_of_check
from helpers.asking.record import MIME_TYPE
from helpers.grading.gradebook.score import verdicts_by_question
from helpers.grading.repair.released import grade_id, is_check
from helpers.grading.running.run import Execution
from helpers.marking.questions import question_by_id
from helpers.personal import STUDENT_VARIABLE

NONCE = "of every check"


def marked(notebook, seed=1, only=None, student=""):
    """The verdicts of a notebook's questions as the grader finds them: {question id: [Verdict, …]}.

    notebook: nbformat's, released or with answers in it; it is executed in place. seed: of the
    probes. only: ids of the questions to ask; what comes after the last of them is not run.
    student: whose numbers, by identifier.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    questions = {
        grade_id(cell): question_by_id(question_of_check(grade_id(cell)), student)
        for cell in code
        if is_check(cell)
    }
    if only is not None:
        questions = {name: q for name, q in questions.items() if q.id in only}
        last = max(i for i, cell in enumerate(code) if grade_id(cell) in questions)
        code = code[: last + 1]
    main = types.ModuleType("__main__")
    with (
        _as_main(main),
        patch.dict(os.environ, {STUDENT_VARIABLE: student}),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        for cell in _needed(code, set(questions)):
            cell.outputs = []
            if is_check(cell):
                main.check = _recording(cell, seed, student)
            try:
                exec(compile(cell.source, grade_id(cell) or "given", "exec"), vars(main))
            except Exception as error:
                text = {"ename": type(error).__name__, "evalue": str(error), "traceback": []}
                cell.outputs.append(new_output("error", **text))
    return verdicts_by_question(
        notebook, questions, Execution(seed, nonces=dict.fromkeys(questions, NONCE))
    )


@contextlib.contextmanager
def _as_main(module):
    """Let `module` be __main__ for a while. Other modules that are loaded meanwhile stay."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = before


def _recording(cell, seed, student):
    """What stands for `check` in a check cell: it leaves the record in the cell's outputs."""

    def check(question, **answers):
        # Through text, as it reaches a kernel.
        task = Task.from_json(question_by_id(question, student).task_from(seed, NONCE).to_json())
        record = observe(task, answers) | {"nonce": NONCE}
        cell.outputs.append(new_output("display_data", {MIME_TYPE: record}))

    return check


def _needed(code, checks):
    """The cells among `code` that have to run for the check cells `checks`, in order."""
    wanted, found = set(), []
    for cell in reversed(code):
        loaded, bound = _names(cell.source)
        if is_check(cell):
            needed = grade_id(cell) in checks
        else:
            answered = question_of_answer(grade_id(cell) or "")
            asked = answered and check_cell_id(answered) in checks
            needed = asked or bool(bound & wanted)
        if needed:
            wanted |= loaded
            found.append(cell)
    return found[::-1]


def _names(source):
    """The names that a cell's source uses, and those that it gives a value."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set(), set()
    loaded, bound = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            loaded.add(node.target.id)
    return loaded - set(dir(builtins)), bound
