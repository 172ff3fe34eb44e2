"""Putting measurements into a document, between marks, with their circumstances."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def circumstances(module: str) -> str:
    """Return command, date, machine and how busy it was."""
    command = f"python -m {module} {' '.join(sys.argv[1:])}".strip()
    return (
        f"Command: `{command}`; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; Python "
        f"{platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} processors; load at the start {os.getloadavg()[0]:.1f}."
    )


def replace_section(name: str, text: str, document: Path = DOCUMENT) -> None:
    """Put text between the marks called `name`; everything else stays.

    Raises
    ------
    ValueError
        If the document has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    whole = document.read_text(encoding="utf-8")
    if begin not in whole or end not in whole:
        raise ValueError(f"{document} has no {begin} … {end}")
    before, rest = whole.split(begin, 1)
    after = rest.split(end, 1)[1]
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
