"""Files that are written all or nothing."""

import os
from contextlib import suppress
from pathlib import Path

NEW = ".new"  # the end of a name that is not yet in its place


def write(path: Path, content: bytes | str) -> None:
    """Write a file, all or nothing, and its folder; text as UTF-8. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}{NEW}")
    try:
        new.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError:  # on a full disk half a file takes the room that others need
        with suppress(OSError):
            new.unlink()
        raise
    os.replace(new, path)
