"""What `check` records, shows and raises, and what the judge makes of records that cannot be."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from helpers import checking
from helpers.asking import PROBES_VARIABLE
from helpers.asking.record import MIME_TYPE, Missing, Unusable, decode, encode
from helpers.checking import NotYet, check, observe, when_answered
from helpers.course import tutorial_step
from helpers.marking.judging import judge
from helpers.marking.questions import NOTEBOOKS, question_by_id, questions_of
from tests.worked_by_hand import BACKWARD, FORWARD, by_hand, verdicts

InteractiveShell.instance()  # without a shell, IPython prints instead of displaying


def run_check(question, **answers):
    """The display's MIME bundle and what was raised (or None)."""
    raised = None
    with capture_output() as captured:
        try:
            check(question, **answers)
        except NotYet as error:
            raised = error
    (output,) = captured.outputs
    return output.data, raised


def test_right_answers_are_recorded_and_raise_nothing():
    page = by_hand("sigmoid")
    bundle, raised = run_check("p2.sigmoid.forward", **{name: page[name] for name in FORWARD})
    assert raised is None
    assert set(bundle) == {"text/plain", "text/html", MIME_TYPE}
    record = json.loads(json.dumps(bundle[MIME_TYPE], allow_nan=False))
    assert record["question"] == "p2.sigmoid.forward"
    assert record["answers"]["a_h"] == [{"shape": [2], "values": page["a_h"]}]
    assert all(v.status == "right" for v in judge(question_by_id("p2.sigmoid.forward"), record, 0))


def test_every_part_is_shown_and_not_only_the_first_wrong_one():
    page = by_hand("sigmoid")
    answers = {name: page[name] for name in BACKWARD}
    answers |= {"delta_o": -page["delta_o"], "db_h": ..., "dW_h": "three"}
    bundle, raised = run_check("p2.sigmoid.backward", **answers)
    assert str(raised) == "3 of 6 parts of p2.sigmoid.backward are right."
    assert raised._render_traceback_() == [f"Not yet: {raised}"]
    for text in (bundle["text/plain"], bundle["text/html"]):
        for words in ("which way round is the error?", "not answered yet", "got text"):
            assert words in text
        for name in BACKWARD:
            assert name in text
    # The hints of wrong parts show no right number.
    assert f"{abs(page['delta_o']):.4f}" not in bundle["text/plain"]


@pytest.mark.parametrize("missing", [..., None, [..., ...], [0.1, ...], [None, 0.2]])
def test_what_is_missing_is_called_missing(missing):
    answers = {name: missing for name in FORWARD}
    bundle, raised = run_check("p2.sigmoid.forward", **answers)
    assert str(raised) == "p2.sigmoid.forward is not answered yet."
    assert bundle["text/plain"].count("not answered yet") == len(FORWARD)


def test_functions_that_are_not_written_are_missing():
    def raises(*arguments):
        raise NotImplementedError

    def has_a_gap(x, params, hidden):
        return x @ params["W_h"] + ...

    for function in (raises, has_a_gap, ...):
        found = verdicts("p3.forward", forward=function)
        assert {verdict for verdict, _ in found.values()} == {"missing"}


def test_a_function_that_is_written_for_one_activation_misses_the_others():
    def forward(x, params, hidden):
        if hidden != "sigmoid":
            raise NotImplementedError
        return [np.zeros((len(x), 2))] * 4

    bundle, _ = run_check("p3.forward", forward=forward)
    words = "not answered yet with hidden='tanh' and hidden='relu'"
    assert words in bundle["text/plain"]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, params, hidden: None, "is a return missing?"),
        (lambda x, params, hidden: {"z_h": 1}, "has to be the 4 values z_h, a_h, z_o, a_o"),
        (lambda x, params, hidden: [params.clear()] * 4, "changes what it was given"),
        (lambda x, params, hidden: [x.fill(0)] * 4, "changes what it was given"),
        (
            lambda x, params, hidden: params["W_h"] @ x,
            "these two do not fit in a matrix product: the columns of the first have to be as many",
        ),
    ],
)
def test_what_is_wrong_with_a_function_is_said_in_words(function, words):
    bundle, _ = run_check("p3.forward", forward=function)
    assert words in bundle["text/plain"]


