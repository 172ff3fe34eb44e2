"""Connections that lead only where the declaration says, and end when their time is over.

A name is resolved once, every address it has is tested, and the connection is made to a tested
address: nothing can change between the test and its use. The name itself stays in ``Host`` and
in the check of the certificate.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from pipeline.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

V4 = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
"""IPv4 that is no public host (IANA special-purpose registry; RFC 6890, 5737, 2544, 6598)."""
V6_PUBLIC = ipaddress.ip_network("2000::/3")
"""Global unicast (RFC 4291); everything else is no public host."""
V6_SPECIAL = tuple(
    ipaddress.ip_network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
"""Within it: protocol assignments with Teredo, documentation, 6to4 (RFC 9637, 3056)."""
AT_HOME = tuple(
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7",
    )
)  # fmt: skip
"""What ``private: true`` adds; link-local addresses (cloud metadata) are never allowed."""

CONNECT_SECONDS = 10.0
TROUBLE = (
    httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpx.TransportError,
)  # fmt: skip
"""What the network does to a request; another try may succeed."""


def permitted(address: str, *, private: bool) -> bool:
    """Tell whether an address may be connected to.

    Parameters
    ----------
    address
        IPv4 or IPv6, as text; a zone (``%eth0``) marks a link and is refused.
    private
        Whether the declaration allows the networks of :data:`AT_HOME`.
    """
    try:
        found: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if private and any(found in block for block in AT_HOME if block.version == found.version):
        return True
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in block for block in V4)
    if found.scope_id is not None or found not in V6_PUBLIC:
        return False
    return not any(found in block for block in V6_SPECIAL)


def addresses(host: str, port: int, *, private: bool, seconds: float) -> list[str]:
    """Resolve a host once and test every address it has.

    Parameters
    ----------
    seconds
        To wait for the name server at most.

    Raises
    ------
    FetchError
        If it has none, or any of them is not permitted, or nobody says in time.
    """
    listed = _resolved(host, port, seconds)
    for address in listed:
        if not permitted(address, private=private):
            raise FetchError("neighbour-address", value=host, address=address)
    return listed


def _resolved(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of a host, each once.

    The system's own resolver knows no deadline: it is asked in a thread that may be left behind.
    """
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        late = f"DNS, {seconds:g} s"
        raise FetchError("neighbour-unreachable", value=host, reason=late) from None
    if isinstance(answer, Exception):
        raise FetchError("neighbour-unreachable", value=host, reason=str(answer)) from answer
    return answer


class Deadline:
    """A moment after which nothing more is waited for.

    Parameters
    ----------
    seconds
        From now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, most: float | None = None) -> float:
        """Return the seconds that are left, at most `most`.

        Raises
        ------
        FetchError
            If none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise FetchError("neighbour-too-slow", seconds=f"{self.seconds:g}")
        return left if most is None else min(most, left)


class _Stream(httpcore.NetworkStream):
    """A connection on which every wait is bounded, so that drops of one byte end too."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline, *, private: bool) -> None:
        self._inner, self._deadline, self._private = httpcore.SyncBackend(), deadline, private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        trouble: Exception | None = None
        waited = self._deadline.left(CONNECT_SECONDS)
        for address in addresses(host, port, private=self._private, seconds=waited):
            wait = self._deadline.left(CONNECT_SECONDS)
            try:
                inner = self._inner.connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
            else:
                return _Stream(inner, self._deadline)
        raise trouble or httpcore.ConnectError(f"{host} has no address")


def _trusting(authority: Path | None) -> ssl.SSLContext:
    if authority is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise FetchError("neighbour-authority", value=authority.name, reason=str(error)) from error


class GuardedTransport(httpx.BaseTransport):
    """httpx over connections that are tested; one at a time, whatever proxies are set.

    Parameters
    ----------
    deadline
        Of everything that is asked through it.
    private
        Whether networks of our own are allowed.
    authority
        File of certificates (PEM) that alone vouch for the other end; the public ones without.

    Raises
    ------
    FetchError
        If that file cannot be read.
    """

    def __init__(self, deadline: Deadline, *, private: bool, authority: Path | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusting(authority),
            max_connections=1,
            network_backend=_Backend(deadline, private=private),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=request.url.raw_scheme, host=request.url.raw_host,
                    port=request.url.port, target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )  # fmt: skip
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
