"""Slides: in a browser without network, nothing is cut off, nothing is missing, keys work.

What every slide is held to is written in tests/slides.py. It is tried on slides that have those
faults, then applied to the real ones.
"""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import ziamath

from helpers.authoring import slides, source
from helpers.authoring.__main__ import main as build
from helpers.authoring.build import sources
from helpers.authoring.slides import decks, main, page
from tests.browser import in_the_browser, offline_page
from tests.slides import faults

ROOT = Path(__file__).resolve().parents[2]
LECTURES = sorted((ROOT / "solutions" / "lecture").glob("*.ipynb"))
MINUTES = {"1_learning_by_gradient": 5, "2_deriving_backpropagation": 40,
           "3_activation_functions": 15}  # fmt: skip

HEADER = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
FIRST = r"""
+++ {"slide": "new", "minutes": 2}

# A sample, with $\delta_o$ & more

One thought, a [link](https://example.org/page) and $a < b$.

+++ {"slide": "notes"}

Say that $a < b$, and 1 <b 2.

A second paragraph.

+++ {"slide": "new", "minutes": 2.5}

## A formula

$$
\frac{\partial E}{\partial w_{h,11}} = (a_o - t)\, \sigma'(z_o) \cdot w_{o,11} \cdot
\sigma'(z_{h,1}) \cdot x_1 \qquad \frac{\partial E}{\partial b} = \delta
$$

### Below

| quantity | value |
|---|--:|
| $\delta_o$ | 0.25 |

+++ {"slide": "notes"}

Read it aloud.

+++

This is read at home.

+++ {"slide": "new"}

## A picture

```{code-cell} ipython3
:slide: more
:given: picture

from helpers.pictures.curves import Picture
picture = Picture(8.5, 4)
picture.add_axes((0.1, 0.1, 0.8, 0.8)).plot([1, 2])
picture.alt = "A line that rises from 1 to 2, drawn for a test."
picture
```

+++ {"slide": "notes"}

Optional: point at it.
"""
SECOND = """
+++ {"slide": "new", "minutes": 1}

## Code

```{code-cell} ipython3
:slide: code
:given: code

for number in range(3):
    print(number < 1, "<b>")
```

```{code-cell} ipython3
:given: home
print("for home")
```

+++ {"slide": "more", "reveal": true}

Text after it.

- One
- Two

+++ {"slide": "notes"}

Notes.

```{code-cell} ipython3
:slide: new
:minutes: 0.5
:given: interactive

from IPython.display import HTML
HTML('''<div style="height:500px"><p style="margin:0">Value <input id="slider" type="range"
max="10" value="3"> <b id="value"></b></p>
<svg viewBox="0 0 850 400" width="850"><text x="10" y="40" font-size="20">SVG</text></svg></div>
<script>
const slider = document.getElementById("slider");
const show = () => { document.getElementById("value").textContent = 10 * slider.value; };
slider.addEventListener("input", show);
slider.addEventListener("keydown", (event) => event.stopPropagation());
show();
</script>''')
```

+++ {"slide": "notes"}

Move the slider.

```{code-cell} ipython3
:slide: new
:given: table

HTML("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>")
```

+++ {"slide": "notes"}

A table.
"""
LINES = "\n\n".join(
    f"Paragraph {number} of a slide with more than it can hold." for number in range(12)
)
FULL = rf"""
+++ {{"slide": "new", "minutes": 1}}

## Too much text

{LINES}

+++ {{"slide": "new", "minutes": 1}}

## A squeezed picture

{LINES[:420]}

```{{code-cell}} ipython3
:slide: more
from helpers.pictures.curves import Picture
picture = Picture(8.5, 4)
picture.text(0.5, 0.5, "Small", fontsize=9)
picture
```

+++ {{"slide": "new", "minutes": 1}}

## A wide table

|{"a wide column |" * 12}
|{"---|" * 12}
|{"1 |" * 12}

+++ {{"slide": "new", "minutes": 1}}

## A long formula

$$
{"w_1 + " * 60} w_2
$$

+++ {{"slide": "new", "minutes": 1}}

## Formulas that are none

$\nonsense{{x}}$ and $\frac{{a$

+++ {{"slide": "new", "minutes": 1}}

## Small print

<span style="width:40px">Fine.</span> ![missing](missing.png)

```{{code-cell}} ipython3
:slide: more
from IPython.display import HTML
HTML("<p style='font-size:12px'>Small</p>")
```

+++ {{"slide": "new", "minutes": 1}}

## Nothing

+++ {{"slide": "notes"}}

There is nothing to see.
"""


