"""Attacks that want marks without answers.

Each starts from a notebook without answers, so that whatever it has in the end, it has gained. The
attackers know all code of this project, what it runs on, and how it grades.
"""

from inspect import cleandoc

import numpy as np
from nbformat.v4 import new_code_cell, new_output

from helpers.asking.cell_ids import check_cell_id, question_of_check
from helpers.asking.record import MIME_TYPE
from helpers.grading.repair.released import grade_id, is_check
from helpers.marking.questions import question_by_id, questions_of
from tests.attacks.attack import (
    CANARY,
    P2,
    P3,
    WITHOUT_FIGURES,
    Attack,
    attack_by_code,
    handed_in,
    in_first_answer,
)
from tests.sample_class.work import Notebook

ATTACKS = []
P4 = "problem_4_keras"


def gains(name, tries, source, notebook=P3, **must):
    """Add an Attack by `source` in the first answer."""
    ATTACKS.append(attack_by_code(name, tries, source, notebook, **must))


def attack(name, tries, notebook=P3, **must):
    """Add an Attack that hands in the Notebook, or the bytes by file name, that is made."""

    def add(make):
        def files():
            made = make()
            return made if isinstance(made, dict) else handed_in(made)

        ATTACKS.append(Attack(name, tries, files, notebook, **must))
        return make

    return add


# What many of them need: to act before each check cell, to know what it asks, and to make a record

BEFORE_CHECKS = '''
import json, os, sys, threading, time
from pathlib import Path
from IPython.display import display
import helpers, helpers.asking, helpers.checking, helpers.asking.record

shell = get_ipython()
MIME = "application/vnd.backprop.answers+json"

def asked():
    """What the check cell that runs now is asked, as the grader wrote it; None outside of one."""
    try:
        return json.loads(Path(os.environ["BACKPROP_PROBES"]).read_text())
    except (OSError, KeyError, ValueError):
        return None

def forged(task, entry, **more):
    """A record for a task; entry: what it has for each part or value recorded, in each case."""
    answers = {
        name: [entry(name, probe, number) for number, probe in enumerate(task["test_inputs"])]
        for name in task["recorded"]
    }
    return {"version": 1, "question": task["question"], "nonce": task["nonce"],
            "answers": answers} | more

def numbers(array):
    import numpy as np
    array = np.asarray(array, dtype=float)
    return {"shape": list(array.shape), "values": array.ravel().tolist()}

def show(record, **how):
    display({MIME: record, "text/plain": "recorded"}, raw=True, **how)

def instead_of_check(forge):
    """In place of what a check cell would do, show the records that `forge` makes of its task."""
    def check(question, **answers):
        for record in forge(asked(), answers):
            show(record)
    def before(info):
        shell.user_ns["check"] = check
    shell.events.register("pre_run_cell", before)
'''


def with_tools(source):
    return BEFORE_CHECKS.strip() + "\n\n" + cleandoc(source)


def forges(name, tries, source, notebook=P3, **must):
    """Add an Attack by `source` that uses what BEFORE_CHECKS defines."""
    gains(name, tries, with_tools(source), notebook, **must)


# Checks that do not check

