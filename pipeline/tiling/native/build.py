"""Compiling the kernels: ``python -m pipeline.tiling.native.build``, called by ``make setup``.

All kernels become one object file, linked to a shared library where the machine has a linker
(``cc``); without one the object itself is kept and loaded through LLVM, which costs each start
some forty milliseconds and fifty megabytes.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llvmlite import binding
from numba import from_dtype, types
from numba.core.compiler import Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.runtime import nrtdynmod

from pipeline.tiling.native import declare
from pipeline.tiling.native.library import PACKAGE, cache_folder, compiled, locked, sources, stamp
from pipeline.tiling.native.signature import Array, Record, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT_SECONDS = 30 * 24 * 3600
_MEMORY = Path(__file__).with_name("memory.ll")


def modules() -> list[str]:
    """Return the names of all modules that declare kernels."""
    return [
        ".".join(path.relative_to(PACKAGE.parents[1]).with_suffix("").parts)
        for path in sources()
        if "\n@kernel(" in path.read_text(encoding="utf-8")
    ]


def _numba_type(part: Array | Record | Scalar) -> Any:
    if isinstance(part, Scalar):
        return {int: types.int64, float: types.float64, bool: types.boolean}[part.python]
    if isinstance(part, Record):
        return types.NamedTuple([_numba_type(array) for array in part.arrays], part.kind)
    return types.Array(from_dtype(part.dtype), part.ndim, "C")


def _flags() -> Any:
    flags = Flags()
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.nrt = True
    flags.error_model = declare.OPTIONS["error_model"]
    return flags


@global_compiler_lock  # type: ignore[untyped-decorator]  # numba is untyped
def object_code(kernels: Iterable[declare.Kernel[Any, Any]]) -> bytes:
    """Compile kernels for this processor into one position-independent object file."""
    context = cpu_target.target_context.with_aot_codegen("kernels", cpu_name="host")
    library = context.codegen().create_library("kernels")
    nrt, _ = nrtdynmod.create_nrt_module(context)
    library.add_ir_module(nrt)
    library.add_llvm_module(binding.parse_assembly(_MEMORY.read_text(encoding="utf-8")))
    for one in kernels:
        result = getattr(types, one.signature.result or "none")
        done = compile_extra(
            cpu_target.typing_context, context, one.function,
            tuple(_numba_type(part) for part in one.signature.layout), result, _flags(),
            locals={}, library=library,
        )  # fmt: skip
        library.get_function(done.fndesc.llvm_func_name).name = one.symbol
    library.finalize()
    code: bytes = library.emit_native_object()
    return code


def build() -> Path:
    """Compile the kernels of these sources; return the library."""
    declare.building = True
    for name in modules():
        import_module(name)
    code = object_code(declare.kernels.values())
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / f"{stamp()}.o"
        made.write_bytes(code)
        made = _linked(made)
        if made.suffix == ".so":
            ctypes.CDLL(str(made))  # fails here, not at the first use, if a function is missing
        _tidy(folder)
        return made.replace(folder / made.name)


def _tidy(folder: Path) -> None:
    """Remove libraries nobody has made for a month; others may be in use, here or elsewhere."""
    for old in folder.glob("*.[os]*"):
        if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
            old.unlink(missing_ok=True)


def _linked(code: Path) -> Path:
    """Link an object to a shared library if the machine can, else return it as it is."""
    linker = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    shared = code.with_suffix(".so")
    if linker is None:
        return code
    command = [linker, "-shared", "-o", str(shared), str(code), "-lm"]
    done = subprocess.run(command, check=False, capture_output=True)
    return shared if done.returncode == 0 else code


if __name__ == "__main__":
    started = time.perf_counter()
    with locked():
        library = compiled() or build()
    print(f"tiling kernels ready in {library.name} after {time.perf_counter() - started:.1f} s")