def write_source(root, text, name):
    path = root / "solutions" / "lesson" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + text, encoding="utf-8")
    return path


def built(root):
    """Build the notebooks of `root`, in a thread: Playwright's event loop occupies this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(build, [], root).result()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A course with two notebooks that have slides and one that has none, built."""
    root = tmp_path_factory.mktemp("course")
    write_source(root, FIRST, "1_first")
    write_source(root, SECOND, "2_second")
    write_source(root, "# No slides", "3_third")
    assert built(root) == 0
    assert main([], root) == 0
    return root


# The browser


@pytest.fixture
def show(chromium):
    """show(path, query) opens a page of slides; in the end nothing was loaded, nothing failed."""
    opened, loaded, errors = [], [], []

    def show(path, query=""):
        tab = offline_page(chromium, errors, viewport={"width": 1280, "height": 720})
        tab.on("request", lambda request: loaded.append(request.url))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("console", lambda message: errors.append(message.text))
        opened.append(path.as_uri() + query)
        tab.goto(opened[-1])
        tab.wait_for_function("Reveal.isReady()")
        return tab

    yield show
    for context in chromium.contexts:
        context.close()
    assert errors == []
    assert [url for url in loaded if not url.startswith("data:")] == opened


def unknown_commands(tab):
    """The formulas in `tab` with a command that cannot be drawn: its name is drawn instead."""
    formulas = tab.evaluate("() => [...document.querySelectorAll('img.math')].map(img => img.alt)")
    return [
        formula for formula in sorted(set(formulas))
        if "\\" in "".join(ziamath.Latex(formula).mathml.itertext())
    ]  # fmt: skip


# The sample


@in_the_browser
@pytest.mark.parametrize("name", ["1_first", "2_second"])
def test_slides_without_fault_have_none(root, show, name):
    tab = show(root / f"slides/lesson/{name}.html")
    assert faults(tab) == [] == unknown_commands(tab)


@in_the_browser
def test_each_fault_is_found_and_does_not_stop_the_command(tmp_path, show):
    write_source(tmp_path, FULL, "full")
    assert built(tmp_path) == 0
    assert main(["--output", str(tmp_path / "made")], tmp_path) == 0
    tab = show(tmp_path / "made/lesson/full.html")
    found = faults(tab)
    for wanted in [
        r"slide 1, 'Too much text': \d\d\d px too high",
        r"slide 2, 'A squeezed picture': a picture only \d+ px high",
        r"slide 2, 'A squeezed picture': a picture that is not said in words",
        r"slide 2, 'A squeezed picture': letters of \d+\.\d px in a picture",
        r"slide 3, 'A wide table': \d\d\d px too wide",
        r"slide 4, 'A long formula': a formula \d\d\d\d px too wide",
        r"slide 5, 'Formulas that are none': a formula that is not drawn: .*\\frac{a.*",
        r"slide 6, 'Small print': text of 12.0 px: Small",
        r"slide 6, 'Small print': a picture is missing",
        r"slide 7, 'Nothing': nothing but a heading",
        *(rf"slide {number}, '.*': no notes" for number in range(1, 7)),
    ]:
        assert any(re.fullmatch(wanted, fault) for fault in found), (wanted, found)
    assert not any("'Nothing': no notes" in fault for fault in found)
    assert unknown_commands(tab) == [r"\nonsense{x}"]


@in_the_browser
def test_keys_lead_through_all_slides(root, show):
    tab = show(root / "slides/lesson/1_first.html")
    for key, expected in [("ArrowRight", [1, 2, 2]), ("ArrowLeft", [1, 0, 0])]:
        for number in expected:
            tab.keyboard.press(key)
            assert tab.evaluate("Reveal.getIndices().h") == number
    tab.keyboard.press("PageDown")
    tab.wait_for_function("location.hash === '#/1'")  # so that reloading stays where one is


@in_the_browser
def test_what_is_revealed_comes_step_by_step(root, show):
    tab = show(root / "slides/lesson/2_second.html")
    assert tab.locator(".fragment").all_text_contents() == ["Text after it.", "One", "Two"]
    for seen in (0, 1, 2, 3):
        assert tab.locator(".fragment.visible").count() == seen
        assert tab.evaluate("Reveal.getIndices().h") == 0
        tab.keyboard.press("PageDown")
    assert tab.evaluate("Reveal.getIndices().h") == 1


