"""The feeds being served, for whoever computes on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiles_server.errors import UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from tiles_server.current import Releases


class ServedFeeds:
    """The zips of the release being served, as :class:`tiles_server.ports.Served`.

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
