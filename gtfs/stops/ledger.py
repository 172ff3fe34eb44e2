"""Reading the stops ledger: names, readings, places, parents, ids."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pyproj import CRS, Transformer

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from gtfs.stops.identity import Wanted
from gtfs.stops.poles import Stop, StopLedger
from gtfs.timetable.clock import plain
from gtfs.timetable.grid import is_geometry
from gtfs.timetable.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gtfs.timetable.ledger import Record
    from pipeline.config.feed_parts import Stops
    from pipeline.findings import Finding

    IdGiver = Callable[[Sequence[Wanted]], list[str]]
    """Gives all stops of a feed their lasting ids, in order."""

JAPAN = (122.0, 20.0, 154.5, 46.0)
"""West, south, east, north in degrees: outside it a coordinate is wrong or swapped."""

_ASCII_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HIRAGANA = re.compile(r"[ぁ-ゖー・0-9A-Za-z \u3000()（）]+")
_WHEELCHAIR = {"": 0, "可": 1, "○": 1, "〇": 1, "有": 1, "可能": 1, "不可": 2, "×": 2, "無": 2}


def read_stops(source: Stops, root: Path, give_ids: IdGiver) -> StopLedger:
    """Read the stops ledger.

    Parameters
    ----------
    source
        The declaration.
    root
        Folder its file is relative to.
    give_ids
        Asked once for the ids of all stops; its answers must be ASCII, lasting and distinct.

    Returns
    -------
    StopLedger
        With a finding per row that cannot be used; an unreadable file is one finding.
    """
    ledger = StopLedger()
    headers = source.fields.model_dump().values()
    try:
        records = read_ledger(root, source, headers, ledger.findings)
    except TimetableUnreadable as unreadable:
        ledger.findings.append(unreadable.finding)
        ledger.unreadable = True
        return ledger
    to_degrees = _transformer(source, ledger.findings)
    if to_degrees is None:
        ledger.unreadable = True
        return ledger
    parents = {r.text(source.fields.parent) for r in records} - {""}
    ledger.findings += check_readings(records, source.fields)
    rows = [(r, _stop(r, source, parents, to_degrees, ledger.findings)) for r in records]
    usable = [(record, stop) for record, stop in rows if stop]
    for record, stop in rows:
        if stop is None:
            ledger.refused.add(plain(record.text(source.fields.name)))
    ids = give_ids([_wanted(stop) for _, stop in usable])
    for (record, stop), stop_id in zip(usable, ids, strict=True):
        _add(ledger, record, replace(stop, id=stop_id), source)
    return _with_parents(ledger, source)


def _stop(
    record: Record,
    source: Stops,
    parents: set[str],
    to_degrees: Transformer,
    findings: list[Finding],
) -> Stop | None:
    """Return the stop of a row, without its id; None where name or place cannot be used."""
    fields = source.fields
    position = _position(record, source, to_degrees, findings)
    name, code = record.text(fields.name), record.text(fields.id)
    if not name:
        findings.append(record.finding("stop-nameless", fields.name))
    if position is None or not name:
        return None
    is_parent = bool({code, name} & parents) and not record.text(fields.parent)
    return Stop(
        id="",
        name=name,
        lat=position[1],
        lon=position[0],
        code=code,
        reading=record.text(fields.reading),
        english=record.text(fields.english),
        platform=record.text(fields.platform),
        parent=record.text(fields.parent),
        location_type=int(is_parent),
        wheelchair=_wheelchair(record, source, findings),
        zone=record.text(fields.zone),
        description=record.text(fields.description),
    )


def _wanted(stop: Stop) -> Wanted:
    """Return what the registry is asked: without a code, parents and poles need a key of ours."""
    kind = "parent" if stop.location_type == 1 else stop.platform
    key = stop.code or (f"{stop.name}/{kind}" if kind else "")
    prefer = stop.code if _ASCII_ID.fullmatch(stop.code) else ""
    return Wanted(key, stop.name, stop.lat, stop.lon, prefer)


def _add(ledger: StopLedger, record: Record, stop: Stop, source: Stops) -> None:
    fields = source.fields
    if stop.code and stop.code in ledger.codes:
        ledger.findings.append(record.finding("stop-duplicate", fields.id))
        ledger.refused.add(plain(stop.name))
        return
    aliases = record.text(fields.aliases).replace(",", "、").split("、")
    ledger.add(stop, [] if stop.location_type == 1 else [stop.name, stop.code, *aliases])


def _position(
    record: Record, source: Stops, to_degrees: Transformer, findings: list[Finding]
) -> tuple[float, float] | None:
    lat, lon = record.number(source.fields.lat), record.number(source.fields.lon)
    if lat is None or lon is None:
        header = source.fields.lat if lat is None else source.fields.lon
        findings.append(record.finding("coordinate-unreadable", header))
        return None
    x, y = to_degrees.transform(lon, lat)
    if not (JAPAN[0] <= x <= JAPAN[2] and JAPAN[1] <= y <= JAPAN[3]):
        findings.append(
            record.finding("coordinate-outside-japan", source.fields.lat, lat=lat, lon=lon)
        )
        return None
    return round(x, 6), round(y, 6)


def _transformer(source: Stops, findings: list[Finding]) -> Transformer | None:
    """Return the way to degrees; the Tokyo datum is refused, because it needs GSI's grid."""
    crs = CRS.from_user_input("EPSG:6668" if is_geometry(source.file) else source.crs)
    if crs.geodetic_crs is not None and "Tokyo" in crs.geodetic_crs.name:
        findings.append(notice("stops-datum", file=source.file, value=source.crs))
        return None
    return Transformer.from_crs(crs, "EPSG:6668", always_xy=True)


