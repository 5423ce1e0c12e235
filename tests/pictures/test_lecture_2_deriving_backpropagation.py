"""The pictures of lecture 2 show the numbers they are given, legibly, and name wrong arguments."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from helpers.course import lecture_step, slide_example
from helpers.network import Network
from helpers.pictures.interactive import explore_nudge
from helpers.pictures.lecture_2_deriving_backpropagation import (
    GraphNode,
    count_multiplications,
    draw_graph,
    draw_nudge,
    nudge,
    nudge_text,
    plot_costs,
)
from helpers.reference import gradients
from tests.browser import in_the_browser, offline_page
from tests.legibility import assert_legible, assert_repeatable

STEP = lecture_step()
GIVEN = STEP.net, STEP.x, STEP.t
WEIGHT, HIDDEN_WEIGHT, HIDDEN_Z = (1, 0, 0), (0, 1, 0), (1, 0, "z")
SOURCE = Path(__file__).parents[2] / "solutions/lecture/2_deriving_backpropagation.md"


def graph():
    """y = x · x + c at x = 3, c = 1, with its gradients."""
    return [
        GraphNode("x", 3.0, 6.0),
        GraphNode("p", 9.0, 1.0, "×", ("x", "x"), (3.0, 3.0)),
        GraphNode("c", 1.0, 1.0),
        GraphNode("y", 10.0, 1.0, "+", ("p", "c")),
    ]


PICTURES = {
    "nudge of a weight": lambda: draw_nudge(*GIVEN, WEIGHT),
    "small nudge of a hidden weight": lambda: draw_nudge(*GIVEN, HIDDEN_WEIGHT, -0.001),
    "large nudge of z": lambda: draw_nudge(*GIVEN, HIDDEN_Z, 10.0),
    "graph": lambda: draw_graph(graph()),
    "costs": lambda: plot_costs([10, 1000], {"one": [30, 3000], "another": [200, 2e6]}),
}


def texts(picture):
    return {text.get_gid(): text.get_text() for text in picture.axes[0].texts}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_legible_at_notebook_width(name, monkeypatch):
    assert_legible(PICTURES[name], monkeypatch)


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_repeatable_and_independent_of_settings(name):
    assert_repeatable(PICTURES[name])


# A nudge


def by_hand(w=0.0, z=0.0):
    """The lecture's network, written out, with w_o11 and z_h1 moved: every number on the way."""

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    z_h = 1.2 * 0.7 + 0.4 * -0.3 + 0.1 + z
    w_o = -0.6 + w
    z_o = sigma(z_h) * w_o + sigma(1.2 * -0.5 + 0.4 * 0.8 - 0.2) * 1.1 + 0.2
    return w_o, z_h, sigma(z_h), z_o, sigma(z_o), (0.9 - sigma(z_o)) ** 2 / 2


@pytest.mark.parametrize("size", [0.1, -1, 0.001])
def test_a_nudge_gives_what_two_runs_give(size):
    links = nudge(*GIVEN, WEIGHT, size)
    before, after = ([run[0], *run[3:]] for run in (by_hand(), by_hand(w=size)))
    assert [link.before for link in links] == pytest.approx(before)
    assert [link.after for link in links] == pytest.approx(after)
    assert [link.name for link in links] == ["w_{o{,}11}", "z_o", "a_o", "E"]

    links = nudge(*GIVEN, HIDDEN_Z, size)
    assert [link.before for link in links] == pytest.approx(by_hand()[1:])
    assert [link.after for link in links] == pytest.approx(by_hand(z=size)[1:])


@pytest.mark.parametrize("place", [WEIGHT, HIDDEN_WEIGHT, HIDDEN_Z, (2, 0, "z")])
def test_a_small_nudge_settles_at_the_gradient(place):
    links = nudge(*GIVEN, place, 1e-6)
    g = gradients(*GIVEN)
    layer, one, other = place
    wanted = g.delta[layer - 1][0, one] if other == "z" else g.weights[layer][one, other]
    assert links[-1].change / links[0].change == pytest.approx(wanted, rel=1e-4)


def test_a_nudge_of_another_loss_and_other_activations():
    net, x, t = slide_example()
    links = nudge(net, x, t, (0, 0, 0), 0.1)  # w13: n3 moves by 0.3, n6 by -0.3
    assert [link.change for link in links] == pytest.approx([0.1, 0.3, 0.3, -0.3, -0.3, 1.245])


