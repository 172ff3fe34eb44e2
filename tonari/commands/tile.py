"""``tonari tile``: the tiling engine alone, for any file of features."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tonari.console import (
    DONE,
    FAILED,
    STOPPED,
    common_options,
    memory_option,
    messages,
    print_findings,
    print_json,
    progress_shown,
)
from tonari.process import be_modest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.tiling import TileOptions, TileReport


@click.command()
@click.argument(
    "inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="INPUT…"
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="Archive to write: .pmtiles or .mbtiles. 書き出すタイルセット",
)  # fmt: skip
@click.option("--minzoom", default=0, show_default=True, type=click.IntRange(0, 18))
@click.option("--maxzoom", default=14, show_default=True, type=click.IntRange(0, 18))
@click.option(
    "-l", "--layer", "names", multiple=True,
    help="Layer name, once per input in their order; file names otherwise. レイヤ名",
)  # fmt: skip
@click.option("--id", "id_column", help="Column of feature ids. 地物IDの列")
@click.option("--name", default="", help="Title of the tileset. 名称")
@click.option("--attribution", default="", help="Credit shown on maps. 出典")
@click.option("--description", default="", help="What it is. 説明")
@click.option("--buffer", default=80, show_default=True, help="Units of 4,096 a tile.")
@click.option("--simplification", default=1.0, show_default=True, help="Tolerance in units.")
@click.option(
    "--tile-bytes", default=500_000, show_default=True, help="Budget of a tile. タイルの上限"
)
@click.option(
    "--reduce", "strategies", multiple=True,
    type=click.Choice(["simplify", "coalesce", "cluster", "rank", "densest"]),
    help="What to do with tiles above the budget, in the order given. 縮小の方法",
)  # fmt: skip
@click.option("--rank", help="Attribute that says which features matter most (for --reduce rank).")
@click.option("--sum", "sums", multiple=True, help="Attribute to add up (for --reduce cluster).")
@click.option("--threads", default=0, help="Worker threads; all cores if 0.")
@memory_option
@click.option(
    "--work", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the work of an input larger than --memory. 作業フォルダー",
)  # fmt: skip
@common_options
def command(
    inputs: tuple[Path, ...],
    output: Path,
    minzoom: int,
    maxzoom: int,
    names: tuple[str, ...],
    id_column: str | None,
    name: str,
    attribution: str,
    description: str,
    buffer: int,
    simplification: float,
    tile_bytes: int,
    strategies: tuple[str, ...],
    rank: str | None,
    sums: tuple[str, ...],
    threads: int,
    memory: int,
    work: Path | None,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Cut vector tiles from GeoParquet, GeoJSON, GeoJSONSeq, FlatGeobuf or GeoPackage.

    ベクトルタイルをつくります。何も間引かず、間引いたときは件数を示します。

    An input that needs more than --memory is cut part by part, in a work directory beside the
    output; stopped at any moment, the same command goes on where it was.
    """
    be_modest()
    # Help must not wait for the libraries that do the work.
    from pipeline.tiling import LayerOptions, TileOptions, tile  # noqa: PLC0415

    layers = _layers(inputs, names)
    special = LayerOptions(rank=rank, sums=sums)
    options = TileOptions(
        minzoom=minzoom,
        maxzoom=maxzoom,
        buffer=buffer,
        simplification=simplification,
        tile_bytes=tile_bytes,
        strategies=strategies,
        threads=threads,
        memory=memory,
        layers=dict.fromkeys(layers, special),
    )
    with progress_shown(quiet=as_json) as progress, _resumable(output, work):
        report = tile(
            layers,
            output,
            options,
            id_column=id_column,
            name=name,
            attribution=attribution,
            description=description,
            progress=progress,
            work=work,
        )
    if as_json:
        print_json({"output": str(output), "bytes": output.stat().st_size} | report.as_dict())
    else:
        print_findings(report.findings)
        _show(report, output, options)
    sys.exit(FAILED if any(f.severity == "error" for f in report.findings) else DONE)


@contextmanager
def _resumable(output: Path, work: Path | None) -> Iterator[None]:
    """Say how to go on if the work is stopped by Ctrl-C and something of it is kept."""
    try:
        yield
    except KeyboardInterrupt:
        from pipeline.tiling.partition.workspace import work_folder  # noqa: PLC0415

        folder = work_folder(output, work)
        if folder.exists():
            messages.print(
                "中断しました。同じコマンドで続きから始めます。やめるときは次を消してください\n"
                f"stopped; the same command goes on from here. To give up, remove {folder}",
                markup=False,
            )
        sys.exit(STOPPED)


def _layers(inputs: tuple[Path, ...], names: tuple[str, ...]) -> dict[str, Path]:
    titles = names or tuple(path.stem for path in inputs)
    if len(titles) != len(inputs):
        raise click.UsageError("give --layer once for every input, or not at all")
    if len(set(titles)) != len(titles):
        raise click.UsageError("two layers have the same name: name them with --layer")
    return dict(zip(titles, inputs, strict=True))


def _show(report: TileReport, output: Path, options: TileOptions) -> None:
    """Write one line per zoom, and why features are fewer than in the input."""
    for zoom in report.zooms:
        why = ", ".join(f"{cause} {count:,}" for cause, count in zoom.causes.items())
        messages.print(
            f"z{zoom.zoom:<2} {zoom.tiles:>8,} tiles {zoom.features:>10,} features "
            f"{zoom.bytes / 1e6:>8.2f} MB, largest {zoom.largest_bytes / 1e3:>6.0f} kB {why}",
            markup=False,
        )
    shapes = sum(layer.features for layer in report.layers)
    rate = shapes * len(report.zooms) / max(report.seconds, 1e-9)
    messages.print(
        f"{output}: {output.stat().st_size / 1e6:.2f} MB, zooms {options.minzoom}-{options.maxzoom}"
        f", {report.seconds:.2f} s ({rate:,.0f} features and zooms a second)",
        markup=False,
    )
