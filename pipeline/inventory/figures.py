"""The table of figure 4-2 of the city's plan and the indicators by fiscal year."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline.inventory.items import MACHINE_READABLE, Item

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

APRIL = 4


class Openness(StrEnum):
    """What may become of a holding, in the order of figure 4-2; the first that fits counts."""

    PERSONAL = "含む個人情報"
    CLOSED = "外部利用不可"
    IMPROVABLE = "公開済で向上可能"
    OPEN = "公開済"
    OPENABLE = "公開可能"


ENGLISH = {
    Openness.PERSONAL: "holds personal information",
    Openness.CLOSED: "not for use outside",
    Openness.IMPROVABLE: "published, could be better",
    Openness.OPEN: "published, machine-readable",
    Openness.OPENABLE: "could be published",
}


@dataclass(frozen=True)
class Year:
    """Indicators at the end of a fiscal year (April to March), counted from the beginning.

    Attributes
    ----------
    year
        In which it begins.
    published, machine_readable
        Data sets.
    """

    year: int
    published: int
    machine_readable: int


def openness(item: Item) -> Openness:
    """Tell in which column of figure 4-2 a holding stands.

    What is published comes first although its ledger holds personal information: only declared
    fields of it are.
    """
    if item.published and item.usable:
        return Openness.OPEN if item.stars >= MACHINE_READABLE else Openness.IMPROVABLE
    if item.personal:
        return Openness.PERSONAL
    return Openness.OPENABLE if item.usable else Openness.CLOSED


def table(items: Sequence[Item]) -> dict[str, dict[Openness, int]]:
    """Count holdings by office, in order of the inventory, and by openness."""
    counts: dict[str, dict[Openness, int]] = {}
    for item in items:
        office = counts.setdefault(item.office, dict.fromkeys(Openness, 0))
        office[openness(item)] += 1
    return counts


def fiscal_year(day: dt.date) -> int:
    """Return the year in which a Japanese fiscal year begins."""
    return day.year if day.month >= APRIL else day.year - 1


def indicators(items: Sequence[Item]) -> list[Year]:
    """Count what is published at the end of each fiscal year, gaps included.

    A holding is counted as machine-readable by what it is now: the inventory does not say when
    that changed.
    """
    open_now = [item for item in items if item.published and item.usable and item.since]
    years = [fiscal_year(item.since) for item in open_now if item.since]
    if not years:
        return []
    readable = [item.stars >= MACHINE_READABLE for item in open_now]
    return [
        Year(
            year,
            sum(y <= year for y in years),
            sum(y <= year and r for y, r in zip(years, readable, strict=True)),
        )
        for year in range(min(years), max(years) + 1)
    ]


def as_json(items: Sequence[Item]) -> dict[str, Any]:
    """Return table and indicators as JSON-ready data."""
    return {
        "offices": {
            office: {kind.value: n for kind, n in row.items()}
            for office, row in table(items).items()
        },
        "years": [asdict(year) for year in indicators(items)],
    }


def as_csv(items: Sequence[Item]) -> str:
    """Return the table of figure 4-2 as CSV with CRLF."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(["所管課", *Openness, "合計"])
    for office, row in table(items).items():
        writer.writerow([office, *row.values(), sum(row.values())])
    return stream.getvalue()


def as_page(items: Sequence[Item], publisher: str) -> str:
    """Return table and indicators as a page."""
    return _template().render(
        publisher=publisher,
        kinds=list(Openness),
        english=ENGLISH,
        table=table(items),
        years=indicators(items),
        total=len(items),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.inventory", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
