"""The network diagram and the work sheet: what they say is right, legible and nowhere overlaps."""

import itertools
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from helpers.network import Network
from helpers.pictures import (
    BackwardValues,
    DiagramStyle,
    ForwardValues,
    Labels,
    Parameters,
    Written,
    draw_network,
)
from helpers.pictures.network_diagram.content import format_number
from helpers.pictures.work_sheet import draw_work_sheet
from helpers.reference import gradients

SIZES = [(2, 2, 1), (2, 3, 1), (4, 3, 3, 2)]


def sample(sizes, seed=1):
    """A network with weights of two decimals, an input and a target: (net, x, t)."""
    random = np.random.default_rng(seed)
    weights = [random.uniform(-1, 1, shape).round(2) for shape in zip(sizes, sizes[1:])]
    biases = [random.uniform(-0.5, 0.5, size).round(2) for size in sizes[1:]]
    x, t = random.uniform(-1, 1, (1, sizes[0])), random.uniform(0, 1, (1, sizes[-1]))
    return Network(weights, biases), x.round(2), t.round(2)


def everything(sizes, seed=1, title="", room=()):
    net, x, t = sample(sizes, seed)
    g = gradients(net, x, t)
    picture = draw_network(
        net,
        x,
        trace=net.forward(x),
        t=t,
        gradients=g,
        style=DiagramStyle(title=title, room=dict.fromkeys(room, -0.8888)),
    )
    return picture, net, x, t, g


def texts(picture):
    """All visible texts that say something."""
    found = picture.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
    return [text for text in found if text.get_text().strip() and text.axes is not None]


def corners(text, renderer):
    """The four corners of a text's own box, turned as the text is, in pixels: (4, 2)."""
    degrees = text.get_rotation()
    centre = text.get_transform().transform(text.get_position())
    text.set_rotation(0)
    box = text.get_window_extent(renderer)
    text.set_rotation(degrees)
    flat = np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)])
    turn = np.radians(degrees)
    matrix = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    return (flat - centre) @ matrix + centre


def overlap(first, second):
    """Whether two convex quadrangles overlap: no line along one of their sides separates them."""
    for polygon in (first, second):
        for start, end in zip(polygon, np.roll(polygon, -1, axis=0)):
            normal = np.array([start[1] - end[1], end[0] - start[0]])
            a, b = first @ normal, second @ normal
            if a.max() <= b.min() or b.max() <= a.min():
                return False
    return True


def crosses(start, end, polygon):
    """Whether the segment meets the convex quadrangle."""
    points = start + np.linspace(0, 1, 400)[:, None] * (end - start)
    signs = []
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0)):
        signs.append((b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0]))
    inside = np.all(np.array(signs) > 0, axis=0) | np.all(np.array(signs) < 0, axis=0)
    return bool(inside.any())


def by_gid(picture):
    return {text.get_gid(): text for text in texts(picture) if text.get_gid()}


def assert_legible(picture, least=8):
    renderer = picture.canvas.get_renderer()
    found = texts(picture)
    boxes = [corners(text, renderer) for text in found]
    for (one, a), (two, b) in itertools.combinations(zip(found, boxes), 2):
        assert not overlap(a, b), f"{one.get_text()!r} and {two.get_text()!r} overlap"
    for text, box in zip(found, boxes):
        assert text.get_fontsize() >= least, f"{text.get_text()!r} is too small"
        frame = text.axes.get_window_extent(renderer)
        assert frame.x0 <= box[:, 0].min() and box[:, 0].max() <= frame.x1, text.get_text()
        assert frame.y0 <= box[:, 1].min() and box[:, 1].max() <= frame.y1, text.get_text()


@pytest.mark.sampled(0.3)
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sizes", SIZES)
def test_no_text_overlaps_another_with_everything_shown(sizes, seed):
    picture, *_ = everything(sizes, seed, title="Everything")
    assert_legible(picture)
    assert 8 <= picture.get_figwidth() <= 9


