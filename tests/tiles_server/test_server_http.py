"""HTTP to the letter, asked byte by byte (RFC 9110, RFC 9112)."""

from __future__ import annotations

import gzip
import json
import time

import brotli
import pytest
from raw_http import get

CSV = "/downloads/latest/evacuation_sites.csv"
ZIP = "/gtfs/wakato_ferry.zip"
TILE = "/tiles/evacuation_sites/12/3535/1638.mvt"
FIRST, SECOND = "20261123T160000Z-00000001", "20261123T170000Z-00000002"
EVERYWHERE = ("/", "/catalog", "/tiles/flood.json", TILE, "/maps/none", "/nothing", "/healthz")
BAD_HOSTS = {
    "missing": None,
    "empty": b"Host:",
    "doubled": b"Host: one.example\r\nHost: two.example",
    "two in one": b"Host: one.example, two.example",
    "long label": b"Host: " + b"b" * 64 + b".example",
    "empty label": b"Host: one..example",
    "dot": b"Host: .",
    "space": b"Host: one two",
    "open bracket": b"Host: [2001:db8::1",
    "no address": b"Host: [one]",
    "user": b"Host: user@one.example",
    "long name": b"Host: " + b"c." * 127 + b"example",
    "port": b"Host: one.example:65536",
    "port of letters": b"Host: one.example:http",
    "no ASCII": b"Host: \xe5\x85\xac",
    "slash": b"Host: one.example/path",
    "hyphen first": b"Host: -one.example",
}


@pytest.mark.parametrize("host", BAD_HOSTS.values(), ids=BAD_HOSTS)
def test_an_impossible_host_is_refused_at_every_address(server, host):
    for address in EVERYWHERE:
        answer = get(server.address, address, host=host)
        assert answer.status == 400, address
        assert json.loads(answer.content)["status"] == 400


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("tile_server:8000", "http://tile_server:8000"),
        ("_dmz.tiles", "http://_dmz.tiles"),
        ("DATA.example:80", "http://data.example"),
        ("data.example.:8080", "http://data.example.:8080"),
        ("[2001:db8::1]:8000", "http://[2001:db8::1]:8000"),
        ("b" * 63 + ".example", "http://" + "b" * 63 + ".example"),
        ("192.0.2.7", "http://192.0.2.7"),
    ],
)
def test_every_document_names_the_host_it_was_asked_at(server, host, named):
    for address in (
        "/tiles/flood.json",
        "/catalog",
        "/collections",
        "/maps/kanmon_safety/style.json",
    ):
        answer = get(server.address, address, host=f"Host: {host}".encode())
        assert answer.status == 200
        addresses = set(addresses_in(json.loads(answer.content)))
        assert addresses
        assert all(one.startswith(named + "/") for one in addresses), addresses


def addresses_in(document):
    match document:
        case dict():
            for key, value in document.items():
                yield from addresses_in(None if key in ("publisher", "embed") else value)
        case list():
            for value in document:
                yield from addresses_in(value)
        case str() if document.startswith("http") and "opengis.net" not in document:
            yield document


def test_an_old_client_without_host_is_given_addresses_that_work(server):
    answer = get(server.address, "/tiles/flood.json", host=None, version="1.0")
    assert json.loads(answer.content)["tiles"][0].startswith(server.address + "/tiles/flood/")


def test_an_upper_case_proxy_cannot_name_an_impossible_host(data):
    from serving import serving

    with serving(data, workers=1, behind_proxy=True) as behind:
        for wrong in ("X-Forwarded-Host: a..b", "X-Forwarded-Proto: javascript",
                      "X-Forwarded-Prefix: /a b"):  # fmt: skip
            for address in ("/catalog", TILE):
                assert get(behind.address, address, wrong).status == 400, wrong
        assert get(behind.address, "/catalog", "X-Forwarded-Host: tile_server").status == 200


@pytest.mark.parametrize("address", ["/", "/maps/kanmon_safety", "/layers/flood", "/maps/none"])
def test_a_long_list_of_languages_costs_as_much_as_a_short_one(server, address):
    """A page says hundreds of sentences; whatever its header, it is read once."""
    many = "Accept-Language: " + ",".join(f"x{i}-{i};q=0.{i % 9}1" for i in range(2_000)) + ",en"
    short = "Accept-Language: en"
    html = "Accept: text/html"
    taken = {}
    for header in (short, many, short, many, short, many):
        begin = time.perf_counter()
        assert get(server.address, address, header, html).status in (200, 404)
        taken.setdefault(header, []).append(time.perf_counter() - begin)
    # It was a hundred times as dear and more; a busy machine makes the odd answer late.
    assert min(taken[many]) < 10 * min(taken[short]) + 0.05


