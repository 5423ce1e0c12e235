"""Pictures of handwritten digits and of what a network makes of them."""

import numpy as np
import pytest

from helpers.pictures import plot_digits, plot_hidden_weights, plot_learning

IMAGES = np.linspace(0, 1, 12 * 64).reshape(12, 8, 8)


def labels(picture):
    return [panel.get_xlabel() for panel in picture.axes]


def test_each_image_stands_above_what_is_read_and_mistakes_say_both():
    digits = np.arange(12) % 10
    answers = digits.copy()
    answers[3] = 7
    picture = plot_digits(IMAGES, answers, digits)
    assert labels(picture)[:4] == ["0", "1", "2", "reads 7\nis a 3"]
    assert len(picture.axes) == 12 and "1 of the answers are wrong" in picture.alt
    assert labels(plot_digits(IMAGES.reshape(12, 64), digits=digits))[3] == "3"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((np.zeros((2, 7, 8)),), "expected shape"),
        ((np.zeros((61, 8, 8)),), "1 to 60"),
        ((IMAGES, np.zeros(3)), "answers: expected one per image, 12"),
    ],
)
def test_other_shapes_are_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        plot_digits(*arguments)


def test_learning_is_drawn_as_loss_and_percentage():
    picture = plot_learning({"mine": ([2.0, 1.0], [0.1, 0.98])})
    left, right = picture.axes
    assert left.lines[0].get_ydata().tolist() == [2.0, 1.0]
    np.testing.assert_allclose(right.lines[0].get_ydata(), [10, 98])
    assert "mine 98 %" in picture.alt
    with pytest.raises(ValueError, match="as many losses as accuracies"):
        plot_learning({"mine": ([2.0], [0.1, 0.98])})


def test_losses_that_would_lie_on_each_other_have_a_logarithmic_axis():
    runs = {"mine": ([2.0, 0.01], [0.1, 0.98]), "yours": ([2.0, 0.02], [0.1, 0.97])}
    left, _ = plot_learning(runs, logarithmic=True).axes
    assert left.get_yscale() == "log" and left.get_ylim()[0] > 0
    assert "logarithmic" in plot_learning(runs, logarithmic=True).alt
    assert "logarithmic" not in plot_learning(runs).alt
    with pytest.raises(ValueError, match="above 0 for a logarithmic axis, got 0"):
        plot_learning({"mine": ([2.0, 0.0], [0.1, 0.98])}, logarithmic=True)


def test_the_weights_of_each_unit_are_an_image_with_0_in_the_middle_of_the_colours():
    W_h = np.zeros((64, 3))
    W_h[9, 1] = -2.0
    picture = plot_hidden_weights(W_h)
    *units, _ = picture.axes
    assert len(units) == 3
    (image,) = units[1].images
    assert image.get_array()[1, 1] == -2.0 and image.get_clim() == (-2.0, 2.0)
    with pytest.raises(ValueError, match="64"):
        plot_hidden_weights(np.zeros((10, 3)))
