"""Pages for everybody: WCAG 2 A and AA by axe-core's rules, and each control by the Tab key alone.

Pictures say in words what they show, in the notebooks and on every page that carries them.
"""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from helpers.authoring.slides import main as make_slides
from helpers.course import lecture_step, line_example
from helpers.grading.gradebook import marks, results
from helpers.grading.pages import feedback, report
from helpers.grading.settings import course_at
from helpers.marking.judging import Verdict
from helpers.pictures import explore_learning_rate, explore_nudge, page_font, step_through
from helpers.weight_space import WeightSpace
from tests.browser import in_the_browser, offline_page

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
LECTURES = [path.stem for path in NOTEBOOKS if path.parent.name == "lecture"]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
STEP = lecture_step()
INTERACTIVE = {
    "nudge": lambda: explore_nudge(STEP.net, STEP.x, STEP.t, (1, 0, 0)),
    "step": lambda: step_through(STEP.net, STEP.x, STEP.t, etas=(0.1, 0.5)),
    "learning rate": lambda: explore_learning_rate(
        WeightSpace(*line_example()), np.array([0.1, 0.4, 0.9])
    ),
}
# What the Tab key has to reach, of what is seen.
CONTROLS = """
() => [...document.querySelectorAll(
    'a[href], button:not(:disabled), input, select, summary, [tabindex="0"]')]
  .filter((element) => element.checkVisibility({visibilityProperty: true}))
"""
# The control that has the focus, and whether one sees that it has: its own ring or outline.
FOCUSED = """
(controls) => {
  const style = getComputedStyle(document.activeElement);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return [controls.indexOf(document.activeElement), ring || style.boxShadow !== "none"];
}
"""


def words_of(text):
    """The alt texts of the pictures of a page, formulas apart, and of SVG that is a picture."""

    class Alts(HTMLParser):
        def handle_starttag(self, tag, attributes):
            attributes = dict(attributes)
            if tag == "img" and "math" not in (attributes.get("class") or ""):
                self.found.append(attributes.get("alt") or "")
            if tag == "svg" and attributes.get("role") == "img":
                self.found.append(attributes.get("aria-label") or "")

    parser = Alts()
    parser.found = []
    parser.feed(text)
    return parser.found


def assert_said(words):
    """Assert that each text says what is drawn, and no signs of mathtext."""
    assert words
    for alt in words:
        assert len(alt) > 40 and alt.endswith(".") and not set("${}\\") & set(alt), alt


RESULT = results.Result(
    "Amara Okafor_1204667", "tutorial", "problem_3_numpy", "graded", 50,
    {
        "p3.loss": [
            Verdict("E", 1, 1, "right", (), ""),
            Verdict("single", 0, 1, "wrong", (("half_forgotten",),), "Twice too large: the ½?"),
            Verdict("other", 1, 1, "carried", (), ""),
            Verdict("more", 0, 1, "missing", (), "not answered yet"),
        ]
    },
    remarks=("A cell was put back.",),
)  # fmt: skip


