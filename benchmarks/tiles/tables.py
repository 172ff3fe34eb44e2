"""The measurements as Markdown, for a terminal and for ``docs/performance.md``."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.tiles.contest import SHOWN_ZOOMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.tiles.contest import Input, Score
    from benchmarks.tiles.peers import Peer

BEGIN, END = "<!-- bench-tiles: begin -->", "<!-- bench-tiles: end -->"


def contest_table(given: Input, scores: Sequence[Score]) -> str:
    """Return one table: everybody on one input, times as ratios to ours."""
    ours = scores[0].seconds if scores[0].runs else None
    rows = [
        "| | seconds | × ours | CPU s | MB | tiles | largest tile kB | peak MB "
        "| lost at maximum zoom | present at z12 / z10 / z8 | invalid polygons |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|",
    ]
    rows += [_row(given, score, ours) for score in scores]
    return f"**{given.label}**, zooms {given.minzoom}–{given.maxzoom}\n\n" + "\n".join(rows) + "\n"


def _row(given: Input, score: Score, ours: float | None) -> str:
    if not score.runs or score.verdict is None:
        return (
            f"| {score.peer} | failed: {' '.join(score.failure.split())[:120]} | | | | | | | | | |"
        )
    verdict = score.verdict
    ratio = f"{score.seconds / ours:.1f}" if ours else ""
    lost = given.features - verdict.present.get(given.maxzoom, 0)
    shares = " / ".join(f"{verdict.present.get(z, 0) / given.features:.0%}" for z in SHOWN_ZOOMS)
    once = " (1 run)" if len(score.runs) == 1 else ""
    return (
        f"| {score.peer} | {score.seconds:.2f}{once} | {ratio} | {score.cpu_seconds:.2f} "
        f"| {verdict.bytes / 1e6:.2f} | {verdict.tiles:,} | {verdict.largest_tile / 1e3:.0f} "
        f"| {score.peak_bytes / 1e6:.0f} | {lost:,} | {shares} "
        f"| {verdict.invalid:,} of {verdict.polygons:,} |"
    )


def growth_table(scores: Mapping[Input, Score]) -> str:
    """Return how our time and memory grow with the number of features."""
    rows = [
        "| | seconds | CPU s | CPU µs a feature | peak MB | peak bytes a feature |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for given, score in scores.items():
        if not score.runs:
            rows.append(f"| {given.label} | failed: {score.failure[:120]} | | | | |")
            continue
        each = score.cpu_seconds / given.features * 1e6
        rows.append(
            f"| {given.label} | {score.seconds:.2f} | {score.cpu_seconds:.2f} | {each:.1f} "
            f"| {score.peak_bytes / 1e6:.0f} | {score.peak_bytes / given.features:,.0f} |"
        )
    return "\n".join(rows) + "\n"


def threads_table(one: Score, two: Score) -> str:
    """Return what a second processor brings."""
    rows = ["| processors | seconds | processor seconds |", "|---:|---:|---:|"]
    for count, score in ((1, one), (2, two)):
        if score.runs:
            rows.append(f"| {count} | {score.seconds:.2f} | {score.runs[-1].cpu_seconds:.2f} |")
    return "\n".join(rows) + "\n"


def start_table(scores: Sequence[Score]) -> str:
    """Return how long a tileset of one feature takes."""
    rows = ["| | seconds | CPU s | peak MB |", "|---|---:|---:|---:|"]
    rows += [
        f"| {score.peer} | {score.seconds:.2f} | {score.cpu_seconds:.2f} "
        f"| {score.peak_bytes / 1e6:.0f} |"
        for score in scores
        if score.runs
    ]
    return "\n".join(rows) + "\n"


def circumstances(contestants: Sequence[Peer], command: str, load: Sequence[float]) -> str:
    """Return command, date, machine, versions and how busy the machine was."""
    lines = [
        f"Command: `{command}`; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; Python "
        f"{platform.python_version()}, {platform.system()} {platform.machine()}, {_processor()}.",
        f"Processes waiting to run beside ours: {min(load):.1f} to {max(load):.1f} "
        "(load average of the last minute, read before each input).",
        "",
    ]
    lines += [f"- {peer.name} {peer.version}: {peer.told}" for peer in contestants]
    return "\n".join(lines) + "\n"


def _processor() -> str:
    from os import sched_getaffinity  # noqa: PLC0415 - exists on Linux only, as do the peers

    return f"{len(sched_getaffinity(0))} processors"


def replace_section(document: Path, text: str) -> None:
    """Put the tables between their marks in a document; everything else stays.

    Raises
    ------
    ValueError
        If the document has no such marks.
    """
    whole = document.read_text(encoding="utf-8")
    if BEGIN not in whole or END not in whole:
        raise ValueError(f"{document} has no {BEGIN} … {END}")
    before, rest = whole.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
