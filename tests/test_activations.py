"""The registry of activations, and a fourth one that is entered in it while the tests run.

Whatever shows or asks for activations takes the fourth with its own title, formulas and mistakes,
or refuses it and says why; nothing treats it as one of the others.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from helpers.activations import (
    ACTIVATIONS,
    HIDDEN_ACTIVATIONS,
    ActivationFunction,
    title_of,
)
from helpers.asking import problem_3_numpy as asking_problem_3
from helpers.checking import observe
from helpers.course import HIDDEN, tutorial_step
from helpers.marking.judging import judge
from helpers.marking.misconceptions.of_a_step import slope_from_output, wrong_values
from helpers.marking.questions import (
    lecture_3_activation_functions as lecture_3,
)
from helpers.marking.questions import (
    problem_2_pen_and_paper,
    problem_3_numpy,
    questions_of,
)
from helpers.marking.questions.model import Part
from helpers.network import Network
from helpers.numerical import central_difference
from helpers.pictures import (
    draw_work_sheet,
    plot_activations,
    plot_delta_by_layer,
    plot_losses,
    plot_output_delta,
    plot_slope_through_activation,
    plot_weight_changes,
    step_through,
)
from helpers.reference import gradients, slope
from helpers.sgd_step import PARAMETERS, SGDStep, random_step
from tests.fair_questions import assert_only_the_expected_is_right


def softplus(z):
    """ln(1 + exp(z)), written so that no exponential overflows, also of complex numbers."""
    sign = np.where(z.real > 0, 1, -1)
    return np.where(z.real > 0, z, 0) + np.log1p(np.exp(-sign * z))


def softplus_derivative(z):
    return 1 / (1 + np.exp(-z))


SOFTPLUS = ActivationFunction(
    "softplus",
    "Softplus",
    softplus,
    derivative_from_output=lambda a: 1 - np.exp(-a),
    formula="ln(1 + exp({z}))",
    derivative_formula="(1 − exp(−{a}))",
)
# Three pieces, two of them flat.
HARD_TANH = ActivationFunction(
    "hard_tanh",
    "hard tanh",
    lambda z: np.where(z.real > 1, 1, np.where(z.real > -1, z, -1)),
    kinks=(1.0, -1.0),
)
LEAKY_RELU = ActivationFunction(
    "leaky_relu", "leaky ReLU", lambda z: np.where(z.real > 0, z, 0.1 * z), kinks=(0.0,)
)
# What is said of one activation only, or of one that is taken for it.
OF_OTHERS = {
    "square_forgotten",  # of tanh's slope
    "sigmoids_slope_for_tanh",
    "factor_of_the_slope_missing",  # of the sigmoid's
    "exponents_sign_lost",
    "slope_of_tanh",
    "slope_of_linear",
}


@pytest.fixture(autouse=True)
def fourth(monkeypatch):
    monkeypatch.setitem(HIDDEN_ACTIVATIONS, "softplus", SOFTPLUS)


def enter(monkeypatch, activation):
    monkeypatch.setitem(HIDDEN_ACTIVATIONS, activation.name, activation)


def without_formulas(monkeypatch):
    bare = replace(SOFTPLUS, derivative_from_output=None, formula="", derivative_formula="")
    enter(monkeypatch, bare)


def lines(picture, gid):
    return [line for axes in picture.axes for line in axes.lines if line.get_gid() == gid]


def texts(picture):
    return [text.get_text() for axes in picture.axes for text in axes.texts]


# The registry


def test_names_and_titles_are_unique_and_the_hidden_ones_come_first():
    assert [*ACTIVATIONS] == [*HIDDEN_ACTIVATIONS, "softmax"]
    assert all(name == activation.name for name, activation in ACTIVATIONS.items())
    titles = [activation.title for activation in ACTIVATIONS.values()]
    assert len({*titles}) == len(titles)
    assert title_of("relu") == "ReLU" and title_of("my own") == "my own"


@pytest.mark.parametrize(
    "activation",
    [*HIDDEN_ACTIVATIONS.values(), SOFTPLUS, HARD_TANH, LEAKY_RELU],
    ids=lambda activation: activation.name,
)
def test_what_is_entered_fits_together(activation):
    """f works on complex numbers, its derivative through a is its own, and kinks are kinks."""
    z = np.linspace(-3, 3, 50)  # of which none is a kink
    by_difference = [central_difference(lambda w: float(activation(w)[0]), z[i : i + 1], 1e-5)
                     for i in range(len(z))]  # fmt: skip
    slopes = slope(activation, z)
    np.testing.assert_allclose(slopes, np.ravel(by_difference), atol=1e-9)
    if activation.derivative_from_output is not None:
        np.testing.assert_allclose(activation.derivative_from_output(activation(z)), slopes)
    for kink in activation.kinks:
        before, after = slope(activation, np.nextafter(kink, [-np.inf, np.inf]))
        assert before != after
        # Pictures take a kink to the piece that it ends.
        assert slope(activation, kink) == before


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "softplus"])
@pytest.mark.parametrize("z", [-0.7, 0.4])
def test_its_formulas_are_true(name, z):
    """Both, computed from the numbers that the interactive picture would put in."""
    activation = HIDDEN_ACTIVATIONS[name]
    a, derivative = float(activation(np.array(z))), float(slope(activation, z))
    names = {"σ": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh, "max": max}
    names |= {"exp": np.exp, "ln": np.log}
    for formula, expected in (
        (activation.formula, a),
        (activation.derivative_formula, derivative),
    ):
        text = formula.format(z=f"({z})", a=f"({a})", slope=f"({derivative})")
        for sign, in_python in (("−", "-"), ("·", "*"), ("^{", "**("), ("}", ")")):
            text = text.replace(sign, in_python)
        assert eval(text, names) == pytest.approx(expected), formula


@pytest.mark.parametrize("formula", ["max(0, {x})", "a^{2}", "max(0, {z)", "{}"])
@pytest.mark.parametrize("field", ["formula", "derivative_formula"])
def test_a_formula_with_other_places_is_refused_in_words(field, formula):
    with pytest.raises(ValueError, match=f"^{field} of softplus: expected a formula with places"):
        replace(SOFTPLUS, **{field: formula})


def test_a_function_that_loses_its_derivative_is_refused_in_words():
    for f in (lambda z: np.logaddexp(0, z), lambda z: z / (1 + np.abs(z)), np.real):
        with pytest.raises(ValueError, match="^f of own: expected a function that keeps its deriv"):
            ActivationFunction("own", "own", f)


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu"])
def test_anothers_derivative_is_refused_in_words(name):
    with pytest.raises(ValueError, match="^derivative_from_output of softplus: expected the deriv"):
        replace(SOFTPLUS, derivative_from_output=ACTIVATIONS[name].derivative_from_output)


# Mathematics


@pytest.mark.parametrize("hidden, output", [("softplus", "sigmoid"), ("tanh", "softplus")])
def test_gradients_agree_with_difference_quotients(hidden, output):
    step = random_step(np.random.default_rng(3), hidden, output)
    for name in PARAMETERS:

        def loss(value, name=name):
            return step.loss_with({**step.parameters, name: value})

        np.testing.assert_allclose(
            step[f"d{name}"], central_difference(loss, step[name].copy(), 1e-4), atol=1e-8
        )
    for name, value in step.following().items():
        np.testing.assert_allclose(value, step[name], atol=1e-14)


def test_a_network_of_any_depth_takes_it():
    rng = np.random.default_rng(4)
    net = Network([rng.normal(size=shape) for shape in ((2, 3), (3, 3), (3, 1))], hidden="softplus")
    x, t = rng.normal(size=(4, 2)), rng.uniform(size=(4, 1))
    assert net.forward(x).a[1].min() > 0
    g = gradients(net, x, t)
    np.testing.assert_allclose(
        g.delta[0],
        (g.delta[1] @ net.weights[1].transpose()) * softplus_derivative(net.forward(x).z[0]),
    )


@pytest.mark.parametrize("through_output", [True, False])
def test_what_follows_from_an_own_activation_takes_its_own_derivative(monkeypatch, through_output):
    """From z, and from a where a tells the derivative: never through another's formula."""
    if not through_output:
        without_formulas(monkeypatch)
    step = random_step(np.random.default_rng(5), "softplus")
    own = {"a_h": step["a_h"] + 0.25}
    deltas = [q["delta_h"] / q["dE_da_h"] for q in step.consequences(own)]
    at_z = softplus_derivative(step["z_h"])
    expected = [at_z] if not through_output else [at_z, 1 - np.exp(-own["a_h"])]
    for value in expected:
        assert any(np.allclose(found, value) for found in deltas)
    for found in deltas:
        assert any(np.allclose(found, value) for value in expected)


