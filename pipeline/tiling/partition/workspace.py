"""The work directory: what is finished stays, and is used again by the same command."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from pipeline.errors import TilingError
from pipeline.graph.keys import Keys
from pipeline.tiling.partition.blocks import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.partition.limits import Limits
    from pipeline.tiling.partition.streams import Stream

_STATE = "state.json"
_LOCK = "lock"


def work_folder(out: Path, work: Path | None) -> Path:
    """Return the work directory of an archive: beside it, hidden, or in a folder named."""
    return out.with_name(f".{out.name}.work") if work is None else work / f"{out.name}.work"


def fingerprint(
    streams: Sequence[Stream], options: TileOptions, id_column: str | None, limits: Limits
) -> str:
    """Return a digest of everything the content of the work directory depends on."""
    digest = hashlib.blake2b(digest_size=16)
    parts = [
        Keys().digest("pipeline.tiling.partition.run:cut_streams"),
        *(f"{stream.name}\0{stream.file}\0{stream.stamp}" for stream in streams),
        repr(replace(options, threads=0, memory=0)),
        repr(id_column),
        repr(limits),
    ]
    for part in parts:
        digest.update(part.encode() + b"\0\0")
    return digest.hexdigest()


@dataclass
class Workspace:
    """An open work directory that nobody else uses; a context manager.

    Parameters
    ----------
    folder
        Made if need be, together with the folders above it.
    stamp
        From :func:`fingerprint`; what another one has left is thrown away.
    """

    folder: Path
    stamp: str

    def __enter__(self) -> Self:
        while not self._locked():
            pass  # the run that was at work here has just removed the folder: make it again
        if self._state() != self.stamp:
            self._clear()
            replace_file(self.folder / _STATE, json.dumps({"stamp": self.stamp}).encode())
        return self

    def _locked(self) -> bool:
        """Lock the folder; tell whether it is still the one that was locked."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise TilingError(f"{self.folder}: cannot work in this folder: {error}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise TilingError(f"{self.folder}: another run is at work here") from None
        with suppress(FileNotFoundError):
            if os.fstat(self._lock).st_ino == (self.folder / _LOCK).stat().st_ino:
                return True
        os.close(self._lock)
        return False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._lock)

    def _state(self) -> str:
        try:
            return str(json.loads((self.folder / _STATE).read_bytes())["stamp"])
        except (OSError, ValueError, KeyError):
            return ""

    def _clear(self) -> None:
        self._forget()
        for entry in self.folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != _LOCK:
                entry.unlink()

    def remove(self) -> None:
        """Leave no trace."""
        self._forget()
        shutil.rmtree(self.folder)

    def _forget(self) -> None:
        """Give up what is here before any of it goes: half a folder is none to go on from."""
        (self.folder / _STATE).unlink(missing_ok=True)

    def note(self, name: str) -> Any:
        """Return what was noted when a step ended; ``None`` if it has not."""
        path = self.folder / f"{name}.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def end(self, name: str, note: Any) -> Any:
        """Note that a step has ended, with what the next ones have to know; return it."""
        path = self.folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        replace_file(path, json.dumps(note).encode())
        return note
