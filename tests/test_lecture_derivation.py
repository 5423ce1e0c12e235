"""Lecture 2: its numbers are right, and its questions know right answers from typical slips."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from helpers.checking import observe
from helpers.course import lecture_step, slide_example
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id
from helpers.pictures import count_multiplications
from helpers.sgd_step import SGDStep
from helpers.weight_space import WeightSpace
from tests.judged_after import judged_after

NOTEBOOK = Path(__file__).parents[1] / "solutions" / "lecture" / "2_deriving_backpropagation.ipynb"


@pytest.fixture(scope="module")
def printed():
    """All that the notebook prints."""
    notebook = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return "".join(o.text for o in outputs if o.output_type == "stream")


def verdicts(question, **answers):
    asked = question_by_id(question)
    return {v.part: v for v in judge(asked, observe(asked, answers, 1), 1)}


# The published example (requirements D): its numbers, by hand


@pytest.fixture
def slide_space():
    return WeightSpace(*slide_example(), "weights")


def test_the_slides_forward_pass():
    net, x, t = slide_example()
    trace = net.forward(x)
    assert trace.a[0].tolist() == [[-3, 8, 13]]
    assert trace.a[1].tolist() == [[5]]
    assert net.loss(x, t) == 8


def test_the_slides_gradients_and_new_weights(slide_space):
    """In the order w13 w14 w15 w23 w24 w25 w36 w46 w56."""
    gradient = slide_space.gradient(slide_space.start)
    np.testing.assert_allclose(gradient, [12, 36, -24, -8, -24, 16, 12, -32, -52])
    points, losses = slide_space.descend(0.1, 1)
    np.testing.assert_allclose(points[1], [-0.2, 0.4, 5.4, 3.8, 4.4, -3.6, -2.2, 0.2, 7.2])
    np.testing.assert_allclose(losses, [8, 15488])


def test_the_slides_two_weights_make_the_loss_worse():
    net, x, t = slide_example()
    losses = WeightSpace(net, x, t, [(1, 0, 0), (0, 0, 0)]).descend(0.1, 1)[1]
    assert losses[1] == pytest.approx(28.2752)


def test_the_slides_with_a_small_learning_rate(slide_space):
    losses = slide_space.descend(0.003, 3)[1]
    np.testing.assert_allclose(losses, [8, 0.602, 0.048, 0.0037], rtol=0.02)
    assert slide_space.descend(0.0047, 1)[1][1] < 8 < slide_space.descend(0.0048, 1)[1][1]


def test_the_notebook_prints_these_numbers(printed):
    rows = dict(re.findall(r"^(w\d\d) +([-\d. ]+)$", printed, re.MULTILINE))
    found = {name: [float(number) for number in row.split()] for name, row in rows.items()}
    assert found == {
        "w13": [1, 12, -0.2],
        "w14": [4, 36, 0.4],
        "w15": [3, -24, 5.4],
        "w23": [3, -8, 3.8],
        "w24": [2, -24, 4.4],
        "w25": [-2, 16, -3.6],
        "w36": [-1, 12, -2.2],
        "w46": [-3, -32, 0.2],
        "w56": [2, -52, 7.2],
    }
    for line in (
        r"n6 +before +5\.0 +after +185\.0",
        r"E +before +8\.0 +after +15488\.0",
        r"w36 = -2\.2, w13 = -0\.2: +E from 8\.0000 to 28\.2752",
        r"the loss falls up to eta = 0\.0047",
        r"with eta = 0\.003: 8\.0000 +0\.6021 +0\.0480 +0\.0037",
        r"with the old w36 = -1\.0: +∂E/∂w13 = -4 · \(-1\.0\) · 3 = 12\.0",
        r"with the new w36 = -2\.2: +-4 · \(-2\.2\) · 3 = 26\.4",
    ):
        assert re.search(line, printed), line


# The lecture's network, computed here with plain Python


def lecture_by_hand(t=0.9):
    def sigma(z):
        return 1 / (1 + np.exp(-z))

    x = (1.2, 0.4)
    a = [sigma(x[0] * 0.7 + x[1] * -0.3 + 0.1), sigma(x[0] * -0.5 + x[1] * 0.8 - 0.2)]
    a_o = sigma(a[0] * -0.6 + a[1] * 1.1 + 0.2)
    delta_o = (a_o - t) * a_o * (1 - a_o)
    delta_h = [delta_o * w * a_j * (1 - a_j) for w, a_j in zip((-0.6, 1.1), a)]
    return x, a, a_o, delta_o, delta_h


def test_the_notebook_prints_the_gradients(printed):
    x, a, a_o, delta_o, delta_h = lecture_by_hand()
    for name, value in (
        ("∂E/∂w_o11", delta_o * a[0]),
        ("∂E/∂w_o21", delta_o * a[1]),
        ("∂E/∂b_o", delta_o),
    ):
        derived, reference = re.search(rf"{name} +(\S+) +(\S+)", printed).groups()
        assert float(derived) == float(reference) == pytest.approx(value, abs=5e-7)
    for name, value in (("w_h11", x[0] * delta_h[0]), ("w_h21", x[1] * delta_h[0])):
        found = re.search(rf"∂E/∂{name}  = .* = (\S+) +reference (\S+)", printed).groups()
        assert float(found[0]) == float(found[1]) == pytest.approx(value, abs=5e-5)


def test_the_slide_with_hidden_unit_2_has_its_numbers():
    notebook = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT)
    (slide,) = (c.source for c in notebook.cells if "### Hidden unit 2, in numbers" in c.source)
    x, a, _, delta_o, delta_h = lecture_by_hand()
    factors = " \\cdot ".join(f"{value:.4g}" for value in (round(delta_o, 4), 1.1))
    slope = f"{a[1]:.4f} \\cdot {1 - a[1]:.4f}"
    assert f"{factors} \\cdot {slope} = {delta_h[1]:.4f}" in slide
    for entering in x:
        assert f"{entering} \\cdot ({delta_h[1]:.4f}) = {entering * delta_h[1]:.4f}" in slide


def test_two_contributions_add_up_to_what_the_loss_does(printed):
    """As the picture shows them, on its edges and in its title."""
    cells = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT).cells
    (alt,) = [
        o.metadata["image/png"]["alt"]
        for cell in cells
        if "contributions = [" in cell.source
        for o in cell.outputs
    ]
    found = re.findall(r"δ\d Δ z\d = (\d\.\d+)", alt)
    together, moved = re.search(r"= (\S+), and E moves by (\d\.\d+)", alt).groups()
    (measured,) = re.findall(r"^what the loss does +(\S+)$", printed, re.MULTILINE)
    assert len(found) == 2 and moved == measured
    assert sum(map(float, found)) == pytest.approx(float(together), abs=1e-12)
    assert float(together) == pytest.approx(float(measured), rel=0.02)


def test_the_students_own_difference_and_loop_agree_in_the_solution(printed):
    own = re.findall(r"your formula +(\S+) +your difference +(\S+)", printed)
    assert len(own) == 3 and all(formula == difference for formula, difference in own)
    assert "largest difference from the reference below 1e-12" in printed
    runs = [float(n) for n in re.findall(r"the sweep costs (\S+) runs", printed)]
    assert len(runs) == 6 and runs[-1] == pytest.approx(1.5, abs=0.1) and runs == sorted(runs)[::-1]


def test_what_a_sweep_costs_is_as_the_text_says():
    """With many equal layers nearly two runs; in lecture 1's network, with its four points, 65."""
    text = NOTEBOOK.with_suffix(".md").read_text(encoding="utf-8")
    (cell,) = re.findall(r"^def backward_sweep\(.*?(?=^```)", text, re.MULTILINE | re.DOTALL)
    scope = {"np": np}
    exec(cell, scope)

    def count(sizes, points):
        weights = [np.ones(shape) for shape in zip(sizes, sizes[1:])]
        x, t = np.ones((points, sizes[0])), np.ones((points, sizes[-1]))
        a = [np.full((points, units), 0.5) for units in sizes[1:]]
        run = points * sum(w.size for w in weights)
        return run, count_multiplications(scope["backward_sweep"], x, t, weights, a)

    run, sweep = count([500] * 9, 20)
    assert 1.8 < sweep / run < 2
    run, sweep = count([2, 2, 1], 4)
    assert (run, sweep) == (24, 65)
    text = NOTEBOOK.with_name("1_learning_by_gradient.md").read_text(encoding="utf-8")
    assert "less work than four runs" in text and run + sweep < 4 * run


