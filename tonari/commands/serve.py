"""``tonari serve``: the server on the current release."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from tonari.console import common_options
from tonari.transit import ALERTS, Transit

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--public-url", help="The address the public uses. 公開する URL")
@click.option("--behind-proxy", is_flag=True, help="Believe X-Forwarded-* of one proxy in front.")
@common_options
def command(
    host: str,
    port: int,
    workers: int,
    public_url: str | None,
    behind_proxy: bool,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Serve the current release; a new release is served as soon as it is published.

    公開中の版を配信する
    """
    from tiles_server.run import serve  # noqa: PLC0415 - help must not start a server

    serve(
        data,
        host=host,
        port=port,
        workers=workers,
        public_url=public_url,
        behind_proxy=behind_proxy,
        transit=partial(Transit, data.resolve()),
        staff=data.resolve() / ALERTS,
    )
