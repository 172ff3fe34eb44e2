"""``tonari check``: every check, nothing written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.findings import count_by_severity, has_error
from tonari.console import (
    DONE,
    FAILED,
    common_options,
    messages,
    print_findings,
    print_json,
    progress_shown,
    scheduler_option,
)
from tonari.process import be_modest


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write report.html, findings.csv and every difference to what is served. 報告の出力先",
)
@scheduler_option
@common_options
def command(
    names: tuple[str, ...], folder: Path | None, scheduler: str, config: Path, data: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Check layers and feeds without building them. 作らずに点検だけする"""
    be_modest()
    # Help must not wait for the libraries that do the work.
    from pipeline.config.load import load  # noqa: PLC0415
    from pipeline.run import Options, check  # noqa: PLC0415
    from tonari.jobs import jobs_of, standing_of  # noqa: PLC0415

    loaded = load(config)
    around = standing_of(loaded, data).neighbourhood
    jobs = jobs_of(loaded, data, neighbourhood=around)
    with progress_shown(quiet=as_json) as progress:
        outcomes = check(jobs, data, progress, names, Options(scheduler))
    if folder is not None:
        from pipeline.release.previous import Previous  # noqa: PLC0415
        from pipeline.release.records import write_check  # noqa: PLC0415
        from pipeline.release.store import Store  # noqa: PLC0415

        before = Previous(Store(data).current()).manifest
        write_check(loaded.declaration, outcomes, folder, before)
    every = [f for o in outcomes for f in (*o.findings, *o.inside)]
    findings = list(dict.fromkeys(every))
    if as_json:
        print_json({"findings": [f.as_dict() for f in findings]})
    else:
        print_findings(findings)
        counts = count_by_severity(findings)
        messages.print(
            f"誤り error {counts['error']}　注意 warning {counts['warning']}"
            f"　お知らせ note {counts['info']}"
        )
        if folder is not None:
            messages.print(f"報告書 report: {folder / 'report.html'}", markup=False)
    sys.exit(FAILED if has_error(findings) else DONE)
