# ruff: noqa: PLC0415 - a task loads only what it measures, so that memory is its own
"""One measured task in a process of its own: ``python -m benchmarks.gtfs.task NAME ARGUMENT …``.

Prints one line of JSON: seconds of each step, peak resident bytes, and what was found.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ON = dt.date(2026, 11, 23)


class Watch:
    """Seconds of named steps, by the clock and of processors."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    def __call__(self, step: str, work: Callable[[], Any]) -> Any:
        """Do some work and write down how long it took."""
        start, busy = time.perf_counter(), time.process_time()
        result = work()
        self.steps[step] = time.perf_counter() - start
        self.processor[step] = time.process_time() - busy
        return result


def build(watch: Watch, root: str, out: str) -> dict[str, Any]:
    """Build the generated operator from its workbooks, reconcile it, write it."""
    from benchmarks.gtfs.operator import PER_ROUTE
    from gtfs.build.feed import build_feed
    from gtfs.feed.write import write_zip
    from pipeline.config.base import Text
    from pipeline.config.feeds import Feed

    declared = json.loads((Path(root) / "declaration.json").read_text(encoding="utf-8"))
    publisher = types.SimpleNamespace(
        name=Text(ja="測定", en="Measuring"), contact="gis@example.jp", url="https://example.jp/"
    )
    feed = Feed.model_validate(declared)
    built = watch("build", lambda: build_feed("bus", feed, root=Path(root), publisher=publisher))
    if built.blocked:
        raise SystemExit("\n".join(f.line("en") for f in built.findings[:5]))
    watch("write", lambda: write_zip(built.tables, Path(out)))
    expected = len(declared["routes"]) * PER_ROUTE
    matched = built.reconciliation.as_dict()
    assert len(built.tables["stop_times"]) == expected, "stop_times are missing"
    return {"stop_times": expected, "reconciliation": matched}


def ours(watch: Watch, path: str, out: str) -> dict[str, Any]:
    """Read a feed and write it."""
    from gtfs.feed.read import read_feed
    from gtfs.feed.write import write_zip

    feed = watch("read", lambda: read_feed(Path(path)).feed)
    watch("write", lambda: write_zip(feed, Path(out)))
    return {"stop_times": len(feed["stop_times"]), "bytes": Path(out).stat().st_size}


def gtfs_kit(watch: Watch, path: str, out: str) -> dict[str, Any]:
    """Read a feed and write it with gtfs-kit."""
    import gtfs_kit as kit

    feed = watch("read", lambda: kit.read_feed(path, dist_units="m"))
    watch("write", lambda: feed.to_file(Path(out)))
    return {"stop_times": len(feed.stop_times), "bytes": Path(out).stat().st_size}


def gtfs_guru(watch: Watch, path: str) -> dict[str, Any]:
    """Validate with gtfs-guru."""
    import gtfs_guru as guru

    result = watch("validate", lambda: guru.validate(path, country_code="JP", date=str(ON)))
    return {"errors": result.error_count, "warnings": result.warning_count}


def gtfs_analyzer(watch: Watch, path: str) -> dict[str, Any]:
    """Validate with gtfs-analyzer, profile v4."""
    import gtfs_analyzer as analyzer

    config = {"gtfs_jp_profile": "v4"}
    result = watch(
        "validate", lambda: analyzer.validate_gtfs(path, today=str(ON), config=config, lang="ja")
    )
    severe = [n for n in result["notices"] if n["severity"] in ("CRITICAL", "HIGH")]
    return {"errors": len(severe)}


def difference(watch: Watch, path: str) -> dict[str, Any]:
    """Compare a feed with itself."""
    from gtfs.diff import difference as compare
    from gtfs.feed.read import read_feed

    feed = read_feed(Path(path)).feed
    found = watch("compare", lambda: compare(feed, feed))
    return {"changes": len(found.changes)}


TASKS = {t.__name__: t for t in (build, ours, gtfs_kit, gtfs_guru, gtfs_analyzer, difference)}


def main() -> None:
    """Run the task named on the command line."""
    name, *arguments = sys.argv[1:]
    watch = Watch()
    facts = TASKS[name](watch, *arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    measured = {"steps": watch.steps, "processor": watch.processor, "peak_bytes": peak}
    print(json.dumps(measured | facts))


if __name__ == "__main__":
    main()
