"""What every part of the declaration shares: strictness, bilingual text, code types."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """A frozen object of the declaration; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Text(Strict):
    """A text in Japanese and, where there is one, English."""

    ja: str
    en: str = ""

    def best(self, language: str) -> str:
        """Return the text in `language`, else in Japanese."""
        return self.en if language == "en" and self.en else self.ja


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
"""Name of a layer, feed or map: it becomes a file name, a tileset and part of a URL."""

MunicipalityCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
"""全国地方公共団体コード with its check digit: six digits, as text."""


def problem(code: str, **details: object) -> PydanticCustomError:
    """Make the error a validator raises so that the loader can say it in both languages.

    Parameters
    ----------
    code
        A key of ``pipeline/config/findings.yaml``.
    details
        What the sentences of that finding name.
    """
    return PydanticCustomError(code, code, dict(details))
