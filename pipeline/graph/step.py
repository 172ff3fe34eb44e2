"""A step: one pure piece of a build, and what its function is handed and gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeline.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.progress import Progress


@dataclass(frozen=True)
class Step:
    """One pure piece of a build.

    Attributes
    ----------
    name
        For people, e.g. ``layers.parks: read koen.csv``; takes no part in the key.
    function
        ``package.module:name`` of a function that takes a :class:`Work` and returns a
        :class:`Made`.
    options
        What of the declaration it reads: a frozen dataclass or an object of the declaration.
    inputs
        Steps whose results it is handed, in this order.
    files
        ``{path as declared: file}`` of every file it reads.
    code
        Further functions, written like `function`, that it calls by name.
    clean
        Whether an error found by any step before it blocks it: nothing is written of wrong data.
    """

    name: str
    function: str
    options: Any = None
    inputs: tuple[Step, ...] = ()
    files: tuple[tuple[str, Path], ...] = ()
    code: tuple[str, ...] = ()
    clean: bool = False

    def __hash__(self) -> int:
        return hash((self.name, self.function, self.inputs))

    def ancestors(self) -> Iterator[Step]:
        """Yield every step before this one, each once, inputs before what needs them."""
        seen: set[int] = set()
        for step in self.inputs:
            yield from _walk(step, seen)


def _walk(step: Step, seen: set[int]) -> Iterator[Step]:
    if id(step) in seen:
        return
    seen.add(id(step))
    for before in step.inputs:
        yield from _walk(before, seen)
    yield step


@dataclass(frozen=True)
class Entry:
    """What a step made, as it lies in the cache.

    Attributes
    ----------
    key
        Of the step.
    recipe
        Digest of its code, libraries and options, without inputs and files.
    folder
        Where its files are.
    facts
        JSON-ready: counts, bounds, whatever the steps after it or the manifest say.
    findings
        Everything observed.
    files
        ``{name: (bytes, sha256)}``.
    seconds
        How long it took.
    """

    key: str
    recipe: str
    folder: Path
    facts: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0

    def path(self, name: str) -> Path:
        """Return where one of its files is."""
        return self.folder / name


@dataclass(frozen=True)
class Work:
    """What the function of a step is handed.

    Attributes
    ----------
    options, inputs
        As the step says.
    folder
        Exists and is empty; every file in it when the function returns is part of the result.
    progress
        To be told how far it is.
    memory
        Bytes it may hold; 0 is no bound. Must not change the result.
    before
        What the same step made of other inputs, for bringing that up to date; ``None`` if there
        is nothing. Must not change the result.
    work
        Where a step that was stopped may find what it had done.
    """

    options: Any
    inputs: tuple[Entry, ...]
    folder: Path
    progress: Progress = silent
    memory: int = 0
    before: tuple[Entry, tuple[Entry, ...]] | None = None
    work: Path | None = None


@dataclass(frozen=True)
class Made:
    """What the function of a step gives back, beside the files it wrote."""

    facts: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def resolve(function: str) -> Callable[..., Any]:
    """Import the function that ``package.module:name`` names."""
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