class NamesSource(Protocol):
    """Headers of the columns that tell how names are read."""

    @property
    def name(self) -> str:
        """Of the name."""

    @property
    def reading(self) -> str:
        """Of the reading in hiragana."""

    @property
    def confirmed(self) -> str:
        """Of the column that says whether a person has confirmed it."""


def check_readings(records: Sequence[Record], headers: NamesSource) -> list[Finding]:
    """Return a finding per name whose reading is missing or unconfirmed, at its first row."""
    names = Counter(record.text(headers.name) for record in records)
    findings: dict[str, Finding] = {}
    for record in records:
        name, reading = record.text(headers.name), record.text(headers.reading)
        if not reading or not _HIRAGANA.fullmatch(reading):
            code, field = "reading-missing", headers.reading or headers.name
        elif headers.confirmed and not record.text(headers.confirmed):
            code, field = "reading-unconfirmed", headers.reading
        else:
            continue
        findings.setdefault(name, record.finding(code, field, count=names[name]))
    return list(findings.values())


def _wheelchair(record: Record, source: Stops, findings: list[Finding]) -> int:
    word = record.text(source.fields.wheelchair)
    if word not in _WHEELCHAIR:
        findings.append(record.finding("wheelchair-unknown", source.fields.wheelchair))
    return _WHEELCHAIR.get(word, 0)


def _with_parents(ledger: StopLedger, source: Stops) -> StopLedger:
    """Replace the parent's name or code of every pole by the parent's id."""
    by_key = {
        key: s.id
        for s in ledger.stops.values()
        if s.location_type == 1
        for key in (s.name, s.code)
        if key
    }
    for stop in [s for s in ledger.stops.values() if s.parent]:
        if stop.parent not in by_key:
            ledger.findings.append(
                notice(
                    "parent-missing",
                    file=source.file,
                    sheet=source.sheet,
                    feature=stop.name,
                    field=source.fields.parent,
                    value=stop.parent,
                )
            )
        ledger.stops[stop.id] = replace(stop, parent=by_key.get(stop.parent, ""))
    return ledger
