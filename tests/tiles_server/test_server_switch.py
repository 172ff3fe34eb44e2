"""A running server under load while releases are switched, pruned and broken beneath it."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections import Counter

import httpx
import pytest
from release_maker import make_release, sample_frames, switch
from serving import serving

A, B, C = (f"20261123T18000{i}Z-0000000{i}" for i in (1, 2, 3))
PATHS = (
    "/tiles/evacuation_sites/12/3535/1638.mvt",
    "/tiles/evacuation_sites.json",
    "/downloads/latest/evacuation_sites.geojson",
    "/pmtiles/evacuation_sites.pmtiles",
    "/layers/evacuation_sites",
    "/maps/kanmon_safety/style.json",
)


@pytest.fixture
def data(tmp_path):
    releases = tmp_path / "releases"
    releases.mkdir()
    frames = {"evacuation_sites": sample_frames()["evacuation_sites"]}
    for release in (A, B):
        make_release(releases, release, frames=frames)
    switch(releases, A)
    return tmp_path


class Client(threading.Thread):
    """Asks for one address after the other until told to stop, over one connection."""

    def __init__(self, address: str, stop: threading.Event) -> None:
        super().__init__()
        self.address, self.stop = address, stop
        self.seen: Counter = Counter()
        self.failures: list[object] = []

    def run(self) -> None:
        with httpx.Client(base_url=self.address, timeout=10) as client:
            while not self.stop.is_set():
                for path in PATHS:
                    try:
                        self.seen[client.get(path).status_code] += 1
                    except httpx.HTTPError as error:
                        self.failures.append(error)


def test_no_request_fails_while_releases_come_and_go(data):
    releases = data / "releases"
    stop = threading.Event()
    with serving(data) as server:
        clients = [Client(server.address, stop) for _ in range(6)]
        for client in clients:
            client.start()
        served = set()
        for i in range(16):
            name = f"20261123T1900{i:02}Z-0000000{i % 10}"
            old = (releases / "current").readlink().name
            shutil.copytree(releases / old, releases / name)
            rename_in_manifest(releases / name)
            switch(releases, name)
            time.sleep(0.3)
            served.add(httpx.get(server.address + "/healthz").json()["release"])
            if i:
                shutil.rmtree(releases / old)  # pruned under the feet of those who still read it
        stop.set()
        for client in clients:
            client.join()
    total = sum((client.seen for client in clients), Counter())
    assert [f for client in clients for f in client.failures] == []
    assert set(total) == {200}
    assert total[200] > 300
    assert len(served) >= 15


def rename_in_manifest(folder):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8")) | {"release": folder.name}
    path.write_text(json.dumps(manifest), "utf-8")


def test_a_broken_release_is_reported_while_the_old_one_is_served(data):
    releases = data / "releases"
    with serving(data, workers=1) as server:
        (releases / B / "layers/evacuation_sites/evacuation_sites.pmtiles").write_bytes(b"no")
        switch(releases, B)
        time.sleep(0.3)
        health = httpx.get(server.address + "/healthz").json()
        assert (health["status"], health["release"]) == ("degraded", A)
        assert "evacuation_sites.pmtiles has 2 bytes" in health["problem"]
        assert httpx.get(server.address + PATHS[0]).status_code == 200
        assert httpx.get(server.address + "/readyz").status_code == 200


def test_before_the_first_release_the_server_says_so_and_then_serves_it(data):
    empty = data / "empty"
    (empty / "releases").mkdir(parents=True)
    with serving(empty, workers=1) as server:
        assert httpx.get(server.address + "/healthz").status_code == 200
        assert httpx.get(server.address + "/readyz").status_code == 503
        portal = httpx.get(server.address + "/", headers={"Accept": "text/html"})
        assert portal.status_code == 503
        assert "ただいま公開中のデータがありません" in portal.text
        assert httpx.get(server.address + PATHS[0]).status_code == 503
        shutil.copytree(data / "releases" / A, empty / "releases" / A)
        switch(empty / "releases", A)
        time.sleep(0.3)
        assert httpx.get(server.address + "/").status_code == 200
        assert httpx.get(server.address + PATHS[0]).status_code == 200
        assert "Run 'tonari build'" in server.errors()


def test_the_server_says_where_it_is_and_stops_when_asked(data):
    with serving(data, workers=2) as server:
        status, out, err = server.stop()
    assert status == 0
    assert out == f"Tonari: {server.address}/\n"
    assert "Traceback" not in err


def test_an_address_in_use_is_an_error_and_not_a_silent_second_server(data):
    with serving(data, workers=1) as first:
        port = int(first.address.rsplit(":", 1)[1])
        with (
            pytest.raises(AssertionError, match="cannot listen on"),
            serving(data, port=port),
        ):
            pass
