"""``tonari releases``: list, roll back, prune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from pipeline.release.store import Store
from tonari.console import common_options, messages, print_json

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def command() -> None:
    """List releases, serve an earlier one again, delete old ones. 版の一覧・差し戻し・整理"""


@command.command("list")
@common_options
def list_releases(config: Path, data: Path, as_json: bool) -> None:
    """List the releases, oldest first. 版の一覧"""
    store = Store(data)
    current = store.current()
    served = current.name if current else ""
    releases = [_summary(store.manifest(name), served) for name in store.names()]
    if as_json:
        print_json({"current": served, "releases": releases})
        return
    table = Table()
    # The id is what rollback asks for: it is shown whole however narrow the window.
    table.add_column("版 release", no_wrap=True)
    for heading in ("公開中 served", "レイヤー layers", "時刻表 feeds", "誤り errors"):
        table.add_column(heading, overflow="fold")
    for one in releases:
        mark = "●" if one["current"] else ""
        table.add_row(
            one["release"], mark, str(one["layers"]), str(one["feeds"]), str(one["errors"])
        )
    messages.print(table)


@command.command()
@click.argument("release", required=False)
@common_options
def rollback(release: str | None, config: Path, data: Path, as_json: bool) -> None:
    """Serve RELEASE again, or the one before the current one. 前の版に戻す"""
    served = Store(data).rollback(release)
    if as_json:
        print_json({"current": served})
    else:
        messages.print(f"公開中の版 now served: {served}")


@command.command()
@click.option("--keep", type=click.IntRange(min=1), default=10, show_default=True)
@common_options
def prune(keep: int, config: Path, data: Path, as_json: bool) -> None:
    """Delete all but the newest releases; the served one stays. 古い版を消す"""
    deleted = Store(data).prune(keep)
    if as_json:
        print_json({"deleted": deleted})
    else:
        messages.print(f"消した版 deleted: {', '.join(deleted) or '-'}", markup=False)


@command.command()
@click.argument("release")
@common_options
def delete(release: str, config: Path, data: Path, as_json: bool) -> None:
    """Delete RELEASE for good, e.g. one published by mistake. 版を一つ消す"""
    Store(data).delete(release)
    if as_json:
        print_json({"deleted": [release]})
    else:
        messages.print(f"消した版 deleted: {release}", markup=False)


def _summary(manifest: dict[str, Any], served: str) -> dict[str, Any]:
    return {
        "release": manifest["release"],
        "created": manifest["created"],
        "current": manifest["release"] == served,
        "layers": len(manifest["layers"]),
        "feeds": len(manifest["feeds"]),
        "errors": manifest["findings"]["error"],
    }