@pytest.mark.parametrize(
    "header",
    [
        "Accept: " + ",".join(f"a/{i};q=0.{i % 10}" for i in range(3_000)),
        "Accept-Encoding: " + ",".join(f"c{i};q=0.5" for i in range(3_000)),
        "If-None-Match: " + ",".join(f'W/"{i}"' for i in range(5_000)),
        "If-Match: " + ",".join(f'"{i}"' for i in range(5_000)),
        "If-None-Match: " + '"' * 30_000,
        "Range: bytes=" + ",".join(f"{i}-{i}" for i in range(8_000)),
        "Cookie: " + "; ".join(f"a{i}=b" for i in range(5_000)),
        "Forwarded: " + ",".join(f"for={i};host=h{i}" for i in range(3_000)),
        "If-Range: " + "9" * 40_000,
        "Range: bytes=" + "9" * 40_000 + "-",
    ],
    ids=lambda header: header[:24],
)
def test_no_long_header_makes_an_answer_dear(server, header):
    for address in ("/", CSV, TILE, "/maps/kanmon_safety"):
        begin = time.perf_counter()
        assert get(server.address, address, header).status < 500
        assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=-99999999", slice(0, None)),
        ("bytes=-" + "9" * 30, slice(0, None)),
        ("bytes=0-" + "9" * 30, slice(0, None)),
        ("BYTES=2-4", slice(2, 5)),
        ("bytes= 2-4", slice(2, 5)),
        ("bytes=2-4,", slice(2, 5)),
    ],
)
def test_a_range_that_can_be_read_is_answered(server, asked, part):
    whole = get(server.address, CSV).content
    answer = get(server.address, CSV, f"Range: {asked}")
    assert (answer.status, answer.content) == (206, whole[part])
    start, stop, _ = part.indices(len(whole))
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


@pytest.mark.parametrize(
    "asked", ["lines=0-1", "bytes=5-2", "bytes=a-b", "bytes", "bytes=", "bytes=-", "bytes=0-1,4-5"]
)
def test_a_range_that_cannot_be_read_is_ignored(server, asked):
    answer = get(server.address, CSV, f"Range: {asked}")
    assert (answer.status, answer.content) == (200, get(server.address, CSV).content)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", "bytes=" + "9" * 30 + "-"])
def test_a_range_beyond_the_file_is_416(server, asked):
    size = len(get(server.address, ZIP).content)
    answer = get(server.address, ZIP, f"Range: {asked}")
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{size}")


def test_head_has_no_ranges(server):
    answer = get(server.address, CSV, "Range: bytes=0-1", method="HEAD")
    assert (answer.status, answer.content) == (200, b"")
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_download_goes_on_only_with_the_very_same_content(server):
    headers = get(server.address, CSV).headers
    tag, date = headers["etag"], headers["last-modified"]
    same, others = (tag, date), (f"W/{tag}", '"other"', "Thu, 01 Jan 2099 00:00:00 GMT", "junk")
    for given in same:
        assert get(server.address, CSV, "Range: bytes=3-", f"If-Range: {given}").status == 206
    for given in others:
        assert get(server.address, CSV, "Range: bytes=3-", f"If-Range: {given}").status == 200


@pytest.mark.parametrize(
    "address",
    [CSV, ZIP, "/pmtiles/flood.pmtiles", f"/pmtiles/{SECOND}/flood.pmtiles", TILE, "/catalog", "/",
     "/maps/kanmon_safety", "/collections/flood/items", "/static/any/site.css",
     "/gtfs/wakato_ferry/timetable.html"],
)  # fmt: skip
def test_conditions_hold_at_every_address_that_has_a_tag(server, address):
    tag = get(server.address, address).headers["etag"]
    expected = {
        '''If-Match: "other"''': 412,
        f"If-Match: W/{tag}": 412,
        f'If-Match: "other", {tag}': 200,
        "If-Match: *": 200,
        f"If-None-Match: W/{tag}": 304,
        "If-None-Match: *": 304,
        'If-None-Match: "other"': 200,
    }
    for header, status in expected.items():
        for method in ("GET", "HEAD"):
            answer = get(server.address, address, header, method=method)
            assert answer.status == status, (header, method)
            if status == 304:
                assert answer.content == b""
    both = get(server.address, address, f"If-None-Match: {tag}", 'If-Match: "other"')
    assert both.status == 412


