"""What helps people find a layer, raster or feed, and tells of when its data is."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from pipeline.config.base import Strict, problem

Theme = Literal[
    "land", "population", "labour", "agriculture", "industry", "commerce", "economy", "housing",
    "energy", "transport", "technology", "education", "administration", "safety", "welfare",
    "international", "other",
]  # fmt: skip
"""The fields by which e-Stat and the e-Gov data portal sort official data (分野), in order."""


def _day(text: str) -> str:
    try:
        dt.date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        raise problem("value-not-date") from None
    return text


AsOf = Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$"), AfterValidator(_day)]
"""A year, month or day."""


class Described(Strict):
    """What people find a published thing by.

    Attributes
    ----------
    theme
        Its field; without one it is found by words alone.
    keywords
        Other names and readings under which people look for it.
    as_of
        Of when the data is, which no build can know.
    """

    theme: Theme | None = None
    keywords: tuple[Annotated[str, StringConstraints(min_length=1, max_length=60)], ...] = Field(
        default=(), description="other names and readings by which it is found"
    )
    as_of: AsOf | None = Field(
        default=None, description="of when the data is: a year, month or day; not of the build"
    )

    def described(self) -> dict[str, Any]:
        """Return what the manifest says of it, without what is not declared."""
        said = {"theme": self.theme, "keywords": list(self.keywords), "dated": self.as_of}
        return {key: value for key, value in said.items() if value}
