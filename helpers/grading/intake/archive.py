"""The files of a folder or a zip, read with care: nothing is unpacked to disk, no link followed."""

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from helpers.grading.errors import NothingGraded, Unreadable

Parts = tuple[str, ...]  # a path, folder by folder
Reader = Callable[[int], bytes]  # see Entry.read

MEGABYTE = 1_000_000
MAX_FILE_SIZE = 50 * MEGABYTE
MAX_INNER_ZIP_SIZE = 200 * MEGABYTE
MAX_INNER_FILES = 1_000  # of which computers leave none behind
MAX_LISTED_INNER = 50_000  # with all that they do: .git, .venv and so on
MAX_FILES = 500_000  # of a whole class; each takes 1000 bytes of memory
DEEPEST = 50  # folders in folders
MAX_PATH_LENGTH = 150  # characters of a path
ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
CHECKPOINTS = ".ipynb_checkpoints"
LITTER = ("__MACOSX", "__pycache__", "Thumbs.db")
CHECKPOINT_NAME = re.compile(r"-checkpoint\b", re.IGNORECASE)
NOT_UTF_8_IN_ZIPS = "cp437"  # what the standard of zips says
UNICODE_PATH, UNIX_TIME = 0x7075, 0x5455  # extra fields of zips
DRIVE = re.compile(r"[A-Za-z]:")
# Zips have no time before it, and many tools write it where they know none.
NO_TIME = (1980, 1, 1)


@dataclass(frozen=True)
class Entry:
    """A file of a submission."""

    parts: Parts  # its path, in Unicode's composed form
    modified: float  # seconds, to tell newer from older
    # A function of the most bytes wanted that returns the file's bytes, one more at most; raises
    # Unreadable.
    read: Reader
    refused: str = ""  # why the file must not be read, "" if it may
    path: str = ""  # all of its path in what was handed over, "outer.zip!/inner" inside a zip
    doubt: str = ""  # why it counts only if there is nothing else, "" if it counts
    # What says when it was handed in, other than the file's own time; "" if nothing does.
    time_from: str = ""
    # When it was handed in, in seconds, where `modified` may be anything: in a student's own zip.
    handed_in: float | None = None

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def shown(self) -> str:
        """The path for people to read: not too long, and nothing that a screen would obey."""
        return shown("/".join(self.parts))

    @property
    def whole_path(self) -> str:
        """All of its path in what was handed over, as it is."""
        return self.path or "/".join(self.parts)

    @property
    def submitted(self) -> datetime | None:
        """When it was handed in if the platform says, else the file's time, None if it has none."""
        return self.arrived if self.time_from else _as_time(self.modified)

    @property
    def arrived(self) -> datetime | None:
        """When it was handed in, as far as it is known: that of the zip for what is in it."""
        return _as_time(self.modified if self.handed_in is None else self.handed_in)

    @property
    def suffix(self) -> str:
        return os.path.splitext(self.name)[1].lower()

    def content(self, limit: int = MAX_FILE_SIZE) -> bytes:
        """The file's bytes. Raises Unreadable in plain words."""
        if self.refused:
            raise Unreadable(self.refused)
        data = self.read(limit)
        if len(data) > limit:
            raise TooLarge(_too_large(limit))
        return data


def _as_time(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds).astimezone() if seconds else None
    except (ValueError, OverflowError, OSError):
        return None


class TooLarge(Unreadable):
    """A file is larger than what is read."""


