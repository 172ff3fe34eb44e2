"""Requests as bytes: what HTTP clients would put right, refuse to send or hide."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes


def ask(address: str, request: bytes) -> Answer:
    """Send `request` and read until the server closes."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as wire:
        wire.sendall(request)
        received = b""
        while piece := wire.recv(65_536):
            received += piece
    head, _, content = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, content)


def get(
    address: str,
    target: str | bytes,
    *headers: str | bytes,
    method: str = "GET",
    host: bytes | None = b"Host: localhost",
    version: str = "1.1",
    body: bytes = b"",
) -> Answer:
    """Ask for `target`; `host` is the whole line or lines, None for none."""
    lines = [
        f"{method} ".encode() + _bytes(target) + f" HTTP/{version}".encode(),
        *([] if host is None else [host]),
        *map(_bytes, headers),
        b"Connection: close",
    ]
    return ask(address, b"\r\n".join(lines) + b"\r\n\r\n" + body)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
