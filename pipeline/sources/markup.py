"""XML before GDAL sees it: its text as UTF-8, no reaching outside, names of KML columns kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from pipeline.sources.refusals import unreadable
from pipeline.sources.text import python_codec

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.sources import Source

DECLARED = re.compile(r"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["'][^>]*\?>""")
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
    b"<\0": "utf-16-le", b"\0<": "utf-16-be",
}  # fmt: skip
DEEPEST = 200
"""Nesting of elements beyond which a parser is only being tired out."""
KML = "http://www.opengis.net/kml/2.2"
OWN_COLUMNS = (
    "id", "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility",
    "drawOrder", "icon", "description",
)  # fmt: skip
ALIAS = "tonari_{:04d}"


def xml_text(path: Path, source: Source) -> tuple[str, str]:
    """Return the text of an XML file without its declaration, and the codec it was in.

    Raises
    ------
    SourceError
        If it is not in the encoding it names, or has a DOCTYPE.
    """
    raw = path.read_bytes()
    codec = next((c for mark, c in MARKS.items() if raw.startswith(mark)), "")
    if not codec:
        named = DECLARED.match(raw[:400].decode("latin-1"))
        codec = (python_codec(named[1]) or named[1]) if named else "utf-8"
    try:
        text = raw.decode(codec)
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable(source.path, "damaged", detail=f"{codec}: {error}") from error
    if re.search(r"<!(DOCTYPE|ENTITY)", text):
        raise unreadable(source.path, "doctype")
    return DECLARATION.sub("", text, count=1).lstrip(), codec.removesuffix("-sig")


def parsed(text: str, source: Source) -> ElementTree.Element:
    """Parse XML text.

    Raises
    ------
    SourceError
        If it is not well-formed, cut short or nested beyond reason.
    """
    # Typeshed gives the events no type of their own.
    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    root = ElementTree.Element("")
    depth = 0
    try:
        for at in range(0, len(text), 1 << 16):
            parser.feed(text[at : at + (1 << 16)])
            for event, element in parser.read_events():
                depth += 1 if event == "start" else -1
                if depth > DEEPEST:
                    raise unreadable(source.path, "too-deep")
                root = element
        parser.close()
    except ElementTree.ParseError as error:
        cause = "truncated" if depth > 0 and _at_end(error, text) else "damaged"
        raise unreadable(source.path, cause, detail=error) from error
    return root


def _at_end(error: ElementTree.ParseError, text: str) -> bool:
    line, column = error.position
    lines = text.splitlines() or [""]
    return line >= len(lines) and column >= len(lines[-1]) - 1


def with_aliases(root: ElementTree.Element) -> dict[str, str]:
    """Give the columns of a KML document names GDAL does not change, in place.

    Its driver makes an underscore of every letter that is not ASCII, so that 住所 and 電話 would
    be one column. All values become text: what a schema in the file calls a number is read from
    the text by the type that is declared.

    Returns
    -------
    dict
        ``{alias: name as written}``; the second of two columns of a name in one placemark is
        ``name.2``.
    """
    aliases: dict[str, str] = {}
    for place in _all(root, "Placemark"):
        seen: dict[str, int] = {}
        for data in [*_all(place, "Data"), *_all(place, "SimpleData")]:
            written = data.get("name", "")
            seen[written] = seen.get(written, 0) + 1
            name = written if seen[written] == 1 else f"{written}.{seen[written]}"
            data.set("name", aliases.setdefault(name, ALIAS.format(len(aliases))))
    for schema in _all(root, "Schema"):
        for declared in list(schema):
            if _local(declared) in ("SimpleField", "SimpleArrayField"):
                name = declared.get("name", "")
                declared.set("name", aliases.setdefault(name, ALIAS.format(len(aliases))))
                declared.set("type", "string")
    return {alias: name for name, alias in aliases.items()}


def unwritten(root: ElementTree.Element) -> list[str]:
    """Return the columns libkml makes of elements that are nowhere in the document."""
    present = {_local(element).lower() for element in root.iter()}
    if any("id" in place.attrib for place in _all(root, "Placemark")):
        present.add("id")
    return [column for column in OWN_COLUMNS if column.lower() not in present]


def _all(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in element.iter() if _local(each) == name]


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def written(root: ElementTree.Element) -> bytes:
    """Return an XML document as UTF-8, KML's own namespace without a prefix as libkml wants it."""
    space = str(root.tag).partition("}")[0].removeprefix("{") if "}" in str(root.tag) else KML
    ElementTree.register_namespace("", space)
    text: bytes = ElementTree.tostring(root, "utf-8")
    return text
