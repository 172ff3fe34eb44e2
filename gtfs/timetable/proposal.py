"""What a workbook seems to hold, as a declaration that a person completes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

if TYPE_CHECKING:
    from collections.abc import Mapping


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
            )
            if value
        }
        return found | {"day_type": self.day_type, "direction": self.direction}


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
    """

    file: str
    tables: tuple[TableProposal, ...]
    stop_names: tuple[str, ...]
    marks: tuple[str, ...]
    silent: tuple[str, ...]


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
        document["marks"] = CommentedMap(
            (DoubleQuotedScalarString(mark), _flow({"title": {"ja": "？"}}))
            for mark in proposal.marks
        )
    by_the_clock = [table for table in proposal.tables if not table.windows]
    if by_the_clock:
        entry = CommentedMap(file=file, route="line", tables=_tables(by_the_clock, {}))
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


def _flow(values: Mapping[str, object]) -> CommentedMap:
    entry = CommentedMap(
        (key, [_scalar(v) for v in value] if isinstance(value, list) else _scalar(value))
        for key, value in values.items()
    )
    entry.fa.set_flow_style()
    return entry


def _scalar(value: object) -> object:
    """Quote what YAML would take for a number: row names and names of sheets."""
    if isinstance(value, str) and value.replace(".", "").isdigit():
        return DoubleQuotedScalarString(value)
    return value


def _remark(table: TableProposal) -> str:
    return f"{table.first_stop} → {table.last_stop}, {table.count}"
