"""SQL in files of its own, beside the code that runs it."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def script(package: str, file: str) -> str:
    """Return the text of a file of an importable package."""
    return resources.files(package).joinpath(file).read_text(encoding="utf-8")


@cache
def statements(package: str) -> dict[str, str]:
    """Return the statements of a package's ``statements.sql``, each under a line ``-- name``."""
    parts = (part.partition("\n") for part in script(package, "statements.sql").split("\n-- ")[1:])
    return {title.strip(): statement for title, _, statement in parts}
