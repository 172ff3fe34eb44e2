"""The measurements of feeds as Markdown."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BEGIN, END = "<!-- bench-gtfs: begin -->", "<!-- bench-gtfs: end -->"


def step(runs: Sequence[Mapping[str, Any]], name: str) -> float:
    """Return the median seconds of a step."""
    return median(run["steps"][name] for run in runs)


def busy(runs: Sequence[Mapping[str, Any]], name: str) -> float:
    """Return the median processor seconds of a step, which other work hardly changes."""
    return median(run["processor"][name] for run in runs)


def peak(runs: Sequence[Mapping[str, Any]]) -> float:
    """Return the largest memory of any run, in MB."""
    return float(max(run["peak_bytes"] for run in runs)) / 1e6


def exchange_table(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return reading and writing: processor seconds of others as multiples of ours."""
    ours = results["ours"]
    rows = [
        "| | read s | processor s | × ours | write s | processor s | × ours | peak MB | zip MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, runs in results.items():
        cells = [
            f"{step(runs, what):.2f} | {busy(runs, what):.2f} "
            f"| {busy(runs, what) / busy(ours, what):.1f}"
            for what in ("read", "write")
        ]
        size = runs[0]["bytes"] / 1e6
        rows.append(f"| {name} | {' | '.join(cells)} | {peak(runs):.0f} | {size:.2f} |")
    return "\n".join(rows) + "\n"


def build_table(
    builds: Mapping[int, Sequence[Mapping[str, Any]]], kit: Sequence[Mapping[str, Any]]
) -> str:
    """Return whole builds by size; the largest as a multiple of gtfs-kit's read and write."""
    rows = [
        "| stop_times | build and reconcile s | processor s | write s | µs a stop_time | peak MB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for size, runs in builds.items():
        whole = busy(runs, "build") + busy(runs, "write")
        rows.append(
            f"| {size:,} | {step(runs, 'build'):.1f} | {busy(runs, 'build'):.1f} "
            f"| {step(runs, 'write'):.2f} "
            f"| {whole / size * 1e6:.0f} | {peak(runs):.0f} |"
        )
    largest = builds[max(builds)]
    whole = busy(largest, "build") + busy(largest, "write")
    bare = busy(kit, "read") + busy(kit, "write")
    ratio = (
        f"{whole / bare:.1f} times as long as gtfs-kit's bare read and write, in processor seconds"
    )
    note = f"The largest build takes {ratio}."
    return "\n".join(rows) + f"\n\n{note}\n"


def other_table(results: Mapping[str, tuple[str, Sequence[Mapping[str, Any]]]]) -> str:
    """Return single steps: what, who, seconds, memory."""
    rows = ["| | seconds | processor s | peak MB |", "|---|---:|---:|---:|"]
    rows += [
        f"| {name} | {step(runs, which):.2f} | {busy(runs, which):.2f} | {peak(runs):.0f} |"
        for name, (which, runs) in results.items()
    ]
    return "\n".join(rows) + "\n"


def replace_section(document: Path, text: str) -> None:
    """Put the text between the marks of the document, which gets a section if it has none."""
    old = document.read_text(encoding="utf-8")
    if BEGIN not in old:
        command = "`make bench-gtfs` (or `python -m benchmarks.gtfs --write`)"
        old += f"\n## Feeds\n\nMeasured by {command}.\n\n{BEGIN}\n{END}\n"
    before, rest = old.split(BEGIN, 1)
    document.write_text(
        before + BEGIN + "\n" + text + "\n" + END + rest.split(END, 1)[1], encoding="utf-8"
    )
