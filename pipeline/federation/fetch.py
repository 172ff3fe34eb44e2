"""Fetching one file from a neighbour, politely and with limits."""

from __future__ import annotations

import datetime as dt
import email.utils
import logging
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

import httpx
import stamina

from pipeline.config.neighbours import PORTS, place
from pipeline.errors import FetchError
from pipeline.federation.guard import TROUBLE, Deadline, GuardedTransport
from pipeline.federation.receiving import Partial, Unpacker, Want, too_large

if TYPE_CHECKING:
    from pathlib import Path

# That a request is tried again is no news; how it ended is a finding.
logging.getLogger("stamina").setLevel(logging.ERROR)
MOST_REDIRECTS = 3
ATTEMPTS = 3
READ_SECONDS = 30.0
LONGEST_WAIT = 30.0
"""Seconds a build waits because a neighbour asks it to; for longer it comes back another time."""
MOVED = (301, 302, 303, 307, 308)


class _Bounds(Protocol):
    """What the declaration says of a neighbour."""

    @property
    def private(self) -> bool: ...

    def places(self) -> frozenset[tuple[str, int]]: ...


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
        partial = Partial(target)
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

    def _once(self, want: Want, partial: Partial) -> Fetched:
        try:
            return self._follow(want, partial)
        except TROUBLE as error:
            # A wait cut short by the end of all time is no trouble of the network.
            self._deadline.left()
            raise _AgainError(_trouble(want, error, partial)) from error

    def _follow(self, want: Want, partial: Partial) -> Fetched:
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
        self, response: httpx.Response, url: str, want: Want, partial: Partial
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

    def _receive(self, response: httpx.Response, want: Want, partial: Partial) -> None:
        announced = response.headers.get("content-length", "")
        resumed = response.status_code == 206
        start = partial.size if resumed else 0
        if announced.isdigit() and start + int(announced) > want.most:
            raise too_large(want)
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        partial.begin(response, resumable=coding in ("", "identity"), append=resumed)
        sent = start
        with partial.open() as out:
            unpack = Unpacker(coding, want, out, start)
            for chunk in response.iter_raw():
                self._deadline.left()
                sent += len(chunk)
                if sent > want.most:
                    partial.drop()
                    raise too_large(want)
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


def _trouble(want: Want, error: Exception, partial: Partial) -> FetchError:
    if partial.begun:
        return FetchError(
            "neighbour-length", value=want.url, reason=str(error) or type(error).__name__
        )
    reason = str(error) or type(error).__name__
    return FetchError("neighbour-unreachable", value=want.url, reason=reason)
