"""What an export leaves beside its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.findings import Finding

BOOK = "timetable.xlsx"
"""The workbook of an exported feed."""


@dataclass(slots=True)
class Exported:
    """An exported feed.

    Attributes
    ----------
    declaration
        The entry under ``feeds:``, JSON-ready.
    routes, services
        Names of the declaration by the ids of the feed.
    book
        Path of the workbook as the declaration names it.
    findings
        What the workbook cannot hold.
    """

    declaration: dict[str, Any]
    routes: dict[str, str]
    services: dict[str, str]
    book: str = BOOK
    findings: list[Finding] = field(default_factory=list)
