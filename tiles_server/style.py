"""The MapLibre style of a map: its layers' colours and classes over a quiet background."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tiles_server import transit
from tiles_server.base_maps import PREFIX, base_maps, ground
from tiles_server.links import tile_template
from tiles_server.manifest import Layer
from tiles_server.maps import Part, parts, viewpoint
from tiles_server.tilejson import source_layers
from tiles_server.tileset import MAX_LATITUDE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiles_server.base_maps import BaseMap
    from tiles_server.manifest import LayerStyle, RasterFacts
    from tiles_server.releases import Release

    StyleLayer = dict[str, Any]
    Expression = str | float | list[Any]

BACKGROUND = "#e9f0f4"
LABEL_COLOR = "#1f2933"
LABEL_ZOOM = 12
CLASS_OPACITY = 0.85
"""Of areas drawn by class: paler, neighbours of a legend cannot be told apart (MLIT, zoning)."""
CLASS_OUTLINE = "#333333"
"""3:1 and more on every customary fill, on white and on our sea."""
SMALLEST_HALVES = (160, 150)
"""Half the width and height, in pixels, of the smallest map worth hurrying for."""
DRAW_ORDER = {"Raster": -1, "Polygon": 0, "Mixed": 1, "LineString": 2, "Transit": 3, "Point": 4}
"""Pictures below areas below lines below points; within a kind, in the order of the declaration."""

FONTS = ["Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic", "sans-serif"]
"""MapLibre draws every glyph from the reader's own fonts because the style names no server."""


def build_style(release: Release, name: str, language: str) -> dict[str, Any]:
    """Return the style of map `name` (MapLibre style specification 8).

    ``metadata`` carries what the style language cannot say and the page needs: per layer its
    title, its fields' titles and types, and which field is the label.

    Raises
    ------
    UnknownNameError
        If there is no such map.
    """
    chart = release.map(name)
    drawn = parts(release, chart, language)
    bases = base_maps(release, chart, language)
    ground_sources, ground_layers = ground(release, chart)
    center, zoom = viewpoint(release, chart)
    municipalities = release.manifest.municipalities.values()
    return {
        "version": 8,
        "name": chart.title.best(language) or name,
        "center": center,
        "zoom": zoom,
        "metadata": {
            "tonari:release": release.id,
            "tonari:sample": release.manifest.sample,
            "tonari:municipalities": {m.code: m.name.best(language) for m in municipalities},
            "tonari:layers": {part.name: _described(part, language) for part in drawn},
        },
        "sources": {
            **ground_sources,
            **{name: source for base in bases for name, source in base.sources.items()},
            **{part.name: _source(release, part) for part in drawn},
        },
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": BACKGROUND}},
            *ground_layers,
            *_bases(bases),
            *_drawn(release, drawn, language),
        ],
    }


def _bases(bases: list[BaseMap]) -> Iterator[StyleLayer]:
    """Yield the layers of all base maps; all but the first wait to be chosen."""
    for base in bases:
        hidden = {} if base is bases[0] else {"layout": {"visibility": "none"}}
        for layer in base.layers:
            yield layer | hidden | {"metadata": {"tonari:base": base.id}}


def first_tiles(release: Release, style: dict[str, Any]) -> list[str]:
    """Return the addresses of tiles that a map asks for on any screen, to be fetched early.

    Parameters
    ----------
    style
        Made by :func:`build_style`; its sources are tilesets of `release`.
    """
    found: list[str] = []
    for name, source in style["sources"].items():
        if name.startswith(PREFIX):
            continue  # the base map comes after the data
        tileset = release.tilesets[name.removeprefix("ground:")]
        z = min(math.floor(style["zoom"]), tileset.maxzoom)
        if z < tileset.minzoom:
            continue
        found += [
            source["tiles"][0].format(z=z, x=x, y=y)
            for x, y in _tiles_around(style["center"], style["zoom"], z)
            if tileset.archive.get(z, x, y) is not None
        ]
    return found