def executed():
    """The notebook of RESULT as a student may hand it in."""
    name = f"{RESULT.lesson}/{RESULT.notebook}.ipynb"
    return nbformat.read(ROOT / "solutions" / name, as_version=nbformat.NO_CONVERT)


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    """page_of(kind): the Path of a page of that kind, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("pages")
    course = course_at(ROOT, folder / "gradebook")
    course.gradebook.mkdir()
    style = f"<style>{page_font.style()} body {{ font-family: var(--sans); }}</style>"

    @cache
    def page_of(kind):
        path = folder / f"{kind}.html"
        if kind in LECTURES:
            assert make_slides([kind, "--output", str(folder)]) == 0
            return folder / "lecture" / path.name
        if kind == "report":
            return report.write(course, [RESULT], {RESULT.key: 1})
        if kind == "feedback":
            text = feedback.page(course, RESULT, executed(), marks.ByHand(1, {}, {}))
        else:
            start = f"<!DOCTYPE html><html lang='en'><meta charset='utf-8'><title>A</title>{style}"
            text = f"{start}<main>{INTERACTIVE[kind]()._repr_html_()}</main>"
        path.write_text(text, encoding="utf-8")
        return path

    return page_of


@pytest.fixture
def shown(page_of, chromium):
    """shown(kind) opens a page of that kind."""
    tried = []

    def show(kind):
        tab = offline_page(chromium, tried, viewport={"width": 1280, "height": 720})
        tab.goto(page_of(kind).as_uri())
        if kind in LECTURES:
            tab.wait_for_function("Reveal.isReady()")
        return tab

    yield show
    for context in chromium.contexts:
        context.close()
    assert tried == []


def views(tab, kind):
    """Show one slide after another, each with all its steps, or the one page that there is."""
    count = tab.evaluate("Reveal.getTotalSlides()") if kind in LECTURES else 1
    for number in range(count):
        if kind in LECTURES:
            tab.evaluate("number => Reveal.slide(number, 0, 99)", number)
        yield number + 1


def violations(tab):
    """What axe-core objects to in what `tab` shows: sentences."""
    found = Axe().run(tab, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {rule['help']}: {node['target']} {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]


def missed(tab):
    """What the Tab key does not reach in what `tab` shows, or reaches without a sign of it."""
    controls = tab.evaluate_handle(CONTROLS)
    count = tab.evaluate("controls => controls.length", controls)
    tab.evaluate("() => document.activeElement.blur()")
    reached = {}
    for _ in range(count + 3):
        tab.keyboard.press("Tab")
        index, is_seen = tab.evaluate(FOCUSED, controls)
        if index >= 0:
            reached[index] = is_seen
    html = tab.evaluate("controls => controls.map((one) => one.outerHTML.slice(0, 100))", controls)
    return [text for n, text in enumerate(html) if not reached.get(n)]


FAULTY = """<!DOCTYPE html><html><title>A</title><main><img src="data:,"> <input>
<p style="color: #bbb">Pale.</p> <button style="outline: none">A</button>
<button tabindex="-1">B</button></main>"""
KINDS = ["feedback", "report", *INTERACTIVE, *LECTURES]


@in_the_browser
def test_faults_are_found(chromium):
    tab = chromium.new_page()
    tab.set_content(FAULTY)
    found = "\n".join(violations(tab))
    for rule in ("image-alt", "label", "color-contrast", "html-has-lang"):
        assert f"{rule}: " in found
    assert [text[-10:-9] for text in missed(tab)] == ["A", "B"]
    tab.close()


@in_the_browser
@pytest.mark.parametrize("kind", KINDS)
def test_axe_core_finds_nothing(kind, shown):
    tab = shown(kind)
    for number in views(tab, kind):
        assert violations(tab) == [], f"{kind}, view {number}"


@in_the_browser
@pytest.mark.parametrize("kind", KINDS)
def test_the_tab_key_reaches_every_control_and_one_sees_where_it_is(kind, shown):
    tab = shown(kind)
    for number in views(tab, kind):
        assert missed(tab) == [], f"{kind}, view {number}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_of_a_notebook_is_said_in_words(path):
    pictures = [
        output.get("metadata", {}).get("image/png", {}).get("alt", "")
        for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert_said(pictures)


@pytest.mark.sampled(0.2, of="pages")
@pytest.mark.parametrize("kind", ["feedback", "report", *LECTURES])
def test_every_picture_of_a_page_is_said_in_words(kind, page_of):
    assert_said(words_of(page_of(kind).read_text(encoding="utf-8")))


def test_what_a_students_picture_says_runs_nothing_and_has_an_end():
    output = {"output_type": "display_data", "data": {"image/png": "QUJD"}}
    plain = feedback.markup.outputs({"outputs": [output]})
    assert 'alt="A picture without a description"' in plain
    said = {"metadata": {"image/png": {"alt": '"><script>a</script> onerror=b ' * 500}}}
    (img,) = re.findall(r"<[^>]*>", feedback.markup.outputs({"outputs": [output | said]}))
    assert img.count('"') == 6 and "<script" not in img and len(img) < 3_000
