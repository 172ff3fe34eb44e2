"""The stops of a feed as a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import openpyxl

    from gtfs.export.result import Exported
    from gtfs.feed.tables import Feed as Tables


def write_stops(book: openpyxl.Workbook, feed: Tables, exported: Exported) -> dict[str, Any]:
    sheet = book.create_sheet("停留所")
    headers = {
        "id": "番号",
        "name": "名称",
        "lat": "緯度",
        "lon": "経度",
        "platform": "のりば",
        "parent": "親",
        "zone": "区間",
        "reading": "よみ",
        "english": "英語",
    }
    sheet.append(list(headers.values()))
    readings = _translations(feed, "ja-Hrkt")
    english = _translations(feed, "en")
    stops = feed.table("stops", "platform_code", "parent_station", "zone_id", "location_type")
    for row in stops.astype(object).itertuples(index=False):
        if not isinstance(row.location_type, int) or row.location_type in (0, 1):
            sheet.append(
                [
                    row.stop_id,
                    row.stop_name,
                    row.stop_lat,
                    row.stop_lon,
                    row.platform_code,
                    row.parent_station,
                    row.zone_id,
                    readings.get(row.stop_id) or readings.get(row.stop_name, ""),
                    english.get(row.stop_id) or english.get(row.stop_name, ""),
                ]
            )
    return {"file": exported.book, "sheet": "停留所", "fields": headers}


def _translations(feed: Tables, language: str) -> dict[str, str]:
    words = feed.table(
        "translations",
        "table_name",
        "field_name",
        "language",
        "translation",
        "record_id",
        "field_value",
    )
    chosen = words[(words["language"] == language) & (words["field_name"] == "stop_name")]
    return {row.record_id or row.field_value: row.translation for row in chosen.itertuples()}
