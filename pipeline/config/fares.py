"""Fares as an operator keeps them: one price, a triangle, zones."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Name, Strict, problem
from pipeline.config.feed_parts import Sheet
from pipeline.config.timetables import Area, Line


class _Paid(Strict):
    """Where the fare is paid, and on which routes it is valid (empty: all)."""

    routes: tuple[Name, ...] = ()
    paid: Literal["on_board", "before_boarding"] = "on_board"


class FareTable(Sheet):
    """A table of flat fares by category, e.g. 大人, 小児, 自転車.

    Attributes
    ----------
    category, price
        Headers.
    adult, child
        The categories of the adult and the child fare; others are published as text.
    english
        English of the other categories.
    """

    category: str
    price: str
    adult: str
    child: str = ""
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
        return self


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
    file: str
    sheet: str = ""
    encoding: str = "utf-8-sig"
    fares: Area
    stops: Line
    poles: Line | None = None
    both_ways: bool = True
    repeats: Literal["refuse", "lowest", "highest"] = "refuse"


class ZoneFare(Sheet, _Paid):
    """Fares between zones: a row per pair. The zone of a stop stands in the stops ledger."""

    kind: Literal["zones"]
    origin: str
    destination: str
    price: str
    both_ways: bool = True


Fare = Annotated[FlatFare | TriangleFare | ZoneFare, Field(discriminator="kind")]
