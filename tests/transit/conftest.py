"""A served ferry whose sailings can be cancelled at any time of day."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from transit_release import FIRST, round_the_clock, switch, tonari_serve, write_release


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_release(folder, FIRST, {"wakato_ferry": round_the_clock()})
    switch(folder / "releases", FIRST)
    return folder


@pytest.fixture(scope="module")
def server(data):
    with tonari_serve(data) as running:
        yield running
        assert "Traceback" not in running.errors(), running.errors()[-3000:]


@pytest.fixture
def client(server):
    with httpx.Client(base_url=server.address) as client:
        yield client
