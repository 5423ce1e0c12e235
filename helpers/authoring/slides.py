"""Slides from the built notebooks: `python -m helpers.authoring.slides [NOTEBOOK ...]`.

Each notebook whose source says what is on its slides (source.py tells how) becomes one file,
slides/<lesson>/<notebook>.html, that loads nothing: reveal.js, formulas and pictures are in it.
"""

import argparse
import functools
import html
import importlib.resources
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import nbformat
from nbformat import NotebookNode

from helpers.authoring import build, source
from helpers.authoring.blocks import for_instructor
from helpers.authoring.errors import BuildError
from helpers.authoring.source import is_note, spoken
from helpers.grading.pages import markup
from helpers.pictures import page_font

ROOT = Path(__file__).resolve().parents[2]
FORMULAS_EM = 16  # pixels of a formula as markup.py draws it that are one em of text
LONG_LINE = 80  # characters of code or printed text; what is longer gets smaller letters
TITLE = re.compile(r"\s*<h([1-6])>(.*?)</h\1>", re.DOTALL)


@dataclass
class Slide:
    """What stands on a slide, and when."""

    minutes: float  # how long it stands
    starts: float  # the minute of the lesson at which it begins
    cells: list[NotebookNode] = field(default_factory=list)
    notes: list[NotebookNode] = field(default_factory=list)  # for the speaker


@dataclass
class Deck:
    """The slides of a notebook."""

    name: str  # <lesson>/<notebook>
    title: str  # the notebook's, plain text
    folder: Path  # where pictures in its Markdown lie
    slides: list[Slide]
    lasts: float  # the minutes of the whole lesson, of which this notebook may be a part

    @property
    def minutes(self) -> float:
        return sum(slide.minutes for slide in self.slides)


def decks(root: Path, paths: Sequence[Path]) -> list[Deck]:
    """The Decks of those of the sources `paths` that have slides.

    The clock of a lesson runs through all its notebooks, in the order of their names. Raises
    BuildError if a source cannot be read, or if its built notebook is missing or is not up to date.
    """
    found: list[Deck] = []
    problems: list[str] = []
    for lesson in sorted({path.parent for path in paths}):
        try:
            sources = {path: source.read(path, _name(root, path)) for path in _sources_in(lesson)}
        except BuildError as error:
            problems.append(str(error))
            continue
        lasts = sum(map(_minutes, sources.values()))
        clock: float = 0
        for path, wanted in sources.items():
            if path in paths and any("slideshow" in cell.metadata for cell in wanted.cells):
                try:
                    notebook = _built(root, path, wanted)
                    name, title = f"{lesson.name}/{path.stem}", _title(notebook) or path.stem
                    found.append(Deck(name, title, lesson, _slides(notebook, clock), lasts))
                except BuildError as error:
                    problems.append(str(error))
            clock += _minutes(wanted)
    if problems:
        raise BuildError("\n".join(problems))
    return found


def _sources_in(lesson: Path) -> list[Path]:
    return sorted(lesson.glob("*.md"))


def _minutes(notebook: NotebookNode) -> float:
    return sum(cell.metadata.get("slideshow", {}).get("minutes", 0) for cell in notebook.cells)


def _built(root: Path, path: Path, wanted: NotebookNode) -> NotebookNode:
    """The executed notebook of the source `path`, if its cells are those `wanted`."""
    path = path.with_suffix(".ipynb")
    to_do = f"run `make build` or `python -m helpers.authoring {path.stem}`"
    written = [
        (cell.id, cell.metadata, for_instructor(cell.source, cell.cell_type))
        for cell in wanted.cells
    ]
    try:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        found = [(cell.id, cell.metadata, cell.source) for cell in notebook.cells]
    except FileNotFoundError:
        raise BuildError(f"{_name(root, path)} is missing: {to_do}") from None
    except (ValueError, AttributeError):
        raise BuildError(f"{_name(root, path)} is not a notebook as it is built: {to_do}") from None
    if found != written:
        raise BuildError(f"{_name(root, path)} is older than its source: {to_do}")
    return notebook


def _slides(notebook: NotebookNode, clock: float) -> list[Slide]:
    """The Slides of a notebook that begins `clock` minutes after its lesson."""
    slides: list[Slide] = []
    for cell in notebook.cells:
        slideshow = cell.metadata.slideshow
        if slideshow.slide_type == "slide":
            slides.append(Slide(slideshow.get("minutes", 0), clock))
            clock += slides[-1].minutes
        if is_note(cell):
            slides[-1].notes.append(cell)
        elif slideshow.slide_type != "skip":
            slides[-1].cells.append(cell)
    return slides


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


# From slides to a page


def page(deck: Deck) -> str:
    """A Deck as the HTML of its page."""
    # reveal.js's own controls, and not those of an interactive picture on a slide.
    style = _of_reveal("dist/reveal.css").replace(".reveal .controls", ".reveal>.controls")
    return (
        _templates()
        .get_template("slides.html")
        .render(
            title=deck.title,
            slides=[_parts(slide, deck) for slide in deck.slides],
            styles=[page_font.style(), style, markup.code_style()],
            scripts=[
                _inline(_of_reveal(name)) for name in ("dist/reveal.js", "plugin/notes/notes.js")
            ],
        )
    )


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _of_reveal(name: str) -> str:
    """A file of reveal.js."""
    files = importlib.resources.files("sphinx_revealjs") / "_static" / "revealjs"
    return files.joinpath(name).read_text(encoding="utf-8")


