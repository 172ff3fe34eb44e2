"""``manifest.json``: what a release holds, where it came from, and what was found."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pipeline.config.maps import BaseLayer
from pipeline.federation.neighbourhood import Neighbourhood
from pipeline.findings import Finding, count_by_severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.config.maps import Map
    from pipeline.release.outcome import Outcome

FORMAT = 1
MEDIA_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".geojson": "application/geo+json",
    ".features": "application/vnd.tonari.features",
    ".search": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".pmtiles": "application/vnd.pmtiles",
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    ".zip": "application/zip",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
}


def tool_versions() -> dict[str, str]:
    """Return the versions of what made the release."""
    # A build that finds nothing changed does without them.
    import pyproj  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    return {
        "tonari": metadata.version("tonari"),
        "python": platform.python_version(),
        "proj": pyproj.proj_version_str,
        "geos": shapely.geos_version_string,
        "geopandas": metadata.version("geopandas"),
        "numba": metadata.version("numba"),
    }


def artefact_record(folder: Path, path: Path) -> dict[str, Any]:
    """Return path (relative to the release), media type, size and sha256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "path": path.relative_to(folder).as_posix(),
        "media_type": MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
        "bytes": path.stat().st_size,
        "sha256": digest,
    }


def content_digest(
    declaration: Declaration,
    outcomes: list[Outcome],
    public: list[Outcome],
    artefacts: list[dict[str, Any]],
    neighbourhood: Neighbourhood | None = None,
) -> str:
    """Return a digest of what a release says and what it was made from, but not of when.

    Parameters
    ----------
    outcomes, public
        One per layer and feed, as the office and as the public reads them. What a layer says of
        itself counts too: a newer version of the program may say it better of the same files.
    """
    parts: dict[str, Any] = {
        "artefacts": [(a["path"], a["sha256"]) for a in artefacts],
        "outcomes": [
            (o.kind, o.name, o.failed, o.entry.get("sources"), [f.as_dict() for f in o.findings])
            for o in outcomes
        ],
        "said": [_lasting(outcome.entry) for outcome in public],
        "declaration": declaration.model_dump(mode="json", by_alias=True),
    }
    if neighbourhood is not None and neighbourhood.taken:
        told = neighbourhood.manifest(declaration)
        # A neighbour's release of other layers is none of ours.
        parts["neighbours"] = {n: {**t, "release": ""} for n, t in told.items()}
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _lasting(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry says, whatever it was compared with and whoever's secret keys it."""
    told = {key: value for key, value in entry.items() if key != "difference"}
    if veil := told.get("disclosure", {}).get("veil"):
        keyed = {"data": "", "same": sorted(told["disclosure"]["same"]), "veil": bool(veil)}
        told["disclosure"] = told["disclosure"] | keyed
    return told


def make_manifest(
    declaration: Declaration,
    outcomes: list[Outcome],
    artefacts: list[dict[str, Any]],
    *,
    name: str,
    created: str,
    content: str,
    neighbourhood: Neighbourhood | None = None,
    signing: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Compose the manifest of a release.

    Parameters
    ----------
    outcomes
        One per layer and feed, in order of declaration.
    artefacts
        Records made by :func:`artefact_record`.
    name, created, content
        Id, UTC time (ISO 8601) and content digest of the release.
    neighbourhood
        What neighbours have given.
    signing
        What it says of its own trust (:meth:`pipeline.federation.signing.Signer.part`).
    """
    findings: list[Finding] = [f for outcome in outcomes for f in outcome.findings]
    by_kind: Mapping[str, dict[str, Any]] = {
        kind: {o.name: o.manifest_entry(name, created) for o in outcomes if o.kind == kind}
        for kind in ("layers", "feeds")
    }
    served: set[tuple[str, str]] = {(o.kind, o.name) for o in outcomes if o.artefacts}
    around = neighbourhood or Neighbourhood()
    towns = {
        key: {"code": m.code, "name": m.name.model_dump()}
        for key, m in declaration.municipalities.items()
    }
    spoken_for = {town["code"] for town in towns.values()}
    towns |= {k: town for k, town in around.towns().items() if town["code"] not in spoken_for}
    return {
        "format": FORMAT,
        "release": name,
        "created": created,
        "content": content,
        "publisher": declaration.publisher.model_dump(mode="json"),
        "sample": declaration.sample,
        "municipalities": towns,
        **by_kind,
        "maps": {key: _map_entry(m, served) for key, m in declaration.maps.items()},
        "neighbours": around.manifest(declaration),
        "artefacts": artefacts,
        "findings": count_by_severity(findings),
        "tools": tool_versions(),
    } | ({"signing": signing} if signing else {})


def _map_entry(map_: Map, served: set[tuple[str, str]]) -> dict[str, Any]:
    """Return what a manifest says of a map: only parts that there are."""
    return {
        "title": map_.title.model_dump(),
        "description": map_.description.model_dump(),
        "layers": [part for part in map_.layers if ("layers", part) in served],
        "feeds": [part for part in map_.feeds if ("feeds", part) in served],
        "base": [
            base if isinstance(base, str) else base.model_dump(mode="json")
            for base in map_.base
            if not isinstance(base, BaseLayer) or ("layers", base.layer) in served
        ],
        "ground": [part for part in map_.ground if ("layers", part) in served],
        "center": list(map_.center),
        "zoom": map_.zoom,
        "embed": {"allow": list(map_.embed.allow)},
    }


def write_json(path: Path, data: Any) -> None:
    """Write JSON a person can read, in UTF-8 with a final newline."""
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
