"""Digests of files, remembered for as long as a file looks untouched."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FRESH_NS = 2_000_000_000
"""A file changed so shortly before it was looked at may change again within one tick of a clock."""


class FileMemory:
    """What was computed from files, as long as their size, times and inode are the same.

    Parameters
    ----------
    path
        Where it is kept between runs; ``None`` keeps it for this run.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, list[Any]] = _read(path)
        self._changed = False

    def sha256(self, file: Path) -> str:
        """Return the digest of a file's bytes, or ``"missing"`` where there is no file."""
        found: str = self.of(file, "sha256", _digest, "missing")
        return found

    def of(self, file: Path, what: str, compute: Callable[[Path], Any], absent: Any) -> Any:
        """Return ``compute(file)``, JSON-ready, or what was computed before.

        Parameters
        ----------
        what
            Names the computation.
        absent
            The answer where there is no file.
        """
        try:
            state = os.stat(file)  # noqa: PTH116 - a third of the time of Path.stat, per file
        except OSError:
            return absent
        looks = [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
        name = f"{what} {file}"
        known = self._known.get(name)
        if known is not None and known[0] == looks:
            return known[1]
        now = time.time_ns()
        try:
            value = compute(file)
        except OSError:
            return absent
        # A clock that is ahead (a network folder's) makes a file look young for ever: read it.
        if max(state.st_mtime_ns, state.st_ctime_ns) < now - _FRESH_NS:
            self._known[name] = [looks, value]
            self._changed = True
        return value

    def save(self) -> None:
        """Keep what was learnt for the next run; without a place to keep it, nothing is lost."""
        if self._path is None or not self._changed:
            return
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps(self._known, ensure_ascii=False), encoding="utf-8")
            part.replace(self._path)
            self._changed = False


def _read(path: Path | None) -> dict[str, list[Any]]:
    if path is None:
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
