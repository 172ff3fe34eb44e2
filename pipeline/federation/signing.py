"""Signing our own releases."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.config.neighbours import duration
from pipeline.errors import KeyFileError
from pipeline.federation.keys import MANIFEST, SigningKey, key_id, load_key

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.neighbours import Signing

SIGNATURE = "manifest.json.sig"
"""Name of the file of signatures beside ``manifest.json``."""


@dataclass(frozen=True)
class Signer:
    """The keys of a build and what they promise.

    Attributes
    ----------
    keys
        That sign.
    next
        Public key that will sign after them; empty if none is announced.
    valid
        How long a release is to be trusted.
    """

    keys: tuple[SigningKey, ...]
    next: str
    valid: dt.timedelta

    def due(self, manifest: dict[str, Any], now: dt.datetime) -> bool:
        """Tell whether the served release must be signed anew though nothing else changed."""
        said = manifest.get("signing") or {}
        if [k["id"] for k in said.get("keys", [])] != [key_id(k.public) for k in self.keys]:
            return True
        if said.get("next", "") != self.next:
            return True
        return dt.datetime.fromisoformat(said["expires"]) - now < self.valid / 2

    def part(self, now: dt.datetime, previous: bytes) -> dict[str, Any]:
        """Return what the manifest says of its own trust.

        ``sequence`` is the second of publication: it grows from release to release, even when
        the folder of releases is lost.

        Parameters
        ----------
        previous
            ``manifest.json`` of the release before; empty for the first.
        """
        return {
            "sequence": int(now.timestamp()),
            "expires": f"{now + self.valid:%Y-%m-%dT%H:%M:%SZ}",
            "previous": hashlib.sha256(previous).hexdigest() if previous else "",
            "keys": [{"id": key_id(k.public), "key": k.public} for k in self.keys],
            "next": self.next,
        }

    def write(self, folder: Path) -> None:
        """Sign the manifest in `folder`."""
        content = (folder / "manifest.json").read_bytes()
        text = "".join(key.sign(MANIFEST, content) for key in self.keys)
        (folder / SIGNATURE).write_text(text, encoding="ascii")


def signer_of(declared: Signing | None, root: Path) -> Signer | None:
    """Load the declared keys; ``None`` if releases are not signed.

    Raises
    ------
    KeyFileError
        If a key cannot be used, or the next one signs already.
    """
    if declared is None:
        return None
    keys = tuple(load_key(root / path) for path in declared.keys)
    if len({key.public for key in keys}) < len(keys):
        raise KeyFileError("the same key is declared twice / 同じ鍵が二度宣言されています")
    return Signer(keys, declared.next or "", duration(declared.valid))
