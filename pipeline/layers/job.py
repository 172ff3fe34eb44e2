"""A layer as a job of a build."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pipeline.findings import Catalogue, Finding, has_error
from pipeline.jobs import Built, Changes, Kind, Needs, link
from pipeline.layers.appearance import colour_findings
from pipeline.layers.facts import fields_of
from pipeline.standardise.headings import column_headings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.config.layers import Layer
    from pipeline.graph.keys import Keys
    from pipeline.graph.step import Entry, Step
    from pipeline.jobs import Results
    from pipeline.layers.plan import LayerPlan, Planner


class LayerJob:
    """Builds one layer.

    Parameters
    ----------
    name
        Of the layer.
    declaration
        The whole declaration.
    planner
        Of this build: datasets that several layers are made from have one set of steps.
    served
        GeoParquet of the version that is served; ``None`` if there is none.
    data
        What the manifest of that version says its table was made of: the same table has lost
        nothing.
    accept
        Whether losing, moving or emptying much of it is meant.
    """

    kind: Kind = "layers"

    def __init__(
        self,
        name: str,
        declaration: Declaration,
        planner: Planner,
        served: Path | None = None,
        data: str = "",
        *,
        accept: bool = False,
    ) -> None:
        self._served, self._data, self._accept = served, data, accept
        self._table = ""
        self.name = name
        self.layer = declaration.layers[name]
        self.title = self.layer.title.model_dump()
        self._declaration = declaration
        self._planner = planner

    def key(self, keys: Keys) -> str:
        """Return a digest of the keys of all steps, of what is said beside them, and of how."""
        plan = self._planner.layer(self.name)
        steps = [step for step, _ in plan.files.values()]
        self._table = keys.key(plan.data.table)
        said = {
            "steps": [keys.key(step) for step in (*plan.data.told, *steps)],
            "layer": self.layer.model_dump(
                mode="json", by_alias=True, exclude={"sources", "origin"}
            ),
            "licence": self._declaration.publisher.licence,
            "municipalities": self._planner.municipalities(self.layer),
            "provenance": self._planner.provenance(self.name).as_dict(),
            "neighbours": self._colours_beside(),
            "code": keys.digest("pipeline.layers.job:LayerJob", "pipeline.layers.plan:Planner"),
        }
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _colours_beside(self) -> list[list[str]]:
        """Return the colours of the layers it is drawn with: findings compare them."""
        layers = self._declaration.layers
        return [
            [layers[other].style.color for other in chart.layers if other in layers]
            for chart in self._declaration.maps.values()
            if self.name in chart.layers
        ]

    def may_serve(self, entry: dict[str, Any]) -> bool:
        """Tell whether an earlier version tells nothing of a field that is withheld by now."""
        style = entry.get("style", {})
        told = {f["name"] for f in entry.get("fields", [])}
        told |= {style[part] for part in ("by", "label") if style.get(part)}
        told |= {chosen["field"] for chosen in style.get("filters", [])}
        return told <= self.layer.published()

    def needs(self, *, check: bool) -> Needs:
        """Return the steps up to the published table, and to publish, those of its files."""
        plan = self._planner.layer(self.name)
        told = (*plan.data.told, *self._compared())
        return Needs(told, () if check else tuple(step for step, _ in plan.files.values()))

    def findings(self, results: Results) -> Built:
        """Return what was found up to the published table."""
        plan = self._planner.layer(self.name)
        built = Built({"title": self.title})
        built.findings += self._planner.provenance(self.name).findings
        self._tell(plan, (*plan.data.steps, *self._compared()), results, built)
        built.changes = self._changes(results)
        return built

    def compose(self, results: Results, folder: Path) -> Built:
        """Link the files of the layer into `folder` and say what they are."""
        plan = self._planner.layer(self.name)
        cuts = [plan.cut] if plan.cut is not None else []
        files = [step for step, _ in plan.files.values()]
        # One step may make several files; what it found is told once.
        every = {id(step): step for step in (*plan.data.steps, *self._compared(), *cuts, *files)}
        steps = tuple(every.values())
        built = Built(self._entry(plan, results))
        built.findings += self._planner.provenance(self.name).findings
        self._tell(plan, steps, results, built)
        built.changes = self._changes(results)
        if built.changes is not None:
            built.entry["difference"] = built.changes.words
        if has_error(built.findings):
            return built
        for kind, (step, file) in plan.files.items():
            entry = results(step).entry
            if entry is not None and file in entry.files:
                link(entry.path(file), folder / file)
                built.artefacts[kind] = file
        if plan.cut is not None and (cut := results(plan.cut).entry) is not None:
            built.entry |= cut.facts
        return built

    def _compared(self) -> tuple[Step, ...]:
        if self._table and self._table == self._data:
            return ()
        meant = self._accept or self.layer.changes == "report"
        step = self._planner.compared(self.name, self._served, meant=meant)
        return () if step is None else (step,)

    def _changes(self, results: Results) -> Changes | None:
        for step in self._compared():
            entry = results(step).entry
            if entry is not None and "difference" in entry.facts:
                files = {file.rpartition(".")[2]: entry.path(file) for file in entry.files}
                return Changes(entry.facts["difference"], files)
        return None

    def accept(self, results: Results, keys: Keys) -> str:
        """Do nothing: a layer leaves nothing behind."""
        return ""

    def _tell(
        self, plan: LayerPlan, steps: tuple[Step, ...], results: Results, built: Built
    ) -> None:
        """Sort findings into what is published and what stays inside."""
        private = self._made_of_records()
        hidden = plan.data.steps[0] if private else None
        for step in steps:
            found = results(step).findings
            (built.inside if step is hidden else built.findings).extend(found)
        built.findings += _not_drawn(self.name, self.layer)
        built.findings += self._not_compared(results(plan.data.table).entry)
        table = results(plan.data.table).entry
        if table is not None:
            drawn = table.facts.get("geometry", "")
            built.findings += colour_findings(self.name, self._declaration, drawn)
        own = {id(step) for step in steps}
        foreign = [step for step in plan.data.table.ancestors() if id(step) not in own]
        for step in foreign:
            if step.name.startswith("records."):
                built.inside += results(step).findings
        blocked = any(results(step).blocked for step in steps)
        if (blocked or has_error(built.inside)) and not has_error(built.findings):
            place = f"layers.{self.name}"
            built.findings.append(Catalogue.of("pipeline").finding("made-from-failed", field=place))

    def _not_compared(self, table: Entry | None) -> list[Finding]:
        """Say when what is to be compared is no number."""
        asked = self.layer.compare
        kind = fields_of(table.facts).get(asked.measure) if asked and table is not None else None
        if asked is None or kind is None or kind.type in ("integer", "number"):
            return []
        place = f"layers.{self.name}.compare"
        found = Catalogue.of("pipeline").finding(
            "compare-not-number", field=place, value=asked.measure, type=kind.type
        )
        return [found]

    def _made_of_records(self) -> bool:
        origin = self.layer.origin
        return origin is not None and any(kind == "records" for _, kind, _ in origin.references())

    def _entry(self, plan: LayerPlan, results: Results) -> dict[str, Any]:
        layer, table = self.layer, results(plan.data.table).entry
        whose = self._planner.provenance(self.name)
        facts = table.facts if table is not None else {}
        fields = fields_of(facts) if table is not None else {}
        return self._counted(plan, results, facts) | {
            "title": self.title,
            "description": layer.description.model_dump(),
            **layer.described(),
            **({"compare": layer.compare.model_dump()} if layer.compare else {}),
            "licence": whose.credit.licence,
            "attribution": whose.credit.attribution,
            "style": layer.published_style().model_dump(mode="json", exclude_none=True),
            "fields": [f.as_dict() for f in fields.values()],
            "geometry": facts.get("geometry", ""),
            "features": facts.get("features", 0),
            "extent": facts.get("extent"),
            "sources": list(self._sources(plan, results)),
            "data": results(plan.data.table).key,
            **({"csv_headings": column_headings(fields)} if fields and layer.headed() else {}),
            **{part: facts[part] for part in ("borders", "not_provided") if facts.get(part)},
            **whose.entry(),
        }

    def _counted(self, plan: LayerPlan, results: Results, facts: dict[str, Any]) -> dict[str, Any]:
        """Return what the audit has to know of a table of counts, protected or not."""
        if "disclosure" in facts or self.layer.origin is None:
            return {key: facts[key] for key in ("disclosure",) if key in facts}
        from pipeline.privacy.layout import described, layout_of  # noqa: PLC0415 - few layers

        layout, derived = layout_of(self.layer.origin), results(plan.data.steps[0]).entry
        if layout is None or derived is None:
            return {}
        keys = layout.keys(fields_of(derived.facts))
        universe = self._planner.universe(self.layer)
        return {"disclosure": described(layout, keys, universe, derived.facts["made_of"])}

    def _sources(self, plan: LayerPlan, results: Results) -> Iterator[dict[str, Any]]:
        parts = self._planner.provenance(self.name).parts
        for source, part, (read, _, _) in zip(
            self.layer.sources, parts, plan.data.sources, strict=False
        ):
            entry = results(read).entry
            if entry is not None:
                yield {"municipality": source.municipality} | entry.facts["facts"] | part.entry()


def _not_drawn(name: str, layer: Layer) -> list[Finding]:
    """Name the fields by which maps are to colour or label and which they will not have."""
    style = layer.style
    named = (style.by, style.label, *(chosen.field for chosen in style.filters))
    wanted = dict.fromkeys(field for field in named if field)
    return [
        Catalogue.of("pipeline").finding(
            "style-field-withheld", field=f"layers.{name}.style", value=f
        )
        for f in wanted
        if f not in layer.published()
    ]