def test_dates_are_compared_with_the_release_that_made_the_file(server):
    date = get(server.address, CSV).headers["last-modified"]
    assert date == "Mon, 23 Nov 2026 16:00:00 GMT"
    later, earlier = "Thu, 01 Jan 2099 00:00:00 GMT", "Mon, 23 Nov 2026 15:59:59 GMT"
    expected = {
        f"If-Modified-Since: {date}": 304,
        f"If-Modified-Since: {later}": 304,
        f"If-Modified-Since: {earlier}": 200,
        "If-Modified-Since: yesterday": 200,
        f"If-Unmodified-Since: {date}": 200,
        f"If-Unmodified-Since: {earlier}": 412,
    }
    for header, status in expected.items():
        assert get(server.address, CSV, header).status == status, header
    # An entity tag says more than a date, so the date is not looked at.
    tagged = get(server.address, CSV, 'If-None-Match: "other"', f"If-Modified-Since: {date}")
    assert tagged.status == 200


@pytest.mark.parametrize(
    "address",
    ["/catalog", "/tiles/flood.json", "/maps/kanmon_safety/style.json", "/maps/kanmon_safety",
     "/layers/flood", CSV, "/downloads/latest/flood.geojson", "/collections/evacuation_sites/items",
     "/static/any/map.js", "/openapi.json", "/gtfs/wakato_ferry/validation.html", "/maps/none"],
)  # fmt: skip
def test_every_text_is_compressed_when_asked(server, address):
    plain = get(server.address, address)
    assert "content-encoding" not in plain.headers
    tags = {plain.headers.get("etag")}
    for accept, coding, unpack in (
        ("br", "br", brotli.decompress),
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip;q=1.0, br;q=0.2", "gzip", gzip.decompress),
        ("x-gzip", "gzip", gzip.decompress),
    ):
        answer = get(server.address, address, f"Accept-Encoding: {accept}")
        assert answer.headers["content-encoding"] == coding
        assert unpack(answer.content) == plain.content
        assert "Accept-Encoding" in answer.headers["vary"]
        assert int(answer.headers["content-length"]) == len(answer.content)
        tag = answer.headers.get("etag")
        if tag:
            tags.add(tag)
            again = get(
                server.address, address, f"Accept-Encoding: {accept}", f"If-None-Match: {tag}"
            )
            assert again.status == 304
    assert tags == {None} or len(tags) == 3  # plain, br, gzip


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("identity;q=0", 406),
        ("*;q=0", 406),
        ("identity;q=0, gzip", 200),
        ("deflate", 200),
        ("br;q=2", 200),
        ("identity;q=0, br;q=0.001", 200),
    ],
)
def test_who_refuses_every_form_is_told_so(server, accept, status):
    assert get(server.address, "/catalog", f"Accept-Encoding: {accept}").status == status


def test_tiles_and_archives_have_no_form_for_who_refuses_theirs(server):
    for address in (TILE, ZIP):
        assert get(server.address, address, "Accept-Encoding: br, identity;q=0").status == 406


def test_a_range_of_a_text_is_of_its_plain_form(server):
    whole = get(server.address, CSV)
    answer = get(server.address, CSV, "Accept-Encoding: br", "Range: bytes=0-9")
    assert (answer.status, answer.content) == (206, whole.content[:10])
    assert answer.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("address", ["/", "/catalog", TILE, ZIP, "/layers/flood"])
def test_methods_are_refused_by_name(server, address):
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
        answer = get(server.address, address, method=method)
        assert answer.status == 405, method
        assert "GET" in answer.headers["allow"]
    for method in ("BREW", "get", "PROPFIND"):
        assert get(server.address, address, method=method).status == 501
    options = get(server.address, address, method="OPTIONS")
    assert (options.status, options.content) == (200, b"")
    assert set(options.headers["allow"].split(", ")) >= {"GET", "HEAD", "OPTIONS"}


def test_options_of_the_server_itself(server):
    assert get(server.address, "*", method="OPTIONS").status == 204
    assert get(server.address, "*").status == 400


