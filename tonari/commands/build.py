"""``tonari build``: build everything declared and publish a release."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from pipeline.findings import Severity, count_by_severity
from pipeline.release.store import OFFICE
from tonari.console import (
    DONE,
    FAILED,
    common_options,
    memory_option,
    messages,
    print_findings,
    print_json,
    progress_shown,
    scheduler_option,
)
from tonari.process import be_modest
from tonari.transit import STORE

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.release.outcome import Outcome
    from pipeline.run import BuildResult

STATUS = {
    "built": "[green]作成 built[/]",
    "linked": "変更なし unchanged",
    "kept": "[bold red]失敗・前回を維持 kept[/]",
    "failed": "[bold red]失敗 failed[/]",
}


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Build this layer or feed only.")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Publish layers that lose, move or empty more than a fifth of what is served.",
)
@memory_option
@scheduler_option
@common_options
def command(
    only: tuple[str, ...],
    accept_changes: bool,
    memory: int,
    scheduler: str,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Build the declared layers and feeds and publish a release. 公開データを作って公開する

    What has not changed is taken over; what fails keeps its last good version, is listed, and
    makes the exit status 1.
    """
    be_modest()
    # Help must not wait for the libraries that do the work.
    from pipeline.graph.declared import load_kept  # noqa: PLC0415
    from pipeline.run import Options, build  # noqa: PLC0415
    from tonari.jobs import jobs_of, standing_of  # noqa: PLC0415

    options = Options(scheduler, memory)
    options = replace(options, keys=options.keys_for(data))
    loaded = load_kept(config, data / "cache", options.keys_for(data))
    standing = standing_of(loaded, data, accept=accept_changes)
    around = standing.neighbourhood
    jobs = jobs_of(loaded, data, accept=accept_changes, neighbourhood=around)
    with progress_shown(quiet=as_json) as progress:
        result = build(loaded.declaration, jobs, data, progress, only, options, standing)
    orphans = orphaned_alerts(data)
    if as_json:
        document = _document(result, data)
        print_json(document | {"alerts": [finding.as_dict() for finding in orphans]})
    else:
        _print_summary(result, data)
        print_findings(orphans)
    sys.exit(FAILED if result.failed else DONE)


def orphaned_alerts(data: Path) -> list[Finding]:
    """Return a warning for each announcement about what the published feeds do not have."""
    if not (data / STORE).is_file():
        return []
    from tonari.commands.gtfs_alert import desk_of, published_feeds  # noqa: PLC0415 - as above

    desk = desk_of(data)
    return [finding for feed in published_feeds(data) for finding in desk.orphans(feed)]


def _document(result: BuildResult, data: Path) -> dict[str, Any]:
    return {
        "release": result.release,
        "published": result.published,
        "report": str(_report(result, data)) if result.release else None,
        "outcomes": [
            {
                "kind": o.kind,
                "name": o.name,
                "status": o.status,
                "artefacts": o.artefacts,
                "findings": [f.as_dict() for f in o.findings],
                "inside": [f.as_dict() for f in o.inside],
                "steps": [asdict(step) for step in o.steps],
            }
            for o in result.outcomes
        ],
    }


def _report(result: BuildResult, data: Path) -> Path:
    """Return the report with all details; only the public one of what others have built."""
    office = data / OFFICE / result.release / "report.html"
    return office if office.is_file() else data / "releases" / result.release / "report.html"


def _print_summary(result: BuildResult, data: Path) -> None:
    for outcome in result.outcomes:
        print_findings([*outcome.inside, *outcome.findings], least=Severity.WARNING)
    table = Table(title="まとめ Summary", title_justify="left")
    for heading in ("公開物 name", "結果 result", "件数 count", "誤り", "注意", "お知らせ"):
        table.add_column(heading, overflow="fold")
    for outcome in result.outcomes:
        table.add_row(*_row(outcome))
    messages.print(table)
    if result.published:
        messages.print(f"公開しました published: {result.release}")
    elif result.release:
        messages.print(f"変更がないため、公開中の版のままです nothing changed: {result.release}")
    else:
        messages.print("公開できるものがありませんでした nothing could be published")
    if result.release:
        messages.print(f"報告書 report: {_report(result, data)}", markup=False)


def _row(outcome: Outcome) -> tuple[str, ...]:
    counts = count_by_severity(outcome.findings)
    entry = outcome.entry
    amount = entry.get("features", entry.get("counts", {}).get("trips", ""))
    return (
        f"{outcome.kind}.{outcome.name}",
        STATUS[outcome.status],
        str(amount),
        *(str(counts[severity.value]) for severity in Severity),
    )
