"""Headers that keep the pages' promises: nothing from outside, framed by whom the map allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Response

# MapLibre starts module workers from our own origin and draws its icons from data: in its CSS;
# it reads images it made itself through blob:.
PAGE_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
)


def page_policy(hosts: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the policy of a page that may also fetch tiles from `hosts`, each an origin."""
    also = " ".join(hosts)
    if not also:
        return PAGE_POLICY
    opened = ("img-src", "connect-src")
    return tuple(f"{d} {also}" if d.split()[0] in opened else d for d in PAGE_POLICY)


DESK_POLICY = (
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
)
"""Forms of the staff: no script at all."""

DOCUMENT_POLICY = DESK_POLICY
"""A timetable or report in the frame of the site: no script either."""

DATA_POLICY = ("default-src 'none'",)
REPORT_POLICY = (
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
)
"""A page written by others than our pipeline: one file with its own style and no script.

No sandbox: in one, the telephone numbers of services to be booked could not be called.
"""


def protect(
    response: Response, policy: Iterable[str] = PAGE_POLICY, framed_by: Iterable[str] = ()
) -> Response:
    """Set the security headers of `response`, unless a view has set them before.

    Parameters
    ----------
    policy
        Directives of the content security policy, without ``frame-ancestors``.
    framed_by
        Origins that may show the page in a frame; none by default.
    """
    headers = response.headers
    if "Content-Security-Policy" in headers:
        return response
    ancestors = " ".join(framed_by) or "'none'"
    headers["Content-Security-Policy"] = "; ".join([*policy, f"frame-ancestors {ancestors}"])
    if ancestors == "'none'":  # only old browsers look at it, and it cannot name origins
        headers["X-Frame-Options"] = "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), payment=()"
    return response


def open_to_all(response: Response) -> Response:
    """Let scripts of any origin read `response`."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "ETag, Content-Range, Accept-Ranges, Content-Length"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if response.headers.get("Allow"):  # the automatic answer to OPTIONS, which is the preflight
        headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        headers["Access-Control-Allow-Headers"] = (
            "Range, If-Range, If-None-Match, If-Modified-Since"
        )
        headers["Access-Control-Max-Age"] = "86400"
    return protect(response, DATA_POLICY)
