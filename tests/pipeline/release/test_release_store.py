"""The folder of releases: what is served is whole, always, and switches at once."""

import json
import os
import threading

import pytest

from pipeline.errors import ReleaseError
from pipeline.release.store import Store

FIRST, SECOND, THIRD = (f"20261123T16000{n}Z-0000000{n}" for n in (1, 2, 3))


def publish(store, name):
    with store.staging() as staged:
        (staged / "manifest.json").write_text(json.dumps({"release": name}))
        store.publish(staged, name)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "data")


def test_nothing_is_served_before_the_first_release(store):
    assert store.current() is None
    assert store.names() == []


def test_staging_is_no_release_and_vanishes(store):
    with store.staging() as staged:
        (staged / "manifest.json").write_text("{}")
        assert staged.parent == store.folder
        assert store.names() == []
        assert store.current() is None
    assert not staged.exists()


def test_staging_vanishes_when_building_breaks(store):
    with pytest.raises(ZeroDivisionError), store.staging() as staged:
        _ = 1 / 0
    assert not staged.exists()


def test_publishing_serves_the_new_release_through_a_relative_link(store):
    publish(store, FIRST)
    assert str((store.folder / "current").readlink()) == FIRST
    assert store.manifest(store.current().name) == {"release": FIRST}
    assert store.names() == [FIRST]


def test_the_link_always_points_to_a_whole_release_while_it_is_switched(store):
    publish(store, FIRST)
    publish(store, SECOND)
    seen, stop = set(), threading.Event()

    def watch():
        while not stop.is_set():
            manifest = store.folder / "current" / "manifest.json"
            seen.add(json.loads(manifest.read_text())["release"])

    reader = threading.Thread(target=watch)
    reader.start()
    for turn in range(400):
        store.switch((FIRST, SECOND)[turn % 2])
    stop.set()
    reader.join()
    assert seen == {FIRST, SECOND}


def test_rolling_back_serves_the_release_before(store):
    for name in (FIRST, SECOND, THIRD):
        publish(store, name)
    assert store.rollback() == SECOND
    assert store.rollback() == FIRST
    with pytest.raises(ReleaseError, match="no release before"):
        store.rollback()
    assert store.current().name == FIRST


def test_rolling_back_to_a_named_release(store):
    for name in (FIRST, SECOND, THIRD):
        publish(store, name)
    assert store.rollback(FIRST) == FIRST
    with pytest.raises(ReleaseError, match="there is no release '20990101"):
        store.rollback("20990101T000000Z-00000000")
    assert store.current().name == FIRST


def test_pruning_keeps_the_newest_and_the_served_one(store):
    for name in (FIRST, SECOND, THIRD):
        publish(store, name)
    store.rollback(FIRST)
    assert store.prune(keep=1) == [SECOND]
    assert store.names() == [FIRST, THIRD]
    assert store.current().name == FIRST


def test_a_release_whose_deletion_was_killed_is_no_release(store, monkeypatch):
    publish(store, FIRST)
    publish(store, SECOND)
    (store.office(FIRST) / "findings.json").write_text("{}")

    def killed(path, *_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            store.delete(FIRST)
    assert store.names() == [SECOND]
    with pytest.raises(ReleaseError):
        store.rollback(FIRST)
    publish(store, THIRD)
    left = {path.name for path in store.folder.iterdir()}
    assert left == {".lock", "current", SECOND, THIRD}


def test_nothing_is_deleted_under_a_running_build(store):
    publish(store, FIRST)
    publish(store, SECOND)
    with store.staging():
        for deletes in (lambda: store.delete(FIRST), lambda: store.prune(1)):
            with pytest.raises(ReleaseError, match="another build is running"):
                deletes()
    assert store.names() == [FIRST, SECOND]


def test_two_builds_at_once_are_refused(store):
    second = Store(store.folder.parent)
    who = rf"another build is running on this data folder, started by .+, process {os.getpid()}, "
    with store.staging(), pytest.raises(ReleaseError, match=who), second.staging():
        pass
    with second.staging():
        pass


def test_a_refused_build_leaves_the_running_ones_staging_alone(store):
    with store.staging() as staged:
        with pytest.raises(ReleaseError), Store(store.folder.parent).staging():
            pass
        assert staged.exists()


def test_what_a_killed_build_left_is_cleared_by_the_next(store):
    publish(store, FIRST)
    left = store.folder / ".staging-abc"
    (left / "layers").mkdir(parents=True)
    half_switched = store.folder / ".current-4711"
    half_switched.symlink_to("nowhere")
    with store.staging():
        assert not left.exists()
        assert not half_switched.is_symlink()
    assert store.current().name == FIRST


def test_a_folder_without_manifest_is_no_release(store):
    publish(store, FIRST)
    (store.folder / SECOND).mkdir()
    assert store.names() == [FIRST]
    with pytest.raises(ReleaseError):
        store.switch(SECOND)


def test_a_broken_link_serves_nothing_rather_than_failing(store):
    store.folder.mkdir(parents=True)
    (store.folder / "current").symlink_to(FIRST)
    assert store.current() is None
