"""What a client accepts: media types, codings, languages (RFC 9110, section 12).

Every such header is a list that a client may make as long as it likes, so at most `MOST` members
are looked at, and each is looked at once.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 20
"""Members of a list that are looked at; browsers send fewer than ten."""

QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)
CODINGS = ("br", "gzip")
"""Codings the server can make, the better one first."""


@lru_cache(maxsize=512)
def weights(header: str) -> Mapping[str, float]:
    """Return the members of a list header, in lower case, with their weights.

    A member named twice has its first weight; one whose weight cannot be read has 0, for nobody
    can say that it is wanted.
    """
    found: dict[str, float] = {}
    for member in header.split(",", MOST)[:MOST]:
        name, *parameters = (part.strip() for part in member.split(";", 8))
        if name:
            found.setdefault(name.lower(), _weight(parameters))
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter[:2].lower() == "q=":
            match = QUALITY.fullmatch(parameter)
            return float(match[1]) if match else 0.0
    return 1.0


def coding(header: str | None) -> str | None:
    """Return the coding to send text in: ``br``, ``gzip``, ``identity``; None if none will do.

    Without the header a client takes any coding; it gets the one that every client can read.
    """
    if header is None:
        return "identity"
    wanted = weights(header)
    rest = wanted.get("*", 0.0)
    gzip = wanted.get("gzip", wanted.get("x-gzip", rest))
    plain = wanted.get("identity", wanted.get("*"))
    offers = [("br", wanted.get("br", rest)), ("gzip", gzip)]
    # Unless it is named, the plain form is what remains when nothing else is wanted.
    offers.append(("identity", 0.0001 if plain is None else plain))
    name, weight = max(offers, key=lambda offer: offer[1])
    return name if weight > 0 else None


def takes_gzip(header: str | None) -> bool:
    """Tell whether a client that sent this ``Accept-Encoding`` can be given gzip.

    A client that sent no such header takes anything (RFC 9110, section 12.5.3); one that sent
    an empty one takes no coding at all.
    """
    if header is None or header.startswith("gzip, "):  # the latter is what browsers send
        return True
    wanted = weights(header)
    return wanted.get("gzip", wanted.get("x-gzip", wanted.get("*", 0.0))) > 0


def takes_plain(header: str | None) -> bool:
    """Tell whether a client that sent this ``Accept-Encoding`` takes bytes without a coding."""
    if not header:
        return True
    wanted = weights(header)
    return wanted.get("identity", wanted.get("*", 1.0)) > 0


def media_weight(header: str | None, media_type: str) -> float:
    """Return how much a client that sent this ``Accept`` wants `media_type`, 0 if not at all."""
    wanted = weights(header or "")
    if not wanted:
        return 1.0
    kind = media_type.split("/", 1)[0]
    for name in (media_type, f"{kind}/*", "*/*"):
        if name in wanted:
            return wanted[name]
    return 0.0


def asks_for_page(header: str | None) -> bool:
    """Tell whether ``Accept`` names HTML and does not want JSON more: browsers do, programs not."""
    if not header or max(weights(header).get(name, 0.0) for name in PAGES) == 0:
        return False
    return media_weight(header, "text/html") >= weights(header).get("application/json", 0.0)


PAGES = ("text/html", "application/xhtml+xml")


def language_of(header: str | None) -> str:
    """Return ``ja`` or ``en``, whichever ``Accept-Language`` wants more; Japanese when it is even.

    ``en-GB`` and ``en`` are both English (RFC 4647, section 3.4: lookup by the first subtag).
    """
    best = {"ja": 0.0, "en": 0.0}
    for name, weight in weights(header or "").items():
        tongue = name.split("-", 1)[0]
        if tongue in best:
            best[tongue] = max(best[tongue], weight)
    return "en" if best["en"] > best["ja"] else "ja"
