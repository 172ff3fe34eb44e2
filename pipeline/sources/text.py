"""Text encodings of Japanese municipal files: CP932 until proven otherwise, never silently."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

CP932_NAMES = frozenset({"sjis", "shiftjis", "shift_jis", "ms932", "windows31j", "932", "mskanji"})
"""Names under which CP932 is declared; each lacks or mislabels ①, ㈱, 髙 and 﨑."""


def python_codec(name: str) -> str | None:
    """Return Python's name of an encoding as declared in YAML or a ``.cpg`` file.

    Anything called Shift_JIS is read as CP932, its superset in real files. ``None`` if the
    name is unknown.
    """
    bare = name.strip().lstrip("\ufeff").lower()
    if bare.replace("-", "").replace("_", "") in {n.replace("_", "") for n in CP932_NAMES}:
        return "cp932"
    try:
        found = codecs.lookup(bare)
        # Python also calls hex, base64 and the like codecs.
        "".encode(found.name)
        return found.name
    except LookupError:
        return None


@dataclass(frozen=True)
class Decoded:
    """Result of decoding one text.

    Attributes
    ----------
    text
        The decoded text, without the half character if one was cut off at the end, or
        ``None`` if bytes in the middle fit no character.
    cut
        The last byte was the first half of a double-byte character.
    """

    text: str | None
    cut: bool = False


def decode(raw: bytes, codec: str) -> Decoded:
    """Decode one field strictly.

    A fixed-width ``.dbf`` column cuts names in the middle of a double byte; that half
    character cannot be published, the rest can.
    """
    try:
        return Decoded(raw.decode(codec))
    except UnicodeDecodeError as error:
        at_end = error.start >= len(raw) - 3 and error.reason in (
            "incomplete multibyte sequence",
            "unexpected end of data",
        )
        if at_end:
            return Decoded(raw[: error.start].decode(codec), cut=True)
        return Decoded(None)


def is_utf8(samples: list[bytes]) -> bool:
    """Tell whether byte strings that hold non-ASCII text are UTF-8.

    CP932 text is practically never valid UTF-8, while UTF-8 text often happens to decode as
    CP932 into nonsense; so only this direction is a test.
    """
    telling = [raw for raw in samples if not raw.isascii()]
    return bool(telling) and all(decode(raw, "utf-8").text is not None for raw in telling)
