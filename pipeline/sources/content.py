"""Whether a file is what its ending says, told from its first bytes before a library opens it.

Libraries open by content: a description of other files (VRT) named ``.geojson`` would make GDAL
read those, a web page named ``.xls`` would be "damaged". Here the ending decides, and what is in
the file is named.
"""

from __future__ import annotations

import re
import stat
import zipfile
from typing import TYPE_CHECKING

from pipeline.sources.refusals import unreadable

if TYPE_CHECKING:
    from pathlib import Path

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
SQLITE = b"SQLite format 3\0"
FLATGEOBUF = b"fgb\x03fgb"
SHAPE = b"\x00\x00\x27\x0a"
PARQUET = b"PAR1"
BIFF = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
"""First bytes of Excel files from before OLE2."""

KINDS = {
    "xls": ("古い Excel 形式（.xls）", "an Excel workbook of the old kind (.xls)"),
    "xlsx": ("Excel 形式（.xlsx）", "an Excel workbook (.xlsx)"),
    "ods": ("OpenDocument の表（.ods）", "an OpenDocument spreadsheet (.ods)"),
    "zip": ("ZIP 書庫", "a ZIP archive"),
    "sqlite": ("GeoPackage・SQLite", "a GeoPackage or SQLite database"),
    "fgb": ("FlatGeobuf", "FlatGeobuf"),
    "shp": ("シェープファイル", "a Shapefile"),
    "html": ("Web ページ（HTML）", "a web page (HTML)"),
    "parquet": ("Parquet", "Parquet"),
    "kml": ("KML", "KML"),
    "xml": ("XML", "XML"),
    "json": ("JSON", "JSON"),
    "text": ("文字だけのファイル（CSV など）", "plain text such as CSV"),
    "binary": ("文字でないデータ", "data that is no text"),
}
"""What a file can turn out to be, in Japanese and English."""

EXPECTED = {
    ".csv": {"text", "json"}, ".tsv": {"text", "json"},
    ".xlsx": {"xlsx"}, ".xlsm": {"xlsx"}, ".xls": {"xls"}, ".ods": {"ods"},
    ".shp": {"shp"}, ".gpkg": {"sqlite"}, ".fgb": {"fgb"},
    ".geojson": {"json"}, ".json": {"json"}, ".kml": {"kml"}, ".gml": {"xml"},
    ".parquet": {"parquet"},
}  # fmt: skip
"""What each ending may hold; the ending decides which reader is asked."""

LARGEST_UNPACKED = 1 << 30
RATIO, RATIO_FROM = 150, 100 << 20
"""Sheets of real ledgers pack 5 to 40 times; what packs better and is large was made to burst."""


def require_content(path: Path, file: str) -> None:
    """Make sure that a file can be opened and is what its ending says.

    Parameters
    ----------
    path
        Where it is.
    file
        As declared, for findings.

    Raises
    ------
    SourceError
        If it is no file, cannot be opened or holds something else.
    """
    head = _head(path, file)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        return
    ending = path.suffix.lower()
    kind = kind_of(head, path)
    if kind == "encrypted":
        raise unreadable(file, "encrypted")
    if ending in EXPECTED and kind not in EXPECTED[ending]:
        if ending not in (".csv", ".tsv") and kind in ("binary", "text") and _damaged(head, ending):
            raise unreadable(file, "damaged", detail=ending)
        actual_ja, actual_en = KINDS[kind]
        raise unreadable(file, "disguised", actual_ja=actual_ja, actual_en=actual_en, ending=ending)
    if kind in ("xlsx", "ods"):
        _require_bounded(path, file)


def _damaged(head: bytes, ending: str) -> bool:
    """Tell binary rubbish, under an ending of a binary format, from a text with a wrong name."""
    return b"\0" in head or ending in (".geojson", ".json", ".kml", ".gml")


def _head(path: Path, file: str) -> bytes:
    """Return the first bytes of a regular file without waiting on pipes and devices."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            name = next(n for test, n in _SPECIAL if test(mode))
            raise unreadable(file, "no-file", actual_ja=name[0], actual_en=name[1])
        with path.open("rb") as stream:
            return stream.read(4096)
    except OSError as error:
        raise unreadable(file, "no-access", detail=error.strerror or error) from error


_SPECIAL = (
    (stat.S_ISDIR, ("フォルダー", "a folder")),
    (lambda mode: True, ("パイプや装置", "a pipe or a device")),
)


def kind_of(head: bytes, path: Path) -> str:
    """Return what a file is, as a key of :data:`KINDS`, or ``encrypted``."""
    if head.startswith(OLE2):
        return "encrypted" if _has_encrypted_package(path) else "xls"
    if head.startswith(ZIP):
        return _zip_kind(path)
    for magic, kind in (
        (SQLITE, "sqlite"),
        (FLATGEOBUF, "fgb"),
        (SHAPE, "shp"),
        (PARQUET, "parquet"),
    ):
        if head.startswith(magic):
            return kind
    if head.startswith(BIFF):
        return "xls"
    return _text_kind(head)


def _has_encrypted_package(path: Path) -> bool:
    """Tell an .xlsx with a password: an OLE2 file with a stream of that name ([MS-OFFCRYPTO])."""
    return "EncryptedPackage".encode("utf-16-le") in path.read_bytes()


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as book:
            names = set(book.namelist())
            if any(i.flag_bits & 1 for i in book.infolist()):
                return "encrypted"
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        # Which workbook a damaged archive was is for its reader to say.
        return {".ods": "ods"}.get(path.suffix.lower(), "xlsx")
    if "content.xml" in names:
        return "ods"
    return "xlsx" if "[Content_Types].xml" in names or "xl/workbook.xml" in names else "zip"


def _text_kind(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_utf16(head):
        text = head.decode("utf-16" if head[:1] in b"\xff\xfe" else _utf16(head), "replace")
        head = text.encode()
    elif head.count(b"\0") * 20 > len(head):
        return "binary"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        return "json"
    if not start.startswith(b"<"):
        return "text"
    root = re.search(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)", re.sub(rb"<!--.*?-->", b"", start))
    name = root[1].lower() if root else b""
    return {b"html": "html", b"kml": "kml", b"table": "html", b"meta": "html"}.get(name, "xml")


def _looks_utf16(head: bytes) -> bool:
    """Tell UTF-16 without a mark: every line end and comma of it has a zero byte beside it."""
    even = len(head) // 2 * 2
    pairs = {head[i : i + 2] for i in range(0, even, 2)}
    return bool(pairs & {b"\n\0", b"\0\n", b",\0", b"\0,", b"\t\0", b"\0\t", b"<\0", b"\0<"})


def _utf16(head: bytes) -> str:
    little = sum(head[i + 1] == 0 for i in range(0, len(head) - 1, 2))
    big = sum(head[i] == 0 for i in range(0, len(head) - 1, 2))
    return "utf-16-le" if little >= big else "utf-16-be"


def _require_bounded(path: Path, file: str) -> None:
    """Refuse an archive that was made to burst, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as book:
            unpacked = sum(entry.file_size for entry in book.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    packed = max(path.stat().st_size, 1)
    if unpacked > LARGEST_UNPACKED or (unpacked > RATIO_FROM and unpacked > RATIO * packed):
        raise unreadable(file, "too-large", size=f"{unpacked / 2**20:,.0f} MB")
