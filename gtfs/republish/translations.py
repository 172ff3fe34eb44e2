"""Translations of GTFS-JP's second edition into those of GTFS today.

The old form translated a text wherever it stood (``trans_id, lang, translation``). The new one
names table and field: by record where a row is named (agency, stops, routes), by the text for
headsigns, which stand in thousands of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from gtfs.feed.tables import Feed
    from gtfs.republish.change import Changing

_BY_RECORD = (
    ("agency", "agency_id", "agency_name"),
    ("stops", "stop_id", "stop_name"),
    ("routes", "route_id", "route_long_name"),
    ("routes", "route_id", "route_short_name"),
)
_BY_TEXT = (
    ("trips", "trip_headsign"),
    ("stop_times", "stop_headsign"),
    ("feed_info", "feed_publisher_name"),
)
_COLUMNS = ["table_name", "field_name", "language", "translation", "record_id", "field_value"]


def modern_translations(work: Changing) -> None:
    """Rewrite old translations; those of the original language into itself say nothing and go."""
    rows = work.feed.table("translations")
    if "trans_id" not in rows:
        return
    rows = rows[["trans_id", "lang", "translation"]].assign(lang=rows.lang.map(_language))
    useful = (rows.translation != "") & ~((rows.lang == "ja") & (rows.trans_id == rows.translation))
    work.say("translation-of-itself", file="translations", count=int((~useful).sum()))
    rows = rows[useful].drop_duplicates(["trans_id", "lang", "translation"])
    # The old form cannot say which 神戸 is こうべ and which ごうど: neither is better than a guess.
    twice = rows.duplicated(["trans_id", "lang"], keep=False)
    if twice.any():
        value, count = rows.trans_id[twice].iloc[0], int(twice.sum())
        work.say("translation-ambiguous", file="translations", value=value, count=count)
    rows = rows[~twice]
    new = pd.concat([_by_record(work.feed, rows), _by_text(work.feed, rows)])
    unused = ~rows.trans_id.isin(set(new.pop("trans_id")))
    if unused.any():
        work.say(
            "translation-unused",
            file="translations",
            count=int(unused.sum()),
            value=rows.trans_id[unused].iloc[0],
        )
    work.say("translation-rewritten", file="translations", count=len(rows) - int(unused.sum()))
    if len(new):
        work.feed["translations"] = new[_COLUMNS].reset_index(drop=True)
    else:
        del work.feed["translations"]


def _by_record(feed: Feed, rows: pd.DataFrame) -> pd.DataFrame:
    found = []
    for table, key, field in _BY_RECORD:
        own = feed.table(table, key, field)[[key, field]]
        joined = own.merge(rows, left_on=field, right_on="trans_id")
        found.append(_shaped(joined, table, field).assign(record_id=joined[key], field_value=""))
    return pd.concat(found)


def _by_text(feed: Feed, rows: pd.DataFrame) -> pd.DataFrame:
    found = []
    for table, field in _BY_TEXT:
        texts = set(feed.table(table, field)[field]) - {""}
        own = rows[rows.trans_id.isin(texts)]
        found.append(_shaped(own, table, field).assign(record_id="", field_value=own.trans_id))
    return pd.concat(found)


def _shaped(rows: pd.DataFrame, table: str, field: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "table_name": table,
            "field_name": field,
            "language": rows.lang,
            "translation": rows.translation,
            "trans_id": rows.trans_id,
        }
    )


def _language(code: str) -> str:
    """Write a language code as BCP 47 does: ``ja-Hrkt``, ``zh-Hans``, ``en``."""
    language, *rest = code.strip().replace("_", "-").split("-")
    return "-".join([language.lower(), *(r.title() if len(r) == 4 else r.upper() for r in rest)])
