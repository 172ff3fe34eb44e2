"""Which code and data files a function can run, found by following imports without importing."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.graph.modules import OURS, imports_of, module_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.graph.digests import FileMemory

_NOTHING: dict[str, Any] = {"imports": [], "lazy": {}, "words": [], "modules": []}
_NO_DATA = (".py", ".pyc", ".pyo", ".nbi", ".nbc", ".so", ".o", ".a", ".md")


@dataclass(frozen=True)
class Code:
    """The code behind some functions.

    Attributes
    ----------
    digest
        Of all modules and data files.
    modules
        Names of the modules followed.
    files
        Every module and data file.
    libraries
        Top-level names imported that are not ours.
    """

    digest: str
    modules: frozenset[str]
    files: tuple[Path, ...]
    libraries: frozenset[str]


@dataclass
class _Graph:
    """What was found on the way from some functions."""

    modules: dict[str, Path] = field(default_factory=dict)
    libraries: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Module:
    """One module: where it is, where it leads, and what it holds as text."""

    path: Path
    leads: tuple[str, ...]
    libraries: tuple[str, ...]
    words: tuple[str, ...]


class CodeReader:
    """Finds and digests the code of functions, each file looked at once.

    Parameters
    ----------
    memory
        Remembers what each file imports, between runs.
    """

    def __init__(self, memory: FileMemory) -> None:
        self._memory = memory
        self._known: dict[tuple[str, ...], Code] = {}
        self._modules: dict[tuple[frozenset[str], str], _Module | None] = {}
        self._paths: dict[str, Path | None] = {}
        self._found: dict[Path, dict[str, Any]] = {}
        self._digests: dict[Path, str] = {}
        self._listed: dict[str, list[tuple[str, Path]]] = {}

    def of(self, *functions: str) -> Code:
        """Return the code that ``package.module:name`` … can run.

        Imports anywhere in a module count, also inside functions; those only a type checker sees
        do not. A package's data files (templates, tables, sentences) count when one of its
        modules does, or when its name stands in the code as text; a subfolder that is no package
        counts for code that names it.
        """
        names = tuple(sorted({function.partition(":")[0] for function in functions}))
        if names not in self._known:
            self._known[names] = self._read(names)
        return self._known[names]

    def _read(self, names: tuple[str, ...]) -> Code:
        ours = OURS | {name.partition(".")[0] for name in names}
        graph, waiting = _Graph(), list(names)
        while waiting:
            name = waiting.pop()
            if name in graph.modules:
                continue
            module = self._module(name, ours)
            if module is not None:
                graph.modules[name] = module.path
                graph.libraries.update(module.libraries)
                graph.words.update(module.words)
                waiting += module.leads
        data = {
            name: path
            for package in _packages(graph, ours)
            for name, path in self._data_files(package)
            if path.parent == _folder(package) or set(name.split("/")[1:-1]) & graph.words
        }
        parts = sorted([*graph.modules.items(), *data.items()])
        state = hashlib.sha256()
        for name, path in parts:
            state.update(f"{name}\0{self._digest(path)}\0".encode())
        files = tuple(path for _, path in parts)
        libraries = frozenset(graph.libraries)
        return Code(state.hexdigest(), frozenset(graph.modules), files, libraries)

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = self._memory.sha256(path)
        return self._digests[path]

    def _path(self, name: str) -> Path | None:
        if name not in self._paths:
            self._paths[name] = module_file(name)
        return self._paths[name]

    def _said(self, path: Path) -> dict[str, Any]:
        if path not in self._found:
            self._found[path] = self._memory.of(path, "imports 2", imports_of, _NOTHING)
        return self._found[path]

    def _module(self, name: str, ours: frozenset[str]) -> _Module | None:
        if (ours, name) not in self._modules:
            self._modules[ours, name] = self._followed(name, ours)
        return self._modules[ours, name]

    def _followed(self, name: str, ours: frozenset[str]) -> _Module | None:
        path = self._path(name)
        if path is None:
            return None
        found = self._said(path)
        leads = [name.rpartition(".")[0]] if "." in name else []
        # A table of functions by name ("package.module:function") is a way in like an import.
        leads += [word for word in found["modules"] if word.partition(".")[0] in ours]
        libraries = set()
        for module, wanted in found["imports"]:
            target = _absolute(module, name, is_package=path.name == "__init__.py")
            top = target.partition(".")[0]
            if top in ours:
                leads += [target, *(m for part in wanted for m in self._member(target, part))]
            elif top not in sys.stdlib_module_names:
                libraries.add(top)
        return _Module(path, tuple(leads), tuple(libraries), tuple(found["words"]))

    def _member(self, target: str, part: str) -> list[str]:
        """Return the module that ``from target import part`` leads to besides `target`."""
        if self._path(f"{target}.{part}") is not None:
            return [f"{target}.{part}"]
        path = self._path(target)
        if path is None or path.name != "__init__.py":
            return []
        # A package that imports its public names on first use (PEP 562) says where they live.
        home = self._said(path)["lazy"].get(part)
        return [home] if home else []

    def _data_files(self, package: str) -> list[tuple[str, Path]]:
        if package not in self._listed:
            self._listed[package] = list(_data_files(package))
        return self._listed[package]


def _absolute(module: str, inside: str, *, is_package: bool) -> str:
    level = len(module) - len(module.lstrip("."))
    if not level:
        return module
    parts = inside.split(".")
    parts = parts[: len(parts) - level + (1 if is_package else 0)]
    return ".".join([*parts, module.lstrip(".")]).rstrip(".")


def _folder(package: str) -> Path:
    """Return the folder of a package; the empty path for what is none."""
    path = module_file(package)
    return path.parent if path is not None and path.name == "__init__.py" else Path()


def _packages(graph: _Graph, ours: frozenset[str]) -> set[str]:
    """Return the packages whose data files may be read: of modules followed, and named ones.

    A package of which only ``__init__`` was followed lies above one that counts, no more.
    """
    direct = {
        name.rpartition(".")[0]
        for name, path in graph.modules.items()
        if path.name != "__init__.py" and "." in name
    }
    named = {word for word in graph.words if word.partition(".")[0] in ours}
    return direct | named


def _data_files(package: str) -> Iterator[tuple[str, Path]]:
    """Yield name and path of the data files of a package and of its folders that are none."""
    folder = _folder(package)
    if folder == Path():
        return
    for path in sorted(folder.iterdir()):
        if path.is_file():
            if _is_data(path):
                yield f"{package}/{path.name}", path
        elif not (path / "__init__.py").exists():
            for inner in sorted(path.rglob("*")):
                if inner.is_file() and _is_data(inner):
                    yield f"{package}/{inner.relative_to(folder).as_posix()}", inner


def _is_data(path: Path) -> bool:
    hidden = any(part.startswith((".", "__pycache__")) for part in path.parts[-3:])
    return not hidden and path.suffix not in _NO_DATA
