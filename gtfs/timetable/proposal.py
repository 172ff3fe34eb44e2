"""What a workbook seems to hold, as a declaration that a person completes."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "？"
"""Stands for what a person must say."""

_GUESSED = "。stop はシート名からの推測、要確認 the stop is a guess: the sheet's name"


@dataclass(frozen=True, slots=True)
class TableProposal:
    """One matrix found on a sheet, in the words of the declaration.

    `windows` tells that its cells say from when to when: service on demand.
    """

    sheet: str
    trips: str
    times: str
    stops: str
    trip_names: str
    kinds: str
    marks: tuple[str, ...]
    day_type: str
    direction: int
    first_stop: str
    last_stop: str
    count: int
    windows: bool = False
    upwards: bool = False
    hour_minute: bool = False
    wraps: bool = False

    def as_dict(self) -> dict[str, object]:
        """Return the table as an entry under ``tables``; lines that are not there are left out."""
        found: dict[str, object] = {"sheet": self.sheet} if self.sheet else {}
        if self.trips == "down":
            found["trips"] = "down"
        found |= {"times": self.times, "stops": self.stops}
        found |= {
            key: value
            for key, value in (
                ("trip_names", self.trip_names),
                ("kinds", self.kinds),
                ("marks", list(self.marks)),
                ("upwards", self.upwards),
                ("hour_minute", self.hour_minute),
                ("wraps", self.wraps),
            )
            if value
        }
        return found | {"day_type": self.day_type, "direction": self.direction}


@dataclass(frozen=True, slots=True)
class PatternProposal:
    """A pattern somebody must complete: where it starts, perhaps where it ends, and why."""

    first_stop: str
    last_stop: str
    why: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the pattern as an entry under ``patterns``; run times are left to a person."""
        last = {"stop": self.last_stop, "minutes": UNKNOWN}
        return {"calls": [{"stop": self.first_stop, "minutes": 0}, last]}


@dataclass(frozen=True, slots=True)
class PoleProposal:
    """One block of a pole timetable found on a sheet, in the words of the declaration.

    `guessed` tells that nothing on the sheet names the stop: `stop` is the name of the sheet.
    """

    sheet: str
    stop: str
    hours: str
    minutes: str
    day_type: str
    pattern: str
    pattern_by_mark: Mapping[str, str]
    count: int
    guessed: bool = False

    def as_dict(self) -> dict[str, object]:
        """Return the block as an entry under ``poles``."""
        found: dict[str, object] = {"sheet": self.sheet} if self.sheet else {}
        found |= {"stop": self.stop, "hours": self.hours, "minutes": self.minutes}
        found |= {"day_type": self.day_type, "pattern": self.pattern}
        return found | (
            {"pattern_by_mark": dict(self.pattern_by_mark)} if self.pattern_by_mark else {}
        )


@dataclass(frozen=True, slots=True)
class PolesFound:
    """The pole timetables of a workbook or a sheet.

    Attributes
    ----------
    patterns
        What their departures run, by name.
    marks
        What the sheet says about the marks of minutes that choose no pattern.
    """

    poles: tuple[PoleProposal, ...] = ()
    patterns: Mapping[str, PatternProposal] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: PolesFound) -> PolesFound:
        """Return both, the patterns of the other under names of their own."""
        patterns = dict(self.patterns)
        names: dict[str, str] = {}
        for name, pattern in other.patterns.items():
            known = next((n for n, p in patterns.items() if p == pattern), "")
            names[name] = known or f"pattern{len(patterns) + 1}"
            patterns[names[name]] = pattern
        poles = tuple(
            replace(
                pole,
                pattern=names[pole.pattern],
                pattern_by_mark={m: names[n] for m, n in pole.pattern_by_mark.items()},
            )
            for pole in other.poles
        )
        return PolesFound((*self.poles, *poles), patterns, {**other.marks, **self.marks})


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a workbook seems to hold.

    Attributes
    ----------
    tables
        The matrices, in the order of the sheets.
    stop_names
        Every name of a stop, once, in the order of appearance: the stops ledger needs them.
    marks
        Footnote marks somebody must explain.
    silent
        Sheets on which no matrix was found.
    hidden
        Sheets with something on them that Excel does not show.
    """

    file: str
    tables: tuple[TableProposal, ...]
    stop_names: tuple[str, ...]
    marks: tuple[str, ...]
    silent: tuple[str, ...]
    on_poles: PolesFound = field(default_factory=PolesFound)
    hidden: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Tell whether nothing was found."""
        return not self.tables and not self.on_poles.poles


