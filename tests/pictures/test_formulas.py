"""Pictures of formulas: matrices have the shapes they claim, texts do not touch each other."""

import itertools

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from helpers.course import slide_example
from helpers.pictures.curves import plot_loss_after_step
from helpers.pictures.formulas import draw_formula_card, draw_layer_shapes
from helpers.weight_space import WeightSpace

SIZES = [((4, 3, 2), 5), ((2, 2, 1), 1), ((1, 1, 1), 1), ((30, 20, 10), 32), ((2, 9, 3), 8)]


def matrices(picture):
    """The (width, height) of each matrix, in entries, by name."""
    panel = picture.axes[0]
    boxes = [patch for patch in panel.patches if isinstance(patch, Rectangle) and patch.get_gid()]
    claimed = [patch.get_gid().rsplit(" ", 1) for patch in boxes]
    unit = boxes[0].get_height() / int(claimed[0][1].split("x")[0])
    return [
        (name, shape, (round(box.get_height() / unit, 6), round(box.get_width() / unit, 6)))
        for (name, shape), box in zip(claimed, boxes)
    ]


@pytest.mark.parametrize("sizes, points", SIZES)
def test_matrices_are_drawn_true_to_their_shapes(sizes, points):
    inputs, hidden, outputs = sizes
    found = matrices(draw_layer_shapes(sizes, points))
    for _, shape, (rows, columns) in found:
        assert shape == f"{rows:.0f}x{columns:.0f}"
    shapes = {name: shape for name, shape, _ in found}
    assert shapes[r"\partial E/\partial W_h"] == shapes["W_h"] == f"{inputs}x{hidden}"
    assert shapes[r"\partial E/\partial W_o"] == shapes["W_o"] == f"{hidden}x{outputs}"
    assert shapes[r"\delta_h"] == shapes["z_h"] == f"{points}x{hidden}"


def test_the_pictures_are_said_in_words():
    shapes = draw_layer_shapes((4, 3, 2), 5).alt
    assert "δ o (5, 2) · W o transposed (2, 3)" in shapes
    assert "δ o (5, 2) /N → ∂E/∂W o (3, 2)" in shapes and "δ h (5, 3) /N → ∂E/∂W h (4, 3)" in shapes
    card = draw_formula_card().alt
    assert "δ (l) = (δ (l+1) W (l+1) transposed) ⊙ f′(z (l))" in card
    for words in (shapes, card):
        assert not set("\\${}_^") & set(words)


@pytest.mark.parametrize(
    "picture",
    [lambda args=args: draw_layer_shapes(*args) for args in SIZES] + [draw_formula_card],
)
def test_no_text_touches_another_or_leaves_the_picture(picture):
    picture = picture()
    renderer = picture.canvas.get_renderer()
    picture.draw(renderer)
    texts = [text for text in picture.axes[0].texts if text.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    for text, box in boxes:
        assert box.x0 >= 0 and box.x1 <= picture.bbox.width, text
        assert box.y0 >= 0 and box.y1 <= picture.bbox.height, text
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        # A text's box has a hair of empty room above and below its letters.
        overlap = min(first.y1, second.y1) - max(first.y0, second.y0) > 1
        overlap &= min(first.x1, second.x1) - max(first.x0, second.x0) > 1
        assert not overlap, (one, other)


@pytest.mark.parametrize("sizes", [(2, 2), (2, 3, 3, 1), "abc", (0, 1, 1), 4])
def test_other_sizes_are_refused_in_words(sizes):
    with pytest.raises(ValueError, match="^sizes"):
        draw_layer_shapes(sizes, 5)


def test_loss_after_a_step_is_drawn_as_it_is():
    space = WeightSpace(*slide_example(), "weights")
    etas = np.geomspace(1e-3, 0.1, 50)
    (panel,) = plot_loss_after_step(space, etas).axes
    lines = {line.get_gid(): line for line in panel.lines}
    np.testing.assert_allclose(lines["after"].get_xdata(), etas)
    np.testing.assert_allclose(
        lines["after"].get_ydata(), [space.descend(eta, 1)[1][1] for eta in etas]
    )
    assert set(lines["before"].get_ydata()) == {8.0}
    assert 0.0047 < lines["limit"].get_xdata()[0] < 0.0055


def test_the_marked_learning_rate_stands_on_the_curve():
    space = WeightSpace(*slide_example(), "weights")
    (panel,) = plot_loss_after_step(space, [1e-3, 0.1, 0.2], mark=0.1).axes
    lines = {line.get_gid(): line for line in panel.lines}
    np.testing.assert_allclose(lines["mark"].get_xydata(), [[0.1, 15488]])


def test_without_a_limit_none_is_drawn():
    space = WeightSpace(*slide_example(), "weights")
    (panel,) = plot_loss_after_step(space, [1e-4, 1e-3]).axes
    assert "limit" not in {line.get_gid() for line in panel.lines}


@pytest.mark.parametrize("etas", [[], [0.1], [0, 0.1], [0.2, 0.1], [0.1, np.nan]])
def test_etas_that_cannot_be_drawn_are_refused(etas):
    with pytest.raises(ValueError, match="^etas"):
        plot_loss_after_step(WeightSpace(*slide_example(), "weights"), etas)
