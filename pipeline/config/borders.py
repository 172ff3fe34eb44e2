"""What ``borders:`` of a layer may say: what is measured at the line, and what may be mended."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from pipeline.config.base import Name, Strict, problem
from pipeline.config.tiles import FieldName

Rule = Literal["report", "clip", "snap", "fill", "prefer", "link"]
PROVENANCE = ("border_rule", "border_moved", "border_original", "border_link")
"""Fields that a rule adds: which, metres moved, digest of what was there, id of the same place."""


def _several(given: object) -> object:
    return (given,) if isinstance(given, str) else given


class Borders(Strict):
    """How a layer is held against its neighbours along the line."""

    rule: Annotated[tuple[Rule, ...], BeforeValidator(_several)] = Field(
        default=("report",),
        description="what is done: report (nothing), clip, snap, fill, prefer, link; or several",
    )
    tolerance: float = Field(
        default=0.5, gt=0, le=50, description="metres: what is nearer belongs together"
    )
    reach: float = Field(
        default=20, gt=0, le=500, description="metres from the line at which lines end at it"
    )
    full: bool = Field(
        default=False, description="areas leave no land free: what nobody covers is a gap"
    )
    agree: tuple[FieldName, ...] = Field(
        default=(), description="fields that are to say the same on both sides"
    )
    name: FieldName | None = Field(
        default=None, description="field of the names by which the same place is found in two lists"
    )
    address: FieldName | None = None
    prefer: tuple[Name, ...] = Field(
        default=(), description="municipalities whose drawing counts where both claim, best first"
    )
    newest: FieldName | None = Field(
        default=None, description="field of the date: where both claim, the later counts"
    )

    @model_validator(mode="after")
    def _rules_agree(self) -> Borders:
        rules = self.rule
        for one, other in (("report", None), ("clip", "snap"), ("clip", "prefer")):
            others = [r for r in rules if r != one] if other is None else [other]
            if one in rules and set(others) & set(rules):
                raise problem("borders-rules-contradict", one=one, other=others[0])
        if self.prefer and self.newest:
            raise problem("borders-rules-contradict", one="prefer", other="newest")
        if "prefer" in rules and not (self.prefer or self.newest):
            raise problem("borders-rule-needs", rule="prefer", key="prefer / newest")
        if "link" in rules and self.name is None:
            raise problem("borders-rule-needs", rule="link", key="name")
        if "fill" in rules and not self.full:
            raise problem("borders-rule-needs", rule="fill", key="full")
        if self.tolerance > self.reach:
            raise problem("borders-rules-contradict", one="tolerance", other="reach")
        return self

    @property
    def changes(self) -> bool:
        """Whether any rule changes anything."""
        return self.rule != ("report",)

    def added(self) -> tuple[str, ...]:
        """Return the fields that the rules add."""
        if not self.changes:
            return ()
        return PROVENANCE if "link" in self.rule else PROVENANCE[:3]
