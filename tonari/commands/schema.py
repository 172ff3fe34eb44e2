"""``tonari schema``: national schemas, code lists and crosswalks, and checking one's own."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from pipeline.findings import Severity
from pipeline.sources.text import decode, detect
from pipeline.standardise.codelists import (
    Row,
    check_crosswalk,
    code_key,
    code_list,
    crosswalk_names,
    crosswalk_rows,
    list_names,
)
from pipeline.standardise.schemas import schema, schema_names
from tonari.console import FAILED, common_options, messages, print_findings, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.standardise.codelists import Code
    from pipeline.standardise.schemas import Schema


@click.group()
def command() -> None:
    """National schemas, code lists and crosswalks. 国の様式・コード表・対応表"""


@command.command("list")
@common_options
def list_all(config: Path, data: Path, as_json: bool) -> None:
    """List schemas, code lists and crosswalks. 一覧"""
    schemas = [schema(name) for name in schema_names()]
    if as_json:
        print_json(
            {
                "schemas": [_heading(one) for one in schemas],
                "codes": list_names(),
                "crosswalks": crosswalk_names(),
            }
        )
        return
    rows = [(one.name, one.item, one.title.ja, _mark(one)) for one in schemas]
    _print(("様式 schema", "項目 item", "題名 title", "確認 verified"), rows)
    _print(("コード表 code list",), [(name,) for name in list_names()])
    _print(("対応表 crosswalk",), [(name,) for name in crosswalk_names()])


@command.command()
@click.argument("name")
@common_options
def show(name: str, config: Path, data: Path, as_json: bool) -> None:
    """Show the schema, code list or crosswalk NAME. 一つを見る"""
    if name in schema_names():
        one = schema(name)
        document: Any = _heading(one) | {"fields": _fields(one)}
        rows = [tuple(field.values()) for field in _fields(one)]
        headings = tuple(_fields(one)[0])
        messages.print(f"{one.title.ja} {one.title.en} [{one.item}] {one.source} {_mark(one)}")
    elif name in list_names():
        codes = code_list(name).values()
        document = {"codes": [code._asdict() for code in codes]}
        rows, headings = [tuple(code) for code in codes], _CODE
    elif name in crosswalk_names():
        document = {"rows": [row._asdict() for row in crosswalk_rows(name)]}
        rows, headings = [tuple(row) for row in crosswalk_rows(name)], Row._fields
    else:
        known = ", ".join([*schema_names(), *list_names(), *crosswalk_names()])
        raise click.BadParameter(f"「{name}」はありません。ある名前 / no '{name}'; known: {known}")
    if as_json:
        print_json(document)
    else:
        _print(headings, rows)


@command.command()
@click.argument("tables", nargs=-1, required=True, metavar="CHECK…")
@click.option("--to", "target", default="", help="Code list it leads to. 対応先のコード表")
@common_options
def crosswalk(
    tables: tuple[str, ...], target: str, config: Path, data: Path, as_json: bool
) -> None:
    """Check crosswalks: names of ours or CSV files of one's own. 対応表を点検する"""
    if target and target not in list_names():
        known = ", ".join(list_names())
        raise click.BadParameter(f"「{target}」というコード表はありません / code lists: {known}")
    findings = []
    for table in tables:
        rows = crosswalk_rows(table) if table in crosswalk_names() else _own(Path(table))
        findings += check_crosswalk(rows, _targets(rows, target), table)
    if as_json:
        print_json({"findings": [finding.as_dict() for finding in findings]})
    else:
        print_findings(findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(FAILED)


@command.command()
@common_options
def docs(config: Path, data: Path, as_json: bool) -> None:
    """Print all schemas as Markdown. 様式の説明書をつくる"""
    schemas = [schema(name) for name in schema_names()]
    if as_json:
        print_json({"schemas": [_heading(s) | {"fields": _fields(s)} for s in schemas]})
    else:
        click.echo("\n".join(line for one in schemas for line in _markdown(one)))


_CODE = ("code", "label_ja", "label_en", "kind", "source")


def _heading(one: Schema) -> dict[str, Any]:
    return {
        "name": one.name,
        "item": one.item,
        "title": one.title._asdict(),
        "source": one.source,
        "verified": one.verified,
        "note": one.note._asdict(),
    }


def _fields(one: Schema) -> list[dict[str, str]]:
    return [
        {
            "name": field.name,
            "title": field.title_ja,
            "english": field.title_en,
            "type": field.type,
            "unit": field.unit,
            "codes": field.codes,
            "description": one.descriptions[name].ja if name in one.descriptions else "",
        }
        for name, field in one.fields.items()
    ]


def _mark(one: Schema) -> str:
    return "✓" if one.verified else "未確認 unverified"


def _own(path: Path) -> tuple[Row, ...]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}") from None
    text = decode(raw, detect([raw])).text or ""
    records = list(csv.DictReader(text.splitlines()))
    missing = [name for name in ("code", "to", "kind") if records and name not in records[0]]
    if missing or not records:
        names = ", ".join(missing) or "code, to, kind"
        raise click.BadParameter(f"{path}: 列がありません / columns missing: {names}")
    return tuple(Row(*(record.get(name) or "" for name in Row._fields)) for record in records)


def _targets(rows: Iterable[Row], target: str) -> dict[str, Code]:
    """Return the list named, or the first of ours that has every code the rows lead to."""
    if target:
        return code_list(target)
    wanted = {code_key(row.to) for row in rows if row.to}
    for name in list_names():
        if wanted and wanted <= set(code_list(name)):
            return code_list(name)
    return {}


def _print(headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table()
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*row)
    messages.print(table)


def _markdown(one: Schema) -> list[str]:
    lines = [f"### `{one.name}` {one.title.ja} {one.title.en}", ""]
    lines += [f"{one.item} {one.source} {_mark(one)} {one.note.ja} {one.note.en}".rstrip(), ""]
    lines += [
        "| 項目 | 題名 | title | 型 | 単位 | コード表 | 説明 |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(field.values()) + " |" for field in _fields(one)]
    return [*lines, ""]