def test_points_stay_away_from_its_kinks(monkeypatch):
    enter(monkeypatch, HARD_TANH)
    for seed in range(20):
        z = random_step(np.random.default_rng(seed), "hard_tanh")["z_h"]
        assert np.abs(np.abs(z) - 1).min() > 0.05 and np.abs(z).min() > 0.05


def test_what_a_network_refuses_it_refuses_in_words():
    with pytest.raises(ValueError, match="expected one of linear, .*softplus, got 'softsign'"):
        Network([[[1.0]]], hidden="softsign")
    with pytest.raises(ValueError, match="cross_entropy needs outputs between 0 and 1"):
        Network([[[1.0]]], output="softplus", loss="cross_entropy")


# Pictures


def test_the_picture_of_activations_takes_it():
    picture = plot_activations(("relu", "softplus"))
    assert [axes.get_title() for axes in picture.axes] == ["ReLU", "Softplus"]
    (f,), (derivative,) = lines(picture, "softplus activation"), lines(picture, "softplus slope")
    z = f.get_xdata()
    np.testing.assert_allclose(f.get_ydata(), np.log(1 + np.exp(z)))
    np.testing.assert_allclose(derivative.get_ydata(), softplus_derivative(z))
    picture.png()


def test_the_picture_of_activations_has_dots_at_every_kink(monkeypatch):
    enter(monkeypatch, HARD_TANH)
    (panel,) = plot_activations(["hard_tanh"], limit=3.3).axes
    dots = [line for line in panel.lines if line.get_marker() == "o"]
    hollow = [d for d in dots if d.get_markerfacecolor() == "white"]
    filled = [d for d in dots if d.get_markerfacecolor() != "white"]
    assert sorted((d.get_xdata()[0], d.get_ydata()[0]) for d in filled) == [(-1, 0), (1, 1)]
    assert sorted((d.get_xdata()[0], d.get_ydata()[0]) for d in hollow) == [(-1, 1), (1, 0)]
    (derivative,) = [line for line in panel.lines if line.get_gid() == "hard_tanh slope"]
    z, slopes = derivative.get_xdata(), derivative.get_ydata()
    assert [*z[np.isnan(slopes)]] == [-1, 1]  # which are not among 401 points up to 3.3


