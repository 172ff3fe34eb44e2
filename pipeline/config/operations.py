"""What ``from:`` may say: the operations that make a dataset from others, and their options.

An operation is a class here, or in a module of its room's name beside this one, listed in
:data:`OPERATIONS`; the function that does it is named in :mod:`pipeline.derive.registry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Union

from pydantic import Field, model_validator

from pipeline.config.base import Name, Strict, problem
from pipeline.config.tiles import FieldName
from pipeline.config.zones import Allocation, Classes, Measure, MeshName

if TYPE_CHECKING:
    from collections.abc import Iterator

Reference = tuple[tuple[str, ...], str, str]
"""Where a dataset is named (keys below ``from``), its section, and its name."""
Scalar = bool | int | float | str


class Dataset(Strict):
    """Another dataset of the declaration: a layer as it is published, or records whole."""

    layer: Name | None = None
    records: Name | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Dataset:
        if (self.layer is None) == (self.records is None):
            raise problem("from-one-dataset")
        return self

    def named(self) -> tuple[str, str, str]:
        """Return the key it is named by, the section and the name."""
        if self.layer is not None:
            return "layer", "layers", self.layer
        return "records", "records", str(self.records)


class Operation(Dataset):
    """What all operations share: the dataset they start from."""

    operation: str

    def references(self) -> Iterator[Reference]:
        """Yield every dataset it needs: the one it starts from, then those its options name."""
        key, section, name = self.named()
        yield (key,), section, name
        for field in type(self).model_fields:
            value = getattr(self, field)
            if isinstance(value, Dataset):
                key, section, name = value.named()
                yield (field, key), section, name


class Condition(Strict):
    """Rows with one of some values of a field, or with a number within bounds."""

    field: FieldName
    values: tuple[Scalar, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        bounded = self.minimum is not None or self.maximum is not None
        if bool(self.values) == bounded:
            raise problem("condition-one-kind")
        return self


class Select(Operation):
    """The rows that fulfil all conditions."""

    operation: Literal["select"]
    where: tuple[Condition, ...] = Field(min_length=1)


class Aggregate(Operation):
    """One row for each value of some fields: counted, added up, areas put together."""

    operation: Literal["aggregate"]
    by: tuple[FieldName, ...] = Field(min_length=1)
    count: FieldName | None = Field(default="count", description="field of the number of rows")
    sums: dict[FieldName, FieldName] = Field(
        default_factory=dict, description="new field: field whose numbers are added up"
    )
    shapes: Literal["dissolve", "none"] = Field(
        default="dissolve", description="none: the result is a table"
    )


class Join(Operation):
    """The columns of a table put to the rows that have the same key."""

    operation: Literal["join"]
    table: Dataset
    on: dict[FieldName, FieldName] = Field(
        min_length=1, description="field here: field of the table"
    )
    take: tuple[FieldName, ...] = Field(
        default=(), description="fields of the table; all unless given"
    )


class Zones(Operation):
    """Numbers of rows by cells of the standard grid, or by areas: counted, added up, related.

    Totals are those of the rows to the last unit, however shapes lie across zones.
    """

    operation: Literal["zones"]
    mesh: MeshName | None = None
    areas: Dataset | None = None
    weights: Dataset | None = Field(
        default=None, description="points or areas, e.g. buildings, that rows are spread over"
    )
    weight: FieldName | None = Field(default=None, description="their number, e.g. floor area")
    allocate: Allocation = Field(
        default="centroid", description="area: a shape across zones is divided by its area"
    )
    on: dict[FieldName, FieldName] = Field(
        default_factory=dict, description="field here: field of the areas, instead of by place"
    )
    take: tuple[FieldName, ...] = Field(
        default=(), description="fields of the areas; all unless given"
    )
    per: tuple[FieldName, ...] = Field(
        default=(), description="a row for each value of these fields within a zone, e.g. year"
    )
    classes: Classes | None = None
    measures: dict[FieldName, Measure] = Field(min_length=1)

    @model_validator(mode="after")
    def _zones_of_one_kind(self) -> Zones:
        if self.mesh is not None and self.areas is not None:
            raise problem("zones-one-kind")
        if (self.on or self.take) and self.areas is None:
            raise problem("zones-without-areas")
        if (self.weights is None) != (self.weight is None) or (self.on and self.weights):
            raise problem("zones-weight")
        return self

    @model_validator(mode="after")
    def _measures_of_measures(self) -> Zones:
        plain = [name for name, m in self.measures.items() if m.kind in ("count", "sum")]
        for name, measure in self.measures.items():
            if name not in plain and measure.of not in plain:
                raise problem(
                    "measure-of-nothing", name=name, of=measure.of, known=", ".join(plain)
                )
            if measure.kind == "share" and not (
                set(measure.over) <= set(self.per) and (measure.over or self.classes)
            ):
                raise problem("share-of-nothing", name=name)
        return self


class Crosswalk(Operation):
    """The rows with a code put beside the code of another list: a municipality's and the nation's.

    Nothing is guessed: a code that is not in the table, or stands for several, stays unmapped.
    """

    operation: Literal["crosswalk"]
    field: FieldName = Field(description="the codes as the source has them; they stay")
    to: FieldName = Field(description="new field of codes; its labels get '_label' added")
    using: str | dict[str, str] = Field(
        default="",
        description="a table of pipeline/schemas/crosswalks, or {municipality code: table}",
    )
    table: Dataset | None = Field(
        default=None, description="a table of one's own with fields code, to, kind"
    )

    @model_validator(mode="after")
    def _one_table(self) -> Crosswalk:
        if bool(self.using) == (self.table is not None):
            raise problem("crosswalk-one-table")
        return self


class Changes(Operation):
    """Two years of one survey side by side: unchanged, converted, built, demolished."""

    operation: Literal["changes"]
    after: Dataset = Field(description="the later year; 'layer' or 'records' is the earlier one")
    field: FieldName = Field(description="the class that is compared, e.g. national_use")
    id: FieldName | None = Field(default=None, description="names one thing in both years")
    overlap: float = Field(
        default=0.5, gt=0, le=1, description="common area, of the smaller one, of one thing"
    )
    result: Literal["features", "matrix"] = Field(
        default="features", description="matrix: rows and area of each change, class to class"
    )


class Contours(Operation):
    """Lines of equal height of a raster, every so many metres."""

    operation: Literal["contours"]
    raster: Name
    interval: float = Field(gt=0, description="metres between two lines")
    zoom: int | None = Field(
        default=None, ge=0, le=22, description="of whose pixels; else the largest there is"
    )

    @model_validator(mode="after")
    def _names_one(self) -> Contours:
        if self.layer is not None or self.records is not None:
            raise problem("from-one-dataset")
        return self

    def named(self) -> tuple[str, str, str]:
        """Return the key it is named by, the section and the name."""
        return "raster", "rasters", self.raster


class RasterMeasure(Strict):
    """One number about the pixels of an area; of a class, its share."""

    statistic: Literal["mean", "min", "max", "share", "covered"]
    value: int | None = Field(default=None, description="the class whose share is meant")

    @model_validator(mode="after")
    def _share_of_one(self) -> RasterMeasure:
        if (self.statistic == "share") != (self.value is not None):
            raise problem("share-without-value")
        return self


class Zonal(Operation):
    """The rows of a dataset with numbers about the pixels of a raster inside their areas."""

    operation: Literal["zonal"]
    raster: Name
    numbers: dict[FieldName, RasterMeasure] = Field(min_length=1)

    def references(self) -> Iterator[Reference]:
        """Yield the dataset it starts from, then the raster."""
        yield from super().references()
        yield ("raster",), "rasters", self.raster


OPERATIONS: tuple[type[Operation], ...] = (
    Select,
    Aggregate,
    Join,
    Zones,
    Crosswalk,
    Changes,
    Contours,
    Zonal,
)
"""Every operation a declaration may name."""

if TYPE_CHECKING:
    Origin = Operation
else:
    Origin = Annotated[Union[OPERATIONS], Field(discriminator="operation")]  # noqa: UP007
