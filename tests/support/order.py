"""Which files of tests run first where several workers share them.

A worker takes a whole file (`--dist loadfile`), so that what a module makes is made once. A long
file begun last keeps one worker busy and leaves the others idle: longest first ends evenly. The
seconds are those of a run on two cores; only their order matters, and only roughly. Files that
are not listed take less and follow in the order pytest found them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = {
    "pipeline/graph/test_graph_executors.py": 280,
    "pipeline/tiling/test_tiling_partition.py": 230,
    "pipeline/graph/test_graph_code.py": 160,
    "tonari/test_cli_tile_memory.py": 110,
    "pipeline/tiling/test_tiling_reading.py": 110,
    "gtfs/test_real_workbooks.py": 80,
    "pipeline/tiling/test_tiling_resume.py": 90,
    "gtfs_feed/test_lineage.py": 80,
    "gtfs/test_export.py": 75,
    "pipeline/graph/test_graph_kills.py": 70,
    "tonari/test_cli_bad_input.py": 60,
    "gtfs_feed/test_republish.py": 50,
    "browser/test_browser_sample.py": 50,
    "gtfs_feed/test_departures.py": 45,
    "tonari/test_cli_killed.py": 40,
    "tonari/test_watch.py": 35,
    "tiles_server/test_server_statuses.py": 30,
    "gtfs_feed/test_read_write.py": 30,
    "real/test_real_build.py": 30,
    "real/test_real_survey.py": 25,
    "pipeline/tiling/test_tiling_tangles.py": 25,
    "browser/test_browser_borders.py": 25,
    "tonari/test_cli_cache.py": 24,
    "transit/test_transit_desk.py": 20,
    "gtfs/test_real_flex.py": 20,
}
"""Files below ``tests`` that take longer than twenty seconds."""


def longest_first(items: list[pytest.Item], tests: Path) -> None:
    """Put the tests of long files first; within a file and among the others nothing moves."""
    gone = [name for name in SECONDS if not (tests / name).is_file()]
    if gone:
        raise pytest.UsageError(f"tests/support/order.py names files that are not there: {gone}")
    seconds = {tests / name: value for name, value in SECONDS.items()}
    items.sort(key=lambda item: -seconds.get(item.path, 0))
