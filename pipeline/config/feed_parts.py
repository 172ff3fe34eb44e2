"""What the declaration of a feed is made of: operator, days, stops, routes."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from pipeline.config.base import InputFile, Name, Strict, Text, problem


def _thirteen_digits(number: str) -> str:
    if not re.fullmatch(r"[0-9]{13}", number):
        raise problem("corporate-number-form", digits=len(number))
    return number


CorporateNumber = Annotated[
    str,
    AfterValidator(_thirteen_digits),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{13}$"}),
]
"""法人番号: 13 digits, as text; the first is a check digit."""

Days = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d(/\d{4}-\d\d-\d\d)?$")]
"""A date, or the first and last of several, as ISO 8601 writes them."""

Colour = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{6}$")]
"""Red, green and blue as six hexadecimal digits, without ``#``."""

Mode = Literal["tram", "subway", "rail", "bus", "ferry", "cable_tram", "aerial_lift", "funicular"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
Wheelchair = Literal["", "possible", "impossible"]


class Sheet(Strict):
    """A table with one header row in a workbook or a CSV file.

    Attributes
    ----------
    file
        Path from the folder of the declaration.
    sheet
        Name of the sheet; empty for a CSV file or the first sheet.
    header
        Row number of the header.
    encoding
        Encoding of a CSV file.
    """

    file: InputFile
    sheet: str = ""
    header: int = Field(default=1, ge=1)
    encoding: str = "utf-8-sig"


class Period(Strict):
    """First and last day, both included."""

    start: date
    end: date

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end < self.start:
            raise problem("period-backwards", start=str(self.start), end=str(self.end))
        return self


class Operator(Strict):
    """Who runs the service, or the body that commissions it.

    Attributes
    ----------
    id
        法人番号 (13 digits): ``agency_id`` of GTFS-JP.
    reading
        The name in hiragana.
    official_name, zip_number, address, president_position, president
        Contents of ``agency_jp.txt``, written for consumers of GTFS-JP 3.
    """

    id: CorporateNumber
    name: Text
    reading: str = ""
    url: str
    phone: str = ""
    email: str = ""
    fare_url: str = ""
    official_name: str = ""
    zip_number: str = ""
    address: str = ""
    president_position: str = ""
    president: str = ""


class DayTable(Sheet):
    """Days listed by the operator: a row per day or per period.

    Attributes
    ----------
    start, end
        Headers of the first and, where periods are listed, the last day.
    name, value
        Only rows whose column `name` says `value`; empty: all rows.
    """

    start: str
    end: str = ""
    name: str = ""
    value: str = ""


class DaySet(Strict):
    """A named set of days: お盆, 年末年始, school days, event days.

    Attributes
    ----------
    dates
        ``2026-12-31`` or an interval ``2026-12-31/2027-01-03``.
    table
        The operator's own table instead.
    covers
        The period for which the set is complete; a feed that goes beyond it is reported.
    """

    title: Text
    dates: tuple[Days, ...] = ()
    table: DayTable | None = None
    covers: Period | None = None


class DayType(Strict):
    """On which days a timetable runs: ``runs``, less ``but_not``, and always ``and_also``.

    Each item is a weekday (``mon`` … ``sun``), ``holiday`` (national holiday) or the name of a
    set under ``days``.
    """

    title: Text
    runs: tuple[Day | Name, ...] = Field(min_length=1)
    but_not: tuple[Day | Name, ...] = ()
    and_also: tuple[Day | Name, ...] = ()


class Mark(Strict):
    """What a footnote mark at a trip means.

    Attributes
    ----------
    only
        The trip runs only on these days of its day type.
    but_not
        The trip does not run on these days.
    calls
        The mark is about one stop of a trip, beside its time or the stop's name: ``board_only``
        (乗車専用) or ``alight_only`` (降車専用).
    note
        A mark without `only` and `but_not` is a remark for passengers: it changes no service.
    """

    title: Text
    only: tuple[Day | Name, ...] = ()
    but_not: tuple[Day | Name, ...] = ()
    calls: Literal["board_only", "alight_only"] | None = None

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> Self:
        if self.calls and not self.note:
            raise problem("mark-of-stop-and-days")
        return self

    @property
    def note(self) -> bool:
        """Tell whether the mark leaves the service days alone."""
        return not self.only and not self.but_not


class StopFields(Strict):
    """Headers of the stops ledger; only `name`, `lat` and `lon` are needed.

    Attributes
    ----------
    id
        The city's own code; ids of the feed come from it, else from the registry.
    confirmed
        Column that says whether a person has confirmed the reading (any entry: yes).
    parent
        Name or code of the 停留所 this pole belongs to.
    aliases
        Other spellings used in timetables, separated by ``、``.
    """

    id: str = ""
    name: str
    lat: str
    lon: str
    reading: str = ""
    confirmed: str = ""
    english: str = ""
    platform: str = ""
    parent: str = ""
    wheelchair: str = ""
    zone: str = ""
    description: str = ""
    aliases: str = ""


class Stops(Sheet):
    """The stops ledger. `crs` is the CRS of its coordinates, in degrees."""

    fields: StopFields
    crs: str = "EPSG:6668"


class RouteLine(Strict):
    """The course of a route: a file of lines (GeoJSON, KML, Shapefile …) and one of its features.

    Attributes
    ----------
    field, value
        The feature whose attribute `field` says `value`; empty: the only one.
    """

    file: InputFile
    field: str = ""
    value: str = ""


class Route(Strict):
    """One route as passengers know it.

    Attributes
    ----------
    line
        Its course, for the shapes.
    bicycles
        Whether they may be taken along; empty: unknown.
    hail
        Passengers may get on and off anywhere along the line (フリー乗降).
    """

    title: Text
    reading: str = ""
    short: str = ""
    mode: Mode | None = None
    description: Text | None = None
    url: str = ""
    color: Colour | None = None
    text_color: Colour | None = None
    line: RouteLine | None = None
    bicycles: bool | None = None
    hail: bool = False
