"""What a run of the engine did, zoom by zoom, for the manifest and for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from pipeline.findings import Finding
    from pipeline.tiling.mvt.statistics import Statistics
    from pipeline.tiling.options import TileOptions

_CATALOGUE = Catalogue.of("pipeline.tiling")

CAUSES = {
    "polygons_tiny": "polygon smaller than four units, below the last zoom",
    "polygons_merged": "of these, the ones shown through a neighbour's square of equal area",
    "lines_too_short": "line shorter than one unit, left out below the last zoom",
    "parts_too_small": "part of a feature smaller than one unit, left out below the last zoom",
    "enlarged": "feature flattened by the grid, given one unit of width at the last zoom",
    "repaired": "piece of a polygon made valid after snapping",
    "hidden": "feature outside the zooms its layer or filter allows",
    "simplified_more": "feature drawn coarser to keep a tile in its budget",
    "coalesced": "feature joined with others of equal attributes",
    "clustered": "point taken into a cluster",
    "dropped_by_rank": "feature of low rank left out to keep a tile in its budget",
    "dropped_densest": "feature left out where features crowd most",
}
"""Everything that may happen to features other than being drawn as they are."""


@dataclass(slots=True)
class ZoomStatistics:
    """One zoom of a tileset.

    Attributes
    ----------
    zoom, tiles, features, bytes
        Features are counted once in every tile they are in; bytes are compressed.
    largest_bytes, largest_tile
        The largest tile and its address ``z/x/y``.
    over_budget
        Tiles larger than the budget in spite of everything.
    causes
        Cause -> count, see :data:`CAUSES`; zero counts are left out.
    """

    zoom: int
    tiles: int = 0
    features: int = 0
    bytes: int = 0
    largest_bytes: int = 0
    largest_tile: str = ""
    over_budget: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    def count(self, cause: str, number: int) -> None:
        """Add to what happened for one cause."""
        if number:
            self.causes[cause] = self.causes.get(cause, 0) + int(number)


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One layer of a tileset.

    Attributes
    ----------
    name, features
        Features of the input, unusable ones included.
    shapes
        What they were drawn from: more where geometries are mixed.
    kinds
        ``"Point"``, ``"LineString"``, ``"Polygon"`` -> shapes.
    fields
        Attribute -> ``"String"``, ``"Number"``, ``"Boolean"`` or ``"Mixed"``.
    minzoom, maxzoom
        Zooms at which it appears.
    statistics
        Attribute -> what it holds, for the metadata.
    """

    name: str
    features: int
    shapes: int
    kinds: dict[str, int]
    fields: dict[str, str]
    minzoom: int
    maxzoom: int
    statistics: dict[str, Statistics] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; the statistics are in the archive."""
        facts = asdict(self)
        del facts["statistics"]
        return facts


@dataclass(frozen=True, slots=True)
class TileReport:
    """What one run made.

    Attributes
    ----------
    zooms
        One entry per zoom, ascending, everything dropped or drawn otherwise included.
    layers
        One entry per layer, in drawing order.
    bounds
        West, south, east, north in degrees.
    findings
        What was wrong with the input.
    seconds
        How long it took.
    """

    zooms: list[ZoomStatistics]
    layers: list[LayerSummary]
    bounds: tuple[float, float, float, float]
    findings: list[Finding]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "zooms": [asdict(zoom) for zoom in self.zooms],
            "layers": [layer.as_dict() for layer in self.layers],
            "bounds": list(self.bounds),
            "findings": [finding.as_dict() for finding in self.findings],
            "seconds": round(self.seconds, 3),
        }


def budget_findings(zooms: list[ZoomStatistics], options: TileOptions) -> list[Finding]:
    """Return one finding for every zoom with tiles above the budget."""
    return [
        _CATALOGUE.finding(
            "tile-over-budget",
            count=zoom.over_budget,
            zoom=zoom.zoom,
            budget=options.tile_bytes,
            largest=zoom.largest_bytes,
            tile=zoom.largest_tile,
        )
        for zoom in zooms
        if zoom.over_budget
    ]
