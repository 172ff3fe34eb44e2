"""A raster as a job of a build: its steps, its files, its part of the manifest."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

from pipeline.findings import has_error
from pipeline.jobs import Built, Kind, Needs, link
from pipeline.raster.plan import output_of
from pipeline.raster.slopes import SLOPES

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.config.rasters import Raster
    from pipeline.graph.keys import Keys
    from pipeline.jobs import Results
    from pipeline.raster.plan import RasterPlanner


class RasterJob:
    """Builds one raster; in a release it stands among the layers.

    Parameters
    ----------
    name
        Of the raster.
    declaration
        The whole declaration.
    planner
        Of this build.
    """

    kind: Kind = "layers"

    def __init__(self, name: str, declaration: Declaration, planner: RasterPlanner) -> None:
        self.name = name
        self.raster = declaration.rasters[name]
        self.title = self.raster.title.model_dump()
        self._declaration, self._planner = declaration, planner

    def key(self, keys: Keys) -> str:
        """Return a digest of the keys of all steps, of what is said beside them, and of how."""
        steps = [step for step, _ in self._planner.files(self.name).values()]
        said = {
            "steps": [keys.key(step) for step in steps],
            "raster": self.raster.model_dump(mode="json", by_alias=True, exclude={"sources"}),
            "licence": self._declaration.publisher.licence,
            "attribution": self._planner.attribution(self.name),
            "code": keys.digest("pipeline.raster.job:RasterJob"),
        }
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def may_serve(self, entry: dict[str, Any]) -> bool:
        """Tell that an earlier version may be served: a raster withholds nothing."""
        return "raster" in entry

    def needs(self, *, check: bool) -> Needs:
        """Return the steps up to the drawn raster, and to publish, those of its files."""
        told = (self._planner.drawn(self.name),)
        if check:
            reads = self._planner.reads(self.name)
            return Needs(reads or told, ())
        files = self._planner.files(self.name).values()
        return Needs(told, tuple(step for step, _ in files))

    def findings(self, results: Results) -> Built:
        """Return what was found when the sources were read."""
        built = Built({"title": self.title})
        for step in self._planner.reads(self.name):
            built.findings += results(step).findings
        return built

    def compose(self, results: Results, folder: Path) -> Built:
        """Link the files of the raster into `folder` and say what they are."""
        drawn = self._planner.drawn(self.name)
        files = self._planner.files(self.name)
        steps = [*drawn.ancestors(), drawn, *(step for step, _ in files.values())]
        if "pmtiles" in files:
            steps.append(self._planner.cut(self.name))
        built = Built(self._entry(results))
        for step in dict.fromkeys(steps):
            built.findings += results(step).findings
        if has_error(built.findings):
            return built
        for kind, (step, file) in files.items():
            entry = results(step).entry
            if entry is not None and file in entry.files:
                link(entry.path(file), folder / file)
                built.artefacts[kind] = file
        self._facts_of_tiles(results, built)
        return built

    def _facts_of_tiles(self, results: Results, built: Built) -> None:
        entry = (
            results(self._planner.cut(self.name)).entry if "pmtiles" in built.artefacts else None
        )
        if entry is not None:
            tiles = entry.facts["tiles"]
            built.entry["tiles"] = {"minzoom": tiles["minzoom"], "maxzoom": tiles["maxzoom"]}
            built.entry["raster"] |= {"size": tiles["size"]}

    def accept(self, results: Results, keys: Keys) -> str:
        """Do nothing: a raster leaves nothing behind."""
        return ""

    def _entry(self, results: Results) -> dict[str, Any]:
        raster = self.raster
        drawn = results(self._planner.drawn(self.name)).entry
        output = output_of("", raster)
        return {
            "title": self.title,
            "description": raster.description.model_dump(),
            **raster.described(),
            "licence": raster.licence or self._declaration.publisher.licence,
            "attribution": self._planner.attribution(self.name),
            "geometry": "Raster",
            "features": 0,
            "fields": [],
            "extent": _degrees(drawn.facts["bounds"]) if drawn is not None else None,
            "raster": {
                "kind": "slope" if output.scheme == "slope" else output.kind,
                "encoding": output.scheme if output.kind == "elevation" else "",
                "opacity": raster.opacity,
                "pixel_m": drawn.facts["pixel_m"] if drawn is not None else None,
                "classes": _legend(raster, output.scheme),
            },
            "sources": self._sources(results),
        }

    def _sources(self, results: Results) -> list[dict[str, Any]]:
        reads = self._planner.reads(self.name)
        named = [source.municipality for source in self.raster.sources]
        return [
            {"municipality": name} | entry.facts["facts"]
            for name, step in zip(named, reads, strict=True)
            if (entry := results(step).entry) is not None
        ]


def _legend(raster: Raster, scheme: str) -> list[dict[str, Any]]:
    if scheme == "slope":
        return [
            {
                "value": least,
                "color": color,
                "label": {"ja": f"{least}°〜", "en": f"{least}° and up"},
            }
            for least, color in SLOPES
        ]
    return [c.model_dump(mode="json") for c in raster.classes]


def _degrees(bounds: list[float]) -> list[float]:
    """Return bounds in Web Mercator metres as degrees."""
    radius = 6378137.0
    west, south, east, north = bounds
    lon = [math.degrees(v / radius) for v in (west, east)]
    lat = [math.degrees(math.atan(math.sinh(v / radius))) for v in (south, north)]
    return [round(v, 7) for v in (lon[0], lat[0], lon[1], lat[1])]
