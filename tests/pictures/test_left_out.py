"""Nothing is drawn while a notebook is graded, and whatever a cell does with a picture goes on."""

import sys

import pytest

import helpers
from helpers import pictures
from helpers.asking import LEFT_OUT, PROBES_VARIABLE
from helpers.course import lecture_step

NUMBERS = {"count_multiplications", "delta_sizes", "duration"}
DRAWING = [name for name in pictures.__all__ if name[0].islower() and name not in NUMBERS]


@pytest.fixture
def at_grading(monkeypatch):
    monkeypatch.setenv(PROBES_VARIABLE, "probes.json")


@pytest.mark.parametrize("name", DRAWING)
def test_no_picture_is_drawn_at_grading(at_grading, name):
    draw = getattr(pictures, name)
    picture = draw("whatever", it="takes")
    assert repr(picture) == LEFT_OUT


def test_what_gives_numbers_gives_them_at_grading_too(at_grading):
    for name in NUMBERS:
        assert not isinstance(getattr(pictures, name), pictures.LeftOutPicture)


def test_a_picture_that_is_left_out_can_be_saved_changed_and_gone_through(at_grading):
    figure = pictures.draw_work_sheet()
    figure.savefig("sheet.pdf")
    figure.axes[0].set_title("mine").set_color("red")
    figure.number = 3
    assert list(figure) == []
    with pytest.raises(AttributeError):
        figure._repr_png_()  # so IPython shows the sentence


def test_a_process_that_has_drawn_draws_nothing_once_it_is_graded(monkeypatch):
    """As a kernel that is forked from one in which everything is loaded."""
    step = lecture_step()
    assert type(pictures.draw_network(step.net, step.x)).__module__ in sys.modules
    assert not isinstance(helpers.draw_network, pictures.LeftOutPicture)
    monkeypatch.setenv(PROBES_VARIABLE, "probes.json")
    assert repr(pictures.draw_network(step.net, step.x)) == LEFT_OUT
    assert repr(helpers.draw_network(step.net, step.x)) == LEFT_OUT
