"""Slips in functions of Problems 3 and 4: what each is told, and that nothing of it is false."""

import contextlib
import io
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from helpers.asking import _attempt, observe
from helpers.asking.functions import from_dict
from helpers.checking import observe as observe_answers
from helpers.marking.answer import Answer
from helpers.marking.description import describe_error
from helpers.marking.judging import Judge, judge
from helpers.marking.questions import question_by_id, questions_of
from helpers.marking.trail import trail
from tests.marking.claims import besides, untrue
from tests.mutation.marking import answers
from tests.sample_class.work import ROOT

SEED = 1
P3, P4 = "problem_3_numpy", "problem_4_keras"
WITHOUT_FUNCTIONS = {"p3.reproduce", "p4.forward", "p4.faster"}


def functions(notebook=P3, **changes):
    """The functions of a right notebook by name; changes: (old, new) pairs by the question's last
    word."""
    found = {"np": np}
    if notebook == P4:
        from helpers.keras import keras, tf

        found |= {"keras": keras, "tf": tf}
    for question, (where, source) in answers().items():
        name = question.split(".")[1]
        if where != notebook or question in WITHOUT_FUNCTIONS:
            continue
        for old, new in changes.get(name, ()):
            assert old in source, (question, old)
            source = source.replace(old, new)
        exec(source, found)
    return found


def judged(question, found, judge=None):
    """The verdicts on a question's functions by part; their sentences are held beside what they
    claim."""
    asked = question_by_id(question)
    given = {name: found[name] for name in asked.arguments}
    with np.errstate(all="ignore"):
        record = observe(asked.task_from(SEED), given)
    verdicts = (judge or Judge(SEED)).judge(asked, record)
    for verdict, beside in besides(asked, verdicts, record, asked.cases_from(SEED)):
        assert list(untrue(verdict, beside)) == [], verdict.hint
    return {verdict.part: verdict for verdict in verdicts}


def told(question, *changes):
    """The verdicts by part on a right answer with each (old, new) replaced."""
    prefix, name = question.split(".")
    return judged(question, functions(P3 if prefix == "p3" else P4, **{name: changes}))


# Difference quotients


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((") / h", ") / 2*h"), "The difference is multiplied by h"),
        ((") / h", ") / 3*h"), "each is 0.3333 · h² times what it should be, in every case"),
        ((") / h", ") / (1 + h)"), "how does the factor change with h?"),
    ],
)
def test_a_wrong_factor_of_a_quotient_is_told_with_the_width(change, said):
    hint = told("p3.central_difference", change)["quotients"].hint
    assert said in hint and "in what do the two differ" not in hint


# Values in another order

OF_FORWARD = "return z_h, a_h, z_o, a_o"


@pytest.mark.parametrize(
    ("order", "whose"),
    [
        ("a_h, z_h, a_o, z_o", {"z_h": "a_h", "a_h": "z_h", "z_o": "a_o", "a_o": "z_o"}),
        ("z_h, z_o, a_h, a_o", {"a_h": "z_o", "z_o": "a_h"}),
        ("a_o, z_o, a_h, z_h", {"z_h": "a_o", "a_h": "z_o", "z_o": "a_h", "a_o": "z_h"}),
    ],
)
def test_a_trace_in_another_order_says_whose_the_values_are(order, whose):
    found = told("p3.forward", (OF_FORWARD, f"return {order}"))
    for part, verdict in found.items():
        if part in whose:
            said = f"These are the values of {whose[part]}, at the place of {part}."
            assert verdict.status == "wrong" and verdict.hint.startswith(said)
        else:
            assert verdict.status == "right"


def test_deltas_in_another_order_say_so():
    found = told("p3.deltas", ("return delta_o, delta_h", "return delta_h, delta_o"))
    assert found["delta_o"].hint.startswith("These are the values of delta_h, at the place of")
    assert found["delta_h"].hint.startswith("These are the values of delta_o, at the place of")


def test_deltas_in_another_order_say_so_although_they_are_not_right():
    order = ("return delta_o, delta_h", "return delta_h, delta_o")
    found = told("p3.deltas", ("(a_o - t)", "(t - a_o)"), order)
    said = "This has the shape of {}, at the place of {}. In which order"
    assert found["delta_o"].hint.startswith(said.format("delta_h", "delta_o"))
    assert found["delta_h"].hint.startswith(said.format("delta_o", "delta_h"))


