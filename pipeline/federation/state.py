"""What is kept of a neighbour between builds: its last good copies and whom it is trusted by."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

if TYPE_CHECKING:
    from pathlib import Path

STATE = "state.json"
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PARQUET_NAME = re.compile(r"^[a-z][a-z0-9_]*\.parquet$")


class _Lenient(BaseModel):
    """What others wrote: keys we do not know are none of our business."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Words(_Lenient):
    """A text in two languages."""

    ja: str = Field(default="", max_length=500)
    en: str = Field(default="", max_length=500)


class Town(_Lenient):
    """A municipality a neighbour speaks for."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    name: Words = Words()


class Kept(_Lenient):
    """The last good copy of one layer.

    Attributes
    ----------
    file
        From the folder of all neighbours.
    fields
        ``{column: type}`` as they were read.
    as_of
        Date or moment of the data itself, ISO 8601; empty if nobody says.
    built
        When the neighbour made it.
    via
        Codes of the publishers it went through, the neighbour first.
    tag
        Entity tag of the address it came from.
    source
        The address.
    """

    layer: str
    file: str
    sha256: str
    features: int
    fields: dict[str, str]
    codes: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""
    publisher: Words = Words()
    as_of: str = ""
    built: str = ""
    release: str = ""
    via: tuple[str, ...] = ()
    survey_approval: str = ""
    tag: str = ""
    source: str = ""
    towns: tuple[Town, ...] = ()


class Trust(_Lenient):
    """Which key of a neighbour is believed, and the newest release it has signed.

    Attributes
    ----------
    declared
        The key that stands in the declaration; another one starts anew.
    in_force, announced
        The key that signs now, and the one it says will follow.
    highest
        ``{public key: (sequence, sha256 of that manifest)}``.
    """

    declared: str = ""
    in_force: str = ""
    announced: str = ""
    highest: dict[str, tuple[int, str]] = Field(default_factory=dict)


class State(_Lenient):
    """Everything kept of one neighbour."""

    layers: dict[str, Kept] = Field(default_factory=dict)
    trust: Trust = Trust()
    manifest_tag: str = ""
    manifest_from: str = ""
    not_before: float = 0.0


def read_state(folder: Path) -> State:
    """Read what is kept; nothing, if it is damaged or was never written."""
    try:
        return State.model_validate_json((folder / STATE).read_bytes())
    except (OSError, ValueError):
        return State()


def write_state(folder: Path, state: State) -> None:
    """Write what is kept, whole or not at all."""
    part = folder / f".{STATE}.{os.getpid()}"
    part.write_text(state.model_dump_json(indent=1) + "\n", encoding="utf-8")
    part.replace(folder / STATE)


def _plain_release(name: str) -> str:
    if not re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", name):
        raise ValueError("no name of a release")
    return name


class RemoteField(_Lenient):
    """A published field of a neighbour's layer."""

    name: str
    type: str = ""


class RemoteSource(_Lenient):
    """Where a neighbour has a part of its layer from."""

    licence: str = ""
    attribution: str = ""


class RemoteLayer(_Lenient):
    """A layer in a neighbour's manifest."""

    licence: str = ""
    attribution: str = ""
    features: int = Field(default=0, ge=0)
    fields: tuple[RemoteField, ...] = ()
    modified: str = ""
    artefacts: dict[str, str] = Field(default_factory=dict)
    via: tuple[str, ...] = ()
    survey_approval: str = ""


class RemoteFile(_Lenient):
    """A file in a neighbour's manifest."""

    path: str
    bytes: int = Field(ge=0)
    sha256: Digest


class RemotePublisher(_Lenient):
    """Who answers for a neighbour's release."""

    name: Words = Words()
    code: str = ""
    licence: str = ""


class RemoteSigning(_Lenient):
    """What a neighbour's manifest says of its own trust."""

    sequence: int = Field(ge=0, le=2**53)
    expires: str
    next: str = ""


class RemoteManifest(_Lenient):
    """What we read of a neighbour's manifest."""

    format: int
    release: Annotated[str, AfterValidator(_plain_release)]
    created: str = ""
    publisher: RemotePublisher = RemotePublisher()
    municipalities: dict[str, Town] = Field(default_factory=dict)
    layers: dict[str, RemoteLayer] = Field(default_factory=dict)
    artefacts: tuple[RemoteFile, ...] = ()
    signing: RemoteSigning | None = None
