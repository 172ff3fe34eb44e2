"""Taking the one data file out of a zip, with bounds."""

from __future__ import annotations

import lzma
import shutil
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipeline.errors import FetchError
from pipeline.sources.files import SHAPEFILE_PARTS
from pipeline.sources.read import READERS

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_MEMBERS = 10_000
PIECE = 1 << 20
DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
    zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip
"""What zipfile raises of archives that are none, damaged, encrypted or malicious."""


def ending_of(path: str) -> str:
    """Return the ending of an address that says what a file is; empty if it says nothing."""
    ending = PurePosixPath(path).suffix.lower()
    return ending if ending in READERS or ending == ".zip" else ""


def unpacked(archive: Path, folder: Path, member: str, most: int) -> Path:
    """Take a data file, and the parts that belong to it, out of a zip.

    Parameters
    ----------
    folder
        Made anew; files get plain names in it, whatever folders the zip has.
    member
        Name of the file; needed where there are several.
    most
        Bytes of all that is taken out.

    Raises
    ------
    FetchError
        If it is no zip, holds none or several files that could be meant, or is too large.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as book:
            names = [i.filename for i in book.infolist()[:MOST_MEMBERS] if not i.is_dir()]
            chosen = _chosen(names, member)
            left = most
            for name in _parts(names, chosen):
                left = _extract(book, name, folder / PurePosixPath(name).name, left)
    except DAMAGED as error:
        raise FetchError("neighbour-zip", value=archive.stem, reason=str(error)) from error
    return folder / PurePosixPath(chosen).name


def _chosen(names: list[str], member: str) -> str:
    readable = [n for n in names if PurePosixPath(n).suffix.lower() in READERS]
    meant = [n for n in readable if not member or member in (n, PurePosixPath(n).name)]
    if len(meant) != 1:
        listed = ", ".join(readable[:10]) or "–"
        raise FetchError("neighbour-zip", value=member, reason=listed)
    return meant[0]


def _parts(names: list[str], chosen: str) -> Iterable[str]:
    path = PurePosixPath(chosen)
    if path.suffix.lower() != ".shp":
        return [chosen]
    return [
        n
        for n in names
        if PurePosixPath(n).with_suffix("") == path.with_suffix("")
        and PurePosixPath(n).suffix.lower() in SHAPEFILE_PARTS
    ]


def _extract(book: zipfile.ZipFile, name: str, target: Path, left: int) -> int:
    with book.open(name) as source, target.open("wb") as out:
        while piece := source.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise FetchError("neighbour-too-large", value=name, most="zip")
            out.write(piece)
    return left
