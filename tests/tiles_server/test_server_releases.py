"""Following `current`: what is served while releases come, go, break and are half there."""

from __future__ import annotations

import json
import shutil
import threading
import time

import pytest
from release_maker import make_release, sample_frames, switch

from tiles_server.errors import NoReleaseError, UnknownNameError
from tiles_server.releases import Releases

A, B, C = (f"20261123T16000{i}Z-0000000{i}" for i in (1, 2, 3))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make two small releases to copy from; making one takes longer than a test."""
    folder = tmp_path_factory.mktemp("made")
    ferry = {"ferry_line": sample_frames()["ferry_line"]}
    for release in (A, B):
        make_release(folder, release, frames=ferry)
    return folder


@pytest.fixture
def releases(made, tmp_path):
    folder = tmp_path / "releases"
    shutil.copytree(made, folder)
    switch(folder, A)
    return folder


def test_the_release_the_link_names_is_served(releases):
    assert Releases(releases).current().id == A


def test_a_switch_is_followed(releases):
    followed = Releases(releases, interval=0)
    assert followed.current().id == A
    switch(releases, B)
    assert followed.current().id == B
    switch(releases, A)
    assert followed.current().id == A


def test_the_link_is_looked_at_once_per_interval_whatever_the_load(releases):
    followed = Releases(releases, interval=0.3)
    followed.current()
    switch(releases, B)
    assert {followed.current().id for _ in range(10_000)} == {A}
    time.sleep(0.31)
    assert followed.current().id == B


def test_an_opened_release_outlives_its_folder(releases):
    followed = Releases(releases, interval=0)
    old = followed.current()
    switch(releases, B)
    shutil.rmtree(releases / A)
    assert followed.current().id == B
    tile = old.tileset("ferry_line").archive.get(13, 7072, 3275)
    assert tile is not None
    assert bytes(tile[:2]) == b"\x1f\x8b"


def test_nothing_published_yet_is_said_and_the_first_release_is_found(made, tmp_path):
    folder = tmp_path / "releases"
    followed = Releases(folder, interval=0)
    with pytest.raises(NoReleaseError):
        followed.current()
    shutil.copytree(made, folder)
    switch(folder, B)
    assert followed.current().id == B


def cut_short(folder):
    path = folder / "layers/ferry_line/ferry_line.pmtiles"
    path.write_bytes(path.read_bytes()[:-1])


def garble_archive(folder):
    path = folder / "layers/ferry_line/ferry_line.pmtiles"
    path.write_bytes(b"x" * path.stat().st_size)


def garble_manifest(folder):
    (folder / "manifest.json").write_text('{"format": 1, "release"')


def change_manifest(folder, **values):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")


DAMAGES = {
    "an archive cut short": (cut_short, "bytes, not"),
    "an archive of something else": (garble_archive, "not a PMTiles archive"),
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "no readable manifest"),
    "half a manifest": (garble_manifest, "manifest.json"),
    "a manifest of a later format": (lambda f: change_manifest(f, format=2), "format"),
    "the manifest of another release": (lambda f: change_manifest(f, release=C), C),
    "a file missing": (
        lambda f: (f / "layers/ferry_line/ferry_line.geojson").unlink(),
        "ferry_line.geojson is missing",
    ),
    "the whole folder missing": (shutil.rmtree, "no readable manifest"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_release_is_not_served_and_the_old_one_stays(releases, damage):
    spoil, reason = DAMAGES[damage]
    followed = Releases(releases, interval=0)
    followed.current()
    spoil(releases / B)
    switch(releases, B)
    assert followed.current().id == A
    assert B in followed.problem
    assert reason in followed.problem


def test_a_release_that_was_still_arriving_is_served_once_it_is_whole(releases, made, monkeypatch):
    monkeypatch.setattr("tiles_server.releases.RETRY_SECONDS", 0)
    followed = Releases(releases, interval=0)
    followed.current()
    (releases / B / "layers/ferry_line/ferry_line.csv").unlink()
    switch(releases, B)
    assert followed.current().id == A
    name = "layers/ferry_line/ferry_line.csv"
    shutil.copyfile(made / B / name, releases / B / name)
    assert followed.current().id == B
    assert followed.problem == ""


def test_a_missing_link_keeps_what_is_served(releases):
    followed = Releases(releases, interval=0)
    followed.current()
    (releases / "current").unlink()
    assert followed.current().id == A
    assert "current" in followed.problem


def test_paths_that_lead_out_of_the_release_make_it_unservable(releases):
    path = releases / B / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["layers"]["ferry_line"]["artefacts"]["csv"] = "../../../etc/passwd"
    path.write_text(json.dumps(manifest), "utf-8")
    switch(releases, B)
    followed = Releases(releases)
    with pytest.raises(NoReleaseError, match="leads out of the release"):
        followed.current()


def test_kept_releases_can_be_asked_for_by_name(releases):
    followed = Releases(releases)
    assert followed.retained(B).id == B
    for name in (C, "..", "current", "", "../releases/" + B):
        with pytest.raises(UnknownNameError):
            followed.retained(name)


def test_threads_never_meet_anything_but_a_whole_release(releases):
    followed = Releases(releases, interval=0)
    met, failed, stop = set(), [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                release = followed.current()
                assert release.tileset("ferry_line").archive.get(13, 7072, 3275)
                met.add(release.id)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(40):
        switch(releases, (A, B)[i % 2])
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert met == {A, B}