def test_a_trace_in_another_order_says_so_although_it_is_not_right():
    found = told("p3.forward", (OF_FORWARD, "return z_o, 2 * a_o, 3 * z_h, a_h"))
    assert found["z_h"].hint.startswith("This has the shape of z_o or a_o, at the place of z_h.")


def test_gradients_that_are_not_transposed_have_no_other_order():
    found = told("p3.backward", ("x.T @ delta_h", "delta_h.T @ x"))
    assert "In which order" not in found["dW_h"].hint


def test_gradients_under_each_others_names_say_so():
    exchanged = (('"dW_h": ', '"_": '), ('"dW_o": ', '"dW_h": '), ('"_": ', '"dW_o": '))
    found = told("p3.backward", *exchanged)
    assert found["dW_h"].hint.startswith("These are the values of dW_o, at the place of dW_h.")
    assert found["db_h"].status == "right"


def test_what_is_used_in_place_of_something_is_no_order():
    """a_h is z_h, but z_h is itself."""
    found = told("p3.forward", ("activation(hidden, z_h)", "z_h"))
    assert found["a_h"].misconception == "activation_forgotten"


def test_a_cause_that_explains_the_other_parts_goes_before_an_order():
    found = told("p3.backward", ("delta_o, delta_h = deltas", "delta_h, delta_o = deltas"))
    assert {v.misconception for v in found.values()} == {"delta_of_another_layer"}


def test_a_trace_that_is_unpacked_in_another_order_is_named():
    found = told("p3.deltas", ("z_h, a_h, z_o, a_o = trace", "a_h, z_h, a_o, z_o = trace"))
    assert {v.misconception for v in found.values()} == {"trace_in_another_order"}


# What came in place of several values


@pytest.mark.parametrize(
    ("returned", "got"),
    [
        ("a_o", "got one array of shape (5, 3)"),
        ('{"z_h": z_h, "a_h": a_h}', "got a dict"),
        ("forward", "got a function or a method that was not called"),
    ],
)
def test_what_came_in_place_of_several_values_is_said(returned, got):
    assert told("p3.forward", (OF_FORWARD, f"return {returned}"))["z_h"].hint.count(got) == 1


def test_all_the_keys_that_came_are_named():
    renamed = ((f'"d{name}": ', f'"{name}": ') for name in ("W_h", "b_h", "W_o", "b_o"))
    for verdict in told("p3.backward", *renamed).values():
        assert "it has 'W_h', 'b_h', 'W_o', 'b_o': is one misspelt?" in verdict.hint


def test_of_many_keys_it_is_said_that_there_are_others():
    found = from_dict(dict.fromkeys("abcdefgh", 1.0), ["W_h"], "what f returns")
    assert found["W_h"].reason.endswith(
        "it has 'a', 'b', 'c', 'd', 'e', 'f' and others: is one misspelt?"
    )


# Deltas


@pytest.mark.parametrize("formula", ["1 - a*2", "1 - np.tanh(z**2)", "1 - a"])
def test_a_square_of_tanh_that_went_elsewhere_is_named(formula):
    found = told("p3.activations", ("1 - a**2", formula))["slope_tanh"]
    assert found.misconception == "square_forgotten"


def test_a_derivative_of_ones_own_that_is_wrong_is_asked_about_in_a_trail():
    """Where the edge is right, no question about the edge alone may stand there."""
    said = trail("delta_h", {"delta_o"}, {"slope_h"})
    assert "derivative of the hidden unit: of which function is it the derivative" in said
    assert "Not right yet, and used here as you gave it: derivative of the hidden unit." in said


# Loss


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ((".mean()", ".sum()"), "loss_summed", "The losses of all points are added up here."),
        (("0.5 * ", ""), "half_forgotten", "This is twice the loss."),
        ((".mean()", ""), "points_left_apart", "expected one number, got an array of shape (5,)."),
        ((".sum(axis=1).mean()", ".mean(axis=0)"), "outputs_left_apart", "a number for each out"),
        (("0.5", "0.25"), "", "it is 0.5 times what it should be, in every case"),
        (("0.5", "-0.5"), "", "the size is right, the sign is not"),
    ],
)
def test_a_wrong_loss_is_told_of_the_loss(change, name, words):
    verdict = told("p3.loss", change)["E"]
    assert (verdict.status, verdict.misconception) == ("wrong", name)
    assert words in verdict.hint


