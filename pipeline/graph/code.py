"""Which code and data files a function can run, found by following imports without importing."""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.graph.digests import FileMemory

OURS = frozenset({"pipeline", "gtfs", "tiles_server", "tonari"})
"""Top-level packages whose code is followed; all others are libraries with a version."""
_NOTHING: dict[str, Any] = {"imports": [], "lazy": {}, "words": [], "modules": []}
_NO_DATA = (".py", ".pyc", ".pyo", ".nbi", ".nbc", ".so", ".o", ".a", ".md")
_MODULE = re.compile(r"[a-z_]+(\.\w+)+(:\w+)?", re.ASCII).fullmatch


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
    memory: FileMemory
    ours: frozenset[str]
    modules: dict[str, Path] = field(default_factory=dict)
    data: dict[str, Path] = field(default_factory=dict)
    libraries: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


class CodeReader:
    """Finds and digests the code of functions.

    Parameters
    ----------
    memory
        Remembers what each file imports.
    """

    def __init__(self, memory: FileMemory) -> None:
        self._memory = memory
        self._known: dict[tuple[str, ...], Code] = {}

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
        graph = _Graph(self._memory, ours)
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in graph.modules:
                waiting += _follow(name, graph)
        for package in _packages(graph):
            for path in _data_files(package, graph):
                graph.data[f"{package}/{path.relative_to(_folder(package)).as_posix()}"] = path
        parts = sorted([*graph.modules.items(), *graph.data.items()])
        state = hashlib.sha256()
        for name, path in parts:
            state.update(f"{name}\0{self._memory.sha256(path)}\0".encode())
        return Code(
            state.hexdigest(),
            frozenset(graph.modules),
            tuple(path for _, path in parts),
            frozenset(graph.libraries),
        )


def _follow(name: str, graph: _Graph) -> list[str]:
    """Take up a module; return the modules it leads to."""
    path = module_file(name)
    if path is None:
        return []
    graph.modules[name] = path
    found = graph.memory.of(path, "imports", _imports, _NOTHING)
    graph.words.update(found["words"])
    before = [name.rpartition(".")[0]] if "." in name else []
    # A table of functions by name ("package.module:function") is a way in like an import.
    before += [word for word in found["modules"] if word.partition(".")[0] in graph.ours]
    for module, wanted in found["imports"]:
        target = _absolute(module, name, is_package=path.name == "__init__.py")
        top = target.partition(".")[0]
        if top not in graph.ours:
            if top not in sys.stdlib_module_names:
                graph.libraries.add(top)
            continue
        before.append(target)
        for part in wanted:
            before += _member(target, part, graph)
    return [module for module in before if module not in graph.modules]


def _member(target: str, part: str, graph: _Graph) -> list[str]:
    """Return the module that ``from target import part`` leads to besides `target`."""
    if module_file(f"{target}.{part}") is not None:
        return [f"{target}.{part}"]
    path = module_file(target)
    if path is None or path.name != "__init__.py":
        return []
    found = graph.memory.of(path, "imports", _imports, {"lazy": {}})
    # A package that imports its public names on first use (PEP 562) says where they live.
    home = found["lazy"].get(part)
    return [home] if home else []


def _absolute(module: str, inside: str, *, is_package: bool) -> str:
    level = len(module) - len(module.lstrip("."))
    if not level:
        return module
    parts = inside.split(".")
    parts = parts[: len(parts) - level + (1 if is_package else 0)]
    return ".".join([*parts, module.lstrip(".")]).rstrip(".")


def module_file(name: str) -> Path | None:
    """Return the file of one of our modules, without importing it."""
    top, _, rest = name.partition(".")
    folder = _top(top)
    if folder is None:
        return None
    if not rest:
        return folder if folder.is_file() else folder / "__init__.py"
    if folder.is_file():
        return None
    stem = folder.joinpath(*rest.split("."))
    for path in (stem / "__init__.py", stem.with_name(f"{stem.name}.py")):
        if path.is_file():
            return path
    return None


_TOPS: dict[str, Path | None] = {}


def _top(name: str) -> Path | None:
    if name not in _TOPS:
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            spec = None
        path = Path(spec.origin) if spec and spec.origin else None
        if path is not None and path.name == "__init__.py":
            path = path.parent
        _TOPS[name] = path
    return _TOPS[name]


def _folder(package: str) -> Path:
    path = module_file(package)
    return path.parent if path is not None else Path()


def _packages(graph: _Graph) -> set[str]:
    """Return the packages whose data files may be read."""
    own = {
        name if path.name == "__init__.py" else name.rpartition(".")[0]
        for name, path in graph.modules.items()
    } - {""}
    # `pipeline` itself is above everything; its own modules are few, its data is asked for by name.
    direct = {
        name.rpartition(".")[0]
        for name, path in graph.modules.items()
        if path.name != "__init__.py" and "." in name
    }
    named = {word for word in graph.words if word.partition(".")[0] in graph.ours}
    return {package for package in own | named if package in direct or package in named}


def _data_files(package: str, graph: _Graph) -> Iterator[Path]:
    folder = _folder(package)
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_file():
            if _is_data(path):
                yield path
        elif not (path / "__init__.py").exists() and path.name in graph.words:
            yield from (p for p in sorted(path.rglob("*")) if p.is_file() and _is_data(p))


def _is_data(path: Path) -> bool:
    hidden = any(part.startswith((".", "__pycache__")) for part in path.parts[-3:])
    return not hidden and path.suffix not in _NO_DATA


def _imports(path: Path) -> dict[str, Any]:
    """Return what a module imports, its late public names, and the words it holds."""
    tree = ast.parse(path.read_bytes())
    hints = [n for n in ast.walk(tree) if isinstance(n, ast.If) and _for_hints(n)]
    hidden = {id(inner) for node in hints for inner in _statements(node.body)}
    imports = [
        _named(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in hidden
    ]
    late = any(isinstance(n, ast.FunctionDef) and n.name == "__getattr__" for n in tree.body)
    lazy = {
        name: module
        for node in hints
        if late
        for inner in _statements(node.body)
        if isinstance(inner, ast.ImportFrom)
        for module, names in _named(inner)
        for name in names
    }
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_word(node.value)
    }
    return {
        "imports": sorted((m, sorted(n)) for group in imports for m, n in group),
        "lazy": lazy,
        "words": sorted(words),
        "modules": sorted(_modules_named(tree)),
    }


def _modules_named(tree: ast.Module) -> set[str]:
    """Return modules that stand in a module as text, ``a.b.c`` or ``a.b:function``."""
    texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
    named = {text.partition(":")[0] for text in texts if isinstance(text, str) and _MODULE(text)}
    return {name for name in named if _is_module(name)}


def _is_module(name: str) -> bool:
    path = module_file(name)
    return path is not None and path.name != "__init__.py"


def _is_word(text: str) -> bool:
    return len(text) < 80 and text.replace(".", "").replace("_", "").isalnum() and text.isascii()


def _for_hints(node: ast.If) -> bool:
    test = node.test
    name = test.id if isinstance(test, ast.Name) else getattr(test, "attr", "")
    return name == "TYPE_CHECKING"


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    for statement in body:
        yield from ast.walk(statement)


def _named(node: ast.Import | ast.ImportFrom) -> list[tuple[str, list[str]]]:
    if isinstance(node, ast.Import):
        return [(alias.name, []) for alias in node.names]
    module = "." * node.level + (node.module or "")
    return [(module, [alias.name for alias in node.names])]
