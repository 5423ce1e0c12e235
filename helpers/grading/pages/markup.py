"""Markdown, mathematics, code and outputs as HTML that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import functools
import html
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

if TYPE_CHECKING:
    from nbformat import NotebookNode

MAX_FORMULA_LENGTH = 4_000  # characters
MAX_TEXT_LENGTH = 20_000
MAX_HTML_LENGTH = 300_000
MAX_TAGS = 5_000  # cleaning takes time with the square of how deep they are
MAX_MARKDOWN_LENGTH = 10_000  # of a cell by a student; parsing can take time with its square, too
MAX_PICTURE_LENGTH = 4_000_000
PICTURES = ("image/png", "image/jpeg", "image/gif")
FORMATTER = HtmlFormatter(nowrap=False, cssclass="code")

TAGS = (nh3.ALLOWED_TAGS | {"details", "summary", "section"}) - {"map", "area"}
STYLES = {
    "text-align",
    "vertical-align",
    "color",
    "background-color",
    "width",
    "height",
    "margin-left",
}


FORMULAS_COST = 25  # times the time of other text


class Room:
    """How much of what a student wrote a page draws; the rest stands there as plain text."""

    def __init__(self, characters: int = 500_000) -> None:
        self.characters = characters

    def take(self, text: str, is_formula: bool = False) -> bool:
        """Whether there is room for `text`; if so it is taken."""
        has_formulas = is_formula or "$" in text or r"\begin" in text
        cost = len(text) * (FORMULAS_COST if has_formulas else 1)
        fits = cost <= self.characters
        self.characters -= cost if fits else 0
        return fits


def can_be_cleaned(text: str) -> bool:
    """Whether `clean` is done with this HTML in a moment."""
    return len(text) <= MAX_HTML_LENGTH and text.count("<") <= MAX_TAGS


def clean(text: str) -> str:
    """HTML of unknown origin without anything that runs or loads; pictures only as data.

    What would take too long becomes plain text.
    """
    if not can_be_cleaned(text):
        return f"<pre>{html.escape(text[:MAX_TEXT_LENGTH])}</pre>"
    return nh3.clean(
        text,
        tags=TAGS,
        attributes={"*": {"title", "style", "class"}, "img": {"src", "alt"}, "a": {"href"},
                    "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"},
                    "ol": {"start"}},
        attribute_filter=_attribute,
        filter_style_properties=STYLES,
        url_schemes={"data", "http", "https", "mailto"},
        clean_content_tags={"script", "style", "noscript", "title"},
        link_rel="noopener noreferrer",
    )  # fmt: skip


def _attribute(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if re.match(r"data:image/(png|jpeg|gif|svg\+xml);base64,", value) else None
    if attribute == "href":
        return value if re.match(r"(https?://|mailto:)", value) else None
    if attribute == "class":
        return value if value in ("math", "math inline", "math block", "picture") else None
    if attribute == "style" and "url" in value.lower():
        return None
    return value


# Mathematics


@functools.lru_cache(maxsize=4096)
def formula(latex: str, display: bool) -> str:
    """A formula as a picture that carries its own drawing; as plain LaTeX if it cannot be drawn."""
    try:
        if len(latex) > MAX_FORMULA_LENGTH:
            raise ValueError("too long")
        drawing, width, height, below = _draw(latex, display)
    except Exception:  # whatever the formula: a page without a drawing is still a page
        return f"<code>{html.escape(latex)}</code>"
    data = base64.b64encode(drawing.encode()).decode()
    style = f"width:{width:.0f}px;height:{height:.0f}px"
    if not display:
        style += f";vertical-align:{below:.1f}px"
    return (
        f'<img class="math" style="{style}" alt="{html.escape(latex)}" '
        f'src="data:image/svg+xml;base64,{data}">'
    )


def _draw(latex: str, display: bool) -> tuple[str, float, float, float]:
    """A formula as SVG, its width and height, and how far it reaches below the line: in pixels."""
    import ziamath

    ziamath.config.precision = 2
    latex = re.sub(r"\\(begin|end)\{(align|gather|equation|eqnarray)\*?\}", r"\\\1{aligned}", latex)
    picture = ziamath.Latex(latex, size=17, inline=not display)
    width, height = picture.getsize()
    return picture.svg(), width + 2, height + 2, picture.getyofst() - 1


def _render_formula(content: str, options: Mapping[str, Any]) -> str:
    return formula(content.strip(), bool(options.get("display_mode")))


def _markdown_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    dollarmath_plugin(parser, renderer=_render_formula, double_inline=True, allow_digits=False)
    amsmath_plugin(parser, renderer=lambda content: formula(content.strip(), True))
    return parser


MARKDOWN = _markdown_parser()


def markdown(cell: NotebookNode, folder: Path | None = None, room: Room | None = None) -> str:
    """A Markdown cell as safe HTML. folder: where its pictures lie; None for cells by students.

    room: for a student's cell, the page's Room.
    """
    by_student = folder is None
    try:
        if by_student and (
            len(cell.source) > MAX_MARKDOWN_LENGTH or room and not room.take(cell.source)
        ):
            raise ValueError("too long")
        tokens = MARKDOWN.parse(cell.source)
        for token in tokens:
            for child in token.children or []:
                if child.type == "image":
                    source = _picture_source(str(child.attrs.get("src", "")), cell, folder)
                    child.attrs["src"] = source
        return clean(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))
    except (Exception, RecursionError):
        return f"<pre>{html.escape(cell.source[:MAX_TEXT_LENGTH])}</pre>"


def _picture_source(source: str, cell: NotebookNode, folder: Path | None) -> str:
    """The data URL of a picture that a Markdown cell names; "" if it is not at hand."""
    if source.startswith("attachment:"):
        attachment = (cell.get("attachments") or {}).get(source.removeprefix("attachment:")) or {}
        for kind, data in attachment.items():
            return _data_url(kind, data) if kind in PICTURES else ""
    if source.startswith("data:"):
        return source
    if folder is not None:
        path = (Path(folder) / source).resolve()
        kind = mimetypes.guess_type(path.name)[0] or ""
        if (
            path.is_relative_to(Path(folder).resolve())
            and path.is_file()
            and kind.startswith("image/")
        ):
            return _data_url(kind, base64.b64encode(path.read_bytes()).decode())
    return ""


def _data_url(kind: str, data: object) -> str:
    text = "".join(data) if isinstance(data, list) else str(data)
    return f"data:{kind};base64,{''.join(text.split())}"


# Code and outputs


@functools.lru_cache(maxsize=256)  # given cells are the same on every student's page
def code(source: str) -> str:
    """Python as coloured HTML."""
    return highlight(source[:MAX_TEXT_LENGTH], PythonLexer(), FORMATTER)


def code_style() -> str:
    return FORMATTER.get_style_defs(".code")


def safe_outputs(cell: NotebookNode) -> None:
    """Take out of a code cell's outputs, in place, whatever a browser could run or load."""
    kept = []
    for output in cell.outputs:
        data = output.get("data")
        if isinstance(data, dict):
            for kind in list(data):
                if kind == "text/html" and can_be_cleaned(_text(data[kind])):
                    data[kind] = clean(_text(data[kind]))
                elif kind == "text/html":
                    del data[kind]
                elif kind == "image/svg+xml":
                    del data[kind]
                elif not kind.startswith(("text/", "image/", "application/vnd.backprop.")):
                    del data[kind]
            if not data:
                continue
        kept.append(output)
    cell.outputs = kept


