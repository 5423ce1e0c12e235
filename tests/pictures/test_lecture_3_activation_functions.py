"""The pictures of lecture 3 draw what the networks they are given compute, legibly."""

import numpy as np
import pytest

from helpers.course import HIDDEN, lecture_step, xor_data
from helpers.network import Network
from helpers.numerical import central_difference
from helpers.pictures.curves import plot_losses
from helpers.pictures.lecture_3_activation_functions import (
    delta_sizes,
    plot_classes,
    plot_delta_by_layer,
    plot_jacobians,
    plot_output_delta,
    plot_saturation,
    plot_slope_through_activation,
    plot_weighted_inputs,
)
from tests.legibility import assert_legible, assert_repeatable

ONE = [[1.0]]


def deep(hidden):
    rng = np.random.default_rng(5)
    return Network([rng.normal(0, 0.8, (i, j)) for i, j in ((2, 4), (4, 4), (4, 2))], hidden=hidden)


def two_units():
    return {"z = 1": Network([ONE], [[0.0]]), "z = 4": Network([ONE], [[3.0]])}


X = np.array([[0.3, -1.0], [1.2, 0.4]])
T = np.array([[0.0, 1.0], [1.0, 0.2]])
RELU = lecture_step("relu", "linear").net
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]])
CLASSES = np.eye(3)[[0, 1, 2, 1]]


def nearest(points):
    """As outputs: how near each point is to each of the first three corners."""
    return -np.linalg.norm(points[:, None] - CORNERS[:3], axis=2)


PICTURES = {
    "slopes": plot_slope_through_activation,
    "output delta": lambda: plot_output_delta(0.2, marks=[1, 4]),
    "saturation": lambda: plot_saturation(two_units(), [[1.0]], [[0.0]], eta=0.5, steps=30),
    "Jacobians": lambda: plot_jacobians([1.0, 0.5, -0.5], [0, 1, 0]),
    "Jacobians of five": lambda: plot_jacobians([1.0, 0.5, -0.5, 2, -1], [0, 0, 0, 0, 1]),
    "Jacobians of two": lambda: plot_jacobians([1.0, 0.5], [0, 1], loss="half_squared"),
    "layers": lambda: plot_delta_by_layer({hidden: deep(hidden) for hidden in HIDDEN}, X, T),
    "classes": lambda: plot_classes(
        {"before": lambda x: x @ X[:, :1] * [1, -1, 0], "after": nearest}, CORNERS, CLASSES
    ),
    "weighted inputs": lambda: plot_weighted_inputs(
        RELU, *xor_data(), unit=1, etas=[1.0, 1.2], steps=12
    ),
}


def drawn(picture, gid):
    """The x and y of the line with this gid."""
    (line,) = [line for axes in picture.axes for line in axes.lines if line.get_gid() == gid]
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_legible_at_notebook_width(name, monkeypatch):
    assert_legible(PICTURES[name], monkeypatch)


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_repeatable_and_independent_of_settings(name):
    assert_repeatable(PICTURES[name])


def test_slopes_through_the_activation_are_the_formulas():
    picture = plot_slope_through_activation()
    for name, form in (
        ("linear", np.ones_like),
        ("sigmoid", lambda a: a * (1 - a)),
        ("tanh", lambda a: 1 - a**2),
        ("relu", np.ones_like),
    ):
        a, slopes = drawn(picture, name)
        assert len(a) > 50
        np.testing.assert_allclose(slopes, form(a), atol=1e-12)
    assert drawn(picture, "relu")[0].min() > 0
    assert [*map(list, drawn(picture, "relu off"))] == [[0], [0]]


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_output_deltas_are_the_formulas_at_every_z(t):
    pairs = (("sigmoid", "half_squared"), ("sigmoid", "cross_entropy"), ("linear", "half_squared"))
    picture = plot_output_delta(t, pairs, marks=[-2, 0])
    for output, loss in pairs:
        for gid in (f"{output} {loss}", f"{output} {loss} marks"):
            z, delta = drawn(picture, gid)
            assert 0 in z  # where cross-entropy is computed from one side or the other
            a = 1 / (1 + np.exp(-z))
            right = {
                ("sigmoid", "half_squared"): (a - t) * a * (1 - a),
                ("sigmoid", "cross_entropy"): a - t,
                ("linear", "half_squared"): z - t,
            }
            np.testing.assert_allclose(delta, right[output, loss], atol=1e-12)


