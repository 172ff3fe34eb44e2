"""Our own modules of the map page as one file: each would cost a round trip of its own."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_FOREIGN = re.compile(r'^import \* as \w+ from "[^"]+";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


@cache
def script(entry: str) -> bytes:
    """Return module `entry` (without ``.js``) with all it imports of ours, in one module.

    Each becomes a function called once, so names stay its own. Only the forms that our modules
    use are understood: ``import {…} from "./x.js"``, ``import * as … from``, and ``export`` before
    a function, class or constant.
    """
    bodies: dict[str, str] = {}
    foreign: dict[str, None] = {}
    _collect(entry, bodies, foreign)
    parts = [*foreign, *bodies.values()]
    return "".join(parts).encode()


@cache
def styles(*files: str) -> bytes:
    """Return style sheets one after the other."""
    return b"\n".join((FOLDER / file).read_bytes() for file in files)


def _collect(name: str, bodies: dict[str, str], foreign: dict[str, None]) -> None:
    if name in bodies:
        return
    text = (FOLDER / f"{name}.js").read_text("utf-8")
    for found in _FOREIGN.finditer(text):
        foreign[found[0]] = None
    text = _FOREIGN.sub("", text)
    for found in _IMPORT.finditer(text):
        _collect(found[2], bodies, foreign)
    names = [found[2] for found in _EXPORT.finditer(text)]
    text = _IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_variable(found[2])};\n", text)
    text = _EXPORT.sub(r"\1", text)
    inner = f"{text}\nreturn {{ {', '.join(names)} }};\n"
    bodies[name] = f"const {_variable(name)} = (() => {{\n{inner}}})();\n"


def _variable(name: str) -> str:
    return "module_" + name.replace("-", "_")
