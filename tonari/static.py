"""Documents of a release as files: what the server says, with addresses that need no server."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ReleaseError
from pipeline.mirror.push import as_json, object_key

if TYPE_CHECKING:
    from flask.testing import FlaskClient

LANGUAGES = ("ja", "en")
TEMPLATE = re.compile(r"/tiles/(?P<name>[^/]+)/\{z\}/\{x\}/\{y\}\.")


def offered(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records of the files of a release that are of use without our server."""
    # A whole web server: only for those who push.
    from tiles_server.links import OWN  # noqa: PLC0415

    parts = [*manifest["layers"].values(), *manifest["feeds"].values()]
    named = [part.get("artefacts", {}) for part in parts]
    ours = {path for files in named for kind, path in files.items() if kind in OWN}
    return [record for record in manifest["artefacts"] if record["path"] not in ours]


def documents(
    folder: Path, artefacts: list[dict[str, Any]], root: str
) -> dict[str, tuple[bytes, str]]:
    """Return catalogue, TileJSON and styles of the release in `folder`, and its manifest as it is.

    They are the server's own answers. Addresses of files become those of their objects, tiles
    become ``pmtiles://…/{z}/{x}/{y}`` (the protocol of pmtiles.js and MapLibre); what only a
    running server can answer (pages, announcements) is left out.

    Parameters
    ----------
    artefacts
        Records of :func:`pipeline.release.manifest.artefact_record`: the files on storage.
    root
        Address under which storage is public, without a slash at its end.

    Returns
    -------
    dict
        Content and media type by name below ``releases/<release>/``.
    """
    from tiles_server.app import flask_app  # noqa: PLC0415
    from tiles_server.releases import Releases  # noqa: PLC0415

    made: dict[str, tuple[bytes, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / folder.name).symlink_to(folder.resolve())
        (Path(scratch) / "current").symlink_to(folder.name)
        releases = Releases(Path(scratch))
        client = flask_app(releases).test_client()
        release = releases.current()
        known = _addresses(artefacts, f"{root}/releases/{release.id}", root, release.tilesets)
        known |= {
            f"/maps/{name}/style.json": f"{root}/releases/{release.id}/ja/maps/{name}/style.json"
            for name in release.manifest.maps
        }
        wanted = {"catalogue.json": ("/catalog", "ja")}
        for tongue in LANGUAGES:
            for name in release.tilesets:
                wanted[f"{tongue}/tiles/{name}.json"] = (f"/tiles/{name}.json", tongue)
            for name in release.manifest.maps:
                path = f"maps/{name}/style.json"
                wanted[f"{tongue}/{path}"] = (f"/{path}", tongue)
        for file, (path, tongue) in wanted.items():
            document = _rewritten(_answer(client, path, tongue, root), root, known)
            made[file] = (as_json(document), "application/json")
    for file, media_type in (
        ("manifest.json", "application/json"),
        ("manifest.json.sig", "text/plain; charset=utf-8"),
    ):
        if (folder / file).is_file():
            made[file] = ((folder / file).read_bytes(), media_type)
    return made


def _answer(client: FlaskClient, path: str, tongue: str, root: str) -> Any:
    answer = client.get(path, base_url=f"{root}/", headers={"Accept-Language": tongue})
    if answer.status_code != 200:
        raise ReleaseError(
            f"{path} cannot be made ({answer.status_code}); nothing was sent",
            ja=f"{path} を作れません（{answer.status_code}）。何も送っていません。",
        )
    return answer.get_json()


def _addresses(
    artefacts: list[dict[str, Any]], release: str, root: str, tilesets: Any
) -> dict[str, str]:
    """Return where on storage that lies which the server has under a path."""
    known: dict[str, str] = {}
    for artefact in artefacts:
        kind, owner, file = artefact["path"].split("/", 2)
        there = f"{root}/{object_key(artefact)}"
        stem, _, ending = file.rpartition(".")
        if kind == "layers":
            known[f"/downloads/latest/{file}"] = there
        elif ending == "zip":
            known[f"/gtfs/{owner}.zip"] = there
        else:
            known[f"/gtfs/{owner}/{file}"] = there
        if ending == "pmtiles" and stem in tilesets:
            known[f"/pmtiles/{stem}.pmtiles"] = there
            known[f"/tiles/{stem}.json"] = f"{release}/ja/tiles/{stem}.json"
    return known


def _rewritten(value: Any, root: str, known: dict[str, str]) -> Any:
    """Return `value` with our own addresses as they are on storage, without those that are not."""
    if isinstance(value, dict):
        told = {key: _rewritten(one, root, known) for key, one in value.items()}
        return {key: one for key, one in told.items() if one is not None or value[key] is None}
    if isinstance(value, list):
        return [_rewritten(one, root, known) for one in value]
    if not isinstance(value, str) or not value.startswith(f"{root}/"):
        return value
    path = value.removeprefix(root)
    if tiles := TEMPLATE.match(path):
        archive = known.get(f"/pmtiles/{tiles['name']}.pmtiles")
        return f"pmtiles://{archive}/{{z}}/{{x}}/{{y}}" if archive else None
    return known.get(path)