@pytest.mark.parametrize("place", [WEIGHT, HIDDEN_WEIGHT, HIDDEN_Z])
@pytest.mark.parametrize("size", [0.1, -0.5, 0.001])
def test_the_quotients_that_are_shown_multiply_to_the_whole(place, size):
    text = nudge_text(nudge(*GIVEN, place, size))
    product, whole = (line.split(" = ")[-1] for line in (text.product, text.whole))
    assert product == whole
    factors = [float(quotient.replace("−", "-")) for quotient in text.quotients]
    assert np.prod(factors) == pytest.approx(float(product.replace("−", "-")), rel=0.01)


def test_the_picture_shows_the_nudge():
    written = texts(draw_nudge(*GIVEN, WEIGHT, 0.1))
    text = nudge_text(nudge(*GIVEN, WEIGHT, 0.1))
    assert [written[f"quotient {n}"] for n in range(3)] == text.quotients
    assert [[written[f"row {n} {k}"] for k in range(3)] for n in range(4)] == text.rows
    assert text.rows[0] == ["before −0.6000", "after −0.5000", "Δ +0.1000"]
    assert (written["product"], written["whole"]) == (text.product, text.whole)


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(size=0), "size: expected a finite number other than 0"),
        (dict(size=np.nan), "size: expected"),
        (dict(place=(2, 0, 0)), "place: expected"),
        (dict(place=(0, 0, "z")), "place: expected"),
        (dict(place=(1, 2, "z")), "place: expected"),
        (dict(place=(0, -1, 0)), "place: expected"),
        (dict(place="w"), "place: expected"),
        (dict(x=np.ones((2, 2)), t=np.ones((2, 1))), "x: expected one data point"),
    ],
)
def test_nudges_that_cannot_be_are_refused(change, words):
    given = dict(zip(("net", "x", "t"), GIVEN)) | dict(place=WEIGHT, size=0.1) | change
    with pytest.raises(ValueError, match=words):
        nudge(**given)


def test_a_nudge_that_has_several_ways_is_refused():
    two = Network([STEP.net.weights[0], np.ones((2, 2))], [STEP.net.biases[0], np.zeros(2)])
    with pytest.raises(ValueError, match="single way"):
        nudge(two, STEP.x, [[0.9, 0.1]], HIDDEN_Z, 0.1)


# Its interactive twin


def test_the_html_of_a_nudge_is_the_same_each_time_and_names_its_twin():
    first, second = (explore_nudge(*GIVEN, WEIGHT) for _ in range(2))
    assert first._repr_html_() == second._repr_html_()
    assert "draw_nudge shows the same" in repr(first)
    with pytest.raises(ValueError, match="sizes: expected"):
        explore_nudge(*GIVEN, WEIGHT, sizes=[])


@in_the_browser
@pytest.mark.parametrize("place", [WEIGHT, HIDDEN_Z, HIDDEN_WEIGHT])
def test_the_slider_shows_each_nudge(place, chromium, tmp_path):
    """By keys alone, each nudge as the static picture writes it, and no text on another."""
    picture = explore_nudge(*GIVEN, place)
    file, tried = tmp_path / "page.html", []
    file.write_text(f"<!doctype html><meta charset='utf-8'>{picture._repr_html_()}", "utf-8")
    page = offline_page(chromium, tried, viewport={"width": 900, "height": 700})
    page.goto(file.as_uri())
    slider = page.get_by_role("slider", name="nudge")
    slider.press("Home")
    for size in (-1, -0.5, -0.1, -0.01, -0.001, 0.001, 0.01, 0.1, 0.5, 1):
        links = nudge(*GIVEN, place, size)
        wanted = nudge_text(links)
        shown = page.locator("svg text").all_text_contents()
        assert [text for text in shown if re.match(r"before|after|Δ [+−]", text)] == sum(
            wanted.rows, []
        )
        assert set(wanted.quotients) <= set(shown)
        assert shown[-2].split(" = ")[-1] == shown[-1].split(" = ")[-1]
        boxes = page.locator("svg").evaluate(
            """svg => [...svg.querySelectorAll("text")].map(text => {
                const box = text.getBoundingClientRect();
                return [box.left, box.top, box.right, box.bottom];
            })"""
        )
        for n, (left, top, right, bottom) in enumerate(boxes):
            assert 0 <= left and right <= 880
            for other in boxes[n + 1 :]:
                apart = right < other[0] or other[2] < left or bottom <= other[1] or other[3] <= top
                assert apart, (size, shown[n])
        slider.press("ArrowRight")
    page.context.close()
    assert tried == []


