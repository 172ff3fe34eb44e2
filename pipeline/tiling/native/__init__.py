"""Kernels: functions compiled to machine code at setup and called without their compiler.

``numba`` turns them into a shared library once (``python -m pipeline.tiling.native.build``, part
of ``make setup``); whoever cuts tiles loads that library and nothing else. Importing numba and
restoring thirteen compiled functions from its own cache took longer than cutting a small layer,
and held a hundred megabytes (docs/adr/0060).
"""

from pipeline.tiling.native.declare import Kernel, helper, inlined, kernel, record

__all__ = ["Kernel", "helper", "inlined", "kernel", "record"]
