"""What a build or a check says of itself: manifest, findings, report, changes."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING, Any

from pipeline.release.findings_table import write_findings
from pipeline.release.manifest import make_manifest, write_json
from pipeline.release.report import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.release.outcome import Outcome

CHANGES = "changes"
"""Folder of tables of differences, beside the report of the office."""


def write_records(
    manifest: dict[str, Any], outcomes: list[Outcome], folder: Path, previous: dict[str, Any]
) -> None:
    """Write what is said of a release: for the office, or, with public outcomes, into it.

    Parameters
    ----------
    previous
        Manifest of the release before it; empty before the first.
    """
    _write_told(manifest, outcomes, folder, previous)
    write_json(folder / "manifest.json", manifest)


def write_check(
    declaration: Declaration, outcomes: list[Outcome], folder: Path, previous: dict[str, Any]
) -> None:
    """Write what a check found, as a build would tell it, into a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    now = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    manifest = make_manifest(declaration, outcomes, [], name="", created=now, content="")
    _write_told(manifest, outcomes, folder, previous)


def _write_told(
    manifest: dict[str, Any], outcomes: list[Outcome], folder: Path, previous: dict[str, Any]
) -> None:
    findings: dict[str, dict[str, Any]] = {"layers": {}, "feeds": {}}
    for outcome in outcomes:
        findings[outcome.kind][outcome.name] = [f.as_dict() for f in outcome.findings]
        table = outcome.changes.files.get("csv") if outcome.changes is not None else None
        if table is not None:
            (folder / CHANGES).mkdir(exist_ok=True)
            shutil.copyfile(table, folder / CHANGES / f"{outcome.name}.csv")
    write_json(folder / "findings.json", findings)
    write_findings(folder / "findings.csv", outcomes)
    write_report(folder / "report.html", manifest, outcomes, previous)