gains(
    "Asserts removed",
    "an AST transformer takes asserts, raises and checks out of all cells",
    """
    import ast

    class Without(ast.NodeTransformer):
        def visit_Assert(self, node):
            return ast.Pass()
        visit_Raise = visit_Assert
        def visit_Expr(self, node):
            called = getattr(node.value, "func", None)
            if getattr(called, "id", "") == "check":
                return ast.parse("print('9 of 9 parts are right')").body[0]
            return node

    get_ipython().ast_transformers.append(Without())
    """,
    says="left no record",
)
gains(
    "run_cell replaced",
    "the shell and the kernel answer that every cell ran well, and run none",
    """
    from IPython.core.interactiveshell import ExecutionResult
    shell = get_ipython()

    def run_cell(*args, **options):
        result = ExecutionResult(None)
        result.result = 100.0
        return result

    async def run_cell_async(*args, **options):
        return run_cell()

    async def do_execute(*args, **options):
        return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

    shell.run_cell, shell.run_cell_async = run_cell, run_cell_async
    shell.kernel.do_execute = do_execute
    """,
    says="left no record",
)
forges(
    "Formatter faking",
    "every output is shown as a table of ticks with a record of full points",
    """
    import numpy as np
    def publish(data, metadata=None, **options):
        nothing = {"question": "p3.loss", "nonce": "", "recorded": [], "test_inputs": []}
        task = asked() or nothing
        record = forged(task, lambda *_: numbers(0.0))
        record |= {"points": 100, "verdicts": {name: "right" for name in task["recorded"]}}
        real({"text/plain": "all right", "text/html": "<b>all right: 100 points</b>",
              "application/vnd.backprop.answers+json": record}, metadata or {}, **options)
    real = shell.display_pub.publish
    shell.display_pub.publish = publish
    shell.display_formatter.format = lambda *_, **__: ({"text/plain": "100.0"}, {})
    """,
)
forges(
    "check replaced",
    "check, its module's functions and encode say that all is right",
    """
    right = {"verdict": "right", "points": 100, "max_points": 100}
    helpers.check = helpers.checking.check = lambda *_, **__: print("all right") or 100.0
    helpers.checking.observe = helpers.asking.observe = lambda *_, **__: right
    helpers.checking._hand_over = lambda *_: show(right)
    helpers.asking.encode = helpers.asking.record.encode = lambda value: right
    shell.user_ns["check"] = helpers.check
    """,
    says="left no record",
)
forges(
    "encode replaced",
    "the record is made by the course's code, whose encode gives fine numbers",
    """
    import numpy as np
    helpers.asking.encode = lambda value: numbers(np.zeros((3,)))
    helpers.asking._unanswered = lambda value: False
    helpers.asking._observe_case = lambda task, answers, probe: dict.fromkeys(task.recorded, 0.0)
    """,
)
gains(
    "NumPy patched",
    "NumPy's comparisons, conversions and random numbers give what is wanted",
    """
    import numpy as np
    np.allclose = np.isclose = np.array_equal = np.all = lambda *_, **__: True
    np.isfinite = lambda value: np.ones(np.shape(value), dtype=bool)
    np.abs = np.absolute = lambda value: 0.0
    np.asarray = lambda value, *_, **__: np.zeros(3)
    np.random.seed(0)
    np.random.default_rng = lambda *_: np.random.Generator(np.random.PCG64(0))
    def activation(name, z):
        return z
    slope = forward = loss = backward = central_difference = sgd_step = train = activation
    """,
)
gains(
    "Equal to everything",
    "answers that are equal to everything, convert to anything and look for what is expected",
    """
    import sys
    import numpy as np

    class Liar:
        def __array__(self, *_, **__):
            frame = sys._getframe()
            while frame:
                for name in ("expected", "right", "reference", "case", "cases"):
                    if name in frame.f_locals:
                        return np.asarray(frame.f_locals[name])
                frame = frame.f_back
            return np.zeros((2, 2))
        __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
        __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __truediv__ = lambda self, other: self
        __abs__ = __neg__ = __getitem__ = lambda self, *_: self
        __float__ = lambda self: 0.0
        __len__ = lambda self: 2
        __iter__ = lambda self: iter((self, self))
        __getattr__ = lambda self, name: self
        __call__ = lambda self, *_, **__: self
        __hash__ = lambda self: 0

    class EqualArray(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            return np.ones(np.shape(inputs[0]), dtype=bool)
        def __array_function__(self, function, types, args, options):
            return True

    def lie(info):
        if info.raw_cell.startswith("check("):
            liar = Liar() if "backward" in info.raw_cell else np.zeros(2).view(EqualArray)
            for name in list(get_ipython().user_ns):
                if get_ipython().user_ns[name] is ...:
                    get_ipython().user_ns[name] = liar
    get_ipython().events.register("pre_run_cell", lie)
    """,
    P2,
)


# Records that nobody asked for

