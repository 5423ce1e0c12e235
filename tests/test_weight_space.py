"""The loss over chosen weights agrees with the network and its reference gradients."""

import numpy as np
import pytest

from helpers.course import lecture_step, line_example, slide_example, xor_data
from helpers.network import HIDDEN_ACTIVATIONS, Network
from helpers.reference import gradients
from helpers.weight_space import CHUNK, WeightSpace

rng = np.random.default_rng(4)


def network(hidden="sigmoid", output="sigmoid", loss="half_squared", sizes=(2, 3, 2)):
    return Network(
        [rng.uniform(-1, 1, shape) for shape in zip(sizes, sizes[1:])],
        [rng.uniform(-1, 1, units) for units in sizes[1:]],
        hidden=hidden,
        output=output,
        loss=loss,
    )


def data(points=5, inputs=2, outputs=2):
    return rng.uniform(-1, 1, (points, inputs)), rng.uniform(0.1, 0.9, (points, outputs))


def flat(weights, biases):
    return np.concatenate([np.ravel(a) for pair in zip(weights, biases) for a in pair])


@pytest.fixture
def bowl():
    return WeightSpace(*line_example())


@pytest.mark.parametrize("hidden", HIDDEN_ACTIVATIONS)
@pytest.mark.parametrize(
    ("output", "loss"),
    [("linear", "half_squared"), ("sigmoid", "squared"), ("softmax", "cross_entropy")],
)
@pytest.mark.parametrize("sizes", [(2, 2), (2, 3, 2), (2, 4, 3, 2)])
def test_loss_and_gradient_are_those_of_the_network(hidden, output, loss, sizes):
    net = network(hidden, output, loss, sizes)
    x, t = data()
    space = WeightSpace(net, x, t)
    assert space.start.tolist() == flat(net.weights, net.biases).tolist()
    assert space.loss(space.start) == pytest.approx(net.loss(x, t), rel=1e-14)
    reference = gradients(net, x, t)
    np.testing.assert_allclose(
        space.gradient(space.start), flat(reference.weights, reference.biases), atol=1e-14
    )


def test_chosen_places_vary_and_the_rest_stays():
    net = network()
    x, t = data()
    places = [(1, 2, 0), (0, 1)]  # a weight of the output layer, a bias of the hidden layer
    space = WeightSpace(net, x, t, places)
    assert space.start.tolist() == [net.weights[1][2, 0], net.biases[0][1]]
    other = Network(net.weights, net.biases)
    other.weights[1][2, 0], other.biases[0][1] = 0.3, -0.7
    assert space.loss([0.3, -0.7]) == pytest.approx(other.loss(x, t), rel=1e-14)
    g = gradients(other, x, t)
    np.testing.assert_allclose(
        space.gradient([0.3, -0.7]), [g.weights[1][2, 0], g.biases[0][1]], atol=1e-14
    )


def test_weights_only_leaves_the_biases_out():
    net, x, t = slide_example()
    assert WeightSpace(net, x, t, "weights").places == [
        *[(0, i, j) for i in range(2) for j in range(3)],
        *[(1, j, 0) for j in range(3)],
    ]