def test_the_students_own_sweep_trains_the_network():
    """And whatever calls it waits for it, so that no given cell depends on an answer."""
    cells = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT).cells
    calls = [c.source for c in cells if c.cell_type == "code" and "train(" in c.source]
    assert "backward_sweep(inputs, targets, W, forward(inputs, W, b))" in calls[0]
    assert len(calls) == 3
    for source in calls[1:]:
        assert source.index("@when_answered") < source.index("train(")
        assert not re.search(r"^(?! |@|def |from ).+$", source, re.MULTILINE)


def test_what_an_answer_needs_comes_before_it(printed):
    text = NOTEBOOK.with_suffix(".md").read_text(encoding="utf-8")
    shown = text.index("In NumPy `@` is the matrix product, `*` is $\\odot$, `.T` transposes")
    assert text.index("## 5. With matrices") < shown < text.index(":answer: l2.loop")
    assert "shape of v.T @ v: (3, 3)" in printed and "v.mean(axis=0) = [3.0, 4.0, 5.0]" in printed
    assert text.index("tanh is another S-curve") < text.index("With tanh and the learning rate 200")
    # Several outputs are not yet there while the formulas of a single one are derived.
    assert text.index("## 4. Several outputs") < text.index("\\sum_m (t_m - a_m)^2")