def test_a_function_that_stops_is_told_with_which_activation_and_why():
    def forward(x, params, hidden):
        if hidden == "relu":
            raise KeyError("W1")
        return [np.zeros((len(x), 2))] * 4

    bundle, _ = run_check("p3.forward", forward=forward)
    where = "with hidden='relu': your code stops in the line `raise KeyError(\"W1\")`"
    assert f"{where}: KeyError: 'W1'" in bundle["text/plain"]
    assert bundle["text/plain"].count("as above") == 3


def test_an_error_in_one_function_does_not_cost_the_other():
    def slope(name, z):
        raise ZeroDivisionError

    def activation(name, z):
        return {"sigmoid": 1 / (1 + np.exp(-z)), "tanh": np.tanh(z), "relu": z * (z > 0)}[name]

    found = verdicts("p3.activations", activation=activation, slope=slope)
    assert [found[name][0] for name in ("sigmoid", "tanh", "relu")] == ["right"] * 3
    assert found["slope_tanh"][0] == "error"


def test_a_function_that_changes_its_arguments_spoils_nothing():
    def forward(x, params, hidden):
        params.clear()
        x *= 0
        raise RuntimeError

    before = question_by_id("p3.forward").cases_from(3)[0].expected["z_h"].copy()
    verdicts("p3.forward", 3, forward=forward)
    after = question_by_id("p3.forward").cases_from(3)[0].expected["z_h"]
    np.testing.assert_array_equal(before, after)


def test_wrong_shapes_are_named():
    found = {"dW_h": np.zeros((2, 4)), "dW_o": np.zeros((2, 3)), "db_o": np.zeros(3)}

    def backward(x, t, params, trace, hidden):
        return {**found, "db_h": np.zeros((4, 1))}

    bundle, _ = run_check("p3.backward", backward=backward)
    assert "expected shape (4, 3), got (2, 3)" in bundle["text/plain"]
    assert "expected shape (4,), got (4, 1)" in bundle["text/plain"]


def test_output_names_are_asked_for_if_a_dictionary_lacks_one():
    bundle, _ = run_check("p3.backward", backward=lambda *arguments: {"dW_h": 1})
    assert "what backward returns lacks the key db_h" in bundle["text/plain"]


def test_a_changed_check_cell_is_said_to_be_changed():
    bundle, raised = run_check("p2.sigmoid.forward", z_h=[1, 2])
    assert raised and "check cell changed: expected z_h, a_h, z_o, a_o, E" in bundle["text/plain"]


def test_the_graders_seed_is_used_and_a_fresh_one_otherwise(monkeypatch):
    monkeypatch.setenv("BACKPROP_PROBE_SEED", "77")
    assert run_check("p3.forward", forward=...)[0][MIME_TYPE]["seed"] == 77
    monkeypatch.delenv("BACKPROP_PROBE_SEED")
    seeds = {run_check("p3.forward", forward=...)[0][MIME_TYPE]["seed"] for _ in range(3)}
    assert len(seeds) == 3


# Formulas

a_j, z_k, a_k, t_k, delta_k, q = sympy.symbols("a_j z_k a_k t_k delta_k q")


@pytest.mark.parametrize(
    "delta",
    [
        (a_k - t_k) * a_k * (1 - a_k),
        -(t_k - a_k) * (a_k - a_k**2),
        (1 / (1 + sympy.exp(-z_k)) - t_k) * sympy.exp(-z_k) / (1 + sympy.exp(-z_k)) ** 2,
        sympy.expand((a_k - t_k) * a_k * (1 - a_k)),
        sympy.diff((t_k - 1 / (1 + sympy.exp(-z_k))) ** 2 / 2, z_k),
    ],
)
def test_equal_formulas_are_right(delta):
    found = verdicts("p1.output_layer", delta_k_formula=delta, dE_dw_jk=delta * a_j, dE_db_k=delta)
    assert set(found.values()) == {("right", "")}


