"""Releases made here, and real servers on them."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from release_maker import make_release, switch
from serving import serving

FIRST = "20261123T160000Z-00000001"
SECOND = "20261123T170000Z-00000002"


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Make a data folder with two good releases; the first is current."""
    folder = tmp_path_factory.mktemp("data")
    releases = folder / "releases"
    releases.mkdir()
    make_release(releases, FIRST, allow=("https://www.city.example.lg.jp",))
    make_release(releases, SECOND, allow=("https://www.city.example.lg.jp",), shift=0.001)
    switch(releases, FIRST)
    return folder


@pytest.fixture(scope="session")
def server(data):
    with serving(data) as running:
        yield running


@pytest.fixture
def client(server):
    with httpx.Client(base_url=server.address, timeout=60) as client:
        yield client
