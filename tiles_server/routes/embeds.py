"""Addresses of maps in the pages of others: the frame, and the page that makes the snippet."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from tiles_server.base_maps import base_maps, origins
from tiles_server.embedding import framing_site, may_frame, share_of
from tiles_server.language import language
from tiles_server.maps import parts
from tiles_server.routes.pages import map_response, page
from tiles_server.security import PAGE_POLICY, page_policy, protect

if TYPE_CHECKING:
    from tiles_server.releases import Releases

OWN = "'self'"
EVERYBODY = "*"


def blueprint(releases: Releases) -> Blueprint:
    """Return the blueprint over `releases`."""
    embeds = Blueprint("embeds", __name__)

    @embeds.get("/maps/<map>/embed")
    def map_embed(map: str) -> Response:
        release = releases.current()
        chart = release.map(map)
        site = framing_site(request.headers)
        if site is None or site == request.host_url.rstrip("/") or may_frame(
            site, chart.embed.allow
        ):  # fmt: skip
            response = map_response("embed.html", release, map)
            protect(response, page_policy(origins(chart)), framed_by=(OWN, *chart.embed.allow))
        else:
            response = page("embed_refused.html", release, name=map, chart=chart, site=site)
            response.status_code = HTTPStatus.FORBIDDEN
            protect(response, PAGE_POLICY, framed_by=(EVERYBODY,))
        response.vary.update(("Referer", "Sec-Fetch-Dest"))
        return response

    @embeds.get("/maps/<map>/share")
    def share(map: str) -> Response:
        release = releases.current()
        chart = release.map(map)
        here = parts(release, chart, language())
        bases = base_maps(release, chart, language())
        wanted = share_of(
            map,
            chart.title.best(language()) or map,
            [part.name for part in here],
            [base.id for base in bases],
            request.args,
        )
        response = page(
            "share.html", release, name=map, chart=chart, parts=here, bases=bases, share=wanted
        )
        return protect(response, (*PAGE_POLICY, "frame-src 'self'"))

    return embeds
