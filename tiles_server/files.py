"""Sending a file of a release: entity tag, range, 304, HEAD."""

from __future__ import annotations

import mimetypes
import weakref
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.http import is_resource_modified
from werkzeug.wsgi import wrap_file

from tiles_server.errors import BusyError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiles_server.manifest import Artefact
    from tiles_server.releases import Release, Releases

CHUNK_BYTES = 65_536
MOST_STREAMS = 200
"""Files one process sends at once; each keeps a thread until a slow client has taken it."""

_streams = BoundedSemaphore(MOST_STREAMS)


def send_latest(releases: Releases, find: Callable[[Release], str], lifetime: str) -> Response:
    """Send the file that `find` names in the current release.

    A release can be pruned between finding its file and opening it; then the link has moved on,
    and the same file of the new release is sent instead.
    """
    release = releases.current()
    try:
        return send_artefact(release, find(release), lifetime)
    except FileNotFoundError:
        release = releases.look_again()
        return send_kept(release, find(release), lifetime)


def send_kept(release: Release, path: str, lifetime: str) -> Response:
    """Send file `path` of `release`; raise UnknownNameError if it has been pruned."""
    try:
        return send_artefact(release, path, lifetime)
    except FileNotFoundError:
        raise UnknownNameError(f"release {release.id} is not kept any more") from None


def send_artefact(release: Release, path: str, lifetime: str) -> Response:
    """Send file `path` of `release`, whole or in part.

    Raises
    ------
    FileNotFoundError
        If the release has been pruned.
    """
    artefact = release.files[path]
    response = _described(artefact, lifetime)
    if not is_resource_modified(request.environ, etag=response.headers["ETag"]):
        response.status_code = 304
        return response
    if request.method == "HEAD":
        response.accept_ranges = "bytes"
        response.content_length = artefact.bytes
        return response
    return _filled(response, release, artefact)


def _described(artefact: Artefact, lifetime: str) -> Response:
    response = Response(content_type=_media_type(artefact), direct_passthrough=True)
    response.set_etag(artefact.sha256[:32])
    response.headers["Cache-Control"] = lifetime
    name = artefact.path.rsplit("/", 1)[-1]
    if not name.endswith((".html", ".json", ".geojson")):
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _filled(response: Response, release: Release, artefact: Artefact) -> Response:
    environ = dict(request.environ)
    if "," in environ.get("HTTP_RANGE", ""):
        del environ["HTTP_RANGE"]  # several ranges at once: the whole file is a valid answer
    stream = Stream(release.folder / artefact.path)
    response.response = wrap_file(environ, stream.file, CHUNK_BYTES)
    response.call_on_close(stream.close)
    response.content_length = artefact.bytes
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=artefact.bytes)
    except BaseException:
        stream.close()
        raise
    return response


class Stream:
    """A file being sent, and its place among those this process sends at once.

    Raises
    ------
    BusyError
        If there is no place left: tiles and pages must find a thread, however many clients
        download, and however slowly.
    FileNotFoundError
        If the file has been pruned.
    """

    def __init__(self, path: Path) -> None:
        if not _streams.acquire(blocking=False):
            raise BusyError("too many downloads at the moment; try again in a few seconds")
        try:
            self.file = path.open("rb")
        except BaseException:
            _streams.release()
            raise
        # When a client goes away in the middle, nobody closes: the file is just forgotten.
        self._leave = weakref.finalize(self.file, _streams.release)

    def close(self) -> None:
        """Close the file and give up its place; closing twice does no harm."""
        self.file.close()
        self._leave()


def _media_type(artefact: Artefact) -> str:
    if artefact.media_type != "application/octet-stream":
        return artefact.media_type
    return mimetypes.guess_type(artefact.path)[0] or artefact.media_type
