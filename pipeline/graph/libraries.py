"""Versions of the libraries that code uses, from the metadata of what is installed."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.graph.digests import FileMemory

_SETTINGS = ("GDAL_", "OGR_", "PROJ_", "CPL_", "SHAPE_", "NUMBA_CPU")
"""Environment variables by which native libraries give other results."""
_CERTIFICATES = "_CURL_CA_BUNDLE"
"""Set by wheels of GDAL and PROJ as they are imported, and inherited: they decide no result."""
_AT_IMPORT = dict(os.environ)
_NATIVE = {
    "pyogrio": "print(pyogrio.__gdal_version_string__)",
    "fiona": "print(fiona.__gdal_version__)",
    "rasterio": "print(rasterio.__gdal_version__)",
    "pyproj": "print(pyproj.proj_version_str, pyproj.datadir.get_data_dir())",
    "shapely": "print(shapely.geos_version_string)",
}
"""Distribution → how it tells which native library it is built on."""
_REQUIRED = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


class Libraries:
    """What is installed.

    Parameters
    ----------
    memory
        Remembers what folders of installed distributions hold: installing or removing one changes
        the folder.
    environment
        Settings of native libraries; those this process was started with unless given.
    """

    def __init__(self, memory: FileMemory, environment: Mapping[str, str] | None = None) -> None:
        self._memory = memory
        self._environment = initial_environment() if environment is None else environment
        self._owners: dict[str, list[str]] | None = None
        self._needs: dict[str, list[Any]] = {}

    def versions(self, names: Iterable[str]) -> dict[str, str]:
        """Return the versions behind some top-level names, and behind what those need.

        Parameters
        ----------
        names
            As imported, e.g. ``yaml``.

        Returns
        -------
        dict
            ``{distribution: version}``, and under ``python``, ``machine``, ``native`` what else
            decides the result of a calculation.
        """
        owners, needs = self._installed()
        waiting = [owner for name in names for owner in owners.get(name, [])]
        found: dict[str, str] = {}
        while waiting:
            name = waiting.pop()
            if name not in found and name in needs:
                version, required = needs[name]
                found[name] = version
                waiting += required
        return found | self._surroundings(found)

    def _installed(self) -> tuple[dict[str, list[str]], dict[str, list[Any]]]:
        if self._owners is None:
            self._owners = {}
            for entry in dict.fromkeys(sys.path):
                folder = Path(entry)
                if folder.name not in ("site-packages", "dist-packages"):
                    continue
                held = self._memory.of(folder, "distributions", _distributions, [{}, {}])
                for top, owners in held[0].items():
                    self._owners.setdefault(top, []).extend(owners)
                self._needs = held[1] | self._needs
        return self._owners, self._needs

    def _surroundings(self, found: dict[str, str]) -> dict[str, str]:
        around = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "settings": " ".join(
                f"{name}={value}"
                for name, value in sorted(self._environment.items())
                if name.startswith(_SETTINGS) and not name.endswith(_CERTIFICATES)
            ),
        }
        # Wheels bring GDAL, PROJ and GEOS along; installed otherwise they have lives of their own.
        for name in _NATIVE:
            if name in found:
                around[f"native {name}"] = self._native(name)
        return around

    def _native(self, name: str) -> str:
        linked = Path("/etc/ld.so.cache")
        stamp: str = self._memory.of(linked, "stamp", lambda file: str(file.stat().st_mtime_ns), "")
        folder = next((p for p in map(Path, sys.path) if (p / name).is_dir()), Path())
        what = f"native {name} {stamp}"
        version: str = self._memory.of(folder / name, what, lambda _: _native_version(name), "")
        return version


def initial_environment() -> dict[str, str]:
    """Return the environment this process was started with.

    What is imported changes it: wheels of GDAL and PROJ name their own data and certificates.
    """
    try:
        raw = Path("/proc/self/environ").read_bytes()
    except OSError:
        return dict(_AT_IMPORT)
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0") if entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def _native_version(name: str) -> str:
    """Ask in a process of its own: importing these libraries changes the one that does."""
    command = [sys.executable, "-c", f"import {name}; {_NATIVE[name]}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _distributions(folder: Path) -> list[dict[str, Any]]:
    owners: dict[str, list[str]] = {}
    needs: dict[str, list[Any]] = {}
    for found in metadata.distributions(path=[str(folder)]):
        name = _canonical(found.metadata["Name"])
        required = [r for r in found.requires or () if "extra ==" not in r]
        matches = [m for m in map(_REQUIRED.match, required) if m]
        needs[name] = [found.version, [_canonical(match.group(1)) for match in matches]]
        for top in _tops(found):
            owners.setdefault(top, []).append(name)
    return [owners, needs]


def _tops(found: metadata.Distribution) -> set[str]:
    listed = found.read_text("top_level.txt")
    tops = set(listed.split()) if listed else set()
    for file in found.files or ():
        first = file.parts[0]
        if len(file.parts) > 1 or first.endswith((".py", ".so")):
            tops.add(first.partition(".")[0])
    return {top for top in tops if top.isidentifier()}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
