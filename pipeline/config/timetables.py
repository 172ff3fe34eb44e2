"""Where the times stand in a workbook.

Lines of a sheet are named as a spreadsheet names them: a column by its letters (``B``), a row by
its number (``4``).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from pipeline.config.base import InputFile, Name, Strict, Text, problem
from pipeline.config.feed_parts import Colour, Period

Line = Annotated[str, StringConstraints(pattern=r"^([A-Z]{1,3}|[1-9]\d*)$")]
"""A column (``B``) or a row (``4``) of a sheet."""

Area = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}[1-9]\d*(:[A-Z]{1,3}[1-9]\d*)?$")]
"""Cells from one corner to the other (``C5:BU6``); the first alone means: to the end."""

CellName = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}[1-9]\d*$")]
"""One cell (``B49``)."""

Clock = Annotated[str, StringConstraints(pattern=r"^([0-9]|[0-3]\d|4[0-7]):[0-5]\d$")]
"""A time of the service day, ``h:mm``; it may pass 24:00."""


class DayTypeByLine(Strict):
    """The day type of each trip stands in a row or column, e.g. under a merged header."""

    line: Line
    values: dict[str, Name]


class DayTypeByColour(Strict):
    """The day type of each trip is told by the fill of its first time."""

    colours: dict[Colour, Name]
    otherwise: Name


class Table(Strict):
    """One matrix of times on a sheet.

    Attributes
    ----------
    trips
        ``across``: a trip is a column; ``down``: a trip is a row.
    times
        The cells that hold times (``C5:BU6``, or ``C5`` to the end of the sheet).
    stops
        The column (trips across) or row (trips down) that holds the names of the stops.
    trip_names
        The row or column that names the trips; lines without a name are then no trips.
    only
        The lines that are trips, where the others between them are something else.
    kinds
        The row or column that says 着 or 発 where a stop has both.
    poles
        The row or column that holds the platform or pole of the stop.
    stops_at
        The stop's own code or platform by cell of its name, where the sheet does not say enough.
    marks
        Rows or columns that hold footnote marks of trips.
    direction
        0 outbound, 1 inbound.
    headsign
        What the vehicle shows; empty: the last stop.
    upwards
        The trips call at the stops from the last line to the first, as the way back does where
        one list of stops serves both ways.
    """

    sheet: str = ""
    trips: Literal["across", "down"] = "across"
    times: Area
    stops: Line
    trip_names: Line | None = None
    only: tuple[Line, ...] = ()
    kinds: Line | None = None
    poles: Line | None = None
    stops_at: dict[CellName, str] = Field(default_factory=dict)
    marks: tuple[Line, ...] = ()
    day_type: Name | DayTypeByLine | DayTypeByColour
    direction: Literal[0, 1] = 0
    headsign: Text | None = None
    route: Name | None = None
    upwards: bool = False

    @model_validator(mode="after")
    def _lines_lie_across(self) -> Self:
        beside = (self.stops, self.kinds, self.poles, *self.only, *self._more_lines_by_stop())
        by_stop = [line for line in beside if line]
        by_trip = [line for line in (self.trip_names, *self.marks) if line]
        if isinstance(self.day_type, DayTypeByLine):
            by_trip.append(self.day_type.line)
        columns, rows = (by_stop, by_trip) if self.trips == "across" else (by_trip, by_stop)
        if wrong := [x for x in columns if x.isdigit()] + [x for x in rows if not x.isdigit()]:
            raise problem("lines-lie-wrong", trips=self.trips, wrong=", ".join(wrong))
        return self

    def _more_lines_by_stop(self) -> tuple[Line, ...]:
        return ()


class ClockTable(Table):
    """A matrix of clock times.

    Attributes
    ----------
    hour_minute
        A trip has two lines: one for the hour, the next for the minute. Where the hour is empty
        it is that of the stop before.
    wraps
        On a loop some trips start in the middle of the list and go on from its top: a trip whose
        times go back once is read from there on.
    stop_marks
        Columns (rows) beside the names of the stops that hold marks such as 降車専用.
    """

    hour_minute: bool = False
    wraps: bool = False
    stop_marks: tuple[Line, ...] = ()

    def _more_lines_by_stop(self) -> tuple[Line, ...]:
        return self.stop_marks


class PatternCall(Strict):
    """A stop of a pattern and the minutes from its first stop; `pole` is the platform or code."""

    stop: str
    pole: str = ""
    minutes: int = Field(ge=0, le=600)

    @field_validator("minutes", mode="before")
    @classmethod
    def _is_written(cls, minutes: object) -> object:
        if minutes in ("？", "?"):
            raise problem("run-time-unwritten")
        return minutes


class Pattern(Strict):
    """The stops of a trip and how long it takes: what a pole does not say (系統と所要時分).

    Attributes
    ----------
    calls
        The stops in order.
    sheet, stops, minutes
        A table of the workbook instead: the line of the names and the cells of the minutes
        from the first stop; a stop whose cell is empty is not called at.
    headsign
        What the vehicle shows; empty: the last stop.
    """

    calls: tuple[PatternCall, ...] = ()
    sheet: str = ""
    stops: Line | None = None
    minutes: Area | None = None
    direction: Literal[0, 1] = 0
    headsign: Text | None = None

    @model_validator(mode="after")
    def _is_given_once(self) -> Self:
        in_sheet = self.stops is not None and self.minutes is not None
        if len(self.calls) < 2 and not in_sheet:
            raise problem("pattern-needs")
        if self.calls and (self.sheet or self.stops or self.minutes):
            raise problem("pattern-twice")
        return self


class Pole(Strict):
    """A block of a pole timetable: hours down, minutes across (or the other way round).

    Attributes
    ----------
    stop, pole
        The stop it hangs at, and its platform or code where the name is not enough.
    hours
        The column (``A``) or row (``2``) of the hours.
    minutes
        The cells of the minutes; a cell may hold several.
    pattern
        The pattern of a departure without a mark that says otherwise.
    pattern_by_mark
        The pattern of departures with these marks (destination, way).
    """

    sheet: str = ""
    stop: str
    pole: str = ""
    hours: Line
    minutes: Area
    day_type: Name
    pattern: Name
    pattern_by_mark: dict[str, Name] = Field(default_factory=dict)
    route: Name | None = None


class Timetable(Strict):
    """A workbook (.xlsx, .xls, .ods) or CSV file and the matrices and poles in it.

    Attributes
    ----------
    valid
        The period of this revision of the timetable; empty: the whole feed.
    patterns
        What the departures of `poles` become.
    """

    file: InputFile
    encoding: str = "utf-8-sig"
    route: Name
    valid: Period | None = None
    tables: tuple[ClockTable, ...] = ()
    patterns: dict[Name, Pattern] = Field(default_factory=dict)
    poles: tuple[Pole, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.tables and not self.poles:
            raise problem("timetable-empty")
        used = [n for p in self.poles for n in (p.pattern, *p.pattern_by_mark.values())]
        if missing := sorted(set(used) - set(self.patterns)):
            raise problem("pattern-undeclared", names=", ".join(missing))
        return self
