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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
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
MOST_OVERFULL = 20  # folders that are left out since they alone hold more files than that
DEEPEST = 50  # folders in folders
MAX_NAME = 255  # characters of a file's name that a disk takes
MAX_PATH = 4_096  # characters of a path in a zip, which is as long as systems have them
MAX_NAMES = 10 * MEGABYTE  # bytes that a zip in what was handed over spends on names
MAX_PATH_LENGTH = 150  # characters of a path
ALL_ITS_FILES = "all its files"  # stands for what lies in a folder that is overfull
OVERFULL = f"are more than {MAX_FILES // 2:,}, so none of them was read"
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

    def at(self, parts: Parts) -> "Entry":
        """The same file under another path; a fifth of the time that dataclasses.replace takes."""
        entry = object.__new__(Entry)
        entry.__dict__.update(self.__dict__, parts=parts)
        return entry

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
        return _all_of_folder(path, names)
    if not path.exists():
        raise NothingGraded(f"There is no file or folder {path}.")
    try:
        return list(entries_of_zip(path, most_files=MAX_FILES, names=names))
    except Unreadable as error:
        raise NothingGraded(
            f"{path} {error}. Expected: a zip of submissions, or a folder with one folder for "
            "each student."
        ) from error


def _all_of_folder(path: Path, names: Names) -> list[Entry]:
    """The entries of a folder, without the files of those in it that alone hold too many.

    Such a folder is one that is refused: one student's files are no reason to grade nobody.
    """
    overfull: set[Parts] = set()
    while True:
        found = list(islice(_entries_of_folder(path, names, overfull), MAX_FILES + 1))
        if len(found) <= MAX_FILES:
            return found
        most = _fullest([entry.parts for entry in found])
        if not most or len(overfull) == MOST_OVERFULL:
            raise NothingGraded(
                f"{path} holds more than {MAX_FILES:,} files. Give the notebooks alone, or a part "
                "of the class at a time."
            )
        overfull.add(most)


def _fullest(paths: Sequence[Parts]) -> Parts:
    """The innermost folder that alone holds more than half of MAX_FILES, () if there is none."""
    fullest: Parts = ()
    inside = paths
    while True:
        depth = len(fullest)
        folders = Counter(parts[depth] for parts in inside if len(parts) > depth + 1)
        name, count = folders.most_common(1)[0] if folders else ("", 0)
        if count <= MAX_FILES // 2:
            return fullest
        fullest = (*fullest, name)
        inside = [parts for parts in inside if len(parts) > depth and parts[depth] == name]


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


def _entries_of_folder(
    root: Path, names: Names, overfull: Collection[Parts] = ()
) -> Iterator[Entry]:
    """Yield what lies in a folder. overfull: folders in it that are not opened."""
    todo: list[tuple[str | Path, Parts]] = [(root, ())]
    while todo:
        folder, inside = todo.pop()
        if inside in overfull:
            yield _refused((*inside, ALL_ITS_FILES), OVERFULL)
            continue
        try:
            items = sorted(os.scandir(folder), key=lambda item: item.name)
        except OSError as error:
            yield _refused(inside or (".",), f"is a folder that cannot be opened: {error.strerror}")
            continue
        for item in items:
            parts = (*inside, *_composed([_name_on_disk(item.name, names)]))
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
    return Entry(parts, 0, lambda limit: b"", reason, path or "/".join(parts))


def _composed(parts: Iterable[str]) -> Parts:
    return tuple(part if part.isascii() else _composed_name(part) for part in parts)


def _composed_name(name: str) -> str:
    # Names that are no valid UTF-8 arrive with surrogates in them, which nothing can write.
    name = name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    # It takes time with the square of how many marks there are.
    return unicodedata.normalize("NFC", name) if len(name) <= MAX_NAME else name


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
    # A zip that is deflated itself can hold names of any length in next to nothing.
    if path and sum(len(info.orig_filename) for info in infos) > MAX_NAMES:
        raise Unreadable(f"holds names of more than {MAX_NAMES // MEGABYTE} MB")
    within = f"{path}!/" if path else ""
    infos, refused = (infos, []) if path else _without_overfull(infos, most_listed, names)
    found = [
        entry
        for info in infos[: most_listed + 1]
        for entry in _zip_entries(archive, info, prefix, names, within)
    ] + refused
    wanted = [entry for entry in found if not any(map(_is_left_behind, entry.parts[len(prefix) :]))]
    count = len(infos) if len(infos) > most_listed else len(wanted)
    if count > most_files:
        raise Unreadable(f"holds {count} files, more than {most_files}")
    yield from found


def _without_overfull(
    infos: list[zipfile.ZipInfo], most: int, names: Names
) -> tuple[list[zipfile.ZipInfo], list[Entry]]:
    """What a class's zip lists, without the files of folders that alone hold too many of them.

    For each such folder there is an entry that is refused, as in `_all_of_folder`.
    """
    refused: list[Entry] = []
    while len(infos) > most and len(refused) < MOST_OVERFULL:
        paths = [tuple(info.orig_filename.split("/")) for info in infos]
        fullest = _fullest(paths)
        if not fullest:
            break
        depth = len(fullest)
        inside = [len(parts) > depth and parts[:depth] == fullest for parts in paths]
        folder = _zip_name(infos[inside.index(True)], names).split("/")[:depth]
        refused.append(_refused(_composed((*folder, ALL_ITS_FILES)), OVERFULL))
        infos = [info for info, is_inside in zip(infos, inside, strict=True) if not is_inside]
    return infos, refused


def _zip_entries(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: Parts, names: Names, within: str
) -> Iterator[Entry]:
    """The entries that one of a zip is: one, or none if it is a folder."""
    name = _zip_name(info, names)
    if len(name) > MAX_PATH:
        head, _, rest = name.replace("\\", "/").partition("/")  # the student's folder, perhaps
        end = rest[-MAX_PATH_LENGTH:].replace("/", "_")
        own = _composed(part for part in (head[:MAX_NAME], end) if part)
        reason = f"has a name of more than {MAX_PATH:,} letters"
        yield _refused((*prefix, *own), reason, within + "/".join(own))
        return
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
        except MemoryError as error:  # what has few bytes may ask for any amount to be unpacked
            raise Unreadable("takes too much memory to unpack: zip it again") from error
        except Exception as error:  # zipfile lets through whatever its decompressors raise
            raise Unreadable("is damaged inside the zip: zip it again") from error

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
