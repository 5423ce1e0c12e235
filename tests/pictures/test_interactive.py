"""Interactive pictures: in a real browser without network, by mouse and by keys, right numbers.

On a page of their own, in nbconvert's, and in running JupyterLab and Notebook 7.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import subprocess
import sys
import time

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from PIL import Image

from helpers.course import lecture_step, slide_example
from helpers.network import Network
from helpers.pictures import page_font
from helpers.pictures.interactive import explore_learning_rate, explore_nudge, step_through
from helpers.reference import gradients
from helpers.weight_space import WeightSpace
from tests.browser import in_the_browser, offline_page

ETAS = (0.5, 2.0, 10.0, 20.0, 50.0)
STEPS = 12
WAIT = 60_000  # milliseconds; a machine may be busy


def lecture_network():
    step = lecture_step()
    return step.net, step.x, step.t


def small_network(inputs, hidden, outputs, **settings):
    """A Network with weights of two decimals, an input and a target."""
    random = np.random.default_rng(inputs + hidden + outputs)
    net = Network(
        [random.normal(size=(inputs, hidden)).round(2), random.normal(size=(hidden, outputs))],
        [random.normal(size=hidden).round(2), random.normal(size=outputs).round(2)],
        **settings,
    )
    return net, random.normal(size=inputs).round(2), np.eye(outputs)[-1]


def surface():
    net, x, t = lecture_network()
    return WeightSpace(net, x, t, places=[(0, 0, 0), (1, 0, 0)])


def slide_surface():
    return WeightSpace(*slide_example(), places=[(0, 0, 0), (1, 0, 0)])


PICTURES = {
    "explore": lambda: explore_learning_rate(surface(), ETAS, steps=STEPS),
    "explore the slide example": lambda: explore_learning_rate(
        slide_surface(), (0.003, 0.02, 0.1), labels=("$w_{13}$", "w_{36}")
    ),
    "nudge": lambda: explore_nudge(*lecture_network(), (1, 0, "z")),
    "step 2-2-1": lambda: step_through(*lecture_network()),
    "step 2-3-1 without biases": lambda: step_through(
        *slide_example(), hidden="linear", etas=(0.003, 0.1), title="The slides' network"
    ),
    "step 2-3-1": lambda: step_through(*small_network(2, 3, 1, loss="squared")),
    "step 3-4-2": lambda: step_through(
        *small_network(3, 4, 2, output="softmax", loss="cross_entropy")
    ),
    "step 4-4-4": lambda: step_through(*small_network(4, 4, 4, output="softmax")),
    "step 1-1-1": lambda: step_through(
        *small_network(1, 1, 1, output="sigmoid", loss="cross_entropy")
    ),
}
STEP_PICTURES = [name for name in PICTURES if name.startswith("step")]

# All texts of a drawing as [text, left, top, right, bottom], the drawing itself first.
TEXTS = """svg => [svg, ...svg.querySelectorAll("text")].map(element => {
    const box = element.getBoundingClientRect();
    const text = element === svg ? "svg" : element.textContent;
    return [text, box.left, box.top, box.right, box.bottom];
}).filter(([text]) => text)"""


# The pages that are opened here have the slides' font, which is wider than most.
FONT = f"<style>{page_font.style()} body {{ font-family: var(--sans); }}</style>"


@pytest.fixture
def show(chromium, tmp_path):
    """Opens HTML as a page from a file, without network. Fails for requests and script errors."""
    tried, errors, pages = [], [], []

    def open_page(*fragments):
        file = tmp_path / "page.html"
        body = "\n".join([FONT, *fragments])
        file.write_text(f"<!doctype html><meta charset='utf-8'>{body}", encoding="utf-8")
        page = offline_page(chromium, tried, viewport={"width": 900, "height": 1000})
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert tried == []
    assert errors == []


def number(text):
    """The number that a text such as "−7.842 · 10^−4" shows, its power written behind."""
    text = text.replace("−", "-").replace(" · 10", "e")
    return float(text)


def shown(root):
    """What the learning-rate picture says: {"eta": number, …}, "step" as text."""
    values = {}
    for field in root.locator("[data-value]").all():
        text = field.inner_text()
        name = field.get_attribute("data-value")
        values[name] = text if name == "step" or text == "huge" else number(text)
    return values


def descend(eta, steps):
    """Gradient descent on two weights of the lecture's network, without WeightSpace.

    Returns the two weights, the loss and the two gradients after so many steps.
    """
    net, x, t = lecture_network()
    (W_h, W_o), (b_h, b_o) = [w.copy() for w in net.weights], net.biases
    for step in range(steps + 1):
        a_h = 1 / (1 + np.exp(-(x @ W_h + b_h)))
        a_o = 1 / (1 + np.exp(-(a_h @ W_o + b_o)))
        loss = 0.5 * np.sum((a_o - t) ** 2)
        g = gradients(Network([W_h, W_o], [b_h, b_o]), x, t)
        slopes = g.weights[0][0, 0], g.weights[1][0, 0]
        if step < steps:
            W_h[0, 0] -= eta * slopes[0]
            W_o[0, 0] -= eta * slopes[1]
    return W_h[0, 0], W_o[0, 0], loss, *slopes


def assert_shows(root, eta, step):
    values = shown(root)
    assert values["eta"] == eta
    assert values["step"] == f"{step} of {STEPS}"
    expected = dict(zip(("w1", "w2", "E", "g1", "g2"), descend(eta, step)))
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=6e-4), name


# The HTML


def fingerprints():
    return [hashlib.sha256(make()._repr_html_().encode()).hexdigest() for make in PICTURES.values()]


def test_the_html_is_the_same_in_every_process():
    code = "from tests.pictures.test_interactive import fingerprints; print(*fingerprints())"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.split() == fingerprints()


@pytest.mark.parametrize("name", PICTURES)
def test_the_html_stands_alone(name):
    html = PICTURES[name]()._repr_html_()
    assert set(re.findall(r"https?://[^\"' ]+", html)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xhtml",
    }  # names, not addresses
    assert not re.search(r"\bsrc=|@import|url\(|\beval\b|\bFunction\(| id=|0x[0-9a-f]{6}", html)
    assert len(html) < 120_000


@in_the_browser
def test_a_name_cannot_close_the_script(show):
    picture = explore_learning_rate(surface(), ETAS, labels=("</script><b>w", "w_2"))
    page = show(picture._repr_html_())
    assert "</script><b>w" in page.locator("svg").text_content()
    assert page.locator("b").count() == 0


@pytest.mark.parametrize(
    "name, twin", [("explore", "plot_learning_rates"), ("step 2-2-1", "draw_network")]
)
def test_the_text_names_the_static_twin(name, twin):
    text = repr(PICTURES[name]())
    assert twin in text
    assert "0x" not in text and "\n" not in text


@in_the_browser
def test_without_its_script_the_picture_is_a_sentence(show):
    html = PICTURES["explore"]()._repr_html_()
    page = show(re.sub(r"<script>.*</script>", "", html, flags=re.DOTALL))
    assert page.locator(".backprop-picture").inner_text().strip() == repr(PICTURES["explore"]())


# The learning rate


@in_the_browser
def test_the_learning_rate_by_keys(show):
    page = show(PICTURES["explore"]()._repr_html_())
    root = page.locator(".backprop-picture")
    eta, step = root.get_by_label("learning rate"), root.get_by_label("step", exact=False).last
    assert_shows(root, ETAS[2], STEPS)
    eta.focus()
    page.keyboard.press("ArrowRight")
    assert_shows(root, ETAS[3], STEPS)
    page.keyboard.press("Home")
    assert_shows(root, ETAS[0], STEPS)
    assert eta.get_attribute("aria-valuetext") == "0.5"
    page.keyboard.press("Tab")
    assert step.evaluate("input => input === document.activeElement")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert_shows(root, ETAS[0], STEPS - 2)
    page.keyboard.press("Home")
    assert_shows(root, ETAS[0], 0)


@in_the_browser
def test_the_learning_rate_by_mouse(show):
    page = show(PICTURES["explore"]()._repr_html_())
    root = page.locator(".backprop-picture")
    eta, step = root.locator("input").all()
    for slider, share in ((eta, 1), (step, 0)):
        box = slider.bounding_box()
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + share * box["width"], middle, steps=4)
        page.mouse.up()
    assert_shows(root, ETAS[-1], 0)


@in_the_browser
def test_step_and_play(show):
    page = show(PICTURES["explore"]()._repr_html_())
    root = page.locator(".backprop-picture")
    step = root.get_by_role("button", name="Step")
    step.click()
    assert_shows(root, ETAS[2], 0)
    step.press("Enter")
    step.press("Space")
    assert_shows(root, ETAS[2], 2)
    root.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "() => document.querySelector('[data-value=step]').textContent.startsWith('4 ')"
    )
    assert root.locator("[aria-live]").get_attribute("aria-live") == "off"
    root.get_by_role("button", name="Pause").press("Enter")
    assert root.locator("[aria-live]").get_attribute("aria-live") == "polite"
    reached = int(shown(root)["step"].split()[0])
    assert_shows(root, ETAS[2], reached)


@in_the_browser
def test_the_path_is_drawn_where_its_numbers_are(show):
    """The marks of both frames, read back through the ticks."""
    page = show(PICTURES["explore"]()._repr_html_())
    data = json.loads(page.locator("script[type='application/json']").text_content())
    page.locator("input").first.press("Home")
    path = data["paths"][0]
    dots = page.locator("svg g .dot").evaluate_all(
        "dots => dots.map(dot => [dot.cx.baseVal.value, dot.cy.baseVal.value])"
    )
    assert len(dots) == 2 * STEPS

    def read(ticks, pixels, log=False):
        labels = [text.replace("^{", "").replace("}", "").replace("−", "-") for _, text in ticks]
        if log:
            values = [float(text[2:]) if text.startswith("10") and len(text) > 2 else
                      np.log10(float(text)) for text in labels]  # fmt: skip
        else:
            values = [float(text) for text in labels]
        slope, offset = np.polyfit([pixel for pixel, _ in ticks], values, 1)
        return slope * np.asarray(pixels) + offset

    dots = np.array(dots).reshape(2, STEPS, 2)
    (across, up), (steps, losses) = data["surface"]["ticks"], data["curve"]["ticks"]
    points = np.array(path["points"])[:STEPS]
    np.testing.assert_allclose(read(across, dots[0, :, 0]), points[:, 0], atol=1e-3)
    np.testing.assert_allclose(read(up, dots[0, :, 1]), points[:, 1], atol=1e-3)
    np.testing.assert_allclose(read(steps, dots[1, :, 0]), np.arange(STEPS), atol=1e-3)
    drawn = read(losses, dots[1, :, 1], log=True)
    np.testing.assert_allclose(drawn, np.log10(path["losses"][:STEPS]), atol=1e-3)


def test_contours_separate_lower_from_higher_losses():
    """At its label, the surface has the loss that the contour is named after."""
    for space in (surface(), slide_surface()):
        data = explore_learning_rate(space, ETAS if space.net.hidden == "sigmoid" else (0.01,)).data
        labelled = [c["label"] for c in data["surface"]["contours"] if c["label"]]
        assert len(labelled) >= 3
        across, up = (
            np.polyfit(*zip(*[(p, float(t.replace("−", "-"))) for p, t in ticks]), 1)
            for ticks in data["surface"]["ticks"]
        )
        for x, y, text in labelled:
            loss = space.loss([np.polyval(across, x), np.polyval(up, y)])
            assert loss == pytest.approx(float(text), rel=0.05)


@in_the_browser
def test_a_path_that_diverges_is_said_to_leave_the_picture(show):
    page = show(PICTURES["explore the slide example"]()._repr_html_())
    root = page.locator(".backprop-picture")
    root.locator("input").first.press("Home")
    assert "falls in every step" in root.inner_text()
    assert root.locator(".outside").count() == 0
    root.locator("input").first.press("End")
    assert "too large. The path leaves the picture in step 1" in root.inner_text()
    assert root.locator(".outside").count() == 2
    assert shown(root)["E"] == "huge"
    assert root.locator("svg sub, svg tspan", has_text="13").count() > 0  # the label's index


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"space": "one place"},
            "space: expected a WeightSpace with two places, one an axis, got 1",
        ),
        ({"etas": [0.1, -1]}, "etas: expected at least one learning rate, all above 0"),
        ({"etas": []}, "etas: expected at least one learning rate"),
        ({"steps": 0}, "steps: expected a whole number from 1 on, got 0"),
        ({"steps": True}, "steps: expected a whole number"),
        ({"start": [1, 2, 3]}, r"start: expected shape \(2,\), got \(3,\)"),
        ({"labels": ["w"]}, "labels: expected two names"),
        ({"labels": "ab"}, "labels: expected two names"),
    ],
)
def test_wrong_arguments_of_explore_learning_rate(arguments, message):
    net, x, t = lecture_network()
    if "space" in arguments:
        arguments = {"space": WeightSpace(net, x, t, places=[(0, 0, 0)])}
    with pytest.raises(ValueError, match=message):
        explore_learning_rate(**{"space": surface(), "etas": ETAS} | arguments)


# One step, stage by stage


def card(root, name):
    """The rows of a unit's card: {"z": number, …}."""
    rows = root.locator("svg").evaluate(
        """(svg, name) => {
            const heading = [...svg.querySelectorAll(".name")].find(e => e.textContent === name);
            const rows = [];
            let next = heading.nextElementSibling;
            for (; next && next.tagName === "g"; next = next.nextElementSibling)
                rows.push(next.querySelector("text").textContent);
            return rows;
        }""",
        name,
    )
    pairs = (row.split(" = ") for row in rows if " = " in row)
    return {name: number(value) for name, value in pairs}


