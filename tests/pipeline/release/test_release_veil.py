"""Digests of what is counted are keyed: who guesses what a class holds learns nothing."""

import hashlib
import itertools
import json
import shutil

import pytest

from pipeline.privacy.audit.attack_releases import audit
from pipeline.release.store import Store
from pipeline.release.veil import veiled
from tests.pipeline.privacy.test_protect_layers import SMALL, survey  # noqa: F401

USES = ["住宅", "商店", "工場", "倉庫"]


@pytest.fixture
def counted(survey):  # noqa: F811
    project = survey(SMALL, min_count=10, remedy="suppress")
    assert not project.build().failed
    return project


def told(project):
    path = project.releases / (project.releases / "current").readlink() / "manifest.json"
    return json.loads(path.read_text("utf-8"))["layers"]["use"]["disclosure"]


def guesses():
    """Yield the digests of every set of uses, as whoever reads our code would make them."""
    for size in range(1, len(USES) + 1):
        for values in itertools.combinations(USES, size):
            for said in (sorted(map(repr, values)), ["not", *sorted(map(repr, values))]):
                text = json.dumps(["name", said])
                yield hashlib.sha256(text.encode()).hexdigest()[:12]


def test_guessing_what_a_class_holds_confirms_nothing(counted):
    published = set(told(counted)["same"].values())
    assert len(published) == 2
    assert published.isdisjoint(guesses())
    office = json.loads((counted.office() / "manifest.json").read_text("utf-8"))
    plain = set(office["layers"]["use"]["disclosure"]["same"].values())
    assert plain <= set(guesses()), "the test guesses as the code does"


def test_the_secret_stays_in_the_office_and_is_read_by_its_owner_alone(counted):
    salt = counted.data / "office" / "salt"
    assert salt.stat().st_mode & 0o777 == 0o600
    assert salt.stat().st_size == 32
    for path in counted.releases.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert salt.read_bytes() not in raw
            assert salt.read_bytes().hex().encode() not in raw


def test_the_next_release_knows_the_same_classes(counted):
    first = told(counted)
    counted.declared["layers"]["use"]["title"] = {"ja": "用途"}
    counted.declared["layers"]["use"]["privacy"]["min_count"] = 11
    counted.build()
    second = told(counted)
    assert (first["same"], first["veil"]) == (second["same"], second["veil"])


def test_a_lost_secret_is_told_and_what_was_made_with_it_is_not_taken_for_the_same(counted):
    (counted.data / "office" / "salt").unlink()
    counted.declared["layers"]["use"]["privacy"]["min_count"] = 11
    result = counted.build()
    assert "audit-other-salt" in {f.code for o in result.outcomes for f in o.findings}
    store = Store(counted.data)
    releases = {n: (store.folder / n, store.manifest(n)) for n in store.names()}
    found = audit(releases, store.current().name)
    assert [f.severity for f in found.findings if f.code == "audit-other-salt"] == ["warning"]


def test_a_release_of_an_earlier_version_is_still_reckoned_with(counted):
    """Its digests are plain: they are keyed before they are compared."""
    path = counted.releases / (counted.releases / "current").readlink() / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    office = json.loads((counted.office() / "manifest.json").read_text("utf-8"))
    manifest["layers"]["use"]["disclosure"] = office["layers"]["use"]["disclosure"]
    path.unlink()
    path.write_text(json.dumps(manifest), "utf-8")
    salt = Store(counted.data).known_salt()
    again = veiled(manifest["layers"]["use"], salt)
    assert veiled(again, salt) == again
    counted.declared["layers"]["use"]["privacy"]["min_count"] = 11
    counted.build()
    assert told(counted)["same"] == again["disclosure"]["same"]
    shutil.rmtree(counted.data / "cache")


def test_another_office_gives_the_same_content_another_secret(counted, tmp_path):
    """Two places that build the same publish the same, but for what is keyed."""
    other = type(counted)(tmp_path / "other")
    other.folder.mkdir()
    other.declared = counted.declared
    for ledger in counted.folder.glob("*.csv"):
        shutil.copy(ledger, other.folder)
    other.build()
    one, two = (
        json.loads(((p.releases / "current").resolve() / "manifest.json").read_text("utf-8"))
        for p in (counted, other)
    )
    assert one["content"] == two["content"]
    assert one["layers"]["use"]["disclosure"]["same"] != two["layers"]["use"]["disclosure"]["same"]


def test_what_a_newer_version_says_of_the_same_files_is_published(counted):
    """A manifest with plain digests, of an earlier version, is replaced by the next build."""
    path = counted.releases / (counted.releases / "current").readlink() / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    office = json.loads((counted.office() / "manifest.json").read_text("utf-8"))
    manifest["layers"]["use"]["disclosure"] = office["layers"]["use"]["disclosure"]
    manifest["content"] = "0" * 64
    path.unlink()
    path.write_text(json.dumps(manifest), "utf-8")
    assert counted.build().published
    assert told(counted)["veil"]
    assert not counted.build().published