def _tiles_around(center: list[float], zoom: float, z: int) -> list[tuple[int, int]]:
    """Return column and row of the tiles of zoom `z` on the smallest screen around `center`."""
    # A tile of the map's own zoom is 512 pixels wide (MapLibre GL JS, vector sources).
    tiles = 2.0**z
    pixels = 512 * 2.0 ** (zoom - z)
    latitude = math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, center[1])))
    x = (center[0] + 180) / 360 * tiles
    y = (1 - math.asinh(math.tan(latitude)) / math.pi) / 2 * tiles
    across, down = (half / pixels for half in SMALLEST_HALVES)
    west, east = math.floor(x - across), math.floor(x + across)
    north, south = math.floor(y - down), math.floor(y + down)
    return [(x, y) for x in range(west, east + 1) for y in range(north, south + 1)]


def _described(part: Part, language: str) -> dict[str, Any]:
    if not isinstance(part.published, Layer):
        fields, label = transit.fields(language), transit.label_field(language)
        return {"title": part.title, "label": label, "fields": fields}
    fields = [
        {"name": f.name, "title": f.title.best(language) or f.name, "type": f.type}
        for f in part.published.columns
    ]
    style = part.published.style
    return {
        "title": part.title,
        "label": style.label,
        "fields": fields,
        "by": style.by,
        "classes": [None if c.value is None else str(c.value) for c in style.classes],
    }


def _source(release: Release, part: Part) -> dict[str, Any]:
    tileset = release.tilesets[part.name]
    source = {
        **_kind_of_source(part),
        "tiles": [tile_template(tileset)],
        "minzoom": tileset.minzoom,
        "maxzoom": tileset.maxzoom,
        "bounds": list(tileset.bounds),
    }
    credit = part.published.attribution
    return source | ({"attribution": credit} if credit else {})


def _kind_of_source(part: Part) -> dict[str, Any]:
    raster = part.published.raster if isinstance(part.published, Layer) else None
    if raster is None:
        return {"type": "vector"}
    if raster.encoding not in ("mapbox", "gsi"):
        return {"type": "raster", "tileSize": raster.size}
    if raster.encoding == "mapbox":
        return {"type": "raster-dem", "tileSize": raster.size, "encoding": "mapbox"}
    # dem_png: a hundredth of a metre from the lowest byte up; heights below 0 wrap around.
    return {
        "type": "raster-dem", "tileSize": raster.size, "encoding": "custom",
        "redFactor": 655.36, "greenFactor": 2.56, "blueFactor": 0.01, "baseShift": 0.0,
    }  # fmt: skip


def _picture(part: Part, raster: RasterFacts) -> StyleLayer:
    base = {"source": part.name, "metadata": {"tonari:layer": part.name}}
    if raster.encoding in ("mapbox", "gsi"):
        paint: dict[str, Any] = {"hillshade-exaggeration": 0.5 * raster.opacity}
        return base | {"id": f"{part.name}/hillshade", "type": "hillshade", "paint": paint}
    smooth = "nearest" if raster.kind == "classes" else "linear"
    paint = {"raster-opacity": raster.opacity, "raster-resampling": smooth}
    return base | {"id": f"{part.name}/raster", "type": "raster", "paint": paint}


def _drawn(release: Release, drawn: list[Part], language: str) -> list[StyleLayer]:
    shapes: list[StyleLayer] = []
    labels: list[StyleLayer] = []
    for part in sorted(drawn, key=lambda part: DRAW_ORDER.get(part.geometry, 1)):
        raster = part.published.raster if isinstance(part.published, Layer) else None
        if raster is not None:
            shapes.append(_picture(part, raster))
            continue
        for inner in _inner(part, source_layers(release.tilesets[part.name])):
            prefix = f"{part.name}/{inner}"
            base = {
                "source": part.name,
                "source-layer": inner,
                "metadata": {"tonari:layer": part.name},
            }
            if isinstance(part.published, Layer):
                layer, text = part.published, part.published.style.label
                shapes += _shapes(prefix, base, layer)
                if text:
                    labels.append(_label(prefix, base, ["get", text], layer.geometry))
            else:
                shapes.append(_transit(prefix, base, inner))
                if inner == transit.STOPS:
                    labels.append(_label(prefix, base, transit.label(language), "Point"))
    return shapes + labels


def _inner(part: Part, names: list[str]) -> list[str]:
    """Return the layers of the tiles to draw, the lowest first: stops lie upon routes."""
    if not part.is_feed:
        return names
    return [name for name in (transit.ROUTES, transit.STOPS) if name in names]


