"""Compile kernels once, at setup, and find them again afterwards.

numba writes its cache beside the source when that folder is writable and compiles anew on every
start when it is not; and it does not notice when a kernel that another kernel calls has changed.
Here the stamp covers the sources of all kernels, and a folder that can no longer be written
still serves what was compiled into it at setup.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from numba import njit
from numba.core import caching

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

PACKAGE = Path(__file__).parent
_CONSTANTS = ("_jit", "pieces", "shapes")
"""Modules whose constants and tuples are compiled into kernels, though they hold none."""

_OPTIONS = {"nogil": True, "boundscheck": False, "error_model": "numpy"}


@cache
def source_stamp() -> str:
    """Return a digest of every source file of the tiling package; the archive has no kernels."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(PACKAGE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@cache
def cache_folder() -> Path:
    """Return where compiled kernels live: beside the package, else in the user's cache.

    A folder beside the package that cannot be written is still used when it holds kernels, so
    that an installation made read-only after ``make setup`` starts without compiling.
    """
    beside = PACKAGE / "__pycache__" / "kernels"
    if _writable(beside) or any(beside.glob("*.nbi")):
        return beside
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "tonari" / "kernels"


class _Locator(caching._CacheLocator):  # type: ignore[misc]  # numba is untyped
    def __init__(self, line: int) -> None:
        self._line = line

    def ensure_cache_path(self) -> None:
        """Accept any folder: reading needs no permission to write."""
        _writable(cache_folder())

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return source_stamp()

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Callable[..., object], py_file: str) -> _Locator:
        return cls(py_func.__code__.co_firstlineno)


class _Implementation(caching.CompileResultCacheImpl):  # type: ignore[misc]  # numba is untyped
    _locator_classes = (_Locator,)


class _Cache(caching.FunctionCache):  # type: ignore[misc]  # numba is untyped
    _impl_class = _Implementation

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel, or go on without where nothing can be written."""
        try:
            super().save_overload(sig, data)
        except OSError:
            self.disable()


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` on first use, without the GIL, and keep it on disk.

    Kernels called from Python carry this decorator; those called only from other kernels carry
    :func:`helper`, because loading the caller brings them along.
    """
    dispatcher = njit(**_OPTIONS)(function)
    dispatcher._cache = _Cache(function)
    return cast("Callable[P, R]", dispatcher)


def helper(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` as a part of the kernels that call it."""
    return cast("Callable[P, R]", njit(**_OPTIONS)(function))
