"""Lecture 3: its numbers hold, its formulas are right, and its questions know typical slips."""

import re
from itertools import product
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
from helpers.numerical import central_difference
from helpers.pictures import delta_sizes
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
    """∂E/∂z of one point in each layer by central differences: a bias moves its z alike."""

    def loss_with(k):
        def loss(b):
            biases = [*net.biases[:k], b, *net.biases[k + 1 :]]
            return Network(
                net.weights, biases, hidden=net.hidden, output=net.output, loss=net.loss_name
            ).loss(x, t)

        return loss

    return [central_difference(loss_with(k), b) for k, b in enumerate(net.biases)]


# The nine pairs, and sigmoid outputs with their other loss


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_the_reference_of_each_pair_is_right(printed, hidden, output, loss):
    """With which the notebook compares its formulas, and says that they agree."""
    step = lecture_step(hidden, output, loss)
    (line,) = [text for text in printed if text.split()[:3] == [output, "with", loss]]
    assert hidden in line and line.endswith("all deltas agree")
    at_hidden, at_output = numerical_deltas(step.net, step.x, step.t)
    reference = gradients(step.net, step.x, step.t).delta
    np.testing.assert_allclose(reference[0][0], at_hidden, atol=1e-8)
    np.testing.assert_allclose(reference[1][0], at_output, atol=1e-8)


FORMULAS_OF_DELTA_O = {
    "$a_o - t$": lambda a, t: a - t,
    "$(a_o - t)\\, a_o (1 - a_o)$": lambda a, t: (a - t) * a * (1 - a),
}
FORMULAS_OF_DERIVATIVE = {
    "$[a_h > 0]$": lambda a: a > 0,
    "$a_h (1 - a_h)$": lambda a: a * (1 - a),
    "$1 - a_h^2$": lambda a: 1 - a**2,
}
LOSSES = {"half the squared error": "half_squared", "cross-entropy": "cross_entropy"}


def test_any_line_for_the_output_goes_with_any_line_for_the_hidden_layer(notebook):
    """Each formula, as it is printed, agrees with numerical derivatives on random networks."""
    (cell,) = [c.source for c in notebook.cells if "| linear, half the squared error |" in c.source]
    table = [[entry.strip() for entry in line.strip("|").split("|")]
             for line in cell.splitlines() if line.startswith("|")]  # fmt: skip
    outputs = {tuple(row[0].split(", ")): row[1] for row in table[2:]}
    hidden_layers = {row[3].lower(): row[4] for row in table[2:] if row[3]}
    assert {(output, LOSSES[loss]) for output, loss in outputs} == set(PAIRS)
    assert set(hidden_layers) == set(HIDDEN)
    rng = np.random.default_rng(11)
    for ((output, loss), delta_o), (hidden, derivative) in product(
        outputs.items(), hidden_layers.items()
    ):
        W_h, W_o = rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
        x, t = rng.normal(size=(1, 2)), np.array([[0.0, 1.0, 0.0]])
        net = Network(
            [W_h, W_o], [rng.normal(size=3)] * 2, hidden=hidden, output=output, loss=LOSSES[loss]
        )
        a_h, a_o = net.forward(x).a
        out = FORMULAS_OF_DELTA_O[delta_o](a_o, t)
        back = np.einsum("nk,jk->nj", out, W_o)
        at_hidden, at_output = numerical_deltas(net, x, t)
        np.testing.assert_allclose(out[0], at_output, atol=1e-8)
        np.testing.assert_allclose(
            (back * FORMULAS_OF_DERIVATIVE[derivative](a_h))[0], at_hidden, atol=1e-8
        )


# The networks of the opening


def network_of_the_opening(seed, factor=1):
    """Weights, larger by a factor, inputs and targets as in the notebook's opening."""
    rng = np.random.default_rng(seed)
    sizes = [2, 6, 6, 6, 6, 1]
    W = [factor * rng.normal(0, np.sqrt(2 / i), (i, j)) for i, j in zip(sizes, sizes[1:])]
    x = rng.uniform(-1, 1, (16, 2))
    return W, x, np.where(x[:, :1] * x[:, 1:] > 0, 1.0, 0.0)


