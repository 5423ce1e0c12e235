"""The font of the pages: what it has, that each page brings it along, and that it is what is seen.

A browser gets folders of fonts of its own through FONTCONFIG_FILE; where nothing reads that, as on
macOS and Windows, it is only compared with itself.
"""

import functools
import json
import re
import shutil
import sys
from pathlib import Path

import matplotlib
import nbformat
import pytest
from fontTools.ttLib import TTFont
from nbformat.v4 import new_markdown_cell, new_output

from helpers.authoring import page_font as making
from helpers.authoring.slides import main as make_slides
from helpers.grading.gradebook import marks, results
from helpers.grading.pages import feedback, report
from helpers.grading.settings import course_at
from helpers.marking.judging import Verdict
from helpers.personal import sheets
from helpers.personal.class_list import Student
from helpers.pictures import page_font
from tests.browser import in_the_browser, launch, offline_page
from tests.slides import faults

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Path(page_font.__file__).parent
TTF = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
LECTURE = "2_deriving_backpropagation"
READ = {".md", ".py", ".toml", ".css", ".js", ".html", ".ipynb"}

# What a reader may have installed. Without a single font Chromium cannot show a page's own either,
# so the emptiest folder has one font that has brackets and no letters.
FOLDERS = {
    "no letters": ["STIXSizFiveSymReg.ttf"],
    "serif": ["STIXGeneral.ttf", "STIXGeneralBol.ttf", "cmtt10.ttf"],
    "DejaVu": ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"],
}
CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""