@in_the_browser
def test_an_interactive_picture_keeps_its_keys_and_a_clicker_turns_the_page(root, show):
    tab = show(root / "slides/lesson/2_second.html")
    tab.evaluate("Reveal.slide(1)")
    tab.locator("#slider").focus()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#value").inner_text() == "40"
    assert tab.evaluate("Reveal.getIndices().h") == 1
    tab.keyboard.press("PageDown")
    assert tab.evaluate("Reveal.getIndices().h") == 2
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate("Reveal.getIndices().h") == 1


@in_the_browser
def test_an_interactive_picture_fills_its_room_and_can_be_dragged(root, show):
    tab = show(root / "slides/lesson/2_second.html")
    tab.evaluate("Reveal.slide(1)")
    tab.wait_for_function("document.querySelector('.magnified').style.transform")
    room = tab.locator(".room").bounding_box()
    picture = tab.locator(".magnified").bounding_box()
    fills = [picture[side] >= room[side] - 2 for side in ("width", "height")]
    assert any(fills) and picture["width"] > 850
    left, right = picture["x"] - room["x"], room["x"] + room["width"]
    assert left == pytest.approx(right - picture["x"] - picture["width"], abs=2)
    slider = tab.locator("#slider").bounding_box()
    tab.mouse.click(slider["x"] + slider["width"] - 2, slider["y"] + slider["height"] / 2)
    assert tab.locator("#value").inner_text() == "100"


@in_the_browser
def test_the_speaker_sees_notes_and_clock(root, show):
    tab = show(root / "slides/lesson/1_first.html")
    with tab.expect_popup() as popup:
        tab.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("A second paragraph.").wait_for()
    assert notes.inner_text().split("\n\n")[0] == "2 min, from 0:00 to 0:02 of 6 min"
    assert "and 1 <b 2." in notes.inner_text()
    assert notes.locator("img").get_attribute("alt") == "a < b"
    assert "For the speaker" not in notes.inner_text()


@in_the_browser
@pytest.mark.parametrize("notes", [False, True])
def test_all_slides_are_printed(root, show, notes):
    query = "?print-pdf" + ("&showNotes=separate-page" if notes else "")
    tab = show(root / "slides/lesson/2_second.html", query)
    tab.wait_for_selector(".pdf-page")
    assert tab.locator(".pdf-page .slide").count() == 3
    for number in range(3):
        assert tab.locator(".pdf-page .body").nth(number).is_visible()
    printed = tab.locator(".speaker-notes-pdf", has_text="Move the slider.")
    assert printed.count() == notes
    tab.wait_for_function("document.querySelector('.magnified').style.transform")
    pages = re.findall(rb"/Type /Page\b", tab.pdf(prefer_css_page_size=True))
    assert len(pages) == (6 if notes else 3)


def test_a_page_holds_what_the_source_says_and_nothing_else(root):
    first, second = decks(root, sources(root, ["1_first", "2_second"]))
    text = page(second)
    shown = [text.index(part) for part in ("print</span>", "&lt;b&gt;", "Text after it.", "<svg")]
    assert shown == sorted(shown)
    assert "for home" not in text and "IPython" not in text
    assert "This is read at home." not in page(first)
    assert "<title>A sample, with \\delta_o &amp; more</title>" in page(first)
    assert re.findall(r'<section data-timing="(\d+)">', page(first)) == ["120", "150", "0"]
    assert page(first) == page(first)
    for script in re.findall(r"<script>(.*?)</script>", text, re.DOTALL):
        assert "<script" not in script and "<!--" not in script


def test_the_clock_runs_through_the_notebooks_of_a_lesson(root):
    (second,) = decks(root, sources(root, ["2_second"]))
    clocks = [slides._clock(slide, second) for slide in second.slides]
    assert clocks == [
        "1 min, from 0:04:30 to 0:05:30 of 6 min",
        "0.5 min, from 0:05:30 to 0:06 of 6 min",
        "optional",
    ]
    assert slides._time(75) == "1:15"


def test_what_was_made_is_said(root, tmp_path, capsys):
    assert main(["2_second", "--output", str(tmp_path)], root) == 0
    path = tmp_path / "lesson" / "2_second.html"
    assert capsys.readouterr().out == f"{path}: 3 slides, 1.5 minutes\n"
    assert [path] == list(tmp_path.rglob("*.html"))
    assert main([], root) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{Path('slides/lesson/1_first.html')}: 3 slides, 4.5 minutes"
    assert len(lines) == 2


