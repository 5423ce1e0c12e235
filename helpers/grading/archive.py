"""The files of a folder or a zip, read with care: nothing is unpacked to disk, no link followed."""

import io
import os
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from helpers.grading.errors import NothingGraded, Unreadable

MEGABYTE = 1_000_000
LARGEST_FILE = 50 * MEGABYTE
LARGEST_INNER_ZIP = 200 * MEGABYTE
MOST_INNER_FILES = 1_000
MOST_FILES = 200_000
ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")


@dataclass(frozen=True)
class Entry:
    """A file of a submission.

    parts: its path, folder by folder, in Unicode's composed form. modified: seconds, to tell newer
    from older. read: a function of the most bytes wanted that returns the file's bytes; raises
    Unreadable. refused: why the file must not be read, "" if it may.
    """

    parts: tuple
    modified: float
    read: Callable
    refused: str = ""

    @property
    def name(self):
        return self.parts[-1]

    @property
    def suffix(self):
        return os.path.splitext(self.name)[1].lower()

    def content(self, limit=LARGEST_FILE):
        """The file's bytes. Raises Unreadable in plain words."""
        if self.refused:
            raise Unreadable(self.refused)
        data = self.read(limit + 1)
        if len(data) > limit:
            raise Unreadable(f"is larger than {limit // MEGABYTE} MB")
        return data


def entries_of(path):
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
                f"{path} {error}. Wanted: a zip of submissions, or a folder with one folder for "
                "each student."
            ) from error
    return [entry for entry in found if not _is_litter(entry.parts)]


def _is_litter(parts):
    """Whether a file is something that computers leave behind, not something handed in."""
    return any(
        part.startswith((".", "._")) or part in ("__MACOSX", "__pycache__", "Thumbs.db")
        for part in parts
    )


def _entries_of_folder(root):
    for folder, folders, files in os.walk(root):
        folders.sort()
        inside = Path(folder).relative_to(root).parts
        for name in folders:
            if os.path.islink(os.path.join(folder, name)):
                yield _refused(
                    (*inside, name), "is a link to another folder, which is not followed"
                )
        for name in sorted(files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if not stat.S_ISREG(status.st_mode):
                yield _refused((*inside, name), "is a link or a device, not a file")
            else:
                yield Entry(_composed((*inside, name)), status.st_mtime, _file_reader(path))


def _refused(parts, reason):
    return Entry(_composed(parts), 0, lambda limit: b"", reason)


def _composed(parts):
    return tuple(
        # Names that are no valid UTF-8 arrive with surrogates in them, which nothing can write.
        unicodedata.normalize(
            "NFC", part.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        )
        for part in parts
    )


def _file_reader(path):
    def read(limit):
        try:
            # O_NOFOLLOW: the file may have been exchanged for a link since it was listed.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(handle, "rb") as file:
                return file.read(limit)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error

    return read


def entries_of_zip(source, prefix=(), most_files=MOST_FILES):
    """Yield the entries of the zip `source`, a path or bytes; `prefix` goes before their parts.

    Raises Unreadable if it is no zip or has too many files.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise Unreadable(f"is not a zip file that can be opened ({error})") from error
    if len(infos) > most_files:
        raise Unreadable(f"holds {len(infos)} files, more than {most_files}")
    for info in infos:
        if not info.is_dir():
            yield _zip_entry(archive, info, prefix)


def _zip_entry(archive, info, prefix):
    name = _zip_name(info).replace("\\", "/")
    raw = name.split("/")
    parts = (*prefix, *_composed(part for part in raw if part not in ("", ".")))
    if ".." in raw or name.startswith("/") or ":" in raw[0] or "\0" in name:
        inside = tuple(part for part in parts if part != "..") or ("file",)
        return _refused(inside, "has a path that leads out of the archive")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return _refused(parts, "is a link or a device, not a file")
    if info.flag_bits & 0x1:
        return _refused(parts, "is protected by a password")

    def read(limit):
        if info.file_size > limit:
            raise Unreadable(f"is larger than {limit // MEGABYTE} MB when unpacked")
        try:
            with archive.open(info) as file:
                return file.read(limit)
        except Exception as error:  # zipfile lets through whatever its decompressors raise
            raise Unreadable(f"is damaged inside the zip ({error})") from error

    try:
        modified = datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        modified = 0
    return Entry(parts, modified, read)


def _zip_name(info):
    """The name as its maker meant it: UTF-8 is common without the flag that announces it."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename
