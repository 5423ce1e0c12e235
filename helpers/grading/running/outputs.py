"""What a kernel sends while cells run: each cell's output is its own, valid, and limited."""

import math
import re
from collections.abc import Callable
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_output

from helpers.grading.repair.released import is_check
from helpers.grading.running.limits import MEGABYTE

MAX_OUTPUT = 5 * MEGABYTE  # characters that are kept, of a cell
MAX_OUTPUT_OF_NOTEBOOK = 20 * MEGABYTE
MAX_OUTPUTS = 500  # that are kept, of a cell
FLOOD = 100 * MEGABYTE  # characters after which a cell is ended
IS_JSON = re.compile(r"application/(.*\+)?json")  # the types whose data may be any JSON
LEFT_OUT = "\n(What this cell wrote further is left out.)\n"


class Budget:
    """How many characters of output are still kept, of all cells together."""

    def __init__(self, characters: int = MAX_OUTPUT_OF_NOTEBOOK) -> None:
        self.left = characters

    def spend(self, characters: int) -> bool:
        """Whether there is room for so many; then they are taken off."""
        fits = characters <= self.left
        self.left -= characters if fits else 0
        return fits


class Client(NotebookClient):
    """Runs cells; a cell's output is its own and limited."""

    budget: Budget  # of the notebook
    flooded: Callable[[], None]  # called when a cell has written too much to go on
    asked_to_exit = False  # whether a cell has, which ends the kernel a moment after its reply

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, on_cell_executed=self._look_at_reply, **options)

    def _look_at_reply(
        self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]
    ) -> None:
        payload = execute_reply["content"].get("payload")
        for asked in payload if isinstance(payload, list) else ():
            if isinstance(asked, dict) and asked.get("source") == "ask_exit":
                self.asked_to_exit = True

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        if cell_index != getattr(self, "_current", None):
            self._current, self._written, self._full = cell_index, 0, False
            # So that no later cell can replace what an earlier one displayed.
            self._display_id_map = {}
        kind = msg["msg_type"]
        if kind.startswith("comm_"):
            return None  # no notebook has widgets, and what serves them would run on this side
        content = msg["content"] = plain(msg["content"])
        if type(content.get("execution_count", 0)) is not int:
            return None
        if kind != "status":
            size = len(str(content))
            self._written += size
            if self._written > FLOOD:
                self.flooded()
            # What cells before have written costs no check its record.
            fits = self._written <= MAX_OUTPUT and (is_check(cell) or self.budget.spend(size))
            if not fits or len(cell.outputs) > MAX_OUTPUTS:
                append(cell.outputs, "stderr", "" if self._full else LEFT_OUT)
                self._full = True
                return None
            if kind == "stream" and append(cell.outputs, content.get("name"), content.get("text")):
                return None
        output = super().process_message(msg, cell, cell_index)
        if output is not None and not is_valid(output):
            cell.outputs.remove(output)
        return output


def plain(value: Any) -> Any:
    """JSON that any program can write and read: no half characters, no numbers that are none."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {plain(str(name)): plain(item) for name, item in value.items()}
    return value


def is_valid(output: NotebookNode) -> bool:
    """Whether an output is one of the notebook format's, as nbformat says it, but in a moment."""
    kind, shape = output.get("output_type"), set(output) - {"output_type"}
    if kind == "stream":
        return shape == {"name", "text"} and isinstance(output.name, str) and _is_text(output.text)
    if kind == "error":
        return (
            shape == {"ename", "evalue", "traceback"}
            and isinstance(output.ename, str)
            and isinstance(output.evalue, str)
            and _is_list_of_text(output.traceback)
        )
    if kind == "execute_result":
        count = output.get("execution_count", "")
        if count is not None and (type(count) is not int or count < 0):
            return False
        shape -= {"execution_count"}
    elif kind != "display_data":
        return False
    return (
        shape == {"data", "metadata"}
        and isinstance(output.data, dict)
        and isinstance(output.metadata, dict)
        and all(IS_JSON.fullmatch(mime) or _is_text(value) for mime, value in output.data.items())
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) or _is_list_of_text(value)


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def append(outputs: list[NotebookNode], name: object, text: object) -> bool:
    """Put `text` at the end of the stream `name`; whether it could be, since it is text."""
    if not isinstance(text, str) or name not in ("stdout", "stderr"):
        return False
    last = outputs[-1] if outputs else NotebookNode()
    if last.get("output_type") == "stream" and last.get("name") == name:
        last.text += text
    elif text:
        outputs.append(new_output("stream", name=name, text=text))
    return True
