"""Compressing answers, and keeping what was compressed for the next client."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import brotli
import deflate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

KEPT_BYTES = 32 * 1024 * 1024
"""Compressed answers one process keeps."""

WHOLE_BYTES = 16 * 1024 * 1024
"""What is larger is compressed while it is sent, and not kept."""

BROTLI_QUALITY, GZIP_LEVEL = 5, 6
CHUNK_BYTES = 262_144

TEXT = ("text/", "application/json", "application/javascript", "image/svg+xml", "application/xml")


def is_text(media_type: str) -> bool:
    """Tell whether content of this media type shrinks: text in its many forms."""
    kind = media_type.split(";", 1)[0].strip().lower()
    return kind.startswith(TEXT) or kind.endswith(("+json", "+xml"))


def compress(content: bytes, coding: str) -> bytes:
    """Return `content` in `coding`, ``br`` or ``gzip``; equal content gives equal bytes."""
    if coding == "br":
        return bytes(brotli.compress(content, quality=BROTLI_QUALITY))
    return bytes(deflate.gzip_compress(content, GZIP_LEVEL))


def compressed_stream(file: IO[bytes], coding: str) -> Iterator[bytes]:
    """Yield the content of `file` in `coding`, piece by piece."""
    if coding == "br":
        packer = brotli.Compressor(quality=1)
        step, finish = packer.process, packer.finish
    else:
        deflater = zlib.compressobj(1, zlib.DEFLATED, 31)
        step, finish = deflater.compress, deflater.flush
    while chunk := file.read(CHUNK_BYTES):
        if packed := step(chunk):
            yield packed
    yield finish()


class Compressed:
    """Compressed answers by entity tag and coding, the least asked for forgotten first.

    A tag is made of content, so what a new release has unchanged is found again, and what it has
    not is forgotten with time.

    Parameters
    ----------
    kept
        Bytes to keep.
    """

    def __init__(self, kept: int = KEPT_BYTES) -> None:
        self._kept, self._held = kept, 0
        self._answers: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = Lock()

    def of(self, tag: str, content: bytes, coding: str) -> bytes:
        """Return `content`, whose tag is `tag`, in `coding`."""
        key = (tag, coding)
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
                return found
        packed = compress(content, coding)
        with self._lock:
            if key not in self._answers and len(packed) <= self._kept // 4:
                self._answers[key] = packed
                self._held += len(packed)
                while self._held > self._kept:
                    self._held -= len(self._answers.popitem(last=False)[1])
        return packed

    def find(self, tag: str, coding: str) -> bytes | None:
        """Return what is kept under `tag` in `coding`, if it is."""
        with self._lock:
            return self._answers.get((tag, coding))

    @property
    def held(self) -> int:
        """Bytes that are kept."""
        return self._held


KEPT = Compressed()
"""The compressed answers of this process."""
