"""Maps in the pages of others: who may show them, and what a web editor pastes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from flask import url_for

from tiles_server.assets import ELEMENT
from tiles_server.errors import BadQueryError
from tiles_server.parameters import CAMPAIGN, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from werkzeug.datastructures import Headers

FRAMES = frozenset({"iframe", "frame", "embed", "object"})
PORTS = {"http": 80, "https": 443}
FORM = frozenset({"kind", "size", "height", "base", "view", "show_in", "lang"})
SHOWN = "show-"
"""What the name of a layer's switch begins with in the form."""
VIEW = re.compile(r"\d{1,2}(\.\d{1,4})?/-?\d{1,2}(\.\d{1,8})?/-?\d{1,3}(\.\d{1,8})?", re.ASCII)
"""Zoom, latitude and longitude, as MapLibre writes them after ``#``."""
WORDS = "1"
"""Version of what the element and the map say to each other; part of its address."""
HEIGHT = 480
LEAST_HEIGHT, MOST_HEIGHT = 240, 2000


def framing_site(headers: Headers) -> str | None:
    """Return the origin of the page that shows this answer in a frame.

    Browsers say so (Fetch Metadata, ``Sec-Fetch-Dest``; ``Referer``) where both are reached by
    https or lie on this machine. ``None`` if it is no frame, or nobody says whose.
    """
    if headers.get("Sec-Fetch-Dest") not in FRAMES:
        return None
    try:
        parts = urlsplit(headers.get("Referer", ""))
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    usual = port is None or port == PORTS[parts.scheme]
    return f"{parts.scheme}://{parts.hostname}" + ("" if usual else f":{port}")


def may_frame(site: str, allow: Iterable[str]) -> bool:
    """Tell whether a site is among those a map names, as a browser does.

    Content Security Policy Level 3, 6.7.2: a name with ``*.`` stands for every name below it and
    not for the name itself; ``http`` stands for ``https`` as well; without a port it is the usual.

    Parameters
    ----------
    site
        Its origin.
    allow
        Origins as :class:`pipeline.config.maps.Embed` has them.
    """
    return any(_stands_for(urlsplit(entry.lower()), urlsplit(site.lower())) for entry in allow)


def _stands_for(entry: SplitResult, site: SplitResult) -> bool:
    if entry.scheme not in (site.scheme, "http") or not entry.netloc:
        return False
    host, _, port = entry.netloc.partition(":")
    name = site.hostname or ""
    named = name.endswith(host[1:]) if host.startswith("*.") else name == host
    wanted, found = int(port or PORTS[site.scheme]), site.port or PORTS[site.scheme]
    raised = wanted == PORTS["http"] and found == PORTS["https"]
    return named and (wanted == found or raised)


@dataclass(frozen=True)
class Share:
    """How somebody wants to show a map.

    Attributes
    ----------
    hidden
        Layers and feeds that are switched off at first.
    base
        Id of the base map; empty for the first.
    language
        ``ja`` or ``en``; empty leaves it to the reader's browser.
    view
        Where it begins, as :data:`VIEW`; empty for the map's own.
    height
        Pixels; ``None`` follows the width.
    kind
        ``iframe`` is HTML alone; ``element`` is ``<tonari-map>``, which needs its script.
    """

    name: str
    title: str
    hidden: tuple[str, ...] = ()
    base: str = ""
    language: str = ""
    view: str = ""
    height: int | None = HEIGHT
    kind: Literal["iframe", "element"] = "iframe"
    shown: frozenset[str] = field(default_factory=frozenset)

    @property
    def address(self) -> str:
        """The address of the map for a frame, with everything chosen."""
        chosen = {"off": ",".join(self.hidden), "base": self.base, "lang": self.language}
        query = urlencode({key: value for key, value in chosen.items() if value}, safe=",")
        address = url_for("embeds.map_embed", map=self.name, _external=True)
        return address + (f"?{query}" if query else "") + (f"#{self.view}" if self.view else "")

    @property
    def snippet(self) -> str:
        """HTML to be pasted."""
        return self._element() if self.kind == "element" else self._frame()

    def _frame(self) -> str:
        size = f'height="{self.height}"' if self.height else 'style="aspect-ratio: 4 / 3"'
        return (
            f'<iframe src="{escape(self.address)}" title="{escape(self.title)}" width="100%" '
            f'{size} loading="lazy" allowfullscreen></iframe>'
        )

    def _element(self) -> str:
        script = url_for("assets.static_file", version=WORDS, file=ELEMENT, _external=True)
        size = f' height="{self.height}"' if self.height else ""
        return (
            f'<script type="module" src="{escape(script)}"></script>\n'
            f'<tonari-map src="{escape(self.address)}" title="{escape(self.title)}"{size}>'
            f'<a href="{escape(self._page())}">{escape(self.title)}</a></tonari-map>'
        )

    def _page(self) -> str:
        return url_for("pages.map_page", map=self.name, _external=True)


def share_of(
    name: str, title: str, parts: Sequence[str], bases: Sequence[str], args: Mapping[str, str]
) -> Share:
    """Read what was chosen in the form of the share page.

    Parameters
    ----------
    parts, bases
        Layers and feeds that the map has, and ids of its base maps.

    Raises
    ------
    BadQueryError
        If a value is none the form offers.
    """
    asked = any(key in args for key in ("kind", "height", "size"))
    shown = frozenset(part for part in parts if not asked or SHOWN + part in args)
    switches = {SHOWN + part for part in parts}
    unknown = [key for key in args if key not in FORM | switches and not CAMPAIGN.fullmatch(key)]
    if unknown:
        raise BadQueryError(f"unknown parameter {unknown[0][:60]}")
    base, view = args.get("base", ""), args.get("view", "").strip().lstrip("#")
    if base and base not in bases:
        raise BadQueryError(f"base must be one of {', '.join(bases)}")
    if view and not VIEW.fullmatch(view):
        raise BadQueryError("view must be zoom/latitude/longitude, like 12/33.91/130.83")
    height = None
    if args.get("size") != "fluid":
        height = whole_number("height", args.get("height") or str(HEIGHT), LEAST_HEIGHT)
        if height > MOST_HEIGHT:
            raise BadQueryError(f"height must be {LEAST_HEIGHT} to {MOST_HEIGHT}")
    return Share(
        name,
        title,
        hidden=tuple(quote(part, safe="") for part in parts if part not in shown),
        base="" if base == next(iter(bases), "") else base,
        language=args.get("show_in", ""),
        view=view,
        height=height,
        kind="element" if args.get("kind") == "element" else "iframe",
        shown=shown,
    )
