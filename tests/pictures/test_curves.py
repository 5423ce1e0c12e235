"""The course's pictures draw the data they are given, legibly, and a notebook shows each once."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nbclient import NotebookClient

from helpers.pictures import curves
from helpers.pictures.curves import (
    plot_activations,
    plot_decision_boundary,
    plot_difference_error,
    plot_fit,
    plot_losses,
    plot_weight_changes,
)
from helpers.pictures.style import CURVES, OF_ACTIVATIONS, text_colour
from tests.legibility import assert_legible

ROOT = Path(__file__).parents[2]


def lines(picture, axes=0):
    return {line.get_gid(): line for line in picture.axes[axes].lines if line.get_gid()}


def changes():
    random = np.random.default_rng(1)
    names = [f"$w_{{h,{i}{j}}}$" for i in (1, 2) for j in (1, 2)]
    names += ["$b_{h,1}$", "$b_{h,2}$", "$w_{o,11}$", "$w_{o,21}$", "$b_{o,1}$"]
    moved = {
        label: dict(zip(names, random.normal(size=9))) for label in ("sigmoid", "tanh", "ReLU")
    }
    moved["ReLU"]["$w_{h,12}$"] = 0.0
    return moved


def square(points):
    return 1 / (1 + np.exp(-4 * (points[:, :1] + points[:, 1:] - 1)))


WIDTHS = np.logspace(-12, 0, 25)
NUMBERS = np.linspace(-3, 3, 40)
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
PICTURES = {
    "activations": lambda: plot_activations(),
    "four activations": lambda: plot_activations(("linear", "sigmoid", "tanh", "relu")),
    "losses": lambda: plot_losses(
        {"NumPy, half-squared error": np.ones(50), "Keras": np.ones(50), "MSE": np.ones(50) / 2},
        title="Three losses",
    ),
    "fit": lambda: plot_fit(NUMBERS, np.sin(NUMBERS), np.sin(NUMBERS) + 0.02, target_label="sine"),
    "boundary": lambda: plot_decision_boundary(square, XOR, [0, 1, 1, 0], title="XOR"),
    "boundary, lines at zero": lambda: plot_decision_boundary(
        square, XOR, [0, 1, 1, 0], lines_at_zero=True
    ),
    "changes": lambda: plot_weight_changes(changes(), title="One step"),
    "differences": lambda: plot_difference_error(WIDTHS, WIDTHS, WIDTHS**2 / 2, title="Errors"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_legible_at_notebook_width(name, monkeypatch):
    assert_legible(PICTURES[name], monkeypatch, highest=8)


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_says_in_words_what_it_shows(name):
    alt = PICTURES[name]().alt
    assert alt.endswith(".") and len(alt) > 60 and not set("${}\\") & set(alt)


def test_the_words_have_the_numbers_that_matter():
    said = {name: draw().alt for name, draw in PICTURES.items()}
    assert (
        "sigmoid: from 0.018 to 0.982, derivative between 0.0177 and 0.25 at z = 0"
        in (said["four activations"])
    )
    assert "linear: from −4 to 4, derivative 1 everywhere" in said["four activations"]
    assert "MSE from 0.5 to 0.5 at 49" in said["losses"]
    assert "2 data points of class 1 as triangles" in said["boundary"]
    assert f"w h,11 {changes()['tanh']['$w_{h,11}$']:+.3g}".replace("-", "−") in said["changes"]
    assert "forward difference: 1.0e+00 at the largest h" in said["differences"]


def test_directions_are_drawn_as_they_are():
    assert PICTURES["boundary"]().axes[0].get_aspect() == 1
    strip = np.array([[0, 0], [100, 1.0]])
    assert plot_decision_boundary(square, strip, [0, 1]).axes[0].get_aspect() == "auto"


def test_activations_and_slopes():
    picture = plot_activations()
    for axes, name in enumerate(("sigmoid", "tanh", "relu")):
        drawn_lines = lines(picture, axes)
        z, a = drawn_lines[f"{name} activation"].get_data()
        slope = drawn_lines[f"{name} slope"].get_ydata()
        expected = {"sigmoid": 1 / (1 + np.exp(-z)), "tanh": np.tanh(z), "relu": np.maximum(z, 0)}
        assert a == pytest.approx(expected[name])
        away = abs(z) > 0.05  # from the kink
        assert slope[away] == pytest.approx(np.gradient(a, z)[away], abs=1e-3)
        colours = {line.get_color() for line in drawn_lines.values()}
        dashes = {line.get_linestyle() for line in drawn_lines.values()}
        assert colours == {OF_ACTIVATIONS[name][0]} and len(dashes) == 2
    assert np.isnan(lines(picture, 2)["relu slope"].get_ydata()[200])  # no line across the jump


def test_losses_are_drawn_as_given_with_labels_beside_their_ends():
    losses = {"slow": [3, 2, 1.5], "fast": [3.0, 1, 0.5, 0.1]}
    picture = plot_losses(losses)
    for label, values in losses.items():
        x, y = lines(picture)[label].get_data()
        assert list(x) == list(range(len(values))) and list(y) == values
    labels = {text.get_text(): text for text in picture.axes[0].texts}
    assert set(labels) == {"slow", "fast"}
    for label, text in labels.items():
        assert text.xy == (len(losses[label]) - 1, losses[label][-1])
        assert text.get_color() == text_colour(lines(picture)[label].get_color())


def test_losses_that_grow_beyond_all_numbers_are_drawn_as_far_as_they_go():
    picture = plot_losses({"eta too large": [1.0, 1e9, np.inf, np.nan]}, logy=True)
    assert picture.axes[0].get_yscale() == "log"
    assert np.isfinite(lines(picture)["eta too large"].get_ydata()).tolist() == [
        True,
        True,
        False,
        False,
    ]
    picture.png()


def test_decision_boundary_asks_the_network_and_draws_the_points():
    asked = []

    def predict(points):
        asked.append(points)
        return square(points)

    picture = plot_decision_boundary(predict, XOR, [[0], [1], [1], [0]])
    assert asked[0].shape[1] == 2
    points = lines(picture)
    assert points["above"].get_xydata().tolist() == [[0, 1], [1, 0]]
    assert points["other"].get_xydata().tolist() == [[0, 0], [1, 1]]
    assert points["above"].get_marker() != points["other"].get_marker()
    (boundary,) = [c for c in picture.axes[0].collections if list(c.levels) == [0.5]]
    vertices = np.concatenate([path.vertices for path in boundary.get_paths()])
    assert vertices.sum(axis=1) == pytest.approx(1, abs=1e-3)  # x1 + x2 = 1 is where it is 0.5


def test_lines_at_zero_are_drawn_where_they_are_asked_for():
    drawn = lines(plot_decision_boundary(square, XOR, [0, 1, 1, 0], lines_at_zero=True))
    assert list(drawn["x1 = 0"].get_xdata()) == list(drawn["x2 = 0"].get_ydata()) == [0, 0]
    drawn = lines(plot_decision_boundary(square, XOR, [0, 1, 1, 0]))
    assert "x1 = 0" not in drawn and "x2 = 0" not in drawn


def test_decision_boundary_of_a_network_that_never_decides():
    picture = plot_decision_boundary(lambda points: np.full(len(points), 0.1), XOR, [0, 1, 1, 0])
    assert not [c for c in picture.axes[0].collections if list(c.levels) == [0.5]]


def test_weight_changes_are_drawn_as_given():
    moved = changes()
    picture = plot_weight_changes(moved)
    drawn_lines = lines(picture)
    for label, values in moved.items():
        assert drawn_lines[label].get_xdata() == pytest.approx(list(values.values()))
        rows = np.round(drawn_lines[label].get_ydata()).astype(int)
        assert rows.tolist() == list(range(9))
    assert [text.get_text() for text in picture.axes[0].get_yticklabels()] == list(moved["tanh"])
    assert len({line.get_marker() for line in drawn_lines.values()}) == 3
    assert "hollow" in picture.axes[0].get_legend().get_texts()[-1].get_text()


def test_weight_changes_may_be_arrays():
    moved = {"W_h": np.array([[1, 2], [3, 4.0]]), "b_h": [5, 6], "momentum": [7.0]}
    picture = plot_weight_changes({"relu": moved})
    assert lines(picture)["ReLU"].get_xdata().tolist() == [1, 2, 3, 4, 5, 6, 7]
    names = [text.get_text() for text in picture.axes[0].get_yticklabels()]
    assert names[1] == "$w_{h{,}12}$" and names[5] == "$b_{h{,}2}$" and names[6] == "momentum[0]"


def test_difference_errors_are_drawn_as_given():
    forward, symmetric = -WIDTHS, np.where(WIDTHS > 0.5, 0, WIDTHS**2)
    picture = plot_difference_error(WIDTHS, forward, symmetric)
    panel = picture.axes[0]
    assert panel.get_xscale() == panel.get_yscale() == "log"
    assert lines(picture)["forward difference"].get_ydata() == pytest.approx(abs(forward))
    drawn_errors = lines(picture)["central difference"].get_ydata()
    assert drawn_errors[:-1] == pytest.approx(symmetric[:-1]) and np.isnan(drawn_errors[-1])
    exact = lines(picture)["central difference, exact"]
    assert exact.get_xdata().tolist() == [1.0] and panel.get_ylim()[0] < exact.get_ydata()[0]


def test_widths_are_pointed_out_in_the_colours_of_their_curves():
    picture = plot_difference_error(WIDTHS, WIDTHS, WIDTHS**2, marks={"one": 0.01, "two": 0.1})
    for mark, width, curve in (("one", 0.01, "forward"), ("two", 0.1, "central")):
        line = lines(picture)[mark]
        assert set(line.get_xdata()) == {width}
        assert line.get_color() == lines(picture)[f"{curve} difference"].get_color()


def contrast(colour):
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)


def test_curves_differ_in_colour_dash_and_marker_and_labels_are_readable_on_white():
    for column in zip(*CURVES):
        assert len(set(column)) == len(CURVES)
    for colour, _, _ in CURVES:
        assert contrast(text_colour(colour)) >= 4.5  # WCAG 2.2, level AA
    assert contrast(curves.GREY) >= 4.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot_activations(["softmax"]), "names: expected any of"),
        (lambda: plot_activations([]), "names: expected at least one"),
        (lambda: plot_activations(limit=0), "limit: expected"),
        (lambda: plot_fit(XOR, [1], [1], target_label="a"), r"x: expected \(N,\)"),
        (
            lambda: plot_fit([1, 2], [1, 2], [1], target_label="a"),
            r"output: expected shape \(2,\), as x has, got \(1,\)",
        ),
        (lambda: plot_losses([1, 2]), "losses: expected a dict"),
        (lambda: plot_losses({"a": [[1, 2]]}), r"losses\['a'\]: expected shape"),
        (lambda: plot_losses({"a": [np.nan]}), r"losses\['a'\]: expected finite numbers, got none"),
        (lambda: plot_losses({"a": [-1]}, logy=True), "above 0, got none"),
        (lambda: plot_losses({str(n): [1] for n in range(8)}), "losses: expected at most 7"),
        (
            lambda: plot_decision_boundary(square, np.ones((2, 3)), [0, 1]),
            r"x: expected shape \(N, 2\)",
        ),
        (lambda: plot_decision_boundary(square, XOR, [0, 1]), r"t: expected shape \(4, 1\)"),
        (lambda: plot_decision_boundary(lambda p: p, XOR, [0, 1, 1, 0]), "predict: expected shape"),
        (lambda: plot_weight_changes({}), "changes: expected a dict"),
        (lambda: plot_weight_changes({"a": {"w": 1}, "b": {"v": 1}}), r"changes\['b'\]: expected"),
        (
            lambda: plot_weight_changes({"a": {"w": [1]}, "b": {"w": 1}}),
            r"changes\['b'\]: expected",
        ),
        (
            lambda: plot_weight_changes({"a": {"w": np.nan}}),
            r"changes\['a'\]\['w'\]: expected finite",
        ),
        (lambda: plot_difference_error([0.0], [1], [1]), "h: expected"),
        (lambda: plot_difference_error([1, 2], [1], [1, 2]), "forward_error: expected shape"),
    ],
)
def test_wrong_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_repeatable_and_independent_of_settings(name):
    before = PICTURES[name]().png()
    with matplotlib.rc_context(
        {"font.size": 30, "axes.facecolor": "black", "font.family": "serif"}
    ):
        assert PICTURES[name]().png() == before


def test_text_that_is_shown_is_measured_right():
    picture = plot_losses({"a": [1, 2]})
    for words in ("a plain label", "$\\partial E/\\partial w_{h{,}11}$"):
        text = picture.axes[0].text(0, 0, words, fontsize=9)
        box = text.get_window_extent(picture.canvas.get_renderer())
        assert curves.text_size(words, 9)[0] * picture.dpi == pytest.approx(box.width, abs=4)


def test_pyplot_is_not_loaded():
    code = "import sys, helpers.pictures.network_diagram; print('matplotlib.pyplot' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == "False", run.stderr


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize(
    "before",
    ["", "import matplotlib.pyplot as plt", "%matplotlib inline\nimport matplotlib.pyplot as plt"],
    ids=["nothing", "pyplot", "inline"],
)
def test_a_notebook_shows_each_picture_exactly_once(before, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.fspath(ROOT))
    cells = [
        before,
        "from helpers.pictures.curves import plot_losses\nplot_losses({'E': [2, 1]})",
        "from IPython.display import display\ndisplay(plot_losses({'E': [2, 1]}))",
        "picture = plot_losses({'E': [2, 1]})",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert [len(output) for output in outputs] == [0, 1, 1, 0]
    shown = [output[0].data for output in outputs if output]
    assert all(set(data) == {"image/png", "text/plain"} for data in shown)
    assert shown[0] == shown[1]
    assert shown[0]["text/plain"] == "<Picture size 850x420 with 1 Axes>"
    assert outputs[1][0].metadata["image/png"] == {
        "width": 850, "height": 420, "letters": 13.89,
        "alt": "Curves of loss E against steps: E from 2 to 1 at 1.",
    }  # fmt: skip


def test_labels_at_the_ends_of_curves_stay_above_the_labels_of_the_ticks():
    picture = plot_losses({name: [1.0, 1e-9 * n] for n, name in enumerate("abc")})
    picture.canvas.draw()
    (panel,) = picture.axes
    foot = panel.get_window_extent().y0
    heights = [
        panel.transAxes.transform(label.get_position())[1]
        for label in panel.texts
        if label.get_text() in "abc"
    ]
    assert len(heights) == 3 and min(heights) >= foot - 1e-6
