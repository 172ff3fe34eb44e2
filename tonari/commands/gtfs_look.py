"""``tonari gtfs inspect``, ``diff`` and ``export``: looking at workbooks and feeds."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.findings import has_error
from tonari.console import DONE, FAILED, common_options, messages, print_findings, print_json

if TYPE_CHECKING:
    from gtfs.timetable.proposal import Proposal


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--encoding", default="utf-8-sig", show_default=True, help="Of a CSV file.")
@common_options
def inspect(file: Path, encoding: str, config: Path, data: Path, as_json: bool) -> None:
    """Propose the declaration of a workbook 時刻表を調べて設定を提案する

    The proposal goes to stdout as YAML for `timetables:`; what a person must still say (days,
    marks, stops) is listed on stderr.
    """
    from gtfs.timetable.grid import open_book  # noqa: PLC0415 - pandas is loaded only when it is needed
    from gtfs.timetable.propose import propose  # noqa: PLC0415

    proposal = propose(open_book(file.parent, file.name, encoding=encoding))
    if as_json:
        print_json(_proposal_document(proposal, file))
    elif proposal.empty:
        from gtfs.notices import notice  # noqa: PLC0415

        print_findings([notice("no-timetable-found", file=file.as_posix())])
    else:
        from gtfs.timetable.proposal import as_yaml  # noqa: PLC0415

        click.echo(as_yaml(proposal, file.as_posix()), nl=False)
        _tell_open_questions(proposal)
    sys.exit(FAILED if proposal.empty else DONE)


@click.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common_options
def diff(old: Path, new: Path, config: Path, data: Path, as_json: bool) -> None:
    """Tell what passengers notice between two feeds 二つの版の違いを言葉で示す"""
    from gtfs.diff import difference  # noqa: PLC0415 - as above
    from gtfs.feed.complete import read_service  # noqa: PLC0415

    reads = [read_service(path) for path in (old, new)]
    findings = [finding for read in reads for finding in read.findings]
    found = difference(reads[0].feed, reads[1].feed)
    if as_json:
        changes = [change.as_dict() for change in found.changes]
        print_json({"changes": changes, "findings": [f.as_dict() for f in findings]})
    else:
        print_findings(findings)
        for ja, en in zip(found.lines("ja"), found.lines("en"), strict=True):
            click.echo(f"{ja}\n    {en}")
    sys.exit(DONE)


@click.command()
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
    """Turn a GTFS zip into a workbook again GTFSを時刻表のブックに戻す

    Writes timetable.xlsx and feed.yaml, which builds the same trips, times, fares and days again.
    """
    from gtfs.export import export_feed  # noqa: PLC0415 - as above
    from gtfs.feed.complete import read_service  # noqa: PLC0415

    name = re.sub(r"\W+", "_", feed.stem.lower(), flags=re.ASCII).strip("_") or "feed"
    read = read_service(feed)
    name = name if name[0].isalpha() else f"feed_{name}"
    exported = export_feed(read.feed, name, out, base=config.parent)
    findings = [*read.findings, *exported.findings]
    files = [(out / part).as_posix() for part in ("timetable.xlsx", "feed.yaml")]
    if as_json:
        print_json({"files": files, "findings": [f.as_dict() for f in findings]})
    else:
        print_findings(findings)
    failed = has_error(findings)
    if not as_json and not failed:
        messages.print(
            f"{files[0]} {files[1]}\n"
            f"layers.yaml の include に {files[1]} を加えると作り直せます"
            f" add it to 'include' in layers.yaml to build it again",
            markup=False,
        )
    sys.exit(FAILED if failed else DONE)


def _proposal_document(proposal: Proposal, file: Path) -> dict[str, Any]:
    return {
        "file": file.as_posix(),
        "tables": [table.as_dict() for table in proposal.tables],
        "poles": [pole.as_dict() for pole in proposal.on_poles.poles],
        "patterns": {name: p.as_dict() for name, p in proposal.on_poles.patterns.items()},
        "stop_names": list(proposal.stop_names),
        "marks": list(proposal.marks),
        "sheets_without_tables": list(proposal.silent),
        "hidden_sheets": list(proposal.hidden),
    }


def _tell_open_questions(proposal: Proposal) -> None:
    poles = proposal.on_poles
    days = sorted({t.day_type for t in proposal.tables} | {p.day_type for p in poles.poles})
    lines: list[tuple[str, str, object]] = [
        ("表", "tables", len(proposal.tables)),
        ("day_types に書く運行日", "day types to declare", "、".join(days)),
        ("marks に書く記号", "marks to explain", " ".join(map(_visible, proposal.marks)) or "—"),
        ("バス停の時刻表の欄", "blocks of pole timetables", len(poles.poles)),
        (
            "所要時分を書く系統",
            "patterns whose run times to write",
            "、".join(poles.patterns) or "—",
        ),
        ("台帳に要る停留所", "stops the ledger needs", len(proposal.stop_names)),
        ("表のないシート", "sheets without a table", "、".join(proposal.silent) or "—"),
        (
            "表があるのに非表示のシート",
            "hidden sheets with a table",
            "、".join(proposal.hidden) or "—",
        ),
    ]
    for ja, en, value in lines:
        messages.print(f"{ja} {en}: {value}", markup=False)


def _visible(mark: str) -> str:
    """Return a mark so that it can be seen: 外字 have no glyph in most fonts."""
    gaiji = [f"U+{ord(c):04X}" for c in mark if unicodedata.category(c) == "Co"]
    return f"{mark}（外字 {'・'.join(gaiji)}）" if gaiji else mark


COMMANDS = (inspect, diff, export)
