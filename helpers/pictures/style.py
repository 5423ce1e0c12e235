"""How the course's pictures look: colours, dashes and markers, sizes, fonts, and `Picture` itself.

Colours are Okabe and Ito's, which people with colour vision deficiencies can tell apart, and no
colour stands alone: a dash, a marker or a label always says the same.
"""

import base64
import io
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.text import Text
from PIL import Image

from helpers.asking import at_grading

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#000000"
GREY = "#5F5F5F"

# Some of the palette is too light for small letters: text takes a darker shade of the same hue.
TEXT_COLOUR = {
    VERMILLION: "#A84A00",
    GREEN: "#006B4E",
    PURPLE: "#8F3F6B",
    ORANGE: "#7D5700",
    SKY: "#1B6796",
}

Dash = str | tuple[float, tuple[float, ...]]  # a name, or an offset and lengths in points

# One colour, dash and marker for each curve of a picture, in this order.
CURVES: list[tuple[str, Dash, str]] = [
    (BLUE, "solid", "o"),
    (VERMILLION, (0, (5, 2)), "s"),
    (GREEN, (0, (6, 2, 1, 2)), "^"),
    (PURPLE, (0, (1, 1.5)), "D"),
    (ORANGE, (0, (8, 2, 1, 2, 1, 2)), "v"),
    (SKY, (0, (3, 1)), "P"),
    (BLACK, (0, (10, 3)), "X"),
]

# Activations look the same in all pictures that compare them.
OF_ACTIVATIONS = dict(zip(("sigmoid", "tanh", "relu", "linear"), CURVES))

WIDTH = 8.5  # inches: the width of a notebook cell

# The font is named, so that a student's own rcParams change neither the look nor the layout.
FONT, MATH_FONT = "DejaVu Sans", "dejavusans"  # Matplotlib brings them along
# Fonts with many scripts, one of which most systems have, for names.
MORE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Yu Gothic",
    "PingFang SC",
    "Hiragino Sans GB",
    "Arial Unicode MS",
    "Noto Sans Devanagari",
    "Nirmala UI",
    "Noto Sans Thai",
    "Leelawadee UI",
)
UNKNOWN = "▯"  # stands for a character that no font here has
STYLE: list[str | dict[str, Any]] = [
    "default",
    {
        "font.family": FONT,
        "mathtext.fontset": MATH_FONT,
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.labelsize": 10,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.fontsize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "xtick.labelcolor": BLACK,
        "ytick.labelcolor": BLACK,
        "axes.grid": True,
        "grid.color": "#E4E4E4",
        "axes.axisbelow": True,
        "lines.linewidth": 2,
    },
]
# Letters that the last row can read when the picture shares a slide with text.
LEGIBLE: list[str | dict[str, Any]] = [
    *STYLE,
    {"xtick.labelsize": 10, "ytick.labelsize": 10, "axes.labelsize": 10.5, "legend.fontsize": 10},
]


