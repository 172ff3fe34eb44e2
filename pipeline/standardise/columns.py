"""The columns of a table on its way: its fields, and where each record came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ROW, SOURCE = "_row", "_source"
"""Where a record came from: named so that no field can be called the same."""


@dataclass(frozen=True)
class Field:
    """One field of a layer.

    Attributes
    ----------
    name
        As published.
    title_ja, title_en
        For people.
    type
        ``string``, ``integer``, ``number``, ``boolean``, ``date`` or ``datetime``; empty
        until inferred.
    required
        A record without it is a warning.
    headings
        Column names under which ledgers keep it, besides its own name and Japanese title.
    unit
        Of its numbers, as people write it.
    codes
        Code list of :mod:`pipeline.standardise.codelists` its values are from.
    minimum, maximum
        Of its numbers.
    parts
        Fields whose sum it is.
    heading
        Its column in the standard data set that a schema is of; empty for the title.
    """

    name: str
    title_ja: str
    title_en: str = ""
    type: str = ""
    required: bool = False
    headings: tuple[str, ...] = ()
    unit: str = ""
    codes: str = ""
    minimum: float | None = None
    maximum: float | None = None
    parts: tuple[str, ...] = ()
    heading: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the form the manifest has."""
        return {
            "name": self.name,
            "type": self.type,
            "required": self.required,
            "title": {"ja": self.title_ja, "en": self.title_en or self.name},
            **({"codes": self.codes} if self.codes else {}),
        }


MARKER = "suppressed"
"""Field that says that numbers of a row are withheld."""
MARK = Field(MARKER, "秘匿", "Suppressed", "boolean")