def test_what_is_not_built_is_named(root, tmp_path, capsys):
    def said(*names):
        assert main(names, tmp_path) == 2
        message = capsys.readouterr().err
        assert message.endswith("Nothing was written.\n")
        return message

    shutil.copytree(root / "solutions", tmp_path / "solutions")
    folder = tmp_path / "solutions" / "lesson"
    write_source(tmp_path, SECOND.replace("Text after", "Words after"), "2_second")
    (folder / "1_first.ipynb").unlink()
    message = said()
    assert "solutions/lesson/1_first.ipynb is missing: run `make build` or" in message
    assert "2_second.ipynb is older than its source: run `make build` or `python -m" in message
    (folder / "1_first.ipynb").write_text("{}")
    assert "1_first.ipynb is not a notebook" in said("1_first")
    assert "There is no notebook 'fourth'" in said("fourth")
    assert "None of these notebooks has slides" in said("3_third")
    write_source(tmp_path, "```{code-cell}\n:slide: nwe\n1\n```", "2_second")
    assert "2_second.md, line 5: slide: expected one of new, more, code, only, notes" in said()
    assert not (tmp_path / "slides").exists()


# The course's own


@pytest.fixture(scope="module", params=[path.stem for path in LECTURES])
def made(request, tmp_path_factory):
    """The slides of a lecture notebook."""
    folder = tmp_path_factory.mktemp("made")
    assert main([request.param, "--output", str(folder)]) == 0
    return folder / "lecture" / f"{request.param}.html"


@in_the_browser
def test_no_slide_of_the_lecture_has_a_fault(made, show):
    tab = show(made)
    assert "\n".join(f"{made.stem}, {fault}" for fault in faults(tab)) == ""
    assert unknown_commands(tab) == []


@in_the_browser
def test_keys_lead_through_the_lecture(made, show):
    tab = show(made)
    last = tab.evaluate("Reveal.getTotalSlides()") - 1
    for _ in range(last + tab.locator(".fragment").count()):
        tab.keyboard.press("PageDown")
    assert tab.evaluate("Reveal.getIndices().h") == last and tab.evaluate("Reveal.isLastSlide()")


WORDS_OF_A_NOTEBOOK = re.compile(r"\bsections? \d|Try it|\d\.?\d*e[-+]\d\d|<h\d[^>]*>\d")


@pytest.mark.parametrize("name", [path.stem for path in LECTURES])
def test_slides_have_a_question_first_and_a_closing_and_nothing_of_a_notebooks_frame(name):
    (deck,) = decks(ROOT, sources(ROOT, [f"lecture/{name}"]))
    parts = [{**slides._parts(slide, deck), "notes": []} for slide in deck.slides]
    unseen = r"<img[^>]*>|<(style|script).*?</\1>"
    shown = [re.sub(unseen, "", str(part), flags=re.DOTALL) for part in parts]
    assert not [found[0] for text in shown if (found := WORDS_OF_A_NOTEBOOK.search(text))]
    assert parts[0]["level"] == "1" and "?</strong>" in str(parts[0])
    closing = [
        part for part in parts if part["title"] in ("What you can now do", "What to take along")
    ]
    assert len(closing) == 1
    timed = [slide for slide in deck.slides if slide.minutes]
    assert slides._parts(timed[-1], deck)["title"] == closing[0]["title"]
    assert any(in_steps for part in parts for _, in_steps in part["blocks"])


@pytest.mark.parametrize("name", [path.stem for path in LECTURES])
def test_each_slide_of_the_lecture_has_minutes_and_shows_something(name):
    (deck,) = decks(ROOT, sources(ROOT, [f"lecture/{name}"]))
    for slide in deck.slides:
        first = slide.cells[0]
        assert "minutes" in first.metadata.slideshow, first.id
        assert slide.notes, first.id
        for note in slide.notes[: not slide.minutes]:
            assert source.spoken(note).startswith("Optional:"), note.id
        for cell in slide.cells:
            shown = cell.cell_type == "markdown" or cell.metadata.slideshow.get("code")
            assert shown or cell.outputs, f"{cell.id} shows nothing"


@pytest.mark.skipif(len(LECTURES) < len(MINUTES), reason="not all lectures are built")
def test_the_lecture_lasts_an_hour():
    found = decks(ROOT, sources(ROOT, list(MINUTES)))
    assert {Path(deck.name).name: deck.minutes for deck in found} == MINUTES
    assert {deck.lasts for deck in found} == {60}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*/*.ipynb")), ids=lambda p: p.stem
)
def test_students_get_no_notes(path):
    for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells:
        assert not source.is_note(cell) and "For the speaker" not in cell.source