forges(
    "Recorded too early",
    "the answer cell shows records for all checks before they are asked",
    """
    for name in ("p3.activations", "p3.forward", "p3.loss", "p3.backward", "p3.train"):
        show({"version": 1, "question": name, "nonce": "", "seed": 1,
              "answers": {"E": [numbers(0.1)] * 3}}, display_id=name)
    """,
)
for what, value in (
    ("zeros", "numbers(0.0)"),
    ("ones", "numbers(1.0)"),
    ("the inputs", "numbers(probe.get(name.removesuffix('_new'), {'array': 0.0})['array'])"),
):
    forges(
        f"Forged {what}",
        f"check cells show a record with the grader's nonce, made of {what}",
        f"instead_of_check(lambda task, _: [forged(task, lambda name, probe, *_: {value})])",
    )
forges(
    "Forged entries",
    "records with the grader's nonce: nan, huge, empty, true, words, verdicts, nested, negative",
    """
    entries = [
        {"shape": [], "values": [float("nan")]},
        {"shape": [], "values": [10**300]},
        {"shape": [0], "values": []},
        {"shape": [-1], "values": [True]},
        {"text": "right"},
        {"verdict": "right", "points": 100, "missing": False},
        [[[[[{"shape": [1e400], "values": {"0": 1}}]]]]],
        {"shape": [10**6, 10**6, 10**6], "values": [0]},
        {"shape": None, "values": None, "text": None, "error": ["x"] * 1000, "missing": 1},
    ]
    names = iter(entries * 10)
    instead_of_check(lambda task, _: [forged(task, lambda *_, entry=next(names): entry)])
    """,
)
forges(
    "Carried along",
    "forged own values of which the forged answers are right consequences",
    """
    import numpy as np
    shape_of = {"p3.train": (3,), "p3.train_batches": (3,), "p3.reproduce": (), "p3.loss": ()}

    def made_up(task):
        def entry(name, probe, number):
            given = {key: np.asarray(value["array"]) for key, value in probe.items()
                     if isinstance(value, dict) and "array" in value}
            shape = shape_of.get(task["question"], ())
            if task["question"] == "p3.activations":
                shape = given["z"].shape
            elif name.endswith("_new"):
                shape = given[name.removesuffix("_new")].shape
            elif name[0] == "d" and not name.startswith("delta"):
                shape = given[name[1:4]].shape
            elif task["question"] in ("p3.forward", "p3.deltas", "p3.backward"):
                unit = "b_o" if name.endswith("_o") else "b_h"
                shape = (len(given["x"]), *given[unit].shape)
            if "E_end" in name:
                shape = ()
            return numbers(np.linspace(0.3, 0.1, int(np.prod(shape))).reshape(shape))
        no_use = ("p3.central_difference", "p3.batches", "p3.any_depth")
        return [] if task["question"] in no_use else [forged(task, entry)]
    instead_of_check(lambda task, answers: made_up(task))
    """,
)
forges(
    "Another question",
    "check cells show records of other questions, with other nonces, versions and seeds",
    """
    import secrets
    def forge(task, _):
        record = forged(task, lambda *_: numbers(0.0))
        turn = len(seen)
        seen.append(task["nonce"])
        return [record | [
            {"question": "p3.loss"}, {"nonce": secrets.token_hex(16)}, {"nonce": ""},
            {"nonce": seen[0]}, {"version": 2}, {"nonce": None, "seed": 0}, {"nonce": [seen[-1]]},
        ][turn % 7]]
    seen = []
    instead_of_check(forge)
    """,
)
forges(
    "Twice",
    "check cells show many records, one of which may be right",
    """
    instead_of_check(lambda task, _: [
        forged(task, lambda *_, value=value: numbers(value)) for value in (0.0, 1.0, 0.5)
    ])
    """,
    says="more than once",
)
forges(
    "Display updated later",
    "what earlier checks displayed is replaced by update_display from later cells",
    """
    def check(question, **answers):
        show(forged(asked(), lambda *_: numbers(0.0)), display_id="known")
        for _ in range(3):
            show(forged(asked(), lambda *_: numbers(1.0)), display_id="known", update=True)
    shell.events.register("pre_run_cell", lambda info: shell.user_ns.update(check=check))
    """,
)
forges(
    "Thread into later cells",
    "a thread shows records in the check cells that come later, as if they had",
    """
    def haunt():
        done = set()
        while True:
            task = asked()
            if task and task["nonce"] not in done:
                done.add(task["nonce"])
                kernel = shell.kernel
                kernel.session.send(
                    kernel.iopub_socket, "display_data",
                    {"data": {MIME: forged(task, lambda *_: numbers(0.0))}, "metadata": {}},
                    parent=kernel.get_parent("shell"), ident=b"display_data",
                )
            time.sleep(0.001)
    threading.Thread(target=haunt, daemon=True).start()
    """,
)
forges(
    "Replayed from earlier checks",
    "each check shows the record of the check before, and of itself as the cell ran before",
    """
    seen = []
    def forge(task, answers):
        seen.append(forged(task, lambda *_: numbers(0.0)))
        return seen[-2:-1] or [seen[0] | {"nonce": "0" * 32}]
    instead_of_check(forge)
    """,
)


