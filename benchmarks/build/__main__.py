"""``python -m benchmarks.build``: schedulers, one changed row, nothing changed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from benchmarks.build.town import build, cores, edit_one_row, write_town
from benchmarks.report import circumstances, replace_section

SAMPLE = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--quick", is_flag=True, help="Small layers: does it all work?")
@click.option("--write", is_flag=True, help="Put the tables into docs/performance.md.")
def main(quick: bool, write: bool) -> None:
    """Measure builds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [
            circumstances("benchmarks.build"),
            "",
            _schedulers(folder / "many", *((4, 500) if quick else (40, 50_000))),
            _one_row(folder / "one", *((3_000, 3) if quick else (1_000_000, 30))),
            _nothing(folder / "idle", 5 if quick else 200),
        ]
    text = "\n".join(parts)
    print(text)
    if write:
        replace_section("bench-build", text)


def _table(head: tuple[str, ...], rows: list[tuple[str, float]], first: float) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += [f"| {what} | {spent:.2f} s | {first / spent:.2f} |" for what, spent in rows]
    return "\n".join([*lines, ""])


def _schedulers(folder: Path, layers: int, features: int) -> str:
    write_town(folder, layers, features)
    rows = [
        (kind, build(folder, f"data-{kind}", "--scheduler", kind))
        for kind in ("serial", "processes", "local")
    ]
    head = (f"{layers} layers of {features:,} features, {cores()} processors", "time",
            "times as fast as serial")  # fmt: skip
    return _table(head, rows, rows[0][1])


def _one_row(folder: Path, features: int, sources: int) -> str:
    write_town(folder, 1, features, sources)
    full = build(folder, "data")
    edit_one_row(folder / "l0_7.csv" if sources > 7 else folder / "l0_0.csv")
    changed = build(folder, "data")
    again = build(folder, "data-anew")
    head = (f"one layer of {features:,} features from {sources} sources", "time",
            "times as fast as all")  # fmt: skip
    rows = [("all of it", full), ("one row changed", changed), ("all of that anew", again)]
    return _table(head, rows, full)


def _nothing(folder: Path, layers: int) -> str:
    write_town(folder, layers, 20)
    first = build(folder, "data")
    idle = build(folder, "data")
    sample = folder.with_name("sample")
    shutil.copytree(SAMPLE / "data" / "sample", sample / "data" / "sample")
    shutil.copytree(SAMPLE / "data" / "registry", sample / "data" / "registry")
    shutil.copy(SAMPLE / "layers.yaml", sample / "layers.yaml")
    sample_first, sample_idle = build(sample, "out"), build(sample, "out")
    head = ("nothing changed", "time", "times as fast as the first build")
    lines = _table(head, [(f"{layers} small layers", idle)], first)
    return lines + _table(head, [("the sample", sample_idle)], sample_first).split("\n", 2)[2]


if __name__ == "__main__":
    main()