def descend(W, b, x, t, hidden, steps, eta):
    """Train stacks of networks, (networks, ...) each, by the formulas of section 9.

    The output is one sigmoid with cross-entropy. Returns the losses, (steps + 1, networks), and
    the W and b at the end.
    """
    f = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}[hidden]
    derivative = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2,
                  "relu": lambda a: a > 0}[hidden]  # fmt: skip
    W, b, losses = [*W], [*b], []
    for _ in range(steps + 1):
        a = [x]
        for k, (w, v) in enumerate(zip(W, b)):
            a.append((f if k < len(W) - 1 else sigmoid)(a[-1] @ w + v))
        right = np.where(t == 1, a[-1], 1 - a[-1])
        losses.append(-np.log(np.maximum(right, 1e-12)).mean(axis=(-2, -1)))
        if len(losses) > steps:
            break
        delta = a[-1] - t
        for k in reversed(range(len(W))):
            dW = np.swapaxes(a[k], -2, -1) @ delta / x.shape[-2]
            db = delta.mean(axis=-2, keepdims=True)
            if k > 0:
                delta = delta @ np.swapaxes(W[k], -2, -1) * derivative(a[k])
            W[k], b[k] = W[k] - eta * dW, b[k] - eta * db
    return np.array(losses), W, b


def trained(seeds, hidden, steps, eta=0.3, factor=1):
    """The losses of networks of the notebook's opening, (steps + 1, networks)."""
    stacks = [network_of_the_opening(seed, factor) for seed in seeds]
    W = [np.stack(layers) for layers in zip(*(weights for weights, _, _ in stacks))]
    b = [np.zeros((len(w), 1, w.shape[-1])) for w in W]
    x, t = (np.stack([found[k] for found in stacks]) for k in (1, 2))
    return descend(W, b, x, t, hidden, steps, eta)[0]


def opening(notebook):
    """The networks and data of the notebook's opening cell."""
    (cell,) = [c.source for c in notebook.cells if "sizes = [2, 6, 6, 6, 6, 1]" in c.source]
    names = {}
    exec(cell, names)
    return names


def test_one_of_three_networks_has_not_begun_after_sixty_steps(notebook):
    names = opening(notebook)
    for hidden in HIDDEN:
        found = trained([6], hidden, 60)[:, 0]
        net = names["deep"][hidden]
        start = WeightSpace(net, names["deep_x"], names["deep_t"])
        np.testing.assert_allclose(start.descend(0.3, 3)[1], found[:4], rtol=1e-9)
        if hidden == "sigmoid":
            np.testing.assert_allclose(found, 0.685, atol=5e-4)
        else:
            assert found[-1] < 0.03
    assert names["deep_t"].sum() == 9  # of 16
    assert np.log(2) == pytest.approx(0.693, abs=5e-4)


def test_the_sigmoids_learn_late():
    found = trained([6], "sigmoid", 5000)[:, 0]
    assert found[1000] == pytest.approx(0.684, abs=5e-4)
    assert found[5000] == pytest.approx(0.002, abs=5e-4)


def test_it_is_not_bad_luck():
    counts = {
        hidden: np.count_nonzero(trained(range(40), hidden, 100)[-1] < 0.1) for hidden in HIDDEN
    }
    assert counts == {"relu": 33, "tanh": 29, "sigmoid": 0}


# Softmax


@pytest.mark.parametrize("z", [[1.0, 0.5, -0.5], [0.0, 0.0], [3.0, -2.0, 0.1, 0.4]])
def test_the_jacobian_of_softmax(z):
    z = np.array(z)
    a = np.exp(z) / np.exp(z).sum()
    formula = np.array([[a[k] * ((k == m) - a[m]) for m in range(len(z))] for k in range(len(z))])
    for k in range(len(z)):
        row = central_difference(lambda z, k=k: np.exp(z[k]) / np.exp(z).sum(), z)
        np.testing.assert_allclose(formula[k], row, atol=1e-9)

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    np.testing.assert_allclose(jacobian(softmax, z), formula, atol=1e-15)