@pytest.mark.parametrize("sizes", SIZES)
def test_every_edge_label_lies_on_its_edge_and_every_other_text_off_all_edges(sizes):
    picture, *_ = everything(sizes)
    renderer = picture.canvas.get_renderer()
    edges = {
        line.get_gid().removeprefix("edge "): line.get_transform().transform(line.get_xydata())
        for line in picture.axes[0].lines
        if (line.get_gid() or "").startswith("edge")
    }
    assert len(edges) == sum(a * b for a, b in zip(sizes, sizes[1:]))
    for text in texts(picture):
        kind, *place = text.get_gid().split()
        box = corners(text, renderer)
        if kind in ("w", "dw"):
            start, end = edges[" ".join(place)]
            nearest = abs(np.cross(np.append(end - start, 0), np.append(box.mean(0) - start, 0))[2])
            assert nearest / np.hypot(*(end - start)) < 3  # pixels
        else:
            assert not any(crosses(*edge, box) for edge in edges.values()), text.get_text()


@pytest.mark.parametrize("room", [(), ("z", "a", "t", "delta", "db", "dw")])
@pytest.mark.parametrize("sizes", SIZES)
def test_numbers_written_are_the_numbers_given(sizes, room):
    """Whatever room is kept for other numbers."""
    picture, net, x, t, g = everything(sizes, room=room)
    written = {gid: text.get_text() for gid, text in by_gid(picture).items()}
    trace = net.forward(x)

    def number(gid):
        return float(written[gid].split("=")[-1].replace("−", "-"))

    for k, w in enumerate(net.weights):
        for i, j in np.ndindex(w.shape):
            assert number(f"w {k} {i} {j}") == w[i, j]
            assert number(f"dw {k} {i} {j}") == pytest.approx(g.weights[k][i, j], abs=5e-5)
        for j in range(w.shape[1]):
            place = f"{k + 1} {j}"
            assert number(f"b {place}") == net.biases[k][j]
            assert number(f"z {place}") == pytest.approx(trace.z[k][0, j], abs=5e-5)
            assert number(f"a {place}") == pytest.approx(trace.a[k][0, j], abs=5e-5)
            assert number(f"delta {place}") == pytest.approx(g.delta[k][0, j], abs=5e-5)
            assert number(f"db {place}") == pytest.approx(g.biases[k][j], abs=5e-5)
    for i in range(sizes[0]):
        assert number(f"x 0 {i}") == x[0, i]
    for j in range(sizes[-1]):
        assert number(f"t {len(sizes) - 1} {j}") == t[0, j]


def test_forward_and_backward_differ_in_colour_and_in_slant():
    picture, *_ = everything((2, 2, 1))
    written = by_gid(picture)
    forward, backward = written["z 1 0"], written["delta 1 0"]
    assert forward.get_color() == written["a 2 0"].get_color() != backward.get_color()
    assert backward.get_color() == written["dw 0 0 1"].get_color()
    assert forward.get_fontstyle() == "normal" and backward.get_fontstyle() == "italic"
    assert written["dw 0 0 1"].get_fontstyle() == "italic"
    assert "key 0" in written and "key 1" in written


def test_only_what_is_given_is_written():
    net, x, _ = sample((2, 2, 1))
    quantities = {gid.split()[0] for gid in by_gid(draw_network(net, x))}
    assert quantities == {"x", "w", "b", "unit", "heading"}
    bare = by_gid(draw_network((2, 2, 1), parameters="nothing"))
    assert {gid.split()[0] for gid in bare} == {"unit", "heading"}


def course_names(sizes):
    """The drawing of a network with the names of weights, biases, z and delta."""
    return draw_network(
        sizes,
        parameters="names",
        trace=ForwardValues(z="names"),
        gradients=BackwardValues(delta="names"),
    )


def test_names_follow_the_course_and_can_be_the_callers():
    written = by_gid(course_names((2, 2, 1)))
    assert written["unit 0 1"].get_text() == "$x_2$"
    assert written["unit 1 0"].get_text() == "$h_1$"
    assert written["w 0 1 0"].get_text() == "$w_{h{,}21}$"
    assert written["b 2 0"].get_text() == "$b_{o{,}1}$"
    assert written["z 1 1"].get_text() == "$z_{h{,}2}$"
    assert written["delta 2 0"].get_text() == "$\\delta_{o{,}1}$"
    own = draw_network(
        (1, 1),
        parameters="names",
        labels=Labels(units=[["n_1"], ["n_2"]], weights=[[["w_{12}"]]], biases=[["c"]]),
    )
    assert by_gid(own)["unit 1 0"].get_text() == "$n_2$"
    assert by_gid(own)["w 0 0 0"].get_text() == "$w_{12}$"
    assert by_gid(own)["b 1 0"].get_text() == "$c$"