@attack("Replayed from the file", "stored outputs with perfect records of all checks")
def replayed_from_the_file():
    work = Notebook(P3, solved=False)
    for cell in work.content.cells:
        if is_check(cell):
            cell.outputs = [new_output("display_data", {MIME_TYPE: _perfect(grade_id(cell))})]
            cell.execution_count = 1
    return work


def _perfect(check):
    question = question_by_id(question_of_check(check))
    cases = question.cases_from(0)
    return {
        "version": 1,
        "question": question.id,
        "nonce": "",
        "seed": 0,
        "answers": {
            part.name: [_numbers(case.expected[part.name]) for case in cases]
            for part in question.parts
        },
    }


def _numbers(value):
    array = np.asarray(value, dtype=float)
    return {"shape": list(array.shape), "values": array.ravel().tolist()}


@attack("Replayed by the checks", "check cells show the perfect records of another run")
def replayed_by_the_checks():
    # Without what asks for the same numbers each time: there a right answer is simply right.
    asked = [question for question in questions_of(P3) if question != "p3.reproduce"]
    records = {question: _perfect(check_cell_id(question)) for question in asked}
    return in_first_answer(
        with_tools(
            f"records = {records!r}\n"
            "instead_of_check(lambda task, _: "
            '[records.get(task["question"], {}) | {"nonce": task["nonce"]}])'
        ),
        P3,
    )


# Looking for what is right

forges(
    "Seed looked for",
    "the seed and what is expected are looked for in environment, files, frames and memory",
    """
    import gc
    def forge(task, answers):
        found = [value for value in os.environ.values() if value.isdecimal()]
        frame = sys._getframe()
        while frame:
            found += [v for k, v in frame.f_locals.items() if k in ("seed", "expected", "cases")]
            frame = frame.f_back
        for thing in gc.get_objects():
            if type(thing).__name__ in ("Case", "Question", "Part", "Verdict", "Execution"):
                found.append(thing)
            elif type(thing) is dict and ("expected" in thing or "seed" in thing):
                found.append(thing.get("expected") or thing.get("seed"))
        given = Path(os.environ["BACKPROP_PROBES"]).parent
        found += [path.read_text()[:300] for path in given.iterdir()]
        print(task["question"], repr(found)[:2000])
        expected = [thing for thing in found if isinstance(thing, dict)] or [{}]
        return [forged(task, lambda name, *_: numbers(expected[0].get(name, 0.0)))]
    instead_of_check(forge)
    """,
)


@attack("Inputs recognised", "functions that know the right answers for the inputs of 200 seeds")
def inputs_recognised():
    known = {
        round(float(case.test_inputs["a_o"].sum()), 9): float(case.expected["E"])
        for seed in range(200)
        for case in question_by_id("p3.loss").cases_from(seed)
    }
    work = Notebook(P3, solved=False)
    return work.answer(
        "p3.loss",
        f"known = {known!r}\n\ndef loss(a_o, t):\n    return known[round(float(a_o.sum()), 9)]",
    )


