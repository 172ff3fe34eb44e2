"""``python -m benchmarks.gtfs``: feeds of a generated operator, beside the tools others use."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.gtfs import tables
from benchmarks.gtfs.operator import Operator, generate

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "benchmarks" / "out" / "gtfs"
ROUTES = 120  # 748,800 stop_times
GROWTH = (12, 60, ROUTES)
PEERS = ("gtfs-kit", "gtfs-guru", "gtfs-analyzer", "pandas", "pyarrow", "deflate")


@click.command()
@click.option("--quick", is_flag=True, help="A small operator, one run: does it all work?")
@click.option("--runs", default=3, show_default=True, help="Runs of each; the median counts.")
@click.option("--write", is_flag=True, help="Put the tables into docs/performance.md.")
def main(quick: bool, runs: int, write: bool) -> None:
    """Measure reading, writing, building, comparing and checking feeds."""
    sizes = (2,) if quick else GROWTH
    runs = 1 if quick else runs
    load = os.getloadavg()[0]
    operators = {size: prepared(size) for size in sizes}
    builds = {operator.stop_times: [built(operator)] for operator in operators.values()}
    archive = zip_of(operators[sizes[-1]])
    exchange: dict[str, list[dict[str, Any]]] = {"ours": [], "gtfs-kit": []}
    for _ in range(runs):  # in turns, so that a busy moment meets everybody
        for name, kept in exchange.items():
            kept.append(task(name.replace("-", "_"), archive, OUT / f"{name}.zip"))
    checks = {
        "validation with gtfs-guru": (
            "validate",
            [task("gtfs_guru", archive) for _ in range(runs)],
        ),
        "validation with gtfs-analyzer": (
            "validate",
            [task("gtfs_analyzer", archive) for _ in range(runs)],
        ),
        "difference of the feed and itself": ("compare", [task("difference", archive)]),
    }
    text = "\n".join(
        [
            circumstances(load, operators[sizes[-1]], runs),
            "### Reading and writing\n",
            tables.exchange_table(exchange),
            "gtfs-kit reads and writes the classic files as text; we also keep translations, Flex, "
            "Fares v2 and the Japanese files, parse times, sort rows and write the same bytes "
            "every time. make-gtfs starts from frequencies, not timetables: nothing to compare.\n",
            "### From workbooks to the zip\n",
            tables.build_table(builds, exchange["gtfs-kit"]),
            "### Checking and comparing\n",
            tables.other_table(checks),
        ]
    )
    print(text)
    if write:
        tables.replace_section(ROOT / "docs" / "performance.md", text)


def prepared(routes: int) -> Operator:
    """Generate an operator, or find it generated."""
    folder = OUT / f"routes{routes}"
    declaration = folder / "declaration.json"
    if declaration.exists():
        return Operator(folder, routes, json.loads(declaration.read_text(encoding="utf-8")))
    tell(f"generating {routes} routes")
    operator = generate(folder, routes)
    declaration.write_text(json.dumps(operator.declaration), encoding="utf-8")
    return operator


def zip_of(operator: Operator) -> Path:
    """Return where the feed of an operator is written."""
    return operator.root / "feed.zip"


def built(operator: Operator) -> dict[str, Any]:
    """Build the feed of an operator."""
    return task("build", operator.root, zip_of(operator))


def task(name: str, *arguments: Path) -> dict[str, Any]:
    """Run one task in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.gtfs.task", name, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, check=False, text=True, cwd=ROOT)
    if run.returncode != 0:
        raise click.ClickException(f"{name}: {run.stderr.strip()[-800:]}")
    tell(f"{name}: {time.perf_counter() - started:.1f} s")
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result


def circumstances(load: float, operator: Operator, runs: int) -> str:
    """Say on what machine, with which versions and how busy it was."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS)
    return (
        f"{operator.stop_times:,} stop_times on {operator.routes} routes, generated "
        f"(`benchmarks/gtfs/operator.py`); median of {runs}, builds once. {os.cpu_count()} "
        f"processors, Python {platform.python_version()}; load of the machine at the "
        f"start {load:.1f}. {versions}.\n"
    )


def tell(line: str) -> None:
    """Say how far it is, apart from the result."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
