"""What an archive says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    than in the input, so that whoever gets the archive knows.
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
        "tonari": {str(zoom.zoom): _ordered(zoom.causes) for zoom in zooms if zoom.causes},
    }


def _ordered(causes: dict[str, int]) -> dict[str, int]:
    """Return counts in one order, whichever tile or layer had them first."""
    return {cause: causes[cause] for cause in CAUSES if cause in causes}


def _statistics(layer: LayerSummary) -> dict[str, Any]:
    kinds = layer.kinds
    return {
        "layer": layer.name,
        "count": layer.features,
        "geometry": max(kinds, key=lambda kind: kinds[kind]) if kinds else "Unknown",
        "attributeCount": len(layer.fields),
        "attributes": [
            {"attribute": name, "type": kind.lower()} for name, kind in layer.fields.items()
        ],
    }
