"""Every route with every kind of request: no defect, and no status nobody has been told of."""

from __future__ import annotations

import random
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from raw_http import get
from ruamel.yaml import YAML
from werkzeug.exceptions import HTTPException

from tiles_server.app import flask_app
from tiles_server.releases import Releases
from tiles_server.routes.data import api_description
from tonari.transit import Transit

SEED, REQUESTS = 20261126, 10_000
ODD = YAML(typ="safe").load(Path(__file__).with_name("odd_requests.yaml").read_text("utf-8"))
VALUES, QUERIES, HEADERS = ODD["values"], ODD["queries"], ODD["headers"]
METHODS = ["GET"] * 18 + [
    "HEAD",
    "HEAD",
    "OPTIONS",
    "POST",
    "POST",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "PATCH",
    "X",
]
HOSTS = [b"Host: localhost"] * 30 + [None, b"Host: a..b", b"Host: tile_server:8000", b"Host: \xff"]


@pytest.fixture(scope="module")
def described():
    """Return, by address and method, the statuses that are documented."""
    return {
        (path, method.upper()): set(operation["responses"])
        for path, methods in api_description()["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture(scope="module")
def rule_of(tmp_path_factory):
    """Return a function from path to the address in the description that answers it."""
    folder = tmp_path_factory.mktemp("none")
    app = flask_app(Releases(folder), lambda served: Transit(folder, served), folder)

    def find(path: str, asked: str) -> str | None:
        adapter = app.url_map.bind("localhost", path_info=unquote(path, errors="replace"))
        for method in ("POST", "GET") if asked == "POST" else ("GET", "POST"):
            try:
                rule, _ = adapter.match(method=method, return_rule=True)
            except HTTPException:
                continue
            return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        return None

    return find


def requests_of(paths, chance):
    """Yield requests: addresses with good and bad values, under all kinds of headers."""
    for _ in range(REQUESTS):
        path = chance.choice(paths)
        for name in re.findall(r"{(\w+)}", path):
            good, *bad = VALUES[name]
            value = good if chance.random() < 0.8 else chance.choice([good, *bad])
            path = path.replace(f"{{{name}}}", value, 1)
        query = chance.choice(QUERIES) if chance.random() < 0.4 else ""
        tail = chance.choice([""] * 16 + ["/", "/", "//", "%00", "/.."])
        headers = chance.sample(HEADERS, chance.choice([0, 0, 1, 1, 2, 3]))
        method = chance.choice(METHODS)
        body = b"a=b" if any(header.startswith("Content-Length") for header in headers) else b""
        target = path + tail + (f"?{query}" if query else "")
        yield method, path + tail, target, headers, chance.choice(HOSTS), body


@pytest.mark.slow
def test_no_request_finds_a_defect_or_a_status_nobody_documents(server, described, rule_of):
    chance = random.Random(SEED)
    paths = sorted({path for path, _ in described})
    met: dict[tuple[str, str], set[str]] = {}
    for method, path, target, headers, host, body in requests_of(paths, chance):
        lines = [header.encode("latin-1") for header in headers]
        asked = (method, target, headers, host)
        answer = get(server.address, target.encode(), *lines, method=method, host=host, body=body)
        assert answer.status not in (500, 502, 504), asked
        rule = rule_of(path, method)
        if rule is None or method not in ("GET", "HEAD", "POST"):
            continue
        key = (rule, "POST" if method == "POST" and (rule, "POST") in described else "GET")
        if key not in described:  # only forms are sent there
            key = (rule, "POST")
        met.setdefault(key, set()).add(str(answer.status))
    assert {rule for rule, _ in met} == set(paths)
    undocumented = {key: found - described[key] for key, found in met.items()}
    assert {key: found for key, found in undocumented.items() if found} == {}
    # The walk would be worth nothing if it met refusals only.
    statuses = set().union(*met.values())
    assert statuses >= {"200", "206", "304", "308", "400", "404", "406", "412", "416"}


def test_every_status_has_a_description_in_the_served_document(described):
    for key, statuses in described.items():
        assert {"400", "404", "500", "501", "503"} <= statuses, key
        assert all(re.fullmatch(r"[2-5]\d\d", status) for status in statuses), key
