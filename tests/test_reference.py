"""Reference gradients against published examples, against Keras, and against differences."""

import itertools

import numpy as np
import pytest

from helpers.network import Network
from helpers.numerical import central_difference, forward_difference
from helpers.reference import gradients, slope
from helpers.sgd_step import SGDStep, random_step
from tests.published import mazur

HIDDEN = ["linear", "sigmoid", "tanh", "relu"]
OUTPUT = [*HIDDEN, "softmax"]
LOSSES = ["half_squared", "squared", "cross_entropy"]
COMBINATIONS = [
    (hidden, output, loss)
    for hidden, output, loss in itertools.product(HIDDEN, OUTPUT, LOSSES)
    if loss != "cross_entropy" or output in ("sigmoid", "softmax")
]


def test_mazurs_example_to_the_digits_published():
    step = SGDStep(mazur(), [0.05, 0.10], [0.01, 0.99], eta=0.5)
    assert step["dW_o"][0, 0] == pytest.approx(0.082167041, abs=5e-10)
    assert step["dE_da_h"][0, 0] == pytest.approx(0.036350306, abs=5e-10)
    assert step["dW_h"][0, 0] == pytest.approx(0.000438568, abs=5e-10)
    # w5 w7 / w6 w8, then w1 w3 / w2 w4 of his picture
    published = [[0.35891648, 0.511301270], [0.408666186, 0.561370121]]
    np.testing.assert_allclose(step["W_o_new"], published, rtol=0, atol=5e-9)
    published = [[0.149780716, 0.24975114], [0.19956143, 0.29950229]]
    np.testing.assert_allclose(step["W_h_new"], published, rtol=0, atol=5e-9)
    # He leaves the biases where they were. He prints 0.291027924; the weights that he prints give
    # 0.291027774, so the seventh digit is a slip of his.
    after = Network([step["W_h_new"], step["W_o_new"]], mazur().biases)
    assert after.loss([0.05, 0.10], [0.01, 0.99]) == pytest.approx(0.291027924, abs=2e-7)
    printed = Network(
        [
            [[0.149780716, 0.24975114], [0.19956143, 0.29950229]],
            [[0.35891648, 0.511301270], [0.408666186, 0.561370121]],
        ],
        mazur().biases,
    )
    assert printed.loss([0.05, 0.10], [0.01, 0.99]) == pytest.approx(0.291027774, abs=1e-9)


def test_the_slide_example():
    net = Network([[[1, 4, 3], [3, 2, -2]], [[-1], [-3], [2]]], hidden="linear", output="linear")
    g = gradients(net, [3, -2], [9])
    assert g.loss == 8
    np.testing.assert_allclose(g.weights[0], [[12, 36, -24], [-8, -24, 16]], rtol=1e-14)
    np.testing.assert_allclose(g.weights[1], [[12], [-32], [-52]], rtol=1e-14)


