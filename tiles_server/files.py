"""Sending a file of a release: entity tag, range, coding, 304, HEAD."""

from __future__ import annotations

import mimetypes
import weakref
from dataclasses import replace
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from tiles_server.errors import BusyError, UnknownNameError
from tiles_server.protocol.answers import failed_condition, not_modified, unacceptable
from tiles_server.protocol.coding import KEPT, WHOLE_BYTES, compressed_stream, is_text
from tiles_server.protocol.conditions import asked_range, verdict
from tiles_server.protocol.negotiation import coding, takes_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

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
    """Send file `path` of `release`, whole or in part, compressed where that helps.

    Raises
    ------
    FileNotFoundError
        If the release has been pruned.
    RequestedRangeNotSatisfiable
        If the range that is asked for lies beyond the file.
    """
    artefact = release.files[path]
    response = _described(artefact, lifetime)
    validators = release.validators(artefact)
    environ, accepted = request.environ, request.headers.get("Accept-Encoding")
    part = asked_range(environ, validators, artefact.bytes) if takes_plain(accepted) else None
    chosen = _coding(response, accepted) if part is None else "identity"
    if chosen is None:
        return unacceptable(response)
    if chosen != "identity":
        response.headers["Content-Encoding"] = chosen
        validators = replace(validators, tag=f'{validators.tag[:-1]}-{chosen}"')
    response.headers["ETag"] = validators.tag
    if validators.last_modified:
        response.headers["Last-Modified"] = validators.last_modified
    decided = verdict(environ, validators)
    if decided is HTTPStatus.NOT_MODIFIED:
        return not_modified(response)
    if decided is HTTPStatus.PRECONDITION_FAILED:
        return failed_condition(response)
    if isinstance(part, HTTPStatus):
        raise RequestedRangeNotSatisfiable(length=artefact.bytes)
    if chosen != "identity":
        return _compressed(response, release.folder / path, artefact, chosen)
    return _plain(response, release.folder / path, artefact.bytes, part)


def _described(artefact: Artefact, lifetime: str) -> Response:
    response = Response(content_type=_media_type(artefact), direct_passthrough=True)
    response.headers["Cache-Control"] = lifetime
    name = artefact.path.rsplit("/", 1)[-1]
    if not name.endswith((".html", ".json", ".geojson")):
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _coding(response: Response, accepted: str | None) -> str | None:
    """Return the coding to send the whole file in; None if there is none the client takes."""
    if not is_text(response.content_type or ""):
        return "identity" if takes_plain(accepted) else None
    response.vary.add("Accept-Encoding")
    return coding(accepted)


def _plain(response: Response, path: Path, size: int, part: range | None) -> Response:
    response.accept_ranges = "bytes"
    if part is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        if is_text(response.content_type or ""):
            response.vary.add("Accept-Encoding")
    sent = part or range(size)
    response.content_length = len(sent)
    if request.method != "HEAD":
        stream = Stream(path)
        response.response = _pieces(stream.file, sent)
        response.call_on_close(stream.close)
    return response


def _pieces(file: BinaryIO, sent: range) -> Iterator[bytes]:
    file.seek(sent.start)
    left = len(sent)
    while left and (piece := file.read(min(CHUNK_BYTES, left))):
        left -= len(piece)
        yield piece


def _compressed(response: Response, path: Path, artefact: Artefact, chosen: str) -> Response:
    if artefact.bytes > WHOLE_BYTES:
        if request.method != "HEAD":
            stream = Stream(path)
            response.response = compressed_stream(stream.file, chosen)
            response.call_on_close(stream.close)
        return response
    packed = KEPT.find(artefact.sha256, chosen)
    if packed is None:
        stream = Stream(path)
        try:
            packed = KEPT.of(artefact.sha256, stream.file.read(), chosen)
        finally:
            stream.close()
    response.direct_passthrough = False
    response.set_data(packed)
    response.direct_passthrough = True
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
