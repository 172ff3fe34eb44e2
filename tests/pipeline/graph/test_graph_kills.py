"""Whatever is killed, and whenever: the release that is served is whole and the same."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.tonari.test_cli_killed import DECLARATION, LAYER, LAYERS, verify, write_ledgers

KILLS = int(os.environ.get("TONARI_KILLS", "3"))
"""Of workers and of builds, in turn; 200 before a release."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(840 + 20 * KILLS)]


def children(pid):
    """Return the processes a build started, and those they started."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        done = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
        )
        new = [int(word) for word in done.stdout.split()]
        found += new
        waiting += new
    return found


def test_killing_workers_and_builds_changes_nothing_of_what_is_made(tmp_path):
    text = DECLARATION + "".join(LAYER.format(n=n) for n in range(LAYERS))
    chance, expected = random.Random(20261126), {}
    for turn in range(2):
        folder = tmp_path / f"{turn}"
        folder.mkdir()
        (folder / "layers.yaml").write_text(text, encoding="utf-8")
    calm, wild = tmp_path / "0", tmp_path / "1"
    for kill in range(KILLS):
        for folder in (calm, wild):
            write_ledgers(folder, kill)
        assert build(calm).wait(200) == 0
        victim = build(wild)
        time.sleep(chance.uniform(0.5, 4))
        workers = children(victim.pid)
        target = chance.choice(workers) if workers and kill % 2 == 0 else victim.pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)
        victim.wait(200)
        if (wild / "data/releases/current").exists():
            verify(wild / "data/releases")
        assert build(wild).wait(200) == 0
        expected = artefacts(calm)
        assert artefacts(wild) == expected
    assert len(expected) > LAYERS


def build(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "tonari", "build", "--json", "--accept-changes"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def artefacts(folder):
    manifest = json.loads((folder / "data/releases/current/manifest.json").read_text("utf-8"))
    return {record["path"]: record["sha256"] for record in manifest["artefacts"]}
