"""What is dear to make and only read: made once in a run, whichever worker asks first."""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Return the folder `name` that `make` fills, the same one for all workers of a run.

    Whoever asks first makes it while the others wait: a lock of the operating system, which
    ends with the process that holds it. What a maker left that failed is thrown away, so the
    next one who asks begins anew and fails for the same reason, not for half a folder.

    Parameters
    ----------
    tmp_path_factory
        Of this worker; the folders of all workers lie beside each other.
    name
        Of the folder; nobody may write into it once it is made.
    make
        Fills the empty folder it is given.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, whole = shared / f"once-{name}", shared / f"once-{name}.whole"
    with (shared / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder
