"""``findings.csv``: every place of every finding, for a spreadsheet in the office."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from pipeline.check.formulas import starts_formula
from pipeline.findings import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.release.outcome import Outcome

COLUMNS = (
    "公開物 name", "重さ severity", "ファイル file", "シート sheet", "行 row", "セル cell",
    "地物 feature", "項目 field", "値 value", "件数 count", "内容", "どうすればよいか", "message",
    "remedy", "規則 code",
)  # fmt: skip


def write_findings(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write one row for each place of each finding.

    UTF-8 with a byte order mark, as :func:`pipeline.write.write_csv` has it. A cell that a
    spreadsheet would run as a formula gets an apostrophe in front, here where what is wrong
    with a ledger is looked at; what is published stays as it is.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream, lineterminator="\r\n")
        table.writerow(COLUMNS)
        for outcome in outcomes:
            for finding in outcome.findings:
                table.writerows(_rows(f"{outcome.kind}.{outcome.name}", finding))


def _rows(name: str, finding: Finding) -> Iterator[list[str]]:
    own = Place(finding.row, finding.feature, finding.value, finding.cell)
    for place in finding.places or (own,):
        cells = (
            name, finding.severity.value, finding.file, finding.sheet,
            "" if place.row is None else str(place.row), place.cell, place.feature,
            finding.field, place.value, "1" if finding.places else str(finding.count),
            finding.message_ja, finding.remedy_ja, finding.message_en, finding.remedy_en,
            finding.code,
        )  # fmt: skip
        yield [_harmless(cell) for cell in cells]


def _harmless(cell: str) -> str:
    return f"'{cell}" if starts_formula(cell) else cell