def test_the_number_of_a_point_is_an_index_and_that_of_a_layer_a_superscript():
    for name in (NOTEBOOK.stem, "3_activation_functions"):
        text = NOTEBOOK.with_name(f"{name}.md").read_text(encoding="utf-8")
        assert "^{(n)}" not in text and "E_n" in text
        assert text.index("where $E_n$ is" if name == NOTEBOOK.stem else "$E_n$ the loss of")


def test_a_longer_step_lets_the_full_batch_learn_too(printed):
    found = re.findall(
        r"^(batches of 10|all points), +eta = +(\d+): loss (\S+)$", printed, re.MULTILINE
    )
    loss = {(which, int(eta)): float(value) for which, eta, value in found}
    assert len(found) == len(loss) == 4
    assert loss["batches of 10", 6] < 0.1 * loss["all points", 6]
    assert loss["all points", 24] < loss["batches of 10", 6]  # without any noise
    assert loss["batches of 10", 24] < loss["all points", 24]  # so neither has won


def test_the_loss_of_the_lecture_grows_with_one_choice_only():
    etas = (0.1, 0.5, 2.0, 10.0, 200.0)  # as in the notebook's interactive step
    text = NOTEBOOK.with_suffix(".md").read_text(encoding="utf-8")
    assert f"etas={etas}" in text
    grows = set()
    for hidden in ("sigmoid", "tanh", "relu"):
        for rate in etas:
            step = lecture_step(hidden)
            step = SGDStep(step.net, step.x, step.t, rate)
            if step["E_new"] > step["E"]:
                grows.add((hidden, rate))
    assert grows == {("tanh", 200.0)}


def test_the_loss_of_the_lecture_falls_with_every_hidden_activation_and_output():
    for hidden in ("sigmoid", "tanh", "relu"):
        for output in ("linear", "sigmoid", "softmax"):
            step = lecture_step(hidden, output)
            assert step["E_new"] < step["E"], (hidden, output)


# The questions


def sweep(x, t, W, a, hidden=True, output=True, scale=None):
    """A backward sweep written otherwise than the notebook's, with slips on demand."""
    rows = [[] for _ in W], [[] for _ in W]
    for n in range(len(x)):
        values = [x[n], *(layer[n] for layer in a)]
        delta = values[-1] - t[n]
        if output:
            delta = delta * (values[-1] - values[-1] ** 2)
        for k in range(len(W) - 1, -1, -1):
            rows[0][k].append(np.outer(values[k], delta))
            rows[1][k].append(delta)
            delta = W[k] @ delta
            if hidden:
                delta = delta * (values[k] - values[k] ** 2)
    return tuple([sum(each) / (scale or len(x)) for each in lists] for lists in rows)


RIGHT = {
    "l2.forward": dict(z_h=[0.15, 0.35], E=0.1016),
    "l2.output_delta": dict(link_1=0.4508, link_2=0.2474, delta=0.1115),
    "l2.output_gradients": dict(dW_o=[0.0774, 0.0426], db_o=0.1115, direction=[-1, -1, -1]),
    "l2.hidden_unit": dict(delta_h2=-0.0224, dw_h12=-0.0269, dw_h22=-0.009, db_h2=-0.0224),
    "l2.two_paths": dict(delta_j=-0.04),
    "l2.shapes": dict(
        delta_o_shape=(8, 3),
        W_o_transposed_shape=[3, 4],
        delta_h_shape=np.array([8, 4]),
        dW_h_shape=[6, 4],
    ),
    "l2.any_depth": dict(needed=[9, 8, 10]),
    "l2.loop": dict(backward_sweep=sweep),
    "l2.updates": dict(updates=160),  # also what 5 epochs with batches of 32 took in 0.1.0
    "l2.slide_gradients": dict(dE_dw36=12, dE_dw13=12, dE_dw24=-24, w36_new=-2.2, w13_new=-0.2),
    "l2.slide_prediction": dict(prediction="C"),
}


