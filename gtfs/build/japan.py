"""What Japan adds to GTFS: corporate numbers, readings, the files of GTFS-JP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.notices import notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.config.base import Text
    from pipeline.config.feed_parts import Operator
    from pipeline.config.feeds import Feed
    from pipeline.findings import Finding

Row = dict[str, object]


def check_digit(base: str) -> int:
    """Return the check digit of a 法人番号 from its other twelve digits.

    Rule: 9 less the remainder by 9 of the digits weighted 1, 2, 1, 2 … from the last
    (法人番号の指定等に関する省令 第 2 条).
    """
    weighted = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(base)))
    return 9 - weighted % 9


def check_operator(operator: Operator) -> list[Finding]:
    """Return a finding if the operator's 法人番号 cannot be one."""
    expected = check_digit(operator.id[1:])
    if int(operator.id[0]) == expected:
        return []
    return [
        notice("corporate-number-wrong", field="operator.id", value=operator.id, expected=expected)
    ]


class Translations:
    """Collects rows of ``translations`` in the form that names the record."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(
        self, table: str, field: str, record_id: str, *, reading: str = "", english: str = ""
    ) -> None:
        """Add the reading (ja-Hrkt) and the English of one field of one record.

        `record_id` is empty for ``feed_info``, whose only record has no id.
        """
        for language, words in (("ja-Hrkt", reading), ("en", english)):
            if words:
                self.rows.append(
                    {
                        "table_name": table,
                        "field_name": field,
                        "language": language,
                        "translation": words,
                        "record_id": record_id,
                    }
                )

    def add_text(self, table: str, field: str, record_id: str, text: Text) -> None:
        """Add the English of a bilingual text."""
        self.add(table, field, record_id, english=text.en)


def legacy_tables(feed: Feed, updated: str) -> Mapping[str, list[Row]]:
    """Return the files of GTFS-JP 3 that consumers of that version look for.

    Parameters
    ----------
    updated
        First day of the timetable, ``YYYYMMDD``, for ``route_update_date``.
    """
    operator = feed.operator
    agency: Row = {
        "agency_id": operator.id,
        "agency_official_name": operator.official_name or operator.name.ja,
        "agency_zip_number": operator.zip_number,
        "agency_address": operator.address,
        "agency_president_pos": operator.president_position,
        "agency_president_name": operator.president,
    }
    routes: Iterable[Row] = (
        {"route_id": route_id, "route_update_date": updated} for route_id in sorted(feed.routes)
    )
    return {"agency_jp": [agency], "routes_jp": list(routes)}
