"""A layer as a job of a build."""

from __future__ import annotations

import math
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pipeline.check.changes import Comparison, change_findings, served_version
from pipeline.features.writing import write_feature_index
from pipeline.findings import Catalogue, Finding, has_error
from pipeline.jobs import Built, Kind, build_key, code_digest
from pipeline.layers.assemble import Assembled, assemble
from pipeline.layers.tiling import rule_findings, tile_options
from pipeline.progress import silent
from pipeline.sources.read import digest, source_files
from pipeline.write import write_csv, write_geojson, write_geoparquet

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from pipeline.config.declaration import Declaration
    from pipeline.progress import Progress
    from pipeline.standardise.schemas import Field

LIBRARIES = (
    "geopandas", "shapely", "pyproj", "pyogrio", "fiona", "python-calamine", "orjson", "pyarrow",
    "pandas", "numba", "deflate",
)  # fmt: skip


class LayerJob:
    """Builds one layer.

    Parameters
    ----------
    name
        Of the layer.
    declaration
        The whole declaration.
    root
        Folder that source paths start from.
    memory
        Bytes that cutting tiles may take; 0 is no bound.
    work
        Where a tileset larger than that is worked on, so that a build that was stopped goes on.
    served
        GeoParquet of the version that is served; ``None`` if there is none.
    accept
        Whether losing, moving or emptying much of it is meant.
    """

    kind: Kind = "layers"

    def __init__(
        self,
        name: str,
        declaration: Declaration,
        root: Path,
        memory: int = 0,
        work: Path | None = None,
        served: Path | None = None,
        *,
        accept: bool = False,
    ) -> None:
        self.served, self.accept = served, accept
        self.memory, self.work = memory, work
        self.name = name
        self.root = root
        self.layer = declaration.layers[name]
        self.title = self.layer.title.model_dump()
        self.publisher = declaration.publisher
        self.municipalities = declaration.municipalities

    def key(self) -> str:
        """Return a digest of sources, declaration, code and libraries."""
        files = {}
        for source in self.layer.sources:
            parts = source_files(self.root / source.path)
            present = parts and all(part.is_file() for part in parts)
            files[source.path] = digest(parts) if present else "missing"
        used = {source.municipality for source in self.layer.sources}
        declared = {
            "layer": self.layer.model_dump(mode="json", by_alias=True),
            "publisher": self.publisher.model_dump(mode="json"),
            "municipalities": {
                name: self.municipalities[name].model_dump(mode="json") for name in sorted(used)
            },
        }
        versions = " ".join(f"{name}={metadata.version(name)}" for name in LIBRARIES)
        return build_key("layers", declared, files, code_digest("pipeline") + versions)

    def may_serve(self, entry: dict[str, Any]) -> bool:
        """Tell whether an earlier version tells nothing of a field that is withheld by now."""
        style = entry.get("style", {})
        told = {f["name"] for f in entry.get("fields", [])}
        told |= {style[part] for part in ("by", "label") if style.get(part)}
        return told <= self.layer.published()

    def check(self, progress: Progress = silent) -> list[Finding]:
        """Make every check without writing anything."""
        return self._assemble(progress).findings

    def build(self, folder: Path, progress: Progress = silent) -> Built:
        """Write the layer's artefacts into `folder`."""
        assembled = self._assemble(progress)
        built = Built(self._entry(assembled), {}, assembled.findings)
        if has_error(assembled.findings) or assembled.frame is None:
            return built
        self._write(assembled.frame, folder, built, progress)
        return built

    def _assemble(self, progress: Progress) -> Assembled:
        total = len(self.layer.sources)
        assembled = assemble(
            self.name,
            self.layer,
            self.municipalities,
            self.root,
            lambda done: progress(f"{self.name}: read", done, total),
        )
        if assembled.frame is not None and not has_error(assembled.findings):
            assembled.findings += self._changes(assembled.frame, assembled.fields)
        return assembled

    def _changes(self, frame: gpd.GeoDataFrame, fields: list[Field]) -> list[Finding]:
        """Compare with what is served, which no other check knows."""
        if self.served is None or not self.served.is_file():
            return []
        try:
            before = served_version(self.served)
        except (OSError, ValueError) as error:
            place, reason = f"layers.{self.name}", type(error).__name__
            return [Catalogue.of("pipeline").finding("changes-unknown", field=place, reason=reason)]
        names = {m.code: m.name.ja for m in self.municipalities.values()}
        meant = self.accept or self.layer.changes == "report"
        return change_findings(
            Comparison(before, frame, self.name, self.layer.id, fields, names, meant)
        )

    def _write(
        self, frame: gpd.GeoDataFrame, folder: Path, built: Built, progress: Progress
    ) -> None:
        def path(suffix: str) -> Path:
            built.artefacts[suffix] = f"{self.name}.{suffix}"
            return folder / f"{self.name}.{suffix}"

        types = {field["name"]: field["type"] for field in built.entry["fields"]}
        moments = [name for name, kind in types.items() if kind == "datetime"]
        write_geoparquet(frame, path("parquet"), moments)
        write_feature_index(frame, path("features"), types)
        if "geojson" in self.layer.outputs:
            write_geojson(frame, path("geojson"))
        if "csv" in self.layer.outputs:
            write_csv(frame, path("csv"))
        if "pmtiles" not in self.layer.outputs:
            return
        if frame.geometry.isna().all():
            none = Catalogue.of("pipeline").finding("tiles-none", layer=self.name)
            built.findings.append(none)
            return
        misfits = rule_findings(self.name, self.layer.tiles, frame)
        built.findings += misfits
        if not misfits:
            self._cut_tiles(frame, path("pmtiles"), built, progress)

    def _cut_tiles(
        self, frame: gpd.GeoDataFrame, out: Path, built: Built, progress: Progress
    ) -> None:
        from pipeline.tiling import tile  # noqa: PLC0415 - see tile_options

        tiles = self.layer.tiles
        report = tile(
            {self.name: frame},
            out,
            options=tile_options(self.name, tiles, self.memory),
            work=self.work,
            id_column="id",
            name=self.layer.title.ja,
            attribution=self._attribution(),
            description=self.layer.description.ja,
            progress=progress,
        )
        built.findings += report.findings
        built.entry["tiles"] = {"minzoom": tiles.minzoom, "maxzoom": tiles.maxzoom}
        # How long it took differs every time; what was made does not.
        built.entry["tiling"] = {k: v for k, v in report.as_dict().items() if k != "seconds"}

    def _attribution(self) -> str:
        """Credit whose ledgers they are, unless the declaration says more."""
        names = [self.municipalities[s.municipality].name.ja for s in self.layer.sources]
        return self.layer.attribution or "・".join(dict.fromkeys(names))

    def _entry(self, assembled: Assembled) -> dict[str, Any]:
        layer, frame = self.layer, assembled.frame
        return {
            "title": self.title,
            "description": layer.description.model_dump(),
            "licence": layer.licence or self.publisher.licence,
            "attribution": self._attribution(),
            "style": layer.published_style().model_dump(mode="json", exclude_none=True),
            "fields": [f.as_dict() for f in assembled.fields],
            "geometry": "" if frame is None else _geometry_kind(frame),
            "features": 0 if frame is None else len(frame),
            "extent": None if frame is None else _extent(frame),
            "sources": [
                {"municipality": name} | facts.as_dict() for name, facts in assembled.sources
            ],
        }


def _geometry_kind(frame: gpd.GeoDataFrame) -> str:
    kinds = {kind.removeprefix("Multi") for kind in frame.geometry.geom_type.dropna()}
    return kinds.pop() if len(kinds) == 1 else "Mixed"


def _extent(frame: gpd.GeoDataFrame) -> list[float] | None:
    bounds = [round(float(value), 7) for value in frame.total_bounds]
    return None if any(math.isnan(value) for value in bounds) else bounds