# Batches


def test_a_slice_that_is_one_short_is_named_in_all_parts():
    found = told("p3.batches", ("start + size]", "start + size - 1]"))
    assert {v.misconception for v in found.values()} == {"slices_one_short"}


@pytest.mark.parametrize(
    ("change", "part", "words"),
    [
        (
            ("start + size]", "start + size + 1]"),
            "each_once",
            r"all of \d+ points come back, and i",
        ),
        (("start + size]", "start + size + 1]"), "sizes", r"you make \d+ batches of \d, \d"),
        (("range(0, N, size)", "range(0, size, N)"), "sizes", r"You make 1 batch of \d points"),
        (("range(0, N, size)", "range(0, size, N)"), "each_once", r"\d+ of \d+ points come back, "),
        (("range(0, N, size)", "range(1, N, size)"), "each_once", r"index \d+, for one, is in no"),
        (("rng.permutation(N)", "rng.choice(N, N)"), "order", r"your first epoch begins with \d"),
    ],
)
def test_wrong_batches_say_which_indices_come_back(change, part, words):
    assert re.search(words, told("p3.batches", change)[part].hint)


# Functions that are not right, where others are consistent with them


@pytest.mark.parametrize(
    ("changes", "called"),
    [
        ({"loss": [("0.5", "0.7")]}, "loss, which is not right yet"),
        ({"sgd_step": [("- eta", "- 0.7 * eta")]}, "sgd_step, which is not right yet"),
        ({"forward": [('+ params["b_h"]', '- params["b_h"]')]}, "forward, which is"),
        ({"deltas": [("(a_o - t)", "2 * (a_o - t)")]}, "deltas, which is not right yet"),
        ({"activations": [("np.tanh(z)", "np.tanh(2 * z)")]}, "activation, which is"),
        ({"activations": [("1 - a**2", "1 - a")]}, "slope, which is not right yet"),
        (
            {"loss": [("0.5", "0.7")], "sgd_step": [("- eta", "- 0.7 * eta")]},
            "loss and sgd_step, which are not right yet",
        ),
    ],
)
def test_the_function_that_is_not_right_is_named_where_others_use_it(changes, called):
    judge, found = Judge(SEED), functions(**changes)
    for name in ("activations", "forward", "loss", "deltas", "backward", "sgd_step"):
        judged(f"p3.{name}", found, judge)
    carried = [v for v in judged("p3.train", found, judge).values() if v.status == "carried"]
    assert carried and all(v.hint.startswith(f"consistent with your {called}") for v in carried)


def test_batches_that_are_not_right_are_named_in_the_loop_over_them():
    judge, found = Judge(SEED), functions(batches=[("rng.permutation(N)", "np.arange(N)")])
    for name in ("activations", "forward", "loss", "deltas", "backward", "sgd_step", "batches"):
        judged(f"p3.{name}", found, judge)
    for verdict in judged("p3.train_batches", found, judge).values():
        assert verdict.hint == "consistent with your batches, which is not right yet"


# Code that stops


def test_parts_that_wait_for_a_line_say_so():
    for verdict in told("p3.backward", ("delta_o.mean(axis=0)", "delta_o.average()")).values():
        assert verdict.status == "error"
        assert verdict.hint.endswith("All parts of this check wait for that line.")
    found = told("p3.loss", (".mean()", ".average()"))
    assert "wait" not in found["E"].hint  # there is no other part


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: max(0, np.ones(2)), "np.maximum or np.where"),
        (lambda: np.ones(2) ^ 2, "a power is written with **"),
        (lambda: float(np.ones(2)), "a function of a single number"),
        (lambda: np.array([np.ones(2), np.ones(3)]), "Is a whole trace given"),
    ],
)
def test_errors_of_beginners_are_told_in_words(run, words):
    assert words in _attempt(run).reason


def test_an_error_has_neither_colours_nor_a_list_of_arguments():
    def of_keras():
        raise ValueError(
            "Exception\n\n\x1b[1mInvalid shape (3, 2)\x1b[0m\n\nArguments received by x"
        )

    assert _attempt(of_keras).reason.endswith("ValueError: Exception Invalid shape (3, 2)")


