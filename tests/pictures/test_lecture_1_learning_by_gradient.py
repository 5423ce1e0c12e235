"""The pictures of learning draw the data they are given, legibly, and name wrong arguments."""

import numpy as np
import pytest

from helpers.course import lecture_step, line_example, slide_example, tutorial_step, xor_data
from helpers.pictures.lecture_1_learning_by_gradient import (
    AGE_OF_UNIVERSE,
    duration,
    place_name,
    plot_descent_on_curve,
    plot_grid_losses,
    plot_growth,
    plot_learning_rates,
    plot_steepest_ascent,
)
from helpers.weight_space import WeightSpace
from tests.legibility import assert_legible, assert_repeatable

LABELS = ("weight $w$", "bias $b$")
BOWL = WeightSpace(*line_example())
ALONG_W = WeightSpace(*line_example(), [(0, 0, 0)])
STEP = tutorial_step("tanh")
ANY = WeightSpace(STEP.net, STEP.x, STEP.t, [(0, 0, 1), (1, 1, 0)])
LOSSES = np.random.default_rng(1).gamma(2, size=500)
PICTURES = {
    "growth": lambda: plot_growth(mark=9),
    "grid": lambda: plot_grid_losses(LOSSES, others={"one of them": 3.0}),
    "ascent": lambda: plot_steepest_ascent(BOWL, labels=LABELS),
    "ascent of any network": lambda: plot_steepest_ascent(ANY),
    "curve": lambda: plot_descent_on_curve(ALONG_W, 0.25, label="weight $w$"),
    "rates": lambda: plot_learning_rates(BOWL, [0.02, 0.4, 0.74, 0.8], labels=LABELS),
    "rates of any network": lambda: plot_learning_rates(ANY, [0.5, 5, 50]),
}


def lines(picture, axes=0):
    return {line.get_gid(): line for line in picture.axes[axes].lines if line.get_gid()}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_legible_at_notebook_width(name, monkeypatch):
    assert_legible(PICTURES[name], monkeypatch)


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_repeatable_and_independent_of_settings(name):
    assert_repeatable(PICTURES[name])


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_say_in_words_what_they_show(name):
    alt = PICTURES[name]().alt
    assert 80 < len(alt) < 600 and alt.endswith(".") and not set("${}\\") & set(alt)


def test_the_words_have_the_numbers_that_matter(monkeypatch):
    points, losses = ALONG_W.descend(0.25, 4)
    for picture, numbers in (
        (plot_grid_losses(LOSSES), (f"{LOSSES.min():.4f}", "500 networks")),
        (plot_steepest_ascent(BOWL, labels=LABELS), ("weight w = -1, bias b = 3", "4.12", "2.36")),
        (PICTURES["curve"](), ("rate of 0.25", f"{points[2, 0]:.3g} with loss {losses[2]:.3g}")),
        (PICTURES["rates"](), ("0.02: from 5 to 1.85", "over weight w and bias b")),
    ):
        for number in numbers:
            assert number in picture.alt
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *_, **more: shown.append(more))
    PICTURES["curve"]()._ipython_display_()
    assert shown[0]["metadata"]["image/png"]["alt"] == PICTURES["curve"]().alt


def test_growth_is_drawn_as_computed():
    picture = plot_growth((2, 10), highest=12, mark=9)
    for k in (2, 10):
        n, networks = lines(picture)[f"k={k}"].get_data()
        assert n.tolist() == list(range(1, 13)) and networks.tolist() == [k**i for i in n]
    assert picture.axes[0].get_yscale() == "log"
    assert lines(picture)["a second"].get_ydata()[0] == 10**6
    assert lines(picture)["the age of the universe"].get_ydata()[0] == AGE_OF_UNIVERSE * 10**6
    assert lines(picture)["mark"].get_xdata()[0] == 9


def test_grid_losses_are_counted_and_the_best_is_marked():
    picture = plot_grid_losses(LOSSES, others={"one of them": 3.0})
    bars = picture.axes[0].patches
    assert sum(bar.get_height() for bar in bars) == len(LOSSES)
    assert lines(picture)["best of the grid"].get_xdata() == [LOSSES.min()]
    assert lines(picture)["one of them"].get_xdata() == [3.0]


