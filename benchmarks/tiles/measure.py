"""Running a command and saying how long it took and what it held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LAUNCH = Path(__file__).resolve().parent / "scripts" / "launch.py"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: wall and processor seconds, peak resident bytes of its largest process."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


class RunFailedError(Exception):
    """A command failed, was killed, or took longer than allowed."""


def run(
    words: Sequence[str],
    *,
    processors: int = 0,
    allowed: float = 900,
    variables: Mapping[str, str] = {},
) -> Run:
    """Run a command in a process of its own.

    Parameters
    ----------
    words
        The command.
    processors
        How many processors it may use; 0 for all.
    allowed
        Seconds after which it is killed.
    variables
        Added to its environment.

    Raises
    ------
    RunFailedError
        With the last lines it wrote.
    """
    launched = subprocess.run(
        [sys.executable, "-I", "-S", str(_LAUNCH), str(processors), str(allowed), *words],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | dict(variables),
    )
    try:
        result = json.loads(launched.stdout)
    except ValueError:
        raise RunFailedError(launched.stderr[-500:].strip() or "did not start") from None
    if result["status"] != 0:
        raise RunFailedError(f"status {result['status']}: {launched.stderr[-500:].strip()}")
    return Run(result["seconds"], result["cpu_seconds"], result["peak_bytes"])
