"""What of the declaration each step of a layer reads, and so what its key depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.borders import Borders
    from pipeline.config.disclosure import Disclosure
    from pipeline.config.layers import Municipality
    from pipeline.config.sources import Source
    from pipeline.config.tiles import Tiles
    from pipeline.config.waivers import About
    from pipeline.privacy.detect.waivers import Accepted
    from pipeline.privacy.layout import Layout
    from pipeline.standardise.columns import Field

Takes = Literal["table", "moments", "types", "search", "credit", "headings"]
"""What a writer takes besides a path: the table, also its fields of moments, all types, the fields
that are searched, whom to name, or also the headings of its columns."""


@dataclass(frozen=True)
class Reading:
    """One source; `located` is false for a table without geometry."""

    source: Source
    municipality: Municipality
    located: bool
    root: Path = field(metadata={"key": False})


@dataclass(frozen=True)
class Standardising:
    """One source as read, and the fields it is to have; `publish` are those missed if absent."""

    source: Source
    municipality: Municipality
    fields: tuple[Field, ...]
    publish: tuple[str, ...]


@dataclass(frozen=True)
class Checking:
    """One source as standardised."""

    path: str
    located: bool
    points: bool


@dataclass(frozen=True)
class Joining:
    """All sources of one dataset; fields nobody declared have no type yet."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Protecting:
    """What of a table is published, and by what its features are known.

    Attributes
    ----------
    place
        ``layers.NAME`` or ``records.NAME``, for messages.
    publish
        Names of fields; ``None`` for records, of which all is kept.
    shapes
        Whether it has geometry.
    csv
        Whether spreadsheets will open it.
    fields
        With the layer's own titles; the table knows further ones.
    """

    place: str
    id: tuple[str, ...]
    publish: tuple[str, ...] | None
    shapes: bool
    csv: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Detecting:
    """What of a table is searched for personal information, and what is waived.

    Attributes
    ----------
    place
        ``layers.NAME``, for messages.
    headings
        By field: its declared title and what the sources call it.
    waivers
        As they stand on the day of the build.
    """

    place: str
    publish: tuple[str, ...]
    headings: tuple[tuple[str, tuple[str, ...]], ...]
    about: About | None
    waivers: tuple[Accepted, ...]


@dataclass(frozen=True)
class Bordering:
    """A published table held against its neighbours.

    Attributes
    ----------
    planes, codes_of, names
        ``(code, CRS)``, ``(name in the declaration, code)`` and ``(code, ja, en)`` of the
        municipalities.
    itself
        Whether the layer is the reference.
    """

    name: str
    borders: Borders
    planes: tuple[tuple[str, str], ...]
    codes_of: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, str, str], ...]
    itself: bool


@dataclass(frozen=True)
class Comparing:
    """A layer beside the version of it that is served.

    Attributes
    ----------
    title
        Of the layer, ``(ja, en)``.
    names
        ``(code, ja, en)`` of the municipalities.
    meant
        Whether losing, moving or emptying much of it is meant.
    """

    name: str
    title: tuple[str, str]
    id: tuple[str, ...]
    names: tuple[tuple[str, str, str], ...]
    meant: bool
    served: Path | None = field(metadata={"key": False})


@dataclass(frozen=True)
class Deriving:
    """An operation as declared, the function that does it, and the name of the result.

    Attributes
    ----------
    largest, contributor
        How many of the largest contributions to each sum the rules of disclosure control look
        at, and the field that names whose a row is.
    """

    place: str
    function: str
    operation: Any
    largest: int = 0
    contributor: str = ""


@dataclass(frozen=True)
class Disclosing:
    """A table of aggregates, and by which rules it is kept from telling of single records.

    Attributes
    ----------
    universe
        What all layers made of the same records share; tells nothing of them.
    """

    place: str
    layout: Layout
    rules: Disclosure
    universe: str


@dataclass(frozen=True)
class Credited:
    """What a file says of the terms it may be used under."""

    title: str
    licence: str
    licence_url: str
    attribution: str


@dataclass(frozen=True)
class Writing:
    """One format: the function that writes it.

    Attributes
    ----------
    searched
        Fields by which features are found, for the format that takes them.
    headed
        Whether columns have Japanese headings, and codes words beside them.
    """

    function: str
    file: str
    takes: Takes
    searched: tuple[str, ...] = ()
    credit: Credited | None = None
    headed: bool = False


@dataclass(frozen=True)
class Cutting:
    """The tileset of one layer."""

    name: str
    tiles: Tiles


@dataclass(frozen=True)
class Labelling:
    """The words of an archive."""

    file: str
    name: str
    attribution: str
    description: str
