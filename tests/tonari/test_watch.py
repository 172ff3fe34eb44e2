"""``tonari watch``, ``tonari keys``, and the units in ``deploy/``."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tonari.commands.watch import seconds_of

ROOT = Path(__file__).parents[2]
LAYERS = """
publisher: {name: {ja: 苅田町}, code: "406210", licence: CC-BY-4.0}
municipalities: {kanda: {code: "406210", name: {ja: 苅田町}, crs: EPSG:6668}}
layers:
  parks:
    title: {ja: 公園}
    sources:
      - {municipality: kanda, path: koen.csv, geometry: {x: 経度, y: 緯度}, fields: {名称: name}}
    privacy: {publish: [name]}
    outputs: [csv]
"""
ROW = "{name},130.98,33.78\n"


@pytest.fixture
def city(tmp_path):
    (tmp_path / "layers.yaml").write_text(LAYERS, encoding="utf-8")
    (tmp_path / "koen.csv").write_text("名称,経度,緯度\n" + ROW.format(name="一号"), "utf-8")
    return tmp_path


def releases(city):
    return sorted(p.name for p in (city / "data" / "releases").glob("2*"))


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.3)
    raise AssertionError("it did not come to pass in time")


@pytest.mark.slow
def test_a_ledger_that_changes_is_published_long_before_the_hour_is_over(city):
    command = [sys.executable, "-m", "tonari", "watch", "--every", "1h"]
    process = subprocess.Popen(
        command, cwd=city, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: len(releases(city)) == 1)
        time.sleep(3)
        with (city / "koen.csv").open("a", encoding="utf-8") as ledger:
            ledger.write(ROW.format(name="二号"))
        until(lambda: len(releases(city)) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("1d", 86400)]
)
def test_times_are_read_with_their_unit(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0h", "1", "h", "-1h", "1.5h", "1w", "１h"])
def test_what_is_no_time_is_wrong_use(run_tonari, text):
    import click

    with pytest.raises(click.BadParameter):
        seconds_of(text)


def test_a_key_is_made_once_and_its_public_half_printed(run_tonari, tmp_path):
    made = run_tonari("keys", "new", "--out", tmp_path / "a.key")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("ed25519:")
    again = run_tonari("keys", "new", "--out", tmp_path / "a.key")
    assert again.returncode == 1
    assert "never overwritten" in again.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_units_are_ones_that_systemd_understands(tmp_path):
    for name in ("tonari-build.service", "tonari-build.timer"):
        text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        text = text.replace("/opt/tonari/.venv/bin/tonari", "/bin/true")
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.glob("tonari-*")))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    complaints = [line for line in found.stderr.splitlines() if "tonari-" in line]
    assert complaints == []
