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
from tonari.console import DONE, common_options, messages, print_json
from tonari.transit import STORE

if TYPE_CHECKING:
    from collections.abc import Callable

    from gtfs.realtime.desk import Desk


@click.group()
def alert() -> None:
    """Cancel trips and announce changes. 欠航や変更を知らせる"""


alert.add_command(user)


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
    desk = _desk(data)
    if dry_run:
        chosen = desk.departures(feed, date, **selection)
        _tell({"trips": chosen}, [f"{t['departure']} {t['trip_id']}" for t in chosen], as_json)
    made = desk.cancel(feed, date, by=by, cause=cause, **selection)
    _tell(made, [_line(made)], as_json)


@alert.command()
@click.argument("feed")
@click.option("--header", required=True, help="Headline in Japanese. 見出し")
@click.option("--header-en", default="", help="Headline in English.")
@click.option("--description", default="", help="Text in Japanese. 本文")
@click.option("--description-en", default="", help="Text in English.")
@click.option(
    "--ends",
    required=True,
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d"]),
    help="Until when, Japanese time. 終わり（日本時間）",
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

    japan = dt.timezone(dt.timedelta(hours=9))
    made = _desk(data).announce(
        feed,
        by=by,
        header=Text(ja=header, en=header_en),
        ends=ends.replace(tzinfo=japan),
        cause=cause,
        effect=effect,
        routes=routes,
        stops=stops,
        description=Text(ja=description, en=description_en),
    )
    _tell(made, [_line(made)], as_json)


@alert.command()
@click.argument("number", type=int)
@_named
@common_options
def withdraw(number: int, by: str, config: Path, data: Path, as_json: bool) -> None:
    """Take an announcement back. お知らせを取り下げる"""
    made = _desk(data).withdraw(number, by=by)
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
    desk = _desk(data)
    if pb is not None:
        pb.write_bytes(desk.protobuf(feed))
    if history:
        acts = desk.history(feed)
        lines = [f"{a['at']} {a['who']} {a['act']} {a['alert']}" for a in acts]
        _tell({"history": acts}, lines, as_json)
    active = desk.active(feed)
    _tell({"alerts": active}, [_line(a) for a in active], as_json)


def _desk(data: Path) -> Desk:
    from gtfs.realtime import AlertStore  # noqa: PLC0415 - loaded only when it is needed
    from gtfs.realtime.desk import Desk  # noqa: PLC0415

    return Desk(AlertStore(data / STORE), functools.partial(_published, data))


def _published(data: Path, feed: str) -> Path:
    """Return the published zip of a feed; KeyError if the current release has none."""
    release = data / "releases" / "current"
    if not (release / "manifest.json").is_file():
        raise ReleaseError("nothing has been published yet; run 'tonari build' first")
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
