"""Fetching one file from a neighbour, politely and with limits."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import logging
import zlib
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

import httpx
import stamina

from pipeline.config.neighbours import PORTS, place
from pipeline.errors import FetchError
from pipeline.federation.guard import TROUBLE, Deadline, GuardedTransport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

# That a request is tried again is no news; how it ended is a finding.
logging.getLogger("stamina").setLevel(logging.ERROR)
MOST_REDIRECTS = 3
ATTEMPTS = 3
READ_SECONDS = 30.0
LONGEST_WAIT = 30.0
"""Seconds a build waits because a neighbour asks it to; for longer it comes back another time."""
PIECE = 1 << 16
MOVED = (301, 302, 303, 307, 308)


class _Bounds(Protocol):
    """What the declaration says of a neighbour."""

    @property
    def private(self) -> bool: ...

    def places(self) -> frozenset[tuple[str, int]]: ...


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


@dataclass(frozen=True)
class Fetched:
    """What came.

    Attributes
    ----------
    changed
        False: the copy that is there is good, and nothing was read.
    etag, modified
        As the server says; empty where it does not.
    sha256
        Of the whole file.
    url
        Where redirects led.
    """

    changed: bool
    etag: str = ""
    modified: str = ""
    sha256: str = ""
    url: str = ""


class _AgainError(Exception):
    """Another try may succeed, after so many seconds where the server says so."""

    def __init__(self, final: FetchError, after: float | None = None) -> None:
        super().__init__(str(final))
        self.final, self.after = final, after


class Fetcher:
    """Asks one neighbour, one thing after the other.

    Parameters
    ----------
    bounds
        Which hosts may be asked.
    seconds
        For everything together.
    contact
        Whom the neighbour may ask about these requests.
    pause
        Seconds before the second try; it doubles.
    authority
        File of certificates (PEM) that vouch for it; the public ones where none is given.

    Raises
    ------
    FetchError
        If that file cannot be read.
    """

    def __init__(
        self,
        bounds: _Bounds,
        seconds: float,
        contact: str = "",
        pause: float = 0.5,
        authority: Path | None = None,
    ) -> None:
        self._bounds, self._pause = bounds, pause
        self._deadline = Deadline(seconds)
        self._client = httpx.Client(
            transport=GuardedTransport(self._deadline, private=bounds.private, authority=authority),
            headers={"User-Agent": user_agent(contact), "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(READ_SECONDS),
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def get(self, want: Want, target: Path) -> Fetched:
        """Fetch a file to `target`; what came of it before a break is used by the next try.

        Raises
        ------
        FetchError
            If it cannot be had within the limits.
        """
        partial = _Partial(target)
        try:
            for attempt in stamina.retry_context(
                on=_again,
                attempts=ATTEMPTS,
                timeout=self._deadline.seconds,
                wait_initial=self._pause,
                wait_max=LONGEST_WAIT,
                wait_jitter=self._pause,
            ):
                with attempt:
                    return self._once(want, partial)
        except _AgainError as error:
            raise error.final from error
        raise AssertionError("the last attempt returns or raises")

    def _once(self, want: Want, partial: _Partial) -> Fetched:
        try:
            return self._follow(want, partial)
        except TROUBLE as error:
            # A wait cut short by the end of all time is no trouble of the network.
            self._deadline.left()
            raise _AgainError(_trouble(want, error, partial)) from error

    def _follow(self, want: Want, partial: _Partial) -> Fetched:
        url, seen = want.url, [want.url]
        while True:
            self._require_allowed(url)
            headers = partial.headers() or ({"If-None-Match": want.etag} if want.etag else {})
            with self._client.stream("GET", url, headers=headers) as response:
                if response.status_code not in MOVED:
                    return self._answered(response, url, want, partial)
                url = _moved_to(url, response.headers.get("location", ""))
            seen.append(url)
            if len(seen) > MOST_REDIRECTS + 1:
                raise FetchError("neighbour-redirect", value=url, reason=f"> {MOST_REDIRECTS}")
            if seen[0].startswith("https:") and not url.startswith("https:"):
                raise FetchError("neighbour-redirect", value=url, reason="https → http")

    def _require_allowed(self, url: str) -> None:
        try:
            led = place(url) if urlsplit(url).scheme in PORTS else None
        except ValueError:
            led = None
        if led not in self._bounds.places():
            allowed = ", ".join(f"{host}:{port}" for host, port in sorted(self._bounds.places()))
            raise FetchError("neighbour-redirect", value=url, reason=f"≠ {allowed}")

    def _answered(
        self, response: httpx.Response, url: str, want: Want, partial: _Partial
    ) -> Fetched:
        status = response.status_code
        if status == 304 and want.etag and not partial.size:
            return Fetched(changed=False, etag=want.etag, url=url)
        if status in (416, 412) and partial.size:
            partial.drop()
            raise _AgainError(FetchError("neighbour-status", value=want.url, status=str(status)))
        if status in (429, 503):
            _later(response, want)
        if status >= 500:
            raise _AgainError(FetchError("neighbour-status", value=want.url, status=str(status)))
        if status not in (200, 206) or (status == 206 and not partial.continued_by(response)):
            raise FetchError("neighbour-status", value=want.url, status=str(status))
        self._receive(response, want, partial)
        sha256 = partial.finish(want)
        said = response.headers
        return Fetched(True, said.get("etag", ""), said.get("last-modified", ""), sha256, url)

    def _receive(self, response: httpx.Response, want: Want, partial: _Partial) -> None:
        announced = response.headers.get("content-length", "")
        resumed = response.status_code == 206
        start = partial.size if resumed else 0
        if announced.isdigit() and start + int(announced) > want.most:
            raise _too_large(want)
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        partial.begin(response, resumable=coding in ("", "identity"), append=resumed)
        sent = start
        with partial.open() as out:
            unpack = _Unpacker(coding, want, out, start)
            for chunk in response.iter_raw():
                self._deadline.left()
                sent += len(chunk)
                if sent > want.most:
                    partial.drop()
                    raise _too_large(want)
                unpack.feed(chunk)
            unpack.end()
        if resumed and not partial.complete(response):
            # A server may send less than the rest that was asked for (RFC 9110, 15.3.7).
            raise _AgainError(FetchError("neighbour-length", value=want.url, reason="206"))


def user_agent(contact: str) -> str:
    """Name the program, its version and whom to ask."""
    said = contact.encode("ascii", "ignore").decode().strip()
    return f"Tonari/{metadata.version('tonari')}" + (
        f" ({said})" if said.isprintable() and said else ""
    )


def _again(error: Exception) -> bool | float:
    if not isinstance(error, _AgainError):
        return False
    if error.after is None:
        return True
    return error.after if error.after <= LONGEST_WAIT else False


def _later(response: httpx.Response, want: Want) -> None:
    """Come back when the server says, now or in a later build.

    Raises
    ------
    _AgainError
        Always.
    """
    said = response.headers.get("retry-after", "").strip()
    seconds = float(said) if said.isascii() and said.isdigit() and len(said) < 10 else None
    if said and seconds is None:
        try:
            moment = email.utils.parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            moment = None
        if moment is not None:
            moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
            seconds = max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
    shown = "" if seconds is None else f"{seconds:g}"
    raise _AgainError(FetchError("neighbour-busy", value=want.url, seconds=shown), seconds)


def _moved_to(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchError("neighbour-redirect", value=location, reason=str(error)) from error


def _too_large(want: Want) -> FetchError:
    return FetchError("neighbour-too-large", value=want.url, most=f"{want.most:,}")


def _trouble(want: Want, error: Exception, partial: _Partial) -> FetchError:
    if partial.begun:
        return FetchError(
            "neighbour-length", value=want.url, reason=str(error) or type(error).__name__
        )
    reason = str(error) or type(error).__name__
    return FetchError("neighbour-unreachable", value=want.url, reason=reason)


class _Unpacker:
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
                    raise _too_large(self._want)
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


class _Partial:
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
