"""``python -m benchmarks.survey``: buildings to 250 m cells by use, beside overlay and dissolve."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
import pandas as pd

from benchmarks.report import circumstances, replace_section
from benchmarks.survey.contestants import CONTESTANTS
from benchmarks.tiles import cities
from benchmarks.tiles.measure import Run, run

COUNT = 1_000_000
CLOSE = 1e-6
"""Part of a cell's floor area that the two may differ by; ours is whole tenths of m²."""


@click.group(invoke_without_command=True)
@click.option("--count", default=COUNT, show_default=True, help="Buildings.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
@click.pass_context
def main(context: click.Context, count: int, write: bool) -> None:
    """Measure the aggregation of buildings to the standard grid."""
    if context.invoked_subcommand is None:
        _compare(count, write=write)


@main.command()
@click.argument("name", type=click.Choice(list(CONTESTANTS)))
@click.argument("buildings", type=Path)
@click.argument("out", type=Path)
def work(name: str, buildings: Path, out: Path) -> None:
    """Let one contestant do it, in this process."""
    CONTESTANTS[name](buildings).to_parquet(out)


def _compare(count: int, *, write: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        buildings = cities.write("buildings", count, Path(folder))
        runs = {name: _one(name, buildings, Path(folder)) for name in ("read", *CONTESTANTS)}
        ours, theirs = (
            pd.read_parquet(Path(folder) / f"{name}.parquet") for name in ("ours", "geopandas")
        )
    text = _table(runs, count) + "\n\n" + _difference(ours, theirs)
    print(text)
    if write:
        replace_section("survey", text + "\n\n" + circumstances("benchmarks.survey"))


def _one(name: str, buildings: Path, folder: Path) -> Run:
    if name == "read":
        code = f"import geopandas; geopandas.read_parquet({str(buildings)!r})"
        return run([sys.executable, "-c", code])
    out = folder / f"{name}.parquet"
    words = ["-m", "benchmarks.survey", "work", name, str(buildings), str(out)]
    return run([sys.executable, *words], allowed=3_600)


def _table(runs: dict[str, Run], count: int) -> str:
    rows = [f"| {count:,} buildings | processor s | wall s | peak MB |", "|---|---|---|---|"]
    rows += [
        f"| {name} | {r.cpu_seconds:.1f} | {r.seconds:.1f} | {r.peak_bytes / 1e6:.0f} |"
        for name, r in runs.items()
    ]
    base = runs["read"].cpu_seconds
    times = (runs["geopandas"].cpu_seconds - base) / (runs["ours"].cpu_seconds - base)
    return "\n".join(rows) + f"\n\nBeside reading the file, ours takes 1/{times:.1f} of the time."


def _difference(ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    """Compare floor area by cell and use; the totals of ours are exact.

    Raises
    ------
    ValueError
        If the two disagree, so that no table is made of different work.
    """
    both = ours.rename(columns={"area": "ours"}).join(theirs, how="outer").fillna(0.0)
    apart = (both["ours"] - both["area"]).abs()
    # A part of a building is a whole tenth of a square metre with us.
    allowed = 0.1 * both["pieces"].clip(lower=1) + CLOSE * both["area"]
    if (apart > allowed).any():
        raise ValueError(f"{int((apart > allowed).sum())} cells differ, by up to {apart.max()} m²")
    return (
        f"{len(both):,} cells by use; floor area differs by at most {apart.max():.2f} m² in one, "
        f"and by {abs(ours['area'].sum() - theirs['area'].sum()):.2f} m² altogether."
    )


if __name__ == "__main__":
    main()
