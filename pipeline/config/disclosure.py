"""What ``privacy:`` may say of tables about few records."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Strict, problem
from pipeline.config.tiles import FieldName

Remedy = Literal["merge", "suppress", "round"]
ADDED = ("suppressed", "merge_treatment", "merged_into", "merged_from")
"""Fields that disclosure control adds to a table."""
FEWEST = 10
"""Records that are enough unless declared."""


class Disclosure(Strict):
    """How a table of aggregates is kept from telling of single records."""

    min_count: int | None = Field(
        default=None,
        ge=1,
        description="a cell of fewer records is not shown; 10 if left out, 1 shows every cell",
    )
    remedy: Remedy | None = Field(default=None, description="what is done with such cells")
    interval: float | None = Field(
        default=None, gt=0, description="least width of what may be computed; min_count if left out"
    )
    base: int | None = Field(
        default=None, ge=2, description="round: to multiples of; 5 if left out"
    )
    within: FieldName | None = Field(
        default=None, description="merge: only areas with one value of this field; else of one town"
    )

    @model_validator(mode="after")
    def _belongs_to_its_remedy(self) -> Self:
        for name, remedy in (("base", "round"), ("within", "merge")):
            if getattr(self, name) is not None and self.remedy != remedy:
                raise problem("disclosure-other-remedy", name=name, remedy=remedy)
        return self

    @property
    def controlled(self) -> bool:
        """Whether cells of few records are to be kept from view."""
        return self.min_count != 1 and self.declared

    @property
    def declared(self) -> bool:
        """Whether anything of it is said, be it that every cell may be shown."""
        return self.min_count is not None or self.remedy is not None or self.interval is not None

    @property
    def fewest(self) -> int:
        """Number of records that are enough."""
        return self.min_count or FEWEST

    def added(self) -> tuple[str, ...]:
        """Return the names of the fields that are added to the table."""
        if not self.controlled or self.remedy == "round":
            return ()
        return ADDED if self.remedy == "merge" else ADDED[:1]
