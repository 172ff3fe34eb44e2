"""Attempts to sign in and sessions, in one SQLite file that all workers share."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.statements import script, statements
from tiles_server.desk.private import write_private
from tiles_server.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WINDOW_SECONDS = 15 * 60
LIMITS = {"pair": 5, "name": 30, "place": 20}
"""Failures within the window: for a name from one place, for a name from anywhere, for a place.

A name alone has room for others to fail, or anybody could lock out the person at the pier; thirty
guesses in a quarter of an hour find no password of fifteen characters.
"""

IDLE_SECONDS = 2 * 3600
LONGEST_SECONDS = 12 * 3600
"""A session ends after two hours of nothing, and after half a day whatever happens."""

SEEN_EVERY_SECONDS = 60
_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that may be made; it counts as failed until it is told to have succeeded."""

    keys: tuple[str, str, str]
    at: float


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt that may not be made before `seconds` have passed."""

    seconds: int


class SignIns:
    """Who has tried to sign in, and who is signed in.

    Parameters
    ----------
    path
        The SQLite file, made private when first written to.
    key
        Gives the secret key: names and addresses are kept only as keyed hashes.
    now
        Gives the present moment, seconds since 1970.
    """

    def __init__(
        self, path: Path, key: Callable[[], bytes], now: Callable[[], float] = time.time
    ) -> None:
        self._path, self._key, self._now = path, key, now

    def attempt(self, name: str, address: str) -> Attempt | Refused:
        """Take one of the attempts that are left, before the password is looked at.

        Counting first, in one transaction, keeps many attempts at the same moment, to whichever
        workers, within the limits.
        """
        now = self._now()
        keys = self._keys(name, address)
        with self._writing() as database:
            database.execute(_sql("forget_attempts"), (now - WINDOW_SECONDS,))
            for key, limit in zip(keys, LIMITS.values(), strict=True):
                moments = database.execute(_sql("latest_attempts"), (key, limit)).fetchall()
                if len(moments) >= limit:
                    return Refused(int(moments[-1][0] + WINDOW_SECONDS - now) + 1)
            database.executemany(_sql("add_attempt"), [(key, now) for key in keys])
        return Attempt(keys, now)

    def succeeded(self, attempt: Attempt) -> None:
        """Take the attempt back, and what the same name failed before from the same place."""
        pair, *others = attempt.keys
        with self._writing() as database:
            database.execute(_sql("clear_attempts"), (pair,))
            for key in others:
                database.execute(_sql("take_back_attempt"), (key, attempt.at))

    def take_back(self, attempt: Attempt) -> None:
        """Take an attempt back that came to nothing, as if it had not been made."""
        with self._writing() as database:
            for key in attempt.keys:
                database.execute(_sql("take_back_attempt"), (key, attempt.at))

    def begin(self, name: str, credential: str) -> str:
        """Begin a session and return its token; only a hash of it is kept."""
        token, now = secrets.token_urlsafe(32), self._now()
        with self._writing() as database:
            database.execute(_sql("forget_sessions"), (now - LONGEST_SECONDS, now - IDLE_SECONDS))
            database.execute(_sql("add_session"), (_hashed(token), name, credential, now, now))
        return token

    def who(self, token: str, credential_of: Callable[[str], str | None]) -> str | None:
        """Return who is signed in with `token`; None if nobody is (any more).

        Parameters
        ----------
        credential_of
            Gives what changes with an account's password: a session does not outlive it.
        """
        if not self._path.exists():
            return None
        now, hashed = self._now(), _hashed(token)
        with self._open() as database:
            row = database.execute(_sql("session"), (hashed,)).fetchone()
        if row is None:
            return None
        name, credential, since, seen = row
        if now - since > LONGEST_SECONDS or now - seen > IDLE_SECONDS:
            return None
        if not hmac.compare_digest(credential, credential_of(name) or ""):
            return None
        if now - seen > SEEN_EVERY_SECONDS:
            with self._writing() as database:
                database.execute(_sql("see_session"), (now, hashed))
        return str(name)

    def end(self, token: str) -> None:
        """End a session: a copy of its cookie is worth nothing any more."""
        with self._writing() as database:
            database.execute(_sql("end_session"), (_hashed(token),))

    def _keys(self, name: str, address: str) -> tuple[str, str, str]:
        place = network(address)

        def key(*parts: str) -> str:
            return hmac.new(self._key(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()

        return key("pair", name, place), key("name", name), key("place", place)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            write_private(self._path, b"", only_new=True)
        with self._open() as database:
            database.executescript(script("tiles_server.desk", "schema.sql"))
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
            ) as database:
                yield database
        except sqlite3.DatabaseError as error:
            raise UnavailableError(f"signing in is not possible at the moment: {error}") from error


def network(address: str) -> str:
    """Return the part of an address that belongs to one customer: of IPv6 the first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _sql(name: str) -> str:
    return statements("tiles_server.desk")[name]
