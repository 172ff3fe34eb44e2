"""Conditional requests and ranges (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.http import parse_date

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
RANGE = re.compile(r"bytes[ \t]*=(.*)", re.IGNORECASE | re.DOTALL)
PART = re.compile(r"(\d*)-(\d*)", re.ASCII)
FARTHEST = 10**18
"""Whatever has more digits lies beyond every file."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one version of an answer from another.

    Attributes
    ----------
    tag
        Strong entity tag, quotes included.
    modified
        When the content was made, to the second.
    since
        Since when this content stands under this address. It is later than `modified`, and after
        going back to an earlier release much later: a copy of what stood there in between is
        newer than `modified` and nevertheless another one.
    """

    tag: str
    modified: datetime | None = None
    since: datetime | None = None

    @property
    def last_modified(self) -> str | None:
        """`modified` as ``Last-Modified`` has it."""
        return format_datetime(self.modified, usegmt=True) if self.modified else None

    def unchanged_since(self, text: str) -> bool | None:
        """Tell whether the content is the one of date `text`; None if that is no date."""
        date = parse_date(text)
        if date is None or self.modified is None:
            return None
        if date == self.modified:
            return True
        return date >= self.modified if self.since is None else date > self.since


def verdict(environ: Mapping[str, object], answer: Validators) -> HTTPStatus | None:
    """Return 412 or 304 if the conditions of a GET or HEAD request ask for it, else None.

    The conditions are looked at in the order of RFC 9110, section 13.2.2.
    """
    if if_match := _header(environ, "IF_MATCH"):
        if not lists(if_match, answer.tag, weak=False):
            return HTTPStatus.PRECONDITION_FAILED
    elif (before := _header(environ, "IF_UNMODIFIED_SINCE")) and (
        answer.unchanged_since(before) is False
    ):
        return HTTPStatus.PRECONDITION_FAILED
    if if_none_match := _header(environ, "IF_NONE_MATCH"):
        if lists(if_none_match, answer.tag, weak=True):
            return HTTPStatus.NOT_MODIFIED
    elif (after := _header(environ, "IF_MODIFIED_SINCE")) and answer.unchanged_since(after):
        return HTTPStatus.NOT_MODIFIED
    return None


def lists(header: str, tag: str, *, weak: bool) -> bool:
    """Tell whether a list of entity tags has `tag`; `weak`: tags marked as weak count too."""
    if header.strip() == "*" or (weak and header == tag):
        return True
    return any(found == tag and (weak or not mark) for mark, found in TAG.findall(header))


def asked_range(
    environ: Mapping[str, object], answer: Validators, size: int
) -> range | HTTPStatus | None:
    """Return which bytes of `size` a GET request asks for.

    Returns
    -------
    range | HTTPStatus | None
        The bytes; 416 if there are none such; None for all of them: no range, one that may not
        be answered (``If-Range``), an unknown unit, several ranges, or one that cannot be read.
    """
    header = _header(environ, "RANGE")
    if not header or environ["REQUEST_METHOD"] != "GET" or not _if_range(environ, answer):
        return None
    match = RANGE.fullmatch(header)
    parts = match[1].split(",", 8) if match else []
    wanted = [part.strip(" \t") for part in parts if part.strip(" \t")]
    found = PART.fullmatch(wanted[0]) if len(wanted) == 1 else None
    return _bytes(found[1], found[2], size) if found else None


def _bytes(first: str, last: str, size: int) -> range | HTTPStatus | None:
    if not first:
        if not last:
            return None
        start, end = max(0, size - _number(last)), size
    else:
        start, end = _number(first), min(size, _number(last) + 1 if last else size)
        if last and _number(last) < start:
            return None
    return range(start, end) if start < size else HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def _number(digits: str) -> int:
    return FARTHEST if len(digits) > 18 else int(digits)


def _if_range(environ: Mapping[str, object], answer: Validators) -> bool:
    """Tell whether the copy that a client wants to go on with is of the same content.

    Strong comparison: a weak tag never is, and a date only if it is the very one (13.1.5).
    """
    given = _header(environ, "IF_RANGE").strip()
    if not given or given == answer.tag:
        return True
    return answer.modified is not None and parse_date(given) == answer.modified


def _header(environ: Mapping[str, object], name: str) -> str:
    return str(environ.get(f"HTTP_{name}", ""))


def second(moment: str) -> datetime | None:
    """Return ISO 8601 `moment` with a zone to the second; None if it is none."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return found.astimezone(UTC).replace(microsecond=0) if found.tzinfo else None
