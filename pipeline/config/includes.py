"""Files that one municipality keeps: what they may declare, and what of it becomes ours.

Such a file may lie in a repository that the neighbour itself writes to. It may name its own
municipality, its own layers and records, and sources for layers that all share; every file it
names lies below its own folder.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config.yamlfile import Document, Loc

MAY_DECLARE = ("municipalities", "records", "layers", "sources")
OF_A_SOURCE = frozenset(
    {"municipality", "path", "encoding", "table", "header", "crs", "geometry", "fields", "values",
     "licence", "attribution", "survey_approval"}
)  # fmt: skip
"""Keys a source of such a file may have: a neighbour's layer is for the main file to take."""


def own_part(part: Document, municipality: str, root: Path) -> list[Finding]:
    """Bring a municipality's file into the form of a shared one; return what it may not say.

    Parameters
    ----------
    part
        As read; its sources get their municipality and their path from `root`.
    municipality
        Whose file it is.
    root
        Folder of the main file.
    """
    found = list(_sections(part, municipality))
    folder = part.files[0].parent
    for loc, source in _sources(part):
        if not isinstance(source, dict):
            continue
        whose = source.setdefault("municipality", municipality)
        if whose != municipality:
            found.append(
                _refusal("include-foreign", part, (*loc, "municipality"), municipality, whose)
            )
        for key in sorted(map(str, set(source) - OF_A_SOURCE)):
            found.append(_refusal("include-foreign", part, (*loc, key), municipality, key))
        if isinstance(source.get("path"), str):
            if _leads_out(folder, source["path"]):
                said = source["path"]
                found.append(_refusal("include-outside", part, (*loc, "path"), municipality, said))
            source["path"] = Path(os.path.relpath(folder / source["path"], root)).as_posix()
    return found


def _sections(part: Document, municipality: str) -> Iterator[Finding]:
    for section, entries in part.data.items():
        if section not in MAY_DECLARE:
            yield _refusal("include-foreign", part, (section,), municipality, section)
        elif section == "municipalities" and isinstance(entries, dict):
            for name in entries:
                if name != municipality:
                    yield _refusal("include-foreign", part, (section, name), municipality, name)
        elif section in ("records", "layers") and isinstance(entries, dict):
            for name, entry in entries.items():
                if isinstance(entry, dict) and "from" in entry:
                    loc = (section, name, "from")
                    yield _refusal("include-foreign", part, loc, municipality, "from")


def _sources(part: Document) -> Iterator[tuple[Loc, Any]]:
    """Yield every source of the file and where it stands."""
    for section in ("records", "layers"):
        for name, entry in _mapping(part.data.get(section)).items():
            for number, source in enumerate(_list(_mapping(entry).get("sources"))):
                yield (section, name, "sources", number), source
    for name, sources in _mapping(part.data.get("sources")).items():
        for number, source in enumerate(_list(sources)):
            yield ("sources", name, number), source


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _leads_out(folder: Path, path: str) -> bool:
    """Tell whether a path leaves the folder, by ``..``, from the root, or by a link."""
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or path.startswith("~"):
        return True
    return not (folder / pure).resolve().is_relative_to(folder.resolve())


def shared_sources(document: Document, part: Document) -> list[Finding]:
    """Give shared layers the sources that a municipality's file has for them."""
    found = []
    for name, sources in _mapping(part.data.pop("sources", None)).items():
        known = _mapping(document.data.get("layers"))
        target = _mapping(known.get(name))
        if not target or "from" in target:
            shown, line = part.place(("sources", name))
            found.append(
                Catalogue.of("pipeline.config").finding(
                    "reference-dangling", file=shown, row=line, field=f"sources.{name}",
                    value=name, kind="layers", known=", ".join(map(str, known)),
                )
            )  # fmt: skip
            continue
        already = target.setdefault("sources", [])
        for number, source in enumerate(_list(sources)):
            loc: Loc = ("layers", name, "sources", len(already))
            old = ("sources", name, number)
            moved = {(*loc, *at[3:]): p for at, p in part.places.items() if at[:3] == old}
            document.places.update(moved)
            already.append(source)
    return found


def _refusal(code: str, part: Document, loc: Loc, municipality: str, value: Any) -> Finding:
    shown, line = part.place(loc)
    return Catalogue.of("pipeline.config").finding(
        code, file=shown, row=line, field=".".join(map(str, loc)), value=str(value),
        municipality=municipality, known=", ".join(MAY_DECLARE),
    )  # fmt: skip
