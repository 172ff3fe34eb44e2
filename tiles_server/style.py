"""The MapLibre style of a map: its layers' colours and classes over a quiet background."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tiles_server.language import say
from tiles_server.links import tile_template
from tiles_server.tilejson import source_layers

if TYPE_CHECKING:
    from tiles_server.current import Release
    from tiles_server.manifest import Layer, LayerStyle, Map
    from tiles_server.tileset import Tileset

    StyleLayer = dict[str, Any]
    Expression = str | float | list[Any]

BACKGROUND = "#e9f0f4"
LABEL_COLOR = "#1f2933"
LABEL_ZOOM = 12
DRAW_ORDER = {"Polygon": 0, "Mixed": 1, "LineString": 2, "Point": 3}
"""Areas below lines below points; within a kind, in the order of the declaration."""

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
    shown = map_layers(release, chart)
    tilesets = {layer: release.tilesets[layer] for layer in shown}
    center, zoom = viewpoint(release, chart)
    return {
        "version": 8,
        "name": chart.title.best(language) or name,
        "center": center,
        "zoom": zoom,
        "metadata": {
            "tonari:release": release.id,
            "tonari:sample": release.manifest.sample,
            "tonari:municipalities": {
                m.code: m.name.best(language) for m in release.manifest.municipalities.values()
            },
            "tonari:layers": {layer: _described(release.layer(layer), language) for layer in shown},
        },
        "sources": {
            layer: _source(tileset, release.layer(layer)) for layer, tileset in tilesets.items()
        },
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": BACKGROUND}},
            *_drawn(release, tilesets),
        ],
    }


def map_layers(release: Release, chart: Map) -> list[str]:
    """Return the layers of a map that can be drawn, in the order of its declaration."""
    return [name for name in chart.layers if name in release.tilesets]


def legend(layer: Layer, language: str) -> list[tuple[str, str]]:
    """Return colour and label of each entry of a layer's legend, more than one only by class."""
    style = layer.style
    if not (style.by and style.classes):
        return [(style.color, layer.title.best(language))]
    other = say("other_values", language)
    return [
        (c.color, c.label.best(language) or (other if c.value is None else str(c.value)))
        for c in style.classes
    ]


def viewpoint(release: Release, chart: Map) -> tuple[list[float], float]:
    """Return centre and zoom of a map: as declared, else showing all its layers."""
    extents = [
        layer.extent
        for name in chart.layers
        if (layer := release.manifest.layers.get(name)) and layer.extent
    ]
    if not extents:
        return list(chart.center or (137.0, 38.0)), chart.zoom or 4.0
    west, south = (min(extent[i] for extent in extents) for i in (0, 1))
    east, north = (max(extent[i] for extent in extents) for i in (2, 3))
    center = list(chart.center or ((west + east) / 2, (south + north) / 2))
    # A map 512 pixels wide at zoom 0 shows 360 degrees; leave a margin of one half zoom.
    span = max(east - west, (north - south) * 1.25, 0.005)
    return center, chart.zoom or round(math.log2(360 / span) + 0.5, 2)


def _described(layer: Layer, language: str) -> dict[str, Any]:
    return {
        "title": layer.title.best(language),
        "label": layer.style.label,
        "fields": [
            {"name": f.name, "title": f.title.best(language) or f.name, "type": f.type}
            for f in layer.columns
        ],
    }


def _source(tileset: Tileset, layer: Layer) -> dict[str, Any]:
    source = {
        "type": "vector",
        "tiles": [tile_template(tileset)],
        "minzoom": tileset.minzoom,
        "maxzoom": tileset.maxzoom,
        "bounds": list(tileset.bounds),
    }
    return source | ({"attribution": layer.attribution} if layer.attribution else {})


def _drawn(release: Release, tilesets: dict[str, Tileset]) -> list[StyleLayer]:
    in_order = sorted(tilesets, key=lambda n: DRAW_ORDER.get(release.layer(n).geometry, 1))
    shapes: list[StyleLayer] = []
    labels: list[StyleLayer] = []
    for name in in_order:
        layer = release.layer(name)
        for inner in source_layers(tilesets[name]):
            base = {"source": name, "source-layer": inner, "metadata": {"tonari:layer": name}}
            shapes += _shapes(f"{name}/{inner}", base, layer)
            if layer.style.label:
                labels.append(_label(f"{name}/{inner}", base, layer))
    return shapes + labels


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
    return {"fill-color": color, "fill-opacity": _selected(0.7, 0.4)}


def _outline(color: Expression) -> StyleLayer:
    return {"line-color": _selected("#111111", color), "line-width": _selected(3, 1.2)}


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


def _label(prefix: str, base: StyleLayer, layer: Layer) -> StyleLayer:
    below = layer.geometry == "Point"
    return base | {
        "id": f"{prefix}/label",
        "type": "symbol",
        "minzoom": LABEL_ZOOM,
        "layout": {
            "text-field": ["to-string", ["get", layer.style.label]],
            "text-font": FONTS,
            "text-size": 13,
            "text-max-width": 9,
            "text-padding": 6,
            "symbol-placement": "line" if layer.geometry == "LineString" else "point",
            **({"text-anchor": "top", "text-offset": [0, 0.9]} if below else {}),
        },
        "paint": {
            "text-color": LABEL_COLOR,
            "text-halo-color": "#ffffff",
            "text-halo-width": 1.8,
        },
    }
