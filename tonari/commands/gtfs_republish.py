"""``tonari gtfs renew``, ``succeed``, ``join``: existing feeds, published again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.findings import has_error
from tonari.console import DONE, FAILED, common_options, messages, print_findings, print_json

if TYPE_CHECKING:
    import datetime as dt

    from gtfs.feed.tables import Feed
    from pipeline.findings import Finding

_FEED = click.Path(path_type=Path, exists=True)
_OUT = click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The zip to write. 書き出すzip",
)


@click.command()
@click.argument("feed", type=_FEED)
@_OUT
@common_options
def renew(feed: Path, out: Path, config: Path, data: Path, as_json: bool) -> None:
    """Bring a feed up to GTFS of today 古い形式のGTFSを今の形に直す

    Old translations, misspelled names, ids in Japanese, repeated and unused rows are put right;
    what was changed is listed, what passengers get is not changed.
    """
    from gtfs.feed.complete import read_service  # noqa: PLC0415 - pandas is loaded only when it is needed
    from gtfs.republish import modernise  # noqa: PLC0415

    read = read_service(feed)
    renewed, findings = modernise(read.feed)
    _write(renewed, out, [*read.findings, *findings], as_json=as_json)


@click.command()
@click.argument("current", type=_FEED)
@click.argument("following", type=_FEED, metavar="NEXT")
@click.option(
    "--from",
    "start",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="First day of the next timetable; else its first day of service. 改正日",
)
@_OUT
@common_options
def succeed(
    current: Path,
    following: Path,
    start: dt.datetime | None,
    out: Path,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Join the CURRENT and the NEXT feed 今の時刻表と次の時刻表を一つにする"""
    from gtfs.feed.complete import read_service  # noqa: PLC0415 - as above
    from gtfs.republish import succession  # noqa: PLC0415

    reads = [read_service(path) for path in (current, following)]
    day = start.date() if start else None
    joined, findings = succession(reads[0].feed, reads[1].feed, start=day)
    said = [finding for read in reads for finding in read.findings]
    _write(joined, out, said + findings, as_json=as_json)


@click.command()
@click.argument("feeds", nargs=-1, required=True, metavar="NAME=FEED...")
@click.option("--publisher", required=True, help="Who publishes the result. 公開者の名称")
@click.option("--url", required=True, help="Address of the publisher. 公開者のURL")
@click.option("--contact", default="", help="Mail address for questions. 問い合わせ先メール")
@_OUT
@common_options
def join(
    feeds: tuple[str, ...],
    publisher: str,
    url: str,
    contact: str,
    out: Path,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Put feeds of several operators side by side 複数の事業者のGTFSを一つにまとめる

    Ids get NAME in front, so that they stay the same whichever feeds are joined.
    """
    from gtfs.feed.complete import read_service  # noqa: PLC0415 - as above
    from gtfs.republish import together  # noqa: PLC0415

    reads = {name: read_service(path) for name, path in map(_named, feeds)}
    info = {
        "feed_publisher_name": publisher,
        "feed_publisher_url": url,
        "feed_lang": "ja",
        "feed_contact_email": contact,
    }
    joined, findings = together({name: read.feed for name, read in reads.items()}, info=info)
    said = [finding for read in reads.values() for finding in read.findings]
    _write(joined, out, said + findings, as_json=as_json)


COMMANDS = (renew, succeed, join)


def _named(word: str) -> tuple[str, Path]:
    name, equals, path = word.partition("=")
    if not equals or not name.isascii() or not name.isidentifier():
        raise click.UsageError(f"'{word}' is not NAME=FEED with a name of letters and digits")
    if not Path(path).exists():
        raise click.UsageError(f"there is no '{path}'")
    return name, Path(path)


def _write(feed: Feed, out: Path, findings: list[Finding], *, as_json: bool) -> None:
    """Write a feed unless something about it is an error: what was lost must not be published."""
    from gtfs.feed.write import write_zip  # noqa: PLC0415 - as above

    failed = has_error(findings)
    if not failed:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_zip(feed, out)
    counts = {name: len(feed.table(name)) for name in ("stops", "routes", "trips", "stop_times")}
    if as_json:
        document = {"counts": counts, "findings": [finding.as_dict() for finding in findings]}
        print_json(document if failed else {"file": out.as_posix()} | document)
    else:
        print_findings(findings)
        said = "書き出していません nothing was written" if failed else f"{counts['trips']:,}"
        messages.print(f"{out.as_posix()}: 便 trips {said}", markup=False)
    sys.exit(FAILED if failed else DONE)
