"""Whether the parts of a Shapefile are there, whole, and of one export.

GDAL reads what it finds: of a ``.shp`` cut short the rest has no shape, of a ``.dbf`` with fewer
records the shapes beyond are left out. ESRI Shapefile Technical Description, July 1998; dBASE III.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.sources.gdal import part_of
from pipeline.sources.refusals import unreadable
from pipeline.sources.table import places

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.config.sources import Source

HEADER = 100
MAGIC = b"\x00\x00\x27\x0a"
REQUIRED = (".shp", ".shx", ".dbf")
NULL = 0
POINTS, MULTIPOINTS = (1, 11, 21), (8, 18, 28)
LINES_AND_AREAS, MULTIPATCH = (3, 5, 13, 15, 23, 25), 31
WITH_Z = (11, 13, 15, 18, 31)


@dataclass(frozen=True)
class _Index:
    """Where each record of the ``.shp`` begins and how long it is, in bytes."""

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]


def require_parts(path: Path, source: Source) -> None:
    """Make sure that the parts of a Shapefile are there, whole and agree.

    Raises
    ------
    SourceError
        If one is missing, shorter or longer than its header says, or the numbers of records
        differ.
    """
    missing = [ending for ending in REQUIRED if part_of(path, ending) is None]
    if missing:
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "shapefile-part-missing", file=source.path, value=", ".join(missing)
                )
            ]
        )
    shp, shx, dbf = (p for ending in REQUIRED if (p := part_of(path, ending)) is not None)
    _require_length(shp, source)
    _require_length(shx, source)
    index = _index(shx)
    records = _dbf_records(dbf, source)
    shapes = _require_records(shp, index, source)
    if not shapes == len(index.starts) == records:
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "shapefile-parts-disagree",
                    file=source.path,
                    shp=shapes,
                    shx=len(index.starts),
                    dbf=records,
                )
            ]
        )


def _require_length(path: Path, source: Source) -> None:
    """Compare the size of a ``.shp`` or ``.shx`` with the number of 16-bit words in its header."""
    with path.open("rb") as stream:
        head = stream.read(HEADER)
    said, size = 2 * int.from_bytes(head[24:28], "big", signed=True), path.stat().st_size
    if len(head) < HEADER or head[:4] != MAGIC:
        raise unreadable(source.path, "damaged", detail=f"{path.suffix}: header")
    if said != size:
        cause = "truncated" if size < said else "damaged"
        detail = f"{path.suffix} {size:,} / {said:,} bytes"
        raise unreadable(source.path, cause, detail=detail)


def _index(shx: Path) -> _Index:
    raw = shx.read_bytes()[HEADER:]
    pairs = np.frombuffer(raw, ">i4", len(raw) // 8 * 2).astype(np.int64).reshape(-1, 2)
    return _Index(pairs[:, 0] * 2, pairs[:, 1] * 2)


def _require_records(shp: Path, index: _Index, source: Source) -> int:
    """Check every record the index names and return how many the ``.shp`` itself holds.

    Records are numbered from 1 in their own header; the last one of a whole file ends with it.
    """
    content = np.memmap(shp, np.uint8, "r") if shp.stat().st_size else np.empty(0, np.uint8)
    starts, lengths, size = index.starts, index.lengths, len(content)
    inside = (starts >= HEADER) & (lengths >= 4) & (starts + 8 + lengths <= size)
    if not inside.all():
        raise _broken(source, np.flatnonzero(~inside))
    heads = content[starts[:, None] + np.arange(8)].copy().view(">i4").reshape(-1, 2)
    wrong = heads[:, 1].astype(np.int64) * 2 != lengths
    wrong |= ~_fits(content, starts + 8, np.where(wrong, 4, lengths))
    if wrong.any():
        raise _broken(source, np.flatnonzero(wrong))
    return _count(content, size, limit=len(starts) + 1_000_000)


def _fits(
    content: NDArray[np.uint8], at: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which records have room for the parts and points they claim.

    GDAL gives a record that has not no shape. M values may be left out; Z may not (ESRI
    Shapefile Technical Description, tables 3 to 16).

    Parameters
    ----------
    at, lengths
        Where the content of each record begins, and its bytes, at least 4; shape (n,).
    """
    kind = _integers(content, at)
    least = np.full(len(at), 4)
    least[np.isin(kind, POINTS)] = 20
    least[np.isin(kind, MULTIPOINTS)] = 40
    least[np.isin(kind, (*LINES_AND_AREAS, MULTIPATCH))] = 44
    fits = (lengths >= least) & np.isin(kind, (NULL, *POINTS, *MULTIPOINTS, *LINES_AND_AREAS, 31))
    parts, points = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    points[np.isin(kind, POINTS)] = 1
    several, many = fits & np.isin(kind, MULTIPOINTS), fits & (least == 44)
    points[several] = _integers(content, at[several] + 36)
    parts[many] = _integers(content, at[many] + 36)
    points[many] = _integers(content, at[many] + 40)
    fits &= (parts >= 0) & (points >= 0)
    room = least + 4 * parts * np.where(kind == MULTIPATCH, 2, 1) + 16 * points * (least != 20)
    room += np.where(np.isin(kind, WITH_Z), 8 * points + 16 * (least != 20), 0)
    fits &= lengths >= room
    many &= fits & (parts > 0)
    if many.any():
        fits[many] = _parts_ascend(content, at[many] + 44, parts[many], points[many])
    return fits