def test_slopes_through_the_activation_take_it():
    picture = plot_slope_through_activation(("relu", "softplus"))
    (line,) = lines(picture, "softplus")
    np.testing.assert_allclose(line.get_ydata(), 1 - np.exp(-line.get_xdata()))
    assert not lines(picture, "softplus off")
    assert "Softplus" in texts(picture)


def test_slopes_through_the_activation_are_lines_and_dots_between_kinks(monkeypatch):
    enter(monkeypatch, HARD_TANH)
    enter(monkeypatch, LEAKY_RELU)
    picture = plot_slope_through_activation(("hard_tanh", "leaky_relu"))
    flat = [(*d.get_xdata(), *d.get_ydata()) for d in lines(picture, "hard_tanh off")]
    assert flat == [(-1, 0), (1, 0)]
    (line,) = lines(picture, "hard_tanh")
    assert {*line.get_ydata()} == {1}
    (line,) = lines(picture, "leaky_relu")
    a, slopes = line.get_xdata(), line.get_ydata()
    assert np.isnan(slopes).sum() == 1  # no line across the jump
    np.testing.assert_allclose(slopes[a < 0], 0.1)
    np.testing.assert_allclose(slopes[a > 0], 1)
    picture.png()


def test_slopes_of_an_activation_out_of_the_picture_are_refused_in_words(monkeypatch):
    enter(monkeypatch, ActivationFunction("far", "far", lambda z: z + 100))
    with pytest.raises(ValueError, match="between −1.5 and 1.5, .*; 'far' has none"):
        plot_slope_through_activation(["far"])


def test_its_title_stands_wherever_a_name_is_shown():
    assert "Softplus" in texts(plot_losses({"softplus": [1.0, 0.5], "relu": [1.0, 0.6]}))
    changes = plot_weight_changes({name: {"W_h": [0.1, 0.2]} for name in ("tanh", "softplus")})
    _, labels = changes.axes[0].get_legend_handles_labels()
    assert [*labels] == ["tanh", "Softplus"]
    nets = {name: Network([[[1.0]]] * 2, hidden=name) for name in ("relu", "softplus")}
    assert "Softplus" in texts(plot_delta_by_layer(nets, [[1.0]], [[0.0]]))
    deltas = plot_output_delta(0.2, [("softplus", "half_squared")])
    assert "Softplus,\nhalf the squared error" in texts(deltas)
    step = tutorial_step("softplus")
    sheet = draw_work_sheet(step.net, step.x, step.t, step.eta, activations=("relu", "softplus"))
    assert {"ReLU", "Softplus"} <= {*texts(sheet)}


