"""Everybody on the same input, in turns: one run of each, then the next round."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyogrio

from benchmarks.tiles import cities
from benchmarks.tiles.judge import Verdict, judge
from benchmarks.tiles.measure import Run, RunFailedError, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.tiles.peers import Peer

SHOWN_ZOOMS = (12, 10, 8)


@dataclass(frozen=True, slots=True)
class Input:
    """One input: kind, number of features (or vertices of each flood), zooms."""

    kind: str
    size: int
    maxzoom: int = 14
    minzoom: int = 0

    @property
    def label(self) -> str:
        """How it is named in tables."""
        return f"{self.kind} {self.size:,}"

    @property
    def judged_zooms(self) -> tuple[int, ...]:
        """Zooms whose features are counted."""
        return (*(z for z in SHOWN_ZOOMS if z < self.maxzoom), self.maxzoom)

    @property
    def features(self) -> int:
        """How many features it has."""
        return 2 if self.kind == "flood" else self.size


@dataclass
class Score:
    """What one contestant did on one input."""

    peer: str
    runs: list[Run] = field(default_factory=list)
    verdict: Verdict | None = None
    failure: str = ""

    @property
    def seconds(self) -> float:
        """Median wall seconds."""
        return statistics.median(r.seconds for r in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """Median processor seconds, all threads: what a busy machine distorts least."""
        return statistics.median(r.cpu_seconds for r in self.runs)

    @property
    def peak_bytes(self) -> int:
        """Highest peak of resident memory."""
        return max(r.peak_bytes for r in self.runs)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return asdict(self)


def source_file(given: Input, suffix: str, folder: Path) -> Path:
    """Return the file of an input in the format a contestant reads, making it if need be."""
    parquet = cities.write(given.kind, given.size, folder)
    if suffix == "parquet":
        return parquet
    path = parquet.with_suffix(f".{suffix}")
    if not path.exists():
        import geopandas  # noqa: PLC0415 - only when a text format has to be made

        partial = path.with_suffix(".partial")
        table = geopandas.read_parquet(parquet)
        pyogrio.write_dataframe(
            table, partial, driver="GeoJSONSeq", COORDINATE_PRECISION=7, RS="NO"
        )
        partial.replace(path)
    return path


def contest(
    given: Input,
    contestants: Sequence[Peer],
    *,
    runs: int,
    folder: Path,
    threads: int = 0,
    allowed: float = 900,
    tell: Callable[[str], None] = print,
) -> list[Score]:
    """Run everybody in turns and judge what they wrote.

    A contestant that failed or needed longer than `allowed` seconds is not asked again.
    """
    scores = {peer.name: Score(peer.name) for peer in contestants}
    for turn in range(runs):
        for peer in contestants:
            score = scores[peer.name]
            if score.failure or (peer.slow and turn):
                continue
            output = folder / f"{peer.name.replace(', ', '-')}-{given.kind}-{given.size}.pmtiles"
            output.unlink(missing_ok=True)
            words = peer.words(
                input=source_file(given, peer.reads, folder),
                output=output,
                layer=given.kind,
                minzoom=given.minzoom,
                maxzoom=given.maxzoom,
            )
            variables = peer.variables(threads) if threads else {}
            try:
                done = run(words, processors=threads, allowed=allowed, variables=variables)
            except RunFailedError as error:
                score.failure = str(error)
                tell(f"  {given.label}: {peer.name} failed: {error}")
                continue
            score.runs.append(done)
            tell(
                f"  {given.label}: {peer.name} {done.seconds:.2f} s, {done.peak_bytes / 1e6:.0f} MB"
            )
            if score.verdict is None:
                score.verdict = judge(output, given.judged_zooms)
    return list(scores.values())