@pytest.mark.sampled(0.15)
@pytest.mark.parametrize(("hidden", "output", "loss"), COMBINATIONS)
def test_gradients_agree_with_keras(hidden, output, loss):
    from helpers.keras import keras, tf

    rng = np.random.default_rng(COMBINATIONS.index((hidden, output, loss)))
    for depth in (1, 2, 3, 4):
        sizes = rng.integers(1, 5, depth + 1)
        sizes[-1] = max(sizes[-1], 2)
        points = int(rng.integers(1, 8))
        net = Network(
            # Moderate: near 0 and 1 the logarithms written below lose digits; the network's do not.
            [rng.normal(scale=0.7, size=shape) for shape in zip(sizes, sizes[1:])],
            [rng.normal(scale=0.7, size=n) for n in sizes[1:]],
            hidden=hidden,
            output=output,
            loss=loss,
        )
        x = rng.normal(size=(points, sizes[0]))
        t = rng.dirichlet(np.ones(sizes[-1]), points)

        layers = [keras.layers.Dense(int(n), dtype="float64") for n in sizes[1:]]
        a, z = tf.constant(x), []
        for layer, w, b in zip(layers, net.weights, net.biases):
            layer.build((None, w.shape[0]))
            layer.set_weights([w, b])
        with tf.GradientTape(persistent=True) as tape:
            for k, layer in enumerate(layers):
                z.append(layer(a))
                name = output if k == depth - 1 else hidden
                a = keras.activations.get(name)(z[-1])
            if loss == "cross_entropy" and output == "softmax":
                each = -tf.reduce_sum(t * tf.math.log(a), axis=1)
            elif loss == "cross_entropy":
                terms = t * tf.math.log(a) + (1 - t) * tf.math.log(1 - a)
                each = -tf.reduce_sum(terms, axis=1)
            else:
                factor = {"half_squared": 0.5, "squared": 1.0}[loss]
                each = factor * tf.reduce_sum((t - a) ** 2, axis=1)
            total, mean = tf.reduce_sum(each), tf.reduce_mean(each)

        g = gradients(net, x, t)

        def agree(ours, theirs):
            np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-9, atol=1e-12)

        agree(g.loss, mean)
        for k, layer in enumerate(layers):
            agree(g.delta[k], tape.gradient(total, z[k]))
            agree(g.weights[k], tape.gradient(mean, layer.kernel))
            agree(g.biases[k], tape.gradient(mean, layer.bias))


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("loss", ["half_squared", "cross_entropy"])
def test_following_with_nothing_given_is_the_step_itself(hidden, loss):
    step = random_step(np.random.default_rng(1), hidden, loss=loss)
    for name, value in step.following().items():
        np.testing.assert_allclose(value, step[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_following_uses_what_is_given_and_leaves_the_rest():
    step = random_step(np.random.default_rng(1), "tanh")
    given = step.following(delta_o=2 * step["delta_o"])
    np.testing.assert_allclose(given["dW_h"], 2 * step["dW_h"], rtol=1e-12)
    np.testing.assert_allclose(given["a_o"], step["a_o"], rtol=1e-14)


def test_slope_is_that_of_the_formulas():
    z = np.linspace(-3, 3, 12)
    np.testing.assert_allclose(slope(np.tanh, z), 1 - np.tanh(z) ** 2, rtol=1e-12)


# f(x1, x2) = (2 x1 + 3 x2)² + 3 at (1, 3): the slope along x1 is exactly 44.


def f(x):
    return (2 * x[0] + 3 * x[1]) ** 2 + 3


def test_differences_of_the_lectures_function():
    x = np.array([1.0, 3.0])
    assert central_difference(f, x, h=0.02)[0] == pytest.approx(44, abs=1e-9)
    assert forward_difference(f, x, h=0.02)[0] == pytest.approx(44.08, abs=1e-9)
    assert (f([1.01, 3]), f([0.99, 3])) == pytest.approx((124.4404, 123.5604), abs=1e-9)


def test_errors_shrink_with_h_and_with_its_square():
    x, exact = np.array([0.7]), np.cos(0.7)

    def error(difference, h):
        return abs(difference(lambda w: np.sin(w[0]), x, h)[0] - exact)

    ratio = error(forward_difference, 0.02) / error(forward_difference, 0.01)
    assert ratio == pytest.approx(2, rel=0.02)
    ratio = error(central_difference, 0.02) / error(central_difference, 0.01)
    assert ratio == pytest.approx(4, rel=0.02)


def test_float32_stays_float32_and_is_useless_with_a_tiny_step():
    x = np.array([1, 3], dtype="float32")
    result = central_difference(f, x, h=1e-5)
    assert result.dtype == np.float32
    assert abs(result[0] - 44) > 0.5


def test_differences_leave_their_argument_alone_and_refuse_an_empty_step():
    x = np.array([1.0, 3.0])
    central_difference(f, x)
    assert x.tolist() == [1, 3]
    with pytest.raises(ValueError, match="h: expected a positive step"):
        forward_difference(f, x, h=0)


def test_differences_agree_with_the_complex_step_on_a_network():
    step = random_step(np.random.default_rng(3), "sigmoid")
    numerical = central_difference(
        lambda w: step.loss_with({**step.parameters, "W_h": w}), step["W_h"], 1e-5
    )
    np.testing.assert_allclose(numerical, step["dW_h"], rtol=1e-7, atol=1e-10)
