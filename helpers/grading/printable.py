"""Text of others as a terminal and a table may have it: nothing that they would obey."""

import sys
import unicodedata
from io import TextIOWrapper

# What turns the direction in which the rest of a line is read; other invisible letters, as Persian
# and Indic names have them, stay.
TURNS_THE_LINE = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def printable(text: object) -> str:
    """`text` in one line that a terminal only shows: no escape codes, no line turned round."""
    return "".join(map(_shown, str(text)))


def _shown(letter: str) -> str:
    kind = unicodedata.category(letter)
    if letter in "\t\n\r" or kind in ("Zl", "Zp"):
        return " "
    # Cc obeys a terminal, and Cs, half a letter, cannot be written as UTF-8.
    return "\ufffd" if kind in ("Cc", "Cs") or letter in TURNS_THE_LINE else letter


def print_whatever_comes() -> None:
    """Let nothing that is printed end the program because its letters are not in the encoding.

    So on Windows, where the output of a pipe is in its code page, and with PYTHONIOENCODING.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
