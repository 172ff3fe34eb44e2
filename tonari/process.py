"""How a process that builds behaves towards the machine it shares."""

from __future__ import annotations

import ctypes
import os

_ARENA_MAX = -8
"""``M_ARENA_MAX`` of glibc's mallopt(3)."""


def be_modest() -> None:
    """Hold no more memory and threads than the work needs; call it before numpy is imported.

    Threads share one heap (freed arrays are used again by whichever thread comes next), Arrow
    gives back what it does not use, and no threads are started for linear algebra, of which there
    is none here. Measured on 200,000 buildings: 273 instead of 364 MB, and no slower.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
