"""Features of a layer by place, attribute or id, as GeoJSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pipeline.features.values import Key, Kind, ValueTypeError, instant, query_key
from tiles_server.errors import BadQueryError, UnknownNameError
from tiles_server.parameters import whole_number
from tiles_server.parquet import ParquetScan
from tiles_server.textsearch import pattern_of, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.features.boxes import Box
    from pipeline.features.reading import Spelt
    from tiles_server.manifest import Layer
    from tiles_server.releases import Release

    Rows = NDArray[np.int64] | range

DEFAULT_LIMIT, MOST = 100, 10_000
MOST_KEYS = 3
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONTROLS = frozenset(
    {"bbox", "limit", "offset", "datetime", "f", "lang", "crs", "bbox-crs", "sortby", "q"}
)
"""Parameters that say what is asked for; a field of the same name cannot be asked by value."""


class Features(Protocol):
    """What answers about the features of one layer; rows are in the order of its files."""

    rows: int
    kinds: Mapping[str, Kind]

    def within(self, box: Box) -> NDArray[np.int64]:
        """Return the rows whose boxes meet `box`, rising."""

    def equal(self, name: str, key: Key) -> NDArray[np.int64]:
        """Return the rows whose field `name` has the value `key`, rising."""

    def ranks(self, name: str) -> NDArray[np.int32]:
        """Return the place of every row's value among those of field `name`; -1 for none."""

    def containing(self, names: Sequence[str], spelt: Spelt) -> NDArray[np.int64]:
        """Return the rows in whose text fields `names` a word is found, rising."""

    def row_of(self, identity: int) -> int | None:
        """Return the row of the feature with this id."""

    def texts(self, rows: Sequence[int] | Rows) -> list[bytes]:
        """Return the GeoJSON of the features in `rows`."""


@dataclass(frozen=True)
class Query:
    """Which features are asked for.

    Attributes
    ----------
    bbox
        West, south, east, north in degrees; features whose box meets it.
    equal
        What fields must be equal to, as :func:`pipeline.features.values.query_key` reads it.
    words, searched
        Folded words, each of which one of the fields `searched` must contain.
    order
        Fields to sort by, the first one first, and whether downwards; what has no value comes
        last either way, what is equal stays in the order of the files.
    limit, offset
        How many features, and how many to pass over.
    """

    bbox: Box | None = None
    equal: Mapping[str, Key] = field(default_factory=dict)
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    words: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Answer:
    """Features found, each as GeoJSON, and how many there are without limit and offset."""

    features: list[bytes]
    matched: int


def features_of(release: Release, name: str) -> Features:
    """Return what answers about layer `name`: its index, or its file in a release without one.

    Raises
    ------
    UnknownNameError
        If the layer is unknown or not published as features.
    """
    layer = release.layer(name)
    index = release.indexes.get(name)
    if index is not None:
        return index
    path = layer.artefacts.get("parquet")
    if path is None:
        raise UnknownNameError("this layer is not published as features")
    types = tuple((column.name, column.type) for column in layer.columns)
    return _scan(release.folder / path, release.files[path].sha256, types)


@lru_cache(maxsize=16)
def _scan(path: Path, sha256: str, types: tuple[tuple[str, str], ...]) -> ParquetScan:
    del sha256  # only the key of the cache: another release may have the same path
    return ParquetScan(path, dict(types))


def read_query(given: Mapping[str, str], layer: Layer, kinds: Mapping[str, Kind]) -> Query:
    """Read a query from the parameters of a request.

    Parameters
    ----------
    given
        Parameters by name.
    layer
        Whose features are asked for.
    kinds
        How its fields are compared.

    Raises
    ------
    BadQueryError
        If a parameter is unknown or cannot be understood (OGC API - Features 1.0, 7.15), or a
        value is not of the type of its field.
    """
    fields = {column.name for column in layer.columns} - CONTROLS
    unknown = set(given) - fields - CONTROLS
    if unknown:
        raise BadQueryError(f"unknown parameter {', '.join(sorted(unknown))}")
    if given.get("f", "json") not in ("json", "geojson", "csv"):
        raise BadQueryError("f must be json or csv")
    for name in ("crs", "bbox-crs"):
        if given.get(name, CRS84) != CRS84:
            raise BadQueryError(f"{name} must be {CRS84}")
    # No layer has times of its own, so a datetime chooses nothing (7.15.4).
    if "datetime" in given:
        _check_datetime(given["datetime"])
    return Query(
        bbox=_read_box(given["bbox"]) if "bbox" in given else None,
        equal={name: _key(name, given[name], kinds) for name in sorted(fields & set(given))},
        words=words_of(given.get("q", "")),
        searched=tuple(column.name for column in layer.columns),
        order=_read_order(given.get("sortby", ""), fields),
        limit=_read_limit(given.get("limit", str(DEFAULT_LIMIT))),
        offset=whole_number("offset", given.get("offset", "0"), least=0),
    )


