"""One visit to a neighbour: what it offers is looked at before it takes the place of the last."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.config.neighbours import TonariNeighbour, layers_of
from pipeline.config.sources import Source
from pipeline.errors import FetchError, SourceError
from pipeline.federation.fetch import Fetcher
from pipeline.federation.manifests import open_visit
from pipeline.federation.offers import offered
from pipeline.federation.state import Kept, State, read_state, write_state
from pipeline.federation.taken import Taken, aged, fallback
from pipeline.federation.unpack import unpacked
from pipeline.federation.visit import Offer, Visit
from pipeline.sources.read import read_records

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.config.neighbours import Neighbour

SHRUNK = 0.5
"""A layer with less than this share of its features is not taken without being asked for."""
CODE = "municipality_code"


@dataclass(frozen=True)
class Asking:
    """What a visit needs to know of us.

    Attributes
    ----------
    publisher
        Our code: what has come through us is not taken back.
    contact
        Whom neighbours may ask.
    accept
        Whether a layer that shrank or changed its form, licence or codes is meant.
    home
        Folder of the declaration.
    pause
        Seconds before the second try.
    """

    publisher: str
    contact: str
    accept: bool
    now: dt.datetime
    home: Path
    pause: float = 0.5


def visit(
    name: str, neighbour: Neighbour, root: Path, asking: Asking, sources: Mapping[str, Source]
) -> dict[str, Taken]:
    """Visit a neighbour; whatever goes wrong, the last good copies stay and one finding says why.

    Parameters
    ----------
    root
        Folder of all neighbours in the cache.
    sources
        ``{layer: how it is declared to be read}``.
    """
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    state = read_state(folder)
    if state.not_before > asking.now.timestamp():
        left = f"{state.not_before - asking.now.timestamp():.0f}"
        refused = FetchError("neighbour-busy", value=_shown(neighbour, name), seconds=left)
        return {la: fallback(name, la, state, refused) for la in layers_of(neighbour)}
    authority = asking.home / neighbour.authority if neighbour.authority else None
    try:
        fetcher = Fetcher(
            neighbour, neighbour.limits.seconds, asking.contact, asking.pause, authority
        )
    except FetchError as refused:
        return {la: fallback(name, la, state, refused) for la in layers_of(neighbour)}
    try:
        return _visited(Visit(name, neighbour, folder, state, fetcher, asking.now), asking, sources)
    finally:
        fetcher.close()


def _shown(neighbour: Neighbour, name: str) -> str:
    return next(iter(neighbour.urls()), name)


def _visited(called: Visit, asking: Asking, sources: Mapping[str, Source]) -> dict[str, Taken]:
    layers, state = layers_of(called.neighbour), called.state
    try:
        open_visit(called)
    except FetchError as refused:
        _save(called, dict(state.layers), refused)
        return {la: fallback(called.name, la, state, refused) for la in layers}
    kept, taken, last = dict(state.layers), {}, None
    for layer in layers:
        try:
            kept[layer] = _accepted(called, layer, asking, sources)
            taken[layer] = aged(called, kept[layer], asking.now)
        except FetchError as refused:
            last = refused
            taken[layer] = fallback(called.name, layer, state, refused)
        except SourceError as refused:
            reason = refused.findings[0]
            said = FetchError(
                "neighbour-unreadable", value=layer,
                reason_ja=reason.message_ja, reason_en=reason.message_en,
            )  # fmt: skip
            taken[layer] = fallback(called.name, layer, state, said)
        finally:
            (called.folder / f"{layer}.new").unlink(missing_ok=True)
    _save(called, kept, last)
    return taken


def _save(called: Visit, kept: dict[str, Kept], refused: FetchError | None) -> None:
    not_before = 0.0
    if refused is not None and refused.code == "neighbour-busy" and refused.details["seconds"]:
        day = dt.timedelta(days=1).total_seconds()
        wait = min(float(refused.details["seconds"]), day)
        not_before = called.now.timestamp() + wait
    tag = called.manifest_tag or called.state.manifest_tag
    url = called.neighbour.url
    whence = f"{url.split('?', 1)[0].rstrip('/')}/manifest.json" if url else ""
    if called.manifest is None:
        whence = called.state.manifest_from
    write_state(
        called.folder,
        State(
            layers=kept, trust=called.trust, manifest_tag=tag, manifest_from=whence,
            not_before=not_before,
        ),
    )  # fmt: skip


def _accepted(called: Visit, layer: str, asking: Asking, sources: Mapping[str, Source]) -> Kept:
    """Take what is offered if it is what it was, or if that is meant.

    Raises
    ------
    FetchError, SourceError
        If it is not taken.
    """
    before = called.state.layers.get(layer)
    offer = offered(called, layer)
    if asking.publisher in offer.via:
        raise FetchError("neighbour-circle", value=layer, via=" → ".join(offer.via))
    if not asking.accept:
        _require_same_licence(offer, before)
    if offer.path is None and before is not None:
        return before.model_copy(
            update={
                "licence": offer.licence, "attribution": offer.attribution, "via": offer.via,
                "publisher": offer.publisher, "as_of": offer.as_of, "built": offer.built,
                "release": offer.release, "tag": offer.tag or before.tag, "towns": offer.towns,
                "survey_approval": offer.survey_approval,
            }
        )  # fmt: skip
    assert offer.path is not None
    file = _placed(called, offer)
    try:
        kept = _looked_at(called, offer, file, sources.get(layer))
        _require_like(called, kept, offer, before, accept=asking.accept)
    except BaseException:
        _remove(file if file.parent == called.folder else file.parent)
        raise
    return _promoted(called, file, kept)


def _require_same_licence(offer: Offer, before: Kept | None) -> None:
    if before is not None and before.licence != offer.licence:
        raise FetchError(
            "neighbour-licence", value=offer.licence or "–", before=before.licence or "–"
        )


def _placed(called: Visit, offer: Offer) -> Path:
    """Put what came where it can be read: under an ending that says what it is."""
    assert offer.path is not None
    if offer.ending == ".zip":
        folder = called.folder / f"new-{offer.layer}"
        return unpacked(offer.path, folder, offer.member, called.most)
    file = called.folder / f"new-{offer.layer}{offer.ending}"
    offer.path.replace(file)
    return file


def _looked_at(called: Visit, offer: Offer, file: Path, declared: Source | None) -> Kept:
    shown = f"{called.name}/{offer.layer}{file.suffix}"
    how = declared or Source(neighbour=called.name, layer=offer.layer)
    raw = read_records(file, how.model_copy(update={"path": shown}))
    frame = raw.frame
    codes = sorted({str(c) for c in frame[CODE].dropna()}) if CODE in frame.columns else []
    return Kept(
        layer=offer.layer,
        file="",
        sha256=offer.sha256 or _sha256(file),
        features=len(frame),
        fields={str(c): str(frame[c].dtype) for c in frame.columns if c not in ("id", CODE)},
        codes=tuple(codes),
        licence=offer.licence,
        attribution=offer.attribution,
        publisher=offer.publisher,
        as_of=offer.as_of,
        built=offer.built,
        release=offer.release,
        via=offer.via,
        survey_approval=offer.survey_approval,
        tag=offer.tag,
        source=offer.source,
        towns=offer.towns,
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _require_like(
    called: Visit, kept: Kept, offer: Offer, before: Kept | None, *, accept: bool
) -> None:
    """Refuse what is less, of another form, or of other municipalities than before."""
    neighbour = called.neighbour
    if offer.promised is not None and offer.promised != kept.features:
        reason = f"{kept.features} ≠ {offer.promised}"
        raise FetchError("neighbour-length", value=offer.layer, reason=reason)
    if isinstance(neighbour, TonariNeighbour):
        spoken_for = set(neighbour.codes) or {town.code for town in offer.towns}
        foreign = sorted(set(kept.codes) - spoken_for)
        if foreign:
            raise FetchError(
                "neighbour-codes", value=", ".join(foreign), known=", ".join(sorted(spoken_for))
            )
    if before is None or accept:
        return
    if kept.features < before.features * SHRUNK:
        raise FetchError("neighbour-shrunk", value=str(kept.features), before=str(before.features))
    lost = [f"{n}: {t}" for n, t in before.fields.items() if kept.fields.get(n) != t]
    if lost:
        now = ", ".join(f"{n}: {t}" for n, t in kept.fields.items())
        raise FetchError("neighbour-schema", value=", ".join(lost), now=now)
    if before.codes and set(kept.codes) - set(before.codes):
        new = ", ".join(sorted(set(kept.codes) - set(before.codes)))
        raise FetchError("neighbour-codes", value=new, known=", ".join(before.codes))


def _promoted(called: Visit, file: Path, kept: Kept) -> Kept:
    """Let a copy take the place of the last one."""
    if file.parent == called.folder:
        good = called.folder / f"{kept.layer}{file.suffix}"
        file.replace(good)
    else:
        folder = called.folder / kept.layer
        _remove(folder)
        file.parent.replace(folder)
        good = folder / file.name
    return kept.model_copy(update={"file": good.relative_to(called.folder.parent).as_posix()})


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
