"""Reading the inventory, and comparing it with what is declared."""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COLUMNS = (
    "番号", "所管課", "名称", "内容", "個人情報", "外部利用", "形式", "オープン度",
    "公開名", "公開日",
)  # fmt: skip
YES_NO = {"個人情報": {"有": True, "無": False}, "外部利用": {"可": True, "不可": False}}
MOST_STARS = 5
MACHINE_READABLE = 3
"""Stars of 5-star open data from which a machine reads it in an open format (CSV)."""


@dataclass(frozen=True)
class Item:
    """One holding.

    Attributes
    ----------
    personal, usable
        Whether it holds personal information; whether it may be used outside the city.
    stars
        Openness after Berners-Lee's five stars; 0 if it is not published.
    published_as
        Name of a layer or feed, or an address; empty if it is not published.
    since
        Day of publication.
    """

    number: str
    office: str
    name: str
    content: str
    personal: bool
    usable: bool
    format: str
    stars: int
    published_as: str
    since: dt.date | None

    @property
    def published(self) -> bool:
        """Whether it is open data."""
        return bool(self.published_as)


def read_inventory(path: Path) -> tuple[list[Item], list[Finding]]:
    """Read the inventory, a CSV file in UTF-8 or CP932 with the headings :data:`COLUMNS`.

    Returns
    -------
    items
        Those rows that can be understood.
    findings
        One error for every row and value that cannot.

    Raises
    ------
    SourceError
        If there is no such file, or columns of it are missing.
    """
    if not path.is_file():
        raise SourceError([_say("inventory-missing", path)])
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp932", errors="replace")
    reader = csv.DictReader(text.splitlines())
    missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        raise SourceError([_say("inventory-columns", path, value="、".join(missing))])
    items: list[Item] = []
    findings: list[Finding] = []
    for row, record in enumerate(reader, 2):
        cells = {key: unicodedata.normalize("NFKC", record[key] or "").strip() for key in COLUMNS}
        wrong = list(_wrong(cells))
        findings += [
            _say("inventory-value", path, row=row, field=field, value=cells[field], known=known)
            for field, known in wrong
        ]
        if not wrong:
            items.append(_item(cells))
    return items, findings + _repeated(items, path)


def disagreements(
    items: Iterable[Item], layers: Iterable[str], feeds: Iterable[str], path: Path
) -> list[Finding]:
    """Say which declared layer or feed the inventory closes or does not know."""
    by_name: dict[str, list[Item]] = {}
    for item in items:
        by_name.setdefault(item.published_as, []).append(item)
    findings = []
    for name in (*layers, *feeds):
        found = by_name.get(name, [])
        if not found:
            findings.append(_say("inventory-without", path, field=name))
        for item in found:
            if not item.usable:
                findings.append(_say("inventory-closed", path, field=name, value=item.number))
            elif item.personal:
                findings.append(_say("inventory-personal", path, field=name, value=item.number))
    return findings


def require_open(path: Path, layers: Iterable[str], feeds: Iterable[str]) -> None:
    """Stop a build that would publish what the inventory closes, or whose inventory is unclear.

    Raises
    ------
    SourceError
        If a declared layer or feed may not be used outside the city, or nobody can tell.
    """
    items, findings = read_inventory(path)
    found = disagreements(items, layers, feeds, path)
    closed = [*findings, *(f for f in found if f.code == "inventory-closed")]
    if closed:
        raise SourceError(closed)


def _wrong(cells: dict[str, str]) -> list[tuple[str, str]]:
    wrong = [(field, "・".join(v)) for field, v in YES_NO.items() if cells[field] not in v]
    if not cells["番号"]:
        wrong.append(("番号", "1, 2, …"))
    stars = cells["オープン度"] or "0"
    if not (stars.isascii() and stars.isdigit() and int(stars) <= MOST_STARS):
        wrong.append(("オープン度", "0–5"))
    if _date(cells["公開日"]) is None and (cells["公開日"] or cells["公開名"]):
        wrong.append(("公開日", "2026-04-01"))
    return wrong


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


def _item(cells: dict[str, str]) -> Item:
    return Item(
        cells["番号"], cells["所管課"], cells["名称"], cells["内容"],
        YES_NO["個人情報"][cells["個人情報"]], YES_NO["外部利用"][cells["外部利用"]],
        cells["形式"], int(cells["オープン度"] or 0), cells["公開名"], _date(cells["公開日"]),
    )  # fmt: skip


def _repeated(items: list[Item], path: Path) -> list[Finding]:
    numbers = [item.number for item in items]
    twice = dict.fromkeys(n for n in numbers if numbers.count(n) > 1)
    return [_say("inventory-number-twice", path, field="番号", value=n) for n in twice]


def _say(
    code: str, path: Path, *, field: str = "", row: int | None = None, value: str = "",
    known: str = "",
) -> Finding:  # fmt: skip
    return Catalogue.of("pipeline.inventory").finding(
        code, file=path.name, field=field, row=row, value=value, known=known
    )
