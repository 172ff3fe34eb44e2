"""Measure recall and precision of the detectors; with ``--write``, publish them in the docs."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.privacy.ledger import WAYS, remarks
from pipeline.privacy.detect.scan import scan_values

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"
BEGIN, END = "<!-- detect:begin -->\n", "<!-- detect:end -->\n"


def measured(rows: int, leaks: int) -> str:
    """Return the table that is published."""
    cells, ways = remarks(rows, leaks)
    start = time.process_time()
    found = scan_values(cells)
    seconds = time.process_time() - start
    hit = np.logical_or.reduce(list(found.values()))
    planted = np.array([bool(way) for way in ways])
    right = Counter(
        way for n, way in enumerate(ways) if way and found.get(WAYS[way][0], hit & False)[n]
    )
    anyhow = Counter(way for n, way in enumerate(ways) if way and hit[n])
    false = Counter(str(cells[n]) for n in np.flatnonzero(hit & ~planted))
    recall, precision = (hit & planted).sum() / planted.sum(), (hit & planted).sum() / hit.sum()
    print(f"{seconds:.1f} s of processor time for {rows:,} rows")
    print("taken for personal information:", false.most_common(20))
    lines = [
        f"{rows:,} 行の備考欄（乱数の種は固定）に、{len(WAYS)} 通りの書き方で {leaks} 件ずつ"
        "個人情報を混ぜて測りました（`make bench-privacy`）。",
        f"{rows:,} generated remarks, {len(WAYS)} ways of writing planted {leaks} times each.",
        "",
        f"**再現率 recall {recall:.1%}　適合率 precision {precision:.1%}**"
        f"（見間違い false alarms: {int((hit & ~planted).sum())} / {int((~planted).sum()):,}）",
        "",
        "| 書き方 way of writing | 見つけた割合 found | 正しい種類で by the right detector |",
        "|---|---:|---:|",
        *(f"| {way} | {anyhow[way] / leaks:.0%} | {right[way] / leaks:.0%} |" for way in WAYS),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--leaks", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    said = parser.parse_args()
    table = measured(said.rows, said.leaks)
    print(table)
    if said.write:
        page = PAGE.read_text("utf-8")
        head, rest = page.split(BEGIN)
        PAGE.write_text(head + BEGIN + table + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