@pytest.mark.parametrize("loss", ["half_squared", "cross_entropy"])
def test_saturation_follows_gradient_descent(loss):
    picture = plot_saturation(two_units(), [[1.0]], [[0.0]], eta=0.5, steps=30)
    for label, z in (("z = 1", 1.0), ("z = 4", 4.0)):
        outputs = []
        for _ in range(31):
            a = 1 / (1 + np.exp(-z))
            outputs.append(a)
            # weight and bias move by the same amount, since x = 1
            z -= 2 * 0.5 * (a if loss == "cross_entropy" else a * a * (1 - a))
        np.testing.assert_allclose(drawn(picture, f"{label} {loss}")[1], outputs)


@pytest.mark.parametrize("loss", ["half_squared", "cross_entropy"])
def test_jacobians_and_their_deltas(loss):
    z, t = np.array([0.2, -0.4, 0.9, 0.1]), np.array([0.0, 0.0, 1.0, 0.0])
    a = np.exp(z) / np.exp(z).sum()
    whole = np.diag(a) - np.outer(a, a)
    dE_da = -t / a if loss == "cross_entropy" else a - t
    picture = plot_jacobians(z, t, loss=loss)
    np.testing.assert_allclose(drawn(picture, "reference")[1], dE_da @ whole, atol=1e-12)
    np.testing.assert_allclose(drawn(picture, "whole Jacobian")[1], dE_da @ whole, atol=1e-12)
    np.testing.assert_allclose(drawn(picture, "diagonal only")[1], dE_da * np.diag(whole))
    numbers = {
        text.get_gid(): float(text.get_text().replace("−", "-"))
        for axes in picture.axes
        for text in axes.texts
        if text.get_gid()
    }
    for (k, column), value in np.ndenumerate(whole):
        assert numbers[f"whole Jacobian {k} {column}"] == pytest.approx(value, abs=5e-3)
        assert numbers[f"diagonal only {k} {column}"] == pytest.approx(
            value * (k == column), abs=5e-3
        )


@pytest.mark.parametrize("hidden", HIDDEN)
def test_delta_sizes_by_layer(hidden):
    net = deep(hidden)

    def loss_of(k, n):
        def loss(change):
            """The loss of point n with layer k's weighted inputs moved, through its biases."""
            biases = [b + change * (m == k) if m == k else b for m, b in enumerate(net.biases)]
            return Network(net.weights, biases, hidden=hidden).loss(X[n], T[n])

        return loss

    expected = [
        np.sqrt(np.mean([central_difference(loss_of(k, n), 0 * b) ** 2 for n in range(len(X))]))
        for k, b in enumerate(net.biases)
    ]
    np.testing.assert_allclose(delta_sizes(net, X, T), expected, rtol=1e-6)
    layers, values = drawn(plot_delta_by_layer({"one": net}, X, T), "one")
    assert layers.tolist() == [0, 1, 2]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_weighted_inputs_of_a_unit_that_dies_and_of_one_that_does_not():
    x, t = xor_data()
    picture = plot_weighted_inputs(RELU, x, t, unit=1, etas=[1.0, 1.2], steps=12)
    start = RELU.forward(x).z[0][:, 1]
    lines = {
        eta: np.array([drawn(picture, f"x = ({p[0]:g}, {p[1]:g}) {eta:g}")[1] for p in x])
        for eta in (1.0, 1.2)
    }
    for z in lines.values():
        np.testing.assert_allclose(z[:, 0], start)
    assert (lines[1.0].max(axis=0) > 0).all()
    assert (lines[1.2][:, 2:] < 0).all() and np.ptp(lines[1.2][:, 2:], axis=1).max() == 0
    assert np.ptp(lines[1.0][:, 2:], axis=1).min() > 0.1


