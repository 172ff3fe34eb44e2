"""``python -m benchmarks.tiles.bounded``: growth of a run whose memory is bounded.

Cuts ever larger cities, first as much as fits in one go and then part by part, and compares the
archives where both were made.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from typing import TYPE_CHECKING

import click

from benchmarks.tiles import cities
from benchmarks.tiles.measure import Run, run
from benchmarks.tiles.peers import OUT

if TYPE_CHECKING:
    from pathlib import Path

_HEADINGS = """\
| {kind} | allowed | seconds | CPU s | µs of CPU each | peak MB | work on disk MB | archive MB |
|---:|---|---:|---:|---:|---:|---:|---:|"""


class Disk(threading.Thread):
    """Watches how large a folder gets."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.most = folder, 0
        self._end = threading.Event()

    def run(self) -> None:
        """Look twice a second until told to stop."""
        while not self._end.wait(0.5):
            self.most = max(self.most, sum(_size(path) for path in self.folder.rglob("*")))

    def stop(self) -> int:
        """Return the most bytes seen."""
        self._end.set()
        self.join()
        return self.most


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it has just been removed
        return 0


def cut(path: Path, out: Path, memory: str) -> tuple[Run, int]:
    """Cut one file with the command; return what it took and the most bytes on disk."""
    disk = Disk(out.with_name(f".{out.name}.work"))
    disk.start()
    bound = ["--memory", memory] if memory else []
    words = [sys.executable, "-m", "tonari", "tile", str(path), "-o", str(out), "--json", *bound]
    took = run([*words, "--name", "city"], allowed=3600)
    return took, disk.stop()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@click.command()
@click.option("--memory", default="1G", show_default=True, help="The bound.")
@click.option("--kind", default="buildings", show_default=True, type=click.Choice([*cities.KINDS]))
@click.option(
    "--size", "sizes", multiple=True, type=int, default=(1_000_000, 5_000_000, 10_000_000)
)
@click.option("--unbounded", default=1_000_000, show_default=True, help="Largest size in one go.")
def main(memory: str, kind: str, sizes: tuple[int, ...], unbounded: int) -> None:
    """Print a table of growth with bounded memory."""
    OUT.mkdir(exist_ok=True)
    print(_HEADINGS.format(kind=kind))
    for size in sizes:
        path = cities.write(kind, size, OUT / "data")
        seen = set()
        for bound in ["", memory] if size <= unbounded else [memory]:
            out = OUT / f"bounded-{bound}.pmtiles"
            took, disk = cut(path, out, bound)
            seen.add(digest(out))
            print(
                f"| {size:,} | {bound or 'any'} | {took.seconds:.1f} | {took.cpu_seconds:.1f} "
                f"| {took.cpu_seconds / size * 1e6:.1f} | {took.peak_bytes / 1e6:.0f} "
                f"| {disk / 1e6:,.0f} | {out.stat().st_size / 1e6:,.0f} |",
                flush=True,
            )
            out.unlink()
        if len(seen) > 1:
            raise SystemExit(f"the archives of {size:,} {kind} differ")


if __name__ == "__main__":
    main()
