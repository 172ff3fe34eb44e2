"""A feed as a job of a build."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from gtfs.build import BuiltFeed, build_feed
from gtfs.write import write_zip
from pipeline.findings import Finding, has_error
from pipeline.jobs import Built, Kind, build_key, code_digest
from pipeline.progress import silent
from pipeline.sources.read import digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.progress import Progress

LIBRARIES = ("pandas", "python-calamine", "openpyxl", "jpholiday", "deflate")
COUNTED = ("stops", "routes", "trips", "stop_times")


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
    """

    kind: Kind = "feeds"

    def __init__(self, name: str, declaration: Declaration, root: Path, registry: Path) -> None:
        self.name = name
        self.root = root
        self.registry = registry
        self.feed = declaration.feeds[name]
        self.title = self.feed.title.model_dump()
        self.publisher = declaration.publisher

    def key(self) -> str:
        """Return a digest of workbooks, register, declaration, code and libraries."""
        declared = self.feed.model_dump(mode="json", by_alias=True)
        files = {file: _digest(self.root / file) for file in sorted(set(_files(declared)))}
        files["registry"] = _digest(self.registry / f"{self.name}.csv")
        versions = " ".join(f"{name}={metadata.version(name)}" for name in LIBRARIES)
        parts = {"feed": declared, "publisher": self.publisher.model_dump(mode="json")}
        return build_key("feeds", parts, files, code_digest("gtfs", "pipeline") + versions)

    def check(self, progress: Progress = silent) -> list[Finding]:
        """Build in memory and reconcile, without writing anything."""
        return self._build(remember=False, progress=progress).findings

    def build(self, folder: Path, progress: Progress = silent) -> Built:
        """Write the feed's zip into `folder` if it is sound."""
        result = self._build(remember=True, progress=progress)
        built = Built(self._entry(result), {}, result.findings)
        if not has_error(result.findings):
            write_zip(result.tables, folder / f"{self.name}.zip")
            built.artefacts["gtfs"] = f"{self.name}.zip"
        return built

    def _build(self, *, remember: bool, progress: Progress) -> BuiltFeed:
        return build_feed(
            self.name,
            self.feed,
            root=self.root,
            publisher=self.publisher,
            registry=self.registry,
            remember=remember,
            progress=progress,
        )

    def _entry(self, result: BuiltFeed) -> dict[str, Any]:
        feed, tables = self.feed, result.tables
        return {
            "title": self.title,
            "description": feed.description.model_dump() if feed.description else None,
            "operator": {
                "name": feed.operator.name.model_dump(),
                "id": feed.operator.id,
                "url": feed.operator.url,
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
                {
                    "municipality": "",
                    "path": file,
                    "sha256": _digest(self.root / file),
                    "bytes": (self.root / file).stat().st_size,
                }
                for file in result.sources
                if (self.root / file).is_file()
            ],
            "reconciliation": result.reconciliation.as_dict(),
        }


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


def _extent(tables: Any) -> list[float] | None:
    if "stops" not in tables or not len(tables["stops"]):
        return None
    stops = tables["stops"]
    lon, lat = stops["stop_lon"].astype(float), stops["stop_lat"].astype(float)
    return [round(float(v), 7) for v in (lon.min(), lat.min(), lon.max(), lat.max())]
