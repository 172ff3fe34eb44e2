"""Zones of demand-responsive service: polygons into ``locations.geojson``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import shapely

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from pipeline.config.base import Text
from pipeline.config.layers import Municipality
from pipeline.config.sources import Source
from pipeline.errors import SourceError
from pipeline.sources.read import read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from shapely import Geometry

    from pipeline.config.demand import Zone, ZoneService
    from pipeline.findings import Finding

_GRID = 1e-6
"""Degrees; about a decimetre."""


def read_zone(zone: Zone, root: Path, findings: list[Finding]) -> Geometry:
    """Return the polygon of a zone in degrees of JGD2011, outer rings counter-clockwise.

    Raises
    ------
    TimetableUnreadable
        If the file cannot be read or holds no such single area (``zone-unreadable``).
    """
    owner = Municipality.model_construct(code="", name=Text(ja=""), crs="")
    try:
        table = read_source(Source.of_feed(zone.file), owner, root)
    except SourceError as error:
        raise TimetableUnreadable(error.findings[0]) from error
    findings += table.findings
    frame = table.frame
    if zone.field:
        if zone.field not in frame.columns:
            columns = "、".join(c for c in map(str, frame.columns) if c != "geometry")
            raise TimetableUnreadable(
                notice("column-missing", file=zone.file, field=zone.field, columns=columns)
            )
        frame = frame[frame[zone.field].astype(str) == zone.value]
    found = [g for g in frame.geometry if g is not None and g.geom_type.endswith("Polygon")]
    if len(found) != 1:
        raise TimetableUnreadable(
            notice(
                "zone-unreadable",
                file=zone.file,
                field=zone.field,
                value=zone.value,
                areas=len(found),
            )
        )
    whole = shapely.set_precision(shapely.make_valid(found[0]), _GRID)
    return shapely.orient_polygons(whole)


def area_id(route: str, zones: tuple[str, ...]) -> str:
    """Return the id of the area a service covers: its only zone's name, else one of its own."""
    if len(zones) == 1:
        return zones[0]
    digest = hashlib.blake2s("\n".join(sorted(zones)).encode(), digest_size=4).hexdigest()
    return f"area_{route}_{digest}"


def locations(
    services: Iterable[ZoneService], zones: Mapping[str, Zone], shapes: Mapping[str, Geometry]
) -> dict[str, Any]:
    """Return ``locations.geojson``: a feature per area somebody can be picked up in.

    Zones served together are one area: rides go from any of them to any, and validators refuse a
    trip whose zones overlap, which those of a city do by some metres.
    """
    features = {}
    for service in services:
        name = area_id(service.route, service.zones)
        whole = shapely.union_all([shapes[zone] for zone in service.zones], grid_size=_GRID)
        features[name] = {
            "type": "Feature",
            "id": name,
            "properties": {"stop_name": "・".join(zones[zone].title.ja for zone in service.zones)},
            "geometry": shapely.geometry.mapping(shapely.orient_polygons(whole)),
        }
    return {"type": "FeatureCollection", "features": [features[n] for n in sorted(features)]}
