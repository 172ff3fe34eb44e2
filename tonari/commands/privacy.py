"""``tonari privacy``: attack what can be downloaded, as an outsider would."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Any

import click

from pipeline.findings import has_error
from pipeline.release.store import Store
from pipeline.release.veil import veiled
from tonari.console import (
    DONE,
    FAILED,
    common_options,
    messages,
    print_findings,
    print_json,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def command() -> None:
    """Find out what published tables tell of single records. 公開した表の点検"""


def _veiled(manifest: dict[str, Any], salt: bytes) -> dict[str, Any]:
    """Return a manifest as this version writes it: one of an earlier version had plain digests."""
    return manifest | {"layers": {n: veiled(e, salt) for n, e in manifest["layers"].items()}}


@command.command("audit")
@click.argument("release", required=False)
@common_options
def audit_release(release: str | None, config: Path, data: Path, as_json: bool) -> None:
    """Attack RELEASE, or the served one, with all that are kept. 伏せた数が計算できないか"""
    # Help must not wait for the solver.
    from pipeline.privacy.audit.attack_releases import audit  # noqa: PLC0415

    store = Store(data)
    salt = store.known_salt() or secrets.token_bytes(32)
    releases = {
        name: (store.folder / name, _veiled(store.manifest(name), salt)) for name in store.names()
    }
    served = store.current()
    name = release or (served.name if served else "")
    store.manifest(name)
    found = audit(releases, name)
    if as_json:
        print_json(
            {
                "release": name,
                "tables": found.tables,
                "hidden": found.hidden,
                "findings": [f.as_dict() for f in found.findings],
            }
        )
    else:
        print_findings(found.findings)
        messages.print(
            f"版 release {name}　数の表 tables {found.tables}　伏せた数 hidden {found.hidden}"
            f"　誤り errors {sum(f.severity == 'error' for f in found.findings)}",
            markup=False,
        )
    sys.exit(FAILED if has_error(found.findings) else DONE)
