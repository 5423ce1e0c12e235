"""The font that the course's pages bring along, so that they look the same everywhere.

The files are subsets of DejaVu, whose licence lies beside them and is in each of them too;
`python -m helpers.authoring.page_font` makes them.
"""

import base64
from functools import cache
from importlib.resources import files

# File, family, weight. The families have names of their own, or an installed DejaVu would mix in.
FACES = (
    ("sans.woff2", "Course Sans", "normal"),
    ("sans-bold.woff2", "Course Sans", "bold"),
    ("mono.woff2", "Course Mono", "normal"),
    ("mono-bold.woff2", "Course Mono", "bold"),
)
# Letters of other scripts come from the reader's system. Places of letters are not rounded to
# pixels: systems round differently, and lines would break elsewhere.
STYLE = """\
{faces}
:root {{ --sans: "Course Sans", sans-serif; --mono: "Course Mono", monospace; }}
body {{ text-rendering: geometricPrecision; }}"""
FACE = (
    '@font-face {{ font-family: "{family}"; font-weight: {weight}; font-display: block; '
    'src: url("data:font/woff2;base64,{data}") format("woff2"); }}'
)


@cache
def style() -> str:
    """CSS for a page that is to be complete in itself: the font, as var(--sans) and var(--mono).

    A page with a Content-Security-Policy has to allow `font-src data:`.
    """
    faces = [
        FACE.format(family=family, weight=weight, data=base64.b64encode(_file(name)).decode())
        for name, family, weight in FACES
    ]
    return STYLE.format(faces="\n".join(faces))


def _file(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
