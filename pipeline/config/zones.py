"""What ``from: {operation: zones}`` may say: records added up by cells of a mesh or by areas."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.base import Strict, Text, problem
from pipeline.config.tiles import FieldName

MeshName = Literal["10km", "5km", "2km", "1km", "500m", "250m", "125m"]
Allocation = Literal["centroid", "area"]


class Measure(Strict):
    """One number of a zone."""

    kind: Literal["count", "sum", "share", "density", "ratio"]
    of: FieldName | None = Field(
        default=None, description="sum: a field; share, density, ratio: another measure"
    )
    to: FieldName | None = Field(
        default=None, description="ratio: the measure, or field of the zones, it is divided by"
    )
    over: tuple[FieldName, ...] = Field(
        default=(), description="share: the fields of 'per' whose values together are the whole"
    )
    title: Text | None = None

    @model_validator(mode="after")
    def _says_of_what(self) -> Measure:
        if (self.kind == "count") != (self.of is None) or (self.kind == "ratio") == (
            self.to is None
        ):
            raise problem("measure-incomplete", kind=self.kind)
        return self


class Classes(Strict):
    """Values of a field put together; each group is a column of every count and sum."""

    field: FieldName
    groups: dict[FieldName, tuple[str | int | float | bool, ...]] = Field(min_length=1)
    titles: dict[FieldName, Text] = Field(default_factory=dict)
    rest: FieldName = Field(default="other", description="column of all values in no group")

    @model_validator(mode="after")
    def _each_value_once(self) -> Classes:
        values = [value for group in self.groups.values() for value in group]
        twice = [value for value in values if values.count(value) > 1]
        if twice or self.rest in self.groups:
            raise problem("classes-twice", value=twice[0] if twice else self.rest)
        return self
