"""Solution blocks: what the instructor's version of a cell keeps and the student's version shows.

In code, with the same indentation throughout:

    ### BEGIN SOLUTION
    delta_o = (a_o - t) * slope(z_o)
    ### STUDENT
    # delta_o = ...
    ### END SOLUTION

Students see the lines after `### STUDENT`, uncommented. Without them they see
`raise NotImplementedError` where the block is indented, else `# your answer`. In Markdown,
`<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->` enclose what students do not see at all.
"""

import re
from dataclasses import dataclass

MARKERS = {
    "code": ("### BEGIN SOLUTION", "### STUDENT", "### END SOLUTION"),
    "markdown": ("<!-- BEGIN SOLUTION -->", None, "<!-- END SOLUTION -->"),
}
# Misspelt markers would show students the solution.
LOOKS_LIKE_MARKER = re.compile(r"\b(?i:BEGIN|END) ?(?i:SOLUTION)\b|^\s*#+\s*STUDENT:?\s*$")


@dataclass
class Block:
    """A solution block."""

    indentation: str
    solution: list[str]  # its lines
    student: list[str] | None = None  # the commented lines after ### STUDENT, None without it


def blocks_in(source: str, cell_type: str) -> list[Block]:
    """The solution blocks of a cell. Raises ValueError as `pieces` does."""
    return [piece for piece in pieces(source, cell_type) if isinstance(piece, Block)]


def pieces(source: str, cell_type: str) -> list[str | Block]:
    """A cell's source as lines and Blocks. Raises ValueError if markers do not fit."""
    begin, student, end = MARKERS.get(cell_type, MARKERS["code"])
    found: list[str | Block] = []
    block: Block | None = None
    for number, line in enumerate(source.split("\n"), 1):
        text = line.strip()
        where = f"line {number} of the cell"
        if text == begin:
            if block:
                raise ValueError(f"{where}: {begin} inside a block; {end} is missing")
            block = Block(line[: len(line) - len(line.lstrip())], [])
        elif text == end:
            if not block:
                raise ValueError(f"{where}: {end} without {begin}")
            found.append(block)
            block = None
        elif text == student:
            if not block or block.student is not None:
                raise ValueError(f"{where}: {student} belongs once between {begin} and {end}")
            block.student = []
        elif LOOKS_LIKE_MARKER.search(line):
            markers = ", ".join(filter(None, (begin, student, end)))
            raise ValueError(f"{where}: {text!r} is not a marker; these are: {markers}")
        elif not block:
            found.append(line)
        elif block.student is None:
            block.solution.append(line)
        else:
            if text and not text.startswith("#"):
                raise ValueError(
                    f"{where}: lines between {student} and {end} start with '# ', not {text!r}"
                )
            block.student.append(line)
    if block:
        raise ValueError(f"{begin} without {end}")
    return found


def for_instructor(source: str, cell_type: str) -> str:
    """The source with its solutions, without markers and students' lines."""
    lines = []
    for piece in pieces(source, cell_type):
        lines += piece.solution if isinstance(piece, Block) else [piece]
    return "\n".join(lines).strip("\n")


def for_student(source: str, cell_type: str) -> str:
    """The source with a stub in place of each solution."""
    lines = []
    for piece in pieces(source, cell_type):
        if not isinstance(piece, Block):
            lines.append(piece)
        elif cell_type == "code":
            lines += _stub(piece)
    return "\n".join(lines).strip("\n")


def _stub(block: Block) -> list[str]:
    if block.student is not None:
        return [re.sub(r"^(\s*)# ?", r"\1", line).rstrip() for line in block.student]
    if block.indentation:
        return [f"{block.indentation}raise NotImplementedError"]
    return ["# your answer"]
