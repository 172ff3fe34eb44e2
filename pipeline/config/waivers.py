"""What a layer may publish although a detector of personal information objects."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.config.base import Strict, problem
from pipeline.config.tiles import FieldName

About = Literal["public_facilities"]
Detector = Literal[
    "name", "my_number", "person", "birth_date", "phone", "email", "address", "bank_account",
    "plate", "health",
]  # fmt: skip
Said = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Waiver(Strict):
    """Why what one detector finds in one field may be published, who says so, and how long."""

    field: FieldName
    detector: Detector
    reason: Literal["consent", "law", "public_role", "organisation", "not_personal"]
    note: str = Field(default="", description="the reason in words, e.g. the law and its article")
    author: Said = Field(description="who answers for it: office and person")
    date: dt.date
    expires: dt.date
    count: int = Field(ge=1, description="how many were found then; another count asks again")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.expires <= self.date:
            raise problem("waiver-ends-first", date=self.date, expires=self.expires)
        return self

    def holds(self, day: dt.date) -> bool:
        """Tell whether it holds on a day; it begins and ends with whole days."""
        return self.date <= day <= self.expires
