"""Finding the compiled library; making it when there is none for these sources."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.tiling.native.signature import Signature

PACKAGE = Path(__file__).parents[1]


@cache
def stamp() -> str:
    """Return a digest of the sources of all kernels and of what this processor can do.

    The archive room has no kernels and does not count.
    """
    digest = hashlib.blake2b(platform.machine().encode(), digest_size=10)
    digest.update(_processor())
    for path in sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def sources() -> Iterator[Path]:
    """Yield every file of which something may be compiled into the library."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name == "native":
            continue
        if b"pipeline.tiling.native import" in path.read_bytes():
            yield path
    for name in ("build.py", "declare.py", "intrinsics.py", "memory.ll", "signature.py"):
        yield PACKAGE / "native" / name


def _processor() -> bytes:
    """Return the line that names the instructions of this processor, empty where there is none."""
    try:
        with Path("/proc/cpuinfo").open("rb") as lines:
            return next((line for line in lines if line.startswith((b"flags", b"Features"))), b"")
    except OSError:
        return platform.processor().encode()


@cache
def cache_folder() -> Path:
    """Return where the library lies: beside the package, else in the user's cache.

    A folder beside the package that cannot be written serves as long as it holds the library, so
    that an installation made read-only after ``make setup`` starts without compiling.
    """
    beside = PACKAGE / "__pycache__" / "kernels"
    if _writable(beside) or any(beside.glob(f"{stamp()}.*")):
        return beside
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "tonari" / "kernels"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def compiled() -> Path | None:
    """Return the library of these sources: shared (``.so``), or an object (``.o``)."""
    for suffix in (".so", ".o"):
        path = cache_folder() / f"{stamp()}{suffix}"
        if path.exists():
            return path
    return None


def ensure() -> Path:
    """Return the library, compiling it first if need be; processes wait for one another.

    Raises
    ------
    RuntimeError
        If it cannot be compiled.
    """
    if found := compiled():
        return found
    import subprocess

    print(
        "タイルの計算部分を準備しています（一分ほど） compiling the tiling kernels (a minute)",
        file=sys.stderr,
    )
    command = [sys.executable, "-m", "pipeline.tiling.native.build"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=PACKAGE.parents[1]
    )
    found = compiled()
    if found is None:
        raise RuntimeError(f"the tiling kernels could not be compiled: {done.stderr[-2000:]}")
    return found


@contextmanager
def locked() -> Iterator[None]:
    """Keep other processes from compiling into the same folder."""
    import fcntl

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def _address_of() -> Callable[[str], int]:
    """Load the library; return what finds a function in it."""
    path = ensure()
    if path.suffix == ".so":
        shared = ctypes.CDLL(str(path))

        def exported(symbol: str) -> int:
            address = ctypes.cast(getattr(shared, symbol), ctypes.c_void_p).value
            return address or 0

        return exported
    return _load_object(path)


def _load_object(path: Path) -> Callable[[str], int]:
    """Load an object where there was no linker at setup, by the one LLVM brings for itself."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(jit=True)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(path.read_bytes()))
    engine.finalize_object()
    return lambda symbol: int(engine.get_function_address(symbol))


def bind(symbol: str, signature: Signature) -> Callable[..., Any]:
    """Return a compiled function as something Python can call.

    The convention is numba's: a place for the result, a place for an exception, the arguments;
    a status of 0 is success. Kernels raise nothing but for want of memory.
    """
    prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *signature.words)
    function = prototype(_address_of()(symbol))

    def call(*args: Any) -> Any:
        result, failure = signature.holder, ctypes.c_void_p()
        status = function(
            ctypes.addressof(result), ctypes.addressof(failure), *signature.lay_out(args)
        )
        if status:
            raise MemoryError(f"{symbol} stopped with status {status}")
        return result.value if signature.result else None

    return call
