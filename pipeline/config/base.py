"""What every part of the declaration shares: strictness, bilingual text, code types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Iterator


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


class _Input:
    """Marks a text of the declaration as the path of a file that is read."""


InputFile = Annotated[str, _Input()]
"""Path of a file that is read, from the folder of the declaration."""


def input_files(declared: object) -> Iterator[str]:
    """Yield every :data:`InputFile` of a part of the declaration, at any depth."""
    match declared:
        case BaseModel():
            for name, info in type(declared).model_fields.items():
                value = getattr(declared, name)
                if any(isinstance(mark, _Input) for mark in info.metadata):
                    yield value
                else:
                    yield from _inputs(value, info.annotation)
        case Mapping():
            for part in declared.values():
                yield from input_files(part)
        case tuple() | list():
            for part in declared:
                yield from input_files(part)


def _inputs(value: Any, annotation: Any) -> Iterator[str]:
    """Look into containers of paths, and into whatever else a field holds."""
    if _holds_paths(annotation):
        parts = value.values() if isinstance(value, Mapping) else value
        yield from [value] if isinstance(value, str) else (p for p in parts or () if p is not None)
    else:
        yield from input_files(value)


def _holds_paths(annotation: Any) -> bool:
    if any(isinstance(mark, _Input) for mark in getattr(annotation, "__metadata__", ())):
        return True
    return any(_holds_paths(part) for part in get_args(annotation))


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
