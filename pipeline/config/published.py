"""Feeds made elsewhere, published again."""

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import InputFile, Name, Strict, problem
from pipeline.config.feed_parts import Sheet


class StopNames(Sheet):
    """A ledger that completes the names of stops: readings and English by id or name.

    Attributes
    ----------
    id
        Header of the stop id as the zip has it; needed where two places bear one name.
    name, reading, english
        Headers.
    confirmed
        Header of the column that says whether a person has confirmed the reading.
    """

    name: str
    reading: str
    english: str = ""
    id: str = ""
    confirmed: str = ""


class Zip(Strict):
    """One GTFS zip, as it was published."""

    file: InputFile


class Published(Strict):
    """GTFS zips as a source: brought up to date, completed, joined.

    Attributes
    ----------
    feeds
        The zips by name; where feeds stand side by side their ids get it in front.
    join
        ``together``: side by side; ``succession``: the first until the day before `start`, then
        the second.
    start
        First day of the next timetable; empty: its first day of service.
    names
        Readings and English of stops.
    """

    feeds: dict[Name, Zip] = Field(min_length=1)
    join: Literal["together", "succession"] = "together"
    start: date | None = None
    names: StopNames | None = None

    @model_validator(mode="after")
    def _two_follow_each_other(self) -> Self:
        if self.join == "succession" and len(self.feeds) != 2:
            raise problem("succession-of-two", count=len(self.feeds))
        return self
