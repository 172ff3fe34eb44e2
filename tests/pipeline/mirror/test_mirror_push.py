"""``tonari releases push``: against a real S3 server (versitygw), started here."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pmtiles.reader import Reader

from pipeline.errors import ReleaseError
from pipeline.mirror import push as mirror
from pipeline.mirror.bucket import Bucket

KEY, SECRET = "tonari-test", "not-a-secret-of-anyone"
HERE = shutil.which("versitygw") or shutil.which("versitygw", path=Path.home() / "go" / "bin")
R1, R2 = "20261123T160000Z-00000001", "20261123T170000Z-00000002"


class S3:
    """A gateway on a folder; it can be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.bucket = folder / "s3" / "open"
        self.bucket.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen | None = None
        self.log = folder / "s3.log"

    def start(self) -> None:
        sidecar = self.bucket.parents[1] / "meta"
        sidecar.mkdir(exist_ok=True)
        command = [HERE, "--access", KEY, "--secret", SECRET, "--port", f"127.0.0.1:{self.port}"]
        command += ["posix", "--sidecar", str(sidecar), str(self.bucket.parent)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def s3(tmp_path, monkeypatch):
    if HERE is None:
        said = os.environ.get("TONARI_WITHOUT_S3") or not os.environ.get("CI")
        assert said, ".ci/run builds versitygw, or says that it could not"
        pytest.skip("versitygw is not installed: go install (CONTRIBUTING.md)")
    server = S3(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
    server.start()
    yield server
    server.stop()


def a_release(folder: Path, files: dict[str, bytes]) -> list[mirror.Item]:
    records = []
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        records.append({"path": path, "media_type": "text/csv", "sha256": digest})
        records[-1]["bytes"] = len(content)
    return mirror.planned(folder, records)


FILES = {f"layers/a{n}/a{n}.csv": f"id\n{n}\n".encode() * (n + 1) for n in range(12)}
TEXTS = {"catalogue.json": (b"{}", "application/json")}


def push(release: str, items: list[mirror.Item], **options) -> mirror.Pushed:
    return mirror.push(Bucket("s3://open/tonari"), release, items, TEXTS, **options)


def by_ranges(key: str) -> Reader:
    """Open an archive as a browser does: HTTP ranges of an address on storage."""
    bucket = Bucket("s3://open/tonari")
    address = bucket._obstore.sign(bucket._store, "GET", key, timedelta(minutes=5))

    def get(offset: int, length: int) -> bytes:
        wanted = {"Range": f"bytes={offset}-{offset + length - 1}"}
        answer = httpx.get(address, headers=wanted, timeout=60)
        assert answer.status_code == 206
        assert answer.headers["Content-Type"] == "application/vnd.pmtiles"
        return answer.content

    return Reader(get)


def test_a_push_sends_what_is_missing_and_switches(s3, tmp_path):
    bucket = Bucket("s3://open/tonari")
    items = a_release(tmp_path / "r1", FILES)
    dry = push(R1, items, dry_run=True)
    assert len(dry.sent) == 12
    assert mirror.releases(bucket) == {"current": "", "releases": []}, "a dry run sends nothing"
    assert push(R1, items) == dry
    assert mirror.releases(bucket) == {"current": R1, "releases": [R1]}
    assert mirror.verify(bucket, R1) == 12
    changed = a_release(tmp_path / "r2", FILES | {"layers/a3/a3.csv": b"id\nnew\n"})
    second = push(R2, changed)
    assert len(second.sent) == 1, "equal files of two releases are one object"
    assert mirror.releases(bucket) == {"current": R2, "releases": [R1, R2]}
    assert push(R1, items).sent == [], "an earlier one is served again without sending anything"
    assert mirror.releases(bucket)["current"] == R1


def test_whoever_fetches_is_told_the_type_and_how_long_it_holds(s3, tmp_path):
    items = a_release(tmp_path / "r1", FILES)
    push(R1, items)
    bucket = Bucket("s3://open/tonari")

    def told(key: str) -> tuple[str, str]:
        attributes = bucket._obstore.get(bucket._store, key).attributes
        return attributes["Content-Type"], attributes["Cache-Control"]

    assert told(items[0].key) == ("text/csv", "public, max-age=31536000, immutable")
    assert told("current.json") == ("application/json", "no-cache")
    assert told(f"releases/{R1}/catalogue.json") == ("application/json", "public, max-age=300")


def test_a_lost_connection_leaves_the_served_release_and_the_next_push_goes_on(s3, tmp_path):
    push(R1, a_release(tmp_path / "r1", {"layers/a/a.csv": b"id\n1\n"}))
    items = a_release(tmp_path / "r2", FILES)

    def cut_the_line(done: int, total: int) -> None:
        if done == 3:
            s3.stop()

    with pytest.raises(ReleaseError, match="run the command again") as caught:
        push(R2, items, progress=cut_the_line)
    assert KEY not in str(caught.value)
    assert SECRET not in str(caught.value)
    s3.start()
    bucket = Bucket("s3://open/tonari")
    assert mirror.releases(bucket) == {"current": R1, "releases": [R1]}, "no half release"
    again = push(R2, items)
    assert len(again.there) >= 3
    assert len(again.sent) + len(again.there) == 12
    assert mirror.verify(bucket, R2) == 12


def test_of_two_pushers_the_second_is_told_who_was_first(s3, tmp_path):
    slow, fast = (
        a_release(tmp_path / "r1", FILES),
        a_release(tmp_path / "r2", {"layers/b/b.csv": b"id\n"}),
    )

    def other(done: int, total: int) -> None:
        if done == total:
            push(R2, fast)

    with pytest.raises(
        ReleaseError, match=rf"@{socket.gethostname()} has switched to release {R2}"
    ):
        push(R1, slow, progress=other)
    assert mirror.releases(Bucket("s3://open/tonari"))["current"] == R2
    public = (s3.bucket / "tonari" / "current.json").read_text()
    assert socket.gethostname() not in public, "the public is not told who works at the city"


def test_a_file_that_storage_lost_or_damaged_is_named(s3, tmp_path):
    items = a_release(tmp_path / "r1", FILES)
    push(R1, items)
    (s3.bucket / "tonari" / items[2].key).unlink()
    path = s3.bucket / "tonari" / items[5].key
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(ReleaseError) as caught:
        mirror.verify(Bucket("s3://open/tonari"), R1)
    assert "layers/a2/a2.csv, layers/a5/a5.csv;" in str(caught.value)
    assert "保存先にないか壊れています" in caught.value.ja
    assert push(R1, items).sent == [items[2].key], "what is gone is sent again"


def test_a_damaged_file_here_is_never_sent(s3, tmp_path):
    items = a_release(tmp_path / "r1", FILES)
    items[0].source.write_bytes(b"id\nX\n")
    with pytest.raises(ReleaseError, match=r"a0\.csv is missing or not what the manifest says"):
        push(R1, items)
    assert mirror.releases(Bucket("s3://open/tonari")) == {"current": "", "releases": []}


def test_a_refused_key_is_said_without_repeating_it(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    with pytest.raises(ReleaseError) as caught:
        mirror.releases(Bucket("s3://open/tonari"))
    assert "another-secret" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_bucket_that_is_not_there_and_an_empty_one_are_said(s3):
    with pytest.raises(ReleaseError, match="no bucket for s3://another/tonari"):
        mirror.releases(Bucket("s3://another/tonari"))
    with pytest.raises(ReleaseError, match="nothing has been pushed to s3://open/tonari"):
        mirror.served(Bucket("s3://open/tonari"))
    with pytest.raises(ReleaseError, match=f"no release '{R1}' on storage; releases: none"):
        mirror.verify(Bucket("s3://open/tonari"), R1)


def test_without_a_service_one_sentence_says_so(s3):
    s3.stop()
    with pytest.raises(ReleaseError, match="cannot be used now") as caught:
        mirror.releases(Bucket("s3://open/tonari"))
    assert "を使えません" in caught.value.ja


@pytest.mark.parametrize("address", ["/data", "s3://", "s3://key:secret@open/x", "https://open/x"])
def test_what_is_no_storage_is_refused_without_repeating_it(address):
    with pytest.raises(ReleaseError, match="s3://bucket/prefix") as caught:
        Bucket(address)
    assert "secret" not in str(caught.value)


def test_storage_is_no_data_folder(run_tonari, tmp_path):
    done = run_tonari("releases", "list", "--data", "s3://open/tonari", cwd=tmp_path)
    assert done.returncode == 1
    assert "--data is a folder on this machine" in done.stderr
    assert list(tmp_path.iterdir()) == [], "no folder called s3: is made"


def test_the_command_makes_documents_that_need_no_server(s3, sample_data, run_tonari):
    root = "https://open.example.lg.jp/tonari"
    done = run_tonari(
        "releases",
        "push",
        "s3://open/tonari",
        "--public-url",
        root,
        "--data",
        sample_data,
        "--json",
    )
    assert done.returncode == 0, done.stderr
    lies = s3.bucket / "tonari"
    current = json.loads((lies / "current.json").read_text())
    catalogue = json.loads((lies / current["catalogue"]).read_text())
    here = 0
    for part in (*catalogue["layers"].values(), *catalogue["feeds"].values()):
        for address in (*part["links"].values(), *part["downloads"].values()):
            assert (lies / address.removeprefix(f"{root}/")).is_file(), address
            here += 1
    assert here > 20
    styles = list((lies / "releases").glob("*/en/maps/*/style.json"))
    assert styles
    for style in styles:
        text = style.read_text()
        assert "pmtiles://https://open.example.lg.jp/tonari/objects/" in text
        assert "/tiles/" not in text.replace(root, ""), "no address of a server is left"
    tilejson = json.loads(next((lies / "releases").glob("*/ja/tiles/parks.json")).read_text())
    address = tilejson["tiles"][0].removeprefix("pmtiles://").removesuffix("/{z}/{x}/{y}")
    header = by_ranges(address.removeprefix(f"{root}/")).header()
    assert (header["min_zoom"], header["max_zoom"]) == (tilejson["minzoom"], tilejson["maxzoom"])
    listed = run_tonari("releases", "list", "s3://open/tonari", "--json", "--data", sample_data)
    assert json.loads(listed.stdout)["current"] == current["release"]
    checked = run_tonari("releases", "verify", "s3://open/tonari", "--data", sample_data)
    assert checked.returncode == 0, checked.stderr
