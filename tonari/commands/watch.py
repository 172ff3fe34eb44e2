"""``tonari watch``: build whenever a source, our own or a neighbour's, has changed."""

from __future__ import annotations

import hashlib
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import click

from tonari.console import DONE, WRONG_USE, common_options, memory_option, messages

if TYPE_CHECKING:
    from pathlib import Path

LOOK_SECONDS = 2.0
"""Between two looks at our own files."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(text: str) -> int:
    """Read ``30m``, ``1h``, ``1d``.

    Raises
    ------
    click.BadParameter
        If it is none of these.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if found is None:
        raise click.BadParameter(f"'{text}' is no duration like 30m, 1h or 1d")
    return int(found[1]) * UNITS[found[2]]


@click.command()
@click.option(
    "--every",
    metavar="TIME",
    default="1h",
    show_default=True,
    callback=lambda context, option, text: seconds_of(text),
    help="How often neighbours are asked, e.g. 30m, 1h, 1d. 隣に尋ねる間隔",
)
@click.option("--builds", type=click.IntRange(min=1), hidden=True)
@memory_option
@common_options
def command(
    every: int, builds: int | None, memory: int, config: Path, data: Path, as_json: bool
) -> None:
    """Build whenever a source, our own or a neighbour's, has changed. 変わるたびに作る

    Our own files are looked at all the time, neighbours every hour. A build that fails is told
    and tried again; what is served stays whole. Ctrl-C or SIGTERM ends it after the build.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    arguments = ["--config", str(config), "--data", str(data)]
    arguments += ["--memory", str(memory)] if memory else []
    arguments += ["--json"] if as_json else []
    done = 0
    while not stop.is_set():
        seen = signature(config)
        _build(arguments)
        done += 1
        if builds is not None and done >= builds:
            break
        _wait(stop, config, seen, every + _apart(config, every))
    sys.exit(DONE)


def _build(arguments: list[str]) -> None:
    """Build in a process of its own: what it holds and what ends it is over with it."""
    command = [sys.executable, "-m", "tonari", "build", *arguments]
    # Ctrl-C on a terminal reaches the whole group; the build is to end whole.
    status = subprocess.run(command, check=False, start_new_session=True).returncode
    if status not in (DONE, WRONG_USE):
        messages.print(f"{time.strftime('%H:%M')} 作成に誤り build: exit {status}", markup=False)


def _wait(stop: threading.Event, config: Path, seen: str, seconds: float) -> None:
    """Wait until it is time to ask neighbours, or one of our files has changed and is still."""
    end = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < end:
        stop.wait(min(LOOK_SECONDS, max(0.0, end - time.monotonic())))
        now = signature(config)
        if now != seen:
            stop.wait(LOOK_SECONDS)
            if signature(config) == now:
                return


def _apart(config: Path, every: int) -> float:
    """Return some seconds, always the same ones here, so that not all cities ask at once."""
    digest = hashlib.sha256(str(config.resolve()).encode()).digest()
    return every * 0.1 * digest[0] / 255


def signature(config: Path) -> str:
    """Return what changes when one of our files does: names, sizes and times."""
    from pipeline.config.base import input_files  # noqa: PLC0415 - help must not wait
    from pipeline.config.load import load  # noqa: PLC0415
    from pipeline.errors import TonariError  # noqa: PLC0415
    from pipeline.sources.files import source_files  # noqa: PLC0415

    paths = [config]
    try:
        loaded = load(config)
    except TonariError:
        pass  # the build says what is wrong
    else:
        declared = loaded.declaration
        named = {s.path for d in (*declared.layers.values(), *declared.records.values())
                 for s in d.sources if s.path}  # fmt: skip
        named |= {path for path in input_files(declared) if path}
        paths += loaded.document.files
        paths += [p for name in sorted(named) for p in source_files(loaded.root / name)]
    said = "\n".join(f"{path} {_stamp(path)}" for path in paths)
    return hashlib.sha256(said.encode()).hexdigest()


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "absent"
    return f"{found.st_mtime_ns} {found.st_size}"
