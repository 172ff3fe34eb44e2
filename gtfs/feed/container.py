"""The files inside a zip or folder that somebody else made, however it was made.

A zip from outside may be encrypted, packed in ways nobody unpacks, name files outside its folder,
hold a file twice, or swell to a thousand times its size. What can be taken out is taken out within
bounds; the rest is a finding. Nothing is ever written to a disk.
"""

from __future__ import annotations

import lzma
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, NoReturn

from gtfs.errors import FeedUnreadable
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 4 << 30
"""Bytes a feed may hold unpacked; the largest feeds of whole countries have about half of that."""
SWOLLEN, _SMALL = 250, 32 << 20
"""Members above `_SMALL` bytes that unpack to more than `SWOLLEN` times their size are refused:
timetables shrink to a twentieth, what is made to harm to a thousandth."""
MOST_FILES = 10_000

_ENCRYPTED = 0x1
_BROKEN = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error, zlib.error,
    lzma.LZMAError, zipfile.BadZipFile, zipfile.LargeZipFile,
)  # fmt: skip
_DRIVE = re.compile(r"[A-Za-z]:")


def contents(path: Path) -> tuple[dict[str, bytes], list[Finding]]:
    """Return the files of a zip or of a folder, name to bytes, and what was left out.

    Raises
    ------
    FeedUnreadable
        If there is no such file, it is no zip, or one of its files cannot be taken out.
    """
    try:
        return _of_folder(path) if path.is_dir() else _of_zip(path)
    except _BROKEN as error:
        _refuse(
            path, "feed-unreadable", reason=" ".join(str(error).split()) or type(error).__name__
        )


def _of_folder(path: Path) -> tuple[dict[str, bytes], list[Finding]]:
    found: dict[str, bytes] = {}
    findings = []
    left = LARGEST
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_symlink():
            findings.append(_say("feed-file-link", file=name))
        elif file.is_file():
            left -= file.stat().st_size
            if left < 0 or len(found) >= MOST_FILES:
                _refuse(path, "feed-too-large", value=name, limit=LARGEST >> 30, files=MOST_FILES)
            found[name] = file.read_bytes()
    return found, findings


def _of_zip(path: Path) -> tuple[dict[str, bytes], list[Finding]]:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _refuse_harmful(path, entries)
        found: dict[str, bytes] = {}
        findings: list[Finding] = []
        for entry in entries:
            name = entry.filename.replace("\\", "/")
            code = _left_out(entry, name) or ("feed-file-twice" if name in found else "")
            if code:
                findings.append(_say(code, file=name))
            else:
                found[name] = _taken_out(path, archive, entry)
        return found, findings


def _refuse_harmful(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    swollen = (e for e in entries if e.file_size > max(_SMALL, SWOLLEN * max(e.compress_size, 1)))
    worst = next(swollen, None)
    if worst or len(entries) > MOST_FILES or sum(e.file_size for e in entries) > LARGEST:
        name = worst.filename if worst else max(entries, key=lambda e: e.file_size).filename
        _refuse(path, "feed-too-large", value=name, limit=LARGEST >> 30, files=MOST_FILES)


def _left_out(entry: zipfile.ZipInfo, name: str) -> str:
    """Return why a member is no file of a feed, empty if it is one."""
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "feed-file-link"
    outside = name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/")
    return "feed-file-outside" if outside or not name.isprintable() else ""


def _taken_out(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & _ENCRYPTED:
        _refuse(path, "feed-encrypted", value=entry.filename)
    try:
        # A member cannot give more bytes than the directory declares: zipfile stops there.
        return archive.read(entry)
    except NotImplementedError:
        _refuse(path, "feed-packed-oddly", value=entry.filename)
    except _BROKEN as error:
        reason = f"{entry.filename}: {' '.join(str(error).split()) or type(error).__name__}"
        _refuse(path, "feed-unreadable", reason=reason)


def _refuse(path: Path, code: str, **details: object) -> NoReturn:
    found = _say(code, file=path.as_posix(), **details)
    raise FeedUnreadable(f"{path}: {found.message_en}", [found]) from None


def _say(code: str, **place: object) -> Finding:
    return Catalogue.of("gtfs.data").finding(code, **place)  # type: ignore[arg-type]