def on_edges(root):
    """The numbers on the edges, in the order of the weights."""
    return [number(text) for text in root.locator("svg .weight").all_text_contents()]


def lecture_by_hand(hidden, eta):
    """One step on the lecture's network, written out: {name: array}."""
    net, x, t = lecture_network()
    net = Network(net.weights, net.biases, hidden=hidden)
    f = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh,
         "relu": lambda z: np.maximum(z, 0)}  # fmt: skip

    def forward(weights, biases):
        z_h = (x @ weights[0] + biases[0])[0]
        a_h = f[hidden](z_h)
        z_o = a_h @ weights[1] + biases[1]
        a_o = f["sigmoid"](z_o)
        return z_h, a_h, z_o, a_o, 0.5 * np.sum((t[0] - a_o) ** 2)

    g = gradients(net, x, t)
    new = [w - eta * slope for w, slope in zip(net.weights, g.weights)]
    new_biases = [b - eta * slope for b, slope in zip(net.biases, g.biases)]
    names = ("z_h", "a_h", "z_o", "a_o", "E")
    return (
        dict(zip(names, forward(net.weights, net.biases)))
        | dict(zip((f"{name}_new" for name in names), forward(new, new_biases)))
        | {"delta": g.delta, "gradients": g.weights, "new": new, "new biases": new_biases}
    )


