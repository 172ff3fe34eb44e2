"""A declaration read before, as long as its files and what reads them are the same."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.load import Loaded, load

if TYPE_CHECKING:
    from pipeline.graph.keys import Keys

READER = "pipeline.config.load:load"


def load_kept(path: Path, cache: Path, keys: Keys) -> Loaded:
    """Read the declaration, or take what was read of the same files before.

    Reading two hundred layers with the line of every key takes seconds; most builds change none.
    What is kept lies in a folder that is its owner's alone.

    Parameters
    ----------
    path
        Of the declaration.
    cache
        ``data/cache``.
    keys
        Of this build.

    Raises
    ------
    DeclarationError
        As :func:`pipeline.config.load.load`.
    """
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    kept = cache / "declared" / name
    reader = keys.digest(READER)
    found = _kept(kept, reader, keys)
    if found is not None:
        return found
    loaded = load(path)
    files = {str(file.absolute()): keys.files.sha256(file) for file in loaded.document.files}
    _keep(kept, {"reader": reader, "files": files, "cwd": str(Path.cwd())}, loaded)
    return loaded


def _kept(kept: Path, reader: str, keys: Keys) -> Loaded | None:
    try:
        about = json.loads(kept.with_suffix(".json").read_text(encoding="utf-8"))
        same = about["reader"] == reader and about["cwd"] == str(Path.cwd())
        for file, sha256 in about["files"].items() if same else ():
            same = same and keys.files.sha256(Path(file)) == sha256
        raw = kept.with_suffix(".pickle").read_bytes() if same else b""
        if not same or hashlib.sha256(raw).hexdigest() != about["sha256"]:
            return None
        loaded: Loaded = pickle.loads(raw)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return loaded


def _keep(kept: Path, about: dict[str, Any], loaded: Loaded) -> None:
    raw = pickle.dumps(loaded)
    about["sha256"] = hashlib.sha256(raw).hexdigest()
    # What cannot be kept is read again.
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.parent.chmod(0o700)
        for suffix, content in (
            (".pickle", raw),
            (".json", json.dumps(about, ensure_ascii=False).encode()),
        ):
            part = kept.with_suffix(f"{suffix}.{os.getpid()}")
            part.write_bytes(content)
            part.replace(kept.with_suffix(suffix))
