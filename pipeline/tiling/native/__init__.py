"""Kernels: functions compiled to machine code at setup and called without their compiler.

``numba`` turns them into a shared library once (``python -m pipeline.tiling.native.build``, part
of ``make setup``); whoever cuts tiles loads that library and nothing else. Importing numba and
restoring thirteen compiled functions from its own cache took longer than cutting a small layer,
and held a hundred megabytes (docs/adr/0060).
"""

from typing import TYPE_CHECKING

from pipeline.tiling.native import declare
from pipeline.tiling.native.declare import Kernel, helper, inlined, kernel, record

if TYPE_CHECKING:
    from pipeline.tiling.native.declare import prefetch

__all__ = ["Kernel", "helper", "inlined", "kernel", "prefetch", "record"]


def __getattr__(name: str) -> object:
    """Hand out our intrinsic while kernels are compiled, else the function that stands for it."""
    if name != "prefetch":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not declare.building:
        return declare.prefetch
    from pipeline.tiling.native import intrinsics

    return intrinsics.prefetch
