"""What builds remember of files: learnt once by a run of tests, not by each of its small builds.

A first build in an empty folder reads the imports of every module of ours and asks native
libraries for their versions; that takes seconds, and small builds in empty folders are what most
tests of layers make. The program keeps what it learnt beside the data and looks whether size,
times and inode of each file are still the same; here one such file is lent to all of them.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.graph.keys import Keys
from pipeline.run import MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is gone when this process ends."""
    return tempfile.TemporaryDirectory(prefix="tonari-tests-")


def _remembered() -> Path:
    return Path(_folder().name) / MEMORY


@contextmanager
def keys_that_remember() -> Iterator[Keys]:
    """Lend keys for steps that run without a build; what they learn is kept."""
    keys = Keys(_remembered())
    yield keys
    keys.files.save()


@contextmanager
def remembering(data: Path) -> Iterator[None]:
    """Lend a data folder that has no memory yet the one of this run, as a second build has it."""
    own = data / "cache" / MEMORY
    lent = not (data / "cache").exists() and _remembered().exists()
    if lent:
        own.parent.mkdir(parents=True, mode=0o700)
        shutil.copyfile(_remembered(), own)
    yield
    if not lent and own.exists():
        shutil.copyfile(own, _remembered())
