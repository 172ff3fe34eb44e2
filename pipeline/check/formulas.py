"""Text that a spreadsheet would run as a formula when someone opens the published CSV."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from pipeline.findings import Catalogue, Finding
from pipeline.sources.table import places
from pipeline.standardise.columns import ROW, SOURCE
from pipeline.standardise.values import NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pipeline.standardise.columns import Field

STARTS = ("=", "+", "-", "@", "\t", "\r")
"""OWASP, CSV Injection; a Japanese spreadsheet takes their full-width forms as well."""


def starts_formula(text: str) -> bool:
    """Tell whether a spreadsheet would take a cell for a formula: no number and no lone sign."""
    plain = unicodedata.normalize("NFKC", text)
    return len(plain) > 1 and plain.startswith(STARTS) and not NUMBER.fullmatch(plain)


def formula_findings(frame: pd.DataFrame, fields: Sequence[Field]) -> list[Finding]:
    """Report the values of published text fields that would run in a spreadsheet.

    Parameters
    ----------
    frame
        With :data:`ROW` and :data:`SOURCE`; the values stay as they are.
    fields
        Those that are published.
    """
    findings = []
    for field in fields:
        if field.type != "string":
            continue
        risky = frame[frame[field.name].map(starts_formula, na_action="ignore").eq(True)]
        findings += [
            Catalogue.of("pipeline").finding(
                "value-formula",
                file=str(file),
                field=field.title_ja,
                places=places(str(file), part[ROW], part[field.name]),
            )
            for file, part in risky.groupby(SOURCE, sort=False)
        ]
    return findings
