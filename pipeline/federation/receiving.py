"""What comes of a file: its coding undone, its bounds held, its parts kept until it is whole."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    import httpx


PIECE = 1 << 16


@dataclass(frozen=True)
class Want:
    """What is asked for.

    Attributes
    ----------
    most
        Bytes at most, as sent and as unpacked.
    etag
        Of the copy that is there already; empty asks for everything.
    sha256
        What it must be; empty if nobody says.
    """

    url: str
    most: int
    etag: str = ""
    sha256: str = ""


def too_large(want: Want) -> FetchError:
    return FetchError("neighbour-too-large", value=want.url, most=f"{want.most:,}")


class Unpacker:
    """Writes what a content coding hides, and never more than is wanted."""

    def __init__(self, coding: str, want: Want, out: BinaryIO, start: int) -> None:
        if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise FetchError("neighbour-coding", value=want.url, coding=coding)
        self._want, self._out, self._written = want, out, start
        # 32 lets zlib tell gzip from zlib by itself.
        self._zlib = None if coding in ("", "identity") else zlib.decompressobj(zlib.MAX_WBITS | 32)

    def feed(self, chunk: bytes) -> None:
        """Write one piece."""
        try:
            for piece in self._pieces(chunk):
                self._written += len(piece)
                if self._written > self._want.most:
                    raise too_large(self._want)
                self._out.write(piece)
        except zlib.error as error:
            raise FetchError("neighbour-coding", value=self._want.url, coding=str(error)) from error

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        if self._zlib is None:
            yield chunk
            return
        if chunk and self._zlib.eof:
            self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 32)
        while chunk:
            piece = self._zlib.decompress(chunk, PIECE)
            if piece:
                yield piece
            chunk = self._zlib.unconsumed_tail
            if self._zlib.eof:
                # gzip may come as several members, one after the other (RFC 1952, 2.2).
                chunk = self._zlib.unused_data
                if chunk:
                    self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def end(self) -> None:
        """Make sure that nothing is missing."""
        if self._zlib is not None and not self._zlib.eof:
            raise FetchError("neighbour-length", value=self._want.url, reason="gzip")


class Partial:
    """The part of a file that has come, and the tag of the version it is a part of."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._part = target.with_name(f"{target.name}.part")
        self._tag = target.with_name(f"{target.name}.etag")
        self.begun = False

    @property
    def size(self) -> int:
        return self._part.stat().st_size if self._tag.is_file() and self._part.is_file() else 0

    def headers(self) -> dict[str, str]:
        """Ask for the rest of this very version, else for the whole (RFC 9110, 13.1.5)."""
        if not self.size:
            return {}
        tag = self._tag.read_text(encoding="latin-1")
        return {"Range": f"bytes={self.size}-", "If-Range": tag}

    def continued_by(self, response: httpx.Response) -> bool:
        said = response.headers.get("content-range", "")
        return bool(self.size) and said.startswith(f"bytes {self.size}-")

    def complete(self, response: httpx.Response) -> bool:
        """Tell whether what has come is all there is, by what the server says of the whole."""
        whole = response.headers.get("content-range", "").rpartition("/")[2].strip()
        return whole in ("*", str(self._part.stat().st_size))

    def begin(self, response: httpx.Response, *, resumable: bool, append: bool) -> None:
        """Start anew, or go on; only a strong tag says that two halves belong together."""
        self.begun = True
        if append:
            return
        self.drop()
        tag = response.headers.get("etag", "")
        if resumable and tag.startswith('"'):
            self._tag.write_text(tag, encoding="latin-1")

    def open(self) -> BinaryIO:
        self._part.parent.mkdir(parents=True, exist_ok=True)
        return self._part.open("ab")

    def drop(self) -> None:
        for path in (self._part, self._tag):
            path.unlink(missing_ok=True)

    def finish(self, want: Want) -> str:
        """Check the whole and give it its name.

        Raises
        ------
        FetchError
            If it is not what it must be.
        """
        with self._part.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if want.sha256 and sha256 != want.sha256:
            self.drop()
            raise FetchError(
                "neighbour-digest", value=want.url, found=sha256[:12], wanted=want.sha256[:12]
            )
        self._part.replace(self._target)
        self._tag.unlink(missing_ok=True)
        return sha256