# The files


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which the command has made the font."""
    folder = tmp_path_factory.mktemp("font")
    making.make(folder)
    return folder


def content(path):
    """What a font looks like, whatever packed it: name, licence, outlines, widths, kerning."""
    font = TTFont(path)
    glyphs, widths = font["glyf"], font["hmtx"]
    return {
        "names": [(name.nameID, str(name)) for name in font["name"].names],
        "heights": (font["hhea"].ascent, font["hhea"].descent, font["head"].unitsPerEm),
        "cmap": font.getBestCmap(),
        "widths": {name: widths[name] for name in font.getGlyphOrder()},
        "outlines": {
            name: [list(part) for part in glyphs[name].getCoordinates(glyphs)]
            for name in font.getGlyphOrder()
        },
        "kerning": font["GPOS"].compile(font),
    }


@pytest.mark.parametrize("name", [name for name, *_ in page_font.FACES])
def test_a_file_is_what_the_command_makes_of_matplotlibs_font(made, name):
    assert content(SHIPPED / name) == content(made / name)


def test_the_files_are_small_and_complete(made):
    files = {path.name for path in SHIPPED.glob("*") if path.suffix not in (".py", "")}
    assert files == {name for name, *_ in page_font.FACES} == set(making.CHARACTERS)
    assert sum((SHIPPED / name).stat().st_size for name in files) <= making.MAX_BYTES == 80_000


def test_the_licence_is_beside_the_files_and_in_each():
    licence = (SHIPPED / making.LICENCE).read_text(encoding="utf-8")
    assert licence == (TTF / making.LICENCE).read_text(encoding="utf-8")
    notice = "Copyright (c) 2003 by Bitstream, Inc. All Rights Reserved."
    assert notice in licence
    for name, *_ in page_font.FACES:
        names = TTFont(SHIPPED / name)["name"]
        assert notice in names.getDebugName(0)
        assert "Permission is hereby granted, free of charge" in names.getDebugName(13)


def characters_in_use():
    """The printable characters in the course's sources, notebooks and code: a set."""
    found = set()
    for folder in ("solutions", "notebooks", "helpers"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in READ and path != Path(making.__file__):
                text = path.read_text(encoding="utf-8")
                if path.suffix == ".ipynb":
                    text = json.dumps(json.loads(text), ensure_ascii=False)
                found.update(text)
    return {character for character in found if character.isprintable()}


@pytest.mark.parametrize("name", [name for name, *_ in page_font.FACES])
def test_a_file_has_all_characters_of_the_course_that_dejavu_has(name):
    source, _ = making.CHARACTERS[name]
    there = set(TTFont(TTF / source).getBestCmap())
    wanted = {character for character in characters_in_use() if ord(character) in there}
    assert {"A", "δ", "∂", "⊙", "←", "✓", "²"} <= wanted
    missing = wanted - set(map(chr, TTFont(SHIPPED / name).getBestCmap()))
    assert not missing, "add them to helpers/authoring/page_font.py and run it"


# The pages


def a_notebook(name):
    """A released notebook with more in it: other letters, emphasis, tables as Keras draws them."""
    notebook = nbformat.read(ROOT / "notebooks" / "tutorial" / f"{name}.ipynb", as_version=4)
    answer = next(cell for cell in notebook.cells if cell.id.endswith("answer"))
    answer.outputs = [new_output("stream", text="┏━━━━━━┓\n┃ δ_h  ┃ ∂E/∂w ← Σ, ≤ ½ × 3²\n")]
    words = "Ελένη wrote *this*, **Παπαδοπούλου** `that`; Łukasz, Đặng, Țepeș: ∑ ∈ ∞ ≈ ℓ."
    notebook.cells.append(new_markdown_cell(words))
    return notebook


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The Path of a page of each kind."""
    folder = tmp_path_factory.mktemp("pages")
    course = course_at(ROOT, folder / "gradebook")
    name, student = "problem_2_pen_and_paper", "Ελένη Παπαδοπούλου_1204667"
    verdicts = {
        "p2.sigmoid.forward": [
            Verdict("z_h", 1, 1, "right", (), ""),
            Verdict("a_h", 0, 1, "wrong", (("wrong_sign",),), "A sign: σ′(z) = σ(z) · (1 − σ(z))."),
        ]
    }
    result = results.Result(student, "tutorial", name, "graded", 50, verdicts)
    nobodys_comment = marks.ByHand(1, {}, {})
    page = feedback.page(course, result, a_notebook(name), nobodys_comment)
    (folder / "feedback.html").write_text(page, encoding="utf-8")
    course.gradebook.mkdir()
    of_class = report.write(course, [result], {result.key: 1})
    sheets._write_html(folder / "sheets.html", [Student("a1", "Amara Okafor")])
    assert make_slides([LECTURE, "--output", str(folder)]) == 0
    return {
        "feedback": folder / "feedback.html",
        "report": of_class,
        "sheets": folder / "sheets.html",
        "slides": folder / "lecture" / f"{LECTURE}.html",
    }


@pytest.mark.parametrize("kind", ["feedback", "report", "sheets", "slides"])
def test_a_page_has_the_font_once(pages, kind):
    text = pages[kind].read_text(encoding="utf-8")
    assert text.count(page_font.style()) == 1
    assert text.count("@font-face") == text.count("data:font/") == len(page_font.FACES)
    if kind != "slides":
        assert "font-src data:;" in re.search(r'Content-Security-Policy" content="([^"]*)', text)[1]


# The browser

# The visible texts with their widths and heights, each in as many boxes as it has lines.
TEXTS = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const seen = { opacityProperty: true, visibilityProperty: true };
    if (!text.data.trim() || !text.parentElement.checkVisibility(seen)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const boxes = [...range.getClientRects()].map(box => [box.width, box.height]);
    found.push([text.data.trim(), boxes]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browsers(chromium, tmp_path_factory):
    """A browser for each of FOLDERS, and "own" with the fonts that are installed here."""
    running = {"own": chromium}
    for name, fonts in FOLDERS.items():
        folder = tmp_path_factory.mktemp("fonts")
        for font in fonts:
            shutil.copy(TTF / font, folder)
        configuration = folder / "fonts.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")
        running[name] = launch(chromium.browser_type, FONTCONFIG_FILE=str(configuration))
    yield running
    for name in FOLDERS:
        running[name].close()


@functools.cache  # what is seen with the fonts here is compared with each folder
def texts(browser, path, query=""):
    """What TEXTS finds in a page, once its fonts are there."""
    tab = offline_page(browser, [], viewport={"width": 1280, "height": 720})
    tab.goto(path.as_uri() + query)
    if query:
        tab.wait_for_selector(".pdf-page")
        tab.wait_for_function("document.querySelector('.magnified').style.transform")
    tab.evaluate("document.fonts.ready.then(() => null)")
    found = tab.evaluate(TEXTS)
    tab.context.close()
    return found


@in_the_browser
@pytest.mark.skipif(sys.platform != "linux", reason="only there fontconfig chooses the fonts")
def test_the_browsers_have_different_fonts(browsers, tmp_path):
    """Or the tests below would compare nothing."""
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><p style='font-family:sans-serif'>Without its own font</p>")
    widths = [texts(browsers[name], page)[0][1][0][0] for name in FOLDERS]
    assert len(set(widths)) == len(FOLDERS)


@in_the_browser
@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("kind", ["feedback", "report", "sheets", "slides"])
def test_text_is_as_wide_with_whatever_fonts_there_are(browsers, pages, kind, name):
    query = "?print-pdf" if kind == "slides" else ""  # which lays out all slides at once
    here = texts(browsers["own"], pages[kind], query)
    assert sum(map(len, (text for text, _ in here))) > {"sheets": 10}.get(kind, 400)
    assert texts(browsers[name], pages[kind], query) == here


@in_the_browser
@pytest.mark.parametrize("name", ["no letters", "serif"])
def test_slides_have_no_fault_with_whatever_fonts_there_are(browsers, pages, name):
    tab = offline_page(browsers[name], [], viewport={"width": 1280, "height": 720})
    tab.goto(pages["slides"].as_uri())
    tab.wait_for_function("Reveal.isReady()")
    assert faults(tab) == []
    tab.context.close()