def test_units_named_by_the_caller_name_their_values_and_may_stay_without_name():
    picture = draw_network(
        (2, 2, 1),
        trace=ForwardValues(z=["nothing", "names"]),
        t="names",
        gradients=BackwardValues(delta="names"),
        parameters="names",
        labels=Labels(
            units=[["x_i", ""], ["j", ""], ["k"]],
            weights=[[["w_{ij}", ""], ["", ""]], [["w_{jk}"], [""]]],
        ),
    )
    assert_legible(picture)
    written = {gid: text.get_text() for gid, text in by_gid(picture).items()}
    symbols = {gid: text for gid, text in written.items() if not gid.startswith(("heading", "key"))}
    assert symbols == {
        "unit 0 0": "$x_i$",
        "unit 1 0": "$j$",
        "unit 2 0": "$k$",
        "w 0 0 0": "$w_{ij}$",
        "w 1 0 0": "$w_{jk}$",
        "b 1 0": "$b_{j}$",
        "b 2 0": "$b_{k}$",
        "z 2 0": "$z_{k}$",
        "t 2 0": "$t_{k}$",
        "delta 1 0": "$\\delta_{j}$",
        "delta 2 0": "$\\delta_{k}$",
    }


@pytest.mark.parametrize("sizes", SIZES)
def test_names_are_legible_too(sizes):
    assert_legible(draw_network(sizes, parameters="names", gradients=BackwardValues(delta="names")))


def test_weights_and_biases_may_be_written_differently():
    net, *_ = sample((2, 2, 1))
    written = by_gid(draw_network(net, parameters=Parameters("names", Written.NUMBERS)))
    assert written["w 0 1 0"].get_text() == "$w_{h{,}21}$"
    assert re.fullmatch(r"\$b\$ = −?0\.\d+", written["b 1 0"].get_text())
    both = by_gid(draw_network(net, parameters=Written.BOTH))
    assert re.fullmatch(r"\$w_\{h\{,\}21\}\$ = −?0\.\d+", both["w 0 1 0"].get_text())
    assert re.fullmatch(r"\$b_\{h\{,\}1\}\$ = −?0\.\d+", both["b 1 0"].get_text())
    without = by_gid(draw_network(net, parameters=Parameters(biases=Written.NOTHING)))
    assert "w 0 1 0" in without and not any(gid.startswith("b ") for gid in without)


def test_one_word_for_a_pass_writes_all_of_it():
    picture = draw_network((2, 2, 1), parameters="nothing", trace="names", gradients="names")
    written = {gid.split()[0] for gid in by_gid(picture)}
    assert {"z", "a", "delta", "db", "dw"} <= written


def test_empty_places_show_no_number():
    net, x, t = sample((2, 2, 1))
    picture = draw_network(net, x, t=t, trace="blank", gradients="blank", loss=Written.BLANK)
    assert_legible(picture)
    places = [
        patch.get_gid()
        for patch in picture.axes[0].patches
        if isinstance(patch, Rectangle) and (patch.get_gid() or "").startswith("blank")
    ]
    # z, a, delta and the bias's gradient at three units, six weights' gradients, and E.
    assert len(places) == len(set(places)) == 4 * 3 + 6 + 1
    assert not re.search(r"\d", by_gid(picture)["z 1 0"].get_text())


def test_highlight_draws_places_bold_and_the_rest_pale():
    net, x, _ = sample((2, 2, 1))
    trace = net.forward(x)
    marked = [(1, 0, 0), (2, 0), (2, 0, "z"), (2, 0, 0)]
    picture = draw_network(net, x, trace=trace, loss=0.1, highlight=marked)
    widths = {
        line.get_gid(): line.get_linewidth() for line in picture.axes[0].lines if line.get_gid()
    }
    assert widths["edge 1 0 0"] == widths["edge 2 0 0"] > 2 > widths["edge 1 1 0"]
    plain = draw_network(net, x, trace=trace, loss=0.1)
    assert by_gid(picture)["w 0 0 0"].get_color() != by_gid(plain)["w 0 0 0"].get_color()
    assert by_gid(picture)["w 1 0 0"].get_color() == by_gid(plain)["w 1 0 0"].get_color()


