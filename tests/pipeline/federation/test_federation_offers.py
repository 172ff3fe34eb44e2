"""What a neighbour answers may be anything: it is taken, or refused with its cause."""

import datetime as dt
import hashlib

import pytest
from other_end import whole

from pipeline.config.neighbours import FileNeighbour, OgcNeighbour
from pipeline.errors import FetchError
from pipeline.federation.fetch import Fetcher
from pipeline.federation.offers import offered
from pipeline.federation.state import State
from pipeline.federation.visit import Visit

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)


def answered(neighbour, folder):
    fetcher = Fetcher(neighbour, 30, pause=0.01)
    try:
        return offered(Visit("kanda", neighbour, folder, State(), fetcher, NOW), "parks")
    finally:
        fetcher.close()


def collection(url):
    said = {"kind": "ogc-features", "url": url, "collections": {"parks": "parks"}, "private": True}
    return OgcNeighbour.model_validate(said)


@pytest.mark.parametrize(
    "page",
    [
        b'{"features": [{"type": "Feature", "properties": {"name": "\\ud800"}}]}',
        b'{"features": [{}], "links": [{"rel": "next", "href": "http://["}]}',
        b'{"features": [{}], "links": [{"rel": "next", "href": "http://elsewhere.example/"}]}',
        b'{"features": {}}',
        b"[" * 100_000,
    ],
    ids=["half a character", "no address", "elsewhere", "no list", "deep"],
)
def test_a_page_that_cannot_be_used_is_refused(there, tmp_path, page):
    end, url = there
    end.files["/collections/parks/items"] = page
    with pytest.raises(FetchError):
        answered(collection(url), tmp_path)


@pytest.mark.parametrize(
    "said", ["Mon, 01 Jan 2024 00:00:00 +99999999999999999999", "yesterday", "Mon, 99 Jan 2024"]
)
def test_a_date_nobody_can_read_is_no_date(there, tmp_path, said):
    end, url = there
    end.manners["/a.csv"] = lambda handler: whole(handler, b"id\n1\n", Last_Modified=said)
    pinned = hashlib.sha256(b"id\n1\n").hexdigest()
    files = {"parks": {"url": f"{url}/a.csv", "sha256": pinned}}
    neighbour = FileNeighbour.model_validate({"kind": "files", "files": files, "private": True})
    assert answered(neighbour, tmp_path).as_of == ""
