"""Pages that came with a release, in the site's clothes and in one language.

Timetables, validations and the report are files of a release: whole by themselves, in Japanese
and English, so that they can be opened anywhere. Their templates mark what belongs to one
language and what a site already says; here one language is kept and the rest put into the frame
that every page has. The marks are comments and attributes of the templates: a value can write
neither, for ``<`` and ``"`` are escaped in values.

``<!--ja-->…<!--en-->…<!--/-->``
    The same in both languages.
`` data-ja="…" data-en="…" aria-label="…"``
    An attribute in both languages.
``<!--alone-->…<!--/alone-->``
    What only a page outside a site needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import url_for
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiles_server.releases import Release, Releases

NOTICES = "<!-- notices -->"
"""Where a timetable leaves room for what is announced."""

_MAIN = re.compile(r'<main(?: class="([\w -]+)")?>(.*)</main>', re.DOTALL)
_TITLE = re.compile(
    r'<title(?: data-ja="([^"]*)" data-en="([^"]*)")?>(.*?)</title>', re.DOTALL | re.IGNORECASE
)
_PAIR = re.compile(r"<!--ja-->(.*?)<!--en-->(.*?)<!--/-->", re.DOTALL)
_ATTRIBUTE = re.compile(r' data-ja="([^"]*)" data-en="([^"]*)" ([a-z-]+)="[^"]*"')
_ALONE = re.compile(r"<!--alone-->.*?<!--/alone-->", re.DOTALL)
_NEIGHBOUR = re.compile(r' href="((?:timetable|stops)[^":?#]*)"')
_OF_FEED = re.compile(r' href="feeds/([^"/:?#]+)/([^"/:?#]+)"')


@dataclass(frozen=True)
class Document:
    """What a page of a release says in one language.

    Attributes
    ----------
    title
        Of the page, as HTML.
    kind
        Its class, by which the style sheet tells timetables from reports.
    head, body
        Its content as HTML, before and after the place of announcements.
    """

    title: Markup
    kind: str
    head: Markup
    body: Markup


def document_of(
    releases: Releases, find: Callable[[Release], str], tongue: str
) -> tuple[Release, Document | None]:
    """Return the page that `find` names in the current release; None if it has no ``<main>``.

    Raises
    ------
    UnknownNameError
        If `find` raises it.
    """
    release = releases.current()
    try:
        return release, _open(release, find(release), tongue)
    except FileNotFoundError:  # pruned since: the link has moved on
        release = releases.look_again()
    try:
        return release, _open(release, find(release), tongue)
    except FileNotFoundError:
        return release, None


def _open(release: Release, path: str, tongue: str) -> Document | None:
    listed = release.files.get(path)
    return _read(release.folder / path, listed.sha256 if listed else "", tongue)


@lru_cache(maxsize=64)
def _read(path: Path, sha256: str, tongue: str) -> Document | None:
    del sha256  # only the key of the cache: another release may have the same path
    return one_language(path.read_text(encoding="utf-8"), tongue)


def one_language(text: str, tongue: str) -> Document | None:
    """Return what a page says in one language; None if it has no ``<main>``."""
    main, title = _MAIN.search(text), _TITLE.search(text)
    if main is None or title is None:
        return None
    number = 2 if tongue == "en" else 1
    content = _ALONE.sub("", main[2])
    content = _PAIR.sub(lambda pair: pair[number], content)
    content = _ATTRIBUTE.sub(lambda found: f' {found[3]}="{found[number]}"', content)
    content = _NEIGHBOUR.sub(lambda found: f' href="{found[1]}?lang={tongue}"', content)
    head, found, body = content.partition(NOTICES)
    return Document(
        Markup(title[number] or title[3]),
        main[1] or "",
        Markup(head if found else ""),
        Markup(body if found else head),
    )


def with_addresses(body: Markup, tongue: str) -> Markup:
    """Return the report with links to the addresses that files of feeds have here."""
    return Markup(
        _OF_FEED.sub(
            lambda found: ' href="{}"'.format(
                url_for("data.gtfs_file", feed=found[1], file=found[2], lang=tongue)
            ),
            str(body),
        )
    )