def _inline(script: str) -> str:
    """JavaScript as it may stand in a page: what HTML would take for tags is in strings only."""
    return re.sub(r"<(?=!--|/?script)", r"\\x3c", script, flags=re.IGNORECASE)


def _parts(slide: Slide, deck: Deck) -> dict[str, object]:
    """What the template needs of a slide, as HTML."""
    blocks = [
        (block, cell.metadata.slideshow.get("reveal", False))
        for cell in slide.cells
        for block in _blocks(cell, deck.folder)
    ]
    level: int | str = 2
    title = ""
    if blocks and (heading := TITLE.match(blocks[0][0])):
        level, title = heading[1], heading[2]
        blocks[0] = (blocks[0][0][heading.end() :], blocks[0][1])
    return {
        "level": level,
        "title": title,
        "blocks": [(block, in_steps) for block, in_steps in blocks if block.strip()],
        "clock": _clock(slide, deck),
        "seconds": round(slide.minutes * 60),
        "notes": [_text(_spoken(cell), deck.folder) for cell in slide.notes],
    }


def _blocks(cell: NotebookNode, folder: Path) -> Iterator[str]:
    """The parts of a slide that a cell makes."""
    if cell.cell_type == "markdown":
        yield _text(cell, folder)
        return
    if cell.metadata.slideshow.get("code"):
        yield _fitted(markup.code(cell.source))
    yield from map(_output, cell.outputs)


def _spoken(note: NotebookNode) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(spoken(note))


def _text(cell: NotebookNode, folder: Path) -> str:
    """A Markdown cell, with formulas that grow with the text around them."""
    return re.sub(
        r'(?<=<img class="math" style=")[^"]*',
        lambda style: re.sub(
            r"([-.\d]+)px", lambda size: f"{float(size[1]) / FORMULAS_EM:.3f}em", style[0]
        ),
        markup.markdown(cell, folder),
    )


def _output(output: NotebookNode) -> str:
    """An output; unlike a student's, HTML of our own keeps its scripts."""
    data = output.get("data", {})
    if "text/html" in data and not any(kind in data for kind in markup.PICTURES):
        text = data["text/html"]
        if "<script" in text:
            return f'<div class="room"><div class="magnified">{text}</div></div>'
        return text
    shown = markup.outputs({"outputs": [output]})
    if not shown.startswith("<img"):
        return _fitted(shown)
    # Tests read off how large the smallest letters are, as a share of the picture's width.
    of_image = output.get("metadata", {}).get("image/png", {})
    if "letters" in of_image:
        share = of_image["letters"] / of_image["width"]
        shown = shown.replace("<img ", f'<img data-letters="{share:.5f}" ', 1)
    if of_image.get("still"):
        shown = shown.replace('class="picture"', 'class="picture still"', 1)
    return f'<div class="room">{shown}</div>'


def _fitted(text: str) -> str:
    """Code or printed text, as HTML, in smaller letters if it has long lines."""
    long = any(len(line) > LONG_LINE for line in _plain(text).splitlines())
    return f'<div class="small">{text}</div>' if long else text


def _title(notebook: NotebookNode) -> str:
    """The notebook's first heading of the first level, as plain text with formulas as LaTeX."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := TITLE.match(markup.markdown(cell))):
            if heading[1] == "1":
                return _plain(re.sub(r'<img[^>]*? alt="([^"]*)"[^>]*>', r"\1", heading[2]))
    return ""


def _plain(text: str) -> str:
    """HTML as plain text."""
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def _clock(slide: Slide, deck: Deck) -> str:
    """When a slide's time begins and ends, for the speaker."""
    if not slide.minutes:
        return "optional"
    ends = slide.starts + slide.minutes
    return (
        f"{slide.minutes:g} min, from {_time(slide.starts)} to {_time(ends)} of {deck.lasts:g} min"
    )


def _time(minutes: float) -> str:
    """Minutes as h:mm, or as h:mm:ss where the seconds count."""
    hours, seconds = divmod(round(minutes * 60), 3600)
    text = f"{hours}:{seconds // 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


# The command


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Make slides from the command line. Returns the exit code: 0 or 2."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.authoring.slides",
        description="Make slides/<lesson>/<notebook>.html from the built notebooks.",
        epilog="Exit 0: done; 2: a notebook is missing or not up to date.",
    )
    parser.add_argument(
        "notebooks",
        nargs="*",
        metavar="NOTEBOOK",
        help="such as 1_learning_by_gradient; without: all that have slides",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", default=root / "slides", help="default: slides"
    )
    options = parser.parse_args(arguments)
    try:
        paths = build.sources(root, options.notebooks)
        made = decks(root, paths)
        if not made:
            raise BuildError("None of these notebooks has slides: no cell's header says `slide`.")
    except BuildError as error:
        print(f"{error}\nNothing was written.", file=sys.stderr)
        return 2
    for deck in made:
        path = options.output / f"{deck.name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(deck), encoding="utf-8")
        shown = path.relative_to(root) if path.is_relative_to(root) else path
        print(f"{shown}: {len(deck.slides)} slides, {deck.minutes:g} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