@pytest.mark.parametrize(
    ("delta", "name"),
    [
        ((t_k - a_k) * a_k * (1 - a_k), "wrong_sign"),
        (2 * (a_k - t_k) * a_k * (1 - a_k), "factor_two"),
        ((a_k - t_k) / 2 * a_k * (1 - a_k), "factor_half"),
        (a_k - t_k, "slope_forgotten"),
        ((a_k - t_k) * z_k * (1 - z_k), "slope_formula_at_z"),
        (
            (a_k - t_k) * sympy.exp(-a_k) / (1 + sympy.exp(-a_k)) ** 2,
            "slope_at_a",
        ),
    ],
)
def test_wrong_formulas_are_recognised(delta, name):
    found = verdicts("p1.output_layer", delta_k_formula=delta, dE_dw_jk=..., dE_db_k=...)
    assert found["delta_k_formula"] == ("wrong", name)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (delta_k * 1, "write this one without delta_k"),
        (q * a_k, "the symbol q does not belong in this answer"),
        (sympy.Function("sigma")(z_k), "is a function not applied?"),
        (np.array([1, 2]), "expected one formula, got a matrix of shape (2,)"),
        (object(), "expected a formula"),
        (a_k > t_k, "expected a formula"),
    ],
)
def test_formulas_that_cannot_be_judged_say_why(formula, words):
    bundle, _ = run_check("p1.output_layer", delta_k_formula=formula, dE_dw_jk=..., dE_db_k=...)
    assert "error: " in bundle["text/plain"] and words in bundle["text/plain"]


# Records are untrusted


@pytest.mark.parametrize(
    "value", [1, 0.5, [1, 2], np.float32(3), np.zeros((2, 2)), (1, 2), [[1], [2]], 0, -0.0]
)
def test_numbers_survive_the_record(value):
    entry = json.loads(json.dumps(encode(value)))
    decoded = decode(entry)
    assert decoded.shape == np.shape(value)
    np.testing.assert_array_equal(decoded, value)


class Hostile:
    def __repr__(self):
        raise RuntimeError

    def __array__(self, *arguments, **keywords):
        raise RuntimeError


@pytest.mark.parametrize(
    "value",
    [np.nan, [1, np.inf], 1j, object(), Hostile(), [[1], [2, 3]], {"a": 1}, np.zeros(20_000)],
)
def test_what_is_not_a_number_is_recorded_as_unusable(value):
    entry = json.loads(json.dumps(encode(value), allow_nan=False))
    assert isinstance(decode(entry), Unusable)


def test_missing_and_words_survive_the_record():
    assert decode(encode(...)) == Missing()
    assert decode(encode("tanh")) == "tanh"
    assert len(decode(encode("x" * 10_000))) == 200


BROKEN = [
    None,
    [],
    "text",
    7,
    {},
    {"version": 1},
    {"version": 2, "question": "p2.sigmoid.forward", "answers": {}},
    {"version": 1, "question": "p2.tanh.forward", "answers": {}},
    {"version": 1, "question": "p2.sigmoid.forward", "answers": []},
    {"version": 1, "question": "p2.sigmoid.forward", "answers": {"z_h": 3}},
    {"version": 1, "question": ["p2"], "answers": None},
]
ENTRIES = [
    None,
    [],
    {"shape": [1], "values": [10**400]},
    {"shape": [10**12], "values": []},
    {"shape": "22", "values": [1, 2]},
    {"shape": [-1], "values": [1]},
    {"shape": [1], "values": [True]},
    {"shape": [1], "values": ["1"]},
    {"shape": [1], "values": [float("nan")]},
    {"shape": [2], "values": [1]},
    {"shape": None, "values": [1]},
    {"shape": [1] * 50, "values": [1]},
    {"shape": [1], "values": {"0": 1}},
    {"error": 3},
    {"missing": "no"},
    {"text": None},
]


@pytest.mark.parametrize("record", BROKEN)
def test_a_record_that_cannot_be_is_worth_nothing(record):
    found = judge(question_by_id("p2.sigmoid.forward"), record, 0)
    assert [verdict.points for verdict in found] == [0] * 5
    assert {verdict.status for verdict in found} == {"error"}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("question", ["p2.sigmoid.forward", "p2.compare", "p3.backward"])
