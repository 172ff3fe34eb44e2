"""What an archive says about itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.tiling.mvt.statistics import ATTRIBUTES, Statistics
from pipeline.tiling.report import CAUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.tiling.report import LayerSummary, ZoomStatistics


def metadata(
    layers: Iterable[LayerSummary],
    zooms: Iterable[ZoomStatistics],
    words: Mapping[str, str],
) -> dict[str, Any]:
    """Return the JSON metadata of a tileset.

    ``vector_layers`` follows TileJSON 3.0; ``tonari`` counts per zoom what was drawn otherwise
    than in the input, so that whoever gets the archive knows. It is JSON in a text: tile-join and
    tippecanoe-decode refuse an archive in which anything beside ``vector_layers`` and
    ``tilestats`` is not.
    """
    layers = list(layers)
    return {
        **{key: words.get(key, "") for key in ("name", "description", "attribution")},
        "type": "overlay",
        "format": "pbf",
        "generator": "tonari",
        "vector_layers": [
            {
                "id": layer.name,
                "description": "",
                "minzoom": layer.minzoom,
                "maxzoom": layer.maxzoom,
                "fields": layer.fields,
            }
            for layer in layers
        ],
        "tilestats": {
            "layerCount": len(layers),
            "layers": [_statistics(layer) for layer in layers],
        },
        "tonari": json.dumps(
            {str(zoom.zoom): _ordered(zoom.causes) for zoom in zooms if zoom.causes},
            separators=(",", ":"),
        ),
    }


def _ordered(causes: dict[str, int]) -> dict[str, int]:
    """Return counts in one order, whichever tile or layer had them first."""
    return {cause: causes[cause] for cause in CAUSES if cause in causes}


def causes_in(described: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return zoom -> cause -> count of an archive's metadata, as text or as older ones have it."""
    said = described.get("tonari", {})
    causes: dict[str, dict[str, int]] = json.loads(said) if isinstance(said, str) else said
    return causes


def _statistics(layer: LayerSummary) -> dict[str, Any]:
    kinds = layer.kinds
    nothing = Statistics()
    return {
        "layer": layer.name,
        "count": layer.features,
        "geometry": max(kinds, key=lambda kind: kinds[kind]) if kinds else "Unknown",
        "attributeCount": min(len(layer.fields), ATTRIBUTES),
        "attributes": [
            layer.statistics.get(name, nothing).described(name, kind.lower())
            for name, kind in list(layer.fields.items())[:ATTRIBUTES]
        ],
    }
