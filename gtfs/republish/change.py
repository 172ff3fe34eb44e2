"""A feed being changed, and what was changed about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from gtfs.feed.tables import Feed


@dataclass(slots=True)
class Changing:
    """A feed and the findings of its changes.

    Attributes
    ----------
    feed
        Changed step by step.
    findings
        One per kind of change and table, with the number of places and the first of them.
    """

    feed: Feed
    findings: list[Finding] = field(default_factory=list)

    def say(
        self,
        code: str,
        *,
        count: int,
        file: str = "",
        column: str = "",
        value: object = "",
        **details: object,
    ) -> None:
        """Note a change, unless it changed nothing."""
        if count:
            catalogue = Catalogue.of("gtfs.republish")
            self.findings.append(
                catalogue.finding(
                    code,
                    file=f"{file}.txt" if file else "",
                    field=column,
                    value=value,
                    count=count,
                    **details,  # type: ignore[arg-type]
                )
            )
