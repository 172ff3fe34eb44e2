"""Two cities, each with a server of its own: one publishes, the other takes and publishes again."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import httpx
import pytest
from ruamel.yaml import YAML

from pipeline.config.load import load
from pipeline.federation.keys import new_key
from pipeline.federation.neighbourhood import visit_all
from pipeline.progress import silent
from pipeline.run import Standing, build
from tiles_server.releases import Releases
from tonari.jobs import jobs_of, standing_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tiles_server"))
sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline" / "federation"))

from other_end import other_end, whole
from serving import serving

KANDA, KITAKYUSHU = "406210", "401005"
SIGNED = ("manifest.json", "manifest.json.sig")
PLACES = {KANDA: (130.98, 33.78), KITAKYUSHU: (130.88, 33.88)}


class City:
    """A city with a folder, a ledger of parks, a declaration and perhaps a key."""

    def __init__(self, folder, name, code):
        self.folder, self.data, self.name, self.code = folder, folder / "data", name, code
        self.address = ""
        folder.mkdir()
        self.declared = {
            "publisher": {"name": {"ja": name}, "code": code, "licence": "CC-BY-4.0"},
            "municipalities": {"own": {"code": code, "name": {"ja": name}, "crs": "EPSG:6668"}},
            "layers": {},
        }

    def ledger(self, count, column="面積", name="公園"):
        x, y = PLACES[self.code]
        rows = [f"{self.name}{name}{i},{100 + i},{x + i / 1000},{y}" for i in range(count)]
        text = "\n".join([f"名称,{column},経度,緯度", *rows, ""])
        (self.folder / "koen.csv").write_text(text, encoding="utf-8")
        return self

    def layer(self, name="parks", sources=(), area="面積", publish=("name", "area"), **said):
        own = {
            "municipality": "own", "path": "koen.csv",
            "geometry": {"x": "経度", "y": "緯度", "crs": "EPSG:6668"},
            "fields": {"名称": "name", area: "area"},
        }  # fmt: skip
        self.declared["layers"][name] = {
            "title": {"ja": "公園"}, "sources": [own, *sources],
            "privacy": {"publish": list(publish)}, "tiles": {"minzoom": 8, "maxzoom": 9},
        } | said  # fmt: skip
        return self

    def key(self, number=1):
        path = self.folder / f"{number}.key"
        return new_key(path).public if not path.exists() else None

    def load(self):
        path = self.folder / "layers.yaml"
        with path.open("w", encoding="utf-8") as stream:
            YAML().dump(self.declared, stream)
        return load(path)

    def build(self, *, accept=False, only=()):
        loaded = self.load()
        signer = standing_of(loaded, self.data).signer if "signing" in self.declared else None
        around = visit_all(loaded.declaration, self.data, loaded.root, accept=accept, pause=0.01)
        jobs = jobs_of(loaded, self.data, accept=accept, neighbourhood=around)
        result = build(
            loaded.declaration, jobs, self.data, silent, only, standing=Standing(around, signer)
        )
        if self.address:
            time.sleep(2 * Releases.interval)  # until every process of its server has seen it
        return result

    @property
    def manifest(self):
        path = self.data / "releases" / "current" / "manifest.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def features(self, layer="parks"):
        path = self.data / "releases" / "current" / "layers" / layer / f"{layer}.geojson"
        return json.loads(path.read_text(encoding="utf-8"))["features"]


def codes(result, layer="joint"):
    """Return what was found about neighbours, licences and errors in a layer."""
    found = [f.code for o in result.outcomes if o.name == layer for f in o.findings]
    return [code for code in found if code.startswith(("neighbour", "licence"))]


@pytest.fixture(scope="module")
def kanda(tmp_path_factory):
    """苅田町 with a key, published and served by a real server."""
    city = City(tmp_path_factory.mktemp("kanda") / "kanda", "苅田町", KANDA).ledger(8).layer()
    city.public = city.key(1)
    city.declared["signing"] = {"keys": ["1.key"]}
    city.build()
    with serving(city.data) as server:
        city.address = server.address
        yield city


@pytest.fixture
def reset(kanda):
    """Bring 苅田町 back to what it was, whatever a test does to it."""
    yield kanda
    kanda.declared["signing"] = {"keys": ["1.key"]}
    kanda.declared["publisher"]["licence"] = "CC-BY-4.0"
    kanda.declared["layers"] = {}
    kanda.ledger(8).layer().build(accept=True)


@pytest.fixture
def kitakyushu(tmp_path, kanda):
    """北九州市, which takes the parks of 苅田町."""
    city = City(tmp_path / "kitakyushu", "北九州市", KITAKYUSHU).ledger(3)
    city.declared["neighbours"] = {
        "kanda": {
            "url": kanda.address, "key": kanda.public, "layers": ["parks"], "private": True,
            "limits": {"seconds": 60},
        }
    }  # fmt: skip
    return city.layer("joint", [{"neighbour": "kanda", "layer": "parks"}])


def test_a_joint_layer_keeps_whose_each_feature_is_and_under_which_licence(kitakyushu):
    result = kitakyushu.build()
    assert codes(result) == []
    whose = [f["properties"]["municipality_code"] for f in kitakyushu.features("joint")]
    assert sorted(whose) == [KITAKYUSHU] * 3 + [KANDA] * 8
    entry = kitakyushu.manifest["layers"]["joint"]
    licences = {c: s["licence"] for s in entry["sources"] for c in s["codes"]}
    assert licences == {KITAKYUSHU: "CC-BY-4.0", KANDA: "CC-BY-4.0"}
    assert entry["attribution"] == "北九州市（CC BY 4.0）／苅田町（CC BY 4.0）"
    assert entry["via"] == [KANDA]
    assert "/tmp" not in json.dumps(kitakyushu.manifest)


def test_nothing_new_means_no_new_release(kitakyushu):
    assert kitakyushu.build().published
    again = kitakyushu.build()
    assert (again.published, [o.status for o in again.outcomes]) == (False, ["linked"])


def test_a_change_there_is_a_release_here(kitakyushu, reset):
    kitakyushu.build()
    reset.ledger(9).build()
    assert kitakyushu.build().published
    assert len(kitakyushu.features("joint")) == 3 + 9


def test_an_outage_keeps_the_last_copy_and_says_so_everywhere(kitakyushu, tmp_path):
    kitakyushu.declared["maps"] = {
        "map": {"title": {"ja": "地図"}, "layers": ["joint"], "center": [130.9, 33.8]}
    }
    kitakyushu.build()
    kitakyushu.declared["neighbours"]["kanda"]["url"] = "http://127.0.0.1:9"
    result = kitakyushu.build()
    assert codes(result) == ["neighbour-unreachable"]
    assert len(kitakyushu.features("joint")) == 11
    with serving(kitakyushu.data) as server, httpx.Client(base_url=server.address) as client:
        told = client.get("/federation.json").json()["neighbours"]["kanda"]
        assert told["state"] == "kept"
        assert told["layers"]["parks"]["problem"]["code"] == "neighbour-unreachable"
        assert "kanda" in client.get("/tiles/joint.json").json()["as_of"]
        for page in ("/maps/map", "/maps/map/embed", "/layers/joint"):
            assert "as-of late" in client.get(page).text, page
    kitakyushu.declared["neighbours"]["kanda"]["url"] = "http://127.0.0.1:10"
    assert not kitakyushu.build().published or codes(result) == ["neighbour-unreachable"]


def test_without_any_copy_only_the_layer_that_needs_it_fails(kitakyushu):
    kitakyushu.declared["neighbours"]["kanda"]["url"] = "http://127.0.0.1:9"
    result = kitakyushu.layer("parks").build()
    assert {o.name: o.status for o in result.outcomes} == {"joint": "failed", "parks": "built"}
    assert codes(result) == ["neighbour-unreachable"]


def test_shrinkage_is_not_taken_unless_it_is_meant(kitakyushu, reset):
    kitakyushu.build()
    reset.ledger(3).build(accept=True)
    assert codes(kitakyushu.build()) == ["neighbour-shrunk"]
    assert len(kitakyushu.features("joint")) == 11
    assert codes(kitakyushu.build(accept=True)) == []
    assert len(kitakyushu.features("joint")) == 6


def test_a_change_of_schema_is_not_taken(kitakyushu, reset):
    kitakyushu.build()
    reset.layer(publish=("name",)).build(accept=True)
    assert codes(kitakyushu.build()) == ["neighbour-schema"]
    assert len(kitakyushu.features("joint")) == 11


def test_a_change_of_licence_is_not_taken(kitakyushu, reset):
    kitakyushu.build()
    reset.declared["publisher"]["licence"] = "ODbL-1.0"
    reset.build()
    assert codes(kitakyushu.build()) == ["neighbour-licence"]
    assert kitakyushu.manifest["layers"]["joint"]["licence"] == "CC-BY-4.0"
    result = kitakyushu.build(accept=True)
    assert codes(result) == ["licence-mix"]
    found = next(f for o in result.outcomes for f in o.findings if f.code == "licence-mix")
    assert "ODbL 1.0 4.4" in found.message_ja and "CC BY 4.0 Section 3" in found.message_ja


def test_a_layer_that_disappears_is_kept(kitakyushu, reset):
    kitakyushu.build()
    del reset.declared["layers"]["parks"]
    reset.layer("other").build()
    assert codes(kitakyushu.build()) == ["neighbour-vanished"]
    assert len(kitakyushu.features("joint")) == 11


def test_another_key_is_refused_until_a_person_declares_it(kitakyushu, reset):
    kitakyushu.build()
    other = new_key(reset.folder / "other.key").public
    reset.declared["signing"] = {"keys": ["other.key"]}
    reset.build()
    assert codes(kitakyushu.build()) == ["neighbour-key"]
    kitakyushu.declared["neighbours"]["kanda"]["key"] = other
    assert codes(kitakyushu.build()) == []


def test_an_announced_key_follows_and_asks_to_be_declared(kitakyushu, reset):
    following = new_key(reset.folder / "next.key").public
    reset.declared["signing"] = {"keys": ["1.key"], "next": following}
    reset.build()
    kitakyushu.build()
    reset.declared["signing"] = {"keys": ["next.key"]}
    reset.build()
    assert codes(kitakyushu.build()) == ["neighbour-rotated"]
    assert kitakyushu.manifest["neighbours"]["kanda"]["state"] == "current"


def test_a_switch_between_manifest_and_signature_is_no_wrong_key(kitakyushu, reset):
    """Each of the two is right, of another release: both are asked for once more."""
    release = reset.data / "releases" / "current"
    earlier = {name: (release / name).read_bytes() for name in SIGNED}
    reset.ledger(9).build()
    manifest = json.loads((release / "manifest.json").read_text("utf-8"))
    path = manifest["layers"]["parks"]["artefacts"]["parquet"]
    with other_end() as (end, url):
        for name in SIGNED:
            end.files[f"/{name}"] = (release / name).read_bytes()
        served = f"/downloads/{manifest['release']}/{path.rpartition('/')[2]}"
        end.files[served] = (release / path).read_bytes()

        def switching(handler):
            del end.manners["/manifest.json"]
            whole(handler, earlier["manifest.json"])

        end.manners["/manifest.json"] = switching
        kitakyushu.declared["neighbours"]["kanda"]["url"] = url
        assert codes(kitakyushu.build()) == []
        assert end.paths() == ["/manifest.json", "/manifest.json.sig"] * 2 + [served]
    assert len(kitakyushu.features("joint")) == 3 + 9


def test_a_release_that_came_through_us_is_not_taken_back(kitakyushu, reset):
    kitakyushu.layer("parks").build()
    with serving(kitakyushu.data) as server:
        reset.declared["neighbours"] = {
            "kita": {
                "url": server.address, "unsigned": "accept", "private": True,
                "layers": ["joint", "parks"],
            }
        }  # fmt: skip
        reset.layer("circle", [{"neighbour": "kita", "layer": "joint"}])
        reset.layer("fine", [{"neighbour": "kita", "layer": "parks"}])
        result = reset.build()
        del reset.declared["neighbours"]
    assert codes(result, "circle") == ["neighbour-circle"]
    assert codes(result, "fine") == []
    assert {o.name: o.status for o in result.outcomes}["circle"] == "failed"


def test_the_signed_bytes_and_their_signature_are_served(kanda):
    from pipeline.federation.keys import signers

    with httpx.Client(base_url=kanda.address) as client:
        content = client.get("/manifest.json").content
        signature = client.get("/manifest.json.sig").content
        assert signers(content, signature, [kanda.public]) == {kanda.public}
        tag = client.get("/manifest.json", headers={"Accept-Encoding": "identity"}).headers["ETag"]
        again = {"If-None-Match": tag, "Accept-Encoding": "identity"}
        assert client.get("/manifest.json", headers=again).status_code == 304


# ---- neighbours without Tonari


def feature(number, **properties):
    x, y = PLACES[KANDA]
    point = {"type": "Point", "coordinates": [x + number / 1000, y]}
    said = {"name": f"公園{number}", "area": number} | properties
    return {"type": "Feature", "properties": said, "geometry": point}


def collection(numbers, **more):
    found = {"type": "FeatureCollection", "features": [feature(n) for n in numbers]} | more
    return json.dumps(found).encode()


@pytest.fixture
def plain(tmp_path):
    """北九州市 beside a neighbour that only puts things on the web: ``(city, end, address)``."""
    city = City(tmp_path / "kitakyushu", "北九州市", KITAKYUSHU).ledger(3)
    city.declared["municipalities"]["kanda"] = {"code": KANDA, "name": {"ja": "苅田町"}}
    city.layer("joint", [{"neighbour": "kanda", "layer": "parks", "municipality": "kanda"}])
    with other_end() as (end, url):
        yield city, end, url


def declare(city, **said):
    about = {"private": True, "licence": "CC0-1.0", "limits": {"seconds": 20}}
    city.declared["neighbours"] = {"kanda": about | said}
    return city


def test_a_file_on_the_web_is_a_source_and_is_not_read_again(plain):
    city, end, url = plain
    end.files["/a.geojson"] = collection(range(5))
    declare(city, kind="files", files={"parks": {"url": url + "/a.geojson", "date": "2026-11-01"}})
    assert codes(city.build()) == []
    assert len(city.features("joint")) == 8
    assert not city.build().published
    assert "If-None-Match" in end.asked[-1][1]


def test_a_zip_with_a_shapefile_is_a_source(plain, tmp_path):
    import geopandas as gpd

    city, end, url = plain
    found = gpd.GeoDataFrame.from_features([feature(n) for n in range(4)], crs="EPSG:6668")
    found.to_file(tmp_path / "parks.shp.zip", driver="ESRI Shapefile")
    end.files["/a.zip"] = (tmp_path / "parks.shp.zip").read_bytes()
    declare(city, kind="files", files={"parks": {"url": url + "/a.zip", "date": "2026-11-01"}})
    assert codes(city.build()) == []
    assert len(city.features("joint")) == 7


def test_pages_of_a_feature_server_are_followed_to_the_end(plain):
    city, end, url = plain
    items = "/collections/koen/items"
    links = [{"rel": "next", "href": f"{url}{items}?page=2"}]
    end.files[f"{items}?limit=1000&f=json"] = collection(range(3), links=links, numberMatched=5)
    end.files[f"{items}?page=2"] = collection(range(3, 5), numberMatched=5)
    declare(city, kind="ogc-features", url=url, collections={"parks": "koen"})
    assert codes(city.build()) == []
    assert len(city.features("joint")) == 8
    end.files[f"{items}?page=2"] = collection(range(3, 4), numberMatched=5)
    assert codes(city.build()) == ["neighbour-length"]
    end.files[f"{items}?page=2"] = collection(range(3, 5), links=links)
    assert codes(city.build()) == ["neighbour-endless"]
    assert len(city.features("joint")) == 8


def test_a_resource_of_a_catalogue_is_a_source(plain):
    city, end, url = plain
    end.files["/a.geojson"] = collection(range(5))
    said = {"success": True, "result": {"url": url + "/a.geojson", "format": "GeoJSON"}}
    end.files["/api/3/action/resource_show?id=abc"] = json.dumps(said).encode()
    declare(city, kind="ckan", url=url, resources={"parks": "abc"})
    assert codes(city.build()) == []
    said["result"]["url"] = "http://169.254.169.254/latest/meta-data"
    end.files["/api/3/action/resource_show?id=abc"] = json.dumps(said).encode()
    assert codes(city.build()) == ["neighbour-redirect"]
    assert len(city.features("joint")) == 8


def test_a_file_that_cannot_be_read_does_not_take_the_place_of_a_good_one(plain):
    city, end, url = plain
    end.files["/a.geojson"] = collection(range(5))
    declare(city, kind="files", files={"parks": {"url": url + "/a.geojson", "date": "2026-11-01"}})
    city.build()
    end.files["/a.geojson"] = collection(range(5))[:-40]
    assert codes(city.build()) == ["neighbour-unreadable"]
    assert len(city.features("joint")) == 8


def test_old_data_is_used_and_dated(plain):
    city, end, url = plain
    end.files["/a.geojson"] = collection(range(5))
    file = {"url": url + "/a.geojson", "date": "2001-04-01"}
    declare(city, kind="files", files={"parks": file}, max_age="30d")
    assert codes(city.build()) == ["neighbour-stale"]
    assert city.manifest["layers"]["joint"]["sources"][1]["as_of"] == "2001-04-01"


def test_an_unstated_licence_is_an_error(plain):
    city, end, url = plain
    end.files["/a.geojson"] = collection(range(5))
    file = {"url": url + "/a.geojson", "date": "2026-11-01"}
    declare(city, kind="files", files={"parks": file}, licence="")
    assert codes(city.build()) == ["licence-unstated"]


def test_one_host_is_asked_one_thing_at_a_time(plain):
    city, end, url = plain
    end.files["/a.geojson"] = collection(range(5))
    file = {"url": url + "/a.geojson", "date": "2026-11-01"}
    declare(city, kind="files", files={"parks": file, "b": file, "c": file})
    city.declared["neighbours"]["again"] = city.declared["neighbours"]["kanda"]
    city.build()
    assert len(end.asked) == 6
    assert end.most_open == 1
