"""The parts of the declaration that describe rasters: scans, photographs, classes, heights."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pipeline.config.base import Name, Strict, Text, problem
from pipeline.config.described import Described
from pipeline.config.layers import Color
from pipeline.config.sources import relative_path

RasterKind = Literal["photo", "scan", "classes", "elevation"]
Method = Literal["affine", "polynomial", "thin_plate"]
RasterOutput = Literal["cog", "pmtiles"]
Pair = tuple[float, float]


class ControlPoint(Strict):
    """A place that is known on the scan and on the ground.

    ``pixel`` is column and row from the outer corner of the upper left pixel, so that the middle
    of that pixel is 0.5, 0.5; ``position`` is x (easting or longitude) and y in ``crs``.
    """

    pixel: Pair
    position: Pair
    name: str = ""


class Georeference(Strict):
    """How a scan without a position of its own is put on the ground."""

    method: Method = "affine"
    points: tuple[ControlPoint, ...] = Field(min_length=1)
    tolerance: float = Field(
        default=5.0, gt=0, description="metres beyond which a point is named as one that misfits"
    )


class Collar(Strict):
    """What of a scan is paper and not map: outside a polygon, or of a colour at the edge."""

    polygon: tuple[Pair, ...] = Field(
        default=(), description="corners of the map in pixels; outside is cut away"
    )
    color: Color | None = Field(
        default=None, description="cut away where it is connected to the edge of the scan"
    )
    tolerance: int = Field(default=12, ge=0, le=128, description="of each part of the colour")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.polygon) == (self.color is not None):
            raise problem("collar-one-way")
        return self


class RasterSource(Strict):
    """One file, or one zip of GSI's elevation model, of one municipality."""

    municipality: str
    path: Annotated[str, AfterValidator(relative_path)]
    crs: str = ""
    georeference: Georeference | None = None
    collar: Collar | None = None
    nodata: float | None = Field(
        default=None, description="pixels of this value are empty; else what the file says"
    )


class RasterTiles(Strict):
    """How a raster is cut into tiles."""

    minzoom: int = Field(default=8, ge=0, le=22)
    maxzoom: int | None = Field(
        default=None, ge=0, le=22, description="else the zoom whose pixels are no larger than its"
    )
    size: Literal[256, 512] = 512
    format: Literal["webp", "png"] = "webp"
    quality: int = Field(default=85, ge=1, le=100, description="100 loses nothing")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.maxzoom is not None and self.minzoom > self.maxzoom:
            raise problem("zooms-reversed", minzoom=self.minzoom, maxzoom=self.maxzoom)
        return self


class RasterClass(Strict):
    """What a value of a classed raster means."""

    value: int = Field(ge=0, le=255)
    color: Color
    label: Text


class Relief(Strict):
    """A raster made from heights: shaded relief, or slope in degrees."""

    operation: Literal["hillshade", "slope"]
    raster: Name
    azimuth: float = Field(default=315.0, ge=0, le=360)
    altitude: float = Field(default=45.0, gt=0, le=90)
    exaggeration: float = Field(default=1.0, gt=0, le=100)


class Raster(Described):
    """One published raster, from one file or a mosaic of many."""

    title: Text
    description: Text = Text(ja="")
    kind: RasterKind
    sources: tuple[RasterSource, ...] = Field(
        default=(), description="later ones lie on top of earlier ones"
    )
    origin: Relief | None = Field(default=None, alias="from")
    outputs: tuple[RasterOutput, ...] = ("cog", "pmtiles")
    tiles: RasterTiles = RasterTiles()
    encoding: Literal["mapbox", "gsi"] = Field(
        default="mapbox", description="how heights become colours in tiles"
    )
    classes: tuple[RasterClass, ...] = ()
    opacity: float = Field(default=1.0, ge=0, le=1)
    licence: str = ""
    attribution: Annotated[str, StringConstraints(max_length=500)] = ""

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if bool(self.sources) == (self.origin is not None):
            raise problem("dataset-one-origin")
        return self

    @property
    def lossy(self) -> bool:
        """Whether tiles may lose something: never classes or heights."""
        return self.kind in ("photo", "scan") and self.tiles.quality < 100
