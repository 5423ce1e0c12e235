"""Lecture 1: its numbers are right, and its questions know right answers from typical slips."""

import ast
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy

from helpers import numerical
from helpers.checking import observe
from helpers.course import lecture_step, line_example, slide_example, xor_data
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id, questions_of
from helpers.network import Network
from helpers.reference import gradients
from helpers.weight_space import WeightSpace

NAME = "1_learning_by_gradient"
SOURCE = Path(__file__).parents[1] / "solutions" / "lecture" / f"{NAME}.md"
SLOPE = np.exp(-1) / (1 + np.exp(-1)) ** 2  # of the sigmoid at 1


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(SOURCE.with_suffix(".ipynb"), as_version=nbformat.NO_CONVERT)


@pytest.fixture(scope="module")
def printed(notebook):
    """All that the notebook prints."""
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return "".join(o.text for o in outputs if o.output_type == "stream")


@pytest.fixture(scope="module")
def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.fixture(scope="module")
def xor():
    return WeightSpace(lecture_step().net, *xor_data())


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def verdicts(question, **answers):
    asked = question_by_id(question)
    return {v.part: v for v in judge(asked, observe(asked, answers, 1), 1)}


def misconceptions(question, **answers):
    return {part: v.misconception for part, v in verdicts(question, **answers).items()}


def assert_all_right(question, **answers):
    found = {part: v.status for part, v in verdicts(question, **answers).items()}
    assert set(found.values()) == {"right"}, found


# Brute force (requirements 4)


def test_brute_force_is_counted_and_its_best_losses_are_printed(xor, printed):
    rows = re.findall(r"^(\d) +([\d,]+) +(0\.\d{4})$", printed, re.MULTILINE)
    assert [row[:2] for row in rows] == [
        ("2", "512"),
        ("3", "19,683"),
        ("4", "262,144"),
        ("5", "1,953,125"),
    ]
    assert [k**9 for k in (2, 3, 4, 5)] == [512, 19683, 262144, 1953125]
    for (k, _, best), blocks in zip(rows[:2], map(list, map(xor.search_grid, grids()))):
        losses = np.concatenate([losses for _, losses in blocks])
        assert float(best) == pytest.approx(losses.min(), abs=5e-5), k
        assert len(losses) == int(k) ** 9


def grids():
    return [np.linspace(-5, 5, k) for k in (2, 3)]


def test_the_time_of_brute_force(prose):
    """At a million a second, 2 ** 23860 networks take 10 ** 7169 years."""
    years = 23860 * np.log10(2) - 6 - np.log10(31_557_600)
    assert "for each weight, would take $10^{7169}$ years" in prose and int(years) == 7169


def test_the_best_of_the_finest_grid_are_as_few_as_the_text_says(xor, prose):
    losses = np.concatenate([losses for _, losses in xor.search_grid(np.linspace(-5, 5, 5))])
    assert np.count_nonzero(losses < 0.02) == 6
    assert "of the last grid's losses, six are below 0.02" in prose


def test_nothing_gives_away_how_many_parameters_the_network_for_digits_has(notebook):
    for cell in notebook.cells:
        if not cell.metadata.nbgrader.solution:
            assert not re.search(r"23[,_{}]*860", cell.source), cell.id


# The gradient (requirements 5, 36) and numerical derivatives (41 to 45)


def f(v):
    return (2 * v[0] + 3 * v[1]) ** 2 + 3


def test_the_sources_function_by_the_rules_and_by_sympy():
    x_1, x_2 = sympy.symbols("x_1 x_2")
    formula = (2 * x_1 + 3 * x_2) ** 2 + 3
    at = {x_1: 1, x_2: 3}
    assert sympy.expand(formula.diff(x_1) - 4 * (2 * x_1 + 3 * x_2)) == 0
    assert [formula.diff(x_1).subs(at), formula.diff(x_2).subs(at)] == [44, 66]
    assert formula.diff(x_1, 2) == 8


