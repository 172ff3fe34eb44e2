"""A feed as a job of a build: the zip and everything said about it."""

from __future__ import annotations

import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from gtfs.build.feed import BuiltFeed, build_feed
from gtfs.diff import difference
from gtfs.feed.read import read_feed
from gtfs.feed.write import write_zip
from gtfs.figures.layers import layer_geojson, routes_layer, stops_layer
from gtfs.figures.statistics import statistics
from gtfs.pages import timetable_pages
from gtfs.validate import validate, validation_html, validation_json
from pipeline.findings import Finding, has_error
from pipeline.jobs import Built, Kind, build_key, code_digest
from pipeline.progress import silent
from pipeline.sources.read import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gtfs.feed.tables import Feed as Tables
    from pipeline.config.declaration import Declaration
    from pipeline.progress import Progress

LIBRARIES = (
    "pandas", "python-calamine", "openpyxl", "jpholiday", "deflate",
    "gtfs-guru", "gtfs-validator", "gtfs-analyzer",
)  # fmt: skip
COUNTED = ("stops", "routes", "trips", "stop_times")
TILE_ZOOMS = (6, 16)


class FeedJob:
    """Builds one GTFS feed.

    Parameters
    ----------
    name
        Of the feed.
    declaration
        The whole declaration.
    root
        Folder that the paths of the declaration start from.
    registry
        Folder of the registers of ids.
    published
        Folder of the feed in the release that is served, for the difference to it.
    """

    kind: Kind = "feeds"

    def __init__(
        self,
        name: str,
        declaration: Declaration,
        root: Path,
        registry: Path,
        published: Path | None = None,
    ) -> None:
        self.name = name
        self.root = root
        self.registry = registry
        self.published = published
        self.feed = declaration.feeds[name]
        self.title = self.feed.title.model_dump()
        self.publisher = declaration.publisher

    def key(self) -> str:
        """Return a digest of workbooks, register, declaration, code and libraries."""
        declared = self.feed.model_dump(mode="json", by_alias=True)
        files = {file: _digest(self.root / file) for file in sorted(set(_files(declared)))}
        files["registry"] = _digest(self.registry / f"{self.name}.csv")
        versions = " ".join(f"{name}={_version(name)}" for name in LIBRARIES)
        parts = {"feed": declared, "publisher": self.publisher.model_dump(mode="json")}
        return build_key("feeds", parts, files, code_digest("gtfs", "pipeline") + versions)

    def may_serve(self, entry: dict[str, Any]) -> bool:
        """Tell that feeds have no allow-list: an earlier version may always stay."""
        return True

    def check(self, progress: Progress = silent) -> list[Finding]:
        """Build, reconcile and validate without keeping anything: what `build` would refuse."""
        result = self._build(progress)
        if has_error(result.findings):
            return result.findings
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / f"{self.name}.zip"
            write_zip(result.tables, archive)
            validation = validate(archive, on=self.feed.period.start)
        return [*result.findings, *validation.findings()]

    def build(self, folder: Path, progress: Progress = silent) -> Built:
        """Write the feed's zip, its validation, layers, tiles and difference into `folder`."""
        result = self._build(progress)
        built = Built(self._entry(result), {}, list(result.findings))
        if has_error(result.findings):
            return built
        archive = folder / f"{self.name}.zip"
        write_zip(result.tables, archive)
        built.artefacts["gtfs"] = archive.name
        self._validate(archive, built)
        if not has_error(built.findings):
            self._describe(result.tables, folder, built, progress)
            # Only a feed that passed gives out ids, and its key is that of the register it leaves.
            result.register.write(self.registry / f"{self.name}.csv")
            built.key = self.key()
        return built

    def _build(self, progress: Progress) -> BuiltFeed:
        return build_feed(
            self.name,
            self.feed,
            root=self.root,
            publisher=self.publisher,
            registry=self.registry,
            remember=False,
            progress=progress,
        )

    def _validate(self, archive: Path, built: Built) -> None:
        """Ask the validators for the feed's first day, so that the answer is the same tomorrow."""
        validation = validate(archive, on=self.feed.period.start)
        built.findings += validation.findings()
        built.entry["validation"] = {
            "on": validation.on.isoformat(),
            "tools": validation.tools,
            "counts": validation.counts(),
        }
        folder = archive.parent
        (folder / "validation.json").write_bytes(validation_json(validation))
        (folder / "validation.html").write_text(validation_html(validation), encoding="utf-8")
        built.artefacts |= {"validation": "validation.json", "validation_html": "validation.html"}

    def _describe(self, tables: Tables, folder: Path, built: Built, progress: Progress) -> None:
        figures = statistics(tables)
        stops, routes = stops_layer(tables, figures), routes_layer(tables, figures)
        for kind, content in {
            "stops": layer_geojson(stops),
            "routes": layer_geojson(routes),
            "statistics": orjson.dumps(figures.as_dict()),
        }.items():
            file = f"{kind}.json" if kind == "statistics" else f"{kind}.geojson"
            (folder / file).write_bytes(content)
            built.artefacts[kind] = file
        self._print_timetables(tables, folder, built)
        self._cut_tiles({"stops": stops, "routes": routes}, folder, built, progress)
        self._compare(tables, folder, built)

    def _print_timetables(self, tables: Tables, folder: Path, built: Built) -> None:
        for file, page in timetable_pages(tables, sample=self.feed.sample).items():
            (folder / file).write_text(page, encoding="utf-8")
            built.artefacts[file.removesuffix(".html")] = file

    def _cut_tiles(
        self, layers: dict[str, Any], folder: Path, built: Built, progress: Progress
    ) -> None:
        # Compiled kernels take a moment to load; a check does without them.
        from pipeline.tiling import TileOptions, tile  # noqa: PLC0415

        filled = {name: layer for name, layer in layers.items() if len(layer)}
        if not filled:
            return
        minzoom, maxzoom = TILE_ZOOMS
        report = tile(
            filled,
            folder / f"{self.name}.pmtiles",
            options=TileOptions(minzoom=minzoom, maxzoom=maxzoom),
            id_column="id",
            name=self.feed.title.ja,
            attribution=self.publisher.name.ja,
            progress=progress,
        )
        built.findings += report.findings
        built.artefacts["pmtiles"] = f"{self.name}.pmtiles"
        built.entry["tiles"] = {"minzoom": minzoom, "maxzoom": maxzoom}

    def _compare(self, tables: Tables, folder: Path, built: Built) -> None:
        """Say what passengers will notice against the version that is served now."""
        before = self.published / f"{self.name}.zip" if self.published else None
        if before is None or not before.is_file():
            return
        changed = difference(read_feed(before).feed, tables)
        (folder / "difference.json").write_bytes(changed.as_json())
        built.artefacts["difference"] = "difference.json"
        built.entry["difference"] = [
            {"ja": ja, "en": en}
            for ja, en in zip(changed.lines("ja"), changed.lines("en"), strict=True)
        ]

    def _entry(self, result: BuiltFeed) -> dict[str, Any]:
        feed, tables = self.feed, result.tables
        operator = feed.operator
        return {
            "title": self.title,
            "description": feed.description.model_dump() if feed.description else None,
            "operator": {
                "name": operator.name.model_dump(), "id": operator.id, "url": operator.url
            },
            "licence": feed.licence,
            "mode": feed.mode,
            "sample": feed.sample,
            "start_date": feed.period.start.isoformat(),
            "end_date": feed.period.end.isoformat(),
            "version": feed.version or feed.period.start.isoformat(),
            "counts": {name: len(tables[name]) if name in tables else 0 for name in COUNTED},
            "extent": _extent(tables),
            "sources": [
                _source(file, self.root / file)
                for file in result.sources
                if (self.root / file).is_file()
            ],
            "reconciliation": result.reconciliation.as_dict(),
        }  # fmt: skip


def _source(name: str, path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    return {"municipality": "", "path": name, "sha256": _digest(path), "bytes": size}


def _files(declared: Any) -> Iterator[str]:
    """Yield every ``file`` the declaration of a feed names, at any depth."""
    if isinstance(declared, dict):
        for key, value in declared.items():
            if key == "file" and isinstance(value, str):
                yield value
            else:
                yield from _files(value)
    elif isinstance(declared, list):
        for value in declared:
            yield from _files(value)


def _digest(path: Path) -> str:
    return digest([path]) if path.is_file() else "missing"


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "absent"


def _extent(tables: Tables) -> list[float] | None:
    if "stops" not in tables or not len(tables["stops"]):
        return None
    stops = tables["stops"]
    lon, lat = stops["stop_lon"].astype(float), stops["stop_lat"].astype(float)
    return [round(float(v), 7) for v in (lon.min(), lat.min(), lon.max(), lat.max())]
