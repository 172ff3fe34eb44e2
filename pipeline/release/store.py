"""The folder of releases and the link that says which one is served."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import getpass
import json
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ReleaseError
from pipeline.release.veil import FILE as SALT
from pipeline.release.veil import salt_of

if TYPE_CHECKING:
    from collections.abc import Iterator

CURRENT = "current"
OFFICE = "office"
"""Folder beside ``releases/`` with what is told to the office only, one folder a release."""

STAGING_PREFIX = ".staging-"
RELEASE_ID = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{8}$")


class Store:
    """The releases below ``<data>/releases``.

    Parameters
    ----------
    data
        Folder that holds ``releases/``; created when something is first built.
    """

    def __init__(self, data: Path) -> None:
        self.folder = data / "releases"
        self._offices = data / OFFICE

    def current(self) -> Path | None:
        """Return the folder of the served release, or ``None`` if there is none."""
        link = self.folder / CURRENT
        return self.folder / link.readlink() if link.is_symlink() and link.exists() else None

    def names(self) -> list[str]:
        """Return the ids of all whole releases, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path.name
            for path in self.folder.iterdir()
            if RELEASE_ID.match(path.name) and (path / "manifest.json").is_file()
        )

    def manifest(self, name: str) -> dict[str, Any]:
        """Read the manifest of a release.

        Raises
        ------
        ReleaseError
            If there is no such release.
        """
        path = self.folder / name / "manifest.json"
        if not RELEASE_ID.match(name) or not path.is_file():
            listed = ", ".join(self.names()) or "none"
            raise ReleaseError(
                f"there is no release '{name}'; releases: {listed}",
                ja=f"「{name}」という版はありません。ある版: {listed}",
            )
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return manifest

    def office(self, name: str) -> Path:
        """Make the folder for what the office is told of a release; its owner alone reads it."""
        self._offices.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._offices.chmod(0o700)
        folder = self._offices / name
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

    def salt(self) -> bytes:
        """Return the secret by which digests in public manifests are keyed."""
        self._offices.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._offices.chmod(0o700)
        return salt_of(self._offices)

    def known_salt(self) -> bytes:
        """Return that secret if there is one already, else nothing."""
        path = self._offices / SALT
        return path.read_bytes() if path.is_file() else b""

    def office_of_current(self) -> Path | None:
        """Return the folder of what the office was told of the served release, if it is there."""
        current = self.current()
        folder = self._offices / current.name if current is not None else None
        return folder if folder is not None and folder.is_dir() else None

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Lend a folder to build in; it vanishes unless it was published.

        Only one build runs at a time; what a killed one left behind is cleared away here.

        Raises
        ------
        ReleaseError
            If another build is running.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.locked():
            for left in self.folder.glob(f"{STAGING_PREFIX}*"):
                shutil.rmtree(left, ignore_errors=True)
            for left in self.folder.glob(f".{CURRENT}-*"):
                left.unlink(missing_ok=True)
            staged = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=self.folder))
            staged.chmod(0o755)
            try:
                yield staged
            finally:
                shutil.rmtree(staged, ignore_errors=True)

    def publish(self, staged: Path, name: str) -> Path:
        """Make a staged folder a release and let it be served from now on.

        Everything is on disk before the link is switched, so that a loss of power leaves
        either the old release or the whole new one.
        """
        for path in staged.rglob("*"):
            _sync(path)
        _sync(staged)
        release = self.folder / name
        staged.rename(release)
        _sync(self.folder)
        self.switch(name)
        return release

    def switch(self, name: str) -> None:
        """Serve release `name` from now on, by one atomic rename.

        Raises
        ------
        ReleaseError
            If there is no such release.
        """
        self.manifest(name)
        link = self.folder / f".{CURRENT}-{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(self.folder / CURRENT)
        _sync(self.folder)

    def rollback(self, to: str | None = None) -> str:
        """Serve an earlier release again.

        Parameters
        ----------
        to
            Id of the release; the one before the current one unless given.

        Raises
        ------
        ReleaseError
            If there is no earlier release.
        """
        current, names = self.current(), self.names()
        if to is None:
            earlier = [n for n in names if current is not None and n < current.name]
            if not earlier:
                raise ReleaseError(
                    "there is no release before the current one",
                    ja="公開中の版より前の版はありません。",
                )
            to = earlier[-1]
        self.switch(to)
        return to

    def delete(self, name: str) -> None:
        """Delete one release for good, e.g. one published by mistake.

        Raises
        ------
        ReleaseError
            If it is being served or does not exist, or a build is running.
        """
        self.manifest(name)
        current = self.current()
        if current is not None and current.name == name:
            raise ReleaseError(
                f"release '{name}' is being served; roll back first",
                ja=f"「{name}」は公開中です。先に rollback で別の版に戻してください。",
            )
        with self.locked():
            self._remove(name)

    def prune(self, keep: int) -> list[str]:
        """Delete all but the newest `keep` releases; the served one always stays.

        Returns
        -------
        list of str
            Ids of the releases deleted.

        Raises
        ------
        ReleaseError
            If a build is running: it may be reading them.
        """
        current = self.current()
        served = current.name if current else ""
        names = self.names()
        old = [n for n in names[: max(0, len(names) - keep)] if n != served]
        with self.locked():
            for name in old:
                self._remove(name)
        return old

    def _remove(self, name: str) -> None:
        # First out of the list in one rename: half a release must never be served again. What a
        # kill leaves behind is cleared by the next build.
        gone = self.folder / f"{STAGING_PREFIX}deleted-{name}"
        (self.folder / name).rename(gone)
        if (self._offices / name).is_dir():
            shutil.rmtree(self._offices / name)
        shutil.rmtree(gone)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep builds away for as long as it lasts; the lock of a killed process is gone with it.

        Raises
        ------
        ReleaseError
            If another build is running: who started it, where and when.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # Not truncated before it is held: it says who holds it.
        with (self.folder / ".lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                holder = _holder(lock.read())
                raise ReleaseError(
                    f"another build is running on this data folder{holder}; wait until it is done",
                    ja=f"この data フォルダーでは作成中です{holder}。終わるまでお待ちください。",
                ) from error
            lock.truncate(0)
            lock.write(json.dumps(_self()))
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)


def _self() -> dict[str, Any]:
    """Say who holds the lock: of use to whoever has to wait, and of none to a program."""
    now = dt.datetime.now(dt.UTC)
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return {
        "user": user,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }


def _holder(text: str) -> str:
    try:
        told = json.loads(text)
        since = dt.datetime.fromisoformat(told["since"]).astimezone()
        who = f"{told['user']} on {told['host']}, process {told['pid']}"
    except (ValueError, KeyError, TypeError):
        return ""
    return f", started by {who}, at {since:%Y-%m-%d %H:%M:%S}"


def release_name(content: str, now: dt.datetime) -> str:
    """Return a release id: UTC time, then the start of the digest of its contents."""
    return f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{content[:8]}"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
