"""``tonari borders``: where the layers of neighbouring municipalities do not fit together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from pipeline.errors import ReleaseError, UndeclaredError
from pipeline.findings import Catalogue
from pipeline.release.store import Store
from tonari.console import common_options, messages, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd


@click.group()
def command() -> None:
    """Show what does not fit at the borders of municipalities. 市境の点検"""


@command.command()
@click.argument("pair", required=False)
@click.option("--csv", "csv_file", type=click.Path(path_type=str), help="Write a CSV for Excel.")
@click.option("--geojson", "geojson_file", type=click.Path(path_type=str), help="Write GeoJSON.")
@common_options
def report(
    pair: str | None,
    csv_file: str | None,
    geojson_file: str | None,
    config: Path,
    data: Path,
    as_json: bool,
) -> None:
    """Report the borders of the served release, or of one PAIR (401005-352012). 境界の報告

    A pair is two codes or two names of the declaration, joined by a hyphen.
    """
    # Help must not wait for the libraries that do the work.
    from pipeline.borders.report import geojson_of, of_pair, write_excel_csv  # noqa: PLC0415

    release, manifest = _served(data)
    names = {
        m["code"]: (m["name"]["ja"], m["name"]["en"]) for m in manifest["municipalities"].values()
    }
    table = _observed(release, manifest)
    table = table[table["kind"] != "line"]
    if pair is not None:
        table = of_pair(table, *_codes(pair, manifest))
    if csv_file is not None:
        with open(csv_file, "w", encoding="utf-8-sig", newline="") as stream:  # noqa: PTH123
            write_excel_csv(stream, table, names)
    if geojson_file is not None:
        with open(geojson_file, "w", encoding="utf-8") as stream:  # noqa: PTH123
            json.dump(geojson_of(table, names), stream, ensure_ascii=False)
    if as_json:
        print_json(geojson_of(table, names))
    else:
        _print(table, names)


@command.command()
@click.argument("layer")
@click.argument("feature")
@common_options
def original(layer: str, feature: str, config: Path, data: Path, as_json: bool) -> None:
    """Give back feature ID of LAYER as its ledger had it before a rule changed it. 元の形"""
    import geopandas as gpd  # noqa: PLC0415 - as above

    release, manifest = _served(data)
    artefacts = manifest["layers"].get(layer, {}).get("artefacts", {})
    if "originals" not in artefacts:
        raise _unknown("border-no-original", f"{layer} {feature}")
    kept = gpd.read_parquet(release / artefacts["originals"])
    found = kept[kept["id"].astype(str) == feature]
    if found.empty:
        raise _unknown("border-no-original", f"{layer} {feature}")
    row = found.iloc[0]
    print_json(
        {
            "type": "Feature",
            "id": int(row["id"]),
            "geometry": row["geometry"].__geo_interface__,
            "properties": {"sha256": row["sha256"]},
        }
    )


def _unknown(code: str, value: str, known: str = "") -> UndeclaredError:
    finding = Catalogue.of("pipeline.borders").finding(code, value=value, known=known)
    return UndeclaredError([finding])


def _served(data: Path) -> tuple[Path, dict[str, Any]]:
    store = Store(data)
    current = store.current()
    if current is None:
        raise ReleaseError("nothing is published yet: run tonari build first")
    return current, store.manifest(current.name)


def _observed(release: Path, manifest: dict[str, Any]) -> gpd.GeoDataFrame:
    from pipeline.borders.observations import together  # noqa: PLC0415 - as above

    return together(list(_tables(release, manifest)), "EPSG:6668")


def _tables(release: Path, manifest: dict[str, Any]) -> Iterator[gpd.GeoDataFrame]:
    from pipeline.borders.report import read_report  # noqa: PLC0415 - as above

    for name, layer in manifest["layers"].items():
        if "borders" in layer["artefacts"]:
            yield read_report(release / layer["artefacts"]["borders"], name)


def _codes(pair: str, manifest: dict[str, Any]) -> tuple[str, str]:
    towns = manifest["municipalities"]
    known = {key: town["code"] for key, town in towns.items()}
    known |= {code: code for code in known.values()}
    first, _, second = pair.partition("-")
    if first not in known or second not in known:
        raise _unknown("border-no-pair", pair, known=", ".join(towns))
    return known[first], known[second]


def _print(table: gpd.GeoDataFrame, names: dict[str, tuple[str, str]]) -> None:
    from pipeline.borders.report import amount, described  # noqa: PLC0415 - as above

    shown = Table()
    for heading in ("レイヤー layer", "境界 border", "大きさ size", "内容 message"):
        shown.add_column(heading, overflow="fold")
    for row in described(table, names):
        towns = " – ".join(names.get(row[s], (row[s],))[0] for s in ("a", "b") if row[s])
        size = amount(row["size"], row["unit"])
        shown.add_row(row["layer"], towns, size, f"{row['message']}\n{row['message_en']}")
    messages.print(shown)
