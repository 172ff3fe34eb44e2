"""The measurements of features as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def contest_table(results: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]) -> str:
    """Return one table: for every kind of query everybody's answers a second and milliseconds.

    Parameters
    ----------
    results
        Per kind of query: name and measurement of each contestant, ourselves first.
    """
    rows = [
        "| query | | answers/s | ours is × | p50 ms | p99 ms | kB an answer |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for kind, measured in results.items():
        ours = measured[0][1]["rate"]
        for name, seen in measured:
            ratio = f"{ours / seen['rate']:.1f}"
            size = seen["bytes"] / seen["answers"] / 1e3
            rows.append(
                f"| {kind} | {name} | {seen['rate']:.0f} | {ratio} | {seen['p50']:.1f} "
                f"| {seen['p99']:.1f} | {size:.1f} |"
            )
    return "\n".join(rows) + "\n"


def memory_table(memory: Mapping[str, Sequence[int]]) -> str:
    """Return the memory after all queries: the servers, and their database."""
    rows = ["| | server MB | database MB | together MB |", "|---|---:|---:|---:|"]
    for name, (server, database) in memory.items():
        parts = " | ".join(f"{part / 1e6:.0f}" for part in (server, database, server + database))
        rows.append(f"| {name} | {parts} |")
    return "\n".join(rows) + "\n"