def _transit(prefix: str, base: StyleLayer, inner: str) -> StyleLayer:
    if inner == transit.STOPS:
        ring = {"circle-stroke-color": _selected("#111111", transit.COLOR)}
        return base | {"id": prefix, "type": "circle", "paint": _circle("#ffffff") | ring}
    own = ["to-color", ["get", "color"], transit.COLOR]
    rounded = {"line-cap": "round", "line-join": "round"}
    return base | {"id": prefix, "type": "line", "layout": rounded, "paint": _line(own)}


def _shapes(prefix: str, base: StyleLayer, layer: Layer) -> list[StyleLayer]:
    color = _color(layer.style)
    shapes: list[StyleLayer] = []
    if layer.geometry in ("Polygon", "Mixed"):
        area = base | {"filter": ["==", ["geometry-type"], "Polygon"]}
        shapes += [
            area | {"id": f"{prefix}/fill", "type": "fill", "paint": _fill(color)},
            area | {"id": f"{prefix}/outline", "type": "line", "paint": _outline(color)},
        ]
    if layer.geometry in ("LineString", "Mixed"):
        line = base | {"filter": ["==", ["geometry-type"], "LineString"]}
        rounded = {"line-cap": "round", "line-join": "round"}
        shapes += [
            line
            | {"id": f"{prefix}/line", "type": "line", "layout": rounded, "paint": _line(color)}
        ]
    if layer.geometry in ("Point", "Mixed"):
        point = base | {"filter": ["==", ["geometry-type"], "Point"]}
        shapes += [point | {"id": f"{prefix}/point", "type": "circle", "paint": _circle(color)}]
    return shapes


def _color(style: LayerStyle) -> Expression:
    """Return the colour of a layer: one, or a match expression over its classes."""
    if not (style.by and style.classes):
        return style.color
    pairs = {str(c.value): c.color for c in style.classes if c.value is not None}
    if not pairs:
        return style.color
    # As text on both sides, so that 1 and "1" are the same class whatever the tile's type is.
    flat = [part for pair in pairs.items() for part in pair]
    return ["match", ["to-string", ["get", style.by]], *flat, style.color]


def _selected(chosen: Expression, otherwise: Expression) -> list[Any]:
    return ["case", ["boolean", ["feature-state", "selected"], False], chosen, otherwise]


def _fill(color: Expression) -> StyleLayer:
    """Fill areas: classes nearly at full strength, as the legend has them."""
    strength = CLASS_OPACITY if isinstance(color, list) else 0.4
    return {"fill-color": color, "fill-opacity": _selected(min(1, strength + 0.15), strength)}


def _outline(color: Expression) -> StyleLayer:
    """Outline areas; pale classes have no contrast of their own, so their outline carries it."""
    usual = CLASS_OUTLINE if isinstance(color, list) else color
    return {"line-color": _selected("#111111", usual), "line-width": _selected(3, 1.2)}


def _line(color: Expression) -> StyleLayer:
    width = ["interpolate", ["linear"], ["zoom"], 8, 1.5, 15, 4]
    return {"line-color": _selected("#111111", color), "line-width": width}


def _circle(color: Expression) -> StyleLayer:
    return {
        "circle-color": color,
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 4.5, 12, 7, 16, 10],
        "circle-stroke-color": _selected("#111111", "#ffffff"),
        "circle-stroke-width": _selected(4, 2),
    }


def _label(prefix: str, base: StyleLayer, text: Expression, geometry: str) -> StyleLayer:
    below = geometry == "Point"
    return base | {
        "id": f"{prefix}/label",
        "type": "symbol",
        "minzoom": LABEL_ZOOM,
        "layout": {
            "text-field": ["to-string", text],
            "text-font": FONTS,
            "text-size": 13,
            "text-max-width": 9,
            "text-padding": 6,
            "symbol-placement": "line" if geometry == "LineString" else "point",
            **({"text-anchor": "top", "text-offset": [0, 0.9]} if below else {}),
        },
        "paint": {
            "text-color": LABEL_COLOR,
            "text-halo-color": "#ffffff",
            "text-halo-width": 1.8,
        },
    }
