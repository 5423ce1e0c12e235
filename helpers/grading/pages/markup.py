"""Markdown, mathematics, code and outputs as HTML that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import functools
import html
import mimetypes
import re
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from helpers.asking.record import MIME_TYPE
from helpers.grading.repair.released import is_answer

if TYPE_CHECKING:
    from nbformat import NotebookNode

MAX_FORMULA_LENGTH = 4_000  # characters
# Drawing a formula can take twice, or ten times, as long for each level of braces.
MAX_FORMULA_TIME = 1.0  # seconds of the processor
MAX_FORMULA_DEPTH = 40  # braces in braces; much deeper ones exceed Python's stack
MAX_FORMULA_DEPTH_WITHOUT_LIMIT = 4  # where the time cannot be limited
ALARM_INTERVAL = 0.1  # seconds of the processor
MAX_TEXT_LENGTH = 20_000
MAX_COLOURED_LENGTH = 5_000  # of a cell by a student; colouring takes time with its square
MAX_HTML_LENGTH = 300_000
MAX_TAGS = 5_000  # cleaning takes time with the square of how deep they are
MAX_MARKDOWN_LENGTH = 10_000  # of a cell by a student; parsing can take time with its square, too
MAX_PICTURE_LENGTH = 4_000_000
MAX_ALT_LENGTH = 2_000  # of what a picture shows, in words
PICTURES = ("image/png", "image/jpeg", "image/gif")
MAX_PICTURE_SIZE = 10_000  # pixels
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
# Classes of elements in which MathJax, which formgrader loads, looks for no formulas: one can be a
# link that runs a script.
WITHOUT_FORMULAS = "tex2jax_ignore mathjax_ignore"
LATEX_THAT_ACTS = re.compile(
    r"\\(href|url|require|style|class|cssId|def|let|gdef|edef|new|renew|html|data|include|unicode)"
    r"|\\.\^\^|[<>]"
)
# HTML, links but those to the web, reference links, and formulas of the kind above.
MARKDOWN_THAT_MAY_ACT = re.compile(
    rf"<[A-Za-z/!?]|\](?!\(https?://[^\s()<>\"']*\))\s*[(:\[]|{LATEX_THAT_ACTS.pattern.rpartition('|')[0]}"
)
OWN_CELL = "extra-"  # begins the ids of cells that students added
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
MAX_TIME = 6.0  # seconds of the processor after which nothing new of a student's is drawn


class Room:
    """How much of what a student wrote a page draws; the rest stands there as plain text.

    seconds: of the processor, from now on, so that other work on the machine changes no page.
    """

    def __init__(self, characters: int = 500_000, seconds: float = MAX_TIME) -> None:
        self.characters, self.end = characters, time.thread_time() + seconds

    def has_time(self) -> bool:
        return time.thread_time() < self.end

    def take(self, text: str, is_formula: bool = False) -> bool:
        """Whether there is room for `text`; if so it is taken."""
        if not self.has_time():
            return False
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


class _TookTooLong(BaseException):  # which no library catches with its own errors
    """What ran within `_time_limit` did not come to its end."""


def _can_limit_time() -> bool:
    """Whether this system has the alarm that `_time_limit` needs, and this thread gets it."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    return in_main_thread and hasattr(signal, "setitimer")


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise _TookTooLong when what runs inside, in Python, takes longer than `seconds`.

    They are the processor's, so that other work on the machine changes nothing.
    """
    is_running = True

    def ring(*_: object) -> None:
        if is_running:
            raise _TookTooLong

    before = signal.signal(signal.SIGPROF, ring)
    # Again and again: what is raised in a generator that is just being discarded gets lost.
    signal.setitimer(signal.ITIMER_PROF, seconds, ALARM_INTERVAL)
    try:
        try:
            yield
        finally:
            is_running = False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _depth(latex: str) -> int:
    """How deep the braces and environments of a formula are nested."""
    depth = deepest = 0
    for opens, closes in re.findall(r"(\\begin\b|\\left\b|\{)|(\\end\b|\\right\b|\})", latex):
        depth += bool(opens) - bool(closes)
        deepest = max(deepest, depth)
    return deepest


@functools.lru_cache(maxsize=4096)
def formula(latex: str, display: bool) -> str:
    """A formula as a picture that carries its own drawing; as plain LaTeX if it cannot be drawn."""
    import ziamath  # noqa: F401  # which takes a second, before the time is limited

    try:
        if len(latex) > MAX_FORMULA_LENGTH:
            raise ValueError("too long")
        is_limited = _can_limit_time()
        if _depth(latex) > (MAX_FORMULA_DEPTH if is_limited else MAX_FORMULA_DEPTH_WITHOUT_LIMIT):
            raise ValueError("too deep")
        with _time_limit(MAX_FORMULA_TIME) if is_limited else nullcontext():
            drawing, width, height, below = _draw(latex, display)
    except (
        Exception,
        _TookTooLong,
    ):  # whatever the formula: a page without a drawing is still a page
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


def code(source: str, room: Room | None = None) -> str:
    """Python as coloured HTML. room: for a student's cell, the page's Room."""
    if room is None:
        return _given_code(source)
    if len(source) <= MAX_COLOURED_LENGTH and room.has_time():
        return _coloured(source)
    return f'<div class="code"><pre>{html.escape(source[:MAX_TEXT_LENGTH])}</pre></div>'


def _coloured(source: str) -> str:
    return highlight(source[:MAX_TEXT_LENGTH], PythonLexer(), FORMATTER)


_given_code = functools.lru_cache(maxsize=256)(_coloured)  # the same on every student's page


def code_style() -> str:
    return FORMATTER.get_style_defs(".code")


def safe_outputs(cell: NotebookNode, room: Room | None = None) -> None:
    """Take out of a code cell's outputs, in place, whatever a browser could run or load.

    What stays is what formgrader shows without running it. room: of the notebook.
    """
    room = room or Room()
    kept = []
    for output in cell.outputs:
        data = output.get("data")
        if isinstance(data, dict):
            safe = {kind: _safe_data(kind, value, room) for kind, value in data.items()}
            output["data"] = {kind: value for kind, value in safe.items() if value is not None}
            output["metadata"] = _safe_metadata(output.get("metadata"))
            if not output["data"]:
                continue
        kept.append(output)
    cell.outputs = kept


def _safe_data(kind: str, value: Any, room: Room) -> Any:
    """What is kept of one representation of an output, None if nothing."""
    if kind == MIME_TYPE or kind == "text/plain":
        return value
    if kind in PICTURES:
        return value if BASE64.fullmatch(_text(value)) else None
    if kind == "text/html":
        text = _text(value)
        if can_be_cleaned(text) and room.take(text):
            return f'<div class="{WITHOUT_FORMULAS}">{clean(text)}</div>'
    if kind == "text/latex":
        return None if LATEX_THAT_ACTS.search(_text(value)) else value
    return None


def _safe_metadata(metadata: object) -> dict[str, Any]:
    """The sizes and descriptions of pictures, which nbconvert puts into the page as they are."""
    kept = {}
    for kind in PICTURES:
        given = metadata.get(kind) if isinstance(metadata, dict) else None
        if isinstance(given, dict):
            sizes = {
                name: given[name]
                for name in ("width", "height")
                if type(given.get(name)) is int and 0 < given[name] < MAX_PICTURE_SIZE
            }
            alt = given.get("alt")
            words = {"alt": re.sub(r"[<>&\"'`]", " ", alt)} if isinstance(alt, str) else {}
            if sizes or words:
                kept[kind] = {**sizes, **words}
    return kept


def safe_texts(notebook: NotebookNode) -> None:
    """Let what a student wrote in Markdown and raw cells run nothing in formgrader, in place.

    Formgrader lets HTML in Markdown through, links that run included, and raw cells as they stand.
    A text in which something of the kind may be becomes HTML that `markdown` has drawn.
    """
    room = Room()
    for cell in notebook.cells:
        if not (is_answer(cell) or str(cell.get("id", "")).startswith(OWN_CELL)):
            continue
        if cell.cell_type == "raw":
            cell.cell_type = "markdown"
            cell.source = _one_line(f"<pre>{html.escape(cell.source[:MAX_TEXT_LENGTH])}</pre>")
        elif cell.cell_type == "markdown" and MARKDOWN_THAT_MAY_ACT.search(cell.source):
            cell.source = _one_line(markdown(cell, room=room))


def _one_line(safe: str) -> str:
    """Safe HTML as the source of a Markdown cell that is nothing else: up to an empty line."""
    one_line = "&#10;".join(safe.splitlines())
    return f'<div class="{WITHOUT_FORMULAS}">{one_line}</div>'


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
            if not BASE64.fullmatch(source.partition(",")[2]):
                return _plain("(a picture that is none)", "stream")
            return f'<img class="picture" alt="{_alt(output, picture)}" src="{source}">'
    rich = _text(data.get("text/html"))
    if rich and can_be_cleaned(rich) and room.take(rich):
        return f'<div class="rich">{clean(rich)}</div>'
    if "text/latex" in data and room.take(_text(data["text/latex"]), is_formula=True):
        latex = _text(data["text/latex"]).strip().strip("$").replace(r"\displaystyle", "")
        return f'<div class="math block">{formula(latex.strip(), True)}</div>'
    return _plain(_text(data.get("text/plain")), "stream")


def _alt(output: Mapping[str, Any], picture: str) -> str:
    """What a picture of an output shows, in words, as the value of an HTML attribute."""
    said = _safe_metadata(output.get("metadata")).get(picture, {}).get("alt", "")
    return html.escape(said.strip()[:MAX_ALT_LENGTH]) or "A picture without a description"


def _plain(text: str, css_class: str) -> str:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    if len(text) > MAX_TEXT_LENGTH:
        text = text[:MAX_TEXT_LENGTH] + "\n… (cut off here)"
    return f'<pre class="{css_class}">{html.escape(text)}</pre>' if text.strip() else ""


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")