# A computational graph


def test_the_graph_shows_values_and_gradients_and_what_goes_back_where_a_value_is_used_twice():
    picture = draw_graph(graph())
    written = texts(picture)
    assert written["value p"] == "9.0000" and written["gradient x"] == "6.0000"
    assert written["back x 0"] == written["back x 1"] == "3.0000"
    assert not any(gid and gid.startswith("back c") for gid in written)
    assert "x, given: value 3.0000, gradient 6.0000" in picture.alt
    assert "p = x × x: value 9.0000, gradient 1.0000" in picture.alt


@pytest.mark.parametrize(
    "nodes, words",
    [
        (graph()[::-1], "after its inputs"),
        ([*graph(), GraphNode("x", 1.0, 1.0)], "each name once"),
        ([GraphNode("x", 1, 1), GraphNode("y", 1, 1, "σ", ("x",), (1.0, 2.0))], "expected 1 numb"),
    ],
)
def test_graphs_that_are_none_are_refused(nodes, words):
    with pytest.raises(ValueError, match=words):
        draw_graph(nodes)


def test_the_gradients_of_the_notebooks_graph_are_right():
    """The cell's lines, backward, against small changes of what is given."""
    text = SOURCE.read_text("utf-8")
    (cell,) = re.findall(r"^w_1, x_in, b_1, t_1 = .*?(?=^draw_graph)", text, re.M | re.S)
    found = {"np": np}
    exec(cell, found)
    forward = cell.partition("\n\n")[0]

    def loss(**moved):
        names = found | moved
        values = ast.parse(forward).body[1:]
        exec(compile(ast.Module(values, []), "cell", "exec"), names)
        return names["E_1"]

    for name in ("w_1", "x_in", "b_1", "t_1"):
        slope = (loss(**{name: found[name] + 1e-6}) - loss(**{name: found[name] - 1e-6})) / 2e-6
        assert found["d_" + name[0]] == pytest.approx(slope, rel=1e-6)


# What a gradient costs


@pytest.mark.parametrize(
    "function, count",
    [
        (lambda A, B: A @ B, 2 * 3 * 4),
        (lambda A, B: A.dot(B), 2 * 3 * 4),
        (lambda A, B: np.dot(A, B), 2 * 3 * 4),
        (lambda A, B: np.matmul(A, B), 2 * 3 * 4),
        (lambda A, B: B.T @ A.T, 2 * 3 * 4),
        (lambda A, B: (A * 2) @ B, 6 + 24),
        (lambda A, B: (A + 1) / 3, 6),
        (lambda A, B: A.sum(), 0),
        (lambda A, B: None, 0),
    ],
)
def test_multiplications_are_counted(function, count):
    assert count_multiplications(function, np.ones((2, 3)), np.ones((3, 4))) == count


def test_counting_changes_nothing_and_reads_lists():
    given = np.arange(6.0).reshape(2, 3)
    results = []
    count = count_multiplications(lambda A, Bs: results.append(A @ Bs[0]), given, [np.eye(3)])
    assert count == 18 and np.array_equal(results[0], given)


def test_costs_are_drawn_as_given():
    picture = plot_costs([10, 1000], {"one": [30, 3000], "another": [200, 2e6]})
    lines = {line.get_gid(): line.get_ydata().tolist() for line in picture.axes[0].lines}
    assert lines == {"one": [30, 3000], "another": [200, 2e6]}
    assert texts(picture)["ratio"].strip() == "670 times"
    assert "one: from 30 to 3e+03" in picture.alt


@pytest.mark.parametrize(
    "parameters, costs, words",
    [
        ([], {"one": []}, "parameters: expected"),
        ([0, 1], {"one": [1, 1]}, "parameters: expected"),
        ([1, 2], {}, "costs: expected"),
        ([1, 2], {"one": [1]}, "costs"),
        ([1, 2], {"one": [0, 1]}, "costs"),
    ],
)
def test_costs_that_cannot_be_drawn_are_refused(parameters, costs, words):
    with pytest.raises(ValueError, match=words):
        plot_costs(parameters, costs)


def test_the_data_of_a_nudge_are_plain_json():
    json.dumps(explore_nudge(*GIVEN, WEIGHT).data, allow_nan=False)