def _parts_ascend(
    content: NDArray[np.uint8],
    at: NDArray[np.int64],
    parts: NDArray[np.int64],
    points: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell which records name the first point of each part in order, and only points they have."""
    first = np.cumsum(parts) - parts
    number = np.arange(parts.sum()) - np.repeat(first, parts)
    starts = _integers(content, np.repeat(at, parts) + 4 * number)
    wrong = (starts < 0) | (starts >= np.repeat(points, parts))
    wrong |= (np.diff(starts, prepend=-1) <= 0) & (number > 0)
    fit = np.logical_or.reduceat(wrong, first)
    return ~fit


def _integers(content: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Read a little-endian integer of four bytes at each place."""
    raw = content[at[:, None] + np.arange(4)].copy()
    found: NDArray[np.int64] = raw.view("<i4")[:, 0].astype(np.int64)
    return found


def _count(content: NDArray[np.uint8], size: int, limit: int) -> int:
    """Count records by going from one to the next.

    An editor that had no room for a longer shape writes it once more at the end, under the same
    number: that is one record.
    """
    at = HEADER
    numbers: set[int] = set()
    while at + 8 <= size and len(numbers) < limit:
        head = content[at : at + 8].tobytes()
        number, words = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
        if words < 2 or at + 8 + 2 * words > size:
            break
        at += 8 + 2 * words
        numbers.add(number)
    return len(numbers)


def _broken(source: Source, positions: NDArray[np.int64]) -> SourceError:
    return SourceError(
        [
            Catalogue.of("pipeline").finding(
                "records-broken", file=source.path, places=places(source.path, positions + 1)
            )
        ]
    )


def _dbf_records(dbf: Path, source: Source) -> int:
    """Return the number of records in the header of a ``.dbf`` of the length that takes."""
    with dbf.open("rb") as stream:
        head = stream.read(32)
    size = dbf.stat().st_size
    count = int.from_bytes(head[4:8], "little")
    start, length = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    if len(head) < 32 or start < 33 or not length:
        raise unreadable(source.path, "damaged", detail=".dbf: header")
    needed = start + count * length
    if size < needed:
        raise unreadable(source.path, "truncated", detail=f".dbf {size:,} / {needed:,} bytes")
    # A mark of the end, and blocks filled up, are no records; whole rows beyond the count are.
    beyond = size - needed
    if beyond > length and _looks_like_records(dbf, needed, length):
        detail = f".dbf {size:,} / {needed:,} bytes"
        raise unreadable(source.path, "damaged", detail=detail)
    return count


def _looks_like_records(dbf: Path, start: int, length: int) -> bool:
    with dbf.open("rb") as stream:
        stream.seek(start)
        first = stream.read(length)
    return first[:1] in (b" ", b"*") and bool(first.strip(b" \0\x1a"))
