"""``tonari gtfs``: feeds alone, without a release."""

from __future__ import annotations

import click

from tonari.commands import gtfs_build, gtfs_look, gtfs_republish
from tonari.commands.gtfs_alert import alert


@click.group()
def command() -> None:
    """Timetables into GTFS feeds. 時刻表からGTFSをつくる"""


for one in (*gtfs_build.COMMANDS, *gtfs_look.COMMANDS, alert, *gtfs_republish.COMMANDS):
    command.add_command(one)
