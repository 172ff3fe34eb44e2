"""Fares as an operator keeps them: one price, a triangle, zones."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import InputFile, Name, Strict, Text, problem
from pipeline.config.feed_parts import Sheet
from pipeline.config.timetables import Area, Line

ADULT = "adult"
"""The riders whose fare is the one declared; others are given as riders of it."""

Media = Literal["cash", "ticket", "ic_card", "contactless", "app"]


class Rider(Strict):
    """What others than adults pay: 小児, 障害者割引, a passenger with a bicycle.

    Exactly one of `percent`, `price`, `adds`, `column` and `fares` says how much.

    Attributes
    ----------
    percent
        So many hundredths of the fare of `of`: 50 is half.
    of
        Another rider declared before, e.g. ``child`` for 小児の障害者割引.
    round_to, rounding
        What becomes of odd yen of a percentage: half of 250 yen, rounded up to 10, is 130.
    price
        In yen, whatever the ride.
    adds
        In yen, on top of the fare of `of`: the passenger's bicycle, parcel or dog.
    column
        The header of these fares in a table of zones.
    fares, sheet
        The cells of a triangle of their own, laid out as that of adults; `sheet` if it stands
        on another one.
    """

    title: Text
    percent: int | None = Field(default=None, ge=0, le=100)
    of: Name = ADULT
    round_to: Literal[1, 5, 10, 50, 100] = 10
    rounding: Literal["up", "down", "nearest"] = "up"
    price: int | None = Field(default=None, ge=0)
    adds: int | None = Field(default=None, ge=0)
    column: str = ""
    fares: Area | None = None
    sheet: str = ""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [x is not None for x in (self.percent, self.price, self.adds, self.fares)]
        if sum(said) + bool(self.column) != 1:
            raise problem("rider-fare-source")
        return self


class _Paid(Strict):
    """What all fares have.

    Attributes
    ----------
    routes
        On which routes it is valid; empty: all.
    paid
        When it is paid.
    media
        What it can be paid with, for Fares v2.
    riders
        What others than adults pay, by a name that becomes their id.
    """

    routes: tuple[Name, ...] = ()
    paid: Literal["on_board", "before_boarding"] = "on_board"
    media: tuple[Media, ...] = ()
    riders: dict[Name, Rider] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _riders_can_be_told(self) -> Self:
        known = {ADULT, *self._others()}
        for name, rider in self.riders.items():
            if name == ADULT or rider.of not in known:
                raise problem("rider-unknown", name=name, of=rider.of)
            known.add(name)
            wrong = [k for k in ("column", "fares") if getattr(rider, k) and k not in self._tells()]
            if wrong:
                raise problem("rider-column", name=name, key=wrong[0])
        return self

    def _others(self) -> tuple[str, ...]:
        """Return the riders that are declared elsewhere than under `riders`."""
        return ()

    def _tells(self) -> tuple[str, ...]:
        """Return which of `column` and `fares` the riders of this kind of fare may have."""
        return ()


class FareTable(Sheet):
    """A table of flat fares by category, e.g. 大人, 小児, 自転車.

    Attributes
    ----------
    category, price
        Headers.
    adult, child
        The categories of the adult and the child fare.
    riders
        Other categories that are fares of passengers: 障害者, 学生.
    extras
        Categories that are paid on top of the adult fare: 自転車, 手荷物. What is in none of these
        is published as text alone.
    english
        English of the categories.
    """

    category: str
    price: str
    adult: str
    child: str = ""
    riders: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    english: dict[str, str] = Field(default_factory=dict)


class FlatFare(_Paid):
    """One price for every ride on the routes; children, bicycles as the table says.

    Attributes
    ----------
    price, child
        In yen.
    table
        The operator's table of fares instead: a row per category.
    """

    kind: Literal["flat"]
    price: int | None = Field(default=None, ge=0)
    child: int | None = Field(default=None, ge=0)
    table: FareTable | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.price is None) == (self.table is None):
            raise problem("flat-fare-source")
        for name in set(self._others()) & set(self.riders):
            raise problem("rider-twice", name=name)
        return self

    def _others(self) -> tuple[str, ...]:
        has_child = self.child is not None or bool(self.table and self.table.child)
        return ("child",) if has_child else ()


class TriangleFare(_Paid):
    """三角表: fares between stops, one half filled.

    Attributes
    ----------
    fares
        The cells that hold the fares.
    stops
        Column of the names (or own codes) beside each row; the columns follow in the same order.
    poles
        Column of the pole where names alone are not enough.
    both_ways
        A fare is also that of the way back.
    repeats
        What counts where a trip passes a stop twice and the two cells differ: GTFS has one fare
        for a pair of stops. ``refuse`` makes it an error.
    """

    kind: Literal["triangle"]
    file: InputFile
    sheet: str = ""
    encoding: str = "utf-8-sig"
    fares: Area
    stops: Line
    poles: Line | None = None
    both_ways: bool = True
    repeats: Literal["refuse", "lowest", "highest"] = "refuse"

    def _tells(self) -> tuple[str, ...]:
        return ("fares",)


class ZoneFare(Sheet, _Paid):
    """Fares between zones: a row per pair. The zone of a stop stands in the stops ledger."""

    kind: Literal["zones"]
    origin: str
    destination: str
    price: str
    both_ways: bool = True

    def _tells(self) -> tuple[str, ...]:
        return ("column",)


Fare = Annotated[FlatFare | TriangleFare | ZoneFare, Field(discriminator="kind")]
