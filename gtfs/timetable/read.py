"""All timetables of a feed: workbooks into trips."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from gtfs.timetable.clock import CellReader, clock_seconds
from gtfs.timetable.colours import cell_colours
from gtfs.timetable.grid import COLUMNS, area_of, cell_name, open_book
from gtfs.timetable.hidden import hidden_cells
from gtfs.timetable.hours import join_hours
from gtfs.timetable.layouts import other_layout
from gtfs.timetable.matrix import Matrix
from gtfs.timetable.poles import Poles
from gtfs.timetable.shown import as_shown
from pipeline.config.timetables import DayTypeByColour

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gtfs.stops.poles import StopLedger
    from gtfs.timetable.grid import Book
    from gtfs.timetable.trips import Integers, SourceTrip
    from pipeline.config.feeds import Feed
    from pipeline.config.timetables import ClockTable, Timetable
    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class MatrixArea:
    """The cells of one matrix that may hold times, for the reconciliation.

    Attributes
    ----------
    cells
        As :func:`gtfs.timetable.grid.cell_code` numbers them, in order and once each; lines that
        are no trips are left out.
    valid
        First day of the revision they belong to, empty where there are no revisions: two may use
        the same cells.
    hours
        Where the hour stands in a cell of its own: shape (trips, stops), and `cells` are the
        minutes in the same order.
    """

    file: str
    sheet: str
    encoding: str
    cells: Integers
    valid: str = ""
    hours: Integers | None = None


@dataclass(slots=True)
class Timetables:
    """Everything the workbooks of a feed say."""

    trips: list[SourceTrip] = field(default_factory=list)
    areas: list[MatrixArea] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


def read_timetables(feed: Feed, root: Path, stops: StopLedger) -> Timetables:
    """Read every declared matrix of every declared workbook.

    A workbook or sheet that cannot be read is one finding; the others are read all the same.
    """
    reader = CellReader(feed.pass_marks, feed.marks)
    found = Timetables()
    for timetable in feed.timetables:
        try:
            book = open_book(root, timetable.file, encoding=timetable.encoding)
        except TimetableUnreadable as unreadable:
            found.findings.append(unreadable.finding)
            continue
        found.sources.append(timetable.file)
        found.findings += book.findings
        for table in timetable.tables:
            setting = Setting(feed, timetable, table, book)
            _read_table(setting, reader, stops, found)
        if timetable.poles:
            _read_poles(Poles(feed, timetable, book, stops), found)
    found.findings += _duplicates(found.trips)
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """One matrix with everything it is declared in."""

    feed: Feed
    timetable: Timetable
    table: ClockTable
    book: Book

    def matrix(self, reader: CellReader, stops: StopLedger) -> Matrix:
        """Return the matrix, ready to be read.

        Raises
        ------
        TimetableUnreadable
            If its sheet or the colours it needs cannot be had.
        """
        day_starts = clock_seconds(self.feed.service_day_starts)
        assert day_starts is not None  # the declaration's pattern of a clock says so
        by_colour = isinstance(self.table.day_type, DayTypeByColour)
        grid = self.book.grid(self.table.sheet)
        grid = as_shown(self.book, grid, area_of(grid, self.table.times))
        joined = join_hours(grid, self.table) if self.table.hour_minute else None
        matrix = Matrix(
            grid=joined.grid if joined else grid,
            table=joined.table if joined else self.table,
            joined=joined,
            timetable=self.timetable,
            reader=reader,
            marks=self.feed.marks,
            day_starts=day_starts,
            resolve=stops.resolve,
            colours=cell_colours(self.book, self.table.sheet) if by_colour else {},
        )
        if joined and joined.left:
            matrix.report_unnamed(list(joined.left))
        return matrix


def _read_poles(poles: Poles, found: Timetables) -> None:
    try:
        poles.read()
    except TimetableUnreadable as unreadable:
        found.findings.append(unreadable.finding)
    found.trips += poles.trips
    found.findings += poles.findings
    for sheet in dict.fromkeys(trip.sheet for trip in poles.trips):
        at = {int(t.departure_cells[0]) for t in poles.trips if t.sheet == sheet}
        found.findings += _hidden(poles.book, sheet, at)


def _hidden(book: Book, sheet: str, cells: Iterable[int]) -> list[Finding]:
    """Return a finding if times were read that Excel does not show."""
    hidden = hidden_cells(book, sheet, (divmod(code, COLUMNS) for code in sorted(cells)))
    if not hidden:
        return []
    cell = cell_name(*hidden[0])
    return [notice("hidden-times", file=book.file, sheet=sheet, cell=cell, count=len(hidden))]


def _read_table(setting: Setting, reader: CellReader, stops: StopLedger, found: Timetables) -> None:
    try:
        matrix = setting.matrix(reader, stops)
    except TimetableUnreadable as unreadable:
        found.findings.append(unreadable.finding)
        return
    layout = other_layout(matrix.grid, matrix.table, reader)
    if layout:
        matrix.report(layout, cell=setting.table.times)
        found.findings += matrix.findings
        return
    trips = matrix.trips()
    found.trips += trips
    found.findings += matrix.findings
    at = {code for t in trips for code in (*t.arrival_cells.tolist(), *t.departure_cells.tolist())}
    found.findings += _hidden(setting.book, matrix.grid.sheet, at)
    timetable = setting.timetable
    valid = timetable.valid.start.isoformat() if timetable.valid else ""
    where = (matrix.grid.file, matrix.grid.sheet, timetable.encoding)
    if matrix.joined:
        minutes, hours = matrix.joined.minutes.ravel(), matrix.joined.hours
        found.areas.append(MatrixArea(*where, minutes, valid, hours))
    else:
        found.areas.append(MatrixArea(*where, matrix.cells, valid))


def _duplicates(trips: list[SourceTrip]) -> list[Finding]:
    first: dict[tuple[object, ...], SourceTrip] = {}
    findings: list[Finding] = []
    for trip in trips:
        period = (trip.valid.start, trip.valid.end) if trip.valid else ()
        days = (trip.day_type, trip.marks, period)
        times = (trip.arrivals.tobytes(), trip.departures.tobytes())
        key = (trip.route, days, trip.stop_ids, times)
        other = first.setdefault(key, trip)
        if other is not trip:
            findings.append(
                notice(
                    "trip-duplicate",
                    file=trip.file,
                    sheet=trip.sheet,
                    cell=trip.cell,
                    value=trip.name,
                    other=f"{other.sheet} {other.cell}",
                )
            )
    return findings
