"""What lies under a map: its sources, style layers, credits, and the hosts that a page may ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from tiles_server.language import say
from tiles_server.links import tile_template
from tiles_server.manifest import BaseLayer, BaseTiles, Words
from tiles_server.tilejson import source_layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiles_server.manifest import Base, Map
    from tiles_server.releases import Release

    StyleLayer = dict[str, Any]

CREDIT_PAGE = "https://maps.gsi.go.jp/development/ichiran.html"
"""Where the terms of GSI's tiles want the credit to lead."""

LAND, SHORE = "#f7f5f0", "#8d99a3"
PREFIX = "base:"
"""Sources of base maps are called so, to tell them from data."""

VECTOR_LAYERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("WA", "fill", {"fill-color": "#bed2ff"}),
    ("BldA", "fill", {"fill-color": "#dcdcdc"}),
    ("RvrCL", "line", {"line-color": "#8fb4e8", "line-width": 1}),
    ("RdCL", "line", {"line-color": "#b4b4b4", "line-width": 1.2}),
    ("RailCL", "line", {"line-color": "#777777", "line-width": 1.6}),
)
"""Layers of 最適化ベクトルタイル that we draw, the lowest first."""


@dataclass(frozen=True)
class BaseMap:
    """One base map a reader can choose.

    Attributes
    ----------
    id
        Of the choice, of its source (after :data:`PREFIX`) and of its style layers.
    sources, layers
        Parts of a MapLibre style; the layers are visible.
    origin
        Scheme and host of its tiles; empty for our own.
    """

    id: str
    title: str
    sources: Mapping[str, dict[str, Any]]
    layers: tuple[StyleLayer, ...]
    origin: str = ""


def base_maps(release: Release, chart: Map, language: str) -> list[BaseMap]:
    """Return the base maps of `chart` as declared; unknown ones are left out."""
    return list(_found(release, chart, language))


def origins(chart: Map) -> tuple[str, ...]:
    """Return the hosts that a page with `chart` may ask beside our own, each once."""
    found = (_url(base) for base in chart.base)
    return tuple(dict.fromkeys(origin_of(url) for url in found if url))


def ground(release: Release, chart: Map) -> tuple[dict[str, dict[str, Any]], list[StyleLayer]]:
    """Return sources and style layers of what lies beneath every base map: our own land."""
    sources: dict[str, dict[str, Any]] = {}
    layers: list[StyleLayer] = []
    for name in chart.ground:
        if name in release.tilesets and release.tilesets[name].ending == "mvt":
            sources[f"ground:{name}"] = _own_source(release, name)
            layers += _quiet(release, name, f"ground:{name}")
    return sources, layers


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@cache
def _catalogue() -> Mapping[str, dict[str, Any]]:
    text = resources.files("tiles_server").joinpath("base_maps.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, dict[str, Any]] = YAML(typ="safe").load(text)
    return loaded


def _url(base: Base) -> str:
    if isinstance(base, str):
        return str(_catalogue().get(base, {}).get("url", ""))
    return base.url if isinstance(base, BaseTiles) else ""


def _found(release: Release, chart: Map, language: str) -> Iterator[BaseMap]:
    for number, base in enumerate(chart.base):
        if isinstance(base, BaseTiles):
            yield _raster(f"tiles-{number}", base.title.best(language), base)
        elif isinstance(base, BaseLayer):
            if base.layer in release.tilesets:
                yield _own(release, base.layer, language)
        elif base == "none":
            yield BaseMap("none", say("base_none", language), {}, ())
        elif base in _catalogue():
            yield _gsi(base, language)


def _gsi(name: str, language: str) -> BaseMap:
    entry = _catalogue()[name]
    credit = Words(**entry["credit"]).best(language)
    linked = f'<a href="{CREDIT_PAGE}" target="_blank" rel="noopener">{escape(credit)}</a>'
    title = Words(**entry["title"]).best(language)
    tiles = BaseTiles(
        url=entry["url"], attribution=linked, minzoom=entry["minzoom"], maxzoom=entry["maxzoom"]
    )
    return _vector(name, title, tiles) if name == "gsi/vector" else _raster(name, title, tiles)


def _source(tiles: BaseTiles) -> dict[str, Any]:
    return {
        "tiles": [tiles.url],
        "minzoom": tiles.minzoom,
        "maxzoom": tiles.maxzoom,
        "attribution": tiles.attribution,
    }


def _raster(name: str, title: str, tiles: BaseTiles) -> BaseMap:
    source = PREFIX + name
    layer = {"id": source, "type": "raster", "source": source, "minzoom": tiles.minzoom}
    fields = {"type": "raster", "tileSize": tiles.size, **_source(tiles)}
    return BaseMap(name, title, {source: fields}, (layer,), origin_of(tiles.url))


def _vector(name: str, title: str, tiles: BaseTiles) -> BaseMap:
    source = PREFIX + name
    layers = tuple(
        {
            "id": f"{source}/{inner}",
            "type": kind,
            "source": source,
            "source-layer": inner,
            "paint": paint,
        }
        for inner, kind, paint in VECTOR_LAYERS
    )
    fields = {"type": "vector", **_source(tiles)}
    return BaseMap(name, title, {source: fields}, layers, origin_of(tiles.url))


def _own(release: Release, name: str, language: str) -> BaseMap:
    title = release.layer(name).title.best(language) or name
    source = PREFIX + name
    if release.tilesets[name].ending == "mvt":
        layers = tuple(_quiet(release, name, source))
    else:
        layers = ({"id": source, "type": "raster", "source": source},)
    return BaseMap(name, title, {source: _own_source(release, name)}, layers)


def _own_source(release: Release, name: str) -> dict[str, Any]:
    tileset = release.tilesets[name]
    source: dict[str, Any] = {
        "type": "vector" if tileset.ending == "mvt" else "raster",
        "tiles": [tile_template(tileset)],
        "minzoom": tileset.minzoom,
        "maxzoom": tileset.maxzoom,
        "bounds": list(tileset.bounds),
    }
    credit = release.published(name).attribution
    return source | ({"attribution": escape(credit)} if credit else {})


def _quiet(release: Release, name: str, source: str) -> Iterator[StyleLayer]:
    """Draw a layer as ground: land a little lighter than sea, shores and lines in grey."""
    for inner in source_layers(release.tilesets[name]):
        base = {"source": source, "source-layer": inner}
        for kind, drawn, paint in (
            ("Polygon", "fill", {"fill-color": LAND}),
            ("Polygon", "line", {"line-color": SHORE, "line-width": 1}),
            ("LineString", "line", {"line-color": SHORE, "line-width": 1.5}),
        ):
            yield base | {
                "id": f"{source}/{inner}/{kind}/{drawn}",
                "type": drawn,
                "filter": ["==", ["geometry-type"], kind],
                "paint": paint,
            }
