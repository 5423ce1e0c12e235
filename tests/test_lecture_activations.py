"""Lecture 3: its numbers hold, its formulas are right, and its questions know typical slips."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from helpers.authoring import source
from helpers.checking import observe
from helpers.course import lecture_step, xor_data
from helpers.marking.judging import judge
from helpers.marking.misconceptions import hint
from helpers.marking.questions import question_by_id, questions_of
from helpers.network import Network
from helpers.numerical import symmetric_difference
from helpers.reference import gradients, jacobian
from helpers.weight_space import WeightSpace

NAME = "3_activation_functions"
SOLUTION = Path(__file__).parents[1] / "solutions" / "lecture" / f"{NAME}.ipynb"
HIDDEN = ("relu", "sigmoid", "tanh")
PAIRS = [
    ("linear", "half_squared"),
    ("sigmoid", "half_squared"),
    ("sigmoid", "cross_entropy"),
    ("softmax", "cross_entropy"),
]


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(SOLUTION, as_version=nbformat.NO_CONVERT)


@pytest.fixture(scope="module")
def printed(notebook):
    """All lines that the notebook prints."""
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return "".join(o.text for o in outputs if o.output_type == "stream").splitlines()


def numbers_in(line):
    return [float(n) for n in re.findall(r"-?\d+\.\d+(?:e[-+]\d+)?|-?\d+e[-+]\d+", line)]


def numerical_deltas(net, x, t):
    """∂E/∂z of one point in each layer by symmetric differences: a bias moves its z alike."""

    def loss_with(k):
        def loss(b):
            biases = [*net.biases[:k], b, *net.biases[k + 1 :]]
            return Network(
                net.weights, biases, hidden=net.hidden, output=net.output, loss=net.loss_name
            ).loss(x, t)

        return loss

    return [symmetric_difference(loss_with(k), b) for k, b in enumerate(net.biases)]


# The nine pairs, and sigmoid outputs with their other loss


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_the_printed_deltas_of_each_pair(printed, hidden, output, loss):
    step = lecture_step(hidden, output, loss)
    (line,) = [text for text in printed if text.split()[:3] == [hidden, output, loss]]
    at_hidden, at_output = numerical_deltas(step.net, step.x, step.t)
    *deltas, difference = numbers_in(line)
    np.testing.assert_allclose(deltas, [*at_output, *at_hidden], atol=5.1e-5)
    assert difference < 1e-14
    assert "-0.0000" not in line
    reference = gradients(step.net, step.x, step.t).delta
    np.testing.assert_allclose(reference[0][0], at_hidden, atol=1e-8)
    np.testing.assert_allclose(reference[1][0], at_output, atol=1e-8)


def test_nothing_but_the_twelve_pairs_is_printed_there(printed):
    assert len([text for text in printed if text.split()[:1] and text.split()[0] in HIDDEN
                and len(text.split()) > 5 and text.split()[1] in dict(PAIRS)]) == 12  # fmt: skip


FORMULAS_OF_DELTA_O = {
    "$a_o - t$": lambda a, t: a - t,
    "$(a_o - t)\\, a_o (1 - a_o)$": lambda a, t: (a - t) * a * (1 - a),
}
FORMULAS_OF_SLOPE = {
    "$(\\delta_o W_o^{\\mathsf T}) \\odot [a_h > 0]$": lambda a: a > 0,
    "$(\\delta_o W_o^{\\mathsf T}) \\odot a_h (1 - a_h)$": lambda a: a * (1 - a),
    "$(\\delta_o W_o^{\\mathsf T}) \\odot (1 - a_h^2)$": lambda a: 1 - a**2,
}


def test_each_line_of_the_table_of_nine_is_right(notebook):
    """Each formula, as it is printed, agrees with numerical derivatives on random networks."""
    (table,) = [c.source for c in notebook.cells if "| hidden | output | loss |" in c.source]
    rows = re.findall(r"^\| (ReLU|sigmoid|tanh) \|(.*)\|$", table, re.MULTILINE)
    seen = set()
    rng = np.random.default_rng(11)
    for hidden, rest in rows:
        output, loss, delta_o, delta_h = (cell.strip() for cell in rest.split(" | "))
        hidden, loss = hidden.lower(), loss.replace("-", "_")
        seen.add((hidden, output, loss))
        W_h, W_o = rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
        x, t = rng.normal(size=(1, 2)), np.array([[0.0, 1.0, 0.0]])
        net = Network([W_h, W_o], [rng.normal(size=3)] * 2, hidden=hidden, output=output, loss=loss)
        a_h, a_o = net.forward(x).a
        out = FORMULAS_OF_DELTA_O[delta_o](a_o, t)
        back = np.einsum("nk,jk->nj", out, W_o)
        numerical = numerical_deltas(net, x, t)
        np.testing.assert_allclose(out[0], numerical[1], atol=1e-8)
        np.testing.assert_allclose(
            (back * FORMULAS_OF_SLOPE[delta_h](a_h))[0], numerical[0], atol=1e-8
        )
    outputs = ((o, loss) for o, loss in PAIRS if (o, loss) != ("sigmoid", "cross_entropy"))
    assert seen == {(h, o, loss) for o, loss in outputs for h in HIDDEN}
    assert len(rows) == 9


# Softmax


@pytest.mark.parametrize("z", [[1.0, 0.5, -0.5], [0.0, 0.0], [3.0, -2.0, 0.1, 0.4]])
def test_the_jacobian_of_softmax(z):
    z = np.array(z)
    a = np.exp(z) / np.exp(z).sum()
    formula = np.array([[a[k] * ((k == m) - a[m]) for m in range(len(z))] for k in range(len(z))])
    for k in range(len(z)):
        row = symmetric_difference(lambda z, k=k: np.exp(z[k]) / np.exp(z).sum(), z)
        np.testing.assert_allclose(formula[k], row, atol=1e-9)

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    np.testing.assert_allclose(jacobian(softmax, z), formula, atol=1e-15)


def test_the_printed_deltas_of_softmax(printed):
    z, t = np.array([1.0, 0.5, -0.5]), np.array([0.0, 1.0, 0.0])
    a = np.exp(z) / np.exp(z).sum()
    for loss, dE_da in (("cross_entropy", -t / a), ("half_squared", a - t)):
        net = Network([np.eye(3)], output="softmax", loss=loss)
        (right,) = numerical_deltas(net, [z], [t])
        naive = dE_da * a * (1 - a)
        (line,) = [text for text in printed if text.startswith(loss)]
        np.testing.assert_allclose(numbers_in(line), [*right, *naive, *right], atol=5.1e-5)
        assert abs(naive - right).max() > 0.05
        if loss == "cross_entropy":
            np.testing.assert_allclose(right, a - t, atol=1e-9)
            np.testing.assert_allclose(naive, [0, a[1] - 1, 0])


def test_cross_entropy_has_the_slope_of_the_sigmoid_at_0_too():
    net = Network([[[1.0]]], output="sigmoid", loss="cross_entropy")
    delta = gradients(net, [[0.0], [1e-12], [-1e-12]], [[0.3]] * 3).delta[0]
    np.testing.assert_allclose(delta, 0.2)


# Saturation, vanishing slopes, dead units, learning: what the prose says


def unit(z, loss):
    return WeightSpace(Network([[[1.0]]], [[z - 1.0]], loss=loss), [[1.0]], [[0.0]])


def output_after(z, loss, steps):
    weight, bias = unit(z, loss).descend(0.5, steps)[0][-1]
    return 1 / (1 + np.exp(-weight - bias))


def test_saturation_is_as_predicted(printed):
    assert output_after(1, "half_squared", 0) == pytest.approx(0.73, abs=5e-3)
    assert output_after(4, "half_squared", 0) == pytest.approx(0.98, abs=5e-3)
    assert output_after(4, "half_squared", 20) > 0.95 > 0.5 > output_after(1, "half_squared", 20)
    assert output_after(4, "half_squared", 50) > 0.9  # half of the time, says the speaker
    assert abs(output_after(4, "cross_entropy", 20) - output_after(1, "cross_entropy", 20)) < 0.02
    for z in (1, 4):
        (line,) = [text for text in printed if text.split()[:1] == [str(z)] and "e" not in text]
        # the gradient of the bias is delta
        deltas = [unit(z, loss).gradient([1.0, z - 1.0])[1]
                  for loss in ("half_squared", "cross_entropy")]  # fmt: skip
        output = output_after(z, "half_squared", 0)
        np.testing.assert_allclose(numbers_in(line), [output, *deltas], atol=5.1e-5)
        assert (deltas[0] < 0.02) == (z == 4)


def test_deltas_vanish_with_sigmoids_only(printed):
    first = printed.index(next(text for text in printed if text.startswith("layer")))
    sizes = np.array([numbers_in(text) for text in printed[first + 1 : first + 10]])
    sigmoid, tanh, relu = sizes.T
    assert (sigmoid[:-1] / sigmoid[1:] < 0.5).all()
    assert 5e-6 < sigmoid[0] / sigmoid[-1] < 2e-5  # a hundred-thousandth, says the speaker
    for others in (tanh, relu):
        assert np.ptp(np.log10(others[:-2])) < 0.4


def test_a_dead_unit_has_gradients_of_exactly_0(printed):
    x, t = xor_data()
    net = lecture_step("relu", "linear").net
    dead = Network(net.weights, [[0.1, -3.0], [0.2]], hidden="relu", output="linear")
    g = gradients(dead, x, t)
    assert (dead.forward(x).z[0][:, 1] < 0).all()
    assert not g.weights[0][:, 1].any() and g.biases[0][1] == 0 and g.weights[1][1] == 0
    assert np.count_nonzero(g.weights[0]) == 2 and g.weights[1][0] != 0
    (line,) = [text for text in printed if text.startswith("gradient of W_o")]
    np.testing.assert_allclose(numbers_in(line), g.weights[1].ravel(), atol=5.1e-5)


def test_a_step_that_is_too_long_kills_a_unit(printed):
    space = WeightSpace(lecture_step("relu", "linear").net, *xor_data())
    for eta in (1.0, 1.2):
        losses = space.descend(eta, 60)[1]
        (line,) = [text for text in printed if text.startswith(f"eta = {eta}: loss after 60")]
        assert numbers_in(line)[-1] == pytest.approx(losses[-1], abs=5.1e-5)
        assert (losses[-1] > 0.05) == (eta == 1.2)


def test_all_three_learn_xor_from_the_start_that_is_shown():
    losses = {}
    for hidden in HIDDEN:
        net = Network(
            [[[0.7, 0.8], [-0.1, -1.2]], [[1.4], [-0.5]]], [[-0.3, 0.4], [0.0]],
            hidden=hidden, loss="cross_entropy",
        )  # fmt: skip
        losses[hidden] = WeightSpace(net, *xor_data()).descend(1.0, 400)[1]
        assert losses[hidden][-1] < 0.1
    assert losses["sigmoid"][80] > 0.6 > 0.1 > max(losses["relu"][80], losses["tanh"][80])


def test_none_of_the_three_always_learns_xor(printed):
    counts = [int(re.search(r"from +(\d+) of 12", text)[1]) for text in printed if "of 12" in text]
    assert len(counts) == 3 and all(0 < count < 12 for count in counts)


# Answers


def verdicts(question, **answers):
    asked = question_by_id(question)
    return {v.part: v for v in judge(asked, observe(asked, answers, 3), 3)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def stable_softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def delta_h(name, back, a_h):
    slopes = {"relu": a_h > 0, "sigmoid": a_h * (1 - a_h), "tanh": 1 - a_h**2}
    return back * slopes[name]


RIGHT = {
    "l3.slopes": dict(slope_tanh=0.64, slope_sigmoid=0.09, slope_relu=1),
    "l3.output_deltas": dict(
        linear_half_squared=0.5, sigmoid_half_squared=0.08, sigmoid_cross_entropy=0.5
    ),
    "l3.which_loss": dict(house_price="A", spam="B", digit="C"),
    "l3.hidden_delta": dict(delta_h=delta_h),
    "l3.softmax": dict(softmax=stable_softmax),
    "l3.jacobian": dict(da1_dz1=0.24, da1_dz2=-0.18, row_sum=0),
    "l3.softmax_delta": dict(delta_o=[0.6, -0.7, 0.1]),
    "l3.saturation": dict(half_squared="B", cross_entropy="A"),
    "l3.layers": dict(largest_slope=0.25, bound=0.25**5),
    "l3.dead_unit": dict(in_W_h="column 2", in_W_o="row 2", comes_back="B"),
}
OTHER_FORMS = [
    ("l3.slopes", dict(slope_tanh=np.array([0.64]), slope_relu=1.0, slope_sigmoid=[[0.09]])),
    ("l3.hidden_delta", dict(delta_h=lambda name, b, a: {
        "relu": np.where(a > 0, b, 0), "sigmoid": b * (a - a * a), "tanh": b * (1 - a) * (1 + a)
    }[name])),
    ("l3.softmax", dict(softmax=lambda z: 1 / np.exp(
        np.clip(z[:, None, :] - z[:, :, None], -700, 700)).sum(axis=2))),
    ("l3.jacobian", dict(row_sum=1e-17, da1_dz1=6 / 25)),
    ("l3.softmax_delta", dict(delta_o=np.array([[0.6, -0.7, 0.1]]))),
    ("l3.saturation", dict(half_squared="b", cross_entropy="(a)")),
    ("l3.layers", dict(bound=0.0010)),
    ("l3.layers", dict(bound=1 / 1024)),
    ("l3.dead_unit", dict(in_W_h="Column 2", in_W_o=" row 2")),
]  # fmt: skip


def test_every_question_has_right_answers_here():
    assert list(RIGHT) == list(questions_of(NAME))


@pytest.mark.parametrize("question", RIGHT)
def test_right_answers_pass(question):
    assert {v.status for v in verdicts(question, **RIGHT[question]).values()} == {"right"}


@pytest.mark.parametrize(("question", "answers"), OTHER_FORMS)
def test_right_answers_pass_in_other_forms(question, answers):
    found = verdicts(question, **{**RIGHT[question], **answers})
    assert {v.status for v in found.values()} == {"right"}, found


MISTAKES = [
    ("l3.slopes", "slope_tanh", 1 - np.tanh(0.6) ** 2, "slope_of_a"),
    ("l3.slopes", "slope_tanh", 0.24, "sigmoids_slope_for_tanh"),
    ("l3.slopes", "slope_tanh", 0.4, "square_forgotten"),
    ("l3.slopes", "slope_sigmoid", sigmoid(0.9) * (1 - sigmoid(0.9)), "slope_of_a"),
    ("l3.slopes", "slope_sigmoid", 0.19, "slope_of_tanh"),
    ("l3.slopes", "slope_sigmoid", -0.09, "sign_turned"),
    ("l3.slopes", "slope_relu", 2.5, "activation_as_slope"),
    ("l3.output_deltas", "linear_half_squared", -0.5, "wrong_sign"),
    ("l3.output_deltas", "linear_half_squared", 0.08, "slope_of_linear"),
    ("l3.output_deltas", "sigmoid_half_squared", 0.5, "slope_forgotten"),
    ("l3.output_deltas", "sigmoid_half_squared", 0.16, "factor_two"),
    ("l3.output_deltas", "sigmoid_cross_entropy", 0.08, "slope_not_cancelled"),
    ("l3.output_deltas", "sigmoid_cross_entropy", 3.125, "slope_forgotten"),
    ("l3.jacobian", "da1_dz1", -0.36, "off_diagonal_formula"),
    ("l3.jacobian", "da1_dz1", 0.6, "activation_as_slope"),
    ("l3.jacobian", "da1_dz2", 0.0, "softmax_elementwise"),
    ("l3.jacobian", "da1_dz2", 0.18, "sign_turned"),
    ("l3.jacobian", "da1_dz2", 0.42, "diagonal_formula"),
    ("l3.jacobian", "da1_dz2", 0.24, "diagonal_formula"),
    ("l3.jacobian", "row_sum", 1.0, "outputs_for_jacobian"),
    ("l3.softmax_delta", "delta_o", [0, -0.7, 0], "softmax_elementwise"),
    ("l3.softmax_delta", "delta_o", [-0.6, 0.7, -0.1], "wrong_sign"),
    ("l3.softmax_delta", "delta_o", [0.144, -0.147, 0.009], "slope_not_cancelled"),
    ("l3.softmax_delta", "delta_o", [0, -1 / 0.3, 0], "slope_forgotten"),
    ("l3.softmax_delta", "delta_o", [0.264, -0.258, -0.006], "through_the_other_loss"),
    ("l3.layers", "largest_slope", 0.5, "activation_as_slope"),
    ("l3.layers", "largest_slope", 1.0, "slope_of_tanh"),
    ("l3.layers", "bound", 1.25, "slopes_added"),
    ("l3.layers", "bound", 0.05, "slopes_averaged"),
    ("l3.layers", "bound", 0.25, "one_layer_only"),
]


@pytest.mark.parametrize(("question", "part", "answer", "name"), MISTAKES)
def test_mistakes_are_recognised(question, part, answer, name):
    found = verdicts(question, **{**RIGHT[question], part: answer})
    assert (found[part].status, found[part].misconception) == ("wrong", name)
    assert found[part].hint == hint(name)
    assert all(v.status == "right" for other, v in found.items() if other != part)


FUNCTION_MISTAKES = [
    ("l3.hidden_delta", "tanh", lambda name, b, a: b * a * (1 - a), "slope_of_sigmoid"),
    ("l3.hidden_delta", "sigmoid", lambda name, b, a: b, "slope_forgotten"),
    ("l3.hidden_delta", "relu", lambda name, b, a: b * a, "activation_as_slope"),
    ("l3.hidden_delta", "tanh", lambda name, b, a: b * (1 - np.tanh(a) ** 2), "slope_of_a"),
    ("l3.hidden_delta", "relu", lambda name, b, a: -b * (a > 0), "sign_turned"),
    ("l3.softmax", "a", lambda z: np.exp(z) / np.exp(z).sum(), "softmax_over_everything"),
    ("l3.softmax", "a", lambda z: np.exp(z) / np.exp(z).sum(axis=0), "softmax_over_points"),
    ("l3.softmax", "a", np.exp, "not_shared_out"),
    ("l3.softmax", "a", lambda z: z / z.sum(axis=1, keepdims=True), "exponential_forgotten"),
    ("l3.softmax", "a", sigmoid, "sigmoids_for_softmax"),
]


@pytest.mark.parametrize(("question", "part", "function", "name"), FUNCTION_MISTAKES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mistakes_of_functions_are_recognised(question, part, function, name):
    (argument,) = RIGHT[question]
    found = verdicts(question, **{argument: function})[part]
    assert (found.status, found.misconception) == ("wrong", name)


def test_a_softmax_that_overflows_is_told_so():
    found = verdicts(
        "l3.softmax", softmax=lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    )
    assert found["a"].status == "right"
    assert found["a_far_from_0"].status == "error"
    assert "subtract from each row" in found["a_far_from_0"].hint


def test_every_wrong_letter_has_a_hint_of_its_own():
    for question in questions_of(NAME).values():
        (case,) = question.cases_from(0)
        for part in question.parts:
            if not part.hint_for_choice:
                continue
            hints = [said for letter, said in part.hint_for_choice.items()
                     if letter != case.expected[part.name]]  # fmt: skip
            assert all(hints) and part.hint_for_choice[case.expected[part.name]] == ""
            for letter, said in part.hint_for_choice.items():
                if said:
                    answers = {**RIGHT[question.id], part.name: letter}
                    found = verdicts(question.id, **answers)[part.name]
                    assert (found.status, found.hint) == ("wrong", said)


def test_the_points_and_minutes_are_those_the_notebook_names(notebook):
    points = sum(question.points for question in questions_of(NAME).values())
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert f"**Points.** {points}," in text
    minutes = [cell.metadata.get("slideshow", {}).get("minutes", 0) for cell in notebook.cells]
    assert sum(minutes) == 15
    recap = next(k for k, c in enumerate(notebook.cells) if c.source.startswith("## 9. Recap"))
    assert sum(minutes[recap:]) == 5


def test_every_slide_has_a_note(notebook):
    noted = True
    for cell in notebook.cells:
        if cell.metadata.slideshow.slide_type == "slide":
            assert noted
            noted = False
        noted = noted or source.is_note(cell)
    assert noted


def test_predictions_come_before_their_pictures(notebook):
    ids = [cell.id for cell in notebook.cells]
    picture = next(c.id for c in notebook.cells if "plot_saturation(" in c.source)
    assert ids.index("l3-saturation") < ids.index(picture)


@pytest.mark.parametrize(
    "shift",
    [
        lambda z: z - z.max(),  # of the whole batch
        lambda z: z - z.mean(axis=1, keepdims=True),
        lambda z: z - 1000,
        lambda z: np.clip(z, -700, 700),
    ],
)
@pytest.mark.parametrize("seed", range(8))
def test_a_softmax_that_helps_only_some_rows_does_not_pass(shift, seed):
    def softmax_of_shifted(z):
        powers = np.exp(shift(z))
        return powers / powers.sum(axis=1, keepdims=True)

    asked = question_by_id("l3.softmax")
    with np.errstate(all="ignore"):
        found = judge(asked, observe(asked, {"softmax": softmax_of_shifted}, seed), seed)
    assert found[1].status in ("wrong", "error")


def test_a_rounded_function_is_told_to_keep_its_digits():
    asked = question_by_id("l3.softmax")
    for digits in (2, 3, 4, 6):

        def rounded(z, digits=digits):
            powers = np.exp(z - z.max(axis=1, keepdims=True))
            return np.round(powers / powers.sum(axis=1, keepdims=True), digits)

        verdict = judge(asked, observe(asked, {"softmax": rounded}, 3), 3)[0]
        assert verdict.status == "wrong" and "full precision" in verdict.hint


def test_a_single_truth_value_is_told_to_be_written_as_a_number():
    asked = question_by_id("l3.slopes")
    answers = dict(slope_tanh=0.64, slope_sigmoid=0.09, slope_relu=True)
    verdict = judge(asked, observe(asked, answers, 1), 1)[2]
    assert verdict.status == "error" and "write 1" in verdict.hint