@pytest.mark.parametrize("space", [BOWL, ANY])
def test_the_rate_of_change_is_largest_along_the_gradient(space):
    picture = plot_steepest_ascent(space)
    gradient = space.gradient(space.start)
    degrees, rates = lines(picture, 1)["rates"].get_data()
    uphill = np.arctan2(gradient[1], gradient[0])
    directions = np.exp(1j * (uphill + np.radians(degrees)))
    expected = gradient[0] * directions.real + gradient[1] * directions.imag
    np.testing.assert_allclose(rates, expected, atol=1e-6)
    (angle, rate) = lines(picture, 1)["along the gradient"].get_xydata()[0]
    assert rate == pytest.approx(np.linalg.norm(gradient))
    assert rate == pytest.approx(rates.max(), rel=1e-3)
    assert angle == degrees[np.argmax(rates)] == 0
    (angle, rate) = lines(picture, 1)["against it"].get_xydata()[0]
    assert rate == pytest.approx(rates.min()) and abs(angle) == abs(degrees[np.argmin(rates)])


@pytest.mark.parametrize("space", [BOWL, ANY])
def test_the_step_on_the_surface_is_the_one_on_the_curve(space):
    picture = plot_steepest_ascent(space)
    gradient = space.gradient(space.start)
    (tip,) = (text.xy for text in picture.axes[0].texts if text.get_gid() == "a step")
    direction = (tip - space.start) / np.linalg.norm(tip - space.start)
    (angle, rate) = lines(picture, 1)["dashed step"].get_xydata()[0]
    assert rate == pytest.approx(gradient @ direction, rel=1e-4)
    assert np.cos(np.radians(angle)) == pytest.approx(rate / np.linalg.norm(gradient), rel=1e-4)


def test_the_arrows_lie_on_the_gradient():
    picture = plot_steepest_ascent(BOWL)
    tips = {text.get_gid(): text.xy for text in picture.axes[0].texts if text.get_gid()}
    for name, sign in (("ascent", 1), ("descent", -1)):
        arrow = np.asarray(tips[name]) - BOWL.start
        gradient = sign * BOWL.gradient(BOWL.start)
        assert arrow @ gradient == pytest.approx(np.linalg.norm(arrow) * np.linalg.norm(gradient))


def test_the_curve_has_its_points_and_tangents():
    picture = plot_descent_on_curve(ALONG_W, 0.25, steps=3)
    points, losses = ALONG_W.descend(0.25, 3)
    drawn = lines(picture)
    assert drawn["points"].get_xdata().tolist() == points[:, 0].tolist()
    assert drawn["points"].get_ydata().tolist() == losses.tolist()
    for k in range(3):
        (x, y) = drawn[f"tangent {k}"].get_data()
        assert np.diff(y)[0] / np.diff(x)[0] == pytest.approx(ALONG_W.gradient(points[k])[0])
        assert np.mean(y) == pytest.approx(losses[k])
    w, E = drawn["loss"].get_data()
    np.testing.assert_allclose(E, ALONG_W.loss(w[:, None]))


def test_each_learning_rate_has_its_path_and_its_losses():
    etas = [0.02, 0.4, 0.8]
    picture = plot_learning_rates(BOWL, etas, steps=7, start=[0, 3], labels=LABELS)
    for column, eta in enumerate(etas):
        points, losses = BOWL.descend(eta, 7, [0, 3])
        path = lines(picture, column)[f"path {eta:g}"]
        assert path.get_xydata().tolist() == points.tolist()
        assert lines(picture, column)["start"].get_xydata().tolist() == [[0, 3]]
        assert picture.axes[column].get_title() == f"$\\eta$ = {eta:g}"
        curve = lines(picture, column + len(etas))[f"loss {eta:g}"]
        np.testing.assert_allclose(curve.get_ydata(), losses)
    assert picture.axes[0].get_xlabel() == LABELS[0]


def test_a_path_ends_where_it_leaves_the_picture():
    picture = plot_learning_rates(BOWL, [0.4, 0.8])
    points = BOWL.descend(0.8, 20)[0]
    path = lines(picture, 1)["path 0.8"].get_xydata()
    (left, right), (low, high) = picture.axes[1].get_xlim(), picture.axes[1].get_ylim()
    inside = [left <= w <= right and low <= b <= high for w, b in path]
    assert 1 < len(path) < len(points) and path.tolist() == points[: len(path)].tolist()
    assert inside[-2:] == [True, False]
    assert len(lines(picture)["path 0.4"].get_xydata()) == 21


def test_markers_of_a_path_do_not_cover_each_other():
    picture = plot_learning_rates(BOWL, [0.02, 0.4])
    path = lines(picture)["path 0.02"]
    shown = path.get_xydata()[path.get_markevery()]
    assert 2 < len(shown) < len(path.get_xydata()) == 21
    assert np.hypot(*np.diff(shown, axis=0).T).min() > 0.03 * np.ptp(picture.axes[0].get_ylim())