def test_the_deltas_of_softmax_that_are_drawn(notebook):
    z, t = np.array([1.0, 0.5, -0.5]), np.array([0.0, 1.0, 0.0])
    a = np.exp(z) / np.exp(z).sum()
    (alt,) = [o.metadata["image/png"]["alt"] for cell in notebook.cells
              if "plot_jacobians(" in cell.source for o in cell.outputs]  # fmt: skip
    for loss, dE_da in (("cross_entropy", -t / a), ("half_squared", a - t)):
        net = Network([np.eye(3)], output="softmax", loss=loss)
        (right,) = numerical_deltas(net, [z], [t])
        naive = dE_da * a * (1 - a)
        assert abs(naive - right).max() > 0.05
        if loss == "cross_entropy":
            np.testing.assert_allclose(right, a - t, atol=1e-9)
            np.testing.assert_allclose(naive, [0, a[1] - 1, 0])
            for name, deltas in (("whole Jacobian", right), ("diagonal only", naive)):
                shown = re.search(rf"{name} ([-\d., ]+\d)", alt)[1]
                np.testing.assert_allclose(numbers_in(shown), deltas, atol=5.1e-4)


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


def test_saturation_is_as_predicted(notebook):
    text = "\n".join(cell.source for cell in notebook.cells)
    assert text.count("moves further in") == 2  # asked of the class, and of each student
    moved = {z: abs(np.subtract(*(output_after(z, "half_squared", n) for n in (0, 20))))
             for z in (1, 4)}  # fmt: skip
    assert moved[1] > 10 * moved[4]
    assert output_after(1, "half_squared", 0) == pytest.approx(0.73, abs=5e-3)
    assert output_after(4, "half_squared", 0) == pytest.approx(0.98, abs=5e-3)
    assert output_after(4, "half_squared", 20) > 0.95 > 0.5 > output_after(1, "half_squared", 20)
    assert output_after(4, "half_squared", 50) > 0.9  # half of the time, says the speaker
    assert abs(output_after(4, "cross_entropy", 20) - output_after(1, "cross_entropy", 20)) < 0.02
    for z in (1, 4):
        # the gradient of the bias is delta
        delta = unit(z, "half_squared").gradient([1.0, z - 1.0])[1]
        assert (delta < 0.02) == (z == 4)


def test_deltas_vanish_with_sigmoids_only(notebook):
    names = opening(notebook)
    sigmoid, tanh, relu = (delta_sizes(names["deep"][hidden], names["deep_x"], names["deep_t"])
                           for hidden in ("sigmoid", "tanh", "relu"))  # fmt: skip
    sizes = np.transpose([sigmoid, tanh, relu])
    assert (sigmoid[:-1] / sigmoid[1:] < 0.5).all()
    assert 300 < sigmoid[-1] / sigmoid[0] < 400  # less than three thousandths, says the speaker
    shares = sizes[0] / sizes[-1]  # of the output's delta that reach the first layer
    assert [f"{share:.1%}" for share in shares[:1]] == ["0.3%"]
    assert [f"{share:.0%}" for share in sorted(shares[1:])] == ["17%", "29%"]
    for others in (tanh, relu):
        assert others[-1] / others[0] < 7 and np.ptp(np.log2(others[:-1])) < 1


def test_what_reaches_the_last_hidden_layer_hardly_depends_on_the_inputs(notebook):
    names = opening(notebook)
    text = "\n".join(cell.source for cell in notebook.cells)
    spread = {hidden: names["deep"][hidden].forward(names["deep_x"]).a[-2].std(axis=0).mean()
              for hidden in HIDDEN}  # fmt: skip
    said = "deviation of only {sigmoid:.3f} (with tanh {tanh:.2f}, with ReLU {relu:.2f})"
    assert said.format(**spread) in text


