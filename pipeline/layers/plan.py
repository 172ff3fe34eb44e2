"""From the declaration to the steps of every dataset."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.config.disclosure import Disclosure
from pipeline.config.layers import SHAPED_OUTPUTS, Layer
from pipeline.errors import SourceError
from pipeline.federation.neighbourhood import Neighbourhood
from pipeline.findings import Catalogue
from pipeline.graph.step import Step
from pipeline.layers.credits import Provenance, origins, provenance
from pipeline.layers.detection import detecting
from pipeline.layers.options import (
    Bordering,
    Checking,
    Comparing,
    Cutting,
    Deriving,
    Disclosing,
    Joining,
    Labelling,
    Protecting,
    Reading,
    Standardising,
    Takes,
    Writing,
)
from pipeline.raster.plan import RasterPlanner
from pipeline.sources.files import source_files
from pipeline.standardise.moments import JAPAN
from pipeline.standardise.schemas import layer_fields, schema_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.borders import Borders
    from pipeline.config.declaration import Declaration
    from pipeline.config.layers import Dataset
    from pipeline.config.operations import Operation
    from pipeline.config.sources import Source
    from pipeline.layers.options import Credited
    from pipeline.standardise.columns import Field

_CONTRIBUTIONS = "pipeline.derive.contributions:add_largest"
STEPS = "pipeline.layers.steps"


@dataclass(frozen=True)
class Writer:
    """How a layer is written in one format.

    Attributes
    ----------
    function
        Takes the published table and a path.
    always
        Whether it is written whatever ``outputs`` says.
    takes
        ``moments``: also the names of fields with a time of day. ``types``: ``{field: type}``;
        a table without geometry is then handed over with empty places. ``search``: the fields by
        which features are found; only a layer with such fields and tiles has that file.
        ``credit``: also licence and attribution. ``headings``: those too, and the headings of its
        columns.
    beside
        Ending of a second file it writes.
    """

    function: str
    always: bool = False
    takes: Takes = "table"
    beside: str = ""


WRITERS = {
    "parquet": Writer("pipeline.write.geoparquet:write_geoparquet", always=True, takes="moments"),
    "features": Writer("pipeline.features.writing:write_feature_index", always=True, takes="types"),
    "search": Writer("pipeline.write.search:write_search", takes="search"),
    "geojson": Writer("pipeline.write.geojson:write_geojson", takes="credit"),
    "csv": Writer("pipeline.write.table:write_csv", takes="headings", beside="-metadata.json"),
}
"""Formats by the ending of their files; to add one, write a function and a line here."""


@dataclass(frozen=True)
class DatasetPlan:
    """The steps that make one dataset.

    Attributes
    ----------
    sources
        For each source: read, standardise, check.
    table
        The step whose table other datasets are made from: as published, or records whole.
    steps
        All steps of its own, in the order their findings are told.
    detect
        The step that looks for personal information in a layer; ``None`` for records.
    """

    sources: tuple[tuple[Step, Step, Step], ...]
    table: Step
    steps: tuple[Step, ...]
    detect: Step | None

    @property
    def told(self) -> tuple[Step, ...]:
        """The last steps before anything is written: they and those before them tell all."""
        return (self.table,) if self.detect is None else (self.table, self.detect)


@dataclass(frozen=True)
class LayerPlan:
    """The steps that make a layer's files.

    Attributes
    ----------
    data
        Up to the published table.
    files
        ``{format: (step, file it makes)}``; the tileset last.
    cut
        The step that cuts the tileset, before it is given its words; ``None`` without one.
    """

    data: DatasetPlan
    files: dict[str, tuple[Step, str]]
    cut: Step | None


class Planner:
    """Makes the steps of datasets, those that several need once.

    Parameters
    ----------
    declaration
        The whole declaration.
    root
        Folder that source paths start from.
    day
        On which waivers are judged; today in Japan unless given.
    neighbourhood
        What neighbours have given.
    """

    def __init__(
        self,
        declaration: Declaration,
        root: Path,
        day: dt.date | None = None,
        *,
        neighbourhood: Neighbourhood | None = None,
    ) -> None:
        self._declaration, self._root = declaration, root
        self._day = day or dt.datetime.now(JAPAN).date()
        self._neighbourhood = neighbourhood or Neighbourhood()
        self._known: dict[tuple[str, str], DatasetPlan] = {}
        self.rasters = RasterPlanner(declaration, root)

    def layer(self, name: str) -> LayerPlan:
        """Return the steps of a layer.

        Raises
        ------
        SourceError
            If it names a schema there is none of.
        """
        layer, data = self._declaration.layers[name], self.dataset("layers", name)
        credit = self.provenance(name).credit
        files = dict(_writing(name, layer, data, credit))
        if layer.borders is not None:
            files["borders"] = data.table, f"{name}.borders.parquet"
            files["originals"] = data.table, f"{name}.originals.parquet"
        cut = None
        if "pmtiles" in layer.outputs and layer.geometry is None:
            cut, labelled = _tiles(name, layer, data, credit.attribution)
            files["pmtiles"] = labelled, f"{name}.pmtiles"
        return LayerPlan(data, files, cut)

    def dataset(self, section: str, name: str) -> DatasetPlan:
        """Return the steps of a layer up to its published table, or of records.

        Raises
        ------
        SourceError
            If it names a schema there is none of.
        """
        key = section, name
        if key not in self._known:
            declared: Dataset = getattr(self._declaration, section)[name]
            _require_schema(declared)
            make = self._derived if declared.origin is not None else self._from_sources
            made = make(f"{section}.{name}", declared)
            if isinstance(declared, Layer) and declared.borders is not None:
                made = self._bordered(name, declared.borders, made)
            self._known[key] = made
        return self._known[key]

    def _bordered(self, name: str, borders: Borders, made: DatasetPlan) -> DatasetPlan:
        """Hold a published table against the reference and itself, last of all."""
        towns, inputs = self._declaration.municipalities, [made.table]
        boundary, itself = self._declaration.boundary, False
        if boundary is not None:
            _, section, named = boundary.named()
            itself = (section, named) == ("layers", name)
            inputs += [] if itself else [self.dataset(section, named).table]
        options = Bordering(
            name, borders, tuple((m.code, m.crs) for m in towns.values()),
            tuple((key, m.code) for key, m in towns.items()),
            tuple((m.code, m.name.ja, m.name.en) for m in towns.values()), itself,
        )  # fmt: skip
        step = Step(
            f"layers.{name}: borders",
            f"{STEPS}.borders:borders",
            options,
            tuple(inputs),
            clean=True,
        )
        return replace(made, table=step, steps=(*made.steps, step))

    def compared(self, name: str, served: Path | None, *, meant: bool) -> Step | None:
        """Return the step that compares a layer with the version that is served, if one is."""
        if served is None or not served.is_file():
            return None
        layer = self._declaration.layers[name]
        towns = self._declaration.municipalities.values()
        names = tuple((m.code, m.name.ja, m.name.best("en")) for m in towns)
        title = layer.title.ja, layer.title.best("en")
        options = Comparing(name, title, layer.id, names, meant, served)
        return Step(
            f"layers.{name}: compare",
            f"{STEPS}.compare:compare",
            options,
            (self.dataset("layers", name).table,),
            (("served", served),),
            clean=True,
        )

    def provenance(self, name: str) -> Provenance:
        """Return whose data a layer is made from and what follows for its licence."""
        return provenance(name, self._declaration, self._neighbourhood)

    def municipalities(self, dataset: Dataset) -> list[str]:
        """Return the municipalities whose sources take part, directly or through others."""
        if dataset.origin is None:
            return list(dict.fromkeys(s.municipality for s in dataset.sources if s.municipality))
        found: list[str] = []
        for _, section, name in dataset.origin.references():
            if section == "rasters":
                found += self.rasters.municipalities(name)
            else:
                found += self.municipalities(getattr(self._declaration, section)[name])
        return list(dict.fromkeys(found))

    def _from_sources(self, place: str, declared: Dataset) -> DatasetPlan:
        if isinstance(declared, Layer) and declared.privacy.controlled:
            raise SourceError(
                [Catalogue.of("pipeline").finding("disclosure-uncounted", field=place)]
            )
        fields = tuple(layer_fields(declared).values())
        publish = _published(declared) or ()
        sources = tuple(
            self._source(place, number, source, declared, fields, publish)
            for number, source in enumerate(declared.sources, 1)
        )
        checked = tuple(steps[-1] for steps in sources)
        joined = Step(f"{place}: join", f"{STEPS}.join:join", Joining(fields), checked)
        table = _protecting(place, declared, fields, joined)
        reads = [steps[0] for steps in sources]
        rest = [step for steps in sources for step in steps[1:]]
        return _dataset_plan(
            sources, (*reads, *rest, joined), table, self._detecting(place, declared, joined)
        )

    def _source(
        self,
        place: str,
        number: int,
        source: Source,
        declared: Dataset,
        fields: tuple[Field, ...],
        publish: tuple[str, ...],
    ) -> tuple[Step, Step, Step]:
        origin = origins(source, self._declaration, self._neighbourhood)
        source, where, root = origin.source, origin.municipality, origin.root or self._root
        located = declared.geometry is None
        which = f" {number}" if len(declared.sources) > 1 else ""
        files = tuple((p.name, p) for p in source_files(root / source.path))
        read = Step(
            f"{place}: read{which}",
            f"{STEPS}.read:read",
            Reading(source, where, located, root),
            files=files,
        )
        standard = Step(
            f"{place}: standardise{which}",
            f"{STEPS}.standardise:standardise_source",
            Standardising(source, where, fields, publish),
            (read,),
        )
        checking = Checking(source.path, located, source.geometry is not None)
        check = Step(f"{place}: check{which}", f"{STEPS}.check:check", checking, (standard,))
        return read, standard, check

    def _derived(self, place: str, declared: Dataset) -> DatasetPlan:
        from pipeline.derive.registry import FUNCTIONS  # noqa: PLC0415 - few derive anything

        operation = declared.origin
        assert operation is not None
        function = FUNCTIONS[type(operation)]
        inputs = tuple(self._input(kind, name) for _, kind, name in operation.references())
        rules = declared.privacy if isinstance(declared, Layer) else Disclosure()
        looked = (_CONTRIBUTIONS,) if rules.largest else ()
        derived = Step(
            f"{place}: {operation.operation}",
            f"{STEPS}.derive:derive",
            Deriving(
                place, function, _nameless_operation(operation),
                rules.largest, rules.contributor or "",
            ),
            inputs,
            code=(function, *looked),
            clean=True,
        )  # fmt: skip
        fields = tuple(layer_fields(declared).values())
        safe = self._disclosed(place, declared, derived)
        before = (derived,) if safe is derived else (derived, safe)
        table = _protecting(place, declared, fields, safe)
        return _dataset_plan((), before, table, self._detecting(place, declared, safe))

    def universe(self, declared: Dataset) -> str:
        """Return what layers made of the same dataset share, and what tells nothing of it."""
        assert declared.origin is not None
        _, section, name = next(iter(declared.origin.references()))
        return f"{section} {list(getattr(self._declaration, section)).index(name)}"

    def _disclosed(self, place: str, declared: Dataset, derived: Step) -> Step:
        """Return the step that keeps a table from telling of single records, if it is to."""
        if not isinstance(declared, Layer) or not declared.privacy.controlled:
            return derived
        from pipeline.privacy.layout import layout_of  # noqa: PLC0415 - few tables need it

        layout = layout_of(declared.origin) if declared.origin is not None else None
        if layout is None or (declared.privacy.largest and not layout.values):
            code = "disclosure-uncounted" if layout is None else "dominance-without-sums"
            raise SourceError([Catalogue.of("pipeline").finding(code, field=place)])
        options = Disclosing(place, layout, _rules(declared), self.universe(declared))
        return Step(
            f"{place}: disclosure", f"{STEPS}.disclose:disclose", options, (derived,), clean=True
        )

    def _detecting(self, place: str, declared: Dataset, before: Step) -> Step | None:
        """Make the step that looks for personal information; records stay inside."""
        if not isinstance(declared, Layer):
            return None
        return Step(
            f"{place}: detect",
            f"{STEPS}.detect:detect",
            detecting(place, declared, self._day),
            (before,),
        )

    def _input(self, section: str, name: str) -> Step:
        """Return the step that makes what a dataset is made from."""
        if section == "rasters":
            return self.rasters.drawn(name)
        return self.dataset(section, name).table


def _dataset_plan(
    sources: tuple[tuple[Step, Step, Step], ...],
    before: tuple[Step, ...],
    table: Step,
    detect: Step | None,
) -> DatasetPlan:
    last = (table,) if detect is None else (table, detect)
    return DatasetPlan(sources, table, (*before, *last), detect)


def _require_schema(declared: Dataset) -> None:
    if declared.schema_name and declared.schema_name not in schema_names():
        known = ", ".join(schema_names())
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "schema-unknown", value=declared.schema_name, known=known
                )
            ]
        )


def _published(declared: Dataset) -> tuple[str, ...] | None:
    if not isinstance(declared, Layer):
        return None
    return tuple(dict.fromkeys((*declared.privacy.publish, *declared.privacy.added())))


def _rules(layer: Layer) -> Disclosure:
    """Return the rules alone: what is published decides nothing of what is safe."""
    return Disclosure(**{name: getattr(layer.privacy, name) for name in Disclosure.model_fields})


def _nameless_operation(operation: Operation) -> Operation:
    """Leave out what the inputs are called: their keys say what they are."""
    return operation.model_copy(update={operation.named()[0]: "x"})


def _protecting(place: str, declared: Dataset, fields: tuple[Field, ...], before: Step) -> Step:
    options = Protecting(
        place,
        declared.id,
        _published(declared),
        declared.geometry is None,
        isinstance(declared, Layer) and "csv" in declared.outputs,
        fields,
    )
    return Step(f"{place}: protect", f"{STEPS}.protect:protect", options, (before,))


def _writing(
    name: str, layer: Layer, data: DatasetPlan, credit: Credited
) -> Iterator[tuple[str, tuple[Step, str]]]:
    for kind, writer in WRITERS.items():
        searched = layer.searched() if writer.takes == "search" else ()
        wanted = writer.always or kind in layer.outputs or bool(searched)
        if not wanted or (layer.geometry == "none" and kind in SHAPED_OUTPUTS):
            continue
        file = f"{name}.{kind}"
        said = credit if writer.takes in ("credit", "headings") else None
        headed = writer.takes == "headings" and layer.headed()
        step = Step(
            f"layers.{name}: write {kind}",
            f"{STEPS}.write:write",
            Writing(writer.function, file, writer.takes, searched, said, headed),
            (data.table,),
            code=(writer.function,),
            clean=True,
        )
        yield kind, (step, file)
        if writer.beside:
            yield f"{kind}-metadata", (step, f"{file}{writer.beside}")


def _tiles(name: str, layer: Layer, data: DatasetPlan, attribution: str) -> tuple[Step, Step]:
    cut = Step(
        f"layers.{name}: cut tiles",
        f"{STEPS}.cut:cut",
        Cutting(name, layer.tiles),
        (data.table,),
        clean=True,
    )
    words = Labelling(f"{name}.pmtiles", layer.title.ja, attribution, layer.description.ja)
    labelled = Step(
        f"layers.{name}: label tiles", f"{STEPS}.label:label", words, (cut,), clean=True
    )
    return cut, labelled
