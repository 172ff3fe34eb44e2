"""The audit looks into every kind of file a layer has, and names what is not declared there."""

from __future__ import annotations

import json
import shutil
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio

from pipeline.privacy.audit.artefacts import READERS
from pipeline.privacy.audit.attack_releases import audit
from pipeline.privacy.audit.pictures import in_picture
from pipeline.release.store import Store

OWNER = "山田太郎"


@pytest.fixture
def release(sample_data, tmp_path):
    """Return a copy of the sample's release, to spoil."""
    folder = (sample_data / "releases" / "current").resolve()
    (tmp_path / "releases").mkdir()
    shutil.copytree(folder, tmp_path / "releases" / folder.name)
    (tmp_path / "releases" / "current").symlink_to(folder.name)
    return tmp_path / "releases" / folder.name


def found(release):
    store = Store(release.parents[1])
    manifest = json.loads((release / "manifest.json").read_text("utf-8"))
    findings = audit({release.name: (release, manifest)}, store.current().name).findings
    return [(f.code, f.file, f.value) for f in findings if f.code != "audit-file-changed"]


def layers(release):
    return json.loads((release / "manifest.json").read_text("utf-8"))["layers"]


def test_every_kind_of_file_of_the_sample_is_looked_into_and_nothing_is_found(release):
    kinds = {kind for layer in layers(release).values() for kind in layer["artefacts"]}
    assert kinds <= set(READERS)
    assert {"search", "borders", "originals", "cog", "pmtiles", "csv-metadata"} <= kinds
    assert found(release) == []


def test_a_name_that_no_published_field_holds_is_found_in_the_search(release):
    path = release / "layers/parks/parks.search"
    words = json.loads(path.read_text("utf-8"))
    names = words["names"].split("\n")
    words["names"] = "\n".join([OWNER, *names[1:]])
    path.write_text(json.dumps(words, ensure_ascii=False), "utf-8")
    assert found(release) == [("audit-field", "layers/parks/parks.search", "names")]


def test_a_withheld_field_is_found_in_a_row_of_a_border(release):
    path = release / "layers/walkways/walkways.borders.parquet"
    table = pq.read_table(path)
    at = table.schema.get_field_index("row_a")
    rows = [json.dumps({"owner": OWNER}, ensure_ascii=False)] * len(table)
    pq.write_table(table.set_column(at, "row_a", pa.array(rows)), path)
    assert found(release) == [("audit-field", "layers/walkways/walkways.borders.parquet", "owner")]


def test_the_tag_of_a_scan_is_found_in_its_cog(release):
    name = next(n for n, layer in layers(release).items() if "cog" in layer["artefacts"])
    path = release / layers(release)[name]["artefacts"]["cog"]
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as picture:
        picture.update_tags(TIFFTAG_ARTIST=OWNER)
    assert ("audit-field", f"layers/{name}/{path.name}", "TIFFTAG_ARTIST") in found(release)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind))


@pytest.mark.parametrize("word", [b"tEXt", b"iTXt", b"eXIf"])
def test_words_in_a_png_are_found(word):
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13))
    assert list(in_picture(picture + chunk(b"IDAT", b"abc") + chunk(b"IEND", b""))) == []
    spoilt = picture + chunk(word, OWNER.encode()) + chunk(b"IEND", b"")
    assert list(in_picture(spoilt)) == [word.decode()]


@pytest.mark.parametrize("size", [3, 4])
def test_words_in_a_webp_are_found_behind_chunks_of_even_and_odd_length(size):
    body = b"WEBP" + b"VP8L" + struct.pack("<I", size) + bytes(size + size % 2)
    body += b"XMP " + struct.pack("<I", 4) + b"abcd"
    assert list(in_picture(b"RIFF" + struct.pack("<I", len(body)) + body)) == ["XMP"]


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_damaged_file_is_named_and_the_rest_is_looked_into(release, kind):
    name, layer = next((n, e) for n, e in layers(release).items() if kind in e["artefacts"])
    path = layer["artefacts"][kind]
    content = (release / path).read_bytes()
    (release / path).write_bytes(b"\xff" + content[: len(content) // 2])
    codes = {(code, file) for code, file, _ in found(release)}
    unread = {("audit-unreadable", path)} | (
        # What stands in the search is compared with the published table.
        {("audit-unreadable", f"layers/{name}/{name}.search")} if kind == "parquet" else set()
    )
    assert codes and codes <= unread | {("audit-field", path)}


def test_a_kind_nobody_can_look_into_fails_the_audit(release):
    manifest = json.loads((release / "manifest.json").read_text("utf-8"))
    manifest["layers"]["parks"]["artefacts"]["gpkg"] = "layers/parks/parks.csv"
    findings = audit({release.name: (release, manifest)}, release.name).findings
    assert [(f.code, f.value) for f in findings] == [("audit-kind", "gpkg")]