@pytest.mark.parametrize("question", RIGHT)
def test_right_answers_worked_by_hand_pass(question):
    found = verdicts(question, **RIGHT[question])
    assert {v.status for v in found.values()} == {"right"}, found


_, A, A_O, _, _ = lecture_by_hand()
_, _, _, DELTA_O, DELTA_H = lecture_by_hand()


@pytest.mark.parametrize(
    "question, part, answer, misconception",
    [
        ("l2.forward", "z_h", [0.05, 0.55], "bias_forgotten"),
        ("l2.forward", "z_h", [0.35, 0.15], "units_swapped"),
        ("l2.forward", "z_h", [-0.05, 0.45], "weights_read_across"),
        ("l2.forward", "z_h", [0.5374, 0.5866], "activation_for_weighted_input"),
        ("l2.forward", "z_h", [0.82, -0.48], "inputs_of_the_text"),
        ("l2.forward", "E", 0.0610, "target_of_the_text"),
        ("l2.forward", "E", 0.2032, "half_forgotten"),
        ("l2.output_delta", "link_1", -0.4508, "wrong_sign"),
        ("l2.output_delta", "link_1", -0.3492, "target_of_the_text"),
        ("l2.output_delta", "link_1", 0.9016, "factor_two"),
        ("l2.output_delta", "delta", 0.4508, "slope_forgotten"),
        ("l2.output_delta", "delta", -0.0864, "target_of_the_text"),
        ("l2.output_gradients", "dW_o", [0.1115, 0.1115], "incoming_activation_forgotten"),
        ("l2.output_gradients", "dW_o", [-0.06, -0.033], "target_of_the_text"),
        ("l2.output_gradients", "db_o", 0, "bias_gradient_forgotten"),
        ("l2.output_gradients", "direction", [1, 1, 1], "step_added"),
        ("l2.hidden_unit", "delta_h2", DELTA_O * 1.1, "slope_forgotten"),
        ("l2.hidden_unit", "delta_h2", DELTA_O * -0.6 * A[1] * (1 - A[1]), "other_edge"),
        ("l2.hidden_unit", "delta_h2", DELTA_O * 1.1 * A[0] * (1 - A[0]), "slope_of_another_unit"),
        ("l2.hidden_unit", "delta_h2", DELTA_O * A[1] * (1 - A[1]), "edge_forgotten"),
        ("l2.hidden_unit", "dw_h12", DELTA_H[1], "incoming_activation_forgotten"),
        ("l2.hidden_unit", "dw_h22", 0.8 * DELTA_H[1], "weight_for_activation or factor_two"),
        ("l2.two_paths", "delta_j", -0.25, "slope_forgotten"),
        ("l2.two_paths", "delta_j", -0.02, "paths_averaged"),
        ("l2.two_paths", "delta_j", 0.024, "one_path_only"),
        ("l2.two_paths", "delta_j", -0.064, "one_path_only"),
        ("l2.two_paths", "delta_j", 0.04, "every_delta_on_every_edge or sign_turned"),
        ("l2.two_paths", "delta_j", 0.088, "sign_of_a_path"),
        ("l2.two_paths", "delta_j", -0.0535, "slope_at_a"),
        ("l2.shapes", "dW_h_shape", [4, 6], "rows_and_columns_exchanged"),
        ("l2.updates", "updates", 150, "last_batch_forgotten"),
        ("l2.updates", "updates", 156, "fraction_of_a_batch"),
        ("l2.updates", "updates", 156.25, "fraction_of_a_batch"),
        ("l2.updates", "updates", 157, "fraction_of_a_batch"),
        ("l2.updates", "updates", 640, "size_for_number_of_batches"),
        ("l2.updates", "updates", 16, "one_epoch_only"),
        ("l2.slide_gradients", "dE_dw36", -12, "wrong_sign"),
        ("l2.slide_gradients", "dE_dw36", 4, "weight_for_activation"),
        (
            "l2.slide_gradients",
            "dE_dw13",
            -12,
            "wrong_sign or edge_forgotten or start_of_the_edge",
        ),
        ("l2.slide_gradients", "dE_dw13", 26.4, "updated_output_weights"),
        ("l2.slide_gradients", "dE_dw24", 8, "edge_forgotten"),
        ("l2.slide_gradients", "dE_dw24", 96, "start_of_the_edge"),
        ("l2.slide_gradients", "w13_new", -11, "learning_rate_forgotten"),
        ("l2.slide_gradients", "w36_new", 0.2, "step_added"),
    ],
)
def test_typical_slips_are_named(question, part, answer, misconception):
    verdict = verdicts(question, **{**RIGHT[question], part: answer})[part]
    assert (verdict.status, verdict.misconception) == ("wrong", misconception), verdict


