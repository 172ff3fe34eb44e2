"""A PostgreSQL with PostGIS of our own, on a free port, with the same features in it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from benchmarks.features.memory import tree
from benchmarks.features.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.features.city import City

HERE = Path(__file__).resolve().parent
SETTINGS = {
    "shared_buffers": "1GB",
    "max_connections": "100",
    "fsync": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "password_encryption": "scram-sha-256",
}
"""In memory, and without what pays only in queries of seconds."""


class DatabaseMissingError(Exception):
    """There is no PostgreSQL with PostGIS on this machine."""


def programs() -> Path:
    """Return the folder of Debian's PostgreSQL; raise DatabaseMissingError without PostGIS."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found or not list(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        raise DatabaseMissingError("install postgresql and postgresql-NN-postgis-3 (Debian)")
    return found[-1].parent


def version() -> str:
    """Return the version of PostgreSQL."""
    asked = [str(programs() / "postgres"), "--version"]
    said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    return str(said.split()[2])


@contextmanager
def running() -> Iterator[tuple[int, int]]:
    """Run an empty database; give its port and the number of its first process."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    try:
        shutil.chown(folder, "postgres")
        where, password = folder / "data", folder / "password"
        password.write_text("bench", encoding="ascii")
        password.chmod(0o644)
        made = [
            "initdb",
            "-D",
            where,
            "-A",
            "scram-sha-256",
            "--pwfile",
            password,
            "-U",
            "postgres",
        ]
        _as_postgres(*made)
        told = "".join(f" -c {name}={value}" for name, value in SETTINGS.items())
        options = f"-p {port} -k {folder} -h 127.0.0.1{told}"
        _as_postgres("pg_ctl", "-D", where, "-w", "-l", folder / "log", "-o", options, "start")
        first = int((where / "postmaster.pid").read_text().splitlines()[0])
        try:
            yield port, first
        finally:
            _as_postgres("pg_ctl", "-D", where, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_postgres(program: str, *words: object) -> None:
    # PostgreSQL refuses to run as root.
    command = ["runuser", "-u", "postgres", "--", str(programs() / program), *map(str, words)]
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(command, check=False, stdout=said, stderr=said, cwd="/")
        if done.returncode:
            said.seek(0)
            raise DatabaseMissingError(said.read().decode(errors="replace")[-800:])


def fill(port: int, city: City) -> None:
    """Put the features into a table with the indexes a good administrator makes."""
    _psql(port, (HERE / "load.sql").read_bytes())
    frame = city.frame.drop(columns=["municipality_code", "geometry"])
    frame["geom"] = shapely.to_wkb(
        shapely.set_srid(shapely.set_precision(city.frame.geometry.to_numpy(), 1e-7), 4326),
        hex=True,
        include_srid=True,
    )
    rows = frame.to_csv(index=False, header=False).encode()
    _psql(port, b"COPY buildings FROM STDIN WITH (FORMAT csv);\n" + rows + b"\\.\n")
    _psql(port, (HERE / "index.sql").read_bytes())


def _psql(port: int, text: bytes) -> None:
    address = f"postgresql://postgres:bench@127.0.0.1:{port}/postgres"
    command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", address]
    subprocess.run(command, input=text, check=True, stdout=subprocess.DEVNULL)


def processes(first: int) -> list[int]:
    """Return the processes of the database."""
    return tree(first)