def test_a_network_without_biases_shows_none():
    slide = Network([[[1, 4, 3], [3, 2, -2]], [[-1], [-3], [2]]], hidden="linear", output="linear")
    assert not any(gid.startswith("b ") for gid in by_gid(draw_network(slide, [3, -2])))
    zeros = draw_network(slide, [3, -2], parameters=Parameters("numbers", "numbers"))
    assert by_gid(zeros)["b 1 0"].get_text() == "$b$ = 0"


def test_it_draws_on_given_axes_or_says_that_they_are_too_small():
    net, x, _ = sample((2, 2, 1))
    figure = Figure(figsize=(9, 4))
    assert draw_network(net, x, style=DiagramStyle(ax=figure.add_subplot())) is figure
    with pytest.raises(ValueError, match="does not fit"):
        draw_network(net, x, style=DiagramStyle(ax=Figure(figsize=(2, 1)).add_subplot()))


def test_pictures_that_keep_the_same_room_stand_still():
    net, x, t = sample((2, 3, 1))
    g = gradients(net, x, t)
    room = dict.fromkeys(("z", "a", "E", "delta", "db", "dw"), -0.8888)
    style = DiagramStyle(room=room)
    some = [
        draw_network(net, x, t=t, style=style),
        draw_network(net, x, t=t, trace=net.forward(x), style=style, highlight=[(1, 0, 0)]),
        draw_network(net, x, t=t, trace=net.forward(x), loss=0.0305, gradients=g, style=style),
    ]
    last = {gid: text.get_position() for gid, text in by_gid(some[-1]).items()}
    for picture in some:
        assert picture.still and picture.get_size_inches() == pytest.approx([8.5, 4.7], abs=1)
        assert picture.get_size_inches().tolist() == some[0].get_size_inches().tolist()
        for gid, text in by_gid(picture).items():
            if not gid.startswith("key"):
                assert text.get_position() == pytest.approx(last[gid])
    assert "dw 0 0 0" not in by_gid(some[1]) and "delta 1 0" not in by_gid(some[1])
    assert_legible(some[0])


def test_room_is_at_least_as_wide_as_the_numbers():
    net, x, _ = sample((2, 2, 1))
    few, many = (
        draw_network(net, x, trace=ForwardValues(a=a), style=DiagramStyle(1, room={"a": -1234.5}))
        for a in ([np.ones(2), np.ones(1)], [np.array([1, -1234.5]), np.ones(1)])
    )
    for gid, text in by_gid(few).items():
        assert text.get_position() == pytest.approx(by_gid(many)[gid].get_position())


def test_a_drawing_says_in_words_all_that_stands_on_it():
    net, x, t = sample((2, 2, 1))
    g = gradients(net, x, t)
    picture = draw_network(
        net, x, t=t, trace=net.forward(x), loss=0.5, gradients=g, highlight=[(1, 0), (0, 1, 0)]
    )
    alt = picture.alt
    assert alt.startswith(
        "A network from left to right: 2 inputs, hidden layer of 2 units and 1 output. "
        "Drawn bold: the edge x2 to h1, h1. "
    )
    numbers = [text.get_text() for gid, text in by_gid(picture).items() if gid[:2] in ("w ", "dw")]
    numbers += [f"= {format_number(value, 4)}" for value in (*g.delta[0][0], *g.delta[1][0])]
    assert all(number in alt for number in numbers)
    assert "x1 to h2 " in alt and "gradient " in alt and "E = 0.5" in alt
    assert not set("${}\\") & set(alt)
    named = draw_network((2, 1), parameters="names", trace="blank").alt
    assert "x1 to o1 w o11" in named and "z = an empty place" in named
    plain = draw_network((1, 3, 3, 1), parameters="nothing").alt
    assert "1 input, hidden layer 1 of 3 units" in plain
    assert plain.endswith("Each unit leads to all units of the next layer.")