def is_shown(value):
    """Right to the four decimals that are shown."""
    return pytest.approx(value, abs=5.1e-5)


def flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


@in_the_browser
@pytest.mark.parametrize("hidden, eta", [("sigmoid", 0.1), ("tanh", 2.0), ("relu", 0.5)])
def test_every_number_of_a_step(show, hidden, eta):
    page = show(PICTURES["step 2-2-1"]()._repr_html_())
    root = page.locator(".backprop-picture")
    root.get_by_label("hidden activation").select_option(label={"relu": "ReLU"}.get(hidden, hidden))
    root.get_by_label("learning rate").select_option(label=f"{eta:g}")
    stage = root.get_by_role("slider", name="stage")
    wanted = lecture_by_hand(hidden, eta)
    net, x, t = lecture_network()

    def go(number):
        stage.evaluate(
            "(input, n) => { input.value = n; input.dispatchEvent(new Event('input')); }", number
        )

    assert on_edges(root) == is_shown(flat(net.weights))
    assert set(card(root, "h1")) == {"b"}
    go(1)
    for j, name in enumerate(("h1", "h2")):
        assert card(root, name) == {"b": net.biases[0][j], "z": is_shown(wanted["z_h"][j])}
    go(5)
    for j, name in enumerate(("h1", "h2")):
        assert card(root, name)["a"] == is_shown(wanted["a_h"][j])
    out = card(root, "o1")
    assert (out["z"], out["a"], out["t"]) == is_shown((wanted["z_o"][0], wanted["a_o"][0], 0.9))
    assert card(root, "loss") == {"E": is_shown(wanted["E"])}
    assert "δ" not in out
    go(7)
    assert card(root, "o1")["δ"] == card(root, "o1")["∂E/∂b"] == is_shown(wanted["delta"][1][0, 0])
    assert on_edges(root)[4:] == is_shown(wanted["gradients"][1].ravel())
    assert on_edges(root)[:4] == is_shown(net.weights[0].ravel())
    go(8)
    assert on_edges(root) == is_shown(flat(net.weights))  # the old weights, for the deltas
    go(9)
    for j, name in enumerate(("h1", "h2")):
        assert card(root, name)["δ"] == is_shown(wanted["delta"][0][0, j])
    assert on_edges(root)[:4] == is_shown(wanted["gradients"][0].ravel())
    go(10)
    assert on_edges(root) == is_shown(flat(wanted["new"]))
    assert card(root, "h2")["b"] == is_shown(wanted["new biases"][0][1])
    go(11)
    assert card(root, "h2")["z"] == is_shown(wanted["z_h_new"][1])
    assert card(root, "h2")["a"] == is_shown(wanted["a_h_new"][1])
    assert card(root, "o1")["a"] == is_shown(wanted["a_o_new"][0])
    assert card(root, "loss") == {"Enew": is_shown(wanted["E_new"])}
    assert "The loss has fallen." in root.inner_text()