class Picture(Figure):
    """A Matplotlib figure of `width` × `height` inches that a notebook shows exactly once.

    It does not belong to pyplot, so pyplot never shows it a second time, and it shows itself, so
    it needs no `%matplotlib` line and looks the same whatever a notebook has set.
    """

    SHOWN_DPI = 100  # an inch of the picture is this many pixels of the page
    SAVED_DPI = 170  # and this many in the image, for sharp screens

    alt = ""  # what it shows, in words, for those who do not see it
    still = False  # whether slides show it at the place of the others that stand still

    def __init__(self, width: float, height: float) -> None:
        super().__init__(figsize=(width, height), dpi=self.SHOWN_DPI, facecolor="white")
        FigureCanvasAgg(self)

    def draw(self, renderer: RendererBase) -> None:
        with style.context(STYLE):
            super().draw(renderer)

    def smallest_letters(self) -> float:
        """The size of the smallest letters, in pixels of a page; indices do not count."""
        hidden = {
            text
            for axes in self.axes
            if not axes.axison
            for axis in (axes.xaxis, axes.yaxis)
            for text in axis.findobj(Text)
        }
        sizes = [
            float(text.get_fontsize())
            for text in self.findobj(Text)
            if text.get_visible() and text.get_text().strip() and text not in hidden
        ]
        return round(min(sizes, default=0) / 72 * self.SHOWN_DPI, 2)

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file; equal pictures give equal bytes."""
        file = io.BytesIO()
        if at_grading():  # for one feedback page: quickly drawn counts, not small
            self.savefig(file, format="png", dpi=self.SHOWN_DPI)
            return file.getvalue()
        self.savefig(file, format="png", dpi=self.SAVED_DPI)
        # 256 colours are enough, and the notebooks that store it are a quarter as large.
        image = Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        file = io.BytesIO()
        image.save(file, format="png", optimize=True)
        return file.getvalue()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        width, height = (self.get_size_inches() * self.SHOWN_DPI).round().astype(int).tolist()
        image = base64.b64encode(self.png()).decode("ascii")
        of_image = {
            "width": width, "height": height, "alt": self.alt,
            "letters": self.smallest_letters(), "still": self.still,
        }  # fmt: skip
        of_image = {name: value for name, value in of_image.items() if value}
        display(
            {"image/png": image, "text/plain": repr(self)},
            metadata={"image/png": of_image},
            raw=True,
        )


@lru_cache(maxsize=4096)
def text_size(
    text: str,
    size: float,
    italic: bool = False,
    bold: bool = False,
    family: tuple[str, ...] = (FONT,),
) -> tuple[float, float]:
    """Width and height in inches of `text` (mathtext between $ signs) at `size` points."""
    font = FontProperties(
        family=list(family),
        math_fontfamily=MATH_FONT,
        size=size,
        style="italic" if italic else "normal",
        weight="bold" if bold else "normal",
    )
    # Measured at ten times the usual resolution: there, hinting no longer rounds.
    renderer = RendererAgg(1, 1, 720)
    lines = [
        renderer.get_text_width_height_descent(line, font, is_math_text(line))
        for line in text.split("\n")
    ]
    return max(width for width, _, _ in lines) / 720, sum(height for _, height, _ in lines) / 720


@lru_cache(maxsize=1024)
def fonts_for(text: str) -> tuple[str, ...]:
    """Families of fonts with which `text` can be drawn, the course's own first."""
    return (FONT, *(_more_fonts() if _missing(text, (FONT,)) else ()))


def missing_characters(text: str) -> set[str]:
    """The characters of `text` that no font here has."""
    return _missing(text, fonts_for(text))


@cache
def _more_fonts() -> tuple[str, ...]:
    installed = {font.name for font in fontManager.ttflist}
    return tuple(family for family in MORE_FONTS if family in installed)


def _missing(text: str, families: tuple[str, ...]) -> set[str]:
    fonts = [get_font(fontManager.findfont(FontProperties(family))) for family in families]
    return {c for c in text if not any(font.get_char_index(ord(c)) for font in fonts)}


def looks_of(names: Sequence[str]) -> list[tuple[str, Dash, str]]:
    """A colour, dash and marker for each curve: activations have their own, others what is left."""
    own = {name: OF_ACTIVATIONS[name] for name in names if name in OF_ACTIVATIONS}
    left = iter([look for look in CURVES if look not in own.values()])
    return [own[name] if name in own else next(left) for name in names]


def text_colour(colour: str) -> str:
    """The shade of a palette colour in which small letters are readable on white."""
    return TEXT_COLOUR.get(colour, colour)


def label_ends(panel: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write each (x, y, label, colour) right of the panel, about level with y, none on another."""
    box = panel.get_window_extent()
    heights = [panel.transData.transform((x, y))[1] for x, y, _, _ in ends]
    wanted = _spread(np.clip(heights, box.y0, box.y1), minimum=16 * panel.figure.dpi / 72)
    wanted += max(0, box.y0 - wanted.min())  # lower down are the ticks' own labels
    for (x, y, label, colour), height in zip(ends, wanted):
        panel.annotate(
            label,
            xy=(x, y),
            xycoords="data",
            xytext=(1.025, (height - box.y0) / box.height),
            textcoords="axes fraction",
            va="center",
            color=text_colour(colour),
            fontsize=10,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.8,
                "relpos": (0, 0.5),
                "shrinkA": 2,
                "shrinkB": 2,
            },
        )


def _spread(positions: np.ndarray, minimum: float) -> np.ndarray:
    """Move positions until all are `minimum` apart; groups that move keep their middle."""
    positions = np.asarray(positions, dtype=float)
    order = np.argsort(positions, kind="stable")
    # (sum of the members' positions, members), from bottom to top
    groups: list[tuple[float, list[int]]] = []
    for index in order:
        groups.append((positions[index], [index]))
        while len(groups) > 1:
            (low, below), (high, above) = groups[-2:]
            distance = high / len(above) - low / len(below)
            if distance >= minimum * (len(above) + len(below)) / 2:
                break
            groups[-2:] = [(low + high, below + above)]
    result = np.empty(len(positions))
    for total, members in groups:
        for rank, index in enumerate(members):
            result[index] = total / len(members) + (rank - (len(members) - 1) / 2) * minimum
    return result
