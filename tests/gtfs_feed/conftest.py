"""Feeds the tests of the feed core work on."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from gtfs.feed.tables import Feed

REAL = Path(
    os.environ.get(
        "TONARI_REAL_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
    )
)


@pytest.fixture
def transit() -> Path:
    """Real feeds kept outside the repository; the test is skipped where they are absent."""
    if not (REAL / "transit").is_dir():
        pytest.skip(f"real data is not at {REAL}: set TONARI_REAL_DATA")
    return REAL / "transit"


@pytest.fixture
def ferry() -> Feed:
    """Three sailings of a two-pier ferry: two on weekdays, one on every day, past midnight."""
    return Feed(
        {
            "agency": pd.DataFrame(
                {
                    "agency_id": ["8000020401005"],
                    "agency_name": ["北九州市"],
                    "agency_url": ["https://www.city.kitakyushu.lg.jp/"],
                    "agency_timezone": ["Asia/Tokyo"],
                    "agency_lang": ["ja"],
                }
            ),
            "stops": pd.DataFrame(
                {
                    "stop_id": ["tobata", "wakamatsu"],
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
                {
                    "route_id": "wakato",
                    "service_id": ["weekday", "weekday", "daily"],
                    "trip_id": ["w1", "w2", "d1"],
                    "direction_id": [0, 1, 0],
                }
            ),
            "stop_times": pd.DataFrame(
                {
                    "trip_id": ["w1", "w1", "w2", "w2", "d1", "d1"],
                    "arrival_time": [
                        "06:00:00",
                        "06:03:00",
                        "06:10:00",
                        "06:13:00",
                        "24:10:00",
                        "24:13:00",
                    ],
                    "departure_time": [
                        "06:00:00",
                        "06:03:00",
                        "06:10:00",
                        "06:13:00",
                        "24:10:00",
                        "24:13:00",
                    ],
                    "stop_id": [
                        "tobata",
                        "wakamatsu",
                        "wakamatsu",
                        "tobata",
                        "tobata",
                        "wakamatsu",
                    ],
                    "stop_sequence": [1, 2, 1, 2, 1, 2],
                }
            ),
            "calendar": pd.DataFrame(
                {
                    "service_id": ["weekday", "daily"],
                    **{d: [1, 1] for d in ("monday", "tuesday", "wednesday", "thursday", "friday")},
                    **{d: [0, 1] for d in ("saturday", "sunday")},
                    "start_date": ["20261001"] * 2,
                    "end_date": ["20270331"] * 2,
                }
            ),
            "calendar_dates": pd.DataFrame(
                {"service_id": ["weekday"], "date": ["20261103"], "exception_type": [2]}
            ),
        }
    )