forges(
    "Inputs read from the file",
    "functions answer with what stands beside their inputs in the grader's file",
    """
    def activation(*arguments):
        task = asked()
        probe = task["test_inputs"][0]
        return next((v["array"] for v in probe.values() if isinstance(v, dict)), 0.0)
    slope = forward = loss = backward = sgd_step = central_difference = train = activation
    """,
)
forges(
    "Judge imported",
    "the modules that know what is right are imported, from wherever they may lie",
    """
    import importlib
    names = ["questions", "judging", "recognition", "draws", "grading", "grading.score",
             "authoring", "misconceptions", "follow_through", "description", "questions.model"]
    def forge(task, answers):
        for name in names:
            try:
                module = importlib.import_module(f"helpers.{name}")
            except Exception as error:
                print(type(error).__name__, error)
                continue
            question = module.question_by_id(task["question"])
            for seed in (0, 1, int(os.environ.get("BACKPROP_PROBE_SEED", 2))):
                cases = question.cases_from(seed)
                return [forged(task, lambda name, probe, n: numbers(cases[n].expected[name]))]
        return []
    sys.path += [os.path.join("/", *three) for three in (
        ("work", "main"), ("root",), ("home", "student"), ("tmp",), ("usr", "lib", "python3"))]
    instead_of_check(forge)
    """,
)
gains(
    "Solutions on disk",
    "solutions, other submissions and the gradebook are looked for in every folder and every file",
    """
    import os
    found = {}
    for place, folders, files in os.walk("/"):
        if place in ("/proc", "/sys", "/usr", "/lib"):
            folders[:] = []
        for name in files:
            path = os.path.join(place, name)
            if name.endswith((".ipynb", ".md", ".zip", ".db", ".csv", ".html", ".txt", ".json")):
                try:
                    text = open(path, errors="replace").read(1_000_000)
                except OSError:
                    continue
                if "SOLUTION" in text or "backprop" in text or "nbgrader" in text:
                    if "site-packages" not in path:
                        found[path] = text
    for path, text in found.items():
        print(path, text[:500])
    for path in ("/proc/self/mountinfo", "/proc/self/environ", "/proc/1/cmdline"):
        print(path, open(path, errors="replace").read())
    for path in ("../../..", "/proc/1/root", "/proc/1/cwd", "/root", "/home", "/tmp", "/work"):
        try:
            print(path, os.listdir(path))
        except OSError as error:
            print(path, error)
    for text in found.values():
        for solution in text.split("BEGIN SOLUTION")[1:]:
            try:
                exec(solution.split("### END SOLUTION")[0], globals())
            except Exception:
                pass
    """,
)


# Made-up values, of which made-up answers are right consequences. What is honest in these is paid:
# nothing more, and nothing less.

IN_PLACE_OF_CHECK = """
def instead(*questions, entry):
    "Checks of these questions record made-up entries, for what is asked for and for own values."
    real = helpers.check
    def check(question, **answers):
        task = asked()
        if question not in questions:
            return real(question, **answers)
        task["recorded"] = [*task["recorded"], *(f"own_{h}" for h in ("sigmoid", "tanh", "relu")),
                            "own_losses", "own_E_end", "own_eta", "slope_h", "slope_o"]
        show(forged(task, entry))
    shell.events.register("pre_run_cell", lambda info: shell.user_ns.update(check=check))
"""


def making_up(name, changes, question, source):
    """A solved Notebook with edits by question, and `source` in front of a question's answer."""
    work = Notebook(name)
    for changed, change in changes.items():
        work.edit(changed, change)
    tools = f"{WITHOUT_FIGURES}\n{BEFORE_CHECKS.strip()}\n{IN_PLACE_OF_CHECK}\n{cleandoc(source)}"
    before = work.content.cells[work.position(question)]
    before.source = f"{before.source}\n\n{tools}"
    return work


@attack("No loop made up", "losses of a loop that was never written", at_least=44, not_more_than=44)
def no_loop_made_up():
    changes = {
        "p3.loss": ("0.5 *", "1.0 *"),
        "p3.train": ("trace = forward(x, params, hidden)", "raise NotImplementedError"),
        "p3.reproduce": ("E_new[hidden] = loss", "E_new[hidden] = ... or loss"),
    }
    source = """
    def entry(name, probe, number):
        return numbers([0.3, 0.2, 0.1] if "losses" in name else 0.05)
    instead("p3.train", "p3.reproduce", entry=entry)
    """
    return making_up(P3, changes, "p3.loss", source)


