"""Whose data a layer is made from: its sources, their licences, and what follows for its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.config.declaration import datasets
from pipeline.config.layers import Municipality
from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.layers.options import Credited
from pipeline.licences import Credit, combine, known
from pipeline.licences.combine import survey_finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.config.layers import Dataset
    from pipeline.config.sources import Source
    from pipeline.federation.neighbourhood import Neighbourhood
    from pipeline.federation.taken import Taken
    from pipeline.licences.combine import Operation


@dataclass(frozen=True)
class Origin:
    """Where a source is read from.

    Attributes
    ----------
    source
        With a path.
    municipality
        Whose its features are unless they say so themselves.
    root
        Folder its path starts from; ``None`` for that of the declaration.
    """

    source: Source
    municipality: Municipality
    root: Path | None = None


def origins(source: Source, declaration: Declaration, around: Neighbourhood) -> Origin:
    """Find the file of a source: its own, or the copy of a neighbour's layer.

    Raises
    ------
    SourceError
        If there is no good copy; the finding says why.
    """
    named = declaration.municipalities.get(source.municipality)
    if source.neighbour is None or source.layer is None:
        assert named is not None
        return Origin(source, named)
    taken = around.taken.get((source.neighbour, source.layer))
    if taken is None or taken.kept is None or around.root is None:
        raise SourceError([(taken and taken.finding) or _absent(source)])
    kept = taken.kept
    if named is None:
        code = next(iter((*kept.via, *kept.codes)), declaration.publisher.code)
        named = Municipality.model_construct(code=code, name=kept.publisher, crs="")
    return Origin(source.model_copy(update={"path": kept.file}), named, around.root)


def _absent(source: Source) -> Finding:
    return Catalogue.of("pipeline.federation").finding(
        "neighbour-vanished",
        file=f"neighbours.{source.neighbour}",
        value=source.layer or "",
        known="–",
    )


@dataclass(frozen=True)
class Part:
    """One source of a layer, with its terms and its time.

    Attributes
    ----------
    codes
        Municipalities whose features it may hold: through them a feature finds its licence.
    taken
        What there is of a neighbour's layer; ``None`` for a source of our own.
    """

    credit: Credit
    codes: tuple[str, ...]
    survey_approval: str
    neighbour: str = ""
    layer: str = ""
    taken: Taken | None = None

    def entry(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        told: dict[str, Any] = {"licence": self.credit.licence, "codes": list(self.codes)}
        if self.survey_approval:
            told["survey_approval"] = self.survey_approval
        if self.taken is not None and self.taken.kept is not None:
            kept = self.taken.kept
            told |= {
                "neighbour": self.neighbour,
                "layer": self.layer,
                "publisher": kept.publisher.model_dump(),
                "state": self.taken.state,
                "as_of": kept.as_of,
                "via": list(kept.via),
            }
        return told


@dataclass(frozen=True)
class Provenance:
    """Whose data a layer is made from and what follows.

    Attributes
    ----------
    parts
        One per source, in order of declaration.
    credit
        Licence and attribution of the whole.
    findings
        Of licences, and of neighbours.
    """

    parts: tuple[Part, ...]
    credit: Credited
    findings: tuple[Finding, ...]

    def entry(self) -> dict[str, Any]:
        """Return what the manifest says only of layers with something to say."""
        via = [c for p in self.parts if p.taken and p.taken.kept for c in p.taken.kept.via]
        approvals = [p.survey_approval for p in self.parts if p.survey_approval]
        told: dict[str, Any] = {"via": list(dict.fromkeys(via))} if via else {}
        if approvals:
            told["survey_approval"] = "、".join(dict.fromkeys(approvals))
        return told

    def as_dict(self) -> dict[str, Any]:
        """Return all of it that decides what is published."""
        return {
            "parts": [part.entry() for part in self.parts],
            "credit": asdict(self.credit),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def provenance(name: str, declaration: Declaration, around: Neighbourhood) -> Provenance:
    """Work out whose data layer `name` is made from, under what terms it may be published."""
    layer = declaration.layers[name]
    terms = layer.licence or declaration.publisher.licence
    moved = layer.borders is not None and bool(set(layer.borders.rule) - {"report", "link"})
    altered = layer.origin is not None or moved
    parts = tuple(_parts(layer, declaration, around, terms, altered=altered))
    place = f"layers.{name}"
    operation: Operation = "altered" if altered else "same layer"
    combined = combine(
        [part.credit for part in parts], operation, place=place, declared=layer.licence
    )
    plain = all(p.taken is None and p.credit.licence == terms for p in parts)
    names = "・".join(dict.fromkeys(part.credit.name for part in parts))
    said = names if plain else combined.attribution
    if layer.attribution:
        said = layer.attribution if plain else f"{layer.attribution}／{combined.attribution}"
    licence = combined.licence or terms
    found = known(licence)
    credited = Credited(layer.title.ja, licence, found.url if found else "", said)
    surveys = (survey_finding(p.survey_approval, p.credit.place, place) for p in parts)
    notes = [f for f in (*surveys, *(p.taken and p.taken.finding for p in parts)) if f]
    return Provenance(parts, credited, tuple(dict.fromkeys([*combined.findings, *notes])))


def _parts(
    dataset: Dataset,
    declaration: Declaration,
    around: Neighbourhood,
    terms: str,
    *,
    altered: bool,
) -> Iterator[Part]:
    if dataset.origin is None:
        for source in dataset.sources:
            yield _part(source, declaration, around, terms, altered=altered)
        return
    for _, section, used in dataset.origin.references():
        if section == "rasters":
            yield from _raster_parts(used, declaration, terms)
            continue
        made_from = datasets(declaration)[section, used]
        yield from _parts(made_from, declaration, around, terms, altered=True)


def _raster_parts(name: str, declaration: Declaration, terms: str) -> Iterator[Part]:
    """Credit those whose scans or heights a layer was made from."""
    raster = declaration.rasters[name]
    if raster.origin is not None:
        yield from _raster_parts(raster.origin.raster, declaration, raster.licence or terms)
    for source in raster.sources:
        town = declaration.municipalities[source.municipality]
        credited = raster.attribution or town.name.ja
        credit = Credit(raster.licence or terms, town.code, credited, source.path, altered=True)
        yield Part(credit, (town.code,), "")


def _part(
    source: Source, declaration: Declaration, around: Neighbourhood, terms: str, *, altered: bool
) -> Part:
    town = declaration.municipalities.get(source.municipality)
    if source.neighbour is None or source.layer is None:
        assert town is not None
        name = source.attribution or town.name.ja
        credit = Credit(source.licence or terms, town.code, name, source.path, altered)
        return Part(credit, (town.code,), source.survey_approval)
    taken = around.taken.get((source.neighbour, source.layer))
    kept = taken.kept if taken else None
    codes = (kept.codes if kept else ()) or ((town.code,) if town else ())
    name = (
        source.attribution
        or (kept and (kept.attribution or kept.publisher.ja))
        or (town.name.ja if town else source.neighbour)
    )
    licence = source.licence or (kept.licence if kept else "") or ("" if kept else terms)
    place = f"neighbours.{source.neighbour}.{source.layer}"
    credit = Credit(licence, next(iter(codes), ""), name, place, altered)
    approval = source.survey_approval or (kept.survey_approval if kept else "")
    return Part(credit, codes, approval, source.neighbour, source.layer, taken)
