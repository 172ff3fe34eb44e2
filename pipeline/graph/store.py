"""What steps made, kept under their keys: whole or not at all, and made again when damaged."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import CacheError
from pipeline.findings import Finding
from pipeline.graph.step import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESULT = "result.json"
_PART = ".part-"
_NAMES = "names"
_ABANDONED = 24 * 3600
"""Seconds after which a half-made result belongs to nobody: checks and clusters hold no lock."""


@dataclass(frozen=True)
class Kept:
    """One entry as ``tonari cache list`` shows it.

    Attributes
    ----------
    used
        Time of last use, seconds since 1970.
    """

    key: str
    name: str
    bytes: int
    used: float


class StepStore:
    """The results of steps below ``<cache>/steps``.

    They may hold what is never published, so that the folder is its owner's alone.

    Parameters
    ----------
    cache
        ``data/cache``.
    """

    def __init__(self, cache: Path) -> None:
        self.folder = cache / "steps"

    def prepare(self) -> None:
        """Make the folder, and see that it can be written to.

        Raises
        ------
        CacheError
            If it cannot.
        """
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.mkdir(exist_ok=True, mode=0o700)
            for folder in (self.folder.parent, self.folder):
                folder.chmod(0o700)
            with tempfile.TemporaryFile(dir=self.folder) as probe:
                probe.write(b"\0" * 4096)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def find(self, key: str) -> Entry | None:
        """Return what is known of a result; its files may be gone or damaged."""
        folder = self.folder / key
        try:
            record = json.loads((folder / RESULT).read_text(encoding="utf-8"))
            seal = record.pop("seal")
            if seal != _seal(record):
                return None
            return _entry(folder, record)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def whole(self, entry: Entry) -> bool:
        """Tell whether all files of an entry are there, byte for byte."""
        for name, (size, sha256) in entry.files.items():
            path = entry.path(name)
            try:
                if path.stat().st_size != size or _digest(path) != sha256:
                    return False
            except OSError:
                return False
        with contextlib.suppress(OSError):
            os.utime(entry.folder / RESULT)
        return True

    @contextlib.contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """Lend a folder for a result; it vanishes unless it was kept.

        Raises
        ------
        CacheError
            If the disk is full or the folder cannot be written to.
        """
        try:
            folder = tempfile.mkdtemp(prefix=f"{_PART}{key[:16]}-", dir=self.folder)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            yield self.folder / folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, folder: Path, entry: Entry, name: str) -> Entry:
        """Make a folder that was lent the result of its key, in one rename.

        Parameters
        ----------
        folder
            As :meth:`making` lent it.
        entry
            Its files are those of `folder`, whatever it says.
        name
            Of the step, for people.

        Returns
        -------
        Entry
            As it lies in the store now.
        """
        files = {
            path.relative_to(folder).as_posix(): (path.stat().st_size, _digest(path))
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        record = _record(entry, name, files)
        record["seal"] = _seal(record)
        target = self.folder / entry.key
        try:
            (folder / RESULT).write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
            _replace(folder, target)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return Entry(
            entry.key, entry.recipe, target, entry.facts, entry.findings, files, entry.seconds
        )

    def last(self, recipe: str, name: str) -> tuple[Entry, tuple[Entry, ...]] | None:
        """Return the last result of the same work on other inputs, with those inputs."""
        try:
            text = (self.folder / _NAMES / _name_file(recipe, name)).read_text("utf-8")
            key, *inputs = json.loads(text)
        except (OSError, ValueError):
            return None
        found = [self.find(k) for k in (key, *inputs)]
        entries = [entry for entry in found if entry is not None and self.whole(entry)]
        return (entries[0], tuple(entries[1:])) if len(entries) == len(found) else None

    def remember(self, recipe: str, name: str, key: str, inputs: list[str]) -> None:
        """Note which result of some work is the latest."""
        path = self.folder / _NAMES / _name_file(recipe, name)
        with contextlib.suppress(OSError):
            path.parent.mkdir(exist_ok=True, mode=0o700)
            part = path.with_name(f"{path.name}.{os.getpid()}")
            part.write_text(json.dumps([key, *inputs]), encoding="utf-8")
            part.replace(path)

    def entries(self) -> list[Kept]:
        """Return every result that still has its files, the one used longest ago first."""
        found = []
        for path in self.folder.glob("*/" + RESULT) if self.folder.is_dir() else ():
            entry = self.find(path.parent.name)
            with contextlib.suppress(OSError):
                size = sum(p.stat().st_size for p in path.parent.rglob("*") if p.is_file())
                if entry is None or not entry.files or _has_files(path):
                    found.append(Kept(path.parent.name, _name(path), size, path.stat().st_mtime))
        return sorted(found, key=lambda kept: (kept.used, kept.key))

    def clear_parts(self) -> None:
        """Remove what killed builds left half made, once nothing can still be at work on it."""
        for left in self.folder.glob(f"{_PART}*"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(left, ignore_errors=True)

    def prune(self, keep: int) -> list[Kept]:
        """Delete the files of results used longest ago until at most `keep` bytes are left.

        What a result says (counts, findings) stays: it is small, and a build in which nothing
        else changed needs no more.

        Returns
        -------
        list of Kept
            What was deleted.
        """
        entries = self.entries()
        total = sum(kept.bytes for kept in entries)
        gone = []
        for kept in entries:
            if total <= keep:
                break
            for path in (self.folder / kept.key).iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name != RESULT:
                    path.unlink()
            total -= kept.bytes
            gone.append(kept)
        return gone


def unwritable(folder: Path, error: OSError) -> CacheError:
    """Return the error of a cache that takes nothing: full, read-only, not there."""
    reason = error.strerror or str(error)
    return CacheError(
        f"the cache {folder} cannot be written ({reason}); free some space or mend its rights, "
        f"or name another folder with --data"
    )


def _replace(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        # A damaged result, or the same one made elsewhere at the same time.
        old = target.with_name(f"{_PART}old-{folder.name.removeprefix(_PART)}")
        target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _record(entry: Entry, name: str, files: dict[str, tuple[int, str]]) -> dict[str, Any]:
    return {
        "key": entry.key,
        "recipe": entry.recipe,
        "name": name,
        "facts": entry.facts,
        "findings": [finding.as_dict() for finding in entry.findings],
        "files": {name: list(known) for name, known in files.items()},
        "seconds": round(entry.seconds, 3),
    }


def _entry(folder: Path, record: dict[str, Any]) -> Entry:
    return Entry(
        key=record["key"],
        recipe=record["recipe"],
        folder=folder,
        facts=record["facts"],
        findings=tuple(Finding.from_dict(found) for found in record["findings"]),
        files={name: (size, sha256) for name, (size, sha256) in record["files"].items()},
        seconds=record["seconds"],
    )


def _seal(record: dict[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _has_files(result: Path) -> bool:
    return any(path.name != RESULT for path in result.parent.iterdir())


def _name(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return "?"


def _name_file(recipe: str, name: str) -> str:
    return hashlib.sha256(f"{recipe}\0{name}".encode()).hexdigest()[:32]