# Training loops


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("losses.append(loss(trace[-1], t))", "print(loss(trace[-1], t))"), "There is to be one"),
        (("losses.append(loss(trace[-1], t))", "losses.append(trace[-1])"), "Each entry has to be"),
    ],
)
def test_a_list_of_other_losses_says_what_it_lacks(change, words):
    with contextlib.redirect_stdout(io.StringIO()):
        assert words in told("p3.train", change)["losses"].hint


@pytest.mark.parametrize("question", ["p3.train", "p3.train_batches"])
def test_a_first_loss_that_is_the_one_after_the_first_round_is_told_so(question):
    """Beside another mistake, by which later losses are off as well."""
    asked = question_by_id(question)
    cases = asked.cases_from(SEED)
    (part,) = (part for part in asked.parts if part.name == "losses")
    losses = [np.array([right[1], *right[1:] * 1.1]) for right in
              (case.expected["losses"] for case in cases)]  # fmt: skip
    said = describe_error(Answer(part, cases, losses), [c.expected["losses"] for c in cases])
    assert said.startswith("your first loss is the one after the first round of the loop:")


# The tables of a gradient check


@cache
def gradient_table():
    source = Path(ROOT, "solutions/tutorial", f"{P3}.md").read_text(encoding="utf-8")
    return re.search(r"def gradient_table.*?(?=\n\n\ndef )", source, re.DOTALL)[0]


def table(changes):
    """What the notebook's table prints for a network of tanh units."""
    found = functions(**changes)
    exec(gradient_table(), found)
    rng = np.random.default_rng(3)
    x, t = rng.normal(size=(3, 2)), rng.uniform(0.1, 0.9, (3, 2))
    shapes = {"W_h": (2, 4), "b_h": 4, "W_o": (4, 2), "b_o": 2}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    trace = found["forward"](x, params, "tanh")
    gradients = found["backward"](x, t, params, trace, "tanh")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        found["gradient_table"](
            lambda p: found["loss"](found["forward"](x, p, "tanh")[-1], t), params, gradients
        )
    return printed.getvalue().splitlines()


def test_a_table_says_that_a_loss_without_its_half_changes_twice_as_fast():
    for line in table({"loss": [("0.5 * ", "")]}):
        assert line.endswith("the loss changes 2 times as fast as this gradient says")


def test_a_table_of_right_gradients_says_nothing_else():
    assert all(line.endswith("below 1e-7") for line in table({}))


def test_a_table_names_the_row_whose_shape_does_not_fit():
    lines = table({"backward": [("delta_o.mean(axis=0)", "delta_o.mean()")]})
    assert [line.split()[0] for line in lines] == ["dW_h", "db_h", "dW_o", "db_o"]
    assert lines[3].endswith("db_o  has the shape (), and b_o the shape (2,)")


def test_a_table_names_no_factor_where_there_is_none():
    lines = table({"deltas": [("slope(hidden, z_h)", "slope(hidden, a_h)")]})
    assert not any("as fast" in line for line in lines)


# Problem 4


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("eta / outputs", {"outputs_divided"}),
        ("eta * outputs", {"half_ignored"}),
        ("eta", {"learning_rate_unchanged"}),
        ("2 * eta", {"learning_rate_inverted"}),
        ("eta * outputs**3", {"", "learning_rate_unchanged or half_ignored or outputs_divided"}),
    ],
)
def test_a_learning_rate_for_keras_is_named_by_both_parts(formula, names):
    found = told("p4.learning_rate", ("eta * outputs / 2", formula))
    assert {verdict.misconception for verdict in found.values()} == names


def test_a_learning_rate_that_fits_nothing_leads_to_the_table():
    found = told("p4.learning_rate", ("eta * outputs / 2", "outputs / 2"))
    for verdict in found.values():
        assert verdict.hint.startswith("put this number of outputs into the two derivatives")


