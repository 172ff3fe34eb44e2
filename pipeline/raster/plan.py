"""From the declaration of rasters to their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.graph.step import Step
from pipeline.layers.options import Labelling
from pipeline.raster.steps import (
    RasterDrawing,
    RasterOutput,
    RasterReading,
    RasterRelief,
)
from pipeline.raster.worldfile import raster_files

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.config.rasters import Raster

STEPS = "pipeline.raster.steps"


class RasterPlanner:
    """Makes the steps of rasters, those that several need once.

    Parameters
    ----------
    declaration
        The whole declaration.
    root
        Folder that source paths start from.
    """

    def __init__(self, declaration: Declaration, root: Path) -> None:
        self._declaration, self._root = declaration, root
        self._reads: dict[str, tuple[Step, ...]] = {}
        self._drawn: dict[str, Step] = {}

    def reads(self, name: str) -> tuple[Step, ...]:
        """Return the steps that read the sources of a raster; none for relief."""
        if name not in self._reads:
            raster = self._declaration.rasters[name]
            self._reads[name] = tuple(
                self._read(name, number, raster) for number in range(len(raster.sources))
            )
        return self._reads[name]

    def _read(self, name: str, number: int, raster: Raster) -> Step:
        source = raster.sources[number]
        where = self._declaration.municipalities[source.municipality]
        which = f" {number + 1}" if len(raster.sources) > 1 else ""
        files = tuple((p.name, p) for p in raster_files(self._root / source.path))
        return Step(
            f"rasters.{name}: read{which}", f"{STEPS}:read",
            RasterReading(source, where, raster.kind, self._root), files=files,
            code=("pipeline.raster.child:read",),
        )  # fmt: skip

    def drawn(self, name: str) -> Step:
        """Return the step that has a raster at every zoom."""
        if name not in self._drawn:
            raster = self._declaration.rasters[name]
            make = self._mosaic if raster.origin is None else self._relief
            self._drawn[name] = make(name, raster)
        return self._drawn[name]

    def _mosaic(self, name: str, raster: Raster) -> Step:
        codes = [self._declaration.municipalities[s.municipality].code for s in raster.sources]
        options = RasterDrawing(
            name, raster.kind, raster.tiles.minzoom, raster.tiles.maxzoom, raster.tiles.size,
            tuple((c.value, c.color) for c in raster.classes), tuple(dict.fromkeys(codes)),
            self._root,
        )  # fmt: skip
        return Step(
            f"rasters.{name}: draw", f"{STEPS}:draw", options, self.reads(name),
            code=("pipeline.raster.child:draw",), clean=True,
        )  # fmt: skip

    def _relief(self, name: str, raster: Raster) -> Step:
        assert raster.origin is not None
        return Step(
            f"rasters.{name}: {raster.origin.operation}", f"{STEPS}:relief",
            RasterRelief(raster.origin.model_copy(update={"raster": "x"})),
            (self.drawn(raster.origin.raster),), code=("pipeline.raster.child:relief",),
            clean=True,
        )  # fmt: skip

    def files(self, name: str) -> dict[str, tuple[Step, str]]:
        """Return ``{format: (step, file it makes)}``."""
        raster, drawn = self._declaration.rasters[name], self.drawn(name)
        found: dict[str, tuple[Step, str]] = {}
        if "cog" in raster.outputs:
            file = f"{name}.tif"
            options = output_of(file, raster)
            step = Step(
                f"rasters.{name}: write COG", f"{STEPS}:cog", options, (drawn,),
                code=("pipeline.raster.child:cog",), clean=True,
            )  # fmt: skip
            found["cog"] = step, file
        if "pmtiles" in raster.outputs:
            file = f"{name}.pmtiles"
            words = Labelling(file, raster.title.ja, self.attribution(name), raster.description.ja)
            label = Step(
                f"rasters.{name}: label tiles", "pipeline.layers.steps.label:label", words,
                (self.cut(name),), clean=True,
            )  # fmt: skip
            found["pmtiles"] = label, file
        return found

    def cut(self, name: str) -> Step:
        """Return the step that cuts the tiles of a raster, before they get their words."""
        if f"cut {name}" not in self._drawn:
            raster = self._declaration.rasters[name]
            self._drawn[f"cut {name}"] = Step(
                f"rasters.{name}: cut tiles", f"{STEPS}:cut", output_of(f"{name}.pmtiles", raster),
                (self.drawn(name),), code=("pipeline.raster.child:cut",), clean=True,
            )  # fmt: skip
        return self._drawn[f"cut {name}"]

    def municipalities(self, name: str) -> list[str]:
        """Return the municipalities whose sources take part."""
        raster = self._declaration.rasters[name]
        if raster.origin is not None:
            return self.municipalities(raster.origin.raster)
        return list(dict.fromkeys(source.municipality for source in raster.sources))

    def attribution(self, name: str) -> str:
        """Credit whose files a raster is made from, unless the declaration says more."""
        names = [self._declaration.municipalities[m].name.ja for m in self.municipalities(name)]
        raster = self._declaration.rasters[name]
        origin = self._declaration.rasters[raster.origin.raster] if raster.origin else raster
        return raster.attribution or origin.attribution or "・".join(names)


def output_of(file: str, raster: Raster) -> RasterOutput:
    """Return how a file of a raster is written: relief is no longer of the kind of its heights."""
    if raster.origin is None:
        return RasterOutput(file, raster.kind, raster.tiles, raster.encoding, raster.lossy)
    if raster.origin.operation == "slope":
        return RasterOutput(file, "elevation", raster.tiles, "slope", lossy=False)
    return RasterOutput(file, "photo", raster.tiles, raster.encoding, raster.tiles.quality < 100)
