"""One source of a dataset: a file of a municipality, or a layer of a neighbour."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from pipeline.config.base import Name, Strict, problem
from pipeline.config.borders import PROVENANCE
from pipeline.config.tiles import FieldName

RESERVED_FIELDS = frozenset(
    {"id", "geometry", "municipality_code", "longitude", "latitude", "bbox", *PROVENANCE}
)
"""Columns that published files get by themselves; a declaration may not define them again."""


QUERY_PARAMETERS = frozenset(
    {"limit", "offset", "datetime", "f", "lang", "crs", "filter", "sortby", "properties", "q"}
)
"""What asks a server of OGC API - Features for something else than a value of a field (17-069r4,
19-079r2); a field called so could not be asked for, or would be asked for by accident."""


def relative_path(path: str) -> str:
    """Return a path that starts from the folder of the declaration; refuse any other."""
    absolute = PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive
    if absolute or path.startswith(("~", "\\")):
        raise problem("path-not-relative")
    return path


def refuse_reserved(names: set[str]) -> None:
    for name in sorted(RESERVED_FIELDS & names):
        raise problem("field-reserved", name=name)
    refuse_parameters(names)


def refuse_parameters(names: set[str] | tuple[str, ...]) -> None:
    for name in sorted(QUERY_PARAMETERS & set(names)):
        raise problem("field-parameter", name=name)


class PointColumns(Strict):
    """Which columns of a table hold a point's coordinates.

    ``x`` is the longitude or easting and ``y`` the latitude or northing, whatever the
    ledger calls them (in Japanese plane rectangular ledgers the column *X* is the northing).
    """

    x: str
    y: str
    crs: str = ""


class Source(Strict):
    """One file of one municipality, or one layer of a neighbour.

    Attributes
    ----------
    neighbour, layer
        Instead of `path`: whose layer it is. Codes of municipalities are the neighbour's own
        where it has them; `municipality` says them for all features where it has none.
    licence, attribution
        Of this source, where they are not those of the layer.
    survey_approval
        Number of the approval under the Survey Act (articles 29, 30, 43, 44), ``not needed`` or
        ``unknown``.
    """

    neighbour: Name | None = None
    layer: Name | None = None
    municipality: str = ""
    path: Annotated[str, AfterValidator(relative_path)] = ""
    licence: str = ""
    attribution: str = ""
    survey_approval: str = ""
    encoding: str = Field(default="", description="cp932, utf-8 …; else .cpg, else found out")
    table: str = Field(default="", description="sheet of a workbook or layer of a GeoPackage")
    header: int = Field(default=1, ge=1, description="row that holds the column names")
    header_rows: int = Field(
        default=1,
        ge=1,
        le=9,
        description="rows that the column names take, 'header' being the last; their parts are "
        "joined from top to bottom with a blank between",
    )
    totals: Literal["refuse", "drop", "keep"] = Field(
        default="refuse", description="what to do with a row called 合計 or 計"
    )
    crs: str = ""
    geometry: PointColumns | None = None
    fields: dict[str, FieldName] = Field(
        default_factory=dict, description="column in the source: name of the published field"
    )
    values: dict[FieldName, str | int | float | bool] = Field(
        default_factory=dict, description="published field: the one value this whole source has"
    )

    @model_validator(mode="after")
    def _names_stand_in_the_file(self) -> Self:
        if self.header_rows > self.header:
            raise problem("header-rows-above", rows=self.header_rows, header=self.header)
        return self

    @classmethod
    def of_feed(cls, path: str) -> Source:
        """Return a file of a feed: it belongs to an operator, not to a municipality."""
        return cls.model_construct(path=path)

    @field_validator("municipality", "path")
    @classmethod
    def _needed_of_a_file(cls, value: str, info: ValidationInfo) -> str:
        taken = info.data.get("neighbour") is not None or info.data.get("layer") is not None
        if not value and not taken:
            raise problem("key-missing", key=str(info.field_name))
        return value

    @model_validator(mode="after")
    def _file_or_neighbour(self) -> Self:
        taken = self.neighbour is not None or self.layer is not None
        if not taken:
            return self
        if self.path or self.neighbour is None or self.layer is None:
            raise problem("source-one-origin")
        return self

    @model_validator(mode="after")
    def _one_giver_per_field(self) -> Source:
        givers: dict[str, list[str]] = {}
        for column, name in self.fields.items():
            givers.setdefault(name, []).append(column)
        for name in self.values:
            givers.setdefault(name, []).append("values")
        for name, given in givers.items():
            refuse_reserved({name})
            if len(given) > 1:
                raise problem("field-twice", name=name, givers=", ".join(given))
        return self
