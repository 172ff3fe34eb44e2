"""Addresses for people: the portal, layers as tables, maps."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import TYPE_CHECKING, get_args

import segno
from flask import Blueprint, Response, make_response, render_template, request, url_for

from pipeline.config.described import Theme
from tiles_server.barchart import chart
from tiles_server.base_maps import base_maps, origins
from tiles_server.caching import PAGE
from tiles_server.comparison import comparison
from tiles_server.errors import UnacceptableError
from tiles_server.language import language, say
from tiles_server.links import KINDS, downloads, feed_files
from tiles_server.listing import listing
from tiles_server.maps import parts
from tiles_server.portal import Asked, find, lately
from tiles_server.protocol.negotiation import asks_for_page, media_weight, weights
from tiles_server.routes.features import landing
from tiles_server.security import open_to_all, page_policy, protect
from tiles_server.style import build_style, first_tiles
from tiles_server.textsearch import MOST_CHARACTERS

if TYPE_CHECKING:
    from tiles_server.comparison import Cell, Series
    from tiles_server.listing import Listing
    from tiles_server.manifest import Map
    from tiles_server.releases import Release, Releases


THEMES = get_args(Theme)
MOST_OF_AN_ADDRESS = 600
"""Characters after a map's address that a code may hold."""


def blueprint(releases: Releases) -> Blueprint:
    """Return the blueprint over `releases`."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def portal() -> Response:
        release = releases.current()
        response = landing(release) if _for_program() else _portal(releases, release)
        response.vary.add("Accept")
        return response

    @pages.get("/layers/<layer>")
    def layer(layer: str) -> Response:
        release = releases.current()
        found = release.layer(layer)
        return page(
            "layer.html",
            release,
            name=layer,
            layer=found,
            listing=_listing(releases, release, layer),
            maps={n: m for n, m in release.manifest.maps.items() if layer in m.layers},
        )

    @pages.get("/compare/<layer>")
    def compare(layer: str) -> Response:
        return _compared(releases.current(), layer)

    @pages.get("/borders/<pair>")
    def border(pair: str) -> Response:
        # Geometry libraries are opened by whoever looks at a border, not by every worker.
        from tiles_server.borders import border_of, development, drawing  # noqa: PLC0415

        release = releases.current()
        found = border_of(release, pair)
        return page(
            "border.html",
            release,
            border=found,
            drawing=drawing(found),
            summary=found.summary(),
            items=found.items(language()),
            total=len(found.findings),
            development=development(releases, found.pair),
        )

    @pages.get("/borders/<pair>.csv")
    def border_csv(pair: str) -> Response:
        from pipeline.borders.report import write_excel_csv  # noqa: PLC0415 - as above
        from tiles_server.borders import border_of  # noqa: PLC0415

        found = border_of(releases.current(), pair)
        text = io.StringIO()
        write_excel_csv(text, found.table, found.names)
        return _file(text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", found.pair)

    @pages.get("/borders/<pair>.geojson")
    def border_geojson(pair: str) -> Response:
        from pipeline.borders.report import geojson_of  # noqa: PLC0415 - as above
        from tiles_server.borders import border_of  # noqa: PLC0415

        found = border_of(releases.current(), pair)
        text = json.dumps(geojson_of(found.table, found.names), ensure_ascii=False)
        return _file(text.encode(), "application/geo+json", found.pair)

    @pages.get("/maps/<map>")
    def map_page(map: str) -> Response:
        release = releases.current()
        response = map_response("map.html", release, map)
        return protect(response, page_policy(origins(release.map(map))))

    @pages.get("/maps/<map>/qr.svg")
    def map_code(map: str) -> Response:
        """Draw the address of a map as a code for telephones; only addresses of ours."""
        releases.current().map(map)
        at = request.args.get("at", "")[:MOST_OF_AN_ADDRESS]
        address = url_for("pages.map_page", map=map, _external=True) + at
        drawn = io.BytesIO()
        segno.make(address, error="m").save(drawn, kind="svg", scale=4, xmldecl=False)
        response = Response(drawn.getvalue(), content_type="image/svg+xml")
        response.headers["Cache-Control"] = PAGE
        return response

    return pages


def _file(content: bytes, kind: str, name: str) -> Response:
    ending = "csv" if "csv" in kind else "geojson"
    response = make_response(content)
    response.headers["Content-Type"] = kind
    response.headers["Content-Disposition"] = f'attachment; filename="border-{name}.{ending}"'
    response.headers["Cache-Control"] = PAGE
    response.add_etag()
    return open_to_all(response)


def _for_program() -> bool:
    """Tell whether to answer JSON: to everybody but those who name HTML, as OGC clients expect.

    Raises
    ------
    UnacceptableError
        If the client accepts neither JSON nor HTML.
    """
    asked, accept = request.args.get("f"), request.headers.get("Accept")
    if asked:
        return asked == "json"
    if asks_for_page(accept):
        return False
    json = any(name.endswith("+json") and w > 0 for name, w in weights(accept or "").items())
    if json or media_weight(accept, "application/json") > 0:
        return True
    if media_weight(accept, "text/html") > 0:
        return False
    raise UnacceptableError("this address answers application/json and text/html")


def page(template: str, release: Release, **details: object) -> Response:
    """Render a page of `release` in the reader's language."""
    content = render_template(
        template,
        release=release,
        manifest=release.manifest,
        kinds=KINDS,
        downloads=downloads,
        feed_files=feed_files,
        municipality=partial(_municipality, release),
        known_themes=THEMES,
        border_pairs=release.manifest.borders(),
        **details,
    )
    response = make_response(content)
    response.headers["Cache-Control"] = PAGE
    response.headers["Content-Language"] = language()
    response.vary.add("Accept-Language")
    response.add_etag()
    return response


