"""Digests in a public manifest that only the office can make: a guess is confirmed by nobody."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

FILE = "salt"
"""In the folder of the office."""
_BYTES = 32
_DIGITS = 16


def salt_of(office: Path) -> bytes:
    """Return the secret of an office, made at the first call; its owner alone may read it.

    It has to stay: with another one the audit does not know kept releases to be of the same
    records any more.
    """
    path = office / FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
    return path.read_bytes()


def veil_id(salt: bytes) -> str:
    """Return by which secret something is veiled, without telling it."""
    return _keyed(salt, "veil")


def veiled(entry: dict[str, Any], salt: bytes) -> dict[str, Any]:
    """Return a manifest entry whose digests of records and classes are keyed by a secret.

    Equal ones stay equal, so that the audit knows tables of the same records; what they are of
    cannot be found out by trying. An entry that is veiled already stays as it is.
    """
    told = entry.get("disclosure")
    if not told or told.get("veil"):
        return entry
    changed = {
        "data": _keyed(salt, str(told.get("data", ""))),
        "same": {name: _keyed(salt, value) for name, value in told.get("same", {}).items()},
        "veil": veil_id(salt),
    }
    return {**entry, "disclosure": {**told, **changed}}


def _keyed(salt: bytes, text: str) -> str:
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
