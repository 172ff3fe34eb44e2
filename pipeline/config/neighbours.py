"""Neighbours that keep their own data: where it is, whose key signs it, what may be asked."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from pipeline.config.base import InputFile, MunicipalityCode, Name, Strict, Text, problem

KEY_PREFIX = "ed25519:"
Host = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+(:[1-9][0-9]{0,4})?$", to_lower=True)
]
"""Name of a server, and its port where that is not the usual one of ``https``."""
PORTS = {"http": 80, "https": 443}
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}[hd]$")]
"""Hours or days: ``12h``, ``30d``."""


def place(url: str) -> tuple[str, int]:
    """Return the server that an address names: host in lower case, port (0 if it names none).

    Raises
    ------
    ValueError
        If it is no address.
    """
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)


def duration(text: str) -> dt.timedelta:
    """Return what a :data:`Duration` says."""
    return dt.timedelta(**{{"h": "hours", "d": "days"}[text[-1]]: int(text[:-1])})


def _public_key(text: str) -> str:
    try:
        whole = len(base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)) == 32
    except (binascii.Error, ValueError):
        whole = False
    if not text.startswith(KEY_PREFIX) or not whole:
        raise problem("key-not-ed25519")
    return text


PublicKey = Annotated[str, AfterValidator(_public_key)]
"""An Ed25519 public key as ``tonari keys new`` prints it: ``ed25519:`` and its 32 bytes."""


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname)
        named = named and parts.username is None and parts.port != 0 and not parts.fragment
    except ValueError:
        named = False
    if not named or any(c.isspace() or not c.isprintable() for c in url):
        raise problem("address-wrong")
    return url


Url = Annotated[str, AfterValidator(_address)]


class Limits(Strict):
    """How much of a neighbour is taken at most in one build.

    Attributes
    ----------
    megabytes
        Of one file, as sent and as unpacked.
    seconds
        For everything asked of this neighbour together.
    """

    megabytes: int = Field(default=512, ge=1, le=65536)
    seconds: int = Field(default=300, ge=1, le=86400)


class _Neighbour(Strict):
    """What all neighbours share.

    Attributes
    ----------
    hosts
        Further hosts it may lead to, e.g. of its object storage.
    private
        Whether it is inside our own network: private addresses and plain http are allowed.
    authority
        Certificates (PEM) that vouch for it, where the public authorities do not, as in a
        network of offices.
    max_age
        Older data is marked; nothing is stopped.
    """

    name: Text | None = None
    url: Url
    hosts: tuple[Host, ...] = ()
    private: bool = False
    authority: InputFile = ""
    max_age: Duration = "90d"
    limits: Limits = Limits()

    def urls(self) -> tuple[str, ...]:
        """Return every address that is declared."""
        return (self.url,)

    def places(self) -> frozenset[tuple[str, int]]:
        """Return the hosts, in lower case, and the ports that may be asked.

        Another port of the same machine is another server: a host may be asked on the port that
        is written, and on the one of ``https``.
        """
        named = {place(url) for url in self.urls()}
        further = (host.partition(":")[::2] for host in self.hosts)
        listed = {(host, int(port or PORTS["https"])) for host, port in further}
        return frozenset({*named, *((host, PORTS["https"]) for host, _ in named), *listed})

    @model_validator(mode="after")
    def _plain_http_at_home(self) -> Self:
        for url in self.urls():
            if url.startswith("http://") and not self.private:
                raise problem("address-plain", url=url)
        return self


class TonariNeighbour(_Neighbour):
    """A neighbour that runs Tonari.

    Attributes
    ----------
    key
        Its public key, got from it by another way than this address.
    unsigned
        Whether releases without a signature are taken.
    codes
        The municipalities it may speak for; all of its release when empty.
    """

    kind: Literal["tonari"] = "tonari"
    key: PublicKey | None = None
    unsigned: Literal["refuse", "accept"] = "refuse"
    layers: tuple[Name, ...] = Field(min_length=1)
    codes: tuple[MunicipalityCode, ...] = ()

    @model_validator(mode="after")
    def _key_or_said_otherwise(self) -> Self:
        if self.key is None and self.unsigned == "refuse":
            raise problem("neighbour-without-key")
        return self


class _Unsigned(_Neighbour):
    """A neighbour whose words about its data stand in our declaration."""

    licence: str = ""
    attribution: str = ""
    survey_approval: str = ""


class RemoteFile(Strict):
    """One file under a fixed address.

    Attributes
    ----------
    sha256
        What it must be; a file that differs is not taken.
    date
        Of its content.
    format
        Ending that says what it is where the address does not, e.g. ``geojson``.
    member
        Which file of a zip it is, where there are several.
    """

    url: Url
    sha256: Sha256 | None = None
    date: dt.date | None = None
    format: Annotated[str, StringConstraints(pattern=r"^[a-z]*$")] = ""
    member: str = ""

    @model_validator(mode="after")
    def _pinned_or_dated(self) -> Self:
        if self.sha256 is None and self.date is None:
            raise problem("file-undated")
        return self


class FileNeighbour(_Unsigned):
    """A neighbour that puts files on the web."""

    kind: Literal["files"]
    url: Url = Field(default="", validate_default=False)
    files: dict[Name, RemoteFile] = Field(min_length=1)

    def urls(self) -> tuple[str, ...]:
        """Return every address that is declared."""
        return tuple(file.url for file in self.files.values()) + ((self.url,) if self.url else ())


class OgcNeighbour(_Unsigned):
    """A server of OGC API - Features; ``collections`` maps our names to its own."""

    kind: Literal["ogc-features"]
    collections: dict[Name, str] = Field(min_length=1)


class CkanNeighbour(_Unsigned):
    """A catalogue of CKAN; ``resources`` maps our names to its ids of resources."""

    kind: Literal["ckan"]
    resources: dict[
        Name, Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]
    ] = Field(min_length=1)


def _kind(value: object) -> str:
    found = value.get("kind", "tonari") if isinstance(value, dict) else getattr(value, "kind", "")
    return str(found)


Neighbour = Annotated[
    Annotated[TonariNeighbour, Tag("tonari")]
    | Annotated[FileNeighbour, Tag("files")]
    | Annotated[OgcNeighbour, Tag("ogc-features")]
    | Annotated[CkanNeighbour, Tag("ckan")],
    Discriminator(_kind),
]
"""One neighbour; without ``kind`` it runs Tonari."""


def layers_of(neighbour: Neighbour) -> tuple[str, ...]:
    """Return the names of the layers that are taken from a neighbour."""
    match neighbour:
        case TonariNeighbour():
            return neighbour.layers
        case FileNeighbour():
            return tuple(neighbour.files)
        case OgcNeighbour():
            return tuple(neighbour.collections)
        case CkanNeighbour():
            return tuple(neighbour.resources)


class Signing(Strict):
    """The keys that sign our releases.

    Attributes
    ----------
    keys
        Files made by ``tonari keys new``; two while one key follows the other.
    next
        The public key that will sign after these.
    valid
        How long a release is to be trusted; one that nears its end is signed anew.
    """

    keys: tuple[str, ...] = Field(min_length=1, max_length=2)
    next: PublicKey | None = None
    valid: Duration = "90d"
