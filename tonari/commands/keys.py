"""``tonari keys``: the keys that sign releases."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.errors import TonariError
from tonari.console import fail, messages, print_json


@click.group()
def command() -> None:
    """Keys that sign releases. 公開データに署名する鍵"""


@command.command("new")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("secrets/tonari.key"),
    show_default=True,
    help="File of the private key; nobody else may read it. 秘密鍵のファイル",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def new(out: Path, as_json: bool) -> None:
    """Make an Ed25519 key. 署名の鍵を作る

    Declare the file under signing: keys; give neighbours the public key by telephone or letter,
    never only by the address it is to protect.
    """
    from pipeline.federation.keys import key_id, new_key  # noqa: PLC0415 - help must not wait

    try:
        made = new_key(out)
    except TonariError as error:
        fail(error, as_json=as_json)
        return
    if as_json:
        print_json({"file": str(out), "public": made.public, "id": key_id(made.public)})
        return
    messages.print(f"秘密鍵 private key: {out}（誰にも渡さない、バックアップを取る）", markup=False)
    messages.print("公開鍵 public key（隣の自治体に伝える）:", markup=False)
    click.echo(made.public)