def test_pictures_are_repeatable():
    assert everything((2, 3, 1))[0].png() == everything((2, 3, 1))[0].png()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"x": [1.0]}, r"x: expected shape \(2,\) of one data point, got \(1,\)"),
        ({"x": np.ones((3, 2))}, r"x: .* got \(3, 2\)"),
        ({"x": True}, 'x: expected numbers, "names", "blank" or "nothing", got True'),
        ({"loss": True}, 'loss: expected numbers, "names", "blank" or "nothing", got True'),
        ({"trace": ForwardValues(z=[np.ones(2)])}, r"trace\.z: expected a list of 2 arrays"),
        ({"trace": "numbers"}, r"trace\.z\[0\]: expected numbers, .* got \"numbers\""),
        ({"trace": ForwardValues(a=[None, "names"])}, r"trace\.a\[0\]: expected .* got None"),
        ({"trace": np.ones(2)}, r"trace: expected what network\.forward gives or ForwardValues"),
        (
            {"gradients": BackwardValues(delta=[np.ones(2), np.array([np.nan])])},
            r"gradients\.delta\[1\]: expected finite",
        ),
        (
            {"gradients": BackwardValues(weights=[np.ones((2, 3)), np.ones((2, 1))])},
            r"gradients\.weights\[0\]: expected shape \(2, 2\), got \(2, 3\)",
        ),
        ({"gradients": True}, r"gradients: expected what helpers\.gradients gives"),
        ({"parameters": "all"}, 'parameters: expected "numbers", "names", "both", .* got "all"'),
        ({"parameters": True}, r"parameters: expected a word .* got True"),
        ({"parameters": 0}, r"parameters: expected a word .* got 0"),
        ({"parameters": Parameters(biases=False)}, r"parameters\.biases: expected .* got False"),
        ({"highlight": [(3, 0)]}, "highlight: expected"),
        ({"highlight": [(True, 0)]}, "highlight: expected"),
        ({"highlight": [(1, 0, "delta")]}, "highlight: expected"),
        ({"labels": Labels(units=[["x"]])}, r"labels\.units: expected a list of 3"),
        ({"labels": "names"}, "labels: expected Labels"),
        ({"style": DiagramStyle(digits=1.5)}, "digits: expected"),
        ({"style": DiagramStyle(digits=True)}, "digits: expected"),
        ({"style": "plain"}, "style: expected a DiagramStyle"),
        ({"style": DiagramStyle(room={"y": 1})}, "room: expected any of z, a, t, delta, .* 'y'"),
    ],
)
def test_wrong_arguments_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        draw_network(sample((2, 2, 1))[0], **options)


def test_sizes_alone_have_no_numbers_to_show():
    with pytest.raises(ValueError, match='parameters: expected "names", "blank" or "nothing"'):
        draw_network((2, 2, 1))
    with pytest.raises(ValueError, match="network: expected"):
        draw_network(7)


@pytest.mark.parametrize(
    ("value", "given", "text"),
    [
        (0.5, True, "0.5"),
        (-2.0, True, "−2"),
        (0.5, False, "0.5000"),
        (-0.0, False, "0.0000"),
        (0, True, "0"),
        (100, True, "100"),
        (-1.25e-7, False, "−1.2e−7"),
        (2.5e8, False, "2.5e8"),
    ],
)
def test_format_number(value, given, text):
    assert format_number(value, 4, given) == text


# --- the work sheet ----------------------------------------------------------------------------


def sheet_numbers(page):
    """All numbers that stand on the page behind an equals sign."""
    found = re.findall(r"= (−?\d[\d.]*\d|−?\d)", " ".join(text.get_text() for text in texts(page)))
    return [float(number.replace("−", "-")) for number in found]


def test_the_work_sheet_says_in_words_what_is_given_and_what_is_wanted():
    net, x, t = sample((2, 2, 1))
    alt = draw_work_sheet(net, x, t, 0.25).alt
    assert "η = 0.25. A network from left to right: 2 inputs" in alt
    assert f"w h11 = {format_number(net.weights[0][0, 0], 6, given=True)}" in alt
    assert "one column each for sigmoid, tanh and ReLU: forward, z h1, z h2, a h1" in alt
    assert not set("${}\\") & set(alt)


