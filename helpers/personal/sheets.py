"""The work sheets of a class, one page for each student with their own numbers, to print."""

import base64
import html
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from matplotlib.backends.backend_pdf import PdfPages
from tqdm import tqdm

from helpers.course import tutorial_step
from helpers.grading.errors import NothingGraded
from helpers.personal import course_secret
from helpers.personal.class_list import Student, read_list
from helpers.pictures import page_font
from helpers.pictures.style import Picture, missing_characters
from helpers.pictures.work_sheet import draw_work_sheet

# No dates: the same list and secret give the same file.
METADATA = {"Title": "Work sheets", "CreationDate": None, "ModDate": None, "Producer": None}

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
font-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<title>Work sheets</title>
<style>
{font}
@page {{ size: A4; margin: 0; }}
body {{ margin: 0; font-family: var(--sans); }}
section {{ position: relative; width: 210mm; height: 297mm; margin: 0 auto; overflow: hidden;
          break-after: page; break-inside: avoid; }}
section:last-child {{ break-after: auto; }}
img {{ position: absolute; inset: 0; width: 210mm; height: 297mm; }}
p {{ position: absolute; top: 10mm; right: 12mm; width: 105mm; height: 12mm; margin: 0;
    font-size: 10pt; line-height: 6mm; text-align: right; overflow: hidden;
    display: flex; align-items: center; justify-content: flex-end; overflow-wrap: anywhere; }}
@media screen {{ body {{ background: #ddd; }} section {{ background: #fff; margin: 5mm auto; }} }}
</style>
</head>
<body>
{sheets}
</body>
</html>
"""
SHEET = '<section><img alt="Work sheet with the network and its numbers" src="{image}"><p>{who}</p>\
</section>'


def write(list_path: str | Path, output: str | Path) -> Path:
    """Write a sheet for each student of the list to `output`, .pdf or .html; returns its path.

    Raises NothingGraded, in words, if the list cannot be used, there is no course's secret or
    `output` is neither or cannot be written.
    """
    output = Path(output)
    writers = {".pdf": _write_pdf, ".html": _write_html}
    if output.suffix.casefold() not in writers:
        raise NothingGraded(f"--output {output}: expected a name that ends with .pdf or .html.")
    students = read_list(list_path)
    try:
        secret = course_secret()
    except ValueError as error:
        raise NothingGraded(str(error)) from None
    if not secret:
        raise NothingGraded(
            "This course has no secret, so all sheets would be the same. Make one with: "
            "python -m helpers.grading secret"
        )
    new = output.with_name(f"{output.name}.new")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        writers[output.suffix.casefold()](
            new, tqdm(students, desc="Sheets", unit="student", mininterval=0.2)
        )
        os.replace(new, output)
    except OSError as error:
        raise NothingGraded(f"{output} cannot be written: {error.strerror}.") from None
    finally:
        with suppress(OSError):
            new.unlink()
    return output


def unprintable(list_path: str | Path) -> list[Student]:
    """The students whose name or identifier no font here can print in a PDF."""
    return [student for student in read_list(list_path) if missing_characters(who(student))]


def who(student: Student) -> str:
    """What stands on a student's sheet: name and identifier in one line."""
    return ", ".join(filter(None, (student.name, student.identifier)))


def _sheet(student: Student, name: str | None) -> Picture:
    step = tutorial_step("sigmoid", student.identifier)
    return draw_work_sheet(step.net, step.x, step.t, step.eta, name=name)


def _write_pdf(path: Path, students: Iterable[Student]) -> None:
    with PdfPages(path, metadata=METADATA) as pages:
        for student in students:
            pages.savefig(_sheet(student, who(student)))


def _write_html(path: Path, students: Iterable[Student]) -> None:
    sheets = []
    for student in students:
        image = base64.b64encode(_sheet(student, None).png()).decode("ascii")
        # The browser knows more scripts than Matplotlib; bdi keeps each one's direction to itself.
        shown = ", ".join(
            f"<bdi>{html.escape(text)}</bdi>" for text in (student.name, student.identifier) if text
        )
        sheets.append(
            SHEET.format(image=f"data:image/png;base64,{image}", who=f"<span>{shown}</span>")
        )
    path.write_text(PAGE.format(font=page_font.style(), sheets="\n".join(sheets)), encoding="utf-8")
