"""Who answers: our server, tipg and pygeoapi, each with as many workers as processors."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.features.city import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.features.city import City

OUT = Path(__file__).resolve().parents[1] / "out" / "features"
VENV = OUT / "peers-venv"
PINNED = {
    "tipg": "1.6.1",
    "uvicorn": "0.54.0",
    "pygeoapi": "0.21.0",
    "gunicorn": "27.0.1",
    "geoalchemy2": "0.20.0",
    "psycopg2-binary": "2.9.12",
}
WORKERS = os.cpu_count() or 1


@dataclass(frozen=True)
class Contestant:
    """A server of features.

    Attributes
    ----------
    name, version
        As they stand in the tables.
    command
        That starts it.
    items
        Address of its features.
    extra
        What has to be added to a query to get GeoJSON.
    database
        Whether it asks the database, whose memory is then counted with its own.
    """

    name: str
    version: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    items: str
    extra: str = ""
    database: bool = False

    def path(self, question: str) -> str:
        """Return the address of a query, or of a feature by its id."""
        if "=" in question:
            return f"{self.items}?{question}{self.extra}"
        return f"{self.items}/{question}" + (f"?{self.extra[1:]}" if self.extra else "")


def install() -> None:
    """Install the peers into an environment of their own, unless they are there."""
    stamp = VENV / "pinned"
    wanted = "\n".join(f"{name}=={pinned}" for name, pinned in PINNED.items())
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    venv.create(VENV, with_pip=True, clear=True)
    pip = [str(VENV / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *wanted.split("\n")], check=True)
    stamp.write_text(wanted)


def ourselves(city: City, port: int) -> Contestant:
    """Return our server on the city's release."""
    tonari = Path(sys.executable).parent / "tonari"
    words = (str(tonari), "serve", "--data", str(city.data), "--port", str(port))
    workers = ("--workers", str(WORKERS))
    return Contestant(
        "tonari", version("tonari"), words + workers, {}, "/collections/buildings/items"
    )


def tipg(database: int, port: int) -> Contestant:
    """Return tipg on the database."""
    words = (str(VENV / "bin/uvicorn"), "tipg.main:app", "--port", str(port))
    quiet = ("--workers", str(WORKERS), "--log-level", "warning", "--no-access-log")
    variables = {
        "DATABASE_URL": f"postgresql://postgres:bench@127.0.0.1:{database}/postgres",
        "TIPG_CATALOG_TTL": "0",
    }
    items = "/collections/public.buildings/items"
    told = "&f=geojson"
    return Contestant("tipg", PINNED["tipg"], words + quiet, variables, items, told, database=True)


def pygeoapi(database: int, port: int, folder: Path) -> Contestant:
    """Return pygeoapi on the database."""
    config, described = folder / "pygeoapi.yaml", folder / "pygeoapi-openapi.yaml"
    text = TEMPLATES.get_template("pygeoapi.yaml.j2").render(port=port, database=database)
    config.write_text(text, encoding="utf-8")
    variables = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(described)}
    describe = [str(VENV / "bin/pygeoapi"), "openapi", "generate", str(config)]
    described.write_bytes(
        subprocess.run(describe, check=True, capture_output=True, env=os.environ | variables).stdout
    )
    words = (str(VENV / "bin/gunicorn"), "pygeoapi.flask_app:APP", "-b", f"127.0.0.1:{port}")
    workers = ("--workers", str(WORKERS), "--threads", "4", "--log-level", "warning")
    items = "/collections/buildings/items"
    told = "&f=json"
    return Contestant(
        "pygeoapi", PINNED["pygeoapi"], words + workers, variables, items, told, database=True
    )