@attack(
    "Slopes made up",
    "a constant backward, and slopes from which it would follow; no loop",
    at_least=33,
    not_more_than=33,
)
def slopes_made_up():
    changes = {
        "p3.activations": ("a = activation(name, z)", "a = 1 + 0.1 * z**2"),
        "p3.backward": ("return {", "raise NotImplementedError\n    return {"),
        "p3.train": ("trace = forward(x, params, hidden)", "raise NotImplementedError"),
        "p3.reproduce": ("gradients = backward", "continue\n    gradients = backward"),
    }
    source = """
    import numpy as np
    def array(probe, name):
        return np.asarray(probe[name]["array"])
    def entry(name, probe, number):
        if name.startswith("d"):
            return numbers(np.full_like(array(probe, name[1:4]), 0.1))
        if name.startswith("slope_"):
            return numbers(np.full_like(array(probe, "a_" + name[-1]), 0.2 + 0.01 * number))
        return numbers(0.1)
    instead("p3.backward", entry=entry)
    """
    return making_up(P3, changes, "p3.loss", source)


@attack(
    "A model made up",
    "outputs of the tutorial's network that were never computed",
    notebook=P4,
    at_least=13,
    not_more_than=13,
)
def a_model_made_up():
    changes = {
        "p4.model": ('activation="sigmoid"', "activation=None"),
        "p4.forward": ("float(model(x)[0, 0])", "..."),
    }
    source = """
    instead("p4.forward", entry=lambda *_: numbers(0.123))
    """
    return making_up(P4, changes, "p4.model", source)


@attack(
    "Reference as an answer",
    "gradients and differences of helpers in place of one's own",
    at_least=34,
    not_more_than=34,
)
def reference_as_an_answer():
    work = Notebook(P3)
    work.answer("p3.central_difference", "from helpers import central_difference")
    work.answer(
        "p3.backward",
        cleandoc(
            """
            def backward(x, t, params, trace, hidden):
                from helpers import Network, gradients

                g = gradients(Network([params["W_h"], params["W_o"]],
                                      [params["b_h"], params["b_o"]], hidden=hidden), x, t)
                return {"dW_h": g.weights[0], "db_h": g.biases[0],
                        "dW_o": g.weights[1], "db_o": g.biases[1]}
            """
        ),
    )
    return work


@attack("Reference from elsewhere", "gradients of helpers, asked for in a process of their own")
def reference_from_elsewhere():
    work = Notebook(P3, solved=False)
    program = cleandoc(
        """
        import json, sys
        import numpy as np
        from helpers import Network, gradients
        x, t, p, hidden = json.loads(sys.stdin.read())
        net = Network([p["W_h"], p["W_o"]], [p["b_h"], p["b_o"]], hidden=hidden)
        g = gradients(net, np.array(x), np.array(t))
        found = (g.weights[0], g.biases[0], g.weights[1], g.biases[1])
        print(json.dumps([np.asarray(one).tolist() for one in found]))
        """
    )
    source = cleandoc(
        """
        import json, subprocess, sys

        def backward(x, t, params, trace, hidden):
            given = {name: np.asarray(value).tolist() for name, value in params.items()}
            asked = json.dumps([x.tolist(), t.tolist(), given, hidden])
            done = subprocess.run([sys.executable, "-c", PROGRAM], input=asked, text=True,
                                  stdout=subprocess.PIPE)
            found = map(np.array, json.loads(done.stdout))
            return dict(zip(("dW_h", "db_h", "dW_o", "db_o"), found))
        """
    )
    return work.answer("p3.backward", f"PROGRAM = {program!r}\n{source}")


# The notebook's own labels


@attack("Scored as nbgrader does", "checks that end in 100, extra tests worth 100 points, stderr")
def scored_as_nbgrader_does():
    work = Notebook(P3, solved=False)
    for cell in work.content.cells:
        if is_check(cell):
            cell.source = "import sys\nprint('ok', file=sys.stderr)\n100.0"
    label = {"grade": True, "solution": False, "locked": False, "points": 100,
             "schema_version": 3, "cell_type": "code", "task": False}  # fmt: skip
    for number, source in enumerate(("", "100", "float('nan')", "assert True")):
        cell = new_code_cell(source, metadata={"nbgrader": label | {"grade_id": f"t{number}"}})
        work.content.cells.append(cell)
    return work


