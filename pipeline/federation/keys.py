"""Ed25519 keys and detached signatures over exact bytes.

What is signed is a type, a length and the bytes themselves, so that a signature of one kind of
document is none of another, and nothing has to be parsed before it is verified.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.config.neighbours import KEY_PREFIX
from pipeline.errors import KeyFileError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MANIFEST = "application/vnd.tonari.manifest+json; format=1"
"""Type of the document that is signed."""
MOST_LINES = 8
LONGEST_SIGNATURE = 4096
"""Bytes of a file of signatures."""


def payload(kind: str, content: bytes) -> bytes:
    """Return the bytes that are signed: type, length, content, one line each."""
    return f"{kind}\n{len(content)}\n".encode() + content


def key_id(public: str) -> str:
    """Return a short name of a public key, for finding it; never a reason to trust it."""
    return hashlib.sha256(_raw(public)).hexdigest()[:16]


def _raw(public: str) -> bytes:
    return base64.b64decode(public.removeprefix(KEY_PREFIX))


@dataclass(frozen=True)
class SigningKey:
    """A private key.

    Attributes
    ----------
    public
        ``ed25519:`` and the public key in base 64.
    """

    public: str
    _key: Ed25519PrivateKey

    def sign(self, kind: str, content: bytes) -> str:
        """Return one line of a file of signatures."""
        signature = base64.b64encode(self._key.sign(payload(kind, content))).decode()
        return f"ed25519 {key_id(self.public)} {signature}\n"


def _signing(key: Ed25519PrivateKey) -> SigningKey:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return SigningKey(KEY_PREFIX + base64.b64encode(raw).decode(), key)


def new_key(path: Path) -> SigningKey:
    """Make a key and keep it where only its owner can read it.

    Raises
    ------
    KeyFileError
        If the file is there already or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyFileError(
            f"{path} is there already / すでにあります; a key is never overwritten"
        ) from error
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    return _signing(key)


def load_key(path: Path) -> SigningKey:
    """Read a private key.

    Raises
    ------
    KeyFileError
        If it is missing, no Ed25519 key, or readable by others.
    """
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise KeyFileError(
            f"signing key {path}: {error.strerror}; make one with 'tonari keys new' / "
            "署名の鍵がありません。tonari keys new で作ってください"
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(
            f"signing key {path} can be read by others: chmod 600 / ほかの人が読める状態です"
        )
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path} is no signing key / 署名の鍵ではありません") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} is no Ed25519 key / Ed25519 の鍵ではありません")
    return _signing(key)


def signers(
    content: bytes, signatures: bytes, trusted: Iterable[str], kind: str = MANIFEST
) -> set[str]:
    """Return those of the trusted public keys that signed `content`.

    Parameters
    ----------
    content
        Exact bytes, not parsed.
    signatures
        The file of signatures, a line each; lines that say nothing to us are passed over.
    trusted
        Public keys.
    """
    by_id = {key_id(key): key for key in trusted}
    signed = payload(kind, content)
    found: set[str] = set()
    if len(signatures) > LONGEST_SIGNATURE:
        return found
    for line in signatures.split(b"\n")[:MOST_LINES]:
        parts = line.decode("ascii", "replace").split()
        if len(parts) != 3 or parts[0] != "ed25519" or parts[1] not in by_id:
            continue
        public = by_id[parts[1]]
        try:
            signature = base64.b64decode(parts[2], validate=True)
            Ed25519PublicKey.from_public_bytes(_raw(public)).verify(signature, signed)
        except (InvalidSignature, binascii.Error, ValueError):
            continue
        found.add(public)
    return found
