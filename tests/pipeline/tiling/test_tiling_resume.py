"""A partitioned run that is stopped, by Ctrl-C or by kill -9, goes on where it was."""

import random
import subprocess
import sys
import time

import pytest

from pipeline.errors import TilingError
from pipeline.tiling import TileOptions, tile
from pipeline.tiling.engine import working_threads
from pipeline.tiling.partition.limits import Limits
from pipeline.tiling.partition.run import cut_streams
from pipeline.tiling.partition.streams import streams_of
from pipeline.tiling.partition.workspace import work_folder
from tests.pipeline.tiling.test_tiling_partition import town

LIMITS = Limits(batch=30_000, chunk=15_000, task=60_000)
WORDS = {"name": "town", "attribution": "", "description": ""}
OPTIONS = TileOptions(maxzoom=12)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a file and the archive that is cut from it in one go."""
    folder = tmp_path_factory.mktemp("town")
    town(1500).to_parquet(folder / "town.parquet", row_group_size=900)
    tile(folder / "town.parquet", folder / "whole.pmtiles", OPTIONS, name="town")
    return folder / "town.parquet", (folder / "whole.pmtiles").read_bytes()


def run(path, out, progress=lambda *_: None, options=OPTIONS, limits=LIMITS):
    with working_threads(options) as (pool, threads):
        return cut_streams(
            streams_of(path), out, options, limits, None, WORDS, progress, pool, threads
        )


def stop_at(step, share):
    """Return a listener that stops the work as Ctrl-C does, when a step has come so far."""

    def listen(name, done, total):
        if name.endswith(step) and done >= share * total > 0:
            raise KeyboardInterrupt

    return listen


def finished(folder):
    """Return what lies in a work directory and when it was written."""
    return {
        p.relative_to(folder): p.stat().st_mtime_ns
        for p in folder.rglob("*-*")
        if p.is_file() and not p.name.endswith((".partial", ".arrow", ".answers"))
    }


STEPS = [("read", 0.5), ("borders", 0.9), ("arrange", 0.5), ("cut", 0.5), ("archive", 0.5)]


@pytest.mark.parametrize(("step", "share"), STEPS)
def test_what_was_finished_is_not_done_again(made, tmp_path, step, share):
    path, expected = made
    out = tmp_path / "town.pmtiles"
    with pytest.raises(KeyboardInterrupt):
        run(path, out, stop_at(step, share))
    assert [p.name for p in tmp_path.iterdir()] == [".town.pmtiles.work"]
    before, seen = finished(work_folder(out, None)), {}

    def watch(name, done, total):
        seen.update(finished(work_folder(out, None)))

    run(path, out, watch)
    assert before
    assert {name: seen.get(name, stamp) for name, stamp in before.items()} == before
    assert out.read_bytes() == expected
    assert [p.name for p in tmp_path.iterdir()] == ["town.pmtiles"]


def test_another_input_or_another_option_starts_anew(made, tmp_path):
    path, expected = made
    out = tmp_path / "town.pmtiles"
    with pytest.raises(KeyboardInterrupt):
        run(path, out, stop_at("cut", 0.5), options=TileOptions(maxzoom=12, buffer=300))
    run(path, out)
    assert out.read_bytes() == expected
    copy = tmp_path / "copy.parquet"
    town(200).to_parquet(copy)
    with pytest.raises(KeyboardInterrupt):
        run(copy, out, stop_at("cut", 0.5))
    copy.write_bytes(path.read_bytes())
    run({"town": copy}, out)
    assert out.read_bytes() == expected


def test_two_runs_do_not_share_a_work_directory(made, tmp_path):
    path, expected = made
    out = tmp_path / "town.pmtiles"
    refused = []

    def second(name, done, total):
        if not refused:
            with pytest.raises(TilingError, match="another run") as raised:
                run(path, out)
            refused.append(raised.value)

    run(path, out, second)
    assert refused
    assert out.read_bytes() == expected


PROGRAM = """
import sys
from pathlib import Path
from pipeline.tiling import TileOptions
from pipeline.tiling.engine import working_threads
from pipeline.tiling.partition.limits import Limits
from pipeline.tiling.partition.run import cut_streams
from pipeline.tiling.partition.streams import streams_of

with working_threads(TileOptions()) as (pool, threads):
    print("ready", flush=True)
    cut_streams(
        streams_of(sys.argv[1]), Path(sys.argv[2]), TileOptions(maxzoom=12),
        Limits(batch=30_000, chunk=15_000, task=60_000), None,
        {"name": "town", "attribution": "", "description": ""}, lambda *_: None, pool, threads,
    )
"""


@pytest.mark.slow
def test_killed_at_random_moments_it_comes_to_the_same_end(made, tmp_path):
    path, expected = made
    out = tmp_path / "town.pmtiles"
    moments, killed = random.Random(20261124), 0
    for turn in range(60):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(path), str(out)], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(moments.uniform(0.02, 0.3 + 0.1 * turn))
        ended = process.poll() is not None
        process.kill()
        process.wait()
        process.stdout.close()
        if ended:
            break
        killed += 1
        assert not out.exists() or out.read_bytes() == expected
    else:
        pytest.fail("it never came to an end")
    assert process.returncode == 0
    assert killed >= 2
    assert out.read_bytes() == expected
    assert [p.name for p in tmp_path.iterdir() if "partial" not in p.name] == ["town.pmtiles"]
