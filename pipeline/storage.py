"""A disk that takes no more: told apart from defects, and said in one sentence."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.errors import StorageError
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.findings import Finding


class Trouble(StrEnum):
    """What is wrong with a disk."""

    FULL = "disk-full"
    READ_ONLY = "disk-read-only"
    FAILING = "disk-failing"


ERRNOS = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
}
SQLITE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_IOERR: Trouble.FAILING,
    sqlite3.SQLITE_CANTOPEN: Trouble.FAILING,
}
WORDS = {
    "No space left on device": Trouble.FULL,
    "Disk quota exceeded": Trouble.FULL,
    "database or disk is full": Trouble.FULL,
    "Read-only file system": Trouble.READ_ONLY,
}
"""How libraries in other languages say it, whose errors carry no number."""

MOST_CAUSES = 16
LEAST_BYTES = 100_000_000


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Return what is wrong with the disk if that is why `error` came about, else None."""
    for _ in range(MOST_CAUSES):
        if error is None:
            break
        found = _own_trouble(error)
        if found is not None:
            return found
        error = error.__cause__ or error.__context__
    return None


def _own_trouble(error: BaseException) -> Trouble | None:
    if isinstance(error, OSError) and error.errno in ERRNOS:
        return ERRNOS[error.errno]
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE.get(code & 0xFF)
    text = str(error)
    return next((trouble for words, trouble in WORDS.items() if words in text), None)


@contextmanager
def disk_watched(folder: Path) -> Iterator[None]:
    """Say what is wrong with the disk of `folder` when that stops the work inside.

    Raises
    ------
    StorageError
        With one finding: what is wrong, how much is free, how much is wanted.
    """
    try:
        yield
    except StorageError:
        raise
    except Exception as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        raise StorageError([_finding(trouble, folder)]) from error


def _finding(trouble: Trouble, folder: Path) -> Finding:
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return Catalogue.of("pipeline").finding(
        trouble.value,
        file=str(folder),
        free=_megabytes(shutil.disk_usage(existing).free),
        wanted=_megabytes(max(LEAST_BYTES, _served_bytes(folder) * 6 // 5)),
    )


def _served_bytes(folder: Path) -> int:
    served = folder / "releases" / "current"
    try:
        return sum(path.stat().st_size for path in served.rglob("*") if path.is_file())
    except OSError:
        return 0


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
