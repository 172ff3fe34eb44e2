"""Which words of a page are in Japanese though nothing says so."""

from __future__ import annotations

import re
from html.parser import HTMLParser

JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
VOID = frozenset({"br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
SPOKEN = ("alt", "aria-label", "title", "placeholder")
UNSPOKEN = frozenset({"script", "style", "template"})


class _Tongues(HTMLParser):
    """Follows the language in force through elements, and keeps what it does not fit."""

    def __init__(self):
        super().__init__()
        self.open, self.found = [("", "", False)], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        lang, mute = given.get("lang") or self.open[-1][1], self.open[-1][2] or tag in UNSPOKEN
        for name in SPOKEN:
            self._hear(f"{tag}[{name}]", given.get(name) or "", lang, mute)
        if tag not in VOID:
            self.open.append((tag, lang, mute))

    def handle_endtag(self, tag):
        while len(self.open) > 1 and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, lang, mute = self.open[-1]
        self._hear(tag, data, lang, mute)

    def _hear(self, where, words, lang, mute):
        if not mute and lang == "en" and JAPANESE.search(words):
            self.found.append((where, " ".join(words.split())))


def unmarked(page: str) -> list[tuple[str, str]]:
    """Return ``(element, words)`` of Japanese words where the page speaks English."""
    reader = _Tongues()
    reader.feed(page)
    return reader.found
