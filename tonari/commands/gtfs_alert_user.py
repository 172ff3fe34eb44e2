"""``tonari gtfs alert user``: who may announce in the server's form."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tonari.console import DONE, common_options, messages, print_json
from tonari.transit import ALERTS

if TYPE_CHECKING:
    from pathlib import Path

    from tiles_server.desk.accounts import Accounts


@click.group()
def user() -> None:
    """Accounts of those who may announce in the browser. ブラウザーで知らせる人"""


@user.command()
@click.argument("name")
@click.option("--stdin", is_flag=True, help="Read the password from standard input, one line.")
@click.option("--replace", is_flag=True, help="Give an account a new password. 新しくする")
@common_options
def add(name: str, stdin: bool, replace: bool, config: Path, data: Path, as_json: bool) -> None:
    """Make an account; the password is asked for. 人を加える

    NAME is what the history shows. Without any account the form is off.
    """
    password = sys.stdin.readline().rstrip("\r\n") if stdin else _asked()
    _accounts(data).add(name, password, replace=replace)
    _tell(data, as_json)


@user.command()
@click.argument("name")
@common_options
def remove(name: str, config: Path, data: Path, as_json: bool) -> None:
    """Remove an account; whoever uses it is signed out. 人を除く"""
    _accounts(data).remove(name)
    _tell(data, as_json)


@user.command("list")
@common_options
def list_(config: Path, data: Path, as_json: bool) -> None:
    """Show who may announce. 一覧"""
    _tell(data, as_json)


def _asked() -> str:
    text = "Password (15 characters or more) パスワード"
    password: str = click.prompt(text, hide_input=True, confirmation_prompt=True, err=True)
    return password


def _accounts(data: Path) -> Accounts:
    from tiles_server.desk.accounts import Accounts  # noqa: PLC0415 - loaded only when needed

    return Accounts(data / ALERTS)


def _tell(data: Path, as_json: bool) -> None:
    names = _accounts(data).names()
    if as_json:
        print_json({"users": names})
    else:
        for name in names:
            messages.print(name, markup=False)
    sys.exit(DONE)