@in_the_browser
def test_computed_numbers_keep_their_zeros_and_next_stands_beside_back(show):
    page = show(PICTURES["step 2-2-1"]()._repr_html_())
    root = page.locator(".backprop-picture")
    assert root.locator("svg .weight").all_text_contents()[:2] == ["0.7", "−0.5"]
    assert root.get_by_role("button").all_text_contents() == ["Back", "Next"]
    back, next = (root.get_by_role("button", name=name).bounding_box() for name in ("Back", "Next"))
    assert 0 < next["x"] - back["x"] - back["width"] < 30 and next["y"] == back["y"]
    for _ in range(3):
        root.get_by_role("button", name="Next").click()
    rows = [text for text in root.locator("svg text").all_text_contents() if "z = " in text]
    assert rows == ["z = 0.8200", "z = −0.4800", "z = 0.2039"]


@in_the_browser
def test_the_slide_example_without_its_biases(show):
    """The published step: all nine weights move, and the loss explodes from 8 to 15488."""
    page = show(PICTURES["step 2-3-1 without biases"]()._repr_html_())
    root = page.locator(".backprop-picture")
    assert "The slides' network" in root.inner_text()
    root.get_by_label("learning rate").select_option(label="0.1")
    root.get_by_role("slider", name="stage").press("End")
    assert on_edges(root) == pytest.approx([-0.2, 0.4, 5.4, 3.8, 4.4, -3.6, -2.2, 0.2, 7.2])
    assert card(root, "loss") == {"Enew": 15488}
    assert card(root, "o1")["a"] == 185
    assert "b" not in card(root, "h1")
    assert "The loss has grown" in root.inner_text()


