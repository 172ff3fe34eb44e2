"""Accounts of those who may announce, in one file of hashed passwords."""

from __future__ import annotations

import fcntl
import hashlib
import json
import threading
import unicodedata
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from werkzeug.security import check_password_hash, generate_password_hash

from tiles_server.desk.private import read_private, write_private
from tiles_server.errors import AccountError, BusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

METHOD = "scrypt:32768:8:3"
"""One of the settings of OWASP's Password Storage Cheat Sheet; 32 MiB each time."""

SHORTEST, LONGEST = 15, 200
"""Characters of a password. NIST SP 800-63B-4 wants 15 where the password is the only factor, no
rules about kinds of characters, and no change without a reason."""

MOST_AT_ONCE = 2
"""Passwords one process checks at a time; each takes memory, and whoever wants may ask."""

PATIENCE_SECONDS = 15.0


class Accounts:
    """The accounts in ``accounts.json`` of a folder.

    The file is read again when it has changed, so that an account that is removed is gone at once.

    Parameters
    ----------
    folder
        Where it lies; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "accounts.json"
        self._read: tuple[tuple[int, int, int], dict[str, str]] | None = None
        self._checking = threading.BoundedSemaphore(MOST_AT_ONCE)

    def names(self) -> list[str]:
        """Return the names, sorted.

        Raises
        ------
        AccountError
            If the file is not private or is damaged.
        """
        return sorted(self._hashes())

    def credential(self, name: str) -> str | None:
        """Return what changes with the account's password; None without the account."""
        hashed = self._hashes().get(name)
        return None if hashed is None else hashlib.sha256(hashed.encode()).hexdigest()

    def matches(self, name: str, password: str) -> bool:
        """Tell whether there is an account with this name and password.

        It takes as long for a name that has no account as for one that has.

        Raises
        ------
        BusyError
            If too many passwords are being checked.
        """
        hashed = self._hashes().get(name)
        if not self._checking.acquire(timeout=PATIENCE_SECONDS):
            raise BusyError("too many are signing in at the moment; try again in a few seconds")
        try:
            right = check_password_hash(hashed or _nobody(), normal(password)[:LONGEST])
        finally:
            self._checking.release()
        return right and hashed is not None

    def add(self, name: str, password: str, *, replace: bool = False) -> None:
        """Make an account, or with `replace` give it another password.

        Raises
        ------
        AccountError
            If the name is taken or unusable, or the password too weak.
        """
        name, password = usable_name(name), normal(password)
        _check_password(name, password)
        with self._changing() as hashes:
            if (name in hashes) != replace:
                known = "is not known" if replace else "exists already"
                raise AccountError(f"account '{name}' {known}")
            hashes[name] = generate_password_hash(password, METHOD)

    def remove(self, name: str) -> None:
        """Remove an account; whoever is signed in with it is signed out.

        Raises
        ------
        AccountError
            If there is none.
        """
        with self._changing() as hashes:
            if hashes.pop(normal(name), None) is None:
                raise AccountError(f"account '{name}' is not known")

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with (self._path.parent / ".accounts.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            hashes = dict(self._hashes())
            yield hashes
            content = {"format": 1, "accounts": dict(sorted(hashes.items()))}
            write_private(self._path, json.dumps(content, ensure_ascii=False, indent=1).encode())

    def _hashes(self) -> dict[str, str]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return {}
        state = (found.st_ino, found.st_mtime_ns, found.st_mode)
        read = self._read
        if read is None or read[0] != state:
            read = (state, _parsed(read_private(self._path), self._path.name))
            self._read = read
        return read[1]


def normal(text: str) -> str:
    """Return `text` as it is compared: keyboards write one character in several ways."""
    return unicodedata.normalize("NFKC", text).strip()


def usable_name(name: str) -> str:
    """Return a name as it is stored and shown in the history.

    Raises
    ------
    AccountError
        If it is empty, longer than 60 characters or holds control characters.
    """
    name = normal(name)
    if not 1 <= len(name) <= 60 or any(unicodedata.category(c)[0] == "C" for c in name):
        raise AccountError("a name has 1 to 60 characters that can be seen")
    return name


def _check_password(name: str, password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(f"a password has {SHORTEST} to {LONGEST} characters; try four words")
    if len(set(password)) < 6 or name.casefold() in password.casefold():
        raise AccountError(
            "the password repeats a few characters or holds the name; choose another"
        )


def _parsed(content: bytes, file: str) -> dict[str, str]:
    try:
        document = json.loads(content)
        accounts = document["accounts"] if document["format"] == 1 else None
    except (ValueError, KeyError, TypeError):
        accounts = None
    if not isinstance(accounts, dict) or not all(isinstance(h, str) for h in accounts.values()):
        raise AccountError(f"{file} is damaged; put back a copy, or delete it and add the accounts")
    return accounts


@cache
def _nobody() -> str:
    return generate_password_hash("nobody has this password", METHOD)
