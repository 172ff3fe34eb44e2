"""The key of a step: a digest that changes whenever its result could."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pipeline.graph.code import Code, CodeReader
from pipeline.graph.digests import FileMemory
from pipeline.graph.libraries import Libraries
from pipeline.graph.modules import module_file

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.graph.step import Step

FORMAT = 1
"""Raised when what steps keep in the cache changes its form."""


class Keys:
    """Computes keys of steps; one for a build.

    Parameters
    ----------
    memory
        File that keeps digests of files between builds; ``None`` keeps them for this one.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self.files = FileMemory(memory)
        self._code = CodeReader(self.files)
        self._libraries = Libraries(self.files)
        self._keys: dict[int, tuple[Step, str, str]] = {}
        self._read: dict[int, dict[str, str]] = {}

    def key(self, step: Step) -> str:
        """Return the key of a step: inputs, files, options, code and libraries."""
        return self._of(step)[1]

    def recipe(self, step: Step) -> str:
        """Return what stays of the key when the inputs are others: the same work."""
        return self._of(step)[2]

    def read_by(self, step: Step) -> dict[str, str]:
        """Return ``{path as declared: digest}`` of the files of a step, as its key has them."""
        self.key(step)
        return self._read[id(step)]

    def code(self, step: Step) -> Code:
        """Return the code of a step."""
        own = self._code.of(step.function, *step.code)
        # What a model does is part of the code; what it imports only checked the declaration.
        homes = {module_file(kind.__module__) for kind in _models(step.options)}
        files = sorted(path for path in homes if path is not None and path not in own.files)
        if not files:
            return own
        parts = [own.digest, *(self.files.sha256(path) for path in files)]
        return Code(_sha256(parts), own.modules, (*own.files, *files), own.libraries)

    def digest(self, *functions: str) -> str:
        """Return a digest of the code behind functions and of the libraries they use."""
        code = self._code.of(*functions)
        return _sha256([code.digest, self._libraries.versions(code.libraries)])

    def _of(self, step: Step) -> tuple[Step, str, str]:
        found = self._keys.get(id(step))
        if found is None:
            code = self.code(step)
            recipe = _sha256(
                {
                    "format": FORMAT,
                    "function": step.function,
                    "called": step.code,
                    # Not sorted: the order of what is declared is the order of what is made.
                    "options": json.dumps(plain(step.options), ensure_ascii=False),
                    "code": code.digest,
                    "libraries": self._libraries.versions(code.libraries),
                }
            )
            files = {name: self.files.sha256(path) for name, path in step.files}
            self._read[id(step)] = files
            key = _sha256([recipe, [self.key(before) for before in step.inputs], files])
            # The step itself is kept, so that no other is ever made at its address.
            found = self._keys[id(step)] = (step, key, recipe)
        return found


def plain(value: Any) -> Any:
    """Return options as JSON-ready data.

    Fields of dataclasses with ``metadata={"key": False}`` (where something lies, not what it is)
    are left out.

    Raises
    ------
    TypeError
        If a value has no form that is the same every time.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if is_dataclass(value):
        kept = [f.name for f in fields(value) if f.metadata.get("key", True)]
        return {name: plain(getattr(value, name)) for name in kept}
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    raise TypeError(f"{type(value).__name__} cannot be part of a step's options")


def _models(value: Any) -> set[type]:
    """Return the classes of the options, at any depth."""
    found: set[type] = set()
    if isinstance(value, BaseModel):
        found.add(type(value))
        parts = [getattr(value, name) for name in type(value).model_fields]
    elif is_dataclass(value):
        found.add(type(value))
        parts = [getattr(value, f.name) for f in fields(value)]
    elif isinstance(value, dict):
        parts = list(value.values())
    else:
        parts = list(value) if isinstance(value, tuple | list) else []
    for part in parts:
        found |= _models(part)
    return found


def _sha256(parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