def result_of(formula):
    """A formula's numbers put together again: (what stands left of the last =, what right)."""
    *_, left, right = formula.replace("−", "-").replace(" · ", "*").replace(" / ", "/").split(" = ")
    left = left.replace("½ ", "0.5*").replace("^", "**").replace("2 (", "2*(")
    left = left.replace("σ", "sigmoid")
    names = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh, "max": max}
    return eval(left, names | {"exp": np.exp, "ln": np.log}), float(right)


@in_the_browser
@pytest.mark.parametrize("name", STEP_PICTURES)
def test_the_formulas_are_true(show, name):
    """Each formula is computed again from the numbers that it shows, for every choice."""
    page = show(PICTURES[name]()._repr_html_())
    root = page.locator(".backprop-picture")
    checked = 0
    for index in range(root.get_by_label("hidden activation").locator("option").count()):
        root.get_by_label("hidden activation").select_option(index=index)
        root.get_by_role("slider", name="stage").press("Home")
        for _ in range(11):
            root.get_by_role("button", name="Next").click()
            formulas = root.locator(".formulas li").evaluate_all(
                """items => items.map(item => {
                    item = item.cloneNode(true);
                    item.querySelectorAll("sup").forEach(sup => sup.prepend("^"));
                    return item.textContent.replace("←", "=");
                })"""
            )
            assert formulas and len(formulas) <= 12
            for formula in formulas:
                if "after it" in formula or re.match(r"[^=]+= [−\d.e]+$", formula):
                    continue  # nothing is computed in it
                if "∂E/∂z" in formula:
                    continue
                left, right = result_of(formula)
                # The numbers in it are rounded, to four decimals or to five digits.
                assert left == pytest.approx(right, rel=2e-3, abs=6e-4), formula
                checked += 1
    assert checked > 10


