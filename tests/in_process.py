"""Work a notebook in this process, without a kernel: fast enough for thousands of wrong solutions.

Only the answers, the checks and the given cells that they need are run. The records are made by
`observe`, as `check` makes them, and scored as the grader scores an executed notebook.
"""

import ast
import builtins
import contextlib
import io
import os
import re
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
    ((_, verdicts),) = marked_with_seeds(notebook, (seed,), only, student)
    return verdicts


def marked_with_seeds(notebook, seeds, only=None, student=""):
    """Yield (seed, verdicts as `marked` has them) for each of `seeds`; the notebook is run once.

    At each, the outputs of the check cells are those with that seed.
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
    records = {seed: [] for seed in seeds}  # (check cell, output)
    with (
        as_main(main),
        patch.dict(os.environ, {STUDENT_VARIABLE: student}),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        for cell, source in needed_code(code, set(questions)):
            cell.outputs = []
            if is_check(cell):
                main.check = _recording(cell, records, student)
            try:
                exec(compile(source, grade_id(cell) or "given", "exec"), vars(main))
            except Exception as error:
                text = {"ename": type(error).__name__, "evalue": str(error), "traceback": []}
                cell.outputs.append(new_output("error", **text))
    errors = [(cell, cell.outputs) for cell in code]
    for seed in seeds:
        for cell, outputs in errors:
            recorded = [output for of, output in records[seed] if of is cell]
            cell.outputs = [*recorded, *outputs]
        execution = Execution(seed, nonces=dict.fromkeys(questions, NONCE))
        yield seed, verdicts_by_question(notebook, questions, execution)


@contextlib.contextmanager
def as_main(module):
    """Let `module` be __main__ for a while. Other modules that are loaded meanwhile stay."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = before


def _recording(cell, records, student):
    """What stands for `check` in a check cell: it adds an output to the `records` of each seed."""

    def check(question, **answers):
        asked = question_by_id(question, student)
        for seed, recorded in records.items():
            # Through text, as it reaches a kernel.
            task = Task.from_json(asked.task_from(seed, NONCE).to_json())
            record = observe(task, answers) | {"nonce": NONCE}
            recorded.append((cell, new_output("display_data", {MIME_TYPE: record})))

    return check


SHOWS = re.compile(r"(draw|plot|print|show|display|explore|step_through)")


def needed_code(code, checks):
    """[(cell, source)] of what has to run for the check cells `checks`, in order.

    code: a notebook's code cells. Of answers and checks the source is whole; of given cells it is
    the statements that give a value to a name that is used further down.
    """
    wanted, found = set(), []
    for cell in reversed(code):
        source = cell.source
        answered = question_of_answer(grade_id(cell) or "")
        if is_check(cell):
            needed = grade_id(cell) in checks
            loaded, bound = _names(source)
        elif answered:
            loaded, bound = _names(source)
            needed = check_cell_id(answered) in checks or bool(bound & wanted)
        else:
            source, loaded = _statements_for(wanted, source)
            needed = bool(source)
        if needed:
            wanted |= loaded
            found.append((cell, source))
    return found[::-1]


def _statements_for(wanted, source):
    """(source, names that it uses) of the statements in `source` that `wanted` names need."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return source, set()
    wanted, used, chosen = set(wanted), set(), []
    for statement in reversed(statements):
        loaded, bound = _names_in(statement)
        if isinstance(statement, ast.Expr):
            # It may change what it is given, unless it only shows something.
            needed = bool(loaded & wanted) and not SHOWS.match(ast.unparse(statement))
        else:
            needed = bool(bound & wanted)
        if needed:
            wanted |= loaded
            used |= loaded
            chosen.append(ast.unparse(statement))
    return "\n".join(reversed(chosen)), used


def _names(source):
    """The names that a cell's source uses, and those that it gives a value."""
    try:
        return _names_in(ast.parse(source))
    except SyntaxError:
        return set(), set()


def _names_in(tree):
    loaded, bound = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            loaded.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            loaded.add(node.target.id)
    for node in _outside_of_functions(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            bound |= {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
    return loaded - set(dir(builtins)), bound


def _outside_of_functions(tree):
    """A syntax tree's nodes but for those inside of functions, whose names are their own."""
    yield tree
    if not isinstance(tree, ast.FunctionDef | ast.ClassDef | ast.Lambda):
        for child in ast.iter_child_nodes(tree):
            yield from _outside_of_functions(child)