def test_the_differences_at_the_sources_width(printed, prose):
    assert f((1.01, 3)) == pytest.approx(124.4404, abs=1e-12)
    assert f((0.99, 3)) == pytest.approx(123.5604, abs=1e-12)
    assert (124.4404 - 123.5604) / 0.02 == pytest.approx(44)
    v = np.array([1.0, 3.0])
    assert numerical.central_difference(f, v, 0.02)[0] == pytest.approx(44, abs=1e-10)
    assert numerical.forward_difference(f, v, 0.02)[0] == pytest.approx(44.08, abs=1e-10)
    assert "central: (124.4404 - 123.5604) / 0.02 = 44.0000" in printed
    assert "forward: (124.8816 - 124.0000) / 0.02 = 44.0800" in printed
    assert "off by 0.08" in prose and 0.02 / 2 * 8 == 0.08


def test_float32_is_useless_at_the_width_that_suits_float64(printed):
    found = {
        kind: numerical.central_difference(f, np.array([1, 3], dtype=kind), 1e-5)[0]
        for kind in (np.float32, np.float64)
    }
    assert abs(found[np.float64] - 44) < 1e-6
    assert 41.5 < found[np.float32] < 42.5
    assert re.search(r"^1e-05 +44\.0000 +41\.9617$", printed, re.MULTILINE)


def test_the_orders_of_the_errors(printed):
    rows = re.findall(r"^(0\.0*1) +(\S+e-\d+) +(\S+e-\d+)$", printed, re.MULTILINE)
    assert [row[0] for row in rows] == ["0.1", "0.01", "0.001"]
    for h, *shown in rows:
        for difference, error in zip(
            (numerical.forward_difference, numerical.central_difference), shown
        ):
            value = difference(lambda z: sigmoid(z[0]), np.array([1.0]), float(h))[0]
            assert float(error) == pytest.approx(abs(value - SLOPE), rel=0.05)
    errors = np.array([row[1:] for row in rows], dtype=float)
    np.testing.assert_allclose(errors[:-1] / errors[1:], [[10, 100]] * 2, rtol=0.05)


def test_the_cost_of_numerical_derivatives(prose):
    assert "$P$ parameters take $P + 1$ runs: 101 for a function of a hundred numbers" in prose
    places = set()

    def black_box(v):
        places.add(v.tobytes())
        return float(np.sum(v**2))

    for difference, runs in (
        (numerical.forward_difference, 101),
        (numerical.central_difference, 200),
    ):
        places.clear()
        difference(black_box, np.ones(100))
        assert len(places) == runs, difference.__name__
    assert 784 * 30 + 30 + 30 * 10 + 10 == 23860


def test_the_gradient_check_passes_the_right_gradient_only(xor, printed, prose):
    assert "right        largest error, relative: below 1e-7" in printed
    (error,) = re.findall(r"with a slip +largest error, relative: (0\.[1-9]\d)", printed)
    slope = np.abs(xor.gradient(xor.start))
    assert error == f"{2 * slope[4] / slope.max():.2f}"
    assert f"twice its size, here {error} of the largest entry" in prose
    g = gradients(lecture_step().net, *xor_data())
    by_differences = numerical.central_difference(xor.loss, xor.start)
    reference = np.concatenate([np.ravel(a) for p in zip(g.weights, g.biases) for a in p])
    np.testing.assert_allclose(by_differences, reference, atol=1e-9)


# The learning rate (requirements 5, 6)


def test_the_bowl_and_its_limit(notebook):
    """The curvatures are the roots of λ² - 3 λ + 1; the limit is 2 / λ."""
    assert f"a little above {2 / np.roots([1, -3, 1]).max():.2f} the path runs away" in "".join(
        cell.source for cell in notebook.cells
    )
    rates = np.geomspace(0.01, 1, 21).round(3)  # of the slider
    best = rates[rates < 2 / np.roots([1, -3, 1]).max()].max()
    assert f"On the slider it is {best:g}" in "".join(cell.source for cell in notebook.cells)
    bowl = WeightSpace(*line_example())
    final = {eta: bowl.descend(eta, 20)[1][-1] for eta in (0.02, 0.4, 0.74, 0.8)}
    assert final[0.4] < 0.01 < final[0.74] < 1 < final[0.02] < 5 < final[0.8]