def test_directions_on_surfaces_are_true():
    for picture in (plot_steepest_ascent(BOWL), plot_learning_rates(BOWL, [0.1, 0.4])):
        assert picture.axes[0].get_aspect() == 1


def test_counts_are_written_as_counts():
    panel = plot_grid_losses(LOSSES).axes[0]
    panel.figure.canvas.draw()
    labels = [label.get_text() for label in panel.get_yticklabels()]
    assert labels == ["1", "10", "100"]
    panel = plot_grid_losses(np.resize(LOSSES, 5000)).axes[0]
    panel.figure.canvas.draw()
    assert panel.get_yticklabels()[-1].get_text() == "1,000"


def test_the_surface_shows_the_start_and_the_limits_that_are_given():
    picture = plot_learning_rates(BOWL, [0.1])
    (left, right), (low, high) = picture.axes[0].get_xlim(), picture.axes[0].get_ylim()
    assert left < -1 < right and low < 3 < high
    box = picture.axes[0].get_window_extent()
    assert (right - left) / (high - low) == pytest.approx(box.width / box.height)
    limits = [[-3, -2], [4, 5]]
    panel = plot_learning_rates(BOWL, [0.1], limits=limits).axes[0]
    assert np.transpose([panel.get_xlim(), panel.get_ylim()]).tolist() == limits


def test_a_path_that_explodes_does_not_stretch_the_losses_of_the_others():
    picture = plot_learning_rates(BOWL, [0.4, 50.0])
    low, high = picture.axes[2].get_ylim()
    assert 0 < low < 5 < high <= 1e4
    picture.png()


def test_a_start_at_the_lowest_point_can_be_drawn():
    plot_learning_rates(BOWL, [0.4], start=[2, 1]).png()


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (512, "less than a second"),
        (10**6, "1 second"),
        (5**9, "2 seconds"),
        (10**9, "17 minutes"),
        (10**18, "31,688 years"),
        (10**30, "10^16 years"),
        (2**23860, "10^7169 years"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # too long an int
)
def test_durations_in_words(networks, words):
    assert duration(networks) == words


def test_places_have_the_names_of_the_course():
    net = lecture_step().net
    names = [place_name(net, place) for place in ((0, 0, 1), (0, 1), (1, 1, 0), (1, 0))]
    assert names == ["$w_{h{,}12}$", "$b_{h{,}2}$", "$w_{o{,}21}$", "$b_{o{,}1}$"]
    assert place_name(line_example()[0], (0, 0, 0)) == "$w_{o{,}11}$"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot_growth([1, 2]), "values: expected 1 to 7 numbers"),
        (lambda: plot_growth([]), "values: expected"),
        (lambda: plot_growth(highest=400), "highest: expected"),
        (lambda: plot_grid_losses([np.nan]), "losses: expected finite"),
        (lambda: plot_grid_losses([[1.0]]), "losses: expected the losses of a grid"),
        (
            lambda: plot_grid_losses([1], others=dict.fromkeys("abcd", 1)),
            "others: expected at most",
        ),
        (lambda: plot_steepest_ascent(ALONG_W), "space: expected 2 places, got 1"),
        (lambda: plot_steepest_ascent(BOWL, [1]), r"point: expected shape \(2,\)"),
        (lambda: plot_steepest_ascent(BOWL, [2, 1]), "point: the gradient is zero"),
        (lambda: plot_steepest_ascent(BOWL, labels=["w"]), "labels: expected 2"),
        (lambda: plot_descent_on_curve(BOWL, 0.1), "space: expected 1 places, got 2"),
        (lambda: plot_descent_on_curve(ALONG_W, 0.1, start=[1, 2]), "start: expected shape"),
        (lambda: plot_learning_rates(WeightSpace(*slide_example()), [1]), "space: expected 2"),
        (lambda: plot_learning_rates(BOWL, []), "etas: expected 1 to 4"),
        (lambda: plot_learning_rates(BOWL, [0.0]), "etas: expected 1 to 4"),
        (lambda: plot_learning_rates(BOWL, [1] * 5), "etas: expected 1 to 4"),
        (lambda: plot_learning_rates(BOWL, [1], start=[np.nan, 1]), "start: expected finite"),
        (lambda: plot_learning_rates(BOWL, [1], limits=[[1, 1], [0, 2]]), "limits: expected"),
        (lambda: duration(0), "networks: expected at least 1"),
    ],
)
def test_wrong_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_data_set_of_the_lecture_fits_any_network_of_its_topology():
    space = WeightSpace(lecture_step("relu").net, *xor_data(), [(0, 0, 0), (1, 0)])
    plot_learning_rates(space, [0.1, 1]).png()
