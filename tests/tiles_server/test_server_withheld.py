"""No answer of the server tells what stays in the office."""

import re
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest
from serving import serving

from pipeline.config.load import load
from pipeline.layers.job import LayerJob
from pipeline.layers.plan import Planner
from pipeline.progress import silent
from pipeline.run import build

DECLARATION = """
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0}
municipalities: {k: {code: "401005", name: {ja: 北九州市}}}
layers:
  squares:
    title: {ja: 広場}
    fields:
      name: {title: {ja: 名称}}
      secret: {title: {ja: zqtitle}, type: integer}
    sources:
      - municipality: k
        path: zqfile.csv
        geometry: {x: 経度, y: 緯度, crs: EPSG:6668}
        fields: {名称: name, zqheading: secret}
    privacy: {publish: [name]}
    style: {by: secret, label: secret, classes: [{value: zqclass, color: "#ff0000"}]}
maps:
  around: {title: {ja: まわり}, layers: [squares], center: [130.81, 33.9]}
"""
LEDGER = "名称,zqheading,zqunknown,経度,緯度\n桜広場,zqvalue,zqother,130.81,33.9\n"
ANSWERS = re.compile(r'(?:href|src|action)="([^"]+)"|"(?:href|url|[a-z_]*url)": ?"([^"]+)"')
MOST = 200


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("withheld")
    (folder / "layers.yaml").write_text(DECLARATION, encoding="utf-8")
    (folder / "zqfile.csv").write_text(LEDGER, encoding="utf-8")
    loaded = load(folder / "layers.yaml")
    planner = Planner(loaded.declaration, loaded.root)
    jobs = [LayerJob("squares", loaded.declaration, planner)]
    result = build(loaded.declaration, jobs, folder / "data", silent)
    assert [o.status for o in result.outcomes] == ["built"]
    with (
        serving(folder / "data") as running,
        httpx.Client(base_url=running.address, timeout=60) as client,
    ):
        yield client


def answers(client):
    """Follow every link from the first page, and a few that nothing links to."""
    queue = [
        "/", "/catalog.jsonld", "/api/3/action/package_list", "/healthz", "/readyz", "/metrics",
        "/tiles/squares.json", "/tiles/squares/6/55/25.mvt", "/collections/squares/items",
        "/pmtiles/squares.pmtiles", "/maps/around/style.json", "/findings.json", "/report.html",
        "/collections/squares/items?secret=1", "/collections/squares/items?sortby=secret",
        "/collections/squares/items?f=csv&q=桜", "/layers/squares?q=桜&sortby=name",
        "/collections/squares/items?f=csv&limit=9",
    ]  # fmt: skip
    seen, base = {}, str(client.base_url).rstrip("/")
    while queue and len(seen) < MOST:
        path = queue.pop(0)
        if path in seen or path.startswith("/static/"):
            continue
        answer = client.get(path)
        seen[path] = answer.content + str(answer.headers).encode()
        for pair in ANSWERS.findall(seen[path].decode("utf-8", "ignore")):
            link = urljoin(base + path, unescape(pair[0] or pair[1]))
            if link.startswith(base + "/") and "{" not in link:
                queue.append(link.removeprefix(base).partition("#")[0])
    return seen


def test_no_answer_holds_a_withheld_token(client):
    told = answers(client)
    assert len(told) > 20
    assert any("桜広場".encode() in body for body in told.values())
    found = {path: set(re.findall(rb"zq[a-z]+", body)) for path, body in told.items()}
    assert {path: tokens for path, tokens in found.items() if tokens} == {}


def test_words_are_not_looked_for_in_withheld_values(client):
    for value, found in (("桜", 1), ("zqvalue", 0), ("zqother", 0)):
        answer = client.get("/collections/squares/items", params={"q": value})
        assert answer.json()["numberMatched"] == found