def test_regions_are_those_of_the_largest_output():
    picture = plot_classes({"one": nearest, "two": lambda x: np.tile([0, 1, 0], (len(x), 1))},
                           CORNERS, CLASSES)  # fmt: skip
    for k, corners in enumerate(([0], [1, 3], [2])):
        found = np.stack(drawn(picture, f"one class {k + 1}"), axis=1)
        np.testing.assert_array_equal(found, CORNERS[corners])
    assert picture.alt.endswith("their own class: one, 3; two, 2.")
    filled = picture.axes[0].collections[0]
    assert len(filled.get_facecolors()) == 3
    assert all(panel.get_aspect() == 1 for panel in picture.axes)


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_says_in_words_what_it_shows(name):
    alt = PICTURES[name]().alt
    assert alt.endswith(".") and len(alt) > 60 and any(letter.isdigit() for letter in alt)


def test_words_have_the_numbers_that_matter():
    assert "z = 4: from 0.982 to 0.964" in PICTURES["saturation"]().alt
    assert "diagonal only 0.000, -0.669, 0.000" in PICTURES["Jacobians"]().alt
    assert "below 0 for 2 of 4 points at the start and for 4 at the end" in (
        PICTURES["weighted inputs"]().alt
    )
    assert "derivatives from 0.02 to 0.25, the largest at activation 0.50" in (
        PICTURES["slopes"]().alt
    )


def test_an_activation_has_one_colour_in_all_pictures():
    colours = [
        {
            line.get_gid(): line.get_color()
            for line in picture.axes[0].lines
            if line.get_gid() in ("sigmoid", "tanh", "ReLU", "relu")
        }
        for picture in (
            plot_slope_through_activation(),
            plot_delta_by_layer({hidden: deep(hidden) for hidden in HIDDEN[::-1]}, X, T),
            plot_losses({"tanh": [1, 2], "relu": [2, 1], "sigmoid": [1, 3]}),
        )
    ]
    for name in (["sigmoid"], ["tanh"], ["ReLU", "relu"]):
        assert len({found for of in colours for key, found in of.items() if key in name}) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot_slope_through_activation(["softmax"]), "names: expected any of"),
        (lambda: plot_slope_through_activation([]), "names: expected any of"),
        (lambda: plot_slope_through_activation(limit=-1), "limit: expected"),
        (lambda: plot_output_delta(limit=0), "limit: expected"),
        (lambda: plot_output_delta(pairs=()), "pairs: expected 1 to"),
        (lambda: plot_output_delta(pairs=[("linear", "cross_entropy")]), "loss: cross_entropy"),
        (lambda: plot_saturation({}, ONE, ONE, eta=1, steps=1), "nets: expected a dict"),
        (lambda: plot_saturation(two_units(), [[1], [2]], ONE, eta=1, steps=1), "one data point"),
        (lambda: plot_jacobians([1.0], [1.0]), "z: expected 2 to 5"),
        (lambda: plot_jacobians(np.ones(6), np.ones(6)), "z: expected 2 to 5"),
        (lambda: plot_jacobians([1.0, 2], [1.0]), r"t: expected shape \(2,\)"),
        (lambda: plot_jacobians([1.0, 2], [1.0, 0], loss="squared"), "loss: expected one of"),
        (lambda: plot_classes({}, CORNERS, CLASSES), "networks: expected a dict of 1 to 3"),
        (lambda: plot_classes({"a": nearest}, CORNERS[:, :1], CLASSES), r"expected shape \(N, 2\)"),
        (lambda: plot_classes({"a": nearest}, CORNERS, CLASSES[1:]), r"t: expected shape \(4, K\)"),
        (
            lambda: plot_classes({"a": lambda x: x}, CORNERS, CLASSES),
            r"networks\['a'\]: expected outputs",
        ),
        (lambda: plot_delta_by_layer({}, X, T), "networks: expected a dict"),
        (
            lambda: plot_delta_by_layer({"a": Network([ONE], output="linear")}, ONE, ONE),
            "a delta that is not 0",
        ),
        (
            lambda: plot_weighted_inputs(RELU, *xor_data(), unit=2, etas=[1], steps=1),
            "unit: expected 0 to 1",
        ),
        (
            lambda: plot_weighted_inputs(RELU, *xor_data(), unit=0, etas=[], steps=1),
            "etas: expected at least one",
        ),
        (
            lambda: plot_weighted_inputs(
                RELU, np.ones((8, 2)), np.ones((8, 1)), unit=0, etas=[1], steps=1
            ),
            "x: expected at most 7",
        ),
    ],
)
def test_wrong_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
