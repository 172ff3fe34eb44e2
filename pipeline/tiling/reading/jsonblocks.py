"""The text of a list of features (RFC 8259), taken apart feature by feature, in blocks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from pipeline.errors import TilingError
from pipeline.tiling.reading import jsontext

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


_BLOCK_BYTES = 1 << 22


_BLOCK_FEATURES = 1 << 14


class UnexpectedError(ValueError):
    """The text is no list of features: whatever it is, GDAL may know."""


@dataclass(frozen=True)
class Block:
    """Members of some features in a row.

    Attributes
    ----------
    properties
        One mapping per feature, empty where it has none.
    ids
        What each names itself; ``None`` where it does not.
    """

    properties: list[dict[str, Any]]
    ids: list[Any]


def blocks(path: Path) -> Iterator[Block]:
    """Yield the members of all features of a file, in its order.

    Raises
    ------
    TilingError
        If the text is not UTF-8, or a feature is no JSON.
    """
    with path.open("rb") as file:
        text, at = _first_feature(path, file)
        number, more = 0, True
        while True:
            data = np.frombuffer(text, np.uint8)
            found, at = jsontext.features_in(data, at, _BLOCK_FEATURES)
            if found.shape[0]:
                yield _members(path, text, found, number)
                number += found.shape[0]
                continue
            if not more or text[at : at + 1] == b"]":
                return
            read = file.read(max(_BLOCK_BYTES, len(text) - at))
            more = bool(read)
            text, at = text[at:] + (read or b"\n"), 0


def _first_feature(path: Path, file: Any) -> tuple[bytes, int]:
    """Return the beginning of a file and where in it the first feature may stand."""
    text = file.read(_BLOCK_BYTES)
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:]
    stripped = text.lstrip(b"\x1e \t\r\n")
    if not stripped.startswith(b"{"):
        raise UnexpectedError
    start = at = len(text) - len(stripped)
    at += 1
    kind = None
    while True:
        member = _member(path, file, text, at)
        if member is None:
            if kind == "Feature":  # one feature, or one a line
                return text, start
            raise UnexpectedError
        text, name, low, high = member
        if name == "features" and text[low : low + 1] == b"[":
            return text, low + 1
        if name == "type":
            kind = _parsed(text[low:high])
            if kind == "Feature":
                return text, start
        at = high


def _member(path: Path, file: Any, text: bytes, at: int) -> tuple[bytes, str, int, int] | None:
    """Return the next member of an object: the text, its name, start and end; None at the end."""
    while True:
        data = np.frombuffer(text, np.uint8)
        start = _behind(text, at, b" \t\r\n,")
        if text[start : start + 1] == b"}":
            return None
        end = int(jsontext.behind_value(data, start)) if start < len(text) else -1
        low = _behind(text, end, b" \t\r\n:") if end > 0 else len(text)
        if low < len(text):
            name = _parsed(text[start:end])
            if name == "features" and text[low : low + 1] == b"[":
                return text, "features", low, low
            high = int(jsontext.behind_value(data, low))
            if high > 0:
                return text, str(name), low, high
        more = file.read(max(_BLOCK_BYTES, len(text)))
        if not more:
            return None
        text += more


def _behind(text: bytes, at: int, skipped: bytes) -> int:
    while at < len(text) and text[at] in skipped:
        at += 1
    return at


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _members(path: Path, text: bytes, found: NDArray[np.int64], first: int) -> Block:
    """Return what some features hold."""
    spans = found.tolist()
    properties = _values(path, text, [(s[2], s[3]) for s in spans], b"{}", first)
    ids = _values(path, text, [(s[4], s[5]) for s in spans], b"null", first)
    return Block([p if isinstance(p, dict) else {} for p in properties], ids)


def _values(
    path: Path, text: bytes, spans: list[tuple[int, int]], absent: bytes, first: int
) -> list[Any]:
    parts = [text[a:b] if a >= 0 else absent for a, b in spans]
    try:
        values: list[Any] = orjson.loads(b"[" + b",".join(parts) + b"]")
    except orjson.JSONDecodeError:
        return [_value(path, part, first + at) for at, part in enumerate(parts)]
    return values


def _value(path: Path, raw: bytes, number: int) -> Any:
    """Read what orjson refuses and others write: NaN, half characters."""
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise TilingError(f"{path}: feature {number} is no JSON: {error}") from error


def require_utf8(path: Path) -> None:
    """Make sure that a text is UTF-8, as RFC 8259, section 8.1 wants it.

    Raises
    ------
    TilingError
        Naming the line and the bytes.
    """
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with path.open("rb") as file:
        while read := file.read(_BLOCK_BYTES):
            try:
                decoder.decode(read)
            except UnicodeDecodeError as error:
                line = lines + error.object[: error.start].count(b"\n")
                raw = bytes(error.object[error.start : error.start + 8])
                raise TilingError(_not_utf8(path, line, raw)) from None
            lines += read.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise TilingError(_not_utf8(path, lines, bytes(error.object))) from None


def _not_utf8(path: Path, line: int, raw: bytes) -> str:
    return (
        f"{path}: 文字コードが UTF-8 ではありません（{line} 行目）。UTF-8 で保存し直してください /"
        f" is not UTF-8 (line {line}, bytes {raw.hex(' ')}): save it as UTF-8"
    )
