"""``tonari inventory``: what the city holds, what is open of it, and whether it agrees."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.findings import Catalogue, has_error
from tonari.console import DONE, FAILED, common_options, messages, print_findings, print_json


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="write inventory.csv, .json and .html there",
)
@common_options
def command(out: Path | None, config: Path, data: Path, as_json: bool) -> None:
    """Table of figure 4-2 and indicators by fiscal year. 保有データの一覧と公開の指標"""
    from pipeline.config.load import load  # noqa: PLC0415
    from pipeline.errors import UndeclaredError  # noqa: PLC0415
    from pipeline.inventory import figures  # noqa: PLC0415
    from pipeline.inventory.items import disagreements, read_inventory  # noqa: PLC0415
    from pipeline.release.manifest import write_json  # noqa: PLC0415

    loaded = load(config)
    declared = loaded.declaration
    if not declared.inventory:
        raise UndeclaredError([Catalogue.of("pipeline.inventory").finding("inventory-undeclared")])
    path = loaded.root / declared.inventory
    items, findings = read_inventory(path)
    findings += disagreements(items, declared.layers, declared.feeds, path)
    made = figures.as_json(items)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        page = figures.as_page(items, declared.publisher.name.ja)
        (out / "inventory.html").write_text(page, encoding="utf-8")
        table = "\ufeff" + figures.as_csv(items)
        (out / "inventory.csv").write_text(table, encoding="utf-8", newline="")
        write_json(out / "inventory.json", made)
    if as_json:
        print_json(made | {"findings": [f.as_dict() for f in findings]})
    else:
        click.echo(figures.as_csv(items).replace("\r\n", "\n"), nl=False)
        print_findings(findings)
        for year in made["years"]:
            messages.print(
                f"{year['year']} 年度末 公開 {year['published']}、"
                f"機械判読 {year['machine_readable']}"
            )
    sys.exit(FAILED if has_error(findings) else DONE)