def outputs(cell: Mapping[str, Any], room: Room | None = None) -> str:
    """A code cell's outputs as safe HTML, as far as there is Room."""
    room = room or Room()
    return "".join(_output(output, room) for output in cell.get("outputs") or [])


def _output(output: Mapping[str, Any], room: Room) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return _plain(_text(output.get("text")), "stream")
    if kind == "error":
        lines = output.get("traceback")
        text = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
        return _plain(text or f"{output.get('ename')}: {output.get('evalue')}", "error")
    data = output.get("data")
    if not isinstance(data, dict):
        return ""
    for picture in PICTURES:
        if picture in data:
            source = _data_url(picture, data[picture])
            if len(source) > MAX_PICTURE_LENGTH:
                return _plain("(a picture too large for this page)", "stream")
            return clean(f'<img class="picture" alt="Figure" src="{html.escape(source)}">')
    rich = _text(data.get("text/html"))
    if rich and can_be_cleaned(rich) and room.take(rich):
        return f'<div class="rich">{clean(rich)}</div>'
    if "text/latex" in data and room.take(_text(data["text/latex"]), is_formula=True):
        latex = _text(data["text/latex"]).strip().strip("$").replace(r"\displaystyle", "")
        return f'<div class="math block">{formula(latex.strip(), True)}</div>'
    return _plain(_text(data.get("text/plain")), "stream")


def _plain(text: str, css_class: str) -> str:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    if len(text) > MAX_TEXT_LENGTH:
        text = text[:MAX_TEXT_LENGTH] + "\n… (cut off here)"
    return f'<pre class="{css_class}">{html.escape(text)}</pre>' if text.strip() else ""


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")
