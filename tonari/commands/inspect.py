"""``tonari inspect``: look at an unknown file or at an archive of tiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from tonari.console import common_options, messages, print_findings, print_json

if TYPE_CHECKING:
    from pipeline.sources.proposal import Proposal

ARCHIVES = (".pmtiles", ".mbtiles")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("tile", nargs=-1, type=int, metavar="[Z X Y]")
@click.option("--table", default="", help="Sheet or layer to look at. シート名・レイヤ名")
@common_options
def command(
    file: Path, tile: tuple[int, ...], table: str, config: Path, data: Path, as_json: bool
) -> None:
    """Look at a ledger, a map, a raster or a tile archive. ファイルの中身を見る

    For ledgers, maps, scans, photographs and elevation models it proposes the lines that declare
    them in layers.yaml; for an archive it shows sizes and fields, and with Z X Y one tile as
    GeoJSON.
    """
    if file.suffix in ARCHIVES:
        _show_archive(file, tile, as_json=as_json)
        return
    if tile:
        raise click.UsageError("Z X Y are for archives of tiles")
    # Help must not wait for the libraries that do the work.
    from pipeline.raster.unknown import is_raster  # noqa: PLC0415

    if is_raster(file):
        _show_raster(file, as_json=as_json)
        return
    from pipeline.sources.proposal import propose  # noqa: PLC0415

    found = propose(file, table)
    if as_json:
        print_json(found.as_dict())
    else:
        _show(found)


def _show_archive(file: Path, tile: tuple[int, ...], *, as_json: bool) -> None:
    from tonari.commands.inspect_archive import (  # noqa: PLC0415
        inspect_archive,
        print_archive,
    )

    if tile and len(tile) != 3:
        raise click.UsageError("give all of Z X Y, or none of them")
    address = (tile[0], tile[1], tile[2]) if tile else None
    report = inspect_archive(file, address)
    if as_json:
        print_json(report)
    else:
        print_archive(report, Console())


def _show_raster(file: Path, *, as_json: bool) -> None:
    from pipeline.raster.unknown import propose  # noqa: PLC0415

    found = propose(file)
    if as_json:
        print_json(found.as_dict())
        return
    out = Console(highlight=False)
    table = Table(title=found.file, show_header=False)
    for name, value in found.facts:
        table.add_row(name, value)
    out.print(table)
    print_findings(found.findings)
    if found.yaml:
        messages.print("layers.yaml に書く例 for layers.yaml:")
        click.echo(found.yaml)


def _show(found: Proposal) -> None:
    out = Console(highlight=False)
    table = Table("列 column", "型 type", "値のある件数 filled", "例 examples", title=found.file)
    for column in found.columns:
        table.add_row(
            column["name"], column["type"], f"{column['filled']} / {found.features}",
            "、".join(column["examples"]),
        )  # fmt: skip
    out.print(table)
    facts = {
        "件数 records": found.features, "文字コード encoding": found.encoding,
        "座標系 CRS": found.crs, "図形 geometry": found.geometry,
        "シート・レイヤ tables": ", ".join(found.tables), "スキーマ schema": found.schema,
    }  # fmt: skip
    for name, value in facts.items():
        if value:
            out.print(f"{name}: {value}", markup=False)
    print_findings(found.findings)
    messages.print("layers.yaml に書く例 for layers.yaml:")
    click.echo(found.yaml)
