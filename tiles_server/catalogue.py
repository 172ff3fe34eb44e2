"""The catalogue: everything the current release offers, with the addresses to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from tiles_server.links import downloads, feed_files

if TYPE_CHECKING:
    from tiles_server.manifest import Feed, Layer, Map
    from tiles_server.releases import Release


def catalogue(release: Release, live: bool) -> dict[str, Any]:
    """Return the catalogue of `release` as a JSON-ready document; addresses are absolute.

    With `live` feeds have announcements and departures too.
    """
    manifest = release.manifest
    return {
        "release": release.id,
        "created": manifest.created,
        "sample": manifest.sample,
        "publisher": manifest.publisher.model_dump(),
        "municipalities": {n: m.model_dump() for n, m in manifest.municipalities.items()},
        "layers": {n: _layer(release, n, layer) for n, layer in manifest.layers.items()},
        "feeds": {n: _feed(release, n, feed, live) for n, feed in manifest.feeds.items()},
        "maps": {n: _map(release, n, chart) for n, chart in manifest.maps.items()},
    }


def _layer(release: Release, name: str, layer: Layer) -> dict[str, Any]:
    described = layer.model_dump(
        include={
            "title", "description", "licence", "attribution", "modified", "status", "theme",
            "keywords",
            "geometry", "features", "extent", "fields",
        }
    )  # fmt: skip
    addresses = {"page": url_for("pages.layer", layer=name, _external=True)}
    return described | {
        "data_date": layer.data_date,
        "links": addresses | _tile_links(release, name),
        "downloads": downloads(layer),
    }


def _tile_links(release: Release, name: str) -> dict[str, str]:
    if name not in release.tilesets:
        return {}
    return {
        "tilejson": url_for("tiles.tilejson_of", tileset=name, _external=True),
        "pmtiles": url_for("tiles.pmtiles", tileset=name, _external=True),
        "pmtiles_of_release": url_for(
            "tiles.pmtiles_of_release", release=release.id, tileset=name, _external=True
        ),
    }


def _feed(release: Release, name: str, feed: Feed, live: bool) -> dict[str, Any]:
    described = feed.model_dump(exclude={"sources", "findings", "artefacts", "built_in"})
    addresses = {"page": url_for("feeds.feed_page", feed=name, _external=True)}
    if live and "gtfs" in feed.artefacts:
        addresses |= {
            "alerts": url_for("realtime.alerts", feed=name, _external=True),
            "alerts_json": url_for("realtime.alerts_json", feed=name, _external=True),
            "stops": url_for("feeds.stops", feed=name, _external=True),
        }
    return described | {
        "links": addresses | _tile_links(release, name),
        "downloads": feed_files(name, feed),
    }


def _map(release: Release, name: str, chart: Map) -> dict[str, Any]:
    return chart.model_dump() | {
        "layers": [name for name in chart.layers if name in release.tilesets],
        "feeds": [name for name in chart.feeds if name in release.tilesets],
        "links": {
            "page": url_for("pages.map_page", map=name, _external=True),
            "embed": url_for("embeds.map_embed", map=name, _external=True),
            "share": url_for("embeds.share", map=name, _external=True),
            "style": url_for("tiles.style", map=name, _external=True),
        },
    }
