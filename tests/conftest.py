"""What all tests share: where real data lies, and versions in the header of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pipeline.release.manifest import tool_versions
from tests.support.once import once
from tests.support.order import longest_first

# What a loaded machine does to the time of one example says nothing about the code. CI draws the
# same examples at each run, so that a change fails for what it changed; at a desk they differ.
settings.register_profile(
    "tonari",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    **({"derandomize": True, "database": None} if os.environ.get("CI") else {}),
)
settings.load_profile("tonari")

ROOT = Path(__file__).resolve().parents[1]
REAL_DATA = Path(os.environ.get("TONARI_REAL_DATA", ROOT.parent / "shared" / "data"))


def pytest_report_header() -> str:
    return "tonari with " + ", ".join(f"{k} {v}" for k, v in tool_versions().items())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several workers
        longest_first(items, ROOT / "tests")
    absent = pytest.mark.skip(reason=f"real data is absent: no folder {REAL_DATA.name} beside us")
    for item in items:
        if item.get_closest_marker("real") and not REAL_DATA.is_dir():
            item.add_marker(absent)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real data; tests that use it are marked ``real``."""
    return REAL_DATA


def tonari(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would."""
    command = [sys.executable, "-m", "tonari", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def run_tonari():
    """``run_tonari("build", "--data", folder)``: the command line in a process of its own."""
    return tonari


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build once for all workers: a data folder with one release of the sample, to be read only."""

    def make(folder: Path) -> None:
        done = tonari("build", "--data", folder)
        assert done.returncode == 0, done.stderr

    return once(tmp_path_factory, "sample-data", make)
