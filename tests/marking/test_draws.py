"""Test inputs tell what is wrong with every seed that they are drawn from.

Of mutants and right solutions, test_mutants.py and test_equivalents.py show that no verdict depends
on the seed.
"""

import numpy as np
import pytest

from helpers.asking.record import Missing, decode, encode
from helpers.checking import observe
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id
from tests.mutation.draws import cases, verdicts_by_seed, with_a_seed
from tests.mutation.marking import answers, mark
from tests.sample_class.work import Notebook

QUESTIONS = with_a_seed()


# Answers that are a number, whatever is drawn: the point is given, or the derivative is a constant.
SAME_IN_EVERY_DRAW = {
    "l1.by_rules": {"gradient_f"},
    "p1.output_links": {"dz_k_db_k"},
    "p1.output_sum": {"dE_l_dz_k"},
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_was_right_with_one_seed_is_not_right_with_another(question):
    """So nothing is gained by what was recorded of a right answer in another run."""

    def expected_by_part(seed):
        drawn = list(cases(question, seed))
        parts = {part for case in drawn for part in case.expected}
        return {
            part: [
                (np.shape(case.expected[part]), np.ravel(case.expected[part]).tolist())
                for case in drawn
                if part in case.expected
            ]
            for part in parts
        }

    first, *others = (expected_by_part(seed) for seed in range(6))
    same = {part for part in first if any(other[part] == first[part] for other in others)}
    assert same == SAME_IN_EVERY_DRAW.get(question, set())


def statuses(question, seed, **given):
    asked = question_by_id(question)
    verdicts = judge(asked, observe(asked, given, seed), seed)
    return {verdict.part: (verdict.status, verdict.hint) for verdict in verdicts}


def test_code_whose_type_numpy_takes_from_the_first_number_is_wrong_with_every_seed():
    def activation(name, z):
        if name == "relu":
            return np.vectorize(lambda v: 0 if v < 0 else v)(z)
        return np.tanh(z) if name == "tanh" else 1 / (1 + np.exp(-z))

    def delta_h(name, back, a):
        if name == "relu":
            return np.vectorize(lambda b, v: b if v > 0 else 0)(back, a)
        return back * (a * (1 - a) if name == "sigmoid" else 1 - a**2)

    for seed in range(12):
        found = statuses("p3.activations", seed, activation=activation, slope=activation)
        assert found["relu"][0] == "wrong" and found["tanh"][0] == "right"
        found = statuses("l3.hidden_delta", seed, delta_h=delta_h)
        assert found["relu"][0] == "wrong" and found["tanh"][0] == "right"


def changed(question, *changes):
    """The source of the right answer to a question with each (old, new) replaced."""
    source = answers()[question][1]
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


def marked(question, *changes):
    verdicts, _ = mark(question, changed(question, *changes))
    return {verdict.part: verdict for verdict in verdicts}


@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        ("p3.forward", "return z_h, a_h, z_o, a_o", "return z_h, a_h, z_o, a_o.squeeze()"),
        ("p3.forward", "return z_h, a_h, z_o, a_o", "return z_h, a_h, z_o, np.squeeze(a_o, 1)"),
        ("p3.backward", "delta_o.mean(axis=0),", "delta_o.mean(axis=0).squeeze().reshape(-1, 3),"),
    ],
)
def test_squeezing_is_seen_with_one_output_and_with_one_point(question, old, new):
    if "np.squeeze" in new:
        new = new.replace("np.squeeze(a_o, 1)", "a_o[:, 0] if a_o.shape[1] == 1 else a_o")
    found = marked(question, (old, new))
    part = "a_o" if question == "p3.forward" else "db_o"
    assert found[part].status != "right"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        # A last batch of one point is lost.
        ("p3.batches", "range(0, N, size)", "range(0, N - 1, size)"),
        # Right where the function rises.
        ("p3.central_difference", "(f(right) - f(left))", "abs(f(right) - f(left))"),
    ],
)
def test_what_is_wrong_for_some_inputs_only_is_wrong_with_every_seed(question, old, new, seed):
    verdicts, _ = mark(question, changed(question, (old, new)), seed)
    assert "wrong" in {verdict.status for verdict in verdicts}


# Methods that were not called, and other things that are no numbers