def test_an_entry_that_cannot_be_is_worth_nothing(question, entry):
    asked = question_by_id(question)
    count = len(asked.cases_from(0))
    answers = {part.name: [entry] * count for part in asked.parts}
    found = judge(asked, {"version": 1, "question": question, "answers": answers}, 0)
    assert sum(verdict.points for verdict in found) == 0


def test_a_record_for_other_probes_is_worth_nothing():
    asked = question_by_id("p3.loss")

    def loss(a_o, t):
        return 0.5 * ((t - a_o) ** 2).sum(axis=1).mean()

    record = observe(asked, {"loss": loss}, seed=1)
    assert sum(verdict.points for verdict in judge(asked, record, 1)) == asked.points
    assert sum(verdict.points for verdict in judge(asked, record, 2)) == 0


def test_judging_twice_gives_the_same():
    asked = question_by_id("p3.loss")
    record = observe(asked, {"loss": lambda a_o, t: 1}, seed=1)
    assert judge(asked, record, 1) == judge(asked, record, 1)


def test_unanswered_records_of_every_question_earn_nothing():
    for notebook in NOTEBOOKS.values():
        for question in questions_of(notebook).values():
            record = observe(question, {name: ... for name in question.arguments}, 4)
            assert {verdict.status for verdict in judge(question, record, 4)} == {"missing"}


# Given cells that use the student's code


GAP, LIST_WITH_GAP, TABLE_WITH_GAP, OTHER_GAP = ..., [[1, ...]], {"tanh": ...}, ...
ANSWERED = [1, 2]


def open_function():
    raise NotImplementedError


def to_copy():
    raise NotImplementedError("copy your functions from Problem 3")


def without_return():
    pass


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: print("picture"), "picture"),
        (lambda: open_function(), "when the answers it uses are given: `open_function`. Run"),
        (lambda: to_copy(), "are given: copy your functions from Problem 3. Run"),
        (lambda: ANSWERED[0] * GAP, "are given: `GAP`. Run"),
        (
            lambda: sum(k * row[k] for row in LIST_WITH_GAP for k in (0, 1)),
            ": `LIST_WITH_GAP`. Run",
        ),
        (
            lambda: (GAP, OTHER_GAP, LIST_WITH_GAP) and 1 * TABLE_WITH_GAP["tanh"],
            "are given: `GAP`, `OTHER_GAP`, `LIST_WITH_GAP` and others. Run",
        ),
        (lambda: 1 * ..., "when the answers it uses are given. Run the cell again then."),
        (lambda: list(without_return()), "gives None: is a return missing?"),
        (lambda: np.zeros(2) @ np.zeros(3), "Now it stops with ValueError"),
    ],
)
def test_when_answered_shows_or_says_what_it_waits_for(capsys, draw, said):
    when_answered(draw)
    assert said in capsys.readouterr().out


def test_when_answered_names_no_function_of_its_own(capsys):
    @when_answered
    def not_all_right():
        raise NotImplementedError

    assert capsys.readouterr().out.startswith("This appears when the answers it uses are given. ")


def test_at_grading_nothing_is_run_that_only_shows(capsys, monkeypatch):
    monkeypatch.setenv(PROBES_VARIABLE, "probes.json")

    @when_answered
    def slow():
        pytest.fail("was run")

    assert "left out at grading" in capsys.readouterr().out