@pytest.mark.parametrize("output", ["sigmoid", "softplus"])
def test_the_interactive_picture_writes_its_formulas(output):
    step = tutorial_step("tanh")
    net = Network(step.net.weights, step.net.biases, output=output)
    data = step_through(net, step.x, step.t, ("relu", "softplus")).data
    assert [choice["name"] for choice in data["hidden"]] == ["ReLU", "Softplus"]
    shown = SGDStep(
        Network(net.weights, net.biases, hidden="softplus", output=output), step.x, step.t, 0.1
    )
    np.testing.assert_allclose(data["hidden"][1]["before"]["a_h"], shown["a_h"][0], rtol=1e-8)
    stages = {stage["name"]: stage["formulas"] for stage in data["stages"]}
    _, activations = stages["Forward: activations of the hidden layer"]
    assert activations[1] == "a_{h,2} = ln(1 + exp([z_h.1])) = [a_h.1]"
    _, deltas = stages["Backward: deltas of the hidden layer"]
    assert deltas[0].endswith(" · (1 − exp(−[a_h.0])) = [delta_h.0]")
    if output == "softplus":
        (worked,) = stages["Forward: activations of the output layer"]
        assert worked == ["a_{o,1} = ln(1 + exp([z_o.0])) = [a_o.0]"]
        ((delta,),) = stages["Backward: deltas of the output layer"]
        assert delta == "δ_{o,1} = ([a_o.0] − [t.0]) · (1 − exp(−[a_o.0])) = [delta_o.0]"
        assert {"lines": ["output layer", "Softplus"]}.items() <= data["drawing"]["headings"][
            4
        ].items()


@pytest.mark.parametrize("output", ["sigmoid", "softplus"])
def test_the_interactive_picture_refuses_it_without_formulas(monkeypatch, output):
    without_formulas(monkeypatch)
    step = tutorial_step("tanh")
    net = Network(step.net.weights, step.net.biases, output=output)
    hidden = ("relu", "softplus") if output == "sigmoid" else ("relu",)
    argument = "hidden" if output == "sigmoid" else "net"
    with pytest.raises(
        ValueError,
        match=f"^{argument}: .*'softplus' has no formula and no derivative_formula. Give them to "
        "its ActivationFunction in helpers.activations, or leave 'softplus' out",
    ):
        step_through(net, step.x, step.t, hidden)


# Questions


@pytest.fixture
def four(monkeypatch):
    """The hidden activations of the course, and softplus, wherever questions take them."""
    for module in (problem_2_pen_and_paper, problem_3_numpy, asking_problem_3):
        monkeypatch.setattr(module, "HIDDEN", (*HIDDEN, "softplus"))
    monkeypatch.setattr(lecture_3, "HIDDEN", (*lecture_3.HIDDEN, "softplus"))


def asked(name):
    """A question of Problem 3 or lecture 3 as it is with softplus: its cases are drawn anew."""
    notebook = "problem_3_numpy" if name.startswith("p3") else "3_activation_functions"
    question = questions_of(notebook)[name]
    more = {
        "p3.activations": ("softplus", "slope_softplus"),
        "p3.reproduce": ("softplus",),
        "l3.hidden_delta": ("softplus",),
    }.get(name, ())
    parts = (*question.parts, *(Part(part, 1, part) for part in more))
    # Another function, so that the cases that are kept of the course's own question stay apart.
    return replace(question, parts=parts, cases=lambda rng: question.cases(rng))


@pytest.mark.parametrize(
    "name",
    ["l3.hidden_delta", *(f"p3.{q}" for q in
     ("activations", "forward", "loss", "backward", "sgd_step", "reproduce", "train"))],
)  # fmt: skip
def test_questions_with_code_take_it(four, name):
    assert_only_the_expected_is_right(asked(name), 11)


@pytest.mark.parametrize("name", ["p3.forward", "p3.backward", "p3.train", "p3.train_batches"])
def test_a_question_for_each_activation_has_a_case_for_it(four, name):
    *_, case = asked(name).cases_from(12)
    assert case.label.startswith("hidden='softplus'") and case.test_inputs["hidden"] == "softplus"


