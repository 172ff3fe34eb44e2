"""The MapLibre style of a map: its layers' colours and classes over a quiet background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiles_server.language import say
from tiles_server.links import feed_address, tile_template
from tiles_server.manifest import Layer
from tiles_server.maps import Part, parts, viewpoint
from tiles_server.tilejson import source_layers
from tiles_server.transit import DEFAULT_COLOR, FIELDS

if TYPE_CHECKING:
    from tiles_server.current import Release
    from tiles_server.manifest import LayerStyle

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
    drawn = parts(release, chart, language)
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
            "tonari:layers": {part.source: _described(part, language) for part in drawn},
        },
        "sources": {part.source: _source(release, part, language) for part in drawn},
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": BACKGROUND}},
            *_drawn(release, drawn),
        ],
    }


def _described(part: Part, language: str) -> dict[str, Any]:
    if isinstance(part.published, Layer):
        label = part.published.style.label
        fields = [
            {"name": f.name, "title": f.title.best(language) or f.name, "type": f.type}
            for f in part.published.columns
        ]
    else:
        label = "name"
        fields = [
            {"name": name, "title": say(f"transit_{name}", language), "type": "string"}
            for name in FIELDS
        ]
    return {"title": part.title, "label": label, "fields": fields}


def _source(release: Release, part: Part, language: str) -> dict[str, Any]:
    credit = part.published.attribution
    credited = {"attribution": credit} if credit else {}
    if part.geojson is not None:
        return {"type": "geojson", "data": feed_address(part.name, language), **credited}
    tileset = release.tilesets[part.name]
    return {
        "type": "vector",
        "tiles": [tile_template(tileset)],
        "minzoom": tileset.minzoom,
        "maxzoom": tileset.maxzoom,
        "bounds": list(tileset.bounds),
        **credited,
    }


def _drawn(release: Release, drawn: list[Part]) -> list[StyleLayer]:
    shapes: list[StyleLayer] = []
    labels: list[StyleLayer] = []
    for part in sorted(drawn, key=lambda part: DRAW_ORDER.get(part.geometry, 1)):
        base: StyleLayer = {"source": part.source, "metadata": {"tonari:layer": part.source}}
        if not isinstance(part.published, Layer):
            shapes += _transit(part.source, base)
            labels.append(_label(part.source, base, "name", "Point"))
            continue
        layer = part.published
        for inner in source_layers(release.tilesets[part.name]):
            prefix = f"{part.source}/{inner}"
            within = base | {"source-layer": inner}
            shapes += _shapes(prefix, within, layer)
            if layer.style.label:
                labels.append(_label(prefix, within, layer.style.label, layer.geometry))
    return shapes + labels


def _transit(prefix: str, base: StyleLayer) -> list[StyleLayer]:
    color = ["coalesce", ["get", "color"], DEFAULT_COLOR]
    line = base | {"filter": ["==", ["geometry-type"], "LineString"]}
    stop = base | {"filter": ["==", ["geometry-type"], "Point"]}
    rounded = {"line-cap": "round", "line-join": "round"}
    ring = _circle("#ffffff") | {"circle-stroke-color": _selected("#111111", DEFAULT_COLOR)}
    return [
        line | {"id": f"{prefix}/line", "type": "line", "layout": rounded, "paint": _line(color)},
        stop | {"id": f"{prefix}/stop", "type": "circle", "paint": ring},
    ]


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


def _label(prefix: str, base: StyleLayer, field: str, geometry: str) -> StyleLayer:
    below = geometry == "Point"
    return base | {
        "id": f"{prefix}/label",
        "type": "symbol",
        "minzoom": LABEL_ZOOM,
        "layout": {
            "text-field": ["to-string", ["get", field]],
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