def test_the_work_sheet_is_one_upright_a4_page(tmp_path):
    net, x, t = sample((2, 2, 1))
    page = draw_work_sheet(net, x, t, 0.5)
    assert page.get_size_inches() * 25.4 == pytest.approx((210, 297))
    page.savefig(tmp_path / "work_sheet.pdf")
    pdf = (tmp_path / "work_sheet.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    box = re.search(rb"/MediaBox \[ *([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) *\]", pdf)
    assert [float(n) for n in box.groups()] == pytest.approx([0, 0, 595.276, 841.89], abs=0.01)


def test_the_work_sheet_gives_all_that_is_given_and_nothing_else():
    net, x, t = sample((2, 2, 1))
    numbers = sheet_numbers(draw_work_sheet(net, x, t, 0.75))
    given = [0.75, *x.ravel(), *t.ravel()]
    for array in (*net.weights, *net.biases):
        given += list(array.ravel())
    assert len(given) == 1 + 2 + 1 + 9
    assert sorted(numbers) == sorted(given)


def test_the_work_sheet_has_a_place_for_every_result():
    page = draw_work_sheet(*sample((2, 2, 1)), 0.5)
    places = [
        patch
        for patch in page.axes[0].patches
        if isinstance(patch, Rectangle) and (patch.get_gid() or "").startswith("place")
    ]
    names = {patch.get_gid().removeprefix("place ") for patch in places}
    for symbol in ("z", "a", r"\delta"):
        assert {f"{symbol}_{{h{{,}}1}}", f"{symbol}_{{h{{,}}2}}", f"{symbol}_{{o{{,}}1}}"} <= names
    for before in (r"\partial E/\partial ", r"\mathrm{new}\ "):
        for entry in ("h{,}11", "h{,}12", "h{,}21", "h{,}22", "o{,}11", "o{,}21"):
            assert f"{before}w_{{{entry}}}" in names
        for entry in ("h{,}1", "h{,}2", "o{,}1"):
            assert f"{before}b_{{{entry}}}" in names
    assert {"E", r"\mathrm{new}\ E"} <= names
    for symbol in "za":  # of the second forward pass, which new E needs
        for unit in ("h{,}1", "h{,}2", "o{,}1"):
            assert rf"\mathrm{{new}}\ {symbol}_{{{unit}}}" in names
    # z, a, delta; new z and a; E twice; gradients; new weights and biases
    assert len(names) == 9 + 6 + 2 + 9 + 9
    assert len(places) == 3 * len(names)  # one for each activation
    assert all(patch.get_height() >= 7 and patch.get_width() >= 14 for patch in places)
    columns = {text.get_text() for text in texts(page) if "column" in (text.get_gid() or "")}
    assert columns == {"sigmoid", "tanh", "ReLU"}


def test_no_label_stands_twice_in_a_column_of_the_work_sheet():
    page = draw_work_sheet(*sample((2, 2, 1)), 0.5)
    places = [p for p in page.axes[0].patches if (p.get_gid() or "").startswith("place")]
    written = [text.get_text().strip("$") for text in texts(page)]
    for name in {patch.get_gid().removeprefix("place ") for patch in places}:
        if name != "E":  # which the heads of the page explain, too
            assert written.count(name) == 3, name


def test_the_work_sheet_has_room_to_calculate():
    page = draw_work_sheet(*sample((2, 2, 1)), 0.5)
    (room,) = (text for text in texts(page) if text.get_text() == "Room to calculate")
    places = [p for p in page.axes[0].patches if (p.get_gid() or "").startswith("place")]
    lowest = min(patch.get_y() for patch in places)
    assert lowest - 12 > 25 and room.get_position()[1] < lowest


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_work_sheet_is_legible(seed):
    assert_legible(draw_work_sheet(*sample((2, 2, 1), seed), 0.5))


def test_the_work_sheet_says_when_a_network_does_not_fit():
    with pytest.raises(ValueError, match="network: expected one whose results fit on one page"):
        draw_work_sheet(*sample((4, 3, 3, 2)), 0.5)
    with pytest.raises(ValueError, match="eta: expected"):
        draw_work_sheet(*sample((2, 2, 1)), float("nan"))
    with pytest.raises(ValueError, match="network: expected a Network"):
        draw_work_sheet((2, 2, 1), [1, 2], [1], 0.5)
