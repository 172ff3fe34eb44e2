"""A release on object storage: files by their digest, then its index, then ``current.json``.

``objects/<sha256>/<name>`` never changes and is shared by releases. ``releases/<id>/index.json``
is written when everything it names is there; only then is ``current.json`` switched.
"""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pipeline.errors import ReleaseError
from pipeline.mirror.bucket import ChangedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.mirror.bucket import Bucket

CURRENT = "current.json"
OFFICE = "office/pushes"
"""Who pushed: told to other pushers, and not to be open to the public (docs/operating.md)."""
FOREVER = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=300"
ALWAYS_ASK = "no-cache"
JSON = "application/json"
AT_ONCE = 4
"""Uploads side by side; each large file is sent in parts side by side again."""


@dataclass(frozen=True)
class Item:
    """One file of a release: where it lies here, and its key on storage."""

    path: str
    key: str
    source: Path
    media_type: str
    size: int
    sha256: str

    def entry(self) -> dict[str, Any]:
        """Return what the index says of it."""
        told = {"path": self.path, "key": self.key, "bytes": self.size, "sha256": self.sha256}
        return told | {"media_type": self.media_type}


@dataclass(frozen=True)
class Pushed:
    """What a push has done, or would do: objects sent, objects that were there, bytes sent."""

    release: str
    sent: list[str]
    there: list[str]
    bytes: int


def object_key(artefact: dict[str, Any]) -> str:
    """Return the key of an artefact's content: equal files of all releases are one object."""
    return f"objects/{artefact['sha256']}/{artefact['path'].rsplit('/', 1)[-1]}"


def planned(folder: Path, artefacts: list[dict[str, Any]]) -> list[Item]:
    """Return the files of the release in `folder` as they will lie on storage."""
    return [
        Item(a["path"], object_key(a), folder / a["path"], a["media_type"], a["bytes"], a["sha256"])
        for a in artefacts
    ]


def push(
    bucket: Bucket,
    release: str,
    items: list[Item],
    documents: dict[str, tuple[bytes, str]],
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pushed:
    """Bring a release to storage and switch ``current.json`` to it.

    What is there with its size is not sent again: a key holds the digest, and an object appears
    whole or not at all.

    Parameters
    ----------
    documents
        Content and media type by name below ``releases/<release>/``.
    dry_run
        Only say what would be sent.
    progress
        Is told how many objects of how many have been sent.

    Raises
    ------
    ReleaseError
        If storage cannot be reached, a file here is not what the manifest says, or somebody else
        has switched ``current.json`` meanwhile: who, when, to which release.
    """
    before = bucket.read(CURRENT)
    held = bucket.sizes("objects/")
    unique = {item.key: item for item in items}
    missing = [i for i in unique.values() if held.get(i.key) != i.size]
    there = [key for key in unique if key not in {i.key for i in missing}]
    done = Pushed(release, [i.key for i in missing], there, sum(i.size for i in missing))
    if dry_run:
        return done
    _send(bucket, missing, progress)
    for name, (content, media_type) in documents.items():
        bucket.put(f"releases/{release}/{name}", content, media_type, SHORTLY)
    held = bucket.sizes("objects/")
    if lost := [i.key for i in unique.values() if held.get(i.key) != i.size]:
        raise _vanished(lost)
    index = {"format": 1, "release": release, "files": [item.entry() for item in items]}
    bucket.put(f"releases/{release}/index.json", as_json(index), JSON, SHORTLY)
    _switch(bucket, release, before)
    return done


def _send(bucket: Bucket, missing: list[Item], progress: Callable[[int, int], None]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for n, _ in enumerate(pool.map(partial(_send_one, bucket), missing), 1):
                progress(n, len(missing))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _send_one(bucket: Bucket, item: Item) -> None:
    try:
        with item.source.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == item.sha256
    except OSError:
        whole = False
    if not whole:
        raise ReleaseError(
            f"{item.path} is missing or not what the manifest says (sha256); build again",
            ja=f"{item.path} がないか、manifest の sha256 と違います。build し直してください。",
        )
    bucket.put(item.key, item.source, item.media_type, FOREVER)


def _switch(bucket: Bucket, release: str, before: tuple[bytes, str] | None) -> None:
    now = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    told = {"release": release, "index": f"releases/{release}/index.json"}
    # A name of a person or machine is for the office; the public file only says which push.
    told |= {"catalogue": f"releases/{release}/catalogue.json", "since": now, "push": uuid4().hex}
    bucket.put(f"{OFFICE}/{told['push']}.json", as_json({"by": _self()}), JSON, ALWAYS_ASK)
    content = as_json(told)
    try:
        bucket.put_if(CURRENT, content, before[1] if before else None, (JSON, ALWAYS_ASK))
    except ChangedError:
        after = bucket.read(CURRENT)
        if after is not None and after[0] == content:
            return  # the answer to our own put was lost, and the library asked again
        other = json.loads(after[0]) if after else {}
        when, what = (other.get(k, "?") for k in ("since", "release"))
        log = bucket.read(f"{OFFICE}/{other.get('push')}.json")
        who = json.loads(log[0])["by"] if log else "?"
        raise ReleaseError(
            f"{who} has switched to release {what} at {when}, while this push ran; "
            "look at it, then push again",
            ja=f"送信中に {who} が {when} に版 {what} へ切り替えました。確かめて再送してください。",
        ) from None


def releases(bucket: Bucket) -> dict[str, Any]:
    """Return the id of the served release and the ids of all whole ones, oldest first."""
    current = bucket.read(CURRENT)
    whole = [key.split("/")[1] for key in bucket.sizes("releases/") if key.endswith("/index.json")]
    served = json.loads(current[0])["release"] if current else ""
    return {"current": served, "releases": sorted(whole)}


def served(bucket: Bucket) -> str:
    """Return the id of the served release.

    Raises
    ------
    ReleaseError
        If nothing has been pushed.
    """
    if name := str(releases(bucket)["current"]):
        return name
    raise ReleaseError(
        f"nothing has been pushed to {bucket.address}",
        ja=f"{bucket.address} にはまだ何も送られていません。",
    )


def verify(bucket: Bucket, release: str) -> int:
    """Read every file of a release on storage; return how many there are.

    Raises
    ------
    ReleaseError
        If there is no such release, or files are missing or not what the index says: their names.
    """
    index = bucket.read(f"releases/{release}/index.json")
    if index is None:
        listed = ", ".join(releases(bucket)["releases"]) or "none"
        raise ReleaseError(
            f"there is no release '{release}' on storage; releases: {listed}",
            ja=f"保存先に「{release}」という版はありません。ある版: {listed}",
        )
    files = json.loads(index[0])["files"]
    held = bucket.sizes("objects/")
    if bad := [f["path"] for f in files if not _is_whole(bucket, f, held)]:
        raise _vanished(bad)
    return len(files)


def _is_whole(bucket: Bucket, file: dict[str, Any], held: dict[str, int]) -> bool:
    if held.get(file["key"]) != file["bytes"]:
        return False
    digest = hashlib.sha256()
    for piece in bucket.chunks(file["key"]):
        digest.update(piece)
    return digest.hexdigest() == str(file["sha256"])


def _vanished(names: list[str]) -> ReleaseError:
    listed = ", ".join(names)
    return ReleaseError(
        f"missing or damaged on storage: {listed}; delete what is damaged and push again",
        ja=f"保存先にないか壊れています: {listed}。壊れたものを消して、送り直してください。",
    )


def _self() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return f"{user}@{socket.gethostname()}"


def as_json(document: Any) -> bytes:
    """Return JSON a person can read, in UTF-8 with a final newline."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
