"""What a release itself tells of findings and sources: nothing of what stays in the office."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.findings import Catalogue, Finding
from pipeline.release.veil import veiled

if TYPE_CHECKING:
    from pipeline.release.outcome import Outcome

OF_SOURCES = (
    "municipality",
    "encoding",
    "features",
    "geometry",
    "accuracy_m",
    "licence",
    "codes",
    "survey_approval",
    "neighbour",
    "layer",
    "publisher",
    "state",
    "as_of",
    "via",
)
"""What is said of a source in public; its file, sheet and columns are the office's."""

_KNOWN_CRS = re.compile(r"EPSG:\d+")


def public_outcome(outcome: Outcome, salt: bytes = b"") -> Outcome:
    """Return an outcome as the public may read it.

    Digests by which the audit knows tables of the same records are keyed by `salt`, if there is
    one.

    A finding keeps its value, and its sentence the field and value in it, only where it is
    about a field of the layer that is published, and the layer has sources of its own: what is
    made from records may name a field like theirs and mean a row of theirs. Files, sheets, and
    every other detail of a sentence never leave. Sources lose their paths, and a CRS its name
    unless it is a number of the EPSG register; the checksum of a ledger, which tells whoever
    guesses a withheld value that he guessed right, stays, the one of a neighbour's published
    file goes out.
    """
    published = frozenset(
        word
        for field in outcome.entry.get("fields", [])
        for word in (field["name"], field["title"]["ja"])
    )
    derived = outcome.kind == "layers" and not outcome.entry.get("sources")
    findings = [
        public_finding(_nowhere(finding) if derived else finding, published)
        for finding in outcome.findings
    ]
    entry = veiled(outcome.entry, salt) if salt else dict(outcome.entry)
    if outcome.kind == "layers" and "sources" in entry:
        entry = {**entry, "sources": [_source(source) for source in entry["sources"]]}
    return replace(outcome, findings=findings, entry=entry, inside=[], steps=[], changes=None)


def _nowhere(finding: Finding) -> Finding:
    """Return what is said of a row as said of the whole."""
    return replace(finding, row=None, field="", value="", places=())


def public_finding(finding: Finding, published: frozenset[str]) -> Finding:
    """Return a finding without what it says of anything but the fields in `published`."""
    about = finding.field in published
    known: dict[str, object] = {"count": finding.count}
    if about:
        known |= {"field": finding.field, "value": finding.value, "row": finding.row}
    catalogue = Catalogue.of(finding.catalogue) if finding.catalogue else None
    sentences = catalogue.sentences(finding.code, known) if catalogue is not None else None
    if sentences is None:
        sentences = Catalogue.of("pipeline").sentences("details-inside", {})
    assert sentences is not None
    places = tuple(replace(place, feature="", cell="") for place in finding.places)
    return replace(
        finding,
        message_ja=sentences["message_ja"],
        message_en=sentences["message_en"],
        remedy_ja=sentences["remedy_ja"],
        remedy_en=sentences["remedy_en"],
        file="",
        sheet="",
        cell="",
        feature="",
        field=finding.field if about else "",
        value=finding.value if about else "",
        places=places if about else tuple(replace(place, value="") for place in places),
    )


def _source(source: dict[str, Any]) -> dict[str, Any]:
    said = {key: source[key] for key in OF_SOURCES if key in source}
    if source.get("neighbour") and "sha256" in source:
        said["sha256"] = source["sha256"]
    if _KNOWN_CRS.fullmatch(str(source.get("crs", ""))):
        said |= {key: source[key] for key in ("crs", "operation") if key in source}
    return said
