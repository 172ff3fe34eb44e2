"""Names of a feed in another language, as ``translations.txt`` gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gtfs.feed.tables import Feed


def english_names(feed: Feed, table: str, field: str) -> Callable[[str, str], str]:
    """Return a function that gives the English of a name, by record id or by the name itself.

    Names without English stay as they are.

    Parameters
    ----------
    table, field
        As in ``translations.txt``, e.g. ``stops`` and ``stop_name``.
    """
    columns = ("table_name", "field_name", "language", "record_id", "field_value", "translation")
    rows = feed.table("translations", *columns)
    rows = rows[(rows.table_name == table) & (rows.field_name == field) & (rows.language == "en")]
    by_id = dict(zip(rows.record_id, rows.translation, strict=True))
    by_name = dict(zip(rows.field_value, rows.translation, strict=True))
    # Rows by text name no record and rows by record no text: nothing has the empty one.
    by_id.pop("", None)
    by_name.pop("", None)

    def english(record: str, name: str) -> str:
        return str(by_id.get(record) or by_name.get(name) or name)

    return english
