"""The part of ``tonari inspect`` that looks into tilesets; see ``inspect.py`` for the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from pipeline.tiling.inspect.archive import inspect_tileset
from pipeline.tiling.inspect.tile import tile_geojson

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

SUFFIXES = (".pmtiles", ".mbtiles")
"""Endings of the file names this module is for."""


def inspect_archive(path: Path, tile: tuple[int, int, int] | None = None) -> dict[str, Any]:
    """Describe a tileset, or one tile of it.

    Parameters
    ----------
    path
        A ``.pmtiles`` or ``.mbtiles`` file.
    tile
        Zoom, column and row of the tile to decode; without it the archive is described.

    Returns
    -------
    dict
        JSON-ready: :meth:`pipeline.tiling.inspect.archive.TilesetReport.as_dict`, or what
        :func:`pipeline.tiling.inspect.tile.tile_geojson` returns.

    Raises
    ------
    TilingError
        If the file cannot be read or there is no such tile.
    """
    return inspect_tileset(path).as_dict() if tile is None else tile_geojson(path, *tile)


def print_archive(report: dict[str, Any], console: Console) -> None:
    """Print for a person what :func:`inspect_archive` returned.

    An archive becomes tables; a tile becomes GeoJSON, so that it can be sent to a file.
    """
    if "geojson" in report:
        text = json.dumps(report["geojson"], ensure_ascii=False, allow_nan=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
        return
    console.print(_summary(report))
    console.print(_zooms(report))
    console.print(_largest(report))
    if report["layers"]:
        console.print(_layers(report))
    if report["fault"]:
        console.print(Text(f"破損 fault: {report['fault']}", style="bold red"))


def _summary(report: dict[str, Any]) -> Table:
    table = Table(title=Text(report["path"]), show_header=False)
    described = {key: report["metadata"].get(key) for key in ("name", "description", "attribution")}
    shared = "" if report["contents"] is None else f" ({report['contents']:,} 種類 distinct)"
    rows = {
        "形式 format": f"{report['format']}, {report['tile_type']}, {report['compression']}",
        "名称 name": described["name"],
        "説明 description": described["description"],
        "出典 attribution": described["attribution"],
        "大きさ size": _bytes(report["bytes"]),
        "タイル数 tiles": f"{report['tiles']:,}{shared}",
        "ズーム zooms": f"{report['minzoom']}-{report['maxzoom']}",
        "範囲 bounds": ", ".join(f"{value:.5f}" for value in report["bounds"]),
        "中心 center": ", ".join(f"{value:g}" for value in report["center"]),
    }
    for label, value in rows.items():
        if value:
            table.add_row(label, Text(str(value)))
    return table


def _zooms(report: dict[str, Any]) -> Table:
    table = Table(title="ズーム別 by zoom")
    for heading in ("z", "タイル数 tiles", "合計 total", "中央値 median", "最大 largest"):
        table.add_column(heading, justify="right")
    for zoom in report["zooms"]:
        sizes = (_bytes(zoom[key]) for key in ("bytes", "median", "largest"))
        table.add_row(str(zoom["z"]), f"{zoom['tiles']:,}", *sizes)
    return table


def _largest(report: dict[str, Any]) -> Table:
    table = Table(title="最大のタイル largest tiles")
    table.add_column("z/x/y")
    table.add_column("大きさ size", justify="right")
    for tile in report["largest"]:
        table.add_row(f"{tile['z']}/{tile['x']}/{tile['y']}", _bytes(tile["bytes"]))
    return table


def _layers(report: dict[str, Any]) -> Table:
    table = Table(title="レイヤー layers")
    for heading in ("id", "ズーム zooms", "項目 fields"):
        table.add_column(heading)
    for layer in report["layers"]:
        zooms = f"{layer.get('minzoom', '')}-{layer.get('maxzoom', '')}"
        fields = ", ".join(f"{name}: {kind}" for name, kind in layer["fields"].items())
        table.add_row(Text(str(layer.get("id", ""))), Text(zooms.strip("-")), Text(fields))
    return table


def _bytes(count: int) -> str:
    if count < 10_000:
        return f"{count:,} B"
    return f"{count / 1e3:,.1f} kB" if count < 10_000_000 else f"{count / 1e6:,.1f} MB"