@dataclass
class Names:
    """How names of files are read that are not in UTF-8 and do not say in what else."""

    encoding: str | None = None  # the instructor's choice
    # Those that it did not settle, as they stand and as they read.
    guessed: dict[bytes, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.encoding is None:
            return
        try:
            is_one = b"a/b".decode(self.encoding) == "a/b"
        except (LookupError, UnicodeError, ValueError):
            is_one = False
        if not is_one:
            raise NothingGraded(
                f"--names {self.encoding} is no encoding of names. Expected: cp1252 for instance "
                "(Windows in Western Europe), cp1253 (Greek), cp850, cp932 (Japanese) or gbk."
            )

    def read(self, raw: bytes, otherwise: str) -> str:
        """The name `raw`. otherwise: the encoding if nothing else fits; what does not is \ufffd."""
        for encoding in ("utf-8", self.encoding):
            try:
                if encoding:
                    return raw.decode(encoding)
            except UnicodeError:
                continue
        return self.guessed.setdefault(raw, raw.decode(otherwise, "replace"))

    @property
    def notes(self) -> list[str]:
        """Warnings for the instructor, a sentence each."""
        if not self.guessed:
            return []
        count = len(self.guessed)
        files = "The name of one file is" if count == 1 else f"The names of {count} files are"
        raw, name = next(iter(self.guessed.items()))
        reads, would_be = shown(name), shown(raw.decode("cp1252", "replace"))
        again = f" --names {self.encoding} does not fit either." if self.encoding else ""
        return [
            f"{files} not in UTF-8 and not said to be in anything else.{again} As read now: "
            f"“{reads}”. With --names cp1252, say, which is usual in Western Europe: “{would_be}”."
        ]


def printable(text: str) -> str:
    """`text` with nothing that a screen would obey or that nobody would see."""
    return "".join(
        "\ufffd" if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") else letter
        for letter in text
    )


def shown(path: str) -> str:
    """A path for people to read: not too long, and nothing that a screen would obey."""
    path = printable(path[-MAX_PATH_LENGTH - 1 :])
    return path if len(path) <= MAX_PATH_LENGTH else f"…{path[1:]}"


def entries_of(path: str | Path, names: Names | None = None) -> list[Entry]:
    """The entries of the folder or zip file `path`, without litter.

    Raises NothingGraded if it is neither.
    """
    return [entry for entry in all_entries_of(path, names) if not is_litter(entry)]


def all_entries_of(path: str | Path, names: Names | None = None) -> list[Entry]:
    """As `entries_of`, with the litter. names: how names are read; it notes what is uncertain."""
    path, names = Path(path), names or Names()
    if path.is_dir():
        found = list(islice(_entries_of_folder(path, names), MAX_FILES + 1))
        if len(found) > MAX_FILES:
            most, _ = Counter("/".join(entry.parts[:-1][:2]) for entry in found).most_common(1)[0]
            raise NothingGraded(
                f"{path} holds more than {MAX_FILES:,} files, most of them in “{shown(most)}”. "
                "Move that away."
            )
        return found
    if not path.exists():
        raise NothingGraded(f"There is no file or folder {path}.")
    try:
        return list(entries_of_zip(path, names=names))
    except Unreadable as error:
        raise NothingGraded(
            f"{path} {error}. Expected: a zip of submissions, or a folder with one folder for "
            "each student."
        ) from error


def is_litter(entry: Entry) -> bool:
    """Whether a file is something that computers leave behind, not something handed in."""
    return any(map(_is_left_behind, entry.parts))


def _is_left_behind(part: str) -> bool:
    return part.startswith(".") or part in LITTER


def with_doubt(entry: Entry) -> Entry:
    """The entry, with its doubt if it is a checkpoint or hidden."""
    if CHECKPOINTS in entry.parts[:-1] or CHECKPOINT_NAME.search(entry.name):
        return replace(entry, doubt="is a checkpoint, which Jupyter keeps by itself")
    if is_litter(entry):
        return replace(entry, doubt="is hidden or lies in a hidden folder")
    return entry


def _too_large(limit: int) -> str:
    return f"is larger than {limit / MEGABYTE:.3g} MB"


def _entries_of_folder(root: Path, names: Names) -> Iterator[Entry]:
    todo: list[tuple[str | Path, Parts]] = [(root, ())]
    while todo:
        folder, inside = todo.pop()
        try:
            items = sorted(os.scandir(folder), key=lambda item: item.name)
        except OSError as error:
            yield _refused(inside or (".",), f"is a folder that cannot be opened: {error.strerror}")
            continue
        for item in items:
            parts = (*inside, _name_on_disk(item.name, names))
            try:
                status = item.stat(follow_symlinks=False)
            except OSError as error:  # it was there a moment ago
                yield _refused(parts, f"cannot be looked at: {error.strerror}")
                continue
            if stat.S_ISDIR(status.st_mode):
                yield from _as_files(parts)
                if len(parts) < DEEPEST:
                    todo.append((item.path, parts))
            elif not stat.S_ISREG(status.st_mode):
                yield _refused(parts, "is a link or a device, not a file")
            else:
                parts = _composed(parts)
                reader = _file_reader(item.path)
                yield Entry(parts, status.st_mtime, reader, path="/".join(parts))


def _name_on_disk(name: str, names: Names) -> str:
    """A file's name as it reads; one that is no valid UTF-8 arrives with surrogates in it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return names.read(name.encode("utf-8", "surrogateescape"), "utf-8")
    return name


def _as_files(parts: Parts) -> Iterator[Entry]:
    """What is to be said of a folder as if it were a file, if anything."""
    if parts[-1].lower().endswith(".ipynb"):
        yield _refused(parts, "is a folder, not a file")
    if len(parts) >= DEEPEST:
        yield _refused(parts[:DEEPEST], f"is a folder inside {DEEPEST} others, which is not opened")


def _refused(parts: Parts, reason: str, path: str = "") -> Entry:
    parts = _composed(parts)
    return Entry(parts, 0, lambda limit: b"", reason, path or "/".join(parts))


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
                    raise TooLarge(_too_large(limit))
                return file.read(limit + 1)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error

    return read


def entries_of_zip(
    source: str | Path | bytes,
    prefix: Parts = (),
    most_files: int = MAX_FILES,
    names: Names | None = None,
    path: str = "",
) -> Iterator[Entry]:
    """Yield the entries of the zip `source`, a path or bytes; `prefix` goes before their parts.

    most_files: without litter. names: how names are read. path: of the zip, if it lies in what was
    handed over. Raises Unreadable if it is no zip or has too many files.
    """
    names = names or Names()
    most_listed = max(most_files, MAX_LISTED_INNER)
    if isinstance(source, bytes):
        # Counted before they are read: each takes 1000 bytes of memory, and 46 of the file.
        # What each one's entry begins with; typeshed does not list it.
        count = source.count(zipfile.stringCentralDir)  # type: ignore[attr-defined]
        if count > most_listed:
            raise Unreadable(f"holds {count} files, more than {most_listed}")
    try:
        archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        infos = archive.infolist()
    except Exception as error:  # zipfile lets through whatever goes wrong in it
        raise Unreadable(f"is not a zip file that can be opened ({str(error)[:100]})") from error
    within = f"{path}!/" if path else ""
    found = [
        entry
        for info in infos[: most_listed + 1]
        for entry in _zip_entries(archive, info, prefix, names, within)
    ]
    wanted = [entry for entry in found if not any(map(_is_left_behind, entry.parts[len(prefix) :]))]
    count = len(infos) if len(infos) > most_listed else len(wanted)
    if count > most_files:
        raise Unreadable(f"holds {count} files, more than {most_files}")
    yield from found


def _zip_entries(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: Parts, names: Names, within: str
) -> Iterator[Entry]:
    """The entries that one of a zip is: one, or none if it is a folder."""
    name = _zip_name(info, names)
    # Windows' separator, unless the zip has its own and this is a letter like others.
    raw = (name if "/" in name else name.replace("\\", "/")).split("/")
    own = _composed(part for part in raw if part not in ("", "."))
    parts, path = (*prefix, *own), within + "/".join(own)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if _leads_out(name) or "\0" in name:
        inside = tuple(part for part in parts[:DEEPEST] if part != "..") or ("file",)
        yield _refused(inside, "has a path that leads out of the archive", path)
    elif raw[-1] in ("", "."):
        yield from _as_files(parts[:DEEPEST] or ("folder",))
    elif len(parts) > DEEPEST:
        reason = f"lies in more than {DEEPEST} folders"
        yield _refused((*parts[:DEEPEST], parts[-1]), reason, path)
    elif kind not in (0, stat.S_IFREG):
        yield _refused(parts, "is a link or a device, not a file", path)
    elif info.flag_bits & 0x1:
        yield _refused(parts, "is protected by a password", path)
    else:
        yield Entry(parts, _modified(info), _zip_reader(archive, info), path=path)


def _leads_out(name: str) -> bool:
    """Whether a name in a zip would be written elsewhere, on whatever system it is unpacked."""
    raw = name.replace("\\", "/").split("/")
    return ".." in raw or (len(raw) > 1 and (not raw[0] or bool(DRIVE.fullmatch(raw[0]))))


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Reader:
    def read(limit: int) -> bytes:
        if info.file_size > limit:
            raise TooLarge(f"{_too_large(limit)} when unpacked")
        try:
            with archive.open(info) as file:
                return file.read(limit + 1)
        except Exception as error:  # zipfile lets through whatever its decompressors raise
            raise Unreadable(f"is damaged inside the zip ({type(error).__name__})") from error

    return read


def _modified(info: zipfile.ZipInfo) -> float:
    """When the file was changed, 0 if the zip does not say."""
    for kind, content in _extra_fields(info):
        if kind == UNIX_TIME and len(content) >= 5 and content[0] & 1:
            return max(0, *struct.unpack("<i", content[1:5]))
    if info.date_time[:3] == NO_TIME:
        return 0
    try:
        return datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0


def _extra_fields(info: zipfile.ZipInfo) -> Iterator[tuple[int, bytes]]:
    """Yield (number, content) for what a zip says of a file besides the usual."""
    rest = info.extra
    while len(rest) >= 4:
        kind, length = struct.unpack("<HH", rest[:4])
        yield kind, rest[4 : 4 + length]
        rest = rest[4 + length :]


def _zip_name(info: zipfile.ZipInfo, names: Names) -> str:
    """The name as its maker meant it: by what the zip says of it, else as `names` reads it."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    raw = info.orig_filename.encode("cp437")  # as which zipfile has read it
    for kind, content in _extra_fields(info):
        # Version 1, the hash of the name that it is for, and the name in UTF-8.
        if kind == UNICODE_PATH and content[:5] == struct.pack("<BL", 1, zlib.crc32(raw)):
            try:
                return content[5:].decode("utf-8")
            except UnicodeError:
                break
    return names.read(raw, NOT_UTF_8_IN_ZIPS)
