"""Which language a page speaks, and its sentences, which live in ``messages.yaml``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

from flask import g, request
from ruamel.yaml import YAML

from tiles_server.protocol.negotiation import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["ja", "en"]


def language() -> Language:
    """Return the request's language: ``?lang=``, else Accept-Language, else Japanese.

    A page asks for it with every sentence, so it is found out once a request.
    """
    if "language" not in g:
        g.language = _negotiated()
    return "en" if g.language == "en" else "ja"


def _negotiated() -> str:
    asked = request.args.get("lang")
    if asked in ("ja", "en"):
        return str(asked)
    return language_of(request.headers.get("Accept-Language"))


@cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """Read the sentences: key to ``{"ja": …, "en": …}``."""
    text = resources.files("tiles_server").joinpath("messages.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Mapping[str, str]] = YAML(typ="safe").load(text)
    return loaded


def say(key: str, tongue: str | None = None, **words: object) -> str:
    """Return sentence `key` in `tongue`, by default the language of the request."""
    sentence = messages()[key][tongue or language()]
    return sentence.format(**words) if words else sentence