@pytest.mark.parametrize(
    "address",
    ["/layers/flood", "/maps/kanmon_safety", "/catalog", "/collections/flood/items", "/desk",
     "/gtfs/wakato_ferry/stops", "/gtfs/wakato_ferry/stops/TO", "/tiles/flood.json", ZIP,
     "/maps/kanmon_safety/style.json"],
)  # fmt: skip
def test_a_slash_too_many_leads_to_the_address_without(server, address):
    moved = get(server.address, f"{address}/?lang=en")
    assert (moved.status, moved.headers["location"]) == (308, f"{address}?lang=en")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("//layers/flood", 404),
        ("/layers/flood//", 404),
        ("//other.example/", 404),
        ("/%2f%2fother.example/", 404),
        ("/layers/../catalog", 404),
        ("/layers/%2e%2e/catalog", 404),
        ("/downloads/latest/..%2f..%2fmanifest.json", 404),
        ("/layers/%00", 400),
        ("/layers/flood%0d%0aX-A:%20b", 400),
        ("/layers/%ff", 400),
        ("/layers/%e5%85", 400),
        ("/layers/%E5%85%AC", 404),
        ("/layers/%zz", 404),
        ("/catalog?lang=%ff", 400),
        ("/catalog?lang=%", 400),
        ("/catalog?lang=%00", 400),
        ("/" + "a" * 3_000, 414),
        ("/catalog?" + "a" * 9_000, 414),
        ("/catalog?" + "lang=ja&" * 200, 400),
    ],
)
def test_odd_addresses_are_refused_for_what_they_are(server, target, status):
    answer = get(server.address, target, "Accept: text/html")
    assert answer.status == status
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "address",
    ["/", "/layers/flood", "/maps/kanmon_safety", "/maps/kanmon_safety/embed", "/catalog",
     "/maps/kanmon_safety/style.json", "/tiles/flood.json", TILE, "/pmtiles/flood.pmtiles", CSV,
     ZIP, "/gtfs/wakato_ferry/", "/gtfs/wakato_ferry/alerts.pb", "/gtfs/wakato_ferry/stops",
     "/gtfs/wakato_ferry/stops/TO", "/gtfs/wakato_ferry/stops/TO/departures.json", "/conformance",
     "/collections", "/collections/flood", "/collections/flood/items",
     "/collections/flood/items/1", "/openapi.json", "/healthz", "/readyz", "/static/any/site.css"],
)  # fmt: skip
def test_what_an_address_does_not_understand_it_refuses(server, address):
    assert get(server.address, address).status == 200
    for query in ("lagn=en", "limit=1&limit=2", "v=1&v=2"):
        assert get(server.address, f"{address}?{query}").status == 400, query


def test_links_that_were_passed_on_in_networks_still_open_pages(server):
    marks = "utm_source=line&utm_medium=social&fbclid=Iw&gclid=x"
    assert get(server.address, f"/maps/kanmon_safety?{marks}").status == 200
    assert get(server.address, f"/catalog?{marks}").status == 400


@pytest.mark.parametrize("digits", ["10001", "1000000000", "9" * 400, "0" * 50 + "7"])
def test_a_limit_beyond_the_most_is_the_most(server, digits):
    for address in ("/collections/flood/items", "/gtfs/wakato_ferry/stops/TO/departures.json"):
        assert get(server.address, f"{address}?limit={digits}").status == 200
    for wrong in ("0", "-1", "1.5", "", "１"):
        answer = get(server.address, f"/collections/flood/items?limit={wrong}".encode())
        assert answer.status == 400


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("notatime", 400),
        ("2026-02-30", 400),
        ("2026-01-02/2026-01-01", 400),
        ("2026-01-01/2026-01-02/2026-01-03", 400),
        ("2026-01-01T00:00:00Z", 200),
        ("2026-01-01T00:00:00Z/..", 200),
        ("../2026-01-01T00:00:00%2B09:00", 200),
    ],
)
def test_a_datetime_must_be_one(server, moment, status):
    address = f"/collections/flood/items?datetime={moment}"
    assert get(server.address, address).status == status


def test_an_archive_of_a_release_never_changes(server):
    fixed = get(server.address, f"/pmtiles/{FIRST}/flood.pmtiles")
    assert fixed.content == get(server.address, "/pmtiles/flood.pmtiles").content
    assert "immutable" in fixed.headers["cache-control"]
    other = get(server.address, f"/pmtiles/{SECOND}/evacuation_sites.pmtiles")
    assert other.content != get(server.address, "/pmtiles/evacuation_sites.pmtiles").content
    catalogue = json.loads(get(server.address, "/catalog").content)
    named = catalogue["layers"]["flood"]["links"]["pmtiles_of_release"]
    assert named == f"http://localhost/pmtiles/{FIRST}/flood.pmtiles"
    for wrong in ("latest", "20991123T170000Z-00000002", ".."):
        assert get(server.address, f"/pmtiles/{wrong}/flood.pmtiles").status == 404