@pytest.mark.parametrize(
    "question, part, letters",
    [
        ("l2.slide_prediction", "prediction", "AB"),
    ],
)
def test_each_wrong_choice_has_a_hint_of_its_own(question, part, letters):
    hints = set()
    for letter in letters:
        verdict = verdicts(question, **{**RIGHT[question], part: letter})[part]
        assert verdict.status == "wrong"
        hints.add(verdict.hint)
    assert len(hints) == len(letters) and all(hints)
    other = verdicts(question, **{**RIGHT[question], part: "E"})[part]
    assert other.status == "error" and '"A"' in other.hint


LETTERS = [
    ("l2.output_gradients", "direction", "B", [-1, -1, -1]),
    ("l2.output_gradients", "direction", "a", [1, 1, 1]),
    ("l2.output_gradients", "direction", "C", [-1, -1, 1]),
    ("l2.output_gradients", "direction", "D.", [1, -1, -1]),
    ("l2.any_depth", "needed", "(b)", [8, 9, 10]),
    ("l2.any_depth", "needed", "A", [11, 12]),
]


@pytest.mark.parametrize("question, part, letter, numbers", LETTERS)
def test_letters_of_release_0_1_0_count_as_what_they_said(question, part, letter, numbers):
    told, asked = (
        verdicts(question, **{**RIGHT[question], part: answer})[part]
        for answer in (letter, numbers)
    )
    assert (told.status, told.points) == (asked.status, asked.points)
    assert (told.status == "right") == (letter in ("B", "(b)"))


@pytest.mark.parametrize(
    "needed", [[8], [8, 9], [6, 7, 8], [11, 12, 5], "8, 9, 10", [8, 9, 10, 10]]
)
def test_other_units_than_those_of_the_next_layer_are_wrong(needed):
    assert verdicts("l2.any_depth", needed=needed)["needed"].points == 0


@pytest.mark.parametrize(
    "slip, last, earlier",
    [
        (dict(output=False), "slope_forgotten", "output_slope_forgotten"),
        (dict(scale=1), "sum_over_batch", "sum_over_batch"),
        (dict(hidden=False), "", "slope_forgotten"),
    ],
)
def test_slips_in_the_loop_cost_the_parts_that_they_spoil(slip, last, earlier):
    found = verdicts("l2.loop", backward_sweep=lambda *given: sweep(*given, **slip))
    for which, name in (("last", last), ("earlier", earlier)):
        for verdict in (found[f"dW_{which}"], found[f"db_{which}"]):
            assert (verdict.status == "right") == (not name)
            assert verdict.misconception == name


@pytest.mark.parametrize(
    "backward_sweep, status, words",
    [
        (lambda x, t, W, a: ([...] * len(W), [...] * len(W)), "missing", ""),
        (lambda x, t, W, a: ([w.T for w in W], [w[0] for w in W]), "error", "dW[0] has to have"),
        (lambda x, t, W, a: (W[:1], [w[0] for w in W]), "error", "one array per layer"),
        (lambda x, t, W, a: None, "error", "return missing"),
    ],
)
def test_what_is_no_answer_to_the_loop_is_told(backward_sweep, status, words):
    found = verdicts("l2.loop", backward_sweep=backward_sweep)
    first = found["dW_earlier"]
    assert first.status == status and words in first.hint
    assert sum(verdict.points for verdict in found.values()) == 0


def test_what_follows_from_a_slip_counts():
    trap = {**RIGHT["l2.slide_gradients"], "dE_dw13": 26.4, "w13_new": -1.64}
    found = verdicts("l2.slide_gradients", **trap)
    assert [found[part].status for part in ("dE_dw13", "w13_new")] == ["wrong", "carried"]

    delta, gradients = map(question_by_id, ("l2.output_delta", "l2.output_gradients"))
    turned = {**RIGHT[delta.id], "link_1": -0.4508, "delta": -0.1115}
    records = {delta.id: observe(delta, turned, 1)}
    answers = dict(dW_o=[-0.0774, -0.0426], db_o=-0.1115, direction=[1, 1, 1])
    record = observe(gradients, answers, 1)
    found = {v.part: v for v in judged_after(gradients, record, 1, records)}
    assert {verdict.status for verdict in found.values()} == {"carried"}
    assert found["dW_o"].hint == "consistent with your link_1, which is not right yet"
