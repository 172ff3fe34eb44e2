"""Releases with feeds that run around the clock, and `tonari serve` on them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tiles_server"))

from release_maker import switch
from serving import Server, free_port, wait_until_up

from gtfs.feed.tables import Feed
from gtfs.feed.write import write_zip
from gtfs.pages import timetable_pages

ROOT = Path(__file__).parents[2]
TOKYO = ZoneInfo("Asia/Tokyo")
__all__ = ["FIRST", "SECOND", "alert", "round_the_clock", "switch", "today", "tonari_serve"]
FIRST, SECOND = "20261123T160000Z-00000001", "20261123T170000Z-00000002"


def today() -> dt.date:
    return dt.datetime.now(TOKYO).date()


def round_the_clock(*, prefix: str = "t", version: str = "1", every_minutes: int = 30) -> Feed:
    """A ferry each way every half hour of every day, the last at 24:30, for two months."""
    minutes = range(0, 24 * 60 + 31, every_minutes)
    trips, times = [], []
    for direction, (origin, destination) in enumerate((("TO", "WA"), ("WA", "TO"))):
        for minute in minutes:
            trip = f"{prefix}_{direction}_{minute // 60:02d}{minute % 60:02d}"
            trips.append(("wakato", "daily", trip, direction))
            times.append((trip, minute * 60, origin, 1))
            times.append((trip, minute * 60 + 180, destination, 2))
    first, last = today() - dt.timedelta(days=2), today() + dt.timedelta(days=60)
    return Feed(
        {
            "agency": pd.DataFrame(
                {
                    "agency_id": ["8000020401005"],
                    "agency_name": ["北九州市"],
                    "agency_url": ["https://www.city.kitakyushu.lg.jp/"],
                    "agency_timezone": ["Asia/Tokyo"],
                }
            ),
            "stops": pd.DataFrame(
                {
                    "stop_id": ["TO", "WA"],
                    "stop_name": ["戸畑渡場", "若松渡場"],
                    "stop_lat": [33.901292, 33.902258],
                    "stop_lon": [130.818836, 130.81444],
                    "location_type": [0, 0],
                }
            ),
            "routes": pd.DataFrame(
                {
                    "route_id": ["wakato"],
                    "agency_id": ["8000020401005"],
                    "route_long_name": ["若戸航路"],
                    "route_type": [4],
                }
            ),
            "trips": pd.DataFrame(
                trips, columns=["route_id", "service_id", "trip_id", "direction_id"]
            ),
            "stop_times": pd.DataFrame(
                times, columns=["trip_id", "departure_time", "stop_id", "stop_sequence"]
            ).assign(arrival_time=lambda t: t.departure_time),
            "calendar": pd.DataFrame(
                {
                    "service_id": ["daily"],
                    **{
                        day: [1]
                        for day in (
                            "monday", "tuesday", "wednesday", "thursday", "friday",
                            "saturday", "sunday",
                        )
                    },
                    "start_date": [f"{first:%Y%m%d}"],
                    "end_date": [f"{last:%Y%m%d}"],
                }
            ),
            "feed_info": pd.DataFrame(
                {
                    "feed_publisher_name": ["北九州市"],
                    "feed_publisher_url": ["https://www.city.kitakyushu.lg.jp/"],
                    "feed_lang": ["ja"],
                    "feed_start_date": [f"{first:%Y%m%d}"],
                    "feed_end_date": [f"{last:%Y%m%d}"],
                    "feed_version": [version],
                }
            ),
            "translations": pd.DataFrame(
                {
                    "table_name": ["stops", "stops", "routes"],
                    "field_name": ["stop_name", "stop_name", "route_long_name"],
                    "language": ["en", "ja-Hrkt", "en"],
                    "translation": ["Tobata Pier", "とばたとじょう", "Wakato Line"],
                    "record_id": ["TO", "TO", "wakato"],
                }
            ),
        }
    )  # fmt: skip


def write_release(data: Path, release: str, feeds: dict[str, Feed]) -> None:
    """Write a release of feeds alone; `current` is left alone."""
    folder = data / "releases" / release
    entries = {}
    for name, feed in feeds.items():
        place = folder / "feeds" / name
        place.mkdir(parents=True)
        write_zip(feed, place / f"{name}.zip")
        artefacts = {"gtfs": f"feeds/{name}/{name}.zip"}
        for file, text in timetable_pages(feed).items():
            (place / file).write_text(text, encoding="utf-8")
            artefacts[file.removesuffix(".html")] = f"feeds/{name}/{file}"
        entries[name] = {
            "title": {"ja": "若戸渡船", "en": "Wakato ferry"},
            "operator": {"name": {"ja": "北九州市", "en": "City of Kitakyushu"}},
            "modified": "2026-11-20T09:00:00Z",
            "artefacts": artefacts,
        }
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format": 1,
        "release": release,
        "publisher": {"name": {"ja": "北九州市", "en": "City of Kitakyushu"}, "licence": "CC0-1.0"},
        "feeds": entries,
        "artefacts": [
            {
                "path": path.relative_to(folder).as_posix(),
                "media_type": "application/zip" if path.suffix == ".zip" else "text/html",
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in files
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


@contextmanager
def tonari_serve(data: Path, *options: str):
    """Serve `data` with ``tonari serve``, as an operator does."""
    port = free_port()
    command = ["-m", "tonari", "serve", "--data", str(data), "--port", str(port), *options]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.DEVNULL,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        server = Server(process, f"http://127.0.0.1:{port}", log)
        try:
            wait_until_up(server)
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def alert(data: Path, *arguments: str, stdin: str = "") -> dict:
    """Call ``tonari gtfs alert`` in a process of its own and return what it says."""
    command = [sys.executable, "-m", "tonari", "gtfs", "alert", *arguments]
    done = subprocess.run(
        [*command, "--data", str(data), "--json"],
        capture_output=True, text=True, check=False, cwd=ROOT, input=stdin,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
