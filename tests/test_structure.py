"""The house itself: no circle of files, every decision in its index."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
DECISIONS = ROOT / "docs" / "adr"
PACKAGES = ("pipeline", "gtfs", "tiles_server", "tonari")


FLOORS = {
    "pipeline": [
        "run",
        # Rooms of one floor may know each other where they stand together.
        "layers derive raster",
        "release",
        "privacy",
        "borders", "features", "tiling",
        "check", "federation", "graph", "write",
        "standardise sources config",
        "confined", "inventory", "jobs", "licences", "mirror", "storage",
        "errors", "findings", "places", "progress", "statements",
    ],
    "gtfs": [
        "steps",
        "pages",
        "departures", "diff", "export",
        "build fares flex registry republish stops",
        "figures", "realtime", "validate",
        "feed", "reconcile",
        "days",
        "job", "timetable",
        "errors", "notices", "options",
    ],
}  # fmt: skip
"""Rooms of a package, the upper first: each knows only those that stand after it."""


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True)


def room_of(module, package):
    parts = module.split(".")
    return parts[1] if parts[0] == package and len(parts) > 1 else None


@pytest.mark.parametrize("package", FLOORS)
def test_every_room_knows_only_what_lies_below_it(graph, package):
    floor = {room: number for number, rooms in enumerate(FLOORS[package]) for room in rooms.split()}
    known = [
        (room_of(one, package), room_of(other, package), f"{one} imports {other}")
        for one in graph.modules
        for other in graph.find_modules_directly_imported_by(one)
    ]
    inside = [(one, other, said) for one, other, said in known if one and other and one != other]
    assert {room_of(module, package) for module in graph.modules} - {None} == set(floor)
    assert [said for one, other, said in inside if floor[one] > floor[other]] == []


def test_no_circle_of_files(graph):
    """Imports inside functions count too; those of a type checker alone do not."""
    imports = {m: graph.find_modules_directly_imported_by(m) for m in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


LONGEST = 300
STILL_LONGER = [
    "pipeline/borders/mending.py",
    "pipeline/borders/snapping.py",
    "pipeline/derive/zones.py",
    "pipeline/findings.py",
    "pipeline/layers/plan.py",
    "pipeline/privacy/suppress.py",
    "pipeline/run.py",
    "pipeline/tiling/geometry/wkb.py",
    "pipeline/tiling/mvt/encoding.py",
    "pipeline/tiling/mvt/values.py",
    "tiles_server/manifest.py",
    "tiles_server/style.py",
]
"""Modules that have yet to be split by subject; none is added here."""


def test_no_module_is_longer_than_can_be_read_at_once():
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    lines = {file: len(file.read_text("utf-8").splitlines()) for file in files}
    longer = {file.relative_to(ROOT).as_posix() for file, n in lines.items() if n > LONGEST}
    assert sorted(longer - set(STILL_LONGER)) == [], "split them by subject"
    assert sorted(set(STILL_LONGER) - longer) == [], "no longer too long: take them off the list"


def test_every_decision_has_a_number_of_its_own_and_a_row_in_the_index():
    files = sorted(p.name for p in DECISIONS.glob("*.md") if p.name != "README.md")
    index = (DECISIONS / "README.md").read_text("utf-8")
    assert re.findall(r"^\| \[\d{4}\]\(([^)]+)\)", index, re.MULTILINE) == files
    numbers = [name[:4] for name in files]
    assert len(set(numbers)) == len(numbers)
    for name in files:
        title = (DECISIONS / name).read_text("utf-8").splitlines()[0]
        told = re.sub(r"^#\s*\d+[.:]?\s*", "", title).strip()
        assert f"| {told} |" in index, name