@pytest.mark.parametrize(
    ("question", "part", "old", "new"),
    [
        ("p3.forward", "a_o", "return z_h, a_h, z_o, a_o", "return z_h, a_h, z_o, a_o.copy"),
        ("p3.loss", "E", ".mean()", ".mean"),
        ("p3.backward", "db_h", "delta_h.mean(axis=0)", "delta_h.mean"),
        ("p3.backward", "db_h", "delta_h.mean(axis=0)", "lambda: delta_h.mean(axis=0)"),
        ("p3.sgd_step", "W_h_new", "return {name:", "return {name: params[name].copy if 1 else"),
        ("p2.sigmoid.forward", "E", "E = ", "E = lambda: "),
    ],
)
def test_what_was_not_called_is_refused_where_it_is_given(question, part, old, new):
    verdict = marked(question, (old, new))[part]
    assert verdict.status == "error"
    assert "a method that was not called: are the brackets missing?" in verdict.hint


NO_NUMBERS = [
    (lambda v: (x for x in [v]), "only once"),
    (lambda v: map(float, [v]), "only once"),
    (lambda v: {0: v}.values(), "make a list"),
    (lambda v: {v}, "make a list"),
    (lambda v: np.array([str(v)], dtype=object), "take the quotes away"),
    (lambda v: str(v).encode(), "take the quotes away"),
    (lambda v: v + 0j, "real numbers"),
    (lambda v: np.array([v + 0j]), "real numbers"),
    (lambda v: np.ma.masked_less([v], 1e9), "masked array"),
    (lambda v: [np.mean], "brackets missing"),
]


@pytest.mark.parametrize(("make", "words"), NO_NUMBERS)
def test_other_things_than_numbers_are_refused_in_words_by_hand_and_from_functions(make, words):
    assert words in decode(encode(make(0.5))).reason
    for _ in range(2):  # a check that is run again says the same
        found = statuses("p2.sigmoid.forward", 1, z_h=..., a_h=..., z_o=..., a_o=..., E=make(0.5))
        assert found["E"][0] == "error" and words in found["E"][1]
    found = statuses("p3.loss", 1, loss=lambda a_o, t: make(0.5))
    assert found["E"][0] == "error" and words in found["E"][1]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize(
    ("change", "words"),
    [("np.matrix(a_h)", "np.matrix"), ("a_h.astype(object)", "dtype=float")],
)
def test_arrays_that_stop_in_the_next_function_are_refused_where_they_come_from(change, words):
    verdict = marked("p3.forward", ("return z_h, a_h,", f"return z_h, {change},"))["a_h"]
    assert verdict.status == "error" and words in verdict.hint


def test_a_function_that_is_none_is_said_to_be_none():
    found = statuses("p3.loss", 1, loss=0.5)
    assert "expected a function, got float" in found["E"][1]


def test_arrays_of_one_number_go_on_into_training():
    notebook = Notebook("problem_3_numpy")
    notebook.answer("p3.loss", changed("p3.loss", (".mean()", ".mean(keepdims=True)")))
    rows = [(".mean(axis=0)", ".mean(axis=0, keepdims=True)")]
    notebook.answer("p3.backward", changed("p3.backward", *rows))
    for question in ("p3.loss", "p3.backward", "p3.sgd_step", "p3.reproduce", "p3.train"):
        found = verdicts_by_seed(notebook.content, question, (1,))
        assert {status for _, status, _ in found[1]} == {"right"}, question


# One key or one value that is missing


def test_a_misspelt_key_costs_its_own_part():
    found = marked("p3.backward", ('"db_o"', '"db_out"'))
    assert [found[name].status for name in ("dW_h", "db_h", "dW_o")] == ["right"] * 3
    assert found["db_o"].status == "missing"
    assert "lacks the key db_o; it has 'db_out'" in found["db_o"].hint


def test_one_missing_value_costs_its_own_part_where_it_is_certain_which():
    found = marked("p3.train", ("return params, losses", "return params"))
    assert (found["E_end"].status, found["losses"].status) == ("right", "missing")
    found = marked("p3.train", ("return params, losses", "return losses"))
    assert (found["losses"].status, found["E_end"].status) == ("right", "missing")
    # Of the arrays of a layer it cannot be known which is missing; those of the other are certain.
    found = marked("p3.forward", ("return z_h, a_h, z_o, a_o", "return z_h, a_h, a_o"))
    assert [found[name].status for name in ("z_h", "a_h")] == ["right"] * 2
    assert [found[name].status for name in ("z_o", "a_o")] == ["error"] * 2
    assert "has to be the 4 values" in found["a_o"].hint and "is 3" in found["a_o"].hint


