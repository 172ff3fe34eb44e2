"""What a neighbour offers of one layer, whatever it runs."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import json
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import quote, urljoin, urlsplit

from pipeline.config.neighbours import (
    CkanNeighbour,
    FileNeighbour,
    OgcNeighbour,
    TonariNeighbour,
)
from pipeline.errors import FetchError
from pipeline.federation.manifests import below
from pipeline.federation.receiving import Want
from pipeline.federation.state import PARQUET_NAME, Words
from pipeline.federation.trust import said_moment
from pipeline.federation.unpack import ending_of
from pipeline.federation.visit import Offer, Visit

if TYPE_CHECKING:
    from pipeline.config.neighbours import RemoteFile
    from pipeline.federation.state import Kept, RemoteLayer, RemoteManifest

PAGE_BYTES = 64 << 20
ANSWER_BYTES = 1 << 20
PAGE = 1000
"""Features asked for at a time of a server of OGC API - Features."""


def offered(visit: Visit, layer: str) -> Offer:
    """Fetch one layer, or learn that it has not changed.

    Raises
    ------
    FetchError
        If it cannot be had.
    """
    kept = visit.state.layers.get(layer)
    match visit.neighbour:
        case TonariNeighbour():
            assert visit.manifest is not None
            return _of_tonari(visit, visit.neighbour, visit.manifest, layer, kept)
        case FileNeighbour():
            return _of_file(visit, visit.neighbour.files[layer], layer, kept)
        case OgcNeighbour():
            return _of_collection(visit, visit.neighbour.collections[layer], layer, kept)
        case CkanNeighbour():
            return _of_resource(visit, visit.neighbour.resources[layer], layer, kept)
        case _:
            assert_never(visit.neighbour)


def _of_tonari(
    visit: Visit,
    neighbour: TonariNeighbour,
    manifest: RemoteManifest,
    layer: str,
    kept: Kept | None,
) -> Offer:
    found = manifest.layers.get(layer)
    path = found.artefacts.get("parquet", "") if found else ""
    file = next((f for f in manifest.artefacts if f.path == path), None)
    name = path.rpartition("/")[2]
    if found is None or file is None or not PARQUET_NAME.match(name):
        known = ", ".join(n for n, entry in manifest.layers.items() if entry.artefacts)
        raise FetchError("neighbour-vanished", value=layer, known=known or "–")
    said = _said_of_tonari(manifest, found, layer)
    if kept is not None and kept.sha256 == file.sha256:
        return Offer(layer, None, ".parquet", kept.sha256, **said)
    if file.bytes > visit.most:
        raise FetchError("neighbour-too-large", value=path, most=f"{visit.most:,}")
    url = below(neighbour.url, f"downloads/{manifest.release}/{name}")
    target = visit.folder / f"{layer}.new"
    visit.fetcher.get(Want(url, file.bytes, sha256=file.sha256), target)
    return Offer(layer, target, ".parquet", file.sha256, **said)


def _said_of_tonari(manifest: RemoteManifest, found: RemoteLayer, layer: str) -> dict[str, Any]:
    publisher = manifest.publisher
    return {
        "licence": found.licence or publisher.licence,
        "attribution": found.attribution or publisher.name.ja,
        "publisher": publisher.name,
        "as_of": said_moment(found.modified, manifest.created),
        "built": said_moment(manifest.created),
        "release": manifest.release,
        "via": tuple(dict.fromkeys((publisher.code, *found.via))),
        "survey_approval": found.survey_approval,
        "towns": tuple(manifest.municipalities.values()),
        "promised": found.features,
    }


def _said(visit: Visit) -> dict[str, Any]:
    """Return what our declaration says of a neighbour that signs nothing."""
    neighbour = visit.neighbour
    assert not isinstance(neighbour, TonariNeighbour)
    name = neighbour.name.model_dump() if neighbour.name else {"ja": visit.name}
    return {
        "licence": neighbour.licence,
        "attribution": neighbour.attribution,
        "publisher": Words(**name),
        "survey_approval": neighbour.survey_approval,
    }


def _of_file(visit: Visit, file: RemoteFile, layer: str, kept: Kept | None) -> Offer:
    same = kept if kept is not None and kept.source == file.url else None
    if same is not None and file.sha256 is not None and same.sha256 != file.sha256:
        same = None
    target = visit.folder / f"{layer}.new"
    want = Want(file.url, visit.most, same.tag if same else "", file.sha256 or "")
    answer = visit.fetcher.get(want, target)
    ending = f".{file.format}" if file.format else ending_of(urlsplit(file.url).path)
    dated = file.date.isoformat() if file.date else _day(answer.modified)
    if not answer.changed and kept is not None and not dated:
        dated = kept.as_of
    return Offer(
        layer,
        target if answer.changed else None,
        ending,
        answer.sha256,
        as_of=dated,
        tag=answer.etag,
        source=file.url,
        member=file.member,
        **_said(visit),
    )


def _day(http_date: str) -> str:
    try:
        return email.utils.parsedate_to_datetime(http_date).date().isoformat()
    except (ValueError, TypeError, OverflowError):
        return ""


def _asked(visit: Visit, url: str, layer: str, most: int) -> dict[str, Any]:
    """Ask for a JSON object."""
    target = visit.folder / f"{layer}.answer"
    visit.fetcher.get(Want(url, most), target)
    try:
        found = json.loads(target.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FetchError("neighbour-manifest", value=url, reason="JSON") from error
    finally:
        target.unlink(missing_ok=True)
    if not isinstance(found, dict):
        raise FetchError("neighbour-manifest", value=url, reason="JSON")
    return found


def _of_collection(visit: Visit, collection: str, layer: str, kept: Kept | None) -> Offer:
    """Fetch all pages of a collection (OGC 17-069r4, 7.15) and make one file of them."""
    start = below(visit.neighbour.url, f"collections/{quote(collection, safe='')}/items")
    url, seen, total = f"{start}?limit={PAGE}&f=json", set[str](), 0
    features: list[Any] = []
    matched: int | None = None
    while url:
        if url in seen:
            raise FetchError("neighbour-endless", value=url)
        seen.add(url)
        page = _asked(visit, url, layer, min(PAGE_BYTES, visit.most))
        found = page.get("features")
        if not isinstance(found, list):
            raise FetchError("neighbour-manifest", value=url, reason="features")
        features += found
        total += len(json.dumps(found))
        if total > visit.most:
            raise FetchError("neighbour-too-large", value=url, most=f"{visit.most:,}")
        said = page.get("numberMatched")
        matched = said if isinstance(said, int) else matched
        url = _next_page(page, url) if found else ""
    if matched is not None and len(features) != matched:
        reason = f"{len(features)} ≠ numberMatched {matched}"
        raise FetchError("neighbour-length", value=start, reason=reason)
    return _written(visit, layer, features, kept, start)


def _next_page(page: dict[str, Any], url: str) -> str:
    links = page.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "next":
            href = str(link.get("href") or "")
            try:
                return urljoin(url, href)
            except ValueError as error:
                reason = "next"
                raise FetchError("neighbour-manifest", value=href[:200], reason=reason) from error
    return ""


def _written(
    visit: Visit, layer: str, features: list[Any], kept: Kept | None, source: str
) -> Offer:
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    try:
        sha256 = hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        # JSON can spell half a character (RFC 8259, 8.2); no file can hold it.
        raise FetchError("neighbour-manifest", value=source, reason="Unicode") from error
    same = kept is not None and kept.sha256 == sha256
    as_of = kept.as_of if same and kept is not None else f"{visit.now:%Y-%m-%d}"
    target = visit.folder / f"{layer}.new"
    if not same:
        target.write_text(text, encoding="utf-8")
    said = _said(visit)
    return Offer(
        layer, None if same else target, ".geojson", sha256, as_of=as_of, source=source, **said
    )


def _of_resource(visit: Visit, resource: str, layer: str, kept: Kept | None) -> Offer:
    """Ask a catalogue where a resource is (CKAN API 3, resource_show), then fetch that."""
    from pipeline.config.neighbours import RemoteFile as Declared  # noqa: PLC0415

    url = below(visit.neighbour.url, f"api/3/action/resource_show?id={quote(resource)}")
    answer = _asked(visit, url, layer, ANSWER_BYTES)
    found = answer.get("result")
    address = found.get("url") if isinstance(found, dict) else None
    if not answer.get("success") or not isinstance(found, dict) or not isinstance(address, str):
        raise FetchError("neighbour-vanished", value=resource, known="–")
    changed = str(found.get("last_modified") or found.get("created") or "")[:10]
    try:
        day = dt.date.fromisoformat(changed)
    except ValueError:
        day = visit.now.date()
    ending = ending_of(urlsplit(address).path) or "." + str(found.get("format") or "").lower()
    try:
        file = Declared(url=address, date=day, format=ending.removeprefix("."))
    except ValueError as error:
        raise FetchError("neighbour-manifest", value=address[:200], reason="url") from error
    return _of_file(visit, file, layer, kept)