def as_yaml(proposal: Proposal, file: str) -> str:
    """Return the declaration a workbook seems to need, one line per matrix.

    Parameters
    ----------
    proposal
        What :func:`gtfs.timetable.propose.propose` found.
    file
        Path of the workbook as the declaration should name it.

    Returns
    -------
    str
        YAML with the keys ``marks``, ``timetables`` and ``demand``, as far as there are any; the
        ends of each matrix and its number of trips stand in a comment.
    """
    document = CommentedMap()
    if proposal.marks:
        said = proposal.on_poles.marks
        document["marks"] = CommentedMap(
            (DoubleQuotedScalarString(mark), _flow({"title": {"ja": said.get(mark, UNKNOWN)}}))
            for mark in proposal.marks
        )
    by_the_clock = [table for table in proposal.tables if not table.windows]
    if by_the_clock or proposal.on_poles.poles:
        entry = CommentedMap(file=file, route="line")
        if by_the_clock:
            entry["tables"] = _tables(by_the_clock, {})
        if proposal.on_poles.poles:
            entry["patterns"] = _patterns(proposal.on_poles)
            entry["poles"] = _poles(proposal.on_poles)
        document["timetables"] = [entry]
    on_demand = [table for table in proposal.tables if table.windows]
    if on_demand:
        more = {"file": file, "route": "line", "booking": "phone"}
        booking = CommentedMap(phone=_flow({"title": {"ja": "？"}, "notice": "none"}))
        document["demand"] = CommentedMap(booking=booking, tables=_tables(on_demand, more))
    yaml = YAML()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(document, text)
    return text.getvalue()


def _tables(found: list[TableProposal], more: Mapping[str, object]) -> CommentedSeq:
    tables = CommentedSeq()
    for position, table in enumerate(found):
        tables.append(_flow({**table.as_dict(), **more}))
        tables.yaml_add_eol_comment(_remark(table), position, column=0)
    return tables


def _patterns(found: PolesFound) -> CommentedMap:
    patterns = CommentedMap()
    for name, pattern in found.patterns.items():
        patterns[name] = _flow(pattern.as_dict())
        said = f"{pattern.why}: " if pattern.why else ""
        remark = f"{said}停留所と起点からの分を書く stops and minutes from the first one"
        patterns.yaml_add_eol_comment(remark, name, column=0)
    return patterns


def _poles(found: PolesFound) -> CommentedSeq:
    poles = CommentedSeq()
    for position, pole in enumerate(found.poles):
        poles.append(_flow(pole.as_dict()))
        remark = f"{pole.stop} 発, {pole.count}{_GUESSED if pole.guessed else ''}"
        poles.yaml_add_eol_comment(remark, position, column=0)
    return poles


def _flow(values: Mapping[str, object]) -> CommentedMap:
    entry = CommentedMap((_scalar(key), _scalar(value)) for key, value in values.items())
    entry.fa.set_flow_style()
    return entry


def _scalar(value: object) -> object:
    """Quote what YAML would take for a number: row names and names of sheets."""
    if isinstance(value, dict):
        return _flow(value)
    if isinstance(value, list):
        return [_scalar(part) for part in value]
    if isinstance(value, str) and value.replace(".", "").isdigit():
        return DoubleQuotedScalarString(value)
    return value


def _remark(table: TableProposal) -> str:
    return f"{table.first_stop} → {table.last_stop}, {table.count}"
