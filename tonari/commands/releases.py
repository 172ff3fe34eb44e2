"""``tonari releases``: list, roll back, prune; push to object storage."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from pipeline.release.store import Store
from tonari.console import common_options, messages, print_json, progress_shown

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def command() -> None:
    """List releases, serve an earlier one again, delete old ones. 版の一覧・差し戻し・整理"""


@command.command("list")
@click.argument("storage", required=False)
@common_options
def list_releases(storage: str | None, config: Path, data: Path, as_json: bool) -> None:
    """List the releases, oldest first; those on STORAGE (s3://bucket/prefix). 版の一覧"""
    if storage:
        _list_stored(storage, as_json)
        return
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


@command.command()
@click.argument("storage")
@click.argument("release", required=False)
@click.option("--public-url", required=True, help="Where the public reads STORAGE. 公開 URL")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent. 送らずに確認")
@common_options
def push(
    storage: str,
    release: str | None,
    public_url: str,
    dry_run: bool,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Mirror the served release, or RELEASE, to STORAGE (s3://bucket/prefix). 版を送る

    Keys and endpoint come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
    AWS_REGION, AWS_ENDPOINT_URL.
    """
    # Help and the other commands need no storage.
    from pipeline.mirror import push as mirror  # noqa: PLC0415
    from pipeline.mirror.bucket import Bucket  # noqa: PLC0415
    from tonari.static import documents, offered  # noqa: PLC0415

    root = public_url.rstrip("/")
    if not root.startswith(("https://", "http://")):
        raise click.BadParameter(
            "https://… 公開 URL は https:// で始めます", param_hint="--public-url"
        )
    bucket, store = Bucket(storage), Store(data)
    current = store.current()
    name = release or (current.name if current else "")
    sent = offered(store.manifest(name))
    folder = store.folder / name
    items = mirror.planned(folder, sent)
    texts = {} if dry_run else documents(folder, sent, root)
    with progress_shown(quiet=as_json) as progress:
        told = mirror.push(
            bucket, name, items, texts, dry_run=dry_run,
            progress=lambda done, total: progress("push", done, total),
        )  # fmt: skip
    if as_json:
        print_json({**dataclasses.asdict(told), "dry_run": dry_run})
        return
    if dry_run:
        for key in told.sent:
            messages.print(f"送る would send: {key}", markup=False)
    messages.print(
        f"{name}: 送信 sent {len(told.sent)} ({told.bytes} bytes), "
        f"既存 already there {len(told.there)}",
        markup=False,
    )


@command.command()
@click.argument("storage")
@click.argument("release", required=False)
@common_options
def verify(storage: str, release: str | None, config: Path, data: Path, as_json: bool) -> None:
    """Read every file of the served release, or RELEASE, on STORAGE again. 保存先の検査"""
    from pipeline.mirror import push as mirror  # noqa: PLC0415
    from pipeline.mirror.bucket import Bucket  # noqa: PLC0415

    bucket = Bucket(storage)
    name = release or mirror.served(bucket)
    files = mirror.verify(bucket, name)
    if as_json:
        print_json({"release": name, "files": files})
    else:
        messages.print(f"{name}: {files} 件すべて正常 files, all whole", markup=False)


def _list_stored(storage: str, as_json: bool) -> None:
    from pipeline.mirror import push as mirror  # noqa: PLC0415
    from pipeline.mirror.bucket import Bucket  # noqa: PLC0415

    told = mirror.releases(Bucket(storage))
    if as_json:
        print_json(told)
        return
    for name in told["releases"]:
        messages.print(f"{name} {'● 公開中 served' if name == told['current'] else ''}".rstrip())


def _summary(manifest: dict[str, Any], served: str) -> dict[str, Any]:
    return {
        "release": manifest["release"],
        "created": manifest["created"],
        "current": manifest["release"] == served,
        "layers": len(manifest["layers"]),
        "feeds": len(manifest["feeds"]),
        "errors": manifest["findings"]["error"],
    }
