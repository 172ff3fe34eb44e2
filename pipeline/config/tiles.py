"""What the declaration says of a layer's tileset: zooms, what appears when, and its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from pipeline.config.base import Strict, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
Strategy = Literal["simplify", "coalesce", "cluster", "rank", "densest"]
"""As in :data:`pipeline.tiling.options.STRATEGIES`."""


class ZoomRange(Strict):
    """Zooms from the least to the greatest, both included."""

    minzoom: int = Field(default=0, ge=0, le=18)
    maxzoom: int = Field(default=18, ge=0, le=18)

    @model_validator(mode="after")
    def _ordered(self) -> ZoomRange:
        if self.minzoom > self.maxzoom:
            raise problem("zooms-reversed", minzoom=self.minzoom, maxzoom=self.maxzoom)
        return self


class TileFilter(ZoomRange):
    """Features with one of some values appear at some zooms only."""

    field: FieldName
    values: tuple[bool | int | float | str, ...] = Field(min_length=1)


class Tiles(ZoomRange):
    """How a layer's tileset is cut."""

    maxzoom: int = Field(default=14, ge=0, le=18)
    simplification: float = Field(
        default=1.0, ge=0, le=64, description="tolerance in units of a 4,096th tile"
    )
    attribute_zooms: dict[FieldName, ZoomRange] = Field(default_factory=dict)
    filters: tuple[TileFilter, ...] = ()
    budget: int = Field(default=500_000, ge=10_000, description="bytes of one tile")
    reduce: tuple[Strategy, ...] = Field(
        default=(), description="what to do with tiles above the budget, in this order"
    )
    reduce_last_zoom: bool = False
    rank: FieldName | None = Field(
        default=None, description="number by which features are dropped, least first"
    )
    sums: tuple[FieldName, ...] = Field(
        default=(), description="numbers added up when points are clustered"
    )

    @model_validator(mode="after")
    def _ranked(self) -> Tiles:
        if "rank" in self.reduce and self.rank is None:
            raise problem("rank-missing")
        return self

    def fields(self) -> Iterator[str]:
        """Yield every field these rules speak of."""
        yield from self.attribute_zooms
        yield from (rule.field for rule in self.filters)
        yield from self.sums
        if self.rank is not None:
            yield self.rank
