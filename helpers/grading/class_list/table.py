"""A table as platforms and spreadsheets write it, whatever its separators and its encoding."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers.grading.errors import NothingGraded

DELIMITERS = ",;\t"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
WANTED = (
    "Expected: a CSV file with a column “identifier” and, if you like, “name” and “email”; or what "
    "Moodle (grading worksheet, participants), Canvas, Blackboard or Brightspace exports in "
    "English."
)


@dataclass(frozen=True)
class Table:
    """What a file of rows holds, as text."""

    path: Path
    header: list[str]  # as it stands, without spaces around
    rows: list[list[str]]  # below the header, without empty ones
    lines: list[int]  # where each row ends in the file, counted from 1
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    # The header in small letters, as columns are looked for.
    columns: list[str] = field(default_factory=list)

    def column(self, name: str) -> int:
        """The place of a column, by its name in small letters. Raises ValueError if it has none."""
        return self.columns.index(name)

    def field(self, row: Sequence[str], name: str) -> str:
        """A row's field in a column, "" where there is none."""
        if name not in self.columns or self.column(name) >= len(row):
            return ""
        return row[self.column(name)].strip()


def read_table(path: str | Path, wanted: str = WANTED) -> Table:
    """The Table in a CSV file. Raises NothingGraded, saying what is wrong with it in words.

    wanted: a sentence on what was expected.
    """
    path = Path(path)
    text, encoding = _text_of(path, wanted)
    lines = text.splitlines(keepends=True)
    skipped = 0
    if lines and lines[0].casefold().startswith("sep="):  # Excel writes it, and hides it
        del lines[0]
        skipped = 1
    header = next((line for line in lines if line.strip()), "")
    if not header:
        raise NothingGraded(f"{path} is empty. {wanted}")
    delimiter = max(DELIMITERS, key=header.count)
    try:
        source = io.StringIO("".join(lines), newline="")
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        rows = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise NothingGraded(f"{path} cannot be read as CSV: {error}. {wanted}") from None
    names = [field.strip() for field in rows[0][1]]
    return Table(
        path,
        names,
        [row for _, row in rows[1:]],
        [line + skipped for line, _ in rows[1:]],
        delimiter,
        encoding,
        [name.casefold() for name in names],
    )


def _text_of(path: Path, wanted: str) -> tuple[str, str]:
    """The text of a file, and its encoding."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NothingGraded(f"There is no file {path}. {wanted}") from None
    except OSError as error:
        raise NothingGraded(f"{path} cannot be read: {error.strerror}. {wanted}") from None
    encoding = "utf-16" if data[:2] in UTF_16 else "utf-8-sig"
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError:
        raise NothingGraded(
            f"{path} is not text in UTF-8. In Excel, save it as “CSV UTF-8”. {wanted}"
        ) from None