CONVERTED = "eta_for_mse(eta, outputs=t.shape[1])"
ONE_STEP = "model.train_on_batch(x, t)"
WITH_A_TAPE = """\
with tf.GradientTape() as tape:
        E = tf.reduce_mean((t - model(x)) ** 2)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(E, variables), variables))"""


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ((CONVERTED, f"{CONVERTED}, momentum=0.9"), "momentum"),
        ((CONVERTED, f"{CONVERTED}, momentum=0.5"), "momentum"),
        ((CONVERTED, f"{CONVERTED}, momentum=0.9, nesterov=True"), "momentum"),
        (("t.shape[1]", "t.shape[0]"), "another_number_for_outputs"),
        ((CONVERTED, "eta / t.shape[1]"), "outputs_divided"),
        (('"mse"', '"mae"'), "another_loss_in_keras"),
        (("SGD(", "RMSprop("), "adam_for_sgd"),
        ((ONE_STEP, "model.fit(x, t, epochs=4, batch_size=len(x), verbose=0)"), "several_steps"),
        ((ONE_STEP, "model.fit(x, t, batch_size=1, verbose=0)"), "more_than_one_step"),
    ],
)
def test_a_wrong_step_in_keras_is_named(change, name):
    found = told("p4.step", change)
    assert {(v.status, v.misconception) for v in found.values()} == {("wrong", name)}


@pytest.mark.parametrize(
    "change",
    [
        (CONVERTED, f"{CONVERTED}, momentum=0.0"),
        (ONE_STEP, "model.fit(x, t, batch_size=len(x), verbose=0)"),
        (ONE_STEP, WITH_A_TAPE),
        (ONE_STEP, f"{ONE_STEP}\n    model.compile(optimizer='adam', loss='mae')"),
        ('"mse"', "keras.losses.MeanSquaredError()"),
    ],
)
def test_a_plain_step_is_right_whatever_makes_it(change):
    assert {v.status for v in told("p4.step", change).values()} == {"right"}


def test_an_error_that_numpy_computes_is_told_to_the_tape():
    source = answers()["p4.tape"][1]
    (error,) = re.findall(r"E = .*", source)
    by_numpy = "E = 0.5 * np.mean(np.sum((t - model(x)) ** 2, axis=1))"
    for verdict in told("p4.tape", (error, by_numpy)).values():
        assert "E is a number of NumPy's, and the tape cannot follow what NumPy" in verdict.hint


def test_set_weights_stops_at_a_dict_in_one_line():
    from helpers.keras import NoListOfWeights, keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(NoListOfWeights) as stopped:
        model.set_weights({"W": np.ones((2, 1)), "b": np.ones(1)})
    (line,) = stopped.value._render_traceback_()
    assert line.startswith("TypeError: set_weights takes a list of arrays")


def test_the_change_of_weights_is_told_as_a_factor():
    found = told("p4.step", (CONVERTED, f"1.7 * {CONVERTED}"))
    assert all(v.hint.startswith("the change is 1.7 times what it") for v in found.values())
    found = told("p3.sgd_step", ("- eta", "- 0.3 * eta"))
    assert all(v.hint.startswith("the change is 0.3 times what it") for v in found.values())


def test_weights_that_change_places_in_keras_are_named():
    """Its list of weights may have two of them exchanged."""
    asked = question_by_id("p4.forward")
    (case,) = asked.cases_from(SEED)
    names = {name for mistakes in case.mistakes.values() for name, _ in mistakes}
    assert names >= {"inputs_exchanged", "biases_exchanged", "output_weights_exchanged"}


def test_each_letter_has_a_hint_of_its_own():
    asked = questions_of(P4)["p4.faster"]
    (reason,) = (part for part in asked.parts if part.name == "reason")
    assert set(reason.hint_for_choice) == set("ABCD") and reason.hint_for_choice["B"] == ""


@pytest.mark.parametrize("part", ["loss_ratio", "step_ratio"])
def test_a_ratio_the_other_way_round_is_named(part):
    asked = question_by_id("p4.faster")
    given = {"loss_ratio": 2, "step_ratio": 2, "reason": "B"} | {part: 0.5}
    (wrong,) = (v for v in judge(asked, observe_answers(asked, given, 1), 1) if v.status == "wrong")
    assert (wrong.part, wrong.misconception) == (part, "ratio_inverted")


def test_batches_may_come_one_by_one_in_problem_4():
    """A generator is accepted in Problem 3, and has neither a length nor an end to join."""
    source = Path(ROOT, "solutions/tutorial", f"{P4}.md").read_text(encoding="utf-8")
    assert not re.search(r"(len|concatenate)\(batches\(", source)
