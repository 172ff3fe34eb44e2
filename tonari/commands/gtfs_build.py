"""``tonari gtfs build`` and ``check``: declared feeds into zips, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.findings import Finding, Severity, count_by_severity, has_error
from pipeline.jobs import undeclared
from tonari.console import (
    DONE,
    FAILED,
    common_options,
    messages,
    print_findings,
    print_json,
    progress_shown,
)

if TYPE_CHECKING:
    from gtfs.build.feed import BuiltFeed
    from pipeline.config.load import Loaded

REGISTRY = "data/registry"


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the zips; DATA/cache/feeds if not given. 書き出すフォルダー",
)
@common_options
def build(
    names: tuple[str, ...], out: Path | None, config: Path, data: Path, as_json: bool
) -> None:
    """Build feeds into zips without publishing 公開せずにzipを作る"""
    from gtfs.feed.write import write_zip  # noqa: PLC0415 - pandas is loaded only when it is needed

    loaded = _load(config)
    folder = out or data / "cache" / "feeds"
    results = _build_all(loaded, names, remember=True, quiet=as_json)
    files: dict[str, str] = {}
    for name, built in results.items():
        if not built.blocked:
            folder.mkdir(parents=True, exist_ok=True)
            write_zip(built.tables, folder / f"{name}.zip")
            files[name] = (folder / f"{name}.zip").as_posix()
    _tell_built(results, files, as_json=as_json)


@click.command()
@click.argument("targets", nargs=-1, metavar="[NAME|ZIP]...")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="The day that counts as today. 判定の基準日",
)
@common_options
def check(
    targets: tuple[str, ...], on: dt.datetime | None, config: Path, data: Path, as_json: bool
) -> None:
    """Check feeds by sources and validators 元の時刻表と検証ツールで点検する

    NAME is a declared feed, ZIP any GTFS file; nothing is written. Without either, all declared
    feeds are checked.
    """
    day = (on or dt.datetime.now(tz=dt.UTC)).date()
    zips = [Path(t) for t in targets if t.lower().endswith(".zip")]
    names = tuple(t for t in targets if not t.lower().endswith(".zip"))
    results: dict[str, BuiltFeed] = {}
    if names or not zips:
        results = _build_all(_load(config), names, remember=False, quiet=as_json)
    findings = {name: [*b.findings, *_validated(name, b, day)] for name, b in results.items()}
    findings |= {path.as_posix(): _examined(path, day) for path in zips}
    _tell_checked(results, findings, as_json=as_json)


def _load(config: Path) -> Loaded:
    from pipeline.config.load import load  # noqa: PLC0415 - as above

    loaded = load(config)
    if not loaded.declaration.feeds:
        from gtfs.notices import notice  # noqa: PLC0415 - as above

        print_findings([notice("no-feeds-declared", file=config.as_posix())])
    return loaded


def _build_all(
    loaded: Loaded, names: tuple[str, ...], *, remember: bool, quiet: bool
) -> dict[str, BuiltFeed]:
    from gtfs.build.feed import build_feed  # noqa: PLC0415 - as above

    declared = loaded.declaration.feeds
    for name in names:
        if name not in declared:
            raise undeclared(name, {n: feed.title.model_dump() for n, feed in declared.items()})
    with progress_shown(quiet=quiet) as progress:
        return {
            name: build_feed(
                name,
                feed,
                root=loaded.root,
                publisher=loaded.declaration.publisher,
                registry=loaded.root / REGISTRY,
                remember=remember,
                progress=progress,
            )
            for name, feed in declared.items()
            if not names or name in names
        }


def _validated(name: str, built: BuiltFeed, day: dt.date) -> list[Finding]:
    from gtfs.feed.write import write_zip  # noqa: PLC0415 - as above

    if built.blocked:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.zip"
        write_zip(built.tables, path)
        return _validate(path, day)


def _examined(path: Path, day: dt.date) -> list[Finding]:
    """Look at a zip from outside: what we cannot read, and what validators say of the rest."""
    from gtfs.feed.complete import STOPPING, examine  # noqa: PLC0415 - as above

    ours = examine(path).findings
    if any(finding.code in STOPPING for finding in ours):
        return ours
    said = {(f.file, f.field) for f in ours if f.severity is Severity.ERROR}
    return ours + [f for f in _validate(path, day) if (f.file, f.field) not in said]


def _validate(path: Path, day: dt.date) -> list[Finding]:
    from gtfs.validate import validate  # noqa: PLC0415 - as above

    return validate(path, on=day).findings()


def _tell_built(results: dict[str, BuiltFeed], files: dict[str, str], *, as_json: bool) -> None:
    blocked = [name for name, built in results.items() if built.blocked]
    if as_json:
        print_json({"feeds": {n: _document(b, files.get(n)) for n, b in results.items()}})
    for name, built in results.items():
        if not as_json:
            print_findings(built.findings)
            messages.print(_summary(name, built, files.get(name)), markup=False)
    sys.exit(FAILED if blocked else DONE)


def _tell_checked(
    results: dict[str, BuiltFeed], findings: dict[str, list[Finding]], *, as_json: bool
) -> None:
    everything = [f for found in findings.values() for f in found]
    if as_json:
        print_json(
            {
                "feeds": {
                    name: (_document(results[name], None) if name in results else {})
                    | {"findings": [f.as_dict() for f in found]}
                    for name, found in findings.items()
                }
            }
        )
    else:
        for name, found in findings.items():
            print_findings(found)
            if name in results:
                messages.print(_summary(name, results[name], None), markup=False)
        counts = count_by_severity(everything)
        messages.print(
            f"誤り error {counts['error']}　注意 warning {counts['warning']}"
            f"　お知らせ note {counts['info']}"
        )
    sys.exit(FAILED if has_error(everything) else DONE)


def _document(built: BuiltFeed, file: str | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "status": "blocked" if built.blocked else "built",
        "counts": {name: len(table) for name, table in built.tables.items()},
        "reconciliation": built.reconciliation.as_dict(),
        "sources": built.sources,
        "findings": [f.as_dict() for f in built.findings],
    }
    return document | ({"file": file} if file else {})


def _summary(name: str, built: BuiltFeed, file: str | None) -> str:
    """Return one line: the three comparisons with the sources, and the file."""
    counts = built.reconciliation
    if built.blocked:
        return f"{name}: 公開できません blocked"
    return (
        f"{name}: 時刻 times {counts.time_cells_matched}/{counts.time_cells}"
        f"　運賃 fares {counts.fare_cells_matched}/{counts.fare_cells}"
        f"　運行日 days {counts.service_days_matched}/{counts.service_days}"
        + (f" → {file}" if file else "")
    )


COMMANDS = (build, check)