def test_another_unit_makes_the_slope_larger_and_the_way_shorter(prose):
    for factor, best, slope in ((1, 2, 4), (100, 0.02, 400)):
        net, x, t = line_example()
        scaled = Network([[[4 / factor]]], [[1.0]], output="linear")
        space = WeightSpace(scaled, factor * x, t)
        assert space.gradient(space.start)[0] == pytest.approx(slope)
        assert space.loss([best, 1]) == pytest.approx(0)
    assert "but the gradient a hundred times *larger*, for it is $(a - t)\\,x$" in prose


def test_gradient_descent_beats_the_grid(xor, printed, prose):
    losses = xor.descend(5, 2000)[1]
    best = float(re.search(r"1,953,125 +(0\.\d{4})$", printed, re.MULTILINE)[1])
    steps = next(k for k, loss in enumerate(losses) if round(loss, 4) <= best)
    (said,) = re.findall(
        r"(\d+) steps are enough to beat the best of the grid, and take ([\d,]+) runs", prose
    )
    assert abs(int(said[0]) - steps) < 5 and losses[int(said[0])] < best + 5e-5
    assert said[1] == f"{10 * int(said[0]):,}" and f"less than {4 * int(said[0]):,}" in prose
    assert losses[-1] < 0.001


def losses_on_xor(steps, W_h, W_o, b_h, b_o, eta=5.0):
    """The losses of a stack of networks of sigmoids on all four points, step by step."""
    x, t = xor_data()
    losses = []
    for _ in range(steps + 1):
        a_h = sigmoid(x @ W_h + b_h)
        a_o = sigmoid(a_h @ W_o + b_o)
        losses.append(0.5 * ((t - a_o) ** 2).mean(axis=(1, 2)))
        delta_o = (a_o - t) * a_o * (1 - a_o) / 4
        delta_h = delta_o @ W_o.swapaxes(1, 2) * a_h * (1 - a_h)
        W_o, b_o = (
            W_o - eta * a_h.swapaxes(1, 2) @ delta_o,
            b_o - eta * delta_o.sum(1, keepdims=True),
        )
        W_h, b_h = W_h - eta * x.T @ delta_h, b_h - eta * delta_h.sum(1, keepdims=True)
    return np.array(losses)


def test_random_starts_are_as_the_text_says(prose):
    rng = np.random.default_rng(0)
    losses = {}  # by the number of hidden units, (steps + 1, networks)
    for units in (2, 4):
        shapes = (2, units), (units, 1), (1, units), (1, 1)
        starts = [[rng.uniform(-2, 2, shape) for shape in shapes] for _ in range(8)]
        losses[units] = losses_on_xor(5000, *(np.stack(each) for each in zip(*starts)))
    assert (losses[4][1000] < 0.01).all()
    later = {f"{E[1000]:.4f}": f"{E[5000]:.4f}" for E in losses[2].T if E[1000] > 0.01}
    assert later == {"0.0635": "0.0627", "0.0636": "0.0627", "0.0841": "0.0002"}
    assert "Of eight random starts of our network three have not learned XOR" in prose
    assert "0.0841, was only on a plateau and reaches 0.0002 after 5,000 steps" in prose
    assert "have crept to 0.0627" in prose and "With four hidden units all eight" in prose


# The questions


def test_there_are_ten_questions_of_24_points():
    questions = questions_of(NAME)
    assert len(questions) == 10 and sum(q.points for q in questions.values()) == 24
    text = SOURCE.read_text(encoding="utf-8")
    assert "**Points.** {{ points }}, in ten short questions" in text
    asked = re.findall(r"^:check: (\S+)$", text, re.MULTILINE)
    assert asked == list(questions)  # in the order asked


