"""Text encodings of Japanese municipal files: CP932 until proven otherwise, never silently."""

from __future__ import annotations

import codecs
from collections import Counter
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


TWO_BYTE = ("cp932", "euc_jp", "euc_jis_2004", "shift_jis_2004")
"""Encodings whose bytes can also be read as another of them; earlier ones are commoner."""
ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b$(")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
CLEARLY = 0.2
"""Difference of likelihood from which one reading is taken and the other called nonsense."""
SENSIBLE = 0.3
"""Likelihood below which no reading is taken: 0.35 is a text of half-width katakana alone."""
LOOKED_AT = 200_000


def detect(samples: list[bytes], tolerance: float = 0.0) -> str:
    """Find the encoding of Japanese text; the one reading of text for layers and for tiles.

    Parameters
    ----------
    samples
        A whole file, or the values of a table; the first may begin with a byte order mark.
    tolerance
        Share of the samples that need not fit, where values can be cut or damaged.

    Returns
    -------
    str
        Python's name of it; ``ascii`` where nothing tells; empty where no reading makes sense or
        two do.
    """
    first = samples[0] if samples else b""
    for mark, codec in BYTE_ORDER_MARKS:
        if first.startswith(mark):
            return codec
    if (wide := _utf16(first)) and decode(first, wide).text is not None:
        return wide
    if any(escape in raw for raw in samples for escape in ESCAPES):
        found = [c for c in ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004") if _all(samples, c)]
        return found[0] if found else ""
    telling = [raw for raw in samples if not raw.isascii()]
    if not telling:
        return "ascii"
    if _fitting(telling, "utf-8", tolerance) is not None:
        return "utf-8"
    likely = [
        (likelihood(text), codec)
        for codec in TWO_BYTE
        if (text := _fitting(telling, codec, tolerance)) is not None
    ]
    best = max((score for score, _ in likely), default=0.0)
    close = [codec for score, codec in likely if score > best - CLEARLY]
    families = {"euc" if codec.startswith("euc") else "sjis" for codec in close}
    return close[0] if best >= SENSIBLE and len(families) == 1 else ""


def _utf16(raw: bytes) -> str:
    """Tell UTF-16 without a mark: half of its bytes are zero wherever it is ASCII."""
    head = raw[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 10 < len(head) or min(even, odd) * 20 > max(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _all(samples: list[bytes], codec: str) -> bool:
    return all(decode(raw, codec).text is not None for raw in samples)


def _fitting(samples: list[bytes], codec: str, tolerance: float) -> str | None:
    texts = [decode(raw, codec).text for raw in samples]
    wrong = sum(text is None for text in texts)
    if wrong > tolerance * len(texts):
        return None
    return "".join(text for text in texts if text is not None)


def likelihood(text: str) -> float:
    """Return how much a text looks like Japanese somebody wrote, from 0 to 1.

    The mean over its characters beyond ASCII: kana and signs 1, kanji of level 1 of JIS X 0208
    0.8, level 2 0.1, half-width katakana 0.35 (what EUC-JP read as CP932 becomes), others 0.2.
    """
    counts = Counter(c for c in text[:LOOKED_AT] if not c.isascii())
    total = sum(counts.values())
    return sum(_weight(c) * n for c, n in counts.items()) / total if total else 0.0


def _weight(character: str) -> float:
    code = ord(character)
    if 0xFF61 <= code <= 0xFF9F:
        return 0.35
    if 0x3000 <= code <= 0x30FF or 0xFF01 <= code <= 0xFF5E:
        return 1.0
    if 0x4E00 <= code <= 0x9FFF:
        row = character.encode("euc_jp", "ignore")[:1]
        return 0.8 if b"\xb0" <= row <= b"\xcf" else 0.1
    return 0.2


def is_utf8(samples: list[bytes]) -> bool:
    """Tell whether byte strings that hold non-ASCII text are UTF-8.

    CP932 text is practically never valid UTF-8, while UTF-8 text often happens to decode as
    CP932 into nonsense; so only this direction is a test.
    """
    telling = [raw for raw in samples if not raw.isascii()]
    return bool(telling) and all(decode(raw, "utf-8").text is not None for raw in telling)