def test_a_reason_goes_with_what_is_missing():
    assert decode(encode(Missing("no key"))) == Missing("no key")


# How a backward pass comes about

QUOTIENTS = """
def backward(x, t, params, trace, hidden):
    found = {}
    for name, w in params.items():
        found["d" + name] = np.zeros_like(w)
        for place in np.ndindex(w.shape):
            E = []
            for sign in (1, -1):
                moved = {k: v.astype(TYPE) for k, v in params.items()}
                moved[name][place] += sign * H
                E.append(loss(forward(x, moved, hidden)[-1], t))
            found["d" + name][place] = VALUE
    return {k: v.astype(RESULT) for k, v in found.items()}
"""
TWO_SIDED = {"TYPE": "float", "H": "5e-6", "VALUE": "(E[0] - E[1]) / 1e-5"}
COMPLEX = {"TYPE": "complex", "H": "1e-30j", "VALUE": "E[0].imag / 1e-30"}
BY_SIZE = {
    "TYPE": "float",
    "H": "1e-5 * max(1, abs(w[place]))",
    "VALUE": "(E[0] - E[1]) / (2e-5 * max(1, abs(w[place])))",
}


@pytest.mark.parametrize("result", ["float", "np.float32"])
@pytest.mark.parametrize("way", [TWO_SIDED, COMPLEX, BY_SIZE])
@pytest.mark.parametrize("seed", [1, 2])
def test_looks_at_the_loss_are_no_backward_pass_however_exact(way, result, seed):
    source = QUOTIENTS
    for word, text in {**way, "RESULT": result}.items():
        source = source.replace(word, text)
    verdicts, _ = mark("p3.backward", source, seed)
    assert {(v.status, v.misconception) for v in verdicts} == {("wrong", "difference_quotient")}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("trace", ["trace", "forward(x, params, hidden)"])
def test_a_backward_pass_that_is_rounded_to_float32_stays_right(seed, trace):
    source = changed("p3.backward", ("= trace", f"= {trace}"))
    source = source.replace("def backward(", "def exactly(") + (
        "\ndef backward(*given):\n"
        "    return {name: g.astype(np.float32) for name, g in exactly(*given).items()}\n"
    )
    verdicts, _ = mark("p3.backward", source, seed)
    assert {verdict.status for verdict in verdicts} == {"right"}


def test_what_follows_from_the_trace_counts_beside_difference_quotients():
    source = QUOTIENTS
    for word, text in {**TWO_SIDED, "RESULT": "float"}.items():
        source = source.replace(word, text)
    source = source.replace(
        "    return {k",
        "    z_h, a_h, z_o, a_o = trace\n"
        "    d = (a_o - t) * a_o * (1 - a_o)\n"
        "    found |= {'dW_o': a_h.T @ d / len(x), 'db_o': d.mean(axis=0)}\n"
        "    return {k",
    )
    verdicts, _ = mark("p3.backward", source)
    assert [verdict.status for verdict in verdicts] == ["wrong", "wrong", "right", "right"]


@pytest.mark.parametrize("seed", range(8))
def test_a_wrong_backward_pass_that_overflows_keeps_its_own_name(seed):
    """As output weights do that are updated before the deltas are sent back through them."""
    source = changed(
        "p3.backward",
        (
            "= deltas(t, params, trace, hidden)",
            '= (a_o - t) * slope("sigmoid", z_o), None\n'
            '    W_o = params["W_o"] - eta * a_h.T @ delta_o / len(x)\n'
            "    delta_h = (delta_o @ W_o.T) * slope(hidden, z_h)",
        ),
    )
    verdicts, _ = mark("p3.backward", source, seed)
    assert verdicts[0].misconception == "updated_output_weights"


# Problem 1


def test_no_test_input_of_problem_1_is_an_answer_that_is_asked_for():
    for question in ("p1.output_layer", "p1.hidden_layer", "p1.update"):
        for case in question_by_id(question).cases_from(5):
            seen = [*case.test_inputs["point"].values(), *case.test_inputs["moved"].values()]
            for part in ("delta_k_formula", "delta_j_formula", "dE_db_k", "dE_db_j"):
                if part in case.expected:
                    assert not np.any(np.isclose(seen, case.expected[part], rtol=1e-6))
