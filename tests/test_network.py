"""Forward passes, and what Network says of arguments that do not fit."""

import numpy as np
import pytest

from helpers.network import Network, relu, sigmoid, softmax
from tests.published import mazur


def test_forward_pass_of_mazurs_example():
    trace = mazur().forward([0.05, 0.10])
    assert trace.z[0][0, 0] == pytest.approx(0.3775, abs=5e-10)
    np.testing.assert_allclose(trace.a[0], [[0.593269992, 0.596884378]], rtol=0, atol=5e-10)
    assert trace.z[1][0, 0] == pytest.approx(1.105905967, abs=5e-10)
    np.testing.assert_allclose(trace.a[1], [[0.75136507, 0.772928465]], rtol=0, atol=5e-9)
    assert mazur().loss([0.05, 0.10], [0.01, 0.99]) == pytest.approx(0.298371109, abs=5e-10)


def test_forward_pass_of_the_slide_example():
    net = Network([[[1, 4, 3], [3, 2, -2]], [[-1], [-3], [2]]], hidden="linear", output="linear")
    trace = net.forward([3, -2])
    assert trace.a[0].tolist() == [[-3, 8, 13]]
    assert trace.a[1].tolist() == [[5]]
    assert net.loss([3, -2], [9]) == 8


def test_the_loss_of_a_batch_is_the_average_of_its_points_losses():
    net, x, t = mazur(), [[0.05, 0.1], [-1, 2], [0.3, 0]], [[0.01, 0.99], [0.5, 0.2], [0, 1]]
    each = [net.loss(point, target) for point, target in zip(x, t)]
    assert net.loss(x, t) == pytest.approx(np.mean(each), rel=1e-14)


def test_squared_is_twice_half_squared():
    x, t = [0.05, 0.10], [0.01, 0.99]
    squared = Network(mazur().weights, mazur().biases, loss="squared")
    assert squared.loss(x, t) == pytest.approx(2 * mazur().loss(x, t), rel=1e-15)


def test_cross_entropy_by_its_definition():
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(3, 4)), rng.normal(size=(5, 3))
    t = np.eye(4)[[0, 1, 2, 3, 0]]
    net = Network([w], output="softmax", loss="cross_entropy")
    expected = -np.log((net.forward(x).a[-1] * t).sum(axis=1)).mean()
    assert net.loss(x, t) == pytest.approx(expected, rel=1e-12)

    net = Network([w], output="sigmoid", loss="cross_entropy")
    a = net.forward(x).a[-1]
    expected = -(t * np.log(a) + (1 - t) * np.log(1 - a)).sum(axis=1).mean()
    assert net.loss(x, t) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("function", [sigmoid, softmax, relu])
def test_large_weighted_inputs_do_not_overflow(function):
    with np.errstate(all="raise", under="ignore"):
        a = function(np.array([[-1000.0, 0.0, 1000.0]]))
    assert np.all(np.isfinite(a))


def test_cross_entropy_of_a_saturated_output_is_finite():
    net = Network([[[1000.0]]], output="sigmoid", loss="cross_entropy")
    assert net.loss([1.0], [0.0]) == pytest.approx(1000)


def test_the_network_keeps_its_own_copies():
    w = np.ones((2, 1))
    net = Network([w])
    w[:] = 7
    assert net.weights[0].tolist() == [[1], [1]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(weights=[]), "weights: expected a list"),
        (dict(weights=[[1, 2]]), r"weights\[0\]: expected a matrix .* got shape \(2,\)"),
        (dict(weights=[[[1, 2], [3]]]), r"weights\[0\]: .* unequal length"),
        (dict(weights=[[["a"]]]), r"weights\[0\]: expected real numbers"),
        (dict(weights=[[[1j]]]), r"weights\[0\]: expected real numbers"),
        (dict(weights=[[[np.nan]]]), r"weights\[0\]: expected finite numbers"),
        (dict(weights=[[[1, 2]], [[1]]]), r"weights\[1\]: layer 0 has 2 units"),
        (dict(weights=[[[1]]], biases=[]), "biases: expected None or a list of 1"),
        (dict(weights=[[[1]]], biases=3), "biases: expected None or a list of 1"),
        (dict(weights=[[[1]]], biases=[[1, 2]]), r"biases\[0\]: expected shape \(1,\)"),
        (dict(weights=[[[1]]], hidden="softmax"), "hidden: expected one of .* got 'softmax'"),
        (dict(weights=[[[1]]], output="swish"), "output: expected one of"),
        (dict(weights=[[[1]]], loss=None), "loss: expected one of"),
        (dict(weights=[[[1]]], output="tanh", loss="cross_entropy"), "loss: cross_entropy needs"),
    ],
)
def test_what_does_not_fit_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        Network(**arguments)


@pytest.mark.parametrize(
    ("x", "t", "words"),
    [
        ([1, 2, 3], [1, 1], r"x: expected shape \(N, 2\), got \(1, 3\)"),
        (np.ones((0, 2)), [1, 1], "x: expected shape"),
        ([1, 2], [1], r"t: expected shape \(1, 2\)"),
        ([1, np.inf], [1, 1], "x: expected finite"),
        ([[1, 2], [3, 4]], [1, 1], r"t: expected shape \(2, 2\)"),
    ],
)
def test_batches_that_do_not_fit_are_named(x, t, words):
    with pytest.raises(ValueError, match=words):
        mazur().loss(x, t)
