"""A feed before all validators, and what comes of it."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from gtfs.feed.read import read_feed
from gtfs.validate.notice import Notice, merge
from gtfs.validate.tools import TOOLS, installed
from pipeline.findings import Catalogue, Finding, Severity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Validation:
    """What the validators say about one feed.

    Attributes
    ----------
    name
        Name of the file, without its folder.
    on
        The day for which the feed was judged.
    tools
        Validators that were asked, with their versions.
    absent
        Validators that are not installed.
    failed
        Validators that broke over the feed, with the reason.
    notices
        Everything they noticed, errors first; what is allowed carries the reason.
    """

    name: str
    on: dt.date
    tools: dict[str, str]
    notices: list[Notice]
    absent: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Count notices as ``error``, ``warning``, ``info`` and ``allowed``."""
        counted = Counter("allowed" if n.allowed_ja else n.severity.value for n in self.notices)
        return {kind: counted[kind] for kind in ("error", "warning", "info", "allowed")}

    def findings(self) -> list[Finding]:
        """Return errors and warnings that are not allowed, and which validator is missing."""
        say = Catalogue.of("gtfs.validate").finding
        serious = [n for n in self.notices if n.severity is not Severity.INFO and not n.allowed_ja]
        missing = [say("validator-absent", file=self.name, value=tool) for tool in self.absent]
        broken = [
            say("validator-failed", file=self.name, value=tool, reason=reason)
            for tool, reason in self.failed.items()
        ]
        return [notice.finding() for notice in serious] + missing + broken


def validate(path: Path, *, on: dt.date, tools: Sequence[str] = tuple(TOOLS)) -> Validation:
    """Ask validators about a GTFS zip.

    Parameters
    ----------
    path
        The zip.
    on
        The day that counts as today, so that the answer does not change tomorrow.
    tools
        Which of ``gtfs-guru``, ``gtfs-validator`` and ``gtfs-analyzer`` to ask.

    Raises
    ------
    FeedUnreadable
        If a validator cannot read the file at all.
    """
    read_feed(path)  # says what is wrong with a file that is none, in our words
    versions = {tool: installed(tool) for tool in sorted(tools)}
    present = {tool: version for tool, version in versions.items() if version}
    failed: dict[str, str] = {}
    notices = merge(notice for tool in present for notice in _asked(tool, path, on, failed))
    absent = [tool for tool in versions if tool not in present]
    return Validation(path.name, on, present, allow(notices, _members(path)), absent, failed)


def _asked(tool: str, path: Path, on: dt.date, failed: dict[str, str]) -> list[Notice]:
    """Ask one validator; one that breaks over a feed is noted and the others go on."""
    try:
        return TOOLS[tool](path, on)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        lines = str(error).split("\n")
        failed[tool] = f"{type(error).__name__}: {lines[-1]}" if lines[-1] else type(error).__name__
        return []


def allow(notices: Iterable[Notice], members: Iterable[str] = ()) -> list[Notice]:
    """Give the notices that are on the allow-list their reason; errors are never allowed.

    Parameters
    ----------
    members
        Names of the files of the feed: some reasons hold only for feeds that have one of them.
    """
    names = tuple(members)
    return [_with_reason(notice, names) for notice in notices]


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def _with_reason(notice: Notice, members: tuple[str, ...]) -> Notice:
    if notice.severity is Severity.ERROR:
        return notice
    for entry in _allowed():
        if "has" in entry and not any(_agrees(name, entry["has"]) for name in members):
            continue
        if all(_agrees(getattr(notice, part), entry[part]) for part in _PARTS if part in entry):
            return replace(notice, allowed_ja=entry["why"]["ja"], allowed_en=entry["why"]["en"])
    return notice


_PARTS = ("rule", "file", "field", "value")


def _agrees(have: str, pattern: str) -> bool:
    return re.fullmatch(pattern, have) is not None


@cache
def _allowed() -> list[dict[str, Any]]:
    text = resources.files("gtfs.validate").joinpath("allowed.yaml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = YAML(typ="safe").load(text)
    return entries
