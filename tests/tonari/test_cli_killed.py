"""`kill -9` of a build at any moment leaves the served release whole."""

import hashlib
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DECLARATION = """\
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0}
municipalities: {kitakyushu: {code: "401005", name: {ja: 北九州市}, crs: EPSG:6668}}
layers:
"""
LAYER = """\
  layer_{n}:
    title: {{ja: 層 {n}}}
    sources:
      - {{municipality: kitakyushu, path: l{n}.csv, encoding: utf-8,
         geometry: {{x: x, y: y, crs: EPSG:6668}}, fields: {{name: name}}}}
    privacy: {{publish: [name]}}
    outputs: [geojson, csv]
"""
LAYERS, ROUNDS = 6, 12


def write_ledgers(folder: Path, turn: int) -> None:
    for n in range(LAYERS):
        rows = [f"{turn}-{i},{130 + i / 1000},{33 + n / 100}" for i in range(400)]
        (folder / f"l{n}.csv").write_text("\n".join(["name,x,y", *rows]), encoding="utf-8")


def verify(releases: Path) -> str:
    """Read everything the served release promises; return its id."""
    folder = releases / (releases / "current").readlink()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["release"] == folder.name
    assert len(manifest["layers"]) == LAYERS
    for record in manifest["artefacts"]:
        raw = (folder / record["path"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == record["sha256"], record["path"]
    assert (folder / "report.html").stat().st_size > 0
    assert json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    return folder.name


def start(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tonari", "build", "--json"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Reader(threading.Thread):
    """A client that never stops reading what is served."""

    def __init__(self, releases: Path) -> None:
        super().__init__(daemon=True)
        self.releases, self.seen, self.failures = releases, set(), []
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.seen.add(verify(self.releases))
            except Exception as error:
                self.failures.append(repr(error))
                return


def test_killing_builds_at_random_moments_leaves_the_served_release_whole(tmp_path):
    text = DECLARATION + "".join(LAYER.format(n=n) for n in range(LAYERS))
    (tmp_path / "layers.yaml").write_text(text, encoding="utf-8")
    write_ledgers(tmp_path, 0)
    assert start(tmp_path).wait(120) == 0
    releases = tmp_path / "data" / "releases"
    verify(releases)
    moments, killed_in_work = random.Random(20261123), 0
    reader = Reader(releases)
    reader.start()
    for turn in range(1, ROUNDS + 1):
        write_ledgers(tmp_path, turn)
        build = start(tmp_path)
        while build.poll() is None and not list(releases.glob(".staging-*")):
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.6))
        killed_in_work += build.poll() is None
        build.kill()
        build.wait()
        verify(releases)
    reader.stop.set()
    reader.join(30)
    assert reader.failures == []
    assert killed_in_work >= ROUNDS // 3
    write_ledgers(tmp_path, ROUNDS + 1)
    assert start(tmp_path).wait(120) == 0
    assert verify(releases) > max(reader.seen)
    assert [p.name for p in releases.glob(".staging-*")] == []
    assert [p.name for p in releases.glob(".current-*")] == []
