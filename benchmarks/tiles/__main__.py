"""``python -m benchmarks.tiles``: the whole comparison, or a quick look at it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks.tiles import real, tables
from benchmarks.tiles.contest import Input, Score, contest
from benchmarks.tiles.peers import OUT, Peer, install, ourselves, peers

FULL = [
    Input("buildings", 200_000),
    Input("roads", 100_000),
    Input("points", 300_000, maxzoom=15),
    Input("flood", 200_000),
]
GROWTH = [Input("buildings", size) for size in (20_000, 200_000, 2_000_000)]
QUICK_SHRINKS = 20  # quick inputs are so many times smaller


@click.command()
@click.option("--quick", is_flag=True, help="Small inputs, one run, no growth: does it all work?")
@click.option("--runs", default=3, show_default=True, help="Runs of each; the median counts.")
@click.option("--only", multiple=True, help="Inputs: buildings, roads, points, flood.")
@click.option("--peer", "names", multiple=True, help="Peers to run; all if not given.")
@click.option("--growth/--no-growth", default=True, help="Also 20,000 to 2,000,000 features.")
@click.option("--write", is_flag=True, help="Put the tables into docs/performance.md.")
def main(
    quick: bool, runs: int, only: tuple[str, ...], names: tuple[str, ...], growth: bool, write: bool
) -> None:
    """Measure our tiling engine beside its peers."""
    OUT.mkdir(exist_ok=True)
    install()
    us = ourselves()
    everybody = [us, *(p for p in peers() if not names or p.name.split(",")[0] in names)]
    folder = OUT / "data"
    given = [i for i in FULL if not only or i.kind in only]
    if quick:
        runs, growth = 1, False
        given = [replace(i, size=i.size // QUICK_SHRINKS) for i in given]
    if real.present() and not only:
        given += [Input(kind, len(read())) for kind, read in real.KINDS.items()]
    loads, parts = [os.getloadavg()[0]], []
    warm_up(us, folder)
    results: dict[str, Any] = {}
    for one in given:
        loads.append(os.getloadavg()[0])
        invited = [peer for peer in everybody if not peer.only or one.kind in peer.only]
        scores = contest(one, invited, runs=runs, folder=folder, tell=tell)
        results[one.label] = [score.as_dict() for score in scores]
        parts.append(tables.contest_table(one, scores))
        keep(everybody, loads, parts, results)
    parts.append("### Start: a tileset of one feature\n\n" + start(everybody, runs, folder))
    parts.append("### One and two processors\n\n" + processors(us, given[0], runs, folder))
    if growth:
        parts.append("### Growth\n\n" + grow(us, folder))
    text = keep(everybody, loads, parts, results)
    print(text)
    if write:
        tables.replace_section(Path(__file__).resolve().parents[2] / "docs/performance.md", text)


def keep(
    everybody: list[Peer], loads: list[float], parts: list[str], results: dict[str, Any]
) -> str:
    """Write what is known so far, so that an interrupted run is not lost; return it."""
    command = "python -m benchmarks.tiles " + " ".join(sys.argv[1:])
    text = "\n".join([tables.circumstances(everybody, command.strip(), loads), *parts])
    (OUT / "tiles.md").write_text(text, encoding="utf-8")
    (OUT / "tiles.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    return text


def tell(line: str) -> None:
    """Say how far it is, apart from the result."""
    print(line, file=sys.stderr, flush=True)


def warm_up(us: Peer, folder: Path) -> None:
    """Compile our kernels for every kind of geometry, as ``make setup`` does for a user."""
    for kind, size in (("buildings", 50), ("roads", 50), ("points", 50), ("flood", 100)):
        contest(Input(kind, size), [us], runs=1, folder=folder, tell=lambda _: None)


def start(everybody: list[Peer], runs: int, folder: Path) -> str:
    """Measure a tileset of one feature: what it costs to begin at all."""
    folder.mkdir(parents=True, exist_ok=True)
    scores = contest(Input("buildings", 1), everybody, runs=max(runs, 3), folder=folder, tell=tell)
    return tables.start_table(scores)


def processors(us: Peer, given: Input, runs: int, folder: Path) -> str:
    """Measure us on one and on two processors."""
    one, two = (
        contest(given, [us], runs=runs, folder=folder, threads=threads, tell=tell)[0]
        for threads in (1, 2)
    )
    return tables.threads_table(one, two)


def grow(us: Peer, folder: Path) -> str:
    """Measure us on ever larger cities."""
    scores: dict[Input, Score] = {}
    for given in GROWTH:
        scores[given] = contest(given, [us], runs=1, folder=folder, tell=tell)[0]
    return tables.growth_table(scores)


if __name__ == "__main__":
    main()