def _municipality(release: Release, code: object) -> str:
    known = release.manifest.municipality(code)
    return (known and known.name.best(language())) or str(code or "")


def map_response(template: str, release: Release, name: str) -> Response:
    """Render a page of a map, with its style and its parts."""
    chart: Map = release.map(name)
    style = build_style(release, name, language())
    return page(
        template,
        release,
        name=name,
        chart=chart,
        parts=parts(release, chart, language()),
        bases=base_maps(release, chart, language()),
        style_url=url_for("tiles.style", map=name, lang=language()),
        style=style,
        early=first_tiles(release, style),
    )


def _portal(releases: Releases, release: Release) -> Response:
    asked = Asked(
        request.args.get("q", "")[:MOST_CHARACTERS],
        request.args.get("theme", ""),
        request.args.get("municipality", ""),
    )
    published = [*release.manifest.layers.values(), *release.manifest.feeds.values()]
    themes = {one.theme for one in published}
    return page(
        "portal.html",
        release,
        asked=asked,
        found=find(release, asked),
        themes=[theme for theme in THEMES if theme in themes],
        changes=lately(releases, release),
    )


def _compared(release: Release, name: str) -> Response:
    town, year = request.args.get("municipality", ""), request.args.get("year", "")
    found = comparison(release, name, language(), town, year)
    layer = release.layer(name)
    fields = {field.name: field for field in layer.fields}

    def heading(column: Series) -> str:
        return " ".join(part for part in (_municipality(release, column.town), column.year) if part)

    def text(cell: Cell) -> str:
        return found.shown(cell) or say(f"compare_{cell.state}")

    return page(
        "compare.html",
        release,
        name=name,
        layer=layer,
        found=found,
        drawn=chart(found, heading, text),
        heading=heading,
        by=fields[found.told.by],
        measure=fields[found.told.measure],
        town=town,
        year=year,
    )


def _listing(releases: Releases, release: Release, name: str) -> Listing:
    try:
        return listing(release, name)
    except FileNotFoundError:  # pruned since: the link has moved on
        return listing(releases.look_again(), name)