def test_many_points_at_once_in_any_shape(bowl):
    points = rng.uniform(-2, 2, (3, CHUNK // 2, 2))  # more than one chunk
    losses = bowl.loss(points)
    assert losses.shape == points.shape[:-1]
    assert losses[2, 7] == bowl.loss(points[2, 7])
    assert bowl.loss(np.empty((0, 2))).shape == (0,)


def test_whole_numbers_do_not_round_the_other_weights():
    space = WeightSpace(lecture_step().net, *xor_data(), [(0, 0, 0)])
    assert space.loss([1]) == space.loss([1.0])


def test_the_bowl_by_hand(bowl):
    """E = ½ · ½ ((b - 1)² + (2w + b - 5)²)."""
    assert bowl.loss([-1, 3]) == 5 and bowl.loss([2, 1]) == 0
    np.testing.assert_allclose(bowl.gradient([-1, 3]), [-4, -1], atol=1e-14)
    np.testing.assert_allclose(bowl.curvature([0.3, 0.7]), [[2, 1], [1, 1]], atol=1e-9)


def test_curvature_of_a_network_is_symmetric_and_that_of_its_loss():
    space = WeightSpace(network(), *data(), [(0, 0, 0), (1, 0, 1)])
    curvature = space.curvature(space.start)
    np.testing.assert_allclose(curvature, curvature.T, atol=1e-7)
    h = 1e-3
    across = [space.loss(space.start + [s, 0]) for s in (-h, 0, h)]
    assert curvature[0, 0] == pytest.approx(np.diff(across, 2)[0] / h**2, abs=1e-5)


def test_descent_takes_the_steps_of_the_rule(bowl):
    points, losses = bowl.descend(0.25, 3)
    assert points.shape == (4, 2) and losses.shape == (4,)
    point = np.array([-1.0, 3.0])
    for k in range(4):
        np.testing.assert_allclose(points[k], point, atol=1e-14)
        assert losses[k] == pytest.approx(bowl.loss(point))
        point = point - 0.25 * bowl.gradient(point)
    assert points[1].tolist() == [0, 3.25]
    assert bowl.descend(0.25, 0, [2, 1])[0].tolist() == [[2, 1]]


def test_descent_that_explodes_stays_finite(bowl):
    points, losses = bowl.descend(1e200, 5)
    assert np.all(np.isfinite(points)) and np.all(np.isfinite(losses))


@pytest.mark.parametrize("values", [(-1, 2), (-5, 0, 5)])
def test_a_grid_holds_every_combination_once(values):
    space = WeightSpace(lecture_step().net, *xor_data(), [(0, 0, 0), (0, 1), (1, 0)])
    blocks = list(space.search_grid(values))
    points = np.concatenate([points for points, _ in blocks])
    losses = np.concatenate([losses for _, losses in blocks])
    assert points.shape == (len(values) ** 3, 3) and losses.shape == (len(values) ** 3,)
    assert len(np.unique(points, axis=0)) == len(points)
    assert set(np.unique(points)) == set(values)
    np.testing.assert_allclose(losses, space.loss(points), rtol=1e-14)


def test_a_grid_over_all_nine_numbers_comes_in_blocks():
    space = WeightSpace(lecture_step().net, *xor_data())
    blocks = [losses for _, losses in space.search_grid(np.linspace(-5, 5, 4))]
    assert sum(map(len, blocks)) == 4**9 and max(map(len, blocks)) == CHUNK


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda net, x, t: WeightSpace(net, x[:, :1], t), "x: expected shape"),
        (lambda net, x, t: WeightSpace(net, x, t[:2]), "t: expected shape"),
        (lambda net, x, t: WeightSpace(net, x, t, [(2, 0, 0)]), r"places: .* got \(2, 0, 0\)"),
        (lambda net, x, t: WeightSpace(net, x, t, [(0, -1, 0)]), "places: expected"),
        (lambda net, x, t: WeightSpace(net, x, t, [(0,)]), "places: expected"),
        (lambda net, x, t: WeightSpace(net, x, t, []), "places: expected at least one, each once"),
        (lambda net, x, t: WeightSpace(net, x, t, [(0, 0), (0, 0)]), "places: .*each once"),
        (lambda net, x, t: WeightSpace(net, x, t).loss([1, 2]), r"points: expected shape \(…, 9\)"),
        (lambda net, x, t: WeightSpace(net, x, t).gradient([1]), r"point: expected shape \(9,\)"),
        (lambda net, x, t: WeightSpace(net, x, t).curvature([1]), r"point: expected shape \(9,\)"),
        (
            lambda net, x, t: WeightSpace(net, x, t).descend(1, 1, [np.nan] * 9),
            "start: expected finite",
        ),
        (
            lambda net, x, t: next(WeightSpace(net, x, t).search_grid([np.inf])),
            "values: expected finite",
        ),
    ],
)
def test_wrong_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(lecture_step().net, *xor_data())
