"""Which canonical rule is checked by which of our tools, and whose rules each tool follows.

The canonical rules are the notices of MobilityData's gtfs-validator (Java), which does not run
here. ``canonical_rules.csv`` lists them as of :data:`RULES_VERSION`; tests hold it against what the
installed tools say of themselves.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources

RULES_VERSION = "8.0.1"


@dataclass(frozen=True, slots=True)
class Rule:
    """One canonical rule.

    Attributes
    ----------
    code, severity
        As MobilityData names them; the severity in lower case.
    tools
        Tools of ours that know it.
    own
        Code of our own finding about the same, empty if there is none.
    """

    code: str
    severity: str
    tools: tuple[str, ...]
    own: str


@dataclass(frozen=True, slots=True)
class Tool:
    """Whose rules a tool follows, in words."""

    name: str
    follows: str
    ja: str
    en: str


@cache
def rules() -> tuple[Rule, ...]:
    """Return the canonical rules in order of their codes."""
    named = ("gtfs-validator", "gtfs-guru")
    return tuple(
        Rule(
            row["rule"],
            row["severity"],
            tuple(tool for tool in named if row[tool] == "yes"),
            row["tonari"],
        )
        for row in _rows("canonical_rules.csv")
    )


@cache
def tools() -> tuple[Tool, ...]:
    """Return the tools we ask and whose rules they follow."""
    return tuple(
        Tool(row["tool"], row["follows"], row["ja"], row["en"]) for row in _rows("tools.csv")
    )


def markdown() -> str:
    """Return the section of ``docs/feeds.md`` about who checks which rule."""
    lines = [f"| {tool.name} | {tool.en} |" for tool in tools()]
    every = Counter(rule.severity for rule in rules())
    counts = ", ".join(f"{every[s]} {s}s" for s in ("error", "warning", "info"))
    lacking = [f"`{rule.code}`" for rule in rules() if "gtfs-guru" not in rule.tools]
    own = [f"| `{rule.code}` | `{rule.own}` |" for rule in rules() if rule.own]
    return "\n".join(
        [
            "| tool | what it is |",
            "|---|---|",
            *lines,
            "",
            f"MobilityData's rules {RULES_VERSION} are {len(rules())} ({counts})."
            f" gtfs-validator knows all of them; gtfs-guru all but {', '.join(lacking)}."
            " Rule by rule: `gtfs/validate/canonical_rules.csv`."
            " These we also check ourselves, at reading:",
            "",
            "| rule | our finding |",
            "|---|---|",
            *own,
        ]
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("gtfs.validate").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


if __name__ == "__main__":
    print(markdown())
