"""Whether a neighbour's manifest is to be believed (after TUF, specification 5.3 and 5.4)."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

from pipeline.errors import FetchError
from pipeline.federation.keys import key_id, signers
from pipeline.federation.state import RemoteManifest, Trust

if TYPE_CHECKING:
    from pipeline.config.neighbours import TonariNeighbour

FORMAT = 1
OLD_CLOCK = dt.timedelta(days=1)
"""How far ahead of ours a neighbour's clock may be."""


def verified(
    content: bytes, signatures: bytes, neighbour: TonariNeighbour, trust: Trust, now: dt.datetime
) -> tuple[RemoteManifest, Trust]:
    """Verify a manifest, then read it; return it and what is trusted from now on.

    A key other than the declared one is believed only if a manifest signed by the one in force
    has announced it; from its first manifest without the old key on, the old one is not.

    Raises
    ------
    FetchError
        If it is unsigned, signed by another key, expired, older than one seen before, another
        one under the same number, or no manifest.
    """
    if neighbour.key is None:
        return parsed(content), Trust()
    if trust.declared != neighbour.key:
        trust = Trust(declared=neighbour.key, in_force=neighbour.key, highest=trust.highest)
    trusted = [key for key in (trust.in_force, trust.announced) if key]
    valid = signers(content, signatures, trusted)
    if not valid and not signatures.strip() and neighbour.unsigned == "accept":
        if trust.highest.get(trust.in_force):
            # Once signed, always signed: else leaving the signature out would undo it.
            raise FetchError("neighbour-unsigned", value=neighbour.url)
        return parsed(content), trust
    if not valid:
        code = "neighbour-key" if signatures.strip() else "neighbour-unsigned"
        raise FetchError(code, value=neighbour.url, wanted=key_id(trust.in_force))
    used = trust.in_force if trust.in_force in valid else trust.announced
    manifest = parsed(content)
    return manifest, _next(manifest, content, neighbour, trust, used, now)


def _next(
    manifest: RemoteManifest,
    content: bytes,
    neighbour: TonariNeighbour,
    trust: Trust,
    used: str,
    now: dt.datetime,
) -> Trust:
    signing = manifest.signing
    if signing is None:
        raise FetchError("neighbour-manifest", value=neighbour.url, reason="signing")
    require_fresh(signing.expires, neighbour.url, now)
    digest = hashlib.sha256(content).hexdigest()
    sequence, known = trust.highest.get(used, (-1, ""))
    if signing.sequence < sequence or (signing.sequence == sequence and digest != known):
        raise FetchError(
            "neighbour-rollback", value=neighbour.url,
            sequence=str(signing.sequence), highest=str(sequence),
        )  # fmt: skip
    return Trust(
        declared=trust.declared,
        in_force=used,
        announced=signing.next,
        highest=trust.highest | {used: (signing.sequence, digest)},
    )


def require_fresh(expires: str, url: str, now: dt.datetime) -> None:
    """Refuse a manifest whose time is over.

    Raises
    ------
    FetchError
        If it is, or if it does not say.
    """
    end = moment(expires)
    if end is None or end <= now:
        raise FetchError("neighbour-expired", value=url, expires=expires)


def moment(text: str) -> dt.datetime | None:
    """Read an ISO 8601 date (the start of its day) or moment; UTC where nothing is said."""
    try:
        found = dt.datetime.fromisoformat(text)
        return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None


def said_moment(*texts: str) -> str:
    """Return the first of what others say that is a date or a moment, in one spelling."""
    for text in texts:
        found = moment(text)
        if found is not None:
            day = len(text) == len("2026-11-26")
            return f"{found:%Y-%m-%d}" if day else f"{found.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    return ""


def parsed(content: bytes) -> RemoteManifest:
    """Read a manifest that may be believed.

    Raises
    ------
    FetchError
        If it is none, or of a format to come.
    """
    try:
        manifest = RemoteManifest.model_validate_json(content)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:120]
        raise FetchError("neighbour-manifest", value="manifest.json", reason=reason) from error
    if manifest.format != FORMAT:
        reason = f"format {manifest.format}"
        raise FetchError("neighbour-manifest", value="manifest.json", reason=reason)
    return manifest
