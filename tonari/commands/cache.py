"""``tonari cache``: what the steps of builds have left, and how much of it to keep."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click
from rich.table import Table

from pipeline.errors import TonariError
from tonari.console import common_options, messages, print_json

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def command() -> None:
    """List and prune what the steps of builds left. 途中の結果を一覧し、古いものを消す"""


@command.command("list")
@common_options
def list_(config: Path, data: Path, as_json: bool) -> None:
    """List results, the one used longest ago first. 使われていない順に並べる"""
    from pipeline.graph.store import StepStore  # noqa: PLC0415 - help must not wait for it

    entries = StepStore(data / "cache").entries()
    if as_json:
        print_json({"entries": [vars(kept) for kept in entries]})
        return
    table = Table()
    for heading in ("最後に使った日時 last used", "大きさ bytes", "処理 step", "キー key"):
        table.add_column(heading, overflow="fold")
    for kept in entries:
        used = dt.datetime.fromtimestamp(kept.used).astimezone()
        table.add_row(f"{used:%Y-%m-%d %H:%M}", f"{kept.bytes:,}", kept.name, kept.key[:16])
    messages.print(table)
    messages.print(f"合計 total: {sum(kept.bytes for kept in entries):,} bytes")


@command.command()
@click.option("--keep", metavar="SIZE", required=True, help="Size to keep, like 20G. 残す大きさ")
@common_options
def prune(keep: str, config: Path, data: Path, as_json: bool) -> None:
    """Delete results used longest ago until the rest fits. 古い順に消して大きさを抑える

    Nothing published is touched; what a build needs of it is made again.
    """
    from pipeline.graph.store import StepStore  # noqa: PLC0415 - help must not wait for it
    from pipeline.release.store import Store  # noqa: PLC0415
    from pipeline.tiling.partition.limits import parse_size  # noqa: PLC0415

    try:
        size = parse_size(keep)
    except TonariError as error:
        raise click.BadParameter(str(error), param_hint="--keep") from None
    with Store(data).locked():
        gone = StepStore(data / "cache").prune(size)
    if as_json:
        print_json({"deleted": [vars(kept) for kept in gone]})
        return
    freed = sum(kept.bytes for kept in gone)
    messages.print(f"消しました deleted: {len(gone)} ({freed:,} bytes)")