@in_the_browser
@pytest.mark.parametrize("name", PICTURES)
def test_texts_are_apart_and_inside_the_drawing(show, name):
    page = show(PICTURES[name]()._repr_html_())
    root = page.locator(".backprop-picture")
    slider = root.locator("input").last
    slider.press("Home")
    for _ in range(int(slider.get_attribute("max")) + 1 if name.startswith("step") else 1):
        (_, left, top, right, bottom), *texts = root.locator("svg").evaluate(TEXTS)
        assert len(texts) > 8
        for n, (text, x1, y1, x2, y2) in enumerate(texts):
            assert left <= x1 and top <= y1 and x2 <= right and y2 <= bottom, text
            for other, u1, v1, u2, v2 in texts[n + 1 :]:
                apart = x2 < u1 + 0.5 or u2 < x1 + 0.5 or y2 < v1 + 0.5 or v2 < y1 + 0.5
                assert apart, (slider.input_value(), text, other)
        slider.press("ArrowRight")
    # What is said below fits in, too.
    assert root.evaluate("root => root.scrollWidth <= root.clientWidth")


@in_the_browser
@pytest.mark.parametrize("name", ["explore", "step 3-4-2"])
def test_the_picture_is_seen(show, name):
    """On its own white page, whatever the page's colours are."""
    page = show(
        "<style>body { background: #111; color: #eee }</style>", PICTURES[name]()._repr_html_()
    )
    image = Image.open(io.BytesIO(page.locator(".backprop-picture").screenshot()))
    colours = dict((colour, count) for count, colour in image.convert("RGB").getcolors(100_000))
    assert colours[255, 255, 255] > 0.2 * image.width * image.height
    assert len(colours) > 50
    assert colours.get((0, 0x72, 0xB2), 0) > 100  # forward, or the path


@in_the_browser
def test_new_and_used_are_marked_by_more_than_colour(show):
    page = show(PICTURES["step 2-2-1"]()._repr_html_())
    root = page.locator(".backprop-picture")
    root.get_by_role("slider", name="stage").press("End")
    for _ in range(3):
        root.get_by_role("button", name="Back").click()
    root.get_by_role("button", name="Back").press("Enter")  # gradients of the output layer
    style = "(element, name) => getComputedStyle(element)[name]"
    new = root.locator(".new.backward .weight").first
    assert new.evaluate(style, "fontWeight") == "700"
    assert new.evaluate(style, "fontStyle") == "italic"
    assert root.locator(".new.backward .edge").first.evaluate(style, "strokeDasharray") != "none"
    assert root.locator(".used .mark").first.evaluate(style, "stroke") != "none"
    root.get_by_role("button", name="Back").click()
    assert root.locator(".new .edge").count() == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"x": [[1, 2], [3, 4]]}, r"x: expected one data point, shape \(1, 2\), got \(2, 2\)"),
        ({"x": [1, 2, 3]}, r"x: expected shape \(N, 2\)"),
        ({"t": [1, 2]}, r"t: expected shape \(1, 1\)"),
        ({"hidden": ()}, "hidden: expected at least one activation, got none"),
        (
            {"hidden": "softmax"},
            "hidden: expected any of linear, sigmoid, tanh, relu, got 'softmax'",
        ),
        ({"etas": [0]}, "etas: expected at least one learning rate, all above 0"),
        ({"net": Network([np.ones((2, 5)), np.ones((5, 1))])}, "at most 4 units a layer, got 5"),
        ({"net": Network([np.ones((2, 1))])}, "net: expected one hidden layer, got 0"),
    ],
)
def test_wrong_arguments_of_step_through(arguments, message):
    net, x, t = lecture_network()
    with pytest.raises(ValueError, match=message):
        step_through(**{"net": net, "x": x, "t": t} | arguments)


# Where it is shown


