"""Slow and rude clients: nobody else may wait for them."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest
from release_maker import make_release, sample_frames, switch
from serving import serving

from tiles_server.files import MOST_STREAMS

RELEASE = "20261123T160000Z-0000000f"
BIG = 30_000_000
DOWNLOAD = "/downloads/latest/ferry_line.geojson"


@pytest.fixture
def server(tmp_path):
    releases = tmp_path / "releases"
    releases.mkdir()
    frames = {"ferry_line": sample_frames()["ferry_line"]}
    folder = make_release(releases, RELEASE, frames=frames)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for artefact in manifest["artefacts"]:
        if artefact["path"].endswith(".geojson"):
            artefact["bytes"] = BIG
            with (folder / artefact["path"]).open("wb") as file:
                file.truncate(BIG)
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    switch(releases, RELEASE)
    with serving(tmp_path, workers=1) as running:
        yield running


def start_download(address: str) -> socket.socket:
    """Ask for the big file and read nothing of it."""
    host, port = address.removeprefix("http://").split(":")
    wire = socket.create_connection((host, int(port)), timeout=30)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.sendall(f"GET {DOWNLOAD} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    return wire


def test_clients_that_never_read_their_downloads_keep_nobody_else_out(server):
    wires = [start_download(server.address) for _ in range(MOST_STREAMS + 20)]
    try:
        time.sleep(2)
        for path in ("/", "/tiles/ferry_line.json", "/tiles/ferry_line/13/7072/3275.mvt"):
            assert httpx.get(server.address + path, timeout=10).status_code == 200
        refused = httpx.get(server.address + DOWNLOAD, timeout=10)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        assert memory_of_workers(server) < 400_000_000
    finally:
        for wire in wires:
            wire.close()
    end = time.monotonic() + 20
    while httpx.head(server.address + DOWNLOAD).status_code == 200 and time.monotonic() < end:
        answer = httpx.get(server.address + DOWNLOAD, timeout=20)
        if answer.status_code == 200:
            assert len(answer.content) == BIG
            return
        time.sleep(0.5)
    raise AssertionError("places of clients that went away are not given back")


def test_a_killed_worker_is_replaced_and_the_other_goes_on(server, tmp_path):
    with serving(tmp_path, workers=2) as two:
        before = children(two)
        os.kill(before[0], signal.SIGKILL)
        answered = 0
        end = time.monotonic() + 20
        while time.monotonic() < end and (before[0] in children(two) or len(children(two)) < 2):
            try:
                answered += httpx.get(two.address + "/healthz", timeout=5).status_code == 200
            except httpx.TransportError:  # a connection that went down with its worker
                time.sleep(0.05)
        assert answered
        assert len(children(two)) == 2


def children(server) -> list[int]:
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory_of_workers(server) -> int:
    """Return resident bytes of the server's workers."""
    total = 0
    for child in children(server):
        status = Path(f"/proc/{child}/status").read_text()
        total += int(status.split("VmRSS:")[1].split()[0]) * 1024
    return total
