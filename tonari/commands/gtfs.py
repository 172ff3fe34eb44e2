"""``tonari gtfs``: feeds alone, without a release: build, check, inspect, compare."""

from __future__ import annotations

import datetime as dt
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import ReleaseError
from pipeline.findings import Finding, count_by_severity, has_error
from tonari.commands import gtfs_republish
from tonari.commands.gtfs_alert import alert
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
    from gtfs.build import BuiltFeed
    from gtfs.timetable.proposal import Proposal
    from pipeline.config.load import Loaded

REGISTRY = "data/registry"


@click.group()
def command() -> None:
    """Timetables into GTFS feeds. 時刻表からGTFSをつくる"""


@command.command()
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
    """Build feeds into zips without publishing. 公開せずにzipを作る"""
    from gtfs.write import write_zip  # noqa: PLC0415 - pandas is loaded only when it is needed

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


@command.command()
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
    """Check feeds against their sources and by every validator. 元の時刻表と検証ツールで点検する

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
    findings |= {path.as_posix(): _validate(path, day) for path in zips}
    _tell_checked(results, findings, as_json=as_json)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--encoding", default="utf-8-sig", show_default=True, help="Of a CSV file.")
@common_options
def inspect(file: Path, encoding: str, config: Path, data: Path, as_json: bool) -> None:
    """Look at a timetable workbook and propose its declaration. 時刻表を調べて設定を提案する

    The proposal goes to stdout as YAML for `timetables:`; what a person must still say (days,
    marks, stops) is listed on stderr.
    """
    from gtfs.timetable.grid import open_book  # noqa: PLC0415 - as above
    from gtfs.timetable.propose import propose  # noqa: PLC0415

    proposal = propose(open_book(file.parent, file.name, encoding=encoding))
    if as_json:
        print_json(_proposal_document(proposal, file))
    else:
        from gtfs.timetable.proposal import as_yaml  # noqa: PLC0415

        click.echo(as_yaml(proposal, file.as_posix()), nl=False)
        _tell_open_questions(proposal)
    sys.exit(DONE if proposal.tables else FAILED)


@command.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common_options
def diff(old: Path, new: Path, config: Path, data: Path, as_json: bool) -> None:
    """Tell what passengers notice between two feeds. 二つの版の違いを言葉で示す"""
    from gtfs.diff import difference  # noqa: PLC0415 - as above
    from gtfs.read import read_feed  # noqa: PLC0415

    found = difference(read_feed(old).feed, read_feed(new).feed)
    if as_json:
        print_json({"changes": [change.as_dict() for change in found.changes]})
    else:
        for ja, en in zip(found.lines("ja"), found.lines("en"), strict=True):
            click.echo(f"{ja}\n    {en}")
    sys.exit(DONE)


@command.command()
@click.argument("feed", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the workbook and its declaration. 書き出すフォルダー",
)
@common_options
def export(feed: Path, out: Path, config: Path, data: Path, as_json: bool) -> None:
    """Turn a GTFS zip back into a timetable workbook. GTFSを時刻表のブックに戻す

    Writes timetable.xlsx and feed.yaml, which builds the same trips, times, fares and days again.
    """
    from gtfs.export import export_feed  # noqa: PLC0415 - as above
    from gtfs.read import read_feed  # noqa: PLC0415

    name = re.sub(r"\W+", "_", feed.stem.lower(), flags=re.ASCII).strip("_") or "feed"
    read = read_feed(feed)
    exported = export_feed(read.feed, name if name[0].isalpha() else f"feed_{name}", out)
    findings = [*read.findings, *exported.findings]
    files = [(out / part).as_posix() for part in ("timetable.xlsx", "feed.yaml")]
    if as_json:
        print_json({"files": files, "findings": [f.as_dict() for f in findings]})
    else:
        print_findings(findings)
        messages.print(" ".join(files), markup=False)
    sys.exit(DONE)


for one in (alert, *gtfs_republish.COMMANDS):
    command.add_command(one)


# ---- building


def _load(config: Path) -> Loaded:
    from pipeline.config.load import load  # noqa: PLC0415 - as above

    return load(config)


def _build_all(
    loaded: Loaded, names: tuple[str, ...], *, remember: bool, quiet: bool
) -> dict[str, BuiltFeed]:
    from gtfs.build import build_feed  # noqa: PLC0415 - as above

    declared = loaded.declaration.feeds
    for name in names:
        if name not in declared:
            raise ReleaseError(f"feed '{name}' is not declared; feeds: {', '.join(declared)}")
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
    from gtfs.write import write_zip  # noqa: PLC0415 - as above

    if built.blocked:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.zip"
        write_zip(built.tables, path)
        return _validate(path, day)


def _validate(path: Path, day: dt.date) -> list[Finding]:
    from gtfs.validate import validate  # noqa: PLC0415 - as above

    return validate(path, on=day).findings()


# ---- telling


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


def _proposal_document(proposal: Proposal, file: Path) -> dict[str, Any]:
    return {
        "file": file.as_posix(),
        "tables": [table.as_dict() for table in proposal.tables],
        "stop_names": list(proposal.stop_names),
        "marks": list(proposal.marks),
        "sheets_without_tables": list(proposal.silent),
    }


def _tell_open_questions(proposal: Proposal) -> None:
    days = sorted({table.day_type for table in proposal.tables})
    lines = [
        ("表", "tables", len(proposal.tables)),
        ("day_types に書く運行日", "day types to declare", "、".join(days)),
        ("marks に書く記号", "marks to explain", "、".join(proposal.marks) or "—"),
        ("台帳に要る停留所", "stops the ledger needs", len(proposal.stop_names)),
        ("表のないシート", "sheets without a table", "、".join(proposal.silent) or "—"),
    ]
    for ja, en, value in lines:
        messages.print(f"{ja} {en}: {value}", markup=False)