@in_the_browser
def test_copies_on_one_page_are_independent(show):
    explore, step = (PICTURES[name]()._repr_html_() for name in ("explore", "step 2-2-1"))
    page = show(explore, step, explore, step)
    roots = page.locator(".backprop-picture")
    assert roots.locator("svg").count() == 4
    roots.nth(0).locator("input").first.press("Home")
    roots.nth(1).get_by_role("button", name="Next").click()
    assert_shows(roots.nth(0), ETAS[0], STEPS)
    assert_shows(roots.nth(2), ETAS[2], STEPS)
    assert "2 of 12" in roots.nth(1).inner_text()
    assert "1 of 12" in roots.nth(3).inner_text()


@in_the_browser
def test_a_page_saved_from_the_browser_works(show):
    page = show(PICTURES["explore"]()._repr_html_())
    page.locator("input").first.press("Home")
    saved = show(page.locator(".backprop-picture").evaluate("root => root.outerHTML"))
    assert saved.locator("svg").count() == 1
    saved.locator("input").first.press("End")
    assert_shows(saved.locator(".backprop-picture"), ETAS[-1], STEPS)


@in_the_browser
@pytest.mark.parametrize("name", ["explore", "step 2-2-1"])
def test_all_text_is_in_the_font_of_the_page_around_it(show, name):
    page = show(PICTURES[name]()._repr_html_(), "<style>body { font-family: Around; }</style>")
    families = page.locator(".backprop-picture").evaluate(
        "root => [root, ...root.querySelectorAll(':not(input)')]"
        ".map(one => getComputedStyle(one).fontFamily)"
    )
    assert len(families) > 30 and set(families) == {"Around"}


@in_the_browser
def test_keys_in_controls_do_not_reach_the_page(show):
    """So that slides do not turn while a slider moves."""
    page = show(
        PICTURES["explore"]()._repr_html_(),
        PICTURES["step 2-2-1"]()._repr_html_(),
        "<script>window.keys = []; document.addEventListener('keydown', e => keys.push(e.key));"
        "</script>",
    )
    for control in page.locator(".backprop-picture").locator("input, select, button").all():
        assert control.get_attribute("data-lm-suppress-shortcuts") == "true"
        if control.is_enabled():
            control.press("ArrowRight")
            control.press("b")
    assert page.evaluate("keys") == []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("b")
    assert page.evaluate("keys") == ["b"]


def notebook(*html):
    """A notebook whose one code cell has the given outputs."""
    cell = nbformat.v4.new_code_cell("picture")
    cell.outputs = [
        nbformat.v4.new_output("display_data", data={"text/html": fragment, "text/plain": "text"})
        for fragment in html
    ]
    return nbformat.v4.new_notebook(cells=[cell])


@in_the_browser
def test_a_page_made_by_nbconvert_works_without_network(chromium, tmp_path):
    """And asks for nothing that nbconvert's page without the pictures does not ask for."""
    requests = {}
    for name, pictures in {
        "empty": ["<p>nothing</p>"],
        "full": [PICTURES["explore"]()._repr_html_(), PICTURES["step 2-2-1"]()._repr_html_()],
    }.items():
        file = tmp_path / f"{name}.html"
        body, _ = HTMLExporter().from_notebook_node(notebook(*pictures))
        file.write_text(body, encoding="utf-8")
        requests[name] = []
        page = offline_page(chromium, requests[name], viewport={"width": 1100, "height": 1400})
        page.goto(file.as_uri())
    roots = page.locator(".backprop-picture")
    roots.nth(0).locator("input").first.press("Home")
    assert_shows(roots.nth(0), ETAS[0], STEPS)
    roots.nth(1).get_by_role("slider", name="stage").press("ArrowRight")
    assert card(roots.nth(1), "h1")["z"] == is_shown(0.82)
    assert sorted(requests["full"]) == sorted(requests["empty"])
    for page in [page for context in chromium.contexts for page in context.pages]:
        page.context.close()


CELLS = (
    f"""from helpers.course import lecture_step
from helpers.pictures.interactive import explore_learning_rate, step_through
from helpers.weight_space import WeightSpace
step = lecture_step()
space = WeightSpace(step.net, step.x, step.t, places=[(0, 0, 0), (1, 0, 0)])
explore_learning_rate(space, {ETAS}, steps={STEPS})""",
    "step_through(step.net, step.x, step.t)",
)


