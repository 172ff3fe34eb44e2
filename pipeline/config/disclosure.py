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


class Dominance(Strict):
    """The (n,k) rule: a sum is not shown if its `n` largest parts are more than `k` % of it.

    Source: Handbook on Statistical Disclosure Control, 4.2.2.
    """

    n: int = Field(ge=1, le=10, description="how many of the largest contributors count together")
    k: float = Field(gt=0, lt=100, description="percent of the sum that they may have at most")


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
    dominance: Dominance | None = Field(
        default=None, description="suppress: sums that few contributors make up are not shown"
    )
    p_percent: float | None = Field(
        default=None,
        gt=0,
        lt=100,
        description="suppress: no contributor may know another's part of a sum within so many %",
    )
    contributor: FieldName | None = Field(
        default=None,
        description="field that names whose a record is, for dominance and p_percent; it is not "
        "published; each record stands for itself if left out",
    )
    within: FieldName | None = Field(
        default=None, description="merge: only areas with one value of this field; else of one town"
    )

    @model_validator(mode="after")
    def _belongs_to_its_remedy(self) -> Self:
        for name, remedy in (("base", "round"), ("within", "merge")):
            if getattr(self, name) is not None and self.remedy != remedy:
                raise problem("disclosure-other-remedy", name=name, remedy=remedy)
        for name in ("dominance", "p_percent"):
            if getattr(self, name) is not None and self.remedy not in (None, "suppress"):
                raise problem("disclosure-other-remedy", name=name, remedy="suppress")
        if self.contributor is not None and not self.largest:
            raise problem("contributor-of-nothing", name=self.contributor)
        return self

    @property
    def largest(self) -> int:
        """How many of the largest contributions to a sum the rules look at; 0 without a rule."""
        most = self.dominance.n if self.dominance is not None else 0
        return max(most, 2 if self.p_percent is not None else 0)

    @property
    def controlled(self) -> bool:
        """Whether cells of few records are to be kept from view."""
        return (self.min_count != 1 and self.declared) or self.largest > 0

    @property
    def declared(self) -> bool:
        """Whether anything of it is said, be it that every cell may be shown."""
        said = (self.min_count, self.remedy, self.interval, self.dominance, self.p_percent)
        return any(value is not None for value in said)

    @property
    def fewest(self) -> int:
        """Number of records that are enough."""
        return self.min_count or FEWEST

    def added(self) -> tuple[str, ...]:
        """Return the names of the fields that are added to the table."""
        if not self.controlled or self.remedy == "round":
            return ()
        return ADDED if self.remedy == "merge" else ADDED[:1]