def test_import_helpers_loads_nothing_heavy():
    code = (
        "import sys, helpers; from helpers import check, Network, gradients;"
        "heavy = {'matplotlib', 'sympy', 'tensorflow', 'IPython', 'keras'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_follows_from_a_slip_is_carried_at_home_as_well(monkeypatch):
    """Though each question is asked in a cell of its own, at inputs that are drawn for it."""
    monkeypatch.delenv("BACKPROP_PROBE_SEED", raising=False)
    monkeypatch.setattr(checking, "_judges", {})
    a_j, w_jk, x_i, delta_k, delta_j = sympy.symbols("a_j w_jk x_i delta_k delta_j")
    run_check("p1.hidden_links", dz_k_da_j=w_jk, da_j_dz_j=a_j, dz_j_dw_ij=x_i)
    formula = delta_k * w_jk * a_j
    shown, raised = run_check(
        "p1.hidden_layer", delta_j_formula=formula, dE_dw_ij=delta_j * x_i, dE_db_j=delta_j
    )
    assert raised is None
    assert "consistent with your da_j_dz_j" in shown["text/plain"]


def test_what_followed_from_a_slip_is_wrong_once_the_slip_is_corrected(monkeypatch):
    monkeypatch.setattr(checking, "_judges", {})
    step = tutorial_step("sigmoid")
    slip = step.following(z_h=step["z_h"] + 0.2)
    forward, wrong = ({name: of[name] for name in FORWARD} for of in (step, slip))
    follows = {name: slip[name] for name in BACKWARD}
    run_check("p2.sigmoid.forward", **wrong)
    shown, raised = run_check("p2.sigmoid.backward", **follows)
    assert raised is None and "consistent with your z_h" in shown["text/plain"]
    assert run_check("p2.sigmoid.forward", **forward)[1] is None
    shown, raised = run_check("p2.sigmoid.backward", **follows)
    assert raised is not None and "consistent with your z_h" not in shown["text/plain"]
    assert str(raised).endswith("are right, or follow from what is not right.")


# Cells that wait


def given_cell(source, **names):
    """What a given cell of a notebook prints, in which `names` have these values."""
    exec(source, names)
    with capture_output() as captured:
        when_answered(names["draw"])
    return captured.stdout.strip()


GAPS = [
    # SymPy and NumPy say nothing of a `...` in their errors.
    ("def draw(): return sympy.Matrix([[back_j]])", {"sympy": sympy, "back_j": ...}, "`back_j`"),
    ("def draw(): return np.reshape(dW_h, (2, 2))", {"np": np, "dW_h": ...}, "`dW_h`"),
    ("def draw(): return float(z_o)", {"z_o": ...}, "`z_o`"),
    ("def draw(): return sum(a_h)", {"a_h": [0.1, ...]}, "`a_h`"),
    # An answer cell that was not run
    ("def draw(): return back_j * 2", {}, "`back_j`"),
]


@pytest.mark.parametrize(("source", "names", "missing"), GAPS)
def test_a_given_cell_names_the_answer_that_is_missing(source, names, missing):
    waiting = f"This appears when the answers it uses are given: {missing}."
    assert given_cell(source, **names).startswith(waiting)


def test_a_gap_within_a_function_of_the_students_is_told_by_its_name():
    source = "def loop(x): return x * ...\ndef draw(): return loop(2.0)"
    assert "are given: `loop`." in given_cell(source)


def test_a_name_that_a_function_of_the_students_lacks_is_no_missing_answer():
    source = "def loop(x): return x * misspelt\ndef draw(): return loop(2.0)"
    assert "it stops with NameError: name 'misspelt' is not defined" in given_cell(source)


def cell_is_run(source):
    """What stands in the notebook under z_k before, during and after a cell with this source."""
    names = vars(InteractiveShell.instance().user_module)
    before = names.get("z_k", "no value")
    checking._give_what_waits(SimpleNamespace(raw_cell=source))
    during = names.get("z_k", "no value")
    checking._take_back_what_waits(None)
    return before, during, names.get("z_k", "no value")


@pytest.mark.parametrize(
    ("source", "during"),
    [
        ('check("p1.update", z_k=z_k)', ...),
        ('check(\n    "p1.update",\n    z_k=z_k,\n)\n', ...),
        ('check("p1.update", a=3)', "no value"),
        ('check("p1.update", z_k=z_k)\nprint(z_k)', "no value"),
        ("draw(z_k=z_k)", "no value"),
        ("!check z_k", "no value"),
        ("z_k", "no value"),
    ],
)
def test_an_answer_whose_cell_was_not_run_is_missing_in_its_check_alone(source, during):
    assert cell_is_run(source) == ("no value", during, "no value")


def test_an_answer_keeps_its_value_in_its_check():
    names = vars(InteractiveShell.instance().user_module)
    names["z_k"] = 2
    try:
        assert cell_is_run('check("p1.update", z_k=z_k)') == (2, 2, 2)
    finally:
        del names["z_k"]


def test_the_check_says_that_no_cell_has_given_the_answer():
    source = 'check("p2.relu.second_step", z_h_next=z_h_next)'
    checking._give_what_waits(SimpleNamespace(raw_cell=source))
    try:
        bundle, raised = run_check("p2.relu.second_step", z_h_next=...)
    finally:
        checking._take_back_what_waits(None)
    assert str(raised) == "p2.relu.second_step is not answered yet."
    assert "no cell has given `z_h_next` a value. Has its cell been run" in bundle["text/plain"]
    bundle, _ = run_check("p2.relu.second_step", z_h_next=...)
    assert "no cell has given" not in bundle["text/plain"]


STOPS = "dE_da_k = a_k - t_k\nda_k_dz_k = a_k(1 - a_k)\ndz_k_dw_jk = a_j\n"
LINKS = "dE_da_k=dE_da_k, da_k_dz_k=da_k_dz_k, dz_k_dw_jk=dz_k_dw_jk, dz_k_db_k=dz_k_db_k"


def run_cells(monkeypatch, *cells):
    """What the check in the last of some cells of a notebook says."""
    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "events", type(shell.events)(shell, shell.events.callbacks))
    monkeypatch.setattr(checking, "_stopped_before", {})
    monkeypatch.setattr(shell, "user_module", SimpleNamespace(check=check, sympy=sympy))
    monkeypatch.setattr(shell, "user_ns", vars(shell.user_module))
    checking._watch_checks()
    with capture_output() as captured:
        for cell in cells:
            shell.run_cell(cell)
    return captured.outputs[-1].data["text/plain"]


