"""The house itself: no circle of files, every decision in its index."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
DECISIONS = ROOT / "docs" / "adr"


def test_no_circle_of_files():
    """Imports inside functions count too; those of a type checker alone do not."""
    packages = ("pipeline", "gtfs", "tiles_server", "tonari")
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=True)
    imports = {m: graph.find_modules_directly_imported_by(m) for m in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


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
