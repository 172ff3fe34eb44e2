"""``tonari``: the command line. Each command is imported only when it is called."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

COMMANDS = {
    "borders": "tonari.commands.borders",
    "build": "tonari.commands.build",
    "cache": "tonari.commands.cache",
    "check": "tonari.commands.check",
    "gtfs": "tonari.commands.gtfs",
    "inspect": "tonari.commands.inspect",
    "inventory": "tonari.commands.inventory",
    "keys": "tonari.commands.keys",
    "privacy": "tonari.commands.privacy",
    "releases": "tonari.commands.releases",
    "schema": "tonari.commands.schema",
    "serve": "tonari.commands.serve",
    "tile": "tonari.commands.tile",
    "watch": "tonari.commands.watch",
}


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [name for name, module in COMMANDS.items() if find_spec(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tonari", prog_name="tonari")
def main() -> None:
    """Open data of neighbouring municipalities: ledgers and timetables in, maps and feeds out.

    台帳と時刻表から、隣のまちまで続く地図とGTFSをつくります。
    """


if __name__ == "__main__":
    main()