def test_a_section_by_hand_takes_it(four):
    questions = {q.id: q for q in problem_2_pen_and_paper.questions_with.__wrapped__()}
    step = tutorial_step("softplus")
    np.testing.assert_allclose(step["a_h"], np.log(1 + np.exp(step["z_h"])))
    for kind in ("forward", "backward", "update"):
        question = questions[f"p2.softplus.{kind}"]
        (case,) = question.cases_from(1)
        for part in question.parts:
            np.testing.assert_array_equal(case.expected[part.name], step[part.name])
            names = {name for name, _ in case.mistakes[part.name]}
            assert not names & {"square_forgotten", "sigmoids_slope_for_tanh"}


def test_it_gets_no_mistake_of_another(four):
    step = random_step(np.random.default_rng(1), "softplus")
    delta, *_ = asked("l3.hidden_delta").cases_from(13)
    z = delta_z(delta)
    for case in asked("p3.activations").cases_from(13):
        own = {
            "slope_softplus": case.mistakes["slope_softplus"],
            "softplus": case.mistakes["softplus"],
        }
        assert not {name for found in own.values() for name, _ in found} & OF_OTHERS
        found = dict(own["slope_softplus"])
        np.testing.assert_array_equal(
            found["slope_formula_at_z"], 1 - np.exp(-case.test_inputs["z"])
        )
    for mistakes in (delta.mistakes["softplus"], [*wrong_values(step, "slope_h")]):
        assert not {name for name, _ in mistakes} & OF_OTHERS
    found = dict(wrong_values(step, "slope_h"))
    np.testing.assert_array_equal(found["slope_formula_at_z"], 1 - np.exp(-step["z_h"]))
    found = dict(delta.mistakes["softplus"])
    np.testing.assert_allclose(
        found["slope_of_a"], delta.test_inputs["back"] * softplus_derivative(softplus(z))
    )


def delta_z(case):
    """The weighted inputs of lecture 3's softplus units, from their activations."""
    return np.log(np.exp(case.test_inputs["a"]["softplus"]) - 1)


def test_without_a_formula_in_a_nobody_gets_the_mistake_of_putting_z_there(monkeypatch, four):
    without_formulas(monkeypatch)
    step = random_step(np.random.default_rng(1), "softplus")
    assert "slope_formula_at_z" not in dict(wrong_values(step, "slope_h"))
    for case in asked("p3.activations").cases_from(14):
        assert "slope_formula_at_z" not in dict(case.mistakes["slope_softplus"])
        (follows,) = case.consequences({"softplus": case.expected["softplus"] + 1})
        np.testing.assert_array_equal(follows["slope_softplus"], case.expected["slope_softplus"])
    with pytest.raises(
        ValueError, match="softplus: expected an activation whose derivative can be"
    ):
        slope_from_output("softplus", 0.5)


def test_an_answer_about_it_is_judged_as_one_about_the_others(four):
    question = asked("p3.activations")
    f = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh,
         "relu": lambda z: np.maximum(z, 0), "softplus": softplus}  # fmt: skip
    slopes = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2,
              "relu": lambda a: 1.0 * (a > 0), "softplus": lambda a: 1 - np.exp(-a)}  # fmt: skip

    def activation(name, z):
        return f[name](z)

    def right(name, z):
        return slopes[name](activation(name, z))

    def formula_at_z(name, z):
        return slopes[name](z if name == "softplus" else activation(name, z))

    for slope_function, expected in ((right, ("right", "")),
                                     (formula_at_z, ("wrong", "slope_formula_at_z"))):  # fmt: skip
        record = observe(question, {"activation": activation, "slope": slope_function}, 15)
        found = {v.part: (v.status, v.misconception) for v in judge(question, record, 15)}
        assert found.pop("slope_softplus") == expected
        assert {*found.values()} == {("right", "")}


def test_a_stored_activation_that_leads_to_no_z_is_refused_in_words(monkeypatch):
    monkeypatch.setitem(lecture_3.STORED, "softplus", 0.7)
    question = questions_of("3_activation_functions")["l3.slopes"]
    with pytest.raises(
        ValueError, match="which z gives 0.7, got 'softplus'. Give it an INVERSE in"
    ):
        question.cases(np.random.default_rng(1))


def test_each_of_the_others_keeps_its_own_derivative():
    """The four formulas differ: none stands under another's name."""
    a = np.array([0.2, 0.7])
    values = [slope_from_output(name, a) for name in HIDDEN_ACTIVATIONS if name != "linear"]
    for one, other in itertools.combinations(values, 2):
        assert not np.allclose(one, other)