def test_larger_weights_help_within_limits(notebook):
    """Shares of the delta that arrive, and how many of twenty networks of sigmoids learn."""
    text = "\n".join(cell.source for cell in notebook.cells)
    shares, learned = {}, {}
    for factor in (1, 4, 32):
        starts = [network_of_the_opening(seed, factor) for seed in range(20)]
        sizes = [delta_sizes(Network(W, loss="cross_entropy"), x, t) for W, x, t in starts]
        shares[factor] = np.median([found[0] / found[-1] for found in sizes])
        losses = trained(range(20), "sigmoid", 1000, factor=factor)
        learned[factor] = np.count_nonzero(losses[-1] < 0.1)
    assert learned == {1: 1, 4: 20, 32: 3}
    assert (
        f"{shares[4]:.0%} of the delta arrives in place of {shares[1]:.1%}, and all of twenty"
        in text
    )


def test_a_dead_unit_has_gradients_of_exactly_0():
    x, t = xor_data()
    net = lecture_step("relu", "linear").net
    dead = Network(net.weights, [[0.1, -3.0], [0.2]], hidden="relu", output="linear")
    g = gradients(dead, x, t)
    assert (dead.forward(x).z[0][:, 1] < 0).all()
    assert not g.weights[0][:, 1].any() and g.biases[0][1] == 0 and g.weights[1][1] == 0
    assert np.count_nonzero(g.weights[0]) == 2 and g.weights[1][0] != 0


def test_a_step_that_is_too_long_kills_a_unit():
    space = WeightSpace(lecture_step("relu", "linear").net, *xor_data())
    for eta in (1.0, 1.2):
        losses = space.descend(eta, 60)[1]
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


def test_none_of_the_three_always_learns_xor(notebook):
    """From twelve random starts: how many learn it in 400 steps, and how fast."""
    text = "\n".join(cell.source for cell in notebook.cells)
    rng = np.random.default_rng(1)
    starts = [[rng.uniform(-1.5, 1.5, (2, 2)), rng.uniform(-1.5, 1.5, (2, 1)),
               rng.uniform(-0.5, 0.5, (1, 2)), rng.uniform(-0.5, 0.5, (1, 1))]
              for _ in range(12)]  # fmt: skip
    W_h, W_o, b_h, b_o = (np.stack(each) for each in zip(*starts))
    x, t = xor_data()
    learned = {}
    for hidden in ("sigmoid", "tanh", "relu"):
        losses, W, b = descend([W_h, W_o], [b_h, b_o], x, t, hidden, 400, eta=1.0)
        has = losses[-1] < 0.1
        learned[hidden] = np.argmax(losses < 0.1, axis=0)[has].tolist()
    # The last is ReLU: units that are off for all four points, where it has not learned XOR.
    dead = np.count_nonzero((x @ W[0] + b[0] <= 0).all(axis=1).any(axis=1) & ~has)
    for row in (
        "| learned XOR from |" + "".join(f" {len(n)} of 12 starts |" for n in learned.values()),
        "| then in |" + "".join(f" {min(n)} to {max(n)} steps |" for n in learned.values()),
    ):
        assert row in text
    assert dead == 6 and "in six of their eight failures" in text


# Answers


