"""The release being served: follow ``releases/current``, without restart or lost request.

The link is switched by one atomic rename. A request reads the release once and keeps that object
until it has answered, so the files it maps stay valid even when the release is switched or pruned
in between. Looking at the link costs one ``readlink`` per `interval` and process, whatever the
load.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import TonariError
from pipeline.features.layout import IndexFileError, OtherFormatError
from pipeline.features.reading import FeatureIndex
from tiles_server.errors import BrokenReleaseError, NoReleaseError, UnknownNameError
from tiles_server.manifest import Artefact, Feed, Layer, Manifest, Map, Published, read_manifest
from tiles_server.protocol.conditions import Validators, second
from tiles_server.tileset import Tileset

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
LOG = logging.getLogger(__name__)

RELEASE_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
RETRY_SECONDS = 2.0
"""How often a release that could not be opened is tried again."""


@dataclass(frozen=True)
class Release:
    """One release, opened: its manifest and the archives of its layers."""

    folder: Path
    manifest: Manifest
    tilesets: dict[str, Tileset]
    indexes: dict[str, FeatureIndex] = field(default_factory=dict)
    switched: datetime | None = None
    """When `current` was made to name it; None for one that is only kept."""

    @classmethod
    def open(cls, folder: Path, switched: datetime | None = None) -> Release:
        """Open the release in `folder` and see that it is complete.

        Raises
        ------
        BrokenReleaseError
            If the manifest, a listed file or an archive is missing or cut short.
        """
        manifest = read_manifest(folder)
        _check_files(folder, manifest)
        indexes = _open_indexes(folder, manifest)
        return cls(folder, manifest, _open_tilesets(folder, manifest), indexes, switched)

    @property
    def id(self) -> str:
        """Name of the release, e.g. ``20261123T160000Z-1a2b3c4d``."""
        return self.manifest.release

    @cached_property
    def reported(self) -> bool:
        """Whether the release says how it was made."""
        return (self.folder / "report.html").is_file()

    @cached_property
    def files(self) -> dict[str, Artefact]:
        """Artefacts by their path in the release."""
        return {artefact.path: artefact for artefact in self.manifest.artefacts}

    @cached_property
    def _made(self) -> dict[str, datetime | None]:
        """When each file was made: in the release that built its layer or feed."""
        created = second(self.manifest.created)
        published = [*self.manifest.layers.values(), *self.manifest.feeds.values()]
        return {
            path: _moment_of(one.built_in) or created
            for one in published
            for path in one.artefacts.values()
        }

    def validators(self, artefact: Artefact) -> Validators:
        """Return what tells this version of a file from others under the same address."""
        made = self._made.get(artefact.path)
        return Validators(f'"{artefact.sha256[:32]}"', made, self.switched)

    def layer(self, name: str) -> Layer:
        """Return the layer called `name`; raise UnknownNameError if there is none to serve."""
        return _named(self.manifest.layers, name, "layer")

    def feed(self, name: str) -> Feed:
        """Return the feed called `name`; raise UnknownNameError if there is none to serve."""
        return _named(self.manifest.feeds, name, "feed")

    def map(self, name: str) -> Map:
        """Return the map called `name`; raise UnknownNameError if there is none."""
        return _named(self.manifest.maps, name, "map")

    def published(self, name: str) -> Published:
        """Return the layer or feed whose tileset is called `name`."""
        return _named(self.manifest.feeds | self.manifest.layers, name, "tileset")

    def tileset(self, name: str) -> Tileset:
        """Return the tileset called `name`; raise UnknownNameError if there is none."""
        return _named(self.tilesets, name, "tileset")


def _moment_of(release_id: str) -> datetime | None:
    """Return the moment that the name of a release begins with."""
    if not RELEASE_ID.fullmatch(release_id):
        return None
    try:
        return datetime.strptime(release_id[:16], "%Y%m%dT%H%M%S%z")
    except ValueError:
        return None


def _named(known: dict[str, T], name: str, kind: str) -> T:
    try:
        return known[name]
    except KeyError:
        raise UnknownNameError(f"no {kind} named '{name}' in the current release") from None


def _check_files(folder: Path, manifest: Manifest) -> None:
    for artefact in manifest.artefacts:
        try:
            size = (folder / artefact.path).stat().st_size
        except OSError:
            raise BrokenReleaseError(f"{folder.name}: {artefact.path} is missing") from None
        if size != artefact.bytes:
            raise BrokenReleaseError(
                f"{folder.name}: {artefact.path} has {size} bytes, not {artefact.bytes}"
            )
    listed = {artefact.path for artefact in manifest.artefacts}
    for name, published in (manifest.layers | manifest.feeds).items():
        for path in published.artefacts.values():
            if path not in listed:
                raise BrokenReleaseError(f"{folder.name}: {path} of {name} is not listed")


def _open_tilesets(folder: Path, manifest: Manifest) -> dict[str, Tileset]:
    checksums = {artefact.path: artefact.sha256 for artefact in manifest.artefacts}
    tilesets = {}
    # A layer comes before a feed of the same name.
    for name, published in (manifest.feeds | manifest.layers).items():
        if path := published.artefacts.get("pmtiles"):
            try:
                tilesets[name] = Tileset.open(name, folder / path, checksums[path])
            except (OSError, ValueError, TonariError) as error:
                raise BrokenReleaseError(f"{folder.name}: {path}: {error}") from error
    return tilesets


def _open_indexes(folder: Path, manifest: Manifest) -> dict[str, FeatureIndex]:
    indexes = {}
    for name, layer in manifest.layers.items():
        if path := layer.artefacts.get("features"):
            try:
                indexes[name] = FeatureIndex(folder / path)
            except OtherFormatError as error:  # of a newer pipeline: the layer's file still answers
                LOG.warning("%s: %s: %s; its features are found slowly", folder.name, path, error)
            except (OSError, IndexFileError) as error:
                raise BrokenReleaseError(f"{folder.name}: {path}: {error}") from error
    return indexes


@dataclass
class Releases:
    """The folder of releases, and the one that ``current`` names.

    Parameters
    ----------
    folder
        ``<data>/releases``.
    interval
        Seconds between two looks at the link; a switch is served at most this much later.
    """

    folder: Path
    interval: float = 0.2
    problem: str = ""
    """Why the release that the link names is not the one being served; empty when it is."""
    _release: Release | None = None
    _next_look: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self) -> Release:
        """Return the release to answer from.

        Raises
        ------
        NoReleaseError
            If there is none and there has been none since the start.
        """
        if time.monotonic() >= self._next_look:
            self._look()
        release = self._release
        if release is None:
            raise NoReleaseError(self.problem or "nothing has been published yet")
        return release

    def _look(self) -> None:
        # Whoever comes second serves what is loaded instead of waiting, unless nothing is.
        if not self._lock.acquire(blocking=self._release is None):
            return
        try:
            if time.monotonic() >= self._next_look:
                self._follow()
        finally:
            self._lock.release()

    def _follow(self) -> None:
        wait = self.interval
        try:
            link = self.folder / "current"
            target = link.readlink().name
            if self._release is None or target != self._release.id:
                switched = datetime.fromtimestamp(link.lstat().st_mtime, UTC)
                self._release = Release.open(self.folder / target, switched)
            self.problem = ""
        except OSError:
            self.problem = f"{self.folder.name}/current is missing or is no link"
        except BrokenReleaseError as error:
            self.problem, wait = str(error), RETRY_SECONDS
        self._next_look = time.monotonic() + wait

    def look_again(self) -> Release:
        """Look at the link at once: a file of the release at hand has just been pruned."""
        self._next_look = 0.0
        return self.current()

    def retained(self, release_id: str) -> Release:
        """Return the release called `release_id`, current or still kept on disk.

        Raises
        ------
        UnknownNameError
            If there is no such release (any more).
        """
        current = self.current()
        if release_id == current.id:
            return current
        if not RELEASE_ID.fullmatch(release_id):
            raise UnknownNameError(f"'{release_id}' is not a release")
        try:
            manifest = read_manifest(self.folder / release_id)
        except BrokenReleaseError:
            raise UnknownNameError(f"release {release_id} is not kept any more") from None
        return Release(self.folder / release_id, manifest, {})


class PublishedFeeds:
    """The zips of the release being served, as :class:`tiles_server.interfaces.FeedSource`.

    Parameters
    ----------
    releases
        Where the current release comes from.
    """

    def __init__(self, releases: Releases) -> None:
        self._releases = releases

    def zip_of(self, feed: str) -> Path:
        """Return the published zip of a feed; raise KeyError for an unknown one.

        Raises
        ------
        NoReleaseError
            If nothing has been published yet.
        """
        release = self._releases.current()
        try:
            path = release.folder / release.feed(feed).artefacts["gtfs"]
        except UnknownNameError:
            raise KeyError(feed) from None
        if not path.exists():  # pruned since: the link has moved on
            release = self._releases.look_again()
            path = release.folder / release.feed(feed).artefacts["gtfs"]
        return path

    def since(self) -> float:
        """Return when the link to the current release was last switched."""
        try:
            return (self._releases.folder / "current").lstat().st_mtime
        except OSError:
            return 0.0
