"""Marks of boarding or alighting only beside times, held against the feed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gtfs.notices import notice
from gtfs.reconcile.secondreader import is_pair, like
from gtfs.timetable.grid import code_name

if TYPE_CHECKING:
    import pandas as pd

    from gtfs.build.parts import Parts
    from gtfs.reconcile.result import Reconciliation
    from gtfs.reconcile.secondreader import SecondReaders

_TIME = re.compile(r"\d{1,2}(?:[:.;]\d\d)+|\d{1,2}時\d{0,2}分?|\d{3,4}")
_NONE = 1
"""Value of pickup_type and drop_off_type for "not here"."""


def compare_limits(
    parts: Parts,
    stop_times: pd.DataFrame,
    provenance: pd.DataFrame,
    readers: SecondReaders,
    result: Reconciliation,
) -> None:
    """Note every call whose marks say another thing than pickup_type and drop_off_type.

    Marks beside the names of stops or beside hours of their own limit calls as well: where a feed
    has such lines, only what stands beside a time is asked for.
    """
    marks = {mark: found.calls for mark, found in parts.feed.marks.items() if found.calls}
    if not marks:
        return
    encodings = {t.file: t.encoding for t in parts.feed.timetables}
    tables = [table for timetable in parts.feed.timetables for table in timetable.tables]
    elsewhere = any(table.stop_marks or table.hour_minute for table in tables)
    keys = ["trip_id", "stop_sequence"]
    rows = stop_times.merge(provenance, on=keys).sort_values(keys)
    last = rows.groupby("trip_id")["stop_sequence"].transform("max")
    for row, end in zip(rows.itertuples(index=False), last, strict=True):
        if not row.timepoint:
            continue  # its cell is that of the departure at a pole
        values = readers[row.file, encodings[row.file]].sheet(row.sheet)
        texts = [like(str(values.get(c, ""))) for c in (row.arrival_cell, row.departure_cell)]
        said = {calls for mark, calls in marks.items() if any(_has(t, mark) for t in texts)}
        feed = {
            "alight_only": row.pickup_type == _NONE and row.stop_sequence != end,
            "board_only": row.drop_off_type == _NONE and row.stop_sequence != 1,
        }
        ends = {"alight_only": row.stop_sequence == end, "board_only": row.stop_sequence == 1}
        for calls, limited in feed.items():
            wrong = (calls in said) != limited and not ends[calls]
            if wrong and not (limited and elsewhere):
                cell = code_name(int(row.departure_cell))
                place = {"file": row.file, "sheet": row.sheet, "cell": cell}
                result.findings.append(notice("limit-differs", trip=row.trip_id, **place))


def _has(text: str, mark: str) -> bool:
    word, beside = like(mark), _TIME.sub("", text)
    return all(part in beside for part in (word if is_pair(word) else (word,)))
