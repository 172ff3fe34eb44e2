"""The manifest of a neighbour that runs Tonari: fetched, and believed once its signature holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pipeline.config.neighbours import TonariNeighbour
from pipeline.errors import FetchError
from pipeline.federation.receiving import Want
from pipeline.federation.trust import require_fresh, verified

if TYPE_CHECKING:
    from pipeline.federation.fetch import Fetched
    from pipeline.federation.state import RemoteManifest
    from pipeline.federation.visit import Visit

MANIFEST_BYTES = 64 << 20
SIGNATURE_BYTES = 4096
SWITCH_SECONDS = 1.0
"""Within which all processes of a server answer from a release that has just been switched to."""

_BETWEEN_RELEASES = ("neighbour-key", "neighbour-unsigned", "neighbour-rollback")
"""What manifest and signature of two releases look like, one fetched before a switch."""


def open_visit(visit: Visit) -> None:
    """Fetch what is asked once per visit: a Tonari's manifest.

    A neighbour may switch to its next release between the requests for manifest and signature,
    and its processes follow one after another. What does not fit together is therefore fetched
    a second time, after `SWITCH_SECONDS`, before it is refused.

    Raises
    ------
    FetchError
        If it cannot be had or believed.
    """
    if not isinstance(visit.neighbour, TonariNeighbour):
        return
    try:
        visit.manifest = _manifest(visit, visit.neighbour)
    except FetchError as error:
        if error.code not in _BETWEEN_RELEASES:
            raise
        time.sleep(SWITCH_SECONDS)
        visit.manifest = _manifest(visit, visit.neighbour)


def below(url: str, path: str) -> str:
    """Return the address of a file of a neighbour, below its declared one."""
    return urljoin(url.split("?", 1)[0].rstrip("/") + "/", path)


def _manifest(visit: Visit, neighbour: TonariNeighbour) -> RemoteManifest:
    good, fresh = visit.folder / "manifest.json", visit.folder / "manifest.new"
    url = below(neighbour.url, "manifest.json")
    tag = visit.state.manifest_tag if good.is_file() and visit.state.manifest_from == url else ""
    answer = visit.fetcher.get(Want(url, MANIFEST_BYTES, tag), fresh)
    content = (fresh if answer.changed else good).read_bytes()
    signatures = _signatures(visit, neighbour, answer)
    manifest, visit.trust = verified(content, signatures, neighbour, visit.trust, visit.now)
    if manifest.signing is not None:
        require_fresh(manifest.signing.expires, url, visit.now)
    if answer.changed:
        (visit.folder / "manifest.json.sig").write_bytes(signatures)
        fresh.replace(good)
    visit.manifest_tag = answer.etag
    return manifest


def _signatures(visit: Visit, neighbour: TonariNeighbour, answer: Fetched) -> bytes:
    good = visit.folder / "manifest.json.sig"
    if not answer.changed and good.is_file():
        return good.read_bytes()
    fresh = visit.folder / "signature.new"
    url = below(neighbour.url, "manifest.json.sig")
    try:
        visit.fetcher.get(Want(url, SIGNATURE_BYTES), fresh)
    except FetchError as error:
        if error.code == "neighbour-status" and error.details["status"] in ("404", "410"):
            return b""
        raise
    return fresh.read_bytes()
