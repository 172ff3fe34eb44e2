"""How a table may be read side by side: classes against towns and years."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.base import Strict, Text
from pipeline.config.tiles import FieldName


class Comparison(Strict):
    """A table of one number by class, town and year, shown side by side with a chart.

    The towns are those of ``municipality_code``.
    """

    by: FieldName = Field(description="field of the classes; codes and words of it stand in rows")
    label: FieldName | None = Field(
        default=None, description="field of the words of the classes; those of its codes without it"
    )
    measure: FieldName = Field(description="the number that is compared")
    shown: Literal["number", "percent"] = Field(
        default="number", description="percent: the number is a share of 1"
    )
    year: FieldName | None = Field(
        default=None, description="field of the year; a town has a column for each"
    )
    definition: Text = Field(
        default=Text(ja=""), description="what exactly is counted, by what it is divided"
    )

    def fields(self) -> tuple[str, ...]:
        """Return the fields it reads."""
        return tuple(n for n in (self.by, self.label, self.measure, self.year) if n is not None)
