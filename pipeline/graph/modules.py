"""One module of ours: where its file is, what it imports and which words it holds."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


OURS = frozenset({"pipeline", "gtfs", "tiles_server", "tonari"})
"""Top-level packages whose code is followed; all others are libraries with a version."""

_MODULE = re.compile(r"[a-z_]+(\.\w+)+(:\w+)?", re.ASCII).fullmatch

_ASKS = frozenset({"files", "import_module", "distribution", "version", "find_spec"})
"""Functions that are told the name of a package as text."""


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


def imports_of(path: Path) -> dict[str, Any]:
    """Return what a module imports, its late public names, and the words it holds."""
    tree = ast.parse(path.read_bytes())
    nodes = list(ast.walk(tree))  # once: walking costs more than all that is asked of the nodes
    hints = [n for n in nodes if isinstance(n, ast.If) and _for_hints(n)]
    hidden = {id(inner) for node in hints for inner in _statements(node.body)}
    imports = [
        _named(node)
        for node in nodes
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
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {
        "imports": sorted((m, sorted(n)) for group in [*imports, *_asked(nodes)] for m, n in group),
        "lazy": lazy,
        "words": sorted(filter(_is_word, texts)),
        "modules": sorted(_modules_named(texts)),
    }


def _asked(nodes: list[ast.AST]) -> Iterator[list[tuple[str, list[str]]]]:
    """Yield packages asked for by name: ``resources.files("x")``, ``import_module("x")`` …"""
    for node in nodes:
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        first = node.args[0]
        if name in _ASKS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield [(first.value, [])]


def _modules_named(texts: set[str]) -> set[str]:
    """Return modules that stand in a module as text, ``a.b.c`` or ``a.b:function``."""
    named = {text.partition(":")[0] for text in texts if _MODULE(text)}
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
