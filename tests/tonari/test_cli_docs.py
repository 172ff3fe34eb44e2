"""What the command line can do stands in the guides."""

from pathlib import Path

import click
import pytest

from tonari.cli import main

DOCS = Path(__file__).parents[2] / "docs"


def options_of(name):
    command = main.get_command(None, name)
    return [max(p.opts, key=len) for p in command.params if isinstance(p, click.Option)]


@pytest.mark.parametrize(
    "option", [o for o in options_of("tile") if o not in ("--config", "--data")]
)
def test_every_option_of_tile_is_in_its_guide(option):
    text = (DOCS / "tiling.md").read_text(encoding="utf-8")
    assert f"`{option}" in text or (option == "--output" and "`-o`" in text)


def test_bounding_the_memory_of_a_build_is_in_both_guides():
    assert "--memory" in options_of("build")
    for guide in ("planner.md", "integrator.md"):
        assert "tonari build --memory" in (DOCS / guide).read_text(encoding="utf-8")