def test_predictions_come_before_their_pictures():
    text = SOURCE.read_text(encoding="utf-8")
    assert text.index(":check: l1.error") < text.index("plot_difference_error(")
    assert text.index(":check: l1.learning_rate") < text.index("plot_learning_rates(")


def test_rounding_is_explained_before_the_widths_are_sorted():
    text = SOURCE.read_text(encoding="utf-8")
    assert text.index("the difference divides that error by $h$") < text.index(":answer: l1.error")


def test_no_given_cell_says_what_is_asked_or_overwrites_an_answer(notebook):
    """A given cell that is run once more must not change what an earlier answer was."""
    answers = {name for question in questions_of(NAME).values() for name in question.arguments}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.metadata.nbgrader.solution:
            nodes = ast.walk(ast.parse(cell.source))
            stored = {
                n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            assert not stored & answers, cell.id
    text = SOURCE.read_text(encoding="utf-8")
    before = text[: text.index(":check: l1.step")]
    assert "eta=0.25" not in before  # the step that is asked, on a picture above


def test_gradient_descent_comes_before_the_errors_of_differences(prose):
    sections = re.findall(r"^## (\d)\. (.*)$", prose, re.MULTILINE)
    assert [number for number, _ in sections] == list("123456")
    assert sections[4][1] == "Gradient descent"
    # Mistakes point to sections by number: this one is the last, and optional.
    assert sections[5][1] == "How far to trust a difference"
    assert (
        prose.index("### Back to XOR") < prose.index("## 6. ") < prose.index("*Optional: about 15")
    )


def test_symbols_and_words_come_before_their_use(prose):
    for introduced, used in (
        ("## A derivative is a limit", "f''(x)"),
        ("written with a rounded $\\partial$", "\\dfrac{\\partial f}{\\partial x_1}"),
        ("the **scalar product**", "0 across it, −1 against it"),
        ("The **learning rate** $\\eta$ (eta)", "with $\\eta = 0.25$"),
        ("from which unit", "`[(0, 0, 0)]`"),
    ):
        introduced = "*from* which unit" if introduced == "from which unit" else introduced
        assert prose.index(introduced) < prose.index(used), introduced
    for word in (
        "*pre-activation*",
        "*logit*",
        "**neuron**",
        "also called symmetric",
        "**hyperparameter**",
        "*mini-batch*",
        "curse of dimensionality",
        "heuristic",
    ):
        assert word in prose, word
    for word in ("networks a second", "by jumps", "accompanies", "symmetric difference"):
        assert word not in prose, word


# The opening (requirements 36, 39) and the precision of differences (48, 49)


def test_the_surprise_is_the_published_one(prose):
    net, x, t = slide_example()
    space = WeightSpace(net, x, t, "weights")
    losses = space.descend(0.1, 1)[1]
    assert [round(loss) for loss in losses] == [8, 15488] and net.forward(x).a[-1] == 5
    opening = prose[: prose.index("## 1.")]
    assert "from 8 to 15488. **What went wrong?**" in opening
    assert "section 9 of lecture 2" in opening and "from 5 to 185" in opening
    after = space.start - 0.1 * space.gradient(space.start)
    weights = [after[:6].reshape(2, 3), after[6:].reshape(3, 1)]
    assert net.forward_with(x, weights, net.biases).a[-1].item() == pytest.approx(185)


def test_the_widths_of_the_table_follow_from_the_precision(prose):
    for kind, row in (
        (np.float64, (2e-16, 1.5e-8, 6e-6)),
        (np.float32, (1e-7, 3e-4, 5e-3)),
    ):
        precision = float(np.finfo(kind).eps)
        exact = precision, precision ** (1 / 2), precision ** (1 / 3)
        assert np.allclose(row, exact, rtol=0.2), kind
        (cells,) = re.findall(rf"^\| {kind.__name__} \| about \d+ \| (.*) \|$", prose, re.MULTILINE)
        written = [eval(cell.strip(" $").replace("\\cdot 10^{", "* 10.0**(").replace("}", ")"))
                   for cell in cells.split("|")]  # fmt: skip
        assert np.allclose(written, row), kind


def test_the_slides_take_five_minutes(notebook):
    shows = [cell.metadata.slideshow for cell in notebook.cells]
    minutes = [s.minutes for s in shows if s.slide_type == "slide"]
    assert sum(minutes) == 5 and 0.5 in minutes and len(minutes) - minutes.count(0) == 8
    notes = [
        cell.source for cell in notebook.cells if cell.metadata.slideshow.slide_type == "notes"
    ]
    assert ["Optional:" in note for note in notes] == [m == 0 for m in minutes]


def test_counting():
    right = dict(networks_6=10077696, networks_10=1e9, parameters=23860)
    assert_all_right("l1.count", **right)
    wrong = dict(networks_6=9**6, networks_10=90, parameters=784 * 30 + 30 * 10)
    assert misconceptions("l1.count", **wrong) == {
        "networks_6": "power_turned",
        "networks_10": "values_times_weights",
        "parameters": "biases_not_counted",
    }
    found = misconceptions("l1.count", **right | {"parameters": 23860 + 784})
    assert found["parameters"] == "inputs_have_no_bias"
    found = misconceptions("l1.count", **right | {"parameters": 23861, "networks_6": 10077695})
    assert found["parameters"] == found["networks_6"] == "count_off_by_one"
    found = misconceptions("l1.count", **right | {"networks_10": 10**9 + 1})
    assert found["networks_10"] == "count_off_by_one"


@pytest.mark.parametrize(
    ("w", "b"), [([4, 4], -6), ([[1.0], [1.0]], -1.5), (np.array([0.2, 0.3]), [-0.4]), ((1, 1), -1)]
)
def test_any_unit_that_says_and_is_right(w, b):
    assert_all_right("l1.perceptron", w=w, b=b)


def test_units_that_say_something_else():
    assert misconceptions("l1.perceptron", w=[4, 4], b=-2)["answers"] == "says_or"
    for b in (-9, 9):
        assert misconceptions("l1.perceptron", w=[4, 4], b=b)["answers"] == "says_always_the_same"
    assert verdicts("l1.perceptron", w=[1, -1], b=0)["answers"].status == "wrong"
    assert verdicts("l1.perceptron", w=[1], b=0)["answers"].status == "error"
    assert verdicts("l1.perceptron", w=[1, 1], b=...)["answers"].status == "missing"
    assert verdicts("l1.perceptron", w=["a", 1], b=0)["answers"].status == "error"
    assert verdicts("l1.perceptron", w=["4", "4"], b="-6")["answers"].status == "error"
    assert "corners" in verdicts("l1.perceptron", w=[-4, -4], b=6)["answers"].hint


def test_any_form_of_the_derivative_is_right():
    x_1, x_2 = sympy.symbols("x_1 x_2")
    formula = (2 * x_1 + 3 * x_2) ** 2 + 3
    for form in (12 * x_1 + 18 * x_2, 3 * 2 * (2 * x_1 + 3 * x_2), formula.diff(x_2)):
        assert_all_right("l1.by_rules", df_dx_2=form, gradient_f=(44, 66.0))


def test_rules_left_out():
    x_1, x_2 = sympy.symbols("x_1 x_2")
    u = 2 * x_1 + 3 * x_2
    for form, name in (
        (2 * u, "inner_derivative_forgotten"),
        (4 * u, "other_variable"),
        (6 * u + 3, "constant_kept"),
        (3 * u**2, "outer_not_differentiated"),
        (3 * u, "exponent_forgotten"),
    ):
        found = misconceptions("l1.by_rules", df_dx_2=form, gradient_f=[66, 44])
        assert found == {"df_dx_2": name, "gradient_f": "order_of_variables"}
    for form in ("6*u", sympy.Symbol("w"), ...):
        found = verdicts("l1.by_rules", df_dx_2=form, gradient_f=[44, 66])
        assert found["df_dx_2"].status in ("error", "missing")
        assert found["gradient_f"].status == "right"


def test_directions_of_any_length_are_right():
    for descent in ([-3, 4], [-0.6, 0.8], (-30, 40), [-1, 1.33], [-0.6, 0.79], [[-3], [4]]):
        assert_all_right("l1.direction", descent=descent, rate=5, across=0)


def test_letters_of_release_0_1_0_say_what_they_said():
    assert_all_right("l1.direction", descent=[-3, 4], rate=5, across="c.")
    assert_all_right("l1.error", forward_factor=10, central_factor=100, tiny=" (b) ")
    for letter in "AB":
        found = verdicts("l1.direction", descent=[-3, 4], rate=5, across=letter)["across"]
        assert found.status == "wrong" and "right angles" in found.hint
    for letter in "AC":
        found = verdicts("l1.error", forward_factor=10, central_factor=100, tiny=letter)["tiny"]
        assert found.status == "wrong" and "rounding" in found.hint
    found = verdicts("l1.direction", descent=[-3, 4], rate=5, across="D")["across"]
    assert found.status == "error"


def test_wrong_directions():
    for descent, rate, names in (
        ([3, -4], 7, ("step_added", "components_added")),
        ([4, 3], 25, ("across_the_slope", "length_squared")),
        ([-4, -3], 1, ("across_the_slope", "components_added")),
        ([3, 4], 5, ("one_sign_only", "")),
        ([4, -3], 5, ("order_of_variables", "")),
    ):
        found = misconceptions("l1.direction", descent=descent, rate=rate, across=0.0)
        assert (found["descent"], found["rate"]) == names
    found = verdicts("l1.direction", descent=[-1, 1], rate=5, across=0)
    assert "length does not matter" in found["descent"].hint
    assert verdicts("l1.direction", descent=["-3", "4"], rate=5, across=0)["descent"].points == 0
    found = verdicts("l1.direction", descent=[0, 0], rate=-5, across=5)
    assert found["descent"].status == "error"
    assert "the sign is not" in found["rate"].hint
    assert found["across"].status == "wrong" and found["across"].hint


def forward(f, x, h):
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    return (f(x + h / 2) - f(x - h / 2)) / h


def test_differences_written_differently_are_right():
    assert_all_right("l1.differences", forward_difference=forward, central_difference=central)
    assert_all_right(
        "l1.differences",
        forward_difference=lambda f, x, h: (f(x) - f(x + h)) / -h,
        central_difference=lambda f, x, h: forward(f, x - h / 2, h),
    )


@pytest.mark.parametrize(
    ("wrong_forward", "name"),
    [
        (central, "central_asked_below"),
        (lambda f, x, h: forward(f, x - h, h), "backward_difference"),
        (lambda f, x, h: -forward(f, x, h), "difference_turned"),
        (lambda f, x, h: f(x + h) - f(x), "not_divided"),
    ],
)
def test_slips_in_the_forward_difference(wrong_forward, name):
    found = misconceptions(
        "l1.differences", forward_difference=wrong_forward, central_difference=central
    )
    assert found == {"forward_difference": name, "central_difference": ""}


@pytest.mark.parametrize(
    ("wrong_central", "name"),
    [
        (forward, "forward_difference"),
        (lambda f, x, h: central(f, x, 2 * h), "full_step_each_side"),
        (lambda f, x, h: (f(x + h) - f(x - h)) / h, "full_step_each_side"),
        (lambda f, x, h: central(f, x, h) / 2, "width_of_the_step"),
        (lambda f, x, h: -central(f, x, h), "difference_turned"),
        (lambda f, x, h: f(x + h / 2) - f(x - h / 2), "not_divided"),
        (lambda f, x, h: f(x + h / 2) - f(x - h / 2) / h, "bracket_forgotten"),
    ],
)
def test_slips_in_the_central_difference(wrong_central, name):
    found = misconceptions(
        "l1.differences", forward_difference=forward, central_difference=wrong_central
    )
    assert found == {"forward_difference": "", "central_difference": name}


def test_errors_and_costs():
    order = [1e-5, 1e-2, 1e-12]
    assert_all_right("l1.error", forward_factor=10, central_factor=100.0, tiny=order)
    assert_all_right("l1.error", forward_factor=10.2, central_factor=99.0, tiny=np.array([order]))
    for tiny in ([1e-12, 1e-5, 1e-2], [1e-12, 1e-2, 1e-5], [1e-5, 1e-12, 1e-2], [1e-5, 1e-2, 0]):
        found = verdicts("l1.error", forward_factor=0.1, central_factor=10, tiny=tiny)
        assert [v.misconception for v in found.values()] == ["factor_below_1", "order_too_low", ""]
        assert "rounding" in found["tiny"].hint
    assert verdicts("l1.error", forward_factor=10, central_factor=100, tiny=[1])["tiny"].hint


def test_the_order_of_the_widths_is_that_of_their_errors():
    errors = {
        h: abs(numerical.central_difference(lambda z: sigmoid(z[0]), np.array([1.0]), h)[0] - SLOPE)
        for h in (1e-2, 1e-5, 1e-12)
    }
    assert sorted(errors, key=errors.get) == [1e-5, 1e-2, 1e-12]
    assert min(errors[1e-2] / errors[1e-5], errors[1e-12] / errors[1e-2]) > 100  # not by luck
    assert_all_right("l1.cost", forward_runs=79511, central_runs=159020)
    found = misconceptions("l1.cost", forward_runs=79510, central_runs=159021)
    assert list(found.values()) == ["point_itself_not_counted", "point_not_needed"]
    found = misconceptions("l1.cost", forward_runs=79512, central_runs=159022)
    assert list(found.values()) == ["count_off_by_one"] * 2
    found = misconceptions("l1.cost", forward_runs=23861, central_runs=47720)
    assert list(found.values()) == ["network_of_the_text"] * 2


def test_one_step_by_hand():
    assert_all_right("l1.step", gradient=[-4, -1], new=[[0, 3.25]])
    for gradient, name in (
        ([-8, -2], "points_added"),
        ([-8, -4], "one_point_only"),
        ([0, 2], "one_point_only"),
        ([-4, -2], "bias_not_averaged"),
        ([4, 1], "wrong_sign"),
        ([-1, -1], "input_forgotten"),
        ([-1, -4], "order_of_variables"),
    ):
        assert misconceptions("l1.step", gradient=gradient, new=[0, 3.25])["gradient"] == name
    for new, name in (
        ([-2, 2.75], "step_added"),
        ([3, 4], "learning_rate_forgotten"),
        ([-1, 3], "not_updated"),
        ([1, 0.25], "step_instead_of_weight"),
        ([1, 3.5], "step_twice_as_long"),
    ):
        assert misconceptions("l1.step", gradient=[-4, -1], new=new)["new"] == name
    # The step with a wrong gradient, rightly taken.
    assert verdicts("l1.step", gradient=[-8, -4], new=[1, 4])["new"].status == "carried"


@pytest.mark.parametrize(
    ("question", "part", "right"),
    [
        ("l1.instruction", "value", "C"),
        ("l1.learning_rate", "far_too_small", "A"),
        ("l1.learning_rate", "too_large", "B"),
    ],
)
def test_each_wrong_choice_has_its_own_hint(question, part, right):
    asked = question_by_id(question)
    (choices,) = [p.hint_for_choice for p in asked.parts if p.name == part]
    answers = dict.fromkeys(asked.arguments)
    hints = []
    for letter in choices:
        found = verdicts(question, **answers | {part: letter.lower()})[part]
        assert (found.status == "right") == (letter == right)
        hints.append(found.hint)
    assert len(set(hints)) == len(choices) and hints[list(choices).index(right)] == ""
