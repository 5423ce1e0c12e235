"""Make the font of the course's pages from Matplotlib's: `python -m helpers.authoring.page_font`.

It takes DejaVu's Latin, Greek and mathematics and leaves out the rest. To be run after a change of
CHARACTERS; the files are in git. Equal fonts and equal versions of fontTools and Brotli give equal
files.
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import matplotlib
from fontTools import subset
from fontTools.ttLib import TTFont

from helpers.pictures import page_font

FOLDER = Path(page_font.__file__).parent
FROM = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
LICENCE = "LICENSE_DEJAVU"
MAX_BYTES = 80_000  # of all files together, since each page has all of them

# Ranges of characters, (first, last), and single ones.
Characters = tuple[tuple[int, int] | str, ...]

ASCII = ((0x20, 0x7E),)
LATIN = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    # Vietnamese
    (0x1A0, 0x1A1),
    (0x1AF, 0x1B0),
    (0x1EA0, 0x1EF9),
    # Romanian
    (0x218, 0x21B),
)
GREEK = ((0x384, 0x3CE), (0x3D1, 0x3D1), (0x3D5, 0x3D5), (0x3F5, 0x3F5))
PUNCTUATION = ((0x2010, 0x2027), (0x2030, 0x203A), (0x20AC, 0x20AC), (0xFFFD, 0xFFFD))
RAISED = ((0x2070, 0x209C),)  # and lowered: digits, letters
ARROWS = ((0x2190, 0x2199), (0x21A6, 0x21A6), (0x21D0, 0x21D5))
OPERATORS = ((0x2200, 0x22FF),)
SOME_OPERATORS = "∂∆∇∈∉∏∑−∓∗∘∙√∝∞∧∨∩∪∫≈≠≡≤≥≪≫⊂⊃⊆⊇⊕⊗⊙⊤⊥⋅"
SIGNS = "■□▪▫▯▲△▶▼▽◆◇○●✓✗ℓℝ™"
BOXES = ((0x2500, 0x257F),)  # of which Keras draws its tables
SOME_BOXES = "─━│┃┏┓┡┩└┘┳╇┴├┤┼"  # those of Keras's summary of a model
IN_BOLD_CODE = "√¼¾µäéöü·×½²³²ΑΒΓΔΕΣΩαβγδεηθλμσφω…′←→∂−≤≥≠≈⊙▯✓✗–—‘’“”"

# Of each file: what it is made from, and the characters that it has, as far as DejaVu has them.
CHARACTERS: dict[str, tuple[str, Characters]] = {
    "sans.woff2": (
        "DejaVuSans.ttf",
        (*LATIN, *GREEK, *PUNCTUATION, *RAISED, *ARROWS, *OPERATORS, *SIGNS, *SOME_BOXES),
    ),
    "sans-bold.woff2": (
        "DejaVuSans-Bold.ttf",
        (*LATIN, *GREEK, *PUNCTUATION, *RAISED, *ARROWS, *SOME_OPERATORS, *SIGNS, *SOME_BOXES),
    ),
    "mono.woff2": (
        "DejaVuSansMono.ttf",
        (*LATIN, *GREEK, *PUNCTUATION, *RAISED, *ARROWS, *SOME_OPERATORS, *SIGNS, *BOXES),
    ),
    "mono-bold.woff2": ("DejaVuSansMono-Bold.ttf", (*ASCII, *IN_BOLD_CODE, *SOME_BOXES)),
}
# What a reader of the file is told of it: copyright, names, version, licence and where it stands.
NAMES = (0, 1, 2, 4, 5, 6, 13, 14)


def make(folder: Path) -> dict[str, int]:
    """Write the files of the font and its licence to `folder`; returns the sizes by name."""
    sizes = {}
    for name in CHARACTERS:
        path = folder / name
        _subset(name).save(path)
        sizes[name] = path.stat().st_size
    shutil.copyfile(FROM / LICENCE, folder / LICENCE)
    return sizes


def _subset(name: str) -> TTFont:
    """The font of a file."""
    source, characters = CHARACTERS[name]
    options = subset.Options(
        flavor="woff2",
        hinting=False,
        glyph_names=False,
        layout_features=["kern"],
        name_IDs=list(NAMES),
        notdef_outline=True,
    )
    options.drop_tables += ["FFTM", "GDEF", "GSUB", "MATH"]
    font = TTFont(FROM / source, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=_numbers(characters))
    subsetter.subset(font)
    font.flavor = "woff2"
    return font


def _numbers(characters: Iterable[tuple[int, int] | str]) -> set[int]:
    """The code points of ranges and single characters."""
    found: set[int] = set()
    for item in characters:
        first, last = item if isinstance(item, tuple) else (ord(item), ord(item))
        found.update(range(first, last + 1))
    return found


def main() -> int:
    """Make the font from the command line. Returns the exit code: 0, or 1 if it is too large."""
    sizes = make(FOLDER)
    for name, size in sizes.items():
        print(f"{name}: {size:,} bytes")
    total = sum(sizes.values())
    print(f"together: {total:,} of {MAX_BYTES:,} bytes")
    return int(total > MAX_BYTES)


if __name__ == "__main__":
    sys.exit(main())