def verdicts(question, **answers):
    asked = question_by_id(question)
    return {v.part: v for v in judge(asked, observe(asked, answers, 3), 3)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def stable_softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def one_step(f_o, x, t, W_h, b_h, W_o, b_o, eta):
    a_h = np.tanh(x @ W_h + b_h)
    delta_o = f_o(a_h @ W_o + b_o) - t
    delta_h = delta_o @ W_o.T * (1 - a_h**2)
    steps = (x.T @ delta_h, delta_h.sum(axis=0), a_h.T @ delta_o, delta_o.sum(axis=0))
    old = (W_h, b_h, W_o, b_o)
    return tuple(value - eta / len(x) * step for value, step in zip(old, steps))


def delta_h(name, back, a_h):
    slopes = {"relu": a_h > 0, "sigmoid": a_h * (1 - a_h), "tanh": 1 - a_h**2}
    return back * slopes[name]


RIGHT = {
    "l3.slopes": dict(slope_tanh=0.64, slope_sigmoid=0.09, slope_relu=1),
    "l3.hidden_delta": dict(delta_h=delta_h),
    "l3.which_loss": dict(house_price="A", spam="B", digit="C"),
    "l3.output_deltas": dict(
        linear_half_squared=0.5, sigmoid_half_squared=0.08, sigmoid_cross_entropy=0.5
    ),
    "l3.softmax": dict(softmax=stable_softmax),
    "l3.jacobian": dict(da1_dz1=0.24, da1_dz2=-0.18, row_sum=0),
    "l3.softmax_delta": dict(delta_o=[0.6, -0.7, 0.1]),
    "l3.train_softmax": dict(one_step=one_step),
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
    ("l3.layers", "largest_slope", 0.5, "value_where_steepest"),
    ("l3.layers", "largest_slope", 1.0, "largest_slope_of_tanh"),
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


def step_with(delta_o=None, delta_h=None, new=None, old_weights=True):
    """one_step with something else in it: functions that make a delta, or a new value, wrong."""

    def wrong(f_o, x, t, W_h, b_h, W_o, b_o, eta):
        a_h = np.tanh(x @ W_h + b_h)
        a_o = f_o(a_h @ W_o + b_o)
        at_output = a_o - t if delta_o is None else delta_o(a_o, t)
        step = new or (lambda old, gradient, eta, n: old - eta * gradient / n)
        W_o_new = step(W_o, a_h.T @ at_output, eta, len(x))
        back = at_output @ (W_o if old_weights else W_o_new).T
        at_hidden = back * (1 - a_h**2) if delta_h is None else delta_h(back, a_h)
        return (
            step(W_h, x.T @ at_hidden, eta, len(x)),
            step(b_h, at_hidden.sum(axis=0), eta, len(x)),
            W_o_new,
            step(b_o, at_output.sum(axis=0), eta, len(x)),
        )

    return wrong


def is_softmax(a):
    return np.allclose(a.sum(axis=1), 1) and (a > 0).all()


SIGMOIDS = step_with(lambda a, t: (a - t) * a * (1 - a))
STEP_MISTAKES = [
    # of softmax, of which the first case asks
    (SIGMOIDS, "W_o_new b_o_new W_h_new b_h_new", "slope_not_cancelled"),
    (
        step_with(lambda a, t: -t * (1 - a) if is_softmax(a) else a - t),
        "W_o_new b_o_new W_h_new b_h_new",
        "softmax_elementwise",
    ),
    (step_with(delta_h=lambda back, a: back), "W_h_new b_h_new", "slope_forgotten"),
    (step_with(delta_h=lambda back, a: back * a * (1 - a)), "W_h_new b_h_new", "slope_of_sigmoid"),
    (step_with(delta_h=lambda back, a: back * (1 - a)), "W_h_new b_h_new", "square_forgotten"),
    (
        step_with(delta_h=lambda back, a: back * (1 - np.tanh(a) ** 2)), "W_h_new b_h_new",
        "slope_of_a",
    ),
    (step_with(old_weights=False), "W_h_new b_h_new", "updated_output_weights"),
    (
        step_with(new=lambda old, g, eta, n: old - eta * g), "W_o_new b_o_new W_h_new b_h_new",
        "sum_over_batch",
    ),
    (
        step_with(new=lambda old, g, eta, n: old + eta * g / n), "W_o_new b_o_new W_h_new b_h_new",
        "step_added",
    ),
    (
        step_with(new=lambda old, g, eta, n: old - g / n), "W_o_new b_o_new W_h_new b_h_new",
        "learning_rate_forgotten",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one_step", "parts", "name"), STEP_MISTAKES)
def test_mistakes_of_a_step_are_recognised(one_step, parts, name):
    found = verdicts("l3.train_softmax", one_step=one_step)
    for part, verdict in found.items():
        wanted = ("wrong", name) if part in parts.split() else ("right", "")
        assert (verdict.status, verdict.misconception or "") == wanted, verdict


def test_a_sigmoids_slope_at_a_linear_output_is_recognised():
    """Right with softmax, wrong with the other output."""

    def delta_o(a, t):
        return a - t if is_softmax(a) else (a - t) * a * (1 - a)

    for verdict in verdicts("l3.train_softmax", one_step=step_with(delta_o)).values():
        assert (verdict.status, verdict.misconception) == ("wrong", "slope_of_linear")
        assert "f(z) = z" in verdict.hint


def test_one_line_serves_both_outputs():
    """What the notebook's hint says: with their losses, linear and softmax have one delta."""
    for case in question_by_id("l3.train_softmax").cases_from(5):
        inputs = case.test_inputs
        parameters = [inputs[name] for name in ("W_h", "b_h", "W_o", "b_o")]
        f_o = {"softmax": stable_softmax, "linear": lambda z: z}[inputs["output"]]
        found = one_step(f_o, inputs["x"], inputs["t"], *parameters, inputs["eta"])
        for name, value in zip(("W_h", "b_h", "W_o", "b_o"), found):
            np.testing.assert_allclose(case.expected[f"{name}_new"], value, rtol=1e-10)


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
        case, *_ = question.cases_from(0)
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
    recap = next(k for k, c in enumerate(notebook.cells) if "## 9. Recap" in c.source)
    assert sum(minutes[recap:]) == 5


def test_every_slide_has_a_note(notebook):
    noted = True
    for cell in notebook.cells:
        if cell.metadata.slideshow.slide_type == "slide":
            assert noted
            noted = False
        noted = noted or source.is_note(cell)
    assert noted


@pytest.mark.parametrize(
    ("question", "answered_by"),
    [
        ("l3-saturation", "plot_saturation("),
        ("l3-layers", "plot_delta_by_layer("),
        ("l3-dead_unit", "plot_weighted_inputs("),
    ],
)
def test_predictions_come_before_what_answers_them(notebook, question, answered_by):
    ids = [cell.id for cell in notebook.cells]
    answer = next(c.id for c in notebook.cells if answered_by in c.source)
    assert ids.index(question) < ids.index(answer)


def test_pairs_are_asked_about_only_when_their_words_are_there(notebook):
    ids = [cell.id for cell in notebook.cells]
    (table,) = (c.id for c in notebook.cells if "### Four pairs, two formulas" in c.source)
    (words,) = (c.id for c in notebook.cells if "The **cross-entropy** says" in c.source)
    assert ids.index(table) < ids.index(words) < ids.index("l3-which_loss")


def test_every_main_section_asks_why_and_folds_the_answer(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if not source.is_note(cell))
    sections = re.split(r"^## (?=\d)", text, flags=re.MULTILINE)[1:]
    assert len(sections) == 9
    for section in sections:
        assert "<details><summary>Why " in section, section.splitlines()[0]
    assert text.count("<details>") == text.count("</details>")


def test_a_slide_has_the_code_of_one_step_below_its_formulas(notebook):
    (place,) = [k for k, c in enumerate(notebook.cells) if c.id == "l3-train_softmax-answer"]
    assert notebook.cells[place].metadata.slideshow["code"]
    titles = [c.source for c in notebook.cells[:place]
              if c.metadata.slideshow.slide_type == "slide"]  # fmt: skip
    assert titles[-1].startswith("### One step of training, from formulas to code\n\n$$")


def test_the_training_that_is_shown(printed):
    """The student's own step pulls the spirals apart, and fits a sine with a linear output."""
    assert "before: 18 of 60 points in the right class" in printed
    assert "after 2000 steps: 60 of 60 points in the right class" in printed
    losses = [numbers_in(text)[-1] for text in printed if "averaged over 30 points" in text]
    assert len(losses) == 2 and losses[1] < 0.05 * losses[0]


def test_no_straight_line_separates_two_arms(notebook):
    (cell,) = [c.source for c in notebook.cells if "spiral_x = " in c.source]
    names = {"np": np}
    exec(cell, names)
    arms = np.split(names["spiral_x"], 3)
    angles = np.linspace(0, 2 * np.pi, 721)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        along = [arms[k] @ np.array([np.cos(angles), np.sin(angles)]) for k in (one, other)]
        assert (along[0].min(axis=0) - along[1].max(axis=0)).max() < -0.1  # they overlap, clearly


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


def test_a_truth_value_is_a_number():
    """As in slope_relu = 2.5 > 0."""
    for answer, status in ((True, "right"), (False, "wrong")):
        found = verdicts("l3.slopes", **{**RIGHT["l3.slopes"], "slope_relu": answer})
        assert found["slope_relu"].status == status