def _key(name: str, text: str, kinds: Mapping[str, Kind]) -> Key:
    kind = kinds.get(name)
    if kind is None:  # the manifest names it, the file has no such column: nobody has a value
        return None
    try:
        return query_key(kind, text)
    except ValueTypeError as wanted:
        message = f"{name} is of type {kind.value}: its value must be {wanted}, not '{text}'"
        raise BadQueryError(message) from None


def _read_order(text: str, fields: Set[str]) -> tuple[tuple[str, bool], ...]:
    """Read ``sortby`` (OGC API - Features, Part 8): names with commas, ``-`` for downwards."""
    order = []
    for part in text.split(",") if text else ():
        name = part.strip().removeprefix("+").removeprefix("-")
        if name not in fields:
            raise BadQueryError(f"sortby: there is no field '{name[:60]}'")
        order.append((name, part.strip().startswith("-")))
    if len(order) > MOST_KEYS:
        raise BadQueryError(f"sortby takes {MOST_KEYS} fields at most")
    return tuple(order)


def _read_limit(text: str) -> int:
    # A limit beyond the most is no error, however long (17-069r4, requirement 22 C).
    if text.isascii() and text.isdecimal() and len(text.lstrip("0")) > len(str(MOST)):
        return MOST
    return min(MOST, whole_number("limit", text, least=1))


def _read_box(text: str) -> Box:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # with heights, which the layers do not have
        numbers = [*numbers[0:2], *numbers[3:5]]
    if len(numbers) != 4 or not np.isfinite(numbers).all() or numbers[1] > numbers[3]:
        raise BadQueryError(f"bbox must be west,south,east,north in degrees, not '{text}'")
    return (numbers[0], numbers[1], numbers[2], numbers[3])


def _check_datetime(text: str) -> None:
    """Refuse what is no moment and no interval with at least one end.

    OGC API - Features, Part 1, 7.15.3: only one end may be open, empty or ``..``.
    """
    parts = text.split("/")
    try:
        ends = [instant(part) for part in parts if part not in ("", "..")]
    except ValueTypeError as wanted:
        raise BadQueryError(f"datetime must be {wanted}, or two with / between them") from None
    if not ends or len(parts) > 2 or ends != sorted(ends):
        raise BadQueryError("datetime must be a moment or an interval of two")


def find(source: Features, query: Query) -> Answer:
    """Return the features that `query` asks for, in its order or that of the layer's files."""
    rows = _rows(source, query)
    if not query.order:
        page = rows[query.offset : query.offset + query.limit]
        return Answer(source.texts(page) if len(page) else [], len(rows))
    page = _sorted(source, np.asarray(rows), query.order)[query.offset :][: query.limit]
    # Files are read forwards: the texts are asked for in the order of the rows.
    forwards = np.argsort(page, kind="stable")
    texts = source.texts(page[forwards]) if len(page) else []
    return Answer([texts[place] for place in np.argsort(forwards)], len(rows))


def _sorted(
    source: Features, rows: NDArray[np.int64], order: Sequence[tuple[str, bool]]
) -> NDArray[np.int64]:
    for name, downwards in reversed(order):
        if name not in source.kinds:
            continue  # the manifest names it, the file has no such column: nobody has a value
        ranks = source.ranks(name)[rows]
        keys = np.where(ranks < 0, np.iinfo(np.int32).max, -ranks if downwards else ranks)
        rows = rows[np.argsort(keys, kind="stable")]
    return rows


def _rows(source: Features, query: Query) -> Rows:
    found = [
        np.empty(0, dtype=np.int64) if key is None else source.equal(name, key)
        for name, key in query.equal.items()
    ]
    if all(len(rows) for rows in found):
        found += [
            source.containing(query.searched, partial(pattern_of, word)) for word in query.words
        ]
    if query.bbox is not None and all(len(rows) for rows in found):
        found.append(source.within(query.bbox))
    if not found:
        return range(source.rows)
    first, *others = sorted(found, key=len)
    for rows in others:
        first = _common(first, rows)
    return first


def _common(few: NDArray[np.int64], many: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what two rising lists have in common."""
    if len(few) == 0:
        return few
    places = np.minimum(np.searchsorted(many, few), len(many) - 1)
    common: NDArray[np.int64] = few[many[places] == few]
    return common


def feature(source: Features, feature_id: str) -> bytes:
    """Return one feature as GeoJSON; raise UnknownNameError if there is none with this id."""
    known = feature_id.isascii() and feature_id.isdecimal() and len(feature_id) < 17
    row = source.row_of(int(feature_id)) if known else None
    if row is None:
        raise UnknownNameError(f"no feature {feature_id}")
    return source.texts([row])[0]