@contextlib.contextmanager
def running(application, folder):
    """A server of `application`, "lab" or "notebook", on `folder`; gives its address and token."""
    private = folder / "private"  # configuration, data, …: none of the person's own
    names = ("CONFIG", "DATA", "RUNTIME")
    environment = os.environ | {f"JUPYTER_{name}_DIR": str(private / name) for name in names}
    environment |= {
        "IPYTHONDIR": str(private / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
    }
    # No question whether the news may be fetched.
    pages = private / "CONFIG" / "labconfig" / "page_config.json"
    pages.parent.mkdir(parents=True)
    news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    pages.write_text(json.dumps(news))

    def written(files):
        return files and files[0].read_text().rstrip().endswith("}")

    token = secrets.token_hex()
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", f"jupyter{'lab' if application == 'lab' else ''}"),
                *(["notebook"] if application == "notebook" else []),
                *("--no-browser", "--port=0", "--allow-root", "--ip=127.0.0.1"),
                *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"),
                # Only so can a test know when the notebook is ready.
                f"--{'Lab' if application == 'lab' else 'JupyterNotebook'}App."
                "expose_app_in_browser=True",
            ],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            limit = time.monotonic() + WAIT / 1000
            while not written(found := list((private / "RUNTIME").glob("jpserver-*.json"))):
                assert server.poll() is None, (folder / "server.log").read_text()
                assert time.monotonic() < limit, "the server did not start"
                time.sleep(0.1)
            yield json.loads(found[0].read_text())["url"], token
        finally:
            server.terminate()  # it shuts its kernels down
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


# Whether the notebook has its kernel; before that, it drops an order to run cells.
CONNECTED = """() => {
    const notebook = window.jupyterapp && jupyterapp.shell.currentWidget;
    const context = notebook && notebook.sessionContext;
    const kernel = context && context.isReady && context.session && context.session.kernel;
    return kernel && kernel.connectionStatus === "connected" && kernel.status === "idle";
}"""


@pytest.mark.sampled(0, of="pictures in a running Jupyter")
@pytest.mark.parametrize("application, path", [("lab", "lab/tree"), ("notebook", "notebooks")])
def test_in_a_running(application, path, chromium, tmp_path):
    """The pictures appear when their cells run, and the notebook does not react to their keys."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}),
        tmp_path / "pictures.ipynb",
    )
    with running(application, tmp_path) as (address, token):
        tried = []
        page = offline_page(
            chromium,
            tried,
            [address.rstrip("/"), address.rstrip("/").replace("http", "ws")],
            viewport={"width": 1300, "height": 1000},
        )
        page.set_default_timeout(WAIT)
        page.goto(f"{address}{path}/pictures.ipynb?token={token}")
        page.wait_for_function(CONNECTED)
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        cells = page.locator(".jp-Notebook .jp-Cell")
        roots = page.locator(".jp-Notebook .backprop-picture")
        roots.nth(0).locator("svg").wait_for()
        roots.nth(1).locator("svg").wait_for()

        def state():
            """Which cell is active, how many there are, whether one is edited."""
            active = "all => all.map(cell => cell.classList.contains('jp-mod-active'))"
            return cells.evaluate_all(active), page.locator(".jp-mod-editMode").count()

        slider = roots.nth(0).locator("input").first
        slider.click()
        before = state()
        slider.press("Home")
        assert_shows(roots.nth(0), ETAS[0], STEPS)
        slider.press("ArrowRight")
        assert_shows(roots.nth(0), ETAS[1], STEPS)
        for key in ("ArrowUp", "ArrowDown", "a", "b", "d", "d", "j", "k", "m", "Enter"):
            slider.press(key)
        assert_shows(roots.nth(0), ETAS[1], STEPS)
        assert state() == before
        next_stage = roots.nth(1).get_by_role("button", name="Next")
        next_stage.click()
        before = state()
        next_stage.press("Enter")
        for key in ("b", "ArrowDown", "d", "d"):
            next_stage.press(key)
        assert "3 of 12" in roots.nth(1).inner_text()
        assert state() == before
        assert roots.nth(1).evaluate("root => root.scrollWidth <= root.clientWidth")
        page.screenshot(path=tmp_path / f"{application}.png")
        page.context.close()
    assert [url for url in tried if not url.startswith("https://")] == []
