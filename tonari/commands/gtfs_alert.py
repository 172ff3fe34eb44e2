"""``tonari gtfs alert``: cancelled sailings and announcements as GTFS-Realtime."""

from __future__ import annotations

import datetime as dt
import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import ReleaseError
from tonari.commands.gtfs_alert_user import user
from tonari.console import DONE, common_options, messages, print_findings, print_json
from tonari.transit import STORE

if TYPE_CHECKING:
    from collections.abc import Callable

    from gtfs.realtime.desk import Desk


@click.group()
def alert() -> None:
    """Cancel trips and announce changes. 欠航や変更を知らせる"""


alert.add_command(user)

_JAPAN = dt.timezone(dt.timedelta(hours=9))
_MINUTE = dt.timedelta(minutes=1)


def _moment(
    _context: click.Context, option: click.Parameter, value: str | None
) -> dt.datetime | None:
    """Read a moment; a date alone means the whole day, so what ends on it ends with it."""
    if value is None:
        return None
    for form, length in (("%Y-%m-%dT%H:%M", 0), ("%Y-%m-%d", 1)):
        try:
            found = dt.datetime.strptime(value, form).replace(tzinfo=_JAPAN)
        except ValueError:
            continue
        return found + dt.timedelta(days=length if option.name == "ends" else 0)
    raise click.BadParameter(f"'{value}' is not YYYY-MM-DD or YYYY-MM-DDTHH:MM")


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    @click.option("--by", required=True, help="Who announces. 知らせる人の名前")
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapped


@alert.command()
@click.argument("feed")
@click.option("--date", required=True, metavar="YYYY-MM-DD", help="Service day. 運行日")
@click.option("--cause", default="WEATHER", show_default=True, help="Why, as GTFS-Realtime says.")
@click.option("--route", "routes", multiple=True, help="Only these routes. 路線")
@click.option("--trip", "trips", multiple=True, help="Only these trips. 便")
@click.option("--stop", default="", help="Only trips from this stop. 始発の停留所")
@click.option("--after", default="", metavar="H:MM", help="Departures from this time on.")
@click.option("--before", default="", metavar="H:MM", help="Departures before this time.")
@click.option(
    "--start",
    "starts",
    multiple=True,
    metavar="H:MM",
    help="Only departures at this time: one of a trip that runs every so many minutes. 発車時刻",
)
@click.option("--dry-run", is_flag=True, help="Show the trips only. 便を見るだけ")
@_named
@common_options
def cancel(
    feed: str,
    date: str,
    cause: str,
    by: str,
    *,
    dry_run: bool,
    config: Path,
    data: Path,
    as_json: bool,
    **selection: Any,
) -> None:
    """Cancel trips of a service day. 便を取りやめる"""
    desk = desk_of(data)
    if dry_run:
        chosen = desk.departures(feed, date, **selection)
        _tell({"trips": chosen}, [f"{t['departure']} {t['name']}" for t in chosen], as_json)
    made = desk.cancel(feed, date, by=by, cause=cause, **selection)
    _tell(made, [_line(made)], as_json)


@alert.command()
@click.argument("feed")
@click.option("--header", required=True, help="Headline in Japanese. 見出し")
@click.option("--header-en", default="", help="Headline in English.")
@click.option("--description", default="", help="Text in Japanese. 本文")
@click.option("--description-en", default="", help="Text in English.")
@click.option(
    "--begins",
    metavar="DATE[THH:MM]",
    callback=_moment,
    help="From when, Japanese time; a date alone: that whole day. 始まり（日本時間）",
)
@click.option(
    "--ends",
    required=True,
    metavar="DATE[THH:MM]",
    callback=_moment,
    help="Until when, Japanese time; a date alone: that day too. 終わり（日本時間、その日を含む）",
)
@click.option("--cause", default="OTHER_CAUSE", show_default=True)
@click.option("--effect", default="OTHER_EFFECT", show_default=True)
@click.option("--route", "routes", multiple=True, help="About these routes. 路線")
@click.option("--stop", "stops", multiple=True, help="About these stops. 停留所")
@_named
@common_options
def announce(
    feed: str,
    header: str,
    header_en: str,
    description: str,
    description_en: str,
    begins: dt.datetime | None,
    ends: dt.datetime,
    cause: str,
    effect: str,
    routes: tuple[str, ...],
    stops: tuple[str, ...],
    by: str,
    *,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Announce a change that cancels no trip. 変更を知らせる"""
    from pipeline.config.base import Text  # noqa: PLC0415 - loaded only when it is needed

    made = desk_of(data).announce(
        feed,
        by=by,
        header=Text(ja=header, en=header_en),
        starts=begins,
        ends=ends,
        cause=cause,
        effect=effect,
        routes=routes,
        stops=stops,
        description=Text(ja=description, en=description_en),
    )
    _tell(made, [f"{_line(made)}（{ends - _MINUTE:%Y-%m-%d %H:%M} まで until）"], as_json)


@alert.command()
@click.argument("number", type=int)
@_named
@common_options
def withdraw(number: int, by: str, config: Path, data: Path, as_json: bool) -> None:
    """Take an announcement back. お知らせを取り下げる"""
    made = desk_of(data).withdraw(number, by=by)
    _tell(made, [_line(made)], as_json)


@alert.command("list")
@click.argument("feed")
@click.option("--history", is_flag=True, help="Who did what and when. 履歴")
@click.option(
    "--pb",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the GTFS-Realtime message to this file.",
)
@common_options
def list_(
    feed: str, history: bool, pb: Path | None, config: Path, data: Path, as_json: bool
) -> None:
    """Show what passengers see now. いま出ているお知らせを見る"""
    desk = desk_of(data)
    if pb is not None:
        pb.write_bytes(desk.protobuf(feed))
    if history:
        acts = desk.history(feed)
        lines = [f"{a['at']} {a['who']} {a['act']} {a['alert']}" for a in acts]
        _tell({"history": acts}, lines, as_json)
    active, orphans = desk.active(feed), desk.orphans(feed)
    print_findings(orphans)
    document = {"alerts": active, "findings": [finding.as_dict() for finding in orphans]}
    _tell(document, [_line(a) for a in active], as_json)


def desk_of(data: Path) -> Desk:
    """Return the counter of the feeds that are published in a data folder."""
    from gtfs.realtime import AlertStore  # noqa: PLC0415 - loaded only when it is needed
    from gtfs.realtime.desk import Desk  # noqa: PLC0415

    return Desk(AlertStore(data / STORE), functools.partial(_published, data))


def published_feeds(data: Path) -> list[str]:
    """Return the names of the feeds that are published, none before the first release."""
    manifest = data / "releases" / "current" / "manifest.json"
    if not manifest.is_file():
        return []
    feeds: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8")).get("feeds", {})
    return [name for name, entry in feeds.items() if "gtfs" in entry.get("artefacts", {})]


def _published(data: Path, feed: str) -> Path:
    """Return the published zip of a feed; KeyError if the current release has none."""
    release = data / "releases" / "current"
    if not (release / "manifest.json").is_file():
        raise ReleaseError(
            "nothing has been published yet; run 'tonari build' first",
            ja="まだ何も公開されていません。先に tonari build を実行してください。",
        )
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    return release / str(manifest["feeds"][feed]["artefacts"]["gtfs"])


def _line(made: dict[str, Any]) -> str:
    header = made["header"]
    words = header["ja"] if isinstance(header, dict) else str(header)
    return f"{made.get('number', made.get('id', ''))} {words}".strip()


def _tell(document: dict[str, Any], lines: list[str], as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        for line in lines:
            messages.print(line, markup=False)
    sys.exit(DONE)
