"""Licence by licence and operation by operation: what the result may be published under.

The tables beside this module are data: ``licences.csv`` says what each licence asks for,
``rules.csv`` under which licences material of it may be published and which clause says so.
``checked`` tells whether the clause was read in a copy of the text; this is no legal advice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal, get_args

from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Operation = Literal["beside", "same layer", "altered"]
"""Layers of their own on one map; rows of one layer that keep their source; rows that were
snapped, clipped, merged or otherwise changed."""
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
ANY = "*"


@dataclass(frozen=True)
class Licence:
    """One licence.

    Attributes
    ----------
    rank
        The lowest that is possible is proposed.
    attribution, change
        Whether the source must be named, and that it was changed.
    """

    id: str
    rank: int
    name_ja: str
    name_en: str
    url: str
    attribution: bool
    change: bool
    share_alike: bool
    checked: bool


@dataclass(frozen=True)
class Rule:
    """Under which licences material of one licence may be published after an operation."""

    results: tuple[str, ...]
    clause: str
    checked: bool


@dataclass(frozen=True)
class Credit:
    """One source to be named.

    Attributes
    ----------
    licence
        As declared; empty if nobody says.
    code
        Of its municipality: sources are named in this order.
    name
        Who made it.
    place
        Of the source in the declaration, for messages.
    altered
        Whether it was changed.
    """

    licence: str
    code: str
    name: str
    place: str = ""
    altered: bool = False


@dataclass(frozen=True)
class Combined:
    """What comes of publishing sources together.

    Attributes
    ----------
    licence
        Of the whole; empty if there is none.
    attribution
        One line: every source in order of city code, then what was changed.
    findings
        Errors name the clause that forbids it.
    """

    licence: str
    attribution: str
    findings: tuple[Finding, ...] = ()


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("pipeline.licences").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def licences() -> dict[str, Licence]:
    """Return every licence of the table by its id."""
    return {
        row["id"]: Licence(
            row["id"],
            int(row["rank"]),
            row["name_ja"],
            row["name_en"],
            row["url"],
            *(row[key] == "yes" for key in ("attribution", "change", "share_alike", "checked")),
        )
        for row in _rows("licences.csv")
    }


@cache
def rules() -> dict[tuple[str, Operation], Rule]:
    """Return every rule of the table by licence and operation."""
    operations: dict[str, Operation] = {operation: operation for operation in OPERATIONS}
    return {
        (row["licence"], operations[row["operation"]]): Rule(
            tuple(row["results"].split()), row["clause"], row["checked"] == "yes"
        )
        for row in _rows("rules.csv")
    }


@cache
def _spellings() -> dict[str, str]:
    return {
        _plain(spelling): row["id"]
        for row in _rows("licences.csv")
        for spelling in (row["id"], *row["also"].split("|"))
    }


def _plain(text: str) -> str:
    return "".join(text.split()).replace("-", "").replace("_", "").casefold()


def known(text: str) -> Licence | None:
    """Return the licence that a declaration means; ``None`` if the table does not have it."""
    return licences().get(_spellings().get(_plain(text), ""))


def combine(
    credits: Sequence[Credit], operation: Operation, *, place: str, declared: str = ""
) -> Combined:
    """Work out what sources may be published under together, and who must be named.

    Parameters
    ----------
    credits
        Every source.
    operation
        What is done with them; a source marked as altered counts as altered all the same.
    place
        Of the layer or map in the declaration.
    declared
        Licence the result is to have; the least demanding possible one is proposed without.

    Returns
    -------
    Combined
        With the licence, or with errors that name the clause.
    """
    attribution = _attribution(credits)
    spoken = {_plain(credit.licence) for credit in credits}
    if len(spoken | {_plain(declared or credits[0].licence)}) == 1 and "" not in spoken:
        # One licence stays what it is, whether we know it or not.
        return Combined(declared or credits[0].licence, attribution)
    unknown = [c for c in credits if known(c.licence) is None]
    if unknown:
        return Combined("", attribution, tuple(_unknown(unknown, place)))
    if operation == "beside":
        return Combined(declared, attribution)
    possible = _possible(credits, operation)
    wanted = known(declared) if declared else None
    if not possible:
        return Combined("", attribution, (_contradiction(credits, operation, place),))
    if declared and (wanted is None or wanted.id not in possible):
        return Combined("", attribution, (_wrong(credits, operation, place, declared, possible),))
    chosen = wanted.id if wanted else min(possible, key=lambda i: (licences()[i].rank, i))
    return Combined(chosen, attribution)


def _rule(credit: Credit, operation: Operation) -> Rule:
    licence = known(credit.licence)
    assert licence is not None
    return rules()[licence.id, "altered" if credit.altered else operation]


def _possible(credits: Iterable[Credit], operation: Operation) -> set[str]:
    found = set(licences())
    for credit in credits:
        results = _rule(credit, operation).results
        if results != (ANY,):
            found &= set(results)
    return found


def _unknown(credits: list[Credit], place: str) -> list[Finding]:
    listed = ", ".join(licences())
    return [
        Catalogue.of("pipeline.licences").finding(
            "licence-unknown" if credit.licence else "licence-unstated",
            file=credit.place, field=place, value=credit.licence, name=credit.name, known=listed,
        )
        for credit in dict.fromkeys(credits)
    ]  # fmt: skip


def _contradiction(credits: Sequence[Credit], operation: Operation, place: str) -> Finding:
    """Name the two licences that cannot both be kept, and the clause of each."""
    ordered = sorted(dict.fromkeys(credits), key=lambda c: len(_rule(c, operation).results))
    first = ordered[0]
    other = next((c for c in ordered if not _possible([first, c], operation)), ordered[-1])
    one, two = _rule(first, operation), _rule(other, operation)
    return Catalogue.of("pipeline.licences").finding(
        "licence-mix", file=place, value=f"{first.licence} + {other.licence}",
        first=first.name, second=other.name, clause=_clause(one), other_clause=_clause(two),
    )  # fmt: skip


def _wrong(
    credits: Sequence[Credit],
    operation: Operation,
    place: str,
    declared: str,
    possible: set[str],
) -> Finding:
    wanted = known(declared)
    stopping = next(
        (c for c in credits if wanted is None or wanted.id not in _rule(c, operation).results),
        credits[0],
    )
    return Catalogue.of("pipeline.licences").finding(
        "licence-not-possible", file=place, value=declared, name=stopping.name,
        licence=stopping.licence, clause=_clause(_rule(stopping, operation)),
        possible=", ".join(sorted(possible, key=lambda i: (licences()[i].rank, i))),
    )  # fmt: skip


def _clause(rule: Rule) -> str:
    return rule.clause if rule.checked else f"{rule.clause}（原文未確認 not checked）"


def _attribution(credits: Iterable[Credit]) -> str:
    """Name every source once in order of city code, each with its licence, then the changes."""
    ordered = sorted(dict.fromkeys(credits), key=lambda c: (c.code, c.name))
    named = dict.fromkeys(_credit(credit) for credit in ordered)
    changed = dict.fromkeys(f"{c.name}のデータを加工して作成" for c in ordered if c.altered)
    return "／".join([*named, *changed])


def _credit(credit: Credit) -> str:
    licence = known(credit.licence)
    terms = licence.name_ja if licence else credit.licence
    return f"{credit.name}（{terms}）" if terms else credit.name


def survey_finding(approval: str, place: str, field: str) -> Finding | None:
    """Warn of a source of which nobody knows whether the Survey Act asks for an approval."""
    if approval != "unknown":
        return None
    return Catalogue.of("pipeline.licences").finding(
        "survey-approval-unknown", file=place, field=field
    )
