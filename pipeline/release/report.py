"""``report.html``: the build as a planner reads it."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from pipeline.findings import Severity
from pipeline.sources.datums import crs_title

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.release.outcome import Outcome

MOST_PLACES = 500
"""Places of one finding that the page folds out; all of them are in ``findings.csv``."""
JAPAN = dt.timezone(dt.timedelta(hours=9))
STATUS_WORDS = {
    "built": ("作成しました", "built"),
    "linked": ("前回から変更なし", "unchanged since the last release"),
    "kept": (
        "作成できず、前回のものを公開し続けています",
        "failed; the last good version stays published",
    ),
    "failed": ("作成できず、公開されていません", "failed; nothing is published"),
    "checked": ("公開できます（まだ公開していません）", "ready; not published yet"),
}
SEVERITY_WORDS = {
    Severity.ERROR: ("誤り（公開を止めました）", "error (publication stopped)"),
    Severity.WARNING: ("注意", "warning"),
    Severity.INFO: ("お知らせ", "note"),
}
ZOOM_WORDS = {
    "zoom": ("ズーム", "zoom"),
    "tiles": ("タイル数", "tiles"),
    "features": ("地物数", "features"),
    "bytes": ("合計バイト", "bytes"),
    "largest_bytes": ("最大のタイル（バイト）", "largest tile"),
    "largest_tile": ("その番号", "its address"),
    "over_budget": ("上限超え", "over budget"),
    "causes": ("省略・変形した数", "left out or reshaped"),
}
STATE_WORDS = {
    "ran": ("実行", "ran"),
    "reused": ("前の結果を使用", "used again"),
    "failed": ("失敗", "failed"),
    "blocked": ("前の処理の失敗により中止", "blocked"),
}
RECONCILED_WORDS = {
    "time_cells": ("時刻表の時刻", "times in the workbook"),
    "stop_times": ("GTFS の時刻", "times in the feed"),
    "fare_cells": ("運賃表の運賃", "fares in the workbook"),
    "service_days": ("運行日", "service days"),
}


def write_report(
    path: Path, manifest: dict[str, Any], outcomes: list[Outcome], previous: dict[str, Any]
) -> None:
    """Write the report of a release.

    Parameters
    ----------
    manifest, outcomes
        Of the release.
    previous
        Manifest of the release before it; empty before the first.
    """
    names = {(o.kind, o.name) for o in outcomes}
    removed = [
        f"{kind}.{name}"
        for kind in ("layers", "feeds")
        for name in previous.get(kind, {})
        if (kind, name) not in names
    ]
    page = _template().render(
        manifest=manifest,
        outcomes=outcomes,
        removed=removed,
        previous=previous,
        status_words=STATUS_WORDS,
        zoom_words=ZOOM_WORDS,
        state_words=STATE_WORDS,
        reconciled_words=RECONCILED_WORDS,
        severity_words=SEVERITY_WORDS,
        most_places=MOST_PLACES,
        crs_title=crs_title,
        ordered=_ordered,
        drawing=_drawing,
        local=_local,
    )
    path.write_text(page, encoding="utf-8")


def _local(moment: str) -> str:
    """Return a UTC time of the manifest as the clock in the office shows it."""
    return dt.datetime.fromisoformat(moment).astimezone(JAPAN).strftime("%Y-%m-%d %H:%M")


def _drawing(outcome: Outcome) -> Markup:
    """Return the map of what is another, which the step of comparison has drawn."""
    files = outcome.changes.files if outcome.changes is not None else {}
    return Markup(files["html"].read_text(encoding="utf-8") if "html" in files else "")


def _ordered(findings: list[Finding]) -> list[Finding]:
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.release", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