def test_a_cell_that_stopped_in_the_middle_is_told_by_its_check(monkeypatch):
    said = run_cells(
        monkeypatch,
        "a_k, t_k, a_j = sympy.symbols('a_k t_k a_j')",
        STOPS,
        f"check('p1.output_links', {LINKS})",
    )
    for name in ("da_k_dz_k", "dz_k_dw_jk"):
        assert f"not answered yet: its cell stopped with TypeError before `{name}` had" in said
    assert "no cell has given `dz_k_db_k` a value" in said  # nor did that cell have a line for it
    assert "stopped in the line `da_k_dz_k = a_k(1 - a_k)` with TypeError, so this looks" in said
    assert said.endswith("is a * missing between the two?")


@pytest.mark.parametrize(
    ("question", "names", "line", "words"),
    [
        ("l1.learning_rate", "far_too_small too_large", "far_too_small = A", 'quotes: "A"'),
        ("l3.saturation", "half_squared cross_entropy", "half_squared = B", 'quotes: "B"'),
        ("l1.count", "networks_6 networks_10 parameters", "networks_6 = A", "is it spelt right"),
        ("l1.count", "networks_6 networks_10 parameters", "networks_6 = 10,077,696", "10077696"),
        ("l3.slopes", "slope_sigmoid slope_tanh slope_relu", "slope_sigmoid = 0,09", "write 0.09"),
    ],
)
def test_an_answer_that_python_does_not_read_is_told_by_its_check(
    monkeypatch, question, names, line, words
):
    answers = ", ".join(f"{name}={name}" for name in names.split())
    said = run_cells(monkeypatch, line, f"check('{question}', {answers})")
    assert words in said.partition("so this looks at the values from before. ")[2]


def test_an_answer_that_came_under_other_names_is_not_called_unanswered():
    gradients = {name: np.ones(1) for name in ("W_h", "b_h", "W_o", "b_o")}
    bundle, raised = run_check("p3.backward", backward=lambda *given: gradients)
    assert str(raised) == "0 of 4 parts of p3.backward are right."
    assert "lacks the key dW_h" in bundle["text/plain"]
