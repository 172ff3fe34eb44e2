"""From what was noted along the way to the findings and counts of an undivided run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.findings import Catalogue
from pipeline.tiling.archive.hilbert import tile_id
from pipeline.tiling.geometry.shapes import MAX_ZOOM
from pipeline.tiling.layers import STATUS_CODES, noticed_findings
from pipeline.tiling.mvt.statistics import Statistics
from pipeline.tiling.mvt.statistics import merged as together
from pipeline.tiling.partition.gather import REMARKS
from pipeline.tiling.reading.source import Noticed, merged
from pipeline.tiling.report import LayerSummary, ZoomStatistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.findings import Finding
    from pipeline.tiling.options import TileOptions
    from pipeline.tiling.partition.layer import Described

_CATALOGUE = Catalogue.of("pipeline.tiling")
_KINDS = {1: "Point", 2: "LineString", 3: "Polygon"}


def findings_of(layer: Described, file: str, missing: list[Finding]) -> list[Finding]:
    """Return what was wrong with a layer, in the order in which an undivided run says it."""
    notes = list(layer.runs)
    found = [*layer.source_findings, *missing]
    starts = np.cumsum([0, *(note["rows"] for note in notes)]).tolist()
    noticed = [
        (start, Noticed(**one))
        for start, note in zip(starts, notes, strict=False)
        for one in note["noticed"]
    ]
    found += noticed_findings(merged(noticed), file)
    column = layer.identity.column or ""
    if column:
        found += _merged("id-unusable", notes, file, column)
    if layer.identity.repeated:
        found.append(
            _CATALOGUE.finding(
                "id-collision",
                file=file,
                field=column,
                value=layer.identity.least,
                count=layer.identity.repeated,
            )
        )
    for code in (*STATUS_CODES.values(), "coordinate-polar"):
        found += _merged(code, notes, file)
    remarks = [chunk.facts.remarks for chunk in layer.stored.chunks]
    for code in REMARKS:
        found += _merged(code, remarks, file)
    found += _merged("antimeridian", notes, file)
    for name in layer.stored.columns:
        count = sum(int(note["infinite"].get(name, 0)) for note in notes)
        if count:
            found.append(_CATALOGUE.finding("value-infinite", file=file, field=name, count=count))
    return found


def _merged(
    code: str, notes: Sequence[dict[str, Any]], file: str, field: str = ""
) -> list[Finding]:
    """Return one finding for what several parts have noted: the first place, the sum."""
    places = [note[code] for note in notes if code in note]
    if not places:
        return []
    first, count = places[0][0], sum(number for _, number in places)
    return [_CATALOGUE.finding(code, file=file, feature=str(first), field=field, count=count)]


def summary_of(layer: Described, options: TileOptions) -> LayerSummary:
    """Return what the report and the metadata say of a layer."""
    kinds = {name: sum(note["kinds"][kind] for note in layer.runs) for kind, name in _KINDS.items()}
    low, high = options.layer(layer.stored.name).zooms or (0, MAX_ZOOM)
    found = {
        name: together(Statistics(**note["statistics"][name]) for note in layer.runs)
        for name in layer.types
    }
    fields = {n: found[n].kind.title() or kind for n, kind in layer.types.items()}
    return LayerSummary(
        name=layer.stored.name,
        features=layer.stored.features,
        shapes=sum(kinds.values()),
        kinds={name: count for name, count in kinds.items() if count},
        fields=fields,
        minzoom=max(low, options.minzoom),
        maxzoom=min(high, options.maxzoom),
        statistics=found,
    )


def bounds_of(layers: Sequence[Described]) -> tuple[int, int, int, int]:
    """Return least x, least y, greatest x, greatest y of all shapes, in world units."""
    boxes = [note["bounds"] for layer in layers for note in layer.runs if note["bounds"]]
    columns = list(zip(*boxes, strict=True))
    return min(columns[0]), min(columns[1]), max(columns[2]), max(columns[3])


def merged_zooms(
    layers: Sequence[Described], shards: Iterable[dict[str, Any]], options: TileOptions
) -> list[ZoomStatistics]:
    """Return the counts of all shards, zoom by zoom."""
    zooms = {z: ZoomStatistics(z) for z in range(options.minzoom, options.maxzoom + 1)}
    for layer in layers:
        for chunk in layer.stored.chunks:
            for zoom in zooms.values():
                zoom.count("hidden", chunk.facts.hidden[zoom.zoom])
    for shard in shards:
        for note in shard["zooms"]:
            _add(zooms[note["zoom"]], ZoomStatistics(**note))
    return list(zooms.values())


def _add(total: ZoomStatistics, part: ZoomStatistics) -> None:
    total.tiles += part.tiles
    total.features += part.features
    total.bytes += part.bytes
    total.over_budget += part.over_budget
    for cause, number in part.causes.items():
        total.count(cause, number)
    if part.largest_bytes and _size(part) > _size(total):
        total.largest_bytes, total.largest_tile = part.largest_bytes, part.largest_tile


def _size(zoom: ZoomStatistics) -> tuple[int, int]:
    """Compare by the largest tile, the first along the curve where several are as large."""
    if not zoom.largest_tile:
        return 0, 0
    z, x, y = (int(part) for part in zoom.largest_tile.split("/"))
    return zoom.largest_bytes, -tile_id(z, x, y)
