"""The files of a folder or a zip, read with care: nothing is unpacked to disk, no link followed."""

import io
import os
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from helpers.grading.errors import NothingGraded, Unreadable

Parts = tuple[str, ...]  # a path, folder by folder
Reader = Callable[[int], bytes]  # see Entry.read

MEGABYTE = 1_000_000
MAX_FILE_SIZE = 50 * MEGABYTE
MAX_INNER_ZIP_SIZE = 200 * MEGABYTE
MAX_INNER_FILES = 1_000
MAX_FILES = 200_000
DEEPEST = 50  # folders in folders
MAX_PATH_LENGTH = 150  # characters of a path
ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")


@dataclass(frozen=True)
class Entry:
    """A file of a submission."""

    parts: Parts  # its path, in Unicode's composed form
    modified: float  # seconds, to tell newer from older
    # A function of the most bytes wanted that returns the file's bytes, one more at most; raises
    # Unreadable.
    read: Reader
    refused: str = ""  # why the file must not be read, "" if it may

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def shown(self) -> str:
        """The path for people to read: not too long, and nothing that a screen would obey."""
        path = "".join(
            "\ufffd" if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter
            for letter in "/".join(self.parts)[-MAX_PATH_LENGTH - 1 :]
        )
        return path if len(path) <= MAX_PATH_LENGTH else f"…{path[1:]}"

    @property
    def suffix(self) -> str:
        return os.path.splitext(self.name)[1].lower()

    def content(self, limit: int = MAX_FILE_SIZE) -> bytes:
        """The file's bytes. Raises Unreadable in plain words."""
        if self.refused:
            raise Unreadable(self.refused)
        data = self.read(limit)
        if len(data) > limit:
            raise Unreadable(_too_large(limit))
        return data


def entries_of(path: str | Path) -> list[Entry]:
    """The entries of the folder or zip file `path`. Raises NothingGraded if it is neither."""
    path = Path(path)
    if path.is_dir():
        found = list(_entries_of_folder(path))
    elif not path.exists():
        raise NothingGraded(f"There is no file or folder {path}.")
    else:
        try:
            found = list(entries_of_zip(path))
        except Unreadable as error:
            raise NothingGraded(
                f"{path} {error}. Expected: a zip of submissions, or a folder with one folder for "
                "each student."
            ) from error
    return [entry for entry in found if not is_litter(entry)]


def is_litter(entry: Entry) -> bool:
    """Whether a file is something that computers leave behind, not something handed in."""
    return any(
        part.startswith(".") or part in ("__MACOSX", "__pycache__", "Thumbs.db")
        for part in entry.parts
    )


def _too_large(limit: int) -> str:
    return f"is larger than {limit / MEGABYTE:.3g} MB"


def _entries_of_folder(root: Path) -> Iterator[Entry]:
    todo: list[tuple[str | Path, Parts]] = [(root, ())]
    while todo:
        folder, inside = todo.pop()
        try:
            items = sorted(os.scandir(folder), key=lambda item: item.name)
        except OSError as error:
            yield _refused(inside or (".",), f"is a folder that cannot be opened: {error.strerror}")
            continue
        for item in items:
            parts = (*inside, item.name)
            status = item.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from _as_files(parts)
                if len(parts) < DEEPEST:
                    todo.append((item.path, parts))
            elif not stat.S_ISREG(status.st_mode):
                yield _refused(parts, "is a link or a device, not a file")
            else:
                yield Entry(_composed(parts), status.st_mtime, _file_reader(item.path))


def _as_files(parts: Parts) -> Iterator[Entry]:
    """What is to be said of a folder as if it were a file, if anything."""
    if parts[-1].lower().endswith(".ipynb"):
        yield _refused(parts, "is a folder, not a file")
    if len(parts) >= DEEPEST:
        yield _refused(parts[:DEEPEST], f"is a folder inside {DEEPEST} others, which is not opened")


def _refused(parts: Parts, reason: str) -> Entry:
    return Entry(_composed(parts), 0, lambda limit: b"", reason)


def _composed(parts: Iterable[str]) -> Parts:
    return tuple(
        # Names that are no valid UTF-8 arrive with surrogates in them, which nothing can write.
        unicodedata.normalize(
            "NFC", part.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        )
        for part in parts
    )


def _file_reader(path: str) -> Reader:
    def read(limit: int) -> bytes:
        try:
            # The file may have been exchanged since it was listed: for a link, or for a pipe, at
            # which one would wait.
            flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
                if os.fstat(file.fileno()).st_size > limit:
                    raise Unreadable(_too_large(limit))
                return file.read(limit + 1)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error

    return read


def entries_of_zip(
    source: str | Path | bytes, prefix: Parts = (), most_files: int = MAX_FILES
) -> Iterator[Entry]:
    """Yield the entries of the zip `source`, a path or bytes; `prefix` goes before their parts.

    Raises Unreadable if it is no zip or has too many files.
    """
    if isinstance(source, bytes):
        # Counted before they are read: each takes 1000 bytes of memory, and 46 of the file.
        # What each one's entry begins with; typeshed does not list it.
        count = source.count(zipfile.stringCentralDir)  # type: ignore[attr-defined]
        if count > most_files:
            raise Unreadable(f"holds {count} files, more than {most_files}")
    try:
        archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        infos = archive.infolist()
    except Exception as error:  # zipfile lets through whatever goes wrong in it
        raise Unreadable(f"is not a zip file that can be opened ({str(error)[:100]})") from error
    if len(infos) > most_files:
        raise Unreadable(f"holds {len(infos)} files, more than {most_files}")
    for info in infos:
        yield from _zip_entries(archive, info, prefix)


def _zip_entries(archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: Parts) -> Iterator[Entry]:
    """The entries that one of a zip is: one, or none if it is a folder."""
    name = _zip_name(info).replace("\\", "/")
    raw = name.split("/")
    parts = (*prefix, *_composed(part for part in raw if part not in ("", ".")))
    kind = stat.S_IFMT(info.external_attr >> 16)
    if ".." in raw or name.startswith("/") or ":" in raw[0] or "\0" in name:
        inside = tuple(part for part in parts[:DEEPEST] if part != "..") or ("file",)
        yield _refused(inside, "has a path that leads out of the archive")
    elif raw[-1] in ("", "."):
        yield from _as_files(parts[:DEEPEST] or ("folder",))
    elif len(parts) > DEEPEST:
        yield _refused((*parts[:DEEPEST], parts[-1]), f"lies in more than {DEEPEST} folders")
    elif kind not in (0, stat.S_IFREG):
        yield _refused(parts, "is a link or a device, not a file")
    elif info.flag_bits & 0x1:
        yield _refused(parts, "is protected by a password")
    else:
        yield Entry(parts, _modified(info), _zip_reader(archive, info))


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Reader:
    def read(limit: int) -> bytes:
        if info.file_size > limit:
            raise Unreadable(f"{_too_large(limit)} when unpacked")
        try:
            with archive.open(info) as file:
                return file.read(limit + 1)
        except Exception as error:  # zipfile lets through whatever its decompressors raise
            raise Unreadable(f"is damaged inside the zip ({type(error).__name__})") from error

    return read


def _modified(info: zipfile.ZipInfo) -> float:
    try:
        return datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as its maker meant it: UTF-8 is common without the flag that announces it."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.orig_filename
