"""``python -m benchmarks.page``: the first map of the sample on a phone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

import click

from benchmarks.features.processes import free_port, serving
from benchmarks.page.phone import Visit, browser, visit
from benchmarks.page.slow_link import slow_link
from benchmarks.report import circumstances, replace_section

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "benchmarks" / "out" / "page"
MAP = "/maps/kanmon"


@click.command()
@click.option("--runs", default=5, show_default=True, help="Visits; the median counts.")
@click.option("--map", "address", default=MAP, show_default=True, help="Path of the page.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def main(runs: int, address: str, write: bool) -> None:
    """Measure how long the first map of the sample takes on a phone."""
    head = circumstances("benchmarks.page")
    tonari = str(Path(sys.executable).parent / "tonari")
    data = OUT / "data"
    subprocess.run(
        [tonari, "build", "-c", str(ROOT / "layers.yaml"), "--data", str(data)],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    port = free_port()
    words = (tonari, "serve", "--data", str(data), "--port", str(port), "--workers", "2")
    with serving(words, port, address, {}), browser() as chromium, slow_link(port) as link:
        where = f"http://127.0.0.1:{link.port}{address}"
        # The server has read its files when it is measured.
        visit(chromium, f"http://127.0.0.1:{port}{address}", slow=False)
        visits = []
        for _ in range(runs):
            link.bytes = link.requests = 0
            visits.append((visit(chromium, where), link.requests, link.bytes))
    text = f"{head}\n\n{_table(address, visits)}"
    print(text)
    if write:
        replace_section("bench-page", text)


def _table(address: str, measured: list[tuple[Visit, int, int]]) -> str:
    visits = [visit for visit, _, _ in measured]
    shown = sorted(visit.shown / 1e3 for visit in visits)
    _, requests, size = min(measured, key=lambda one: abs(one[0].shown / 1e3 - median(shown)))
    largest = sorted(visits[0].requests, key=lambda pair: -pair[1])[:5]
    names = (path.rsplit("/", 1)[-1].split("?")[0] or path for path, _ in largest)
    sizes = (f"{size / 1e3:.0f} kB" for _, size in largest)
    return (
        "| page | first text s | first map s (least – most) | requests | kB over the wire |\n"
        "|---|---:|---:|---:|---:|\n"
        f"| `{address}` | {median(v.paint for v in visits) / 1e3:.1f} | {median(shown):.1f} "
        f"({shown[0]:.1f} – {shown[-1]:.1f}) | {requests} | {size / 1e3:.0f} |\n\n"
        "The largest: "
        + ", ".join(f"`{name}` {size}" for name, size in zip(names, sizes, strict=True))
        + ".\n"
    )


if __name__ == "__main__":
    main()
