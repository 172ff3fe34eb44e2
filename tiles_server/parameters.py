"""The parameters of addresses: which there are, and reading their values.

Which parameters an address has is said in one place, the OpenAPI description; whatever else is
sent is refused (OGC 17-069r4, section 7.15), for a filter that is spelt wrong must not be answered
with everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import request

from tiles_server.errors import BadQueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

CAMPAIGN = re.compile(r"utm_\w+|fbclid|gclid|yclid|msclkid|ldtag_cl|_ga|_gl", re.ASCII)
"""What networks hang on links that people pass on: pages overlook it, or the link would be dead."""

RULE_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
LARGEST = 10**18
"""What has more digits counts as this; every limit lies below."""


@dataclass(frozen=True)
class Parameters:
    """What may stand in the query of an address.

    Attributes
    ----------
    values
        By name, which values there are; none listed where any may be given.
    fields
        Whether the names of a layer's fields are parameters too.
    for_people
        Whether the answer is a page, to which links are passed on.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fields: bool = False
    for_people: bool = False


class QueryCheck:
    """Refuses queries that an address does not understand.

    Parameters
    ----------
    description
        The OpenAPI description.
    """

    def __init__(self, description: Mapping[str, Any]) -> None:
        shared = description["components"]["parameters"]
        self._known = {
            path: _parameters(methods["get"], shared)
            for path, methods in description["paths"].items()
            if "get" in methods and "desk" not in methods["get"]["tags"]
        }

    def __call__(self) -> None:
        """Look at the query of the present request.

        The desk is left out: its forms come back in its addresses after signing in.

        Raises
        ------
        BadQueryError
            If there is no such parameter, it is given twice or has an impossible value.
        """
        if request.url_rule is None or request.method == "OPTIONS" or not request.args:
            return
        known = self._known.get(RULE_PARAMETER.sub(r"{\1}", request.url_rule.rule))
        if known is None:
            return
        for name, given in request.args.lists():
            _check(known, name, given)


def _check(known: Parameters, name: str, given: list[str]) -> None:
    if name not in known.values:
        if known.for_people and CAMPAIGN.fullmatch(name):
            return
        if not known.fields:  # which fields there are, the layer says
            raise BadQueryError(f"unknown parameter {name[:60]}")
    if len(given) > 1:
        raise BadQueryError(f"parameter {name} is given {len(given)} times")
    allowed = known.values.get(name, ())
    if allowed and given[0] not in allowed:
        raise BadQueryError(f"{name} must be one of {', '.join(allowed)}")


def _parameters(operation: Mapping[str, Any], shared: Mapping[str, Any]) -> Parameters:
    listed = [
        shared[one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one
        for one in operation.get("parameters", [])
    ]
    queried = {one["name"]: one["schema"] for one in listed if one["in"] == "query"}
    # OpenAPI says "any other name" as an object whose properties are parameters of their own.
    objects = [name for name, schema in queried.items() if schema.get("type") == "object"]
    values = {
        name: tuple(str(value) for value in schema.get("enum", ()))
        for name, schema in queried.items()
        if name not in objects
    }
    return Parameters(values, bool(objects), "pages" in operation["tags"])


def page_number(text: str | None) -> int:
    """Read the number of a page from the query; raise BadQueryError if it is none."""
    return 1 if text is None else whole_number("page", text, least=1)


def whole_number(name: str, text: str, least: int) -> int:
    """Read a whole number of the query, not below `least`; raise BadQueryError if it is none."""
    digits = text if text.isascii() and text.isdecimal() else ""
    number = LARGEST if len(digits.lstrip("0")) > 18 else int(digits or -1)
    if number < least:
        raise BadQueryError(f"{name} must be a whole number from {least}, not '{text[:60]}'")
    return number
