"""What every picture of the course has to be: legible at notebook width, and the same each time."""

import itertools

import matplotlib
from matplotlib.text import Text


def assert_legible(draw, monkeypatch, highest=4.6):
    """Assert that the Picture that `draw` returns has letters of 9 points or more, none on another.

    highest: its height in inches at most.
    """
    drawn = []
    draw_text = Text.draw
    monkeypatch.setattr(
        Text, "draw", lambda text, renderer: (drawn.append(text), draw_text(text, renderer))
    )
    picture = draw()
    assert 8 <= picture.get_figwidth() <= 9 and picture.get_figheight() <= highest
    picture.canvas.draw()
    texts = [
        text for text in dict.fromkeys(drawn) if text.get_visible() and text.get_text().strip()
    ]
    assert len(texts) > 5
    boxes = [Text.get_window_extent(text, picture.canvas.get_renderer()) for text in texts]
    for text, box in zip(texts, boxes):
        assert text.get_fontsize() >= 9, text.get_text()
        assert 0 <= box.x0 and box.x1 <= picture.bbox.x1, text.get_text()
        assert 0 <= box.y0 and box.y1 <= picture.bbox.y1, text.get_text()
    for (one, a), (two, b) in itertools.combinations(zip(texts, boxes), 2):
        assert not a.overlaps(b), f"{one.get_text()!r} and {two.get_text()!r} overlap"


def assert_repeatable(draw):
    """Assert that `draw` gives the same bytes again, whatever Matplotlib's settings."""
    before = draw().png()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        assert draw().png() == before
