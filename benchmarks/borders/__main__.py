"""``python -m benchmarks.borders``: how right and how fast, beside a plain overlay of geopandas."""

from __future__ import annotations

import time

import click
import geopandas as gpd
import numpy as np
import shapely

from benchmarks.borders.score import Score, of_control, score
from benchmarks.borders.spoil import ZONE, country, degrees, places, reference, roads, spoiled_areas
from benchmarks.report import circumstances
from pipeline.borders.analysis import analyse
from pipeline.borders.areas import Side, overlaps
from pipeline.borders.observations import Pair
from pipeline.borders.reference import reference_of
from pipeline.borders.subject import Subject
from pipeline.config.borders import Borders

WIDTHS = (0.005, 0.25, 0.7, 1.75, 5.0, 17.5)
"""Metres: below what is told, then the position noise of maps of 1/500 to 1/25,000."""


def scores() -> tuple[list[Score], int]:
    """Return precision and recall per kind and magnitude, and findings at the control pair."""
    found, control = [], 0
    truth = reference(country())
    for number, metres in enumerate(WIDTHS):
        for kinds, (frame, faults), options in (
            (("gap", "overlap"), spoiled_areas(metres, number), Borders(full=True)),
            (("unmet", "value"), roads(metres), Borders(agree=("name", "width"), tolerance=0.5)),
            (("duplicate",), places(metres * 4, number), Borders(name="name")),
        ):  # fmt: skip
            table = analyse(Subject(frame, options), truth)
            if kinds == ("duplicate",):
                table = table[table["grade"].isin(["same", ""])]
            found += [score(kind, table, faults, metres) for kind in kinds]
            control += of_control(table)
    return found, control


def grid(count: int, west: bool) -> np.ndarray:
    """Return about `count` parcels of 20 m on one side of a straight line, to 100 m beyond it."""
    rows = max(int(np.sqrt(count / 2)), 1)
    columns = count // rows
    x, y = np.meshgrid(np.arange(columns) * 20.0, np.arange(rows) * 20.0)
    x = -20.0 - x + 1.3 if west else x
    return np.asarray(shapely.box(x.ravel(), y.ravel(), x.ravel() + 20, y.ravel() + 20), object)


def speed(count: int) -> tuple[float, float, float]:
    """Return seconds of ours and of overlay for two cities of `count` parcels, and areas' ratio."""
    a, b = grid(count, True), grid(count, False)
    frames = [gpd.GeoDataFrame({"n": range(len(s))}, geometry=s, crs=ZONE) for s in (a, b)]
    begun = time.perf_counter()
    sides = [_side("1", a), _side("2", b)]
    ours = overlaps(sides[0], sides[1], Pair("1", "2"), ZONE, silent=0.0)["size"].sum()
    middle = time.perf_counter()
    plain = gpd.overlay(frames[0], frames[1], how="union", keep_geom_type=True)
    theirs = plain[plain["n_1"].notna() & plain["n_2"].notna()].area.sum()
    return middle - begun, time.perf_counter() - middle, float(ours / theirs)


def _side(code: str, shapes: np.ndarray) -> Side:
    return Side(code, np.arange(len(shapes)).astype(object), shapes)


def whole(count: int) -> float:
    """Return seconds of the whole analysis of two cities of `count` parcels that fit but 1.3 m."""
    a, b = (degrees(grid(count, west)) for west in (True, False))
    frame = gpd.GeoDataFrame(
        {"id": np.arange(len(a) + len(b)), "municipality_code": ["1"] * len(a) + ["2"] * len(b)},
        geometry=np.concatenate([a, b]), crs="EPSG:6668",
    )  # fmt: skip
    rows = max(int(np.sqrt(count / 2)), 1) * 20.0
    ends = shapely.box(-count / rows * 400.0 - 1e4, 0, 0, rows), shapely.box(0, 0, 1e4, rows)
    areas = {"municipality_code": ["1", "2"]}
    shapes = degrees(np.asarray(ends, object))
    truth = reference_of(gpd.GeoDataFrame(areas, geometry=shapes, crs="EPSG:6668"))
    begun = time.perf_counter()
    analyse(Subject(frame, Borders()), truth)
    return time.perf_counter() - begun


@click.command()
@click.option("--quick", is_flag=True, help="Small cities: does it all work?")
def main(quick: bool) -> None:
    """Print precision and recall, then seconds."""
    print(circumstances("benchmarks.borders"))
    found, control = scores()
    print("| kind | m | faults | found | precision | recall |\n|---|---|---|---|---|---|")
    for one in sorted(found, key=lambda s: (s.kind, s.magnitude)):
        print(
            f"| {one.kind} | {one.magnitude:g} | {one.faults} | {one.found} "
            f"| {one.precision:.3f} | {one.recall:.3f} |"
        )
    print(f"\nControl pair: {control} findings\n")
    print("| parcels a city | overlaps s | geopandas overlay s | times | areas | all s |")
    print("|---|---|---|---|---|---|")
    for count in (2_000,) if quick else (10_000, 40_000):
        ours, theirs, ratio = speed(count)
        print(
            f"| {count:,} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.0f} | {ratio - 1:+.1e} "
            f"| {whole(count):.2f} |",
            flush=True,
        )
    for count in () if quick else (125_000, 250_000, 500_000):
        sides = [_side(code, grid(count, west)) for code, west in (("1", True), ("2", False))]
        made = time.perf_counter()
        overlaps(sides[0], sides[1], Pair("1", "2"), ZONE, silent=0.0)
        ours = time.perf_counter() - made
        print(f"| {count:,} | {ours:.2f} | – | – | – | – |", flush=True)


if __name__ == "__main__":
    main()