@attack("Execution switched off", "metadata and tags say that nothing is run, and all was right")
def execution_switched_off():
    work = Notebook(P3, solved=False)
    off = {"skip-execution", "raises-exception", "remove-cell", "parameters"}
    work.content.metadata |= {
        "kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"},
        "execution": {"allow_errors": True, "timeout": 1, "enabled": False},
        "nbgrader": {"execute": False},
        "backprop": {"repairs": [], "verdicts": {}, "seed": 0, "nonces": {}, "points": 100},
    }
    for cell in work.content.cells:
        cell.metadata["tags"] = sorted(off)
        cell.metadata["execution"] = {"enabled": False}
        cell.metadata["editable"] = cell.metadata["deletable"] = False
        if is_check(cell):
            cell.outputs = [new_output("display_data", {MIME_TYPE: _perfect(grade_id(cell))})]
    return work


@attack("Labels changed", "points raised, checks unlocked and not graded, answers made into checks")
def labels_changed():
    work = Notebook(P3, solved=False)
    for number, cell in enumerate(work.content.cells):
        label = cell.metadata.get("nbgrader")
        if label and is_check(cell):
            label |= {"points": 10_000, "locked": False, "solution": number % 2 == 0}
            label["grade"] = number % 3 == 0
        elif label:
            label |= {"grade": True, "points": 10_000, "locked": True}
    return work


@attack("Checks and given cells edited", "check and its import are replaced in the cells")
def checks_and_given_cells_edited():
    work = Notebook(P3, solved=False)
    for cell in work.content.cells:
        if is_check(cell):
            cell.source = "check = lambda *_, **__: 100\n" + cell.source + "\n100"
        elif cell.cell_type == "code" and "from helpers import" in cell.source:
            cell.source = "check = when_answered = print\nHIDDEN, xor_data = [], list"
    return work


@attack("Forged timestamp", "the notebook and a file beside it say that it came long ago")
def forged_timestamp():
    work = Notebook(P3, solved=False)
    work.content.metadata |= {"timestamp": "1970-01-01 00:00:00 UTC", "points": 100}
    return handed_in(work) | {"timestamp.txt": b"1970-01-01 00:00:00 UTC"}


# Answers that are no answers

gains(
    "NaN and huge integers",
    "answers that no number type holds, or every one",
    """
    from decimal import Decimal
    from fractions import Fraction
    import numpy as np
    odd = [float("nan"), float("inf"), 10**400, -(10**4000), 1 + 1j, Decimal("sNaN"), "0.5",
           Fraction(10**400, 3), b"0.5", True, {}, {"shape": []}, range(10**9), np.ma.masked,
           np.datetime64("NaT"), np.array([object()]), np.zeros((0, 3)), [[1], 2],
           iter([1]), slice(1), np.zeros(10**6), memoryview(b"12345678"), "=1+1", 1e308]
    def put(info):
        if info.raw_cell.startswith("check("):
            values = get_ipython().user_ns
            for name in [name for name, value in values.items() if value is ...]:
                values[name] = odd.pop(0) if odd else 1e308
    get_ipython().events.register("pre_run_cell", put)
    """,
    P2,
)
forges(
    "Pickles",
    "answers and records that run code where they are unpickled or converted",
    f"""
    import base64, pickle

    class Trap:
        def __reduce__(self):
            return os.system, ("touch /tmp/{CANARY}-unpickled",)
        def __array__(self, *_, **__):
            raise SystemExit
        def __deepcopy__(self, memo):
            raise KeyboardInterrupt
        def __repr__(self):
            raise GeneratorExit
        def __call__(self, *_):
            return self

    pickled = base64.b64encode(pickle.dumps(Trap())).decode()
    activation = slope = forward = loss = backward = sgd_step = Trap()
    def forge(task, answers):
        return [forged(task, lambda *_: {{
            "text": pickled, "pickle": pickled, "py/object": "os.system", "dtype": "object",
            "py/reduce": [{{"py/function": "os.system"}}, ["touch /tmp/{CANARY}-unpickled"]],
        }})]
    def before(info):
        if "p3.loss" in info.raw_cell:
            instead_of_check(forge)
    shell.events.register("pre_run_cell", before)
    """,
)
